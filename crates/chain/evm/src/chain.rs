//! The chains: which family of nodes runs them, their canonical wrappers, their rules by height.

use alloy_primitives::{Address, address};
use holdfast_types::{ChainId, Issuer};

/// Kind of node software, where it decides what a block holds and who gets the fees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stack {
    /// Ethereum and chains that follow its rules.
    Ethereum,
    /// OP Stack (Optimism, Base): deposits of type 126, fees to vaults.
    Optimism,
    /// Arbitrum: types 100 to 106, fees to accounts that no header names.
    Arbitrum,
    /// Polygon: state sync outside the transactions root, a log for every transfer of the coin.
    Polygon,
}

/// A chain and what reading it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    id: ChainId,
    /// Chain id of EIP-155.
    number: u64,
    stack: Stack,
    wrappers: Vec<Address>,
    issuers: Vec<Issuer>,
}

/// Canonical wrappers of the chain's coin: contracts known to credit exactly the coin that they take.
const WRAPPERS: [(u64, Address); 12] = [
    (1, address!("c02aaa39b223fe8d0a0e5c4f27ead9083c756cc2")),
    (10, address!("4200000000000000000000000000000000000006")),
    (56, address!("bb4cdb9cbd36b01bd1cbaebf2de08d9173bc095c")),
    (100, address!("e91d153e0b41518a2ce8dd3d7944fa863463a97d")),
    (137, address!("0d500b1d8e8ef31e21c99d1db9a6444d3adf1270")),
    (8453, address!("4200000000000000000000000000000000000006")),
    (42161, address!("82af49447d8a07e3bd95bd0d56f35241523fbab1")),
    (43114, address!("b31f66aa3c1e785363f0875a1b74e27b85fd66c7")),
    (84531, address!("4200000000000000000000000000000000000006")),
    (84532, address!("4200000000000000000000000000000000000006")),
    (11_155_111, address!("fff9976782d46cc05630d1f6ebab18b2324d6b14")),
    (11_155_420, address!("4200000000000000000000000000000000000006")),
];

/// Heights of mainnet from which the reward of a block is another (EIP-649, EIP-1234), in wei, newest first.
const REWARDS: [(u64, u128); 3] = [(7_280_000, 2 * ETHER), (4_370_000, 3 * ETHER), (1, 5 * ETHER)];
const ETHER: u128 = 1_000_000_000_000_000_000;

impl Chain {
    /// Returns the chain of an EIP-155 number with what is known of it; a chain that is not known follows Ethereum's rules and has no wrapper.
    ///
    /// # Panics
    /// Never: a number makes a sound id.
    #[must_use]
    pub fn of(number: u64) -> Self {
        let id = ChainId::parse(&format!("eip155:{number}")).expect("digits make a reference of CAIP-2");
        let stack = match number {
            10 | 130 | 420 | 8453 | 84531 | 84532 | 7_777_777 | 11_155_420 => Stack::Optimism,
            42161 | 42170 | 421_614 => Stack::Arbitrum,
            137 | 80_001 | 80_002 => Stack::Polygon,
            _ => Stack::Ethereum,
        };
        let wrappers = WRAPPERS.iter().filter(|(chain, _)| *chain == number).map(|(_, wrapper)| *wrapper).collect();
        let issuers = Issuer::listed_on(&id);
        Chain { id, number, stack, wrappers, issuers }
    }

    /// Returns the chain of a CAIP-2 id; `None` of other namespaces than `eip155`.
    #[must_use]
    pub fn from_id(id: &ChainId) -> Option<Self> {
        let number = id.reference().parse().ok().filter(|_| id.namespace() == "eip155")?;
        Some(Chain::of(number)).filter(|chain| chain.id == *id)
    }

    /// Returns the chain with another kind of node software.
    #[must_use]
    pub fn with_stack(self, stack: Stack) -> Self {
        Chain { stack, ..self }
    }

    /// Returns the chain with one more canonical wrapper of its coin.
    #[must_use]
    pub fn with_wrapper(mut self, wrapper: Address) -> Self {
        self.wrappers.push(wrapper);
        self
    }

    /// Returns the chain with one more contract whose issuer can freeze accounts.
    #[must_use]
    pub fn with_issuer(mut self, issuer: Issuer) -> Self {
        self.issuers.push(issuer);
        self
    }

    /// Returns its CAIP-2 id.
    #[must_use]
    pub fn id(&self) -> &ChainId {
        &self.id
    }

    /// Returns its EIP-155 number.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Returns its kind of node software.
    #[must_use]
    pub fn stack(&self) -> Stack {
        self.stack
    }

    /// Returns whether a contract is a canonical wrapper of its coin.
    #[must_use]
    pub fn is_wrapper(&self, contract: &Address) -> bool {
        self.wrappers.contains(contract)
    }

    /// Returns the contracts whose issuers can freeze accounts: the curated list's, and those that were added.
    #[must_use]
    pub fn issuers(&self) -> &[Issuer] {
        &self.issuers
    }

    /// Returns the reward in wei for a block with proof of work; `None` where this crate does not know the chain's rewards.
    pub(crate) fn reward_at(&self, height: u64) -> Option<u128> {
        let of_mainnet = || REWARDS.iter().find(|(from, _)| height >= *from).map(|(_, reward)| *reward);
        if self.number == 1 { of_mainnet() } else { None }
    }

    /// Returns the denominator of the blob fee's growth at a time (EIP-4844, EIP-7691, EIP-7892), of Ethereum mainnet only.
    pub(crate) fn blob_fraction_at(&self, time: u64) -> Option<u128> {
        const PRAGUE: u64 = 1_746_612_311;
        const BPO1: u64 = 1_765_290_071;
        match time {
            _ if self.number != 1 => None,
            ..PRAGUE => Some(3_338_477),
            PRAGUE..BPO1 => Some(5_007_716),
            // Later schedules change by configuration of nodes: the receipts' claim is taken.
            BPO1.. => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_are_found_by_number_and_id() {
        let mainnet = Chain::of(1);
        assert_eq!(mainnet.id().as_str(), "eip155:1");
        assert_eq!(Chain::from_id(mainnet.id()), Some(mainnet.clone()));
        assert_eq!(Chain::from_id(&ChainId::parse("tron:mainnet").unwrap()), None);
        assert_eq!(Chain::from_id(&ChainId::parse("eip155:01").unwrap()), None);
        assert_eq!((Chain::of(8453).stack(), Chain::of(137).stack()), (Stack::Optimism, Stack::Polygon));
        assert!(mainnet.is_wrapper(&WRAPPERS[0].1) && !Chain::of(2).is_wrapper(&WRAPPERS[0].1));
        let rewards = [0, 1, 4_369_999, 4_370_000, 7_279_999, 7_280_000].map(|height| mainnet.reward_at(height));
        assert_eq!(rewards, [None, Some(5), Some(5), Some(3), Some(3), Some(2)].map(|r| r.map(|r: u128| r * ETHER)));
        assert_eq!(Chain::of(5).reward_at(10), None);
    }
}
