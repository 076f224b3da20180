//! `holdfast events`: decided events and what became known of them since.

use crate::import::{Done, Reading, read_completions};
use crate::output::{self, thousands};
use crate::screening::DeskArgs;
use anyhow::Context;
use clap::Subcommand;
use serde_json::json;
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum EventsCommand {
    /// Show a decided event, its decision, and what became known of its movement.
    Show {
        #[command(flatten)]
        desk: DeskArgs,
        /// The sender's id.
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
        EventsCommand::Show { desk, id } => {
            let found = desk.open()?.event(&id)?;
            if as_json {
                return output::json(&found);
            }
            println!(
                "{} {} of {}: {}",
                found.event.kind.name(),
                id,
                found.event.customer,
                found.decision.decision.name()
            );
            if let Some(c) = &found.completion {
                let tx = c.tx.as_ref().map_or(String::new(), |t| format!(", transaction {t}"));
                let height = c.height.map_or(String::new(), |h| format!(", height {h}"));
                println!("{}{tx}{height}", c.status.name());
            }
            Ok(())
        }
        EventsCommand::Complete { desk, files, reading } => {
            let screening = desk.open()?;
            let (mut completed, mut done) = (0u64, Done::default());
            for file in &files {
                for (i, line) in read_completions(file, &reading, &mut done)?.into_iter().enumerate() {
                    let (event, completion) = line.split();
                    screening
                        .complete(&event, completion, &desk.actor)
                        .with_context(|| format!("{}: entry {} (event {event})", file.display(), i + 1))?;
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
    }
}
