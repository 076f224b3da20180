//! Proofs that a transaction or a receipt is in a block, or that an account had a balance after it: the nodes of a trie from its root. With a header
//! whose hash is known, nothing else is needed to check one.

use crate::rlp::{take_list, take_string};
use crate::{BlockError, VerifiedBlock};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_trie::proof::{ProofRetainer, verify_proof};
use alloy_trie::root::adjust_index_for_rlp;
use alloy_trie::{EMPTY_ROOT_HASH, HashBuilder, KECCAK_EMPTY, Nibbles, TrieAccount};

/// Most nodes from a root to an item: a key has at most 6 digits, and a block far fewer items than that allows.
const MAX_NODES: usize = 8;

/// A proof that an item is in a block's list: the root of the list comes from the header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inclusion {
    /// Number of the item in its block.
    pub index: u32,
    /// Nodes from the root to the item, which the last node holds.
    pub nodes: Vec<Bytes>,
}

impl Inclusion {
    /// Returns the item that it proves: a transaction's or a receipt's envelope.
    ///
    /// # Errors
    /// [`BlockError`] where it proves nothing under the root.
    pub fn check(&self, root: B256) -> Result<Bytes, BlockError> {
        let wrong = |problem: &dyn std::fmt::Display| BlockError::malformed("proof", problem);
        if self.nodes.len() > MAX_NODES {
            return Err(wrong(&format_args!("more than {MAX_NODES} nodes")));
        }
        let last = self.nodes.last().ok_or_else(|| wrong(&"no nodes"))?;
        // A leaf is a list of the rest of the key and the item.
        let mut rest = take_list(&mut &last[..], "proof")?;
        take_string(&mut rest, "proof")?;
        let item = crate::rlp::share(last, take_string(&mut rest, "proof")?);
        verify_proof(root, key(self.index), Some(item.to_vec()), &self.nodes).map_err(|e| wrong(&e))?;
        Ok(item)
    }
}

/// An account's state after a block, with its proof (`eth_getProof`, EIP-1186).
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountProof {
    /// The account.
    pub address: Address,
    /// Balance in wei.
    pub balance: U256,
    /// Number of transactions that it sent.
    pub nonce: crate::json::Quantity,
    /// Hash of its code.
    #[serde(default)]
    pub code_hash: B256,
    /// Root of its storage.
    #[serde(default)]
    pub storage_hash: B256,
    /// Nodes of the state trie from the root to the account.
    #[serde(rename = "accountProof")]
    pub nodes: Vec<Bytes>,
}

impl AccountProof {
    /// Returns the balance in wei that it proves under a state root.
    ///
    /// # Errors
    /// [`BlockError`] where it proves nothing under the root.
    pub fn check(&self, state_root: B256) -> Result<U256, BlockError> {
        let wrong =
            |problem: &dyn std::fmt::Display| BlockError::malformed(format!("proof of {}", self.address), problem);
        // A key has 64 digits, one for each node at most.
        if self.nodes.len() > 65 {
            return Err(wrong(&"more than 65 nodes"));
        }
        let key = Nibbles::unpack(keccak256(self.address));
        let account = TrieAccount {
            nonce: self.nonce.0,
            balance: self.balance,
            storage_root: self.storage_hash,
            code_hash: self.code_hash,
        };
        let code = [KECCAK_EMPTY, B256::ZERO];
        let storage = [EMPTY_ROOT_HASH, B256::ZERO];
        let is_empty = account.nonce == 0
            && account.balance.is_zero()
            && code.contains(&account.code_hash)
            && storage.contains(&account.storage_root);
        let is_absent = is_empty && verify_proof(state_root, key, None, &self.nodes).is_ok();
        if !is_absent {
            let item = alloy_rlp::encode(account);
            verify_proof(state_root, key, Some(item), &self.nodes).map_err(|e| wrong(&e))?;
        }
        Ok(self.balance)
    }
}

fn key(index: u32) -> Nibbles {
    Nibbles::unpack(alloy_rlp::encode_fixed_size(&index))
}

/// Proves transactions of a block by their numbers; numbers that it does not have are left out.
#[must_use]
pub fn transactions(block: &VerifiedBlock, indices: &[u32]) -> Vec<Inclusion> {
    let envelopes: Vec<Bytes> = block.block.transactions.iter().map(|t| t.envelope.clone()).collect();
    prove(&envelopes, indices)
}

/// Proves receipts of a block by the numbers of their transactions; numbers that it does not have are left out.
#[must_use]
pub fn receipts(block: &VerifiedBlock, indices: &[u32]) -> Vec<Inclusion> {
    let envelopes: Vec<Bytes> = block.receipts.iter().map(|r| r.envelope(&r.computed_bloom()).into()).collect();
    prove(&envelopes, indices)
}

fn prove(items: &[Bytes], indices: &[u32]) -> Vec<Inclusion> {
    let mut indices: Vec<u32> = indices.to_vec();
    indices.retain(|index| usize::try_from(*index).is_ok_and(|index| index < items.len()));
    if indices.is_empty() {
        return Vec::new();
    }
    let targets = indices.iter().map(|index| key(*index)).collect();
    let mut builder = HashBuilder::default().with_proof_retainer(ProofRetainer::new(targets));
    for i in 0..items.len() {
        let index = adjust_index_for_rlp(i, items.len());
        builder.add_leaf(Nibbles::unpack(alloy_rlp::encode_fixed_size(&index)), &items[index]);
    }
    builder.root();
    let nodes = builder.take_proof_nodes();
    let nodes_to = |index: u32| nodes.matching_nodes_sorted(&key(index)).into_iter().map(|(_, node)| node).collect();
    indices.into_iter().map(|index| Inclusion { index, nodes: nodes_to(index) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_rlp::BufMut;
    use alloy_trie::root::ordered_trie_root_with_encoder;

    #[test]
    fn every_item_is_proved_and_any_flipped_byte_is_found() {
        for count in [1u32, 2, 3, 16, 127, 128, 129, 300] {
            let items: Vec<Bytes> = (0..count).map(|i| vec![i as u8; 40 + i as usize % 7].into()).collect();
            let root = ordered_trie_root_with_encoder(&items, |item, out| out.put_slice(item));
            let all: Vec<u32> = (0..count + 5).collect();
            let proofs = prove(&items, &all);
            assert_eq!(proofs.len(), items.len());
            for (proof, item) in proofs.iter().zip(&items) {
                assert_eq!(proof.check(root).as_ref(), Ok(item), "{count}");
            }
            let proof = &proofs[count as usize / 2];
            let other = Inclusion { index: proof.index + 1, ..proof.clone() };
            assert!(other.check(root).is_err() && proof.check(B256::ZERO).is_err());
            for node in 0..proof.nodes.len() {
                for place in 0..proof.nodes[node].len() {
                    let mut damaged = proof.clone();
                    let mut bytes = damaged.nodes[node].to_vec();
                    bytes[place] ^= 1;
                    damaged.nodes[node] = bytes.into();
                    assert!(damaged.check(root).is_err(), "{count}: node {node}, byte {place}");
                }
            }
        }
        assert!(Inclusion { index: 0, nodes: vec![] }.check(B256::ZERO).is_err());
        assert!(prove(&[], &[0]).is_empty());
    }
}
