//! The demo's second exchange: a flag raised at one stops a deposit at the other.

use anyhow::{Context, bail};
use holdfast_bitcoin::Network;
use holdfast_decision::flags::{State, Subject};
use holdfast_decision::{ChainFacts, Event, EventKind};
use holdfast_documents::Vault;
use holdfast_identity::KeyRing;
use holdfast_jobs::Runner;
use holdfast_requests::Site;
use holdfast_screening::Screening;
use holdfast_screening::flags::get;
use holdfast_screening::service::system_clock;
use holdfast_sharing::Tlp;
use holdfast_sharing::community::Collection;
use holdfast_sharing::flags::NewFlag;
use holdfast_sharing::sources::{Kind, NewSource};
use holdfast_state::AppState;
use holdfast_types::Amount;
use holdfast_types::ids::{CommunityId, FlagId};
use holdfast_workspace::Workspace;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const THIEF: &str = "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed";
const COMMUNITY: &str = "Exchanges against theft";

/// A server on a free port, with its reader of sources, until it is dropped.
pub struct Served {
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
    _jobs: Runner,
    url: String,
}

impl Served {
    fn start(shared: &AppState) -> anyhow::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let url = format!("http://localhost:{}", listener.local_addr()?.port());
        let mut theirs = shared.clone();
        theirs.site = Arc::new(Site::new(&url)?);
        let ended = stop.clone();
        let server = std::thread::spawn(move || {
            // The last to let go of connections to PostgreSQL must be no asynchronous task.
            let _keep = theirs.clone();
            let Ok(runtime) = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() else {
                return;
            };
            let _ = runtime.block_on(async {
                let until = async move {
                    while !ended.load(Ordering::Relaxed) {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                };
                holdfast_server::serve(tokio::net::TcpListener::from_std(listener)?, theirs, until).await
            });
        });
        Ok(Served { stop, thread: Some(server), _jobs: shared.start_jobs()?, url })
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Waits until the other exchange knows a flag in a state; returns how long that took.
///
/// # Errors
/// When it does not within 30 seconds, or the database cannot be read.
pub fn known(other: &Screening, id: &FlagId, state: State) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(30) {
        if other.read(|db| get(db, id))?.is_some_and(|f| f.state == state) {
            return Ok(begun.elapsed());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    bail!("flag {id} did not reach the other exchange")
}

/// Two exchanges that meet by HTTP only: `a` hosts a community of which `b` is a member.
pub struct Pair {
    /// The second exchange.
    pub b: AppState,
    community: CommunityId,
    _servers: [Served; 2],
    _dir: tempfile::TempDir,
}

/// A desk without a ledger, in a folder.
///
/// # Errors
/// When the folder cannot be written.
pub fn small_desk(dir: &std::path::Path) -> anyhow::Result<AppState> {
    let url = format!("sqlite:{}", dir.join("desk.sqlite").display());
    let workspace = Workspace::create_or_open(&dir.join("store"), Network::Bitcoin)?;
    let screening = Screening::open(&url, system_clock())?;
    Ok(AppState::new(workspace, screening, KeyRing::single([7; 32]), Vault::new(dir.join("files")))?)
}

impl Pair {
    /// Starts both servers; `a` opens the community where it has none.
    ///
    /// # Errors
    /// When a port, a folder or a database cannot be used.
    pub fn new(a: &AppState) -> anyhow::Result<Self> {
        let dir = tempfile::tempdir()?;
        let b = small_desk(dir.path())?;
        let servers = [Served::start(a)?, Served::start(&b)?];
        let open = a.sharing().communities()?.into_iter().find(|c| c.name == COMMUNITY);
        let community = match open {
            Some(community) => community.id,
            None => a.sharing().open_community(COMMUNITY, "Stolen funds", Tlp::AmberStrict, "Exchange A", "demo")?.id,
        };
        let member = a.sharing().add_member(&community, "Exchange B", true, "demo")?;
        let collection = Collection::Flags.id(&community);
        let source = NewSource {
            kind: Kind::Taxii,
            name: "A's flags".into(),
            url: format!("{}/taxii2/{community}/collections/{collection}/", servers[0].url),
            username: "Exchange B".into(),
            key: member.key,
            every: Some(1),
        };
        b.sharing().add_source(source, "demo")?;
        Ok(Pair { b, community, _servers: servers, _dir: dir })
    }

    /// A flag that A raises in the community.
    pub fn flag(&self, address: &str) -> NewFlag {
        NewFlag {
            channel: Some(self.community.to_string()),
            subject: Subject::Address,
            asset: "ETH".into(),
            value: address.into(),
            reason: "Taken from our hot wallet".into(),
            hours: 24,
            tlp: Tlp::Amber,
        }
    }
}

/// Shows how a flag travels: exchange A is the demo's own desk, B a second one.
///
/// # Errors
/// When the flag does not arrive or its effect is not undone.
pub fn run(a: &AppState, as_json: bool) -> anyhow::Result<Value> {
    let pair = Pair::new(a)?;
    let b = &pair.b;
    let flag = pair.flag(THIEF);
    let raised = a.sharing().raise(flag, "demo")?;
    let reached = known(&b.screening, &raised.flag.id, State::Open)?;
    let mut deposit = Event::new(EventKind::Deposit, "demo-stolen", b.screening.now(), "customer-of-b");
    deposit.asset = Some("ETH".into());
    deposit.amount = Some(Amount::new(2_000_000_000_000_000_000));
    deposit.value = Some(700_000);
    deposit.tx = Some(format!("0x{}", "5".repeat(64)));
    deposit.output = Some(0);
    deposit.counterparty = Some(THIEF.into());
    let decision = b.screening.decide(deposit, ChainFacts::default(), "demo")?;
    let reason = decision.reasons.iter().find(|r| r.rule == holdfast_decision::flags::FLAGGED);
    let reason = reason.context("the deposit at the other exchange was not stopped")?;
    let because = reason.because.first().cloned().unwrap_or_default();
    a.sharing().move_flag(&raised.flag.id, State::Withdrawn, "the wallet was our own after all", "demo")?;
    let undone = known(&b.screening, &raised.flag.id, State::Withdrawn)?;
    let held = b.screening.holds(&holdfast_screening::holds::HoldFilter {
        state: Some("active".into()),
        limit: 10,
        ..Default::default()
    })?;
    anyhow::ensure!(held.is_empty(), "a withdrawn flag's hold did not end");
    if !as_json {
        println!("\nTwo exchanges share what is stolen (TAXII 2.1, STIX 2.1):");
        println!("    Exchange A flags {THIEF}; Exchange B knows {} ms later", reached.as_millis());
        println!("    a deposit from it to B: {} ({because})", decision.decision.name());
        println!(
            "    A withdraws the flag; {} ms later B's hold is undone and the false flag counted",
            undone.as_millis()
        );
    }
    Ok(json!({ "flag": raised.flag.id, "known_after_ms": milliseconds(reached), "decision": decision.decision.name(),
        "because": because, "undone_after_ms": milliseconds(undone) }))
}

fn milliseconds(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
