//! Helpers of the end-to-end tests.
#![allow(dead_code)]

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};
use std::time::{Duration, Instant, UNIX_EPOCH};

pub fn holdfast() -> Command {
    Command::new(env!("CARGO_BIN_EXE_holdfast"))
}

/// Runs a command to its end; panics with its words when it fails.
pub fn run(command: &mut Command) -> String {
    let output = command.output().expect("starts");
    assert!(output.status.success(), "{command:?}: {}", words(&output));
    String::from_utf8(output.stdout).expect("UTF-8")
}

pub fn words(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

pub fn path(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// Whether a peer program is installed. In CI a missing one fails the test; elsewhere the test is skipped, loudly.
pub fn have(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok();
    if !found {
        assert!(std::env::var_os("CI").is_none(), "{program} is not installed, and CI must have it");
        eprintln!("SKIPPED: {program} is not installed; ./test installs it where it can");
    }
    found
}

/// Where `./test` puts peers from PyPI and npm.
pub fn peers() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../target/peers")
}

/// Whether a peer from PyPI or npm is installed, by a path below [`peers`]; missing ones are treated as in [`have`].
pub fn have_peer(place: &str) -> bool {
    let found = peers().join(place).exists();
    if !found {
        assert!(std::env::var_os("CI").is_none(), "{place} is not installed, and CI must have it");
        eprintln!("SKIPPED: {place} is not installed; ./test installs it where it can");
    }
    found
}

/// A client that takes error statuses as answers.
pub fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).build().into()
}

/// A child process that ends with the test.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Starts a command that serves; gives it and the URL that it prints.
pub fn serving(command: &mut Command) -> (Running, String) {
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().expect("starts");
    let lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().expect("piped")));
    let process = Running(child);
    let url = lines
        .map_while(Result::ok)
        .find_map(|l| l.strip_prefix("Serving on ").and_then(|r| r.split(' ').next()).map(str::to_owned))
        .expect("the server prints its URL");
    (process, url)
}

/// A running server.
pub struct Desk {
    pub process: Running,
    pub url: String,
    pub dir: tempfile::TempDir,
}

/// Copies a store that the demo made, and gives the copy and what the demo printed. The import of half a million tags takes long, so that one
/// store is made for each build of the program and lies in `target/tmp` until the next.
pub fn demo_store(dir: &Path) -> (PathBuf, String) {
    let base = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let program = std::fs::metadata(env!("CARGO_BIN_EXE_holdfast")).unwrap();
    let built = program.modified().unwrap().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    let made = base.join(format!("demo-{built}"));
    // Tests are processes of their own: one makes it, others wait.
    let lock = std::fs::File::create(base.join("demo.lock")).unwrap();
    lock.lock().unwrap();
    if !made.exists() {
        let is_demo = |e: &std::fs::DirEntry| e.file_name().to_string_lossy().starts_with("demo-");
        for old in std::fs::read_dir(base).unwrap().map(Result::unwrap).filter(is_demo) {
            std::fs::remove_dir_all(old.path()).unwrap();
        }
        let unfinished = base.join("demo-unfinished");
        let text = run(holdfast().args(["demo", "--no-serve", "--store", path(&unfinished.join("store"))]));
        std::fs::write(unfinished.join("printed"), text).unwrap();
        std::fs::rename(&unfinished, &made).unwrap();
    }
    let store = dir.join("store");
    run(Command::new("cp").arg("-R").arg(made.join("store")).arg(&store));
    (store, std::fs::read_to_string(made.join("printed")).unwrap())
}

/// The demo's real blocks and tags, with a desk.
pub fn demo() -> Desk {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = demo_store(dir.path());
    let (process, url) =
        serving(holdfast().args(["serve", "--open", "--listen", "127.0.0.1:0", "--store", path(&store)]));
    Desk { process, url, dir }
}

impl Desk {
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&Value>) -> (u16, Value) {
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.url));
        if body.is_some() && !headers.iter().any(|(n, _)| n.eq_ignore_ascii_case("content-type")) {
            request = request.header("Content-Type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.map(Value::to_string).unwrap_or_default()).unwrap();
        let mut answer = agent().run(request).unwrap();
        // Some answers are files.
        let text = String::from_utf8_lossy(&answer.body_mut().read_to_vec().unwrap()).into_owned();
        (answer.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// Gets a path; gives the answer's bytes.
    pub fn get(&self, path: &str) -> (u16, Vec<u8>) {
        let mut answer = agent().get(format!("{}{path}", self.url)).call().unwrap();
        (answer.status().as_u16(), answer.body_mut().with_config().limit(64 << 20).read_to_vec().unwrap())
    }

    /// Gets JSON from a path.
    pub fn json(&self, path: &str) -> Value {
        let (status, body) = self.get(path);
        assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap()
    }

    /// Approves a change as somebody else on the desk's machine.
    pub fn approve(&self, change: &Value) {
        let store = self.dir.path().join("store");
        let args = ["changes", "approve", &change.to_string(), "--as", "a second person", "--store", path(&store)];
        run(holdfast().args(args));
    }

    /// Approves all that waits.
    pub fn approve_all(&self) {
        let store = self.dir.path().join("store");
        let list = run(holdfast().args(["--json", "changes", "list", "--store", path(&store)]));
        let list: Value = serde_json::from_str(&list).unwrap();
        list.as_array().unwrap().iter().for_each(|c| self.approve(&c["id"]));
    }

    /// Makes a key; gives its public part, token and Elliptic secret.
    pub fn key(&self, name: &str, scopes: &[&str], admin: &str) -> (String, String, String) {
        let authorization = format!("Bearer {admin}");
        let body = json!({"name": name, "scopes": scopes});
        let (status, made) = self.ask("POST", "/api/v1/keys", &[("Authorization", &authorization)], Some(&body));
        assert!(status == 200 || status == 202, "{made}");
        if status == 202 {
            self.approve(&made["change"]);
        }
        let text = |v: &Value| v.as_str().unwrap().to_owned();
        (text(&made["key"]["id"]), text(&made["token"]), text(&made["elliptic_secret"]))
    }
}

/// A store with one real block and no tag.
pub fn small_store(dir: &Path) -> std::path::PathBuf {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../data/bitcoin/300025.block.zst");
    let (block, store) = (dir.join("300025.block"), dir.join("store"));
    std::fs::write(&block, zstd::decode_all(std::fs::File::open(data).unwrap()).unwrap()).unwrap();
    run(holdfast().args(["ingest", path(&block), "--ledger", path(&store.join("ledger"))]));
    store
}

/// An exchange with a store of one real block and no tag, open to whoever calls.
pub fn exchange() -> Desk {
    let dir = tempfile::tempdir().unwrap();
    let store = small_store(dir.path());
    let (process, url) =
        serving(holdfast().args(["serve", "--open", "--store", path(&store), "--listen", "127.0.0.1:0"]));
    Desk { process, url, dir }
}

/// Sends a request that must succeed; returns the answer.
pub fn ok(desk: &Desk, method: &str, path: &str, body: Value) -> Value {
    let (status, answer) = desk.ask(method, path, &[], (!body.is_null()).then_some(&body));
    assert_eq!(status, 200, "{method} {path}: {answer}");
    answer
}

/// Waits until something is found; fails when it is not within a time.
pub fn soon<T>(within: Duration, what: &str, mut find: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = find() {
            return found;
        }
        assert!(begun.elapsed() < within, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
