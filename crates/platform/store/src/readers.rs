//! Connections for reading, beside the writer's.

use crate::{Database, DbError};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// Most connections that stay open while nobody reads.
const MAX_IDLE: usize = 8;
/// An idle connection is trusted for this long; after it, it is tried before it is used.
const TRUSTED: Duration = Duration::from_secs(1);

/// A pool of reading connections. Clones share it.
#[derive(Clone, Debug)]
pub struct Readers {
    url: Arc<str>,
    idle: Arc<Mutex<Vec<(Database, Instant)>>>,
}

impl Readers {
    /// Makes an empty pool for a database; nothing is connected yet.
    pub fn new(url: &str) -> Self {
        Readers { url: url.into(), idle: Arc::default() }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(Database, Instant)>> {
        self.idle.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// Closes idle connections: what ended the writer's connection may have ended them, too.
    pub fn clear(&self) {
        self.idle().clear();
    }

    /// Runs a query on one of the connections, which is opened when none is idle.
    ///
    /// # Errors
    /// [`DbError`] when the database cannot be reached, or from the query.
    pub fn read<T>(&self, query: impl FnOnce(&mut Database) -> Result<T, DbError>) -> Result<T, DbError> {
        let idle = self.idle().pop();
        let idle = idle.and_then(|(mut db, since)| (since.elapsed() < TRUSTED || db.is_alive()).then_some(db));
        let mut db = match idle {
            Some(db) => db,
            None => Database::connect(&self.url)?,
        };
        let answer = match query(&mut db) {
            Ok(answer) => answer,
            Err(e) => {
                // This connection is not used again, nor are others that may have broken with it.
                if !db.is_alive() {
                    self.clear();
                }
                return Err(e);
            }
        };
        let mut idle = self.idle();
        if idle.len() < MAX_IDLE {
            idle.push((db, Instant::now()));
        }
        Ok(answer)
    }
}
