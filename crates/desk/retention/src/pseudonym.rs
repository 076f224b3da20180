//! Pseudonyms: what stands in place of values that identify a person.
//!
//! A value becomes `erased-` and 16 hex digits of HMAC-SHA256 (RFC 2104) over it, by a random key that is kept nowhere: equal values stay equal, so that the log of
//! inputs can still be replayed, and nobody can compute a pseudonym from a value.

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::collections::{BTreeMap, BTreeSet};

/// Beginning of every pseudonym.
pub const PREFIX: &str = "erased-";
/// Most values of one erasure.
pub const MAX_VALUES: usize = 100_000;

/// What identifies a person: a value, and the field that names it (`customer`, `email`, `address` ...).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identifying {
    /// Name of the field, as in records and events.
    pub field: &'static str,
    /// The value, as it is stored.
    pub value: String,
}

impl Identifying {
    /// Returns whether the value can be told from anything else wherever it stands: long enough, and neither a plain word nor a small number. Others are
    /// replaced only where their field names them.
    #[must_use]
    pub fn is_distinct(&self) -> bool {
        let length = self.value.chars().count();
        let letters = self.value.chars().filter(|c| c.is_alphabetic()).count();
        match letters {
            0 => length >= 9,
            n if n == length => length >= 16,
            _ => length >= 5,
        }
    }
}

/// What is looked for, and what stands in its place.
struct Pattern {
    replacement: String,
    /// Letters and digits beside it make it another value.
    whole: bool,
}

/// Replaces values by pseudonyms.
pub struct Pseudonyms {
    automaton: AhoCorasick,
    patterns: Vec<Pattern>,
    /// By field and value, for columns that hold nothing else.
    cells: BTreeMap<&'static str, BTreeMap<String, String>>,
    /// Texts that are looked for in files, where nothing tells a field.
    distinct: Vec<String>,
}

impl std::fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pseudonyms").field("patterns", &self.patterns.len()).finish_non_exhaustive()
    }
}

/// Returns a text as JSON writes it within quotes.
fn escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

impl Pseudonyms {
    /// Returns the pseudonyms of values by a random key, which the caller forgets.
    ///
    /// # Errors
    /// What is wrong: no values, or too many to look for at once.
    pub fn new(values: &BTreeSet<Identifying>, key: &[u8; 32]) -> Result<Self, String> {
        if values.is_empty() || values.len() > MAX_VALUES {
            return Err(format!(
                "{} values identify the customer; 1 to {MAX_VALUES} can be replaced at once",
                values.len()
            ));
        }
        let mut texts: BTreeMap<String, Pattern> = BTreeMap::new();
        let mut cells: BTreeMap<&'static str, BTreeMap<String, String>> = BTreeMap::new();
        let mut distinct = Vec::new();
        for identifying in values {
            let Identifying { field, value } = identifying;
            let name = pseudonym(key, value);
            cells.entry(field).or_default().insert(value.clone(), name.clone());
            // Of a JSON text, and of one that stands in another.
            let once = escaped(value);
            let twice = escaped(&once);
            if identifying.is_distinct() {
                distinct.push(value.clone());
                for text in [value.clone(), value.to_lowercase(), value.to_uppercase(), once, twice] {
                    texts.entry(text).or_insert(Pattern { replacement: name.clone(), whole: true });
                }
                continue;
            }
            let mut add = |text: String, replacement: String, whole| {
                texts.entry(text).or_insert(Pattern { replacement, whole });
            };
            for quote in ["\"", "\\\""] {
                let value = if quote == "\"" { &once } else { &twice };
                let around = |key: &str, v: &str| format!("{quote}{key}{quote}:{quote}{v}{quote}");
                add(around(field, value), around(field, &name), false);
                if *field == "customer" {
                    let record = format!("{quote}kind{quote}:{quote}customer{quote},{quote}id{quote}:{quote}");
                    add(format!("{record}{value}{quote}"), format!("{record}{name}{quote}"), false);
                }
            }
            add(format!("{field}:{value}"), format!("{field}:{name}"), true);
        }
        let built =
            AhoCorasickBuilder::new().match_kind(MatchKind::Standard).ascii_case_insensitive(true).build(texts.keys());
        let automaton = built.map_err(|e| format!("the values cannot be looked for at once: {e}"))?;
        Ok(Pseudonyms { automaton, patterns: texts.into_values().collect(), cells, distinct })
    }

    /// Returns the pseudonym of a value of a field.
    #[must_use]
    pub fn of(&self, field: &'static str, value: &str) -> Option<&str> {
        self.cells.get(field)?.get(value).map(String::as_str)
    }

    /// Returns the texts that are looked for wherever they stand.
    #[must_use]
    pub fn distinct(&self) -> &[String] {
        &self.distinct
    }

    /// Returns a text with all values replaced; nothing where it has none. `column` names what the text is all of.
    #[must_use]
    pub fn rewritten(&self, column: &str, text: &str) -> Option<String> {
        if let Some(name) = self.cells.get(column).and_then(|values| values.get(text)) {
            return Some(name.clone());
        }
        let mut found: Vec<(usize, usize, usize)> = self
            .automaton
            .find_overlapping_iter(text)
            .filter(|m| !self.patterns[m.pattern().as_usize()].whole || is_whole(text, m.start(), m.end()))
            .map(|m| (m.start(), m.end(), m.pattern().as_usize()))
            .collect();
        if found.is_empty() {
            return None;
        }
        // The first, and of those that begin together the longest.
        found.sort_by(|a, b| (a.0, b.1).cmp(&(b.0, a.1)));
        let (mut out, mut at) = (String::with_capacity(text.len()), 0);
        for (start, end, pattern) in found {
            if start < at {
                continue;
            }
            out.push_str(&text[at..start]);
            out.push_str(&self.patterns[pattern].replacement);
            at = end;
        }
        out.push_str(&text[at..]);
        Some(out)
    }
}

fn pseudonym(key: &[u8; 32], value: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(value.to_lowercase().as_bytes());
    format!("{PREFIX}{}", hex::encode(&mac.finalize().into_bytes()[..8]))
}

/// Returns whether neither side of a match goes on with a letter or a digit. JSON's escapes (`\n`, `\u00e9`) end in one and are not part of a word.
fn is_whole(text: &str, start: usize, end: usize) -> bool {
    let before = text[..start].chars().next_back();
    let after = text[end..].chars().next();
    let is_escape = text[..start].chars().rev().nth(1) == Some('\\');
    (is_escape || !before.is_some_and(char::is_alphanumeric)) && !after.is_some_and(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[(&'static str, &str)]) -> Pseudonyms {
        let values = values.iter().map(|(field, value)| Identifying { field, value: (*value).to_owned() });
        Pseudonyms::new(&values.collect(), &[7; 32]).unwrap()
    }

    #[test]
    fn values_are_replaced_as_whole_words_in_any_case_and_escape() {
        let names = of(&[("customer", "cust-77"), ("name", "Zoë \"Z\" Berg"), ("email", "zoe@example.org")]);
        let id = names.of("customer", "cust-77").unwrap();
        let name = names.of("name", "Zoë \"Z\" Berg").unwrap();
        assert_eq!(names.rewritten("body", "cust-77, CUST-77; cust-770"), Some(format!("{id}, {id}; cust-770")));
        let body = serde_json::json!({ "name": "Zoë \"Z\" Berg" }).to_string();
        assert_eq!(names.rewritten("body", &body), Some(format!("{{\"name\":\"{name}\"}}")));
        let nested = serde_json::json!({ "text": body }).to_string();
        assert!(names.rewritten("body", &nested).unwrap().contains(name));
        assert_eq!(names.rewritten("body", "xzoe@example.org zoe@example.organic"), None);
        assert_eq!(names.rewritten("body", "nothing of hers"), None);
        assert!(name.starts_with(PREFIX) && name != id);
    }

    #[test]
    fn short_values_are_replaced_only_where_their_field_names_them() {
        let names = of(&[("customer", "42"), ("device", "d1")]);
        let (id, device) = (names.of("customer", "42").unwrap(), names.of("device", "d1").unwrap());
        let body = "{\"customer\":\"42\",\"amount\":\"42\",\"device\":\"d1\"}";
        assert_eq!(
            names.rewritten("body", body),
            Some(format!("{{\"customer\":\"{id}\",\"amount\":\"42\",\"device\":\"{device}\"}}"))
        );
        assert_eq!(names.rewritten("customer", "42").as_deref(), Some(id));
        assert_eq!(names.rewritten("amount", "42"), None);
        assert_eq!(names.rewritten("subject", "customer:42"), Some(format!("customer:{id}")));
        assert_eq!(names.rewritten("subject", "customer:421"), None);
        assert!(names.distinct().is_empty());
        let record = "{\"kind\":\"customer\",\"id\":\"42\",\"time\":42}";
        assert!(names.rewritten("body", record).unwrap().contains(&format!("\"id\":\"{id}\",\"time\":42")));
    }

    #[test]
    fn pseudonyms_depend_on_the_key_and_not_on_case() {
        let value = |key| pseudonym(&[key; 32], "Ada@Example.org");
        assert_eq!(value(1), pseudonym(&[1; 32], "ada@example.org"));
        assert_ne!(value(1), value(2));
        assert!(Pseudonyms::new(&BTreeSet::new(), &[0; 32]).is_err());
    }
}
