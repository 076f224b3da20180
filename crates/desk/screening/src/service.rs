//! Screening made durable: one writer takes work in order, commits many changes at once, and answers each only after its commit.

mod changes;
mod keys;
mod reads;
mod rescreen;
mod transaction;

pub use crate::clock::{Clock, system_clock};
pub use crate::error::ScreeningError;
pub use reads::DecidedEvent;
pub use rescreen::RescreenReport;
pub use transaction::Transaction;

use crate::clock::{Guard, Time};
use crate::core::{Core, Reply, Submitted};
use crate::pulse::{self, Pulse};
use holdfast_customer_store::Folder;
use holdfast_decision::rules::RuleBook;
use holdfast_decision::state;
use holdfast_decision::{ChainFacts, Decision, Event, Record};
use holdfast_event_log::behind::Lag;
use holdfast_event_log::checkpoints::Checkpoints;
use holdfast_store::{
    ChangeError, Database, DbError, Fatal, NotSettled, Readers, StoreError, Writer, WriterLock, parse,
};
use holdfast_types::{Address, Invalid, Timestamp};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, RwLock};
use std::time::Duration;

/// Most records of one ingestion.
pub const MAX_RECORDS: usize = 100_000;
/// Most events of one batch.
pub const MAX_EVENTS: usize = 1_000;
/// How long a reader waits for the results of decisions that were answered before.
const MAX_READ_WAIT: Duration = Duration::from_secs(10);

/// The screening desk: share it by reference; dropping it finishes what waits.
pub struct Screening {
    writer: Writer<Core>,
    readers: Readers,
    lag: Arc<Lag>,
    book: Arc<RwLock<Arc<RuleBook>>>,
    owners: Arc<RwLock<Owners>>,
    /// Customers' state on disk; it has the owners that were known at the start.
    folder: Option<Arc<Folder>>,
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
        Self::open_with(url, time, None)
    }

    /// Opens a database as [`Screening::open_at`] does, with what is known of customers in a folder on disk.
    ///
    /// # Errors
    /// [`ScreeningError`]; [`DbError::Busy`] when another process has it.
    pub fn open_with(url: &str, time: Time, disk: Option<Checkpoints>) -> Result<Self, ScreeningError> {
        let lock = WriterLock::acquire(url)?;
        Self::start(url, Core::open(Database::connect(url)?, time, disk)?, lock)
    }

    /// Starts the writer.
    pub(crate) fn start(url: &str, core: Core, lock: WriterLock) -> Result<Self, ScreeningError> {
        let (guard, book, folder, lag) = (core.guard.clone(), core.published.clone(), core.folder(), core.lag.clone());
        let readers = Readers::new(url);
        let writer = Writer::start(core, readers.clone(), lock)?;
        let (owners, pulse) = Default::default();
        let this = Screening { writer, readers, lag, book, owners, folder, guard, pulse };
        if this.folder.is_none() {
            this.load_owners()?;
        }
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

    /// Returns customer and account of a deposit address.
    ///
    /// # Errors
    /// [`ScreeningError::Store`] when the customers' state on disk cannot be read.
    pub fn owner_of(&self, address: &str) -> Result<Option<(String, Option<String>)>, ScreeningError> {
        let address = Address::read(address);
        let known = self.owners.read().unwrap_or_else(|e| e.into_inner()).get(&address).cloned();
        match (&self.folder, known) {
            (Some(folder), None) => {
                let owner = state::stored_owner(&**folder, &address).map_err(crate::core::unreadable_state)?;
                Ok(owner.map(|owner| (owner.customer.into(), owner.account.map(Into::into))))
            }
            (_, known) => Ok(known),
        }
    }

    /// Returns the time.
    pub fn now(&self) -> Timestamp {
        self.guard.read().now
    }

    /// Returns the rule book in force.
    pub fn book(&self) -> Arc<RuleBook> {
        self.book.read().unwrap_or_else(|e| e.into_inner()).clone()
    }

    /// Submits an event; `reply` is called once its decision is durable.
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
        let one = |answers: Result<Vec<_>, StoreError>| answers?.pop().unwrap_or(Err(StoreError::Stopped.into()));
        self.hand_in(vec![(event, facts)], actor, Box::new(move |answers| reply(one(answers))))
    }

    fn hand_in(&self, events: Vec<(Event, ChainFacts)>, actor: &Arc<str>, reply: Reply) -> Result<(), ScreeningError> {
        let reply = pulse::timed(&self.pulse, events.len() as u64, reply);
        Ok(self.writer.submit(Box::new(Submitted { events, actor: actor.clone(), reply }))?)
    }

    /// Submits events that are decided in order in one transaction; `reply` is called once it is durable, with one answer an event. An event that is
    /// refused costs no other its decision; of several with one id the later get the answer of the first, or a conflict.
    ///
    /// # Errors
    /// [`ScreeningError::Invalid`] for more than [`MAX_EVENTS`], [`StoreError::Busy`] at once: no event is decided then; everything else goes to `reply`,
    /// as its error where nothing was stored.
    pub fn submit_batch(
        &self,
        events: Vec<(Event, ChainFacts)>,
        actor: &Arc<str>,
        reply: impl FnOnce(Result<Vec<Result<Decision, ScreeningError>>, StoreError>) + Send + 'static,
    ) -> Result<(), ScreeningError> {
        if events.len() > MAX_EVENTS {
            let words = format!("{} of them; send at most {MAX_EVENTS} at once", events.len());
            return Err(Invalid::new("events", words).into());
        }
        // What is refused already, by the event's place.
        let (mut refused, mut valid) = (Vec::with_capacity(events.len()), Vec::with_capacity(events.len()));
        for (event, facts) in events {
            let event = event.canonical();
            refused.push(event.validate().err());
            if let Some(None) = refused.last() {
                valid.push((event, facts));
            }
        }
        let merged = move |decided: Vec<Result<Decision, ScreeningError>>| {
            let mut decided = decided.into_iter();
            let answer = |refused: Option<Invalid>| match refused {
                Some(e) => Err(e.into()),
                None => decided.next().unwrap_or(Err(StoreError::Stopped.into())),
            };
            refused.into_iter().map(answer).collect()
        };
        if valid.is_empty() {
            reply(Ok(merged(Vec::new())));
            return Ok(());
        }
        self.hand_in(valid, actor, Box::new(move |answers| reply(answers.map(merged))))
    }

    /// Decides on events as [`Screening::submit_batch`] does and waits until the decisions are durable.
    ///
    /// # Errors
    /// As [`Screening::submit_batch`], and [`StoreError::NotStored`] where none was stored.
    pub fn decide_batch(
        &self,
        events: Vec<(Event, ChainFacts)>,
        actor: &str,
    ) -> Result<Vec<Result<Decision, ScreeningError>>, ScreeningError> {
        let (sender, receiver) = sync_channel(1);
        self.submit_batch(events, &actor.into(), move |answers| {
            let _ = sender.send(answers);
        })?;
        Ok(receiver.recv().map_err(|_| StoreError::Stopped)??)
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
        change: impl FnOnce(&mut Core, Timestamp) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        self.writer.change(change)
    }

    /// Returns why nothing can be written any more, once that is so; the process should end then, with [`Fatal::exit_code`].
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
        self.lag.register(registry);
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
        self.change(move |core, now| run(&mut Transaction::of(core, now, &actor)))
    }

    /// Runs a query on one of a few reading connections.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn read<T>(&self, question: impl FnOnce(&mut Database) -> Result<T, DbError>) -> Result<T, ScreeningError> {
        self.wait_for_results()?;
        Ok(self.readers.read(question)?)
    }

    /// Waits until the tables have what was answered before, so that whoever got an answer finds what it says.
    ///
    /// # Errors
    /// [`DbError::Behind`] when they do not have it in time, or nothing can be written now.
    pub(crate) fn wait_for_results(&self) -> Result<(), StoreError> {
        let settled = self.lag.caught_up(MAX_READ_WAIT);
        settled.map_err(|(NotSettled::Later(why) | NotSettled::Lost(why))| DbError::Behind(why).into())
    }

    /// Returns why results of decisions, which are durable, cannot be written to the tables now, if they cannot.
    pub fn results_failure(&self) -> Option<String> {
        self.lag.failure()
    }
}
