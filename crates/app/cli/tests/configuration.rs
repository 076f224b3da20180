//! Configuration of `serve`: precedence, what is in effect, files that are refused, the reference.

mod common;

use common::{agent, holdfast, path, run, serving, small_store, words};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// A command without variables of the machine.
fn clean() -> Command {
    let mut command = holdfast();
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("HOLDFAST_")) {
        command.env_remove(name);
    }
    command
}

/// What `config check` says of a setting: values and origin.
fn effective(command: &mut Command, key: &str) -> (Value, String) {
    let shown: Value = serde_json::from_str(&run(command)).unwrap();
    let found = shown["settings"].as_array().unwrap().iter().find(|s| s["key"] == key);
    let found = found.unwrap_or_else(|| panic!("{key}: {shown}"));
    (found["values"].clone(), found["origin"].as_str().unwrap().to_owned())
}

const GOOD: &str = r#"version = 1

[server]
listen = "127.0.0.1:0"
hosts = ["desk.example", "other.example"]

[database]
url = "postgres://holdfast@db.example/desk"

[log]
format = "json"
"#;

#[test]
fn check_says_what_is_in_effect_and_from_where() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("holdfast.toml");
    std::fs::write(&file, GOOD).unwrap();
    let check = || {
        let mut command = clean();
        command.args(["--json", "config", "check", path(&file)]);
        command
    };
    let at = |line: usize| format!("{}:{line}", file.display());
    assert_eq!(effective(&mut check(), "server.listen"), (serde_json::json!(["127.0.0.1:0"]), at(4)));
    assert_eq!(effective(&mut check(), "server.hosts").0, serde_json::json!(["desk.example", "other.example"]));
    assert_eq!(effective(&mut check(), "node.poll_seconds"), (serde_json::json!(["2"]), "default".into()));
    // The environment comes before the file, also where it says the same in another way; passwords are not shown.
    let mut command = check();
    command.env("HOLDFAST_LISTEN", "127.0.0.1:1").env("HOLDFAST_HOSTS", "a.example,b.example");
    assert_eq!(
        effective(&mut command, "server.listen"),
        (serde_json::json!(["127.0.0.1:1"]), "environment: HOLDFAST_LISTEN".into())
    );
    assert_eq!(effective(&mut command, "server.hosts").0, serde_json::json!(["a.example", "b.example"]));
    let mut command = check();
    let shown = run(command.env("HOLDFAST_DATABASE_FILE", "/run/secrets/database"));
    assert!(shown.contains("/run/secrets/database") && !shown.contains("database.url\""), "{shown}");
    let mut command = check();
    let shown =
        run(command.env("HOLDFAST_SMTP", "smtps://me:hunter2@mail.example").env("HOLDFAST_MAIL_FROM", "a@x.example"));
    assert!(shown.contains("smtps://me@mail.example") && !shown.contains("hunter2"), "{shown}");
    // A variable with a typing error is no error, but said.
    let text = words(&clean().args(["config", "check", path(&file)]).env("HOLDFAST_LISTN", "x").output().unwrap());
    assert!(text.contains("HOLDFAST_LISTN is no setting; HOLDFAST_LISTEN is"), "{text}");
    assert!(text.contains(&format!("log.format = json    # {}", at(11))), "{text}");
}

#[test]
fn serve_takes_flags_before_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let store = small_store(dir.path());
    let file = dir.path().join("holdfast.toml");
    let text = format!(
        "version = 1\nstore.path = \"{}\"\nserver.listen = \"127.0.0.1:1\"\nserver.hosts = [\"desk.example\"]\n",
        store.display()
    );
    std::fs::write(&file, text).unwrap();
    let (_process, url) =
        serving(clean().args(["serve", "--open", "--config", path(&file), "--listen", "127.0.0.1:0"]));
    assert!(!url.ends_with(":1"), "{url}");
    let status =
        |host: &str| agent().get(format!("{url}/openapi.json")).header("host", host).call().unwrap().status().as_u16();
    assert_eq!((status("desk.example"), status("other.example")), (200, 421), "the file's hosts count");
}

#[test]
fn files_with_errors_are_refused_with_line_and_key() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("holdfast.toml");
    let refused = |text: &str| -> String {
        std::fs::write(&file, text).unwrap();
        let of = |args: &[&str]| {
            let output = clean().args(args).output().unwrap();
            assert!(!output.status.success(), "{args:?}: {text}");
            words(&output)
        };
        let checked = of(&["config", "check", path(&file)]);
        assert_eq!(of(&["serve", "--open", "--config", path(&file)]), checked, "serve says the same");
        checked
    };
    let said = refused("version = 1\n[server]\nlissten = \"x\"\n[node]\npoll_seconds = \"fast\"\n");
    assert!(said.contains("holdfast.toml:3: server.lissten: is no setting; the nearest is server.listen"), "{said}");
    assert!(said.contains("holdfast.toml:5: node.poll_seconds: should be a number"), "{said}");
    let said = refused("version = 1\n[database]\nurl = \"postgres://u:hunter2@h/d\"\n");
    assert!(said.contains(":3: database.url: holds a password") && !said.contains("hunter2"), "{said}");
    assert!(refused("[server]\n").contains(":1: version: is missing"));
    // What belongs together is checked as for flags.
    std::fs::write(&file, "version = 1\n[node]\ncookie = \"/c\"\n").unwrap();
    let output = clean().args(["config", "check", path(&file)]).output().unwrap();
    assert!(!output.status.success() && words(&output).contains("--rpc"), "{}", words(&output));
    let output = clean().args(["config", "check", path(&dir.path().join("none.toml"))]).output().unwrap();
    assert!(words(&output).contains("none.toml"), "{}", words(&output));
}

#[test]
fn the_committed_reference_is_the_commands() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/configuration.md");
    let reference = run(clean().args(["config", "reference"]));
    let text = std::fs::read_to_string(&committed).unwrap();
    assert!(text == reference, "docs/configuration.md: write it again with `holdfast config reference`");
}

#[test]
fn follow_takes_the_same_file_and_every_command_the_same_store() {
    let dir = tempfile::tempdir().unwrap();
    let (file, store) = (dir.path().join("holdfast.toml"), dir.path().join("chain"));
    let text = format!(
        "version = 1\n[store]\npath = \"{}\"\n[server]\nlisten = \"127.0.0.1:0\"\n[node]\nrest = \"http://127.0.0.1:9\"\nnetwork = \"regtest\"\n",
        store.display()
    );
    std::fs::write(&file, text).unwrap();
    let output = clean().args(["follow", "--once", "--config", path(&file)]).output().unwrap();
    assert!(!output.status.success() && words(&output).contains("127.0.0.1:9"), "{}", words(&output));
    let info = run(clean().args(["ledger", "info"]).env("HOLDFAST_STORE", &store));
    assert!(info.contains("regtest"), "{info}");
    // Earlier versions named the ledger itself.
    assert_eq!(run(clean().args(["ledger", "info", "--ledger", path(&store.join("ledger"))])), info);
    assert!(!run(clean().args(["ledger", "info", "--help"])).contains("--ledger"));
    // The environment comes before the file.
    let output =
        clean().args(["follow", "--once", "--config", path(&file)]).env("HOLDFAST_REST", "http://127.0.0.1:7").output();
    assert!(words(&output.unwrap()).contains("127.0.0.1:7"));
}
