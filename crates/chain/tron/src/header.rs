//! Headers: read from their message and written again, because a block's id is the hash of it.

use crate::proto::{Message, Writer};
use holdfast_node::{BlockError, equal};
use holdfast_types::hash::sha256;
use holdfast_types::{AccountId, Hash32};

/// Root of no transactions.
pub const NO_TRANSACTIONS: Hash32 = [0; 32];

/// Longest name of a producer that is no account: only the first block has one, a motto.
const MAX_MOTTO: usize = 200;

/// What a block's header holds (`BlockHeader.raw` of Tron's protocol). Its id commits to all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Time in milliseconds since 1970.
    pub timestamp_ms: u64,
    /// Root of the transactions with their signatures and results.
    pub transactions_root: Hash32,
    /// Id of the block before.
    pub parent: Hash32,
    /// Height.
    pub number: u64,
    /// Producer's number, which later blocks leave out.
    pub witness_id: u64,
    /// Producer's address with its leading 41; a motto in the first block.
    pub witness: Vec<u8>,
    /// Version of the rules.
    pub version: u32,
    /// Root of the accounts, which most blocks leave out.
    pub account_state_root: Vec<u8>,
}

fn hash(message: Message, field: u32, name: &str) -> Result<Hash32, BlockError> {
    let bytes = message.bytes(field);
    bytes.try_into().map_err(|_| BlockError::malformed(name, format!("{} bytes, a hash has 32", bytes.len())))
}

impl Header {
    /// Reads the message that the id is a hash of. It has to be in the canonical form.
    ///
    /// # Errors
    /// [`BlockError`] names the field that does not read.
    pub fn decode(bytes: &[u8]) -> Result<Self, BlockError> {
        let message = Message::read(bytes, "header")?;
        let header = Header {
            timestamp_ms: message.number(1, "header.timestamp")?,
            transactions_root: hash(message, 2, "header.txTrieRoot")?,
            parent: hash(message, 3, "header.parentHash")?,
            number: message.number(7, "header.number")?,
            witness_id: message.number(8, "header.witness_id")?,
            witness: message.bytes(9).to_vec(),
            version: u32::try_from(message.number(10, "header.version")?)
                .map_err(|e| BlockError::malformed("header.version", e))?,
            account_state_root: message.bytes(11).to_vec(),
        };
        header.check().map_err(|e| e.of_block(header.number))?;
        let canonical = header.encode() == bytes;
        equal("header.isCanonical", &canonical, &true).map_err(|e| e.of_block(header.number))?;
        Ok(header)
    }

    /// Refuses what no block has.
    pub(crate) fn check(&self) -> Result<(), BlockError> {
        let is_first = self.number == 0 && self.witness.len() <= MAX_MOTTO;
        if self.producer().is_none() && !is_first {
            return Err(BlockError::malformed("header.witness_address", "no address"));
        }
        if !matches!(self.account_state_root.len(), 0 | 32) {
            return Err(BlockError::malformed("header.accountStateRoot", "neither empty nor a hash"));
        }
        // Ids begin with the height.
        match (self.number.checked_sub(1), number_of(&self.parent)) {
            (Some(before), stated) => equal("header.parentHash.number", &stated, &before),
            (None, _) => Ok(()),
        }
    }

    /// Writes it as the id commits to it.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.number(1, self.timestamp_ms);
        writer.bytes(2, &self.transactions_root);
        writer.bytes(3, &self.parent);
        writer.number(7, self.number);
        writer.number(8, self.witness_id);
        writer.bytes(9, &self.witness);
        writer.number(10, u64::from(self.version));
        writer.bytes(11, &self.account_state_root);
        writer.bytes
    }

    /// Returns the block's id: its height in eight bytes, then the last 24 of the SHA-256 of its header.
    #[must_use]
    pub fn id(&self) -> Hash32 {
        let mut id = sha256(&self.encode());
        id[..8].copy_from_slice(&self.number.to_be_bytes());
        id
    }

    /// Returns the account that made the block; `None` in the first one.
    #[must_use]
    pub fn producer(&self) -> Option<AccountId> {
        crate::proto::account(&self.witness)
    }

    /// Finds the version of the rules where a source leaves it out (JSON-RPC): the one that gives the stated id.
    ///
    /// # Errors
    /// [`BlockError`] where none does.
    pub fn with_version_of(mut self, id: &Hash32) -> Result<Self, BlockError> {
        /// Greatest version that is tried; java-tron 4.8 has 32.
        const MAX_VERSION: u32 = 255;
        let found = (0..=MAX_VERSION).rev().find(|version| {
            self.version = *version;
            self.id() == *id
        });
        match found {
            Some(_) => Ok(self),
            None => {
                let why = format!("no version of the rules gives {}", hex::encode(id));
                Err(BlockError::malformed("hash", why).of_block(self.number))
            }
        }
    }
}

/// Returns the height that an id begins with.
#[must_use]
pub fn number_of(id: &Hash32) -> u64 {
    id.first_chunk().copied().map_or(0, u64::from_be_bytes)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn header(number: u64) -> Header {
        let mut parent = [9; 32];
        parent[..8].copy_from_slice(&number.saturating_sub(1).to_be_bytes());
        Header {
            timestamp_ms: 1_700_000_000_000u64.wrapping_add(number.wrapping_mul(3_000)),
            transactions_root: NO_TRANSACTIONS,
            parent,
            number,
            witness_id: 0,
            witness: crate::proto::address(&AccountId::evm([0x17; 20])),
            version: 28,
            account_state_root: Vec::new(),
        }
    }

    #[test]
    fn versions_that_are_left_out_are_found() {
        let stated = header(5).id();
        let unknown = Header { version: 0, ..header(5) };
        assert_eq!(unknown.clone().with_version_of(&stated), Ok(header(5)));
        let error = Header { timestamp_ms: 1, ..unknown }.with_version_of(&stated).unwrap_err();
        assert_eq!((error.block, error.field.as_str()), (Some(5), "hash"));
    }

    #[test]
    fn what_no_header_has_is_refused_with_its_field() {
        for (wrong, field) in [
            (Header { witness: vec![1; 21], ..header(5) }, "header.witness_address"),
            (Header { account_state_root: vec![1; 31], ..header(5) }, "header.accountStateRoot"),
            (Header { parent: [0; 32], ..header(5) }, "header.parentHash.number"),
        ] {
            let error = Header::decode(&wrong.encode()).unwrap_err();
            assert_eq!((error.block, error.field.as_str()), (Some(5), field));
        }
        let mut twice = header(5).encode();
        twice.extend_from_slice(&[0x50, 28]);
        assert_eq!(Header::decode(&twice).unwrap_err().field, "header.isCanonical");
        let motto = Header { witness: b"a motto".to_vec(), ..header(0) };
        assert_eq!(Header::decode(&motto.encode()), Ok(motto));
    }

    proptest! {
        #[test]
        fn headers_read_back_and_any_flipped_byte_is_found(
            timestamp_ms in 0..u64::MAX / 2, number in 1..u64::MAX / 2, witness_id in 0u64..100, version in any::<u32>(), root in any::<bool>(),
            at in any::<prop::sample::Index>(), flip in 1u8..,
        ) {
            let version = version / 2;
            let account_state_root = if root { vec![3; 32] } else { Vec::new() };
            let header = Header { timestamp_ms, witness_id, version, account_state_root, ..header(number) };
            let mut bytes = header.encode();
            prop_assert_eq!(Header::decode(&bytes).unwrap(), header.clone());
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            if let Ok(other) = Header::decode(&bytes) {
                prop_assert!(other.id() != header.id());
            }
        }

        #[test]
        fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(header) = Header::decode(&bytes) {
                prop_assert_eq!(header.encode(), bytes);
            }
        }
    }
}
