//! What identifies a customer: everything that records and events state of them, as it was stated and as it is compared.

use crate::RetentionError;
use crate::pseudonym::{Identifying, MAX_VALUES};
use holdfast_decision::model::{Event, Record, RecordKind};
use holdfast_screening::identifiers::comparable;
use holdfast_store::{Database, DbError, parse};
use std::collections::BTreeSet;

/// Events that are read at once.
const PAGE: i64 = 500;

/// What identifies a customer.
#[derive(Debug, Default)]
pub(crate) struct Values {
    /// Theirs alone: these are replaced.
    pub(crate) own: BTreeSet<Identifying>,
    /// Another customer has them too, so that they stay: a shared device, an address between two customers.
    pub(crate) shared: BTreeSet<Identifying>,
}

/// Fields of identifiers as records and events name them, with the kinds under which others may have the same.
const KINDS: [(&str, &[&str]); 11] = [
    ("email", &["email"]),
    ("phone", &["phone"]),
    ("name", &["name", "name_key"]),
    ("address", &["address", "deposit_address", "destination"]),
    ("counterparty", &["address", "deposit_address", "destination"]),
    ("tx", &["transaction"]),
    ("instrument", &["instrument", "iban"]),
    ("document", &["document"]),
    ("device", &["device"]),
    ("ip", &["ip"]),
    ("account", &["account"]),
];

fn field_of(kind: &str) -> Option<&'static str> {
    KINDS.iter().find(|(_, kinds)| kinds.contains(&kind)).map(|(field, _)| *field)
}

fn of_record(record: &Record, customer: &str, add: &mut dyn FnMut(&'static str, &str)) {
    let fields = [
        ("account", &record.account),
        ("name", &record.name),
        ("email", &record.email),
        ("phone", &record.phone),
        ("instrument", &record.fingerprint),
        ("document", &record.document),
        ("address", &record.address),
    ];
    for (field, value) in fields {
        value.iter().for_each(|value| add(field, value));
    }
    if record.kind != RecordKind::Customer && record.id != customer {
        add("id", &record.id);
    }
}

fn of_event(event: &Event, add: &mut dyn FnMut(&'static str, &str)) {
    let fields = [
        ("account", &event.account),
        ("tx", &event.tx),
        ("address", &event.address),
        ("counterparty", &event.counterparty),
        ("instrument", &event.instrument),
        ("device", &event.device),
        ("ip", &event.ip),
        ("document", &event.document),
        ("reference", &event.reference),
    ];
    for (field, value) in fields {
        value.iter().for_each(|value| add(field, value));
    }
}

/// Returns whether another customer has a value, or is it.
fn is_shared(db: &mut Database, of: &Identifying, customer: &str) -> Result<bool, DbError> {
    // A counterparty may be a customer itself.
    let sql = "SELECT 1 FROM records WHERE id = $1 AND (customer <> $2 OR (kind = 'customer' AND id <> $2)) LIMIT 1";
    if !db.query(sql, &[of.value.as_str().into(), customer.into()])?.is_empty() {
        return Ok(true);
    }
    let Some((_, kinds)) = KINDS.iter().find(|(field, _)| *field == of.field) else { return Ok(false) };
    for kind in *kinds {
        for value in [of.value.clone(), comparable(kind, &of.value)] {
            for table in ["identifiers", "event_identifiers"] {
                let sql = format!("SELECT 1 FROM {table} WHERE kind = $1 AND value = $2 AND customer <> $3 LIMIT 1");
                if !db.query(&sql, &[(*kind).into(), value.as_str().into(), customer.into()])?.is_empty() {
                    return Ok(true);
                }
            }
        }
    }
    Ok(false)
}

/// Returns what identifies a customer.
pub(crate) fn of(db: &mut Database, customer: &str) -> Result<Values, RetentionError> {
    let mut all = BTreeSet::new();
    let mut add = |field: &'static str, value: &str| {
        let value = value.trim();
        if !value.is_empty() && value != customer {
            all.insert(Identifying { field, value: value.to_owned() });
        }
    };
    for table in ["identifiers", "event_identifiers"] {
        let sql = format!("SELECT DISTINCT kind, value FROM {table} WHERE customer = $1");
        for row in db.query(&sql, &[customer.into()])? {
            if let Some(field) = field_of(row.text(0)?) {
                add(field, row.text(1)?);
            }
        }
    }
    let sql = "SELECT body FROM records WHERE customer = $1 OR (kind = 'customer' AND id = $1)";
    for row in db.query(sql, &[customer.into()])? {
        of_record(&parse("record", row.text(0)?)?, customer, &mut add);
    }
    let mut after = 0_i64;
    loop {
        let sql = "SELECT seq, body FROM events WHERE customer = $1 AND seq > $2 ORDER BY seq LIMIT $3";
        let page = db.query(sql, &[customer.into(), after.into(), PAGE.into()])?;
        let Some(last) = page.last() else { break };
        after = last.int(0)?;
        for row in &page {
            of_event(&parse("event", row.text(1)?)?, &mut add);
        }
    }
    if all.len() > MAX_VALUES {
        let text = format!("{} values identify the customer; at most {MAX_VALUES} are replaced at once", all.len());
        return Err(RetentionError::State(text));
    }
    let mut values = Values::default();
    for value in all {
        match is_shared(db, &value, customer)? {
            true => values.shared.insert(value),
            false => values.own.insert(value),
        };
    }
    values.own.insert(Identifying { field: "customer", value: customer.to_owned() });
    Ok(values)
}
