//! Alerts: the queue with its filters and views, a panel of evidence beside it, and the page of each. What a script does by key is a form or a link without one.

use crate::desk::alert_panel::{Panel, people_choice};
use crate::desk::drawings::{risk_chip, whole_money};
use crate::desk::in_unit;
use crate::desk::links::Links;
use axum::Extension;
use axum::extract::{Path, Query, State};
use holdfast_api::workbench::{lead_into_case, make_step};
use holdfast_decision::Typology;
use holdfast_page::components::{none, word};
use holdfast_page::figures::percent;
use holdfast_page::forms::{Fields, Flag, Free, Input, Number, Opt, PageForm, Text, page_form, page_steps};
use holdfast_page::frame::{Answer, Frame, Page, back};
use holdfast_page::places::Finder;
use holdfast_page::texts::t;
use holdfast_screening::alerts::{AlertAction, Outcome};
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::clearance::Clearance;
use holdfast_state::error::ApiError;
use holdfast_types::ids::CaseId;
use holdfast_types::{Seconds, Timestamp};
use holdfast_workbench::queue::{self, Clock, Order, PAGE, QueuePage, QueueQuery, QueueRow, Risk, Triage};
use holdfast_workbench::steps::{HoldStep, Seen, Step};
use holdfast_workbench::views::{self, NewView, View};
use maud::{Markup, html};
use serde::Deserialize;
use strum::VariantArray;

const HERE: &str = "/desk/alerts";

const OUTCOMES: &[(&str, &str)] = &[
    ("true_positive", "alert-true-positive"),
    ("false_positive", "alert-false-positive"),
    ("inconclusive", "alert-inconclusive"),
];

page_form! {
    /// Gives an alert to somebody, or to nobody.
    struct Assign {
        assignee: Opt<Text> = "alert-assignee", Input::Own;
        version: Opt<Number<u64>> = "alert-version", Input::Hidden;
    }
}

page_form! {
    /// Adds a comment.
    struct Comment {
        text: Text = "common-text", Input::Line;
        version: Opt<Number<u64>> = "alert-version", Input::Hidden;
    }
}

page_form! {
    /// Closes an alert.
    struct Close {
        outcome: Outcome = "alert-outcome", Input::Choice(OUTCOMES);
        text: Text = "common-reason", Input::Line;
        hold: Free = "alert-hold", Input::Hidden;
        version: Opt<Number<u64>> = "alert-version", Input::Hidden;
    }
}

/// Closes an alert with active holds: the same fields, of which that of the holds is shown.
#[derive(Debug, Deserialize)]
pub(crate) struct CloseHeld {}

impl PageForm for CloseHeld {
    const FIELDS: &'static [holdfast_page::forms::Field] = &[
        Close::FIELDS[0],
        Close::FIELDS[1],
        holdfast_page::forms::Field {
            name: "hold",
            label: "alert-hold",
            input: Input::Choice(&[
                ("", "alert-hold-choose"),
                ("keep", "alert-hold-keep"),
                ("release", "alert-hold-release"),
            ]),
        },
    ];
}

page_form! {
    /// Opens an alert again.
    struct Reopen {
        text: Text = "common-reason", Input::Line;
        version: Opt<Number<u64>> = "alert-version", Input::Hidden;
    }
}

page_form! {
    /// Leads an alert into a case.
    struct IntoCase {
        case: Opt<Number<CaseId>> = "alert-case", Input::Of("number");
    }
}

page_form! {
    /// Saves the filter as a view.
    struct SaveView {
        name: Text = "alerts-view-name", Input::Line;
        shared: Flag = "alerts-view-shared", Input::Of("checkbox");
        query: Free = "alerts-view-query", Input::Hidden;
    }
}

page_steps! {
    /// An action on an alert.
    enum Action by "action" {
        "assign" => Assign(Assign),
        "comment" => Comment(Comment),
        "close" => Close(Close),
        "reopen" => Reopen(Reopen),
    }
}

fn hold_step(text: &str) -> Result<Option<HoldStep>, ApiError> {
    match text {
        "" => Ok(None),
        other => other.parse().map(Some).map_err(|_| {
            ApiError::bad(t!("form-none-of", field = t!("alert-hold"), text = other, values = "keep, release"))
        }),
    }
}

impl Action {
    fn step(self, id: u64) -> Result<Step, ApiError> {
        let (step, hold, version) = match self {
            Action::Assign(f) => (AlertAction::Assign { assignee: f.assignee.text() }, None, f.version),
            Action::Comment(f) => (AlertAction::Comment { text: f.text.0 }, None, f.version),
            Action::Close(f) => {
                (AlertAction::Close { outcome: f.outcome, text: f.text.0 }, hold_step(&f.hold.0)?, f.version)
            }
            Action::Reopen(f) => (AlertAction::Reopen { text: f.text.0 }, None, f.version),
        };
        Ok(Step { alerts: vec![Seen { id, version: version.0.map(|v| v.0) }], step, hold })
    }
}

/// Which alerts, and which of them is open in the panel.
#[derive(Debug, Deserialize)]
pub(crate) struct ListQuery {
    #[serde(flatten)]
    query: QueueQuery,
    #[serde(default)]
    at: String,
}

/// A span of time as people say it, in its largest unit.
pub(crate) fn age(span: Seconds) -> String {
    let seconds = span.count().max(0);
    match seconds {
        0..3_600 => t!("alerts-minutes", n = seconds / 60),
        3_600..172_800 => t!("alerts-hours", n = seconds / 3_600),
        _ => t!("alerts-days", n = seconds / 86_400),
    }
}

/// How an alert stands to the time by which it should be closed: a sign, a word and a colour.
pub(crate) fn clock_chip(row: &QueueRow, now: Timestamp) -> Markup {
    let (sign, text) = match row.clock {
        Clock::InTime => ("◔", t!("alerts-due-in", span = age(row.due - now))),
        Clock::Soon => ("◕", t!("alerts-due-in", span = age(row.due - now))),
        Clock::Late => ("⚠", t!("alerts-late-by", span = age(now - row.due))),
        Clock::Stopped => return html! {},
    };
    html! { span class={"clock " (<&str>::from(row.clock))} { span aria-hidden="true" { (sign) } " " (text) } }
}

/// The same in a word, for a row.
fn clock_word(row: &QueueRow, now: Timestamp) -> Markup {
    let (sign, text, whole) = match row.clock {
        Clock::InTime => ("◔", t!("alerts-in-time"), t!("alerts-due-in", span = age(row.due - now))),
        Clock::Soon => ("◕", t!("alerts-soon"), t!("alerts-due-in", span = age(row.due - now))),
        Clock::Late => ("⚠", t!("alerts-late"), t!("alerts-late-by", span = age(now - row.due))),
        Clock::Stopped => return html! {},
    };
    // What is in time needs no word: it is told to who cannot see the sign.
    let is_quiet = row.clock == Clock::InTime;
    html! { span class={"clock " (<&str>::from(row.clock))} title=(whole) {
        span aria-hidden="true" { (sign) } " " @if is_quiet { span.unseen { (text) } } @else { (text) }
    } }
}

/// A query as a form has it.
fn text_of(query: &QueueQuery) -> String {
    let fields = serde_json::to_value(query).unwrap_or_default();
    let mut text = form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields.as_object().into_iter().flatten() {
        text.append_pair(name, value.as_str().unwrap_or_default());
    }
    text.finish()
}

/// A query as the page's address has it.
fn address(query: &QueueQuery, change: impl FnOnce(&mut QueueQuery)) -> String {
    let mut query = query.clone();
    change(&mut query);
    let text = text_of(&query);
    if text.is_empty() { HERE.to_owned() } else { format!("{HERE}?{text}") }
}

/// What the page of the queue shows.
struct Bench {
    query: QueueQuery,
    page: QueuePage,
    /// Amounts of its rows, in the unit of their assets.
    amounts: Vec<Option<String>>,
    views: Vec<View>,
    people: Vec<String>,
    rules: Vec<String>,
    /// The alert that is open in the panel.
    panel: Option<(u64, Panel)>,
    currency: String,
    now: Timestamp,
    who: String,
}

impl Bench {
    fn of(shared: &AppState, caller: &Caller, finder: Finder<'_>, list: ListQuery) -> Result<Self, ApiError> {
        let page = queue::page(&shared.screening, &list.query.read(&caller.0)?)?;
        let wanted = match list.at.trim() {
            "" => page.rows.first().map(|row| row.alert.id),
            text => Some(text.parse().map_err(|_| ApiError::bad(t!("form-no-number", text = text)))?),
        };
        let panel =
            wanted.map(|id| Ok::<_, ApiError>((id, Panel::of(shared, caller, finder, id, false)?))).transpose()?;
        let amount = |row: &QueueRow| Some(in_unit(shared, row.amount?, row.asset.as_deref()?));
        let book = shared.screening.book();
        Ok(Bench {
            amounts: page.rows.iter().map(amount).collect(),
            views: views::list(&shared.screening, &caller.0)?,
            people: holdfast_workbench::assignees(&shared.screening, &caller.0)?,
            rules: book.file.rules.iter().map(|rule| rule.id.clone()).collect(),
            currency: book.file.policy.reference_currency.clone(),
            now: shared.screening.now(),
            who: caller.0.to_string(),
            query: list.query,
            page,
            panel,
        })
    }

    /// Views that everybody has, then the saved ones, each with its count.
    fn view_links(&self) -> Markup {
        let built_in = [
            ("alerts-view-open", QueueQuery::default()),
            ("alerts-view-mine", QueueQuery { assignee: "me".into(), ..QueueQuery::default() }),
            ("alerts-view-nobody", QueueQuery { assignee: "nobody".into(), ..QueueQuery::default() }),
            ("alerts-view-severe", QueueQuery { risk: "severe".into(), ..QueueQuery::default() }),
            (
                "alerts-view-closed",
                QueueQuery { state: "closed".into(), sort: "newest".into(), ..QueueQuery::default() },
            ),
        ];
        let here = QueueQuery { page: String::new(), ..self.query.clone() };
        let link = |query: &QueueQuery, text: &str, count: Option<(u64, bool)>| {
            html! { a href=(address(query, |_| ())) aria-current=[(*query == here).then_some("true")] {
                (text) @if let Some((n, is_more)) = count { " " span.count { (n) @if is_more { "+" } } }
            } }
        };
        html! { nav.filters aria-label=(t!("alerts-views")) {
            @for (key, query) in &built_in {
                (link(query, &t!(*key), (*query == here).then_some((self.page.count, self.page.is_more)))) " "
            }
            @for view in &self.views { @match &view.refused {
                Some(why) => span.note title=(why) { (view.name) " (" (t!("alerts-view-unreadable")) ")" },
                None => (link(&view.query, &view.name, view.is_counted.then_some((view.count, view.is_more)))),
            } " " }
        } }
    }

    fn filter_form(&self) -> Markup {
        let query = &self.query;
        let choice =
            |name: &str, key: &'static str, chosen: &str, values: &mut dyn Iterator<Item = (String, String)>| {
                html! { label { (t!(key)) select name=(name) {
                    option value="" { @if name == "sort" { (t!("alerts-sort-usual")) } @else { (t!("requests-all")) } }
                    @for (value, text) in values { option value=(value) selected[value == chosen] { (text) } }
                } } }
            };
        let line = |name: &str, key: &'static str, value: &str, hint: &str| {
            html! { label { (t!(key)) input name=(name) value=(value) placeholder=(hint) size="10"; } }
        };
        let named = |name: &str| (name.to_owned(), word(name));
        let plain = |name: &String| (name.clone(), name.clone());
        let fixed = ["me", "nobody"]
            .map(|name| (name.to_owned(), t!(if name == "me" { "alerts-me" } else { "common-nobody" })));
        html! { details.filter open[*query != QueueQuery::default()] {
            summary { (t!("alerts-filter")) }
            form.step action=(HERE) method="get" {
                (choice("state", "common-state", &query.state, &mut ["open", "closed", "all"].into_iter().map(named)))
                (choice("risk", "alerts-risk", &query.risk, &mut Risk::VARIANTS.iter().map(|risk| named(risk.name()))))
                (choice("rule", "events-rule", &query.rule, &mut self.rules.iter().map(plain)))
                (choice("assignee", "alerts-assignee", &query.assignee, &mut fixed.into_iter().chain(self.people.iter().map(plain))))
                (line("customer", "common-customer", &query.customer, ""))
                (line("asset", "common-asset", &query.asset, "BTC"))
                (line("amount", "alerts-amount", &query.amount, "1000.00"))
                (line("age", "alerts-age-least", &query.age, "12h"))
                (choice("typology", "common-typology", &query.typology, &mut Typology::ALL.iter().map(|t| named(t.name()))))
                (choice("sort", "alerts-sort", &query.sort, &mut Order::VARIANTS.iter().map(|o| (o.name().to_owned(), word(format!("sort-{}", o.name()))))))
                button type="submit" { (t!("common-show")) }
                a href=(HERE) { (t!("alerts-filter-none")) }
            }
        } }
    }

    fn save_form(&self) -> Markup {
        let query = text_of(&self.query);
        let own = self.views.iter().filter(|view| view.owner == self.who);
        html! { details.filter {
            summary { (t!("alerts-view-save")) }
            form.step method="post" action={(HERE) "/views"} {
                input type="hidden" name="query" value=(query);
                label { (t!("alerts-view-name")) input name="name" maxlength="100" required; }
                label { input type="checkbox" name="shared" value="true"; (t!("alerts-view-shared")) }
                button type="submit" { (t!("common-save")) }
            }
            @for view in own { form.step method="post" action={(HERE) "/views/" (view.id)} {
                button.plain type="submit" { (t!("alerts-view-delete", name = view.name.as_str())) }
            } }
        } }
    }

    fn row(&self, row: &QueueRow, amount: Option<&String>, links: Links<'_>) -> Markup {
        let alert = &row.alert;
        let is_here = self.panel.as_ref().is_some_and(|(id, _)| *id == alert.id);
        let seen = format!("{}:{}", alert.id, row.version);
        html! { tr data-alert=(alert.id) data-version=(row.version) data-state=(alert.state) data-assignee=[alert.assignee.as_deref()] aria-current=[is_here.then_some("true")] {
            td { input type="checkbox" name="alert" value=(seen) aria-label=(t!("alert-title", id = alert.id)); }
            td { (risk_chip(row.risk)) }
            td.n { (links.alert(alert.id)) }
            td.cut title=(alert.reason) { (alert.rules.first().map_or("", String::as_str)) @if alert.rules.len() > 1 { " +" (alert.rules.len() - 1) } }
            td.cut { @if !alert.customer.is_empty() { (links.customer(&alert.customer)) } }
            td.n { @if let Some(amount) = amount { (amount) } }
            td.n { @if let Some(value) = row.value { (whole_money(value)) } }
            td { (age(self.now - alert.created)) " " (clock_word(row, self.now)) @if let Some(outcome) = &alert.outcome { (word(outcome)) } }
            td.cut data-who { @match &alert.assignee { Some(name) => (name), None => span.note { (t!("common-nobody")) } } }
            @if self.page.sort == Order::Triage { td.n { @match row.triage {
                Some(Triage { probability_ppm, at_stake }) => { (percent(probability_ppm.into())) @if let Some(value) = at_stake { ", " (whole_money(value)) } },
                None => span.note { (t!("alerts-triage-none")) },
            } } }
        } }
    }

    fn sort_head(&self, key: &'static str, order: Order, is_number: bool) -> Markup {
        let is_here = self.query.sort == order.name();
        let to = address(&self.query, |q| {
            q.sort = order.name().to_owned();
            q.page = String::new();
        });
        html! { th.n[is_number] aria-sort=[is_here.then_some("other")] {
            a href=(to) { (t!(key)) @if order == Order::Value { ", " (self.currency) } }
        } }
    }

    fn table(&self, frame: &Frame) -> Markup {
        let links = Links(frame);
        let pages = u32::try_from(self.page.count.div_ceil(u64::from(PAGE))).unwrap_or(u32::MAX);
        let to_page = |n: u32| address(&self.query, |q| q.page = n.to_string());
        html! {
            @if self.page.rows.is_empty() { (none(&t!("alerts-none"))) p { a href=(HERE) { (t!("alerts-filter-none")) } } } @else {
                div.wide { table.rows {
                    thead { tr {
                        th { span.unseen { (t!("alerts-select")) } }
                        (self.sort_head("alerts-risk", Order::Risk, false))
                        (self.sort_head("alerts-alert", Order::Newest, true))
                        (self.sort_head("events-rule", Order::Rule, false))
                        (self.sort_head("common-customer", Order::Customer, false))
                        th.n { (t!("common-amount")) }
                        (self.sort_head("alerts-value", Order::Value, true))
                        (self.sort_head("alerts-age-head", Order::Oldest, false))
                        (self.sort_head("alerts-assignee", Order::Assignee, false))
                        @if self.page.sort == Order::Triage { th.n { (t!("alerts-triage")) ", " (self.currency) } }
                    } }
                    tbody { @for (row, amount) in self.page.rows.iter().zip(&self.amounts) { (self.row(row, amount.as_ref(), links)) } }
                } }
            }
            @if pages > 1 { p.pages {
                @if self.page.page > 1 { a href=(to_page(self.page.page - 1)) { (t!("alerts-page-before")) } " " }
                (t!("alerts-page", page = self.page.page, pages = pages)) @if self.page.is_more { "+" }
                @if self.page.page < pages { " " a href=(to_page(self.page.page + 1)) { (t!("common-next-page")) } }
            } }
        }
    }

    /// What is done with the selected alerts.
    fn bulk(&self, frame: &Frame) -> Markup {
        html! { @if frame.may("alerts") { fieldset.step.bulk {
            legend { (t!("alerts-bulk")) }
            label { (t!("alerts-assignee")) (people_choice(&self.people, Some(&self.who))) }
            button type="submit" name="do" value="assign" { (t!("alert-assign")) }
            label { (t!("alert-outcome")) select name="outcome" { @for (value, key) in OUTCOMES { option value=(value) { (t!(*key)) } } } }
            label { (t!("common-reason")) input name="text" size="24"; }
            label { (t!("alert-hold")) select name="hold" {
                option value="" { (t!("alert-hold-choose")) } option value="keep" { (t!("alert-hold-keep")) } option value="release" { (t!("alert-hold-release")) }
            } }
            button type="submit" name="do" value="close" { (t!("alert-close")) }
            @if frame.may("desk") { button type="submit" name="do" value="case" { (t!("alert-into-case")) } }
        } } }
    }

    fn body(&self, frame: &Frame) -> Markup {
        let may =
            ["alerts", "holds", "desk"].into_iter().filter(|scope| frame.may(scope)).collect::<Vec<_>>().join(" ");
        html! {
            link rel="stylesheet" href=[holdfast_assets::path("workbench.css")];
            div.bench data-bench=(may) data-who=(self.who) {
                section.queue aria-label=(t!("alerts-title")) {
                    (self.view_links())
                    div.tools { (self.filter_form()) @if frame.may("alerts") { (self.save_form()) } }
                    form method="post" action={(HERE) "/steps"} {
                        input type="hidden" name="query" value=(text_of(&self.query));
                        (self.table(frame))
                        (self.bulk(frame))
                    }
                }
                aside #panel aria-label=(t!("alert-evidence")) { @match &self.panel {
                    Some((_, panel)) => (panel.panel(frame)),
                    None => p.note { (t!("alerts-nothing-open")) },
                } }
            }
            (self.dialogs())
            script type="module" src=[holdfast_assets::path("workbench.js")] {}
        }
    }

    /// Texts and choices of the keys; a script shows them.
    fn dialogs(&self) -> Markup {
        let reasons = [
            ("false_positive", "bench-reason-usual"),
            ("false_positive", "bench-reason-known"),
            ("false_positive", "bench-reason-rule"),
            ("true_positive", "bench-reason-reported"),
            ("true_positive", "bench-reason-told"),
            ("inconclusive", "bench-reason-open"),
        ];
        let keys = [
            ("j k", "bench-key-move"),
            ("o Enter", "bench-key-open"),
            ("a", "bench-key-assign"),
            ("Shift+A", "bench-key-assign-to"),
            ("c", "bench-key-close"),
            ("e", "bench-key-case"),
            ("h", "bench-key-hold"),
            ("n", "bench-key-note"),
            ("x", "bench-key-select"),
            ("Shift+X", "bench-key-range"),
            (".", "bench-key-bulk"),
            ("u", "bench-key-undo"),
        ];
        html! {
            template #bench-close data-title=(t!("bench-key-close")) { ol.reasons { @for (outcome, key) in reasons {
                li data-outcome=(outcome) { label { input type="radio" name="reason" value=(t!(key)); (t!(key)) " " span.note { (word(outcome)) } } }
            } } }
            template #bench-people data-title=(t!("bench-key-assign-to")) { ol.reasons { @for person in &self.people { li { label { input type="radio" name="reason" value=(person); (person) } } } } }
            template data-texts=(holdfast_page::texts::for_script("bench-text-")) {}
            template #bench-keys { @for (keys, about) in keys { p data-key=(keys) { (t!(about)) } } }
        }
    }
}

/// Shows the queue of alerts.
pub(crate) async fn list(
    State(shared): State<AppState>,
    frame: Frame,
    Extension(caller): Extension<Caller>,
    Clearance(clearance): Clearance,
    Query(list): Query<ListQuery>,
) -> Page {
    let bench = run_blocking(move || {
        let finder = Finder { chains: &shared.chains, clearance };
        Bench::of(&shared, &caller, finder, list)
    })
    .await?;
    Ok(frame.desk(&t!("alerts-title"), HERE, bench.body(&frame)))
}

async fn gather(
    shared: AppState,
    caller: Caller,
    clearance: holdfast_attribution::Tlp,
    id: u64,
    is_page: bool,
) -> Result<Panel, ApiError> {
    run_blocking(move || {
        let finder = Finder { chains: &shared.chains, clearance };
        Panel::of(&shared, &caller, finder, id, is_page)
    })
    .await
}

/// Returns what stands in the panel beside the queue.
pub(crate) async fn panel(
    State(shared): State<AppState>,
    frame: Frame,
    Extension(caller): Extension<Caller>,
    Clearance(clearance): Clearance,
    Path(id): Path<u64>,
) -> Page {
    Ok(gather(shared, caller, clearance, id, false).await?.panel(&frame))
}

/// Shows an alert, with the event that it is about and all that there is about both.
pub(crate) async fn page(
    State(shared): State<AppState>,
    frame: Frame,
    Extension(caller): Extension<Caller>,
    Clearance(clearance): Clearance,
    Path(id): Path<u64>,
) -> Page {
    let panel = gather(shared, caller, clearance, id, true).await?;
    let body = html! { link rel="stylesheet" href=[holdfast_assets::path("workbench.css")]; (panel.page(&frame)) (Links(&frame).history(&format!("alert:{id}"))) };
    Ok(frame.desk(&t!("alert-title", id = id), HERE, body))
}

/// Acts on an alert.
pub(crate) async fn act(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
    Fields(form): Fields<Action>,
) -> Answer {
    make_step(shared, caller, form.step(id)?).await.map_err(Close::explain)?;
    Ok(back(format!("/desk/alerts/{id}")))
}

/// What is done with the alerts that are ticked.
#[derive(Debug, Deserialize)]
pub(crate) struct Bulk {
    #[serde(default)]
    alert: Vec<String>,
    #[serde(rename = "do")]
    what: String,
    #[serde(default)]
    query: String,
    #[serde(default)]
    assignee: String,
    #[serde(default)]
    outcome: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    hold: String,
}

impl holdfast_page::forms::FromForm for Bulk {
    fn from_form(body: &[u8]) -> Result<Self, ApiError> {
        serde_html_form::from_bytes(body).map_err(|e| ApiError::bad(e.to_string()))
    }
}

impl Bulk {
    fn seen(&self) -> Result<Vec<Seen>, ApiError> {
        let read = |text: &String| {
            let (id, version) = text.split_once(':')?;
            Some(Seen { id: id.parse().ok()?, version: Some(version.parse().ok()?) })
        };
        let wrong = |text: &String| ApiError::bad(t!("form-no-number", text = text.as_str()));
        self.alert.iter().map(|text| read(text).ok_or_else(|| wrong(text))).collect()
    }
}

/// The page's address of a query as a form has it, written anew from what was read: nothing else gets into the header.
fn address_again(query: &str) -> String {
    serde_html_form::from_str::<QueueQuery>(query).map_or_else(|_| HERE.to_owned(), |query| address(&query, |_| ()))
}

/// Makes a step on the alerts that are ticked.
pub(crate) async fn steps(
    State(shared): State<AppState>,
    frame: Frame,
    Extension(caller): Extension<Caller>,
    Fields(form): Fields<Bulk>,
) -> Answer {
    let seen = form.seen()?;
    if form.what == "case" {
        let order =
            holdfast_api::workbench::IntoCase { alerts: seen.iter().map(|s| s.id).collect(), case: None, title: None };
        let made = lead_into_case(shared, caller, order).await?;
        return Ok(back(format!("/desk/cases/{}", made.case)));
    }
    let step = match form.what.as_str() {
        "assign" => AlertAction::Assign { assignee: Some(form.assignee).filter(|name| !name.is_empty()) },
        "close" => {
            let outcome = serde_json::from_value(serde_json::Value::String(form.outcome))
                .map_err(|e| ApiError::bad(format!("{}: {e}", t!("alert-outcome"))))?;
            AlertAction::Close { outcome, text: form.text }
        }
        other => {
            return Err(
                ApiError::bad(t!("form-none-of", field = "do", text = other, values = "assign, close, case")).into()
            );
        }
    };
    let results = make_step(shared, caller, Step { alerts: seen, step, hold: hold_step(&form.hold)? }).await?;
    let refused: Vec<_> = results.iter().filter_map(|result| result.refused.as_deref()).collect();
    let holds: Vec<_> = results.iter().flat_map(|result| &result.holds).collect();
    let to = address_again(&form.query);
    if refused.is_empty() && holds.is_empty() {
        return Ok(back(to));
    }
    // What was not done is said before anything else.
    let body = html! {
        p { (t!("alerts-steps-done", n = results.iter().filter(|r| r.done).count())) }
        @if !refused.is_empty() { p.error { (t!("alerts-steps-refused", n = refused.len())) } ul { @for why in &refused { li { (why) } } } }
        ul { @for said in &holds { li { (said) } } }
        p { a href=(to) { (t!("alerts-title")) } }
    };
    Ok(axum::response::IntoResponse::into_response(frame.desk(&t!("alerts-bulk"), HERE, body)))
}

/// Saves a view.
pub(crate) async fn save_view(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Fields(form): Fields<SaveView>,
) -> Answer {
    let query: QueueQuery = serde_html_form::from_str(&form.query.0).map_err(|e| ApiError::bad(e.to_string()))?;
    let to = address(&query, |_| ());
    let new = NewView { name: form.name.0, shared: form.shared.0, query };
    run_blocking(move || Ok(views::save(&shared.screening, new, &caller.0)?)).await.map_err(SaveView::explain)?;
    Ok(back(to))
}

/// Deletes a view.
pub(crate) async fn delete_view(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
) -> Answer {
    run_blocking(move || Ok(views::delete(&shared.screening, id, &caller.0)?)).await?;
    Ok(back(HERE.to_owned()))
}

/// Leads an alert into a case: the one that is named, or a new one.
pub(crate) async fn into_case(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
    Fields(form): Fields<IntoCase>,
) -> Answer {
    let order =
        holdfast_api::workbench::IntoCase { alerts: vec![id], case: form.case.0.map(|case| case.0), title: None };
    let made = lead_into_case(shared, caller, order).await?;
    Ok(back(format!("/desk/cases/{}", made.case)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_page::forms::FromForm;

    #[test]
    fn a_query_is_read_before_it_is_an_address() {
        assert_eq!(address_again("sort=oldest&customer=c-1"), "/desk/alerts?customer=c-1&sort=oldest");
        for query in ["", "\r\nSet-Cookie: a=b", "unknown=1\r\n\r\nx"] {
            let to = address_again(query);
            assert!(to == HERE && !to.contains(['\r', '\n']), "{query}: {to}");
        }
        assert!(!address_again("customer=a\r\nb").contains(['\r', '\n']));
    }

    #[test]
    fn every_outcome_of_the_form_closes_an_alert() {
        let Input::Choice(outcomes) = Close::FIELDS[0].input else { panic!() };
        for (value, _) in outcomes {
            let body = format!("action=close&outcome={value}&text=why&hold=keep&version=3");
            let step = Action::from_form(body.as_bytes()).unwrap().step(7).unwrap();
            let AlertAction::Close { outcome, .. } = step.step else { panic!() };
            assert_eq!((outcome.name(), step.hold, step.alerts[0].version), (*value, Some(HoldStep::Keep), Some(3)));
        }
        let nobody = Action::from_form(b"action=assign&assignee=+").unwrap().step(7).unwrap();
        assert_eq!(nobody.step, AlertAction::Assign { assignee: None });
        let e = Action::from_form(b"action=close&outcome=undecided&text=why").unwrap_err();
        assert!(e.message.starts_with(&t!("alert-outcome")), "{}", e.message);
        let e =
            Action::from_form(b"action=close&outcome=inconclusive&text=why&hold=burn").unwrap().step(7).unwrap_err();
        assert!(e.message.contains("keep, release"), "{}", e.message);
    }

    #[test]
    fn ticked_alerts_carry_the_version_that_was_seen() {
        let bulk = Bulk::from_form(b"alert=7%3A3&alert=8%3A0&do=assign&assignee=ana").unwrap();
        let seen = bulk.seen().unwrap();
        assert_eq!(seen, [Seen { id: 7, version: Some(3) }, Seen { id: 8, version: Some(0) }]);
        assert!(Bulk::from_form(b"do=assign").unwrap().seen().unwrap().is_empty());
        assert!(Bulk::from_form(b"alert=x&do=assign").unwrap().seen().is_err());
    }

    #[test]
    fn an_address_carries_what_is_filtered_by() {
        let query = QueueQuery { customer: "c 1".into(), page: "2".into(), ..QueueQuery::default() };
        assert_eq!(address(&query, |q| q.page = String::new()), "/desk/alerts?customer=c+1");
        assert_eq!(address(&QueueQuery::default(), |_| ()), "/desk/alerts");
        assert_eq!(age(Seconds::hours(50)), t!("alerts-days", n = 2));
        assert_eq!(age(Seconds::new(-5)), t!("alerts-minutes", n = 0));
    }
}
