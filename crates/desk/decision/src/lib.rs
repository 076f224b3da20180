//! May this move? [`decide`] is a pure function of the event, what the chain says of it, what is remembered, the rule book, active holds,
//! prices and flags. No database, no clock, no I/O: the same inputs give the same decision.

pub mod behind;
pub mod budget;
mod decision;
pub mod facts;
pub mod fields;
pub mod flags;
pub mod model;
pub mod rules;
pub mod state;
pub mod typology;
pub mod warnings;

pub use decision::{
    ActiveHold, ActiveHolds, Decision, Ground, HoldPlan, Price, Prices, Reason, UNAVAILABLE, Verdict, decide, value_of,
};
pub use facts::ChainFacts;
pub use flags::Flags;
pub use model::{Event, EventKind, Record, RecordKind};
pub use rules::{RuleBook, RuleState, Scope};
pub use typology::Typology;
