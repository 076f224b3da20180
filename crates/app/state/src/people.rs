//! People who act at the desk: their state, their second factor, their sessions.

use crate::AppState;
use crate::error::ApiError;
use holdfast_identity::{Person, PersonState, end_sessions_of, person_by_id, reset_factor};
use holdfast_store::Store;

impl AppState {
    /// Resets a person's second factor and ends their sessions; returns the person.
    ///
    /// # Errors
    /// 400 without a reason; 404; 409 when it is one's own or there is none; 500 or 503 when it cannot be stored.
    pub fn reset_second_factor(&self, id: u64, reason: String, actor: &str) -> Result<Person, ApiError> {
        let person = Store::change(&*self.screening, actor, move |tx| reset_factor(tx, id, &reason))?;
        self.drop_sessions_of(&person)?;
        Ok(person)
    }

    /// Ends all open sessions of a person.
    ///
    /// # Errors
    /// 404; 500 or 503 when it cannot be stored.
    pub fn end_sessions_of(&self, id: u64, actor: &str) -> Result<(), ApiError> {
        let person = Store::change(&*self.screening, actor, move |tx| {
            let person = person_by_id(tx.db(), id)?;
            end_sessions_of(tx, id)?;
            Ok::<_, holdfast_identity::IdentityError>(person)
        })?;
        self.drop_sessions_of(&person)
    }

    /// Ends the open sessions of a person in this process: those of suspended people too, whose keys are not in force.
    fn drop_sessions_of(&self, person: &Person) -> Result<(), ApiError> {
        let keys = self.screening.keys()?;
        let is_theirs = |id: &str| keys.iter().any(|k| k.id == id && k.person() == person.name);
        self.auth.sessions.end_where(|session| is_theirs(&session.key));
        Ok(())
    }

    /// Suspends a person, whose sessions end, or lets a suspended one act again.
    ///
    /// # Errors
    /// 400 without a reason; 404; 409 for the last administrator, or when the person is in that state; 500 or 503 when it cannot be stored.
    pub fn set_person_state(&self, id: u64, state: PersonState, reason: &str, actor: &str) -> Result<Person, ApiError> {
        let person = self.screening.set_person_state(id, state, reason, actor)?;
        self.auth.set(self.screening.keys()?);
        if state == PersonState::Suspended {
            self.drop_sessions_of(&person)?;
        }
        Ok(person)
    }
}
