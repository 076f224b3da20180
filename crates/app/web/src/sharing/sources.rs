//! Sources: partners' collections and feeds that are read.

use super::{HERE, way_back};
use axum::Extension;
use axum::extract::{Path, State};
use holdfast_page::components::{Bare, T, listing, table, time, word};
use holdfast_page::forms::{Fields, Free, Input, PageForm, Text, form_of, page_form};
use holdfast_page::frame::{Answer, Frame, Page, back};
use holdfast_page::texts::t;
use holdfast_sharing::sources::{Kind, NewSource, Source, SourceState};
use holdfast_sharing::taxii::Client;
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_types::Seconds;
use holdfast_types::ids::SourceId;
use maud::{Markup, html};

page_form! {
    /// Adds a source.
    struct AddSource {
        kind: Kind = "common-kind", Input::Choice(&[
            ("taxii", "sharing-kind-taxii"),
            ("community", "sharing-kind-community"),
            ("misp", "sharing-kind-misp"),
        ]);
        name: Text = "sharing-name", Input::Line;
        url: Text = "sharing-url", Input::Line;
        username: Free = "sharing-username", Input::Line;
        key: Free = "sharing-partner-secret", Input::Own;
    }
}

page_form! {
    /// Lists a partner's collections.
    struct Discover {
        url: Text = "sharing-discovery-url", Input::Own;
        username: Free = "sharing-username", Input::Own;
        key: Free = "sharing-partner-secret", Input::Own;
    }
}

page_form! {
    /// Withdraws a source.
    struct WithdrawSource {
        why: Text = "common-reason", Input::Line;
    }
}

/// Words for the time between two readings.
fn every(interval: Seconds) -> String {
    match interval.count() {
        s if s > 0 && s % 3600 == 0 => t!("count-hours", n = s / 3600),
        s if s > 0 && s % 60 == 0 => t!("count-minutes", n = s / 60),
        s => t!("count-seconds", n = s),
    }
}

pub(super) fn section(sources: &[Source], manages: bool) -> Markup {
    let heads = [
        T("sharing-name"),
        T("common-kind"),
        T("sharing-url"),
        T("sharing-interval"),
        T("common-state"),
        T("sharing-read"),
        Bare,
    ];
    html! {
        h2 { (t!("sharing-sources")) }
        (listing(&heads, sources, "sharing-no-sources", |s| html! { tr {
            td { a href={(HERE) "/sources/" (s.id)} { (s.name) } } td { (word(s.kind.name())) } td.hash { (s.url) } td { (every(s.every)) }
            td {
                @if s.state == SourceState::Proposed { a href="/desk/changes" { (t!("changes-proposed")) } } @else { (word(s.state)) }
                @if let Some(e) = &s.error { br; span.note { (e) } }
            }
            td { @if let Some(t) = s.polled { (time(t)) } }
            td { @if manages && s.state == SourceState::Active {
                (form_of::<WithdrawSource>(&format!("{HERE}/sources/{}", s.id), &[], "common-withdraw"))
            } }
        } }))
        @if manages { (forms()) }
    }
}

fn forms() -> Markup {
    let Input::Choice(kinds) = AddSource::FIELDS[0].input else { return html! {} };
    let (add, discover) = (AddSource::label, Discover::label);
    html! {
        form.step method="post" action={(HERE) "/sources"} {
            label { (add("kind")) select name="kind" { @for (value, key) in kinds { option value=(value) { (t!(key)) } } } }
            label { (add("name")) input name="name" required; }
            label { (add("url")) input name="url" size="40" required; }
            label { (add("username")) input name="username"; }
            label { (add("key")) input name="key" type="password" autocomplete="off"; }
            button type="submit" { (t!("sharing-add-source")) }
        }
        form.step method="post" action={(HERE) "/discover"} {
            label { (discover("url")) input name="url" size="40" required; }
            label { (discover("username")) input name="username"; }
            label { (discover("key")) input name="key" type="password" autocomplete="off"; }
            button type="submit" { (t!("sharing-discover")) }
        }
    }
}

/// Shows what a source sent.
pub(crate) async fn page(State(shared): State<AppState>, frame: Frame, Path(id): Path<SourceId>) -> Page {
    let (source, list) =
        run_blocking(move || Ok((shared.sharing().source(id)?, shared.sharing().imported(id, "")?))).await?;
    let heads = [T("sharing-object"), T("sharing-version"), T("sharing-effect"), T("sharing-detail"), T("common-time")];
    let body = html! {
        p { (word(source.kind.name())) ", " (word(source.state)) ", " span.hash { (source.url) } @if let Some(e) = &source.error { br; strong { (e) } } }
        (listing(&heads, &list, "sharing-nothing-imported", |i| html! { tr {
            td.hash { (i.object) } td { (i.version) } td { (word(&i.effect)) } td { (i.detail) } td { (time(i.time)) }
        } }))
        (way_back())
    };
    Ok(frame.desk(&t!("sharing-source", name = source.name.as_str()), HERE, body))
}

/// Adds a source.
pub(crate) async fn add(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Fields(form): Fields<AddSource>,
) -> Answer {
    let AddSource { kind, name, url, username, key } = form;
    let new = NewSource { kind, name: name.0, url: url.0, username: username.0, key: key.0, every: None };
    holdfast_api_investigation::sharing::store_source(shared, caller, new).await.map_err(AddSource::explain)?;
    Ok(back(HERE.into()))
}

/// Withdraws a source.
pub(crate) async fn withdraw(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<SourceId>,
    Fields(form): Fields<WithdrawSource>,
) -> Answer {
    run_blocking(move || Ok(shared.withdraw_source(id, &form.why.0, &caller.0)?)).await?;
    Ok(back(HERE.into()))
}

/// Shows collections of a partner's server.
pub(crate) async fn discover(frame: Frame, Fields(form): Fields<Discover>) -> Page {
    let at = form.url.0.clone();
    let list = run_blocking(move || Ok(Client::new(&form.username.0, &form.key.0).collections(&form.url.0)?)).await?;
    let heads = [T("sharing-collection"), T("sharing-collection-url"), T("sharing-writable")];
    let body = html! {
        p.hash { (at) }
        (table(&heads, &list, |(url, title, writes)| html! { tr {
            td { (title) } td.hash { (url) } td { @if *writes { (t!("common-yes")) } @else { (t!("common-no")) } }
        } }))
        (way_back())
    };
    Ok(frame.desk(&t!("sharing-collections"), HERE, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_shown_in_their_largest_unit() {
        let shown = [7200, 300, 1, 61].map(|seconds| every(Seconds::new(seconds)));
        assert_eq!(shown, ["2 hours", "5 minutes", "1 second", "61 seconds"]);
    }
}
