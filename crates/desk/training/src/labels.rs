//! What is known of past events: outcomes of alerts, warnings that a customer took, and labels from a file. An event that nobody reviewed has no label:
//! it is not negative.

use holdfast_decision::{Decision, Purpose, Typology};
use holdfast_models::Label;
use holdfast_store::{Database, DbError, number};
use holdfast_types::Invalid;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Largest file of labels, bytes.
pub const MAX_LABELS: usize = 64 << 20;

/// Labels of events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    /// By the sender's id, from a file.
    given: HashMap<String, bool>,
    /// By number: whether an alert about it was right.
    reviewed: BTreeMap<u64, bool>,
    /// By the sender's id: the customer gave the withdrawal up when warned of a scam.
    given_up: HashSet<String>,
}

impl Labels {
    /// Reads labels from CSV: a header `event,label`, then the sender's id of an event and `positive` or `negative` a line.
    ///
    /// # Errors
    /// [`Invalid`] names the line.
    pub fn from_csv(text: &str) -> Result<Self, Invalid> {
        let wrong = |line: usize, what: &str| Err(Invalid::new("labels", format!("line {line}: {what}")));
        if text.len() > MAX_LABELS {
            return wrong(1, &format!("the file is larger than {MAX_LABELS} bytes"));
        }
        let mut lines = text.lines().enumerate();
        if lines.next().map(|l| l.1.trim()) != Some("event,label") {
            return wrong(1, "the header must be event,label");
        }
        let mut given = HashMap::new();
        for (n, line) in lines.filter(|l| !l.1.trim().is_empty()) {
            let Some((event, label)) = line.trim().rsplit_once(',') else {
                return wrong(n + 1, "an event's id, a comma, then positive or negative");
            };
            let label = match label.trim() {
                "positive" => true,
                "negative" => false,
                _ => {
                    return wrong(
                        n + 1,
                        "the label must be positive or negative; leave an event out that nobody reviewed",
                    );
                }
            };
            if given.insert(event.to_owned(), label).is_some_and(|before| before != label) {
                return wrong(n + 1, "the event has the other label in a line before");
            }
        }
        Ok(Labels { given, ..Labels::default() })
    }

    /// Reads what reviewers and customers found: closed alerts (of several about an event one that was right decides), and warnings of a scam after which
    /// the customer gave the withdrawal up. Inconclusive outcomes are no labels.
    ///
    /// # Errors
    /// [`DbError`] when the database fails.
    pub fn of_desk(db: &mut Database) -> Result<Self, DbError> {
        let mut labels = Labels::default();
        let mut after = 0u64;
        loop {
            let sql = "SELECT id, event, outcome FROM alerts WHERE id > $1 AND state = 'closed' AND event > 0
                 AND outcome IN ('true_positive', 'false_positive') ORDER BY id LIMIT 5000";
            let rows = db.query(sql, &[number(after)])?;
            let Some(last) = rows.last() else { break };
            after = last.number(0)?;
            for row in &rows {
                let right = row.text(2)? == "true_positive";
                *labels.reviewed.entry(row.number(1)?).or_default() |= right;
            }
        }
        let sql = "SELECT event FROM warnings WHERE state = 'stopped' AND scam <> 'address_poisoning' ORDER BY event";
        for row in db.query(sql, &[])? {
            labels.given_up.insert(row.text(0)?.to_owned());
        }
        Ok(labels)
    }

    /// Adds labels of a file, which decide where both have one.
    #[must_use]
    pub fn with(mut self, file: Labels) -> Self {
        self.given.extend(file.given);
        self
    }

    /// Whether anything may be known of an event, by its number and the sender's id; then its decision tells what.
    #[must_use]
    pub fn may_know(&self, seq: u64, event: &str) -> bool {
        self.reviewed.contains_key(&seq) || self.given.contains_key(event) || self.given_up.contains(event)
    }

    /// Returns an event's label for a purpose.
    #[must_use]
    pub fn of(&self, purpose: Purpose, decision: &Decision) -> Label {
        let label = |positive: bool| if positive { Label::Positive } else { Label::Negative };
        if let Some(given) = self.given.get(&decision.event) {
            return label(*given);
        }
        if purpose == Purpose::WithdrawalScam && self.given_up.contains(&decision.event) {
            return Label::Positive;
        }
        match self.reviewed.get(&decision.seq) {
            Some(right) if is_about(purpose, decision) => label(*right),
            _ => Label::Unlabelled,
        }
    }
}

/// Whether a review of the event tells something of the purpose: that of an alert about another crime says nothing of it.
fn is_about(purpose: Purpose, decision: &Decision) -> bool {
    let found = |typology: Typology| decision.findings.iter().any(|f| f.typology == typology);
    match purpose {
        Purpose::EventRisk | Purpose::AlertTriage => true,
        Purpose::WithdrawalScam => found(Typology::ScamVictim) || decision.warning.is_some(),
        Purpose::AccountTakeover => found(Typology::AccountTakeover),
        Purpose::Mule => found(Typology::Mule),
        Purpose::CardCashOut => found(Typology::CardCashOut),
        Purpose::AccountPhishing => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_of_a_file_are_named_by_line() {
        let labels = Labels::from_csv("event,label\na,b,positive\nw-2,negative\n\n").unwrap();
        assert_eq!((labels.given.get("a,b"), labels.given.get("w-2")), (Some(&true), Some(&false)));
        for (text, expected) in [
            ("a,positive\n", "line 1: the header"),
            ("event,label\nw-1,maybe\n", "line 2: the label must be"),
            ("event,label\nw-1\n", "line 2: an event's id"),
            ("event,label\nw-1,positive\nw-1,negative\n", "line 3: the event has the other label"),
        ] {
            let error = Labels::from_csv(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
