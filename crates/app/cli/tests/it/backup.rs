//! A backup of a running desk holds everything that was acknowledged before it, and what it needs to be a desk again.

use crate::common::{agent, holdfast, path, run, serving, words};
use holdfast_store::Database;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
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
    let verified = run(holdfast().args(["--json", "audit", "verify", "--store", path(&restored)]));
    let verified: Value = serde_json::from_str(&verified).unwrap();
    let copied = format!("sqlite:{}", backup.join("screening.sqlite").display());
    let mut copied = Database::connect(&copied).unwrap();
    let last = copied.query("SELECT hash FROM audit ORDER BY seq DESC LIMIT 1", &[]).unwrap();
    assert_eq!(verified["head"], last[0].text(0).unwrap(), "the log ends where the copy's does");
    drop(copied);
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
    assert!(
        fails(&["backup", path(&backup), "--base", "--store", path(&store)])
            .contains("--base copies a PostgreSQL server")
    );
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

/// A PostgreSQL server with an archive of its log.
fn archiving(archive: &Path) -> Option<holdfast_testing::TestDb> {
    let place = holdfast_testing::TestDb::own_postgres()?;
    std::fs::create_dir(archive).unwrap();
    for folder in [archive.parent().unwrap(), archive] {
        assert!(Command::new("chmod").arg("777").arg(folder).status().unwrap().success());
    }
    let mut db = Database::connect(&place.url).unwrap();
    db.batch("ALTER SYSTEM SET archive_mode = 'on'").unwrap();
    db.batch(&format!("ALTER SYSTEM SET archive_command = 'cp %p {}/%f'", path(archive))).unwrap();
    drop(db);
    place.stop();
    place.start();
    Some(place)
}

fn text(db: &mut Database, sql: &str) -> String {
    db.query(sql, &[]).unwrap()[0].text(0).unwrap().to_owned()
}

/// The audit log's head; all of it verifies.
fn head(store: &Path, url: &str) -> String {
    let report = run(holdfast().args(["--json", "audit", "verify", "--store", path(store), "--database", url]));
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["problems"], json!([]), "{report}");
    report["head"].as_str().unwrap().to_owned()
}

/// Serves, decides events, and stops.
fn decide(store: &Path, url: &str, token: &str, ids: &[&str], meanwhile: impl FnOnce(&str)) {
    let mut command = holdfast();
    command.args(["serve", "--open", "--listen", "127.0.0.1:0", "--store", path(store), "--database", url]);
    let (mut process, site) = serving(&mut command);
    for id in ids {
        let body = event(id).to_string();
        let sent = send("POST", &format!("{site}/api/v1/events"), token, "application/json", body.as_bytes());
        assert_eq!(sent.unwrap().0, 200);
    }
    meanwhile(&site);
    let pid = process.0.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(process.0.wait().unwrap().success());
}

/// The drill of docs/operations.md: a base backup under a running desk and the archived log give back any moment since, with the audit log's head of
/// that moment, and the files of cases.
#[test]
fn postgresql_is_restored_to_a_chosen_position_with_the_audit_head_of_that_moment() {
    let dir = tempfile::tempdir().unwrap();
    let archive = dir.path().join("wal");
    let Some(place) = archiving(&archive) else { return };
    let url = place.url.as_str();
    let store = crate::common::small_store(dir.path());
    let made = ["keys", "create", "boss", "--scopes", "admin", "--store", path(&store), "--database", url];
    let token = run(holdfast().args(made)).trim().to_owned();
    let backup = dir.path().join("backup");
    decide(&store, url, &token, &["before"], |site| {
        let case = json!({"title": "a case", "typology": null}).to_string();
        let desk = format!("{site}/api/v1/desk/cases");
        let (_, made) = send("POST", &desk, &token, "application/json", case.as_bytes()).unwrap();
        let case = made["id"].as_u64().or_else(|| made["case"]["id"].as_u64()).unwrap();
        let exhibit = format!("{desk}/{case}/exhibits/note.txt?media_type=text/plain&place=safe");
        assert_eq!(send("PUT", &exhibit, &token, "text/plain", b"what was seen").unwrap().0, 200);
        run(holdfast().args(["backup", path(&backup), "--base", "--store", path(&store), "--database", url]));
    });
    decide(&store, url, &token, &["after"], |_| {});
    let mut db = Database::connect(url).unwrap();
    let (chosen, at_position) = (head(&store, url), text(&mut db, "SELECT CAST(pg_current_wal_lsn() AS TEXT)"));
    decide(&store, url, &token, &["too-late"], |_| {});
    let last = head(&store, url);
    assert_ne!(chosen, last);
    let file = text(&mut db, "SELECT pg_walfile_name(pg_current_wal_lsn())");
    db.batch("SELECT pg_switch_wal()").unwrap();
    crate::common::soon(Duration::from_secs(30), "the log is archived", || archive.join(&file).exists().then_some(()));
    drop(db);
    place.stop();
    std::fs::remove_dir_all(&store).unwrap();
    let restored = |name: &str, args: &[&str]| {
        let (store, data) = (dir.path().join(format!("store-{name}")), dir.path().join(format!("data-{name}")));
        let mut command = holdfast();
        command.args(["restore", path(&backup), "--store", path(&store), "--data-directory", path(&data)]);
        let said = run(command.args(["--wal", path(&archive)]).args(args));
        assert!(said.contains("chown") && said.contains("audit verify"), "{said}");
        let place = holdfast_testing::TestDb::restored(&data).unwrap();
        (head(&store, &place.url), store, place)
    };
    let known = |store: &Path, url: &str, id: &str| {
        let args = ["events", "show", id, "--store", path(store), "--database", url];
        holdfast().args(args).output().unwrap().status.success()
    };
    let (found, at, there) = restored("chosen", &["--to-lsn", &at_position]);
    assert_eq!(found, chosen);
    assert_eq!(["before", "after", "too-late"].map(|id| known(&at, &there.url, id)), [true, true, false]);
    let files = files_of(&at.join("vault"));
    let seen = files.iter().find(|f| std::fs::read(f).unwrap() == b"what was seen").expect("the exhibit");
    // Every row of the vault has its file, and what is taken away or changed is named.
    let check = || {
        let args = ["--json", "audit", "files", "--store", path(&at), "--database", &there.url];
        let output = holdfast().args(args).output().unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.success(), report)
    };
    let (whole, report) = check();
    assert!(whole && report["files"].as_u64().unwrap() >= 1 && report["problems"] == json!([]), "{report}");
    for bytes in [Some(b"another".as_slice()), None] {
        match bytes {
            Some(bytes) => std::fs::write(seen, bytes).unwrap(),
            None => std::fs::remove_file(seen).unwrap(),
        }
        let (whole, report) = check();
        let problem = report["problems"][0].as_str().unwrap();
        assert!(
            !whole && problem.contains("case:") && problem.contains(path(seen).rsplit('/').next().unwrap()),
            "{report}"
        );
    }
    let (found, at, there) = restored("last", &[]);
    assert_eq!(found, last);
    assert!(known(&at, &there.url, "too-late"));
}

/// A dump, put back as `holdfast restore` says, is the desk that was dumped.
#[test]
fn a_dump_of_postgresql_is_restored_with_the_same_audit_head() {
    let Some(place) = holdfast_testing::TestDb::own_postgres() else { return };
    let dir = tempfile::tempdir().unwrap();
    let store = crate::common::small_store(dir.path());
    let url = place.url.as_str();
    let made = ["keys", "create", "boss", "--scopes", "admin", "--store", path(&store), "--database", url];
    let token = run(holdfast().args(made)).trim().to_owned();
    decide(&store, url, &token, &["w-1"], |_| {});
    let before = head(&store, url);
    let (backup, restored) = (dir.path().join("backup"), dir.path().join("restored"));
    run(holdfast().args(["backup", path(&backup), "--store", path(&store), "--database", url]));
    let refused = holdfast()
        .args(["restore", path(&backup), "--store", path(&restored), "--data-directory", "x"])
        .output()
        .unwrap();
    assert!(!refused.status.success() && words(&refused).contains("no PostgreSQL server"), "{}", words(&refused));
    let said = run(holdfast().args(["restore", path(&backup), "--store", path(&restored)]));
    assert!(said.contains("pg_restore"), "{said}");
    let empty = place.empty_beside();
    run(Command::new("pg_restore").args(["--no-owner", "--dbname", &empty.url]).arg(restored.join("screening.pgdump")));
    assert_eq!(head(&restored, &empty.url), before);
}
