//! Where a rule book is wrong.

use holdfast_decision::RuleBook;
use holdfast_decision::rules::RuleError;
use serde::Serialize;
use utoipa::ToSchema;

/// What is wrong with a rule book, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = RuleFault)]
pub struct Fault {
    /// Line, from 1, where it is known.
    pub line: Option<u32>,
    /// The rule.
    pub rule: Option<String>,
    /// What is wrong, and what would be right.
    pub message: String,
}

/// The number behind a word, such as `line 7`.
fn number_behind(text: &str, word: &str) -> Option<u32> {
    let rest = &text[text.find(word)? + word.len()..];
    rest.trim_start().split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// The line of a field of a rule, or else of its id.
fn line_of(yaml: &str, rule: &str, problem: &str) -> Option<u32> {
    let quoted = [format!("id: {rule}"), format!("id: \"{rule}\""), format!("id: '{rule}'")];
    let is_id = |line: &&str| {
        let line = line.trim_start().trim_start_matches("- ").trim_start_matches('{').trim();
        quoted.iter().any(|q| line == q || line.starts_with(&format!("{q},")) || line.starts_with(&format!("{q} #")))
    };
    let lines: Vec<&str> = yaml.lines().collect();
    let at = lines.iter().position(is_id)?;
    let field = problem.split(':').next().filter(|f| f.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
    let own = field.and_then(|field| {
        let mut of_rule =
            lines.iter().enumerate().skip(at + 1).take_while(|(_, line)| !line.trim_start().starts_with("- "));
        of_rule.find(|(_, line)| line.trim_start().starts_with(&format!("{field}:"))).map(|(n, _)| n)
    });
    u32::try_from(own.unwrap_or(at) + 1).ok()
}

/// Checks a rule book; returns its first fault.
#[must_use]
pub fn fault(yaml: &str) -> Option<Fault> {
    let e = RuleBook::parse(yaml, 0).err()?;
    let message = e.to_string();
    Some(match e {
        RuleError::Yaml(text) => Fault { line: number_behind(&text, "line "), rule: None, message },
        RuleError::Rule(rule, problem) => Fault { line: line_of(yaml, &rule, &problem), rule: Some(rule), message },
        RuleError::Book(_) => Fault { line: None, rule: None, message },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOOK: &str = "title: t\nrules:\n  - id: fine\n    version: 1\n    state: live\n    title: t\n    on: [withdrawal]\n    when: event.value > 5\n    decision: review\n    source: [x]\n  - id: wrong\n    version: 1\n    state: live\n    title: t\n    on: [withdrawal]\n    when: event.colour == 'red'\n    decision: review\n    source: [x]\n";

    #[test]
    fn faults_name_their_line() {
        let found = fault(BOOK).unwrap();
        assert_eq!((found.line, found.rule.as_deref()), (Some(16), Some("wrong")), "{found:?}");
        let broken = fault("title: t\nrules:\n  - id: [\n").unwrap();
        assert!(broken.line.is_some() && broken.rule.is_none(), "{broken:?}");
        assert_eq!(fault(&BOOK.replace("event.colour == 'red'", "event.value > 9")), None);
    }
}
