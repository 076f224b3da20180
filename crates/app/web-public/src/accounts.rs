//! Pages of account chains: what each holds, addresses with balances and transfers, transactions, blocks, assets. Tags and names are those that the reader
//! may see.

use crate::account_flows::ways_on;
use crate::account_freezes::freezes_table;
use crate::ledger::{instant, risk, tags_table};
use axum::extract::{Path, Query, State};
use holdfast_account_workspace::AccountSnapshot;
use holdfast_account_workspace::imitated::TransferNote;
use holdfast_account_workspace::reports::{
    AccountReport, AccountSummary, AssetReport, BalanceView, PartyView, TransferView, TransfersPage,
};
use holdfast_account_workspace::transfers::{Order, Start, Way};
use holdfast_page::components::{Head, N, T, listing, none, word};
use holdfast_page::figures;
use holdfast_page::frame::{ErrorPage, Frame, Page};
use holdfast_page::places::{Place, short};
use holdfast_page::texts::{rich, t};
use holdfast_page::to_case::{Of, tag_it, to_case, watch_and_flag};
use holdfast_state::AppState;
use holdfast_state::blocking::run_blocking;
use holdfast_state::clearance::Clearance;
use holdfast_state::error::ApiError;
use holdfast_types::{Amount, Timestamp, units};
use holdfast_workspace::asset_view::AssetView;
use holdfast_workspace::{PAGE, WorkspaceError};
use maud::{Markup, html};
use serde::Deserialize;

/// Newest blocks that a chain's page links to.
const NEWEST_BLOCKS: u64 = 12;
/// Digits of an amount beyond which it may be broken into lines.
const LONG_AMOUNT: usize = 28;

/// A link to the transaction of a transfer; of one outside transactions, to the block.
fn origin(place: &Place, transfer: &TransferView) -> Markup {
    let height = transfer.height.to_string();
    match transfer.outside_transactions {
        true => {
            html! { a href=(place.path("block", &height)) { (t!("ledger-block-title", height = transfer.height)) } }
        }
        false => place.link("tx", &transfer.tx),
    }
}

/// A link to an asset: its ticker, or that it is not listed and the contract, which alone tells what it is.
pub(crate) fn asset_link(place: &Place, asset: &AssetView) -> Markup {
    let to = place.path("asset", asset_path(asset));
    match &asset.ticker {
        Some(ticker) => html! { a href=(to) title=(asset.id) { (ticker) } },
        None => {
            html! { span.note { (t!("accounts-not-listed")) } " " a.hash href=(to) { (short(reference(asset))) } }
        }
    }
}

/// The part of a CAIP-19 id behind its chain, which names an asset in the paths of its chain.
fn asset_path(asset: &AssetView) -> &str {
    asset.id.split_once('/').map_or(asset.id.as_str(), |(_, rest)| rest)
}

/// What an asset of no list is told by: its contract and the number in it, or the number that the chain gave it.
fn reference(asset: &AssetView) -> &str {
    let path = asset_path(asset);
    path.split_once(':').map_or(path, |(_, reference)| reference)
}

/// An amount in the unit that people use, where the list has its decimals; else in base units.
pub(crate) fn amount(base_units: Amount, asset: &AssetView) -> Markup {
    let number =
        asset.decimals.map_or_else(|| base_units.to_string(), |places| units::whole(base_units, places.into()));
    html! {
        @if number.len() > LONG_AMOUNT { span.long { (figures::decimal(&number)) } } @else { (figures::decimal(&number)) }
        @if asset.decimals.is_none() { br; span.note { (t!("accounts-base-units")) } }
    }
}

pub(crate) fn time(seconds: u64) -> Markup {
    instant(Timestamp::from_unix(i64::try_from(seconds).unwrap_or(i64::MAX)))
}

pub(crate) fn gaps(gaps: &[String]) -> Markup {
    html! {
        h2 { (t!("accounts-gaps")) }
        @if gaps.is_empty() { (none(&t!("common-none"))) } @else { ul { @for gap in gaps { li { (gap) } } } }
    }
}

/// Answers a query on the chain that a path names.
async fn on<T: Send + 'static>(
    shared: AppState,
    chain: String,
    query: impl FnOnce(&AccountSnapshot) -> Result<T, WorkspaceError> + Send + 'static,
) -> Result<(Place, T), ErrorPage> {
    let answer = move || {
        let chain = shared.chains.accounts_named(&chain)?.snapshot();
        Ok((Place::of(&chain), query(&chain)?))
    };
    Ok(run_blocking(answer).await?)
}

/// The line that leads to the chain and to all of them.
pub(crate) fn way_up(place: &Place) -> Markup {
    html! { p { a href="/accounts" { (t!("accounts-title")) } " · " a href={"/accounts/" (place.name())} { (place.name()) } } }
}

/// Shows the account chains.
pub(crate) async fn chains(State(shared): State<AppState>, frame: Frame) -> Page {
    let now = shared.screening.now();
    let summaries = move || {
        let chains = shared.chains.account_snapshots();
        let summaries = chains.iter().map(|chain| Ok((Place::of(chain), chain.account_summary()?)));
        Ok(summaries.collect::<Result<Vec<_>, WorkspaceError>>()?)
    };
    let list = run_blocking(summaries).await?;
    let heads = [
        T("accounts-chain"),
        T("accounts-holds"),
        N("ledger-tip"),
        T("accounts-tip-time"),
        N("accounts-transfers"),
        T("freezes-short"),
        N("accounts-gaps"),
    ];
    let body = html! {
        h1 { (t!("accounts-title")) }
        p { (t!("accounts-intro")) " " a href="/accounts/freezes" { (t!("freezes-short")) } }
        (listing(&heads, &list, "accounts-no-chain", |(place, summary)| html! { tr {
            td { a href={"/accounts/" (place.name())} { (place.name()) } }
            td { (summary.holding) }
            td.n { @match summary.tip_height { Some(height) => { a href=(place.path("block", &height.to_string())) { (height) } } None => (t!("ledger-no-block")) } }
            td { (tip_age(summary, now)) }
            td.n { (figures::number(summary.transfers)) }
            td { a href=(place.root("freezes")) { (t!("freezes-list")) } }
            td.n { a href={"/accounts/" (place.name()) "#gaps"} { (summary.gaps.len()) } }
        } }))
    };
    Ok(frame.page(&t!("accounts-title"), "", body))
}

/// How long ago the last block was made.
fn tip_age(summary: &AccountSummary, now: Timestamp) -> String {
    let Some(tip) = summary.tip_time else { return t!("common-unknown") };
    let seconds = u64::try_from(now.unix()).unwrap_or(0).saturating_sub(tip);
    let age = match seconds {
        0..120 => t!("count-seconds", n = seconds),
        120..7_200 => t!("count-minutes", n = seconds / 60),
        7_200..172_800 => t!("count-hours", n = seconds / 3_600),
        _ => t!("count-days", n = seconds / 86_400),
    };
    t!("accounts-ago", age = age)
}

/// Shows an account chain.
pub(crate) async fn chain(State(shared): State<AppState>, frame: Frame, Path(chain): Path<String>) -> Page {
    let now = shared.screening.now();
    let (place, summary) = on(shared, chain, AccountSnapshot::account_summary).await?;
    let first = summary.first_height.unwrap_or(0);
    let blocks = summary.tip_height.map(|tip| (first.max(tip.saturating_sub(NEWEST_BLOCKS - 1))..=tip).rev());
    let count = |n: u64| html! { dd { (figures::number(n)) } };
    let body = html! {
        h1 { (place.name()) }
        p { a href="/accounts" { (t!("accounts-title")) } " · " a href=(place.root("assets")) { (t!("accounts-assets")) }
            " · " a href=(place.root("paths")) { (t!("accounts-paths")) } " · " a href=(place.root("freezes")) { (t!("freezes-short")) } }
        dl {
            dt { (t!("accounts-id")) } dd.hash { (summary.chain) }
            dt { (t!("accounts-holds")) } dd { (summary.holding) }
            dt { (t!("ledger-tip")) } dd { @match (summary.tip_height, &summary.tip_hash) {
                (Some(height), Some(hash)) => { (height) " " span.hash { (hash) } }
                _ => (t!("ledger-no-block")),
            } }
            dt { (t!("accounts-tip-time")) } dd { @if let Some(seconds) = summary.tip_time { (time(seconds)) ", " } (tip_age(&summary, now)) }
            dt { (t!("accounts-final")) } dd { @match summary.final_height { Some(height) => (t!("accounts-final-to", height = height)), None => (t!("ledger-no-block")) } }
            dt { (t!("ledger-blocks")) } dd { (summary.blocks) @if let Some(tip) = summary.tip_height { " (" (first) " – " (tip) ")" } }
            dt { (t!("ledger-transactions")) } (count(summary.txs))
            dt { (t!("accounts-transfers")) } (count(summary.transfers))
            dt { (t!("ledger-addresses")) } (count(summary.accounts))
            dt { (t!("accounts-assets")) } (count(summary.assets))
        }
        div #gaps { (gaps(&summary.gaps)) }
        @if let Some(blocks) = blocks {
            h2 { (t!("accounts-newest-blocks")) }
            p { @for height in blocks { a href=(place.path("block", &height.to_string())) { (height) } " " } }
        }
    };
    Ok(frame.page(place.name(), "", body))
}

/// Which transfers a page shows.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct ListQuery {
    /// Of this asset alone.
    #[serde(default)]
    asset: String,
    /// `in`, `out`, or both.
    #[serde(default)]
    direction: String,
    /// `newest` or `oldest` first.
    #[serde(default)]
    order: String,
    /// `all` shows fees too.
    #[serde(default)]
    fees: String,
    /// Transfer before the first of the page.
    after: Option<u64>,
    /// Assets, or transfers of a transaction, before the first of the page.
    #[serde(default)]
    skip: usize,
    /// Block after which balances are shown, instead of the last one.
    #[serde(default)]
    height: String,
}

/// Reads a choice of a query, whose first value is what an empty one stands for.
pub(crate) fn chosen<T: Copy>(field: &str, text: &str, values: &[(&str, T)]) -> Result<T, ApiError> {
    let found = match text {
        "" => values.first(),
        _ => values.iter().find(|(name, _)| *name == text),
    };
    found.map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<&str> = values.iter().map(|(name, _)| *name).filter(|name| !name.is_empty()).collect();
        ApiError::bad(t!("form-none-of", field = field, text = text, values = names.join(", ")))
    })
}

impl ListQuery {
    fn start(&self) -> Result<Start, ApiError> {
        let ways = [("", None), ("in", Some(Way::In)), ("out", Some(Way::Out))];
        Ok(Start {
            order: chosen("order", &self.order, &[("newest", Order::Newest), ("oldest", Order::Oldest)])?,
            after: self.after,
            way: chosen("direction", &self.direction, &ways)?,
            without_fees: chosen("fees", &self.fees, &[("", true), ("all", false)])?,
            ..Start::default()
        })
    }

    fn height(&self) -> Result<Option<u64>, ApiError> {
        let text = self.height.trim();
        let wrong = |_| ApiError::bad(format!("height: {}", t!("form-no-number", text = text)));
        if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(wrong) }
    }

    /// The query of the page behind a transfer.
    fn behind(&self, after: u64) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let own = [
            ("asset", &self.asset),
            ("direction", &self.direction),
            ("order", &self.order),
            ("fees", &self.fees),
            ("height", &self.height),
        ];
        own.into_iter().filter(|(_, value)| !value.is_empty()).for_each(|(name, value)| {
            query.append_pair(name, value);
        });
        query.append_pair("after", &after.to_string()).finish()
    }
}

/// The links below a page of transfers.
fn more(to: &str, query: &ListQuery, page: &TransfersPage) -> Markup {
    html! {
        @if page.transfers.is_empty() && page.next.is_some() { (none(&t!("accounts-nothing-yet"))) }
        p {
            @if let Some(next) = page.next { a href={(to) "?" (query.behind(next)) "#transfers"} { (t!("common-next-page")) } " " }
            @if query.after.is_some() { a href={(to) "#transfers"} { (t!("accounts-first-page")) } }
        }
    }
}

/// A link to the rest of a list that is cut by number.
pub(crate) fn rest(to: &str, skip: usize, shown: usize, all: u64) -> Markup {
    let behind = skip.saturating_add(shown);
    let mark = if to.contains('?') { '&' } else { '?' };
    html! { @if shown > 0 && all > behind as u64 || skip > 0 {
        p.note { (t!("accounts-shown-of", first = if shown > 0 { skip + 1 } else { skip }, last = behind, all = all)) " "
            @if all > behind as u64 && shown > 0 { a href={(to) (mark) "skip=" (behind)} { (t!("common-next-page")) } " " }
            @if skip > 0 { a href=(to) { (t!("accounts-first-page")) } }
        }
    } }
}

fn party(place: &Place, address: Option<&String>, tag: Option<&PartyView>, nobody: &str) -> Markup {
    html! {
        @match address { Some(address) => { (place.link("address", address)) } None => span.note { (nobody) } }
        @if let Some(tag) = tag { br; (tag.label) " " (risk(tag.category)) }
    }
}

/// What a transfer is; that no root commits to it is said.
fn kind(transfer: &TransferView) -> Markup {
    html! { (word(format!("transfer-{}", transfer.kind))) @if !transfer.is_committed { br; span.note { (t!("accounts-claim")) } } }
}

/// Transfers with both parties, and of a list of several transactions with each one's.
fn transfers_table(place: &Place, list: &[TransferView], of_transaction: bool) -> Markup {
    const HEADS: [Head<'_>; 6] = [
        T("common-kind"),
        N("common-amount"),
        T("common-asset"),
        T("common-from"),
        T("common-to"),
        T("ledger-transaction"),
    ];
    let heads = if of_transaction { &HEADS[..5] } else { &HEADS[..] };
    listing(heads, list, "accounts-no-transfer", |transfer| {
        html! { tr {
            td { (kind(transfer)) }
            td.n { (amount(transfer.amount, &transfer.asset)) }
            td { (asset_link(place, &transfer.asset)) }
            td { (party(place, transfer.from.as_ref(), transfer.from_tag.as_ref(), &t!("accounts-new"))) }
            td { (party(place, transfer.to.as_ref(), transfer.to_tag.as_ref(), &t!("accounts-destroyed"))) }
            @if !of_transaction { td { (origin(place, transfer)) br; (time(transfer.time)) } }
        } }
    })
}

/// Transfers of an address: each with its other party.
fn own_transfers(place: &Place, list: &[TransferView]) -> Markup {
    let heads = [
        T("common-time"),
        T("accounts-way"),
        N("common-amount"),
        T("common-asset"),
        T("accounts-other-party"),
        T("common-kind"),
        T("ledger-transaction"),
    ];
    listing(&heads, list, "accounts-no-transfer", |transfer| {
        let is_in = transfer.direction.as_deref() == Some(Way::In.name());
        let (other, tag, nobody) = match is_in {
            true => (&transfer.from, &transfer.from_tag, t!("accounts-new")),
            false => (&transfer.to, &transfer.to_tag, t!("accounts-destroyed")),
        };
        html! { tr {
            td { (time(transfer.time)) }
            td { @if is_in { (t!("accounts-in")) } @else { (t!("accounts-out")) } }
            td.n { (amount(transfer.amount, &transfer.asset)) }
            td { (asset_link(place, &transfer.asset)) }
            td { (party(place, other.as_ref(), tag.as_ref(), &nobody)) }
            td { (kind(transfer)) (notes(place, transfer)) }
            td { (origin(place, transfer)) }
        } }
    })
}

/// What is held of an asset, as far as it is known.
fn held(view: &BalanceView) -> Markup {
    match (view.balance, view.least, view.moved) {
        (Some(known), ..) => amount(known, &view.asset),
        (None, Some(least), _) => rich!("accounts-at-least", amount = amount(least, &view.asset)),
        (None, None, Some(moved)) if moved.is_negative() => {
            rich!("accounts-driven-below", amount = amount(moved.magnitude(), &view.asset))
        }
        (None, None, _) => html! { (t!("common-unknown")) },
    }
}

fn held_notes(view: &BalanceView) -> Markup {
    html! {
        @if view.opening == "unknown" { (t!("accounts-opening-unknown")) " " }
        @if view.backing == "unbacked" { strong { (t!("accounts-unbacked")) } " " }
        @if view.internal_unknown { (t!("accounts-internal-unknown")) }
    }
}

fn balances(place: &Place, report: &AccountReport, skip: usize) -> Markup {
    let heads = [T("common-asset"), N("ledger-balance"), T("common-note")];
    let to = place.path("address", &report.address);
    html! {
        h2 { (t!("accounts-balances")) }
        @if let Some(height) = report.height.or(report.tip_height) { p.note { (t!("accounts-balances-after", height = height)) } }
        form.step action=(to) method="get" {
            label { (t!("accounts-height")) input type="number" name="height" min="0" max=[report.tip_height] value=[report.height]; }
            button type="submit" { (t!("common-show")) }
        }
        (listing(&heads, &report.balances, "accounts-no-balance", |view| html! { tr {
            td { (asset_link(place, &view.asset)) }
            td.n { (held(view)) }
            td { (held_notes(view)) }
        } }))
        @let of_height = report.height.map(|height| format!("{to}?height={height}"));
        (rest(of_height.as_ref().unwrap_or(&to), skip, report.balances.len(), report.asset_count))
    }
}

/// The choice of an address's transfers.
fn choice(place: &Place, report: &AccountReport, query: &ListQuery) -> Markup {
    let option =
        |value: &str, chosen: &str, text: &str| html! { option value=(value) selected[value == chosen] { (text) } };
    let is_listed = report.balances.iter().any(|view| asset_path(&view.asset) == query.asset);
    html! { form.step action={(place.path("address", &report.address)) "#transfers"} method="get" {
        label { (t!("common-asset")) select name="asset" {
            (option("", &query.asset, &t!("accounts-all-assets")))
            @for view in &report.balances {
                @let path = asset_path(&view.asset);
                (option(path, &query.asset, view.asset.ticker.as_deref().unwrap_or(path)))
            }
            @if !query.asset.is_empty() && !is_listed { (option(&query.asset, &query.asset, &query.asset)) }
        } }
        label { (t!("accounts-way")) select name="direction" {
            (option("", &query.direction, &t!("accounts-both-ways")))
            (option("in", &query.direction, &t!("accounts-in")))
            (option("out", &query.direction, &t!("accounts-out")))
        } }
        label { (t!("accounts-order")) select name="order" {
            (option("newest", &query.order, &t!("accounts-newest")))
            (option("oldest", &query.order, &t!("accounts-oldest")))
        } }
        label { (t!("accounts-fees")) select name="fees" {
            (option("", &query.fees, &t!("accounts-without-fees")))
            (option("all", &query.fees, &t!("accounts-with-fees")))
        } }
        button type="submit" { (t!("common-show")) }
    } }
}

/// What is known of an address as a contract, and that nobody looked at its code.
fn what_it_is(place: &Place, report: &AccountReport) -> Markup {
    if report.nobody.is_some() {
        return html! {};
    }
    let Some(contract) = &report.contract else { return html! { p.note { (t!("contract-unknown")) } } };
    html! { dl {
        @if contract.kinds.is_empty() && contract.creator.is_some() { dt { (t!("contract-kind")) } dd { (t!("contract-kind-unknown")) } }
        @for known in &contract.kinds {
            dt { (t!("contract-kind")) }
            dd { strong { (word(format!("contract-{}", known.kind))) } @if let Some(role) = &known.role { " (" (role) ")" }
                ": " (word(format!("contract-by-{}", known.rests_on.name()))) }
        }
        @if let Some(creator) = &contract.creator {
            dt { (t!("contract-creator")) } dd { (place.link("address", creator))
                @if let Some(at) = &contract.created { ", " (time(at.time)) ", "
                    @match &at.tx { Some(tx) => (place.link("tx", tx)), None => a href=(place.path("block", &at.height.to_string())) { (t!("ledger-block-title", height = at.height)) } } }
            }
        }
        @if let Some(delegate) = &contract.delegate {
            dt { (t!("contract-delegate")) } dd { (place.link("address", delegate)) }
        }
    } }
}

/// Why a transfer is no payment to rely on.
fn notes(place: &Place, transfer: &TransferView) -> Markup {
    html! { @for note in &transfer.notes { br; span.medium { @match (note, &transfer.imitates) {
        (TransferNote::Lookalike, Some(of)) => (rich!("transfer-note-imitates", address = place.link("address", of))),
        (TransferNote::Lookalike, None) => (t!("transfer-note-lookalike")),
        (TransferNote::Spoofed, _) => (t!("transfer-note-spoofed")),
        (TransferNote::Dust, _) => (t!("transfer-note-dust")),
    } } } }
}

/// Shows an address.
pub(crate) async fn address(
    State(shared): State<AppState>,
    frame: Frame,
    Clearance(clearance): Clearance,
    Path((chain, text)): Path<(String, String)>,
    Query(query): Query<ListQuery>,
) -> Page {
    let (start, height, asset, skip) = (query.start()?, query.height()?, query.asset.clone(), query.skip);
    let chains = shared.chains.clone();
    let (place, (report, transfers, elsewhere, coin)) = on(shared, chain, move |chain| {
        let report = chain.account_at(&text, skip, height, clearance)?;
        let asset = Some(asset_of(chain, &asset)).filter(|asset| !asset.is_empty());
        let transfers = match report.in_ledger {
            true => chain.account_transfers(&report.address, asset.as_deref(), start, clearance)?,
            false => TransfersPage::default(),
        };
        let others = chains.account_snapshots();
        let others = others.iter().filter(|other| other.chain() != chain.chain() && other.stores(&report.address));
        let elsewhere: Vec<Place> = others.map(|other| Place::of(other)).collect();
        Ok((report, transfers, elsewhere, chain.coin()))
    })
    .await?;
    let to = place.path("address", &report.address);
    let body = html! {
        h1 { (t!("ledger-address-title")) " " span.hash { (report.address) } " " (risk(report.category)) }
        (way_up(&place))
        @if let Some(nobody) = &report.nobody { p.note { (t!("accounts-nobody", what = nobody.as_str())) } }
        @if !elsewhere.is_empty() { p { (t!("accounts-elsewhere")) @for other in &elsewhere { " " a href=(other.path("address", &report.address)) { (other.name()) } } } }
        @if report.in_ledger { (ways_on(&place, &report.address, true, &frame)) } @else { p.note { (t!("ledger-not-mentioned")) } }
        (what_it_is(&place, &report))
        @if !report.freezes.is_empty() {
            h2 { (t!("freezes-short")) }
            (freezes_table(&place, &report.freezes, false))
        }
        h2 { (t!("ledger-tags")) }
        @if report.tags.is_empty() { (none(&t!("ledger-no-tag"))) } @else { (tags_table(&report.tags)) }
        @if report.in_ledger && report.tags.is_empty() && report.category.is_attributed() {
            p { (rich!("accounts-by-cluster", cluster = html! { a href=(place.path("cluster", &report.address)) { (t!("accounts-cluster")) } })) }
        }
        @if report.in_ledger {
            (balances(&place, &report, query.skip))
            h2 #transfers { (t!("accounts-transfers")) }
            (choice(&place, &report, &query))
            (own_transfers(&place, &transfers.transfers))
            @for gap in &transfers.gaps { p.note { (gap) } }
            (more(&to, &query, &transfers))
        }
        (gaps(&report.gaps))
    };
    let body = html! {
        (body)
        (to_case(&frame, "address", &report.address))
        (tag_it(&frame, &report.address, ""))
        (watch_and_flag(&frame, Of::Address, &report.address, coin.ticker.as_deref()))
    };
    Ok(frame.page(&report.address, &report.address, body))
}

/// The name of an asset as queries of its chain take it: paths leave the chain out of a CAIP-19 id.
fn asset_of(chain: &AccountSnapshot, path: &str) -> String {
    let is_part = path.contains(':') && !path.starts_with(chain.chain().as_str());
    if is_part { format!("{}/{path}", chain.chain()) } else { path.to_owned() }
}

/// Shows a transaction.
pub(crate) async fn tx(
    State(shared): State<AppState>,
    frame: Frame,
    Clearance(clearance): Clearance,
    Path((chain, text)): Path<(String, String)>,
    Query(query): Query<ListQuery>,
) -> Page {
    let skip = query.skip;
    let (place, (report, coin)) = on(shared, chain, move |chain| {
        let hash = text.split(':').next().unwrap_or_default();
        Ok((chain.transaction(hash, skip, clearance)?, chain.coin()))
    })
    .await?;
    let height = report.height.to_string();
    let body = html! {
        h1 { (t!("ledger-tx-title")) " " span.hash { (report.hash) } }
        (way_up(&place))
        @if !report.success { p.error { (t!("accounts-failed")) } }
        dl {
            dt { (t!("ledger-block")) } dd { a href=(place.path("block", &height)) { (height) } ", "
                @if report.is_final { (t!("accounts-is-final")) } @else { (t!("accounts-not-final")) } }
            dt { (t!("common-time")) } dd { (time(report.time)) }
            dt { (t!("accounts-place")) } dd { (report.index) }
            dt { (t!("accounts-sender")) } dd { (party(&place, report.payer.as_ref(), report.payer_tag.as_ref(), &t!("common-nobody"))) }
            @if let Some(method) = &report.method { dt { (t!("accounts-method")) } dd.hash { "0x" (method) } }
            dt { (t!("ledger-fee")) } dd { @match report.fee { Some(fee) => (coin.amount(fee)), None => (t!("accounts-fee-unknown")) } }
        }
        @if !report.internal_known { p.note { (t!("accounts-internal-unknown")) } }
        (ways_on(&place, &report.hash, false, &frame))
        h2 { (t!("accounts-transfers")) }
        (transfers_table(&place, &report.transfers, true))
        (rest(&place.path("tx", &report.hash), query.skip, report.transfers.len(), report.transfer_count))
    };
    let body = html! {
        (body)
        (to_case(&frame, "transaction", &report.hash))
        (watch_and_flag(&frame, Of::Transaction, &report.hash, coin.ticker.as_deref()))
    };
    Ok(frame.page(&report.hash, &report.hash, body))
}

/// Shows a block.
pub(crate) async fn block(
    State(shared): State<AppState>,
    frame: Frame,
    Clearance(clearance): Clearance,
    Path((chain, text)): Path<(String, String)>,
    Query(query): Query<ListQuery>,
) -> Page {
    let skip = query.skip;
    let (place, (report, first, tip)) = on(shared, chain, move |chain| {
        let (first, tip) = (chain.ledger.first()?, chain.ledger.tip()?);
        Ok((chain.account_block(&text, skip, clearance)?, first.map(|b| b.height), tip.map(|b| b.height)))
    })
    .await?;
    let title = t!("ledger-block-title", height = report.height);
    let before = report.height.checked_sub(1).filter(|before| first.is_some_and(|first| *before >= first));
    let next = Some(report.height + 1).filter(|next| tip.is_some_and(|tip| *next <= tip));
    let to_block =
        |height: u64, key: &'static str| html! { a href=(place.path("block", &height.to_string())) { (t!(key)) } " " };
    let body = html! {
        h1 { (title) }
        (way_up(&place))
        p { @if let Some(before) = before { (to_block(before, "accounts-block-before")) } @if let Some(next) = next { (to_block(next, "accounts-block-next")) } }
        dl {
            dt { (t!("ledger-hash")) } dd.hash { (report.hash) }
            dt { (t!("common-time")) } dd { (time(report.time)) }
            dt { (t!("common-state")) } dd { @if report.is_final { (t!("accounts-is-final")) } @else { (t!("accounts-not-final")) } }
            dt { (t!("ledger-transactions")) } dd { (report.tx_count) }
        }
        @if !report.internal_known { p.note { (t!("accounts-internal-unknown")) } }
        h2 { (t!("ledger-transactions")) }
        @if report.transactions.is_empty() { (none(&t!("accounts-no-transaction"))) }
        ol start=(query.skip.saturating_add(1)) { @for hash in &report.transactions { li { a.hash href=(place.path("tx", hash)) { (hash) } } } }
        (rest(&place.path("block", &report.height.to_string()), query.skip, report.transactions.len(), report.tx_count))
        @if report.outside_count > 0 {
            h2 { (t!("accounts-outside")) }
            (transfers_table(&place, &report.outside, true))
            @if report.outside_count > report.outside.len() as u64 { p.note { (t!("ledger-first-of", shown = report.outside.len(), all = report.outside_count)) } }
        }
    };
    Ok(frame.page(&title, &report.height.to_string(), body))
}

/// Shows the assets of a chain.
pub(crate) async fn assets(
    State(shared): State<AppState>,
    frame: Frame,
    Path(chain): Path<String>,
    Query(query): Query<ListQuery>,
) -> Page {
    let skip = query.skip;
    let (place, (list, all)) =
        on(shared, chain, move |chain| Ok((chain.assets_page(skip)?, chain.ledger.counts().assets))).await?;
    let heads = [T("common-asset"), T("accounts-id"), N("accounts-decimals")];
    let shown =
        if list.is_empty() { 0 } else { PAGE.min(usize::try_from(all).unwrap_or(usize::MAX).saturating_sub(skip)) };
    let body = html! {
        h1 { (t!("accounts-assets-of", chain = place.name())) }
        (way_up(&place))
        p { (t!("accounts-assets-intro")) }
        (listing(&heads, &list, "accounts-no-asset", |asset| html! { tr {
            td { (asset_link(&place, asset)) }
            td.hash { (asset.id) }
            td.n { @match asset.decimals { Some(n) => (n), None => (t!("common-unknown")) } }
        } }))
        (rest(&format!("/accounts/{}/assets", place.name()), query.skip, shown, all))
    };
    Ok(frame.page(&t!("accounts-assets-of", chain = place.name()), "", body))
}

fn asset_facts(place: &Place, report: &AssetReport, contract: Option<&String>) -> Markup {
    html! { dl {
        dt { (t!("accounts-id")) } dd.hash { (report.asset.id) }
        @if let Some(contract) = contract { dt { (t!("accounts-contract")) } dd { a.hash href=(place.path("address", contract)) { (contract) } } }
        dt { (t!("accounts-decimals")) } dd { @match report.asset.decimals { Some(n) => (n), None => (t!("common-unknown")) } }
        dt { (t!("accounts-backing")) } dd { (word(format!("backing-{}", report.backing)))
            @if let (Some(tx), Some(account)) = (&report.unbacked_by, &report.unbacked_account) {
                ": " (rich!("accounts-unbacked-by", account = place.link("address", account), tx = place.link("tx", tx)))
            } }
        dt { (t!("accounts-supply")) } dd { @match (report.supply, &report.supply_unknown) {
            (Some(supply), _) => (figures::decimal(&report.asset.amount(supply))),
            (None, why) => { (t!("common-unknown")) @if let Some(why) = why { ": " (why) } }
        } }
    } }
}

/// Shows an asset with its transfers.
pub(crate) async fn asset(
    State(shared): State<AppState>,
    frame: Frame,
    Clearance(clearance): Clearance,
    Path((chain, path)): Path<(String, String)>,
    Query(query): Query<ListQuery>,
) -> Page {
    let start = query.start()?;
    let (place, (report, contract, transfers)) = on(shared, chain, move |chain| {
        let asset = asset_of(chain, &path);
        let report = chain.asset_report(&asset)?;
        let transfers = chain.asset_transfers(&report.asset.id, start, clearance)?;
        Ok((report, chain.contract_of(&asset)?, transfers))
    })
    .await?;
    let to = place.path("asset", asset_path(&report.asset));
    let title = report.asset.ticker.clone().unwrap_or_else(|| t!("accounts-asset-unlisted"));
    let oldest = query.order == "oldest";
    let body = html! {
        h1 { (title) }
        p { a href="/accounts" { (t!("accounts-title")) } " · " a href={"/accounts/" (place.name())} { (place.name()) } " · " a href=(place.root("assets")) { (t!("accounts-assets")) } }
        @if report.asset.ticker.is_none() { p.note { (t!("accounts-asset-unlisted-text")) } }
        (asset_facts(&place, &report, contract.as_ref()))
        p { a href={(place.root("freezes")) "?" (form_urlencoded::Serializer::new(String::new()).append_pair("asset", &report.asset.id).finish())} { (t!("freezes-short")) } }
        h2 #transfers { (t!("accounts-transfers")) }
        p.filters { (t!("common-show"))
            " " a href={(to) "#transfers"} aria-current=[(!oldest).then_some("true")] { (t!("accounts-newest")) }
            " " a href={(to) "?order=oldest#transfers"} aria-current=[oldest.then_some("true")] { (t!("accounts-oldest")) }
        }
        (transfers_table(&place, &transfers.transfers, false))
        (more(&to, &query, &transfers))
    };
    Ok(frame.page(&title, &report.asset.id, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_behind_another_has_the_same_choice() {
        let query = ListQuery { asset: "erc20:0x1".into(), direction: "in".into(), ..ListQuery::default() };
        assert_eq!(query.behind(7), "asset=erc20%3A0x1&direction=in&after=7");
        let start = query.start().unwrap();
        assert_eq!((start.order, start.way, start.without_fees), (Order::Newest, Some(Way::In), true));
        let wrong = ListQuery { order: "largest".into(), ..ListQuery::default() };
        assert_eq!(wrong.start().unwrap_err().message, "order: 'largest' is none of newest, oldest");
    }
}
