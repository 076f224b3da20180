//! Secrets: sealed to a case's key (age) as they are found, and shown as fingerprints only.

use crate::scan::ScanError;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::str::FromStr;
use utoipa::ToSchema;

/// Returns the fingerprint of a secret: the first 8 bytes of its SHA-256, hex. Phrases and keys have 128 bits and more, so that it reveals nothing.
#[must_use]
pub fn fingerprint(secret: &str) -> String {
    hex::encode(&Sha256::digest(secret.as_bytes())[..8])
}

/// A sealed secret.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToSchema)]
pub struct Sealed {
    /// Its fingerprint.
    pub fingerprint: String,
    /// The secret, encrypted to the case's key (age), base16.
    pub age: String,
}

/// Seals secrets to keys.
#[derive(Clone)]
pub struct Sealer(Vec<age::x25519::Recipient>);

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealer").field("keys", &self.0.len()).finish()
    }
}

impl Sealer {
    /// Returns a sealer to age recipients (`age1...`).
    ///
    /// # Errors
    /// [`ScanError::Key`] names the recipient that is none.
    pub fn new(recipients: &[String]) -> Result<Self, ScanError> {
        let keys: Result<Vec<_>, ScanError> = recipients
            .iter()
            .map(|r| {
                age::x25519::Recipient::from_str(r)
                    .map_err(|e| ScanError::Key(r.chars().take(80).collect(), e.to_owned()))
            })
            .collect();
        match keys? {
            keys if keys.is_empty() => {
                Err(ScanError::Key("none".into(), "name the key that secrets are sealed to".into()))
            }
            keys => Ok(Sealer(keys)),
        }
    }

    /// Seals a secret.
    ///
    /// # Errors
    /// [`ScanError::Key`].
    pub fn seal(&self, secret: &str) -> Result<Sealed, ScanError> {
        let fault = |e: String| ScanError::Key("sealing".into(), e);
        let recipients = self.0.iter().map(|r| r as &dyn age::Recipient);
        let encryptor = age::Encryptor::with_recipients(recipients).map_err(|e| fault(e.to_string()))?;
        let mut sealed = Vec::new();
        let mut writer = encryptor.wrap_output(&mut sealed).map_err(|e| fault(e.to_string()))?;
        std::io::Write::write_all(&mut writer, secret.as_bytes()).map_err(|e| fault(e.to_string()))?;
        writer.finish().map_err(|e| fault(e.to_string()))?;
        Ok(Sealed { fingerprint: fingerprint(secret), age: hex::encode(sealed) })
    }
}

/// Opens sealed secrets with the case's secret key (`AGE-SECRET-KEY-1...`); returns them by fingerprint.
///
/// # Errors
/// [`ScanError::Key`] when the key is none or does not open one.
pub fn open(identity: &str, sealed: &[Sealed]) -> Result<BTreeMap<String, String>, ScanError> {
    let fault = |e: String| ScanError::Key("the case's key".into(), e);
    let identity = age::x25519::Identity::from_str(identity.trim()).map_err(|e| fault(e.to_owned()))?;
    sealed
        .iter()
        .map(|s| {
            let bytes = hex::decode(&s.age).map_err(|e| fault(e.to_string()))?;
            let plain = age::decrypt(&identity, &bytes).map_err(|e| fault(e.to_string()))?;
            let plain = String::from_utf8(plain).map_err(|e| fault(e.to_string()))?;
            match fingerprint(&plain) == s.fingerprint {
                true => Ok((s.fingerprint.clone(), plain)),
                false => Err(fault(format!("{} does not match its fingerprint", s.fingerprint))),
            }
        })
        .collect()
}
