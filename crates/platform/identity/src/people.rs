//! People who act at the desk. A person has a name, by which the audit log knows them, and keys.

use crate::keys::administrates;
use crate::{IdentityError, canonical_name, list};
use holdfast_store::{Change, Database, DbError, Row, Schema, Value, number};
use holdfast_types::{Invalid, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

/// The tables of people, their sessions and second factors.
pub const SCHEMA: Schema = Schema {
    department: "identity",
    migrations: &[
        include_str!("migrations/001_people.sql"),
        include_str!("migrations/002_sessions.sql"),
        include_str!("migrations/003_second_factors.sql"),
        include_str!("migrations/004_recovery_codes.sql"),
        include_str!("migrations/005_sessions_of_all.sql"),
        include_str!("migrations/006_passkeys.sql"),
        include_str!("migrations/007_languages.sql"),
        include_str!("migrations/008_sign_on.sql"),
    ],
};

/// Most people that are listed.
const MAX_LISTED: i64 = 10_000;
/// Longest reason, in bytes.
const MAX_REASON: usize = 1_024;

/// Whether a person may act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PersonState {
    /// The person's keys are good.
    Active,
    /// None of the person's keys is good.
    Suspended,
}

impl PersonState {
    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            PersonState::Active => "active",
            PersonState::Suspended => "suspended",
        }
    }

    fn from_name(name: &str) -> Result<Self, DbError> {
        let unknown = || DbError::Stored { what: "person".into(), cause: format!("state '{name}'") };
        [PersonState::Active, PersonState::Suspended].into_iter().find(|s| s.name() == name).ok_or_else(unknown)
    }
}

/// A person who acts at the desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Person {
    /// Number.
    pub id: u64,
    /// Name, as the audit log has it; it never changes.
    pub name: String,
    /// Whether the person may act.
    pub state: PersonState,
    /// Since when, Unix seconds.
    pub created: Timestamp,
    /// Who made the person's first key.
    pub created_by: String,
    /// Whether signing in needs a second factor: an authenticator app or a passkey.
    pub second_factor: bool,
}

const COLUMNS: &str = "SELECT id, name, state, created, created_by,
    (SELECT COUNT(*) FROM second_factors f WHERE f.person = people.id AND f.confirmed IS NOT NULL)
    + (SELECT COUNT(*) FROM staff_passkeys k WHERE k.person = people.id) FROM people";

fn person(row: &Row) -> Result<Person, DbError> {
    Ok(Person {
        id: row.number(0)?,
        name: row.text(1)?.to_owned(),
        state: PersonState::from_name(row.text(2)?)?,
        created: row.time(3)?,
        created_by: row.text(4)?.to_owned(),
        second_factor: row.int(5)? > 0,
    })
}

fn one(db: &mut Database, column: &str, value: Value) -> Result<Option<Person>, DbError> {
    db.query(&format!("{COLUMNS} WHERE {column} = $1"), &[value])?.first().map(person).transpose()
}

/// Returns all people, at most 10,000.
///
/// # Errors
/// [`DbError`] when the database fails or stored values do not read back.
pub fn people(db: &mut Database) -> Result<Vec<Person>, DbError> {
    db.query(&format!("{COLUMNS} ORDER BY id LIMIT $1"), &[MAX_LISTED.into()])?.iter().map(person).collect()
}

/// Returns the person of a name, however it is written.
///
/// # Errors
/// [`DbError`] when the database fails or stored values do not read back.
pub fn person_named(db: &mut Database, name: &str) -> Result<Option<Person>, DbError> {
    one(db, "canonical", canonical_name(name).into())
}

/// Returns the person of a number.
///
/// # Errors
/// [`IdentityError::NotFound`] when there is none; [`IdentityError::Store`].
pub fn person_by_id(db: &mut Database, id: u64) -> Result<Person, IdentityError> {
    one(db, "id", number(id))?.ok_or_else(|| IdentityError::NotFound(format!("person {id}")))
}

/// Returns the person of a name, however it is written, if there is one.
///
/// # Errors
/// [`IdentityError::State`] when the person is suspended; [`IdentityError::Store`].
pub fn active_person(db: &mut Database, name: &str) -> Result<Option<Person>, IdentityError> {
    match person_named(db, name)? {
        Some(known) if known.state == PersonState::Suspended => {
            Err(IdentityError::State(format!("{} is suspended", known.name)))
        }
        known => Ok(known),
    }
}

/// Returns the person of a name, who is made when there is none.
///
/// # Errors
/// [`IdentityError::State`] when the person is suspended; [`IdentityError::Store`].
pub fn ensure_person(tx: &mut dyn Change, name: &str) -> Result<Person, IdentityError> {
    if let Some(known) = active_person(tx.db(), name)? {
        return Ok(known);
    }
    let (id, now) = (tx.next_id("people")?, tx.now());
    let row = [id.into(), name.into(), canonical_name(name).into(), now.into(), tx.actor().into()];
    tx.db().execute(
        "INSERT INTO people (id, name, canonical, state, created, created_by) VALUES ($1, $2, $3, 'active', $4, $5)",
        &row,
    )?;
    tx.audit("person.created", &format!("person:{id}"), &json!({ "name": name }).to_string());
    person_by_id(tx.db(), id.unsigned_abs())
}

/// Stores whose a key is.
///
/// # Errors
/// [`IdentityError::Store`].
pub fn assign_key(tx: &mut dyn Change, key: &str, person: u64) -> Result<(), IdentityError> {
    tx.db().execute("INSERT INTO key_people (key_id, person) VALUES ($1, $2)", &[key.into(), number(person)])?;
    tx.audit("key.assigned", &format!("key:{key}"), &json!({ "person": person }).to_string());
    Ok(())
}

/// Returns whether there are keys from before there were people.
///
/// # Errors
/// [`DbError`] when the database fails.
pub fn has_older_keys(db: &mut Database) -> Result<bool, DbError> {
    let sql = "SELECT 1 FROM api_keys k LEFT JOIN key_people p ON p.key_id = k.id WHERE p.key_id IS NULL LIMIT 1";
    Ok(!db.query(sql, &[])?.is_empty())
}

/// Assigns keys from before there were people to the person of their name.
///
/// # Errors
/// [`IdentityError::Store`].
pub fn assign_older_keys(tx: &mut dyn Change) -> Result<(), IdentityError> {
    let sql = "SELECT k.id, k.name FROM api_keys k LEFT JOIN key_people p ON p.key_id = k.id WHERE p.key_id IS NULL
               ORDER BY k.created, k.id LIMIT 10000";
    for row in tx.db().query(sql, &[])? {
        let person = ensure_person(tx, row.text(1)?)?;
        assign_key(tx, row.text(0)?, person.id)?;
    }
    Ok(())
}

/// Suspends a person, whose keys and sessions open nothing from then on, or lets a suspended one act again. The last administrator stays.
///
/// # Errors
/// [`IdentityError::NotFound`]; [`IdentityError::State`] for the last administrator, or when the person is in that state already;
/// [`IdentityError::Invalid`] without a reason.
pub fn set_state(tx: &mut dyn Change, id: u64, state: PersonState, reason: &str) -> Result<Person, IdentityError> {
    if reason.trim().is_empty() || reason.len() > MAX_REASON {
        return Err(Invalid::new("reason", format!("must be 1 to {MAX_REASON} bytes")).into());
    }
    let known = person_by_id(tx.db(), id)?;
    if known.state == state {
        return Err(IdentityError::State(format!("{} is {} already", known.name, state.name())));
    }
    tx.db().execute("UPDATE people SET state = $1 WHERE id = $2", &[state.name().into(), number(id)])?;
    let action = match state {
        PersonState::Active => "person.activated",
        PersonState::Suspended => "person.suspended",
    };
    tx.audit(action, &format!("person:{id}"), &json!({ "reason": reason }).to_string());
    if state == PersonState::Suspended {
        crate::end_sessions_of(tx, id)?;
    }
    let keys = list(tx.db())?;
    let had = keys.iter().any(|k| k.revoked.is_none() && k.may("manage"));
    if had && !keys.iter().any(administrates) {
        let text = format!("{} is the last administrator; make another administrator's key first", known.name);
        return Err(IdentityError::State(text));
    }
    Ok(Person { state, ..known })
}
