//! Look-ups of an account chain: addresses, transfers, transactions, blocks, assets. Every list is a page; nothing goes over the whole chain.

use crate::AccountWorkspace;
use crate::beside::BesideError;
use crate::imitated::{NotedTransfers, TransferNotes};
use crate::reports::{
    AccountBlockReport, AccountReport, AccountSummary, AccountTxReport, AssetReport, BalanceView, PartyView,
    TransferView, TransfersPage,
};
use crate::transfers::{MAX_SCANNED, Start, Way};
use holdfast_account_ledger::manifest::Assets;
use holdfast_account_ledger::{Backing, BlockInfo, LedgerError, NATIVE, Opening, Posting, StoredTransfer, TxInfo};
use holdfast_attribution::tags::weightiest;
use holdfast_attribution::{Tag, Tlp, nobody};
use holdfast_types::{
    AccountId, Address, Amount, Asset, AssetId, ChainId, Commitment, Family, Hash32, Position, TokenRef, TransferKind,
};
use holdfast_workspace::WorkspaceError;
use holdfast_workspace::asset_view::AssetView;
use holdfast_workspace::lookup::bare;
use holdfast_workspace::queries::tag_view;
use holdfast_workspace::reports::PAGE;
use std::ops::ControlFlow;

/// Most characters of a text that an error repeats.
const SHOWN: usize = 130;
/// Most chosen assets that a text names.
const NAMED_ASSETS: usize = 6;
/// Most blocks, the newest, that are searched for a hash.
pub(crate) const MAX_BLOCKS_SEARCHED: u64 = 1_000_000;

/// Returns the name of whether an asset's transfers agree.
pub(crate) fn backing_name(backing: Backing) -> &'static str {
    match backing {
        Backing::Backed => "backed",
        Backing::Unbacked { .. } => "unbacked",
        Backing::Unknown => "unknown",
    }
}

/// Returns the place of a transfer in its transaction as text: `value`, `log:7`, `trace:3`. Coin that stands beside a token's log has `coin` behind.
fn place(transfer: &StoredTransfer) -> String {
    let at_log = match (transfer.position, transfer.asset == NATIVE) {
        (Position::Log(..), true) => ":coin",
        _ => "",
    };
    match transfer.position {
        Position::Transaction => transfer.kind.name().to_owned(),
        Position::Log(log, 0) => format!("log:{log}{at_log}"),
        Position::Log(log, item) => format!("log:{log}.{item}{at_log}"),
        Position::Trace(frame) => format!("trace:{frame}"),
        Position::BlockStart(n) => format!("start:{n}"),
        Position::BlockEnd(n) => format!("end:{n}"),
    }
}

/// Returns a hash as explorers of a chain print it.
pub(crate) fn hash_text(chain: &ChainId, hash: &Hash32) -> String {
    let digits = hex::encode(hash);
    if chain.family() == Family::Tron { digits } else { format!("0x{digits}") }
}

/// Reads a hash with or without `0x`.
pub(crate) fn hash_of(text: &str) -> Option<Hash32> {
    hex::decode(text.strip_prefix("0x").unwrap_or(text)).ok()?.try_into().ok()
}

impl AccountWorkspace {
    /// Returns the name that people use for the chain; its CAIP-2 id where there is none.
    #[must_use]
    pub fn usual_name(&self) -> String {
        self.chain().usual_name().unwrap_or(self.chain().as_str()).to_owned()
    }

    /// Returns a hash as explorers of the chain print it.
    #[must_use]
    pub fn hash_text(&self, hash: &Hash32) -> String {
        hash_text(self.chain(), hash)
    }

    pub(crate) fn wrong(&self, text: &str, why: impl Into<String>) -> WorkspaceError {
        WorkspaceError::AccountQuery(text.chars().take(SHOWN).collect(), self.chain().clone(), why.into())
    }

    pub(crate) fn not_found(&self, text: &str) -> WorkspaceError {
        let tip = self.ledger.tip().ok().flatten().map_or(0, |tip| u32::try_from(tip.height).unwrap_or(u32::MAX));
        WorkspaceError::NotFound(text.chars().take(SHOWN).collect(), tip)
    }

    /// Reads an address in a form of the chain: with EIP-55 checksum or without on EVM chains, Base58Check or 41-hex on Tron.
    ///
    /// # Errors
    /// [`WorkspaceError::AccountQuery`] for text that is no address of the chain.
    pub fn account_id(&self, text: &str) -> Result<AccountId, WorkspaceError> {
        let text = bare(text);
        let address = Address::check(&text).map_err(|e| self.wrong(&text, e.to_string()))?;
        match AccountId::try_from(&address) {
            Ok(account) if address.family() == self.chain().family() => Ok(account),
            _ => Err(self.wrong(&text, "it is no address of this chain")),
        }
    }

    /// Returns an account's address as answers show it, with its checksum.
    ///
    /// # Errors
    /// [`LedgerError::NotStored`], [`LedgerError::Damaged`].
    pub fn address_text(&self, account: u32) -> Result<String, LedgerError> {
        Ok(self.ledger.account(account)?.to_address(self.chain()).checksummed())
    }

    /// Returns the number of the account whose address a text is.
    ///
    /// # Errors
    /// [`WorkspaceError::AccountQuery`] for text that is no address of the chain; [`WorkspaceError::NotFound`] for one that no block mentions.
    pub fn known_account(&self, text: &str) -> Result<u32, WorkspaceError> {
        let account = self.account_id(text)?;
        self.ledger.account_number(&account).ok_or_else(|| self.not_found(text))
    }

    /// Returns whether the ledger stores the address, transaction or asset that a text names.
    #[must_use]
    pub fn stores(&self, text: &str) -> bool {
        let is_stored = |account: AccountId| self.ledger.account_number(&account).is_some();
        let hash = text.trim().split(':').next().unwrap_or_default();
        self.account_id(text).is_ok_and(is_stored) || self.tx_number(hash).is_ok() || self.asset_number(text).is_ok()
    }

    /// Returns the number of the transaction with a hash.
    ///
    /// # Errors
    /// [`WorkspaceError::AccountQuery`] for text that is no hash; [`WorkspaceError::NotFound`] for one that the ledger has no transaction of.
    pub fn tx_number(&self, text: &str) -> Result<u64, WorkspaceError> {
        let hash = hash_of(text.trim()).ok_or_else(|| self.wrong(text, "a transaction's hash has 64 hex digits"))?;
        self.ledger.tx_by_hash(&hash).ok_or_else(|| self.not_found(text))
    }

    /// Returns the id of a transfer of a transaction.
    #[must_use]
    pub fn transfer_id(&self, hash: &Hash32, transfer: &StoredTransfer) -> String {
        format!("{}:{}", self.hash_text(hash), place(transfer))
    }

    /// Returns a transaction's transfers but its fees; of a transfer's id that one alone.
    pub(crate) fn payments_of(&self, text: &str) -> Result<(TxInfo, Vec<StoredTransfer>), WorkspaceError> {
        let text = text.trim();
        let (hash, wanted) = text.split_once(':').map_or((text, None), |(hash, place)| (hash, Some(place)));
        let number = self.tx_number(hash)?;
        let mut transfers = self.ledger.transfers_of(number)?;
        match wanted {
            None => transfers.retain(|t| !t.kind.is_fee()),
            Some(wanted) => {
                transfers.retain(|t| place(t) == wanted);
                if transfers.is_empty() {
                    return Err(self.not_found(text));
                }
            }
        }
        Ok((self.ledger.tx(number)?, transfers))
    }

    /// Returns the asset of a number.
    pub(crate) fn asset_of(&self, asset: u32) -> Result<Asset, LedgerError> {
        Ok(self.ledger.asset(asset)?.asset_id(self.chain()).into())
    }

    /// Returns the numbers of the chain's coin and of the listed tokens that the ledger has seen.
    fn listed_numbers(&self) -> Vec<u32> {
        let listed = Asset::listed_on(self.chain());
        let tokens = listed.iter().filter_map(|asset| TokenRef::of_asset(asset.id()?));
        let mut numbers: Vec<u32> = tokens.filter_map(|token| self.ledger.asset_number(&token)).collect();
        numbers.sort_unstable();
        numbers
    }

    /// Returns the asset that a text names: a ticker of the curated list, a CAIP-19 id, a token's contract, or `native` for the chain's coin.
    ///
    /// # Errors
    /// [`WorkspaceError::AccountQuery`] for text that names no asset of the chain, or several; [`WorkspaceError::NotFound`] for one that the ledger has
    /// not seen.
    pub fn asset_number(&self, text: &str) -> Result<u32, WorkspaceError> {
        let token = self.token_of(text)?;
        self.ledger.asset_number(&token).ok_or_else(|| self.not_found(text))
    }

    /// Returns the token that a text names; see [`AccountWorkspace::asset_number`].
    pub(crate) fn token_of(&self, text: &str) -> Result<TokenRef, WorkspaceError> {
        token_of(self.chain(), text).map_err(|why| self.wrong(text, why))
    }

    /// Returns the chain's coin.
    #[must_use]
    pub fn coin(&self) -> AssetView {
        AssetView::of(&Asset::from(AssetId::native_of(self.chain())))
    }

    /// Returns the address of an asset's contract; none of coins and of tokens without one.
    ///
    /// # Errors
    /// [`WorkspaceError::AccountQuery`] for text that names no asset of the chain, or several.
    pub fn contract_of(&self, text: &str) -> Result<Option<String>, WorkspaceError> {
        let contract = self.token_of(text)?.contract();
        Ok(contract.map(|contract| contract.to_address(self.chain()).checksummed()))
    }

    /// Returns the asset of a number as answers show it.
    ///
    /// # Errors
    /// [`LedgerError::NotStored`], [`LedgerError::Damaged`].
    pub fn asset_view(&self, asset: u32) -> Result<AssetView, LedgerError> {
        Ok(AssetView::of(&self.asset_of(asset)?))
    }

    /// Returns an address as answers show it, and who it is for a reader of a clearance.
    fn party(&self, account: Option<u32>, clearance: Tlp) -> Result<(Option<String>, Option<PartyView>), LedgerError> {
        let Some(account) = account else { return Ok((None, None)) };
        let address = self.ledger.account(account)?.to_address(self.chain());
        let tags = self.tags_for(&address.to_string(), clearance);
        let party = weightiest(tags).map(|tag| PartyView {
            label: tag.label.clone(),
            category: tag.concept(),
            risk: tag.concept().risk().name().to_owned(),
        });
        Ok((Some(address.checksummed()), party))
    }

    fn transfer_view(&self, transfer: &StoredTransfer, at: &mut At) -> Result<TransferView, LedgerError> {
        let tx = self.ledger.tx(transfer.tx)?;
        let clearance = at.clearance;
        let block = at.block(self, tx.block)?;
        let ((from, from_tag), (to, to_tag)) =
            (self.party(transfer.from, clearance)?, self.party(transfer.to, clearance)?);
        Ok(TransferView {
            id: self.transfer_id(&tx.hash, transfer),
            tx: self.hash_text(&tx.hash),
            outside_transactions: tx.is_block_side,
            height: block.height,
            time: block.time,
            asset: self.asset_view(transfer.asset)?,
            from,
            from_tag,
            to,
            to_tag,
            amount: transfer.amount,
            kind: transfer.kind.name().to_owned(),
            direction: None,
            is_committed: transfer.commitment == Commitment::Root,
            number: transfer.number.get(),
            notes: Vec::new(),
            imitates: None,
        })
    }

    fn is_final(&self, height: u64) -> bool {
        self.ledger.final_height().is_some_and(|last| height <= last)
    }

    /// Returns the tags of an address that a reader of a clearance may see, the riskiest first. Addresses that nobody controls have none.
    pub(crate) fn tags_for(&self, address: &str, clearance: Tlp) -> Vec<&Tag> {
        if nobody::kind(address).is_some() {
            return Vec::new();
        }
        let mut tags: Vec<&Tag> = self.tags.tags_of(address).filter(|t| t.is_for(clearance)).collect();
        tags.sort_by_key(|t| std::cmp::Reverse((t.concept().risk(), t.confidence.level())));
        tags
    }

    /// Returns what is known of an address: tags, and its balances after the first `skip` assets.
    ///
    /// # Errors
    /// [`WorkspaceError::AccountQuery`] for text that is no address of the chain. An address that no block mentions is answered with `in_ledger` false.
    pub fn account(&self, text: &str, skip: usize, clearance: Tlp) -> Result<AccountReport, WorkspaceError> {
        self.account_at(text, skip, None, clearance)
    }

    /// Returns what [`AccountWorkspace::account`] does, with the balances after the block at a height.
    ///
    /// # Errors
    /// As [`AccountWorkspace::account`], and for a height whose block is not stored.
    pub fn account_at(
        &self,
        text: &str,
        skip: usize,
        height: Option<u64>,
        clearance: Tlp,
    ) -> Result<AccountReport, WorkspaceError> {
        if let Some(height) = height
            && self.ledger.block_at(height)?.is_none()
        {
            return Err(self.not_found(&format!("block {height}")));
        }
        let account = self.account_id(text)?;
        let address = account.to_address(self.chain());
        let canonical = address.to_string();
        let tags = self.tags_for(&canonical, clearance);
        let number = self.ledger.account_number(&account);
        let category = self.category_of(&tags, number, clearance);
        let (asset_count, balances) = match number {
            Some(number) => self.balances(number, skip, height)?,
            None => (0, Vec::new()),
        };
        Ok(AccountReport {
            chain: self.chain().to_string(),
            name: self.usual_name(),
            address: address.checksummed(),
            in_ledger: number.is_some(),
            nobody: nobody::kind(&canonical).map(str::to_owned),
            contract: match nobody::kind(&canonical) {
                Some(_) => None,
                None => self.contract_view(&account, number)?,
            },
            freezes: self.all_freezes_of(&account)?,
            category,
            risk: category.risk().name().to_owned(),
            tags: tags.into_iter().map(|t| tag_view(&self.tags, t)).collect(),
            asset_count,
            balances,
            height,
            tip_height: self.ledger.tip()?.map(|tip| tip.height),
            gaps: self.gaps().to_vec(),
        })
    }

    /// Returns the assets that an account ever moved: listed ones first.
    pub(crate) fn assets_listed_first(&self, account: u32) -> Result<Vec<u32>, LedgerError> {
        let mut assets = self.ledger.assets_of(account)?;
        let listed = self.listed_numbers();
        assets.sort_by_key(|asset| (listed.binary_search(asset).is_err(), *asset));
        Ok(assets)
    }

    /// Returns how many assets an account ever moved, and a page of its balances: of listed assets first.
    fn balances(
        &self,
        account: u32,
        skip: usize,
        height: Option<u64>,
    ) -> Result<(u64, Vec<BalanceView>), WorkspaceError> {
        let assets = self.assets_listed_first(account)?;
        let count = assets.len() as u64;
        let page = assets.into_iter().skip(skip).take(PAGE);
        let balances =
            page.map(|asset| self.balance_view(account, asset, height)).collect::<Result<_, LedgerError>>()?;
        Ok((count, balances))
    }

    fn balance_view(&self, account: u32, asset: u32, height: Option<u64>) -> Result<BalanceView, LedgerError> {
        let balance = match height {
            Some(height) => self.ledger.balance_at(account, asset, height)?,
            None => self.ledger.balance(account, asset)?,
        };
        let known = balance.known();
        Ok(BalanceView {
            asset: self.asset_view(asset)?,
            balance: known,
            least: if known.is_some() { None } else { balance.least() },
            moved: balance.moved,
            opening: match balance.opening {
                Opening::Zero => "zero",
                Opening::Stated => "stated",
                Opening::Proven => "proven",
                Opening::Unknown(_) => "unknown",
            }
            .to_owned(),
            internal_unknown: balance.internal_unknown,
            backing: backing_name(self.ledger.backing(asset)?).to_owned(),
        })
    }

    /// Returns a page of an address's transfers, of one asset or of all.
    ///
    /// # Errors
    /// [`WorkspaceError`] for text that is no address, an asset that is not there, or a transfer that `start` names and that is not there.
    pub fn account_transfers(
        &self,
        text: &str,
        asset: Option<&str>,
        start: Start,
        clearance: Tlp,
    ) -> Result<TransfersPage, WorkspaceError> {
        let account = self.known_account(text)?;
        let assets = match asset {
            Some(asset) => vec![self.asset_number(asset)?],
            None => self.ledger.assets_of(account)?,
        };
        let mut page = Collected::new();
        self.for_each_posting(account, &assets, start, &mut |posting| {
            page.take(posting.transfer.number.get(), start.has(&posting).then_some(posting))
        })?;
        let (found, next) = page.page();
        let stored: Vec<StoredTransfer> = found.iter().map(|posting| posting.transfer).collect();
        let NotedTransfers { notes, gaps } = self.transfer_notes(account, &stored)?;
        let mut notes = notes.into_iter();
        let mut at = At::new(clearance);
        let mut view = |posting: &Posting| -> Result<TransferView, WorkspaceError> {
            let TransferNotes { notes, imitates } = notes.next().unwrap_or_default();
            let imitates = imitates.map(|text| self.account_id(&text)).transpose()?;
            Ok(TransferView {
                direction: Some(Way::from(posting.direction).name().to_owned()),
                notes,
                imitates: imitates.map(|account| account.to_address(self.chain()).checksummed()),
                ..self.transfer_view(&posting.transfer, &mut at)?
            })
        };
        let transfers = found.iter().map(&mut view).collect::<Result<_, _>>()?;
        Ok(TransfersPage { chain: self.chain().to_string(), transfers, next, gaps })
    }

    /// Returns a transaction with its transfers after the first `skip`.
    ///
    /// # Errors
    /// [`WorkspaceError`] for text that is no hash, or a transaction that is not stored.
    pub fn transaction(&self, text: &str, skip: usize, clearance: Tlp) -> Result<AccountTxReport, WorkspaceError> {
        let tx = self.ledger.tx(self.tx_number(text)?)?;
        let block = self.ledger.block(tx.block)?;
        let transfers = self.ledger.transfers_of(tx.number)?;
        let mut at = At::new(clearance);
        let (payer, payer_tag) = self.party(tx.payer, clearance)?;
        let page = transfers.iter().skip(skip).take(PAGE).map(|t| self.transfer_view(t, &mut at));
        Ok(AccountTxReport {
            chain: self.chain().to_string(),
            hash: self.hash_text(&tx.hash),
            height: block.height,
            block: self.hash_text(&block.hash),
            time: block.time,
            index: tx.index,
            is_final: self.is_final(block.height),
            payer,
            payer_tag,
            success: tx.success,
            method: tx.method.map(hex::encode),
            fee: self.ledger.fee(tx.number)?,
            internal_known: block.internal_known,
            transfer_count: transfers.len() as u64,
            transfers: page.collect::<Result<_, _>>()?,
        })
    }

    /// Returns the block that a text names: by its height, or by its hash among the newest [`MAX_BLOCKS_SEARCHED`].
    pub(crate) fn block_of(&self, text: &str) -> Result<BlockInfo, WorkspaceError> {
        let text = text.trim();
        let block = match (text.parse::<u64>(), hash_of(text)) {
            (Ok(height), None) => self.ledger.block_at(height)?,
            (_, Some(hash)) => self.ledger.block_by_hash(&hash, MAX_BLOCKS_SEARCHED)?,
            (Err(_), None) => {
                return Err(self.wrong(text, "a block is named by its height, or its hash of 64 hex digits"));
            }
        };
        block.ok_or_else(|| self.not_found(&format!("block {text}")))
    }

    /// Returns a block by its height or hash, with the hashes of its transactions after the first `skip`.
    ///
    /// # Errors
    /// [`WorkspaceError`] for text that is neither, or a block that is not stored.
    pub fn account_block(&self, text: &str, skip: usize, clearance: Tlp) -> Result<AccountBlockReport, WorkspaceError> {
        let block = self.block_of(text)?;
        let (mut txs, mut outside) = (block.txs.clone(), Vec::new());
        // What happens outside its transactions stands before and behind them.
        while !txs.is_empty() && self.ledger.tx(txs.start)?.is_block_side {
            outside.extend(self.ledger.transfers_of(txs.start)?);
            txs.start += 1;
        }
        let mut behind = txs.end;
        while !txs.is_empty() && self.ledger.tx(behind - 1)?.is_block_side {
            behind -= 1;
            txs.end = behind;
        }
        for side in behind..block.txs.end.max(behind) {
            outside.extend(self.ledger.transfers_of(side)?);
        }
        let tx_count = txs.end - txs.start;
        let mut transactions = Vec::new();
        for tx in txs.skip(skip).take(PAGE) {
            transactions.push(self.hash_text(&self.ledger.tx(tx)?.hash));
        }
        let mut at = At::new(clearance);
        let views = outside.iter().take(PAGE).map(|t| self.transfer_view(t, &mut at));
        Ok(AccountBlockReport {
            chain: self.chain().to_string(),
            height: block.height,
            hash: self.hash_text(&block.hash),
            time: block.time,
            is_final: self.is_final(block.height),
            internal_known: block.internal_known,
            tx_count,
            transactions,
            outside_count: outside.len() as u64,
            outside: views.collect::<Result<_, _>>()?,
        })
    }

    /// Returns an asset that the ledger has seen.
    ///
    /// # Errors
    /// As [`AccountWorkspace::asset_number`].
    pub fn asset_report(&self, text: &str) -> Result<AssetReport, WorkspaceError> {
        let asset = self.asset_number(text)?;
        let backing = self.ledger.backing(asset)?;
        let (by, account) = match backing {
            Backing::Unbacked { tx, account } => (Some(tx), Some(account)),
            _ => (None, None),
        };
        let by = by.map(|tx| Ok::<_, LedgerError>(self.hash_text(&self.ledger.tx(tx)?.hash))).transpose()?;
        let (supply, supply_unknown) = match self.supply(asset, backing)? {
            Ok(supply) => (Some(supply), None),
            Err(why) => (None, Some(why.to_owned())),
        };
        Ok(AssetReport {
            chain: self.chain().to_string(),
            asset: self.asset_view(asset)?,
            backing: backing_name(backing).to_owned(),
            unbacked_by: by,
            unbacked_account: account.map(|account| self.address_text(account)).transpose()?,
            supply,
            supply_unknown,
        })
    }

    /// Returns how many base units of an asset there are: those that came into being less those that were destroyed. Inside, why that is not known.
    fn supply(&self, asset: u32, backing: Backing) -> Result<Result<Amount, &'static str>, LedgerError> {
        match backing {
            Backing::Backed => {}
            Backing::Unbacked { .. } => return Ok(Err("its transfers contradict each other")),
            Backing::Unknown => return Ok(Err("not all blocks from the first one on, with all moves, are stored")),
        }
        let (mut made, mut destroyed, mut seen) = (Some(Amount::ZERO), Some(Amount::ZERO), 0usize);
        self.ledger.for_each_transfer_of_asset(asset, 0..u64::MAX, |t| {
            seen += 1;
            let add = |sum: &mut Option<Amount>| *sum = sum.and_then(|s| s.checked_add(t.amount));
            if t.from.is_none() {
                add(&mut made);
            }
            if t.to.is_none() {
                add(&mut destroyed);
            }
            if seen <= MAX_SCANNED { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        if seen > MAX_SCANNED {
            return Ok(Err("it has more transfers than an answer adds up"));
        }
        let supply = made.zip(destroyed).and_then(|(made, destroyed)| made.checked_sub(destroyed));
        Ok(supply.ok_or("it is beyond 256 bits"))
    }

    /// Returns a page of the transfers of an asset.
    ///
    /// # Errors
    /// As [`AccountWorkspace::asset_number`], and where `start` names no transfer.
    pub fn asset_transfers(&self, text: &str, start: Start, clearance: Tlp) -> Result<TransfersPage, WorkspaceError> {
        let asset = self.asset_number(text)?;
        let mut page = Collected::new();
        self.for_each_transfer_of_asset(asset, start, &mut |transfer| {
            page.take(transfer.number.get(), start.has_kind(&transfer).then_some(transfer))
        })?;
        let (found, next) = page.page();
        let mut at = At::new(clearance);
        let transfers = found.iter().map(|transfer| self.transfer_view(transfer, &mut at)).collect::<Result<_, _>>()?;
        Ok(TransfersPage { chain: self.chain().to_string(), transfers, next, gaps: Vec::new() })
    }

    /// Returns a page of the assets that the ledger has seen, in the order of their first transfer; the chain's coin comes first.
    ///
    /// # Errors
    /// [`WorkspaceError`] when the ledger is damaged.
    pub fn assets_page(&self, skip: usize) -> Result<Vec<AssetView>, WorkspaceError> {
        let count = u32::try_from(self.ledger.counts().assets).unwrap_or(u32::MAX);
        let page = (0..count).skip(skip).take(PAGE).filter(|a| *a != NATIVE || self.ledger.settings().assets.native());
        Ok(page.map(|asset| self.asset_view(asset)).collect::<Result<_, _>>()?)
    }

    /// Returns which assets the ledger holds, in words.
    fn holding(&self) -> String {
        let Assets::Only { native, contracts, trc10 } = &self.ledger.settings().assets else {
            return "all assets".into();
        };
        let contract = |text: &String| {
            let account = AccountId::from_bytes(&hex::decode(text).ok()?)?;
            let asset: Asset = TokenRef::Fungible(account).asset_id(self.chain()).into();
            Some(asset.ticker().map_or_else(|| account.to_address(self.chain()).checksummed(), str::to_owned))
        };
        let coin = native.then(|| self.coin().ticker.unwrap_or_else(|| "the chain's coin".into()));
        let tokens = contracts.iter().filter_map(contract).chain(trc10.iter().map(|n| format!("TRC-10 {n}")));
        let mut names: Vec<String> = coin.into_iter().chain(tokens).collect();
        if let Some(more) = names.len().checked_sub(NAMED_ASSETS).filter(|more| *more > 0) {
            names.truncate(NAMED_ASSETS);
            names.push(format!("{more} more"));
        }
        format!("only {}", names.join(", "))
    }

    /// Returns what is missing, in words.
    pub(crate) fn gaps(&self) -> &[String] {
        self.gaps.get_or_init(|| self.find_gaps().unwrap_or_else(|e| vec![format!("the ledger is damaged: {e}")]))
    }

    fn find_gaps(&self) -> Result<Vec<String>, BesideError> {
        let ledger = &self.ledger;
        let mut gaps = self.unlooked()?;
        let Some(tip) = ledger.tip()? else { return Ok(gaps) };
        gaps.push(match self.chain().family() {
            Family::Tron => "transfers of tokens, fees and moves inside transactions are claims of the node: Tron's blocks commit to none of them",
            _ => "moves inside transactions are claims of the node: no root commits to them",
        }.into());
        match ledger.final_height() {
            Some(last) if last < tip.height => gaps.push(format!("blocks above {last} are not final")),
            Some(_) => {}
            None => gaps.push("no block is final yet".into()),
        }
        for asset in self.listed_numbers() {
            if matches!(ledger.backing(asset)?, Backing::Unbacked { .. }) {
                let asset = self.asset_of(asset)?;
                gaps.push(format!("transfers of {asset} drive a balance negative, so its sums are not sound"));
            }
        }
        Ok(gaps)
    }

    /// Returns what was not looked at, in words: what findings about any transfer may lack.
    pub(crate) fn unlooked(&self) -> Result<Vec<String>, BesideError> {
        let ledger = &self.ledger;
        if ledger.tip()?.is_none() {
            return Ok(vec!["no block is stored".into()]);
        }
        let mut gaps = Vec::new();
        if let Some(first) = ledger.first()?.filter(|first| first.height > 0) {
            gaps.push(format!(
                "blocks begin at {}; earlier balances are known only where that block states them",
                first.height
            ));
        }
        if ledger.settings().assets != Assets::All {
            gaps.push(format!("{} are held", self.holding()));
        }
        let blind = ledger.blind_blocks()?;
        if blind > 0 && ledger.settings().assets.native() {
            gaps.push(format!("coin moved inside transactions is unknown in {blind} blocks"));
        }
        gaps.extend(self.beside.gaps(ledger)?);
        gaps.extend(self.who().gap(ledger));
        Ok(gaps)
    }

    /// Returns what the ledger holds.
    ///
    /// # Errors
    /// [`WorkspaceError`] when the ledger is damaged.
    pub fn account_summary(&self) -> Result<AccountSummary, WorkspaceError> {
        let (counts, tip) = (self.ledger.counts(), self.ledger.tip()?);
        let hash = |block: &BlockInfo| self.hash_text(&block.hash);
        Ok(AccountSummary {
            chain: self.chain().to_string(),
            name: self.usual_name(),
            holding: self.holding(),
            first_height: self.ledger.first()?.map(|first| first.height),
            tip_height: tip.as_ref().map(|tip| tip.height),
            tip_hash: tip.as_ref().map(hash),
            tip_time: tip.as_ref().map(|tip| tip.time),
            final_height: self.ledger.final_height(),
            blocks: counts.blocks,
            txs: counts.txs,
            transfers: counts.transfers,
            accounts: counts.accounts,
            assets: counts.assets,
            gaps: self.gaps().to_vec(),
        })
    }
}

/// A page that is being collected.
struct Collected<T> {
    found: Vec<(u64, T)>,
    /// How many were gone over, and the last one's number.
    scanned: usize,
    last: u64,
    is_cut: bool,
}

impl<T> Collected<T> {
    fn new() -> Self {
        Collected { found: Vec::new(), scanned: 0, last: 0, is_cut: false }
    }

    /// Takes the next transfer, if it is chosen; breaks where the page is full.
    fn take(&mut self, number: u64, chosen: Option<T>) -> ControlFlow<()> {
        // Both sides of a transfer to oneself are gone over together.
        if self.scanned >= MAX_SCANNED && number != self.last {
            self.is_cut = true;
            return ControlFlow::Break(());
        }
        self.scanned += 1;
        self.last = number;
        self.found.extend(chosen.map(|item| (number, item)));
        if self.found.len() <= PAGE { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    /// Returns the page, and behind which transfer the next one begins.
    fn page(mut self) -> (Vec<T>, Option<u64>) {
        let mut next = self.is_cut.then_some(self.last);
        if self.found.len() > PAGE {
            // A transfer to oneself stands twice, and both on one page.
            let beyond = self.found.last().map(|(number, _)| *number);
            self.found.truncate(PAGE);
            if self.found.last().map(|(number, _)| *number) == beyond {
                self.found.pop();
            }
            next = self.found.last().map(|(number, _)| *number);
        }
        (self.found.into_iter().map(|(_, item)| item).collect(), next)
    }
}

/// Who reads, and the block that was read last: neighbouring transfers are often of one block.
struct At {
    clearance: Tlp,
    last: Option<BlockInfo>,
}

impl At {
    fn new(clearance: Tlp) -> Self {
        At { clearance, last: None }
    }

    fn block(&mut self, workspace: &AccountWorkspace, number: u64) -> Result<&BlockInfo, LedgerError> {
        if self.last.as_ref().is_none_or(|block| block.number != number) {
            self.last = None;
        }
        match &mut self.last {
            Some(block) => Ok(block),
            none => Ok(none.insert(workspace.ledger.block(number)?)),
        }
    }
}

/// Returns the token of a chain that a text names: a ticker of the curated list, a CAIP-19 id, a contract, or `native` for the coin.
///
/// # Errors
/// Why the text names none, or several.
pub fn token_of(chain: &holdfast_types::ChainId, text: &str) -> Result<TokenRef, String> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("native") {
        return Ok(TokenRef::Native);
    }
    if let Ok(account) = AccountId::try_from(&Address::read(text)) {
        return Ok(TokenRef::Fungible(account));
    }
    let asset = Asset::parse(text).map_err(|e| e.to_string())?;
    let ids = asset.ids_on(chain);
    match ids.as_slice() {
        [id] => TokenRef::of_asset(id).ok_or_else(|| "it names no single asset".into()),
        [] => Err(format!("no asset of {chain} is listed under that name; give a CAIP-19 id or a contract")),
        several => {
            let several: Vec<String> = several.iter().map(ToString::to_string).collect();
            Err(format!("several assets have that ticker: {}", several.join(", ")))
        }
    }
}

/// Returns whether a transfer of a kind is a payment to somebody, for lists of what an address received.
pub(crate) fn is_payment(kind: TransferKind) -> bool {
    !kind.is_fee()
}
