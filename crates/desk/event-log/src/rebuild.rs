//! What is known of customers, built from stored records and decided events.

use holdfast_decision::ChainFacts;
use holdfast_decision::inputs::Rebuilt;
use holdfast_decision::model::{Event, Record};
use holdfast_decision::state::{MEMORY, State};
use holdfast_store::{Database, DbError, number, parse};

/// Returns the texts of the stored records after a kind and id, some thousands at once; none at the end. The kind and id move on.
///
/// # Errors
/// [`DbError`] when the database fails, or what is stored cannot be read.
pub fn next_record_texts(db: &mut Database, after: &mut (String, String)) -> Result<Vec<String>, DbError> {
    let rows = db.query(
        "SELECT kind, id, body FROM records WHERE (kind = $1 AND id > $2) OR kind > $3 ORDER BY kind, id LIMIT 5000",
        &[after.0.as_str().into(), after.1.as_str().into(), after.0.as_str().into()],
    )?;
    if let Some(last) = rows.last() {
        *after = (last.text(0)?.to_owned(), last.text(1)?.to_owned());
    }
    rows.iter().map(|r| r.text(2).map(str::to_owned)).collect()
}

/// Returns the stored records after a kind and id, as [`next_record_texts`] does.
///
/// # Errors
/// [`DbError`] when the database fails, or what is stored cannot be read.
pub fn next_records(db: &mut Database, after: &mut (String, String)) -> Result<Vec<Record>, DbError> {
    next_record_texts(db, after)?.iter().map(|text| parse("record", text)).collect()
}

/// Takes all stored records into an empty state, before any event; calls `each` after some, with their number.
///
/// # Errors
/// [`DbError`] when the database fails, or what is stored cannot be read; that of `each`.
pub fn recorded(
    db: &mut Database,
    state: &mut State,
    each: &mut dyn FnMut(&mut State, u64) -> Result<(), DbError>,
) -> Result<(), DbError> {
    let mut after = Default::default();
    loop {
        let records = next_records(db, &mut after)?;
        if records.is_empty() {
            return Ok(());
        }
        records.iter().for_each(|r| state.record(r));
        each(state, records.len() as u64)?;
    }
}

/// Applies the decided events below a number that windows still reach, in order; calls `each` after some, with the number of the last.
///
/// # Errors
/// [`DbError`] when the database fails, or what is stored cannot be read; that of `each`.
pub fn apply_window(
    db: &mut Database,
    state: &mut State,
    rebuilt: Rebuilt,
    below: u64,
    each: &mut dyn FnMut(&mut State, u64) -> Result<(), DbError>,
) -> Result<(), DbError> {
    let (oldest, mut after) = (rebuilt.watermark - MEMORY, 0i64);
    loop {
        // Times ahead of their decision came in before they were refused; they move no window.
        let rows = db.query(
            "SELECT seq, body, facts, result FROM events WHERE seq > $1 AND seq < $2 AND time >= $3 AND time <= decided + $4
             ORDER BY seq LIMIT 5000",
            &[after.into(), number(below), oldest.into(), rebuilt.ahead.into()],
        )?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.int(0)?;
        for row in &rows {
            #[derive(serde::Deserialize)]
            struct Valued {
                value: Option<u64>,
            }
            let event: Event = parse("event", row.text(1)?)?;
            let facts: ChainFacts = parse("facts", row.text(2)?)?;
            let value = parse::<Valued>("decision", row.text(3)?)?.value.unwrap_or(0);
            state.apply(&event, &facts, value, row.number(0)?);
        }
        each(state, last.number(0)?)?;
    }
}
