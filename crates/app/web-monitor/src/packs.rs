//! Packs and lists that tags come from: what is in each, since when; bringing one in and taking it back.

use axum::Extension;
use axum::extract::{Multipart, Path, Query, State};
use axum::http::HeaderName;
use axum::response::IntoResponse;
use holdfast_attribution::import::ImportReport;
use holdfast_attribution::own::OWN_PACK;
use holdfast_jobs::JobState;
use holdfast_page::components::{Bare, N, PAGE_ROWS, T, listing, none, time, word};
use holdfast_page::figures;
use holdfast_page::forms::{Fields, Free, Input, Nothing, PageForm, Text, form_of, page_form, upload};
use holdfast_page::frame::{Answer, Frame, Page, back};
use holdfast_page::texts::{rich, t};
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::{run_blocking, run_in_background};
use holdfast_state::clearance::Clearance;
use holdfast_state::imports::Import as Taken;
use holdfast_state::tags::{PackRow, source_of};
use maud::{Markup, html};
use std::collections::BTreeMap;

pub(crate) const HERE: &str = "/desk/packs";
/// Most warnings of an import that its page shows.
const MAX_WARNINGS: usize = 200;

page_form! {
    /// Brings a pack in.
    struct Import {
        tlp: Free = "packs-label", Input::Choice(&LABELS);
    }
}

/// Labels for tags without one of their own.
const LABELS: [(&str, &str); 6] = [
    ("", "packs-unlabelled"),
    ("TLP:CLEAR", "packs-clear"),
    ("TLP:GREEN", "packs-green"),
    ("TLP:AMBER", "packs-amber"),
    ("TLP:AMBER+STRICT", "packs-strict"),
    ("TLP:RED", "packs-red"),
];

page_form! {
    /// Takes a pack back.
    struct Withdraw {
        title: Text = "ledger-tag-pack", Input::Hidden;
        reason: Text = "common-reason", Input::Line;
    }
}

/// Which packs.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct PacksForm {
    /// Title of the last one of the page before.
    after: Option<String>,
}

fn query(name: &str, value: &str) -> String {
    form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish()
}

fn row(r: &PackRow, frame: &Frame) -> Markup {
    let p = &r.pack;
    let source = source_of(&p.title).filter(|_| frame.may_open("/desk/sharing/sources/{id}"));
    html! { tr {
        td { @if frame.may_open("/desk/tags") { a href={"/desk/tags?" (query("pack", &p.title))} { (p.title) } } @else { (p.title) }
            @if p.file != p.title && !p.file.is_empty() { br; span.note.long { (p.file) } } }
        td { (p.creator) }
        td.n { (figures::number(p.tags)) }
        td.n { (figures::number(p.sanctioned)) }
        td { (p.tlp.name()) @if p.unlabelled > 0 { br; span.note { (t!("packs-without-label", n = figures::number(p.unlabelled))) } } }
        td { (p.lastmod) }
        td { @match &r.licence { Some(licence) => (licence), None => span.note { (t!("packs-licence-unknown")) } } }
        td { @match &r.imported {
            Some((at, who)) => (rich!("common-time-by", time = time(*at), person = who)),
            None => span.note { (t!("packs-not-recorded")) },
        } }
        td {
            @if let Some(id) = source { a href={"/desk/sharing/sources/" (id)} { (t!("packs-source")) } }
            @else if p.title == OWN_PACK { @if frame.may_open("/desk/tags/own") { a href="/desk/tags/own" { (t!("tags-own")) } } }
            @else if frame.may("manage") && source_of(&p.title).is_none() {
                details { summary { (t!("packs-withdraw")) }
                    p { (t!("packs-withdraw-about", n = figures::number(p.tags))) }
                    (form_of::<Withdraw>(&format!("{HERE}/withdraw"), &[("title", &p.title)], "packs-withdraw"))
                }
            }
        }
    } }
}

/// Shows packs, by title.
pub(crate) async fn list(
    State(shared): State<AppState>,
    frame: Frame,
    Clearance(clearance): Clearance,
    Query(q): Query<PacksForm>,
) -> Page {
    let after = q.after;
    let list = run_blocking(move || shared.packs(clearance, after.as_deref(), PAGE_ROWS)).await?;
    let heads = [
        T("ledger-tag-pack"),
        T("packs-creator"),
        N("ledger-tags"),
        N("packs-sanctioned"),
        T("packs-readers"),
        T("packs-modified"),
        T("packs-licence"),
        T("packs-imported"),
        Bare,
    ];
    let next = list.last().filter(|_| list.len() >= PAGE_ROWS).map(|r| query("after", &r.pack.title));
    let body = html! {
        @if frame.may_open("/desk/tags") { p { a href="/desk/tags" { (t!("nav-tags")) } } }
        p { (t!("packs-about")) }
        (listing(&heads, &list, "packs-none", |r| row(r, &frame)))
        @if list.iter().any(|r| r.imported.is_none()) { p.note { (t!("packs-not-recorded-about")) } }
        @if let Some(next) = next { p { a href={(HERE) "?" (next)} { (t!("common-next-page")) } } }
        @if frame.may("manage") {
            h2 { (t!("packs-import")) }
            p.note { (t!("packs-formats")) }
            (holdfast_page::forms::file_form::<Import>(HERE, "packs-import"))
        }
    };
    Ok(frame.desk(&t!("nav-packs"), HERE, body))
}

/// Counts by a name, largest first.
fn counts(title: &str, by: &BTreeMap<String, usize>) -> Markup {
    let mut all: Vec<_> = by.iter().collect();
    all.sort_by_key(|(name, n)| (std::cmp::Reverse(**n), name.as_str()));
    html! { @if !all.is_empty() {
        h2 { (title) }
        ul { @for (name, n) in all { li { (word(name)) ": " (figures::number(n)) } } }
    } }
}

/// What an import did.
fn report(r: &ImportReport) -> Markup {
    let number = |n: usize| figures::number(n);
    let left = r.warnings.len().saturating_sub(MAX_WARNINGS);
    html! {
        p role="status" { (t!("packs-done", tags = number(r.tags), new = number(r.new_tags), actors = number(r.actors))) }
        ul {
            @for title in &r.titles { li { (title) @if let Some(licence) = r.licences.get(title) { " (" (t!("packs-licence")) ": " (licence) ")" } } }
            li { (t!("packs-sanctioned")) ": " (number(r.sanctioned)) }
            @if r.without_owner > 0 { li { (t!("packs-without-owner", n = number(r.without_owner))) } }
            @if r.unmatchable > 0 { li { (t!("packs-unmatchable", n = number(r.unmatchable))) } }
            @if r.without_chain > 0 { li { (t!("packs-without-chain", n = number(r.without_chain))) } }
        }
        (counts(&t!("packs-by-category"), &r.by_category))
        (counts(&t!("packs-by-asset"), &r.by_asset))
        (counts(&t!("packs-by-chain"), &r.by_chain))
        (counts(&t!("packs-unknown-categories"), &r.unknown_categories))
        h2 { (t!("packs-warnings")) }
        @if r.warnings.is_empty() { (none(&t!("common-none"))) } @else {
            ul { @for text in r.warnings.iter().take(MAX_WARNINGS) { li.long { (text) } } }
            @if left > 0 { p.note { (t!("packs-more-warnings", n = number(left))) } }
        }
        p { a href=(HERE) { (t!("nav-packs")) } }
    }
}

/// Imports a file, and shows what was understood of it; a large one's job has a page of its own.
pub(crate) async fn import(
    State(shared): State<AppState>,
    frame: Frame,
    Extension(caller): Extension<Caller>,
    form: Multipart,
) -> Answer {
    let file = upload::<Import>(form).await?;
    let label = Some(file.fields.tlp.0).filter(|name| !name.is_empty());
    let import = move || shared.take_tags(file.name, file.bytes, label.as_deref(), &caller.0);
    Ok(match run_in_background(import).await.map_err(Import::explain)? {
        Taken::Done(done) => frame.desk(&t!("packs-imported-title"), HERE, report(&done)).into_response(),
        Taken::InWork(job) => back(format!("{HERE}/imports/{}", job.id)),
    })
}

/// Shows how far an import by a job is, and what it did. A browser loads the page again while it goes on.
pub(crate) async fn import_job(State(shared): State<AppState>, frame: Frame, Path(id): Path<u64>) -> Answer {
    let (job, done) = run_blocking(move || shared.tag_import(id)).await?;
    let is_open = matches!(job.state, JobState::Waiting | JobState::Running);
    let body = match (job.state, done) {
        (JobState::Done, Some(done)) => report(&done),
        (JobState::Done, None) => html! { p role="status" { (t!("packs-job-old")) } },
        (JobState::Failed, _) => html! {
            p role="status" { (t!("packs-job-failed", why = job.error.as_deref().unwrap_or_default())) }
            p { a href=(HERE) { (t!("nav-packs")) } }
        },
        (JobState::Waiting | JobState::Running, _) => html! {
            p role="status" { @match job.all {
                Some(all) => (t!("packs-job-of", done = figures::number(job.done), all = figures::number(all))),
                None => (t!("packs-job-reading")),
            } }
            @if let Some(all) = job.all { progress max=(all) value=(job.done) aria-label=(t!("packs-job-title")) {} }
            p.note { (t!("packs-job-left")) " " a href={(HERE) "/imports/" (job.id)} { (t!("packs-job-again")) } }
            (form_of::<Nothing>(&format!("/desk/jobs/{}/cancel", job.id), &[], "jobs-cancel"))
        },
    };
    let page = frame.desk(&t!("packs-job-title"), HERE, body).into_response();
    // By a header, so that nothing of the page changes under a reader when it is over.
    let again = [(HeaderName::from_static("refresh"), "3")];
    Ok(if is_open { (again, page).into_response() } else { page })
}

/// Withdraws a pack.
pub(crate) async fn withdraw(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Fields(form): Fields<Withdraw>,
) -> Answer {
    if source_of(&form.title.0).is_some() {
        return Err(holdfast_state::error::ApiError::bad(t!("packs-of-source")).into());
    }
    run_in_background(move || shared.withdraw_pack(&form.title.0, Some(&form.reason.0), &caller.0)).await?;
    Ok(back(HERE.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_attribution::Tlp;

    #[test]
    fn every_label_can_be_chosen() {
        let chosen: Vec<Tlp> = LABELS.iter().filter_map(|(name, _)| Tlp::from_name(name)).collect();
        assert_eq!(chosen, Tlp::ALL);
    }
}
