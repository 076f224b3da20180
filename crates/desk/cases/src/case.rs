//! Cases: members, items, custody of exhibits, links to other cases, and the case report.

mod gather;
mod graphs;
mod items;
mod links;
mod picture;
mod report;
mod saved_picture;

pub use gather::{CaseChoice, Gathered};
pub use graphs::{Graph, GraphSaved, GraphVersion, GraphVersions, NewGraph, NextGraph};
pub use links::{Hit, Link};
pub use picture::{trace_graph, trace_svg};
pub use report::trace_lines;
pub use saved_picture::{SavedPicture, graph_picture};

use items::{ACTIONS, NewItem, add_custody, items};
use links::coverage;

use crate::CaseError;
use crate::Cases;
use crate::mentions;
use holdfast_attribution::Tlp;
use holdfast_bitcoin::{AddressKey, Network};
use holdfast_decision::model::{text_ok, time_ok};
use holdfast_documents::pdf::{self, Part, field, heading, text};
use holdfast_documents::{check_type, sha256};
use holdfast_identity::person_named;
use holdfast_requests::portal::{note_file, read_file};
use holdfast_requests::request::{Target, TargetKind, file_name_ok, free_text_ok};
use holdfast_requests::search;
use holdfast_screening::service::Transaction;
use holdfast_store::{Database, DbError, Row, StoreError, Value, number, parse};
use holdfast_types::ids::{CaseId, CaseItemId};
use holdfast_types::named;
use holdfast_types::units::with_unit;
use holdfast_types::{Invalid, Timestamp};
use holdfast_workspace::{ChainQueries, CoveredChain, Snapshot, TraceRequest};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use utoipa::ToSchema;

/// Most items of one case.
pub const MAX_ITEMS: i64 = 10_000;
/// Largest body of an item (a saved trace or graph), in bytes of JSON.
pub const MAX_BODY: usize = 8 << 20;
/// Longest note, in bytes.
pub const MAX_NOTE: usize = 100_000;

/// Who works with cases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Name in the audit log.
    pub name: String,
    /// Whether all cases can be read, as auditors may.
    pub reads_all: bool,
    /// Whether all cases can be changed: the machine's own key.
    pub changes_all: bool,
}

named! {
    /// What an item of a case is.
    #[schema(as = CaseItemKind)]
    pub enum ItemKind {
        /// A person or business: a customer's number, or a name.
        Subject,
        /// An address on a chain.
        Address,
        /// A transaction id.
        Transaction,
        /// An object or file in custody.
        Exhibit,
        /// A note.
        Note,
        /// Something to be done.
        Task,
        /// A trace as it was when it was saved.
        Trace,
        /// A graph as a person arranged it.
        Graph,
        /// A request from law enforcement.
        Request,
        /// An alert.
        Alert,
        /// A hold.
        Hold,
        /// A screened event.
        Event,
    }
}

named! {
    /// A role in a case.
    #[schema(as = CaseRole)]
    pub enum Role {
        /// Works on it, and decides who else does.
        Lead,
        /// Works on it.
        Member,
        /// Reads it.
        Viewer,
    }
}

/// A case to be opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCase {
    /// Title.
    pub title: String,
    /// What it is about.
    #[serde(default)]
    pub summary: String,
    /// Typology, such as stolen_card_laundering, where one is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub typology: Option<String>,
}

impl NewCase {
    fn check(&self) -> Result<(), Invalid> {
        text_ok("title", &self.title)?;
        if !self.summary.is_empty() {
            free_text_ok("summary", &self.summary, MAX_NOTE)?;
        }
        self.typology.as_ref().map_or(Ok(()), |typology| text_ok("typology", typology))
    }

    /// Stores the case; who does is its lead.
    fn store(&self, tx: &mut Transaction<'_>) -> Result<CaseId, CaseError> {
        let (id, now, actor) = (tx.next_id("cases")?, tx.now(), tx.actor().to_owned());
        let row = [
            id.into(),
            self.title.as_str().into(),
            self.summary.as_str().into(),
            self.typology.as_deref().into(),
            now.into(),
            actor.as_str().into(),
        ];
        tx.db().execute(
            "INSERT INTO cases (id, title, summary, state, typology, created, created_by) VALUES ($1, $2, $3, 'open', $4, $5, $6)",
            &row,
        )?;
        let row = [id.into(), actor.into()];
        tx.db().execute("INSERT INTO case_members (case_id, person, role) VALUES ($1, $2, 'lead')", &row)?;
        search::index(tx.db(), &format!("case:{id}"), &format!("{} {}", self.title, self.summary))?;
        tx.audit("case.opened", &format!("case:{id}"), &json!(self).to_string());
        Ok(CaseId::new(id.unsigned_abs()))
    }
}

named! {
    /// State of a case.
    pub enum CaseState {
        /// It is worked on.
        Open,
        /// It is closed.
        Closed,
    }
}

/// A case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Case {
    /// Number.
    pub id: CaseId,
    /// Title.
    pub title: String,
    /// What it is about.
    pub summary: String,
    /// open or closed.
    pub state: CaseState,
    /// Typology.
    pub typology: Option<String>,
    /// Unix seconds.
    pub created: Timestamp,
    /// Who opened it.
    pub created_by: String,
    /// When it was closed.
    pub closed: Option<Timestamp>,
    /// Reason.
    pub closed_reason: Option<String>,
}

/// Who works on a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Member {
    /// Name.
    pub person: String,
    /// lead, member or viewer.
    pub role: String,
}

/// An item of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Number.
    pub id: CaseItemId,
    /// What it is.
    pub kind: String,
    /// Canonical value: customer, address, transaction id, number, SHA-256.
    pub key: String,
    /// Title, or the text of a note.
    pub title: String,
    /// More, by kind.
    pub body: serde_json::Value,
    /// When it happened, Unix seconds.
    pub happened: Option<Timestamp>,
    /// When it was added.
    pub created: Timestamp,
    /// Who added it.
    pub created_by: String,
    /// Tasks: who does it.
    pub assignee: Option<String>,
    /// Tasks: due time, Unix seconds.
    pub due: Option<Timestamp>,
    /// Tasks: when it was done, Unix seconds.
    pub done: Option<Timestamp>,
    /// Why it was withdrawn; withdrawn items stay.
    pub withdrawn: Option<String>,
    /// Exhibits: chain of custody.
    pub custody: Vec<Custody>,
}

/// An entry of an exhibit's custody record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Custody {
    /// Unix seconds.
    pub time: Timestamp,
    /// Who had it.
    pub person: String,
    /// received, moved, examined, returned, destroyed.
    pub action: String,
    /// Where.
    pub place: String,
    /// What was done.
    pub note: String,
    /// SHA-256 of its content then.
    pub sha256: Option<String>,
}

/// A case with all that belongs to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CaseFile {
    /// The case.
    pub case: Case,
    /// Who works on it.
    pub members: Vec<Member>,
    /// What belongs to it.
    pub items: Vec<Item>,
    /// Cases that share a subject, address, transaction or cluster with it.
    pub links: Vec<Link>,
    /// Chains on which its addresses were looked up.
    pub coverage: Vec<CoveredChain>,
    /// Its addresses that are of no chain here, and were not looked up.
    pub uncovered: Vec<String>,
    /// What happened when, oldest first.
    pub timeline: Vec<TimelineEntry>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct TimelineEntry {
    /// Unix seconds.
    pub time: Timestamp,
    /// What.
    pub what: String,
}

/// A change of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "step", rename_all = "snake_case", deny_unknown_fields)]
pub enum CaseStep {
    /// Adds an item.
    Add {
        /// What it is.
        kind: ItemKind,
        /// Customer, name, address, transaction id, number; nothing for notes and tasks.
        #[serde(default)]
        key: String,
        /// Title, or the text of a note.
        #[serde(default)]
        title: String,
        /// More.
        #[serde(default)]
        #[schema(value_type = serde_json::Value)]
        body: serde_json::Value,
        /// When it happened, Unix seconds.
        #[serde(default)]
        #[schema(value_type = Option<i64>)]
        happened: Option<Timestamp>,
        /// Tasks: who does it.
        #[serde(default)]
        assignee: Option<String>,
        /// Tasks: due time, Unix seconds.
        #[serde(default)]
        #[schema(value_type = Option<i64>)]
        due: Option<Timestamp>,
    },
    /// A task is done.
    Done {
        /// Number of the task.
        #[schema(value_type = u64)]
        item: CaseItemId,
    },
    /// An item does not belong here; it stays, struck out.
    Withdraw {
        /// Number of the item.
        #[schema(value_type = u64)]
        item: CaseItemId,
        /// Reason.
        reason: String,
    },
    /// An exhibit changes hands or is worked on.
    Custody {
        /// Number of the exhibit.
        #[schema(value_type = u64)]
        item: CaseItemId,
        /// received, moved, examined, returned or destroyed.
        action: String,
        /// Where.
        place: String,
        /// What was done.
        #[serde(default)]
        note: String,
    },
    /// Changes the role of a person on the case; by its lead.
    Member {
        /// Name.
        person: String,
        /// The role; none removes the person.
        role: Option<Role>,
    },
    /// Closes the case.
    Close {
        /// Reason.
        reason: String,
    },
    /// Opens it again.
    Reopen {},
}

const CASE: &str = "SELECT id, title, summary, state, typology, created, created_by, closed, closed_reason FROM cases";

fn case(row: &Row) -> Result<Case, DbError> {
    let text = |i| row.text(i).map(str::to_owned);
    Ok(Case {
        id: row.number(0)?,
        title: text(1)?,
        summary: text(2)?,
        state: row.named(3)?,
        typology: row.text_or_null(4).map(str::to_owned),
        created: row.time(5)?,
        created_by: text(6)?,
        closed: row.time_or_null(7),
        closed_reason: row.text_or_null(8).map(str::to_owned),
    })
}

/// The person's role in a case. Who has none learns nothing of it, not even that it is there.
fn role(db: &mut Database, id: CaseId, person: &Person) -> Result<Option<String>, CaseError> {
    let none = || CaseError::NotFound(format!("case {id} of yours"));
    if db.query("SELECT 1 FROM cases WHERE id = $1", &[number(id)])?.is_empty() {
        return Err(none());
    }
    let sql = "SELECT role FROM case_members WHERE case_id = $1 AND person = $2";
    let rows = db.query(sql, &[number(id), person.name.as_str().into()])?;
    match rows.first() {
        Some(row) => Ok(Some(row.text(0)?.to_owned())),
        None if person.reads_all || person.changes_all => Ok(None),
        None => Err(none()),
    }
}

/// Refuses who may read a case but not change it.
pub(crate) fn may_change(db: &mut Database, id: CaseId, person: &Person, lead: bool) -> Result<(), CaseError> {
    let role = role(db, id, person)?;
    let may = match role.as_deref() {
        Some("lead") => true,
        Some("member") => !lead,
        _ => false,
    };
    match may || person.changes_all {
        true => Ok(()),
        false => Err(CaseError::State(format!("case {id}: your role there does not allow it"))),
    }
}

fn state(db: &mut Database, id: CaseId) -> Result<CaseState, CaseError> {
    let rows = db.query("SELECT state FROM cases WHERE id = $1", &[number(id)])?;
    let row = rows.first().ok_or_else(|| CaseError::NotFound(format!("case {id}")))?;
    Ok(row.named(0)?)
}

/// Refuses what a closed case does not allow.
fn open_only(id: CaseId, state: CaseState) -> Result<(), CaseError> {
    match state {
        CaseState::Open => Ok(()),
        CaseState::Closed => Err(CaseError::State(format!("case {id} is closed; open it again first"))),
    }
}

fn is_open(db: &mut Database, id: CaseId) -> Result<(), CaseError> {
    open_only(id, state(db, id)?)
}

/// The name of a person as the desk has it, however it was typed; of whom the desk does not know, as typed.
fn spelled(db: &mut Database, name: &str) -> Result<String, DbError> {
    Ok(person_named(db, name)?.map_or_else(|| name.to_owned(), |person| person.name))
}

/// People who work on a case: whoever is not on it is told nothing of it.
fn people_of(db: &mut Database, id: CaseId) -> Result<Vec<String>, DbError> {
    let rows =
        db.query("SELECT person FROM case_members WHERE case_id = $1 ORDER BY person LIMIT 1000", &[number(id)])?;
    rows.iter().map(|row| row.text(0).map(str::to_owned)).collect()
}

impl Cases<'_> {
    /// Opens a case; who does is its lead.
    ///
    /// # Errors
    /// [`CaseError::Invalid`] names the field.
    pub fn open_case(&self, new: NewCase, person: &Person) -> Result<Case, CaseError> {
        new.check()?;
        self.transact(&person.name, move |tx| {
            let id = new.store(tx)?;
            let rows = tx.db().query(&format!("{CASE} WHERE id = $1"), &[number(id)])?;
            rows.first().map(case).transpose()?.ok_or_else(|| CaseError::NotFound(format!("case {id}")))
        })
    }

    /// Returns cases that the person may read, newest first, at most 1,000; the access is recorded in the audit log.
    ///
    /// # Errors
    /// [`CaseError`] when the database fails.
    pub fn cases(&self, state: Option<CaseState>, person: &Person) -> Result<Vec<Case>, CaseError> {
        self.note_look("cases.listed", "cases", &person.name)?;
        let all = person.reads_all || person.changes_all;
        self.read(|db| {
            let own = "id IN (SELECT case_id FROM case_members WHERE person = $1)";
            let (sql, parameters): (String, Vec<Value>) = match (all, state) {
                (true, None) => (format!("{CASE} ORDER BY id DESC LIMIT 1000"), Vec::new()),
                (true, Some(s)) => {
                    (format!("{CASE} WHERE state = $1 ORDER BY id DESC LIMIT 1000"), vec![s.as_ref().into()])
                }
                (false, None) => {
                    (format!("{CASE} WHERE {own} ORDER BY id DESC LIMIT 1000"), vec![person.name.as_str().into()])
                }
                (false, Some(s)) => (
                    format!("{CASE} WHERE {own} AND state = $2 ORDER BY id DESC LIMIT 1000"),
                    vec![person.name.as_str().into(), s.as_ref().into()],
                ),
            };
            db.query(&sql, &parameters)?.iter().map(case).collect()
        })
    }

    /// Returns cases that the person may read in which one of some items is, by its kind and canonical key, the latest first, at most 100. Withdrawn items
    /// do not count. The access is recorded in the audit log.
    ///
    /// # Errors
    /// [`CaseError`] when the database fails.
    pub fn with_items(&self, wanted: &[(ItemKind, String)], person: &Person) -> Result<Vec<Case>, CaseError> {
        /// Most items that are looked up: more than the file of a customer names (1,000 alerts, 1,000 holds, 200 events).
        const MAX_WANTED: usize = 2_500;
        /// Most cases that are returned.
        const MAX_FOUND: usize = 100;
        self.note_look("cases.listed", "cases", &person.name)?;
        self.read(|db| {
            let mut ids: BTreeSet<CaseId> = BTreeSet::new();
            for (kind, key) in wanted.iter().take(MAX_WANTED) {
                let rows = db.query(
                    "SELECT DISTINCT case_id FROM case_items WHERE kind = $1 AND key = $2 AND withdrawn IS NULL ORDER BY case_id DESC LIMIT 1000",
                    &[kind.name().into(), key.as_str().into()],
                )?;
                for row in &rows {
                    ids.insert(row.number(0)?);
                }
            }
            let mut cases = Vec::new();
            for id in ids.into_iter().rev() {
                if cases.len() >= MAX_FOUND {
                    break;
                }
                if role(db, id, person).is_err() {
                    continue;
                }
                let rows = db.query(&format!("{CASE} WHERE id = $1"), &[number(id)])?;
                cases.extend(rows.first().map(case).transpose()?);
            }
            Ok(cases)
        })
    }

    /// Returns a case with all that belongs to it. Cases that share a subject, address or transaction are linked, and those that share a cluster
    /// on one of the chains. The access is recorded in the audit log.
    ///
    /// # Errors
    /// [`CaseError`] for a case that is unknown or not the person's, and when the database fails.
    pub fn case(&self, id: CaseId, chains: &[Arc<dyn ChainQueries>], person: &Person) -> Result<CaseFile, CaseError> {
        self.look_at_case(id, person)?;
        let (case, members, items) = self.read(|db| {
            let key: Value = number(id);
            let rows = db.query(&format!("{CASE} WHERE id = $1"), std::slice::from_ref(&key))?;
            let found = rows.first().map(case).transpose()?;
            let rows = db.query("SELECT person, role FROM case_members WHERE case_id = $1 ORDER BY person", &[key])?;
            let member = |r: &Row| Ok(Member { person: r.text(0)?.to_owned(), role: r.text(1)?.to_owned() });
            Ok((found, rows.iter().map(member).collect::<Result<Vec<_>, DbError>>()?, items(db, id)?))
        })?;
        let case = case.ok_or_else(|| CaseError::NotFound(format!("case {id}")))?;
        let links = self.links(id, &items, chains, person)?;
        let mut timeline =
            vec![TimelineEntry { time: case.created, what: format!("case opened by {}", case.created_by) }];
        for i in items.iter().filter(|i| i.withdrawn.is_none()) {
            let name = if i.key.is_empty() { i.title.lines().next().unwrap_or_default() } else { &i.key };
            let short: String = name.chars().take(200).collect();
            if let Some(time) = i.happened {
                timeline.push(TimelineEntry {
                    time,
                    what: format!("{} {short}: {}", i.kind, i.title.lines().next().unwrap_or_default()),
                });
            }
            timeline
                .push(TimelineEntry { time: i.created, what: format!("{} {short} added by {}", i.kind, i.created_by) });
            timeline.extend(i.done.map(|time| TimelineEntry { time, what: format!("task done: {short}") }));
            for c in &i.custody {
                timeline.push(TimelineEntry {
                    time: c.time,
                    what: format!("exhibit {short} {} by {} at {}", c.action, c.person, c.place),
                });
            }
        }
        timeline.extend(case.closed.map(|time| TimelineEntry { time, what: "case closed".into() }));
        timeline.sort();
        let (coverage, uncovered) = coverage(chains, &items);
        Ok(CaseFile { case, members, items, links, coverage, uncovered, timeline })
    }

    /// Checks that a person may read a case, without a record of it: for what names its number only.
    ///
    /// # Errors
    /// [`CaseError::NotFound`] for a case that is unknown or not the person's.
    pub fn may_read_case(&self, id: CaseId, person: &Person) -> Result<(), CaseError> {
        // Checked outside of `read`, whose errors are the database's alone.
        let allowed = self.read(|db| Ok(role(db, id, person)))?;
        allowed.map(|_| ())
    }

    /// Checks that a person may read a part of a case; the access is recorded in the audit log.
    pub(crate) fn look_at_case(&self, id: CaseId, person: &Person) -> Result<(), CaseError> {
        self.may_read_case(id, person)?;
        self.note_look("case.read", &format!("case:{id}"), &person.name)
    }

    /// Changes a case; returns the number of the item that was added, if one was.
    ///
    /// # Errors
    /// [`CaseError::NotFound`] for a case or item that is unknown or not the person's; [`CaseError::State`] when the case's state or the person's
    /// role does not allow it; [`CaseError::Invalid`] names the field.
    pub fn change_case(&self, id: CaseId, step: CaseStep, person: &Person) -> Result<Option<CaseItemId>, CaseError> {
        let person = person.clone();
        if let CaseStep::Withdraw { reason, .. } | CaseStep::Close { reason } = &step {
            text_ok("reason", reason)?;
        }
        self.transact(&person.name.clone(), move |tx| {
            let now = tx.now();
            let subject = format!("case:{id}");
            may_change(tx.db(), id, &person, matches!(step, CaseStep::Member { .. }))?;
            match (&step, state(tx.db(), id)?) {
                (CaseStep::Reopen {}, CaseState::Open) => {
                    return Err(CaseError::State(format!("case {id} is open")));
                }
                (CaseStep::Reopen {}, CaseState::Closed) => {}
                (_, found) => open_only(id, found)?,
            }
            let own = |tx: &mut Transaction<'_>, item: CaseItemId, kind: Option<&str>| -> Result<Value, CaseError> {
                let sql = "SELECT kind FROM case_items WHERE id = $1 AND case_id = $2 AND withdrawn IS NULL";
                let rows = tx.db().query(sql, &[number(item), number(id)])?;
                let found = rows.first().map(|r| r.text(0)).transpose()?;
                match found {
                    Some(k) if kind.is_none_or(|kind| kind == k) => Ok(number(item)),
                    _ => Err(CaseError::NotFound(format!("{} {item} of case {id}", kind.unwrap_or("item")))),
                }
            };
            let detail = json!(step).to_string();
            match step {
                CaseStep::Add { kind, key, title, body, happened, assignee, due } => {
                    let assignee = assignee.map(|name| spelled(tx.db(), &name)).transpose()?;
                    let new = NewItem { kind, key, title, body, happened, assignee, due }.checked()?;
                    if matches!(new.kind, ItemKind::Note | ItemKind::Task) {
                        let people = people_of(tx.db(), id)?;
                        mentions::note(tx, &subject, &new.title, Some(&people))?;
                    }
                    return Ok(Some(new.store(tx, id)?));
                }
                CaseStep::Done { item } => {
                    let key = own(tx, item, Some("task"))?;
                    tx.db().execute(
                        "UPDATE case_items SET done = $1 WHERE id = $2 AND done IS NULL",
                        &[now.into(), key],
                    )?;
                }
                CaseStep::Withdraw { item, reason } => {
                    let key = own(tx, item, None)?;
                    tx.db().execute("UPDATE case_items SET withdrawn = $1 WHERE id = $2", &[reason.into(), key])?;
                }
                CaseStep::Custody { item, action, place, note } => {
                    own(tx, item, Some("exhibit"))?;
                    if !ACTIONS.contains(&action.as_str()) {
                        let what = format!("'{action}' is none of {}", ACTIONS.join(", "));
                        return Err(Invalid::new("action", what).into());
                    }
                    text_ok("place", &place)?;
                    if !note.is_empty() {
                        free_text_ok("note", &note, MAX_NOTE)?;
                    }
                    add_custody(tx, id, item, &action, &place, &note, None)?;
                    return Ok(None);
                }
                CaseStep::Member { person: who, role } => {
                    text_ok("person", &who)?;
                    let known = spelled(tx.db(), &who)?;
                    match role {
                        Some(role) => {
                            tx.db().execute(
                                "INSERT INTO case_members (case_id, person, role) VALUES ($1, $2, $3)
                                 ON CONFLICT (case_id, person) DO UPDATE SET role = excluded.role",
                                &[number(id), known.into(), role.name().into()],
                            )?;
                        }
                        None => {
                            let key = [number(id), who.into(), known.into()];
                            let sql = "DELETE FROM case_members WHERE case_id = $1 AND person IN ($2, $3)";
                            tx.db().execute(sql, &key)?;
                        }
                    }
                    let sql = "SELECT 1 FROM case_members WHERE case_id = $1 AND role = 'lead' LIMIT 1";
                    if tx.db().query(sql, &[number(id)])?.is_empty() {
                        // A case without a lead could never be assigned again.
                        tx.db().execute(
                            "INSERT INTO case_members (case_id, person, role) VALUES ($1, $2, 'lead')
                             ON CONFLICT (case_id, person) DO UPDATE SET role = 'lead'",
                            &[number(id), person.name.as_str().into()],
                        )?;
                    }
                }
                CaseStep::Close { reason } => {
                    let row = [now.into(), reason.into(), number(id)];
                    tx.db().execute(
                        "UPDATE cases SET state = 'closed', closed = $1, closed_reason = $2 WHERE id = $3",
                        &row,
                    )?;
                }
                CaseStep::Reopen {} => {
                    let sql = "UPDATE cases SET state = 'open', closed = NULL, closed_reason = NULL WHERE id = $1";
                    tx.db().execute(sql, &[number(id)])?;
                }
            }
            tx.audit("case.changed", &subject, &detail);
            Ok(None)
        })
    }
}
