//! Suggested tags: what a model says of addresses, with its reasons, for a person to accept or reject.

use crate::tags::HERE as TAGS;
use axum::Extension;
use axum::extract::{Path, Query, State};
use holdfast_learned::{MAX_SUGGESTIONS_PAGE, Suggestion, SuggestionState};
use holdfast_page::components::{N, T, filters, listing, time, word};
use holdfast_page::figures::{number, percent};
use holdfast_page::forms::{Fields, Input, PageForm, Text, form_of, page_form};
use holdfast_page::frame::{Answer, Frame, Page, back};
use holdfast_page::places::{Finder, Pages};
use holdfast_page::texts::t;
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::{run_blocking, run_in_background};
use holdfast_state::clearance::Clearance;
use holdfast_state::visit::language;
use holdfast_types::{AssetId, ChainId, Invalid};
use maud::html;
use serde::Deserialize;

pub(crate) const HERE: &str = "/desk/tags/suggestions";
const STATES: [(&str, &str); 3] = [("open", "word-open"), ("accepted", "word-accepted"), ("rejected", "word-rejected")];
const DECISIONS: [(&str, &str); 2] = [("accepted", "suggestions-accept"), ("rejected", "suggestions-reject")];

page_form! {
    /// What a person says of a suggestion.
    struct Decide {
        decision: SuggestionState = "suggestions-decision", Input::Buttons(&DECISIONS);
        note: Text = "common-reason", Input::Line;
    }
}

/// Which suggestions.
#[derive(Debug, Deserialize)]
pub(crate) struct Shown {
    state: Option<SuggestionState>,
    skip: Option<u64>,
}

/// Finds the pages of addresses.
fn pages(shared: &AppState, clearance: holdfast_attribution::Tlp, all: &[Suggestion]) -> Pages {
    let (mut pages, finder) = (Pages::default(), Finder { chains: &shared.chains, clearance });
    for s in all {
        let asset = s.chain.parse().ok().map(|chain: ChainId| AssetId::native_of(&chain).to_string());
        pages.add_address(finder, asset.as_deref(), &s.address);
    }
    pages
}

/// Lists suggestions: those that wait, where no other state is asked for.
pub(crate) async fn list(
    State(shared): State<AppState>,
    frame: Frame,
    Clearance(clearance): Clearance,
    Query(q): Query<Shown>,
) -> Page {
    let (state, skip) = (q.state.unwrap_or(SuggestionState::Open), q.skip.unwrap_or(0));
    let (all, pages) = run_in_background(move || {
        let all = shared.suggestions().list(Some(state), skip, MAX_SUGGESTIONS_PAGE)?;
        let pages = pages(&shared, clearance, &all);
        Ok((all, pages))
    })
    .await?;
    let heads = [
        T("common-address"),
        T("ledger-category"),
        N("suggestions-probability"),
        N("suggestions-block"),
        N("suggestions-payments"),
        T("common-state"),
    ];
    let row = |s: &Suggestion| {
        html! { tr {
            td { (pages.address(&s.address)) " " span.note { (s.chain) } }
            td { a href={ (HERE) "/" (s.id) } { (word(&s.category)) } }
            td.n { (percent(s.probability_ppm.into())) }
            td.n { (number(s.block)) }
            td.n { (number(s.payments)) }
            td { (word(s.state)) @if let Some(by) = &s.decided_by { ", " (by) } @if let Some(note) = &s.note { ": " (note) } }
        } }
    };
    let further = all.len() as u64 == MAX_SUGGESTIONS_PAGE;
    let body = html! {
        p { a href=(TAGS) { (t!("nav-tags")) } }
        p.note { (t!("suggestions-about")) }
        (filters(HERE, &STATES, state.name()))
        (listing(&heads, &all, "suggestions-none", row))
        @if further { p { a href={ (HERE) "?state=" (state) "&skip=" (skip.saturating_add(MAX_SUGGESTIONS_PAGE)) } { (t!("common-next-page")) } } }
    };
    Ok(frame.desk(&t!("suggestions-title"), TAGS, body))
}

/// Shows a suggestion with its reasons.
pub(crate) async fn page(
    State(shared): State<AppState>,
    frame: Frame,
    Clearance(clearance): Clearance,
    Path(id): Path<u64>,
) -> Page {
    let lang = language().tag();
    let (explained, pages) = run_in_background(move || {
        let explained = shared.suggestions().explain(id, lang)?;
        let pages = pages(&shared, clearance, std::slice::from_ref(&explained.suggestion));
        Ok((explained, pages))
    })
    .await?;
    let s = &explained.suggestion;
    let to = format!("{HERE}/{id}");
    let body = html! {
        p { a href=(HERE) { (t!("suggestions-title")) } }
        p.note { (t!("suggestions-about")) }
        dl {
            dt { (t!("common-address")) } dd { (pages.address(&s.address)) " " span.note { (s.chain) } }
            dt { (t!("ledger-category")) } dd { (word(&s.category)) }
            dt { (t!("suggestions-probability")) } dd { (percent(s.probability_ppm.into())) }
            dt { (t!("models-model")) } dd { a.hash href={ "/desk/models/" (s.model) } { (s.model) } }
            dt { (t!("suggestions-seen")) } dd { (t!("suggestions-blocks", from = number(s.from_block), block = number(s.block))) ", " (time(s.block_time)) }
            dt { (t!("suggestions-payments")) } dd { (number(s.payments)) ", " (t!("suggestions-since")) " " (time(s.first_payment)) }
            dt { (t!("common-state")) } dd { (word(s.state)) @if let Some(by) = &s.decided_by { ", " (by) } @if let Some(note) = &s.note { ": " (note) } }
        }
        h2 { (t!("suggestions-reasons")) }
        ul { @for reason in &explained.reasons { li { (reason.text) } } }
        @if s.state == SuggestionState::Open && frame.may("desk") {
            h2 { (t!("suggestions-decision")) }
            p.note { (t!("suggestions-decision-about")) }
            (form_of::<Decide>(&to, &[], "suggestions-decision"))
        }
    };
    Ok(frame.desk(&t!("suggestions-one", address = s.address.as_str()), TAGS, body))
}

/// Accepts or rejects a suggestion.
pub(crate) async fn decide(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Clearance(clearance): Clearance,
    Path(id): Path<u64>,
    Fields(form): Fields<Decide>,
) -> Answer {
    let decide = move || match form.decision {
        SuggestionState::Accepted => shared.accept_suggestion(id, &form.note.0, clearance, &caller.0),
        SuggestionState::Rejected => shared.reject_suggestion(id, &form.note.0, &caller.0),
        SuggestionState::Open => Err(Invalid::new("decision", t!("suggestions-decision-about")).into()),
    };
    run_blocking(decide).await.map_err(Decide::explain)?;
    Ok(back(format!("{HERE}/{id}")))
}
