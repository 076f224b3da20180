//! API keys with scopes and roles. A key's secret is derived from [`KeyRing`](crate::KeyRing), so the database holds no secret.

use crate::person::canonical_name;
use holdfast_store::{Database, DbError, Row};
use holdfast_types::Invalid;
use serde::{Deserialize, Serialize};

/// What a key may do.
///
/// `chain` looks up the ledger, tags and exposures (address screening); `read` does too, and reads customers' events, holds and alerts.
/// `metrics` reads metrics and the reasons of health checks.
pub const SCOPES: [&str; 15] = [
    "chain", "read", "events", "records", "holds", "alerts", "rules", "desk", "approve", "audit", "manage", "partner",
    "academy", "metrics", "admin",
];

/// Roles of people and the scopes that each has, and no more. Officers are no key holders: they enter by the portal. `admin` is no role but
/// the machine's own key, for setting up.
pub const ROLES: [(&str, &[&str]); 7] = [
    // A service that screens addresses: it sees nothing of customers.
    ("screener", &["chain"]),
    ("investigator", &["read", "alerts", "holds", "desk"]),
    ("approver", &["read", "alerts", "holds", "desk", "approve"]),
    ("auditor", &["read", "audit"]),
    ("administrator", &["manage", "rules"]),
    // A partner institution: feeds and private matching.
    ("partner", &["partner"]),
    // Plans sessions and looks at classes.
    ("trainer", &["academy"]),
];

/// Returns the scopes of a role.
pub fn role(name: &str) -> Option<Vec<String>> {
    let (_, scopes) = ROLES.iter().find(|(n, _)| *n == name)?;
    Some(scopes.iter().map(|s| (*s).to_owned()).collect())
}

/// A key, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Its public part.
    pub id: String,
    /// Name of the key; of the keys in force each has another.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Requests a minute; 0 for no limit.
    pub per_minute: u32,
    /// Unix seconds.
    pub created: i64,
    /// Who made it.
    pub created_by: String,
    /// When it was revoked.
    pub revoked: Option<i64>,
    /// Whose it is, as the audit log names them; the key's own name where nobody else is named.
    #[serde(default)]
    pub person: String,
    /// Whether its person is suspended, so that it opens nothing.
    #[serde(default)]
    pub suspended: bool,
}

impl ApiKey {
    /// Returns whose it is.
    pub fn person(&self) -> &str {
        if self.person.is_empty() { &self.name } else { &self.person }
    }

    /// Returns whether it opens anything.
    pub fn is_in_force(&self) -> bool {
        self.revoked.is_none() && !self.suspended
    }

    /// Returns whether it may do what a scope names; `admin` may do everything.
    pub fn may(&self, scope: &str) -> bool {
        self.scopes.iter().any(|s| s == scope || s == "admin")
    }
}

/// Scopes that decide about other keys or the rules for all: keys with one need a second person.
pub const POWERFUL: [&str; 3] = ["admin", "manage", "rules"];

/// Names that the desk itself acts under in the audit log.
const RESERVED: [&str; 8] = ["engine", "portal", "mail", "mempool", "webhooks", "nobody", "holdfast", "local"];

/// Checks a new key's name and scopes.
///
/// # Errors
/// [`Invalid`] names the field.
pub fn validate(name: &str, scopes: &[String]) -> Result<(), Invalid> {
    if name.is_empty() || name.len() > 64 || name.chars().any(char::is_control) {
        return Err(Invalid::new("name", "must be 1 to 64 bytes"));
    }
    let plain = canonical_name(name);
    if plain.is_empty() {
        return Err(Invalid::new("name", "has no visible character"));
    }
    if RESERVED.contains(&plain.as_str()) {
        return Err(Invalid::new("name", format!("'{name}' is a name that the desk itself acts under; use another")));
    }
    if scopes.is_empty() {
        return Err(Invalid::new("scopes", format!("name at least one of {}", SCOPES.join(", "))));
    }
    match scopes.iter().find(|s| !SCOPES.contains(&s.as_str())) {
        Some(unknown) => Err(Invalid::new("scopes", format!("'{unknown}' is none of {}", SCOPES.join(", ")))),
        None => Ok(()),
    }
}

fn key(row: &Row) -> Result<ApiKey, DbError> {
    Ok(ApiKey {
        id: row.text(0)?.to_owned(),
        name: row.text(1)?.to_owned(),
        scopes: row.text(2)?.split(' ').map(str::to_owned).collect(),
        per_minute: row.number(3)?,
        created: row.int(4)?,
        created_by: row.text(5)?.to_owned(),
        revoked: row.int_or_null(6),
        person: row.text_or_null(7).unwrap_or_default().to_owned(),
        suspended: row.text_or_null(8) == Some("suspended"),
    })
}

/// Returns all keys, at most 10,000.
///
/// # Errors
/// [`DbError`].
pub fn list(db: &mut Database) -> Result<Vec<ApiKey>, DbError> {
    let sql = "SELECT k.id, k.name, k.scopes, k.per_minute, k.created, k.created_by, k.revoked, p.name, p.state
               FROM api_keys k LEFT JOIN key_people o ON o.key_id = k.id LEFT JOIN people p ON p.id = o.person
               ORDER BY k.created, k.id LIMIT 10000";
    db.query(sql, &[])?.iter().map(key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_and_invisible_names_are_refused() {
        let scopes = ["read".to_owned()];
        for bad in ["Engine", "portal ", "\u{200b}", ""] {
            assert!(validate(bad, &scopes).is_err(), "{bad:?}");
        }
        assert!(validate("x", &["everything".into()]).unwrap_err().to_string().contains("everything"));
    }
}
