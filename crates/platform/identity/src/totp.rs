//! Codes of authenticator apps (TOTP, RFC 6238): six digits, 30 seconds, HMAC-SHA1, as every app reads them. One implementation for staff and
//! officers. No secret is stored: it is derived from the key ring, a purpose and the number of the enrolment.

use crate::{IdentityError, KeyRing};
use holdfast_types::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// Bytes of a secret: as long as the hash (RFC 4226, section 4, R6).
const SECRET_BYTES: usize = 20;

/// A TOTP secret that was set up; it counts once a code of it was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Enrolment {
    /// Secret, base32.
    pub secret: String,
    /// For authenticator apps.
    pub uri: String,
}

/// Names the secret of one authenticator app.
#[derive(Clone, Copy, Debug)]
pub struct App<'a> {
    /// What the secret is derived for; each kind of account has another.
    pub purpose: &'a str,
    /// Account and number of the enrolment.
    pub subject: &'a str,
    /// Name that the app shows.
    pub account: &'a str,
}

impl App<'_> {
    fn totp(&self, ring: &KeyRing) -> Result<totp_rs::Totp, IdentityError> {
        let secret = ring.derive(self.purpose, self.subject);
        totp_rs::Builder::new()
            .with_secret(totp_rs::Secret::from(&secret[..SECRET_BYTES]))
            .with_issuer(Some("Holdfast"))
            // A colon would end the issuer's name in the URI.
            .with_account_name(self.account.replace(':', " "))
            .build()
            .map_err(unusable)
    }

    /// Returns the secret, made with the key in use, for the app.
    ///
    /// # Errors
    /// [`IdentityError::State`] when the account's name cannot stand in a URI.
    pub fn enrolment(&self, ring: &KeyRing) -> Result<Enrolment, IdentityError> {
        let uri = self.totp(ring)?.to_url().map_err(unusable)?;
        let secret = ring.derive(self.purpose, self.subject);
        Ok(Enrolment { secret: totp_rs::Secret::from(&secret[..SECRET_BYTES]).to_base32(), uri })
    }

    /// Returns the step of a code that is good at a time; none when it is wrong, or when its step is not after the last one that
    /// was used: each code opens once (RFC 6238, section 5.2). The app may have been set up with an older key of the ring.
    ///
    /// # Errors
    /// [`IdentityError::State`] when the account's name cannot stand in a URI.
    pub fn step_of(&self, ring: &KeyRing, code: &str, now: Timestamp, last: i64) -> Result<Option<i64>, IdentityError> {
        let apps = ring.each().map(|key| self.totp(&key)).collect::<Result<Vec<_>, _>>()?;
        let step = apps.iter().find_map(|app| app.check(code.trim(), now.unix().max(0).unsigned_abs()));
        Ok(step.and_then(|s| i64::try_from(s).ok()).filter(|s| *s > last))
    }
}

fn unusable(cause: impl std::fmt::Display) -> IdentityError {
    IdentityError::State(format!("second factor: {cause}"))
}
