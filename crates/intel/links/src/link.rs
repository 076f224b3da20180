//! What is found: links within a transaction, sides of bridge messages, moves of mixers.

pub use holdfast_block_store::Place;
use holdfast_types::{AccountId, Amount, Hash32, Position, TokenRef, TransferKind};

/// Kind of a link. The numbers are stored and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, strum::FromRepr, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
#[repr(u8)]
pub enum LinkKind {
    /// One asset was given and another received, in one transaction.
    Swap = 0,
    /// Coin became its wrapped token, or the token became coin again.
    Wrap = 1,
    /// What was sent on one chain was received on another.
    Bridge = 2,
}

/// How sure a link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, strum::FromRepr, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
#[repr(u8)]
pub enum Certainty {
    /// Both sides name the same message of a known bridge, and agree in what moves.
    Message = 0,
    /// An event of the protocol states what moved, and the transaction's transfers agree with it.
    Event = 1,
    /// In one transaction an account gave one asset alone and received another one alone.
    NetFlow = 2,
    /// A rule that can be wrong; its measured error is [`crate::Measured`].
    Heuristic = 3,
    /// Both sides name the same message, but anybody can write the one that was received: whoever pays through THORChain's router chooses the memo.
    ClaimedByMemo = 4,
}

/// What found a link: a decoder of a protocol's events, or a heuristic. The numbers are stored and never change.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, strum::FromRepr, strum::IntoStaticStr, strum::VariantArray,
)]
#[strum(serialize_all = "snake_case")]
#[repr(u8)]
pub enum Rule {
    /// Net flow of an account in a transaction.
    NetFlow = 0,
    /// `Swap` of Uniswap v2 and pools with its events.
    UniswapV2 = 1,
    /// `Swap` of Uniswap v3 and pools with its events.
    UniswapV3 = 2,
    /// `TokenExchange` of Curve's pools of volatile assets.
    CurveCrypto = 3,
    /// Canonical wrappers of a chain's coin.
    WrappedCoin = 4,
    /// Messages of Nomad.
    Nomad = 5,
    /// Withdrawals and deposits of the first Ronin bridge.
    Ronin = 6,
    /// The oldest deposit of the same asset and amount for the same beneficiary.
    OldestDeposit = 7,
    /// Messages of Circle's CCTP, version 1.
    Cctp = 8,
    /// Messages of Circle's CCTP, version 2.
    CctpV2 = 9,
    /// Deposits and fills of Across.
    Across = 10,
    /// Transfers of Wormhole's token bridge.
    Wormhole = 11,
    /// Transfers of tokens of LayerZero's OFT standard, version 2.
    LayerZero = 12,
    /// Swaps through THORChain.
    Thorchain = 13,
    /// `Swap` of Uniswap v4's manager of pools.
    UniswapV4 = 14,
    /// `TokenExchange` of Curve's pools of like assets.
    CurveStable = 15,
    /// `Swap` of Balancer's vault, version 2.
    BalancerV2 = 16,
    /// `Swapped` of KyberSwap's router.
    KyberSwap = 17,
    /// Mints of Circle's Gateway.
    Gateway = 18,
}

impl Rule {
    /// Returns its stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A transfer of a transaction. With chain and transaction, position and kind name it in every ledger of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Moved {
    /// Where in the block.
    pub position: Position,
    /// Kind.
    pub kind: TransferKind,
}

/// One end of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// The transaction.
    pub place: Place,
    /// Account that gives or receives.
    pub account: AccountId,
    /// What moves.
    pub token: TokenRef,
    /// How much, net of what came back in the same transaction.
    pub amount: Amount,
    /// The transfers that move it.
    pub transfers: Vec<Moved>,
}

/// What a link rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// What found it.
    pub rule: Rule,
    /// The bridge's message.
    pub message: Option<MessageId>,
    /// Numbers of the logs in the block of the receiving end.
    pub logs: Vec<u32>,
}

/// A link: what `out` gave is what `into` received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Kind.
    pub kind: LinkKind,
    /// Who gave what.
    pub out: End,
    /// Who received what.
    pub into: End,
    /// What it rests on.
    pub evidence: Evidence,
    /// How sure it is.
    pub certainty: Certainty,
}

/// Id of a bridge's message, the same on both sides.
pub type MessageId = Hash32;

/// A bridge whose events are read. The numbers are stored and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, strum::FromRepr, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
#[repr(u8)]
pub enum Protocol {
    /// Nomad: the message's hash.
    Nomad = 0,
    /// The first Ronin bridge: the number of a withdrawal or deposit.
    Ronin = 1,
    /// Circle's CCTP, version 1: the source's domain and the message's nonce.
    Cctp = 2,
    /// Circle's CCTP, version 2: what the message says, because its nonce stands only on the receiving chain.
    CctpV2 = 3,
    /// Across: the origin's chain and the deposit's number.
    Across = 4,
    /// Wormhole's token bridge: emitter and sequence.
    Wormhole = 5,
    /// LayerZero's OFT standard, version 2: the packet's GUID.
    LayerZero = 6,
    /// THORChain: the hash of the transaction that paid in.
    Thorchain = 7,
    /// Circle's Gateway: the hash of what is transferred. Only what was minted is read.
    Gateway = 8,
}

impl Protocol {
    /// Returns how sure it is that two sides that name one message belong together.
    pub(crate) fn certainty(self) -> Certainty {
        if self == Protocol::Thorchain { Certainty::ClaimedByMemo } else { Certainty::Message }
    }

    pub(crate) fn rule(self) -> Rule {
        match self {
            Protocol::Nomad => Rule::Nomad,
            Protocol::Ronin => Rule::Ronin,
            Protocol::Cctp => Rule::Cctp,
            Protocol::CctpV2 => Rule::CctpV2,
            Protocol::Across => Rule::Across,
            Protocol::Wormhole => Rule::Wormhole,
            Protocol::LayerZero => Rule::LayerZero,
            Protocol::Thorchain => Rule::Thorchain,
            Protocol::Gateway => Rule::Gateway,
        }
    }

    /// Returns whether its sides are stored with [`BridgeSide::stated`] and [`BridgeSide::destination`], which the first two bridges have not.
    pub(crate) fn states(self) -> bool {
        !matches!(self, Protocol::Nomad | Protocol::Ronin)
    }
}

/// Into a bridge or mixer, or out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, strum::FromRepr)]
#[repr(u8)]
pub enum Direction {
    /// Sent to another chain; deposited.
    In = 0,
    /// Received from another chain; withdrawn.
    Out = 1,
}

impl Direction {
    pub(crate) fn opposite(self) -> Self {
        match self {
            Direction::In => Direction::Out,
            Direction::Out => Direction::In,
        }
    }
}

/// One side of a bridge's message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BridgeSide {
    /// The bridge.
    pub protocol: Protocol,
    /// Whether it is sent or received here.
    pub direction: Direction,
    /// The message.
    pub message: Option<MessageId>,
    /// Unix seconds of its block.
    pub time: u64,
    /// What moves here: the sender's account, or the receiver's.
    pub end: End,
    /// Who receives it on the other chain, or here.
    pub beneficiary: AccountId,
    /// The asset as the message names it: the number of its chain with the bridge, and its contract there.
    pub asset: Option<(u64, Hash32)>,
    /// The other chain's number with the bridge, where the event states it.
    pub remote: Option<u64>,
    /// Number of the event's log in its block.
    pub log: u32,
    /// The amount as the message states it, in the message's own units: what is compared where fees, other tokens or other decimals make the amounts
    /// of the two sides differ.
    pub stated: Option<Amount>,
    /// Asset and address on the other chain as the message spells them, where the address is no account of 20 or 32 bytes (`BTC.BTC:bc1…`);
    /// [`BridgeSide::beneficiary`] is then the hash of the address.
    pub destination: Option<String>,
}

/// A deposit in a mixer of one denomination, or a withdrawal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MixerMove {
    /// The mixer's contract.
    pub mixer: AccountId,
    /// Deposit or withdrawal.
    pub direction: Direction,
    /// Unix seconds of its block.
    pub time: u64,
    /// Who deposits or receives, and with which transfers; the amount is the denomination.
    pub end: End,
    /// Account that sent the transaction: the depositor, or whoever relays a withdrawal.
    pub payer: AccountId,
    /// What the relayer takes of a withdrawal.
    pub fee: Amount,
    /// Price of the transaction's gas, as it states it.
    pub gas_price: Amount,
    /// Number of the event's log in its block.
    pub log: u32,
}

/// Something that was found in a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// A link within the transaction.
    Link(Link),
    /// A side of a bridge's message.
    Bridge(BridgeSide),
    /// A move of a mixer.
    Mixer(MixerMove),
}

impl Record {
    /// Returns its transaction.
    #[must_use]
    pub fn place(&self) -> Place {
        match self {
            Record::Link(link) => link.into.place,
            Record::Bridge(side) => side.end.place,
            Record::Mixer(moved) => moved.end.place,
        }
    }

    /// Returns its transfers.
    pub fn transfers(&self) -> impl Iterator<Item = &Moved> {
        let (first, second) = match self {
            Record::Link(link) => (&link.out, Some(&link.into)),
            Record::Bridge(side) => (&side.end, None),
            Record::Mixer(moved) => (&moved.end, None),
        };
        first.transfers.iter().chain(second.into_iter().flat_map(|end| &end.transfers))
    }
}

/// What was found in a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockRecords {
    /// Height.
    pub height: u64,
    /// Hash.
    pub hash: Hash32,
    /// Hash of the block before.
    pub parent: Hash32,
    /// Unix seconds.
    pub time: u64,
    /// What was found, in the order of transactions.
    pub records: Vec<Record>,
}
