//! Periods: how long records of a kind are kept, and the law that says so.

use crate::{Retention, RetentionError};
use holdfast_decision::model::text_ok;
use holdfast_store::{Database, DbError};
use holdfast_types::{Invalid, Seconds, Timestamp, named};
use serde::Serialize;
use serde_json::json;
use strum::VariantArray;
use utoipa::ToSchema;

/// Longest period, in days: 100 years.
pub const MAX_DAYS: i64 = 36_525;

named! {
    /// Kinds of records that have a period of their own.
    #[schema(as = RetentionKind)]
    pub enum Kind {
        /// What the exchange stated of the customer; from the latest statement.
        Records,
        /// Events with their decisions, and alerts; from the latest decision or step.
        Events,
        /// Requests from law enforcement that name the customer, and what was produced; from their receipt.
        Requests,
        /// Cases that name the customer; from the latest item.
        Cases,
        /// Reports to authorities of those cases; from the latest version.
        Reports,
    }
}

impl Kind {
    /// The statement that gives the time of the latest record of a customer (`$1`).
    fn latest(self) -> &'static str {
        match self {
            Kind::Records => "SELECT MAX(time) FROM records WHERE customer = $1 OR (kind = 'customer' AND id = $1)",
            Kind::Events => {
                "SELECT MAX(latest) FROM (SELECT MAX(decided) AS latest FROM events WHERE customer = $1
                 UNION ALL SELECT MAX(updated) AS latest FROM alerts WHERE customer = $1) AS both_times"
            }
            Kind::Requests => {
                "SELECT MAX(r.received) FROM requests r JOIN request_matches m ON m.request = r.id WHERE m.customer = $1"
            }
            Kind::Cases => {
                "SELECT MAX(created) FROM case_items WHERE case_id IN
                 (SELECT case_id FROM case_items WHERE kind = 'customer' AND key = $1)"
            }
            Kind::Reports => {
                "SELECT MAX(created) FROM reports WHERE case_id IN
                 (SELECT case_id FROM case_items WHERE kind = 'customer' AND key = $1)"
            }
        }
    }
}

/// How long records of a kind are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = RetentionPeriod)]
pub struct Period {
    /// Of which records.
    pub kind: Kind,
    /// Days after the latest record.
    pub days: i64,
    /// The law that says so, such as "Directive (EU) 2015/849, Article 40".
    pub basis: String,
    /// Who set it.
    pub set_by: String,
    /// When, Unix seconds.
    #[schema(value_type = i64)]
    pub set: Timestamp,
}

/// What of a customer is kept until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = KeptRecords)]
pub struct Kept {
    /// Which records.
    pub kind: Kind,
    /// The latest of them, Unix seconds.
    #[schema(value_type = i64)]
    pub latest: Timestamp,
    /// Until when they are kept; none where no period is set, so that they are kept.
    #[schema(value_type = Option<i64>)]
    pub until: Option<Timestamp>,
    /// The law, where a period is set.
    pub basis: Option<String>,
}

pub(crate) fn periods(db: &mut Database) -> Result<Vec<Period>, DbError> {
    let rows = db.query("SELECT kind, days, basis, set_by, set_at FROM retention_policies ORDER BY kind", &[])?;
    rows.iter()
        .map(|row| {
            Ok(Period {
                kind: row.named(0)?,
                days: row.int(1)?,
                basis: row.text(2)?.to_owned(),
                set_by: row.text(3)?.to_owned(),
                set: row.time(4)?,
            })
        })
        .collect()
}

/// Returns what is stored of a customer, kind by kind, and until when it is kept.
pub(crate) fn kept(db: &mut Database, customer: &str) -> Result<Vec<Kept>, DbError> {
    let periods = periods(db)?;
    let mut all = Vec::new();
    for kind in Kind::VARIANTS.iter().copied() {
        let rows = db.query(kind.latest(), &[customer.into()])?;
        let Some(latest) = rows.first().and_then(|row| row.time_or_null(0)) else { continue };
        let period = periods.iter().find(|period| period.kind == kind);
        let until = period.map(|p| latest + Seconds::DAY * p.days);
        all.push(Kept { kind, latest, until, basis: period.map(|p| p.basis.clone()) });
    }
    Ok(all)
}

impl Retention<'_> {
    /// Returns the periods that are set.
    ///
    /// # Errors
    /// [`RetentionError::Store`] when the database fails.
    pub fn periods(&self) -> Result<Vec<Period>, RetentionError> {
        Ok(self.screening.read(periods)?)
    }

    /// Sets how long records of a kind are kept, in days after the latest record, and the law that says so.
    ///
    /// # Errors
    /// [`RetentionError::Invalid`] names `days` or `basis`.
    pub fn set_period(&self, kind: Kind, days: i64, basis: &str, actor: &str) -> Result<Period, RetentionError> {
        text_ok("basis", basis)?;
        if !(0..=MAX_DAYS).contains(&days) {
            return Err(Invalid::new("days", format!("must be 0 to {MAX_DAYS}")).into());
        }
        let (basis, set_by) = (basis.to_owned(), actor.to_owned());
        self.screening.transact(actor, move |tx| {
            let set = tx.now();
            let sql = "INSERT INTO retention_policies (kind, days, basis, set_by, set_at) VALUES ($1, $2, $3, $4, $5)
                       ON CONFLICT (kind) DO UPDATE SET days = excluded.days, basis = excluded.basis, set_by = excluded.set_by, set_at = excluded.set_at";
            let row = [kind.name().into(), days.into(), basis.as_str().into(), set_by.as_str().into(), set.into()];
            tx.db().execute(sql, &row)?;
            let detail = json!({ "days": days, "basis": basis }).to_string();
            tx.audit("retention.period_set", &format!("retention:{}", kind.name()), &detail);
            Ok(Period { kind, days, basis, set_by, set })
        })
    }

    /// Returns what is stored of a customer and until when it is kept, kind by kind.
    ///
    /// # Errors
    /// [`RetentionError::NotFound`] for a customer of whom nothing is stored.
    pub fn kept(&self, customer: &str) -> Result<Vec<Kept>, RetentionError> {
        let found = self.screening.read(|db| kept(db, customer))?;
        match found.is_empty() {
            true => Err(RetentionError::NotFound(format!("customer '{customer}'"))),
            false => Ok(found),
        }
    }
}
