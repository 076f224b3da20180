//! The desk's pages: requests, matches, productions, officers, cases, alerts, holds, recommendations, the graph. Everything works by forms and
//! by keyboard; only the graph needs a script. A form's fields are the step's fields, so that pages can do what the API can, and no more.

use crate::pages::{ErrorPage, count, none, page};
use axum::Extension;
use axum::extract::{Form, Multipart, Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use holdfast_api::Shared;
use holdfast_api::cases::{person, with_ledger};
use holdfast_api::chain::ask;
use holdfast_api::error::ApiError;
use holdfast_api::gate::{Caller, scopes_of};
use holdfast_api::requests::{at_cases, at_desk};
use holdfast_api::screening::block;
use holdfast_api::sign_in::{Client, cookie, may_sign_in, note_sign_in, refuse_sign_in};
use holdfast_cases::case::{CaseStep, NewCase};
use holdfast_cases::recommend::Proposal;
use holdfast_cases::reports::{Filer, Kind};
use holdfast_identity::ApiKey;
use holdfast_input::time::rfc3339;
use holdfast_requests::intake::{NewAgency, RequestFilter, Step};
use holdfast_requests::portal::Verdict;
use holdfast_screening::alerts::{AlertAction, AlertFilter};
use holdfast_screening::holds::HoldFilter;
use holdfast_types::ids::{CaseId, CaseItemId, OfficerId, RecommendationId, ReportId};
use holdfast_types::units::with_unit;
use maud::{Markup, html};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

type Page = Result<Markup, ErrorPage>;
type Fields = Form<BTreeMap<String, String>>;

/// Pages of the desk, which need a key; the rest of the pages shows the ledger alone.
pub fn is_private(path: &str) -> bool {
    path == "/desk" || path.starts_with("/desk/")
}

/// Scopes of which a page needs one: those of the endpoint that it stands for.
pub fn scopes_of_page(method: &Method, path: &str) -> &'static [&'static str] {
    let rest = path.strip_prefix("/desk").unwrap_or_default();
    let part = rest.trim_start_matches('/').split('/').next().unwrap_or_default();
    match part {
        "alerts" | "holds" | "changes" => scopes_of(method, &format!("/api/v1{rest}")),
        "academy" | "warnings" => scopes_of(method, &format!("/api/v1{rest}")),
        // Which step it is stands in the form; its handler asks for more.
        "campaigns" if *method == Method::POST => &["desk", "approve"],
        "campaigns" => scopes_of(method, &format!("/api/v1{rest}")),
        "sharing" if rest == "/sharing/wallets" || rest == "/sharing/ask" => &["desk"],
        "sharing" => scopes_of(method, &format!("/api/v1{rest}")),
        _ if rest.ends_with("/report") => &["desk"],
        _ => scopes_of(method, &format!("/api/v1/desk{rest}")),
    }
}

/// A form's fields as a step. What is empty is left out; numbers and truth are told from text by the names that the steps have.
pub(crate) fn step<T: DeserializeOwned>(fields: &BTreeMap<String, String>) -> Result<T, ApiError> {
    let mut map = Map::new();
    let mut transfer = Map::new();
    for (name, text) in fields.iter().filter(|(_, t)| !t.trim().is_empty()) {
        let number = || {
            text.trim()
                .parse::<i64>()
                .map(Value::from)
                .map_err(|_| ApiError::bad(format!("{name}: '{text}' is no number")))
        };
        let value = match name.as_str() {
            "accept" | "confirmed" => Value::Bool(text == "true"),
            "item" | "due" | "happened" | "hours" | "every" => number()?,
            "transfer" if fields.get("step").is_some_and(|s| s == "moved") => number()?,
            _ => Value::String(text.trim().to_owned()),
        };
        match name.strip_prefix("transfer.") {
            Some(part) => transfer.insert(part.to_owned(), value),
            None => map.insert(name.clone(), value),
        };
    }
    if !transfer.is_empty() {
        map.insert("transfers".into(), json!([transfer]));
    }
    serde_json::from_value(Value::Object(map)).map_err(|e| fault(&e.to_string()))
}

/// What is wrong with a form, beginning with the field's name where it is known.
fn fault(said: &str) -> ApiError {
    let missing = said.strip_prefix("missing field `").and_then(|rest| rest.split_once('`'));
    ApiError::bad(match missing {
        Some((field, _)) => format!("{field}: it is missing"),
        None => format!("form: {said}"),
    })
}

pub(crate) fn back(to: String) -> Response {
    Redirect::to(&to).into_response()
}

/// Pages that the desk's navigation leads to.
const LINKS: [(&str, &str); 14] = [
    ("/desk", "Desk"),
    ("/desk/requests", "Requests"),
    ("/desk/cases", "Cases"),
    ("/desk/alerts", "Alerts"),
    ("/desk/holds", "Holds"),
    ("/desk/warnings", "Warnings"),
    ("/desk/campaigns", "Campaigns"),
    ("/desk/officers", "Officers"),
    ("/desk/seizures", "Seizures"),
    ("/desk/sharing", "Sharing"),
    ("/desk/recommendations", "Recommendations"),
    ("/desk/changes", "Changes"),
    ("/desk/academy", "Academy"),
    ("/transparency", "Transparency"),
];

/// The first page of the desk that a key may open: an administrator's is not the investigators' queue.
fn landing(key: &ApiKey) -> &'static str {
    let may = |to: &str| scopes_of_page(&Method::GET, to).iter().any(|s| key.may(s));
    LINKS.iter().map(|(to, _)| *to).find(|to| is_private(to) && may(to)).unwrap_or("/desk")
}

pub(crate) fn desk_page(title: &str, here: &str, body: Markup) -> Markup {
    page(
        title,
        "",
        html! {
            nav aria-label="Desk" { @for (to, name) in LINKS {
                a href=(to) aria-current=[(to == here).then_some("page")] { (name) }
            } form action="/desk/search" role="search" { input name="q" type="search" aria-label="Search cases and requests" placeholder="Cases and requests"; } }
            h1 { (title) }
            (body)
        },
    )
}

pub(crate) fn time(seconds: i64) -> Markup {
    html! { time datetime=(rfc3339(seconds)) { (rfc3339(seconds)[..16].replace('T', " ")) " UTC" } }
}

/// A form with one step and its fields: (name, label, kind or options split by |).
pub(crate) fn step_form(to: &str, name: &str, label: &str, fields: &[(&str, &str, &str)]) -> Markup {
    html! {
        form.step method="post" action=(to) {
            @if !name.is_empty() { input type="hidden" name="step" value=(name); }
            @for (field, label, kind) in fields {
                @match *kind {
                    "hidden" => { input type="hidden" name=(field) value=(label); }
                    "area" => label { (label) textarea name=(field) rows="3" {} }
                    "text" | "number" | "email" => label { (label) input name=(field) type=(kind); }
                    options => label { (label) select name=(field) {
                        @for option in options.split('|') { option value=(option) { (option.replace('_', " ")) } }
                    } }
                }
            }
            button type="submit" { (label) }
        }
    }
}

/// Where a person signs in with a key.
#[derive(Debug, Deserialize)]
pub struct Next {
    next: Option<String>,
}

/// Sign-in.
pub async fn sign_in(Query(q): Query<Next>) -> Markup {
    let next = q.next.filter(|n| n.starts_with("/desk")).unwrap_or_default();
    page(
        "Sign in",
        "",
        html! {
            h1 { "Sign in" }
            p { "The desk's pages need a key. An administrator makes one, the first on this server's machine, with " code { "holdfast keys create NAME --role investigator" } "." }
            form.step method="post" action="/sign-in" {
                input type="hidden" name="next" value=(next);
                label { "Key" input name="key" type="password" autocomplete="current-password" required autofocus; }
                button type="submit" { "Sign in" }
            }
        },
    )
}

/// Takes a key and starts a session, whose number the browser gets in a cookie that scripts and other sites cannot use.
pub async fn signed_in(
    State(shared): State<Shared>,
    client: Client,
    Form(fields): Fields,
) -> Result<Response, ErrorPage> {
    may_sign_in(&shared, &client.0)?;
    let token = fields.get("key").map(|k| k.trim()).unwrap_or_default();
    let Some(key) = shared.gate.key_of(token) else {
        return Err(refuse_sign_in(&shared, &client.0, "this is no key of the desk").await.into());
    };
    note_sign_in(&shared, "sign_in", key.person(), &client.0).await?;
    let id = shared.start_session(&key, &client.0).await?;
    // The desk's front page is where nobody in particular was headed.
    let next = fields.get("next").map(String::as_str).filter(|n| n.starts_with("/desk") && *n != "/desk");
    let next = next.unwrap_or(landing(&key));
    let cookie = shared.access.cookie("hf", &id, holdfast_api::sessions::SESSION_SECONDS);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(next)).into_response())
}

/// Signs out: the session ends, and so does a copy of its cookie.
pub async fn sign_out(State(shared): State<Shared>, headers: HeaderMap) -> Result<Response, ErrorPage> {
    if let Some(session) = cookie(&headers, "hf") {
        let key = shared.gate.sessions.subject(&session, shared.screening.now());
        let person = key.and_then(|key| shared.gate.person_of(&key)).unwrap_or_else(|| "nobody".into());
        shared.end_session(&session, &person).await?;
    }
    Ok(([(header::SET_COOKIE, shared.access.cookie("hf", "", 0))], Redirect::to("/sign-in")).into_response())
}

/// What waits.
pub async fn home(State(shared): State<Shared>, Extension(caller): Extension<Caller>) -> Page {
    let who = person(&caller);
    let counts = at_cases(shared, move |d| {
        let mut counts = Vec::new();
        for (name, to, sql) in [
            ("open requests", "/desk/requests?state=open", "SELECT COUNT(*) FROM requests WHERE state = 'open'"),
            (
                "answers to approve",
                "/desk/requests?state=prepared",
                "SELECT COUNT(*) FROM requests WHERE state = 'prepared'",
            ),
            ("open alerts", "/desk/alerts", "SELECT COUNT(*) FROM alerts WHERE state = 'open'"),
            ("active holds", "/desk/holds", "SELECT COUNT(*) FROM holds WHERE state = 'active'"),
            (
                "officers to approve",
                "/desk/officers?state=proved",
                "SELECT COUNT(*) FROM officers WHERE state = 'proved'",
            ),
            (
                "seizures to carry out",
                "/desk/seizures?state=approved",
                "SELECT COUNT(*) FROM seizures WHERE state = 'approved'",
            ),
            ("changes to approve", "/desk/changes", "SELECT COUNT(*) FROM changes WHERE state = 'proposed'"),
        ] {
            let rows = d.screening.read(|db| db.query(sql, &[]))?;
            counts.push((name, to, rows.first().map_or(Ok(0), |r| r.int(0))?));
        }
        Ok((counts, d.cases(Some("open"), &who)?))
    })
    .await?;
    let (counts, cases) = counts;
    Ok(desk_page(
        "The desk",
        "/desk",
        html! {
            div.cards { @for (name, to, count) in &counts { a href=(to) { strong { (count) } (name) } } }
            h2 { "Your open cases" }
            @if cases.is_empty() { p.note { "None. " a href="/desk/cases" { "Open a case" } } }
            ul { @for c in &cases { li { a href={"/desk/cases/" (c.id)} { (c.title) } " " span.note { "opened " (time(c.created)) } } } }
            form method="post" action="/sign-out" { button.plain type="submit" { "Sign out " (caller.0) } }
        },
    ))
}

/// Which of a list.
#[derive(Debug, Deserialize)]
pub struct ListQuery {
    state: Option<String>,
    #[serde(default)]
    after: u64,
}

fn pager(here: &str, q: &ListQuery, last: Option<u64>, full: bool) -> Markup {
    let state = q.state.as_ref().map_or(String::new(), |s| format!("&state={s}"));
    html! { @if let Some(last) = last.filter(|_| full) { p { a href={(here) "?after=" (last) (state)} { "Next page" } } } }
}

/// Requests.
pub async fn requests(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Query(q): Query<ListQuery>,
) -> Page {
    let filter = RequestFilter { state: q.state.clone(), after: q.after, limit: 100 };
    let list = at_desk(shared, move |d| d.list(&filter, &caller.0)).await?;
    Ok(desk_page(
        "Requests from law enforcement",
        "/desk/requests",
        html! {
            p { "Show " a href="/desk/requests" { "all" } ", " a href="/desk/requests?state=open" { "open" } ", " a href="/desk/requests?state=prepared" { "to approve" } ", " a href="/desk/requests?state=answered" { "answered" } "." }
            @if list.is_empty() { (none("No request is in this state. Officers send requests through the portal.")) }
            div.wide { table {
                thead { tr { th { "Request" } th { "Agency" } th { "Kind" } th { "Process" } th { "Due" } th { "State" } } }
                tbody { @for r in &list { tr {
                    td { a href={"/desk/requests/" (r.request.id)} { (r.request.id) } br; span.note { (r.request.reference) } }
                    td { (r.request.officer.agency) " (" (r.request.officer.country) ")" }
                    td { (r.request.kind.name().replace('_', " ")) }
                    td { (r.request.process) }
                    td { (time(r.due)) @if r.overdue { " " strong.severe { "overdue" } } }
                    td { (r.state) @if let Some(o) = &r.outcome { ": " (o) } }
                } } }
            } }
            (pager("/desk/requests", &q, list.last().map(|r| r.seq), list.len() == 100))
        },
    ))
}

/// A request: what policy and the signs of forgery say, whom it is about, messages, files, the steps.
pub async fn request(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Page {
    let theirs = id.clone();
    let snapshot = shared.chain().snapshot();
    let (opened, matches, messages, files, productions, seizures) = at_desk(shared.clone(), move |d| {
        let opened = d.open(&theirs, &caller.0)?;
        let seizures = d.transfers(&theirs, &caller.0)?;
        Ok((
            opened,
            d.matches(Some(&*snapshot), &theirs, &caller.0)?,
            d.messages(&theirs, &caller.0)?,
            d.attachments(&theirs)?,
            d.productions(&theirs, &caller.0)?,
            seizures,
        ))
    })
    .await?;
    let (s, r, j) = (&opened.stored, &opened.stored.request, &opened.review.judgement);
    let to = format!("/desk/requests/{id}");
    Ok(desk_page(
        &format!("Request {id}"),
        "/desk/requests",
        html! {
            dl {
                dt { "From" } dd { (r.officer.name) ", " (r.officer.email) ", " (r.officer.agency) " (" (r.officer.country) ")" }
                dt { "Asks for" } dd { (r.kind.name().replace('_', " ")) @if !r.classes.is_empty() { ": " (r.classes.iter().map(|c| c.name()).collect::<Vec<_>>().join(", ")) } }
                dt { "By" } dd { (j.title) " (" (j.process) "), reference " (r.reference) }
                dt { "Came" } dd { (time(r.received)) }
                dt { "Due" } dd { (time(s.due)) @if s.overdue { " " strong.severe { "overdue" } } }
                dt { "State" } dd { (s.state)
                    @if let Some(o) = &s.outcome { ": " (o) } @if let Some(why) = &s.reason { ", " (why) }
                    @if let Some(by) = &s.prepared_by { "; prepared by " (by) } @if let Some(by) = &s.first_approval { "; first approval by " (by) }
                    @if let Some(by) = &s.approved_by { "; approved by " (by) } }
                @for (name, limit) in r.scope.lines() { dt { (name) } dd { (limit) } }
                @if let Some(until) = r.gag_until { dt { "Gag" } dd { "the user must not be told until " (time(until)) } }
            }
            @if !r.statement.is_empty() { p { (r.statement) } }
            h2 { "Policy" }
            @if j.missing.is_empty() { p.low { "Nothing stands against it." } }
            ul { @for m in &j.missing { li.severe { (m) } } @for n in &j.notes { li.note { (n) } } }
            @if !j.granted.is_empty() { p { "May be given: " (j.granted.iter().map(|c| c.name()).collect::<Vec<_>>().join(", ")) "." } }
            @for x in &j.refused { p { "Not to be given: " (x.class.name()) @if !x.opened_by.is_empty() { "; opened by " (x.opened_by.join(", ")) } "." } }
            h2 { "Signs of forgery" }
            @if opened.review.suspicion.signs.is_empty() { p.low { "None." } }
            ul { @for sign in &opened.review.suspicion.signs { li class=[(sign.weight >= 3).then_some("stop")] { strong { (sign.sign) } ": " (sign.because) } } }
            @if s.state != "answered" {
                (step_form(&to, "call_back", "Note the call-back", &[("number_from", "Where the number was found", "text"), ("confirmed", "The officer confirmed it", "true|false")]))
            }
            h2 { "Whom it is about" }
            ul { @for t in &r.targets { li { (json!(t.kind).as_str().unwrap_or_default()) " " span.hash { (t.value) } } } }
            @if matches.is_empty() { p.note { "No customer is matched." } }
            @if !matches.is_empty() { div.wide { table {
                thead { tr { th { "Customer" } th { "How" } th { "Why" } th { "Verdict" } } }
                tbody { @for m in &matches { tr {
                    td { (m.found.customer) }
                    td { (json!(m.found.how).as_str().unwrap_or_default()) " by " span.hash { (m.found.target) } }
                    td { (m.found.because.join("; ")) }
                    td {
                        @if let (Some(v), Some(by)) = (&m.verdict, &m.decided_by) { (v) " by " (by) ": " (m.reason.as_deref().unwrap_or_default()) }
                        @if s.state == "open" { (step_form(&to, "match", "Record", &[("customer", &m.found.customer, "hidden"), ("accept", "This customer is meant", "true|false"), ("reason", "Why", "text")])) }
                    }
                } } }
            } } }
            h2 { "Answer" }
            @if s.state == "answered" { p { "Answered: " (s.outcome.as_deref().unwrap_or_default()) "." } }
            @if s.state == "open" {
                (step_form(&to, "prepare", "Prepare", &match r.kind {
                    holdfast_requests::request::Kind::Seizure => vec![("outcome", "Answer", "granted|partly|refused|forged"), ("reason", "Why", "text"), ("transfer.customer", "From customer", "text"),
                        ("transfer.asset", "Asset", "text"), ("transfer.amount", "Base units", "text"), ("transfer.destination", "To (as the order names it)", "text")],
                    _ => vec![("outcome", "Answer", "granted|partly|refused|forged"), ("reason", "Why", "text")],
                }))
            }
            @if s.state == "prepared" {
                p { "Another person than " (s.prepared_by.as_deref().unwrap_or_default()) " approves it" @if s.request.kind.name() == "seizure" { "; a seizure needs two" } "." }
                (step_form(&to, "approve", "Approve", &[]))
                (step_form(&to, "return", "Send back", &[("reason", "Why", "text")]))
            }
            @if s.state == "answered" && matches!(r.kind.name(), "freeze" | "preservation") { (step_form(&to, "extend", "Extend", &[("reason", "The further order", "text")])) }
            @if !s.holds.is_empty() { p { "Holds: " @for h in &s.holds { (h) " " } } }
            @if !seizures.is_empty() { div.wide { table { tbody { @for z in &seizures { tr {
                td { (with_unit(z.transfer.amount, &z.transfer.asset)) " of " (z.transfer.customer) } td { "to " (z.transfer.destination) } td { (z.state) @if let Some(x) = &z.reference { ": " (x) } }
                td { @if z.state == "approved" { (step_form(&to, "moved", "Moved", &[("transfer", &z.id.to_string(), "hidden"), ("reference", "Transaction or payment", "text")])) } }
            } } } } } }
            @if s.state == "answered" && matches!(r.kind.name(), "information" | "emergency_disclosure") {
                h2 { "Productions" }
                ul { @for p in &productions { li {
                    a href={"/api/v1/desk/requests/" (id) "/productions/" (p.id)} { "package " (p.id) } ", made " (time(p.created)) " by " (p.created_by) ", until " (time(p.expires)) ", fetched " (count(p.downloads.len() as u64, "time"))
                    @if let Some(last) = p.downloads.last() { ", last by " (last.who) } } } }
                form.step method="post" action={(to) "/productions"} { label { "age recipient (empty: the officer's own)" input name="recipient"; } button type="submit" { "Make a production" } }
            }
            h2 { "Files" }
            ul { @for f in &files { li { a href={"/api/v1/desk/requests/" (id) "/files/" (f.name)} { (f.name) } " " span.note { (f.media_type) ", " (f.size) " bytes, SHA-256 " span.hash { (f.sha256) } ", by " (f.added_by) } } } }
            (file_form(&format!("{to}/files"), "Attach", &[]))
            h2 { "Messages" }
            @for m in &messages { p { strong { (m.author) } " (" (m.side) ") " (time(m.time)) br; (m.text) } }
            form.step method="post" action={(to) "/messages"} { label { "To the officer" textarea name="text" rows="2" {} } button type="submit" { "Send" } }
        },
    ))
}

/// A step of a request, by form.
pub async fn step_request(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Form(fields): Fields,
) -> Result<Response, ErrorPage> {
    let step: Step = step(&fields)?;
    caller.needs(if matches!(step, Step::Approve {} | Step::Return { .. }) { "approve" } else { "desk" })?;
    let theirs = id.clone();
    at_desk(shared, move |d| d.step(&theirs, step, &caller.0)).await?;
    Ok(back(format!("/desk/requests/{id}")))
}

/// A file of a form, with the form's other fields.
pub(crate) struct Upload {
    pub(crate) name: String,
    pub(crate) media_type: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) fields: BTreeMap<String, String>,
}

/// Reads a form with one file.
pub(crate) async fn upload(mut form: Multipart) -> Result<Upload, ApiError> {
    let bad = |e: axum::extract::multipart::MultipartError| ApiError {
        status: e.status(),
        message: format!("form: {}", e.body_text()),
    };
    let (mut file, mut fields) = (None, BTreeMap::new());
    while let Some(field) = form.next_field().await.map_err(bad)? {
        let label = field.name().unwrap_or_default().to_owned();
        match field.file_name().map(str::to_owned) {
            Some(name) => {
                let media_type = field.content_type().unwrap_or("text/plain").to_owned();
                file = Some((name, media_type, field.bytes().await.map_err(bad)?.to_vec()));
            }
            None => {
                fields.insert(label, field.text().await.map_err(bad)?);
            }
        }
    }
    let (name, media_type, bytes) = file.ok_or_else(|| ApiError::bad("form: choose a file"))?;
    Ok(Upload { name, media_type, bytes, fields })
}

/// Scans a seized file for a case and shows what was found.
pub async fn scan_evidence(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<CaseId>,
    form: Multipart,
) -> Result<Markup, ErrorPage> {
    let file = upload(form).await?;
    let exhibit = file.fields.get("exhibit").cloned().unwrap_or_default();
    let scanned =
        holdfast_api::cases::scan_bytes(shared, &caller, id, file.name, exhibit.clone(), None, file.bytes).await?.0;
    Ok(desk_page(
        &format!("Scan of {exhibit}"),
        "/desk/cases",
        html! {
            p { (count(scanned.report.findings.len() as u64, "finding")) ", " (count(scanned.report.sealed.len() as u64, "secret")) " sealed to the case's key, " (count(scanned.derived.len() as u64, "address")) " derived. "
                a href={"/desk/cases/" (id)} { "The case" } " has the results as exhibits." }
            div.wide { table {
                thead { tr { th { "What" } th { "Where" } th.n { "At" } th { "Value, or the secret's fingerprint" } th { "How sure" } th { "Around it" } } }
                tbody { @for f in scanned.report.findings.iter().take(1_000) { tr {
                    td { (f.kind.name().replace('_', " ")) ", " (f.detail) } td { (f.source) } td.n { (f.offset) } td.hash { (f.value) } td { (json!(f.confidence).as_str().unwrap_or_default()) } td { (f.context) }
                } } }
            } }
            @if !scanned.holdings.is_empty() { h2 { "Known to the ledger, or tagged" } div.wide { table {
                thead { tr { th { "Address" } th { "From" } th.n { "Received" } th.n { "Holds" } th { "Tags" } th { "Customers" } } }
                tbody { @for h in scanned.holdings.iter().take(1_000) { tr {
                    td { a.hash href={"/address/" (h.address)} { (h.address) } } td { (h.origin) } td.n { (with_unit(h.received, &h.asset)) } td.n { (with_unit(h.balance, &h.asset)) } td { (h.tags.join("; ")) }
                    td { @for m in &h.customers { (m.customer) ": " (m.because.join("; ")) br; } }
                } } }
            } } }
            @for w in scanned.report.sources.iter().flat_map(|s| &s.warnings) { p.note { (w) } }
        },
    ))
}

/// A form that takes a file: what it is for, and other fields.
pub(crate) fn file_form(to: &str, label: &str, fields: &[(&str, &str)]) -> Markup {
    html! {
        form.step method="post" action=(to) enctype="multipart/form-data" {
            label { "File" input type="file" name="file" required; }
            @for (name, words) in fields { label { (words) input name=(name) required; } }
            button type="submit" { (label) }
        }
    }
}

/// Attaches a file to a request, by form.
pub async fn attach(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    form: Multipart,
) -> Result<Response, ErrorPage> {
    let (file, theirs) = (upload(form).await?, id.clone());
    at_desk(shared, move |d| d.attach(&theirs, &file.name, &file.media_type, &file.bytes, &caller.0)).await?;
    Ok(back(format!("/desk/requests/{id}")))
}

/// Takes an exhibit in, by form.
pub async fn add_exhibit(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<CaseId>,
    form: Multipart,
) -> Result<Response, ErrorPage> {
    let (file, who) = (upload(form).await?, person(&caller));
    let place = file.fields.get("place").cloned().unwrap_or_default();
    at_cases(shared, move |d| d.add_exhibit(id, &file.name, &file.media_type, &place, &file.bytes, &who)).await?;
    Ok(back(format!("/desk/cases/{id}")))
}

/// Makes a production, by form.
pub async fn produce(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Form(fields): Fields,
) -> Result<Response, ErrorPage> {
    caller.needs("desk")?;
    let keys: Vec<String> =
        fields.get("recipient").filter(|r| !r.trim().is_empty()).map(|r| r.trim().to_owned()).into_iter().collect();
    let theirs = id.clone();
    at_desk(shared, move |d| d.produce(&theirs, &keys, &caller.0)).await?;
    Ok(back(format!("/desk/requests/{id}")))
}

/// Writes to the officer, by form.
pub async fn message(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Form(fields): Fields,
) -> Result<Response, ErrorPage> {
    let (theirs, text) = (id.clone(), fields.get("text").cloned().unwrap_or_default());
    at_desk(shared, move |d| d.message(&theirs, &text, &caller.0)).await?;
    Ok(back(format!("/desk/requests/{id}")))
}

/// Officers and agencies.
pub async fn officers(State(shared): State<Shared>, Query(q): Query<ListQuery>) -> Page {
    let (officers, agencies) = at_desk(shared, move |d| Ok((d.officers(q.state.as_deref())?, d.agencies()?))).await?;
    Ok(desk_page(
        "Officers and agencies",
        "/desk/officers",
        html! {
            @if officers.is_empty() { (none("No officer is in this state. Officers register at the portal once their agency stands below.")) }
            div.wide { table {
                thead { tr { th { "Officer" } th { "Agency" } th { "State" } th { "Decide" } } }
                tbody { @for o in &officers { tr {
                    td { (o.name) br; span.note { (o.email) } } td { (o.agency) " (" (o.country) ")" }
                    td { (o.state) @if !o.second_factor { ", no second factor" } @if let Some(by) = &o.decided_by { " by " (by) } }
                    td { (step_form(&format!("/desk/officers/{}", o.id), "", "Record", &[("verdict", "Verdict", "approve|suspend|reset_factor"), ("reason", "Why", "text")])) }
                } } }
            } }
            h2 { "Agencies and their verified mail domains" }
            ul { @for a in &agencies { li { (a.name) " (" (a.country) "): " (a.domains.join(", ")) } } }
            (step_form("/desk/agencies", "", "Add", &[("name", "Agency", "text"), ("country", "Country", "text"), ("domain", "Domain", "text"), ("evidence", "How it was verified", "text")]))
        },
    ))
}

/// A verdict on an officer, by form.
pub async fn judge_officer(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<OfficerId>,
    Form(fields): Fields,
) -> Result<Response, ErrorPage> {
    #[derive(Deserialize)]
    struct Said {
        verdict: Verdict,
        #[serde(default)]
        reason: String,
    }
    let said: Said = step(&fields)?;
    at_desk(shared, move |d| d.judge_officer(id, said.verdict, &said.reason, &caller.0)).await?;
    Ok(back("/desk/officers".into()))
}

/// An agency, by form.
pub async fn add_agency(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Form(fields): Fields,
) -> Result<Response, ErrorPage> {
    let new: NewAgency = step(&fields)?;
    at_desk(shared, move |d| d.add_agency(new, &caller.0)).await?;
    Ok(back("/desk/officers".into()))
}

/// Seizures.
pub async fn seizures(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Query(q): Query<ListQuery>,
) -> Page {
    let list = at_desk(shared, move |d| d.seizures(q.state.as_deref(), &caller.0)).await?;
    Ok(desk_page(
        "Seizures",
        "/desk/seizures",
        html! { @if list.is_empty() { (none("No seizure is in this state. Requests for a seizure, once approved, stand here.")) } div.wide { table {
            thead { tr { th { "Request" } th { "From" } th.n { "Amount" } th { "To" } th { "State" } } }
            tbody { @for z in &list { tr {
                td { a href={"/desk/requests/" (z.request)} { (z.request) } } td { (z.transfer.customer) } td.n { (with_unit(z.transfer.amount, &z.transfer.asset)) }
                td.hash { (z.transfer.destination) } td { (z.state) }
            } } }
        } } },
    ))
}

/// Alerts.
pub async fn alerts(State(shared): State<Shared>, Query(q): Query<ListQuery>) -> Page {
    let filter = AlertFilter {
        state: Some(q.state.clone().unwrap_or_else(|| "open".into())),
        after: q.after,
        limit: 100,
        ..Default::default()
    };
    let list = block(shared, move |s| s.alerts(&filter)).await?;
    Ok(desk_page(
        "Alerts",
        "/desk/alerts",
        html! {
            p { "Show " a href="/desk/alerts?state=open" { "open" } ", " a href="/desk/alerts?state=closed" { "closed" } "." }
            @if list.is_empty() { (none("No alert is in this state.")) }
            div.wide { table {
                thead { tr { th.n { "Alert" } th { "Customer" } th { "Decision" } th { "Reason" } th { "Assignee" } th { "Since" } } }
                tbody { @for a in &list { tr {
                    td.n { a href={"/desk/alerts/" (a.id)} { (a.id) } } td { (a.customer) } td { (a.decision) } td { (a.reason) br; span.note { (a.rules.join(", ")) } }
                    td { (a.assignee.as_deref().unwrap_or("nobody")) } td { (time(a.created)) }
                } } }
            } }
            (pager("/desk/alerts", &q, list.last().map(|a| a.id), list.len() == 100))
        },
    ))
}

/// An alert.
pub async fn alert(State(shared): State<Shared>, Path(id): Path<u64>) -> Page {
    let (a, notes, event) = block(shared, move |s| {
        let (alert, notes) = s.alert(id)?;
        let event = s.history(alert.event.saturating_sub(1), 1)?.into_iter().find(|e| e.decision.seq == alert.event);
        Ok((alert, notes, event))
    })
    .await?;
    let to = format!("/desk/alerts/{id}");
    Ok(desk_page(
        &format!("Alert {id}"),
        "/desk/alerts",
        html! {
            dl {
                dt { "Customer" } dd { (a.customer) } dt { "Decision" } dd { (a.decision) } dt { "Reason" } dd { (a.reason) }
                dt { "Rules" } dd { (a.rules.join(", ")) } dt { "State" } dd { (a.state) @if let Some(o) = &a.outcome { ": " (o) } } dt { "Assignee" } dd { (a.assignee.as_deref().unwrap_or("nobody")) }
            }
            @if let Some(e) = &event { h2 { "Event " (e.event.id) } dl {
                dt { "Kind" } dd { (e.event.kind.name()) } dt { "When" } dd { (time(e.event.time)) }
                @if let (Some(n), Some(asset)) = (&e.event.amount, &e.event.asset) { dt { "Amount" } dd { (with_unit(*n, asset)) } }
                @if let Some(x) = e.event.counterparty.as_ref().or(e.event.address.as_ref()) { dt { "Address" } dd { a.hash href={"/address/" (x)} { (x) } " " a href={"/desk/graph?subject=" (x)} { "graph" } } }
                @for r in &e.decision.reasons { dt { (r.rule) } dd { (json!(r.decision).as_str().unwrap_or_default()) } }
            } }
            h2 { "Notes" }
            @for n in &notes { p { strong { (n.author) } " " (time(n.time)) " " (n.action) br; (n.text) } }
            (alert_form(&to, "assign", "Assign", &[("assignee", "To (empty: nobody)", "text")]))
            (alert_form(&to, "comment", "Comment", &[("text", "Text", "text")]))
            @if a.state == "open" { (alert_form(&to, "close", "Close", &[("outcome", "It was", "true_positive|false_positive|undecided"), ("text", "Why", "text")])) }
            @else { (alert_form(&to, "reopen", "Reopen", &[("text", "Why", "text")])) }
        },
    ))
}

fn alert_form(to: &str, action: &str, label: &str, fields: &[(&str, &str, &str)]) -> Markup {
    let mut all = vec![("action", action, "hidden")];
    all.extend_from_slice(fields);
    step_form(to, "", label, &all)
}

/// An action on an alert, by form.
pub async fn act_on_alert(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
    Form(fields): Fields,
) -> Result<Response, ErrorPage> {
    let action: AlertAction = step(&fields)?;
    block(shared, move |s| s.act_on_alert(id, action, &caller.0)).await?;
    Ok(back(format!("/desk/alerts/{id}")))
}

/// Holds.
pub async fn holds(State(shared): State<Shared>, Query(q): Query<ListQuery>) -> Page {
    let filter = HoldFilter {
        state: Some(q.state.clone().unwrap_or_else(|| "active".into())),
        after: q.after,
        limit: 100,
        ..Default::default()
    };
    let list = block(shared, move |s| s.holds(&filter)).await?;
    Ok(desk_page(
        "Holds",
        "/desk/holds",
        html! {
            p { "Show " a href="/desk/holds?state=active" { "active" } ", " a href="/desk/holds?state=released" { "released" } ", " a href="/desk/holds?state=expired" { "expired" } "." }
            @if list.is_empty() { (none("No hold is in this state. Decisions of rules and orders of authorities place holds.")) }
            div.wide { table {
                thead { tr { th.n { "Hold" } th { "Customer" } th { "Covers" } th { "Basis" } th { "Placed" } th { "Ends" } th { "Release" } } }
                tbody { @for h in &list { tr id={"hold-" (h.id)} {
                    td.n { (h.id) } td { (h.customer) } td { (h.scope.name()) @if h.amount.is_some() { ": " (with_unit(h.held, h.asset.as_deref().unwrap_or_default())) } }
                    td { (h.basis) br; span.note.long { (h.reason) } } td { (time(h.placed)) " by " (h.placed_by) }
                    td { @match h.expires { Some(t) => (time(t)), None => "open-ended" } }
                    td { @if h.state == "active" {
                        @if let Some(by) = &h.asked_by { "asked for by " (by) ": " (h.asked_reason.as_deref().unwrap_or_default()) }
                        (step_form(&format!("/desk/holds/{}/release", h.id), "", "Release", &[("reason", "Why", "text")]))
                    } }
                } } }
            } }
            (pager("/desk/holds", &q, list.last().map(|h| h.id), list.len() == 100))
        },
    ))
}

/// Releases a hold, or asks for it, by form.
pub async fn release_hold(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
    Form(fields): Fields,
) -> Result<Response, ErrorPage> {
    let reason = fields.get("reason").cloned().unwrap_or_default();
    block(shared, move |s| s.release_hold(id, None, &reason, &caller.0)).await?;
    Ok(back("/desk/holds".into()))
}

/// Cases.
pub async fn cases(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Query(q): Query<ListQuery>,
) -> Page {
    let who = person(&caller);
    let list = at_cases(shared, move |d| d.cases(q.state.as_deref(), &who)).await?;
    Ok(desk_page(
        "Cases",
        "/desk/cases",
        html! {
            @if list.is_empty() { (none("No case that you may read. Open one below.")) }
            div.wide { table {
                thead { tr { th.n { "Case" } th { "Title" } th { "Typology" } th { "State" } th { "Opened" } } }
                tbody { @for c in &list { tr {
                    td.n { (c.id) } td { a href={"/desk/cases/" (c.id)} { (c.title) } } td { (c.typology.as_deref().unwrap_or_default()) } td { (c.state) } td { (time(c.created)) " by " (c.created_by) }
                } } }
            } }
            h2 { "Open a case" }
            (step_form("/desk/cases", "", "Open", &[("title", "Title", "text"), ("typology", "Typology", "text"), ("summary", "What it is about", "area")]))
        },
    ))
}

/// Opens a case, by form.
pub async fn open_case(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Form(fields): Fields,
) -> Result<Response, ErrorPage> {
    let new: NewCase = step(&fields)?;
    let who = person(&caller);
    let case = at_cases(shared, move |d| d.open_case(new, &who)).await?;
    Ok(back(format!("/desk/cases/{}", case.id)))
}

/// A case.
pub async fn case(State(shared): State<Shared>, Extension(caller): Extension<Caller>, Path(id): Path<CaseId>) -> Page {
    let (file, reports) =
        with_ledger(shared, &caller, move |d, w, p| Ok((d.case(id, Some(w), p)?, d.reports(id, p)?))).await?;
    let (c, to) = (&file.case, format!("/desk/cases/{id}"));
    let now_open = c.state == "open";
    Ok(desk_page(
        &format!("Case {id}: {}", c.title),
        "/desk/cases",
        html! {
            p { (c.summary) }
            p.note { (c.state) ", opened " (time(c.created)) " by " (c.created_by) "; people: " (file.members.iter().map(|m| format!("{} ({})", m.person, m.role)).collect::<Vec<_>>().join(", ")) @if let Some(t) = &c.typology { "; typology: " (t.replace('_', " ")) } }
            p { a href={"/api/v1/desk/cases/" (id) "/report.pdf"} { "Case report (PDF)" } }
            h2 { "What belongs to it" }
            div.wide { table {
                thead { tr { th { "Kind" } th { "What" } th { "Added" } th { "" } } }
                tbody { @for i in &file.items { tr class=[i.withdrawn.as_ref().map(|_| "struck")] {
                    td { (i.kind) }
                    td {
                        @match i.kind.as_str() {
                            "address" => { a.hash href={"/address/" (i.key)} { (i.key) } " " a href={"/desk/graph?subject=" (i.key)} { "graph" } }
                            "transaction" => { a.hash href={"/tx/" (i.key)} { (i.key) } " " a href={"/desk/graph?subject=" (i.key)} { "graph" } }
                            "request" => { a href={"/desk/requests/" (i.key)} { (i.key) } }
                            "alert" => { a href={"/desk/alerts/" (i.key)} { (i.key) } }
                            "graph" => { a href={"/desk/graph?case=" (id) "&item=" (i.id)} { "open the graph of " (i.key) } }
                            "exhibit" => { a href={"/api/v1/desk/cases/" (id) "/exhibits/" (i.title)} { (i.title) } " " span.hash { (i.key) } }
                            _ => { span.hash { (i.key) } }
                        }
                        @if i.kind != "exhibit" { " " (i.title) }
                        @if let Some(t) = i.happened { " " span.note { "happened " (time(t)) } }
                        @if i.kind == "task" { " " span.note { (i.assignee.as_deref().unwrap_or("nobody")) @match i.done { Some(t) => { ", done " (time(t)) } None => @if let Some(due) = i.due { ", due " (time(due)) } } } }
                        @if i.kind == "trace" { ul { @for line in holdfast_cases::case::trace_lines(&i.body).iter().take(5) { li.note { (line) } } } }
                        @for x in &i.custody { br; span.note { (time(x.time)) " " (x.action) " by " (x.person) " at " (x.place) ": " (x.note) } }
                        @if let Some(why) = &i.withdrawn { " (" (why) ")" }
                    }
                    td { (time(i.created)) " by " (i.created_by) }
                    td { @if now_open && i.withdrawn.is_none() {
                        @if i.kind == "task" && i.done.is_none() { (step_form(&to, "done", "Done", &[("item", &i.id.to_string(), "hidden")])) }
                        @if i.kind == "exhibit" { details { summary { "Custody" } (step_form(&to, "custody", "Record", &[("item", &i.id.to_string(), "hidden"), ("action", "What happened", "moved|examined|returned|destroyed"), ("place", "Place", "text"), ("note", "Note", "text")])) } }
                        details { summary { "Withdraw" } (step_form(&to, "withdraw", "Withdraw", &[("item", &i.id.to_string(), "hidden"), ("reason", "Why", "text")])) }
                    } }
                } } }
            } }
            @if now_open {
                h3 { "Add" }
                (step_form(&to, "add", "Add", &[("kind", "Kind", "note|subject|address|transaction|request|alert|hold|event"), ("key", "Number, address or id", "text"), ("title", "Text", "area")]))
                (step_form(&to, "add", "Add a task", &[("kind", "task", "hidden"), ("title", "Task", "text"), ("assignee", "For", "text")]))
                h3 { "Exhibits and seized files" }
                (file_form(&format!("{to}/exhibits"), "Take in as an exhibit", &[("place", "Where it is kept")]))
                (file_form(&format!("{to}/evidence"), "Scan for seeds, keys, addresses and wallets", &[("exhibit", "Exhibit")]))
                p.note { "Up to 64 MiB here; disk images by " code { "holdfast evidence scan" } ". At a scene: " a href="/field-guide" { "the field guide" } "." }
                h3 { "People and state" }
                (step_form(&to, "member", "Set role", &[("person", "Person", "text"), ("role", "Role", "member|viewer|lead")]))
                (step_form(&to, "close", "Close the case", &[("reason", "Why", "text")]))
            } @else { (step_form(&to, "reopen", "Open again", &[])) }
            h2 { "Reports to authorities" }
            @if reports.is_empty() { (none("None yet: draft one below.")) }
            ul { @for r in &reports { li {
                (r.kind) " " (r.id) ", version " (r.version) ", " (r.state) ", written by " (r.created_by) @if let Some(by) = &r.approved_by { ", approved by " (by) }
                @match r.state.as_str() {
                    "draft" => { form.step method="post" action={(to) "/reports/" (r.id) "/approve"} { button type="submit" { "Approve" } } }
                    _ => { form.step method="post" action={"/api/v1/desk/cases/" (id) "/reports/" (r.id) "/export"} { button type="submit" { "Export XML" } } }
                }
                details { summary { "Narrative" } p { (r.body.narrative) } }
            } } }
            details { summary { "Draft a report" } (step_form(&format!("{to}/report"), "", "Draft", &[("kind", "Report", "goaml|fincen-sar"), ("name", "Institution", "text"), ("entity_id", "goAML entity id", "number"),
                ("branch", "Branch", "text"), ("tax_number", "Tax number", "text"), ("control_code", "FinCEN control code", "text"), ("address", "Street", "text"), ("city", "City", "text"), ("state", "State", "text"),
                ("postal_code", "Postal code", "text"), ("country", "Country", "text"), ("phone", "Phone", "text"), ("currency", "Currency", "text"), ("officer_first_name", "Signs: first name", "text"), ("officer_last_name", "Last name", "text")])) }
            @if !file.links.is_empty() { h2 { "Linked cases" } ul { @for l in &file.links { li { a href={"/desk/cases/" (l.case)} { "Case " (l.case) @if let Some(t) = &l.title { ": " (t) } } " shares " (l.because.join("; ")) } } } }
            h2 { "Timeline" }
            ol { @for m in &file.timeline { li { (time(m.time)) " " (m.what) } } }
        },
    ))
}

/// A change of a case, by form.
pub async fn step_case(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<CaseId>,
    Form(fields): Fields,
) -> Result<Response, ErrorPage> {
    let step: CaseStep = step(&fields)?;
    let who = person(&caller);
    at_cases(shared, move |d| d.change_case(id, step, &who)).await?;
    Ok(back(format!("/desk/cases/{id}")))
}

/// Drafts a report, by form.
pub async fn draft_report(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<CaseId>,
    Form(mut fields): Fields,
) -> Result<Response, ErrorPage> {
    let kind: Kind =
        serde_json::from_value(json!(fields.remove("kind"))).map_err(|e| ApiError::bad(format!("kind: {e}")))?;
    let number = fields.remove("entity_id").unwrap_or_default();
    let mut map: Map<String, Value> =
        fields.into_iter().map(|(k, v)| (k, Value::String(v.trim().to_owned()))).collect();
    map.insert("entity_id".into(), json!(number.trim().parse::<u32>().unwrap_or(0)));
    let filer: Filer = serde_json::from_value(Value::Object(map)).map_err(|e| ApiError::bad(format!("form: {e}")))?;
    let who = person(&caller);
    at_cases(shared, move |d| d.draft_report(id, kind, filer, &who)).await?;
    Ok(back(format!("/desk/cases/{id}")))
}

/// Approves a report, by form.
pub async fn approve_report(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path((id, report)): Path<(CaseId, ReportId)>,
) -> Result<Response, ErrorPage> {
    let who = person(&caller);
    at_cases(shared, move |d| d.approve_report(id, report, &who)).await?;
    Ok(back(format!("/desk/cases/{id}")))
}

/// What to look for.
#[derive(Debug, Deserialize)]
pub struct Words {
    #[serde(default)]
    q: String,
}

/// Search.
pub async fn search(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Query(words): Query<Words>,
) -> Page {
    let (who, q) = (person(&caller), words.q.clone());
    let hits = at_cases(shared, move |d| d.search(&q, &who)).await?;
    Ok(desk_page(
        &format!("Search: {}", words.q),
        "",
        html! {
            @if hits.is_empty() { p { "No case that you may read and no request has all these words. The field at the top of the page searches the ledger and its tags." } }
            ul { @for h in &hits { li { (h.kind) " " a href={"/desk/" (h.kind) "s/" (h.id)} { (h.title) } } } }
        },
    ))
}

/// Findings and recommendations.
pub async fn recommendations(State(shared): State<Shared>, Extension(caller): Extension<Caller>) -> Page {
    let (findings, list) = at_cases(shared, move |d| Ok((d.findings(&caller.0)?, d.recommendations()?))).await?;
    Ok(desk_page(
        "Recommendations",
        "/desk/recommendations",
        html! {
            h2 { "What cases have in common" }
            @if findings.is_empty() { (none("Nothing yet: cases with a typology stand here.")) }
            ul { @for f in &findings { li { strong { (f.typology) } ": " (count(f.cases.len() as u64, "case")) ", " (count(f.subjects, "customer")) "; for the " (json!(f.team).as_str().unwrap_or_default()) " team" } } }
            h2 { "Proposals" }
            @if list.is_empty() { (none("None yet.")) }
            @for r in &list { section {
                h3 { (r.proposal.title) } p { "To the " (json!(r.proposal.team).as_str().unwrap_or_default()) " team, on " (r.cases.len()) " cases of " (r.proposal.typology) ". " (r.proposal.text) }
                @if let Some(e) = &r.effect { p { "Replayed over " (e.events) " events: it would have stopped " strong { (e.cases_stopped.len()) } " of " (r.cases.len()) " cases, and " (e.others) " customers who are in none." } }
                p.note { (r.state) " by " (r.changed_by) " " (time(r.changed)) " " (r.note) }
                (step_form(&format!("/desk/recommendations/{}", r.id), "", "Note", &[("state", "State", "accepted|declined|done|proposed"), ("note", "What was said", "text")]))
            } }
            h2 { "Propose" }
            (step_form("/desk/recommendations", "", "Propose", &[("team", "Team", "aml|kyc|platform"), ("title", "Title", "text"), ("typology", "Typology", "text"), ("text", "What should change, and why", "area"), ("rules", "Rule book with the change (YAML)", "area")]))
        },
    ))
}

/// A proposal, by form.
pub async fn recommend(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Form(fields): Fields,
) -> Result<Response, ErrorPage> {
    let proposal: Proposal = step(&fields)?;
    let who = person(&caller);
    at_cases(shared, move |d| d.recommend(proposal, &who)).await?;
    Ok(back("/desk/recommendations".into()))
}

/// A follow-up, by form.
pub async fn follow_up(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<RecommendationId>,
    Form(fields): Fields,
) -> Result<Response, ErrorPage> {
    let get = |name: &str| fields.get(name).cloned().unwrap_or_default();
    let (state, note, who) = (get("state"), get("note"), person(&caller));
    at_cases(shared, move |d| d.follow_up(id, &state, &note, &who)).await?;
    Ok(back("/desk/recommendations".into()))
}

/// The transparency report as a page for everybody: it names nobody.
pub async fn transparency(State(shared): State<Shared>) -> Page {
    let report = at_cases(shared, |d| {
        let now = d.screening.now();
        d.transparency(946_684_800, now.max(946_684_801) + 1)
    })
    .await?;
    Ok(desk_page(
        "Transparency report",
        "/transparency",
        html! {
            p { "Requests from law enforcement until " (time(report.to)) ". " a href={"/api/v1/desk/transparency?format=csv&from=" (report.from) "&to=" (report.to)} { "CSV" } }
            div.wide { table {
                thead { tr { th { "Country" } th { "Kind" } th.n { "Received" } th.n { "Granted" } th.n { "Partly" } th.n { "Refused" } th.n { "Forged" } th.n { "Open" } th.n { "Median hours" } th.n { "In time" } } }
                tbody { @for l in report.lines.iter().chain([&report.total]) { tr {
                    td { (l.country) } td { (l.kind.replace('_', " ")) } td.n { (l.received) } td.n { (l.granted) } td.n { (l.partly) } td.n { (l.refused) } td.n { (l.forged) } td.n { (l.open) }
                    td.n { @match l.median_seconds { Some(s) => (s / 3600), None => "" } } td.n { (l.in_time) }
                } } }
            } }
        },
    ))
}

/// Which graph.
#[derive(Debug, Deserialize)]
pub struct GraphQuery {
    subject: Option<String>,
    case: Option<CaseId>,
    item: Option<CaseItemId>,
}

/// A graph that a person expands, arranges, annotates and saves in a case.
pub async fn graph(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Query(q): Query<GraphQuery>,
) -> Page {
    let (subject, saved) = match (q.case, q.item) {
        (Some(case), Some(item)) => {
            let who = person(&caller);
            let file = at_cases(shared.clone(), move |d| d.case(case, None, &who)).await?;
            let found = file.items.into_iter().find(|i| i.id == item && i.kind == "graph");
            let found = found.ok_or_else(|| ApiError {
                status: StatusCode::NOT_FOUND,
                message: format!("there is no graph {item} in case {case}"),
            })?;
            (found.key, found.body.to_string())
        }
        _ => (q.subject.ok_or_else(|| ApiError::bad("subject: give an address or transaction"))?, String::new()),
    };
    // Inside a script element only this could end it.
    let saved = saved.replace('<', "\\u003c");
    let asset = ask(shared, |w| Ok(w.asset())).await?;
    Ok(desk_page(
        "Graph",
        "",
        html! {
            p.note { "Tab goes between nodes, Enter expands, arrows move, n writes a note, Delete takes away. With a mouse: drag, double-click." }
            p { span id="count" { } " " span id="said" role="status" aria-live="polite" { } }
            ul.legend aria-label="Colours of addresses" {
                @for (class, text) in [("severe", "severe risk"), ("high", "high risk"), ("medium", "medium risk"), ("low", "low risk"), ("none", "unknown: not the same as safe")] {
                    li { span class={"risk " (class)} { (text) } }
                }
            }
            div.graph id="graph" data-subject=(subject) data-asset=(asset) { svg id="canvas" role="group" aria-label="Graph" {} }
            form.step id="note-form" hidden { label { "Note on " span id="note-of" {} input id="note" name="note"; } button type="submit" { "Save" } }
            form.step id="save" { label { "Case" input name="case" type="number" min="1" required value=[q.case]; } label { "Title" input name="title" required; } button type="submit" { "Save in the case" } }
            script type="application/json" id="saved" { (maud::PreEscaped(saved)) }
            script src="/graph.js" defer {}
        },
    ))
}

/// The graph's script.
pub async fn graph_js() -> Response {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("../../../../web/graph.js"))
        .into_response()
}

/// Who is not signed in is sent to do so; others see why not.
pub fn refusal(path_and_query: &str, e: ApiError) -> Response {
    if e.status == StatusCode::UNAUTHORIZED {
        let next: String = path_and_query
            .bytes()
            .map(|b| {
                if b.is_ascii_alphanumeric() || b"/-_.".contains(&b) {
                    (b as char).to_string()
                } else {
                    format!("%{b:02X}")
                }
            })
            .collect();
        return back(format!("/sign-in?next={next}"));
    }
    if e.status == StatusCode::FORBIDDEN {
        let body = html! {
            p.error role="alert" { (e.message) }
            p { "The links above lead to the pages that your key opens; an administrator can make a key with more scopes." }
            form method="post" action="/sign-out" { button.plain type="submit" { "Sign out" } }
        };
        return (e.status, desk_page("Your key does not open this page", "", body)).into_response();
    }
    ErrorPage::from(e).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forms_error_begins_with_the_field() {
        let empty = BTreeMap::from([("title".to_owned(), "  ".to_owned())]);
        let error = step::<NewCase>(&empty).unwrap_err();
        assert_eq!((error.status, error.message.as_str()), (StatusCode::BAD_REQUEST, "title: it is missing"));
        let wrong = BTreeMap::from([("hours".to_owned(), "many".to_owned())]);
        assert!(step::<NewCase>(&wrong).unwrap_err().message.starts_with("hours: "));
    }

    #[test]
    fn a_key_lands_on_a_page_that_it_opens() {
        let key = |scopes: &[&str]| ApiKey {
            id: "k1".into(),
            name: "ana".into(),
            scopes: scopes.iter().map(|s| (*s).to_owned()).collect(),
            per_minute: 0,
            created: 0,
            created_by: "local".into(),
            revoked: None,
            person: String::new(),
            suspended: false,
        };
        for (scopes, page) in [(&["admin"][..], "/desk"), (&["desk"], "/desk"), (&["academy"], "/desk/academy")] {
            assert_eq!(landing(&key(scopes)), page);
        }
        let administrators = landing(&key(&["manage", "rules"]));
        assert!(scopes_of_page(&Method::GET, administrators).contains(&"manage"), "{administrators}");
    }
}
