//! The desk's queue of alerts as people work it: filtered, sorted and counted ([`queue`]), kept as named views ([`views`]), worked one by one or many at once
//! ([`steps`]), with what an alert rests on ([`evidence`]), led into a case ([`escalate`]); and what waits for a person ([`inbox`]).

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::too_many_lines))]

pub mod customer;
pub mod escalate;
pub mod evidence;
mod facts;
pub mod flows;
pub mod inbox;
pub mod queue;
pub mod steps;
pub mod views;

use holdfast_screening::{Screening, ScreeningError};

/// Returns the people to whom alerts can be assigned: those with a key in force that may work them, and whoever asks. Sorted, each once.
///
/// # Errors
/// [`ScreeningError`] when the keys cannot be read.
pub fn assignees(screening: &Screening, actor: &str) -> Result<Vec<String>, ScreeningError> {
    let keys = screening.keys()?;
    let may = keys.iter().filter(|key| key.is_in_force() && key.may("alerts")).map(|key| key.person().to_owned());
    let mut people: Vec<String> = may.chain([actor.to_owned()]).collect();
    people.sort();
    people.dedup();
    Ok(people)
}
