//! API keys with scopes and roles. A key's secret is derived from [`KeyRing`](crate::KeyRing), so the database holds no secret.

use crate::{IdentityError, assign_key, canonical_name, ensure_person, person_named, same_person};
use holdfast_store::{Change, Database, DbError, Row};
use holdfast_types::{Invalid, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What a key may do.
///
/// `chain` looks up the ledger, tags and exposures (address screening); `read` does too, and reads customers' events, holds and alerts.
/// `metrics` reads metrics and the reasons of health checks. `provision` is the directory's: it makes, changes and suspends people (SCIM).
pub const SCOPES: [&str; 16] = [
    "chain",
    "read",
    "events",
    "records",
    "holds",
    "alerts",
    "rules",
    "desk",
    "approve",
    "audit",
    "manage",
    "partner",
    "academy",
    "metrics",
    "provision",
    "admin",
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
    pub created: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// When it was revoked.
    pub revoked: Option<Timestamp>,
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
pub const POWERFUL: [&str; 4] = ["admin", "manage", "rules", "provision"];

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
        created: row.time(4)?,
        created_by: row.text(5)?.to_owned(),
        revoked: row.time_or_null(6),
        person: row.text_or_null(7).unwrap_or_default().to_owned(),
        suspended: row.text_or_null(8) == Some("suspended"),
    })
}

const COLUMNS: &str = "SELECT k.id, k.name, k.scopes, k.per_minute, k.created, k.created_by, k.revoked, p.name, p.state
    FROM api_keys k LEFT JOIN key_people o ON o.key_id = k.id LEFT JOIN people p ON p.id = o.person";

/// Returns all keys, at most 10,000.
///
/// # Errors
/// [`DbError`] when the database fails or stored values do not read back.
pub fn list(db: &mut Database) -> Result<Vec<ApiKey>, DbError> {
    db.query(&format!("{COLUMNS} ORDER BY k.created, k.id LIMIT 10000"), &[])?.iter().map(key).collect()
}

/// Returns a key, a revoked one too.
///
/// # Errors
/// [`DbError`] when the database fails or stored values do not read back.
pub fn key_by_id(db: &mut Database, id: &str) -> Result<Option<ApiKey>, DbError> {
    db.query(&format!("{COLUMNS} WHERE k.id = $1"), &[id.into()])?.first().map(key).transpose()
}

/// Returns whether a key is one of an administrator that opens.
pub(crate) fn administrates(key: &ApiKey) -> bool {
    key.is_in_force() && key.may("manage")
}

/// Refuses a name that a key in force has already, however it is written.
///
/// # Errors
/// [`IdentityError::Invalid`]; [`IdentityError::Store`].
pub fn check_name_is_free(db: &mut Database, name: &str) -> Result<(), IdentityError> {
    let twin = list(db)?.into_iter().find(|k| k.revoked.is_none() && same_person(&k.name, name));
    let Some(twin) = twin else { return Ok(()) };
    let text = format!("key {} in force has the name '{}'; revoke it first, or use another name", twin.id, twin.name);
    Err(Invalid::new("name", text).into())
}

/// Returns whether a new key needs a second person: one with scopes that its maker does not have or that are [`POWERFUL`], and one of another
/// person who is known. Whoever could make a key of another person could be two people.
///
/// # Errors
/// [`DbError`] when the database fails.
pub fn key_needs_second_person(
    db: &mut Database,
    maker: &str,
    may: impl Fn(&str) -> bool,
    person: &str,
    scopes: &[String],
) -> Result<bool, DbError> {
    let is_others = person_named(db, person)?.is_some_and(|known| !same_person(&known.name, maker));
    Ok(is_others || scopes.iter().any(|s| POWERFUL.contains(&s.as_str()) || !may(s)))
}

/// Returns whether other scopes of a key need a second person: those that it gains, where whoever gives them does not have them or they are
/// [`POWERFUL`]. To take scopes away needs nobody else, as to revoke a key does not.
pub fn change_needs_second_person(key: &ApiKey, may: impl Fn(&str) -> bool, scopes: &[String]) -> bool {
    let mut gained = scopes.iter().filter(|s| !key.may(s));
    gained.any(|s| POWERFUL.contains(&s.as_str()) || !may(s))
}

/// Stores a new key and whose it is.
///
/// # Errors
/// [`IdentityError::Invalid`] when a key in force has the name; [`IdentityError::State`] when the person is suspended;
/// [`IdentityError::Store`].
pub fn add_key(tx: &mut dyn Change, key: &ApiKey) -> Result<(), IdentityError> {
    check_name_is_free(tx.db(), &key.name)?;
    let person = ensure_person(tx, key.person())?;
    let row = [
        key.id.as_str().into(),
        key.name.as_str().into(),
        key.scopes.join(" ").into(),
        i64::from(key.per_minute).into(),
        tx.now().into(),
        key.created_by.as_str().into(),
    ];
    tx.db().execute(
        "INSERT INTO api_keys (id, name, scopes, per_minute, created, created_by) VALUES ($1, $2, $3, $4, $5, $6)",
        &row,
    )?;
    let detail = json!({ "name": key.name, "scopes": key.scopes, "per_minute": key.per_minute }).to_string();
    tx.audit("key.created", &format!("key:{}", key.id), &detail);
    assign_key(tx, &key.id, person.id)
}

/// Returns a key that is not revoked.
fn key_in_force(db: &mut Database, id: &str) -> Result<ApiKey, IdentityError> {
    let known = key_by_id(db, id)?.filter(|k| k.revoked.is_none());
    known.ok_or_else(|| IdentityError::NotFound(format!("key '{id}' in force")))
}

/// Refuses to take the scope `manage` from the last key that has it.
fn check_another_administrates(db: &mut Database, id: &str) -> Result<(), IdentityError> {
    let all = list(db)?;
    let is_one = all.iter().any(|k| k.id == id && administrates(k));
    if is_one && !all.iter().any(|k| k.id != id && administrates(k)) {
        let text = format!("key '{id}' is the last administrator's; make another administrator's key first");
        return Err(IdentityError::State(text));
    }
    Ok(())
}

/// Gives a key other scopes, in place of those that it has; returns it.
///
/// # Errors
/// [`IdentityError::NotFound`] when no such key is in force; [`IdentityError::State`] when the last administrator would lose `manage`, or it has
/// these scopes already; [`IdentityError::Invalid`] for a scope that there is not; [`IdentityError::Store`].
pub fn change_scopes(tx: &mut dyn Change, id: &str, scopes: &[String]) -> Result<ApiKey, IdentityError> {
    let known = key_in_force(tx.db(), id)?;
    validate(&known.name, scopes)?;
    if known.scopes == scopes {
        return Err(IdentityError::State(format!("key '{id}' has these scopes already")));
    }
    let changed = ApiKey { scopes: scopes.to_vec(), ..known.clone() };
    if !changed.may("manage") {
        check_another_administrates(tx.db(), id)?;
    }
    tx.db().execute("UPDATE api_keys SET scopes = $1 WHERE id = $2", &[scopes.join(" ").into(), id.into()])?;
    let detail = json!({ "scopes": scopes, "before": known.scopes }).to_string();
    tx.audit("key.scopes_changed", &format!("key:{id}"), &detail);
    Ok(changed)
}

/// Revokes a key; the last administrator's stays.
///
/// # Errors
/// [`IdentityError::NotFound`] when no such key is in force; [`IdentityError::State`] for the last administrator's; [`IdentityError::Store`].
pub fn revoke_key(tx: &mut dyn Change, id: &str) -> Result<(), IdentityError> {
    check_another_administrates(tx.db(), id)?;
    void_key(tx, id)
}

/// Revokes a key, the last administrator's too: for a desk whose own key is lost, where no key is good any more.
///
/// # Errors
/// [`IdentityError::NotFound`] when no such key is in force; [`IdentityError::Store`].
pub fn void_key(tx: &mut dyn Change, id: &str) -> Result<(), IdentityError> {
    let sql = "UPDATE api_keys SET revoked = $1 WHERE id = $2 AND revoked IS NULL";
    let row = [tx.now().into(), id.into()];
    if tx.db().execute(sql, &row)? == 0 {
        return Err(IdentityError::NotFound(format!("key '{id}' in force")));
    }
    tx.audit("key.revoked", &format!("key:{id}"), "{}");
    Ok(())
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

    #[test]
    fn only_what_a_key_gains_needs_a_second_person() {
        let scopes = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        let key = ApiKey {
            id: "k1".into(),
            name: "ana".into(),
            scopes: scopes(&["read", "manage"]),
            per_minute: 0,
            created: Timestamp::EPOCH,
            created_by: "root".into(),
            revoked: None,
            person: String::new(),
            suspended: false,
        };
        let needs =
            |of: &[&str], wanted: &[&str]| change_needs_second_person(&key, |s| of.contains(&s), &scopes(wanted));
        assert!(!needs(&[], &["read"]) && !needs(&[], &["manage"]), "to take away");
        assert!(!needs(&["holds"], &["read", "manage", "holds"]));
        assert!(needs(&["desk"], &["read", "manage", "holds"]), "nobody gives what they do not have");
        assert!(needs(&["admin", "rules"], &["read", "manage", "rules"]), "a powerful one");
    }
}
