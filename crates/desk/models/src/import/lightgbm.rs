//! LightGBM's text format, version 4 (`GBDT::SaveModelToString`, `Tree::ToString` of its sources).

use crate::import::{MAX_IMPORT_BYTES, Parsed, PeerTable, places, reproduce, shown};
use crate::model::{Addition, MAX_TREES, Model, Origin};
use crate::tree::{Child, Node};
use crate::{ModelError, Schema, Tree};
use std::collections::BTreeMap;

/// Bits of a node's decision: categorical; missing goes left; how missing values are written.
const CATEGORICAL: u32 = 1;
const DEFAULT_LEFT: u32 = 2;
const MISSING_SHIFT: u32 = 2;
const MISSING_NONE: u32 = 0;
const MISSING_NAN: u32 = 2;

fn wrong<T>(text: impl Into<String>) -> Result<T, ModelError> {
    Err(ModelError::Import(format!("LightGBM: {}", text.into())))
}

/// Imports a model that LightGBM 4 saved as text, for two classes.
///
/// # Errors
///
/// `Import` if something is not understood, the features are not the schema's, or a score of the peer's table is not reproduced bit for bit.
pub fn lightgbm(text: &str, purpose: &str, schema: &Schema, table: &PeerTable) -> Result<Model, ModelError> {
    if text.len() > MAX_IMPORT_BYTES {
        return wrong(format!("{} bytes; the most is {MAX_IMPORT_BYTES}", text.len()));
    }
    let Some((trees, rest)) = text.split_once("\nend of trees") else {
        return wrong("no `end of trees`: the file is cut off");
    };
    let mut sections = trees.split("\nTree=");
    let header = Section::read(sections.next().unwrap_or_default());
    let is_tree = trees.lines().next().map(str::trim) == Some("tree");
    if !is_tree || header.get("version") != Some("v4") {
        return wrong("begins neither with `tree` nor version v4; save it with LightGBM 4");
    }
    if header.get("num_class") != Some("1") || header.get("num_tree_per_iteration") != Some("1") {
        return wrong("several classes; import a model of two classes");
    }
    match header.get("objective") {
        Some("binary sigmoid:1") => {}
        other => return wrong(format!("objective {}; import `binary sigmoid:1`", shown(other.unwrap_or("none")))),
    }
    if trees.lines().any(|l| l.trim() == "average_output") {
        return wrong("averaged trees (random forest); import boosted trees");
    }
    if let Some(boosting) = rest.lines().find_map(|l| l.trim().strip_prefix("[boosting: ")?.strip_suffix(']'))
        && !matches!(boosting, "gbdt" | "goss")
    {
        return wrong(format!("boosting {}; import gbdt", shown(boosting)));
    }
    let names: Vec<String> = header.get("feature_names").unwrap_or_default().split(' ').map(str::to_owned).collect();
    let places = places(schema, &names, "LightGBM")?;
    let mut found = Vec::new();
    for (n, section) in sections.enumerate() {
        if n >= MAX_TREES {
            return wrong(format!("more than {MAX_TREES} trees"));
        }
        found.push(tree(&Section::read(section), &places).or_else(|e| wrong(format!("tree {n}: {e}")))?);
    }
    let origin = |file, reproduced| Origin::LightGbm { file, reproduced };
    let parsed = Parsed { base: 0.0, trees: found, addition: Addition::Double, origin, tolerance: 0 };
    reproduce(text, purpose, schema, table, parsed)
}

/// Lines of `key=value`.
struct Section<'a>(BTreeMap<&'a str, &'a str>);

impl<'a> Section<'a> {
    fn read(text: &'a str) -> Self {
        Section(text.lines().filter_map(|l| l.trim_end().split_once('=')).collect())
    }

    fn get(&self, key: &str) -> Option<&'a str> {
        self.0.get(key).copied()
    }

    fn numbers<T: std::str::FromStr>(&self, key: &str) -> Result<Vec<T>, String> {
        let text = self.get(key).unwrap_or_default();
        text.split_whitespace().map(|v| v.parse().map_err(|_| format!("{key}: no number"))).collect()
    }
}

fn tree(section: &Section<'_>, places: &[usize]) -> Result<Tree, String> {
    if section.get("num_cat").is_none_or(|n| n != "0") {
        return Err("categorical splits; encode categories as numbers, then train again".to_owned());
    }
    if section.get("is_linear").is_some_and(|l| l != "0") {
        return Err("linear trees; train with linear_tree=false".to_owned());
    }
    let leaves: Vec<f64> = section.numbers("leaf_value")?;
    let mut covers: Vec<f64> = section.numbers("leaf_count")?;
    if leaves.len() == 1 {
        covers = vec![1.0];
    }
    let features: Vec<usize> = section.numbers("split_feature")?;
    let thresholds: Vec<f64> = section.numbers("threshold")?;
    let decisions: Vec<u32> = section.numbers("decision_type")?;
    let children = [section.numbers::<i32>("left_child")?, section.numbers::<i32>("right_child")?];
    let splits = leaves.len().saturating_sub(1);
    let lengths = [features.len(), thresholds.len(), decisions.len(), children[0].len(), children[1].len()];
    if leaves.is_empty() || covers.len() != leaves.len() || lengths.iter().any(|l| *l != splits) {
        return Err("lists of nodes and leaves differ in length".to_owned());
    }
    // A negative child is a leaf, counted from -1.
    let child = |side: usize, n: usize| match usize::try_from(children[side][n]) {
        Ok(node) => Child::node(node),
        Err(_) => usize::try_from(!children[side][n]).ok().and_then(Child::leaf),
    };
    let mut nodes = Vec::with_capacity(splits);
    for n in 0..splits {
        if decisions[n] & CATEGORICAL != 0 {
            return Err("categorical splits; encode categories as numbers, then train again".to_owned());
        }
        let missing_left = match decisions[n] >> MISSING_SHIFT {
            // A missing value is then read as 0.
            MISSING_NONE => 0.0 <= thresholds[n],
            MISSING_NAN => decisions[n] & DEFAULT_LEFT != 0,
            _ => return Err("zero as missing; train with zero_as_missing=false".to_owned()),
        };
        let place = places.get(features[n]).and_then(|p| u16::try_from(*p).ok());
        let (Some(feature), Some(left), Some(right)) = (place, child(0, n), child(1, n)) else {
            return Err(format!("node {n} names a feature or child that does not exist"));
        };
        nodes.push(Node { threshold: thresholds[n], feature, left, right, missing_left });
    }
    Ok(Tree { nodes, leaves, covers })
}
