//! Signing in through an identity provider: who gets in as whom, who does not, and the sessions that the provider ends.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use holdfast_sign_on::{Provider, Reply, Settings, SignOnError, Web, read_role};
use holdfast_testing_app::{Answer, Browser, TestApp, on_both_apps};
use p256::ecdsa::signature::Signer;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

on_both_apps!(
    a_person_signs_on_with_the_roles_of_their_groups,
    groups_that_change_change_the_scopes_and_none_lets_nobody_in,
    whoever_is_suspended_or_revoked_does_not_sign_on,
    nobody_becomes_a_person_who_is_known_by_choosing_their_name,
    a_factor_of_the_desk_is_asked_for_unless_the_provider_had_several,
    a_stolen_or_changed_answer_signs_nobody_on,
    the_provider_ends_sessions,
    without_a_provider_nothing_is_offered,
);

const ISSUER: &str = "https://id.example";
const LOGOUT: &str = "/api/v1/sign-on/logout";

/// What the provider signs next.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fake(Arc<Mutex<Value>>);

fn key() -> p256::ecdsa::SigningKey {
    p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap()
}

fn signed(claims: &Value) -> String {
    let text = format!("{}.{}", B64.encode(r#"{"alg":"ES256"}"#), B64.encode(claims.to_string()));
    let signature: p256::ecdsa::Signature = key().sign(text.as_bytes());
    format!("{text}.{}", B64.encode(signature.to_bytes()))
}

impl Web for Fake {
    fn get(&self, url: &str) -> Result<Reply, SignOnError> {
        let point = key().verifying_key().to_encoded_point(false);
        let (x, y) = (B64.encode(point.x().unwrap()), B64.encode(point.y().unwrap()));
        let body = match url.strip_prefix(ISSUER) {
            Some("/jwks") => json!({"keys": [{"kty": "EC", "crv": "P-256", "x": x, "y": y}]}),
            _ => {
                json!({"issuer": ISSUER, "authorization_endpoint": "https://id.example/auth", "token_endpoint": "https://id.example/token",
                "jwks_uri": "https://id.example/jwks"})
            }
        };
        Ok(Reply { status: 200, body: body.to_string() })
    }

    fn post(&self, _: &str, _: &str, _: Option<&str>) -> Result<Reply, SignOnError> {
        let token = signed(&self.0.lock().unwrap());
        Ok(Reply { status: 200, body: json!({"id_token": token}).to_string() })
    }
}

/// Gives the application a provider.
pub(crate) fn provider(app: &TestApp) -> Fake {
    let fake = Fake::default();
    let settings = Settings {
        issuer: ISSUER.to_owned(),
        client_id: "desk".to_owned(),
        client_secret: None,
        name_claim: "preferred_username".to_owned(),
        groups_claim: "groups".to_owned(),
        scopes: Vec::new(),
        roles: ["desk=investigator", "seniors=approver"].map(|r| read_role(r).unwrap()).to_vec(),
    };
    app.shared.sign_on.set(Provider::new(settings, Box::new(fake.clone())).unwrap()).unwrap();
    fake
}

/// Goes to the provider and comes back; returns the answer of the desk.
pub(crate) fn back(app: &TestApp, fake: &Fake, browser: &Browser<'_>, subject: &str, change: &Value) -> Answer {
    let to = browser.page("/sign-in/provider?next=/desk/sessions").answer.header("location").to_owned();
    let query: std::collections::HashMap<String, String> =
        form_urlencoded::parse(to.split_once('?').unwrap().1.as_bytes()).into_owned().collect();
    let now = app.now().unix();
    let mut claims = json!({"iss": ISSUER, "aud": "desk", "sub": subject, "iat": now, "exp": now + 300, "nonce": query["nonce"],
        "preferred_username": subject, "groups": ["desk"], "sid": format!("sid of {subject}")});
    change.as_object().unwrap().iter().for_each(|(name, value)| claims[name] = value.clone());
    *fake.0.lock().unwrap() = claims;
    browser.page(&format!("/sign-in/return?code=c&state={}", query["state"])).answer
}

fn sign_on<'a>(app: &'a TestApp, fake: &Fake, subject: &str) -> Browser<'a> {
    let browser = app.browser();
    let answer = back(app, fake, &browser, subject, &json!({}));
    assert_eq!(answer.status, 200, "{}", answer.text());
    browser
}

fn actions(app: &TestApp) -> Vec<Value> {
    app.as_role("auditor").get("/api/v1/audit?limit=1000").ok().as_array().unwrap().clone()
}

fn person(app: &TestApp, name: &str) -> Value {
    let people = app.as_role("root").get("/api/v1/people").ok();
    people.as_array().unwrap().iter().find(|p| p["name"] == name).unwrap().clone()
}

fn a_person_signs_on_with_the_roles_of_their_groups(app: &TestApp) {
    let fake = provider(app);
    assert!(app.browser().page("/sign-in").ok().contains("href=\"/sign-in/provider\""));
    let browser = app.browser();
    let answer = back(app, &fake, &browser, "ana", &json!({}));
    assert_eq!(answer.status, 200, "{}", answer.text());
    // The page goes on by itself: a redirect from the provider would not bring the session's cookie along.
    assert_eq!(answer.header("refresh"), "0; url=/desk/sessions");
    let cookies: Vec<&str> = answer.headers.get_all("set-cookie").iter().filter_map(|v| v.to_str().ok()).collect();
    let of = |name: &str| cookies.iter().find(|c| c.starts_with(&format!("{name}="))).unwrap().to_owned();
    assert!(of("hf").contains("SameSite=Strict") && of("hi").contains("Max-Age=0"), "{cookies:?}");
    browser.page("/desk/sessions").ok();
    browser.script().get("/api/v1/holds").ok();
    browser.script().get("/api/v1/audit").refused(403);
    let keys = app.as_role("root").get("/api/v1/keys").ok();
    let key = keys.as_array().unwrap().iter().find(|k| k["person"] == "ana").unwrap().clone();
    assert_eq!(key["scopes"], json!(["read", "holds", "alerts", "desk"]));
    assert!(actions(app).iter().any(|e| e["action"] == "person.signed_on"));
    // The same person again, under another name: who they are stays.
    let again = app.browser();
    back(app, &fake, &again, "ana", &json!({"preferred_username": "Ana B."}));
    assert_eq!(again.script().get("/api/v1/sessions").ok().as_array().unwrap().len(), 2);
    assert!(again.script().get("/api/v1/sessions").ok()[0]["person"] == "ana");
}

fn groups_that_change_change_the_scopes_and_none_lets_nobody_in(app: &TestApp) {
    let fake = provider(app);
    let first = sign_on(app, &fake, "ana");
    let second = app.browser();
    back(app, &fake, &second, "ana", &json!({"groups": ["desk", "seniors"]}));
    let keys = app.as_role("root").get("/api/v1/keys").ok();
    let key = keys.as_array().unwrap().iter().find(|k| k["person"] == "ana").unwrap().clone();
    assert_eq!(key["scopes"], json!(["read", "holds", "alerts", "desk", "approve"]));
    first.page("/desk").ok();
    for groups in [json!([]), json!(null), json!(["cleaners"]), json!("cleaners")] {
        let answer = back(app, &fake, &app.browser(), "ana", &json!({"groups": groups}));
        assert_eq!(answer.status, 401);
        assert!(answer.text().contains("none of the groups of ana has a role here"), "{}", answer.text());
    }
    let refused: Vec<Value> = actions(app).into_iter().filter(|e| e["action"] == "sign_on.refused").collect();
    assert!(refused.len() == 4 && refused[0]["detail"].to_string().contains("none of the groups"), "{refused:?}");
}

fn whoever_is_suspended_or_revoked_does_not_sign_on(app: &TestApp) {
    let fake = provider(app);
    let (ana, bo) = (sign_on(app, &fake, "ana"), sign_on(app, &fake, "bo"));
    let root = app.as_role("root");
    let at = format!("/api/v1/people/{}", person(app, "ana")["id"]);
    root.post(&at, json!({"state": "suspended", "reason": "left"})).ok();
    assert_eq!(ana.page("/desk").answer.status, 303, "out at once");
    let answer = back(app, &fake, &app.browser(), "ana", &json!({}));
    assert_eq!(answer.status, 409);
    assert!(answer.text().contains("ana is suspended"));
    let keys = root.get("/api/v1/keys").ok();
    let key = keys.as_array().unwrap().iter().find(|k| k["person"] == "bo").unwrap()["id"].as_str().unwrap().to_owned();
    root.delete(&format!("/api/v1/keys/{key}")).success();
    assert_eq!(bo.page("/desk").answer.status, 303);
    let answer = back(app, &fake, &app.browser(), "bo", &json!({}));
    assert_eq!(answer.status, 409);
    assert!(answer.text().contains("revoked the sign-on of bo"));
}

fn nobody_becomes_a_person_who_is_known_by_choosing_their_name(app: &TestApp) {
    let fake = provider(app);
    app.as_role("approver");
    for name in ["approver", "Approver ", "engine"] {
        let answer = back(app, &fake, &app.browser(), "u-1", &json!({"preferred_username": name}));
        assert!([400, 409].contains(&answer.status), "{name}: {}", answer.status);
    }
    let root = app.as_role("root");
    let at = format!("/api/v1/people/{}/sign-on", person(app, "approver")["id"]);
    app.as_role("investigator").put(&at, json!({"subject": "u-1"})).refused(403);
    root.put(&at, json!({"subject": ""})).refused_with(400, "subject");
    root.put("/api/v1/people/999/sign-on", json!({"subject": "u-1"})).refused_with(404, "person 999");
    assert_eq!(root.put(&at, json!({"subject": "u-1"})).ok()["name"], "approver");
    root.put(&at, json!({"subject": "u-2"})).refused_with(409, "is the subject 'u-1' already");
    let other = format!("/api/v1/people/{}/sign-on", person(app, "root")["id"]);
    root.put(&other, json!({"subject": "u-1"})).refused_with(409, "is approver already");
    let browser = app.browser();
    assert_eq!(back(app, &fake, &browser, "u-1", &json!({"preferred_username": "approver"})).status, 200);
    assert_eq!(browser.script().get("/api/v1/sessions").ok()[0]["person"], "approver");
}

fn a_factor_of_the_desk_is_asked_for_unless_the_provider_had_several(app: &TestApp) {
    let fake = provider(app);
    app.shared.second_factor_required.store(true, std::sync::atomic::Ordering::Relaxed);
    let browser = app.browser();
    let answer = back(app, &fake, &browser, "ana", &json!({}));
    assert_eq!(
        (answer.status, answer.header("refresh")),
        (200, "0; url=/sign-in/second-factor?next=%2Fdesk%2Fsessions")
    );
    assert!(!browser.cookies().contains(&"hf".to_owned()));
    browser.page("/sign-in/second-factor").ok();
    let browser = app.browser();
    let answer = back(app, &fake, &browser, "ana", &json!({"amr": ["pwd", "mfa"]}));
    assert_eq!(answer.header("refresh"), "0; url=/desk/sessions");
    browser.page("/desk/sessions").ok();
}

fn a_stolen_or_changed_answer_signs_nobody_on(app: &TestApp) {
    let fake = provider(app);
    let (victim, thief) = (app.browser(), app.browser());
    assert_eq!(back(app, &fake, &victim, "ana", &json!({"nonce": "x"})).status, 401);
    let to = victim.page("/sign-in/provider").answer.header("location").to_owned();
    let state = to.split("state=").nth(1).unwrap().split('&').next().unwrap();
    let stolen = thief.page(&format!("/sign-in/return?code=c&state={state}"));
    assert_eq!(stolen.answer.status, 401);
    assert!(stolen.answer.text().contains("did not begin this sign-on"));
    let wrong = victim.page("/sign-in/return?code=c&state=x");
    assert!(wrong.answer.status == 401 && wrong.answer.text().contains("state is wrong"));
    let denied = victim.page(&format!("/sign-in/return?error=access_denied&state={state}"));
    assert!(denied.answer.status == 401 && denied.answer.text().contains("access_denied"));
    app.advance(601);
    let late = victim.page(&format!("/sign-in/return?code=c&state={state}"));
    assert!(late.answer.status == 401 && late.answer.text().contains("ten minutes"));
    for browser in [&victim, &thief] {
        assert_eq!(browser.page("/desk").answer.status, 303);
    }
    // Who tries too often waits.
    let tried = (0..12).map(|_| thief.page("/sign-in/return?code=c&state=x").answer.status).collect::<Vec<_>>();
    assert_eq!(tried.last(), Some(&429), "{tried:?}");
    // Where the person was headed is a page of the desk, or nothing.
    let other = app.browser();
    app.advance(900);
    let page = other.page("/sign-in/provider?next=https://evil.example").answer;
    assert!(page.headers.get_all("set-cookie").iter().all(|c| !c.to_str().unwrap().contains("evil")));
}

fn the_provider_ends_sessions(app: &TestApp) {
    let fake = provider(app);
    let (ana, bo) = (sign_on(app, &fake, "ana"), sign_on(app, &fake, "bo"));
    let key = app.browser().sign_in("investigator");
    let now = app.now().unix();
    let token = |change: Value| {
        let mut claims = json!({"iss": ISSUER, "aud": "desk", "sub": "ana", "iat": now, "exp": now + 120, "jti": "j",
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}}});
        change.as_object().unwrap().iter().for_each(|(name, value)| claims[name] = value.clone());
        signed(&claims)
    };
    let send = |token: &str| {
        app.as_nobody().send("POST", LOGOUT, "application/x-www-form-urlencoded", format!("logout_token={token}"))
    };
    app.as_nobody().send("POST", LOGOUT, "application/x-www-form-urlencoded", "x=y").refused_with(400, "logout_token");
    send("x").refused_with(400, "no signed JSON Web Token");
    send(&token(json!({"aud": "other"}))).refused_with(400, "not for this desk");
    send(&token(json!({"events": {}}))).refused_with(400, "no logout token");
    ana.page("/desk").ok();
    // Another session of hers at the provider.
    assert_eq!(send(&token(json!({"sid": "another"}))).status, 200);
    ana.page("/desk").ok();
    let over = token(json!({"sid": "sid of ana"}));
    let answer = send(&over);
    assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"));
    assert_eq!(ana.page("/desk").answer.status, 303, "out at once");
    bo.page("/desk").ok();
    key.page("/desk").ok();
    // By the session alone, and by the subject alone.
    assert_eq!(send(&token(json!({"sub": null, "sid": "sid of bo"}))).status, 200);
    assert_eq!(bo.page("/desk").answer.status, 303);
    app.advance(61);
    let (again, other) = (sign_on(app, &fake, "ana"), sign_on(app, &fake, "ana"));
    send(&over);
    again.page("/desk").ok();
    let now = app.now().unix();
    assert_eq!(send(&token(json!({"iat": now, "exp": now + 120}))).status, 200);
    for browser in [&again, &other] {
        assert_eq!(browser.page("/desk").answer.status, 303, "a message of before ends no session that began after");
    }
    key.page("/desk").ok();
    assert!(actions(app).iter().any(|e| e["action"] == "sessions.ended_by_provider"));
}

fn without_a_provider_nothing_is_offered(app: &TestApp) {
    assert!(!app.browser().page("/sign-in").ok().contains("/sign-in/provider"));
    for path in ["/sign-in/provider", "/sign-in/return?code=c&state=x"] {
        assert_eq!(app.browser().page(path).answer.status, 404, "{path}");
    }
    let answer = app.as_nobody().send("POST", LOGOUT, "application/x-www-form-urlencoded", "logout_token=x");
    answer.refused_with(404, "no identity provider");
}
