//! Commands that ask a workspace.

use crate::answer::Fields;
use crate::args::{ServerArgs, StoreArgs};
use crate::output::{self, thousands};
use crate::running::{ChainReach, reach_chain};
use anyhow::{Context, bail};
use clap::{Args, Subcommand, ValueEnum};
use holdfast_analysis::report::coins;
use holdfast_analysis::{Bounds, Direction, Policy, TraceOptions, bundle, render};
use holdfast_api::system::{entropy, now};
use holdfast_attribution::import::{ImportReport, collect};
use holdfast_attribution::{ChangeRule, ClusterOptions, CoinjoinSet, Tlp};
use holdfast_client::{Client, ClientError};
use holdfast_console::show::{print_exposure, verify_file};
use holdfast_workspace::lookup::{HitKind, Lookup};
use holdfast_workspace::{Subject, TagView, TraceRequest, Workspace, WorkspaceError};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub enum TagsCommand {
    /// Import TagPacks, ActorPacks, OFAC lists (sanctioned_addresses_*.txt) and CSV from files or folders.
    Import(TagsImport),
    /// List addresses whose tags disagree.
    Conflicts(StoreArgs),
    /// Remove all tags of a pack, by its title.
    Remove(TagsRemove),
}

#[derive(Args)]
pub struct TagsImport {
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Label for tags that have none of their own, such as TLP:CLEAR for a published pack. Unlabelled tags count as TLP:AMBER.
    #[arg(long)]
    tlp: Option<String>,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Args)]
pub struct TagsRemove {
    /// The pack's title.
    title: String,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    server: ServerArgs,
}

pub fn tags(command: TagsCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        TagsCommand::Import(args) => import_tags(&args, as_json),
        TagsCommand::Conflicts(args) => {
            let conflicts = Workspace::open(&args.store)?.tags.conflicts();
            if as_json {
                return output::json(&conflicts);
            }
            for c in &conflicts {
                let values: Vec<String> = c.values.iter().map(|(v, pack)| format!("{v} ({pack})")).collect();
                println!("{} {}: {} is {}", c.asset, c.address, c.field, values.join(" or "));
            }
            println!("{} conflicts.", thousands(conflicts.len() as u64));
            Ok(())
        }
        TagsCommand::Remove(args) => remove_tags(&args),
    }
}

/// Imports files; returns what was understood, and how many addresses of the ledger are tagged now.
fn import_here(
    workspace: &mut Workspace,
    files: Vec<(String, Vec<u8>)>,
    label: Option<Tlp>,
) -> anyhow::Result<(ImportReport, u64)> {
    let report = workspace.import_tags_as(files, label);
    workspace.refresh()?;
    Ok((report, workspace.summary().tagged_addresses))
}

/// The same by a running server, file by file.
fn import_there(
    client: &Client,
    files: Vec<(String, Vec<u8>)>,
    label: Option<Tlp>,
) -> anyhow::Result<(ImportReport, u64)> {
    let mut all = ImportReport::default();
    for (name, bytes) in files {
        let request = client.post("/api/v1/tags").query("name", &name).query_opt("tlp", label.map(Tlp::name));
        match request.body(bytes, "application/octet-stream").fetch::<ImportReport>() {
            Ok(report) => all.add(report),
            Err(ClientError::Refused { status: 400, message, .. }) => all.refused.push(message),
            Err(e) => return Err(e.into()),
        }
    }
    let summary: Value = client.get("/api/v1/summary").fetch()?;
    Ok((all, summary.count("tagged_addresses")))
}

fn import_tags(args: &TagsImport, as_json: bool) -> anyhow::Result<()> {
    let mut files = Vec::new();
    for path in &args.paths {
        files.extend(collect(path)?);
    }
    let tlp = |name: &String| Tlp::from_name(name).with_context(|| format!("--tlp: '{name}' is no TLP 2.0 label"));
    let label = args.tlp.as_ref().map(tlp).transpose()?;
    let (report, tagged) = match reach_chain(&args.store.store, &args.server)? {
        ChainReach::Here(mut workspace) => import_here(&mut workspace, files, label)?,
        ChainReach::There(client) => import_there(&client, files, label)?,
    };
    let refused = || match (report.refused.len(), report.warnings.first()) {
        (0, why) if report.is_empty() => {
            bail!("nothing was imported: {}", why.map_or("the files have no entry", String::as_str))
        }
        (0, _) => Ok(()),
        (n, _) => bail!("{n} files were refused; the first: {}", report.refused[0]),
    };
    if as_json {
        output::json(&report)?;
        return refused();
    }
    for line in report.warnings.iter().take(20) {
        println!("note: {line}");
    }
    if report.warnings.len() > 20 {
        println!("note: ... {} more (see --json)", report.warnings.len() - 20);
    }
    for line in &report.refused {
        println!("refused: {line}");
    }
    println!(
        "Imported {} packs: {} tags ({} new), {} actors. {} addresses of this ledger are tagged. Exposures are up to date.",
        thousands(report.packs as u64),
        thousands(report.tags as u64),
        thousands(report.new_tags as u64),
        thousands(report.actors as u64),
        thousands(tagged)
    );
    for line in report.lines() {
        println!("  {line}");
    }
    refused()
}

fn remove_tags(args: &TagsRemove) -> anyhow::Result<()> {
    let removed = match reach_chain(&args.store.store, &args.server)? {
        ChainReach::Here(mut workspace) => {
            let removed = workspace.remove_pack(&args.title);
            if removed == 0 {
                bail!("no pack is titled '{}'", args.title);
            }
            workspace.refresh()?;
            removed as u64
        }
        ChainReach::There(client) => {
            client.delete("/api/v1/tags").query("title", &args.title).fetch::<Value>()?.count("removed")
        }
    };
    println!("Removed {} tags; exposures are up to date.", thousands(removed));
    Ok(())
}

#[derive(Args)]
pub struct Cluster {
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    server: ServerArgs,
    /// Do not join the inputs of a transaction.
    #[arg(long)]
    no_cospend: bool,
    /// Coinjoin detectors whose transactions are left out: names with commas, `all` or `none`.
    #[arg(long, default_value = "all")]
    coinjoins: String,
    /// Change heuristics: `a+b,c` joins by the output that both a and b leave, or that c leaves; `none` for none.
    #[arg(long, default_value = holdfast_attribution::cluster::DEFAULT_CHANGE)]
    change: String,
}

pub fn cluster(args: Cluster, as_json: bool) -> anyhow::Result<()> {
    let options = ClusterOptions {
        cospend: !args.no_cospend,
        coinjoins: CoinjoinSet::parse(&args.coinjoins).map_err(anyhow::Error::msg)?,
        change: ChangeRule::parse(&args.change).map_err(anyhow::Error::msg)?,
    };
    let (clusters, merges, coinjoins, addresses) = match reach_chain(&args.store.store, &args.server)? {
        ChainReach::Here(mut workspace) => {
            workspace.recluster(options);
            workspace.save()?;
            let clusters = &workspace.clusters;
            let addresses = u64::from(workspace.ledger.counts().addresses);
            (clusters.count(), clusters.merges().len() as u64, clusters.coinjoins(), addresses)
        }
        ChainReach::There(client) => {
            let request = client.post("/api/v1/cluster").query("cospend", !args.no_cospend);
            let made: Value = request.query("coinjoins", &args.coinjoins).query("change", &args.change).fetch()?;
            let summary: Value = client.get("/api/v1/summary").fetch()?;
            let addresses = summary.count("addresses");
            (made.count("clusters"), made.count("merges"), made.count("coinjoins"), addresses)
        }
    };
    if as_json {
        return output::json(&json!({"clusters": clusters, "merges": merges, "coinjoins": coinjoins}));
    }
    println!(
        "{} addresses in {} clusters; {} merges, each with its evidence; {} coinjoins left out.",
        thousands(addresses),
        thousands(clusters),
        thousands(merges),
        thousands(coinjoins)
    );
    Ok(())
}

#[derive(Args)]
pub struct Show {
    /// Address (of any chain), txid, output (txid:index), block height or block hash; or a name, as `search` finds it.
    what: String,
    #[command(flatten)]
    store: StoreArgs,
}

fn print_tags(tags: &[TagView], indent: &str) {
    for tag in tags {
        println!(
            "{indent}{} [{}, {} risk] confidence {} ({}), {}, pack '{}' of {}",
            tag.label,
            tag.category,
            tag.risk,
            tag.confidence,
            tag.confidence_level,
            tag.source,
            tag.pack,
            if tag.lastmod.is_empty() { "unknown date" } else { &tag.lastmod }
        );
    }
}

#[derive(Args)]
pub struct Search {
    /// An address of any chain, transaction id or block hash (or at least 8 hex digits of its beginning), output, height, label or actor;
    /// or several addresses and ids.
    #[arg(required = true)]
    text: Vec<String>,
    #[command(flatten)]
    store: StoreArgs,
}

pub fn search(args: Search, as_json: bool) -> anyhow::Result<()> {
    let found = Workspace::open(&args.store.store)?.lookup(&args.text.join(" "), &|_| true);
    print_lookup(&found, as_json)
}

fn print_lookup(found: &Lookup, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return output::json(found);
    }
    for hit in &found.hits {
        let kind = serde_json::to_value(hit.kind)?;
        let kind = kind.as_str().unwrap_or_default();
        let name = hit.name.as_ref().map(|n| format!(" '{n}'")).unwrap_or_default();
        let category = match hit.category.is_attributed() {
            true => format!(" [{}, {} risk]", hit.category, hit.risk),
            false => String::new(),
        };
        println!("{kind} {}{name}{category} {}", hit.id, hit.assets.join(", "));
        if matches!(hit.kind, HitKind::Actor | HitKind::Label) {
            println!("    {} addresses: {}", thousands(hit.addresses), hit.examples.join(", "));
        }
    }
    if found.more > 0 {
        println!("... {} more; write more of the name or id", thousands(found.more));
    }
    found.unknown.iter().for_each(|text| println!("nothing is known here of '{text}'"));
    found.notes.iter().for_each(|note| println!("note: {note}"));
    if found.hits.is_empty() {
        bail!("nothing found");
    }
    Ok(())
}

pub fn show(args: Show, as_json: bool) -> anyhow::Result<()> {
    let workspace = Workspace::open(&args.store.store)?;
    let asset = workspace.asset();
    match workspace.subject(&args.what) {
        Ok(Subject::Tx(_) | Subject::Output(_)) => {
            let txid = args.what.split(':').next().unwrap_or_default();
            let report = workspace.tx(txid)?;
            if as_json {
                return output::json(&report);
            }
            println!("Transaction {} in block {} ({})", report.txid, report.height, report.block);
            match (report.fee, report.coinbase) {
                (Some(fee), _) => println!("fee {} {asset}, weight {}", coins(fee), report.weight),
                (None, true) => println!("makes coins, weight {}", report.weight),
                (None, false) => println!("fee unknown (inputs of blocks not stored), weight {}", report.weight),
            }
            if let Some(kind) = &report.coinjoin {
                println!("looks like a {kind} coinjoin; its inputs are not merged");
            }
            for (title, sides) in [("in ", &report.inputs), ("out", &report.outputs)] {
                for side in sides.iter().take(100) {
                    let label = side.label.as_ref().map(|l| format!(" [{l}, {}]", side.category)).unwrap_or_default();
                    println!(
                        "  {title} {:>22}  {}{label}",
                        side.value.map_or("unknown".into(), |v| format!("{} {asset}", coins(v))),
                        side.address.as_deref().unwrap_or("unknown address")
                    );
                }
                if sides.len() > 100 {
                    let rest: u64 = sides[100..].iter().filter_map(|s| s.value).sum();
                    println!(
                        "  {title} {:>22}  in {} more (see --json)",
                        format!("{} {asset}", coins(rest)),
                        sides.len() - 100
                    );
                }
            }
            if let Some(exposure) = &report.exposure {
                print_exposure(exposure, asset);
            }
        }
        Ok(Subject::Block(_)) => {
            let report = workspace.block(&args.what)?;
            if as_json {
                return output::json(&report);
            }
            println!("Block {} {}", report.height, report.hash);
            println!("{} transactions, {} bytes", report.tx_count, report.size);
            for txid in &report.txids {
                println!("  {txid}");
            }
        }
        Ok(Subject::Address(_)) | Err(_) => {
            let report = match workspace.address(&args.what) {
                Ok(report) => report,
                Err(e) => {
                    // A name, the beginning of an id, or several addresses.
                    let found = workspace.lookup(&args.what, &|_| true);
                    if found.hits.is_empty() {
                        return Err(e.into());
                    }
                    return print_lookup(&found, as_json);
                }
            };
            if as_json {
                return output::json(&report);
            }
            println!("Address {} ({}), {}", report.address, report.script, report.category);
            if report.ownerless {
                println!(
                    "It has no owner (anybody or nobody can spend it): it joins no cluster, and tags on it name nobody."
                );
            }
            if !report.in_ledger {
                println!("No stored block mentions it; this ledger is of {} only.", workspace.ledger.network());
            } else if report.outside > 0 {
                println!(
                    "received {} in {} outputs, {} of them of blocks not stored; balance in stored blocks {} {asset}",
                    if report.outside == report.receipt_count {
                        "an unknown amount".to_owned()
                    } else {
                        format!("at least {} {asset}", coins(report.received))
                    },
                    report.receipt_count,
                    report.outside,
                    coins(report.balance)
                );
            } else {
                println!(
                    "received {} {asset} in {} outputs, balance {} {asset}",
                    coins(report.received),
                    report.receipt_count,
                    coins(report.balance)
                );
            }
            print_tags(&report.tags, "tag: ");
            if let Some(entity) = &report.entity {
                println!("entity: {} addresses, cluster of {}", entity.addresses, entity.root_address);
                print_tags(entity.tag.as_slice(), "entity tag: ");
            }
            if let Some(exposure) = &report.exposure {
                print_exposure(exposure, asset);
            }
        }
    }
    Ok(())
}

#[derive(Args)]
pub struct Explain {
    /// First address.
    a: String,
    /// Second address.
    b: String,
    #[command(flatten)]
    store: StoreArgs,
}

pub fn explain(args: Explain, as_json: bool) -> anyhow::Result<()> {
    let report = Workspace::open(&args.store.store)?.explain(&args.a, &args.b)?;
    if as_json {
        return output::json(&report);
    }
    if !report.joined {
        println!("{} and {} are not in one cluster.", report.a, report.b);
        return Ok(());
    }
    println!("{} and {} are in one cluster, by {} steps:", report.a, report.b, report.steps.len());
    for step in &report.steps {
        println!(
            "  {} - {}\n    {} in transaction {} (block {})",
            step.from, step.to, step.heuristic, step.txid, step.height
        );
    }
    Ok(())
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Format {
    Table,
    Json,
    Graphviz,
    Mermaid,
    Html,
}

#[derive(Args)]
pub struct TraceArgs {
    /// Address, txid, or output (txid:index).
    subject: String,
    #[command(flatten)]
    store: StoreArgs,
    /// Start from the whole entity of an address.
    #[arg(long)]
    entity: bool,
    /// forward or backward.
    #[arg(long, default_value = "forward")]
    direction: Direction,
    /// poison, haircut, fifo or lifo.
    #[arg(long, default_value = "haircut")]
    policy: Policy,
    /// Transactions away from the start.
    #[arg(long, default_value_t = Bounds::default().max_hops)]
    max_hops: u32,
    /// Smaller marked amounts are not followed, base units.
    #[arg(long, default_value_t = Bounds::default().min_value)]
    min_value: u64,
    /// Only blocks from this time on, Unix seconds.
    #[arg(long, default_value_t = 0)]
    from_time: u32,
    /// Only blocks up to this time, Unix seconds.
    #[arg(long, default_value_t = u32::MAX)]
    until_time: u32,
    /// Movements followed at most.
    #[arg(long, default_value_t = Bounds::default().max_edges)]
    max_edges: usize,
    /// Follow through attributed services.
    #[arg(long)]
    through_services: bool,
    /// How to print.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Rows of the table.
    #[arg(long, default_value_t = 40)]
    rows: usize,
    /// Write a signed evidence bundle to this file.
    #[arg(long)]
    bundle: Option<PathBuf>,
}

pub fn trace(args: TraceArgs, as_json: bool) -> anyhow::Result<()> {
    let workspace = Workspace::open(&args.store.store)?;
    let request = TraceRequest {
        subject: args.subject,
        entity: args.entity,
        options: TraceOptions {
            direction: args.direction,
            policy: args.policy,
            through_services: args.through_services,
            bounds: Bounds {
                max_hops: args.max_hops,
                min_value: args.min_value,
                from_time: args.from_time,
                until_time: args.until_time,
                max_edges: args.max_edges,
            },
        },
    };
    let report = match &args.bundle {
        None => workspace.trace_for(&request, Tlp::Red)?.1,
        Some(path) => {
            let key = workspace.signing_key(entropy)?;
            let (report, bytes) = workspace.bundle(&request, &key, &now())?;
            std::fs::write(path, bytes).with_context(|| path.display().to_string())?;
            eprintln!(
                "Evidence bundle written to {}, signed by {}. Check it with: holdfast verify {}",
                path.display(),
                hex::encode(key.verifying_key().as_bytes()),
                path.display()
            );
            report
        }
    };
    match (as_json, args.format) {
        (true, _) | (_, Format::Json) => output::json(&report)?,
        (_, Format::Table) => print!("{}", render::table(&report, args.rows)),
        (_, Format::Graphviz) => print!("{}", render::graphviz(&report)),
        (_, Format::Mermaid) => print!("{}", render::mermaid(&report)),
        (_, Format::Html) => print!("{}", render::html(&report)),
    }
    Ok(())
}

#[derive(Args)]
pub struct ExposureArgs {
    /// Address, txid or output (txid:index).
    subject: Option<String>,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    server: ServerArgs,
    /// Ask for the whole entity of an address.
    #[arg(long)]
    entity: bool,
    /// Recompute the exposures of the whole ledger first.
    #[arg(long)]
    rebuild: bool,
}

/// Computes the exposures of the whole ledger again; returns of how many transactions.
fn rebuild_exposures(args: &ExposureArgs) -> anyhow::Result<u64> {
    let reach = match reach_chain(&args.store.store, &args.server) {
        // A damaged file is what is computed again.
        Err(e) if matches!(e.downcast_ref(), Some(WorkspaceError::Exposures(_))) => {
            let damaged = args.store.store.join("exposures");
            std::fs::remove_file(&damaged).with_context(|| damaged.display().to_string())?;
            reach_chain(&args.store.store, &args.server)?
        }
        reach => reach?,
    };
    match reach {
        ChainReach::There(client) => Ok(client.post("/api/v1/exposures/rebuild").fetch::<Value>()?.count("txs")),
        ChainReach::Here(mut workspace) => {
            workspace.recompute_exposures();
            workspace.save()?;
            Ok(u64::from(workspace.exposures.done()))
        }
    }
}

pub fn exposure(args: ExposureArgs, as_json: bool) -> anyhow::Result<()> {
    if args.rebuild {
        println!("Recomputed the exposures of {} transactions.", thousands(rebuild_exposures(&args)?));
    }
    let Some(subject) = args.subject else {
        if args.rebuild {
            return Ok(());
        }
        bail!("name an address, transaction or output, or give --rebuild");
    };
    let workspace = Workspace::open(&args.store.store)?;
    let exposure = workspace.exposure(&subject, args.entity)?;
    if as_json {
        return output::json(&exposure);
    }
    print_exposure(&exposure, workspace.asset());
    Ok(())
}

#[derive(Args)]
pub struct PathsArgs {
    /// An address of the first entity.
    from: String,
    /// An address of the second entity.
    to: String,
    #[command(flatten)]
    store: StoreArgs,
    /// Transactions at most.
    #[arg(long, default_value_t = 50)]
    max_hops: u32,
    /// Paths at most.
    #[arg(long, default_value_t = 10)]
    most: usize,
}

pub fn paths(args: PathsArgs, as_json: bool) -> anyhow::Result<()> {
    let workspace = Workspace::open(&args.store.store)?;
    let options =
        TraceOptions { bounds: Bounds { max_hops: args.max_hops, ..Bounds::default() }, ..TraceOptions::default() };
    let paths = workspace.paths(&args.from, &args.to, &options, args.most)?;
    if as_json {
        return output::json(&paths);
    }
    let asset = workspace.asset();
    for path in &paths {
        println!("{} {asset} arrived by {} steps:", coins(path.amount), path.steps.len());
        for step in &path.steps {
            let label = step.label.as_ref().map(|l| format!(" [{l}]")).unwrap_or_default();
            println!("  {:>18} {asset}  {}:{} at {}{label}", coins(step.amount), step.txid, step.vout, step.address);
        }
    }
    println!("{} paths.", paths.len());
    Ok(())
}

#[derive(Args)]
pub struct Verify {
    /// The bundle, or the production.
    file: PathBuf,
    /// The signer's public key that you expect (64 hex digits).
    #[arg(long)]
    public_key: Option<String>,
    /// Key file (age) that opens an encrypted production.
    #[arg(long)]
    identity: Option<PathBuf>,
    /// For the record of a scan: seized material to compare with what was scanned. A record chooses no file to read.
    #[arg(long)]
    material: Vec<PathBuf>,
}

pub fn verify(args: Verify, as_json: bool) -> anyhow::Result<()> {
    let bytes = output::read_bounded(&args.file, bundle::MAX_BUNDLE_BYTES)?;
    if holdfast_forensics::record::is_record(&bytes) {
        return verify_record(&args.file, args.public_key.as_deref(), &args.material, as_json);
    }
    if !args.material.is_empty() {
        bail!("{}: is no record of a scan; --material belongs to one", args.file.display());
    }
    verify_file(&args.file, args.public_key.as_deref(), args.identity.as_deref(), as_json)
}

/// Verifies the record of a scan with the results beside it and the material that was named.
fn verify_record(path: &Path, public_key: Option<&str>, material: &[PathBuf], as_json: bool) -> anyhow::Result<()> {
    let found = holdfast_forensics::record::verify(path, public_key, material)?;
    if as_json {
        output::json(&found)?;
    } else {
        found.passed.iter().for_each(|line| println!("ok      {line}"));
        found.claims.iter().for_each(|line| println!("claim   {line}"));
        found.failures.iter().for_each(|line| println!("FAILED  {line}"));
    }
    if !found.failures.is_empty() {
        bail!("{}: {} checks failed", path.display(), found.failures.len());
    }
    if !as_json {
        println!("The record is valid.");
    }
    Ok(())
}
