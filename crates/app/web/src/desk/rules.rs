//! The rule book: its rules with state, text and measured precision, what holds for all of them, and its versions.

use crate::desk::links::{Links, source};
use axum::extract::{Path, Query, State};
use holdfast_decision::rules::Rule;
use holdfast_decision::{EventKind, RuleBook};
use holdfast_page::components::{Bare, N, T, listing, time, word, words};
use holdfast_page::figures::permille;
use holdfast_page::frame::{Frame, Page};
use holdfast_page::places::segment;
use holdfast_page::texts::{rich, t};
use holdfast_screening::alerts::RuleStatistics;
use holdfast_screening::books::StoredBook;
use holdfast_screening::changes::ChangeKind;
use holdfast_state::AppState;
use holdfast_state::blocking::run_blocking;
use maud::{Markup, html};
use serde::Deserialize;

const HERE: &str = "/desk/rules";
/// Most versions that a page lists.
const MAX_VERSIONS: usize = 200;

/// How a rule did, by the outcomes of alerts.
fn measured(rule: &Rule, all: &[RuleStatistics]) -> Markup {
    let own: Vec<&RuleStatistics> = all.iter().filter(|s| s.rule == rule.id && s.version == rule.version).collect();
    html! {
        @if own.is_empty() { (t!("rules-no-hit")) }
        @for s in own {
            (word(&s.state)) ": " (t!("rules-hits", n = s.hits)) ", "
            @match s.precision_permille {
                Some(share) => (t!("rules-precision", share = permille(share), right = s.true_positives, wrong = s.false_positives)),
                None => (t!("rules-no-precision")),
            }
            br;
        }
    }
}

fn rule(rule: &Rule, statistics: &[RuleStatistics], links: Links<'_>) -> Markup {
    let events = form_urlencoded::Serializer::new(String::new()).append_pair("rule", &rule.id).finish();
    html! { section id={"rule-" (segment(&rule.id))} {
        h3 { (rule.title) }
        dl {
            dt { (t!("events-rule")) } dd { code { (rule.id) } " " (t!("events-rule-version", version = rule.version)) }
            dt { (t!("common-state")) } dd { strong { (word(rule.state.name())) } }
            dt { (t!("common-decision")) } dd { (word(rule.decision.name())) }
            dt { (t!("rules-on")) } dd { (words(rule.on.iter().map(|kind| EventKind::name(*kind)))) }
            dt { (t!("rules-when")) } dd { code.long { (rule.when) } }
            @if let Some(hold) = &rule.hold { dt { (t!("rules-hold")) } dd { ul {
                @if let Some(scope) = hold.scope { li { (t!("holds-covers")) ": " (word(scope.name())) } }
                @if let Some(basis) = &hold.basis { li { (t!("holds-basis")) ": " (basis) } }
                @if let Some(hours) = hold.expires_hours { li { (t!("holds-ends")) ": " (t!("count-hours", n = hours)) } }
                @if let Some(hours) = hold.review_hours { li { (t!("holds-review")) ": " (t!("count-hours", n = hours)) } }
            } } }
            @if let Some(warning) = &rule.warning { dt { (t!("rules-warning")) } dd { (t!("rules-cooling-off", time = t!("count-hours", n = warning.cooling_off_hours))) } }
            dt { (t!("rules-measured")) } dd { (measured(rule, statistics))
                @if links.0.may_open("/desk/events") { a href={"/desk/events?" (events)} { (t!("rules-events")) } } }
            @if !rule.source.is_empty() { dt { (t!("ledger-tag-source")) } dd { ul { @for text in &rule.source { li { (source(text)) } } } } }
        }
    } }
}

/// What holds for all rules, one field a line.
fn policy(book: &RuleBook) -> Markup {
    let fields = match serde_json::to_value(&book.file.policy) {
        Ok(serde_json::Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    html! { dl { @for (name, value) in &fields { dt { code { (name) } } dd { (text(value)) } } } }
}

fn versions(list: &[StoredBook], in_force: u32) -> Markup {
    let heads = [N("rules-version"), T("common-time"), T("rules-author"), T("common-state"), T("rules-sha256"), Bare];
    listing(&heads, list, "rules-no-version", |book| {
        html! { tr {
            td.n { a href={(HERE) "/" (book.version)} { (book.version) } }
            td { (time(book.time)) }
            td { (book.author) }
            td { @if book.version == in_force { (t!("rules-in-force")) } @else { (t!("rules-replaced")) } }
            td.hash { (book.sha256) }
            td { a href={(HERE) "/" (book.version) "/diff"} { (t!("drafts-differences")) } }
        } }
    })
}

/// Which versions are listed.
#[derive(Debug, Deserialize)]
pub(crate) struct Versions {
    /// Those below this one.
    before: Option<u32>,
}

/// Shows the rule book in force.
pub(crate) async fn page(State(shared): State<AppState>, frame: Frame, Query(q): Query<Versions>) -> Page {
    let (book, statistics, list, waiting) = run_blocking(move || {
        let screening = &shared.screening;
        let waiting = screening.changes(Some("proposed"))?.iter().filter(|c| c.kind == ChangeKind::Rules).count();
        Ok((screening.book(), screening.rule_statistics()?, screening.rule_books(q.before, MAX_VERSIONS)?, waiting))
    })
    .await?;
    let links = Links(&frame);
    let heads = [T("events-rule"), T("common-state"), T("common-decision"), T("rules-what")];
    let body = html! {
        p { (t!("rules-book", title = book.file.title.as_str(), version = book.version)) }
        p.ways {
            a href={(HERE) "/" (book.version)} { (t!("rules-text")) }
            a href={(HERE) "/drafts"} { (t!("drafts-list")) }
            a href="/desk/typologies" { (t!("typology-title")) } " "
            a href="/desk/models" { (t!("models-title")) } }
        @if waiting > 0 { p { @if frame.may_open("/desk/changes") { a href="/desk/changes" { (t!("rules-waiting", n = waiting)) } } @else { (t!("rules-waiting", n = waiting)) } } }
        h2 { (t!("rules-list")) }
        (listing(&heads, &book.file.rules, "rules-none", |r| html! { tr {
            td { a href={"#rule-" (segment(&r.id))} { (r.id) } }
            td { (word(r.state.name())) }
            td { (word(r.decision.name())) }
            td { (r.title) }
        } }))
        h2 { (t!("rules-policy")) }
        (policy(&book))
        @if !book.file.lists.is_empty() {
            h2 { (t!("rules-lists")) }
            dl { @for (name, values) in &book.file.lists { dt { code { "lists." (name) } } dd { (values.join(", ")) } } }
        }
        h2 { (t!("rules-each")) }
        @for r in &book.file.rules { (rule(r, &statistics, links)) }
        h2 #versions { (t!("rules-versions")) }
        (versions(&list, book.version))
        @if let Some(last) = list.last().filter(|last| list.len() == MAX_VERSIONS && last.version > 1) {
            p { a href={(HERE) "?before=" (last.version) "#versions"} { (t!("rules-older-versions")) } }
        }
    };
    Ok(frame.desk(&t!("rules-title"), HERE, body))
}

/// Shows a version of the rule book as it was written.
pub(crate) async fn version(State(shared): State<AppState>, frame: Frame, Path(version): Path<u32>) -> Page {
    let (stored, yaml, in_force) = run_blocking(move || {
        let (stored, yaml) = shared.screening.rule_book(version)?;
        Ok((stored, yaml, shared.screening.book().version))
    })
    .await?;
    let state = if stored.version == in_force { t!("rules-in-force") } else { t!("rules-replaced") };
    let body = html! {
        p { a href=(HERE) { (t!("rules-title")) } }
        dl {
            dt { (t!("common-state")) } dd { (state) }
            dt { (t!("common-time")) } dd { (rich!("common-time-by", time = time(stored.time), person = stored.author)) }
            dt { (t!("rules-sha256")) } dd.hash { (stored.sha256) }
        }
        pre.wide tabindex="0" { (yaml) }
    };
    Ok(frame.desk(&t!("rules-version-title", version = version), HERE, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_percentages() {
        assert_eq!((permille(1_000), permille(7), permille(0)), ("100.0 %".into(), "0.7 %".into(), "0.0 %".into()));
    }
}
