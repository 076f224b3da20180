//! A provider: what it says of itself, its keys, and the exchange of a code for a token.

use crate::settings::is_safe;
use crate::token::{Parties, check_id_token, check_logout, keys_for, signer, verified};
use crate::{Attempt, Callback, LoggedOut, Settings, SignOnError, Web};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use holdfast_types::{Seconds, Timestamp};
use jsonwebtoken::jwk::JwkSet;
use serde::Deserialize;
use serde_json::Value;
use std::sync::{Mutex, PoisonError};

/// How long metadata and keys are good.
const FRESH: Seconds = Seconds::hours(1);
/// Shortest time between two readings of the keys because a token names one that is unknown.
const PAUSE: Seconds = Seconds::new(10);
/// Most groups of a person.
const MAX_GROUPS: usize = 1_000;

/// Metadata of a provider (OpenID Connect Discovery 1.0, section 3).
#[derive(Clone, Debug, Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    code_challenge_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

#[derive(Clone, Debug)]
struct Known {
    metadata: Metadata,
    keys: JwkSet,
    read: Timestamp,
}

/// Whom a provider signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedOn {
    /// The provider's name of the person, which never changes.
    pub subject: String,
    /// The name that the desk's settings choose.
    pub name: String,
    /// Groups, as the provider names them.
    pub groups: Vec<String>,
    /// The provider's session, where it names it.
    pub sid: Option<String>,
    /// Whether the provider says that the person gave several factors (`mfa` of RFC 8176).
    pub several_factors: bool,
}

/// An identity provider.
#[derive(Debug)]
pub struct Provider {
    settings: Settings,
    web: Box<dyn Web>,
    known: Mutex<Option<Known>>,
}

fn encoded(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

impl Provider {
    /// Returns a provider by its settings; it is asked when somebody signs on.
    ///
    /// # Errors
    /// [`SignOnError::Setting`].
    pub fn new(settings: Settings, web: Box<dyn Web>) -> Result<Self, SignOnError> {
        settings.check()?;
        Ok(Provider { settings, web, known: Mutex::default() })
    }

    /// Returns the settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    fn parties(&self) -> Parties<'_> {
        Parties { issuer: &self.settings.issuer, client_id: &self.settings.client_id }
    }

    fn document<T: serde::de::DeserializeOwned>(&self, url: &str) -> Result<T, SignOnError> {
        let reply = self.web.get(url)?;
        if reply.status != 200 {
            return Err(SignOnError::provider(format!("{url} answers {}", reply.status)));
        }
        serde_json::from_str(&reply.body)
            .map_err(|e| SignOnError::provider(format!("{url} is not what OpenID Connect says: {e}")))
    }

    fn read(&self, now: Timestamp) -> Result<Known, SignOnError> {
        let url = format!("{}/.well-known/openid-configuration", self.settings.issuer.trim_end_matches('/'));
        let metadata: Metadata = self.document(&url)?;
        if metadata.issuer != self.settings.issuer {
            let text =
                format!("{url} names the issuer '{}'; sign_on.issuer is '{}'", metadata.issuer, self.settings.issuer);
            return Err(SignOnError::provider(text));
        }
        for endpoint in [&metadata.authorization_endpoint, &metadata.token_endpoint, &metadata.jwks_uri] {
            if !is_safe(endpoint) {
                return Err(SignOnError::provider(format!(
                    "its endpoint '{endpoint}' is neither https nor on this machine"
                )));
            }
        }
        if metadata.code_challenge_methods_supported.as_ref().is_some_and(|all| !all.iter().any(|m| m == "S256")) {
            return Err(SignOnError::provider("it does not support PKCE by S256"));
        }
        let keys = self.document(&metadata.jwks_uri)?;
        Ok(Known { metadata, keys, read: now })
    }

    /// Returns metadata and keys, read anew where they are older than `than`.
    fn known(&self, now: Timestamp, than: Seconds) -> Result<Known, SignOnError> {
        let fresh = |known: &Known| now.distance(known.read) < than;
        let kept = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = kept.filter(fresh) {
            return Ok(known);
        }
        let known = self.read(now)?;
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(known.clone());
        Ok(known)
    }

    /// Returns where the browser is sent.
    ///
    /// # Errors
    /// [`SignOnError::Provider`] when its metadata cannot be read.
    pub fn start(&self, attempt: &Attempt, redirect: &str, now: Timestamp) -> Result<String, SignOnError> {
        let metadata = self.known(now, FRESH)?.metadata;
        let scope = ["openid", "profile", "email"].into_iter().chain(self.settings.scopes.iter().map(String::as_str));
        let query = encoded(&[
            ("response_type", "code"),
            ("client_id", &self.settings.client_id),
            ("redirect_uri", redirect),
            ("scope", &scope.collect::<Vec<_>>().join(" ")),
            ("state", attempt.state()),
            ("nonce", attempt.nonce()),
            ("code_challenge", &attempt.challenge()),
            ("code_challenge_method", "S256"),
        ]);
        let mark = if metadata.authorization_endpoint.contains('?') { '&' } else { '?' };
        Ok(format!("{}{mark}{query}", metadata.authorization_endpoint))
    }

    /// Ends an attempt: exchanges the code for a token and checks it.
    ///
    /// # Errors
    /// [`SignOnError::Refused`] when the provider signed nobody in or the token is not good; [`SignOnError::Provider`].
    pub fn finish(
        &self,
        attempt: &Attempt,
        callback: &Callback,
        redirect: &str,
        now: Timestamp,
    ) -> Result<SignedOn, SignOnError> {
        if callback.iss.as_ref().is_some_and(|iss| *iss != self.settings.issuer) {
            return Err(SignOnError::refused(format!(
                "the answer is from another issuer than '{}'",
                self.settings.issuer
            )));
        }
        if let Some(error) = &callback.error {
            let words = callback.error_description.as_deref().unwrap_or_default();
            let text: String = format!("{error} {words}").chars().filter(|c| !c.is_control()).take(300).collect();
            return Err(SignOnError::refused(format!("the identity provider signed nobody in: {}", text.trim())));
        }
        let code = callback
            .code
            .as_deref()
            .ok_or_else(|| SignOnError::refused("the identity provider's answer has no code"))?;
        let metadata = self.known(now, FRESH)?.metadata;
        let token = self.exchange(&metadata, attempt, code, redirect)?;
        let claims = self.claims(&token, now)?;
        let subject = check_id_token(&claims, self.parties(), attempt.nonce(), now)?;
        self.signed_on(subject, &claims)
    }

    /// Exchanges a code for an ID token.
    fn exchange(
        &self,
        metadata: &Metadata,
        attempt: &Attempt,
        code: &str,
        redirect: &str,
    ) -> Result<String, SignOnError> {
        let client = self.settings.client_id.as_str();
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect),
            ("code_verifier", attempt.verifier()),
        ];
        let by_header = |methods: &Vec<String>| methods.iter().any(|m| m == "client_secret_basic");
        let mut authorization = None;
        match &self.settings.client_secret {
            None => form.push(("client_id", client)),
            // What is not listed is basic (OpenID Connect Discovery 1.0, section 3).
            Some(secret) if metadata.token_endpoint_auth_methods_supported.as_ref().is_none_or(by_header) => {
                // Both parts are encoded as in a form (RFC 6749, section 2.3.1).
                let part = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
                authorization =
                    Some(format!("Basic {}", STANDARD.encode(format!("{}:{}", part(client), part(secret)))));
            }
            Some(secret) => form.extend([("client_id", client), ("client_secret", secret.as_str())]),
        }
        let reply = self.web.post(&metadata.token_endpoint, &encoded(&form), authorization.as_deref())?;
        let answer: Value = serde_json::from_str(&reply.body).unwrap_or_default();
        if reply.status != 200 {
            let why: String =
                answer["error"].as_str().unwrap_or("no reason").chars().filter(|c| !c.is_control()).take(100).collect();
            // Whoever brings a code that is used or made up is refused; anything else is wrong with this desk's settings or the provider.
            return Err(match why.as_str() {
                "invalid_grant" => SignOnError::refused(
                    "the identity provider does not take the code: it is used, too old or another client's",
                ),
                _ => SignOnError::provider(format!("{} answers {}: {why}", metadata.token_endpoint, reply.status)),
            });
        }
        let token = answer["id_token"].as_str().map(str::to_owned);
        token.ok_or_else(|| SignOnError::provider(format!("{} gives no id_token", metadata.token_endpoint)))
    }

    /// Returns the claims of a token that the provider signed. A key that is unknown may be new: the keys are read again, not too often.
    fn claims(&self, token: &str, now: Timestamp) -> Result<Value, SignOnError> {
        let signer = signer(token)?;
        let known = self.known(now, FRESH)?;
        let found = verified(token, &signer, &keys_for(&known.keys, &signer));
        if found.is_ok() || now.distance(known.read) < PAUSE {
            return found;
        }
        let known = self.known(now, PAUSE)?;
        verified(token, &signer, &keys_for(&known.keys, &signer))
    }

    fn signed_on(&self, subject: String, claims: &Value) -> Result<SignedOn, SignOnError> {
        let claim = &self.settings.name_claim;
        let name = claims[claim].as_str().map(str::trim).filter(|name| !name.is_empty());
        let name = name
            .ok_or_else(|| SignOnError::refused(format!("the token has no claim '{claim}' with the person's name")))?;
        // An address that nobody proved is a name that its owner chose.
        if claim == "email" && claims["email_verified"] == Value::Bool(false) {
            return Err(SignOnError::refused(
                "the identity provider has not verified the person's email, which is their name here",
            ));
        }
        let groups = match &claims[&self.settings.groups_claim] {
            Value::String(one) => vec![one.clone()],
            Value::Array(all) => all.iter().take(MAX_GROUPS).filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        let several_factors = claims["amr"].as_array().is_some_and(|all| all.iter().any(|m| m == "mfa"));
        let sid = claims["sid"].as_str().filter(|sid| !sid.is_empty() && sid.len() <= 255).map(str::to_owned);
        Ok(SignedOn { subject, name: name.to_owned(), groups, sid, several_factors })
    }

    /// Returns what a logout token says is over.
    ///
    /// # Errors
    /// [`SignOnError::Refused`] for a token that is not good; [`SignOnError::Provider`] when its keys cannot be read.
    pub fn logged_out(&self, token: &str, now: Timestamp) -> Result<LoggedOut, SignOnError> {
        check_logout(&self.claims(token, now)?, self.parties(), now)
    }
}
