//! A chain of accounts, or several, as the engine goes over them.
//!
//! A transfer is two passes, numbered in its *halves*: its split (twice its number) and its merge (one more). An account's balance of an asset
//! lies between two of its postings, and is named by the half from which it holds.

use super::view::{Stop, Transfers};
use super::{AccountEndKind, AccountOptions, Candidate, Stops};
use crate::engine::{Flow, Linked, LinksOf, Next};
use crate::links::{Link, LinkKind, Links, Piece, TransferId};
use crate::marks::{Marked, PassKind, Passage};
use crate::trace::Direction;
use hashbrown::{HashMap, HashSet};
use holdfast_account_ledger::{Direction as Way, LedgerError, Posting, StoredTransfer, TransferNumber};
use holdfast_attribution::Category;
use holdfast_types::Amount;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Where money of accounts lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Place {
    /// Between two accounts, by a transfer.
    Moved {
        id: TransferId,
        asset: u32,
        /// Who the trace comes to next: the receiver forward, the sender backward.
        holder: Option<u32>,
    },
    /// On an account.
    Held {
        chain: u16,
        asset: u32,
        account: u32,
        /// The half from which the balance holds: behind the one that made it; 0 before the first posting.
        since: u64,
    },
}

impl Place {
    /// Returns the balance that the pass changes which takes it on.
    fn holding(self) -> Option<Key> {
        match self {
            Place::Moved { id, asset, holder } => holder.map(|account| (id.chain, asset, account)),
            Place::Held { chain, asset, account, .. } => Some((chain, asset, account)),
        }
    }
}

/// A half of a transfer, in the order in which a trace goes over several chains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pass {
    /// Unix seconds where there are several chains, else zero.
    when: u64,
    chain: u16,
    half: u64,
}

impl Pass {
    /// Returns the transfer that it is a half of.
    pub(crate) fn transfer(self) -> TransferId {
        TransferId { chain: self.chain, number: number_of(self.half) }
    }
}

fn number_of(half: u64) -> TransferNumber {
    TransferNumber::new(half / 2)
}

fn split_of(number: TransferNumber) -> u64 {
    number.get() * 2
}

fn merge_of(number: TransferNumber) -> u64 {
    number.get() * 2 + 1
}

/// Returns the half behind a posting.
pub(crate) fn half_after(posting: Posting) -> u64 {
    Step::from(posting).half + 1
}

/// Returns the transfer that made a balance that holds from a half on.
pub(crate) fn made_by(since: u64) -> Option<TransferNumber> {
    since.checked_sub(1).map(number_of)
}

/// A chain, asset and account.
pub(crate) type Key = (u16, u32, u32);

/// A posting that is the next of an account.
#[derive(Clone, Copy, Debug)]
struct Step {
    half: u64,
    transfer: StoredTransfer,
}

impl From<Posting> for Step {
    fn from(posting: Posting) -> Self {
        let number = posting.transfer.number;
        let half = if posting.direction == Way::Out { split_of(number) } else { merge_of(number) };
        Step { half, transfer: posting.transfer }
    }
}

impl Step {
    fn is_out(&self) -> bool {
        self.half.is_multiple_of(2)
    }

    /// Returns a balance behind this step.
    fn applied(&self, balance: Amount, direction: Direction) -> Option<Amount> {
        match self.is_out() == (direction == Direction::Forward) {
            true => balance.checked_sub(self.transfer.amount),
            false => balance.checked_add(self.transfer.amount),
        }
    }
}

/// Where a trace is in the postings of an account: all between `at` and the next step is read.
#[derive(Debug)]
struct Walk {
    /// The half before which the balance is known: all before it are in, all from it on are not.
    at: u64,
    balance: Amount,
    /// The next postings in the direction of the trace.
    next: VecDeque<Step>,
    /// Whether no others follow those.
    is_all: bool,
    /// How many to read the next time.
    chunk: usize,
}

impl Walk {
    /// Applies the steps that lie before a half, in the direction of the trace; false where the balance leaves 256 bits.
    fn pass_before(&mut self, half: u64, direction: Direction) -> bool {
        let passes = |step: &Step| match direction {
            Direction::Forward => step.half < half,
            Direction::Backward => step.half >= half,
        };
        while let Some(step) = self.next.front().filter(|s| passes(s)) {
            let Some(balance) = step.applied(self.balance, direction) else { return false };
            self.balance = balance;
            self.at = if direction == Direction::Forward { step.half + 1 } else { step.half };
            self.next.pop_front();
        }
        true
    }
}

/// Postings read at once at first, and at most.
const CHUNK: (usize, usize) = (4, 256);

/// Accounts of which the next postings are in memory.
const MAX_WALKS: usize = 50_000;

/// Chains of accounts with what a trace found out.
pub(crate) struct Accounts<'a, const LINKED: bool> {
    pub(crate) chains: &'a [&'a dyn Transfers],
    pub(crate) links: Option<&'a dyn Links>,
    pub(crate) options: &'a AccountOptions,
    /// What ends the trace beside what the chains end.
    stops: Option<Stops<'a>>,
    walks: HashMap<Key, Walk>,
    /// The transfer that was read last: passes of both its halves follow each other.
    last: Option<(u16, StoredTransfer)>,
    /// Chains and assets, as the books are numbered.
    pub(crate) books: Vec<(u16, u32)>,
    last_book: usize,
    /// Accounts whose postings the trace looked at.
    pub(crate) read: BTreeSet<Key>,
    /// Opening balances that were taken as the least.
    pub(crate) assumed: BTreeMap<Key, Amount>,
    /// Links that were crossed, and their numbers by both ends.
    pub(crate) crossed: Vec<Link>,
    numbers: HashMap<(TransferId, Piece, TransferId, Piece), usize>,
    /// Transfers that became something on a chain that is not here.
    elsewhere: HashSet<TransferId>,
    /// What may have become of money in mixers.
    pub(crate) candidates: BTreeMap<(TransferId, u32, TransferId), Candidate>,
}

/// What an account holds at a half, and its next posting in the direction of the trace.
type State = (Amount, Option<Step>);

impl<'a, const LINKED: bool> Accounts<'a, LINKED> {
    pub(crate) fn new(
        chains: &'a [&'a dyn Transfers],
        links: Option<&'a dyn Links>,
        options: &'a AccountOptions,
        stops: Option<Stops<'a>>,
    ) -> Self {
        Accounts {
            chains,
            links,
            options,
            stops,
            walks: HashMap::new(),
            last: None,
            books: Vec::new(),
            last_book: 0,
            read: BTreeSet::new(),
            assumed: BTreeMap::new(),
            crossed: Vec::new(),
            numbers: HashMap::new(),
            elsewhere: HashSet::new(),
            candidates: BTreeMap::new(),
        }
    }

    fn direction(&self) -> Direction {
        self.options.trace.direction
    }

    fn chain(&self, chain: u16) -> &'a dyn Transfers {
        self.chains[usize::from(chain)]
    }

    fn transfer(&mut self, id: TransferId) -> Result<StoredTransfer, LedgerError> {
        if let Some((chain, transfer)) = &self.last
            && (*chain, transfer.number) == (id.chain, id.number)
        {
            return Ok(*transfer);
        }
        let transfer = self.chain(id.chain).transfer(id.number)?;
        self.last = Some((id.chain, transfer));
        Ok(transfer)
    }

    /// Returns the place of a transfer's money.
    pub(crate) fn moved(&self, chain: u16, transfer: &StoredTransfer) -> Place {
        let holder = if self.direction() == Direction::Forward { transfer.to } else { transfer.from };
        Place::Moved { id: TransferId { chain, number: transfer.number }, asset: transfer.asset, holder }
    }

    fn pass(&self, chain: u16, half: u64, transfer: &StoredTransfer) -> Result<Pass, LedgerError> {
        let when = if self.chains.len() > 1 { self.chain(chain).time(transfer.tx)? } else { 0 };
        Ok(Pass { when, chain, half })
    }

    /// Returns what an account holds before a half, and its next posting: forward from the half on, backward before it. None where the balance
    /// is beyond 256 bits.
    fn at(&mut self, key: Key, half: u64) -> Result<Option<State>, LedgerError> {
        let direction = self.direction();
        let is_ahead = |walk: &Walk| match direction {
            Direction::Forward => walk.at <= half,
            Direction::Backward => walk.at >= half,
        };
        if let Some(walk) = self.walks.get_mut(&key).filter(|walk| is_ahead(walk)) {
            if walk.pass_before(half, direction)
                && let Some(step) = walk.next.front()
            {
                return Ok(Some((walk.balance, Some(*step))));
            }
        } else if !self.open(key, half)? {
            return Ok(None);
        }
        loop {
            let Some(walk) = self.walks.get_mut(&key) else { return Ok(None) };
            if !walk.pass_before(half, direction) {
                self.walks.remove(&key);
                return Ok(None);
            }
            if let Some(step) = walk.next.front() {
                return Ok(Some((walk.balance, Some(*step))));
            }
            if walk.is_all {
                return Ok(Some((walk.balance, None)));
            }
            let (chain, asset, account) = key;
            let view = self.chains[usize::from(chain)];
            walk.chunk = (walk.chunk * 2).min(CHUNK.1);
            let read = match direction {
                Direction::Forward => view.postings_from(account, asset, number_of(walk.at), walk.chunk)?,
                Direction::Backward => view.postings_before(account, asset, number_of(walk.at + 1), walk.chunk)?,
            };
            let at = walk.at;
            let is_next = |step: &Step| match direction {
                Direction::Forward => step.half >= at,
                Direction::Backward => step.half < at,
            };
            walk.next.extend(read.into_iter().map(Step::from).filter(is_next));
            walk.is_all = walk.next.is_empty();
        }
    }

    /// Returns the state before a pass, and its transfer. That is mostly the next step of the account whose balance changes, and is not read again.
    fn state_at(&mut self, key: Option<Key>, pass: Pass) -> Result<(Option<State>, StoredTransfer), LedgerError> {
        let Pass { chain, half, .. } = pass;
        let mut state = None;
        if let Some(key) = key {
            state = match self.direction() {
                Direction::Forward => self.at(key, half)?,
                Direction::Backward if self.walks.contains_key(&key) => self.at(key, half + 1)?,
                Direction::Backward => None,
            };
        }
        let transfer = match state.and_then(|(_, step)| step).filter(|step| step.half == half) {
            Some(step) => step.transfer,
            None => self.transfer(pass.transfer())?,
        };
        self.last = Some((chain, transfer));
        if let (Direction::Backward, Some(key)) = (self.direction(), key) {
            state = self.at(key, half)?;
        }
        Ok((state, transfer))
    }

    /// Begins to walk along an account at a half. Returns whether its balance is within 256 bits.
    fn open(&mut self, key: Key, half: u64) -> Result<bool, LedgerError> {
        let (chain, asset, account) = key;
        let view = self.chain(chain);
        self.read.insert(key);
        // Whole transfers: the other half, where it is the account's own, is stepped over.
        let number = if self.direction() == Direction::Forward { number_of(half) } else { number_of(half + 1) };
        let (opening, balance) = view.opening_and_balance(account, asset, number)?;
        let Some(opening) = opening else { return Ok(false) };
        if !opening.is_zero() {
            self.assumed.insert(key, opening);
        }
        let Some(balance) = balance else { return Ok(false) };
        let read = match self.direction() {
            Direction::Forward => view.postings_from(account, asset, number, CHUNK.0)?,
            Direction::Backward => view.postings_before(account, asset, number, CHUNK.0)?,
        };
        if self.walks.len() >= MAX_WALKS {
            self.walks.clear();
        }
        let is_all = read.is_empty();
        let next = read.into_iter().map(Step::from).collect();
        self.walks.insert(key, Walk { at: split_of(number), balance, next, is_all, chunk: CHUNK.0 });
        Ok(true)
    }

    fn stopped(&self, chain: u16, holder: Option<u32>) -> Option<AccountEndKind> {
        let holder = holder?;
        let own = if self.options.trace.through_services { None } else { self.chain(chain).stop(holder) };
        Some(match own.or_else(|| self.stops.and_then(|stops| stops(chain, holder)))? {
            Stop::Service => AccountEndKind::Service,
            Stop::Pool => AccountEndKind::Pool,
            Stop::Bridge => AccountEndKind::Bridge,
            Stop::Mixer => AccountEndKind::Mixer,
            Stop::Wrapper => AccountEndKind::Wrapper,
        })
    }

    fn next_of_moved(&mut self, place: Place, id: TransferId) -> Result<Next<Pass, AccountEndKind>, LedgerError> {
        let transfer = self.transfer(id)?;
        let forward = self.direction() == Direction::Forward;
        let half = if forward { merge_of(id.number) } else { split_of(id.number) };
        if forward && transfer.kind.is_fee() {
            return Ok(Next::Fee(self.pass(id.chain, half, &transfer)?));
        }
        let Some(holder) = (if forward { transfer.to } else { transfer.from }) else {
            return Ok(Next::End(if forward { AccountEndKind::Burnt } else { AccountEndKind::Made }));
        };
        // Nothing of a service's history is read.
        if let Some(kind) = self.stop(place, 0) {
            return Ok(Next::End(kind));
        }
        let fits = match self.at((id.chain, transfer.asset, holder), if forward { half } else { half + 1 })? {
            None => false,
            Some((balance, _)) => !forward || balance.checked_add(transfer.amount).is_some(),
        };
        if !fits {
            return Ok(Next::End(AccountEndKind::Beyond));
        }
        Ok(Next::Pass(self.pass(id.chain, half, &transfer)?))
    }

    fn next_of_held(&mut self, key: Key, since: u64) -> Result<Next<Pass, AccountEndKind>, LedgerError> {
        let (chain, ..) = key;
        match self.direction() {
            Direction::Forward => match self.at(key, since)? {
                None => Ok(Next::End(AccountEndKind::Beyond)),
                Some((_, None)) => Ok(Next::End(AccountEndKind::Rests)),
                Some((balance, Some(step))) if step.applied(balance, Direction::Forward).is_none() => {
                    Ok(Next::End(AccountEndKind::Beyond))
                }
                Some((_, Some(step))) => Ok(Next::Pass(self.pass(chain, step.half, &step.transfer)?)),
            },
            Direction::Backward if since == 0 => Ok(Next::End(AccountEndKind::Opening)),
            Direction::Backward => match self.at(key, since)? {
                Some((_, Some(step))) => Ok(Next::Pass(self.pass(chain, step.half, &step.transfer)?)),
                _ => Ok(Next::End(AccountEndKind::Beyond)),
            },
        }
    }

    /// Returns the link as one end of it sees it; none where it is no fact to be followed.
    fn linked(&mut self, id: TransferId, amount: Amount, link: Link) -> Result<Option<LinkedPlace>, LedgerError> {
        let forward = self.direction() == Direction::Forward;
        let (other, own_piece, other_piece) = if forward {
            (link.to, link.from_piece, link.to_piece)
        } else {
            (link.from, link.to_piece, link.from_piece)
        };
        let is_within = |piece: Piece, amount| !piece.amount.is_zero() && piece.end().is_some_and(|end| end <= amount);
        if !is_within(own_piece, amount) {
            return Ok(None);
        }
        if link.kind == LinkKind::Mixer {
            let candidate = Candidate { of: id, transfer: other, rank: link.rank, error_ppm: link.error_ppm };
            self.candidates.insert((id, link.rank, other), candidate);
            return Ok(None);
        }
        if !link.is_crossed(self.options.max_link_error_ppm) {
            return Ok(None);
        }
        if usize::from(other.chain) >= self.chains.len() {
            self.elsewhere.insert(id);
            return Ok(None);
        }
        let transfer = self.transfer(other)?;
        if !is_within(other_piece, transfer.amount) {
            return Ok(None);
        }
        let half = if forward { split_of(other.number) } else { merge_of(other.number) };
        let key = (link.from, link.from_piece, link.to, link.to_piece);
        let number = *self.numbers.entry(key).or_insert_with(|| {
            self.crossed.push(link);
            self.crossed.len() - 1
        });
        Ok(Some(Linked {
            link: number,
            place: self.moved(other.chain, &transfer),
            reached_at: self.pass(other.chain, half, &transfer)?,
            own: (own_piece.offset, own_piece.amount),
            other: (other_piece.offset, other_piece.amount),
        }))
    }
}

type LinkedPlace = Linked<Place, Pass, Amount>;

impl<const LINKED: bool> Flow for Accounts<'_, LINKED> {
    type Place = Place;
    type Pass = Pass;
    type Amount = Amount;
    type Kind = AccountEndKind;
    type Error = LedgerError;

    const HAS_LINKS: bool = LINKED;
    const SPANS_A_STEP: usize = 64;

    fn next(&mut self, place: Place) -> Result<Next<Pass, AccountEndKind>, LedgerError> {
        match place {
            Place::Moved { id, .. } => self.next_of_moved(place, id),
            Place::Held { chain, asset, account, since } => self.next_of_held((chain, asset, account), since),
        }
    }

    fn reached_at(&mut self, start: Place) -> Result<Option<Pass>, LedgerError> {
        let forward = self.direction() == Direction::Forward;
        match start {
            Place::Moved { id, .. } => {
                let transfer = self.transfer(id)?;
                let (side, half) = match forward {
                    true => (transfer.from, split_of(id.number)),
                    false => (transfer.to, merge_of(id.number)),
                };
                side.map(|_| self.pass(id.chain, half, &transfer)).transpose()
            }
            Place::Held { chain, since, .. } if forward => {
                let Some(half) = since.checked_sub(1) else { return Ok(None) };
                let transfer = self.transfer(TransferId { chain, number: number_of(half) })?;
                self.pass(chain, half, &transfer).map(Some)
            }
            Place::Held { chain, asset, account, since } => {
                let view = self.chain(chain);
                let steps = view.postings_from(account, asset, number_of(since), 2)?.into_iter().map(Step::from);
                let next = steps.into_iter().find(|s| s.half >= since);
                next.map(|s| self.pass(chain, s.half, &s.transfer)).transpose()
            }
        }
    }

    fn passage(&mut self, pass: Pass, marked: &[Marked<Place, Amount>]) -> Result<Passage<Place, Amount>, LedgerError> {
        let Pass { chain, half, .. } = pass;
        let holding = marked.first().and_then(|first| first.place.holding());
        let (state, transfer) = self.state_at(holding, pass)?;
        let is_split = half.is_multiple_of(2);
        let missing = |what: &'static str| LedgerError::NotStored(what, transfer.number.get());
        let account = if is_split { transfer.from } else { transfer.to };
        let key = (chain, transfer.asset, account.ok_or_else(|| missing("side of transfer"))?);
        debug_assert!(holding.is_none_or(|holding| holding == key));
        let held = |since| Place::Held { chain, asset: key.1, account: key.2, since };
        let (before, since) = match self.direction() {
            // What is not marked needs no name of its own.
            Direction::Forward => {
                let own = marked.iter().map(|m| m.place).find(|p| matches!(p, Place::Held { .. }));
                (state.map(|s| s.0), own.unwrap_or(held(u64::MAX)))
            }
            Direction::Backward => {
                let since = state.and_then(|s| s.1).map_or(0, |step| step.half + 1);
                (state.map(|s| s.0), held(since))
            }
        };
        let before = before.ok_or_else(|| missing("balance before transfer"))?;
        let moved = (self.moved(chain, &transfer), transfer.amount);
        let (kind, after) = match is_split {
            true => (PassKind::Split, before.checked_sub(transfer.amount)),
            false => (PassKind::Merge, before.checked_add(transfer.amount)),
        };
        let after = (held(half + 1), after.ok_or_else(|| missing("balance after transfer"))?);
        let (inputs, outputs) = match is_split {
            true => (vec![(since, before)], vec![moved, after]),
            false => (vec![(since, before), moved], vec![after]),
        };
        Ok(Passage { kind, inputs, outputs, fee: Amount::ZERO, assumed: false })
    }

    fn stop(&self, place: Place, _: u32) -> Option<AccountEndKind> {
        match place {
            Place::Moved { id, holder, .. } => {
                let elsewhere = LINKED && self.elsewhere.contains(&id);
                if elsewhere { Some(AccountEndKind::Elsewhere) } else { self.stopped(id.chain, holder) }
            }
            // Where it came to was looked at when it came; a start is followed wherever it lies.
            Place::Held { .. } => None,
        }
    }

    fn category(&self, place: Place) -> Category {
        match place {
            Place::Moved { id, holder, .. } => {
                holder.map_or(Category::UNATTRIBUTED, |account| self.chain(id.chain).category(account))
            }
            Place::Held { chain, account, .. } => self.chain(chain).category(account),
        }
    }

    fn hop(&self, place: Place) -> u32 {
        u32::from(matches!(place, Place::Moved { .. }))
    }

    fn time(&self, pass: Pass) -> Result<u64, LedgerError> {
        if pass.when > 0 {
            return Ok(pass.when);
        }
        let view = self.chain(pass.chain);
        view.time(view.transfer(number_of(pass.half))?.tx)
    }

    fn book(&mut self, place: Place) -> usize {
        let book = match place {
            Place::Moved { id, asset, .. } => (id.chain, asset),
            Place::Held { chain, asset, .. } => (chain, asset),
        };
        // What follows each other is mostly of one asset.
        if self.books.get(self.last_book) != Some(&book) {
            self.last_book = self.books.iter().position(|b| *b == book).unwrap_or_else(|| {
                self.books.push(book);
                self.books.len() - 1
            });
        }
        self.last_book
    }

    fn least(&self, place: Place) -> Amount {
        let book = match place {
            Place::Moved { id, asset, .. } => (id.chain, asset),
            Place::Held { chain, asset, .. } => (chain, asset),
        };
        let own = self.options.min_amounts.get(&book).copied();
        own.unwrap_or_else(|| self.options.trace.bounds.min_value.into())
    }

    fn value(&mut self, place: Place) -> Result<Amount, LedgerError> {
        match place {
            Place::Moved { id, .. } => Ok(self.transfer(id)?.amount),
            Place::Held { chain, asset, account, since } => {
                Ok(self.at((chain, asset, account), since)?.map_or(Amount::ZERO, |s| s.0))
            }
        }
    }

    fn links(&mut self, place: Place) -> Result<LinksOf<Self>, LedgerError> {
        let (Place::Moved { id, .. }, Some(links)) = (place, self.links) else { return Ok(Vec::new()) };
        let found = match self.direction() {
            Direction::Forward => links.links_from(id)?,
            Direction::Backward => links.links_to(id)?,
        };
        let amount = if found.is_empty() { Amount::ZERO } else { self.transfer(id)?.amount };
        let mut linked = Vec::with_capacity(found.len());
        for link in found {
            linked.extend(self.linked(id, amount, link)?);
        }
        Ok(linked)
    }
}
