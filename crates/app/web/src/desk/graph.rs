//! The graph of a subject, or one that was saved in a case.

use axum::Extension;
use axum::extract::{Query, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Redirect;
use holdfast_api_investigation::cases::person;
use holdfast_page::frame::{Frame, Page};
use holdfast_page::places::explorer;
use holdfast_page::texts::t;
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::chain_choice::ChainQuery;
use holdfast_state::error::ApiError;
use holdfast_types::ids::{CaseId, CaseItemId};
use holdfast_workspace::{AccountSnapshot, ChainQueries};
use maud::html;
use serde::Deserialize;

/// Which graph.
#[derive(Debug, Deserialize)]
pub(crate) struct GraphQuery {
    subject: Option<String>,
    case: Option<CaseId>,
    item: Option<CaseItemId>,
    /// The chain that is meant, where the desk has several.
    chain: Option<String>,
}

/// Shows a graph that a person expands, arranges, annotates and saves in a case.
pub(crate) async fn page(
    State(shared): State<AppState>,
    frame: Frame,
    Extension(caller): Extension<Caller>,
    Query(q): Query<GraphQuery>,
) -> Page {
    let (subject, saved) = match (q.case, q.item) {
        (Some(case), Some(item)) => {
            let who = person(&caller);
            let state = shared.clone();
            let file = run_blocking(move || Ok(state.cases().case(case, &[], &who)?)).await?;
            let found = file.items.into_iter().find(|i| i.id == item && i.kind == "graph");
            let found = found.ok_or_else(|| {
                ApiError::new(StatusCode::NOT_FOUND, t!("graph-missing", item = item.number(), case = case.number()))
            })?;
            (found.key, found.body.to_string())
        }
        _ => (q.subject.unwrap_or_default(), String::new()),
    };
    // Inside a script element only this could end it.
    let saved = saved.replace('<', "\\u003c");
    let (named, on) = (subject.clone(), ChainQuery { chain: q.chain.clone() });
    let (chain, ticker) = match run_blocking(move || chain_of(&shared, &named, &on)).await? {
        Meant::One(chain, ticker) => (chain, ticker),
        Meant::Several(chains) => {
            let item = |chain: &String| html! { li { a href=(explorer(&subject, Some(chain))) { (chain) } } };
            let body = html! {
                h1 { (t!("graph-title")) }
                p { (t!("graph-several-chains", subject = subject.as_str())) }
                ul { @for chain in &chains { (item(chain)) } }
            };
            return Ok(frame.desk(&t!("graph-title"), "/desk/graph", body));
        }
    };
    let body = html! {
        link rel="stylesheet" href=[holdfast_assets::path("explorer.css")];
        div.explorer data-explorer data-subject=(subject) data-chain=(chain) data-ticker=[ticker] data-who=(caller.0) data-case=[q.case] {
            p.note { (t!("graph-needs-script")) }
            p { a href={"/search?" (form_urlencoded::Serializer::new(String::new()).append_pair("q", &subject).finish())} { (t!("graph-as-tables")) } }
        }
        script type="application/json" id="saved" { (maud::PreEscaped(saved)) }
        script type="module" src=[holdfast_assets::path("explorer.js")] {}
    };
    Ok(frame.desk(&t!("graph-title"), "/desk/graph", body))
}

/// The explorer's short address.
pub(crate) async fn investigate(RawQuery(query): RawQuery) -> Redirect {
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    Redirect::to(&format!("/desk/graph{query}"))
}

/// Where a subject is.
enum Meant {
    /// On one chain: its name, and the ticker of its coin where it is one of outputs.
    One(String, Option<&'static str>),
    /// On several account chains, whose names these are.
    Several(Vec<String>),
}

/// Finds the chain that a subject is on.
fn chain_of(shared: &AppState, subject: &str, on: &ChainQuery) -> Result<Meant, ApiError> {
    let is_named = on.chain.as_deref().is_some_and(|name| !name.is_empty());
    let of_accounts = shared.chains.accounts_for(subject, on.chain.as_deref());
    if let Some(chain) = of_accounts.ok().filter(|chain| is_named || chain.is_address(subject) || chain.stores(subject))
    {
        return Ok(Meant::One(chain.chain().to_string(), None));
    }
    if !is_named && !subject.is_empty() {
        let all = shared.chains.account_snapshots();
        let names = |fits: &dyn Fn(&AccountSnapshot) -> bool| {
            let fitting = all.iter().filter(|chain| fits(chain));
            fitting.map(|chain| chain.chain().to_string()).collect::<Vec<_>>()
        };
        let mut several = names(&|chain| chain.stores(subject));
        if several.is_empty() {
            several = names(&|chain| chain.is_address(subject));
        }
        if several.len() > 1 {
            return Ok(Meant::Several(several));
        }
    }
    let snapshot = shared.snapshot_for(on, subject)?;
    Ok(Meant::One(snapshot.ledger.network().to_string(), Some(snapshot.asset())))
}
