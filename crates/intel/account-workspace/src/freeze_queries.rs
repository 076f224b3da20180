//! Questions about issuers' freezes: of a chain, of an address.

use crate::AccountWorkspace;
use crate::beside::BesideError;
use crate::freezes::{At, Freeze, Freezes};
use crate::queries::hash_text;
use arc_swap::ArcSwapOption;
use holdfast_account_attribution::PlacedSignal;
use holdfast_types::{AccountId, Amount, Asset, ChainId, Hash32, Issuer, TokenRef};
use holdfast_workspace::WorkspaceError;
use holdfast_workspace::asset_view::AssetView;
use holdfast_workspace::freeze_view::{FreezeState, FreezeStep, FreezeView};
use holdfast_workspace::reports::PAGE;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use utoipa::ToSchema;

/// Most signals of issuers that are folded; the two largest issuers have made some tens of thousands together.
pub(crate) const MAX_SIGNALS: usize = 4_000_000;
/// Signals that are read to extend what was folded before.
const NEWEST: usize = 512;

impl Freeze {
    /// Returns the freeze as answers of a chain show it, without what the address has.
    #[must_use]
    pub fn view(&self, chain: &ChainId) -> FreezeView {
        let asset = self.token.asset_id(chain);
        let step = |at: At, proposal| {
            let tx = at.tx.map(|tx| hash_text(chain, &tx));
            FreezeStep { height: at.height, time: at.time, tx, proposal }
        };
        let plain = |at: Option<At>| at.map(|at| step(at, None));
        let numbered = |of: Option<(At, u64)>| of.map(|(at, proposal)| step(at, Some(proposal)));
        FreezeView {
            address: self.account.to_address(chain).checksummed(),
            issuer: Issuer::listed(&asset).map(|issuer| issuer.name.to_owned()),
            asset: AssetView::of(&Asset::from(asset)),
            state: self.state,
            proposed: numbered(self.proposed),
            withdrawn: plain(self.withdrawn),
            frozen: plain(self.frozen),
            lift_proposed: numbered(self.lift_proposed),
            lifted: plain(self.lifted),
            destroy_proposed: numbered(self.destroy_proposed),
            destroyed: plain(self.destroyed),
            destroyed_amount: self.destroyed.and(self.destroyed_amount),
            held: None,
        }
    }
}

/// Which freezes are listed; each choice leaves out what it does not name.
#[derive(Clone, Copy, Debug, Default)]
pub struct FreezeFilter<'a> {
    /// Only of this address, in any form of its chain.
    pub address: Option<&'a str>,
    /// Only of this token: a ticker, a CAIP-19 id or a contract.
    pub asset: Option<&'a str>,
    /// Only by this issuer, by its name in the curated list, in any case.
    pub issuer: Option<&'a str>,
    /// Only in this state.
    pub state: Option<FreezeState>,
}

/// Freezes of one token, added up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FreezeTotals {
    /// The token.
    pub asset: AssetView,
    /// The issuer's name, where the curated list has the contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Freezes by their state: `proposed`, `withdrawn`, `frozen`, `destroyed` or `lifted`.
    #[schema(value_type = std::collections::BTreeMap<String, u64>)]
    pub by_state: BTreeMap<FreezeState, u64>,
    /// How much was destroyed, in base units; absent where an event does not state it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub destroyed_amount: Option<Amount>,
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
    /// All that were chosen, in whatever state, added up by token.
    #[serde(default)]
    pub totals: Vec<FreezeTotals>,
    /// Height of the first block whose signals were read: freezes before it are not known. Absent where none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_height: Option<u64>,
    /// Height of the last stored block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tip_height: Option<u64>,
    /// Open proposals whose content the blocks do not show: each may be a freeze of any address.
    pub unread_proposals: u64,
    /// What is missing, in words.
    pub gaps: Vec<String>,
}

/// Freezes that were folded, shared by the snapshots of a chain.
#[derive(Debug, Default)]
pub(crate) struct FreezeCache(ArcSwapOption<Folded>);

#[derive(Debug)]
struct Folded {
    /// Height and hash of the last block whose signals were taken.
    tip: (u64, Hash32),
    freezes: Arc<Freezes>,
}

impl AccountWorkspace {
    /// Returns the chain's freezes, from the signals of all stored blocks. What was folded before is extended by the blocks since. Nobody waits: who asks
    /// while others fold does the same again.
    ///
    /// # Errors
    /// [`WorkspaceError`] when signals or ledger do not read.
    pub fn freezes(&self) -> Result<Arc<Freezes>, WorkspaceError> {
        let Some(tip) = self.ledger.tip()?.map(|tip| (tip.height, tip.hash)) else { return Ok(Arc::default()) };
        if let Some(folded) = self.freeze_cache.0.load_full().filter(|folded| folded.tip == tip) {
            return Ok(folded.freezes.clone());
        }
        let freezes = self.folded()?;
        self.freeze_cache.0.store(Some(Arc::new(Folded { tip, freezes: freezes.clone() })));
        Ok(freezes)
    }

    /// Folds the signals of issuers up to the tip, from what was folded before where that is of this chain.
    fn folded(&self) -> Result<Arc<Freezes>, WorkspaceError> {
        if let Some(folded) = self.freeze_cache.0.load_full() {
            let (height, hash) = folded.tip;
            let is_below = self.ledger.block_at(height)?.is_some_and(|block| block.hash == hash);
            let (newest, more) = if is_below { self.signals().issuer_signals(NEWEST)? } else { (Vec::new(), true) };
            if !more || newest.first().is_some_and(|signal| signal.place.height <= height) {
                let newer: Vec<_> = newest.into_iter().filter(|signal| signal.place.height > height).collect();
                if newer.is_empty() {
                    return Ok(folded.freezes.clone());
                }
                let mut extended = Freezes::clone(&folded.freezes);
                self.fold(&mut extended, &newer)?;
                return Ok(Arc::new(extended));
            }
        }
        let (signals, is_cut) = self.signals().issuer_signals(MAX_SIGNALS)?;
        let mut freezes = Freezes::begun(is_cut);
        self.fold(&mut freezes, &signals)?;
        Ok(Arc::new(freezes))
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

    /// Returns a page of the chain's freezes that a filter chooses, after the first `skip`.
    ///
    /// # Errors
    /// [`WorkspaceError`] for text that is no address or names no token, for an issuer that the curated list does not have, and when the store does not
    /// read.
    pub fn freezes_page(&self, filter: FreezeFilter<'_>, skip: usize) -> Result<FreezesPage, WorkspaceError> {
        let account = filter.address.map(|address| self.account_id(address)).transpose()?;
        let token = filter.asset.map(|asset| self.token_of(asset)).transpose()?;
        let issued = filter.issuer.map(|name| self.issued_by(name)).transpose()?;
        let freezes = self.freezes()?;
        let wanted = |freeze: &&Freeze| {
            account.is_none_or(|a| freeze.account == a)
                && token.is_none_or(|token| freeze.token == token)
                && issued.as_ref().is_none_or(|tokens| tokens.contains(&freeze.token))
        };
        let chosen: Vec<&Freeze> = match &account {
            Some(account) => freezes.of(account).rev().filter(wanted).collect(),
            None => freezes.all().iter().rev().filter(wanted).collect(),
        };
        let totals = self.freeze_totals(&chosen);
        let found: Vec<&Freeze> =
            chosen.into_iter().filter(|freeze| filter.state.is_none_or(|state| freeze.state == state)).collect();
        let mut gaps = self.gaps().to_vec();
        gaps.extend(self.gaps_of_freezes()?);
        let from_height = self.signals().first_height();
        let count = u64::try_from(found.len()).unwrap_or(u64::MAX);
        let page = found.into_iter().skip(skip).take(PAGE);
        Ok(FreezesPage {
            chain: self.chain().to_string(),
            count,
            freezes: page.map(|freeze| self.freeze_view(freeze)).collect::<Result<_, _>>()?,
            totals,
            from_height,
            tip_height: self.ledger.tip()?.map(|tip| tip.height),
            unread_proposals: u64::try_from(freezes.unread()).unwrap_or(u64::MAX),
            gaps,
        })
    }

    /// Returns the tokens of an issuer on the chain.
    fn issued_by(&self, name: &str) -> Result<Vec<TokenRef>, WorkspaceError> {
        let (name, listed) = (name.trim(), Issuer::listed_on(self.chain()));
        let own = listed.iter().filter(|issuer| issuer.name.eq_ignore_ascii_case(name));
        let tokens: Vec<TokenRef> = own.map(|issuer| TokenRef::Fungible(issuer.token)).collect();
        if tokens.is_empty() {
            let names: BTreeSet<&str> = listed.iter().map(|issuer| issuer.name).collect();
            let names = names.into_iter().collect::<Vec<_>>().join(", ");
            return Err(self.wrong(name, format!("no issuer of that name is listed on this chain; there are: {names}")));
        }
        Ok(tokens)
    }

    fn freeze_totals(&self, freezes: &[&Freeze]) -> Vec<FreezeTotals> {
        let mut totals: Vec<FreezeTotals> = Vec::new();
        let mut places: HashMap<TokenRef, usize> = HashMap::new();
        for freeze in freezes {
            let place = *places.entry(freeze.token).or_insert_with(|| {
                let asset = freeze.token.asset_id(self.chain());
                totals.push(FreezeTotals {
                    issuer: Issuer::listed(&asset).map(|issuer| issuer.name.to_owned()),
                    asset: AssetView::of(&Asset::from(asset)),
                    by_state: BTreeMap::new(),
                    destroyed_amount: Some(Amount::ZERO),
                });
                totals.len() - 1
            });
            let Some(sum) = totals.get_mut(place) else { continue };
            *sum.by_state.entry(freeze.state).or_default() += 1;
            if freeze.destroyed.is_some() {
                let add = |before: Amount| before.checked_add(freeze.destroyed_amount?);
                sum.destroyed_amount = sum.destroyed_amount.and_then(add);
            }
        }
        totals
    }

    /// Returns a freeze as answers show it, with what the address has.
    fn freeze_view(&self, freeze: &Freeze) -> Result<FreezeView, WorkspaceError> {
        let (account, asset) = (self.ledger.account_number(&freeze.account), self.ledger.asset_number(&freeze.token));
        let held = match account.zip(asset) {
            Some((account, asset)) => self.ledger.balance(account, asset)?.known(),
            None => None,
        };
        Ok(FreezeView { held, ..freeze.view(self.chain()) })
    }

    /// Returns all freezes of an address, whatever became of them, the latest first.
    ///
    /// # Errors
    /// As [`AccountWorkspace::freezes_page`].
    pub(crate) fn all_freezes_of(&self, account: &AccountId) -> Result<Vec<FreezeView>, WorkspaceError> {
        let freezes = self.freezes()?;
        freezes.of(account).rev().take(PAGE).map(|freeze| self.freeze_view(freeze)).collect()
    }

    /// Returns what is not known of issuers' freezes, in words. Nothing is where signals of all blocks were kept from the chain's beginning on, and every
    /// proposal was read.
    ///
    /// # Errors
    /// As [`AccountWorkspace::freezes`].
    pub(crate) fn gaps_of_freezes(&self) -> Result<Vec<String>, WorkspaceError> {
        let Some((first, tip)) = self.ledger.first()?.zip(self.ledger.tip()?) else {
            return Ok(vec!["no block is stored, so no freeze is known".into()]);
        };
        let signals = self.signals().blocks();
        let Some((begin, (end, _))) = signals.first_height().zip(signals.tip().map_err(BesideError::from)?) else {
            return Ok(vec![
                "issuers' freezes were not looked for in the stored blocks; `holdfast ledger rebuild` finds them"
                    .into(),
            ]);
        };
        let mut gaps = Vec::new();
        // Block 0 is the chain's own beginning: nobody is frozen in it.
        if first.height.max(begin) > 1 {
            let whose = if begin > first.height { "issuers' acts were kept" } else { "the ledger begins" };
            gaps.push(format!("freezes before block {}, where {whose}, are not known", first.height.max(begin)));
        }
        if end < tip.height {
            gaps.push(format!("freezes after block {end} were not looked for"));
        }
        let freezes = self.freezes()?;
        if freezes.is_cut {
            gaps.push(format!("only the latest {MAX_SIGNALS} acts of issuers were looked at"));
        }
        match freezes.unread() {
            0 => {}
            1 => gaps.push("the blocks do not show whom an open proposal of an issuer is about".into()),
            n => gaps.push(format!("the blocks do not show whom {n} open proposals of issuers are about")),
        }
        Ok(gaps)
    }

    /// Returns the freezes of an address that are proposed or in force.
    ///
    /// # Errors
    /// As [`AccountWorkspace::freezes_page`], and where the signals of the chain cannot be read: that nothing is known is not that nothing is frozen.
    pub(crate) fn freezes_in_force(&self, address: &str) -> Result<Vec<FreezeView>, WorkspaceError> {
        let account = self.account_id(address)?;
        self.beside.require_signals()?;
        Ok(self.freezes()?.in_force(&account).map(|freeze| freeze.view(self.chain())).collect())
    }
}
