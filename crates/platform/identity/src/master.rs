//! The secret that keys, sessions, signing and sealing keys are derived from.

use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// The desk's secret; 32 random bytes kept in a file.
#[derive(Clone)]
pub struct Master(pub [u8; 32]);

impl std::fmt::Debug for Master {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Master")
    }
}

impl Master {
    /// A secret for a purpose and a name (HMAC-SHA256, RFC 2104).
    pub fn derive(&self, purpose: &str, name: &str) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(name.as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// A secret key for sealing (age's `AGE-SECRET-KEY-1...`, which is Bech32 of BIP 173), for a purpose and a name.
    ///
    /// # Panics
    /// Never: the prefix and the length are within Bech32's bounds.
    pub fn sealing_key(&self, purpose: &str, name: &str) -> String {
        let hrp = bech32::Hrp::parse("age-secret-key-").expect("a proper prefix");
        let bytes = self.derive(purpose, name);
        bech32::encode::<bech32::Bech32>(hrp, &bytes).expect("short enough").to_uppercase()
    }

    /// The token of a key: shown once, to whom it is made for.
    pub fn token(&self, id: &str) -> String {
        format!("hf_{id}_{}", hex::encode(&self.derive("api-key", id)[..24]))
    }

    /// The id of a token whose secret is right.
    pub fn id_of<'t>(&self, token: &'t str) -> Option<&'t str> {
        let (id, _) = token.strip_prefix("hf_")?.split_once('_')?;
        bool::from(self.token(id).as_bytes().ct_eq(token.as_bytes())).then_some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_secret_opens() {
        let master = Master([7; 32]);
        let token = master.token("a1");
        assert_eq!(master.id_of(&token), Some("a1"));
        assert_eq!(Master([8; 32]).id_of(&token), None);
        assert_eq!(master.id_of(&token.replace("a1", "a2")), None);
        assert_eq!(master.id_of("hf_"), None);
    }
}
