//! Transactions: the message that their id is a hash of, and what the transactions root commits to beside it: signatures and results.

use crate::contract::Contract;
use crate::proto::{Message, Writer, address};
use holdfast_evm::keccak256;
use holdfast_node::BlockError;
use holdfast_types::hash::sha256;
use holdfast_types::{AccountId, Hash32};

/// Most bytes of a transaction's message (java-tron's `TRANSACTION_MAX_BYTE_SIZE` is 500 KiB).
pub const MAX_BYTES: usize = 512 << 10;

/// How Tron's machine ended (`Transaction.Result.contractResult`); 0 where nothing is stated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome(pub u32);

impl Outcome {
    /// Names by number, as java-tron writes them.
    const NAMES: [&str; 16] = [
        "DEFAULT",
        "SUCCESS",
        "REVERT",
        "BAD_JUMP_DESTINATION",
        "OUT_OF_MEMORY",
        "PRECOMPILED_CONTRACT",
        "STACK_TOO_SMALL",
        "STACK_TOO_LARGE",
        "ILLEGAL_OPERATION",
        "STACK_OVERFLOW",
        "OUT_OF_ENERGY",
        "OUT_OF_TIME",
        "JVM_STACK_OVER_FLOW",
        "UNKNOWN",
        "TRANSFER_FAILED",
        "INVALID_CODE",
    ];

    /// Returns the outcome of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        (0..).zip(Outcome::NAMES).find(|(_, known)| *known == name).map(|(number, _)| Outcome(number))
    }

    /// Returns whether it succeeded; `None` where nothing is stated.
    #[must_use]
    pub fn success(self) -> Option<bool> {
        match self.0 {
            0 => None,
            outcome => Some(outcome == 1),
        }
    }
}

/// A result that a block states of a transaction (`Transaction.Result`). The transactions root commits to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stated {
    /// Fee of the action in sun, which blocks rarely state.
    pub fee: u64,
    /// Whether it failed, which no transaction of a block did but in Tron's machine.
    pub failed: bool,
    /// How the machine ended.
    pub outcome: Outcome,
}

/// A transaction of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// The message that was signed (`Transaction.raw`).
    pub raw: Vec<u8>,
    /// Signatures: one, or those of an account that several keys control.
    pub signatures: Vec<Vec<u8>>,
    /// Results.
    pub results: Vec<Stated>,
    /// SHA-256 of `raw`.
    pub id: Hash32,
    /// Account that orders and pays; `None` in the first block, where nobody does.
    pub owner: Option<AccountId>,
    /// What it orders.
    pub contract: Contract,
    /// Whether a memo is attached, which costs a fee.
    pub has_memo: bool,
}

impl Transaction {
    /// Reads the message that was signed.
    ///
    /// # Errors
    /// [`BlockError`] names the field that does not read.
    pub fn read(raw: Vec<u8>, signatures: Vec<Vec<u8>>, results: Vec<Stated>) -> Result<Self, BlockError> {
        if raw.len() > MAX_BYTES {
            return Err(BlockError::malformed("raw_data", format!("more than {MAX_BYTES} bytes")));
        }
        let message = Message::read(&raw, "raw_data")?;
        let contracts: Vec<&[u8]> = message.all(11).take(2).collect();
        let [contract] = contracts[..] else {
            return Err(BlockError::malformed("raw_data.contract", "not exactly one"));
        };
        let named = |e: BlockError| e.within("raw_data.contract[0]");
        let (owner, contract) = read_contract(contract).map_err(named)?;
        let (id, has_memo) = (sha256(&raw), !message.bytes(10).is_empty());
        Ok(Transaction { raw, signatures, results, id, owner, contract, has_memo })
    }

    /// Writes it as the transactions root commits to it.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.message(1, &self.raw);
        for signature in &self.signatures {
            writer.message(2, signature);
        }
        for stated in &self.results {
            let mut result = Writer::default();
            result.number(1, stated.fee);
            result.number(2, u64::from(stated.failed));
            result.number(3, u64::from(stated.outcome.0));
            writer.message(5, &result.bytes);
        }
        writer.bytes
    }

    /// Returns whether the block states that it succeeded; `None` where it states nothing, as of calls before 2019.
    #[must_use]
    pub fn stated_success(&self) -> Option<bool> {
        let stated = self.results.first()?;
        if stated.failed { Some(false) } else { stated.outcome.success() }
    }

    /// Returns the contract that it creates: the last 20 bytes of the Keccak-256 of its id and its owner's address.
    #[must_use]
    pub fn created(&self) -> Option<AccountId> {
        let owner = self.owner?;
        match &self.contract {
            Contract::Call(call) if call.to.is_none() => {
                let hash = keccak256([self.id.as_slice(), &address(&owner)].concat());
                hash.last_chunk().copied().map(AccountId::evm)
            }
            _ => None,
        }
    }

    /// Returns the account that it names as receiver or calls.
    #[must_use]
    pub fn to(&self) -> Option<AccountId> {
        match &self.contract {
            Contract::Transfer { to, .. } | Contract::TransferAsset { to, .. } => Some(*to),
            Contract::Participate { issuer, .. } => Some(*issuer),
            Contract::Call(call) => call.to,
            _ => None,
        }
    }

    /// Returns the method that it calls.
    #[must_use]
    pub fn method(&self) -> Option<[u8; 4]> {
        match &self.contract {
            Contract::Call(call) => call.data.first_chunk().copied(),
            _ => None,
        }
    }
}

/// Reads `Transaction.Contract`: the owner and what is ordered.
fn read_contract(bytes: &[u8]) -> Result<(Option<AccountId>, Contract), BlockError> {
    let message = Message::read(bytes, "contract")?;
    let kind = u32::try_from(message.bits(1)).map_err(|e| BlockError::malformed("type", e))?;
    let parameter = message.merged(2);
    let parameter = Message::read(&parameter, "parameter")?;
    let value = parameter.bytes(2);
    let named = |e: BlockError| e.within("parameter.value");
    let contract = Contract::read(kind, value).map_err(named)?;
    let fields = Message::read(value, "value").map_err(named)?;
    Ok((owner(kind, fields), contract))
}

/// Returns the owner, whose field's number differs by type.
fn owner(kind: u32, value: Message) -> Option<AccountId> {
    let field = match kind {
        // `TransferAssetContract`, `AccountUpdateContract` and `SetAccountIdContract` begin with a name.
        2 | 10 | 19 => 2,
        _ => 1,
    };
    crate::proto::account(value.bytes(field))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Writes a transaction's message: a contract type and its fields.
    pub(crate) fn raw(kind: u32, value: &[u8]) -> Vec<u8> {
        let [mut any, mut contract, mut raw] = [const { Writer { bytes: Vec::new() } }; 3];
        any.bytes(1, b"type.googleapis.com/protocol.X");
        any.bytes(2, value);
        contract.number(1, u64::from(kind));
        contract.message(2, &any.bytes);
        raw.bytes(1, &[1, 2]);
        raw.message(11, &contract.bytes);
        raw.number(14, 1_700_000_000_000);
        raw.bytes
    }

    #[test]
    fn the_contract_that_a_creation_makes_is_as_java_tron_computes_it() {
        let owner = AccountId::evm([7; 20]);
        let mut value = Writer::default();
        value.bytes(1, &address(&owner));
        value.message(2, &[]);
        let transaction = Transaction::read(raw(30, &value.bytes), vec![], vec![]).unwrap();
        let hash = keccak256([transaction.id.as_slice(), &[0x41], &[7; 20]].concat());
        assert_eq!(transaction.created(), AccountId::from_bytes(&hash[12..]));
        assert_eq!((transaction.owner, transaction.to()), (Some(owner), None));
    }

    #[test]
    fn names_of_outcomes_are_in_the_order_of_the_protocol() {
        assert_eq!(Outcome::of_name("SUCCESS").and_then(Outcome::success), Some(true));
        assert_eq!(Outcome::of_name("OUT_OF_ENERGY"), Some(Outcome(10)));
        assert_eq!(Outcome::of_name("INVALID_CODE").and_then(Outcome::success), Some(false));
        assert_eq!((Outcome::of_name("x"), Outcome(0).success()), (None, None));
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..200), kind in 0u32..64) {
            let _ = Transaction::read(bytes.clone(), vec![], vec![]);
            let _ = Transaction::read(raw(kind, &bytes), vec![bytes], vec![Stated::default()]);
        }
    }
}
