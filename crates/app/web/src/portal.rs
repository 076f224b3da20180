//! The officers' portal as pages: a mailed code, the second factor, own requests with their status, messages, files and productions.

use crate::desk::{back, time};
use crate::pages::{ErrorPage, none, page};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Form, Multipart, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use holdfast_api::Shared;
use holdfast_api::error::ApiError;
use holdfast_api::portal::{AssertionBody, PasskeyBody};
use holdfast_api::requests::at_desk;
use holdfast_api::screening::json as parse;
use holdfast_api::sign_in::{Client, cookie};
use holdfast_documents::sha256;
use holdfast_requests::policy::Policy;
use holdfast_requests::portal::{Officer, Session};
use holdfast_requests::request::{self, DataClass, Request, Statement, Target, TargetKind};
use holdfast_requests::scope::OrderScope;
use holdfast_types::ids::ProductionId;
use maud::{Markup, html};
use serde_json::{Value, json};
use std::collections::BTreeMap;

type Page = Result<Markup, ErrorPage>;
type Fields = Form<BTreeMap<String, String>>;

/// The session that a browser keeps.
fn token(headers: &HeaderMap) -> String {
    cookie(headers, "ho").unwrap_or_default()
}

fn keep(shared: &Shared, session: &Session, to: &str) -> Response {
    ([(header::SET_COOKIE, session_cookie(shared, session))], Redirect::to(to)).into_response()
}

fn session_cookie(shared: &Shared, session: &Session) -> String {
    shared.access.cookie("ho", &session.token, holdfast_requests::portal::SESSION_SECONDS)
}

/// The officer of a session; who has none is sent to the beginning.
async fn officer(shared: &Shared, headers: &HeaderMap, full: bool) -> Result<(Officer, String), Response> {
    let token = token(headers);
    let theirs = token.clone();
    match at_desk(shared.clone(), move |d| d.officer(&theirs, full)).await {
        Ok(officer) => match holdfast_api::portal::count_officer(shared, &officer) {
            Ok(()) => Ok((officer, token)),
            Err(e) => Err(ErrorPage::from(e).into_response()),
        },
        Err(e) if e.status == StatusCode::CONFLICT => Err(back("/portal/sign-in".into())),
        Err(e) => Err(ErrorPage::from(e).into_response()),
    }
}

fn portal(title: &str, body: Markup) -> Markup {
    page(
        title,
        "",
        html! {
            nav aria-label="Portal" { a href="/portal" { "Your requests" } a href="/portal/new" { "New request" } a href="/portal/me" { "You and your keys" }
                form method="post" action="/portal/sign-out" { button.plain type="submit" { "Sign out" } } }
            h1 { (title) }
            (body)
        },
    )
}

/// Signs out: all sessions of the officer end.
pub async fn sign_out(State(shared): State<Shared>, headers: HeaderMap) -> Result<Response, ErrorPage> {
    let token = token(&headers);
    if !token.is_empty() {
        at_desk(shared.clone(), move |d| d.sign_out(&token)).await?;
    }
    Ok(([(header::SET_COOKIE, shared.access.cookie("ho", "", 0))], Redirect::to("/portal/sign-in")).into_response())
}

/// Asks for a code.
pub async fn sign_in() -> Markup {
    page(
        "Request portal",
        "",
        html! {
            h1 { "Request portal for law enforcement" }
            p { "Give your official address. It must be at a mail domain of your agency that the desk verified; a code is mailed to it." }
            form.step method="post" action="/portal/sign-in" {
                label { "Official address" input name="email" type="email" required autofocus autocomplete="email"; }
                label { "Name (the first time)" input name="name" autocomplete="name"; }
                button type="submit" { "Mail a code" }
            }
        },
    )
}

/// Mails a code and asks for it.
pub async fn code(State(shared): State<Shared>, Form(fields): Fields) -> Page {
    let email = fields.get("email").cloned().unwrap_or_default();
    let name = fields.get("name").map(|n| n.trim().to_owned()).filter(|n| !n.is_empty());
    let to = email.clone();
    at_desk(shared, move |d| d.ask_code(&to, name.as_deref())).await?;
    Ok(code_page(&email, None))
}

/// Asks for the mailed code, again after one that did not open.
fn code_page(email: &str, refused: Option<&str>) -> Markup {
    page(
        "Your code",
        "",
        html! {
            h1 { "Your code" }
            @match refused {
                Some(why) => p.error role="alert" { "Code: " (why) "." }
                None => p { "If " (email) " may enter, a code was mailed to it; look there. A code opens for 15 minutes, once, and the next one comes after three minutes." }
            }
            form.step method="post" action="/portal/prove" {
                input type="hidden" name="email" value=(email);
                label { "Code" input name="code" inputmode="numeric" autocomplete="one-time-code" required autofocus; }
                button type="submit" { "Go on" }
            }
            p { a href="/portal/sign-in" { "Use another address, or have another code mailed" } }
        },
    )
}

/// Takes the code.
pub async fn prove(State(shared): State<Shared>, client: Client, Form(fields): Fields) -> Result<Response, ErrorPage> {
    let get = |name: &str| fields.get(name).cloned().unwrap_or_default();
    let (email, code) = (get("email"), get("code"));
    holdfast_api::portal::count_tries(&shared, &client.0, &email)?;
    let address = email.clone();
    match at_desk(shared.clone(), move |d| d.prove(&address, &code)).await {
        Ok(session) => Ok(keep(&shared, &session, "/portal/factor")),
        // A slip of the pen costs no second mail, for which the officer would wait.
        Err(e) if e.status == StatusCode::CONFLICT => {
            Ok((e.status, code_page(&email, Some(&e.message))).into_response())
        }
        Err(e) => Err(e.into()),
    }
}

/// Asks for the second factor, and sets it up at the first time.
pub async fn factor(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    let (officer, token) = match officer(&shared, &headers, false).await {
        Ok(found) => found,
        Err(response) => return response,
    };
    let theirs = token.clone();
    let full = at_desk(shared.clone(), move |d| d.officer(&theirs, true)).await.is_ok();
    // Beside a passkey, an app is set up in a full session only.
    let enrolment = match officer.app || (officer.passkeys > 0 && !full) {
        true => None,
        false => match at_desk(shared, move |d| d.enrol(&token)).await {
            Ok(enrolment) => Some(enrolment),
            Err(e) => return ErrorPage::from(e).into_response(),
        },
    };
    page("Second factor", "", html! {
        h1 { "Second factor" }
        @if officer.passkeys > 0 { p { button #passkey-enter type="button" autofocus { "Use your passkey" } } }
        @if !officer.second_factor { (add_passkey()) h2 { "Or an authenticator app" } }
        (script())
        @if let Some(e) = &enrolment {
            p { "Add this to your authenticator app, then give the code that it shows. It is shown once." }
            p { a href=(e.uri) { "Open in the app" } ", or type the secret: " code.hash { (e.secret) } }
        }
        @if officer.app || enrolment.is_some() { form.step method="post" action="/portal/factor" {
            label { "Code of the app" input name="code" inputmode="numeric" autocomplete="one-time-code" required autofocus[officer.passkeys == 0]; }
            button type="submit" { "Enter" }
        } }
    })
    .into_response()
}

/// The fields that make a passkey; the script does it.
fn add_passkey() -> Markup {
    html! {
        p { "A passkey lies in your computer, telephone or security key, and opens with its fingerprint or PIN. It works at this site only, so no other site can ask it from you." }
        div.step { label { "Name of the device" input #passkey-name value="my device" maxlength="60"; } button #passkey-add type="button" { "Add a passkey" } }
    }
}

fn script() -> Markup {
    html! { p #passkey-said role="status" {} script src="/passkey.js" defer {} }
}

/// The script of passkeys.
pub async fn passkey_js() -> Response {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("../../../../web/passkey.js"))
        .into_response()
}

/// Begins to add a passkey.
pub async fn passkey_begin(State(shared): State<Shared>, headers: HeaderMap) -> Result<Json<Value>, ApiError> {
    let (token, site) = (token(&headers), shared.site.clone());
    at_desk(shared, move |d| d.passkey_begin(&token, &site)).await.map(Json)
}

/// The session in a cookie, for a script.
fn kept(shared: &Shared, session: &Session) -> Response {
    ([(header::SET_COOKIE, session_cookie(shared, session))], Json(json!({ "to": "/portal" }))).into_response()
}

/// Adds it.
pub async fn passkey_register(
    State(shared): State<Shared>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let (token, site, made): (_, _, PasskeyBody) = (token(&headers), shared.site.clone(), parse(&body)?);
    let session =
        at_desk(shared.clone(), move |d| d.passkey_register(&token, &site, &made.name, &made.credential)).await?;
    Ok(kept(&shared, &session))
}

/// Begins to enter with a passkey.
pub async fn passkey_challenge(State(shared): State<Shared>, headers: HeaderMap) -> Result<Json<Value>, ApiError> {
    let (token, site) = (token(&headers), shared.site.clone());
    at_desk(shared, move |d| d.passkey_challenge(&token, &site)).await.map(Json)
}

/// Enters.
pub async fn passkey_enter(
    State(shared): State<Shared>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let (token, site, given): (_, _, AssertionBody) = (token(&headers), shared.site.clone(), parse(&body)?);
    let session = at_desk(shared.clone(), move |d| d.passkey_enter(&token, &site, &given.credential)).await?;
    Ok(kept(&shared, &session))
}

/// Removes a passkey.
pub async fn passkey_remove(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Form(fields): Fields,
) -> Result<Response, ErrorPage> {
    let (token, id) = (token(&headers), fields.get("id").cloned().unwrap_or_default());
    at_desk(shared, move |d| d.passkey_remove(&token, &id)).await?;
    Ok(back("/portal/me".into()))
}

/// Takes the second factor.
pub async fn enter(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Form(fields): Fields,
) -> Result<Response, ErrorPage> {
    let (token, code) = (token(&headers), fields.get("code").cloned().unwrap_or_default());
    let session = at_desk(shared.clone(), move |d| d.second_factor(&token, &code)).await?;
    Ok(keep(&shared, &session, "/portal"))
}

/// Own requests.
pub async fn home(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    let (officer, token) = match officer(&shared, &headers, true).await {
        Ok(found) => found,
        Err(response) => return response,
    };
    if officer.state != "approved" {
        let body = html! { p { "Your address and second factor are proved. A person of the desk approves you next; a mail follows when that is done." } };
        return portal("Waiting for approval", body).into_response();
    }
    let list = match at_desk(shared, move |d| d.own_requests(&token)).await {
        Ok(list) => list,
        Err(e) => return ErrorPage::from(e).into_response(),
    };
    portal("Your requests", html! {
        @if list.is_empty() { p { "None yet. " a href="/portal/new" { "Send one." } } }
        div.wide { table {
            thead { tr { th { "Reference" } th { "Kind" } th { "Sent" } th { "Due" } th { "State" } } }
            tbody { @for s in &list { tr {
                td { a href={"/portal/requests/" (s.request.id)} { (s.request.reference) } } td { (s.request.kind.name().replace('_', " ")) }
                td { (time(s.request.received)) } td { (time(s.due)) } td { (s.state) @if let Some(o) = &s.outcome { ": " (o) } }
            } } }
        } }
    })
    .into_response()
}

/// A form for a request.
pub async fn new(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    let found = match officer(&shared, &headers, true).await {
        Ok((found, _)) => found,
        Err(response) => return response,
    };
    let policy: &Policy = &shared.policy;
    let kinds = ["information", "preservation", "freeze", "seizure", "emergency_disclosure"];
    let targets = TargetKind::ALL.map(TargetKind::name);
    let classes = [
        ("subscriber", "subscriber: name, birth, residence, email, phone"),
        ("kyc", "documents and results of identity checks (KYC)"),
        ("access", "IP addresses and devices, to identify the user"),
        ("transactions", "deposits, withdrawals, trades, payments"),
        ("balances", "balances of the accounts"),
        ("instruments", "cards and bank accounts"),
        ("content", "messages with support"),
    ];
    let states = [
        ("judge", "issued by a judge or court"),
        ("prosecutor", "issued by a prosecutor"),
        ("validated", "validated by a judge, court or prosecutor"),
        ("serious_offence", "the offence carries a maximum of three years or more, or is listed"),
        ("central_authority", "sent by the central authority under a treaty"),
        ("danger", "life or limb are in danger, as the reasons below state"),
    ];
    let option = |name: &str| html! { option value=(name) { (name.replace('_', " ")) } };
    let check = |prefix: &str, (name, words): (&str, &str)| html! { label { input type="checkbox" name={(prefix) (name)} value="true"; (words) } };
    let target = |i: u8| {
        html! { div.step {
            label { "Kind" select name={"kind." (i)} { @for t in targets { (option(t)) } } } label { "Value" input name={"value." (i)} size="44"; } label { "Asset, where it has one" input name={"asset." (i)} size="5"; }
            label { "From (IP addresses; UTC)" input name={"from." (i)} type="datetime-local" step="1"; } label { "To" input name={"to." (i)} type="datetime-local" step="1"; }
        } }
    };
    portal("New request", html! {
        p.note { "From " (found.name) ", " (found.agency) "." }
        form method="post" action="/portal/new" {
            div.step { label { "Your reference" input name="reference" required; }
            label { "What you ask for" select name="kind" { @for k in kinds { (option(k)) } } }
            label { "By which process" select name="process" { @for p in &policy.processes { option value=(p.id) { (p.title) } } } } }
            fieldset { legend { "About whom or what" }
                (target(1))
                details { summary { "Up to four more" } @for i in 2..=5 { (target(i)) } }
            }
            fieldset { legend { "Limited to (times are UTC)" }
                div.step { label { "From" input name="scope.from" type="datetime-local" step="1"; } label { "To" input name="scope.to" type="datetime-local" step="1"; }
                    label { "Accounts" input name="scope.accounts" placeholder="a-1, a-2"; } label { "Assets" input name="scope.assets" placeholder="BTC, ETH"; } }
            }
            fieldset.list { legend { "Classes of data (not for freezes and seizures)" } @for c in classes { (check("class.", c)) } }
            fieldset.list { legend { "The order is, or states" } @for s in states { (check("state.", s)) } }
            div.step { label { input type="checkbox" name="emergency" value="true"; "Urgent, as the process defines urgency" } }
            div.step { label { "Do not notify the user until" input name="gag" type="date"; } }
            div.step { label { "Reasons" textarea name="statement" rows="5" cols="60" {} } }
            button type="submit" { "Send" }
        }
    })
    .into_response()
}

/// A time of a form, UTC; seconds may be missing.
fn form_time(fields: &BTreeMap<String, String>, name: &str) -> Result<Option<i64>, ApiError> {
    let text = fields.get(name).map(|v| v.trim()).unwrap_or_default();
    match text {
        "" => Ok(None),
        text => holdfast_input::time::parse(text).map(Some).map_err(|e| ApiError::bad(format!("{name}: {e}"))),
    }
}

/// What a form limits a request to.
fn scope_of(fields: &BTreeMap<String, String>) -> Result<OrderScope, ApiError> {
    let list = |name: &str| {
        let text = fields.get(name).map(String::as_str).unwrap_or_default();
        text.split([',', ';']).map(|t| t.trim().to_owned()).filter(|t| !t.is_empty()).collect()
    };
    Ok(OrderScope {
        from: form_time(fields, "scope.from")?,
        to: form_time(fields, "scope.to")?,
        accounts: list("scope.accounts"),
        assets: list("scope.assets"),
    })
}

/// A form's fields as a request. Its id is derived from its content, so that a form that is sent twice is one request.
fn request_of(fields: &BTreeMap<String, String>, who: &Officer) -> Result<Request, ApiError> {
    let get = |name: &str| fields.get(name).map(|v| v.trim().to_owned()).unwrap_or_default();
    let named = |text: String| Value::String(text);
    let bad = |field: &str, e: serde_json::Error| ApiError::bad(format!("{field}: {e}"));
    let mut targets = Vec::new();
    for i in 1..=5 {
        let value = get(&format!("value.{i}"));
        if !value.is_empty() {
            let kind: TargetKind =
                serde_json::from_value(named(get(&format!("kind.{i}")))).map_err(|e| bad("kind", e))?;
            targets.push(Target {
                asset: Some(get(&format!("asset.{i}"))).filter(|a| !a.is_empty()),
                from: form_time(fields, &format!("from.{i}"))?,
                to: form_time(fields, &format!("to.{i}"))?,
                ..Target::new(kind, value)
            });
        }
    }
    let checked = |prefix: &str| {
        fields.keys().filter_map(|k| k.strip_prefix(prefix)).map(|k| named(k.to_owned())).collect::<Vec<_>>()
    };
    let classes: Vec<DataClass> = serde_json::from_value(json!(checked("class."))).map_err(|e| bad("class", e))?;
    let states: Vec<Statement> = serde_json::from_value(json!(checked("state."))).map_err(|e| bad("state", e))?;
    let kind: request::Kind = serde_json::from_value(named(get("kind"))).map_err(|e| bad("kind", e))?;
    let gag = get("gag");
    let gag_until = match gag.is_empty() {
        true => None,
        false => Some(holdfast_input::time::parse_date(&gag).map_err(|e| ApiError::bad(format!("gag: {e}")))?),
    };
    Ok(Request {
        id: format!("p-{}", &sha256(json!([who.id, fields]).to_string().as_bytes())[..16]),
        received: 0,
        kind,
        process: get("process"),
        reference: get("reference"),
        officer: request::Officer {
            name: who.name.clone(),
            email: who.email.clone(),
            agency: who.agency.clone(),
            country: who.country.clone(),
        },
        targets,
        classes,
        states,
        emergency: fields.contains_key("emergency"),
        gag_until,
        statement: get("statement"),
        scope: scope_of(fields)?,
        attachments: Vec::new(),
    })
}

/// Sends a request.
pub async fn send(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Form(fields): Fields,
) -> Result<Response, ErrorPage> {
    let (found, token) = match officer(&shared, &headers, true).await {
        Ok(found) => found,
        Err(response) => return Ok(response),
    };
    let request = request_of(&fields, &found)?;
    let id = request.id.clone();
    at_desk(shared, move |d| d.send_request(&token, request)).await?;
    Ok(back(format!("/portal/requests/{id}")))
}

/// An own request.
pub async fn request(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, ErrorPage> {
    let token = match officer(&shared, &headers, true).await {
        Ok((_, token)) => token,
        Err(response) => return Ok(response),
    };
    let (theirs, policy) = (id.clone(), shared.policy.clone());
    let (s, productions) =
        at_desk(shared, move |d| Ok((d.own_request(&token, &theirs)?, d.own_productions(&token, &theirs)?))).await?;
    let r = &s.request;
    let process = policy.processes.iter().find(|p| p.id == r.process).map_or(r.process.as_str(), |p| p.title.as_str());
    Ok(portal(&format!("Request {}", r.reference), html! {
        dl {
            dt { "Asks for" } dd { (r.kind.name().replace('_', " ")) @if !r.classes.is_empty() { ": " (r.classes.iter().map(|c| c.name()).collect::<Vec<_>>().join(", ")) } }
            dt { "By" } dd { (process) } dt { "Sent" } dd { (time(r.received)) } dt { "Due" } dd { (time(s.due)) }
            dt { "State" } dd { (s.state) @if let Some(o) = &s.outcome { ": " (o) } }
            dt { "About" } dd { @for t in &r.targets { (t.kind.name()) " " span.hash { (t.value) } br; } }
            @for (name, limit) in r.scope.lines() { dt { (name) } dd { (limit) } }
        }
        @if !productions.is_empty() { h2 { "Answers" } ul { @for p in &productions { li {
            a href={"/portal/requests/" (id) "/productions/" (p.id)} { "Package " (p.id) } ", until " (time(p.expires)) ", encrypted to your key; SHA-256 " span.hash { (p.sha256) } } } } }
        h2 { "Files" }
        @if s.files.is_empty() { (none("None yet: attach the order.")) }
        ul { @for f in &s.files { li { (f.name) " " span.note { (f.size) " bytes, SHA-256 " span.hash { (f.sha256) } } } } }
        (crate::desk::file_form(&format!("/portal/requests/{id}/files"), "Send the file", &[]))
        h2 { "Messages" }
        @for m in &s.messages { p { strong { (m.author) } " " (time(m.time)) br; (m.text) } }
        form.step method="post" action={"/portal/requests/" (id)} { label { "To the desk" textarea name="text" rows="2" {} } button type="submit" { "Send" } }
    })
    .into_response())
}

/// Writes to the desk.
pub async fn message(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Form(fields): Fields,
) -> Result<Response, ErrorPage> {
    let (token, text, theirs) = (token(&headers), fields.get("text").cloned().unwrap_or_default(), id.clone());
    at_desk(shared, move |d| d.own_message(&token, &theirs, &text)).await?;
    Ok(back(format!("/portal/requests/{id}")))
}

/// Attaches a file.
pub async fn attach(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
    form: Multipart,
) -> Result<Response, ErrorPage> {
    let (token, theirs) = (token(&headers), id.clone());
    // Before the file is read: nobody without a session sends megabytes.
    if let Err(response) = officer(&shared, &headers, true).await {
        return Ok(response);
    }
    let file = crate::desk::upload(form).await?;
    at_desk(shared, move |d| d.own_file(&token, &theirs, &file.name, &file.media_type, &file.bytes)).await?;
    Ok(back(format!("/portal/requests/{id}")))
}

/// Fetches an answer.
pub async fn fetch(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Path((id, number)): Path<(String, ProductionId)>,
) -> Result<Response, ErrorPage> {
    let token = token(&headers);
    let bytes = at_desk(shared, move |d| d.own_fetch(&token, &id, number)).await?;
    Ok(holdfast_api::requests::download(&format!("production-{number}.zip.age"), "application/octet-stream", bytes))
}

/// The officer and the keys.
pub async fn me(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    let (found, token) = match officer(&shared, &headers, true).await {
        Ok(found) => found,
        Err(response) => return response,
    };
    let passkeys = match at_desk(shared, move |d| d.passkeys(&token)).await {
        Ok(passkeys) => passkeys,
        Err(e) => return ErrorPage::from(e).into_response(),
    };
    portal("You and your keys", html! {
        p { (found.name) ", " (found.email) ", " (found.agency) " (" (found.country) "), " (found.state) "." }
        p { "Answers are encrypted to these keys. Make one with " code { "age-keygen" } "; its secret part stays with you." }
        form.step method="post" action="/portal/me" { label { "age recipients, one a line" textarea name="recipients" rows="3" { (found.recipients.join("\n")) } } button type="submit" { "Save" } }
        h2 { "Passkeys" }
        ul { @for k in &passkeys { li { (k.name) ", since " (time(k.created)) @if let Some(t) = k.used { ", used " (time(t)) }
            form method="post" action="/portal/passkeys/remove" { input type="hidden" name="id" value=(k.id); button type="submit" { "Remove " (k.name) } } } } }
        (add_passkey()) (script())
        @if !found.app { p { a href="/portal/factor" { "Set up an authenticator app as well" } } }
    })
    .into_response()
}

/// Takes the keys.
pub async fn set_keys(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Form(fields): Fields,
) -> Result<Response, ErrorPage> {
    let token = token(&headers);
    let keys = fields.get("recipients").map(|t| t.split_whitespace().map(str::to_owned).collect()).unwrap_or_default();
    at_desk(shared, move |d| d.set_recipients(&token, keys)).await?;
    Ok(back("/portal/me".into()))
}
