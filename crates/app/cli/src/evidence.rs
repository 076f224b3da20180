//! `holdfast evidence`: seeds, keys, addresses and wallets in seized material.

use crate::answer::Fields;
use crate::args::DeskArgs;
use crate::desk_cases::person;
use crate::output::{self, thousands};
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use ed25519_dalek::SigningKey;
use holdfast_api::system::{entropy, now};
use holdfast_cases::Cases;
use holdfast_cases::case::NewCase;
use holdfast_cases::seized::{Holding, ScanOrder, derive_all};
use holdfast_client::api_path;
use holdfast_console::desk_key::master;
use holdfast_console::vault;
use holdfast_forensics::Confidence;
use holdfast_forensics::derive::{Derived, GAP};
use holdfast_forensics::record::{self, Custody};
use holdfast_forensics::scan::{MAX_UNPACKED, Progress, Report, scan};
use holdfast_forensics::seal::{Sealed, Sealer, open};
use holdfast_screening::Screening;
use holdfast_types::ids::CaseId;
use holdfast_types::units::with_unit;
use holdfast_workspace::Workspace;
use serde_json::json;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub enum EvidenceCommand {
    /// Scan files, folders, archives, disk images, memory dumps or devices. Nothing is ever written to them. Run again, it goes on where it
    /// was.
    Scan(ScanArgs),
    /// Print sealed secrets, for who holds the key. Each look by a case's key is in the audit log.
    Secrets {
        /// Folder of a scan's results.
        results: PathBuf,
        #[command(flatten)]
        key: KeyArgs,
    },
}

#[derive(Args)]
pub struct KeyArgs {
    #[command(flatten)]
    desk: DeskArgs,
    /// The case whose key seals the secrets.
    #[arg(long)]
    case: Option<CaseId>,
    /// File with the secret key (AGE-SECRET-KEY-1...), instead of a case.
    #[arg(long, conflicts_with = "case")]
    identity: Option<PathBuf>,
}

#[derive(Args)]
pub struct ScanArgs {
    /// What is scanned.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Folder for the results.
    #[arg(long)]
    out: PathBuf,
    /// Opens a case with this title for what is found.
    #[arg(long, conflicts_with_all = ["case", "seal_to"])]
    open_case: Option<String>,
    /// Public keys (age1...) that secrets are sealed to, instead of a case's key. Addresses are then derived only with --identity.
    #[arg(long, conflicts_with = "case")]
    seal_to: Vec<String>,
    #[command(flatten)]
    key: KeyArgs,
    /// Number or name of the exhibit.
    #[arg(long, default_value = "exhibit")]
    exhibit: String,
    /// Addresses derived of each branch.
    #[arg(long, default_value_t = GAP)]
    gap: u32,
}

/// Why a scan for a case needs the desk in this process.
const SCANS_HERE: &str = "a scan reads files of this machine and works on the store itself: seal to a key with --seal-to instead, or send a file of \
up to 64 MiB to POST /api/v1/desk/cases/CASE/evidence/NAME";

/// Works with the cases of a store in this process.
fn with_cases<T>(
    args: &DeskArgs,
    screening: &Screening,
    run: impl FnOnce(&Cases<'_>) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let store = &args.store.store;
    let (master, vault) = (master(store, screening)?, vault(store));
    run(&Cases { screening, master: &master, vault: &vault })
}

/// The key that opens what scans sealed for a case.
fn case_secret_key(args: &DeskArgs, case: CaseId) -> anyhow::Result<String> {
    let here = |screening: &Screening| {
        with_cases(args, screening, |cases| {
            Ok(json!({ "secret_key": cases.case_secret_key(case, &person(&args.actor))? }))
        })
    };
    let path = api_path(&["desk", "cases", &case.to_string(), "secret-key"]);
    Ok(args.answer(here, |c| c.post(&path))?.word("secret_key").to_owned())
}

fn read_identity(path: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let key = text.lines().find(|l| l.starts_with("AGE-SECRET-KEY-1"));
    key.map(str::to_owned).with_context(|| format!("{}: has no line with AGE-SECRET-KEY-1...", path.display()))
}

/// A bar that follows a scan; Ctrl-C stops it at a block's end.
fn follow() -> impl FnMut(&Progress) -> ControlFlow<()> {
    let bar = output::bar(0, "scanning (bytes)");
    move |p: &Progress| {
        bar.set_length(p.total);
        bar.set_position(p.done);
        if p.done == p.total {
            bar.finish_and_clear();
        }
        output::stopping()
    }
}

const STOPPED: &str = "stopped; the same command goes on where it was";

fn print(report: &Report, derived: &[Derived], holdings: &[Holding]) {
    for f in &report.findings {
        let sure = match f.confidence {
            Confidence::High => "",
            Confidence::Medium => " (perhaps)",
            Confidence::Low => " (by form only)",
        };
        println!("{} at {} of {}{sure}: {} {}", f.kind.name(), thousands(f.offset), f.source, f.value, f.detail);
        if !f.context.is_empty() {
            println!("    {}", f.context);
        }
    }
    for note in &report.notes {
        println!("note: {note}");
    }
    for source in &report.sources {
        source.warnings.iter().filter(|w| !source.not_opened.contains(w)).for_each(|w| println!("note: {w}"));
        source.not_opened.iter().for_each(|w| println!("not opened: {w}"));
    }
    if !derived.is_empty() {
        println!("{} addresses derived", thousands(derived.len() as u64));
    }
    for h in holdings {
        println!(
            "{} {} ({}): received {}, holds {}",
            h.asset,
            h.address,
            h.origin,
            with_unit(h.received, &h.asset),
            with_unit(h.balance, &h.asset)
        );
        h.tags.iter().for_each(|t| println!("    tagged {t}"));
        for (category, share) in h.went_to.iter().take(5) {
            println!("    {:.1} % went to {category}", *share as f64 / 10_000.0);
        }
        h.customers.iter().for_each(|m| println!("    customer {}: {}", m.customer, m.because.join("; ")));
    }
    let bytes: u64 = report.sources.iter().map(|s| s.size).sum();
    println!(
        "{} findings, {} secrets sealed, in {} files of {} bytes",
        thousands(report.findings.len() as u64),
        thousands(report.sealed.len() as u64),
        thousands(report.sources.len() as u64),
        thousands(bytes)
    );
    match report.not_opened().count() {
        0 => {}
        n => println!("{} things were not opened (listed above): something may be in them", thousands(n as u64)),
    }
}

fn scan_command(args: &ScanArgs, as_json: bool) -> anyhow::Result<()> {
    for path in &args.paths {
        std::fs::metadata(path).with_context(|| path.display().to_string())?;
    }
    let desk_args = &args.key.desk;
    if !args.seal_to.is_empty() {
        let begun = now();
        let report = scan(&args.paths, &args.out, &Sealer::new(&args.seal_to)?, &mut follow())?;
        anyhow::ensure!(report.complete, STOPPED);
        let identity = args.key.identity.as_deref().map(read_identity).transpose()?;
        let derived = derive_all(&report, identity.as_deref(), args.gap)?;
        let custody = Custody { examiner: desk_args.actor.clone(), exhibit: args.exhibit.clone(), begun, ended: now() };
        // No desk, so no desk's key: one for this record, whose public part stands in it.
        let key = SigningKey::from_bytes(&entropy()?);
        record::write(&args.out, &report, &derived, &custody, &key)?;
        return show(&report, &derived, &[], None, as_json);
    }
    let screening = desk_args.open_alone(SCANS_HERE)?;
    with_cases(desk_args, &screening, |desk| {
        let who = person(&desk_args.actor);
        let case = match (&args.open_case, args.key.case) {
            (Some(title), _) => {
                let new = NewCase {
                    title: title.clone(),
                    summary: format!("Seized material: {}", args.exhibit),
                    typology: None,
                };
                desk.open_case(new, &who)?.id
            }
            (None, Some(case)) => case,
            (None, None) => {
                bail!("name where secrets are sealed to: --case N, --open-case TITLE, or --seal-to age1...")
            }
        };
        let workspace = Workspace::open(&desk_args.store.store).ok();
        let order = ScanOrder {
            paths: &args.paths,
            out: &args.out,
            below: None,
            exhibit: &args.exhibit,
            gap: args.gap,
            most: MAX_UNPACKED,
        };
        let scanned = desk.scan_for_case(case, order, workspace.as_ref(), &who, &mut follow())?;
        let scanned = scanned.with_context(|| format!("{STOPPED} (with --case {case})"))?;
        show(&scanned.report, &scanned.derived, &scanned.holdings, Some(case), as_json)
    })
}

fn show(
    report: &Report,
    derived: &[Derived],
    holdings: &[Holding],
    case: Option<CaseId>,
    as_json: bool,
) -> anyhow::Result<()> {
    if as_json {
        return output::json(&json!({ "report": report, "derived": derived, "holdings": holdings, "case": case }));
    }
    print(report, derived, holdings);
    if let Some(case) = case {
        println!("case {case} has the results as exhibits");
    }
    Ok(())
}

fn sealed(results: &Path) -> anyhow::Result<Vec<Sealed>> {
    let path = results.join("sealed.jsonl");
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    text.lines().map(|l| serde_json::from_str(l).with_context(|| path.display().to_string())).collect()
}

pub fn run(command: EvidenceCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        EvidenceCommand::Scan(args) => scan_command(&args, as_json),
        EvidenceCommand::Secrets { results, key } => {
            let identity = match (&key.identity, key.case) {
                (Some(file), _) => read_identity(file)?,
                (None, Some(case)) => case_secret_key(&key.desk, case)?,
                (None, None) => bail!("name the key: --case N or --identity FILE"),
            };
            let secrets = open(&identity, &sealed(&results)?)?;
            if as_json {
                return output::json(&secrets);
            }
            secrets.iter().for_each(|(print, secret)| println!("{print} {secret}"));
            Ok(())
        }
    }
}
