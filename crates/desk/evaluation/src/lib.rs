//! How well the desk detects: simulated exchanges and chains in the desk's terms, recall and precision of typologies against their truth.
//!
//! The simulation (`holdfast-simulate`) hands out plain records and knows nothing of the desk; the desk knows nothing of simulations.
//! [`Exchange`] converts its records and events into the desk's, [`chain_workspace`] makes a workspace of a simulated chain, [`score_found`]
//! compares what typologies find with what was planted.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]
#![cfg_attr(
    test,
    allow(
        clippy::too_many_lines,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_possible_wrap,
        clippy::cast_lossless
    )
)]

mod convert;
mod score;
mod workspace;

pub use convert::{Exchange, simulate, typology_of};
pub use holdfast_simulate::exchange::{CHAIN_DEPOSIT, Case, Label, Options, Outcome, Source, Variants};
pub use score::{Found, Group, Score, findings, found_at, score, score_found};
pub use workspace::{chain_workspace, workspace_of};
