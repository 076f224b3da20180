//! Searching, exposures, the graph's sums and missing pages, as people meet them: by command and over HTTP.

use crate::common::{agent, holdfast, path, run, serving, words};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A store with a simulated chain of 2,000 transactions, and a few tags of other chains.
fn store(dir: &Path) -> PathBuf {
    let (blocks, store) = (dir.join("sim"), dir.join("store"));
    run(holdfast().args(["simulate", "chain", path(&blocks), "--txs", "2000", "--seed", "7"]));
    run(holdfast()
        .args(["ingest", path(&blocks.join("blocks")), "--network", "regtest", "--ledger"])
        .arg(store.join("ledger")));
    let pack = dir.join("tags.yaml");
    let text = "title: Pack\ncreator: test\nsource: https://example.org\nlastmod: 2024-01-01\nconfidence: forensic\ntags:\n\
        - {address: \"0x098B716B8Aaf21512996dC57EB0615e2383E2f96\", label: Lazarus Group, currency: ETH, abuse: sanction}\n\
        - {address: TNTb7BPC9aBFgz2DzYyL6TkQ3YkqyHN4bg, label: Binance hot, currency: TRX, category: exchange}\n";
    std::fs::write(&pack, text).unwrap();
    run(holdfast().args(["tags", "import", path(&pack), "--store", path(&store)]));
    store
}

fn get(url: &str) -> (u16, String) {
    let mut answer = agent().get(url).call().unwrap();
    (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
}

fn json(url: &str) -> Value {
    let (status, body) = get(url);
    assert_eq!(status, 200, "{url}: {body}");
    serde_json::from_str(&body).unwrap()
}

#[test]
fn everything_known_is_found_by_command_api_and_page() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let eth = "0x098b716b8aaf21512996dc57eb0615e2383e2f96";
    // Commands.
    let shown = run(holdfast().args(["show", eth, "--store", path(&store)]));
    assert!(shown.contains("Lazarus Group") && shown.contains("sanction"), "{shown}");
    let found = run(holdfast().args(["search", "binance", "--store", path(&store)]));
    assert!(found.contains("label Binance hot") && found.contains("TRX"), "{found}");
    let nothing = holdfast().args(["search", "nobody at all", "--store", path(&store)]).output().unwrap();
    assert!(!nothing.status.success() && words(&nothing).contains("nothing is known here of 'nobody at all'"));
    let nobody = "0x1111111111111111111111111111111111111112";
    let unknown = holdfast().args(["show", nobody, "--store", path(&store)]).output().unwrap();
    assert!(!unknown.status.success() && words(&unknown).contains("nothing is known of"), "{}", words(&unknown));
    // API and pages.
    let (_process, url) =
        serving(holdfast().args(["serve", "--open", "--store", path(&store), "--listen", "127.0.0.1:0"]));
    let report = json(&format!("{url}/api/v1/address/{eth}"));
    assert_eq!((&report["risk"], &report["in_ledger"]), (&"severe".into(), &false.into()), "{report}");
    assert_eq!(get(&format!("{url}/api/v1/address/0x1111111111111111111111111111111111111112")).0, 404);
    let txid = json(&format!("{url}/api/v1/block/5"))["txids"][0].as_str().unwrap().to_owned();
    let found = json(&format!("{url}/api/v1/search?q={}", &txid[..24]));
    assert_eq!(found["hits"][0]["id"], txid.as_str(), "{found}");
    let found = json(&format!("{url}/api/v1/search?q=Lazarus%20group%20"));
    assert_eq!((&found["hits"][0]["kind"], &found["hits"][0]["risk"]), (&"label".into(), &"severe".into()), "{found}");
    // A single result leads to its page; several are listed; none says so, with a way on.
    let (status, page) = get(&format!("{url}/search?q={}", &txid[..24]));
    assert!(status == 200 && page.contains(&format!("Transaction <span class=\"hash\">{txid}")), "{status}");
    let (status, page) = get(&format!("{url}/search?q=binance"));
    assert!(status == 200 && page.contains("Binance hot"), "{status} {page}");
    let (status, page) = get(&format!("{url}/search?q={eth}%20{txid}"));
    assert!(status == 200 && page.contains("Lazarus Group") && page.contains(&txid), "{status} {page}");
    let (status, page) = get(&format!("{url}/search?q=Locky"));
    assert!(status == 404 && page.contains("was not found"), "{status} {page}");
    // Paths that are none: a page for people, JSON for programs.
    for place in ["/nope", "/desk/nope"] {
        let (status, page) = get(&format!("{url}{place}"));
        assert!(status == 404 && page.contains("There is no page at"), "{place}: {status} {page}");
    }
    let (status, body) = get(&format!("{url}/api/v1/nope"));
    let body: Value = serde_json::from_str(&body).unwrap();
    assert!(status == 404 && body["error"].as_str().unwrap().contains("/openapi.json"), "{body}");
}

/// The transaction of the first 60 blocks with the most inputs, and its answer.
fn widest(url: &str) -> Value {
    let txids: Vec<Value> = (1..)
        .map_while(|height| {
            let (status, body) = get(&format!("{url}/api/v1/block/{height}"));
            (status == 200).then(|| serde_json::from_str::<Value>(&body).unwrap()["txids"].clone())
        })
        .collect();
    let all = txids.iter().flat_map(|t| t.as_array().unwrap());
    let answers = all.map(|t| json(&format!("{url}/api/v1/tx/{}", t.as_str().unwrap())));
    answers.max_by_key(|t| t["inputs"].as_array().unwrap().len()).unwrap()
}

fn sum(list: &Value) -> u64 {
    list.as_array().unwrap().iter().filter_map(|s| s["value"].as_u64()).sum()
}

#[test]
fn amounts_on_pages_carry_decimals_unit_and_times_a_zone() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let (_process, url) =
        serving(holdfast().args(["serve", "--open", "--store", path(&store), "--listen", "127.0.0.1:0"]));
    let tx = widest(&url);
    let coins = |n: u64| format!("{}.{:08} BTC", n / 100_000_000, n % 100_000_000);
    let txid = tx["txid"].as_str().unwrap();
    let page = get(&format!("{url}/tx/{txid}")).1;
    assert!(page.contains(&coins(tx["outputs"][0]["value"].as_u64().unwrap())), "{page}");
    let trace = get(&format!("{url}/trace?subject={txid}")).1;
    assert!(trace.contains(&format!("{} marked", coins(sum(&tx["outputs"])))), "{trace}");
    // A pill of what is unknown has a class of its own, and its colour is not that of low risk.
    let style = get(&format!("{url}/style.css")).1;
    assert!(
        style.contains(".risk.none { background: var(--hf-unknown)")
            && style.contains(".risk.low { background: var(--hf-low)")
    );
    let shown = run(holdfast().args(["show", txid, "--store", path(&store)]));
    assert!(shown.contains(&coins(tx["outputs"][0]["value"].as_u64().unwrap())), "{shown}");
}

#[test]
fn holds_and_alerts_show_whole_units_and_no_base_units() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let (_process, url) =
        serving(holdfast().args(["serve", "--open", "--store", path(&store), "--listen", "127.0.0.1:0"]));
    let event = serde_json::json!({"id": "w1", "time": 1_795_000_000, "kind": "withdrawal", "customer": "c1", "asset": "ETH",
        "amount": "1500000000000000000", "value": 450_000, "counterparty": "0x098b716b8aaf21512996dc57eb0615e2383e2f96"});
    let mut answer = agent().post(&format!("{url}/api/v1/events")).send_json(&event).unwrap();
    let decision: Value = answer.body_mut().read_json().unwrap();
    assert!(decision["alert"].is_u64(), "{decision}");
    let hold = serde_json::json!({"id": "h1", "scope": "amount", "customer": "c1", "asset": "BTC", "amount": "6241615621",
        "basis": "test", "reason": "test"});
    let answer = agent().post(&format!("{url}/api/v1/holds")).send_json(&hold).unwrap();
    assert!(answer.status().is_success());
    let holds = get(&format!("{url}/desk/holds")).1;
    assert!(holds.contains("62.41615621 BTC") && !holds.contains("6241615621"), "{holds}");
    assert!(holds.contains(" UTC</time>"), "times name their zone: {holds}");
    let alert = get(&format!("{url}/desk/alerts/{}", decision["alert"])).1;
    assert!(alert.contains("1.5 ETH") && !alert.contains("1500000000000000000"), "{alert}");
}
