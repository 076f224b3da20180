//! API keys and the people to whom they belong.

use super::{Screening, ScreeningError};
use holdfast_identity::{self as identity, ApiKey, Person, PersonState};
use holdfast_store::Store;
use holdfast_types::Invalid;

impl Screening {
    /// Makes a key; `id` is random hex of the caller's.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn add_key(
        &self,
        id: &str,
        name: &str,
        scopes: Vec<String>,
        per_minute: u32,
        actor: &str,
    ) -> Result<ApiKey, ScreeningError> {
        self.add_key_of(self.new_key(id, name, scopes, per_minute, actor)?)
    }

    /// Returns a key to be stored, after a check of its name and scopes.
    ///
    /// # Errors
    /// [`ScreeningError::Invalid`] names the field.
    pub fn new_key(
        &self,
        id: &str,
        name: &str,
        scopes: Vec<String>,
        per_minute: u32,
        actor: &str,
    ) -> Result<ApiKey, ScreeningError> {
        identity::validate(name, &scopes)?;
        Ok(ApiKey {
            id: id.to_owned(),
            name: name.trim().to_owned(),
            scopes,
            per_minute,
            created: self.now(),
            created_by: actor.to_owned(),
            revoked: None,
            person: String::new(),
            suspended: false,
        })
    }

    /// Makes a further key of a person, who is made when there is none of that name.
    ///
    /// # Errors
    /// [`ScreeningError::Invalid`] names the field; [`ScreeningError::State`] when the person is suspended.
    pub fn add_key_of(&self, key: ApiKey) -> Result<ApiKey, ScreeningError> {
        identity::validate(&key.name, &key.scopes)?;
        identity::validate(key.person(), &key.scopes).map_err(|e| Invalid::new("person", e.problem))?;
        let stored = key.clone();
        Store::change(self, &key.created_by, move |tx| identity::add_key(tx, &stored))?;
        Ok(key)
    }

    /// Returns all people.
    ///
    /// # Errors
    /// [`ScreeningError::Store`] when the database fails.
    pub fn people(&self) -> Result<Vec<Person>, ScreeningError> {
        self.read(identity::people)
    }

    /// Suspends a person, whose keys open nothing from then on, or lets a suspended one act again. The last administrator stays.
    ///
    /// # Errors
    /// [`ScreeningError::NotFound`]; [`ScreeningError::State`] for the last administrator, or when the person is in that state already.
    pub fn set_person_state(
        &self,
        id: u64,
        state: PersonState,
        reason: &str,
        actor: &str,
    ) -> Result<Person, ScreeningError> {
        let reason = reason.to_owned();
        Ok(Store::change(self, actor, move |tx| identity::set_state(tx, id, state, &reason))?)
    }

    /// Gives a key other scopes; returns it.
    ///
    /// # Errors
    /// [`ScreeningError::NotFound`] when no such key is in force; [`ScreeningError::State`] when the last administrator would lose `manage`, or
    /// nothing would change; [`ScreeningError::Invalid`] for a scope that there is not.
    pub fn change_key_scopes(&self, id: &str, scopes: Vec<String>, actor: &str) -> Result<ApiKey, ScreeningError> {
        let id = id.to_owned();
        Ok(Store::change(self, actor, move |tx| identity::change_scopes(tx, &id, &scopes))?)
    }

    /// Revokes a key; the last administrator's stays.
    ///
    /// # Errors
    /// [`ScreeningError::NotFound`] when no such key is in force; [`ScreeningError::State`] for the last administrator's.
    pub fn revoke_key(&self, id: &str, actor: &str) -> Result<(), ScreeningError> {
        let id = id.to_owned();
        Ok(Store::change(self, actor, move |tx| identity::revoke_key(tx, &id))?)
    }

    /// Returns all keys, revoked ones too.
    ///
    /// # Errors
    /// [`ScreeningError::Store`] when the database fails.
    pub fn keys(&self) -> Result<Vec<ApiKey>, ScreeningError> {
        self.read(identity::list)
    }
}
