//! Prevention: campaigns with police that warn customers of scams, and measure what the warnings do ([`campaigns`]).

pub mod campaigns;

use holdfast_identity::Master;
use holdfast_screening::model::Invalid;
use holdfast_screening::{Screening, ScreeningError};

/// Prevention, over the screening service's database and audit log.
#[derive(Clone, Copy, Debug)]
pub struct Prevention<'a> {
    /// The database's one writer.
    pub screening: &'a Screening,
    /// Secret that a campaign's arms are drawn by.
    pub master: &'a Master,
}

fn invalid(field: &str, problem: String) -> ScreeningError {
    Invalid::new(field, problem).into()
}
