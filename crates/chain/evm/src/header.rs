//! Headers of all forks from Frontier to Prague, read from RLP or JSON fields and hashed again.

use crate::BlockError;
use crate::rlp::{end, list, take, take_list, take_string};
use alloy_primitives::{Address, B64, B256, Bloom, Bytes, U256, b256, keccak256};
use alloy_rlp::Encodable;

/// Hash of an empty list of ommers: keccak256(rlp([])).
pub const NO_OMMERS: B256 = b256!("1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347");

/// A block's header. Fields that a later fork brought are `None` before it, in the order of their forks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Hash of the block before.
    pub parent_hash: B256,
    /// Hash of the list of ommers.
    pub ommers_hash: B256,
    /// Account that earns the fees; zero on Polygon.
    pub beneficiary: Address,
    /// Root of the state after the block.
    pub state_root: B256,
    /// Root of the transactions.
    pub transactions_root: B256,
    /// Root of the receipts.
    pub receipts_root: B256,
    /// Bloom filter of all logs.
    pub logs_bloom: Bloom,
    /// Difficulty; zero since the merge.
    pub difficulty: U256,
    /// Height.
    pub number: u64,
    /// Most gas that the block may use.
    pub gas_limit: u64,
    /// Gas that it used.
    pub gas_used: u64,
    /// Time in seconds since 1970.
    pub timestamp: u64,
    /// Free bytes of the producer.
    pub extra_data: Bytes,
    /// Proof of work's mix; since the merge the beacon chain's randomness.
    pub mix_hash: B256,
    /// Proof of work's nonce.
    pub nonce: B64,
    /// Base fee of a unit of gas in wei (London, EIP-1559).
    pub base_fee: Option<U256>,
    /// Root of the withdrawals (Shanghai, EIP-4895); on the OP Stack since Isthmus the root of another contract's storage.
    pub withdrawals_root: Option<B256>,
    /// Gas of its blobs (Cancun, EIP-4844).
    pub blob_gas_used: Option<u64>,
    /// Gas of blobs beyond the target so far, which sets their price (Cancun, EIP-4844).
    pub excess_blob_gas: Option<u64>,
    /// Root of the parent beacon block (Cancun, EIP-4788).
    pub parent_beacon_block_root: Option<B256>,
    /// Hash of the requests to the consensus layer (Prague, EIP-7685).
    pub requests_hash: Option<B256>,
}

impl Header {
    /// Reads a header from RLP.
    ///
    /// # Errors
    /// [`BlockError`] names the field that does not read.
    pub fn from_rlp(bytes: &[u8]) -> Result<Self, BlockError> {
        let mut outer = bytes;
        let mut rest = take_list(&mut outer, "header")?;
        end(outer, "header")?;
        let rest = &mut rest;
        let mut header = Header {
            parent_hash: take(rest, "header.parentHash")?,
            ommers_hash: take(rest, "header.sha3Uncles")?,
            beneficiary: take(rest, "header.miner")?,
            state_root: take(rest, "header.stateRoot")?,
            transactions_root: take(rest, "header.transactionsRoot")?,
            receipts_root: take(rest, "header.receiptsRoot")?,
            logs_bloom: take(rest, "header.logsBloom")?,
            difficulty: take(rest, "header.difficulty")?,
            number: take(rest, "header.number")?,
            gas_limit: take(rest, "header.gasLimit")?,
            gas_used: take(rest, "header.gasUsed")?,
            timestamp: take(rest, "header.timestamp")?,
            extra_data: take(rest, "header.extraData")?,
            mix_hash: take(rest, "header.mixHash")?,
            nonce: take(rest, "header.nonce")?,
            base_fee: None,
            withdrawals_root: None,
            blob_gas_used: None,
            excess_blob_gas: None,
            parent_beacon_block_root: None,
            requests_hash: None,
        };
        let number = header.number;
        header.read_later_fields(rest).map_err(|e| e.of_block(number))?;
        Ok(header)
    }

    fn read_later_fields(&mut self, rest: &mut &[u8]) -> Result<(), BlockError> {
        self.base_fee = later(rest, "header.baseFeePerGas")?;
        self.withdrawals_root = later_hash(rest, "header.withdrawalsRoot")?;
        self.blob_gas_used = later(rest, "header.blobGasUsed")?;
        self.excess_blob_gas = later(rest, "header.excessBlobGas")?;
        self.parent_beacon_block_root = later_hash(rest, "header.parentBeaconBlockRoot")?;
        self.requests_hash = later_hash(rest, "header.requestsHash")?;
        end(rest, "header")
    }

    /// Returns the header in RLP.
    #[must_use]
    pub fn to_rlp(&self) -> Vec<u8> {
        let mut payload: Vec<u8> = Vec::with_capacity(640);
        for hash in [self.parent_hash, self.ommers_hash] {
            hash.encode(&mut payload);
        }
        self.beneficiary.encode(&mut payload);
        for hash in [self.state_root, self.transactions_root, self.receipts_root] {
            hash.encode(&mut payload);
        }
        self.logs_bloom.encode(&mut payload);
        self.difficulty.encode(&mut payload);
        for number in [self.number, self.gas_limit, self.gas_used, self.timestamp] {
            number.encode(&mut payload);
        }
        self.extra_data.encode(&mut payload);
        self.mix_hash.encode(&mut payload);
        self.nonce.encode(&mut payload);
        let later: [Option<&dyn Encodable>; 6] = [
            self.base_fee.as_ref().map(|f| f as &dyn Encodable),
            self.withdrawals_root.as_ref().map(|f| f as &dyn Encodable),
            self.blob_gas_used.as_ref().map(|f| f as &dyn Encodable),
            self.excess_blob_gas.as_ref().map(|f| f as &dyn Encodable),
            self.parent_beacon_block_root.as_ref().map(|f| f as &dyn Encodable),
            self.requests_hash.as_ref().map(|f| f as &dyn Encodable),
        ];
        let last = later.iter().rposition(Option::is_some).map_or(0, |i| i + 1);
        for field in &later[..last] {
            match field {
                Some(field) => field.encode(&mut payload),
                // A field that the chain skipped while it took a later one.
                None => payload.push(alloy_rlp::EMPTY_STRING_CODE),
            }
        }
        let mut bytes = Vec::with_capacity(payload.len() + 3);
        list(&payload, &mut bytes);
        bytes
    }

    /// Returns the block's hash: that of its header.
    #[must_use]
    pub fn hash(&self) -> B256 {
        keccak256(self.to_rlp())
    }

    /// Returns whether it is of Cancun or later, where EIP-6780 changes what a self-destruction does.
    #[must_use]
    pub fn is_cancun(&self) -> bool {
        self.parent_beacon_block_root.is_some() || self.excess_blob_gas.is_some()
    }

    /// Returns whether its producer was found by stake: no reward is in the block.
    #[must_use]
    pub fn is_merged(&self) -> bool {
        self.difficulty.is_zero()
    }
}

fn later<T: alloy_rlp::Decodable>(rest: &mut &[u8], field: &str) -> Result<Option<T>, BlockError> {
    if rest.is_empty() { Ok(None) } else { take(rest, field).map(Some) }
}

fn later_hash(rest: &mut &[u8], field: &str) -> Result<Option<B256>, BlockError> {
    if rest.is_empty() {
        return Ok(None);
    }
    match take_string(rest, field)? {
        [] => Ok(None),
        bytes => B256::try_from(bytes).map(Some).map_err(|e| BlockError::malformed(field, e)),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A header with all fields up to a fork's.
    pub(crate) fn header(later_fields: usize) -> Header {
        let has = |n: usize| later_fields > n;
        Header {
            parent_hash: B256::repeat_byte(1),
            ommers_hash: NO_OMMERS,
            beneficiary: Address::repeat_byte(2),
            state_root: B256::repeat_byte(3),
            transactions_root: B256::repeat_byte(4),
            receipts_root: B256::repeat_byte(5),
            logs_bloom: Bloom::ZERO,
            difficulty: U256::from(7),
            number: 300,
            gas_limit: 30_000_000,
            gas_used: 0,
            timestamp: 1_700_000_000,
            extra_data: Bytes::from_static(b"x"),
            mix_hash: B256::ZERO,
            nonce: B64::ZERO,
            base_fee: has(0).then(|| U256::from(9)),
            withdrawals_root: has(1).then_some(B256::repeat_byte(6)),
            blob_gas_used: has(2).then_some(0),
            excess_blob_gas: has(3).then_some(131_072),
            parent_beacon_block_root: has(4).then_some(B256::repeat_byte(7)),
            requests_hash: has(5).then_some(B256::repeat_byte(8)),
        }
    }

    #[test]
    fn headers_of_all_forks_read_back() {
        assert_eq!(keccak256([0xc0]), NO_OMMERS);
        let mut hashes = Vec::new();
        for later_fields in 0..=6 {
            let header = header(later_fields);
            let bytes = header.to_rlp();
            assert_eq!(Header::from_rlp(&bytes).unwrap(), header);
            hashes.push(header.hash());
            let mut longer = bytes.clone();
            longer.push(0);
            assert!(Header::from_rlp(&longer).is_err());
            for cut in 0..bytes.len() {
                assert!(Header::from_rlp(&bytes[..cut]).is_err(), "{cut} bytes");
            }
        }
        hashes.dedup();
        assert_eq!(hashes.len(), 7);
        let skipped = Header { withdrawals_root: None, ..header(6) };
        assert_eq!(Header::from_rlp(&skipped.to_rlp()).unwrap(), skipped);
    }

    #[test]
    fn an_error_names_the_block_and_the_field() {
        let mut bytes = header(1).to_rlp();
        bytes.push(0xff);
        let mut payload = bytes[3..].to_vec();
        payload.push(0xff);
        let mut wrong = Vec::new();
        list(&payload, &mut wrong);
        let error = Header::from_rlp(&wrong).unwrap_err();
        assert!(error.to_string().starts_with("block 300: header.withdrawalsRoot: "), "{error}");
    }
}
