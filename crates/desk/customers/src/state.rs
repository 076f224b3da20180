//! The state of decisions: customers, and what they and their counterparties did lately. All of it is a function of the stored
//! records and events, and every part is bounded.

use crate::facts::ChainFacts;
use crate::lookalikes::Counterparties;
use crate::model::{Action, CustomerType, Event, EventKind, Method, Record, RecordKind, Status};
use holdfast_types::{Address, Seconds, Timestamp};
use std::collections::{HashMap, VecDeque};
use std::hash::{Hash, Hasher};
use xxhash_rust::xxh3::Xxh3Default;

/// One hour.
pub const HOUR: Seconds = Seconds::HOUR;
/// One day.
pub const DAY: Seconds = Seconds::DAY;
/// Longest window; older activities count for nothing.
pub const MEMORY: Seconds = Seconds::days(90);
/// Most activities stored of a customer; the oldest are dropped first.
pub const MAX_ACTIVITIES: usize = 512;
/// Most uses stored of an address, card, device or other shared key.
pub const MAX_PARTY: usize = 128;

/// A hash of a text (64 bits of XXH3).
pub type Key = u64;

/// Returns the key of a text in a namespace, such as `card`.
pub fn key(namespace: &str, text: &str) -> Key {
    let mut hasher = Xxh3Default::new();
    hasher.write(namespace.as_bytes());
    hasher.write_u8(0);
    hasher.write(text.as_bytes());
    hasher.finish().max(1)
}

/// Returns the key of an address, the same for all its written forms.
pub fn address_key(text: &str) -> Key {
    let mut hasher = Xxh3Default::new();
    Address::read(text).hash(&mut hasher);
    hasher.finish().max(1)
}

/// The kind of an activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ActivityKind {
    Deposit,
    Withdrawal,
    CardIn,
    BankIn,
    PaidOut,
    Declined,
    Chargeback,
    Account(Action),
}

impl ActivityKind {
    /// Returns whether money came in.
    pub fn comes_in(self) -> bool {
        matches!(self, ActivityKind::Deposit | ActivityKind::CardIn | ActivityKind::BankIn)
    }

    /// Returns whether money went out.
    pub fn goes_out(self) -> bool {
        matches!(self, ActivityKind::Withdrawal | ActivityKind::PaidOut)
    }

    fn of(event: &Event) -> ActivityKind {
        match event.kind {
            EventKind::Deposit => ActivityKind::Deposit,
            EventKind::Withdrawal => ActivityKind::Withdrawal,
            EventKind::Account => ActivityKind::Account(event.action.unwrap_or(Action::Login)),
            EventKind::Payment => match (event.status.unwrap_or_default(), event.comes_in(), event.method) {
                (Status::Declined, ..) => ActivityKind::Declined,
                (Status::Chargeback, ..) => ActivityKind::Chargeback,
                (Status::Settled, true, Some(Method::Card)) => ActivityKind::CardIn,
                (Status::Settled, true, _) => ActivityKind::BankIn,
                (Status::Settled, false, _) => ActivityKind::PaidOut,
            },
        }
    }
}

/// An activity of a customer.
#[derive(Clone, Copy, Debug)]
pub struct Activity {
    /// When it was.
    pub time: Timestamp,
    /// Its kind.
    pub kind: ActivityKind,
    /// Minor units of the reference currency.
    pub value: u64,
    /// The other side: address, card or bank account; 0 for none.
    pub party: Key,
    /// Device; 0 for none.
    pub device: Key,
    /// Sequence number of its event.
    pub seq: u64,
    /// Whether the payer is not the customer, or the instrument's country is not the customer's.
    pub foreign: bool,
}

/// A customer in the state.
#[derive(Clone, Debug)]
pub struct Customer {
    /// Index in the state; other parts name customers by it.
    pub index: u32,
    /// Whether a record or only events named it.
    pub recorded: bool,
    /// Person or business.
    pub customer_type: CustomerType,
    /// Country of residence.
    pub country: Option<[u8; 2]>,
    /// Language that the customer reads.
    pub language: Option<Box<str>>,
    /// Year of birth.
    pub birth_year: Option<u16>,
    /// Signed up.
    pub created: Option<Timestamp>,
    /// The exchange's own rating, 0 unknown, 1 low to 3 high.
    pub rating: u8,
    /// Highest identity check passed.
    pub level: u8,
    /// Marks.
    pub flags: Vec<String>,
    /// Line of business, in lower case.
    pub industry: Option<String>,
    /// Time of the record that counts.
    pub record_time: Timestamp,
    /// Earliest time of any event.
    pub first_event: Timestamp,
    /// Oldest first.
    pub activities: VecDeque<Activity>,
    /// First use of each device: (device, time), at most 64.
    pub devices: Vec<(Key, Timestamp)>,
    /// First use of each destination: (address key, time), latest first by use, at most 64.
    pub destinations: Vec<(Key, Timestamp)>,
    /// Addresses that the customer paid or was paid by, by their first and last characters.
    pub counterparties: Counterparties,
    /// Money received from another customer through an address: (sender's index, time, value), at most 32.
    pub received_from: VecDeque<(u32, Timestamp, u64)>,
}

impl Customer {
    fn new(index: u32) -> Self {
        Customer {
            index,
            recorded: false,
            customer_type: CustomerType::Individual,
            country: None,
            language: None,
            birth_year: None,
            created: None,
            rating: 0,
            level: 0,
            flags: Vec::new(),
            industry: None,
            record_time: Timestamp::MIN,
            first_event: Timestamp::MAX,
            activities: VecDeque::new(),
            devices: Vec::new(),
            destinations: Vec::new(),
            counterparties: Counterparties::default(),
            received_from: VecDeque::new(),
        }
    }

    /// Returns since when the customer is known.
    pub fn since(&self) -> Option<Timestamp> {
        self.created.or((self.first_event != Timestamp::MAX).then_some(self.first_event))
    }

    /// Returns activities in `(now - window, now]`, latest first.
    pub fn recent(&self, now: Timestamp, window: Seconds) -> impl Iterator<Item = &Activity> {
        self.activities.iter().rev().skip_while(move |a| a.time > now).take_while(move |a| a.time > now - window)
    }

    /// Returns whether a destination was used before.
    pub fn knows_destination(&self, address: Key) -> bool {
        self.destinations.iter().any(|d| d.0 == address)
    }
}

/// Who used a shared key (address, card, device, IP, document), and when.
#[derive(Clone, Debug, Default)]
pub struct Party {
    /// (customer, time, value, incoming), oldest first.
    pub uses: VecDeque<(u32, Timestamp, u64, bool)>,
}

impl Party {
    /// Counts distinct customers with uses in `(now - window, now]` that `wanted` accepts.
    pub fn customers(&self, now: Timestamp, window: Seconds, wanted: impl Fn(bool) -> bool) -> usize {
        let mut seen: Vec<u32> = Vec::new();
        for (customer, time, _, incoming) in self.uses.iter().rev() {
            if *time <= now - window {
                break;
            }
            if *time <= now && wanted(*incoming) && !seen.contains(customer) {
                seen.push(*customer);
            }
        }
        seen.len()
    }
}

/// Customers, shared keys, counted movements and deposit addresses.
#[derive(Debug, Default)]
pub struct State {
    customers: HashMap<Box<str>, Customer>,
    /// Ids of customers by index.
    ids: Vec<Box<str>>,
    parties: HashMap<Key, Party>,
    /// Movements that were counted and who claimed each first, so that two reports of one count once.
    transfers: HashMap<Key, u32>,
    transfer_order: VecDeque<(Timestamp, Key)>,
    /// Deposit addresses of customers.
    addresses: HashMap<Address, Box<str>>,
    /// See [`State::advance`].
    watermark: Timestamp,
    /// The watermark at the last sweep.
    swept: Timestamp,
}

impl State {
    /// Returns an empty state at a watermark.
    #[must_use]
    pub fn at(watermark: Timestamp) -> Self {
        State { watermark, swept: watermark, ..State::default() }
    }

    /// Returns a customer, if any record or event named it.
    pub fn customer(&self, id: &str) -> Option<&Customer> {
        self.customers.get(id)
    }

    /// Returns a customer by index.
    pub fn by_index(&self, index: u32) -> Option<&Customer> {
        self.customers.get(self.ids.get(index as usize)?)
    }

    /// Returns the uses of a shared key.
    pub fn party(&self, key: Key) -> Option<&Party> {
        self.parties.get(&key)
    }

    /// Returns the customer of a deposit address.
    pub fn owner_of(&self, address: &str) -> Option<&str> {
        self.addresses.get(&Address::read(address)).map(|c| &**c)
    }

    /// Returns the other customer who claimed an event's movement first, if there is one.
    pub fn claimed_by_other(&self, event: &Event) -> Option<&str> {
        let first = self.transfers.get(&key("transfer", &event.transfer()?))?;
        let id = self.ids.get(*first as usize)?;
        (**id != *event.customer).then_some(id)
    }

    /// Returns the number of customers.
    pub fn len(&self) -> usize {
        self.customers.len()
    }

    /// Returns whether there are no customers.
    pub fn is_empty(&self) -> bool {
        self.customers.is_empty()
    }

    /// Returns the numbers of shared keys and activities, for measurements.
    pub fn size(&self) -> (usize, usize) {
        (self.parties.len(), self.customers.values().map(|c| c.activities.len()).sum())
    }

    fn customer_mut(&mut self, id: &str) -> &mut Customer {
        if !self.customers.contains_key(id) {
            #[expect(clippy::cast_possible_truncation, reason = "four billion customers do not fit into memory")]
            let customer = Customer::new(self.ids.len() as u32);
            self.ids.push(id.into());
            self.customers.insert(id.into(), customer);
        }
        self.customers.get_mut(id).expect("just made")
    }

    fn note_party(&mut self, key: Key, customer: u32, time: Timestamp, value: u64, incoming: bool) {
        let party = self.parties.entry(key).or_default();
        let at = party.uses.iter().rposition(|u| u.1 <= time).map_or(0, |i| i + 1);
        party.uses.insert(at, (customer, time, value, incoming));
        if party.uses.len() > MAX_PARTY {
            // A customer who is there twice counts once: drop the oldest use of a customer that is there twice, else the oldest.
            let twice =
                party.uses.iter().enumerate().position(|(i, u)| party.uses.iter().skip(i + 1).any(|v| v.0 == u.0));
            party.uses.remove(twice.unwrap_or(0));
        }
    }

    /// Applies a record. A record older than the known one is ignored.
    pub fn record(&mut self, record: &Record) {
        match record.kind {
            RecordKind::Customer => {
                let customer = self.customer_mut(&record.id);
                customer.recorded = true;
                if record.time < customer.record_time {
                    return;
                }
                customer.record_time = record.time;
                customer.customer_type = record.customer_type.unwrap_or_default();
                customer.country = record.country.as_ref().and_then(|c| c.as_bytes().try_into().ok());
                customer.language = record.language.as_deref().map(Into::into);
                customer.birth_year = record.birth_year;
                customer.created = record.created;
                customer.rating = match record.risk.as_deref() {
                    Some("low") => 1,
                    Some("medium") => 2,
                    Some("high") => 3,
                    _ => 0,
                };
                customer.flags = record.flags.clone();
                customer.industry = record.industry.as_ref().map(|i| i.to_lowercase());
            }
            RecordKind::DepositAddress => {
                if let Some(customer) = &record.customer {
                    self.addresses.insert(Address::read(&record.id), customer.as_str().into());
                }
            }
            RecordKind::Kyc => {
                let Some(id) = &record.customer else { return };
                let customer = self.customer_mut(id);
                if record.result.as_deref() == Some("passed") {
                    customer.level = customer.level.max(record.level.unwrap_or(1));
                }
                let index = customer.index;
                if let Some(document) = &record.document {
                    self.note_party(key("document", document), index, record.time, 0, true);
                }
            }
            RecordKind::Card | RecordKind::BankAccount | RecordKind::Device => {
                let (Some(id), Some(fingerprint)) = (&record.customer, &record.fingerprint) else { return };
                let index = self.customer_mut(id).index;
                let namespace = if record.kind == RecordKind::Device { "device" } else { "instrument" };
                self.note_party(key(namespace, fingerprint), index, record.time, 0, true);
            }
            RecordKind::ConfirmedAddress => {
                let (Some(id), Some(address)) = (&record.customer, &record.address) else { return };
                self.customer_mut(id).counterparties.confirm(address, record.time);
            }
            RecordKind::Account => {}
        }
    }

    /// Applies a decided event. `value` is its value in the reference currency.
    pub fn apply(&mut self, event: &Event, facts: &ChainFacts, value: u64, seq: u64) {
        let kind = ActivityKind::of(event);
        if let Some(transfer) = event.transfer() {
            let transfer = key("transfer", &transfer);
            let index = self.customer_mut(&event.customer).index;
            match self.transfers.get(&transfer) {
                Some(first) if *first == index => return,
                // Somebody else claims it: who is right is not known here, so it counts for both.
                Some(_) => {}
                None => {
                    self.transfers.insert(transfer, index);
                    self.transfer_order.push_back((event.time, transfer));
                }
            }
        }
        let time = event.time;
        let device = event.device.as_ref().map_or(0, |d| key("device", d));
        let party = party_of(event);
        let customer = self.customer_mut(&event.customer);
        let index = customer.index;
        customer.first_event = customer.first_event.min(time);
        let foreign = event.third_party == Some(true)
            || event.country.as_ref().is_some_and(|c| customer.country.is_some_and(|own| own != *c.as_bytes()));
        let at = customer.activities.iter().rposition(|a| a.time <= time).map_or(0, |i| i + 1);
        customer.activities.insert(at, Activity { time, kind, value, party, device, seq, foreign });
        if customer.activities.len() > MAX_ACTIVITIES {
            customer.activities.pop_front();
        }
        if device != 0 {
            match customer.devices.iter_mut().find(|d| d.0 == device) {
                Some(known) => known.1 = known.1.min(time),
                None => {
                    customer.devices.push((device, time));
                    if customer.devices.len() > 64 {
                        customer.devices.remove(0);
                    }
                }
            }
        }
        if event.kind == EventKind::Withdrawal && event.counterparty.is_some() {
            match customer.destinations.iter().position(|d| d.0 == party) {
                Some(i) => {
                    let mut known = customer.destinations.remove(i);
                    known.1 = known.1.min(time);
                    customer.destinations.insert(0, known);
                }
                None => {
                    customer.destinations.insert(0, (party, time));
                    customer.destinations.truncate(64);
                }
            }
        }
        note_counterparties(customer, event, facts);
        if party != 0 {
            self.note_party(party, index, time, value, kind.comes_in());
        }
        if device != 0 {
            self.note_party(device, index, time, 0, true);
        }
        if let Some(ip) = &event.ip {
            let namespace = if event.action == Some(Action::Signup) { "signup-ip" } else { "ip" };
            self.note_party(key(namespace, ip), index, time, 0, true);
        }
        if let Some(document) = &event.document {
            self.note_party(key("document", document), index, time, 0, true);
        }
        if event.kind == EventKind::Deposit {
            // Every address that the chain names as sender; the event's own counterparty is noted above.
            for sender in facts.senders.iter().filter(|s| Some(*s) != event.counterparty.as_ref()) {
                self.note_party(address_key(sender), index, time, value, true);
            }
            let senders = senders_of(event, facts);
            let mut from: Vec<u32> = Vec::new();
            for sender in senders {
                let Some(party) = self.parties.get(&sender) else { continue };
                // Who withdrew to this address within 30 days.
                for (other, when, _, incoming) in &party.uses {
                    if !incoming && *other != index && *when <= time && *when > time - 30 * DAY && !from.contains(other)
                    {
                        from.push(*other);
                    }
                }
            }
            let customer = self.customer_mut(&event.customer);
            for other in from.into_iter().take(8) {
                customer.received_from.push_back((other, time, value));
                if customer.received_from.len() > 32 {
                    customer.received_from.pop_front();
                }
            }
        }
    }

    /// Moves the watermark, the latest time of any event so far, and removes what no window reaches any more. It is an input
    /// and no part's own maximum, so that a part of the events is swept when all of them are.
    pub fn advance(&mut self, watermark: Timestamp) {
        self.watermark = self.watermark.max(watermark);
        if self.watermark - self.swept >= DAY {
            self.sweep();
        }
    }

    fn sweep(&mut self) {
        self.swept = self.watermark;
        let oldest = self.watermark - MEMORY;
        for customer in self.customers.values_mut() {
            while customer.activities.front().is_some_and(|a| a.time < oldest) {
                customer.activities.pop_front();
            }
            if customer.activities.capacity() > 64 && customer.activities.len() * 4 < customer.activities.capacity() {
                customer.activities.shrink_to_fit();
            }
        }
        self.parties.retain(|_, party| {
            while party.uses.front().is_some_and(|u| u.1 < oldest) {
                party.uses.pop_front();
            }
            !party.uses.is_empty()
        });
        self.transfer_order.retain(|(time, transfer)| {
            let keep = *time >= oldest;
            if !keep {
                self.transfers.remove(transfer);
            }
            keep
        });
    }
}

/// Takes in the addresses of an event's other side.
fn note_counterparties(customer: &mut Customer, event: &Event, facts: &ChainFacts) {
    let known = &mut customer.counterparties;
    match event.kind {
        EventKind::Withdrawal => {
            // What the ledger says to look like another is no payment to rely on either.
            let is_paid = facts.lookalike.is_none();
            event.counterparty.iter().for_each(|address| known.note(address, event.time, is_paid));
        }
        EventKind::Deposit => {
            let senders = facts.senders.iter().chain(&event.counterparty);
            senders.for_each(|address| known.note(address, event.time, false));
        }
        EventKind::Payment | EventKind::Account => {}
    }
}

/// Returns the other side of an event: address, card or bank account; 0 for none.
pub fn party_of(event: &Event) -> Key {
    match event.kind {
        EventKind::Deposit | EventKind::Withdrawal => event.counterparty.as_ref().map_or(0, |a| address_key(a)),
        EventKind::Payment => event.instrument.as_ref().map_or(0, |i| key("instrument", i)),
        EventKind::Account => 0,
    }
}

/// Returns the addresses that a deposit came from, as keys.
pub fn senders_of(event: &Event, facts: &ChainFacts) -> Vec<Key> {
    let mut senders: Vec<Key> = facts.senders.iter().chain(&event.counterparty).map(|a| address_key(a)).collect();
    senders.sort_unstable();
    senders.dedup();
    senders
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_types::Amount;

    fn withdrawal(id: u32, time: Timestamp) -> Event {
        let mut event = Event::new(EventKind::Withdrawal, format!("w{id}"), time, "c");
        event.asset = Some("BTC".into());
        event.amount = Some(Amount::new(1));
        event.counterparty = Some(format!("a{}", id % 10));
        event
    }

    const START: Timestamp = Timestamp::from_unix(1_700_000_000);

    #[test]
    fn order_of_arrival_does_not_matter() {
        let times = [5, 3, 9, 1, 7];
        let windows = |order: &[usize]| {
            let mut state = State::default();
            for &i in order {
                state.apply(&withdrawal(i as u32, START + times[i] * HOUR), &ChainFacts::default(), 10, i as u64);
            }
            let customer = state.customer("c").unwrap();
            customer.recent(START + 8 * HOUR, 4 * HOUR).map(|a| a.seq).collect::<Vec<_>>()
        };
        assert_eq!(windows(&[0, 1, 2, 3, 4]), vec![4, 0]);
        assert_eq!(windows(&[4, 3, 2, 1, 0]), vec![4, 0]);
    }

    #[test]
    fn memory_is_bounded() {
        let mut state = State::default();
        for i in 0..200_000u32 {
            let event = withdrawal(i, START + i64::from(i) * HOUR / 4);
            state.apply(&event, &ChainFacts::default(), 10, i as u64);
            state.advance(event.time);
        }
        let (parties, activities) = state.size();
        assert!(parties <= 10 && activities <= MAX_ACTIVITIES, "{parties} {activities}");
    }
}
