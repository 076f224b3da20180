//! Joining what was sent on one chain with what was received on another: by the message's id first, and, where a side has none, by a rule whose error
//! was measured.

use crate::known::chain_of;
use crate::link::{BridgeSide, Certainty, Direction, Evidence, Link, LinkKind, MessageId, Protocol, Record, Rule};
use crate::look_ups::Records;
use crate::{LinkError, RecordNumber, view};
use holdfast_evm::B256;
use holdfast_types::{AccountId, Amount, Asset};
use std::cmp::Reverse;
use std::ops::ControlFlow;

/// Seconds by which the clock of a chain may be behind another's.
const MOST_SKEW: u64 = 3_600;

/// A side in one of the stores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Position of its store in the list.
    pub store: usize,
    /// Its number there.
    pub number: RecordNumber,
    /// The side.
    pub side: BridgeSide,
}

/// A link between two chains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrossLink {
    /// What was sent.
    pub out: Stored,
    /// What was received.
    pub into: Stored,
    /// The link.
    pub link: Link,
}

/// What is known of a side's other side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Counterpart {
    /// It is held.
    Found(Box<CrossLink>),
    /// It is not held, though its chain is, for as long as messages take. Of something received: nothing was sent for it.
    Missing,
    /// It is not held, and may be in blocks, or on a chain, that are not held.
    NotHeld,
    /// The message stands on the same chain before: the other side is that one's.
    Repeated,
    /// Both sides name one message and differ in what moves.
    Contradicts(Box<Stored>),
    /// So much was sent to or received by the same account that the rule does not compare all of it.
    TooMany,
}

/// Bounds of the rule that joins sides without a message's id: the oldest deposit of the same asset and amount for the same beneficiary, by the same
/// bridge, that no earlier withdrawal takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heuristic {
    /// Longest time between the sides, in seconds.
    pub window_seconds: u64,
    /// Largest part of the amount that may be missing on the receiving side, in millionths.
    pub most_fee_ppm: u32,
    /// Most sides of one account that are compared.
    pub most_sides: usize,
}

impl Default for Heuristic {
    /// The bounds that [`crate::measured::OLDEST_DEPOSIT`] was measured with.
    fn default() -> Self {
        Heuristic { window_seconds: 90 * 86_400, most_fee_ppm: 0, most_sides: 4_000 }
    }
}

/// The stores of several chains, seen together.
#[derive(Clone, Debug)]
pub struct Bridges<'a> {
    stores: Vec<&'a dyn Records>,
    heuristic: Heuristic,
}

impl<'a> Bridges<'a> {
    /// Sees stores together; no two may be of one chain.
    #[must_use]
    pub fn new<R: Records>(stores: Vec<&'a R>) -> Self {
        Bridges::of(stores.into_iter().map(|store| store as &dyn Records).collect())
    }

    /// Sees records together that are not all of one kind of store; no two may be of one chain.
    #[must_use]
    pub fn of(stores: Vec<&'a dyn Records>) -> Self {
        Bridges { stores, heuristic: Heuristic::default() }
    }

    /// Returns it with other bounds of the rule.
    #[must_use]
    pub fn with_heuristic(self, heuristic: Heuristic) -> Self {
        Bridges { heuristic, ..self }
    }

    /// Returns a side by its store and number; `None` of a record that is none.
    ///
    /// # Errors
    /// [`LinkError::NotStored`], [`LinkError::Damaged`].
    pub fn side(&self, store: usize, number: RecordNumber) -> Result<Option<Stored>, LinkError> {
        let Some(held) = self.stores.get(store) else { return Err(LinkError::NotStored(number)) };
        let record = held.record(number)?;
        Ok(if let Record::Bridge(side) = record { Some(Stored { store, number, side }) } else { None })
    }

    /// Finds the other side of a side: by the message's id, or, where it has none, by the rule.
    ///
    /// # Errors
    /// [`LinkError::Damaged`].
    pub fn counterpart(&self, at: &Stored) -> Result<Counterpart, LinkError> {
        if at.side.message.is_some() { self.by_message(at) } else { self.by_rule(at) }
    }

    fn by_message(&self, at: &Stored) -> Result<Counterpart, LinkError> {
        let Some(message) = &at.side.message else { return Ok(Counterpart::NotHeld) };
        let (protocol, direction) = (at.side.protocol, at.side.direction);
        if protocol == Protocol::CctpV2 {
            return self.by_content(at, message);
        }
        // THORChain also swaps on one chain.
        let is_other = |store: usize| store != at.store || protocol == Protocol::Thorchain;
        for (store, held) in self.stores.iter().enumerate().filter(|(store, _)| is_other(*store)) {
            let found = held.of_message(protocol, direction.opposite(), message)?;
            let mut answers = found.into_iter().map(|(number, side)| {
                let (out, into) = sorted(at.clone(), Stored { store, number, side });
                self.compared(out, into, direction, (protocol.rule(), protocol.certainty()))
            });
            let Some(first) = answers.next() else { continue };
            // Anybody can fill a deposit of Across with another amount or recipient: such a side hides none that agrees.
            let is_found = |answer: &Counterpart| matches!(answer, Counterpart::Found(_));
            let answer = if is_found(&first) { first } else { answers.find(is_found).unwrap_or(first) };
            return Ok(if self.is_repeated(at, message, &answer)? { Counterpart::Repeated } else { answer });
        }
        self.missing(at)
    }

    /// Finds the other side of a message whose id is what it says. Equal messages differ in nothing but their time: the first that was sent is the
    /// first that is received.
    fn by_content(&self, at: &Stored, message: &MessageId) -> Result<Counterpart, LinkError> {
        let (protocol, direction) = (at.side.protocol, at.side.direction);
        let Some(own) = self.stores.get(at.store) else { return Ok(Counterpart::NotHeld) };
        let mut alike = own.of_message(protocol, direction, message)?;
        alike.retain(|(_, side)| side.remote == at.side.remote);
        let Some(place) = alike.iter().position(|(number, _)| *number == at.number) else {
            return Ok(Counterpart::NotHeld);
        };
        for (store, held) in self.stores.iter().enumerate().filter(|(store, _)| *store != at.store) {
            let found = held.of_message(protocol, direction.opposite(), message)?;
            let fits = |side: &BridgeSide| self.is_towards(side, at.store) && self.is_towards(&at.side, store);
            let fitting: Vec<_> = found.into_iter().filter(|(_, side)| fits(side)).collect();
            let is_alone = alike.len() == 1 && fitting.len() == 1;
            // What was received before this was sent is of an equal message that was sent before the first block that is held.
            let is_behind = |side: &BridgeSide| {
                let (sent, received) = if direction == Direction::In { (&at.side, side) } else { (side, &at.side) };
                received.time.saturating_add(MOST_SKEW) >= sent.time
            };
            if let Some((number, side)) = fitting.into_iter().nth(place).filter(|(_, side)| is_behind(side)) {
                let (out, into) = sorted(at.clone(), Stored { store, number, side });
                let by_order = (Rule::OldestDeposit, Certainty::Heuristic);
                let basis = if is_alone { (protocol.rule(), Certainty::Message) } else { by_order };
                return Ok(self.compared(out, into, direction, basis));
            }
        }
        self.missing(at)
    }

    /// Returns the link of two sides that name one message, or that they contradict each other.
    fn compared(
        &self,
        out: Stored,
        into: Stored,
        from: Direction,
        (rule, certainty): (Rule, Certainty),
    ) -> Counterpart {
        if self.agree(&out, &into) {
            let link = joined(&out, &into, rule, certainty);
            return Counterpart::Found(Box::new(CrossLink { out, into, link }));
        }
        Counterpart::Contradicts(Box::new(if from == Direction::In { into } else { out }))
    }

    /// Returns whether a side's other chain is that of a store, or not known.
    fn is_towards(&self, side: &BridgeSide, store: usize) -> bool {
        let named = side.remote.and_then(|remote| chain_of(side.protocol, remote));
        let held = self.stores.get(store).map(|store| store.chain());
        named.is_none_or(|named| held == Some(&named))
    }

    /// Returns whether its chain has the same side of the message before: one that agrees with the other side, where this one does.
    fn is_repeated(&self, at: &Stored, message: &MessageId, answer: &Counterpart) -> Result<bool, LinkError> {
        if at.side.protocol == Protocol::Thorchain {
            // A swap in parts may pay several times, and pay back what is left.
            return Ok(false);
        }
        let Some(own) = self.stores.get(at.store) else { return Ok(false) };
        let alike = own.of_message(at.side.protocol, at.side.direction, message)?;
        let mut before = alike.into_iter().take_while(|(number, _)| *number < at.number);
        let Counterpart::Found(cross) = answer else { return Ok(before.next().is_some()) };
        let other = if at.side.direction == Direction::In { &cross.into } else { &cross.out };
        Ok(before.any(|(number, side)| {
            let (out, into) = sorted(Stored { store: at.store, number, side }, other.clone());
            self.agree(&out, &into)
        }))
    }

    /// Returns whether the blocks in which the other side would be are held.
    fn missing(&self, at: &Stored) -> Result<Counterpart, LinkError> {
        let chain = at.side.remote.and_then(|remote| chain_of(at.side.protocol, remote));
        let held = self.stores.iter().find(|store| Some(store.chain()) == chain.as_ref());
        let Some((first, last)) = held.map(|store| store.times()).transpose()?.flatten() else {
            return Ok(Counterpart::NotHeld);
        };
        let begins_first = held.is_some_and(|store| store.first_height() == Some(0));
        let (from, to) = match at.side.direction {
            Direction::In => (at.side.time, at.side.time.saturating_add(self.heuristic.window_seconds)),
            Direction::Out => (at.side.time.saturating_sub(self.heuristic.window_seconds), at.side.time),
        };
        let is_held = (begins_first || first <= from) && to <= last;
        Ok(if is_held { Counterpart::Missing } else { Counterpart::NotHeld })
    }

    /// Finds the other side of a side by the rule alone, whatever messages say.
    ///
    /// # Errors
    /// [`LinkError::Damaged`].
    pub fn by_rule(&self, at: &Stored) -> Result<Counterpart, LinkError> {
        let (mut sent, mut received) = (Vec::new(), Vec::new());
        for (store, held) in self.stores.iter().enumerate() {
            for (direction, sides) in [(Direction::In, &mut sent), (Direction::Out, &mut received)] {
                let (found, more) = held.of_beneficiary(direction, &at.side.beneficiary, self.heuristic.most_sides)?;
                if more {
                    return Ok(Counterpart::TooMany);
                }
                let same = found.into_iter().filter(|(_, side)| side.protocol == at.side.protocol);
                sides.extend(same.map(|(number, side)| Stored { store, number, side }));
            }
        }
        let pair = self.pairs(sent, received).into_iter().find(|(out, into)| same(out, at) || same(into, at));
        let Some((out, into)) = pair else { return self.missing(at) };
        let link = joined(&out, &into, Rule::OldestDeposit, Certainty::Heuristic);
        Ok(Counterpart::Found(Box::new(CrossLink { out, into, link })))
    }

    /// Gives each receipt, in the order of time, the deposit with the least difference, of those the oldest, that no receipt before took.
    fn pairs(&self, mut sent: Vec<Stored>, mut received: Vec<Stored>) -> Vec<(Stored, Stored)> {
        let order = |s: &Stored| (s.side.time, s.store, s.number);
        received.sort_by_key(order);
        sent.sort_by_key(|s| Reverse(order(s)));
        let mut pairs = Vec::new();
        for into in received {
            let best = sent.iter().enumerate().filter_map(|(n, out)| Some((self.difference(out, &into)?, Reverse(n))));
            let Some((_, Reverse(best))) = best.min() else { continue };
            pairs.push((sent.remove(best), into));
        }
        pairs
    }

    /// Returns by how much a receipt is below a deposit that it may come from.
    fn difference(&self, out: &Stored, into: &Stored) -> Option<Amount> {
        let seconds = into.side.time.checked_sub(out.side.time)?;
        if out.store == into.store || seconds > self.heuristic.window_seconds || !self.same_asset(out, into) {
            return None;
        }
        let (sent, received) = (out.side.end.amount, into.side.end.amount);
        let difference = sent.checked_sub(received)?;
        let most = sent.mul_div(Amount::from(u64::from(self.heuristic.most_fee_ppm)), Amount::from(1_000_000u64))?;
        (difference <= most).then_some(difference)
    }

    /// Returns whether two sides of a message agree.
    fn agree(&self, out: &Stored, into: &Stored) -> bool {
        let assets_differ = out.side.asset.zip(into.side.asset).is_some_and(|(a, b)| a != b);
        let protocol = out.side.protocol;
        let (sent, received) = (&out.side, &into.side);
        let amounts_agree = match protocol {
            // Who provides liquidity early may keep a fee.
            Protocol::Nomad | Protocol::Ronin => received.end.amount <= sent.end.amount,
            Protocol::Cctp | Protocol::CctpV2 | Protocol::Across | Protocol::Gateway => sent.stated == received.stated,
            Protocol::Wormhole | Protocol::LayerZero => {
                sent.stated.is_some_and(|stated| view::is_scaled(received.end.amount, stated))
            }
            // One asset became another.
            Protocol::Thorchain => true,
        };
        let is_back = protocol == Protocol::Thorchain && received.beneficiary == sent.end.account;
        let chains_agree =
            !protocol.states() || (self.is_towards(sent, into.store) && self.is_towards(received, out.store));
        let accounts_agree = sent.beneficiary == received.beneficiary || is_back;
        let is_other = out.store != into.store || protocol == Protocol::Thorchain;
        is_other && !assets_differ && amounts_agree && accounts_agree && (chains_agree || is_back)
    }

    /// Returns whether two sides move the same asset: as messages name it, or by the curated list's ticker.
    fn same_asset(&self, out: &Stored, into: &Stored) -> bool {
        if let Some((a, b)) = out.side.asset.zip(into.side.asset) {
            return a == b;
        }
        let chain = |at: &Stored| self.stores.get(at.store).map(|store| store.chain());
        // The message names the other side's own token.
        let names = |one: &Stored, other: &Stored| {
            one.side.asset.is_some_and(|(number, id)| {
                let contract = view::account(&B256::from(id)).unwrap_or(AccountId::solana(id));
                let is_there = chain_of(one.side.protocol, number).as_ref() == chain(other);
                is_there && other.side.end.token.contract() == Some(contract)
            })
        };
        let ticker = |at: &Stored| {
            let id = at.side.end.token.asset_id(chain(at)?).to_string();
            Asset::parse(&id).ok()?.ticker().map(str::to_owned)
        };
        let same_ticker = || ticker(out).is_some_and(|name| Some(name) == ticker(into));
        names(out, into) || names(into, out) || same_ticker()
    }

    /// Calls `each` with every side of a direction on a chain whose other side is not found, in chain order, until it breaks: what was received and
    /// nobody sent, or what was sent and waits.
    ///
    /// # Errors
    /// [`LinkError::NotStored`] of a store that is not in the list, [`LinkError::Damaged`].
    pub fn without_counterpart(
        &self,
        store: usize,
        direction: Direction,
        each: &mut dyn FnMut(Stored, Counterpart) -> ControlFlow<()>,
    ) -> Result<(), LinkError> {
        let held = self.stores.get(store).ok_or(LinkError::NotStored(0))?;
        for number in 0..held.count() {
            let Record::Bridge(side) = held.record(number)? else { continue };
            if side.direction != direction {
                continue;
            }
            let at = Stored { store, number, side };
            let found = self.counterpart(&at)?;
            if !matches!(found, Counterpart::Found(_)) && each(at, found).is_break() {
                break;
            }
        }
        Ok(())
    }
}

fn same(a: &Stored, b: &Stored) -> bool {
    (a.store, a.number) == (b.store, b.number)
}

fn sorted(a: Stored, b: Stored) -> (Stored, Stored) {
    if a.side.direction == Direction::In { (a, b) } else { (b, a) }
}

fn joined(out: &Stored, into: &Stored, rule: Rule, certainty: Certainty) -> Link {
    let evidence = Evidence { rule, message: into.side.message, logs: vec![into.side.log] };
    let (out, into) = (out.side.end.clone(), into.side.end.clone());
    Link { kind: LinkKind::Bridge, out, into, evidence, certainty }
}
