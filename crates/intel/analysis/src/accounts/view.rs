//! What a trace needs to know of a chain of accounts: a ledger with its attributions, or transfers in memory.

use holdfast_account_ledger::{Backing, Ledger, LedgerError, NATIVE, Posting, StoredTransfer, TransferNumber};
use holdfast_attribution::{Categories, Category};
use holdfast_types::{Amount, Hash32, Issuer, Mints, Position, TokenRef};
use serde::{Deserialize, Serialize};

/// A kind of holder at which traces end: it pools the money of many, so that what leaves it is not what came in.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Stop {
    /// An attributed service.
    Service,
    /// A contract that holds assets for exchange.
    Pool,
    /// A contract or account that holds what is on another chain.
    Bridge,
    /// A contract that mixes.
    Mixer,
    /// A contract that holds a coin for its wrapped token.
    Wrapper,
}

/// Who holds an account, as traces need to know it.
pub trait Classify {
    /// Returns what an account counts under.
    fn category(&self, account: u32) -> Category;

    /// Returns whether traces end at an account. By default they end at categories of services.
    fn stop(&self, account: u32) -> Option<Stop> {
        let category = self.category(account);
        category.ends_traces().then(|| match category.name() {
            "mixing_service" => Stop::Mixer,
            "defi_dex" => Stop::Pool,
            "defi_bridge" => Stop::Bridge,
            _ => Stop::Service,
        })
    }

    /// Returns whether links were looked for in the block at a height, so that what is found there has none that is known. By default they were not.
    fn knows_links(&self, _height: u64) -> bool {
        false
    }
}

impl Classify for Categories {
    fn category(&self, account: u32) -> Category {
        Category(self.get(account))
    }
}

/// Nobody is known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unclassified;

impl Classify for Unclassified {
    fn category(&self, _: u32) -> Category {
        Category::UNATTRIBUTED
    }
}

/// A chain of accounts as traces see it. Transfers are numbered in the order of execution.
pub trait Transfers: Classify {
    /// Returns a transfer.
    ///
    /// # Errors
    /// [`LedgerError`] where it is not stored, or the ledger is damaged.
    fn transfer(&self, number: TransferNumber) -> Result<StoredTransfer, LedgerError>;

    /// Returns the postings of an account and asset from a transfer on, in order: about `limit`, none only where there are none. Of a transfer
    /// to the account itself the one that goes out is first.
    ///
    /// # Errors
    /// [`LedgerError`] where the ledger is damaged.
    fn postings_from(
        &self,
        account: u32,
        asset: u32,
        from: TransferNumber,
        limit: usize,
    ) -> Result<Vec<Posting>, LedgerError>;

    /// Returns the postings of an account and asset before a transfer, the latest first: about `limit`, none only where there are none.
    ///
    /// # Errors
    /// [`LedgerError`] where the ledger is damaged.
    fn postings_before(
        &self,
        account: u32,
        asset: u32,
        before: TransferNumber,
        limit: usize,
    ) -> Result<Vec<Posting>, LedgerError>;

    /// Returns what an account held of an asset before a transfer, the least opening included; `None` beyond 256 bits.
    ///
    /// # Errors
    /// [`LedgerError`] where the ledger is damaged.
    fn balance_before(&self, account: u32, asset: u32, number: TransferNumber) -> Result<Option<Amount>, LedgerError>;

    /// Returns the least that an account held of an asset before the first transfer, so that its balance never is negative; `None` beyond 256 bits.
    ///
    /// # Errors
    /// [`LedgerError`] where the ledger is damaged.
    fn least_opening(&self, account: u32, asset: u32) -> Result<Option<Amount>, LedgerError>;

    /// Returns [`Self::least_opening`] and [`Self::balance_before`] together.
    ///
    /// # Errors
    /// [`LedgerError`] where the ledger is damaged.
    fn opening_and_balance(
        &self,
        account: u32,
        asset: u32,
        number: TransferNumber,
    ) -> Result<(Option<Amount>, Option<Amount>), LedgerError> {
        Ok((self.least_opening(account, asset)?, self.balance_before(account, asset, number)?))
    }

    /// Returns the number of the first transfer after the block at a height.
    ///
    /// # Errors
    /// [`LedgerError`] where the ledger is damaged.
    fn number_after(&self, height: u64) -> Result<TransferNumber, LedgerError>;

    /// Returns the time of a transaction, Unix seconds.
    ///
    /// # Errors
    /// [`LedgerError`] where it is not stored.
    fn time(&self, tx: u64) -> Result<u64, LedgerError>;

    /// Returns whether an asset's transfers agree with each other.
    ///
    /// # Errors
    /// [`LedgerError`] where the ledger is damaged.
    fn backing(&self, asset: u32) -> Result<Backing, LedgerError>;

    /// Returns whether moves of an asset inside transactions were not read, so that its amounts are incomplete.
    ///
    /// # Errors
    /// [`LedgerError`] where the ledger is damaged.
    fn internal_unknown(&self, asset: u32) -> Result<bool, LedgerError>;

    /// Returns whether whoever minted or destroyed what a transfer states is known, of a transfer without a link: the issuer of the curated list, or the
    /// chain's own rules. Of any other token it may be the other side of a bridge; of an issuer's that mints for a bridge too, where links were not looked
    /// for in the transfer's block. By default it is.
    ///
    /// # Errors
    /// [`LedgerError`] where the ledger is damaged.
    fn has_known_issuer(&self, _transfer: &StoredTransfer) -> Result<bool, LedgerError> {
        Ok(true)
    }
}

/// A ledger with what is known of its accounts.
#[derive(Clone, Copy, Debug)]
pub struct AccountView<'a, C> {
    /// The ledger.
    pub ledger: &'a Ledger,
    /// Who is who.
    pub classes: &'a C,
}

impl<C: Classify> Classify for AccountView<'_, C> {
    fn category(&self, account: u32) -> Category {
        self.classes.category(account)
    }

    fn stop(&self, account: u32) -> Option<Stop> {
        self.classes.stop(account)
    }

    fn knows_links(&self, height: u64) -> bool {
        self.classes.knows_links(height)
    }
}

impl<C: Classify> Transfers for AccountView<'_, C> {
    fn transfer(&self, number: TransferNumber) -> Result<StoredTransfer, LedgerError> {
        self.ledger.transfer(number)
    }

    fn postings_from(
        &self,
        account: u32,
        asset: u32,
        from: TransferNumber,
        limit: usize,
    ) -> Result<Vec<Posting>, LedgerError> {
        self.ledger.postings_from(account, asset, from, limit)
    }

    fn postings_before(
        &self,
        account: u32,
        asset: u32,
        before: TransferNumber,
        limit: usize,
    ) -> Result<Vec<Posting>, LedgerError> {
        self.ledger.postings_before(account, asset, before, limit)
    }

    fn balance_before(&self, account: u32, asset: u32, number: TransferNumber) -> Result<Option<Amount>, LedgerError> {
        self.opening_and_balance(account, asset, number).map(|(_, balance)| balance)
    }

    fn opening_and_balance(
        &self,
        account: u32,
        asset: u32,
        number: TransferNumber,
    ) -> Result<(Option<Amount>, Option<Amount>), LedgerError> {
        let (opening, moved) = self.ledger.opening_and_moved(account, asset, number)?;
        let balance = moved.zip(opening).and_then(|(moved, opening)| moved.checked_add(opening.into()));
        Ok((opening, balance.filter(|b| !b.is_negative()).map(|b| b.magnitude())))
    }

    fn least_opening(&self, account: u32, asset: u32) -> Result<Option<Amount>, LedgerError> {
        self.ledger.least_opening(account, asset)
    }

    fn number_after(&self, height: u64) -> Result<TransferNumber, LedgerError> {
        self.ledger.number_after(height)
    }

    fn time(&self, tx: u64) -> Result<u64, LedgerError> {
        self.ledger.time_of_tx(tx)
    }

    fn backing(&self, asset: u32) -> Result<Backing, LedgerError> {
        self.ledger.backing(asset)
    }

    fn internal_unknown(&self, asset: u32) -> Result<bool, LedgerError> {
        // Any account's balance states it: it is a matter of the blocks.
        Ok(asset == NATIVE && self.ledger.counts().accounts > 0 && self.ledger.balance(0, asset)?.internal_unknown)
    }

    fn has_known_issuer(&self, transfer: &StoredTransfer) -> Result<bool, LedgerError> {
        let token = self.ledger.asset(transfer.asset)?;
        if matches!(token, TokenRef::Native | TokenRef::Trc10(_)) {
            return Ok(true);
        }
        let listed = Issuer::listed(&token.asset_id(&self.ledger.settings().chain));
        Ok(match listed.map(|issuer| issuer.mints) {
            Some(Mints::Issuer) => true,
            Some(Mints::IssuerAndBridge) => {
                let tx = self.ledger.tx(transfer.tx)?;
                self.classes.knows_links(self.ledger.block(tx.block)?.height)
            }
            Some(Mints::Bridge) | None => false,
        })
    }
}

/// Returns the number of the transfer at a position of a transaction; the transaction's own position is its value's, not its fees'.
///
/// # Errors
/// [`LedgerError`] where the ledger is damaged.
pub fn transfer_at(ledger: &Ledger, tx: &Hash32, position: Position) -> Result<Option<TransferNumber>, LedgerError> {
    let Some(tx) = ledger.tx_by_hash(tx) else { return Ok(None) };
    let found = ledger.transfers_of(tx)?.into_iter().find(|t| t.position == position && !t.kind.is_fee());
    Ok(found.map(|t| t.number))
}
