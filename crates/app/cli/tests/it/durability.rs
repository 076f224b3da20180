//! Keys that do not fit, logs that were cut, nodes that restart: by the commands, as people meet them.

use crate::common::{Running, free_port, holdfast, path, run, small_store, words};
use holdfast_store::Database;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Runs a command that must fail; gives its words.
fn fails(args: &[&str]) -> String {
    let output = holdfast().args(args).output().unwrap();
    assert!(!output.status.success(), "{args:?} succeeded");
    words(&output)
}

#[test]
fn a_missing_or_foreign_desk_key_stops_the_start_and_is_never_replaced_silently() {
    let dir = tempfile::tempdir().unwrap();
    let store = small_store(dir.path());
    let key = store.join("desk.key");
    let serve = ["serve", "--open", "--listen", "127.0.0.1:0", "--store", path(&store)];
    let create = ["keys", "create", "ana", "--role", "administrator", "--store", path(&store)];
    run(holdfast().args(create));
    let right = std::fs::read_to_string(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    for command in [&serve[..], &create[..], &["audit", "verify", "--store", path(&store)]] {
        let words = fails(command);
        assert!(words.contains("desk.key is missing") && words.contains("API keys"), "{words}");
        assert!(words.contains("restore"), "it says what to do: {words}");
        assert!(!key.exists(), "{command:?} made a new key");
    }
    std::fs::write(&key, hex::encode([9; 32])).unwrap();
    let words = fails(&serve);
    assert!(words.contains("not the key that this database was made with"), "{words}");
    // Nothing was stored by the commands that were refused.
    std::fs::write(&key, right).unwrap();
    let keys: Value =
        serde_json::from_str(&run(holdfast().args(["keys", "list", "--json", "--store", path(&store)]))).unwrap();
    assert_eq!(keys.as_array().unwrap().len(), 1);
    // A key that is lost for good is replaced on purpose, and its keys are revoked.
    std::fs::remove_file(&key).unwrap();
    run(holdfast().args(["keys", "replace-desk-key", "--why", "the disk failed", "--store", path(&store)]));
    let keys: Value =
        serde_json::from_str(&run(holdfast().args(["keys", "list", "--json", "--store", path(&store)]))).unwrap();
    assert!(keys[0]["revoked"].is_i64());
    run(holdfast().args(["audit", "verify", "--store", path(&store)]));
}

#[test]
fn audit_verify_finds_state_changed_by_sql_and_an_older_database_put_back() {
    let dir = tempfile::tempdir().unwrap();
    let store = small_store(dir.path());
    let database = store.join("screening.sqlite");
    let key = |name: &str| {
        let args = ["keys", "create", name, "--scopes", "admin", "--json", "--store", path(&store)];
        let made: Value = serde_json::from_str(&run(holdfast().args(args))).unwrap();
        made["key"]["id"].as_str().unwrap().to_owned()
    };
    let verify = ["audit", "verify", "--store", path(&store)];
    let id = key("boss");
    // The last administrator's key cannot be revoked: another's, which the first approves.
    key("another");
    run(holdfast().args(["changes", "approve", "1", "--as", "boss", "--store", path(&store)]));
    let older = dir.path().join("older.sqlite");
    std::fs::copy(&database, &older).unwrap();
    run(holdfast().args(["keys", "revoke", &id, "--store", path(&store)]));
    run(holdfast().args(["audit", "anchor", "--store", path(&store)]));
    assert!(run(holdfast().args(verify)).contains("1 anchors"));
    let sql = |text: &str| Database::connect(path(&database)).unwrap().batch(text).unwrap();
    sql("UPDATE api_keys SET revoked = NULL");
    assert!(fails(&verify).contains(&format!("key {id}: revoked is nothing")));
    // The database of before the key was revoked: its log and its tables agree, its anchor does not.
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(store.join(format!("screening.sqlite{end}")));
    }
    std::fs::copy(&older, &database).unwrap();
    assert!(fails(&verify).contains("an older database was put back"));
}

/// The first block of Bitcoin's regtest.
const GENESIS: &str = concat!(
    "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa",
    "4b1e5e4adae5494dffff7f2002000000",
    "0101000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d04ffff001d0104455468652054696d6573203033",
    "2f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f757420666f722062616e6b73ffffffff0100",
    "f2052a01000000434104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba",
    "0b8d578a4c702b6bf11d5fac00000000"
);
const GENESIS_HASH: &str = "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206";

/// A node with one block, which takes one cookie; counts what it answered.
fn node(port: u16, cookie: Arc<Mutex<String>>) -> Arc<Mutex<u64>> {
    let answered = Arc::new(Mutex::new(0));
    let count = answered.clone();
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut length, mut authorization) = (0, String::new());
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap_or(0) == 0 || line.trim().is_empty() {
                    break;
                }
                let (name, value) = line.split_once(':').unwrap_or((&line, ""));
                match name.to_ascii_lowercase().as_str() {
                    "content-length" => length = value.trim().parse().unwrap(),
                    "authorization" => authorization = value.trim().to_owned(),
                    _ => {}
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
            let right = authorization == *cookie.lock().unwrap();
            let answer = match (right, asked["method"].as_str().unwrap_or_default(), &asked["params"][0]) {
                (false, ..) => json!(null),
                (_, "getbestblockhash", _) => json!({ "result": GENESIS_HASH }),
                (_, "getblockheader", _) => json!({ "result": { "height": 0 } }),
                (_, "getblockhash", n) if n == &json!(0) => json!({ "result": GENESIS_HASH }),
                (_, "getblock", _) => json!({ "result": GENESIS }),
                _ => json!({ "error": { "code": -8, "message": "out of range" } }),
            };
            let status = if right { "200 OK" } else { "401 Unauthorized" };
            *count.lock().unwrap() += u64::from(right);
            let body = answer.to_string();
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            let _ = stream.write_all(format!("{head}{body}").as_bytes());
        }
    });
    answered
}

fn until(mut done: impl FnMut() -> bool, what: &str) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(60), "{what}: not within a minute");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// `follow` waits for a node that is not up yet, and goes on when it comes back with another cookie; it says what it waits for.
#[test]
fn follow_goes_on_when_the_node_restarts_with_a_new_cookie() {
    let dir = tempfile::tempdir().unwrap();
    let (store, cookie, port) = (dir.path().join("store"), dir.path().join(".cookie"), free_port());
    std::fs::write(&cookie, "__cookie__:a").unwrap();
    let url = format!("http://127.0.0.1:{port}");
    let mut child = holdfast()
        .args(["follow", "--rpc", &url, "--cookie", path(&cookie), "--network", "regtest", "--poll", "0.1"])
        .args(["--store", path(&store)])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let said: Arc<Mutex<String>> = Arc::default();
    let (lines, heard) = (BufReader::new(child.stderr.take().unwrap()).lines(), said.clone());
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(|l| *heard.lock().unwrap() += &(l + "\n")));
    let mut process = Running(child);
    let waits = |n: usize| said.lock().unwrap().matches("trying again in").count() >= n;
    until(|| waits(1), "it waits for the node");
    let expected = Arc::new(Mutex::new("Basic X19jb29raWVfXzph".to_owned()));
    let answered = node(port, expected.clone());
    until(|| *answered.lock().unwrap() > 10, "it follows the node");
    // The node restarts: the old cookie is void a moment before the new one is written.
    let waited = said.lock().unwrap().matches("trying again in").count();
    *expected.lock().unwrap() = "Basic X19jb29raWVfXzpi".to_owned();
    until(|| waits(waited + 1), "it notices that the cookie is void");
    assert!(said.lock().unwrap().contains("check the RPC user and password, or the cookie file"));
    std::fs::write(&cookie, "__cookie__:b").unwrap();
    let before = *answered.lock().unwrap();
    until(|| *answered.lock().unwrap() > before + 10, "it goes on with the new cookie");
    assert!(process.0.try_wait().unwrap().is_none(), "it still runs");
    drop(process);
    let shown = run(holdfast().args(["show", "0", "--json", "--store", path(&store)]));
    assert!(shown.contains(GENESIS_HASH), "{shown}");
    // Asked for one round only, it says what is wrong and ends.
    *expected.lock().unwrap() = String::new();
    let once = ["follow", "--rpc", &url, "--cookie", path(&cookie), "--network", "regtest", "--once", "--store"];
    assert!(fails(&[&once[..], &[path(&store)]].concat()).contains("cookie"));
    let _: &Path = dir.path();
}

/// Cursors and ids of more than 32 bits are understood, and those beyond everything stored find nothing.
#[test]
fn cursors_and_ids_beyond_32_bits_work() {
    let dir = tempfile::tempdir().unwrap();
    let store = small_store(dir.path());
    run(holdfast().args(["alerts", "list", "--store", path(&store)]));
    let mut db = Database::connect(path(&store.join("screening.sqlite"))).unwrap();
    db.batch(
        "INSERT INTO holds (id, scope, customer, held, state, basis, reason, placed_by, placed, second_person)
         VALUES (5000000000, 'account', 'c', '0', 'active', 'b', 'r', 'p', 1, 0);
         INSERT INTO alerts (id, event, customer, kind, decision, state, reason, rules, created, updated)
         VALUES (5000000000, 1, 'c', 'late', 'review', 'open', 'r', 'x', 1, 1)",
    )
    .unwrap();
    drop(db);
    let (_process, url) = crate::common::serving(holdfast().args([
        "serve",
        "--open",
        "--listen",
        "127.0.0.1:0",
        "--store",
        path(&store),
    ]));
    let get = |path: &str| -> (u16, Value) {
        let mut answer = crate::common::agent().get(format!("{url}{path}")).call().unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        (answer.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::String(text)))
    };
    let (status, holds) = get("/api/v1/holds?after=4999999999");
    assert_eq!((status, &holds[0]["id"]), (200, &json!(5_000_000_000_u64)), "{holds}");
    let (status, alert) = get("/api/v1/alerts/5000000000");
    assert_eq!((status, &alert["alert"]["id"]), (200, &json!(5_000_000_000_u64)), "{alert}");
    for what in ["holds", "alerts", "events", "audit", "desk/requests"] {
        for after in ["5000000000", "9223372036854775807", "18446744073709551615"] {
            let (status, found) = get(&format!("/api/v1/{what}?after={after}"));
            assert_eq!((status, found), (200, json!([])), "{what} after {after}");
        }
    }
    for (id, expected) in [("4999999999", 404), ("18446744073709551615", 404), ("18446744073709551616", 400)] {
        assert_eq!(get(&format!("/api/v1/alerts/{id}")).0, expected, "{id}");
        assert_eq!(get(&format!("/api/v1/desk/cases/{id}")).0, expected, "{id}");
    }
}
