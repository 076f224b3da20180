//! A trace's result by the names of chains, transactions and accounts: equal whatever numbers its ledger or its bundle gives them.

use crate::contents::Backing;
use holdfast_account_ledger::{self as ledger, LedgerError, TransferNumber};
use holdfast_analysis::accounts::{AccountEndKind, AccountTrace, Books};
use holdfast_analysis::links::{Basis, LinkKind, TransferId};
use holdfast_types::{Amount, AssetId, ChainId};
use serde::{Deserialize, Serialize};

/// A transfer by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferName {
    /// Chain.
    pub chain: ChainId,
    /// Height of its block.
    pub height: u64,
    /// Hash of its transaction; none of what happens outside transactions.
    pub transaction: Option<String>,
    /// Where in the block: the transaction itself, a log, a call inside it.
    pub position: String,
    /// Kind.
    pub kind: String,
}

/// A transfer that moved marked money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovementReport {
    /// The transfer.
    pub transfer: TransferName,
    /// Unix seconds of its block.
    pub time: u64,
    /// What moved.
    pub asset: AssetId,
    /// Sender.
    pub from: Option<String>,
    /// Receiver.
    pub to: Option<String>,
    /// The whole transfer, base units.
    pub whole: Amount,
    /// Marked part of it.
    pub amount: Amount,
    /// Transfers from the start.
    pub hops: u32,
}

/// Marked money at an end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndReport {
    /// What.
    pub asset: AssetId,
    /// Account where it lies or came from.
    pub account: Option<String>,
    /// The transfer at which the trace ends.
    pub transfer: Option<TransferName>,
    /// How much, base units.
    pub amount: Amount,
    /// Why the trace stops.
    pub kind: AccountEndKind,
    /// What the account counts under.
    pub category: String,
    /// The account's name, and who states it.
    pub label: Option<(String, String)>,
    /// Transfers from the start.
    pub hops: u32,
}

/// The books of an asset, base units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BooksReport {
    /// What.
    pub asset: AssetId,
    /// Marked at the starts.
    pub marked: Amount,
    /// Clean money that poison drew in.
    pub added: Amount,
    /// What came from other assets and chains by links.
    pub crossed_in: Amount,
    /// What went to other assets and chains by links.
    pub crossed_out: Amount,
    /// What came a second time to money that was marked already.
    pub common: Amount,
    /// Found at the ends.
    pub found: Amount,
    /// Went into fees.
    pub fees: Amount,
    /// Whether the asset's transfers agree with each other.
    pub backing: Backing,
    /// Whether moves inside transactions were not read.
    pub internal_unknown: bool,
}

/// Marked money that crossed a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrossingReport {
    /// By which it left.
    pub from: TransferName,
    /// By which it came out.
    pub to: TransferName,
    /// What joins them.
    pub kind: LinkKind,
    /// What the link rests on.
    pub basis: Basis,
    /// Wrong ones among a million at most, as it was measured.
    pub error_ppm: Option<u32>,
    /// What shows it.
    pub evidence: String,
    /// Marked money that left, base units.
    pub left: Amount,
    /// Marked money that came out, base units.
    pub reached: Amount,
}

/// What may have become of money in a mixer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CandidateReport {
    /// The transfer at which the trace ends.
    pub of: TransferName,
    /// The transfer that may be the other side.
    pub transfer: TransferName,
    /// Place among the candidates.
    pub rank: u32,
    /// Wrong ones among a million at most, as it was measured.
    pub error_ppm: Option<u32>,
}

/// An opening balance that nobody states.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssumedReport {
    /// What.
    pub asset: AssetId,
    /// Whose.
    pub account: String,
    /// The least possible, base units.
    pub amount: Amount,
}

/// The result of a trace over account chains, by names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The books of each asset.
    pub books: Vec<BooksReport>,
    /// Transfers of marked money.
    pub movements: Vec<MovementReport>,
    /// Where it lies or came from.
    pub ends: Vec<EndReport>,
    /// Links that were crossed.
    pub crossings: Vec<CrossingReport>,
    /// What may have become of what ended in mixers: never facts.
    pub candidates: Vec<CandidateReport>,
    /// Opening balances that nobody states.
    pub assumed: Vec<AssumedReport>,
}

/// What a report needs of a chain beside the trace.
pub(crate) trait Describe {
    fn chain(&self) -> &ChainId;
    fn transfer(&self, number: TransferNumber) -> Result<Described, LedgerError>;
    fn account(&self, account: u32) -> Result<String, LedgerError>;
    fn asset(&self, asset: u32) -> Result<AssetId, LedgerError>;
    fn label(&self, account: u32) -> Option<(String, String)>;
}

/// A transfer as reports describe it.
pub(crate) struct Described {
    pub stored: ledger::StoredTransfer,
    pub name: TransferName,
    pub time: u64,
}

impl From<ledger::Backing> for Backing {
    fn from(backing: ledger::Backing) -> Self {
        match backing {
            ledger::Backing::Backed => Backing::Backed,
            ledger::Backing::Unbacked { .. } => Backing::Unbacked,
            ledger::Backing::Unknown => Backing::Unknown,
        }
    }
}

impl Report {
    pub(crate) fn new(chains: &[&dyn Describe], trace: &AccountTrace) -> Result<Self, LedgerError> {
        let chain =
            |n: u16| chains.get(usize::from(n)).copied().ok_or(LedgerError::NotStored("chain of the trace", n.into()));
        let name = |id: TransferId| Ok::<_, LedgerError>(chain(id.chain)?.transfer(id.number)?.name);
        let mut report = Report {
            books: Vec::with_capacity(trace.books.len()),
            movements: Vec::with_capacity(trace.movements.len()),
            ends: Vec::with_capacity(trace.ends.len()),
            crossings: Vec::with_capacity(trace.crossings.len()),
            candidates: Vec::with_capacity(trace.candidates.len()),
            assumed: Vec::with_capacity(trace.assumed.len()),
        };
        for book in &trace.books {
            let asset = chain(book.chain)?.asset(book.asset)?;
            let Books { marked, added, crossed_in, crossed_out, fees, found, common } = book.books;
            let (backing, internal_unknown) = (book.backing.into(), book.internal_unknown);
            let sums = BooksReport {
                asset,
                marked,
                added,
                crossed_in,
                crossed_out,
                common,
                found,
                fees,
                backing,
                internal_unknown,
            };
            report.books.push(sums);
        }
        for movement in &trace.movements {
            let on = chain(movement.transfer.chain)?;
            let Described { stored, name, time } = on.transfer(movement.transfer.number)?;
            let account = |account: Option<u32>| account.map(|a| on.account(a)).transpose();
            report.movements.push(MovementReport {
                transfer: name,
                time,
                asset: on.asset(movement.asset)?,
                from: account(stored.from)?,
                to: account(stored.to)?,
                whole: stored.amount,
                amount: movement.amount,
                hops: movement.hops,
            });
        }
        for end in &trace.ends {
            let on = chain(end.chain)?;
            report.ends.push(EndReport {
                asset: on.asset(end.asset)?,
                account: end.account.map(|a| on.account(a)).transpose()?,
                transfer: end.transfer.map(|n| name(TransferId { chain: end.chain, number: n })).transpose()?,
                amount: end.amount,
                kind: end.kind,
                category: end.category.name().to_owned(),
                label: end.account.and_then(|a| on.label(a)),
                hops: end.hops,
            });
        }
        for crossing in &trace.crossings {
            let link = &crossing.link;
            report.crossings.push(CrossingReport {
                from: name(link.from)?,
                to: name(link.to)?,
                kind: link.kind,
                basis: link.basis,
                error_ppm: link.error_ppm,
                evidence: link.evidence.clone(),
                left: crossing.left,
                reached: crossing.reached,
            });
        }
        for candidate in &trace.candidates {
            let (of, transfer) = (name(candidate.of)?, name(candidate.transfer)?);
            let (rank, error_ppm) = (candidate.rank, candidate.error_ppm);
            report.candidates.push(CandidateReport { of, transfer, rank, error_ppm });
        }
        for assumed in &trace.assumed {
            let on = chain(assumed.chain)?;
            let (asset, account) = (on.asset(assumed.asset)?, on.account(assumed.account)?);
            report.assumed.push(AssumedReport { asset, account, amount: assumed.amount });
        }
        Ok(report)
    }
}
