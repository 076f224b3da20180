//! Trees: nodes in one array, values of leaves in another.

use crate::ModelError;
use serde::{Deserialize, Serialize};

/// Most leaves of a tree.
pub(crate) const MAX_LEAVES: usize = 1 << 14;

/// Most steps from a tree's root to a leaf.
pub(crate) const MAX_DEPTH: usize = 128;

/// Marks a child that is a leaf; the other bits are its number.
const LEAF: u16 = 1 << 15;

/// Where a branch leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Child(u16);

impl Child {
    pub(crate) fn node(n: usize) -> Option<Self> {
        u16::try_from(n).ok().filter(|n| n & LEAF == 0).map(Child)
    }

    pub(crate) fn leaf(n: usize) -> Option<Self> {
        u16::try_from(n).ok().filter(|n| n & LEAF == 0).map(|n| Child(n | LEAF))
    }

    pub(crate) fn is_leaf(self) -> bool {
        self.0 & LEAF != 0
    }

    pub(crate) fn index(self) -> usize {
        usize::from(self.0 & !LEAF)
    }
}

/// A split: values up to the threshold go left; a missing value goes where training found it better.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Node {
    pub(crate) threshold: f64,
    pub(crate) feature: u16,
    pub(crate) left: Child,
    pub(crate) right: Child,
    pub(crate) missing_left: bool,
}

impl Node {
    pub(crate) fn goes_left(&self, value: f64) -> bool {
        value <= self.threshold || (self.missing_left && value.is_nan())
    }
}

/// A tree. Without nodes it has one leaf.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tree {
    /// Splits; the first is the root, children stand behind their parents.
    pub(crate) nodes: Vec<Node>,
    /// Values of leaves, log odds.
    pub(crate) leaves: Vec<f64>,
    /// Weight of the training rows of each leaf, for Shapley values.
    pub(crate) covers: Vec<f64>,
}

impl Tree {
    /// Returns the number of its leaf for a row. Values behind the row's end are missing.
    pub(crate) fn leaf_of(&self, row: &[f64]) -> usize {
        let mut child = self.root();
        while !child.is_leaf() {
            let node = &self.nodes[child.index()];
            let value = row.get(usize::from(node.feature)).copied().unwrap_or(f64::NAN);
            child = if node.goes_left(value) { node.left } else { node.right };
        }
        child.index()
    }

    /// Returns the value of its leaf for a row, log odds.
    pub(crate) fn value(&self, row: &[f64]) -> f64 {
        self.leaves[self.leaf_of(row)]
    }

    pub(crate) fn root(&self) -> Child {
        Child(if self.nodes.is_empty() { LEAF } else { 0 })
    }

    /// Returns the weight of training rows below each node.
    pub(crate) fn node_covers(&self) -> Vec<f64> {
        let mut covers = vec![0.0; self.nodes.len()];
        for (n, node) in self.nodes.iter().enumerate().rev() {
            let cover = |child: Child| if child.is_leaf() { self.leaves_cover(child) } else { covers[child.index()] };
            covers[n] = cover(node.left) + cover(node.right);
        }
        covers
    }

    pub(crate) fn leaves_cover(&self, child: Child) -> f64 {
        self.covers.get(child.index()).copied().unwrap_or(0.0)
    }

    /// Checks that a tree from a file is one: every node and leaf is reached once, children stand behind parents, values are finite.
    ///
    /// # Errors
    ///
    /// `File` with what is wrong.
    pub(crate) fn check(&self, features: usize) -> Result<(), ModelError> {
        let wrong = |text: &str| Err(ModelError::File(format!("tree: {text}")));
        if self.leaves.len() != self.nodes.len() + 1 || self.covers.len() != self.leaves.len() {
            return wrong("as many leaves as nodes and one more are expected, and a cover for each");
        }
        if self.leaves.len() > MAX_LEAVES {
            return wrong("more leaves than 16384");
        }
        if self.leaves.iter().any(|v| !v.is_finite()) || self.covers.iter().any(|c| !(c.is_finite() && *c > 0.0)) {
            return wrong("values of leaves must be finite, their covers above zero");
        }
        let (mut nodes, mut leaves) = (vec![0usize; self.nodes.len()], vec![false; self.leaves.len()]);
        let mut depths = vec![0usize; self.nodes.len()];
        for (n, node) in self.nodes.iter().enumerate() {
            if usize::from(node.feature) >= features {
                return wrong("a node names a feature that does not exist");
            }
            if !node.threshold.is_finite() {
                return wrong("a threshold is not finite");
            }
            if n > 0 && nodes[n] != 1 {
                return wrong("a node is not reached exactly once");
            }
            if depths[n] >= MAX_DEPTH {
                return wrong("deeper than 128 splits");
            }
            for child in [node.left, node.right] {
                let at = child.index();
                if child.is_leaf() {
                    if leaves.get(at) != Some(&false) {
                        return wrong("a leaf does not exist or is reached twice");
                    }
                    leaves[at] = true;
                } else if at <= n || at >= self.nodes.len() {
                    return wrong("a child does not stand behind its parent");
                } else {
                    nodes[at] += 1;
                    depths[at] = depths[n] + 1;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stump() -> Tree {
        let node = Node {
            threshold: 2.0,
            feature: 0,
            left: Child::leaf(0).unwrap(),
            right: Child::leaf(1).unwrap(),
            missing_left: false,
        };
        Tree { nodes: vec![node], leaves: vec![-1.0, 1.0], covers: vec![3.0, 5.0] }
    }

    #[test]
    fn a_threshold_belongs_to_the_left_and_a_short_row_is_missing() {
        let mut tree = stump();
        assert_eq!(tree.value(&[2.0]).to_bits(), (-1.0f64).to_bits());
        assert_eq!(tree.value(&[2.0f64.next_up()]).to_bits(), 1.0f64.to_bits());
        assert_eq!(tree.value(&[]).to_bits(), 1.0f64.to_bits());
        tree.nodes[0].missing_left = true;
        assert_eq!(tree.value(&[f64::NAN]).to_bits(), (-1.0f64).to_bits());
        assert_eq!(tree.node_covers(), vec![8.0]);
    }

    #[test]
    fn a_node_takes_16_bytes_and_damaged_trees_are_refused() {
        assert!(size_of::<Node>() <= 16);
        assert!(stump().check(1).is_ok());
        assert!(stump().check(0).is_err());
        type Damage = fn(&mut Tree);
        let damages: [Damage; 6] = [
            |t| t.nodes[0].left = t.nodes[0].right,
            |t| t.nodes[0].left = Child(0),
            |t| t.nodes[0].left = Child(7),
            |t| t.nodes[0].threshold = f64::NAN,
            |t| t.covers[0] = 0.0,
            |t| t.leaves[1] = f64::INFINITY,
        ];
        for damage in damages {
            let mut tree = stump();
            damage(&mut tree);
            assert!(tree.check(1).is_err(), "{tree:?}");
        }
    }
}
