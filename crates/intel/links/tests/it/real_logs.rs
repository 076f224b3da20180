//! Logs of bridges and pools in real blocks of Ethereum that have no traces: header, body and receipts are checked, what moved inside transactions as
//! coin is not known.

use crate::real_files;
use holdfast_evm::{Bytes, Chain, Checks, VerifiedBlock, rlp, transfers, verify};
use holdfast_links::{Certainty, Contracts, Direction, Protocol, Record, Rule, find};
use holdfast_types::{Amount, BlockTransfers, ChainId};
use std::collections::BTreeMap;

/// Reads a block in RLP: lines `header`, `body` and `receipts`.
fn block(name: &str) -> Option<(VerifiedBlock, BlockTransfers)> {
    let text = std::fs::read_to_string(real_files::accounts()?.join(format!("evm/portal-{name}.yaml"))).unwrap();
    let field = |name: &str| -> Bytes {
        let line = text.lines().find_map(|l| l.trim().strip_prefix(name)?.strip_prefix(": ")).unwrap();
        line.trim().trim_matches(['"', '\'']).parse().unwrap()
    };
    let read = rlp::block(&field("header"), &field("body")).unwrap();
    let receipts = rlp::receipts(&field("receipts")).unwrap();
    let verified = verify(&Chain::of(1), read, receipts, Checks::default()).unwrap();
    let moved = transfers(&Chain::of(1), &verified);
    Some((verified, moved))
}

fn records(name: &str) -> Option<Vec<Record>> {
    let (verified, moved) = block(name)?;
    Some(find(&Contracts::of(&ChainId::parse("eip155:1").unwrap()), &verified, &moved).records)
}

/// A deposit in Across. Of the block's other events of bridges, LayerZero's are of Stargate, whose pools are not the contracts that the endpoint names,
/// and Wormhole's is of another contract than the token bridge.
#[test]
fn sides_of_bridges_are_read() {
    let Some(records) = records("22431084") else { return };
    let sides = records.iter().filter_map(|r| if let Record::Bridge(side) = r { Some(side) } else { None });
    let sides: Vec<_> = sides.collect();
    let [across] = sides.as_slice() else { panic!("{sides:?}") };
    assert_eq!((across.protocol, across.direction, across.end.place.tx), (Protocol::Across, Direction::In, 7));
    assert_eq!(across.end.amount, Amount::from(0x239f_e432_u64));
    assert_eq!(across.stated, Some(Amount::from(0x239e_ecb5_u64)));
    assert_eq!(across.remote, Some(42_161));
    let mut message = *b"across-3\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    message[28..].copy_from_slice(&0x0027_286b_u32.to_be_bytes());
    assert_eq!(across.message, Some(message));
    assert_eq!(hex::encode(across.beneficiary.as_bytes()), "fc45f5fca60cdca8085addd4e9b4d9823b9e2297");
    assert_eq!(across.beneficiary, across.end.account);
    let (token, usdc) = across.asset.unwrap();
    assert_eq!((token, hex::encode(&usdc[12..])), (1, "a0b86991c6218b36c1d19d4a2e9eb0ce3606eb48".into()));
}

/// Links whose first evidence is an event of Uniswap v4, Curve, Balancer or 1inch, in five blocks. Of 16 such events, one pays coin inside its transaction
/// (v4, transaction 51 of the last block), two of 1inch's stand behind another pool's, and two of a transaction are one path.
#[test]
fn swaps_of_further_pools_are_read() {
    let mut found: BTreeMap<(&str, u32), Vec<&str>> = BTreeMap::new();
    for name in ["17034870", "17062257", "19426586", "22431083", "22431084"] {
        let Some(records) = records(name) else { return };
        for record in &records {
            let Record::Link(link) = record else { continue };
            let is_new = [Rule::UniswapV4, Rule::CurveStable, Rule::CurveCrypto, Rule::BalancerV2, Rule::OneInch];
            if is_new.contains(&link.evidence.rule) {
                assert_eq!(link.certainty, Certainty::Event);
                found.entry((name, link.into.place.tx)).or_default().push(link.evidence.rule.name());
            }
        }
    }
    let expected = [
        (("17034870", 133), vec!["balancer_v2"]),
        (("17062257", 146), vec!["curve_stable"]),
        (("19426586", 18), vec!["curve_crypto", "curve_stable"]),
        (("22431083", 23), vec!["one_inch"]),
        (("22431083", 85), vec!["uniswap_v4"]),
        (("22431083", 94), vec!["uniswap_v4"]),
        (("22431083", 95), vec!["uniswap_v4"]),
        (("22431084", 12), vec!["curve_stable"]),
        (("22431084", 22), vec!["uniswap_v4"]),
        (("22431084", 24), vec!["uniswap_v4"]),
        (("22431084", 36), vec!["uniswap_v4"]),
        (("22431084", 42), vec!["balancer_v2"]),
    ];
    assert_eq!(found, BTreeMap::from(expected));
}
