//! An authenticator in software: it makes a passkey and answers challenges as a browser's `toJSON()` does, without a browser.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// User present, user verified.
const VERIFIED: u8 = 0b0000_0101;
/// User present.
const PRESENT: u8 = 0b0000_0001;
/// The data has a new credential.
const ATTESTED: u8 = 0b0100_0000;

/// What stands before an Ed25519 key in its SubjectPublicKeyInfo (RFC 8410).
const DER_OF_KEY: &[u8] = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";

/// An authenticator with one passkey (Ed25519), on the pages of one origin.
#[derive(Debug)]
pub struct Authenticator {
    /// Origin of the pages, as the browser states it.
    pub origin: String,
    /// Whether it verifies its user (by a PIN or a fingerprint), which passkeys must.
    pub verifies: bool,
    key: SigningKey,
    id: [u8; 16],
    handle: String,
    counter: u32,
}

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Authenticator {
    /// Makes an authenticator; each seed gives another passkey.
    pub fn new(seed: u8, origin: &str) -> Self {
        let mut id = [seed; 16];
        id.copy_from_slice(&Sha256::digest([seed])[..16]);
        Authenticator {
            origin: origin.to_owned(),
            verifies: true,
            key: SigningKey::from_bytes(&[seed; 32]),
            id,
            handle: String::new(),
            counter: 0,
        }
    }

    /// Returns the passkey's credential id, hex.
    pub fn id(&self) -> String {
        self.id.iter().map(|b| format!("{b:02x}")).collect()
    }

    /// Answers `navigator.credentials.create` with these options: returns the credential's `toJSON()`.
    ///
    /// # Panics
    /// When the options are none.
    pub fn create(&mut self, options: &Value) -> Value {
        let options = &options["publicKey"];
        self.handle = options["user"]["id"].as_str().expect("a user handle").to_owned();
        let mut data = self.data(options["rp"]["id"].as_str().expect("a relying party"), ATTESTED);
        data.extend([0; 16]);
        data.extend([0, 16]);
        data.extend(self.id);
        // The public key in COSE's form: key type 1 (OKP), algorithm -8 (EdDSA), curve 6 (Ed25519).
        data.extend([0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 0x20]);
        data.extend(self.key.verifying_key().to_bytes());
        let mut object = b"\xa3cfmtdnonegattStmt\xa0hauthData\x58".to_vec();
        object.push(u8::try_from(data.len()).expect("a short credential"));
        object.extend(&data);
        let public = [DER_OF_KEY, self.key.verifying_key().as_bytes()].concat();
        let response = json!({
            "clientDataJSON": b64(self.client_data("webauthn.create", options)),
            "authenticatorData": b64(&data),
            "attestationObject": b64(&object),
            "transports": ["internal"],
            "publicKey": b64(public),
            "publicKeyAlgorithm": -8,
        });
        self.credential(&response)
    }

    /// Answers `navigator.credentials.get` with these options: returns the credential's `toJSON()`.
    ///
    /// # Panics
    /// When the options are none, or do not allow the passkey.
    pub fn get(&mut self, options: &Value) -> Value {
        let options = &options["publicKey"];
        let allowed = options["allowCredentials"].as_array().expect("allowed credentials");
        assert!(allowed.iter().any(|c| c["id"] == b64(self.id)), "the passkey is not allowed: {options}");
        self.answer(options)
    }

    /// Answers as [`Authenticator::get`], also where the options do not allow the passkey.
    ///
    /// # Panics
    /// When the options are none.
    pub fn answer(&mut self, options: &Value) -> Value {
        let options = if options["publicKey"].is_object() { &options["publicKey"] } else { options };
        self.counter += 1;
        let data = self.data(options["rpId"].as_str().expect("a relying party"), 0);
        let client = self.client_data("webauthn.get", options);
        let signed: Vec<u8> = data.iter().copied().chain(Sha256::digest(&client)).collect();
        let response = json!({
            "clientDataJSON": b64(client),
            "authenticatorData": b64(&data),
            "signature": b64(self.key.sign(&signed).to_bytes()),
            "userHandle": self.handle,
        });
        self.credential(&response)
    }

    fn credential(&self, response: &Value) -> Value {
        json!({
            "id": b64(self.id),
            "rawId": b64(self.id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": response,
        })
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        json!({"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": false})
            .to_string()
            .into_bytes()
    }

    fn data(&self, relying_party: &str, more: u8) -> Vec<u8> {
        let flags = more | if self.verifies { VERIFIED } else { PRESENT };
        let mut data = Sha256::digest(relying_party).to_vec();
        data.push(flags);
        data.extend(self.counter.to_be_bytes());
        data
    }
}
