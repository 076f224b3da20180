//! The chain: what is known of transactions and addresses, tags, clusters, exposures.

use holdfast_testing_app::{BLOCK, PAID, TestApp, on_both_apps};
use serde_json::{Value, json};

on_both_apps!(
    the_chain_is_described,
    traces_are_bundled_and_verified,
    tags_come_and_go,
    the_chain_is_changed_by_administrators
);

fn txid(app: &TestApp) -> String {
    app.as_role("screener").get(&format!("/api/v1/block/{BLOCK}")).ok()["txids"][1].as_str().unwrap().to_owned()
}

fn the_chain_is_described(app: &TestApp) {
    let wallet = app.as_role("screener");
    let txid = txid(app);
    assert_eq!(wallet.get("/api/v1/summary").ok()["blocks"], 1);
    assert_eq!(wallet.get(&format!("/api/v1/tx/{txid}")).ok()["txid"], txid.as_str());
    assert_eq!(wallet.get(&format!("/api/v1/address/{PAID}")).ok()["address"], PAID);
    assert!(wallet.get(&format!("/api/v1/exposure/{PAID}")).ok().is_object());
    assert_eq!(wallet.get(&format!("/api/v1/search?q={}", &txid[..24])).ok()["hits"][0]["id"], txid.as_str());
    assert_eq!(wallet.get("/api/v1/mempool").ok(), json!([]));
    assert_eq!(wallet.get("/api/v1/ledger/check?raw=true").ok()["clean"], true);
    wallet.get("/api/v1/paths?from=x").refused_with(400, "to");
    assert!(wallet.get(&format!("/api/v1/paths?from={PAID}&to={PAID}")).ok().is_array());
    let explained = wallet.get(&format!("/api/v1/explain?a={PAID}&b={PAID}"));
    assert!(matches!(explained.status, 200 | 404), "{}", explained.text());
    for unknown in [
        "tx/00",
        "block/7",
        "block/x",
        "address/0x1111111111111111111111111111111111111112",
        "exposure/12cbQLTFMXRnSzktFkuoG3eHoMeFtpTu3S",
    ] {
        let answer = wallet.get(&format!("/api/v1/{unknown}"));
        assert!(matches!(answer.status, 400 | 404), "{unknown}: {}", answer.text());
        answer.refused(answer.status);
    }
    assert_eq!(wallet.get("/api/v1/providers").ok(), json!([]));
    wallet.get(&format!("/api/v1/providers/BTC/{PAID}")).refused_with(404, "provider");
}

fn traces_are_bundled_and_verified(app: &TestApp) {
    let (wallet, txid) = (app.as_role("screener"), txid(app));
    let trace = wallet.get(&format!("/api/v1/trace?subject={txid}")).ok();
    assert!(trace.is_object(), "{trace}");
    wallet.get(&format!("/api/v1/trace?subject={txid}&policy=luck")).refused_with(400, "policy");
    wallet.get(&format!("/api/v1/trace?subject={}", "00".repeat(32))).refused(404);
    let bundle = wallet.get(&format!("/api/v1/trace/bundle?subject={txid}"));
    let verify = |bytes: Vec<u8>| wallet.send("POST", "/api/v1/verify", "application/octet-stream", bytes);
    assert_eq!(verify(bundle.success().body.clone()).ok()["valid"], true);
    let mut forged = bundle.body.clone();
    let middle = forged.len() / 2;
    forged[middle] ^= 1;
    let answer = verify(forged);
    assert!(answer.status == 400 || answer.json()["valid"] == false, "{}", answer.text());
}

fn tags_come_and_go(app: &TestApp) {
    let (boss, wallet) = (app.as_role("administrator"), app.as_role("screener"));
    let csv = format!("address,currency,label,source,abuse\n{PAID},BTC,Locky,https://example.org,ransomware\n");
    let add = |path: &str, text: &str| boss.send("POST", path, "text/csv", text);
    assert_eq!(add("/api/v1/tags?name=mine.csv&tlp=TLP:CLEAR", &csv).ok()["new_tags"], 1);
    add("/api/v1/tags", &csv).refused_with(400, "name");
    add("/api/v1/tags?name=mine.csv&tlp=PINK", &csv).refused(400);
    assert_eq!(wallet.get(&format!("/api/v1/address/{PAID}")).ok()["tags"][0]["label"], "Locky");
    assert!(wallet.get("/api/v1/tags/conflicts").ok().is_array());
    wallet.send("POST", "/api/v1/tags?name=x.csv", "text/csv", csv.clone()).refused_with(403, "manage");
    boss.delete("/api/v1/tags?title=other.csv").refused(404);
    boss.delete("/api/v1/tags?title=mine.csv").success();
    assert_eq!(wallet.get(&format!("/api/v1/address/{PAID}")).ok()["tags"], json!([]));
}

fn the_chain_is_changed_by_administrators(app: &TestApp) {
    let boss = app.as_role("administrator");
    boss.post("/api/v1/cluster", Value::Null).ok();
    boss.post("/api/v1/exposures/rebuild", Value::Null).ok();
    boss.send("POST", "/api/v1/blocks", "application/octet-stream", "no block").refused_with(400, "body");
    let packed = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../data/bitcoin/367891.block.zst")).unwrap();
    let block = zstd::decode_all(packed.as_slice()).unwrap();
    assert_eq!(boss.send("POST", "/api/v1/blocks", "application/octet-stream", block).ok()["height"], 367_891);
    assert_eq!(boss.get("/api/v1/block/367891").status, 403, "administrators do not read");
    assert_eq!(app.as_role("screener").get("/api/v1/summary").ok()["blocks"], 2);
    app.as_role("approver").post("/api/v1/cluster", Value::Null).refused_with(403, "manage");
}
