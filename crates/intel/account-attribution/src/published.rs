//! Contracts whose addresses their projects publish, and the factories whose contracts are of one kind.
//!
//! Addresses made by `CREATE2` or by keys that are used once are the same on every EVM chain; the others are listed for their chain only.

use crate::Kind;
use holdfast_types::{AccountId, ChainId};
use std::sync::LazyLock;

/// A published contract: address, chain (none: on every EVM chain), name, kind, and the kind of what it creates.
type Line = (&'static str, Option<&'static str>, &'static str, Kind, Option<Kind>);

const MAINNET: Option<&str> = Some("eip155:1");

const PUBLISHED: [Line; 18] = [
    ("5ff137d4b0fdcd49dca30c7cf57e578a026d2789", None, "ERC-4337 entry point 0.6", Kind::EntryPoint, None),
    ("0000000071727de22e5e9d8baf0edac6f37da032", None, "ERC-4337 entry point 0.7", Kind::EntryPoint, None),
    ("4337084d9e255ff0702461cf8895ce9e3b5ff108", None, "ERC-4337 entry point 0.8", Kind::EntryPoint, None),
    ("d9db270c1b5e3bd161e8c8503c55ceabee709552", None, "Safe 1.3.0", Kind::Safe, None),
    ("3e5c63644e683549055b9be8653de26e0b4cd36e", None, "Safe 1.3.0 L2", Kind::Safe, None),
    ("41675c099f32341bf84bfc5382af534df5c7461a", None, "Safe 1.4.1", Kind::Safe, None),
    ("29fcb43b46531bca003ddc8fcb67ffe91900c762", None, "Safe 1.4.1 L2", Kind::Safe, None),
    ("a6b71e26c5e0845f74c812102ca7114b6a896ab2", None, "Safe proxy factory 1.3.0", Kind::Factory, None),
    ("4e1dcf7ad4e460cfd30791ccc4f9c8a4f820ec67", None, "Safe proxy factory 1.4.1", Kind::Factory, None),
    ("5c69bee701ef814a2b6a3edd4b1652cb9cc5aa6f", MAINNET, "Uniswap 2 factory", Kind::Factory, Some(Kind::Pool)),
    ("c0aee478e3658e2610c5f7a4a2e1777ce9e4f2ac", MAINNET, "SushiSwap factory", Kind::Factory, Some(Kind::Pool)),
    ("1f98431c8ad98523631ae4a59f267346ea31f984", MAINNET, "Uniswap 3 factory", Kind::Factory, Some(Kind::Pool)),
    ("000000000004444c5dc75cb358380d2e3de08a90", MAINNET, "Uniswap 4 pool manager", Kind::Pool, None),
    ("7a250d5630b4cf539739df2c5dacb4c659f2488d", MAINNET, "Uniswap 2 router", Kind::Router, None),
    ("e592427a0aece92de3edee1f18e0157c05861564", MAINNET, "Uniswap 3 router", Kind::Router, None),
    ("68b3465833fb72a70ecdf485e0e4c7bd8665fc45", MAINNET, "Uniswap 3 router 2", Kind::Router, None),
    ("c02aaa39b223fe8d0a0e5c4f27ead9083c756cc2", MAINNET, "WETH9", Kind::Wrapper, None),
    ("d90e2f925da726b50c4ed8d0fb90ad053324f31b", MAINNET, "Tornado Cash router", Kind::Mixer, None),
];

/// A contract that its project publishes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Published {
    pub name: &'static str,
    pub kind: Kind,
    pub creates: Option<Kind>,
}

static BY_ACCOUNT: LazyLock<Vec<(AccountId, &Line)>> = LazyLock::new(|| {
    let account = |line: &Line| AccountId::from_bytes(&hex::decode(line.0).unwrap_or_default());
    let mut all: Vec<_> = PUBLISHED.iter().filter_map(|line| Some((account(line)?, line))).collect();
    all.sort_by_key(|(account, _)| *account);
    all
});

/// Returns what is published about an account of a chain.
pub(crate) fn find(chain: &ChainId, account: &AccountId) -> Option<Published> {
    let at = BY_ACCOUNT.binary_search_by_key(account, |(a, _)| *a).ok()?;
    let (_, (_, on, name, kind, creates)) = BY_ACCOUNT.get(at)?;
    let is_here = chain.namespace() == "eip155" && on.is_none_or(|on| ChainId::parse(on).as_ref() == Ok(chain));
    is_here.then_some(Published { name, kind: *kind, creates: *creates })
}

/// Returns all that is published of a chain.
pub(crate) fn on(chain: &ChainId) -> Vec<(AccountId, Published)> {
    BY_ACCOUNT.iter().filter_map(|(account, _)| Some((*account, find(chain, account)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sound_and_bound_to_chains() {
        assert_eq!(BY_ACCOUNT.len(), PUBLISHED.len());
        assert!(BY_ACCOUNT.windows(2).all(|w| w[0].0 < w[1].0));
        let chain = |text: &str| ChainId::parse(text).unwrap();
        let of = |text: &str| AccountId::from_bytes(&hex::decode(text).unwrap()).unwrap();
        let (entry, router) = (of(PUBLISHED[0].0), of(PUBLISHED[13].0));
        assert_eq!(find(&chain("eip155:10"), &entry).map(|p| p.kind), Some(Kind::EntryPoint));
        assert_eq!(find(&chain("eip155:1"), &router).map(|p| p.kind), Some(Kind::Router));
        assert!(find(&chain("eip155:10"), &router).is_none() && find(&chain("tron:mainnet"), &entry).is_none());
    }
}
