//! The web pages: search an address, transaction or block, and read the answer.

use crate::story;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use holdfast_account_workspace::AccountSnapshot;
use holdfast_analysis::report::{TraceReport, coins};
use holdfast_analysis::{Direction, Policy, render};
use holdfast_api_investigation::cases::person;
use holdfast_api_investigation::traces::{HowQuery, TraceQuery};
use holdfast_attribution::{Category, Tlp};
use holdfast_cases::CaseError;
use holdfast_cases::case::Hit as DeskHit;
use holdfast_page::components::{Head, N, T, desk_hits, desk_page, listed, listing, none, table, word};
use holdfast_page::figures;
use holdfast_page::frame::{Answer, ErrorPage, Frame, Page};
use holdfast_page::places::{Place, segment};
use holdfast_page::texts::{rich, t};
use holdfast_page::to_case::{Of, tag_it, to_case, watch_and_flag};
use holdfast_state::AppState;
use holdfast_state::blocking::run_blocking;
use holdfast_state::chain_choice::ChainQuery;
use holdfast_state::clearance::Clearance;
use holdfast_state::error::ApiError;
use holdfast_types::Timestamp;
use holdfast_workspace::lookup::{Hit, HitKind, Lookup, bare};
use holdfast_workspace::{AddressReport, ChainQueries, ExposureLine, ExposureView, TagView, TxSide};
use maud::{Markup, PreEscaped, html};
use serde::Deserialize;
use std::sync::Arc;

/// The stylesheet: colours, spaces and type, the rules of pages, and those of a trace's picture.
const STYLE: [&str; 4] = [
    include_str!("../../../../web/css/tokens.css"),
    include_str!("../../../../web/style.css"),
    include_str!("../../../../web/css/words.css"),
    render::STYLE,
];

/// Shows the stylesheet.
pub(crate) async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE.concat()).into_response()
}

/// A time to the second, in UTC.
pub(crate) fn instant(time: Timestamp) -> Markup {
    figures::to_the_second(time)
}

/// Coins with their name.
fn money(amount: u64, asset: &str) -> String {
    format!("{} {asset}", figures::decimal(&coins(amount)))
}

/// Coins with their name, where they are known.
fn money_or_unknown(amount: Option<u64>, asset: &str) -> String {
    amount.map_or_else(|| t!("common-unknown"), |amount| money(amount, asset))
}

/// A category in the colour of its risk. What is not known has a colour of its own: it is not safe, it is unknown.
pub(crate) fn risk(category: Category) -> Markup {
    html! { span class={"risk " (category.risk().name())} { (word(category.name())) } }
}

fn hash_link(kind: &str, text: &str) -> Markup {
    html! { a.hash href={"/" (kind) "/" (segment(text))} { (text) } }
}

pub(crate) fn tags_table(tags: &[TagView]) -> Markup {
    let heads = [
        T("ledger-tag-label"),
        T("ledger-category"),
        T("ledger-tag-confidence"),
        T("ledger-tag-source"),
        T("ledger-tag-pack"),
        T("ledger-tag-date"),
    ];
    table(&heads, tags, |tag| {
        html! { tr {
            td { (tag.label) @if let Some(actor) = &tag.actor { br; span.note { (t!("ledger-tag-actor", actor = actor.as_str())) } } }
            td { (risk(tag.category)) }
            td { (word(&tag.confidence)) " (" (tag.confidence_level) ")" }
            td.long { (tag.source) }
            td { (tag.pack) br; span.note { (tag.creator) } }
            td { (tag.lastmod) }
        } }
    })
}

/// The score; where amounts are not known, at least that.
fn score(exposure: &ExposureView) -> String {
    match exposure.risk_score {
        None => t!("common-unknown"),
        Some(score) if exposure.has_unknown() => t!("ledger-score-at-least", score = score),
        Some(score) => t!("ledger-score", score = score),
    }
}

/// What the figures leave out or assume.
fn unknown_parts(exposure: &ExposureView) -> String {
    let receipts = (exposure.unknown_receipts > 0)
        .then(|| t!("ledger-unknown-receipts", n = figures::number(exposure.unknown_receipts)));
    let inputs = exposure.unknown_inputs.iter().map(|line| {
        t!("ledger-unknown-inputs", category = word(line.category.name()), n = figures::number(line.inputs))
    });
    listed(receipts.into_iter().chain(inputs))
}

fn exposure_section(exposure: &ExposureView, asset: &str) -> Markup {
    let heads = [T("ledger-category"), N("ledger-share"), N("ledger-direct"), N("ledger-indirect")];
    let lines = |lines: &[ExposureLine]| {
        listing(&heads, lines, "common-unknown", |line| {
            html! { tr {
                td { (risk(line.category)) }
                td.n { (figures::percent(line.share_ppm)) }
                td.n { (money(line.direct, asset)) }
                td.n { (money(line.indirect, asset)) }
            } }
        })
    };
    let amount = match exposure.amount == 0 && exposure.has_unknown() {
        true => t!("ledger-unknown-amount"),
        false => money(exposure.amount, asset),
    };
    html! {
        h2 { (t!("ledger-exposure")) }
        p { (rich!("ledger-exposure-score", score = html! { strong { (score(exposure)) } }, amount = amount)) }
        @if exposure.has_unknown() { p.note { (t!("ledger-exposure-unknown", parts = unknown_parts(exposure))) } }
        @if let Some(height) = exposure.as_of_height { p.note { (t!("ledger-exposure-height", height = height)) } }
        h3 { (t!("ledger-exposure-source")) }
        (lines(&exposure.source))
        h3 { (t!("ledger-exposure-destination")) }
        (lines(&exposure.destination))
    }
}

fn exposure_hidden() -> Markup {
    html! { h2 { (t!("ledger-exposure")) } (none(&t!("ledger-exposure-hidden"))) }
}

/// Shows the front page.
pub(crate) async fn home(State(shared): State<AppState>, frame: Frame, Query(on): Query<ChainQuery>) -> Page {
    let (summary, others, accounts, has_story) = run_blocking(move || {
        let has_story = story::is_here(&shared);
        let summary = shared.chain_on(&on)?.snapshot().summary();
        let names = shared.chains.snapshots().into_iter().map(|w| w.ledger.network().to_string());
        let others: Vec<String> = names.filter(|name| *name != summary.network).collect();
        let accounts = shared.chains.account_snapshots().iter().map(|w| w.usual_name()).collect::<Vec<_>>();
        Ok((summary, others, accounts, has_story))
    })
    .await?;
    let account_links = html! { @for (i, name) in accounts.iter().enumerate() { @if i > 0 { ", " } a href={"/accounts/" (name)} { (name) } } };
    let links = html! { @for (i, name) in others.iter().enumerate() { @if i > 0 { ", " } a href={"/?chain=" (name)} { (name) } } };
    let body = html! {
        h1 { (t!("ledger-home-title", network = summary.network.as_str())) }
        p { (t!("ledger-home-intro")) }
        @if !others.is_empty() { p.note { (rich!("ledger-home-others", ledgers = links)) } }
        @if !accounts.is_empty() {
            p.note { (rich!("ledger-home-accounts", list = html! { a href="/accounts" { (t!("accounts-title")) } }, chains = account_links)) }
        }
        @if has_story { (story::shown(&frame)) }
        dl {
            dt { (t!("ledger-tip")) } dd { @match (summary.tip_height, &summary.tip_hash) {
                (Some(height), Some(hash)) => { (height) " " (hash_link("block", hash)) }
                _ => (t!("ledger-no-block")),
            } }
            dt { (t!("ledger-blocks")) } dd { (figures::number(summary.blocks)) }
            dt { (t!("ledger-transactions")) } dd { (figures::number(summary.txs)) }
            dt { (t!("ledger-addresses")) } dd { (figures::number(summary.addresses)) }
            dt { (t!("ledger-clusters")) } dd { (figures::number(summary.clusters)) }
            dt { (t!("ledger-tags")) } dd { (t!("ledger-tags-here", tags = figures::number(summary.tags), addresses = figures::number(summary.tagged_addresses))) }
        }
    };
    Ok(frame.page(&t!("ledger-home"), "", body))
}

/// What to search for.
#[derive(Debug, Deserialize)]
pub(crate) struct SearchQuery {
    #[serde(default)]
    q: String,
}

/// Sends a search to the page of what it names.
pub(crate) async fn search(
    State(shared): State<AppState>,
    frame: Frame,
    Clearance(clearance): Clearance,
    Query(query): Query<SearchQuery>,
) -> Result<Response, ErrorPage> {
    let text = query.q.trim().to_owned();
    if text.is_empty() {
        return Ok(Redirect::to("/").into_response());
    }
    let query = text.clone();
    let several = !shared.chains.is_one();
    let visitor = frame.clone();
    let (found, known, of_desk) = run_blocking(move || {
        let of_desk = of_desk(&shared, &visitor, &query)?;
        let found = shared.chains.lookup(&query, clearance);
        // Addresses of a ledger's chain that no block mentions still have a page.
        let known = match found.hits.is_empty() {
            true => unmentioned(&shared, &bare(&query), clearance)?,
            false => None,
        };
        Ok((found, known, of_desk))
    })
    .await?;
    if let ([], Some(to)) = (of_desk.as_slice(), &known) {
        return Ok(Redirect::to(to).into_response());
    }
    let only = match (found.hits.as_slice(), of_desk.as_slice(), found.unknown.is_empty()) {
        ([only], [], true) => hit_page(only, several),
        // Of what a ledger has, its own page is meant.
        ([only], _, true) if is_of_ledger(only) => hit_page(only, several),
        ([], [only], _) => Some(desk_page(&only.kind, &only.id)),
        _ => None,
    };
    if let Some(to) = only {
        return Ok(Redirect::to(&to).into_response());
    }
    let is_empty = found.hits.is_empty() && of_desk.is_empty();
    let status = if is_empty { StatusCode::NOT_FOUND } else { StatusCode::OK };
    let body = html! {
        @if !of_desk.is_empty() {
            h1 { (t!("desk-search-title", words = text.as_str())) }
            (desk_hits(of_desk.iter().map(|h| (h.kind.as_str(), h.id.as_str(), h.title.as_str()))))
        }
        @if let Some(to) = &known { p { (t!("ledger-address-title")) " " a.hash href=(to) { (text) } } }
        @if of_desk.is_empty() || !found.hits.is_empty() { (results(&found, several, of_desk.is_empty())) }
    };
    Ok((status, frame.page(&t!("ledger-results-title"), &text, body)).into_response())
}

/// What of the desk a text names, of what the person may read there; nothing for others.
fn of_desk(shared: &AppState, frame: &Frame, text: &str) -> Result<Vec<DeskHit>, ApiError> {
    let Some(caller) = frame.caller().filter(|_| frame.may_open("/desk/search")) else { return Ok(Vec::new()) };
    match shared.cases().search(text, &person(caller), frame.may("read")) {
        Ok(hits) => Ok(hits),
        // A text without a word names nothing of the desk; it may name something of a ledger.
        Err(CaseError::Invalid(_)) => Ok(Vec::new()),
        Err(e) => Err(e.into()),
    }
}

/// The page of an address that no block mentions and no tag names, on the chain whose addresses have its form.
fn unmentioned(shared: &AppState, text: &str, clearance: Tlp) -> Result<Option<String>, ApiError> {
    if let Some(to) = on_account_chain(shared, text, Asked::Address) {
        return Ok(Some(to));
    }
    let w = shared.snapshot_for(&ChainQuery::default(), text)?;
    Ok(w.address_for(text, clearance).ok().map(|report| format!("/address/{}", report.address)))
}

/// What a page without a chain in its path is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    Address,
    Tx,
}

/// The page of an address or a transaction on an account chain: on the one that stores it, or the only one whose addresses have its form; a search where
/// several store it. None where no account chain is meant.
fn on_account_chain(shared: &AppState, text: &str, asked: Asked) -> Option<String> {
    let chains = shared.chains.account_snapshots();
    let fits = |chain: &&Arc<AccountSnapshot>| asked == Asked::Tx || chain.is_address(text);
    let all: Vec<_> = chains.iter().filter(fits).collect();
    let stored: Vec<_> = all.iter().copied().filter(|chain| chain.stores(text)).collect();
    let page = |chain: &AccountSnapshot| {
        let place = Place::of(chain);
        match asked {
            Asked::Address => place.path("address", text),
            Asked::Tx => place.path("tx", text.split(':').next().unwrap_or_default()),
        }
    };
    match (stored.as_slice(), all.as_slice()) {
        ([one], _) => Some(page(one)),
        ([], [one]) if asked == Asked::Address => Some(page(one)),
        ([], _) => None,
        (several, _) => several.first().map(|_| {
            let query = form_urlencoded::Serializer::new(String::new()).append_pair("q", text).finish();
            format!("/search?{query}")
        }),
    }
}

/// Whether a hit is a thing of a ledger, not a name.
fn is_of_ledger(hit: &Hit) -> bool {
    hit.in_ledger && matches!(hit.kind, HitKind::Address | HitKind::Transaction | HitKind::Output)
}

/// The page of what a search found; none for names of several addresses.
fn hit_page(hit: &Hit, has_several_chains: bool) -> Option<String> {
    if let Some(place) = hit.chain.as_deref().map(Place::named) {
        return match hit.kind {
            HitKind::Transaction | HitKind::Output => Some(place.path("tx", &hit.id)),
            HitKind::Block => Some(place.path("block", &hit.id)),
            HitKind::Asset => {
                Some(place.path("asset", hit.id.split_once('/').map_or(hit.id.as_str(), |(_, rest)| rest)))
            }
            HitKind::Address => Some(place.path("address", &hit.id)),
            HitKind::Actor | HitKind::Label => None,
        };
    }
    match hit.kind {
        // Assets are those of account chains.
        HitKind::Asset => None,
        HitKind::Transaction => Some(format!("/tx/{}", hit.id)),
        HitKind::Output => Some(format!("/tx/{}", hit.id.split(':').next().unwrap_or_default())),
        // Every chain has a block of a height.
        HitKind::Block if has_several_chains => {
            Some(format!("/block/{}?chain={}", hit.id, hit.assets.first().map_or("", String::as_str)))
        }
        HitKind::Block => Some(format!("/block/{}", hit.id)),
        HitKind::Address => Some(format!("/address/{}", hit.id)),
        HitKind::Actor | HitKind::Label => match (hit.addresses, hit.examples.as_slice()) {
            (1, [only]) => Some(format!("/address/{only}")),
            _ => None,
        },
    }
}

/// Key of the text for a kind of hit.
fn kind_key(kind: HitKind) -> &'static str {
    match kind {
        HitKind::Block => "ledger-hit-block",
        HitKind::Transaction => "ledger-hit-transaction",
        HitKind::Output => "ledger-hit-output",
        HitKind::Address => "ledger-hit-address",
        HitKind::Actor => "ledger-hit-actor",
        HitKind::Asset => "ledger-hit-asset",
        HitKind::Label => "ledger-hit-label",
    }
}

/// The id of a hit, or the addresses that a name stands for.
fn hit_id(hit: &Hit, has_several_chains: bool) -> Markup {
    let more = hit.addresses.saturating_sub(hit.examples.len() as u64);
    html! {
        @if matches!(hit.kind, HitKind::Actor | HitKind::Label) {
            @if hit.kind == HitKind::Actor { span.note { (hit.id) " " } }
            @for address in &hit.examples { (hash_link("address", address)) " " }
            @if more > 0 { span.note { (t!("ledger-results-more", n = more)) } }
        } @else if let Some(to) = hit_page(hit, has_several_chains) { a.hash href=(to) { (hit.id) } }
    }
}

/// The chain that holds a hit; of what no chain here holds, the assets that its tags name.
fn hit_chain(hit: &Hit) -> Markup {
    let is_name = matches!(hit.kind, HitKind::Actor | HitKind::Label);
    html! { @match hit.chain_name().filter(|_| hit.in_ledger) {
        Some(chain) => { (chain) }
        None => { (hit.assets.join(", ")) @if !is_name { br; span.note { (t!("ledger-hit-by-tags")) } } }
    } }
}

/// What ledgers and tags have; `first` if nothing of the desk stands above it.
fn results(found: &Lookup, has_several_chains: bool, first: bool) -> Markup {
    let heads = [
        T("ledger-hit-kind"),
        T("ledger-hit-name"),
        T("ledger-hit-id"),
        T("ledger-category"),
        T("ledger-hit-assets"),
        N("ledger-addresses"),
    ];
    let is_empty = found.hits.is_empty();
    let title = match is_empty {
        true => t!("ledger-results-none"),
        false => t!("ledger-results-count", hits = found.hits.len() as u64 + found.more),
    };
    html! {
        @if first { h1 { (title) } } @else { h2 { (title) } }
        @for text in &found.unknown { p.error { (rich!("ledger-results-unknown", text = html! { span.hash { (text) } })) } }
        @for note in &found.notes { p.note { (note) "." } }
        @if !is_empty { (table(&heads, &found.hits, |hit| html! { tr {
            td { (t!(kind_key(hit.kind))) }
            td { (hit.name.as_deref().unwrap_or_default()) }
            td { (hit_id(hit, has_several_chains)) }
            td { @if hit.category.is_attributed() { (risk(hit.category)) @if hit.by_cluster { br; span.note { (t!("ledger-hit-by-cluster")) } } } }
            td { (hit_chain(hit)) }
            td.n { @if hit.addresses > 0 { (hit.addresses) } }
        } })) }
        @if found.more > 0 { p.note { (t!("ledger-results-best", n = found.hits.len())) } }
        @if is_empty { p { (t!("ledger-results-hint")) } }
    }
}

/// Shows what is at no path: a page for people, plain text (made JSON by the guard) for programs.
pub async fn nothing_here(frame: Frame, uri: axum::http::Uri) -> Response {
    let path = uri.path();
    if ["/api/", "/v2/", "/public/", "/scim/", "/taxii2"].iter().any(|p| path.starts_with(p)) {
        return (StatusCode::NOT_FOUND, format!("there is nothing at {path}; /openapi.json lists every path"))
            .into_response();
    }
    frame.no_page(path)
}

/// Shows an address.
pub(crate) async fn address(
    State(shared): State<AppState>,
    frame: Frame,
    Clearance(clearance): Clearance,
    Path(text): Path<String>,
    Query(on): Query<ChainQuery>,
) -> Answer {
    let query = on.clone();
    let found = run_blocking(move || {
        if let Some(to) = elsewhere(&shared, &query, &text, Asked::Address) {
            return Ok(Err(to));
        }
        let w = shared.snapshot_for(&query, &text)?;
        Ok(Ok((w.address_for(&text, clearance)?, w.asset())))
    })
    .await?;
    let (report, asset) = match found {
        Ok(found) => found,
        Err(to) => return Ok(Redirect::to(&to).into_response()),
    };
    let on = on_chain(&on);
    let is_elsewhere = !report.in_ledger && report.network.chars().any(|c| c.is_ascii_uppercase());
    let body = html! {
        h1 { (t!("ledger-address-title")) " " span.hash { (report.address) } " " (risk(report.category)) }
        dl {
            dt { (t!("ledger-script")) } dd { (report.script) }
            (amounts(&report, asset))
            @if let Some(entity) = &report.entity {
                dt { (t!("ledger-entity")) } dd {
                    (rich!("ledger-entity-cluster", addresses = t!("count-addresses", n = entity.addresses), root = hash_link("address", &entity.root_address)))
                    @if let Some(tag) = &entity.tag { " " (rich!("ledger-entity-named", label = html! { strong { (tag.label) } })) }
                }
            }
        }
        @if report.ownerless { p.note { (t!("ledger-ownerless")) } }
        @if is_elsewhere { p.note { (t!("ledger-other-chain", network = report.network.as_str())) } }
        @else if !report.in_ledger { p.note { (t!("ledger-not-mentioned")) } }
        h2 { (t!("ledger-tags")) }
        @if report.tags.is_empty() { (none(&t!("ledger-no-tag"))) } @else { (tags_table(&report.tags)) }
        @if let Some(tag) = report.entity.as_ref().and_then(|e| e.tag.as_ref()) {
            h2 { (t!("ledger-entity-tag")) } (tags_table(std::slice::from_ref(tag)))
        }
        @if let Some(exposure) = &report.exposure { (exposure_section(exposure, asset)) } @else if report.in_ledger { (exposure_hidden()) }
        @if report.in_ledger {
            h2 { (t!("ledger-trace")) }
            (traces(&report.address, &on, &frame))
            (receipts(&report, asset))
        }
    };
    let is_of_several = report.entity.as_ref().is_some_and(|entity| entity.addresses > 1);
    let body = html! {
        (body)
        (to_case(&frame, "address", &report.address))
        (tag_it(&frame, &report.address, if is_elsewhere { "" } else { asset }))
        (watch_and_flag(&frame, Of::Address, &report.address, Some(asset)))
        @if is_of_several { h3 { (t!("ledger-entity")) } (watch_and_flag(&frame, Of::Entity, &report.address, None)) }
    };
    Ok(frame.page(&report.address, &report.address, body).into_response())
}

/// The page of an account chain for what a path without a chain names, where no chain is named and no ledger of outputs has it.
fn elsewhere(shared: &AppState, on: &ChainQuery, text: &str, asked: Asked) -> Option<String> {
    let is_free = on.chain.as_deref().is_none_or(str::is_empty);
    let text = bare(text);
    let is_of_outputs = || shared.chains.snapshots().iter().any(|w| w.subject(&text).is_ok() || w.is_address(&text));
    (is_free && !is_of_outputs()).then(|| on_account_chain(shared, &text, asked)).flatten()
}

/// The end of a query that names the chain, where the page's own query named one.
fn on_chain(on: &ChainQuery) -> String {
    let name = on.chain.as_deref().filter(|name| !name.is_empty());
    let encoded =
        |name| form_urlencoded::Serializer::for_suffix(String::from("&"), 1).append_pair("chain", name).finish();
    name.map(encoded).unwrap_or_default()
}

/// Links to a subject's traces, and to its graph for who works at the desk.
fn traces(subject: &str, on: &str, frame: &Frame) -> Markup {
    let subject: String = form_urlencoded::byte_serialize(subject.as_bytes()).collect();
    html! { p {
        a href={"/trace?subject=" (subject) (on)} { (t!("ledger-trace-forward")) } " · "
        a href={"/trace?direction=backward&subject=" (subject) (on)} { (t!("ledger-trace-backward")) }
        @if frame.may("desk") { " · " a href={"/desk/graph?subject=" (subject) (on)} { (t!("ledger-graph")) } }
    } }
}

fn receipts(report: &AddressReport, asset: &str) -> Markup {
    let heads =
        [T("ledger-block"), T("common-time"), T("ledger-transaction"), N("ledger-amount"), T("ledger-spent-by")];
    html! {
        h2 { (t!("ledger-receipts")) }
        (table(&heads, &report.receipts, |r| html! { tr {
            td { @match r.height { Some(height) => (height), None => (t!("ledger-not-stored")) } }
            td { @if let Some(time) = r.time { (instant(time.into())) } }
            td { @if r.height.is_some() { (hash_link("tx", &r.txid)) } @else { span.hash { (r.txid) } } ":" (r.vout) }
            td.n { (money_or_unknown(r.value, asset)) }
            td { @if let Some(tx) = &r.spent_by { (hash_link("tx", tx)) } @else if let Some(height) = r.replaced_at { (t!("ledger-replaced", height = height)) } }
        } }))
        @if report.receipt_count > report.receipts.len() as u64 {
            p.note { (t!("ledger-first-of", shown = report.receipts.len(), all = report.receipt_count)) }
        }
    }
}

/// What an address received and holds. Blocks that are not stored may have paid it more.
fn amounts(report: &AddressReport, asset: &str) -> Markup {
    let (received, balance) = (money(report.received, asset), money(report.balance, asset));
    let has_outside = report.outside > 0;
    let outputs = t!("count-outputs", n = report.receipt_count);
    let amount = match report.outside == report.receipt_count {
        true => t!("common-unknown"),
        false => t!("ledger-at-least", amount = received.as_str()),
    };
    let received = match has_outside {
        true => t!("ledger-received-partly", amount = amount, outputs = outputs, n = report.outside),
        false => t!("ledger-received-in", amount = received, outputs = outputs),
    };
    html! {
        dt { (t!("ledger-received")) } dd { (received) }
        dt { (t!("ledger-balance")) } dd { @if has_outside { (t!("ledger-balance-stored", amount = balance)) } @else { (balance) } }
    }
}

/// Most inputs, and most outputs, that the page of a transaction shows.
const MAX_SIDES: usize = 500;

fn sides(sides: &[TxSide], heads: &[Head<'_>], are_inputs: bool, asset: &str) -> Markup {
    let (shown, rest) = sides.split_at(sides.len().min(MAX_SIDES));
    let amount = money(rest.iter().filter_map(|s| s.value).sum(), asset);
    let note = match rest.iter().any(|s| s.value.is_none()) {
        true => t!("ledger-sides-rest-unknown", shown = shown.len(), others = rest.len(), amount = amount),
        false => t!("ledger-sides-rest", shown = shown.len(), others = rest.len(), amount = amount),
    };
    html! {
        (table(heads, shown, |side| html! { tr {
            td { @match &side.address { Some(a) => (hash_link("address", a)), None => (t!("common-unknown")) } }
            td { @if side.category.is_attributed() { (risk(side.category)) " " } @if let Some(label) = &side.label { (label) } }
            td.n { (money_or_unknown(side.value, asset)) }
            td { @if let Some(other) = &side.other {
                @if are_inputs { span.hash { (other) } } @else { (hash_link("tx", other)) }
            } }
        } }))
        @if !rest.is_empty() { (none(&note)) }
    }
}

/// Shows a transaction.
pub(crate) async fn tx(
    State(shared): State<AppState>,
    frame: Frame,
    Clearance(clearance): Clearance,
    Path(text): Path<String>,
    Query(on): Query<ChainQuery>,
) -> Answer {
    let query = on.clone();
    let found = run_blocking(move || {
        if let Some(to) = elsewhere(&shared, &query, &text, Asked::Tx) {
            return Ok(Err(to));
        }
        let w = shared.snapshot_for(&query, &text)?;
        Ok(Ok((w.tx_for(&text, clearance)?, w.asset())))
    })
    .await?;
    let (report, asset) = match found {
        Ok(found) => found,
        Err(to) => return Ok(Redirect::to(&to).into_response()),
    };
    let on = on_chain(&on);
    let fee = match report.fee {
        Some(fee) => money(fee, asset),
        None if report.coinbase => t!("ledger-fee-coinbase"),
        None => t!("ledger-fee-unknown"),
    };
    let heads = |last| [T("common-address"), T("ledger-hit-name"), N("ledger-amount"), last];
    let body = html! {
        h1 { (t!("ledger-tx-title")) " " span.hash { (report.txid) } }
        dl {
            dt { (t!("ledger-block")) } dd { (report.height) " " (hash_link("block", &report.block)) }
            dt { (t!("common-time")) } dd { (instant(report.time.into())) }
            dt { (t!("ledger-fee")) } dd { (fee) }
            @if let Some(kind) = &report.coinjoin { dt { (t!("ledger-shape")) } dd { (t!("ledger-coinjoin", kind = kind.as_str())) } }
        }
        (traces(&report.txid, &on, &frame))
        h2 { (t!("ledger-inputs", n = report.inputs.len())) }
        (sides(&report.inputs, &heads(T("ledger-output-spent")), true, asset))
        h2 { (t!("ledger-outputs", n = report.outputs.len())) }
        (sides(&report.outputs, &heads(T("ledger-spent-by")), false, asset))
        @match &report.exposure { Some(exposure) => (exposure_section(exposure, asset)), None => (exposure_hidden()) }
    };
    let body = html! {
        (body)
        (to_case(&frame, "transaction", &report.txid))
        (watch_and_flag(&frame, Of::Transaction, &report.txid, Some(asset)))
    };
    Ok(frame.page(&report.txid, &report.txid, body).into_response())
}

/// Shows a block.
pub(crate) async fn block(
    State(shared): State<AppState>,
    frame: Frame,
    Path(text): Path<String>,
    Query(on): Query<ChainQuery>,
) -> Page {
    let report = run_blocking(move || Ok(shared.snapshot_for(&on, &text)?.block(&text)?)).await?;
    let title = t!("ledger-block-title", height = report.height);
    let body = html! {
        h1 { (title) }
        dl {
            dt { (t!("ledger-hash")) } dd.hash { (report.hash) }
            dt { (t!("common-time")) } dd { (instant(report.time.into())) }
            dt { (t!("ledger-transactions")) } dd { (figures::number(report.tx_count)) }
            dt { (t!("ledger-size")) } dd { (t!("ledger-size-bytes", size = figures::number(report.size))) }
        }
        h2 { (t!("ledger-transactions")) }
        ol { @for txid in &report.txids { li { (hash_link("tx", txid)) } } }
        @if report.tx_count as usize > report.txids.len() { p.note { (t!("ledger-first", shown = report.txids.len())) } }
    };
    Ok(frame.page(&title, &report.height.to_string(), body))
}

/// The page of a trace's subject: an address, a transaction or one of its outputs.
fn subject_link(subject: &str) -> Markup {
    let id = subject.split(':').next().unwrap_or_default();
    let (page, key) = match id.len() == 64 && id.bytes().all(|b| b.is_ascii_hexdigit()) {
        true => ("/tx/", "ledger-the-transaction"),
        false => ("/address/", "ledger-the-address"),
    };
    html! { a href={(page) (id)} { (t!(key)) } }
}

/// Names of directions and policies, as queries write them.
pub(crate) const DIRECTIONS: [&str; 2] = ["forward", "backward"];
pub(crate) const POLICIES: [&str; 4] = ["haircut", "fifo", "lifo", "poison"];

pub(crate) fn options(selected: &str, all: &[&str]) -> Markup {
    html! { @for name in all { option value=(name) selected[*name == selected] { (word(name)) } } }
}

/// Sums of a trace in a sentence.
fn trace_sums(report: &TraceReport, asset: &str) -> Markup {
    let (score, ends) = (html! { strong { (report.risk_score) } }, t!("count-ends", n = report.ends.len()));
    let (marked, found, fees) = (money(report.marked, asset), money(report.found, asset), money(report.fees, asset));
    match report.balances {
        true => rich!("ledger-trace-sum", score = score, marked = marked, found = found, ends = ends, fees = fees),
        false => {
            rich!("ledger-trace-sum-off", score = score, marked = marked, found = found, ends = ends, fees = fees)
        }
    }
}

/// Shows a trace with its graph.
pub(crate) async fn trace(
    State(shared): State<AppState>,
    frame: Frame,
    Clearance(clearance): Clearance,
    Query(query): Query<TraceQuery>,
    Query(how): Query<HowQuery>,
    Query(on): Query<ChainQuery>,
) -> Page {
    let (request, named) = (query.request(&how), on.clone());
    let (report, asset) = run_blocking(move || {
        let w = shared.snapshot_for(&named, &request.subject)?;
        Ok((w.trace_for(&request, clearance)?.1, w.asset()))
    })
    .await?;
    let direction = if query.direction == Direction::Forward { "forward" } else { "backward" };
    let policy = match how.policy {
        Policy::Poison => "poison",
        Policy::Haircut => "haircut",
        Policy::Fifo => "fifo",
        Policy::Lifo => "lifo",
    };
    let bundle = format!(
        "/api/v1/trace/bundle?subject={}&direction={direction}&policy={policy}&max_hops={}{}",
        form_urlencoded::byte_serialize(query.subject.as_bytes()).collect::<String>(),
        report.bounds.max_hops,
        on_chain(&on)
    );
    let heads = [T("ledger-category"), N("ledger-amount")];
    let body = html! {
        h1 { (rich!("ledger-trace-title", subject = html! { span.hash { (query.subject) } })) }
        p { (subject_link(&query.subject)) }
        form.step action="/trace" method="get" {
            input type="hidden" name="subject" value=(query.subject);
            @if let Some(chain) = &on.chain { input type="hidden" name="chain" value=(chain); }
            label { (t!("ledger-direction")) select name="direction" { (options(direction, &DIRECTIONS)) } }
            label { (t!("ledger-policy")) select name="policy" { (options(policy, &POLICIES)) } }
            label { (t!("ledger-hops")) input type="number" name="max_hops" min="0" max="1000" value=(report.bounds.max_hops); }
            button type="submit" { (t!("ledger-trace")) }
        }
        p { (trace_sums(&report, asset)) }
        (table(&heads, &report.by_category, |(category, amount)| html! { tr {
            td { (risk(*category)) } td.n { (money(*amount, asset)) }
        } }))
        @if frame.may("read") || frame.may("chain") { p { a href=(bundle) { (rich!("ledger-bundle", command = html! { code { "holdfast verify" } })) } } }
        h2 { (t!("ledger-graph")) }
        div.graph tabindex="0" { (PreEscaped(render::svg(&report))) }
        h2 { (t!("ledger-in-words")) }
        pre.wide tabindex="0" { (render::table(&report, 200)) }
    };
    Ok(frame.page(&t!("ledger-trace"), &query.subject, body))
}
