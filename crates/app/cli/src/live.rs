//! Following nodes of the Bitcoin family: `holdfast follow`, and what the server runs.

use crate::accounts::{self, AccountArgs};
use crate::args::{StoreArgs, secret_of};
use crate::options::{FOR_ACCOUNTS, first_given, refuse};
use crate::output::{self, thousands};
use anyhow::{Context, bail};
use clap::Args;
use holdfast_bitcoin::Network;
use holdfast_bitcoin::mempool::Mempool;
use holdfast_bitcoin::node::{BlockSource, NodeError, Rest, Rpc};
use holdfast_jobs::Threads;
use holdfast_state::AppState;
use holdfast_telemetry::logs::{self, DEFAULT_FILTER, Filter, Format, one_line};
use holdfast_types::ChainId;
use holdfast_utxo_ledger::follow::{fetch, put};
use holdfast_utxo_ledger::{FollowError, follow};
use holdfast_workspace::{ChainHandle, Workspace};
use serde_json::json;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

#[derive(Args, Clone, Debug)]
pub struct NodeArgs {
    /// The node's JSON-RPC address, such as http://127.0.0.1:8332.
    #[arg(long)]
    pub(crate) rpc: Option<String>,
    /// RPC user (or use --cookie).
    #[arg(long, requires = "rpc")]
    pub(crate) user: Option<String>,
    /// RPC password; other users of this machine can read it, so prefer the environment variable HOLDFAST_RPC_PASSWORD or --password-file.
    #[arg(long, requires = "rpc")]
    pub(crate) password: Option<String>,
    /// File with the RPC password.
    #[arg(long, requires = "rpc", conflicts_with = "password")]
    pub(crate) password_file: Option<PathBuf>,
    /// The node's cookie file.
    #[arg(long, requires = "rpc")]
    pub(crate) cookie: Option<PathBuf>,
    /// The node's REST address (with -rest), instead of RPC.
    #[arg(long, conflicts_with = "rpc")]
    pub(crate) rest: Option<String>,
    /// Seconds between polls.
    #[arg(long, default_value_t = 2.0)]
    pub(crate) poll: f64,
    /// A new ledger starts at this height (for pruned nodes).
    #[arg(long, default_value_t = 0)]
    pub(crate) from_height: u32,
}

impl NodeArgs {
    /// Returns the first option that was given and that only nodes of Bitcoin's family know.
    fn given(&self) -> Option<&'static str> {
        first_given([
            ("--user", self.user.is_some()),
            ("--password", self.password.is_some()),
            ("--password-file", self.password_file.is_some()),
            ("--cookie", self.cookie.is_some()),
            ("--rest", self.rest.is_some()),
        ])
    }

    pub fn source(&self) -> anyhow::Result<Option<Box<dyn BlockSource + Send>>> {
        if let Some(url) = &self.rest {
            return Ok(Some(Box::new(Rest::new(url))));
        }
        let Some(url) = &self.rpc else { return Ok(None) };
        if let Some(cookie) = &self.cookie {
            return Ok(Some(Box::new(Rpc::with_cookie(url, cookie)?)));
        }
        let user = self.user.as_deref().context("--rpc needs --cookie, or --user and a password")?;
        let password = match &self.password_file {
            Some(file) => Some(secret_of(file)?),
            None => self.password.clone().or_else(|| std::env::var("HOLDFAST_RPC_PASSWORD").ok()),
        };
        let password = password.context("--user needs --password-file, HOLDFAST_RPC_PASSWORD or --password")?;
        Ok(Some(Box::new(Rpc::new(url, user, &password))))
    }

    fn pause(&self) -> Duration {
        Duration::from_secs_f64(self.poll.clamp(0.05, 3600.0))
    }
}

/// Filter and form of the log.
#[derive(Args, Clone)]
pub struct LogArgs {
    /// Filter of log lines: a level (error, warn, info, debug, trace, off) or TARGET=LEVEL, joined by commas.
    #[arg(long, env = "HOLDFAST_LOG", default_value = DEFAULT_FILTER)]
    log: Filter,
    /// Form of the log on standard error: text or json.
    #[arg(long, env = "HOLDFAST_LOG_FORMAT", default_value = "text")]
    log_format: Format,
}

impl LogArgs {
    /// Starts logging, for a process that runs on.
    pub fn start(&self) -> anyhow::Result<Traces> {
        let (spans, traces) = traces()?;
        logs::start_with(self.log_format, self.log.clone(), spans)?;
        logs::log_panics();
        if !cfg!(feature = "otlp") && std::env::var_os(OTLP_ENDPOINT).is_some() {
            tracing::warn!("{OTLP_ENDPOINT} has no effect: this program was built without the feature otlp");
        }
        Ok(traces)
    }
}

/// Variable with the address of an OpenTelemetry collector.
const OTLP_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

/// Spans on their way to a collector, until it is dropped.
#[cfg(feature = "otlp")]
pub type Traces = Option<holdfast_otlp::Traces>;
/// This program was built without a way to a collector.
#[cfg(not(feature = "otlp"))]
pub type Traces = Option<std::convert::Infallible>;

#[cfg(feature = "otlp")]
fn traces() -> anyhow::Result<(Option<logs::Spans>, Traces)> {
    let Some(endpoint) = std::env::var(OTLP_ENDPOINT).ok().filter(|e| !e.is_empty()) else { return Ok((None, None)) };
    let (spans, traces) = holdfast_otlp::to(&endpoint, env!("CARGO_PKG_VERSION"))?;
    Ok((Some(spans), Some(traces)))
}

#[cfg(not(feature = "otlp"))]
fn traces() -> anyhow::Result<(Option<logs::Spans>, Traces)> {
    Ok((None, None))
}

/// Starts logging for a command that ends: only what is wrong, unless the environment names more.
pub fn log_command() -> anyhow::Result<Traces> {
    let of = |name: &str| std::env::var(name).ok();
    let filter = of("HOLDFAST_LOG").unwrap_or_else(|| "warn".to_owned()).parse()?;
    let format = of("HOLDFAST_LOG_FORMAT").map_or(Ok(Format::Text), |f| f.parse())?;
    logs::start(format, filter)?;
    Ok(None)
}

#[derive(Args)]
pub struct Follow {
    /// Configuration file (TOML); flags and the environment come before it. See `holdfast config`.
    #[arg(long, env = "HOLDFAST_CONFIG")]
    config: Option<PathBuf>,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    node: NodeArgs,
    /// Network of the node.
    #[arg(long, default_value = "bitcoin", conflicts_with = "chain")]
    network: Network,
    /// Follow a node of this account chain instead: `ethereum`, `tron` and other usual names, or a CAIP-2 id.
    #[arg(long, value_parser = ChainId::of_accounts)]
    chain: Option<ChainId>,
    #[command(flatten)]
    accounts: AccountArgs,
    /// Stop when the ledger is at the node's tip.
    #[arg(long)]
    once: bool,
    #[command(flatten)]
    pub log: LogArgs,
}

pub fn follow_command(args: Follow, as_json: bool) -> anyhow::Result<()> {
    if let Some(file) = &args.config {
        tracing::info!(file = %file.display(), "configuration read");
    }
    if let Some(chain) = &args.chain {
        refuse(
            args.node.given(),
            "is for nodes of Bitcoin's family; an account chain's is opened with --node-key-file",
        )?;
        return follow_accounts(&args, chain, as_json);
    }
    refuse(args.accounts.reading.given(), FOR_ACCOUNTS)?;
    let source = args.node.source()?.context("name the node with --rpc or --rest")?;
    let mut workspace = Workspace::create_or_open(&args.store.store, args.network)?;
    let mut retry = Retry::default();
    loop {
        let bar = output::bar(0, "following");
        let round = follow(&mut workspace.ledger, source.as_ref(), args.node.from_height, &mut |at, tip| {
            bar.set_length(tip.into());
            bar.set_position(at.into());
            output::stopping()
        });
        bar.finish_and_clear();
        // A node that restarts or cannot be reached for a while is no reason to end; a fault of the ledger is.
        let report = match round {
            Ok(report) => {
                retry.worked();
                report
            }
            Err(FollowError::Node(e)) if !args.once && (retry.ever || !matches!(e, NodeError::Credentials { .. })) => {
                let wait = retry.next();
                let seconds = wait.as_secs().max(1);
                tracing::warn!(reason = one_line(&e), "the node is not read; trying again in {seconds} s");
                pause(wait);
                if output::stopping().is_break() {
                    return Ok(());
                }
                continue;
            }
            Err(e) => return Err(e.into()),
        };
        if report.appended > 0 || report.removed > 0 {
            workspace.refresh()?;
            print_followed(&workspace, report.appended, report.removed, as_json)?;
        }
        let there = workspace.ledger.tip().is_some_and(|t| t.height >= report.tip);
        if output::stopping().is_break() || (args.once && there) {
            return Ok(());
        }
        if there {
            pause(args.node.pause());
        }
    }
}

/// Follows a node of an account chain.
fn follow_accounts(args: &Follow, chain: &ChainId, as_json: bool) -> anyhow::Result<()> {
    let reading = accounts::feed::Reading {
        chain,
        store: &args.store.store,
        paths: &[],
        rpc: args.node.rpc.as_deref(),
        from_height: args.node.from_height.into(),
        to_height: None,
        batch: 0,
        memory: 0,
        args: &args.accounts,
    };
    let retry = std::cell::RefCell::new(Retry::default());
    let wait = |worked: bool| {
        let time = match worked {
            true => {
                retry.borrow_mut().worked();
                args.node.pause()
            }
            false => retry.borrow_mut().next(),
        };
        pause(time);
        output::stopping()
    };
    accounts::follow(&reading, args.once, &wait, as_json)
}

fn print_followed(workspace: &Workspace, appended: u32, removed: u32, as_json: bool) -> anyhow::Result<()> {
    let Some(tip) = workspace.ledger.tip() else { return Ok(()) };
    let hash = tip.hash.to_string();
    if as_json {
        println!("{}", json!({"height": tip.height, "hash": hash, "appended": appended, "removed": removed}));
        return Ok(());
    }
    let gone = if removed > 0 { format!(", {removed} removed") } else { String::new() };
    println!("{} blocks appended{gone}; at {} {hash}", thousands(appended), tip.height);
    Ok(())
}

/// Pauses between tries: they double up to a minute, and begin again once something worked.
#[derive(Default)]
struct Retry {
    failures: u32,
    ever: bool,
}

impl Retry {
    fn worked(&mut self) {
        (self.failures, self.ever) = (0, true);
    }

    fn next(&mut self) -> Duration {
        let wait = Duration::from_secs((1u64 << self.failures.min(6)).min(60));
        self.failures += 1;
        wait
    }
}

/// Sleeps, waking for a stop.
pub fn pause(mut time: Duration) {
    const STEP: Duration = Duration::from_millis(100);
    while !time.is_zero() && output::stopping() == ControlFlow::Continue(()) {
        let step = time.min(STEP);
        std::thread::sleep(step);
        time -= step;
    }
}

/// Starts following a chain's node.
pub fn start_follower(
    threads: &mut Threads,
    name: String,
    shared: &AppState,
    chain: Arc<ChainHandle>,
    source: Box<dyn BlockSource + Send>,
    node: NodeArgs,
) -> anyhow::Result<()> {
    shared.status.follow(&chain.snapshot().ledger.network().to_string());
    let shared = shared.clone();
    threads.start(&name, move || keep_following(&shared, &chain, source.as_ref(), &node))?;
    Ok(())
}

/// Follows a chain's node while the server runs: blocks into the workspace, the mempool beside it. Faults are logged and retried.
fn keep_following(shared: &AppState, chain: &ChainHandle, source: &dyn BlockSource, node: &NodeArgs) {
    let network = chain.snapshot().ledger.network();
    let mut said = String::new();
    chain.prepare();
    while output::stopping() == ControlFlow::Continue(()) {
        match round(shared, chain, source, node) {
            // More blocks wait: go on at once.
            Ok(true) => continue,
            Ok(false) => said.clear(),
            Err(e) => {
                let text = format!("{e:#}");
                shared.status.not_followed(&network.to_string(), &text);
                if text != said {
                    tracing::warn!(%network, reason = one_line(&text), "the node is not followed; trying again");
                    said = text;
                }
            }
        }
        pause(node.pause());
    }
}

/// Runs one round; returns whether more blocks wait.
fn round(shared: &AppState, chain: &ChainHandle, source: &dyn BlockSource, node: &NodeArgs) -> anyhow::Result<bool> {
    // The node is queried after a snapshot is taken: a slow one delays no reader.
    let snapshot = chain.snapshot();
    let fetched = fetch(&snapshot.ledger, source, node.from_height)?;
    let (network, tip) = (snapshot.ledger.network(), fetched.tip);
    drop(snapshot);
    // Noted after the append: blocks that wait to be put in are lag.
    let read = || {
        let height = chain.snapshot().ledger.tip().map(|t| t.height);
        shared.status.followed(&network.to_string(), height, tip);
    };
    if fetched.is_empty() {
        read();
    }
    if !fetched.is_empty() {
        let append = |workspace: &mut Workspace| -> anyhow::Result<_> {
            let report = put(&mut workspace.ledger, fetched)?;
            if report.appended > 0 || report.removed > 0 {
                workspace.catch_up();
            }
            Ok((report, workspace.ledger.tip().map_or(0, |t| t.height)))
        };
        let (report, height) = chain.append(append)?;
        read();
        if report.appended > 0 || report.removed > 0 {
            shared.rescreen_later(&format!("the ledger moved on to block {height}"));
            if height < report.tip {
                return Ok(true);
            }
        }
    }
    // The pool is polled on a copy, so that readers never wait for the node.
    let mut pool = Mempool::clone(&shared.mempools.of(network));
    let change = pool.poll(source, 5_000)?;
    // Decided before the pool is taken over: if that fails, they count as new again at the next poll.
    let added: Vec<_> = change.added.iter().filter_map(|txid| pool.get(txid).cloned()).collect();
    shared.screen_pending(chain, &added)?;
    if !change.added.is_empty() || !change.removed.is_empty() {
        shared.mempools.set(network, pool);
    }
    if let Some((txid, why)) = change.refused.first() {
        bail!("mempool transaction {txid}: {why}");
    }
    Ok(false)
}
