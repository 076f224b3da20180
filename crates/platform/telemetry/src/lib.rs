//! How a running server is observed: logs ([`logs`]), metrics ([`metrics`]), states of health ([`health`]), the service manager ([`service`]).
//!
//! Nothing here knows what Holdfast does. Secrets and personal data never reach a log line or a metric: callers name what happened and which
//! kind of thing it happened to, never whose it is.

pub mod health;
pub mod logs;
pub mod metrics;
pub mod service;
