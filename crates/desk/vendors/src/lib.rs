//! Other vendors' formats for the findings of a screening desk: [`elliptic`], [`chainalysis`] and [`trm`] each render Holdfast's findings in the
//! provider's format (so that an exchange integrated there can point here) and read the provider's own answers; [`providers`] queries them.
#![cfg_attr(
    not(test),
    warn(
        clippy::too_many_lines,
        clippy::unwrap_used,
        clippy::missing_panics_doc,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_possible_wrap,
        clippy::cast_lossless
    )
)]

pub mod assessed;
pub mod chainalysis;
pub mod elliptic;
pub mod networks;
pub mod providers;
pub mod trm;

pub use assessed::Assessed;
pub use providers::{Providers, Question};
