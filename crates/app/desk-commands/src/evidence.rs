//! `holdfast evidence`: seeds, keys, addresses and wallets in seized material.

use crate::answer::Fields;
use crate::args::DeskArgs;
use crate::desk_cases::person;
use crate::output;
use crate::running::Reach;
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use ed25519_dalek::SigningKey;
use holdfast_cases::Cases;
use holdfast_cases::case::NewCase;
use holdfast_cases::seized::{Holding, ImportedScan, RECORD_FILES, ScanOrder, SentScan, derive_all};
use holdfast_chains::open_chains;
use holdfast_client::{Client, api_path};
use holdfast_console::desk_key::key_ring;
use holdfast_console::scan::print_scan;
use holdfast_console::vault;
use holdfast_forensics::derive::{Derived, GAP};
use holdfast_forensics::record::{self, Custody};
use holdfast_forensics::scan::{MAX_UNPACKED, Progress, Report, scan};
use holdfast_forensics::seal::{Sealed, Sealer, open};
use holdfast_screening::Screening;
use holdfast_state::system::{entropy, now};
use holdfast_types::ids::CaseId;
use serde_json::{Value, json};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub enum EvidenceCommand {
    /// Scan files, folders, archives, disk images, memory dumps or devices. Nothing is ever written to them. A scan
    /// that was stopped goes on when it is run again.
    Scan(ScanArgs),
    /// Print sealed secrets, for the holder of the key. Each use of a case's key is in the audit log.
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
    /// Number of the case whose key seals the secrets.
    #[arg(long)]
    case: Option<CaseId>,
    /// File with the secret key (AGE-SECRET-KEY-1...), instead of a case.
    #[arg(long, conflicts_with = "case")]
    identity: Option<PathBuf>,
}

#[derive(Args)]
pub struct ScanArgs {
    /// Files, folders or devices to scan.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Folder for the results.
    #[arg(long)]
    out: PathBuf,
    /// Open a case with this title for the findings.
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
    /// Addresses derived from each branch.
    #[arg(long, default_value_t = GAP)]
    gap: u32,
}

/// Works with the cases of a store in this process.
fn with_cases<T>(
    args: &DeskArgs,
    screening: &Screening,
    run: impl FnOnce(&Cases<'_>) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let store = &args.store.store;
    let (key_ring, vault) = (key_ring(store, screening)?, vault(store));
    run(&Cases { screening, key_ring: &key_ring, vault: &vault })
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

/// Returns a progress bar for a scan; Ctrl-C stops the scan at the end of a block.
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

const STOPPED: &str = "stopped; the same command continues";

/// Scans to given keys, without a case; nothing of a desk is needed.
fn scan_to_keys(args: &ScanArgs, as_json: bool) -> anyhow::Result<()> {
    let begun = now();
    let report = scan(&args.paths, &args.out, &Sealer::new(&args.seal_to)?, &mut follow())?;
    anyhow::ensure!(report.complete, STOPPED);
    let identity = args.key.identity.as_deref().map(read_identity).transpose()?;
    let derived = derive_all(&report, identity.as_deref(), args.gap)?;
    let examiner = args.key.desk.actor.clone();
    let custody = Custody { examiner, exhibit: args.exhibit.clone(), begun, ended: now() };
    // No desk, so no desk's key: one for this record, whose public part stands in it.
    let key = SigningKey::from_bytes(&entropy()?);
    record::write(&args.out, &report, &derived, &custody, &key)?;
    show(&report, &derived, &[], None, as_json)
}

/// Returns the case that the command names, or opens one.
fn case_of(args: &ScanArgs, open: impl FnOnce(NewCase) -> anyhow::Result<CaseId>) -> anyhow::Result<CaseId> {
    match (&args.open_case, args.key.case) {
        (Some(title), _) => {
            let summary = format!("Seized material: {}", args.exhibit);
            open(NewCase { title: title.clone(), summary, typology: None })
        }
        (None, Some(case)) => Ok(case),
        (None, None) => bail!("name where secrets are sealed to: --case N, --open-case TITLE, or --seal-to age1..."),
    }
}

/// Scans for a case of the store, in this process.
fn scan_here(args: &ScanArgs, screening: &Screening, as_json: bool) -> anyhow::Result<()> {
    let desk_args = &args.key.desk;
    with_cases(desk_args, screening, |desk| {
        let who = person(&desk_args.actor);
        let case = case_of(args, |new| Ok(desk.open_case(new, &who)?.id))?;
        let chains = open_chains(&desk_args.store.store).unwrap_or_default();
        let order = ScanOrder {
            paths: &args.paths,
            out: &args.out,
            below: None,
            exhibit: &args.exhibit,
            gap: args.gap,
            most: MAX_UNPACKED,
        };
        let scanned = desk.scan_for_case(case, order, &chains, &who, &mut follow())?;
        let scanned = scanned.with_context(|| format!("{STOPPED} (with --case {case})"))?;
        show(&scanned.report, &scanned.derived, &scanned.holdings, Some(case), as_json)
    })
}

/// Scans in this process for a case of a running server: secrets are sealed to the case's key here, and only the sealed findings are sent.
fn scan_for_server(args: &ScanArgs, client: &Client, as_json: bool) -> anyhow::Result<()> {
    let case = case_of(args, |new| Ok(client.post("/api/v1/desk/cases").json(&new).fetch::<OpenedCase>()?.id))?;
    let path = |rest: &str| api_path(&["desk", "cases", &case.to_string(), rest]);
    let recipient = client.get(&path("recipient")).fetch::<Value>()?.word("recipient").to_owned();
    let begun = now();
    let report = scan(&args.paths, &args.out, &Sealer::new(&[recipient])?, &mut follow())?;
    anyhow::ensure!(report.complete, "{STOPPED} (with --case {case})");
    let sent = SentScan { exhibit: args.exhibit.clone(), gap: args.gap, report, begun, ended: now() };
    let kept = || format!("the results are in {}; case {case} does not have them", args.out.display());
    let imported: ImportedScan = client.post(&path("scans")).json(&sent).fetch().with_context(kept)?;
    for name in RECORD_FILES {
        let path = args.out.join(name);
        let text = imported.files.get(name).with_context(|| format!("the server sent no {name}"))?;
        std::fs::write(&path, text).with_context(|| path.display().to_string())?;
    }
    show(&sent.report, &imported.derived, &imported.holdings, Some(case), as_json)
}

/// The case that was opened.
#[derive(serde::Deserialize)]
struct OpenedCase {
    id: CaseId,
}

fn scan_command(args: &ScanArgs, as_json: bool) -> anyhow::Result<()> {
    for path in &args.paths {
        std::fs::metadata(path).with_context(|| path.display().to_string())?;
    }
    if !args.seal_to.is_empty() {
        return scan_to_keys(args, as_json);
    }
    match args.key.desk.reach()? {
        Reach::Here(screening) => scan_here(args, &screening, as_json),
        Reach::There(client) => scan_for_server(args, &client, as_json),
    }
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
    print_scan(report, derived, holdings);
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
