//! Customers: finding one, and all that the desk has of one: what the exchange stated, events with decisions, holds, alerts, cases, requests, addresses.

use crate::desk::Worths;
use crate::desk::decided::{amount_of, events_table};
use crate::desk::drawings::{flow_chart, share_bar, star};
use crate::desk::links::Links;
use crate::desk::work::reads_cases;
use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use holdfast_api_investigation::cases::person;
use holdfast_cases::case::{Case, ItemKind};
use holdfast_cases::customers::{self, CustomerFile};
use holdfast_decision::{EventKind, Record, RecordKind};
use holdfast_page::components::{N, T, listing, none, time, word};
use holdfast_page::figures::money;
use holdfast_page::forms::{Fields, Input, PageForm, Text, form_of, page_form};
use holdfast_page::frame::{Answer, ErrorPage, Frame, Page, back};
use holdfast_page::places::{Finder, Pages, segment};
use holdfast_page::texts::{rich, t};
use holdfast_page::to_case::{Of, to_case, watch_and_flag};
use holdfast_page::worth::Valued;
use holdfast_requests::intake::Stored;
use holdfast_screening::service::DecidedEvent;
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::clearance::Clearance;
use holdfast_state::error::ApiError;
use holdfast_types::Timestamp;
use holdfast_workbench::customer::{self, Overview};
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::BTreeMap;

const HERE: &str = "/desk/customers";

/// Whom to look for.
#[derive(Debug, Deserialize)]
pub(crate) struct Words {
    #[serde(default)]
    q: String,
}

/// Shows the customers that a text names: by id, mail address, telephone, address, account and others; one alone is gone to.
pub(crate) async fn find(
    State(shared): State<AppState>,
    frame: Frame,
    Query(words): Query<Words>,
) -> Result<Response, ErrorPage> {
    let text = words.q.trim().to_owned();
    let wanted = text.clone();
    let found = run_blocking(move || match wanted.is_empty() {
        true => Ok(customers::Found::default()),
        false => Ok(customers::find(&shared.screening, &wanted)?),
    })
    .await?;
    let customers::Found { customers: found, is_cut } = found;
    if let (1, Some(only)) = (found.len(), found.keys().next()) {
        return Ok(back(format!("{HERE}/{}", segment(only))));
    }
    let links = Links(&frame);
    let body = html! {
        p { (t!("customers-intro")) }
        form.step action=(HERE) method="get" {
            label { (t!("customers-find-label")) input type="search" name="q" value=(text) size="44"; }
            button type="submit" { (t!("common-search")) }
        }
        @if !text.is_empty() && found.is_empty() { (none(&t!("customers-none", text = text.as_str()))) }
        ul { @for (customer, how) in &found { li { (links.customer(customer)) " " span.note { (how.join(", ")) } } } }
        @if is_cut { p.note { (t!("customers-found-cut", n = found.len())) } }
    };
    Ok(frame.desk(&t!("customers-title"), HERE, body).into_response())
}

/// An address in use by a customer.
struct Used {
    /// The customer's own deposit address.
    own: bool,
    asset: Option<String>,
    /// Events of the page that name it, and the latest of their times.
    events: usize,
    last: Option<Timestamp>,
}

/// A customer with what the page needs beside.
struct Shown {
    file: CustomerFile,
    events: Vec<(DecidedEvent, Option<Valued>)>,
    held: BTreeMap<u64, Valued>,
    used: BTreeMap<String, Used>,
    pages: Pages,
    cases: Vec<Case>,
    requests: Vec<(Stored, String)>,
    reads: bool,
    overview: Overview,
    /// Balances in the unit of their assets.
    balances: Vec<(Valued, Timestamp)>,
    currency: String,
}

/// The addresses that records and events name.
fn used(file: &CustomerFile) -> BTreeMap<String, Used> {
    let mut all: BTreeMap<String, Used> = BTreeMap::new();
    for record in file.records.iter().filter(|record| record.kind == RecordKind::DepositAddress) {
        all.insert(record.id.clone(), Used { own: true, asset: record.asset.clone(), events: 0, last: None });
    }
    for decided in &file.events {
        let event = &decided.event;
        let is_own = event.kind == EventKind::Deposit;
        let named = [(event.address.as_ref(), is_own), (event.counterparty.as_ref(), false)];
        for (address, own) in named.into_iter().filter_map(|(address, own)| Some((address?, own))) {
            let used = all.entry(address.clone()).or_insert_with(|| Used {
                own,
                asset: event.asset.clone(),
                events: 0,
                last: None,
            });
            used.events += 1;
            used.last = used.last.max(Some(event.time));
        }
    }
    all
}

impl Shown {
    fn of(shared: &AppState, caller: &Caller, finder: Finder<'_>, id: &str) -> Result<Self, ApiError> {
        let mut file = customers::of(&shared.screening, id)?;
        let used = used(&file);
        let mut pages = Pages::default();
        used.iter().for_each(|(address, used)| pages.add_address(finder, used.asset.as_deref(), address));
        let reads = reads_cases(caller);
        let (mut cases, mut requests) = (Vec::new(), Vec::new());
        if reads {
            let mut items = vec![(ItemKind::Subject, id.to_owned())];
            items.extend(file.alerts.iter().map(|alert| (ItemKind::Alert, alert.id.to_string())));
            items.extend(file.holds.iter().map(|hold| (ItemKind::Hold, hold.id.to_string())));
            items.extend(file.events.iter().map(|decided| (ItemKind::Event, decided.event.id.clone())));
            cases = shared.cases().with_items(&items, &person(caller))?;
            requests = shared.desk().about_customer(id, &caller.0)?;
        }
        let mut worths = Worths::of(shared);
        let mut held = BTreeMap::new();
        for hold in &file.holds {
            if let (Some(_), Some(asset)) = (hold.amount, hold.asset.as_deref()) {
                held.insert(hold.id, worths.now(hold.covers(), asset)?);
            }
        }
        let overview = customer::overview(&shared.screening, &file)?;
        let balances = overview.balances.iter().map(|b| Ok((worths.now(b.amount, &b.asset)?, b.time)));
        let balances = balances.collect::<Result<_, ApiError>>()?;
        let currency = shared.screening.book().file.policy.reference_currency.clone();
        let events = std::mem::take(&mut file.events).into_iter().map(|decided| {
            let amount = amount_of(shared, &decided);
            (decided, amount)
        });
        Ok(Shown {
            events: events.collect(),
            file,
            held,
            used,
            pages,
            cases,
            requests,
            reads,
            overview,
            balances,
            currency,
        })
    }
}

/// What a record states beside its kind and id, as texts with their names.
fn details(record: &Record) -> Vec<(&'static str, String)> {
    let fields = [
        ("customers-name", &record.name),
        ("customers-email", &record.email),
        ("customers-phone", &record.phone),
        ("common-country", &record.country),
        ("customers-language", &record.language),
        ("customers-industry", &record.industry),
        ("customers-risk", &record.risk),
        ("customers-account", &record.account),
        ("common-asset", &record.asset),
        ("customers-fingerprint", &record.fingerprint),
        ("customers-document", &record.document),
        ("customers-result", &record.result),
    ];
    let mut all: Vec<(&'static str, String)> =
        fields.into_iter().filter_map(|(key, value)| Some((key, value.clone()?))).collect();
    all.extend(record.birth_year.map(|year| ("customers-birth-year", year.to_string())));
    all.extend(record.level.map(|level| ("customers-level", level.to_string())));
    if !record.flags.is_empty() {
        all.push(("customers-flags", record.flags.join(", ")));
    }
    all
}

fn details_list(record: &Record) -> Markup {
    html! { @for (n, (key, value)) in details(record).iter().enumerate() { @if n > 0 { ", " } span.note { (t!(*key)) ": " } (value) } }
}

fn records(file: &CustomerFile) -> Markup {
    let own = file.records.iter().find(|record| record.kind == RecordKind::Customer);
    // Deposit addresses stand among the addresses.
    let further = |record: &&Record| !matches!(record.kind, RecordKind::Customer | RecordKind::DepositAddress);
    let others: Vec<&Record> = file.records.iter().filter(further).collect();
    let heads = [T("common-kind"), T("customers-record"), T("customers-details"), T("customers-stated")];
    html! {
        @match own {
            Some(record) => dl {
                @for (key, value) in details(record) { dt { (t!(key)) } dd { (value) } }
                @if let Some(created) = record.created { dt { (t!("customers-created")) } dd { (time(created)) } }
                dt { (t!("customers-stated")) } dd { (time(record.time)) }
            },
            None => (none(&t!("customers-no-record"))),
        }
        @if !others.is_empty() {
            (listing(&heads, &others, "common-none", |record| html! { tr {
                td { (word(record.kind.name())) }
                td.long { (record.id) }
                td { (details_list(record)) }
                td { (time(record.time)) }
            } }))
        }
    }
}

fn addresses(shown: &Shown) -> Markup {
    let heads =
        [T("common-address"), T("customers-use"), T("common-asset"), N("customers-events"), T("customers-last")];
    let list: Vec<(&String, &Used)> = shown.used.iter().collect();
    html! {
        h2 #addresses { (t!("customers-addresses")) }
        p.note { (t!("customers-addresses-about", n = shown.events.len())) }
        (listing(&heads, &list, "common-none", |(address, used)| html! { tr {
            td { (shown.pages.address(address)) }
            td { @if used.own { (t!("customers-own-address")) } @else { (t!("events-counterparty")) } }
            td.long { (used.asset.as_deref().unwrap_or_default()) }
            td.n { (used.events) }
            td { @if let Some(last) = used.last { (time(last)) } }
        } }))
    }
}

fn alerts_and_holds(shown: &Shown, links: Links<'_>) -> Markup {
    let of_alerts = [N("alerts-alert"), T("common-state"), T("common-decision"), T("common-reason"), T("alerts-since")];
    let of_holds = [N("holds-hold"), T("common-state"), T("holds-covers"), T("holds-basis"), T("holds-placed")];
    html! {
        h2 #alerts { (t!("nav-alerts")) }
        (listing(&of_alerts, &shown.file.alerts, "customers-no-alert", |a| html! { tr {
            td.n { (links.alert(a.id)) }
            td { (word(&a.state)) @if let Some(outcome) = &a.outcome { ": " (word(outcome)) } }
            td { (word(&a.decision)) }
            td { (a.reason) }
            td { (time(a.created)) }
        } }))
        h2 #holds { (t!("nav-holds")) }
        (listing(&of_holds, &shown.file.holds, "customers-no-hold", |h| html! { tr {
            td.n { (links.hold(h.id)) }
            td { (word(&h.state)) }
            td.covers { (word(h.scope.name())) @if let Some(amount) = shown.held.get(&h.id) { ": " (amount) } }
            td { (h.basis) br; span.note.long { (h.reason) } }
            td { (rich!("common-time-by", time = time(h.placed), person = h.placed_by)) }
        } }))
    }
}

/// Who the customer is, how they stand, and what can be done.
fn head(shown: &Shown, frame: &Frame) -> Markup {
    let file = &shown.file;
    let own = file.records.iter().find(|record| record.kind == RecordKind::Customer);
    let open = file.alerts.iter().filter(|alert| alert.state == "open").count();
    let active = file.holds.iter().filter(|hold| hold.state == "active").count();
    let checked = file.records.iter().filter(|r| r.kind == RecordKind::Kyc).max_by_key(|r| r.time);
    html! {
        p.lead {
            @if let Some(name) = own.and_then(|record| record.name.as_deref()) { strong { (name) } ", " }
            @match own.and_then(|record| record.risk.as_deref()) {
                Some(risk) => (t!("customers-rated", risk = word(risk))),
                None => (t!("customers-unrated")),
            }
            ", "
            @match checked {
                Some(check) => { (t!("customers-checked", result = check.result.as_deref().map_or_else(|| t!("common-unknown"), word))) " " (time(check.time)) }
                None => (t!("customers-unchecked")),
            }
        }
        div.cards {
            a href="#alerts" { strong { (open) } (t!("customers-open-alerts")) }
            a href="#holds" { strong { (active) } (t!("desk-active-holds")) }
            a href="#network" { strong { (shown.overview.sharing.len()) @if shown.overview.sharing_is_cut { "+" } } (t!("customers-sharing-short")) }
            @if shown.reads { a href="#cases" { strong { (shown.cases.len()) } (t!("nav-cases")) } }
        }
        (Links(frame).explorer("customer", &file.customer))
        (to_case(frame, "subject", &file.customer))
        (watch_and_flag(frame, Of::Customer, &file.customer, None))
        @if frame.may("holds") && frame.may_open("/desk/holds") {
            p { a href={"/desk/holds?customer=" (segment(&file.customer)) "#place"} { (t!("holds-place")) } }
        }
    }
}

/// The parts of the page.
fn parts(shown: &Shown) -> Markup {
    let mut parts = vec![
        ("overview", "customers-overview"),
        ("events", "customers-activity"),
        ("alerts", "nav-alerts"),
        ("holds", "nav-holds"),
        ("records", "customers-records"),
        ("addresses", "customers-addresses"),
        ("network", "customers-network"),
    ];
    if shown.reads {
        parts.extend([("cases", "nav-cases"), ("requests", "nav-requests")]);
    }
    parts.push(("notes", "customers-notes"));
    html! { nav aria-label=(t!("customers-parts")) { @for (id, key) in parts { a href={"#" (id)} { (t!(key)) } " " } } }
}

/// What flowed by month, where it came from, balances.
fn overview(shown: &Shown) -> Markup {
    let overview = &shown.overview;
    let exposures = &overview.exposures;
    html! {
        h2 #overview { (t!("customers-overview")) }
        h3 { (t!("customers-flows")) }
        @if overview.flows.periods.is_empty() { (none(&t!("customers-no-flow"))) }
        @else { (flow_chart(&overview.flows, &t!("customers-flows"), &shown.currency)) }
        h3 { (t!("customers-exposures")) }
        @if exposures.list.is_empty() { (none(&t!("customers-no-exposure"))) } @else {
            table.shares { tbody { @for exposure in &exposures.list { tr {
                td { (word(&exposure.category)) }
                td { (share_bar(exposure.direct_ppm, exposure.indirect_ppm)) }
                td.n { (t!("alert-share", direct = money(exposure.direct, &shown.currency), indirect = money(exposure.indirect, &shown.currency))) }
            } } } }
        }
        p.note { (t!("customers-exposures-about", known = exposures.known, unknown = exposures.unknown)) }
        h3 { (t!("customers-balances")) }
        @if shown.balances.is_empty() { (none(&t!("customers-no-balance"))) }
        ul.plain { @for (amount, at) in &shown.balances { li { strong { (amount.amount()) } " " (amount.worth()) ", " (t!("customers-balance-at")) " " (time(*at)) } } }
    }
}

/// Customers who share something, as a picture and a list.
fn network(shown: &Shown, links: Links<'_>) -> Markup {
    let said = |sharing: &customer::Sharing| {
        sharing.what.iter().map(|kind| word(format!("shared-{kind}"))).collect::<Vec<_>>().join(", ")
    };
    let sharing = &shown.overview.sharing;
    let around: Vec<(String, String, String)> =
        sharing.iter().map(|s| (s.customer.clone(), format!("{HERE}/{}", segment(&s.customer)), said(s))).collect();
    html! {
        h2 #network { (t!("customers-network")) }
        @if sharing.is_empty() && !shown.overview.sharing_is_cut { (none(&t!("customers-shares-nothing"))) }
        (star(&shown.file.customer, &around))
        ul.plain { @for sharing in sharing { li { (links.customer(&sharing.customer)) ": " (said(sharing)) } } }
        @if shown.overview.sharing_is_cut { p.note { (t!("customers-sharing-cut")) } }
    }
}

fn notes(shown: &Shown, frame: &Frame) -> Markup {
    html! {
        h2 #notes { (t!("customers-notes")) }
        @if shown.overview.notes.is_empty() { (none(&t!("customers-no-note"))) }
        @for note in &shown.overview.notes { p { strong { (note.author) } " " (time(note.time)) br; (note.text) } }
        @if shown.overview.notes_are_cut { p.note { (t!("customers-notes-cut", n = shown.overview.notes.len())) } }
        @if frame.may("alerts") {
            (form_of::<AddNote>(&format!("{HERE}/{}/notes", segment(&shown.file.customer)), &[], "common-add"))
        }
    }
}

page_form! {
    /// Adds a note.
    struct AddNote {
        text: Text = "customers-note", Input::Area;
    }
}

/// Adds a note on a customer.
pub(crate) async fn add_note(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Fields(form): Fields<AddNote>,
) -> Answer {
    let to = format!("{HERE}/{}#notes", segment(&id));
    let add = move || {
        let file = customers::of(&shared.screening, &id)?;
        Ok(customer::add_note(&shared.screening, &file.customer, &form.text.0, &caller.0)?)
    };
    run_blocking(add).await.map_err(AddNote::explain)?;
    Ok(back(to))
}

/// Shows a customer.
pub(crate) async fn page(
    State(shared): State<AppState>,
    frame: Frame,
    Extension(caller): Extension<Caller>,
    Clearance(clearance): Clearance,
    Path(id): Path<String>,
) -> Page {
    let shown = run_blocking(move || {
        let finder = Finder { chains: &shared.chains, clearance };
        Shown::of(&shared, &caller, finder, &id)
    })
    .await?;
    let links = Links(&frame);
    let customer = &shown.file.customer;
    let all_events = form_urlencoded::Serializer::new(String::new()).append_pair("customer", customer).finish();
    let body = html! {
        @for list in &shown.file.cut { p.note { (t!("customers-cut", list = list.as_str())) } }
        link rel="stylesheet" href=[holdfast_assets::path("workbench.css")];
        (head(&shown, &frame))
        (parts(&shown))
        (overview(&shown))
        h2 #events { (t!("customers-activity")) }
        (events_table(&shown.events, links, false))
        p { a href={"/desk/events?" (all_events)} { (t!("customers-all-events")) } }
        (alerts_and_holds(&shown, links))
        @if shown.reads {
            h2 #cases { (t!("nav-cases")) }
            @if shown.cases.is_empty() { (none(&t!("customers-no-case"))) } @else { (links.cases(&shown.cases)) }
            h2 #requests { (t!("nav-requests")) }
            @if shown.requests.is_empty() { (none(&t!("customers-no-request"))) } @else { (links.requests(&shown.requests)) }
        }
        h2 #records { (t!("customers-records")) }
        (records(&shown.file))
        (addresses(&shown))
        (network(&shown, links))
        (notes(&shown, &frame))
        (links.history(&format!("customer:{customer}")))
    };
    Ok(frame.desk(&t!("customers-customer", id = customer.as_str()), HERE, body))
}
