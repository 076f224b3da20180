//! Account chains by the program: reading files, going on after a stop, the check, look-ups; and a server that follows a real node.

use crate::common::{Desk, Running, holdfast, path, run, serving, words};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

#[path = "../../../../chain/evm/tests/it/local_node.rs"]
#[allow(dead_code)]
mod local_node;

fn json_of(args: &[&str], store: &Path) -> Value {
    let text = run(holdfast().arg("--json").args(args).args(["--store", path(store)]));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{args:?}: {e}: {text}"))
}

fn refused(args: &[&str], store: &Path) -> String {
    let output = holdfast().args(args).args(["--store", path(store)]).output().unwrap();
    assert!(!output.status.success(), "{args:?} is refused: {}", words(&output));
    words(&output)
}

/// Returns the number of the truth's records of a kind.
fn records(made: &Path, kind: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(made.join("truth/records.jsonl")).unwrap();
    let records = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    records.filter(|record| record["record"] == kind).collect()
}

#[test]
fn links_clusters_and_their_accuracy_are_those_of_the_truth() {
    let dir = tempfile::tempdir().unwrap();
    let (made, store) = (dir.path().join("made"), dir.path().join("store"));
    let sizes = ["--blocks", "100", "--users", "60", "--txs-per-block", "25", "--seed", "3"];
    run(holdfast().args(["simulate", "accounts", "--out", path(&made)]).args(sizes));
    let chains: Value = serde_json::from_slice(&std::fs::read(made.join("chains.json")).unwrap()).unwrap();
    let first = &chains["chains"][0];
    let id = first["chain"].as_str().unwrap();
    let ingest = |chain: &Value, bridge: &str| {
        let text = |name: &str| chain[name].as_str().unwrap().to_owned();
        let folder = made.join(text("folder"));
        let args = ["--chain", &text("chain"), "--wrapper", &text("wrapper"), "--bridge", bridge];
        holdfast().arg("ingest").arg(folder).args(args).args(["--store", path(&store)]).output().unwrap()
    };
    let odd = words(&ingest(first, "moon:0x11111111111111111111111111111111111111aa"));
    assert!(odd.contains("--bridge moon") && odd.contains("nomad-all") && odd.contains("ronin-mainchain"), "{odd}");
    let pack = made.join("truth/tagpack.yaml");
    for chain in chains["chains"].as_array().unwrap() {
        let done = ingest(chain, &format!("nomad-all:{}", chain["bridge"].as_str().unwrap()));
        assert!(done.status.success(), "{}", words(&done));
        // A store of account chains alone takes tags, and keeps them when a chain is added.
        json_of(&["tags", "import", path(&pack)], &store);
    }

    // A message's two ends lie on two chains, a swap's in one transaction.
    let hash_of = |tx: &str| {
        let [chain, height, index] = <[&str; 3]>::try_from(tx.split(':').collect::<Vec<_>>()).unwrap();
        let block = json_of(&["accounts", "block", height, "--chain", &format!("eip155:{chain}")], &store);
        block["transactions"][index.parse::<usize>().unwrap()].as_str().unwrap().to_owned()
    };
    let bridged = records(&made, "bridge").into_iter().find(|r| !r["delivered"].is_null()).unwrap();
    let (sent, delivered) =
        (hash_of(bridged["sent"].as_str().unwrap()), hash_of(bridged["delivered"].as_str().unwrap()));
    for tx in [&sent, &delivered] {
        let links = json_of(&["accounts", "links", tx], &store);
        let link = links["links"].as_array().unwrap().iter().find(|l| l["kind"] == "bridge").unwrap();
        assert_eq!((&link["state"], &link["message"]), (&json!("linked"), &bridged["message"]), "{links}");
        assert_eq!((&link["out"]["tx"], &link["into"]["tx"]), (&json!(sent), &json!(delivered)), "{links}");
        assert_eq!((&link["into"]["amount"], &link["error_ppm"]), (&bridged["amount"], &json!(669)), "{links}");
        assert_eq!((&link["measured_pairs"], &link["measured_wrong"]), (&json!(4_482), &json!(0)), "{links}");
    }
    let swapped = &records(&made, "swap")[0];
    let account = swapped["account"].as_str().unwrap();
    let chain = format!("eip155:{}", swapped["tx"].as_str().unwrap().split(':').next().unwrap());
    let links = json_of(&["accounts", "links", account, "--chain", &chain], &store);
    let is_it = |l: &Value| l["kind"] == "swap" && l["out"]["amount"] == swapped["amount_in"];
    assert!(links["links"].as_array().unwrap().iter().any(is_it), "{links}");
    let said = run(holdfast().args(["accounts", "links", &sent, "--store", path(&store)]));
    assert!(said.contains("bridge by nomad: linked, message, at most 0.07% wrong (95%; 0 of 4482"), "{said}");

    // A deposit address counts under its exchange, and why is shown.
    let truth = std::fs::read_to_string(made.join("truth/addresses.csv")).unwrap();
    let deposits = truth.lines().map(|line| line.split(',').collect::<Vec<_>>()).filter(|cells| cells[2] == "deposit");
    let report = |address: &str| {
        let args = ["--json", "accounts", "cluster", address, "--chain", id, "--store", path(&store)];
        let output = holdfast().args(args).output().unwrap();
        serde_json::from_slice::<Value>(&output.stdout).ok().filter(|_| output.status.success())
    };
    let joined = |cells: &Vec<&str>| {
        report(cells[0]).filter(|r| r["size"].as_u64().unwrap() > 1).map(|r| (cells[1].to_owned(), r))
    };
    let (owner, cluster) = deposits.take(45).find_map(|cells| joined(&cells)).unwrap();
    assert_eq!(
        (&cluster["category"], &cluster["tag"]["label"]),
        (&json!("exchange"), &json!(format!("sim-exchange-{owner}")))
    );
    let address = cluster["address"].as_str().unwrap();
    assert_eq!(json_of(&["accounts", "address", address, "--chain", id], &store)["category"], "exchange");
    let other =
        cluster["members"].as_array().unwrap().iter().map(|m| m.as_str().unwrap()).find(|m| *m != address).unwrap();
    let why = json_of(&["accounts", "explain", address, other, "--chain", id], &store);
    let step = &why["steps"][0];
    assert_eq!((&why["joined"], &step["heuristic"]), (&json!(true), &json!("sweep")), "{why}");
    assert_eq!(step["evidence"][0]["transfers"].as_array().unwrap().len(), 2, "{why}");
    let said = run(holdfast().args(["accounts", "explain", address, other, "--chain", id, "--store", path(&store)]));
    assert!(said.contains("are in one cluster") && said.contains("by sweep through"), "{said}");
    let scores = json_of(&["accounts", "accuracy", "--truth", path(&made), "--chain", id], &store);
    let sweep = scores["heuristics"].as_array().unwrap().iter().find(|s| s["name"] == "default").unwrap();
    assert!(sweep["precision"].as_f64().unwrap() >= 0.99 && sweep["recall"].as_f64().unwrap() > 0.2, "{scores}");
    let said =
        run(holdfast().args(["accounts", "accuracy", "--truth", path(&made), "--chain", id, "--store", path(&store)]));
    assert!(said.contains("precision") && said.contains("factory"), "{said}");

    // A backup has the links, and a cut removes them.
    let backup = dir.path().join("backup");
    run(holdfast().args(["backup", path(&backup), "--store", path(&store)]));
    assert_eq!(json_of(&["accounts", "links", &sent], &backup), json_of(&["accounts", "links", &sent], &store));
    let height = bridged["sent"].as_str().unwrap().split(':').nth(1).unwrap();
    let sending = format!("eip155:{}", bridged["sent"].as_str().unwrap().split(':').next().unwrap());
    json_of(&["ledger", "truncate", height, "--final", "--chain", &sending], &store);
    let alone = json_of(&["accounts", "links", &delivered], &store);
    let side = alone["links"].as_array().unwrap().iter().find(|l| l["kind"] == "bridge").unwrap();
    assert_eq!((&side["state"], &side["out"]), (&json!("not_held"), &Value::Null), "{alone}");
}

/// Simulates two chains; returns the folder.
fn simulated(dir: &Path, format: &str) -> PathBuf {
    let out = dir.join(format!("simulated-{format}"));
    let sizes = ["--blocks", "40", "--users", "40", "--txs-per-block", "12", "--seed", "3", "--format", format];
    run(holdfast().args(["simulate", "accounts", "--out", path(&out)]).args(sizes));
    out
}

#[test]
fn files_are_ingested_resumed_checked_and_looked_up() {
    let dir = tempfile::tempdir().unwrap();
    let (made, store) = (simulated(dir.path(), "json"), dir.path().join("store"));
    let chains: Value = serde_json::from_slice(&std::fs::read(made.join("chains.json")).unwrap()).unwrap();
    let first = &chains["chains"][0];
    let (id, wrapper) = (first["chain"].as_str().unwrap(), first["wrapper"].as_str().unwrap());
    let folder = made.join(first["folder"].as_str().unwrap());
    let ingest = ["ingest", path(&folder), "--chain", id, "--wrapper", wrapper];
    let part = json_of(&[&ingest[..], &["--to-height", "17"]].concat(), &store);
    assert_eq!((&part["blocks"], &part["ledger"]["tip_height"]), (&json!(18), &json!(17)), "{part}");
    let rest = json_of(&ingest, &store);
    assert_eq!(
        (&rest["blocks"], &rest["skipped"], &rest["ledger"]["tip_height"]),
        (&json!(23), &json!(18), &json!(40))
    );
    assert_eq!(json_of(&ingest, &store)["blocks"], 0, "a further start adds nothing");
    let other = refused(&["ingest", path(&folder), "--chain", id, "--assets", "native"], &store);
    assert!(other.contains("this ledger holds"), "{other}");

    let checked = json_of(&["ledger", "check", "--chain", id], &store);
    assert!(checked["problems"] == json!([]) && checked["balances"].as_u64().unwrap() > 100, "{checked}");
    assert_eq!(json_of(&["ledger", "info", "--chain", id], &store)["summary"]["chain"], *id);
    let said = run(holdfast().args(["accounts", "chains", "--store", path(&store)]));
    assert!(said.contains("(0 to 40)") && said.contains("claims of the node"), "{said}");

    // Every balance of the truth is found by address.
    let truth = std::fs::read_to_string(made.join("truth/balances.csv")).unwrap();
    let of_chain =
        truth.lines().skip(1).filter(|line| line.starts_with(&format!("{},", first["folder"].as_str().unwrap())));
    let rows: Vec<Vec<&str>> = of_chain.map(|line| line.split(',').collect()).collect();
    let row = rows.iter().find(|row| row[2] != "native").unwrap();
    let report = json_of(&["accounts", "address", row[1]], &store);
    let held = report["balances"].as_array().unwrap();
    let found = held.iter().find(|b| b["id"].as_str().unwrap().ends_with(row[2])).unwrap();
    assert_eq!(found["balance"], *row[3], "{report}");
    let listed = json_of(&["accounts", "transfers", row[1], "--asset", row[2]], &store);
    let transfer = &listed["transfers"][0];
    let (tx, height) = (transfer["tx"].as_str().unwrap(), transfer["height"].to_string());
    let shown = json_of(&["accounts", "transaction", tx], &store);
    assert!(shown["transfers"].as_array().unwrap().iter().any(|t| t["id"] == transfer["id"]), "{shown}");
    let block = json_of(&["accounts", "block", &height], &store);
    assert!(block["transactions"].as_array().unwrap().contains(&json!(tx)), "{block}");
    let said = run(holdfast().args(["accounts", "asset", row[2], "--transfers", "--store", path(&store)]));
    assert!(said.contains("base units of") && said.contains("block"), "{said}");
    assert!(json_of(&["accounts", "assets"], &store).as_array().unwrap().len() > 3);

    // Exposure, trace and paths of the same address.
    let of = [row[1], "--chain", id, "--asset", row[2]];
    let exposure = json_of(&[&["exposure"][..], &of].concat(), &store);
    assert!(exposure["assets"][0]["source"]["amount"] != "0" && exposure["bounds"]["max_hops"] == 12, "{exposure}");
    let said = run(holdfast().arg("exposure").args(of).args(["--store", path(&store)]));
    assert!(said.contains("source (") && said.contains("Bounds: the latest 200 transfers"), "{said}");
    let trace = json_of(&[&["trace"][..], &of, &["--direction", "backward", "--max-hops", "3"]].concat(), &store);
    assert!(trace["balances"] == true && trace["start_count"].as_u64().unwrap() > 0, "{trace}");
    let said = run(holdfast().args(["trace", tx, "--chain", id, "--no-links", "--store", path(&store)]));
    assert!(said.contains("not over links") && said.contains("Transfers ("), "{said}");
    let drawn = ["trace", tx, "--chain", id, "--format", "graphviz", "--store", path(&store)];
    assert!(run(holdfast().args(drawn)).contains("digraph trace"));
    let to = transfer["to"].as_str().unwrap();
    let id_of = transfer["id"].as_str().unwrap();
    let paths = json_of(&["paths", id_of, to, "--chain", id, "--max-hops", "2"], &store);
    assert_eq!(paths[0]["steps"][0]["transfer"]["id"], transfer["id"], "{paths}");
    let said = run(holdfast().args(["paths", id_of, to, "--chain", id, "--max-hops", "2", "--store", path(&store)]));
    assert!(said.contains("by 1 transfer:"), "{said}");
    assert!(refused(&["trace", "nonsense", "--chain", id], &store).contains("names nothing"));
    assert!(refused(&["trace", tx, "--chain", id, "--entity"], &store).contains("--entity"));
    assert!(refused(&["accounts", "address", "nonsense"], &store).contains("names nothing"));

    let list = store.join("assets.csv");
    // The evidence of it: with what the ledger was read with, or not at all.
    let file = dir.path().join("evidence.tar");
    let bundle = ["trace", tx, "--chain", id, "--max-hops", "2", "--no-links", "--bundle", path(&file)];
    assert!(refused(&bundle, &store).contains("name them with --blocks or --rpc"));
    let issuer = first["issuer"].as_str().unwrap();
    let read = ["--blocks", path(&folder), "--wrapper", wrapper, "--issuer", issuer];
    run(holdfast().args(bundle).args(read).args(["--store", path(&store)]));
    let verified = run(holdfast().args(["verify", path(&file)]));
    assert!(verified.contains("taken as issuers' by the maker's word"), "{verified}");
    // What would change nothing is refused with its name.
    let headers = path(&list);
    for (args, said) in [
        (vec!["trace", tx, "--no-links"], "--no-links is for account chains"),
        (vec!["trace", tx, "--max-link-error-ppm", "5"], "--max-link-error-ppm is for account chains"),
        (vec!["trace", tx, "--chain", id, "--blocks", path(&folder)], "--blocks is for --bundle"),
        (vec!["trace", tx, "--chain", id, "--issuer", issuer], "--issuer is for --bundle"),
        (vec!["trace", tx, "--bundle", path(&file), "--wrapper", wrapper], "--wrapper is for account chains"),
        (vec!["paths", row[1], row[1], "--to-chain", id], "--to-chain is for account chains"),
        (vec!["paths", row[1], row[1], "--no-links"], "--no-links is for account chains"),
        (vec!["exposure", row[1], "--chain", id, "--rebuild"], "--rebuild is for chains of Bitcoin's family"),
        (vec!["exposure", row[1], "--chain", id, "--entity"], "--entity is for chains of Bitcoin's family"),
        (vec!["ingest", path(&folder), "--wrapper", wrapper], "--wrapper is for account chains"),
        (vec!["ingest", path(&folder), "--chain", id, "--headers", headers], "--headers"),
        (vec!["ingest", path(&folder), "--chain", id, "--keep-raw"], "--keep-raw"),
        (vec!["follow", "--rpc", "http://127.0.0.1:9", "--bridge", "nomad-all:0x1"], "--bridge is for account chains"),
        (
            vec!["follow", "--chain", id, "--rpc", "http://127.0.0.1:9", "--user", "u"],
            "--user is for nodes of Bitcoin's family",
        ),
    ] {
        let words = refused(&args, &store);
        assert!(words.contains(said), "{args:?}: {words}");
    }
    // Two addresses of an account chain are explained there.
    assert_eq!(json_of(&["explain", row[1], row[1]], &store)["joined"], true);

    // Tokens have units once the store lists them.
    std::fs::copy(made.join("assets.csv"), &list).unwrap();
    let stable = first["tokens"]["stablecoin"]["address"].as_str().unwrap();
    assert_eq!(json_of(&["accounts", "asset", stable], &store)["ticker"], "USDT");
    let said = run(holdfast().args(["accounts", "asset", stable, "--transfers", "--store", path(&store)]));
    assert!(said.contains(" USDT") && !said.contains("base units of"), "{said}");
    std::fs::write(&list, "ticker,asset,decimals\nUSDX,eip155:31337,6\n").unwrap();
    let wrong = refused(&["accounts", "assets"], &store);
    assert!(wrong.contains("assets.csv") && wrong.contains("line 2"), "{wrong}");
    std::fs::remove_file(&list).unwrap();
    // A store without a ledger of outputs is searched; what is found alone is shown.
    assert_eq!(json_of(&["search", tx], &store)["hits"][0]["chain"], *id);
    for (what, field) in [(row[1], "balances"), (tx, "transfers"), (height.as_str(), "transactions")] {
        assert!(json_of(&["show", what], &store)[field].is_array(), "{what}");
    }
    let newest = json_of(&["accounts", "transfers", row[1], "--newest-first", "--without-fees"], &store);
    let numbers: Vec<u64> =
        newest["transfers"].as_array().unwrap().iter().map(|t| t["number"].as_u64().unwrap()).collect();
    assert!(numbers.len() > 1 && numbers.is_sorted_by(|a, b| a >= b), "{newest}");
    let ways = ["in", "out"].map(|way| {
        let of_way = json_of(&["accounts", "transfers", row[1], "--direction", way, "--without-fees"], &store);
        let of_way = of_way["transfers"].as_array().unwrap().clone();
        assert!(of_way.iter().all(|t| t["direction"] == *way), "{of_way:?}");
        of_way.len()
    });
    assert_eq!(ways[0] + ways[1], numbers.len());
    assert!(refused(&["show", &format!("0x{}", "12".repeat(32))], &store).contains("nothing is known"));

    // A second chain with the same addresses: what is meant has to be named.
    let second = &chains["chains"][1];
    let other = second["chain"].as_str().unwrap();
    let folder = made.join(second["folder"].as_str().unwrap());
    run(holdfast().args(["ingest", path(&folder), "--chain", other, "--store", path(&store)]));
    let ambiguous = refused(&["accounts", "block", "1"], &store);
    assert!(ambiguous.contains(id) && ambiguous.contains(other), "{ambiguous}");
    assert_eq!(json_of(&["accounts", "block", "1", "--chain", other], &store)["chain"], *other);
    let several = json_of(&["show", "1"], &store);
    assert_eq!((&several["hits"][0]["chain"], &several["hits"][1]["chain"]), (&json!(id), &json!(other)));
    assert!(several["notes"].to_string().contains("block 1 is on several chains"), "{several}");

    // Blocks that were removed are read again.
    assert!(refused(&["ledger", "truncate", "30"], &store).contains("--chain"));
    assert_eq!(json_of(&["ledger", "truncate", "30", "--chain", id], &store)["removed"], 11);
    assert_eq!(json_of(&ingest, &store)["blocks"], 11);
    let backup = dir.path().join("backup");
    run(holdfast().args(["backup", path(&backup), "--store", path(&store)]));
    assert_eq!(json_of(&["accounts", "address", row[1], "--chain", id], &backup)["balances"], report["balances"]);
}

#[test]
fn a_ledger_of_chosen_assets_that_begins_late_states_it() {
    let dir = tempfile::tempdir().unwrap();
    let (made, store) = (simulated(dir.path(), "era1"), dir.path().join("store"));
    let chains: Value = serde_json::from_slice(&std::fs::read(made.join("chains.json")).unwrap()).unwrap();
    let first = &chains["chains"][0];
    let (id, folder) = (first["chain"].as_str().unwrap(), made.join(first["folder"].as_str().unwrap()));
    let stable = first["tokens"]["stablecoin"]["address"].as_str().unwrap();
    let options = ["--chain", id, "--from-height", "10", "--assets", stable, "--finality-blocks", "5"];
    let read = json_of(&[&["ingest", path(&folder)][..], &options].concat(), &store);
    assert!(read["left_out"].as_u64().unwrap() > 0 && read["ledger"]["assets"].as_u64().unwrap() <= 2, "{read}");
    assert_eq!((&read["ledger"]["first_height"], &read["ledger"]["final_height"]), (&json!(10), &json!(35)));
    let gaps = read["ledger"]["gaps"].to_string();
    assert!(
        gaps.contains("blocks begin at 10") && gaps.contains("only 0x") && gaps.contains("blocks above 35"),
        "{gaps}"
    );
}

fn get(desk: &Desk, path: &str) -> Value {
    let (status, body) = desk.ask("GET", path, &[], None);
    assert_eq!(status, 200, "{path}: {body}");
    body
}

/// A store that has no ledger of outputs: tags are imported and removed, with and without the server, which starts and answers.
#[test]
fn a_store_of_account_chains_alone_takes_tags_and_is_served() {
    let dir = tempfile::tempdir().unwrap();
    let (made, store) = (simulated(dir.path(), "json"), dir.path().join("store"));
    let pack = made.join("truth/tagpack.yaml");
    assert!(refused(&["tags", "import", path(&pack)], &store).contains("ledger"), "there is no chain at all");
    let chains: Value = serde_json::from_slice(&std::fs::read(made.join("chains.json")).unwrap()).unwrap();
    let first = &chains["chains"][0];
    let (id, folder) = (first["chain"].as_str().unwrap(), made.join(first["folder"].as_str().unwrap()));
    json_of(&["ingest", path(&folder), "--chain", id], &store);
    let imported = json_of(&["tags", "import", path(&pack)], &store);
    let (packs, count) = (imported["packs"].as_u64().unwrap(), imported["tags"].as_u64().unwrap());
    assert!(packs >= 1 && count > 1 && imported["refused"] == json!([]), "{imported}");
    assert_eq!(imported["without_chain"], json!(0), "{imported}");
    let said = run(holdfast().args(["tags", "import", path(&pack), "--store", path(&store)]));
    assert!(said.contains("(0 new)") && !said.contains(" 0 addresses of this ledger are tagged"), "{said}");
    assert!(!store.join("ledger").exists(), "no ledger of outputs is made");
    assert_eq!(json_of(&["tags", "conflicts"], &store), json!([]));
    let text = std::fs::read_to_string(&pack).unwrap();
    let title = text.lines().find_map(|line| line.strip_prefix("title:")).unwrap().trim().trim_matches(['"', '\'']);
    let truth = std::fs::read_to_string(made.join("truth/addresses.csv")).unwrap();
    let category =
        |address: &str| json_of(&["accounts", "address", address, "--chain", id], &store)["category"].clone();
    let is_known = |address: &&str| {
        let args = ["accounts", "address", *address, "--chain", id, "--store", path(&store)];
        holdfast().args(args).output().unwrap().status.success()
    };
    let mut listed =
        truth.lines().map(|line| line.split(',').next().unwrap()).filter(|address| text.contains(*address));
    let tagged = listed.find(is_known).unwrap();
    let before = category(tagged);
    assert_ne!(before, json!("unattributed"));
    run(holdfast().args(["tags", "remove", title, "--store", path(&store)]));
    assert_ne!(category(tagged), before);
    assert!(refused(&["tags", "remove", title], &store).contains("no pack"));
    json_of(&["tags", "import", path(&pack)], &store);

    // The server starts and answers, and commands change its tags.
    let mut serve = holdfast();
    serve.args(["serve", "--store", path(&store), "--listen", "127.0.0.1:0", "--open"]);
    let (process, url) = serving(&mut serve);
    let desk = Desk { process, url, dir };
    assert_eq!(get(&desk, "/api/v1/account-chains")[0]["chain"], *id);
    let shown = get(&desk, &format!("/api/v1/account-chains/address/{tagged}?chain={id}"));
    assert_eq!(shown["category"], before, "{shown}");
    run(holdfast().args(["tags", "remove", title, "--store", path(&store)]));
    assert_ne!(category(tagged), before);
    let again = json_of(&["tags", "import", path(&pack)], &store);
    assert_eq!(again["new_tags"], imported["new_tags"], "{again}");
    assert_eq!(category(tagged), before);
}

/// A damaged store beside a ledger: look-ups go on and state it, the check names it, and a command makes it anew.
#[test]
fn damaged_links_are_stated_checked_and_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let (made, store) = (simulated(dir.path(), "json"), dir.path().join("store"));
    let chains: Value = serde_json::from_slice(&std::fs::read(made.join("chains.json")).unwrap()).unwrap();
    let first = &chains["chains"][0];
    let (id, folder) = (first["chain"].as_str().unwrap(), made.join(first["folder"].as_str().unwrap()));
    let wrapper = first["wrapper"].as_str().unwrap();
    let options = ["--chain", id, "--wrapper", wrapper];
    json_of(&[&["ingest", path(&folder)][..], &options].concat(), &store);
    let checked = json_of(&["ledger", "check", "--chain", id], &store);
    let stores = checked["stores"].as_array().unwrap();
    let names: Vec<&str> = stores.iter().map(|s| s["store"].as_str().unwrap()).collect();
    assert_eq!(names, ["links", "signals", "clusters"], "{checked}");
    assert!(stores.iter().all(|s| s["problems"] == json!([])), "{checked}");
    let account = json_of(&["accounts", "block", "20", "--chain", id], &store);
    let tx = account["transactions"][0].as_str().unwrap().to_owned();
    let links = json_of(&["accounts", "links", &tx, "--chain", id], &store);

    let manifest = store.join(format!("chains/{}/links/MANIFEST", id.replace(':', "_")));
    std::fs::write(&manifest, "no seal\n{}").unwrap();
    let gaps = json_of(&["accounts", "links", &tx, "--chain", id], &store)["gaps"].to_string();
    assert!(gaps.contains("links cannot be read") && gaps.contains("ledger rebuild"), "{gaps}");
    let said = refused(&["ledger", "check", "--chain", id], &store);
    assert!(said.contains("damaged beside the ledger: links;") && said.contains("--only links"), "{said}");
    assert!(said.contains("Checked signals"), "{said}");
    let said = refused(&["ledger", "rebuild", "--chain", id], &store);
    assert!(said.contains("name the files") && said.contains("--rpc"), "{said}");
    let said = refused(&["ledger", "rebuild", "--chain", id, "--only", "moons"], &store);
    assert!(said.contains("links, signals and clusters"), "{said}");
    let other = made.join(chains["chains"][1]["folder"].as_str().unwrap());
    refused(&["ledger", "rebuild", path(&other), "--chain", id], &store);
    let rebuilt = json_of(&[&["ledger", "rebuild", path(&folder)][..], &options].concat(), &store);
    assert_eq!(rebuilt["stores"].as_array().unwrap().len(), 3, "{rebuilt}");
    assert_eq!(json_of(&["accounts", "links", &tx, "--chain", id], &store), links);
    json_of(&["ledger", "check", "--chain", id], &store);
    let said =
        run(holdfast().args(["ledger", "rebuild", "--only", "clusters", "--chain", id, "--store", path(&store)]));
    assert!(said.contains("clusters"), "{said}");
}

/// Waits until the server has the node's tip; returns its summary.
fn until_at_tip(desk: &Desk, node: &local_node::Anvil) -> Value {
    let began = Instant::now();
    loop {
        let (height, hash) = node.node.tip(holdfast_evm::node::Tag::Latest).unwrap();
        let chains = get(desk, "/api/v1/account-chains");
        if (&chains[0]["tip_height"], &chains[0]["tip_hash"]) == (&json!(height), &json!(hash.to_string())) {
            return chains[0].clone();
        }
        assert!(began.elapsed() < Duration::from_secs(60), "not followed to {height}: {chains}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_server_follows_a_real_node_through_reorganizations_and_kills() {
    let Some(node) = local_node::anvil("prague") else { return };
    let scene = local_node::play(&node);
    let id = node.node.chain().id().to_string();
    let dir = tempfile::tempdir().unwrap();
    let (store, file) = (dir.path().join("store"), dir.path().join("chains.yaml"));
    let entry = format!(
        "chains:\n  - chain: {id}\n    rpc: {}\n    poll_seconds: 0.1\n    from_height: 1\n    wrappers: [\"{}\"]\n",
        node.url, scene.wrapper
    );
    std::fs::write(&file, entry).unwrap();
    let start = || -> (Running, String) {
        let mut serve = holdfast();
        serve.args(["serve", "--store", path(&store), "--listen", "127.0.0.1:0", "--open", "--network", "regtest"]);
        serving(serve.args(["--chains", path(&file)]))
    };
    let (process, url) = start();
    let mut desk = Desk { process, url, dir };
    let summary = until_at_tip(&desk, &node);
    assert!(summary["gaps"].to_string().contains("blocks begin at 1"), "{summary}");
    let (_, health) = desk.ask("GET", "/health/ready", &[], None);
    assert!(health.to_string().contains(&format!("node:{id}")), "{health}");

    // Commands answer by the server; the books are the node's.
    let holder = node.accounts()[1];
    let report = json_of(&["accounts", "address", &holder.to_string()], &store);
    let held = report["balances"].as_array().unwrap();
    let token = held.iter().find(|b| b["id"].as_str().unwrap().ends_with(&format!("{:#x}", scene.fee_token))).unwrap();
    let account = holdfast_types::AccountId::evm(holder.into_array());
    let expected = node.token_balance(&holdfast_types::AccountId::evm(scene.fee_token.into_array()), &account);
    assert_eq!((&token["moved"], &token["opening"]), (&json!(expected.to_string()), &json!("unknown")), "{report}");

    // The server makes the evidence of a trace, with proofs that its node gives.
    let file = desk.dir.path().join("evidence.tar");
    let bundle = ["trace", &scene.sent[1].hash, "--chain", &id, "--max-hops", "2", "--bundle", path(&file)];
    run(holdfast().args(bundle).args(["--store", path(&store)]));
    let verified = run(holdfast().args(["verify", path(&file)]));
    assert!(verified.contains("receipts are proved"), "{verified}");

    // Killed at once in the middle of following, while the chain is reorganized.
    node.mine();
    desk.process.0.kill().unwrap();
    desk.process.0.wait().unwrap();
    node.call("anvil_reorg", json!([2, []]));
    node.mine();
    (desk.process, desk.url) = start();
    until_at_tip(&desk, &node);
    node.call("anvil_reorg", json!([3, []]));
    until_at_tip(&desk, &node);
    let event = json!({"id": "d1", "time": 1_780_000_000, "kind": "deposit", "customer": "c1", "asset": token["id"], "amount": "1000",
        "value": 100, "tx": scene.sent[1].hash, "address": holder.to_string()});
    let (status, decision) = desk.ask("POST", "/api/v1/events", &[], Some(&event));
    assert_eq!(status, 200, "{decision}");
    assert_ne!(decision["decision"], "allow", "what is not computed is not safe: {decision}");
    desk.process.0.kill().unwrap();
    desk.process.0.wait().unwrap();
    let checked = json_of(&["ledger", "check", "--chain", &id], &store);
    assert_eq!(checked["problems"], json!([]));
    let chain = holdfast_types::ChainId::parse(&id).unwrap();
    let workspace =
        holdfast_account_workspace::AccountWorkspace::open(&store, &chain, std::sync::Arc::default()).unwrap();
    let tip = workspace.ledger.tip().unwrap().map(|tip| (tip.height, tip.hash));
    assert_eq!((workspace.links().tip().unwrap(), workspace.signals().tip().unwrap()), (tip, tip));
    assert!(workspace.links().counts().records > 0, "wraps were found");
}

#[test]
fn an_entry_of_an_account_chain_that_is_wrong_is_refused_by_its_cause() {
    let dir = tempfile::tempdir().unwrap();
    let (store, file) = (dir.path().join("store"), dir.path().join("chains.yaml"));
    for (entries, cause) in [
        ("  - chain: ethereum\n  - chain: eip155:1\n", "eip155:1 is there twice"),
        ("  - chain: moon\n", "moon"),
        ("  - chain: ethereum\n    pasword: b\n", "unknown field `pasword`"),
        ("  - chain: ethereum\n    rpc: http://127.0.0.1:9\n    assets: [NONE]\n", "'NONE' names no asset"),
        ("  - chain: solana:x\n    rpc: http://127.0.0.1:9\n", "not read here"),
        ("  - chain: tron\n", "tron_mainnet"),
        ("  - chain: ethereum\n    blocks: [/nowhere/at/all]\n", "/nowhere/at/all"),
    ] {
        std::fs::write(&file, format!("chains:\n{entries}")).unwrap();
        let mut serve = holdfast();
        serve.args(["serve", "--open", "--listen", "127.0.0.1:0", "--store", path(&store), "--chains", path(&file)]);
        let ended = serve.output().unwrap();
        assert!(!ended.status.success() && words(&ended).contains(cause), "{entries}: {}", words(&ended));
    }
}
