//! A standby takes over when the server that has the desk is killed: what was acknowledged is there, and nothing is decided anew.

use crate::common::{Running, agent, free_port, holdfast, path, run, serving, small_store, soon};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

fn event(id: &str) -> Value {
    json!({"id": id, "kind": "withdrawal", "time": 1_780_000_000, "customer": "c-1", "asset": "ETH", "amount": "1000", "value": 5_000,
        "counterparty": format!("0x{}", "ab".repeat(20))})
}

/// The status and body of an answer; nothing where no server answers.
fn ask(method: &str, url: &str, body: &Value) -> Option<(u16, Value)> {
    let sent = match method {
        "GET" => agent().get(url).call(),
        _ => agent().post(url).header("content-type", "application/json").send(body.to_string().as_bytes()),
    };
    let mut answer = sent.ok()?;
    let text = answer.body_mut().read_to_string().ok()?;
    Some((answer.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::Null)))
}

fn standby(store: &Path, port: u16) -> Running {
    let address = format!("127.0.0.1:{port}");
    let child = holdfast()
        .args(["serve", "--open", "--role", "standby", "--listen", &address, "--store", path(store)])
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    Running(child)
}

#[test]
fn a_killed_server_is_followed_by_its_standby() {
    let dir = tempfile::tempdir().unwrap();
    let store = small_store(dir.path());
    let (mut first, first_url) =
        serving(holdfast().args(["serve", "--open", "--listen", "127.0.0.1:0", "--store", path(&store)]));
    let port = free_port();
    let (second, url) = (standby(&store, port), format!("http://127.0.0.1:{port}"));
    let batch: Vec<Value> = (0..300).map(|n| event(&format!("w-{n}"))).collect();
    let (status, answers) = ask("POST", &format!("{first_url}/api/v1/events/batch"), &json!(batch)).unwrap();
    assert_eq!(status, 200, "{answers}");
    // It lives, is not ready, and refuses what another has.
    let live = soon(Duration::from_secs(60), "a standby", || ask("GET", &format!("{url}/health/live"), &Value::Null));
    assert_eq!(live.0, 200, "{live:?}");
    let ready = ask("GET", &format!("{url}/health/ready"), &Value::Null).unwrap();
    assert_eq!((ready.0, &ready.1["components"][0]["name"]), (503, &json!("standby")), "{ready:?}");
    let refused = ask("POST", &format!("{url}/api/v1/events"), &event("w-1")).unwrap();
    assert_eq!((refused.0, &refused.1["code"]), (503, &json!("unavailable")), "{refused:?}");
    first.0.kill().unwrap();
    first.0.wait().unwrap();
    let send =
        || ask("POST", &format!("{url}/api/v1/events/batch"), &json!(batch)).filter(|(status, _)| *status == 200);
    let (_, again) = soon(Duration::from_secs(60), "the standby's takeover", send);
    assert_eq!(again, answers, "what was acknowledged is as it was");
    let (status, later) = ask("POST", &format!("{url}/api/v1/events"), &event("later")).unwrap();
    assert_eq!((status, &later["seq"]), (200, &json!(301)), "{later}");
    drop(second);
    let replay: Value =
        serde_json::from_str(&run(holdfast().args(["--json", "audit", "replay", "--store", path(&store)]))).unwrap();
    assert_eq!((&replay["problems"], &replay["decisions"]), (&json!([]), &json!(301)), "{replay}");
}
