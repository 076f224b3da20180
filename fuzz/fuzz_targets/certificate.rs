//! Any bytes are answered as a certificate, and as the signed credential of one, which is then written as PDF and found in it again.
#![no_main]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer, SigningKey};
use holdfast_academy::certificate::{is_certificate, verify};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = is_certificate(data);
    let found = verify(data, None, 1_800_000_000_u32.into());
    assert!(!found.holds() || found.passed.len() > 3);
    // Signed, so that what stands in it is reached; as PDF too.
    let key = SigningKey::from_bytes(&[7; 32]);
    let jwk = format!(
        r#"{{"alg":"EdDSA","typ":"JWT","jwk":{{"kty":"OKP","crv":"Ed25519","x":"{}"}}}}"#,
        URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes())
    );
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(jwk), URL_SAFE_NO_PAD.encode(data));
    let jwt = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes()).to_bytes()));
    let _ = verify(jwt.as_bytes(), None, 1_800_000_000_u32.into());
    let pdf = format!("%PDF-1.7\n{jwt}\n");
    assert!(!verify(pdf.as_bytes(), None, 1_800_000_000_u32.into()).holds());
});
