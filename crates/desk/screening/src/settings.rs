//! Facts about the desk itself, and the check that its key belongs to its database.

use crate::service::{Screening, ScreeningError};
use holdfast_identity::{self as identity, Master};
use holdfast_store::{Database, DbError};

/// Name of the value that a key is checked against.
const KEY_CHECK: &str = "desk_key_check";

/// A setting.
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
    /// What of this database cannot be opened without the key that it was made with; empty for a new database.
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

    /// Checks that a key is the one that this database was made with; a database that never had one is bound to it. The value that is
    /// stored is derived from the key and does not reveal it.
    ///
    /// # Errors
    /// [`ScreeningError::State`] when the key is another.
    pub fn bind_key(&self, master: &Master) -> Result<(), ScreeningError> {
        let check = hex::encode(master.derive(KEY_CHECK, ""));
        match self.read(|db| get(db, KEY_CHECK))? {
            Some(stored) if stored == check => Ok(()),
            Some(_) => Err(ScreeningError::State(
                "desk.key is not the key that this database was made with; put the right desk.key beside the database, or \
                 restore both from one backup (`holdfast restore`)"
                    .to_owned(),
            )),
            None => self.change(move |core, _| Ok(set(&mut core.db, KEY_CHECK, &check)?)),
        }
    }

    /// Binds the database to a new key because the old one is lost for good. API keys are revoked; whatever else was derived from the old
    /// key is void. Gives the number of keys that were revoked.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn replace_key(&self, master: &Master, why: &str, actor: &str) -> Result<u64, ScreeningError> {
        holdfast_decision::model::text_ok("why", why)?;
        let (check, why, actor) = (hex::encode(master.derive(KEY_CHECK, "")), why.to_owned(), actor.to_owned());
        self.change(move |core, now| {
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
