//! `holdfast-bench screening`: decisions in process and durable over HTTP, with the load generator in the same process.

use anyhow::{Context, bail, ensure};
use clap::Args;
use holdfast_bitcoin::Network;
use holdfast_console::output::{self, peak_rss_kib, rss_kib, thousands};
use holdfast_decision::rules::DEFAULT_BOOK;
use holdfast_decision::state::State;
use holdfast_decision::{ActiveHolds, DecisionContext, Models, decide};
use holdfast_decision::{ChainFacts, Event, Flags, RuleBook};
use holdfast_evaluation::{Exchange, Options, simulate};
use holdfast_identity::KeyRing;
use holdfast_learned::Step;
use holdfast_models::Model;
use holdfast_screening::Screening;
use holdfast_screening::replay::replay_log;
use holdfast_screening::service::system_clock;
use holdfast_server::gateway::{Desks, Gateway, serve_gateway};
use holdfast_state::AppState;
use holdfast_types::Seconds;
use holdfast_workspace::Workspace;
use serde_json::json;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[derive(Args)]
pub struct ScreeningBench {
    /// Decisions over HTTP in each run.
    #[arg(long, default_value_t = 50_000)]
    events: usize,
    /// Connections of the load generator, each with one request under way.
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// Events of a batch, in the runs of batches.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
    batch: u16,
    /// Connections of the runs of batches, each with one batch under way.
    #[arg(long, default_value_t = 4)]
    batch_connections: usize,
    /// Events of the memory run.
    #[arg(long, default_value_t = 1_000_000)]
    memory_events: usize,
    /// Also run on this PostgreSQL database (it must be empty), with pgbench's simple-update beside it.
    #[arg(long)]
    postgres: Option<String>,
    /// Folder for the SQLite database: put it on the disk that counts.
    #[arg(long)]
    dir: Option<PathBuf>,
}

/// Latencies, sorted.
pub(crate) struct Latencies(Vec<Duration>);

impl Latencies {
    pub(crate) fn new(mut all: Vec<Duration>) -> Self {
        all.sort_unstable();
        Latencies(all)
    }

    pub(crate) fn at(&self, permille: usize) -> Duration {
        self.0.get((self.0.len() * permille / 1000).min(self.0.len().saturating_sub(1))).copied().unwrap_or_default()
    }
}

/// The traffic of the simulated exchange.
pub(crate) fn exchange() -> anyhow::Result<Exchange> {
    simulate(Options { customers: 5_000, cases: 25, ..Options::default() }).map_err(anyhow::Error::msg)
}

/// Measures how the resident memory grows with the events.
fn memory(
    args: &ScreeningBench,
    exchange: &Exchange,
    note: &mut dyn FnMut(&str, f64, &str, String),
) -> anyhow::Result<()> {
    let (holds, facts, flags) = (ActiveHolds::new(), ChainFacts::default(), Flags::default());
    let models = Models::default();
    let book = RuleBook::standard();
    let mut state = State::default();
    let mut sizes = Vec::new();
    for n in 0..args.memory_events {
        // The same traffic again and again, each time later.
        let round = n / exchange.events.len();
        let mut event = exchange.events[n % exchange.events.len()].clone();
        event.time += Seconds::days(round as i64 * 60);
        event.tx = event.tx.map(|t| format!("{t}{round}"));
        let context =
            DecisionContext { state: &state, book: &book, holds: &holds, price: None, flags: &flags, models: &models };
        let decision = decide(context, &event, &facts, n as u64, event.time).decision;
        state.apply(&event, &facts, decision.value.unwrap_or(0), n as u64);
        state.advance(event.time);
        if (n + 1) % (args.memory_events / 4).max(1) == 0 {
            sizes.push(rss_kib().unwrap_or(0) as f64 / 1024.0);
        }
        if n % 4096 == 0 && output::stopping().is_break() {
            bail!("stopped");
        }
    }
    for (quarter, size) in sizes.iter().enumerate() {
        let (parties, activities) = state.size();
        let words = format!(
            "{} activities, {} shared keys at the end",
            thousands(activities as u64),
            thousands(parties as u64)
        );
        note(
            &format!("resident after {} events", thousands((args.memory_events / 4 * (quarter + 1)) as u64)),
            *size,
            "MiB",
            words,
        );
    }
    Ok(())
}

pub fn run(args: &ScreeningBench, as_json: bool) -> anyhow::Result<()> {
    let exchange = exchange()?;
    let mut figures = Vec::new();
    let mut note = |what: &str, value: f64, unit: &str, against: String| {
        if !as_json {
            println!("{what:<52} {value:>12.1} {unit:<12} {against}");
        }
        figures.push(json!({"what": what, "value": value, "unit": unit, "against": against}));
    };

    // In process, no I/O.
    let (holds, facts) = (ActiveHolds::new(), ChainFacts::default());
    let (flags, models) = (Flags::default(), Models::default());
    let in_process = |book: &RuleBook| {
        let mut state = State::default();
        exchange.records.iter().for_each(|r| state.record(r));
        let mut times = Vec::with_capacity(exchange.events.len());
        for (seq, event) in exchange.events.iter().enumerate() {
            let start = Instant::now();
            let context =
                DecisionContext { state: &state, book, holds: &holds, price: None, flags: &flags, models: &models };
            let decision = decide(context, event, &facts, seq as u64, event.time).decision;
            state.apply(event, &facts, decision.value.unwrap_or(0), seq as u64);
            state.advance(event.time);
            times.push(start.elapsed());
        }
        let total: Duration = times.iter().sum();
        (Latencies::new(times), total)
    };
    let (latencies, total) = in_process(&RuleBook::standard());
    let micros = |d: Duration| d.as_secs_f64() * 1e6;
    note("in process, default rules: p50", micros(latencies.at(500)), "us", String::new());
    note("in process, default rules: p99", micros(latencies.at(990)), "us", "goal 200".into());
    note("in process, default rules", exchange.events.len() as f64 / total.as_secs_f64(), "decisions/s", String::new());
    let mean = |rules: usize| -> anyhow::Result<f64> {
        let book = RuleBook::parse(&many_rules(rules), 1)?;
        let (_, total) = in_process(&book);
        Ok(micros(total) / exchange.events.len() as f64)
    };
    let (fifty, five_hundred) = (mean(50)?, mean(500)?);
    note("in process, 50 rules: mean", fifty, "us", String::new());
    let ratio = format!("{:.2} times 50 rules; goal under 2", five_hundred / fifty);
    note("in process, 500 rules: mean", five_hundred, "us", ratio);

    memory(args, &exchange, &mut note)?;

    // Durable, over HTTP.
    let dir = crate::work_folder(args.dir.as_deref())?;
    let fsync = fsync_rate(dir.path())?;
    note("fsync of 4 KiB on that disk", fsync, "/s", "limit of one commit a decision".into());
    let sqlite = |name: &str| format!("sqlite:{}", dir.path().join(name).display());
    let run = |url: &str, store: &str, sent: &Sent| {
        let store = dir.path().join(store);
        over_http(&Load { sent, url, store: &store, exchange: &exchange, champions: &[] })
    };
    let single = Sent::single(args.events, args.connections);
    let by_gateway = Sent::to_gateway(args.events, args.connections);
    let batches = Sent {
        name: "batch",
        size: args.batch.into(),
        events: args.events,
        connections: args.batch_connections,
        by_gateway: false,
    };
    let millis = |d: Duration| d.as_secs_f64() * 1e3;
    let of_batches = |database: &str| format!("durable over HTTP, {database}, batches of {}", args.batch);
    let per_event = "of the desk, without senders and gateway".to_owned();
    let Measured { rate, latencies, desk_cpu, .. } = run(&sqlite("screening.sqlite"), "store", &single)?;
    note("durable over HTTP, SQLite", rate, "decisions/s", format!("goal 5,000; {:.1} times fsync", rate / fsync));
    note("durable over HTTP, SQLite: p50", millis(latencies.at(500)), "ms", String::new());
    note("durable over HTTP, SQLite: p99", millis(latencies.at(990)), "ms", "goal 10".into());
    note("durable over HTTP, SQLite: CPU", desk_cpu, "us an event", per_event.clone());
    let again = replayed(&sqlite("screening.sqlite"))?;
    let keeps_up = |written: f64| format!("{:.1} times as fast as it was written: a standby keeps up", again / written);
    note("that log made again, as by a standby, SQLite", again, "decisions/s", keeps_up(rate));
    let gateway = |database: &str| format!("the same through a gateway on the same cores, {database}");
    let Measured { rate: grouped, latencies, desk_cpu: cpu_behind, .. } =
        run(&sqlite("gateway.sqlite"), "store-gateway", &by_gateway)?;
    note(&gateway("SQLite"), grouped, "decisions/s", format!("{:.2} times without", grouped / rate));
    note(&(gateway("SQLite") + ": p99"), millis(latencies.at(990)), "ms", "goal 10".into());
    let against = format!("{:.2} times less; {per_event}", desk_cpu / cpu_behind);
    note(&(gateway("SQLite") + ": CPU"), cpu_behind, "us an event", against);
    let Measured { rate: in_batches, latencies, behind, desk_cpu } =
        run(&sqlite("batches.sqlite"), "store-batches", &batches)?;
    let against = format!("goal 10,000; {:.1} times single events", in_batches / rate);
    note(&of_batches("SQLite"), in_batches, "decisions/s", against);
    note(&(of_batches("SQLite") + ": CPU"), desk_cpu, "us an event", per_event);
    note(&(of_batches("SQLite") + ": p50"), millis(latencies.at(500)), "ms a batch", String::new());
    note(&(of_batches("SQLite") + ": p99"), millis(latencies.at(990)), "ms a batch", "goal 50".into());
    let all_written = "until the tables have all of it; goal 10 after a minute of load";
    note(&(of_batches("SQLite") + ": behind"), behind.as_secs_f64(), "s", all_written.into());
    if let Some(url) = &args.postgres {
        // Events that it has already would only be answered again. A database without the table is empty.
        let used = holdfast_store::Database::connect(url)?.query("SELECT 1 FROM events LIMIT 1", &[]);
        ensure!(!used.is_ok_and(|rows| !rows.is_empty()), "{url} has events: use an empty database");
        let pgbench = pgbench(url, args.connections, dir.path())?;
        if let Some((tps, latencies)) = &pgbench {
            note("pgbench simple-update, same server", *tps, "tx/s", format!("{} clients", args.connections));
            note("pgbench simple-update: p99", millis(latencies.at(990)), "ms", String::new());
        }
        let Measured { rate, latencies, .. } = run(url, "store2", &single)?;
        let p99 = |l: &Latencies| millis(l.at(990));
        let of_pgbench = |mine: f64, peer: &dyn Fn(&(f64, Latencies)) -> f64| {
            pgbench.as_ref().map_or(String::new(), |other| format!("; {:.2} times pgbench", mine / peer(other)))
        };
        note("durable over HTTP, PostgreSQL", rate, "decisions/s", format!("goal 2,000{}", of_pgbench(rate, &|p| p.0)));
        let against = format!("goal 10{}", of_pgbench(p99(&latencies), &|p| p99(&p.1)));
        note("durable over HTTP, PostgreSQL: p99", p99(&latencies), "ms", against);
        let Measured { rate: grouped, latencies, .. } = run(url, "store2-gateway", &by_gateway)?;
        note(&gateway("PostgreSQL"), grouped, "decisions/s", format!("{:.2} times without", grouped / rate));
        note(&(gateway("PostgreSQL") + ": p99"), millis(latencies.at(990)), "ms", "goal 10".into());
        let Measured { rate: in_batches, latencies, behind, .. } = run(url, "store2-batches", &batches)?;
        let times = format!("{:.1} times single events{}", in_batches / rate, of_pgbench(in_batches, &|p| p.0));
        note(&of_batches("PostgreSQL"), in_batches, "decisions/s", format!("goal 10,000; {times}"));
        note(&(of_batches("PostgreSQL") + ": p99"), millis(latencies.at(990)), "ms a batch", "goal 50".into());
        note(&(of_batches("PostgreSQL") + ": behind"), behind.as_secs_f64(), "s", all_written.into());
        let again = replayed(url)?;
        let against = format!(
            "{:.1} times as fast as single events, {:.1} times as fast as batches",
            again / rate,
            again / in_batches
        );
        note("all of that made again, as by a standby, PostgreSQL", again, "decisions/s", against);
    }
    if let Some(peak) = peak_rss_kib() {
        note("peak resident, everything", peak as f64 / 1024.0, "MiB", String::new());
    }
    if as_json {
        output::json(&figures)?;
    }
    Ok(())
}

/// Makes every decision of a log again and compares it with the stored one, as a standby does; returns how many a second.
fn replayed(url: &str) -> anyhow::Result<f64> {
    let screening = Screening::open(url, system_clock())?;
    let begun = Instant::now();
    let report = replay_log(&screening, &mut |_| output::stopping())?;
    ensure!(report.problems.is_empty() && report.decisions > 0, "the log gives other decisions: {:?}", report.problems);
    Ok(report.decisions as f64 / begun.elapsed().as_secs_f64())
}

/// The default rules, and as many more of the kinds that desks write: thresholds by asset, country, age, velocity.
fn many_rules(n: usize) -> String {
    let mut out = DEFAULT_BOOK.to_owned();
    let shipped = RuleBook::standard().rules().len();
    for i in shipped..n {
        let k = i as u64;
        let when = match i % 5 {
            0 => format!("event.asset == 'A{}' && event.value >= {}", k % 97, 10_000 + k),
            1 => format!(
                "customer.country == '{}{}' && event.value >= 100000",
                (b'A' + (k % 26) as u8) as char,
                (b'A' + (k / 26 % 26) as u8) as char
            ),
            2 => format!("event.value >= {} && customer.age_days < {}", 5_000_000 + k * 1_000, k % 90),
            3 => format!(
                "velocity.withdrawals_24h >= {} && velocity.withdrawals_24h_value >= {}",
                12 + k % 40,
                k * 10_000
            ),
            _ => format!("velocity.card_24h_value >= {} && customer.kyc_level < 2", 300_000 + k * 500),
        };
        out.push_str(&format!(
            "  - {{id: bench-{i}, version: 1, state: live, title: bench, on: [deposit, withdrawal, payment], when: \"{when}\", decision: review, source: [benchmark rule]}}\n"
        ));
    }
    out
}

fn fsync_rate(dir: &Path) -> anyhow::Result<f64> {
    use std::io::Write;
    let mut file = std::fs::File::create(dir.join("fsync"))?;
    let start = Instant::now();
    let mut n = 0;
    while start.elapsed() < Duration::from_secs(1) {
        file.write_all(&[1; 4096])?;
        file.sync_data()?;
        n += 1;
    }
    Ok(n as f64 / start.elapsed().as_secs_f64())
}

/// Transactions a second and the time of each; none where pgbench is not installed. Its log of transactions goes to `dir`.
fn pgbench(url: &str, clients: usize, dir: &Path) -> anyhow::Result<Option<(f64, Latencies)>> {
    let found = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().filter_map(Result::ok);
    let Some(program) = found.map(|v| v.path().join("bin/pgbench")).find(|p| p.exists()) else { return Ok(None) };
    let run = |args: &[&str]| -> anyhow::Result<String> {
        let output = Command::new(&program).current_dir(dir).args(args).arg(url).output()?;
        if !output.status.success() {
            bail!("pgbench: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    run(&["-i", "-q", "-s", "10"])?;
    let clients = clients.to_string();
    let text = run(&["-N", "-c", &clients, "-j", "2", "-T", "10", "--log", "--log-prefix=transactions"])?;
    let tps = text.lines().find_map(|l| l.strip_prefix("tps = ")).and_then(|l| l.split(' ').next());
    let tps = tps.and_then(|t| t.parse().ok()).context("pgbench states no tps")?;
    let mut times = Vec::new();
    for file in std::fs::read_dir(dir)? {
        let file = file?;
        if file.file_name().to_string_lossy().starts_with("transactions.") {
            // Client, number, microseconds, script, seconds, microseconds.
            for line in std::fs::read_to_string(file.path())?.lines() {
                let micros = line.split(' ').nth(2).and_then(|t| t.parse().ok()).context("pgbench's log")?;
                times.push(Duration::from_micros(micros));
            }
        }
    }
    ensure!(!times.is_empty(), "pgbench logged no transaction");
    Ok(Some((tps, Latencies::new(times))))
}

/// What is sent to a desk.
pub(crate) struct Sent {
    /// Begins the events' ids, so that no other load on the same database has them.
    name: &'static str,
    /// Events of a request; one is sent alone.
    size: usize,
    /// Events in all.
    events: usize,
    /// Connections, each with one request under way.
    connections: usize,
    /// Whether a gateway (`serve --role api`) takes them and makes batches of single events.
    by_gateway: bool,
}

impl Sent {
    /// Returns events that are each sent alone.
    pub(crate) fn single(events: usize, connections: usize) -> Self {
        Sent { name: "single", size: 1, events, connections, by_gateway: false }
    }

    /// Returns events that are each sent alone to a gateway.
    fn to_gateway(events: usize, connections: usize) -> Self {
        Sent { name: "gateway", by_gateway: true, ..Sent::single(events, connections) }
    }

    fn requests(&self, events: &[Event]) -> Vec<Vec<u8>> {
        if self.size == 1 {
            return (0..self.events).map(|n| request(events, n, self.name)).collect();
        }
        let batch = |from: usize| {
            let numbers = from..self.events.min(from + self.size);
            let batch: Vec<Event> = numbers.map(|n| nth(events, n, self.name)).collect();
            post("/api/v1/events/batch", &serde_json::to_vec(&batch).unwrap_or_default())
        };
        (0..self.events).step_by(self.size).map(batch).collect()
    }
}

/// Load of a server in this process.
pub(crate) struct Load<'a> {
    pub(crate) sent: &'a Sent,
    /// The database.
    pub(crate) url: &'a str,
    pub(crate) store: &'a Path,
    pub(crate) exchange: &'a Exchange,
    /// Models that score events, put in force before the first.
    pub(crate) champions: &'a [Model],
}

/// What a load showed.
pub(crate) struct Measured {
    /// Decisions a second.
    pub(crate) rate: f64,
    /// Time of each request.
    pub(crate) latencies: Latencies,
    /// From the last answer until the tables have all results.
    pub(crate) behind: Duration,
    /// CPU of the desk for each event until the last answer, microseconds: without that of whoever sends, and of a gateway.
    pub(crate) desk_cpu: f64,
}

/// Sends a load over HTTP.
pub(crate) fn over_http(load: &Load<'_>) -> anyhow::Result<Measured> {
    let workspace = Workspace::create_or_open(load.store, Network::Regtest)?;
    let screening = Screening::open(load.url, system_clock())?;
    for part in load.exchange.records.chunks(10_000) {
        screening.ingest(part.to_vec(), "bench")?;
    }
    for model in load.champions {
        screening.add_model(model.clone(), "bench")?;
        for (step, person) in [(Step::Shadow, "ana"), (Step::Champion, "ana"), (Step::Champion, "bo")] {
            screening.step_model(model.hash(), step, "measured", person)?;
        }
    }
    let shared = AppState::new(workspace, screening, KeyRing::single([1; 32]), holdfast_documents::Vault::new(""))?;
    shared.open()?;
    let bodies = Arc::new(load.sent.requests(&load.exchange.events));
    let runtime = |name| tokio::runtime::Builder::new_multi_thread().thread_name(name).enable_all().build();
    let (desk_runtime, senders, before) = (runtime("http")?, runtime(SENDERS)?, runtime(GATEWAY)?);
    let (connections, events) = (load.sent.connections, load.sent.events);
    // PostgreSQL's connections must not be closed by an asynchronous task.
    let (_keep, desk) = (shared.clone(), shared.clone());
    desk_runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let server = tokio::spawn(holdfast_server::serve(listener, shared, async move {
            let _ = stopped.await;
        }));
        let address = if load.sent.by_gateway { before.spawn(gateway(address)).await?? } else { address };
        let (start, cpu) = (Instant::now(), desk_cpu()?);
        let times = senders.spawn(send_all(address, connections, bodies)).await??;
        let rate = events as f64 / start.elapsed().as_secs_f64();
        let desk_cpu = (desk_cpu()? - cpu) * 1e6 / events as f64;
        let behind = tokio::task::spawn_blocking(move || {
            let answered = Instant::now();
            // A reader waits for at most ten seconds.
            let mut settled = desk.screening.last_event();
            while settled.is_err() && answered.elapsed() < Duration::from_secs(120) {
                settled = desk.screening.last_event();
            }
            settled.map(|_| answered.elapsed())
        });
        let behind = behind.await??;
        let _ = stop.send(());
        server.await??;
        Ok(Measured { rate, latencies: Latencies::new(times), behind, desk_cpu })
    })
}

/// Names of the threads that are not the desk's.
const SENDERS: &str = "senders";
const GATEWAY: &str = "gateway";

/// CPU seconds of this process's threads but for [`SENDERS`] and [`GATEWAY`]: utime and stime of proc(5), in ticks of 10 ms.
fn desk_cpu() -> anyhow::Result<f64> {
    let mut ticks = 0;
    for task in std::fs::read_dir("/proc/self/task")? {
        // A thread may have ended.
        let Ok(stat) = std::fs::read_to_string(task?.path().join("stat")) else { continue };
        let (name, rest) = stat.split_once(") ").context("a thread's stat without a name")?;
        if [SENDERS, GATEWAY].iter().any(|other| name.ends_with(other)) {
            continue;
        }
        let mut fields = rest.split(' ').skip(11).map(|field| field.parse::<u64>());
        let mut next = || anyhow::Ok(fields.next().context("a thread's stat without its times")??);
        ticks += next()? + next()?;
    }
    Ok(ticks as f64 / 100.0)
}

/// Sends requests over connections, each with one under way; returns the time of each.
async fn send_all(address: SocketAddr, connections: usize, bodies: Arc<Vec<Vec<u8>>>) -> anyhow::Result<Vec<Duration>> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut clients = Vec::new();
    for _ in 0..connections {
        let (next, bodies) = (next.clone(), bodies.clone());
        clients.push(tokio::spawn(async move {
            let mut stream = tokio::net::TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let mut times = Vec::new();
            let mut answer = Vec::with_capacity(16_384);
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                let Some(request) = bodies.get(n) else { return Ok::<_, anyhow::Error>(times) };
                let sent = Instant::now();
                stream.write_all(request).await?;
                answer.clear();
                read_answer(&mut stream, &mut answer).await?;
                times.push(sent.elapsed());
            }
        }));
    }
    let mut times = Vec::new();
    for client in clients {
        times.extend(client.await??);
    }
    Ok(times)
}

/// Starts a gateway before a server; it ends with the runtime.
async fn gateway(desk: SocketAddr) -> anyhow::Result<SocketAddr> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let desks = Desks::new(&[format!("http://{desk}")], Duration::from_secs(10))?;
    tokio::spawn(serve_gateway(listener, Gateway::new(desks).router(), std::future::pending()));
    Ok(address)
}

/// The `n`th event: the same traffic again and again, each time later. The events of a load have ids that begin with its name.
fn nth(events: &[Event], n: usize, name: &str) -> Event {
    let mut event = events[n % events.len()].clone();
    event.id = format!("{name}-{}-{n}", event.id);
    event.tx = event.tx.map(|t| format!("{t}{n}"));
    event.time += Seconds::days((n / events.len()) as i64 * 60);
    event
}

fn post(path: &str, body: &[u8]) -> Vec<u8> {
    let mut request = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend(body);
    request
}

/// The bytes of the request with the `n`th event alone.
pub(crate) fn request(events: &[Event], n: usize, name: &str) -> Vec<u8> {
    post("/api/v1/events", &serde_json::to_vec(&nth(events, n, name)).unwrap_or_default())
}

/// Reads one answer; anything but 200 is an error, and so is an event of a batch with another status.
pub(crate) async fn read_answer(stream: &mut tokio::net::TcpStream, answer: &mut Vec<u8>) -> anyhow::Result<()> {
    loop {
        if stream.read_buf(answer).await? == 0 {
            bail!("the server closed the connection");
        }
        let Some(end) = answer.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
        let length = head.lines().find_map(|l| l.strip_prefix("content-length: ")?.parse::<usize>().ok());
        let length = length.context("an answer states no length")?;
        if answer.len() >= end + 4 + length {
            if !head.starts_with("http/1.1 200") {
                bail!("{}", String::from_utf8_lossy(answer));
            }
            if answer.windows(9).any(|w| w == b"\"error\":{") {
                bail!("an event of a batch was refused");
            }
            return Ok(());
        }
    }
}
