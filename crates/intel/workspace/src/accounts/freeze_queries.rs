//! Questions about issuers' freezes: of a chain, of an address.

use crate::accounts::AccountWorkspace;
use crate::accounts::freezes::{At, Freeze, FreezeState, Freezes};
use crate::accounts::queries::asset_view;
use crate::accounts::reports::AssetView;
use crate::error::WorkspaceError;
use crate::reports::PAGE;
use holdfast_account_attribution::PlacedSignal;
use holdfast_types::{Amount, Asset, ChainId, Hash32, Issuer};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use utoipa::ToSchema;

/// Most signals of issuers that are folded; the two largest issuers have made some tens of thousands together.
pub(crate) const MAX_SIGNALS: usize = 4_000_000;
/// Signals that are read to extend what was folded before.
const NEWEST: usize = 512;

/// A step of a freeze.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FreezeStep {
    /// Height of the block.
    pub height: u64,
    /// Unix time of the block.
    pub time: u64,
    /// The transaction; absent where a ledger of chosen assets does not store it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tx: Option<String>,
    /// Number of the proposal in the issuer's wallet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<u64>,
}

/// A freeze of an address by an issuer, from its proposal to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FreezeView {
    /// The address, with its checksum.
    pub address: String,
    /// What it cannot send.
    pub asset: AssetView,
    /// The issuer's name, where the curated list has the contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// How it stands: `proposed`, `withdrawn`, `frozen`, `destroyed` or `lifted`.
    pub state: FreezeState,
    /// When it was proposed first; absent where it was not, or before the stored blocks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed: Option<FreezeStep>,
    /// When the last proposal was withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<FreezeStep>,
    /// When it began; absent where it did not, or before the stored blocks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frozen: Option<FreezeStep>,
    /// When its end was proposed, while that is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lift_proposed: Option<FreezeStep>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifted: Option<FreezeStep>,
    /// When a destruction was proposed, while that is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destroy_proposed: Option<FreezeStep>,
    /// When what the address had was destroyed first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destroyed: Option<FreezeStep>,
    /// How much was destroyed, in base units; absent where nothing was, or an event does not state it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub destroyed_amount: Option<Amount>,
}

impl FreezeView {
    /// Returns a freeze of a chain as answers show it.
    #[must_use]
    pub fn of(chain: &ChainId, freeze: &Freeze) -> Self {
        let asset = freeze.token.asset_id(chain);
        let step = |at: At, proposal| {
            let tx = at.tx.map(|tx| super::queries::hash_text(chain, &tx));
            FreezeStep { height: at.height, time: at.time, tx, proposal }
        };
        let plain = |at: Option<At>| at.map(|at| step(at, None));
        let numbered = |of: Option<(At, u64)>| of.map(|(at, proposal)| step(at, Some(proposal)));
        FreezeView {
            address: freeze.account.to_address(chain).checksummed(),
            issuer: Issuer::listed(&asset).map(|issuer| issuer.name.to_owned()),
            asset: asset_view(&Asset::from(asset)),
            state: freeze.state,
            proposed: numbered(freeze.proposed),
            withdrawn: plain(freeze.withdrawn),
            frozen: plain(freeze.frozen),
            lift_proposed: numbered(freeze.lift_proposed),
            lifted: plain(freeze.lifted),
            destroy_proposed: numbered(freeze.destroy_proposed),
            destroyed: plain(freeze.destroyed),
            destroyed_amount: freeze.destroyed.and(freeze.destroyed_amount),
        }
    }

    /// Returns when it came into its state, where that is known.
    #[must_use]
    pub fn since(&self) -> Option<&FreezeStep> {
        match self.state {
            FreezeState::Proposed => self.proposed.as_ref(),
            FreezeState::Withdrawn => self.withdrawn.as_ref(),
            FreezeState::Frozen => self.frozen.as_ref(),
            FreezeState::Destroyed => self.destroyed.as_ref(),
            FreezeState::Lifted => self.lifted.as_ref(),
        }
    }
}

/// A page of freezes, those that began last first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FreezesPage {
    /// CAIP-2 id of the chain.
    pub chain: String,
    /// How many there are, on all pages.
    pub count: u64,
    /// The freezes.
    pub freezes: Vec<FreezeView>,
    /// Open proposals whose content the blocks do not show: each may be a freeze of any address.
    pub unread_proposals: u64,
    /// What is missing, in words.
    pub gaps: Vec<String>,
}

/// Freezes that were folded, shared by the snapshots of a chain.
#[derive(Debug, Default)]
pub(crate) struct FreezeCache(Mutex<Option<Folded>>);

#[derive(Debug)]
struct Folded {
    /// Height and hash of the last block whose signals were taken.
    tip: (u64, Hash32),
    freezes: Arc<Freezes>,
}

impl AccountWorkspace {
    /// Returns the chain's freezes, from the signals of all stored blocks. What was folded before is extended by the blocks since.
    ///
    /// # Errors
    /// [`WorkspaceError`] when signals or ledger do not read.
    pub fn freezes(&self) -> Result<Arc<Freezes>, WorkspaceError> {
        let Some(tip) = self.ledger.tip()?.map(|tip| (tip.height, tip.hash)) else { return Ok(Arc::default()) };
        let mut cached = self.freeze_cache.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(folded) = cached.as_mut() {
            let (height, hash) = folded.tip;
            let is_below = self.ledger.block_at(height)?.is_some_and(|block| block.hash == hash);
            let (newest, more) = if is_below { self.signals().issuer_signals(NEWEST)? } else { (Vec::new(), true) };
            if !more || newest.first().is_some_and(|signal| signal.place.height <= height) {
                let newer: Vec<_> = newest.into_iter().filter(|signal| signal.place.height > height).collect();
                if !newer.is_empty() {
                    let mut extended = Freezes::clone(&folded.freezes);
                    self.fold(&mut extended, &newer)?;
                    folded.freezes = Arc::new(extended);
                }
                folded.tip = tip;
                return Ok(folded.freezes.clone());
            }
        }
        let (signals, is_cut) = self.signals().issuer_signals(MAX_SIGNALS)?;
        let mut freezes = Freezes::begun(is_cut);
        self.fold(&mut freezes, &signals)?;
        let freezes = Arc::new(freezes);
        *cached = Some(Folded { tip, freezes: freezes.clone() });
        Ok(freezes)
    }

    fn fold(&self, freezes: &mut Freezes, signals: &[PlacedSignal]) -> Result<(), WorkspaceError> {
        for of_block in signals.chunk_by(|a, b| a.place.height == b.place.height) {
            let Some(block) = of_block.first().map(|s| self.ledger.block_at(s.place.height)).transpose()?.flatten()
            else {
                continue;
            };
            // A ledger of chosen assets stores only transactions that move them.
            let mut hashes: HashMap<u32, Hash32> = HashMap::new();
            for number in block.txs {
                let tx = self.ledger.tx(number)?;
                if !tx.is_block_side {
                    hashes.insert(tx.index, tx.hash);
                }
            }
            for PlacedSignal { place, signal } in of_block {
                let at = At { height: place.height, time: block.time, tx: hashes.get(&place.tx).copied() };
                freezes.take(at, signal);
            }
        }
        Ok(())
    }

    /// Returns a page of the chain's freezes, or of an address's, after the first `skip`; of one state where one is given.
    ///
    /// # Errors
    /// [`WorkspaceError`] for text that is no address, and when the store does not read.
    pub fn freezes_page(
        &self,
        address: Option<&str>,
        state: Option<FreezeState>,
        skip: usize,
    ) -> Result<FreezesPage, WorkspaceError> {
        let account = address.map(|address| self.account_id(address)).transpose()?;
        let freezes = self.freezes()?;
        let wanted = |freeze: &&Freeze| {
            account.is_none_or(|a| freeze.account == a) && state.is_none_or(|state| freeze.state == state)
        };
        let found: Vec<&Freeze> = match &account {
            Some(account) => freezes.of(account).rev().filter(wanted).collect(),
            None => freezes.all().iter().rev().filter(wanted).collect(),
        };
        let mut gaps = self.gaps().to_vec();
        if let Some(first) = self.ledger.first()?.filter(|first| first.height > 0) {
            gaps.push(format!("freezes before block {}, where the ledger begins, are not known", first.height));
        }
        if freezes.is_cut {
            gaps.push(format!("only the latest {MAX_SIGNALS} acts of issuers were looked at"));
        }
        Ok(FreezesPage {
            chain: self.chain().to_string(),
            count: u64::try_from(found.len()).unwrap_or(u64::MAX),
            freezes: found
                .into_iter()
                .skip(skip)
                .take(PAGE)
                .map(|freeze| FreezeView::of(self.chain(), freeze))
                .collect(),
            unread_proposals: u64::try_from(freezes.unread()).unwrap_or(u64::MAX),
            gaps,
        })
    }

    /// Returns the freezes of an address that are proposed or in force.
    ///
    /// # Errors
    /// As [`AccountWorkspace::freezes_page`].
    pub(crate) fn freezes_in_force(&self, address: &str) -> Result<Vec<FreezeView>, WorkspaceError> {
        let account = self.account_id(address)?;
        Ok(self.freezes()?.in_force(&account).map(|freeze| FreezeView::of(self.chain(), freeze)).collect())
    }
}
