//! `holdfast desk officers`, `holdfast desk cases` and `holdfast desk productions`.

use crate::answer::Fields;
use crate::desk::IntakeArgs;
use crate::output;
use anyhow::Context;
use clap::Subcommand;
use holdfast_cases::Cases;
use holdfast_cases::case::{CaseState, CaseStep, NewCase, Person};
use holdfast_chains::open_chains;
use holdfast_client::api_path;
use holdfast_console::args::named;
use holdfast_requests::Desk;
use holdfast_requests::portal::{OfficerState, Verdict};
use holdfast_types::ids::{CaseId, OfficerId, ProductionId};
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub enum OfficersCommand {
    /// List officers.
    List {
        #[command(flatten)]
        intake: IntakeArgs,
        /// registered, proved, approved or suspended.
        #[arg(long, value_parser = named::<OfficerState>())]
        state: Option<OfficerState>,
    },
    /// Approve or suspend an officer, or let one set up the second factor again.
    Judge {
        #[command(flatten)]
        intake: IntakeArgs,
        /// Number of the officer.
        id: OfficerId,
        /// approve, suspend or reset_factor.
        verdict: String,
        /// Reason.
        #[arg(long)]
        reason: String,
    },
}

pub fn officers(command: OfficersCommand, as_json: bool) -> anyhow::Result<()> {
    let list = match command {
        OfficersCommand::List { intake, state } => {
            let path = "/api/v1/desk/officers";
            let here = |d: &Desk<'_>| -> anyhow::Result<_> {
                // As the server records it.
                d.screening.note_look("data.read", path, "{}".into(), intake.actor())?;
                Ok(d.officers(state)?)
            };
            intake.answer(here, |c| c.get(path).query_opt("state", state.as_ref()))?
        }
        OfficersCommand::Judge { intake, id, verdict, reason } => {
            let verdict: Verdict =
                serde_json::from_value(json!(verdict)).context("verdict: approve, suspend or reset_factor")?;
            let path = api_path(&["desk", "officers", &id.to_string()]);
            let judged = intake.answer(
                |d| d.judge_officer(id, verdict, &reason, intake.actor()),
                |c| c.post(&path).json(&json!({ "verdict": verdict, "reason": reason })),
            )?;
            judged.in_list()
        }
    };
    if as_json {
        return list.print();
    }
    for o in list.rows("officers") {
        let factors = match (o.is("app"), o.count("passkeys")) {
            (false, 0) => "no second factor".to_owned(),
            (app, keys) => format!("{}{keys} passkeys", if app { "app, " } else { "" }),
        };
        let (id, name, email, agency) = (o.count("id"), o.word("name"), o.word("email"), o.word("agency"));
        println!("{id} {name} <{email}>, {agency} ({}): {}, {factors}", o.word("country"), o.word("state"));
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
        /// Summary.
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
        #[arg(long, value_parser = named::<CaseState>())]
        state: Option<CaseState>,
    },
    /// Show a case.
    Show {
        #[command(flatten)]
        intake: IntakeArgs,
        /// Number of the case.
        id: CaseId,
    },
    /// Change a case: add a subject, address, transaction, note or task, record custody, close it. The step is JSON, as in the API.
    Step {
        #[command(flatten)]
        intake: IntakeArgs,
        /// Number of the case.
        id: CaseId,
        /// Such as {"step":"add","kind":"note","title":"Called the victim back."}.
        step: String,
    },
    /// Add a file as an exhibit.
    Exhibit {
        #[command(flatten)]
        intake: IntakeArgs,
        /// Number of the case.
        id: CaseId,
        /// File to add.
        file: PathBuf,
        /// Where it came from, for the custody record.
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
        /// Number of the case.
        id: CaseId,
        /// File to write.
        #[arg(long)]
        out: PathBuf,
    },
}

/// Who works on the store itself: every case is open.
pub fn person(actor: &str) -> Person {
    Person { name: actor.to_owned(), reads_all: true, changes_all: true }
}

pub fn cases(command: CasesCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        CasesCommand::List { intake, state } => list_cases(&intake, state, as_json),
        CasesCommand::Report { intake, id, out } => write_report(&intake, id, &out),
        CasesCommand::Show { intake, id } => show_case(&intake, id, as_json),
        CasesCommand::Open { intake, title, summary, typology } => {
            let new = NewCase { title, summary, typology };
            let opened = intake.answer(
                |d| Cases::from(*d).open_case(new.clone(), &person(intake.actor())),
                |c| c.post("/api/v1/desk/cases").json(&new),
            )?;
            show_case(&intake, serde_json::from_value(opened["id"].clone()).context("id of the case")?, as_json)
        }
        CasesCommand::Step { intake, id, step } => {
            let step: CaseStep = serde_json::from_str(&step).context("step")?;
            intake.answer(
                |d| Cases::from(*d).change_case(id, step.clone(), &person(intake.actor())),
                |c| c.post(&case_path(id, &[])).json(&step),
            )?;
            show_case(&intake, id, as_json)
        }
        CasesCommand::Exhibit { intake, id, file, place, media_type } => {
            let name = file.file_name().map(|n| n.to_string_lossy().into_owned()).context("a file has a name")?;
            let bytes = output::read_bounded(&file, usize::try_from(holdfast_documents::MAX_FILE_BYTES)?)?;
            let who = person(intake.actor());
            intake.answer(
                |d| Cases::from(*d).add_exhibit(id, &name, &media_type, &place, &bytes, &who),
                |c| {
                    let request = c.put(&case_path(id, &["exhibits", &name]));
                    let request = request.query("media_type", &media_type).query("place", &place);
                    request.body(bytes.clone(), "application/octet-stream")
                },
            )?;
            show_case(&intake, id, as_json)
        }
    }
}

/// The path of a case, or of something of it.
fn case_path(id: CaseId, rest: &[&str]) -> String {
    let id = id.to_string();
    api_path(&[&["desk", "cases", id.as_str()], rest].concat())
}

fn write_report(intake: &IntakeArgs, id: CaseId, out: &Path) -> anyhow::Result<()> {
    let here = |d: &Desk<'_>| {
        let chains = open_chains(intake.store()).unwrap_or_default();
        Cases::from(*d).case_report(id, &chains, &person(intake.actor()))
    };
    let pdf = intake.bytes(here, |c| c.get(&case_path(id, &["report.pdf"])))?;
    std::fs::write(out, pdf).with_context(|| out.display().to_string())?;
    println!("{}", out.display());
    Ok(())
}

fn show_case(intake: &IntakeArgs, id: CaseId, as_json: bool) -> anyhow::Result<()> {
    let here = |d: &Desk<'_>| {
        let chains = open_chains(intake.store()).unwrap_or_default();
        Cases::from(*d).case(id, &chains, &person(intake.actor()))
    };
    let file = intake.answer(here, |c| c.get(&case_path(id, &[])))?;
    if as_json {
        return file.print();
    }
    let case = &file["case"];
    println!("case {id}: {} ({})", case.word("title"), case.word("state"));
    if !case.word("summary").is_empty() {
        println!("{}", case.word("summary"));
    }
    for item in file.list("items") {
        println!("  {} {} {} {}", item.count("id"), item.word("kind"), item.word("key"), item.word("title"));
    }
    for link in file.list("links") {
        println!("  linked with case {}: {}", link.count("case"), link.words("because").join("; "));
    }
    Ok(())
}

fn list_cases(intake: &IntakeArgs, state: Option<CaseState>, as_json: bool) -> anyhow::Result<()> {
    let list = intake.answer(
        |d| Cases::from(*d).cases(state, &person(intake.actor())),
        |c| c.get("/api/v1/desk/cases").query_opt("state", state),
    )?;
    if as_json {
        return list.print();
    }
    for c in list.rows("cases") {
        let opened = c.time("created").rfc3339();
        let (id, title, state) = (c.count("id"), c.word("title"), c.word("state"));
        println!("{id} {title}: {state}, opened {opened} by {}", c.word("created_by"));
    }
    Ok(())
}

#[derive(Subcommand)]
pub enum ProductionsCommand {
    /// Make the package that answers an approved request, encrypted to the officer's keys and to further ones.
    Make {
        #[command(flatten)]
        intake: IntakeArgs,
        /// Id of the request at the portal.
        request: String,
        /// Further age recipients.
        #[arg(long = "to")]
        recipients: Vec<String>,
    },
    /// List the productions of a request, with who fetched them.
    List {
        #[command(flatten)]
        intake: IntakeArgs,
        /// Id of the request at the portal.
        request: String,
    },
    /// Write a package to a file; the audit log records it.
    Fetch {
        #[command(flatten)]
        intake: IntakeArgs,
        /// Id of the request at the portal.
        request: String,
        /// Number of the production.
        number: ProductionId,
        /// File to write.
        #[arg(long)]
        out: PathBuf,
    },
}

pub fn productions(command: ProductionsCommand, as_json: bool) -> anyhow::Result<()> {
    let path_of = |request: &str| api_path(&["desk", "requests", request, "productions"]);
    let list = match command {
        ProductionsCommand::Make { intake, request, recipients } => {
            let made = intake.answer(
                |d| d.produce(&request, &recipients, intake.actor()),
                |c| c.post(&path_of(&request)).json(&json!({ "recipients": recipients })),
            )?;
            made.in_list()
        }
        ProductionsCommand::List { intake, request } => {
            intake.answer(|d| d.productions(&request, intake.actor()), |c| c.get(&path_of(&request)))?
        }
        ProductionsCommand::Fetch { intake, request, number, out } => {
            let path = format!("{}/{number}", path_of(&request));
            let bytes = intake.bytes(|d| d.fetch(&request, number, intake.actor()), |c| c.get(&path))?;
            std::fs::write(&out, bytes).with_context(|| out.display().to_string())?;
            println!("{}", out.display());
            return Ok(());
        }
    };
    if as_json {
        return list.print();
    }
    for p in list.rows("productions") {
        println!(
            "{} for {}: {} bytes, SHA-256 {}, until {}, fetched {} times",
            p.count("id"),
            p.word("request"),
            p.count("size"),
            p.word("sha256"),
            p.time("expires").rfc3339(),
            p.list("downloads").len()
        );
    }
    Ok(())
}
