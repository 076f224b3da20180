//! Learned risk: a table of features in, a calibrated score and its exact reasons out. Pure functions; no database, no clock, no I/O.
//!
//! - A [`Schema`] says what each feature measures. Identifiers, row numbers, absolute times and names are not features ([`schema`]).
//! - [`fit`] trains on a time split with a gap, stops early, calibrates and chooses thresholds on validation only, and measures once on the test
//!   part. A feature that separates the classes alone stops it ([`leaks`]).
//! - A [`Model`] is named by the SHA-256 of its canonical bytes. Training is deterministic: the same table, parameters and seed give the same bytes on
//!   any number of threads.
//! - [`Model::score`] is the sum of its trees in log odds; [`Model::explain`] divides it among the features by exact Shapley values.
//!
//! A score is a field for rules, never a decision.

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

pub mod accounts;
mod bins;
pub mod calibration;
pub mod card;
pub mod drift;
mod error;
pub mod fit;
pub mod graph;
pub mod import;
pub mod leaks;
mod learner;
mod masks;
pub mod metrics;
pub mod model;
mod numeric;
pub mod reasons;
mod row;
pub mod schema;
mod shapley;
pub mod split;
mod table;
mod tree;
pub mod unlabelled;
pub mod whole_chain;

pub use error::ModelError;
pub use fit::{Plan, fit};
pub use learner::{Ensemble, Params, StopBy, train};
pub use model::{Model, ModelHash};
pub use row::FeatureRow;
pub use schema::{Feature, FeatureKind, Monotone, Schema};
pub use shapley::Explanation;
pub use table::{GroupId, Label, Rows, Table};
pub use tree::Tree;
