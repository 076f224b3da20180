//! What is known of past events. An event that nobody looked at has no label: it is not negative.
//!
//! Every label has a source and the date from which it was known. Where sources differ, the first of [`LabelSource`] decides.

use holdfast_decision::{Decision, Purpose, Typology};
use holdfast_models::Label;
use holdfast_store::{Database, DbError, Row, number, parse};
use holdfast_types::{Invalid, Timestamp, named};
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};

/// Largest file of labels, bytes.
pub const MAX_LABELS: usize = 64 << 20;
/// Rows read at once.
const PAGE: u64 = 5_000;

named! {
    /// Who says it, in the order in which they decide.
    pub enum LabelSource {
        /// A file that a person gave.
        File,
        /// A customer who gave a withdrawal up when warned of a scam; for `withdrawal-scam` only.
        Warning,
        /// A report that was filed with an authority and names the event: two people stand for it.
        Report,
        /// Reviewers of alerts about the event.
        Alert,
        /// A reviewer of the audit sample of quiet events.
        Audit,
        /// A closed case with a typology that the event, or an alert about it, is part of.
        Case,
        /// A flag of stolen funds that its member confirmed and that names what the deposit came from.
        Flag,
        /// A tag that is younger than the event. One that is older was known then: it is a feature, and no label.
        Tag,
    }
}

/// What is known of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Whether it was part of a crime.
    pub is_positive: bool,
    /// Who says it.
    pub source: LabelSource,
    /// Since when; nothing for a file, which has no dates.
    pub since: Option<Timestamp>,
}

/// A statement and what crime it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Statement {
    is_positive: bool,
    since: Option<Timestamp>,
    about: About,
}

/// What crime a statement is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum About {
    /// What was found when the event was decided.
    Findings,
    /// This one.
    Crime(Typology),
    /// Some crime; which is not known.
    Any,
    /// A scam whose victim the customer is.
    Scam,
}

/// Labels of events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    /// By the sender's id.
    by_id: HashMap<String, BTreeMap<LabelSource, Statement>>,
    /// By number.
    by_number: HashMap<u64, BTreeMap<LabelSource, Statement>>,
}

/// A tag as it is today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DatedTag {
    /// Whether it is one of a scam.
    pub is_scam: bool,
    /// Its date.
    pub since: Timestamp,
}

/// Looks up the oldest tag of a crime that an address of an asset has today; nothing when there is none or its date is not known.
pub type TagOf<'a> = &'a dyn Fn(&str, &str) -> Option<DatedTag>;

/// The movements of a stored report.
#[derive(Deserialize)]
struct Reported {
    #[serde(default)]
    movements: Vec<Movement>,
}

#[derive(Deserialize)]
struct Movement {
    id: String,
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
        let mut labels = Labels::default();
        for (n, line) in lines.filter(|l| !l.1.trim().is_empty()) {
            let Some((event, label)) = line.trim().rsplit_once(',') else {
                return wrong(n + 1, "an event's id, a comma, then positive or negative");
            };
            let is_positive = match label.trim() {
                "positive" => true,
                "negative" => false,
                _ => {
                    return wrong(
                        n + 1,
                        "the label must be positive or negative; leave an event out that nobody reviewed",
                    );
                }
            };
            let statement = Statement { is_positive, since: None, about: About::Any };
            let before = labels.by_id.entry(event.to_owned()).or_default().insert(LabelSource::File, statement);
            if before.is_some_and(|b| b.is_positive != is_positive) {
                return wrong(n + 1, "the event has the other label in a line before");
            }
        }
        Ok(labels)
    }

    /// Reads what the desk knows: outcomes of alerts (of several about an event one that was right decides) and of the audit sample, warnings of a scam
    /// after which the customer gave the withdrawal up, reports that were filed, closed cases with a typology, and confirmed flags. Inconclusive outcomes are
    /// no labels.
    ///
    /// # Errors
    /// [`DbError`] when the database fails.
    pub fn of_desk(db: &mut Database) -> Result<Self, DbError> {
        let mut labels = Labels::default();
        labels.read_alerts(db)?;
        labels.read_audits(db)?;
        labels.read_warnings(db)?;
        labels.read_reports(db)?;
        labels.read_cases(db)?;
        labels.read_flags(db)?;
        Ok(labels)
    }

    fn read_alerts(&mut self, db: &mut Database) -> Result<(), DbError> {
        let sql = "SELECT id, event, outcome, updated FROM alerts WHERE id > $1 AND state = 'closed' AND event > 0
             AND outcome IN ('true_positive', 'false_positive') ORDER BY id LIMIT $2";
        pages(db, sql, &mut |row| {
            let statement = Statement {
                is_positive: row.text(2)? == "true_positive",
                since: Some(row.time(3)?),
                about: About::Findings,
            };
            self.say(row.number(1)?, LabelSource::Alert, statement);
            Ok(())
        })
    }

    fn read_audits(&mut self, db: &mut Database) -> Result<(), DbError> {
        let sql = "SELECT event, outcome, reviewed FROM audit_sample WHERE event > $1
             AND outcome IN ('true_positive', 'false_positive') ORDER BY event LIMIT $2";
        pages(db, sql, &mut |row| {
            // A reviewer who finds nothing has looked at all; what was missed may be any crime.
            let statement = Statement {
                is_positive: row.text(1)? == "true_positive",
                since: row.time_or_null(2),
                about: About::Any,
            };
            self.say(row.number(0)?, LabelSource::Audit, statement);
            Ok(())
        })
    }

    fn read_warnings(&mut self, db: &mut Database) -> Result<(), DbError> {
        let sql = "SELECT event, COALESCE(closed, answered, raised) FROM warnings WHERE state = 'stopped' AND scam <> 'address_poisoning' ORDER BY event";
        for row in db.query(sql, &[])? {
            let statement = Statement { is_positive: true, since: Some(row.time(1)?), about: About::Scam };
            self.by_id.entry(row.text(0)?.to_owned()).or_default().insert(LabelSource::Warning, statement);
        }
        Ok(())
    }

    fn read_reports(&mut self, db: &mut Database) -> Result<(), DbError> {
        let sql = "SELECT r.id, r.body, r.exported, c.typology FROM reports r JOIN cases c ON c.id = r.case_id
             WHERE r.id > $1 AND r.state = 'exported' ORDER BY r.id LIMIT $2";
        pages(db, sql, &mut |row| {
            let statement =
                Statement { is_positive: true, since: row.time_or_null(2), about: crime(row.text_or_null(3)) };
            for movement in parse::<Reported>("report", row.text(1)?)?.movements {
                let of = self.by_id.entry(movement.id).or_default();
                of.entry(LabelSource::Report).or_insert(statement);
            }
            Ok(())
        })
    }

    fn read_cases(&mut self, db: &mut Database) -> Result<(), DbError> {
        let sql = "SELECT i.id, i.kind, i.key, c.typology, c.closed FROM case_items i JOIN cases c ON c.id = i.case_id
             WHERE i.id > $1 AND i.kind IN ('event', 'alert') AND i.withdrawn IS NULL AND c.state = 'closed'
             AND c.typology IS NOT NULL ORDER BY i.id LIMIT $2";
        let mut alerts = Vec::new();
        pages(db, sql, &mut |row| {
            let about = crime(row.text_or_null(3));
            let statement = Statement { is_positive: true, since: row.time_or_null(4), about };
            if row.text(1)? == "event" {
                let of = self.by_id.entry(row.text(2)?.to_owned()).or_default();
                of.entry(LabelSource::Case).or_insert(statement);
            } else if let Ok(alert) = row.text(2)?.parse::<u64>() {
                alerts.push((alert, statement));
            }
            Ok(())
        })?;
        for (alert, statement) in alerts {
            let found = db.query("SELECT event FROM alerts WHERE id = $1 AND event > 0", &[number(alert)])?;
            if let Some(row) = found.first() {
                self.say(row.number(0)?, LabelSource::Case, statement);
            }
        }
        Ok(())
    }

    /// A confirmed flag says of the deposits that it names that the money was stolen; from whom and how is not known.
    fn read_flags(&mut self, db: &mut Database) -> Result<(), DbError> {
        let mut after = String::new();
        loop {
            let sql = "SELECT id FROM flags WHERE state = 'confirmed' AND id > $1 ORDER BY id LIMIT 1000";
            let ids = db.query(sql, &[after.as_str().into()])?;
            let Some(last) = ids.last() else { return Ok(()) };
            after = last.text(0)?.to_owned();
            for id in &ids {
                let Some(flag) = holdfast_screening::flags::get(db, &id.text(0)?.into())? else { continue };
                let statement = Statement { is_positive: true, since: Some(flag.raised), about: About::Any };
                for row in db.query("SELECT seq FROM event_keys WHERE key = $1", &[flag.key().into()])? {
                    self.say(row.number(0)?, LabelSource::Flag, statement);
                }
            }
        }
    }

    /// Adds tags of today for events of the past: of who sent a deposit and where a withdrawal went. Only a tag that is younger than the event is a label.
    ///
    /// # Errors
    /// [`DbError`] when the database fails.
    pub fn add_tags(&mut self, db: &mut Database, tag_of: TagOf<'_>) -> Result<(), DbError> {
        let sql = "SELECT seq, value, asset, role, time FROM event_identifiers WHERE kind = 'address' AND seq > $1
             AND asset IS NOT NULL ORDER BY seq LIMIT $2";
        let mut known: HashMap<(String, String), Option<DatedTag>> = HashMap::new();
        pages_whole(db, sql, &mut |row| {
            let (address, asset, role) = (row.text(1)?, row.text(2)?, row.text(3)?);
            let is_destination = role.starts_with("destination of withdrawal");
            if !is_destination && !role.starts_with("sender of deposit") {
                return Ok(());
            }
            let key = (asset.to_owned(), address.to_owned());
            let tag = *known.entry(key).or_insert_with(|| tag_of(asset, address));
            if let Some(tag) = tag.filter(|t| row.time(4).is_ok_and(|time| t.since > time)) {
                let about = if tag.is_scam && is_destination { About::Scam } else { About::Any };
                let statement = Statement { is_positive: true, since: Some(tag.since), about };
                self.say(row.number(0)?, LabelSource::Tag, statement);
            }
            Ok(())
        })
    }

    /// Keeps a statement; of several by one source a positive one, which is not taken back by another that found nothing.
    fn say(&mut self, seq: u64, source: LabelSource, statement: Statement) {
        let kept = self.by_number.entry(seq).or_default().entry(source).or_insert(statement);
        if statement.is_positive && !kept.is_positive {
            *kept = statement;
        }
    }

    /// Adds labels of a file, which decide where both have one.
    #[must_use]
    pub fn with(mut self, file: Labels) -> Self {
        for (event, statements) in file.by_id {
            self.by_id.entry(event).or_default().extend(statements);
        }
        self
    }

    /// Whether anything may be known of an event, by its number and the sender's id; then its decision tells what.
    #[must_use]
    pub fn may_know(&self, seq: u64, event: &str) -> bool {
        self.by_number.contains_key(&seq) || self.by_id.contains_key(event)
    }

    /// Returns what is known of an event for a purpose, by the source that decides.
    #[must_use]
    pub fn known(&self, purpose: Purpose, decision: &Decision) -> Option<Known> {
        let by_id = self.by_id.get(&decision.event).into_iter().flatten();
        let by_number = self.by_number.get(&decision.seq).into_iter().flatten();
        let told = by_id.chain(by_number).filter(|(source, said)| tells(purpose, **source, said, decision));
        let (source, said) = told.min_by_key(|(source, _)| **source)?;
        Some(Known { is_positive: said.is_positive, source: *source, since: said.since })
    }

    /// Returns an event's label for a purpose.
    #[must_use]
    pub fn of(&self, purpose: Purpose, decision: &Decision) -> Label {
        label(self.known(purpose, decision))
    }
}

/// Returns what is known as a label.
#[must_use]
pub fn label(known: Option<Known>) -> Label {
    match known {
        None => Label::Unlabelled,
        Some(known) if known.is_positive => Label::Positive,
        Some(_) => Label::Negative,
    }
}

/// Reads rows whose first column rises and differs, page by page.
fn pages(db: &mut Database, sql: &str, each: &mut dyn FnMut(&Row) -> Result<(), DbError>) -> Result<(), DbError> {
    let mut after = 0u64;
    loop {
        let rows = db.query(sql, &[number(after), number(PAGE)])?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.number(0)?;
        rows.iter().try_for_each(&mut *each)?;
    }
}

/// Reads rows whose first column rises, with several rows of one number: the last number of a full page is read again with the next.
fn pages_whole(db: &mut Database, sql: &str, each: &mut dyn FnMut(&Row) -> Result<(), DbError>) -> Result<(), DbError> {
    let mut after = 0u64;
    loop {
        let rows = db.query(sql, &[number(after), number(PAGE)])?;
        let Some(last) = rows.last() else { return Ok(()) };
        let last = last.number(0)?;
        let is_full = rows.len() as u64 == PAGE;
        // An event names far fewer addresses than a page holds.
        let until = if is_full && last > after + 1 { last - 1 } else { last };
        for row in &rows {
            if row.number::<u64>(0)? <= until {
                each(row)?;
            }
        }
        after = until;
    }
}

/// What the typology of a case says.
fn crime(typology: Option<&str>) -> About {
    let known = typology.and_then(|t| Typology::ALL.iter().find(|k| k.name() == t));
    known.map_or(About::Any, |t| About::Crime(*t))
}

/// The typology that a purpose is about; nothing for those about any crime.
#[must_use]
pub fn typology_of(purpose: Purpose) -> Option<Typology> {
    match purpose {
        Purpose::WithdrawalScam => Some(Typology::ScamVictim),
        Purpose::AccountTakeover => Some(Typology::AccountTakeover),
        Purpose::Mule => Some(Typology::Mule),
        Purpose::CardCashOut => Some(Typology::CardCashOut),
        Purpose::EventRisk | Purpose::AlertTriage | Purpose::AccountPhishing => None,
    }
}

/// Whether a statement tells something of the purpose: that of an alert about another crime says nothing of it.
fn tells(purpose: Purpose, source: LabelSource, said: &Statement, decision: &Decision) -> bool {
    if purpose == Purpose::AccountPhishing {
        return false;
    }
    if source == LabelSource::File {
        return true;
    }
    let Some(own) = typology_of(purpose) else { return source != LabelSource::Warning };
    match said.about {
        About::Findings => {
            decision.findings.iter().any(|f| f.typology == own)
                || (purpose == Purpose::WithdrawalScam && decision.warning.is_some())
        }
        About::Crime(crime) => crime == own,
        About::Scam => purpose == Purpose::WithdrawalScam,
        // A reviewer of the sample who found nothing found no crime of any kind.
        About::Any => source == LabelSource::Audit && !said.is_positive,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_of_a_file_are_named_by_line() {
        let labels = Labels::from_csv("event,label\na,b,positive\nw-2,negative\n\n").unwrap();
        let of = |event: &str| labels.by_id[event][&LabelSource::File].is_positive;
        assert_eq!((of("a,b"), of("w-2")), (true, false));
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
