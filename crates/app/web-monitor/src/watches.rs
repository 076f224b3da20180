//! Watch lists and notifications: everybody's own.

use axum::Extension;
use axum::extract::{Path, Query, State};
use holdfast_api::watches::may_watch;
use holdfast_monitor::notifications::{MAX_LISTED, Notification};
use holdfast_monitor::watch::{Conditions, NewWatchItem, Quiet, Settings, WatchItem, WatchKind, WatchList};
use holdfast_page::components::{Bare, ListQuery, N, T, listing, time, word, words};
use holdfast_page::figures;
use holdfast_page::forms::{
    Commas, Fields, Flag, Free, Input, Nothing, Number, Opt, PageForm, Text, form_of, page_form, page_steps,
};
use holdfast_page::frame::{Answer, Frame, Page, back};
use holdfast_page::texts::t;
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::error::ApiError;
use holdfast_types::Invalid;
use holdfast_types::units::base_units;
use maud::{Markup, html};
use serde::Deserialize;

const HERE: &str = "/desk/watch-lists";
const TOLD: &str = "/desk/notifications";
const KINDS: [(&str, &str); 4] =
    [("address", "watch-address"), ("entity", "watch-entity"), ("customer", "common-customer"), ("name", "watch-name")];

page_form! {
    /// What its owner sets of a list.
    struct Set {
        name: Text = "watch-list-name", Input::Own;
        moves: Flag = "watch-moves", Input::Own;
        new_tag: Flag = "watch-new-tag", Input::Own;
        receives_above: Free = "watch-receives", Input::Own;
        touches: Commas = "watch-touches", Input::Own;
        quiet_from: Free = "watch-quiet-from", Input::Own;
        quiet_to: Free = "watch-quiet-to", Input::Own;
        mail: Opt<Text> = "watch-mail", Input::Own;
    }
}

page_form! {
    /// Adds items, one a line.
    struct Items {
        kind: WatchKind = "common-kind", Input::Choice(&KINDS);
        value: Text = "watch-values", Input::Area;
        note: Free = "common-note", Input::Line;
    }
}

page_form! {
    /// Takes an item off.
    struct Off {
        item: Number<u64> = "watch-item", Input::Hidden;
    }
}

page_form! {
    /// Notes what was seen.
    struct SeenTo {
        up_to: Number<u64> = "watch-up-to", Input::Hidden;
    }
}

page_steps! {
    /// A step of a list.
    enum Step by "step" {
        "set" => Set(Set),
        "items" => Items(Items),
        "off" => Off(Off),
        "remove" => Remove(Nothing),
    }
}

/// What the form for items is filled with, where a page led here.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ToWatch {
    kind: Option<WatchKind>,
    #[serde(default)]
    value: String,
}

impl ToWatch {
    /// The kind and the value; none where no page led here.
    fn given(&self) -> Option<(WatchKind, &str)> {
        let value = self.value.trim();
        (!value.is_empty()).then(|| (self.kind.unwrap_or(WatchKind::Address), value))
    }

    /// The query that leads on with it.
    fn query(&self) -> String {
        let Some((kind, value)) = self.given() else { return String::new() };
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("kind", kind.name()).append_pair("value", value);
        format!("?{}", query.finish())
    }
}

/// The form that puts what a page led here with on one of the lists: a button for each.
fn put_on(kind: WatchKind, value: &str, lists: &[WatchList]) -> Markup {
    html! {
        h2 { (t!("watch-this", what = value)) }
        @if lists.is_empty() { p { (t!("watch-no-list-yet")) } } @else {
            form.step method="post" action={(HERE) "/" (lists.first().map_or(0, |list| list.id))} {
                input type="hidden" name="step" value="items";
                (item_fields(Some((kind, value))))
                @for list in lists { button type="submit" formaction={(HERE) "/" (list.id)} { (t!("watch-put-on", list = list.settings.name.as_str())) } " " }
            }
        }
    }
}

/// The fields of [`Items`], filled.
fn item_fields(filled: Option<(WatchKind, &str)>) -> Markup {
    let label = Items::label;
    let (of, value) = filled.map_or((None, ""), |(kind, value)| (Some(kind.name()), value));
    html! {
        label { (label("kind")) select name="kind" { @for (kind, key) in KINDS { option value=(kind) selected[of == Some(kind)] { (t!(key)) } } } }
        label { (label("value")) textarea name="value" rows="3" required { (value) } }
        label { (label("note")) input type="text" name="note"; }
    }
}

/// The minute of the day of a time such as 22:30; none of an empty text.
fn minute(field: &str, text: &str) -> Result<Option<u32>, Invalid> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let read = text.split_once(':').and_then(|(h, m)| Some((h.parse::<u32>().ok()?, m.parse::<u32>().ok()?)));
    match read.filter(|(h, m)| *h < 24 && *m < 60) {
        Some((h, m)) => Ok(Some(h * 60 + m)),
        None => Err(Invalid::new(field, t!("watch-no-time", text = text))),
    }
}

/// An amount of the reference currency in minor units, from text such as 1000 or 1000.50.
fn cents(text: &str) -> Result<Option<u64>, Invalid> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    match base_units(text, 2).and_then(|value| u64::try_from(value).ok()) {
        Some(value) => Ok(Some(value)),
        None => Err(Invalid::new("receives_above", t!("watch-no-amount", text = text))),
    }
}

impl Set {
    fn settings(self) -> Result<Settings, Invalid> {
        let quiet = match (minute("quiet_from", &self.quiet_from.0)?, minute("quiet_to", &self.quiet_to.0)?) {
            (Some(from), Some(to)) => Some(Quiet { from, to }),
            (None, None) => None,
            (Some(_), None) => return Err(Invalid::new("quiet_to", t!("form-missing"))),
            (None, Some(_)) => return Err(Invalid::new("quiet_from", t!("form-missing"))),
        };
        let conditions = Conditions {
            moves: self.moves.0,
            receives_above: cents(&self.receives_above.0)?,
            touches: self.touches.0,
            new_tag: self.new_tag.0,
        };
        Ok(Settings { name: self.name.0, conditions, quiet, mail: self.mail.text() })
    }
}

fn clock(minute: u32) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

/// The form of a list's settings, filled with what they are.
fn settings_form(to: &str, of: Option<&Settings>, button: &str) -> Markup {
    let c =
        of.map(|s| s.conditions.clone()).unwrap_or(Conditions { moves: true, new_tag: true, ..Conditions::default() });
    let quiet = of.and_then(|s| s.quiet);
    html! { form.step method="post" action=(to) {
        @if of.is_some() { input type="hidden" name="step" value="set"; }
        label { (t!("watch-list-name")) input type="text" name="name" required value=(of.map_or("", |s| s.name.as_str())); }
        label { input type="checkbox" name="moves" value="true" checked[c.moves]; (t!("watch-moves")) }
        label { input type="checkbox" name="new_tag" value="true" checked[c.new_tag]; (t!("watch-new-tag")) }
        label { (t!("watch-receives")) input type="text" inputmode="decimal" name="receives_above" value=(c.receives_above.map_or(String::new(), |v| format!("{}.{:02}", v / 100, v % 100))); }
        label { (t!("watch-touches")) input type="text" name="touches" value=(c.touches.join(", ")); }
        label { (t!("watch-quiet-from")) input type="time" name="quiet_from" value=(quiet.map_or(String::new(), |q| clock(q.from))); }
        label { (t!("watch-quiet-to")) input type="time" name="quiet_to" value=(quiet.map_or(String::new(), |q| clock(q.to))); }
        label { (t!("watch-mail")) input type="email" name="mail" value=(of.and_then(|s| s.mail.as_deref()).unwrap_or("")); }
        button type="submit" { (t!(button)) }
    } }
}

/// Whether the person may open what a notification leads to: a page of a ledger, or a customer's.
fn may_follow(frame: &Frame, link: &str) -> bool {
    !link.starts_with("/desk/") || (link.starts_with("/desk/customers/") && frame.may_open("/desk/customers/{id}"))
}

/// A list's conditions in words.
fn conditions(c: &Conditions) -> String {
    let mut parts = Vec::new();
    if c.moves {
        parts.push(t!("watch-moves"));
    }
    if let Some(value) = c.receives_above {
        let value = figures::hundredths(i64::try_from(value).unwrap_or(i64::MAX));
        parts.push(format!("{} {value}", t!("watch-receives")));
    }
    if !c.touches.is_empty() {
        parts.push(format!("{}: {}", t!("watch-touches"), words(&c.touches)));
    }
    if c.new_tag {
        parts.push(t!("watch-new-tag"));
    }
    parts.join("; ")
}

/// Shows one's own watch lists.
pub(crate) async fn list(
    State(shared): State<AppState>,
    frame: Frame,
    Extension(caller): Extension<Caller>,
    Query(q): Query<ToWatch>,
) -> Page {
    let lists = run_blocking(move || Ok(shared.monitor().watch_lists(&caller.0)?)).await?;
    let heads = [T("watch-list-name"), T("watch-when"), N("watch-items"), T("watch-quiet")];
    let row = |l: &WatchList| {
        html! { tr {
            td { a href={(HERE) "/" (l.id)} { (l.settings.name) } }
            td { (conditions(&l.settings.conditions)) }
            td.n { (l.items) }
            td { @if let Some(q) = l.settings.quiet { (clock(q.from)) " - " (clock(q.to)) " UTC" } }
        } }
    };
    let body = html! {
        @if let Some((kind, value)) = q.given() { (put_on(kind, value, &lists)) }
        p { (t!("watch-about")) " " a href=(TOLD) { (t!("nav-notifications")) } }
        (listing(&heads, &lists, "watch-none", row))
        h2 { (t!("watch-make")) }
        (settings_form(&format!("{HERE}{}", q.query()), None, "watch-make"))
    };
    Ok(frame.desk(&t!("nav-watch-lists"), HERE, body))
}

/// Makes a list.
pub(crate) async fn make(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Query(q): Query<ToWatch>,
    Fields(form): Fields<Set>,
) -> Answer {
    let settings = form.settings().map_err(|e| Set::explain(e.into()))?;
    let id =
        run_blocking(move || Ok(shared.monitor().make_watch_list(settings, &caller.0)?)).await.map_err(Set::explain)?;
    // What was to be watched waits in the form of the new list.
    Ok(back(format!("{HERE}/{id}{}", q.query())))
}

fn items(list: &[WatchItem], path: &str) -> Markup {
    let heads = [T("common-kind"), T("watch-value"), T("common-note"), T("watch-checked"), Bare];
    listing(&heads, list, "watch-no-item", |i| {
        html! { tr {
            td { (word(i.kind)) }
            td { span.hash { (i.value) } @if let Some(problem) = &i.problem { br; span.note.long { (t!("watch-problem", what = problem.as_str())) } } }
            td { (i.note) }
            td { @match i.checked { Some(at) => (time(at)), None => (t!("watch-unchecked")) } }
            td { (form_of::<Off>(path, &[("step", "off"), ("item", &i.id.to_string())], "watch-off")) }
        } }
    })
}

/// Shows a list with its items.
pub(crate) async fn page(
    State(shared): State<AppState>,
    frame: Frame,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
    Query(q): Query<ToWatch>,
) -> Page {
    let (list, all) = run_blocking(move || Ok(shared.monitor().watch_list(id, &caller.0)?)).await?;
    let path = format!("{HERE}/{id}");
    let body = html! {
        p { a href=(HERE) { (t!("nav-watch-lists")) } " " a href=(TOLD) { (t!("nav-notifications")) } }
        p { (conditions(&list.settings.conditions)) }
        (items(&all, &path))
        h2 { (t!("watch-add")) }
        form.step method="post" action=(path) {
            input type="hidden" name="step" value="items";
            (item_fields(q.given()))
            button type="submit" { (t!("common-add")) }
        }
        h2 { (t!("watch-settings")) }
        (settings_form(&path, Some(&list.settings), "common-save"))
        (form_of::<Nothing>(&path, &[("step", "remove")], "watch-remove"))
    };
    Ok(frame.desk(&list.settings.name, HERE, body))
}

fn take(shared: &AppState, caller: &Caller, id: u64, step: Step) -> Result<String, ApiError> {
    let monitor = shared.monitor();
    match step {
        Step::Set(form) => {
            let settings = form.settings().map_err(|e| Set::explain(e.into()))?;
            monitor.set_watch_list(id, settings, &caller.0).map_err(|e| Set::explain(e.into()))?;
        }
        Step::Items(form) => {
            let item =
                |value: &str| NewWatchItem { kind: form.kind, value: value.to_owned(), note: form.note.0.clone() };
            let new: Vec<NewWatchItem> =
                form.value.0.lines().filter(|line| !line.trim().is_empty()).map(item).collect();
            may_watch(caller, &new)?;
            monitor.watch(id, new, &caller.0)?;
        }
        Step::Off(form) => monitor.unwatch(id, form.item.0, &caller.0)?,
        Step::Remove(_) => {
            monitor.remove_watch_list(id, &caller.0)?;
            return Ok(HERE.to_owned());
        }
    }
    Ok(format!("{HERE}/{id}"))
}

/// Takes a step of a list.
pub(crate) async fn step(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
    Fields(step): Fields<Step>,
) -> Answer {
    Ok(back(run_blocking(move || take(&shared, &caller, id, step)).await?))
}

/// Shows one's own notifications, the latest first.
pub(crate) async fn notifications(
    State(shared): State<AppState>,
    frame: Frame,
    Extension(caller): Extension<Caller>,
    Query(q): Query<ListQuery>,
) -> Page {
    let found = run_blocking(move || Ok(shared.monitor().notifications(&caller.0, q.after, MAX_LISTED)?)).await?;
    let heads = [T("common-time"), T("watch-value"), T("watch-what")];
    let next = found.list.last().filter(|_| u32::try_from(found.list.len()).is_ok_and(|n| n >= MAX_LISTED));
    let row = |n: &Notification| {
        let subject = n.subject.split_once(':').map_or(n.subject.as_str(), |(_, value)| value);
        html! { tr {
            td { (time(n.time)) @if n.id > found.seen { " " strong { (t!("watch-new")) } } }
            td { @if may_follow(&frame, &n.link) { a.hash href=(n.link) { (subject) } } @else { span.hash { (subject) } } }
            td { (n.text) @if let Some(list) = n.list { " " a href={(HERE) "/" (list)} { (t!("watch-list")) } } }
        } }
    };
    let body = html! {
        p { a href=(HERE) { (t!("nav-watch-lists")) } }
        @if let Some(latest) = found.list.first().filter(|n| n.id > found.seen) {
            (form_of::<SeenTo>(TOLD, &[("up_to", &latest.id.to_string())], "watch-seen"))
        }
        (listing(&heads, &found.list, "watch-nothing", row))
        @if let Some(last) = next { p { a href={(TOLD) "?after=" (last.id)} { (t!("common-next-page")) } } }
    };
    Ok(frame.desk(&t!("nav-notifications"), HERE, body))
}

/// Notes what was seen.
pub(crate) async fn seen(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Fields(form): Fields<SeenTo>,
) -> Answer {
    run_blocking(move || Ok(shared.monitor().notifications_seen(&caller.0, form.up_to.0)?)).await?;
    Ok(back(TOLD.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_amounts_are_read() {
        assert_eq!(
            [minute("a", "22:30"), minute("a", "00:00"), minute("a", " ")],
            [Ok(Some(1_350)), Ok(Some(0)), Ok(None)]
        );
        assert!(minute("quiet_from", "24:00").is_err() && minute("quiet_from", "8").is_err());
        assert_eq!([cents("1000"), cents("0.5"), cents("")], [Ok(Some(100_000)), Ok(Some(50)), Ok(None)]);
        for wrong in ["-1", "1.234", "1e3", ".", "99999999999999999999"] {
            assert!(cents(wrong).is_err(), "{wrong}");
        }
    }
}
