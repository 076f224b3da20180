//! Verification: the header is hashed again, and every root in it is recomputed from the block's content.

use crate::receipt::ReceiptClaims;
use crate::{Block, BlockError, Chain, Log, Receipt, Stack, Trace, Transaction, fees};
use alloy_primitives::{Address, B256, Bloom};
use alloy_rlp::BufMut;
use alloy_trie::EMPTY_ROOT_HASH;
use alloy_trie::root::ordered_trie_root_with_encoder;
use holdfast_node::equal;
use std::fmt::Debug;

/// What verification may leave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checks {
    /// Whether senders are recovered from their signatures, about 30 microseconds each. Where not, a sender that the source states is taken as a claim, and one that it does
    /// not state is recovered all the same.
    pub senders: bool,
}

impl Default for Checks {
    fn default() -> Self {
        Checks { senders: true }
    }
}

/// A block whose hash and roots hold. Only [`verify()`] makes one.
#[derive(Clone, Debug)]
pub struct VerifiedBlock {
    pub(crate) block: Block,
    pub(crate) receipts: Vec<Receipt>,
    pub(crate) senders: Vec<Address>,
    pub(crate) traces: Option<Vec<Trace>>,
}

impl VerifiedBlock {
    /// Returns the block.
    #[must_use]
    pub fn block(&self) -> &Block {
        &self.block
    }

    /// Returns the receipts, one for each transaction.
    #[must_use]
    pub fn receipts(&self) -> &[Receipt] {
        &self.receipts
    }

    /// Returns the senders, one for each transaction.
    #[must_use]
    pub fn senders(&self) -> &[Address] {
        &self.senders
    }

    /// Returns the traces of its transactions, one for each, where they were added: claims.
    #[must_use]
    pub fn traces(&self) -> Option<&[Trace]> {
        self.traces.as_deref()
    }

    /// Returns the logs of the block with the number of their transaction; a log's place is its number in the block.
    pub fn logs(&self) -> impl Iterator<Item = (usize, &Log)> {
        self.receipts.iter().enumerate().flat_map(|(i, receipt)| receipt.logs.iter().map(move |log| (i, log)))
    }

    /// Adds the traces of its transactions, which are claims: they must at least agree with what is verified.
    ///
    /// # Errors
    /// [`BlockError`] where there is not one for each transaction, or the outermost call is not the transaction's.
    pub fn with_traces(mut self, traces: Vec<Trace>) -> Result<Self, BlockError> {
        self.check_traces(&traces).map_err(|e| e.of_block(self.block.header.number))?;
        self.traces = Some(traces);
        Ok(self)
    }

    fn check_traces(&self, traces: &[Trace]) -> Result<(), BlockError> {
        equal("traces.length", &traces.len(), &self.block.transactions.len())?;
        for (i, trace) in traces.iter().enumerate() {
            let (transaction, from) = (&self.block.transactions[i], self.senders[i]);
            trace
                .agrees_with(transaction, from, self.receipts[i].outcome)
                .map_err(|e| e.within(format_args!("traces[{i}]")))?;
        }
        Ok(())
    }
}

/// Verifies a block and its receipts: hash, transactions root, receipts root with blooms, ommers hash, withdrawals root, gas, senders.
///
/// # Errors
/// [`BlockError`] names the block and the first field that does not hold.
pub fn verify(
    chain: &Chain,
    block: Block,
    receipts: Vec<Receipt>,
    checks: Checks,
) -> Result<VerifiedBlock, BlockError> {
    let number = block.header.number;
    check(chain, &block, &receipts, checks).map_err(|e| e.of_block(number)).map(|senders| VerifiedBlock {
        block,
        receipts,
        senders,
        traces: None,
    })
}

fn check(chain: &Chain, block: &Block, receipts: &[Receipt], checks: Checks) -> Result<Vec<Address>, BlockError> {
    let header = &block.header;
    equal("hash", &block.hash, &header.hash())?;
    let root =
        ordered_trie_root_with_encoder(&block.transactions, |transaction, out| out.put_slice(&transaction.envelope));
    equal("header.transactionsRoot", &header.transactions_root, &root)?;
    check_receipts(block, receipts)?;
    if let Some(computed) = block.ommers.hash() {
        equal("header.sha3Uncles", &header.ommers_hash, &computed)?;
    }
    check_withdrawals(chain, block)?;
    if let Some(sync) = &block.state_sync {
        equal("stateSync.hash", &sync.hash, &crate::block::StateSync::hash_of(header.number, &block.hash))?;
    }
    let mut senders = Vec::with_capacity(block.transactions.len());
    for (i, transaction) in block.transactions.iter().enumerate() {
        let sender = sender(chain, transaction, checks).map_err(|e| e.within(format_args!("transactions[{i}]")))?;
        let claims = &receipts[i].claims;
        check_claims(chain, block, transaction, claims).map_err(|e| e.within(format_args!("receipts[{i}]")))?;
        senders.push(sender);
    }
    Ok(senders)
}

fn check_receipts(block: &Block, receipts: &[Receipt]) -> Result<(), BlockError> {
    let header = &block.header;
    equal("receipts.length", &receipts.len(), &block.transactions.len())?;
    let (mut whole, mut blooms, mut used) = (Bloom::ZERO, Vec::with_capacity(receipts.len()), 0);
    for (i, (receipt, transaction)) in receipts.iter().zip(&block.transactions).enumerate() {
        let named = |e: BlockError| e.within(format_args!("receipts[{i}]"));
        equal("type", &receipt.kind, &transaction.kind).map_err(named)?;
        if receipt.cumulative_gas < used {
            return Err(named(BlockError::malformed("cumulativeGasUsed", "less than before the transaction")));
        }
        used = receipt.cumulative_gas;
        let bloom = receipt.computed_bloom();
        if let Some(stated) = &receipt.bloom {
            equal("logsBloom", stated, &bloom).map_err(named)?;
        }
        whole |= bloom;
        blooms.push((receipt, bloom));
    }
    let root = ordered_trie_root_with_encoder(&blooms, |(receipt, bloom), out| out.put_slice(&receipt.envelope(bloom)));
    equal("header.receiptsRoot", &header.receipts_root, &root)?;
    equal("header.logsBloom", &header.logs_bloom, &whole)?;
    equal("header.gasUsed", &header.gas_used, &used)
}

fn check_withdrawals(chain: &Chain, block: &Block) -> Result<(), BlockError> {
    let root = block.header.withdrawals_root;
    match &block.withdrawals {
        // The OP Stack has no withdrawals here; since Isthmus the field holds the storage root of its message passer.
        None | Some(_) if chain.stack() == Stack::Optimism => {
            let none = block.withdrawals.as_ref().is_none_or(Vec::is_empty);
            equal("withdrawals.isEmpty", &none, &true)
        }
        // Nodes may leave out an empty list.
        None => equal("header.withdrawalsRoot", &root.filter(|root| *root != EMPTY_ROOT_HASH), &None),
        Some(withdrawals) => {
            let computed: B256 = ordered_trie_root_with_encoder(withdrawals, |w, out| out.put_slice(&w.to_rlp()));
            equal("header.withdrawalsRoot", &root, &Some(computed))
        }
    }
}

/// Returns who sent a transaction: what its signature gives, or what its type carries.
///
/// # Errors
/// [`BlockError`] where it is signed and the signature gives nobody, or another account than is stated.
pub fn sender(chain: &Chain, transaction: &Transaction, checks: Checks) -> Result<Address, BlockError> {
    // Transactions of the OP Stack from before Bedrock and of Arbitrum from before Nitro are not signed as Ethereum's are.
    let unsigned = !transaction.is_signed() || (transaction.r.is_zero() && chain.stack() != Stack::Ethereum);
    match transaction.from {
        Some(from) if unsigned || !checks.senders => Ok(from),
        None if unsigned => Err(BlockError::malformed("from", "neither stated nor signed")),
        stated => {
            let recovered = transaction.recover()?;
            equal("from", &stated.unwrap_or(recovered), &recovered)?;
            Ok(recovered)
        }
    }
}

/// Compares what a node adds to a receipt with what the block gives.
fn check_claims(
    chain: &Chain,
    block: &Block,
    transaction: &Transaction,
    claims: &ReceiptClaims,
) -> Result<(), BlockError> {
    let header = &block.header;
    if let Some(stated) = claims.effective_gas_price
        && transaction.is_signed()
        && chain.stack() == Stack::Ethereum
    {
        equal("effectiveGasPrice", &stated, &transaction.effective_gas_price(header.base_fee))?;
    }
    if let (Some(stated), 3) = (claims.blob_gas_price, transaction.kind)
        && let Some(computed) = fees::blob_gas_price(chain, header)
    {
        equal("blobGasPrice", &stated, &computed)?;
    }
    Ok(())
}

/// Compares an optional field of JSON, which repeats what is known, with it.
pub(crate) fn repeats<T: PartialEq + Debug>(field: &str, stated: Option<&T>, known: &T) -> Result<(), BlockError> {
    stated.map_or(Ok(()), |stated| equal(field, stated, known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_list_has_the_empty_root() {
        let empty: [Vec<u8>; 0] = [];
        let root = ordered_trie_root_with_encoder(&empty, |item, out| out.put_slice(item));
        assert_eq!(root, EMPTY_ROOT_HASH);
    }
}
