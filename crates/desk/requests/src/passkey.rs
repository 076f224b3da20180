//! Passkeys as the second factor of officers (W3C Web Authentication, Level 3; the relying party's checks are those of `webauthn_rp`).
//!
//! A passkey is a resident key whose authenticator verifies its user. Attestation is not required: which make an officer's authenticator is
//! decides nothing here. A ceremony's state lies in the database, so that any server of the desk can end it, and ends with its first answer.

use crate::Desk;
use crate::RequestError;
use crate::portal::{MAX_TRIES, Officer, Session, is_full, officer_by_id, refused, session};
use holdfast_decision::model::text_ok;
use holdfast_screening::service::Transaction;
use holdfast_store::{Database, number};
use holdfast_types::Invalid;
use holdfast_types::ids::OfficerId;
use serde::Serialize;
use serde_json::{Value as Json, json};
use webauthn_rp::bin::{Decode, Encode};
use webauthn_rp::request::auth::{
    AllowedCredential, AllowedCredentials, AuthenticationVerificationOptions, NonDiscoverableAuthenticationServerState,
    NonDiscoverableCredentialRequestOptions,
};
use webauthn_rp::request::register::{
    CredProtect, PublicKeyCredentialCreationOptions, PublicKeyCredentialUserEntity, RegistrationVerificationOptions,
    UserHandle,
};
use webauthn_rp::request::{
    AsciiDomain, Credentials, ExtensionInfo, PublicKeyCredentialDescriptor, RpId, UserVerificationRequirement,
};
use webauthn_rp::response::register::{DynamicState, StaticState};
use webauthn_rp::response::{AuthTransports, CredentialId};
use webauthn_rp::{AuthenticatedCredential, NonDiscoverableAuthentication, Registration, RegistrationServerState};

/// Most passkeys of an officer.
pub const MAX_PASSKEYS: usize = 8;
/// How long a ceremony may take, in seconds (the library requests the same of browsers).
pub const CEREMONY_SECONDS: i64 = 300;

/// Where the portal is reached: passkeys are bound to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    origin: String,
    host: String,
}

impl Site {
    /// Returns a site by its origin, such as `https://requests.exchange.example`. Browsers give passkeys to HTTPS, and to HTTP on localhost, only.
    ///
    /// # Errors
    /// [`Invalid`] when it is no such origin.
    pub fn new(origin: &str) -> Result<Self, Invalid> {
        let no = |what: &str| Invalid::new("site", format!("'{origin}' {what}"));
        let origin = origin.trim_end_matches('/');
        let (scheme, rest) = origin.split_once("://").ok_or_else(|| no("is no origin such as https://HOST"))?;
        let (host, port) = rest.split_once(':').map_or((rest, None), |(h, p)| (h, Some(p)));
        let local = host == "localhost" || host.ends_with(".localhost");
        if !(scheme == "https" || (scheme == "http" && local)) {
            return Err(no("is neither https:// nor http://localhost; browsers give no passkeys to it"));
        }
        if port.is_some_and(|p| p.parse::<u16>().is_err()) {
            return Err(no("has no valid port"));
        }
        // The library takes any ASCII; a path or a user name is no part of a host.
        let is_name = host.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.' || b == b'-');
        if !is_name || host.parse::<std::net::IpAddr>().is_ok() || AsciiDomain::try_from(host.to_owned()).is_err() {
            return Err(no("must name a host by its lower-case name, not by a number"));
        }
        Ok(Site { origin: origin.to_owned(), host: host.to_owned() })
    }

    /// Returns the origin, without a slash at its end.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    fn id(&self) -> Result<RpId, RequestError> {
        AsciiDomain::try_from(self.host.clone()).map(RpId::Domain).map_err(wrong)
    }
}

/// A passkey of an officer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Passkey {
    /// Credential id, hex.
    pub id: String,
    /// What the officer calls it.
    pub name: String,
    /// When it was added, Unix seconds.
    pub created: i64,
    /// When it was last used.
    pub used: Option<i64>,
}

fn wrong(e: impl std::fmt::Display) -> RequestError {
    refused(&format!("passkey: {e}"))
}

fn unhex(text: &str) -> Result<Vec<u8>, RequestError> {
    hex::decode(text).map_err(wrong)
}

/// The officer's credentials as the library wants them.
fn descriptors(
    db: &mut Database,
    officer: OfficerId,
) -> Result<Vec<PublicKeyCredentialDescriptor<Vec<u8>>>, RequestError> {
    let sql = "SELECT id, transports FROM passkeys WHERE officer = $1 ORDER BY created, id LIMIT 8";
    db.query(sql, &[number(officer)])?
        .iter()
        .map(|row| {
            let id = CredentialId::decode(unhex(row.text(0)?)?).map_err(wrong)?;
            let transports = AuthTransports::decode(row.number(1)?).map_err(wrong)?;
            Ok(PublicKeyCredentialDescriptor { id, transports })
        })
        .collect()
}

/// Keeps a ceremony's state; an older one of the officer ends.
fn begin(tx: &mut Transaction<'_>, officer: OfficerId, kind: &str, state: &[u8]) -> Result<(), RequestError> {
    let (id, until) = (officer, tx.now() + CEREMONY_SECONDS);
    tx.db().execute("DELETE FROM passkey_ceremonies WHERE officer = $1", &[number(id)])?;
    let row = [number(id), kind.into(), hex::encode(state).into(), until.into()];
    tx.db().execute("INSERT INTO passkey_ceremonies (officer, kind, state, until) VALUES ($1, $2, $3, $4)", &row)?;
    Ok(())
}

/// Takes a ceremony's state: it ends, whatever the answer is worth.
fn take(tx: &mut Transaction<'_>, officer: OfficerId, kind: &str) -> Result<Vec<u8>, RequestError> {
    let (id, now) = (officer, tx.now());
    let sql = "SELECT state FROM passkey_ceremonies WHERE officer = $1 AND kind = $2 AND until >= $3";
    let rows = tx.db().query(sql, &[number(id), kind.into(), now.into()])?;
    let state =
        rows.first().ok_or_else(|| refused("nothing was begun, or it took longer than five minutes; begin again"))?;
    let state = unhex(state.text(0)?)?;
    tx.db().execute("DELETE FROM passkey_ceremonies WHERE officer = $1", &[number(id)])?;
    // A ceremony ends with its first answer, a refused one too.
    tx.checkpoint()?;
    Ok(state)
}

/// A passkey may be added by who proved the address while there is no second factor, and else in a full session only.
fn may_add(found: &Officer, token: &str) -> Result<(), RequestError> {
    match found.second_factor && !is_full(token) {
        true => Err(refused("a second factor is set up; give it first")),
        false => Ok(()),
    }
}

impl Desk<'_> {
    fn handle(&self, officer: OfficerId) -> Result<UserHandle<32>, RequestError> {
        UserHandle::decode(self.key_ring.derive_lasting("passkey-user", &officer.to_string())).map_err(wrong)
    }

    /// Returns an officer's own passkeys.
    ///
    /// # Errors
    /// [`RequestError::State`] when the session is over.
    pub fn passkeys(&self, token: &str) -> Result<Vec<Passkey>, RequestError> {
        let found = self.officer(token, true)?;
        let sql = "SELECT id, name, created, used FROM passkeys WHERE officer = $1 ORDER BY created, id LIMIT 8";
        let rows = self.read(|db| db.query(sql, &[number(found.id)]))?;
        rows.iter()
            .map(|r| {
                let (id, name) = (r.text(0)?.to_owned(), r.text(1)?.to_owned());
                Ok(Passkey { id, name, created: r.int(2)?, used: r.int_or_null(3) })
            })
            .collect()
    }

    /// Begins to add a passkey: gives the options for `navigator.credentials.create` as WebAuthn's JSON form, under `publicKey`.
    ///
    /// # Errors
    /// [`RequestError::State`] when the session is over, or a passkey may not be added in it.
    pub fn passkey_begin(&self, token: &str, site: &Site) -> Result<Json, RequestError> {
        let found = self.officer(token, false)?;
        may_add(&found, token)?;
        let (rp, handle) = (site.id()?, self.handle(found.id)?);
        self.transact("portal", move |tx| {
            let known = descriptors(tx.db(), found.id)?;
            if known.len() >= MAX_PASSKEYS {
                return Err(refused("eight passkeys are the most; remove one first"));
            }
            let name = found.email.as_str().try_into().map_err(wrong)?;
            let user = PublicKeyCredentialUserEntity { name, id: &handle, display_name: None };
            let mut options = PublicKeyCredentialCreationOptions::passkey(&rp, user, known);
            // Wanted, not demanded: authenticators without credProtect (CTAP 2.0) would be refused by the browser.
            options.extensions.cred_protect =
                CredProtect::UserVerificationRequired(ExtensionInfo::AllowDontEnforceValue);
            let (server, client) = options.start_ceremony().map_err(wrong)?;
            begin(tx, found.id, "register", &server.encode().map_err(wrong)?)?;
            Ok(json!({ "publicKey": serde_json::to_value(&client).map_err(wrong)? }))
        })
    }

    /// Ends it with the credential's `toJSON()`. Whoever registers has proved the authenticator: the session is full.
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
        let answer = Registration::from_json_relaxed(credential.to_string().as_bytes())
            .map_err(|e| Invalid::new("credential", format!("no credential's toJSON(): {e}")))?;
        let (rp, origin, name) = (site.id()?, site.origin.clone(), name.to_owned());
        let (token, key_ring) = (token.to_owned(), self.key_ring.clone());
        self.transact("portal", move |tx| {
            // Read again: another session may have set a factor up meanwhile.
            let found = officer_by_id(tx.db(), found.id)?;
            may_add(&found, &token)?;
            let state = RegistrationServerState::<32>::decode(&take(tx, found.id, "register")?).map_err(wrong)?;
            let origins = [origin.as_str()];
            let options = RegistrationVerificationOptions::<&str, &str> { allowed_origins: &origins, ..Default::default() };
            let made = state.verify(&rp, &answer, &options).map_err(wrong)?;
            let id = hex::encode(made.id().encode().unwrap_or_default());
            if !tx.db().query("SELECT id FROM passkeys WHERE id = $1", &[id.as_str().into()])?.is_empty() {
                return Err(refused("this passkey is registered already"));
            }
            let transports = made.transports().encode().map_or(0, i64::from);
            let key = hex::encode(made.static_state().encode().unwrap_or_default());
            let dynamic = hex::encode(made.dynamic_state().encode().unwrap_or_default());
            let row = [
                id.as_str().into(),
                number(found.id),
                name.as_str().into(),
                transports.into(),
                key.into(),
                dynamic.into(),
                tx.now().into(),
            ];
            tx.db().execute(
                "INSERT INTO passkeys (id, officer, name, transports, public_key, state, created) VALUES ($1, $2, $3, $4, $5, $6, $7)",
                &row,
            )?;
            tx.audit("officer.passkey_added", &format!("officer:{}", found.id), &json!({ "passkey": id }).to_string());
            let found = officer_by_id(tx.db(), found.id)?;
            session(tx, &key_ring, &found, true)
        })
    }

    /// Begins to enter with a passkey: gives the options for `navigator.credentials.get`, under `publicKey`.
    ///
    /// # Errors
    /// [`RequestError::State`] when the officer has no passkey.
    pub fn passkey_challenge(&self, token: &str, site: &Site) -> Result<Json, RequestError> {
        let found = self.officer(token, false)?;
        let rp = site.id()?;
        self.transact("portal", move |tx| {
            let known = descriptors(tx.db(), found.id)?;
            if known.is_empty() {
                return Err(refused("you have no passkey; add one, or use your app"));
            }
            let mut allowed = AllowedCredentials::with_capacity(known.len());
            for one in known {
                allowed.push(AllowedCredential::from(one));
            }
            let mut options = NonDiscoverableCredentialRequestOptions::second_factor(&rp, allowed).map_err(wrong)?;
            options.options().user_verification = UserVerificationRequirement::Required;
            let (server, client) = options.start_ceremony().map_err(wrong)?;
            begin(tx, found.id, "enter", &server.encode().map_err(wrong)?)?;
            Ok(json!({ "publicKey": serde_json::to_value(&client).map_err(wrong)? }))
        })
    }

    /// Gives the passkey's answer (the credential's `toJSON()`); the session is full then.
    ///
    /// # Errors
    /// [`RequestError::State`] when the answer is not the one that was requested, or after too many tries.
    pub fn passkey_enter(&self, token: &str, site: &Site, credential: &Json) -> Result<Session, RequestError> {
        let found = self.officer(token, false)?;
        let answer = NonDiscoverableAuthentication::<32>::from_json_relaxed(credential.to_string().as_bytes())
            .map_err(|e| Invalid::new("credential", format!("no credential's toJSON(): {e}")))?;
        let (rp, origin, key_ring, handle) =
            (site.id()?, site.origin.clone(), self.key_ring.clone(), self.handle(found.id)?);
        self.transact("portal", move |tx| {
            let (officer, now, subject) = (found.id, tx.now(), format!("officer:{}", found.id));
            let rows = tx.db().query("SELECT totp_tries FROM officers WHERE id = $1", &[number(officer)])?;
            if rows.first().map(|r| r.int(0)).transpose()?.is_none_or(|tries| tries >= MAX_TRIES) {
                return Err(refused("too many wrong answers; prove the address again"));
            }
            let state =
                NonDiscoverableAuthenticationServerState::decode(&take(tx, found.id, "enter")?).map_err(wrong)?;
            let id = hex::encode(answer.raw_id().as_ref());
            let sql = "SELECT public_key, state FROM passkeys WHERE id = $1 AND officer = $2";
            let rows = tx.db().query(sql, &[id.as_str().into(), number(officer)])?;
            let row = rows.first().ok_or_else(|| refused("this passkey is none of yours"))?;
            let key = StaticState::decode(&unhex(row.text(0)?)?).map_err(wrong)?;
            let dynamic: [u8; 7] = unhex(row.text(1)?)?.try_into().map_err(|_| wrong("its stored state is broken"))?;
            let dynamic = DynamicState::decode(dynamic).map_err(wrong)?;
            let mut known = AuthenticatedCredential::new(answer.raw_id(), &handle, key, dynamic).map_err(wrong)?;
            let origins = [origin.as_str()];
            let options =
                AuthenticationVerificationOptions::<&str, &str> { allowed_origins: &origins, ..Default::default() };
            if let Err(e) = state.verify(&rp, &answer, &mut known, &options) {
                // Written before the refusal, so that tries count.
                tx.db().execute("UPDATE officers SET totp_tries = totp_tries + 1 WHERE id = $1", &[number(officer)])?;
                tx.audit("officer.factor_refused", &subject, &json!({ "passkey": id }).to_string());
                tx.checkpoint()?;
                return Err(wrong(e));
            }
            let dynamic = hex::encode(known.dynamic_state().encode().unwrap_or_default());
            tx.db().execute(
                "UPDATE passkeys SET state = $1, used = $2 WHERE id = $3",
                &[dynamic.into(), now.into(), id.as_str().into()],
            )?;
            tx.db().execute("UPDATE officers SET totp_tries = 0 WHERE id = $1", &[number(officer)])?;
            tx.audit("officer.entered", &subject, &json!({ "passkey": id }).to_string());
            session(tx, &key_ring, &found, true)
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
            let officer = found.id;
            let rows = tx.db().query(
                "SELECT o.totp_confirmed, (SELECT COUNT(*) FROM passkeys p WHERE p.officer = o.id),
                 (SELECT COUNT(*) FROM passkeys p WHERE p.officer = o.id AND p.id = $1) FROM officers o WHERE o.id = $2",
                &[id.as_str().into(), number(officer)],
            )?;
            let row = rows.first().ok_or_else(|| refused("the session is over; ask for a code"))?;
            let (app, keys, this) = (row.int(0)?, row.int(1)?, row.int(2)?);
            if this == 0 {
                return Err(RequestError::NotFound(format!("passkey '{id}' of yours")));
            }
            if app == 0 && keys == 1 {
                return Err(refused("it is your only second factor; add another first"));
            }
            tx.db().execute("DELETE FROM passkeys WHERE id = $1", &[id.as_str().into()])?;
            let detail = json!({ "passkey": id }).to_string();
            tx.audit("officer.passkey_removed", &format!("officer:{officer}"), &detail);
            Ok(())
        })?;
        self.passkeys(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_that_browsers_give_no_passkeys_to_are_refused() {
        for good in ["https://requests.exchange.example", "http://localhost:8650", "https://exchange.example:8443/"] {
            assert!(Site::new(good).is_ok(), "{good}");
        }
        assert_eq!(Site::new("https://a.example/").unwrap().origin(), "https://a.example");
        for bad in [
            "exchange.example",
            "http://exchange.example",
            "https://127.0.0.1",
            "https://a.example:x",
            "https://",
            "https://a.example/portal",
        ] {
            assert!(Site::new(bad).is_err(), "{bad}");
        }
    }
}
