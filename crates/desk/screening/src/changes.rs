//! Changes that need a second person: one proposes, another puts in force. Rule books, keys that may administrate, and sources of partners.
//!
//! People are told apart as people (`holdfast_identity::Person`), however many keys each has. A process that can read the desk's secret on its machine acts under any name, and puts
//! in force alone only what no other person could approve: the first keys and the first book.

use crate::core::Core;
use crate::service::{Screening, ScreeningError, Transaction};
use holdfast_decision::rules::RuleBook;
use holdfast_identity::{self as identity, ApiKey, active_person, same_person};
use holdfast_store::{Database, DbError, Row, Value, number, parse};
use holdfast_types::{Invalid, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use strum::{EnumString, IntoStaticStr};
use utoipa::ToSchema;

/// Most changes that wait.
pub const MAX_PROPOSED: i64 = 1_000;

/// What a change puts in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, IntoStaticStr, EnumString)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ChangeKind {
    /// A rule book, with its policy.
    Rules,
    /// A key that may administrate, or other scopes of one.
    Key,
    /// A source whose indicators act here.
    Source,
}

impl ChangeKind {
    /// Its name.
    pub fn name(self) -> &'static str {
        self.into()
    }

    fn from_name(name: &str) -> Option<Self> {
        name.parse().ok()
    }

    /// Scopes of which the approver needs one.
    pub fn scopes(self) -> &'static [&'static str] {
        match self {
            ChangeKind::Rules => &["rules"],
            ChangeKind::Key => &["manage", "approve"],
            ChangeKind::Source => &["manage"],
        }
    }
}

/// A change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Number.
    pub id: u64,
    /// What it puts in force.
    pub kind: ChangeKind,
    /// What it is about.
    pub subject: String,
    /// The rule book (YAML), the key or the source (JSON, without secrets).
    pub body: String,
    /// proposed, approved or rejected.
    pub state: String,
    /// Who proposed it.
    pub proposed_by: String,
    /// When, Unix seconds.
    pub proposed: Timestamp,
    /// Who approved or rejected it.
    pub decided_by: Option<String>,
    /// When.
    pub decided: Option<Timestamp>,
    /// Why.
    pub reason: Option<String>,
}

impl Change {
    /// The key that it makes.
    ///
    /// # Errors
    /// [`DbError::Stored`] for a change that makes none.
    pub fn key(&self) -> Result<ApiKey, DbError> {
        parse("change", &self.body)
    }
}

const COLUMNS: &str =
    "SELECT id, kind, subject, body, state, proposed_by, proposed, decided_by, decided, reason FROM changes";

fn change(row: &Row) -> Result<Change, DbError> {
    let text = |i| row.text(i).map(str::to_owned);
    let kind = row.text(1)?;
    let unknown = || DbError::Stored { what: "change".into(), cause: format!("kind '{kind}'") };
    Ok(Change {
        id: row.number(0)?,
        kind: ChangeKind::from_name(kind).ok_or_else(unknown)?,
        subject: text(2)?,
        body: text(3)?,
        state: text(4)?,
        proposed_by: text(5)?,
        proposed: row.time(6)?,
        decided_by: row.text_or_null(7).map(str::to_owned),
        decided: row.time_or_null(8),
        reason: row.text_or_null(9).map(str::to_owned),
    })
}

fn by_id(db: &mut Database, id: u64) -> Result<Change, ScreeningError> {
    let rows = db.query(&format!("{COLUMNS} WHERE id = $1"), &[number(id)])?;
    let row = rows.first().ok_or_else(|| ScreeningError::NotFound(format!("change {id}")))?;
    Ok(change(row)?)
}

impl Core {
    fn propose(
        &mut self,
        kind: ChangeKind,
        subject: &str,
        body: &str,
        actor: &str,
        now: Timestamp,
    ) -> Result<Change, ScreeningError> {
        let rows = self.db.query(
            "SELECT COALESCE(MAX(id), 0), COALESCE(SUM(CASE WHEN state = 'proposed' THEN 1 ELSE 0 END), 0) FROM changes",
            &[],
        )?;
        let (last, waiting) = rows.first().map_or(Ok((0, 0)), |r| Ok::<_, DbError>((r.number(0)?, r.int(1)?)))?;
        if waiting >= MAX_PROPOSED {
            return Err(ScreeningError::State(format!("{MAX_PROPOSED} changes wait already; approve or reject some")));
        }
        let id = last + 1;
        self.db.execute(
            "INSERT INTO changes (id, kind, subject, body, state, proposed_by, proposed) VALUES ($1, $2, $3, $4, 'proposed', $5, $6)",
            &[number(id), kind.name().into(), subject.into(), body.into(), actor.into(), now.into()],
        )?;
        let detail =
            json!({ "kind": kind, "subject": subject, "sha256": holdfast_decision::rules::sha256(body) }).to_string();
        self.audit(now, actor, "change.proposed", &format!("change:{id}"), &detail);
        by_id(&mut self.db, id)
    }

    fn decide_change(
        &mut self,
        id: u64,
        approve: bool,
        reason: &str,
        actor: &str,
        now: Timestamp,
    ) -> Result<Change, ScreeningError> {
        let found = by_id(&mut self.db, id)?;
        if found.state != "proposed" {
            return Err(ScreeningError::State(format!("change {id} is {} already", found.state)));
        }
        if reason.trim().is_empty() || reason.len() > 1_024 {
            return Err(Invalid::new("reason", "must be 1 to 1024 bytes").into());
        }
        if approve && same_person(actor, &found.proposed_by) {
            let text = format!("{} proposed change {id}; another person must approve it", found.proposed_by);
            return Err(ScreeningError::State(text));
        }
        let state = if approve { "approved" } else { "rejected" };
        match (found.kind, approve) {
            (ChangeKind::Rules, true) => {
                self.check_is_not_the_writer(id, actor)?;
                self.apply_rules(&found.body, actor, now)?;
            }
            (ChangeKind::Key, true) => self.put_key_in_force(&found.key()?, actor, now)?,
            (ChangeKind::Source, _) => {
                let number = found.subject.strip_prefix("source:").and_then(|n| n.parse::<i64>().ok()).unwrap_or(0);
                let to = if approve { "active" } else { "withdrawn" };
                let sql = "UPDATE sources SET state = $1 WHERE id = $2 AND state = 'proposed'";
                if self.db.execute(sql, &[to.into(), number.into()])? == 0 {
                    return Err(ScreeningError::State(format!("source {number} does not wait for approval any more")));
                }
            }
            (_, false) => {}
        }
        let row: [Value; 5] = [state.into(), actor.into(), now.into(), reason.into(), number(id)];
        self.db
            .execute("UPDATE changes SET state = $1, decided_by = $2, decided = $3, reason = $4 WHERE id = $5", &row)?;
        let detail =
            json!({ "kind": found.kind, "subject": found.subject, "proposed_by": found.proposed_by, "reason": reason });
        self.audit(now, actor, &format!("change.{state}"), &format!("change:{id}"), &detail.to_string());
        by_id(&mut self.db, id)
    }
}

impl Core {
    /// Refuses who wrote the text that somebody else proposed: two people are to have seen it.
    fn check_is_not_the_writer(&mut self, change: u64, actor: &str) -> Result<(), ScreeningError> {
        let sql = "SELECT id, COALESCE(writer, author) FROM rule_drafts WHERE change_id = $1 LIMIT 1";
        let rows = self.db.query(sql, &[number(change)])?;
        let Some(row) = rows.first() else { return Ok(()) };
        let (draft, writer) = (row.number::<u64>(0)?, row.text(1)?);
        if same_person(actor, writer) {
            let text = format!("{writer} wrote the text of draft {draft}; another person must approve change {change}");
            return Err(ScreeningError::State(text));
        }
        Ok(())
    }

    /// Stores a new key, or gives one that there is other scopes.
    fn put_key_in_force(&mut self, key: &ApiKey, approver: &str, now: Timestamp) -> Result<(), ScreeningError> {
        match identity::key_by_id(&mut self.db, &key.id)? {
            Some(known) => {
                identity::change_scopes(&mut Transaction::of(self, now, approver), &known.id, &key.scopes).map(drop)?;
            }
            None => identity::add_key(&mut Transaction::of(self, now, &key.created_by), key)?,
        }
        Ok(())
    }
}

impl Transaction<'_> {
    /// Proposes a change that another person puts in force; the body holds no secret.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn propose(&mut self, kind: ChangeKind, subject: &str, body: &str) -> Result<Change, ScreeningError> {
        let (actor, now) = (self.actor().to_owned(), self.now());
        self.core().propose(kind, subject, body, &actor, now)
    }

    /// Proposes the text of a rule book, which the caller has read before: decisions do not wait for that. It is read again when it is put in force.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn propose_rules(&mut self, book: &RuleBook, yaml: &str) -> Result<Change, ScreeningError> {
        self.propose(ChangeKind::Rules, &format!("rules:{}", &book.sha256[..16]), yaml)
    }

    /// Puts a rule book in force; returns its version. Nothing of the transaction may fail afterwards.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn apply_rules(&mut self, yaml: &str) -> Result<u32, ScreeningError> {
        let (actor, now) = (self.actor().to_owned(), self.now());
        self.core().apply_rules(yaml, &actor, now)
    }
}

impl Screening {
    /// Proposes a rule book; it is checked now and again when it is put in force.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn propose_rules(&self, yaml: &str, actor: &str) -> Result<Change, ScreeningError> {
        let (book, yaml) = (RuleBook::parse(yaml, 0)?, yaml.to_owned());
        self.transact(actor, move |tx| tx.propose_rules(&book, &yaml))
    }

    /// Proposes a key; its token opens nothing until another person approved it.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn propose_key(
        &self,
        id: &str,
        name: &str,
        scopes: Vec<String>,
        per_minute: u32,
        actor: &str,
    ) -> Result<(ApiKey, Change), ScreeningError> {
        self.propose_key_of(self.new_key(id, name, scopes, per_minute, actor)?, actor)
    }

    /// Proposes a key that [`Screening::new_key`] gave, possibly a further one of a person.
    ///
    /// # Errors
    /// [`ScreeningError::Invalid`] when the name is another key's; [`ScreeningError::State`] when the person is suspended, or too many changes
    /// wait.
    pub fn propose_key_of(&self, key: ApiKey, actor: &str) -> Result<(ApiKey, Change), ScreeningError> {
        let (subject, body) = (format!("key:{}", key.name), json!(key).to_string());
        let theirs = key.clone();
        let change = self.transact(actor, move |tx| {
            identity::check_name_is_free(tx.db(), &theirs.name)?;
            active_person(tx.db(), theirs.person())?;
            tx.propose(ChangeKind::Key, &subject, &body)
        })?;
        Ok((key, change))
    }

    /// Proposes other scopes for a key, which stays as it is until another person approved them.
    ///
    /// # Errors
    /// [`ScreeningError::NotFound`] when no such key is in force; [`ScreeningError::Invalid`] for a scope that there is not;
    /// [`ScreeningError::State`] when too many changes wait.
    pub fn propose_key_scopes(
        &self,
        id: &str,
        scopes: Vec<String>,
        actor: &str,
    ) -> Result<(ApiKey, Change), ScreeningError> {
        let id = id.to_owned();
        self.transact(actor, move |tx| {
            let known = identity::key_by_id(tx.db(), &id)?.filter(|k| k.revoked.is_none());
            let known = known.ok_or_else(|| ScreeningError::NotFound(format!("key '{id}' in force")))?;
            identity::validate(&known.name, &scopes)?;
            let body = json!(ApiKey { scopes, ..known.clone() }).to_string();
            let change = tx.propose(ChangeKind::Key, &format!("key:{}", known.name), &body)?;
            Ok((known, change))
        })
    }

    /// Approves a change, which puts it in force, or rejects it. Who proposed it may only reject it.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn decide_change(&self, id: u64, approve: bool, reason: &str, actor: &str) -> Result<Change, ScreeningError> {
        let (reason, actor) = (reason.to_owned(), actor.to_owned());
        self.change(move |core, now| core.decide_change(id, approve, &reason, &actor, now))
    }

    /// Changes in a state (or all), newest first, at most 1,000.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn changes(&self, state: Option<&str>) -> Result<Vec<Change>, ScreeningError> {
        self.read(|db| {
            let rows = match state {
                Some(state) => {
                    db.query(&format!("{COLUMNS} WHERE state = $1 ORDER BY id DESC LIMIT 1000"), &[state.into()])?
                }
                None => db.query(&format!("{COLUMNS} ORDER BY id DESC LIMIT 1000"), &[])?,
            };
            rows.iter().map(change).collect()
        })
    }

    /// A change.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn change_by_id(&self, id: u64) -> Result<Change, ScreeningError> {
        let rows = self.read(|db| db.query(&format!("{COLUMNS} WHERE id = $1"), &[number(id)]))?;
        let row = rows.first().ok_or_else(|| ScreeningError::NotFound(format!("change {id}")))?;
        Ok(change(row)?)
    }

    /// Returns whether a person other than `actor` has a key in force that may approve changes of a kind. Until then the desk is being set up:
    /// the holder of its secret on its machine puts changes in force alone.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn has_second_person(&self, kind: ChangeKind, actor: &str) -> Result<bool, ScreeningError> {
        let may = |k: &ApiKey| k.is_in_force() && kind.scopes().iter().any(|s| k.may(s));
        Ok(self.keys()?.iter().any(|k| may(k) && !same_person(k.person(), actor)))
    }
}
