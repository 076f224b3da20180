//! What the desk needs from a chain, whatever its family: of the Bitcoin family, where money lies in outputs, or of accounts.

use crate::error::WorkspaceError;
use crate::freeze_view::FreezeView;
use crate::reports::{ExposureView, PAGE, Subject, TraceRequest};
use crate::workspace::Snapshot;
use holdfast_attribution::tags::weightiest;
use holdfast_attribution::{Category, Tag, TagStore, Tlp};
use holdfast_bitcoin::AddressKey;
use holdfast_types::{Address, Amount, Asset, ChainId};
use holdfast_utxo_ledger::Source;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// How much of a chain is known, and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainCoverage {
    /// Height of the highest block; `None` while nothing is stored.
    pub tip_height: Option<u32>,
    /// Hash of the highest block, as explorers print it.
    pub tip_hash: Option<String>,
    /// Height of the block up to which tags are in exposures, while newer ones are being worked in; `None` when all are.
    pub exposures_as_of_height: Option<u32>,
    /// What is missing on this chain, in words, such as movements inside contracts; empty when everything is there.
    pub gaps: Vec<String>,
}

/// A chain on which something was looked up, and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct CoveredChain {
    /// Name, such as litecoin.
    pub chain: String,
    /// Height of its highest block; absent while nothing is stored.
    pub tip_height: Option<u32>,
    /// What was not looked up on it, in words; empty when everything was.
    pub gaps: Vec<String>,
}

impl CoveredChain {
    /// Returns a chain as it is now. One that cannot be read states why as a gap.
    #[must_use]
    pub fn of(chain: &dyn ChainQueries) -> Self {
        match chain.fault() {
            Some(why) => CoveredChain { chain: chain.name(), tip_height: None, gaps: vec![why] },
            None => {
                let coverage = chain.coverage();
                CoveredChain { chain: chain.name(), tip_height: coverage.tip_height, gaps: coverage.gaps }
            }
        }
    }

    /// Returns the chain and its height in words, with its gaps.
    #[must_use]
    pub fn text(&self) -> String {
        let height = self.tip_height.map_or("no block".to_owned(), |height| format!("up to block {height}"));
        match self.gaps.is_empty() {
            true => format!("{} {height}", self.chain),
            false => format!("{} {height} ({})", self.chain, self.gaps.join("; ")),
        }
    }
}

/// What is known of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressFacts {
    /// The address in its canonical form.
    pub address: String,
    /// Whether the chain mentions it.
    pub is_on_chain: bool,
    /// Category that it counts under.
    pub category: Category,
    /// The tags that it counts under, the riskiest first, at most [`MAX_TAGS`]: its own, else that of its cluster.
    pub tags: Vec<Tag>,
}

/// Most tags of an address that a chain answers with.
pub const MAX_TAGS: usize = 8;

/// A payment of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Its identity on the chain: transaction and output, log or trace path.
    pub id: String,
    /// Transaction.
    pub tx: String,
    /// What is paid.
    pub asset: Asset,
    /// Who pays, where the chain names one for this payment alone; a transaction of outputs has one side of payers for all of them.
    pub from: Option<String>,
    /// Whom it pays, where the chain names somebody.
    pub to: Option<String>,
    /// Base units; `None` when not known.
    pub amount: Option<Amount>,
    /// Height of its block; `None` when that is not stored.
    pub height: Option<u32>,
}

/// One category's part of an exposure, in base units of the asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CategoryAmount {
    /// Category.
    pub category: Category,
    /// Directly from or to it.
    pub direct: Amount,
    /// Through unattributed addresses.
    pub indirect: Amount,
}

/// Where money came from and went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChainExposure {
    /// Where it came from, largest first.
    pub source: Vec<CategoryAmount>,
    /// Where it went, largest first.
    pub destination: Vec<CategoryAmount>,
    /// What the parts of `source` are of, where more was looked at than they sum to.
    pub source_amount: Option<Amount>,
    /// What the parts of `destination` are of, where more was looked at than they sum to.
    pub destination_amount: Option<Amount>,
    /// Amounts that are not known and in no sum.
    pub unknown_amounts: u64,
    /// Part of the source of which it is not known where it came from, in millionths: beyond bounds, before the first block, on chains that are not held;
    /// of coin all of it, where moves inside transactions were not read.
    pub unknown_source_ppm: u64,
    /// The part of `unknown_source_ppm` that was there before the ledger's first block.
    pub older_source_ppm: u64,
    /// Whether no figure of the asset is sound: its transfers contradict each other.
    pub is_unsound: bool,
    /// What the figures leave out, in words.
    pub gaps: Vec<String>,
    /// Height of the block up to which tags are in these figures; `None` when all are.
    pub as_of_height: Option<u32>,
}

/// Where a trace ended, or what it passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceEndpoint {
    /// Chain that it is on: another than the start's where the trace went over a bridge.
    pub chain: ChainId,
    /// What the amount is of.
    pub asset: Asset,
    /// Address, where known.
    pub address: Option<String>,
    /// Category that it counts under.
    pub category: Category,
    /// Marked base units.
    pub amount: Amount,
    /// Transfers from the start.
    pub hops: u32,
    /// Whether the money went on from there.
    pub is_passed: bool,
    /// Whether some of it was not followed further because of the bounds.
    pub is_cut: bool,
}

/// How far the money of a payment is followed back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BehindBounds {
    /// Transfers before the payment, at most; the two sides of a swap or bridge are one.
    pub max_hops: u32,
    /// Smallest part of the payment that counts, in millionths.
    pub min_share_ppm: u64,
    /// Movements that are passed at most.
    pub max_edges: usize,
    /// Most places in the answer.
    pub most: usize,
}

/// A place that the money of a payment came through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceBehind {
    /// The transfer that brought it there: its transaction and place.
    pub transfer: String,
    /// Its address, where known.
    pub address: Option<String>,
    /// Transfers from there to the payment.
    pub hops: u32,
    /// Part of the payment, in millionths.
    pub share_ppm: u64,
    /// Position in the answer of the place that it went to next; absent where that is the payment.
    pub into: Option<usize>,
}

/// The places that the money of a payment came through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlacesBehind {
    /// The nearest first.
    pub places: Vec<PlaceBehind>,
    /// Whether there may be others that the bounds on movements and places left out.
    pub is_cut: bool,
}

/// Whether an address imitates one of those that some addresses dealt with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imitation {
    /// The address that it imitates.
    pub of: Option<String>,
    /// What was not looked at, in words; nothing where all was.
    pub gaps: Vec<String>,
}

/// The questions that screening, the desk and pages put to a chain. Answers are of one moment: who holds it sees no change.
pub trait ChainQueries: Send + Sync {
    /// Returns which chain it is.
    fn id(&self) -> ChainId;

    /// Returns the name that people and configuration use for it, such as `litecoin`.
    fn name(&self) -> String {
        self.id().to_string()
    }

    /// Returns the snapshot, where money of the chain lies in outputs: for what only such chains have, which are unconfirmed transactions,
    /// coinjoins, peel chains, clusters.
    fn outputs(&self) -> Option<&Snapshot> {
        None
    }

    /// Returns why the stored chain cannot be read, if so.
    fn fault(&self) -> Option<String> {
        None
    }

    /// Returns the chain with other tags; none where it is given them in another way.
    fn with_tags(&self, _tags: &Arc<TagStore>) -> Option<Arc<dyn ChainQueries>> {
        None
    }

    /// Returns whether text is an address in a form of the chain.
    fn is_address(&self, text: &str) -> bool;

    /// Returns an address as the chain writes it, where it can be on the chain. Who controls a script controls it on every chain of Bitcoin's
    /// family, so that these return an address of each other in their own form.
    fn own_form(&self, text: &str) -> Option<String> {
        let text = crate::lookup::bare(text);
        self.is_address(&text).then_some(text)
    }

    /// Returns the assets whose movements the chain's ledger holds.
    fn assets(&self) -> Vec<Asset>;

    /// Returns whether the ledger holds the movements of an asset, named by ticker or CAIP-19 id.
    fn has_asset(&self, asset: &str) -> bool {
        self.assets().iter().any(|own| {
            let native = own.ticker().is_some_and(|ticker| Asset::same(ticker, asset));
            native || own.id().is_some_and(|id| Asset::same(&id.to_string(), asset))
        })
    }

    /// Returns the tip and what is known up to it.
    fn coverage(&self) -> ChainCoverage;

    /// Returns what was not looked at in the stored blocks, in words: what a finding about a transfer of the chain may lack. Standing notes, such as which
    /// moves no root commits to, are none.
    fn blind_spots(&self) -> Vec<String> {
        self.coverage().gaps
    }

    /// Returns what is known of an address, for a reader of labels up to `clearance`.
    ///
    /// # Errors
    /// [`WorkspaceError::Query`] for text that is no address of the chain.
    fn address_facts(&self, address: &str, clearance: Tlp) -> Result<AddressFacts, WorkspaceError>;

    /// Returns the freezes of an address by issuers of tokens that are proposed or in force; none on chains without such.
    ///
    /// # Errors
    /// [`WorkspaceError::Query`] for text that is no address of the chain.
    fn freezes_of(&self, _address: &str) -> Result<Vec<FreezeView>, WorkspaceError> {
        Ok(Vec::new())
    }

    /// Returns what is not known of issuers' freezes, in words; nothing on chains without such.
    ///
    /// # Errors
    /// [`WorkspaceError`] when the chain does not read.
    fn freeze_gaps(&self) -> Result<Vec<String>, WorkspaceError> {
        Ok(Vec::new())
    }

    /// Returns the freezes of an address that are proposed or in force, on this chain and on those that it is seen with, and on which of those they are not
    /// known, in words. An address of another form than theirs has none.
    ///
    /// # Errors
    /// [`WorkspaceError`] when this chain's store does not read.
    fn freezes_of_any(&self, address: &str) -> Result<(Vec<FreezeView>, Vec<String>), WorkspaceError> {
        let freezes = if self.is_address(address) { self.freezes_of(address)? } else { Vec::new() };
        Ok((freezes, Vec::new()))
    }

    /// Returns the address that another one imitates, among those that any of `own` dealt with; none on chains that do not look for it.
    ///
    /// # Errors
    /// [`WorkspaceError::Query`] for text that is no address of the chain.
    fn imitated_by(&self, _address: &str, _own: &[String]) -> Result<Imitation, WorkspaceError> {
        Ok(Imitation::default())
    }

    /// Returns payments that an address received, oldest first, after the first `skip` and at most [`PAGE`].
    ///
    /// # Errors
    /// [`WorkspaceError::Query`] for text that is no address, [`WorkspaceError::NotFound`] for one that the chain does not mention.
    fn received(&self, address: &str, skip: usize) -> Result<Vec<Payment>, WorkspaceError>;

    /// Returns what went into a transaction: who paid.
    ///
    /// # Errors
    /// [`WorkspaceError`] for text that is no stored transaction.
    fn payments_in(&self, tx: &str) -> Result<Vec<Payment>, WorkspaceError>;

    /// Returns what came out of a transaction: who was paid.
    ///
    /// # Errors
    /// [`WorkspaceError`] for text that is no stored transaction.
    fn payments_out(&self, tx: &str) -> Result<Vec<Payment>, WorkspaceError>;

    /// Returns where the money of an address, transaction or payment came from and went: that in an asset, which need not be named where the subject
    /// moves one alone.
    ///
    /// # Errors
    /// [`WorkspaceError`] for text that names nothing stored, and for a subject of several assets where none is named.
    fn exposure_of(&self, subject: &str, asset: Option<&str>) -> Result<ChainExposure, WorkspaceError>;

    /// Returns what the money of a payment of accounts came through, over swaps and bridges too.
    ///
    /// # Errors
    /// [`WorkspaceError`] for text that is no payment of the chain.
    fn behind(&self, _payment: &str, _bounds: BehindBounds) -> Result<PlacesBehind, WorkspaceError> {
        Ok(PlacesBehind::default())
    }

    /// Follows money, and returns where it ended; of chains of accounts also where it passed.
    ///
    /// # Errors
    /// [`WorkspaceError`] for a subject that names nothing stored, and bounds that are too wide.
    fn trace_ends(&self, request: &TraceRequest, clearance: Tlp) -> Result<Vec<TraceEndpoint>, WorkspaceError>;
}

impl From<&ExposureView> for ChainExposure {
    fn from(view: &ExposureView) -> Self {
        let lines = |lines: &[crate::reports::ExposureLine]| {
            let line = |l: &crate::reports::ExposureLine| CategoryAmount {
                category: l.category,
                direct: Amount::from(l.direct),
                indirect: Amount::from(l.indirect),
            };
            lines.iter().map(line).collect()
        };
        ChainExposure {
            source: lines(&view.source),
            destination: lines(&view.destination),
            unknown_amounts: view.unknown_receipts + view.unknown_inputs.iter().map(|u| u.inputs).sum::<u64>(),
            as_of_height: view.as_of_height,
            ..ChainExposure::default()
        }
    }
}

impl Snapshot {
    fn own_asset(&self) -> Asset {
        Asset::parse(self.asset()).expect("tickers of networks are assets")
    }

    fn tx_number(&self, text: &str) -> Result<u32, WorkspaceError> {
        match self.subject(text)? {
            Subject::Tx(tx) => Ok(tx),
            _ => Err(WorkspaceError::Query(
                text.to_owned(),
                self.ledger.network(),
                "a transaction is needed here".into(),
            )),
        }
    }

    /// Returns a place of money as a payment to its address.
    fn payment(&self, place: Source) -> Payment {
        let (info, receipt) = (self.ledger.source_info(place), self.receipt(place));
        Payment {
            id: format!("{}:{}", receipt.txid, receipt.vout),
            tx: receipt.txid,
            asset: self.own_asset(),
            from: None,
            to: info.address.map(|address| self.ledger.address_text(address)),
            amount: info.value.map(Amount::from),
            height: receipt.height,
        }
    }
}

impl ChainQueries for Snapshot {
    fn id(&self) -> ChainId {
        ChainId::of(self.ledger.network())
    }

    fn name(&self) -> String {
        self.ledger.network().to_string()
    }

    fn outputs(&self) -> Option<&Snapshot> {
        Some(self)
    }

    fn fault(&self) -> Option<String> {
        self.ledger.check_lengths().err().map(|e| e.to_string())
    }

    fn is_address(&self, text: &str) -> bool {
        AddressKey::parse(&crate::lookup::bare(text), self.ledger.network()).is_ok()
    }

    fn own_form(&self, text: &str) -> Option<String> {
        let (network, text) = (self.ledger.network(), crate::lookup::bare(text));
        // The chain's own reading comes first: on test networks an address of the same script is written in more than one way.
        let own = AddressKey::parse(&text, network).ok();
        let key = own.or_else(|| Address::read(&text).script().copied());
        key.map(|key| key.to_text(network))
    }

    fn assets(&self) -> Vec<Asset> {
        vec![self.own_asset()]
    }

    fn has_asset(&self, asset: &str) -> bool {
        Asset::same(asset, self.asset())
    }

    fn coverage(&self) -> ChainCoverage {
        let summary = self.summary();
        ChainCoverage {
            tip_height: summary.tip_height,
            tip_hash: summary.tip_hash,
            exposures_as_of_height: summary.exposures_as_of_height,
            gaps: Vec::new(),
        }
    }

    fn address_facts(&self, address: &str, clearance: Tlp) -> Result<AddressFacts, WorkspaceError> {
        let network = self.ledger.network();
        let key = AddressKey::parse(&crate::lookup::bare(address), network)
            .map_err(|e| WorkspaceError::Query(address.chars().take(130).collect(), network, e.to_string()))?;
        let canonical = key.to_text(network);
        let mut tags: Vec<&Tag> = self.tags.tags_of(&canonical).filter(|t| t.is_for(clearance)).collect();
        tags.sort_by_key(|t| std::cmp::Reverse((t.concept().risk(), t.confidence.level())));
        tags.truncate(MAX_TAGS);
        let number = self.ledger.address_number(&key);
        let own = || weightiest(tags.iter().copied()).map_or(Category::UNATTRIBUTED, Tag::concept);
        let of_ledger = |n| self.entities.category_for(&self.tags, &self.clusters, n, clearance);
        let category = number.map_or_else(own, of_ledger);
        if tags.is_empty()
            && let Some(number) = number
        {
            tags.extend(self.entities.definer_for(&self.tags, self.clusters.of(number), clearance));
        }
        Ok(AddressFacts {
            is_on_chain: number.is_some(),
            category,
            tags: tags.into_iter().cloned().collect(),
            address: canonical,
        })
    }

    fn received(&self, address: &str, skip: usize) -> Result<Vec<Payment>, WorkspaceError> {
        let places = self.ledger.outputs_of_address(self.address_of(address)?);
        Ok(places.into_iter().skip(skip).take(PAGE).map(|place| self.payment(place)).collect())
    }

    fn payments_in(&self, tx: &str) -> Result<Vec<Payment>, WorkspaceError> {
        Ok(self.ledger.sources(self.tx_number(tx)?).map(|place| self.payment(place)).collect())
    }

    fn payments_out(&self, tx: &str) -> Result<Vec<Payment>, WorkspaceError> {
        Ok(self.ledger.outputs(self.tx_number(tx)?).map(|output| self.payment(Source::Output(output))).collect())
    }

    fn exposure_of(&self, subject: &str, _asset: Option<&str>) -> Result<ChainExposure, WorkspaceError> {
        Ok((&self.exposure(subject, false)?).into())
    }

    fn trace_ends(&self, request: &TraceRequest, clearance: Tlp) -> Result<Vec<TraceEndpoint>, WorkspaceError> {
        let (_, report) = self.trace_for(request, clearance)?;
        let end = |end: holdfast_analysis::report::Ending| TraceEndpoint {
            chain: self.id(),
            asset: self.own_asset(),
            is_passed: false,
            is_cut: end.kind.is_bound(),
            address: end.place.address,
            category: end.place.category,
            amount: Amount::from(end.place.amount),
            hops: end.hops,
        };
        Ok(report.ends.into_iter().map(end).collect())
    }
}
