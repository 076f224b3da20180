//! Pages of account chains, and searches that find what they have.

use crate::account_chains::{HOLDER, USDT, USDT_ON_TRON, chain};
use holdfast_testing::START;
use holdfast_testing_app::{PAID, TestApp};
use holdfast_types::{AccountId, ChainId};
use serde_json::{Value, json};

const IMITATION: &str = "0x9999999999999999999999999999999999999999";

/// Ethereum and Polygon, whose account 2 is one address, and Tron. Polygon has a token that no list names.
fn desk() -> TestApp {
    TestApp::with_account_chains(|dir| {
        vec![
            chain(dir, "eip155:1", USDT),
            chain(dir, "eip155:137", IMITATION),
            chain(dir, "tron:mainnet", USDT_ON_TRON),
        ]
    })
}

fn hash() -> String {
    format!("0x{}", "07".repeat(32))
}

/// The page at a path, in the browser of nobody in particular.
fn page(app: &TestApp, path: &str) -> String {
    app.browser().page(path).ok()
}

fn redirected(app: &TestApp, path: &str) -> String {
    let browser = app.browser();
    let page = browser.page(path);
    assert_eq!(page.answer.status, 303, "{path}: {}", page.answer.text());
    page.answer.header("location").to_owned()
}

/// Paths that a page links to, in the ledger's pages.
fn links(page: &str) -> Vec<String> {
    let hrefs = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let own = hrefs.map(|href| href.replace("&amp;", "&")).filter(|href| href.starts_with("/accounts"));
    own.collect()
}

#[test]
fn pages_show_what_is_held_and_lead_to_each_other() {
    let app = desk();
    let holder = page(&app, &format!("/accounts/ethereum/address/{HOLDER}"));
    for text in [
        "USDT",
        ">1<",
        "came into being",
        "What is missing",
        "no block is final yet",
        "The same address is on:",
        "polygon",
    ] {
        assert!(holder.contains(text), "{text}: {holder}");
    }
    // The token's contract is known by its transfers; of the holder nothing tells that it is one, which is said.
    let contract = page(&app, &format!("/accounts/ethereum/address/{USDT}"));
    assert!(contract.contains("transfers of its token are stored"), "{contract}");
    assert!(holder.contains("Its code was not looked at"), "{holder}");
    let freezes = page(&app, "/accounts/ethereum/freezes?asset=USDT&issuer=tether");
    assert!(freezes.contains("No freeze of that kind") && freezes.contains("What is missing"), "{freezes}");
    let all = page(&app, "/accounts/freezes");
    assert!(all.contains("/accounts/tron/freezes") && all.contains("/accounts/polygon/freezes"), "{all}");
    let outgoing = page(&app, &format!("/accounts/ethereum/address/{HOLDER}?direction=out"));
    assert!(outgoing.contains("No transfer.") && outgoing.contains("value=\"out\" selected"), "{outgoing}");
    // What no list names is shown by its contract, without a name or unit.
    let unlisted = page(&app, &format!("/accounts/polygon/asset/erc20:{IMITATION}"));
    for text in [
        "Asset that is not listed",
        "1,000,000 base units",
        "its contract alone tells",
        &format!("/address/{IMITATION}"),
    ] {
        assert!(unlisted.contains(text), "{text}: {unlisted}");
    }
    assert!(page(&app, "/accounts/polygon/assets").contains("not listed"));
    let tx = page(&app, &format!("/accounts/tron/tx/{}", "07".repeat(32)));
    assert!(tx.contains(USDT_ON_TRON) && tx.contains("TRX") && !tx.contains(&hash()), "no 0x on Tron: {tx}");
    let unknown = page(&app, &format!("/accounts/ethereum/address/0x{}", "0a".repeat(20)));
    assert!(unknown.contains("No stored block mentions this address"), "{unknown}");
    assert!(page(&app, "/").contains("href=\"/accounts/ethereum\""));

    // Every link of every page leads to a page.
    let (mut todo, mut seen) = (vec!["/accounts".to_owned()], std::collections::BTreeSet::new());
    while let Some(path) = todo.pop() {
        let path = path.split('#').next().unwrap().to_owned();
        if seen.insert(path.clone()) {
            todo.extend(links(&page(&app, &path)));
        }
    }
    for what in ["address", "tx", "block", "asset", "assets", "freezes"] {
        let of_kind = |path: &&String| path.split('/').nth(3).is_some_and(|part| part.split('?').next() == Some(what));
        assert!(seen.iter().filter(of_kind).count() >= 3, "{what}: {seen:?}");
    }
    for (path, status, why) in [
        ("/accounts/base", 400, "ethereum, polygon, tron"),
        ("/accounts/ethereum/block/9", 404, "block 9"),
        ("/accounts/ethereum/address/0x12", 400, "0x12"),
        (&format!("/accounts/ethereum/address/{HOLDER}?direction=up"), 400, "none of in, out"),
        ("/accounts/ethereum/freezes?state=cold", 400, "state: 'cold' is none of proposed"),
        ("/accounts/ethereum/freezes?address=0x12", 400, "0x12"),
        ("/accounts/ethereum/freezes?issuer=Nobody", 400, "Tether"),
        ("/accounts/ethereum/asset/DOGE", 400, "DOGE"),
    ] {
        let refused = app.browser().page(path).answer;
        assert!(refused.status == status && refused.text().contains(why), "{path}: {}", refused.text());
    }
}

#[test]
fn a_search_names_every_chain_that_has_a_text() {
    let app = desk();
    let wallet = app.as_role("screener");
    let found = |text: &str| wallet.get(&format!("/api/v1/search?q={text}")).ok();
    let of = |found: &Value| -> Vec<(String, String)> {
        let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        found["hits"].as_array().unwrap().iter().map(|h| (text(&h["kind"]), text(&h["chain"]))).collect()
    };
    let hits =
        |list: &[(&str, &str)]| list.iter().map(|(k, c)| ((*k).into(), (*c).into())).collect::<Vec<(String, String)>>();
    let both = [("address", "eip155:1"), ("address", "eip155:137")];
    for text in [HOLDER.to_owned(), HOLDER.to_uppercase().replace("0X", "0x"), format!("ethereum:{HOLDER}")] {
        let found = found(&text);
        assert_eq!(of(&found), hits(&both), "{found}");
        assert!(found["notes"].to_string().contains("is on several chains: ethereum, polygon"), "{found}");
    }
    let base58 = AccountId::evm([2; 20]).to_address(&ChainId::parse("tron:mainnet").unwrap()).to_string();
    for text in [base58.as_str(), &format!("41{}", "02".repeat(20))] {
        assert_eq!(of(&found(text)), hits(&[("address", "tron:mainnet")]), "{text}");
    }
    assert_eq!(of(&found(&hash())).len(), 3, "one transaction hash on three chains");
    assert_eq!(of(&found(&format!("0x{}", "07".repeat(5)))).len(), 3, "by its beginning");
    assert_eq!(of(&found(&format!("{}:log:0", hash()))).len(), 3);
    let block = format!("0x{}", "02".repeat(32));
    assert_eq!(of(&found(&block)), hits(&[("block", "eip155:1"), ("block", "eip155:137"), ("block", "tron:mainnet")]));
    let height = found("1");
    assert!(of(&height).len() == 3 && height["notes"].to_string().contains("block 1 is on several chains"), "{height}");
    let assets = found("usdt");
    assert_eq!(of(&assets), hits(&[("asset", "eip155:1"), ("asset", "tron:mainnet")]), "{assets}");
    assert!(assets["notes"].to_string().contains("asset USDT is on several chains"), "{assets}");
    assert_eq!(of(&found(IMITATION)), hits(&[("asset", "eip155:137")]));

    // Pages: one result is gone to, several are listed.
    assert_eq!(redirected(&app, &format!("/search?q={base58}")), format!("/accounts/tron/address/{base58}"));
    assert_eq!(redirected(&app, &format!("/address/{base58}")), format!("/accounts/tron/address/{base58}"));
    assert_eq!(redirected(&app, &format!("/address/{HOLDER}")), format!("/search?q={HOLDER}"));
    let results = page(&app, &format!("/search?q={HOLDER}"));
    assert!(results.contains("several chains") && results.contains("/accounts/polygon/address/0x"), "{results}");
    assert!(redirected(&app, &format!("/tx/{}", hash())).starts_with("/search?q="));
    let unmentioned = AccountId::evm([9; 20]).to_address(&ChainId::parse("tron:mainnet").unwrap()).to_string();
    assert_eq!(redirected(&app, &format!("/search?q={unmentioned}")), format!("/accounts/tron/address/{unmentioned}"));
    assert!(page(&app, &format!("/address/{PAID}")).contains(PAID), "addresses of the first chain stay where they are");
}

#[test]
fn names_are_those_that_the_reader_may_see() {
    let app = desk();
    let boss = app.as_role("administrator");
    let tags = format!(
        "address,currency,label,source,abuse,tlp\n{HOLDER},ETH,Open name,https://example.org,scam,clear\n{HOLDER},ETH,Secret name,https://example.org,ransomware,red\n"
    );
    assert_eq!(boss.send("POST", "/api/v1/tags?name=mine.csv", "text/csv", tags).ok()["new_tags"], 2);
    let staff = app.browser().sign_in("investigator");
    for path in [
        format!("/accounts/ethereum/address/{HOLDER}"),
        format!("/accounts/ethereum/tx/{}", hash()),
        "/accounts/ethereum/asset/USDT".to_owned(),
    ] {
        let (public, own) = (page(&app, &path), staff.page(&path).ok());
        assert!(public.contains("Open name") && !public.contains("Secret name"), "{path}: {public}");
        assert!(own.contains("Secret name"), "{path}: {own}");
    }
    let found = app.browser().page("/search?q=Secret%20name").answer;
    assert!(found.status == 404 && !found.text().contains(HOLDER), "{}", found.text());
}

#[test]
fn an_alert_leads_to_the_addresses_and_transactions_of_an_account_chain() {
    let app = desk();
    // More is claimed than the ledger has, which is held.
    let event = json!({"id": "d-1", "kind": "deposit", "time": START, "customer": "c-1", "asset": format!("eip155:1/erc20:{USDT}"), "amount": "2000000",
        "value": 1, "tx": format!("{}:log:0", hash()), "address": HOLDER});
    app.as_role("exchange").post("/api/v1/events", event).ok();
    let staff = app.browser().sign_in("investigator");
    let alert = staff.page("/desk/alerts/1").ok();
    assert!(alert.contains(&format!("/address/{HOLDER}")) && alert.contains(&format!("/tx/{}", hash())), "{alert}");
}

/// Of an address that stands on several chains the explorer asks for the chain; it does not take another one's.
#[test]
fn the_explorer_asks_for_the_chain_of_an_address_on_several() {
    let app = desk();
    let browser = app.browser().sign_in("investigator");
    let asked = browser.page(&format!("/desk/graph?subject={HOLDER}")).ok();
    for chain in ["eip155%3A1", "eip155%3A137"] {
        let link = format!("/desk/graph?subject={HOLDER}&amp;chain={chain}");
        assert!(asked.contains(&format!("href=\"{link}\"")), "{link}: {asked}");
    }
    assert!(!asked.contains("data-chain"), "{asked}");
    let named = browser.page(&format!("/desk/graph?subject={HOLDER}&chain=eip155:137")).ok();
    assert!(named.contains("data-chain=\"eip155:137\""), "{named}");
    // What only one of them has needs no question.
    let one = browser.page(&format!("/desk/graph?subject={USDT_ON_TRON}")).ok();
    assert!(one.contains("data-chain=\"tron:mainnet\""), "{one}");
}
