//! Proofs that a block has a transaction: against the block's header alone, whose id anybody can compare.

use crate::block::{next_row, pair};
use crate::{Block, BlockError, Header, Transaction};
use holdfast_node::equal;
use holdfast_types::Hash32;
use holdfast_types::hash::sha256;

/// Most steps of a proof: more transactions than 2^32 has no block.
const MAX_STEPS: usize = 32;

/// A step of a proof: what the hash so far is paired with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The neighbour's hash.
    pub neighbour: Hash32,
    /// Whether the neighbour stands on the left.
    pub is_left: bool,
}

/// A proof that a transaction, with its signatures and results, is under a root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inclusion {
    /// Steps from the transaction up.
    pub steps: Vec<Step>,
}

impl Inclusion {
    /// Makes the proof of a block's transaction; `None` where it has none of this number.
    #[must_use]
    pub fn of(block: &Block, index: usize) -> Option<Self> {
        let (mut row, mut at, mut steps) = (block.leaves(), index, Vec::new());
        row.get(at)?;
        while row.len() > 1 {
            // The last of an odd row has no neighbour.
            if let Some(neighbour) = row.get(at ^ 1) {
                steps.push(Step { neighbour: *neighbour, is_left: at % 2 == 1 });
            }
            row = next_row(&row);
            at /= 2;
        }
        Some(Inclusion { steps })
    }

    /// Checks that the transaction is in the block of a header.
    ///
    /// # Errors
    /// [`BlockError`] where the proof does not lead to the header's root.
    pub fn check(&self, transaction: &Transaction, header: &Header) -> Result<(), BlockError> {
        if self.steps.len() > MAX_STEPS {
            return Err(BlockError::malformed("proof", format!("more than {MAX_STEPS} steps")).of_block(header.number));
        }
        let leaf = sha256(&transaction.encode());
        let root = self.steps.iter().fold(leaf, |hash, step| match step.is_left {
            true => pair(&step.neighbour, &hash),
            false => pair(&hash, &step.neighbour),
        });
        equal("proof.root", &crate::verify::Hex(root), &crate::verify::Hex(header.transactions_root))
            .map_err(|e| e.of_block(header.number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::tests::header;
    use crate::transaction::tests::raw;

    #[test]
    fn proofs_hold_for_their_transaction_and_header_only() {
        for count in 1..20u8 {
            let of = |n: u8| Transaction::read(raw(13, &[0x10, n]), vec![vec![n]], vec![]).unwrap();
            let mut block = Block { header: header(7), id: [0; 32], transactions: (0..count).map(of).collect() };
            block.header.transactions_root = block.transactions_root();
            for (i, transaction) in block.transactions.iter().enumerate() {
                let proof = Inclusion::of(&block, i).unwrap();
                assert_eq!(proof.check(transaction, &block.header), Ok(()));
                let other = Transaction { signatures: vec![], ..transaction.clone() };
                assert_eq!(proof.check(&other, &block.header).unwrap_err().block, Some(7));
                for step in 0..proof.steps.len() {
                    let mut wrong = proof.clone();
                    wrong.steps[step].neighbour[5] ^= 1;
                    assert!(wrong.check(transaction, &block.header).is_err());
                    wrong = proof.clone();
                    wrong.steps[step].is_left ^= true;
                    assert!(wrong.check(transaction, &block.header).is_err());
                }
            }
            assert_eq!(Inclusion::of(&block, usize::from(count)), None);
        }
    }
}
