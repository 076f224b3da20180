//! Blocks: one pass over the bytes gives every transaction, input and output as offsets.
//!
//! The walker is ours because ingest speed is what the project exists for, and because Litecoin's MWEB
//! blocks (LIP 2, LIP 3) are read by none of the well-kept crates; tests and the fuzz target hold it to rust-bitcoin's decoder.

use crate::hash::{merkle, sha256d, sha256d_parts};
use crate::read::{ReadError, Reader};
use crate::script::coinbase_height;
use crate::{BlockHash, Hash32, Header, Network, Txid};

/// Largest block taken, in bytes (consensus allows 4,000,000 plus Litecoin's extension block).
pub const MAX_BLOCK_BYTES: usize = 32 << 20;

/// Why a block is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// The bytes do not decode.
    #[error("block does not decode: {0}")]
    Read(#[from] ReadError),
    /// Larger than [`MAX_BLOCK_BYTES`].
    #[error("block of {0} bytes is over the limit of {MAX_BLOCK_BYTES}")]
    TooLarge(usize),
    /// Bytes follow the block's end.
    #[error("{0} bytes follow the block's end")]
    Trailing(usize),
    /// A block has a coinbase and only one.
    #[error("block has no coinbase first, or another one later")]
    Coinbase,
    /// A transaction without inputs or outputs, or an unknown serialization flag.
    #[error("transaction {0} is malformed: {1}")]
    Transaction(usize, &'static str),
    /// The header's hash is above its target.
    #[error("header has no valid proof of work")]
    ProofOfWork,
    /// The txids do not hash to the header's merkle root.
    #[error("merkle root does not match the transactions")]
    MerkleRoot,
    /// Two equal nodes in a merkle row: the malleability of CVE-2012-2459.
    #[error("transactions repeat so that the merkle root is ambiguous (CVE-2012-2459)")]
    MerkleMutated,
    /// An amount, or the sum of a transaction's amounts, is out of range.
    #[error("transaction {0} has an output amount out of range")]
    Amount(usize),
}

/// A transaction's place in its block's bytes.
#[derive(Clone, Copy, Debug)]
pub struct Tx {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    /// First of its inputs in [`Block::inputs`].
    pub first_input: u32,
    /// First of its outputs in [`Block::outputs`].
    pub first_output: u32,
    /// nLockTime.
    pub locktime: u32,
    /// Weight units (BIP 141); MWEB data is not counted.
    pub weight: u32,
    /// Version field.
    pub version: i32,
    /// Whether it carries a witness.
    pub segwit: bool,
    /// Whether it spends no output.
    pub coinbase: bool,
    /// Where inputs and outputs begin and end, for the txid.
    body: (u32, u32),
}

/// An input's place in its block's bytes.
#[derive(Clone, Copy, Debug)]
pub struct Input {
    outpoint: u32,
    script: (u32, u32),
    /// nSequence.
    pub sequence: u32,
    /// Start of this input's witness stack; 0 without one.
    witness: u32,
}

/// An output's place in its block's bytes.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// Base units.
    pub value: u64,
    script: (u32, u32),
}

/// A parsed block: its bytes and the offsets of all that is in it.
#[derive(Clone, Debug)]
pub struct Block {
    bytes: Vec<u8>,
    /// The header.
    pub header: Header,
    /// The block's hash.
    pub hash: BlockHash,
    /// Transactions in order.
    pub txs: Vec<Tx>,
    /// All inputs, in transaction order. Coinbase inputs are among them.
    pub inputs: Vec<Input>,
    /// All outputs, in transaction order.
    pub outputs: Vec<Output>,
    /// Txids in order.
    pub txids: Vec<Hash32>,
}

/// 21 million times 10^8, times four: no Bitcoin-family asset read here has more base units (Litecoin has 84 million coins).
pub const MAX_MONEY: u64 = 84_000_000 * 100_000_000;

impl Block {
    /// Parses a block and computes its txids. Checks structure only; see [`Block::check`].
    ///
    /// # Errors
    /// [`BlockError`] for bytes that are no block.
    pub fn parse(bytes: Vec<u8>) -> Result<Block, BlockError> {
        if bytes.len() > MAX_BLOCK_BYTES {
            return Err(BlockError::TooLarge(bytes.len()));
        }
        let mut reader = Reader::new(&bytes);
        let header = Header(reader.array()?);
        let count = reader.count(60)?;
        if count == 0 {
            return Err(BlockError::Coinbase);
        }
        let mut txs = Vec::with_capacity(count);
        let mut inputs = Vec::with_capacity(count * 2);
        let mut outputs = Vec::with_capacity(count * 2);
        let mut txids = Vec::with_capacity(count);
        let mut mweb = false;
        for i in 0..count {
            let (tx, has_mweb) = parse_tx(&mut reader, &mut inputs, &mut outputs, i)?;
            mweb |= has_mweb;
            if tx.coinbase != (i == 0) {
                return Err(BlockError::Coinbase);
            }
            txids.push(txid(&bytes, &tx));
            txs.push(tx);
        }
        // Litecoin appends the extension block behind the transactions when the last one is a HogEx.
        if reader.left() > 0 && !mweb {
            return Err(BlockError::Trailing(reader.left()));
        }
        let hash = header.hash();
        Ok(Block { header, hash, txs, inputs, outputs, txids, bytes })
    }

    /// Checks proof of work, merkle root and amounts.
    ///
    /// # Errors
    /// The first [`BlockError`] found: proof of work, merkle root, witness commitment, coinbase or a size out of bounds.
    pub fn check(&self, network: Network) -> Result<(), BlockError> {
        if !self.header.has_proof_of_work(network) {
            return Err(BlockError::ProofOfWork);
        }
        let (root, mutated) = merkle(&self.txids);
        if root != self.header.merkle_root() {
            return Err(BlockError::MerkleRoot);
        }
        if mutated {
            return Err(BlockError::MerkleMutated);
        }
        for (i, _) in self.txs.iter().enumerate() {
            let mut sum = 0u64;
            for output in self.outputs_of(i) {
                sum = sum.checked_add(output.value).filter(|s| *s <= MAX_MONEY).ok_or(BlockError::Amount(i))?;
            }
        }
        Ok(())
    }

    /// Returns the block's bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Gives the bytes back.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Returns the bytes of transaction `i`, witness included.
    pub fn tx_bytes(&self, i: usize) -> &[u8] {
        &self.bytes[self.txs[i].start as usize..self.txs[i].end as usize]
    }

    fn range(first: u32, next: Option<u32>, len: usize) -> std::ops::Range<usize> {
        first as usize..next.map_or(len, |n| n as usize)
    }

    /// Returns the inputs of transaction `i`.
    pub fn inputs_of(&self, i: usize) -> &[Input] {
        let next = self.txs.get(i + 1).map(|t| t.first_input);
        &self.inputs[Self::range(self.txs[i].first_input, next, self.inputs.len())]
    }

    /// Returns the outputs of transaction `i`.
    pub fn outputs_of(&self, i: usize) -> &[Output] {
        let next = self.txs.get(i + 1).map(|t| t.first_output);
        &self.outputs[Self::range(self.txs[i].first_output, next, self.outputs.len())]
    }

    /// Returns the txid that an input spends from.
    pub fn prev_txid(&self, input: &Input) -> Hash32 {
        fixed(&self.bytes, input.outpoint as usize)
    }

    /// Returns the output index that an input spends.
    pub fn prev_vout(&self, input: &Input) -> u32 {
        u32::from_le_bytes(fixed(&self.bytes, input.outpoint as usize + 32))
    }

    /// Returns an input's scriptSig.
    pub fn script_sig(&self, input: &Input) -> &[u8] {
        &self.bytes[input.script.0 as usize..input.script.1 as usize]
    }

    /// Returns an output's script.
    pub fn script(&self, output: &Output) -> &[u8] {
        &self.bytes[output.script.0 as usize..output.script.1 as usize]
    }

    /// Returns an input's witness stack; empty without one.
    pub fn witness(&self, input: &Input) -> Vec<&[u8]> {
        if input.witness == 0 {
            return Vec::new();
        }
        let mut reader = Reader::new(&self.bytes[input.witness as usize..]);
        // Parsed before: what does not read back is not there.
        let n = reader.count(1).unwrap_or(0);
        (0..n).map_while(|_| reader.bytes().ok()).collect()
    }

    /// Returns the height in the coinbase (BIP 34). Blocks of version 1 predate the rule, so theirs are not read.
    pub fn stated_height(&self) -> Option<u32> {
        if self.header.version() < 2 {
            return None;
        }
        coinbase_height(self.script_sig(&self.inputs[0]))
    }
}

/// Returns the first bytes of a block record, enough to place it in the chain without parsing it whole.
///
/// Returns the header, the transaction count, and the coinbase scriptSig when the prefix holds it.
///
/// # Errors
/// [`ReadError`] when the prefix ends inside the header or the count.
pub fn peek(prefix: &[u8]) -> Result<(Header, u64, Option<&[u8]>), ReadError> {
    let mut reader = Reader::new(prefix);
    let header = Header(reader.array()?);
    let count = reader.compact()?;
    let mut coinbase = || -> Result<&[u8], ReadError> {
        reader.take(4)?;
        let mut n = reader.u8()?;
        if n == 0 {
            reader.u8()?;
            n = reader.u8()?;
        }
        let _ = n;
        reader.take(36)?;
        reader.bytes()
    };
    let script = coinbase().ok();
    Ok((header, count, script))
}

/// Returns `N` bytes at a place that parsing has found to be inside.
fn fixed<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes[at..at + N].try_into().expect("a slice of N bytes")
}

#[expect(clippy::cast_possible_truncation, reason = "callers refuse more than MAX_BLOCK_BYTES, far below 2^32")]
fn parse_tx(
    reader: &mut Reader<'_>,
    inputs: &mut Vec<Input>,
    outputs: &mut Vec<Output>,
    index: usize,
) -> Result<(Tx, bool), BlockError> {
    let start = reader.pos();
    let version = i32::from_le_bytes(reader.array()?);
    let mut body_start = reader.pos();
    let mut n_in = reader.count(41)?;
    let (mut witness, mut mweb) = (false, false);
    if n_in == 0 {
        // BIP 144 marker; flag bit 0 is the witness, bit 3 Litecoin's MWEB (LIP 2).
        let flag = reader.u8()?;
        witness = flag & 1 != 0;
        mweb = flag & 8 != 0;
        if flag & !9 != 0 || flag == 0 {
            return Err(BlockError::Transaction(index, "unknown serialization flag"));
        }
        body_start = reader.pos();
        n_in = reader.count(41)?;
    }
    if n_in == 0 {
        return Err(BlockError::Transaction(index, "no inputs"));
    }
    let first_input = inputs.len();
    for _ in 0..n_in {
        let outpoint = reader.pos();
        reader.take(36)?;
        let script = reader.bytes()?.len();
        let end = reader.pos();
        let sequence = reader.u32()?;
        inputs.push(Input {
            outpoint: outpoint as u32,
            script: ((end - script) as u32, end as u32),
            sequence,
            witness: 0,
        });
    }
    let n_out = reader.count(9)?;
    if n_out == 0 {
        return Err(BlockError::Transaction(index, "no outputs"));
    }
    let first_output = outputs.len();
    for _ in 0..n_out {
        let value = reader.u64()?;
        let script = reader.bytes()?.len();
        let end = reader.pos();
        outputs.push(Output { value, script: ((end - script) as u32, end as u32) });
    }
    let body_end = reader.pos();
    if witness {
        for input in &mut inputs[first_input..] {
            input.witness = reader.pos() as u32;
            let items = reader.count(1)?;
            for _ in 0..items {
                reader.bytes()?;
            }
        }
    }
    let mweb_start = reader.pos();
    if mweb {
        // An optional MWEB transaction: absent in blocks, where the HogEx carries only the flag.
        if reader.u8()? != 0 {
            return Err(BlockError::Transaction(index, "MWEB transaction inside a block"));
        }
    }
    let mweb_bytes = reader.pos() - mweb_start;
    let locktime = reader.u32()?;
    let end = reader.pos();
    let base = 8 + body_end - body_start;
    let total = end - start - mweb_bytes;
    let coinbase = n_in == 1 && {
        let input = &inputs[first_input];
        let mut outpoint = Reader::new(reader.since(input.outpoint as usize));
        outpoint.array::<32>()? == [0; 32] && outpoint.u32()? == u32::MAX
    };
    let tx = Tx {
        start: start as u32,
        end: end as u32,
        first_input: first_input as u32,
        first_output: first_output as u32,
        locktime,
        weight: (base * 3 + total) as u32,
        version,
        segwit: witness,
        coinbase,
        body: (body_start as u32, body_end as u32),
    };
    Ok((tx, mweb))
}

fn txid(bytes: &[u8], tx: &Tx) -> Hash32 {
    let (start, end) = (tx.start as usize, tx.end as usize);
    let (body_start, body_end) = (tx.body.0 as usize, tx.body.1 as usize);
    if body_start == start + 4 && body_end + 4 == end {
        return sha256d(&bytes[start..end]);
    }
    sha256d_parts(&[&bytes[start..start + 4], &bytes[body_start..body_end], &bytes[end - 4..end]])
}

/// Returns the txid and parts of a single transaction's bytes, as evidence bundles carry them.
///
/// # Errors
/// [`BlockError`] when the bytes are not exactly one transaction.
pub fn parse_transaction(bytes: &[u8]) -> Result<SingleTx, BlockError> {
    if bytes.len() > MAX_BLOCK_BYTES {
        return Err(BlockError::TooLarge(bytes.len()));
    }
    let mut reader = Reader::new(bytes);
    let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
    let (tx, _) = parse_tx(&mut reader, &mut inputs, &mut outputs, 0)?;
    if reader.left() > 0 {
        return Err(BlockError::Trailing(reader.left()));
    }
    let script = |range: (u32, u32)| &bytes[range.0 as usize..range.1 as usize];
    Ok(SingleTx {
        txid: Txid::from_bytes(txid(bytes, &tx)),
        coinbase: tx.coinbase,
        inputs: inputs
            .iter()
            .map(|i| {
                let at = i.outpoint as usize;
                (Txid::from_bytes(fixed(bytes, at)), u32::from_le_bytes(fixed(bytes, at + 32)))
            })
            .collect(),
        outputs: outputs.iter().map(|o| (o.value, crate::script::classify(script(o.script)))).collect(),
    })
}

/// A transaction read by itself.
#[derive(Clone, Debug)]
pub struct SingleTx {
    /// Its id.
    pub txid: Txid,
    /// Whether it is a coinbase.
    pub coinbase: bool,
    /// Outpoints spent: txid and output index.
    pub inputs: Vec<(Txid, u32)>,
    /// Outputs: base units and address.
    pub outputs: Vec<(u64, crate::AddressKey)>,
}
