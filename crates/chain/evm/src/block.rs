//! A block as it was read: nothing in it is verified yet.

use crate::rlp::{end, list, take, take_list};
use crate::{BlockError, Header, Receipt, Transaction};
use alloy_primitives::{Address, B256, keccak256};
use alloy_rlp::Encodable;

/// A block as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its header.
    pub header: Header,
    /// Its hash: stated by who sent it, or computed where nobody states one.
    pub hash: B256,
    /// Its transactions.
    pub transactions: Vec<Transaction>,
    /// Its ommers.
    pub ommers: Ommers,
    /// Its withdrawals (EIP-4895), where its fork has them.
    pub withdrawals: Option<Vec<Withdrawal>>,
    /// Polygon's state sync, which no root of the block commits to.
    pub state_sync: Option<StateSync>,
}

/// Polygon's pseudo-transaction that brings what happened on the base chain. The block's roots do not commit to it, nor to its logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateSync {
    /// Hash: keccak256 of `matic-bor-receipt-`, the height in 8 bytes and the block's hash.
    pub hash: B256,
    /// Its receipt, where the node gave it.
    pub receipt: Option<Receipt>,
}

impl StateSync {
    /// Returns the hash that the state sync of a block has.
    #[must_use]
    pub fn hash_of(height: u64, block: &B256) -> B256 {
        keccak256([b"matic-bor-receipt-".as_slice(), &height.to_be_bytes(), block.as_slice()].concat())
    }
}

/// Ommers ("uncles") of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ommers {
    /// Their headers, which the block's header commits to.
    Headers(Vec<Header>),
    /// Only their hashes, as JSON has them: a claim of the node, unless there are none.
    Hashes(Vec<B256>),
}

impl Ommers {
    /// Returns how many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        match self {
            Ommers::Headers(headers) => headers.len(),
            Ommers::Hashes(hashes) => hashes.len(),
        }
    }

    /// Returns the hash that the block's header has of them; `None` where their headers were not read.
    pub(crate) fn hash(&self) -> Option<B256> {
        let headers = match self {
            Ommers::Headers(headers) => headers.as_slice(),
            Ommers::Hashes(hashes) if hashes.is_empty() => &[],
            Ommers::Hashes(_) => return None,
        };
        let mut bytes = Vec::new();
        list(&headers.iter().flat_map(Header::to_rlp).collect::<Vec<u8>>(), &mut bytes);
        Some(keccak256(bytes))
    }
}

/// A withdrawal from the consensus layer (EIP-4895).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// Number among all withdrawals.
    pub index: u64,
    /// The validator.
    pub validator: u64,
    /// Who receives it.
    pub address: Address,
    /// Amount in gwei (10^9 wei).
    pub amount_gwei: u64,
}

impl Withdrawal {
    pub(crate) fn decode(rest: &mut &[u8]) -> Result<Self, BlockError> {
        let mut inner = take_list(rest, "withdrawal")?;
        let withdrawal = Withdrawal {
            index: take(&mut inner, "index")?,
            validator: take(&mut inner, "validatorIndex")?,
            address: take(&mut inner, "address")?,
            amount_gwei: take(&mut inner, "amount")?,
        };
        end(inner, "withdrawal")?;
        Ok(withdrawal)
    }

    /// Returns its form in the withdrawals trie.
    pub(crate) fn to_rlp(self) -> Vec<u8> {
        let mut payload = Vec::with_capacity(48);
        self.index.encode(&mut payload);
        self.validator.encode(&mut payload);
        self.address.encode(&mut payload);
        self.amount_gwei.encode(&mut payload);
        let mut bytes = Vec::with_capacity(50);
        list(&payload, &mut bytes);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn withdrawals_read_back() {
        let withdrawal = Withdrawal {
            index: 293_437,
            validator: 19_981,
            address: Address::repeat_byte(9),
            amount_gwei: 4_783_000_000,
        };
        let bytes = withdrawal.to_rlp();
        let mut rest = bytes.as_slice();
        assert_eq!(Withdrawal::decode(&mut rest).unwrap(), withdrawal);
        assert!(rest.is_empty());
        for cut in 0..bytes.len() {
            assert!(Withdrawal::decode(&mut &bytes[..cut]).is_err());
        }
    }

    #[test]
    fn hashes_of_ommers_prove_nothing_but_that_there_are_none() {
        assert_eq!(Ommers::Hashes(vec![]).hash(), Some(crate::header::NO_OMMERS));
        assert_eq!(Ommers::Headers(vec![]).hash(), Some(crate::header::NO_OMMERS));
        assert_eq!(Ommers::Hashes(vec![B256::ZERO]).hash(), None);
    }
}
