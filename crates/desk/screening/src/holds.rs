//! Holds and freezes as stored: every change posts lines that add up to zero, so that held amounts balance to the base unit.

use holdfast_decision::ActiveHold;
use holdfast_decision::flags::FLAG_BASIS;
use holdfast_decision::model::MAX_TEXT;
use holdfast_decision::rules::Scope;
use holdfast_store::{Database, DbError, Row, number};
use holdfast_types::SignedAmount;
use holdfast_types::{Amount, Invalid, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hold {
    /// Its number.
    pub id: u64,
    /// What it covers.
    pub scope: Scope,
    /// Customer.
    pub customer: String,
    /// Account, where one is meant.
    pub account: Option<String>,
    /// Asset.
    pub asset: Option<String>,
    /// Base units when placed, for amounts and deposits.
    pub amount: Option<Amount>,
    /// Base units still held.
    pub held: Amount,
    /// Movement on chain: asset:tx:output.
    pub transfer: Option<String>,
    /// Event whose decision placed it.
    pub event: Option<u64>,
    /// active, released or expired.
    pub state: String,
    /// Legal or contractual basis.
    pub basis: String,
    /// Why.
    pub reason: String,
    /// Who placed it; `engine` for decisions.
    pub placed_by: String,
    /// Unix seconds.
    pub placed: Timestamp,
    /// Lapses, Unix seconds.
    pub expires: Option<Timestamp>,
    /// To be reviewed by, Unix seconds.
    pub review: Option<Timestamp>,
    /// Whether its release needs a second person.
    pub second_person: bool,
    /// Who asked for its release.
    pub asked_by: Option<String>,
    /// Base units asked to be released; all when absent.
    pub asked_amount: Option<Amount>,
    /// Why its release was asked for.
    pub asked_reason: Option<String>,
    /// When it ended, Unix seconds.
    pub ended: Option<Timestamp>,
    /// Who ended it.
    pub ended_by: Option<String>,
    /// Why it ended.
    pub ended_reason: Option<String>,
}

impl Hold {
    /// Returns the base units that it covers, or covered when it ended; of an active one what is held still.
    #[must_use]
    pub fn covers(&self) -> Amount {
        match self.amount {
            Some(placed) if self.state != "active" => placed,
            _ => self.held,
        }
    }

    /// Returns what decisions need of it.
    pub(crate) fn active(&self) -> ActiveHold {
        ActiveHold {
            id: self.id,
            scope: self.scope,
            account: self.account.clone(),
            asset: self.asset.clone(),
            held: self.held,
            transfer: self.transfer.clone(),
            expires: self.expires,
            flagged: self.basis == FLAG_BASIS,
        }
    }
}

/// A hold that a person places.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldRequest {
    /// The sender's id; sent again it places nothing new.
    pub id: String,
    /// What it covers.
    pub scope: Scope,
    /// Customer.
    pub customer: String,
    /// Account, where one is meant.
    #[serde(default)]
    pub account: Option<String>,
    /// Asset; required for all scopes but account.
    #[serde(default)]
    pub asset: Option<String>,
    /// Base units; required for amounts and deposits.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub amount: Option<Amount>,
    /// Movement on chain (asset:tx:output); required for deposits.
    #[serde(default)]
    pub transfer: Option<String>,
    /// Legal or contractual basis.
    pub basis: String,
    /// Why.
    pub reason: String,
    /// Lapses, Unix seconds.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    pub expires: Option<Timestamp>,
    /// To be reviewed by, Unix seconds.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    pub review: Option<Timestamp>,
    /// Whether its release needs a second person; by default as the policy sets.
    #[serde(default)]
    pub second_person: Option<bool>,
}

impl HoldRequest {
    /// Whether it is complete.
    ///
    /// # Errors
    /// [`Invalid`] names the field.
    pub fn validate(&self, now: Timestamp) -> Result<(), Invalid> {
        for (field, text) in
            [("id", &self.id), ("customer", &self.customer), ("basis", &self.basis), ("reason", &self.reason)]
        {
            if text.is_empty() || text.len() > MAX_TEXT * 4 {
                return Err(Invalid::new(field, format!("must be 1 to {} bytes", MAX_TEXT * 4)));
            }
        }
        let needs = |field: &str, there: bool| {
            if there {
                Ok(())
            } else {
                Err(Invalid::new(field, format!("missing; a hold on {} needs it", self.scope.name())))
            }
        };
        if self.scope != Scope::Account {
            needs("asset", self.asset.is_some())?;
        }
        if matches!(self.scope, Scope::Amount | Scope::Deposit) {
            needs("amount", self.amount.is_some_and(|a| !a.is_zero()))?;
        } else if self.amount.is_some() {
            return Err(Invalid::new(
                "amount",
                format!("a hold on {} covers all of it; leave the amount out", self.scope.name()),
            ));
        }
        if self.scope == Scope::Deposit {
            needs("transfer", self.transfer.is_some())?;
        }
        if self.expires.is_some_and(|e| e <= now) {
            return Err(Invalid::new("expires", "is in the past"));
        }
        Ok(())
    }
}

/// Columns of a hold, in the order that [`hold`] reads.
pub(crate) const COLUMNS: [&str; 25] = [
    "id",
    "dedupe",
    "scope",
    "customer",
    "account",
    "asset",
    "amount",
    "held",
    "transfer",
    "event",
    "state",
    "basis",
    "reason",
    "placed_by",
    "placed",
    "expires",
    "review",
    "second_person",
    "asked_by",
    "asked",
    "asked_amount",
    "asked_reason",
    "ended",
    "ended_by",
    "ended_reason",
];

pub(crate) fn stored<T: std::str::FromStr>(what: &str, text: &str) -> Result<T, DbError>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|e: T::Err| DbError::Stored { what: what.to_owned(), cause: e.to_string() })
}

fn too_wide(what: &str) -> DbError {
    DbError::Stored { what: what.to_owned(), cause: "the sum does not fit into 256 bits".into() }
}

fn add(sum: &mut SignedAmount, amount: SignedAmount) -> Result<(), DbError> {
    *sum = sum.checked_add(amount).ok_or_else(|| too_wide("postings of a hold"))?;
    Ok(())
}

pub(crate) fn hold(row: &Row) -> Result<Hold, DbError> {
    let text = |i: usize| row.text_or_null(i).map(str::to_owned);
    let amount = |i: usize| row.text_or_null(i).map(|t| stored::<Amount>("amount of a hold", t)).transpose();
    let scope = row.text(2)?;
    Ok(Hold {
        id: row.number(0)?,
        scope: Scope::from_name(scope)
            .ok_or_else(|| DbError::Stored { what: "scope of a hold".into(), cause: format!("'{scope}' is none") })?,
        customer: row.text(3)?.to_owned(),
        account: text(4),
        asset: text(5),
        amount: amount(6)?,
        held: stored("amount of a hold", row.text(7)?)?,
        transfer: text(8),
        event: row.number_or_null(9)?,
        state: row.text(10)?.to_owned(),
        basis: row.text(11)?.to_owned(),
        reason: row.text(12)?.to_owned(),
        placed_by: row.text(13)?.to_owned(),
        placed: row.time(14)?,
        expires: row.time_or_null(15),
        review: row.time_or_null(16),
        second_person: row.int(17)? != 0,
        asked_by: text(18),
        asked_amount: amount(20)?,
        asked_reason: text(21),
        ended: row.time_or_null(22),
        ended_by: text(23),
        ended_reason: text(24),
    })
}

/// How a hold is released.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReleaseRequest)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// Base units; all when absent.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub amount: Option<Amount>,
    /// Reason.
    pub reason: String,
    /// Whether the customer confirmed the address of the withdrawal, which imitates another one, to be the one that is meant: it is not warned of again. Where a
    /// second person is needed, that person's statement counts.
    #[serde(default)]
    pub address_confirmed: bool,
}

/// Which holds.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct HoldFilter {
    /// active, released or expired.
    pub state: Option<String>,
    /// Of one customer.
    pub customer: Option<String>,
    /// Placed by the decision of one event, by its number.
    #[serde(default)]
    pub event: Option<u64>,
    /// Numbers above this one.
    pub after: u64,
    /// The latest first; by default the oldest.
    #[serde(default)]
    pub newest_first: bool,
    /// At most so many, up to 1,000.
    pub limit: usize,
}

/// One hold.
///
/// # Errors
/// [`DbError`].
pub fn get(db: &mut Database, id: u64) -> Result<Option<Hold>, DbError> {
    let sql = format!("SELECT {} FROM holds WHERE id = $1", COLUMNS.join(", "));
    db.query(&sql, &[number(id)])?.first().map(hold).transpose()
}

/// Lists holds by number.
///
/// # Errors
/// [`DbError`].
pub fn list(db: &mut Database, filter: &HoldFilter) -> Result<Vec<Hold>, DbError> {
    let mut sql = format!("SELECT {} FROM holds WHERE id > $1", COLUMNS.join(", "));
    let mut parameters = vec![number(filter.after)];
    for (column, value) in [("state", &filter.state), ("customer", &filter.customer)] {
        if let Some(value) = value {
            parameters.push(value.as_str().into());
            sql += &format!(" AND {column} = ${}", parameters.len());
        }
    }
    if let Some(event) = filter.event {
        parameters.push(number(event));
        sql += &format!(" AND event = ${}", parameters.len());
    }
    parameters.push(number(filter.limit.clamp(1, 1000) as u64));
    let order = if filter.newest_first { "DESC" } else { "ASC" };
    sql += &format!(" ORDER BY id {order} LIMIT ${}", parameters.len());
    db.query(&sql, &parameters)?.iter().map(hold).collect()
}

/// What a check of the books found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HoldsReport {
    /// Holds checked.
    pub holds: u64,
    /// Base units held by asset, active holds.
    pub held: BTreeMap<String, Amount>,
    /// What does not balance; empty when all does.
    pub problems: Vec<String>,
}

/// Checks that postings add up to zero in every change, and that each hold's postings add up to what it still holds.
///
/// # Errors
/// [`DbError`].
pub fn check(db: &mut Database) -> Result<HoldsReport, DbError> {
    let mut report = HoldsReport { holds: 0, held: BTreeMap::new(), problems: Vec::new() };
    let mut filter = HoldFilter { limit: 1000, ..HoldFilter::default() };
    loop {
        let page = list(db, &filter)?;
        let Some(last) = page.last() else { break };
        let (first, last) = (page[0].id, last.id);
        let rows = db.query(
            "SELECT hold, change, ledger_account, amount FROM postings WHERE hold >= $1 AND hold <= $2 ORDER BY id",
            &[number(first), number(last)],
        )?;
        let mut changes: BTreeMap<(i64, i64), SignedAmount> = BTreeMap::new();
        let mut held: BTreeMap<u64, SignedAmount> = BTreeMap::new();
        for row in &rows {
            let amount: SignedAmount = stored("amount of a posting", row.text(3)?)?;
            add(changes.entry((row.int(0)?, row.int(1)?)).or_default(), amount)?;
            if row.text(2)?.starts_with("held:") {
                add(held.entry(row.number(0)?).or_default(), amount)?;
            }
        }
        for ((hold, change), sum) in changes.iter().filter(|c| *c.1 != SignedAmount::ZERO) {
            report.problems.push(format!("hold {hold}: the lines of change {change} add up to {sum}, not 0"));
        }
        for h in &page {
            report.holds += 1;
            let posted = held.get(&h.id).copied().unwrap_or_default();
            if posted != SignedAmount::from(h.held) {
                report
                    .problems
                    .push(format!("hold {}: {} base units are held, by its postings {posted}", h.id, h.held));
            }
            if h.state != "active" && !h.held.is_zero() {
                report.problems.push(format!("hold {}: {} but still holds {}", h.id, h.state, h.held));
            }
            if !h.held.is_zero()
                && let Some(asset) = &h.asset
            {
                let sum = report.held.entry(asset.clone()).or_default();
                *sum = sum.checked_add(h.held).ok_or_else(|| too_wide("amounts of holds"))?;
            }
        }
        filter.after = last;
    }
    Ok(report)
}
