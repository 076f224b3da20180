//! A backup of a running desk holds everything that was acknowledged before it, and what it needs to be a desk again.

use crate::common::{agent, holdfast, path, run, serving, words};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn send(method: &str, url: &str, token: &str, media: &str, body: &[u8]) -> Option<(u16, Value)> {
    let request = ureq::http::Request::builder()
        .method(method)
        .uri(url)
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", media)
        .body(body.to_vec())
        .unwrap();
    let mut answer = agent().run(request).ok()?;
    let text = answer.body_mut().read_to_string().ok()?;
    Some((answer.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::String(text))))
}

fn event(id: &str) -> Value {
    json!({"id": id, "kind": "withdrawal", "time": 1_780_000_000, "customer": format!("c-{id}"), "asset": "ETH", "amount": "1000",
        "value": 5_000, "counterparty": "0x00000000000000000000000000000000000000bb"})
}

fn files_of(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { out.extend(files_of(&path)) } else { out.push(path) }
    }
    out
}

#[test]
fn a_backup_under_load_holds_all_that_was_acknowledged_and_restores_to_a_whole_desk() {
    let dir = tempfile::tempdir().unwrap();
    let (sim, store) = (dir.path().join("sim"), dir.path().join("store"));
    run(holdfast().args(["simulate", "chain", path(&sim), "--txs", "1000", "--no-truth"]));
    let ledger = store.join("ledger");
    run(holdfast().args(["ingest", path(&sim.join("blocks")), "--network", "regtest", "--ledger", path(&ledger)]));
    let token = run(holdfast().args(["keys", "create", "boss", "--scopes", "admin", "--store", path(&store)]));
    let token = token.trim().to_owned();
    let (mut process, url) =
        serving(holdfast().args(["serve", "--open", "--listen", "127.0.0.1:0", "--store", path(&store)]));
    let case = json!({"title": "a case", "typology": null});
    let (status, made) =
        send("POST", &format!("{url}/api/v1/desk/cases"), &token, "application/json", case.to_string().as_bytes())
            .unwrap();
    assert_eq!(status, 200, "{made}");
    let case = made["id"].as_u64().or_else(|| made["case"]["id"].as_u64()).unwrap();
    let exhibit = format!("{url}/api/v1/desk/cases/{case}/exhibits/note.txt?media_type=text/plain&place=safe");
    let (status, put) = send("PUT", &exhibit, &token, "text/plain", b"what was seen").unwrap();
    assert_eq!(status, 200, "{put}");
    // Events come all the time; those answered before the backup begins must be in it.
    let answers: Arc<Mutex<Vec<(String, Value)>>> = Arc::default();
    let over = Arc::<AtomicBool>::default();
    let clients: Vec<_> = (0..4)
        .map(|client| {
            let (url, token, answers, over) =
                (format!("{url}/api/v1/events"), token.clone(), answers.clone(), over.clone());
            std::thread::spawn(move || {
                for n in 0.. {
                    let id = format!("{client}-{n}");
                    if over.load(Ordering::SeqCst) {
                        return;
                    }
                    let sent = send("POST", &url, &token, "application/json", event(&id).to_string().as_bytes());
                    let Some((200, decision)) = sent else { return };
                    answers.lock().unwrap().push((id, decision));
                }
            })
        })
        .collect();
    std::thread::sleep(Duration::from_millis(1500));
    let before = answers.lock().unwrap().clone();
    assert!(before.len() > 50, "only {} events were answered", before.len());
    let backup = dir.path().join("backup");
    run(holdfast().args(["backup", path(&backup), "--store", path(&store)]));
    let during = answers.lock().unwrap().len() - before.len();
    over.store(true, Ordering::SeqCst);
    clients.into_iter().for_each(|c| c.join().unwrap());
    assert!(during > 0, "the server went on deciding meanwhile");
    process.0.kill().unwrap();
    process.0.wait().unwrap();
    std::fs::remove_dir_all(&store).unwrap();
    #[cfg(unix)]
    for file in ["desk.key", "screening.sqlite"] {
        use std::os::unix::fs::MetadataExt;
        assert_eq!(std::fs::metadata(backup.join(file)).unwrap().mode() & 0o077, 0, "{file} is its owner's alone");
    }
    // It comes back whole: keys, decisions, files, ledger, log.
    let restored = dir.path().join("restored");
    run(holdfast().args(["restore", path(&backup), "--store", path(&restored)]));
    run(holdfast().args(["ledger", "check", "--ledger", path(&restored.join("ledger"))]));
    run(holdfast().args(["audit", "verify", "--store", path(&restored)]));
    let (_process, url) =
        serving(holdfast().args(["serve", "--open", "--listen", "127.0.0.1:0", "--store", path(&restored)]));
    for (id, decision) in &before {
        let (status, again) =
            send("POST", &format!("{url}/api/v1/events"), &token, "application/json", event(id).to_string().as_bytes())
                .unwrap();
        assert_eq!((status, &again), (200, decision), "event {id}");
    }
    let exhibit = format!("{url}/api/v1/desk/cases/{case}/exhibits/note.txt?media_type=text/plain&place=safe");
    let (status, text) = send("GET", &exhibit, &token, "text/plain", b"").unwrap();
    assert_eq!((status, text.as_str()), (200, Some("what was seen")));
}

#[test]
fn a_damaged_or_incomplete_backup_is_refused_and_nothing_is_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let store = crate::common::small_store(dir.path());
    run(holdfast().args(["keys", "create", "boss", "--scopes", "admin", "--store", path(&store)]));
    let backup = dir.path().join("backup");
    let fails = |args: &[&str]| {
        let output = holdfast().args(args).output().unwrap();
        assert!(!output.status.success(), "{args:?}");
        words(&output)
    };
    let inside = store.join("backup");
    assert!(fails(&["backup", path(&inside), "--store", path(&store)]).contains("inside the store"));
    run(holdfast().args(["backup", path(&backup), "--store", path(&store)]));
    assert!(fails(&["backup", path(&backup), "--store", path(&store)]).contains("is not empty"));
    assert!(fails(&["restore", path(&backup), "--store", path(&store)]).contains("is not empty"));
    // One byte of any file is noticed, and its file is named.
    for (i, file) in files_of(&backup).into_iter().filter(|f| !f.ends_with("backup.json")).enumerate() {
        let bytes = std::fs::read(&file).unwrap();
        let mut changed = bytes.clone();
        match changed.last_mut() {
            Some(byte) => *byte ^= 1,
            None => changed.push(0),
        }
        std::fs::write(&file, &changed).unwrap();
        let to = dir.path().join(format!("to-{i}"));
        let said = fails(&["restore", path(&backup), "--store", path(&to)]);
        assert!(said.contains(path(&file)) && said.contains("SHA-256"), "{said}");
        std::fs::write(&file, &bytes).unwrap();
    }
    // A list that names a path outside a store.
    let list = backup.join("backup.json");
    let text = std::fs::read_to_string(&list).unwrap();
    std::fs::write(&list, text.replacen("\"desk.key\"", "\"../desk.key\"", 1)).unwrap();
    let to = dir.path().join("outside");
    assert!(fails(&["restore", path(&backup), "--store", path(&to)]).contains("no path inside a store"));
    std::fs::remove_file(&list).unwrap();
    assert!(fails(&["restore", path(&backup), "--store", path(&to)]).contains("no complete backup"));
}
