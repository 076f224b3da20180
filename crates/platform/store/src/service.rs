//! What a platform crate needs of the database's owner: to read, to change, to know the time. The owner implements it; the platform knows no
//! owner.

use crate::{ChangeError, Database, DbError, Effect, StoreError};
use holdfast_types::Timestamp;

/// One change in the writer's transaction. What it writes is stored whole or not at all.
pub trait Change {
    /// Returns the writer's connection.
    fn db(&mut self) -> &mut Database;

    /// Returns the time of the transaction.
    fn now(&self) -> Timestamp;

    /// Returns who makes the change, as the audit log names them.
    fn actor(&self) -> &str;

    /// Adds an entry to the audit log; `detail` is JSON.
    fn audit(&mut self, action: &str, subject: &str, detail: &str);

    /// Returns the number of the audit log's last entry, those of this transaction included.
    fn last_entry(&self) -> u64;

    /// Lets what was written so far stay even when the change is refused after this: counts of failed tries, for example.
    ///
    /// # Errors
    /// [`StoreError::Db`] when the transaction is lost.
    fn checkpoint(&mut self) -> Result<(), StoreError>;

    /// Does something outside the database once the change is durable, and not at all otherwise.
    fn after_commit(&mut self, effect: Effect);
}

impl dyn Change + '_ {
    /// Returns the next free number of a table's `id` column.
    ///
    /// # Errors
    /// [`DbError`] when the database fails.
    pub fn next_id(&mut self, table: &str) -> Result<i64, DbError> {
        let rows = self.db().query(&format!("SELECT COALESCE(MAX(id), 0) FROM {table}"), &[])?;
        Ok(rows.first().map_or(Ok(0), |r| r.int(0))? + 1)
    }
}

/// The database with its one writer, its readers and its clock.
pub trait Store: Send + Sync + 'static {
    /// Returns the time.
    fn now(&self) -> Timestamp;

    /// Runs a query on a reading connection.
    ///
    /// # Errors
    /// [`StoreError::Db`] when the database cannot be reached, or from the query.
    fn read<T>(&self, query: impl FnOnce(&mut Database) -> Result<T, DbError>) -> Result<T, StoreError>;

    /// Runs a change in the writer and waits until it is durable. A change that is refused leaves nothing behind but
    /// what it wrote before [`Change::checkpoint`].
    ///
    /// # Errors
    /// The change's own; [`StoreError`] when it could not be stored.
    fn change<T: Send + 'static, E: ChangeError>(
        &self,
        actor: &str,
        run: impl FnOnce(&mut dyn Change) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>;
}
