//! `holdfast serve`: the server, what runs beside it, and how it stops.

use crate::accounts;
use crate::args::{StoreArgs, secret_of, url_of};
use crate::chains;
use crate::connect::read_providers;
use crate::desk::read_policy;
use crate::desk_key::anchors;
use crate::gateway::{self, GatewayArgs};
use crate::live::{LogArgs, NodeArgs, pause, start_follower};
use crate::output;
use crate::standby::wait_for_turn;
use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use holdfast_account_workspace::AccountWorkspace;
use holdfast_bitcoin::Network;
use holdfast_console::announced::{Announced, listen as listen_locally};
use holdfast_console::desk_key::key_ring;
use holdfast_console::settings::addresses;
use holdfast_console::{desk_url, open_desk, open_desk_on, vault};
use holdfast_jobs::{Threads, within};
use holdfast_notify::{Deliverer, Mail, Mailer, outbox};
use holdfast_requests::{Desk, Site};
use holdfast_screening::webhooks;
use holdfast_server::{serve_metrics, serve_with_socket};
use holdfast_sign_on::{DEFAULT_GROUPS_CLAIM, DEFAULT_NAME_CLAIM, Http, Provider, read_role};
use holdfast_state::AppState;
use holdfast_state::access::Access;
use holdfast_state::status::{FollowerBounds, Status};
use holdfast_store::Fatal;
use holdfast_telemetry::logs::one_line;
use holdfast_telemetry::service;
use holdfast_workspace::{ChainQueries, Workspace};
use ipnet::IpNet;
use std::net::TcpListener;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// What a server does.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Role {
    All,
    Standby,
    Api,
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
    /// Folder on a local disk for what is known of customers, where it does not fit into memory: built once from the database, then every start goes on
    /// from its last checkpoint.
    #[arg(long)]
    state_folder: Option<PathBuf>,
    /// Address to listen on, unless the service manager passes a socket (systemd's socket activation).
    #[arg(long, default_value = "127.0.0.1:8650")]
    listen: String,
    /// What this server does: `all`; or `standby`: follow the desk of another server on the same database, and take over when that one is gone; or `api`:
    /// take requests for the servers that `--desk` names, and keep none of its own.
    #[arg(long, value_enum, default_value_t = Role::All)]
    role: Role,
    #[command(flatten)]
    gateway: GatewayArgs,
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
    #[command(flatten)]
    sign_on: SignOnArgs,
    /// Address at which metrics and health are served without a key, besides /metrics with one; for a network that only monitoring reaches.
    #[arg(long)]
    metrics: Option<String>,
    /// Blocks that the ledger may be behind the node while /health/ready is ready.
    #[arg(long, default_value_t = 6)]
    ready_max_lag: u32,
    /// Seconds without an answer of the node, after which movements of its asset are held and /health/ready is not ready.
    #[arg(long, default_value_t = 300)]
    ready_max_silence: u64,
    /// Threads that decide on a batch of events: 1, 2, 4 or 8. Decisions do not depend on it.
    #[arg(long, default_value_t = 1)]
    decision_threads: usize,
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
    /// Address of a reverse proxy whose X-Forwarded-For is trusted, or a network of them such as 10.244.0.0/16; repeat it for several.
    #[arg(long = "trusted-proxy", value_parser = addresses)]
    pub proxies: Vec<IpNet>,
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
        self.proxies.iter().for_each(|p| access.trust_proxies(*p));
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

/// The identity provider of staff.
#[derive(Args, Clone, Default)]
struct SignOnArgs {
    /// Issuer of the identity provider (OpenID Connect) through which staff sign in to the pages, such as https://id.exchange.example.
    #[arg(long, requires_all = ["sign_on_client", "sign_on_role"])]
    sign_on_issuer: Option<String>,
    /// Name of this desk at the identity provider (client id).
    #[arg(long, requires = "sign_on_issuer")]
    sign_on_client: Option<String>,
    /// File with the desk's secret at the identity provider (client secret); none for a public client.
    #[arg(long, requires = "sign_on_issuer")]
    sign_on_secret_file: Option<PathBuf>,
    /// Claim of the provider's tokens with a person's name, as the audit log will have it. Choose one that people cannot change there themselves.
    #[arg(long, default_value = DEFAULT_NAME_CLAIM)]
    sign_on_name_claim: String,
    /// Claim of the provider's tokens with the names of a person's groups.
    #[arg(long, default_value = DEFAULT_GROUPS_CLAIM)]
    sign_on_groups_claim: String,
    /// Scope that is requested from the identity provider besides `openid profile email`, such as groups; repeat it for several.
    #[arg(long = "sign-on-scope", requires = "sign_on_issuer")]
    sign_on_scope: Vec<String>,
    /// Role of the members of a group, as GROUP=ROLE; repeat it for several. Whoever is in no such group does not sign in.
    #[arg(long = "sign-on-role", requires = "sign_on_issuer")]
    sign_on_role: Vec<String>,
}

impl SignOnArgs {
    /// Returns the provider; none without an issuer.
    fn provider(self) -> anyhow::Result<Option<Provider>> {
        let (Some(issuer), Some(client_id)) = (self.sign_on_issuer, self.sign_on_client) else { return Ok(None) };
        let settings = holdfast_sign_on::Settings {
            issuer,
            client_id,
            client_secret: self.sign_on_secret_file.as_deref().map(secret_of).transpose()?,
            name_claim: self.sign_on_name_claim,
            groups_claim: self.sign_on_groups_claim,
            scopes: self.sign_on_scope,
            roles: self.sign_on_role.iter().map(|text| read_role(text)).collect::<Result<_, _>>()?,
        };
        Ok(Some(Provider::new(settings, Box::new(Http))?))
    }
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
    let mut passed = service::sockets()?;
    let source = args.node.source()?;
    let database = url_of(args.database.as_deref(), args.database_file.as_deref(), "--database")?;
    // The store's files belong to whoever has the desk: a standby opens them once it does.
    if matches!(args.role, Role::Standby) && args.state_folder.is_some() {
        anyhow::bail!(
            "--state-folder is for --role all: a standby has what is known of customers in memory, to take over at once"
        );
    }
    let taken_over = match args.role {
        Role::All => None,
        Role::Api => return gateway::serve(&args.gateway, (&args.listen, args.metrics.as_deref()), passed),
        Role::Standby => {
            let url = desk_url(&args.store.store, database.as_deref())?;
            let listener = bind(passed.http.take(), &args.listen, "--listen")?;
            // It stays open: whoever connects while the desk is taken over waits a moment, and is not refused.
            passed.http = Some(listener.try_clone()?);
            let Some(screening) = wait_for_turn(&url, listener)? else { return Ok(()) };
            Some(screening)
        }
    };
    // A store may hold account chains alone: its first chain is empty then.
    let has_other_chains = args.chains.is_some() || !AccountWorkspace::chains_of(&args.store.store)?.is_empty();
    let workspace = match source {
        Some(_) => Workspace::create_or_open(&args.store.store, args.network)?,
        None if has_other_chains && !Workspace::is_in(&args.store.store) => {
            Workspace::create_or_open(&args.store.store, args.network)?
        }
        None => Workspace::open_for_writing(&args.store.store)?,
    };
    let screening = match taken_over {
        Some(screening) => screening,
        None => match &args.state_folder {
            Some(folder) => open_desk_on(&args.store.store, database.as_deref(), folder)?,
            None => open_desk(&args.store.store, database.as_deref())?,
        },
    };
    screening.decide_by(args.decision_threads)?;
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
    if let Some(provider) = args.sign_on.provider()? {
        shared.sign_on = Arc::new(OnceLock::from(provider));
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
    let listen = Listen { address: args.listen, metrics: args.metrics, access: args.access, passed };
    serve_shared(shared, threads, listen, Outbox { mailer, staff: args.mail.staff }, site)
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
    /// What the service manager passed; it counts instead of the addresses.
    pub passed: service::Sockets,
}

/// Resolves once a stop is wanted.
pub async fn stopped() {
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
pub fn end_in_time() {
    while output::stopping() == ControlFlow::Continue(()) {
        std::thread::sleep(Duration::from_millis(50));
    }
    let _ = STOPPED.set(Instant::now());
    std::thread::sleep(STOP_TIME);
    tracing::error!(seconds = STOP_TIME.as_secs(), "the process has not stopped in time and is ended");
    std::process::exit(LATE);
}

/// Shortest time without an answer of the writer that counts as a hang: an idle one looks for work every second.
const SHORTEST_HANG: Duration = Duration::from_secs(3);

/// Reports to the service manager that the process lives, while its writer answers: one that hangs for `limit` is ended within twice that time.
fn keep_alive(shared: &AppState, limit: Duration) {
    while output::stopping() == ControlFlow::Continue(()) {
        if shared.screening.health().answers(limit.max(SHORTEST_HANG)) {
            service::alive();
        }
        pause((limit / 2).min(Duration::from_secs(10)));
    }
}

/// Starts what a server does beside answering requests.
fn start_threads(threads: &mut Threads, shared: &AppState, outbox: Outbox) -> anyhow::Result<()> {
    std::thread::Builder::new().name("stop-time".into()).spawn(end_in_time)?;
    let theirs = shared.clone();
    std::thread::Builder::new().name("end-when-broken".into()).spawn(move || end_when_broken(&theirs))?;
    let theirs = shared.clone();
    threads.start("clocks", move || keep_time(&theirs, outbox.mailer.as_ref(), &outbox.staff))?;
    if let Some(limit) = service::watchdog() {
        let theirs = shared.clone();
        threads.start("watchdog", move || keep_alive(&theirs, limit))?;
    }
    Ok(())
}

/// Opens an address for listening, unless the service manager has opened one.
pub fn bind(passed: Option<TcpListener>, address: &str, option: &str) -> anyhow::Result<TcpListener> {
    let listener = match passed {
        Some(listener) => {
            tracing::info!(address = %listener.local_addr()?, option, "an open socket, the service manager's or the standby's, is used instead of the option");
            listener
        }
        None => TcpListener::bind(address)
            .with_context(|| format!("cannot listen on {address}; choose another with {option}"))?,
    };
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Opens the address of metrics, where there is one.
pub fn bind_metrics(passed: Option<TcpListener>, address: Option<&str>) -> anyhow::Result<Option<TcpListener>> {
    match (passed, address) {
        (None, None) => Ok(None),
        (passed, address) => bind(passed, address.unwrap_or_default(), "--metrics").map(Some),
    }
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
    listen: Listen,
    outbox: Outbox,
    site: Option<Site>,
) -> anyhow::Result<()> {
    let Listen { address, metrics, access, passed } = listen;
    let listener = bind(passed.http, &address, "--listen")?;
    let address = listener.local_addr()?;
    if access.open && !address.ip().is_loopback() {
        bail!("--open is for this machine only, and {address} can be reached from outside; leave one of the two out");
    }
    open_or_warn(&shared, &access)?;
    shared.access = Arc::new(access.access(address, site.as_ref()));
    shared.second_factor_required.store(access.require_second_factor, Ordering::Relaxed);
    let port = address.port();
    shared.site = Arc::new(site.map_or_else(|| Site::new(&format!("http://localhost:{port}")), Ok)?);
    let metrics = bind_metrics(passed.metrics, metrics.as_deref())?;
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
