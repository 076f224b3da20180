//! An officer's own requests: their status, messages, files and productions.

use super::{is_approved, officer, token};
use axum::extract::{Multipart, Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use holdfast_page::components::{T, none, table, time, word, words};
use holdfast_page::forms::{Fields, Free, Input, Nothing, PageForm, file_form, page_form, upload};
use holdfast_page::frame::{Answer, ErrorPage, Frame, back};
use holdfast_page::texts::{rich, t};
use holdfast_state::AppState;
use holdfast_state::blocking::run_blocking;
use holdfast_types::ids::ProductionId;
use maud::html;

page_form! {
    /// A message to the exchange.
    struct Message {
        text: Free = "portal-request-message", Input::Own;
    }
}

/// Shows own requests.
pub(crate) async fn home(State(shared): State<AppState>, frame: Frame, headers: HeaderMap) -> Response {
    let (officer, token) = match officer(&shared, &headers, true).await {
        Ok(found) => found,
        Err(response) => return response,
    };
    if !is_approved(&officer) {
        let body = html! { p { (t!("portal-waiting-text")) } };
        return frame.portal(&t!("portal-waiting-title"), false, body).into_response();
    }
    let list = match run_blocking(move || Ok(shared.desk().own_requests(&token)?)).await {
        Ok(list) => list,
        Err(e) => return ErrorPage::from(e).into_response(),
    };
    let heads =
        [T("portal-home-reference"), T("common-kind"), T("portal-request-sent"), T("common-due"), T("common-state")];
    let body = html! {
        @if list.is_empty() { p { (t!("portal-home-none")) " " a href="/portal/new" { (t!("portal-new-title")) } } }
        @else { (table(&heads, &list, |s| html! { tr {
            td { a href={"/portal/requests/" (s.request.id)} { (s.request.reference) } } td { (word(s.request.kind.name())) }
            td { (time(s.request.received)) } td { (time(s.due)) } td { (word(s.state)) @if let Some(o) = &s.outcome { ": " (word(o)) } }
        } })) }
    };
    frame.portal(&t!("portal-home-title"), true, body).into_response()
}

/// Shows an own request.
pub(crate) async fn page(
    State(shared): State<AppState>,
    frame: Frame,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Answer {
    let token = match officer(&shared, &headers, true).await {
        Ok((_, token)) => token,
        Err(response) => return Ok(response),
    };
    let (own, policy) = (id.clone(), shared.policy.clone());
    let (s, productions) = run_blocking(move || {
        let d = shared.desk();
        Ok((d.own_request(&token, &own)?, d.own_productions(&token, &own)?))
    })
    .await?;
    let r = &s.request;
    let process = policy.processes.iter().find(|p| p.id == r.process).map_or(r.process.as_str(), |p| p.title.as_str());
    let here = format!("/portal/requests/{id}");
    let body = html! {
        dl {
            dt { (t!("common-kind")) } dd { (word(r.kind.name())) @if !r.classes.is_empty() { ": " (words(r.classes.iter().map(|c| c.name()))) } }
            dt { (t!("common-process")) } dd { (process) }
            dt { (t!("portal-request-sent")) } dd { (time(r.received)) }
            dt { (t!("common-due")) } dd { (time(s.due)) }
            dt { (t!("common-state")) } dd { (word(s.state)) @if let Some(o) = &s.outcome { ": " (word(o)) } }
            dt { (t!("portal-request-about")) } dd { @for t in &r.targets { (word(t.kind.name())) " " span.hash { (t.value) } br; } }
            @for (name, limit) in r.scope.lines() { dt { (name) } dd { (limit) } }
        }
        @if !productions.is_empty() { h2 { (t!("portal-request-answers")) } ul { @for p in &productions { li {
            (rich!("portal-request-package",
                link = html! { a href={(here) "/productions/" (p.id)} { (t!("portal-request-package-name", number = p.id.number())) } },
                until = time(p.expires), hash = html! { span.hash { (p.sha256) } }))
        } } } }
        h2 { (t!("common-files")) }
        @if s.files.is_empty() { (none(&t!("portal-request-no-files"))) }
        ul { @for f in &s.files { li { (f.name) " " span.note {
            (rich!("common-file-facts", size = f.size, hash = html! { span.hash { (f.sha256) } }))
        } } } }
        (file_form::<Nothing>(&format!("{here}/files"), "common-attach"))
        h2 { (t!("common-messages")) }
        @for m in &s.messages { p { strong { (m.author) } " " (time(m.time)) br; (m.text) } }
        form.step method="post" action=(here) {
            label { (Message::label("text")) textarea name="text" rows="2" {} } button type="submit" { (t!("common-send")) }
        }
    };
    let title = t!("portal-request-title", reference = r.reference.as_str());
    Ok(frame.portal(&title, true, body).into_response())
}

/// Sends a message to the exchange.
pub(crate) async fn message(
    State(shared): State<AppState>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Fields(form): Fields<Message>,
) -> Answer {
    let (token, own) = (token(&headers), id.clone());
    run_blocking(move || Ok(shared.desk().own_message(&token, &own, &form.text.0)?)).await?;
    Ok(back(format!("/portal/requests/{id}")))
}

/// Attaches a file.
pub(crate) async fn attach(
    State(shared): State<AppState>,
    headers: HeaderMap,
    Path(id): Path<String>,
    form: Multipart,
) -> Answer {
    let (token, own) = (token(&headers), id.clone());
    // Before the file is read: uploads need a session.
    if let Err(response) = officer(&shared, &headers, true).await {
        return Ok(response);
    }
    let file = upload::<Nothing>(form).await?;
    run_blocking(move || Ok(shared.desk().own_file(&token, &own, &file.name, &file.media_type, &file.bytes)?)).await?;
    Ok(back(format!("/portal/requests/{id}")))
}

/// Fetches a production.
pub(crate) async fn fetch(
    State(shared): State<AppState>,
    headers: HeaderMap,
    Path((id, number)): Path<(String, ProductionId)>,
) -> Answer {
    let token = token(&headers);
    let bytes = run_blocking(move || Ok(shared.desk().own_fetch(&token, &id, number)?)).await?;
    Ok(holdfast_state::body::download(&format!("production-{number}.zip.age"), "application/octet-stream", bytes))
}
