//! Transfers of a block outside its transactions: rewards of proof of work and withdrawals (EIP-4895).

use crate::found::amount;
use crate::{Block, Chain, Ommers, U256};
use alloy_primitives::Address;
use holdfast_types::{AccountId, Commitment, Position, TokenRef, Transfer, TransferKind};

const WEI_PER_GWEI: u64 = 1_000_000_000;

/// Returns rewards and withdrawals. Ommers whose headers were not read earn nothing here, because they are not known by their hashes.
pub(crate) fn block_level(chain: &Chain, block: &Block) -> Vec<Transfer> {
    let mut transfers = Vec::new();
    let mut add = |to: Address, wei: U256, kind, commitment| {
        let position = Position::BlockEnd(u32::try_from(transfers.len()).unwrap_or(u32::MAX));
        if !wei.is_zero() {
            let to = Some(AccountId::evm(to.into_array()));
            let (token, from) = (TokenRef::Native, None);
            transfers.push(Transfer { token, from, to, amount: amount(wei), kind, position, commitment });
        }
    };
    if let Some(reward) = chain.reward_at(block.header.number).filter(|_| !block.header.is_merged()) {
        let reward = U256::from(reward);
        let headers = match &block.ommers {
            Ommers::Headers(headers) => headers.as_slice(),
            Ommers::Hashes(_) => &[],
        };
        // How many ommers there are is a claim of the node where only their hashes were read.
        let is_proved = headers.len() == block.ommers.count();
        let commitment = if is_proved { Commitment::Root } else { Commitment::Claim };
        let included = reward.saturating_mul(U256::from(block.ommers.count())) / U256::from(32);
        add(block.header.beneficiary, reward.saturating_add(included), TransferKind::Reward, commitment);
        for ommer in headers {
            // An ommer is 1 to 6 blocks older; it earns an eighth less for each (yellow paper, 11.3).
            let age = block.header.number.saturating_sub(ommer.number);
            let eighths = U256::from(8u64.saturating_sub(age));
            add(
                ommer.beneficiary,
                reward.saturating_mul(eighths) / U256::from(8),
                TransferKind::Reward,
                Commitment::Root,
            );
        }
    }
    for withdrawal in block.withdrawals.iter().flatten() {
        let wei = U256::from(withdrawal.amount_gwei).saturating_mul(U256::from(WEI_PER_GWEI));
        add(withdrawal.address, wei, TransferKind::Withdrawal, Commitment::Root);
    }
    transfers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Header;
    use crate::header::tests::header;
    use alloy_primitives::B256;

    fn rewards(height: u64, ommers: Ommers) -> Vec<(String, Commitment)> {
        let header = Header { number: height, ..header(0) };
        let (hash, transactions, withdrawals, state_sync) = (header.hash(), Vec::new(), None, None);
        let block = Block { header, hash, transactions, ommers, withdrawals, state_sync };
        let transfers = block_level(&Chain::of(1), &block);
        transfers.into_iter().map(|t| (t.amount.to_string(), t.commitment)).collect()
    }

    #[test]
    fn rewards_are_those_that_mainnet_paid() {
        let ommer = |number| Header { number, ..header(0) };
        let root = |wei: &str| (wei.to_owned(), Commitment::Root);
        // Traces of blocks 508110 (an ommer of the block before), 46202 (one of two blocks before).
        let paid = rewards(508_110, Ommers::Headers(vec![ommer(508_109)]));
        assert_eq!(paid, [root("5156250000000000000"), root("4375000000000000000")]);
        let paid = rewards(46_202, Ommers::Headers(vec![ommer(46_200)]));
        assert_eq!(paid[1], root("3750000000000000000"));
        assert_eq!(rewards(4_370_000, Ommers::Headers(vec![])), [root("3000000000000000000")]);
        assert_eq!(rewards(0, Ommers::Headers(vec![])), []);
        // Who the ommers are is not known by their hashes, and how many there are is a claim of the node.
        let claim = ("2062500000000000000".to_owned(), Commitment::Claim);
        assert_eq!(rewards(7_280_000, Ommers::Hashes(vec![B256::ZERO])), [claim]);
    }
}
