//! What two texts of a rule book have different, line by line.

use serde::Serialize;
use similar::{Algorithm, ChangeTag, TextDiff};
use std::time::Duration;
use utoipa::ToSchema;

/// Lines around a difference.
const AROUND: usize = 3;
/// Longest search for the smallest difference; a longer one gives a larger difference, which is right too.
const TIME: Duration = Duration::from_secs(1);
/// Most lines of an answer.
const MAX_LINES: usize = 20_000;

/// A line of a difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = RuleBookDiffLine)]
pub struct DiffLine {
    /// Its number in the earlier text, from 1; absent where it was added.
    pub before: Option<u32>,
    /// Its number in the later text, from 1; absent where it was removed.
    pub after: Option<u32>,
    /// The line.
    pub text: String,
}

/// Returns the lines that were removed and added, with those around them; nothing where the texts are the same.
#[must_use]
pub fn diff(before: &str, after: &str) -> Vec<DiffLine> {
    let diff = TextDiff::configure().algorithm(Algorithm::Myers).timeout(TIME).diff_lines(before, after);
    let number = |index: Option<usize>| index.and_then(|i| u32::try_from(i + 1).ok());
    let mut lines = Vec::new();
    for group in diff.grouped_ops(AROUND) {
        for op in group {
            for change in diff.iter_changes(&op) {
                if lines.len() >= MAX_LINES {
                    return lines;
                }
                let (old, new) = match change.tag() {
                    ChangeTag::Equal => (change.old_index(), change.new_index()),
                    ChangeTag::Delete => (change.old_index(), None),
                    ChangeTag::Insert => (None, change.new_index()),
                };
                let text = change.value().trim_end_matches(['\n', '\r']).to_owned();
                lines.push(DiffLine { before: number(old), after: number(new), text });
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_lines_stand_with_their_surroundings() {
        let before: String = (1..=20).map(|n| format!("line {n}\n")).collect();
        let after = before.replace("line 10\n", "line ten\n");
        let found = diff(&before, &after);
        let changed: Vec<_> = found.iter().filter(|l| l.before.is_none() || l.after.is_none()).collect();
        assert_eq!(
            changed.iter().map(|l| (l.before, l.after, l.text.as_str())).collect::<Vec<_>>(),
            [(Some(10), None, "line 10"), (None, Some(10), "line ten")]
        );
        assert_eq!((found.len(), found[0].before), (8, Some(7)));
        assert!(diff(&before, &before).is_empty());
    }
}
