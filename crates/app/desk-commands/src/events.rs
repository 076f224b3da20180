//! `holdfast events`: decided events and what became known of them since.

use crate::answer::Fields;
use crate::args::DeskArgs;
use crate::import::{Done, Reading, read_completions};
use crate::output::{self, thousands};
use crate::running::Reach;
use anyhow::Context;
use clap::{Args, Subcommand};
use holdfast_client::api_path;
use holdfast_decision::{EventKind, Verdict};
use holdfast_screening::events::EventFilter;
use holdfast_types::Amount;
use holdfast_types::units::with_unit;
use serde_json::json;
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum EventsCommand {
    /// Show a decided event, its decision, and later facts about its movement.
    Show {
        #[command(flatten)]
        desk: DeskArgs,
        /// Id of the event.
        id: String,
    },
    /// List decided events, the latest first.
    List(Box<ListArgs>),
    /// Complete events with transaction, block and status (JSON Lines or .csv with the fields event, time, status, tx, output, block,
    /// height), in any order, any number of times.
    Complete {
        #[command(flatten)]
        desk: DeskArgs,
        /// Files; - for standard input.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        #[command(flatten)]
        reading: Reading,
    },
}

/// Which events are listed.
#[derive(Args)]
pub struct ListArgs {
    #[command(flatten)]
    desk: DeskArgs,
    /// Only those of one customer.
    #[arg(long)]
    customer: Option<String>,
    /// Only of this kind: deposit, withdrawal, payment or account.
    #[arg(long)]
    kind: Option<String>,
    /// Only with this decision: allow, review, hold or reject.
    #[arg(long)]
    decision: Option<String>,
    /// Only those that met this rule, live or in shadow.
    #[arg(long)]
    rule: Option<String>,
    /// Only those that name this address or transaction, in any form.
    #[arg(long)]
    named: Option<String>,
    /// Only those with a number below this one, as the page before shows it.
    #[arg(long)]
    before: Option<u64>,
    /// At most so many, up to 1,000.
    #[arg(long, default_value_t = 100)]
    limit: u16,
}

pub fn run(command: EventsCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        EventsCommand::Show { desk, id } => show(&desk, &id, as_json),
        EventsCommand::List(args) => list(&args, as_json),
        EventsCommand::Complete { desk, files, reading } => complete(&desk, &files, &reading, as_json),
    }
}

fn show(desk: &DeskArgs, id: &str, as_json: bool) -> anyhow::Result<()> {
    let path = api_path(&["events", id]);
    let found = desk.read(&path, |s| s.event(id), |request| request)?;
    if as_json {
        return found.print();
    }
    let event = &found["event"];
    let time = event.time("time").rfc3339();
    let decision = &found["decision"];
    println!("{} {id} of {}, {time}: {}", event.word("kind"), event.word("customer"), decision.word("decision"));
    if let (Ok(amount), Some(asset)) = (event.word("amount").parse::<Amount>(), event["asset"].as_str()) {
        let other = event["counterparty"].as_str().map_or(String::new(), |c| format!(", counterparty {c}"));
        println!("  {}{other}", with_unit(amount, asset));
    }
    for reason in decision.list("reasons") {
        println!("  {} v{}: {}", reason.word("rule"), reason.count("version"), reason.word("title"));
    }
    let completion = &found["completion"];
    if completion.is_object() {
        let tx = completion["tx"].as_str().map_or(String::new(), |t| format!(", transaction {t}"));
        let height = completion["height"].as_u64().map_or(String::new(), |h| format!(", height {h}"));
        println!("  {}{tx}{height}", completion.word("status"));
    }
    Ok(())
}

/// Returns the value of a name among several.
fn named_one<T: Copy>(option: &str, text: Option<&str>, all: &[(&str, T)]) -> anyhow::Result<Option<T>> {
    let Some(text) = text else { return Ok(None) };
    let found = all.iter().find(|(name, _)| *name == text).map(|(_, value)| Some(*value));
    let names = all.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    found.with_context(|| format!("--{option} {text}: use one of {names}"))
}

fn list(args: &ListArgs, as_json: bool) -> anyhow::Result<()> {
    let verdicts = [Verdict::Allow, Verdict::Review, Verdict::Hold, Verdict::Reject];
    let filter = EventFilter {
        customer: args.customer.clone(),
        kind: named_one("kind", args.kind.as_deref(), &EventKind::ALL.map(|kind| (kind.name(), kind)))?,
        decision: named_one("decision", args.decision.as_deref(), &verdicts.map(|verdict| (verdict.name(), verdict)))?,
        rule: args.rule.clone(),
        named: args.named.clone(),
        decided: None,
        after: 0,
        before: args.before,
        newest_first: true,
        limit: args.limit.into(),
    };
    let found = args.desk.read(
        "/api/v1/events",
        |s| s.events(&filter),
        |request| {
            let request = request.query("newest_first", true).query("limit", args.limit);
            let request = request.query_opt("customer", args.customer.as_ref()).query_opt("kind", args.kind.as_ref());
            let request = request.query_opt("decision", args.decision.as_ref()).query_opt("rule", args.rule.as_ref());
            request.query_opt("named", args.named.as_ref()).query_opt("before", args.before)
        },
    )?;
    if as_json {
        return found.print();
    }
    for decided in found.rows("events") {
        let (event, decision) = (&decided["event"], &decided["decision"]);
        let amount = match (event.word("amount").parse::<Amount>(), event["asset"].as_str()) {
            (Ok(amount), Some(asset)) => format!(" {}", with_unit(amount, asset)),
            _ => String::new(),
        };
        println!(
            "{:>8} {} {:<7} {} {}{amount} of {}",
            decision.count("seq"),
            event.time("time").rfc3339(),
            decision.word("decision"),
            event.word("kind"),
            event.word("id"),
            event.word("customer")
        );
    }
    Ok(())
}

fn complete(desk: &DeskArgs, files: &[PathBuf], reading: &Reading, as_json: bool) -> anyhow::Result<()> {
    let reach = desk.reach()?;
    let (mut completed, mut done) = (0u64, Done::default());
    for file in files {
        for (i, line) in read_completions(file, reading, &mut done)?.into_iter().enumerate() {
            let (event, completion) = line.split();
            let at = || format!("{}: entry {} (event {event})", file.display(), i + 1);
            match &reach {
                Reach::Here(screening) => {
                    screening.complete(&event, completion, &desk.actor).with_context(at)?;
                }
                Reach::There(client) => {
                    let path = api_path(&["events", &event, "completion"]);
                    client.post(&path).json(&completion).bytes().with_context(at)?;
                }
            }
            completed += 1;
        }
    }
    if as_json {
        output::json(
            &json!({"completed": completed, "refused": done.refused, "faults": done.faults, "warnings": done.warnings}),
        )?
    } else {
        println!("{} events completed", thousands(completed))
    }
    done.result()
}
