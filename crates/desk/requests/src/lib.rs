//! Requests from law enforcement: what they are ([`request`]), what the law allows them ([`policy`]), and whether they are genuine
//! ([`forgery`]); and their steps from intake to an answer that two people approved ([`intake`]).

#![warn(
    clippy::too_many_lines,
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    clippy::cast_lossless
)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::too_many_lines,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_possible_wrap
    )
)]

pub mod balances;
mod carry_out;
pub mod clocks;
pub mod disclose;
mod error;
pub mod forgery;
pub mod intake;
mod letters;
pub mod lookalike;
pub mod matching;
mod notice;
pub mod passkey;
pub mod policy;
pub mod portal;
pub mod production;
pub mod request;
pub mod scope;
pub mod search;
pub mod waiting;

pub use error::RequestError;

pub use forgery::{History, Suspicion};
pub use passkey::Site;
pub use policy::{Judgement, Policy};
pub use request::Request;

use holdfast_documents::Vault;
use holdfast_identity::KeyRing;
use holdfast_screening::Screening;
use holdfast_screening::service::Transaction;
use holdfast_store::{Database, DbError};
use holdfast_types::Invalid;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// The desk, over the screening service's database and audit log.
#[derive(Clone, Copy, Debug)]
pub struct Desk<'a> {
    /// The database's one writer.
    pub screening: &'a Screening,
    /// The policy in force.
    pub policy: &'a Arc<Policy>,
    /// Secret that codes, sessions and signing keys are derived from.
    pub key_ring: &'a KeyRing,
    /// Files.
    pub vault: &'a Vault,
}

/// A request with what is known of who sent it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Inquiry {
    /// The request.
    pub request: Request,
    /// What is known of its sender.
    #[serde(default)]
    pub history: History,
}

/// What a reviewer is shown before anything is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Review {
    /// Judgement by policy.
    pub judgement: Judgement,
    /// Signs of forgery.
    pub suspicion: Suspicion,
    /// The request with its targets in canonical form, cards masked.
    pub request: Request,
}

/// Validates a request and reviews it by policy and signs of forgery.
///
/// # Errors
/// [`Invalid`] names the field.
pub fn review(policy: &Policy, inquiry: &Inquiry) -> Result<Review, Invalid> {
    let request = inquiry.request.clone().canonical()?;
    Ok(Review {
        judgement: policy.judge(&request)?,
        suspicion: forgery::suspicion(&request, &inquiry.history)?,
        request,
    })
}

impl Desk<'_> {
    /// Runs a query on a reading connection.
    fn read<T>(&self, query: impl FnOnce(&mut Database) -> Result<T, DbError>) -> Result<T, RequestError> {
        Ok(self.screening.read(query)?)
    }

    /// Runs a change in the writer and waits until it is durable.
    fn transact<T: Send + 'static>(
        &self,
        actor: &str,
        run: impl FnOnce(&mut Transaction<'_>) -> Result<T, RequestError> + Send + 'static,
    ) -> Result<T, RequestError> {
        self.screening.transact(actor, run)
    }
}
