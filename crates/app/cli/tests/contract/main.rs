//! The contract with everything that already relies on Holdfast: what leaves it, and what it stores, byte for byte.
//!
//! Every test compares with a snapshot in `snapshots/`. A change that is wanted is taken over with
//! `INSTA_UPDATE=always cargo test -p holdfast --test contract` and named in the commit. Times, keys and random
//! numbers come in through parameters, so that hashes and signatures are compared too; only the encryption of productions is left out.

#[path = "../common/mod.rs"]
mod common;

mod api;
mod bundle;
mod certificate;
mod commands;
mod desk;
mod schema;

use serde_json::Value;

/// JSON with sorted keys, indented.
fn pretty(value: &Value) -> String {
    fn sorted(value: &Value) -> Value {
        match value {
            Value::Object(fields) => {
                let mut names: Vec<&String> = fields.keys().collect();
                names.sort();
                names.into_iter().map(|n| (n.clone(), sorted(&fields[n]))).collect()
            }
            Value::Array(list) => list.iter().map(sorted).collect(),
            other => other.clone(),
        }
    }
    serde_json::to_string_pretty(&sorted(value)).unwrap()
}
