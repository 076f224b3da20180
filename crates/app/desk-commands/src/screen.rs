//! `holdfast screen` and `holdfast records`: events and records from files.

use crate::answer::Fields;
use crate::args::DeskArgs;
use crate::connect::read_providers;
use crate::import::{Done, Reading, import_records, read_events};
use crate::output::{self, thousands};
use crate::running::Reach;
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use holdfast_client::Client;
use holdfast_console::show::print_decision;
use holdfast_decision::{ChainFacts, Decision, Event};
use holdfast_screening::{Screening, ScreeningError};
use holdfast_vendors::{Providers, Question};
use holdfast_workspace::Workspace;
use serde_json::{Value, json};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

#[derive(Args)]
pub struct Screen {
    #[command(flatten)]
    desk: DeskArgs,
    /// Events: JSON Lines or .csv; - for standard input.
    events: PathBuf,
    /// Records of customers, accounts and devices (JSON Lines or .csv), imported first.
    #[arg(long)]
    records: Vec<PathBuf>,
    #[command(flatten)]
    reading: Reading,
    /// Decide without the ledger (off-chain screening only).
    #[arg(long)]
    no_ledger: bool,
    /// Print only decisions that are not `allow`.
    #[arg(long)]
    quiet: bool,
    /// File (YAML) of other providers that are queried about every transfer: elliptic, chainalysis, trm.
    #[arg(long)]
    providers: Option<PathBuf>,
}

/// Largest file of events or records.
const MAX_FILE: u64 = 1 << 30;

pub fn read_file(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        std::io::stdin().take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    } else {
        let file = std::fs::File::open(path).with_context(|| path.display().to_string())?;
        file.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    }
    if bytes.len() as u64 > MAX_FILE {
        bail!("{}: larger than {MAX_FILE} bytes; split it", path.display());
    }
    Ok(bytes)
}

/// The engine that decides on the events of a file.
enum Decider {
    Here { screening: Screening, workspace: Option<Box<Workspace>>, providers: Option<Providers> },
    There(Client),
}

impl Screen {
    /// The desk, or its server, which has the ledger and the providers of its own.
    fn decider(&self) -> anyhow::Result<Decider> {
        match self.desk.reach()? {
            Reach::There(_) if self.no_ledger || self.providers.is_some() => {
                bail!("--no-ledger and --providers: the running server has its own; leave them out, or stop the server")
            }
            Reach::There(client) => Ok(Decider::There(client)),
            Reach::Here(screening) => {
                let providers = self.providers.as_deref().map(read_providers).transpose()?;
                let workspace =
                    if self.no_ledger { None } else { Some(Box::new(Workspace::open(&self.desk.store.store)?)) };
                Ok(Decider::Here { screening, workspace, providers })
            }
        }
    }
}

/// How long events are sent again, where there are several servers, while the desk changes hands: they are known by their ids, so that none is decided twice.
const AGAIN: Duration = Duration::from_secs(60);
/// Pause before events are sent again that the desk did not store.
const AGAIN_PAUSE: Duration = Duration::from_millis(100);

/// The answer to one event of a batch.
#[derive(serde::Deserialize)]
struct Answer {
    status: u16,
    decision: Option<Decision>,
    #[serde(default)]
    error: Value,
}

/// Sends events to the server, or to that of several which has the desk, again while it says that they are to be sent again.
fn decide_there(client: &Client, events: &[Event]) -> anyhow::Result<Vec<Answer>> {
    let (begun, again) = (Instant::now(), if client.has_several() { AGAIN } else { Duration::ZERO });
    loop {
        let left = again.saturating_sub(begun.elapsed());
        let answers: Vec<Answer> = client.post("/api/v1/events/batch").json(&events).again_for(left).fetch()?;
        if answers.len() != events.len() {
            bail!("the server gave {} answers to {} events", answers.len(), events.len());
        }
        if left.is_zero() || output::stopping().is_break() || answers.iter().all(|a| a.status != 503) {
            return Ok(answers);
        }
        std::thread::sleep(AGAIN_PAUSE);
    }
}

impl Decider {
    /// Returns the reference currency of the rule book in force.
    fn currency(&self) -> String {
        match self {
            Decider::Here { screening, .. } => screening.book().file.policy.reference_currency.clone(),
            // A key that may send events need not be one that reads rules.
            Decider::There(client) => match client.get("/api/v1/rules").fetch::<Value>() {
                Ok(rules) => rules["book"]["policy"].word("reference_currency").to_owned(),
                Err(_) => "of the reference currency".to_owned(),
            },
        }
    }

    /// Decides on events in their order.
    fn decide(&self, events: &[Event], actor: &str) -> anyhow::Result<Vec<Decision>> {
        let (screening, workspace, providers) = match self {
            Decider::There(client) => {
                let answers = decide_there(client, events)?;
                let decision = |(answer, event): (Answer, &Event)| {
                    answer.decision.with_context(|| format!("event {}: {}", event.id, answer.error.word("error")))
                };
                return answers.into_iter().zip(events).map(decision).collect();
            }
            Decider::Here { screening, workspace, providers } => (screening, workspace.as_deref(), providers.as_ref()),
        };
        let with_facts = |event: &Event| {
            let mut facts =
                workspace.map_or_else(ChainFacts::default, |w| holdfast_chain_facts::chain_facts(w, event, None));
            if let Some(providers) = providers
                && let Some(question) = Question::of(event, &facts)
            {
                facts.providers = providers.query(&question);
            }
            (event.clone(), facts)
        };
        let answers = screening.decide_batch(events.iter().map(with_facts).collect(), actor)?;
        let named = |(answer, event): (Result<Decision, ScreeningError>, &Event)| {
            answer.with_context(|| format!("event {}", event.id))
        };
        answers.into_iter().zip(events).map(named).collect()
    }
}

pub fn screen(args: Screen, as_json: bool) -> anyhow::Result<()> {
    let mut done = Done::default();
    for path in &args.records {
        import_records(&args.desk.reach()?, path, &args.reading, &args.desk.actor, &mut done)?;
    }
    let events = read_events(&args.events, &args.reading, &mut done)?;
    let decider = args.decider()?;
    let bar = output::bar(events.len(), "screening");
    let currency = if as_json { String::new() } else { decider.currency() };
    for part in events.chunks(256) {
        for decision in decider.decide(part, &args.desk.actor)? {
            bar.inc(1);
            if args.quiet && decision.reasons.is_empty() {
                continue;
            }
            if as_json {
                println!("{}", serde_json::to_string(&decision)?)
            } else {
                print_decision(&decision, &currency)
            }
        }
        if output::stopping().is_break() {
            eprintln!("stopped; the same command continues");
            break;
        }
    }
    bar.finish_and_clear();
    done.result()
}

#[derive(Subcommand)]
pub enum RecordsCommand {
    /// Import records (JSON Lines or .csv), in any order, any number of times.
    Import {
        #[command(flatten)]
        desk: DeskArgs,
        /// Files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        #[command(flatten)]
        reading: Reading,
    },
}

pub fn records(command: RecordsCommand, as_json: bool) -> anyhow::Result<()> {
    let RecordsCommand::Import { desk, files, reading } = command;
    let reach = desk.reach()?;
    let (mut taken, mut done) = (0, Done::default());
    for file in &files {
        taken += import_records(&reach, file, &reading, &desk.actor, &mut done)?;
    }
    if as_json {
        output::json(
            &json!({"taken": taken, "refused": done.refused, "faults": done.faults, "warnings": done.warnings}),
        )?
    } else {
        println!("{} records imported", thousands(taken))
    }
    done.result()
}
