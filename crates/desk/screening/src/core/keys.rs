//! Keys and their people, as the writer needs them: the rules and the SQL are `holdfast_identity`'s.

use super::Core;
use crate::service::{ScreeningError, Transaction};
use holdfast_identity::{self as identity};
use holdfast_types::Timestamp;

impl Core {
    /// Assigns keys from before there were people to the person of their name.
    pub(crate) fn fill_people(&mut self, now: Timestamp) -> Result<(), ScreeningError> {
        if !identity::has_older_keys(&mut self.db)? {
            return Ok(());
        }
        self.db.begin()?;
        identity::assign_older_keys(&mut Transaction::of(self, now, "engine"))?;
        self.flush_audit()?;
        Ok(self.db.commit()?)
    }
}
