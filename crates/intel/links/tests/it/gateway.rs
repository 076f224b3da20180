//! What Circle's Gateway mints came from another chain, though what is burnt there is not read.

use crate::sides::{Scene, address, amount, block, id, log, transfer, word};
use holdfast_evm::keccak256;
use holdfast_links::{Contracts, Direction, Protocol, Record};
use holdfast_types::{ChainId, TokenRef, TransferKind};

const MINTER: &str = "0x2222222d7164433c4C09B0b0D809a9b52C04C205";
const USDC: &str = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48";
const RECIPIENT: &str = "0x1a2a1c938ce3ec39b6d47113c7955baa9dd454f2";

#[test]
fn what_the_minter_states_is_received_from_elsewhere() {
    let contracts = Contracts::of(&ChainId::parse("eip155:1").unwrap());
    let (usdc, recipient, spec) = (address(USDC), address(RECIPIENT), keccak256("a transfer"));
    let event = keccak256("AttestationUsed(address,address,bytes32,uint32,bytes32,bytes32,uint256)");
    let topics = [event, usdc.into_word(), recipient.into_word(), spec];
    let scene = |contract: &str, stated: u128| {
        let words = [word(6), word(1), word(2), word(stated)];
        let sides = (None, Some(id(recipient)));
        let minted = transfer(TokenRef::Fungible(id(usdc)), sides, amount("5000000"), TransferKind::Mint);
        Scene { transfer: minted, logs: vec![log(address(contract), &topics, &words)] }
    };
    let found = |contract, stated| block(&contracts, 1, 1_780_000_000, &scene(contract, stated)).records;
    let records = found(MINTER, 5_000_000);
    let [Record::Bridge(side)] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!((side.protocol, side.direction, side.message), (Protocol::Gateway, Direction::Out, Some(spec.0)));
    assert_eq!((side.end.account, side.end.amount, side.end.transfers.len()), (id(recipient), amount("5000000"), 1));
    assert_eq!(side.remote, None, "whether the other side is held nobody can say");
    assert!(found(USDC, 5_000_000).is_empty(), "anybody can write the event");
    assert!(found(MINTER, 4_000_000).is_empty(), "what was minted is not what is stated");
}
