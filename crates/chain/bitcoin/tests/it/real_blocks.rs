//! The bundled real blocks, read by our walker and by rust-bitcoin's decoder, must say the same.

use bitcoin::consensus::Decodable;
use bitcoin::hashes::Hash;
use holdfast_bitcoin::files::{BlockFiles, heights_of_headers, read_single_block};
use holdfast_bitcoin::undo::parse_spent_file;
use holdfast_bitcoin::{Block, BlockError, Network, display_hash};
use std::path::{Path, PathBuf};

fn data(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../data/bitcoin").join(name);
    let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    zstd::decode_all(bytes.as_slice()).unwrap()
}

fn assert_same_as_rust_bitcoin(block: &Block) {
    let theirs = bitcoin::Block::consensus_decode(&mut &block.bytes()[..]).unwrap();
    assert_eq!(block.hash.to_bytes(), theirs.block_hash().to_byte_array());
    assert_eq!(block.txs.len(), theirs.txdata.len());
    for (i, tx) in theirs.txdata.iter().enumerate() {
        assert_eq!(block.txids[i], tx.compute_txid().to_byte_array());
        assert_eq!(block.txs[i].weight as u64, tx.weight().to_wu());
        assert_eq!(block.txs[i].locktime, tx.lock_time.to_consensus_u32());
        assert_eq!(block.txs[i].coinbase, tx.is_coinbase());
        assert_eq!(block.inputs_of(i).len(), tx.input.len());
        for (ours, theirs) in block.inputs_of(i).iter().zip(&tx.input) {
            assert_eq!(block.prev_txid(ours), theirs.previous_output.txid.to_byte_array());
            assert_eq!(block.prev_vout(ours), theirs.previous_output.vout);
            assert_eq!(ours.sequence, theirs.sequence.0);
            assert_eq!(block.script_sig(ours), theirs.script_sig.as_bytes());
            assert_eq!(block.witness(ours), theirs.witness.iter().collect::<Vec<_>>());
        }
        assert_eq!(block.outputs_of(i).len(), tx.output.len());
        for (ours, theirs) in block.outputs_of(i).iter().zip(&tx.output) {
            assert_eq!(ours.value, theirs.value.to_sat());
            assert_eq!(block.script(ours), theirs.script_pubkey.as_bytes());
        }
    }
}

#[test]
fn single_blocks_agree_with_rust_bitcoin() {
    for (height, txs) in [(300025, 461), (367891, 420), (400000, 1660), (413567, 1557), (866342, 4864)] {
        let block = read_single_block(data(&format!("{height}.block.zst")), Network::Bitcoin).unwrap();
        assert_eq!(block.txs.len(), txs);
        assert_eq!(block.stated_height(), Some(height));
        assert_same_as_rust_bitcoin(&block);
    }
}

#[test]
fn spent_outputs_cover_every_input_and_agree_with_inference() {
    // Block 367891 is mostly a sweep of bare, empty scripts, which no unlocking data names.
    for (name, least) in [
        ("300025.spent-outputs.bin.zst", 0.9),
        ("367891.spent-outputs.json.zst", 0.03),
        ("866342.spent-outputs.json.zst", 0.7),
    ] {
        let block = read_single_block(data(&format!("{}.block.zst", &name[..6])), Network::Bitcoin).unwrap();
        let spent = parse_spent_file(Path::new(name), &data(name)).unwrap();
        assert_eq!(spent.len(), block.inputs.len() - 1, "{name}");
        let mut inferred = 0;
        for (input, spent) in block.inputs[1..].iter().zip(&spent) {
            let address = holdfast_bitcoin::script::infer_spent_address(block.script_sig(input), &block.witness(input));
            if let Some(address) = address {
                assert_eq!(address, spent.address, "inference must never name a wrong address");
                inferred += 1;
            }
        }
        let share = inferred as f64 / spent.len() as f64;
        assert!(share > least, "{name}: only {share} inferred");
    }
}

#[test]
fn node_files_in_any_state_read() {
    let plain = data("blk-1-256.dat.zst");
    let dir = tempfile::tempdir().unwrap();
    // Split the records, reverse them over two files, pad with zeros, cut the tail, add a repeated block.
    let mut records = Vec::new();
    let mut pos = 0;
    while pos < plain.len() {
        let len = u32::from_le_bytes(plain[pos + 4..pos + 8].try_into().unwrap()) as usize;
        records.push(plain[pos..pos + 8 + len].to_vec());
        pos += 8 + len;
    }
    assert_eq!(records.len(), 255);
    let mut first: Vec<u8> = records[100..].iter().rev().flatten().copied().collect();
    first.extend([0; 5000]);
    first.extend(&records[17]);
    let mut second: Vec<u8> = records[..100].iter().rev().flatten().copied().collect();
    second.extend(b"garbage");
    second.extend(&records[3]);
    second.extend(&records[7][..100]);
    for key in [None, Some([9u8, 8, 7, 6, 5, 4, 3, 2])] {
        if let Some(key) = key {
            std::fs::write(dir.path().join("xor.dat"), key).unwrap();
        }
        for (name, bytes) in [("blk00000.dat", &first), ("blk00001.dat", &second)] {
            let mut bytes = bytes.clone();
            if let Some(key) = &key {
                holdfast_bitcoin::files::deobfuscate(&mut bytes, key, 0);
            }
            std::fs::write(dir.path().join(name), bytes).unwrap();
        }
        let heights = heights_of_headers(&data("headers-0-10236.bin.zst"), Network::Bitcoin).unwrap();
        let files = BlockFiles::open(dir.path(), Network::Bitcoin, |h| heights.get(h).copied()).unwrap();
        assert_eq!(files.len(), 255, "{:?}", files.notes);
        assert_eq!(files.left_out().count(), 2, "two repeats");
        assert_eq!(files.notes.len(), if key.is_none() { 2 } else { 3 }, "{:?}", files.notes);
        for position in 0..files.len() {
            let (height, block) = files.block(position).unwrap();
            assert_eq!(height as usize, position + 1);
            assert_same_as_rust_bitcoin(&block);
        }
        assert!(files.spent_outputs(0).unwrap().is_none(), "no rev file here");
        let (_, block) = files.block(169).unwrap();
        assert_eq!(
            display_hash(&block.txids[1]),
            "f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16",
            "the first payment, in block 170"
        );
    }
    let wrong = BlockFiles::open(dir.path(), Network::Litecoin, |_| None).unwrap_err();
    assert!(wrong.to_string().contains("--network"), "{wrong}");
}

#[test]
fn altered_blocks_are_refused() {
    let bytes = data("400000.block.zst");
    let mut amount = bytes.clone();
    let at = bytes.len() - 40;
    amount[at] ^= 1;
    let block = Block::parse(amount).unwrap();
    assert_eq!(block.check(Network::Bitcoin), Err(BlockError::MerkleRoot));
    let mut nonce = bytes.clone();
    nonce[76] ^= 1;
    assert_eq!(Block::parse(nonce).unwrap().check(Network::Bitcoin), Err(BlockError::ProofOfWork));
    let mut longer = bytes.clone();
    longer.push(0);
    assert_eq!(Block::parse(longer).unwrap_err(), BlockError::Trailing(1));
    for cut in (0..bytes.len()).step_by(9973) {
        assert!(Block::parse(bytes[..cut].to_vec()).is_err());
    }
}
