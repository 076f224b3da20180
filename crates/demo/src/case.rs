//! The demo's case: from the ransom paid in block 400000 to a production that verifies and a goAML report. People and agency are made up; the
//! chain, the tags and every step are real.

use age::secrecy::ExposeSecret;
use anyhow::Context;
use holdfast_analysis::{Direction, TraceOptions};
use holdfast_cases::Cases;
use holdfast_cases::case::{CaseStep, ItemKind, NewCase, Person, Role};
use holdfast_cases::reports::{Filer, Kind};
use holdfast_console::show::verify_file;
use holdfast_documents::Vault;
use holdfast_identity::KeyRing;
use holdfast_requests::intake::{NewAgency, Outcome, Step};
use holdfast_requests::matching::Match;
use holdfast_requests::portal::Verdict;
use holdfast_requests::production::Production;
use holdfast_requests::request::{self, DataClass, Request, Statement, Target, TargetKind};
use holdfast_requests::{Desk, Policy, RequestError};
use holdfast_screening::Screening;
use holdfast_types::Timestamp;
use holdfast_types::ids::{CaseId, ReportId};
use holdfast_workspace::{TraceRequest, Workspace};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

const REQUEST: &str = "demo-400000";
const OFFICER: &str = "sam.reed@cybercrime.example";

fn person(name: &str) -> Person {
    Person { name: name.into(), reads_all: false, changes_all: false }
}

fn add(kind: ItemKind, key: &str, title: &str, happened: Option<Timestamp>) -> CaseStep {
    let body = Value::Null;
    CaseStep::Add { kind, key: key.into(), title: title.into(), body, happened, assignee: None, due: None }
}

/// The officer enters: the mailed code, then a second factor, then a person of the desk approves.
fn enter(desk: &Desk<'_>) -> anyhow::Result<String> {
    desk.request_code(OFFICER, Some("Sam Reed"), None)?;
    let mail = desk.waiting_mail()?.into_iter().rfind(|m| m.to == OFFICER).context("the code is in the outbox")?;
    let code = mail.body.split(|c: char| !c.is_ascii_digit()).find(|w| w.len() == 8).context("mail has a code")?;
    let session = desk.prove(OFFICER, code)?;
    let uri = desk.enrol(&session.token)?.uri;
    let totp = totp_rs::Totp::from_url(uri).map_err(|e| anyhow::anyhow!("{e}"))?;
    let code = totp.generate(u64::try_from(desk.screening.now().unix()).unwrap_or(0)).to_string();
    let full = desk.second_factor(&session.token, &code)?;
    let id = desk.officer(&full.token, true)?.id;
    desk.judge_officer(id, Verdict::Approve, "called back at the agency's switchboard", "bo")?;
    Ok(full.token)
}

/// Works the case; gives what was made. A store that has the case already is left as it is.
pub fn run(
    screening: &Screening,
    workspace: &Workspace,
    key_ring: &KeyRing,
    vault: &Vault,
    store: &Path,
    finding: &Value,
    as_json: bool,
) -> anyhow::Result<Value> {
    let policy = Arc::new(Policy::standard());
    let desk = Desk { screening, policy: &policy, key_ring, vault };
    let cases = Cases::from(desk);
    let files =
        ["demo-officer.key", "demo-production.zip.age", "demo-goaml.xml", "demo-case.pdf"].map(|f| store.join(f));
    let [key_file, package, goaml, report] = &files;
    match desk.open(REQUEST, "demo") {
        Err(RequestError::NotFound(_)) => {}
        Err(e) => return Err(e.into()),
        Ok(_) => return Ok(json!({ "case": 1, "request": REQUEST, "files": files })),
    }
    let (found, made) = answer_request(&desk, workspace, finding, key_file, package)?;
    let (id, title, report_id) = work_case(&cases, workspace, finding, &found, goaml, report)?;
    if !as_json {
        println!("\nThe desk works the case (agency and people are made up, every step is done):");
        println!("  officer  {OFFICER} proved the address and a second factor; bo approved");
        println!("  request  {REQUEST}: customer {} {}", found.customer, found.because.join("; "));
        println!(
            "  answer   prepared by ana, approved by bo; production {} of {}",
            made.id,
            made.classes.iter().map(|c| c.name()).collect::<Vec<_>>().join(" and ")
        );
        println!("  case     {id}: {}, goAML report {} approved by bo", title, report_id);
        for file in &files {
            println!("  file     {}", file.display());
        }
        println!("The production, as the officer checks it:");
        verify_file(package, None, Some(key_file), false)?;
    }
    anyhow::ensure!(screening.verify_audit(None)?.problems.is_empty(), "the audit log does not verify");
    Ok(json!({ "case": id, "request": REQUEST, "files": files }))
}

/// An officer asks who else paid the address; the desk answers. Returns the customer that matches, and the production.
fn answer_request(
    desk: &Desk<'_>,
    workspace: &Workspace,
    finding: &Value,
    key_file: &Path,
    package: &Path,
) -> anyhow::Result<(Match, Production)> {
    let text = |field: &str| finding[field].as_str().unwrap_or_default().to_owned();
    let (txid, address) = (text("txid"), text("address"));

    let evidence = "listed in the government's directory".to_owned();
    let name = "National Cybercrime Unit".to_owned();
    desk.add_agency(
        NewAgency { name: name.clone(), country: "GB".into(), domain: "cybercrime.example".into(), evidence },
        "bo",
    )?;
    let token = enter(desk)?;
    let identity = age::x25519::Identity::generate();
    std::fs::write(key_file, identity.to_string().expose_secret())?;
    desk.set_recipients(&token, vec![identity.to_public().to_string()])?;
    let target =
        |kind, value: &str, asset: Option<&str>| Target { asset: asset.map(str::to_owned), ..Target::new(kind, value) };
    let asked = Request {
        id: REQUEST.into(),
        received: Timestamp::EPOCH,
        kind: request::Kind::Information,
        process: "domestic.court-order".into(),
        reference: "NCU/2016/4711".into(),
        officer: request::Officer {
            name: "Sam Reed".into(),
            email: OFFICER.into(),
            agency: name,
            country: "GB".into(),
        },
        targets: vec![
            target(TargetKind::Address, &address, Some("BTC")),
            target(TargetKind::Transaction, &txid, Some("BTC")),
        ],
        classes: vec![DataClass::Subscriber, DataClass::Transactions],
        states: vec![Statement::Judge],
        emergency: false,
        gag_until: None,
        statement: "A hospital paid a ransom to this address. Who else paid to it through you?".into(),
        scope: Default::default(),
        attachments: Vec::new(),
    };
    desk.send_request(&token, asked)?;
    desk.own_file(&token, REQUEST, "order.pdf", "application/pdf", &order(desk.screening.now())?)?;
    let call = Step::CallBack { number_from: "the agency's own site".into(), confirmed: true };
    desk.step(REQUEST, call, "ana")?;
    let matched = desk.matches(&[Arc::new(workspace.snapshot())], REQUEST, "ana")?;
    let found = matched.first().context("the address matches a customer of the demo")?.found.clone();
    let accept = Step::Match { customer: found.customer.clone(), accept: true, reason: found.because.join("; ") };
    desk.step(REQUEST, accept, "ana")?;
    let prepare =
        Step::Prepare { outcome: Outcome::Granted, reason: "the order is in order".into(), transfers: Vec::new() };
    desk.step(REQUEST, prepare, "ana")?;
    desk.step(REQUEST, Step::Approve {}, "bo")?;
    let made = desk.produce(REQUEST, &[], "ana")?;
    std::fs::write(package, desk.own_fetch(&token, REQUEST, made.id)?)?;
    Ok((found, made))
}

/// The desk works the case up to the report to the authorities. Returns the case's number and title, and the report's number.
fn work_case(
    cases: &Cases<'_>,
    workspace: &Workspace,
    finding: &Value,
    found: &Match,
    goaml: &Path,
    report: &Path,
) -> anyhow::Result<(CaseId, String, ReportId)> {
    let text = |field: &str| finding[field].as_str().unwrap_or_default().to_owned();
    let (txid, address) = (text("txid"), text("address"));
    let mined = Timestamp::from(workspace.tx(&txid)?.time);
    let (ana, bo) = (person("ana"), person("bo"));
    let case = cases.open_case(
        NewCase {
            title: "Locky ransom in block 400000".into(),
            summary: format!("Transaction {txid} pays {address}, which is tagged as Locky ransomware. A customer of ours tried to pay there too."),
            typology: Some("ransomware".into()),
        },
        &ana,
    )?;
    let id = case.id;
    cases.change_case(id, CaseStep::Member { person: "bo".into(), role: Some(Role::Member) }, &ana)?;
    for step in [
        add(ItemKind::Transaction, &txid, "the ransom is paid", Some(mined)),
        add(ItemKind::Address, &address, "Locky ransomware", None),
        add(ItemKind::Subject, &found.customer, "our customer, most likely another victim", None),
        add(ItemKind::Event, "demo-ransom-0", "held before it left", None),
        add(ItemKind::Request, REQUEST, "the officer's request and our answer", None),
        add(
            ItemKind::Note,
            "",
            "The withdrawal was held before it left: the customer was warned and keeps the money.",
            None,
        ),
    ] {
        cases.change_case(id, step, &ana)?;
    }
    let back = TraceRequest {
        subject: format!("{txid}:{}", finding["vout"]),
        entity: false,
        options: TraceOptions { direction: Direction::Backward, ..TraceOptions::default() },
    };
    cases.save_trace(id, workspace, &back, "where the ransom came from", &ana)?;
    cases.add_exhibit(id, "order.pdf", "application/pdf", "vault of the desk", &order(cases.screening.now())?, &ana)?;
    let draft = cases.draft_report(id, Kind::Goaml, filer(), &ana)?;
    cases.approve_report(id, draft.id, &bo)?;
    std::fs::write(goaml, cases.export_report(id, draft.id, &bo)?)?;
    std::fs::write(report, cases.case_report(id, &[Arc::new(workspace.snapshot())], &ana)?)?;
    Ok((id, case.title, draft.id))
}

fn order(now: Timestamp) -> anyhow::Result<Vec<u8>> {
    let parts = [holdfast_documents::pdf::text(
        "Order of a made-up court, for the demo: the exchange gives subscriber data and transactions.",
    )];
    Ok(holdfast_documents::pdf::write("Order", &parts, now)?)
}

fn filer() -> Filer {
    let t = str::to_owned;
    Filer {
        name: t("Example Exchange"),
        entity_id: 1,
        branch: t("main"),
        tax_number: t("123456789"),
        control_code: String::new(),
        address: t("1 Example Street"),
        city: t("London"),
        state: String::new(),
        postal_code: t("EC1A 1AA"),
        country: t("GB"),
        phone: t("442000000000"),
        currency: t("USD"),
        officer_first_name: t("Ana"),
        officer_last_name: t("Example"),
    }
}
