//! What the desk works on around an event: alerts, holds, cases and requests.

use crate::desk::links::Links;
use holdfast_api_investigation::cases::person;
use holdfast_cases::case::{Case, ItemKind};
use holdfast_page::components::word;
use holdfast_page::texts::t;
use holdfast_requests::intake::Stored;
use holdfast_screening::alerts::Alert;
use holdfast_screening::holds::{Hold, HoldFilter};
use holdfast_screening::service::DecidedEvent;
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::error::ApiError;
use holdfast_state::routes::READERS;
use maud::{Markup, html};

/// Most holds of an event: one decision places few.
const MAX_HOLDS: usize = 1_000;

/// What there is about an event. Cases are those that the person may read.
pub(crate) struct Work {
    alerts: Vec<Alert>,
    holds: Vec<Hold>,
    cases: Vec<Case>,
    requests: Vec<(Stored, String)>,
    /// Whether the person may read cases and requests at all.
    reads: bool,
}

/// Returns whether somebody may read cases and requests.
pub(crate) fn reads_cases(caller: &Caller) -> bool {
    READERS.scopes().iter().any(|scope| caller.may(scope))
}

impl Work {
    /// Gathers what there is about an event and its customer.
    pub(crate) fn about(shared: &AppState, caller: &Caller, decided: &DecidedEvent) -> Result<Self, ApiError> {
        let (event, decision) = (&decided.event, &decided.decision);
        let alerts = shared.screening.alerts_about(decision.seq)?;
        let filter = HoldFilter {
            customer: Some(event.customer.clone()),
            event: Some(decision.seq),
            limit: MAX_HOLDS,
            ..HoldFilter::default()
        };
        let mut holds = shared.screening.holds(&filter)?;
        // Those that the decision names may be of another event.
        for id in &decision.holds {
            if !holds.iter().any(|hold| hold.id == *id) {
                holds.push(shared.screening.hold(*id)?);
            }
        }
        holds.sort_by_key(|hold| hold.id);
        let reads = reads_cases(caller);
        let (mut cases, mut requests) = (Vec::new(), Vec::new());
        if reads {
            let mut items = vec![(ItemKind::Subject, event.customer.clone()), (ItemKind::Event, event.id.clone())];
            items.extend(alerts.iter().map(|alert| (ItemKind::Alert, alert.id.to_string())));
            items.extend(holds.iter().map(|hold| (ItemKind::Hold, hold.id.to_string())));
            cases = shared.cases().with_items(&items, &person(caller))?;
            requests = shared.desk().about_customer(&event.customer, &caller.0)?;
        }
        Ok(Work { alerts, holds, cases, requests, reads })
    }

    /// Lists of all of it, but the alert whose own page it is.
    pub(crate) fn lists(&self, links: Links<'_>, own_alert: Option<u64>) -> Markup {
        let alerts: Vec<&Alert> = self.alerts.iter().filter(|alert| Some(alert.id) != own_alert).collect();
        html! {
            @if !alerts.is_empty() {
                h2 { (t!("nav-alerts")) }
                ul { @for alert in alerts { li { (links.alert(alert.id)) " " (word(&alert.state)) ": " (alert.reason) } } }
            }
            @if !self.holds.is_empty() {
                h2 { (t!("nav-holds")) }
                ul { @for hold in &self.holds { li { (links.hold(hold.id)) " " (word(&hold.state)) ", " (word(hold.scope.name())) ": " (hold.basis) } } }
            }
            @if self.reads {
                h2 { (t!("nav-cases")) }
                @if self.cases.is_empty() { p.note { (t!("events-no-case")) } } @else { (links.cases(&self.cases)) }
                h2 { (t!("nav-requests")) }
                @if self.requests.is_empty() { p.note { (t!("customers-no-request")) } } @else { (links.requests(&self.requests)) }
            }
        }
    }
}
