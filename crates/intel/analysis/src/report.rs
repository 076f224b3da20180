//! A trace in words: txids, addresses, labels; the form that is shown, served and put into evidence bundles.

use crate::same_chain;
use crate::trace::{Bounds, Direction, EndKind, Policy, Trace, TraceOptions};
use crate::view::{LedgerView, View};
use holdfast_attribution::{Category, Clusters, Risk, TagStore, Tlp};
use holdfast_utxo_ledger::Source;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Names for the numbers of a [`View`].
pub trait Describe: View {
    /// Txid and output index.
    fn outpoint(&self, place: Source) -> (String, u32);
    /// Returns a transaction's id.
    fn txid(&self, tx: u32) -> String;
    /// Height of a transaction's block.
    fn height(&self, tx: u32) -> u32;
    /// Returns an address as text.
    fn address_text(&self, address: u32) -> String;
    /// Label and source of the tag that an address counts under.
    fn label(&self, address: u32) -> Option<(String, String)>;
    /// Returns the network's name.
    fn network(&self) -> String;
}

/// A ledger with everything known about its addresses.
#[derive(Debug, Clone, Copy)]
pub struct NamedView<'a> {
    /// The ledger with categories.
    pub view: LedgerView<'a>,
    /// Clusters.
    pub clusters: &'a Clusters,
    /// Tags.
    pub tags: &'a TagStore,
    /// Whom it is for: tags with a label above this one do not exist for them.
    pub clearance: Tlp,
}

impl View for NamedView<'_> {
    same_chain!();

    fn category(&self, address: u32) -> Category {
        self.view.entities.category_for(self.tags, self.clusters, address, self.clearance)
    }
}

impl Describe for NamedView<'_> {
    fn outpoint(&self, place: Source) -> (String, u32) {
        match place {
            Source::Output(o) => {
                let (tx, vout) = self.view.ledger.outpoint(o);
                (self.txid(tx), vout)
            }
            Source::External(e) => {
                let row = self.view.ledger.external(e);
                (holdfast_bitcoin::display_hash(&row.txid), row.vout)
            }
        }
    }

    fn txid(&self, tx: u32) -> String {
        self.view.ledger.txid_text(tx)
    }

    fn height(&self, tx: u32) -> u32 {
        self.view.ledger.block_of_tx(tx).height
    }

    fn address_text(&self, address: u32) -> String {
        self.view.ledger.address_text(address)
    }

    fn label(&self, address: u32) -> Option<(String, String)> {
        let tag = self.view.entities.tag_for(self.tags, self.clusters, address, self.clearance)?;
        Some((tag.label.clone(), tag.source.clone()))
    }

    fn network(&self) -> String {
        self.view.ledger.network().to_string()
    }
}

/// A place of marked money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Place {
    /// Transaction that made the output.
    pub txid: String,
    /// Output index.
    pub vout: u32,
    /// Address; `None` when not known.
    pub address: Option<String>,
    /// Label of the tag that the address counts under.
    pub label: Option<String>,
    /// Category.
    #[schema(value_type = String)]
    pub category: Category,
    /// Marked base units.
    pub amount: u64,
}

/// A movement: a place, and the transaction on the other side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Movement {
    /// The output that moves.
    #[serde(flatten)]
    pub place: Place,
    /// Forward: the transaction that spends it. Backward: the transaction that made it.
    pub tx: String,
    /// Height of that transaction.
    pub height: u32,
    /// Transactions from the start.
    pub hops: u32,
    /// The transaction passed just before.
    pub via: Option<String>,
}

/// An end of the trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ending {
    /// Where the money lies or came from.
    #[serde(flatten)]
    pub place: Place,
    /// Why the trace stops there.
    pub kind: EndKind,
    /// Source of the tag, where there is one.
    pub source: Option<String>,
    /// Transactions from the start.
    pub hops: u32,
    /// The transaction passed just before.
    pub via: Option<String>,
}

/// A trace, described.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TraceReport {
    /// Whose chain.
    pub network: String,
    /// Which way.
    pub direction: Direction,
    /// How marks pass.
    pub policy: Policy,
    /// Where it stops at the latest.
    pub bounds: Bounds,
    /// Whether services were traced through.
    pub through_services: bool,
    /// Marked at the start.
    pub starts: Vec<Place>,
    /// Sum of the starts, less what they have in common, base units.
    pub marked: u64,
    /// Clean money drawn in by poison.
    pub added: u64,
    /// Gone into fees.
    pub fees: u64,
    /// Found at ends, bounds included.
    pub found: u64,
    /// marked + added = found + fees.
    pub balances: bool,
    /// Ends by category, largest first: (category, base units).
    #[schema(value_type = Vec<Vec<serde_json::Value>>)]
    pub by_category: Vec<(Category, u64)>,
    /// Ends by kind, largest first.
    #[schema(value_type = Vec<Vec<serde_json::Value>>)]
    pub by_kind: Vec<(EndKind, u64)>,
    /// 0 to 100: share of the found money at ends of severe (whole), high (three quarters) and medium (one quarter) risk.
    pub risk_score: u32,
    /// Movements.
    pub movements: Vec<Movement>,
    /// Ends.
    pub ends: Vec<Ending>,
    /// Peel chains: txids in order and base units peeled off.
    #[schema(value_type = Vec<Vec<serde_json::Value>>)]
    pub peel_chains: Vec<(Vec<String>, u64)>,
    /// Transactions with inputs of unknown amount, taken as the least possible.
    pub assumed: Vec<String>,
}

impl TraceReport {
    /// Describes a trace.
    pub fn new(view: &impl Describe, trace: &Trace, options: &TraceOptions) -> Self {
        let place = |source: Source, amount: u64| {
            let (txid, vout) = view.outpoint(source);
            let address = view.source_info(source).address;
            Place {
                txid,
                vout,
                address: address.map(|a| view.address_text(a)),
                label: address.and_then(|a| view.label(a)).map(|l| l.0),
                category: address.map_or(Category::UNATTRIBUTED, |a| view.category(a)),
                amount,
            }
        };
        let mut by_category: BTreeMap<Category, u64> = BTreeMap::new();
        let mut by_kind: BTreeMap<String, (EndKind, u64)> = BTreeMap::new();
        let mut weighted = 0u128;
        for end in &trace.ends {
            *by_category.entry(end.category).or_default() += end.amount;
            by_kind.entry(format!("{:?}", end.kind)).or_insert((end.kind, 0)).1 += end.amount;
            weighted += u128::from(end.amount) * u128::from(risk_weight(end.category.risk()));
        }
        let mut by_category: Vec<_> = by_category.into_iter().collect();
        by_category.sort_by_key(|(c, n)| (std::cmp::Reverse(*n), *c));
        let mut by_kind: Vec<_> = by_kind.into_values().collect();
        by_kind.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        let found = trace.found();
        TraceReport {
            network: view.network(),
            direction: options.direction,
            policy: options.policy,
            bounds: options.bounds,
            through_services: options.through_services,
            starts: trace.starts.iter().map(|(s, amount)| place(*s, *amount)).collect(),
            marked: trace.marked,
            added: trace.added,
            fees: trace.fees,
            found,
            balances: trace.balances(),
            by_category,
            by_kind,
            risk_score: weighted.checked_div(found.into()).and_then(|score| u32::try_from(score).ok()).unwrap_or(0),
            movements: trace
                .edges
                .iter()
                .map(|e| Movement {
                    place: place(e.place, e.amount),
                    tx: view.txid(e.tx),
                    height: view.height(e.tx),
                    hops: e.hops,
                    via: e.via.map(|t| view.txid(t)),
                })
                .collect(),
            ends: trace
                .ends
                .iter()
                .map(|e| Ending {
                    place: place(e.place, e.amount),
                    kind: e.kind,
                    source: view.source_info(e.place).address.and_then(|a| view.label(a)).map(|l| l.1),
                    hops: e.hops,
                    via: e.via.map(|t| view.txid(t)),
                })
                .collect(),
            peel_chains: trace
                .peel_chains
                .iter()
                .map(|c| (c.txs.iter().map(|t| view.txid(*t)).collect(), c.peeled))
                .collect(),
            assumed: trace.assumed.iter().map(|t| view.txid(*t)).collect(),
        }
    }
}

/// Returns the weight of a risk in scores, in percent.
pub fn risk_weight(risk: Risk) -> u32 {
    match risk {
        Risk::Severe => 100,
        Risk::High => 75,
        Risk::Medium => 25,
        Risk::Low | Risk::None => 0,
    }
}

/// Returns base units as coins with eight decimals.
pub fn coins(amount: u64) -> String {
    format!("{}.{:08}", amount / 100_000_000, amount % 100_000_000)
}
