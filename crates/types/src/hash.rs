//! The hashes of Bitcoin-family chains.

use crate::Hash32;
use ripemd::Ripemd160;
use sha2::{Digest, Sha256};

/// Returns the SHA-256 of `data`.
pub fn sha256(data: &[u8]) -> Hash32 {
    Sha256::digest(data).into()
}

/// Returns the SHA-256 of the SHA-256 of `data`: block hashes, txids and merkle nodes.
pub fn sha256d(data: &[u8]) -> Hash32 {
    Sha256::digest(Sha256::digest(data)).into()
}

/// Returns the SHA-256 applied twice to the concatenation of `parts`, without copying them together.
pub fn sha256d_parts(parts: &[&[u8]]) -> Hash32 {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    Sha256::digest(hasher.finalize()).into()
}

/// Returns the RIPEMD-160 of the SHA-256 of `data`: key and script hashes of addresses.
pub fn hash160(data: &[u8]) -> [u8; 20] {
    Ripemd160::digest(Sha256::digest(data)).into()
}

/// Returns the merkle root over txids, as blocks define it (the last hash of an odd row is paired with itself).
/// An empty list gives zeros, which is the root of no valid block.
pub fn merkle_root(txids: &[Hash32]) -> Hash32 {
    merkle(txids).0
}

/// Returns the merkle root, and whether two equal siblings make it ambiguous (CVE-2012-2459).
pub fn merkle(txids: &[Hash32]) -> (Hash32, bool) {
    let mut row = txids.to_vec();
    let mut mutated = false;
    while row.len() > 1 {
        let mut next = 0;
        for i in (0..row.len()).step_by(2) {
            let right = row[(i + 1).min(row.len() - 1)];
            mutated |= i + 1 < row.len() && row[i] == right;
            row[next] = sha256d_parts(&[&row[i], &right]);
            next += 1;
        }
        row.truncate(next);
    }
    (row.first().copied().unwrap_or_default(), mutated)
}

/// Returns the merkle branch of the txid at `index`: the sibling on each row, from the leaves up.
pub fn merkle_branch(txids: &[Hash32], mut index: usize) -> Vec<Hash32> {
    let mut row = txids.to_vec();
    let mut branch = Vec::new();
    while row.len() > 1 {
        branch.push(row[(index ^ 1).min(row.len() - 1)]);
        row = (0..row.len()).step_by(2).map(|i| sha256d_parts(&[&row[i], &row[(i + 1).min(row.len() - 1)]])).collect();
        index >>= 1;
    }
    branch
}

/// Folds a txid up a merkle branch to the root it proves.
pub fn fold_branch(txid: &Hash32, index: usize, branch: &[Hash32]) -> Hash32 {
    branch.iter().enumerate().fold(*txid, |hash, (level, sibling)| {
        if (index >> level) & 1 == 0 { sha256d_parts(&[&hash, sibling]) } else { sha256d_parts(&[sibling, &hash]) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_fold_to_the_root() {
        for n in 1..20u8 {
            let txids: Vec<Hash32> = (0..n).map(|i| sha256(&[i])).collect();
            let root = merkle_root(&txids);
            for (i, txid) in txids.iter().enumerate() {
                assert_eq!(fold_branch(txid, i, &merkle_branch(&txids, i)), root);
            }
            let wrong = fold_branch(&sha256(b"x"), 0, &merkle_branch(&txids, 0));
            assert_ne!(wrong, root);
        }
    }
}
