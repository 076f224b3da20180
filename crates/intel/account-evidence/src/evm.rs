//! Proofs of transactions of EVM chains: made of a verified block, and checked against a header.

use crate::contents::{Call, EvmProof, ReceiptClaims};
use crate::nodes::Nodes;
use holdfast_evm::proof::{self, Inclusion};
use holdfast_evm::trace::{Frame, Step};
use holdfast_evm::{
    Address, Chain, Checks, Header, Outcome, Receipt, Single, Trace, Transaction, U256, VerifiedBlock, transfers_of,
};
use holdfast_types::{Amount, TransactionTransfers};
use std::collections::BTreeMap;

/// What a bundle takes of a block.
pub(crate) struct Taken {
    pub index: u32,
    pub hash: [u8; 32],
    pub logs_before: u32,
    pub proof: EvmProof,
}

/// A transaction whose proof holds.
pub(crate) struct Proved {
    pub transfers: TransactionTransfers,
    pub logs: Vec<holdfast_evm::Log>,
    /// Price of its gas, as it states it.
    pub gas_price: Amount,
    /// Whether calls inside it are known, by the node's word.
    pub has_calls: bool,
    /// Whether its fee is proved.
    pub has_fee: bool,
}

fn wei(amount: Amount) -> U256 {
    U256::from_be_bytes(amount.to_be_bytes())
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Takes transactions out of a block, each with whether its fee is in question.
pub(crate) fn take(block: &VerifiedBlock, wanted: &BTreeMap<u32, bool>, nodes: &mut Nodes) -> Vec<Taken> {
    let indices: Vec<u32> = wanted.keys().copied().collect();
    let receipts = block.receipts();
    let needs_gas = |index: u32| {
        let is_old = usize::try_from(index).ok().and_then(|i| receipts.get(i));
        wanted.get(&index) == Some(&true) || is_old.is_some_and(|r| matches!(r.outcome, Outcome::Root(_)))
    };
    let before = indices.iter().copied().filter(|i| needs_gas(*i)).filter_map(|i| i.checked_sub(1));
    let mut with_before: Vec<u32> = indices.iter().copied().chain(before).collect();
    with_before.sort_unstable();
    with_before.dedup();
    let mut proved = BTreeMap::new();
    for inclusion in proof::receipts(block, &with_before) {
        proved.insert(inclusion.index, nodes.add(&inclusion.nodes));
    }
    let mut logs_before = Vec::with_capacity(receipts.len());
    let mut sum = 0u32;
    for receipt in receipts {
        logs_before.push(sum);
        sum = sum.saturating_add(count(receipt.logs.len()));
    }
    let mut taken = Vec::new();
    for inclusion in proof::transactions(block, &indices) {
        let index = inclusion.index;
        let Ok(i) = usize::try_from(index) else { continue };
        let (transaction, receipt) = (&block.block().transactions[i], &receipts[i]);
        let Some(own) = proved.get(&index).cloned() else { continue };
        let receipt_before = index.checked_sub(1).filter(|_| needs_gas(index)).and_then(|b| proved.get(&b)).cloned();
        let trace = block.traces().and_then(|traces| traces.get(i));
        taken.push(Taken {
            index,
            hash: transaction.hash().0,
            logs_before: logs_before[i],
            proof: EvmProof {
                transaction: nodes.add(&inclusion.nodes),
                receipt: own,
                receipt_before,
                claims: claims(receipt),
                sender: (!transaction.is_signed() || transaction.r.is_zero()).then(|| block.senders()[i].to_string()),
                calls: trace.map(calls),
            },
        });
    }
    taken
}

fn claims(receipt: &Receipt) -> Option<ReceiptClaims> {
    let amount = |n: Option<U256>| n.map(|n| Amount::from_be_bytes(n.to_be_bytes()));
    let own = &receipt.claims;
    let is_any = own.l1_fee.is_some() || own.blob_gas_price.is_some();
    is_any.then(|| ReceiptClaims {
        l1_fee: amount(own.l1_fee),
        blob_gas_price: amount(own.blob_gas_price),
        effective_gas_price: amount(own.effective_gas_price),
    })
}

/// Writes a trace. Frames begin in the order of their numbers; logs between them are counted.
fn calls(trace: &Trace) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::with_capacity(trace.frames.len());
    for step in &trace.steps {
        match step {
            Step::Frame(number) => {
                let frame = usize::try_from(*number).ok().and_then(|n| trace.frames.get(n));
                calls.extend(frame.map(|frame| Call {
                    kind: frame.kind,
                    from: frame.from.to_string(),
                    to: frame.to.map(|to| to.to_string()),
                    value: Amount::from_be_bytes(frame.value.to_be_bytes()),
                    failed: frame.failed,
                    depth: frame.depth,
                    logs: 0,
                }));
            }
            Step::Log => calls.last_mut().into_iter().for_each(|call| call.logs = call.logs.saturating_add(1)),
        }
    }
    calls
}

fn read_calls(calls: &[Call], most_logs: usize) -> Result<Trace, String> {
    let address = |text: &str| text.parse::<Address>().map_err(|e| format!("calls: '{text}': {e}"));
    let mut trace = Trace::default();
    let mut logs = 0usize;
    for (number, call) in (0u32..).zip(calls) {
        let to = call.to.as_deref().map(address).transpose()?;
        let (kind, failed, depth) = (call.kind, call.failed, call.depth);
        trace.frames.push(Frame { kind, from: address(&call.from)?, to, value: wei(call.value), failed, depth });
        trace.steps.push(Step::Frame(number));
        logs = logs.saturating_add(usize::try_from(call.logs).unwrap_or(usize::MAX));
        if logs > most_logs {
            return Err("calls: they write more logs than the receipt has".to_owned());
        }
        trace.steps.extend((0..call.logs).map(|_| Step::Log));
    }
    Ok(trace)
}

/// Checks a proof against a header, and reads what the transaction moved.
pub(crate) fn check(
    chain: &Chain,
    header: &Header,
    (index, hash, logs_before): (u32, [u8; 32], u32),
    proof: &EvmProof,
    nodes: &Nodes,
) -> Result<Proved, String> {
    let included = |places: &[u32], index: u32, root, what: &str| {
        let nodes = nodes.get(places).map_err(|e| format!("{what}: {e}"))?;
        Inclusion { index, nodes }.check(root).map_err(|e| format!("{what}: {e}"))
    };
    let envelope = included(&proof.transaction, index, header.transactions_root, "transaction")?;
    let mut transaction = Transaction::from_envelope(&envelope).map_err(|e| format!("transaction: {e}"))?;
    if transaction.hash().0 != hash {
        return Err(format!("transaction: its bytes hash to {}", transaction.hash()));
    }
    let read = |places: &[u32], index: u32, what: &str| {
        let envelope = included(places, index, header.receipts_root, what)?;
        Receipt::from_envelope(&envelope).map_err(|e| format!("{what}: {e}"))
    };
    let mut receipt = read(&proof.receipt, index, "receipt")?;
    if let Some(claims) = &proof.claims {
        receipt.claims.l1_fee = claims.l1_fee.map(wei);
        receipt.claims.blob_gas_price = claims.blob_gas_price.map(wei);
        receipt.claims.effective_gas_price = claims.effective_gas_price.map(wei);
    }
    if index == 0 && logs_before != 0 {
        return Err("logs_before: it is the first transaction of its block".to_owned());
    }
    if let (None, Some(stated)) = (transaction.from, &proof.sender) {
        transaction.from = Some(stated.parse::<Address>().map_err(|e| format!("sender: {e}"))?);
    }
    let payer =
        holdfast_evm::sender(chain, &transaction, Checks::default()).map_err(|e| format!("transaction: {e}"))?;
    let before = match (index.checked_sub(1), &proof.receipt_before) {
        (Some(before), Some(places)) => Some(read(places, before, "receipt_before")?.cumulative_gas),
        (None, None) => Some(0),
        (None, Some(_)) => return Err("receipt_before: none is before the first".to_owned()),
        (Some(_), None) => None,
    };
    let trace = proof.calls.as_ref().map(|calls| read_calls(calls, receipt.logs.len())).transpose()?;
    if let Some(trace) = &trace {
        trace.agrees_with(&transaction, payer, receipt.outcome).map_err(|e| format!("calls: {e}"))?;
    }
    let single = Single {
        header,
        index,
        transaction: &transaction,
        receipt: &receipt,
        payer,
        trace: trace.as_ref(),
        logs_before,
        gas_before: before.unwrap_or(0),
    };
    let transfers = transfers_of(chain, &single);
    Ok(Proved {
        transfers,
        gas_price: Amount::from_be_bytes(transaction.gas_price.to_be_bytes()),
        logs: receipt.logs,
        has_calls: trace.is_some(),
        has_fee: before.is_some(),
    })
}
