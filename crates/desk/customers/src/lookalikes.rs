//! Addresses that look like others (address poisoning): people compare the ends of an address, and whoever wants a payment makes one with the same ends and
//! puts it into the history that they copy from.
//!
//! The addresses that a customer deals with are indexed by their ends ([`holdfast_types::lookalike`]), so that a withdrawal costs one look-up, however long
//! the history is.

use crate::facts::ChainFacts;
use crate::model::{Event, EventKind};
use crate::state::{Customer, Key, key_of};
use holdfast_types::lookalike::{Ends, compared, compared_as, looks_alike};
use holdfast_types::{Address, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Most addresses stored of a customer; those that only paid the customer are dropped first, the longest unused of them.
pub const MAX_COUNTERPARTIES: usize = 512;

/// How an address became known to a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KnownBy {
    /// The customer withdrew to it.
    Paid,
    /// A deposit of the customer came from it.
    Received,
    /// The ledger has payments between it and an address of the customer.
    Chain,
}

/// An address that looks like one that a customer deals with, but is another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Lookalike {
    /// The address that is to be paid.
    pub address: String,
    /// The address that it looks like.
    pub of: String,
    /// How many characters of both agree at the beginning; all behind them, up to the end that agrees, are to be compared one by one.
    pub same_start: u32,
    /// How many characters of both agree at the end.
    pub same_end: u32,
    /// How the customer deals with the other one.
    pub known_by: KnownBy,
}

impl Lookalike {
    /// Returns what is alike, where two texts are different addresses with the same ends.
    #[must_use]
    pub fn between(address: &str, of: &str, known_by: KnownBy) -> Option<Self> {
        let (address, of) = (compared(address), compared(of));
        if !looks_alike(&address, &of) {
            return None;
        }
        let alike = |pairs: &mut dyn Iterator<Item = (u8, u8)>| {
            let same = pairs.take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count();
            u32::try_from(same).unwrap_or(u32::MAX)
        };
        let same_start = alike(&mut address.bytes().zip(of.bytes()));
        let same_end = alike(&mut address.bytes().rev().zip(of.bytes().rev()));
        Some(Lookalike { address, of, same_start, same_end, known_by })
    }

    /// Returns both addresses, each as the part that agrees, the part that differs, and the part that agrees again.
    #[must_use]
    pub fn parts(&self) -> [[&str; 3]; 2] {
        [&self.address, &self.of].map(|text| {
            let start = usize::try_from(self.same_start).unwrap_or(usize::MAX).min(text.len());
            let end = text.len().saturating_sub(usize::try_from(self.same_end).unwrap_or(usize::MAX)).max(start);
            // Both counts are of equal bytes from the ends, which may stand within a character of another script.
            match (text.get(..start), text.get(start..end), text.get(end..)) {
                (Some(a), Some(b), Some(c)) => [a, b, c],
                _ => ["", text, ""],
            }
        })
    }
}

/// Returns the address that a withdrawal's imitates: one that the customer dealt with here, else one that the ledger knows of. What the customer paid before,
/// unwarned, or what was confirmed, imitates none.
#[must_use]
pub fn of_withdrawal(customer: Option<&Customer>, event: &Event, facts: &ChainFacts) -> Option<Lookalike> {
    let address = event.counterparty.as_ref().filter(|_| event.kind == EventKind::Withdrawal)?;
    let known = customer.map(|customer| &customer.counterparties).filter(|known| !known.is_empty());
    let found = known.and_then(|known| Some((known, Named::read(address)?)));
    // Dust from an imitation of a payee can be all that the ledger has of an address with these ends.
    if found.as_ref().is_some_and(|(known, named)| known.is_paid(named)) {
        return None;
    }
    let found = found.and_then(|(known, named)| known.imitated_by(&named));
    found.or_else(|| facts.lookalike.clone())
}

/// An address as it is compared: decoded once, which its checksums make the dearest part of a look-up.
struct Named {
    /// As [`compared`] gives it.
    text: String,
    ends: Ends,
    key: Key,
}

impl Named {
    /// Reads an address; `None` of a text that is too short to have a middle.
    fn read(address: &str) -> Option<Self> {
        let read = Address::read(address);
        let text = compared_as(&read, address);
        Some(Named { ends: Ends::of(&text)?, key: key_of(&read), text })
    }
}

/// An address that a customer deals with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
struct Counterparty {
    ends: Ends,
    key: Key,
    first: Timestamp,
    last: Timestamp,
    is_paid: bool,
    address: Box<str>,
}

/// A counterparty as it is stored; its ends are those of its address.
#[derive(Serialize, Deserialize)]
struct Written {
    key: Key,
    first: Timestamp,
    last: Timestamp,
    is_paid: bool,
    address: Box<str>,
}

impl From<Counterparty> for Written {
    fn from(c: Counterparty) -> Self {
        Written { key: c.key, first: c.first, last: c.last, is_paid: c.is_paid, address: c.address }
    }
}

impl TryFrom<Written> for Counterparty {
    type Error = &'static str;

    fn try_from(w: Written) -> Result<Self, Self::Error> {
        let ends = Ends::of(&w.address).ok_or("a counterparty's address has no ends")?;
        Ok(Counterparty { ends, key: w.key, first: w.first, last: w.last, is_paid: w.is_paid, address: w.address })
    }
}

/// The addresses that a customer deals with, by their ends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Counterparties {
    /// By ends, then by key.
    all: Vec<Counterparty>,
}

impl Counterparties {
    fn place(&self, ends: Ends, key: Key) -> Result<usize, usize> {
        self.all.binary_search_by_key(&(ends, key), |c| (c.ends, c.key))
    }

    /// Takes in that the customer paid an address, or was paid from it. What looked like another address when it was to be paid is not taken as paid, so that
    /// another try is warned of as well.
    pub fn note(&mut self, address: &str, time: Timestamp, is_paid: bool) {
        let Some(named) = Named::read(address) else { return };
        let is_paid = is_paid && self.imitated_by(&named).is_none();
        self.put(named, time, is_paid);
    }

    fn put(&mut self, named: Named, time: Timestamp, is_paid: bool) {
        let Named { text, ends, key } = named;
        match self.place(ends, key) {
            Ok(place) => {
                let known = &mut self.all[place];
                (known.first, known.last) = (known.first.min(time), known.last.max(time));
                known.is_paid |= is_paid;
            }
            Err(place) => {
                let (first, last, address) = (time, time, text.into());
                self.all.insert(place, Counterparty { ends, key, first, last, is_paid, address });
                if self.all.len() > MAX_COUNTERPARTIES {
                    let least = self.all.iter().enumerate().min_by_key(|(_, c)| (c.is_paid, c.last, c.key));
                    if let Some((place, _)) = least {
                        self.all.remove(place);
                    }
                }
            }
        }
    }

    /// Takes in that somebody confirmed an address to be the one that the customer means to pay: it imitates none from now on.
    pub fn confirm(&mut self, address: &str, time: Timestamp) {
        if let Some(named) = Named::read(address) {
            self.put(named, time, true);
        }
    }

    /// Returns the address that another one imitates: one with the same ends that the customer dealt with before. An address that the customer paid before
    /// imitates none.
    #[must_use]
    pub fn lookalike_of(&self, address: &str) -> Option<Lookalike> {
        self.imitated_by(&Named::read(address)?)
    }

    fn imitated_by(&self, named: &Named) -> Option<Lookalike> {
        let Named { text, ends, key } = named;
        let (ends, key) = (*ends, *key);
        let begin = self.all.partition_point(|c| c.ends < ends);
        let alike = self.all[begin..].iter().take_while(|c| c.ends == ends);
        let own = alike.clone().find(|c| c.key == key);
        if own.is_some_and(|c| c.is_paid) {
            return None;
        }
        // Dust from the imitating address makes it known too, but later than what it imitates; of one moment, what was paid comes first.
        let rank = |c: &Counterparty| (c.first, !c.is_paid);
        let earlier = alike.filter(|c| c.key != key && own.is_none_or(|own| rank(c) < rank(own)));
        let of = earlier.max_by_key(|c| (c.is_paid, c.last, c.key))?;
        Lookalike::between(text, &of.address, if of.is_paid { KnownBy::Paid } else { KnownBy::Received })
    }

    /// Returns whether the customer paid an address that looked like no other one then, or it was confirmed: it imitates none, whatever came later.
    #[must_use]
    pub fn has_paid(&self, address: &str) -> bool {
        Named::read(address).is_some_and(|named| self.is_paid(&named))
    }

    fn is_paid(&self, named: &Named) -> bool {
        self.place(named.ends, named.key).is_ok_and(|place| self.all[place].is_paid)
    }

    /// Returns about how many bytes they take beside the list itself.
    pub(crate) fn weight(&self) -> usize {
        self.all.capacity() * size_of::<Counterparty>() + self.all.iter().map(|c| c.address.len() + 16).sum::<usize>()
    }

    /// Returns how many addresses are stored.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Returns whether none is stored.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}
