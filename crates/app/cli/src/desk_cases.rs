//! `holdfast desk officers`, `holdfast desk cases` and `holdfast desk productions`.

use crate::desk::IntakeArgs;
use crate::output;
use anyhow::Context;
use clap::Subcommand;
use holdfast_cases::case::{CaseStep, NewCase, Person};
use holdfast_input::time::rfc3339;
use holdfast_requests::portal::Verdict;
use holdfast_types::ids::{CaseId, OfficerId, ProductionId};
use holdfast_workspace::Workspace;
use serde_json::json;
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum OfficersCommand {
    /// List officers.
    List {
        #[command(flatten)]
        intake: IntakeArgs,
        /// registered, proved, approved or suspended.
        #[arg(long)]
        state: Option<String>,
    },
    /// Approve or suspend an officer, or let one set the second factor up anew.
    Judge {
        #[command(flatten)]
        intake: IntakeArgs,
        /// Number.
        id: OfficerId,
        /// approve, suspend or reset_factor.
        verdict: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
}

pub fn officers(command: OfficersCommand, as_json: bool) -> anyhow::Result<()> {
    let list = match command {
        OfficersCommand::List { intake, state } => intake.with(|d, _| d.officers(state.as_deref()))?,
        OfficersCommand::Judge { intake, id, verdict, reason } => {
            let verdict: Verdict =
                serde_json::from_value(json!(verdict)).context("verdict: approve, suspend or reset_factor")?;
            vec![intake.with(|d, actor| d.judge_officer(id, verdict, &reason, actor))?]
        }
    };
    if as_json {
        return output::json(&list);
    }
    for o in &list {
        let factors = match (o.app, o.passkeys) {
            (false, 0) => "no second factor".to_owned(),
            (app, keys) => format!("{}{keys} passkeys", if app { "app, " } else { "" }),
        };
        println!("{} {} <{}>, {} ({}): {}, {factors}", o.id, o.name, o.email, o.agency, o.country, o.state);
    }
    Ok(())
}

#[derive(Subcommand)]
pub enum CasesCommand {
    /// Open a case.
    Open {
        #[command(flatten)]
        intake: IntakeArgs,
        /// Title.
        title: String,
        /// What it is about.
        #[arg(long, default_value = "")]
        summary: String,
        /// Typology, such as stolen_card_laundering.
        #[arg(long)]
        typology: Option<String>,
    },
    /// List cases.
    List {
        #[command(flatten)]
        intake: IntakeArgs,
        /// open or closed.
        #[arg(long)]
        state: Option<String>,
    },
    /// Show a case.
    Show {
        #[command(flatten)]
        intake: IntakeArgs,
        /// Number.
        id: CaseId,
    },
    /// Change a case: add a subject, address, transaction, note or task, note custody, close it. The step is JSON as the API's.
    Step {
        #[command(flatten)]
        intake: IntakeArgs,
        /// Number.
        id: CaseId,
        /// Such as {"step":"add","kind":"note","title":"Called the victim back."}.
        step: String,
    },
    /// Add a file as an exhibit.
    Exhibit {
        #[command(flatten)]
        intake: IntakeArgs,
        /// Number.
        id: CaseId,
        /// The file.
        file: PathBuf,
        /// Where it came from.
        #[arg(long)]
        place: String,
        /// Media type, checked against the bytes.
        #[arg(long, default_value = "application/octet-stream")]
        media_type: String,
    },
    /// Write the case's report (PDF).
    Report {
        #[command(flatten)]
        intake: IntakeArgs,
        /// Number.
        id: CaseId,
        /// File.
        #[arg(long)]
        out: PathBuf,
    },
}

/// Who works on the store itself: every case is open.
pub fn person(actor: &str) -> Person {
    Person { name: actor.to_owned(), reads_all: true, changes_all: true }
}

pub fn cases(command: CasesCommand, as_json: bool) -> anyhow::Result<()> {
    use CasesCommand::{Exhibit, List, Open, Report, Show, Step};
    let (intake, id) = match command {
        Open { intake, title, summary, typology } => {
            let new = NewCase { title, summary, typology };
            let case = intake.with_cases(|d, actor| d.open_case(new, &person(actor)))?;
            (intake, case.id)
        }
        List { intake, state } => {
            let list = intake.with_cases(|d, actor| d.cases(state.as_deref(), &person(actor)))?;
            if as_json {
                return output::json(&list);
            }
            for c in &list {
                println!("{} {}: {}, opened {} by {}", c.id, c.title, c.state, rfc3339(c.created), c.created_by);
            }
            return Ok(());
        }
        Show { intake, id } => (intake, id),
        Step { intake, id, step } => {
            let step: CaseStep = serde_json::from_str(&step).context("step")?;
            intake.with_cases(|d, actor| d.change_case(id, step, &person(actor)))?;
            (intake, id)
        }
        Exhibit { intake, id, file, place, media_type } => {
            let name = file.file_name().map(|n| n.to_string_lossy().into_owned()).context("a file has a name")?;
            let bytes = output::read_bounded(&file, holdfast_documents::MAX_FILE_BYTES as usize)?;
            intake.with_cases(|d, actor| d.add_exhibit(id, &name, &media_type, &place, &bytes, &person(actor)))?;
            (intake, id)
        }
        Report { intake, id, out } => {
            let workspace = Workspace::open(intake.store()).ok();
            let pdf = intake.with_cases(|d, actor| d.case_report(id, workspace.as_ref(), &person(actor)))?;
            std::fs::write(&out, pdf).with_context(|| out.display().to_string())?;
            println!("{}", out.display());
            return Ok(());
        }
    };
    let workspace = Workspace::open(intake.store()).ok();
    let file = intake.with_cases(|d, actor| d.case(id, workspace.as_ref(), &person(actor)))?;
    if as_json {
        return output::json(&file);
    }
    println!("case {}: {} ({})", file.case.id, file.case.title, file.case.state);
    if !file.case.summary.is_empty() {
        println!("{}", file.case.summary);
    }
    for item in &file.items {
        println!("  {} {} {} {}", item.id, item.kind, item.key, item.title);
    }
    for link in &file.links {
        println!("  linked with case {}: {}", link.case, link.because.join("; "));
    }
    Ok(())
}

#[derive(Subcommand)]
pub enum ProductionsCommand {
    /// Pack what was approved for a request, encrypted to the officer's keys and to further ones.
    Make {
        #[command(flatten)]
        intake: IntakeArgs,
        /// Request.
        request: String,
        /// age recipients besides the officer's.
        #[arg(long = "to")]
        recipients: Vec<String>,
    },
    /// Productions for a request, with who fetched them.
    List {
        #[command(flatten)]
        intake: IntakeArgs,
        /// Request.
        request: String,
    },
    /// Write a package to a file; the fetch is logged.
    Fetch {
        #[command(flatten)]
        intake: IntakeArgs,
        /// Request.
        request: String,
        /// Number.
        number: ProductionId,
        /// File.
        #[arg(long)]
        out: PathBuf,
    },
}

pub fn productions(command: ProductionsCommand, as_json: bool) -> anyhow::Result<()> {
    let list = match command {
        ProductionsCommand::Make { intake, request, recipients } => {
            vec![intake.with(|d, actor| d.produce(&request, &recipients, actor))?]
        }
        ProductionsCommand::List { intake, request } => intake.with(|d, actor| d.productions(&request, actor))?,
        ProductionsCommand::Fetch { intake, request, number, out } => {
            let bytes = intake.with(|d, actor| d.fetch(&request, number, actor))?;
            std::fs::write(&out, bytes).with_context(|| out.display().to_string())?;
            println!("{}", out.display());
            return Ok(());
        }
    };
    if as_json {
        return output::json(&list);
    }
    for p in &list {
        println!(
            "{} for {}: {} bytes, SHA-256 {}, until {}, fetched {} times",
            p.id,
            p.request,
            p.size,
            p.sha256,
            rfc3339(p.expires),
            p.downloads.len()
        );
    }
    Ok(())
}
