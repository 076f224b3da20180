//! Facts about the desk itself, and the check that its key belongs to its database.

use crate::service::{Screening, ScreeningError, Transaction};
use holdfast_identity::{self as identity, ApiKey, KeyRing};
use holdfast_store::{Database, DbError};
use holdfast_types::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::HashMap;

/// Name of the value that a key is checked against.
const KEY_CHECK: &str = "desk_key_check";

/// Beginning of the names of values that state when a key was retired.
const RETIRED: &str = "desk_key_retired:";
/// Most entries of the log that are read to find out which key an API key was derived from.
const MAX_ENTRIES: i64 = 1_000_000;

/// A key of the desk's ring, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeskKey {
    /// Its id, which says nothing of its secret.
    pub id: String,
    /// Whether new secrets are derived from it.
    pub in_use: bool,
    /// When it was retired, Unix seconds.
    pub retired: Option<Timestamp>,
}

/// What is stored of a key, to know it again.
fn check_of(key: &KeyRing) -> String {
    hex::encode(key.derive(KEY_CHECK, ""))
}

/// Returns a setting.
///
/// # Errors
/// [`DbError`].
pub(crate) fn get(db: &mut Database, name: &str) -> Result<Option<String>, DbError> {
    let rows = db.query("SELECT value FROM settings WHERE name = $1", &[name.into()])?;
    rows.first().map(|r| r.text(0).map(str::to_owned)).transpose()
}

/// Stores a setting.
///
/// # Errors
/// [`DbError`].
pub(crate) fn set(db: &mut Database, name: &str, value: &str) -> Result<(), DbError> {
    db.execute(
        "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        &[name.into(), value.into()],
    )?;
    Ok(())
}

/// What cannot be opened without the desk's key: what it is, and the statement that finds one.
const SEALED: [(&str, &str); 6] = [
    ("API keys", "SELECT id FROM api_keys LIMIT 1"),
    ("officers of the portal", "SELECT id FROM officers LIMIT 1"),
    ("sealed credentials of sources", "SELECT id FROM sources WHERE secret <> '' LIMIT 1"),
    ("communities", "SELECT id FROM communities LIMIT 1"),
    ("learners", "SELECT id FROM learners LIMIT 1"),
    ("webhooks", "SELECT id FROM webhooks LIMIT 1"),
];

/// Returns when each retired key of the desk was retired, by its id.
fn retired_keys(db: &mut Database) -> Result<HashMap<String, Timestamp>, DbError> {
    let rows = db.query("SELECT name, value FROM settings WHERE name LIKE 'desk_key_retired:%'", &[])?;
    let key = |row: &holdfast_store::Row| {
        let id = row.text(0)?.strip_prefix(RETIRED).unwrap_or_default().to_owned();
        Ok((id, Timestamp::from_unix(row.text(1)?.parse().unwrap_or(0))))
    };
    rows.iter().map(key).collect()
}

/// Returns the key of the desk that each API key was derived from: the one in use when it was made or, where it waited for a second person,
/// proposed. The log states the order of both.
fn derived_from(db: &mut Database, ring: &[String]) -> Result<HashMap<String, String>, DbError> {
    let mut proposed: HashMap<String, String> = HashMap::new();
    for row in db.query("SELECT id, body FROM changes WHERE kind = 'key' ORDER BY id LIMIT 100000", &[])? {
        let key: ApiKey = holdfast_store::parse("change", row.text(1)?)?;
        proposed.insert(format!("change:{}", row.int(0)?), key.id);
    }
    let oldest = ring.first().cloned().unwrap_or_default();
    let (mut in_use, mut found) = (oldest.clone(), HashMap::new());
    let sql = "SELECT action, subject, detail FROM audit
               WHERE action IN ('key.created', 'change.proposed', 'desk_key.rotated', 'desk_key.replaced') ORDER BY seq LIMIT $1";
    for row in db.query(sql, &[MAX_ENTRIES.into()])? {
        let (action, subject) = (row.text(0)?, row.text(1)?);
        match action {
            "desk_key.replaced" => in_use.clone_from(&oldest),
            "desk_key.rotated" => {
                let detail: Value = serde_json::from_str(row.text(2)?).unwrap_or_default();
                in_use = detail["key"].as_str().unwrap_or_default().to_owned();
            }
            _ => {
                let key = subject.strip_prefix("key:").map(str::to_owned).or_else(|| proposed.get(subject).cloned());
                if let Some(key) = key {
                    found.entry(key).or_insert_with(|| in_use.clone());
                }
            }
        }
    }
    Ok(found)
}

impl Screening {
    /// Returns what of this database cannot be opened without the key that it was made with; empty for a new database.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn needs_key(&self) -> Result<Vec<&'static str>, ScreeningError> {
        self.read(|db| {
            let mut needs = Vec::new();
            if get(db, KEY_CHECK)?.is_some() {
                needs.push("the check of its key");
            }
            for (name, sql) in SEALED {
                if !db.query(sql, &[])?.is_empty() {
                    needs.push(name);
                }
            }
            Ok(needs)
        })
    }

    /// Checks that the desk's keys are those that this database was made with; a database that never had one is bound to them. A key that was
    /// added after them is noted in the audit log, as a rotation by `actor`; keys that were retired are retired in the ring. What is stored is
    /// derived from the keys and does not reveal them.
    ///
    /// # Errors
    /// [`ScreeningError::State`] when a key of the database is missing.
    pub fn bind_keys(&self, keys: &KeyRing, actor: &str) -> Result<(), ScreeningError> {
        let own: Vec<(String, String)> =
            keys.ids().map(str::to_owned).zip(keys.all().map(|key| check_of(&key))).collect();
        for id in self.read(retired_keys)?.keys() {
            keys.retire(id);
        }
        let stored = self.read(|db| {
            let sql = "SELECT value FROM settings WHERE name = $1 OR name LIKE 'desk_key_check:%'";
            let rows = db.query(sql, &[KEY_CHECK.into()])?;
            rows.iter().map(|r| r.text(0).map(str::to_owned)).collect::<Result<Vec<_>, _>>()
        })?;
        if stored.iter().any(|check| own.iter().all(|(_, c)| c != check)) {
            return Err(ScreeningError::State(
                "desk.key is not the key that this database was made with, or lacks one of its keys; put the right desk.key beside the \
                 database, or restore both from one backup (`holdfast restore`)"
                    .to_owned(),
            ));
        }
        let new: Vec<(String, String)> = own.into_iter().filter(|(_, check)| !stored.contains(check)).collect();
        if new.is_empty() {
            return Ok(());
        }
        let (is_first, actor) = (stored.is_empty(), actor.to_owned());
        self.change(move |core, now| {
            for (i, (id, check)) in new.iter().enumerate() {
                if is_first && i == 0 {
                    set(&mut core.db, KEY_CHECK, check)?;
                    continue;
                }
                set(&mut core.db, &format!("{KEY_CHECK}:{id}"), check)?;
                core.audit(now, &actor, "desk_key.rotated", "desk", &json!({ "key": id }).to_string());
            }
            Ok(())
        })
    }

    /// Returns the keys of the desk's ring, oldest first.
    ///
    /// # Errors
    /// [`ScreeningError::Store`] when the database fails.
    pub fn desk_keys(&self, keys: &KeyRing) -> Result<Vec<DeskKey>, ScreeningError> {
        let retired = self.read(retired_keys)?;
        let last = keys.ids().last();
        let one = |id: &str| DeskKey { id: id.to_owned(), in_use: Some(id) == last, retired: retired.get(id).copied() };
        Ok(keys.ids().map(one).collect())
    }

    /// Retires an older key of the desk's ring, because it may have leaked: what was derived from it is no longer valid (API keys, sessions,
    /// codes of apps, keys of officers, learners and members of communities, signatures of webhooks). API keys that were derived from it are
    /// revoked. It still opens what was sealed for it. Returns the number of API keys that were revoked.
    ///
    /// # Errors
    /// [`ScreeningError::NotFound`] when the ring has no such key; [`ScreeningError::State`] when it is in use or retired already, or no
    /// administrator's key would be left; [`ScreeningError::Invalid`] without a reason.
    pub fn retire_desk_key(&self, keys: &KeyRing, id: &str, why: &str, actor: &str) -> Result<u64, ScreeningError> {
        holdfast_decision::model::text_ok("reason", why)?;
        let refused = |text: String| Err(ScreeningError::State(text));
        let ids: Vec<String> = keys.ids().map(str::to_owned).collect();
        if !ids.iter().any(|k| k == id) {
            return Err(ScreeningError::NotFound(format!("desk key '{id}'")));
        }
        if ids.last().is_some_and(|last| last == id) {
            return refused(format!("desk key {id} is in use; add another first (`holdfast keys rotate-desk-key`)"));
        }
        if keys.is_retired(id) {
            return refused(format!("desk key {id} is retired already"));
        }
        // Nothing is derived from an older key any more, so that this is the same in the change below.
        let makers = self.read(|db| derived_from(db, &ids))?;
        let (key, why, by) = (id.to_owned(), why.to_owned(), actor.to_owned());
        let revoked = self.change(move |core, now| {
            let is_void = |k: &ApiKey| k.revoked.is_none() && makers.get(&k.id) == Some(&key);
            let all = identity::list(&mut core.db)?;
            let administrates = |k: &&ApiKey| k.is_in_force() && k.may("manage");
            if all.iter().any(|k| administrates(&k)) && !all.iter().filter(administrates).any(|k| !is_void(k)) {
                let text = format!(
                    "all administrators' keys are derived from desk key {key}; make an administrator's key first, which is derived from the \
                     desk key in use"
                );
                return Err(ScreeningError::State(text));
            }
            let mut revoked = 0;
            for void in all.iter().filter(|k| is_void(k)) {
                identity::void_key(&mut Transaction::of(core, now, &by), &void.id)?;
                revoked += 1;
            }
            set(&mut core.db, &format!("{RETIRED}{key}"), &now.unix().to_string())?;
            let detail = json!({ "key": key, "why": why, "revoked": revoked }).to_string();
            core.audit(now, &by, "desk_key.retired", "desk", &detail);
            Ok(revoked)
        })?;
        keys.retire(id);
        Ok(revoked)
    }

    /// Binds the database to a new key because the old one is lost for good. API keys are revoked; whatever else was derived from the old
    /// key is void. Returns the number of keys that were revoked.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn replace_key(&self, key_ring: &KeyRing, why: &str, actor: &str) -> Result<u64, ScreeningError> {
        holdfast_decision::model::text_ok("why", why)?;
        let (check, why, actor) = (check_of(key_ring), why.to_owned(), actor.to_owned());
        self.change(move |core, now| {
            let sql = "DELETE FROM settings WHERE name LIKE 'desk_key_check:%' OR name LIKE 'desk_key_retired:%'";
            core.db.execute(sql, &[])?;
            set(&mut core.db, KEY_CHECK, &check)?;
            let mut revoked = 0;
            for key in identity::list(&mut core.db)?.iter().filter(|k| k.revoked.is_none()) {
                identity::void_key(&mut Transaction::of(core, now, &actor), &key.id)?;
                revoked += 1;
            }
            let detail = json!({ "why": why, "revoked": revoked }).to_string();
            core.audit(now, &actor, "desk_key.replaced", "desk", &detail);
            Ok(revoked)
        })
    }
}
