//! Kinds of contract: real code and logs, and the contracts of the simulated economy.

use crate::economy::simulated;
use crate::real_files;
use holdfast_account_attribution::kind::Events;
use holdfast_account_attribution::{Certainty, Finding, Kind, Nature, Observation, kind};
use holdfast_evm::{Transaction, json};
use holdfast_types::{AccountId, ChainId, Hash32};
use std::collections::BTreeMap;

fn mainnet() -> ChainId {
    ChainId::parse("eip155:1").unwrap()
}

fn of(chain: &ChainId, account: AccountId, code: Option<&[u8]>, events: &Events) -> Finding {
    kind(&Observation { chain, account, code, events, has_signed: false, creator: None, implementation: None })
}

/// Code that a creation leaves: what stands behind the code that creates it, as solc lays it out.
fn runtime(init: &[u8]) -> &[u8] {
    // RETURN, INVALID, then the contract's own code.
    let end = init.windows(2).position(|w| w == [0xf3, 0xfe]);
    end.map_or(&[], |at| &init[at + 2..])
}

#[test]
fn contracts_of_the_simulated_economy_are_what_they_are() {
    let sim = simulated(3, 60, 30);
    let mut code: BTreeMap<AccountId, Vec<u8>> = BTreeMap::new();
    let mut events: BTreeMap<AccountId, Events> = BTreeMap::new();
    for block in &sim.sim {
        for (tx, receipt) in block.transactions.iter().zip(&block.receipts) {
            let read = Transaction::from_envelope(&tx.envelope).unwrap();
            if read.to.is_none() {
                let contract = tx.from.create(read.nonce);
                code.insert(AccountId::evm(contract.into_array()), runtime(&read.input).to_vec());
            }
            for log in &receipt.logs {
                let topics: Vec<Hash32> = log.topics.iter().map(|t| t.0).collect();
                events.entry(AccountId::evm(log.address.into_array())).or_default().count(&topics);
            }
        }
    }
    let none = Events::default();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut certain = 0;
    for (account, role) in &sim.roles {
        let expected = match role.as_str() {
            "stablecoin" | "token" | "fee-token" => Kind::Token,
            "wrapper" => Kind::Wrapper,
            "pool" => Kind::Pool,
            "router" => Kind::Router,
            "bridge" => Kind::Bridge,
            "mixer" => Kind::Mixer,
            "multisig" => Kind::Multisig,
            _ => continue,
        };
        let written = events.get(account).unwrap_or(&none);
        let by_code = of(&mainnet(), *account, code.get(account).map(Vec::as_slice), &none);
        assert_eq!((by_code.kind, by_code.nature), (Some(expected), Nature::Contract), "{role}: {by_code:?}");
        let by_both = of(&mainnet(), *account, code.get(account).map(Vec::as_slice), written);
        assert_eq!(by_both.kind, Some(expected), "{role}: {by_both:?}");
        assert!(by_both.category().is_none() && !by_both.evidence.is_empty(), "likeness is no publication");
        certain += usize::from(by_both.certainty == Certainty::AlikeInBoth);
        if !written.is_empty() {
            assert_eq!(of(&mainnet(), *account, None, written).kind, Some(expected), "{role} by its events");
        }
        *seen.entry(role.as_str()).or_default() += 1;
    }
    assert!(seen.len() == 9 && certain >= 8, "{seen:?}, {certain}");
    // Forwarders write their event where coin comes in; their code lies in their factory's.
    let forwarders: Vec<&AccountId> = sim.roles.iter().filter(|(_, r)| *r == "forwarder").map(|(a, _)| a).collect();
    let told = forwarders.iter().filter_map(|a| events.get(*a)).filter(|e| !e.is_empty());
    let told: Vec<Option<Kind>> = told.map(|e| of(&mainnet(), *forwarders[0], None, e).kind).collect();
    assert!(!told.is_empty() && told.iter().all(|k| *k == Some(Kind::Forwarder)), "{told:?}");
    // What writes the events of a token only is like one in its events, and in its code not: nothing rests on it.
    let poisoner = *sim.roles.iter().find(|(_, r)| *r == "poison-contract").unwrap().0;
    let finding =
        of(&mainnet(), poisoner, code.get(&poisoner).map(Vec::as_slice), events.get(&poisoner).unwrap_or(&none));
    assert!(finding.certainty == Certainty::Alike && finding.kind.is_none_or(|k| k == Kind::Token), "{finding:?}");
}

/// Who has signed is no contract, whatever code its account has.
#[test]
fn keys_are_no_contracts() {
    let (chain, account, none) = (mainnet(), AccountId::evm([7; 20]), Events::default());
    let delegation: Vec<u8> = [0xef, 0x01, 0x00].into_iter().chain([9; 20]).collect();
    let mut events = Events::default();
    events.count(&[holdfast_account_attribution::contracts::topic("ExecutionSuccess(bytes32,uint256)")]);
    let finding = of(&chain, account, Some(&delegation), &events);
    assert_eq!((finding.nature, finding.kind), (Nature::DelegatedKey, None), "{finding:?}");
    let observation = Observation {
        chain: &chain,
        account,
        code: Some(&[0x60, 0x00]),
        events: &none,
        has_signed: true,
        creator: None,
        implementation: None,
    };
    assert_eq!(kind(&observation).nature, Nature::Key);
    assert_eq!(of(&chain, account, Some(&[]), &none).nature, Nature::Unknown);
    assert_eq!(of(&chain, account, None, &none).nature, Nature::Unknown);
}

#[test]
fn published_contracts_are_certain_and_proxies_are_what_they_run() {
    let (chain, none) = (mainnet(), Events::default());
    let account = |text: &str| AccountId::from_bytes(&hex(text)).unwrap();
    let entry = of(&chain, account("0000000071727de22e5e9d8baf0edac6f37da032"), None, &none);
    assert_eq!((entry.kind, entry.certainty, entry.category()), (Some(Kind::EntryPoint), Certainty::Published, None));
    let tornado = of(&chain, account("d90e2f925da726b50c4ed8d0fb90ad053324f31b"), None, &none);
    assert_eq!(tornado.category().map(|c| c.name()), Some("mixing_service"));
    // A clone of a published Safe, and one of a contract that was looked at.
    let clone = |of: &str| hex(&format!("363d3d373d3d3d363d73{of}5af43d82803e903d91602b57fd5bf3"));
    let safe = of(&chain, AccountId::evm([3; 20]), Some(&clone("d9db270c1b5e3bd161e8c8503c55ceabee709552")), &none);
    assert_eq!((safe.kind, safe.certainty), (Some(Kind::Safe), Certainty::Published), "{safe:?}");
    let mut events = Events::default();
    let forwarded = holdfast_account_attribution::contracts::topic("ForwarderDeposited(address,uint256,bytes)");
    events.count(&[forwarded]);
    let implementation = of(&chain, AccountId::evm([4; 20]), None, &events);
    let code = clone(&"04".repeat(20));
    let proxy = Observation {
        chain: &chain,
        account: AccountId::evm([5; 20]),
        code: Some(&code),
        events: &none,
        has_signed: false,
        creator: None,
        implementation: Some(&implementation),
    };
    let found = kind(&proxy);
    assert_eq!((found.kind, found.certainty), (Some(Kind::Forwarder), Certainty::Alike), "{found:?}");
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap()).collect()
}

/// Code that real blocks created: frames of their traces.
fn created(value: &serde_json::Value, out: &mut Vec<(String, Vec<u8>)>) {
    match value {
        serde_json::Value::Object(fields) => {
            let text = |name: &str| fields.get(name).and_then(|v| v.as_str()).unwrap_or_default();
            if text("type").starts_with("CREATE") && text("error").is_empty() {
                out.push((text("to").to_owned(), hex(text("output").trim_start_matches("0x"))));
            }
            fields.values().for_each(|v| created(v, out));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|v| created(v, out)),
        _ => {}
    }
}

#[test]
fn real_code_and_logs_are_told() {
    let Some(folder) = real_files::accounts() else { return };
    let chain = holdfast_evm::Chain::of(1);
    let (mut code, mut events) = (Vec::new(), BTreeMap::<AccountId, Events>::new());
    for entry in std::fs::read_dir(folder.join("evm")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.starts_with("ethereum-") {
            continue;
        }
        let file: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        created(&file["callTracer"], &mut code);
        let mut block = json::block(&chain, file["block"].to_string().as_bytes()).unwrap();
        for receipt in json::receipts(&mut block, file["receipts"].to_string().as_bytes()).unwrap() {
            for log in &receipt.logs {
                let topics: Vec<Hash32> = log.topics.iter().map(|t| t.0).collect();
                events.entry(AccountId::evm(log.address.into_array())).or_default().count(&topics);
            }
        }
    }
    let none = Events::default();
    let findings: Vec<Finding> = code
        .iter()
        .map(|(to, code)| {
            let account = AccountId::from_bytes(&hex(to.trim_start_matches("0x"))).unwrap_or(AccountId::ZERO);
            of(&mainnet(), account, Some(code), &none)
        })
        .collect();
    let proxies = findings.iter().filter(|f| format!("{f:?}").contains("MinimalProxy")).count();
    let contracts = findings.iter().filter(|f| f.nature == Nature::Contract).count();
    assert_eq!((findings.len(), contracts, proxies), (18, 17, 10), "one was created without code");
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for (account, written) in events.iter().filter(|(_, e)| !e.is_empty()) {
        let finding = of(&mainnet(), *account, None, written);
        *kinds.entry(finding.kind.map_or("none", Kind::name)).or_default() += 1;
    }
    println!("created: {:?}", findings.iter().map(|f| f.kind.map(Kind::name)).collect::<Vec<_>>());
    println!("by real logs: {kinds:?}");
    assert!(kinds["pool"] > 20 && kinds["token"] > 50 && kinds["non_fungible"] > 0, "{kinds:?}");
    // Contracts whose addresses are published say by their logs what the list says.
    let wrapper = AccountId::from_bytes(&hex("c02aaa39b223fe8d0a0e5c4f27ead9083c756cc2")).unwrap();
    assert_eq!(of(&mainnet(), wrapper, None, &events[&wrapper]).kind, Some(Kind::Wrapper));
}
