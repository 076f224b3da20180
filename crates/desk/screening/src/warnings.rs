//! Warnings at the withdrawal itself: what the scam is, questions whose answer identifies it, and a cooling-off time. The withdrawal is held meanwhile:
//! the customer gives it up, or goes on after the time where nothing speaks against it; where answers tell of a scam, a person decides.

use crate::core::Core;
use crate::holds;
use crate::service::{Screening, ScreeningError};
use holdfast_decision::Decision;
use holdfast_decision::lookalikes::Lookalike;
use holdfast_decision::model::Record;
use holdfast_input::language::best;
use holdfast_store::{Database, DbError, Row, Value, number, parse};
use holdfast_types::{Invalid, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use utoipa::ToSchema;

use holdfast_decision::warnings::{CoolingAction, LANGUAGES, Question, Scam, Warning};

/// A warning as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WarningRecord {
    /// The event that it was raised on.
    pub event: String,
    /// Customer.
    pub customer: String,
    /// The scam.
    pub scam: Scam,
    /// The hold that waits.
    pub hold: u64,
    /// Minor units of the reference currency, if known.
    pub value: Option<i64>,
    /// Payee.
    pub counterparty: Option<String>,
    /// Unix seconds.
    pub raised: Timestamp,
    /// The withdrawal goes on no earlier, Unix seconds.
    pub cooling_until: Timestamp,
    /// What follows the cooling-off time when no answer indicates a scam.
    pub then: CoolingAction,
    /// open: waits for answers; cooling: waits for the time; stopped: the customer gave it up; escalated: a person decides; released: the
    /// hold ended.
    pub state: String,
    /// Answers, once given.
    pub answers: Option<BTreeMap<String, bool>>,
    /// When they were given.
    pub answered: Option<Timestamp>,
    /// When it ended.
    pub closed: Option<Timestamp>,
    /// Language of title, message and questions.
    pub lang: String,
    /// Title in that language.
    pub title: String,
    /// Message in that language.
    pub message: String,
    /// Questions in that language.
    pub questions: Vec<Question>,
    /// The payee's address beside the one that it looks like, where that is what is warned of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lookalike: Option<Lookalike>,
}

/// What the customer answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WarningAnswers {
    /// Whether the customer wants to go on; no gives the withdrawal up.
    pub proceed: bool,
    /// Yes or no to each question; needed to go on.
    #[serde(default)]
    pub answers: BTreeMap<String, bool>,
}

/// Columns of the table, in order.
pub(crate) const COLUMNS: [&str; 10] =
    ["event", "customer", "scam", "hold", "value", "counterparty", "raised", "cooling_until", "then_do", "state"];

const SELECT: &str = "SELECT event, customer, scam, hold, value, counterparty, raised, cooling_until, then_do, state, answers, answered, closed,
    CASE WHEN scam = 'address_poisoning' THEN (SELECT result FROM events WHERE events.id = warnings.event) END FROM warnings";

fn record(row: &Row, lang: &str) -> Result<WarningRecord, DbError> {
    let scam = Scam::from_name(row.text(2)?).ok_or(DbError::Type(2))?;
    let (title, message) = scam.words(lang);
    let decision: Option<Decision> = row.text_or_null(13).map(|d| parse("decision", d)).transpose()?;
    Ok(WarningRecord {
        event: row.text(0)?.to_owned(),
        customer: row.text(1)?.to_owned(),
        scam,
        hold: row.number(3)?,
        value: row.int_or_null(4),
        counterparty: row.text_or_null(5).map(str::to_owned),
        raised: row.time(6)?,
        cooling_until: row.time(7)?,
        then: if row.text(8)? == "release" { CoolingAction::Release } else { CoolingAction::Review },
        state: row.text(9)?.to_owned(),
        answers: row.text_or_null(10).map(|a| parse("answers", a)).transpose()?,
        answered: row.time_or_null(11),
        closed: row.time_or_null(12),
        lang: best(lang, LANGUAGES).unwrap_or("en").to_owned(),
        title,
        message,
        questions: scam.questions(lang),
        lookalike: decision.and_then(|d| d.warning).and_then(|w| w.lookalike),
    })
}

fn get(db: &mut Database, event: &str, lang: &str) -> Result<Option<WarningRecord>, DbError> {
    let rows = db.query(&format!("{SELECT} WHERE event = $1"), &[event.into()])?;
    rows.first().map(|r| record(r, lang)).transpose()
}

/// The row of a new warning.
pub(crate) fn row(
    event: &holdfast_decision::Event,
    warning: &Warning,
    hold: u64,
    value: Option<u64>,
    now: Timestamp,
) -> Vec<Value> {
    vec![
        event.id.as_str().into(),
        event.customer.as_str().into(),
        warning.scam.name().into(),
        number(hold),
        value.map_or(Value::Null, number),
        event.counterparty.clone().into(),
        now.into(),
        warning.cooling_until.into(),
        (if warning.then == CoolingAction::Release { "release" } else { "review" }).into(),
        "open".into(),
    ]
}

/// A hold ended: the warning that it waited for is over.
pub(crate) fn hold_ended(db: &mut Database, hold: u64, now: Timestamp) -> Result<(), DbError> {
    let sql = "UPDATE warnings SET state = 'released', closed = $1 WHERE hold = $2 AND closed IS NULL";
    db.execute(sql, &[now.into(), number(hold)])?;
    Ok(())
}

/// Takes a customer's answers.
pub(crate) fn answer(
    core: &mut Core,
    event: &str,
    given: &WarningAnswers,
    actor: &str,
    now: Timestamp,
) -> Result<WarningRecord, ScreeningError> {
    let missing = || ScreeningError::NotFound(format!("a warning on event {event}"));
    let known = get(&mut core.db, event, "en")?.ok_or_else(missing)?;
    if let Some(unknown) = given.answers.keys().find(|a| !known.questions.iter().any(|q| q.id == **a)) {
        return Err(Invalid::new("answers", format!("there is no question '{unknown}'")).into());
    }
    match (known.state.as_str(), given.proceed) {
        ("open", _) => {}
        // Whoever thinks better of it may give it up at any time before.
        ("cooling" | "escalated", false) => {}
        (state, _) => return Err(ScreeningError::State(format!("the warning on event {event} is {state}"))),
    }
    let open = known.questions.iter().filter(|q| !given.answers.contains_key(&q.id)).map(|q| q.id.as_str());
    let open: Vec<&str> = open.collect();
    if given.proceed && !open.is_empty() {
        return Err(Invalid::new("answers", format!("to go on, answer {} too", open.join(", "))).into());
    }
    let signs: Vec<&str> = given.answers.iter().filter(|a| *a.1).map(|a| a.0.as_str()).collect();
    let hold = holds::get(&mut core.db, known.hold)?
        .ok_or_else(|| ScreeningError::NotFound(format!("hold {}", known.hold)))?;
    let (state, closed) = match given.proceed {
        false => ("stopped", Some(now)),
        true if !signs.is_empty() || known.then == CoolingAction::Review => ("escalated", None),
        true => ("cooling", None),
    };
    let answers =
        if given.answers.is_empty() { known.answers.clone().unwrap_or_default() } else { given.answers.clone() };
    core.db.execute(
        "UPDATE warnings SET state = $1, answers = $2, answered = $3, closed = $4 WHERE event = $5",
        &[state.into(), json!(answers).to_string().into(), now.into(), closed.into(), event.into()],
    )?;
    let detail = json!({ "state": state, "signs": signs, "scam": known.scam.name(), "hold": known.hold }).to_string();
    core.audit(now, actor, "warning.answered", &format!("event:{event}"), &detail);
    // Who compared every character with the payee's own means this address: it is not warned of again. Other scams' questions do not ask that.
    if state == "cooling"
        && known.scam == Scam::AddressPoisoning
        && let Some(found) = &known.lookalike
    {
        core.confirm_address(&known.customer, &found.address, event, actor, now)?;
    }
    if hold.state == "active" {
        match state {
            "stopped" => {
                core.end(&hold, None, "released", "the customer gave the withdrawal up after a warning", actor, now)?
            }
            "cooling" => core.let_lapse(&hold, known.cooling_until.max(now), actor, now)?,
            _ => {}
        }
    }
    get(&mut core.db, event, "en")?.ok_or_else(missing)
}

/// Which warnings.
#[derive(Clone, Debug, Default)]
pub struct WarningFilter {
    /// State.
    pub state: Option<String>,
    /// Customer.
    pub customer: Option<String>,
    /// At most so many, up to 1,000.
    pub limit: usize,
}

impl Screening {
    /// Returns a warning in the language of the customer's record, or in English.
    ///
    /// # Errors
    /// [`ScreeningError::NotFound`].
    pub fn warning_for_customer(&self, event: &str) -> Result<WarningRecord, ScreeningError> {
        let known = self.warning(event, "en")?;
        let sql = "SELECT body FROM records WHERE kind = 'customer' AND id = $1";
        let rows = self.read(|db| db.query(sql, &[known.customer.as_str().into()]))?;
        let record: Option<Record> = rows.first().map(|r| parse("record", r.text(0)?)).transpose()?;
        match record.and_then(|r| r.language) {
            Some(language) => self.warning(event, &language),
            None => Ok(known),
        }
    }

    /// A warning in a language.
    ///
    /// # Errors
    /// [`ScreeningError::NotFound`].
    pub fn warning(&self, event: &str, lang: &str) -> Result<WarningRecord, ScreeningError> {
        let found = self.read(|db| get(db, event, lang))?;
        found.ok_or_else(|| ScreeningError::NotFound(format!("a warning on event {event}")))
    }

    /// Takes a customer's answers: gives the withdrawal up, lets it go on after the cooling-off time, or has a person decide.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn answer_warning(
        &self,
        event: &str,
        given: WarningAnswers,
        actor: &str,
    ) -> Result<WarningRecord, ScreeningError> {
        let (event, actor) = (event.to_owned(), actor.to_owned());
        self.change(move |core, now| answer(core, &event, &given, &actor, now))
    }

    /// Warnings, latest first.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn warnings(&self, filter: &WarningFilter) -> Result<Vec<WarningRecord>, ScreeningError> {
        let (mut clauses, mut values): (Vec<String>, Vec<Value>) = (Vec::new(), Vec::new());
        for (column, value) in [("state", &filter.state), ("customer", &filter.customer)] {
            if let Some(value) = value {
                values.push(value.as_str().into());
                clauses.push(format!("{column} = ${}", values.len()));
            }
        }
        let clause = if clauses.is_empty() { String::new() } else { format!(" WHERE {}", clauses.join(" AND ")) };
        let limit = filter.limit.clamp(1, 1_000);
        let sql = format!("{SELECT}{clause} ORDER BY raised DESC, event LIMIT {limit}");
        self.read(|db| db.query(&sql, &values)?.iter().map(|r| record(r, "en")).collect())
    }
}
