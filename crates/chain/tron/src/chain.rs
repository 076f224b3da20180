//! The chains of Tron, and what reading them needs beside the blocks: canonical wrappers, pairs of exchanges, names and rates of tokens.

use crate::contract::Token;
use holdfast_types::{AccountId, ChainId, Hash32, Issuer, TokenRef};
use std::collections::HashMap;

/// Ends of the first blocks' ids by which chains are known, and their names. `eth_chainId` gives the same four bytes.
const CHAINS: [(u32, &str); 3] = [(0x2b66_53dc, "mainnet"), (0x94a9_059e, "shasta"), (0xcd86_90dc, "nile")];

/// Mainnet's canonical wrapper of the coin: WTRX, `TNUC9Qb1rRpS5CbWLmNMxXBjyFoydXjWFR`.
const WRAPPER: [u8; 20] = [
    0x89, 0x1c, 0xdb, 0x91, 0xd1, 0x49, 0xf2, 0x3b, 0x1a, 0x45, 0xd9, 0xc5, 0xca, 0x78, 0xa8, 0x8d, 0x0c, 0xb4, 0x4c,
    0x18,
];

/// A chain and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    id: ChainId,
    wrappers: Vec<AccountId>,
    issuers: Vec<Issuer>,
    exchanges: HashMap<u64, [TokenRef; 2]>,
    names: HashMap<Vec<u8>, u64>,
    rates: HashMap<u64, (u64, u64)>,
}

impl Chain {
    /// Returns mainnet.
    #[must_use]
    pub fn mainnet() -> Self {
        Chain::of_number(CHAINS[0].0)
    }

    /// Returns the chain of the first block's id.
    #[must_use]
    pub fn of_first_block(id: &Hash32) -> Self {
        Chain::of_number(id.last_chunk().copied().map_or(0, u32::from_be_bytes))
    }

    /// Returns the chain of the number that `eth_chainId` gives.
    ///
    /// # Panics
    /// Never: a name or hex digits make a sound id.
    #[must_use]
    pub fn of_number(number: u32) -> Self {
        let name = CHAINS.iter().find(|(known, _)| *known == number).map(|(_, name)| (*name).to_owned());
        let is_mainnet = number == CHAINS[0].0;
        let name = name.unwrap_or_else(|| format!("0x{number:08x}"));
        let id = ChainId::parse(&format!("tron:{name}")).expect("a name or hex digits make a reference of CAIP-2");
        Chain {
            issuers: Issuer::listed_on(&id),
            id,
            wrappers: if is_mainnet { vec![AccountId::evm(WRAPPER)] } else { Vec::new() },
            exchanges: HashMap::new(),
            names: HashMap::new(),
            rates: HashMap::new(),
        }
    }

    /// Returns the chain with one more canonical wrapper of its coin.
    #[must_use]
    pub fn with_wrapper(mut self, wrapper: AccountId) -> Self {
        self.wrappers.push(wrapper);
        self
    }

    /// Returns the chain with one more contract whose issuer can freeze accounts.
    #[must_use]
    pub fn with_issuer(mut self, issuer: Issuer) -> Self {
        self.issuers.push(issuer);
        self
    }

    /// Returns the contracts whose issuers can freeze accounts: the curated list's, and those that were added.
    #[must_use]
    pub fn issuers(&self) -> &[Issuer] {
        &self.issuers
    }

    /// Adds the pair of tokens of a built-in exchange, which never changes.
    pub fn add_exchange(&mut self, exchange: u64, pair: [TokenRef; 2]) {
        self.exchanges.insert(exchange, pair);
    }

    /// Adds a TRC-10 token: its number, its name from the time when names were unique, and how many base units (second) its issuer sells for how much
    /// sun (first).
    pub fn add_token(&mut self, number: u64, name: Option<&[u8]>, rate: (u64, u64)) {
        if let Some(name) = name {
            self.names.insert(name.to_vec(), number);
        }
        self.rates.insert(number, rate);
    }

    /// Returns its CAIP-2 id.
    #[must_use]
    pub fn id(&self) -> &ChainId {
        &self.id
    }

    /// Returns whether a contract is a canonical wrapper of its coin.
    #[must_use]
    pub fn is_wrapper(&self, contract: &AccountId) -> bool {
        self.wrappers.contains(contract)
    }

    /// Returns the token that a built-in contract names; `None` of a name that is not known.
    #[must_use]
    pub fn token(&self, token: &Token) -> Option<TokenRef> {
        match token {
            Token::Coin => Some(TokenRef::Native),
            Token::Number(number) => Some(TokenRef::Trc10(*number)),
            Token::Name(name) => self.names.get(name).copied().map(TokenRef::Trc10),
        }
    }

    /// Returns the token that an exchange has beside one of its two.
    #[must_use]
    pub fn other_of_pair(&self, exchange: u64, token: TokenRef) -> Option<TokenRef> {
        let [first, second] = *self.exchanges.get(&exchange)?;
        match (first == token, second == token) {
            (true, false) => Some(second),
            (false, true) => Some(first),
            _ => None,
        }
    }

    /// Returns what an issuer gives for sun.
    #[must_use]
    pub fn bought(&self, token: TokenRef, sun: u64) -> Option<u64> {
        let TokenRef::Trc10(number) = token else { return None };
        let (for_sun, units) = *self.rates.get(&number)?;
        let units = (u128::from(sun) * u128::from(units)).checked_div(u128::from(for_sun))?;
        u64::try_from(units).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_types::Address;

    #[test]
    fn chains_are_known_by_their_first_block() {
        assert_eq!(Chain::mainnet().id().as_str(), "tron:mainnet");
        let mut id = [0; 32];
        id[28..].copy_from_slice(&[0xcd, 0x86, 0x90, 0xdc]);
        assert_eq!(Chain::of_first_block(&id).id().as_str(), "tron:nile");
        assert_eq!(Chain::of_number(7).id().as_str(), "tron:0x00000007");
        let wrapper = AccountId::try_from(&Address::read("TNUC9Qb1rRpS5CbWLmNMxXBjyFoydXjWFR")).unwrap();
        assert!(Chain::mainnet().is_wrapper(&wrapper) && !Chain::of_number(7).is_wrapper(&wrapper));
        assert!(Chain::of_number(7).with_wrapper(wrapper).is_wrapper(&wrapper));
    }

    #[test]
    fn what_no_block_states_is_known_only_once_it_is_added() {
        let mut chain = Chain::mainnet();
        let (coin, token) = (TokenRef::Native, TokenRef::Trc10(1_000_002));
        assert_eq!((chain.other_of_pair(5, coin), chain.bought(token, 10)), (None, None));
        assert_eq!(chain.token(&Token::read(b"BTT")), None);
        chain.add_exchange(5, [coin, token]);
        chain.add_token(1_000_002, Some(b"BTT"), (3, 7));
        assert_eq!((chain.other_of_pair(5, coin), chain.other_of_pair(5, token)), (Some(token), Some(coin)));
        assert_eq!(chain.other_of_pair(5, TokenRef::Trc10(1)), None);
        assert_eq!((chain.bought(token, 10), chain.bought(token, u64::MAX)), (Some(23), None));
        assert_eq!(chain.token(&Token::read(b"BTT")), Some(token));
    }
}
