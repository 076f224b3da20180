//! `holdfast bench`.

use clap::Subcommand;

#[derive(Subcommand)]
pub enum BenchCommand {}

pub fn run(command: BenchCommand, _: bool) -> anyhow::Result<()> {
    match command {}
}
