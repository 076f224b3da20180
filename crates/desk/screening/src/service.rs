//! Screening made durable: one writer takes work in order, commits many changes at once, and answers each only after its commit.

use crate::alerts::{self, Alert, AlertAction, AlertFilter, Note, RuleStatistics};
use crate::audit::{self, AuditReport};
use crate::clock::{Guard, Time};
use crate::completion::{self, Completion};
use crate::core::{Core, Submitted, price_of};
use crate::flags;
use crate::holds::{self, Hold, HoldFilter, HoldRequest, HoldsReport};
use crate::pulse::{self, Pulse};
use holdfast_audit::{Anchor, AnchorError, Anchors, Entry, entries};
use holdfast_decision::ChainFacts;
use holdfast_decision::flags::{Flag, State as FlagState};
use holdfast_decision::model::{Event, Record};
use holdfast_decision::rules::{RuleBook, RuleError};
use holdfast_decision::{Decision, Price};
use holdfast_documents::DocumentError;
use holdfast_identity::{self as identity, ApiKey, IdentityError, Person, PersonState};
use holdfast_notify::NotifyError;
use holdfast_store::{
    Change, ChangeError, Database, DbError, Effect, Fatal, Readers, Row, Store, StoreError, Writer, WriterLock, number,
    parse,
};
use holdfast_types::{Address, ErrorKind, asset};
use holdfast_types::{Amount, Invalid};
use serde::Serialize;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, RwLock};
use utoipa::ToSchema;

/// Why screening does not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ScreeningError {
    /// The store: the change was not made, or nothing was read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A field of what was sent.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// A rule book.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// An id that was used for something else.
    #[error("id '{0}' was sent before with other content; use a new id")]
    Conflict(String),
    /// Unknown.
    #[error("there is no {0}")]
    NotFound(String),
    /// It is not in a state for that.
    #[error("{0}")]
    State(String),
    /// The same person again.
    #[error("the release of hold {0} was asked for by {1}; another person must confirm it")]
    SecondPerson(u64, String),
}

impl ScreeningError {
    /// Returns what kind of error this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            ScreeningError::Store(e) => e.kind(),
            ScreeningError::Invalid(_) | ScreeningError::Rule(_) => ErrorKind::Invalid,
            ScreeningError::NotFound(_) => ErrorKind::NotFound,
            ScreeningError::Conflict(_) => ErrorKind::Conflict,
            ScreeningError::State(_) => ErrorKind::State,
            ScreeningError::SecondPerson(..) => ErrorKind::SecondPerson,
        }
    }
}

impl From<DbError> for ScreeningError {
    fn from(e: DbError) -> Self {
        ScreeningError::Store(StoreError::Db(e))
    }
}

impl From<IdentityError> for ScreeningError {
    fn from(e: IdentityError) -> Self {
        match e {
            IdentityError::Store(e) => e.into(),
            IdentityError::Invalid(e) => e.into(),
            IdentityError::NotFound(what) => ScreeningError::NotFound(what),
            IdentityError::State(why) => ScreeningError::State(why),
        }
    }
}

impl From<NotifyError> for ScreeningError {
    fn from(e: NotifyError) -> Self {
        match e {
            NotifyError::Store(e) => e.into(),
            NotifyError::Invalid(e) => e.into(),
            NotifyError::NotFound(what) => ScreeningError::NotFound(what),
        }
    }
}

impl From<DocumentError> for ScreeningError {
    fn from(e: DocumentError) -> Self {
        match e {
            DocumentError::Invalid(e) => e.into(),
            DocumentError::Store(e) => e.into(),
            DocumentError::Changed(_) => ScreeningError::State(e.to_string()),
            DocumentError::Pdf(_) => StoreError::Internal(e.to_string()).into(),
        }
    }
}

impl ChangeError for ScreeningError {
    fn undone(self) -> Self {
        match self {
            ScreeningError::Store(e) => e.undone().into(),
            other => other,
        }
    }
}

/// Gives the time, Unix seconds.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// The system's clock.
pub fn system_clock() -> Clock {
    Arc::new(|| {
        std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |d| i64::try_from(d.as_secs()).unwrap_or(i64::MAX))
    })
}

/// Most records of one ingestion.
pub const MAX_RECORDS: usize = 100_000;

/// The screening desk: share it by reference; dropping it finishes what waits.
pub struct Screening {
    writer: Writer<Core>,
    readers: Readers,
    book: Arc<RwLock<Arc<RuleBook>>>,
    owners: Arc<RwLock<Owners>>,
    pub(crate) guard: Arc<Guard>,
    pulse: Arc<Pulse>,
}

/// Deposit addresses and their customers, for the mempool feed.
type Owners = std::collections::HashMap<Address, (String, Option<String>)>;

impl std::fmt::Debug for Screening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Screening").finish_non_exhaustive()
    }
}

/// The writer's transaction, for a change of other tables.
pub struct Transaction<'a> {
    core: &'a mut Core,
    now: i64,
    actor: String,
}

impl<'a> Transaction<'a> {
    /// A change by somebody, within the transaction in hand.
    pub(crate) fn of(core: &'a mut Core, now: i64, actor: &str) -> Self {
        Transaction { core, now, actor: actor.to_owned() }
    }
}

impl Transaction<'_> {
    /// The database.
    pub fn db(&mut self) -> &mut Database {
        &mut self.core.db
    }

    /// The time of the change, Unix seconds.
    pub fn now(&self) -> i64 {
        self.now
    }

    /// Whether the clock can be relied on; while it cannot, nothing may end for good because time passed.
    pub fn time_is_sound(&self) -> bool {
        self.core.time_is_sound
    }

    /// Who makes it.
    pub fn actor(&self) -> &str {
        &self.actor
    }

    pub(crate) fn core(&mut self) -> &mut Core {
        self.core
    }

    /// Places a hold, as [`Screening::place_hold`] does.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn place_hold(&mut self, request: HoldRequest) -> Result<u64, ScreeningError> {
        self.core.request_hold(request, &self.actor, self.now)
    }

    /// Ends a hold whose release two people approved elsewhere, such as a seizure that was carried out.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn end_hold(&mut self, id: u64, reason: &str) -> Result<(), ScreeningError> {
        let hold = holds::get(&mut self.core.db, id)?.ok_or_else(|| ScreeningError::NotFound(format!("hold {id}")))?;
        match hold.state.as_str() {
            "active" => self.core.end(&hold, None, "released", reason, &self.actor, self.now),
            _ => Ok(()),
        }
    }

    /// Takes a flag in, without looking for past deposits. Gives whether it was new.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn raise_flag(&mut self, flag: Flag) -> Result<bool, ScreeningError> {
        let flag = flag.canonical()?;
        self.core.raise_flag(flag, &self.actor, self.now)
    }

    /// Confirms, withdraws or lapses a flag; what no longer counts is undone. Gives whether anything changed.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn end_flag(&mut self, id: &str, state: FlagState, why: &str) -> Result<bool, ScreeningError> {
        self.core.end_flag(id, state, why, &self.actor, self.now)
    }

    /// Does something with an alert, as [`Screening::act_on_alert`].
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn act_on_alert(&mut self, id: u64, action: &AlertAction) -> Result<(), ScreeningError> {
        self.core.act(id, action, &self.actor, self.now)
    }

    /// Lets a hold last so many seconds longer.
    ///
    /// # Errors
    /// [`ScreeningError::State`] when it ended or has no end.
    pub fn extend_hold(&mut self, id: u64, seconds: i64) -> Result<(), ScreeningError> {
        self.core.extend(id, seconds, &self.actor, self.now)
    }

    /// The next number of a table's `id` column.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn next_id(&mut self, table: &str) -> Result<i64, DbError> {
        let rows = self.db().query(&format!("SELECT COALESCE(MAX(id), 0) FROM {table}"), &[])?;
        Ok(rows.first().map_or(Ok(0), |r| r.int(0))? + 1)
    }

    /// What was written so far stays even when the change is refused after this. For counts of failed tries.
    ///
    /// # Errors
    /// [`StoreError::Db`].
    pub fn checkpoint(&mut self) -> Result<(), StoreError> {
        Ok(self.core.checkpoint()?)
    }

    /// Does something outside the database (deletes a file, for example) once this change is durable, and not at all otherwise.
    pub fn after_commit(&mut self, effect: impl FnOnce() + Send + 'static) {
        self.core.after_commit(Box::new(effect));
    }

    /// Adds an entry to the audit log.
    pub fn audit(&mut self, action: &str, subject: &str, detail: &str) {
        self.core.audit(self.now, &self.actor, action, subject, detail);
    }
}

impl Change for Transaction<'_> {
    fn db(&mut self) -> &mut Database {
        Transaction::db(self)
    }

    fn now(&self) -> i64 {
        self.now
    }

    fn actor(&self) -> &str {
        &self.actor
    }

    fn audit(&mut self, action: &str, subject: &str, detail: &str) {
        Transaction::audit(self, action, subject, detail);
    }

    fn last_entry(&self) -> u64 {
        self.core.last_entry()
    }

    fn after_commit(&mut self, effect: Effect) {
        self.core.after_commit(effect);
    }
}

impl Store for Screening {
    fn now(&self) -> i64 {
        Screening::now(self)
    }

    fn read<T>(&self, query: impl FnOnce(&mut Database) -> Result<T, DbError>) -> Result<T, StoreError> {
        Ok(self.readers.read(query)?)
    }

    fn change<T: Send + 'static, E: ChangeError>(
        &self,
        actor: &str,
        run: impl FnOnce(&mut dyn Change) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        let actor = actor.to_owned();
        self.writer.change(move |core, now| run(&mut Transaction { core, now, actor }))
    }
}

/// What screening again found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct RescreenReport {
    /// Transfers looked at.
    pub screened: u64,
    /// Late alerts raised.
    pub alerts: Vec<u64>,
}

/// A decided event with everything it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DecidedEvent {
    /// The event.
    pub event: Event,
    /// What the chain said.
    pub facts: ChainFacts,
    /// The decision.
    pub decision: Decision,
    /// What became known of its movement since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion: Option<Completion>,
}

impl Screening {
    /// Opens a database (see [`Database::connect`]) as its only writer.
    ///
    /// # Errors
    /// [`ScreeningError`]; [`DbError::Busy`] when another process has it.
    pub fn open(url: &str, clock: Clock) -> Result<Self, ScreeningError> {
        Self::open_at(url, clock.into())
    }

    /// Opens a database as [`Screening::open`] does, with a clock that is guarded.
    ///
    /// # Errors
    /// [`ScreeningError`]; [`DbError::Busy`] when another process has it.
    pub fn open_at(url: &str, time: Time) -> Result<Self, ScreeningError> {
        let lock = WriterLock::acquire(url)?;
        let core = Core::open(Database::connect(url)?, time)?;
        let (guard, book) = (core.guard.clone(), core.published.clone());
        let readers = Readers::new(url);
        let writer = Writer::start(core, readers.clone(), lock)?;
        let this = Screening { writer, readers, book, owners: Arc::default(), guard, pulse: Arc::default() };
        this.load_owners()?;
        Ok(this)
    }

    fn load_owners(&self) -> Result<(), ScreeningError> {
        let mut after = String::new();
        loop {
            let rows = self.read(|db| {
                db.query(
                    "SELECT id, body FROM records WHERE kind = 'deposit_address' AND id > $1 ORDER BY id LIMIT 5000",
                    &[after.as_str().into()],
                )
            })?;
            let Some(last) = rows.last() else { return Ok(()) };
            let mut records = Vec::new();
            for row in &rows {
                records.push(parse::<Record>("record", row.text(1)?)?);
            }
            after = last.text(0)?.to_owned();
            self.note_owners(&records);
        }
    }

    fn note_owners(&self, records: &[Record]) {
        let mut owners = self.owners.write().unwrap_or_else(|e| e.into_inner());
        for record in records.iter().filter(|r| r.kind == holdfast_decision::RecordKind::DepositAddress) {
            if let Some(customer) = &record.customer {
                owners.insert(Address::read(&record.id), (customer.clone(), record.account.clone()));
            }
        }
    }

    /// Customer and account of a deposit address.
    pub fn owner_of(&self, address: &str) -> Option<(String, Option<String>)> {
        self.owners.read().unwrap_or_else(|e| e.into_inner()).get(&Address::read(address)).cloned()
    }

    /// Now, Unix seconds.
    pub fn now(&self) -> i64 {
        self.guard.read().now
    }

    /// The rule book in force.
    pub fn book(&self) -> Arc<RuleBook> {
        self.book.read().unwrap_or_else(|e| e.into_inner()).clone()
    }

    /// Hands an event in; `reply` is called once its decision is durable.
    ///
    /// # Errors
    /// [`ScreeningError::Invalid`], [`ScreeningError::Store(StoreError::Busy)`] at once; everything else goes to `reply`.
    pub fn submit(
        &self,
        event: Event,
        facts: ChainFacts,
        actor: &Arc<str>,
        reply: impl FnOnce(Result<Decision, ScreeningError>) + Send + 'static,
    ) -> Result<(), ScreeningError> {
        let event = event.canonical();
        event.validate()?;
        let work = Submitted { event, facts, actor: actor.clone(), reply: pulse::timed(&self.pulse, Box::new(reply)) };
        Ok(self.writer.submit(Box::new(work))?)
    }

    /// Decides on an event and waits until the decision is durable.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn decide(&self, event: Event, facts: ChainFacts, actor: &str) -> Result<Decision, ScreeningError> {
        let (sender, receiver) = sync_channel(1);
        self.submit(event, facts, &actor.into(), move |answer| {
            let _ = sender.send(answer);
        })?;
        receiver.recv().map_err(|_| ScreeningError::Store(StoreError::Stopped))?
    }

    /// Runs a change in the writer and waits until it is durable.
    pub(crate) fn change<T: Send + 'static, E: ChangeError>(
        &self,
        change: impl FnOnce(&mut Core, i64) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        self.writer.change(change)
    }

    /// Why nothing can be written any more, once that is so; the process should end then, with [`Fatal::exit_code`].
    pub fn fatal(&self) -> Option<&Fatal> {
        self.writer.fatal()
    }

    /// Returns the state of the writer; it never waits for the database.
    pub fn health(&self) -> holdfast_store::WriterHealth {
        self.writer.health()
    }

    /// Adds the desk's metrics to a registry: decisions, their latency, the writer's queue and commits.
    pub fn register_metrics(&self, registry: &mut holdfast_telemetry::metrics::Registry) {
        self.writer.register_metrics(registry);
        self.pulse.register(registry);
    }

    /// Runs a change of the database in the writer's transaction, for departments that have tables of their own beside these, with their own
    /// error. A change that is refused leaves nothing behind, except what it wrote before [`Transaction::checkpoint`].
    ///
    /// # Errors
    /// The change's own; [`StoreError::NotStored`] when the commit failed.
    pub fn transact<T: Send + 'static, E: ChangeError>(
        &self,
        actor: &str,
        run: impl FnOnce(&mut Transaction<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        let actor = actor.to_owned();
        self.change(move |core, now| run(&mut Transaction { core, now, actor }))
    }

    /// Notes in the audit log that somebody looked at something; `detail` is JSON.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn note_look(
        &self,
        action: &'static str,
        subject: &str,
        detail: String,
        actor: &str,
    ) -> Result<(), ScreeningError> {
        let subject = subject.to_owned();
        self.transact(actor, move |tx| {
            tx.audit(action, &subject, &detail);
            Ok(())
        })
    }

    /// Takes records of the customers' world in; gives how many it took.
    ///
    /// # Errors
    /// [`ScreeningError::Invalid`] names the record by its place; nothing is stored then.
    pub fn ingest(&self, records: Vec<Record>, actor: &str) -> Result<u64, ScreeningError> {
        if records.len() > MAX_RECORDS {
            return Err(Invalid::new("records", format!("more than {MAX_RECORDS} at once; send several times")).into());
        }
        for (i, record) in records.iter().enumerate() {
            record.validate().map_err(|e| Invalid::new(&format!("records[{i}].{}", e.field), e.problem))?;
        }
        let actor = actor.to_owned();
        let records = Arc::new(records);
        let theirs = records.clone();
        let taken = self.change(move |core, now| core.ingest(&theirs, &actor, now))?;
        self.note_owners(&records);
        Ok(taken)
    }

    /// Places a hold for a person; gives its number. Sent again, it gives the same.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn place_hold(&self, request: HoldRequest, actor: &str) -> Result<u64, ScreeningError> {
        let actor = actor.to_owned();
        self.change(move |core, now| core.request_hold(request, &actor, now))
    }

    /// Releases a hold, or asks for it where a second person is needed.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn release_hold(
        &self,
        id: u64,
        amount: Option<Amount>,
        reason: &str,
        actor: &str,
    ) -> Result<Hold, ScreeningError> {
        let (reason, actor) = (reason.to_owned(), actor.to_owned());
        self.change(move |core, now| core.release(id, amount, &reason, &actor, now))
    }

    /// Puts a rule book in force; gives its version.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn apply_rules(&self, yaml: &str, actor: &str) -> Result<u32, ScreeningError> {
        let (yaml, actor) = (yaml.to_owned(), actor.to_owned());
        self.change(move |core, now| core.apply_rules(&yaml, &actor, now))
    }

    /// Sets the price of an asset.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn set_price(&self, asset: &str, price: Price, actor: &str) -> Result<(), ScreeningError> {
        let (asset, actor) = (asset.to_owned(), actor.to_owned());
        self.change(move |core, now| core.set_price(&asset, price, &actor, now))
    }

    /// Makes a key; `id` is random hex of the caller's.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn add_key(
        &self,
        id: &str,
        name: &str,
        scopes: Vec<String>,
        per_minute: u32,
        actor: &str,
    ) -> Result<ApiKey, ScreeningError> {
        let key = self.new_key(id, name, scopes, per_minute, actor)?;
        let theirs = key.clone();
        self.change(move |core, now| core.add_key(&theirs, now))?;
        Ok(key)
    }

    /// Returns a key to be stored, after a check of its name and scopes.
    ///
    /// # Errors
    /// [`ScreeningError::Invalid`] names the field.
    pub fn new_key(
        &self,
        id: &str,
        name: &str,
        scopes: Vec<String>,
        per_minute: u32,
        actor: &str,
    ) -> Result<ApiKey, ScreeningError> {
        identity::validate(name, &scopes)?;
        Ok(ApiKey {
            id: id.to_owned(),
            name: name.trim().to_owned(),
            scopes,
            per_minute,
            created: self.now(),
            created_by: actor.to_owned(),
            revoked: None,
            person: String::new(),
            suspended: false,
        })
    }

    /// Makes a further key of a person, who is made when there is none of that name.
    ///
    /// # Errors
    /// [`ScreeningError::Invalid`] names the field; [`ScreeningError::State`] when the person is suspended.
    pub fn add_key_of(&self, key: ApiKey) -> Result<ApiKey, ScreeningError> {
        identity::validate(&key.name, &key.scopes)?;
        identity::validate(key.person(), &key.scopes).map_err(|e| Invalid::new("person", e.problem))?;
        let stored = key.clone();
        self.change(move |core, now| core.add_key(&stored, now))?;
        Ok(key)
    }

    /// Returns all people.
    ///
    /// # Errors
    /// [`ScreeningError::Store`] when the database fails.
    pub fn people(&self) -> Result<Vec<Person>, ScreeningError> {
        self.read(identity::people)
    }

    /// Suspends a person, whose keys open nothing from then on, or lets a suspended one act again. The last administrator stays.
    ///
    /// # Errors
    /// [`ScreeningError::NotFound`]; [`ScreeningError::State`] for the last administrator, or when the person is in that state already.
    pub fn set_person_state(
        &self,
        id: u64,
        state: PersonState,
        reason: &str,
        actor: &str,
    ) -> Result<Person, ScreeningError> {
        let (reason, actor) = (reason.to_owned(), actor.to_owned());
        self.change(move |core, now| core.set_person_state(id, state, &reason, &actor, now))
    }

    /// Revokes a key; the last administrator's stays.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn revoke_key(&self, id: &str, actor: &str) -> Result<(), ScreeningError> {
        let (id, actor) = (id.to_owned(), actor.to_owned());
        self.change(move |core, now| core.revoke_key(&id, &actor, now))
    }

    /// All keys, revoked ones too.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn keys(&self) -> Result<Vec<ApiKey>, ScreeningError> {
        self.read(identity::list)
    }

    /// Does something with an alert.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn act_on_alert(&self, id: u64, action: AlertAction, actor: &str) -> Result<(), ScreeningError> {
        let actor = actor.to_owned();
        self.change(move |core, now| core.act(id, &action, &actor, now))
    }

    /// Ends holds whose time is over now (the writer also does so by itself).
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn expire_holds(&self) -> Result<(), ScreeningError> {
        self.change(Core::expire)
    }

    /// Holds past deposits that a flag touches, once it is in force. Gives the holds.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn hold_flagged(&self, flag: &Flag) -> Result<Vec<u64>, ScreeningError> {
        let flag = flag.clone().canonical()?;
        // Looked for beside the writer: nobody's decision waits for it.
        let seqs = self.read(|db| flags::candidates(db, &flag))?;
        let mut placed = Vec::new();
        for part in seqs.chunks(flags::DEPOSITS_AT_ONCE) {
            let (id, part) = (flag.id.clone(), part.to_vec());
            placed.extend(self.change(move |core, now| core.hold_flagged(&id, &part, now))?);
        }
        Ok(placed)
    }

    /// Raises a flag: decisions know it at once, past deposits that it touches are held. Gives the holds.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn raise_flag(&self, flag: Flag, actor: &str) -> Result<Vec<u64>, ScreeningError> {
        let theirs = flag.clone();
        self.transact(actor, move |tx| tx.raise_flag(theirs))?;
        self.hold_flagged(&flag)
    }

    /// Flags, newest first, at most 1,000.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn flags(&self, state: Option<FlagState>) -> Result<Vec<Flag>, ScreeningError> {
        self.read(|db| flags::list(db, state))
    }

    /// Screens past transfers again, because tags or exposures changed (`why` says which change). `look` gives the facts of now.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn rescreen(
        &self,
        look: impl FnMut(&Event) -> ChainFacts,
        why: &str,
        progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<RescreenReport, ScreeningError> {
        self.rescreen_after(0, look, why, &mut |_, screened| progress(screened))
    }

    /// Returns the number of the last decided event; 0 for none.
    ///
    /// # Errors
    /// [`ScreeningError::Store`] when the database fails.
    pub fn last_event(&self) -> Result<u64, ScreeningError> {
        let rows = self.read(|db| db.query("SELECT COALESCE(MAX(seq), 0) FROM events", &[]))?;
        let last = rows.first().map_or(Ok(0), |r| r.int(0))?;
        Ok(u64::try_from(last).unwrap_or(0))
    }

    /// Screens transfers after an event's number again, as [`Screening::rescreen`] does. `progress` gets the number of the event that it came to
    /// and how many transfers were looked at, and may end the pass there.
    ///
    /// # Errors
    /// [`ScreeningError::Store`] when the database fails.
    pub fn rescreen_after(
        &self,
        after: u64,
        mut look: impl FnMut(&Event) -> ChainFacts,
        why: &str,
        progress: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
    ) -> Result<RescreenReport, ScreeningError> {
        let mut report = RescreenReport::default();
        let mut after = i64::try_from(after).unwrap_or(i64::MAX);
        loop {
            let rows = self.read(|db| {
                db.query(
                    "SELECT e.seq, e.body, COALESCE(s.findings, ''), CASE WHEN e.decision = 'hold' THEN e.result ELSE '' END
                     FROM events e LEFT JOIN screened s ON s.seq = e.seq
                     WHERE e.seq > $1 AND e.kind IN ('deposit', 'withdrawal') ORDER BY e.seq LIMIT 1000",
                    &[after.into()],
                )
            })?;
            let Some(last) = rows.last() else { break };
            after = last.int(0)?;
            for row in &rows {
                let event: Event = parse("event", row.text(1)?)?;
                let facts = look(&event);
                report.screened += 1;
                // Nothing to write for the many that did not change.
                if facts.findings().join("\n") == row.text(2)? && !self.may_let_go(row.int(0)?, row.text(3)?, &facts)? {
                    continue;
                }
                let (seq, why) = (row.number(0)?, why.to_owned());
                let alert = self.change(move |core, now| core.screened_again(seq, &facts, &why, now))?;
                report.alerts.extend(alert);
            }
            if progress(u64::try_from(after).unwrap_or(0), report.screened).is_break() {
                break;
            }
        }
        Ok(report)
    }

    /// Whether a held transfer's decision, as it is stored, rested only on that the chain could not be asked, the chain can be asked now, and
    /// a hold of it is still in place.
    fn may_let_go(&self, seq: i64, decision: &str, facts: &ChainFacts) -> Result<bool, ScreeningError> {
        if decision.is_empty() || facts.unavailable.is_some() {
            return Ok(false);
        }
        let decision: Decision = parse("decision", decision)?;
        if !decision.rests_on_ignorance() {
            return Ok(false);
        }
        for id in decision.holds {
            let active =
                "SELECT 1 FROM holds WHERE id = $1 AND event = $2 AND state = 'active' AND placed_by = 'engine'";
            if !self.read(|db| db.query(active, &[number(id), seq.into()]))?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Asks the database on one of a few reading connections.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn read<T>(&self, question: impl FnOnce(&mut Database) -> Result<T, DbError>) -> Result<T, ScreeningError> {
        Ok(self.readers.read(question)?)
    }

    /// Alerts by number.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn alerts(&self, filter: &AlertFilter) -> Result<Vec<Alert>, ScreeningError> {
        self.read(|db| alerts::list(db, filter))
    }

    /// One alert with its notes.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn alert(&self, id: u64) -> Result<(Alert, Vec<Note>), ScreeningError> {
        self.read(|db| alerts::get(db, id))?.ok_or_else(|| ScreeningError::NotFound(format!("alert {id}")))
    }

    /// Holds by number.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn holds(&self, filter: &HoldFilter) -> Result<Vec<Hold>, ScreeningError> {
        self.read(|db| holds::list(db, filter))
    }

    /// Checks that all holds balance.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn check_holds(&self) -> Result<HoldsReport, ScreeningError> {
        self.read(holds::check)
    }

    /// Verifies the audit log and the tables that it settles, optionally against a head that was noted elsewhere.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn verify_audit(&self, noted_head: Option<&str>) -> Result<AuditReport, ScreeningError> {
        self.verify_anchored(noted_head, None, None)
    }

    /// Verifies the audit log as [`Screening::verify_audit`] does, and against the desk's anchors, or a copy of their file.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn verify_anchored(
        &self,
        noted_head: Option<&str>,
        anchors: Option<&Anchors>,
        copy: Option<&Path>,
    ) -> Result<AuditReport, ScreeningError> {
        let (known, problems) = anchors.map(|a| a.read(copy)).transpose()?.unwrap_or_default();
        // One transaction, so that changes that come meanwhile are in all of it or in none.
        let mut report = self.read(|db| db.snapshot(|db| audit::verify_anchored(db, noted_head, &known)))?;
        report.problems.splice(0..0, problems);
        Ok(report)
    }

    /// Writes the log's head to the anchors, unless the last of them has it already; returns the last.
    ///
    /// # Errors
    /// [`ScreeningError::State`] when the file is damaged, or the log is not the one that was anchored.
    pub fn anchor(&self, anchors: &Anchors) -> Result<Anchor, ScreeningError> {
        anchors.append(self.now(), |query| Ok(self.readers.read(|db| query(db))?)).map_err(|e| match e {
            AnchorError::Store(e) => e.into(),
            AnchorError::Problem(_) => ScreeningError::State(e.to_string()),
        })
    }

    /// Audit entries after a number.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn audit(&self, after: u64, subject: Option<&str>, limit: usize) -> Result<Vec<Entry>, ScreeningError> {
        self.read(|db| entries(db, after, subject, limit))
    }

    /// Hits and precision of every rule.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn rule_statistics(&self) -> Result<Vec<RuleStatistics>, ScreeningError> {
        self.read(alerts::statistics)
    }

    /// What an asset is worth, by the price table.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn price(&self, asset: &str) -> Result<Option<Price>, ScreeningError> {
        let rows = self.read(|db| {
            db.query("SELECT base_units, value FROM prices WHERE asset = $1", &[asset::canonical(asset).into()])
        })?;
        Ok(rows.first().map(price_of).transpose()?)
    }

    /// A decided event, by the sender's id.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn event(&self, id: &str) -> Result<DecidedEvent, ScreeningError> {
        let found = self.read(|db| {
            let rows = db.query("SELECT body, facts, result FROM events WHERE id = $1", &[id.into()])?;
            let Some(row) = rows.first() else { return Ok(None) };
            let mut found = decided(row)?;
            found.completion = completion::of_event(db, found.decision.seq)?;
            Ok(Some(found))
        })?;
        found.ok_or_else(|| ScreeningError::NotFound(format!("event '{id}'")))
    }

    /// Completes a decided event with what became known of its movement: transaction, block, status. Sent again it changes nothing; of
    /// several the latest time wins, whatever the order of arrival.
    ///
    /// # Errors
    /// [`ScreeningError`]; [`ScreeningError::NotFound`] when no such event was decided.
    pub fn complete(&self, id: &str, completion: Completion, actor: &str) -> Result<DecidedEvent, ScreeningError> {
        let (key, actor) = (id.to_owned(), actor.to_owned());
        self.change(move |core, now| core.complete(&key, &completion, &actor, now))?;
        self.event(id)
    }

    /// Decided events after a number, oldest first, with facts: the history that rules are tested on.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn history(&self, after: u64, limit: usize) -> Result<Vec<DecidedEvent>, ScreeningError> {
        self.read(|db| {
            let rows = db.query(
                "SELECT body, facts, result FROM events WHERE seq > $1 ORDER BY seq LIMIT $2",
                &[number(after), number(limit.clamp(1, 10_000) as u64)],
            )?;
            let mut list = rows.iter().map(decided).collect::<Result<Vec<_>, _>>()?;
            if let (Some(first), Some(last)) = (list.first(), list.last()) {
                let mut known = completion::between(db, first.decision.seq, last.decision.seq)?;
                list.iter_mut().for_each(|d| d.completion = known.remove(&d.decision.seq));
            }
            Ok(list)
        })
    }
}

/// Reads body, facts and result.
fn decided(row: &Row) -> Result<DecidedEvent, DbError> {
    Ok(DecidedEvent {
        event: parse("event", row.text(0)?)?,
        facts: parse("facts", row.text(1)?)?,
        decision: parse("decision", row.text(2)?)?,
        completion: None,
    })
}
