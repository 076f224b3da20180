//! Who controls what on account chains.
//!
//! [`kind()`] tells what an account is from its code, its events and its creation, and names the evidence. [`Clusters`] joins accounts that one
//! owner controls, by heuristics ([`Heuristic`]) whose evidence is transfers of a ledger, and explains each join. [`Entities`] gives every account
//! of a ledger the category that it counts under. [`accuracy`] measures heuristics against known owners.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]
#![cfg_attr(test, allow(clippy::too_many_lines, clippy::cast_possible_truncation, clippy::cast_lossless))]

pub mod accuracy;
mod cluster_log;
pub mod clusters;
pub mod code;
pub mod contracts;
mod cow;
mod entities;
mod error;
mod graph;
pub mod heuristics;
pub mod kind;
mod published;
mod scan;
mod services;
mod signal_store;
pub mod signals;

pub use cluster_log::ClusterLog;
pub use clusters::{Clusters, Membership, Merge};
pub use entities::Entities;
pub use error::ClusterError;
pub use heuristics::{Heuristic, Options};
pub use kind::{Certainty, Evidence, Finding, Kind, Nature, Observation, kind};
pub use services::Services;
pub use signal_store::{PlacedSignal, SignalStore};
pub use signals::Signals;
