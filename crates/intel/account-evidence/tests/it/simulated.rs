//! Bundles of the simulated economy: a theft over swaps and the bridge, every policy both ways, and what happens to a bundle that is changed.

use crate::economy::{Node, World, world};
use ed25519_dalek::SigningKey;
use holdfast_account_evidence::{Blocks, EvidenceError, FORMAT, FeedBlocks, Origin, make, stated_result, verify};
use holdfast_account_feed::ChainNotes;
use holdfast_account_feed::files::block_files;
use holdfast_analysis::accounts::{AccountOptions, AccountStart};
use holdfast_analysis::bundle::{self, Files, Verification};
use holdfast_analysis::links::{LinkKind, Links};
use holdfast_analysis::{Bounds, Direction, Policy, TraceOptions};
use holdfast_attribution::Tlp;
use holdfast_simulate_accounts::files::{Format, write};
use holdfast_simulate_accounts::{Action, Economy, Options};
use holdfast_types::{Amount, ChainId, TransferKind};
use proptest::prelude::*;
use std::ops::ControlFlow;
use std::sync::LazyLock;

const CREATED: &str = "2026-11-27T12:00:00Z";

static WORLD: LazyLock<World> =
    LazyLock::new(|| world(Options { seed: 3, blocks: 110, users: 40, txs_per_block: 20, ..Options::default() }, true));

fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn options(policy: Policy, direction: Direction) -> AccountOptions {
    let bounds = Bounds { max_hops: 10, max_edges: 3_000, ..Bounds::default() };
    let trace = TraceOptions { policy, direction, bounds, ..TraceOptions::default() };
    AccountOptions { trace, ..AccountOptions::default() }
}

fn bundle_of(
    world: &World,
    links: Option<&dyn Links>,
    start: AccountStart,
    options: &AccountOptions,
) -> Result<Vec<u8>, EvidenceError> {
    let mut node = Node { world, missing: None, instead: None };
    world.request(Tlp::Amber, links, &[(start, None)], options, |request| make(request, &mut node, &key(), CREATED))
}

/// The bundle of the first theft that passes a swap and the bridge.
static THEFT: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let links = WORLD.links();
    let options = options(Policy::Fifo, Direction::Forward);
    let thefts = WORLD.transfers(Action::Theft, TransferKind::Token);
    let made =
        thefts.into_iter().map(|id| bundle_of(&WORLD, Some(&links), AccountStart::Transfer(id), &options).unwrap());
    let crosses = |bundle: &Vec<u8>| {
        let crossings = stated_result(bundle).unwrap().crossings;
        [LinkKind::Swap, LinkKind::Bridge].iter().all(|kind| crossings.iter().any(|c| c.kind == *kind))
    };
    made.into_iter().find(crosses).expect("a theft passes a swap and the bridge")
});

fn opened(bytes: &[u8]) -> Files {
    let mut files = bundle::open(bytes, None, FORMAT, &mut Verification::default()).unwrap();
    files.remove("manifest.json");
    files.remove("manifest.sig");
    files
}

/// Signs changed files again, as whoever has the key could.
fn forged(files: Files) -> Verification {
    verify(&bundle::seal(files, FORMAT, &key(), CREATED).unwrap(), None)
}

#[test]
fn a_theft_over_a_swap_and_a_bridge_verifies_offline() {
    let v = verify(&THEFT, Some(&hex::encode(key().verifying_key().as_bytes())));
    assert!(v.is_valid(), "{:#?}", v.failures);
    let result = stated_result(&THEFT).unwrap();
    let chains: std::collections::BTreeSet<_> = result.movements.iter().map(|m| m.transfer.chain.to_string()).collect();
    assert_eq!(chains.len(), 2, "the trace is on both chains");
    assert!(result.ends.iter().any(|e| e.category == "exchange" && e.label.is_some()), "{:#?}", result.ends);
    let said = v.passed.join("\n");
    for what in ["headers hash", "receipts are proved", "links are found again", "recomputes to the stated result"] {
        assert!(said.contains(what), "{said}");
    }
    let claims = v.claims.join("\n");
    for what in
        ["canonical chain", "histories of accounts are complete", "wrappers of the coin", "the ledger of eip155:31338"]
    {
        assert!(claims.contains(what), "{claims}");
    }
    assert!(v.headers.iter().all(|h| h.hash.starts_with("0x")) && v.headers.len() > 3);
    // The same input gives the same bytes.
    let files = opened(&THEFT);
    assert_eq!(bundle::seal(files.clone(), FORMAT, &key(), CREATED).unwrap(), *THEFT);
    let (nodes, transactions) = (
        files["nodes.rlp"].len(),
        serde_json::from_slice::<Vec<serde_json::Value>>(&files["transactions.json"]).unwrap().len(),
    );
    println!("{} bytes; {transactions} transactions, {} bytes of nodes each", THEFT.len(), nodes / transactions);
    println!("{}\n{claims}", v.passed.join("\n"));
    let wrong = verify(&THEFT, Some(&"00".repeat(32)));
    assert!(wrong.failures[0].contains("not by the key given"));
}

#[test]
fn every_policy_and_direction_verifies_with_and_without_calls() {
    let blind = world(Options { seed: 5, blocks: 50, users: 30, txs_per_block: 15, ..Options::default() }, false);
    for (world, kinds) in [
        (&*WORLD, [(Action::BridgeOut, TransferKind::Token), (Action::GasFunding, TransferKind::Value)]),
        (&blind, [(Action::Swap, TransferKind::Token), (Action::GasFunding, TransferKind::Value)]),
    ] {
        let links = world.links();
        let mut made = 0;
        for (action, kind) in kinds {
            for policy in [Policy::Poison, Policy::Haircut, Policy::Fifo, Policy::Lifo] {
                for direction in [Direction::Forward, Direction::Backward] {
                    let Some(id) = world.transfers(action, kind).into_iter().nth(2) else { continue };
                    let mut options = options(policy, direction);
                    options.trace.bounds.max_edges = 60;
                    let bytes = bundle_of(world, Some(&links), AccountStart::Transfer(id), &options).unwrap();
                    let v = verify(&bytes, None);
                    assert!(v.is_valid(), "{action} {policy:?} {direction:?}: {:#?}", v.failures);
                    made += 1;
                }
            }
        }
        assert!(made >= 8, "{made} bundles");
    }
}

#[test]
fn what_an_account_held_at_a_height_is_a_start_too() {
    let theft = WORLD.transfers(Action::Theft, TransferKind::Token)[0];
    let ledger = &WORLD.sides[usize::from(theft.chain)].ledger;
    let transfer = ledger.transfer(theft.number).unwrap();
    let height = ledger.block(ledger.tx(transfer.tx).unwrap().block).unwrap().height;
    for direction in [Direction::Forward, Direction::Backward] {
        let start =
            AccountStart::Balance { chain: theft.chain, account: transfer.to.unwrap(), asset: transfer.asset, height };
        let bytes = bundle_of(&WORLD, Some(&WORLD.links()), start, &options(Policy::Haircut, direction)).unwrap();
        let v = verify(&bytes, None);
        assert!(v.is_valid(), "{direction:?}: {:#?}", v.failures);
    }
}

#[test]
fn a_reader_without_clearance_gets_no_tags() {
    let theft = WORLD.transfers(Action::Theft, TransferKind::Token)[0];
    let mut node = Node { world: &WORLD, missing: None, instead: None };
    let (starts, options) = ([(AccountStart::Transfer(theft), None)], options(Policy::Fifo, Direction::Forward));
    let bytes = WORLD
        .request(Tlp::Clear, None, &starts, &options, |request| make(request, &mut node, &key(), CREATED))
        .unwrap();
    // Tags of packs without a label are for those who need to know.
    let text = String::from_utf8_lossy(&opened(&bytes)["attributions.json"]).into_owned();
    assert!(verify(&bytes, None).is_valid() && !text.contains("sim-"), "{text}");
}

#[test]
fn blocks_that_are_missing_or_others_are_named() {
    let theft = WORLD.transfers(Action::Theft, TransferKind::Token)[0];
    let ledger = &WORLD.sides[usize::from(theft.chain)].ledger;
    let height = ledger.block(ledger.tx(ledger.transfer(theft.number).unwrap().tx).unwrap().block).unwrap().height;
    let starts = [(AccountStart::Transfer(theft), None)];
    let options = options(Policy::Fifo, Direction::Forward);
    let made = |missing, instead| {
        let mut node = Node { world: &WORLD, missing, instead };
        WORLD.request(Tlp::Amber, None, &starts, &options, |request| make(request, &mut node, &key(), CREATED))
    };
    let missing = made(Some(height), None).unwrap_err();
    assert!(matches!(missing, EvidenceError::NoBlock { height: at, .. } if at == height), "{missing}");
    assert!(made(None, Some((height, height + 1))).is_err());
}

#[test]
fn a_changed_proof_fails_with_the_part_that_it_is_in() {
    let files = opened(&THEFT);
    // Every node of every trie: any byte of it changes a hash.
    let nodes = &files["nodes.rlp"];
    for place in (8..nodes.len()).step_by(nodes.len() / 150 + 1) {
        let mut changed = files.clone();
        changed.get_mut("nodes.rlp").unwrap()[place] ^= 1;
        let v = forged(changed);
        let is_named = |f: &String| f.contains("nodes.rlp") || f.contains("transactions.json");
        assert!(v.failures.iter().any(is_named), "byte {place}: {:?}", v.failures);
    }
    for (name, from, to) in [
        ("transfers.json", "\"amount\": \"", "\"amount\": \"1"),
        ("transfers.json", "\"kind\": \"token\"", "\"kind\": \"mint\""),
        ("result.json", "\"whole\": \"", "\"whole\": \"1"),
        ("headers.json", "\"header\": \"f9", "\"header\": \"fa"),
        ("balances.json", "\"from\": ", "\"from\": 9"),
        ("links.json", "\"kind\": \"swap\"", "\"kind\": \"wrap\""),
        ("links.json", "message 0x", "message 0xf"),
        ("attributions.json", "\"category\": \"exchange\"", "\"category\": \"market\""),
        ("transactions.json", "\"hash\": \"0x", "\"hash\": \"0xf"),
        ("accounts.json", "\"address\": \"0x", "\"address\": \"0xf"),
        ("parameters.json", "\"policy\": \"fifo\"", "\"policy\": \"lifo\""),
    ] {
        let mut changed = files.clone();
        let text = String::from_utf8(files[name].clone()).unwrap();
        assert!(text.contains(from), "{name} has no {from}");
        changed.insert(name.to_owned(), text.replacen(from, to, 1).into_bytes());
        let v = forged(changed);
        let is_named = |f: &String| f.contains(".json:");
        assert!(v.failures.iter().any(is_named), "{name}, {from}: {:?}", v.failures);
    }
    // Bundles without acts of issuers do not have their file.
    for name in files.keys().filter(|name| *name != "freezes.json") {
        let mut changed = files.clone();
        changed.remove(name);
        assert!(forged(changed).failures[0].contains(name.as_str()));
    }
}

/// A transfer that is left out of a history changes a balance, and so the result.
#[test]
fn a_history_cannot_be_shortened_without_a_trace() {
    let files = opened(&THEFT);
    let transfers: Vec<serde_json::Value> = serde_json::from_slice(&files["transfers.json"]).unwrap();
    let mut found = 0;
    for left_out in (0..transfers.len()).step_by(transfers.len() / 20 + 1) {
        let mut fewer = transfers.clone();
        fewer.remove(left_out);
        let mut changed = files.clone();
        changed.insert("transfers.json".into(), serde_json::to_vec_pretty(&fewer).unwrap());
        found += usize::from(!forged(changed).is_valid());
    }
    assert!(found >= 15, "{found}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_flipped_bit_of_a_bundle_fails_with_a_sentence(place in any::<prop::sample::Index>(), bit in 0u8..8) {
        let mut bytes = THEFT.clone();
        let place = place.index(bytes.len());
        bytes[place] ^= 1 << bit;
        let v = verify(&bytes, None);
        prop_assert!(!v.is_valid(), "byte {place}");
        prop_assert!(v.failures.iter().all(|f| f.len() > 10 && f.contains([':', ' '])), "{:?}", v.failures);
    }

    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(!verify(&bytes, None).is_valid());
    }
}

#[test]
fn amounts_are_whole_numbers_of_base_units() {
    let result = stated_result(&THEFT).unwrap();
    for book in &result.books {
        let sum = |parts: &[Amount]| Amount::checked_sum(parts.iter().copied()).unwrap();
        assert_eq!(
            sum(&[book.marked, book.added, book.crossed_in]),
            sum(&[book.found, book.fees, book.crossed_out, book.common]),
            "{}",
            book.asset
        );
    }
}

#[test]
fn files_of_a_node_give_the_same_bundle() {
    let sizes = Options { seed: 6, blocks: 30, users: 25, txs_per_block: 12, ..Options::default() };
    let world = world(sizes, true);
    let dir = tempfile::tempdir().unwrap();
    let mut economy = Economy::new(sizes).unwrap();
    write(&mut economy, dir.path(), Format::Json, &mut |_| Ok(ControlFlow::Continue(()))).unwrap();
    let start = world.transfers(Action::Payment, TransferKind::Token)[1];
    let trace = self::options(Policy::Fifo, Direction::Forward);
    let starts = [(AccountStart::Transfer(start), None)];
    let mut origins = Vec::new();
    for (side, number) in world.sides.iter().zip(sizes.chains) {
        let files = block_files(&dir.path().join(number.to_string())).unwrap();
        let (wrappers, issuers) = (side.wrappers.clone(), side.issuers.clone());
        let notes = ChainNotes { wrappers, issuers, ..ChainNotes::default() };
        origins.push((side.id.clone(), Origin::Files(files, notes)));
    }
    let stored = |chain: &ChainId, height: u64| {
        let side = world.sides.iter().find(|side| side.id == *chain)?;
        side.ledger.block_at(height).ok()?.map(|block| block.hash)
    };
    let made = |blocks: &mut dyn Blocks| {
        world.request(Tlp::Amber, None, &starts, &trace, |request| make(request, blocks, &key(), CREATED)).unwrap()
    };
    let by_files = made(&mut FeedBlocks::new(origins, &stored));
    assert!(verify(&by_files, None).is_valid());
    assert_eq!(by_files, made(&mut Node { world: &world, missing: None, instead: None }));
}

/// A freeze of the account to which a scam's victims paid is proved by the log of the issuer's contract; what is claimed of it is said.
#[test]
fn what_an_issuer_did_with_accounts_of_the_trace_is_proved() {
    let links = WORLD.links();
    let options = options(Policy::Fifo, Direction::Forward);
    let paid = WORLD.transfers(Action::ScamPayment, TransferKind::Token);
    let is_done = |act: &serde_json::Value| act["action"] == "freeze" && act["proposal"].is_null();
    let is_proposed = |act: &serde_json::Value| act["action"] == "freeze" && act["proposal"].is_u64();
    let frozen = paid.into_iter().find_map(|id| {
        let bytes = bundle_of(&WORLD, Some(&links), AccountStart::Transfer(id), &options).unwrap();
        let acts: Vec<serde_json::Value> = serde_json::from_slice(opened(&bytes).get("freezes.json")?).unwrap();
        (acts.iter().any(is_done) && acts.iter().any(is_proposed)).then_some(bytes)
    });
    let bytes = frozen.expect("an issuer froze an account to which a scam's victims paid");
    let v = verify(&bytes, None);
    assert!(v.is_valid(), "{:#?}", v.failures);
    let files = opened(&bytes);
    let acts: Vec<serde_json::Value> = serde_json::from_slice(&files["freezes.json"]).unwrap();
    let done = acts.iter().find(|act| is_done(act)).expect("a freeze that was carried out");
    let accounts: Vec<serde_json::Value> = serde_json::from_slice(&files["accounts.json"]).unwrap();
    let account = &accounts[usize::try_from(done["account"].as_u64().unwrap()).unwrap()]["address"];
    let said = v.passed.join("\n");
    assert!(said.contains(&format!("froze {}", account.as_str().unwrap())), "{said}");
    assert!(said.contains("was asked by an owner to freeze"), "{said}");
    let claims = v.claims.join("\n");
    assert!(claims.contains("taken as issuers'") && claims.contains("did nothing else with the accounts"), "{claims}");
    // Other acts, accounts, tokens or places than the logs', and contracts that are nobody's, are found.
    for (field, value) in [
        ("action", serde_json::json!("lift")),
        ("account", serde_json::json!(u8::from(done["account"] == 0))),
        ("asset", serde_json::json!("eip155:31337/erc20:0x1111111111111111111111111111111111111111")),
        ("position", serde_json::json!("log:4000")),
        ("proposal", serde_json::json!(77)),
        ("amount", serde_json::json!("5")),
        ("height", serde_json::json!(1)),
        ("chain", serde_json::json!(9)),
    ] {
        let mut changed = acts.clone();
        let place = changed.iter().position(|act| act == done).unwrap();
        changed[place][field] = value;
        let mut files = files.clone();
        files.insert("freezes.json".into(), serde_json::to_vec_pretty(&changed).unwrap());
        let v = forged(files);
        assert!(v.failures.iter().any(|f| f.starts_with("freezes.json")), "{field}: {:?}", v.failures);
    }
    let mut twice = files.clone();
    twice.insert("freezes.json".into(), serde_json::to_vec_pretty(&[done, done]).unwrap());
    assert!(forged(twice).failures.iter().any(|f| f.contains("stands twice")));
    let mut unknown = files.clone();
    let parameters = String::from_utf8(files["parameters.json"].clone()).unwrap();
    let mut parameters: serde_json::Value = serde_json::from_str(&parameters).unwrap();
    for chain in parameters["chains"].as_array_mut().unwrap() {
        chain.as_object_mut().unwrap().remove("issuers").unwrap();
    }
    unknown.insert("parameters.json".into(), serde_json::to_vec_pretty(&parameters).unwrap());
    assert!(!forged(unknown).is_valid(), "a log of a contract that is no issuer's shows nothing");
}
