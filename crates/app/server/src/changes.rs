//! Changes that a second person puts in force, over HTTP and as a page.

use crate::Shared;
use crate::desk_pages::{back, desk_page, step_form, time};
use crate::error::{ApiError, ErrorBody};
use crate::gate::Caller;
use crate::pages::{ErrorPage, none};
use crate::screening::{block, json};
use axum::body::Bytes;
use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use holdfast_screening::RuleBook;
use holdfast_screening::changes::{Change, ChangeKind};
use holdfast_screening::rules::BookFile;
use maud::{Markup, html};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

/// Whether a caller's change waits for a second person: always for a key; on the desk's machine where somebody else could approve it.
pub(crate) async fn waits(shared: &Shared, caller: &Caller, kind: ChangeKind) -> Result<bool, ApiError> {
    if !caller.is_local() {
        return Ok(true);
    }
    let who = caller.0.clone();
    block(shared.clone(), move |s| s.has_second_person(kind, &who)).await
}

/// The answer to a change that waits.
pub(crate) fn accepted(change: Change) -> Response {
    (StatusCode::ACCEPTED, Json(change)).into_response()
}

/// Which changes.
#[derive(Debug, Deserialize, IntoParams)]
pub struct ChangesQuery {
    /// proposed, approved or rejected.
    state: Option<String>,
}

/// What is said of a change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeVerdict {
    /// It is put in force.
    Approve,
    /// It is not; who proposed it may do this too.
    Reject,
}

/// A decision about a change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeDecision {
    decision: ChangeVerdict,
    /// Why.
    reason: String,
}

/// Changes that wait for a second person, or were decided, newest first.
#[utoipa::path(get, path = "/api/v1/changes", params(ChangesQuery), responses((status = 200, body = Vec<Change>)))]
pub async fn changes(
    State(shared): State<Shared>,
    Query(q): Query<ChangesQuery>,
) -> Result<Json<Vec<Change>>, ApiError> {
    block(shared, move |s| s.changes(q.state.as_deref())).await.map(Json)
}

/// A change.
#[utoipa::path(get, path = "/api/v1/changes/{id}", params(("id" = u32, Path, description = "Number of the change")),
    responses((status = 200, body = Change), (status = 404, body = ErrorBody)))]
pub async fn change(State(shared): State<Shared>, Path(id): Path<u32>) -> Result<Json<Change>, ApiError> {
    block(shared, move |s| s.change_by_id(id as u64)).await.map(Json)
}

/// Approves a change of another person, which puts it in force, or rejects it. Rules need the scope `rules`, sources `manage`, keys `manage` or
/// `approve` and every scope that the key gets.
#[utoipa::path(post, path = "/api/v1/changes/{id}", params(("id" = u32, Path, description = "Number of the change")),
    request_body(content = ChangeDecision, example = json!({"decision": "approve", "reason": "compared with the ticket"})),
    responses((status = 200, body = Change), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn decide(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u32>,
    body: Bytes,
) -> Result<Json<Change>, ApiError> {
    let said: ChangeDecision = json(&body)?;
    let approve = matches!(said.decision, ChangeVerdict::Approve);
    decided(shared, &caller, id as u64, approve, said.reason).await.map(Json)
}

async fn decided(shared: Shared, caller: &Caller, id: u64, approve: bool, reason: String) -> Result<Change, ApiError> {
    let change = block(shared.clone(), move |s| s.change_by_id(id)).await?;
    let scopes = change.kind.scopes();
    if !scopes.iter().any(|s| caller.may(s)) {
        let message = format!("this needs the scope {}", scopes.join(" or "));
        return Err(ApiError { status: StatusCode::FORBIDDEN, message });
    }
    if approve && change.kind == ChangeKind::Key {
        let key = change.key().map_err(|e| ApiError::internal(e.to_string()))?;
        may_grant(caller, &key.scopes)?;
    }
    let who = caller.0.clone();
    let theirs = shared.clone();
    block(shared, move |s| {
        let change = s.decide_change(id, approve, &reason, &who)?;
        theirs.gate.set(s.keys()?);
        Ok(change)
    })
    .await
}

/// Nobody grants more than they have.
pub(crate) fn may_grant(caller: &Caller, scopes: &[String]) -> Result<(), ApiError> {
    match scopes.iter().find(|s| !caller.may(s)) {
        None => Ok(()),
        Some(scope) => {
            let message = format!("you do not have the scope {scope}, so you cannot give it; somebody who has it can");
            Err(ApiError { status: StatusCode::FORBIDDEN, message })
        }
    }
}

/// Fields that differ between two values: `name: before -> after`, long ones by name alone.
fn field_differences<T: Serialize>(name: &str, before: &T, after: &T) -> Vec<String> {
    let fields = |v: &T| match serde_json::to_value(v) {
        Ok(Value::Object(map)) => map,
        _ => serde_json::Map::new(),
    };
    let (before, after) = (fields(before), fields(after));
    let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let text = |v: Option<&Value>| v.map_or("nothing".to_owned(), |v| v.as_str().map_or(v.to_string(), str::to_owned));
    let differing = names.into_iter().filter(|n| before.get(*n) != after.get(*n));
    differing.map(|n| format!("{name}.{n}: {} -> {}", text(before.get(n)), text(after.get(n)))).collect()
}

/// What a rule book changes of the one in force, one line each.
fn book_differences(before: &BookFile, after: &BookFile) -> Vec<String> {
    let mut lines = field_differences("policy", &before.policy, &after.policy);
    lines.extend(field_differences("lists", &before.lists, &after.lists));
    if before.title != after.title {
        lines.push(format!("title: {} -> {}", before.title, after.title));
    }
    let of = |book: &'_ BookFile, id: &str| book.rules.iter().find(|r| r.id == id).cloned();
    for rule in &after.rules {
        match of(before, &rule.id) {
            None => lines.push(format!("rule {} is added: {}", rule.id, rule.title)),
            Some(old) => lines.extend(field_differences(&format!("rule {}", rule.id), &old, rule)),
        }
    }
    let gone = before.rules.iter().filter(|r| of(after, &r.id).is_none());
    lines.extend(gone.map(|r| format!("rule {} is removed: {}", r.id, r.title)));
    lines
}

/// What a change is about, without the kind that its subject repeats.
fn subject(change: &Change) -> String {
    let body: Value = serde_json::from_str(&change.body).unwrap_or_default();
    let part = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let named = match change.kind {
        ChangeKind::Rules => part("title"),
        ChangeKind::Key | ChangeKind::Source => part("name"),
    };
    named.unwrap_or_else(|| change.subject.split_once(':').map_or("", |s| s.1).to_owned())
}

/// A body to read: JSON with one field a line, YAML as it is.
fn readable(body: &str) -> String {
    let value = serde_json::from_str::<Value>(body).ok();
    value.and_then(|v| serde_json::to_string_pretty(&v).ok()).unwrap_or_else(|| body.to_owned())
}

/// Changes whose differences a page shows.
const MOST_COMPARED: usize = 20;

/// Changes as a page.
pub async fn page(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Query(q): Query<ChangesQuery>,
) -> Result<Markup, ErrorPage> {
    let state = q.state.clone().unwrap_or_else(|| "proposed".into());
    let shown = state.clone();
    let (list, compared) = block(shared, move |s| {
        let list = s.changes(Some(&state))?;
        let now = s.book();
        let books = list.iter().filter(|c| c.kind == ChangeKind::Rules && c.state == "proposed").take(MOST_COMPARED);
        let differences = books.filter_map(|c| {
            let new = RuleBook::stored(&c.body, 0).ok()?;
            Some((c.id, book_differences(&now.file, &new.file)))
        });
        let compared: BTreeMap<u64, Vec<String>> = differences.collect();
        Ok((list, compared))
    })
    .await?;
    Ok(desk_page(
        "Changes",
        "/desk/changes",
        html! {
            p { "Rule books, keys that may administrate, and sources are put in force by a second person. Show "
                a href="/desk/changes?state=proposed" { "proposed" } ", " a href="/desk/changes?state=approved" { "approved" } ", " a href="/desk/changes?state=rejected" { "rejected" } "." }
            @if list.is_empty() { (none(&format!("No change is {shown}."))) }
            @for c in &list { section {
                h2 { "Change " (c.id) ": " (c.kind.name()) " " (subject(c)) }
                p { "Proposed by " (c.proposed_by) " " (time(c.proposed))
                    @if let (Some(by), Some(at)) = (&c.decided_by, c.decided) { "; " (c.state) " by " (by) " " (time(at)) ": " (c.reason.as_deref().unwrap_or_default()) } }
                @if let Some(lines) = compared.get(&c.id) {
                    p { "Against the rule book in force:" }
                    @if lines.is_empty() { (none("Nothing differs.")) }
                    ul { @for line in lines { li { (line) } } }
                }
                details open[c.kind != ChangeKind::Rules] { summary { "What is put in force" } pre.text { (readable(&c.body)) } }
                @if c.state == "proposed" && *c.proposed_by == *caller.0 {
                    p.note { "You proposed it: another person approves it. You can reject it." }
                    (step_form(&format!("/desk/changes/{}", c.id), "", "Reject", &[("decision", "reject", "hidden"), ("reason", "Why", "text")]))
                } @else if c.state == "proposed" {
                    (step_form(&format!("/desk/changes/{}", c.id), "", "Decide", &[("decision", "Decision", "approve|reject"), ("reason", "Why", "text")]))
                }
            } }
        },
    ))
}

/// A decision about a change, by form.
pub async fn decide_page(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
    Form(fields): Form<BTreeMap<String, String>>,
) -> Result<Response, ErrorPage> {
    let said: ChangeDecision = crate::desk_pages::step(&fields)?;
    let approve = matches!(said.decision, ChangeVerdict::Approve);
    decided(shared, &caller, id, approve, said.reason).await?;
    Ok(back("/desk/changes".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book(text: &str) -> BookFile {
        let rule = |id: &str, when: &str| {
            format!(
                "  - {{id: {id}, version: 1, state: live, title: About {id}, on: [deposit], when: '{when}', decision: review, source: [s]}}\n"
            )
        };
        let mut yaml = format!("title: T\npolicy: {{review_hours: {text}}}\nrules:\n");
        yaml += &rule("one", if text == "24" { "counterparty.risk > 1" } else { "counterparty.risk > 2" });
        yaml += &rule(if text == "24" { "two" } else { "three" }, "counterparty.risk > 1");
        RuleBook::stored(&yaml, 1).unwrap().file.clone()
    }

    #[test]
    fn a_proposed_book_is_shown_by_what_it_changes() {
        let (before, after) = (book("24"), book("12"));
        let lines = book_differences(&before, &after);
        let expected = [
            "policy.review_hours: 24 -> 12",
            "rule one.when: counterparty.risk > 1 -> counterparty.risk > 2",
            "rule three is added: About three",
            "rule two is removed: About two",
        ];
        assert_eq!(lines, expected);
        assert!(book_differences(&before, &before).is_empty());
    }
}
