//! Flags of stolen funds.

use super::{Channel, HERE, options};
use axum::Extension;
use axum::extract::{Path, State};
use holdfast_decision::flags::{Flag, State as FlagState, Subject};
use holdfast_page::components::{Bare, N, T, listing, table, time, word};
use holdfast_page::forms::{Fields, Input, Number, Opt, PageForm, Text, form_of, page_form};
use holdfast_page::frame::{Answer, back};
use holdfast_page::texts::t;
use holdfast_screening::flags::Standing;
use holdfast_sharing::Tlp;
use holdfast_sharing::flags::NewFlag;
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_types::ids::FlagId;
use holdfast_types::{Seconds, Timestamp};
use maud::{Markup, html};
use serde::Deserialize;

page_form! {
    /// Raises a flag.
    struct RaiseFlag {
        channel: Opt<Text> = "sharing-channel", Input::Own;
        subject: Subject = "sharing-subject", Input::Choice(&[
            ("address", "sharing-subject-address"),
            ("transaction", "sharing-subject-transaction"),
            ("deposit", "sharing-subject-output"),
        ]);
        asset: Text = "common-asset", Input::Line;
        value: Text = "sharing-value", Input::Line;
        reason: Text = "common-reason", Input::Line;
        hours: Opt<Number<i64>> = "sharing-hours", Input::Own;
    }
}

/// How a flag is decided.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// The funds are stolen.
    Confirmed,
    /// They are not.
    Withdrawn,
}

page_form! {
    /// Confirms or withdraws a flag.
    struct DecideFlag {
        state: Verdict = "common-state", Input::Choice(&[
            ("confirmed", "sharing-confirmed"),
            ("withdrawn", "sharing-withdrawn"),
        ]);
        why: Text = "common-reason", Input::Line;
    }
}

/// Most flags that the page shows.
const MAX_FLAGS: usize = 200;

/// Hours until a flag lapses unless it is confirmed.
const HOURS: i64 = 24;

/// Words for the time that is left.
fn left(until: Timestamp, now: Timestamp) -> String {
    let minutes = (until - now).max(Seconds::ZERO) / Seconds::MINUTE;
    t!("sharing-time-left", hours = minutes / 60, minutes = format!("{:02}", minutes % 60))
}

/// What the form is filled with, where a page led here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ToFlag {
    subject: Option<Subject>,
    asset: String,
    value: String,
}

pub(super) fn section(flags: &[Flag], now: Timestamp, channels: &[Channel], works: bool, filled: &ToFlag) -> Markup {
    let heads = [
        T("sharing-raised"),
        T("sharing-by"),
        T("sharing-subject"),
        T("common-reason"),
        T("common-state"),
        T("sharing-left"),
        Bare,
    ];
    html! {
        h2 { (t!("sharing-flags")) }
        (listing(&heads, &flags[..flags.len().min(MAX_FLAGS)], "sharing-no-flags", |f| html! { tr {
            td { (time(f.raised)) } td { (f.member) } td { (f.asset) " " span.hash { (f.value) } } td { (f.reason) } td { (word(f.state.name())) }
            td { @if f.state == FlagState::Open { (left(f.until, now)) } }
            td { @if works && f.source.is_none() && f.state.counts() {
                (form_of::<DecideFlag>(&format!("{HERE}/flags/{}", f.id), &[], "common-save"))
            } }
        } }))
        @if works { (raise_form(channels, filled)) }
    }
}

fn raise_form(channels: &[Channel], filled: &ToFlag) -> Markup {
    let label = RaiseFlag::label;
    let Input::Choice(subjects) = RaiseFlag::FIELDS[1].input else { return html! {} };
    let of = filled.subject.map(Subject::name);
    html! { form.step #raise method="post" action={(HERE) "/flags"} {
        label { (label("channel")) select name="channel" { option value="" { (t!("sharing-this-desk")) } (options(channels)) } }
        label { (label("subject")) select name="subject" { @for (value, key) in subjects { option value=(value) selected[of == Some(*value)] { (t!(key)) } } } }
        label { (label("asset")) input name="asset" size="6" required value=(filled.asset); }
        label { (label("value")) input name="value" size="44" required value=(filled.value); }
        label { (label("reason")) input name="reason" size="30" required; }
        label { (label("hours")) input name="hours" type="number" min="1" max="336" value=(HOURS); }
        button type="submit" { (t!("sharing-raise")) }
    } }
}

pub(super) fn standing(standings: &[Standing]) -> Markup {
    let heads = [
        T("sharing-member"),
        N("sharing-raised"),
        N("sharing-confirmed"),
        N("sharing-withdrawn-false"),
        N("sharing-lapsed"),
    ];
    html! { @if !standings.is_empty() {
        h3 { (t!("sharing-standings")) }
        (table(&heads, standings, |s| html! { tr {
            td { (s.member) @if let Some(id) = s.source { " " (t!("sharing-of-source", id = id.number())) } }
            td.n { (s.raised) } td.n { (s.confirmed) } td.n { (s.withdrawn) } td.n { (s.lapsed) }
        } }))
    } }
}

/// Raises a flag.
pub(crate) async fn raise(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Fields(form): Fields<RaiseFlag>,
) -> Answer {
    let new = NewFlag {
        channel: form.channel.text(),
        subject: form.subject,
        asset: form.asset.0,
        value: form.value.0,
        reason: form.reason.0,
        hours: form.hours.0.map_or(HOURS, |h| h.0),
        tlp: Tlp::Amber,
    };
    run_blocking(move || Ok(shared.sharing().raise(new, &caller.0)?)).await.map_err(RaiseFlag::explain)?;
    Ok(back(HERE.into()))
}

/// Confirms or withdraws a flag.
pub(crate) async fn decide(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<FlagId>,
    Fields(form): Fields<DecideFlag>,
) -> Answer {
    let state = match form.state {
        Verdict::Confirmed => FlagState::Confirmed,
        Verdict::Withdrawn => FlagState::Withdrawn,
    };
    run_blocking(move || Ok(shared.sharing().move_flag(&id, state, &form.why.0, &caller.0)?)).await?;
    Ok(back(HERE.into()))
}
