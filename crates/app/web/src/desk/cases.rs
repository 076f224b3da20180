//! Cases: the list, opening one, and the search over cases and requests.

use axum::Extension;
use axum::extract::{Query, State};
use holdfast_api_investigation::cases::person;
use holdfast_cases::case::{Case, CaseChoice, Gathered, ItemKind, NewCase};
use holdfast_page::components::{List, N, T, time, word};
use holdfast_page::components::{ListQuery, desk_hits};
use holdfast_page::forms::{Fields, Free, Input, Number, Opt, PageForm, Text, form_of, page_form};
use holdfast_page::frame::{Answer, Frame, Page, back};
use holdfast_page::texts::{rich, t};
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::state_filter;
use holdfast_types::ids::CaseId;
use maud::html;
use serde::Deserialize;

page_form! {
    /// Opens a case.
    struct OpenCase {
        title: Text = "desk-cases-title", Input::Line;
        typology: Opt<Text> = "common-typology", Input::Line;
        summary: Free = "desk-cases-summary", Input::Area;
    }
}

/// Shows cases.
pub(crate) async fn list(
    State(shared): State<AppState>,
    frame: Frame,
    Extension(caller): Extension<Caller>,
    Query(q): Query<ListQuery>,
) -> Page {
    let who = person(&caller);
    let state = state_filter(q.state.as_deref())?;
    let list = run_blocking(move || Ok(shared.cases().cases(state, &who)?)).await?;
    let heads =
        [N("desk-cases-case"), T("desk-cases-title"), T("common-typology"), T("common-state"), T("desk-cases-opened")];
    let states = [("", "requests-all"), ("open", "alerts-open"), ("closed", "alerts-closed")];
    let cases =
        List { path: "/desk/cases", states: &states, default_state: "", heads: &heads, empty: "desk-cases-none" };
    let row = |c: &Case| {
        html! { tr {
            td.n { (c.id) }
            td { a href={"/desk/cases/" (c.id)} { (c.title) } }
            td { @if let Some(typology) = &c.typology { (word(typology)) } }
            td { (word(c.state.as_ref())) }
            td { (rich!("common-time-by", time = time(c.created), person = c.created_by)) }
        } }
    };
    let body = html! {
        (cases.whole(q.state.as_deref(), &list, row))
        @if frame.may("desk") {
            h2 { (t!("desk-cases-open")) }
            (form_of::<OpenCase>("/desk/cases", &[], "desk-cases-open-button"))
        }
    };
    Ok(frame.desk(&t!("nav-cases"), "/desk/cases", body))
}

page_form! {
    /// Puts something into a case.
    struct AddToCase {
        kind: ItemKind = "common-kind", Input::Hidden;
        key: Text = "case-key", Input::Hidden;
        case: Opt<Number<CaseId>> = "common-case-number", Input::Of("number");
        title: Opt<Text> = "common-case-title", Input::Line;
    }
}

/// Puts something into a case that is open, or a new one.
pub(crate) async fn add(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Fields(form): Fields<AddToCase>,
) -> Answer {
    let who = person(&caller);
    let thing = Gathered { kind: form.kind, key: form.key.0, title: String::new() };
    let into = match form.case.0 {
        Some(case) => CaseChoice::Open(case.0),
        None => {
            let title = form.title.text().unwrap_or_else(|| format!("{}: {}", word(thing.kind.name()), thing.key));
            CaseChoice::New(NewCase { title, summary: String::new(), typology: None })
        }
    };
    let (case, _) =
        run_blocking(move || Ok(shared.cases().gather(into, vec![thing], &who)?)).await.map_err(AddToCase::explain)?;
    Ok(back(format!("/desk/cases/{case}")))
}

/// Opens a case.
pub(crate) async fn open(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Fields(form): Fields<OpenCase>,
) -> Answer {
    let new = NewCase { title: form.title.0, typology: form.typology.text(), summary: form.summary.0 };
    let who = person(&caller);
    let case = run_blocking(move || Ok(shared.cases().open_case(new, &who)?)).await.map_err(OpenCase::explain)?;
    Ok(back(format!("/desk/cases/{}", case.id)))
}

/// What to search for.
#[derive(Debug, Deserialize)]
pub(crate) struct Words {
    #[serde(default)]
    q: String,
}

/// Shows what a search over cases and requests finds.
pub(crate) async fn search(
    State(shared): State<AppState>,
    frame: Frame,
    Extension(caller): Extension<Caller>,
    Query(words): Query<Words>,
) -> Page {
    let (who, q) = (person(&caller), words.q.clone());
    let of_screening = frame.may("read");
    let hits = run_blocking(move || Ok(shared.cases().search(&q, &who, of_screening)?)).await?;
    let found = hits.iter().map(|h| (h.kind.as_str(), h.id.as_str(), h.title.as_str()));
    let body = html! { @if hits.is_empty() { p { (t!("desk-search-none")) } } @else { (desk_hits(found)) } };
    Ok(frame.desk(&t!("desk-search-title", words = words.q.as_str()), "", body))
}
