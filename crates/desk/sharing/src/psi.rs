//! Private matching: which items do two institutions share, and nothing else.
//!
//! The protocol is private set intersection from an oblivious pseudorandom function (Jarecki and Liu, TCC 2009; Freedman and others, TCC
//! 2005) with the OPRF of RFC 9497 (mode OPRF, suite ristretto255-SHA512) from the crate `voprf`:
//!
//! 1. The holder draws a key `k` for this session alone, and sends the sorted list of `F(k, x)` for its items, cut to 16 bytes.
//! 2. The querier blinds its items and sends them; the holder evaluates them blindly; the querier unblinds `F(k, y)`.
//! 3. The querier sees which of its `F(k, y)` are in the list.
//!
//! **What leaks.** The holder learns how many items the querier has (and nothing of which: blinded elements are uniformly random). The querier
//! learns how many items the holder has, and which of its own are among them. The holder learns the intersection only when the querier sends it.
//! A dishonest querier can query items that it does not have: the number of items is bounded, each session answers once, and every session is in
//! the audit log. A holder that lies can hide or invent items, not learn more. Two of 2^128 values meet by chance with probability below
//! `n·m/2^128`.

use crate::{Sharing, SharingError};
use holdfast_decision::model::text_ok;
use holdfast_store::{DbError, Row, number};
use holdfast_types::Invalid;
use holdfast_types::{Address, Seconds, Timestamp};
use rand_core::OsRng;
use rayon::prelude::*;
use serde_json::json;
use std::collections::HashSet;
use std::path::Path;
use voprf::{BlindedElement, EvaluationElement, OprfClient, OprfServer, Ristretto255};

/// Bytes of a value in the holder's list.
pub const VALUE: usize = 16;
/// Bytes of a blinded or evaluated element.
pub const ELEMENT: usize = 32;
/// Most items of the holder.
pub const MAX_HELD: usize = 10_000_000;
/// Most items of a query.
pub const MAX_QUERIED: usize = 100_000;
/// Longest item, in bytes.
pub const MAX_ITEM: usize = 1_000;

fn fault(e: voprf::Error) -> SharingError {
    SharingError::Object("private matching".into(), format!("{e:?}: an element is no group element"))
}

/// Returns items in the form in which both sides must compare them: trimmed, e-mail addresses in lower case, addresses of chains in canonical form,
/// telephone numbers as digits with their plus; sorted, each once.
///
/// # Errors
/// [`Invalid`] names the line.
pub fn normal(lines: &str, most: usize) -> Result<Vec<String>, Invalid> {
    let mut items = Vec::new();
    for (i, line) in lines.lines().enumerate() {
        let item = line.trim();
        if item.is_empty() || item.starts_with('#') {
            continue;
        }
        if item.len() > MAX_ITEM {
            return Err(Invalid::new(&format!("line {}", i + 1), format!("over {MAX_ITEM} bytes")));
        }
        let number = item.strip_prefix('+').map(|n| n.chars().filter(|c| !" -().".contains(*c)).collect::<String>());
        items.push(match number.filter(|n| n.bytes().all(|b| b.is_ascii_digit()) && n.len() >= 6) {
            Some(number) => format!("+{number}"),
            None if item.contains('@') || item.starts_with("0x") || item.starts_with("0X") => item.to_lowercase(),
            None => match Address::read(item) {
                Address::Other(_) => item.to_owned(),
                address => address.to_string(),
            },
        });
        if items.len() > most {
            return Err(Invalid::new("items", format!("at most {most}")));
        }
    }
    items.sort();
    items.dedup();
    match items.is_empty() {
        true => Err(Invalid::new("items", "none; one a line")),
        false => Ok(items),
    }
}

/// The holder's side, with its key.
pub struct Holder(OprfServer<Ristretto255>);

impl std::fmt::Debug for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Holder")
    }
}

impl Holder {
    /// With a key that is derived from 32 secret bytes (RFC 9497, section 3.2.1), which must be other ones in every session.
    ///
    /// # Errors
    /// Never for these lengths.
    pub fn new(seed: &[u8; 32]) -> Result<Self, SharingError> {
        OprfServer::new_from_seed(seed, b"holdfast private matching 1").map(Holder).map_err(fault)
    }

    /// Returns the values of the holder's items, sorted, as one string of bytes.
    ///
    /// # Errors
    /// [`SharingError`].
    pub fn values(&self, items: &[String]) -> Result<Vec<u8>, SharingError> {
        let mut values: Vec<[u8; VALUE]> = items
            .par_iter()
            .map(|item| Ok(cut(&self.0.evaluate(item.as_bytes()).map_err(fault)?)))
            .collect::<Result<_, SharingError>>()?;
        values.par_sort_unstable();
        Ok(values.concat())
    }

    /// Evaluates blinded elements.
    ///
    /// # Errors
    /// [`SharingError`] when there are too many, or one is none.
    pub fn evaluate(&self, blinded: &[u8]) -> Result<Vec<u8>, SharingError> {
        let (chunks, rest) = blinded.as_chunks::<ELEMENT>();
        if !rest.is_empty() || chunks.is_empty() || chunks.len() > MAX_QUERIED {
            let what = format!("1 to {MAX_QUERIED} elements of {ELEMENT} bytes");
            return Err(Invalid::new("elements", what).into());
        }
        let evaluated: Vec<[u8; ELEMENT]> = chunks
            .par_iter()
            .map(|chunk| {
                let element = BlindedElement::<Ristretto255>::deserialize(chunk).map_err(fault)?;
                Ok(self.0.blind_evaluate(&element).serialize().into())
            })
            .collect::<Result<_, SharingError>>()?;
        Ok(evaluated.concat())
    }
}

fn cut(output: &[u8]) -> [u8; VALUE] {
    let mut value = [0; VALUE];
    value.copy_from_slice(&output[..VALUE]);
    value
}

/// The querier's side, between its query and the answer.
pub struct Querier {
    items: Vec<String>,
    clients: Vec<OprfClient<Ristretto255>>,
    blinded: Vec<u8>,
}

impl std::fmt::Debug for Querier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Querier").field("items", &self.items.len()).finish_non_exhaustive()
    }
}

impl Querier {
    /// Blinds items.
    ///
    /// # Errors
    /// [`SharingError`].
    pub fn new(items: Vec<String>) -> Result<Self, SharingError> {
        let blinded: Vec<(OprfClient<Ristretto255>, [u8; ELEMENT])> = items
            .par_iter()
            .map(|item| {
                let made = OprfClient::<Ristretto255>::blind(item.as_bytes(), &mut OsRng).map_err(fault)?;
                Ok((made.state, made.message.serialize().into()))
            })
            .collect::<Result<_, SharingError>>()?;
        let (clients, elements): (Vec<_>, Vec<[u8; ELEMENT]>) = blinded.into_iter().unzip();
        Ok(Querier { items, clients, blinded: elements.concat() })
    }

    /// Returns the blinded elements, which are sent to the holder.
    #[must_use]
    pub fn blinded(&self) -> &[u8] {
        &self.blinded
    }

    /// Returns the items that the holder has too.
    ///
    /// # Errors
    /// [`SharingError`] when the answer does not fit the query.
    pub fn shared(self, values: &[u8], evaluated: &[u8]) -> Result<Vec<String>, SharingError> {
        let ((values, a), (elements, b)) = (values.as_chunks::<VALUE>(), evaluated.as_chunks::<ELEMENT>());
        if !a.is_empty() || !b.is_empty() || elements.len() != self.items.len() || values.len() > MAX_HELD {
            return Err(SharingError::Object("private matching".into(), "the answer does not fit the query".into()));
        }
        let mine: Vec<[u8; VALUE]> = (&self.items, &self.clients, elements)
            .into_par_iter()
            .map(|(item, client, element)| {
                let element = EvaluationElement::<Ristretto255>::deserialize(element).map_err(fault)?;
                Ok(cut(&client.finalize(item.as_bytes(), &element).map_err(fault)?))
            })
            .collect::<Result<_, SharingError>>()?;
        let wanted: HashSet<&[u8; VALUE]> = mine.iter().collect();
        let found: HashSet<&[u8; VALUE]> = values.iter().filter(|v| wanted.contains(v)).collect();
        Ok(self.items.into_iter().zip(&mine).filter(|(_, value)| found.contains(value)).map(|(item, _)| item).collect())
    }
}

/// How long a list waits for its query.
pub const LIFETIME: Seconds = Seconds::DAY;

/// A list that waits for a partner's query, or answered it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct MatchingSession {
    /// Id.
    pub id: String,
    /// Partner that may query it.
    pub partner: String,
    /// Items in it.
    pub items: u64,
    /// Unix seconds.
    pub created: Timestamp,
    /// Time of the query; a list answers once.
    pub asked: Option<Timestamp>,
    /// Number of queried items.
    pub asked_items: Option<u64>,
}

fn session(row: &Row) -> Result<MatchingSession, DbError> {
    Ok(MatchingSession {
        id: row.text(0)?.to_owned(),
        partner: row.text(1)?.to_owned(),
        items: row.number(2)?,
        created: row.time(3)?,
        asked: row.time_or_null(4),
        asked_items: row.number_or_null(5)?,
    })
}

const SESSION: &str = "SELECT id, partner, items, created, asked, asked_items FROM matching_sessions";

impl Sharing<'_> {
    fn holder(&self, id: &str) -> Result<Holder, SharingError> {
        Holder::new(&self.key_ring.derive_lasting("private-matching", id))
    }

    /// Prepares a list of items (one a line) for one query of a partner. The list's values lie in `dir` until then, a day at most.
    ///
    /// # Errors
    /// [`SharingError::Invalid`] names the field; [`SharingError::Partner`] when the list cannot be written.
    pub fn offer_matching(
        &self,
        dir: &Path,
        partner: &str,
        lines: &str,
        actor: &str,
    ) -> Result<MatchingSession, SharingError> {
        text_ok("partner", partner)?;
        let items = normal(lines, MAX_HELD)?;
        let mut id = [0; 16];
        rand_core::RngCore::fill_bytes(&mut OsRng, &mut id);
        let id = hex::encode(id);
        let values = self.holder(&id)?.values(&items)?;
        let io = |e: std::io::Error| SharingError::Partner(dir.display().to_string(), e.to_string());
        std::fs::create_dir_all(dir).map_err(io)?;
        std::fs::write(dir.join(&id), values).map_err(io)?;
        let (partner, count, dir) = (partner.to_owned(), items.len() as u64, dir.to_owned());
        self.transact(actor, move |tx| {
            let now = tx.now();
            let old = now - LIFETIME;
            let over = tx.db().query("SELECT id FROM matching_sessions WHERE created < $1", &[old.into()])?;
            let over = over.iter().map(|r| r.text(0).map(|id| dir.join(id))).collect::<Result<Vec<_>, _>>()?;
            let sound = tx.time_is_sound();
            tx.after_commit(move || {
                for path in over.into_iter().filter(|_| sound) {
                    let _ = std::fs::remove_file(path);
                }
            });
            let row = [id.as_str().into(), partner.as_str().into(), number(count), now.into()];
            tx.db()
                .execute("INSERT INTO matching_sessions (id, partner, items, created) VALUES ($1, $2, $3, $4)", &row)?;
            let detail = json!({ "partner": partner, "items": count }).to_string();
            tx.audit("matching.offered", &format!("matching:{id}"), &detail);
            let rows = tx.db().query(&format!("{SESSION} WHERE id = $1"), &[id.as_str().into()])?;
            let row = rows.first().ok_or_else(|| SharingError::NotFound(format!("session {id}")))?;
            Ok(session(row)?)
        })
    }

    /// Returns lists, queried or not, newest first, at most 1,000.
    ///
    /// # Errors
    /// [`SharingError`] when the database fails.
    pub fn matchings(&self) -> Result<Vec<MatchingSession>, SharingError> {
        let sql = format!("{SESSION} ORDER BY created DESC, id LIMIT 1000");
        self.read(|db| db.query(&sql, &[])?.iter().map(session).collect())
    }

    /// Returns the values of a waiting list, for its partner.
    ///
    /// # Errors
    /// [`SharingError::NotFound`] for a list that is unknown or another partner's; [`SharingError::Partner`] when its file is gone.
    pub fn matching_values(&self, dir: &Path, id: &str, partner: &str) -> Result<Vec<u8>, SharingError> {
        let found = self.waiting(id, partner)?;
        let path = dir.join(&found.id);
        std::fs::read(&path).map_err(|e| SharingError::Partner(path.display().to_string(), e.to_string()))
    }

    fn waiting(&self, id: &str, partner: &str) -> Result<MatchingSession, SharingError> {
        let now = self.screening.now();
        let sql = format!("{SESSION} WHERE id = $1");
        let found = self.read(|db| db.query(&sql, &[id.into()])?.first().map(session).transpose())?;
        let fits = |s: &MatchingSession| s.partner == partner && now - s.created < LIFETIME;
        found.filter(fits).ok_or_else(|| SharingError::NotFound(format!("list '{id}' for {partner}")))
    }

    /// Answers a partner's one query.
    ///
    /// # Errors
    /// [`SharingError`]; a list that was queried answers no more.
    pub fn answer_matching(&self, id: &str, partner: &str, blinded: &[u8]) -> Result<Vec<u8>, SharingError> {
        let found = self.waiting(id, partner)?;
        let evaluated = self.holder(&found.id)?.evaluate(blinded)?;
        let (id, count) = (found.id, (blinded.len() / ELEMENT) as u64);
        self.transact(partner, move |tx| {
            let now = tx.now();
            let sql = "UPDATE matching_sessions SET asked = $1, asked_items = $2 WHERE id = $3 AND asked IS NULL";
            if tx.db().execute(sql, &[now.into(), number(count), id.as_str().into()])? == 0 {
                return Err(SharingError::State("this list was queried already; each answers once".into()));
            }
            tx.audit("matching.answered", &format!("matching:{id}"), &json!({ "items": count }).to_string());
            Ok(())
        })?;
        Ok(evaluated)
    }
}

/// Queries a partner's list over HTTP; returns the items that both have. `url` is the list's, `key` a key of the partner's desk.
///
/// # Errors
/// [`SharingError::Partner`] when the partner's server does not answer as it should; [`SharingError::Invalid`] names the field.
pub fn query(url: &str, key: &str, lines: &str) -> Result<Vec<String>, SharingError> {
    let querier = Querier::new(normal(lines, MAX_QUERIED)?)?;
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(std::time::Duration::from_secs(300)))
        .http_status_as_error(false)
        .build()
        .into();
    let fault = |what: String| SharingError::Partner(url.to_owned(), what);
    let bytes = |response: Result<ureq::http::Response<ureq::Body>, ureq::Error>| -> Result<Vec<u8>, SharingError> {
        let response = response.map_err(|e| fault(e.to_string()))?;
        let status = response.status();
        let limit = (MAX_HELD * VALUE) as u64 + 1;
        let body =
            response.into_body().into_with_config().limit(limit).read_to_vec().map_err(|e| fault(e.to_string()))?;
        match status.is_success() {
            true => Ok(body),
            false => {
                Err(fault(format!("it answered {status}: {}", String::from_utf8_lossy(&body[..body.len().min(300)]))))
            }
        }
    };
    let bearer = format!("Bearer {key}");
    let values = bytes(agent.get(url).header("authorization", &bearer).call())?;
    let question = agent.post(url).header("authorization", &bearer).header("content-type", "application/octet-stream");
    let evaluated = bytes(question.send(querier.blinded()))?;
    querier.shared(&values, &evaluated)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_learn_what_they_share_and_no_more() {
        let holder = Holder::new(&[7; 32]).unwrap();
        let held = normal("a@example.org\n1abc\n0xAB\n+49 30 123456\n\n# note\nsame\nsame", 100).unwrap();
        assert_eq!(held.len(), 5);
        let values = holder.values(&held).unwrap();
        assert_eq!(values.len(), 5 * VALUE);
        let querier = Querier::new(normal("A@Example.org\n0xab\nother\n+4930123456", 100).unwrap()).unwrap();
        let question = querier.blinded().to_vec();
        // The same items blinded again look like others.
        assert_ne!(
            Querier::new(normal("A@Example.org\n0xab\nother\n+4930123456", 100).unwrap()).unwrap().blinded(),
            question
        );
        let answer = holder.evaluate(&question).unwrap();
        assert_eq!(querier.shared(&values, &answer).unwrap(), ["+4930123456", "0xab", "a@example.org"]);
        // The list of another session has no match.
        let other = Holder::new(&[8; 32]).unwrap();
        let querier = Querier::new(vec!["1abc".into()]).unwrap();
        let answer = other.evaluate(querier.blinded()).unwrap();
        assert!(querier.shared(&values, &answer).unwrap().is_empty());
    }

    #[test]
    fn bad_elements_are_refused() {
        let holder = Holder::new(&[7; 32]).unwrap();
        assert!(
            holder.evaluate(&[0xff; 32]).is_err()
                && holder.evaluate(&[1; 31]).is_err()
                && holder.evaluate(&[]).is_err()
        );
        let querier = Querier::new(vec!["x".into()]).unwrap();
        assert!(querier.shared(&[], &[]).is_err());
        assert!(normal("", 10).is_err() && normal(&"x".repeat(2_000), 10).is_err() && normal("a\nb\nc", 2).is_err());
    }
}
