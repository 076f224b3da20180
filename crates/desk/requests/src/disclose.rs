//! What the exchange knows of a customer, by class of data: for preservations and productions. Nothing outside the requested classes is read.

use crate::balances::{Closing, reconcile};
use crate::request::DataClass;
use crate::scope::OrderScope;
use holdfast_decision::completion::Completion;
use holdfast_decision::{Event, EventKind, Record, RecordKind, Verdict};
use holdfast_screening::completion::{self, standing};
use holdfast_screening::holds::{self, Hold, HoldFilter};
use holdfast_store::{Database, DbError, parse};
use holdfast_types::Timestamp;
use serde::Serialize;
use serde_json::{Value as Json, json};
use std::collections::HashSet;
use utoipa::ToSchema;

/// Most events of one customer in one answer.
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
    /// What contradicts itself, with customer, asset and event; it is not signed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
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
            "time" | "created" | "placed" | "expires" => {
                json[c].as_i64().map_or(String::new(), |t| Timestamp::from_unix(t).rfc3339())
            }
            _ => cell(&json[c]),
        });
        let row: Vec<String> = row.collect();
        table.rows.push(row);
    }
}

/// An event with what is known of its movement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The event.
    pub event: Event,
    /// Its number in order of decision.
    pub seq: u64,
    /// What was decided.
    pub decision: Verdict,
    /// What became known of it since.
    pub completion: Option<Completion>,
    /// Whether a hold that its decision placed is active.
    pub held: bool,
}

#[derive(serde::Deserialize)]
struct Decided {
    decision: Verdict,
    #[serde(default)]
    holds: Vec<u64>,
}

/// All holds of a customer.
fn holds_of(db: &mut Database, customer: &str) -> Result<Vec<Hold>, DbError> {
    let mut filter = HoldFilter { customer: Some(customer.to_owned()), limit: 1000, ..Default::default() };
    let mut all: Vec<Hold> = Vec::new();
    loop {
        let page = holds::list(db, &filter)?;
        let Some(last) = page.last() else { return Ok(all) };
        filter.after = last.id;
        all.extend(page);
    }
}

/// Returns all records of a customer.
pub fn records_of(db: &mut Database, customer: &str) -> Result<Vec<Record>, DbError> {
    let (mut all, mut after): (Vec<Record>, _) = (Vec::new(), (String::new(), String::new()));
    loop {
        let rows = db.query(
            "SELECT body, kind, id FROM records WHERE (customer = $1 OR (kind = 'customer' AND id = $2))
             AND (kind > $3 OR (kind = $4 AND id > $5)) ORDER BY kind, id LIMIT 5000",
            &[
                customer.into(),
                customer.into(),
                after.0.as_str().into(),
                after.0.as_str().into(),
                after.1.as_str().into(),
            ],
        )?;
        let Some(last) = rows.last() else { return Ok(all) };
        after = (last.text(1)?.to_owned(), last.text(2)?.to_owned());
        for row in &rows {
            all.push(parse("record", row.text(0)?)?);
        }
    }
}

/// A customer's events within a scope, in order, with what is known of their movements; whether there are more.
fn moved_of(
    db: &mut Database,
    customer: &str,
    scope: &OrderScope,
    held: &[Hold],
) -> Result<(Vec<Moved>, bool), DbError> {
    let active: HashSet<u64> = held.iter().filter(|h| h.state == "active").map(|h| h.id).collect();
    let mut completions = completion::of_customer(db, customer)?;
    let ((from, to), mut after, mut all) = (scope.bounds(), 0i64, Vec::new());
    loop {
        let page = db.query(
            "SELECT seq, body, result FROM events WHERE customer = $1 AND seq > $2 AND time >= $3 AND time <= $4 ORDER BY seq LIMIT 1000",
            &[customer.into(), after.into(), from.into(), to.into()],
        )?;
        let Some(last) = page.last() else { break };
        after = last.int(0)?;
        for row in &page {
            let event: Event = parse("event", row.text(1)?)?;
            if !scope.covers_account(event.account.as_deref()) || !scope.covers_asset(event.asset.as_deref()) {
                continue;
            }
            let (seq, decided) = (row.number(0)?, parse::<Decided>("decision", row.text(2)?)?);
            let held = decided.holds.iter().any(|h| active.contains(h));
            all.push(Moved { event, seq, decision: decided.decision, completion: completions.remove(&seq), held });
        }
        if all.len() >= MAX_EVENTS {
            break;
        }
    }
    let more = all.len() >= MAX_EVENTS;
    all.sort_by_key(|m| (m.event.time, m.seq));
    Ok((all, more))
}

/// A movement as it is listed: what is known of it, and its state.
fn listed(moved: &Moved) -> Json {
    let mut json = json!(moved.event);
    if let Some(c) = &moved.completion {
        for (name, value) in
            [("tx", json!(c.tx)), ("output", json!(c.output)), ("block", json!(c.block)), ("height", json!(c.height))]
        {
            if !value.is_null() {
                json[name] = value;
            }
        }
    }
    json["status"] = json!(standing(&moved.event, moved.decision, moved.completion.as_ref(), moved.held));
    json
}

/// Reads what is known of a customer, of some classes of data, within an order's scope.
///
/// # Errors
/// [`DbError`] when the database fails.
pub fn data(db: &mut Database, customer: &str, classes: &[DataClass], scope: &OrderScope) -> Result<Data, DbError> {
    let mut records = records_of(db, customer)?;
    let on_file = |r: &Record| {
        r.kind == RecordKind::Customer
            || scope.was_on_file(r.time)
                && match r.kind {
                    RecordKind::Account => scope.covers_account(Some(&r.id)) && scope.covers_asset(r.asset.as_deref()),
                    RecordKind::DepositAddress => {
                        scope.covers_account(r.account.as_deref()) && scope.covers_asset(r.asset.as_deref())
                    }
                    _ => true,
                }
    };
    records.retain(on_file);
    let of = |kinds: &[RecordKind]| records.iter().filter(|r| kinds.contains(&r.kind)).cloned().collect::<Vec<_>>();
    let needs_events = |c: &DataClass| matches!(c, DataClass::Access | DataClass::Transactions | DataClass::Balances);
    let mut out = Data { customer: customer.to_owned(), tables: Vec::new(), notes: Vec::new(), problems: Vec::new() };
    let (mut events, mut held): (Vec<Moved>, Vec<Hold>) = (Vec::new(), Vec::new());
    if classes.iter().any(needs_events) {
        held = holds_of(db, customer)?;
        let more;
        (events, more) = moved_of(db, customer, scope, &held)?;
        if more {
            out.notes.push(format!("only the first {MAX_EVENTS} events are given; a shorter period gives the rest"));
            if classes.contains(&DataClass::Balances) {
                out.problems
                    .push(format!("customer {customer}: more than {MAX_EVENTS} events; balances need all of them"));
            }
        }
    }
    for class in classes {
        match class {
            DataClass::Subscriber => {
                let columns = ["id", "type", "name", "email", "phone", "birth_year", "country", "industry", "created"];
                out.add("subscriber", *class, &columns, &of(&[RecordKind::Customer]));
                out.add("accounts", *class, &["id", "name", "time"], &of(&[RecordKind::Account]));
            }
            DataClass::Kyc => {
                let columns = ["id", "time", "level", "result", "document", "country"];
                out.add("kyc", *class, &columns, &of(&[RecordKind::Kyc]));
            }
            DataClass::Access => {
                out.add("devices", *class, &["id", "fingerprint", "time"], &of(&[RecordKind::Device]));
                let events = events.iter().map(|m| &m.event);
                let seen: Vec<&Event> = events.filter(|e| e.ip.is_some() || e.device.is_some()).collect();
                out.add("access", *class, &["time", "action", "ip", "device", "country"], &seen);
            }
            DataClass::Transactions => {
                let moved = events.iter().filter(|m| m.event.kind != EventKind::Account);
                out.add("transactions", *class, &TRANSACTIONS, &moved.map(listed).collect::<Vec<_>>());
                let columns = ["id", "asset", "account", "time"];
                out.add("deposit_addresses", *class, &columns, &of(&[RecordKind::DepositAddress]));
            }
            DataClass::Balances => {
                out.balances(&events);
                let within = |h: &&Hold| {
                    scope.covers_time(h.placed)
                        && (h.account.is_none() || scope.covers_account(h.account.as_deref()))
                        && scope.covers_asset(h.asset.as_deref())
                };
                let columns = ["id", "scope", "asset", "amount", "state", "placed", "expires"];
                out.add("holds", *class, &columns, &held.iter().filter(within).collect::<Vec<_>>());
            }
            DataClass::Instruments => {
                let columns = ["kind", "id", "name", "fingerprint", "country", "time"];
                out.add("instruments", *class, &columns, &of(&[RecordKind::Card, RecordKind::BankAccount]));
            }
            DataClass::Content => {
                out.notes.push("content: messages with support are stored elsewhere; add them as files".into());
            }
        }
    }
    if !scope.is_whole() {
        let limits: Vec<String> = scope.lines().iter().map(|(name, text)| format!("{name}: {text}")).collect();
        out.notes.push(format!("limited by the order: {}", limits.join("; ")));
    }
    Ok(out)
}

/// Columns of transactions.
const TRANSACTIONS: [&str; 17] = [
    "id",
    "time",
    "kind",
    "direction",
    "asset",
    "amount",
    "tx",
    "output",
    "block",
    "height",
    "address",
    "counterparty",
    "method",
    "status",
    "instrument",
    "account",
    "reference",
];

impl Data {
    fn add<T: Serialize>(&mut self, name: &str, class: DataClass, columns: &[&str], items: &[T]) {
        let mut t = table(name, class, columns);
        fill(&mut t, items);
        self.tables.push(t);
    }

    /// The balances, reconciled from the movements; what does not reconcile is a problem.
    fn balances(&mut self, events: &[Moved]) {
        let done = reconcile(&self.customer, events);
        let columns = ["account", "asset", "balance_before", "change", "balance_after", "time", "event"];
        let mut t = table("balances", DataClass::Balances, &columns);
        let row = |c: &Closing| {
            let [before, change, after] = [c.before, c.change, c.after].map(|n| n.to_string());
            vec![c.account.clone(), c.asset.clone(), before, change, after, c.time.rfc3339(), c.event.clone()]
        };
        t.rows = done.closing.iter().map(row).collect();
        if t.rows.is_empty() {
            self.notes.push("balances: no movement of this customer states one".into());
        }
        for (account, asset) in &done.unstated {
            let of = if account.is_empty() { String::new() } else { format!(" of account {account}") };
            self.notes.push(format!("balances: no movement{of} states one of {asset}"));
        }
        self.tables.push(t);
        self.problems.extend(done.problems);
    }
}
