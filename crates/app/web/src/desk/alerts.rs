//! Alerts.

use crate::desk::decided::Shown;
use crate::desk::links::Links;
use crate::desk::work::Work;
use axum::Extension;
use axum::extract::{Path, Query, State};
use holdfast_api::answers::screening::AlertState;
use holdfast_page::components::ListQuery;
use holdfast_page::components::{List, N, PAGE_ROWS, T, time, word};
use holdfast_page::forms::{Fields, Input, Opt, PageForm, Text, form_of, page_form, page_steps};
use holdfast_page::frame::{Answer, Frame, Page, back};
use holdfast_page::places::Finder;
use holdfast_page::texts::{rich, t};
use holdfast_screening::alerts::{Alert, AlertAction, AlertFilter, Outcome};
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::state_filter;
use holdfast_state::clearance::Clearance;
use maud::{Markup, html};

page_form! {
    /// Gives an alert to somebody, or to nobody.
    struct Assign {
        assignee: Opt<Text> = "alert-assignee", Input::Line;
    }
}

page_form! {
    /// Adds a comment.
    struct Comment {
        text: Text = "common-text", Input::Line;
    }
}

page_form! {
    /// Closes an alert.
    struct Close {
        outcome: Outcome = "alert-outcome", Input::Choice(&[
            ("true_positive", "alert-true-positive"),
            ("false_positive", "alert-false-positive"),
            ("inconclusive", "alert-inconclusive"),
        ]);
        text: Text = "common-reason", Input::Line;
    }
}

page_form! {
    /// Opens an alert again.
    struct Reopen {
        text: Text = "common-reason", Input::Line;
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

impl From<Action> for AlertAction {
    fn from(action: Action) -> Self {
        match action {
            Action::Assign(f) => AlertAction::Assign { assignee: f.assignee.text() },
            Action::Comment(f) => AlertAction::Comment { text: f.text.0 },
            Action::Close(f) => AlertAction::Close { outcome: f.outcome, text: f.text.0 },
            Action::Reopen(f) => AlertAction::Reopen { text: f.text.0 },
        }
    }
}

/// Shows alerts.
pub(crate) async fn list(State(shared): State<AppState>, frame: Frame, Query(q): Query<ListQuery>) -> Page {
    let state = state_filter(q.state.as_deref())?.unwrap_or(AlertState::Open);
    let filter = AlertFilter { state: Some(state.to_string()), after: q.after, limit: PAGE_ROWS, ..Default::default() };
    let list = run_blocking(move || Ok(shared.screening.alerts(&filter)?)).await?;
    let heads = [
        N("alerts-alert"),
        T("common-customer"),
        T("common-decision"),
        T("common-reason"),
        T("alerts-assignee"),
        T("alerts-since"),
    ];
    let alerts = List {
        path: "/desk/alerts",
        states: &[("open", "alerts-open"), ("closed", "alerts-closed")],
        default_state: "open",
        heads: &heads,
        empty: "alerts-none",
    };
    let links = Links(&frame);
    let row = |a: &Alert| {
        html! { tr {
            td.n { (links.alert(a.id)) }
            td { (links.customer(&a.customer)) }
            td { (word(&a.decision)) }
            td { (a.reason) br; span.note { (a.rules.join(", ")) } }
            td { @match &a.assignee { Some(name) => (name), None => (t!("common-nobody")) } }
            td { (time(a.created)) }
        } }
    };
    let body = alerts.show(&q, &list, |a| a.id, row);
    Ok(frame.desk(&t!("alerts-title"), "/desk/alerts", body))
}

fn action<T: PageForm>(to: &str, name: &str, button: &str) -> Markup {
    form_of::<T>(to, &[("action", name)], button)
}

/// Shows an alert, with the event that it is about and all that there is about both.
pub(crate) async fn page(
    State(shared): State<AppState>,
    frame: Frame,
    Extension(caller): Extension<Caller>,
    Clearance(clearance): Clearance,
    Path(id): Path<u64>,
) -> Page {
    let (a, notes, shown, work) = run_blocking(move || {
        let (alert, notes) = shared.screening.alert(id)?;
        let decided = shared.screening.event_numbered(alert.event)?;
        let work = Work::about(&shared, &caller, &decided)?;
        let finder = Finder { chains: &shared.chains, clearance };
        Ok((alert, notes, Shown::of(&shared, finder, decided), work))
    })
    .await?;
    let to = format!("/desk/alerts/{id}");
    let links = Links(&frame);
    let body = html! {
        dl {
            dt { (t!("common-customer")) } dd { (links.customer(&a.customer)) }
            dt { (t!("common-decision")) } dd { (word(&a.decision)) }
            dt { (t!("common-reason")) } dd { (a.reason) }
            dt { (t!("alert-rules")) } dd { (links.rules(&a.rules, &shown.book)) }
            dt { (t!("common-state")) } dd { (word(&a.state)) @if let Some(o) = &a.outcome { ": " (word(o)) } }
            dt { (t!("alerts-assignee")) } dd { @match &a.assignee { Some(name) => (name), None => (t!("common-nobody")) } }
            dt { (t!("alerts-since")) } dd { (time(a.created)) }
        }
        h2 { (rich!("alert-about-event", event = links.event(&shown.decided.event.id))) }
        (shown.event(links, frame.may("desk")))
        (shown.decision(links))
        (shown.facts())
        (work.lists(links, Some(id)))
        h2 { (t!("alert-notes")) }
        @for n in &notes { p { strong { (n.author) } " " (time(n.time)) " " (word(&n.action)) br; (n.text) } }
        @if frame.may("alerts") {
            (action::<Assign>(&to, "assign", "alert-assign"))
            (action::<Comment>(&to, "comment", "alert-comment"))
            @if a.state == "open" { (action::<Close>(&to, "close", "alert-close")) }
            @else { (action::<Reopen>(&to, "reopen", "alert-reopen")) }
        }
    };
    Ok(frame.desk(&t!("alert-title", id = id), "/desk/alerts", body))
}

/// Acts on an alert.
pub(crate) async fn act(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
    Fields(form): Fields<Action>,
) -> Answer {
    run_blocking(move || Ok(shared.screening.act_on_alert(id, form.into(), &caller.0)?)).await?;
    Ok(back(format!("/desk/alerts/{id}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_page::forms::FromForm;

    #[test]
    fn every_outcome_of_the_form_closes_an_alert() {
        let Input::Choice(outcomes) = Close::FIELDS[0].input else { panic!() };
        for (value, _) in outcomes {
            let body = format!("action=close&outcome={value}&text=why");
            let action: AlertAction = Action::from_form(body.as_bytes()).unwrap().into();
            let AlertAction::Close { outcome, .. } = action else { panic!() };
            assert_eq!(outcome.name(), *value);
        }
        let nobody: AlertAction = Action::from_form(b"action=assign&assignee=+").unwrap().into();
        assert_eq!(nobody, AlertAction::Assign { assignee: None });
        let e = Action::from_form(b"action=close&outcome=undecided&text=why").unwrap_err();
        assert!(e.message.starts_with(&t!("alert-outcome")), "{}", e.message);
    }
}
