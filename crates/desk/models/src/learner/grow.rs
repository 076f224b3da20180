//! Growth of one tree, leaf by leaf: the leaf whose split lowers the loss most is split next.

use crate::bins::BinnedColumn;
use crate::learner::Params;
use crate::learner::histogram::{Gradient, Range, Split, Sums, best, fill, subtract};
use crate::numeric::to_leaf_unit;
use crate::schema::Monotone;
use crate::tree::{Child, Node, Tree};
use rayon::prelude::*;

/// Rows times features from which a node's histograms are made by several threads.
const WORTH_THREADS: usize = 1 << 15;

/// What all trees are grown from.
pub(crate) struct Ground<'a> {
    pub(crate) columns: &'a [BinnedColumn],
    pub(crate) monotone: &'a [Monotone],
    pub(crate) params: &'a Params,
}

/// A leaf that may be split.
struct Leaf {
    /// Its rows, as a range of all rows.
    from: usize,
    to: usize,
    depth: usize,
    total: Sums,
    range: Range,
    histograms: Vec<Vec<Sums>>,
    split: Option<Split>,
    /// The branch that leads to it: node, and whether left.
    parent: Option<(usize, bool)>,
}

/// A grown tree, and the last bin on the left of each of its nodes.
pub(crate) struct Grown {
    pub(crate) tree: Tree,
    pub(crate) bins: Vec<u8>,
}

impl Grown {
    /// Returns the leaf of a binned row.
    pub(crate) fn leaf_of(&self, columns: &[BinnedColumn], row: usize) -> usize {
        let mut child = self.tree.root();
        while !child.is_leaf() {
            let node = &self.tree.nodes[child.index()];
            let column = &columns[usize::from(node.feature)];
            let bin = column.bins[row];
            let missing = usize::from(bin) == column.values();
            let left = if missing { node.missing_left } else { bin <= self.bins[child.index()] };
            child = if left { node.left } else { node.right };
        }
        child.index()
    }
}

/// Grows a tree on some rows with some features. Returns it with the range of `rows` of each leaf; `rows` is left in that order.
pub(crate) fn grow(
    ground: &Ground<'_>,
    features: &[usize],
    rows: &mut [u32],
    gradients: &[Gradient],
) -> (Grown, Vec<(usize, usize)>) {
    let params = ground.params;
    let mut total = Sums::default();
    rows.iter().for_each(|r| total.add(gradients[*r as usize]));
    let mut root = Leaf {
        from: 0,
        to: rows.len(),
        depth: 0,
        total,
        range: Range::ALL,
        histograms: Vec::new(),
        split: None,
        parent: None,
    };
    let mut counted = histograms(ground, features, rows, gradients);
    root.split = search(ground, features, &root, &mut counted, None);
    root.histograms = counted;
    let mut leaves = vec![root];
    let mut grown =
        Grown { tree: Tree { nodes: Vec::new(), leaves: Vec::new(), covers: Vec::new() }, bins: Vec::new() };
    let mut moved: Vec<u32> = Vec::new();
    while leaves.len() < usize::from(params.leaves) {
        let gain = |l: &Leaf| l.split.map_or(0.0, |s| s.gain);
        let mut at = 0;
        for n in 1..leaves.len() {
            if gain(&leaves[n]) > gain(&leaves[at]) {
                at = n;
            }
        }
        let Some(split) = leaves[at].split else { break };
        let number = grown.tree.nodes.len();
        let column = &ground.columns[split.feature];
        let (Some(placeholder), Ok(feature)) = (Child::leaf(0), u16::try_from(split.feature)) else { break };
        grown.tree.nodes.push(Node {
            // A split of the last bin sends all known values left; the largest known value is then the threshold's end.
            threshold: column.bounds.get(usize::from(split.bin)).copied().unwrap_or(f64::MAX),
            feature,
            left: placeholder,
            right: placeholder,
            missing_left: split.missing_left,
        });
        grown.bins.push(split.bin);
        let parent = leaves.swap_remove(at);
        link(&mut grown.tree, parent.parent, Child::node(number));
        let middle = parent.from + partition(&mut rows[parent.from..parent.to], &mut moved, column, &split);
        let (left, right) = children(ground, features, parent, &split, (number, middle), rows, gradients);
        // The place of the parent, then the end: the order does not depend on anything but the tree.
        leaves.push(right);
        let last = leaves.len() - 1;
        leaves.swap(at, last);
        leaves.push(left);
    }
    leaves.sort_by_key(|l| l.from);
    let mut ranges = Vec::new();
    for (n, leaf) in leaves.iter().enumerate() {
        link(&mut grown.tree, leaf.parent, Child::leaf(n));
        let weight = leaf.total.weight(params.l2, leaf.range);
        grown.tree.leaves.push(to_leaf_unit(weight * params.learning_rate));
        grown.tree.covers.push(f64::from(leaf.total.rows.max(1)));
        ranges.push((leaf.from, leaf.to));
    }
    (grown, ranges)
}

fn link(tree: &mut Tree, parent: Option<(usize, bool)>, child: Option<Child>) {
    if let (Some((node, left)), Some(child)) = (parent, child) {
        let node = &mut tree.nodes[node];
        if left {
            node.left = child;
        } else {
            node.right = child;
        }
    }
}

/// Makes the two leaves of a split; the histograms of the smaller one are counted, those of the other follow by subtraction.
fn children(
    ground: &Ground<'_>,
    features: &[usize],
    parent: Leaf,
    split: &Split,
    (number, middle): (usize, usize),
    rows: &[u32],
    gradients: &[Gradient],
) -> (Leaf, Leaf) {
    let params = ground.params;
    let (l, r) = (split.left.weight(params.l2, parent.range), split.right.weight(params.l2, parent.range));
    let border = l / 2.0 + r / 2.0;
    let (mut below, mut above) = (parent.range, parent.range);
    match ground.monotone[split.feature] {
        Monotone::Free => {}
        Monotone::Rising => (below.high, above.low) = (border, border),
        Monotone::Falling => (below.low, above.high) = (border, border),
    }
    let leaf = |from, to, total, range, left| Leaf {
        from,
        to,
        depth: parent.depth + 1,
        total,
        range,
        histograms: Vec::new(),
        split: None,
        parent: Some((number, left)),
    };
    let mut left = leaf(parent.from, middle, split.left, below, true);
    let mut right = leaf(middle, parent.to, split.right, above, false);
    if left.depth >= usize::from(params.depth) {
        return (left, right);
    }
    let left_is_small = split.left.rows <= split.right.rows;
    let (small, large) = if left_is_small { (&mut left, &mut right) } else { (&mut right, &mut left) };
    let mut counted = histograms(ground, features, &rows[small.from..small.to], gradients);
    let mut rest = parent.histograms;
    large.split = search(ground, features, large, &mut rest, Some(&counted));
    small.split = search(ground, features, small, &mut counted, None);
    small.histograms = counted;
    large.histograms = rest;
    (left, right)
}

/// Counts the histograms of some rows, one a feature.
fn histograms(ground: &Ground<'_>, features: &[usize], rows: &[u32], gradients: &[Gradient]) -> Vec<Vec<Sums>> {
    let own: Vec<Gradient> = rows.iter().map(|r| gradients[*r as usize]).collect();
    let count = |feature: &usize| {
        let column = &ground.columns[*feature];
        let mut histogram = vec![Sums::default(); column.values() + 1];
        fill(&mut histogram, &column.bins, rows, &own);
        histogram
    };
    if rows.len() * features.len() >= WORTH_THREADS {
        features.par_iter().map(count).collect()
    } else {
        features.iter().map(count).collect()
    }
}

/// Finds the best split of a leaf; `less` are histograms to subtract first. Equal gains: the first feature, the lowest bin.
fn search(
    ground: &Ground<'_>,
    features: &[usize],
    leaf: &Leaf,
    histograms: &mut [Vec<Sums>],
    less: Option<&[Vec<Sums>]>,
) -> Option<Split> {
    let mut found: Option<Split> = None;
    for (n, (feature, histogram)) in features.iter().zip(histograms).enumerate() {
        if let Some(less) = less.and_then(|l| l.get(n)) {
            subtract(histogram, less);
        }
        let split = best(histogram, leaf.total, leaf.range, (*feature, ground.monotone[*feature]), ground.params);
        if let Some(split) = split
            && found.is_none_or(|f| split.gain > f.gain)
        {
            found = Some(split);
        }
    }
    found
}

/// Puts the rows that go left before the others, both in their order. Returns how many go left.
fn partition(rows: &mut [u32], moved: &mut Vec<u32>, column: &BinnedColumn, split: &Split) -> usize {
    moved.clear();
    let mut left = 0;
    for at in 0..rows.len() {
        let row = rows[at];
        let bin = column.bins[row as usize];
        let missing = usize::from(bin) == column.values();
        if if missing { split.missing_left } else { bin <= split.bin } {
            rows[left] = row;
            left += 1;
        } else {
            moved.push(row);
        }
    }
    rows[left..].copy_from_slice(moved);
    left
}
