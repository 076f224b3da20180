//! Requests from law enforcement: what they are ([`request`]), what the law lets them ask ([`policy`]), and whether they are what they say
//! ([`forgery`]); and their way from intake to an answer that two people gave ([`intake`]).

pub mod forgery;
pub mod intake;
pub mod matching;
pub mod policy;
pub mod request;

pub use forgery::{History, Suspicion};
pub use intake::Intake;
pub use policy::{Judgement, Policy};
pub use request::Request;

use holdfast_screening::model::Invalid;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Review {
    /// What policy says.
    pub judgement: Judgement,
    /// Signs of forgery.
    pub suspicion: Suspicion,
    /// The request with its targets in canonical form, cards masked.
    pub request: Request,
}

/// Validates a request, and says what policy and the signs of forgery say of it.
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
