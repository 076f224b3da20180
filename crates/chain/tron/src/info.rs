//! What a node adds to a transaction: fees, logs, calls inside it (`TransactionInfo` of Tron's protocol). No root commits to any of it.

use crate::transaction::Outcome;
use holdfast_evm::Log;
use holdfast_types::{AccountId, Hash32};

/// What a node adds to a transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Info {
    /// The transaction's id.
    pub id: Hash32,
    /// Height of its block.
    pub block: u64,
    /// Time of its block in milliseconds since 1970.
    pub timestamp_ms: u64,
    /// Whether it failed.
    pub failed: bool,
    /// How Tron's machine ended.
    pub outcome: Outcome,
    /// What it cost.
    pub cost: Cost,
    /// Events that contracts logged. Addresses in them are the accounts' 20 bytes.
    pub logs: Vec<Log>,
    /// Calls inside it. Nodes have them only where they were started to store them (`vm.saveInternalTx`).
    pub internal: Vec<Internal>,
    /// Token that it issued.
    pub issued: Option<u64>,
    /// Rewards that became part of the balance, in sun.
    pub withdrawn: u64,
    /// Stake by the first rules that ended, in sun.
    pub unfrozen: u64,
    /// Stakes by the second rules that became part of the balance, in sun.
    pub returned: u64,
    /// What an exchange gave for a trade.
    pub exchange_received: u64,
    /// What an exchange took of its other token.
    pub exchange_injected: u64,
    /// What an exchange gave back of its other token.
    pub exchange_withdrawn: u64,
}

/// What a transaction cost, in sun, and what it used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// All that was paid.
    pub total: u64,
    /// Part for bandwidth that was bought.
    pub bandwidth: u64,
    /// Part for energy that was bought.
    pub energy: u64,
    /// Part that a block's producer earns, where the chain has a pool of fees.
    pub earned: u64,
    /// Energy of the payer's own stake, or lent to it.
    pub energy_used: u64,
    /// Energy that the called contract's creator paid with its stake.
    pub energy_of_creator: u64,
    /// Bandwidth of the payer's own stake, lent to it, or free.
    pub bandwidth_used: u64,
}

impl Cost {
    /// Returns the part for neither bandwidth nor energy: a memo, several signatures, a new account, a new token or exchange, a producer's registration.
    /// Their prices are parameters of the chain, which no block states.
    #[must_use]
    pub fn other(&self) -> u64 {
        self.total.saturating_sub(self.bandwidth).saturating_sub(self.energy)
    }
}

/// A call inside a transaction, or what a contract did with its stake.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Internal {
    /// Contract that acts.
    pub from: Option<AccountId>,
    /// Account that it calls, creates, pays or lends to.
    pub to: Option<AccountId>,
    /// Amounts: of the coin (`None`), or of TRC-10 tokens by number. The note decides whether they are moved.
    pub amounts: Vec<(Option<u64>, u64)>,
    /// What it is: `call`, `create`, `suicide`, or the name of something done with a stake.
    pub note: String,
    /// Whether it, or what surrounds it, failed: nothing of it happened.
    pub rejected: bool,
}
