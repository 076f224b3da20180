//! What bridges publish: their contracts on each chain, and how they number chains. Sources: the published configuration of XChainWatcher and the logs
//! themselves (Nomad, Ronin); developers.circle.com, "Contract addresses" and "Supported blockchains and domains", and `@wormhole-foundation/sdk-base`
//! (CCTP, Wormhole); `@across-protocol/contracts` 5.0.27, `deployed-addresses.json`; `@layerzerolabs/lz-evm-sdk-v2` and `lz-definitions`; THORNode's
//! `router_upgrade_info.go`.

use crate::contracts::Role;
use crate::link::Protocol;
use holdfast_types::{AccountId, ChainId};

type Known = (u64, &'static str, Role);

/// Chain (by EIP-155), contract, role.
const OLDER: [Known; 6] = [
    (1, "92d3404a7e6c91455bbd81475cd9fad96acff4c8", Role::NomadHome),
    (1, "88a69b4e698a4b090df6cf5bd7b2d47325ad30a3", Role::NomadRouter),
    (1284, "8f184d6aa1977fd2f9d9024317d0ea5cf5815b6f", Role::NomadHome),
    (1284, "d3dfd3ede74e0dcebc1aa685e151332857efce2d", Role::NomadRouter),
    (1, "1a2a1c938ce3ec39b6d47113c7955baa9dd454f2", Role::RoninMainchain),
    (2020, "e35d62ebe18413d96ca2a2f7cf215bb21a406b4b", Role::RoninSidechain),
];

/// Chain, `TokenMessenger` and `MessageTransmitter` of CCTP's version 1.
const CCTP: [(u64, &str, &str); 7] = [
    (1, "bd3fa81b58ba92a82136038b25adec7066af3155", "0a992d191deec32afe36203ad87d7d289a738f81"),
    (10, "2b4069517957735be00cee0fadae88a26365528f", "4d41f22c5a0e5c74090899e5a8fb597a8842b3e8"),
    (130, "4e744b28e787c3ad0e810ed65a24461d4ac5a762", "353be9e2e38ab1d19104534e4edc21c643df86f4"),
    (137, "9daf8c91aefae50b9c0e69629d3f6ca40ca3b3fe", "f3be9355363857f3e001be68856a2f96b4c39ba9"),
    (8453, "1682ae6375c4e4a97e4b583bc394c861a46d8962", "ad09780d193884d503182ad4588450c416d6f9d4"),
    (42161, "19330d10d9cc8751218eaf51e8885d058642e08a", "c30362313fbba5cf9163f0bb16a0e01f01a896ca"),
    (43114, "6b25532e1060ce10cc3b0a99e5683b91bfde6982", "8186359af5f57fbb40c6b14a588d2a59c0c29880"),
];

/// The same of version 2, alike on all its chains of the EVM.
const CCTP_V2: [&str; 2] = ["28b5a0e9c621a5badaa536219b3a228c8168cf5d", "81d40f21f12a8f0e3252bccb954d722d4c464b64"];

/// `GatewayMinter` of Circle's Gateway, on every chain that has it (by the adapter of DefiLlama, which follows its bridges).
const GATEWAY_MINTER: &str = "2222222d7164433c4c09b0b0d809a9b52c04c205";

/// Domains of CCTP and of the Gateway, and their chains.
const DOMAINS: [(u64, &str); 18] = [
    (0, "eip155:1"),
    (1, "eip155:43114"),
    (2, "eip155:10"),
    (3, "eip155:42161"),
    (5, SOLANA),
    (6, "eip155:8453"),
    (7, "eip155:137"),
    (10, "eip155:130"),
    (11, "eip155:59144"),
    (12, "eip155:81224"),
    (13, "eip155:146"),
    (14, "eip155:480"),
    (15, "eip155:143"),
    (16, "eip155:1329"),
    (17, "eip155:56"),
    (18, "eip155:50"),
    (19, "eip155:999"),
    (21, "eip155:57073"),
];

const SOLANA: &str = "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp";

/// Chain and spoke pool of Across, which numbers chains as EIP-155 does.
const ACROSS: [(u64, &str); 22] = [
    (1, "5c7bcd6e7de5423a257d81b442095a1a6ced35c5"),
    (10, "6f26bf09b1c792e3228e5467807a900a503c0281"),
    (56, "4e8e101924ede233c13e2d8622dc8aed2872d505"),
    (130, "09aea4b2242abc8bb4bb78d537a67a245a7bec64"),
    (137, "9295ee1d8c5b022be115a2ad3c30c72e34e7f096"),
    (143, "d2ecb3afe598b746f8123cae365a598da831a449"),
    (232, "b234ca484866c811d0e6d3318866f583781ed045"),
    (288, "bbc6009feffc27ce705322832cb2068f8c1e0a58"),
    (324, "e0b015e54d54fc84a6cb9b666099c46ade9335ff"),
    (480, "09aea4b2242abc8bb4bb78d537a67a245a7bec64"),
    (999, "35e63ea3eb0fb7a3bc543c71fb66412e1f6b0e04"),
    (1135, "9552a0a6624a23b848060ae5901659cdda1f83f8"),
    (1868, "3bad7ad0728f9917d1bf08af5782dcbd516cdd96"),
    (8453, "09aea4b2242abc8bb4bb78d537a67a245a7bec64"),
    (34443, "3bad7ad0728f9917d1bf08af5782dcbd516cdd96"),
    (42161, "e35e9842fceaca96570b734083f4a58e8f7c5f2a"),
    (43114, "fe9d541c92e4e90437c7152a00244886de37a658"),
    (57073, "ef684c38f94f48775959ecf2012d7e864ffb9dd4"),
    (59144, "7e63a5f1a8f0b4d0934b2f2327daed3f6bb2ee75"),
    (81457, "2d509190ed0172ba588407d4c2df918f955cc6e1"),
    (534352, "3bad7ad0728f9917d1bf08af5782dcbd516cdd96"),
    (7777777, "13fdac9f9b4777705db45291bbff3c972c6d1d97"),
];

/// Chain, Wormhole's number of it, core contract and token bridge.
const WORMHOLE: [(u64, u64, &str, &str); 15] = [
    (1, 2, "98f3c9e6e3face36baad05fe09d375ef1464288b", "3ee18b2214aff97000d974cf647e7c347e8fa585"),
    (56, 4, "98f3c9e6e3face36baad05fe09d375ef1464288b", "b6f6d86a8f9879a9c87f643768d9efc38c1da6e7"),
    (137, 5, "7a4b5a56256163f07b2c80a7ca55abe66c4ec4d7", "5a58505a96d1dbf8df91cb21b54419fc36e93fde"),
    (43114, 6, "54a8e5f9c4cba08f9943965859f6c34eaf03e26c", "0e082f06ff657d94310cb8ce8b0d9a04541d8052"),
    (8217, 13, "0c21603c4f3a6387e241c0091a7ea39e43e90bb7", "5b08ac39eaed75c0439fc750d9fe7e1f9dd0193f"),
    (42220, 14, "a321448d90d4e5b0a732867c18ea198e75cac48e", "796dff6d74f3e27060b71255fe517bfb23c93eed"),
    (1284, 16, "c8e2b0cd52cf01b0ce87d389daa3d414d4ce29f3", "b1731c586ca89a23809861c6103f0b96b3f57d92"),
    (42161, 23, "a5f208e072434bc67592e4c49c1b991ba79bca46", "0b2402144bb366a632d14b83f244d2e0e21bd39c"),
    (10, 24, "ee91c335eab126df5fdb3797ea9d6ad93aec9722", "1d68124e65fafc907325e3edbf8c4d84499daa8b"),
    (8453, 30, "bebdb6c8ddc678ffa9f8748f85c815c556dd8ac6", "8d2de8d2f73f1f4cab472ac9a881c9b123c79627"),
    (80094, 39, "ca1d5a146b03f6303baf59e5ad5615ae0b9d146d", "3ff72741fd67d6ad0668d93b41a09248f4700560"),
    (1329, 40, "ca1d5a146b03f6303baf59e5ad5615ae0b9d146d", "3ff72741fd67d6ad0668d93b41a09248f4700560"),
    (130, 44, "ca1d5a146b03f6303baf59e5ad5615ae0b9d146d", "3ff72741fd67d6ad0668d93b41a09248f4700560"),
    (480, 45, "cbcee4e081464a15d8ad5f58bb493954421eb506", "c309275443519adca74c9136b02a38ef96e3a1f6"),
    (57073, 46, "ca1d5a146b03f6303baf59e5ad5615ae0b9d146d", "3ff72741fd67d6ad0668d93b41a09248f4700560"),
];

/// Endpoint of LayerZero's version 2 on most chains, on chains that came later, and on further ones.
const ENDPOINT: &str = "1a44076050125825900e736c501f859c50fe728c";
const LATER_ENDPOINT: &str = "6f475642a6e85809b1c36fa62763669b1b48dd5b";

/// Chain, LayerZero's number of it, endpoint.
const LAYER_ZERO: [(u64, u64, &str); 26] = [
    (1, 30101, ENDPOINT),
    (56, 30102, ENDPOINT),
    (43114, 30106, ENDPOINT),
    (137, 30109, ENDPOINT),
    (42161, 30110, ENDPOINT),
    (10, 30111, ENDPOINT),
    (250, 30112, ENDPOINT),
    (42220, 30125, ENDPOINT),
    (1284, 30126, ENDPOINT),
    (100, 30145, ENDPOINT),
    (8217, 30150, ENDPOINT),
    (1088, 30151, ENDPOINT),
    (324, 30165, "d07c30af3ff30d96bdc9c6044958230eb797ddbf"),
    (5000, 30181, ENDPOINT),
    (59144, 30183, ENDPOINT),
    (8453, 30184, ENDPOINT),
    (534352, 30214, ENDPOINT),
    (81457, 30243, ENDPOINT),
    (80094, 30362, LATER_ENDPOINT),
    (143, 30390, LATER_ENDPOINT),
    (480, 30319, LATER_ENDPOINT),
    (130, 30320, LATER_ENDPOINT),
    (146, 30332, LATER_ENDPOINT),
    (57073, 30339, "ca29f3a6f966cb2fc0de625f8f325c0c46dbe958"),
    (999, 30367, "3a73033c0b1407574c76bdbac67f126f6b4a9aa9"),
    (9745, 30383, LATER_ENDPOINT),
];

/// Chain and router of THORChain. Routers change; earlier ones stay here for the blocks of their time.
const THORCHAIN: [(u64, &str); 11] = [
    (1, "d37bbe5744d730a1d98d8dc97c42f0ca46ad7146"),
    (1, "3624525075b88b24ecc29ce226b0cec1ffcb6976"),
    (1, "c145990e84155416144c532e31f89b840ca8c2ce"),
    (1, "42a5ed456650a09dc10ebc6361a7480fdd61f27b"),
    (1, THORCHAIN_V6),
    (56, "b30ec53f98ff5947ede720d32ac2da7e52a5f56b"),
    (56, THORCHAIN_V6),
    (8453, "68208d99746b805a1ae41421950a47b711e35681"),
    (8453, THORCHAIN_V6),
    (43114, "8f66c4ae756bebc49ec8b81966dd8bba9f127549"),
    (43114, THORCHAIN_V6),
];
const THORCHAIN_V6: &str = "00dc6100103bc402d490aee3f9a5560cbd91f1d4";

/// Numbers of chains with Nomad.
const NOMAD: [(u64, &str); 2] = [(0x0065_7468, "eip155:1"), (0x6265_616d, "eip155:1284")];

/// Returns the number that EIP-155 gives a chain.
pub(crate) fn eip155(chain: &ChainId) -> Option<u64> {
    if chain.namespace() == "eip155" { chain.reference().parse().ok() } else { None }
}

/// Returns the contracts that are known on a chain.
pub(crate) fn contracts(chain: &ChainId) -> Vec<(AccountId, Role)> {
    let Some(number) = eip155(chain) else { return Vec::new() };
    let mut known: Vec<(&str, Role)> = Vec::new();
    known.extend(OLDER.iter().filter(|k| k.0 == number).map(|k| (k.1, k.2)));
    for (of, messenger, transmitter) in CCTP {
        if of == number {
            known.extend([(messenger, Role::CctpMessenger), (transmitter, Role::CctpTransmitter)]);
        }
    }
    if DOMAINS.iter().any(|(_, of)| *of == chain.as_str()) {
        known.extend([(CCTP_V2[0], Role::CctpMessengerV2), (CCTP_V2[1], Role::CctpTransmitterV2)]);
        known.push((GATEWAY_MINTER, Role::GatewayMinter));
    }
    known.extend(ACROSS.iter().filter(|k| k.0 == number).map(|k| (k.1, Role::AcrossPool)));
    for (of, _, core, bridge) in WORMHOLE {
        if of == number {
            known.extend([(core, Role::WormholeCore), (bridge, Role::WormholeBridge)]);
        }
    }
    known.extend(LAYER_ZERO.iter().filter(|k| k.0 == number).map(|k| (k.2, Role::LayerZeroEndpoint)));
    known.extend(THORCHAIN.iter().filter(|k| k.0 == number).map(|k| (k.1, Role::ThorchainRouter)));
    let read = |(text, role): (&str, Role)| {
        let account = hex::decode(text).ok().and_then(|bytes| AccountId::from_bytes(&bytes))?;
        Some((account, role))
    };
    known.into_iter().filter_map(read).collect()
}

/// Returns the chain that a bridge numbers so; `None` where no table names it.
pub(crate) fn chain_of(protocol: Protocol, number: u64) -> Option<ChainId> {
    let text = |found: Option<&str>| found.map(str::to_owned);
    let own = |found: Option<u64>| found.map(|chain| format!("eip155:{chain}"));
    let named = match protocol {
        // A number that no table has is EIP-155's with these.
        Protocol::Nomad => {
            let named = NOMAD.iter().find(|k| k.0 == number).map(|k| k.1);
            Some(named.map_or_else(|| format!("eip155:{number}"), str::to_owned))
        }
        Protocol::Ronin | Protocol::Across => Some(format!("eip155:{number}")),
        Protocol::Cctp | Protocol::CctpV2 | Protocol::Gateway => {
            text(DOMAINS.iter().find(|k| k.0 == number).map(|k| k.1))
        }
        Protocol::Wormhole if number == WORMHOLE_SOLANA => Some(SOLANA.to_owned()),
        Protocol::Wormhole => own(WORMHOLE.iter().find(|k| k.1 == number).map(|k| k.0)),
        Protocol::LayerZero if number == LAYER_ZERO_SOLANA => Some(SOLANA.to_owned()),
        Protocol::LayerZero => own(LAYER_ZERO.iter().find(|k| k.1 == number).map(|k| k.0)),
        Protocol::Thorchain => own(THORCHAIN_NAMES.iter().find(|k| k.2 == number).map(|k| k.2)),
    };
    ChainId::parse(&named?).ok()
}

const WORMHOLE_SOLANA: u64 = 1;
const LAYER_ZERO_SOLANA: u64 = 30168;

/// Names of chains of the EVM in THORChain's memos, the short one of their coin, and their numbers.
const THORCHAIN_NAMES: [(&str, &str, u64); 4] =
    [("ETH", "E", 1), ("BSC", "S", 56), ("BASE", "F", 8453), ("AVAX", "A", 43114)];

/// Returns the number of a chain of the EVM by its name in a memo (`ETH`), or by the short name of its coin (`e`).
pub(crate) fn thorchain_number(name: &str) -> Option<u64> {
    THORCHAIN_NAMES.iter().find(|k| k.0.eq_ignore_ascii_case(name) || k.1.eq_ignore_ascii_case(name)).map(|k| k.2)
}

/// Returns Wormhole's number of a chain of the EVM.
pub(crate) fn wormhole_number(chain: u64) -> Option<u16> {
    WORMHOLE.iter().find(|k| k.0 == chain).and_then(|k| u16::try_from(k.1).ok())
}

/// Returns LayerZero's number of a chain of the EVM.
pub(crate) fn layer_zero_number(chain: u64) -> Option<u32> {
    LAYER_ZERO.iter().find(|k| k.0 == chain).and_then(|k| u32::try_from(k.1).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn chain(text: &str) -> ChainId {
        ChainId::parse(text).unwrap()
    }

    #[test]
    fn every_known_contract_reads() {
        let texts = OLDER.iter().map(|k| k.1).chain(CCTP.iter().flat_map(|k| [k.1, k.2])).chain(CCTP_V2);
        let texts = texts.chain([GATEWAY_MINTER]);
        let texts = texts.chain(ACROSS.iter().map(|k| k.1)).chain(WORMHOLE.iter().flat_map(|k| [k.2, k.3]));
        let texts = texts.chain(LAYER_ZERO.iter().map(|k| k.2)).chain(THORCHAIN.iter().map(|k| k.1));
        for text in texts {
            assert_eq!(hex::decode(text).map(|bytes| bytes.len()), Ok(20), "{text}");
        }
        // No contract has two roles on a chain.
        for number in [1, 10, 56, 130, 137, 8453, 42161, 43114] {
            let known = contracts(&chain(&format!("eip155:{number}")));
            let accounts: BTreeSet<AccountId> = known.iter().map(|(account, _)| *account).collect();
            assert_eq!(accounts.len(), known.len(), "{number}");
        }
        assert!(contracts(&chain("eip155:31337")).is_empty() && contracts(&chain(SOLANA)).is_empty());
    }

    #[test]
    fn bridges_number_chains_each_in_its_way() {
        let of = |protocol, number| chain_of(protocol, number).map(|chain| chain.to_string());
        assert_eq!(of(Protocol::Cctp, 6), Some("eip155:8453".into()));
        assert_eq!(of(Protocol::CctpV2, 5), Some(SOLANA.into()));
        assert_eq!(of(Protocol::CctpV2, 4), None);
        assert_eq!(of(Protocol::Across, 42161), Some("eip155:42161".into()));
        assert_eq!(of(Protocol::Wormhole, 2), Some("eip155:1".into()));
        assert_eq!(of(Protocol::Wormhole, 1), Some(SOLANA.into()));
        assert_eq!(of(Protocol::Wormhole, 22), None);
        assert_eq!(of(Protocol::LayerZero, 30184), Some("eip155:8453".into()));
        assert_eq!(of(Protocol::Thorchain, 56), Some("eip155:56".into()));
        assert_eq!(of(Protocol::Nomad, 0x6265_616d), Some("eip155:1284".into()));
        assert_eq!((wormhole_number(8453), layer_zero_number(1)), (Some(30), Some(30101)));
        assert_eq!(
            (thorchain_number("avax"), thorchain_number("s"), thorchain_number("BTC")),
            (Some(43114), Some(56), None)
        );
    }
}
