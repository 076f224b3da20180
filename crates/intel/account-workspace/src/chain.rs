//! What the desk needs of an account chain, as of any other.

use crate::AccountWorkspace;
use crate::queries::is_payment;
use crate::transfers::Start;
use holdfast_account_ledger::manifest::Assets;
use holdfast_account_ledger::{Direction, LedgerError, StoredTransfer};
use holdfast_attribution::{TagStore, Tlp};
use holdfast_types::{AccountId, Asset, AssetId, ChainId, TokenRef};
use holdfast_workspace::WorkspaceError;
use holdfast_workspace::chain_queries::{
    AddressFacts, BehindBounds, ChainCoverage, ChainExposure, ChainQueries, Imitation, MAX_TAGS, Payment, PlacesBehind,
    TraceEndpoint,
};
use holdfast_workspace::freeze_view::FreezeView;
use holdfast_workspace::reports::{PAGE, TraceRequest};
use std::ops::ControlFlow;
use std::sync::Arc;

impl AccountWorkspace {
    fn payment(&self, transfer: &StoredTransfer) -> Result<Payment, LedgerError> {
        let tx = self.ledger.tx(transfer.tx)?;
        let height = self.ledger.block(tx.block)?.height;
        let text = |account: Option<u32>| -> Result<Option<String>, LedgerError> {
            account.map(|a| Ok(self.ledger.account(a)?.to_address(self.chain()).to_string())).transpose()
        };
        Ok(Payment {
            id: self.transfer_id(&tx.hash, transfer),
            tx: self.hash_text(&tx.hash),
            asset: self.asset_of(transfer.asset)?,
            from: text(transfer.from)?,
            to: text(transfer.to)?,
            amount: Some(transfer.amount),
            height: u32::try_from(height).ok(),
        })
    }

    fn payments(&self, text: &str) -> Result<Vec<Payment>, WorkspaceError> {
        let (_, transfers) = self.payments_of(text)?;
        Ok(transfers.iter().map(|t| self.payment(t)).collect::<Result<_, _>>()?)
    }
}

impl ChainQueries for AccountWorkspace {
    fn id(&self) -> ChainId {
        self.chain().clone()
    }

    fn name(&self) -> String {
        self.usual_name()
    }

    fn fault(&self) -> Option<String> {
        self.ledger.check_lengths().err().map(|e| e.to_string())
    }

    fn with_tags(&self, tags: &Arc<TagStore>) -> Option<Arc<dyn ChainQueries>> {
        Some(Arc::new(self.with_other_tags(tags.clone())))
    }

    fn is_address(&self, text: &str) -> bool {
        self.account_id(text).is_ok()
    }

    fn own_form(&self, text: &str) -> Option<String> {
        self.account_id(text).ok().map(|account| account.to_address(self.chain()).to_string())
    }

    /// Those that names determine: the coin, the listed tokens, and what a ledger of chosen assets holds. [`ChainQueries::has_asset`] knows every token.
    fn assets(&self) -> Vec<Asset> {
        let chosen = &self.ledger.settings().assets;
        let native = Asset::from(AssetId::native_of(self.chain()));
        let listed = Asset::listed_on(self.chain()).into_iter().filter(|asset| *asset != native);
        let mut assets: Vec<Asset> = std::iter::once(native.clone()).chain(listed).collect();
        if let Assets::Only { contracts, trc10, .. } = chosen {
            let contracts = contracts.iter().filter_map(|c| AccountId::from_bytes(&hex::decode(c).ok()?));
            let tokens = contracts.map(TokenRef::Fungible).chain(trc10.iter().map(|n| TokenRef::Trc10(*n)));
            assets.extend(tokens.map(|token| Asset::from(token.asset_id(self.chain()))));
        }
        assets.retain(|asset| asset.id().and_then(TokenRef::of_asset).is_some_and(|token| chosen.has(&token)));
        assets.sort_by_cached_key(|asset| asset.id().map(ToString::to_string));
        assets.dedup();
        assets
    }

    fn has_asset(&self, asset: &str) -> bool {
        let Ok(asset) = Asset::parse(asset) else { return false };
        let tokens = asset.ids_on(self.chain());
        tokens.iter().filter_map(TokenRef::of_asset).any(|token| self.ledger.settings().assets.has(&token))
    }

    fn coverage(&self) -> ChainCoverage {
        let tip = self.ledger.tip().ok().flatten();
        ChainCoverage {
            tip_height: tip.as_ref().map(|tip| u32::try_from(tip.height).unwrap_or(u32::MAX)),
            tip_hash: tip.as_ref().map(|tip| self.hash_text(&tip.hash)),
            exposures_as_of_height: None,
            gaps: self.gaps().to_vec(),
        }
    }

    fn blind_spots(&self) -> Vec<String> {
        self.unlooked().unwrap_or_else(|e| vec![format!("the ledger is damaged: {e}")])
    }

    fn address_facts(&self, address: &str, clearance: Tlp) -> Result<AddressFacts, WorkspaceError> {
        let account = self.account_id(address)?;
        let canonical = account.to_address(self.chain()).to_string();
        let mut tags = self.tags_for(&canonical, clearance);
        tags.truncate(MAX_TAGS);
        let number = self.ledger.account_number(&account);
        let category = self.category_of(&tags, number, clearance);
        if tags.is_empty() {
            tags.extend(number.and_then(|number| self.entity_tag(number, clearance)));
        }
        Ok(AddressFacts {
            is_on_chain: number.is_some(),
            category,
            tags: tags.into_iter().cloned().collect(),
            address: canonical,
        })
    }

    fn freezes_of(&self, address: &str) -> Result<Vec<FreezeView>, WorkspaceError> {
        self.freezes_in_force(address)
    }

    fn freeze_gaps(&self) -> Result<Vec<String>, WorkspaceError> {
        self.gaps_of_freezes()
    }

    fn freezes_of_any(&self, address: &str) -> Result<(Vec<FreezeView>, Vec<String>), WorkspaceError> {
        let mut found = if self.is_address(address) { self.freezes_in_force(address)? } else { Vec::new() };
        let mut gaps = Vec::new();
        // All EVM chains have addresses of one form: what one of them lost keeps no transfer of another from its decision.
        for peer in self.peers.iter().filter(|peer| peer.is_address(address)) {
            match peer.freezes_in_force(address) {
                Ok(freezes) => found.extend(freezes),
                Err(e) => gaps.push(format!("freezes on {} are not known: {e}", peer.usual_name())),
            }
        }
        Ok((found, gaps))
    }

    fn imitated_by(&self, address: &str, own: &[String]) -> Result<Imitation, WorkspaceError> {
        self.imitated(address, own)
    }

    fn received(&self, address: &str, skip: usize) -> Result<Vec<Payment>, WorkspaceError> {
        let account = self.account_id(address)?;
        let account = self.ledger.account_number(&account).ok_or_else(|| self.not_found(address))?;
        let (mut received, mut skipped) = (Vec::new(), 0);
        self.for_each_posting(account, &self.ledger.assets_of(account)?, Start::default(), &mut |posting| {
            if posting.direction == Direction::In && is_payment(posting.transfer.kind) {
                if skipped < skip {
                    skipped += 1;
                } else {
                    received.push(posting.transfer);
                }
            }
            if received.len() < PAGE { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        Ok(received.iter().map(|t| self.payment(t)).collect::<Result<_, _>>()?)
    }

    fn payments_in(&self, tx: &str) -> Result<Vec<Payment>, WorkspaceError> {
        self.payments(tx)
    }

    fn payments_out(&self, tx: &str) -> Result<Vec<Payment>, WorkspaceError> {
        self.payments(tx)
    }

    fn exposure_of(&self, subject: &str, asset: Option<&str>) -> Result<ChainExposure, WorkspaceError> {
        self.chain_exposure(subject, asset)
    }

    fn behind(&self, payment: &str, bounds: BehindBounds) -> Result<PlacesBehind, WorkspaceError> {
        self.places_behind(payment, bounds)
    }

    fn trace_ends(&self, request: &TraceRequest, clearance: Tlp) -> Result<Vec<TraceEndpoint>, WorkspaceError> {
        self.endpoints(request, clearance)
    }
}
