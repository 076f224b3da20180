//! The secrets that keys, sessions, signing and sealing keys are derived from: one after the other, the last in use.

use crate::Signer;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use subtle::ConstantTimeEq;

/// Most keys of a ring.
pub const MAX_KEYS: usize = 16;

/// Why a ring of keys is none, or cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The text that a source gave is no ring.
    #[error("{0}: {1}")]
    Text(String, String),
    /// A source cannot be read or written.
    #[error("{0}: {1}")]
    Io(String, #[source] std::io::Error),
    /// A source is not written by Holdfast.
    #[error("{0} is not written by Holdfast: add the new key there, after the present ones, and start again")]
    ReadOnly(String),
}

/// A key of the ring.
#[derive(Clone)]
struct Key {
    secret: [u8; 32],
    id: String,
    /// AppState by all clones.
    retired: Arc<AtomicBool>,
}

/// The desk's keys, oldest first, 32 random bytes each. New secrets are derived from the last; what was derived from an older one stays good until
/// that one is retired. A retired key no longer proves who somebody is: tokens, codes, sessions and messages. It still opens what was sealed for it and
/// verifies what it signed. Clones share the ring.
#[derive(Clone)]
pub struct KeyRing {
    keys: Arc<[Key]>,
    signer: Option<Arc<dyn Signer>>,
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.ids()).finish()
    }
}

/// Derives a secret for a purpose and a name (HMAC-SHA256, RFC 2104).
fn derive(secret: &[u8; 32], purpose: &str, name: &str) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(purpose.as_bytes());
    mac.update(&[0]);
    mac.update(name.as_bytes());
    mac.finalize().into_bytes().into()
}

/// Writes a secret key for sealing: age's `AGE-SECRET-KEY-1...`, which is Bech32 of BIP 173.
fn sealing_text(bytes: &[u8; 32]) -> String {
    let hrp = bech32::Hrp::parse("age-secret-key-").expect("a proper prefix");
    bech32::encode::<bech32::Bech32>(hrp, bytes).expect("short enough").to_uppercase()
}

fn token_text(id: &str, secret: &[u8; 32]) -> String {
    format!("hf_{id}_{}", hex::encode(&secret[..24]))
}

impl Key {
    fn new(secret: [u8; 32]) -> Self {
        let id = hex::encode(&Sha256::digest(derive(&secret, "desk-key-id", ""))[..4]);
        Key { secret, id, retired: Arc::default() }
    }
}

impl KeyRing {
    /// Returns a ring of one key.
    pub fn single(secret: [u8; 32]) -> Self {
        KeyRing { keys: Arc::from([Key::new(secret)]), signer: None }
    }

    /// Returns a ring of keys, oldest first.
    ///
    /// # Errors
    /// What is wrong: none, more than [`MAX_KEYS`], or one twice.
    pub fn new(secrets: &[[u8; 32]]) -> Result<Self, String> {
        if secrets.is_empty() || secrets.len() > MAX_KEYS {
            return Err(format!("must have 1 to {MAX_KEYS} keys"));
        }
        let keys: Vec<Key> = secrets.iter().map(|s| Key::new(*s)).collect();
        for (i, key) in keys.iter().enumerate() {
            if keys[..i].iter().any(|k| k.id == key.id) {
                return Err(format!("key {} is there twice", key.id));
            }
        }
        Ok(KeyRing { keys: keys.into(), signer: None })
    }

    /// Reads a ring as it is stored: a line of 64 hex digits a key, oldest first.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let key = |line: &str| {
            let bytes = hex::decode(line).ok().and_then(|b| <[u8; 32]>::try_from(b).ok());
            bytes.ok_or_else(|| "is not 64 hex digits (a line for each key); restore it from a backup".to_owned())
        };
        let lines = text.split(['\n', ',']).map(str::trim).filter(|l| !l.is_empty());
        KeyRing::new(&lines.map(key).collect::<Result<Vec<_>, _>>()?)
    }

    /// Returns the ring as [`KeyRing::parse`] reads it, each line ended, so that one can be added.
    pub fn to_text(&self) -> String {
        self.keys.iter().map(|k| hex::encode(k.secret) + "\n").collect()
    }

    /// Returns this ring with a further key, which is in use from then on.
    ///
    /// # Errors
    /// When there are [`MAX_KEYS`] already.
    pub fn with(&self, secret: [u8; 32]) -> Result<Self, String> {
        let secrets: Vec<[u8; 32]> = self.keys.iter().map(|k| k.secret).chain([secret]).collect();
        Ok(KeyRing { signer: self.signer.clone(), ..KeyRing::new(&secrets)? })
    }

    /// Returns this ring with what signs productions outside of this process.
    #[must_use]
    pub fn with_signer(self, signer: Arc<dyn Signer>) -> Self {
        KeyRing { signer: Some(signer), ..self }
    }

    /// Returns what signs productions outside of this process; without it a key derived from the ring does.
    #[must_use]
    pub fn signer(&self) -> Option<&dyn Signer> {
        self.signer.as_deref()
    }

    /// Returns the ids of the keys, oldest first. An id reveals nothing of its key.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|k| k.id.as_str())
    }

    /// Returns one ring for each key in force, oldest first.
    pub fn each(&self) -> impl Iterator<Item = KeyRing> + '_ {
        self.in_force().map(|k| KeyRing { keys: Arc::from([k.clone()]), signer: self.signer.clone() })
    }

    /// Returns one ring for each key, retired ones too, oldest first: to verify what they signed.
    pub fn all(&self) -> impl Iterator<Item = KeyRing> + '_ {
        self.keys.iter().map(|k| KeyRing { keys: Arc::from([k.clone()]), signer: self.signer.clone() })
    }

    fn in_force(&self) -> impl DoubleEndedIterator<Item = &Key> {
        self.keys.iter().filter(|k| !k.retired.load(Ordering::Acquire))
    }

    /// Retires a key, in every clone of the ring; returns whether it did. The key in use, the last, stays.
    pub fn retire(&self, id: &str) -> bool {
        let older = self.keys.split_last().map_or(&[][..], |(_, older)| older);
        match older.iter().find(|k| k.id == id) {
            Some(key) => !key.retired.swap(true, Ordering::AcqRel),
            None => false,
        }
    }

    /// Returns whether a key of the ring is retired.
    pub fn is_retired(&self, id: &str) -> bool {
        self.keys.iter().any(|k| k.id == id && k.retired.load(Ordering::Acquire))
    }

    fn last(&self) -> &Key {
        self.keys.last().expect("a ring has a key")
    }

    /// Derives a new secret for a purpose and a name (HMAC-SHA256, RFC 2104), from the key in use.
    pub fn derive(&self, purpose: &str, name: &str) -> [u8; 32] {
        derive(&self.last().secret, purpose, name)
    }

    /// Returns what may have been derived for a purpose and a name from keys in force, the newest first: to check what was handed out before a
    /// rotation.
    pub fn derived(&self, purpose: &str, name: &str) -> Vec<[u8; 32]> {
        self.in_force().rev().map(|k| derive(&k.secret, purpose, name)).collect()
    }

    /// Derives from the oldest key, a retired one too: for what must stay the same across rotations and protects nothing by itself.
    pub fn derive_lasting(&self, purpose: &str, name: &str) -> [u8; 32] {
        derive(&self.keys[0].secret, purpose, name)
    }

    /// Returns the secret key that things are sealed for now (age's `AGE-SECRET-KEY-1...`), for a purpose and a name.
    pub fn sealing_key(&self, purpose: &str, name: &str) -> String {
        sealing_text(&self.derive(purpose, name))
    }

    /// Returns the secret keys that things may have been sealed for, the newest first, those of retired keys too.
    pub fn sealing_keys(&self, purpose: &str, name: &str) -> Vec<String> {
        self.keys.iter().rev().map(|k| sealing_text(&derive(&k.secret, purpose, name))).collect()
    }

    /// Returns the token of a key: shown once, to whom it is made for.
    pub fn token(&self, id: &str) -> String {
        token_text(id, &self.derive("api-key", id))
    }

    /// Returns what a key's token may be, the newest first.
    pub fn tokens(&self, id: &str) -> Vec<String> {
        self.derived("api-key", id).iter().map(|s| token_text(id, s)).collect()
    }

    /// Returns the id of a token whose secret is right.
    pub fn id_of<'t>(&self, token: &'t str) -> Option<&'t str> {
        let (id, _) = token.strip_prefix("hf_")?.split_once('_')?;
        let is_right =
            self.tokens(id).iter().fold(false, |right, t| right | bool::from(t.as_bytes().ct_eq(token.as_bytes())));
        is_right.then_some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_secret_opens() {
        let ring = KeyRing::single([7; 32]);
        let token = ring.token("a1");
        assert_eq!(ring.id_of(&token), Some("a1"));
        assert_eq!(KeyRing::single([8; 32]).id_of(&token), None);
        assert_eq!(ring.id_of(&token.replace("a1", "a2")), None);
        assert_eq!(ring.id_of("hf_"), None);
    }

    #[test]
    fn a_new_key_derives_and_older_ones_verify() {
        let old = KeyRing::single([7; 32]);
        let ring = old.with([8; 32]).unwrap();
        assert_eq!(ring.derive("webhook", "1"), KeyRing::single([8; 32]).derive("webhook", "1"));
        assert_eq!(ring.id_of(&old.token("a1")), Some("a1"));
        assert_eq!(ring.id_of(&ring.token("a1")), Some("a1"));
        assert_ne!(ring.token("a1"), old.token("a1"));
        assert_eq!(old.id_of(&ring.token("a1")), None);
        assert_eq!(ring.derived("webhook", "1"), [ring.derive("webhook", "1"), old.derive("webhook", "1")]);
        assert_eq!(ring.derive_lasting("passkey-user", "1"), old.derive("passkey-user", "1"));
        assert_eq!(ring.sealing_keys("case", "1")[1], old.sealing_key("case", "1"));
    }

    #[test]
    fn a_retired_key_proves_nobody_and_still_opens_what_was_sealed() {
        let old = KeyRing::single([7; 32]);
        let ring = old.with([8; 32]).unwrap();
        let clone = ring.clone();
        let ids: Vec<String> = ring.ids().map(str::to_owned).collect();
        assert!(!ring.retire(&ids[1]), "the key in use stays");
        assert!(!ring.retire("none") && ring.retire(&ids[0]) && !ring.retire(&ids[0]));
        assert!(clone.is_retired(&ids[0]) && !clone.is_retired(&ids[1]), "in every clone");
        assert_eq!(clone.id_of(&old.token("a1")), None);
        assert_eq!(clone.id_of(&clone.token("a1")), Some("a1"));
        assert_eq!(clone.derived("webhook", "1"), [clone.derive("webhook", "1")]);
        assert_eq!((clone.each().count(), clone.all().count(), clone.ids().count()), (1, 2, 2));
        assert_eq!(clone.sealing_keys("case", "1")[1], old.sealing_key("case", "1"));
        assert_eq!(clone.derive_lasting("passkey-user", "1"), old.derive("passkey-user", "1"));
    }

    #[test]
    fn rings_read_back_and_bad_ones_are_refused() {
        let ring = KeyRing::single([7; 32]).with([8; 32]).unwrap();
        let again = KeyRing::parse(&ring.to_text()).unwrap();
        assert_eq!(again.ids().collect::<Vec<_>>(), ring.ids().collect::<Vec<_>>());
        // As it was written before there were rings.
        assert_eq!(KeyRing::parse(&hex::encode([7; 32])).unwrap().token("x"), KeyRing::single([7; 32]).token("x"));
        for bad in ["", "12", &"zz".repeat(32), &format!("{0}\n{0}", "07".repeat(32))] {
            assert!(KeyRing::parse(bad).is_err(), "{bad}");
        }
        assert!(format!("{ring:?}").len() < 40, "no secret is printed");
    }
}
