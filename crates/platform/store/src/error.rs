//! What can go wrong below every department.

use crate::ChangeError;
use holdfast_types::ErrorKind;
use std::path::PathBuf;

/// Why the database refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The URL is neither a PostgreSQL URL nor a SQLite path.
    #[error("database '{0}': use sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME")]
    Url(String),
    /// SQLite.
    #[error("SQLite: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// PostgreSQL.
    #[error("PostgreSQL: {}", postgres_message(.0))]
    Postgres(#[from] postgres::Error),
    /// TLS to PostgreSQL.
    #[error("PostgreSQL: TLS: {0}")]
    Tls(String),
    /// None of several servers is a primary that can be used.
    #[error("PostgreSQL: {0}")]
    NoPrimary(String),
    /// The thread that keeps the writer's lock cannot be started.
    #[error("the writer's lock cannot be kept: {0}")]
    Lease(std::io::Error),
    /// Another process writes to it.
    #[error("another Holdfast already writes to {0}; stop it first (one writer keeps holds from being doubled)")]
    Busy(String),
    /// What was answered is not in the tables yet.
    #[error("{0}; read again later")]
    Behind(String),
    /// A row does not have the type that this version wrote.
    #[error("column {0} of a row has an unexpected type; was the database changed by hand?")]
    Type(usize),
    /// Made by a later version.
    #[error("the database has schema version {0}, this program knows up to {1}; use a newer Holdfast")]
    Newer(i64, i64),
    /// Stored text that does not read back.
    #[error("stored {what} does not read back: {cause}")]
    Stored {
        /// What it is.
        what: String,
        /// Why.
        cause: String,
    },
}

impl DbError {
    /// Returns whether the connection was lost or none could be made, so that another try may succeed.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        match self {
            DbError::NoPrimary(_) => true,
            DbError::Postgres(e) => {
                let is_of_system = std::error::Error::source(e).is_some_and(|source| source.is::<std::io::Error>());
                // Classes of errors: the server ends or starts; the connection.
                let is_ended = e.code().is_some_and(|c| c.code().starts_with("57P") || c.code().starts_with("08"));
                e.is_closed() || is_of_system || is_ended
            }
            _ => false,
        }
    }
}

fn postgres_message(e: &postgres::Error) -> String {
    e.as_db_error().map_or_else(|| e.to_string(), |d| d.to_string())
}

/// Why a change was not made, or an answer not given, by the store itself. Departments' errors are built from it (`From<StoreError>`).
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The queue of waiting changes is full.
    #[error("too much work waits; send again later")]
    Busy,
    /// The writer has stopped; see [`Fatal`](crate::Fatal).
    #[error("the writer of the database has stopped; see the log and restart the server")]
    Stopped,
    /// The transaction was not committed.
    #[error("not stored: {0}; nothing of it happened, send again")]
    NotStored(String),
    /// The change panicked.
    #[error("an internal error stopped this change: {0}; nothing of it happened, please report it")]
    Internal(String),
    /// The operating system refused.
    #[error("{0}: {1}")]
    Io(PathBuf, #[source] std::io::Error),
}

impl StoreError {
    /// Returns what kind of error this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            StoreError::Busy => ErrorKind::Busy,
            StoreError::Stopped | StoreError::NotStored(_) | StoreError::Db(DbError::Behind(_)) => {
                ErrorKind::Unavailable
            }
            StoreError::Db(_) | StoreError::Internal(_) | StoreError::Io(..) => ErrorKind::Internal,
        }
    }

    /// Returns the error of a change that is undone: a failure of the database becomes [`StoreError::NotStored`], because the change can be
    /// sent again.
    #[must_use]
    pub fn undone(self) -> Self {
        match self {
            StoreError::Db(e) => StoreError::NotStored(e.to_string()),
            other => other,
        }
    }
}

impl ChangeError for StoreError {
    fn undone(self) -> Self {
        StoreError::undone(self)
    }
}
