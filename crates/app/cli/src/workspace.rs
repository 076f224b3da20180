//! Commands that change what is known of a chain: tags and clusters; and the verifier of evidence.

use crate::answer::Fields;
use crate::args::{ServerArgs, StoreArgs};
use crate::chain_reader::server_of;
use crate::lookup::ChainArgs;
use crate::output::{self, thousands};
use crate::running::{ChainReach, TagsReach, reach_chain, reach_tags};
use crate::tags::{self, AddOwn, ChangeOwn, RemoveOwn, TagsList};
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use holdfast_account_workspace::AccountWorkspace;
use holdfast_analysis::bundle;
use holdfast_attribution::import::{ImportReport, collect};
use holdfast_attribution::tags::Conflict;
use holdfast_attribution::{ChangeRule, ClusterOptions, CoinjoinSet, Tlp};
use holdfast_chains::StoreTags;
use holdfast_client::{Client, api_path};
use holdfast_console::show::verify_file;
use holdfast_workspace::Workspace;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;

#[derive(Subcommand)]
pub enum TagsCommand {
    /// Import TagPacks, ActorPacks, OFAC lists (sdn_advanced*.xml, sanctioned_addresses_*.txt), labels of block explorers (etherscan*.json) and CSV from files or folders.
    Import(TagsImport),
    /// List addresses whose tags disagree.
    Conflicts(ChainArgs),
    /// Remove all tags of a pack, by its title.
    Remove(TagsRemove),
    /// List tags, the last imported first: all, or those of an address, a name, a category, a pack, an actor.
    List(Box<TagsList>),
    /// List the packs that tags come from, with their counts.
    Packs(ChainArgs),
    /// State a tag of the desk's own: what an address is, with the source.
    AddOwn(AddOwn),
    /// State a tag of the desk's own anew.
    ChangeOwn(ChangeOwn),
    /// Take a tag of the desk's own back.
    RemoveOwn(RemoveOwn),
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

pub fn tags_command(command: TagsCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        TagsCommand::Import(args) => import_tags(&args, as_json),
        TagsCommand::Conflicts(args) => {
            let conflicts = conflicts(&args)?;
            if as_json {
                return output::json(&conflicts);
            }
            for c in &conflicts {
                let values: Vec<String> = c.values.iter().map(|(v, pack)| format!("{v} ({pack})")).collect();
                println!("{} {}: {} is {}", c.asset, c.address, c.field, values.join(" or "));
            }
            println!("{} conflicts.", thousands(conflicts.len()));
            Ok(())
        }
        TagsCommand::Remove(args) => remove_tags(&args),
        TagsCommand::List(args) => tags::list(&args, as_json),
        TagsCommand::Packs(args) => tags::packs(&args, as_json),
        TagsCommand::AddOwn(args) => tags::add_own(&args, as_json),
        TagsCommand::ChangeOwn(args) => tags::change_own(&args, as_json),
        TagsCommand::RemoveOwn(args) => tags::remove_own(&args, as_json),
    }
}

/// Returns the addresses whose tags disagree.
fn conflicts(args: &ChainArgs) -> anyhow::Result<Vec<Conflict>> {
    let store = &args.store.store;
    let is_alone = || anyhow::Ok(!Workspace::is_in(store) && !AccountWorkspace::chains_of(store)?.is_empty());
    if server_of(&args.store, &args.server)?.is_none() && is_alone()? {
        return Ok(AccountWorkspace::tags_of(store)?.conflicts());
    }
    args.open()?.query(|w| Ok(w.tags.conflicts()), |c| c.get("/api/v1/tags/conflicts"))
}

/// Imports files; returns the report, and the number of tagged addresses of the ledger.
fn import_here(
    workspace: &mut Workspace,
    files: Vec<(String, Vec<u8>)>,
    label: Option<Tlp>,
) -> anyhow::Result<(ImportReport, u64)> {
    let report = workspace.import_tags_as(files, label);
    workspace.refresh()?;
    Ok((report, workspace.summary().tagged_addresses))
}

/// As [`import_here`], into a store of account chains alone.
fn import_alone(
    tags: &mut StoreTags,
    files: Vec<(String, Vec<u8>)>,
    label: Option<Tlp>,
) -> anyhow::Result<(ImportReport, u64)> {
    let report = tags.import(files, label);
    tags.save()?;
    Ok((report, tags.tagged_accounts()?))
}

/// The status of an answer whose work a job does.
const IN_WORK: u16 = 202;
/// Pause between two looks at a job.
const PAUSE: Duration = Duration::from_millis(500);

/// Waits for the job of a large file; returns what it did, or why the file was refused.
fn by_job(client: &Client, name: &str, answer: &[u8]) -> anyhow::Result<Result<ImportReport, String>> {
    let job: Value = serde_json::from_slice(answer).context("the server's answer about its job")?;
    let id = job.count("id");
    let path = api_path(&["tags", "imports", &id.to_string()]);
    let bar = output::bar(0u64, "the server imports tags");
    loop {
        let mut now: Value = client.get(&path).fetch()?;
        bar.set_length(now["job"].count("all"));
        bar.set_position(now["job"].count("done"));
        match now["job"].word("state") {
            "waiting" | "running" => {}
            "done" if !now["report"].is_null() => {
                bar.finish_and_clear();
                return Ok(Ok(serde_json::from_value(now["report"].take())?));
            }
            "done" => bail!("job {id} imported {name}; what it did is not stored any more"),
            _ => {
                bar.finish_and_clear();
                return Ok(Err(format!("{name}: job {id}: {}", now["job"].word("error"))));
            }
        }
        crate::live::pause(PAUSE);
        let stopped = || format!("stopped; the server goes on with job {id}, `holdfast jobs cancel {id}` ends it");
        anyhow::ensure!(output::stopping().is_continue(), stopped());
    }
}

/// Imports files by a running server, one by one.
fn import_there(
    client: &Client,
    files: Vec<(String, Vec<u8>)>,
    label: Option<Tlp>,
) -> anyhow::Result<(ImportReport, u64)> {
    let mut all = ImportReport::default();
    for (name, bytes) in files {
        let request = client.post("/api/v1/tags").query("name", &name).query_opt("tlp", label.map(Tlp::name));
        let answer = request.body(bytes, "application/octet-stream").send()?;
        match answer.status {
            IN_WORK => match by_job(client, &name, &answer.body)? {
                Ok(report) => all.add(report),
                Err(refused) => all.refused.push(refused),
            },
            400 => all.refused.push(answer.message()),
            _ => {
                anyhow::ensure!(answer.is_success(), answer.message());
                all.add(serde_json::from_slice(&answer.body).context("the server's answer about an import")?);
            }
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
    let (report, tagged) = match reach_tags(&args.store.store, &args.server)? {
        TagsReach::Chain(ChainReach::Here(mut workspace)) => import_here(&mut workspace, files, label)?,
        TagsReach::Chain(ChainReach::There(client)) => import_there(&client, files, label)?,
        TagsReach::Alone(mut tags) => import_alone(&mut tags, files, label)?,
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
        thousands(report.packs),
        thousands(report.tags),
        thousands(report.new_tags),
        thousands(report.actors),
        thousands(tagged)
    );
    for line in report.lines() {
        println!("  {line}");
    }
    refused()
}

fn remove_tags(args: &TagsRemove) -> anyhow::Result<()> {
    let found = |removed: usize| match removed {
        0 => bail!("no pack is titled '{}'", args.title),
        removed => Ok(removed as u64),
    };
    let removed = match reach_tags(&args.store.store, &args.server)? {
        TagsReach::Chain(ChainReach::Here(mut workspace)) => {
            let removed = found(workspace.remove_pack(&args.title))?;
            workspace.refresh()?;
            removed
        }
        TagsReach::Alone(mut tags) => {
            let removed = found(tags.remove_pack(&args.title))?;
            tags.save()?;
            removed
        }
        TagsReach::Chain(ChainReach::There(client)) => {
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
pub struct Verify {
    /// Bundle, production, certificate, learned model, or record of a scan.
    file: PathBuf,
    /// Expected public key of the signer (64 hex digits).
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
