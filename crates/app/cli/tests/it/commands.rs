//! The commands, as a person or script uses them.

use crate::common::{agent, demo_store, holdfast, path, run, serving, soon, words};
use serde_json::Value;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

#[test]
fn the_demo_names_tag_source_path_and_amounts() {
    let dir = tempfile::tempdir().unwrap();
    let (store, text) = demo_store(dir.path());
    for expected in [
        "Block 400000 (000000000000000004ec466ce4732fe6f1ed1cddc2ed4b328fff5224276e3f6f)",
        "0.49990000 BTC to 13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48",
        "Locky (ransomware), confidence forensic",
        "https://zenodo.org/record/1238041",
        "2d7b8af1d0043da6149508f6faf34d4e130451169300ad3fc5e1f8a5d65f9ccb, output 0",
        "paid by  12ZysMvStBfLJRR6Eeq9Ayo1tbX4At5X42",
        "Risk score 100 of 100",
        "The bundle is valid.",
        "case     1: Locky ransom in block 400000, goAML report 1 approved by bo",
        "The production is valid.",
        "Jan de Wit solved the lab 'Follow a ransom payment' on its own chain (1000 of 1000 points)",
        "The certificate is valid.",
        "This may be an investment scam. After 5 questions the customer cancels the withdrawal: stopped.",
    ] {
        assert!(text.contains(expected), "'{expected}' is missing in:\n{text}");
    }
    assert!(!text.contains("UNBALANCED"));
    for expected in [
        "Money that moves (the simulated chain)",
        "The route to the exchange",
        "A campaign with police: 300 customers",
        "Models that ship score every event of their kinds",
        "A challenger scores beside the champion",
    ] {
        assert!(text.contains(expected), "'{expected}' is missing in:\n{text}");
    }
    // A second start finds everything there.
    let again = json(&run(holdfast().args(["demo", "--json", "--no-serve", "--store", path(&store)])));
    assert_eq!(again["summary"]["blocks"], 260);
    assert_eq!(again["findings"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&again["academy"]["score"], &again["academy"]["warning"]["state"]),
        (&serde_json::json!(1000), &serde_json::json!("stopped"))
    );
    the_demo_follows_money_to_a_held_deposit(&again["screening"]["followed"]);
    the_demo_measures_a_campaign(&again["campaign"]);
    let models = &again["screening"]["models"];
    assert!(models["scores"][0]["reasons"].as_array().is_some_and(|r| !r.is_empty()), "{models}");
    assert!(models["comparison"]["events"].as_u64() > Some(0), "{}", models["comparison"]);
    the_demo_follows_a_theft_to_another_chain(&again["accounts"]);
    // The same answers one by one: from a server, which reads the half a million tags once.
    let (_server, url) =
        serving(holdfast().args(["serve", "--open", "--listen", "127.0.0.1:0", "--store", path(&store)]));
    champions_stay_in_force(&url);
    let store = ["--store", path(&store)];
    let shown = json(&run(holdfast().args(["--json", "show", "13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48"]).args(store)));
    assert_eq!(shown["category"], "ransomware");
    assert_eq!(shown["received"], 49_990_000);
    let tx = json(&run(holdfast()
        .args(["--json", "show", "f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16"])
        .args(store)));
    assert_eq!(tx["height"], 170);
    assert_eq!(tx["outputs"][0]["value"], 1_000_000_000u64);
    let traced = json(&run(holdfast()
        .args([
            "--json",
            "trace",
            "f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16",
            "--policy",
            "fifo",
        ])
        .args(store)));
    assert_eq!(traced["balances"], true);
    assert!(traced["movements"].as_array().unwrap().len() >= 4, "Satoshi's change went on");
    let first = "f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16";
    for (format, expected) in
        [("table", "Movements"), ("graphviz", "digraph"), ("mermaid", "flowchart"), ("html", "<svg")]
    {
        let text = run(holdfast().args(["trace", first, "--format", format]).args(store));
        assert!(text.contains(expected), "{format}: {text}");
    }
}

fn the_demo_follows_a_theft_to_another_chain(theft: &Value) {
    let crossings: Vec<&str> = theft["crossings"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(crossings.contains(&"swap") && crossings.contains(&"bridge"), "{theft}");
    assert_eq!((&theft["balances"], &theft["warned"]), (&true.into(), &true.into()), "{theft}");
    assert_eq!(theft["chains"].as_array().unwrap().len(), 2);
    assert!(theft["decision"] == "hold" && !theft["holds"].as_array().unwrap().is_empty(), "{theft}");
    let verified = json(&run(holdfast().args(["--json", "verify", theft["bundle"].as_str().unwrap()])));
    assert_eq!(verified["failures"], serde_json::json!([]));
    assert!(verified["headers"].as_array().unwrap().len() > 3, "{verified}");
}

/// The demo looks at its champions as every server does each day, with the wave of scams of its campaign in that day: both stay in force.
fn champions_stay_in_force(url: &str) {
    let get = |path: &str| -> serde_json::Value {
        agent().get(format!("{url}{path}")).call().unwrap().body_mut().read_json().unwrap()
    };
    let mut after = 0;
    soon(std::time::Duration::from_secs(60), "the server looks at its champions", || {
        let alerts = get(&format!("/api/v1/alerts?after={after}&limit=1000"));
        let alerts = alerts.as_array().unwrap();
        after = alerts.last().map_or(after, |a| a["id"].as_u64().unwrap());
        alerts.iter().any(|a| a["kind"] == "model").then_some(())
    });
    let champions = get("/api/v1/models?state=champion");
    assert_eq!(champions.as_array().unwrap().len(), 2, "{champions}");
}

/// From the ransom by its collection and a peel chain: at least four transactions, every coin accounted for, the deposit on hold.
fn the_demo_follows_money_to_a_held_deposit(followed: &Value) {
    let count = |field: &str| followed[field].as_array().unwrap().len();
    assert!(followed["movements"].as_u64().unwrap() >= 6 && count("route") >= 6, "{followed}");
    assert_eq!(followed["balances"], true);
    let subject = followed["subject"].as_str().unwrap();
    assert!(subject.starts_with(followed["route"][0].as_str().unwrap()), "{followed}");
    assert!(followed["marked"].as_u64().unwrap() > 0 && followed["hold"].as_u64().unwrap() > 0, "{followed}");
    assert_eq!(followed["findings"], serde_json::json!(["peel_chain"]));
}

fn the_demo_measures_a_campaign(campaign: &Value) {
    let people = |arm: &str| campaign[arm].as_u64().unwrap();
    assert!(
        people("told") > 100 && people("held_out") > 60 && people("told") + people("held_out") == 300,
        "{campaign}"
    );
    let effect = &campaign["effect"];
    assert!(effect["fewer_payers"]["low"].as_f64().unwrap() > 0.0, "{effect}");
    assert!(
        effect["held_out"]["paid_again"].as_u64().unwrap() > 0 && effect["told"]["paid_again"].as_u64().unwrap() > 0
    );
    assert!(effect["words"].as_str().unwrap().contains("kept people from paying"), "{effect}");
}

#[test]
fn bundles_travel_and_are_checked_by_command() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = demo_store(dir.path());
    let bundle = dir.path().join("b.tar");
    let trace = [
        "trace",
        "0437cd7f8525ceed2324359c2d0ba26006d92d856a9c20fa0241106ee5a597c9",
        "--store",
        path(&store),
        "--bundle",
        path(&bundle),
    ];
    run(holdfast().args(trace));
    let ok = run(holdfast().args(["verify", path(&bundle)]));
    assert!(ok.contains("the trace recomputes to the stated result"), "{ok}");
    let mut bytes = std::fs::read(&bundle).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x20;
    std::fs::write(&bundle, bytes).unwrap();
    let refused = holdfast().args(["verify", path(&bundle)]).output().unwrap();
    assert!(!refused.status.success());
    assert!(words(&refused).contains("FAILED"), "{}", words(&refused));
}

#[test]
fn simulated_chains_pass_through_every_command() {
    let dir = tempfile::tempdir().unwrap();
    let (sim, store) = (dir.path().join("sim"), dir.path().join("store"));
    run(holdfast().args(["simulate", "chain", path(&sim), "--txs", "5000", "--undo", "--xor", "0102030405060708"]));
    let ledger = store.join("ledger");
    let blocks = sim.join("blocks");
    run(holdfast().args(["ingest", path(&blocks), "--network", "regtest", "--ledger", path(&ledger)]));
    let again = json(&run(holdfast().args([
        "--json",
        "ingest",
        path(&blocks),
        "--network",
        "regtest",
        "--ledger",
        path(&ledger),
    ])));
    assert_eq!(again["blocks"], 0, "a second start has nothing to do");
    let checked = json(&run(holdfast().args(["--json", "ledger", "check", "--raw", "--ledger", path(&ledger)])));
    assert_eq!((checked["txs"].as_u64(), checked["problems"].as_array().unwrap().len()), (Some(5000), 0));
    let store = ["--store", path(&store)];
    run(holdfast().args(["tags", "import", path(&sim.join("truth/tagpack.yaml"))]).args(store));
    assert!(run(holdfast().args(["tags", "conflicts"]).args(store)).contains("conflicts"));
    run(holdfast()
        .args(["cluster", "--change", "address-type+power-of-ten,address-reuse", "--coinjoins", "wasabi1,joinmarket"])
        .args(store));
    run(holdfast().args(["exposure", "--rebuild"]).args(store));
    // Two addresses of one merge, found from a transaction with several inputs.
    let mut explained = 0;
    for height in 20..60 {
        let block = json(&run(holdfast().args(["--json", "show", &height.to_string()]).args(store)));
        for txid in block["txids"].as_array().unwrap().iter().take(40) {
            let tx = json(&run(holdfast().args(["--json", "show", txid.as_str().unwrap()]).args(store)));
            let inputs: Vec<&str> =
                tx["inputs"].as_array().unwrap().iter().filter_map(|i| i["address"].as_str()).collect();
            if tx["coinjoin"].is_null() && inputs.len() > 1 && inputs[0] != inputs[1] {
                let text = run(holdfast().args(["explain", inputs[0], inputs[1]]).args(store));
                assert!(text.contains("are in one cluster, by"), "{text}");
                assert!(text.contains("cospend"), "{text}");
                let exposure = json(&run(holdfast().args(["--json", "exposure", inputs[0], "--entity"]).args(store)));
                assert!(exposure["amount"].as_u64().unwrap() > 0);
                run(holdfast().args(["paths", inputs[0], inputs[1], "--most", "2"]).args(store));
                explained += 1;
            }
            if explained > 0 {
                break;
            }
        }
        if explained > 0 {
            break;
        }
    }
    assert!(explained > 0);
    // Without its first file's blocks the rest still reads: a pruned node, inputs from undo data.
    let pruned = dir.path().join("pruned");
    std::fs::create_dir(&pruned).unwrap();
    prune(&blocks, &pruned);
    let text = run(holdfast().args([
        "ingest",
        path(&pruned),
        "--network",
        "regtest",
        "--ledger",
        path(&dir.path().join("p")),
    ]));
    assert!(text.contains("known from undo data, 0 by address alone, 0 not at all"), "{text}");
    run(holdfast().args(["ledger", "check", "--raw", "--ledger", path(&dir.path().join("p"))]));
}

/// Copies node files, leaving out the first ten block records (their undo records then belong to no block).
fn prune(from: &std::path::Path, to: &std::path::Path) {
    let key: [u8; 8] = std::fs::read(from.join("xor.dat")).unwrap().try_into().unwrap();
    std::fs::write(to.join("xor.dat"), key).unwrap();
    std::fs::copy(from.join("rev00000.dat"), to.join("rev00000.dat")).unwrap();
    let mut plain = std::fs::read(from.join("blk00000.dat")).unwrap();
    let flip = |bytes: &mut [u8]| bytes.iter_mut().enumerate().for_each(|(i, b)| *b ^= key[i % 8]);
    flip(&mut plain);
    let mut at = 0;
    for _ in 0..10 {
        at += 8 + u32::from_le_bytes(plain[at + 4..at + 8].try_into().unwrap()) as usize;
    }
    let mut rest = plain.split_off(at);
    flip(&mut rest);
    std::fs::write(to.join("blk00000.dat"), rest).unwrap();
}

#[test]
fn lists_name_time_and_unit_and_empty_ones_are_said_to_be() {
    let dir = tempfile::tempdir().unwrap();
    let (store, events) = (dir.path().join("store"), dir.path().join("events.jsonl"));
    let printed = |args: &[&str]| {
        let output = holdfast().args(args).args(["--store", path(&store)]).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", words(&output));
        [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap())
    };
    for (list, what) in [
        (&["holds", "list"][..], "holds"),
        (&["alerts", "list"], "alerts"),
        (&["keys", "list"], "keys"),
        (&["changes", "list"], "changes"),
        (&["people", "list"], "people"),
        (&["webhooks", "list"], "webhooks"),
        (&["campaigns", "list"], "campaigns"),
        (&["desk", "cases", "list"], "cases"),
        (&["sharing", "flags", "list"], "flags"),
    ] {
        assert_eq!(printed(list), [String::new(), format!("no {what}\n")], "{list:?}");
        let [json, error] = printed(&[list, &["--json"]].concat());
        assert!(json.starts_with(['[', '{']) && error.is_empty(), "{list:?}: {json}{error}");
    }
    let event = r#"{"id": "w-1", "kind": "withdrawal", "time": 1780000000, "customer": "c-1", "asset": "ETH", "amount": "2500000000000000000",
        "value": 500000, "counterparty": "0x00000000000000000000000000000000000000aa"}"#;
    std::fs::write(&events, event.replace('\n', " ")).unwrap();
    printed(&["screen", path(&events), "--no-ledger"]);
    let [shown, _] = printed(&["events", "show", "w-1"]);
    let mut lines = shown.lines();
    assert_eq!(lines.next(), Some("withdrawal w-1 of c-1, 2026-05-28T20:26:40Z: review"));
    assert_eq!(lines.next(), Some("  2.5 ETH, counterparty 0x00000000000000000000000000000000000000aa"));
    assert!(lines.next().is_some_and(|reason| reason.contains("no source covers this asset")), "{shown}");
    let [listed, _] = printed(&["alerts", "list"]);
    assert!(listed.contains("Z decision review c-1: no source covers this asset"), "{listed}");
}

#[test]
fn errors_name_the_place_and_the_mend() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("none");
    let fails = |args: &[&str], expected: &str| {
        let output = holdfast().args(args).current_dir(dir.path()).output().unwrap();
        assert!(!output.status.success(), "{args:?} should fail");
        assert!(words(&output).contains(expected), "{args:?}: '{expected}' is missing in: {}", words(&output));
    };
    fails(
        &["show", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "--store", path(&missing)],
        "no ledger here; make one with `holdfast ingest`",
    );
    fails(&["ingest", path(dir.path())], "no blk*.dat file here");
    fails(&["ingest", "x.block"], "x.block");
    fails(&["simulate", "chain", "out", "--txs", "5"], "1000");
    fails(&["cluster", "--change", "guess"], "unknown change heuristic 'guess'");
    fails(&["ingest", ".", "--network", "dogecoin"], "use one of bitcoin");
    fails(&["verify", "nothing.tar"], "nothing.tar");
    std::fs::write(dir.path().join("bad.tar"), b"not a tar").unwrap();
    fails(&["verify", "bad.tar"], "checks failed");
    fails(&["bench", "chain", "--txs", "1000"], "-p holdfast-bench -- chain --txs 1000");
    fails(&["accuracy", "--txs", "3000"], "-p holdfast-bench -- accuracy --txs 3000");
}

/// The package's manual names every command, and no other; the demo is not in what is shipped.
#[test]
fn the_manual_names_every_command() {
    let help = run(holdfast().arg("--help"));
    let listed = help.lines().skip_while(|l| *l != "Commands:").skip(1).take_while(|l| !l.is_empty());
    let commands: Vec<&str> =
        listed.filter_map(|l| l.split_whitespace().next()).filter(|c| !["help", "demo"].contains(c)).collect();
    let manual = include_str!("../../../../../packaging/holdfast.1");
    let part = manual.split(".SH COMMANDS").nth(1).unwrap().split(".SH OPTIONS").next().unwrap();
    let named: Vec<&str> = part.lines().filter_map(|l| l.strip_prefix(".B ")).collect();
    assert!(commands.len() > 40, "{help}");
    assert_eq!(named, commands);
}
