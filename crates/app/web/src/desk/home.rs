//! The desk's front page: what waits for a person, by what they may do.

use crate::desk::alerts::{age, clock_chip};
use crate::desk::drawings::risk_chip;
use crate::desk::links::Links;
use axum::Extension;
use axum::extract::State;
use holdfast_api::workbench::rights;
use holdfast_api_investigation::cases::person;
use holdfast_cases::case::{Case, CaseState};
use holdfast_cases::mentions::{self, Mention};
use holdfast_page::components::{T, listing, none, time, word};
use holdfast_page::forms::{Fields, Input, Number, form_of, page_form};
use holdfast_page::frame::{Answer, Frame, Page, back};
use holdfast_page::texts::t;
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_types::Timestamp;
use holdfast_workbench::inbox::{self, About, Entry, Inbox};
use maud::{Markup, html};

/// Alerts that stand on the page.
const MAX_ALERTS: usize = 10;

page_form! {
    /// Marks mentions as read.
    struct MarkRead {
        up_to: Number<u64> = "desk-mention", Input::Hidden;
    }
}

/// Where an entry leads.
fn entry_link(entry: &Entry, frame: &Frame) -> Markup {
    let (route, to) = match entry.about {
        About::Hold => ("/desk/holds/{id}", format!("/desk/holds/{}", entry.id)),
        About::Request => {
            ("/desk/requests/{id}", format!("/desk/requests/{}", holdfast_page::places::segment(&entry.id)))
        }
        About::Report => ("/desk/cases/{id}", format!("/desk/cases/{}#reports", entry.id)),
        About::Change => ("/desk/changes", "/desk/changes".to_owned()),
        About::Officer => ("/desk/officers", "/desk/officers?state=proved".to_owned()),
    };
    let text = format!("{} {}", word(format!("about-{}", <&str>::from(entry.about))), entry.id);
    html! { @if frame.may_open(route) { a href=(to) { (text) } } @else { (text) } }
}

/// Where a comment was written.
fn place(mention: &Mention, links: Links<'_>) -> Markup {
    match mention.subject.split_once(':') {
        Some(("alert", id)) => {
            html! { (word("alert")) " " (id.parse().map_or_else(|_| html! { (id) }, |id| links.alert(id))) }
        }
        Some(("customer", id)) => html! { (t!("common-customer")) " " (links.customer(id)) },
        Some(("case", id)) => html! { a href={"/desk/cases/" (id)} { (t!("case-link", id = id)) } },
        _ => html! { (mention.subject) },
    }
}

fn own_alerts(inbox: &Inbox, now: Timestamp, links: Links<'_>) -> Markup {
    html! {
        h2 { (t!("desk-own-alerts")) " " span.note { (inbox.alert_count) } }
        @if inbox.alerts.is_empty() {
            p.note { (t!("desk-no-own-alerts")) }
            @if inbox.unassigned > 0 { p { a href="/desk/alerts?assignee=nobody" { (t!("desk-take-alerts", n = inbox.unassigned)) } } }
        } @else { ul.plain { @for row in inbox.alerts.iter().take(MAX_ALERTS) { li {
            (risk_chip(row.risk)) " " (links.alert(row.alert.id)) " " @if !row.alert.customer.is_empty() { (links.customer(&row.alert.customer)) ": " } (row.alert.reason) " "
            (clock_chip(row, now)) " " span.note { (t!("alerts-age", age = age(now - row.alert.created))) }
        } } }
        @if inbox.alert_count > 0 { p { a href="/desk/alerts?assignee=me" { (t!("desk-all-own-alerts")) } } } }
    }
}

fn waiting_entries(inbox: &Inbox, now: Timestamp, frame: &Frame) -> Markup {
    let late = |at: Timestamp| {
        html! { @if at <= now { span.clock.late { (t!("alerts-late-by", span = age(now - at))) } } @else { span.clock { (t!("alerts-due-in", span = age(at - now))) } } }
    };
    html! {
        @if !inbox.tasks.is_empty() {
            h2 { (t!("desk-own-tasks")) }
            ul.plain { @for task in &inbox.tasks { li {
                a href={"/desk/cases/" (task.case) "#tasks"} { (task.title) } " " span.note { (task.case_title) } " "
                @if let Some(due) = task.due { (late(due)) }
            } } }
        }
        @if !inbox.approvals.is_empty() {
            h2 { (t!("desk-approvals")) }
            ul.plain { @for entry in &inbox.approvals { li {
                (entry_link(entry, frame)) " " span.note { @if let Some(by) = &entry.person { (t!("common-by", person = by.as_str())) ", " } (time(entry.time)) }
            } } }
        }
        @if !inbox.clocks.is_empty() {
            h2 { (t!("desk-clocks")) }
            ul.plain { @for entry in &inbox.clocks { li { (entry_link(entry, frame)) " " (late(entry.time)) } } }
        }
    }
}

fn own_mentions(inbox: &Inbox, links: Links<'_>) -> Markup {
    html! { @if let Some(last) = inbox.mentions.first() {
        h2 { (t!("desk-mentions")) }
        ul.plain { @for mention in &inbox.mentions { li { strong { (mention.author) } " " (place(mention, links)) " " (time(mention.time)) ": " (mention.text) } } }
        (form_of::<MarkRead>("/desk/mentions", &[("up_to", &last.id.to_string())], "desk-mark-read"))
    } }
}

fn own_cases(cases: &[Case]) -> Markup {
    let heads = [T("desk-cases-title"), T("common-typology"), T("desk-cases-opened")];
    html! {
        h2 { (t!("desk-own-cases")) }
        (listing(&heads, cases, "desk-no-cases", |c| html! { tr {
            td { a href={"/desk/cases/" (c.id)} { (c.title) } }
            td { @if let Some(typology) = &c.typology { (word(typology)) } }
            td { (time(c.created)) }
        } }))
        @if cases.is_empty() { p { a href="/desk/cases" { (t!("desk-cases-open")) } } }
    }
}

/// Shows what waits for a person.
pub(crate) async fn page(State(shared): State<AppState>, frame: Frame, Extension(caller): Extension<Caller>) -> Page {
    let who = person(&caller);
    let (requests, screening, cases, inbox, now) = run_blocking(move || {
        let cases = shared.cases().cases(Some(CaseState::Open), &who)?;
        let inbox = inbox::of(&shared.screening, &caller.0, rights(&caller))?;
        Ok((shared.desk().waiting()?, shared.screening.waiting()?, cases, inbox, shared.screening.now()))
    })
    .await?;
    let waiting = [
        ("desk-open-requests", "/desk/requests?state=open", requests.open_requests),
        ("desk-answers-to-approve", "/desk/requests?state=prepared", requests.answers_to_approve),
        ("desk-open-alerts", "/desk/alerts", screening.open_alerts),
        ("desk-active-holds", "/desk/holds", screening.active_holds),
        ("desk-officers-to-approve", "/desk/officers?state=proved", requests.officers_to_approve),
        ("desk-seizures-to-execute", "/desk/seizures?state=approved", requests.seizures_to_execute),
        ("desk-changes-to-approve", "/desk/changes", screening.changes_to_approve),
    ];
    let links = Links(&frame);
    let is_idle =
        inbox.tasks.is_empty() && inbox.approvals.is_empty() && inbox.mentions.is_empty() && inbox.clocks.is_empty();
    let body = html! {
        link rel="stylesheet" href=[holdfast_assets::path("workbench.css")];
        div.cards { @for (name, to, count) in waiting.iter().filter(|(_, to, _)| frame.may_open(to)) {
            a href=(to) { strong { (count) } (t!(name)) }
        } }
        @if frame.may_open("/desk/alerts") { (own_alerts(&inbox, now, links)) }
        (own_mentions(&inbox, links))
        (waiting_entries(&inbox, now, &frame))
        @if inbox.more { p.note { (t!("desk-more-waits")) } }
        @if is_idle && !inbox.more { (none(&t!("desk-nothing-waits"))) }
        (own_cases(&cases))
    };
    Ok(frame.desk(&t!("desk-title"), "/desk", body))
}

/// Marks mentions as read.
pub(crate) async fn mark_read(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Fields(form): Fields<MarkRead>,
) -> Answer {
    run_blocking(move || Ok(mentions::mark_read(&shared.screening, form.up_to.0, &caller.0)?)).await?;
    Ok(back("/desk".to_owned()))
}
