//! Which of the things that people name by hand, such as the items of a case, are stored: what they wrote may be a slip, or a name.

use crate::CaseError;
use holdfast_screening::Screening;
use holdfast_store::{Database, DbError, Value, number};
use std::collections::BTreeSet;

/// A kind of thing of the desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing {
    /// A customer, by the exchange's id.
    Customer,
    /// An alert, by its number.
    Alert,
    /// A hold, by its number.
    Hold,
    /// An event, by the sender's id.
    Event,
    /// A request from law enforcement, by its id.
    Request,
}

impl Thing {
    /// Statements of which any finds it; whether its key is a number.
    fn found_by(self) -> (&'static [&'static str], bool) {
        match self {
            Thing::Customer => (
                &[
                    "SELECT 1 FROM records WHERE kind = 'customer' AND id = $1",
                    "SELECT 1 FROM records WHERE customer = $1 LIMIT 1",
                    "SELECT 1 FROM events WHERE customer = $1 LIMIT 1",
                    "SELECT 1 FROM holds WHERE customer = $1 LIMIT 1",
                ],
                false,
            ),
            Thing::Alert => (&["SELECT 1 FROM alerts WHERE id = $1"], true),
            Thing::Hold => (&["SELECT 1 FROM holds WHERE id = $1"], true),
            Thing::Event => (&["SELECT 1 FROM events WHERE id = $1"], false),
            Thing::Request => (&["SELECT 1 FROM requests WHERE id = $1"], false),
        }
    }
}

/// Returns those of some things that are stored.
///
/// # Errors
/// [`CaseError`] when the database fails.
pub fn stored(screening: &Screening, named: &[(Thing, String)]) -> Result<BTreeSet<(Thing, String)>, CaseError> {
    Ok(screening.read(|db| found(db, named))?)
}

fn found(db: &mut Database, named: &[(Thing, String)]) -> Result<BTreeSet<(Thing, String)>, DbError> {
    let mut found = BTreeSet::new();
    for (thing, key) in named {
        let (statements, is_number) = thing.found_by();
        let value: Value = match (is_number, key.parse::<u64>()) {
            (true, Ok(id)) => number(id),
            (true, Err(_)) => continue,
            (false, _) => key.as_str().into(),
        };
        for sql in statements {
            if !db.query(sql, std::slice::from_ref(&value))?.is_empty() {
                found.insert((*thing, key.clone()));
                break;
            }
        }
    }
    Ok(found)
}
