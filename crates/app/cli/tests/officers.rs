//! The desk from an officer's registration to a verified production and reports that the authorities' schemas accept, over HTTP, with a real
//! mail server; and every endpoint as every role.

mod common;

use common::{
    Desk, Running, agent, demo, free_port, have, have_peer, holdfast, path, peers, run, serving, small_store, words,
};
use serde_json::{Value, json};
use std::io::{BufRead, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// A real SMTP server (aiosmtpd) that prints what it takes.
fn mail_server() -> (Running, u16, Receiver<String>) {
    let port = free_port();
    let mut child = Command::new(peers().join("venv/bin/python"))
        .args([
            "-u",
            "-m",
            "aiosmtpd",
            "-n",
            "-l",
            &format!("127.0.0.1:{port}"),
            "-c",
            "aiosmtpd.handlers.Debugging",
            "stdout",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let out = std::io::BufReader::new(child.stdout.take().unwrap());
    let (sender, lines) = channel();
    std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|l| sender.send(l)));
    let process = Running(child);
    for _ in 0..100 {
        if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    (process, port, lines)
}

fn next_code(lines: &Receiver<String>) -> String {
    loop {
        let line = lines.recv_timeout(Duration::from_secs(30)).expect("mail comes");
        if line.starts_with("Your code") {
            let found = line.split(|c: char| !c.is_ascii_digit()).find(|w| w.len() == 8);
            return found.unwrap().to_owned();
        }
    }
}

struct Client<'a> {
    desk: &'a Desk,
    token: String,
}

impl Client<'_> {
    fn ask(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let body = (!body.is_null()).then_some(&body);
        self.desk.ask(method, path, &[("Authorization", &format!("Bearer {}", self.token))], body)
    }

    fn ok(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.ask(method, path, body);
        assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
        answer
    }

    fn bytes(&self, method: &str, path: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.desk.url))
            .header("Authorization", format!("Bearer {}", self.token))
            .body(body)
            .unwrap();
        let mut answer = agent().run(request).unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_vec().unwrap())
    }
}

fn filer() -> Value {
    json!({"name": "Example & Sons Exchange", "entity_id": 17, "branch": "main", "tax_number": "123456789", "control_code": "PBSA8180",
        "address": "1 Main St", "city": "Springfield", "state": "IL", "postal_code": "62701", "country": "US", "phone": "5551234567",
        "currency": "USD", "officer_first_name": "Ana", "officer_last_name": "Berg"})
}

#[test]
fn from_an_officers_registration_to_a_verified_production_and_valid_reports() {
    if !have_peer("venv/bin/aiosmtpd") || !have_peer("venv/lib") {
        return;
    }
    let (_mail, port, lines) = mail_server();
    let dir = tempfile::tempdir().unwrap();
    let store = small_store(dir.path());
    let smtp = format!("smtp://127.0.0.1:{port}");
    let (process, url) = serving(holdfast().args([
        "serve",
        "--open",
        "--store",
        path(&store),
        "--listen",
        "127.0.0.1:0",
        "--smtp",
        &smtp,
        "--mail-from",
        "desk@exchange.example",
    ]));
    let desk = Desk { process, url, dir };
    let (_, admin, _) = desk.key("admin", &["admin"], "");
    let client = |name: &str, scopes: &[&str]| Client { desk: &desk, token: desk.key(name, scopes, &admin).1 };
    let root = Client { desk: &desk, token: admin.clone() };
    let (ana, bo) = (client("ana", &["read", "desk", "holds"]), client("bo", &["read", "desk", "approve"]));
    let customer = json!({"kind": "customer", "id": "c1", "time": 1_790_000_000, "name": "Żaneta Öz", "email": "z@example.org", "country": "PL"});
    root.ok("POST", "/api/v1/records", json!([customer]));
    let event = json!({"id": "w1", "time": 1_790_000_100, "kind": "withdrawal", "customer": "c1", "asset": "BTC", "amount": "5000", "value": 12_345,
        "counterparty": "13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48"});
    root.ok("POST", "/api/v1/events", event);
    bo.ok(
        "POST",
        "/api/v1/desk/agencies",
        json!({"name": "FBI", "country": "US", "domain": "fbi.gov", "evidence": "usa.gov"}),
    );

    // The officer registers and enters: code by mail, then a second factor.
    let nobody = Client { desk: &desk, token: String::new() };
    let email = "ana.berg@fbi.gov";
    nobody.ok("POST", "/api/v1/portal/code", json!({"email": email, "name": "Ana Berg"}));
    let session = nobody.ok("POST", "/api/v1/portal/prove", json!({"email": email, "code": next_code(&lines)}));
    let half = Client { desk: &desk, token: session["token"].as_str().unwrap().into() };
    assert_eq!(half.ask("GET", "/api/v1/portal/requests", Value::Null).0, 401);
    let uri = half.ok("POST", "/api/v1/portal/factor", Value::Null)["uri"].as_str().unwrap().to_owned();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let code = totp_rs::Totp::from_url(uri).unwrap().generate(now).to_string();
    let full = half.ok("PUT", "/api/v1/portal/factor", json!({"code": code}));
    let officer = Client { desk: &desk, token: full["token"].as_str().unwrap().into() };
    assert_eq!(officer.ask("GET", "/api/v1/portal/requests", Value::Null).0, 409, "nobody approved the officer yet");
    let verdict = json!({"verdict": "approve", "reason": "called back"});
    assert_eq!(ana.ask("POST", "/api/v1/desk/officers/1", verdict.clone()).0, 403);
    bo.ok("POST", "/api/v1/desk/officers/1", verdict);
    let identity = age::x25519::Identity::generate();
    officer.ok("PUT", "/api/v1/portal/me", json!({"recipients": [identity.to_public().to_string()]}));

    // A request with its order; the desk answers it by two people.
    let request = json!({"id": "r-1", "received": 1_795_000_000, "kind": "information", "process": "us.2703d", "reference": "24-mj-1234",
        "officer": {"name": "x", "email": email, "agency": "FBI", "country": "US"}, "states": ["judge"],
        "targets": [{"kind": "email", "value": "z@example.org"}], "classes": ["subscriber", "transactions"]});
    officer.ok("POST", "/api/v1/portal/requests", request);
    let put = |name: &str, media: &str, bytes: &[u8]| {
        officer.bytes("PUT", &format!("/api/v1/portal/requests/r-1/files/{name}?media_type={media}"), bytes)
    };
    assert_eq!(put("order.pdf", "application/pdf", b"MZ\x90\0").0, 400);
    assert_eq!(put("order.pdf", "application/pdf", b"%PDF-1.7 order").0, 200);
    let (status, order) = ana.bytes("GET", "/api/v1/desk/requests/r-1/files/order.pdf", b"");
    assert_eq!((status, order.as_slice()), (200, &b"%PDF-1.7 order"[..]));
    let matched = ana.ok("GET", "/api/v1/desk/requests/r-1/matches", Value::Null);
    assert_eq!(matched[0]["found"]["customer"], "c1");
    let step = |who: &Client<'_>, step: Value| who.ask("POST", "/api/v1/desk/requests/r-1", step);
    assert_eq!(
        step(&ana, json!({"step": "match", "customer": "c1", "accept": true, "reason": "the same address"})).0,
        200
    );
    assert_eq!(step(&ana, json!({"step": "prepare", "outcome": "granted", "reason": "in order"})).0, 200);
    assert_eq!(step(&ana, json!({"step": "approve"})).0, 403, "an investigator does not approve");
    assert_eq!(step(&bo, json!({"step": "approve"})).0, 200);
    let made = ana.ok("POST", "/api/v1/desk/requests/r-1/productions", Value::Null);
    assert_eq!(made["customers"], json!(["c1"]));
    // The officer fetches it; `holdfast verify` opens and checks it.
    let (status, sealed) = officer.bytes("GET", "/api/v1/portal/requests/r-1/productions/1", b"");
    assert_eq!(status, 200);
    let (file, key) = (desk.dir.path().join("production.zip.age"), desk.dir.path().join("key.txt"));
    std::fs::write(&file, &sealed).unwrap();
    let secret = age::secrecy::ExposeSecret::expose_secret(&identity.to_string()).to_owned();
    std::fs::write(&key, secret).unwrap();
    let verified = run(holdfast().args(["verify", path(&file), "--identity", path(&key)]));
    assert!(verified.contains("The production is valid") && verified.contains("approved classes"), "{verified}");
    let mut wrong = sealed.clone();
    let last = wrong.len() - 20;
    wrong[last] ^= 1;
    std::fs::write(&file, wrong).unwrap();
    let output = holdfast().args(["verify", path(&file), "--identity", path(&key)]).output().unwrap();
    assert!(!output.status.success(), "{}", words(&output));
    let listed = ana.ok("GET", "/api/v1/desk/requests/r-1/productions", Value::Null);
    assert_eq!(listed[0]["downloads"][0]["who"], email);

    // The portal's pages, in a real browser.
    if have("chromium") {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/officer.py");
        let mut browser = Command::new(peers().join("venv/bin/python"))
            .args([script, &desk.url, "kim@fbi.gov"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = browser.stdin.take().unwrap();
        let mut said = std::io::BufReader::new(browser.stdout.take().unwrap()).lines().map_while(Result::ok);
        let asked: Vec<String> = said
            .by_ref()
            .take_while(|line| line != "done")
            .inspect(|line| match line.as_str() {
                "code?" => writeln!(input, "{}", next_code(&lines)).unwrap(),
                "approve!" => {
                    bo.ok("POST", "/api/v1/desk/officers/2", json!({"verdict": "approve", "reason": "called back"}));
                    writeln!(input, "approved").unwrap();
                }
                other => panic!("{other}"),
            })
            .collect();
        assert!(browser.wait().unwrap().success());
        assert_eq!(asked, ["code?", "approve!", "code?", "code?"]);
        let officers = bo.ok("GET", "/api/v1/desk/officers", Value::Null).to_string();
        assert!(officers.contains("\"passkeys\":1"), "{officers}");
        bo.ok("POST", "/api/v1/desk/officers/3", json!({"verdict": "approve", "reason": "called back"}));
    }

    // A case, and reports that the authorities' own schemas accept.
    let case = ana.ok(
        "POST",
        "/api/v1/desk/cases",
        json!({"title": "A ransom <&>", "summary": "Reported.", "typology": "ransomware"}),
    );
    assert_eq!(case["id"], 1);
    let change = |body: Value| ana.ok("POST", "/api/v1/desk/cases/1", body);
    change(json!({"step": "add", "kind": "subject", "key": "c1"}));
    change(json!({"step": "add", "kind": "subject", "key": "Somebody"}));
    change(json!({"step": "add", "kind": "note", "title": "Two\nlines  with   spaces \u{1} and \u{1f600}"}));
    change(json!({"step": "member", "person": "bo", "role": "member"}));
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let mut files: Vec<(&str, std::path::PathBuf)> = Vec::new();
    for (i, (kind, schema, with_event)) in [
        ("goaml", "goAMLSchema.xsd", false),
        ("goaml", "goAMLSchema.xsd", true),
        ("fincen-sar", "EFL_SARXBatchSchema.xsd", true),
    ]
    .into_iter()
    .enumerate()
    {
        if with_event && i == 1 {
            change(json!({"step": "add", "kind": "event", "key": "w1"}));
        }
        let draft = ana.ok("POST", "/api/v1/desk/cases/1/reports", json!({"kind": kind, "filer": filer()}));
        let base = format!("/api/v1/desk/cases/1/reports/{}", draft["id"]);
        assert_eq!(ana.ask("POST", &format!("{base}/approve"), Value::Null).0, 403);
        bo.ok("POST", &format!("{base}/approve"), Value::Null);
        let (status, xml) = ana.bytes("POST", &format!("{base}/export"), b"");
        let xml = text(xml);
        assert_eq!(status, 200, "{xml}");
        assert!(xml.contains("Example &amp; Sons Exchange"), "{xml}");
        let file = desk.dir.path().join(format!("report-{i}.xml"));
        std::fs::write(&file, xml).unwrap();
        files.push((schema, file));
    }
    for (schema, file) in &files {
        let schema = format!("{}/../../../data/schemas/{schema}", env!("CARGO_MANIFEST_DIR"));
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/validate.py");
        let output =
            Command::new(peers().join("venv/bin/python")).args([script, &schema, path(file)]).output().unwrap();
        assert!(output.status.success(), "{}{}", words(&output), std::fs::read_to_string(file).unwrap());
    }
    let (status, pdf) = ana.bytes("GET", "/api/v1/desk/cases/1/report.pdf", b"");
    assert!(status == 200 && pdf.starts_with(b"%PDF-"));
    let verified = root.ok("GET", "/api/v1/audit/verify", Value::Null);
    assert_eq!(verified["problems"], json!([]));
    // The same endpoints answer the command line.
    let Desk { process, dir: _dir, .. } = desk;
    drop(process);
    let found =
        run(holdfast().args(["call", "GET", "/api/v1/desk/search?q=ransom", "--as", "ana", "--store", path(&store)]));
    assert!(found.contains("\"case\""), "{found}");
    let ask = |args: &[&str]| run(holdfast().arg("desk").args(args).args(["--as", "ana", "--store", path(&store)]));
    let note = r#"{"step":"add","kind":"note","title":"Called the victim back."}"#;
    assert!(ask(&["cases", "step", "1", note]).contains("Called the victim back."));
    assert!(ask(&["cases", "list"]).contains("A ransom <&>"));
    assert!(ask(&["officers", "list", "--state", "approved"]).contains("<ana.berg@fbi.gov>"));
    assert!(ask(&["productions", "list", "r-1"]).contains("fetched 1 times"));
    let wrong = holdfast().args(["call", "GET", "/api/v1/desk/cases/99", "--store", path(&store)]).output().unwrap();
    assert!(!wrong.status.success() && words(&wrong).contains("404"), "{}", words(&wrong));
}

/// Roles that may use an operation. Every operation of the API must be named here: a new one fails the test until somebody decides.
fn allowed(method: &str, path: &str) -> &'static [&'static str] {
    const ALL: &[&str] = &["investigator", "approver", "auditor"];
    // Address screening sees the chain and its tags, and nothing of customers.
    const CHAIN: &[&str] = &["investigator", "approver", "auditor", "screener"];
    let get = method == "get";
    if path == "/metrics" {
        return &["administrator"];
    }
    let part = path.strip_prefix("/api/v1/").unwrap_or_default().split('/').next().unwrap_or_default();
    match (part, get) {
        // The institution's directory has a key of its own.
        ("", _) if path.starts_with("/scim/") => &[],
        ("", _) if path.starts_with("/api/kyt/v2/users/") => &[],
        ("", _) if path == "/api/kyt/v2/categories" || path.starts_with("/public/") => CHAIN,
        ("", _) if path.starts_with("/api/kyt/") => ALL,
        ("changes", _) => &["administrator", "approver"],
        ("keys" | "desk-keys" | "people" | "jobs" | "ledgers" | "webhooks" | "outbox", _) => &["administrator"],
        ("retention" | "erasures", _) => &["administrator"],
        ("legal-holds", _) => &["investigator", "approver"],
        ("sessions" | "second-factor", _) => {
            &["screener", "investigator", "approver", "auditor", "administrator", "partner", "trainer"]
        }
        ("audit", _) => &["auditor"],
        ("clock", true) => ALL,
        ("clock", false) => &["administrator"],
        ("desk", _) => match (path.trim_start_matches("/api/v1/desk/"), get) {
            ("policy" | "transparency", true) | ("review", false) => ALL,
            ("tick", false) => &["administrator"],
            ("mentions/{id}/read", false) => ALL,
            ("agencies" | "officers/{id}", false) => &["approver"],
            (p, false) if p.ends_with("/approve") => &["approver"],
            // Commands on the desk's machine only.
            (p, false) if p.ends_with("/secret-key") => &[],
            // Everybody's own.
            (p, _) if p.starts_with("watch-lists") || p.starts_with("notifications") => ALL,
            (p, true) if p.ends_with("/productions/{number}") => &["investigator", "approver"],
            (p, true) if p.ends_with("/recipient") => &["investigator", "approver"],
            (_, true) => ALL,
            (_, false) => &["investigator", "approver"],
        },
        ("warnings", true) => ALL,
        ("warnings", false) => &["investigator", "approver"],
        ("campaigns", true) => ALL,
        ("campaigns", false) if path.ends_with("/start") || path.ends_with("/end") => &["approver"],
        ("campaigns", false) => &["investigator", "approver"],
        ("academy", _) => match (path.trim_start_matches("/api/v1/academy/"), get) {
            ("labs" | "courses" | "courses/{course}", true) => &["investigator", "approver", "auditor", "trainer"],
            ("programme", true) => &["auditor", "administrator", "trainer"],
            _ => &["trainer"],
        },
        ("sharing", _) => match (path.trim_start_matches("/api/v1/sharing/"), get) {
            ("flags" | "standings", true) => ALL,
            ("flags" | "flags/{id}" | "share" | "matching", false) => &["investigator", "approver"],
            ("matching/{id}", _) => &["partner"],
            ("sources/{id}/read", false) => &["investigator", "approver", "administrator"],
            ("tagpack", true) => &["investigator", "approver", "administrator", "partner"],
            (p, true) if p.starts_with("misp/") => &["investigator", "approver", "administrator", "partner"],
            (_, true) => &["investigator", "approver", "auditor", "administrator"],
            (_, false) => &["administrator"],
        },
        ("models", false) if path.ends_with("/audit-sample/{event}") => &["investigator", "approver"],
        ("models", true) if path.contains("/scores/") => ALL,
        ("models", true) => &["investigator", "approver", "auditor", "administrator"],
        ("models", false) => &["administrator"],
        ("suggestions", true) if path.ends_with("/labels") => &["administrator"],
        ("suggestions", true) => ALL,
        ("suggestions", false) => &["investigator", "approver"],
        ("rules", false) if path.ends_with("/test") => ALL,
        ("rules" | "prices", false) => &["administrator"],
        ("verify", false) => CHAIN,
        ("graph", true) if path.ends_with("/start") => ALL,
        ("graph", _) | ("entities" | "addresses", true) => CHAIN,
        ("live", true) => ALL,
        ("rules", true) if path.ends_with("/fields") => {
            &["screener", "investigator", "approver", "auditor", "administrator"]
        }
        ("rules" | "prices", true) => &["investigator", "approver", "auditor", "administrator"],
        ("holds" | "alerts" | "customers", false) => &["investigator", "approver"],
        ("tags", false) if path.starts_with("/api/v1/tags/own") => &["investigator", "approver"],
        ("tags", true) if path.contains("/imports/") => &["administrator"],
        ("tags", true) if path.ends_with("/packs") => {
            &["investigator", "approver", "auditor", "screener", "administrator"]
        }
        ("events" | "records", false) => &[],
        ("tags" | "cluster" | "exposures" | "blocks" | "rescreen", false) => &["administrator"],
        (
            "summary" | "address" | "tx" | "block" | "exposure" | "trace" | "paths" | "explain" | "tags" | "ledger"
            | "mempool" | "providers" | "search" | "account-chains",
            true,
        ) => CHAIN,
        ("events" | "holds" | "alerts" | "customers", true) => ALL,
        _ => panic!("{method} {path}: decide which roles may use it"),
    }
}

#[test]
fn every_endpoint_lets_in_only_the_roles_that_need_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = small_store(dir.path());
    let (process, url) =
        serving(holdfast().args(["serve", "--open", "--store", path(&store), "--listen", "127.0.0.1:0"]));
    let desk = Desk { process, url, dir };
    let (_, admin, _) = desk.key("admin", &["admin"], "");
    let roles = holdfast_identity::ROLES;
    let key = |role: &str| desk.key(role, roles.iter().find(|(n, _)| *n == role).unwrap().1, &admin).1;
    let keys: Vec<(&str, String)> = roles.iter().map(|(n, _)| (*n, key(n))).collect();
    let (_, document) = desk.ask("GET", "/openapi.json", &[], None);
    let mut walked = 0;
    for (template, operations) in document["paths"].as_object().unwrap() {
        // Elliptic's own endpoints are signed, not keyed; a role's key is of no use there.
        if template.starts_with("/v2/") {
            continue;
        }
        // The identity provider has no key either: its token is its proof.
        if template.starts_with("/api/v1/sign-on/") {
            assert_eq!(desk.ask("POST", template, &[], None).0, 400, "{template}");
            continue;
        }
        // Probes are answered whoever they are, and strangers are given no reasons.
        if template.starts_with("/health/") {
            let (status, answer) = desk.ask("GET", template, &[], None);
            assert!(matches!(status, 200 | 503) && !answer.to_string().contains("reason"), "{template}: {answer}");
            continue;
        }
        let place: String =
            template.split('/').map(|p| if p.starts_with('{') { "999999" } else { p }).collect::<Vec<_>>().join("/");
        for method in operations
            .as_object()
            .unwrap()
            .keys()
            .filter(|m| ["get", "post", "put", "patch", "delete"].contains(&m.as_str()))
        {
            let ask = |token: &str| {
                let header = format!("Bearer {token}");
                desk.ask(&method.to_uppercase(), &place, &[("Authorization", &header)], None).0
            };
            walked += 1;
            // Officers' and learners' endpoints know their own sessions and keys only; all others know keys only.
            let officers = ["/api/v1/portal/", "/api/v1/learn/"].iter().any(|p| template.starts_with(p));
            for (role, key) in &keys {
                let status = ask(key);
                if officers {
                    let open = template.ends_with("/code") || template.ends_with("/prove");
                    let wants_body = ["post", "put"].contains(&method.as_str());
                    assert!(
                        status == 401 || ((open || wants_body) && status == 400),
                        "{role} {method} {template}: {status}"
                    );
                } else {
                    let may = allowed(method, template).contains(role);
                    assert_eq!(status != 403 && status != 401, may, "{role} {method} {template}: {status}");
                }
            }
            if !officers {
                assert_eq!(ask("ho_1_1_9999999999_0_00"), 401, "an officer at {method} {template}");
                assert_eq!(ask(""), 401, "nobody at {method} {template}");
            }
        }
    }
    assert!(walked > 90, "{walked} operations");
}

/// Links of a page's head and navigation, without those to other parts of the page.
fn links(page: &str) -> Vec<String> {
    let main = page.find("<h1").unwrap_or(page.len());
    let hrefs = page[..main].split("<a href=\"").skip(1);
    hrefs.filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
}

#[test]
fn the_navigation_leads_every_role_only_to_pages_that_open() {
    let dir = tempfile::tempdir().unwrap();
    let store = small_store(dir.path());
    let (process, url) =
        serving(holdfast().args(["serve", "--open", "--store", path(&store), "--listen", "127.0.0.1:0"]));
    let desk = Desk { process, url, dir };
    let (_, admin, _) = desk.key("admin", &["admin"], "");
    let get = |token: &str, at: &str| {
        let mut answer =
            agent().get(format!("{}{at}", desk.url)).header("Authorization", format!("Bearer {token}")).call().unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap_or_default())
    };
    let roles = [("admin", &["admin"][..])].into_iter().chain(holdfast_identity::ROLES);
    for (role, scopes) in roles {
        let token = if role == "admin" { admin.clone() } else { desk.key(role, scopes, &admin).1 };
        // Wherever a role comes, what it sees opens; where it is refused, too.
        let mut seen = std::collections::BTreeSet::new();
        for at in ["/desk", "/desk/alerts", "/desk/officers", "/desk/academy", "/desk/changes", "/desk/sharing"] {
            let found = links(&get(&token, at).1);
            assert!(found.len() > 1, "{role} {at}: {found:?}");
            seen.extend(found);
        }
        for to in &seen {
            assert_eq!(get(&token, to).0, 200, "{role} {to}");
        }
        let desk_links = seen.iter().filter(|to| to.starts_with("/desk")).count();
        assert_eq!(desk_links == 0, ["screener", "partner"].contains(&role), "{role}: {seen:?}");
        assert_eq!(seen.contains("/desk/holds"), scopes.contains(&"read") || role == "admin", "{role}");
    }
}

/// Passkeys of people of the desk, with Chromium's virtual authenticator.
#[test]
fn a_person_of_the_desk_signs_in_with_a_passkey_in_a_real_browser() {
    if !have("chromium") || !have_peer("venv/bin/playwright") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let store = small_store(dir.path());
    let (process, url) =
        serving(holdfast().args(["serve", "--open", "--store", path(&store), "--listen", "127.0.0.1:0"]));
    let desk = Desk { process, url, dir };
    let (_, admin, _) = desk.key("admin", &["admin"], "");
    let (_, ana, _) = desk.key("ana", &["read", "desk"], &admin);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/staff.py");
    let output = Command::new(peers().join("venv/bin/python")).args([script, &desk.url, &ana]).output().unwrap();
    assert!(output.status.success(), "{}", words(&output));
    // The command lists them beside the server; the last one stays.
    let people = |args: &[&str]| {
        holdfast().arg("people").args(args).args(["--as", "ana", "--store", path(&store)]).output().unwrap()
    };
    let listed = words(&people(&["passkeys"]));
    assert!(listed.contains("new key (since") && !listed.contains("old key"), "{listed}");
    let removed = people(&["remove-passkey", listed.split(' ').next().unwrap()]);
    assert!(!removed.status.success() && words(&removed).contains("only second factor"), "{}", words(&removed));
    let key = Client { desk: &desk, token: ana };
    let (status, answer) = key.ask("POST", "/api/v1/second-factor/passkeys", Value::Null);
    assert!(status == 409 && answer.to_string().contains("sign in with it first"), "{answer}");
}

/// The pages by keyboard in a real Chromium, in light and dark.
#[test]
fn the_desk_is_worked_by_keyboard_in_a_real_browser() {
    if !have("chromium") || !have_peer("venv/bin/playwright") {
        return;
    }
    let desk = demo();
    let (_, admin, _) = desk.key("admin", &["admin"], "");
    let subject = "13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48";
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/browse.py");
    let output =
        Command::new(peers().join("venv/bin/python")).args([script, &desk.url, &admin, subject]).output().unwrap();
    assert!(output.status.success(), "{}", words(&output));
    // A form that another site sends is refused, signed in or not.
    let headers = [("Cookie", format!("hf={admin}")), ("Sec-Fetch-Site", "cross-site".into())];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
    assert_eq!(desk.ask("POST", "/desk/cases", &headers, None).0, 403);
    println!("{}", words(&output));
}
