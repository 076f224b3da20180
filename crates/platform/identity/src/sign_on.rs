//! People who sign in through the institution's identity provider: which person a provider's subject is, and the sessions that the provider ends.
//!
//! Each has a key like everybody else, so that scopes, sessions, suspension and revocation are the same; its secret is given to nobody.

use crate::directory::{groups_of_person, provisioned_person};
use crate::{
    ApiKey, IdentityError, Person, PersonState, add_key, change_scopes, key_by_id, person_by_id, person_named, validate,
};
use holdfast_store::{Change, Database, DbError, Row, number};
use holdfast_types::{Invalid, Timestamp};
use serde_json::json;

/// Longest subject and issuer, in bytes (OpenID Connect Core 1.0, section 2: 255 for `sub`).
const MAX_SUBJECT: usize = 255;

/// Whom a provider vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffIdentity {
    /// The provider.
    pub issuer: String,
    /// The provider's name of the person, which never changes (`sub`).
    pub subject: String,
    /// Name of the person, as the audit log has it from the first sign-in on.
    pub name: String,
    /// The provider's session, where it names it: sessions that are started now end with it.
    pub sid: Option<String>,
}

/// Which person a provider's subject is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignOnLink {
    /// The provider.
    pub issuer: String,
    /// The provider's name of the person.
    pub subject: String,
    /// Number of the person.
    pub person: u64,
    /// The key that sessions of a sign-on have; none before the first.
    pub key: Option<String>,
}

fn link(row: &Row) -> Result<SignOnLink, DbError> {
    Ok(SignOnLink {
        issuer: row.text(0)?.to_owned(),
        subject: row.text(1)?.to_owned(),
        person: row.number(2)?,
        key: row.text_or_null(3).map(str::to_owned),
    })
}

const COLUMNS: &str = "SELECT issuer, subject, person, key_id FROM sign_on_people";

fn link_by_subject(db: &mut Database, issuer: &str, subject: &str) -> Result<Option<SignOnLink>, DbError> {
    let sql = format!("{COLUMNS} WHERE issuer = $1 AND subject = $2");
    db.query(&sql, &[issuer.into(), subject.into()])?.first().map(link).transpose()
}

/// Returns whom a person is at a provider.
///
/// # Errors
/// [`DbError`] when the database fails or stored values do not read back.
pub fn link_of(db: &mut Database, issuer: &str, person: u64) -> Result<Option<SignOnLink>, DbError> {
    let sql = format!("{COLUMNS} WHERE issuer = $1 AND person = $2");
    db.query(&sql, &[issuer.into(), number(person)])?.first().map(link).transpose()
}

/// Links a person who is known to a provider's subject, so that they sign in there from now on. Whoever decides it must know that both are one
/// person.
///
/// # Errors
/// [`IdentityError::Invalid`] for an empty or overlong subject; [`IdentityError::NotFound`] for an unknown person; [`IdentityError::State`] when
/// the subject or the person is linked already; [`IdentityError::Store`].
pub fn link_person(tx: &mut dyn Change, issuer: &str, subject: &str, person: u64) -> Result<Person, IdentityError> {
    if subject.is_empty() || subject.len() > MAX_SUBJECT || subject.chars().any(char::is_control) {
        let text = format!("must be 1 to {MAX_SUBJECT} bytes, as the identity provider's `sub` is");
        return Err(Invalid::new("subject", text).into());
    }
    let known = person_by_id(tx.db(), person)?;
    if let Some(other) = link_by_subject(tx.db(), issuer, subject)? {
        let name = person_by_id(tx.db(), other.person)?.name;
        return Err(IdentityError::State(format!("the subject '{subject}' is {name} already")));
    }
    if let Some(other) = link_of(tx.db(), issuer, person)? {
        return Err(IdentityError::State(format!("{} is the subject '{}' already", known.name, other.subject)));
    }
    let row = [issuer.into(), subject.into(), number(person), tx.now().into(), tx.actor().into()];
    tx.db().execute(
        "INSERT INTO sign_on_people (issuer, subject, person, linked, linked_by) VALUES ($1, $2, $3, $4, $5)",
        &row,
    )?;
    let detail = json!({ "issuer": issuer, "subject": subject }).to_string();
    tx.audit("person.linked", &format!("person:{person}"), &detail);
    Ok(known)
}

/// Returns the names of the directory's groups of whoever signs on as a subject, or for the first time under a name.
///
/// # Errors
/// [`DbError`] when the database fails or stored values do not read back.
pub fn groups_at_sign_on(db: &mut Database, issuer: &str, subject: &str, name: &str) -> Result<Vec<String>, DbError> {
    let person = match link_by_subject(db, issuer, subject)? {
        Some(link) => Some(link.person),
        None => provisioned_person(db, name)?,
    };
    person.map_or(Ok(Vec::new()), |person| groups_of_person(db, person))
}

/// Signs a person in through the provider, with the scopes of their roles there; returns their key. A person who is new is made; one whom the
/// directory provisioned under this name is linked. Anybody else of this name is not: who may choose their name at the provider would choose whom
/// they are here.
///
/// # Errors
/// [`IdentityError::State`] when the person is suspended, the sign-on was revoked, a person of the name is known who is not linked, or the last
/// administrator would lose `manage`; [`IdentityError::Invalid`] for a name that is none; [`IdentityError::Store`].
pub fn sign_on(
    tx: &mut dyn Change,
    who: &StaffIdentity,
    scopes: &[String],
    new_key: &str,
) -> Result<ApiKey, IdentityError> {
    let link = match link_by_subject(tx.db(), &who.issuer, &who.subject)? {
        Some(link) => link,
        None => new_link(tx, who, scopes)?,
    };
    let person = person_by_id(tx.db(), link.person)?;
    if person.state == PersonState::Suspended {
        return Err(IdentityError::State(format!("{} is suspended", person.name)));
    }
    let sql = "UPDATE sign_on_people SET sid = $1 WHERE issuer = $2 AND subject = $3";
    tx.db().execute(sql, &[who.sid.clone().into(), who.issuer.as_str().into(), who.subject.as_str().into()])?;
    let detail = json!({ "issuer": who.issuer, "subject": who.subject, "scopes": scopes }).to_string();
    tx.audit("person.signed_on", &format!("person:{}", person.id), &detail);
    let Some(id) = link.key else { return first_key(tx, &person, who, scopes, new_key) };
    let known = key_by_id(tx.db(), &id)?.ok_or_else(|| IdentityError::NotFound(format!("key '{id}'")))?;
    if known.revoked.is_some() {
        let text = format!("an administrator revoked the sign-on of {} (key {id})", person.name);
        return Err(IdentityError::State(text));
    }
    if known.scopes == scopes { Ok(known) } else { change_scopes(tx, &id, scopes) }
}

fn new_link(tx: &mut dyn Change, who: &StaffIdentity, scopes: &[String]) -> Result<SignOnLink, IdentityError> {
    validate(&who.name, scopes)?;
    let provisioned = provisioned_person(tx.db(), &who.name)?;
    let person = match (provisioned, person_named(tx.db(), &who.name)?) {
        (Some(id), _) => person_by_id(tx.db(), id)?,
        (None, Some(person)) => {
            let text = format!(
                "a person of the name {} is known here and not linked to the subject '{}'; an administrator links both with `holdfast people \
                 link {} --subject {}`",
                person.name, who.subject, person.id, who.subject
            );
            return Err(IdentityError::State(text));
        }
        (None, None) => crate::ensure_person(tx, &who.name)?,
    };
    link_person(tx, &who.issuer, &who.subject, person.id)?;
    Ok(SignOnLink { issuer: who.issuer.clone(), subject: who.subject.clone(), person: person.id, key: None })
}

fn first_key(
    tx: &mut dyn Change,
    person: &Person,
    who: &StaffIdentity,
    scopes: &[String],
    new_key: &str,
) -> Result<ApiKey, IdentityError> {
    let key = ApiKey {
        id: new_key.to_owned(),
        name: format!("sign-on {new_key}"),
        scopes: scopes.to_vec(),
        per_minute: 0,
        created: tx.now(),
        created_by: tx.actor().to_owned(),
        revoked: None,
        person: person.name.clone(),
        suspended: false,
    };
    validate(&key.name, scopes)?;
    add_key(tx, &key)?;
    let sql = "UPDATE sign_on_people SET key_id = $1 WHERE issuer = $2 AND subject = $3";
    tx.db().execute(sql, &[new_key.into(), who.issuer.as_str().into(), who.subject.as_str().into()])?;
    Ok(key)
}

/// Ends the sessions that a provider says are over (OpenID Connect Back-Channel Logout 1.0, section 2.7): those of one of its sessions where it
/// names one (and those of which it named none), else all of its subject; only those that began by a time, so that a message that is sent again ends no later one. Returns their ids.
///
/// # Errors
/// [`IdentityError::Store`].
pub fn end_provider_sessions(
    tx: &mut dyn Change,
    issuer: &str,
    subject: Option<&str>,
    sid: Option<&str>,
    began_by: Timestamp,
) -> Result<Vec<String>, IdentityError> {
    let sql = "SELECT s.id FROM sessions s JOIN sign_on_people p ON p.key_id = s.key_id
               WHERE s.ended IS NULL AND s.started <= $1 AND p.issuer = $2
               AND (p.subject = $3 OR $3 = '') AND (s.provider_session = $4 OR $4 = '' OR (s.provider_session IS NULL AND $3 <> ''))
               ORDER BY s.id LIMIT 10000";
    let (subject, sid) = (subject.unwrap_or_default(), sid.unwrap_or_default());
    if subject.is_empty() && sid.is_empty() {
        return Ok(Vec::new());
    }
    let rows = tx.db().query(sql, &[began_by.into(), issuer.into(), subject.into(), sid.into()])?;
    let ids = rows.iter().map(|row| row.text(0).map(str::to_owned)).collect::<Result<Vec<_>, _>>()?;
    let now = tx.now();
    for id in &ids {
        tx.db().execute("UPDATE sessions SET ended = $1 WHERE id = $2", &[now.into(), id.as_str().into()])?;
    }
    let detail = json!({ "sessions": ids.len(), "subject": subject, "sid": sid }).to_string();
    tx.audit("sessions.ended_by_provider", &format!("issuer:{issuer}"), &detail);
    Ok(ids)
}
