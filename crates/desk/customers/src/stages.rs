//! A batch of events through the slots of the state by several threads, with the results of one.
//!
//! Stage 0: who claimed each movement first. Stage 1, by shared key: uses are noted with the places of their events, so that each event sees what
//! was there before it. Stage 2: what links customers to each other, by customer, and what of it each event sees. Stage 3, by customer: decisions, and
//! what the customer's events change of the customer. Between stages all threads wait for each other.

use crate::facts::ChainFacts;
use crate::model::Event;
use crate::slots::{SLOTS, Slots, Slotted};
use crate::state::{Customer, CustomerKey, Key, MAX_DEVICES, MAX_RECEIVED, Noted, Party, State};
use crate::view::{Links, NOW, Neighbours, Parties, Span, View};
use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, IntoParallelRefIterator, ParallelIterator};
use rayon::slice::ParallelSliceMut;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::collections::{HashMap, HashSet};

/// Most events that pass the stages together; a longer batch passes in parts. It bounds what a shared key holds for places within the batch.
const PART: usize = 512;
/// Numbers of threads: they divide [`SLOTS`].
pub const THREADS: [usize; 4] = [1, 2, 4, 8];
/// Fewest events for which several threads are woken: below, waiting for each other costs more than it gains.
const FEWEST: usize = 64;

/// Threads that own slots.
#[derive(Debug)]
pub struct Workers {
    pool: ThreadPool,
    threads: usize,
    fewest: usize,
}

/// Why there are no threads.
#[derive(Debug, thiserror::Error)]
pub enum WorkersError {
    /// Slots cannot be divided among so many.
    #[error("{0} threads cannot share {SLOTS} slots: 1, 2, 4 or 8 can")]
    Number(usize),
    /// The system gives no threads.
    #[error("the threads that decide cannot be started: {0}")]
    System(#[from] rayon::ThreadPoolBuildError),
}

impl Workers {
    /// Starts threads, one of [`THREADS`].
    ///
    /// # Errors
    /// [`WorkersError`].
    pub fn new(threads: usize) -> Result<Self, WorkersError> {
        if !THREADS.contains(&threads) {
            return Err(WorkersError::Number(threads));
        }
        let pool = ThreadPoolBuilder::new().num_threads(threads).thread_name(|n| format!("decide-{n}")).build()?;
        Ok(Workers { pool, threads, fewest: FEWEST })
    }

    /// Returns these threads, used for batches of so many events and more.
    #[must_use]
    pub fn from_events(self, fewest: usize) -> Self {
        Workers { fewest, ..self }
    }

    /// Whether a batch is worth waking them.
    #[must_use]
    pub fn suit(&self, events: usize) -> bool {
        events >= self.fewest
    }

    /// Slots of a thread, side by side.
    fn run(&self) -> usize {
        SLOTS / self.threads
    }
}

/// An event that is taken in, with what is known of it.
#[derive(Clone, Copy, Debug)]
pub struct Incoming<'a> {
    /// The event.
    pub event: &'a Event,
    /// Facts of the chain.
    pub facts: &'a ChainFacts,
    /// Minor units of the reference currency; 0 where it is not known.
    pub value: u64,
    /// Its number.
    pub seq: u64,
}

/// What became of an event's movement.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Claim {
    /// It counts.
    Counts,
    /// Its customer claimed it before: it counts for nothing.
    Repeated,
    /// Another customer claimed it first; it counts for both.
    Other(Box<str>),
}

/// What stage 2 found of an event.
struct Own {
    /// Its number in the batch, from 0.
    number: usize,
    /// Its customer, if known before it.
    known: Option<CustomerKey>,
    /// Customers from whom its money may have come.
    from: Vec<CustomerKey>,
}

/// The place of an event in its part.
fn place(number: usize) -> u16 {
    // A part has at most PART events.
    u16::try_from(number + 1).unwrap_or(NOW)
}

impl State {
    /// Takes in a batch by threads. `across` finds what other customers have to do with an event (by its number in the batch), `decide` decides on it; both
    /// before it is taken in. Returns decisions in order.
    pub fn apply_batch<A: Copy + Send + Sync, D: Send>(
        &mut self,
        workers: &Workers,
        batch: &[Incoming<'_>],
        across: impl Fn(usize, Neighbours<'_>, Option<CustomerKey>) -> A + Sync,
        decide: impl Fn(usize, View<'_>, A) -> D + Sync,
    ) -> Vec<D> {
        let mut all = Vec::with_capacity(batch.len());
        for (part, events) in batch.chunks(PART).enumerate() {
            let first = part * PART;
            let across = |n, near: Neighbours<'_>, own| across(first + n, near, own);
            let decide = |n, view: View<'_>, found| decide(first + n, view, found);
            all.extend(workers.pool.install(|| self.apply_part(workers.run(), events, &across, &decide)));
        }
        all
    }

    fn apply_part<A: Copy + Send + Sync, D: Send>(
        &mut self,
        run: usize,
        events: &[Incoming<'_>],
        across: &(impl Fn(usize, Neighbours<'_>, Option<CustomerKey>) -> A + Sync),
        decide: &(impl Fn(usize, View<'_>, A) -> D + Sync),
    ) -> Vec<D> {
        let note = |(n, e): (usize, &Incoming<'_>)| Noted::of(e.event, e.facts, e.value, place(n));
        let noted: Vec<Noted> = events.par_iter().enumerate().with_min_len(32).map(note).collect();
        let claims = self.claim(events, &noted);
        note_uses(&mut self.parties, run, &noted, &claims);
        let linked = (0..SLOTS / run).into_par_iter().with_max_len(1).map(|t| self.link(t, run, &noted, &claims));
        let (changed, own): (Vec<_>, Vec<Vec<Own>>) = linked.collect::<Vec<_>>().into_iter().unzip();
        let (customers, parties, changed) = (&self.customers, &self.parties, changed.as_slice());
        let of_run = own.par_iter().with_max_len(1).map(|run| {
            let at = |o: &Own| {
                let parties = Parties { all: parties, at: place(o.number) };
                across(o.number, Neighbours { customers, parties, changed }, o.known)
            };
            run.iter().map(at).collect::<Vec<A>>()
        });
        let found: Vec<Vec<A>> = of_run.collect();
        let (slots, source) = self.customers.parts_mut();
        let runs = slots.par_chunks_mut(run).zip(own).zip(found).with_max_len(1);
        let addresses = (&self.addresses, self.source.as_deref());
        let decided = runs.map(|((slots, own), found)| {
            let mut decided = Vec::with_capacity(own.len());
            for (Own { number, from, .. }, found) in own.into_iter().zip(found) {
                let (incoming, noted, claim) = (&events[number], &noted[number], &claims[number]);
                let slot = &mut slots[noted.own.slot() % run];
                let parties = Parties { all: parties, at: place(number) };
                let claimed_by = if let Claim::Other(other) = claim { Some(&**other) } else { None };
                let customer = slot.get(source, &noted.own);
                let view = View { customer, other_side: noted.party, claimed_by, parties, addresses };
                decided.push((number, decide(number, view, found)));
                if *claim != Claim::Repeated {
                    let Incoming { event, facts, value, seq } = *incoming;
                    let new = || Customer::new(noted.own, &event.customer);
                    slot.get_mut(source, &noted.own, new).take((event, facts), (value, seq), noted, from);
                }
            }
            decided
        });
        let decided: Vec<Vec<(usize, D)>> = decided.collect();
        settle_uses(&mut self.parties, run, &noted);
        let mut ordered: Vec<Option<D>> = events.iter().map(|_| None).collect();
        decided.into_iter().flatten().for_each(|(number, made)| ordered[number] = Some(made));
        ordered.into_iter().flatten().collect()
    }

    /// Stage 0: takes in who claimed each movement first.
    fn claim(&mut self, events: &[Incoming<'_>], noted: &[Noted]) -> Vec<Claim> {
        let mut claims = Vec::with_capacity(events.len());
        for (incoming, of) in events.iter().zip(noted) {
            let known = of.transfer.and_then(|t| self.transfers.get(t)).map(|(first, _)| *first);
            claims.push(match (of.transfer, known) {
                (_, Some(first)) if first == of.own => Claim::Repeated,
                (_, Some(first)) => {
                    let new =
                        || noted.iter().zip(events).find(|(n, _)| n.own == first).map(|(_, e)| &*e.event.customer);
                    match self.by_key(first).map(|c| &*c.id).or_else(new) {
                        Some(id) => Claim::Other(id.into()),
                        None => Claim::Counts,
                    }
                }
                (Some(transfer), None) => {
                    self.transfers.get_or_insert_with(transfer, || (of.own, incoming.event.time));
                    Claim::Counts
                }
                (None, None) => Claim::Counts,
            });
        }
        claims
    }

    /// Stage 2 of a run of slots: the customers whose links change, and its events.
    fn link(
        &self,
        number: usize,
        run: usize,
        noted: &[Noted],
        claims: &[Claim],
    ) -> (HashMap<CustomerKey, Links>, Vec<Own>) {
        let (mut changed, mut own, mut new) = (HashMap::new(), Vec::new(), HashSet::new());
        for (n, of) in noted.iter().enumerate().filter(|(_, of)| of.own.slot() / run == number) {
            let customer = self.customers.get(of.own);
            let is_known = customer.is_some() || !new.insert(of.own);
            let mut from = Vec::new();
            if claims[n] != Claim::Repeated {
                from = of.withdrew_to(Parties { all: &self.parties, at: place(n) + 1 });
                link(&mut changed, customer, of, &from, place(n));
            }
            own.push(Own { number: n, known: is_known.then_some(of.own), from });
        }
        (changed, own)
    }
}

/// Takes in what links an event's customer to others.
fn link(
    changed: &mut HashMap<CustomerKey, Links>,
    customer: Option<&Customer>,
    of: &Noted,
    from: &[CustomerKey],
    place: u16,
) {
    let has = |device: Key| match changed.get(&of.own) {
        Some(links) => links.devices.iter().any(|d| d.0 == device && d.1.stays()),
        None => customer.is_some_and(|c| c.devices.iter().any(|d| d.0 == device)),
    };
    let is_new = of.device != 0 && !has(of.device);
    if !is_new && from.is_empty() {
        return;
    }
    let links = changed.entry(of.own).or_insert_with(|| Links {
        devices: customer.map_or(Vec::new(), |c| c.devices.iter().map(|d| (d.0, Span::ALWAYS)).collect()),
        received_from: customer.map_or(Vec::new(), |c| c.received_from.iter().map(|r| (*r, Span::ALWAYS)).collect()),
    });
    if is_new {
        put(&mut links.devices, of.device, MAX_DEVICES, place);
    }
    for other in from {
        put(&mut links.received_from, (*other, of.time, of.value), MAX_RECEIVED, place);
    }
}

/// Adds at a place; above a number the first is dropped there.
fn put<T>(list: &mut Vec<(T, Span)>, item: T, most: usize, place: u16) {
    list.push((item, Span { from: place, ..Span::ALWAYS }));
    if list.iter().filter(|i| i.1.stays()).count() > most
        && let Some(first) = list.iter_mut().find(|i| i.1.stays())
    {
        first.1.until = place;
    }
}

/// Stage 1: notes uses of shared keys.
fn note_uses(parties: &mut Slots<Key, Party>, run: usize, noted: &[Noted], claims: &[Claim]) {
    let (slots, source) = parties.parts_mut();
    slots.par_chunks_mut(run).enumerate().with_max_len(1).for_each(|(number, slots)| {
        for (of, _) in noted.iter().zip(claims).filter(|(_, claim)| **claim != Claim::Repeated) {
            for (key, used) in of.uses.iter().filter(|(key, _)| key.slot() / run == number) {
                slots[key.slot() % run].get_mut(source, key, Party::default).note(*used);
            }
        }
    });
}

/// Ends a batch for shared keys.
fn settle_uses(parties: &mut Slots<Key, Party>, run: usize, noted: &[Noted]) {
    let (slots, _) = parties.parts_mut();
    slots.par_chunks_mut(run).enumerate().with_max_len(1).for_each(|(number, slots)| {
        for (key, _) in noted.iter().flat_map(|of| &of.uses).filter(|(key, _)| key.slot() / run == number) {
            if let Some(party) = slots[key.slot() % run].in_memory_mut(key) {
                party.settle();
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::EventKind;
    use crate::state::{MAX_PARTY, key};
    use crate::view::Uses;
    use holdfast_types::{Seconds, Timestamp};

    const START: Timestamp = Timestamp::from_unix(1_780_000_000);

    /// Logins of a few customers on many devices and one IP address, some of them late.
    fn logins(n: usize) -> Vec<Event> {
        let login = |i: usize| {
            let late = Seconds::HOUR * i64::from(u8::try_from(i * 7 % 11).unwrap_or(0));
            let time = START + Seconds::new(i64::try_from(i).unwrap_or(0)) - late;
            let customer = if i.is_multiple_of(3) { 0 } else { i * i % 150 };
            let mut event = Event::new(EventKind::Account, format!("e{i}"), time, format!("c{customer}"));
            event.device = Some(format!("d{}", i % 91));
            event.ip = Some("203.0.113.1".into());
            event
        };
        (0..n).map(login).collect()
    }

    /// What a decision sees of the customers on the IP address, and of the event's customer.
    fn seen(view: View<'_>) -> (Vec<(CustomerKey, Timestamp)>, usize, usize) {
        let uses = view.party(key("ip", "203.0.113.1"));
        let uses: Vec<_> = uses.into_iter().flat_map(Uses::iter).map(|u| (u.customer, u.time)).collect();
        view.customer().map_or((uses.clone(), 0, 0), |c| (uses, c.activities.len(), c.devices.len()))
    }

    #[test]
    fn every_event_sees_what_one_thread_would_show_it() {
        let (events, facts) = (logins(1_300), ChainFacts::default());
        let incoming: Vec<Incoming> =
            (0..).zip(&events).map(|(seq, event)| Incoming { event, facts: &facts, value: 0, seq }).collect();
        let mut one = State::default();
        let mut expected = Vec::new();
        for Incoming { event, facts, value, seq } in &incoming {
            let devices: Vec<Key> = Neighbours::of(&one).devices(CustomerKey::of("c0")).collect();
            expected.push((seen(View::of(&one, event)), devices));
            one.apply(event, facts, *value, *seq);
        }
        assert!(expected.iter().any(|(seen, _)| seen.0.len() == MAX_PARTY), "the oldest uses are dropped");
        for threads in [1, 2, 8] {
            let mut many = State::default();
            let workers = Workers::new(threads).unwrap();
            let devices = std::sync::Mutex::new(vec![Vec::new(); events.len()]);
            let across = |n: usize, near: Neighbours<'_>, _| {
                let own: Vec<Key> = near.devices(CustomerKey::of("c0")).collect();
                devices.lock().unwrap()[n] = own;
            };
            let found = many.apply_batch(&workers, &incoming, across, |_, view, ()| seen(view));
            let devices = devices.into_inner().unwrap();
            for (n, (found, expected)) in found.into_iter().zip(devices).zip(&expected).enumerate() {
                assert_eq!(found, *expected, "event {n} by {threads} threads");
            }
            assert_eq!(many.size(), one.size());
        }
    }

    #[test]
    fn slots_are_shared_by_a_power_of_two() {
        for threads in [0, 3, 16] {
            let why = Workers::new(threads).unwrap_err().to_string();
            assert!(why.starts_with(&format!("{threads} threads cannot share 256 slots")), "{why}");
        }
    }
}
