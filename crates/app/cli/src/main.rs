//! The `holdfast` command.
#![cfg_attr(
    not(test),
    warn(
        clippy::too_many_lines,
        clippy::unwrap_used,
        clippy::missing_panics_doc,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_possible_wrap,
        clippy::cast_lossless
    )
)]

mod accounts;
mod call;
mod chains;
#[cfg(feature = "demo")]
mod demo;
mod gateway;
mod graph;
mod ledger;
mod live;
mod lookup;
mod options;
mod serve;
mod sharing;
mod simulate;
mod standby;
mod tags;
mod workspace;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use holdfast_console::settings::config;
use holdfast_console::{answer, args, backup, chain_reader, desk_key, output, running};
use holdfast_desk_commands::{
    academy, alerts, audit, campaigns, connect, customers, desk, events, evidence, holds, import, keys, models, prices,
    retention, rules, screen, staff, statistics, watch,
};
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The open investigations desk of a crypto exchange.
#[derive(Parser)]
#[command(version, about, arg_required_else_help = true)]
struct Cli {
    /// Print JSON instead of text.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run an investigation on bundled real data: ingest, attribute, trace a ransomware payment, serve the answer.
    #[cfg(feature = "demo")]
    Demo(demo::Demo),
    /// Read node files or single blocks into a ledger.
    Ingest(ledger::Ingest),
    /// Show, check and maintain a ledger.
    #[command(subcommand)]
    Ledger(ledger::LedgerCommand),
    /// Account chains: addresses, transfers, transactions, blocks, assets.
    #[command(subcommand)]
    Accounts(accounts::show::AccountsCommand),
    /// Follow a live node: catch up, follow reorganizations, watch the mempool.
    Follow(live::Follow),
    /// Serve the HTTP API and the pages.
    Serve(Box<serve::Serve>),
    /// The configuration of `serve`: check a file, print the reference.
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Copy a store with its database, keys, files and ledger into a folder, while the server runs.
    Backup(backup::Backup),
    /// Restore a store from a backup, checked file by file.
    Restore(backup::Restore),
    /// Attribution tags: import, list conflicts, remove.
    #[command(subcommand)]
    Tags(workspace::TagsCommand),
    /// Recluster all addresses with chosen heuristics.
    Cluster(workspace::Cluster),
    /// Show an address, transaction or block.
    Show(lookup::Show),
    /// Search by any form or name: addresses of all chains, ids and their beginnings, labels, actors.
    Search(lookup::Search),
    /// Explain why two addresses are in one cluster.
    Explain(lookup::Explain),
    /// Follow money forward or backward.
    Trace(lookup::TraceArgs),
    /// Source and destination of funds by category.
    Exposure(lookup::ExposureArgs),
    /// Paths of money between two entities.
    Paths(lookup::PathsArgs),
    /// The graph of money: neighbours with whole sums, lists of items, transactions, entities, activity.
    #[command(subcommand)]
    Graph(graph::GraphCommand),
    /// Verify an evidence bundle, production, certificate, learned model or scan record offline, and list what fails.
    Verify(workspace::Verify),
    /// Import records of customers, accounts and devices.
    #[command(subcommand)]
    Records(screen::RecordsCommand),
    /// Screen events from a file and store the decisions.
    Screen(screen::Screen),
    /// Customers: find one, show all that screening has of one.
    #[command(subcommand)]
    Customers(customers::CustomersCommand),
    /// Decided events: list and show them, complete them with later facts.
    #[command(subcommand)]
    Events(events::EventsCommand),
    /// Statistics of the desk's work over a window of days: decisions, alerts, rules, requests, holds, people.
    Statistics(statistics::Statistics),
    /// Watch lists of addresses, entities, customers and names: make them, and read what they told.
    #[command(subcommand)]
    Watch(watch::WatchCommand),
    /// Rule books: show, test over history, put in force.
    #[command(subcommand)]
    Rules(rules::RulesCommand),
    /// Learned models: train, compare, put in shadow or in force by two people, explain, watch.
    #[command(subcommand)]
    Models(models::ModelsCommand),
    /// How long records are kept, legal holds, erasures of customers.
    #[command(subcommand)]
    Retention(retention::RetentionCommand),
    /// Prices of assets in the reference currency.
    #[command(subcommand)]
    Prices(prices::PricesCommand),
    /// Holds and freezes.
    #[command(subcommand)]
    Holds(holds::HoldsCommand),
    /// The alerts queue.
    #[command(subcommand)]
    Alerts(alerts::AlertsCommand),
    /// The hash-chained audit log.
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// API keys with scopes.
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// People who act at the desk.
    #[command(subcommand)]
    People(staff::PeopleCommand),
    /// Sessions of browsers in which people are signed in.
    #[command(subcommand)]
    Sessions(staff::SessionsCommand),
    /// The server's jobs.
    #[command(subcommand)]
    Jobs(staff::JobsCommand),
    /// Changes that a second person approves: rule books, keys that may administrate, sources.
    #[command(subcommand)]
    Changes(keys::ChangesCommand),
    /// Other analytics providers: query them about an address.
    #[command(subcommand)]
    Providers(connect::ProvidersCommand),
    /// Webhooks that receive decisions, holds and alerts.
    #[command(subcommand)]
    Webhooks(connect::WebhooksCommand),
    /// Mail that the desk sends on its own: what waits, failed or was sent.
    #[command(subcommand)]
    Outbox(connect::OutboxCommand),
    /// Requests from law enforcement.
    #[command(subcommand)]
    Desk(desk::DeskCommand),
    /// Seeds, keys, addresses and wallets in seized material.
    #[command(subcommand)]
    Evidence(evidence::EvidenceCommand),
    /// Sharing with partners: communities, sources, flags, feeds, private matching.
    #[command(subcommand)]
    Sharing(sharing::SharingCommand),
    /// Warnings at withdrawals: questions, answers, cooling-off time.
    #[command(subcommand)]
    Warnings(campaigns::WarningsCommand),
    /// Campaigns with police: recipients and measured effect.
    #[command(subcommand)]
    Campaigns(campaigns::CampaignsCommand),
    /// Training: courses, sessions, graded labs, certificates.
    #[command(subcommand)]
    Academy(academy::AcademyCommand),
    /// Call any endpoint of the HTTP API (see /openapi.json): at the running server, or on the store itself.
    Call(call::Call),
    /// Generate synthetic data with ground truth.
    #[command(subcommand)]
    Simulate(simulate::SimulateCommand),
    /// Moved to the program holdfast-bench.
    #[command(hide = true)]
    Accuracy(Moved),
    /// Moved to the program holdfast-bench.
    #[command(hide = true)]
    Bench(Moved),
}

/// A command that moved to another program, with any arguments.
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
struct Moved {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    rest: Vec<std::ffi::OsString>,
}

/// Names the program that has a command now.
fn moved(name: &str, rest: &Moved) -> anyhow::Result<()> {
    let rest = rest.rest.iter().map(|a| a.to_string_lossy().into_owned());
    let arguments: Vec<String> = (!name.is_empty()).then(|| name.to_owned()).into_iter().chain(rest).collect();
    anyhow::bail!(
        "measurements have their own program: cargo run --release -p holdfast-bench -- {}",
        arguments.join(" ")
    )
}

fn main() -> ExitCode {
    let (cli, store) = match config::parse(Cli::command()) {
        Ok(matches) => (Cli::from_arg_matches(&matches).unwrap_or_else(|e| e.exit()), args::store_of(&matches)),
        Err(error) => {
            eprintln!("holdfast: {error:#}");
            return ExitCode::FAILURE;
        }
    };
    let logging = match &cli.command {
        Command::Serve(args) => args.log.start(),
        Command::Follow(args) => args.log.start(),
        _ => live::log_command(),
    };
    // Dropped at the end: what waits is sent.
    let _traces = match logging {
        Ok(traces) => traces,
        Err(error) => {
            eprintln!("holdfast: {error:#}");
            return ExitCode::FAILURE;
        }
    };
    let is_logged = matches!(cli.command, Command::Serve(_) | Command::Follow(_));
    output::run_command("holdfast", is_logged, || {
        if let Some(folder) = std::env::var_os("HOLDFAST_DATA") {
            holdfast_academy::labs::blocks::read_from(folder.into());
        }
        store.as_deref().map_or(Ok(()), args::add_listed_assets)?;
        run(cli.command, cli.json)
    })
}

fn run(command: Command, json: bool) -> anyhow::Result<()> {
    match command {
        #[cfg(feature = "demo")]
        Command::Demo(args) => demo::run(args, json),
        Command::Ingest(args) => ledger::ingest(args, json),
        Command::Ledger(command) => ledger::run(command, json),
        Command::Accounts(command) => accounts::show::run(command, json),
        Command::Follow(args) => live::follow_command(args, json),
        Command::Serve(args) => serve::serve_command(*args),
        Command::Config(command) => config::run(command, Cli::command(), json),
        Command::Backup(args) => backup::backup(&args, json),
        Command::Restore(args) => backup::restore(args, json),
        Command::Tags(command) => workspace::tags_command(command, json),
        Command::Cluster(args) => workspace::cluster(args, json),
        Command::Show(args) => lookup::show(args, json),
        Command::Search(args) => lookup::search(args, json),
        Command::Explain(args) => lookup::explain(args, json),
        Command::Trace(args) => lookup::trace(args, json),
        Command::Exposure(args) => lookup::exposure(args, json),
        Command::Paths(args) => lookup::paths(args, json),
        Command::Graph(command) => graph::run(command, json),
        Command::Verify(args) => workspace::verify(args, json),
        Command::Records(command) => screen::records(command, json),
        Command::Screen(args) => screen::screen(args, json),
        Command::Customers(command) => customers::run(command, json),
        Command::Statistics(args) => statistics::run(&args, json),
        Command::Watch(command) => watch::run(command, json),
        Command::Events(command) => events::run(command, json),
        Command::Rules(command) => rules::rules(command, json),
        Command::Models(command) => models::run(command, json),
        Command::Retention(command) => retention::retention(command, json),
        Command::Prices(command) => prices::prices(command, json),
        Command::Holds(command) => holds::holds(command, json),
        Command::Alerts(command) => alerts::alerts(command, json),
        Command::Audit(command) => audit::audit(command, json),
        Command::Keys(command) => keys::keys(command, json),
        Command::People(command) => staff::people(command, json),
        Command::Sessions(command) => staff::sessions(command, json),
        Command::Jobs(command) => staff::jobs(command, json),
        Command::Changes(command) => keys::changes(command, json),
        Command::Providers(command) => connect::providers(command, json),
        Command::Webhooks(command) => connect::webhooks(command, json),
        Command::Outbox(command) => connect::outbox(command, json),
        Command::Desk(command) => desk::run(command, json),
        Command::Evidence(command) => evidence::run(command, json),
        Command::Sharing(command) => sharing::run(command, json),
        Command::Warnings(command) => campaigns::warnings(command, json),
        Command::Campaigns(command) => campaigns::campaigns(command, json),
        Command::Academy(command) => academy::run(command, json),
        Command::Call(args) => call::call_command(args),
        Command::Accuracy(rest) => moved("accuracy", &rest),
        Command::Simulate(command) => simulate::run(command, json),
        Command::Bench(rest) => moved("", &rest),
    }
}
