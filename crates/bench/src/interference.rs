//! `holdfast-bench interference`: how long decisions take over HTTP while the same server imports tags, reclusters, scans a disk image and
//! follows a node that does not answer, or is backed up. The load is paced and well below what the server can do, and every latency counts from the moment
//! at which the request was due, so that a pause is seen by all requests that fall into it.

use crate::evidence::{SEED, write_image};
use crate::screening::{Latencies, read_answer, request};
use anyhow::Context;
use clap::Args;
use holdfast_attribution::ClusterOptions;
use holdfast_bitcoin::Network;
use holdfast_bitcoin::node::{BlockSource, Rest};
use holdfast_console::backup::copy_store;
use holdfast_console::output;
use holdfast_decision::Event;
use holdfast_forensics::scan::scan;
use holdfast_forensics::seal::Sealer;
use holdfast_identity::KeyRing;
use holdfast_screening::Screening;
use holdfast_screening::service::system_clock;
use holdfast_simulate::files::{FileOptions, tagpack, write};
use holdfast_simulate::{Economy, Options};
use holdfast_state::AppState;
use holdfast_utxo_ledger::AppendOptions;
use holdfast_workspace::{ChainHandle, ChangeError, Workspace};
use serde_json::json;
use std::fmt::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;

/// Public recipient that findings are sealed to; nobody opens them.
const RECIPIENT: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

#[derive(Args)]
pub struct InterferenceBench {
    /// Transactions of the simulated chain.
    #[arg(long, default_value_t = 1_000_000)]
    txs: u64,
    /// Tags of the pack that is imported.
    #[arg(long, default_value_t = 500_000)]
    tags: usize,
    /// Mebibytes of the disk image.
    #[arg(long, default_value_t = 2_048)]
    mebibytes: u64,
    /// Decisions a second.
    #[arg(long, default_value_t = 200)]
    rate: u32,
    /// Connections that share them.
    #[arg(long, default_value_t = 8)]
    connections: u32,
    /// Seconds of the idle measurement; the others last until their work is done, and no shorter.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Only with nothing beside, and with a backup.
    #[arg(long)]
    only_backup: bool,
    /// Folder to work in: put it on the disk that counts.
    #[arg(long)]
    dir: Option<PathBuf>,
}

/// What runs beside the decisions.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Beside {
    Nothing,
    Import,
    Recluster,
    Scan,
    SilentNode,
    Backup,
    All,
}

impl Beside {
    const EACH: [Beside; 7] = [
        Beside::Nothing,
        Beside::Import,
        Beside::Recluster,
        Beside::Scan,
        Beside::SilentNode,
        Beside::Backup,
        Beside::All,
    ];

    fn name(self) -> &'static str {
        match self {
            Beside::Nothing => "nothing",
            Beside::Import => "a tag pack is imported",
            Beside::Recluster => "a reclustering runs",
            Beside::Scan => "a disk image is scanned",
            Beside::SilentNode => "the node does not answer",
            Beside::Backup => "a backup is made",
            Beside::All => "all of that",
        }
    }

    fn includes(self, other: Beside) -> bool {
        self == other || self == Beside::All
    }
}

/// What the work beside the decisions needs.
struct Work {
    chain: Arc<ChainHandle>,
    pack: Vec<u8>,
    image: PathBuf,
    out: PathBuf,
    store: PathBuf,
    database: String,
    round: AtomicUsize,
    /// Accepts connections and never answers.
    silent: TcpListener,
}

impl Work {
    /// Does what is named once, all parts at the same time, and returns what each took.
    fn run(&self, beside: Beside, least: Duration) -> anyhow::Result<Vec<(&'static str, Duration)>> {
        let done = AtomicBool::new(false);
        let taken = Mutex::new(Vec::new());
        let round = self.round.fetch_add(1, Ordering::Relaxed);
        std::thread::scope(|scope| -> anyhow::Result<()> {
            if beside.includes(Beside::SilentNode) {
                scope.spawn(|| self.ask_silent_node(&done));
            }
            let mut parts = Vec::new();
            for (part, work) in [
                (Beside::Import, Self::import as fn(&Self, usize) -> anyhow::Result<()>),
                (Beside::Recluster, Self::recluster),
                (Beside::Scan, Self::scan),
                (Beside::Backup, Self::back_up),
            ] {
                if beside.includes(part) {
                    let taken = &taken;
                    parts.push(scope.spawn(move || {
                        // As the server does with such work.
                        holdfast_jobs::lower_priority();
                        let begun = Instant::now();
                        let result = work(self, round);
                        taken.lock().unwrap_or_else(|e| e.into_inner()).push((part.name(), begun.elapsed()));
                        result
                    }));
                }
            }
            let begun = Instant::now();
            let results: Vec<_> = parts.into_iter().map(|p| p.join()).collect();
            std::thread::sleep(least.saturating_sub(begun.elapsed()));
            done.store(true, Ordering::Relaxed);
            for result in results {
                result.map_err(|_| anyhow::anyhow!("the work beside the decisions panicked"))??;
            }
            Ok(())
        })?;
        Ok(taken.into_inner().unwrap_or_else(|e| e.into_inner()))
    }

    fn import(&self, round: usize) -> anyhow::Result<()> {
        let name = format!("bench-{round}.yaml");
        let imported =
            self.chain.change(|w| -> Result<_, ChangeError> { Ok(w.import_tags(vec![(name, self.pack.clone())])) })?;
        anyhow::ensure!(imported.refused.is_empty(), "the tag pack was not imported: {:?}", imported.refused);
        Ok(())
    }

    fn recluster(&self, _: usize) -> anyhow::Result<()> {
        self.chain.change(|w| -> Result<(), ChangeError> {
            w.recluster(ClusterOptions::default());
            Ok(())
        })?;
        Ok(())
    }

    fn scan(&self, round: usize) -> anyhow::Result<()> {
        let sealer = Sealer::new(&[RECIPIENT.to_owned()])?;
        let out = self.out.join(round.to_string());
        scan(std::slice::from_ref(&self.image), &out, &sealer, &mut |_| ControlFlow::Continue(()))?;
        Ok(())
    }

    fn back_up(&self, round: usize) -> anyhow::Result<()> {
        copy_store(&self.store, Some(&self.database), false, &self.out.join(format!("backup-{round}")))?;
        Ok(())
    }

    /// What was copied is a desk as of one moment: its audit log verifies.
    fn check_backups(&self) -> anyhow::Result<()> {
        for round in 0..self.round.load(Ordering::Relaxed) {
            let copy = self.out.join(format!("backup-{round}")).join("screening.sqlite");
            if copy.exists() {
                let screening = Screening::open(&format!("sqlite:{}", copy.display()), system_clock())?;
                let verified = screening.verify_anchored(None, None, None)?;
                anyhow::ensure!(verified.problems.is_empty(), "{}: {:?}", copy.display(), verified.problems);
                eprintln!("the backup of round {round}: {} entries of its audit log verify", verified.entries);
            }
        }
        Ok(())
    }

    /// As the follower does: asks outside any lock, and the answer never comes.
    fn ask_silent_node(&self, done: &AtomicBool) {
        let Ok(address) = self.silent.local_addr() else { return };
        let node = Rest::new(&format!("http://{address}"));
        while !done.load(Ordering::Relaxed) {
            let _ = node.tip();
        }
    }
}

/// Figures of one measurement.
struct Measured {
    beside: Beside,
    latencies: Latencies,
    decisions: usize,
    taken: Vec<(&'static str, Duration)>,
}

pub fn run(args: &InterferenceBench, as_json: bool) -> anyhow::Result<()> {
    holdfast_server::lower_parallel_work();
    let dir = crate::work_folder(args.dir.as_deref())?;
    let exchange = crate::screening::exchange()?;
    let store = dir.path().join("store");
    eprintln!("simulating {} transactions, writing {} MiB of disk image", args.txs, args.mebibytes);
    let pack = simulate(args, dir.path(), &store)?;
    let image = dir.path().join("disk.img");
    write_image(&image, args.mebibytes, &mut SEED.clone())?;
    let workspace = Workspace::create_or_open(&store, Network::Regtest)?;
    let database = format!("sqlite:{}", dir.path().join("screening.sqlite").display());
    let screening = Screening::open(&database, system_clock())?;
    for part in exchange.records.chunks(10_000) {
        screening.ingest(part.to_vec(), "bench")?;
    }
    let shared = AppState::new(workspace, screening, KeyRing::single([1; 32]), holdfast_documents::Vault::new(""))?;
    shared.open()?;
    let work = Arc::new(Work {
        chain: shared.chain().clone(),
        pack,
        image,
        out: dir.path().join("out"),
        store,
        database,
        round: AtomicUsize::new(0),
        silent: TcpListener::bind("127.0.0.1:0")?,
    });
    let all = measure(args, shared, &work, exchange.events)?;
    work.check_backups()?;
    report(&all, as_json)
}

/// Makes a ledger and a tag pack of as many tags as asked for, on addresses of the chain.
fn simulate(args: &InterferenceBench, dir: &Path, store: &Path) -> anyhow::Result<Vec<u8>> {
    let mut economy = Economy::new(Options { seed: 1, txs: args.txs }).map_err(anyhow::Error::msg)?;
    let head = tagpack(&economy);
    write(&mut economy, dir, FileOptions::default(), &mut |_| output::stopping())?;
    let ledger =
        crate::accuracy::ingest(&dir.join("blocks"), &Workspace::ledger_dir(store), &AppendOptions::default())?;
    let lines = head.lines().take_while(|l| !l.trim_start().starts_with("tags:"));
    let mut pack = lines.fold(String::new(), |all, l| all + l + "\n") + "tags:\n";
    let addresses = ledger.counts().addresses;
    for n in 0..args.tags {
        let address = ledger.address_text((n % addresses as usize) as u32);
        let _ = writeln!(pack, "- address: {address}\n  label: bench {n}\n  category: exchange");
    }
    Ok(pack.into_bytes())
}

fn measure(
    args: &InterferenceBench,
    shared: AppState,
    work: &Arc<Work>,
    events: Vec<Event>,
) -> anyhow::Result<Vec<Measured>> {
    // Copies for each connection would take time from what is measured.
    let events: Arc<[Event]> = events.into();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    // PostgreSQL's connections must not be closed by an asynchronous task.
    let _keep = shared.clone();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let server = tokio::spawn(holdfast_server::serve(listener, shared, async move {
            let _ = stopped.await;
        }));
        let sent = Arc::new(AtomicUsize::new(0));
        let mut all = Vec::new();
        // The first requests find nothing ready; they are not counted.
        let each: Vec<Beside> = match args.only_backup {
            true => vec![Beside::Nothing, Beside::Backup],
            false => Beside::EACH.into(),
        };
        for beside in std::iter::once(Beside::Nothing).chain(each) {
            if output::stopping().is_break() {
                anyhow::bail!("stopped");
            }
            let over = Arc::new(AtomicBool::new(false));
            let clients: Vec<_> = (0..args.connections)
                .map(|n| tokio::spawn(client(args.pace(n), address, events.clone(), sent.clone(), over.clone())))
                .collect();
            let (work, least) = (work.clone(), Duration::from_secs(args.seconds));
            let taken = tokio::task::spawn_blocking(move || work.run(beside, least)).await??;
            over.store(true, Ordering::Relaxed);
            let mut times = Vec::new();
            for client in clients {
                times.extend(client.await??);
            }
            all.push(Measured { beside, decisions: times.len(), latencies: Latencies::new(times), taken });
        }
        let _ = stop.send(());
        server.await??;
        all.remove(0);
        Ok(all)
    })
}

/// When a connection sends: after `first`, then every `every`.
struct Pace {
    first: Duration,
    every: Duration,
}

impl InterferenceBench {
    fn pace(&self, connection: u32) -> Pace {
        let between = Duration::from_secs(1) / self.rate.max(1);
        Pace { first: between * connection, every: between * self.connections.max(1) }
    }
}

/// Sends paced requests until it is over; returns how long each took from when it was due.
async fn client(
    pace: Pace,
    address: SocketAddr,
    events: Arc<[Event]>,
    sent: Arc<AtomicUsize>,
    over: Arc<AtomicBool>,
) -> anyhow::Result<Vec<Duration>> {
    let mut stream = tokio::net::TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut times, mut answer) = (Vec::new(), Vec::with_capacity(16_384));
    let mut due = Instant::now() + pace.first;
    while !over.load(Ordering::Relaxed) {
        tokio::time::sleep_until(due.into()).await;
        let request = request(&events, sent.fetch_add(1, Ordering::Relaxed), "single");
        stream.write_all(&request).await?;
        answer.clear();
        read_answer(&mut stream, &mut answer).await?;
        times.push(due.elapsed());
        due += pace.every;
    }
    Ok(times)
}

fn report(all: &[Measured], as_json: bool) -> anyhow::Result<()> {
    let idle = all.first().context("nothing was measured")?.latencies.at(990);
    let millis = |d: Duration| d.as_secs_f64() * 1e3;
    let mut figures = Vec::new();
    if !as_json {
        println!(
            "| beside the decisions | decisions | p50 ms | p99 ms | longest ms | p99 to idle p99 (goal 2) | work |"
        );
        println!("| --- | ---: | ---: | ---: | ---: | ---: | --- |");
    }
    for m in all {
        let (p50, p99, longest) = (m.latencies.at(500), m.latencies.at(990), m.latencies.at(1_000));
        let ratio = p99.as_secs_f64() / idle.as_secs_f64().max(f64::MIN_POSITIVE);
        let taken: Vec<String> = m.taken.iter().map(|(w, t)| format!("{w}: {:.1} s", t.as_secs_f64())).collect();
        if !as_json {
            println!(
                "| {} | {} | {:.2} | {:.2} | {:.2} | {ratio:.2} | {} |",
                m.beside.name(),
                m.decisions,
                millis(p50),
                millis(p99),
                millis(longest),
                taken.join("; ")
            );
        }
        figures.push(json!({
            "beside": m.beside.name(), "decisions": m.decisions, "p50_ms": millis(p50), "p99_ms": millis(p99),
            "longest_ms": millis(longest), "p99_to_idle_p99": ratio,
            "work_seconds": m.taken.iter().map(|(w, t)| json!({"work": w, "seconds": t.as_secs_f64()})).collect::<Vec<_>>(),
        }));
    }
    if as_json {
        output::json(&figures)?;
    }
    Ok(())
}
