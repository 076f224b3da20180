//! How a server is observed: log lines, request ids, health, metrics.

mod common;

use common::{Running, agent, holdfast, path, serving, small_store};
use serde_json::Value;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A server of a small store that logs JSON into a file.
struct Server {
    _process: Running,
    url: String,
    log: PathBuf,
    _dir: tempfile::TempDir,
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
    Server { _process: process, url, log, _dir: dir }
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
        let text = answer.body_mut().read_to_string().unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        (answer.status().as_u16(), body, answer.headers().clone())
    }
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
