//! The demo: the main job on bundled real data, from blocks to an answer that the other side can check.
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

mod academy;
mod accounts;
mod campaign;
mod case;
mod models;
mod money;
mod prices;
pub mod sharing;

use anyhow::Context;
use holdfast_analysis::report::coins;
use holdfast_analysis::{Direction, TraceOptions, render};
use holdfast_attribution::Category;
use holdfast_attribution::import::{NamedFile, is_importable};
use holdfast_bitcoin::Network;
use holdfast_bitcoin::files::{heights_of_headers, read_single_block};
use holdfast_bitcoin::undo::parse_spent_file;
use holdfast_console::desk_key::key_ring;
use holdfast_console::output::{self, thousands};
use holdfast_console::show::{print_decision, print_exposure, verify_file};
use holdfast_console::{open_desk, vault};
use holdfast_decision::{ChainFacts, Decision, Event, EventKind, Record, RecordKind, Verdict};
use holdfast_evaluation::{CHAIN_DEPOSIT, Exchange, chain_workspace};
use holdfast_screening::Screening;
use holdfast_screening::holds::HoldFilter;
use holdfast_simulate::exchange::{Options, simulate};
use holdfast_state::AppState;
use holdfast_state::system::{entropy, now};
use holdfast_types::{Amount, Timestamp};
use holdfast_utxo_ledger::{AppendOptions, MemoryBlock, MemoryFeed};
use holdfast_workspace::{TraceRequest, Workspace};
use serde_json::{Value, json};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Instant;

macro_rules! bundled {
    ($name:literal) => {
        ($name, include_bytes!(concat!("../../../data/", $name)).as_slice())
    };
}

const EARLY: (&str, &[u8]) = bundled!("bitcoin/blk-1-256.dat.zst");
const HEADERS: (&str, &[u8]) = bundled!("bitcoin/headers-0-10236.bin.zst");
const TAGPACKS: (&str, &[u8]) = bundled!("attribution/graphsense-tagpacks-29ff93c8.tar.zst");
type Bundled = (&'static str, &'static [u8]);
const BLOCKS: [(u32, Bundled, Option<Bundled>); 5] = [
    (300025, bundled!("bitcoin/300025.block.zst"), Some(bundled!("bitcoin/300025.spent-outputs.bin.zst"))),
    (367891, bundled!("bitcoin/367891.block.zst"), Some(bundled!("bitcoin/367891.spent-outputs.json.zst"))),
    (400000, bundled!("bitcoin/400000.block.zst"), None),
    (413567, bundled!("bitcoin/413567.block.zst"), None),
    (866342, bundled!("bitcoin/866342.block.zst"), Some(bundled!("bitcoin/866342.spent-outputs.json.zst"))),
];
const OFAC: [Bundled; 17] = [
    bundled!("attribution/ofac/sanctioned_addresses_ARB.txt"),
    bundled!("attribution/ofac/sanctioned_addresses_BCH.txt"),
    bundled!("attribution/ofac/sanctioned_addresses_BSC.txt"),
    bundled!("attribution/ofac/sanctioned_addresses_BSV.txt"),
    bundled!("attribution/ofac/sanctioned_addresses_BTG.txt"),
    bundled!("attribution/ofac/sanctioned_addresses_DASH.txt"),
    bundled!("attribution/ofac/sanctioned_addresses_ETC.txt"),
    bundled!("attribution/ofac/sanctioned_addresses_ETH.txt"),
    bundled!("attribution/ofac/sanctioned_addresses_LTC.txt"),
    bundled!("attribution/ofac/sanctioned_addresses_TRX.txt"),
    bundled!("attribution/ofac/sanctioned_addresses_USDC.txt"),
    bundled!("attribution/ofac/sanctioned_addresses_USDT.txt"),
    bundled!("attribution/ofac/sanctioned_addresses_XBT.txt"),
    bundled!("attribution/ofac/sanctioned_addresses_XMR.txt"),
    bundled!("attribution/ofac/sanctioned_addresses_XRP.txt"),
    bundled!("attribution/ofac/sanctioned_addresses_XVG.txt"),
    bundled!("attribution/ofac/sanctioned_addresses_ZEC.txt"),
];

fn unpack((name, bytes): Bundled) -> anyhow::Result<Vec<u8>> {
    zstd::decode_all(bytes).with_context(|| format!("bundled {name}"))
}

fn bundled_blocks() -> anyhow::Result<Vec<MemoryBlock>> {
    let network = Network::Bitcoin;
    let heights = heights_of_headers(&unpack(HEADERS)?, network).map_err(anyhow::Error::msg)?;
    let early = unpack(EARLY)?;
    let mut blocks = Vec::new();
    let mut rest = early.as_slice();
    while rest.len() > 8 {
        let len = u32::from_le_bytes(rest[4..8].try_into().expect("four bytes")) as usize;
        let (record, tail) = rest.split_at_checked(8 + len).context("bundled blocks are cut off")?;
        let block = read_single_block(record[8..].to_vec(), network)?;
        let height = *heights.get(&block.hash).context("an early block is not among the headers")?;
        blocks.push(MemoryBlock { height, block, spent: None });
        rest = tail;
    }
    for (height, block, spent) in BLOCKS {
        let name = block.0;
        let block = read_single_block(unpack(block)?, network).with_context(|| name.to_owned())?;
        let spent = match spent {
            Some(file) => Some(parse_spent_file(Path::new(file.0), &unpack(file)?)?),
            None => None,
        };
        blocks.push(MemoryBlock { height, block, spent });
    }
    Ok(blocks)
}

fn bundled_tags() -> anyhow::Result<Vec<NamedFile>> {
    let mut files = Vec::new();
    let packed = unpack(TAGPACKS)?;
    let mut archive = tar::Archive::new(packed.as_slice());
    for entry in archive.entries()? {
        let mut entry = entry?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if is_importable(&name) {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes)?;
            files.push((name.trim_start_matches("./").to_owned(), bytes));
        }
    }
    files.extend(OFAC.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())));
    Ok(files)
}

/// Adds the bundled blocks and tags to an empty workspace.
fn fill(workspace: &mut Workspace, as_json: bool) -> anyhow::Result<()> {
    let say = |text: String| {
        if !as_json {
            println!("{text}");
        }
    };
    if workspace.ledger.counts().blocks == 0 {
        let blocks = bundled_blocks()?;
        let n = blocks.len();
        let report =
            workspace.ledger.append(&MemoryFeed(blocks), &AppendOptions::default(), &mut |_| output::stopping())?;
        say(format!(
            "Ingested {n} real Bitcoin blocks: {} transactions, {} outputs; proof of work and merkle roots checked.",
            thousands(report.txs),
            thousands(report.outputs)
        ));
        say(format!(
            "{} inputs spend outputs of blocks that are not bundled: {} known whole from undo data, {} by the address that their unlocking data proves, {} not at all.",
            thousands(report.externals),
            thousands(report.externals - report.inferred - report.unknown),
            thousands(report.inferred),
            thousands(report.unknown)
        ));
    }
    if workspace.tags.is_empty() {
        let report = workspace.import_tags_as(bundled_tags()?, Some(holdfast_attribution::Tlp::Clear));
        say(format!(
            "Imported {} tag packs and sanctions lists: {} tags, {} actors, {} conflicts between them.",
            report.packs,
            thousands(report.new_tags),
            thousands(report.actors),
            thousands(workspace.tags.conflicts().len())
        ));
    }
    Ok(workspace.refresh()?)
}

/// Whether an output pays the entity that it comes from.
fn pays_itself(workspace: &Workspace, output: u64) -> bool {
    let cluster = |a: u32| workspace.clusters.of(a);
    let to = cluster(workspace.ledger.address_of(output));
    let tx = workspace.ledger.tx_of_output(output);
    workspace.ledger.sources(tx).any(|s| workspace.ledger.source_info(s).address.map(cluster) == Some(to))
}

/// Returns the outputs of block 400000 that pay ransomware: payments by others first, since an entity that pays itself gets change.
fn ransom_payments(workspace: &Workspace, ransomware: Category, as_json: bool) -> anyhow::Result<Vec<u64>> {
    let block = workspace.ledger.block_at(400_000).context("block 400000 is bundled")?;
    let mut payments: Vec<u64> = (block.txs.0..block.txs.1)
        .flat_map(|tx| workspace.ledger.outputs(tx))
        .filter(|o| workspace.entities.category(workspace.ledger.address_of(*o)) == ransomware)
        .collect();
    payments.sort_by_key(|output| pays_itself(workspace, *output));
    if !as_json {
        println!("\nBlock 400000 ({}) pays {} outputs to ransomware addresses:", block.hash, payments.len());
    }
    Ok(payments)
}

/// Describes a payment to ransomware: its tag, its exposure, and its traces both ways.
fn finding(workspace: &Workspace, output: u64, ransomware: Category, as_json: bool) -> anyhow::Result<Value> {
    let say = |text: String| {
        if !as_json {
            println!("{text}");
        }
    };
    let (tx, vout) = workspace.ledger.outpoint(output);
    let txid = workspace.ledger.txid_text(tx);
    let address = workspace.ledger.address_text(workspace.ledger.address_of(output));
    let report = workspace.address(&address)?;
    let tag = report
        .tags
        .iter()
        .chain(report.entity.as_ref().and_then(|e| e.tag.as_ref()))
        .find(|t| t.category == ransomware)
        .context("a ransomware address has a ransomware tag")?;
    let exposure = workspace.exposure(&format!("{txid}:{vout}"), false)?;
    let change = if pays_itself(workspace, output) { " (its own change: it is the payer too)" } else { "" };
    say(format!("\n  {} BTC to {address}{change}", coins(workspace.ledger.value(output))));
    say(format!(
        "    tag      {} (ransomware), confidence {} ({} of 100)",
        tag.label, tag.confidence, tag.confidence_level
    ));
    say(format!("    source   {}", tag.source));
    say(format!("    pack     {} by {}, {}", tag.pack, tag.creator, tag.lastmod));
    say(format!("    payment  transaction {txid}, output {vout}, block 400000"));
    for side in workspace.tx(&txid)?.inputs.iter().take(5) {
        say(format!(
            "    paid by  {} ({}){}",
            side.address.as_deref().unwrap_or("an address that the input does not prove"),
            side.value.map_or("amount unknown: its block is not bundled".into(), |v| format!("{} BTC", coins(v))),
            side.label.as_ref().map(|l| format!(" [{l}]")).unwrap_or_default()
        ));
    }
    let request = TraceRequest { subject: format!("{txid}:{vout}"), entity: false, options: TraceOptions::default() };
    let (_, forward) = workspace.trace(&request)?;
    let back =
        TraceRequest { options: TraceOptions { direction: Direction::Backward, ..request.options }, ..request.clone() };
    let (_, backward) = workspace.trace(&back)?;
    if !as_json {
        print!("{}", indent(&render::table(&forward, 10)));
        if forward.movements.is_empty() {
            println!("    The blocks after it are not bundled; money that moves on is followed below.");
        }
        println!("    Backward, through the transactions that paid it:");
        print!("{}", indent(&render::table(&backward, 10)));
    }
    Ok(json!({
        "txid": txid, "vout": vout, "address": address, "amount": workspace.ledger.value(output), "tag": tag,
        "exposure": exposure, "forward": forward, "backward": backward,
    }))
}

/// Writes the evidence of a payment, which the other side can verify; returns its file.
fn write_evidence(workspace: &Workspace, subject: &str, store: &Path, as_json: bool) -> anyhow::Result<PathBuf> {
    let request = TraceRequest {
        subject: subject.to_owned(),
        entity: false,
        options: TraceOptions { direction: Direction::Backward, ..TraceOptions::default() },
    };
    let key = workspace.signing_key(entropy)?;
    let (_, bytes) = workspace.bundle(&request, &key, &now())?;
    let path = store.join("ransom-payment.holdfast.tar");
    std::fs::write(&path, bytes).with_context(|| path.display().to_string())?;
    if !as_json {
        println!("\nEvidence bundle {}:", path.display());
        verify_file(&path, None, None, false)?;
    }
    Ok(path)
}

/// Works through the demo in a store, which is created when missing, and prints the results; returns the state that a server answers from.
///
/// # Errors
/// When the store cannot be written, or something that the demo shows does not hold.
pub fn run(store: &Path, as_json: bool) -> anyhow::Result<AppState> {
    let start = Instant::now();
    let made = accounts::simulate(store)?;
    let mut workspace = Workspace::create_or_open(store, Network::Bitcoin)?;
    fill(&mut workspace, as_json)?;
    let summary = workspace.summary();
    if !as_json {
        println!(
            "Clustered {} addresses into {} clusters; {} addresses carry tags of their own. {:.1} s so far.",
            thousands(summary.addresses),
            thousands(summary.clusters),
            thousands(summary.tagged_addresses),
            start.elapsed().as_secs_f64()
        );
    }
    // The question: does block 400000 pay ransomware?
    let ransomware = Category::from_name("ransomware").context("the taxonomy names ransomware")?;
    let payments = ransom_payments(&workspace, ransomware, as_json)?;
    let findings = payments.iter().map(|output| finding(&workspace, *output, ransomware, as_json));
    let findings = findings.collect::<anyhow::Result<Vec<_>>>()?;
    let subject = findings.first().map(|f| format!("{}:{}", f["txid"].as_str().unwrap_or_default(), f["vout"]));
    let subject = subject.context("block 400000 pays a ransomware address")?;
    let exposure = workspace.exposure(&subject, false)?;
    if !as_json {
        println!();
        print_exposure(&exposure);
    }
    let path = write_evidence(&workspace, &subject, store, as_json)?;
    let screening = open_desk(store, None)?;
    let screened = exchange(&screening, &workspace, &findings, store, as_json)?;
    let (key_ring, vault) = (key_ring(store, &screening)?, vault(store));
    let first = findings.first().context("block 400000 pays a ransomware address")?;
    let case = case::run(&screening, &workspace, &key_ring, &vault, store, first, as_json)?;
    let campaign = campaign::run(&screening, &mut workspace, &key_ring, as_json)?;
    let accounts = accounts::run(&screening, &made, &mut workspace, store, as_json)?;
    prices::set(&screening, &accounts::stablecoins(store)?)?;
    // The campaign's tags stay: a server that is started later measures the same effect.
    workspace.save()?;
    let account_chains = accounts::open(store, &workspace.tags)?;
    let mut shared = AppState::new(workspace, screening, key_ring, vault)?;
    shared.add_account_chains(account_chains)?;
    shared.proof_sources = std::sync::Arc::new(accounts::sources(store)?);
    let sharing = sharing::run(&shared, as_json)?;
    let academy = academy::run(&shared, store, as_json)?;
    if as_json {
        output::json(
            &json!({"summary": summary, "findings": findings, "bundle": path, "screening": screened, "case": case, "sharing": sharing, "campaign": campaign, "accounts": accounts, "academy": academy}),
        )?;
    } else {
        println!(
            "\nTry: holdfast show ADDRESS --store {}, or open /desk/cases/{} or /accounts on the server below.",
            store.display(),
            case["case"]
        );
    }
    Ok(shared)
}

fn indent(text: &str) -> String {
    text.lines().map(|l| format!("    {l}\n")).collect()
}

/// A simulated exchange's traffic, and withdrawals to the ransomware addresses of the real block, decided before they leave.
fn exchange(
    screening: &Screening,
    workspace: &Workspace,
    findings: &[serde_json::Value],
    store: &Path,
    as_json: bool,
) -> anyhow::Result<serde_json::Value> {
    let mut made =
        simulate(Options { customers: 150, days: 30, cases: 2, ..Options::default() }).map_err(anyhow::Error::msg)?;
    // Peel chains, mixers and coinjoins are on a simulated chain of their own.
    let dir = tempfile::tempdir()?;
    let chain = holdfast_simulate::Options { seed: 1, txs: 6_000 };
    let (simulated, blocks, economy) = chain_workspace(dir.path(), chain).map_err(anyhow::Error::msg)?;
    made.add_chain(&blocks, &economy).map_err(anyhow::Error::msg)?;
    let made = Exchange::from(made);
    let on_simulated = |event: &Event| event.id.starts_with(CHAIN_DEPOSIT);
    let victim = "demo-victim";
    let mut record = Record::new(RecordKind::Customer, victim, Timestamp::from_unix(1_780_000_000));
    record.created = Some(Timestamp::from_unix(1_770_000_000));
    record.name = Some("Ada Example".into());
    record.email = Some("ada@customer.example".into());
    record.country = Some("GB".into());
    screening.ingest(made.records.iter().cloned().chain([record]).collect(), "demo")?;
    let learned = models::put_in_force(screening)?;
    let start = Instant::now();
    let facts = |event: &Event| {
        holdfast_chain_facts::chain_facts(if on_simulated(event) { &simulated } else { workspace }, event, None)
    };
    let decisions = decide_all(screening, &made.events, facts)?;
    let elapsed = start.elapsed();
    let count = |verdict: Verdict| decisions.iter().filter(|d| d.decision == verdict).count();
    let mut ransoms = Vec::new();
    for (i, finding) in (0..).zip(findings) {
        let time = Timestamp::from_unix(1_785_200_000 + i);
        let mut event = Event::new(EventKind::Withdrawal, format!("demo-ransom-{i}"), time, victim);
        event.asset = Some("BTC".into());
        event.amount = finding["amount"].as_u64().map(Amount::from);
        event.value = Some(20_000);
        event.counterparty = finding["address"].as_str().map(str::to_owned);
        let facts = holdfast_chain_facts::chain_facts(workspace, &event, None);
        ransoms.push(screening.decide(event, facts, "demo")?);
    }
    let audit = screening.verify_audit(None)?;
    if !as_json {
        println!(
            "\nA simulated exchange over these blocks and a simulated chain: {} customers' records and {} events, each decided durably ({:.1} s): {} allowed, {} to review, {} held, {} rejected.",
            thousands(made.records.len()),
            thousands(decisions.len()),
            elapsed.as_secs_f64(),
            thousands(count(Verdict::Allow) as u64),
            count(Verdict::Review),
            count(Verdict::Hold),
            count(Verdict::Reject)
        );
        let mut shown: Vec<&str> = Vec::new();
        for decision in decisions.iter().filter(|d| d.decision >= Verdict::Hold) {
            let rule = decision.reasons[0].rule.as_str();
            if !shown.contains(&rule) && shown.len() < 6 {
                shown.push(rule);
                print_decision(decision, "USD");
            }
        }
        println!("\nCustomers try to pay the ransomware addresses of block 400000:");
        ransoms.iter().for_each(|decision| print_decision(decision, "USD"));
        let active =
            screening.holds(&HoldFilter { state: Some("active".into()), limit: 1000, ..HoldFilter::default() })?;
        println!(
            "\n{} holds are active and balance to the base unit; the audit log of {} entries verifies.",
            active.len(),
            thousands(audit.entries)
        );
    }
    let models = models::show(screening, &learned, &decisions, as_json)?;
    let followed = money::follow(screening, &simulated, &blocks, &made, store, as_json)?;
    let (holds, audit) = (screening.check_holds()?, screening.verify_audit(None)?);
    anyhow::ensure!(holds.problems.is_empty() && audit.problems.is_empty(), "the demo's books do not balance");
    Ok(json!({"allowed": count(Verdict::Allow), "review": count(Verdict::Review), "held": count(Verdict::Hold),
        "rejected": count(Verdict::Reject), "followed": followed, "models": models, "ransoms": ransoms, "holds": holds, "audit_entries": audit.entries}))
}

/// Has events decided durably, in order; the decisions come in that order, too.
fn decide_all(
    screening: &Screening,
    events: &[Event],
    facts: impl Fn(&Event) -> ChainFacts,
) -> anyhow::Result<Vec<Decision>> {
    let actor: std::sync::Arc<str> = "demo".into();
    let mut decisions = Vec::with_capacity(events.len());
    for part in events.chunks(256) {
        let (sender, receiver) = std::sync::mpsc::channel();
        for event in part {
            let sender = sender.clone();
            screening.submit(event.clone(), facts(event), &actor, move |answer| {
                let _ = sender.send(answer);
            })?;
        }
        drop(sender);
        for answer in receiver {
            decisions.push(answer?);
        }
    }
    decisions.sort_by_key(|d| d.seq);
    Ok(decisions)
}
