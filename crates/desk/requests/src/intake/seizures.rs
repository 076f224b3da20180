//! Transfers of seizures: what moves where, and how far it is.

use crate::{Desk, RequestError};
use holdfast_screening::service::Transaction;
use holdfast_store::{Database, DbError, Row};
use holdfast_types::ids::SeizureId;
use holdfast_types::named;
use holdfast_types::{Amount, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a seizure moves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SeizureTransfer {
    /// From which customer.
    pub customer: String,
    /// Asset, such as BTC.
    pub asset: String,
    /// Base units.
    #[schema(value_type = String)]
    pub amount: Amount,
    /// The authority's address or account, as its order names it.
    pub destination: String,
}

named! {
    /// State of a transfer of a seizure.
    pub enum SeizureState {
        /// It waits for two approvals.
        Prepared,
        /// Its answer went back to be prepared anew.
        Returned,
        /// Two people approved it: the exchange may carry it out.
        Approved,
        /// It was carried out.
        Moved,
    }
}

/// A transfer of a seizure in its present state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Seizure {
    /// Number.
    pub id: SeizureId,
    /// Request.
    pub request: String,
    /// What moves.
    pub transfer: SeizureTransfer,
    /// prepared; returned, with the answer; approved, by two people: the exchange may carry it out; moved.
    pub state: SeizureState,
    /// Hold on the amount until it moves.
    pub hold: Option<u64>,
    /// Transaction id or payment reference by which it moved.
    pub reference: Option<String>,
    /// When it moved.
    pub moved: Option<Timestamp>,
}

const SEIZURE: &str =
    "SELECT id, request, customer, asset, amount, destination, state, hold, reference, moved FROM seizures";

fn seizure(row: &Row) -> Result<Seizure, DbError> {
    let text = |i| row.text(i).map(str::to_owned);
    let amount = row.text(4)?;
    let amount: Amount =
        amount.parse().map_err(|_| DbError::Stored { what: "amount".into(), cause: amount.to_owned() })?;
    Ok(Seizure {
        id: row.number(0)?,
        request: text(1)?,
        transfer: SeizureTransfer { customer: text(2)?, asset: text(3)?, amount, destination: text(5)? },
        state: row.named(6)?,
        hold: row.number_or_null(7)?,
        reference: row.text_or_null(8).map(str::to_owned),
        moved: row.time_or_null(9),
    })
}

pub(crate) fn seizures_of(db: &mut Database, request: &str) -> Result<Vec<Seizure>, DbError> {
    db.query(&format!("{SEIZURE} WHERE request = $1 ORDER BY id"), &[request.into()])?.iter().map(seizure).collect()
}

/// Stores a transfer of a seizure that is prepared.
pub(super) fn store_transfer(tx: &mut Transaction<'_>, request: &str, t: &SeizureTransfer) -> Result<(), RequestError> {
    let id = tx.next_id("seizures")?;
    let row = [
        id.into(),
        request.into(),
        t.customer.as_str().into(),
        t.asset.as_str().into(),
        t.amount.to_string().into(),
        t.destination.as_str().into(),
    ];
    tx.db().execute(
        "INSERT INTO seizures (id, request, customer, asset, amount, destination, state)
         VALUES ($1, $2, $3, $4, $5, $6, 'prepared')",
        &row,
    )?;
    Ok(())
}

impl Desk<'_> {
    /// Returns transfers of seizures in a state (or all), oldest first, at most 1,000: approved ones are for the exchange to carry out.
    ///
    /// # Errors
    /// [`RequestError`] when the database fails.
    pub fn seizures(&self, state: Option<SeizureState>, actor: &str) -> Result<Vec<Seizure>, RequestError> {
        self.note_look("seizures.listed", "seizures", actor)?;
        self.read(|db| {
            let rows = match state {
                Some(s) => {
                    db.query(&format!("{SEIZURE} WHERE state = $1 ORDER BY id LIMIT 1000"), &[s.as_ref().into()])?
                }
                None => db.query(&format!("{SEIZURE} ORDER BY id LIMIT 1000"), &[])?,
            };
            rows.iter().map(seizure).collect()
        })
    }

    /// Returns transfers of one seizure; the access is recorded in the audit log.
    ///
    /// # Errors
    /// [`RequestError`] when the database fails.
    pub fn transfers(&self, id: &str, actor: &str) -> Result<Vec<Seizure>, RequestError> {
        self.note_look("seizures.listed", &format!("request:{id}"), actor)?;
        self.read(|db| seizures_of(db, id))
    }
}
