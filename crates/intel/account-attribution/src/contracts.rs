//! Published interfaces of contracts: functions and events by which kinds of contract are told, with where they are published.
//!
//! The table holds texts; selectors and topics are computed from them, so that whoever reads it can compare it with the source.

use crate::Kind;
use crate::code::Constants;
use holdfast_types::Hash32;
use sha3::{Digest, Keccak256};
use std::sync::LazyLock;

/// An event of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventOf {
    /// Its text, as its topic is the hash of.
    pub text: &'static str,
    /// How many topics it has with its own; 0 where any number is.
    pub topics: u8,
}

/// A published interface.
#[derive(Debug)]
pub struct Interface {
    /// Name, with the version where they differ.
    pub name: &'static str,
    /// Kind of contract that has it.
    pub kind: Kind,
    /// Functions that the code must have, all of them; without any, code alone does not show it.
    pub functions: &'static [&'static str],
    /// Events of which one suffices.
    pub events: &'static [EventOf],
    /// Where it is published.
    pub source: &'static str,
}

const fn event(text: &'static str, topics: u8) -> EventOf {
    EventOf { text, topics }
}

macro_rules! interfaces {
    ($($kind:ident $name:literal [$($function:literal)*] [$($event:literal $topics:literal)*] $source:literal;)*) => {
        &[$(Interface {
            name: $name,
            kind: Kind::$kind,
            functions: &[$($function),*],
            events: &[$(event($event, $topics)),*],
            source: $source,
        }),*]
    };
}

/// All interfaces, the most specific kinds first: of a contract that has several, the first names its kind.
#[rustfmt::skip]
pub const INTERFACES: &[Interface] = interfaces! {
    EntryPoint "ERC-4337 entry point 0.6"
        ["handleOps((address,uint256,bytes,bytes,uint256,uint256,uint256,uint256,uint256,bytes,bytes)[],address)" "depositTo(address)"]
        ["UserOperationEvent(bytes32,address,address,uint256,bool,uint256,uint256)" 4 "BeforeExecution()" 1] "EIP-4337";
    EntryPoint "ERC-4337 entry point 0.7"
        ["handleOps((address,uint256,bytes,bytes,bytes32,uint256,bytes32,bytes,bytes)[],address)" "depositTo(address)"]
        ["UserOperationEvent(bytes32,address,address,uint256,bool,uint256,uint256)" 4] "EIP-4337";
    Mixer "Tornado Cash"
        ["deposit(bytes32)" "withdraw(bytes,bytes32,bytes32,address,address,uint256,uint256)"]
        ["Deposit(bytes32,uint32,uint256)" 2 "Withdrawal(address,bytes32,address,uint256)" 2] "tornadocash/tornado-core Tornado.sol";
    Mixer "Tornado Cash router"
        ["deposit(address,bytes32,bytes)" "withdraw(address,bytes,bytes32,bytes32,address,address,uint256,uint256)"] []
        "tornadocash/tornado-relayer TornadoRouter.sol";
    Bridge "Nomad"
        ["process(bytes)"]
        ["Send(address,address,uint32,bytes32,uint256,bool)" 4 "Receive(uint64,address,address,address,uint256)" 4
         "Dispatch(bytes32,uint256,uint64,bytes32,bytes)" 4 "Process(bytes32,bool,bytes)" 4] "nomad-xyz/monorepo BridgeRouter.sol, Home.sol, Replica.sol";
    Bridge "CCTP token messenger"
        ["depositForBurn(uint256,uint32,bytes32,address)" "handleReceiveMessage(uint32,bytes32,bytes)"]
        ["DepositForBurn(uint64,address,uint256,address,bytes32,uint32,bytes32,bytes32)" 4 "MintAndWithdraw(address,uint256,address)" 3]
        "circlefin/evm-cctp-contracts TokenMessenger.sol";
    Bridge "Across spoke pool"
        ["depositV3(address,address,address,address,uint256,uint256,uint256,address,uint32,uint32,uint32,bytes)"]
        ["V3FundsDeposited(address,address,uint256,uint256,uint256,uint32,uint32,uint32,uint32,address,address,address,bytes)" 4]
        "across-protocol/contracts SpokePool.sol";
    Bridge "Wormhole core" ["publishMessage(uint32,bytes,uint8)"] ["LogMessagePublished(address,uint64,uint32,bytes,uint8)" 2]
        "wormhole-foundation/wormhole Implementation.sol";
    Bridge "LayerZero 2 endpoint"
        ["send((uint32,bytes32,bytes,bytes,bool),address)"] ["PacketSent(bytes,bytes,address)" 1 "PacketDelivered((uint32,bytes32,uint64),address)" 1]
        "LayerZero-Labs/LayerZero-v2 EndpointV2.sol";
    Bridge "OP Stack standard bridge"
        ["depositETHTo(address,uint32,bytes)" "finalizeBridgeETH(address,address,uint256,bytes)"]
        ["ETHDepositInitiated(address,address,uint256,bytes)" 3 "ERC20DepositInitiated(address,address,address,address,uint256,bytes)" 4
         "ETHBridgeInitiated(address,address,uint256,bytes)" 3] "ethereum-optimism/optimism L1StandardBridge.sol";
    Bridge "Hop" ["sendToL2(uint256,address,uint256,uint256,uint256,address,uint256)"]
        ["TransferSentToL2(uint256,address,uint256,uint256,uint256,address,uint256)" 4] "hop-protocol/contracts L1_Bridge.sol";
    Bridge "Multichain router"
        ["anySwapOutUnderlying(address,address,uint256,uint256)"]
        ["LogAnySwapOut(address,address,address,uint256,uint256,uint256)" 4 "LogAnySwapIn(bytes32,address,address,uint256,uint256,uint256)" 4]
        "anyswap/anyswap-v1-core AnyswapV4Router.sol";
    Safe "Safe"
        ["execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)" "getOwners()" "getThreshold()"]
        ["ExecutionSuccess(bytes32,uint256)" 0 "SafeReceived(address,uint256)" 2 "SafeSetup(address,address[],uint256,address,address)" 2]
        "safe-global/safe-smart-account Safe.sol";
    Multisig "Wallet of several owners (2016)"
        ["submitTransaction(address,uint256,bytes)" "confirmTransaction(uint256)"]
        ["Submission(uint256)" 2 "Execution(uint256)" 2 "Confirmation(address,uint256)" 3] "gnosis/MultiSigWallet MultiSigWallet.sol";
    SmartAccount "ERC-4337 account 0.6"
        ["validateUserOp((address,uint256,bytes,bytes,uint256,uint256,uint256,uint256,uint256,bytes,bytes),bytes32,uint256)"] [] "EIP-4337";
    SmartAccount "ERC-4337 account 0.7"
        ["validateUserOp((address,uint256,bytes,bytes,bytes32,uint256,bytes32,bytes,bytes),bytes32,uint256)"] [] "EIP-4337";
    Router "Uniswap 2 router"
        ["swapExactTokensForTokens(uint256,uint256,address[],address,uint256)" "swapExactETHForTokens(uint256,address[],address,uint256)"] []
        "Uniswap/v2-periphery UniswapV2Router02.sol";
    Router "Uniswap 3 router" ["exactInputSingle((address,address,uint24,address,uint256,uint256,uint256,uint160))"] [] "Uniswap/v3-periphery SwapRouter.sol";
    Router "Uniswap 3 router 2" ["exactInputSingle((address,address,uint24,address,uint256,uint256,uint160))"] [] "Uniswap/swap-router-contracts SwapRouter02.sol";
    Router "Uniswap universal router" ["execute(bytes,bytes[],uint256)" "execute(bytes,bytes[])"] [] "Uniswap/universal-router UniversalRouter.sol";
    Router "1inch 5" ["swap(address,(address,address,address,address,uint256,uint256,uint256),bytes,bytes)"] [] "1inch AggregationRouterV5.sol";
    Pool "Uniswap 2"
        ["getReserves()" "swap(uint256,uint256,address,bytes)"]
        ["Swap(address,uint256,uint256,uint256,uint256,address)" 3 "Sync(uint112,uint112)" 1] "Uniswap/v2-core UniswapV2Pair.sol";
    Pool "Uniswap 3"
        ["slot0()" "swap(address,bool,int256,uint160,bytes)"] ["Swap(address,address,int256,int256,uint160,uint128,int24)" 3] "Uniswap/v3-core UniswapV3Pool.sol";
    Pool "PancakeSwap 3"
        ["slot0()" "swap(address,bool,int256,uint160,bytes)"] ["Swap(address,address,int256,int256,uint160,uint128,int24,uint128,uint128)" 3]
        "pancakeswap/pancake-v3-contracts PancakeV3Pool.sol";
    Pool "Uniswap 4 pool manager"
        ["unlock(bytes)" "swap((address,address,uint24,int24,address),(bool,int256,uint160),bytes)"]
        ["Swap(bytes32,address,int128,int128,uint160,uint128,int24,uint24)" 3] "Uniswap/v4-core PoolManager.sol";
    Pool "Curve"
        ["get_dy(int128,int128,uint256)" "exchange(int128,int128,uint256,uint256)"] ["TokenExchange(address,int128,uint256,int128,uint256)" 2]
        "curvefi/curve-contract StableSwap.vy";
    Pool "Curve of other assets"
        ["get_dy(uint256,uint256,uint256)" "exchange(uint256,uint256,uint256,uint256)"] ["TokenExchange(address,uint256,uint256,uint256,uint256)" 2]
        "curvefi/curve-crypto-contract CurveCryptoSwap.vy";
    Pool "Balancer 2 vault"
        ["swap((bytes32,uint8,address,address,uint256,bytes),(address,bool,address,bool),uint256,uint256)"] ["Swap(bytes32,address,address,uint256,uint256)" 4]
        "balancer/balancer-v2-monorepo Vault.sol";
    Pool "Balancer 1"
        ["swapExactAmountIn(address,uint256,address,uint256,uint256)" "getSpotPrice(address,address)"] ["LOG_SWAP(address,address,address,uint256,uint256)" 4]
        "balancer/balancer-core BPool.sol";
    Forwarder "Deposit forwarder" ["flushTokens(address)"] ["ForwarderDeposited(address,uint256,bytes)" 0] "BitGo/eth-multisig-v2 Forwarder.sol";
    Forwarder "Deposit forwarder 4" ["flushTokens(address)" "parentAddress()"] ["ForwarderDeposited(address,uint256,bytes)" 1] "BitGo/eth-multisig-v4 Forwarder.sol";
    Factory "Uniswap 2 factory" ["createPair(address,address)"] ["PairCreated(address,address,address,uint256)" 3] "Uniswap/v2-core UniswapV2Factory.sol";
    Factory "Uniswap 3 factory" ["createPool(address,address,uint24)"] ["PoolCreated(address,address,uint24,int24,address)" 4] "Uniswap/v3-core UniswapV3Factory.sol";
    Factory "Safe factory" ["createProxyWithNonce(address,bytes,uint256)"] ["ProxyCreation(address,address)" 0] "safe-global/safe-smart-account SafeProxyFactory.sol";
    Wrapper "WETH9"
        ["deposit()" "withdraw(uint256)" "transfer(address,uint256)" "balanceOf(address)"] ["Deposit(address,uint256)" 2 "Withdrawal(address,uint256)" 2]
        "gnosis/canonical-weth WETH9.sol";
    MultiToken "ERC-1155"
        ["safeTransferFrom(address,address,uint256,uint256,bytes)" "balanceOf(address,uint256)"]
        ["TransferSingle(address,address,address,uint256,uint256)" 4 "TransferBatch(address,address,address,uint256[],uint256[])" 4] "EIP-1155";
    NonFungible "ERC-721"
        ["ownerOf(uint256)" "safeTransferFrom(address,address,uint256)" "balanceOf(address)"] ["Transfer(address,address,uint256)" 4] "EIP-721";
    Token "ERC-20"
        ["transfer(address,uint256)" "transferFrom(address,address,uint256)" "balanceOf(address)" "approve(address,uint256)"]
        ["Transfer(address,address,uint256)" 3] "EIP-20";
};

/// Selectors and topics.
type Hashed = (Vec<[u8; 4]>, Vec<Hash32>);

/// Selectors of the interfaces' functions, in the order of [`INTERFACES`], and topics of their events.
static HASHED: LazyLock<Vec<Hashed>> = LazyLock::new(|| {
    let of = |interface: &Interface| {
        let selectors = interface.functions.iter().map(|text| selector(text)).collect();
        (selectors, interface.events.iter().map(|event| topic(event.text)).collect())
    };
    INTERFACES.iter().map(of).collect()
});

/// Returns the topic of an event, the hash of its text.
#[must_use]
pub fn topic(text: &str) -> Hash32 {
    Keccak256::digest(text.as_bytes()).into()
}

/// Returns the selector of a function, the first four bytes of the hash of its text.
#[must_use]
pub fn selector(text: &str) -> [u8; 4] {
    let [a, b, c, d, ..] = topic(text);
    [a, b, c, d]
}

impl Interface {
    /// Returns whether code has all functions of the interface in the table.
    pub(crate) fn is_in(number: usize, code: &Constants) -> bool {
        HASHED.get(number).is_some_and(|(selectors, _)| {
            !selectors.is_empty() && selectors.iter().all(|selector| code.has_selector(*selector))
        })
    }

    /// Returns the event of the interface in the table that a log's topic and number of topics are of.
    pub(crate) fn event(number: usize, topic: &Hash32, topics: u8) -> Option<&'static str> {
        let (interface, (_, hashed)) = (INTERFACES.get(number)?, HASHED.get(number)?);
        let event =
            interface.events.iter().zip(hashed).find(|(e, t)| *t == topic && (e.topics == 0 || e.topics == topics));
        event.map(|(event, _)| event.text)
    }
}

/// Returns whether a topic is of any interface: only such events are worth counting.
#[must_use]
pub fn is_known(topic: &Hash32) -> bool {
    static KNOWN: LazyLock<Vec<Hash32>> = LazyLock::new(|| {
        let mut all: Vec<Hash32> = HASHED.iter().flat_map(|(_, topics)| topics.iter().copied()).collect();
        all.sort_unstable();
        all.dedup();
        all
    });
    KNOWN.binary_search(topic).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts in the table hash to what published sources print.
    #[test]
    fn texts_have_the_published_hashes() {
        for (text, hash) in [
            ("Transfer(address,address,uint256)", "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"),
            (
                "Swap(address,uint256,uint256,uint256,uint256,address)",
                "d78ad95fa46c994b6551d0da85fc275fe613ce37657fb8d5e3d130840159d822",
            ),
            (
                "Swap(address,address,int256,int256,uint160,uint128,int24)",
                "c42079f94a6350d7e6235f29174924f928cc2ac818eb64fed8004e115fbcca67",
            ),
            (
                "UserOperationEvent(bytes32,address,address,uint256,bool,uint256,uint256)",
                "49628fd1471006c1482da88028e9ce4dbb080b815c9b0344d39e5a8e6ec1419f",
            ),
            ("Deposit(bytes32,uint32,uint256)", "a945e51eec50ab98c161376f0db4cf2aeba3ec92755fe2fcd388bdbbb80ff196"),
        ] {
            assert_eq!(hex::encode(topic(text)), hash, "{text}");
            assert!(is_known(&topic(text)), "{text}");
        }
        assert_eq!(selector("transfer(address,uint256)"), [0xa9, 0x05, 0x9c, 0xbb]);
        assert_eq!(
            hex::encode(selector(
                "execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)"
            )),
            "6a761202"
        );
        assert_eq!(
            hex::encode(selector(
                "handleOps((address,uint256,bytes,bytes,bytes32,uint256,bytes32,bytes,bytes)[],address)"
            )),
            "765e827f"
        );
        assert_eq!(
            hex::encode(selector(
                "validateUserOp((address,uint256,bytes,bytes,bytes32,uint256,bytes32,bytes,bytes),bytes32,uint256)"
            )),
            "19822f7c"
        );
    }

    #[test]
    fn texts_are_canonical() {
        for interface in INTERFACES {
            let events = interface.events.iter().map(|e| e.text);
            for text in interface.functions.iter().copied().chain(events) {
                assert!(text.ends_with(')') && !text.contains(' ') && !text.contains("uint,"), "{text}");
            }
            assert!(!interface.source.is_empty() && interface.functions.len() + interface.events.len() > 0);
        }
    }
}
