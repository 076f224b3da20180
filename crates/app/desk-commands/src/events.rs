//! `holdfast events`: decided events and what became known of them since.

use crate::answer::Fields;
use crate::args::DeskArgs;
use crate::import::{Done, Reading, read_completions};
use crate::output::{self, thousands};
use crate::running::Reach;
use anyhow::Context;
use clap::Subcommand;
use holdfast_client::api_path;
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

pub fn run(command: EventsCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        EventsCommand::Show { desk, id } => show(&desk, &id, as_json),
        EventsCommand::Complete { desk, files, reading } => complete(&desk, &files, &reading, as_json),
    }
}

fn show(desk: &DeskArgs, id: &str, as_json: bool) -> anyhow::Result<()> {
    let path = api_path(&["events", id]);
    let found = desk.answer(|s| s.event(id), |c| c.get(&path))?;
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
