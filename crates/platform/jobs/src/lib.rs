//! Durable jobs, and threads that are supervised.
//!
//! A [`Job`] is a kind of work with a payload. [`Queue::enqueue`] stores one, [`enqueue`] does so within a change; [`Runner`] runs what is due. Jobs of
//! one kind and key are deduplicated: while one waits, a further one is merged into it; while one runs, a further one waits for its end. A try
//! that fails is repeated with growing pauses, a bounded number of times. A job that a dead process left running is run again, from the point
//! that it stored last. [`Queue::cancel`] ends one for good.
//!
//! [`Threads`] are loops that work until the process stops: named, started again after a panic, joined at the end.
//!
//! **Invariants.** One process runs the jobs of a database: the one that holds the writer's lock. A job may run more than once, so that its
//! effects must be idempotent.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]
#![cfg_attr(test, allow(clippy::too_many_lines, clippy::unwrap_used))]

mod job;
mod queue;
mod runner;
mod threads;

pub use job::{Failure, Job, Outcome, Run};
pub use queue::{JobState, Queue, SCHEMA, StoredJob, cancel, counts, enqueue, job, latest, list, page, retry};
pub use runner::{Kinds, Runner};
pub use threads::{Threads, background, lower_priority, within};
