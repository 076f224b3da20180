//! Decided events: the list with its filters, and an event with how and why it was decided.

use crate::desk::decided::{Shown, amount_of, events_table};
use crate::desk::links::Links;
use crate::desk::work::Work;
use axum::Extension;
use axum::extract::{Path, Query, State};
use holdfast_decision::{EventKind, Verdict};
use holdfast_input::time::parse_date;
use holdfast_page::components::{PAGE_ROWS, word};
use holdfast_page::frame::{Frame, Page};
use holdfast_page::places::Finder;
use holdfast_page::texts::t;
use holdfast_page::to_case::to_case;
use holdfast_screening::events::EventFilter;
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::clearance::Clearance;
use holdfast_state::error::ApiError;
use holdfast_types::Seconds;
use maud::{Markup, html};
use serde::Deserialize;

const HERE: &str = "/desk/events";
/// Decisions, from mild to severe.
const VERDICTS: [Verdict; 4] = [Verdict::Allow, Verdict::Review, Verdict::Hold, Verdict::Reject];

/// Which events a page shows.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct EventsForm {
    #[serde(default)]
    customer: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    decision: String,
    #[serde(default)]
    rule: String,
    /// An address or a transaction.
    #[serde(default)]
    named: String,
    /// Decided on this day, UTC.
    #[serde(default)]
    day: String,
    /// Number of the event behind which the page begins.
    before: Option<u64>,
}

/// A value of a query that is one of several; none where it is empty.
fn one_of<T: Copy>(field: &str, text: &str, all: &[(&str, T)]) -> Result<Option<T>, ApiError> {
    if text.is_empty() {
        return Ok(None);
    }
    let names = || all.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let found = all.iter().find(|(name, _)| *name == text).map(|(_, value)| Some(*value));
    found.ok_or_else(|| ApiError::bad(t!("form-none-of", field = field, text = text, values = names())))
}

impl EventsForm {
    fn filter(&self) -> Result<EventFilter, ApiError> {
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let day = given(&self.day).map(|day| parse_date(&day)).transpose();
        let day = day.map_err(|e| ApiError::bad(format!("{}: {e}", t!("dash-day"))))?;
        Ok(EventFilter {
            decided: day.map(|day| (day, day + Seconds::DAY)),
            customer: given(&self.customer),
            kind: one_of("kind", self.kind.trim(), &EventKind::ALL.map(|kind| (kind.name(), kind)))?,
            decision: one_of("decision", self.decision.trim(), &VERDICTS.map(|verdict| (verdict.name(), verdict)))?,
            rule: given(&self.rule),
            named: given(&self.named),
            before: self.before,
            newest_first: true,
            limit: PAGE_ROWS,
            ..EventFilter::default()
        })
    }

    /// The path of the page behind an event.
    fn behind(&self, before: u64) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let own = [
            ("customer", &self.customer),
            ("kind", &self.kind),
            ("decision", &self.decision),
            ("rule", &self.rule),
            ("named", &self.named),
            ("day", &self.day),
        ];
        for (name, value) in own.into_iter().filter(|(_, value)| !value.trim().is_empty()) {
            query.append_pair(name, value.trim());
        }
        format!("{HERE}?{}", query.append_pair("before", &before.to_string()).finish())
    }
}

fn form(form: &EventsForm) -> Markup {
    let choice = |name: &str, chosen: &str, values: &[&str]| {
        html! { select name=(name) {
            option value="" { (t!("requests-all")) }
            @for value in values { option value=(value) selected[*value == chosen] { (word(value)) } }
        } }
    };
    html! { form.step action=(HERE) method="get" {
        label { (t!("events-named")) input name="named" value=(form.named) size="44"; }
        label { (t!("common-customer")) input name="customer" value=(form.customer); }
        label { (t!("common-kind")) (choice("kind", &form.kind, &EventKind::ALL.map(EventKind::name))) }
        label { (t!("common-decision")) (choice("decision", &form.decision, &VERDICTS.map(Verdict::name))) }
        label { (t!("dash-day")) input type="date" name="day" value=(form.day); }
        label { (t!("events-rule")) input name="rule" value=(form.rule); }
        button type="submit" { (t!("common-show")) }
    } }
}

/// Shows events, the latest first.
pub(crate) async fn list(State(shared): State<AppState>, frame: Frame, Query(query): Query<EventsForm>) -> Page {
    let filter = query.filter()?;
    let list = run_blocking(move || {
        let found = shared.screening.events(&filter)?;
        let with_amount = found.into_iter().map(|decided| {
            let amount = amount_of(&shared, &decided);
            (decided, amount)
        });
        Ok(with_amount.collect::<Vec<_>>())
    })
    .await?;
    let next = list.last().filter(|_| list.len() >= PAGE_ROWS).map(|(decided, _)| decided.decision.seq);
    let body = html! {
        (form(&query))
        (events_table(&list, Links(&frame), true))
        p {
            @if let Some(before) = next { a href=(query.behind(before)) { (t!("common-next-page")) } " " }
            @if query.before.is_some() { a href=(HERE) { (t!("accounts-first-page")) } }
        }
    };
    Ok(frame.desk(&t!("events-title"), HERE, body))
}

/// Shows an event.
pub(crate) async fn page(
    State(shared): State<AppState>,
    frame: Frame,
    Extension(caller): Extension<Caller>,
    Clearance(clearance): Clearance,
    Path(id): Path<String>,
) -> Page {
    let (shown, work) = run_blocking(move || {
        let decided = shared.screening.event(&id)?;
        let work = Work::about(&shared, &caller, &decided)?;
        let finder = Finder { chains: &shared.chains, clearance };
        Ok((Shown::of(&shared, finder, decided), work))
    })
    .await?;
    let links = Links(&frame);
    let body = html! {
        (shown.event(links, frame.may("desk")))
        (links.explorer("event", &shown.decided.event.id))
        (to_case(&frame, "event", &shown.decided.event.id))
        h2 { (t!("common-decision")) }
        (shown.decision(links))
        (shown.facts())
        (work.lists(links, None))
    };
    Ok(frame.desk(&t!("alert-event", id = shown.decided.event.id.as_str()), HERE, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_read_and_kept_on_the_next_page() {
        let form = EventsForm { kind: "deposit".into(), named: " 0x1&2 ".into(), ..EventsForm::default() };
        let filter = form.filter().unwrap();
        assert_eq!(
            (filter.kind, filter.named.as_deref(), filter.decision),
            (Some(EventKind::Deposit), Some("0x1&2"), None)
        );
        assert_eq!(form.behind(7), "/desk/events?kind=deposit&named=0x1%262&before=7");
        let wrong = EventsForm { decision: "maybe".into(), ..EventsForm::default() };
        let e = wrong.filter().unwrap_err();
        assert!(e.message.starts_with("decision: 'maybe' is none of allow, review"), "{}", e.message);
    }
}
