//! What the exchange knows of a customer, by class of data: for preservations and productions. Nothing outside the asked classes is read.

use crate::request::DataClass;
use holdfast_screening::db::{Database, DbError, parse};
use holdfast_screening::holds::{self, Hold, HoldFilter};
use holdfast_screening::model::rfc3339;
use holdfast_screening::{Event, EventKind, Record, RecordKind};
use serde::Serialize;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Most events of one customer that are given at once.
pub const MAX_EVENTS: usize = 200_000;

/// A table of one class of data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Table {
    /// Its name, such as transactions.
    pub name: String,
    /// The class it belongs to.
    pub class: DataClass,
    /// Columns.
    pub columns: Vec<String>,
    /// Rows; every value as text.
    pub rows: Vec<Vec<String>>,
}

/// What is known of a customer, of some classes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CustomerData)]
pub struct Data {
    /// Customer.
    pub customer: String,
    /// Tables.
    pub tables: Vec<Table>,
    /// What is not there, and why.
    pub notes: Vec<String>,
}

fn table(name: &str, class: DataClass, columns: &[&str]) -> Table {
    Table { name: name.into(), class, columns: columns.iter().map(|c| (*c).to_owned()).collect(), rows: Vec::new() }
}

/// A field as text; what is not there is empty.
fn cell(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(s) => s.clone(),
        other => other.to_string(),
    }
}

fn fill<T: Serialize>(table: &mut Table, items: &[T]) {
    for item in items {
        let json = json!(item);
        let row = table.columns.iter().map(|c| match c.as_str() {
            // Times as people and courts read them; always UTC.
            "time" | "created" | "placed" | "expires" => json[c].as_i64().map_or(String::new(), rfc3339),
            _ => cell(&json[c]),
        });
        let row: Vec<String> = row.collect();
        table.rows.push(row);
    }
}

/// Reads what is known of a customer, of some classes of data.
///
/// # Errors
/// [`DbError`].
pub fn data(db: &mut Database, customer: &str, classes: &[DataClass]) -> Result<Data, DbError> {
    let rows = db.query(
        "SELECT body FROM records WHERE customer = $1 OR (kind = 'customer' AND id = $2) ORDER BY kind, id LIMIT 10000",
        &[customer.into(), customer.into()],
    )?;
    let records: Vec<Record> = rows.iter().map(|r| parse("record", r.text(0)?)).collect::<Result<_, _>>()?;
    let of = |kinds: &[RecordKind]| records.iter().filter(|r| kinds.contains(&r.kind)).cloned().collect::<Vec<_>>();
    let needs_events = |c: &DataClass| matches!(c, DataClass::Access | DataClass::Transactions | DataClass::Balances);
    let mut events: Vec<Event> = Vec::new();
    let mut notes = Vec::new();
    if classes.iter().any(needs_events) {
        let mut after = 0;
        loop {
            let page = db.query(
                "SELECT seq, body FROM events WHERE customer = $1 AND seq > $2 ORDER BY seq LIMIT 1000",
                &[customer.into(), after.into()],
            )?;
            let Some(last) = page.last() else { break };
            after = last.int(0)?;
            for row in &page {
                events.push(parse("event", row.text(1)?)?);
            }
            if events.len() >= MAX_EVENTS {
                notes.push(format!("only the first {MAX_EVENTS} events are given; ask for a further production"));
                break;
            }
        }
        events.sort_by(|a, b| (a.time, &a.id).cmp(&(b.time, &b.id)));
    }
    let mut tables = Vec::new();
    for class in classes {
        match class {
            DataClass::Subscriber => {
                let columns = ["id", "type", "name", "email", "phone", "birth_year", "country", "industry", "created"];
                let mut t = table("subscriber", *class, &columns);
                fill(&mut t, &of(&[RecordKind::Customer]));
                tables.push(t);
                let mut t = table("accounts", *class, &["id", "name", "time"]);
                fill(&mut t, &of(&[RecordKind::Account]));
                tables.push(t);
            }
            DataClass::Kyc => {
                let mut t = table("kyc", *class, &["id", "time", "level", "result", "document", "country"]);
                fill(&mut t, &of(&[RecordKind::Kyc]));
                tables.push(t);
            }
            DataClass::Access => {
                let mut t = table("devices", *class, &["id", "fingerprint", "time"]);
                fill(&mut t, &of(&[RecordKind::Device]));
                tables.push(t);
                let mut t = table("access", *class, &["time", "action", "ip", "device", "country"]);
                let seen: Vec<&Event> = events.iter().filter(|e| e.ip.is_some() || e.device.is_some()).collect();
                fill(&mut t, &seen);
                tables.push(t);
            }
            DataClass::Transactions => {
                let columns = [
                    "id",
                    "time",
                    "kind",
                    "direction",
                    "asset",
                    "amount",
                    "tx",
                    "output",
                    "address",
                    "counterparty",
                    "method",
                    "status",
                    "instrument",
                    "account",
                    "reference",
                ];
                let mut t = table("transactions", *class, &columns);
                let moved: Vec<&Event> = events.iter().filter(|e| e.kind != EventKind::Account).collect();
                fill(&mut t, &moved);
                tables.push(t);
                let mut t = table("deposit_addresses", *class, &["id", "asset", "account", "time"]);
                fill(&mut t, &of(&[RecordKind::DepositAddress]));
                tables.push(t);
            }
            DataClass::Balances => {
                let mut last: BTreeMap<(String, String), &Event> = BTreeMap::new();
                for e in events.iter().filter(|e| e.balance.is_some()) {
                    let key = (e.account.clone().unwrap_or_default(), e.asset.clone().unwrap_or_default());
                    last.insert(key, e);
                }
                let mut t = table("balances", *class, &["account", "asset", "balance", "time"]);
                fill(&mut t, &last.into_values().collect::<Vec<_>>());
                if t.rows.is_empty() {
                    notes.push("balances: no movement of this customer states one".into());
                }
                tables.push(t);
                let filter = HoldFilter { customer: Some(customer.to_owned()), limit: 1000, ..Default::default() };
                let held: Vec<Hold> = holds::list(db, &filter)?;
                let mut t = table("holds", *class, &["id", "scope", "asset", "amount", "state", "placed", "expires"]);
                fill(&mut t, &held);
                tables.push(t);
            }
            DataClass::Instruments => {
                let mut t = table("instruments", *class, &["kind", "id", "name", "fingerprint", "country", "time"]);
                fill(&mut t, &of(&[RecordKind::Card, RecordKind::BankAccount]));
                tables.push(t);
            }
            DataClass::Content => {
                notes.push("content: messages with support are kept elsewhere; add them as files".into());
            }
        }
    }
    Ok(Data { customer: customer.to_owned(), tables, notes })
}
