//! Chains made by hand: blocks of transactions that a test writes out, with real hashes, links, merkle roots and regtest proof of work.

use crate::build::{Built, finish};
use holdfast_bitcoin::hash::{hash160, merkle_root, sha256d};
use holdfast_bitcoin::read::write_compact;
use holdfast_bitcoin::{Hash32, Header, Network};

/// An output: amount in base units and script.
pub type Out = (u64, Vec<u8>);

/// Returns a transaction that spends outpoints and pays outputs. Unlocking data is empty.
pub fn tx(spends: &[(Hash32, u32)], outputs: &[Out]) -> Built {
    let mut body = Vec::new();
    write_compact(&mut body, spends.len() as u64);
    for (txid, vout) in spends {
        body.extend_from_slice(txid);
        body.extend_from_slice(&vout.to_le_bytes());
        body.push(0);
        body.extend_from_slice(&0xffff_fffeu32.to_le_bytes());
    }
    write_outs(outputs, &mut body);
    finish(2, body, None, 0)
}

/// Returns a transaction whose inputs show their public keys as P2WPKH does: spent outputs that are not stored get their address from it.
pub fn tx_by_keys(spends: &[(Hash32, u32, [u8; 33])], outputs: &[Out]) -> Built {
    let mut body = Vec::new();
    let mut witness = Vec::new();
    write_compact(&mut body, spends.len() as u64);
    for (txid, vout, public) in spends {
        body.extend_from_slice(txid);
        body.extend_from_slice(&vout.to_le_bytes());
        body.push(0);
        body.extend_from_slice(&0xffff_fffeu32.to_le_bytes());
        witness.extend_from_slice(&[2, 71, 0x30]);
        witness.extend_from_slice(&[7; 70]);
        witness.push(33);
        witness.extend_from_slice(public);
    }
    write_outs(outputs, &mut body);
    finish(2, body, Some(witness), 0)
}

/// Returns the script that pays a public key by P2WPKH.
pub fn script_of(public: &[u8; 33]) -> Vec<u8> {
    let mut script = vec![0, 20];
    script.extend_from_slice(&hash160(public));
    script
}

/// Returns a coinbase. Equal `note` and outputs make equal transaction ids, as the duplicates of 2010 had (BIP 30).
pub fn coinbase(note: &[u8], outputs: &[Out]) -> Built {
    let mut body = vec![1];
    body.extend_from_slice(&[0; 32]);
    body.extend_from_slice(&[0xff; 4]);
    write_compact(&mut body, note.len() as u64);
    body.extend_from_slice(note);
    body.extend_from_slice(&[0xff; 4]);
    write_outs(outputs, &mut body);
    finish(1, body, None, 0)
}

fn write_outs(outputs: &[Out], body: &mut Vec<u8>) {
    write_compact(body, outputs.len() as u64);
    for (value, script) in outputs {
        body.extend_from_slice(&value.to_le_bytes());
        write_compact(body, script.len() as u64);
        body.extend_from_slice(script);
    }
}

/// Returns a pay-to-witness-public-key-hash script of a numbered key.
pub fn key(n: u64) -> Vec<u8> {
    let mut script = vec![0, 20];
    script.extend_from_slice(&sha256d(&n.to_le_bytes())[..20]);
    script
}

/// Makes blocks that follow one another.
#[derive(Clone, Debug)]
pub struct HandChain {
    network: Network,
    prev: Hash32,
    height: u32,
}

impl Default for HandChain {
    fn default() -> Self {
        Self::of(Network::Regtest)
    }
}

impl HandChain {
    /// Starts a chain whose blocks have a network's proof of work.
    pub fn of(network: Network) -> Self {
        HandChain { network, prev: Hash32::default(), height: 0 }
    }

    /// Goes on after a block that was made elsewhere, by its height and hash.
    pub fn after(network: Network, height: u32, hash: Hash32) -> Self {
        HandChain { network, prev: hash, height }
    }

    /// Returns the bytes of the next block, with its height. The first transaction is the coinbase.
    pub fn block(&mut self, txs: &[Built]) -> (u32, Vec<u8>) {
        let txids: Vec<Hash32> = txs.iter().map(|t| t.txid).collect();
        let mut header = [0u8; 80];
        header[..4].copy_from_slice(&0x2000_0000u32.to_le_bytes());
        header[4..36].copy_from_slice(&self.prev);
        header[36..68].copy_from_slice(&merkle_root(&txids));
        header[68..72].copy_from_slice(&(1_300_000_000 + 600 * self.height).to_le_bytes());
        header[72..76].copy_from_slice(&0x207f_ffffu32.to_le_bytes());
        for nonce in 0u32.. {
            header[76..].copy_from_slice(&nonce.to_le_bytes());
            if Header(header).has_proof_of_work(self.network) {
                break;
            }
        }
        let mut bytes = header.to_vec();
        write_compact(&mut bytes, txs.len() as u64);
        txs.iter().for_each(|tx| bytes.extend_from_slice(&tx.bytes));
        self.prev = sha256d(&header);
        self.height += 1;
        (self.height, bytes)
    }

    /// Returns the next block, with a coinbase of its own that pays 50 coins to [`key`] number one million plus its height.
    pub fn add(&mut self, txs: &[Built]) -> (u32, Vec<u8>) {
        let height = self.height + 1;
        let note = [b"block ".as_slice(), &height.to_le_bytes()].concat();
        let mut all = vec![coinbase(&note, &[(5_000_000_000, key(1_000_000 + u64::from(height)))])];
        all.extend_from_slice(txs);
        self.block(&all)
    }
}
