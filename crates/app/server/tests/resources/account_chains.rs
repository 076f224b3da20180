//! Account chains: what each holds, addresses, transfers, transactions, blocks, assets; over a desk with two of them.

use holdfast_account_ledger::Settings;
use holdfast_account_workspace::AccountWorkspace;
use holdfast_simulate_accounts::Options;
use holdfast_testing::blocks::{empty_block, one_transfer, transfer};
use holdfast_testing::{START, SimulatedAccounts};
use holdfast_testing_app::{Call, TestApp};
use holdfast_types::{AccountId, Address, ChainId, TokenRef};
use serde_json::{Value, json};
use std::path::Path;

pub const USDT: &str = "0xdac17f958d2ee523a2206206994597c13d831ec7";
pub const USDT_ON_TRON: &str = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t";
pub const HOLDER: &str = "0x0202020202020202020202020202020202020202";

/// A chain whose only transaction pays account 2 a million base units of a token.
pub fn chain(dir: &Path, id: &str, token: &str) -> AccountWorkspace {
    let chain = ChainId::parse(id).unwrap();
    let mut workspace =
        AccountWorkspace::create_or_open(dir, &Settings::new(chain.clone()), Default::default()).unwrap();
    let token = TokenRef::Fungible(AccountId::try_from(&Address::read(token)).unwrap());
    let paid = one_transfer(&chain, 1, [7; 32], transfer(token, None, 2, 1_000_000));
    for block in [empty_block(&chain, 0), paid] {
        workspace.ledger.append_block(block).unwrap();
    }
    workspace
}

fn desk() -> TestApp {
    TestApp::with_account_chains(|dir| vec![chain(dir, "eip155:1", USDT), chain(dir, "tron:mainnet", USDT_ON_TRON)])
}

/// Calls every operation, and returns the calls.
pub fn calls() -> Vec<Call> {
    let app = desk();
    let wallet = app.as_role("screener");
    let get = |path: &str| wallet.get(&format!("/api/v1/account-chains{path}")).ok();
    let chains = get("");
    assert_eq!(
        (&chains[0]["name"], &chains[1]["name"], &chains[0]["tip_height"]),
        (&json!("ethereum"), &json!("tron"), &json!(1))
    );
    let report = get(&format!("/address/{HOLDER}"));
    assert_eq!(
        (&report["chain"], &report["balances"][0]["balance"]),
        (&json!("eip155:1"), &json!("1000000")),
        "{report}"
    );
    assert!(report["gaps"].to_string().contains("claims of the node"), "{report}");
    assert_eq!(get(&format!("/address/{HOLDER}?height=0"))["balances"][0]["balance"], "0");
    let listed = get(&format!("/address/{HOLDER}/transfers?asset=USDT"));
    assert_eq!((&listed["transfers"][0]["direction"], &listed["next"]), (&json!("in"), &json!(null)), "{listed}");
    let out = get(&format!("/address/{HOLDER}/transfers?direction=out&order=newest&without_fees=true&to_height=9"));
    assert_eq!(out["transfers"], json!([]), "{out}");
    let hash = "07".repeat(32);
    let shown = get(&format!("/transaction/0x{hash}?chain=ethereum"));
    assert_eq!((&shown["transfers"][0]["asset"]["ticker"], &shown["transfer_count"]), (&json!("USDT"), &json!(1)));
    assert_eq!(get("/block/1?chain=tron")["transactions"], json!([hash]));
    assert_eq!(get("/assets?chain=tron")[0]["ticker"], "TRX");
    let asset = get(&format!("/asset?asset=eip155:1/erc20:{USDT}"));
    assert_eq!((&asset["backing"], &asset["supply"]), (&json!("backed"), &json!("1000000")), "{asset}");
    assert_eq!(get("/asset/transfers?asset=USDT&chain=tron")["transfers"][0]["amount"], "1000000");
    let frozen = get(&format!("/freezes?chain=ethereum&address={HOLDER}"));
    assert_eq!((&frozen["count"], &frozen["unread_proposals"]), (&json!(0), &json!(0)), "{frozen}");
    assert_eq!(get("/freezes?chain=tron&state=frozen")["chain"], "tron:mainnet");
    let of_issuer = get("/freezes?chain=ethereum&asset=USDT&issuer=Tether");
    assert_eq!((&of_issuer["totals"], &of_issuer["tip_height"]), (&json!([]), &json!(1)), "{of_issuer}");
    let contract = get(&format!("/address/{USDT}?chain=ethereum"));
    let kind = &contract["contract"]["kinds"][0];
    assert_eq!((&kind["kind"], &kind["rests_on"]), (&json!("token"), &json!("transfers")), "{contract}");
    assert!(report.get("contract").is_none() && report.get("freezes").is_none(), "{report}");
    let links = get(&format!("/links/{HOLDER}"));
    assert_eq!((&links["links"], &links["chain"]), (&json!([]), &json!("eip155:1")));
    assert!(links["gaps"].to_string().contains("links were not looked for"), "{links}");
    let alone = get(&format!("/cluster/{HOLDER}"));
    assert_eq!((&alone["size"], &alone["category"]), (&json!(1), &json!("unattributed")), "{alone}");
    assert_eq!(get(&format!("/explain/{HOLDER}/{HOLDER}"))["joined"], true);
    let exposure = get(&format!("/exposure/{HOLDER}?asset=USDT&chain=ethereum"));
    let source = &exposure["assets"][0]["source"];
    assert_eq!((&source["amount"], &source["unattributed"][0]["reason"]), (&json!("1000000"), &json!("made")));
    assert_eq!((&exposure["bounds"]["max_hops"], &source["unknown_ppm"]), (&json!(12), &json!(0)), "{exposure}");
    let trace = get(&format!("/trace?subject={HOLDER}&asset=USDT&chain=ethereum"));
    assert_eq!((&trace["balances"], &trace["books"][0]["found"]), (&json!(true), &json!("1000000")), "{trace}");
    assert_eq!((&trace["ends"][0]["kind"], &trace["start_count"]), (&json!("rests"), &json!(1)), "{trace}");
    // The proofs need blocks, which ledgers do not store: what is missing is named.
    let bundle = wallet.get(&format!("/api/v1/account-chains/trace/bundle?subject={HOLDER}&asset=USDT&chain=ethereum"));
    bundle.refused_with(409, "`rpc` or `blocks` of ethereum");
    let root = app.as_role("root");
    let refused = root.post("/api/v1/ledgers/ethereum/rebuild", json!({}));
    refused.refused_with(409, "`rpc` or `blocks` of ethereum");
    let paths = get(&format!("/paths?from=0x{hash}&to={HOLDER}&chain=ethereum"));
    assert_eq!(
        (&paths[0]["amount"], &paths[0]["steps"][0]["marked"]),
        (&json!("1000000"), &json!("1000000")),
        "{paths}"
    );
    [app.calls(), bundled().calls()].concat()
}

/// A desk that can read the blocks of its account chains again: a trace becomes a file that verifies.
fn bundled() -> TestApp {
    let sizes = Options { seed: 3, blocks: 30, users: 20, txs_per_block: 10, ..Options::default() };
    let mut payment = String::new();
    let app = TestApp::with_proofs(|dir| {
        let made = SimulatedAccounts::new(sizes, &dir.join("made"), &dir.join("accounts"));
        payment = made.transaction("payment", 1);
        (made.chains, made.sources)
    });
    let wallet = app.as_role("screener");
    let of = format!("subject={payment}&max_hops=2&policy=fifo");
    let answer = wallet.get(&format!("/api/v1/account-chains/trace/bundle?{of}"));
    answer.success();
    assert_eq!(answer.header("content-type"), "application/x-tar");
    assert!(answer.header("content-disposition").contains("trace.holdfast.tar"));
    let v = holdfast_account_evidence::verify(&answer.body, None);
    assert!(v.is_valid(), "{:#?}", v.failures);
    let trace = wallet.get(&format!("/api/v1/account-chains/trace?{of}")).ok();
    let stated = holdfast_account_evidence::stated_result(&answer.body).unwrap();
    assert_eq!(trace["movements"].as_array().unwrap().len(), stated.movements.len());
    // The page of the trace leads to the file.
    let chain = trace["starts"][0]["chain"].as_str().unwrap();
    let page = app.browser().sign_in("investigator").page(&format!("/accounts/{chain}/trace?{of}")).ok();
    let link = page.split("href=\"").find(|part| part.starts_with("/api/v1/account-chains/trace/bundle")).unwrap();
    let link = link.split('"').next().unwrap().replace("&amp;", "&");
    assert!(
        link.contains(&payment) && link.contains("policy=fifo") && link.contains(&chain.replace(':', "%3A")),
        "{link}"
    );
    wallet.get(&link).success();
    // A trace is saved in a case, while the case is open.
    let ana = app.as_person("ana", "investigator");
    let case =
        ana.post("/api/v1/desk/cases", json!({"title": "A theft", "summary": "Seen by us."})).ok()["id"].to_string();
    let at = format!("/api/v1/desk/cases/{case}");
    ana.post(&format!("{at}/account-traces?{of}"), Value::Null).ok();
    let file = ana.get(&at).ok();
    let saved = &file["items"][0];
    assert_eq!((&saved["kind"], &saved["key"]), (&json!("trace"), &json!(payment)), "{file}");
    assert_eq!(saved["body"]["movements"], trace["movements"], "{file}");
    ana.post(&format!("{at}/account-traces?subject=nonsense"), Value::Null).refused(400);
    ana.post(&at, json!({"step": "close", "reason": "handed over"})).ok();
    ana.post(&format!("{at}/account-traces?{of}"), Value::Null).refused(409);
    // Its page has a form for it.
    let browser = app.browser().sign_in("investigator");
    let name = chain.replace(':', "%3A");
    let page = browser.page(&format!("/accounts/{chain}/trace?{of}"));
    let to = format!("/accounts/{name}/trace/save");
    let to = if page.ok().contains(&format!("action=\"{to}\"")) { to } else { to.replace("%3A", ":") };
    let other = json!({"title": "Another one", "summary": "Seen too."});
    let other = app.as_role("investigator").post("/api/v1/desk/cases", other).ok()["id"].to_string();
    assert_eq!(page.form(&to).submit(&[("case", &other)]).status, 303);
    let file = app.as_role("investigator").get(&format!("/api/v1/desk/cases/{other}")).ok();
    assert_eq!((&file["items"][0]["kind"], &file["items"][0]["key"]), (&json!("trace"), &json!(payment)), "{file}");
    assert!(!app.browser().page(&format!("/accounts/{chain}/trace?{of}")).ok().contains("/trace/save"), "nobody's");
    ledgers(&app, chain);
    app
}

/// A ledger is checked, and what stands beside it is made anew, by jobs, through the API and the page.
fn ledgers(app: &TestApp, chain: &str) {
    let root = app.as_role("root");
    let at = format!("/api/v1/ledgers/{chain}");
    root.get(&format!("{at}/check")).refused_with(404, "was not checked yet");
    let links = |app: &TestApp| {
        let chain = app.shared.chains.accounts_named(chain).unwrap().snapshot();
        (chain.links().counts().records, chain.signals().counts().records, chain.ledger.counts().blocks)
    };
    let before = links(app);
    assert!(before.0 > 0 && before.1 > 0, "{before:?}");
    for (path, body, kind) in
        [("check", Value::Null, "ledger_check"), ("rebuild", json!({"only": ["links", "clusters"]}), "ledger_rebuild")]
    {
        let job = root.post(&format!("{at}/{path}"), body).ok();
        assert_eq!((&job["kind"], &job["key"], &job["state"]), (&json!(kind), &json!(chain), &json!("waiting")));
    }
    root.post(&format!("{at}/rebuild"), json!({"only": ["signals"]})).ok();
    root.post(&format!("{at}/rebuild"), json!({"only": ["headers"]})).refused(400);
    let runner = app.shared.start_jobs().unwrap();
    let waits = || {
        let jobs = root.get("/api/v1/jobs").ok();
        let of_ledgers = |j: &&Value| j["kind"].as_str().is_some_and(|kind| kind.starts_with("ledger_"));
        jobs.as_array().unwrap().iter().filter(of_ledgers).cloned().collect::<Vec<_>>()
    };
    let began = std::time::Instant::now();
    while waits().iter().any(|job| job["state"] != "done") {
        assert!(
            began.elapsed().as_secs() < 60 && waits().iter().all(|job| job["error"] == json!(null)),
            "{:?}",
            waits()
        );
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    drop(runner);
    assert_eq!(waits().len(), 2, "one rebuilding of all that was wanted");
    let found = root.get(&format!("{at}/check")).ok();
    assert_eq!(
        (&found["chain"], &found["problems"], found["blocks"].as_u64()),
        (&json!(chain), &json!([]), Some(before.2))
    );
    let stores: Vec<&str> = found["stores"].as_array().unwrap().iter().filter_map(|s| s["store"].as_str()).collect();
    assert_eq!(stores, ["links", "signals", "clusters"], "{found}");
    assert_eq!(links(app), before, "the same is found again");
    // The page shows it, and does the same.
    let admin = app.browser().sign_in("administrator");
    let name = app.shared.chains.accounts_named(chain).unwrap().snapshot().usual_name().replace(':', "%3A");
    let page = admin.page("/desk/jobs");
    assert!(page.ok().contains("0 problems"), "{}", page.ok());
    assert_eq!(page.form(&format!("/desk/ledgers/{name}/check")).submit(&[]).status, 303);
    assert_eq!(page.form(&format!("/desk/ledgers/{name}/rebuild")).submit(&[("clusters", "true")]).status, 303);
    assert_eq!(waits().iter().filter(|job| job["state"] == "waiting").count(), 2);
    let log = app.as_role("auditor").get("/api/v1/audit?limit=1000").ok().to_string();
    assert!(log.contains("ledger.check") && log.contains("ledger.rebuild"));
}

#[test]
fn account_chains_are_described() {
    assert!(calls().len() >= 12);
}

#[test]
fn traces_come_in_five_forms_and_refuse_what_they_do_not_know() {
    let app = desk();
    let wallet = app.as_role("screener");
    let trace = |rest: &str| {
        wallet.get(&format!("/api/v1/account-chains/trace?subject={HOLDER}&chain=ethereum&policy=fifo{rest}"))
    };
    for (format, part) in
        [("table", "Balanced fifo trace"), ("graphviz", "digraph"), ("mermaid", "flowchart"), ("html", "<svg")]
    {
        let shown = trace(&format!("&format={format}")).text();
        assert!(shown.contains(part) && shown.contains("1 USDT"), "{shown}");
    }
    trace("&format=pdf").refused_with(400, "unknown format");
    trace("&asset=nonsense").refused_with(400, "nonsense");
    let bundle = |rest: &str| {
        wallet.get(&format!("/api/v1/account-chains/trace/bundle?subject={HOLDER}&chain=ethereum&policy=fifo{rest}"))
    };
    bundle("&asset=nonsense").refused_with(400, "nonsense");
    bundle("&max_edges=99999999").refused_with(400, "max_edges");
    trace("&max_edges=99999999").refused_with(400, "max_edges");
    let hash = format!("0x{}", "07".repeat(32));
    wallet.get(&format!("/api/v1/account-chains/trace?subject={hash}")).refused_with(400, "ethereum, tron");
    let nobody = "0x0909090909090909090909090909090909090909";
    let paths = format!("/api/v1/account-chains/paths?from={HOLDER}&to={nobody}&chain=ethereum");
    wallet.get(&paths).refused_with(404, "is not in this ledger");
    wallet.get(&format!("/api/v1/account-chains/exposure/{nobody}?chain=ethereum")).refused(404);
}

#[test]
fn what_several_chains_have_is_named_and_never_picked() {
    let app = desk();
    let wallet = app.as_role("screener");
    let get = |path: &str| wallet.get(&format!("/api/v1/account-chains{path}"));
    for path in ["/block/1", "/asset?asset=USDT", "/assets", &format!("/transaction/{}", "07".repeat(32))] {
        get(path).refused_with(400, "ethereum, tron");
    }
    get("/block/1?chain=base").refused_with(400, "ethereum, tron");
    get("/block/9?chain=tron").refused_with(404, "block 9");
    get(&format!("/address/{HOLDER}/transfers?direction=sideways")).refused_with(400, "sideways");
    get(&format!("/address/{HOLDER}/transfers?order=largest")).refused_with(400, "largest");
    get("/address/0x02").refused(400);
    get("/freezes").refused_with(400, "ethereum, tron");
    get("/freezes?chain=tron&state=cold").refused(400);
    get("/freezes?chain=tron&address=0x02").refused(400);
    get(&format!("/address/{HOLDER}?height=7")).refused_with(404, "block 7");
    get(&format!("/links/{}", "09".repeat(32))).refused_with(400, "ethereum, tron");
    get(&format!("/links/0x{}?chain=ethereum", "09".repeat(32))).refused(404);
    get(&format!("/cluster/0x{}?chain=ethereum", "09".repeat(20))).refused(404);
    get(&format!("/explain/{HOLDER}/0x{}?chain=ethereum", "09".repeat(20))).refused(404);
    get(&format!("/address/{HOLDER}/transfers?after=99")).refused_with(404, "99");
    // The form of the payee's address decides.
    let event = json!({"id": "w-1", "kind": "withdrawal", "time": START, "customer": "c-1", "asset": "USDT", "amount": "5000", "value": 1,
        "counterparty": HOLDER});
    let decided = app.as_role("exchange").post("/api/v1/events", event).ok();
    assert_ne!(decided["decision"], "allow", "{decided}");
}

/// Other providers' clients name a chain: no other chain answers for it, and what an answer leaves out is stated.
#[test]
fn providers_formats_are_answered_by_the_chain_that_they_name() {
    let app = desk();
    let wallet = app.as_role("screener");
    let screen =
        |chain: &str| wallet.post("/public/v2/screening/addresses", json!([{"address": HOLDER, "chain": chain}]));
    let answer = screen("ethereum").is(201);
    let coverage = &answer[0]["holdfast"]["coverage"];
    assert_eq!(
        (&coverage["state"], &coverage["found"], &coverage["ledger"]),
        (&json!("partial"), &json!(true), &json!(true))
    );
    assert!(coverage["gaps"].to_string().contains("links were not looked for"), "{coverage}");
    for chain in ["arbitrum", "polygon"] {
        let refused = screen(chain);
        assert!(refused.status == 400 && refused.text().contains("not supported"), "{chain}: {}", refused.text());
    }
    let service = app.with_scopes("kyt", vec!["read".into(), "events".into()]);
    let attempt = |network: &str, asset: &str, address: &str| {
        let body = json!({"network": network, "asset": asset, "address": address, "assetAmount": 1.5,
            "attemptIdentifier": format!("{network}-{asset}"), "attemptTimestamp": "2026-05-28T10:00:00"});
        service.post("/api/kyt/v2/users/u-1/withdrawal-attempts", body)
    };
    let on_tron = attempt("TRON", "USDT", USDT_ON_TRON).is(202);
    assert_eq!((&on_tron["asset"], &on_tron["assetId"]), (&json!("USDT"), &json!(USDT_ON_TRON)), "{on_tron}");
    assert_eq!((&on_tron["assetAmount"], &on_tron["network"]), (&json!(1.5), &json!("TRON")), "{on_tron}");
    let on_ethereum = attempt("Ethereum", "USDT", HOLDER).is(202);
    assert!(on_ethereum["assetId"].as_str().unwrap().eq_ignore_ascii_case(USDT), "{on_ethereum}");
    assert_eq!(on_ethereum["holdfast"]["coverage"]["state"], "partial", "{on_ethereum}");
    // A chain that is not held answers nothing, and a name that is none is an error.
    let elsewhere = attempt("Polygon", "USDT", HOLDER).is(202);
    assert_eq!((&elsewhere["updatedAt"], &elsewhere["holdfast"]["coverage"]["ledger"]), (&json!(null), &json!(false)));
    for (network, asset, field) in [("Marschain", "USDT", "network: "), ("Litecoin", "USDT", "asset: ")] {
        let refused = attempt(network, asset, HOLDER);
        assert!(refused.status == 400 && refused.text().contains(field), "{}", refused.text());
    }
    let hash = format!("0x{}", "07".repeat(32));
    let received = json!({"network": "Ethereum", "asset": "USDT", "transferReference": format!("{hash}:{HOLDER}"), "direction": "received"});
    let made = service.post("/api/kyt/v2/users/u-1/transfers", received).is(202);
    assert_eq!(made["assetAmount"], 1.0, "the ledger's own amount: {made}");
}
