//! A bundle's contents as a chain: what traces and links request of a ledger, answered from the bundle alone.

use crate::contents::{self, Span};
use crate::report::{Describe, Described, TransferName};
use crate::{contents::Backing, names};
use holdfast_account_ledger::{self as ledger, Direction, LedgerError, Posting, StoredTransfer, TransferNumber};
use holdfast_analysis::accounts::{Classify, Stop, Transfers};
use holdfast_attribution::Category;
use holdfast_links::{
    BridgeSide, LinkError, MessageId, MixerMove, Place, Placed, Protocol, Record, RecordNumber, Records,
};
use holdfast_types::{AccountId, Amount, AssetId, ChainId, SignedAmount};
use std::collections::BTreeMap;

/// A transaction, or what happens outside transactions at one end of a block.
#[derive(Clone, Debug)]
pub(crate) struct Tx {
    pub height: u64,
    pub index: Option<u32>,
    pub hash: Option<String>,
    /// Unix seconds.
    pub time: u64,
}

/// An account.
#[derive(Clone, Debug)]
pub(crate) struct AccountRow {
    pub address: String,
    pub category: Category,
    pub stop: Option<Stop>,
    pub label: Option<(String, String)>,
}

/// What an account held, as far as the bundle has it. Places in spans are the chain's own.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub opening: Option<Amount>,
    pub spans: Vec<Span>,
    /// Its transfers, by place, rising.
    pub transfers: Vec<u32>,
}

/// A chain of a bundle. Transfers, accounts and assets are numbered by their places in the bundle among those of the chain.
#[derive(Clone, Debug)]
pub(crate) struct ChainView {
    pub id: ChainId,
    /// Which way the trace goes.
    pub is_forward: bool,
    pub first: contents::Point,
    pub tip: contents::Point,
    pub txs: Vec<Tx>,
    pub transfers: Vec<StoredTransfer>,
    pub accounts: Vec<AccountRow>,
    pub assets: Vec<(AssetId, Backing, bool)>,
    /// By asset and account.
    pub held: BTreeMap<(u32, u32), Held>,
    /// What the proved transactions link, in order.
    pub records: Vec<Record>,
}

/// Makes a place of a bundle, which holds fewer than 2^32 of anything, a number.
pub(crate) fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn at<T>(list: &[T], n: u32) -> Option<&T> {
    list.get(usize::try_from(n).ok()?)
}

/// What the bundle does not have.
fn absent(what: &'static str, n: u64) -> LedgerError {
    LedgerError::NotStored(what, n)
}

impl ChainView {
    fn of_number(&self, number: TransferNumber) -> Result<&StoredTransfer, LedgerError> {
        let place = usize::try_from(number.get()).ok();
        place.and_then(|n| self.transfers.get(n)).ok_or_else(|| absent("transfer in the bundle", number.get()))
    }

    fn tx_of(&self, tx: u64) -> Result<&Tx, LedgerError> {
        let place = usize::try_from(tx).ok();
        place.and_then(|n| self.txs.get(n)).ok_or_else(|| absent("transaction in the bundle", tx))
    }

    fn held(&self, account: u32, asset: u32) -> Result<&Held, LedgerError> {
        self.held.get(&(asset, account)).ok_or_else(|| absent("balance in the bundle of account", account.into()))
    }

    /// Returns the span around a place. Where one ends and another begins at the same place, the trace goes on in the one that lies its way.
    fn span<'h>(&self, held: &'h Held, account: u32, place: u64) -> Result<&'h Span, LedgerError> {
        let contains = |span: &&Span| u64::from(span.from) <= place && (place <= u64::from(span.to) || span.is_last);
        let mut spans = held.spans.iter();
        let found = if self.is_forward { spans.rfind(contains) } else { spans.find(contains) };
        found.ok_or_else(|| absent("history in the bundle of account", account.into()))
    }

    /// Returns the postings of a transfer to an account: out and in, or one of them.
    fn postings(&self, account: u32, place: u32) -> impl Iterator<Item = Posting> {
        let transfer = at(&self.transfers, place).copied();
        let side = move |direction, side: Option<u32>| (side == Some(account)).then_some(direction);
        let directions = transfer.map(|t| [side(Direction::Out, t.from), side(Direction::In, t.to)]);
        let directions = directions.into_iter().flatten().flatten();
        directions.filter_map(move |direction| Some(Posting { transfer: transfer?, direction }))
    }

    /// Returns what the transfers of an account from one place to another come to.
    pub(crate) fn change(&self, held: &Held, account: u32, from: u32, to: u32) -> Option<SignedAmount> {
        let at = |place: u32| held.transfers.partition_point(|t| *t < place);
        let within = held.transfers.get(at(from)..at(to)).unwrap_or_default().iter();
        let mut sum = SignedAmount::ZERO;
        for posting in within.flat_map(|t| self.postings(account, *t)) {
            let amount = posting.transfer.amount;
            let change = if posting.direction == Direction::In { amount.into() } else { SignedAmount::minus(amount) };
            sum = sum.checked_add(change)?;
        }
        Some(sum)
    }
}

impl Classify for ChainView {
    fn category(&self, account: u32) -> Category {
        at(&self.accounts, account).map_or(Category::UNATTRIBUTED, |a| a.category)
    }

    fn stop(&self, account: u32) -> Option<Stop> {
        at(&self.accounts, account)?.stop
    }
}

impl Transfers for ChainView {
    fn transfer(&self, number: TransferNumber) -> Result<StoredTransfer, LedgerError> {
        self.of_number(number).copied()
    }

    fn postings_from(
        &self,
        account: u32,
        asset: u32,
        from: TransferNumber,
        limit: usize,
    ) -> Result<Vec<Posting>, LedgerError> {
        let held = self.held(account, asset)?;
        let span = self.span(held, account, from.get())?;
        let end = if span.is_last { u32::MAX } else { span.to };
        let first = held.transfers.partition_point(|t| u64::from(*t) < from.get());
        let within = held.transfers[first..].iter().take_while(|t| **t < end);
        let found: Vec<Posting> = within.take(limit.max(2)).flat_map(|t| self.postings(account, *t)).collect();
        if found.is_empty() && !span.is_last {
            return Err(absent("history in the bundle of account", account.into()));
        }
        Ok(found)
    }

    fn postings_before(
        &self,
        account: u32,
        asset: u32,
        before: TransferNumber,
        limit: usize,
    ) -> Result<Vec<Posting>, LedgerError> {
        let held = self.held(account, asset)?;
        let span = self.span(held, account, before.get())?;
        let end = held.transfers.partition_point(|t| u64::from(*t) < before.get());
        let within = held.transfers[..end].iter().rev().take_while(|t| **t >= span.from);
        let mut found: Vec<Posting> = Vec::new();
        for place in within.take(limit.max(2)) {
            let mut both: Vec<Posting> = self.postings(account, *place).collect();
            both.reverse();
            found.extend(both);
        }
        if found.is_empty() && !span.is_first {
            return Err(absent("history in the bundle of account", account.into()));
        }
        Ok(found)
    }

    fn balance_before(&self, account: u32, asset: u32, number: TransferNumber) -> Result<Option<Amount>, LedgerError> {
        let held = self.held(account, asset)?;
        let span = self.span(held, account, number.get())?;
        let Some(before) = span.balance else { return Ok(None) };
        let end = u32::try_from(number.get()).unwrap_or(u32::MAX);
        let change = self.change(held, account, span.from, end);
        let balance = change.and_then(|change| change.checked_add(before.into()));
        Ok(balance.filter(|b| !b.is_negative()).map(SignedAmount::magnitude))
    }

    fn least_opening(&self, account: u32, asset: u32) -> Result<Option<Amount>, LedgerError> {
        self.held(account, asset).map(|held| held.opening)
    }

    fn number_after(&self, height: u64) -> Result<TransferNumber, LedgerError> {
        let is_before = |t: &StoredTransfer| self.tx_of(t.tx).is_ok_and(|tx| tx.height <= height);
        let place = self.transfers.partition_point(is_before);
        Ok(TransferNumber::new(small(place).into()))
    }

    fn time(&self, tx: u64) -> Result<u64, LedgerError> {
        self.tx_of(tx).map(|tx| tx.time)
    }

    fn backing(&self, asset: u32) -> Result<ledger::Backing, LedgerError> {
        let backing = at(&self.assets, asset).ok_or_else(|| absent("asset in the bundle", asset.into()))?.1;
        Ok(match backing {
            Backing::Backed => ledger::Backing::Backed,
            // The bundle does not state by whom.
            Backing::Unbacked => ledger::Backing::Unbacked { tx: 0, account: 0 },
            Backing::Unknown => ledger::Backing::Unknown,
        })
    }

    fn internal_unknown(&self, asset: u32) -> Result<bool, LedgerError> {
        at(&self.assets, asset).map(|a| a.2).ok_or_else(|| absent("asset in the bundle", asset.into()))
    }
}

impl Describe for ChainView {
    fn chain(&self) -> &ChainId {
        &self.id
    }

    fn transfer(&self, number: TransferNumber) -> Result<Described, LedgerError> {
        let stored = *self.of_number(number)?;
        let tx = self.tx_of(stored.tx)?;
        let name = TransferName {
            chain: self.id.clone(),
            height: tx.height,
            transaction: tx.hash.clone(),
            position: names::position(stored.position),
            kind: stored.kind.name().to_owned(),
        };
        Ok(Described { stored, name, time: tx.time })
    }

    fn account(&self, account: u32) -> Result<String, LedgerError> {
        let row = at(&self.accounts, account).ok_or_else(|| absent("account in the bundle", account.into()))?;
        Ok(row.address.clone())
    }

    fn asset(&self, asset: u32) -> Result<AssetId, LedgerError> {
        let row = at(&self.assets, asset).ok_or_else(|| absent("asset in the bundle", asset.into()))?;
        Ok(row.0.clone())
    }

    fn label(&self, account: u32) -> Option<(String, String)> {
        at(&self.accounts, account)?.label.clone()
    }
}

impl Placed for ChainView {
    fn placed(&self, number: TransferNumber) -> Result<Option<(StoredTransfer, Place)>, LedgerError> {
        let stored = *self.of_number(number)?;
        let tx = self.tx_of(stored.tx)?;
        Ok(tx.index.map(|index| (stored, Place { height: tx.height, tx: index })))
    }

    fn transfers_at(&self, place: Place) -> Result<Vec<StoredTransfer>, LedgerError> {
        let key = |t: &StoredTransfer| {
            let tx = self.tx_of(t.tx).ok();
            // What happens before all transactions is before the first of them, and what happens behind them is behind the last.
            tx.map_or((u64::MAX, None), |tx| (tx.height, tx.index))
        };
        let of_block = self.transfers.partition_point(|t| key(t).0 < place.height);
        let block = self.transfers[of_block..].iter().take_while(|t| key(t).0 == place.height);
        Ok(block.filter(|t| key(t).1 == Some(place.tx)).copied().collect())
    }
}

/// Sides of messages with their numbers.
type Sides = Vec<(RecordNumber, BridgeSide)>;

impl ChainView {
    fn numbered(&self) -> impl Iterator<Item = (RecordNumber, &Record)> {
        (0u64..).zip(&self.records)
    }

    fn sides(&self, fits: impl Fn(&BridgeSide) -> bool) -> Sides {
        let side = |(number, record): (u64, &Record)| match record {
            Record::Bridge(side) if fits(side) => Some((number, side.clone())),
            _ => None,
        };
        self.numbered().filter_map(side).collect()
    }
}

impl Records for ChainView {
    fn chain(&self) -> &ChainId {
        &self.id
    }

    fn first_height(&self) -> Option<u64> {
        Some(self.first.height)
    }

    fn times(&self) -> Result<Option<(u64, u64)>, LinkError> {
        Ok(Some((self.first.time, self.tip.time)))
    }

    fn count(&self) -> u64 {
        small(self.records.len()).into()
    }

    fn record(&self, number: RecordNumber) -> Result<Record, LinkError> {
        let record = usize::try_from(number).ok().and_then(|n| self.records.get(n));
        record.cloned().ok_or(LinkError::NotStored(number))
    }

    fn of_transaction(&self, place: Place) -> Result<Vec<(RecordNumber, Record)>, LinkError> {
        let first = self.records.partition_point(|record| record.place() < place);
        let own = (small(first).into()..).zip(&self.records[first..]).take_while(|(_, r)| r.place() == place);
        Ok(own.map(|(number, record)| (number, record.clone())).collect())
    }

    fn of_message(
        &self,
        protocol: Protocol,
        direction: holdfast_links::Direction,
        message: &MessageId,
    ) -> Result<Sides, LinkError> {
        let is_it =
            |s: &BridgeSide| s.protocol == protocol && s.direction == direction && s.message.as_ref() == Some(message);
        Ok(self.sides(is_it))
    }

    fn of_beneficiary(
        &self,
        direction: holdfast_links::Direction,
        beneficiary: &AccountId,
        most: usize,
    ) -> Result<(Sides, bool), LinkError> {
        let mut sides = self.sides(|s| s.direction == direction && s.beneficiary == *beneficiary);
        let more = sides.len() > most;
        sides.drain(..sides.len().saturating_sub(most));
        Ok((sides, more))
    }

    fn of_mixer(&self, mixer: &AccountId, upto: Place, most: usize) -> Result<(Vec<MixerMove>, bool), LinkError> {
        let moves = self.records.iter().filter_map(|record| match record {
            Record::Mixer(moved) if moved.mixer == *mixer && moved.end.place <= upto => Some(moved.clone()),
            _ => None,
        });
        let mut moves: Vec<MixerMove> = moves.collect();
        let more = moves.len() > most;
        moves.drain(..moves.len().saturating_sub(most));
        Ok((moves, more))
    }
}
