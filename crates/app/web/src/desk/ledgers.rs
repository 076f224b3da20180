//! The ledgers of the server's chains, on the page of jobs: what their last check found, and jobs that check them or make anew what stands beside them.

use axum::Extension;
use axum::extract::{Path, State};
use holdfast_account_workspace::beside::BesideStore;
use holdfast_page::components::{Bare, T, table, time};
use holdfast_page::forms::{Fields, Flag, Input, Nothing, form_of, page_form};
use holdfast_page::frame::{Answer, back};
use holdfast_page::places::segment;
use holdfast_page::texts::{rich, t};
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::ledgers::LedgerCheck;
use holdfast_workspace::ChainQueries;
use maud::{Markup, html};

page_form! {
    /// Makes what stands beside a ledger anew; all of it where nothing is ticked.
    struct Rebuild {
        links: Flag = "ledgers-links", Input::Of("checkbox");
        signals: Flag = "ledgers-signals", Input::Of("checkbox");
        clusters: Flag = "ledgers-clusters", Input::Of("checkbox");
    }
}

/// A chain's ledger with what its last check found.
pub(crate) struct Shown {
    name: String,
    is_of_accounts: bool,
    checked: Option<LedgerCheck>,
}

/// Returns the ledgers of the server's chains. It reads files.
pub(crate) fn shown(shared: &AppState) -> Vec<Shown> {
    let of_outputs = shared.chains.handles().map(|chain| (chain.snapshot().name(), false));
    let of_accounts = shared.chains.accounts().map(|chain| (chain.snapshot().usual_name(), true));
    let shown = |(name, is_of_accounts): (String, bool)| {
        // One that was never checked has none.
        let checked = shared.ledger_check(&name).ok();
        Shown { name, is_of_accounts, checked }
    };
    of_outputs.chain(of_accounts).map(shown).collect()
}

/// Shows ledgers with their controls.
pub(crate) fn section(ledgers: &[Shown]) -> Markup {
    let heads = [T("ledgers-chain"), T("ledgers-checked"), Bare, Bare];
    let row = |ledger: &Shown| {
        let path = |what: &str| format!("/desk/ledgers/{}/{what}", segment(&ledger.name));
        html! { tr {
            td { (ledger.name) }
            td { @match &ledger.checked {
                None => (t!("ledgers-never")),
                Some(check) => {
                    (rich!("ledgers-found", time = time(check.checked), n = check.count()))
                    @if check.count() > 0 { ul {
                        @for problem in &check.problems { li.long { (problem) } }
                        @for store in &check.stores { @for problem in &store.problems { li.long { (store.store.name()) ": " (problem) } } }
                    } }
                    @for store in &check.stores { @for gap in &store.gaps { p.note { (store.store.name()) ": " (gap) } } }
                }
            } }
            td { (form_of::<Nothing>(&path("check"), &[], "ledgers-check")) }
            td { @if ledger.is_of_accounts { (form_of::<Rebuild>(&path("rebuild"), &[], "ledgers-rebuild")) } }
        } }
    };
    html! {
        h2 { (t!("ledgers-title")) }
        p.note { (t!("ledgers-intro")) }
        (table(&heads, ledgers, row))
    }
}

/// Starts the check of a ledger.
pub(crate) async fn check(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(chain): Path<String>,
    Fields(Nothing {}): Fields<Nothing>,
) -> Answer {
    run_blocking(move || shared.check_ledger(&chain, &caller.0)).await?;
    Ok(back("/desk/jobs".into()))
}

/// Starts making what stands beside a ledger anew.
pub(crate) async fn rebuild(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(chain): Path<String>,
    Fields(form): Fields<Rebuild>,
) -> Answer {
    let wanted = [
        (form.links, BesideStore::Links),
        (form.signals, BesideStore::Signals),
        (form.clusters, BesideStore::Clusters),
    ];
    let only: Vec<BesideStore> = wanted.into_iter().filter(|(ticked, _)| ticked.0).map(|(_, store)| store).collect();
    run_blocking(move || shared.rebuild_beside(&chain, &only, &caller.0)).await?;
    Ok(back("/desk/jobs".into()))
}
