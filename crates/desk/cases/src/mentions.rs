//! People named in comments as `@name`: each finds it among what waits for them, and webhooks of the topic `mentions` carry it.

use holdfast_identity::{canonical_name, people, same_person};
use holdfast_screening::service::Transaction;
use holdfast_screening::{Screening, ScreeningError};
use holdfast_store::{Database, DbError, Row, number};
use holdfast_types::Timestamp;
use serde::Serialize;
use serde_json::json;

/// Most people that one comment names, and most mentions of a list.
const MAX_NAMED: usize = 20;
const MAX_LISTED: u64 = 200;
/// Longest part of a comment that a mention carries, in characters.
const MAX_TEXT: usize = 500;

/// A comment that names a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mention {
    /// Its number.
    pub id: u64,
    /// Who wrote it.
    pub author: String,
    /// Where: `alert:7`, `case:3`.
    pub subject: String,
    /// Its beginning.
    pub text: String,
    /// When.
    pub time: Timestamp,
    /// When the person marked it as read.
    pub seen: Option<Timestamp>,
}

/// Mentions of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mentions {
    /// The latest first, at most 200.
    pub list: Vec<Mention>,
    /// Whether there are older ones.
    pub more: bool,
}

fn mention(row: &Row) -> Result<Mention, DbError> {
    Ok(Mention {
        id: row.number(0)?,
        author: row.text(1)?.to_owned(),
        subject: row.text(2)?.to_owned(),
        text: row.text(3)?.to_owned(),
        time: row.time(4)?,
        seen: row.time_or_null(5),
    })
}

/// The people of `names` that a text names as `@name`: of several that fit the longest name.
fn named<'n>(text: &str, names: &'n [String]) -> Vec<&'n str> {
    let folded: Vec<(String, &str)> = names.iter().map(|name| (canonical_name(name), name.as_str())).collect();
    let mut found: Vec<&str> = Vec::new();
    for (at, _) in text.match_indices('@') {
        // An address of mail names nobody.
        if text[..at].chars().next_back().is_some_and(char::is_alphanumeric) {
            continue;
        }
        let rest: String = text[at + 1..].chars().take(300).flat_map(char::to_lowercase).collect();
        let fits = |name: &str| rest.strip_prefix(name).is_some_and(|end| !end.starts_with(char::is_alphanumeric));
        let longest = folded.iter().filter(|(name, _)| fits(name)).max_by_key(|(name, _)| name.len());
        if let Some((_, name)) = longest.filter(|(_, name)| found.len() < MAX_NAMED && !found.contains(name)) {
            found.push(name);
        }
    }
    found
}

/// Stores whom a comment names, within its change: of `among`, or of everybody at the desk. Whoever names themselves needs no notice.
///
/// # Errors
/// [`ScreeningError`] when the database fails.
pub fn note(
    tx: &mut Transaction<'_>,
    subject: &str,
    text: &str,
    among: Option<&[String]>,
) -> Result<(), ScreeningError> {
    if !text.contains('@') {
        return Ok(());
    }
    let names: Vec<String> = match among {
        Some(names) => names.to_vec(),
        None => people(tx.db())?.into_iter().map(|person| person.name).collect(),
    };
    let (actor, now) = (tx.actor().to_owned(), tx.now());
    let short: String = text.chars().take(MAX_TEXT).collect();
    for person in named(text, &names).into_iter().filter(|person| !same_person(person, &actor)) {
        let id = tx.next_id("mentions")?;
        let row = [id.into(), person.into(), actor.as_str().into(), subject.into(), short.as_str().into(), now.into()];
        tx.db().execute(
            "INSERT INTO mentions (id, person, author, subject, text, time) VALUES ($1, $2, $3, $4, $5, $6)",
            &row,
        )?;
        let detail = json!({"notification": "mention", "mention": id, "person": person}).to_string();
        tx.audit("notification.mention", subject, &detail);
    }
    Ok(())
}

/// Returns mentions of a person, but those of cases that the person is not on (any more). Whether the person may read alerts, customers and cases is for
/// the caller to ask.
///
/// # Errors
/// [`ScreeningError`] when the database fails.
pub fn of(screening: &Screening, person: &str, unseen_only: bool) -> Result<Mentions, ScreeningError> {
    screening.read(|db| list(db, person, unseen_only))
}

fn list(db: &mut Database, person: &str, unseen_only: bool) -> Result<Mentions, DbError> {
    let unseen = if unseen_only { " AND seen IS NULL" } else { "" };
    let sql = format!(
        "SELECT id, author, subject, text, time, seen FROM mentions WHERE person = $1{unseen}
         AND (subject NOT LIKE 'case:%' OR EXISTS
             (SELECT 1 FROM case_members c WHERE c.person = $1 AND 'case:' || CAST(c.case_id AS TEXT) = mentions.subject))
         ORDER BY id DESC LIMIT $2"
    );
    let rows = db.query(&sql, &[person.into(), number(MAX_LISTED + 1)])?;
    let most = usize::try_from(MAX_LISTED).unwrap_or(usize::MAX);
    let list = rows.iter().take(most).map(mention).collect::<Result<_, _>>()?;
    Ok(Mentions { list, more: rows.len() > most })
}

/// Marks mentions of a person as read, up to one.
///
/// # Errors
/// [`ScreeningError`] when the database fails.
pub fn mark_read(screening: &Screening, up_to: u64, person: &str) -> Result<(), ScreeningError> {
    let name = person.to_owned();
    screening.transact(person, move |tx| {
        let row = [tx.now().into(), name.as_str().into(), number(up_to)];
        tx.db().execute("UPDATE mentions SET seen = $1 WHERE person = $2 AND id <= $3 AND seen IS NULL", &row)?;
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_comments() {
        let names = ["ana", "ana berg", "Bo", "c"].map(str::to_owned);
        let of = |text: &str| named(text, &names);
        assert_eq!(of("@Ana Berg, and @bo: look"), ["ana berg", "Bo"]);
        assert_eq!(of("@ana, @ana"), ["ana"]);
        assert_eq!(of("mail x@bo, @bob, @, @"), [""; 0]);
        assert_eq!(of("(@c)"), ["c"]);
    }
}
