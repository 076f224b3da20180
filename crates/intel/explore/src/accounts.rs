//! Account chains: a movement is a transfer.

use crate::chain::{Budget, Each, Level, MAX_MEMBERS, Moved, Node, Of, Part, View};
use crate::error::ExploreError;
use crate::reports::Side;
use holdfast_account_ledger::{Direction, Posting, StoredTransfer};
use holdfast_account_workspace::AccountSnapshot;
use holdfast_attribution::{Category, Tag, TagStore, Tlp, nobody};
use holdfast_workspace::asset_view::AssetView;
use std::ops::ControlFlow;

pub(crate) struct Accounts<'a> {
    pub(crate) chain: &'a AccountSnapshot,
    pub(crate) clearance: Tlp,
}

/// Every height.
const ALL: std::ops::Range<u64> = 0..u64::MAX;

impl Accounts<'_> {
    /// Calls `each` with an account's postings of an asset or of all, while the budget lasts.
    fn for_each(
        &self,
        account: u32,
        asset: Option<u32>,
        budget: &mut Budget,
        each: &mut dyn FnMut(&Posting) -> Result<(), ExploreError>,
    ) -> Result<(), ExploreError> {
        let ledger = &self.chain.ledger;
        let assets = match asset {
            Some(asset) => vec![asset],
            None => ledger.assets_of(account)?,
        };
        let mut result = Ok(());
        for asset in assets {
            ledger.for_each_posting(account, asset, ALL, |posting| {
                if !budget.take(1, 0) {
                    return ControlFlow::Break(());
                }
                result = each(&posting);
                if result.is_err() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })?;
            if result.is_err() {
                break;
            }
        }
        result
    }

    fn part(&self, transfer: &StoredTransfer, side: Side, level: Level) -> Result<Part, ExploreError> {
        let is_fee = transfer.kind.is_fee();
        let other = match side {
            Side::In => transfer.from.ok_or(Node::Created),
            Side::Out => transfer.to.ok_or(Node::Destroyed),
        };
        let node = match (level, other) {
            (Level::Transaction, _) => Node::Tx(transfer.tx),
            _ if is_fee => Node::Fee,
            (_, Ok(account)) => self.node(account, level),
            (_, Err(nobody)) => nobody,
        };
        Ok(Part {
            tx: Some(transfer.tx),
            node,
            asset: transfer.asset,
            amount: transfer.amount,
            unknown: false,
            divided: false,
            time: Some(self.chain.ledger.time_of_tx(transfer.tx)?),
            is_fee,
        })
    }
}

impl View for Accounts<'_> {
    fn name(&self) -> String {
        self.chain.chain().to_string()
    }

    fn tags(&self) -> &TagStore {
        &self.chain.tags
    }

    fn clearance(&self) -> Tlp {
        self.clearance
    }

    fn address(&self, text: &str) -> Result<u32, ExploreError> {
        Ok(self.chain.known_account(text)?)
    }

    fn is_address(&self, text: &str) -> bool {
        self.chain.account_id(text).is_ok()
    }

    fn tx(&self, text: &str) -> Result<u64, ExploreError> {
        Ok(self.chain.tx_number(text.trim())?)
    }

    fn address_text(&self, address: u32) -> Result<String, ExploreError> {
        Ok(self.chain.address_text(address)?)
    }

    fn tx_text(&self, tx: u64) -> Result<String, ExploreError> {
        Ok(self.chain.hash_text(&self.chain.ledger.tx(tx)?.hash))
    }

    fn asset(&self, asset: u32) -> Result<AssetView, ExploreError> {
        Ok(self.chain.asset_view(asset)?)
    }

    fn asset_number(&self, text: &str) -> Result<u32, ExploreError> {
        Ok(self.chain.asset_number(text)?)
    }

    fn cluster(&self, address: u32) -> u32 {
        if self.sees_clusters() { self.chain.clusters().of(address) } else { address }
    }

    fn cluster_size(&self, cluster: u32) -> u64 {
        if self.sees_clusters() { self.chain.clusters().size(cluster).into() } else { 1 }
    }

    fn members(&self, cluster: u32) -> Vec<u32> {
        self.chain.cluster_members(cluster, self.clearance)
    }

    fn category(&self, address: u32) -> Category {
        self.chain.category_for(address, self.clearance)
    }

    fn tag(&self, address: u32) -> Option<&Tag> {
        self.chain.entity_tag(address, self.clearance)
    }

    fn own_tags(&self, address: u32) -> Vec<&Tag> {
        let Ok(account) = self.chain.ledger.account(address) else { return Vec::new() };
        let text = account.to_address(self.chain.chain()).to_string();
        if nobody::kind(&text).is_some() {
            return Vec::new();
        }
        self.chain.tags.tags_of(&text).filter(|t| t.is_for(self.clearance)).collect()
    }

    fn parts(&self, of: Of<'_>, budget: &mut Budget, each: Each<'_>) -> Result<(), ExploreError> {
        let wanted = if of.side == Side::In { Direction::In } else { Direction::Out };
        for account in of.addresses.iter().take(MAX_MEMBERS) {
            self.for_each(*account, of.asset, budget, &mut |posting| {
                if posting.direction == wanted {
                    each(self.part(&posting.transfer, of.side, of.level)?);
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    fn parts_of_tx(
        &self,
        tx: u64,
        side: Side,
        level: Level,
        budget: &mut Budget,
        each: Each<'_>,
    ) -> Result<(), ExploreError> {
        for transfer in self.chain.ledger.transfers_of(tx)? {
            if !budget.take(1, 0) {
                break;
            }
            each(self.part(&transfer, side, level)?);
        }
        Ok(())
    }

    fn moved(
        &self,
        address: u32,
        asset: Option<u32>,
        budget: &mut Budget,
        each: &mut dyn FnMut(Moved),
    ) -> Result<(), ExploreError> {
        self.for_each(address, asset, budget, &mut |posting| {
            let Posting { transfer, direction } = posting;
            let time = self.chain.ledger.time_of_tx(transfer.tx)?;
            let side = if *direction == Direction::In { Side::In } else { Side::Out };
            each(Moved { side, asset: transfer.asset, amount: Some(transfer.amount), time: Some(time) });
            Ok(())
        })
    }
}

impl Accounts<'_> {
    /// Whether the reader may know clusters.
    fn sees_clusters(&self) -> bool {
        self.clearance >= holdfast_account_workspace::who::CLEARANCE
    }
}
