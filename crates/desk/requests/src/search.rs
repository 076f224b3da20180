//! Full-text search over cases and requests: every word must be there, the last may be unfinished.

use holdfast_store::{Database, DbError, Value};
use std::collections::BTreeSet;

/// Most words of one text that are indexed.
const MAX_WORDS: usize = 5_000;
/// Most places of one word that are read.
const MAX_PLACES: i64 = 20_000;

/// Returns the words of a text: letters and digits in lower case, 2 to 64 bytes (longer ones are cut), in order, each once.
pub fn words(text: &str) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let lower = text.to_lowercase();
    let all = lower.split(|c: char| !c.is_alphanumeric()).filter(|w| w.len() >= 2);
    let cut =
        |w: &str| w.char_indices().take_while(|(i, c)| i + c.len_utf8() <= 64).map(|(_, c)| c).collect::<String>();
    all.map(cut).filter(|w| seen.insert(w.clone())).take(MAX_WORDS).collect()
}

/// Indexes the words of a text under a document such as `case:3` or `request:r1`.
///
/// # Errors
/// [`DbError`] when the database fails.
pub fn index(db: &mut Database, doc: &str, text: &str) -> Result<(), DbError> {
    let rows: Vec<Vec<Value>> = words(text).into_iter().map(|w| vec![hex::encode(w).into(), doc.into()]).collect();
    db.insert("search_words", &["word", "doc"], &rows, "ON CONFLICT (word, doc) DO NOTHING")
}

/// Returns documents that have all words of a query; the last word also where it only begins one.
///
/// # Errors
/// [`DbError`] when the database fails.
pub fn find(db: &mut Database, query: &str) -> Result<BTreeSet<String>, DbError> {
    let words = words(query);
    let mut found: Option<BTreeSet<String>> = None;
    for (i, word) in words.iter().enumerate() {
        let hex = hex::encode(word);
        let rows = if i + 1 == words.len() {
            // 'g' follows every hex digit.
            let sql = "SELECT doc FROM search_words WHERE word >= $1 AND word < $2 LIMIT $3";
            db.query(sql, &[hex.as_str().into(), format!("{hex}g").into(), MAX_PLACES.into()])?
        } else {
            db.query(
                "SELECT doc FROM search_words WHERE word = $1 LIMIT $2",
                &[hex.as_str().into(), MAX_PLACES.into()],
            )?
        };
        let docs: BTreeSet<String> = rows.iter().map(|r| r.text(0).map(str::to_owned)).collect::<Result<_, _>>()?;
        found = Some(match found {
            None => docs,
            Some(before) => before.intersection(&docs).cloned().collect(),
        });
    }
    Ok(found.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_letters_and_digits() {
        assert_eq!(words("Ana's 2nd bc1QAR0 - x Żółć, ana"), ["ana", "2nd", "bc1qar0", "żółć"]);
        assert_eq!(words(&"é".repeat(100))[0].len(), 64);
        assert!(words("--").is_empty());
    }
}
