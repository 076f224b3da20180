//! Steps on one alert or many at once. A step may name the version of each alert that its author saw: who comes second is told who was first. Closing asks
//! what happens to the holds of the alert's event.

use crate::assignees;
use holdfast_cases::mentions;
use holdfast_decision::model::text_ok;
use holdfast_identity::same_person;
use holdfast_screening::alerts::{self, Alert, AlertAction, Outcome};
use holdfast_screening::holds::{Hold, HoldFilter};
use holdfast_screening::service::Transaction;
use holdfast_screening::{Screening, ScreeningError};
use holdfast_store::number;
use holdfast_types::Invalid;
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};
use utoipa::ToSchema;

/// Most alerts of one step.
pub const MAX_ALERTS: usize = 500;
/// Most holds of an alert: one decision places few.
const MAX_HOLDS: usize = 1_000;

/// An alert as somebody saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SeenAlert)]
pub struct Seen {
    /// Its number.
    pub id: u64,
    /// The version that was seen; without one the step is made whatever happened meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
}

/// What happens to the active holds of an alert that is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, IntoStaticStr, EnumString)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum HoldStep {
    /// They stay.
    Keep,
    /// They are released, or their release is asked for where a second person is needed.
    Release,
}

/// A step on alerts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Which alerts, at most 500.
    pub alerts: Vec<Seen>,
    /// What to do with each.
    pub step: AlertAction,
    /// What happens to their active holds; asked for where one with holds is closed as a true positive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<HoldStep>,
}

/// What came of a step on one alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct StepResult {
    /// Number of the alert.
    pub id: u64,
    /// Whether the step was made.
    pub done: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// Its version now.
    pub version: u64,
    /// What became of its holds, in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<String>,
}

/// Returns the active holds of an alert: those that its event's decision placed.
///
/// # Errors
/// [`ScreeningError`] when the database fails.
pub fn active_holds(screening: &Screening, alert: &Alert) -> Result<Vec<Hold>, ScreeningError> {
    if alert.event == 0 {
        return Ok(Vec::new());
    }
    let filter = HoldFilter {
        state: Some("active".into()),
        customer: Some(alert.customer.clone()),
        event: Some(alert.event),
        limit: MAX_HOLDS,
        ..HoldFilter::default()
    };
    screening.holds(&filter)
}

/// The version of an alert, and who made its last step.
fn version(tx: &mut Transaction<'_>, id: u64) -> Result<(u64, Option<String>), ScreeningError> {
    let sql = "SELECT id, author, action FROM alert_notes WHERE alert = $1 ORDER BY id DESC LIMIT 1";
    let rows = tx.db().query(sql, &[number(id)])?;
    let Some(row) = rows.first() else { return Ok((0, None)) };
    let done = match row.text(2)? {
        "assign" => "assigned",
        "close" => "closed",
        "reopen" => "opened again",
        _ => "commented on",
    };
    Ok((row.number(0)?, Some(format!("{done} by {}", row.text(1)?))))
}

/// Applies an action to an alert and tells whom its text names.
fn act_and_tell(tx: &mut Transaction<'_>, id: u64, action: &AlertAction) -> Result<(), ScreeningError> {
    tx.act_on_alert(id, action)?;
    match action {
        AlertAction::Comment { text } | AlertAction::Close { text, .. } | AlertAction::Reopen { text } => {
            mentions::note(tx, &format!("alert:{id}"), text, None)
        }
        AlertAction::Assign { .. } => Ok(()),
    }
}

/// Applies an action to one alert, as [`Screening::act_on_alert`], and tells whom its text names.
///
/// # Errors
/// [`ScreeningError`].
pub fn act(screening: &Screening, id: u64, action: AlertAction, actor: &str) -> Result<(), ScreeningError> {
    screening.transact(actor, move |tx| act_and_tell(tx, id, &action))
}

/// Makes the step on one alert, or returns why not; errors of the database end the whole change.
fn apply(tx: &mut Transaction<'_>, seen: Seen, action: &AlertAction) -> Result<StepResult, ScreeningError> {
    let (now, by) = version(tx, seen.id)?;
    let refused = |why: String, version: u64| StepResult {
        id: seen.id,
        done: false,
        refused: Some(why),
        version,
        holds: Vec::new(),
    };
    if seen.version.is_some_and(|was| was != now) {
        let by = by.unwrap_or_else(|| "changed".into());
        return Ok(refused(format!("alert {} was {by} while you looked at it; look again", seen.id), now));
    }
    match act_and_tell(tx, seen.id, action) {
        Ok(()) => {}
        Err(e @ (ScreeningError::NotFound(_) | ScreeningError::State(_))) => return Ok(refused(e.to_string(), now)),
        Err(e) => return Err(e),
    }
    Ok(StepResult { id: seen.id, done: true, refused: None, version: version(tx, seen.id)?.0, holds: Vec::new() })
}

/// Asks what happens to the holds where that is not said.
fn check_holds(screening: &Screening, step: &Step) -> Result<(), ScreeningError> {
    let AlertAction::Close { outcome: Outcome::TruePositive, .. } = step.step else { return Ok(()) };
    if step.hold.is_some() {
        return Ok(());
    }
    for seen in &step.alerts {
        let Some((alert, _)) = screening.read(|db| alerts::get(db, seen.id))? else { continue };
        if let Some(hold) = active_holds(screening, &alert)?.first() {
            let why =
                format!("alert {} has hold {}: say whether it is kept or released (keep, release)", seen.id, hold.id);
            return Err(Invalid::new("hold", why).into());
        }
    }
    Ok(())
}

fn release(screening: &Screening, id: u64, why: &str, actor: &str) -> Result<Vec<String>, ScreeningError> {
    let (alert, _) = screening.alert(id)?;
    let mut said = Vec::new();
    for hold in active_holds(screening, &alert)? {
        // The alert is closed already: what a hold refuses is said, and stays to be done.
        said.push(match screening.release_hold(hold.id, None, why, actor) {
            Ok(hold) if hold.state == "active" => format!("the release of hold {} waits for a second person", hold.id),
            Ok(hold) => format!("hold {} is {}", hold.id, hold.state),
            Err(e) => format!("hold {} stays: {e}", hold.id),
        });
    }
    Ok(said)
}

/// Makes a step on all its alerts. What one alert refuses does not stop the others. Its author may release holds: whoever calls this checked it.
///
/// # Errors
/// [`ScreeningError::Invalid`] names the field; [`ScreeningError::Store`] when nothing was stored.
pub fn make(screening: &Screening, mut step: Step, actor: &str) -> Result<Vec<StepResult>, ScreeningError> {
    if step.alerts.is_empty() || step.alerts.len() > MAX_ALERTS {
        return Err(Invalid::new("alerts", format!("must name 1 to {MAX_ALERTS} alerts")).into());
    }
    match &mut step.step {
        AlertAction::Assign { assignee: Some(name) } => {
            text_ok("assignee", name)?;
            let known = assignees(screening, actor)?;
            let Some(found) = known.iter().find(|person| same_person(person, name)) else {
                let why = format!("'{name}' is nobody who may work alerts; one of {}", known.join(", "));
                return Err(Invalid::new("assignee", why).into());
            };
            // Queues compare exactly: the spelling of the key is what is stored.
            name.clone_from(found);
        }
        AlertAction::Assign { assignee: None } => {}
        AlertAction::Comment { text } | AlertAction::Close { text, .. } | AlertAction::Reopen { text } => {
            if text.trim().is_empty() || text.len() > 9_900 {
                return Err(Invalid::new("text", "must be 1 to 9900 bytes").into());
            }
        }
    }
    check_holds(screening, &step)?;
    let Step { alerts, step: action, hold } = step;
    let mut ids = std::collections::BTreeSet::new();
    let alerts: Vec<Seen> = alerts.into_iter().filter(|seen| ids.insert(seen.id)).collect();
    let text = match &action {
        AlertAction::Close { text, .. } => Some(text.clone()),
        _ => None,
    };
    let mut results = screening.transact(actor, move |tx| {
        alerts.into_iter().map(|seen| apply(tx, seen, &action)).collect::<Result<Vec<_>, ScreeningError>>()
    })?;
    if let (Some(HoldStep::Release), Some(why)) = (hold, text) {
        for result in results.iter_mut().filter(|result| result.done) {
            result.holds = release(screening, result.id, &why, actor)?;
        }
    }
    Ok(results)
}
