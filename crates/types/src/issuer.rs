//! Issuers of tokens who can freeze accounts: which contracts count (`data/issuers.csv`), and what their events state.
//!
//! Anybody can write an event of any name, so that only contracts of the curated list, or those that a caller adds, are an issuer's.

use crate::{AccountId, Address, Amount, AssetId, ChainId, TokenRef};
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// A contract whose issuer can freeze accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// The token's contract.
    pub token: AccountId,
    /// The wallet of several owners (Gnosis's MultiSigWallet) that owns the contract: what its owners propose is public before it is done.
    pub wallet: Option<AccountId>,
    /// For what units come into being here.
    pub mints: Mints,
    /// The issuer's name.
    pub name: &'static str,
    /// Where the contract's events, and who its owner is, can be verified.
    pub source: &'static str,
}

/// For what a contract mints and destroys units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mints {
    /// The issuer sells them and takes them back.
    Issuer,
    /// They are the other side of a bridge.
    Bridge,
    /// Either.
    IssuerAndBridge,
}

impl Issuer {
    /// Returns an issuer's contract that the list does not name, such as one of a test chain.
    #[must_use]
    pub const fn of(token: AccountId, wallet: Option<AccountId>) -> Self {
        Issuer { token, wallet, mints: Mints::Issuer, name: "", source: "" }
    }

    /// Returns the listed contracts of a chain.
    #[must_use]
    pub fn listed_on(chain: &ChainId) -> Vec<Issuer> {
        LIST.iter().filter(|(asset, _)| asset.chain() == chain).map(|(_, issuer)| issuer.clone()).collect()
    }

    /// Returns the listed contract of an asset.
    #[must_use]
    pub fn listed(asset: &AssetId) -> Option<&'static Issuer> {
        LIST.iter().find(|(listed, _)| listed == asset).map(|(_, issuer)| issuer)
    }
}

/// `data/issuers.csv`: CAIP-19 id, issuer, wallet of several owners (may be empty), for what it mints (`issuer`, `bridge`, `issuer+bridge`), source.
static LIST: LazyLock<Vec<(AssetId, Issuer)>> = LazyLock::new(|| {
    let lines = include_str!("../../../data/issuers.csv").lines().skip(1);
    lines.filter_map(read).collect()
});

fn read(line: &'static str) -> Option<(AssetId, Issuer)> {
    let mut cells = line.splitn(5, ',');
    let asset = AssetId::parse(cells.next()?).ok()?;
    let (name, wallet, mints, source) = (cells.next()?, cells.next()?, cells.next()?, cells.next()?);
    let token = TokenRef::of_asset(&asset)?.contract()?;
    let wallet = match wallet {
        "" => None,
        wallet => Some(AccountId::try_from(&Address::read(wallet)).ok()?),
    };
    let mints = match mints {
        "issuer" => Mints::Issuer,
        "bridge" => Mints::Bridge,
        "issuer+bridge" => Mints::IssuerAndBridge,
        _ => return None,
    };
    Some((asset, Issuer { token, wallet, mints, name, source }))
}

/// What an issuer does with an account.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    strum::EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum IssuerAction {
    /// The account can no longer send the token.
    Freeze,
    /// A freeze ends.
    Lift,
    /// What a frozen account has of the token is destroyed.
    Destroy,
}

impl IssuerAction {
    /// Returns its stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// What an issuer's contract, or the wallet that owns it, states in a log. Stores keep it by the order of variants and fields: new ones stand last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IssuerAct {
    /// Something was done with an account.
    Done {
        /// What.
        action: IssuerAction,
        /// The account.
        account: AccountId,
        /// How much was destroyed in base units; `None` where nothing was, or the event does not state it.
        amount: Option<Amount>,
    },
    /// Something is proposed to the wallet's owners. It is done once enough of them confirmed it, hours later as a rule.
    Proposed {
        /// What.
        action: IssuerAction,
        /// The account.
        account: AccountId,
        /// Number of the proposal in its wallet.
        proposal: u64,
    },
    /// Something is proposed whose content the block does not show: the wallet was called by a contract, and the call's data is not known.
    ProposedUnread {
        /// Number of the proposal in its wallet.
        proposal: u64,
    },
    /// An owner confirmed a proposal; who proposes confirms.
    Confirmed {
        /// Number of the proposal in its wallet.
        proposal: u64,
        /// The owner.
        owner: AccountId,
    },
    /// An owner took the confirmation back. A proposal without any is withdrawn.
    Revoked {
        /// Number of the proposal in its wallet.
        proposal: u64,
        /// The owner.
        owner: AccountId,
    },
    /// A proposal was executed.
    Executed {
        /// Number of the proposal in its wallet.
        proposal: u64,
    },
    /// A proposal was to be executed, and its call failed. It can be tried again.
    Failed {
        /// Number of the proposal in its wallet.
        proposal: u64,
    },
    /// Tokens were issued, or redeemed, without a transfer, and the block does not show who has them, or had them. The owner's balance is incomplete from here.
    Unattributed {
        /// Whether they were issued.
        is_issue: bool,
        /// How much in base units.
        amount: Amount,
    },
}

impl IssuerAct {
    /// Returns the account that it concerns.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        match *self {
            IssuerAct::Done { account, .. } | IssuerAct::Proposed { account, .. } => Some(account),
            _ => None,
        }
    }

    /// Returns the number of the proposal that it concerns.
    #[must_use]
    pub fn proposal(&self) -> Option<u64> {
        match *self {
            IssuerAct::Proposed { proposal, .. }
            | IssuerAct::ProposedUnread { proposal }
            | IssuerAct::Confirmed { proposal, .. }
            | IssuerAct::Revoked { proposal, .. }
            | IssuerAct::Executed { proposal }
            | IssuerAct::Failed { proposal } => Some(proposal),
            IssuerAct::Done { .. } | IssuerAct::Unattributed { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Asset;

    #[test]
    fn the_list_is_sound() {
        let text = include_str!("../../../data/issuers.csv");
        assert!(LIST.len() == text.lines().skip(1).count() && LIST.len() > 10);
        for ((asset, issuer), line) in LIST.iter().zip(text.lines().skip(1)) {
            assert!(Asset::from(asset.clone()).is_listed(), "{asset} is no asset of the curated list");
            assert!(!issuer.name.is_empty() && issuer.source.len() > 20, "{line}");
            assert_eq!(LIST.iter().filter(|(other, _)| other == asset).count(), 1, "{line} stands twice");
            // A proposal is known by its token and number: a wallet owns one contract of the list.
            let shares = |(_, other): &&(AssetId, Issuer)| issuer.wallet.is_some() && other.wallet == issuer.wallet;
            assert!(LIST.iter().filter(shares).count() <= 1, "{line}");
            // Addresses are written with their checksum, so that a slip of the pen is found.
            let wallet = line.split(',').nth(2).unwrap();
            let contract = line.split(',').next().unwrap().rsplit(':').next().unwrap();
            for written in [wallet, contract].into_iter().filter(|written| !written.is_empty()) {
                let address = Address::check(written).unwrap();
                assert_eq!(address.checksummed(), written);
            }
        }
    }

    #[test]
    fn contracts_are_found_by_chain_and_asset() {
        let tether = AssetId::parse("eip155:1/erc20:0xdAC17F958D2ee523a2206206994597C13D831ec7").unwrap();
        let listed = Issuer::listed(&tether).unwrap();
        assert_eq!((listed.name, listed.wallet.is_some(), listed.mints), ("Tether", true, Mints::Issuer));
        let on_arbitrum = AssetId::parse("eip155:42161/erc20:0xFd086bC7CD5C481DCC9C85ebE478A1C0b69FCbb9").unwrap();
        assert!(Issuer::listed(&on_arbitrum).is_some_and(|listed| listed.mints == Mints::Bridge));
        // Circle burns and mints over CCTP wherever it runs, and sells the same token.
        let usdc = AssetId::parse("eip155:1/erc20:0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48").unwrap();
        assert!(Issuer::listed(&usdc).is_some_and(|listed| listed.mints == Mints::IssuerAndBridge));
        assert!(Issuer::listed_on(tether.chain()).contains(listed));
        let shib = AssetId::parse("eip155:1/erc20:0x95aD61b0a150d79219dCF64E1E6Cc01f0B64C4cE").unwrap();
        assert_eq!(Issuer::listed(&shib), None);
        assert!(Issuer::listed_on(&ChainId::parse("eip155:31337").unwrap()).is_empty());
    }
}
