//! Signatures of models' files: a file that leaves the desk comes with one, so that another desk knows whose it is.
//!
//! A signature is a file of its own, JSON, beside the model's: the model's file is named by its SHA-256 and stays as it is. Ed25519 (RFC 8032), by a key derived
//! from the desk's, over the words `holdfast model 1`, a line feed and the SHA-256 of the file in hexadecimal digits.

use crate::LearnedError;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use holdfast_identity::KeyRing;
use holdfast_models::ModelHash;
use holdfast_types::Invalid;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A desk's signature of a model's file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelSignature {
    /// SHA-256 of the file.
    #[schema(value_type = String)]
    pub model: ModelHash,
    /// Public key of the desk that signed it, hexadecimal.
    pub key: String,
    /// Signature, hexadecimal.
    pub signature: String,
}

fn signed(model: ModelHash) -> Vec<u8> {
    format!("holdfast model 1\n{model}").into_bytes()
}

impl ModelSignature {
    /// Signs a model's file by the desk's key in use: the same key, the same signature.
    #[must_use]
    pub fn of(key_ring: &KeyRing, model: ModelHash) -> Self {
        let key = SigningKey::from_bytes(&key_ring.derive("model-signature", ""));
        let signature = key.sign(&signed(model));
        ModelSignature {
            model,
            key: hex::encode(key.verifying_key().as_bytes()),
            signature: hex::encode(signature.to_bytes()),
        }
    }

    /// Reads a signature's file.
    ///
    /// # Errors
    /// [`LearnedError::Invalid`] when it is none.
    pub fn read(file: &[u8]) -> Result<Self, LearnedError> {
        Ok(serde_json::from_slice(file).map_err(|e| Invalid::new("signature", format!("is no signature: {e}")))?)
    }

    /// Checks that it is of this model and by its own key; and, where a signer is expected, that the key is the signer's.
    ///
    /// # Errors
    /// [`LearnedError::Invalid`] says what differs.
    pub fn check(&self, model: ModelHash, signer: Option<&str>) -> Result<(), LearnedError> {
        let refuse = |field: &str, text: String| Err(Invalid::new(field, text).into());
        if self.model != model {
            return refuse("signature", format!("is of model {}; the file is model {model}", self.model));
        }
        if signer.is_some_and(|signer| !signer.trim().eq_ignore_ascii_case(&self.key)) {
            let shown: String = self.key.chars().filter(char::is_ascii_hexdigit).take(64).collect();
            return refuse("signer", format!("another key signed it: {shown}"));
        }
        let key: Option<[u8; 32]> = hex::decode(&self.key).ok().and_then(|bytes| bytes.try_into().ok());
        let key = key.and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok());
        let signature = hex::decode(&self.signature).ok().and_then(|bytes| Signature::from_slice(&bytes).ok());
        match (key, signature) {
            (Some(key), Some(signature)) if key.verify_strict(&signed(model), &signature).is_ok() => Ok(()),
            _ => refuse("signature", "does not hold: the file, the key or the signature was changed".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_file_and_key_only() {
        let (model, ring) = (ModelHash::of(b"a model"), KeyRing::single([7; 32]));
        let made = ModelSignature::of(&ring, model);
        assert_eq!(made, ModelSignature::of(&ring, model));
        let read = ModelSignature::read(&serde_json::to_vec(&made).unwrap()).unwrap();
        read.check(model, None).unwrap();
        read.check(model, Some(&made.key.to_uppercase())).unwrap();
        let refused = |s: &ModelSignature, model, signer: Option<&str>| s.check(model, signer).unwrap_err().to_string();
        assert!(refused(&made, ModelHash::of(b"another"), None).contains("is of model"));
        let other = ModelSignature::of(&KeyRing::single([8; 32]), model);
        assert!(refused(&made, model, Some(&other.key)).contains("another key"));
        let stolen = ModelSignature { key: other.key.clone(), ..made.clone() };
        assert!(refused(&stolen, model, Some(&other.key)).contains("does not hold"));
        for (n, digit) in made.signature.char_indices() {
            let flipped = if digit == '0' { "1" } else { "0" };
            let mut signature = made.signature.clone();
            signature.replace_range(n..=n, flipped);
            assert!(refused(&ModelSignature { signature, ..made.clone() }, model, None).contains("does not hold"));
        }
        assert!(ModelSignature::read(b"{}").unwrap_err().to_string().contains("signature"));
    }
}
