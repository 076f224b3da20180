//! How a server is observed: log lines, request ids, health, metrics.

use crate::common::{Running, agent, free_port, holdfast, path, run, serving, small_store};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// A server of a small store that logs JSON into a file.
struct Server {
    process: Running,
    url: String,
    log: PathBuf,
    dir: tempfile::TempDir,
}

/// Starts `holdfast serve --open` with further arguments.
fn serve(args: &[&str]) -> Server {
    let dir = tempfile::tempdir().unwrap();
    small_store(dir.path());
    serve_in(dir, args)
}

fn serve_in(dir: tempfile::TempDir, args: &[&str]) -> Server {
    let (store, log) = (dir.path().join("store"), dir.path().join("log"));
    let mut command = holdfast();
    command.args(["serve", "--listen", "127.0.0.1:0", "--log-format", "json", "--store", path(&store)]).args(args);
    let (process, url) = serving(command.stderr(File::create(&log).unwrap()));
    Server { process, url, log, dir }
}

/// The lines of a log, each of which is JSON.
fn lines(log: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(log).unwrap();
    text.lines().map(|l| serde_json::from_str(l).unwrap_or_else(|e| panic!("{e}: {l}"))).collect()
}

impl Server {
    fn get(&self, path: &str, headers: &[(&str, &str)]) -> (u16, Value, ureq::http::HeaderMap) {
        let mut request = agent().get(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut answer = request.call().unwrap();
        let text = String::from_utf8_lossy(&answer.body_mut().read_to_vec().unwrap()).into_owned();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        (answer.status().as_u16(), body, answer.headers().clone())
    }

    fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = agent().post(format!("{}{path}", self.url)).header("Content-Type", "application/json");
        let mut answer = request.send(body.to_string()).unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        (answer.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// The state of a part, as `/health/ready` says.
    fn state(&self, part: &str) -> (u16, Value) {
        let (status, health, _) = self.get("/health/ready", &[]);
        let found = health["components"].as_array().unwrap().iter().find(|c| c["name"] == part);
        (status, found.unwrap_or_else(|| panic!("{part}: {health}")).clone())
    }
}

/// The value of a metric's line.
fn metric(text: &Value, line: &str) -> f64 {
    let text = text.as_str().unwrap();
    let found = text.lines().find_map(|l| l.strip_prefix(line)?.strip_prefix(' '));
    found.unwrap_or_else(|| panic!("{line} is missing:\n{text}")).parse().unwrap()
}

/// Waits up to half a minute.
fn until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(30), "{what}: not within 30 s");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn log_lines_are_json_with_the_request_id_and_without_what_was_sent() {
    let server = serve(&["--open"]);
    let id = "trace-7.a_b";
    let (status, _, headers) = server.get("/api/v1/address/1PrivatePerson?label=secret", &[("x-request-id", id)]);
    assert_eq!((status, headers["x-request-id"].to_str().unwrap()), (400, id));
    let (_, _, headers) = server.get("/no/such/path", &[("x-request-id", "not sane")]);
    let made = headers["x-request-id"].to_str().unwrap().to_owned();
    assert!(made != "not sane" && made.len() == 25, "{made}");
    let of = |id: &str| {
        let of_id = |l: &Value| l["span"]["request_id"] == id;
        lines(&server.log).into_iter().filter(of_id).collect::<Vec<_>>()
    };
    until("both are logged", || !of(id).is_empty() && !of(&made).is_empty());
    let line = &of(id)[0];
    assert_eq!(line["span"]["route"], "/api/v1/address/{address}");
    assert_eq!(
        (&line["span"]["method"], &line["status"], &line["message"]),
        (&"GET".into(), &400.into(), &"answered".into())
    );
    assert!(line["duration_ms"].is_u64() && line["timestamp"].is_string() && line["level"] == "INFO", "{line}");
    assert_eq!(of(&made)[0]["span"]["route"], "other");
    let text = std::fs::read_to_string(&server.log).unwrap();
    assert!(!text.contains("1PrivatePerson") && !text.contains("secret") && !text.contains("/no/such"), "{text}");
}

#[test]
fn a_server_is_ready_while_its_database_answers() {
    let Some(place) = holdfast_testing::TestDb::own_postgres() else { return };
    let server = serve(&["--open", "--database", &place.url]);
    assert_eq!(server.state("database"), (200, json!({"name": "database", "state": "ok"})));
    place.stop();
    until("it is not ready", || {
        let (status, part) = server.state("database");
        status == 503 && part["state"] == "unreachable" && part["reason"].is_string()
    });
    let (status, health, _) = server.get("/health/live", &[]);
    assert_eq!((status, &health["ok"]), (200, &json!(true)), "a restart would not help: {health}");
    until("the writer notices too", || server.state("writer").1["state"] == "recovering");
    let (status, text, _) = server.get("/metrics", &[]);
    assert_eq!((status, metric(&text, "holdfast_component_ok{component=\"database\"}")), (200, 0.0));
    assert_eq!(metric(&text, "holdfast_stored_read"), 0.0);
    place.start();
    until("it is ready again", || server.get("/health/ready", &[]).0 == 200);
    let event = json!({"id": "w-1", "time": 1_780_000_000, "kind": "withdrawal", "customer": "c", "asset": "ETH", "amount": "1",
        "counterparty": "0x00000000000000000000000000000000000000aa"});
    assert_eq!(server.post("/api/v1/events", &event).0, 200);
}

#[test]
fn metrics_count_decisions_and_need_a_key_or_their_own_address() {
    let dir = tempfile::tempdir().unwrap();
    let store = small_store(dir.path());
    let key = |name: &str, scopes: &str| -> String {
        let args = ["keys", "create", name, "--scopes", scopes, "--json", "--store", path(&store)];
        let made: Value = serde_json::from_str(&run(holdfast().args(args))).unwrap();
        format!("Bearer {}", made["token"].as_str().unwrap())
    };
    let (boss, monitor, reader) = (key("boss", "admin"), key("prometheus", "metrics"), key("reader", "read"));
    let own = format!("127.0.0.1:{}", free_port());
    let server = serve_in(dir, &["--metrics", &own]);
    let status = |path: &str, key: &str| server.get(path, &[("authorization", key)]).0;
    assert_eq!(server.get("/metrics", &[]).0, 401, "loopback is no key");
    assert_eq!((status("/metrics", &reader), status("/metrics", &monitor)), (403, 200));
    assert_eq!(status("/api/v1/alerts", &monitor), 403, "the scope opens nothing else");
    let event = json!({"id": "w-1", "time": 1_780_000_000, "kind": "withdrawal", "customer": "c-private", "asset": "ETH", "amount": "1",
        "counterparty": "0x00000000000000000000000000000000000000aa"});
    let post = agent().post(format!("{}/api/v1/events", server.url)).header("Authorization", &boss);
    let mut answer = post.header("Content-Type", "application/json").send(event.to_string()).unwrap();
    let decision: Value = serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
    let verdict = decision["decision"].as_str().unwrap_or_else(|| panic!("{decision}"));
    let text = agent().get(format!("http://{own}/metrics")).call().unwrap().body_mut().read_to_string().unwrap();
    let text = Value::String(text);
    for (line, value) in [
        (format!("holdfast_decisions_total{{verdict=\"{verdict}\"}}"), 1.0),
        ("holdfast_decision_seconds_count".into(), 1.0),
        ("holdfast_writer_waiting".into(), 0.0),
        ("holdfast_http_requests_total{method=\"POST\",route=\"/api/v1/events\",status=\"200\"}".into(), 1.0),
        ("holdfast_component_ok{component=\"writer\"}".into(), 1.0),
        ("holdfast_stored_read".into(), 1.0),
        ("holdfast_mail_waiting".into(), 0.0),
    ] {
        assert_eq!(metric(&text, &line), value, "{line}");
    }
    assert!(metric(&text, "holdfast_commit_seconds_count") >= 1.0);
    assert!(metric(&text, "process_resident_memory_bytes") > 1e6);
    assert!(!text.as_str().unwrap().contains("c-private"));
    // A name that the server does not have: probes use addresses. Strangers see states, not reasons.
    let (status, health, _) = server.get("/health/ready", &[("host", "10.1.2.3:8650")]);
    assert_eq!((status, &health["ok"]), (200, &json!(true)), "{health}");
    let (_, document, _) = server.get("/openapi.json", &[]);
    for path in ["/health/live", "/health/ready", "/metrics"] {
        assert!(document["paths"][path]["get"].is_object(), "{path}");
    }
}

/// A server that follows a node which is not there is not ready, and says why to who has a key only.
#[test]
fn a_node_that_does_not_answer_is_no_ready_server_and_strangers_see_no_reason() {
    let dir = tempfile::tempdir().unwrap();
    let store = small_store(dir.path());
    let args = ["keys", "create", "boss", "--scopes", "admin", "--json", "--store", path(&store)];
    let made: Value = serde_json::from_str(&run(holdfast().args(args))).unwrap();
    let node = format!("http://127.0.0.1:{}", free_port());
    let server = serve_in(dir, &["--rest", &node, "--poll", "0.1", "--ready-max-silence", "1"]);
    assert_eq!(server.get("/health/ready", &[]).0, 503, "it was never read");
    until("it was silent too long", || {
        server.state("node:bitcoin") == (503, json!({"name": "node:bitcoin", "state": "unreachable"}))
    });
    let key = format!("Bearer {}", made["token"].as_str().unwrap());
    let (status, health, _) = server.get("/health/ready", &[("authorization", &key)]);
    let text = health.to_string();
    assert!(status == 503 && text.contains("the node was not read for"), "{text}");
    assert_eq!(server.get("/health/live", &[]).0, 200);
    let (_, metrics, _) = server.get("/metrics", &[("authorization", &key)]);
    assert_eq!(metric(&metrics, "holdfast_node_state{network=\"bitcoin\",state=\"unreachable\"}"), 1.0);
    assert!(metric(&metrics, "holdfast_node_failed_rounds{network=\"bitcoin\"}") > 1.0);
}

/// JSON is compressed for who asks for it; pages are not.
#[test]
fn json_is_compressed_and_pages_are_not() {
    let server = serve(&["--open"]);
    let encoding = |path: &str| {
        let (status, _, headers) = server.get(path, &[("accept-encoding", "gzip")]);
        assert_eq!(status, 200, "{path}");
        headers.get("content-encoding").map(|v| v.to_str().unwrap().to_owned())
    };
    assert_eq!(encoding("/openapi.json").as_deref(), Some("gzip"));
    assert_eq!(encoding("/style.css").as_deref(), Some("gzip"));
    assert_eq!((encoding("/"), encoding("/desk/alerts")), (None, None));
}

/// A request is under way when the signal comes: it is answered, and the process ends within ten seconds with what it stored.
#[test]
fn sigterm_lets_requests_end() {
    let mut server = serve(&["--open"]);
    let event = json!({"id": "w-1", "time": 1_780_000_000, "kind": "withdrawal", "customer": "c", "asset": "ETH", "amount": "1",
        "counterparty": "0x00000000000000000000000000000000000000aa"}).to_string();
    let address = server.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let length = event.len();
    let head = "Host: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n";
    write!(stream, "POST /api/v1/events HTTP/1.1\r\n{head}Content-Length: {length}\r\n\r\n{}", &event[..20]).unwrap();
    std::thread::sleep(Duration::from_millis(500));
    let began = Instant::now();
    let pid = server.process.0.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    until("nothing more is taken", || TcpStream::connect(address).is_err());
    assert!(server.process.0.try_wait().unwrap().is_none(), "the request goes on");
    stream.write_all(&event.as_bytes()[20..]).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"decision\""), "{answer}");
    until("it ends", || server.process.0.try_wait().unwrap().is_some());
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert!(server.process.0.wait().unwrap().success());
    let last = lines(&server.log).pop().unwrap();
    assert_eq!(last["message"], "stopped", "every line is JSON, to the end");
    let store = server.dir.path().join("store");
    let shown = run(holdfast().args(["events", "show", "w-1", "--json", "--store", path(&store)]));
    assert!(shown.contains("w-1"), "{shown}");
}

/// What a collector was sent: all bodies, which are protobuf, whose texts stand in them as they are.
#[cfg(feature = "otlp")]
fn collector() -> (String, std::sync::Arc<std::sync::Mutex<Vec<u8>>>) {
    use std::io::BufRead;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let taken = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let sent = taken.clone();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut reader = std::io::BufReader::new(stream.try_clone().unwrap());
            let mut length = 0;
            let mut line = String::new();
            while reader.read_line(&mut line).unwrap() > 2 {
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                line.clear();
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            sent.lock().unwrap().extend(body);
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
        }
    });
    (endpoint, taken)
}

/// `./test dist` runs it: a build without the feature sends no spans.
#[cfg(feature = "otlp")]
#[test]
fn spans_hold_nothing_that_somebody_sent() {
    let (endpoint, taken) = collector();
    let dir = tempfile::tempdir().unwrap();
    let store = small_store(dir.path());
    let log = dir.path().join("log");
    let mut command = holdfast();
    command.args(["serve", "--open", "--listen", "127.0.0.1:0", "--log-format", "json", "--store", path(&store)]);
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint).stderr(File::create(&log).unwrap());
    let (process, url) = serving(&mut command);
    let mut server = Server { process, url, log, dir };
    server.get(
        "/api/v1/address/1PrivatePerson?label=secret",
        &[("x-request-id", "trace-9"), ("user-agent", "PrivateAgent")],
    );
    server.get("/no/such/PrivatePath", &[]);
    let record = json!([{"kind": "customer", "id": "cust-private-1", "time": 1_780_000_000, "type": "individual", "name": "Ada Private", "email": "ada@private.example"}]);
    assert_eq!(server.post("/api/v1/records", &record).0, 200);
    let event = json!({"id": "w-private", "kind": "withdrawal", "time": 1_780_000_000, "customer": "cust-private-1", "asset": "ETH", "amount": "1000",
        "value": 5_000, "counterparty": "0x00000000000000000000000000000000000000bb", "ip": "203.0.113.77"});
    assert_eq!(server.post("/api/v1/events", &event).0, 200);
    // Refused, with the value in the answer's message.
    assert_eq!(server.post("/api/v1/events", &json!({"id": "w-private-2", "kind": "private-kind"})).0, 400);
    let pid = server.process.0.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(server.process.0.wait().unwrap().success());
    let sent = taken.lock().unwrap().clone();
    let has = |text: &str| sent.windows(text.len()).any(|bytes| bytes == text.as_bytes());
    assert!(has("request") && has("trace-9") && has("/api/v1/address/{address}") && has("/api/v1/events"));
    let personal = [
        "1PrivatePerson",
        "secret",
        "PrivateAgent",
        "PrivatePath",
        "cust-private-1",
        "Ada Private",
        "ada@private",
        "w-private",
        "203.0.113.77",
        "00000000000000bb",
        "private-kind",
    ];
    assert_eq!(personal.into_iter().filter(|text| has(text)).collect::<Vec<_>>(), [""; 0]);
    drop(server.dir);
}
