//! Watch lists: addresses, entities, customers and names that a person wants to hear of. What is known of each is stored at a check; the next check compares,
//! and what is new by the list's conditions becomes a notification ([`crate::notifications`]), an audit entry and so a message of webhooks, and mail.
//!
//! During a list's quiet time it is not checked: its first check afterwards tells all that happened meanwhile. The first check of an item tells nothing.

mod check;
mod seen;

pub(crate) use check::Watchers;
pub use check::{Checked, Look};
pub use seen::{Holding, Seen};

use crate::{Monitor, MonitorError, notifications};
use holdfast_identity::canonical_name;
use holdfast_store::{Database, DbError, Row, Value, number, parse};
use holdfast_types::{Invalid, Timestamp, address, named};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

/// Most lists of one person.
const MAX_LISTS: i64 = 50;
/// Most items of all lists: each is looked up at every check.
const MAX_ITEMS: i64 = 10_000;
/// Longest name, value or note, bytes.
const MAX_TEXT: usize = 200;
/// Minutes of a day.
const DAY: u32 = 1_440;

named! {
    /// What is watched.
    pub enum WatchKind {
        /// An address.
        Address,
        /// The entity of an address: its cluster.
        Entity,
        /// A customer of the exchange.
        Customer,
        /// A name: labels of tags and actors.
        Name,
    }
}

/// When a list tells something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = WatchConditions)]
pub struct Conditions {
    /// An address moved money; an entity gained addresses; of a customer an event was decided.
    pub moves: bool,
    /// An address received more than this since the last check, in minor units of the reference currency; on account chains that is the net increase. What has
    /// no price counts as more.
    pub receives_above: Option<u64>,
    /// Money came from or went to one of these categories, as tags name them.
    pub touches: Vec<String>,
    /// It has a new tag.
    pub new_tag: bool,
}

/// The minutes of the day (UTC) in which a list is quiet; over midnight where the end is before the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WatchQuietTime)]
pub struct Quiet {
    /// From this minute on, 0 to 1439.
    pub from: u32,
    /// Until this minute, 0 to 1439.
    pub to: u32,
}

impl Quiet {
    /// Returns whether a time is in it.
    #[must_use]
    pub fn has(self, time: Timestamp) -> bool {
        let minute = u32::try_from(time.unix().rem_euclid(86_400) / 60).unwrap_or(0);
        match self.from <= self.to {
            true => minute >= self.from && minute < self.to,
            false => minute >= self.from || minute < self.to,
        }
    }
}

/// A list as its owner sets it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WatchListSettings)]
pub struct Settings {
    /// Its name.
    pub name: String,
    /// When it tells something.
    #[serde(default)]
    pub conditions: Conditions,
    /// When it is quiet.
    #[serde(default)]
    pub quiet: Option<Quiet>,
    /// Where a digest is mailed, at most one an hour.
    #[serde(default)]
    pub mail: Option<String>,
}

impl Settings {
    fn check(&self) -> Result<(), Invalid> {
        if self.name.trim().is_empty() || self.name.len() > MAX_TEXT {
            return Err(Invalid::new("name", format!("must be 1 to {MAX_TEXT} bytes")));
        }
        let c = &self.conditions;
        if !c.moves && !c.new_tag && c.receives_above.is_none() && c.touches.is_empty() {
            return Err(Invalid::new("conditions", "choose at least one: moves, receives_above, touches, new_tag"));
        }
        if let Some(unknown) = c.touches.iter().find(|name| holdfast_attribution::Category::from_name(name).is_none()) {
            return Err(Invalid::new("touches", format!("'{unknown}' is no category")));
        }
        if self.quiet.is_some_and(|q| q.from >= DAY || q.to >= DAY || q.from == q.to) {
            return Err(Invalid::new("quiet", "from and to are two different minutes of the day, 0 to 1439"));
        }
        let is_address = |mail: &str| {
            let parts = mail.split_once('@');
            mail.len() <= 254
                && !mail.chars().any(|c| c.is_whitespace() || c.is_control() || ",;<>".contains(c))
                && parts.is_some_and(|(user, host)| !user.is_empty() && host.contains('.') && !host.contains('@'))
        };
        match self.mail.as_deref() {
            Some(mail) if !is_address(mail) => {
                Err(Invalid::new("mail", "must be one mail address, such as ana@example.org"))
            }
            _ => Ok(()),
        }
    }
}

/// The fields of [`Settings`] beside others, for the document: alone they admit no other.
struct SettingsFields;

impl utoipa::PartialSchema for SettingsFields {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        let mut schema = Settings::schema();
        if let utoipa::openapi::RefOr::T(utoipa::openapi::Schema::Object(object)) = &mut schema {
            object.additional_properties = None;
        }
        schema
    }
}

impl ToSchema for SettingsFields {
    fn name() -> std::borrow::Cow<'static, str> {
        "WatchListFields".into()
    }

    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
        Settings::schemas(schemas);
    }
}

/// A watch list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct WatchList {
    /// Number.
    pub id: u64,
    /// Whose it is.
    pub owner: String,
    /// What its owner set.
    #[serde(flatten)]
    #[schema(value_type = SettingsFields)]
    pub settings: Settings,
    /// How many items it has.
    pub items: u64,
    /// When it was made, Unix seconds.
    #[schema(value_type = i64)]
    pub created: Timestamp,
}

/// Something that is watched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct WatchItem {
    /// Number.
    pub id: u64,
    /// Kind.
    pub kind: WatchKind,
    /// As it is compared.
    pub value: String,
    /// Why it is watched.
    pub note: String,
    /// When it was added, Unix seconds.
    #[schema(value_type = i64)]
    pub added: Timestamp,
    /// When a check last found it different, Unix seconds; absent before the first check.
    #[schema(value_type = Option<i64>)]
    pub checked: Option<Timestamp>,
    /// What could not be looked up at the last check.
    pub problem: Option<String>,
}

/// An item to be added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWatchItem {
    /// Kind.
    pub kind: WatchKind,
    /// Address, customer or name.
    pub value: String,
    /// Why it is watched.
    #[serde(default)]
    pub note: String,
}

impl NewWatchItem {
    /// The value as it is compared.
    fn canonical(&self) -> Result<String, Invalid> {
        let value = self.value.trim();
        if value.is_empty() || value.len() > MAX_TEXT {
            return Err(Invalid::new("value", format!("must be 1 to {MAX_TEXT} bytes")));
        }
        if self.note.len() > MAX_TEXT {
            return Err(Invalid::new("note", format!("at most {MAX_TEXT} bytes")));
        }
        Ok(match self.kind {
            WatchKind::Address | WatchKind::Entity => address::canonical(value),
            WatchKind::Customer => value.to_owned(),
            WatchKind::Name => canonical_name(value),
        })
    }
}

const LISTS: &str = "SELECT l.id, l.owner, l.name, l.conditions, l.quiet_from, l.quiet_to, l.mail, l.created,
    (SELECT COUNT(*) FROM watch_items i WHERE i.list = l.id) FROM watch_lists l WHERE l.removed IS NULL";

fn list(row: &Row) -> Result<WatchList, DbError> {
    let quiet = match (row.number_or_null(4)?, row.number_or_null(5)?) {
        (Some(from), Some(to)) => Some(Quiet { from, to }),
        _ => None,
    };
    Ok(WatchList {
        id: row.number(0)?,
        owner: row.text(1)?.to_owned(),
        settings: Settings {
            name: row.text(2)?.to_owned(),
            conditions: parse("conditions of a watch list", row.text(3)?)?,
            quiet,
            mail: row.text_or_null(6).map(str::to_owned),
        },
        created: row.time(7)?,
        items: row.number(8)?,
    })
}

fn item(row: &Row) -> Result<WatchItem, DbError> {
    Ok(WatchItem {
        id: row.number(0)?,
        kind: row.named(1)?,
        value: row.text(2)?.to_owned(),
        note: row.text(3)?.to_owned(),
        added: row.time(4)?,
        checked: row.time_or_null(5),
        problem: row.text_or_null(6).map(str::to_owned),
    })
}

/// A list of a person; others have nothing to do with it.
fn own(db: &mut Database, id: u64, person: &str) -> Result<WatchList, MonitorError> {
    let rows = db.query(&format!("{LISTS} AND l.id = $1 AND l.owner = $2"), &[number(id), person.into()])?;
    let row = rows.first().ok_or_else(|| MonitorError::NotFound(format!("watch list {id} of yours")))?;
    Ok(list(row)?)
}

fn count(db: &mut Database, sql: &str, parameters: &[Value]) -> Result<i64, DbError> {
    db.query(sql, parameters)?.first().map_or(Ok(0), |r| r.int(0))
}

fn columns(settings: &Settings) -> [Value; 5] {
    [
        settings.name.trim().into(),
        json!(settings.conditions).to_string().into(),
        settings.quiet.map(|q| i64::from(q.from)).into(),
        settings.quiet.map(|q| i64::from(q.to)).into(),
        settings.mail.clone().into(),
    ]
}

impl Monitor<'_> {
    /// Returns a person's watch lists.
    ///
    /// # Errors
    /// [`MonitorError::Store`] when the database fails.
    pub fn watch_lists(&self, person: &str) -> Result<Vec<WatchList>, MonitorError> {
        let person = canonical_name(person);
        self.read(|db| {
            db.query(&format!("{LISTS} AND l.owner = $1 ORDER BY l.id LIMIT 1000"), &[person.as_str().into()])?
                .iter()
                .map(list)
                .collect()
        })
    }

    /// Returns a person's watch list with its items, at most 10,000.
    ///
    /// # Errors
    /// [`MonitorError::NotFound`]; [`MonitorError::Store`] when the database fails.
    pub fn watch_list(&self, id: u64, person: &str) -> Result<(WatchList, Vec<WatchItem>), MonitorError> {
        let person = canonical_name(person);
        self.read(|db| match own(db, id, &person) {
            Ok(list) => {
                let sql = "SELECT id, kind, value, note, added, checked, problem FROM watch_items WHERE list = $1 ORDER BY id LIMIT $2";
                let items = db.query(sql, &[number(id), MAX_ITEMS.into()])?;
                Ok(Ok((list, items.iter().map(item).collect::<Result<Vec<_>, _>>()?)))
            }
            Err(e) => Ok(Err(e)),
        })?
    }

    /// Makes a watch list; returns its number.
    ///
    /// # Errors
    /// [`MonitorError::Invalid`] names the field; [`MonitorError::State`] when the person has many already.
    pub fn make_watch_list(&self, settings: Settings, actor: &str) -> Result<u64, MonitorError> {
        settings.check()?;
        let person = canonical_name(actor);
        self.transact(actor, move |tx| {
            let sql = "SELECT COUNT(*) FROM watch_lists WHERE owner = $1 AND removed IS NULL";
            if count(tx.db(), sql, &[person.as_str().into()])? >= MAX_LISTS {
                return Err(MonitorError::State(format!("{MAX_LISTS} lists are yours already; remove one")));
            }
            let (id, now) = (tx.next_id("watch_lists")?, tx.now());
            let last = notifications::last(tx.db())?;
            let own: [Value; 4] = [id.into(), person.as_str().into(), now.into(), number(last)];
            let row: Vec<Value> = columns(&settings).into_iter().chain(own).collect();
            tx.db().execute(
                "INSERT INTO watch_lists (name, conditions, quiet_from, quiet_to, mail, id, owner, created, mailed, mailed_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $8)",
                &row,
            )?;
            tx.audit("watch-list.made", &format!("watch-list:{id}"), &json!({"name": settings.name}).to_string());
            u64::try_from(id).map_err(|_| DbError::Type(0).into())
        })
    }

    /// Changes a watch list of a person.
    ///
    /// # Errors
    /// [`MonitorError::Invalid`] names the field; [`MonitorError::NotFound`].
    pub fn set_watch_list(&self, id: u64, settings: Settings, actor: &str) -> Result<(), MonitorError> {
        settings.check()?;
        let person = canonical_name(actor);
        self.transact(actor, move |tx| {
            own(tx.db(), id, &person)?;
            let mut row = columns(&settings).to_vec();
            row.push(number(id));
            tx.db().execute(
                "UPDATE watch_lists SET name = $1, conditions = $2, quiet_from = $3, quiet_to = $4, mail = $5 WHERE id = $6",
                &row,
            )?;
            tx.audit("watch-list.changed", &format!("watch-list:{id}"), &json!({"name": settings.name}).to_string());
            Ok(())
        })
    }

    /// Removes a watch list of a person with its items.
    ///
    /// # Errors
    /// [`MonitorError::NotFound`].
    pub fn remove_watch_list(&self, id: u64, actor: &str) -> Result<(), MonitorError> {
        let person = canonical_name(actor);
        self.transact(actor, move |tx| {
            own(tx.db(), id, &person)?;
            let row = [tx.now().into(), number(id)];
            tx.db().execute("UPDATE watch_lists SET removed = $1 WHERE id = $2", &row)?;
            tx.db().execute("DELETE FROM watch_items WHERE list = $1", &row[1..])?;
            tx.audit("watch-list.removed", &format!("watch-list:{id}"), "{}");
            Ok(())
        })
    }

    /// Adds items to a watch list of a person; those that it has already stay as they are. Returns how many are new.
    ///
    /// # Errors
    /// [`MonitorError::Invalid`] names the item and field; [`MonitorError::NotFound`]; [`MonitorError::State`] when all lists together would have too many.
    pub fn watch(&self, id: u64, items: Vec<NewWatchItem>, actor: &str) -> Result<u64, MonitorError> {
        let person = canonical_name(actor);
        let mut values = Vec::with_capacity(items.len().min(1_000));
        for (n, item) in items.iter().enumerate() {
            let value = item.canonical().map_err(|e| Invalid::new(&format!("items[{n}].{}", e.field), e.problem))?;
            values.push((item.kind, value, item.note.clone()));
        }
        self.transact(actor, move |tx| {
            own(tx.db(), id, &person)?;
            let there = count(tx.db(), "SELECT COUNT(*) FROM watch_items", &[])?;
            if there.saturating_add(i64::try_from(values.len()).unwrap_or(i64::MAX)) > MAX_ITEMS {
                return Err(MonitorError::State(format!(
                    "all lists together hold at most {MAX_ITEMS} items; {there} are there"
                )));
            }
            let (mut next, mut added) = (tx.next_id("watch_items")?, 0);
            for (kind, value, note) in &values {
                let row: [Value; 6] = [
                    next.into(),
                    number(id),
                    kind.name().into(),
                    value.as_str().into(),
                    note.as_str().into(),
                    tx.now().into(),
                ];
                let sql = "INSERT INTO watch_items (id, list, kind, value, note, added) VALUES ($1, $2, $3, $4, $5, $6)
                           ON CONFLICT (list, kind, value) DO NOTHING";
                let new = tx.db().execute(sql, &row)?;
                added += new;
                next += i64::from(new > 0);
            }
            tx.audit("watch-list.items", &format!("watch-list:{id}"), &json!({"added": added}).to_string());
            Ok(added)
        })
    }

    /// Takes an item off a watch list of a person.
    ///
    /// # Errors
    /// [`MonitorError::NotFound`].
    pub fn unwatch(&self, id: u64, item: u64, actor: &str) -> Result<(), MonitorError> {
        let person = canonical_name(actor);
        self.transact(actor, move |tx| {
            own(tx.db(), id, &person)?;
            let sql = "DELETE FROM watch_items WHERE id = $1 AND list = $2";
            if tx.db().execute(sql, &[number(item), number(id)])? == 0 {
                return Err(MonitorError::NotFound(format!("item {item} of watch list {id}")));
            }
            tx.audit("watch-list.items", &format!("watch-list:{id}"), &json!({"removed": item}).to_string());
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_time_goes_over_midnight() {
        let at = |minute: i64| Timestamp::from_unix(1_790_035_200 + minute * 60); // 2026-09-22 00:00 UTC
        let night = Quiet { from: 1_320, to: 360 };
        assert_eq!([0, 359, 360, 1_319, 1_320].map(|m| night.has(at(m))), [true, true, false, false, true]);
        let noon = Quiet { from: 720, to: 780 };
        assert_eq!([719, 720, 779, 780].map(|m| noon.has(at(m))), [false, true, true, false]);
    }

    #[test]
    fn settings_name_their_field() {
        let good = Settings {
            name: "a".into(),
            conditions: Conditions { moves: true, ..Conditions::default() },
            quiet: None,
            mail: Some("ana@example.org".into()),
        };
        good.check().unwrap();
        let field = |settings: Settings| settings.check().unwrap_err().field;
        assert_eq!(field(Settings { name: " ".into(), ..good.clone() }), "name");
        assert_eq!(field(Settings { conditions: Conditions::default(), ..good.clone() }), "conditions");
        let touches = Conditions { touches: vec!["weather".into()], ..Conditions::default() };
        assert_eq!(field(Settings { conditions: touches, ..good.clone() }), "touches");
        assert_eq!(field(Settings { quiet: Some(Quiet { from: 5, to: 1_440 }), ..good.clone() }), "quiet");
        for mail in ["ana", "a@b@c.d", "a b@c.d", "a@c", "@c.d", "a@c.d,b@c.d"] {
            assert_eq!(field(Settings { mail: Some(mail.into()), ..good.clone() }), "mail", "{mail}");
        }
    }
}
