//! Passkeys (W3C Web Authentication, Level 3; the relying party's checks are those of `webauthn_rp`): how one is registered and how it proves its
//! holder. People of the desk and officers hold them alike; the rows of each lie in tables of their own ([`Tables`]), and who may do what is
//! decided where a holder is known.
//!
//! A passkey is a resident key whose authenticator verifies its user. Attestation is not required: which make an authenticator is decides
//! nothing here. A ceremony's state lies in the database, so that any server of the desk can end it, and ends with its first answer.

use crate::{IdentityError, KeyRing};
use holdfast_store::{Change, Database, DbError, Row, Value, number};
use holdfast_types::{Invalid, Seconds, Timestamp};
use serde::Serialize;
use serde_json::{Value as Json, json};
use webauthn_rp::bin::{Decode, Encode};
use webauthn_rp::request::auth::{
    AllowedCredential, AllowedCredentials, AuthenticationVerificationOptions, NonDiscoverableAuthenticationServerState,
    NonDiscoverableCredentialRequestOptions,
};
use webauthn_rp::request::register::{
    CredProtect, Nickname, PublicKeyCredentialCreationOptions, PublicKeyCredentialUserEntity,
    RegistrationVerificationOptions, UserHandle, Username,
};
use webauthn_rp::request::{
    AsciiDomain, Credentials, ExtensionInfo, PublicKeyCredentialDescriptor, RpId, UserVerificationRequirement,
};
use webauthn_rp::response::register::{DynamicState, StaticState};
use webauthn_rp::response::{AuthTransports, CredentialId};
use webauthn_rp::{AuthenticatedCredential, NonDiscoverableAuthentication, Registration, RegistrationServerState};

/// Most passkeys of a holder.
pub const MAX_PASSKEYS: usize = 8;
/// How long a ceremony may take, in seconds (the library requests the same of browsers).
pub const CEREMONY_SECONDS: Seconds = Seconds::new(300);
/// Columns of the table of passkeys that [`Holder::register`] fills, beside the holder's.
const COLUMNS: &str = "id, name, transports, public_key, state, created";

/// Where people reach the server: passkeys are bound to it.
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

    fn id(&self) -> Result<RpId, IdentityError> {
        AsciiDomain::try_from(self.host.clone()).map(RpId::Domain).map_err(wrong)
    }
}

/// A passkey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Passkey {
    /// Credential id, hex.
    pub id: String,
    /// What its holder calls it.
    pub name: String,
    /// When it was added, Unix seconds.
    pub created: Timestamp,
    /// When it was last used.
    pub used: Option<Timestamp>,
}

/// A credential that an authenticator made, not checked yet.
#[derive(Debug)]
pub struct NewCredential(Registration);

impl NewCredential {
    /// Reads the credential's `toJSON()`.
    ///
    /// # Errors
    /// [`Invalid`] when it is none.
    pub fn read(credential: &Json) -> Result<Self, Invalid> {
        Registration::from_json_relaxed(credential.to_string().as_bytes()).map(NewCredential).map_err(no_credential)
    }
}

/// An authenticator's answer to a challenge, not checked yet.
#[derive(Debug)]
pub struct Assertion(NonDiscoverableAuthentication<32>);

impl Assertion {
    /// Reads the credential's `toJSON()`.
    ///
    /// # Errors
    /// [`Invalid`] when it is none.
    pub fn read(credential: &Json) -> Result<Self, Invalid> {
        let answer = NonDiscoverableAuthentication::from_json_relaxed(credential.to_string().as_bytes());
        answer.map(Assertion).map_err(no_credential)
    }
}

/// What an authenticator's answer to a challenge was worth.
#[derive(Debug)]
#[must_use]
pub enum Proof {
    /// The passkey with this id proved its holder.
    Accepted(String),
    /// It did not, for this reason.
    Refused(String, IdentityError),
}

/// Where the passkeys of a kind of holders lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tables {
    /// Table of the passkeys.
    pub passkeys: &'static str,
    /// Table of the ceremonies that did not end yet, at most one of a holder.
    pub ceremonies: &'static str,
    /// Column of both that has the holder's number.
    pub holder: &'static str,
    /// What handles are derived for, by which authenticators know a holder.
    pub purpose: &'static str,
}

/// Whose passkeys they are.
#[derive(Clone, Debug)]
pub struct Holder {
    /// Where they lie.
    pub tables: &'static Tables,
    /// Number of the holder.
    pub id: u64,
    /// Name of the holder, as authenticators show it.
    pub name: String,
}

fn wrong(e: impl std::fmt::Display) -> IdentityError {
    IdentityError::State(format!("passkey: {e}"))
}

fn refused(why: &str) -> IdentityError {
    IdentityError::State(why.to_owned())
}

fn no_credential(e: impl std::fmt::Display) -> Invalid {
    Invalid::new("credential", format!("no credential's toJSON(): {e}"))
}

fn unhex(text: &str) -> Result<Vec<u8>, IdentityError> {
    hex::decode(text).map_err(wrong)
}

fn descriptor(row: &Row) -> Result<PublicKeyCredentialDescriptor<Vec<u8>>, IdentityError> {
    let id = CredentialId::decode(unhex(row.text(0)?)?).map_err(wrong)?;
    let transports = AuthTransports::decode(row.number(1)?).map_err(wrong)?;
    Ok(PublicKeyCredentialDescriptor { id, transports })
}

/// The options of a ceremony as browsers take them: WebAuthn's JSON form, under `publicKey`.
fn options(client: &impl Serialize) -> Result<Json, IdentityError> {
    Ok(json!({ "publicKey": serde_json::to_value(client).map_err(wrong)? }))
}

impl Holder {
    fn handle(&self, ring: &KeyRing) -> Result<UserHandle<32>, IdentityError> {
        UserHandle::decode(ring.derive_lasting(self.tables.purpose, &self.id.to_string())).map_err(wrong)
    }

    /// The holder's name as a user name, in which some characters cannot stand, such as spaces (RFC 8265).
    fn username(&self) -> Result<Username<'_>, IdentityError> {
        let joined = self.name.split_whitespace().collect::<Vec<_>>().join(".");
        let numbered = || Username::try_from(format!("{}-{}", self.tables.holder, self.id));
        Username::try_from(joined).or_else(|_| numbered()).map_err(wrong)
    }

    fn rows(&self, db: &mut Database, columns: &str) -> Result<Vec<Row>, DbError> {
        let Tables { passkeys, holder, .. } = self.tables;
        let sql =
            format!("SELECT {columns} FROM {passkeys} WHERE {holder} = $1 ORDER BY created, id LIMIT {MAX_PASSKEYS}");
        db.query(&sql, &[number(self.id)])
    }

    /// Returns the holder's passkeys, oldest first.
    ///
    /// # Errors
    /// [`DbError`] when the database fails or stored values do not read back.
    pub fn passkeys(&self, db: &mut Database) -> Result<Vec<Passkey>, DbError> {
        let rows = self.rows(db, "id, name, created, used")?;
        rows.iter()
            .map(|r| {
                let (id, name) = (r.text(0)?.to_owned(), r.text(1)?.to_owned());
                Ok(Passkey { id, name, created: r.time(2)?, used: r.time_or_null(3) })
            })
            .collect()
    }

    /// The holder's credentials as the library takes them.
    fn descriptors(&self, db: &mut Database) -> Result<Vec<PublicKeyCredentialDescriptor<Vec<u8>>>, IdentityError> {
        self.rows(db, "id, transports")?.iter().map(descriptor).collect()
    }

    /// Deletes the state of the holder's ceremony, if there is one.
    pub(crate) fn end_ceremony(&self, db: &mut Database) -> Result<(), DbError> {
        let Tables { ceremonies, holder, .. } = self.tables;
        db.execute(&format!("DELETE FROM {ceremonies} WHERE {holder} = $1"), &[number(self.id)])?;
        Ok(())
    }

    /// Stores a ceremony's state; an older one of the holder ends.
    fn begin(&self, tx: &mut dyn Change, kind: &str, state: &[u8]) -> Result<(), IdentityError> {
        let Tables { ceremonies, holder, .. } = self.tables;
        let until = tx.now() + CEREMONY_SECONDS;
        self.end_ceremony(tx.db())?;
        let row = [number(self.id), kind.into(), hex::encode(state).into(), until.into()];
        let sql = format!("INSERT INTO {ceremonies} ({holder}, kind, state, until) VALUES ($1, $2, $3, $4)");
        tx.db().execute(&sql, &row)?;
        Ok(())
    }

    /// Takes a ceremony's state: it ends, whatever the answer is worth.
    fn take(&self, tx: &mut dyn Change, kind: &str) -> Result<Vec<u8>, IdentityError> {
        let Tables { ceremonies, holder, .. } = self.tables;
        let sql = format!("SELECT state FROM {ceremonies} WHERE {holder} = $1 AND kind = $2 AND until >= $3");
        let now = tx.now();
        let rows = tx.db().query(&sql, &[number(self.id), kind.into(), now.into()])?;
        let late = || refused("nothing was begun, or it took longer than five minutes; begin again");
        let state = unhex(rows.first().ok_or_else(late)?.text(0)?)?;
        self.end_ceremony(tx.db())?;
        // A ceremony ends with its first answer, a refused one too.
        tx.checkpoint()?;
        Ok(state)
    }

    /// Begins to add a passkey: returns the options for `navigator.credentials.create`.
    ///
    /// # Errors
    /// [`IdentityError::State`] when the holder has [`MAX_PASSKEYS`]; [`IdentityError::Store`].
    pub fn begin_registration(&self, tx: &mut dyn Change, ring: &KeyRing, site: &Site) -> Result<Json, IdentityError> {
        let (rp, handle) = (site.id()?, self.handle(ring)?);
        let known = self.descriptors(tx.db())?;
        if known.len() >= MAX_PASSKEYS {
            return Err(refused("eight passkeys are the most; remove one first"));
        }
        let name = self.username()?;
        let display_name = match name.as_ref() == self.name {
            true => None,
            false => Nickname::try_from(self.name.as_str()).ok(),
        };
        let user = PublicKeyCredentialUserEntity { name, id: &handle, display_name };
        let mut creation = PublicKeyCredentialCreationOptions::passkey(&rp, user, known);
        // Wanted, not demanded: authenticators without credProtect (CTAP 2.0) would be refused by the browser.
        creation.extensions.cred_protect = CredProtect::UserVerificationRequired(ExtensionInfo::AllowDontEnforceValue);
        let (server, client) = creation.start_ceremony().map_err(wrong)?;
        self.begin(tx, "register", &server.encode().map_err(wrong)?)?;
        options(&client)
    }

    /// Adds the passkey that was begun; returns its id. The ceremony ends, also where this fails.
    ///
    /// # Errors
    /// [`IdentityError::State`] when the credential is not the one that was requested; [`IdentityError::Store`].
    pub fn register(
        &self,
        tx: &mut dyn Change,
        site: &Site,
        name: &str,
        credential: &NewCredential,
    ) -> Result<String, IdentityError> {
        let Tables { passkeys, holder, .. } = self.tables;
        let rp = site.id()?;
        let state = RegistrationServerState::<32>::decode(&self.take(tx, "register")?).map_err(wrong)?;
        let origins = [site.origin()];
        let checks = RegistrationVerificationOptions::<&str, &str> { allowed_origins: &origins, ..Default::default() };
        let made = state.verify(&rp, &credential.0, &checks).map_err(wrong)?;
        let id = hex::encode(made.id().encode().unwrap_or_default());
        let known = format!("SELECT id FROM {passkeys} WHERE id = $1");
        if !tx.db().query(&known, &[id.as_str().into()])?.is_empty() {
            return Err(refused("this passkey is registered already"));
        }
        let row: [Value; 7] = [
            id.as_str().into(),
            name.into(),
            made.transports().encode().map_or(0, i64::from).into(),
            hex::encode(made.static_state().encode().unwrap_or_default()).into(),
            hex::encode(made.dynamic_state().encode().unwrap_or_default()).into(),
            tx.now().into(),
            number(self.id),
        ];
        let sql = format!("INSERT INTO {passkeys} ({COLUMNS}, {holder}) VALUES ($1, $2, $3, $4, $5, $6, $7)");
        tx.db().execute(&sql, &row)?;
        Ok(id)
    }

    /// Begins to prove the holder by a passkey: returns the options for `navigator.credentials.get`.
    ///
    /// # Errors
    /// [`IdentityError::State`] when the holder has none; [`IdentityError::Store`].
    pub fn begin_authentication(&self, tx: &mut dyn Change, site: &Site) -> Result<Json, IdentityError> {
        let rp = site.id()?;
        let known = self.descriptors(tx.db())?;
        if known.is_empty() {
            return Err(refused("you have no passkey; add one, or use your app"));
        }
        let mut allowed = AllowedCredentials::with_capacity(known.len());
        for one in known {
            allowed.push(AllowedCredential::from(one));
        }
        let mut request = NonDiscoverableCredentialRequestOptions::second_factor(&rp, allowed).map_err(wrong)?;
        request.options().user_verification = UserVerificationRequirement::Required;
        let (server, client) = request.start_ceremony().map_err(wrong)?;
        self.begin(tx, "enter", &server.encode().map_err(wrong)?)?;
        options(&client)
    }

    /// Checks a passkey's answer to the challenge that was begun. The ceremony ends, whatever the answer is worth.
    ///
    /// # Errors
    /// [`IdentityError::State`] when nothing was begun, or the passkey is none of the holder's; [`IdentityError::Store`].
    pub fn authenticate(
        &self,
        tx: &mut dyn Change,
        ring: &KeyRing,
        site: &Site,
        assertion: &Assertion,
    ) -> Result<Proof, IdentityError> {
        let Tables { passkeys, holder, .. } = self.tables;
        let (rp, handle, Assertion(answer)) = (site.id()?, self.handle(ring)?, assertion);
        let state = NonDiscoverableAuthenticationServerState::decode(&self.take(tx, "enter")?).map_err(wrong)?;
        let id = hex::encode(answer.raw_id().as_ref());
        let sql = format!("SELECT public_key, state FROM {passkeys} WHERE id = $1 AND {holder} = $2");
        let rows = tx.db().query(&sql, &[id.as_str().into(), number(self.id)])?;
        let row = rows.first().ok_or_else(|| refused("this passkey is none of yours"))?;
        let key = StaticState::decode(&unhex(row.text(0)?)?).map_err(wrong)?;
        let dynamic: [u8; 7] = unhex(row.text(1)?)?.try_into().map_err(|_| wrong("its stored state is broken"))?;
        let dynamic = DynamicState::decode(dynamic).map_err(wrong)?;
        let mut known = AuthenticatedCredential::new(answer.raw_id(), &handle, key, dynamic).map_err(wrong)?;
        let origins = [site.origin()];
        let checks =
            AuthenticationVerificationOptions::<&str, &str> { allowed_origins: &origins, ..Default::default() };
        if let Err(e) = state.verify(&rp, answer, &mut known, &checks) {
            return Ok(Proof::Refused(id, wrong(e)));
        }
        let dynamic = hex::encode(known.dynamic_state().encode().unwrap_or_default());
        let sql = format!("UPDATE {passkeys} SET state = $1, used = $2 WHERE id = $3");
        let row = [dynamic.into(), tx.now().into(), id.as_str().into()];
        tx.db().execute(&sql, &row)?;
        Ok(Proof::Accepted(id))
    }

    /// Deletes one of the holder's passkeys; returns whether there was one with this id.
    ///
    /// # Errors
    /// [`DbError`] when the database fails.
    pub fn delete(&self, db: &mut Database, id: &str) -> Result<bool, DbError> {
        let Tables { passkeys, holder, .. } = self.tables;
        let sql = format!("DELETE FROM {passkeys} WHERE id = $1 AND {holder} = $2");
        Ok(db.execute(&sql, &[id.into(), number(self.id)])? == 1)
    }

    /// Deletes all passkeys of the holder and ends the ceremony; returns how many there were.
    ///
    /// # Errors
    /// [`DbError`] when the database fails.
    pub fn delete_all(&self, db: &mut Database) -> Result<u64, DbError> {
        let Tables { passkeys, holder, .. } = self.tables;
        self.end_ceremony(db)?;
        db.execute(&format!("DELETE FROM {passkeys} WHERE {holder} = $1"), &[number(self.id)])
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
