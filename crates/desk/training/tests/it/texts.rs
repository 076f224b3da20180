//! Every feature of events, and of what lies around an account and over its chain, has a text in the languages of reasons, and there is none for a feature that is not there.

use holdfast_decision::features::features;
use holdfast_models::{graph, whole_chain};
use serde_json::Value;
use std::collections::BTreeSet;

#[test]
fn every_feature_has_a_text_in_each_language() {
    for (language, text) in [
        ("es", include_str!("../../../models/data/reasons.es.json")),
        ("de", include_str!("../../../models/data/reasons.de.json")),
    ] {
        let texts: Value = serde_json::from_str(text).unwrap();
        let texts = texts["features"].as_object().unwrap();
        let of_accounts = [graph::schema().unwrap(), whole_chain::schema().unwrap()];
        let all_features = || features().iter().chain(of_accounts.iter().flat_map(|s| s.features()));
        let known: BTreeSet<&str> = all_features().map(|f| f.name.as_str()).collect();
        let told: BTreeSet<&str> = texts.keys().map(String::as_str).collect();
        let missing: Vec<&&str> = known.difference(&told).collect();
        assert!(missing.is_empty(), "{language} has no text for {missing:?}");
        let families: BTreeSet<&str> = all_features().map(|f| f.family.as_str()).collect();
        let all: Value = serde_json::from_str(text).unwrap();
        let named = all["families"].as_object().unwrap();
        assert!(families.iter().all(|f| named.contains_key(*f)), "{language}: {families:?}");
        let unknown: Vec<&&str> = told.difference(&known).collect();
        assert!(unknown.is_empty(), "{language}: no such features: {unknown:?}");
    }
}
