//! Labs are solved with Holdfast's own commands, as a learner would; a learner passes in the browser's pages and gets a certificate that
//! verifies. The tests look at no ground truth.

mod common;

use common::{
    Desk, Running, agent, free_port, have, have_peer, holdfast, path, peers, run, serving, small_store, words,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// A task made of a seed, solved offline.
struct Task {
    lab: &'static str,
    seed: u64,
    dir: tempfile::TempDir,
    brief: String,
    steps: Vec<Value>,
}

impl Task {
    fn new(lab: &'static str, seed: u64) -> Task {
        let dir = tempfile::tempdir().unwrap();
        let made = run(holdfast()
            .args(["academy", "labs", "make", lab, "--seed", &seed.to_string(), "--out"])
            .arg(dir.path().join("task"))
            .arg("--json"));
        let made: Value = serde_json::from_str(&made).unwrap();
        Task {
            lab,
            seed,
            brief: made["brief"].as_str().unwrap().to_owned(),
            steps: made["steps"].as_array().unwrap().clone(),
            dir,
        }
    }

    fn out(&self) -> PathBuf {
        self.dir.path().join("task")
    }

    fn store(&self) -> String {
        path(&self.out().join("store")).to_owned()
    }

    fn question(&self, step: &str) -> &str {
        self.steps.iter().find(|s| s["id"] == step).unwrap()["question"].as_str().unwrap()
    }

    fn options(&self, step: &str) -> Vec<String> {
        let found = self.steps.iter().find(|s| s["id"] == step).unwrap();
        found["options"].as_array().unwrap().iter().map(|o| o.as_str().unwrap().to_owned()).collect()
    }

    /// What stands between backquotes in a text.
    fn quoted(text: &str) -> Vec<String> {
        text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    }

    fn ask(&self, arguments: &[&str]) -> Value {
        let text = run(holdfast().args(arguments).args(["--store", &self.store(), "--json"]));
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{arguments:?}: {e}: {text}"))
    }

    /// Answers a step; it must be right.
    fn solve(&self, step: &str, answer: &str) {
        let seed = self.seed.to_string();
        let output =
            holdfast().args(["academy", "labs", "check", self.lab, "--seed", &seed, step, answer]).output().unwrap();
        assert!(output.status.success(), "{} seed {} {step}: {answer}: {}", self.lab, self.seed, words(&output));
    }
}

/// Seeds to try; `LAB_SEEDS=200` tries more.
fn seeds(usual: u64) -> std::ops::Range<u64> {
    let most = std::env::var("LAB_SEEDS").ok().and_then(|n| n.parse().ok());
    1..most.unwrap_or(usual)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn sat(value: &Value) -> String {
    format!("{} sat", value.as_u64().unwrap())
}

#[test]
fn follow_a_ransom() {
    for seed in seeds(4) {
        let task = Task::new("follow-a-ransom", seed);
        let note = Task::quoted(&task.brief)[0].clone();
        let receipt = task.ask(&["show", &note])["receipts"][0].clone();
        task.solve("payment", &text(&receipt["txid"]));
        task.solve("amount", &sat(&receipt["value"]));
        let gathering = text(&receipt["spent_by"]);
        task.solve("gathering", &gathering);
        let gathered = task.ask(&["show", &gathering]);
        task.solve("victims", &gathered["inputs"].as_array().unwrap().len().to_string());
        let peel = task.ask(&["show", &text(&gathered["outputs"][0]["other"])]);
        let slice = peel["outputs"].as_array().unwrap().iter().min_by_key(|o| o["value"].as_u64()).unwrap();
        task.solve("service", &text(&slice["label"]));
        task.solve("account", &text(&slice["address"]));
    }
}

#[test]
fn peel_chain() {
    for seed in seeds(4) {
        let task = Task::new("peel-chain", seed);
        let start = Task::quoted(&task.brief).into_iter().find(|q| q.len() > 65 && q.contains(':')).unwrap();
        // A trace of the stolen output lists its peel chains; the longest begins with the first spend.
        let trace = task.ask(&["trace", &start, "--policy", "poison", "--max-hops", "60"]);
        let chains = trace["peel_chains"].as_array().unwrap();
        let chain = chains.iter().max_by_key(|c| c[0].as_array().unwrap().len()).unwrap();
        let txs: Vec<String> = chain[0].as_array().unwrap().iter().map(text).collect();
        let (mut total, mut services, mut rest) = (0, BTreeSet::new(), String::new());
        for tx in &txs {
            let shown = task.ask(&["show", tx]);
            let outputs = shown["outputs"].as_array().unwrap();
            let slice = outputs.iter().min_by_key(|o| o["value"].as_u64()).unwrap();
            let larger = outputs.iter().max_by_key(|o| o["value"].as_u64()).unwrap();
            total += slice["value"].as_u64().unwrap();
            services.insert(text(&slice["label"]));
            rest = text(&larger["address"]);
        }
        task.solve("first", &txs[0]);
        task.solve("length", &txs.len().to_string());
        task.solve("last", txs.last().unwrap());
        task.solve("peeled", &format!("{total} sat"));
        task.solve("receivers", &Vec::from_iter(services).join(", "));
        task.solve("rest", &rest);
    }
}

#[test]
fn tell_a_coinjoin() {
    for seed in seeds(4) {
        let task = Task::new("tell-a-coinjoin", seed);
        let joins: Vec<(String, Value)> = task
            .options("coinjoins")
            .into_iter()
            .map(|t| (t.clone(), task.ask(&["show", &t])))
            .filter(|(_, shown)| shown["coinjoin"].is_string())
            .collect();
        task.solve("coinjoins", &joins.iter().map(|j| j.0.as_str()).collect::<Vec<_>>().join(", "));
        let asked = Task::quoted(task.question("kind"))[0].clone();
        let (_, shown) = joins.iter().find(|j| j.0 == asked).unwrap();
        task.solve("kind", &text(&shown["coinjoin"]));
        let values: Vec<u64> =
            shown["outputs"].as_array().unwrap().iter().filter_map(|o| o["value"].as_u64()).collect();
        let most = values.iter().map(|v| values.iter().filter(|o| *o == v).count()).max().unwrap();
        task.solve("anonymity", &most.to_string());
        task.solve("merge", "no");
        let batch = Task::quoted(task.question("batch"))[0].clone();
        assert!(joins.iter().all(|j| j.0 != batch));
        task.solve("batch", "yes");
    }
}

#[test]
fn one_owner() {
    for seed in seeds(4) {
        let task = Task::new("one-owner", seed);
        let addresses = Task::quoted(&task.brief);
        let joined: Vec<String> = task
            .options("pairs")
            .into_iter()
            .enumerate()
            .filter(|(i, _)| task.ask(&["explain", &addresses[2 * i], &addresses[2 * i + 1]])["joined"] == true)
            .map(|(_, name)| name)
            .collect();
        task.solve("pairs", &joined.join(", "));
        let asked = Task::quoted(task.question("proof"));
        let steps = task.ask(&["explain", &asked[0], &asked[1]])["steps"].clone();
        task.solve("proof", &text(&steps[0]["txid"]));
        let asked = Task::quoted(task.question("size"));
        task.solve("size", &task.ask(&["show", &asked[0]])["entity"]["addresses"].to_string());
    }
}

#[test]
fn real_blocks() {
    for seed in seeds(4) {
        real_blocks_of(seed);
    }
}

fn real_blocks_of(seed: u64) {
    let task = Task::new("real-blocks", seed);
    let output_of = |step: &str| {
        let asked = task.question(step).to_owned();
        let number: String = asked.split("output ").nth(1).unwrap().chars().take_while(char::is_ascii_digit).collect();
        let txid = Task::quoted(&asked).into_iter().find(|q| q.len() == 64).unwrap();
        task.ask(&["show", &txid])["outputs"][number.parse::<usize>().unwrap()].clone()
    };
    task.solve("name", &text(&output_of("name")["label"]));
    let asked = task.question("address");
    let amount = asked
        .split(' ')
        .find(|w| w.contains('.'))
        .or_else(|| asked.split(' ').find(|w| w.parse::<u64>().is_ok()))
        .unwrap();
    let wanted = (amount.parse::<f64>().unwrap() * 1e8).round() as u64;
    let shown = task.ask(&["show", &Task::quoted(asked)[0]]);
    let paid = shown["outputs"]
        .as_array()
        .unwrap()
        .iter()
        .find(|o| o["value"].as_u64() == Some(wanted) && o["label"].is_string())
        .unwrap();
    task.solve("address", &text(&paid["address"]));
    let asked = Task::quoted(task.question("category"))[0].clone();
    task.solve("category", &text(&task.ask(&["show", &asked])["tags"][0]["category"]));
    let asked = Task::quoted(task.question("paid"))[0].clone();
    let total: u64 =
        task.ask(&["show", &asked])["outputs"].as_array().unwrap().iter().filter_map(|o| o["value"].as_u64()).sum();
    task.solve("paid", &format!("{total} sat"));
    let abuse = output_of("abuse");
    task.solve("abuse", &sat(&abuse["value"]));
    task.solve("who", &text(&abuse["label"]));
}

#[test]
fn the_pack_alone_is_enough() {
    // A pack fetched from the pages is read in by the usual commands.
    let task = Task::new("real-blocks", 1);
    let store = task.dir.path().join("own");
    let blocks: Vec<PathBuf> =
        std::fs::read_dir(task.out().join("blocks")).unwrap().map(|e| e.unwrap().path()).collect();
    run(holdfast().arg("ingest").args(&blocks).args(["--ledger", path(&store.join("ledger"))]));
    run(holdfast().args(["tags", "import"]).arg(task.out().join("tags")).args(["--store", path(&store)]));
    let asked = Task::quoted(task.question("paid"))[0].clone();
    assert!(run(holdfast().args(["show", &asked, "--store", path(&store)])).contains(&asked));
    let task = Task::new("follow-a-ransom", 1);
    let store = task.dir.path().join("own");
    run(holdfast().arg("ingest").arg(task.out().join("blocks")).args([
        "--network",
        "regtest",
        "--ledger",
        path(&store.join("ledger")),
    ]));
    run(holdfast().args(["tags", "import"]).arg(task.out().join("tags")).args(["--store", path(&store)]));
    let note = Task::quoted(&task.brief)[0].clone();
    let (own, made) =
        (run(holdfast().args(["show", &note, "--store", path(&store), "--json"])), task.ask(&["show", &note]));
    assert_eq!(serde_json::from_str::<Value>(&own).unwrap(), made);
}

#[test]
fn freeze_request() {
    for seed in seeds(6) {
        let task = Task::new("freeze-request", seed);
        let template = std::fs::read_to_string(task.out().join("template.json")).unwrap();
        let mut draft: Value = serde_json::from_str(&template).unwrap();
        let request = &mut draft["request"];
        let quoted = Task::quoted(&task.brief);
        let bold: Vec<String> = task.brief.split("**").skip(1).step_by(2).map(str::to_owned).collect();
        let email = task.brief.split('(').nth(1).unwrap().split(')').next().unwrap();
        let country = task.brief.split("country ").nth(1).unwrap().split('.').next().unwrap();
        request["officer"] = json!({"name": bold[0], "email": email, "agency": bold[1], "country": country});
        request["kind"] = json!("freeze");
        request["reference"] = json!(quoted[0]);
        let (process, states) = match &task.brief {
            b if b.contains("restraining order") => ("us.restraining-order", vec!["judge"]),
            b if b.contains("treaty") => ("mlat", vec!["central_authority"]),
            b if b.contains("own country") => ("domestic.court-order", vec!["judge"]),
            _ => ("police.freeze", vec![]),
        };
        (request["process"], request["states"]) = (json!(process), json!(states));
        // Quoted: reference, the thief's wallet, the deposit address, the transaction.
        let (deposit, paid) = (&quoted[2], &quoted[3]);
        request["targets"] = json!([{"kind": "address", "value": deposit, "asset": "BTC"}, {"kind": "transaction", "value": paid, "asset": "BTC"}]);
        let amount = task.brief.split("A trace shows that ").nth(1).unwrap().split(' ').next().unwrap();
        request["statement"] = json!(format!("{amount} BTC stolen in our case came by {paid}."));
        let file = task.dir.path().join("draft.json");
        std::fs::write(&file, draft.to_string()).unwrap();
        let said: Value =
            serde_json::from_str(&run(holdfast().args(["desk", "review", path(&file), "--json"]))).unwrap();
        assert_eq!(said["judgement"]["may_be_granted"], true, "{said}");
        task.solve("kind", "freeze");
        task.solve("draft", &format!("@{}", path(&file)));
        // What is missing is said, without the rest being lost.
        let mut short = draft.clone();
        short["request"]["targets"].as_array_mut().unwrap().pop();
        std::fs::write(&file, short.to_string()).unwrap();
        let seed = seed.to_string();
        let graded = holdfast()
            .args(["academy", "labs", "check", "freeze-request", "--seed", &seed, "draft"])
            .arg(format!("@{}", path(&file)))
            .arg("--json")
            .output()
            .unwrap();
        assert!(!graded.status.success());
        let graded: Value = serde_json::from_slice(&graded.stdout).unwrap();
        assert!(graded["credit"].as_u64().unwrap() > 700, "{graded}");
        assert!(
            graded["feedback"]
                .as_array()
                .unwrap()
                .iter()
                .any(|f| text(f).contains("1 targets of the facts are missing")),
            "{graded}"
        );
    }
}

#[test]
fn forged_requests() {
    for seed in seeds(9) {
        let task = Task::new("forged-requests", seed);
        let mut stopped = Vec::new();
        for name in task.options("stop") {
            let file = task.out().join(&name);
            let said: Value =
                serde_json::from_str(&run(holdfast().args(["desk", "review", path(&file), "--json"]))).unwrap();
            if said["suspicion"]["stops"] == true {
                stopped.push((name, text(&said["suspicion"]["signs"][0]["sign"])));
            }
        }
        task.solve("stop", &stopped.iter().map(|s| s.0.as_str()).collect::<Vec<_>>().join(", "));
        for step in ["first", "second", "third"] {
            let asked = task.question(step);
            let (_, sign) = stopped.iter().find(|(name, _)| asked.contains(name.as_str())).unwrap();
            task.solve(step, sign);
        }
        task.solve("next", "Call the agency on a number that you find yourself");
    }
}

#[test]
fn name_the_typology() {
    for seed in seeds(4) {
        name_the_typology_of(seed);
    }
}

fn name_the_typology_of(seed: u64) {
    let task = Task::new("name-the-typology", seed);
    let store = task.dir.path().join("exchange");
    run(holdfast().args(["records", "import"]).arg(task.out().join("records.jsonl")).args(["--store", path(&store)]));
    let screened = holdfast()
        .arg("screen")
        .arg(task.out().join("events.jsonl"))
        .args(["--no-ledger", "--store", path(&store), "--json"])
        .output()
        .unwrap();
    let lines = String::from_utf8(screened.stdout).unwrap();
    let decisions: Vec<Value> =
        serde_json::Deserializer::from_str(&lines).into_iter::<Value>().map(Result::unwrap).collect();
    let events = std::fs::read_to_string(task.out().join("events.jsonl")).unwrap();
    let of: std::collections::HashMap<String, String> = events
        .lines()
        .map(|l| serde_json::from_str::<Value>(l).unwrap())
        .map(|e| (text(&e["id"]), text(&e["customer"])))
        .collect();
    let decisions: Vec<&Value> =
        decisions.iter().flat_map(|d| d.as_array().map_or(vec![d], |a| a.iter().collect())).collect();
    assert!(!decisions.is_empty(), "{}", String::from_utf8_lossy(&screened.stderr));
    for step in ["first", "second", "third", "fourth", "clean"] {
        let customer = Task::quoted(task.question(step))[0].clone();
        let found: BTreeSet<String> = decisions
            .iter()
            .filter(|d| of.get(&text(&d["event"])) == Some(&customer))
            .flat_map(|d| d["findings"].as_array().cloned().unwrap_or_default())
            .map(|f| text(&f["typology"]))
            .filter(|t| task.options(step).contains(t))
            .collect();
        task.solve(step, found.first().map_or("nothing", String::as_str));
    }
}

#[test]
fn seed_on_a_disk() {
    for seed in seeds(4) {
        let task = Task::new("seed-on-a-disk", seed);
        let (store, out) = (task.dir.path().join("desk"), task.dir.path().join("out"));
        let scanned = run(holdfast()
            .args(["evidence", "scan"])
            .arg(task.out().join("disk.img"))
            .args(["--open-case", "LAB", "--store", path(&store), "--json", "--out"])
            .arg(&out));
        let scanned: Value = serde_json::from_str(&scanned).unwrap();
        let findings = scanned["report"]["findings"].as_array().unwrap();
        let phrases: Vec<&Value> = findings.iter().filter(|f| f["kind"] == "bip39").collect();
        task.solve("valid", &phrases.len().to_string());
        task.solve("offset", &phrases[0]["offset"].to_string());
        let secrets = run(holdfast().args(["evidence", "secrets"]).arg(&out).args([
            "--case",
            "1",
            "--store",
            path(&store),
            "--json",
        ]));
        let secrets: Value = serde_json::from_str(&secrets).unwrap();
        let phrase = text(&secrets[text(&phrases[0]["value"])]);
        task.solve("words", &phrase.split(' ').count().to_string());
        let derived = scanned["derived"].as_array().unwrap();
        let at = |path: &str| text(&derived.iter().find(|d| d["path"] == path).unwrap()["address"]);
        task.solve("segwit", &at("m/84'/0'/0'/0/0"));
        task.solve("evm", &at("m/44'/60'/0'/0/0"));
        let noted = findings.iter().find(|f| f["kind"] == "address").unwrap();
        task.solve("noted", &text(&noted["value"]));
    }
}

#[test]
fn at_the_scene() {
    for seed in seeds(6) {
        let task = Task::new("at-the-scene", seed);
        let (store, out) = (task.dir.path().join("desk"), task.dir.path().join("out"));
        let scanned = run(holdfast()
            .args(["evidence", "scan"])
            .arg(task.out().join("laptop"))
            .arg(task.out().join("photos"))
            .args(["--open-case", "LAB", "--store", path(&store), "--json", "--out"])
            .arg(&out));
        let scanned: Value = serde_json::from_str(&scanned).unwrap();
        let findings = scanned["report"]["findings"].as_array().unwrap();
        let of =
            |kind: &str| findings.iter().find(|f| f["kind"] == kind).unwrap_or_else(|| panic!("{kind}: {scanned}"));
        let trace = text(&of("trace")["value"]);
        let device = task
            .options("device")
            .into_iter()
            .filter(|d| trace.starts_with(d.as_str()))
            .max_by_key(String::len)
            .unwrap();
        task.solve("device", &device);
        task.solve("card", &text(&of("address")["value"]));
        assert!(text(&of("bip39_partial")["detail"]).contains("12 words"), "{scanned}");
        task.solve("note", "a BIP39 phrase");
        let note = std::fs::read_to_string(task.out().join("photos/note.txt")).unwrap();
        let missing = note.lines().position(|l| l.ends_with('?')).unwrap() + 1;
        task.solve("unreadable", &missing.to_string());
        task.solve("device-found", &task.options("device-found")[1]);
        task.solve("mover", "Anybody who holds a copy of the words");
    }
}

/// A learning record store, and the URL of its endpoint.
fn ralph(dir: &Path) -> (Running, String) {
    let bin = peers().join("lrs/bin");
    let hash = run(Command::new(bin.join("python"))
        .args(["-c", "import bcrypt; print(bcrypt.hashpw(b'secret', bcrypt.gensalt(4)).decode())"]));
    let user = json!([{"username": "holdfast", "hash": hash.trim(), "scopes": ["all"], "agent": {"mbox": "mailto:holdfast@example.org"}}]);
    std::fs::write(dir.join("auth.json"), user.to_string()).unwrap();
    std::fs::create_dir(dir.join("statements")).unwrap();
    let port = free_port();
    let mut command = Command::new(bin.join("uvicorn"));
    command.args(["ralph.api:app", "--port", &port.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
    command
        .env("RALPH_APP_DIR", dir)
        .env("RALPH_AUTH_FILE", dir.join("auth.json"))
        .env("RALPH_RUNSERVER_BACKEND", "fs");
    command.env("RALPH_BACKENDS__LRS__FS__DEFAULT_DIRECTORY_PATH", dir.join("statements")).current_dir(dir);
    let process = Running(command.spawn().unwrap());
    let url = format!("http://127.0.0.1:{port}/xAPI");
    for _ in 0..300 {
        if agent().get(format!("{url}/statements")).call().is_ok() {
            return (process, url);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("the learning record store does not answer");
}

/// A trainer plans, a learner enters, solves a lab on the lab's own pages and gets a certificate, all in a real browser; the certificate
/// verifies with `holdfast verify` and with an independent library, and the results reach a learning record store.
#[test]
fn a_learner_passes_a_lab_and_gets_a_certificate_that_verifies() {
    if !have("chromium") || !have_peer("venv/bin/playwright") || !have_peer("lrs/bin/uvicorn") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let store = small_store(dir.path());
    let (process, url) =
        serving(holdfast().args(["serve", "--open", "--store", path(&store), "--listen", "127.0.0.1:0"]));
    let desk = Desk { process, url, dir };
    let (_, admin, _) = desk.key("admin", &["admin"], "");
    let trainer = desk.key("trainer", &["academy"], &admin).1;
    let script = |name: &str| format!("{}/tests/peers/{name}", env!("CARGO_MANIFEST_DIR"));
    let python = peers().join("venv/bin/python");
    let output = Command::new(&python)
        .args([&script("learner.py"), &desk.url, &trainer, path(desk.dir.path())])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", words(&output));
    let learner = words(&output).lines().find_map(|l| l.strip_prefix("key ").map(str::to_owned)).unwrap();

    // What the API says is what the pages said.
    let bearer = format!("Bearer {learner}");
    let (status, me) = desk.ask("GET", "/api/v1/learn/me", &[("Authorization", &bearer)], None);
    assert_eq!(
        (status, me["labs"][0][1]["passed"].clone(), me["labs"][0][1]["score"].clone()),
        (200, json!(true), json!(960))
    );
    let attempt = me["labs"][0][1]["attempt"].clone();
    let at = format!("/api/v1/learn/attempts/{attempt}/answers");
    assert_eq!(
        desk.ask("POST", &at, &[("Authorization", &bearer)], Some(&json!({"step": "amount", "answer": "1"}))).0,
        409,
        "the step is over"
    );
    assert_eq!(desk.ask("GET", "/api/v1/learn/me", &[("Authorization", "Bearer hl_1_00")], None).0, 401);
    let certificate = me["certificates"][0][0].as_str().unwrap().to_owned();
    let staff = format!("Bearer {trainer}");
    let (_, given) =
        desk.ask("GET", &format!("/api/v1/academy/certificates/{certificate}"), &[("Authorization", &staff)], None);
    let jwt = desk.dir.path().join("certificate.jwt");
    std::fs::write(&jwt, given["jwt"].as_str().unwrap()).unwrap();

    // Offline.
    let pdf = desk.dir.path().join("certificate.pdf");
    for file in [&pdf, &jwt] {
        let said = run(holdfast().args(["verify", path(file)]));
        assert!(said.contains("The certificate is valid") && said.contains("One lab for Ana Ruiz"), "{said}");
    }
    let mut changed = std::fs::read(&pdf).unwrap();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    let bad = desk.dir.path().join("changed.pdf");
    std::fs::write(&bad, changed).unwrap();
    assert!(!holdfast().args(["verify", path(&bad)]).output().unwrap().status.success());
    let said: Value =
        serde_json::from_str(&run(Command::new(&python).args([&script("badge.py"), path(&jwt)]))).unwrap();
    assert_eq!(said["name"], "One lab");

    // The statements reach a learning record store (OpenFun's Ralph).
    let (lrs, lrs_url) = ralph(desk.dir.path());
    let session = me["sessions"][0]["id"].to_string();
    drop(desk.process);
    let send = |password: &str| {
        let mut command = holdfast();
        command.args(["academy", "sessions", "xapi", &session, "--to", &lrs_url, "--user", "holdfast", "--json"]);
        command.args(["--store", path(&store)]).env("HOLDFAST_LRS_PASSWORD", password).output().unwrap()
    };
    let sent = send("secret");
    assert!(sent.status.success(), "{}", words(&sent));
    let sent: Value = serde_json::from_slice(&sent.stdout).unwrap();
    assert!(sent["sent"].as_u64().unwrap() >= 10, "{sent}");
    assert!(!send("wrong").status.success());
    let basic = ("Authorization", "Basic aG9sZGZhc3Q6c2VjcmV0");
    let mut answer = agent()
        .get(format!("{lrs_url}/statements?limit=100"))
        .header(basic.0, basic.1)
        .header("X-Experience-API-Version", "1.0.3")
        .call()
        .unwrap();
    let kept: Value = answer.body_mut().read_json().unwrap();
    let verbs: BTreeSet<String> =
        kept["statements"].as_array().unwrap().iter().map(|s| text(&s["verb"]["display"]["en"])).collect();
    assert_eq!(verbs, ["answered", "attended", "completed", "passed", "registered"].map(str::to_owned).into());
    drop(lrs);
}

/// Labs without a chain are solved on their own pages too: the desk's review, the scan of the files, customers' events.
#[test]
fn labs_are_solved_on_their_pages() {
    let dir = tempfile::tempdir().unwrap();
    let store = small_store(dir.path());
    let (process, url) =
        serving(holdfast().args(["serve", "--open", "--store", path(&store), "--listen", "127.0.0.1:0"]));
    let desk = Desk { process, url, dir };
    let enrol = |course: &str| {
        let plan = json!({"course": course, "mode": "online", "country": "ES", "starts": 1_790_000_000, "ends": 1_790_000_000, "trainer": "t"});
        let (_, session) = desk.ask("POST", "/api/v1/academy/sessions", &[], Some(&plan));
        let at = format!("/api/v1/academy/sessions/{}/learners", session["id"]);
        let who = json!({"name": "Ana Ruiz", "email": "ana@policia.example", "agency": "Policia", "country": "ES"});
        (session["id"].clone(), desk.ask("POST", &at, &[], Some(&who)).1)
    };
    let ((wallets, enrolled), (requests, _)) = (enrol("wallets-at-a-scene"), enrol("asking-an-exchange"));
    let bearer = format!("Bearer {}", text(&enrolled["key"]));
    let headers = [("Authorization", bearer.as_str())];
    let begin = |lab: &str| {
        let session = if ["seed-on-a-disk", "at-the-scene"].contains(&lab) { &wallets } else { &requests };
        desk.ask("POST", &format!("/api/v1/learn/sessions/{session}/labs/{lab}"), &headers, None).1
    };
    let page = |place: &str| {
        let (status, page) = desk.ask("GET", place, &headers, None);
        assert_eq!(status, 200, "{page}");
        text(&page)
    };
    // What stands in table cells and list items, in order.
    let cells = |html: &str, tag: &str| -> Vec<String> {
        html.split(&format!("<{tag}"))
            .skip(1)
            .filter_map(|p| Some(p.split_once('>')?.1.split(&format!("</{tag}>")).next()?.to_owned()))
            .collect()
    };
    let answer = |view: &Value, step: &str, answer: &str| {
        let at = format!("/api/v1/learn/attempts/{}/answers", view["id"]);
        let (status, view) = desk.ask("POST", &at, &headers, Some(&json!({"step": step, "answer": answer})));
        assert_eq!(status, 200, "{view}");
        let found = view["steps"].as_array().unwrap().iter().find(|s| s["id"] == step).unwrap().clone();
        assert_eq!(found["right"], true, "{step} {answer}: {found}");
    };

    let view = begin("forged-requests");
    let tool = format!("/academy/attempts/{}/tool", view["id"]);
    let mut stopped = Vec::new();
    for i in 1..=6 {
        let html = page(&format!("{tool}?file=request-{i}.json"));
        if html.contains("Signs of forgery stop it.") {
            let signs = html.split("<ul class=\"signs\">").nth(1).unwrap();
            stopped.push((format!("request-{i}.json"), cells(signs, "strong")[0].clone()));
        }
    }
    answer(&view, "stop", &stopped.iter().map(|s| s.0.as_str()).collect::<Vec<_>>().join(", "));
    for (step, (_, sign)) in ["first", "second", "third"].iter().zip(&stopped) {
        answer(&view, step, sign);
    }

    let view = begin("seed-on-a-disk");
    let html = page(&format!("/academy/attempts/{}/tool", view["id"]));
    let all = cells(&html, "td");
    let row = all.chunks(5).find(|r| r[2] == "bip39").unwrap();
    answer(&view, "offset", &row[1]);
    answer(&view, "words", &row[3].split(' ').count().to_string());
    for (step, path) in [("segwit", "m/84'/0'/0'/0/0"), ("evm", "m/44'/60'/0'/0/0")] {
        let at = all.iter().position(|c| c.replace("&#39;", "'").replace("&#x27;", "'") == path).unwrap();
        answer(&view, step, &all[at + 2]);
    }

    let view = begin("at-the-scene");
    let html = page(&format!("/academy/attempts/{}/tool", view["id"]));
    let all = cells(&html, "td");
    answer(&view, "card", &all.chunks(5).find(|r| r[2] == "address").unwrap()[3]);
    assert!(html.contains("bip39_partial"));

    let view = begin("name-the-typology");
    for step in ["first", "second", "third", "fourth", "clean"] {
        let found = view["steps"].as_array().unwrap().iter().find(|s| s["id"] == step).unwrap();
        let customer = Task::quoted(found["question"].as_str().unwrap())[0].clone();
        let html = page(&format!("/academy/attempts/{}/tool?customer={customer}", view["id"]));
        let options: Vec<String> = found["options"].as_array().unwrap().iter().map(text).collect();
        let pattern = cells(html.split("<h2>").next().unwrap(), "strong").into_iter().find(|p| options.contains(p));
        answer(&view, step, pattern.as_deref().unwrap_or("nothing"));
    }

    // A draft is looked at before it is sent.
    let view = begin("freeze-request");
    let html = page(&format!("/academy/attempts/{}/tool", view["id"]));
    assert!(html.contains("class=\"error\""), "the empty form is no request yet: {html}");
    assert_eq!(
        desk.ask("GET", &format!("/academy/attempts/{}/tool", view["id"]), &[], None).0,
        200,
        "sent to the entrance"
    );
}
