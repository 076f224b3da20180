//! Proofs of transactions of Tron: made of a verified block, and checked against a header. The header commits to transactions with their signatures and
//! results, and to nothing else: logs, calls and fees are claims of the node.

use crate::contents::{TronInfo, TronInternal, TronLog, TronProof};
use holdfast_evm::{Address, B256, Log};
use holdfast_tron::info::{Cost, Internal};
use holdfast_tron::proof::{Inclusion, Step};
use holdfast_tron::transaction::{Outcome, Stated};
use holdfast_tron::{Chain, Header, Info, Single, Transaction, VerifiedBlock, check_info, transfers_of};
use holdfast_types::{AccountId, Hash32, TransactionTransfers};
use std::collections::BTreeMap;

/// What a bundle takes of a block.
pub(crate) struct Taken {
    pub index: u32,
    pub hash: Hash32,
    pub logs_before: u32,
    pub proof: TronProof,
}

/// A transaction whose proof holds.
pub(crate) struct Proved {
    pub transfers: TransactionTransfers,
    pub logs: Vec<Log>,
}

/// Takes transactions out of a block.
pub(crate) fn take(block: &VerifiedBlock, wanted: &BTreeMap<u32, bool>) -> Vec<Taken> {
    let mut logs_before = 0u32;
    let mut taken = Vec::new();
    for ((index, transaction), info) in (0u32..).zip(&block.block().transactions).zip(block.infos()) {
        if wanted.contains_key(&index)
            && let Some(inclusion) = usize::try_from(index).ok().and_then(|i| Inclusion::of(block.block(), i))
        {
            let proof = write(transaction, &inclusion, info);
            taken.push(Taken { index, hash: transaction.id, logs_before, proof });
        }
        logs_before = logs_before.saturating_add(u32::try_from(info.logs.len()).unwrap_or(u32::MAX));
    }
    taken
}

fn write(transaction: &Transaction, inclusion: &Inclusion, info: &Info) -> TronProof {
    let Info { cost, .. } = info;
    let account = |account: &AccountId| hex::encode(account.as_bytes());
    let log = |log: &Log| TronLog {
        address: hex::encode(log.address),
        topics: log.topics.iter().map(hex::encode).collect(),
        data: hex::encode(&log.data),
    };
    let internal = |internal: &Internal| TronInternal {
        from: internal.from.as_ref().map(account),
        to: internal.to.as_ref().map(account),
        amounts: internal.amounts.clone(),
        note: internal.note.clone(),
        rejected: internal.rejected,
    };
    TronProof {
        raw: hex::encode(&transaction.raw),
        signatures: transaction.signatures.iter().map(hex::encode).collect(),
        results: transaction.results.iter().map(|r| (r.fee, r.failed, r.outcome.0)).collect(),
        steps: inclusion.steps.iter().map(|s| (hex::encode(s.neighbour), s.is_left)).collect(),
        info: TronInfo {
            failed: info.failed,
            outcome: info.outcome.0,
            cost: [
                cost.total,
                cost.bandwidth,
                cost.energy,
                cost.earned,
                cost.energy_used,
                cost.energy_of_creator,
                cost.bandwidth_used,
            ],
            logs: info.logs.iter().map(log).collect(),
            internal: info.internal.iter().map(internal).collect(),
            issued: info.issued,
            amounts: [
                info.withdrawn,
                info.unfrozen,
                info.returned,
                info.exchange_received,
                info.exchange_injected,
                info.exchange_withdrawn,
            ],
        },
    }
}

fn bytes(text: &str, what: &str) -> Result<Vec<u8>, String> {
    hex::decode(text).map_err(|e| format!("{what}: {e}"))
}

fn hash(text: &str, what: &str) -> Result<Hash32, String> {
    bytes(text, what)?.try_into().map_err(|_| format!("{what}: a hash has 64 hex digits"))
}

fn account(text: &str, what: &str) -> Result<AccountId, String> {
    AccountId::from_bytes(&bytes(text, what)?).ok_or_else(|| format!("{what}: '{text}' is no account"))
}

fn read_info(info: &TronInfo, transaction: &Transaction, header: &Header) -> Result<Info, String> {
    let [total, bandwidth, energy, earned, energy_used, energy_of_creator, bandwidth_used] = info.cost;
    let [withdrawn, unfrozen, returned, exchange_received, exchange_injected, exchange_withdrawn] = info.amounts;
    let mut logs = Vec::with_capacity(info.logs.len());
    for log in &info.logs {
        let address = account(&log.address, "info.logs.address")?;
        let address = <[u8; 20]>::try_from(address.as_bytes()).map_err(|_| "info.logs.address: not 20 bytes")?;
        let topics = log.topics.iter().map(|t| hash(t, "info.logs.topics").map(B256::from));
        logs.push(Log {
            address: Address::from(address),
            topics: topics.collect::<Result<_, _>>()?,
            data: bytes(&log.data, "info.logs.data")?.into(),
        });
    }
    let mut internal = Vec::with_capacity(info.internal.len());
    for one in &info.internal {
        internal.push(Internal {
            from: one.from.as_deref().map(|a| account(a, "info.internal.from")).transpose()?,
            to: one.to.as_deref().map(|a| account(a, "info.internal.to")).transpose()?,
            amounts: one.amounts.clone(),
            note: one.note.clone(),
            rejected: one.rejected,
        });
    }
    Ok(Info {
        id: transaction.id,
        block: header.number,
        timestamp_ms: header.timestamp_ms,
        failed: info.failed,
        outcome: Outcome(info.outcome),
        cost: Cost { total, bandwidth, energy, earned, energy_used, energy_of_creator, bandwidth_used },
        logs,
        internal,
        issued: info.issued,
        withdrawn,
        unfrozen,
        returned,
        exchange_received,
        exchange_injected,
        exchange_withdrawn,
    })
}

/// Checks a proof against a header, and reads what the transaction moved by it and by the node's claims.
pub(crate) fn check(
    chain: &Chain,
    header: &Header,
    internal_known: bool,
    (index, id, logs_before): (u32, Hash32, u32),
    proof: &TronProof,
) -> Result<Proved, String> {
    let signatures = proof.signatures.iter().map(|s| bytes(s, "signatures")).collect::<Result<_, _>>()?;
    let stated =
        |(fee, failed, outcome): &(u64, bool, u32)| Stated { fee: *fee, failed: *failed, outcome: Outcome(*outcome) };
    let results = proof.results.iter().map(stated).collect();
    let transaction =
        Transaction::read(bytes(&proof.raw, "raw")?, signatures, results).map_err(|e| format!("transaction: {e}"))?;
    if transaction.id != id {
        return Err(format!("transaction: its bytes hash to {}", hex::encode(transaction.id)));
    }
    let step = |(neighbour, is_left): &(String, bool)| {
        Ok::<_, String>(Step { neighbour: hash(neighbour, "steps")?, is_left: *is_left })
    };
    let steps: Vec<Step> = proof.steps.iter().map(step).collect::<Result<_, _>>()?;
    check_place(index, &steps)?;
    Inclusion { steps }.check(&transaction, header).map_err(|e| format!("transaction: {e}"))?;
    if index == 0 && logs_before != 0 {
        return Err("logs_before: it is the first transaction of its block".to_owned());
    }
    let info = read_info(&proof.info, &transaction, header)?;
    check_info(header, &info, &transaction).map_err(|e| format!("info: {e}"))?;
    let single = Single { index, transaction: &transaction, info: &info, internal_known, logs_before };
    let transfers = transfers_of(chain, &single);
    Ok(Proved { transfers, logs: info.logs })
}

/// Checks that a path of neighbours is one of the transaction's number. The last of an odd row goes up without a neighbour, so that steps say only which
/// bits of the number are set, in order.
fn check_place(index: u32, steps: &[Step]) -> Result<(), String> {
    let mut rest = index;
    for step in steps {
        // Rows in which it has no neighbour are those in which it is the last, with an even number.
        while step.is_left && rest.is_multiple_of(2) && rest > 0 {
            rest /= 2;
        }
        if step.is_left != (rest % 2 == 1) {
            return Err(format!("steps: they are not those of transaction {index} of its block"));
        }
        rest /= 2;
    }
    if rest == 0 { Ok(()) } else { Err(format!("steps: they are not those of transaction {index} of its block")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_tron::Block;

    #[test]
    fn a_path_is_of_its_own_number_only() {
        // A message with one contract, a transfer, and a number that parts them.
        let raw = |n: u8| {
            let parameter = [0x0a, 1, b'x', 0x12, 0];
            let contract = [&[0x08, 13, 0x12, 5][..], &parameter].concat();
            [&[0x5a, 9][..], &contract, &[0x70, n]].concat()
        };
        for count in 1..40u8 {
            let transactions: Vec<Transaction> =
                (0..count).filter_map(|n| Transaction::read(raw(n), vec![vec![n]], vec![]).ok()).collect();
            assert_eq!(transactions.len(), usize::from(count));
            let header = Header {
                timestamp_ms: 1,
                transactions_root: [0; 32],
                parent: [0; 32],
                number: 1,
                witness_id: 0,
                witness: vec![0x41; 21],
                version: 1,
                account_state_root: vec![],
            };
            let block = Block { header, id: [0; 32], transactions };
            for index in 0..u32::from(count) {
                let inclusion = Inclusion::of(&block, usize::try_from(index).unwrap()).unwrap();
                assert_eq!(check_place(index, &inclusion.steps), Ok(()), "{index} of {count}");
                let beside = index ^ 1;
                let is_other = beside >= u32::from(count) || check_place(beside, &inclusion.steps).is_err();
                assert!(is_other && check_place(index + 64, &inclusion.steps).is_err(), "{index} of {count}");
            }
        }
    }
}
