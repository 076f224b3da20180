//! Private matching: two institutions learn which items they share, and nothing else.

use super::{HERE, way_back};
use axum::Extension;
use axum::extract::State;
use holdfast_page::components::time;
use holdfast_page::forms::{Fields, Input, PageForm, Text, page_form};
use holdfast_page::frame::{Answer, Frame, Page, back};
use holdfast_page::texts::{rich, t};
use holdfast_sharing::psi::{self, MatchingSession};
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use maud::{Markup, html};

page_form! {
    /// Offers a list to a partner.
    struct OfferList {
        partner: Text = "sharing-partner-key", Input::Own;
        items: Text = "sharing-items", Input::Own;
    }
}

page_form! {
    /// Queries a partner's list.
    struct QueryList {
        url: Text = "sharing-partner-list", Input::Own;
        key: Text = "sharing-partner-secret", Input::Own;
        items: Text = "sharing-own-items", Input::Own;
    }
}

pub(super) fn section(matchings: &[MatchingSession], works: bool) -> Markup {
    html! {
        h2 { (t!("sharing-matching")) }
        p { (t!("sharing-matching-intro")) }
        ul { @for m in matchings { li {
            span.hash { (m.id) } " " (t!("sharing-matching-for", partner = m.partner.as_str(), items = t!("count-items", n = m.items))) ", "
            @match (m.asked, m.asked_items) {
                (Some(at), Some(n)) => (rich!("sharing-matching-queried", items = n, time = time(at))),
                _ => (t!("sharing-matching-waits")),
            }
        } } }
        @if works {
            form.step method="post" action={(HERE) "/matching"} {
                label { (OfferList::label("partner")) input name="partner" required; }
                label { (OfferList::label("items")) textarea name="items" rows="3" required {} }
                button type="submit" { (t!("sharing-offer")) }
            }
            form.step method="post" action={(HERE) "/ask"} {
                label { (QueryList::label("url")) input name="url" size="40" required; }
                label { (QueryList::label("key")) input name="key" type="password" autocomplete="off" required; }
                label { (QueryList::label("items")) textarea name="items" rows="3" required {} }
                button type="submit" { (t!("sharing-query")) }
            }
        }
    }
}

/// Offers a list for private matching.
pub(crate) async fn offer(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Fields(form): Fields<OfferList>,
) -> Answer {
    let offer = move || {
        let dir = shared.matching_dir();
        Ok(shared.sharing().offer_matching(&dir, &form.partner.0, &form.items.0, &caller.0)?)
    };
    run_blocking(offer).await.map_err(OfferList::explain)?;
    Ok(back(HERE.into()))
}

/// Queries a partner's list for the items that both share.
pub(crate) async fn query(
    State(shared): State<AppState>,
    frame: Frame,
    Extension(caller): Extension<Caller>,
    Fields(form): Fields<QueryList>,
) -> Page {
    let QueryList { url, key, items } = form;
    let shown = url.0.clone();
    let found = run_blocking(move || {
        let found = psi::query(&url.0, &key.0, &items.0)?;
        let detail = serde_json::json!({ "items": items.0.lines().count(), "shared": found.len() }).to_string();
        shared.screening.note_look("sharing.matching_asked", &url.0, detail, &caller.0)?;
        Ok(found)
    })
    .await?;
    let body = html! {
        p { (rich!("sharing-in-common-text", items = found.len(), url = html! { span.hash { (shown) } })) }
        ul { @for item in &found { li.hash { (item) } } }
        (way_back())
    };
    Ok(frame.desk(&t!("sharing-in-common"), HERE, body))
}
