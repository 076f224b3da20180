//! A store that an earlier version made opens, answers the same, and goes on. `fixtures/README.md` says how it was made.

use crate::common::{Desk, holdfast, path, run, serving};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// What differs on purpose: the command's beginning, the place in its answer, and why.
const CHANGED: [(&str, &str, &str); 2] = [
    (
        "show d9833f1c",
        "/exposure",
        "exposures of a transaction say whom it pays (3b9e2ce); those of outputs are as they were",
    ),
    ("audit verify", "", "reading is in the log too, so it has grown; see the test of its head"),
];

struct Old {
    dir: tempfile::TempDir,
    store: PathBuf,
    /// Commands without their store, and what was answered.
    answers: Vec<(Vec<String>, Value)>,
}

fn old() -> Old {
    let dir = tempfile::tempdir().unwrap();
    let packed = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/store-14fdd06.tar.zst");
    let bytes = zstd::decode_all(std::fs::File::open(packed).unwrap()).unwrap();
    tar::Archive::new(bytes.as_slice()).unpack(dir.path()).unwrap();
    let store = dir.path().join("store");
    let text = std::fs::read_to_string(dir.path().join("answers.txt")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let pairs = lines.chunks_exact(2);
    let answers = pairs.map(|p| {
        let args = p[0].split('\t').map(|a| a.replace('@', path(&store))).collect();
        (args, serde_json::from_str(p[1]).unwrap())
    });
    let answers = answers.collect();
    Old { dir, store, answers }
}

impl Old {
    fn paper(&self, name: &str) -> PathBuf {
        self.dir.path().join("papers").join(name)
    }

    fn answer(&self, command: &str) -> &Value {
        let found = self.answers.iter().find(|(args, _)| args.join(" ").starts_with(command));
        &found.unwrap_or_else(|| panic!("{command}")).1
    }

    fn json(&self, args: &[&str]) -> Value {
        let text = run(holdfast().arg("--json").args(args).args(["--store", path(&self.store)]));
        serde_json::from_str(&text).unwrap()
    }
}

/// Notes where an answer lacks or changes what was answered; what was added since is no difference.
fn differences(old: &Value, new: &Value, at: &str, found: &mut Vec<String>) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            for (name, value) in old {
                match new.get(name) {
                    Some(now) => differences(value, now, &format!("{at}/{name}"), found),
                    None => found.push(format!("{at}/{name}: is missing")),
                }
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (i, (old, new)) in old.iter().zip(new).enumerate() {
                differences(old, new, &format!("{at}/{i}"), found);
            }
        }
        (old, new) if old != new => found.push(format!("{at}: {old} became {new}")),
        _ => {}
    }
}

#[test]
fn it_answers_as_it_did() {
    let old = old();
    assert!(old.answers.len() > 25, "{}", old.answers.len());
    let mut found = Vec::new();
    for (args, before) in &old.answers {
        let command = args.join(" ");
        let now: Value = serde_json::from_str(&run(holdfast().arg("--json").args(args))).unwrap();
        let (mut before, mut now) = (before.clone(), now);
        if command.starts_with("audit list") || command.starts_with("alerts list") {
            // What came since stands behind what was there: that something was read, and that the clock ran on meanwhile.
            let entries = before.as_array().unwrap().len();
            now.as_array_mut().unwrap().truncate(entries);
        }
        for (_, place, _) in CHANGED.iter().filter(|c| command.starts_with(c.0)) {
            let (old, new) = (before.pointer_mut(place).unwrap(), now.pointer_mut(place).unwrap());
            assert_ne!(old, new, "{command} {place} is as it was: no exception");
            *new = old.take();
            *old = new.clone();
        }
        let mut here = Vec::new();
        differences(&before, &now, "", &mut here);
        found.extend(here.iter().map(|d| format!("{command}: {d}")));
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn its_log_holds_and_it_goes_on() {
    let old = old();
    let before = old.answer("audit verify");
    let head = before["head"].as_str().unwrap();
    // The head of then is still in the log, and every row is as the log says.
    let verify = || run(holdfast().args(["audit", "verify", "--head", head, "--store", path(&old.store)]));
    verify();
    // A label of then is found by a command of now.
    let found = old.json(&["search", "Blender of old"]);
    assert!(found.to_string().contains("moK19XSfPd2XBEBfosvaKixSFWLi7cfrWQ"), "{found}");
    // A customer's frozen account holds what comes now.
    let event = json!({"id": "new-1", "kind": "withdrawal", "time": 1_781_395_300, "customer": "c2", "asset": "ETH", "amount": "1", "value": 1,
        "balance": "5", "counterparty": "0x00000000000000000000000000000000000000cc"});
    let file = old.dir.path().join("event.jsonl");
    std::fs::write(&file, event.to_string()).unwrap();
    let decided = run(holdfast().args(["screen", path(&file), "--store", path(&old.store), "--json"]));
    assert!(decided.contains("engine.frozen"), "{decided}");
    // The second person of then is still needed, and may be another now.
    let release = |who: &str| {
        let args = ["holds", "release", "2", "--reason", "explained", "--as", who];
        run(holdfast().args(args).args(["--store", path(&old.store)]))
    };
    release("ana");
    release("bo");
    let check = old.json(&["holds", "check"]);
    assert_eq!(check["problems"], json!([]));
    verify();
}

/// What was handed out by then is valid now.
#[test]
fn its_papers_hold() {
    let old = old();
    let verify = |name: &str, extra: &[&str]| run(holdfast().args(["verify", path(&old.paper(name))]).args(extra));
    assert!(verify("bundle.tar", &[]).contains("The bundle is valid."));
    assert!(verify("certificate.jwt", &[]).contains("The certificate is valid."));
    assert!(verify("certificate.pdf", &[]).contains("The certificate is valid."));
    let identity = old.paper("identity.txt");
    assert!(verify("production.age", &["--identity", path(&identity)]).contains("The production is valid."));
    // The keys are the store's: what it signs now is by the same signer.
    let again = old.dir.path().join("again.tar");
    let traced: &[String] = &old.answers.iter().find(|a| a.0[0] == "trace").unwrap().0;
    run(holdfast().args(traced).args(["--bundle", path(&again)]));
    let signer = |file: &Path| {
        let text = run(holdfast().args(["verify", path(file)]));
        text.split(" by ").last().unwrap().trim().to_owned()
    };
    assert_eq!(signer(&again), signer(&old.paper("bundle.tar")));
}

#[test]
fn its_keys_open_its_server() {
    let old = old();
    let token = std::fs::read_to_string(old.paper("admin-key.txt")).unwrap();
    let token = token.trim().to_owned();
    let (process, url) = serving(holdfast().args(["serve", "--store", path(&old.store), "--listen", "127.0.0.1:0"]));
    let holds = old.answer("holds list").as_array().unwrap().len();
    let desk = Desk { process, url, dir: old.dir };
    let with = |token: &str| {
        desk.ask("GET", "/api/v1/holds?limit=1000", &[("Authorization", &format!("Bearer {token}"))], None)
    };
    let (status, list) = with(&token);
    assert_eq!((status, list.as_array().map(Vec::len)), (200, Some(holds)), "{list}");
    assert_eq!(with(&token.replacen("hf_", "hf_0", 1)).0, 401);
    assert_eq!(desk.ask("GET", "/api/v1/holds", &[], None).0, 401);
}
