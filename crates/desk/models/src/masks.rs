//! Trees as masks of leaves, by feature: what a row costs is the splits where it goes right, one after the other in memory, and no step waits for the one
//! before (QuickScorer: Lucchese and others, SIGIR 2015). Most values of a row of events are zero, below every threshold.

use crate::tree::{Child, Tree};

/// Most leaves of a tree: a bit each.
const MAX_LEAVES: usize = 64;

/// Splits of a feature.
#[derive(Debug, Clone, PartialEq)]
struct Splits {
    /// Ascending; a value above one goes right there.
    thresholds: Vec<f64>,
    /// Tree and mask of each: the leaves that are left when a row goes right.
    right: Vec<(u16, u64)>,
    /// Those where a missing value goes right.
    missing: Vec<(u16, u64)>,
}

/// Trees of at most 64 leaves each.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Masks {
    /// By feature.
    splits: Vec<Splits>,
    /// Values of each tree's leaves, from left to right.
    leaves: Vec<Vec<f64>>,
}

impl Masks {
    /// Returns the trees as masks; nothing where one has too many leaves. Trees have passed [`Tree::check`] for so many features.
    pub(crate) fn new(trees: &[Tree], features: usize) -> Option<Self> {
        let mut splits = vec![Splits { thresholds: Vec::new(), right: Vec::new(), missing: Vec::new() }; features];
        let mut nodes: Vec<Vec<(f64, u16, u64)>> = vec![Vec::new(); features];
        let mut leaves = Vec::with_capacity(trees.len());
        for (number, tree) in trees.iter().enumerate() {
            if tree.leaves.len() > MAX_LEAVES {
                return None;
            }
            let number = u16::try_from(number).ok()?;
            let (order, below) = spread(tree);
            leaves.push(order.iter().map(|leaf| tree.leaves[*leaf]).collect());
            for (node, (first, until)) in tree.nodes.iter().zip(below) {
                // Leaves of its left side are out when a row goes right.
                let mask = !(bits(until) & !bits(first));
                let feature = usize::from(node.feature);
                nodes[feature].push((node.threshold, number, mask));
                if !node.missing_left {
                    splits[feature].missing.push((number, mask));
                }
            }
        }
        for (splits, mut nodes) in splits.iter_mut().zip(nodes) {
            nodes.sort_by(|a, b| a.0.total_cmp(&b.0));
            splits.thresholds = nodes.iter().map(|n| n.0).collect();
            splits.right = nodes.iter().map(|n| (n.1, n.2)).collect();
        }
        Some(Masks { splits, leaves })
    }

    /// Returns the value of each tree's leaf for a row, log odds, in order of the trees. Values behind the row's end are missing.
    pub(crate) fn values(&self, row: &[f64]) -> impl Iterator<Item = f64> {
        let mut left = vec![u64::MAX; self.leaves.len()];
        for (feature, splits) in self.splits.iter().enumerate() {
            let value = row.get(feature).copied().unwrap_or(f64::NAN);
            let out = if value.is_nan() {
                &splits.missing[..]
            } else {
                let below = splits.thresholds.iter().take_while(|t| **t < value).count();
                &splits.right[..below]
            };
            for (tree, mask) in out {
                left[usize::from(*tree)] &= mask;
            }
        }
        // The leftmost leaf that is left is the row's.
        self.leaves.iter().zip(left).map(|(leaves, left)| leaves[left.trailing_zeros() as usize])
    }

    /// Returns the memory that the masks of trees take, bytes.
    pub(crate) fn bytes(trees: &[Tree], features: usize) -> usize {
        let split = size_of::<f64>() + 2 * size_of::<(u16, u64)>();
        let of = |tree: &Tree| tree.nodes.len() * split + tree.leaves.len() * 8 + size_of::<Vec<f64>>();
        trees.iter().map(of).sum::<usize>() + features * size_of::<Splits>()
    }
}

/// The lowest so many bits.
fn bits(count: usize) -> u64 {
    1u64.checked_shl(u32::try_from(count).unwrap_or(u32::MAX)).map_or(u64::MAX, |bit| bit - 1)
}

/// Returns a tree's leaves from left to right, and of each node the first leaf of its left side and the first of its right side.
fn spread(tree: &Tree) -> (Vec<usize>, Vec<(usize, usize)>) {
    let (mut order, mut below) = (Vec::with_capacity(tree.leaves.len()), vec![(0, 0); tree.nodes.len()]);
    // Nodes whose left side is done stand there with their number.
    let mut walk: Vec<(Child, bool)> = vec![(tree.root(), false)];
    while let Some((child, is_left_done)) = walk.pop() {
        if child.is_leaf() {
            order.push(child.index());
        } else if is_left_done {
            below[child.index()].1 = order.len();
            walk.push((tree.nodes[child.index()].right, false));
        } else {
            below[child.index()].0 = order.len();
            walk.push((child, true));
            walk.push((tree.nodes[child.index()].left, false));
        }
    }
    (order, below)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::Random;
    use crate::tree::Node;
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
            let threshold = draw(5) as f64 - 2.0;
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
        fn masks_give_the_leaf_that_a_walk_ends_at(
            trees in prop::collection::vec((any::<u64>(), 1usize..=MAX_LEAVES), 0..9),
            row in prop::collection::vec(
                prop_oneof![Just(f64::NAN), Just(-0.0), Just(f64::INFINITY), (-4i8..4).prop_map(f64::from)], 0..4),
        ) {
            let trees: Vec<Tree> = trees.into_iter().map(|(seed, leaves)| drawn(seed, leaves)).collect();
            prop_assert!(trees.iter().all(|t| t.check(3).is_ok()));
            let masks = Masks::new(&trees, 3).unwrap();
            let walked: Vec<f64> = trees.iter().map(|t| t.value(&row)).collect();
            prop_assert_eq!(masks.values(&row).collect::<Vec<_>>(), walked);
        }
    }

    #[test]
    fn a_tree_of_more_leaves_than_bits_has_no_masks() {
        assert!(Masks::new(&[drawn(1, MAX_LEAVES + 1)], 3).is_none());
    }
}
