//! The links of several ledgers as traces request them: by the numbers of their transfers.

use crate::bridges::{Bridges, Counterpart};
use crate::link::{BridgeSide, Certainty, Direction, End, LinkKind, MixerMove, Moved, Place, Record};
use crate::look_ups::Records;
use crate::store::Store;
use crate::{LinkError, Measured, measured, mixers, pieces};
use holdfast_account_ledger::{Ledger, LedgerError, StoredTransfer, TransferNumber};
use holdfast_analysis::links as traced;
use holdfast_analysis::links::{Basis, Piece, TransferId};
use holdfast_types::Amount;
use std::ops::Range;

/// Most candidates of a withdrawal from a mixer, and most of the mixer's moves that they are chosen from.
const MOST_CANDIDATES: usize = 10;
const MOST_MOVES: usize = 20_000;
/// Why a side has no other side.
const NOT_HELD: &str = "the other side is not held";
const TOO_MANY: &str = "so much is sent to, or received by, the same account that the other side is not looked for";

/// The transfers of a chain by their transactions' places: a ledger's, or transfers in memory.
pub trait Placed: std::fmt::Debug + Sync {
    /// Returns a transfer with the place of its transaction; `None` of one outside transactions.
    ///
    /// # Errors
    /// [`LedgerError`] where it is not stored, or the ledger is damaged.
    fn placed(&self, number: TransferNumber) -> Result<Option<(StoredTransfer, Place)>, LedgerError>;

    /// Returns a transaction's transfers; none where the transaction is not held.
    ///
    /// # Errors
    /// [`LedgerError`] where the ledger is damaged.
    fn transfers_at(&self, place: Place) -> Result<Vec<StoredTransfer>, LedgerError>;
}

/// The ledgers of several chains, each with its store of links.
#[derive(Clone, Debug)]
pub struct LedgerLinks<'a> {
    chains: Vec<(&'a dyn Placed, &'a dyn Records)>,
    bridges: Bridges<'a>,
}

/// A transfer of a ledger, with what names it in a store.
struct Found {
    stored: StoredTransfer,
    place: Place,
    moved: Moved,
}

impl Placed for Ledger {
    fn placed(&self, number: TransferNumber) -> Result<Option<(StoredTransfer, Place)>, LedgerError> {
        let stored = self.transfer(number)?;
        let tx = self.tx(stored.tx)?;
        if tx.is_block_side {
            return Ok(None);
        }
        Ok(Some((stored, Place { height: self.block(tx.block)?.height, tx: tx.index })))
    }

    fn transfers_at(&self, place: Place) -> Result<Vec<StoredTransfer>, LedgerError> {
        let Some(block) = self.block_at(place.height)? else { return Ok(Vec::new()) };
        let Range { mut start, mut end } = block.txs;
        // Those that stand for the block's sides are the first and the last.
        if start < end && self.tx(start)?.is_block_side {
            start += 1;
        }
        if start < end && self.tx(end - 1)?.is_block_side {
            end -= 1;
        }
        while start < end {
            let middle = start.midpoint(end);
            let index = self.tx(middle)?.index;
            if index == place.tx {
                return self.transfers_of(middle);
            }
            if index < place.tx { start = middle + 1 } else { end = middle }
        }
        Ok(Vec::new())
    }
}

impl<'a> LedgerLinks<'a> {
    /// Sees ledgers together, in the order in which traces name them.
    #[must_use]
    pub fn new(chains: Vec<(&'a Ledger, &'a Store)>) -> Self {
        LedgerLinks::of(chains.into_iter().map(|(ledger, store)| (ledger as _, store as _)).collect())
    }

    /// Sees chains together whose transfers and records are not those of ledgers and stores.
    #[must_use]
    pub fn of(chains: Vec<(&'a dyn Placed, &'a dyn Records)>) -> Self {
        let bridges = Bridges::of(chains.iter().map(|(_, records)| *records).collect());
        LedgerLinks { chains, bridges }
    }

    /// Returns the sides of bridges of these chains.
    #[must_use]
    pub fn bridges(&self) -> &Bridges<'a> {
        &self.bridges
    }

    /// Returns the stored transfers of an end on a chain, in its order; `None` where not all of them are held.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`].
    pub fn stored(&self, chain: usize, end: &End) -> Result<Option<Vec<StoredTransfer>>, LedgerError> {
        self.chains.get(chain).map_or(Ok(None), |(ledger, _)| Self::stored_of(*ledger, end))
    }

    fn chain(&self, chain: u16) -> Option<(&'a dyn Placed, &'a dyn Records)> {
        self.chains.get(usize::from(chain)).copied()
    }

    /// Finds what a store calls a transfer; `None` of one outside transactions.
    fn found(ledger: &dyn Placed, number: TransferNumber) -> Result<Option<Found>, LedgerError> {
        let found = ledger.placed(number)?.map(|(stored, place)| {
            let moved = Moved { position: stored.position, kind: stored.kind };
            Found { stored, place, moved }
        });
        Ok(found)
    }

    /// Returns the stored transfers of an end, in its order; `None` where the ledger does not hold all of them.
    fn stored_of(ledger: &dyn Placed, end: &End) -> Result<Option<Vec<StoredTransfer>>, LedgerError> {
        let all = ledger.transfers_at(end.place)?;
        let find = |moved: &Moved| all.iter().find(|t| (t.position, t.kind) == (moved.position, moved.kind)).copied();
        Ok(end.transfers.iter().map(find).collect())
    }

    /// Joins two ends piece by piece.
    fn joined(
        &self,
        (out_chain, out): (usize, &End),
        (into_chain, into): (usize, &End),
        basis: &Rest,
    ) -> Result<Vec<traced::Link>, LedgerError> {
        let (Some((first, _)), Some((second, _))) = (self.chains.get(out_chain), self.chains.get(into_chain)) else {
            return Ok(Vec::new());
        };
        let (Some(outs), Some(intos)) = (Self::stored_of(*first, out)?, Self::stored_of(*second, into)?) else {
            return Ok(Vec::new());
        };
        let amounts = |all: &[StoredTransfer]| all.iter().map(|t| t.amount).collect::<Vec<Amount>>();
        let parts = pieces::join((out.amount, &amounts(&outs)), (into.amount, &amounts(&intos)));
        let id = |chain: usize, stored: Option<&StoredTransfer>| {
            let chain = u16::try_from(chain).ok()?;
            Some(TransferId { chain, number: stored?.number })
        };
        let link = |(from, to): (pieces::Part, pieces::Part)| {
            let piece = |part: &pieces::Part| Piece { offset: part.offset, amount: part.amount };
            let (from_id, to_id) = (id(out_chain, outs.get(from.transfer))?, id(into_chain, intos.get(to.transfer))?);
            Some(basis.link((from_id, piece(&from)), (to_id, piece(&to)), 0))
        };
        Ok(parts.unwrap_or_default().into_iter().filter_map(link).collect())
    }

    /// Returns the links of the records of a transfer, in either direction.
    fn links_of(&self, at: TransferId, is_from: bool) -> Result<Vec<traced::Link>, LedgerError> {
        let Some((ledger, store)) = self.chain(at.chain) else { return Ok(Vec::new()) };
        let Some(found) = Self::found(ledger, at.number)? else { return Ok(Vec::new()) };
        let own = usize::from(at.chain);
        let mut links = Vec::new();
        for (number, record) in store.of_transfer(found.place, &found.moved).map_err(ledger_error)? {
            match record {
                Record::Link(link) => {
                    let rest = Rest::of(&link);
                    let joined = self.joined((own, &link.out), (own, &link.into), &rest)?;
                    let end = if is_from { &link.out } else { &link.into };
                    if joined.is_empty() && end.transfers.contains(&found.moved) {
                        // A ledger of chosen assets does not hold the other asset's transfers: what the money became is not known here.
                        links.push(self.away(at, number, found.stored.amount, is_from, &rest));
                    }
                    links.extend(joined);
                }
                Record::Bridge(side) if (side.direction == Direction::In) == is_from => {
                    let Some(side) = self.bridges.side(own, number).map_err(ledger_error)? else { continue };
                    match self.bridges.counterpart(&side).map_err(ledger_error)? {
                        Counterpart::Found(cross) => {
                            let rest = Rest::of(&cross.link);
                            let (out, into) = (&cross.out, &cross.into);
                            let ends = ((out.store, &out.side.end), (into.store, &into.side.end));
                            let joined = self.joined(ends.0, ends.1, &rest)?;
                            if joined.is_empty() {
                                // A ledger of chosen assets does not hold the other side's transfers.
                                links.push(self.beyond(at, number, &found.stored, &side.side, NOT_HELD));
                            }
                            links.extend(joined);
                        }
                        // It was paid for before: there is no other side.
                        Counterpart::Repeated if !is_from => {}
                        // The other side is on a chain that is not held, or waits. That something came over a bridge does not say who made it.
                        Counterpart::TooMany => {
                            links.push(self.beyond(at, number, &found.stored, &side.side, TOO_MANY));
                        }
                        _ => links.push(self.beyond(at, number, &found.stored, &side.side, NOT_HELD)),
                    }
                }
                Record::Mixer(moved) if moved.direction == Direction::Out && !is_from => {
                    links.extend(self.candidates(at, &found.stored, &moved)?);
                }
                Record::Bridge(_) | Record::Mixer(_) => {}
            }
        }
        let is_it = |l: &traced::Link| if is_from { l.from == at } else { l.to == at };
        links.retain(is_it);
        let key = |l: &traced::Link| (l.from, l.from_piece, l.rank, l.to, l.to_piece);
        links.sort_by_key(key);
        Ok(links)
    }

    /// Makes the link of what was sent to a transfer that no ledger holds, or of what was received from one.
    fn beyond(&self, at: TransferId, record: u64, own: &StoredTransfer, side: &BridgeSide, why: &str) -> traced::Link {
        let rule = side.protocol.rule();
        let named = side.destination.as_deref().map(|text| format!(" to {text}")).unwrap_or_default();
        // That it left or came over the bridge its own event states: nothing is joined that could be wrong.
        let rest = Rest {
            kind: traced::LinkKind::Bridge,
            basis: Basis::Message,
            measured: measured::of(rule, Certainty::Message),
            evidence: format!("{}{named}; {why}", rule.name()),
        };
        self.away(at, record, own.amount, side.direction == Direction::In, &rest)
    }

    /// Makes the link of a whole transfer to one that no ledger holds, or from one.
    fn away(&self, at: TransferId, record: u64, amount: Amount, is_from: bool, rest: &Rest) -> traced::Link {
        let chain = u16::try_from(self.chains.len()).unwrap_or(u16::MAX);
        let (other, whole) = (TransferId { chain, number: TransferNumber::new(record) }, Piece::whole(amount));
        match is_from {
            true => rest.link((at, whole), (other, whole), 0),
            false => rest.link((other, whole), (at, whole), 0),
        }
    }

    /// Lists the deposits that a withdrawal from a mixer may come from.
    fn candidates(
        &self,
        at: TransferId,
        withdrawn: &StoredTransfer,
        withdrawal: &MixerMove,
    ) -> Result<Vec<traced::Link>, LedgerError> {
        let Some((ledger, store)) = self.chain(at.chain) else { return Ok(Vec::new()) };
        let before = withdrawal.end.place;
        let (moves, is_cut) = store.of_mixer(&withdrawal.mixer, before, MOST_MOVES).map_err(ledger_error)?;
        let cut = if is_cut { format!(" among the last {} moves of the mixer", moves.len()) } else { String::new() };
        let ranking = mixers::rank(withdrawal, &moves, &|_, _| false, MOST_CANDIDATES);
        let mut links = Vec::new();
        for (rank, candidate) in (1u32..).zip(&ranking.candidates) {
            let stored = Self::stored_of(ledger, &candidate.deposit.end)?.unwrap_or_default();
            let Some(deposited) = stored.first() else { continue };
            let reasons: Vec<&'static str> = candidate.reasons.iter().map(|reason| (*reason).into()).collect();
            let rest = Rest {
                kind: traced::LinkKind::Mixer,
                basis: Basis::Heuristic,
                measured: (rank == 1).then_some(measured::MIXER_FIRST),
                evidence: format!("one of {} deposits{cut}; {}", ranking.deposits, reasons.join(", ")),
            };
            let from = TransferId { chain: at.chain, number: deposited.number };
            let whole = (Piece::whole(deposited.amount), Piece::whole(withdrawn.amount));
            links.push(rest.link((from, whole.0), (at, whole.1), rank));
        }
        Ok(links)
    }
}

/// What links of one record share.
struct Rest {
    kind: traced::LinkKind,
    basis: Basis,
    measured: Option<Measured>,
    evidence: String,
}

impl Rest {
    fn of(link: &crate::link::Link) -> Self {
        let kind = match link.kind {
            LinkKind::Swap => traced::LinkKind::Swap,
            LinkKind::Wrap => traced::LinkKind::Wrap,
            LinkKind::Bridge => traced::LinkKind::Bridge,
        };
        let basis = match link.certainty {
            Certainty::Message => Basis::Message,
            // Who received it wrote the memo, or let it be written.
            Certainty::ClaimedByMemo => Basis::Heuristic,
            Certainty::Event => Basis::Event,
            Certainty::NetFlow => Basis::NetFlow,
            Certainty::Heuristic => Basis::Heuristic,
        };
        let evidence = &link.evidence;
        let is_claim = link.certainty == Certainty::ClaimedByMemo;
        let claim = if is_claim { ", claimed by memo, which anybody can write" } else { "" };
        let message = evidence.message.map(|id| format!(", message 0x{}", hex::encode(id))).unwrap_or_default();
        let logs = match evidence.logs.as_slice() {
            [] => String::new(),
            logs => format!(", logs {}", logs.iter().map(u32::to_string).collect::<Vec<_>>().join(" ")),
        };
        Rest {
            kind,
            basis,
            measured: measured::of(evidence.rule, link.certainty),
            evidence: format!("{}{claim}{message}{logs}", evidence.rule.name()),
        }
    }

    fn link(&self, from: (TransferId, Piece), to: (TransferId, Piece), rank: u32) -> traced::Link {
        traced::Link {
            from: from.0,
            from_piece: from.1,
            to: to.0,
            to_piece: to.1,
            kind: self.kind,
            basis: self.basis,
            error_ppm: self.measured.map(|m| m.error_ppm()),
            pairs: self.measured.map_or(0, |m| m.pairs()),
            rank,
            evidence: self.evidence.clone(),
        }
    }
}

impl traced::Links for LedgerLinks<'_> {
    fn links_from(&self, from: TransferId) -> Result<Vec<traced::Link>, LedgerError> {
        self.links_of(from, true)
    }

    fn links_to(&self, to: TransferId) -> Result<Vec<traced::Link>, LedgerError> {
        self.links_of(to, false)
    }
}

/// Traces know errors of ledgers: a store's damage is one.
fn ledger_error(error: LinkError) -> LedgerError {
    match error {
        LinkError::Io(path, e) => LedgerError::Io(path, e),
        LinkError::Damaged { file, row, what } => LedgerError::Damaged { file, row, what },
        LinkError::NotStored(number) => LedgerError::NotStored("record of links", number),
        other => LedgerError::Damaged { file: "links", row: 0, what: other.to_string() },
    }
}
