//! Issuers' freezes in decisions, on a simulated economy with its ground truth.

use holdfast_account_workspace::freezes::At;
use holdfast_chain_facts::chain_facts;
use holdfast_decision::issuer::IssuerState;
use holdfast_decision::{ChainFacts, Decision, Event, Verdict};
use holdfast_evm::{Chain, Checks, json, trace, transfers, verify};
use holdfast_screening::Screening;
use holdfast_simulate_accounts::{Economy, Options, Record};
use holdfast_testing::{AccountChain, TestClock, TestDb, deposit, on_both, withdrawal};
use holdfast_types::{Amount, Asset, ChainId, Seconds, Timestamp, TokenRef};
use std::collections::BTreeMap;

on_both!(freezes_decide_from_the_block_of_their_proposal);

/// An issuer's freeze of the truth: address, heights of proposal and freeze.
type Truth = (String, u64, u64);

/// The first chain of an economy: the chain as the desk sees it after each block, and the freezes of the truth.
fn economy() -> (BTreeMap<u64, AccountChain>, Vec<Truth>, Asset) {
    let options = Options { seed: 3, blocks: 80, users: 60, txs_per_block: 25, ..Options::default() };
    let mut economy = Economy::new(options).unwrap();
    let number = economy.options().chains[0];
    let id = ChainId::parse(&format!("eip155:{number}")).unwrap();
    let asset = Asset::from(TokenRef::Fungible(economy.issuer().token).asset_id(&id));
    let chain = Chain::of(number).with_wrapper(economy.wrapper()).with_issuer(economy.issuer());
    let (mut seen, mut after) = (AccountChain::new(id, vec![asset.clone()]), BTreeMap::new());
    loop {
        let blocks = economy.next_blocks(16);
        if blocks.is_empty() {
            break;
        }
        for block in blocks.iter().filter(|block| block.chain == 0) {
            let mut read = json::block(&chain, &block.block_json()).unwrap();
            let receipts = json::receipts(&mut read, &block.receipts_json()).unwrap();
            let traces = trace::nested(&block.traces_json()).unwrap();
            let verified = verify(&chain, read, receipts, Checks { senders: false }).unwrap();
            let found = transfers(&chain, &verified.with_traces(traces).unwrap());
            for tx in &found.transactions {
                let at = At { height: found.height, time: found.time, tx: Some(tx.hash) };
                tx.signals.iter().for_each(|signal| seen.issuer(at, signal));
            }
            after.insert(found.height, seen.clone());
        }
    }
    let height = |tx: &str| tx.split(':').nth(1).unwrap().parse::<u64>().unwrap();
    let truth = economy.take_records().into_iter().filter_map(|record| match record {
        Record::Freeze { account, proposed, frozen, .. } if proposed.starts_with(&format!("{number}:")) => {
            Some((account, height(&proposed), height(&frozen)))
        }
        _ => None,
    });
    (after, truth.collect(), asset)
}

fn rules(decision: &Decision) -> Vec<&str> {
    decision.reasons.iter().map(|r| r.rule.as_str()).filter(|r| r.contains("frozen")).collect()
}

fn freezes_decide_from_the_block_of_their_proposal(place: &TestDb) {
    let screening = Screening::open(&place.url, TestClock::new().clock()).unwrap();
    let (after, truth, asset) = economy();
    assert!(truth.len() > 1, "{truth:?}");
    let mut number = 0;
    let mut decide = |chain: &AccountChain, event: Event| -> (Decision, ChainFacts) {
        number += 1;
        // Each of another customer: what is held of one must not hold another's.
        let event = Event { id: format!("e{number}"), customer: format!("c{number}"), ..event };
        let facts = chain_facts(chain, &event, None);
        (screening.decide(event, facts.clone(), "t").unwrap(), facts)
    };
    let mut txs = 0u64;
    let mut next_tx = || {
        txs += 1;
        format!("0x{txs:064x}")
    };
    // Within hours of the economy's blocks.
    let soon = Timestamp::from_unix(1_750_000_000) + Seconds::DAY;
    let of_asset = |event: Event| Event { asset: Some(asset.to_string()), time: soon, ..event };
    let clean = "0x00000000000000000000000000000000000000aa";
    for (address, proposed, frozen) in truth {
        let out = || of_asset(withdrawal("w", "anna", &address, 5, 500));
        // The block before the proposal knows nothing; its own holds it; the freeze comes blocks later.
        assert!(proposed + 4 <= frozen);
        for (height, expected) in [
            (proposed - 1, None),
            (proposed, Some(IssuerState::Proposed)),
            (frozen - 1, Some(IssuerState::Proposed)),
            (frozen, Some(IssuerState::Frozen)),
        ] {
            let mut chain = after[&height].clone();
            let (decided, facts) = decide(&chain, out());
            assert_eq!(facts.issuer.first().map(|f| f.state), expected, "{address} at {height}");
            assert_eq!(rules(&decided).contains(&"issuer-frozen"), expected.is_some());
            let Some(state) = expected else { continue };
            // A proposal that nobody executed within a month holds nothing any more; a freeze does.
            let (later, _) = decide(&chain, Event { time: soon + Seconds::DAY * 31, ..out() });
            assert_eq!(rules(&later).contains(&"issuer-frozen"), state == IssuerState::Frozen);
            let reason = decided.reasons.iter().find(|r| r.rule == "issuer-frozen").unwrap();
            assert_eq!((reason.decision, decided.decision), (Verdict::Hold, Verdict::Hold));
            let known = facts.issuer[0].since.unix();
            assert!(reason.because[0].contains(if state == IssuerState::Frozen { "frozen" } else { "proposed" }));
            // A deposit from it is held too; one of another asset, and one to it, raise an alert.
            let tx = next_tx();
            chain.transfer(u32::try_from(height).unwrap(), &tx, &asset, &address, clean, Amount::new(5));
            let event = Event { counterparty: None, address: Some(clean.into()), ..deposit("d", "anna", &tx, 5, 500) };
            let (decided, facts) = decide(&chain, of_asset(event));
            assert_eq!((facts.issuer.len(), facts.issuer[0].since.unix()), (1, known));
            assert_eq!((decided.decision, rules(&decided)), (Verdict::Hold, vec!["issuer-frozen"]));
            let tx = next_tx();
            chain.transfer(u32::try_from(height).unwrap(), &tx, &asset, clean, &address, Amount::new(5));
            let own = Event { counterparty: None, address: Some(address.clone()), ..deposit("d", "anna", &tx, 5, 500) };
            let (decided, facts) = decide(&chain, of_asset(own));
            assert!(facts.issuer[0].own);
            assert_eq!((decided.decision, rules(&decided)), (Verdict::Review, vec!["own-address-frozen"]));
            // Screening again finds it, in words that name the address.
            assert!(facts.findings().iter().any(|f| f.contains(&facts.issuer[0].address)), "{facts:?}");
        }
    }
    // An account that the issuer has nothing to do with.
    let last = after.values().next_back().unwrap();
    let (decided, facts) = decide(last, of_asset(withdrawal("w", "anna", clean, 5, 500)));
    assert!(facts.issuer.is_empty() && rules(&decided).is_empty());
}
