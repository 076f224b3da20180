//! Transactions: legacy and typed (EIP-2718), as a table of fields for each type, from which reading, writing and signing hashes follow.
//!
//! Types: 0 legacy (EIP-155), 1 (EIP-2930), 2 (EIP-1559), 3 blobs (EIP-4844), 4 delegations (EIP-7702); 126 deposits of the OP Stack; 100, 101, 102,
//! 104, 105, 106 of Arbitrum.

use crate::BlockError;
use crate::rlp::{end, list, share, take, take_hashes, take_item, take_list, take_number, take_string};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_rlp::Encodable;
use secp256k1::ecdsa::{RecoverableSignature, RecoveryId};
use secp256k1::{Message, Secp256k1, VerifyOnly};
use std::sync::{LazyLock, OnceLock};

/// A field of a transaction, where its type has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    ChainId,
    Nonce,
    GasPrice,
    PriorityFee,
    Gas,
    To,
    Value,
    Input,
    AccessList,
    BlobFee,
    BlobHashes,
    Authorizations,
    V,
    R,
    S,
    Source,
    From,
    Mint,
    IsSystem,
    L1BaseFee,
    RetryTo,
    RetryValue,
    Beneficiary,
    MaxSubmissionFee,
    RefundTo,
    MaxRefund,
    SubmissionRefund,
}

use Field as F;

/// Fields of a type, in their order.
macro_rules! fields {
    ($($field:ident)*) => { &[$(Field::$field),*] };
}

const LEGACY: &[Field] = fields!(Nonce GasPrice Gas To Value Input V R S);
const ACCESS_LIST: &[Field] = fields!(ChainId Nonce GasPrice Gas To Value Input AccessList V R S);
const DYNAMIC_FEE: &[Field] = fields!(ChainId Nonce PriorityFee GasPrice Gas To Value Input AccessList V R S);
const BLOB: &[Field] = fields!(
    ChainId Nonce PriorityFee GasPrice Gas To Value Input AccessList BlobFee BlobHashes V R S
);
const DELEGATION: &[Field] = fields!(
    ChainId Nonce PriorityFee GasPrice Gas To Value Input AccessList Authorizations V R S
);
const OP_DEPOSIT: &[Field] = fields!(Source From To Mint Value Gas IsSystem Input);
const ARBITRUM_DEPOSIT: &[Field] = fields!(ChainId Source From To Value);
const ARBITRUM_UNSIGNED: &[Field] = fields!(ChainId From Nonce GasPrice Gas To Value Input);
const ARBITRUM_CONTRACT: &[Field] = fields!(ChainId Source From GasPrice Gas To Value Input);
const ARBITRUM_RETRY: &[Field] = fields!(
    ChainId Nonce From GasPrice Gas To Value Input Source RefundTo MaxRefund SubmissionRefund
);
const ARBITRUM_SUBMIT: &[Field] = fields!(
    ChainId Source From L1BaseFee Mint GasPrice Gas RetryTo RetryValue Beneficiary MaxSubmissionFee RefundTo Input
);
const ARBITRUM_INTERNAL: &[Field] = fields!(ChainId Input);

/// Returns the fields of a type in their order; `None` of a type that is not known.
fn fields_of(kind: u8) -> Option<&'static [Field]> {
    Some(match kind {
        0 => LEGACY,
        1 => ACCESS_LIST,
        2 => DYNAMIC_FEE,
        3 => BLOB,
        4 => DELEGATION,
        100 => ARBITRUM_DEPOSIT,
        101 => ARBITRUM_UNSIGNED,
        102 => ARBITRUM_CONTRACT,
        104 => ARBITRUM_RETRY,
        105 => ARBITRUM_SUBMIT,
        106 => ARBITRUM_INTERNAL,
        126 => OP_DEPOSIT,
        _ => return None,
    })
}

/// Sender and receiver of Arbitrum's internal transactions.
pub const ARBITRUM_SYSTEM: Address = alloy_primitives::address!("00000000000000000000000000000000000a4b05");
/// Precompile that Arbitrum's submissions of retryable tickets call.
pub const ARBITRUM_RETRYABLE: Address = alloy_primitives::address!("000000000000000000000000000000000000006e");
/// Gas of a blob (EIP-4844).
pub const GAS_PER_BLOB: u64 = 131_072;

/// A transaction. Fields that its type does not have are zero or empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transaction {
    /// Type (EIP-2718); 0 is legacy.
    pub kind: u8,
    /// The envelope as the transactions root commits to it.
    pub envelope: Bytes,
    /// Sender: what the type carries or the sender of the JSON states. A signed transaction's sender is proved by [`Transaction::recover`] only.
    pub from: Option<Address>,
    /// Chain that it was signed for; a legacy transaction may be for any.
    pub chain_id: Option<u64>,
    /// Number of the sender's transaction.
    pub nonce: u64,
    /// Price of a unit of gas in wei; since EIP-1559 the most that the sender pays.
    pub gas_price: U256,
    /// The most that the sender gives to the block's producer for a unit of gas in wei (EIP-1559).
    pub priority_fee: U256,
    /// Most gas that it may use.
    pub gas_limit: u64,
    /// Account that it calls; `None` where it creates a contract.
    pub to: Option<Address>,
    /// Coin that it carries, in wei.
    pub value: U256,
    /// Call data.
    pub input: Bytes,
    /// Access list (EIP-2930) in RLP.
    pub access_list: Bytes,
    /// The most that the sender pays for a unit of blob gas in wei (EIP-4844).
    pub blob_fee: U256,
    /// Hashes of its blobs (EIP-4844).
    pub blob_hashes: Vec<B256>,
    /// Delegations that accounts signed (EIP-7702).
    pub authorizations: Vec<Authorization>,
    /// Recovery number of the signature as it stands in the transaction.
    pub v: U256,
    /// First half of the signature.
    pub r: U256,
    /// Second half of the signature.
    pub s: U256,
    /// What a deposit from the base chain carries.
    pub deposit: Option<Box<Deposit>>,
    pub(crate) hash: Lazy,
}

/// A hash that is computed when it is first needed: reading blocks is four times as fast without.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lazy(OnceLock<B256>);

/// It follows from the envelope, which is compared.
impl PartialEq for Lazy {
    fn eq(&self, _: &Lazy) -> bool {
        true
    }
}

impl Eq for Lazy {}

/// What transactions have that another chain or the system causes (OP Stack, Arbitrum).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deposit {
    /// Number of its cause: source hash, request, ticket.
    pub source: B256,
    /// Coin that comes into being on this chain, in wei, before the transaction runs.
    pub mint: U256,
    /// Whether it uses no gas of the block (OP Stack before Regolith).
    pub is_system: bool,
    /// Base fee of the base chain (Arbitrum).
    pub l1_base_fee: U256,
    /// Account that the retry will call (Arbitrum).
    pub retry_to: Option<Address>,
    /// Coin that the retry will carry (Arbitrum).
    pub retry_value: U256,
    /// Who gets the value when the ticket ends unused (Arbitrum).
    pub beneficiary: Address,
    /// The most that submission may cost (Arbitrum).
    pub max_submission_fee: U256,
    /// Who gets what is left of the fees (Arbitrum).
    pub refund_to: Address,
    /// The most that is refunded (Arbitrum).
    pub max_refund: U256,
    /// Refund of the submission fee (Arbitrum).
    pub submission_refund: U256,
}

/// A delegation that an account signed (EIP-7702).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Authorization {
    /// Chain that it is for; zero is any.
    pub chain_id: U256,
    /// Contract whose code the account runs; zero ends a delegation.
    pub delegate: Address,
    /// Number of the account's transactions that it must have.
    pub nonce: u64,
    /// Recovery number.
    pub y_parity: u8,
    /// First half of the signature.
    pub r: U256,
    /// Second half of the signature.
    pub s: U256,
}

impl Transaction {
    /// Reads an envelope: a type byte and a list, or a legacy transaction's list.
    ///
    /// # Errors
    /// [`BlockError`] names the field that does not read, or a type that is not known.
    pub fn from_envelope(envelope: &Bytes) -> Result<Self, BlockError> {
        let mut transaction = Transaction::default();
        transaction.fill(envelope.clone())?;
        Ok(transaction)
    }

    /// As [`Transaction::from_envelope`], into an empty one.
    pub(crate) fn fill(&mut self, envelope: Bytes) -> Result<(), BlockError> {
        let (kind, mut outer) = match envelope.first() {
            Some(first) if *first < 0x80 => (*first, &envelope[1..]),
            Some(_) => (0, &envelope[..]),
            None => return Err(BlockError::malformed("type", "empty")),
        };
        // A legacy transaction has no type byte; type 0 in one is no transaction.
        let fields = fields_of(kind).filter(|_| kind != 0 || envelope[0] >= 0xc0);
        let fields = fields.ok_or_else(|| BlockError::malformed("type", format!("{kind} is not known")))?;
        let mut rest = take_list(&mut outer, "transaction")?;
        end(outer, "transaction")?;
        self.kind = kind;
        for field in fields {
            self.read(*field, &mut rest, &envelope)?;
        }
        end(rest, "transaction")?;
        self.complete();
        self.envelope = envelope;
        Ok(())
    }

    /// Makes the envelope of a transaction whose fields are set.
    ///
    /// # Errors
    /// [`BlockError`] for a type that is not known.
    pub(crate) fn sealed(mut self) -> Result<Self, BlockError> {
        let kind = self.kind;
        let fields = fields_of(kind).ok_or_else(|| BlockError::malformed("type", format!("{kind} is not known")))?;
        self.envelope = self.encoded(fields, &[]).into();
        self.hash = Lazy::default();
        self.complete();
        Ok(self)
    }

    /// Sets what the type implies.
    fn complete(&mut self) {
        match self.kind {
            0 => self.chain_id = self.eip155_chain(),
            100 => {
                let value = self.value;
                self.extra().mint = value;
            }
            105 => self.to = Some(ARBITRUM_RETRYABLE),
            106 => (self.from, self.to) = (Some(ARBITRUM_SYSTEM), Some(ARBITRUM_SYSTEM)),
            _ => {}
        }
    }

    fn extra(&mut self) -> &mut Deposit {
        self.deposit.get_or_insert_default()
    }

    fn read(&mut self, field: Field, rest: &mut &[u8], envelope: &Bytes) -> Result<(), BlockError> {
        match field {
            F::ChainId => self.chain_id = Some(take(rest, "chainId")?),
            F::Nonce => self.nonce = take(rest, "nonce")?,
            F::GasPrice => self.gas_price = take_number(rest, "gasPrice")?,
            F::PriorityFee => self.priority_fee = take_number(rest, "maxPriorityFeePerGas")?,
            F::Gas => self.gas_limit = take(rest, "gas")?,
            F::To => self.to = optional_address(rest, "to")?,
            F::Value => self.value = take_number(rest, "value")?,
            F::Input => self.input = share(envelope, take_string(rest, "input")?),
            F::AccessList => {
                let item = take_item(rest, "accessList")?;
                check_access_list(item)?;
                self.access_list = share(envelope, item);
            }
            F::BlobFee => self.blob_fee = take_number(rest, "maxFeePerBlobGas")?,
            F::BlobHashes => self.blob_hashes = take_hashes(rest, "blobVersionedHashes")?,
            F::Authorizations => self.authorizations = read_authorizations(rest)?,
            F::V => self.v = take_number(rest, "v")?,
            F::R => self.r = take_number(rest, "r")?,
            F::S => self.s = take_number(rest, "s")?,
            F::From => self.from = Some(take(rest, "from")?),
            F::Source => self.extra().source = take(rest, "sourceHash")?,
            F::Mint => self.extra().mint = take_number(rest, "mint")?,
            F::IsSystem => self.extra().is_system = take(rest, "isSystemTx")?,
            F::L1BaseFee => self.extra().l1_base_fee = take_number(rest, "l1BaseFee")?,
            F::RetryTo => self.extra().retry_to = optional_address(rest, "retryTo")?,
            F::RetryValue => self.extra().retry_value = take_number(rest, "retryValue")?,
            F::Beneficiary => self.extra().beneficiary = take(rest, "beneficiary")?,
            F::MaxSubmissionFee => self.extra().max_submission_fee = take_number(rest, "maxSubmissionFee")?,
            F::RefundTo => self.extra().refund_to = take(rest, "refundTo")?,
            F::MaxRefund => self.extra().max_refund = take_number(rest, "maxRefund")?,
            F::SubmissionRefund => self.extra().submission_refund = take_number(rest, "submissionFeeRefund")?,
        }
        Ok(())
    }

    fn write(&self, field: Field, out: &mut Vec<u8>) {
        let none = Deposit::default();
        let extra = self.deposit.as_deref().unwrap_or(&none);
        match field {
            F::ChainId => self.chain_id.unwrap_or_default().encode(out),
            F::Nonce => self.nonce.encode(out),
            F::GasPrice => self.gas_price.encode(out),
            F::PriorityFee => self.priority_fee.encode(out),
            F::Gas => self.gas_limit.encode(out),
            F::To => write_optional(self.to, out),
            F::Value => self.value.encode(out),
            F::Input => self.input.encode(out),
            F::AccessList if self.access_list.is_empty() => out.push(alloy_rlp::EMPTY_LIST_CODE),
            F::AccessList => out.extend_from_slice(&self.access_list),
            F::BlobFee => self.blob_fee.encode(out),
            F::BlobHashes => self.blob_hashes.encode(out),
            F::Authorizations => {
                let mut payload = Vec::new();
                self.authorizations.iter().for_each(|a| a.write(&mut payload));
                list(&payload, out);
            }
            F::V => self.v.encode(out),
            F::R => self.r.encode(out),
            F::S => self.s.encode(out),
            F::From => self.from.unwrap_or_default().encode(out),
            F::Source => extra.source.encode(out),
            F::Mint => extra.mint.encode(out),
            F::IsSystem => extra.is_system.encode(out),
            F::L1BaseFee => extra.l1_base_fee.encode(out),
            F::RetryTo => write_optional(extra.retry_to, out),
            F::RetryValue => extra.retry_value.encode(out),
            F::Beneficiary => extra.beneficiary.encode(out),
            F::MaxSubmissionFee => extra.max_submission_fee.encode(out),
            F::RefundTo => extra.refund_to.encode(out),
            F::MaxRefund => extra.max_refund.encode(out),
            F::SubmissionRefund => extra.submission_refund.encode(out),
        }
    }

    /// Writes fields as a list behind the type byte, and `more` behind them.
    fn encoded(&self, fields: &[Field], more: &[u8]) -> Vec<u8> {
        let mut payload = Vec::with_capacity(self.input.len() + self.access_list.len() + 256);
        fields.iter().for_each(|field| self.write(*field, &mut payload));
        payload.extend_from_slice(more);
        let mut bytes = Vec::with_capacity(payload.len() + 6);
        if self.kind != 0 {
            bytes.push(self.kind);
        }
        list(&payload, &mut bytes);
        bytes
    }

    /// Returns the chain that a legacy transaction's signature names (EIP-155).
    fn eip155_chain(&self) -> Option<u64> {
        let v = u64::try_from(self.v).ok().filter(|v| *v >= 35)?;
        Some((v - 35) / 2)
    }

    /// Returns its hash: keccak256 of the envelope.
    #[must_use]
    pub fn hash(&self) -> B256 {
        *self.hash.0.get_or_init(|| keccak256(&self.envelope))
    }

    /// Returns whether it is signed by a key. Deposits and system transactions are not.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        self.kind < 100
    }

    /// Returns the sender that its signature proves (EIP-155, EIP-2718).
    ///
    /// # Errors
    /// [`BlockError`] where the signature is none, or the type has none.
    pub fn recover(&self) -> Result<Address, BlockError> {
        let unsigned = fields_of(self.kind).and_then(|fields| fields.strip_suffix(&[F::V, F::R, F::S]));
        let unsigned = unsigned.ok_or_else(|| BlockError::malformed("type", format!("{} is not signed", self.kind)))?;
        let (more, parity) = match (self.kind, self.eip155_chain()) {
            (0, Some(chain)) => {
                let mut more = Vec::new();
                (chain, 0u8, 0u8).0.encode(&mut more);
                more.extend([alloy_rlp::EMPTY_STRING_CODE; 2]);
                (more, self.v.wrapping_sub(U256::from(35)).bit(0))
            }
            (0, None) if self.v == U256::from(27) || self.v == U256::from(28) => (Vec::new(), self.v == U256::from(28)),
            (1.., _) if self.v <= U256::from(1) => (Vec::new(), self.v == U256::from(1)),
            _ => return Err(BlockError::malformed("v", format!("{} is no recovery number", self.v))),
        };
        recover(keccak256(self.encoded(unsigned, &more)), parity, self.r, self.s)
    }

    /// Returns the price of a unit of gas in wei that it pays in a block of a base fee (EIP-1559).
    #[must_use]
    pub fn effective_gas_price(&self, base_fee: Option<U256>) -> U256 {
        match base_fee {
            Some(base_fee) if (2..=4).contains(&self.kind) => {
                self.gas_price.min(base_fee.saturating_add(self.priority_fee))
            }
            _ => self.gas_price,
        }
    }

    /// Returns the gas of its blobs (EIP-4844).
    #[must_use]
    pub fn blob_gas(&self) -> u64 {
        GAS_PER_BLOB.saturating_mul(u64::try_from(self.blob_hashes.len()).unwrap_or(u64::MAX))
    }

    /// Returns the address of the contract that it creates: by sender and nonce (EIP-161).
    #[must_use]
    pub fn created(&self, from: Address) -> Option<Address> {
        self.to.is_none().then(|| from.create(self.nonce))
    }

    /// Returns the first four bytes of its call data, where it calls something.
    #[must_use]
    pub fn method(&self) -> Option<[u8; 4]> {
        self.input.first_chunk().copied().filter(|_| self.to.is_some())
    }
}

impl Authorization {
    fn write(&self, out: &mut Vec<u8>) {
        let mut payload = Vec::with_capacity(128);
        self.chain_id.encode(&mut payload);
        self.delegate.encode(&mut payload);
        self.nonce.encode(&mut payload);
        self.y_parity.encode(&mut payload);
        self.r.encode(&mut payload);
        self.s.encode(&mut payload);
        list(&payload, out);
    }

    /// Returns the account that signed it: over `0x05 || rlp([chain_id, address, nonce])` (EIP-7702). An invalid one is skipped by the chain.
    ///
    /// # Errors
    /// [`BlockError`] where the signature is none.
    pub fn recover(&self) -> Result<Address, BlockError> {
        let mut payload = Vec::with_capacity(64);
        self.chain_id.encode(&mut payload);
        self.delegate.encode(&mut payload);
        self.nonce.encode(&mut payload);
        let mut bytes = vec![5];
        list(&payload, &mut bytes);
        if self.y_parity > 1 {
            return Err(BlockError::malformed("yParity", format!("{} is no recovery number", self.y_parity)));
        }
        recover(keccak256(bytes), self.y_parity == 1, self.r, self.s)
    }
}

fn read_authorizations(rest: &mut &[u8]) -> Result<Vec<Authorization>, BlockError> {
    let mut listed = take_list(rest, "authorizationList")?;
    let mut authorizations = Vec::new();
    while !listed.is_empty() {
        let mut inner = take_list(&mut listed, "authorizationList")?;
        authorizations.push(Authorization {
            chain_id: take_number(&mut inner, "authorizationList.chainId")?,
            delegate: take(&mut inner, "authorizationList.address")?,
            nonce: take(&mut inner, "authorizationList.nonce")?,
            y_parity: take(&mut inner, "authorizationList.yParity")?,
            r: take_number(&mut inner, "authorizationList.r")?,
            s: take_number(&mut inner, "authorizationList.s")?,
        });
        end(inner, "authorizationList")?;
    }
    Ok(authorizations)
}

/// Refuses an access list that is not one: `[[address, [key, ...]], ...]`.
fn check_access_list(item: &[u8]) -> Result<(), BlockError> {
    let mut listed = take_list(&mut &*item, "accessList")?;
    while !listed.is_empty() {
        let mut entry = take_list(&mut listed, "accessList")?;
        take::<Address>(&mut entry, "accessList.address")?;
        let mut keys = take_list(&mut entry, "accessList.storageKeys")?;
        while !keys.is_empty() {
            take::<B256>(&mut keys, "accessList.storageKeys")?;
        }
        end(entry, "accessList")?;
    }
    Ok(())
}

/// Writes an access list in RLP.
pub(crate) fn access_list(entries: &[(Address, Vec<B256>)]) -> Bytes {
    let mut payload = Vec::new();
    for (address, keys) in entries {
        let mut entry = Vec::new();
        address.encode(&mut entry);
        keys.encode(&mut entry);
        list(&entry, &mut payload);
    }
    let mut bytes = Vec::new();
    list(&payload, &mut bytes);
    bytes.into()
}

/// Reads an address that may be absent, which is an empty string.
fn optional_address(rest: &mut &[u8], field: &str) -> Result<Option<Address>, BlockError> {
    match take_string(rest, field)? {
        [] => Ok(None),
        bytes => Address::try_from(bytes).map(Some).map_err(|e| BlockError::malformed(field, e)),
    }
}

fn write_optional(address: Option<Address>, out: &mut Vec<u8>) {
    match address {
        Some(address) => address.encode(out),
        None => out.push(alloy_rlp::EMPTY_STRING_CODE),
    }
}

static CURVE: LazyLock<Secp256k1<VerifyOnly>> = LazyLock::new(Secp256k1::verification_only);

fn recover(hash: B256, odd: bool, r: U256, s: U256) -> Result<Address, BlockError> {
    let wrong = |e: secp256k1::Error| BlockError::malformed("signature", e);
    let mut compact = [0; 64];
    compact[..32].copy_from_slice(&r.to_be_bytes::<32>());
    compact[32..].copy_from_slice(&s.to_be_bytes::<32>());
    let id = RecoveryId::from_i32(i32::from(odd)).map_err(wrong)?;
    let signature = RecoverableSignature::from_compact(&compact, id).map_err(wrong)?;
    let key = CURVE.recover_ecdsa(&Message::from_digest(hash.0), &signature).map_err(wrong)?;
    let digest = keccak256(&key.serialize_uncompressed()[1..]);
    Ok(Address::from_slice(&digest[12..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KINDS: [u8; 12] = [0, 1, 2, 3, 4, 100, 101, 102, 104, 105, 106, 126];

    /// A transaction of a type with every field set; those that the type does not have are lost in its envelope.
    fn full(kind: u8) -> Transaction {
        let n = |n: u64| U256::from(n);
        let authorization = Authorization {
            chain_id: n(1),
            delegate: Address::repeat_byte(5),
            nonce: 6,
            y_parity: 1,
            r: n(7),
            s: U256::MAX,
        };
        Transaction {
            kind,
            from: Some(Address::repeat_byte(1)),
            chain_id: Some(42_161),
            nonce: 300,
            gas_price: n(1 << 40),
            priority_fee: n(3),
            gas_limit: 21_000,
            to: Some(Address::repeat_byte(2)),
            value: U256::MAX,
            input: vec![9; 100].into(),
            access_list: access_list(&[(Address::repeat_byte(3), vec![B256::repeat_byte(4); 2])]),
            blob_fee: n(5),
            blob_hashes: vec![B256::repeat_byte(6); 3],
            authorizations: vec![authorization.clone(), authorization],
            v: n(37),
            r: n(8),
            s: n(9),
            deposit: Some(Box::new(Deposit {
                source: B256::repeat_byte(7),
                mint: n(10),
                is_system: true,
                retry_to: None,
                retry_value: n(11),
                ..Deposit::default()
            })),
            ..Transaction::default()
        }
    }

    #[test]
    fn all_types_read_back() {
        for kind in KINDS {
            let sealed = full(kind).sealed().unwrap();
            let read = Transaction::from_envelope(&sealed.envelope).unwrap();
            assert_eq!((&read.envelope, read.hash()), (&sealed.envelope, keccak256(&sealed.envelope)), "{kind}");
            // What was read gives the same envelope, so nothing that the type has was lost.
            assert_eq!(read.clone().sealed().unwrap(), read, "{kind}");
            for cut in 0..sealed.envelope.len() {
                let part = sealed.envelope.slice(..cut);
                assert!(Transaction::from_envelope(&part).is_err(), "{kind}, {cut} bytes");
            }
        }
        for kind in [5, 103, 120, 127] {
            assert!(full(kind).sealed().is_err());
            let error = Transaction::from_envelope(&vec![kind, 0xc0].into()).unwrap_err();
            assert_eq!(error.field, "type");
        }
        assert!(Transaction::from_envelope(&vec![0, 0xc0].into()).is_err(), "type 0 has no type byte");
    }

    #[test]
    fn senders_are_proved_by_eip_155_and_eip_7702() {
        // The example of EIP-155.
        let text = "f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83";
        let transaction = Transaction::from_envelope(&text.parse().unwrap()).unwrap();
        assert_eq!(transaction.chain_id, Some(1));
        let sender = transaction.recover().unwrap();
        assert_eq!(sender.to_string(), "0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F");
        let other = Transaction { nonce: 10, ..transaction.clone() };
        assert_ne!(other.recover().ok(), Some(sender));
        let none = Transaction { v: U256::from(29), ..transaction };
        assert_eq!(none.recover().unwrap_err().field, "v");
    }

    #[test]
    fn prices_follow_eip_1559() {
        let base = Some(U256::from(100));
        let price = |kind, most: u64, tip: u64| {
            let transaction = Transaction {
                kind,
                gas_price: U256::from(most),
                priority_fee: U256::from(tip),
                ..Transaction::default()
            };
            u64::try_from(transaction.effective_gas_price(base)).unwrap()
        };
        assert_eq!((price(0, 500, 0), price(1, 500, 3)), (500, 500));
        assert_eq!((price(2, 500, 3), price(3, 102, 3), price(4, 500, 0)), (103, 102, 100));
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(kind in 0usize..13, bytes in prop::collection::vec(any::<u8>(), 0..200), place in 0usize..400, bit in 0u8..8) {
            let kind = KINDS.get(kind).copied().unwrap_or(7);
            let _ = Transaction::from_envelope(&bytes.clone().into());
            let _ = Transaction::from_envelope(&[&[kind][..], &bytes].concat().into());
            if let Ok(sealed) = full(kind).sealed() {
                let mut damaged = sealed.envelope.to_vec();
                let place = place % damaged.len();
                damaged[place] ^= 1 << bit;
                if let Ok(read) = Transaction::from_envelope(&damaged.into()) {
                    prop_assert_ne!(read.hash(), sealed.hash());
                    let _ = read.recover();
                    // What was read is canonical: it gives the bytes that it was read from.
                    prop_assert_eq!(read.clone().sealed().unwrap().envelope, read.envelope);
                }
            }
        }
    }
}
