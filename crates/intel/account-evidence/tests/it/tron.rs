//! Tron: what its transactions order is proved, what logs show is carried as a claim; and a trace that comes to Tron from an EVM chain by a bridge's
//! message.

use crate::economy::{Side, World, world};
use crate::tron_blocks::{Made, made_child, made_id};
use ed25519_dalek::SigningKey;
use holdfast_account_evidence::{
    Blocks, ChainSource, EvidenceError, FORMAT, ReadBlock, Request, make, stated_result, verify,
};
use holdfast_account_ledger::{AppendOptions, Ledger, Settings};
use holdfast_analysis::accounts::{AccountOptions, AccountStart, Unclassified};
use holdfast_analysis::bundle::{self, Verification};
use holdfast_analysis::links::{LinkKind, TransferId};
use holdfast_analysis::{Bounds, Policy, TraceOptions};
use holdfast_evm::{Log, keccak256};
use holdfast_links::{Contracts, LedgerLinks, Role, Store, find_tron};
use holdfast_simulate_accounts::{Action, Options};
use holdfast_tron::{Chain, VerifiedBlock, json, transfers};
use holdfast_types::{AccountId, ChainId, Hash32, Position, TransferKind};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::ops::ControlFlow;

fn key() -> SigningKey {
    SigningKey::from_bytes(&[9; 32])
}

fn digits(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|b| format!("{b:02x}")).collect()
}

/// A chain of made blocks.
struct Tron {
    ledger: Ledger,
    store: Store,
    contracts: Contracts,
    blocks: HashMap<u64, VerifiedBlock>,
    _dir: tempfile::TempDir,
}

fn tron(first: u64, made: &[Vec<Made>], contracts: Contracts) -> Tron {
    let dir = tempfile::tempdir().unwrap();
    let chain = Chain::mainnet();
    let mut parent: Hash32 = [5; 32];
    parent[..8].copy_from_slice(&(first - 1).to_be_bytes());
    let (mut moved, mut found, mut blocks) = (Vec::new(), Vec::new(), HashMap::new());
    for (number, made) in (first..).zip(made) {
        let (block, infos) = made_child(number, made, parent);
        parent = made_id(number, made, parent);
        let block = holdfast_tron::verify(json::block(&block).unwrap(), json::infos(&infos).unwrap()).unwrap();
        let transfers = transfers(&chain, &block);
        found.push(find_tron(&contracts, &block, &transfers));
        moved.push(transfers);
        blocks.insert(number, block);
    }
    let mut store = Store::create_or_open(&dir.path().join("links"), chain.id()).unwrap();
    store.append(&found).unwrap();
    let mut ledger = Ledger::create_or_open(&dir.path().join("ledger"), &Settings::new(chain.id().clone())).unwrap();
    ledger.append(&mut moved.into_iter(), &AppendOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
    Tron { ledger, store, contracts, blocks, _dir: dir }
}

/// Blocks of both chains.
struct Nodes<'a> {
    evm: Option<&'a Side>,
    tron: &'a Tron,
}

impl Blocks for Nodes<'_> {
    fn read(
        &mut self,
        chain: &ChainId,
        heights: &[u64],
        each: &mut dyn FnMut(ReadBlock) -> Result<(), EvidenceError>,
    ) -> Result<(), EvidenceError> {
        for height in heights {
            each(match self.evm.filter(|side| side.id == *chain) {
                Some(side) => ReadBlock::Evm(Box::new(side.blocks[height].clone())),
                None => ReadBlock::Tron(Box::new(self.tron.blocks[height].clone())),
            })?;
        }
        Ok(())
    }
}

fn options() -> AccountOptions {
    let bounds = Bounds { max_hops: 8, max_edges: 500, ..Bounds::default() };
    let trace = TraceOptions { policy: Policy::Fifo, bounds, ..TraceOptions::default() };
    AccountOptions { trace, ..AccountOptions::default() }
}

/// A transfer of a token as its contract logs it.
fn token(contract: &AccountId, from: &AccountId, to: &AccountId, units: u64) -> Value {
    let word = |account: &AccountId| format!("{:0>64}", digits(account.as_bytes()));
    let topic = digits(keccak256("Transfer(address,address,uint256)"));
    json!({
        "address": digits(contract.as_bytes()), "data": format!("{units:064x}"), "topics": [topic, word(from), word(to)],
    })
}

fn as_json(log: &Log) -> Value {
    let topics: Vec<String> = log.topics.iter().map(digits).collect();
    json!({"address": digits(log.address), "data": digits(&log.data), "topics": topics})
}

#[test]
fn what_transactions_of_tron_order_is_proved_and_logs_are_claims() {
    let account = |n: u8| AccountId::evm([n; 20]);
    let sent = |logs: Value| Made { logs, fee: 345_000, ..Made::call() };
    let tron = tron(
        7,
        &[
            vec![
                Made::transfer(5_000_000),
                Made::transfer(3_000_000),
                sent(json!([token(&account(8), &account(1), &account(2), 900)])),
            ],
            vec![Made::transfer_of(&account(2), &account(4), 6_000_000)],
            vec![sent(json!([
                token(&account(8), &account(2), &account(6), 500),
                token(&account(8), &account(6), &account(7), 400)
            ]))],
        ],
        Contracts::default(),
    );
    let links = LedgerLinks::new(vec![(&tron.ledger, &tron.store)]);
    let chains = [ChainSource {
        ledger: &tron.ledger,
        known: &Unclassified,
        wrappers: &[],
        contracts: &tron.contracts,
        issuers: &[],
        acts: &Vec::new(),
    }];
    let options = options();
    let first = tron.ledger.first().unwrap().unwrap().txs;
    for (tx, claimed) in [(first.start, false), (first.start + 2, true)] {
        let transfer = tron.ledger.transfers_of(tx).unwrap()[0];
        let starts = [(AccountStart::Transfer(TransferId { chain: 0, number: transfer.number }), None)];
        let request = Request { chains: &chains, links: Some(&links), starts: &starts, options: &options };
        let made = make(&request, &mut Nodes { evm: None, tron: &tron }, &key(), "2026-11-27T12:00:00Z").unwrap();
        let v = verify(&made, None);
        assert!(v.is_valid(), "{:#?}", v.failures);
        let claims = v.claims.join("\n");
        assert!(claims.contains("that logs, calls or fees show") || !claimed, "{claims}");
        assert!(v.passed.iter().any(|p| p.contains("transactions of Tron")), "{:?}", v.passed);
        let result = stated_result(&made).unwrap();
        assert!(result.movements.iter().all(|m| m.from.as_deref().is_none_or(|a| a.starts_with('T'))));
        assert!(result.movements.len() > 1);
        // A signature is under the root too.
        let mut files = bundle::open(&made, None, FORMAT, &mut Verification::default()).unwrap();
        files.retain(|name, _| !name.starts_with("manifest"));
        for (from, to) in [("0707", "0708"), ("\"raw\": \"0a", "\"raw\": \"0b")] {
            let mut changed = files.clone();
            let text = String::from_utf8(files["transactions.json"].clone()).unwrap().replacen(from, to, 1);
            changed.insert("transactions.json".into(), text.into_bytes());
            let v = verify(&bundle::seal(changed, FORMAT, &key(), "").unwrap(), None);
            assert!(v.failures.iter().any(|f| f.starts_with("transactions.json")), "{from}: {:?}", v.failures);
        }
    }
}

/// A message that the economy's bridge sends to its second chain is received on Tron instead, with the same logs.
#[test]
fn a_trace_from_an_evm_chain_to_tron_by_a_message_verifies() {
    let world: World = world(Options { seed: 3, blocks: 60, users: 30, txs_per_block: 15, ..Options::default() }, true);
    let [evm, other] = world.sides.as_slice() else { panic!("two chains") };
    let links = world.links();
    // What was sent, and where it came out on the second chain.
    let sent = world.transfers(Action::BridgeOut, TransferKind::Token).into_iter().filter(|id| id.chain == 0);
    let found = sent.into_iter().find_map(|id| {
        use holdfast_analysis::links::Links;
        links.links_from(id).unwrap().into_iter().find(|l| l.kind == LinkKind::Bridge && l.to.chain == 1)
    });
    let link = found.expect("a message arrives");
    let delivered = other.ledger.transfer(link.to.number).unwrap();
    let tx = other.ledger.tx(delivered.tx).unwrap();
    let height = other.ledger.block(tx.block).unwrap().height;
    let block = &other.blocks[&height];
    let receipt = &block.receipts()[usize::try_from(tx.index).unwrap()];
    let logs: Vec<Value> = receipt.logs.iter().map(as_json).collect();
    let token_contract = match delivered.position {
        Position::Log(..) => other.ledger.asset(delivered.asset).unwrap().contract().unwrap(),
        position => panic!("{position:?}"),
    };
    let beneficiary = other.ledger.account(delivered.to.unwrap()).unwrap();
    let units = u64::try_from(delivered.amount).unwrap();
    let onward = token(&token_contract, &beneficiary, &AccountId::evm([0x44; 20]), units);
    let bridge =
        other.contracts.iter().find(|(_, role)| *role == Role::NomadAll).map(|(contract, _)| *contract).unwrap();
    let first = (block.block().header.timestamp + 600 - 1_700_000_000) / 3;
    let call = |logs: Vec<Value>| vec![Made { logs: Value::Array(logs), ..Made::call() }];
    let mainnet = ChainId::parse("tron:mainnet").unwrap();
    let tron = tron(first, &[call(logs), call(vec![onward])], Contracts::of(&mainnet).with(bridge, Role::NomadAll));

    let links = LedgerLinks::new(vec![(&evm.ledger, &evm.store), (&tron.ledger, &tron.store)]);
    let chains = [
        ChainSource {
            ledger: &evm.ledger,
            known: &Unclassified,
            wrappers: &evm.wrappers,
            contracts: &evm.contracts,
            issuers: &[],
            acts: &Vec::new(),
        },
        ChainSource {
            ledger: &tron.ledger,
            known: &Unclassified,
            wrappers: &[],
            contracts: &tron.contracts,
            issuers: &[],
            acts: &Vec::new(),
        },
    ];
    let (starts, options) = ([(AccountStart::Transfer(link.from), None)], options());
    let request = Request { chains: &chains, links: Some(&links), starts: &starts, options: &options };
    let made = make(&request, &mut Nodes { evm: Some(evm), tron: &tron }, &key(), "2026-11-27T12:00:00Z").unwrap();
    let v = verify(&made, None);
    assert!(v.is_valid(), "{:#?}", v.failures);
    let result = stated_result(&made).unwrap();
    assert!(
        result.crossings.iter().any(|c| c.kind == LinkKind::Bridge && c.to.chain == mainnet),
        "{:#?}",
        result.crossings
    );
    let last = result.ends.iter().find(|e| *e.asset.chain() == mainnet).unwrap();
    assert_eq!(last.account.as_deref(), Some(AccountId::evm([0x44; 20]).to_address(&mainnet).to_string().as_str()));
    let families: Vec<&str> = v.headers.iter().map(|h| h.chain.as_str()).collect();
    assert!(families.contains(&"tron:mainnet") && families.contains(&"eip155:31337"));
}
