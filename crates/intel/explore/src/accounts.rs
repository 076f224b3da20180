//! Account chains: a movement is a transfer.

use crate::chain::{Budget, Each, Level, MAX_MEMBERS, Moved, Node, Of, Part, View};
use crate::error::ExploreError;
use crate::reports::Side;
use holdfast_account_ledger::{Direction, StoredTransfer};
use holdfast_account_workspace::AccountSnapshot;
use holdfast_attribution::{Category, Tag, Tlp, nobody};
use holdfast_types::{AccountId, Address, Asset};
use holdfast_workspace::WorkspaceError;
use holdfast_workspace::asset_view::AssetView;
use holdfast_workspace::lookup::bare;
use std::ops::ControlFlow;

pub(crate) struct Accounts<'a> {
    pub(crate) chain: &'a AccountSnapshot,
    pub(crate) clearance: Tlp,
}

/// Every height.
const ALL: std::ops::Range<u64> = 0..u64::MAX;

impl Accounts<'_> {
    fn account_id(&self, text: &str) -> Result<AccountId, ExploreError> {
        let text = bare(text);
        let wrong = |why: String| {
            WorkspaceError::AccountQuery(text.chars().take(130).collect(), self.chain.chain().clone(), why)
        };
        let address = Address::check(&text).map_err(|e| wrong(e.to_string()))?;
        match AccountId::try_from(&address) {
            Ok(account) if address.family() == self.chain.chain().family() => Ok(account),
            _ => Err(wrong("it is no address of this chain".into()).into()),
        }
    }

    fn not_found(&self, text: &str) -> ExploreError {
        let tip = self.chain.ledger.tip().ok().flatten().map_or(0, |tip| u32::try_from(tip.height).unwrap_or(u32::MAX));
        WorkspaceError::NotFound(text.chars().take(130).collect(), tip).into()
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

    fn address(&self, text: &str) -> Result<u32, ExploreError> {
        let account = self.account_id(text)?;
        self.chain.ledger.account_number(&account).ok_or_else(|| self.not_found(text))
    }

    fn is_address(&self, text: &str) -> bool {
        self.account_id(text).is_ok()
    }

    fn tx(&self, text: &str) -> Result<u64, ExploreError> {
        let text = text.trim();
        let hash = hex_32(text.strip_prefix("0x").unwrap_or(text));
        let hash = hash.ok_or_else(|| {
            let why = "a transaction's hash has 64 hex digits".to_owned();
            WorkspaceError::AccountQuery(text.chars().take(130).collect(), self.chain.chain().clone(), why)
        })?;
        self.chain.ledger.tx_by_hash(&hash).ok_or_else(|| self.not_found(text))
    }

    fn address_text(&self, address: u32) -> Result<String, ExploreError> {
        Ok(self.chain.ledger.account(address)?.to_address(self.chain.chain()).checksummed())
    }

    fn tx_text(&self, tx: u64) -> Result<String, ExploreError> {
        Ok(self.chain.hash_text(&self.chain.ledger.tx(tx)?.hash))
    }

    fn asset(&self, asset: u32) -> Result<AssetView, ExploreError> {
        let asset: Asset = self.chain.ledger.asset(asset)?.asset_id(self.chain.chain()).into();
        Ok(AssetView {
            id: asset.id().map_or_else(|| asset.to_string(), ToString::to_string),
            ticker: asset.ticker().map(str::to_owned),
            decimals: asset.decimals(),
        })
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

    fn all_tags(&self) -> Box<dyn Iterator<Item = &Tag> + '_> {
        Box::new(self.chain.tags.iter().filter(|t| t.is_for(self.clearance)))
    }

    fn actor(&self, id: &str) -> Option<(String, String)> {
        // Whoever may read none of its tags does not learn its name.
        let seen = |id: &str| self.all_tags().any(|tag| tag.actor.as_deref() == Some(id));
        self.chain.tags.actor(id).filter(|a| seen(&a.id)).map(|a| (a.id.clone(), a.label.clone()))
    }

    fn parts(&self, of: Of<'_>, budget: &mut Budget, each: Each<'_>) -> Result<(), ExploreError> {
        let wanted = if of.side == Side::In { Direction::In } else { Direction::Out };
        let mut failed = None;
        for account in of.addresses.iter().take(MAX_MEMBERS) {
            let assets = match of.asset {
                Some(asset) => vec![asset],
                None => self.chain.ledger.assets_of(*account)?,
            };
            for asset in assets {
                self.chain.ledger.for_each_posting(*account, asset, ALL, |posting| {
                    if !budget.take(1, 0) {
                        return ControlFlow::Break(());
                    }
                    if posting.direction != wanted {
                        return ControlFlow::Continue(());
                    }
                    match self.part(&posting.transfer, of.side, of.level) {
                        Ok(part) => {
                            each(part);
                            ControlFlow::Continue(())
                        }
                        Err(e) => {
                            failed = Some(e);
                            ControlFlow::Break(())
                        }
                    }
                })?;
                if let Some(e) = failed.take() {
                    return Err(e);
                }
            }
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
        let ledger = &self.chain.ledger;
        let assets = match asset {
            Some(asset) => vec![asset],
            None => ledger.assets_of(address)?,
        };
        let mut failed = None;
        for asset in assets {
            ledger.for_each_posting(address, asset, ALL, |posting| {
                if !budget.take(1, 0) {
                    return ControlFlow::Break(());
                }
                let time = match ledger.time_of_tx(posting.transfer.tx) {
                    Ok(time) => time,
                    Err(e) => {
                        failed = Some(e);
                        return ControlFlow::Break(());
                    }
                };
                let side = if posting.direction == Direction::In { Side::In } else { Side::Out };
                each(Moved { side, asset, amount: Some(posting.transfer.amount), time: Some(time) });
                ControlFlow::Continue(())
            })?;
            if let Some(e) = failed.take() {
                return Err(e.into());
            }
        }
        Ok(())
    }
}

impl Accounts<'_> {
    /// Whether the reader may know clusters.
    fn sees_clusters(&self) -> bool {
        self.clearance >= holdfast_account_workspace::who::CLEARANCE
    }
}

/// Reads 64 hexadecimal digits.
pub(crate) fn hex_32(text: &str) -> Option<[u8; 32]> {
    hex::decode(text).ok()?.try_into().ok()
}
