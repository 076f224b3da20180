//! Legal holds: while one stands, nothing of the customer is erased.

use crate::{Retention, RetentionError};
use holdfast_decision::model::text_ok;
use holdfast_store::{Database, DbError, Row, number};
use holdfast_types::Timestamp;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

/// Most holds of an answer.
const MAX_LISTED: i64 = 10_000;

/// A legal hold on a customer's records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct LegalHold {
    /// Number.
    pub id: u64,
    /// Whose records.
    pub customer: String,
    /// Why: proceedings, an order.
    pub reason: String,
    /// Who placed it.
    pub placed_by: String,
    /// When, Unix seconds.
    #[schema(value_type = i64)]
    pub placed: Timestamp,
    /// Who lifted it.
    pub lifted_by: Option<String>,
    /// When.
    #[schema(value_type = Option<i64>)]
    pub lifted: Option<Timestamp>,
    /// Why.
    pub lifted_reason: Option<String>,
}

const SELECT: &str =
    "SELECT id, customer, reason, placed_by, placed, lifted_by, lifted, lifted_reason FROM legal_holds";

fn hold(row: &Row) -> Result<LegalHold, DbError> {
    let text_or_null = |i| row.text_or_null(i).map(str::to_owned);
    Ok(LegalHold {
        id: row.number(0)?,
        customer: row.text(1)?.to_owned(),
        reason: row.text(2)?.to_owned(),
        placed_by: row.text(3)?.to_owned(),
        placed: row.time(4)?,
        lifted_by: text_or_null(5),
        lifted: row.time_or_null(6),
        lifted_reason: text_or_null(7),
    })
}

/// Returns the holds that stand on a customer.
pub(crate) fn standing(db: &mut Database, customer: &str) -> Result<Vec<LegalHold>, DbError> {
    let sql = format!("{SELECT} WHERE customer = $1 AND lifted IS NULL ORDER BY id LIMIT $2");
    db.query(&sql, &[customer.into(), MAX_LISTED.into()])?.iter().map(hold).collect()
}

impl Retention<'_> {
    /// Places a legal hold on a customer, whether or not anything is stored of them yet.
    ///
    /// # Errors
    /// [`RetentionError::Invalid`] names `customer` or `reason`.
    pub fn place_legal_hold(&self, customer: &str, reason: &str, actor: &str) -> Result<LegalHold, RetentionError> {
        text_ok("customer", customer)?;
        text_ok("reason", reason)?;
        let (customer, reason, placed_by) = (customer.to_owned(), reason.to_owned(), actor.to_owned());
        self.screening.transact(actor, move |tx| {
            let (id, placed) = (tx.next_id("legal_holds")?.unsigned_abs(), tx.now());
            let sql = "INSERT INTO legal_holds (id, customer, reason, placed_by, placed) VALUES ($1, $2, $3, $4, $5)";
            let row = [
                number(id),
                customer.as_str().into(),
                reason.as_str().into(),
                placed_by.as_str().into(),
                placed.into(),
            ];
            tx.db().execute(sql, &row)?;
            let detail = json!({ "customer": customer, "reason": reason }).to_string();
            tx.audit("legal_hold.placed", &format!("legal_hold:{id}"), &detail);
            Ok(LegalHold {
                id,
                customer,
                reason,
                placed_by,
                placed,
                lifted_by: None,
                lifted: None,
                lifted_reason: None,
            })
        })
    }

    /// Lifts a legal hold.
    ///
    /// # Errors
    /// [`RetentionError::NotFound`]; [`RetentionError::State`] when it is lifted already; [`RetentionError::Invalid`] without a reason.
    pub fn lift_legal_hold(&self, id: u64, reason: &str, actor: &str) -> Result<LegalHold, RetentionError> {
        text_ok("reason", reason)?;
        let (reason, by) = (reason.to_owned(), actor.to_owned());
        self.screening.transact(actor, move |tx| {
            let now = tx.now();
            let rows = tx.db().query(&format!("{SELECT} WHERE id = $1"), &[number(id)])?;
            let Some(row) = rows.first() else { return Err(RetentionError::NotFound(format!("legal hold {id}"))) };
            let found = hold(row)?;
            if let Some(lifted) = found.lifted {
                return Err(RetentionError::State(format!("legal hold {id} was lifted on {}", lifted.rfc3339())));
            }
            let sql = "UPDATE legal_holds SET lifted_by = $1, lifted = $2, lifted_reason = $3 WHERE id = $4";
            tx.db().execute(sql, &[by.as_str().into(), now.into(), reason.as_str().into(), number(id)])?;
            let detail = json!({ "customer": found.customer, "reason": reason }).to_string();
            tx.audit("legal_hold.lifted", &format!("legal_hold:{id}"), &detail);
            Ok(LegalHold { lifted_by: Some(by), lifted: Some(now), lifted_reason: Some(reason), ..found })
        })
    }

    /// Returns legal holds, those that stand first, at most 10,000; of one customer where one is named.
    ///
    /// # Errors
    /// [`RetentionError::Store`] when the database fails.
    pub fn legal_holds(&self, customer: Option<&str>) -> Result<Vec<LegalHold>, RetentionError> {
        let sql = format!("{SELECT} WHERE customer = $1 OR $1 = '' ORDER BY COALESCE(lifted, 0), id LIMIT $2");
        let of = customer.unwrap_or_default();
        Ok(self.screening.read(|db| db.query(&sql, &[of.into(), MAX_LISTED.into()])?.iter().map(hold).collect())?)
    }
}
