//! Tokens of the provider: the signature, and what an ID token (OpenID Connect Core 1.0, section 3.1.3.7) and a logout token (Back-Channel Logout
//! 1.0, section 2.6) must say.

use crate::SignOnError;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use holdfast_types::{Seconds, Timestamp};
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::Value;

/// How far the provider's clock may be from this machine's.
pub const SKEW: Seconds = Seconds::new(60);
/// Longest token, in bytes.
const MAX_TOKEN: usize = 64 << 10;
/// The event of a logout token.
const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// What a provider says is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedOut {
    /// Whose sessions; none where only the session is named.
    pub subject: Option<String>,
    /// The provider's session; none for all of the subject.
    pub sid: Option<String>,
    /// When the provider said so, by its clock.
    pub issued: Timestamp,
}

/// Which key signed a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signer {
    algorithm: Algorithm,
    pub kid: Option<String>,
}

/// Reads the head of a token: no algorithm but the asymmetric ones is taken, since with others whoever knows the client's secret, or nobody's
/// secret, could sign.
pub(crate) fn signer(token: &str) -> Result<Signer, SignOnError> {
    if token.len() > MAX_TOKEN {
        return Err(SignOnError::refused(format!("the token is longer than {MAX_TOKEN} bytes")));
    }
    let head = token.split('.').next().and_then(|head| URL_SAFE_NO_PAD.decode(head).ok());
    let head: Option<Value> = head.and_then(|head| serde_json::from_slice(&head).ok());
    let head = head.ok_or_else(|| SignOnError::refused("the token is no signed JSON Web Token"))?;
    let name = head["alg"].as_str().unwrap_or_default();
    let algorithm = match name {
        "RS256" => Algorithm::RS256,
        "RS384" => Algorithm::RS384,
        "RS512" => Algorithm::RS512,
        "PS256" => Algorithm::PS256,
        "PS384" => Algorithm::PS384,
        "PS512" => Algorithm::PS512,
        "ES256" => Algorithm::ES256,
        "ES384" => Algorithm::ES384,
        "EdDSA" => Algorithm::EdDSA,
        other => {
            let other: String = other.chars().take(20).collect();
            let text = format!(
                "the token is signed by '{other}'; RS256 to 512, PS256 to 512, ES256, ES384 and EdDSA are taken"
            );
            return Err(SignOnError::refused(text));
        }
    };
    Ok(Signer { algorithm, kid: head["kid"].as_str().map(str::to_owned) })
}

/// Returns the keys that may have signed a token: the one of its `kid`, or without one all.
pub(crate) fn keys_for<'k>(keys: &'k JwkSet, signer: &Signer) -> Vec<&'k Jwk> {
    let signs = |key: &&Jwk| key.common.public_key_use != Some(PublicKeyUse::Encryption);
    match &signer.kid {
        Some(kid) => keys.keys.iter().filter(signs).filter(|k| k.common.key_id.as_ref() == Some(kid)).collect(),
        None => keys.keys.iter().filter(signs).collect(),
    }
}

/// Returns the claims of a token that one of the keys signed.
pub(crate) fn verified(token: &str, signer: &Signer, keys: &[&Jwk]) -> Result<Value, SignOnError> {
    let mut validation = Validation::new(signer.algorithm);
    // What the claims must say is checked by the callers, by the desk's clock.
    validation.required_spec_claims.clear();
    (validation.validate_exp, validation.validate_aud) = (false, false);
    for key in keys {
        let Ok(key) = DecodingKey::from_jwk(key) else { continue };
        if let Ok(data) = decode::<Value>(token, &key, &validation) {
            return Ok(data.claims);
        }
    }
    Err(SignOnError::refused("the token's signature fits no key of the identity provider"))
}

/// Whom a token must be from and for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parties<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
}

fn text<'c>(claims: &'c Value, name: &str) -> Option<&'c str> {
    claims[name].as_str().filter(|text| !text.is_empty())
}

fn time(claims: &Value, name: &str) -> Result<Timestamp, SignOnError> {
    // Some providers write fractions.
    let seconds = claims[name].as_i64().or_else(|| claims[name].to_string().split('.').next()?.parse().ok());
    let seconds = seconds.filter(|s| (0..=253_402_300_799).contains(s)).map(Timestamp::from_unix);
    seconds.ok_or_else(|| SignOnError::refused(format!("the token's '{name}' is no time")))
}

/// Checks issuer, audience and times; returns when the token was issued.
fn check(claims: &Value, parties: Parties<'_>, now: Timestamp) -> Result<Timestamp, SignOnError> {
    let refused = |text: String| Err(SignOnError::Refused(text));
    let short = |text: &str| text.chars().take(200).collect::<String>();
    match text(claims, "iss") {
        Some(issuer) if issuer == parties.issuer => {}
        other => {
            let other = short(other.unwrap_or_default());
            return refused(format!("the token is from the issuer '{other}', not '{}'", parties.issuer));
        }
    }
    let audiences: Vec<&str> = match &claims["aud"] {
        Value::String(one) => vec![one],
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !audiences.contains(&parties.client_id) {
        return refused(format!(
            "the token is for '{}', not for this desk's client '{}'",
            short(&audiences.join(", ")),
            parties.client_id
        ));
    }
    let authorized = text(claims, "azp");
    if authorized.is_some_and(|azp| azp != parties.client_id) || (audiences.len() > 1 && authorized.is_none()) {
        return refused(format!("the token was issued to another client than '{}' (azp)", parties.client_id));
    }
    let (issued, expires) = (time(claims, "iat")?, time(claims, "exp")?);
    if now >= expires + SKEW {
        return refused(format!(
            "the token expired {} seconds ago; compare the clocks of both machines",
            (now - expires).count()
        ));
    }
    if issued > now + SKEW {
        return refused(format!(
            "the token is from {} seconds in the future; compare the clocks of both machines",
            (issued - now).count()
        ));
    }
    if claims.get("nbf").is_some() && time(claims, "nbf")? > now + SKEW {
        return refused("the token is not valid yet (nbf); compare the clocks of both machines".to_owned());
    }
    Ok(issued)
}

/// Checks an ID token's claims for an attempt; returns its subject.
pub(crate) fn check_id_token(
    claims: &Value,
    parties: Parties<'_>,
    nonce: &str,
    now: Timestamp,
) -> Result<String, SignOnError> {
    check(claims, parties, now)?;
    if text(claims, "nonce") != Some(nonce) {
        return Err(SignOnError::refused(
            "the token is not for this sign-on (its nonce is wrong); begin again at /sign-in",
        ));
    }
    let subject = text(claims, "sub").filter(|s| s.len() <= 255);
    subject.map(str::to_owned).ok_or_else(|| SignOnError::refused("the token names no subject (sub) of 1 to 255 bytes"))
}

/// Checks a logout token's claims.
pub(crate) fn check_logout(claims: &Value, parties: Parties<'_>, now: Timestamp) -> Result<LoggedOut, SignOnError> {
    let issued = check(claims, parties, now)?;
    if !claims["events"][LOGOUT_EVENT].is_object() {
        return Err(SignOnError::refused("the token is no logout token: it has no back-channel logout event"));
    }
    if !claims["nonce"].is_null() {
        return Err(SignOnError::refused("the token is no logout token: it has a nonce"));
    }
    let (subject, sid) = (text(claims, "sub").map(str::to_owned), text(claims, "sid").map(str::to_owned));
    if subject.is_none() && sid.is_none() {
        return Err(SignOnError::refused("the logout token names neither subject (sub) nor session (sid)"));
    }
    Ok(LoggedOut { subject, sid, issued })
}
