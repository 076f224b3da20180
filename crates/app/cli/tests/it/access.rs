//! Who may, seen from outside: nothing is open by absence, other sites and names are refused, changes need two people, limits hold.

use crate::common::{Desk, Running, agent, holdfast, path, run, serving, small_store, words};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

fn serve(dir: tempfile::TempDir, args: &[&str]) -> Desk {
    let store = dir.path().join("store");
    let (process, url) =
        serving(holdfast().args(["serve", "--listen", "127.0.0.1:0", "--store", path(&store)]).args(args));
    Desk { process, url, dir }
}

fn with_store() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let store = small_store(dir.path());
    (dir, store)
}

fn create(store: &Path, name: &str, how: &[&str]) -> Value {
    let text = run(holdfast().args(["--json", "keys", "create", name, "--store", path(store)]).args(how));
    serde_json::from_str(&text).unwrap()
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

impl Client<'_> {
    fn ask(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let body = (!body.is_null()).then_some(&body);
        self.0.ask(method, path, &[("Authorization", &bearer(&self.1))], body)
    }
}

/// A desk and somebody's key.
struct Client<'a>(&'a Desk, String);

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[test]
fn revoking_the_last_key_opens_nothing_and_the_last_administrator_stays() {
    let (dir, store) = with_store();
    let boss = create(&store, "boss", &["--role", "administrator"]);
    let reader = create(&store, "reader", &["--scopes", "read"]);
    let desk = serve(dir, &[]);
    let boss_key = Client(&desk, text(&boss["token"]));
    let revoke =
        |key: &Value| boss_key.ask("DELETE", &format!("/api/v1/keys/{}", text(&key["key"]["id"])), Value::Null);
    assert_eq!(revoke(&reader).0, 204);
    let (status, refused) = revoke(&boss);
    assert!(status == 409 && refused.to_string().contains("last administrator"), "{status} {refused}");
    for (method, at) in
        [("GET", "/api/v1/keys"), ("GET", "/api/v1/holds"), ("GET", "/api/v1/audit"), ("POST", "/api/v1/keys")]
    {
        let body = json!({"name": "intruder", "scopes": ["admin"]});
        let body = (method == "POST").then_some(&body);
        assert_eq!(desk.ask(method, at, &[], body).0, 401, "{method} {at}");
    }
    // Nor do commands on the machine take the last one away.
    let id = text(&boss["key"]["id"]);
    let Desk { process, dir, .. } = desk;
    drop(process);
    let output = holdfast().args(["keys", "revoke", &id, "--store", path(&store)]).output().unwrap();
    assert!(!output.status.success() && words(&output).contains("last administrator"), "{}", words(&output));
    // A desk that had keys is not open, even when it is started so.
    let desk = serve(dir, &["--open"]);
    assert_eq!(desk.ask("GET", "/api/v1/holds", &[], None).0, 401);
}

#[test]
fn a_desk_without_keys_serves_nobody_unless_it_is_started_open_on_this_machine() {
    let (dir, store) = with_store();
    let desk = serve(dir, &[]);
    let (status, refused) = desk.ask("GET", "/api/v1/holds", &[], None);
    assert_eq!(status, 401);
    assert!(refused["error"].as_str().unwrap().contains("holdfast keys create"), "{refused}");
    assert_eq!(desk.ask("POST", "/api/v1/keys", &[], Some(&json!({"name": "x", "scopes": ["admin"]}))).0, 401);
    let Desk { process, dir, .. } = desk;
    drop(process);
    let output =
        holdfast().args(["serve", "--open", "--listen", "0.0.0.0:0", "--store", path(&store)]).output().unwrap();
    assert!(!output.status.success() && words(&output).contains("--open is for this machine"), "{}", words(&output));
    let desk = serve(dir, &["--open"]);
    assert_eq!(desk.ask("GET", "/api/v1/holds", &[], None).0, 200);
    desk.key("admin", &["admin"], "");
    assert_eq!(desk.ask("GET", "/api/v1/holds", &[], None).0, 401, "the first key ends it");
}

#[test]
fn another_name_or_another_site_is_refused_even_at_an_open_desk() {
    let (dir, _) = with_store();
    let desk = serve(dir, &["--open", "--host", "desk.example"]);
    let freeze = json!({"id": "f", "scope": "account", "customer": "c", "basis": "b", "reason": "r"});
    let status = |headers: &[(&str, &str)]| desk.ask("POST", "/api/v1/holds", headers, Some(&freeze)).0;
    let key = json!({"name": "intruder", "scopes": ["admin"]});
    let rebound = [("Host", "evil.example"), ("Sec-Fetch-Site", "same-origin")];
    assert_eq!(desk.ask("POST", "/api/v1/keys", &rebound, Some(&key)).0, 421);
    assert_eq!(desk.ask("GET", "/api/v1/holds", &[("Host", "evil.example")], None).0, 421);
    assert_eq!(desk.ask("GET", "/", &[("Host", "evil.example")], None).0, 421);
    assert_eq!(desk.ask("GET", "/api/v1/holds", &[("Host", "desk.example")], None).0, 200);
    // What a page of another site can send without the browser asking first.
    assert_eq!(status(&[("Content-Type", "text/plain"), ("Origin", "http://evil.example")]), 403);
    for kind in ["text/plain", "application/x-www-form-urlencoded"] {
        assert_eq!(status(&[("Content-Type", kind)]), 415, "{kind}");
    }
    assert_eq!(status(&[("Origin", "null")]), 403);
    assert_eq!(status(&[("Origin", &desk.url)]), 200);
    // A form without its token, and with it.
    let form = |token: &str, cookie: &str| {
        let mut answer = agent()
            .post(format!("{}/desk/cases", desk.url))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Cookie", cookie)
            .send(format!("csrf={token}&title=A&summary=B"))
            .unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    };
    assert_eq!(form("", "").0, 403);
    let (cookie, token) = page_token(&desk, "/desk/cases", "");
    assert_eq!(form(&token, "").0, 403, "the token is the browser's");
    assert_eq!(form(&"0".repeat(48), &cookie).0, 403);
    let (status, page) = form(&token, &cookie);
    assert!(status == 200 && page.contains("Case 1"), "{status} {page}");
}

/// The cookie and the token of a page's forms.
fn page_token(desk: &Desk, at: &str, cookie: &str) -> (String, String) {
    let mut answer = agent().get(format!("{}{at}", desk.url)).header("Cookie", cookie).call().unwrap();
    let set = answer
        .headers()
        .get_all("set-cookie")
        .iter()
        .map(|v| v.to_str().unwrap().split(';').next().unwrap().to_owned());
    let cookies: Vec<String> = std::iter::once(cookie.to_owned()).chain(set).filter(|c| !c.is_empty()).collect();
    let page = answer.body_mut().read_to_string().unwrap();
    let token = page.split("name=\"csrf\" value=\"").nth(1).unwrap_or_else(|| panic!("no token: {page}"));
    (cookies.join("; "), token.split('"').next().unwrap().to_owned())
}

#[test]
fn one_administrator_is_not_two_people() {
    let (dir, store) = with_store();
    let root = create(&store, "root", &["--scopes", "admin"]);
    let boss = create(&store, "boss", &["--role", "administrator", "--as", "root"]);
    assert_eq!(boss["change"], Value::Null, "while nobody could approve, the machine sets the desk up");
    let desk = serve(dir, &[]);
    let (root, boss) = (Client(&desk, text(&root["token"])), Client(&desk, text(&boss["token"])));
    // More scopes than one's own, or scopes over others, wait for somebody else who has them.
    for scopes in [json!(["admin"]), json!(["manage"]), json!(["rules"]), json!(["holds"])] {
        let (status, made) = boss.ask("POST", "/api/v1/keys", json!({"name": format!("x{scopes}"), "scopes": scopes}));
        assert_eq!(status, 202, "{made}");
        let key = Client(&desk, text(&made["token"]));
        assert_eq!(key.ask("GET", "/api/v1/changes", Value::Null).0, 401, "{scopes}: opens nothing yet");
        let at = format!("/api/v1/changes/{}", made["change"]);
        let approve = json!({"decision": "approve", "reason": "me"});
        let (status, refused) = boss.ask("POST", &at, approve.clone());
        assert!(status == 403 || status == 409, "{status} {refused}");
        assert_eq!(root.ask("POST", &at, approve).0, 200);
        let expected = if scopes == json!(["holds"]) { 403 } else { 200 };
        assert_eq!(key.ask("GET", "/api/v1/changes", Value::Null).0, expected, "{scopes}");
    }
    // One name is one key, however it is written.
    for twin in ["BOSS", " boss ", "ｂｏｓｓ", "bo\u{200b}ss"] {
        let (status, refused) = root.ask("POST", "/api/v1/keys", json!({"name": twin, "scopes": ["read"]}));
        assert!(status == 400 && refused.to_string().contains("name"), "{twin}: {status} {refused}");
    }
    // Nobody switches the second person off alone.
    let book = "title: t\npolicy: {second_person: false}\nrules: []\n";
    let header = bearer(&boss.1);
    let put = |body: &str| {
        let mut answer = agent()
            .put(format!("{}/api/v1/rules", desk.url))
            .header("Authorization", &header)
            .header("Content-Type", "application/yaml")
            .send(body)
            .unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_str::<Value>(&answer.body_mut().read_to_string().unwrap()).unwrap())
    };
    let (status, change) = put(book);
    assert_eq!((status, &change["state"]), (202, &json!("proposed")), "{change}");
    assert_eq!(root.ask("GET", "/api/v1/rules", Value::Null).1["version"], 1, "not in force");
    let at = format!("/api/v1/changes/{}", change["id"]);
    let (status, refused) = boss.ask("POST", &at, json!({"decision": "approve", "reason": "me"}));
    assert!(status == 409 && refused.to_string().contains("another person"), "{refused}");
    assert_eq!(boss.ask("POST", &at, json!({"decision": "reject", "reason": "a mistake"})).0, 200);
    assert_eq!(root.ask("POST", &at, json!({"decision": "approve", "reason": "late"})).0, 409);
    let (_, change) = put(book);
    let approved = root.ask(
        "POST",
        &format!("/api/v1/changes/{}", change["id"]),
        json!({"decision": "approve", "reason": "agreed"}),
    );
    assert_eq!((approved.0, &approved.1["decided_by"]), (200, &json!("root")));
    assert_eq!(root.ask("GET", "/api/v1/rules", Value::Null).1["version"], 2);
    assert_eq!(put("title: t\nrules: [").0, 400);
    // Nor is a source read before somebody else looked at it.
    let source = json!({"kind": "misp", "name": "A feed", "url": "https://feed.example/misp"});
    let (status, added) = boss.ask("POST", "/api/v1/sharing/sources", source);
    assert_eq!((status, &added["state"]), (200, &json!("proposed")), "{added}");
    assert_eq!(boss.ask("POST", "/api/v1/sharing/sources/1/read", Value::Null).0, 409);
    desk.approve_all();
    assert_eq!(root.ask("GET", "/api/v1/sharing/sources", Value::Null).1[0]["state"], "active");
    let (_, log) = root.ask("GET", "/api/v1/audit?limit=1000", Value::Null);
    for action in ["change.proposed", "change.approved", "change.rejected"] {
        assert!(log.to_string().contains(action), "{action}");
    }
}

#[test]
fn a_signed_in_browser_holds_no_key_and_sign_out_ends_it() {
    let (dir, store) = with_store();
    let boss = create(&store, "boss", &["--scopes", "admin"]);
    let token = text(&boss["token"]);
    let desk = serve(dir, &["--site", "https://desk.example"]);
    let (browser, csrf) = page_token(&desk, "/sign-in", "");
    let agent = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build();
    let agent: ureq::Agent = agent.into();
    let post = |at: &str, cookie: &str, body: String| {
        agent
            .post(format!("{}{at}", desk.url))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Cookie", cookie)
            .send(body)
            .unwrap()
    };
    assert_eq!(post("/sign-in", &browser, format!("csrf={csrf}&key=hf_wrong_key")).status(), 401);
    let answer = post("/sign-in", &browser, format!("csrf={csrf}&key={token}"));
    assert_eq!(answer.status(), 303);
    let set = answer.headers()["set-cookie"].to_str().unwrap();
    assert!(!set.contains(&token[..20]), "the cookie is no key: {set}");
    for part in ["HttpOnly", "SameSite=Strict", "Secure", "Max-Age="] {
        assert!(set.contains(part), "{part}: {set}");
    }
    let session = format!("{browser}; {}", set.split(';').next().unwrap());
    let home = || agent.get(format!("{}/desk", desk.url)).header("Cookie", &session).call().unwrap().status();
    assert_eq!(home(), 200);
    let with_key = format!("hf={token}");
    let status = agent.get(format!("{}/desk", desk.url)).header("Cookie", with_key).call().unwrap().status();
    assert_eq!(status, 303, "a key is no session");
    let (_, csrf) = page_token(&desk, "/desk", &session);
    assert_eq!(post("/sign-out", &session, format!("csrf={csrf}")).status(), 303);
    assert_eq!(home(), 303, "a copy of the cookie is worth nothing");
    let log = Client(&desk, token).ask("GET", "/api/v1/audit?subject=sign-in", Value::Null).1;
    let actions: Vec<&str> = log.as_array().unwrap().iter().map(|e| e["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["sign_in.refused", "sign_in"]);
    // Nobody tries keys for long.
    let (browser, csrf) = page_token(&desk, "/sign-in", "");
    let tries: Vec<u16> =
        (0..12).map(|_| post("/sign-in", &browser, format!("csrf={csrf}&key=hf_a_b")).status().as_u16()).collect();
    assert_eq!((tries[0], tries[11]), (401, 429), "{tries:?}");
}

#[test]
fn an_address_screening_key_reads_nothing_of_customers() {
    let (dir, store) = with_store();
    create(&store, "boss", &["--scopes", "admin"]);
    let screener = create(&store, "wallet", &["--role", "screener"]);
    let desk = serve(dir, &[]);
    let wallet = Client(&desk, text(&screener["token"]));
    let address = "13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48";
    for at in ["/api/v1/summary".to_owned(), format!("/api/v1/address/{address}"), "/api/v1/block/300025".to_owned()] {
        assert_eq!(wallet.ask("GET", &at, Value::Null).0, 200, "{at}");
    }
    let trm = json!([{"address": address, "chain": "bitcoin"}]);
    assert_eq!(wallet.ask("POST", "/public/v2/screening/addresses", trm).0, 201);
    for at in [
        "events",
        "events/x",
        "holds",
        "holds/check",
        "alerts",
        "alerts/1",
        "rules",
        "rules/statistics",
        "audit",
        "keys",
        "warnings",
        "sharing/flags",
        "desk/requests",
    ] {
        assert_eq!(wallet.ask("GET", &format!("/api/v1/{at}"), Value::Null).0, 403, "{at}");
    }
    assert_eq!(wallet.ask("POST", "/api/v1/events", json!({})).0, 403);
}

fn raw(desk: &Desk) -> TcpStream {
    let stream = TcpStream::connect(desk.url.strip_prefix("http://").unwrap()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

#[test]
#[cfg(unix)]
fn a_half_sent_request_does_not_keep_the_server_from_ending() {
    let (dir, _) = with_store();
    let mut desk = serve(dir, &["--open"]);
    let mut head = raw(&desk);
    head.write_all(b"POST /api/v1/events HTTP/1.1\r\nHost: loc").unwrap();
    let mut body = raw(&desk);
    body.write_all(b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{").unwrap();
    let _idle = raw(&desk);
    std::thread::sleep(Duration::from_millis(300));
    let begun = Instant::now();
    let pid = desk.process.0.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let status = loop {
        if let Some(status) = desk.process.0.try_wait().unwrap() {
            break status;
        }
        assert!(begun.elapsed() < Duration::from_secs(25), "it goes on");
        std::thread::sleep(Duration::from_millis(50));
    };
    assert!(status.success(), "{status}");
}

#[test]
fn nobody_without_a_key_makes_the_server_keep_much() {
    let (dir, _) = with_store();
    let desk = serve(dir, &["--open"]);
    // A form that would be large is refused by its head.
    for at in ["/portal/sign-in", "/sign-in", "/api/v1/portal/code", "/portal/prove"] {
        let mut stream = raw(&desk);
        let head = format!(
            "POST {at} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 60000000\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = [0; 64];
        let n = stream.read(&mut answer).unwrap();
        assert!(String::from_utf8_lossy(&answer[..n]).starts_with("HTTP/1.1 413"), "{at}");
    }
    // And so is a chunked one, once it is larger.
    let mut stream = raw(&desk);
    stream.write_all(b"POST /portal/sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap();
    for _ in 0..20 {
        if stream.write_all(format!("2000\r\n{}\r\n", "a".repeat(0x2000)).as_bytes()).is_err() {
            break;
        }
    }
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 413"), "{answer}");
    // Files go to the portal only in a session.
    let mut stream = raw(&desk);
    stream
        .write_all(
            b"PUT /api/v1/portal/requests/r/files/f HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000000\r\n\r\n",
        )
        .unwrap();
    let mut answer = [0; 64];
    let n = stream.read(&mut answer).unwrap();
    assert!(String::from_utf8_lossy(&answer[..n]).starts_with("HTTP/1.1 401"));
    // One sender has so many connections and no more.
    let streams: Vec<TcpStream> = (0..300).map(|_| raw(&desk)).collect();
    std::thread::sleep(Duration::from_millis(500));
    let ended = streams
        .into_iter()
        .filter(|s| {
            s.set_nonblocking(true).unwrap();
            let mut one = [0; 1];
            matches!((&*s).read(&mut one), Ok(0))
                || (&*s).read(&mut one).is_err_and(|e| e.kind() == std::io::ErrorKind::ConnectionReset)
        })
        .count();
    assert!((40..=60).contains(&ended), "{ended} of 300 connections were ended");
}

#[test]
fn rates_are_by_sender_so_that_nobody_locks_others_out() {
    let (dir, store) = with_store();
    run(holdfast()
        .args(["desk", "agencies", "add", "FBI", "--country", "US", "--domain", "fbi.gov", "--evidence", "usa.gov"])
        .args(["--store", path(&store)]));
    let desk = serve(dir, &["--open", "--trusted-proxy", "127.0.0.1"]);
    let code = |from: &str, email: &str| {
        desk.ask(
            "POST",
            "/api/v1/portal/code",
            &[("X-Forwarded-For", from)],
            Some(&json!({"email": email, "name": "A"})),
        )
        .0
    };
    let flood: Vec<u16> = (0..60).map(|i| code("192.0.2.1", &format!("v{i}@fbi.gov"))).collect();
    assert_eq!((flood[0], flood[59]), (204, 429), "{flood:?}");
    assert_eq!(code("198.51.100.7", "ana@fbi.gov"), 204, "others go on");
    // The same answer, whether an address is known or not.
    assert_eq!(code("198.51.100.8", "nobody@fbi.gov"), code("198.51.100.8", "ana@fbi.gov"));
    let wrong = json!({"email": "ana@fbi.gov", "code": "00000000"});
    let tries = [(); 15]
        .map(|()| desk.ask("POST", "/api/v1/portal/prove", &[("X-Forwarded-For", "192.0.2.9")], Some(&wrong)).0);
    assert_eq!((tries[0], tries[14]), (409, 429), "{tries:?}");
    let mails =
        desk.ask("GET", "/api/v1/audit?limit=1000", &[], None).1.to_string().matches("officer.registered").count();
    assert!(mails <= 31, "{mails}");
}

#[test]
fn a_rule_that_would_never_end_is_refused_and_a_trial_ends_with_its_client() {
    let (dir, store) = with_store();
    let desk = serve(dir, &["--open"]);
    let list = format!("[{}]", (0..20).map(|i| i.to_string()).collect::<Vec<_>>().join(","));
    let nested = (0..8).fold("a0 >= 0".to_owned(), |inner, i| format!("{list}.all(a{i}, {inner})"));
    let book = format!(
        "title: t\nrules:\n  - id: r\n    version: 1\n    state: live\n    title: t\n    on: [withdrawal]\n    when: \"event.value > 0 && {nested}\"\n    decision: review\n    source: [test]\n"
    );
    for (method, at) in [("PUT", "/api/v1/rules"), ("POST", "/api/v1/rules/test")] {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{at}", desk.url))
            .header("Content-Type", "application/yaml")
            .body(book.clone())
            .unwrap();
        let mut answer = agent().run(request).unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        assert!(answer.status() == 400 && text.contains("rule 'r'"), "{method}: {text}");
    }
    let event = json!({"id": "w", "time": 1_790_000_000, "kind": "withdrawal", "customer": "c", "asset": "BTC", "amount": "5", "value": 5,
        "counterparty": "13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48"});
    assert_eq!(desk.ask("POST", "/api/v1/events", &[], Some(&event)).0, 200);
    // A book from before there was a budget: the desk starts, decides and says so.
    let Desk { process, dir, .. } = desk;
    end(process);
    let sql = format!("UPDATE rule_books SET yaml = '{}' WHERE version = 1", book.replace('\'', "''"));
    let url = format!("sqlite:{}", store.join("screening.sqlite").display());
    holdfast_store::Database::connect(&url).unwrap().batch(&sql).unwrap();
    let desk = serve(dir, &["--open"]);
    let event = json!({"id": "w2", "time": 1_790_000_001, "kind": "withdrawal", "customer": "c", "asset": "BTC", "amount": "5", "value": 5,
        "counterparty": "13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48"});
    let (status, decision) = desk.ask("POST", "/api/v1/events", &[], Some(&event));
    assert_eq!((status, &decision["decision"]), (200, &json!("review")), "{decision}");
    assert!(decision.to_string().contains("could not be evaluated"), "{decision}");
}

#[test]
fn passwords_come_from_files_and_are_never_shown() {
    let (_dir, store) = with_store();
    let file = store.join("database");
    std::fs::write(&file, "postgres://desk:hunter2@127.0.0.1:1/desk\n").unwrap();
    let at = ["--store", path(&store)];
    for args in [
        vec!["keys", "list", "--database-file", path(&file)],
        vec!["serve", "--open", "--database-file", path(&file)],
        vec!["keys", "list", "--database", "postgres://desk:hunter2@127.0.0.1:1/desk"],
        vec!["keys", "list", "--database", "mysql://desk:hunter2@127.0.0.1:1/desk"],
        vec!["serve", "--open", "--smtp", "smtp://desk:hunter2@mail.example.com", "--mail-from", "a@example.com"],
    ] {
        let output = holdfast().args(&args).args(at).output().unwrap();
        let text = words(&output);
        assert!(!output.status.success() && !text.contains("hunter2"), "{args:?}: {text}");
    }
    std::fs::write(&file, "two\nlines\n").unwrap();
    let output = holdfast().args(["keys", "list", "--database-file", path(&file)]).args(at).output().unwrap();
    assert!(words(&output).contains("one line"), "{}", words(&output));
}

#[test]
fn commands_work_while_the_server_runs() {
    let (dir, store) = with_store();
    let boss = create(&store, "boss", &["--scopes", "admin"]);
    let desk = serve(dir, &[]);
    let at = ["--store", path(&store)];
    let command = |args: &[&str]| run(holdfast().args(args).args(at));
    let leaked = create(&store, "leaked", &["--scopes", "read"]);
    let key = Client(&desk, text(&leaked["token"]));
    assert_eq!(key.ask("GET", "/api/v1/holds", Value::Null).0, 200);
    let id = text(&leaked["key"]["id"]);
    command(&["keys", "revoke", &id, "--as", "ana"]);
    assert_eq!(key.ask("GET", "/api/v1/holds", Value::Null).0, 401, "revoked at once");
    assert!(command(&["keys", "list"]).contains("revoked"));
    command(&[
        "holds",
        "place",
        "--id",
        "f",
        "--scope",
        "account",
        "--customer",
        "c 1",
        "--basis",
        "order",
        "--reason",
        "court",
        "--as",
        "ana",
    ]);
    assert!(command(&["holds", "list", "--customer", "c 1"]).contains("account"));
    command(&["holds", "check"]);
    assert!(command(&["audit", "list"]).contains("ana key.revoked"));
    assert!(command(&["audit", "verify"]).contains("entries"));
    assert!(command(&["call", "GET", "/api/v1/holds?state=active"]).contains("court"));
    let book = store.join("book.yaml");
    std::fs::write(&book, "title: t\nrules: []\n").unwrap();
    assert!(command(&["rules", "apply", path(&book)]).contains("waits for a second person"));
    assert!(command(&["changes", "list"]).contains("rules"));
    commands_reach_it_by_its_socket_its_address_and_a_key(&desk, &store, &text(&boss["token"]));
    // Only who reads the desk's secret: a signature of another one is refused.
    let other = tempfile::tempdir().unwrap();
    std::fs::copy(store.join("serve.json"), other.path().join("serve.json")).unwrap();
    std::fs::write(other.path().join("desk.key"), "0".repeat(64)).unwrap();
    let url: Value = serde_json::from_str(&std::fs::read_to_string(store.join("serve.json")).unwrap()).unwrap();
    assert_eq!(url["url"], desk.url.as_str());
    let forged = holdfast_identity::sign_command(
        &holdfast_identity::KeyRing::single([0; 32]),
        "ana",
        "GET",
        "/api/v1/holds",
        std::time::SystemTime::now().into(),
    );
    assert_eq!(desk.ask("GET", "/api/v1/holds", &[("Authorization", &forged)], None).0, 401);
    assert_eq!(Client(&desk, text(&boss["token"])).ask("GET", "/api/v1/holds", Value::Null).0, 200);
    let Desk { process, dir, .. } = desk;
    end(process);
    assert!(!store.join("serve.json").exists(), "it goes with the server");
    assert!(!store.join("holdfast.sock").exists(), "it goes with the server");
    // A socket that a killed server left is in nobody's way.
    drop(std::os::unix::net::UnixListener::bind(store.join("holdfast.sock")).unwrap());
    assert!(command(&["keys", "list"]).contains("boss"));
    let again = serve(dir, &[]);
    assert!(command(&["keys", "list"]).contains("boss"));
    end(again.process);
}

/// The socket first; the address where there is no socket; a key where the server is elsewhere.
fn commands_reach_it_by_its_socket_its_address_and_a_key(desk: &Desk, store: &Path, key: &str) {
    use holdfast_client::{Client, Credentials};
    use std::os::unix::fs::PermissionsExt;
    let socket = store.join("holdfast.sock");
    assert_eq!(std::fs::symlink_metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    let status = |credentials| Client::unix(&socket, credentials).get("/api/v1/holds").send().unwrap().status;
    let signed =
        |secret| Credentials::Command { key_ring: holdfast_identity::KeyRing::single(secret), actor: "ana".into() };
    assert_eq!((status(Credentials::None), status(signed([0; 32]))), (401, 401), "the socket alone opens nothing");
    assert_eq!(status(Credentials::Key(key.into())), 200);
    let secret = hex::decode(std::fs::read_to_string(store.join("desk.key")).unwrap().trim()).unwrap();
    assert_eq!(status(signed(secret.try_into().unwrap())), 200);

    let list = |args: &[&str], key: &str| {
        holdfast().args(["--json", "holds", "list"]).args(args).env("HOLDFAST_KEY", key).output().unwrap()
    };
    let at = ["--store", path(store)];
    let by_socket = list(&at, "");
    // The socket's listener must not be needed: without its name there is the address.
    std::fs::rename(&socket, store.join("away")).unwrap();
    let by_address = list(&at, "");
    std::fs::rename(store.join("away"), &socket).unwrap();
    let by_key = list(&["--server", &desk.url], key);
    assert!(by_socket.status.success() && words(&by_socket).contains("court"), "{}", words(&by_socket));
    assert_eq!(words(&by_address), words(&by_socket));
    assert_eq!(words(&by_key), words(&by_socket));
    let refused = list(&["--server", &desk.url], "hf_nobody_00");
    assert!(!refused.status.success() && words(&refused).contains("send a key in force"), "{}", words(&refused));
    // A learner is named by the desk's own commands only.
    let learn = |authorization: &str| {
        let headers = [("x-holdfast-learner", "1"), ("Authorization", authorization)];
        desk.ask("GET", "/api/v1/learn/me", &headers, None).0
    };
    let forged = holdfast_identity::sign_command(
        &holdfast_identity::KeyRing::single([0; 32]),
        "ana",
        "GET",
        "/api/v1/learn/me",
        holdfast_types::Timestamp::EPOCH,
    );
    assert_eq!((learn(""), learn(&format!("Bearer {key}")), learn(&forged)), (401, 401, 401));
    let nowhere = list(&["--server", "http://127.0.0.1:9"], key);
    assert!(words(&nowhere).contains("does not answer"), "{}", words(&nowhere));
}

/// Ends a server as systemd does.
fn end(mut process: Running) {
    let pid = process.0.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(process.0.wait().unwrap().success());
}

#[test]
#[cfg(unix)]
fn files_with_customers_and_tags_are_readable_by_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let (dir, store) = with_store();
    let tags = dir.path().join("mine.csv");
    std::fs::write(&tags, "address,currency,label,source,abuse,confidence\n13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48,BTC,x,https://example.org,scam,forensic\n").unwrap();
    run(holdfast().args(["tags", "import", path(&tags), "--store", path(&store)]));
    // A database of an earlier version is open to everybody; it is closed when it is opened.
    run(holdfast().args(["keys", "list", "--store", path(&store)]));
    let database = store.join("screening.sqlite");
    std::fs::set_permissions(&database, std::fs::Permissions::from_mode(0o644)).unwrap();
    let desk = serve(dir, &["--open"]);
    desk.key("boss", &["admin"], "");
    let mut seen = 0;
    for entry in std::fs::read_dir(&store).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{}", entry.path().display());
            seen += 1;
        }
    }
    assert!(seen >= 6, "{seen} files");
}

/// A new desk key makes new tokens; those of older keys stay good. A desk whose key lost one of its keys does not start.
#[test]
fn the_desk_key_is_rotated_and_older_tokens_stay_good() {
    let (dir, store) = with_store();
    let old = create(&store, "old", &["--role", "investigator"]);
    let first = std::fs::read_to_string(store.join("desk.key")).unwrap();
    let rotated: Value = serde_json::from_str(&run(holdfast().args([
        "--json",
        "keys",
        "rotate-desk-key",
        "--as",
        "ana",
        "--store",
        path(&store),
    ])))
    .unwrap();
    assert_eq!(rotated["keys"].as_array().unwrap().len(), 2, "{rotated}");
    let new = create(&store, "new", &["--role", "auditor"]);
    let ring = std::fs::read_to_string(store.join("desk.key")).unwrap();
    assert!(ring.starts_with(first.trim()) && ring.lines().count() == 2);
    let verified = run(holdfast().args(["audit", "verify", "--store", path(&store)]));
    assert!(!verified.is_empty());
    let desk = serve(dir, &[]);
    for made in [&old, &new] {
        assert_eq!(Client(&desk, text(&made["token"])).ask("GET", "/api/v1/holds", Value::Null).0, 200);
    }
    let (status, log) = Client(&desk, text(&new["token"])).ask("GET", "/api/v1/audit?subject=desk", Value::Null);
    assert_eq!(
        (status, &log[0]["action"], &log[0]["actor"]),
        (200, &json!("desk_key.rotated"), &json!("ana")),
        "{log}"
    );
    // A restart with an older file names what is wrong; with the ring in the environment it works.
    let Desk { process, dir, .. } = desk;
    drop(process);
    std::fs::write(store.join("desk.key"), &first).unwrap();
    let output =
        holdfast().args(["keys", "create", "x", "--scopes", "read", "--store", path(&store)]).output().unwrap();
    assert!(!output.status.success() && words(&output).contains("lacks one of its keys"), "{}", words(&output));
    let mut command = holdfast();
    command.env("HOLDFAST_DESK_KEY", ring.replace('\n', ","));
    run(command.args(["keys", "create", "x", "--scopes", "read", "--store", path(&store)]));
    let mut command = holdfast();
    command.env("HOLDFAST_DESK_KEY", ring.replace('\n', ",")).args([
        "keys",
        "rotate-desk-key",
        "--store",
        path(&store),
    ]);
    let output = command.output().unwrap();
    assert!(!output.status.success() && words(&output).contains("is not written by Holdfast"), "{}", words(&output));
    // The older key is retired: what was derived from it is revoked, and stays so.
    std::fs::write(store.join("desk.key"), &ring).unwrap();
    let json = |args: &[&str]| -> Value {
        let out = run(holdfast().arg("--json").args(args).args(["--as", "ana", "--store", path(&store)]));
        serde_json::from_str(&out).unwrap()
    };
    let listed = json(&["keys", "list-desk-keys"]);
    assert_eq!((&listed[0]["in_use"], &listed[1]["in_use"]), (&json!(false), &json!(true)), "{listed}");
    let retired = json(&["keys", "retire-desk-key", &text(&listed[0]["id"]), "--reason", "a backup was lost"]);
    assert_eq!(retired["revoked"], 1, "{retired}");
    let shown = run(holdfast().args(["keys", "list-desk-keys", "--store", path(&store)]));
    assert!(shown.contains("retired 20") && shown.contains("in use"), "{shown}");
    let desk = serve(dir, &[]);
    for (made, status) in [(&old, 401), (&new, 200)] {
        assert_eq!(Client(&desk, text(&made["token"])).ask("GET", "/api/v1/holds", Value::Null).0, status);
    }
}

/// A second factor by commands: its QR code as a file, the first code, new recovery codes.
#[test]
fn a_second_factor_is_set_up_by_commands() {
    let (dir, store) = with_store();
    create(&store, "ana", &["--role", "investigator"]);
    let file = dir.path().join("code.png");
    let people = |args: &[&str]| {
        let common = ["--as", "Ana", "--store", path(&store)];
        holdfast().arg("--json").arg("people").args(args).args(common).output().unwrap()
    };
    let ok = |args: &[&str]| -> Value {
        let output = people(args);
        assert!(output.status.success(), "{}", words(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let made = ok(&["set-up-factor", "--qr", path(&file)]);
    assert_eq!(made["recovery_codes"].as_array().map(Vec::len), Some(10), "{made}");
    assert!(std::fs::read(&file).unwrap().starts_with(b"\x89PNG"));
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600, "it holds the secret");
    }
    let again = people(&["set-up-factor", "--qr", path(&file)]);
    assert!(!again.status.success() && words(&again).contains("not overwritten"), "{}", words(&again));
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let code = totp_rs::Totp::from_url(text(&made["uri"])).unwrap().generate(now).to_string();
    let wrong = people(&["confirm-factor", &text(&made["recovery_codes"][0])]);
    assert!(!wrong.status.success() && words(&wrong).contains("wrong or used"), "{}", words(&wrong));
    ok(&["confirm-factor", &code]);
    assert_eq!(ok(&["list"])[0]["second_factor"], true);
    let new = ok(&["recovery-codes", &text(&made["recovery_codes"][0])]);
    assert_ne!(new["recovery_codes"], made["recovery_codes"]);
    let nobody = holdfast().args(["people", "set-up-factor", "--store", path(&store)]).output().unwrap();
    assert!(!nobody.status.success() && words(&nobody).contains("--as"), "{}", words(&nobody));
    create(&store, "bo", &["--role", "auditor"]);
    let shown = run(holdfast().args(["people", "set-up-factor", "--as", "bo", "--store", path(&store)]));
    assert!(shown.contains('\u{2588}') && shown.contains("Recovery codes"), "{shown}");
}

/// Two keys of one person are one person, and nobody makes a key of somebody else alone.
#[test]
fn keys_of_one_person_are_one_person() {
    let (dir, store) = with_store();
    let ana = create(&store, "ana", &["--scopes", "manage,desk"]);
    create(&store, "ben", &["--scopes", "desk"]);
    create(&store, "cleo", &["--scopes", "approve,desk"]);
    // Nor on the machine, where somebody else could approve it.
    let tablet = create(&store, "ben's tablet", &["--scopes", "desk", "--person", "ben"]);
    assert!(tablet["change"].is_u64(), "{tablet}");
    let desk = serve(dir, &[]);
    let ana = Client(&desk, text(&ana["token"]));
    let laptop = json!({"name": "laptop", "person": "Ana", "scopes": ["desk"]});
    let (status, made) = ana.ask("POST", "/api/v1/keys", laptop);
    assert_eq!(status, 200, "{made}");
    // The log names her, not the key.
    let laptop = Client(&desk, text(&made["token"]));
    let (status, request) = laptop.ask("GET", "/api/v1/desk/requests", Value::Null);
    assert_eq!(status, 200, "{request}");
    let (status, people) = ana.ask("GET", "/api/v1/people", Value::Null);
    let names: Vec<&str> = people.as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap()).collect();
    assert_eq!((status, names), (200, vec!["ana", "ben", "cleo"]));
    // A further key of ben is ben's: another person approves it.
    let bens = json!({"name": "ben's phone", "person": "ben", "scopes": ["desk"]});
    let (status, made) = ana.ask("POST", "/api/v1/keys", bens);
    assert_eq!(status, 202, "{made}");
    assert_eq!(Client(&desk, text(&made["token"])).ask("GET", "/api/v1/desk/requests", Value::Null).0, 401);
    let id = |name: &str| people.as_array().unwrap().iter().find(|p| p["name"] == name).unwrap()["id"].clone();
    let suspend = json!({"state": "suspended", "reason": "left"});
    let (status, person) = ana.ask("POST", &format!("/api/v1/people/{}", id("ben")), suspend.clone());
    assert_eq!((status, &person["state"]), (200, &json!("suspended")), "{person}");
    assert_eq!(
        ana.ask("POST", &format!("/api/v1/people/{}", id("ana")), suspend).0,
        409,
        "the last administrator stays"
    );
}

/// Sessions live in the database: a restart ends none, signing out and taking a session back end one for good.
#[test]
fn sessions_outlive_the_server_and_end_for_good() {
    let (dir, store) = with_store();
    let token = text(&create(&store, "ana", &["--role", "investigator"])["token"]);
    let other = text(&create(&store, "ben", &["--role", "investigator"])["token"]);
    let mut desk = serve(dir, &[]);
    let agent: ureq::Agent = ureq::Agent::config_builder().max_redirects(0).http_status_as_error(false).build().into();
    let sign_in = |desk: &Desk| {
        let (browser, csrf) = page_token(desk, "/sign-in", "");
        let answer = agent
            .post(format!("{}/sign-in", desk.url))
            .header("Cookie", &browser)
            .header("Origin", &desk.url)
            .content_type("application/x-www-form-urlencoded")
            .send(format!("csrf={csrf}&key={token}"))
            .unwrap();
        let cookies = answer.headers().get_all("set-cookie").iter().map(|c| c.to_str().unwrap().to_owned());
        let cookie = cookies.into_iter().find(|c| c.starts_with("hf=")).expect("a cookie");
        format!("{browser}; {}", cookie.split(';').next().unwrap())
    };
    let status = |desk: &Desk, session: &str| {
        agent.get(format!("{}/desk", desk.url)).header("Cookie", session).call().unwrap().status().as_u16()
    };
    let restart = |desk: Desk| {
        let Desk { mut process, dir, .. } = desk;
        process.0.kill().unwrap();
        process.0.wait().unwrap();
        serve(dir, &[])
    };
    let (first, second, lost) = (sign_in(&desk), sign_in(&desk), sign_in(&desk));
    desk = restart(desk);
    assert_eq!([&first, &second, &lost].map(|s| status(&desk, s)), [200; 3], "a restart ends none");
    let ana = Client(&desk, token.clone());
    let (code, own) = ana.ask("GET", "/api/v1/sessions", Value::Null);
    assert_eq!((code, own.as_array().unwrap().len()), (200, 3), "{own}");
    assert!(own[0]["client"].as_str().is_some_and(|c| !c.is_empty()), "{own}");
    // Somebody else sees and ends none of them.
    let ben = Client(&desk, other.clone());
    assert_eq!(ben.ask("GET", "/api/v1/sessions", Value::Null).1, json!([]));
    let at = |n: usize| format!("/api/v1/sessions/{}", own[n]["id"].as_str().unwrap());
    assert_eq!(ben.ask("DELETE", &at(0), Value::Null).0, 404);
    // One is signed out of, one is taken back.
    let (_, csrf) = page_token(&desk, "/desk", &second);
    let form = format!("csrf={csrf}");
    let out = agent.post(format!("{}/sign-out", desk.url)).header("Cookie", &second).header("Origin", &desk.url);
    assert_eq!(out.content_type("application/x-www-form-urlencoded").send(form).unwrap().status(), 303);
    let left = ana.ask("GET", "/api/v1/sessions", Value::Null).1;
    assert_eq!(left.as_array().unwrap().len(), 2, "{left}");
    assert_eq!(ana.ask("DELETE", &format!("/api/v1/sessions/{}", text(&left[0]["id"])), Value::Null).0, 204);
    let open =
        |desk: &Desk| [&first, &second, &lost].map(|s| status(desk, s)).into_iter().filter(|s| *s == 200).count();
    assert_eq!((open(&desk), status(&desk, &second)), (1, 303));
    desk = restart(desk);
    assert_eq!((open(&desk), status(&desk, &second)), (1, 303), "what ended stays so");
}

/// What a command reads of customers on the store itself is in the audit log as a server records it: by the path of the API and the name of who read.
#[test]
fn commands_on_the_store_record_what_they_read() {
    let dir = tempfile::tempdir().unwrap();
    let store = small_store(dir.path());
    let command = |args: &[&str]| run(holdfast().args(args).args(["--store", path(&store), "--as", "ana"]));
    let events = "{\"id\":\"w-1\",\"kind\":\"withdrawal\",\"time\":1780000000,\"customer\":\"c-1\",\"asset\":\"BTC\",\"amount\":\"1000\",\"value\":100,\"counterparty\":\"1HWqsgnSd12Gv8SpoUMi1Cj8hp79BTSpW7\"}\n";
    let file = dir.path().join("events.jsonl");
    std::fs::write(&file, events).unwrap();
    command(&["screen", path(&file)]);
    let reads: [(&[&str], &str); 11] = [
        (&["events", "list"], "/api/v1/events"),
        (&["events", "show", "w-1"], "/api/v1/events/w-1"),
        (&["alerts", "list"], "/api/v1/alerts"),
        (&["alerts", "show", "1"], "/api/v1/alerts/1"),
        (&["holds", "list"], "/api/v1/holds"),
        (&["holds", "check"], "/api/v1/holds/check"),
        (&["warnings", "list"], "/api/v1/warnings"),
        (&["campaigns", "list"], "/api/v1/campaigns"),
        (&["customers", "find", "c-1"], "/api/v1/customers"),
        (&["customers", "show", "c-1"], "/api/v1/customers/c-1"),
        (&["desk", "officers", "list"], "/api/v1/desk/officers"),
    ];
    for (read, _) in reads {
        command(read);
    }
    let log: Value = serde_json::from_str(&command(&["audit", "list", "--json"])).unwrap();
    let noted: Vec<&str> = log
        .as_array()
        .unwrap()
        .iter()
        .filter(|e| e["action"] == "data.read" && e["actor"] == "ana")
        .filter_map(|e| e["subject"].as_str())
        .collect();
    for (read, subject) in reads {
        assert_eq!(noted.iter().filter(|noted| **noted == subject).count(), 1, "{read:?}: {noted:?}");
    }
}
