//! XGBoost's JSON format, versions 1.6 to 3 (`doc/model.schema` of its sources).

use crate::import::{MAX_IMPORT_BYTES, Parsed, PeerTable, places, reproduce, shown};
use crate::model::{Addition, MAX_TREES, Model, Origin};
use crate::tree::{Child, Node};
use crate::{ModelError, Schema, Tree};
use serde::Deserialize;
use std::collections::VecDeque;

fn wrong<T>(text: impl Into<String>) -> Result<T, ModelError> {
    Err(ModelError::Import(format!("XGBoost: {}", text.into())))
}

#[derive(Deserialize)]
struct File {
    learner: Learner,
}

#[derive(Deserialize)]
struct Learner {
    feature_names: Vec<String>,
    gradient_booster: serde_json::Value,
    learner_model_param: LearnerParam,
    objective: Objective,
}

#[derive(Deserialize)]
struct LearnerParam {
    base_score: String,
    num_class: String,
    #[serde(default)]
    num_target: Option<String>,
}

#[derive(Deserialize)]
struct Objective {
    name: String,
}

#[derive(Deserialize)]
struct Booster {
    model: Trees,
}

#[derive(Deserialize)]
struct Trees {
    gbtree_model_param: TreesParam,
    trees: Vec<PeerTree>,
}

#[derive(Deserialize)]
struct TreesParam {
    num_parallel_tree: String,
}

#[derive(Deserialize)]
struct PeerTree {
    left_children: Vec<i64>,
    right_children: Vec<i64>,
    split_indices: Vec<usize>,
    split_conditions: Vec<f32>,
    split_type: Vec<u8>,
    default_left: Vec<u8>,
    sum_hessian: Vec<f64>,
    tree_param: TreeParam,
}

#[derive(Deserialize)]
struct TreeParam {
    size_leaf_vector: String,
}

/// Imports a model that XGBoost saved as JSON, for two classes.
///
/// # Errors
///
/// `Import` if something is not understood, the features are not the schema's, or a score of the peer's table is not reproduced within one unit in the last
/// place of a single-precision number.
pub fn xgboost(json: &str, purpose: &str, schema: &Schema, table: &PeerTable) -> Result<Model, ModelError> {
    if json.len() > MAX_IMPORT_BYTES {
        return wrong(format!("{} bytes; the most is {MAX_IMPORT_BYTES}", json.len()));
    }
    let File { learner } = serde_json::from_str(json).or_else(|e| wrong(format!("no model in JSON: {e}")))?;
    let booster = learner.gradient_booster.get("name").and_then(serde_json::Value::as_str).unwrap_or("none");
    if booster != "gbtree" {
        return wrong(format!("booster {}; import gbtree", shown(booster)));
    }
    let Booster { model } = Booster::deserialize(learner.gradient_booster).or_else(|e| wrong(format!("trees: {e}")))?;
    if learner.objective.name != "binary:logistic" {
        return wrong(format!("objective {}; import binary:logistic", shown(&learner.objective.name)));
    }
    let one = |n: &str| matches!(n, "0" | "1");
    if !one(&learner.learner_model_param.num_class)
        || !learner.learner_model_param.num_target.as_deref().is_none_or(one)
    {
        return wrong("several classes or targets; import a model of two classes");
    }
    if model.gbtree_model_param.num_parallel_tree != "1" || model.trees.len() > MAX_TREES {
        return wrong(format!("parallel trees, or more than {MAX_TREES} trees; import boosted trees"));
    }
    let text = learner.learner_model_param.base_score.trim_matches(['[', ']']);
    let Some(base) = text.parse::<f32>().ok().filter(|p| *p > 0.0 && *p < 1.0) else {
        return wrong(format!("base_score {}: a probability is expected", shown(text)));
    };
    let base = -libm::logf(1.0 / base - 1.0);
    let places = places(schema, &learner.feature_names, "XGBoost")?;
    let mut trees = Vec::with_capacity(model.trees.len());
    for (n, peer) in model.trees.iter().enumerate() {
        trees.push(tree(peer, &places).or_else(|e| wrong(format!("tree {n}: {e}")))?);
    }
    let origin = |file, reproduced| Origin::XgBoost { file, reproduced };
    let parsed = Parsed { base: f64::from(base), trees, addition: Addition::Single, origin, tolerance: 1 };
    reproduce(json, purpose, schema, table, parsed)
}

/// Nodes in the order in which they are reached from the root, level by level; nodes that pruning left behind are not.
fn tree(peer: &PeerTree, places: &[usize]) -> Result<Tree, String> {
    let size = peer.left_children.len();
    let lengths = [
        peer.right_children.len(),
        peer.split_indices.len(),
        peer.split_conditions.len(),
        peer.split_type.len(),
        peer.default_left.len(),
        peer.sum_hessian.len(),
    ];
    if size == 0 || lengths.iter().any(|l| *l != size) {
        return Err("lists of nodes differ in length".to_owned());
    }
    if !matches!(peer.tree_param.size_leaf_vector.as_str(), "0" | "1") {
        return Err("leaves with several values; import a model of two classes".to_owned());
    }
    let mut tree = Tree { nodes: Vec::new(), leaves: Vec::new(), covers: Vec::new() };
    // Nodes still to be read, with the branch that leads to them.
    let mut waiting: VecDeque<(usize, Option<(usize, bool)>)> = VecDeque::from([(0, None)]);
    let mut read = 0;
    while let Some((at, parent)) = waiting.pop_front() {
        read += 1;
        if read > size {
            return Err("a node is reached twice".to_owned());
        }
        let child = if peer.left_children[at] == -1 {
            tree.leaves.push(f64::from(peer.split_conditions[at]));
            tree.covers.push(peer.sum_hessian[at]);
            Child::leaf(tree.leaves.len() - 1)
        } else {
            if peer.split_type[at] != 0 {
                return Err("categorical splits; encode categories as numbers, then train again".to_owned());
            }
            let number = tree.nodes.len();
            tree.nodes.push(node(peer, at, places)?);
            for (next, left) in [(peer.left_children[at], true), (peer.right_children[at], false)] {
                let next = usize::try_from(next).ok().filter(|n| *n < size);
                let next = next.ok_or_else(|| format!("node {at} names a child that does not exist"))?;
                waiting.push_back((next, Some((number, left))));
            }
            Child::node(number)
        };
        let child = child.ok_or("more than 32,767 nodes")?;
        if let Some((node, left)) = parent {
            let node = &mut tree.nodes[node];
            *(if left { &mut node.left } else { &mut node.right }) = child;
        }
    }
    // A tree of one leaf may weigh nothing.
    if tree.leaves.len() == 1 {
        tree.covers = vec![1.0];
    }
    Ok(tree)
}

fn node(peer: &PeerTree, at: usize, places: &[usize]) -> Result<Node, String> {
    let place = places.get(peer.split_indices[at]).and_then(|p| u16::try_from(*p).ok());
    let (Some(feature), Some(placeholder)) = (place, Child::leaf(0)) else {
        return Err(format!("node {at} names a feature that does not exist"));
    };
    let Some(threshold) = at_most(peer.split_conditions[at]) else {
        return Err(format!("node {at}: its threshold is not finite"));
    };
    let missing_left = peer.default_left[at] != 0;
    Ok(Node { threshold, feature, left: placeholder, right: placeholder, missing_left })
}

/// Returns the largest double that is below a single-precision threshold once rounded to single precision: `x < t` there is `x <= this` here.
fn at_most(threshold: f32) -> Option<f64> {
    let below = threshold.next_down();
    if !threshold.is_finite() || !below.is_finite() {
        return None;
    }
    // Halfway between two neighbours a value is rounded to the even one.
    let middle = f64::midpoint(f64::from(below), f64::from(threshold));
    Some(if below.to_bits() & 1 == 0 { middle } else { middle.next_down() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_threshold_in_double_precision_divides_as_in_single(bits in any::<u32>(), near in -3i64..4, wide in any::<f64>()) {
            let threshold = f32::from_bits(bits);
            prop_assume!(threshold.is_finite() && threshold > f32::MIN);
            let at_most = at_most(threshold).unwrap();
            let mut value = at_most;
            for _ in 0..near.abs() {
                value = if near > 0 { value.next_up() } else { value.next_down() };
            }
            for value in [value, wide, f64::from(threshold), f64::from(threshold.next_down())] {
                prop_assert_eq!((value as f32) < threshold, value <= at_most, "{} {}", value, threshold);
            }
        }
    }
}
