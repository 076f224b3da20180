//! What the tables must hold, by the audit log: holds, alerts, keys, rule books, models, flags, prices, webhooks, requests. A row that was changed
//! beside the program is found even when every hash of the log is right.

use holdfast_audit::Entry;
use holdfast_decision::flags::FLAG_BASIS;
use holdfast_store::{Database, DbError, Row, Value};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Most problems that are listed.
const MAX_PROBLEMS: usize = 100;

/// Columns of a row that the log settles, by column; what it does not settle is absent.
type Fields = BTreeMap<&'static str, Option<String>>;

/// A table: its name in messages, the table, its key, and which columns are compared.
struct Table {
    name: &'static str,
    table: &'static str,
    key: &'static str,
    columns: &'static [&'static str],
}

const TABLES: [Table; 11] = [
    Table {
        name: "hold",
        table: "holds",
        key: "id",
        columns: &[
            "scope",
            "customer",
            "account",
            "asset",
            "transfer",
            "held",
            "state",
            "basis",
            "placed_by",
            "expires",
        ],
    },
    Table { name: "alert", table: "alerts", key: "id", columns: &["state", "assignee", "outcome"] },
    Table { name: "key", table: "api_keys", key: "id", columns: &["name", "scopes", "revoked"] },
    Table { name: "person", table: "people", key: "id", columns: &["name", "state"] },
    Table { name: "owner of key", table: "key_people", key: "key_id", columns: &["person"] },
    Table { name: "rules", table: "rule_books", key: "version", columns: &["sha256", "author"] },
    Table { name: "model", table: "models", key: "hash", columns: &["purpose", "state", "proposed_by"] },
    Table { name: "flag", table: "flags", key: "id", columns: &["state", "member", "subject", "asset", "value"] },
    Table { name: "price", table: "prices", key: "asset", columns: &["base_units", "value"] },
    Table { name: "webhook", table: "webhooks", key: "id", columns: &["url", "topics", "removed"] },
    Table { name: "request", table: "requests", key: "id", columns: &["state", "prepared_by", "approved_by"] },
];

/// The columns of all rows, by the log.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    rows: BTreeMap<&'static str, BTreeMap<String, Fields>>,
    /// Alerts that decisions raised.
    alerts: BTreeSet<u64>,
}

fn string(value: &Json) -> Option<String> {
    match value {
        Json::Null => None,
        Json::String(s) => Some(s.clone()),
        Json::Array(list) => Some(list.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(" ")),
        other => Some(other.to_string()),
    }
}

impl Expected {
    fn row(&mut self, table: &'static str, key: &str) -> &mut Fields {
        self.rows.entry(table).or_default().entry(key.to_owned()).or_default()
    }

    /// Sets columns of a row from a detail's fields of the same names.
    fn take(&mut self, table: &'static str, key: &str, detail: &Json, columns: &[&'static str]) {
        let row = self.row(table, key);
        for column in columns {
            if let Some(value) = detail.get(column) {
                row.insert(column, string(value));
            }
        }
    }

    fn set(&mut self, table: &'static str, key: &str, column: &'static str, value: Option<&str>) {
        self.row(table, key).insert(column, value.map(str::to_owned));
    }

    /// A decision raised an alert.
    pub(crate) fn decided(&mut self, alert: u64) {
        self.alerts.insert(alert);
    }

    /// Applies the next entry of the log.
    pub(crate) fn entry(&mut self, e: &Entry) {
        let Some((kind, key)) = e.subject.split_once(':') else { return };
        let detail: Json = serde_json::from_str(&e.detail).unwrap_or_default();
        match (kind, e.action.as_str()) {
            ("hold", action) => self.hold(action, key, &detail),
            ("alert", action) => self.alert(action, key, &detail),
            ("key", "key.created") => {
                self.take("api_keys", key, &detail, &["name", "scopes"]);
                self.set("api_keys", key, "revoked", None);
            }
            ("key", "key.scopes_changed") => self.take("api_keys", key, &detail, &["scopes"]),
            ("key", "key.assigned") => self.take("key_people", key, &detail, &["person"]),
            ("person", "person.created") => {
                self.take("people", key, &detail, &["name"]);
                self.set("people", key, "state", Some("active"));
            }
            ("person", "person.activated") => self.set("people", key, "state", Some("active")),
            ("person", "person.suspended") => self.set("people", key, "state", Some("suspended")),
            ("key", "key.revoked") => self.set("api_keys", key, "revoked", Some(&e.time.unix().to_string())),
            ("rules", "rules.applied") => {
                self.take("rule_books", key, &detail, &["sha256"]);
                self.set("rule_books", key, "author", Some(&e.actor));
            }
            ("model", "model.added" | "model.changed") => {
                self.take("models", key, &detail, &["purpose", "state"]);
                self.set("models", key, "proposed_by", None);
            }
            ("model", "model.proposed") => self.set("models", key, "proposed_by", Some(&e.actor)),
            ("flag", "flag.raised") => {
                self.take("flags", key, &detail, &["state", "member", "subject", "asset", "value"]);
            }
            ("flag", "flag.confirmed") => self.set("flags", key, "state", Some("confirmed")),
            ("flag", "flag.withdrawn") => self.set("flags", key, "state", Some("withdrawn")),
            ("flag", "flag.lapsed") => self.set("flags", key, "state", Some("lapsed")),
            ("price", "price.set") => self.take("prices", key, &detail, &["base_units", "value"]),
            ("webhook", "webhook.created") => {
                self.take("webhooks", key, &detail, &["url", "topics"]);
                self.set("webhooks", key, "removed", None);
            }
            ("webhook", "webhook.removed") => self.set("webhooks", key, "removed", Some(&e.time.unix().to_string())),
            ("request", action) => self.request(action, key, &e.actor),
            _ => {}
        }
    }

    fn hold(&mut self, action: &str, key: &str, detail: &Json) {
        let table = "holds";
        match action {
            "hold.placed" => self.take(table, key, detail, TABLES[0].columns),
            "hold.released" | "hold.expired" => {
                self.set(table, key, "held", Some("0"));
                self.set(table, key, "state", Some(&action["hold.".len()..]));
            }
            "hold.reduced" => self.take(table, key, detail, &["held"]),
            "hold.taken_over" => self.take(table, key, detail, &["basis", "expires"]),
            "hold.extended" | "hold.will_lapse" => {
                let until = detail.get("until").and_then(string);
                self.row(table, key).insert("expires", until);
            }
            _ => {}
        }
    }

    fn alert(&mut self, action: &str, key: &str, detail: &Json) {
        let text = detail["text"].as_str().unwrap_or_default();
        let table = "alerts";
        match action {
            "alert.late" | "alert.clock" | "alert.model" => {
                for (column, value) in [("state", Some("open")), ("assignee", None), ("outcome", None)] {
                    self.set(table, key, column, value);
                }
            }
            "alert.assign" => self.set(table, key, "assignee", Some(text).filter(|t| !t.is_empty())),
            "alert.close" => {
                self.set(table, key, "state", Some("closed"));
                self.set(table, key, "outcome", text.split_once(": ").map(|(outcome, _)| outcome));
            }
            "alert.reopen" => {
                self.set(table, key, "state", Some("open"));
                self.set(table, key, "outcome", None);
            }
            _ => {}
        }
    }

    fn request(&mut self, action: &str, key: &str, actor: &str) {
        let table = "requests";
        match action {
            "request.received" => {
                for (column, value) in [("state", Some("open")), ("prepared_by", None), ("approved_by", None)] {
                    self.set(table, key, column, value);
                }
            }
            "request.prepared" => {
                self.set(table, key, "state", Some("prepared"));
                self.set(table, key, "prepared_by", Some(actor));
            }
            "request.answered" => {
                self.set(table, key, "state", Some("answered"));
                self.set(table, key, "approved_by", Some(actor));
            }
            "request.returned" => {
                self.set(table, key, "state", Some("open"));
                self.set(table, key, "prepared_by", None);
            }
            _ => {}
        }
    }

    /// Compares all tables; returns the number of rows compared.
    pub(crate) fn compare(mut self, db: &mut Database, problems: &mut Vec<String>) -> Result<u64, DbError> {
        for alert in std::mem::take(&mut self.alerts) {
            let row = self.row("alerts", &alert.to_string());
            for (column, value) in [("state", Some("open")), ("assignee", None), ("outcome", None)] {
                row.entry(column).or_insert(value.map(str::to_owned));
            }
        }
        let mut compared = 0;
        for table in &TABLES {
            let expected = self.rows.remove(table.table).unwrap_or_default();
            compared += compare_table(db, table, expected, problems)?;
        }
        check_books(db, problems)?;
        Ok(compared)
    }
}

fn value_text(row: &Row, i: usize) -> Option<String> {
    match row.0.get(i) {
        Some(Value::Int(n)) => Some(n.to_string()),
        Some(Value::Text(t)) => Some(t.clone()),
        _ => None,
    }
}

fn note(problems: &mut Vec<String>, text: String) {
    if problems.len() < MAX_PROBLEMS {
        problems.push(text);
    }
}

fn compare_table(
    db: &mut Database,
    table: &Table,
    mut expected: BTreeMap<String, Fields>,
    problems: &mut Vec<String>,
) -> Result<u64, DbError> {
    let columns = table.columns.join(", ");
    let (mut after, mut compared): (Option<Value>, u64) = (None, 0);
    loop {
        let (filter, parameters) = match &after {
            Some(key) => (format!("WHERE {} > $1", table.key), vec![key.clone()]),
            None => (String::new(), Vec::new()),
        };
        let sql =
            format!("SELECT {}, {columns} FROM {} {filter} ORDER BY {} LIMIT 2000", table.key, table.table, table.key);
        let rows = db.query(&sql, &parameters)?;
        let Some(last) = rows.last() else { break };
        after = last.0.first().cloned();
        for row in &rows {
            compared += 1;
            let key = value_text(row, 0).unwrap_or_default();
            let Some(fields) = expected.remove(&key) else {
                note(problems, format!("{} {key} is in no entry of the log", table.name));
                continue;
            };
            // A hold for flags lasts as long as the last of them, which no entry records.
            let by_flags = table.table == "holds" && fields.get("basis") == Some(&Some(FLAG_BASIS.to_owned()));
            for (i, column) in table.columns.iter().enumerate() {
                if by_flags && *column == "expires" {
                    continue;
                }
                let (Some(wanted), found) = (fields.get(column), value_text(row, i + 1)) else { continue };
                if *wanted != found {
                    let words = |v: &Option<String>| v.as_ref().map_or("nothing".to_owned(), |t| format!("'{t}'"));
                    let (wanted, found) = (words(wanted), words(&found));
                    note(problems, format!("{} {key}: {column} is {found}, by the log {wanted}", table.name));
                }
            }
        }
    }
    for key in expected.keys() {
        note(problems, format!("{} {key} is in the log but not in the database", table.name));
    }
    Ok(compared)
}

/// The stored texts of rule books are those whose digests the log has.
fn check_books(db: &mut Database, problems: &mut Vec<String>) -> Result<(), DbError> {
    for row in db.query("SELECT version, sha256, yaml FROM rule_books ORDER BY version", &[])? {
        if hex::encode(Sha256::digest(row.text(2)?.as_bytes())) != row.text(1)? {
            note(problems, format!("rules {}: the text is not the one with this digest", row.int(0)?));
        }
    }
    Ok(())
}
