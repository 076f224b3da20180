//! The queue: which alerts, in which order, how many. A filter is a query of texts, so that pages, the API, commands and saved views have the same one.

use crate::facts;
use holdfast_decision::rules::AlertHours;
use holdfast_screening::alerts::{self, Alert};
use holdfast_screening::{Screening, ScreeningError};
use holdfast_store::{Database, DbError, Row, Value, number};
use holdfast_types::{Amount, Invalid, Seconds, Timestamp, asset, units};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};
use utoipa::{IntoParams, ToSchema};

/// Alerts of a page.
pub const PAGE: u32 = 100;
/// Most pages that can be turned to.
const MAX_PAGES: u32 = 1_000;
/// Alerts up to which are counted; above it there are more.
pub const MAX_COUNTED: u64 = 10_000;
/// Longest text of a filter, in bytes.
const MAX_TEXT: usize = 256;

/// How urgent an alert is, from the decision that raised it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, IntoStaticStr, EnumString, VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Risk {
    /// The transfer was refused.
    Severe,
    /// It was held.
    High,
    /// It could not be looked at: nothing is known of it.
    Unknown,
    /// It passed, to be reviewed.
    Medium,
    /// It passed.
    Low,
}

impl Risk {
    /// Returns the name, as in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The order in the queue, as stored: unknown stands above what is known to be medium.
    pub(crate) fn rank(self) -> i64 {
        match self {
            Risk::Severe => 40,
            Risk::High => 30,
            Risk::Unknown => 25,
            Risk::Medium => 20,
            Risk::Low => 10,
        }
    }

    fn of_rank(rank: Option<i64>) -> Self {
        Risk::VARIANTS.iter().copied().find(|risk| Some(risk.rank()) == rank).unwrap_or(Risk::Unknown)
    }

    /// Returns the time within which such an alert should be closed, by the policy of the rule book in force.
    fn target(self, hours: &AlertHours) -> Seconds {
        let hours = match self {
            Risk::Severe => hours.severe,
            Risk::High => hours.high,
            Risk::Unknown => hours.unknown,
            Risk::Medium => hours.medium,
            Risk::Low => hours.low,
        };
        Seconds::hours(hours.into())
    }
}

/// How an open alert stands to its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Clock {
    /// More than a quarter of the time is left.
    InTime,
    /// A quarter or less is left.
    Soon,
    /// The target is past.
    Late,
    /// It is closed.
    Stopped,
}

/// An order of the queue.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    ToSchema,
    IntoStaticStr,
    EnumString,
    VariantArray,
)]
#[schema(as = QueueOrder)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Order {
    /// The most severe first, of these the oldest.
    #[default]
    Risk,
    /// The oldest first.
    Oldest,
    /// The latest first.
    Newest,
    /// The highest value first; unknown values last.
    Value,
    /// By customer.
    Customer,
    /// By rule.
    Rule,
    /// By assignee; those of nobody first.
    Assignee,
    /// Where a review is expected to save most: the probability of a true positive by the champion for triage, times the value at stake. Of alerts that it did
    /// not score or whose value is not known, those of high or unknown risk come before these, the others after them, by risk.
    Triage,
}

impl Order {
    /// Returns the name, as in a query.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    fn sql(self) -> &'static str {
        match self {
            Order::Risk => "COALESCE(f.risk, 25) DESC, a.id",
            Order::Oldest => "a.id",
            Order::Newest => "a.id DESC",
            Order::Value => "COALESCE(f.value, -1) DESC, a.id",
            Order::Customer => "a.customer, a.id",
            Order::Rule => "a.rules, a.id",
            Order::Assignee => "COALESCE(a.assignee, ''), a.id",
            Order::Triage => {
                "CASE WHEN t.at_stake IS NULL AND COALESCE(f.risk, 25) >= 25 THEN 0 ELSE 1 END,
                 COALESCE(t.at_stake, -1) DESC, COALESCE(f.risk, 25) DESC, a.id"
            }
        }
    }
}

/// Which alerts, as texts. What is empty leaves out nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct QueueQuery {
    /// open (default), closed or all.
    #[param(required = false)]
    #[serde(skip_serializing_if = "String::is_empty")]
    pub state: String,
    /// A rule that is behind the alert.
    #[param(required = false)]
    #[serde(skip_serializing_if = "String::is_empty")]
    pub rule: String,
    /// severe, high, unknown, medium or low.
    #[param(required = false)]
    #[serde(skip_serializing_if = "String::is_empty")]
    pub risk: String,
    /// A person, `me`, or `nobody`.
    #[param(required = false)]
    #[serde(skip_serializing_if = "String::is_empty")]
    pub assignee: String,
    /// The exchange's id of the customer.
    #[param(required = false)]
    #[serde(skip_serializing_if = "String::is_empty")]
    pub customer: String,
    /// Asset of the event, in any form.
    #[param(required = false)]
    #[serde(skip_serializing_if = "String::is_empty")]
    pub asset: String,
    /// At least so much: in units of `asset`, or of the reference currency where no asset is given.
    #[param(required = false)]
    #[serde(skip_serializing_if = "String::is_empty")]
    pub amount: String,
    /// At least so old: a number with `h` for hours or `d` for days.
    #[param(required = false)]
    #[serde(skip_serializing_if = "String::is_empty")]
    pub age: String,
    /// A typology that was found.
    #[param(required = false)]
    #[serde(skip_serializing_if = "String::is_empty")]
    pub typology: String,
    /// risk, oldest, newest, value, customer, rule, assignee or triage; by default triage where a learned model for it is in force, else risk.
    #[param(required = false)]
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sort: String,
    /// Page of a hundred alerts, from 1.
    #[param(required = false)]
    #[serde(skip_serializing_if = "String::is_empty")]
    pub page: String,
}

/// An amount that alerts reach: of an asset in base units, or of the reference currency in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AtLeast {
    BaseUnits(Amount),
    Value(u64),
}

/// A filter that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    state: Option<&'static str>,
    rule: Option<String>,
    risk: Option<Risk>,
    /// `None` within is nobody.
    assignee: Option<Option<String>>,
    customer: Option<String>,
    asset: Option<String>,
    at_least: Option<AtLeast>,
    age: Option<Seconds>,
    typology: Option<String>,
    /// Without one, the queue's own.
    sort: Option<Order>,
    page: u32,
}

fn given(field: &'static str, text: &str) -> Result<Option<String>, Invalid> {
    let text = text.trim();
    if text.len() > MAX_TEXT || text.chars().any(char::is_control) {
        return Err(Invalid::new(field, format!("must be at most {MAX_TEXT} bytes without control characters")));
    }
    Ok(Some(text.to_owned()).filter(|text| !text.is_empty()))
}

fn one_of<T: std::str::FromStr + Copy + VariantArray + Into<&'static str>>(
    field: &'static str,
    text: &str,
) -> Result<Option<T>, Invalid> {
    let Some(text) = given(field, text)? else { return Ok(None) };
    let names = || T::VARIANTS.iter().map(|v| (*v).into()).collect::<Vec<&str>>().join(", ");
    text.parse().map(Some).map_err(|_| Invalid::new(field, format!("'{text}' is none of {}", names())))
}

fn at_least(amount: &str, asset: Option<&str>) -> Result<Option<AtLeast>, Invalid> {
    let Some(text) = given("amount", amount)? else { return Ok(None) };
    let wrong = |places: u32| {
        Invalid::new("amount", format!("'{text}' is no number with at most {places} decimals, such as 1000.50"))
    };
    let Some(asset) = asset else {
        let value = units::base_units(&text, 2).and_then(|value| u64::try_from(value).ok());
        return value.map(|value| Some(AtLeast::Value(value))).ok_or_else(|| wrong(2));
    };
    let places = units::decimals(asset).ok_or_else(|| {
        Invalid::new(
            "amount",
            format!("the decimals of {asset} are not known here; leave the asset out to filter by value"),
        )
    })?;
    units::base_units(&text, places).map(|amount| Some(AtLeast::BaseUnits(amount))).ok_or_else(|| wrong(places))
}

fn age(text: &str) -> Result<Option<Seconds>, Invalid> {
    let Some(text) = given("age", text)? else { return Ok(None) };
    let wrong = || Invalid::new("age", format!("'{text}' is no number of hours or days, such as 12h or 3d"));
    let (digits, unit) = text.split_at_checked(text.len() - 1).ok_or_else(wrong)?;
    let count: i64 = digits.parse().ok().filter(|n| (0..=100_000).contains(n)).ok_or_else(wrong)?;
    match unit {
        "h" => Ok(Some(Seconds::hours(count))),
        "d" => Ok(Some(Seconds::days(count))),
        _ => Err(wrong()),
    }
}

impl QueueQuery {
    /// Reads the query of a person.
    ///
    /// # Errors
    /// [`Invalid`] names the field.
    pub fn read(&self, person: &str) -> Result<Filter, Invalid> {
        let state = match self.state.trim() {
            "" | "open" => Some("open"),
            "closed" => Some("closed"),
            "all" => None,
            other => return Err(Invalid::new("state", format!("'{other}' is none of open, closed, all"))),
        };
        let assignee = given("assignee", &self.assignee)?.map(|name| match name.as_str() {
            "nobody" => None,
            "me" => Some(person.to_owned()),
            _ => Some(name),
        });
        let asset = given("asset", &self.asset)?.map(|text| asset::canonical(&text));
        let at_least = at_least(&self.amount, asset.as_deref())?;
        let page = match given("page", &self.page)? {
            None => 1,
            Some(text) => text.parse().ok().filter(|page| (1..=MAX_PAGES).contains(page)).ok_or_else(|| {
                Invalid::new("page", format!("'{text}' is no number from 1 to {MAX_PAGES}; narrow the filter instead"))
            })?,
        };
        Ok(Filter {
            state,
            rule: given("rule", &self.rule)?,
            risk: one_of("risk", &self.risk)?,
            assignee,
            customer: given("customer", &self.customer)?,
            asset,
            at_least,
            age: age(&self.age)?,
            typology: given("typology", &self.typology)?,
            sort: one_of("sort", &self.sort)?,
            page,
        })
    }
}

/// What a learned model for triage said of an alert's event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AlertTriage)]
pub struct Triage {
    /// Probability that the alert is a true positive, millionths.
    pub probability_ppm: u32,
    /// That times the value at stake, minor units of the reference currency; absent where the value is not known.
    pub at_stake: Option<u64>,
}

/// An alert of the queue with what is known of its event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QueueRow {
    /// The alert.
    pub alert: Alert,
    /// How urgent it is.
    pub risk: Risk,
    /// Kind of its event; none for alerts about no event.
    pub event_kind: Option<String>,
    /// Asset of its event.
    pub asset: Option<String>,
    /// Amount, base units.
    pub amount: Option<Amount>,
    /// Value, minor units of the reference currency, where a price is known.
    pub value: Option<u64>,
    /// The other side.
    pub counterparty: Option<String>,
    /// Typologies that were found.
    pub typologies: Vec<String>,
    /// What a champion for triage said of its event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub triage: Option<Triage>,
    /// Rises with everything that is done with the alert: a step that names an older one is refused.
    pub version: u64,
    /// When it should be closed.
    pub due: Timestamp,
    /// How it stands to that.
    pub clock: Clock,
}

/// The columns of a row behind the alert's, and what they are taken from.
const MORE: &str = "f.risk, f.kind, f.asset, f.amount, f.value, f.counterparty, COALESCE(f.typologies, ''),
    COALESCE((SELECT MAX(n.id) FROM alert_notes n WHERE n.alert = a.id), 0), t.probability_ppm, t.at_stake";
const FROM: &str = "FROM alerts a LEFT JOIN alert_facts f ON f.alert = a.id LEFT JOIN alert_triage t ON t.alert = a.id";

/// What the clocks of alerts are read by: the time, and the targets of the rule book in force.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clocks {
    pub(crate) now: Timestamp,
    hours: AlertHours,
}

impl Clocks {
    pub(crate) fn of(screening: &Screening) -> Self {
        Clocks { now: screening.now(), hours: screening.book().file.policy.alert_hours }
    }
}

fn clock(alert: &Alert, risk: Risk, by: Clocks) -> (Timestamp, Clock) {
    let (now, target) = (by.now, risk.target(&by.hours));
    let due = alert.created + target;
    let quarter = Seconds::new(target.count() / 4);
    let clock = match () {
        () if alert.state != "open" => Clock::Stopped,
        () if now >= due => Clock::Late,
        () if now + quarter >= due => Clock::Soon,
        () => Clock::InTime,
    };
    (due, clock)
}

fn row(row: &Row, by: Clocks) -> Result<QueueRow, DbError> {
    let at = alerts::COLUMNS.len();
    let alert = alerts::read(row)?;
    let text = |i: usize| row.text_or_null(at + i).filter(|text| !text.is_empty()).map(str::to_owned);
    let risk = Risk::of_rank(row.int_or_null(at));
    let (due, clock) = clock(&alert, risk, by);
    let amount = text(3).map(|digits| digits.parse::<Amount>()).transpose();
    Ok(QueueRow {
        risk,
        event_kind: text(1),
        asset: text(2),
        amount: amount.map_err(|e| DbError::Stored { what: "amount of an alert".into(), cause: e.to_string() })?,
        value: row.number_or_null(at + 4)?,
        counterparty: text(5),
        typologies: row.text(at + 6)?.split(' ').filter(|t| !t.is_empty()).map(str::to_owned).collect(),
        version: row.number(at + 7)?,
        triage: match row.number_or_null(at + 8)? {
            Some(probability_ppm) => Some(Triage { probability_ppm, at_stake: row.number_or_null(at + 9)? }),
            None => None,
        },
        due,
        clock,
        alert,
    })
}

/// A word of a list with spaces between, as a pattern of LIKE. `%` and `_` of the word mean themselves.
fn word_pattern(word: &str) -> String {
    let escaped: String =
        word.chars().flat_map(|c| matches!(c, '%' | '_' | '!').then_some('!').into_iter().chain([c])).collect();
    format!("% {escaped} %")
}

impl Filter {
    /// Conditions, and their parameters from `$1`.
    fn conditions(&self, now: Timestamp) -> (String, Vec<Value>) {
        let mut parameters: Vec<Value> = Vec::new();
        let mut parts: Vec<String> = Vec::new();
        let mut add = |sql: &str, value: Value| {
            parameters.push(value);
            parts.push(sql.replace('?', &format!("${}", parameters.len())));
        };
        if let Some(state) = self.state {
            add("a.state = ?", state.into());
        }
        if let Some(rule) = &self.rule {
            add("' ' || a.rules || ' ' LIKE ? ESCAPE '!'", word_pattern(rule).into());
        }
        if let Some(risk) = self.risk {
            add("COALESCE(f.risk, 25) = ?", risk.rank().into());
        }
        if let Some(Some(name)) = &self.assignee {
            add("a.assignee = ?", name.as_str().into());
        }
        if let Some(customer) = &self.customer {
            add("a.customer = ?", customer.as_str().into());
        }
        if let Some(asset) = &self.asset {
            add("f.asset = ?", asset.as_str().into());
        }
        if let Some(AtLeast::Value(value)) = self.at_least {
            add("f.value >= ?", number(value));
        }
        if let Some(age) = self.age {
            add("a.created <= ?", (now - age).into());
        }
        if let Some(typology) = &self.typology {
            add("' ' || f.typologies || ' ' LIKE ? ESCAPE '!'", word_pattern(typology).into());
        }
        if self.assignee == Some(None) {
            parts.push("a.assignee IS NULL".into());
        }
        if let Some(AtLeast::BaseUnits(amount)) = self.at_least {
            // Decimal texts without leading zeros: the longer is the greater. Digits alone, so that nothing in them needs to be a parameter.
            let digits = amount.to_string();
            let length = digits.len();
            parts.push(format!(
                "(LENGTH(f.amount) > {length} OR (LENGTH(f.amount) = {length} AND f.amount >= '{digits}'))"
            ));
        }
        let conditions = if parts.is_empty() { String::new() } else { format!(" WHERE {}", parts.join(" AND ")) };
        (conditions, parameters)
    }
}

/// A page of the queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QueuePage {
    /// Its alerts.
    pub rows: Vec<QueueRow>,
    /// How many the filter finds, counted up to [`MAX_COUNTED`].
    pub count: u64,
    /// Whether there are more than were counted.
    pub is_more: bool,
    /// Number of the page.
    pub page: u32,
    /// The order that they are in.
    pub sort: Order,
}

fn count(db: &mut Database, filter: &Filter, now: Timestamp) -> Result<u64, DbError> {
    let (conditions, mut parameters) = filter.conditions(now);
    parameters.push(number(MAX_COUNTED + 1));
    let sql = format!("SELECT COUNT(*) FROM (SELECT a.id {FROM}{conditions} LIMIT ${}) few", parameters.len());
    db.query(&sql, &parameters)?.first().map_or(Ok(0), |row| row.number(0))
}

fn select() -> String {
    let columns = alerts::COLUMNS.map(|column| format!("a.{column}")).join(", ");
    format!("SELECT {columns}, {MORE} {FROM}")
}

/// Returns a page of the queue.
///
/// # Errors
/// [`ScreeningError`] when the database fails.
pub fn page(screening: &Screening, filter: &Filter) -> Result<QueuePage, ScreeningError> {
    facts::catch_up(screening)?;
    let by = Clocks::of(screening);
    let now = by.now;
    screening.read(|db| {
        let sort = match filter.sort {
            Some(sort) => sort,
            None => usual_order(db)?,
        };
        let found = count(db, filter, now)?;
        let (conditions, mut parameters) = filter.conditions(now);
        parameters.extend([number(PAGE), number(PAGE * (filter.page - 1))]);
        let last = parameters.len();
        let sql = format!("{}{conditions} ORDER BY {} LIMIT ${} OFFSET ${last}", select(), sort.sql(), last - 1);
        let rows = db.query(&sql, &parameters)?.iter().map(|r| row(r, by)).collect::<Result<Vec<_>, _>>()?;
        Ok(QueuePage { rows, count: found.min(MAX_COUNTED), is_more: found > MAX_COUNTED, page: filter.page, sort })
    })
}

/// The queue's own order: by what a review is expected to save, where a champion for triage is in force.
fn usual_order(db: &mut Database) -> Result<Order, DbError> {
    let sql = "SELECT 1 FROM models WHERE purpose = 'alert-triage' AND state = 'champion'";
    Ok(if db.query(sql, &[])?.is_empty() { Order::Risk } else { Order::Triage })
}

/// Returns how many alerts a filter finds, and whether there are more than were counted.
///
/// # Errors
/// [`ScreeningError`] when the database fails.
pub fn counted(screening: &Screening, filter: &Filter) -> Result<(u64, bool), ScreeningError> {
    let now = screening.now();
    let found = screening.read(|db| count(db, filter, now))?;
    Ok((found.min(MAX_COUNTED), found > MAX_COUNTED))
}

/// Returns one alert as the queue has it.
///
/// # Errors
/// [`ScreeningError::NotFound`]; [`ScreeningError::Store`] when the database fails.
pub fn one(screening: &Screening, id: u64) -> Result<QueueRow, ScreeningError> {
    facts::catch_up(screening)?;
    let by = Clocks::of(screening);
    let found = screening.read(|db| {
        let rows = db.query(&format!("{} WHERE a.id = $1", select()), &[number(id)])?;
        rows.first().map(|r| row(r, by)).transpose()
    })?;
    found.ok_or_else(|| ScreeningError::NotFound(format!("alert {id}")))
}

/// Returns at most `limit` alerts of a condition over `a` and `f`, the latest first.
pub(crate) fn some(
    db: &mut Database,
    condition: &str,
    parameters: &[Value],
    limit: u32,
    by: Clocks,
) -> Result<Vec<QueueRow>, DbError> {
    let sql = format!("{} WHERE {condition} ORDER BY a.id DESC LIMIT {limit}", select());
    db.query(&sql, parameters)?.iter().map(|r| row(r, by)).collect()
}

/// The condition that a rule is behind an alert, with `$n` for its pattern.
pub(crate) fn has_rule(n: usize, rule: &str) -> (String, Value) {
    (format!("' ' || a.rules || ' ' LIKE ${n} ESCAPE '!'"), word_pattern(rule).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(change: impl FnOnce(&mut QueueQuery)) -> Result<Filter, Invalid> {
        let mut query = QueueQuery::default();
        change(&mut query);
        query.read("ana")
    }

    #[test]
    fn a_query_is_read_and_faults_name_the_field() {
        let filter = read(|q| {
            q.assignee = "me".into();
            q.amount = "0.5".into();
            q.asset = "xbt".into();
            q.age = "3d".into();
        })
        .unwrap();
        assert_eq!(filter.assignee, Some(Some("ana".into())));
        assert_eq!(filter.at_least, Some(AtLeast::BaseUnits(Amount::new(50_000_000))));
        assert_eq!((filter.state, filter.age, filter.page), (Some("open"), Some(Seconds::days(3)), 1));
        assert_eq!(read(|q| q.amount = "1000.5".into()).unwrap().at_least, Some(AtLeast::Value(100_050)));
        assert_eq!(read(|q| q.assignee = "nobody".into()).unwrap().assignee, Some(None));
        let fault = |change: fn(&mut QueueQuery)| read(change).unwrap_err().to_string();
        assert!(fault(|q| q.risk = "mild".into()).contains("none of severe, high, unknown, medium, low"));
        assert!(fault(|q| q.age = "é".into()).starts_with("age"), "{}", fault(|q| q.age = "é".into()));
        assert!(fault(|q| q.amount = "1.005".into()).contains("at most 2 decimals"));
        assert!(fault(|q| q.page = "0".into()).starts_with("page"));
        assert!(fault(|q| q.state = "shut".into()).contains("open, closed, all"));
    }

    #[test]
    fn clocks_count_to_the_targets_of_the_rule_book() {
        let hours = AlertHours { severe: 8, ..AlertHours::default() };
        let created = Timestamp::from_unix(1_700_000_000);
        let alert = Alert {
            id: 1,
            event: 1,
            customer: "c-1".into(),
            kind: "decision".into(),
            decision: "hold".into(),
            state: "open".into(),
            assignee: None,
            outcome: None,
            reason: String::new(),
            rules: Vec::new(),
            created,
            updated: created,
        };
        let at = |hour: i64, risk| clock(&alert, risk, Clocks { now: created + Seconds::hours(hour), hours });
        assert_eq!(at(0, Risk::Severe), (created + Seconds::hours(8), Clock::InTime));
        assert_eq!([5, 6, 8].map(|hour| at(hour, Risk::Severe).1), [Clock::InTime, Clock::Soon, Clock::Late]);
        assert_eq!(at(8, Risk::High), (created + Seconds::hours(24), Clock::InTime));
    }

    #[test]
    fn patterns_mean_their_words() {
        assert_eq!(word_pattern("a_b%"), "% a!_b!% %");
    }

    #[test]
    fn ranks_are_read_back() {
        for risk in Risk::VARIANTS {
            assert_eq!(Risk::of_rank(Some(risk.rank())), *risk);
        }
        assert_eq!(Risk::of_rank(None), Risk::Unknown);
        assert!(Risk::Unknown.rank() > Risk::Medium.rank());
    }
}
