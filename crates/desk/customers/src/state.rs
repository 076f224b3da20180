//! The state of decisions: customers, and what they and their counterparties did lately. All of it is a function of the stored
//! records and events, and every part is bounded.

use crate::codec;
use crate::entries::{Change, Entry, Part, Source, Store, Table};
use crate::facts::ChainFacts;
use crate::lookalikes::Counterparties;
use crate::model::{Action, CustomerType, Event, EventKind, Method, Record, RecordKind, Status};
use crate::slots::Slots;
use crate::view::{NOW, Parties, Span};
use holdfast_types::{Address, Seconds, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use xxhash_rust::xxh3::Xxh3Default;

pub use crate::entries::MEMORY;
pub use crate::slots::CustomerKey;
pub use crate::view::{Neighbours, Uses, View};

/// One hour.
pub const HOUR: Seconds = Seconds::HOUR;
/// One day.
pub const DAY: Seconds = Seconds::DAY;
/// Most activities stored of a customer; the oldest are dropped first.
pub const MAX_ACTIVITIES: usize = 512;
/// Most devices stored of a customer; the first are dropped first.
pub(crate) const MAX_DEVICES: usize = 64;
/// Most receipts from other customers stored of a customer; the first are dropped first.
pub(crate) const MAX_RECEIVED: usize = 32;
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
    key_of(&Address::read(text))
}

/// Returns the key of an address that was read.
pub(crate) fn key_of(address: &Address) -> Key {
    let mut hasher = Xxh3Default::new();
    address.hash(&mut hasher);
    hasher.finish().max(1)
}

/// The kind of an activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// Key of the id; other parts name customers by it.
    pub key: CustomerKey,
    /// The id.
    pub id: Box<str>,
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
    /// Money received from another customer through an address: (sender, time, value), at most 32.
    pub received_from: VecDeque<(CustomerKey, Timestamp, u64)>,
}

impl Customer {
    pub(crate) fn new(key: CustomerKey, id: &str) -> Self {
        Customer {
            key,
            id: id.into(),
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

    /// Takes in an event of this customer, with its value, its number, and from whom it may have come.
    pub(crate) fn take(
        &mut self,
        (event, facts): (&Event, &ChainFacts),
        (value, seq): (u64, u64),
        noted: &Noted,
        from: Vec<CustomerKey>,
    ) {
        let Noted { device, party, .. } = *noted;
        let (time, kind) = (event.time, ActivityKind::of(event));
        self.first_event = self.first_event.min(time);
        let foreign = event.third_party == Some(true)
            || event.country.as_ref().is_some_and(|c| self.country.is_some_and(|own| own != *c.as_bytes()));
        let at = self.activities.iter().rposition(|a| a.time <= time).map_or(0, |i| i + 1);
        self.activities.insert(at, Activity { time, kind, value, party, device, seq, foreign });
        if self.activities.len() > MAX_ACTIVITIES {
            self.activities.pop_front();
        }
        if device != 0 {
            match self.devices.iter_mut().find(|d| d.0 == device) {
                Some(known) => known.1 = known.1.min(time),
                None => {
                    self.devices.push((device, time));
                    if self.devices.len() > MAX_DEVICES {
                        self.devices.remove(0);
                    }
                }
            }
        }
        if event.kind == EventKind::Withdrawal && event.counterparty.is_some() {
            match self.destinations.iter().position(|d| d.0 == party) {
                Some(i) => {
                    let mut known = self.destinations.remove(i);
                    known.1 = known.1.min(time);
                    self.destinations.insert(0, known);
                }
                None => {
                    self.destinations.insert(0, (party, time));
                    self.destinations.truncate(64);
                }
            }
        }
        note_counterparties(self, event, facts);
        for other in from {
            self.received_from.push_back((other, time, value));
            if self.received_from.len() > MAX_RECEIVED {
                self.received_from.pop_front();
            }
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

/// A use of a shared key by a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    /// The customer.
    pub customer: CustomerKey,
    /// When it was.
    pub time: Timestamp,
    /// Minor units of the reference currency.
    pub value: u64,
    /// Whether money came in by it, or none moved.
    pub incoming: bool,
    #[serde(skip)]
    pub(crate) span: Span,
}

/// Who used a shared key (address, card, device, IP, document), and when.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// Oldest first, at most [`MAX_PARTY`] that stand.
    pub(crate) uses: VecDeque<Use>,
}

impl Party {
    /// Adds a use; at a place of a batch, so that events before it see what was there. Above [`MAX_PARTY`] the oldest use of a customer that is there
    /// twice is dropped, since such a customer counts once; else the oldest.
    pub(crate) fn note(&mut self, used: Use) {
        let at = self.uses.iter().rposition(|u| u.time <= used.time).map_or(0, |i| i + 1);
        self.uses.insert(at, used);
        let stands = |(_, u): &(usize, &Use)| u.span.stays();
        if self.uses.len() <= MAX_PARTY || self.uses.iter().enumerate().filter(stands).count() <= MAX_PARTY {
            return;
        }
        let standing = || self.uses.iter().enumerate().filter(stands);
        let again =
            |i: usize, u: &Use| self.uses.iter().skip(i + 1).any(|v| v.span.stays() && v.customer == u.customer);
        let twice = standing().find(|(i, u)| again(*i, u)).or_else(|| standing().next());
        let Some((oldest, _)) = twice else { return };
        match used.span.from {
            0 => {
                self.uses.remove(oldest);
            }
            place => self.uses[oldest].span.until = place,
        }
    }

    /// Ends a batch: what it dropped is removed.
    pub(crate) fn settle(&mut self) {
        if self.uses.iter().all(|u| u.span == Span::ALWAYS) {
            return;
        }
        self.uses.retain(|u| u.span.stays());
        self.uses.iter_mut().for_each(|u| u.span = Span::ALWAYS);
    }
}

/// Whose a deposit address is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The customer.
    pub customer: Box<str>,
    /// The account of the customer that is credited.
    pub account: Option<Box<str>>,
}

impl Entry for Customer {
    const PART: Part = Part::Customers;
    type Key = CustomerKey;

    fn key_bytes(key: &CustomerKey) -> Vec<u8> {
        key.to_bytes().to_vec()
    }

    fn sweep(&mut self, oldest: Timestamp) -> bool {
        while self.activities.front().is_some_and(|a| a.time < oldest) {
            self.activities.pop_front();
        }
        if self.activities.capacity() > 64 && self.activities.len() * 4 < self.activities.capacity() {
            self.activities.shrink_to_fit();
        }
        true
    }

    fn last(&self) -> Timestamp {
        Timestamp::MAX
    }

    fn weight(&self) -> usize {
        let texts = self.id.len() + self.flags.iter().map(|f| f.capacity() + size_of::<String>()).sum::<usize>();
        let pairs = self.devices.capacity() + self.destinations.capacity();
        size_of::<Self>()
            + texts
            + self.activities.capacity() * size_of::<Activity>()
            + pairs * size_of::<(Key, Timestamp)>()
            + self.received_from.capacity() * size_of::<(CustomerKey, Timestamp, u64)>()
            + self.counterparties.weight()
    }
}

impl Entry for Party {
    const PART: Part = Part::Parties;
    type Key = Key;

    fn key_bytes(key: &Key) -> Vec<u8> {
        key.to_be_bytes().to_vec()
    }

    fn sweep(&mut self, oldest: Timestamp) -> bool {
        while self.uses.front().is_some_and(|u| u.time < oldest) {
            self.uses.pop_front();
        }
        !self.uses.is_empty()
    }

    fn last(&self) -> Timestamp {
        self.uses.back().map_or(Timestamp::MIN, |u| u.time)
    }

    fn weight(&self) -> usize {
        size_of::<Self>() + self.uses.capacity() * size_of::<Use>()
    }
}

/// A movement that was counted.
impl Entry for (CustomerKey, Timestamp) {
    const PART: Part = Part::Transfers;
    type Key = Key;

    fn key_bytes(key: &Key) -> Vec<u8> {
        key.to_be_bytes().to_vec()
    }

    fn sweep(&mut self, oldest: Timestamp) -> bool {
        self.1 >= oldest
    }

    fn last(&self) -> Timestamp {
        self.1
    }

    fn weight(&self) -> usize {
        size_of::<Self>()
    }
}

impl Entry for Owner {
    const PART: Part = Part::Addresses;
    type Key = Address;

    fn key_bytes(key: &Address) -> Vec<u8> {
        let (kind, bytes): (u8, &[u8]) = match key {
            Address::Script(script) => (0, script.as_bytes()),
            Address::Evm(account) => (1, account),
            Address::Tron(account) => (2, account),
            Address::Other(text) => (3, text.as_bytes()),
        };
        [&[kind], bytes].concat()
    }

    fn sweep(&mut self, _: Timestamp) -> bool {
        true
    }

    fn last(&self) -> Timestamp {
        Timestamp::MAX
    }

    fn weight(&self) -> usize {
        size_of::<Self>() + self.customer.len() + self.account.as_ref().map_or(0, |a| a.len())
    }
}

/// Returns whose a deposit address is by what is stored, whatever a state has in memory.
///
/// # Errors
/// Why it cannot be read, for an operator.
pub fn stored_owner(store: &dyn Store, address: &Address) -> Result<Option<Owner>, String> {
    let key = Owner::key_bytes(address);
    let Some(bytes) = store.read(Part::Addresses, &key)? else { return Ok(None) };
    Ok(Some(codec::decode::<Owner>(&key, &bytes)?.entry))
}

/// Customers, shared keys, counted movements and deposit addresses: all of them in memory, or ([`State::stored`]) those in use.
#[derive(Debug, Default)]
pub struct State {
    pub(crate) customers: Slots<CustomerKey, Customer>,
    pub(crate) parties: Slots<Key, Party>,
    /// Movements that were counted: who claimed each first and when, so that two reports of one count once.
    pub(crate) transfers: Slots<Key, (CustomerKey, Timestamp)>,
    /// Deposit addresses of customers.
    pub(crate) addresses: Table<Owner>,
    /// Where entries come from that are not in memory, and about how many bytes of them may be.
    pub(crate) source: Option<Arc<Source>>,
    most: usize,
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

    /// Returns the state whose entries are in a store, at a watermark and with that of the last sweep. About `most` bytes of unchanged entries stay in
    /// memory between batches.
    #[must_use]
    pub fn stored(store: Arc<dyn Store>, most: usize, watermark: Timestamp, swept: Timestamp) -> Self {
        let source = Arc::new(Source::new(store, swept));
        State {
            customers: Slots::stored(&source),
            parties: Slots::stored(&source),
            transfers: Slots::stored(&source),
            addresses: Table::default(),
            source: Some(source),
            most,
            watermark,
            swept,
        }
    }

    /// Returns the first reason why an entry could not be read from the store. What was decided since does not count, and the state is of no more use.
    #[must_use]
    pub fn fault(&self) -> Option<&str> {
        self.source.as_ref()?.fault()
    }

    /// Returns the watermark at the last sweep.
    #[must_use]
    pub fn swept(&self) -> Timestamp {
        self.swept
    }

    /// Returns the number of entries that changed since the last time that changes were taken; none without a store.
    #[must_use]
    pub fn changed(&self) -> usize {
        self.customers.changed() + self.parties.changed() + self.transfers.changed() + self.addresses.changed()
    }

    /// Hands over the entries that changed: the store answers with them from now on, before anything else is asked of the state.
    #[must_use]
    pub fn take_changes(&mut self) -> Vec<Change> {
        let mut changes = Vec::with_capacity(self.changed());
        self.customers.take_changes(&mut changes);
        self.parties.take_changes(&mut changes);
        self.transfers.take_changes(&mut changes);
        if let Some(source) = self.source.as_deref() {
            self.addresses.take_changes(source, &mut changes);
        }
        self.evict();
        changes
    }

    /// Returns a customer, if any record or event named it.
    pub fn customer(&self, id: &str) -> Option<&Customer> {
        self.by_key(CustomerKey::of(id))
    }

    /// Returns a customer by the key of its id.
    pub fn by_key(&self, key: CustomerKey) -> Option<&Customer> {
        self.customers.get(key)
    }

    /// Returns the uses of a shared key.
    pub fn party(&self, key: Key) -> Option<Uses<'_>> {
        Neighbours::of(self).party(key)
    }

    /// Returns the customer who claimed a movement first, where that is not `own`.
    pub(crate) fn claimed_by_other(&self, transfer: Key, own: Option<CustomerKey>) -> Option<&str> {
        let (first, _) = self.transfers.get(transfer)?;
        self.by_key(*first).filter(|c| Some(c.key) != own).map(|c| &*c.id)
    }

    /// Returns the numbers of shared keys and activities in memory, for measurements.
    pub fn size(&self) -> (usize, usize) {
        (self.parties.values().count(), self.customers.values().map(|c| c.activities.len()).sum())
    }

    fn customer_mut(&mut self, id: &str) -> &mut Customer {
        let key = CustomerKey::of(id);
        self.customers.get_or_insert_with(key, || Customer::new(key, id))
    }

    fn note_party(&mut self, key: Key, customer: CustomerKey, time: Timestamp) {
        let used = Use { customer, time, value: 0, incoming: true, span: Span::ALWAYS };
        self.parties.get_or_insert_with(key, Party::default).note(used);
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
                    let account = record.account.as_deref().map(Into::into);
                    let owner = Owner { customer: customer.as_str().into(), account };
                    self.addresses.insert(self.source.as_deref(), &Address::read(&record.id), owner);
                }
            }
            RecordKind::Kyc => {
                let Some(id) = &record.customer else { return };
                let customer = self.customer_mut(id);
                if record.result.as_deref() == Some("passed") {
                    customer.level = customer.level.max(record.level.unwrap_or(1));
                }
                let customer = customer.key;
                if let Some(document) = &record.document {
                    self.note_party(key("document", document), customer, record.time);
                }
            }
            RecordKind::Card | RecordKind::BankAccount | RecordKind::Device => {
                let (Some(id), Some(fingerprint)) = (&record.customer, &record.fingerprint) else { return };
                let customer = self.customer_mut(id).key;
                let namespace = if record.kind == RecordKind::Device { "device" } else { "instrument" };
                self.note_party(key(namespace, fingerprint), customer, record.time);
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
        let noted = Noted::of(event, facts, value, 0);
        if let Some(transfer) = noted.transfer {
            match self.transfers.get(transfer) {
                Some((first, _)) if *first == noted.own => return,
                // Somebody else claims it: who is right is not known here, so it counts for both.
                Some(_) => {}
                None => {
                    self.transfers.get_or_insert_with(transfer, || (noted.own, event.time));
                }
            }
        }
        for (key, used) in &noted.uses {
            self.parties.get_or_insert_with(*key, Party::default).note(*used);
        }
        let from = noted.withdrew_to(Parties { all: &self.parties, at: NOW });
        self.customer_mut(&event.customer).take((event, facts), (value, seq), &noted, from);
    }

    /// Moves the watermark, the latest time of any event so far, and removes what no window reaches any more. It is an input
    /// and no part's own maximum, so that a part of the events is swept when all of them are.
    pub fn advance(&mut self, watermark: Timestamp) {
        self.watermark = self.watermark.max(watermark);
        if self.watermark - self.swept >= DAY {
            self.sweep();
        }
        self.evict();
    }

    /// Drops unchanged entries that were not used lately, where there are too many.
    fn evict(&mut self) {
        self.customers.evict(self.most / 2);
        self.parties.evict(self.most / 4);
        self.transfers.evict(self.most / 8);
        if self.source.is_some() {
            self.addresses.evict(self.most / 8);
        }
    }

    fn sweep(&mut self) {
        self.swept = self.watermark;
        let (oldest, source) = (self.watermark - MEMORY, self.source.as_deref());
        if let Some(source) = source {
            source.sweep(self.swept);
        }
        self.addresses.sweep(source, oldest);
        self.customers.sweep(oldest);
        self.parties.sweep(oldest);
        self.transfers.sweep(oldest);
    }
}

/// What an event changes besides its customer.
#[derive(Clone, Debug)]
pub(crate) struct Noted {
    pub(crate) own: CustomerKey,
    /// Key of its movement.
    pub(crate) transfer: Option<Key>,
    /// Its device; 0 for none.
    pub(crate) device: Key,
    /// Its other side; 0 for none.
    pub(crate) party: Key,
    /// Uses of shared keys, in order.
    pub(crate) uses: Vec<(Key, Use)>,
    /// The addresses that a deposit came from.
    pub(crate) senders: Vec<Key>,
    pub(crate) time: Timestamp,
    pub(crate) value: u64,
}

impl Noted {
    /// Returns what an event changes at a place of a batch; 0 for none.
    pub(crate) fn of(event: &Event, facts: &ChainFacts, value: u64, place: u16) -> Self {
        let (own, time) = (CustomerKey::of(&event.customer), event.time);
        let used = |value, incoming| {
            let span = Span { from: place, ..Span::ALWAYS };
            Use { customer: own, time, value, incoming, span }
        };
        let transfer = event.transfer().map(|t| key("transfer", &t));
        let device = event.device.as_ref().map_or(0, |d| key("device", d));
        let party = party_of(event);
        let mut uses = Vec::with_capacity(4);
        if party != 0 {
            uses.push((party, used(value, ActivityKind::of(event).comes_in())));
        }
        if device != 0 {
            uses.push((device, used(0, true)));
        }
        if let Some(ip) = &event.ip {
            let namespace = if event.action == Some(Action::Signup) { "signup-ip" } else { "ip" };
            uses.push((key(namespace, ip), used(0, true)));
        }
        if let Some(document) = &event.document {
            uses.push((key("document", document), used(0, true)));
        }
        let mut senders = Vec::new();
        if event.kind == EventKind::Deposit {
            // Every address that the chain names as sender; the event's own counterparty is noted above.
            let others = facts.senders.iter().filter(|s| Some(*s) != event.counterparty.as_ref());
            uses.extend(others.map(|sender| (address_key(sender), used(value, true))));
            senders = senders_of(event, facts);
        }
        Noted { own, transfer, device, party, uses, senders, time, value }
    }

    /// Returns the first eight other customers who withdrew within 30 days to an address that a deposit came from.
    pub(crate) fn withdrew_to(&self, parties: Parties<'_>) -> Vec<CustomerKey> {
        let mut from: Vec<CustomerKey> = Vec::new();
        for used in self.senders.iter().filter_map(|a| parties.get(*a)).flat_map(Uses::iter) {
            let is_recent = used.time <= self.time && used.time > self.time - 30 * DAY;
            if !used.incoming && used.customer != self.own && is_recent && !from.contains(&used.customer) {
                from.push(used.customer);
            }
        }
        from.truncate(8);
        from
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
