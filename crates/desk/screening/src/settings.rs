//! Facts about the desk itself, and the check that its key belongs to its database.

use crate::service::{Screening, ScreeningError};
use holdfast_identity::{self as identity, KeyRing};
use holdfast_store::{Database, DbError};

/// Name of the value that a key is checked against.
const KEY_CHECK: &str = "desk_key_check";

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
    /// added after them is noted in the audit log, as a rotation by `actor`. What is stored is derived from the keys and does not reveal them.
    ///
    /// # Errors
    /// [`ScreeningError::State`] when a key of the database is missing.
    pub fn bind_keys(&self, keys: &KeyRing, actor: &str) -> Result<(), ScreeningError> {
        let own: Vec<(String, String)> =
            keys.ids().map(str::to_owned).zip(keys.each().map(|key| check_of(&key))).collect();
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
                core.audit(now, &actor, "desk_key.rotated", "desk", &serde_json::json!({ "key": id }).to_string());
            }
            Ok(())
        })
    }

    /// Binds the database to a new key because the old one is lost for good. API keys are revoked; whatever else was derived from the old
    /// key is void. Returns the number of keys that were revoked.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn replace_key(&self, master: &KeyRing, why: &str, actor: &str) -> Result<u64, ScreeningError> {
        holdfast_decision::model::text_ok("why", why)?;
        let (check, why, actor) = (check_of(master), why.to_owned(), actor.to_owned());
        self.change(move |core, now| {
            core.db.execute("DELETE FROM settings WHERE name LIKE 'desk_key_check:%'", &[])?;
            set(&mut core.db, KEY_CHECK, &check)?;
            let mut revoked = 0;
            for key in identity::list(&mut core.db)?.iter().filter(|k| k.revoked.is_none()) {
                core.void_key(&key.id, &actor, now)?;
                revoked += 1;
            }
            let detail = serde_json::json!({ "why": why, "revoked": revoked }).to_string();
            core.audit(now, &actor, "desk_key.replaced", "desk", &detail);
            Ok(revoked)
        })
    }
}
