//! `holdfast follow` and `holdfast serve`.

use crate::accounts::{self, AccountArgs};
use crate::args::{DeskArgs, StoreArgs, secret_of, url_of};
use crate::chains;
use crate::connect::read_providers;
use crate::desk::read_policy;
use crate::desk_key::anchors;
use crate::output::{self, thousands};
use crate::running::Reach;
use anyhow::{Context, bail};
use clap::Args;
use holdfast_bitcoin::Network;
use holdfast_bitcoin::mempool::Mempool;
use holdfast_bitcoin::node::{BlockSource, NodeError, Rest, Rpc};
use holdfast_console::announced::{Announced, listen as listen_locally};
use holdfast_console::desk_key::key_ring;
use holdfast_console::{open_desk, vault};
use holdfast_jobs::{Threads, within};
use holdfast_notify::{Deliverer, Mail, Mailer, outbox};
use holdfast_requests::{Desk, Site};
use holdfast_screening::webhooks;
use holdfast_server::{serve_metrics, serve_with_socket};
use holdfast_state::AppState;
use holdfast_state::access::Access;
use holdfast_state::status::{FollowerBounds, Status};
use holdfast_store::Fatal;
use holdfast_telemetry::logs::{self, DEFAULT_FILTER, Filter, Format, one_line};
use holdfast_telemetry::service;
use holdfast_types::ChainId;
use holdfast_utxo_ledger::follow::{fetch, put};
use holdfast_utxo_ledger::{FollowError, follow};
use holdfast_workspace::{AccountWorkspace, ChainHandle, ChainQueries, Workspace};
use serde_json::json;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

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
    fn source(&self) -> anyhow::Result<Option<Box<dyn BlockSource + Send>>> {
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
    pub fn start(&self) -> anyhow::Result<()> {
        logs::start(self.log_format, self.log.clone())?;
        logs::log_panics();
        Ok(())
    }
}

/// Starts logging for a command that ends: only what is wrong, unless the environment names more.
pub fn log_command() -> anyhow::Result<()> {
    let of = |name: &str| std::env::var(name).ok();
    let filter = of("HOLDFAST_LOG").unwrap_or_else(|| "warn".to_owned()).parse()?;
    let format = of("HOLDFAST_LOG_FORMAT").map_or(Ok(Format::Text), |f| f.parse())?;
    Ok(logs::start(format, filter)?)
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
        return follow_accounts(&args, chain, as_json);
    }
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

#[derive(Args)]
pub struct Serve {
    /// Configuration file (TOML); flags and the environment come before it. See `holdfast config`.
    #[arg(long, env = "HOLDFAST_CONFIG")]
    config: Option<PathBuf>,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    node: NodeArgs,
    /// File (YAML) that names further chains with their nodes, whose ledgers lie in `chains/NETWORK` in the store.
    #[arg(long)]
    chains: Option<PathBuf>,
    /// Database of the screening desk: sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME; by default screening.sqlite in the store.
    #[arg(long, env = "HOLDFAST_DATABASE", hide_env_values = true)]
    database: Option<String>,
    /// File with the database's URL: other users of this machine can read a password in --database.
    #[arg(long, conflicts_with = "database")]
    database_file: Option<PathBuf>,
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1:8650")]
    listen: String,
    /// Network of a new store.
    #[arg(long, default_value = "bitcoin")]
    network: Network,
    /// File (YAML) of other providers that are queried about every transfer: elliptic, chainalysis, trm.
    #[arg(long)]
    providers: Option<PathBuf>,
    /// Policy on requests from law enforcement (YAML) instead of the default one.
    #[arg(long)]
    policy: Option<PathBuf>,
    /// Origin at which people reach the portal and the desk, such as https://requests.exchange.example: passkeys are bound to it. By default
    /// http://localhost with the port.
    #[arg(long, env = "HOLDFAST_SITE")]
    site: Option<String>,
    #[command(flatten)]
    access: AccessArgs,
    #[command(flatten)]
    mail: MailArgs,
    /// Address at which metrics and health are served without a key, besides /metrics with one; for a network that only monitoring reaches.
    #[arg(long)]
    metrics: Option<String>,
    /// Blocks that the ledger may be behind the node while /health/ready is ready.
    #[arg(long, default_value_t = 6)]
    ready_max_lag: u32,
    /// Seconds without an answer of the node, after which movements of its asset are held and /health/ready is not ready.
    #[arg(long, default_value_t = 300)]
    ready_max_silence: u64,
    #[command(flatten)]
    pub log: LogArgs,
}

/// Names and proxies of the server.
#[derive(Args, Clone, Default)]
pub struct AccessArgs {
    /// Open the desk to everybody on this machine, without a key, until the first key is created; for evaluation. Only on a loopback address.
    #[arg(long)]
    pub open: bool,
    /// A name by which the server is reached, besides the loopback names and --site; repeat it for several.
    #[arg(long = "host")]
    pub hosts: Vec<String>,
    /// Address of a reverse proxy whose X-Forwarded-For is trusted; repeat it for several.
    #[arg(long = "trusted-proxy")]
    pub proxies: Vec<std::net::IpAddr>,
    /// People sign in to the desk's pages with a second factor only; who has none sets one up first. Keys that programs send are not affected.
    #[arg(long)]
    pub require_second_factor: bool,
}

impl AccessArgs {
    /// Names and proxies for a server on an address.
    fn access(&self, listen: std::net::SocketAddr, site: Option<&Site>) -> Access {
        let mut access = Access::new();
        if !listen.ip().is_unspecified() {
            access.add_host(&listen.to_string());
        }
        self.hosts.iter().for_each(|h| access.add_host(h));
        self.proxies.iter().for_each(|p| access.trust_proxy(*p));
        if let Some(site) = site {
            access.set_site(site.origin());
        }
        access
    }
}

#[derive(Args, Clone, Default)]
pub struct MailArgs {
    /// Mail server for codes, reminders and notices: smtps://USER:PASSWORD@HOST, smtp://HOST?tls=required, or smtp://localhost:PORT. Without
    /// one, mail waits in the outbox.
    #[arg(long, env = "HOLDFAST_SMTP", hide_env_values = true, requires = "mail_from")]
    smtp: Option<String>,
    /// File with the mail server's URL: other users of this machine can read a password in --smtp.
    #[arg(long, requires = "mail_from", conflicts_with = "smtp")]
    smtp_file: Option<PathBuf>,
    /// Sender of mail.
    #[arg(long)]
    mail_from: Option<String>,
    /// Addresses that reminders and escalations go to.
    #[arg(long, value_delimiter = ',')]
    staff: Vec<String>,
}

#[derive(Args)]
pub struct Call {
    #[command(flatten)]
    desk: DeskArgs,
    /// GET, POST, PUT or DELETE.
    method: String,
    /// Path and query, such as /api/v1/desk/requests?state=open.
    path: String,
    /// File with the body, - for the standard input.
    #[arg(long)]
    body: Option<PathBuf>,
    /// The body itself.
    #[arg(long, conflicts_with = "body")]
    data: Option<String>,
    /// Session of the officers' portal.
    #[arg(long)]
    session: Option<String>,
    /// File for the answer, instead of the standard output.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Policy on requests from law enforcement (YAML) instead of the default one.
    #[arg(long)]
    policy: Option<PathBuf>,
    /// Origin of the officers' portal, to which passkeys are bound.
    #[arg(long, env = "HOLDFAST_SITE")]
    site: Option<String>,
}

pub fn call_command(args: Call) -> anyhow::Result<()> {
    use std::io::Read;
    let body = match (&args.body, args.data) {
        (_, Some(data)) => data.into_bytes(),
        (Some(file), None) if file.as_os_str() == "-" => {
            let mut bytes = Vec::new();
            std::io::stdin().take(holdfast_state::MAX_BODY as u64 + 1).read_to_end(&mut bytes)?;
            bytes
        }
        (Some(file), None) => std::fs::read(file).with_context(|| file.display().to_string())?,
        (None, None) => Vec::new(),
    };
    let store = &args.desk.store.store;
    let screening = match args.desk.reach()? {
        Reach::Here(screening) => screening,
        Reach::There(server) => {
            let session = args.session.map(|s| format!("Bearer {s}"));
            // Endpoints that take files take any type; the others JSON.
            let headers = session.as_deref().map(|s| ("authorization", s));
            let request = headers.iter().fold(server.request(&args.method, &args.path), |r, (n, v)| r.header(n, v));
            let answer = match body.is_empty() {
                true => request,
                false => request.body(body, "application/json"),
            }
            .send()?;
            return answered(answer.status, &answer.body, args.out.as_deref());
        }
    };
    let workspace = Workspace::open(store)?;
    let key_ring = key_ring(store, &screening)?;
    let mut shared = AppState::new(workspace, screening, key_ring.clone(), vault(store))?;
    shared.anchors = Some(Arc::new(anchors(store, &key_ring)));
    if let Some(policy) = &args.policy {
        shared.policy = Arc::new(read_policy(policy)?);
    }
    if let Some(site) = &args.site {
        shared.site = Arc::new(Site::new(site)?);
    }
    let session = args.session.map(|s| format!("Bearer {s}"));
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(session.as_deref().map(|s| ("authorization", s)));
    let _keep = shared.clone();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let call = holdfast_server::call(shared, &args.desk.actor, &args.method, &args.path, &headers, body);
    let (status, _, bytes) = runtime.block_on(call).map_err(anyhow::Error::msg)?;
    answered(status, &bytes, args.out.as_deref())
}

/// Writes an answer out, or its error.
fn answered(status: u16, bytes: &[u8], out: Option<&Path>) -> anyhow::Result<()> {
    use std::io::Write;
    if !(200..300).contains(&status) {
        bail!("{status}: {}", String::from_utf8_lossy(bytes));
    }
    match out {
        Some(file) => std::fs::write(file, bytes).with_context(|| file.display().to_string())?,
        None => {
            let mut out = std::io::stdout().lock();
            match serde_json::from_slice::<serde_json::Value>(bytes) {
                Ok(json) => writeln!(out, "{}", serde_json::to_string_pretty(&json)?)?,
                Err(_) => out.write_all(bytes)?,
            }
        }
    }
    Ok(())
}

/// Threads that end when the process is to stop.
pub fn background() -> Threads {
    Threads::new(|| output::stopping() != ControlFlow::Continue(()))
}

/// How often the audit log's head is anchored while the server runs.
const ANCHOR_EVERY: Duration = Duration::from_secs(3_600);

/// Anchors the audit log's head, at the start, every hour and at the end. A failure is logged, and stops nothing.
fn anchor(shared: &AppState) {
    let Some(anchors) = &shared.anchors else { return };
    if let Err(e) = shared.screening.anchor(anchors) {
        tracing::error!(reason = one_line(&e), "the audit log is not anchored");
    }
}

/// Runs what is due each minute and sends mail each second, until the process stops.
fn keep_time(shared: &AppState, mailer: Option<&Mailer>, staff: &[String]) {
    let mut said = String::new();
    let mut next_tick = std::time::Instant::now();
    let mut next_anchor = std::time::Instant::now();
    while output::stopping() == ControlFlow::Continue(()) {
        let desk = Desk {
            screening: &shared.screening,
            policy: &shared.policy,
            key_ring: &shared.auth.key_ring,
            vault: &shared.vault,
        };
        if std::time::Instant::now() >= next_anchor {
            next_anchor = std::time::Instant::now() + ANCHOR_EVERY;
            anchor(shared);
        }
        let round = || -> anyhow::Result<()> {
            if std::time::Instant::now() >= next_tick {
                desk.tick(staff)?;
            }
            let Some(mailer) = mailer else { return Ok(()) };
            let send = |mail: &Mail| mailer.send(&mail.to, &mail.subject, &mail.body);
            outbox::deliver(&*shared.screening, &send, &output::stopping)?;
            Ok(())
        };
        if let Err(e) = round() {
            let text = format!("{e:#}");
            if text != said {
                tracing::warn!(reason = one_line(&text), "what is due is not done; trying again");
                said = text;
            }
        }
        if std::time::Instant::now() >= next_tick {
            next_tick = std::time::Instant::now() + Duration::from_secs(60);
        }
        pause(Duration::from_secs(1));
    }
}

pub fn serve_command(args: Serve) -> anyhow::Result<()> {
    holdfast_server::lower_parallel_work();
    crate::config::misspelled_variables().iter().for_each(|w| output::warn(w));
    if let Some(file) = &args.config {
        tracing::info!(file = %file.display(), "configuration read");
    }
    let source = args.node.source()?;
    // A store may hold account chains alone: its first chain is empty then.
    let has_other_chains = args.chains.is_some() || !AccountWorkspace::chains_of(&args.store.store)?.is_empty();
    let workspace = match source {
        Some(_) => Workspace::create_or_open(&args.store.store, args.network)?,
        None if has_other_chains && !Workspace::is_in(&args.store.store) => {
            Workspace::create_or_open(&args.store.store, args.network)?
        }
        None => Workspace::open_for_writing(&args.store.store)?,
    };
    let database = url_of(args.database.as_deref(), args.database_file.as_deref(), "--database")?;
    let screening = open_desk(&args.store.store, database.as_deref())?;
    let key_ring = key_ring(&args.store.store, &screening)?;
    let further = chains::open(&workspace, &args.store.store, args.chains.as_deref())?;
    let mut shared = AppState::new(workspace, screening, key_ring.clone(), vault(&args.store.store))?;
    let (outputs, nodes): (Vec<_>, Vec<_>) = further.outputs.into_iter().map(|c| (c.workspace, c.node)).unzip();
    let networks: Vec<Network> = outputs.iter().map(|w| w.ledger.network()).collect();
    shared.add_chains(outputs)?;
    let account_nodes = accounts::follower::add(&mut shared, further.accounts)?;
    shared.anchors = Some(Arc::new(anchors(&args.store.store, &key_ring)));
    let max_silence = Duration::from_secs(args.ready_max_silence);
    shared.status = Arc::new(Status::new(FollowerBounds { max_lag_blocks: args.ready_max_lag, max_silence }));
    shared.providers = args.providers.as_deref().map(read_providers).transpose()?.map(Arc::new);
    if let Some(policy) = &args.policy {
        shared.policy = Arc::new(read_policy(policy)?);
    }
    let from = args.mail.mail_from.as_deref().unwrap_or_default();
    let smtp = url_of(args.mail.smtp.as_deref(), args.mail.smtp_file.as_deref(), "--smtp")?;
    let mailer = smtp.as_deref().map(|url| Mailer::new(url, from)).transpose().map_err(anyhow::Error::msg)?;
    let mut threads = background();
    if let Some(source) = source {
        let chain = shared.chain().clone();
        start_follower(&mut threads, "follower".to_owned(), &shared, chain, source, args.node.clone())?;
    }
    for (network, node) in networks.into_iter().zip(nodes) {
        let Some(node) = node else { continue };
        let source = node.source()?.context("a node without an address")?;
        let chain = shared.chains.named(network.parameters().name)?.clone();
        start_follower(&mut threads, format!("follower-{network}"), &shared, chain, source, node)?;
    }
    accounts::follower::start(&mut threads, &shared, account_nodes)?;
    let site = args.site.as_deref().map(Site::new).transpose()?;
    let listen = Listen { address: args.listen, metrics: args.metrics, access: args.access };
    serve_shared(shared, threads, &listen, Outbox { mailer, staff: args.mail.staff }, site)
}

/// Ends the process once it can no longer do its work: it must not go on refusing everything where a supervisor would start it again.
fn end_when_broken(shared: &AppState) {
    loop {
        if let Some(fatal) = shared.screening.fatal() {
            tracing::error!(reason = one_line(fatal), "the process ends");
            std::process::exit(fatal.exit_code());
        }
        let has_failed = shared.chains.handles().any(|chain| chain.has_failed())
            || shared.chains.accounts().any(|chain| chain.has_failed());
        if has_failed {
            tracing::error!("a change of the workspace panicked; please report it, and start again");
            std::process::exit(Fatal::Unrecoverable(String::new()).exit_code());
        }
        // Reading a file that something cut off would end the process without a word.
        let outputs = shared.chains.handles().find_map(|chain| chain.snapshot().fault());
        let cut_off = outputs.or_else(|| shared.chains.accounts().find_map(|chain| chain.snapshot().fault()));
        if let Some(why) = cut_off {
            tracing::error!(reason = one_line(&why), "the process ends");
            std::process::exit(Fatal::Unrecoverable(String::new()).exit_code());
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Addresses of a server, and access to it.
#[derive(Default)]
pub struct Listen {
    pub address: String,
    /// Address of metrics without a key.
    pub metrics: Option<String>,
    pub access: AccessArgs,
}

/// Resolves once a stop is wanted.
async fn stopped() {
    while output::stopping() == ControlFlow::Continue(()) {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    service::stopping();
}

/// The mail that a server sends.
#[derive(Default)]
pub struct Outbox {
    pub mailer: Option<Mailer>,
    /// Addresses of reminders and escalations.
    pub staff: Vec<String>,
}

/// Longest time from the signal to stop to the end of the process.
const STOP_TIME: Duration = Duration::from_secs(10);
/// What of it the last work has: threads, the writer, the anchor.
const LAST_WORK: Duration = Duration::from_millis(9_000);

/// When the stop began.
static STOPPED: OnceLock<Instant> = OnceLock::new();

/// Exit code of a process that did not stop in time.
const LATE: i32 = 5;

/// Ends the process when it has not stopped in time, whatever hangs.
fn end_in_time() {
    while output::stopping() == ControlFlow::Continue(()) {
        std::thread::sleep(Duration::from_millis(50));
    }
    let _ = STOPPED.set(Instant::now());
    std::thread::sleep(STOP_TIME);
    tracing::error!(seconds = STOP_TIME.as_secs(), "the process has not stopped in time and is ended");
    std::process::exit(LATE);
}

/// Reports to the service manager that the process lives, while its writer does.
fn keep_alive(shared: &AppState, every: Duration) {
    while output::stopping() == ControlFlow::Continue(()) {
        if shared.screening.health().is_alive {
            service::alive();
        }
        pause(every.min(Duration::from_secs(10)));
    }
}

/// Starts what a server does beside answering requests.
fn start_threads(threads: &mut Threads, shared: &AppState, outbox: Outbox) -> anyhow::Result<()> {
    std::thread::Builder::new().name("stop-time".into()).spawn(end_in_time)?;
    let theirs = shared.clone();
    std::thread::Builder::new().name("end-when-broken".into()).spawn(move || end_when_broken(&theirs))?;
    let theirs = shared.clone();
    threads.start("clocks", move || keep_time(&theirs, outbox.mailer.as_ref(), &outbox.staff))?;
    if let Some(every) = service::watchdog() {
        let theirs = shared.clone();
        threads.start("watchdog", move || keep_alive(&theirs, every))?;
    }
    Ok(())
}

/// Opens an address for listening.
fn bind(address: &str, option: &str) -> anyhow::Result<std::net::TcpListener> {
    let listener = std::net::TcpListener::bind(address)
        .with_context(|| format!("cannot listen on {address}; choose another with {option}"))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Opens a desk to everyone where that is wanted and possible; warns when no one can use it.
fn open_or_warn(shared: &AppState, access: &AccessArgs) -> anyhow::Result<()> {
    let is_open = access.open && shared.open()?;
    if access.open && !is_open {
        tracing::warn!("--open has no effect: this desk has had keys");
    } else if !is_open && !shared.auth.has_keys() {
        tracing::warn!(
            "no key is in force, so no one can use the desk; stop and make the first administrator's with `holdfast keys create NAME --role administrator`, or start with --open"
        );
    }
    Ok(())
}

/// Serves until a signal to stop; meanwhile runs what is due and sends mail and webhooks.
pub fn serve_shared(
    mut shared: AppState,
    mut threads: Threads,
    listen: &Listen,
    outbox: Outbox,
    site: Option<Site>,
) -> anyhow::Result<()> {
    let access = &listen.access;
    let listener = bind(&listen.address, "--listen")?;
    let address = listener.local_addr()?;
    if access.open && !address.ip().is_loopback() {
        bail!("--open is for this machine only, and {address} can be reached from outside; leave one of the two out");
    }
    open_or_warn(&shared, access)?;
    shared.access = Arc::new(access.access(address, site.as_ref()));
    shared.second_factor_required.store(access.require_second_factor, Ordering::Relaxed);
    let port = address.port();
    shared.site = Arc::new(site.map_or_else(|| Site::new(&format!("http://localhost:{port}")), Ok)?);
    let metrics = listen.metrics.as_deref().map(|address| bind(address, "--metrics")).transpose()?;
    start_threads(&mut threads, &shared, outbox)?;
    let deliverer = Deliverer::start(shared.screening.clone(), webhooks::render, shared.auth.key_ring.clone())?;
    let jobs = shared.start_jobs()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("http").build()?;
    let store = shared.chain().snapshot().dir().to_owned();
    // Connections to PostgreSQL must not be closed by an asynchronous task: the last to let go is this thread.
    let last = shared.clone();
    let served = runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        if let Some(listener) = metrics {
            tracing::info!(address = %listener.local_addr()?, "metrics are served");
            let listener = tokio::net::TcpListener::from_std(listener)?;
            tokio::spawn(serve_metrics(listener, shared.clone(), stopped()));
        }
        let _announced = Announced::new(&store, address)?;
        let socket = listen_locally(&store);
        println!("Serving on http://{address} (pages; API described at /openapi.json). Ctrl-C stops.");
        service::ready();
        serve_with_socket(listener, socket, shared, stopped()).await?;
        anyhow::Ok(())
    });
    let deadline = STOPPED.get().copied().unwrap_or_else(Instant::now) + LAST_WORK;
    within(deadline, "stop-jobs", move || drop(jobs));
    within(deadline, "stop-webhooks", move || drop(deliverer));
    threads.join(deadline);
    let is_served = served.is_ok();
    let desk = last.clone();
    within(deadline, "last-work", move || {
        // What waits for the writer is stored before this empty change.
        if let Err(e) = desk.screening.transact("engine", |_| Ok::<_, holdfast_screening::ScreeningError>(())) {
            tracing::error!(reason = one_line(&e), "the writer has not stored what waited");
        }
        if is_served {
            anchor(&desk);
            // What blocks changed since the last checkpoint; without it the next start takes them in again.
            for chain in desk.chains.handles() {
                if let Err(e) = chain.checkpoint() {
                    tracing::error!(reason = one_line(&e), "the workspace is not saved");
                }
            }
        }
    });
    // What still works for a client that is gone does not keep the machine from stopping.
    runtime.shutdown_timeout(Duration::from_millis(500));
    tracing::info!("stopped");
    served
}

/// Starts following a chain's node.
fn start_follower(
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
