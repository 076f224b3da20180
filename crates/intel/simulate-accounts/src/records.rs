//! The ground truth, as plain records.

use holdfast_types::Amount;
use serde::Serialize;

/// What somebody is who owns accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, strum::Display, strum::IntoStaticStr)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[allow(missing_docs)]
pub enum OwnerKind {
    Deployer,
    Validator,
    Issuer,
    LiquidityProvider,
    Relayer,
    Exchange,
    Merchant,
    User,
    Protocol,
    Ransomware,
    Hacker,
    Scammer,
    Poisoner,
    Spammer,
}

impl OwnerKind {
    /// Returns the category or abuse of the INTERPOL taxonomy, as TagPacks name it; `None` for people and what is no service.
    #[must_use]
    pub fn concept(self) -> Option<&'static str> {
        Some(match self {
            OwnerKind::Exchange => "exchange",
            OwnerKind::Merchant => "service",
            OwnerKind::Validator => "miner",
            OwnerKind::Ransomware => "ransomware",
            OwnerKind::Hacker => "service_hack",
            OwnerKind::Scammer | OwnerKind::Poisoner => "scam",
            _ => return None,
        })
    }
}

/// What an account is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, strum::Display, strum::IntoStaticStr)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[allow(missing_docs)]
pub enum Role {
    Wallet,
    Hot,
    Cold,
    /// Pays for the gas of deposit addresses.
    Gas,
    /// A customer's deposit address with a key of the exchange's.
    Deposit,
    /// A customer's deposit address that is a contract.
    Forwarder,
    ForwarderFactory,
    Stablecoin,
    Token,
    FeeToken,
    Wrapper,
    Pool,
    Router,
    Bridge,
    Mixer,
    Multisig,
    Payroll,
    Refuser,
    /// Writes the events of poisoning and of a token that is none.
    PoisonContract,
    /// Looks like another account's address; nobody has its key.
    Lookalike,
}

/// What a transaction does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, strum::Display, strum::IntoStaticStr)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[allow(missing_docs)]
pub enum Action {
    Deploy,
    SetUp,
    Approve,
    Payment,
    FeeTokenPayment,
    Deposit,
    Withdrawal,
    BatchWithdrawal,
    GasFunding,
    Sweep,
    ForwarderCreation,
    ForwarderFlush,
    ToCold,
    FromCold,
    Swap,
    Wrap,
    Unwrap,
    WrappedPayment,
    BridgeOut,
    BridgeIn,
    MixerDeposit,
    MixerWithdrawal,
    FailedTransfer,
    FailedSwap,
    Dust,
    ZeroValuePoison,
    SpoofedPoison,
    PoisonedPayment,
    Theft,
    Ransom,
    ScamPayment,
    Hop,
    Consolidation,
    CashOut,
    FreezeProposal,
    Freeze,
    DestroyProposal,
    Destroy,
    FrozenAttempt,
    IssueProposal,
    Issue,
}

/// Kind of a planted flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, strum::Display, strum::IntoStaticStr)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[allow(missing_docs)]
pub enum FlowKind {
    Hack,
    Ransom,
    Scam,
    Poisoning,
}

/// A record of the truth. Transactions are named `chain:height:index` with the EIP-155 number of the chain; addresses are in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "record", rename_all = "snake_case")]
pub enum Record {
    /// A planted flow begins. `transactions.csv` and `transfers.csv` name the flow that each of its transactions belongs to.
    Flow {
        /// Its number.
        flow: u32,
        /// Its kind.
        kind: FlowKind,
        /// Who runs it: a number of owners.csv.
        actor: usize,
        /// Who loses by it, where it is one.
        victim: Option<usize>,
    },
    /// A customer's deposit at an exchange.
    Deposit {
        /// The transaction.
        tx: String,
        /// The customer: a number of owners.csv.
        customer: usize,
        /// The exchange: a number of owners.csv.
        exchange: usize,
        /// The deposit address.
        address: String,
        /// What is deposited: `native` or a token's address.
        asset: String,
        /// How much, in base units.
        amount: Amount,
        /// The flow that it is of.
        flow: Option<u32>,
    },
    /// A swap by pools.
    Swap {
        /// The transaction.
        tx: String,
        /// Who swaps.
        account: String,
        /// What is given: `native` or a token's address.
        asset_in: String,
        /// How much.
        amount_in: Amount,
        /// What is received.
        asset_out: String,
        /// How much.
        amount_out: Amount,
        /// The pools passed.
        pools: Vec<String>,
    },
    /// A message of the bridge, when it is delivered.
    Bridge {
        /// Hash of the message, which both events hold.
        message: String,
        /// The sending transaction.
        sent: String,
        /// The delivering transaction; none where the simulation ended before.
        delivered: Option<String>,
        /// Who sent.
        sender: String,
        /// Who receives.
        recipient: String,
        /// How much, in base units of the stablecoin.
        amount: Amount,
        /// The flow that it is of.
        flow: Option<u32>,
    },
    /// A note of the mixer, when it is spent.
    Mix {
        /// Address of the mixer's contract.
        mixer: String,
        /// The deposit.
        deposited: String,
        /// The withdrawal; none where the simulation ended before.
        withdrawn: Option<String>,
        /// Who deposited.
        sender: String,
        /// Who received; none where the simulation ended before.
        recipient: Option<String>,
        /// The flow that it is of.
        flow: Option<u32>,
    },
    /// An account that the issuer freezes.
    Freeze {
        /// The account.
        account: String,
        /// The proposal.
        proposed: String,
        /// The freeze.
        frozen: String,
        /// What was destroyed later, in base units, and by which transaction.
        destroyed: Option<(Amount, String)>,
        /// The flow that it ends.
        flow: Option<u32>,
    },
    /// An attempt of address poisoning.
    Poisoning {
        /// The transaction.
        tx: String,
        /// Who is to be misled.
        victim: String,
        /// Whom the victim paid before.
        counterparty: String,
        /// The address that looks like it.
        lookalike: String,
        /// Whether a spoofed token's event was written; else a transfer of nothing.
        is_spoofed: bool,
        /// The flow that it is of.
        flow: u32,
    },
    /// A payment to a lookalike address.
    PoisoningLoss {
        /// The transaction.
        tx: String,
        /// Who paid.
        victim: String,
        /// Whom it was meant for.
        counterparty: String,
        /// Whom it went to.
        lookalike: String,
        /// How much, in base units of the stablecoin.
        amount: Amount,
        /// The flow that it is of.
        flow: u32,
    },
}
