//! A rule from a form: rows of conditions become an expression, and the rule is put at the beginning of a book's list.

use holdfast_decision::fields::FIELDS;
use holdfast_types::Invalid;
use serde_json::json;

/// Comparisons of a row of conditions, as they stand in an expression, in the order in which a form offers them.
pub const COMPARISONS: [&str; 7] = [">", ">=", "==", "!=", "<", "<=", "in"];

/// A row of conditions: a field, a comparison, a value. A value that is a number, `true` or `false`, a list in brackets or a name of `lists.` stands as it
/// is; anything else is text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Such as `event.value`.
    pub field: String,
    /// One of the comparisons.
    pub comparison: String,
    /// What it is compared with.
    pub value: String,
}

impl Condition {
    fn expression(&self) -> Result<String, Invalid> {
        let (field, value) = (self.field.trim(), self.value.trim());
        if !FIELDS.iter().any(|f| field == format!("{}.{}", f.group, f.name)) {
            return Err(Invalid::new("field", format!("there is no '{field}'; take one of the list of fields")));
        }
        let Some(comparison) = COMPARISONS.iter().find(|c| **c == self.comparison) else {
            return Err(Invalid::new(
                "comparison",
                format!("'{}' is none of {}", self.comparison, COMPARISONS.join(", ")),
            ));
        };
        if value.is_empty() {
            return Err(Invalid::new("value", format!("missing: what is {field} compared with?")));
        }
        let stands = value.parse::<i64>().is_ok()
            || value.parse::<f64>().is_ok_and(f64::is_finite)
            || matches!(value, "true" | "false")
            || (value.starts_with('[') && value.ends_with(']'))
            || value.starts_with("lists.");
        let value = if stands { value.to_owned() } else { json!(value).to_string() };
        Ok(format!("{field} {comparison} {value}"))
    }
}

/// A rule to be added to a draft. It begins in shadow, so that it is measured before it acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRule {
    /// Its name.
    pub id: String,
    /// What it is for.
    pub title: String,
    /// Kinds of events.
    pub on: Vec<String>,
    /// What follows.
    pub decision: String,
    /// Where it comes from.
    pub source: String,
    /// All must be met.
    pub conditions: Vec<Condition>,
}

impl NewRule {
    /// Returns a book's text with the rule as its first.
    ///
    /// # Errors
    /// [`Invalid`] names the field: nothing compared, an unknown field, or a book whose list of rules is not found.
    pub fn added_to(&self, yaml: &str) -> Result<String, Invalid> {
        for (field, text) in [("id", &self.id), ("title", &self.title), ("source", &self.source)] {
            if text.trim().is_empty() {
                return Err(Invalid::new(field, "missing"));
            }
        }
        if self.on.is_empty() {
            return Err(Invalid::new("on", "choose at least one kind of event"));
        }
        if self.conditions.is_empty() {
            return Err(Invalid::new("field", "give at least one condition"));
        }
        let when = self.conditions.iter().map(Condition::expression).collect::<Result<Vec<_>, _>>()?.join(" && ");
        let lines: Vec<&str> = yaml.lines().collect();
        let is_list =
            |line: &&str| matches!(line.split('#').next().unwrap_or_default().trim_end(), "rules:" | "rules: []");
        let at = lines.iter().position(is_list);
        let at = at.ok_or_else(|| Invalid::new("yaml", "a line 'rules:' is missing; the rule is put below it"))?;
        let indent = lines[at + 1..]
            .iter()
            .find(|l| l.trim_start().starts_with("- "))
            .map_or(2, |l| l.len() - l.trim_start().len());
        let pad = " ".repeat(indent);
        // JSON's texts are YAML's.
        let rule = format!(
            "{pad}- id: {}\n{pad}  version: 1\n{pad}  state: shadow\n{pad}  title: {}\n{pad}  on: [{}]\n{pad}  when: {}\n{pad}  decision: {}\n{pad}  source: [{}]",
            json!(self.id.trim()),
            json!(self.title.trim()),
            self.on.join(", "),
            json!(when),
            self.decision,
            json!(self.source.trim())
        );
        let mut out: Vec<&str> = lines[..at].to_vec();
        out.push("rules:");
        out.push(&rule);
        out.extend(&lines[at + 1..]);
        Ok(out.join("\n") + "\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drafts::fault;
    use holdfast_decision::RuleBook;
    use holdfast_decision::rules::{DEFAULT_BOOK, RuleState};

    fn rule(conditions: &[(&str, &str, &str)]) -> NewRule {
        let of = |(f, c, v): &(&str, &str, &str)| Condition {
            field: (*f).into(),
            comparison: (*c).into(),
            value: (*v).into(),
        };
        NewRule {
            id: "made-by-form".into(),
            title: "Large: \"new\" customers".into(),
            on: vec!["withdrawal".into()],
            decision: "review".into(),
            source: "trial".into(),
            conditions: conditions.iter().map(of).collect(),
        }
    }

    #[test]
    fn a_rule_of_a_form_is_one_of_the_book() {
        let made = rule(&[
            ("event.value", ">", "10000"),
            ("event.asset", "in", "['BTC', 'ETH']"),
            ("customer.country", "==", "it's"),
        ]);
        for book in [
            DEFAULT_BOOK,
            "title: t\nrules: []\n",
            "title: t\nrules:\n- {id: a, version: 1, state: live, title: t, on: [withdrawal], when: event.value > 1, decision: review, source: [x]}\n",
        ] {
            let text = made.added_to(book).unwrap();
            assert_eq!(fault(&text), None, "{text}");
            let book = RuleBook::parse(&text, 1).unwrap();
            let first = &book.rules()[0];
            assert_eq!(
                (first.id.as_str(), first.state, first.title.as_str()),
                ("made-by-form", RuleState::Shadow, "Large: \"new\" customers")
            );
            assert_eq!(
                first.when,
                "event.value > 10000 && event.asset in ['BTC', 'ETH'] && customer.country == \"it's\""
            );
        }
    }

    #[test]
    fn wrong_rows_name_their_field() {
        let field = |conditions: &[(&str, &str, &str)]| rule(conditions).added_to(DEFAULT_BOOK).unwrap_err().field;
        assert_eq!(field(&[("event.colour", "==", "1")]), "field");
        assert_eq!(field(&[("event.value", "~", "1")]), "comparison");
        assert_eq!(field(&[("event.value", ">", " ")]), "value");
        assert_eq!(field(&[]), "field");
        assert_eq!(rule(&[("event.value", ">", "1")]).added_to("title: t\n").unwrap_err().field, "yaml");
    }
}
