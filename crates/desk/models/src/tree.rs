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

/// Trees that are walked beside each other.
pub(crate) const LANES: usize = 8;

/// Read in the place of a tree that has no nodes.
static NO_NODES: [Node; 1] =
    [Node { threshold: 0.0, feature: 0, left: Child(LEAF), right: Child(LEAF), missing_left: false }];

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

    /// Returns the values of the leaves of up to [`LANES`] trees for a row, log odds. The trees are walked step by step beside each other, without a branch on
    /// what a value is: a processor then waits for the nodes of all at once, and guesses no way wrong.
    pub(crate) fn values(trees: &[Tree], row: &[f64]) -> [f64; LANES] {
        let mut nodes = [&NO_NODES[..]; LANES];
        let mut at = [Child(LEAF); LANES];
        for ((nodes, at), tree) in nodes.iter_mut().zip(&mut at).zip(trees).filter(|(_, tree)| !tree.nodes.is_empty()) {
            (*nodes, *at) = (&tree.nodes, Child(0));
        }
        while !at.iter().fold(true, |all, child| all & child.is_leaf()) {
            for (nodes, child) in nodes.iter().zip(&mut at) {
                // All bits where the walk of this tree has ended; it then reads its root and stays.
                let ended = (child.0 >> 15).wrapping_neg();
                let node = &nodes[usize::from(child.0 & !ended)];
                let value = row.get(usize::from(node.feature)).copied().unwrap_or(f64::NAN);
                let left = (value <= node.threshold) | (node.missing_left & value.is_nan());
                let left = u16::from(left).wrapping_neg();
                let next = (node.left.0 & left) | (node.right.0 & !left);
                child.0 = (child.0 & ended) | (next & !ended);
            }
        }
        let mut values = [0.0; LANES];
        for ((value, child), tree) in values.iter_mut().zip(at).zip(trees) {
            *value = tree.leaves[child.index()];
        }
        values
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
    use crate::numeric::Random;
    use proptest::prelude::*;

    /// A tree of a shape and thresholds drawn from a seed.
    fn drawn(seed: u64, leaves: usize) -> Tree {
        let mut random = Random::new(seed);
        let mut draw = move |n: usize| usize::try_from(random.next() >> 33).unwrap() % n;
        let mut tree = Tree { nodes: Vec::new(), leaves: vec![0.5], covers: vec![1.0] };
        // Where each leaf hangs: its node and side.
        let mut hangs: Vec<Option<(usize, bool)>> = vec![None];
        while tree.leaves.len() < leaves {
            let (split, new) = (draw(hangs.len()), tree.nodes.len());
            if let Some((node, is_left)) = hangs[split] {
                let child = Child::node(new).unwrap();
                if is_left { tree.nodes[node].left = child } else { tree.nodes[node].right = child }
            }
            let other = tree.leaves.len();
            let (left, right) = (Child::leaf(split).unwrap(), Child::leaf(other).unwrap());
            let feature = u16::try_from(draw(3)).unwrap();
            let threshold = draw(5) as f64;
            tree.nodes.push(Node { threshold, feature, left, right, missing_left: draw(2) == 0 });
            tree.leaves.push(draw(1_000) as f64);
            tree.covers.push(1.0);
            hangs[split] = Some((new, true));
            hangs.push(Some((new, false)));
        }
        tree
    }

    proptest! {
        #[test]
        fn trees_walked_beside_each_other_give_what_each_gives_alone(
            trees in prop::collection::vec((any::<u64>(), 1usize..40), 0..=LANES),
            row in prop::collection::vec(prop_oneof![Just(f64::NAN), (0u8..6).prop_map(f64::from)], 0..4),
        ) {
            let trees: Vec<Tree> = trees.into_iter().map(|(seed, leaves)| drawn(seed, leaves)).collect();
            prop_assert!(trees.iter().all(|t| t.check(3).is_ok()));
            let beside = Tree::values(&trees, &row);
            let alone: Vec<f64> = trees.iter().map(|t| t.value(&row)).collect();
            prop_assert_eq!(&beside[..trees.len()], alone);
        }
    }

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
