//! Which TLP labels a caller may read: tags above them do not exist in what is answered.

use crate::auth::Caller;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use holdfast_attribution::Tlp;
use std::convert::Infallible;

/// The most restrictive label that the caller of a request may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clearance(pub Tlp);

impl Clearance {
    /// Returns what a caller may read: investigators (`desk`, `approve`) everything, partners what is for the community, other keys what is for the
    /// organisation.
    #[must_use]
    pub fn of(caller: &Caller) -> Self {
        Clearance(match caller {
            c if ["desk", "approve"].iter().any(|s| c.may(s)) => Tlp::Red,
            c if c.may("partner") => Tlp::Green,
            _ => Tlp::AmberStrict,
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Clearance {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        // Without a key: what is public.
        Ok(parts.extensions.get::<Caller>().map_or(Clearance(Tlp::Clear), Clearance::of))
    }
}
