//! Passkeys as a second factor of people who sign in to the desk's pages: who may add, use, rename and remove one. The ceremonies are those of
//! [`crate::passkey`]; the rules for all second factors are in `second_factor.rs`.

use crate::passkey::{Assertion, Holder, NewCredential, Passkey, Proof, Site, Tables};
use crate::second_factor::{
    Assurance, CodeAnswer, blocked, count_anew, count_refusal, has_app, may_change, void_unconfirmed,
};
use crate::{IdentityError, KeyRing, Person, person_by_id, recovery};
use holdfast_store::{Change, Database, DbError, number};
use holdfast_types::Invalid;
use serde::Serialize;
use serde_json::{Value as Json, json};
use utoipa::ToSchema;

/// Longest name of a passkey, in bytes.
const MAX_NAME: usize = 120;

const STAFF: Tables = Tables {
    passkeys: "staff_passkeys",
    ceremonies: "staff_passkey_ceremonies",
    holder: "person",
    purpose: "staff-passkey-user",
};

/// A passkey that was added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AddedPasskey {
    /// Credential id, hex.
    pub id: String,
    /// Ten codes that sign in once each where the passkey is lost. They are shown once, and come with the first second factor only.
    pub recovery_codes: Vec<String>,
}

/// The passkeys of a person.
pub(crate) fn holder(person: &Person) -> Holder {
    Holder { tables: &STAFF, id: person.id, name: person.name.clone() }
}

/// Returns whether a person has a passkey.
pub(crate) fn has_passkeys(db: &mut Database, person: u64) -> Result<bool, DbError> {
    Ok(!db.query("SELECT 1 FROM staff_passkeys WHERE person = $1 LIMIT 1", &[number(person)])?.is_empty())
}

fn name_ok(name: &str) -> Result<&str, Invalid> {
    let name = name.trim();
    match name.is_empty() || name.len() > MAX_NAME || name.chars().any(char::is_control) {
        true => Err(Invalid::new("name", format!("must be 1 to {MAX_NAME} bytes without control characters"))),
        false => Ok(name),
    }
}

/// Returns a person's passkeys, oldest first.
///
/// # Errors
/// [`DbError`] when the database fails or stored values do not read back.
pub fn passkeys_of(db: &mut Database, person: &Person) -> Result<Vec<Passkey>, DbError> {
    holder(person).passkeys(db)
}

/// Begins to add a passkey of a person: returns the options for `navigator.credentials.create`.
///
/// # Errors
/// [`IdentityError::State`] when the person has a second factor and the caller gave the key alone, or has [`crate::passkey::MAX_PASSKEYS`];
/// [`IdentityError::Store`].
pub fn begin_passkey(
    tx: &mut dyn Change,
    ring: &KeyRing,
    person: &Person,
    assurance: Assurance,
    site: &Site,
) -> Result<Json, IdentityError> {
    let person = person_by_id(tx.db(), person.id)?;
    may_change(&person, person.second_factor, assurance)?;
    holder(&person).begin_registration(tx, ring, site)
}

/// Adds the passkey that was begun. With a person's first factor come recovery codes, which are made of `random`. An app that was set up before
/// and never confirmed is void.
///
/// # Errors
/// As [`begin_passkey`]; [`IdentityError::State`] too when the credential is not the one that was requested; [`IdentityError::Invalid`] names the
/// field.
pub fn add_passkey(
    tx: &mut dyn Change,
    person: &Person,
    assurance: Assurance,
    site: &Site,
    (name, credential): (&str, &NewCredential),
    random: &[u8; 32],
) -> Result<AddedPasskey, IdentityError> {
    let name = name_ok(name)?;
    // Read again: another session may have set a factor up meanwhile.
    let person = person_by_id(tx.db(), person.id)?;
    may_change(&person, person.second_factor, assurance)?;
    let id = holder(&person).register(tx, site, name, credential)?;
    void_unconfirmed(tx, &person)?;
    let recovery_codes = match person.second_factor {
        true => Vec::new(),
        false => recovery::replace(tx, &person, random)?,
    };
    tx.audit("person.passkey_added", &format!("person:{}", person.id), &json!({ "passkey": id }).to_string());
    Ok(AddedPasskey { id, recovery_codes })
}

/// Begins to sign a person in with a passkey: returns the options for `navigator.credentials.get`.
///
/// # Errors
/// [`IdentityError::State`] when the person has none; [`IdentityError::Store`].
pub fn challenge_passkey(tx: &mut dyn Change, person: &Person, site: &Site) -> Result<Json, IdentityError> {
    holder(person).begin_authentication(tx, site)
}

/// Takes a passkey's answer to the challenge that was begun, in place of a code. A refusal is counted by this change, so the caller lets the
/// change succeed.
///
/// # Errors
/// [`IdentityError::State`] when nothing was begun, or the passkey is none of the person's; [`IdentityError::Store`].
pub fn give_passkey(
    tx: &mut dyn Change,
    ring: &KeyRing,
    person: &Person,
    site: &Site,
    assertion: &Assertion,
) -> Result<CodeAnswer, IdentityError> {
    if let Some(until) = blocked(tx, person)? {
        return Ok(CodeAnswer::Blocked(until));
    }
    match holder(person).authenticate(tx, ring, site, assertion)? {
        Proof::Refused(id, _) => Ok(count_refusal(tx, person, json!({ "passkey": id }))?),
        Proof::Accepted(id) => {
            count_anew(tx, person)?;
            tx.audit("person.factor_given", &format!("person:{}", person.id), &json!({ "passkey": id }).to_string());
            Ok(CodeAnswer::Accepted)
        }
    }
}

/// Refuses to change a passkey that is none of a person's, or without a second factor.
fn may_change_one(db: &mut Database, person: &Person, assurance: Assurance, id: &str) -> Result<(), IdentityError> {
    let row = [id.into(), number(person.id)];
    if db.query("SELECT 1 FROM staff_passkeys WHERE id = $1 AND person = $2", &row)?.is_empty() {
        return Err(IdentityError::NotFound(format!("passkey '{id}' of yours")));
    }
    may_change(person, true, assurance)
}

/// Renames a passkey of a person.
///
/// # Errors
/// [`IdentityError::State`] when the caller gave the key alone; [`IdentityError::NotFound`]; [`IdentityError::Invalid`] names the field;
/// [`IdentityError::Store`].
pub fn rename_passkey(
    tx: &mut dyn Change,
    person: &Person,
    assurance: Assurance,
    id: &str,
    name: &str,
) -> Result<(), IdentityError> {
    let name = name_ok(name)?;
    may_change_one(tx.db(), person, assurance, id)?;
    tx.db().execute("UPDATE staff_passkeys SET name = $1 WHERE id = $2", &[name.into(), id.into()])?;
    let detail = json!({ "passkey": id, "name": name }).to_string();
    tx.audit("person.passkey_renamed", &format!("person:{}", person.id), &detail);
    Ok(())
}

/// Removes a passkey of a person. The last second factor stays: it goes by a reset, which another person makes.
///
/// # Errors
/// [`IdentityError::State`] when the caller gave the key alone, or it is the last second factor; [`IdentityError::NotFound`];
/// [`IdentityError::Store`].
pub fn remove_passkey(
    tx: &mut dyn Change,
    person: &Person,
    assurance: Assurance,
    id: &str,
) -> Result<(), IdentityError> {
    may_change_one(tx.db(), person, assurance, id)?;
    holder(person).delete(tx.db(), id)?;
    if !has_app(tx.db(), person.id)? && !has_passkeys(tx.db(), person.id)? {
        let why = "it is your only second factor; add another first, or let another administrator reset it";
        return Err(IdentityError::State(why.to_owned()));
    }
    tx.audit("person.passkey_removed", &format!("person:{}", person.id), &json!({ "passkey": id }).to_string());
    Ok(())
}
