//! Block headers: proof of work, and the choice of the best chain among blocks in any order.

use crate::hash::sha256d;
use crate::{BlockHash, Hash32, Network};
use std::collections::HashMap;

/// An 80-byte block header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header(pub [u8; 80]);

impl Header {
    /// Returns the block's hash.
    pub fn hash(&self) -> BlockHash {
        BlockHash::from_bytes(sha256d(&self.0))
    }

    /// Returns the previous block's hash.
    pub fn prev(&self) -> BlockHash {
        BlockHash::from_bytes(self.fixed(4))
    }

    /// Returns the merkle root over the block's txids.
    pub fn merkle_root(&self) -> Hash32 {
        self.fixed(36)
    }

    fn fixed<const N: usize>(&self, at: usize) -> [u8; N] {
        self.0[at..at + N].try_into().expect("a slice of N bytes")
    }

    /// Returns the version as a signed number; from 2 on the coinbase states the height (BIP 34).
    pub fn version(&self) -> i32 {
        i32::from_le_bytes(self.fixed(0))
    }

    /// Returns the miner's time, Unix seconds.
    pub fn time(&self) -> u32 {
        u32::from_le_bytes(self.fixed(68))
    }

    /// Returns the target in compact form.
    pub fn bits(&self) -> u32 {
        u32::from_le_bytes(self.fixed(72))
    }

    /// Returns whether the header meets the target that it states, and that target is allowed on the network.
    #[expect(clippy::missing_panics_doc, reason = "the limits are a table's, scrypt's parameters Litecoin's")]
    pub fn has_proof_of_work(&self, network: Network) -> bool {
        let Some(target) = compact_target(self.bits()) else { return false };
        let limit = compact_target(network.parameters().limit_bits).expect("the table holds valid bits");
        if target == [0; 32] || target > limit {
            return false;
        }
        let mut hash = if network.parameters().scrypt {
            let mut out = [0u8; 32];
            let params = scrypt::Params::new(10, 1, 1, 32).expect("Litecoin's parameters are valid");
            scrypt::scrypt(&self.0, &self.0, &params, &mut out).expect("32 is a valid length");
            out
        } else {
            self.hash().to_bytes()
        };
        hash.reverse();
        hash <= target
    }
}

/// Returns the 256-bit big-endian target that compact bits stand for; `None` for negative or oversized ones.
pub fn compact_target(bits: u32) -> Option<Hash32> {
    let exponent = (bits >> 24) as usize;
    let mantissa = bits & 0x007f_ffff;
    if bits & 0x0080_0000 != 0 && mantissa != 0 {
        return None;
    }
    let mut target = [0u8; 32];
    for i in 0..3 {
        let byte = mantissa.to_le_bytes()[i];
        // Byte i of the mantissa has weight 256^(exponent - 3 + i).
        match (exponent + i).checked_sub(3) {
            Some(position) if position < 32 => target[31 - position] = byte,
            Some(_) if byte != 0 => return None,
            _ => {}
        }
    }
    Some(target)
}

/// Returns the expected work of a target, as a number that only comparisons and sums are made of: 2^256 / (target + 1),
/// saturating. u128 holds all of Bitcoin's history (below 2^97).
pub fn work(bits: u32) -> u128 {
    let Some(target) = compact_target(bits) else { return 0 };
    let leading = target.iter().position(|b| *b != 0).unwrap_or(32);
    if leading == 32 {
        return 0;
    }
    let mut top = [0u8; 8];
    let available = 8.min(32 - leading);
    top[..available].copy_from_slice(&target[leading..leading + available]);
    // The target is about top * 2^(192 - 8 * leading), so the work is (2^128 / top) * 2^(8 * leading - 64).
    let quotient = u128::MAX / u128::from(u64::from_be_bytes(top));
    let shift = 8 * leading.min(8);
    match 8 * (leading - leading.min(8)) {
        0 => quotient >> (64 - shift),
        left if left > quotient.leading_zeros() as usize => u128::MAX,
        left => quotient << left,
    }
}

/// One block's place in a header tree.
#[derive(Clone, Copy, Debug)]
pub struct TreeNode {
    /// The block's hash.
    pub hash: BlockHash,
    /// The previous block's hash.
    pub prev: BlockHash,
    /// Compact target.
    pub bits: u32,
    /// Height where the block itself states it (genesis, BIP 34), used only for blocks whose parent is not here.
    pub stated_height: Option<u32>,
}

/// Returns the best chain among `nodes`, as (height, index into `nodes`) with heights rising.
///
/// Blocks come in any order and may miss ancestors (pruned nodes, bundles of single blocks): every
/// block without a stored parent roots an island whose height comes from the block itself or from
/// `known_height`; each island's heaviest branch is its chain; where islands overlap in height, the one with more work
/// stays. Also returns the indices of blocks left out: stale branches, and roots without a known height.
pub fn best_chain(
    nodes: &[TreeNode],
    known_height: impl Fn(&BlockHash) -> Option<u32>,
) -> (Vec<(u32, usize)>, Vec<usize>) {
    let mut by_hash: HashMap<BlockHash, usize> = HashMap::with_capacity(nodes.len());
    for (i, node) in nodes.iter().enumerate() {
        by_hash.entry(node.hash).or_insert(i);
    }
    let mut children: HashMap<BlockHash, Vec<usize>> = HashMap::new();
    let mut roots = Vec::new();
    for (i, node) in nodes.iter().enumerate() {
        if by_hash[&node.hash] != i {
            continue; // the same block again
        }
        if by_hash.contains_key(&node.prev) {
            children.entry(node.prev).or_default().push(i);
        } else {
            roots.push(i);
        }
    }
    let mut used = vec![false; nodes.len()];
    let mut islands: Vec<(u128, Vec<(u32, usize)>)> = Vec::new();
    for root in roots {
        let height = known_height(&nodes[root].hash)
            .or_else(|| known_height(&nodes[root].prev).map(|h| h + 1))
            .or(nodes[root].stated_height);
        let Some(root_height) = height else { continue };
        // Depth-first over the island; ties go to the block seen first, as nodes do.
        let mut best = (0u128, root, root_height);
        let mut parent: HashMap<usize, usize> = HashMap::new();
        let mut stack = vec![(root, work(nodes[root].bits), root_height)];
        while let Some((i, total, height)) = stack.pop() {
            if total > best.0 || (total == best.0 && i < best.1) {
                best = (total, i, height);
            }
            for &child in children.get(&nodes[i].hash).into_iter().flatten() {
                parent.insert(child, i);
                stack.push((child, total.saturating_add(work(nodes[child].bits)), height + 1));
            }
        }
        let (total, mut tip, mut height) = best;
        let mut chain = vec![(height, tip)];
        while let Some(&up) = parent.get(&tip) {
            tip = up;
            height -= 1;
            chain.push((height, tip));
        }
        chain.reverse();
        islands.push((total, chain));
    }
    // Heaviest first; a lighter island keeps its place only where no heavier one has a block.
    islands.sort_by(|a, b| b.0.cmp(&a.0).then(a.1[0].cmp(&b.1[0])));
    let mut taken: Vec<(u32, u32)> = Vec::new();
    let mut chain = Vec::new();
    for (_, island) in islands {
        let (low, high) = (island[0].0, island[island.len() - 1].0);
        if taken.iter().any(|(l, h)| low <= *h && *l <= high) {
            continue;
        }
        taken.push((low, high));
        chain.extend(island);
    }
    chain.sort_unstable();
    for (_, i) in &chain {
        used[*i] = true;
    }
    let left = (0..nodes.len()).filter(|i| !used[*i]).collect();
    (chain, left)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(hash: u8, prev: u8, bits: u32, stated: Option<u32>) -> TreeNode {
        TreeNode {
            hash: BlockHash::from_bytes([hash; 32]),
            prev: BlockHash::from_bytes([prev; 32]),
            bits,
            stated_height: stated,
        }
    }

    #[test]
    fn targets_and_work_agree_with_known_values() {
        let mut expected = [0u8; 32];
        expected[4..6].copy_from_slice(&[0xff, 0xff]);
        assert_eq!(compact_target(0x1d00_ffff), Some(expected));
        assert_eq!(compact_target(0x1d80_ffff), None, "negative");
        assert_eq!(compact_target(0xff12_3456), None, "too large");
        // Difficulty 1 takes 2^32 + 2^16 hashes, near enough.
        let one = work(0x1d00_ffff);
        assert!((4_295_000_000..4_295_040_000).contains(&one), "{one}");
        assert!(work(0x1702_f0e5) > one * 1_000_000_000);
        assert!((1..=3).contains(&work(0x207f_ffff)), "{}", work(0x207f_ffff));
    }

    #[test]
    fn the_heaviest_branch_wins_in_any_order() {
        let regtest = 0x207f_ffff;
        let mut nodes = vec![
            node(1, 0, regtest, Some(0)),
            node(2, 1, regtest, None),
            node(3, 2, regtest, None),
            node(20, 1, regtest, None),
            node(30, 20, regtest, None),
            node(40, 30, regtest, None),
            node(99, 98, regtest, None),     // no parent, no height
            node(70, 69, regtest, Some(50)), // an island
        ];
        for _ in 0..nodes.len() {
            nodes.rotate_left(1);
            let (chain, left) = best_chain(&nodes, |_| None);
            let hashes: Vec<u8> = chain.iter().map(|(_, i)| nodes[*i].hash.as_bytes()[0]).collect();
            assert_eq!(hashes, [1, 20, 30, 40, 70]);
            assert_eq!(chain.iter().map(|c| c.0).collect::<Vec<_>>(), [0, 1, 2, 3, 50]);
            assert_eq!(left.len(), 3);
        }
    }
}
