//! Saved views: filters of the queue under a name, of one person or shared with everybody.

use crate::queue::{self, QueueQuery};
use holdfast_decision::model::text_ok;
use holdfast_identity::same_person;
use holdfast_screening::{Screening, ScreeningError};
use holdfast_store::{Row, number, parse};
use holdfast_types::{Invalid, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

/// Most views of one person, and most that a list shows.
const MAX_OWN: u64 = 50;
const MAX_LISTED: u64 = 200;
/// Most views of a list whose alerts are counted.
const MAX_COUNTED_VIEWS: usize = 20;

/// A view to be saved. One of the same name is replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewView {
    /// Its name.
    pub name: String,
    /// Whether everybody at the desk sees it.
    #[serde(default)]
    pub shared: bool,
    /// Which alerts.
    pub query: QueueQuery,
}

/// A saved view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct View {
    /// Its number.
    pub id: u64,
    /// Whose it is.
    pub owner: String,
    /// Its name.
    pub name: String,
    /// Whether everybody at the desk sees it.
    pub shared: bool,
    /// Which alerts.
    pub query: QueueQuery,
    /// When it was saved.
    pub created: Timestamp,
    /// How many alerts it finds for whoever asks, counted up to [`queue::MAX_COUNTED`].
    pub count: u64,
    /// Whether there are more than were counted.
    pub is_more: bool,
    /// Whether it was counted: the first twenty that can be read are.
    pub is_counted: bool,
    /// Why it cannot be read any more: it finds nothing then, and is to be saved anew or deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

fn view(row: &Row) -> Result<View, holdfast_store::DbError> {
    // What was stored by another version may not be read by this one: that is said, and the others stay.
    let (query, refused) = match parse("saved view", row.text(4)?) {
        Ok(query) => (query, None),
        Err(e) => (QueueQuery::default(), Some(e.to_string())),
    };
    Ok(View {
        id: row.number(0)?,
        owner: row.text(1)?.to_owned(),
        name: row.text(2)?.to_owned(),
        shared: row.int(3)? != 0,
        query,
        created: row.time(5)?,
        count: 0,
        is_more: false,
        is_counted: false,
        refused,
    })
}

/// Returns a person's own views, then those that others share; the first of them with their counts.
///
/// # Errors
/// [`ScreeningError`] when the database fails.
pub fn list(screening: &Screening, person: &str) -> Result<Vec<View>, ScreeningError> {
    let mut views = screening.read(|db| {
        let rows = db.query(
            "SELECT id, owner, name, is_shared, query, created FROM saved_views WHERE owner = $1 OR is_shared = 1 ORDER BY CASE WHEN owner = $1 THEN 0 ELSE 1 END, name, id LIMIT $2",
            &[person.into(), number(MAX_LISTED)],
        )?;
        rows.iter().map(view).collect::<Result<Vec<_>, _>>()
    })?;
    let mut counted = 0;
    for view in views.iter_mut().filter(|view| view.refused.is_none()) {
        // `me` of a shared view is whoever opens it.
        match view.query.read(person) {
            Ok(filter) if counted < MAX_COUNTED_VIEWS => {
                (view.count, view.is_more) = queue::counted(screening, &filter)?;
                view.is_counted = true;
                counted += 1;
            }
            Ok(_) => {}
            Err(e) => view.refused = Some(e.to_string()),
        }
    }
    Ok(views)
}

/// Saves a view; returns its number.
///
/// # Errors
/// [`ScreeningError::Invalid`] names the field; [`ScreeningError::State`] above the most of one person.
pub fn save(screening: &Screening, new: NewView, person: &str) -> Result<u64, ScreeningError> {
    let name = new.name.trim().to_owned();
    text_ok("name", &name)?;
    new.query.read(person)?;
    let query = serde_json::to_string(&QueueQuery { page: String::new(), ..new.query })
        .map_err(|e| Invalid::new("query", e.to_string()))?;
    let (owner, is_shared) = (person.to_owned(), i64::from(new.shared));
    screening.transact(person, move |tx| {
        let others = [owner.as_str().into(), name.as_str().into()];
        let held = tx.db().query("SELECT COUNT(*) FROM saved_views WHERE owner = $1 AND name <> $2", &others)?;
        if held.first().map_or(Ok(0), |row| row.number::<u64>(0))? >= MAX_OWN {
            return Err(ScreeningError::State(format!("{owner} has {MAX_OWN} views; delete one first")));
        }
        let (id, now) = (tx.next_id("saved_views")?, tx.now());
        let row = [id.into(), owner.as_str().into(), name.as_str().into(), is_shared.into(), query.as_str().into(), now.into()];
        tx.db().execute(
            "INSERT INTO saved_views (id, owner, name, is_shared, query, created) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (owner, name) DO UPDATE SET is_shared = excluded.is_shared, query = excluded.query, created = excluded.created",
            &row,
        )?;
        let key = [owner.as_str().into(), name.as_str().into()];
        let rows = tx.db().query("SELECT id FROM saved_views WHERE owner = $1 AND name = $2", &key)?;
        let id = rows.first().map_or(Ok(id.unsigned_abs()), |row| row.number(0))?;
        let detail = json!({"name": name, "shared": is_shared == 1, "query": query}).to_string();
        tx.audit("view.saved", &format!("view:{id}"), &detail);
        Ok(id)
    })
}

/// Deletes a view of one's own.
///
/// # Errors
/// [`ScreeningError::NotFound`] for one that is not there or not the person's.
pub fn delete(screening: &Screening, id: u64, person: &str) -> Result<(), ScreeningError> {
    let owner = person.to_owned();
    screening.transact(person, move |tx| {
        let rows = tx.db().query("SELECT owner FROM saved_views WHERE id = $1", &[number(id)])?;
        let is_own = rows.first().map(|row| row.text(0)).transpose()?.is_some_and(|found| same_person(found, &owner));
        if !is_own {
            return Err(ScreeningError::NotFound(format!("view {id} of yours")));
        }
        tx.db().execute("DELETE FROM saved_views WHERE id = $1", &[number(id)])?;
        tx.audit("view.deleted", &format!("view:{id}"), "{}");
        Ok(())
    })
}
