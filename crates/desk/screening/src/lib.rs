//! May this move? Customers' world, rules, velocity, typologies, decisions, holds, alerts and the audit log.
//!
//! [`decision::decide`] is pure; [`service::Screening`] makes it durable: one writer takes events in order, decides, commits many at
//! once, and answers after the commit.

pub mod alerts;
pub mod audit;
mod audit_state;
pub mod behind;
pub mod budget;
pub mod changes;
pub mod clock;
pub mod completion;
mod core;
pub mod decision;
pub mod facts;
pub mod fields;
pub mod flags;
pub mod folding;
pub mod holds;
pub mod identifiers;
mod migrations;
pub mod model;
mod pulse;
mod reconcile;
pub mod replay;
pub mod rules;
pub mod service;
mod settings;
pub mod state;
pub mod tables;
pub mod typology;
pub mod warnings;
pub mod webhooks;

pub use holdfast_analysis::amount;

pub use decision::{Decision, Reason, Verdict};
pub use facts::ChainFacts;
pub use flags::Flags;
pub use model::{Amount, Event, EventKind, Record, RecordKind};
pub use rules::{RuleBook, RuleState, Scope};
pub use service::{Screening, ScreeningError};
pub use typology::Typology;
