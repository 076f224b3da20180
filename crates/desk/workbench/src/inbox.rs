//! What waits for a person: alerts and tasks assigned to them, approvals that another person asked for, comments that name them, and clocks that run out.

use crate::queue::{self, QueueQuery, QueueRow};
use holdfast_cases::mentions::{self, Mention};
use holdfast_identity::same_person;
use holdfast_screening::{Screening, ScreeningError};
use holdfast_store::{Database, DbError, Row, Value, number};
use holdfast_types::ids::CaseId;
use holdfast_types::{Seconds, Timestamp};
use serde::Serialize;
use strum::IntoStaticStr;
use utoipa::ToSchema;

/// Most entries of one sort in a list, and most that are read to find those that another person asked for.
const MAX_LISTED: u64 = 50;
const MAX_READ: u64 = MAX_LISTED * 10;
/// How long before its end a clock is shown.
const AHEAD: Seconds = Seconds::days(3);

/// What a person may do: what they may not is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rights {
    /// Reads alerts and holds.
    pub reads: bool,
    /// Works holds.
    pub holds: bool,
    /// Reads requests and cases.
    pub reads_cases: bool,
    /// Approves answers, reports, officers.
    pub approves: bool,
    /// Decides on changes of keys, rules, settings.
    pub decides: bool,
}

/// A task of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Task {
    /// The case.
    pub case: CaseId,
    /// Its title.
    pub case_title: String,
    /// The task.
    pub title: String,
    /// When it is due.
    pub due: Option<Timestamp>,
}

/// What an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum About {
    /// A hold whose release was asked for, or which ends or is to be reviewed.
    Hold,
    /// A request from law enforcement whose answer is prepared, or which is due.
    Request,
    /// A report of a case, by the case's number.
    Report,
    /// A change of a key, the rules or a setting.
    Change,
    /// An officer who proved their address.
    Officer,
}

/// Something that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = InboxEntry)]
pub struct Entry {
    /// What it is about.
    pub about: About,
    /// Its number or id.
    pub id: String,
    /// Who asked for it; none for clocks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// Since when it waits, or when the clock runs out, Unix seconds.
    #[schema(value_type = i64)]
    pub time: Timestamp,
}

/// What waits for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Inbox {
    /// Open alerts assigned to the person, the most severe first, at most a hundred.
    pub alerts: Vec<QueueRow>,
    /// How many there are, counted up to [`queue::MAX_COUNTED`].
    pub alert_count: u64,
    /// Open alerts of nobody, counted likewise.
    pub unassigned: u64,
    /// Tasks, by due time.
    pub tasks: Vec<Task>,
    /// What waits for the approval of somebody else than who asked, the oldest first.
    pub approvals: Vec<Entry>,
    /// Comments that name the person, not yet marked as read.
    pub mentions: Vec<Mention>,
    /// What runs out within three days, or did, the first first.
    pub clocks: Vec<Entry>,
    /// Whether a list of tasks, approvals, mentions or clocks lacks some.
    pub more: bool,
}

/// Cuts a list; returns whether it was longer.
fn cut<T>(list: &mut Vec<T>, most: u64) -> bool {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let is_longer = list.len() > most;
    list.truncate(most);
    is_longer
}

fn tasks(db: &mut Database, person: &str) -> Result<(Vec<Task>, bool), DbError> {
    let rows = db.query(
        "SELECT c.id, c.title, i.title, i.due FROM case_items i JOIN cases c ON c.id = i.case_id
         JOIN case_members m ON m.case_id = c.id AND m.person = $1
         WHERE i.kind = 'task' AND i.assignee = $2 AND i.done IS NULL AND i.withdrawn IS NULL AND c.state = 'open'
         ORDER BY COALESCE(i.due, 9000000000000), i.id LIMIT $3",
        &[person.into(), person.into(), number(MAX_LISTED + 1)],
    )?;
    let task = |row: &Row| {
        Ok(Task {
            case: row.number(0)?,
            case_title: row.text(1)?.to_owned(),
            title: row.text(2)?.to_owned(),
            due: row.time_or_null(3),
        })
    };
    let mut list = rows.iter().map(task).collect::<Result<Vec<_>, DbError>>()?;
    let more = cut(&mut list, MAX_LISTED);
    Ok((list, more))
}

/// Entries of a query over (id, person, time); those that the person asked for are left out. Returns whether there are more.
fn entries(
    db: &mut Database,
    about: About,
    sql: &str,
    parameters: &[Value],
    person: &str,
    into: &mut Vec<Entry>,
) -> Result<bool, DbError> {
    let rows = db.query(&format!("{sql} LIMIT {}", MAX_READ + 1), parameters)?;
    let mut found = Vec::new();
    for row in rows.iter().take(usize::try_from(MAX_READ).unwrap_or(usize::MAX)) {
        let by = row.text_or_null(1).map(str::to_owned);
        if by.as_deref().is_some_and(|by| same_person(by, person)) {
            continue;
        }
        let id = match row.text(0) {
            Ok(text) => text.to_owned(),
            Err(_) => row.int(0)?.to_string(),
        };
        found.push(Entry { about, id, person: by, time: row.time(2)? });
    }
    let more = cut(&mut found, MAX_LISTED) || rows.len() as u64 > MAX_READ;
    into.append(&mut found);
    Ok(more)
}

fn approvals(db: &mut Database, person: &str, rights: Rights) -> Result<(Vec<Entry>, bool), DbError> {
    let (mut all, mut more) = (Vec::new(), false);
    if rights.holds {
        let sql =
            "SELECT id, asked_by, asked FROM holds WHERE state = 'active' AND asked_by IS NOT NULL ORDER BY asked";
        more |= entries(db, About::Hold, sql, &[], person, &mut all)?;
    }
    if rights.approves {
        let sql = "SELECT id, prepared_by, received FROM requests WHERE state = 'prepared' ORDER BY due";
        more |= entries(db, About::Request, sql, &[], person, &mut all)?;
        let sql = "SELECT id, NULL, created FROM officers WHERE state = 'proved' ORDER BY created";
        more |= entries(db, About::Officer, sql, &[], person, &mut all)?;
        let sql = "SELECT r.case_id, r.created_by, r.created FROM reports r
             JOIN case_members m ON m.case_id = r.case_id AND m.person = $1 WHERE r.state = 'draft' ORDER BY r.id";
        more |= entries(db, About::Report, sql, &[person.into()], person, &mut all)?;
    }
    if rights.decides {
        let sql = "SELECT id, proposed_by, proposed FROM changes WHERE state = 'proposed' ORDER BY id";
        more |= entries(db, About::Change, sql, &[], person, &mut all)?;
    }
    all.sort_by_key(|entry| entry.time);
    Ok((all, more))
}

fn clocks(db: &mut Database, rights: Rights, now: Timestamp) -> Result<(Vec<Entry>, bool), DbError> {
    let until = (now + AHEAD).unix();
    let (mut all, mut more) = (Vec::new(), false);
    if rights.reads_cases {
        let sql = format!(
            "SELECT id, NULL, due FROM requests WHERE state IN ('open', 'prepared') AND due <= {until} ORDER BY due"
        );
        more |= entries(db, About::Request, &sql, &[], "", &mut all)?;
    }
    if rights.reads {
        for column in ["expires", "review"] {
            let sql = format!(
                "SELECT id, NULL, {column} FROM holds WHERE state = 'active' AND {column} IS NOT NULL AND {column} <= {until} ORDER BY {column}"
            );
            more |= entries(db, About::Hold, &sql, &[], "", &mut all)?;
        }
    }
    all.sort_by_key(|entry| entry.time);
    Ok((all, more))
}

/// Returns what waits for a person.
///
/// # Errors
/// [`ScreeningError`] when the database fails.
pub fn of(screening: &Screening, person: &str, rights: Rights) -> Result<Inbox, ScreeningError> {
    let now = screening.now();
    let (mut alerts, mut alert_count, mut unassigned) = (Vec::new(), 0, 0);
    if rights.reads {
        let of = |assignee: &str| QueueQuery { assignee: assignee.into(), ..QueueQuery::default() }.read(person);
        let own = queue::page(screening, &of("me")?)?;
        (alerts, alert_count) = (own.rows, own.count);
        unassigned = queue::counted(screening, &of("nobody")?)?.0;
    }
    let ((tasks, more_tasks), (approvals, more_approvals), (clocks, more_clocks)) = screening.read(|db| {
        let tasks = if rights.reads_cases { tasks(db, person)? } else { (Vec::new(), false) };
        Ok((tasks, approvals(db, person, rights)?, clocks(db, rights, now)?))
    })?;
    let mut mentions = mentions::of(screening, person, true)?;
    let more_mentions = mentions.more;
    // Whoever is named may lack the right to read what names them.
    mentions.list.retain(|mention| match mention.subject.split_once(':') {
        Some(("alert" | "customer", _)) => rights.reads,
        _ => rights.reads_cases,
    });
    let more = more_tasks || more_approvals || more_clocks || more_mentions;
    Ok(Inbox { alerts, alert_count, unassigned, tasks, approvals, mentions: mentions.list, clocks, more })
}
