//! API keys.

use super::Core;
use crate::service::ScreeningError;
use holdfast_identity::{self as identity, ApiKey, same_person};
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
        Ok(())
    }

    /// Revokes a key.
    pub(crate) fn revoke_key(&mut self, id: &str, actor: &str, now: i64) -> Result<(), ScreeningError> {
        let all = identity::list(&mut self.db)?;
        let administrates = |k: &&ApiKey| k.revoked.is_none() && k.may("manage");
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
