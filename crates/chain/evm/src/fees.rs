//! The fee of a transaction and its parts: base fee destroyed and tip earned (EIP-1559), blob fee (EIP-4844), data fee (OP Stack).

use crate::receipt::Receipt;
use crate::{Chain, Header, Stack, Transaction};
use alloy_primitives::{Address, U256, address};
use holdfast_types::TransferKind;

/// Where the OP Stack collects base fees, tips by default, and data fees.
const BASE_FEE_VAULT: Address = address!("4200000000000000000000000000000000000019");
const L1_FEE_VAULT: Address = address!("420000000000000000000000000000000000001a");

/// A part of a fee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FeePart {
    pub kind: TransferKind,
    /// Who gets it; `None` where it is destroyed, or where no header names the receiver.
    pub to: Option<Address>,
    pub amount: U256,
    /// Whether header, transaction and receipt determine it.
    pub is_proved: bool,
}

/// Returns the parts of a transaction's fee, without empty ones. `earner` is who earns the tip.
pub(crate) fn parts(
    chain: &Chain,
    header: &Header,
    transaction: &Transaction,
    receipt: &Receipt,
    gas_used: u64,
    earner: Option<Address>,
) -> Vec<FeePart> {
    if !transaction.is_signed() && transaction.gas_price.is_zero() {
        return Vec::new();
    }
    let gas = U256::from(gas_used);
    let base = header.base_fee.unwrap_or_default();
    // Arbitrum takes its base fee from everyone and no tip.
    let price = match chain.stack() {
        Stack::Arbitrum => base,
        _ => transaction.effective_gas_price(header.base_fee),
    };
    let mut parts = Vec::with_capacity(2);
    let mut add = |kind, to, amount: U256, is_proved| {
        if !amount.is_zero() {
            parts.push(FeePart { kind, to, amount, is_proved });
        }
    };
    if chain.stack() == Stack::Arbitrum {
        // Accounts that the chain's owners set receive it; no header names them.
        add(TransferKind::FeeTip, None, price.saturating_mul(gas), true);
        return parts;
    }
    let burn_to = (chain.stack() == Stack::Optimism).then_some(BASE_FEE_VAULT);
    add(TransferKind::FeeBurn, burn_to, base.min(price).saturating_mul(gas), true);
    add(TransferKind::FeeTip, earner, price.saturating_sub(base).saturating_mul(gas), true);
    if transaction.blob_gas() > 0 {
        let computed = blob_gas_price(chain, header);
        let blob_price = computed.or(receipt.claims.blob_gas_price).unwrap_or_default();
        let blob_fee = blob_price.saturating_mul(U256::from(transaction.blob_gas()));
        add(TransferKind::FeeBlob, None, blob_fee, computed.is_some());
    }
    if chain.stack() == Stack::Optimism {
        add(TransferKind::FeeL1, Some(L1_FEE_VAULT), receipt.claims.l1_fee.unwrap_or_default(), false);
    }
    parts
}

/// Returns the price of a unit of blob gas in wei by the header (EIP-4844); `None` where the block has none or the chain's schedule is not known.
pub(crate) fn blob_gas_price(chain: &Chain, header: &Header) -> Option<U256> {
    let fraction = chain.blob_fraction_at(header.timestamp)?;
    exponential(header.excess_blob_gas?, fraction)
}

/// Approximates e^(numerator / denominator) in integers, as EIP-4844 defines it (`fake_exponential` with factor 1).
fn exponential(numerator: u64, denominator: u128) -> Option<U256> {
    let (numerator, denominator) = (U256::from(numerator), U256::from(denominator));
    let (mut sum, mut term, mut i) = (U256::ZERO, denominator, U256::from(1));
    while !term.is_zero() {
        sum = sum.checked_add(term)?;
        term = term.checked_mul(numerator)? / denominator.checked_mul(i)?;
        i += U256::from(1);
    }
    Some(sum / denominator)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::tests::header;

    #[test]
    fn blob_prices_follow_eip_4844() {
        // Vectors of go-ethereum's TestCalcBlobFee (Cancun): the least price, the last block of it, a doubling.
        for (excess, price) in [(0, 1), (2_314_057, 1), (2_314_058, 2), (10 * 1024 * 1024, 23)] {
            assert_eq!(exponential(excess, 3_338_477), Some(U256::from(price)), "{excess}");
        }
        assert_eq!(exponential(u64::MAX, 1), None);
        assert_eq!(blob_gas_price(&Chain::of(1), &header(2)), None);
        assert_eq!(blob_gas_price(&Chain::of(1), &header(5)), Some(U256::from(1)));
        assert_eq!(blob_gas_price(&Chain::of(2), &header(5)), None);
    }

    #[test]
    fn a_fee_is_split_as_its_chain_does() {
        let receipt = crate::receipt::tests::receipt(2, 0);
        let header = header(1);
        let miner = Some(header.beneficiary);
        let dynamic =
            Transaction { kind: 2, gas_price: U256::from(100), priority_fee: U256::from(3), ..Transaction::default() };
        let kinds = |chain: &Chain, transaction: &Transaction| -> Vec<_> {
            let parts = parts(chain, &header, transaction, &receipt, 10, miner);
            parts.iter().map(|p| (p.kind, p.to, u64::try_from(p.amount).unwrap())).collect()
        };
        use TransferKind::{FeeBurn, FeeTip};
        assert_eq!(kinds(&Chain::of(1), &dynamic), [(FeeBurn, None, 90), (FeeTip, miner, 30)]);
        assert_eq!(kinds(&Chain::of(10), &dynamic)[0], (FeeBurn, Some(BASE_FEE_VAULT), 90));
        assert_eq!(kinds(&Chain::of(42161), &dynamic), [(FeeTip, None, 90)]);
        let capped = Transaction { gas_price: U256::from(10), ..dynamic.clone() };
        assert_eq!(kinds(&Chain::of(1), &capped), [(FeeBurn, None, 90), (FeeTip, miner, 10)]);
        let legacy = Transaction { kind: 0, ..dynamic.clone() };
        assert_eq!(kinds(&Chain::of(1), &legacy), [(FeeBurn, None, 90), (FeeTip, miner, 910)]);
        let deposit = Transaction { kind: 126, ..Transaction::default() };
        assert_eq!(kinds(&Chain::of(10), &deposit), []);
    }
}
