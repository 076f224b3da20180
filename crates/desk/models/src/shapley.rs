//! Exact Shapley values of trees, path-dependent (Lundberg et al. 2020, "TreeExplainer").
//!
//! Along the path to a leaf, each feature `i` has a fraction `z` of training rows that pass its splits, and passes itself or not (`o`, 1 or 0). The leaf's
//! part in feature `j` is `value * (o_j - z_j) * sum over sets S of the other features of |S|! (d-1-|S|)! / d! * product of o in S * product of z outside`.
//! That weight is the integral of `t^|S| (1-t)^(d-1-|S|)` over 0 to 1, so the sum is the integral of the product of `o_i t + z_i (1-t)` over the others: a
//! polynomial of degree `d-1`, which Gauss-Legendre quadrature with `d/2` nodes integrates exactly. All terms are positive: nothing cancels.

use crate::tree::{Child, MAX_DEPTH, Tree};
use std::f64::consts::PI;
use std::sync::OnceLock;

/// A score divided among the features.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The mean score of the training rows, log odds.
    pub base: f64,
    /// What each feature adds to it, log odds.
    pub contributions: Vec<f64>,
    /// The score, log odds.
    pub score: f64,
    /// What the score has beyond base and contributions: rounding. Below 1e-9, but for imported models that add in single precision.
    pub rounding: f64,
}

/// A feature on the path from a root to a leaf.
#[derive(Debug, Clone, Copy)]
struct Step {
    feature: usize,
    zero: f64,
    one: bool,
}

/// Adds a tree's Shapley values for a row to `contributions`. Returns the tree's mean value.
pub(crate) fn add_tree(
    tree: &Tree,
    covers: &[f64],
    row: &[f64],
    contributions: &mut [f64],
    scratch: &mut Scratch,
) -> f64 {
    scratch.path.clear();
    let mut walk = Walk { tree, covers, row, contributions, scratch, mean: 0.0 };
    walk.visit(tree.root(), 1.0);
    walk.mean
}

/// Reused memory.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    path: Vec<Step>,
    sums: Vec<f64>,
    factors: Vec<f64>,
}

struct Walk<'a> {
    tree: &'a Tree,
    covers: &'a [f64],
    row: &'a [f64],
    contributions: &'a mut [f64],
    scratch: &'a mut Scratch,
    mean: f64,
}

impl Walk<'_> {
    /// Visits what is below a branch; `share` of the training rows pass it. At most [`MAX_DEPTH`] deep, which `Tree::check` holds.
    fn visit(&mut self, child: Child, share: f64) {
        if child.is_leaf() {
            let value = self.tree.leaves[child.index()];
            self.mean += value * share;
            self.leaf(value);
            return;
        }
        let at = child.index();
        let node = &self.tree.nodes[at];
        let feature = usize::from(node.feature);
        let goes_left = node.goes_left(self.row.get(feature).copied().unwrap_or(f64::NAN));
        let place = self.scratch.path.iter().position(|s| s.feature == feature);
        for (next, taken) in [(node.left, goes_left), (node.right, !goes_left)] {
            let cover = if next.is_leaf() { self.tree.leaves_cover(next) } else { self.covers[next.index()] };
            let fraction = cover / self.covers[at];
            if let Some(place) = place {
                let before = self.scratch.path[place];
                self.scratch.path[place] = Step { zero: before.zero * fraction, one: before.one && taken, ..before };
                self.visit(next, share * fraction);
                self.scratch.path[place] = before;
            } else {
                self.scratch.path.push(Step { feature, zero: fraction, one: taken });
                self.visit(next, share * fraction);
                self.scratch.path.pop();
            }
        }
    }

    fn leaf(&mut self, value: f64) {
        let Scratch { path, sums, factors } = &mut *self.scratch;
        let nodes = &quadratures()[path.len().div_ceil(2)];
        sums.clear();
        sums.resize(path.len(), 0.0);
        factors.resize(path.len(), 0.0);
        for (t, weight) in nodes {
            let mut product = *weight;
            for (factor, step) in factors.iter_mut().zip(&*path) {
                *factor = step.zero * (1.0 - t) + if step.one { *t } else { 0.0 };
                product *= *factor;
            }
            for (sum, factor) in sums.iter_mut().zip(&*factors) {
                *sum += product / factor;
            }
        }
        for (step, sum) in path.iter().zip(sums) {
            let one = if step.one { 1.0 } else { 0.0 };
            self.contributions[step.feature] += value * (one - step.zero) * *sum;
        }
    }
}

/// Nodes and weights on 0 to 1, by their number.
fn quadratures() -> &'static [Vec<(f64, f64)>] {
    static TABLE: OnceLock<Vec<Vec<(f64, f64)>>> = OnceLock::new();
    TABLE.get_or_init(|| (0..=MAX_DEPTH / 2 + 1).map(gauss_legendre).collect())
}

/// Returns the nodes and weights of Gauss-Legendre quadrature on 0 to 1: roots of the Legendre polynomial, by Newton's method.
fn gauss_legendre(n: usize) -> Vec<(f64, f64)> {
    let size = crate::numeric::count(n);
    (0..n)
        .map(|i| {
            let mut x = libm::cos(PI * (crate::numeric::count(i) + 0.75) / (size + 0.5));
            let mut slope = 1.0;
            for _ in 0..64 {
                let (mut before, mut this) = (1.0, x);
                for k in 2..=n {
                    let k = crate::numeric::count(k);
                    (before, this) = (this, ((2.0 * k - 1.0) * x * this - (k - 1.0) * before) / k);
                }
                slope = size * (x * this - before) / (x * x - 1.0);
                let step = this / slope;
                x -= step;
                if step.abs() < 1e-16 {
                    break;
                }
            }
            (0.5 - x / 2.0, 1.0 / ((1.0 - x * x) * slope * slope))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Node;
    use proptest::prelude::*;

    /// The mean value of a tree when only features of a set are known.
    fn expected(tree: &Tree, covers: &[f64], child: Child, row: &[f64], known: u32) -> f64 {
        if child.is_leaf() {
            return tree.leaves[child.index()];
        }
        let node = &tree.nodes[child.index()];
        let cover = |c: Child| if c.is_leaf() { tree.leaves_cover(c) } else { covers[c.index()] };
        let feature = usize::from(node.feature);
        if known & (1 << feature) != 0 {
            let next = if node.goes_left(row[feature]) { node.left } else { node.right };
            return expected(tree, covers, next, row, known);
        }
        let whole = covers[child.index()];
        expected(tree, covers, node.left, row, known) * cover(node.left) / whole
            + expected(tree, covers, node.right, row, known) * cover(node.right) / whole
    }

    /// Shapley values by their definition, over all sets of features.
    fn by_definition(tree: &Tree, row: &[f64]) -> Vec<f64> {
        let n = row.len();
        let covers = tree.node_covers();
        let factorial = |k: u32| (1..=k).map(f64::from).product::<f64>();
        let value = |set: u32| expected(tree, &covers, tree.root(), row, set);
        (0..n)
            .map(|j| {
                (0..1u32 << n)
                    .filter(|set| set & (1 << j) == 0)
                    .map(|set| {
                        let size = set.count_ones();
                        let weight = factorial(size) * factorial(n as u32 - size - 1) / factorial(n as u32);
                        weight * (value(set | (1 << j)) - value(set))
                    })
                    .sum()
            })
            .collect()
    }

    /// A tree by random choices: each pair splits one of the leaves so far.
    fn tree(choices: &[(usize, u16, f64, bool, f64)]) -> Tree {
        let mut tree = Tree { nodes: vec![], leaves: vec![0.5], covers: vec![64.0] };
        let mut parents: Vec<Option<(usize, bool)>> = vec![None];
        for (at, feature, threshold, missing_left, value) in choices {
            let at = at % tree.leaves.len();
            let number = tree.nodes.len();
            if let Some((node, left)) = parents[at] {
                let child = Child::node(number).unwrap();
                if left { tree.nodes[node].left = child } else { tree.nodes[node].right = child }
            }
            let new = tree.leaves.len();
            let (left, right) = (Child::leaf(at).unwrap(), Child::leaf(new).unwrap());
            tree.nodes.push(Node {
                threshold: *threshold,
                feature: *feature,
                left,
                right,
                missing_left: *missing_left,
            });
            let cover = tree.covers[at];
            (tree.covers[at], tree.leaves[at]) = (cover * 0.3, -value);
            tree.covers.push(cover * 0.7);
            tree.leaves.push(*value);
            parents[at] = Some((number, true));
            parents.push(Some((number, false)));
        }
        tree
    }

    #[test]
    fn quadrature_integrates_powers() {
        for n in [1usize, 2, 5, 16, 65] {
            for power in [0, 1, 2 * n - 1] {
                let sum: f64 = gauss_legendre(n).iter().map(|(t, w)| w * t.powi(power as i32)).sum();
                assert!((sum - 1.0 / (power as f64 + 1.0)).abs() < 1e-13, "{n} {power} {sum}");
            }
        }
    }

    proptest! {
        #[test]
        fn contributions_are_the_shapley_values_of_the_definition(
            choices in prop::collection::vec((0usize..20, 0u16..6, -2.0..2.0f64, any::<bool>(), -3.0..3.0f64), 0..14),
            mut row in prop::collection::vec(-2.5..2.5f64, 6),
            missing in prop::option::of(0usize..6),
        ) {
            if let Some(at) = missing {
                row[at] = f64::NAN;
            }
            let tree = tree(&choices);
            prop_assert!(tree.check(6).is_ok());
            let mut contributions = vec![0.0; 6];
            let mean = add_tree(&tree, &tree.node_covers(), &row, &mut contributions, &mut Scratch::default());
            for (ours, exact) in contributions.iter().zip(by_definition(&tree, &row)) {
                prop_assert!((ours - exact).abs() < 1e-12, "{} {}", ours, exact);
            }
            let sum: f64 = mean + contributions.iter().sum::<f64>();
            prop_assert!((sum - tree.value(&row)).abs() < 1e-12);
        }
    }
}
