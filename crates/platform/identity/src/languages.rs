//! The language that a person of the desk chose, so that it follows them to other browsers.

use crate::IdentityError;
use holdfast_store::{Change, Database, DbError, number};

/// Stores the language of a person (BCP 47).
///
/// # Errors
/// [`IdentityError::Store`].
pub fn set_language(tx: &mut dyn Change, person: u64, language: &str) -> Result<(), IdentityError> {
    tx.db().execute(
        "INSERT INTO person_languages (person, language) VALUES ($1, $2)
         ON CONFLICT (person) DO UPDATE SET language = excluded.language",
        &[number(person), language.into()],
    )?;
    Ok(())
}

/// Returns the language that a person chose last; none where they never chose.
///
/// # Errors
/// [`DbError`] when the database fails or stored values do not read back.
pub fn language_of(db: &mut Database, person: u64) -> Result<Option<String>, DbError> {
    let rows = db.query("SELECT language FROM person_languages WHERE person = $1", &[number(person)])?;
    rows.first().map(|row| row.text(0).map(str::to_owned)).transpose()
}
