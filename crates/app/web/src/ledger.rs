//! The web pages: search an address, transaction or block, and read the answer.

use crate::components::count;
use crate::frame::{ErrorPage, Frame, Page};
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use holdfast_analysis::report::coins;
use holdfast_analysis::{Direction, Policy, render};
use holdfast_api::Shared;
use holdfast_api::blocking::run_blocking;
use holdfast_api::chain::TraceQuery;
use holdfast_api::chain_choice::ChainQuery;
use holdfast_api::clearance::Clearance;
use holdfast_attribution::Category;
use holdfast_input::time::rfc3339;
use holdfast_workspace::lookup::{Hit, HitKind, Lookup};
use holdfast_workspace::{AddressReport, ExposureLine, ExposureView, TagView, TxSide};
use maud::{Markup, PreEscaped, html};
use serde::Deserialize;

/// The stylesheet.
pub(crate) async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("../../../../web/style.css")).into_response()
}

/// A time to the second, in UTC.
fn instant(seconds: i64) -> Markup {
    html! { time { (rfc3339(seconds)) } }
}

/// Coins with their name.
fn money(amount: u64, asset: &str) -> Markup {
    html! { (coins(amount)) " " (asset) }
}

/// A category in its risk's colour. What is not known has its own: it is not safe, it is unknown.
fn risk(category: Category) -> Markup {
    let level = category.risk().name();
    html! { span class={"risk " (level)} { (category.name().replace('_', " ")) } }
}

fn hash_link(kind: &str, text: &str) -> Markup {
    html! { a.hash href={"/" (kind) "/" (text)} { (text) } }
}

fn tags_table(tags: &[TagView]) -> Markup {
    html! {
        div.wide { table {
            thead { tr { th { "Label" } th { "Category" } th { "Confidence" } th { "Source" } th { "Pack" } th { "Date" } } }
            tbody { @for tag in tags { tr {
                td { (tag.label) @if let Some(actor) = &tag.actor { br; span.note { "actor " (actor) } } }
                td { (risk(tag.category)) }
                td { (tag.confidence) " (" (tag.confidence_level) ")" }
                td { (tag.source) }
                td { (tag.pack) br; span.note { (tag.creator) } }
                td { (tag.lastmod) }
            } } }
        } }
    }
}

fn exposure_section(exposure: &ExposureView, asset: &str) -> Markup {
    let table = |title: &str, lines: &[ExposureLine]| {
        html! {
            h3 { (title) }
            div.wide { table {
                thead { tr { th { "Category" } th.n { "Share" } th.n { "Direct" } th.n { "Indirect" } } }
                tbody {
                    @for line in lines { tr {
                        td { (risk(line.category)) }
                        td.n { (line.share_ppm / 10_000) "." (format!("{:02}", line.share_ppm / 100 % 100)) " %" }
                        td.n { (money(line.direct, asset)) }
                        td.n { (money(line.indirect, asset)) }
                    } }
                    @if lines.is_empty() { tr { td colspan="4" { "unknown" } } }
                }
            } }
        }
    };
    html! {
        h2 { "Exposure" }
        p { "Risk score " strong { (exposure.score_text()) } ", over " @if exposure.amount == 0 && exposure.has_unknown() { "an unknown amount" } @else { (money(exposure.amount, asset)) } "." }
        @if exposure.has_unknown() { p.note { "Not known: " (exposure.unknown_text()) "." } }
        @if let Some(height) = exposure.as_of_height { p.note { "With tags and clusters up to block " (height) "; newer ones are being worked in." } }
        (table("Where it came from", &exposure.source))
        (table("Where it went", &exposure.destination))
    }
}

fn exposure_hidden() -> Markup {
    html! { h2 { "Exposure" } p.note { "Shown to people who sign in: it rests on tags that are not public." } }
}

/// Front page.
pub(crate) async fn home(State(shared): State<Shared>, frame: Frame, Query(on): Query<ChainQuery>) -> Page {
    let (summary, others) = run_blocking(move || {
        let summary = shared.chain_on(&on)?.snapshot().summary();
        let names = shared.chains.snapshots().into_iter().map(|w| w.ledger.network().to_string());
        let others: Vec<String> = names.filter(|name| *name != summary.network).collect();
        Ok((summary, others))
    })
    .await?;
    Ok(frame.page(
        "Search",
        "",
        html! {
            h1 { "Search the " (summary.network) " ledger" }
            p { "Enter an address, a transaction id, an output or a block above." }
            @if !others.is_empty() { p.note { "All chains are searched. Ledgers beside this one: "
                @for (i, name) in others.iter().enumerate() { @if i > 0 { ", " } a href={"/?chain=" (name)} { (name) } } "." } }
            dl {
                dt { "Tip" } dd { @match (summary.tip_height, &summary.tip_hash) {
                    (Some(height), Some(hash)) => { (height) " " (hash_link("block", hash)) }
                    _ => { "no block yet" }
                } }
                dt { "Blocks" } dd { (summary.blocks) }
                dt { "Transactions" } dd { (summary.txs) }
                dt { "Addresses" } dd { (summary.addresses) }
                dt { "Clusters" } dd { (summary.clusters) }
                dt { "Tags" } dd { (summary.tags) " (" (summary.tagged_addresses) " addresses of this ledger)" }
            }
        },
    ))
}

/// What to search for.
#[derive(Debug, Deserialize)]
pub(crate) struct SearchQuery {
    #[serde(default)]
    q: String,
}

/// Sends a search to the page of what it names.
pub(crate) async fn search(
    State(shared): State<Shared>,
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
    let (found, known) = run_blocking(move || {
        let found = shared.chains.lookup(&query, &|t| t.is_for(clearance));
        let w = shared.snapshot_for(&ChainQuery::default(), &query)?;
        // Addresses of a ledger's chain that no block mentions still have a page.
        let known = if found.hits.is_empty() { w.address_for(&query, clearance).ok().map(|r| r.address) } else { None };
        Ok((found, known))
    })
    .await?;
    if let Some(address) = known {
        return Ok(Redirect::to(&format!("/address/{address}")).into_response());
    }
    if let ([only], true) = (found.hits.as_slice(), found.unknown.is_empty())
        && let Some(to) = hit_page(only, several)
    {
        return Ok(Redirect::to(&to).into_response());
    }
    let status = if found.hits.is_empty() { StatusCode::NOT_FOUND } else { StatusCode::OK };
    Ok((status, frame.page("Search results", &text, results(&found, several))).into_response())
}

/// The page of what a search found; none for names of several addresses.
fn hit_page(hit: &Hit, has_several_chains: bool) -> Option<String> {
    match hit.kind {
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

fn results(found: &Lookup, several: bool) -> Markup {
    let kind = |kind: HitKind| match kind {
        HitKind::Block => "block",
        HitKind::Transaction => "transaction",
        HitKind::Output => "output",
        HitKind::Address => "address",
        HitKind::Actor => "actor",
        HitKind::Label => "label",
    };
    let named = |hit: &Hit| matches!(hit.kind, HitKind::Actor | HitKind::Label);
    html! {
        h1 { @if found.hits.is_empty() { "Nothing found" } @else { (found.hits.len() as u64 + found.more) " found" } }
        @for text in &found.unknown { p.error { "Nothing is known here of " span.hash { (text) } ": no stored block, transaction or address is it, and no tag or actor has it as its address or name." } }
        @for note in &found.notes { p.note { (note) "." } }
        @if !found.hits.is_empty() { div.wide { table {
            thead { tr { th { "What" } th { "Name" } th { "Id or addresses" } th { "Category" } th { "Assets" } th.n { "Addresses" } } }
            tbody { @for hit in &found.hits { tr {
                td { (kind(hit.kind)) }
                td { (hit.name.as_deref().unwrap_or_default()) }
                td {
                    @if named(hit) {
                        @if hit.kind == HitKind::Actor { span.note { (hit.id) " " } }
                        @for address in &hit.examples { (hash_link("address", address)) " " }
                        @if hit.addresses > hit.examples.len() as u64 { span.note { "and " (hit.addresses - hit.examples.len() as u64) " more" } }
                    } @else if let Some(to) = hit_page(hit, several) { a.hash href=(to) { (hit.id) } }
                }
                td { @if hit.category.is_attributed() { (risk(hit.category)) } }
                td { (hit.assets.join(", ")) }
                td.n { @if hit.addresses > 0 { (hit.addresses) } }
            } } }
        } } }
        @if found.more > 0 { p.note { "The best " (found.hits.len()) " are shown. Write more of the name or id to narrow the search." } }
        @if found.hits.is_empty() { p { "Search for an address of any chain, a transaction id or block hash (whole, or at least its first 8 digits), an output (txid:index), a block's height, or the name of a service or label." } }
    }
}

/// What is at no path: a page for people, plain text (made JSON by the guard) for programs.
pub async fn nothing_here(frame: Frame, uri: axum::http::Uri) -> Response {
    let path = uri.path();
    if ["/api/", "/v2/", "/public/", "/taxii2"].iter().any(|p| path.starts_with(p)) {
        return (StatusCode::NOT_FOUND, format!("there is nothing at {path}; /openapi.json lists every path"))
            .into_response();
    }
    frame.no_page(path)
}

/// Marks requests for pages of a lab's own chain, of which the desk has no graph.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InLab;

/// An address.
pub(crate) async fn address(
    State(shared): State<Shared>,
    frame: Frame,
    Clearance(clearance): Clearance,
    Path(text): Path<String>,
    Query(on): Query<ChainQuery>,
) -> Page {
    let may_graph = frame.may("desk");
    let (report, asset) = run_blocking(move || {
        let w = shared.snapshot_for(&on, &text)?;
        Ok((w.address_for(&text, clearance)?, w.asset()))
    })
    .await?;
    Ok(frame.page(
        &report.address,
        &report.address,
        html! {
            h1 { "Address " span.hash { (report.address) } " " (risk(report.category)) }
            dl {
                dt { "Script" } dd { (report.script) }
                (amounts(&report, asset))
                @if let Some(entity) = &report.entity {
                    dt { "Entity" } dd {
                        (count(entity.addresses, "address")) ", cluster of " (hash_link("address", &entity.root_address))
                        @if let Some(tag) = &entity.tag { " named " strong { (tag.label) } }
                    }
                }
            }
            @if report.ownerless { p.note { "This script has no owner: anybody can spend it, or nobody can. It joins no cluster, and tags on it say nothing about who uses it." } }
            @if !report.in_ledger && report.network.chars().any(|c| c.is_ascii_uppercase()) { p.note { "An address of another chain than the ledger's (" (report.network) "): only its tags are known here, not where its money came from or went." } }
            @else if !report.in_ledger { p.note { "No stored block mentions this address." } }
            h2 { "Tags" }
            @if report.tags.is_empty() { p.note { "No tag names this address itself." } } @else { (tags_table(&report.tags)) }
            @if let Some(tag) = report.entity.as_ref().and_then(|e| e.tag.as_ref()) {
                h2 { "Entity's tag" } (tags_table(std::slice::from_ref(tag)))
            }
            @if let Some(exposure) = &report.exposure { (exposure_section(exposure, asset)) } @else if report.in_ledger { (exposure_hidden()) }
            @if report.in_ledger {
                h2 { "Trace" }
                p {
                    a href={"/trace?subject=" (report.address)} { "Where the money went" } " · "
                    a href={"/trace?direction=backward&subject=" (report.address)} { "Where it came from" }
                    @if may_graph { " · " a href={"/desk/graph?subject=" (report.address)} { "Graph" } }
                }
                h2 { "Receipts" }
                div.wide { table {
                    thead { tr { th { "Block" } th { "Time" } th { "Transaction" } th.n { "Amount" } th { "Spent by" } } }
                    tbody { @for r in &report.receipts { tr {
                        td { @match r.height { Some(h) => (h), None => "not stored" } }
                        td { @if let Some(t) = r.time { (instant(t.into())) } }
                        td { @if r.height.is_some() { (hash_link("tx", &r.txid)) } @else { span.hash { (r.txid) } } ":" (r.vout) }
                        td.n { @match r.value { Some(v) => (money(v, asset)), None => "unknown" } }
                        td { @if let Some(t) = &r.spent_by { (hash_link("tx", t)) } @else if let Some(h) = r.replaced_at { "gone: block " (h) " has a transaction of the same id" } }
                    } } }
                } }
                @if report.receipt_count > report.receipts.len() as u64 {
                    p.note { "The first " (report.receipts.len()) " of " (report.receipt_count) " are shown." }
                }
            }
        },
    ))
}

/// What an address received and holds. Blocks that are not stored may have paid it more.
fn amounts(report: &AddressReport, asset: &str) -> Markup {
    let least = if report.outside > 0 { "at least " } else { "" };
    html! {
        dt { "Received" } dd {
            @if report.outside == report.receipt_count && report.outside > 0 { "unknown" } @else { (least) (money(report.received, asset)) }
            " in " (count(report.receipt_count, "output"))
            @if report.outside > 0 { ", " (report.outside) " of blocks that are not stored" }
        }
        dt { "Balance" } dd { (money(report.balance, asset)) @if report.outside > 0 { " in stored blocks" } }
    }
}

fn sides(title: &str, sides: &[TxSide], other: &str, outpoints: bool, asset: &str) -> Markup {
    html! {
        h2 { (title) " (" (sides.len()) ")" }
        div.wide { table {
            thead { tr { th { "Address" } th { "Name" } th.n { "Amount" } th { (other) } } }
            tbody { @for side in sides.iter().take(500) { tr {
                td { @match &side.address { Some(a) => (hash_link("address", a)), None => "unknown" } }
                td { @if side.category.is_attributed() { (risk(side.category)) " " } @if let Some(label) = &side.label { (label) } }
                td.n { @match side.value { Some(v) => (money(v, asset)), None => "unknown" } }
                td { @if let Some(o) = &side.other {
                    @if outpoints { span.hash { (o) } } @else { (hash_link("tx", o)) }
                } }
            } } }
        } }
        @if sides.len() > 500 {
            p.note { "The first 500 are shown; the other " (sides.len() - 500) " come to " (money(sides[500..].iter().filter_map(|s| s.value).sum(), asset))
                @if sides[500..].iter().any(|s| s.value.is_none()) { " and unknown amounts" } "." }
        }
    }
}

/// A transaction.
pub(crate) async fn tx(
    State(shared): State<Shared>,
    frame: Frame,
    Clearance(clearance): Clearance,
    Path(text): Path<String>,
    Query(on): Query<ChainQuery>,
) -> Page {
    let may_graph = frame.may("desk");
    let (report, asset) = run_blocking(move || {
        let w = shared.snapshot_for(&on, &text)?;
        Ok((w.tx_for(&text, clearance)?, w.asset()))
    })
    .await?;
    Ok(frame.page(
        &report.txid,
        &report.txid,
        html! {
            h1 { "Transaction " span.hash { (report.txid) } }
            dl {
                dt { "Block" } dd { (report.height) " " (hash_link("block", &report.block)) }
                dt { "Time" } dd { (instant(report.time.into())) }
                dt { "Fee" } dd { @match report.fee { Some(f) => (money(f, asset)), None => { @if report.coinbase { "none: it makes coins" } @else { "unknown: inputs are of blocks not stored" } } } }
                @if let Some(kind) = &report.coinjoin { dt { "Shape" } dd { "coinjoin (" (kind) "): its inputs are not merged" } }
            }
            p { a href={"/trace?subject=" (report.txid)} { "Where the money went" } " · "
                a href={"/trace?direction=backward&subject=" (report.txid)} { "Where it came from" }
                @if may_graph { " · " a href={"/desk/graph?subject=" (report.txid)} { "Graph" } } }
            (sides("Inputs", &report.inputs, "Output spent", true, asset))
            (sides("Outputs", &report.outputs, "Spent by", false, asset))
            @match &report.exposure { Some(exposure) => (exposure_section(exposure, asset)), None => (exposure_hidden()) }
        },
    ))
}

/// A block.
pub(crate) async fn block(
    State(shared): State<Shared>,
    frame: Frame,
    Path(text): Path<String>,
    Query(on): Query<ChainQuery>,
) -> Page {
    let report = run_blocking(move || Ok(shared.snapshot_for(&on, &text)?.block(&text)?)).await?;
    Ok(frame.page(
        &format!("Block {}", report.height),
        &report.height.to_string(),
        html! {
            h1 { "Block " (report.height) }
            dl {
                dt { "Hash" } dd.hash { (report.hash) }
                dt { "Time" } dd { (instant(report.time.into())) }
                dt { "Transactions" } dd { (report.tx_count) }
                dt { "Size" } dd { (report.size) " bytes" }
            }
            h2 { "Transactions" }
            ol { @for txid in &report.txids { li { (hash_link("tx", txid)) } } }
            @if report.tx_count as usize > report.txids.len() { p.note { "The first " (report.txids.len()) " are shown." } }
        },
    ))
}

/// The page of a trace's subject: an address, a transaction or one of its outputs.
fn subject_link(subject: &str) -> Markup {
    let id = subject.split(':').next().unwrap_or_default();
    let is_tx = id.len() == 64 && id.bytes().all(|b| b.is_ascii_hexdigit());
    html! { a href={@if is_tx { "/tx/" } @else { "/address/" } (id)} { @if is_tx { "The transaction" } @else { "The address" } } }
}

/// A trace with its graph.
pub(crate) async fn trace(
    State(shared): State<Shared>,
    frame: Frame,
    Clearance(clearance): Clearance,
    Query(query): Query<TraceQuery>,
    Query(on): Query<ChainQuery>,
) -> Page {
    let request = query.request();
    let (report, asset) = run_blocking(move || {
        let w = shared.snapshot_for(&on, &request.subject)?;
        Ok((w.trace_for(&request, clearance)?.1, w.asset()))
    })
    .await?;
    let options = |selected: &str, all: &[&str]| {
        html! {
            @for name in all { option value=(name) selected[*name == selected] { (name) } }
        }
    };
    let direction = if query.direction == Direction::Forward { "forward" } else { "backward" };
    let policy = match query.policy {
        Policy::Poison => "poison",
        Policy::Haircut => "haircut",
        Policy::Fifo => "fifo",
        Policy::Lifo => "lifo",
    };
    let bundle = format!("/api/v1/trace/bundle?subject={}&direction={direction}&policy={policy}", query.subject);
    Ok(frame.page(
        "Trace",
        &query.subject,
        html! {
            h1 { "Trace of " span.hash { (query.subject) } }
            p { (subject_link(&query.subject)) }
            form.step action="/trace" method="get" {
                input type="hidden" name="subject" value=(query.subject);
                label { "Direction" select name="direction" { (options(direction, &["forward", "backward"])) } }
                label { "Policy" select name="policy" { (options(policy, &["haircut", "fifo", "lifo", "poison"])) } }
                label { "Hops" input type="number" name="max_hops" min="0" max="1000" value=(report.bounds.max_hops); }
                button type="submit" { "Trace" }
            }
            p { "Risk score " strong { (report.risk_score) } " of 100. "
                (money(report.marked, asset)) " marked, " (money(report.found, asset)) " found at " (count(report.ends.len() as u64, "end")) ", "
                (money(report.fees, asset)) " in fees" @if report.balances { ": the books balance." } @else { ": THE BOOKS DO NOT BALANCE." } }
            div.wide { table {
                thead { tr { th { "Category" } th.n { "Amount" } } }
                tbody { @for (category, amount) in &report.by_category { tr { td { (risk(*category)) } td.n { (money(*amount, asset)) } } } }
            } }
            p { a href=(bundle) { "Evidence bundle (signed; check with holdfast verify)" } }
            h2 { "Graph" }
            style { (PreEscaped(render::STYLE)) }
            div.graph tabindex="0" { (PreEscaped(render::svg(&report))) }
            h2 { "In words" }
            pre.wide { (render::table(&report, 200)) }
        },
    ))
}
