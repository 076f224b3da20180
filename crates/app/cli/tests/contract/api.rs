//! HTTP paths, parameters, bodies and answers; the fields of rule books.

use crate::common::{holdfast, path, run, small_store};
use crate::pretty;
use serde_json::Value;

/// Leaves descriptions out: their words may change, and do not bind a caller.
fn without_words(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            // A property may have such a name; what describes is a text.
            fields.retain(|name, v| !(v.is_string() && matches!(name.as_str(), "description" | "summary")));
            fields.iter_mut().filter(|(name, _)| *name != "example").for_each(|(_, v)| without_words(v));
        }
        Value::Array(list) => list.iter_mut().for_each(without_words),
        _ => {}
    }
}

#[test]
fn openapi_document() {
    let dir = tempfile::tempdir().unwrap();
    let store = small_store(dir.path());
    let text = run(holdfast().args(["call", "GET", "/openapi.json", "--store", path(&store)]));
    let mut document: Value = serde_json::from_str(&text).unwrap();
    without_words(&mut document);
    insta::assert_snapshot!(pretty(&document));
}

#[test]
fn rule_book_fields() {
    let fields: Vec<(String, String)> =
        serde_json::from_str(&run(holdfast().args(["rules", "fields", "--json"]))).unwrap();
    let names: Vec<String> = fields.into_iter().map(|(name, _)| name).collect();
    insta::assert_snapshot!(names.join("\n"));
}
