//! Records of the customers' world, what completes an event, and the identifiers that both state.

use super::{Core, text, time_within};
use crate::completion;
use crate::identifiers::{self, Identifier, Named};
use crate::service::ScreeningError;
use holdfast_audit::digest;
use holdfast_decision::completion::Completion;
use holdfast_decision::model::{Event, Record, RecordKind};
use holdfast_event_log::log;
use holdfast_event_log::writes::Write;
use holdfast_store::{DbError, Value, number, parse};
use holdfast_types::Timestamp;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// Returns the id of the record that a customer's address was confirmed.
fn address_id(customer: &str, address: &str) -> String {
    hex::encode(Sha256::digest(format!("{customer}\n{}", holdfast_types::address::canonical(address))))
}

impl Core {
    /// Stores records; returns how many were distinct.
    pub(crate) fn ingest(&mut self, records: &[Record], actor: &str, now: Timestamp) -> Result<u64, ScreeningError> {
        let latest = self.latest_time(now);
        for (i, record) in records.iter().enumerate() {
            time_within(&format!("records[{i}].time"), record.time, latest)?;
        }
        // The latest of each wins here already, because PostgreSQL refuses to touch a row twice in one statement.
        let mut winners: HashMap<(&str, &str), (&Record, String)> = HashMap::new();
        for record in records {
            let body = text(record);
            let key = (record.kind.name(), record.id.as_str());
            match winners.get(&key) {
                Some((other, known)) if (other.time, known) >= (record.time, &body) => {}
                _ => {
                    winners.insert(key, (record, body));
                }
            }
        }
        let mut winners: Vec<_> = winners.into_iter().collect();
        winners.sort_by_key(|w| w.0);
        let rows: Vec<Vec<Value>> = winners
            .iter()
            .map(|((kind, id), (record, body))| {
                vec![
                    (*kind).into(),
                    (*id).into(),
                    record.customer.clone().into(),
                    record.time.into(),
                    body.as_str().into(),
                ]
            })
            .collect();
        self.db.insert(
            "records",
            &["kind", "id", "customer", "time", "body"],
            &rows,
            "ON CONFLICT (kind, id) DO UPDATE SET customer = excluded.customer, time = excluded.time, body = excluded.body
             WHERE excluded.time > records.time OR (excluded.time = records.time AND excluded.body > records.body)",
        )?;
        self.note_identifiers(winners.iter().flat_map(|w| identifiers::of_record(w.1.0)))?;
        for part in winners.chunks(log::MAX_RECORDS) {
            self.append_body("records", log::records_body(part.iter().map(|w| w.1.1.as_str())), now);
        }
        for (_, (record, _)) in &winners {
            self.fold_mut().record(record);
        }
        let bodies = winners.iter().map(|w| (w.0.1, w.1.1.as_str()));
        let detail = json!({"records": winners.len(), "sha256": digest(bodies)}).to_string();
        self.audit(now, actor, "records.ingested", "records", &detail);
        Ok(winners.len() as u64)
    }

    /// Stores that an address is the one that a customer means to pay, by an event at which it was found to imitate another one.
    pub(crate) fn confirm_address(
        &mut self,
        customer: &str,
        address: &str,
        event: &str,
        actor: &str,
        now: Timestamp,
    ) -> Result<(), ScreeningError> {
        // One for each customer and address, however often it is confirmed and however it is written.
        let id = address_id(customer, address);
        let record = Record {
            customer: Some(customer.to_owned()),
            address: Some(holdfast_types::address::canonical(address)),
            ..Record::new(RecordKind::ConfirmedAddress, id, now)
        };
        self.ingest(std::slice::from_ref(&record), actor, now)?;
        let detail = json!({"address": record.address, "event": event}).to_string();
        self.audit(now, actor, "address.confirmed", &format!("customer:{customer}"), &detail);
        Ok(())
    }

    /// Stores what became known of an event's movement; the same again changes nothing.
    pub(crate) fn complete(
        &mut self,
        id: &str,
        completion: &Completion,
        actor: &str,
        now: Timestamp,
    ) -> Result<(), ScreeningError> {
        let rows = self.db.query("SELECT seq, body FROM events WHERE id = $1", &[id.into()])?;
        let row = rows.first().ok_or_else(|| ScreeningError::NotFound(format!("event '{id}'")))?;
        let (seq, event): (u64, Event) = (row.number(0)?, parse("event", row.text(1)?)?);
        completion.validate(&event)?;
        let stored = self.db.query("SELECT COUNT(*) FROM event_completions WHERE seq = $1", &[number(seq)])?;
        let body = text(completion);
        let row = [number(seq), event.customer.as_str().into(), completion.time.into(), body.as_str().into()];
        if stored.first().map_or(Ok(0), |r| r.number(0))? >= completion::MAX_COMPLETIONS as u64 {
            let known = "SELECT seq FROM event_completions WHERE seq = $1 AND time = $2 AND body = $3";
            let same = [number(seq), completion.time.into(), body.as_str().into()];
            return match self.db.query(known, &same)?.is_empty() {
                true => Err(ScreeningError::State(format!(
                    "event '{id}' was completed {} times; more are not stored",
                    completion::MAX_COMPLETIONS
                ))),
                false => Ok(()),
            };
        }
        let added = self.db.execute(
            "INSERT INTO event_completions (seq, customer, time, body) VALUES ($1, $2, $3, $4)
             ON CONFLICT (seq, time, body) DO NOTHING",
            &row,
        )?;
        if added > 0 {
            self.note_named(identifiers::completed_by(&event, seq, completion).into_iter().collect())?;
            self.audit(now, actor, "event.completed", &format!("event:{id}"), &body);
        }
        Ok(())
    }

    pub(super) fn note_identifiers(&mut self, found: impl Iterator<Item = Identifier>) -> Result<(), DbError> {
        identifier_rows(found.collect()).apply(&mut self.db)
    }

    pub(super) fn note_named(&mut self, named: Vec<Named>) -> Result<(), DbError> {
        named_rows(named).apply(&mut self.db)
    }
}

/// Returns what stores identifiers.
pub(super) fn identifier_rows(mut found: Vec<Identifier>) -> Write {
    found.sort();
    found.dedup();
    let rows = found.into_iter().map(Identifier::row).collect();
    Write::insert("identifiers", &identifiers::COLUMNS, rows, "ON CONFLICT (kind, value, customer, source) DO NOTHING")
}

/// Returns what stores the identifiers that events name.
pub(super) fn named_rows(named: Vec<Named>) -> Write {
    let rows = named.into_iter().map(Named::row).collect();
    let tail = "ON CONFLICT (kind, value, seq, role) DO NOTHING";
    Write::insert("event_identifiers", &identifiers::NAMED_COLUMNS, rows, tail)
}
