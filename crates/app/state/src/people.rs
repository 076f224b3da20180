//! People who act at the desk: their keys, their state, their second factor, their sessions; and the keys of the desk itself.

use crate::AppState;
use crate::auth::Caller;
use crate::blocking::run_blocking;
use crate::error::ApiError;
use holdfast_identity::{
    ApiKey, IdentityError, Person, PersonState, change_needs_second_person, end_sessions_of, key_by_id,
    key_needs_second_person, person_by_id, reset_factor,
};
use holdfast_screening::DeskKey;
use holdfast_screening::changes::{Change, ChangeKind};
use holdfast_store::Store;

/// A key to be created.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// Name of the key.
    pub name: String,
    /// Its owner; by default a person of the key's name.
    pub person: Option<String>,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Requests a minute; 0 for no limit.
    pub per_minute: u32,
}

/// A key that was created.
#[derive(Clone, Debug)]
pub struct MadeKey {
    /// The key.
    pub key: ApiKey,
    /// Its secret, which is shown once.
    pub token: String,
    /// The change that another person must approve before the key opens anything.
    pub change: Option<Change>,
}

/// Returns whether a caller's change waits for a second person ([`AppState::waits`]).
///
/// # Errors
/// 500 or 503 when the keys cannot be read.
pub async fn waits(shared: &AppState, caller: &Caller, kind: ChangeKind) -> Result<bool, ApiError> {
    let (state, caller) = (shared.clone(), caller.clone());
    run_blocking(move || state.waits(&caller, kind)).await
}

impl AppState {
    /// Returns whether a caller's change waits for a second person: always for a key; on the desk's machine where somebody else could approve
    /// it.
    ///
    /// # Errors
    /// 500 or 503 when the keys cannot be read.
    pub fn waits(&self, caller: &Caller, kind: ChangeKind) -> Result<bool, ApiError> {
        Ok(!caller.is_local() || self.screening.has_second_person(kind, &caller.0)?)
    }

    /// Creates a key. One with scopes that need a second person, and one of another person who is known, opens nothing until somebody else, who
    /// has all its scopes, approves it.
    ///
    /// # Errors
    /// 400 names the field; 409 when the person is suspended, or too many changes wait; 500 or 503 when it cannot be stored.
    pub fn create_key(&self, caller: &Caller, request: NewKey) -> Result<MadeKey, ApiError> {
        let random = crate::system::entropy().map_err(|e| ApiError::internal(e.to_string()))?;
        let id = hex::encode(&random[..6]);
        let person = request.person.clone().unwrap_or_else(|| request.name.clone());
        let may = |scope: &str| caller.may(scope);
        let needs = self.screening.read(|db| key_needs_second_person(db, &caller.0, may, &person, &request.scopes))?;
        let key = self.screening.new_key(&id, &request.name, request.scopes, request.per_minute, &caller.0)?;
        let key = ApiKey { person: request.person.unwrap_or_default(), ..key };
        let (key, change) = match needs && self.waits(caller, ChangeKind::Key)? {
            true => {
                let (key, change) = self.screening.propose_key_of(key, &caller.0)?;
                (key, Some(change))
            }
            false => (self.screening.add_key_of(key)?, None),
        };
        self.auth.set(self.screening.keys()?);
        Ok(MadeKey { token: self.auth.key_ring.token(&key.id), key, change })
    }

    /// Changes the scopes of a key. What it gains beyond what the caller has, or what is powerful, waits for a second person; then the change is
    /// returned, and the key as it still is.
    ///
    /// # Errors
    /// 400 for a scope that there is not; 404; 409 for the last administrator, or when nothing changes; 500 or 503 when it cannot be stored.
    pub fn change_key(
        &self,
        caller: &Caller,
        id: &str,
        scopes: Vec<String>,
    ) -> Result<(ApiKey, Option<Change>), ApiError> {
        let known = self.screening.read(|db| key_by_id(db, id))?.filter(|k| k.revoked.is_none());
        let known = known.ok_or_else(|| IdentityError::NotFound(format!("key '{id}' in force")))?;
        let needs = change_needs_second_person(&known, |scope| caller.may(scope), &scopes);
        if needs && self.waits(caller, ChangeKind::Key)? {
            let (key, change) = self.screening.propose_key_scopes(id, scopes, &caller.0)?;
            return Ok((key, Some(change)));
        }
        let key = self.screening.change_key_scopes(id, scopes, &caller.0)?;
        self.auth.set(self.screening.keys()?);
        Ok((key, None))
    }

    /// Revokes a key; the last administrator's stays.
    ///
    /// # Errors
    /// 404; 409 for the last administrator's; 500 or 503 when it cannot be stored.
    pub fn revoke_key(&self, id: &str, actor: &str) -> Result<(), ApiError> {
        self.screening.revoke_key(id, actor)?;
        self.auth.set(self.screening.keys()?);
        Ok(())
    }

    /// Returns the keys of the desk itself, oldest first, without their secrets.
    ///
    /// # Errors
    /// 500 or 503 when they cannot be read.
    pub fn desk_keys(&self) -> Result<Vec<DeskKey>, ApiError> {
        Ok(self.screening.desk_keys(&self.auth.key_ring)?)
    }

    /// Retires an older key of the desk itself; returns how many API keys that revoked.
    ///
    /// # Errors
    /// 400 without a reason; 404; 409 when it is in use or retired, or no administrator would be left; 500 or 503 when it cannot be stored.
    pub fn retire_desk_key(&self, id: &str, reason: &str, actor: &str) -> Result<u64, ApiError> {
        let revoked = self.screening.retire_desk_key(&self.auth.key_ring, id, reason, actor)?;
        let keys = self.screening.keys()?;
        let is_void = |id: &str| keys.iter().any(|k| k.id == id && k.revoked.is_some());
        self.auth.sessions.end_where(|session| is_void(&session.subject));
        self.auth.set(keys);
        Ok(revoked)
    }

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
        let is_own = |id: &str| keys.iter().any(|k| k.id == id && k.person() == person.name);
        self.auth.sessions.end_where(|session| is_own(&session.subject));
        Ok(())
    }

    /// Suspends a person, whose sessions end, or activates a suspended one.
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
