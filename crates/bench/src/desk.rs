//! `holdfast-bench desk`: a desk of many requests and customers, on SQLite and PostgreSQL.

use anyhow::Context;
use clap::Args;
use holdfast_cases::Cases;
use holdfast_cases::case::{CaseStep, ItemKind, NewCase, Person};
use holdfast_console::output::{self, thousands};
use holdfast_decision::{Record, RecordKind};
use holdfast_documents::Vault;
use holdfast_evaluation::chain_workspace;
use holdfast_identity::KeyRing;
use holdfast_requests::intake::{NewAgency, RequestFilter, RequestState};
use holdfast_requests::matching::matches;
use holdfast_requests::request::{DataClass, Kind, Officer, Request, Statement, Target, TargetKind};
use holdfast_requests::{Desk, Policy};
use holdfast_screening::service::system_clock;
use holdfast_screening::{Screening, identifiers};
use holdfast_types::ids::CaseId;
use holdfast_types::{Seconds, Timestamp};
use holdfast_workspace::ChainQueries;
use serde_json::json;
use std::ops::{ControlFlow, Range};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

#[derive(Args)]
pub struct DeskBench {
    /// Customers.
    #[arg(long, default_value_t = 1_000_000)]
    customers: u64,
    /// Requests.
    #[arg(long, default_value_t = 100_000)]
    requests: u64,
    /// Also run on this PostgreSQL database; it must be empty.
    #[arg(long)]
    postgres: Option<String>,
    /// Folder for the SQLite database: put it on the disk that counts.
    #[arg(long)]
    dir: Option<PathBuf>,
}

const START: Timestamp = Timestamp::from_unix(1_790_000_000);

fn request(i: u64, targets: Vec<Target>) -> Request {
    let agency = i % 200;
    Request {
        id: format!("r{i}"),
        received: START + Seconds::MINUTE * (i as i64),
        kind: Kind::Information,
        process: "domestic.court-order".into(),
        reference: format!("Az. {i}/26"),
        officer: Officer {
            name: format!("Officer {}", i % 3_000),
            email: format!("officer{}@agency{agency}.example", i % 3_000),
            agency: format!("Agency {agency}"),
            country: "DE".into(),
        },
        targets,
        classes: vec![DataClass::Subscriber],
        states: vec![Statement::Judge],
        emergency: false,
        gag_until: None,
        statement: String::new(),
        scope: Default::default(),
        attachments: Vec::new(),
    }
}

/// Targets of all kinds about customers spread over all.
fn targets(i: u64, customers: u64, addresses: &[String]) -> Vec<Target> {
    let c = i.wrapping_mul(7_919) % customers;
    let target = |kind, value: String| Target::new(kind, value);
    let address = addresses[i as usize % addresses.len()].clone();
    match i % 4 {
        0 => vec![target(TargetKind::Email, format!("c{c}@mail.example"))],
        1 => vec![target(TargetKind::Phone, format!("+4930{c:07}")), target(TargetKind::UserId, format!("c{c}"))],
        2 => vec![target(TargetKind::Name, format!("Given{} Family{}", c % 2_000, c / 2_000))],
        _ => vec![target(TargetKind::Address, address), target(TargetKind::Email, format!("c{c}@mail.example"))],
    }
}

/// p50 and p99 of so many runs, in milliseconds.
fn measure(n: u64, mut run: impl FnMut(u64) -> anyhow::Result<()>) -> anyhow::Result<(f64, f64)> {
    let mut times = Vec::new();
    for i in 0..n {
        let start = Instant::now();
        run(i)?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    let at = |permille: usize| {
        times.get((times.len() * permille / 1000).min(times.len() - 1)).map_or(0.0, Duration::as_secs_f64)
    };
    Ok((at(500) * 1e3, at(990) * 1e3))
}

/// Returns the records of customers, every tenth with a deposit address, which is a real one of the ledger while there are some.
fn customer_records(numbers: Range<u64>, addresses: &[String]) -> Vec<Record> {
    let mut records = Vec::new();
    for c in numbers {
        let mut r = Record::new(RecordKind::Customer, format!("c{c}"), START);
        r.email = Some(format!("c{c}@mail.example"));
        r.phone = Some(format!("+4930{c:07}"));
        r.name = Some(format!("Given{} Family{}", c % 2_000, c / 2_000));
        records.push(r);
        if c % 10 == 0 {
            let id = addresses.get(c as usize / 10).cloned().unwrap_or_else(|| format!("bench{c}"));
            let mut d = Record::new(RecordKind::DepositAddress, id, START);
            (d.customer, d.asset) = (Some(format!("c{c}")), Some("BTC".into()));
            records.push(d);
        }
    }
    records
}

/// Stores the customers, the agencies and the requests; returns the seconds that customers and requests took, nothing when it was stopped.
fn fill(desk: Desk<'_>, args: &DeskBench, addresses: &[String]) -> anyhow::Result<Option<(f64, f64)>> {
    let start = Instant::now();
    for from in (0..args.customers).step_by(5_000) {
        let records = customer_records(from..(from + 5_000).min(args.customers), addresses);
        desk.screening.ingest(records, "bench")?;
        if output::stopping() == ControlFlow::Break(()) {
            return Ok(None);
        }
    }
    let ingested = start.elapsed().as_secs_f64();
    for a in 0..200 {
        let new = NewAgency {
            name: format!("Agency {a}"),
            country: "DE".into(),
            domain: format!("agency{a}.example"),
            evidence: "bench".into(),
        };
        desk.add_agency(new, "bench")?;
    }
    let start = Instant::now();
    for from in (0..args.requests).step_by(1_000) {
        let part = (from..(from + 1_000).min(args.requests)).map(|i| request(i, targets(i, args.customers, addresses)));
        desk.submit_many(part.collect(), "bench")?;
        if output::stopping() == ControlFlow::Break(()) {
            return Ok(None);
        }
    }
    Ok(Some((ingested, start.elapsed().as_secs_f64())))
}

/// Opens a case of 200 items.
fn large_case(cases: &Cases<'_>, person: &Person) -> anyhow::Result<CaseId> {
    let new = NewCase { title: "A case".into(), summary: String::new(), typology: None };
    let case = cases.open_case(new, person)?;
    for i in 0..200 {
        let note = CaseStep::Add {
            kind: ItemKind::Note,
            key: String::new(),
            title: format!("note {i}"),
            body: json!(null),
            happened: None,
            assignee: None,
            due: None,
        };
        cases.change_case(case.id, note, person)?;
    }
    Ok(case.id)
}

pub fn run(args: &DeskBench, as_json: bool) -> anyhow::Result<()> {
    let mut figures = Vec::new();
    let work = crate::work_folder(args.dir.as_deref())?;
    let chain = holdfast_simulate::Options { seed: 1, txs: 20_000 };
    let (workspace, _, economy) = chain_workspace(&work.path().join("chain"), chain).map_err(anyhow::Error::msg)?;
    let _ = economy;
    let network = workspace.ledger.network();
    let chains: [Arc<dyn ChainQueries>; 1] = [Arc::new(workspace.snapshot())];
    let count = workspace.ledger.counts().addresses;
    let addresses: Vec<String> =
        (0..1_000u32).map(|i| workspace.ledger.address(i * (count / 1_001)).to_text(network)).collect();
    let sqlite = format!("sqlite:{}", work.path().join("desk.sqlite").display());
    for url in std::iter::once(sqlite).chain(args.postgres.clone()) {
        let screening = Screening::open(&url, system_clock())?;
        let kind = screening.read(|db| Ok(db.kind()))?;
        let (policy, key_ring, vault) =
            (Arc::new(Policy::standard()), KeyRing::single([1; 32]), Vault::new(work.path().join("vault")));
        let desk = Desk { screening: &screening, policy: &policy, key_ring: &key_ring, vault: &vault };
        let cases = Cases::from(desk);
        let Some((ingested, taken)) = fill(desk, args, &addresses)? else { return Ok(()) };
        let person = Person { name: "bench".into(), reads_all: false, changes_all: false };
        let case = large_case(&cases, &person)?;
        if !as_json {
            println!(
                "{kind}: {} customers in {ingested:.0} s, {} requests in {taken:.0} s",
                thousands(args.customers),
                thousands(args.requests)
            );
        }
        // The limit: one look-up by index in the same database.
        let (limit, _) = measure(500, |i| {
            let email = format!("c{}@mail.example", i.wrapping_mul(7_919) % args.customers);
            screening.read(|db| identifiers::find(db, "email", &email, 10)).map(|_| ()).context("look-up")
        })?;
        let mut note = |what: &str, (p50, p99): (f64, f64), goal: f64| {
            if !as_json {
                println!(
                    "  {what:<44} p50 {p50:>8.2} ms  p99 {p99:>8.2} ms  (goal {goal:.0} ms; p50 {:.1} times one look-up by index)",
                    p50 / limit
                );
            }
            figures.push(json!({"database": kind, "what": what, "p50_ms": p50, "p99_ms": p99, "goal_ms": goal, "times_one_lookup": p50 / limit}));
        };
        note("one look-up by index", (limit, limit), 200.0);
        let matching = measure(400, |i| {
            let found = matches(&screening, &chains, &targets(i, args.customers, &addresses))?;
            anyhow::ensure!(i % 4 == 3 || !found.is_empty(), "request {i} matches nobody");
            Ok(())
        })?;
        note("matching a new request's targets", matching, 200.0);
        let mut next = args.requests;
        let submitted = measure(200, |_| {
            next += 1;
            desk.submit(request(next, targets(next, args.customers, &addresses)), "bench")?;
            Ok(())
        })?;
        note("taking a request in, with its review", submitted, 200.0);
        let list = |state: Option<RequestState>, after: u64| RequestFilter { state, after, limit: 100 };
        note("list: first page", measure(100, |_| Ok(desk.list(&list(None, 0), "bench").map(|_| ())?))?, 100.0);
        note(
            "list: open ones, from the middle",
            measure(100, |i| {
                Ok(desk.list(&list(Some(RequestState::Open), args.requests / 2 + i), "bench").map(|_| ())?)
            })?,
            100.0,
        );
        note(
            "one request, with its review",
            measure(100, |i| Ok(desk.open(&format!("r{i}"), "bench").map(|_| ())?))?,
            100.0,
        );
        note("list: cases", measure(100, |_| Ok(cases.cases(None, &person).map(|_| ())?))?, 100.0);
        note("a case of 200 items", measure(50, |_| Ok(cases.case(case, &chains, &person).map(|_| ())?))?, 100.0);
        note(
            "search: two words of 100,000 requests",
            measure(50, |i| {
                Ok(cases.search(&format!("agency{} officer{}", i % 200, i), &person, true).map(|_| ())?)
            })?,
            100.0,
        );
        note(
            "clocks: reminders and escalations, then none",
            measure(3, |_| Ok(desk.tick(&[]).map(|_| ())?))?,
            60_000.0,
        );
        note(
            "transparency report over everything",
            measure(3, |_| {
                Ok(cases.transparency(START - Seconds::new(1), START + Seconds::new(100_000_000)).map(|_| ())?)
            })?,
            60_000.0,
        );
    }
    if as_json {
        output::json(&figures)?;
    }
    Ok(())
}
