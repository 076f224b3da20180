//! Passkeys as the second factor of officers: who may add, use and remove one. The ceremonies are those of [`holdfast_identity::passkey`].

use crate::portal::{MAX_TRIES, Officer, Session, is_full, officer_by_id, refused, session};
use crate::{Desk, RequestError};
use holdfast_decision::model::text_ok;
use holdfast_identity::passkey::{Assertion, Holder, NewCredential, Proof, Tables};
use holdfast_store::number;
use serde_json::{Value as Json, json};

pub use holdfast_identity::passkey::{Passkey, Site};

const OFFICERS: Tables =
    Tables { passkeys: "passkeys", ceremonies: "passkey_ceremonies", holder: "officer", purpose: "passkey-user" };

/// The passkeys of an officer.
pub(crate) fn passkeys_of(officer: &Officer) -> Holder {
    Holder { tables: &OFFICERS, id: officer.id.number(), name: officer.email.clone() }
}

/// Checks that a passkey may be added: with the address proved while there is no second factor, else in a full session only.
fn may_add(found: &Officer, token: &str) -> Result<(), RequestError> {
    match found.second_factor && !is_full(token) {
        true => Err(refused("a second factor is set up; give it first")),
        false => Ok(()),
    }
}

impl Desk<'_> {
    /// Returns an officer's own passkeys.
    ///
    /// # Errors
    /// [`RequestError::State`] when the session is over.
    pub fn passkeys(&self, token: &str) -> Result<Vec<Passkey>, RequestError> {
        let found = self.officer(token, true)?;
        self.read(|db| passkeys_of(&found).passkeys(db))
    }

    /// Begins to add a passkey: returns the options for `navigator.credentials.create` as WebAuthn's JSON form, under `publicKey`.
    ///
    /// # Errors
    /// [`RequestError::State`] when the session is over, or a passkey may not be added in it.
    pub fn passkey_begin(&self, token: &str, site: &Site) -> Result<Json, RequestError> {
        let found = self.officer(token, false)?;
        may_add(&found, token)?;
        let (site, key_ring) = (site.clone(), self.key_ring.clone());
        self.transact("portal", move |tx| Ok(passkeys_of(&found).begin_registration(tx, &key_ring, &site)?))
    }

    /// Registers the passkey with the credential's `toJSON()`. That proves the authenticator: the session is full.
    ///
    /// # Errors
    /// [`RequestError::State`] when the answer is not the one that was requested.
    pub fn passkey_register(
        &self,
        token: &str,
        site: &Site,
        name: &str,
        credential: &Json,
    ) -> Result<Session, RequestError> {
        let found = self.officer(token, false)?;
        text_ok("name", name)?;
        let made = NewCredential::read(credential)?;
        let (site, name) = (site.clone(), name.to_owned());
        let (token, key_ring) = (token.to_owned(), self.key_ring.clone());
        self.transact("portal", move |tx| {
            // The check of [`Desk::passkey_begin`] is not enough: another session may set a factor up in between.
            let found = officer_by_id(tx.db(), found.id)?;
            may_add(&found, &token)?;
            let id = passkeys_of(&found).register(tx, &site, &name, &made)?;
            tx.audit("officer.passkey_added", &format!("officer:{}", found.id), &json!({ "passkey": id }).to_string());
            let found = officer_by_id(tx.db(), found.id)?;
            session(tx, &key_ring, &found, true)
        })
    }

    /// Begins to sign in with a passkey: returns the options for `navigator.credentials.get`, under `publicKey`.
    ///
    /// # Errors
    /// [`RequestError::State`] when the officer has no passkey.
    pub fn passkey_challenge(&self, token: &str, site: &Site) -> Result<Json, RequestError> {
        let found = self.officer(token, false)?;
        let site = site.clone();
        self.transact("portal", move |tx| Ok(passkeys_of(&found).begin_authentication(tx, &site)?))
    }

    /// Signs in with the passkey's answer (the credential's `toJSON()`): the session is full.
    ///
    /// # Errors
    /// [`RequestError::State`] when the answer is not the one that was requested, or after too many tries.
    pub fn passkey_enter(&self, token: &str, site: &Site, credential: &Json) -> Result<Session, RequestError> {
        let found = self.officer(token, false)?;
        let assertion = Assertion::read(credential)?;
        let (site, key_ring) = (site.clone(), self.key_ring.clone());
        self.transact("portal", move |tx| {
            let (officer, subject) = (found.id, format!("officer:{}", found.id));
            let rows = tx.db().query("SELECT totp_tries FROM officers WHERE id = $1", &[number(officer)])?;
            if rows.first().map(|r| r.int(0)).transpose()?.is_none_or(|tries| tries >= MAX_TRIES) {
                return Err(refused("too many wrong answers; prove the address again"));
            }
            match passkeys_of(&found).authenticate(tx, &key_ring, &site, &assertion)? {
                Proof::Accepted(id) => {
                    tx.db().execute("UPDATE officers SET totp_tries = 0 WHERE id = $1", &[number(officer)])?;
                    tx.audit("officer.entered", &subject, &json!({ "passkey": id }).to_string());
                    session(tx, &key_ring, &found, true)
                }
                Proof::Refused(id, why) => {
                    // Stored before the error undoes the transaction: tries count.
                    let sql = "UPDATE officers SET totp_tries = totp_tries + 1 WHERE id = $1";
                    tx.db().execute(sql, &[number(officer)])?;
                    tx.audit("officer.factor_refused", &subject, &json!({ "passkey": id }).to_string());
                    tx.checkpoint()?;
                    Err(why.into())
                }
            }
        })
    }

    /// Removes a passkey; the last second factor stays.
    ///
    /// # Errors
    /// [`RequestError::State`] when the session is over, or it is the last second factor; [`RequestError::NotFound`] for an unknown passkey.
    pub fn passkey_remove(&self, token: &str, id: &str) -> Result<Vec<Passkey>, RequestError> {
        let found = self.officer(token, true)?;
        let id = id.to_owned();
        self.transact("portal", move |tx| {
            let found = officer_by_id(tx.db(), found.id)?;
            if !passkeys_of(&found).delete(tx.db(), &id)? {
                return Err(RequestError::NotFound(format!("passkey '{id}' of yours")));
            }
            if !found.app && found.passkeys == 1 {
                return Err(refused("it is your only second factor; add another first"));
            }
            let detail = json!({ "passkey": id }).to_string();
            tx.audit("officer.passkey_removed", &format!("officer:{}", found.id), &detail);
            Ok(())
        })?;
        self.passkeys(token)
    }
}
