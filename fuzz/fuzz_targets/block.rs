//! Any bytes are answered, and what both decoders take as a block they read alike.
#![no_main]

use bitcoin::consensus::Decodable;
use bitcoin::hashes::Hash;
use holdfast_bitcoin::script::{classify, infer_spent_address};
use holdfast_bitcoin::{Block, Network};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = holdfast_bitcoin::block::peek(data);
    let _ = holdfast_bitcoin::block::parse_transaction(data);
    let Ok(block) = Block::parse(data.to_vec()) else { return };
    let _ = block.check(Network::Regtest);
    let _ = block.stated_height();
    for input in &block.inputs {
        let _ = infer_spent_address(block.script_sig(input), &block.witness(input));
    }
    for output in &block.outputs {
        let key = classify(block.script(output));
        assert_eq!(holdfast_bitcoin::AddressKey::from_bytes(key.as_bytes()), Some(key));
    }
    let mut rest = data;
    if let Ok(theirs) = bitcoin::Block::consensus_decode(&mut rest)
        && rest.is_empty()
    {
        assert_eq!(block.txids.len(), theirs.txdata.len());
        for (ours, theirs) in block.txids.iter().zip(&theirs.txdata) {
            assert_eq!(*ours, theirs.compute_txid().to_byte_array());
        }
    }
});
