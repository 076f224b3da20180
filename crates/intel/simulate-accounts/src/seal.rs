//! From planned transactions to blocks: signatures, blooms, roots, headers that follow each other.

use super::records::Action;
use super::world::{self, FrameKind, Move, Planned, Units, World};
use super::{Economy, Task};
use alloy_primitives::{Address, B64, B256, Bloom, Bytes, U256, b256, keccak256};
use alloy_rlp::{BufMut, Encodable};
use alloy_trie::root::{ordered_trie_root_with_encoder, state_root_unhashed};
use alloy_trie::{EMPTY_ROOT_HASH, TrieAccount};
use holdfast_evm::header::NO_OMMERS;
use holdfast_evm::{Header, Log, Outcome, Receipt};
use holdfast_types::{AccountId, Amount, Commitment, Position, TokenRef, Transfer, TransferKind};
use rayon::prelude::*;

/// State root of all blocks behind the first: a text in place of a root, since there is no state trie.
pub const NO_STATE: B256 = B256::new(*b"holdfast simulate: no state root");
/// Hash of no requests to the consensus layer (EIP-7685): sha256 of nothing.
const NO_REQUESTS: B256 = b256!("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
/// Free bytes of headers.
const EXTRA: &[u8] = b"holdfast simulate accounts";
/// Gas of a block, where it does not use more.
const GAS_LIMIT: u64 = 45_000_000;
/// Most blocks of each chain that are made at once.
const MAX_AT_ONCE: usize = 1_000;

/// A finished block of one of the chains.
#[derive(Clone, Debug)]
pub struct SimBlock {
    /// The chain: 0 or 1.
    pub chain: usize,
    /// Number of the chain (EIP-155).
    pub number: u64,
    /// Its header.
    pub header: Header,
    /// Its hash.
    pub hash: B256,
    /// Its transactions.
    pub transactions: Vec<SignedTx>,
    /// Its receipts, with their blooms.
    pub receipts: Vec<Receipt>,
    /// What its transactions are and moved, as the economy booked it, in the order of execution.
    pub truth: Vec<TxTruth>,
    /// What the first block gives its accounts; empty of others.
    pub genesis: Vec<Transfer>,
}

/// A signed transaction.
#[derive(Clone, Debug)]
pub struct SignedTx {
    /// Its bytes, as the transactions root commits to them and nodes take them.
    pub envelope: Bytes,
    /// Its hash.
    pub hash: B256,
    /// Who signed.
    pub from: Address,
    pub(crate) to: Option<Address>,
    pub(crate) planned: Planned,
    pub(crate) fields: Fields,
    pub(crate) trace: Vec<TraceFrame>,
    pub(crate) gas_used: u64,
}

/// What JSON repeats of an envelope.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields {
    pub v: U256,
    pub r: U256,
    pub s: U256,
    pub price: Units,
}

/// A frame with addresses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TraceFrame {
    pub kind: FrameKind,
    pub from: Address,
    pub to: Address,
    pub value: Units,
    pub has_failed: bool,
    pub depth: u32,
}

/// The truth about a transaction.
#[derive(Clone, Debug)]
pub struct TxTruth {
    /// What it does.
    pub action: Action,
    /// The planted flow that it belongs to.
    pub flow: Option<u32>,
    /// Owner of the account that signed it: a number of owners.csv.
    pub owner: usize,
    /// What it moved, in the order of execution, fees last.
    pub transfers: Vec<Transfer>,
}

/// The last block of a chain.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tip {
    pub hash: B256,
}

struct Unsigned {
    chain: usize,
    height: u32,
    base_fee: Units,
    gas_used: u64,
    planned: Vec<Planned>,
}

impl Economy {
    /// Makes the next blocks of both chains, at most `count` of each; none when all are made. The first call also gives the first block of both.
    /// Blocks of the same height follow each other.
    pub fn next_blocks(&mut self, count: usize) -> Vec<SimBlock> {
        let mut blocks = Vec::new();
        if self.tips[0].is_none() {
            for chain in 0..2 {
                let block = self.first_block(chain);
                self.tips[chain] = Some(Tip { hash: block.hash });
                blocks.push(block);
            }
        }
        let mut unsigned = Vec::new();
        for _ in 0..count.min(MAX_AT_ONCE) {
            if self.world.height == self.options.blocks {
                break;
            }
            self.next_height();
            for (chain, state) in self.world.chains.iter_mut().enumerate() {
                let (base_fee, gas_used) = (state.base_fee, state.gas_used);
                let planned = state.take_block();
                unsigned.push(Unsigned { chain, height: self.world.height, base_fee, gas_used, planned });
            }
            if self.world.height == self.options.blocks {
                self.finish_records();
            }
        }
        let world = &self.world;
        let drafts: Vec<SimBlock> = unsigned.into_par_iter().map(|unsigned| draft(world, unsigned)).collect();
        for mut block in drafts {
            if let Some(tip) = self.tips[block.chain] {
                block.header.parent_hash = tip.hash;
            }
            block.hash = block.header.hash();
            self.tips[block.chain] = Some(Tip { hash: block.hash });
            blocks.push(block);
        }
        blocks
    }

    /// Notes what the end of the simulation leaves open.
    fn finish_records(&mut self) {
        let open: Vec<_> = self
            .tasks
            .values()
            .filter_map(|task| match task {
                Task::Deliver { message, sent, sender, flow, .. } => {
                    Some(self.bridge_record(message, *sent, None, *sender, *flow))
                }
                _ => None,
            })
            .chain(self.notes.iter().map(|note| self.mix_record(note, None)))
            .collect();
        self.records.extend(open);
    }

    /// Makes the first block, whose state root is right.
    fn first_block(&self, chain: usize) -> SimBlock {
        let balances = self.genesis(chain);
        let account = |(address, wei): (Address, u128)| {
            let (storage_root, code_hash) = (EMPTY_ROOT_HASH, alloy_primitives::KECCAK256_EMPTY);
            (address, TrieAccount { nonce: 0, balance: U256::from(wei), storage_root, code_hash })
        };
        let state_root = state_root_unhashed(balances.iter().copied().map(account));
        let header = Header { state_root, ..header(0, 0, 0, Address::ZERO) };
        let mut sorted = balances;
        sorted.sort_unstable();
        let genesis = (0u32..).zip(sorted).map(|(i, (to, wei))| Transfer {
            token: TokenRef::Native,
            from: None,
            to: Some(AccountId::evm(to.into_array())),
            amount: Amount::new(wei),
            kind: TransferKind::Genesis,
            position: Position::BlockStart(i),
            commitment: Commitment::Root,
        });
        let genesis = genesis.collect();
        let hash = header.hash();
        let (transactions, receipts, truth) = (Vec::new(), Vec::new(), Vec::new());
        let number = self.options.chains[chain];
        SimBlock { chain, number, header, hash, transactions, receipts, truth, genesis }
    }
}

/// Returns a header without content.
fn header(height: u32, base_fee: Units, gas_used: u64, beneficiary: Address) -> Header {
    Header {
        parent_hash: B256::ZERO,
        ommers_hash: NO_OMMERS,
        beneficiary,
        state_root: NO_STATE,
        transactions_root: EMPTY_ROOT_HASH,
        receipts_root: EMPTY_ROOT_HASH,
        logs_bloom: Bloom::ZERO,
        difficulty: U256::ZERO,
        number: height.into(),
        gas_limit: GAS_LIMIT.max(gas_used),
        gas_used,
        timestamp: world::time_at(height),
        extra_data: Bytes::from_static(EXTRA),
        mix_hash: world::mark("randomness", &[height.into()]),
        nonce: B64::ZERO,
        base_fee: Some(U256::from(base_fee)),
        withdrawals_root: Some(EMPTY_ROOT_HASH),
        blob_gas_used: Some(0),
        excess_blob_gas: Some(0),
        parent_beacon_block_root: Some(B256::ZERO),
        requests_hash: Some(NO_REQUESTS),
    }
}

/// Makes a block whose parent is not known yet.
fn draft(world: &World, unsigned: Unsigned) -> SimBlock {
    let Unsigned { chain, height, base_fee, gas_used, planned } = unsigned;
    let number = world.chains[chain].number;
    let mut header = header(height, base_fee, gas_used, world.address(world.validator));
    let (mut transactions, mut receipts) = (Vec::with_capacity(planned.len()), Vec::with_capacity(planned.len()));
    let mut truth = Vec::with_capacity(planned.len());
    let (mut gas, mut envelopes) = (0, Vec::with_capacity(planned.len()));
    for mut planned in planned {
        gas += planned.gas_used;
        truth.push(truth_of(world, &planned));
        let logs: Vec<Log> = planned.logs.iter().map(|placed| placed.log.clone()).collect();
        planned.moves = Vec::new();
        let transaction = sign(world, number, base_fee, planned);
        let mut receipt = Receipt {
            kind: transaction.kind(),
            outcome: Outcome::Status(transaction.planned.success),
            cumulative_gas: gas,
            bloom: None,
            logs,
            deposit: None,
            claims: holdfast_evm::receipt::ReceiptClaims::default(),
        };
        let bloom = receipt.computed_bloom();
        header.logs_bloom |= bloom;
        envelopes.push(receipt.envelope(&bloom));
        receipt.bloom = Some(bloom);
        transactions.push(transaction);
        receipts.push(receipt);
    }
    header.transactions_root = ordered_trie_root_with_encoder(&transactions, |t, out| out.put_slice(&t.envelope));
    header.receipts_root = ordered_trie_root_with_encoder(&envelopes, |envelope, out| out.put_slice(envelope));
    let (hash, genesis) = (B256::ZERO, Vec::new());
    SimBlock { chain, number, header, hash, transactions, receipts, truth, genesis }
}

fn truth_of(world: &World, planned: &Planned) -> TxTruth {
    let transfers = planned.moves.iter().map(|moved| transfer(world, moved)).collect();
    let owner = world.accounts[planned.from].owner;
    TxTruth { action: planned.action, flow: planned.flow, owner, transfers }
}

fn transfer(world: &World, moved: &Move) -> Transfer {
    let id = |account: usize| AccountId::evm(world.address(account).into_array());
    let token = world.contracts.of(moved.asset).map_or(TokenRef::Native, |contract| TokenRef::Fungible(id(contract)));
    let commitment = if matches!(moved.position, Position::Trace(_)) { Commitment::Claim } else { Commitment::Root };
    Transfer {
        token,
        from: moved.from.map(id),
        to: moved.to.map(id),
        amount: Amount::new(moved.amount),
        kind: moved.kind,
        position: moved.position,
        commitment,
    }
}

/// Writes fields as a list behind a type byte; zero is no type.
fn listed(kind: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(payload.len() + 5);
    if kind != 0 {
        bytes.push(kind);
    }
    alloy_rlp::Header { list: true, payload_length: payload.len() }.encode(&mut bytes);
    bytes.extend_from_slice(payload);
    bytes
}

fn sign(world: &World, number: u64, base_fee: Units, planned: Planned) -> SignedTx {
    let to = planned.to.map(|to| world.address(to));
    let mut payload = Vec::with_capacity(planned.input.len() + 200);
    if !planned.is_legacy {
        number.encode(&mut payload);
    }
    planned.nonce.encode(&mut payload);
    if !planned.is_legacy {
        planned.tip.encode(&mut payload);
    }
    planned.max_price.encode(&mut payload);
    planned.gas_limit.encode(&mut payload);
    match to {
        Some(to) => to.encode(&mut payload),
        None => payload.push(alloy_rlp::EMPTY_STRING_CODE),
    }
    planned.value.encode(&mut payload);
    planned.input.encode(&mut payload);
    let kind = if planned.is_legacy { 0 } else { 2 };
    let before = payload.len();
    if planned.is_legacy {
        // The chain stands where the signature will (EIP-155).
        number.encode(&mut payload);
        payload.extend([alloy_rlp::EMPTY_STRING_CODE; 2]);
    } else {
        payload.push(alloy_rlp::EMPTY_LIST_CODE);
    }
    let account = &world.accounts[planned.from];
    let hash = keccak256(listed(kind, &payload));
    let signature = world.signer.sign(hash, account.secret.unwrap_or_default());
    let parity = u64::from(signature.y_is_odd);
    let v = if planned.is_legacy {
        payload.truncate(before);
        U256::from(number) * U256::from(2) + U256::from(35 + parity)
    } else {
        U256::from(parity)
    };
    let (r, s) = (signature.r, signature.s);
    [v, r, s].iter().for_each(|part| part.encode(&mut payload));
    let envelope = Bytes::from(listed(kind, &payload));
    let frames = planned.frames.iter().map(|frame| TraceFrame {
        kind: frame.kind,
        from: world.address(frame.from),
        to: world.address(frame.to),
        value: frame.value,
        has_failed: frame.has_failed,
        depth: frame.depth,
    });
    SignedTx {
        hash: keccak256(&envelope),
        envelope,
        from: account.address,
        to,
        fields: Fields { v, r, s, price: base_fee + planned.tip },
        trace: frames.collect(),
        gas_used: planned.gas_used,
        planned,
    }
}

impl SignedTx {
    /// Returns its type (EIP-2718).
    #[must_use]
    pub fn kind(&self) -> u8 {
        if self.planned.is_legacy { 0 } else { 2 }
    }

    /// Returns whether it succeeds.
    #[must_use]
    pub fn success(&self) -> bool {
        self.planned.success
    }
}

impl SimBlock {
    /// Returns the body in RLP: transactions, no ommers, no withdrawals.
    #[must_use]
    pub fn body_rlp(&self) -> Vec<u8> {
        let mut transactions = Vec::new();
        for transaction in &self.transactions {
            append(transaction.kind(), &transaction.envelope, &mut transactions);
        }
        let mut payload = listed(0, &transactions);
        payload.extend([alloy_rlp::EMPTY_LIST_CODE; 2]);
        listed(0, &payload)
    }

    /// Returns the receipts in RLP, with blooms.
    #[must_use]
    pub fn receipts_rlp(&self) -> Vec<u8> {
        let mut receipts = Vec::new();
        for receipt in &self.receipts {
            append(receipt.kind, &receipt.envelope(&receipt.bloom.unwrap_or_default()), &mut receipts);
        }
        listed(0, &receipts)
    }
}

/// Puts an envelope into a list: typed ones stand in a string, legacy ones are lists.
fn append(kind: u8, envelope: &[u8], out: &mut Vec<u8>) {
    if kind == 0 { out.extend_from_slice(envelope) } else { envelope.encode(out) }
}
