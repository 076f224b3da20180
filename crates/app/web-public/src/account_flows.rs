//! Pages of what goes beyond a transfer on account chains: exposures, traces, paths, links across assets and chains, clusters. They go over the chain and the
//! others of the store.

use crate::accounts::{amount, asset_link, gaps, time, way_up};
use crate::ledger::{DIRECTIONS, POLICIES, options, risk, tags_table};
use crate::save_trace;
use axum::extract::{Path, Query, State};
use holdfast_account_workspace::exposure::{AssetExposure, ExposureSide};
use holdfast_account_workspace::link_reports::{LinkEnd, LinkView};
use holdfast_account_workspace::trace_report::{AccountTraceReport, Party, TracedCrossing, TracedMovement};
use holdfast_account_workspace::traces::{AccountPathReport, AccountTraceRequest};
use holdfast_account_workspace::transfers::Start;
use holdfast_account_workspace::who::CLEARANCE;
use holdfast_account_workspace::{AccountSnapshot, AccountWorkspace};
use holdfast_analysis::accounts::AccountTraceError;
use holdfast_analysis::{Direction, Policy, TraceOptions};
use holdfast_page::components::{N, T, listing, none, word, words};
use holdfast_page::figures;
use holdfast_page::frame::{ErrorPage, Frame, Page};
use holdfast_page::places::{Place, explorer};
use holdfast_page::texts::{rich, t};
use holdfast_page::to_case::{Of, watch_and_flag};
use holdfast_state::AppState;
use holdfast_state::blocking::run_blocking;
use holdfast_state::clearance::Clearance;
use holdfast_workspace::WorkspaceError;
use maud::{Markup, html};
use serde::Deserialize;

/// Most movements, and most ends, that a page shows.
const MAX_ROWS: usize = 200;
/// Most paths that a page shows.
const MAX_PATHS: usize = 10;

/// Answers a query on the chain that a path names, with the others of the store beside it.
pub(crate) async fn among<T: Send + 'static>(
    shared: AppState,
    chain: String,
    query: impl FnOnce(&AccountSnapshot) -> Result<T, WorkspaceError> + Send + 'static,
) -> Result<(Place, T), ErrorPage> {
    let answer = move || {
        let chain = shared.chains.accounts_for("", Some(chain.as_str()))?;
        Ok((Place::of(&chain), query(&chain)?))
    };
    Ok(run_blocking(answer).await?)
}

/// A part in millionths, as a percentage. What is there is never shown as nothing.
fn share(ppm: u64) -> String {
    match ppm {
        1..100 => "< 0.01 %".to_owned(),
        _ => figures::percent(ppm),
    }
}

/// The transaction of a subject that is one, or a transfer in one: `HASH` or `HASH:log:2`.
fn transaction_of(subject: &str) -> Option<&str> {
    let hash = subject.split(':').next().unwrap_or_default();
    let digits = hash.strip_prefix("0x").unwrap_or(hash);
    (digits.len() == 64 && digits.bytes().all(|b| b.is_ascii_hexdigit())).then_some(hash)
}

/// The subject of a page, which leads to its own page.
fn subject_link(place: &Place, subject: &str) -> Markup {
    let (what, id) = transaction_of(subject).map_or(("address", subject), |hash| ("tx", hash));
    html! { a.hash href=(place.path(what, id)) { (subject) } }
}

/// The line that leads up, and the one to what else is known of a page's subject.
fn ways(place: &Place, subject: &str, frame: &Frame) -> Markup {
    let hash = transaction_of(subject);
    html! {
        (way_up(place))
        (ways_on(place, hash.unwrap_or(subject), hash.is_none(), frame))
    }
}

/// Links from a subject to what is known of it beyond its transfers, and to the explorer for who may open it.
pub(crate) fn ways_on(place: &Place, subject: &str, is_address: bool, frame: &Frame) -> Markup {
    let to_trace = |direction: &str| {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("subject", subject)
            .append_pair("direction", direction)
            .finish();
        format!("{}?{query}", place.root("trace"))
    };
    let from = form_urlencoded::Serializer::new(String::new()).append_pair("from", subject).finish();
    html! { p {
        a href=(to_trace("forward")) { (t!("ledger-trace-forward")) } " · "
        a href=(to_trace("backward")) { (t!("ledger-trace-backward")) } " · "
        a href=(place.path("exposure", subject)) { (t!("ledger-exposure")) } " · "
        a href=(place.path("links", subject)) { (t!("accounts-links")) } " · "
        a href={(place.root("paths")) "?" (from)} { (t!("accounts-paths")) }
        @if is_address { " · " a href=(place.path("cluster", subject)) { (t!("accounts-cluster")) } }
        @if frame.may_open("/desk/graph") { " · " a href=(explorer(subject, Some(place.name()))) { (t!("ledger-graph")) } }
    } }
}

fn side(side: &ExposureSide, asset: &AssetExposure) -> Markup {
    let heads = [T("ledger-category"), N("ledger-share"), N("ledger-direct"), N("ledger-indirect")];
    let rests = [T("accounts-why"), N("ledger-share"), N("common-amount")];
    let shown = |ppm: u64, is_nothing: bool| if is_nothing { ppm } else { ppm.max(1) };
    html! {
        (listing(&heads, &side.by_category, "accounts-no-category", |line| html! { tr {
            td { (risk(line.category)) }
            td.n { (share(shown(line.share_ppm, line.direct.is_zero() && line.indirect.is_zero()))) }
            td.n { (amount(line.direct, &asset.asset)) }
            td.n { (amount(line.indirect, &asset.asset)) }
        } }))
        @if !side.unattributed.is_empty() {
            p.note { (t!("accounts-unattributed")) }
            (listing(&rests, &side.unattributed, "common-none", |line| html! { tr {
                td { (word(line.reason)) }
                td.n { (share(shown(line.share_ppm, line.amount.is_zero()))) }
                td.n { (amount(line.amount, &asset.asset)) }
            } }))
        }
        @if side.unknown_ppm > 0 { p.note { (t!("accounts-unknown-share", share = share(side.unknown_ppm))) } }
    }
}

/// The risk score; the least that it can be where a part is not known.
fn score(asset: &AssetExposure) -> String {
    match asset.risk_score {
        Some(score) if asset.gaps.is_empty() => t!("accounts-score", score = score),
        Some(score) => t!("accounts-score-least", score = score),
        None => t!("accounts-score-unknown"),
    }
}

/// Shows the exposure of an address or a transaction.
pub(crate) async fn exposure(
    State(shared): State<AppState>,
    frame: Frame,
    Clearance(clearance): Clearance,
    Path((chain, subject)): Path<(String, String)>,
) -> Page {
    let named = subject.clone();
    let (place, report) = among(shared, chain, move |chain| {
        if chain.shows_exposure(clearance) { chain.exposure(&named, None).map(Some) } else { Ok(None) }
    })
    .await?;
    let body = html! {
        h1 { (t!("ledger-exposure")) " " (subject_link(&place, &subject)) }
        (ways(&place, &subject, &frame))
        @match &report {
            None => (none(&t!("ledger-exposure-hidden"))),
            Some(report) => {
                p.note { (t!("accounts-exposure-bounds", transfers = report.bounds.max_transfers, hops = report.bounds.max_hops)) }
                @if report.assets.is_empty() { (none(&t!("accounts-no-balance"))) }
                @for asset in &report.assets {
                    h2 { (asset_link(&place, &asset.asset)) }
                    p { (score(asset)) }
                    h3 { (t!("ledger-exposure-source")) }
                    (side(&asset.source, asset))
                    h3 { (t!("ledger-exposure-destination")) }
                    (side(&asset.destination, asset))
                    @for gap in &asset.gaps { p.note { (gap) } }
                }
                @if report.assets_left_out > 0 { p.note { (t!("accounts-left-out", n = report.assets_left_out)) } }
                (gaps(&report.gaps))
            }
        }
    };
    Ok(frame.page(&t!("ledger-exposure"), &subject, body))
}

/// What to trace.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct TraceForm {
    #[serde(default)]
    pub(crate) subject: String,
    #[serde(default)]
    pub(crate) direction: Direction,
    #[serde(default)]
    pub(crate) policy: Policy,
    #[serde(default)]
    pub(crate) asset: String,
}

impl TraceForm {
    pub(crate) fn request(&self) -> AccountTraceRequest {
        let asset = Some(self.asset.trim().to_owned()).filter(|asset| !asset.is_empty());
        let options = TraceOptions { direction: self.direction, policy: self.policy, ..TraceOptions::default() };
        AccountTraceRequest { asset, options, ..AccountTraceRequest::new(self.subject.trim()) }
    }
}

/// Somebody on a chain, with the label and category that the reader may see.
fn party(chain: &str, party: Option<&Party>, nobody: &str) -> Markup {
    html! { @match party {
        Some(party) => {
            (Place::named(chain).link("address", &party.address))
            @if let Some(label) = &party.label { br; (label) }
            @if party.category.is_attributed() { " " (risk(party.category)) }
        }
        None => span.note { (nobody) },
    } }
}

fn movements(list: &[TracedMovement]) -> Markup {
    let heads = [
        N("accounts-hops"),
        T("common-time"),
        N("accounts-marked"),
        T("common-asset"),
        T("common-from"),
        T("common-to"),
        T("ledger-transaction"),
    ];
    let shown = list.get(..MAX_ROWS).unwrap_or(list);
    html! {
        (listing(&heads, shown, "accounts-no-transfer", |movement| {
            let transfer = &movement.transfer;
            let place = Place::named(&transfer.chain);
            html! { tr {
                td.n { (movement.hops) }
                td { (time(transfer.time)) }
                td.n { (amount(movement.marked, &transfer.asset)) }
                td { (asset_link(&place, &transfer.asset)) br; span.note { (place.name()) } }
                td { (party(&transfer.chain, transfer.from.as_ref(), &t!("accounts-new"))) }
                td { (party(&transfer.chain, transfer.to.as_ref(), &t!("accounts-destroyed"))) }
                td { (place.link("tx", &transfer.tx)) }
            } }
        }))
        @if list.len() > shown.len() { p.note { (t!("ledger-first-of", shown = shown.len(), all = list.len())) } }
    }
}

fn traced(report: &AccountTraceReport) -> Markup {
    let books = [
        T("common-asset"),
        N("accounts-marked"),
        N("accounts-came-over"),
        N("accounts-found"),
        N("accounts-crossed"),
        N("ledger-fee"),
    ];
    let crossings = [
        T("common-kind"),
        T("accounts-basis"),
        N("accounts-left"),
        T("common-asset"),
        N("accounts-reached"),
        T("common-asset"),
    ];
    let ends = [T("accounts-why"), T("accounts-who"), T("accounts-chain"), T("common-asset"), N("common-amount")];
    let shown = report.ends.get(..MAX_ROWS).unwrap_or(&report.ends);
    html! {
        @if report.balances { p { (t!("accounts-books-balance")) } } @else { p.error { (t!("accounts-books-off")) } }
        (listing(&books, &report.books, "accounts-no-transfer", |book| {
            let place = Place::named(&book.chain);
            html! { tr {
                td { (asset_link(&place, &book.asset)) br; span.note { (place.name()) } }
                td.n { (amount(book.marked, &book.asset)) @if !book.added.is_zero() { br; span.note { (t!("accounts-drawn-in")) } " " (amount(book.added, &book.asset)) } }
                td.n { (amount(book.crossed_in, &book.asset)) }
                td.n { (amount(book.found, &book.asset)) @if !book.common.is_zero() { br; span.note { (t!("accounts-met-again")) } " " (amount(book.common, &book.asset)) } }
                td.n { (amount(book.crossed_out, &book.asset)) }
                td.n { (amount(book.fees, &book.asset)) }
            } }
        }))
        h2 { (t!("accounts-ends")) }
        (listing(&ends, shown, "common-none", |end| {
            let place = Place::named(&end.chain);
            html! { tr {
                td { (word(end.kind)) }
                td { (party(&end.chain, end.party.as_ref(), &t!("common-nobody"))) }
                td { (place.name()) }
                td { (asset_link(&place, &end.asset)) }
                td.n { (amount(end.amount, &end.asset)) }
            } }
        }))
        @if report.ends.len() > shown.len() { p.note { (t!("ledger-first-of", shown = shown.len(), all = report.ends.len())) } }
        @if !report.crossings.is_empty() {
            h2 { (t!("accounts-crossings")) }
            (listing(&crossings, &report.crossings, "common-none", |crossing| {
                // Backward the trace left where the link comes out.
                let (left, reached) = match report.direction {
                    Direction::Forward => (&crossing.from, &crossing.to),
                    Direction::Backward => (&crossing.to, &crossing.from),
                };
                let (from, to) = (Place::named(&left.chain), Place::named(&reached.chain));
                html! { tr {
                    td { (word(crossing.kind)) }
                    td { (word(crossing.basis)) br; span.note { (measured_text(crossing)) } }
                    td.n { (amount(crossing.left, &left.asset)) }
                    td { (asset_link(&from, &left.asset)) " " span.note { (from.name()) } br; (from.link("tx", &left.tx)) }
                    td.n { (amount(crossing.reached, &reached.asset)) }
                    td { (asset_link(&to, &reached.asset)) " " span.note { (to.name()) } br; (to.link("tx", &reached.tx)) }
                } }
            }))
        }
        @if !report.candidates.is_empty() {
            h2 { (t!("accounts-candidates")) }
            p.note { (t!("accounts-candidates-text")) }
            ol { @for candidate in report.candidates.iter().take(MAX_ROWS) {
                li { (Place::named(&candidate.transfer.chain).link("tx", &candidate.transfer.tx)) " " (error_text(candidate.error_ppm)) }
            } }
            @if report.candidates.len() > MAX_ROWS { p.note { (t!("ledger-first-of", shown = MAX_ROWS, all = report.candidates.len())) } }
        }
        h2 { (t!("accounts-steps")) }
        (movements(&report.movements))
        (gaps(&report.gaps))
    }
}

/// The measured error of a rule, or that nobody measured it.
fn error_text(ppm: Option<u32>) -> String {
    match ppm {
        Some(ppm) => t!("accounts-error", share = share(ppm.into())),
        None => t!("accounts-error-unknown"),
    }
}

/// The measured error of a link, and how many links it was measured on.
fn measured_text(crossing: &TracedCrossing) -> String {
    match (crossing.error_ppm, crossing.measured_pairs) {
        (Some(_), pairs) if pairs > 0 => {
            t!("accounts-error-of-pairs", error = error_text(crossing.error_ppm), n = pairs)
        }
        (error, _) => error_text(error),
    }
}

/// The address of the evidence of the trace that a page shows.
fn bundle_of(place: &Place, form: &TraceForm, direction: &str, policy: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("subject", form.subject.trim())
        .append_pair("direction", direction)
        .append_pair("policy", policy)
        .append_pair("asset", form.asset.trim())
        .append_pair("chain", place.name())
        .finish();
    format!("/api/v1/account-chains/trace/bundle?{query}")
}

/// Shows a trace as tables of its ends and steps.
pub(crate) async fn trace(
    State(shared): State<AppState>,
    frame: Frame,
    Clearance(clearance): Clearance,
    Path(chain): Path<String>,
    Query(form): Query<TraceForm>,
) -> Page {
    let request = form.request();
    let sources = shared.proof_sources.clone();
    let trace = move |chain: &AccountSnapshot| {
        // Without a source of proofs there is no bundle.
        let is_provable = sources.contains_key(chain.chain());
        match chain.account_trace_for(&request, clearance) {
            // That an address received nothing is an answer.
            Err(WorkspaceError::AccountTrace(AccountTraceError::NoStart)) => Ok((None, is_provable)),
            report => report.map(|report| (Some(report), is_provable)),
        }
    };
    let (place, (report, is_provable)) = among(shared, chain, trace).await?;
    let direction = if form.direction == Direction::Forward { "forward" } else { "backward" };
    let policy = match form.policy {
        Policy::Poison => "poison",
        Policy::Haircut => "haircut",
        Policy::Fifo => "fifo",
        Policy::Lifo => "lifo",
    };
    let body = html! {
        h1 { (rich!("ledger-trace-title", subject = subject_link(&place, form.subject.trim()))) }
        (ways(&place, form.subject.trim(), &frame))
        form.step action=(place.root("trace")) method="get" {
            input type="hidden" name="subject" value=(form.subject);
            label { (t!("ledger-direction")) select name="direction" { (options(direction, &DIRECTIONS)) } }
            label { (t!("ledger-policy")) select name="policy" { (options(policy, &POLICIES)) } }
            label { (t!("common-asset")) input name="asset" value=(form.asset) placeholder=(t!("accounts-all-assets")); }
            button type="submit" { (t!("ledger-trace")) }
        }
        @match &report {
            Some(report) => {
                @if is_provable && (frame.may("read") || frame.may("chain")) { p { a href=(bundle_of(&place, &form, direction, policy)) { (rich!("ledger-bundle", command = html! { code { "holdfast verify" } })) } } }
                (traced(report))
                @if frame.may("desk") { (save_trace::form(&place, &form, (direction, policy))) }
            }
            None => (none(&t!("accounts-no-start"))),
        }
    };
    Ok(frame.page(&t!("ledger-trace"), &form.subject, body))
}

/// From where to where.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct PathsForm {
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
}

fn path(report: &AccountPathReport) -> Markup {
    let heads = [
        T("common-time"),
        N("accounts-marked"),
        T("common-asset"),
        T("common-from"),
        T("common-to"),
        T("ledger-transaction"),
    ];
    listing(&heads, &report.steps, "accounts-no-transfer", |step| {
        let transfer = &step.transfer;
        let place = Place::named(&transfer.chain);
        html! { tr {
            td { (time(transfer.time)) }
            td.n { (amount(step.marked, &transfer.asset)) }
            td { (asset_link(&place, &transfer.asset)) br; span.note { (place.name()) } }
            td { (party(&transfer.chain, transfer.from.as_ref(), &t!("accounts-new"))) }
            td { (party(&transfer.chain, transfer.to.as_ref(), &t!("accounts-destroyed"))) }
            td { (place.link("tx", &transfer.tx)) }
        } }
    })
}

/// Shows the paths of money from a subject to an address; without both, the form.
pub(crate) async fn paths(
    State(shared): State<AppState>,
    frame: Frame,
    Clearance(clearance): Clearance,
    Path(chain): Path<String>,
    Query(form): Query<PathsForm>,
) -> Page {
    let is_asked = !form.from.trim().is_empty() && !form.to.trim().is_empty();
    let asked = form.clone();
    let (place, found) = among(shared, chain, move |chain| {
        if !is_asked {
            return Ok(Vec::new());
        }
        let request = AccountTraceRequest::new(asked.from.trim());
        chain.account_paths_for(&request, (asked.to.trim(), None), MAX_PATHS, clearance)
    })
    .await?;
    let body = html! {
        h1 { (t!("accounts-paths")) }
        (way_up(&place))
        p { (t!("accounts-paths-intro")) }
        form.step action=(place.root("paths")) method="get" {
            label { (t!("common-from")) input name="from" size="44" required value=(form.from); }
            label { (t!("common-to")) input name="to" size="44" required value=(form.to); }
            button type="submit" { (t!("accounts-find-paths")) }
        }
        @if is_asked && found.is_empty() { (none(&t!("accounts-no-path"))) }
        @for (n, found) in found.iter().enumerate() {
            h2 { (t!("accounts-path", n = n + 1)) }
            (path(found))
        }
    };
    Ok(frame.page(&t!("accounts-paths"), &form.from, body))
}

fn link_end(end: Option<&LinkEnd>) -> Markup {
    html! { @match end {
        None => span.note { (t!("common-unknown")) },
        Some(end) => {
            @let place = Place::named(&end.chain);
            (amount(end.amount, &end.asset)) " " (asset_link(&place, &end.asset)) br;
            (place.link("address", &end.account)) " "
            @if let Some(tx) = &end.tx { (place.link("tx", tx)) }
            br; span.note { (place.name()) }
        }
    } }
}

fn links_table(links: &[LinkView]) -> Markup {
    let heads = [T("common-kind"), T("common-state"), T("accounts-basis"), T("accounts-given"), T("accounts-received")];
    listing(&heads, links, "accounts-no-link", |link| {
        html! { tr {
            td { (word(&link.kind)) }
            td { (word(&link.state)) }
            td { @if let Some(certainty) = &link.certainty { (word(certainty)) ", " } (word(&link.rule)) br; span.note { (error_text(link.error_ppm)) } }
            td { (link_end(link.out.as_ref())) }
            td { (link_end(link.into.as_ref())) }
        } }
    })
}

/// Where a page of links begins.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(crate) struct AfterQuery {
    after: Option<u64>,
}

/// Shows the links of an address or a transaction: swaps, wraps, sides of bridges, moves of mixers.
pub(crate) async fn links(
    State(shared): State<AppState>,
    frame: Frame,
    Path((chain, subject)): Path<(String, String)>,
    Query(page): Query<AfterQuery>,
) -> Page {
    let (named, chains) = (subject.clone(), shared.chains.account_snapshots());
    let (place, report) = among(shared, chain, move |chain| {
        let start = Start { after: page.after, ..Start::default() };
        AccountWorkspace::links_page(&chains, chain, &named, start)
    })
    .await?;
    let body = html! {
        h1 { (t!("accounts-links")) " " (subject_link(&place, &subject)) }
        (ways(&place, &subject, &frame))
        p { (t!("accounts-links-intro")) }
        (links_table(&report.links))
        @if let Some(next) = report.next { p { a href={(place.path("links", &subject)) "?after=" (next)} { (t!("common-next-page")) } } }
        (gaps(&report.gaps))
    };
    Ok(frame.page(&t!("accounts-links"), &subject, body))
}

/// Shows the cluster of an address.
pub(crate) async fn cluster(
    State(shared): State<AppState>,
    frame: Frame,
    Clearance(clearance): Clearance,
    Path((chain, address)): Path<(String, String)>,
) -> Page {
    let named = address.clone();
    let (place, report) = among(shared, chain, move |chain| chain.account_cluster(&named, 0, clearance)).await?;
    let body = html! {
        h1 { (t!("accounts-cluster")) " " (subject_link(&place, &report.address)) " " (risk(report.category)) }
        (ways(&place, &report.address, &frame))
        (watch_and_flag(&frame, Of::Entity, &report.address, None))
        @if clearance >= CLEARANCE {
            p { (t!("accounts-cluster-size", n = report.size, heuristics = words(&report.heuristics))) }
        } @else {
            p.note { (t!("accounts-cluster-hidden")) }
        }
        @if let Some(tag) = &report.tag { h2 { (t!("ledger-entity-tag")) } (tags_table(std::slice::from_ref(tag))) }
        h2 { (t!("ledger-addresses")) }
        ul { @for member in &report.members { li { a.hash href=(place.path("address", member)) { (member) } } } }
        @if report.size > report.members.len() as u64 { p.note { (t!("ledger-first-of", shown = report.members.len(), all = report.size)) } }
        (gaps(&report.gaps))
    };
    Ok(frame.page(&t!("accounts-cluster"), &address, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_percentages_and_errors_are_stated() {
        assert_eq!((share(1_000_000), share(12_345), share(0)), ("100.00 %".into(), "1.23 %".into(), "0.00 %".into()));
        assert!(error_text(Some(4_200)).contains("0.42 %") && error_text(None) != error_text(Some(0)));
        assert_eq!((share(99), share(100)), ("< 0.01 %".into(), "0.01 %".into()));
    }

    #[test]
    fn subjects_lead_to_their_pages() {
        let hash = format!("0x{}", "ab".repeat(32));
        let place = Place::named("eip155:1");
        for subject in [hash.clone(), format!("{hash}:log:2")] {
            assert_eq!(transaction_of(&subject), Some(hash.as_str()));
            let link = subject_link(&place, &subject).into_string();
            assert!(link.contains(&format!("/tx/{hash}\"")) && link.contains(&format!(">{subject}<")), "{link}");
        }
        let address = format!("0x{}", "ab".repeat(20));
        assert!(subject_link(&place, &address).into_string().contains(&format!("/address/{address}\"")));
    }

    #[test]
    fn a_form_becomes_a_request() {
        let form = TraceForm {
            subject: " 0x1 ".into(),
            direction: Direction::Backward,
            policy: Policy::Fifo,
            asset: " ".into(),
        };
        let request = form.request();
        assert_eq!((request.subject.as_str(), request.asset), ("0x1", None));
        assert_eq!((request.options.direction, request.options.policy), (Direction::Backward, Policy::Fifo));
    }
}
