//! Values of fields as CEL has them.

use crate::fields::{FIELDS, FieldValue, Input};
use cel::Value;
use cel::objects::Key;
use holdfast_attribution::Category;
use std::collections::HashMap;

thread_local! {
    /// CEL keys of all fields' names.
    static KEYS: Vec<Key> = FIELDS.iter().map(|f| Key::from(f.name)).collect();
    /// CEL keys of category names, which tables are built of.
    static NAMES: std::cell::RefCell<HashMap<&'static str, Key>> = std::cell::RefCell::default();
}

/// The CEL key of a field's name.
pub(super) fn key_of(field: usize) -> Key {
    KEYS.with(|keys| keys[field].clone())
}

/// Values of fields, found at most once.
pub(super) struct FieldCache(Vec<Option<FieldValue>>);

impl FieldCache {
    pub(super) fn new() -> Self {
        FieldCache(vec![None; FIELDS.len()])
    }

    pub(super) fn get(&mut self, i: usize, input: &Input) -> &FieldValue {
        self.0[i].get_or_insert_with(|| FIELDS[i].of(input))
    }
}

/// A field's value as CEL has it.
pub(super) fn cel_value(value: &FieldValue) -> Value {
    match value {
        FieldValue::Int(i) => Value::Int(*i),
        FieldValue::Bool(b) => Value::Bool(*b),
        FieldValue::Text(t) => Value::from(t.as_str()),
        FieldValue::List(l) => Value::from(l.iter().map(|t| Value::from(t.as_str())).collect::<Vec<Value>>()),
        FieldValue::Table(t) => NAMES.with_borrow_mut(|names| {
            let entries = Category::all().map(|c| {
                let key = names.entry(c.name()).or_insert_with(|| Key::from(c.name())).clone();
                (key, Value::Int(t.iter().find(|e| e.0 == c.name()).map_or(0, |e| e.1)))
            });
            Value::from(entries.collect::<HashMap<Key, Value>>())
        }),
    }
}
