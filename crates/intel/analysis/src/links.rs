//! Links: one transfer became another, perhaps of another asset or on another chain, by a swap, a wrap or a bridge. Traces cross them.
//!
//! What finds links is elsewhere; here is what a link is, how traces request them, and a table of them in memory. A link joins a *piece* of an outgoing
//! transfer to a piece of an incoming one, so that several transfers may become one, and one several: the pieces of one asset do not overlap, those of
//! different assets may (who withdraws from a pool of two assets receives both for the same money). A piece's money spreads over the other piece in
//! proportion.

use holdfast_account_ledger::{LedgerError, TransferNumber};
use holdfast_types::Amount;
use serde::{Deserialize, Serialize};

/// A transfer, in the list of ledgers that a trace goes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransferId {
    /// Position of its ledger in the list. One beyond the list is a chain that the trace does not hold: money that crosses to it ends there.
    pub chain: u16,
    /// Its number in the ledger; on a chain of outputs, the output's.
    pub number: TransferNumber,
}

/// A part of a transfer's amount, in base units: `amount` of them from `offset` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Piece {
    /// Base units before it.
    pub offset: Amount,
    /// Its base units.
    pub amount: Amount,
}

impl Piece {
    /// Returns the piece that is a whole amount.
    #[must_use]
    pub fn whole(amount: Amount) -> Self {
        Piece { offset: Amount::ZERO, amount }
    }

    /// Returns where it ends; `None` beyond 256 bits.
    #[must_use]
    pub fn end(&self) -> Option<Amount> {
        self.offset.checked_add(self.amount)
    }
}

/// What joins two transfers.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum LinkKind {
    /// One asset was exchanged for another.
    Swap,
    /// A coin became its wrapped token, or the token became the coin again.
    Wrap,
    /// An asset left a chain and came out on another.
    Bridge,
    /// A mixer's deposit and a withdrawal that may be its. A trace lists such links as candidates and never crosses them.
    Mixer,
}

/// What a link rests on.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Basis {
    /// The contract's own event states both sides.
    Event,
    /// A message id that both sides carry.
    Message,
    /// What one transaction took from and gave to an account.
    NetFlow,
    /// Amounts, times and addresses that fit.
    Heuristic,
}

/// A link between two transfers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The transfer through which the money left.
    pub from: TransferId,
    /// Which part of it.
    pub from_piece: Piece,
    /// The transfer through which it came out.
    pub to: TransferId,
    /// Which part of it.
    pub to_piece: Piece,
    /// What joins them.
    pub kind: LinkKind,
    /// What the link rests on.
    pub basis: Basis,
    /// Wrong links among a million of this kind and basis at most, as it was measured (95%); `None` where nobody measured it.
    pub error_ppm: Option<u32>,
    /// How many links of this kind and basis that was measured on; 0 where nobody measured it, or it is not known any more.
    pub pairs: u64,
    /// Place among the candidates, from 1; 0 where there are no others.
    pub rank: u32,
    /// What shows it, for people: event, message id, rule.
    pub evidence: String,
}

impl Link {
    /// Returns whether traces cross it that accept so many wrong links in a million. A link of which both sides name the same message of a bridge is crossed
    /// whatever was measured: the contracts state it, and a rule that is right by construction is not made less so by few pairs to measure it on.
    /// Links of mixers never are.
    #[must_use]
    pub fn is_crossed(&self, max_error_ppm: u32) -> bool {
        let is_stated = self.basis == Basis::Message;
        self.kind != LinkKind::Mixer && (is_stated || self.error_ppm.is_some_and(|error| error <= max_error_ppm))
    }
}

/// What knows links.
pub trait Links {
    /// Returns the links that leave by a transfer, in a stable order.
    ///
    /// # Errors
    /// [`LedgerError`] of the ledgers that they are read from.
    fn links_from(&self, from: TransferId) -> Result<Vec<Link>, LedgerError>;

    /// Returns the links that come out at a transfer, in a stable order.
    ///
    /// # Errors
    /// [`LedgerError`] of the ledgers that they are read from.
    fn links_to(&self, to: TransferId) -> Result<Vec<Link>, LedgerError>;
}

/// Links in memory.
#[derive(Clone, Debug, Default)]
pub struct LinkTable {
    /// By where they leave.
    links: Vec<Link>,
    /// Their numbers by where they come out.
    by_end: Vec<usize>,
}

impl LinkTable {
    /// Makes a table.
    #[must_use]
    pub fn new(mut links: Vec<Link>) -> Self {
        links.sort_by_key(|l| (l.from, l.from_piece, l.rank, l.to, l.to_piece));
        let mut by_end: Vec<usize> = (0..links.len()).collect();
        by_end.sort_by_key(|n| (links[*n].to, links[*n].to_piece, links[*n].rank, links[*n].from));
        LinkTable { links, by_end }
    }

    /// Returns all links, in the order of the transfers through which they leave.
    #[must_use]
    pub fn all(&self) -> &[Link] {
        &self.links
    }
}

impl Links for LinkTable {
    fn links_from(&self, from: TransferId) -> Result<Vec<Link>, LedgerError> {
        let first = self.links.partition_point(|l| l.from < from);
        Ok(self.links[first..].iter().take_while(|l| l.from == from).cloned().collect())
    }

    fn links_to(&self, to: TransferId) -> Result<Vec<Link>, LedgerError> {
        let first = self.by_end.partition_point(|n| self.links[*n].to < to);
        let found = self.by_end[first..].iter().map(|n| &self.links[*n]);
        Ok(found.take_while(|l| l.to == to).cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_from_both_ends() {
        let id = |number| TransferId { chain: 0, number: TransferNumber::new(number) };
        let link = |from, to| Link {
            from: id(from),
            from_piece: Piece::whole(Amount::new(5)),
            to: id(to),
            to_piece: Piece::whole(Amount::new(7)),
            kind: LinkKind::Swap,
            basis: Basis::Event,
            error_ppm: Some(0),
            pairs: 100,
            rank: 0,
            evidence: String::new(),
        };
        let table = LinkTable::new(vec![link(3, 9), link(1, 4), link(1, 2), link(8, 4)]);
        let ends =
            |links: Vec<Link>| links.iter().map(|l| (l.from.number.get(), l.to.number.get())).collect::<Vec<_>>();
        assert_eq!(ends(table.links_from(id(1)).unwrap()), [(1, 2), (1, 4)]);
        assert_eq!(ends(table.links_to(id(4)).unwrap()), [(1, 4), (8, 4)]);
        assert!(table.links_from(id(2)).unwrap().is_empty() && table.links_to(id(10)).unwrap().is_empty());
        assert_eq!(table.all().len(), 4);
        assert_eq!(Piece { offset: Amount::MAX, amount: Amount::new(1) }.end(), None);
    }
}
