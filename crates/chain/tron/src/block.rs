//! A block as it was read: nothing in it is verified yet.

use crate::{Header, Transaction};
use holdfast_types::Hash32;
use holdfast_types::hash::sha256;

/// A block as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its header.
    pub header: Header,
    /// Its id, as stated.
    pub id: Hash32,
    /// Its transactions.
    pub transactions: Vec<Transaction>,
}

impl Block {
    /// Returns what the transactions root has of each transaction: the SHA-256 of the transaction with its signatures and results.
    #[must_use]
    pub fn leaves(&self) -> Vec<Hash32> {
        self.transactions.iter().map(|transaction| sha256(&transaction.encode())).collect()
    }

    /// Returns the root over its transactions.
    #[must_use]
    pub fn transactions_root(&self) -> Hash32 {
        root(self.leaves())
    }
}

/// Returns the SHA-256 of two hashes.
pub(crate) fn pair(left: &Hash32, right: &Hash32) -> Hash32 {
    let mut both = [0; 64];
    both[..32].copy_from_slice(left);
    both[32..].copy_from_slice(right);
    sha256(&both)
}

/// Returns the root over leaves: neighbours are hashed together row by row, and the last of an odd row goes up as it is. No leaves have a root of zeros.
pub(crate) fn root(mut row: Vec<Hash32>) -> Hash32 {
    while row.len() > 1 {
        row = next_row(&row);
    }
    row.first().copied().unwrap_or(crate::header::NO_TRANSACTIONS)
}

pub(crate) fn next_row(row: &[Hash32]) -> Vec<Hash32> {
    let up = |neighbours: &[Hash32]| match neighbours {
        [left, right] => pair(left, right),
        rest => rest.first().copied().unwrap_or_default(),
    };
    row.chunks(2).map(up).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_an_odd_row_goes_up_as_it_is() {
        let leaf = |n: u8| [n; 32];
        assert_eq!(root(vec![]), [0; 32]);
        assert_eq!(root(vec![leaf(1)]), leaf(1));
        assert_eq!(root(vec![leaf(1), leaf(2)]), pair(&leaf(1), &leaf(2)));
        let five: Vec<Hash32> = (1..6).map(leaf).collect();
        let four = pair(&pair(&leaf(1), &leaf(2)), &pair(&leaf(3), &leaf(4)));
        assert_eq!(root(five), pair(&four, &leaf(5)));
    }
}
