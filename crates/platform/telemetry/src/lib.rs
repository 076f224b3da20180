//! How a running server is observed: logs ([`logs`]), metrics ([`metrics`]), states of health ([`health`]), the service manager ([`service`]).
//!
//! Nothing here knows what Holdfast does. Secrets and personal data never reach a log line or a metric: callers name what happened and which
//! kind of thing it happened to, never whose it is.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]
#![cfg_attr(test, allow(clippy::too_many_lines, clippy::unwrap_used))]

pub mod health;
pub mod logs;
pub mod metrics;
pub mod service;
