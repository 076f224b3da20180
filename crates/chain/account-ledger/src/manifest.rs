//! The manifest: what of the ledger is committed. Written whole beside the old one and renamed over it.

use crate::error::LedgerError;
use holdfast_columns::sealed;
use holdfast_types::{AccountId, ChainId, TokenRef};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// How many of each thing the ledger holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Blocks.
    pub blocks: u64,
    /// Transactions, and one more for each side of a block that has transfers outside transactions.
    pub txs: u64,
    /// Stored transfers: all but the burnt and the tipped part of fees, which lie with their transactions.
    pub transfers: u64,
    /// Limbs of wide amounts and of places.
    pub wide: u64,
    /// Distinct accounts.
    pub accounts: u64,
    /// Distinct assets.
    pub assets: u64,
}

impl Counts {
    /// Field-wise minimum.
    #[must_use]
    pub fn min(self, other: Counts) -> Counts {
        Counts {
            blocks: self.blocks.min(other.blocks),
            txs: self.txs.min(other.txs),
            transfers: self.transfers.min(other.transfers),
            wide: self.wide.min(other.wide),
            accounts: self.accounts.min(other.accounts),
            assets: self.assets.min(other.assets),
        }
    }

    /// Returns how many entries an index over them has, about: transactions and transfers.
    pub(crate) fn weight(self) -> u64 {
        self.txs + self.transfers
    }
}

/// Which assets a ledger holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assets {
    /// Every asset of the chain.
    All,
    /// Only these: transfers of others, and transactions without any of these, are left out.
    Only {
        /// Whether the chain's own coin is among them, with the fees of every transaction.
        native: bool,
        /// Contracts in hexadecimal digits, with all their token ids.
        contracts: BTreeSet<String>,
        /// Numbers of TRC-10 tokens.
        trc10: BTreeSet<u64>,
    },
}

impl Assets {
    /// Returns a choice of assets. Of a contract all token ids are held.
    #[must_use]
    pub fn only(tokens: &[TokenRef]) -> Self {
        Assets::Only {
            native: tokens.contains(&TokenRef::Native),
            contracts: tokens.iter().filter_map(TokenRef::contract).map(|c| hex::encode(c.as_bytes())).collect(),
            trc10: tokens.iter().filter_map(|t| if let TokenRef::Trc10(n) = t { Some(*n) } else { None }).collect(),
        }
    }

    /// Returns whether a ledger of this choice holds an asset.
    #[must_use]
    pub fn has(&self, token: &TokenRef) -> bool {
        let Assets::Only { native, contracts, trc10 } = self else { return true };
        match (token, token.contract()) {
            (_, Some(contract)) => contracts.contains(&hex::encode(contract.as_bytes())),
            (TokenRef::Trc10(number), None) => trc10.contains(number),
            (_, None) => *native,
        }
    }

    /// Returns whether the chain's own coin is held, and with it the fees.
    #[must_use]
    pub fn native(&self) -> bool {
        match self {
            Assets::All => true,
            Assets::Only { native, .. } => *native,
        }
    }
}

impl fmt::Display for Assets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Assets::All => f.write_str("all assets"),
            Assets::Only { native, contracts, trc10 } => {
                let coin = if *native { "its coin, " } else { "" };
                write!(f, "{coin}{} contracts and {} TRC-10 tokens", contracts.len(), trc10.len())
            }
        }
    }
}

/// The choice of a ledger's assets, made for look-ups.
#[derive(Clone, Debug)]
pub(crate) struct Chosen(Option<(bool, hashbrown::HashSet<AccountId>, BTreeSet<u64>)>);

impl Chosen {
    /// `None` where a contract is no account.
    pub(crate) fn of(assets: &Assets) -> Option<Self> {
        let Assets::Only { native, contracts, trc10 } = assets else { return Some(Chosen(None)) };
        let account = |c: &String| AccountId::from_bytes(&hex::decode(c).ok()?);
        Some(Chosen(Some((*native, contracts.iter().map(account).collect::<Option<_>>()?, trc10.clone()))))
    }

    #[inline]
    pub(crate) fn has(&self, token: &TokenRef) -> bool {
        let Some((native, contracts, trc10)) = &self.0 else { return true };
        match token {
            TokenRef::Native => *native,
            TokenRef::Trc10(number) => trc10.contains(number),
            TokenRef::Fungible(contract) | TokenRef::NonFungible(contract, _) | TokenRef::Multi(contract, _) => {
                contracts.contains(contract)
            }
        }
    }
}

/// What a ledger is made for. Chain and assets never change; finality is policy and may.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Chain.
    pub chain: ChainId,
    /// Assets that are held.
    pub assets: Assets,
    /// Blocks after which a block is final, so that no reorganization removes it.
    pub finality_blocks: u64,
}

impl Settings {
    /// Settings of a ledger of all assets. 64 blocks (two epochs) make a block final on Ethereum, 19 confirmations on Tron.
    #[must_use]
    pub fn new(chain: ChainId) -> Self {
        let finality_blocks = if chain.namespace() == "tron" { 19 } else { 64 };
        Settings { chain, assets: Assets::All, finality_blocks }
    }

    /// Returns the bytes of an account.
    pub(crate) fn account_bytes(&self) -> u64 {
        if self.chain.namespace() == "solana" { 32 } else { 20 }
    }

    pub(crate) fn holding(&self) -> String {
        format!("{} with {}", self.chain, self.assets)
    }
}

/// The state of the index files: look-up structures that are derived from the columns and never changed in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexState {
    /// Number in the index's folder name.
    pub number: u32,
    /// What the index was built over.
    pub built: Counts,
    /// What of it still holds: lowered by reorganizations. Entries at or beyond these numbers are ignored.
    pub valid: Counts,
    /// Lists of postings, one for each account and asset of it.
    pub lists: u64,
    /// Bytes of all lists.
    pub posting_bytes: u64,
    /// Entries of the assets' row ranges.
    pub ranges: u64,
}

/// What of the ledger is committed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Layout version; see [`FORMAT`].
    pub format: u32,
    /// What the ledger is made for.
    pub settings: Settings,
    /// Seed of the hash that places accounts and assets in the index.
    pub seed: u64,
    /// Rises with every commit.
    pub revision: u64,
    /// Height of the first block, and its parent's hash as hexadecimal digits; none in an empty ledger.
    pub first: Option<(u64, String)>,
    /// Committed numbers.
    pub counts: Counts,
    /// Index files, once built.
    pub index: Option<IndexState>,
}

/// Version of the layout that this code reads and writes.
pub const FORMAT: u32 = 1;

const NAME: &str = "MANIFEST";

impl Manifest {
    pub(crate) fn new(settings: Settings) -> Self {
        Manifest { format: FORMAT, settings, seed: 0, revision: 0, first: None, counts: Counts::default(), index: None }
    }

    /// Path of the manifest in a ledger.
    #[must_use]
    pub fn path(dir: &Path) -> PathBuf {
        dir.join(NAME)
    }

    /// Reads a ledger's manifest.
    ///
    /// # Errors
    /// [`LedgerError::Manifest`] when it is damaged or missing, [`LedgerError::Format`] when it is of another version.
    pub fn read(dir: &Path) -> Result<Self, LedgerError> {
        let path = Self::path(dir);
        let manifest: Manifest = sealed::read(&path).map_err(|e| LedgerError::Manifest(path.clone(), e))?;
        match manifest.format {
            FORMAT => Ok(manifest),
            other => Err(LedgerError::Format(path, other)),
        }
    }

    /// Commits: after this returns, a kill or power cut at any moment leaves this manifest or a later one.
    pub(crate) fn write(&self, dir: &Path) -> io::Result<()> {
        sealed::replace(dir, NAME, self)
    }
}
