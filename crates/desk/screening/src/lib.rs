//! Decisions made durable: holds, alerts, flags, warnings, records and what they rest on, with the audit log.
//!
//! [`holdfast_decision::decide`] is pure; [`Screening`] calls it and stores its result: one writer takes events in order, decides, commits
//! many at once, and answers after the commit.

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

pub mod alerts;
pub mod audit;
mod audit_state;
pub mod books;
pub mod changes;
pub mod clock;
pub mod completion;
mod core;
mod department;
mod error;
pub mod events;
pub mod flags;
pub mod holds;
mod migrations;
pub mod prices;
mod pulse;
pub mod redacted;
pub mod replay;
mod rescreening;
pub mod service;
mod settings;
pub mod standby;
pub mod waiting;
pub mod warnings;
pub mod webhooks;

pub use holdfast_identifiers as identifiers;
pub use migrations::{migrate, migrations};
pub use rescreening::TouchedNames;
pub use service::{Screening, ScreeningError};
pub use settings::DeskKey;
