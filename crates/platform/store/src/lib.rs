//! The database of the platform: SQLite or PostgreSQL by one interface, one writer, a few readers.
//!
//! [`Database`] is one connection. [`Writer`] is the only thread that changes the database: it takes changes in order, runs each in a savepoint
//! of its own, commits many at once and answers after the commit. The owner's state in memory is its [`Memory`], which
//! is read again whenever a commit fails. [`Readers`] are the connections for everything else. Crates that know no owner use [`Store`].
//!
//! **Invariants.** One writer per database (an advisory lock, and a fencing number that every transaction checks). A change happens whole or not
//! at all, in the database and in memory. Effects outside the database follow the commit.

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

mod database;
mod error;
mod lease;
mod migrate;
mod postgresql;
mod primary;
mod readers;
mod service;
mod tls;
mod value;
mod writer;

pub use database::{Database, restrict_to_owner, without_password};
pub use error::{DbError, StoreError};
pub use migrate::{Schema, is_additive};
pub use primary::remember as remember_primary;
pub use readers::Readers;
pub use service::{Change, Store};
pub use value::{Row, Value, number, parse};
pub use writer::{
    ChangeError, Due, Effect, Fatal, Finish, MAX_WAITING, Memory, NotSettled, Writer, WriterHealth, WriterLock,
    panic_message,
};
