//! `holdfast providers`: asking other analytics providers.

use crate::output;
use anyhow::Context;
use clap::Subcommand;
use holdfast_connect::{Providers, Question};
use holdfast_screening::service::system_clock;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub enum ProvidersCommand {
    /// Ask Elliptic, Chainalysis and TRM Labs about an address.
    Ask {
        /// File (YAML) that names the providers.
        #[arg(long)]
        providers: PathBuf,
        /// Asset, such as BTC.
        #[arg(long, default_value = "BTC")]
        asset: String,
        /// The address.
        address: String,
    },
}

/// Reads a file of providers.
pub fn read_providers(path: &Path) -> anyhow::Result<Providers> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    Providers::parse(&text).with_context(|| path.display().to_string())
}

pub fn providers(command: ProvidersCommand, as_json: bool) -> anyhow::Result<()> {
    let ProvidersCommand::Ask { providers, asset, address } = command;
    let answers = read_providers(&providers)?.ask(&Question::address(&asset, &address, system_clock()()));
    if as_json {
        return output::json(&answers);
    }
    for (name, fact) in answers {
        let risk = fact.risk.map_or("no answer", |r| ["none", "low", "medium", "high", "severe"][r.min(4) as usize]);
        println!("{name:<12} {risk:<10} {}", fact.detail);
    }
    Ok(())
}
