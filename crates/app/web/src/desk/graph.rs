//! The graph of a subject, or one that was saved in a case.

use axum::Extension;
use axum::extract::{Query, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Redirect;
use holdfast_account_workspace::AccountSnapshot;
use holdfast_api_investigation::cases::person;
use holdfast_page::frame::{Frame, Page};
use holdfast_page::islands;
use holdfast_page::places::explorer;
use holdfast_page::texts::t;
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::chain_choice::ChainQuery;
use holdfast_state::error::ApiError;
use holdfast_types::ids::{CaseId, CaseItemId};
use holdfast_workspace::ChainQueries;
use maud::html;
use serde::Deserialize;

/// Which graph: of a subject, of what an object of the desk names, or one that was saved in a case.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct GraphQuery {
    subject: Option<String>,
    /// A case; alone, what it names.
    case: Option<CaseId>,
    /// An item of the case that is a graph.
    item: Option<CaseItemId>,
    /// A graph of the case, by the item of its first version.
    graph: Option<CaseItemId>,
    /// Its version; the newest, where none is named.
    version: Option<u32>,
    alert: Option<u64>,
    event: Option<String>,
    request: Option<String>,
    customer: Option<String>,
    /// The chain that is meant, where the desk has several.
    chain: Option<String>,
}

impl GraphQuery {
    /// The object of the desk that the graph begins with, as `alert:12`.
    fn start(&self) -> Option<String> {
        let named = |kind: &str, id: Option<&str>| id.filter(|id| !id.is_empty()).map(|id| format!("{kind}:{id}"));
        self.alert
            .map(|alert| format!("alert:{alert}"))
            .or_else(|| named("event", self.event.as_deref()))
            .or_else(|| named("request", self.request.as_deref()))
            .or_else(|| named("customer", self.customer.as_deref()))
            .or_else(|| {
                self.case.filter(|_| self.subject.is_none() && self.graph.is_none()).map(|case| format!("case:{case}"))
            })
    }
}

/// Shows a graph that a person expands, arranges, annotates and saves in a case.
pub(crate) async fn page(
    State(shared): State<AppState>,
    frame: Frame,
    Extension(caller): Extension<Caller>,
    Query(q): Query<GraphQuery>,
) -> Page {
    let start = q.start();
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
    let start = start.filter(|_| saved.is_empty());
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
    let watch = frame.may_open("/desk/watch-lists").then_some("/desk/watch-lists");
    let flag = (frame.may("desk") && frame.may_open("/desk/sharing")).then_some("/desk/sharing");
    let body = html! {
        link rel="stylesheet" href=[holdfast_assets::path("explorer.css")];
        div.explorer data-explorer data-subject=(subject) data-chain=(chain) data-ticker=[ticker] data-who=(caller.0) data-case=[q.case] data-graph=[q.graph]
            data-version=[q.version] data-item=[q.item] data-start=[start] data-watch=[watch] data-flag=[flag] {
            p.note { (t!("graph-needs-script")) }
            @if subject.is_empty() {
                form.step action="/search" method="get" {
                    label { (t!("common-search-label")) input type="search" name="q" required; }
                    button type="submit" { (t!("common-search")) }
                }
            } @else {
                p { a href={"/search?" (form_urlencoded::Serializer::new(String::new()).append_pair("q", &subject).finish())} { (t!("graph-as-tables")) } }
            }
        }
        // Loaded while the rest of the page still comes, and run after it.
        script type="module" src=[holdfast_assets::path("explorer.js")] {}
        script type="application/json" id="saved" { (maud::PreEscaped(saved)) }
        (islands::explorer_texts())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_graph_begins_with_one_object_of_the_desk() {
        let none = GraphQuery::default;
        assert_eq!(none().start(), None);
        assert_eq!(GraphQuery { alert: Some(12), ..none() }.start().as_deref(), Some("alert:12"));
        assert_eq!(GraphQuery { customer: Some("c-1".into()), ..none() }.start().as_deref(), Some("customer:c-1"));
        let case = CaseId::new(7);
        assert_eq!(GraphQuery { case: Some(case), ..none() }.start().as_deref(), Some("case:7"));
        assert_eq!(GraphQuery { case: Some(case), subject: Some("bc1q".into()), ..none() }.start(), None);
        assert_eq!(GraphQuery { case: Some(case), graph: Some(CaseItemId::new(3)), ..none() }.start(), None);
    }
}
