//! May this move? Customers' world, rules, velocity, typologies, decisions, holds, alerts and the audit log.
//!
//! [`decision::decide`] is pure; [`service::Screening`] makes it durable: one writer takes events in order, decides, commits many at
//! once, and answers after the commit.

pub mod alerts;
pub mod audit;
mod audit_state;
pub mod behind;
pub mod changes;
pub mod clock;
pub mod completion;
mod core;
pub mod facts;
pub mod flags;
pub mod folding;
pub mod holds;
pub mod identifiers;
mod migrations;
mod pulse;
mod reconcile;
pub mod replay;
pub mod service;
mod settings;
pub mod tables;
pub mod warnings;
pub mod webhooks;

pub use holdfast_decision as decision;
pub use holdfast_decision::{budget, fields, model, rules, state, typology};
pub use holdfast_types::units as amount;

pub use decision::{Decision, Reason, Verdict};
pub use facts::ChainFacts;
pub use flags::Flags;
pub use model::{Amount, Event, EventKind, Record, RecordKind};
pub use rules::{RuleBook, RuleState, Scope};
pub use service::{Screening, ScreeningError};
pub use typology::Typology;
