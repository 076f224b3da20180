//! Transfers of account chains: what moved, from which account to which, where in its block, and what commits to it.
//!
//! Readers of chains (`chain/evm`, Tron) make [`BlockTransfers`], the account ledger stores them. Amounts are base units; a token is its contract and
//! id, never a symbol.

use crate::{Address, Amount, AssetId, ChainId, Hash32, IssuerAct};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// An account of an account chain: 20 bytes on EVM chains and on Tron (without Tron's leading `41`), 32 on Solana.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId {
    len: u8,
    bytes: [u8; 32],
}

/// An address that is no account of an account chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no account of an account chain; an account of an EVM chain, of Tron or of Solana is expected")]
pub struct NotAnAccount(pub String);

impl AccountId {
    /// The zero account, which stands on the outer side of mints and burns.
    pub const ZERO: AccountId = AccountId::evm([0; 20]);

    /// Returns the account of 20 bytes, of an EVM chain or Tron.
    #[must_use]
    pub const fn evm(account: [u8; 20]) -> Self {
        let mut bytes = [0; 32];
        let (first, _) = bytes.split_at_mut(20);
        first.copy_from_slice(&account);
        AccountId { len: 20, bytes }
    }

    /// Returns the account of 32 bytes, of Solana.
    #[must_use]
    pub const fn solana(bytes: [u8; 32]) -> Self {
        AccountId { len: 32, bytes }
    }

    /// Returns the account of 20 or 32 bytes; `None` of any other length.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        match bytes.len() {
            20 => bytes.try_into().ok().map(AccountId::evm),
            32 => bytes.try_into().ok().map(AccountId::solana),
            _ => None,
        }
    }

    /// Returns its 20 or 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// Returns whether all its bytes are zero.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.bytes == [0; 32]
    }

    /// Returns the address on a chain.
    #[must_use]
    pub fn to_address(&self, chain: &ChainId) -> Address {
        match (<[u8; 20]>::try_from(self.as_bytes()), chain.namespace()) {
            (Ok(account), "tron") => Address::Tron(account),
            (Ok(account), _) => Address::Evm(account),
            (Err(_), _) => Address::Other(bitcoin::base58::encode(self.as_bytes()).into()),
        }
    }
}

impl TryFrom<&Address> for AccountId {
    type Error = NotAnAccount;

    fn try_from(address: &Address) -> Result<Self, NotAnAccount> {
        let account = match address {
            Address::Evm(account) | Address::Tron(account) => Some(AccountId::evm(*account)),
            Address::Other(text) if (32..=44).contains(&text.len()) => {
                bitcoin::base58::decode(text).ok().and_then(|b| b.try_into().ok()).map(AccountId::solana)
            }
            Address::Other(_) | Address::Script(_) => None,
        };
        account.ok_or_else(|| NotAnAccount(address.to_string()))
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", hex::encode(self.as_bytes()))
    }
}

impl Serialize for AccountId {
    /// As hexadecimal digits with `0x` where people may read it, else as its bytes.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(&format_args!("{self:?}"))
        } else {
            serializer.serialize_bytes(self.as_bytes())
        }
    }
}

impl<'de> Deserialize<'de> for AccountId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = AccountId;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("an account of 20 or 32 bytes")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<AccountId, E> {
                let bytes = hex::decode(text.strip_prefix("0x").unwrap_or(text)).map_err(E::custom)?;
                self.visit_bytes(&bytes)
            }

            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<AccountId, E> {
                AccountId::from_bytes(bytes).ok_or_else(|| E::invalid_length(bytes.len(), &self))
            }
        }
        if deserializer.is_human_readable() {
            deserializer.deserialize_str(Visitor)
        } else {
            deserializer.deserialize_bytes(Visitor)
        }
    }
}

/// What moves, within one chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenRef {
    /// The chain's own coin.
    Native,
    /// A fungible token by its contract: ERC-20 (EIP-20), TRC-20, an SPL mint.
    Fungible(AccountId),
    /// One thing of a contract by its id: ERC-721 (EIP-721), TRC-721. Its amount is 1.
    NonFungible(AccountId, Amount),
    /// Pieces of one id of a contract: ERC-1155 (EIP-1155).
    Multi(AccountId, Amount),
    /// A token of Tron by its number: TRC-10.
    Trc10(u64),
}

impl TokenRef {
    /// Returns its contract, where it has one.
    #[must_use]
    pub fn contract(&self) -> Option<AccountId> {
        match self {
            TokenRef::Native | TokenRef::Trc10(_) => None,
            TokenRef::Fungible(contract) | TokenRef::NonFungible(contract, _) | TokenRef::Multi(contract, _) => {
                Some(*contract)
            }
        }
    }

    /// Returns its CAIP-19 id on a chain. An EVM chain whose coin the curated list does not name is taken to have ether (SLIP-44 number 60).
    #[must_use]
    pub fn asset_id(&self, chain: &ChainId) -> AssetId {
        let is_tron = chain.namespace() == "tron";
        let standard = |evm, tron| if is_tron { tron } else { evm };
        let rest = match self {
            TokenRef::Native => return AssetId::native_of(chain),
            TokenRef::Fungible(contract) => {
                let namespace = if contract.len == 32 { "token" } else { standard("erc20", "trc20") };
                format!("{namespace}:{}", contract.to_address(chain))
            }
            TokenRef::NonFungible(contract, id) => {
                format!("{}:{}/{id}", standard("erc721", "trc721"), contract.to_address(chain))
            }
            TokenRef::Multi(contract, id) => {
                format!("{}:{}/{id}", standard("erc1155", "trc1155"), contract.to_address(chain))
            }
            TokenRef::Trc10(number) => format!("trc10:{number}"),
        };
        AssetId::from_parts(chain, &rest)
    }

    /// Returns the token of a CAIP-19 id; `None` of one that names no single asset of an account chain.
    #[must_use]
    pub fn of_asset(id: &AssetId) -> Option<Self> {
        let (namespace, reference, token) = id.parts();
        let contract = || AccountId::try_from(&Address::read(reference)).ok();
        match (namespace, token) {
            ("slip44", None) => Some(TokenRef::Native),
            ("trc10", None) => reference.parse().ok().map(TokenRef::Trc10),
            ("erc20" | "bep20" | "trc20" | "token", None) => contract().map(TokenRef::Fungible),
            ("erc721" | "trc721", Some(token)) => Some(TokenRef::NonFungible(contract()?, token.parse().ok()?)),
            ("erc1155" | "trc1155", Some(token)) => Some(TokenRef::Multi(contract()?, token.parse().ok()?)),
            _ => None,
        }
    }
}

/// Kind of a transfer. The numbers are stored in ledgers and never change.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    strum::FromRepr,
    strum::IntoStaticStr,
    strum::EnumString,
    strum::VariantArray,
)]
#[strum(serialize_all = "snake_case")]
#[repr(u8)]
pub enum TransferKind {
    /// Coin that a transaction itself carries.
    Value = 0,
    /// Coin moved inside a transaction: a call, a creation, a self-destruction.
    Internal = 1,
    /// Base fee (EIP-1559), and Tron's fees but for those of its fee pool: destroyed; on chains that collect it, it has a receiver.
    FeeBurn = 2,
    /// What the block's producer earns of the fee; before EIP-1559 all of it.
    FeeTip = 3,
    /// Blob fee (EIP-4844), destroyed.
    FeeBlob = 4,
    /// Fee for data on the base chain (OP Stack).
    FeeL1 = 5,
    /// Reward of a block or an ommer.
    Reward = 6,
    /// Withdrawal from the consensus layer (EIP-4895).
    Withdrawal = 7,
    /// A token's transfer between two accounts.
    Token = 8,
    /// Coin became its wrapped token; the coin's own transfer to the wrapper stands beside it.
    Wrap = 9,
    /// A wrapped token became coin again; the coin's own transfer stands beside it.
    Unwrap = 10,
    /// Tokens that came into being.
    Mint = 11,
    /// Tokens that were destroyed.
    Burn = 12,
    /// Balance of the first block.
    Genesis = 13,
    /// Balance moved by a change of the rules (the DAO fork, EIP-779).
    Fork = 14,
    /// Coin that arrived from the base chain with a deposit (OP Stack type 126, Arbitrum type 100, Polygon state sync).
    SystemDeposit = 15,
    /// A difference that a balance shows and no transfer explains (rebasing tokens).
    Adjust = 16,
}

impl TransferKind {
    /// Returns its stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns whether it pays for a transaction, whatever becomes of the fee.
    #[must_use]
    pub fn is_fee(self) -> bool {
        matches!(self, TransferKind::FeeBurn | TransferKind::FeeTip | TransferKind::FeeBlob | TransferKind::FeeL1)
    }
}

/// Where in its block a transfer stands. With chain, transaction and kind it names the transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Position {
    /// Before all transactions, by number.
    BlockStart(u32),
    /// The transaction itself: its value and its fees.
    Transaction,
    /// A log, by its number in the block (as `logIndex` counts), and which of its transfers (ERC-1155 batches have several).
    Log(u32, u32),
    /// A frame of the transaction's trace, by its number in pre-order; the transaction's own call is 0.
    Trace(u32),
    /// After all transactions, by number.
    BlockEnd(u32),
}

/// What commits to a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Commitment {
    /// A root in the block's header, so that a proof against the header's hash exists.
    Root,
    /// Nothing but the node that was read: traces, logs of Tron.
    Claim,
}

/// A transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// What moved.
    pub token: TokenRef,
    /// Sender; `None` where it came into being.
    pub from: Option<AccountId>,
    /// Receiver; `None` where it was destroyed or where nobody knows (fees of some chains).
    pub to: Option<AccountId>,
    /// How much, in base units. Never zero.
    pub amount: Amount,
    /// Kind.
    pub kind: TransferKind,
    /// Where in the block.
    pub position: Position,
    /// What commits to it.
    pub commitment: Commitment,
}

/// What a stake of coin gives (Tron).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// Bytes of transactions.
    Bandwidth,
    /// Computation of contracts.
    Energy,
    /// Votes for producers.
    Votes,
}

/// What became of coin that an account stakes (Tron).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StakeChange {
    /// It was locked.
    Begun,
    /// It waits to be returned.
    Ending,
    /// It can be spent again.
    Returned,
}

/// What of an account a block does not determine (Tron).
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
    strum::Display,
)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// Which token moved: the block has its name, and several may have one name.
    #[strum(serialize = "number of a token that is named")]
    NamedToken,
    /// Which number a new token got.
    #[strum(serialize = "number of the token that is issued")]
    IssuedToken,
    /// Whose orders an order met.
    #[strum(serialize = "fills of the market's orders")]
    MarketFills,
    /// What moved in a shielded transfer.
    #[strum(serialize = "token of shielded transfers")]
    ShieldedToken,
    /// What an issuer gave for coin.
    #[strum(serialize = "how much of a token its issuer gave")]
    IssuerGave,
    /// What an exchange gave.
    #[strum(serialize = "the other token of an exchange")]
    ExchangeToken,
    /// Who acts.
    #[strum(serialize = "who acts inside the transaction")]
    Actor,
    /// What an unknown note of the node means.
    #[strum(serialize = "meaning of something inside the transaction")]
    Meaning,
}

/// What looked like a transfer and is none, or is of note beside the transfers. Stores keep signals by the order of the variants and of their fields:
/// new variants stand last, and variants and fields that exist do not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// A log of a transfer of nothing, which moves nothing. Address poisoning uses it: anybody can make it in anybody's name.
    ZeroValue {
        /// Token.
        token: TokenRef,
        /// Sender that the log names.
        from: AccountId,
        /// Receiver that the log names.
        to: AccountId,
        /// Where the log stands.
        position: Position,
        /// Whether the sender that the log names is not the transaction's.
        by_third_party: bool,
    },
    /// A transfer (which stands among the transfers) that another account than its sender ordered, by a direct `transferFrom`.
    ThirdParty {
        /// Token.
        token: TokenRef,
        /// Account that was debited.
        from: AccountId,
        /// Where the log stands.
        position: Position,
    },
    /// A log of a canonical wrapper without a transfer of coin of that amount beside it. No transfer is made of it.
    UnpairedWrap {
        /// The wrapper.
        contract: AccountId,
        /// Where the log stands.
        position: Position,
    },
    /// A log with the topic of a known event whose data cannot be that event's. No transfer is made of it.
    MalformedLog {
        /// Contract that wrote it.
        contract: AccountId,
        /// Where the log stands.
        position: Position,
    },
    /// A user operation (ERC-4337): the account acts, whoever sent and paid the transaction.
    UserOperation {
        /// Account that acts.
        sender: AccountId,
        /// Who pays for it, if not the account.
        paymaster: Option<AccountId>,
        /// Whether it succeeded.
        success: bool,
        /// Where the log stands.
        position: Position,
    },
    /// An account that signed to run a contract's code (EIP-7702). It stays an account of a key: code alone does not make a contract.
    Delegation {
        /// Account that signed.
        account: AccountId,
        /// Contract whose code it runs; `None` where it ends a delegation.
        delegate: Option<AccountId>,
    },
    /// A contract that was created.
    Creation {
        /// The new contract.
        contract: AccountId,
        /// Account or contract that created it.
        creator: AccountId,
        /// Where: the transaction or a frame of its trace.
        position: Position,
    },
    /// An account that another one opened (Tron).
    Activation {
        /// The new account.
        account: AccountId,
        /// Account that paid for it.
        by: AccountId,
        /// Where: the transaction.
        position: Position,
    },
    /// An account locked coin of its own, or got it back (Tron). The coin remains its own: no transfer is made of it, and its balance includes it.
    Stake {
        /// Account.
        account: AccountId,
        /// What became of the coin.
        change: StakeChange,
        /// How much; `None` where the block does not state it.
        amount: Option<Amount>,
        /// What the stake gives; `None` where the block does not state it.
        resource: Option<Resource>,
        /// Where: the transaction or a frame of its trace.
        position: Position,
    },
    /// An account has another one use the resource of its stake, or takes it back (Tron): who bears whose fees.
    ResourceDelegation {
        /// Account whose stake it is.
        owner: AccountId,
        /// Account that uses the resource.
        receiver: AccountId,
        /// Resource.
        resource: Resource,
        /// Stake behind it; `None` where the block does not state it.
        amount: Option<Amount>,
        /// Whether it is taken back.
        ends: bool,
        /// Where: the transaction or a frame of its trace.
        position: Position,
    },
    /// Something of an account moved of which the block does not determine what, how much or whereto (exchanges and names of tokens on Tron). The
    /// account's balances are incomplete from here.
    Undetermined {
        /// Account.
        account: AccountId,
        /// What is missing.
        missing: Missing,
        /// Where: the transaction or a frame of its trace.
        position: Position,
    },
    /// The issuer of a token, or the wallet that owns its contract, acted.
    Issuer {
        /// The token.
        token: TokenRef,
        /// What the log states.
        act: IssuerAct,
        /// Where the log stands.
        position: Position,
    },
}

impl Signal {
    /// Returns the accounts that it is found by: who acts, and who is named. The contract of a token that a log is about is none of them.
    pub fn accounts(&self) -> impl Iterator<Item = AccountId> + use<> {
        let accounts = match *self {
            Signal::ZeroValue { from, to, .. } => [Some(from), Some(to)],
            Signal::ThirdParty { from, .. } => [Some(from), None],
            Signal::UnpairedWrap { contract, .. } | Signal::MalformedLog { contract, .. } => [Some(contract), None],
            Signal::UserOperation { sender, paymaster, .. } => [Some(sender), paymaster],
            Signal::Delegation { account, delegate } => [Some(account), delegate],
            Signal::Creation { contract, creator, .. } => [Some(contract), Some(creator)],
            Signal::Activation { account, by, .. } => [Some(account), Some(by)],
            Signal::Stake { account, .. } | Signal::Undetermined { account, .. } => [Some(account), None],
            Signal::ResourceDelegation { owner, receiver, .. } => [Some(owner), Some(receiver)],
            Signal::Issuer { act, .. } => [act.account(), None],
        };
        accounts.into_iter().flatten()
    }
}

/// The transfers of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionTransfers {
    /// Hash, as the chain prints it.
    pub hash: Hash32,
    /// Number in its block.
    pub index: u32,
    /// Account that sent it and pays its fee.
    pub payer: AccountId,
    /// Account that it calls; `None` where it creates a contract.
    pub to: Option<AccountId>,
    /// Whether it succeeded. One that failed pays its fee and moves nothing else.
    pub success: bool,
    /// Sum of its fees in the chain's coin.
    pub fee: Amount,
    /// First four bytes of its call data: which method it calls.
    pub method: Option<[u8; 4]>,
    /// Its transfers in order of execution; its fees last.
    pub transfers: Vec<Transfer>,
    /// What is of note beside them.
    pub signals: Vec<Signal>,
}

/// The transfers of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockTransfers {
    /// Chain.
    pub chain: ChainId,
    /// Height.
    pub height: u64,
    /// Hash, as the chain prints it.
    pub hash: Hash32,
    /// Hash of the block before.
    pub parent: Hash32,
    /// Time in seconds since 1970.
    pub time: u64,
    /// Its transactions in order.
    pub transactions: Vec<TransactionTransfers>,
    /// Transfers outside transactions: genesis, fork moves, rewards, withdrawals.
    pub block_level: Vec<Transfer>,
    /// Whether transfers inside transactions were read. Where not, amounts of the chain's coin are incomplete: "internal moves unknown".
    pub internal_known: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use strum::VariantArray;

    #[test]
    fn accounts_read_back_from_their_addresses() {
        let chain = |text: &str| ChainId::parse(text).unwrap();
        let (evm, tron) = (chain("eip155:1"), chain("tron:mainnet"));
        let solana = chain("solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp");
        let account = AccountId::evm([7; 20]);
        for (account, chain) in [(account, &evm), (account, &tron), (AccountId::solana([9; 32]), &solana)] {
            let address = account.to_address(chain);
            assert_eq!(Address::read(&address.to_string()), address);
            assert_eq!(AccountId::try_from(&address), Ok(account));
            assert_eq!(AccountId::from_bytes(account.as_bytes()), Some(account));
        }
        assert_eq!(account.to_address(&tron), Address::Tron([7; 20]));
        assert!(AccountId::try_from(&Address::read("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa")).is_err());
        assert!(AccountId::try_from(&Address::read("x")).is_err());
        assert_eq!(AccountId::from_bytes(&[0; 21]), None);
        assert!(AccountId::ZERO.is_zero() && !account.is_zero());
    }

    #[test]
    fn tokens_have_caip_19_ids() {
        let usdt = AccountId::try_from(&Address::read("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t")).unwrap();
        let contract = AccountId::evm([0xab; 20]);
        let hex = "ab".repeat(20);
        for (token, chain, id) in [
            (TokenRef::Native, "eip155:1", "eip155:1/slip44:60".to_owned()),
            (TokenRef::Native, "eip155:10", "eip155:10/slip44:60".to_owned()),
            (TokenRef::Native, "eip155:137", "eip155:137/slip44:966".to_owned()),
            (TokenRef::Native, "tron:mainnet", "tron:mainnet/slip44:195".to_owned()),
            (
                TokenRef::Fungible(usdt),
                "tron:mainnet",
                "tron:mainnet/trc20:TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t".to_owned(),
            ),
            (TokenRef::Fungible(contract), "eip155:1", format!("eip155:1/erc20:0x{hex}")),
            (
                TokenRef::NonFungible(contract, Amount::MAX),
                "eip155:1",
                format!("eip155:1/erc721:0x{hex}/{}", Amount::MAX),
            ),
            (TokenRef::Multi(contract, Amount::new(5)), "eip155:1", format!("eip155:1/erc1155:0x{hex}/5")),
            (TokenRef::Trc10(1_002_000), "tron:mainnet", "tron:mainnet/trc10:1002000".to_owned()),
        ] {
            let made = token.asset_id(&ChainId::parse(chain).unwrap());
            assert_eq!(made.to_string(), id);
            assert_eq!(TokenRef::of_asset(&made), Some(token), "{id}");
            assert_eq!(AssetId::parse(&id), Ok(made));
        }
    }

    #[test]
    fn kinds_have_stable_numbers_and_names() {
        let names: Vec<_> = TransferKind::VARIANTS.iter().map(|k| k.name()).collect();
        let expected = "value internal fee_burn fee_tip fee_blob fee_l1 reward withdrawal token wrap unwrap mint burn genesis fork system_deposit adjust";
        assert_eq!(names.join(" "), expected);
        for (number, kind) in (0u8..).zip(TransferKind::VARIANTS) {
            assert_eq!(TransferKind::from_repr(number), Some(*kind));
            assert_eq!(kind.name().parse::<TransferKind>(), Ok(*kind));
        }
        assert_eq!(TransferKind::from_repr(17), None);
    }
}
