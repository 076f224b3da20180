//! Nodes of tries that proofs share: each is in a bundle once, in a list in RLP in the order of their first use.

use alloy_rlp::{Decodable, Encodable};
use holdfast_evm::Bytes;
use std::collections::HashMap;

/// Most nodes of a bundle.
const MAX_NODES: usize = 4_000_000;

/// The nodes of a bundle.
#[derive(Debug, Default)]
pub(crate) struct Nodes {
    list: Vec<Bytes>,
    places: HashMap<Bytes, u32>,
}

impl Nodes {
    /// Adds the nodes of a proof. Returns their places.
    pub fn add(&mut self, nodes: &[Bytes]) -> Vec<u32> {
        let add = |node: &Bytes| {
            let next = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
            *self.places.entry(node.clone()).or_insert_with(|| {
                self.list.push(node.clone());
                next
            })
        };
        nodes.iter().map(add).collect()
    }

    /// Returns nodes by their places.
    pub fn get(&self, places: &[u32]) -> Result<Vec<Bytes>, String> {
        let node = |place: &u32| usize::try_from(*place).ok().and_then(|n| self.list.get(n)).cloned();
        places.iter().map(|p| node(p).ok_or_else(|| format!("node {p} is not in nodes.rlp"))).collect()
    }

    pub fn to_rlp(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.list.encode(&mut bytes);
        bytes
    }

    pub fn from_rlp(bytes: &[u8]) -> Result<Self, String> {
        let mut rest = bytes;
        let list = Vec::<Bytes>::decode(&mut rest).map_err(|e| format!("nodes.rlp: {e}"))?;
        if !rest.is_empty() || list.len() > MAX_NODES {
            return Err(format!("nodes.rlp: bytes behind its list, or more than {MAX_NODES} nodes"));
        }
        Ok(Nodes { list, places: HashMap::new() })
    }

    /// Returns how many nodes there are, and their bytes together.
    pub fn size(&self) -> (usize, usize) {
        (self.list.len(), self.list.iter().map(|node| node.len()).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_nodes_are_held_once_and_read_back() {
        let node = |n: u8| Bytes::from(vec![n; 40]);
        let mut nodes = Nodes::default();
        assert_eq!(nodes.add(&[node(1), node(2)]), [0, 1]);
        assert_eq!(nodes.add(&[node(1), node(3)]), [0, 2]);
        let read = Nodes::from_rlp(&nodes.to_rlp()).unwrap();
        assert_eq!(read.get(&[0, 2]).unwrap(), [node(1), node(3)]);
        assert_eq!(read.size(), (3, 120));
        assert!(read.get(&[3]).unwrap_err().contains("node 3"));
        let mut longer = nodes.to_rlp();
        longer.push(0);
        assert!(Nodes::from_rlp(&longer).is_err() && Nodes::from_rlp(&longer[..20]).is_err());
    }
}
