//! An alert led into a case, with all that it names.

use holdfast_cases::case::{CaseChoice, Gathered, ItemKind, NewCase, Person};
use holdfast_cases::{CaseError, Cases};
use holdfast_screening::alerts::AlertAction;
use holdfast_screening::service::DecidedEvent;
use holdfast_types::Invalid;
use holdfast_types::ids::CaseId;

/// Most alerts that are led into a case at once.
const MAX_ALERTS: usize = 20;

fn thing(kind: ItemKind, key: impl Into<String>, title: &str) -> Gathered {
    Gathered { kind, key: key.into(), title: title.to_owned() }
}

/// What an event names: the event itself, its customer, the other side's address, its transaction, its holds.
fn named(decided: &DecidedEvent, title: &str) -> Vec<Gathered> {
    let DecidedEvent { event, facts, decision, completion } = decided;
    let mut things = vec![thing(ItemKind::Event, &event.id, title), thing(ItemKind::Subject, &event.customer, "")];
    let other = event.counterparty.as_ref().or_else(|| facts.senders.first());
    things.extend(other.map(|address| thing(ItemKind::Address, address, title)));
    let tx = event.tx.as_ref().or_else(|| completion.as_ref().and_then(|c| c.tx.as_ref()));
    // A transfer of an account chain is named by its transaction and its place in it.
    let tx = tx.map(|tx| tx.split(':').next().unwrap_or(tx).to_owned());
    things.extend(tx.map(|tx| thing(ItemKind::Transaction, tx, title)));
    things.extend(decision.holds.iter().map(|hold| thing(ItemKind::Hold, hold.to_string(), "")));
    things
}

/// Puts alerts into a case, with the events, customers, addresses, transactions and holds that they name: into one that is open, or a new one, whose title is
/// that of the first alert where none is given. Each alert gets a comment that names the case. Returns the case and how many things were new there.
///
/// # Errors
/// [`CaseError`] when an alert is unknown, or the case is unknown, closed or not the person's.
pub fn into_case(
    cases: &Cases<'_>,
    alerts: &[u64],
    case: Option<CaseId>,
    title: Option<String>,
    person: &Person,
) -> Result<(CaseId, usize), CaseError> {
    if alerts.is_empty() || alerts.len() > MAX_ALERTS {
        return Err(Invalid::new("alerts", format!("must name 1 to {MAX_ALERTS} alerts")).into());
    }
    let (mut things, mut first) = (Vec::new(), None);
    for id in alerts {
        let (alert, _) = cases.screening.alert(*id)?;
        things.push(thing(ItemKind::Alert, alert.id.to_string(), &alert.reason));
        if alert.event > 0 {
            things.extend(named(&cases.screening.event_numbered(alert.event)?, &alert.reason));
        }
        first.get_or_insert(alert);
    }
    let into = match (case, first) {
        (Some(id), _) => CaseChoice::Open(id),
        (None, first) => {
            let of_alert = first.map(|alert| format!("{}: {}", alert.customer, alert.reason)).unwrap_or_default();
            let title = title.filter(|t| !t.trim().is_empty()).unwrap_or(of_alert);
            CaseChoice::New(NewCase { title: short(&title), summary: String::new(), typology: None })
        }
    };
    let (case, added) = cases.gather(into, things, person)?;
    let (ids, comment) = (alerts.to_vec(), AlertAction::Comment { text: format!("led into case {case}") });
    cases.screening.transact(&person.name, move |tx| ids.iter().try_for_each(|id| tx.act_on_alert(*id, &comment)))?;
    Ok((case, added))
}

/// A title of at most 200 bytes.
fn short(title: &str) -> String {
    let mut end = title.len().min(200);
    while !title.is_char_boundary(end) {
        end -= 1;
    }
    title[..end].chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_cut_between_characters() {
        assert_eq!(short("a\nb"), "ab");
        assert_eq!(short(&"é".repeat(150)).len(), 200);
        assert_eq!(short(&format!("a{}", "é".repeat(150))).len(), 199);
    }
}
