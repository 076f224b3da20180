//! Keys, scripts and raw transactions.

use crate::random::Random;
use holdfast_bitcoin::hash::{hash160, sha256d, sha256d_parts};
use holdfast_bitcoin::read::write_compact;
use holdfast_bitcoin::{AddressKey, Hash32, ScriptClass};
use xxhash_rust::xxh3::xxh3_128_with_seed;

/// How a wallet locks its coins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// Pay to public key hash.
    P2pkh,
    /// P2WPKH inside P2SH.
    Nested,
    /// Native P2WPKH.
    P2wpkh,
    /// Taproot, spent by key.
    P2tr,
    /// 2-of-3 multisignature in P2SH.
    Multisig,
}

/// A key of an owner: everything about it follows from these numbers and the simulation's seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Whose it is.
    pub owner: u32,
    /// Its number in the owner's wallet.
    pub index: u32,
    /// How it locks.
    pub lock: Lock,
    /// The address that its coins are at.
    pub address: AddressKey,
}

/// An unspent output.
#[derive(Clone, Copy, Debug)]
pub struct Utxo {
    /// Funding transaction.
    pub txid: Hash32,
    /// Output index.
    pub vout: u32,
    /// Base units.
    pub value: u64,
    /// What unlocks it.
    pub key: Key,
    /// Height of the funding block.
    pub height: u32,
    /// Whether a coinbase made it.
    pub coinbase: bool,
}

impl Key {
    /// Returns an owner's key number `index`.
    pub fn new(owner: u32, index: u32, lock: Lock, seed: u64) -> Self {
        let unset = AddressKey::new(ScriptClass::P2pkh, &[0; 20]);
        let mut key = Key { owner, index, lock, address: unset };
        key.address = key.derive(seed);
        key
    }

    /// Returns a compressed public key; the point is not on the curve half of the time, which nothing here checks.
    pub fn public(&self, seed: u64, member: u8) -> [u8; 33] {
        let mut input = [0u8; 9];
        input[..4].copy_from_slice(&self.owner.to_le_bytes());
        input[4..8].copy_from_slice(&self.index.to_le_bytes());
        input[8] = member;
        let low = xxh3_128_with_seed(&input, seed);
        let high = xxh3_128_with_seed(&input, !seed);
        let mut key = [0u8; 33];
        key[0] = 2 + (low & 1) as u8;
        key[1..17].copy_from_slice(&low.to_le_bytes());
        key[17..].copy_from_slice(&high.to_le_bytes());
        key
    }

    fn redeem_script(&self, seed: u64) -> Vec<u8> {
        let mut script = vec![0x52];
        for member in 0..3 {
            script.push(33);
            script.extend_from_slice(&self.public(seed, member));
        }
        script.extend_from_slice(&[0x53, 0xae]);
        script
    }

    fn derive(&self, seed: u64) -> AddressKey {
        match self.lock {
            Lock::P2pkh => AddressKey::new(ScriptClass::P2pkh, &hash160(&self.public(seed, 0))),
            Lock::P2wpkh => AddressKey::new(ScriptClass::P2wpkh, &hash160(&self.public(seed, 0))),
            Lock::P2tr => AddressKey::new(ScriptClass::P2tr, &self.public(seed, 0)[1..]),
            Lock::Nested => AddressKey::new(ScriptClass::P2sh, &hash160(&self.nested_program(seed))),
            Lock::Multisig => AddressKey::new(ScriptClass::P2sh, &hash160(&self.redeem_script(seed))),
        }
    }

    fn nested_program(&self, seed: u64) -> [u8; 22] {
        let mut program = [0u8; 22];
        program[1] = 20;
        program[2..].copy_from_slice(&hash160(&self.public(seed, 0)));
        program
    }
}

impl Lock {
    /// Returns the virtual size of an input, in bytes.
    pub fn input_vsize(self) -> u64 {
        match self {
            Lock::P2pkh => 148,
            Lock::Nested => 91,
            Lock::P2wpkh => 68,
            Lock::P2tr => 58,
            Lock::Multisig => 297,
        }
    }

    /// Returns the size of an output, in bytes.
    pub fn output_size(self) -> u64 {
        match self {
            Lock::P2pkh => 34,
            Lock::Nested | Lock::Multisig => 32,
            Lock::P2wpkh => 31,
            Lock::P2tr => 43,
        }
    }
}

/// What an output of a new transaction pays.
#[derive(Clone, Debug)]
pub enum Pay {
    /// A key.
    Key(Key, u64),
    /// Nobody: data.
    Data(Vec<u8>),
}

impl Pay {
    /// Returns the base units.
    pub fn value(&self) -> u64 {
        match self {
            Pay::Key(_, value) => *value,
            Pay::Data(_) => 0,
        }
    }

    /// Returns the output script.
    #[expect(clippy::missing_panics_doc, reason = "simulated locks have standard scripts")]
    pub fn script(&self) -> Vec<u8> {
        match self {
            Pay::Key(key, _) => key.address.script().expect("simulated locks have standard scripts"),
            Pay::Data(data) => {
                let mut script = vec![0x6a];
                push_data(&mut script, data);
                script
            }
        }
    }
}

/// A transaction's bytes and id.
#[derive(Clone, Debug)]
pub struct Built {
    /// With witness.
    pub bytes: Vec<u8>,
    /// Its id.
    pub txid: Hash32,
}

/// Appends a push of fewer than 256 bytes to a script.
fn push_data(script: &mut Vec<u8>, data: &[u8]) {
    let len = u8::try_from(data.len()).expect("data of fewer than 256 bytes");
    if len > 75 {
        script.push(76); // OP_PUSHDATA1
    }
    script.push(len);
    script.extend_from_slice(data);
}

/// A filler signature of real size: DER for ECDSA, 64 bytes for Schnorr.
fn signature(random: &mut Random, out: &mut Vec<u8>, schnorr: bool) {
    let n = if schnorr { 64 } else { 71 };
    out.push(n);
    let start = out.len();
    for _ in 0..n.div_ceil(8) {
        out.extend_from_slice(&random.bits().to_le_bytes());
    }
    out.truncate(start + usize::from(n));
    if !schnorr {
        out[start] = 0x30;
    }
}

/// Serializes a transaction that spends `inputs`. Sequences signal replaceability when `rbf`.
pub fn build(
    seed: u64,
    random: &mut Random,
    inputs: &[Utxo],
    outputs: &[Pay],
    locktime: u32,
    rbf: bool,
    version: u32,
) -> Built {
    let sequence: u32 = if rbf { 0xffff_fffd } else { 0xffff_fffe };
    let mut body = Vec::with_capacity(64 + inputs.len() * 150 + outputs.len() * 40);
    let mut witness = Vec::new();
    let mut segwit = false;
    write_compact(&mut body, inputs.len() as u64);
    for input in inputs {
        body.extend_from_slice(&input.txid);
        body.extend_from_slice(&input.vout.to_le_bytes());
        let key = &input.key;
        match key.lock {
            Lock::P2pkh => {
                let mut script = Vec::with_capacity(106);
                signature(random, &mut script, false);
                script.push(33);
                script.extend_from_slice(&key.public(seed, 0));
                write_compact(&mut body, script.len() as u64);
                body.extend_from_slice(&script);
                witness.push(0);
            }
            Lock::Multisig => {
                let mut script = vec![0];
                signature(random, &mut script, false);
                signature(random, &mut script, false);
                push_data(&mut script, &key.redeem_script(seed));
                write_compact(&mut body, script.len() as u64);
                body.extend_from_slice(&script);
                witness.push(0);
            }
            Lock::Nested | Lock::P2wpkh => {
                segwit = true;
                if key.lock == Lock::Nested {
                    body.extend_from_slice(&[23, 22]);
                    body.extend_from_slice(&key.nested_program(seed));
                } else {
                    body.push(0);
                }
                witness.push(2);
                signature(random, &mut witness, false);
                witness.push(33);
                witness.extend_from_slice(&key.public(seed, 0));
            }
            Lock::P2tr => {
                segwit = true;
                body.push(0);
                witness.push(1);
                signature(random, &mut witness, true);
            }
        }
        body.extend_from_slice(&sequence.to_le_bytes());
    }
    write_outputs(outputs, &mut body);
    finish(version, body, segwit.then_some(witness), locktime)
}

/// Serializes a coinbase for a height (BIP 34).
pub fn build_coinbase(height: u32, outputs: &[Pay]) -> Built {
    let mut script = Vec::new();
    let le = height.to_le_bytes();
    match height {
        1..=16 => script.push(0x50 + le[0]),
        _ => {
            let mut n = 4 - height.leading_zeros() as usize / 8;
            if n > 0 && le[n - 1] & 0x80 != 0 {
                n += 1;
            }
            push_data(&mut script, &[le.as_slice(), &[0]].concat()[..n]);
        }
    }
    script.extend_from_slice(b"\x08holdfast");
    let mut body = vec![1];
    body.extend_from_slice(&[0; 32]);
    body.extend_from_slice(&[0xff; 4]);
    write_compact(&mut body, script.len() as u64);
    body.extend_from_slice(&script);
    body.extend_from_slice(&[0xff; 4]);
    write_outputs(outputs, &mut body);
    finish(2, body, None, 0)
}

fn write_outputs(outputs: &[Pay], body: &mut Vec<u8>) {
    write_compact(body, outputs.len() as u64);
    for output in outputs {
        body.extend_from_slice(&output.value().to_le_bytes());
        let script = output.script();
        write_compact(body, script.len() as u64);
        body.extend_from_slice(&script);
    }
}

pub(crate) fn finish(version: u32, body: Vec<u8>, witness: Option<Vec<u8>>, locktime: u32) -> Built {
    let mut bytes = Vec::with_capacity(body.len() + witness.as_ref().map_or(0, Vec::len) + 10);
    bytes.extend_from_slice(&version.to_le_bytes());
    if let Some(witness) = witness {
        bytes.extend_from_slice(&[0, 1]);
        bytes.extend_from_slice(&body);
        bytes.extend_from_slice(&witness);
        bytes.extend_from_slice(&locktime.to_le_bytes());
        let txid = sha256d_parts(&[&version.to_le_bytes(), &body, &locktime.to_le_bytes()]);
        Built { bytes, txid }
    } else {
        bytes.extend_from_slice(&body);
        bytes.extend_from_slice(&locktime.to_le_bytes());
        let txid = sha256d(&bytes);
        Built { bytes, txid }
    }
}
