//! Recovery codes: what signs a person in whose authenticator app is lost. Each opens once. They are shown once; only their hashes are stored.

use crate::Person;
use holdfast_store::{Change, Database, DbError, Value, number};
use sha2::{Digest, Sha256};

/// Recovery codes of a person.
pub const RECOVERY_CODES: usize = 10;
/// Random bytes of a code.
const CODE_BYTES: usize = 10;
/// Characters of a code, without the hyphens between its groups.
const CODE_LENGTH: usize = CODE_BYTES * 8 / 5;
/// Columns that [`Database::insert`] fills.
const COLUMNS: [&str; 3] = ["person", "hash", "created"];

/// Returns the codes that a random number gives.
fn codes_of(random: &[u8; 32]) -> Vec<String> {
    let code = |i: usize| {
        let digest = Sha256::new().chain_update(b"recovery code").chain_update(random).chain_update(i.to_le_bytes());
        totp_rs::Secret::from(&digest.finalize()[..CODE_BYTES]).to_base32().to_lowercase()
    };
    (0..RECOVERY_CODES).map(code).collect()
}

/// Writes a code for people: `abcd-efgh-ijkl-mnop`.
fn in_groups(code: &str) -> String {
    let groups: Vec<&str> = (0..code.len()).step_by(4).filter_map(|i| code.get(i..code.len().min(i + 4))).collect();
    groups.join("-")
}

/// Returns a code as it is hashed; none where a text is no recovery code.
fn read(text: &str) -> Option<String> {
    let code: String =
        text.chars().filter(|c| !c.is_whitespace() && *c != '-').map(|c| c.to_ascii_lowercase()).collect();
    let is_one = code.len() == CODE_LENGTH && code.bytes().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7'));
    is_one.then_some(code)
}

fn hash(person: u64, code: &str) -> String {
    hex::encode(Sha256::digest(format!("recovery code {person} {code}")))
}

/// Deletes a person's codes.
pub(crate) fn delete(tx: &mut dyn Change, person: &Person) -> Result<(), DbError> {
    tx.db().execute("DELETE FROM recovery_codes WHERE person = $1", &[number(person.id)])?;
    Ok(())
}

/// Replaces a person's codes; returns the new ones, which cannot be read again.
pub(crate) fn replace(tx: &mut dyn Change, person: &Person, random: &[u8; 32]) -> Result<Vec<String>, DbError> {
    delete(tx, person)?;
    let (codes, now) = (codes_of(random), tx.now());
    let row = |code: &String| -> Vec<Value> { vec![number(person.id), hash(person.id, code).into(), now.into()] };
    let rows: Vec<Vec<Value>> = codes.iter().map(row).collect();
    tx.db().insert("recovery_codes", &COLUMNS, &rows, "")?;
    Ok(codes.iter().map(|code| in_groups(code)).collect())
}

/// Uses a person's code up; returns whether the text is one that was not used before.
pub(crate) fn take(tx: &mut dyn Change, person: &Person, text: &str) -> Result<bool, DbError> {
    let Some(code) = read(text) else { return Ok(false) };
    let row = [tx.now().into(), number(person.id), hash(person.id, &code).into()];
    let sql = "UPDATE recovery_codes SET used = $1 WHERE person = $2 AND hash = $3 AND used IS NULL";
    Ok(tx.db().execute(sql, &row)? == 1)
}

/// Returns how many recovery codes of a person are not used.
///
/// # Errors
/// [`DbError`] when the database fails.
pub fn recovery_codes_left(db: &mut Database, person: u64) -> Result<u64, DbError> {
    let sql = "SELECT COUNT(*) FROM recovery_codes WHERE person = $1 AND used IS NULL";
    let rows = db.query(sql, &[number(person)])?;
    rows.first().map_or(Ok(0), |r| r.number(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_different_and_read_as_people_type_them() {
        let codes: Vec<String> = codes_of(&[7; 32]).iter().map(|c| in_groups(c)).collect();
        let distinct: std::collections::BTreeSet<&String> = codes.iter().collect();
        assert_eq!((codes.len(), distinct.len()), (RECOVERY_CODES, RECOVERY_CODES));
        assert_ne!(codes_of(&[8; 32])[0], codes_of(&[7; 32])[0]);
        let code = &codes[0];
        assert_eq!((code.len(), code.matches('-').count()), (19, 3), "{code}");
        let plain = code.replace('-', "");
        for typed in [code.to_uppercase(), code.replace('-', " "), plain.clone(), format!(" {code} ")] {
            assert_eq!(read(&typed).as_ref(), Some(&plain), "{typed}");
        }
        for none in ["123456", "", "abcd-efgh-ijkl-mno", "abcd-efgh-ijkl-mno1", "äbcd-efgh-ijkl-mno"] {
            assert_eq!(read(none), None, "{none}");
        }
        assert_ne!(hash(1, &plain), hash(2, &plain), "a code of one person says nothing of another's");
    }
}
