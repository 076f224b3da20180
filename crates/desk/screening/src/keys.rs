//! API keys with scopes. A key's secret is derived from the desk's master key, so the database holds no secret.

use crate::model::Invalid;
use hmac::{Hmac, Mac};
use holdfast_store::{Database, DbError, Row};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use utoipa::ToSchema;

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

/// The scopes of a role.
pub fn role(name: &str) -> Option<Vec<String>> {
    let (_, scopes) = ROLES.iter().find(|(n, _)| *n == name)?;
    Some(scopes.iter().map(|s| (*s).to_owned()).collect())
}

/// A key, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApiKey {
    /// Its public part.
    pub id: String,
    /// Whose it is; the audit log names it.
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
}

impl ApiKey {
    /// Whether it may do what a scope names; `admin` may do everything.
    pub fn may(&self, scope: &str) -> bool {
        self.scopes.iter().any(|s| s == scope || s == "admin")
    }
}

/// The desk's secret; 32 random bytes kept in a file.
#[derive(Clone)]
pub struct Master(pub [u8; 32]);

impl std::fmt::Debug for Master {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Master")
    }
}

impl Master {
    /// A secret for a purpose and a name (HMAC-SHA256, RFC 2104).
    pub fn derive(&self, purpose: &str, name: &str) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(name.as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// A secret key for sealing (age's `AGE-SECRET-KEY-1...`, which is Bech32 of BIP 173), for a purpose and a name.
    ///
    /// # Panics
    /// Never: the prefix and the length are within Bech32's bounds.
    pub fn sealing_key(&self, purpose: &str, name: &str) -> String {
        let hrp = bech32::Hrp::parse("age-secret-key-").expect("a proper prefix");
        let bytes = self.derive(purpose, name);
        bech32::encode::<bech32::Bech32>(hrp, &bytes).expect("short enough").to_uppercase()
    }

    /// The token of a key: shown once, to whom it is made for.
    pub fn token(&self, id: &str) -> String {
        format!("hf_{id}_{}", hex::encode(&self.derive("api-key", id)[..24]))
    }

    /// The id of a token whose secret is right.
    pub fn id_of<'t>(&self, token: &'t str) -> Option<&'t str> {
        let (id, _) = token.strip_prefix("hf_")?.split_once('_')?;
        bool::from(self.token(id).as_bytes().ct_eq(token.as_bytes())).then_some(id)
    }
}

/// A person's name as it is compared: without case, width, accents' encodings and spaces around it.
pub fn canonical_name(name: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    let folded: String = name.nfkc().flat_map(char::to_lowercase).nfkc().collect();
    let visible = folded.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| !is_invisible(*c));
    visible.collect::<String>().split(' ').filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Characters that leave no mark, with which one name could be written as two.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180e}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether two names are one person's.
pub fn same_person(a: &str, b: &str) -> bool {
    a == b || canonical_name(a) == canonical_name(b)
}

/// Scopes that decide about other keys or the rules for all: keys with one need a second person.
pub const POWERFUL: [&str; 3] = ["admin", "manage", "rules"];

/// Names that the desk itself acts under in the audit log.
const RESERVED: [&str; 8] = ["engine", "portal", "mail", "mempool", "webhooks", "nobody", "holdfast", "local"];

/// Whether a new key's name and scopes are proper.
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
        per_minute: row.int(3)? as u32,
        created: row.int(4)?,
        created_by: row.text(5)?.to_owned(),
        revoked: row.int_or_null(6),
    })
}

/// All keys, at most 10,000.
///
/// # Errors
/// [`DbError`].
pub fn list(db: &mut Database) -> Result<Vec<ApiKey>, DbError> {
    let sql = "SELECT id, name, scopes, per_minute, created, created_by, revoked FROM api_keys ORDER BY created, id LIMIT 10000";
    db.query(sql, &[])?.iter().map(key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_has_one_name() {
        for other in ["Ana Berg", " ana  berg ", "ＡＮＡ BERG", "ana\u{200b} berg", "ana\u{a0}berg"] {
            assert!(same_person("ana berg", other), "{other:?}");
        }
        assert!(same_person("Jose\u{301}", "josé") && !same_person("ana", "anna"));
        let scopes = ["read".to_owned()];
        for bad in ["Engine", "portal ", "\u{200b}", ""] {
            assert!(validate(bad, &scopes).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn only_the_right_secret_opens() {
        let master = Master([7; 32]);
        let token = master.token("a1");
        assert_eq!(master.id_of(&token), Some("a1"));
        assert_eq!(Master([8; 32]).id_of(&token), None);
        assert_eq!(master.id_of(&token.replace("a1", "a2")), None);
        assert_eq!(master.id_of("hf_"), None);
        assert!(validate("x", &["everything".into()]).unwrap_err().to_string().contains("everything"));
    }
}
