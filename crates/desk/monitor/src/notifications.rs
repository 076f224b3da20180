//! What people are told, in order.

use crate::digest::digest;
use crate::watch::Watchers;
use crate::{Monitor, MonitorError};
use holdfast_identity::{canonical_name, language_of, person_named};
use holdfast_notify::outbox;
use holdfast_screening::service::Transaction;
use holdfast_store::{Database, DbError, Row, Value, number};
use holdfast_types::{Seconds, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

/// Most notifications of one answer.
pub const MAX_LISTED: u32 = 200;
/// Most digests of one call.
const MAX_DIGESTS: usize = 100;
/// A list is mailed at most so often.
const DIGEST: Seconds = Seconds::HOUR;

/// A notification of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Notification {
    /// Number, the cursor.
    pub id: u64,
    /// When it was made, Unix seconds.
    #[schema(value_type = i64)]
    pub time: Timestamp,
    /// Kind: watch.moves, watch.receives, watch.touches, watch.tagged, watch.active.
    pub kind: String,
    /// What it is about, such as `address:...`.
    pub subject: String,
    /// What happened.
    pub text: String,
    /// Page of what it is about.
    pub link: String,
    /// The watch list that told it.
    pub list: Option<u64>,
}

/// A person's notifications.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Notifications {
    /// How many were not seen, at most 1,000.
    pub unseen: u64,
    /// Up to which the person saw them.
    pub seen: u64,
    /// The latest first.
    pub list: Vec<Notification>,
}

const COLUMNS: &str = "SELECT id, time, kind, subject, text, link, list FROM notifications";

fn notification(row: &Row) -> Result<Notification, DbError> {
    Ok(Notification {
        id: row.number(0)?,
        time: row.time(1)?,
        kind: row.text(2)?.to_owned(),
        subject: row.text(3)?.to_owned(),
        text: row.text(4)?.to_owned(),
        link: row.text(5)?.to_owned(),
        list: row.number_or_null(6)?,
    })
}

/// Tells a person something; number and time are given here.
pub(crate) fn add(tx: &mut Transaction<'_>, person: &str, told: Notification) -> Result<(), DbError> {
    let (id, now) = (tx.next_id("notifications")?, tx.now());
    let row: [Value; 8] = [
        id.into(),
        now.into(),
        person.into(),
        told.kind.into(),
        told.subject.into(),
        told.text.into(),
        told.link.into(),
        told.list.map(number).unwrap_or(Value::Null),
    ];
    tx.db().execute(
        "INSERT INTO notifications (id, time, person, kind, subject, text, link, list) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &row,
    )?;
    Ok(())
}

/// Returns the number of the last notification of all; 0 for none.
///
/// # Errors
/// [`DbError`] when the database fails.
pub(crate) fn last(db: &mut Database) -> Result<u64, DbError> {
    db.query("SELECT COALESCE(MAX(id), 0) FROM notifications", &[])?.first().map_or(Ok(0), |r| r.number(0))
}

impl Monitor<'_> {
    /// Returns a person's notifications below a number (0 for no bound), the latest first, and how many the person did not see.
    ///
    /// # Errors
    /// [`MonitorError::Store`] when the database fails.
    pub fn notifications(&self, person: &str, below: u64, limit: u32) -> Result<Notifications, MonitorError> {
        let person = canonical_name(person);
        let below = if below == 0 { u64::MAX } else { below };
        self.read(|db| {
            let seen = "SELECT id FROM notifications_seen WHERE person = $1";
            let seen: u64 = db.query(seen, &[person.as_str().into()])?.first().map_or(Ok(0), |r| r.number(0))?;
            let sql = "SELECT COUNT(*) FROM (SELECT id FROM notifications WHERE person = $1 AND id > $2 LIMIT 1000) AS unseen";
            let unseen = db.query(sql, &[person.as_str().into(), number(seen)])?.first().map_or(Ok(0), |r| r.number(0))?;
            let sql = format!("{COLUMNS} WHERE person = $1 AND id < $2 ORDER BY id DESC LIMIT $3");
            let rows = db.query(&sql, &[person.as_str().into(), number(below), number(limit.min(MAX_LISTED))])?;
            Ok(Notifications { unseen, seen, list: rows.iter().map(notification).collect::<Result<_, _>>()? })
        })
    }

    /// Stores that a person saw the notifications up to a number; it never goes back.
    ///
    /// # Errors
    /// [`MonitorError::Store`] when the database fails.
    pub fn notifications_seen(&self, person: &str, up_to: u64) -> Result<(), MonitorError> {
        let name = canonical_name(person);
        self.transact(person, move |tx| {
            // Beyond the last there is nothing yet that could have been seen.
            let up_to = up_to.min(last(tx.db())?);
            tx.db().execute(
                "INSERT INTO notifications_seen (person, id) VALUES ($1, $2)
                 ON CONFLICT (person) DO UPDATE SET id = excluded.id WHERE notifications_seen.id < excluded.id",
                &[name.into(), number(up_to)],
            )?;
            Ok(())
        })
    }

    /// Puts the digests that are due into the outbox: how much lists told since their last one, of owners who may still have lists. What they told is
    /// read after signing in: the desk does not know whose an address is. They are in the language that the owner chose for the pages. Returns how many.
    ///
    /// # Errors
    /// [`MonitorError::Store`] when the database fails.
    pub fn mail_digests(&self, origin: &str) -> Result<u64, MonitorError> {
        let now = self.screening.now();
        let due = self.read(|db| {
            let sql = "SELECT l.id, l.mail, l.name, l.mailed, l.owner FROM watch_lists l
                       WHERE l.removed IS NULL AND l.mail IS NOT NULL AND l.mailed_at <= $1
                         AND EXISTS (SELECT 1 FROM notifications n WHERE n.list = l.id AND n.id > l.mailed) ORDER BY l.id LIMIT 100000";
            let row = |r: &Row| {
                let list = (r.number::<u64>(0)?, r.text(1)?.to_owned(), r.text(2)?.to_owned(), r.number::<u64>(3)?);
                Ok((list, r.text(4)?.to_owned()))
            };
            db.query(sql, &[(now - DIGEST).into()])?.iter().map(row).collect::<Result<Vec<_>, DbError>>()
        })?;
        let watchers = Watchers::of(&self.screening.keys()?);
        let mut mailed = 0;
        for ((list, to, name, since), owner) in
            due.into_iter().filter(|(_, owner)| watchers.has(owner)).take(MAX_DIGESTS)
        {
            let origin = origin.to_owned();
            self.transact("engine", move |tx| mail_digest(tx, (list, &to, &name, &owner), since, &origin))?;
            mailed += 1;
        }
        Ok(mailed)
    }
}

/// Mails what a list told after a notification.
fn mail_digest(
    tx: &mut Transaction<'_>,
    (list, to, name, owner): (u64, &str, &str, &str),
    since: u64,
    origin: &str,
) -> Result<(), MonitorError> {
    let sql = "SELECT COUNT(*), COALESCE(MAX(id), 0) FROM notifications WHERE list = $1 AND id > $2";
    let rows = tx.db().query(sql, &[number(list), number(since)])?;
    let Some(row) = rows.first() else { return Ok(()) };
    let (count, last) = (row.number::<u64>(0)?, row.number::<u64>(1)?);
    if count == 0 {
        return Ok(());
    }
    let language = match person_named(tx.db(), owner)? {
        Some(person) => language_of(tx.db(), person.id)?,
        None => None,
    };
    let (subject, body) = digest(language.as_deref(), name, count, &format!("{origin}/desk/notifications"));
    outbox::add(tx, to, &subject, &body, &format!("watch-list:{list}"))?;
    let row: [Value; 3] = [number(last), tx.now().into(), number(list)];
    tx.db().execute("UPDATE watch_lists SET mailed = $1, mailed_at = $2 WHERE id = $3", &row)?;
    Ok(())
}
