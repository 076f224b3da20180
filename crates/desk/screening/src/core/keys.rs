//! API keys.

use super::Core;
use crate::service::{ScreeningError, Transaction};
use holdfast_identity::{self as identity, ApiKey, Person, PersonState, same_person};
use holdfast_types::Invalid;
use serde_json::json;

impl Core {
    /// Refuses a name that a key in force has already, however it is written.
    pub(crate) fn name_is_free(&mut self, name: &str) -> Result<(), ScreeningError> {
        let twin =
            identity::list(&mut self.db)?.into_iter().find(|k| k.revoked.is_none() && same_person(&k.name, name));
        match twin {
            Some(twin) => {
                let text = format!(
                    "key {} in force has the name '{}'; revoke it first, or use another name",
                    twin.id, twin.name
                );
                Err(Invalid::new("name", text).into())
            }
            None => Ok(()),
        }
    }

    /// Stores a new key.
    pub(crate) fn add_key(&mut self, key: &ApiKey, now: i64) -> Result<(), ScreeningError> {
        self.name_is_free(&key.name)?;
        let person = identity::ensure_person(&mut Transaction::of(self, now, &key.created_by), key.person())?;
        self.db.execute(
            "INSERT INTO api_keys (id, name, scopes, per_minute, created, created_by) VALUES ($1, $2, $3, $4, $5, $6)",
            &[
                key.id.as_str().into(),
                key.name.as_str().into(),
                key.scopes.join(" ").into(),
                i64::from(key.per_minute).into(),
                now.into(),
                key.created_by.as_str().into(),
            ],
        )?;
        let detail = json!({"name": key.name, "scopes": key.scopes, "per_minute": key.per_minute}).to_string();
        self.audit(now, &key.created_by, "key.created", &format!("key:{}", key.id), &detail);
        Ok(identity::assign_key(&mut Transaction::of(self, now, &key.created_by), &key.id, person.id)?)
    }

    /// Assigns keys from before there were people to the person of their name.
    pub(crate) fn fill_people(&mut self, now: i64) -> Result<(), ScreeningError> {
        let sql = "SELECT 1 FROM api_keys k LEFT JOIN key_people p ON p.key_id = k.id WHERE p.key_id IS NULL LIMIT 1";
        if self.db.query(sql, &[])?.is_empty() {
            return Ok(());
        }
        self.db.begin()?;
        identity::assign_older_keys(&mut Transaction::of(self, now, "engine"))?;
        self.flush_audit()?;
        Ok(self.db.commit()?)
    }

    /// Suspends a person or lets them act again; the last administrator stays.
    pub(crate) fn set_person_state(
        &mut self,
        id: u64,
        state: PersonState,
        reason: &str,
        actor: &str,
        now: i64,
    ) -> Result<Person, ScreeningError> {
        let person = identity::set_state(&mut Transaction::of(self, now, actor), id, state, reason)?;
        let keys = identity::list(&mut self.db)?;
        let had = keys.iter().any(|k| k.revoked.is_none() && k.may("manage"));
        if had && !keys.iter().any(|k| k.is_in_force() && k.may("manage")) {
            let text = format!("{} is the last administrator; make another administrator's key first", person.name);
            return Err(ScreeningError::State(text));
        }
        Ok(person)
    }

    /// Revokes a key.
    pub(crate) fn revoke_key(&mut self, id: &str, actor: &str, now: i64) -> Result<(), ScreeningError> {
        let all = identity::list(&mut self.db)?;
        let administrates = |k: &&ApiKey| k.is_in_force() && k.may("manage");
        let last = all.iter().filter(administrates).all(|k| k.id == id);
        if last && all.iter().any(|k| k.id == id && administrates(&k)) {
            let text = format!("key '{id}' is the last administrator's; make another administrator's key first");
            return Err(ScreeningError::State(text));
        }
        self.void_key(id, actor, now)
    }

    /// Revokes a key, the last administrator's too: for a desk whose own key is lost, where no key is good any more.
    pub(crate) fn void_key(&mut self, id: &str, actor: &str, now: i64) -> Result<(), ScreeningError> {
        let sql = "UPDATE api_keys SET revoked = $1 WHERE id = $2 AND revoked IS NULL";
        if self.db.execute(sql, &[now.into(), id.into()])? == 0 {
            return Err(ScreeningError::NotFound(format!("key '{id}' in force")));
        }
        self.audit(now, actor, "key.revoked", &format!("key:{id}"), "{}");
        Ok(())
    }
}
