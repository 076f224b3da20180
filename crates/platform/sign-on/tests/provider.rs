//! A whole sign-on with a small provider that signs with keys of its own, and every token that is refused.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use holdfast_identity::KeyRing;
use holdfast_sign_on::{
    ATTEMPT_SECONDS, Attempt, Callback, Provider, Reply, SKEW, Settings, SignOnError, SignedOn, Web, read_role,
};
use holdfast_types::{Seconds, Timestamp};
use p256::ecdsa::signature::Signer;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

const ISSUER: &str = "https://id.example";
const REDIRECT: &str = "https://desk.example/sign-in/return";
const NOW: Timestamp = Timestamp::from_unix(1_790_000_000);

fn ec(seed: u8) -> p256::ecdsa::SigningKey {
    p256::ecdsa::SigningKey::from_slice(&[seed; 32]).unwrap()
}

fn jwk(kid: &str, key: &p256::ecdsa::SigningKey) -> Value {
    let point = key.verifying_key().to_encoded_point(false);
    json!({"kty": "EC", "crv": "P-256", "kid": kid, "use": "sig", "x": B64.encode(point.x().unwrap()), "y": B64.encode(point.y().unwrap())})
}

fn signed(head: &Value, claims: &Value, key: &p256::ecdsa::SigningKey) -> String {
    let text = format!("{}.{}", B64.encode(head.to_string()), B64.encode(claims.to_string()));
    let signature: p256::ecdsa::Signature = key.sign(text.as_bytes());
    format!("{text}.{}", B64.encode(signature.to_bytes()))
}

fn es256(claims: &Value) -> String {
    signed(&json!({"alg": "ES256", "kid": "k1"}), claims, &ec(7))
}

/// What the provider has and was asked.
#[derive(Debug, Default)]
struct Inner {
    keys: Vec<Value>,
    metadata: HashMap<&'static str, Value>,
    /// The token that the next code is exchanged for.
    token: String,
    /// Answers of the token endpoint instead.
    refusal: Option<(u16, Value)>,
    asked: Vec<(String, String, Option<String>)>,
}

#[derive(Clone, Debug, Default)]
struct Fake(Arc<Mutex<Inner>>);

impl Web for Fake {
    fn get(&self, url: &str) -> Result<Reply, SignOnError> {
        let mut inner = self.0.lock().unwrap();
        inner.asked.push((url.to_owned(), String::new(), None));
        let body = match url.strip_prefix(ISSUER) {
            Some("/.well-known/openid-configuration") => {
                let mut metadata = json!({"issuer": ISSUER, "authorization_endpoint": "https://id.example/auth",
                    "token_endpoint": "https://id.example/token", "jwks_uri": "https://id.example/jwks",
                    "code_challenge_methods_supported": ["S256"]});
                inner.metadata.iter().for_each(|(name, value)| metadata[*name] = value.clone());
                metadata
            }
            Some("/jwks") => json!({"keys": inner.keys}),
            _ => return Ok(Reply { status: 404, body: String::new() }),
        };
        Ok(Reply { status: 200, body: body.to_string() })
    }

    fn post(&self, url: &str, form: &str, authorization: Option<&str>) -> Result<Reply, SignOnError> {
        let mut inner = self.0.lock().unwrap();
        inner.asked.push((url.to_owned(), form.to_owned(), authorization.map(str::to_owned)));
        let (status, body) = inner.refusal.clone().unwrap_or((200, json!({"id_token": inner.token})));
        Ok(Reply { status, body: body.to_string() })
    }
}

struct World {
    fake: Fake,
    provider: Provider,
    ring: KeyRing,
}

fn settings() -> Settings {
    Settings {
        issuer: ISSUER.to_owned(),
        client_id: "desk".to_owned(),
        client_secret: Some("s:1".to_owned()),
        name_claim: "preferred_username".to_owned(),
        groups_claim: "groups".to_owned(),
        scopes: Vec::new(),
        roles: vec![read_role("desk=investigator").unwrap(), read_role("seniors=approver").unwrap()],
    }
}

impl World {
    fn new() -> Self {
        let fake = Fake::default();
        fake.0.lock().unwrap().keys = vec![jwk("k1", &ec(7))];
        let provider = Provider::new(settings(), Box::new(fake.clone())).unwrap();
        World { fake, provider, ring: KeyRing::single([7; 32]) }
    }

    /// Begins; returns the attempt with the values that the browser takes to the provider.
    fn begin(&self) -> (Attempt, HashMap<String, String>) {
        let attempt = Attempt::begin(&self.ring, &[3; 32], NOW);
        let url = self.provider.start(&attempt, REDIRECT, NOW).unwrap();
        let (to, query) = url.split_once('?').unwrap();
        assert_eq!(to, "https://id.example/auth");
        (attempt, form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    fn finish_at(&self, token: String, now: Timestamp) -> Result<SignedOn, SignOnError> {
        let (attempt, query) = self.begin();
        self.fake.0.lock().unwrap().token = token;
        let attempt = Attempt::resume(&self.ring, Some(attempt.cookie()), Some(&query["state"]), now)?;
        let callback = Callback { code: Some("c1".to_owned()), ..Callback::default() };
        self.provider.finish(&attempt, &callback, REDIRECT, now)
    }

    /// Why a sign-on with these claims changed is refused.
    fn refused(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut claims = self.claims();
        change(&mut claims);
        refusal(self.finish_at(es256(&claims), NOW))
    }

    fn claims(&self) -> Value {
        let nonce = &self.begin().1["nonce"];
        json!({"iss": ISSUER, "aud": "desk", "sub": "u-1", "iat": NOW.unix(), "exp": NOW.unix() + 300, "nonce": nonce, "sid": "s-1",
            "preferred_username": "ana", "groups": ["desk", "other"], "amr": ["pwd", "mfa"]})
    }
}

fn refusal<T: std::fmt::Debug>(result: Result<T, SignOnError>) -> String {
    match result.unwrap_err() {
        SignOnError::Refused(text) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_sign_on_from_the_browser_to_the_person() {
    let world = World::new();
    let (_, query) = world.begin();
    assert_eq!(query["response_type"], "code");
    assert_eq!((query["client_id"].as_str(), query["redirect_uri"].as_str()), ("desk", REDIRECT));
    assert_eq!((query["scope"].as_str(), query["code_challenge_method"].as_str()), ("openid profile email", "S256"));
    let claims = world.claims();
    let found = world.finish_at(es256(&claims), NOW).unwrap();
    assert_eq!((found.subject.as_str(), found.name.as_str(), found.sid.as_deref()), ("u-1", "ana", Some("s-1")));
    assert!(found.several_factors);
    assert_eq!(
        world.provider.settings().scopes_of(found.groups.iter().map(String::as_str)),
        ["read", "holds", "alerts", "desk"]
    );
    // The verifier that the token endpoint gets is the one whose hash the browser took along.
    let (_, form, authorization) = world.fake.0.lock().unwrap().asked.last().unwrap().clone();
    let form: HashMap<String, String> = form_urlencoded::parse(form.as_bytes()).into_owned().collect();
    assert_eq!(B64.encode(Sha256::digest(form["code_verifier"].as_bytes())), query["code_challenge"]);
    assert_eq!((form["code"].as_str(), form["redirect_uri"].as_str()), ("c1", REDIRECT));
    let basic = base64::engine::general_purpose::STANDARD.encode("desk:s%3A1");
    assert_eq!(authorization, Some(format!("Basic {basic}")));
}

#[test]
fn an_answer_counts_only_in_the_browser_that_began_and_in_time() {
    let world = World::new();
    let (attempt, query) = world.begin();
    let resume =
        |ring: &KeyRing, cookie: Option<&str>, state: Option<&str>, now| Attempt::resume(ring, cookie, state, now);
    let (cookie, state) = (Some(attempt.cookie()), Some(query["state"].as_str()));
    assert!(resume(&world.ring, cookie, state, NOW + ATTEMPT_SECONDS).is_ok());
    // A key that was added since does not void what began.
    assert!(resume(&world.ring.with([8; 32]).unwrap(), cookie, state, NOW).is_ok());
    let late = refusal(resume(&world.ring, cookie, state, NOW + ATTEMPT_SECONDS + Seconds::new(1)));
    assert!(late.contains("ten minutes"), "{late}");
    for (cookie, state) in [(None, state), (Some("x"), state), (Some("00.9999999999.x"), state)] {
        let text = refusal(resume(&world.ring, cookie, state, NOW));
        assert!(text.contains("did not begin"), "{text}");
    }
    assert!(refusal(resume(&KeyRing::single([9; 32]), cookie, state, NOW)).contains("did not begin"));
    let other = Attempt::begin(&world.ring, &[4; 32], NOW);
    for state in [None, Some(""), Some("x")] {
        assert!(refusal(resume(&world.ring, cookie, state, NOW)).contains("state is wrong"));
    }
    assert!(refusal(resume(&world.ring, Some(other.cookie()), state, NOW)).contains("state is wrong"));
    // Another browser's time put into one's cookie.
    let forged = attempt.cookie().replacen(&(NOW + ATTEMPT_SECONDS).unix().to_string(), "9999999999", 1);
    assert!(refusal(resume(&world.ring, Some(&forged), state, NOW)).contains("did not begin"));
}

#[test]
fn tokens_of_others_for_others_and_of_other_times_are_refused() {
    let world = World::new();
    for (part, change) in [
        ("from the issuer 'https://evil.example'", json!({"iss": "https://evil.example"})),
        ("from the issuer ''", json!({"iss": null})),
        ("for 'other', not for this desk", json!({"aud": "other"})),
        ("not for this desk", json!({"aud": []})),
        ("another client", json!({"aud": ["desk", "other"]})),
        ("another client", json!({"azp": "other"})),
        ("expired 60 seconds ago", json!({"exp": (NOW - SKEW).unix()})),
        ("'exp' is no time", json!({"exp": null})),
        ("'exp' is no time", json!({"exp": "soon"})),
        ("'iat' is no time", json!({"iat": null})),
        ("61 seconds in the future", json!({"iat": (NOW + SKEW).unix() + 1})),
        ("not valid yet", json!({"nbf": (NOW + SKEW).unix() + 1})),
        ("nonce is wrong", json!({"nonce": "x"})),
        ("nonce is wrong", json!({"nonce": null})),
        ("no subject", json!({"sub": ""})),
        ("no subject", json!({"sub": "x".repeat(256)})),
        ("no claim 'preferred_username'", json!({"preferred_username": " "})),
    ] {
        let text = world.refused(|claims| {
            for (name, value) in change.as_object().unwrap() {
                claims[name] = value.clone();
            }
        });
        assert!(text.contains(part), "{change}: {text}");
    }
    // A clock within the bounds, and several audiences of which this client is the authorized one.
    let mut claims = world.claims();
    claims["iat"] = (NOW + SKEW).unix().into();
    claims["exp"] = ((NOW - SKEW).unix() + 1).into();
    claims["aud"] = json!(["other", "desk"]);
    claims["azp"] = "desk".into();
    world.finish_at(es256(&claims), NOW).unwrap();
}

#[test]
fn tokens_without_a_signature_of_the_provider_are_refused() {
    let world = World::new();
    let claims = world.claims();
    let refused = |token: String| refusal(world.finish_at(token, NOW));
    let none = format!("{}.{}.", B64.encode(json!({"alg": "none"}).to_string()), B64.encode(claims.to_string()));
    assert!(refused(none).contains("signed by 'none'"));
    // Signed by HMAC with what everybody knows: the public key, or the client's secret.
    for alg in ["HS256", "HS512", "ES256K", ""] {
        let text = refused(signed(&json!({"alg": alg, "kid": "k1"}), &claims, &ec(7)));
        assert!(text.contains(&format!("signed by '{alg}'")), "{text}");
    }
    let fits_no_key = "fits no key";
    assert!(
        refused(signed(&json!({"alg": "ES256", "kid": "k1"}), &claims, &ec(8))).contains(fits_no_key),
        "another key"
    );
    assert!(
        refused(signed(&json!({"alg": "ES256", "kid": "k9"}), &claims, &ec(7))).contains(fits_no_key),
        "another name"
    );
    assert!(
        refused(signed(&json!({"alg": "RS256", "kid": "k1"}), &claims, &ec(7))).contains(fits_no_key),
        "another kind"
    );
    let token = es256(&claims);
    let (text, signature) = token.rsplit_once('.').unwrap();
    let mut changed = claims.clone();
    changed["sub"] = "u-2".into();
    let head = text.split('.').next().unwrap();
    assert!(refused(format!("{head}.{}.{signature}", B64.encode(changed.to_string()))).contains(fits_no_key));
    assert!(refused("x".into()).contains("no signed JSON Web Token"));
    assert!(refused("x".repeat(100_000)).contains("longer than"));
    // A key for encryption signs nothing.
    let mut key = jwk("k1", &ec(7));
    key["use"] = "enc".into();
    let other = World::new();
    other.fake.0.lock().unwrap().keys = vec![key];
    assert!(refusal(other.finish_at(es256(&other.claims()), NOW)).contains(fits_no_key));
}

#[test]
fn rsa_signatures_are_taken() {
    use rsa::signature::{SignatureEncoding, Signer};
    use rsa::traits::PublicKeyParts;
    let world = World::new();
    let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).unwrap();
    let public = json!({"kty": "RSA", "kid": "r1", "alg": "RS256", "n": B64.encode(key.n().to_bytes_be()), "e": B64.encode(key.e().to_bytes_be())});
    world.fake.0.lock().unwrap().keys.push(public);
    let text = format!(
        "{}.{}",
        B64.encode(json!({"alg": "RS256", "kid": "r1"}).to_string()),
        B64.encode(world.claims().to_string())
    );
    let signer = rsa::pkcs1v15::SigningKey::<Sha256>::new(key);
    let token = format!("{text}.{}", B64.encode(signer.sign(text.as_bytes()).to_vec()));
    assert_eq!(world.finish_at(token, NOW).unwrap().subject, "u-1");
}

#[test]
fn keys_that_the_provider_rotates_are_read_again_but_not_for_every_token() {
    let world = World::new();
    world.finish_at(es256(&world.claims()), NOW).unwrap();
    let read = || world.fake.0.lock().unwrap().asked.iter().filter(|(url, ..)| url.ends_with("/jwks")).count();
    assert_eq!(read(), 1);
    world.fake.0.lock().unwrap().keys = vec![jwk("k2", &ec(8))];
    let new = signed(&json!({"alg": "ES256", "kid": "k2"}), &world.claims(), &ec(8));
    assert!(refusal(world.finish_at(new.clone(), NOW + Seconds::new(9))).contains("fits no key"));
    assert_eq!(read(), 1, "whoever sends made-up tokens has the keys read every ten seconds at most");
    world.finish_at(new, NOW + Seconds::new(10)).unwrap();
    assert_eq!(read(), 2);
    assert!(
        refusal(world.finish_at(es256(&world.claims()), NOW + Seconds::new(20))).contains("fits no key"),
        "the old key"
    );
}

#[test]
fn what_the_provider_refuses_is_said() {
    let world = World::new();
    let (attempt, _) = world.begin();
    let finish = |callback: Callback| world.provider.finish(&attempt, &callback, REDIRECT, NOW);
    let callback = Callback {
        error: Some("access_denied".into()),
        error_description: Some("not you\n".into()),
        ..Callback::default()
    };
    assert!(refusal(finish(callback)).ends_with("access_denied not you"));
    assert!(refusal(finish(Callback::default())).contains("no code"));
    let callback = Callback { iss: Some("https://evil.example".into()), code: Some("c".into()), ..Callback::default() };
    assert!(refusal(finish(callback)).contains("another issuer"));
    let callback = Callback { code: Some("c".into()), iss: Some(ISSUER.into()), ..Callback::default() };
    world.fake.0.lock().unwrap().refusal = Some((400, json!({"error": "invalid_grant"})));
    assert!(refusal(finish(callback.clone())).contains("does not take the code"));
    for (status, body, part) in [
        (401, json!({"error": "invalid_client"}), "answers 401: invalid_client"),
        (500, json!("x"), "answers 500: no reason"),
        (200, json!({"access_token": "x"}), "gives no id_token"),
    ] {
        world.fake.0.lock().unwrap().refusal = Some((status, body));
        match finish(callback.clone()) {
            Err(SignOnError::Provider(text)) => assert!(text.contains(part), "{text}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn metadata_that_is_not_the_providers_is_refused() {
    for (name, value, part) in [
        ("issuer", json!("https://evil.example"), "names the issuer 'https://evil.example'"),
        ("token_endpoint", json!("http://id.example/token"), "neither https nor"),
        ("jwks_uri", json!("http://id.example/keys"), "neither https nor"),
        ("code_challenge_methods_supported", json!(["plain"]), "does not support PKCE"),
        ("authorization_endpoint", Value::Null, "not what OpenID Connect says"),
    ] {
        let world = World::new();
        world.fake.0.lock().unwrap().metadata.insert(name, value);
        let attempt = Attempt::begin(&world.ring, &[3; 32], NOW);
        match world.provider.start(&attempt, REDIRECT, NOW) {
            Err(SignOnError::Provider(text)) => assert!(text.contains(part), "{text}"),
            other => panic!("{name}: {other:?}"),
        }
    }
    for (bad, part) in [
        (Settings { issuer: "http://id.example".into(), ..settings() }, "sign_on.issuer"),
        (Settings { client_id: String::new(), ..settings() }, "sign_on.client_id"),
        (Settings { roles: Vec::new(), ..settings() }, "sign_on.roles"),
    ] {
        let error = Provider::new(bad, Box::new(Fake::default())).unwrap_err().to_string();
        assert!(error.starts_with(part), "{error}");
    }
    assert!(!format!("{:?}", settings()).contains("s:1"), "no secret is printed");
}

#[test]
fn logout_tokens_are_checked() {
    let world = World::new();
    let events = json!({"http://schemas.openid.net/event/backchannel-logout": {}});
    let good = json!({"iss": ISSUER, "aud": "desk", "sub": "u-1", "sid": "s-1", "iat": NOW.unix(), "exp": NOW.unix() + 120, "jti": "j", "events": events});
    let over = world.provider.logged_out(&es256(&good), NOW).unwrap();
    assert_eq!((over.subject.as_deref(), over.sid.as_deref(), over.issued), (Some("u-1"), Some("s-1"), NOW));
    for (change, part) in [
        (json!({"events": {}}), "no logout token"),
        (json!({"events": null}), "no logout token"),
        (json!({"nonce": "x"}), "has a nonce"),
        (json!({"sub": null, "sid": null}), "neither subject"),
        (json!({"aud": "other"}), "for 'other'"),
        (json!({"iss": "https://evil.example"}), "from the issuer"),
        (json!({"exp": (NOW - SKEW).unix()}), "expired"),
    ] {
        let mut claims = good.clone();
        change.as_object().unwrap().iter().for_each(|(name, value)| claims[name] = value.clone());
        let text = refusal(world.provider.logged_out(&es256(&claims), NOW));
        assert!(text.contains(part), "{change}: {text}");
    }
    // A token of a sign-in logs nobody out.
    assert!(refusal(world.provider.logged_out(&es256(&world.claims()), NOW)).contains("no logout token"));
    let forged = signed(&json!({"alg": "ES256", "kid": "k1"}), &good, &ec(8));
    assert!(refusal(world.provider.logged_out(&forged, NOW)).contains("fits no key"));
}
