//! Flags in the database: which are in force, which past deposits one touches, how each member's came out.

use holdfast_decision::ChainFacts;
use holdfast_decision::model::{Event, EventKind};
use holdfast_store::{Database, DbError, Row, Value, number};
use holdfast_types::ids::{FlagId, SourceId};
use serde::Serialize;

use holdfast_decision::flags::{Flag, Flags, State, Subject, keys_of};
use holdfast_types::Seconds;

/// Most flags in force.
pub const MAX_FLAGS: usize = 500_000;
/// Most flags in force of one member, so that none takes the others' room.
pub const MAX_FLAGS_OF_MEMBER: usize = 50_000;
/// Past deposits that are looked at in one transaction: decisions wait for no more.
pub(crate) const DEPOSITS_AT_ONCE: usize = 200;
/// How far back deposits are looked for when a flag comes: 14 days.
pub const LOOK_BACK: Seconds = Seconds::days(14);

/// The rows by which a decided event is found when a flag comes later: of deposits only.
pub(crate) fn key_rows(event: &Event, facts: &ChainFacts, seq: u64) -> Vec<Vec<Value>> {
    match event.kind {
        EventKind::Deposit => keys_of(event, facts).into_iter().map(|k| vec![k.into(), number(seq)]).collect(),
        _ => Vec::new(),
    }
}

/// Columns of those rows.
pub(crate) const KEY_COLUMNS: [&str; 2] = ["key", "seq"];

const FLAG: &str =
    "SELECT id, member, community, subject, asset, value, reason, raised, until, state, source, tlp FROM flags";

fn flag(row: &Row) -> Result<Flag, DbError> {
    let text = |i| row.text(i).map(str::to_owned);
    let subject = Subject::from_name(row.text(3)?).ok_or(DbError::Type(3))?;
    let state = State::from_name(row.text(9)?).ok_or(DbError::Type(9))?;
    Ok(Flag {
        id: row.text(0)?.into(),
        member: text(1)?,
        community: text(2)?,
        subject,
        asset: text(4)?,
        value: text(5)?,
        reason: text(6)?,
        raised: row.time(7)?,
        until: row.time(8)?,
        state,
        source: row.number_or_null(10)?,
        tlp: text(11)?,
    })
}

/// A flag by its id.
///
/// # Errors
/// [`DbError`].
pub fn get(db: &mut Database, id: &FlagId) -> Result<Option<Flag>, DbError> {
    db.query(&format!("{FLAG} WHERE id = $1"), &[id.as_str().into()])?.first().map(flag).transpose()
}

/// Flags, newest first, at most 1,000; of one state where it is given.
///
/// # Errors
/// [`DbError`].
pub fn list(db: &mut Database, state: Option<State>) -> Result<Vec<Flag>, DbError> {
    let rows = match state {
        Some(state) => {
            db.query(&format!("{FLAG} WHERE state = $1 ORDER BY raised DESC, id LIMIT 1000"), &[state.name().into()])?
        }
        None => db.query(&format!("{FLAG} ORDER BY raised DESC, id LIMIT 1000"), &[])?,
    };
    rows.iter().map(flag).collect()
}

/// How a member's flags came out: how many were raised, confirmed, withdrawn (false) and lapsed. What comes through another source under the same
/// name counts apart: a name is only as good as its source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Who.
    pub member: String,
    /// Number of the source; none for the desk's own.
    pub source: Option<SourceId>,
    /// All flags.
    pub raised: u64,
    /// Confirmed.
    pub confirmed: u64,
    /// Withdrawn.
    pub withdrawn: u64,
    /// Lapsed.
    pub lapsed: u64,
}

/// How each member's flags came out, by name.
///
/// # Errors
/// [`DbError`].
pub fn standings(db: &mut Database) -> Result<Vec<Standing>, DbError> {
    let rows =
        db.query("SELECT member, state, COUNT(*), source FROM flags GROUP BY member, source, state ORDER BY member, source, state", &[])?;
    let mut all: Vec<Standing> = Vec::new();
    for row in &rows {
        let (member, count, source) = (row.text(0)?, row.number::<u64>(2)?, row.number_or_null(3)?);
        if all.last().is_none_or(|s| s.member != member || s.source != source) {
            all.push(Standing { member: member.to_owned(), source, ..Standing::default() });
        }
        if let Some(s) = all.last_mut() {
            s.raised += count;
            match row.text(1)? {
                "confirmed" => s.confirmed += count,
                "withdrawn" => s.withdrawn += count,
                "lapsed" => s.lapsed += count,
                _ => {}
            }
        }
    }
    Ok(all)
}

/// The flags in force.
pub(crate) fn in_force(db: &mut Database) -> Result<Flags, DbError> {
    let (mut flags, mut after) = (Flags::default(), String::new());
    loop {
        let sql = format!("{FLAG} WHERE state IN ('open', 'confirmed') AND id > $1 ORDER BY id LIMIT 5000");
        let rows = db.query(&sql, &[after.as_str().into()])?;
        let Some(last) = rows.last() else { return Ok(flags) };
        after = last.text(0)?.to_owned();
        for row in &rows {
            flags.put(flag(row)?);
        }
    }
}

/// Past deposits that a flag touches: sequence numbers, newest first, at most 10,000.
pub(crate) fn candidates(db: &mut Database, flag: &Flag) -> Result<Vec<u64>, DbError> {
    let since = flag.raised - LOOK_BACK;
    let rows = db.query(
        "SELECT k.seq FROM event_keys k JOIN events e ON e.seq = k.seq WHERE k.key = $1 AND e.time >= $2 ORDER BY k.seq DESC LIMIT 10000",
        &[flag.key().into(), since.into()],
    )?;
    rows.iter().map(|r| r.number(0)).collect()
}
