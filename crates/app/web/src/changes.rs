//! Page of changes, which a second person approves.

use axum::Extension;
use axum::extract::{Path, Query, State};
use holdfast_api::answers::screening::ChangeState;
use holdfast_api::changes::decided;
use holdfast_decision::RuleBook;
use holdfast_decision::rules::BookFile;
use holdfast_page::components::ListQuery;
use holdfast_page::components::{filters, none, time, word};
use holdfast_page::forms::{Fields, Input, Text, choice_form, page_form, page_steps};
use holdfast_page::frame::{Answer, Frame, Page, back};
use holdfast_page::texts::{rich, t};
use holdfast_screening::changes::{Change, ChangeKind};
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::state_filter;
use maud::{Markup, html};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

page_form! {
    /// Why a change is decided as it is.
    struct Verdict {
        reason: Text = "common-reason", Input::Line;
    }
}

page_steps! {
    /// A decision on a change.
    enum Decision by "decision" {
        "approve" => Approve(Verdict),
        "reject" => Reject(Verdict),
    }
}

/// Decisions of others than the proposer, with the keys of their buttons.
const DECISIONS: [(&str, &str); 2] = [("approve", "common-approve"), ("reject", "changes-reject")];

/// Fields that differ between two values: `name: before -> after`, long ones by name alone.
fn field_differences<T: Serialize>(name: &str, before: &T, after: &T) -> Vec<String> {
    let fields = |v: &T| match serde_json::to_value(v) {
        Ok(Value::Object(map)) => map,
        _ => serde_json::Map::new(),
    };
    let (before, after) = (fields(before), fields(after));
    let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let text = |v: Option<&Value>| {
        v.map_or_else(|| t!("changes-nothing"), |v| v.as_str().map_or(v.to_string(), str::to_owned))
    };
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
            None => lines.push(t!("changes-rule-added", rule = rule.id.as_str(), title = rule.title.as_str())),
            Some(old) => lines.extend(field_differences(&format!("rule {}", rule.id), &old, rule)),
        }
    }
    let gone = before.rules.iter().filter(|r| of(after, &r.id).is_none());
    lines.extend(gone.map(|r| t!("changes-rule-removed", rule = r.id.as_str(), title = r.title.as_str())));
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

/// Most changes whose differences a page shows.
const MAX_COMPARED: usize = 20;

/// Changes as a page.
pub(crate) async fn page(
    State(shared): State<AppState>,
    frame: Frame,
    Extension(caller): Extension<Caller>,
    Query(q): Query<ListQuery>,
) -> Page {
    let shown = state_filter(q.state.as_deref())?.unwrap_or(ChangeState::Proposed);
    let (list, compared) = run_blocking(move || {
        let list = shared.screening.changes(Some(shown.name()))?;
        let now = shared.screening.book();
        let books = list.iter().filter(|c| c.kind == ChangeKind::Rules && c.state == "proposed").take(MAX_COMPARED);
        let differences = books.filter_map(|c| {
            let new = RuleBook::stored(&c.body, 0).ok()?;
            Some((c.id, book_differences(&now.file, &new.file)))
        });
        let compared: BTreeMap<u64, Vec<String>> = differences.collect();
        Ok((list, compared))
    })
    .await?;
    let states = [("proposed", "changes-proposed"), ("approved", "changes-approved"), ("rejected", "changes-rejected")];
    let body = html! {
        p { (t!("changes-intro")) }
        (filters("/desk/changes", &states, shown.name()))
        @if list.is_empty() { (none(&t!("changes-none", state = word(shown)))) }
        @for c in &list { (change(c, compared.get(&c.id), *c.proposed_by == *caller.0)) }
    };
    Ok(frame.desk(&t!("nav-changes"), "/desk/changes", body))
}

fn change(c: &Change, differences: Option<&Vec<String>>, own: bool) -> Markup {
    let to = format!("/desk/changes/{}", c.id);
    html! { section {
        h2 { (t!("changes-change", id = c.id, kind = word(c.kind.name()), subject = subject(c))) }
        p { (rich!("changes-proposed-by", person = c.proposed_by, time = time(c.proposed)))
            @if let (Some(by), Some(at)) = (&c.decided_by, c.decided) { "; " (word(&c.state)) " " (rich!("recommend-changed", person = by, time = time(at))) ": " (c.reason.as_deref().unwrap_or_default()) } }
        @if let Some(lines) = differences {
            p { (t!("changes-against")) }
            @if lines.is_empty() { (none(&t!("changes-no-difference"))) }
            ul { @for line in lines { li { (line) } } }
        }
        details open[c.kind != ChangeKind::Rules] { summary { (t!("changes-body")) } pre.text { (readable(&c.body)) } }
        @if c.state == "proposed" && own {
            p.note { (t!("changes-own")) }
            (choice_form::<Verdict>(&to, "decision", &DECISIONS[1..]))
        } @else if c.state == "proposed" { (choice_form::<Verdict>(&to, "decision", &DECISIONS)) }
    } }
}

/// Decides on a change.
pub(crate) async fn decide(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
    Fields(form): Fields<Decision>,
) -> Answer {
    let (approve, verdict) = match form {
        Decision::Approve(verdict) => (true, verdict),
        Decision::Reject(verdict) => (false, verdict),
    };
    decided(shared, &caller, id, approve, verdict.reason.0).await?;
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
