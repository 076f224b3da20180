//! The fold of the log of inputs: [`Fold`] is everything that decisions rest on, and each input changes it and yields what is to be stored. It reads
//! no clock, no file and no table, so that the same inputs give the same decisions on any machine.

use crate::decide::{Draft, Made, Subject, Terms};
use crate::decision::{Decision, Verdict};
use crate::facts::ChainFacts;
use crate::flags::{FLAG_BASIS, Flag, Flags};
use crate::holds::{ActiveHold, ActiveHolds, HoldPlan};
use crate::inputs::{AssetPrice, HoldChanged, NextIds, Start};
use crate::model::{Event, Record};
use crate::prices::{Price, Prices, value_of};
use crate::rules::{RuleBook, RuleError};
use crate::scores::Models;
use crate::state::{Neighbours, State, View};
use holdfast_customers::stages::{Incoming, Workers};
use holdfast_types::Timestamp;
use std::sync::Arc;

/// Finds the hold that was placed on a customer's movement before, active or not, by any of the keys that identify the movement.
///
/// Ended holds are too many for memory: the writer looks them up in the table that the fold's own results fill, a replay in a map of them.
pub trait PastHolds {
    /// Why a look-up failed.
    type Error;

    /// Returns the hold's number.
    ///
    /// # Errors
    /// [`PastHolds::Error`] when nothing can be looked up.
    fn hold_on(&mut self, customer: &str, keys: &[String]) -> Result<Option<u64>, Self::Error>;

    /// Takes in a hold that [`Fold::events`] placed, before the next event is decided.
    fn placed(&mut self, _: &NewHold) {}
}

/// A hold to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewHold {
    /// Its number.
    pub id: u64,
    /// The number of its first posting; it has two, or none where it holds no amount.
    pub posting: Option<u64>,
    /// Its terms.
    pub plan: HoldPlan,
}

/// What a decision does with holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HoldResult {
    /// A new hold.
    Placed(NewHold),
    /// A hold that stood for flags becomes a rule's, on the rule's terms.
    TakenOver(u64, HoldPlan),
}

/// A decision and what is to be stored with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The decision, with the numbers of its holds and its alert.
    pub decision: Decision,
    /// New and changed holds, in order.
    pub holds: Vec<HoldResult>,
    /// The event's row of features, encoded, where models scored it or rows are kept.
    pub row: Option<Vec<u8>>,
}

/// An event that is to be decided, with all that its input carries.
#[derive(Clone, Copy, Debug)]
pub struct Undecided<'a> {
    /// The event.
    pub event: &'a Event,
    /// Facts of the chain.
    pub facts: &'a ChainFacts,
    /// The price of its asset, where the event has no value of its own.
    pub price: Option<Price>,
}

/// Everything that decisions rest on.
#[derive(Debug)]
pub struct Fold {
    /// What is known of customers.
    pub state: State,
    /// The rule book in force.
    pub book: Arc<RuleBook>,
    /// Active holds.
    pub holds: ActiveHolds,
    /// Flags in force.
    pub flags: Flags,
    /// Learned models in force.
    pub models: Models,
    /// Prices, from which the inputs of events are priced.
    pub prices: Prices,
    /// The next free numbers.
    pub next: NextIds,
    /// Latest time of any event.
    pub watermark: Timestamp,
    /// Threads that decide on batches, where there are several; decisions are the same without them.
    pub workers: Option<Arc<Workers>>,
}

impl Fold {
    /// Starts with a rule book and nothing else.
    #[must_use]
    pub fn new(book: Arc<RuleBook>) -> Self {
        Fold {
            state: State::default(),
            book,
            holds: ActiveHolds::new(),
            flags: Flags::default(),
            models: Models::default(),
            prices: Prices::new(),
            next: NextIds::default(),
            watermark: Timestamp::EPOCH,
            workers: None,
        }
    }

    /// Starts where a log begins, but for its models, whose files the caller has.
    ///
    /// # Errors
    /// [`RuleError`] when the rule book cannot be read.
    pub fn starting(start: &Start) -> Result<Self, RuleError> {
        let mut fold = Fold::new(Arc::new(RuleBook::stored(&start.rules.yaml, start.rules.version)?));
        for (customer, hold) in &start.holds {
            fold.holds.entry(customer.clone()).or_default().push(hold.clone());
        }
        start.flags.iter().for_each(|f| fold.flags.put(f.clone()));
        start.prices.iter().for_each(|p| fold.price(p));
        (fold.next, fold.watermark) = (start.next, start.watermark);
        Ok(fold)
    }

    /// Takes a record.
    pub fn record(&mut self, record: &Record) {
        self.state.record(record);
    }

    /// Takes a price.
    pub fn price(&mut self, price: &AssetPrice) {
        self.prices.insert(price.asset.clone(), price.price);
    }

    /// Returns the price that an event's input carries.
    #[must_use]
    pub fn price_for(&self, event: &Event) -> Option<Price> {
        let asset = event.asset.as_ref().filter(|_| event.value.is_none())?;
        self.prices.get(asset).copied()
    }

    /// Takes a flag as it stands.
    pub fn flag(&mut self, flag: Flag) {
        self.flags.put(flag);
    }

    /// Takes an alert that no decision raised; returns its number.
    pub fn alert(&mut self) -> u64 {
        let id = self.next.alert;
        self.next.alert += 1;
        id
    }

    /// Takes a hold that is placed outside a decision.
    pub fn place(&mut self, plan: HoldPlan) -> NewHold {
        let id = self.next.hold;
        self.next.hold += 1;
        let held = plan.amount.unwrap_or_default();
        let posting = (plan.asset.is_some() && !held.is_zero()).then(|| self.posting());
        self.holds.entry(plan.customer.clone()).or_default().push(ActiveHold {
            id,
            scope: plan.scope,
            account: plan.account.clone(),
            asset: plan.asset.clone(),
            held,
            transfer: plan.transfer.clone(),
            expires: plan.expires,
            flagged: plan.basis == FLAG_BASIS,
        });
        NewHold { id, posting, plan }
    }

    /// Takes a change of a hold; returns the number of its first posting, if it is posted.
    pub fn change_hold(&mut self, change: &HoldChanged) -> Option<u64> {
        if let Some(active) = self.holds.get_mut(&change.customer) {
            if !change.is_active {
                active.retain(|h| h.id != change.hold);
            } else if let Some(hold) = active.iter_mut().find(|h| h.id == change.hold) {
                (hold.held, hold.expires) = (change.held, change.expires);
            }
            if active.is_empty() {
                self.holds.remove(&change.customer);
            }
        }
        change.is_posted.then(|| self.posting())
    }

    /// Takes the first of two postings.
    fn posting(&mut self) -> u64 {
        let first = self.next.posting;
        self.next.posting += 2;
        first
    }

    /// Begins a batch of events at the watermark of its input.
    pub fn begin_events(&mut self, watermark: Timestamp) {
        self.state.advance(watermark);
    }

    /// Decides on an event at `now`, the next of its batch. The watermark moves for the next batch.
    ///
    /// # Errors
    /// [`PastHolds::Error`] when past holds cannot be looked up; the fold is torn then.
    pub fn event<P: PastHolds>(
        &mut self,
        event: &Event,
        facts: &ChainFacts,
        price: Option<Price>,
        now: Timestamp,
        past: &mut P,
    ) -> Result<Decided, P::Error> {
        let subject = self.subject(event, facts, price);
        let draft = {
            let view = View::of(&self.state, event);
            let across = subject.across(Neighbours::of(&self.state), view.customer().map(|c| c.key));
            self.terms(now).draft(view, across, subject)
        };
        let decided = self.number(draft, past)?;
        self.state.apply(event, facts, subject.value.unwrap_or(0), subject.seq);
        Ok(decided)
    }

    /// Decides on the events of a batch at `now`, in order; by several threads where there are such and the batch is long enough.
    ///
    /// # Errors
    /// As [`Fold::event`].
    pub fn events<P: PastHolds>(
        &mut self,
        batch: &[Undecided<'_>],
        now: Timestamp,
        past: &mut P,
    ) -> Result<Vec<Decided>, P::Error> {
        let mut all = Vec::with_capacity(batch.len());
        let Some(workers) = self.workers.clone().filter(|w| w.suit(batch.len())) else {
            for Undecided { event, facts, price } in batch {
                let decided = self.event(event, facts, *price, now, past)?;
                note_placed(&decided, past);
                all.push(decided);
            }
            return Ok(all);
        };
        for draft in self.drafts(&workers, batch, now) {
            let decided = self.number(draft, past)?;
            note_placed(&decided, past);
            all.push(decided);
        }
        Ok(all)
    }

    /// Takes in a batch by threads, and decides all that holds in force do not change.
    fn drafts<'a>(&mut self, workers: &Workers, batch: &[Undecided<'a>], now: Timestamp) -> Vec<Draft<'a>> {
        let subjects: Vec<Subject<'a>> = batch.iter().map(|u| self.subject(u.event, u.facts, u.price)).collect();
        let incoming =
            |s: &Subject<'a>| Incoming { event: s.event, facts: s.facts, value: s.value.unwrap_or(0), seq: s.seq };
        let incoming: Vec<Incoming<'a>> = subjects.iter().map(incoming).collect();
        let terms = Terms { book: &self.book, flags: &self.flags, models: &self.models, now };
        let across = |n: usize, near: Neighbours<'_>, own| subjects[n].across(near, own);
        let draft = |n: usize, view: View<'_>, across| terms.draft(view, across, subjects[n]);
        self.state.apply_batch(workers, &incoming, across, draft)
    }

    fn terms(&self, now: Timestamp) -> Terms<'_> {
        Terms { book: &self.book, flags: &self.flags, models: &self.models, now }
    }

    /// Gives an event its number and value.
    fn subject<'a>(&mut self, event: &'a Event, facts: &'a ChainFacts, price: Option<Price>) -> Subject<'a> {
        let seq = self.next.event;
        self.next.event += 1;
        Subject { event, facts, value: value_of(event, &self.book.file.policy, price), seq }
    }

    /// Finishes a decision by the holds in force, and numbers what follows from it.
    fn number<P: PastHolds>(&mut self, draft: Draft<'_>, past: &mut P) -> Result<Decided, P::Error> {
        let event = draft.event();
        let own = self.holds.get(&event.customer).map_or(&[][..], Vec::as_slice);
        let Made { mut decision, plans, row } = draft.settle(own);
        let mut holds = Vec::new();
        for plan in plans {
            let (id, result) = self.settle(plan, event, past)?;
            decision.holds.push(id);
            holds.extend(result);
        }
        if decision.decision > Verdict::Allow {
            decision.alert = Some(self.alert());
        }
        self.watermark = self.watermark.max(event.time);
        Ok(Decided { decision, holds, row })
    }

    /// Places the hold that a decision plans, or finds the one that makes it needless.
    fn settle<P: PastHolds>(
        &mut self,
        plan: HoldPlan,
        event: &Event,
        past: &mut P,
    ) -> Result<(u64, Option<HoldResult>), P::Error> {
        if plan.flags.is_empty()
            && let Some(id) = self.take_over(&plan)
        {
            return Ok((id, Some(HoldResult::TakenOver(id, plan))));
        }
        // It was held before and a person let it go: it is not held twice.
        if plan.transfer.is_some()
            && let Some(id) = past.hold_on(&plan.customer, &event.hold_keys())?
        {
            return Ok((id, None));
        }
        let hold = self.place(plan);
        Ok((hold.id, Some(HoldResult::Placed(hold))))
    }

    /// Puts the hold that stands for flags only on a plan's movement on the plan's terms; it no longer ends with the flags.
    fn take_over(&mut self, plan: &HoldPlan) -> Option<u64> {
        let transfer = plan.transfer.as_deref()?;
        let held = self.holds.get_mut(&plan.customer)?;
        let hold = held.iter_mut().find(|h| h.flagged && h.transfer.as_deref() == Some(transfer))?;
        (hold.flagged, hold.expires) = (plan.basis == FLAG_BASIS, plan.expires);
        Some(hold.id)
    }
}

fn note_placed(decided: &Decided, past: &mut impl PastHolds) {
    for result in &decided.holds {
        if let HoldResult::Placed(hold) = result {
            past.placed(hold);
        }
    }
}
