//! The transfers of a verified block.
//!
//! Order inside a transaction: the coin of a deposit, the transaction's own value, then frames and logs as the trace has them (logs behind all frames
//! where the trace does not place them), fees last.

use crate::events::{self, Event};
use crate::found::{Found, Order, amount, id};
use crate::trace::{Frame, FrameKind, Step};
use crate::{Chain, Header, Log, Outcome, Receipt, Stack, Trace, Transaction, VerifiedBlock, fees, rewards};
use alloy_primitives::{Address, B256, U256};
use holdfast_types::{
    Amount, BlockTransfers, Commitment, Position, Signal, TokenRef, TransactionTransfers, Transfer, TransferKind,
};
use std::collections::{HashMap, HashSet};

/// Lists the transfers of a verified block. Where no traces were added, [`BlockTransfers::internal_known`] is false: coin that moved inside transactions
/// is missing, but for wraps, whose logs prove it, and Polygon, whose logs have all of it but what ending contracts send.
#[must_use]
pub fn transfers(chain: &Chain, verified: &VerifiedBlock) -> BlockTransfers {
    let block = &verified.block;
    let mut transactions = Vec::with_capacity(block.transactions.len());
    let (mut logs_before, mut gas_before) = (0u32, 0);
    for (i, transaction) in block.transactions.iter().enumerate() {
        let receipt = &verified.receipts[i];
        let single = Single {
            header: &block.header,
            index: u32::try_from(i).unwrap_or(u32::MAX),
            transaction,
            receipt,
            payer: verified.senders[i],
            trace: verified.traces.as_ref().map(|traces| &traces[i]),
            logs_before,
            gas_before,
        };
        transactions.push(transfers_of(chain, &single));
        logs_before = logs_before.saturating_add(u32::try_from(receipt.logs.len()).unwrap_or(u32::MAX));
        gas_before = receipt.cumulative_gas;
    }
    if let Some(sync) = &block.state_sync
        && let Some(receipt) = &sync.receipt
    {
        transactions.push(state_sync(chain, verified, sync.hash, receipt, logs_before));
    }
    BlockTransfers {
        chain: chain.id().clone(),
        height: block.header.number,
        hash: block.hash.0,
        parent: block.header.parent_hash.0,
        time: block.header.timestamp,
        transactions,
        block_level: rewards::block_level(chain, block),
        internal_known: verified.traces.is_some(),
    }
}

/// A transaction apart from the others of its block, with all that its transfers follow from.
#[derive(Clone, Copy, Debug)]
pub struct Single<'a> {
    /// Header of its block.
    pub header: &'a Header,
    /// Number in its block.
    pub index: u32,
    /// The transaction.
    pub transaction: &'a Transaction,
    /// Its receipt.
    pub receipt: &'a Receipt,
    /// Account that sent it: [`crate::sender`].
    pub payer: Address,
    /// Its trace, where there is one.
    pub trace: Option<&'a Trace>,
    /// How many logs stand before its own in the block.
    pub logs_before: u32,
    /// Gas that the block had used before it: what the receipt before states. Its fee follows from it.
    pub gas_before: u64,
}

/// Lists the transfers of a transaction apart from its block; those of [`transfers`] where all that is given is its block's.
#[must_use]
pub fn transfers_of(chain: &Chain, single: &Single<'_>) -> TransactionTransfers {
    let reader = Reader {
        chain,
        header: single.header,
        transaction: single.transaction,
        receipt: single.receipt,
        payer: single.payer,
        trace: single.trace,
        logs_before: single.logs_before,
        gas_used: single.receipt.cumulative_gas.saturating_sub(single.gas_before),
        found: Found::default(),
        seen: Seen::default(),
    };
    reader.read(single.index)
}

/// Reads what Polygon's state sync moved: all of it a claim of the node.
fn state_sync(
    chain: &Chain,
    verified: &VerifiedBlock,
    hash: B256,
    receipt: &Receipt,
    logs_before: u32,
) -> TransactionTransfers {
    let nobody =
        Transaction { from: Some(Address::ZERO), to: Some(Address::ZERO), kind: 126, ..Transaction::default() };
    let (trace, found, seen, payer) = (None, Found::default(), Seen::default(), Address::ZERO);
    let header = &verified.block.header;
    let reader =
        Reader { chain, header, transaction: &nobody, receipt, payer, trace, logs_before, gas_used: 0, found, seen };
    let mut read = reader.read(u32::try_from(verified.block.transactions.len()).unwrap_or(u32::MAX));
    read.hash = hash.0;
    for transfer in &mut read.transfers {
        transfer.commitment = Commitment::Claim;
        if transfer.kind == TransferKind::Internal {
            transfer.kind = TransferKind::SystemDeposit;
        }
    }
    read
}

/// What was seen in a transaction, beside what is found.
#[derive(Default)]
struct Seen {
    /// Who earned the fee, by Polygon's log.
    earner: Option<Address>,
    /// Contracts created in the transaction.
    created: HashSet<Address>,
    /// Contracts that ended in it: where, or where they were sent coin last, and the coin that they were sent since, which ends with them.
    ended: HashMap<Address, (Position, U256)>,
    /// Whether the coin's own log of the transaction's value was seen (Polygon).
    value: bool,
}

struct Reader<'a> {
    chain: &'a Chain,
    header: &'a Header,
    transaction: &'a Transaction,
    receipt: &'a Receipt,
    payer: Address,
    trace: Option<&'a Trace>,
    logs_before: u32,
    gas_used: u64,
    found: Found,
    seen: Seen,
}

impl Reader<'_> {
    fn read(mut self, index: u32) -> TransactionTransfers {
        let (success, certainty) = self.outcome();
        let transaction = self.transaction;
        if let Some(deposit) = transaction.deposit.as_deref().filter(|d| !d.mint.is_zero()) {
            // The coin arrives even if what it is sent along with fails.
            self.native(
                None,
                Some(self.payer),
                deposit.mint,
                TransferKind::SystemDeposit,
                Position::Transaction,
                Commitment::Root,
            );
        }
        if success {
            let receiver = self.receiver();
            self.native(
                Some(self.payer),
                receiver,
                transaction.value,
                TransferKind::Value,
                Position::Transaction,
                certainty,
            );
            if transaction.to.is_none() {
                self.creation(receiver, self.payer, Position::Transaction);
            }
            self.walk();
            self.found.settle_issued(&self.order());
            self.found.settle_wraps(self.trace.is_some() || self.chain.stack() == Stack::Polygon);
            self.settle_ended();
        }
        self.delegations();
        let fee = self.fees();
        TransactionTransfers {
            hash: transaction.hash().0,
            index,
            payer: id(self.payer),
            to: transaction.to.map(id),
            success,
            fee,
            method: transaction.method(),
            transfers: self.found.transfers,
            signals: self.found.signals,
        }
    }

    /// Returns the account that is called or created.
    fn receiver(&self) -> Option<Address> {
        let transaction = self.transaction;
        // What is not signed carries no nonce: the receipt has it (OP Stack since Canyon), or the trace has the contract.
        let by_receipt = || self.receipt.deposit.map(|(nonce, _)| self.payer.create(nonce));
        let by_trace = || self.trace.and_then(|trace| trace.frames.first()?.to);
        let created =
            || if transaction.is_signed() { transaction.created(self.payer) } else { by_receipt().or_else(by_trace) };
        transaction.to.or_else(created)
    }

    /// Returns whether the transaction succeeded, and what commits to that.
    fn outcome(&self) -> (bool, Commitment) {
        match self.receipt.outcome {
            Outcome::Status(success) => (success, Commitment::Root),
            // Before Byzantium a failure used all gas: there was no other (EIP-140 brought `REVERT`).
            Outcome::Root(_) if self.gas_used < self.transaction.gas_limit => (true, Commitment::Root),
            Outcome::Root(_) if !self.receipt.logs.is_empty() => (true, Commitment::Root),
            Outcome::Root(_) => match self.trace.and_then(|trace| trace.frames.first()) {
                Some(outermost) => (!outermost.failed, Commitment::Claim),
                // A plain transfer that was given the exact gas.
                None => (self.transaction.input.is_empty() && self.gas_used == 21_000, Commitment::Claim),
            },
        }
    }

    fn native(
        &mut self,
        from: Option<Address>,
        to: Option<Address>,
        wei: U256,
        kind: TransferKind,
        position: Position,
        commitment: Commitment,
    ) {
        let token = TokenRef::Native;
        self.found.push(Transfer {
            token,
            from: from.map(id),
            to: to.map(id),
            amount: amount(wei),
            kind,
            position,
            commitment,
        });
    }

    fn creation(&mut self, contract: Option<Address>, creator: Address, position: Position) {
        if let Some(contract) = contract {
            self.seen.created.insert(contract);
            self.found.signals.push(Signal::Creation { contract: id(contract), creator: id(creator), position });
        }
    }

    /// Goes through frames and logs in their order.
    fn walk(&mut self) {
        let receipt = self.receipt;
        let logs = receipt.logs.as_slice();
        let mut next = 0;
        if let Some(trace) = self.trace {
            let places_logs = trace.steps.iter().filter(|step| **step == Step::Log).count() == logs.len();
            for step in &trace.steps {
                match step {
                    Step::Frame(number) => {
                        let frame = usize::try_from(*number).ok().and_then(|n| trace.frames.get(n));
                        if let Some(frame) = frame.filter(|frame| !frame.failed) {
                            self.frame(frame, *number);
                        }
                    }
                    Step::Log if places_logs => {
                        self.log(&logs[next], next);
                        next += 1;
                    }
                    Step::Log => {}
                }
            }
        }
        for (i, log) in logs.iter().enumerate().skip(next) {
            self.log(log, i);
        }
    }

    fn frame(&mut self, frame: &Frame, number: u32) {
        let position = Position::Trace(number);
        if let (FrameKind::Call, Some(to)) = (frame.kind, frame.to) {
            self.found.called(self.chain.issuers(), id(frame.from), id(to));
        }
        // The outermost frame is the transaction itself, which was listed as such. A call without value still may end a contract below.
        let is_inner = number > 0;
        match frame.kind {
            FrameKind::Call if is_inner => self.moved(frame.from, frame.to, frame.value, position, false),
            FrameKind::Create if is_inner => {
                self.creation(frame.to, frame.from, position);
                self.moved(frame.from, frame.to, frame.value, position, false);
            }
            FrameKind::SelfDestruct => self.ended(frame, position),
            FrameKind::Call | FrameKind::Create | FrameKind::Borrowed | FrameKind::Static => {}
        }
    }

    /// Coin moved inside the transaction.
    fn moved(&mut self, from: Address, to: Option<Address>, wei: U256, position: Position, is_end: bool) {
        if let Some((_, sent)) = self.seen.ended.get_mut(&from) {
            *sent = sent.saturating_sub(wei);
        }
        if let Some((last, sent)) = to.and_then(|to| self.seen.ended.get_mut(&to)) {
            (*last, *sent) = (position, sent.saturating_add(wei));
        }
        // Polygon's own logs have all but what a contract's end sends, with a root that commits to them.
        if self.chain.stack() != Stack::Polygon || is_end {
            self.native(Some(from), to, wei, TransferKind::Internal, position, Commitment::Claim);
        }
    }

    /// A contract ended itself. Since Cancun only one that was created in the same transaction really ends (EIP-6780); its coin moves either way.
    fn ended(&mut self, frame: &Frame, position: Position) {
        let contract = frame.from;
        let ends = !self.header.is_cancun() || self.seen.created.contains(&contract);
        if frame.to != Some(contract) {
            self.moved(contract, frame.to, frame.value, position, true);
        } else if ends {
            self.native(Some(contract), None, frame.value, TransferKind::Burn, position, Commitment::Claim);
        }
        if ends {
            self.seen.ended.insert(contract, (position, U256::ZERO));
        }
    }

    /// Coin that was sent to a contract after its end, and still is there, ends with it.
    fn settle_ended(&mut self) {
        let mut ended: Vec<_> = self.seen.ended.drain().collect();
        ended.sort_unstable();
        for (contract, (position, wei)) in ended {
            self.native(Some(contract), None, wei, TransferKind::Burn, position, Commitment::Claim);
        }
    }

    fn log(&mut self, log: &Log, i: usize) {
        let number = self.logs_before.saturating_add(u32::try_from(i).unwrap_or(u32::MAX));
        let position = Position::Log(number, 0);
        match events::read(self.chain, log) {
            Event::Coin { from, to, amount } => self.coin(from, to, amount, position),
            Event::UserOperation { sender, paymaster, success } => {
                let paymaster = (!paymaster.is_zero()).then(|| id(paymaster));
                self.found.signals.push(Signal::UserOperation { sender: id(sender), paymaster, success, position });
            }
            Event::FeeEarner(account) => self.seen.earner = Some(account),
            event => {
                let order = self.order();
                self.found.log(&order, id(log.address), self.chain.is_wrapper(&log.address), number, event);
                self.found.issuer_log(&order, self.chain.issuers(), log, number, &self.transaction.input);
            }
        }
    }

    fn order(&self) -> Order {
        let (to, method) = (self.transaction.to.map(id), self.transaction.method());
        Order { payer: id(self.payer), to, method, commitment: Commitment::Root }
    }

    /// Polygon's own log of its coin. That of the transaction's value was listed as such.
    fn coin(&mut self, from: Address, to: Address, wei: U256, position: Position) {
        let is_value = from == self.payer && Some(to) == self.receiver() && wei == self.transaction.value;
        if is_value && !self.seen.value {
            self.seen.value = true;
        } else {
            self.native(Some(from), Some(to), wei, TransferKind::Internal, position, Commitment::Root);
        }
    }

    fn delegations(&mut self) {
        for authorization in &self.transaction.authorizations {
            let chain_fits =
                authorization.chain_id.is_zero() || authorization.chain_id == U256::from(self.chain.number());
            if let (true, Ok(account)) = (chain_fits, authorization.recover()) {
                let delegate = (!authorization.delegate.is_zero()).then(|| id(authorization.delegate));
                self.found.signals.push(Signal::Delegation { account: id(account), delegate });
            }
        }
    }

    fn fees(&mut self) -> Amount {
        let header = self.header;
        let earner = match self.chain.stack() {
            Stack::Polygon => self.seen.earner.or_else(|| self.earner_by_log()),
            _ => Some(header.beneficiary),
        };
        let parts = fees::parts(self.chain, header, self.transaction, self.receipt, self.gas_used, earner);
        let mut sum = U256::ZERO;
        for part in parts {
            let commitment = if part.is_proved { Commitment::Root } else { Commitment::Claim };
            self.native(Some(self.payer), part.to, part.amount, part.kind, Position::Transaction, commitment);
            sum = sum.saturating_add(part.amount);
        }
        amount(sum)
    }

    /// The logs of a failed transaction on Polygon hold its fee only.
    fn earner_by_log(&self) -> Option<Address> {
        self.receipt.logs.iter().find_map(|log| match events::read(self.chain, log) {
            Event::FeeEarner(account) => Some(account),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::StateSync;
    use crate::header::tests::header;
    use crate::receipt::ReceiptClaims;
    use crate::transaction::Deposit;
    use crate::{Block, Bloom, Checks, Ommers, verify};
    use alloy_primitives::{address, b256};
    use alloy_rlp::BufMut;
    use alloy_trie::root::ordered_trie_root_with_encoder;

    const A: Address = Address::repeat_byte(0xa);
    const B: Address = Address::repeat_byte(0xb);
    const TOKEN: Address = Address::repeat_byte(0x70);

    fn receipt(kind: u8, outcome: Outcome, cumulative_gas: u64, logs: Vec<Log>) -> Receipt {
        Receipt { kind, outcome, cumulative_gas, bloom: None, logs, deposit: None, claims: ReceiptClaims::default() }
    }

    /// Makes a block that holds, with senders that are taken as stated, and lists its transfers.
    fn listed(chain: &Chain, content: Vec<(Transaction, Receipt)>, sync: Option<Receipt>) -> BlockTransfers {
        let sealed = content.into_iter().map(|(t, r)| (t.sealed().unwrap(), r));
        let (transactions, receipts): (Vec<_>, Vec<_>) = sealed.unzip();
        let blooms = receipts.iter().map(Receipt::computed_bloom);
        let header = Header {
            transactions_root: ordered_trie_root_with_encoder(&transactions, |t, out| out.put_slice(&t.envelope)),
            receipts_root: ordered_trie_root_with_encoder(&receipts, |r, out| {
                out.put_slice(&r.envelope(&r.computed_bloom()));
            }),
            logs_bloom: blooms.fold(Bloom::ZERO, |sum, bloom| sum | bloom),
            gas_used: receipts.last().map_or(0, |r| r.cumulative_gas),
            ..header(1)
        };
        let hash = header.hash();
        let state_sync =
            sync.map(|receipt| StateSync { hash: StateSync::hash_of(header.number, &hash), receipt: Some(receipt) });
        let ommers = Ommers::Headers(vec![]);
        let block = Block { header, hash, transactions, ommers, withdrawals: None, state_sync };
        let verified = verify(chain, block, receipts, Checks { senders: false }).unwrap();
        transfers(chain, &verified)
    }

    fn plain(value: u64) -> Transaction {
        let (from, to, value) = (Some(A), Some(B), U256::from(value));
        Transaction { from, to, value, gas_limit: 21_000, gas_price: U256::from(10), ..Transaction::default() }
    }

    fn log(address: Address, topics: &[B256], words: &[u8]) -> Log {
        let data: Vec<u8> = words.iter().flat_map(|n| B256::with_last_byte(*n).0).collect();
        Log { address, topics: topics.to_vec(), data: data.into() }
    }

    fn kinds(transaction: &TransactionTransfers) -> Vec<(&'static str, u64, Commitment)> {
        let fees_apart = transaction.transfers.iter().filter(|t| !t.kind.is_fee());
        fees_apart.map(|t| (t.kind.name(), u64::try_from(t.amount).unwrap(), t.commitment)).collect()
    }

    #[test]
    fn coin_of_a_deposit_arrives_even_if_its_transaction_fails() {
        let extra = Deposit { source: B256::repeat_byte(1), mint: U256::from(7), ..Deposit::default() };
        let deposit = Transaction { kind: 126, gas_price: U256::ZERO, deposit: Some(Box::new(extra)), ..plain(5) };
        for (success, expected) in [
            (true, vec![("system_deposit", 7, Commitment::Root), ("value", 5, Commitment::Root)]),
            (false, vec![("system_deposit", 7, Commitment::Root)]),
        ] {
            let receipt = receipt(126, Outcome::Status(success), 21_000, vec![]);
            let block = listed(&Chain::of(10), vec![(deposit.clone(), receipt)], None);
            assert_eq!(kinds(&block.transactions[0]), expected);
            assert_eq!(block.transactions[0].fee, Amount::ZERO);
        }
    }

    #[test]
    fn before_byzantium_a_failure_is_what_used_all_gas() {
        let root = Outcome::Root(B256::ZERO);
        let with_code = Transaction { input: vec![1].into(), gas_limit: 50_000, ..plain(5) };
        let moved = |commitment| vec![("value", 5, commitment)];
        let some_log = vec![log(TOKEN, &[B256::ZERO], &[])];
        for (transaction, gas, logs, expected) in [
            (plain(5), 21_000, vec![], moved(Commitment::Claim)),
            (with_code.clone(), 49_999, vec![], moved(Commitment::Root)),
            (with_code.clone(), 50_000, vec![], vec![]),
            (with_code.clone(), 50_000, some_log, moved(Commitment::Root)),
        ] {
            let block = listed(&Chain::of(1), vec![(transaction, receipt(0, root, gas, logs))], None);
            let read = &block.transactions[0];
            assert_eq!((kinds(read), read.success), (expected.clone(), !expected.is_empty()), "{gas}");
            assert_eq!(read.fee, Amount::from(10 * gas));
        }
    }

    #[test]
    fn polygons_state_sync_is_a_claim() {
        let coin = address!("0000000000000000000000000000000000001010");
        let topic = b256!("e6497e3ee548a3372136af2fcb0696db31fc6cf20260707645068bd3fe97f3c4");
        let moved = log(coin, &[topic, coin.into_word(), coin.into_word(), B.into_word()], &[9, 1, 1, 1, 1]);
        let minted = log(TOKEN, &[events::TRANSFER, B256::ZERO, B.into_word()], &[3]);
        let sync = receipt(0, Outcome::Status(true), 0, vec![moved, minted]);
        let block = listed(&Chain::of(137), vec![], Some(sync));
        let expected = [("system_deposit", 9, Commitment::Claim), ("mint", 3, Commitment::Claim)];
        assert_eq!(kinds(&block.transactions[0]), expected);
        assert!(!block.internal_known);
    }

    #[test]
    fn a_wrappers_mint_is_a_wrap_only_with_coin_beside_it() {
        let chain = Chain::of(1).with_wrapper(B);
        let minted = log(B, &[events::TRANSFER, B256::ZERO, A.into_word()], &[5]);
        for (value, expected) in [(5, vec!["value", "wrap"]), (4, vec!["value", "mint"]), (0, vec!["mint"])] {
            let receipt = receipt(0, Outcome::Status(true), 21_000, vec![minted.clone()]);
            let block = listed(&chain, vec![(plain(value), receipt)], None);
            let names: Vec<_> = kinds(&block.transactions[0]).into_iter().map(|k| k.0).collect();
            assert_eq!(names, expected, "{value}");
        }
    }

    #[test]
    fn tethers_issues_stand_in_its_books() {
        let (tether, wallet) = (
            address!("dac17f958d2ee523a2206206994597c13d831ec7"),
            address!("c6cde7c39eb2f0f0095f41570af89efc2c1ea828"),
        );
        let issue = log(tether, &[alloy_primitives::keccak256("Issue(uint256)")], &[90]);
        let moved = log(tether, &[events::TRANSFER, wallet.into_word(), B.into_word()], &[80]);
        let call = Transaction { to: Some(wallet), ..plain(0) };
        let receipt = receipt(0, Outcome::Status(true), 21_000, vec![issue, moved]);
        let block = listed(&Chain::of(1), vec![(call, receipt)], None);
        let found = &block.transactions[0].transfers;
        assert_eq!(kinds(&block.transactions[0]), [("mint", 90, Commitment::Root), ("token", 80, Commitment::Root)]);
        assert_eq!((found[0].to, found[0].position), (Some(id(wallet)), Position::Log(0, 0)));
    }

    #[test]
    fn no_two_transfers_of_a_kind_share_a_position() {
        let topic = b256!("4a39dc06d4c0dbc64b70af90fd698a233a518aa5d07e595d983b8c0526c8f7fb");
        let batch = log(TOKEN, &[topic, A.into_word(), A.into_word(), B.into_word()], &[64, 160, 2, 5, 6, 2, 50, 60]);
        let content = |n: u64| (plain(1), receipt(0, Outcome::Status(true), 21_000 * n, vec![batch.clone(); 2]));
        let block = listed(&Chain::of(1), vec![content(1), content(2)], None);
        let mut seen = HashSet::new();
        let mut count = 0;
        for transaction in &block.transactions {
            for transfer in &transaction.transfers {
                count += 1;
                assert!(seen.insert((transaction.hash, transaction.index, transfer.kind, transfer.position)));
            }
        }
        assert_eq!(count, 2 * (1 + 4 + 2));
        let positions: Vec<_> = block.transactions[1].transfers.iter().map(|t| t.position).collect();
        assert_eq!(positions[1..5], [(2, 0), (2, 1), (3, 0), (3, 1)].map(|(log, item)| Position::Log(log, item)));
    }
}
