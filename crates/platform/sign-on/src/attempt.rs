//! An attempt to sign on: what the browser holds between leaving for the provider and coming back. State, nonce and PKCE's verifier are derived
//! from its cookie and the desk's key, so that nothing is stored, and an answer counts only in the browser that began.

use crate::SignOnError;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use holdfast_identity::KeyRing;
use holdfast_types::{Seconds, Timestamp};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// How long an attempt may take.
pub const ATTEMPT_SECONDS: Seconds = Seconds::new(600);

/// What the browser brings back from the provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Callback {
    /// The code to be exchanged for a token.
    pub code: Option<String>,
    /// The state that was sent along.
    pub state: Option<String>,
    /// The issuer, where the provider names it (RFC 9207).
    pub iss: Option<String>,
    /// Why the provider signed nobody in.
    pub error: Option<String>,
    /// The same in words.
    pub error_description: Option<String>,
}

/// An attempt to sign on.
#[derive(Clone, PartialEq, Eq)]
pub struct Attempt {
    cookie: String,
    state: String,
    nonce: String,
    verifier: String,
}

impl std::fmt::Debug for Attempt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Attempt")
    }
}

fn secret(ring: &KeyRing, purpose: &str, body: &str) -> String {
    URL_SAFE_NO_PAD.encode(ring.derive(purpose, body))
}

impl Attempt {
    /// Begins an attempt of which the random number is new.
    #[must_use]
    pub fn begin(ring: &KeyRing, random: &[u8; 32], now: Timestamp) -> Self {
        let body = format!("{}.{}", hex::encode(random), (now + ATTEMPT_SECONDS).unix());
        Self::of(ring, &body)
    }

    fn of(ring: &KeyRing, body: &str) -> Self {
        Attempt {
            cookie: format!("{body}.{}", secret(ring, "sign-on-attempt", body)),
            state: secret(ring, "sign-on-state", body),
            nonce: secret(ring, "sign-on-nonce", body),
            // 43 characters (RFC 7636, section 4.1).
            verifier: secret(ring, "sign-on-verifier", body),
        }
    }

    /// Returns the attempt of a cookie, for the state that came back with it.
    ///
    /// # Errors
    /// [`SignOnError::Refused`] when the cookie is missing, too old or not from here, or the state is another attempt's.
    pub fn resume(
        ring: &KeyRing,
        cookie: Option<&str>,
        state: Option<&str>,
        now: Timestamp,
    ) -> Result<Self, SignOnError> {
        let foreign = || {
            SignOnError::refused(
                "this browser did not begin this sign-on, or its cookie is gone; begin again at /sign-in",
            )
        };
        let cookie = cookie.ok_or_else(foreign)?;
        let (body, _) = cookie.rsplit_once('.').ok_or_else(foreign)?;
        let is = |a: &str, b: &str| bool::from(a.as_bytes().ct_eq(b.as_bytes()));
        let known =
            ring.each().map(|ring| Self::of(&ring, body)).find(|a| is(&a.cookie, cookie)).ok_or_else(foreign)?;
        let until = body.rsplit_once('.').and_then(|(_, until)| until.parse().ok()).ok_or_else(foreign)?;
        if now > Timestamp::from_unix(until) {
            return Err(SignOnError::refused("this sign-on took more than ten minutes; begin again at /sign-in"));
        }
        match state.is_some_and(|state| is(state, &known.state)) {
            true => Ok(known),
            false => Err(SignOnError::refused(
                "the answer belongs to another sign-on (its state is wrong); begin again at /sign-in",
            )),
        }
    }

    /// Returns what the browser holds meanwhile.
    #[must_use]
    pub fn cookie(&self) -> &str {
        &self.cookie
    }

    pub(crate) fn state(&self) -> &str {
        &self.state
    }

    pub(crate) fn nonce(&self) -> &str {
        &self.nonce
    }

    pub(crate) fn verifier(&self) -> &str {
        &self.verifier
    }

    /// PKCE's challenge by S256 (RFC 7636, section 4.2).
    pub(crate) fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.as_bytes()))
    }
}
