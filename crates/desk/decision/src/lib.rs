//! May this move? [`decide`] is a pure function of the event, its facts, the state, the rule book, active holds,
//! prices and flags. No database, no clock, no I/O: the same inputs give the same decision.

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

pub mod budget;
mod decide;
mod decision;
pub mod features;
pub mod fields;
pub mod flags;
pub mod fold;
mod holds;
pub mod inputs;
mod prices;
pub mod rules;
pub mod scores;
pub mod typology;
pub mod warnings;

pub use holdfast_customers::{behind, completion, facts, issuer, lookalikes, model, stages, state, tables};

pub use decide::{DecisionContext, Made, decide};
pub use decision::{Decision, Reason, UNAVAILABLE, Verdict};
pub use facts::ChainFacts;
pub use flags::Flags;
pub use fold::Fold;
pub use holds::{ActiveHold, ActiveHolds, HoldPlan};
pub use model::{Event, EventKind, Record, RecordKind};
pub use prices::{Price, Prices, value_of};
pub use rules::{RuleBook, RuleMatch, RuleState, Scope};
pub use scores::{Models, Purpose, Role, Scored};
pub use typology::Typology;
