//! Customers, for whoever looks into one: finding one, and all that screening has of one. Its cases and requests are found by [`crate::Cases::with_items`]
//! and the desk's `about_customer`, for who may read them.

use crate::CaseError;
use holdfast_decision::Record;
use holdfast_screening::alerts::{self, Alert, AlertFilter};
use holdfast_screening::events::{self, EventFilter};
use holdfast_screening::holds::{self, Hold, HoldFilter};
use holdfast_screening::service::DecidedEvent;
use holdfast_screening::{Screening, identifiers};
use holdfast_store::{Database, DbError, number, parse};
use serde::Serialize;
use std::collections::BTreeMap;

/// Most records, and most events, of an answer.
pub const MAX_LISTED: usize = 200;
/// Most alerts, and most holds, of an answer.
const MAX_WORK: usize = 1_000;

/// What is known of a customer. Lists are cut at [`MAX_LISTED`], those of alerts and holds at a thousand; what is cut is said.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CustomerFile {
    /// The customer's id.
    pub customer: String,
    /// What the exchange stated: the customer, accounts, deposit addresses, cards, bank accounts, devices, identity checks.
    pub records: Vec<Record>,
    /// The latest events with their decisions, the latest first.
    pub events: Vec<DecidedEvent>,
    /// Alerts, the latest first.
    pub alerts: Vec<Alert>,
    /// Holds, the latest first.
    pub holds: Vec<Hold>,
    /// Lists of which more is stored than is here: `records`, `events`, `alerts`, `holds`.
    pub cut: Vec<String>,
}

impl CustomerFile {
    /// Returns whether nothing at all is stored of the customer.
    fn is_empty(&self) -> bool {
        self.records.is_empty() && self.events.is_empty() && self.alerts.is_empty() && self.holds.is_empty()
    }
}

/// Cuts a list, and notes that it was.
fn cut<T>(list: &mut Vec<T>, most: usize, name: &'static str, noted: &mut Vec<String>) {
    if list.len() > most {
        list.truncate(most);
        noted.push(name.to_owned());
    }
}

/// Returns what is stored of a customer.
///
/// # Errors
/// [`CaseError::NotFound`] for one of whom nothing is stored, and when the database fails.
pub fn of(screening: &Screening, customer: &str) -> Result<CustomerFile, CaseError> {
    let found = screening.read(|db| db.snapshot(|db| read(db, customer)))?;
    match found.is_empty() {
        true => Err(CaseError::NotFound(format!("customer '{customer}'"))),
        false => Ok(found),
    }
}

fn read(db: &mut Database, customer: &str) -> Result<CustomerFile, DbError> {
    let rows = db.query(
        "SELECT body FROM records WHERE (customer = $1 OR (kind = 'customer' AND id = $2)) ORDER BY kind, time DESC, id LIMIT $3",
        &[customer.into(), customer.into(), number(MAX_LISTED as u64 + 1)],
    )?;
    let mut records: Vec<Record> =
        rows.iter().map(|row| parse("record", row.text(0)?)).collect::<Result<_, DbError>>()?;
    let of_events = EventFilter {
        customer: Some(customer.to_owned()),
        newest_first: true,
        limit: MAX_LISTED + 1,
        ..EventFilter::default()
    };
    let mut events = events::list(db, &of_events)?;
    let own = Some(customer.to_owned());
    let of_alerts =
        AlertFilter { customer: own.clone(), newest_first: true, limit: MAX_WORK, ..AlertFilter::default() };
    let alerts = alerts::list(db, &of_alerts)?;
    let of_holds = HoldFilter { customer: own, newest_first: true, limit: MAX_WORK, ..HoldFilter::default() };
    let holds = holds::list(db, &of_holds)?;
    let mut noted = Vec::new();
    cut(&mut records, MAX_LISTED, "records", &mut noted);
    cut(&mut events, MAX_LISTED, "events", &mut noted);
    // Of a list that is full there may be more.
    noted.extend((alerts.len() >= MAX_WORK).then(|| "alerts".to_owned()));
    noted.extend((holds.len() >= MAX_WORK).then(|| "holds".to_owned()));
    Ok(CustomerFile { customer: customer.to_owned(), records, events, alerts, holds, cut: noted })
}

/// Kinds of identifiers by which customers are looked for, the surest first.
const KINDS: [&str; 9] =
    ["email", "phone", "account", "deposit_address", "destination", "iban", "instrument", "document", "device"];
/// Most customers that a search finds.
const MAX_FOUND: usize = 100;

/// Customers that a text names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// By their id, each with what records and withdrawals state of them.
    pub customers: BTreeMap<String, Vec<String>>,
    /// Whether there may be others: no more than a hundred are looked for.
    pub is_cut: bool,
}

/// Returns the customers that a text names, by their id or something that records and withdrawals state of them, each with what that is.
///
/// # Errors
/// [`CaseError`] when the database fails.
pub fn find(screening: &Screening, text: &str) -> Result<Found, CaseError> {
    Ok(screening.read(|db| found_by(db, text))?)
}

pub(crate) fn found_by(db: &mut Database, text: &str) -> Result<Found, DbError> {
    let text = text.trim();
    let (mut found, mut is_cut) = (BTreeMap::<String, Vec<String>>::new(), false);
    for sql in [
        "SELECT id FROM records WHERE kind = 'customer' AND id = $1",
        "SELECT customer FROM events WHERE customer = $1 LIMIT 1",
        "SELECT customer FROM holds WHERE customer = $1 LIMIT 1",
    ] {
        if let Some(row) = db.query(sql, &[text.into()])?.first() {
            found.entry(row.text(0)?.to_owned()).or_default();
            break;
        }
    }
    for kind in KINDS.into_iter().chain(["name_key"]) {
        for key in identifiers::keys(kind, text, None) {
            let named = identifiers::find_key(db, kind, &key, MAX_FOUND)?;
            is_cut |= named.len() == MAX_FOUND;
            for (customer, source) in named {
                if found.len() >= MAX_FOUND && !found.contains_key(&customer) {
                    is_cut = true;
                    continue;
                }
                let how = found.entry(customer).or_default();
                if !how.contains(&source) {
                    how.push(source);
                }
            }
        }
    }
    Ok(Found { customers: found, is_cut })
}
