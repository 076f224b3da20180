//! One view of both families of chains: who somebody is, what somebody belongs to, and what moved.

use crate::error::ExploreError;
use crate::reports::{EntityRef, Side, Who};
use holdfast_account_workspace::AccountSnapshot;
use holdfast_attribution::{Category, Tag, TagStore, Tlp};
use holdfast_types::{Amount, Hash32};
use holdfast_workspace::Snapshot;
use holdfast_workspace::asset_view::AssetView;
use std::sync::Arc;

/// Most movements that one question reads.
pub const MAX_MOVEMENTS: u64 = 1_000_000;
/// Most inputs, outputs and transfers of their transactions that one question reads.
const MAX_ENDS: u64 = 5_000_000;
/// Most addresses of an entity that one question reads.
pub const MAX_MEMBERS: usize = 100_000;

/// A chain that is explored.
#[derive(Clone, Debug)]
pub enum Chain {
    /// A chain of outputs.
    Outputs(Arc<Snapshot>),
    /// An account chain.
    Accounts(Arc<AccountSnapshot>),
}

/// What stands at the other end of a movement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Node {
    /// An address, by number.
    Address(u32),
    /// A cluster, by its first address.
    Entity(u32),
    /// A transaction, by number.
    Tx(u64),
    /// A transaction of a block that is not stored.
    OutsideTx(Hash32),
    /// The units came into being.
    Created,
    /// The units were destroyed.
    Destroyed,
    /// Fees.
    Fee,
    /// The stored blocks do not tell.
    Unknown,
}

/// A movement, or one counterparty's part of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    /// Number of the transaction; none of a block that is not stored.
    pub(crate) tx: Option<u64>,
    pub(crate) node: Node,
    /// Number of the asset; 0 on chains of outputs.
    pub(crate) asset: u32,
    pub(crate) amount: Amount,
    /// Whether there is more that is not known.
    pub(crate) unknown: bool,
    /// Whether the amount is a share of what several paid or received.
    pub(crate) divided: bool,
    /// Unix seconds.
    pub(crate) time: Option<u64>,
    pub(crate) is_fee: bool,
}

/// A movement of a subject, whoever is at its other end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moved {
    pub(crate) side: Side,
    pub(crate) asset: u32,
    pub(crate) amount: Option<Amount>,
    pub(crate) time: Option<u64>,
}

/// What one question may still read.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    movements: u64,
    ends: u64,
    /// Whether something was left unread.
    pub(crate) exceeded: bool,
}

impl Default for Budget {
    fn default() -> Self {
        Budget { movements: MAX_MOVEMENTS, ends: MAX_ENDS, exceeded: false }
    }
}

impl Budget {
    /// Takes so many movements and ends; false where that is more than is left.
    pub(crate) fn take(&mut self, movements: u64, ends: u64) -> bool {
        match (self.movements.checked_sub(movements), self.ends.checked_sub(ends)) {
            (Some(m), Some(e)) if !self.exceeded => (self.movements, self.ends) = (m, e),
            _ => self.exceeded = true,
        }
        !self.exceeded
    }

    /// States in words what was left unread.
    pub(crate) fn note(&self) -> Option<String> {
        self.exceeded.then(|| {
            format!(
                "more than {MAX_MOVEMENTS} movements or {MAX_ENDS} ends of their transactions: sums are of those that were read"
            )
        })
    }
}

/// What rows are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Transaction,
    Address,
    Entity,
}

/// What parts are wanted of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Of<'a> {
    /// Addresses, at most [`MAX_MEMBERS`].
    pub(crate) addresses: &'a [u32],
    pub(crate) side: Side,
    pub(crate) level: Level,
    /// Only this asset.
    pub(crate) asset: Option<u32>,
}

pub(crate) type Each<'a> = &'a mut dyn FnMut(Part);

/// A chain of either family for a reader of labels up to a clearance.
pub(crate) trait View {
    /// Name of the chain in answers: the network's, or the CAIP-2 id.
    fn name(&self) -> String;
    /// All tags, also those that the reader may not see.
    fn tags(&self) -> &TagStore;
    /// What the reader may see.
    fn clearance(&self) -> Tlp;
    /// Number of the address that a text names.
    fn address(&self, text: &str) -> Result<u32, ExploreError>;
    /// Whether a text has the form of an address of the chain.
    fn is_address(&self, text: &str) -> bool;
    /// Number of the transaction that a text names.
    fn tx(&self, text: &str) -> Result<u64, ExploreError>;
    fn address_text(&self, address: u32) -> Result<String, ExploreError>;
    fn tx_text(&self, tx: u64) -> Result<String, ExploreError>;
    fn asset(&self, asset: u32) -> Result<AssetView, ExploreError>;
    /// Number of the asset that a text names.
    fn asset_number(&self, text: &str) -> Result<u32, ExploreError>;
    /// First address of an address's cluster.
    fn cluster(&self, address: u32) -> u32;
    fn cluster_size(&self, cluster: u32) -> u64;
    /// Addresses of a cluster, rising.
    fn members(&self, cluster: u32) -> Vec<u32>;
    fn category(&self, address: u32) -> Category;
    /// Tag that an address counts under.
    fn tag(&self, address: u32) -> Option<&Tag>;
    /// Tags of an address itself.
    fn own_tags(&self, address: u32) -> Vec<&Tag>;
    /// Calls `each` with the parts of what moved to or from addresses.
    fn parts(&self, of: Of<'_>, budget: &mut Budget, each: Each<'_>) -> Result<(), ExploreError>;
    /// Calls `each` with what pays into a transaction, or what it pays.
    fn parts_of_tx(
        &self,
        tx: u64,
        side: Side,
        level: Level,
        budget: &mut Budget,
        each: Each<'_>,
    ) -> Result<(), ExploreError>;
    /// Calls `each` with the movements of an address on both sides, of one asset or of all.
    fn moved(
        &self,
        address: u32,
        asset: Option<u32>,
        budget: &mut Budget,
        each: &mut dyn FnMut(Moved),
    ) -> Result<(), ExploreError>;

    /// All tags that the reader may see.
    fn all_tags(&self) -> Box<dyn Iterator<Item = &Tag> + '_> {
        let clearance = self.clearance();
        Box::new(self.tags().iter().filter(move |t| t.is_for(clearance)))
    }

    /// Id and label of an actor that a tag which the reader may see names.
    fn actor(&self, id: &str) -> Option<(String, String)> {
        // Whoever may read none of its tags does not learn its name.
        let seen = |id: &str| self.all_tags().any(|tag| tag.actor.as_deref() == Some(id));
        self.tags().actor(id).filter(|a| seen(&a.id)).map(|a| (a.id.clone(), a.label.clone()))
    }

    /// Node of an address on a level.
    fn node(&self, address: u32, level: Level) -> Node {
        match level {
            Level::Entity => Node::Entity(self.cluster(address)),
            _ => Node::Address(address),
        }
    }

    /// Who an address is.
    fn who(&self, address: u32) -> Who {
        let own = self.own_tags(address).len() as u64;
        let (tag, category) = (self.tag(address), self.category(address));
        Who {
            label: tag.map(|t| t.label.clone()),
            category,
            risk: category.risk().name().to_owned(),
            tags: own,
            source: tag.map(|t| t.source.clone()).filter(|s| !s.is_empty()),
            confidence: tag.map(|t| t.confidence.level()),
            by_cluster: own == 0 && tag.is_some(),
        }
    }

    /// Entity of an address, where it has more than this one.
    fn entity(&self, address: u32) -> Result<Option<EntityRef>, ExploreError> {
        let cluster = self.cluster(address);
        let addresses = self.cluster_size(cluster);
        if addresses < 2 {
            return Ok(None);
        }
        let label = self.tag(cluster).filter(|t| t.is_cluster_definer).map(|t| t.label.clone());
        Ok(Some(EntityRef { id: self.address_text(cluster)?, addresses, label }))
    }
}

/// Nobody in particular.
pub(crate) fn nobody() -> Who {
    Who {
        label: None,
        category: Category::UNATTRIBUTED,
        risk: Category::UNATTRIBUTED.risk().name().to_owned(),
        tags: 0,
        source: None,
        confidence: None,
        by_cluster: false,
    }
}

impl Chain {
    /// Returns the chain for a reader of labels up to a clearance.
    pub(crate) fn view(&self, clearance: Tlp) -> Box<dyn View + '_> {
        match self {
            Chain::Outputs(chain) => Box::new(crate::outputs::Outputs { chain, clearance }),
            Chain::Accounts(chain) => Box::new(crate::accounts::Accounts { chain, clearance }),
        }
    }
}
