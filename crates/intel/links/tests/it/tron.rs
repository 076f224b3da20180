//! Tron: links rest on logs, which are claims of the node.

use crate::tron_blocks::{Made, made_block};
use holdfast_evm::keccak256;
use holdfast_links::{Certainty, Contracts, LinkKind, Record, Rule, find_tron};
use holdfast_tron::{Chain, json, transfers, verify};
use holdfast_types::{AccountId, Amount, Position, TokenRef};
use serde_json::{Value, json};

fn digits(n: u8) -> String {
    format!("{n:02x}").repeat(20)
}

fn word(text: &str) -> String {
    format!("{text:0>64}")
}

/// A transfer of a token between accounts.
fn token(contract: u8, from: u8, to: u8, units: u64) -> Value {
    let topic = format!("{:x}", keccak256("Transfer(address,address,uint256)"));
    json!({
        "address": digits(contract), "data": word(&format!("{units:x}")),
        "topics": [topic.trim_start_matches("0x"), word(&digits(from)), word(&digits(to))],
    })
}

/// Account 1 gives the pool 5 of token 8 and is paid in token 9.
fn swap(given: u64, got: u64, stated: u64) -> Made {
    let topic = format!("{:x}", keccak256("Swap(address,uint256,uint256,uint256,uint256,address)"));
    let amounts = [given, 0, 0, stated].map(|n| word(&format!("{n:x}"))).concat();
    let event = json!({
        "address": digits(5), "data": amounts,
        "topics": [topic.trim_start_matches("0x"), word(&digits(3)), word(&digits(1))],
    });
    Made { logs: json!([token(8, 1, 5, given), token(9, 5, 1, got), event]), ..Made::call() }
}

#[test]
fn a_pools_event_counts_only_with_its_transfers() {
    let chain = Chain::mainnet();
    let (block, infos) = made_block(7, &[Made::transfer(4), swap(100, 40, 40), swap(100, 40, 41)]);
    let verified = verify(json::block(&block).unwrap(), json::infos(&infos).unwrap()).unwrap();
    let moved = transfers(&chain, &verified);
    let found = find_tron(&Contracts::of(&moved.chain), &verified, &moved);
    let links: Vec<_> =
        found.records.iter().map(|r| if let Record::Link(l) = r { l } else { panic!("{r:?}") }).collect();
    let [first, second] = links.as_slice() else { panic!("{links:?}") };
    let account = AccountId::evm([1; 20]);
    let fungible = |n: u8| TokenRef::Fungible(AccountId::evm([n; 20]));
    for (link, tx) in [(first, 1), (second, 2)] {
        assert_eq!((link.kind, link.out.place.height, link.out.place.tx), (LinkKind::Swap, 7, tx));
        assert_eq!((link.out.account, link.out.token, link.out.amount), (account, fungible(8), Amount::from(100u64)));
        assert_eq!((link.into.account, link.into.token, link.into.amount), (account, fungible(9), Amount::from(40u64)));
    }
    assert_eq!(
        (first.certainty, first.evidence.rule, first.evidence.logs.as_slice()),
        (Certainty::Event, Rule::UniswapV2, &[2][..])
    );
    // An event that states another amount is no evidence; the net flow stands by itself. Logs are counted through the block.
    assert_eq!((second.certainty, second.evidence.rule), (Certainty::NetFlow, Rule::NetFlow));
    assert_eq!(second.out.transfers[0].position, Position::Log(3, 0));
}
