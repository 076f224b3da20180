//! The contracts' accounts, and their creation in the first block.

use super::abi;
use super::records::{Action, OwnerKind, Role};
use super::world::{AccountIndex, Asset, BATCH_GAS, ETHER, Execution, Order, Pool, TOKEN_GAS, USD, Units, World};
use alloy_primitives::{Address, Bytes, hex};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Code of the contracts, by their names in contracts/Contracts.sol.
static CODE: LazyLock<BTreeMap<String, Bytes>> = LazyLock::new(|| {
    let listed: BTreeMap<String, String> =
        serde_json::from_str(include_str!("contracts/contracts.json")).unwrap_or_default();
    listed.into_iter().map(|(name, code)| (name, hex::decode(code).unwrap_or_default().into())).collect()
});

/// Denominations of the mixer.
pub(crate) const DENOMINATIONS: [Units; 3] = [ETHER / 10, ETHER, 10 * ETHER];
/// Supply of the token that pools have beside the stablecoin, and of that which takes a fee.
const GEM_SUPPLY: Units = 1_000_000 * ETHER;
const FEE_SUPPLY: Units = 1_000_000_000 * ETHER;
/// Word of an allowance of everything.
const EVERYTHING: abi::Word = [0xff; 32];

/// Who may spend what without limit.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Allowed {
    RouterStable = 0,
    RouterGem = 1,
    BridgeStable = 2,
}

/// The contracts' accounts, which are the same on both chains.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Contracts {
    pub multisig: AccountIndex,
    pub stable: AccountIndex,
    pub bridge: AccountIndex,
    pub wrapper: AccountIndex,
    pub gem: AccountIndex,
    pub fee_token: AccountIndex,
    pub stable_pool: AccountIndex,
    pub gem_pool: AccountIndex,
    pub router: AccountIndex,
    pub mixers: [AccountIndex; 3],
    pub payroll: AccountIndex,
    pub refuser: AccountIndex,
    pub poisoner: AccountIndex,
}

impl Contracts {
    /// Returns the contract of a token; `None` of the chain's coin.
    pub fn of(&self, asset: Asset) -> Option<AccountIndex> {
        Some(match asset {
            Asset::Native => return None,
            Asset::Stable => self.stable,
            Asset::Wrapped => self.wrapper,
            Asset::Gem => self.gem,
            Asset::Fee => self.fee_token,
            Asset::StableShare => self.stable_pool,
            Asset::GemShare => self.gem_pool,
            Asset::Fake => self.poisoner,
        })
    }
}

/// People behind the protocols.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Operators {
    pub deployer: AccountIndex,
    pub issuers: [AccountIndex; 2],
    pub liquidity: AccountIndex,
    pub relayer: AccountIndex,
    pub fee_collector: AccountIndex,
    pub poisoner: AccountIndex,
    pub spammer: AccountIndex,
}

/// A contract to create: its account, and its code with arguments on each chain.
#[derive(Debug)]
pub(crate) struct Creation {
    account: AccountIndex,
    code: [Vec<u8>; 2],
}

/// Returns the code that creates a forwarder for a hot wallet.
pub(crate) fn forwarder_code(hot: Address) -> Vec<u8> {
    code("Forwarder", &[abi::address(hot)])
}

fn code(name: &str, words: &[abi::Word]) -> Vec<u8> {
    let mut bytes = CODE.get(name).map(|code| code.to_vec()).unwrap_or_default();
    bytes.extend(words.iter().flatten());
    bytes
}

/// Sets up the accounts of all contracts, whose addresses follow from the deployer and its nonces, and returns the factories of exchanges.
pub(crate) fn announce(world: &mut World, operators: &Operators, factories: &[(usize, AccountIndex)]) -> Deployment {
    let deployer = world.address(operators.deployer);
    let mut nonce = 0;
    let mut add = |world: &mut World, owner: usize, role: Role| {
        let account = world.new_contract(owner, role, deployer.create(nonce));
        nonce += 1;
        account
    };
    let issuer = world.accounts[operators.issuers[0]].owner;
    let poisoner = world.accounts[operators.poisoner].owner;
    let mut protocol = |world: &mut World, role: Role| {
        let owner = world.new_owner(OwnerKind::Protocol);
        add(world, owner, role)
    };
    let mut contracts = Contracts {
        multisig: protocol(world, Role::Multisig),
        stable: protocol(world, Role::Stablecoin),
        bridge: protocol(world, Role::Bridge),
        wrapper: protocol(world, Role::Wrapper),
        gem: protocol(world, Role::Token),
        fee_token: protocol(world, Role::FeeToken),
        stable_pool: protocol(world, Role::Pool),
        gem_pool: protocol(world, Role::Pool),
        router: protocol(world, Role::Router),
        ..Contracts::default()
    };
    contracts.mixers = std::array::from_fn(|_| protocol(world, Role::Mixer));
    contracts.payroll = protocol(world, Role::Payroll);
    contracts.refuser = protocol(world, Role::Refuser);
    contracts.poisoner = protocol(world, Role::PoisonContract);
    world.accounts[contracts.multisig].owner = issuer;
    world.accounts[contracts.stable].owner = issuer;
    world.accounts[contracts.poisoner].owner = poisoner;
    world.contracts = contracts;
    let made = factories.iter().map(|(owner, _)| add(world, *owner, Role::ForwarderFactory)).collect();
    let mut deployment = Deployment { factories: made, creations: Vec::new() };
    deployment.creations = creations(world, operators, &deployment.factories, factories);
    for chain in 0..2 {
        let pool = |world: &World, token: Asset, share: Asset, account: AccountIndex| {
            let mut tokens = [token, Asset::Wrapped];
            tokens.sort_by_key(|token| world.contracts.of(*token).map(|contract| world.address(contract)));
            Pool { tokens, reserves: [0; 2], share, account }
        };
        let pools = vec![
            pool(world, Asset::Stable, Asset::StableShare, contracts.stable_pool),
            pool(world, Asset::Gem, Asset::GemShare, contracts.gem_pool),
        ];
        world.chains[chain].pools = pools;
    }
    deployment
}

/// The contracts that the first block creates.
#[derive(Debug)]
pub(crate) struct Deployment {
    /// Factories of exchanges with forwarders, in their order.
    pub factories: Vec<AccountIndex>,
    pub creations: Vec<Creation>,
}

fn creations(
    world: &World,
    operators: &Operators,
    made: &[AccountIndex],
    factories: &[(usize, AccountIndex)],
) -> Vec<Creation> {
    let at = |account: AccountIndex| abi::address(world.address(account));
    let of = world.contracts;
    let mut creations = Vec::new();
    let mut add = |account: AccountIndex, code: [Vec<u8>; 2]| creations.push(Creation { account, code });
    let same = |name: &str, words: &[abi::Word]| [code(name, words), code(name, words)];
    add(of.multisig, same("Multisig", &operators.issuers.map(at)));
    add(of.stable, same("Stable", &[at(of.multisig), at(of.bridge)]));
    let numbers = [world.chains[0].number, world.chains[1].number].map(|n| abi::number(n.into()));
    let bridge = |chain: usize| {
        let is_home = abi::number(if chain == 0 { 1 } else { 0 });
        code("Bridge", &[numbers[chain], numbers[1 - chain], at(of.stable), is_home, at(operators.relayer)])
    };
    add(of.bridge, [bridge(0), bridge(1)]);
    add(of.wrapper, same("Wrapper", &[]));
    let provider = at(operators.liquidity);
    add(of.gem, same("Gem", &[provider, abi::number(GEM_SUPPLY)]));
    add(of.fee_token, same("FeeToken", &[provider, abi::number(FEE_SUPPLY), at(operators.fee_collector)]));
    for (pool, token) in [(of.stable_pool, of.stable), (of.gem_pool, of.gem)] {
        let mut tokens = [at(token), at(of.wrapper)];
        tokens.sort_unstable();
        add(pool, same("Pair", &tokens));
    }
    add(of.router, same("Router", &[at(of.wrapper)]));
    for (mixer, denomination) in of.mixers.into_iter().zip(DENOMINATIONS) {
        add(mixer, same("Mixer", &[abi::number(denomination)]));
    }
    add(of.payroll, same("Payroll", &[]));
    add(of.refuser, same("Refuser", &[]));
    add(of.poisoner, same("Poisoner", &[]));
    for (account, (_, hot)) in made.iter().zip(factories) {
        add(*account, same("Factory", &[at(*hot)]));
    }
    creations
}

/// Creates all contracts on a chain.
pub(crate) fn deploy(world: &mut World, operators: &Operators, deployment: &Deployment, chain: usize) {
    let order =
        |from, to, input, gas_limit, action| Order { chain, from, to, value: 0, input, gas_limit, action, flow: None };
    let of = world.contracts;
    for creation in &deployment.creations {
        let order = order(operators.deployer, None, creation.code[chain].clone(), BATCH_GAS, Action::Deploy);
        let (account, provider) = (creation.account, operators.liquidity);
        world.transact(order, |execution| {
            execution.create(account, false, |execution| {
                if account == of.gem {
                    execution.mint(Asset::Gem, Some(provider), GEM_SUPPLY);
                } else if account == of.fee_token {
                    execution.mint(Asset::Fee, Some(provider), FEE_SUPPLY);
                }
            });
        });
    }
    for (pool, token) in [(of.stable_pool, of.stable), (of.gem_pool, of.gem)] {
        let words = [token, of.wrapper, pool].map(|account| abi::address(world.address(account)));
        let input = abi::call(&abi::REGISTER, &words);
        world.transact(order(operators.deployer, Some(of.router), input, TOKEN_GAS, Action::SetUp), |_| {});
    }
}

impl World {
    /// Lets a contract spend everything of a token, if it does not yet.
    pub fn allow(&mut self, chain: usize, owner: AccountIndex, what: Allowed, flow: Option<u32>) -> Option<()> {
        let bit = 1u8 << (what as u8);
        if self.chains[chain].holdings[owner].allowed & bit != 0 {
            return Some(());
        }
        let of = self.contracts;
        let (token, spender) = match what {
            Allowed::RouterStable => (of.stable, of.router),
            Allowed::RouterGem => (of.gem, of.router),
            Allowed::BridgeStable => (of.stable, of.bridge),
        };
        let (owner_word, spender_word) = (abi::address(self.address(owner)), abi::address(self.address(spender)));
        let input = abi::call(&abi::APPROVE, &[spender_word, EVERYTHING]);
        let (to, value, gas_limit, action) = (Some(token), 0, TOKEN_GAS, Action::Approve);
        let order = Order { chain, from: owner, to, value, input, gas_limit, action, flow };
        self.transact(order, |execution: &mut Execution<'_>| {
            execution.log(&[*abi::APPROVAL, owner_word.into(), spender_word.into()], &[EVERYTHING]);
        })?;
        self.chains[chain].holdings[owner].allowed |= bit;
        Some(())
    }
}

/// Amounts that the liquidity provider puts into the pools: of the stablecoin and coin, of the other token and coin.
pub(crate) const LIQUIDITY: [[Units; 2]; 2] = [[20_000_000 * USD, 8_000 * ETHER], [400_000 * ETHER, 2_000 * ETHER]];
