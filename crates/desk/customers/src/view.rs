//! What decisions see of the state. Nothing else of it enters a decision, so that it can be given by whoever has the parts: one thread that
//! has all of them, or several that have slots each.

use crate::entries::{Source, Table};
use crate::model::Event;
use crate::slots::Slots;
use crate::state::{Customer, CustomerKey, Key, Owner, Party, State, Use, key, party_of};
use holdfast_types::{Address, Seconds, Timestamp};
use std::collections::{HashMap, VecDeque};

/// Which events of a batch see something, by their places in it from 1: those after `from`, up to `until`. What was there before the batch is
/// from 0; what stays after it is until [`u16::MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: u16,
    pub(crate) until: u16,
}

/// The place that sees what stands, in no batch.
pub(crate) const NOW: u16 = u16::MAX;

impl Default for Span {
    fn default() -> Self {
        Span::ALWAYS
    }
}

impl Span {
    pub(crate) const ALWAYS: Span = Span { from: 0, until: NOW };

    /// Whether it is seen at a place, before the event there is taken in.
    fn is_seen(self, at: u16) -> bool {
        self.from < at && at <= self.until
    }

    /// Whether it stays after the batch.
    pub(crate) fn stays(self) -> bool {
        self.until == NOW
    }
}

/// The uses of a shared key.
#[derive(Clone, Copy, Debug)]
pub struct Uses<'a> {
    all: &'a VecDeque<Use>,
    at: u16,
}

impl<'a> Uses<'a> {
    /// Returns the uses, oldest first.
    pub fn iter(self) -> impl DoubleEndedIterator<Item = &'a Use> {
        self.all.iter().filter(move |u| u.span.is_seen(self.at))
    }

    /// Counts distinct customers with uses in `(now - window, now]` that `wanted` accepts.
    pub fn customers(self, now: Timestamp, window: Seconds, wanted: impl Fn(bool) -> bool) -> usize {
        let mut seen: Vec<CustomerKey> = Vec::new();
        for used in self.iter().rev() {
            if used.time <= now - window {
                break;
            }
            if used.time <= now && wanted(used.incoming) && !seen.contains(&used.customer) {
                seen.push(used.customer);
            }
        }
        seen.len()
    }
}

/// Shared keys at a place of a batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parties<'a> {
    pub(crate) all: &'a Slots<Key, Party>,
    pub(crate) at: u16,
}

impl<'a> Parties<'a> {
    pub(crate) fn get(self, key: Key) -> Option<Uses<'a>> {
        let uses = Uses { all: &self.all.get(key)?.uses, at: self.at };
        // A key that is first used later in the batch is not there yet.
        uses.iter().next().is_some().then_some(uses)
    }
}

/// What the decision on an event sees: its customer, shared keys, owners of addresses, and who claimed its movement first.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    pub(crate) customer: Option<&'a Customer>,
    /// The event's other side ([`party_of`]).
    pub(crate) other_side: Key,
    pub(crate) claimed_by: Option<&'a str>,
    pub(crate) parties: Parties<'a>,
    pub(crate) addresses: (&'a Table<Owner>, Option<&'a Source>),
}

impl<'a> View<'a> {
    /// Returns what an event's decision sees of a state.
    #[must_use]
    pub fn of(state: &'a State, event: &Event) -> Self {
        let transfer = event.transfer().map(|t| key("transfer", &t));
        let customer = state.customer(&event.customer);
        View {
            customer,
            other_side: party_of(event),
            claimed_by: transfer.and_then(|t| state.claimed_by_other(t, customer.map(|c| c.key))),
            parties: Parties { all: &state.parties, at: NOW },
            addresses: (&state.addresses, state.source.as_deref()),
        }
    }

    /// Returns the event's customer, if any record or event named it.
    #[must_use]
    pub fn customer(self) -> Option<&'a Customer> {
        self.customer
    }

    /// Returns the key of the event's other side, 0 where it has none. It is computed once: an address is decoded for it, with its checksum.
    #[must_use]
    pub fn other_side(self) -> Key {
        self.other_side
    }

    /// Returns the uses of a shared key.
    #[must_use]
    pub fn party(self, key: Key) -> Option<Uses<'a>> {
        self.parties.get(key)
    }

    /// Returns the customer of a deposit address.
    #[must_use]
    pub fn owner_of(self, address: &str) -> Option<&'a str> {
        self.addresses.0.get(self.addresses.1, &Address::read(address)).map(|owner| &*owner.customer)
    }

    /// Returns the other customer who claimed the event's movement first, if there is one.
    #[must_use]
    pub fn claimed_by_other(self) -> Option<&'a str> {
        self.claimed_by
    }
}

/// What a customer is linked to others by, where a batch changes it.
#[derive(Clone, Debug)]
pub(crate) struct Links {
    pub(crate) devices: Vec<(Key, Span)>,
    pub(crate) received_from: Vec<(Received, Span)>,
}

/// Sender, time, value.
pub(crate) type Received = (CustomerKey, Timestamp, u64);

/// What a decision sees of other customers: the devices and the senders of each, and shared keys.
#[derive(Clone, Copy, Debug)]
pub struct Neighbours<'a> {
    pub(crate) customers: &'a Slots<CustomerKey, Customer>,
    pub(crate) parties: Parties<'a>,
    /// By slot; empty where no batch changes anything.
    pub(crate) changed: &'a [HashMap<CustomerKey, Links>],
}

impl<'a> Neighbours<'a> {
    /// Returns what a decision sees of a state's customers.
    #[must_use]
    pub fn of(state: &'a State) -> Self {
        let parties = Parties { all: &state.parties, at: NOW };
        Neighbours { customers: &state.customers, parties, changed: &[] }
    }

    /// Returns the uses of a shared key.
    #[must_use]
    pub fn party(self, key: Key) -> Option<Uses<'a>> {
        self.parties.get(key)
    }

    fn changed(self, customer: CustomerKey) -> Option<&'a Links> {
        crate::slots::part_of(self.changed, customer)?.get(&customer)
    }

    /// Returns the devices that a customer used.
    pub fn devices(self, customer: CustomerKey) -> impl Iterator<Item = Key> + Clone + 'a {
        let changed = self.changed(customer);
        let known = if changed.is_some() { None } else { self.customers.get(customer) };
        let (at, known) = (self.parties.at, known.map_or(&[][..], |c| c.devices.as_slice()));
        let changed = changed.map_or(&[][..], |c| c.devices.as_slice()).iter();
        changed.filter(move |d| d.1.is_seen(at)).map(|d| d.0).chain(known.iter().map(|d| d.0))
    }

    /// Returns what a customer received from others through addresses: sender, time, value.
    pub fn received_from(self, customer: CustomerKey) -> impl Iterator<Item = (CustomerKey, Timestamp, u64)> + 'a {
        let changed = self.changed(customer);
        let known = if changed.is_some() { None } else { self.customers.get(customer) };
        let at = self.parties.at;
        let changed = changed.map_or(&[][..], |c| c.received_from.as_slice()).iter();
        let changed = changed.filter(move |r| r.1.is_seen(at)).map(|r| r.0);
        changed.chain(known.into_iter().flat_map(|c| c.received_from.iter().copied()))
    }
}
