//! `holdfast desk`: requests from law enforcement.

use crate::output;
use anyhow::Context;
use clap::Subcommand;
use holdfast_desk::policy::DEFAULT_POLICY;
use holdfast_desk::{Inquiry, Policy, review};
use holdfast_screening::model::rfc3339;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub enum DeskCommand {
    /// Print the policy that Holdfast ships with, or check one.
    Policy {
        /// Policy (YAML) to check.
        file: Option<PathBuf>,
    },
    /// Say what policy and the signs of forgery say of a request; nothing is stored.
    Review {
        /// The request and what is known of its sender (JSON).
        file: PathBuf,
        /// Policy (YAML) instead of the shipped one.
        #[arg(long)]
        policy: Option<PathBuf>,
    },
}

/// Reads a policy.
pub fn read_policy(path: &Path) -> anyhow::Result<Policy> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    Policy::parse(&text).with_context(|| path.display().to_string())
}

pub fn run(command: DeskCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        DeskCommand::Policy { file: None } if as_json => output::json(&Policy::standard()),
        DeskCommand::Policy { file: None } => {
            print!("{DEFAULT_POLICY}");
            Ok(())
        }
        DeskCommand::Policy { file: Some(file) } => {
            let policy = read_policy(&file)?;
            if as_json {
                return output::json(&policy);
            }
            println!("{}: version {}, {} processes, valid", file.display(), policy.version, policy.processes.len());
            Ok(())
        }
        DeskCommand::Review { file, policy } => {
            let policy = policy.as_deref().map_or_else(|| Ok(Policy::standard()), read_policy)?;
            let text = std::fs::read(&file).with_context(|| file.display().to_string())?;
            let inquiry: Inquiry = serde_json::from_slice(&text).with_context(|| file.display().to_string())?;
            let reviewed = review(&policy, &inquiry).with_context(|| file.display().to_string())?;
            if as_json {
                return output::json(&reviewed);
            }
            let (judgement, suspicion) = (&reviewed.judgement, &reviewed.suspicion);
            println!("{} ({}; policy version {})", judgement.title, judgement.source, judgement.policy);
            println!(
                "{}",
                if judgement.may_be_granted { "nothing in policy stands against it" } else { "may not be granted:" }
            );
            judgement.missing.iter().for_each(|m| println!("  {m}"));
            if !judgement.granted.is_empty() {
                println!("may be given: {}", judgement.granted.iter().map(|c| c.name()).collect::<Vec<_>>().join(", "));
            }
            for refused in &judgement.refused {
                println!("not to be given: {}; opened by {}", refused.class.name(), refused.opened_by.join(", "));
            }
            println!("due {}", rfc3339(judgement.due));
            if let Some(until) = judgement.holds_until {
                println!("holds until {}", rfc3339(until));
            }
            judgement.notes.iter().for_each(|n| println!("note: {n}"));
            for sign in &suspicion.signs {
                println!(
                    "{} {}: {}",
                    ["", "note", "suspicious", "STOP"][sign.weight.min(3) as usize],
                    sign.sign,
                    sign.because
                );
            }
            if suspicion.call_back {
                println!("call the officer back on a number that you found yourself");
            }
            Ok(())
        }
    }
}
