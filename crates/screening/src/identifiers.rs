//! By what customers can be found: email, phone, name, deposit address, destination of a withdrawal, card, bank account, document.

use crate::db::{Database, DbError, Value};
use crate::model::{Event, EventKind, Record, RecordKind};

/// Something that a customer can be found by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identifier {
    /// email, phone, name, deposit_address, destination, instrument or document.
    pub kind: &'static str,
    /// Canonical.
    pub value: String,
    /// Whose.
    pub customer: String,
    /// Which record or kind of event states it, such as customer:c1.
    pub source: String,
}

pub(crate) const COLUMNS: [&str; 4] = ["kind", "value", "customer", "source"];

impl Identifier {
    pub(crate) fn row(self) -> Vec<Value> {
        vec![self.kind.into(), self.value.into(), self.customer.into(), self.source.into()]
    }
}

/// An email address, phone number or name as it is compared: lower case; digits of a phone number only; single spaces.
pub fn comparable(kind: &str, value: &str) -> String {
    match kind {
        "phone" => {
            let digits: String = value.chars().filter(char::is_ascii_digit).collect();
            digits.strip_prefix("00").map_or(digits.clone(), str::to_owned)
        }
        "name" | "email" => value.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase(),
        _ => value.to_owned(),
    }
}

/// What a record says.
pub fn of_record(record: &Record) -> Vec<Identifier> {
    let own = (record.kind == RecordKind::Customer).then_some(&record.id);
    let Some(customer) = own.or(record.customer.as_ref()) else { return Vec::new() };
    let source = format!("{}:{}", record.kind.name(), record.id);
    let mut fields: Vec<(&'static str, Option<&String>)> = vec![
        ("email", record.email.as_ref()),
        ("phone", record.phone.as_ref()),
        ("name", record.name.as_ref()),
        ("document", record.document.as_ref()),
    ];
    match record.kind {
        RecordKind::DepositAddress => fields.push(("deposit_address", Some(&record.id))),
        RecordKind::Card | RecordKind::BankAccount => {
            fields.push(("instrument", record.fingerprint.as_ref().or(Some(&record.id))))
        }
        _ => {}
    }
    let identifier = |(kind, value): (&'static str, Option<&String>)| {
        Some(Identifier { kind, value: comparable(kind, value?), customer: customer.clone(), source: source.clone() })
    };
    fields.into_iter().filter_map(identifier).collect()
}

/// What an event says: where a withdrawal went.
pub fn of_event(event: &Event) -> Option<Identifier> {
    let to = event.counterparty.clone().filter(|_| event.kind == EventKind::Withdrawal)?;
    Some(Identifier { kind: "destination", value: to, customer: event.customer.clone(), source: "withdrawal".into() })
}

/// Customers with an identifier and which records or events state it, at most `limit`.
///
/// # Errors
/// [`DbError`].
pub fn find(db: &mut Database, kind: &str, value: &str, limit: usize) -> Result<Vec<(String, String)>, DbError> {
    let rows = db.query(
        "SELECT customer, source FROM identifiers WHERE kind = $1 AND value = $2 ORDER BY customer, source LIMIT $3",
        &[kind.into(), comparable(kind, value).into(), (limit.min(10_000) as i64).into()],
    )?;
    rows.iter().map(|r| Ok((r.text(0)?.to_owned(), r.text(1)?.to_owned()))).collect()
}

/// Values asked about in one statement; fewer are padded, so that one prepared statement serves all.
const MANY: usize = 256;

/// Customers with one of many values of a kind, with the value: (value, customer). At most `limit` for each few hundred values.
///
/// # Errors
/// [`DbError`].
pub fn find_many(
    db: &mut Database,
    kind: &str,
    values: &[String],
    limit: usize,
) -> Result<Vec<(String, String)>, DbError> {
    let places: Vec<String> = (0..MANY).map(|i| format!("${}", i + 2)).collect();
    let sql = format!(
        "SELECT DISTINCT value, customer FROM identifiers WHERE kind = $1 AND value IN ({}) ORDER BY value, customer LIMIT ${}",
        places.join(", "),
        MANY + 2
    );
    let mut found = Vec::new();
    for part in values.chunks(MANY) {
        let mut parameters: Vec<Value> = vec![kind.into()];
        parameters.extend(part.iter().map(|v| comparable(kind, v).into()));
        let last = parameters.last().cloned().unwrap_or(Value::Null);
        parameters.resize(MANY + 1, last);
        parameters.push((limit.min(10_000) as i64).into());
        for row in &db.query(&sql, &parameters)? {
            found.push((row.text(0)?.to_owned(), row.text(1)?.to_owned()));
        }
    }
    Ok(found)
}

/// Whether a customer is known by its id.
///
/// # Errors
/// [`DbError`].
pub fn is_customer(db: &mut Database, id: &str) -> Result<bool, DbError> {
    Ok(!db.query("SELECT id FROM records WHERE kind = 'customer' AND id = $1", &[id.into()])?.is_empty())
}
