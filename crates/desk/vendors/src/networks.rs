//! Chains and assets by the names that other providers' formats have for them. A ticker that several chains share (USDT) means nothing without its network:
//! a request is resolved to one asset of one chain, or refused, and never answered by another chain.

use crate::providers::Name;
use holdfast_types::{Address, Asset, AssetId, ChainId, Family, Invalid, TokenRef};

/// A chain, and its names: Chainalysis KYT's, Elliptic's, TRM's, then others that clients write, in any case and with space, `_` or `-` between words.
struct Network {
    chain: &'static str,
    /// The ticker of its coin.
    coin: &'static str,
    kyt: &'static str,
    elliptic: &'static str,
    trm: Option<&'static str>,
    others: &'static [&'static str],
}

const fn network(
    chain: &'static str,
    coin: &'static str,
    (kyt, elliptic, trm): (&'static str, &'static str, Option<&'static str>),
    others: &'static [&'static str],
) -> Network {
    Network { chain, coin, kyt, elliptic, trm, others }
}

/// Where a coin is native to several chains, its usual one is first.
const NETWORKS: &[Network] = &[
    network("bip122:000000000019d6689c085ae165831e93", "BTC", ("Bitcoin", "bitcoin", Some("bitcoin")), &["btc"]),
    network("bip122:12a765e31ffd4059bada1e25190f6e98", "LTC", ("Litecoin", "litecoin", Some("litecoin")), &["ltc"]),
    network(
        "bip122:000000000000000000651ef99cb9fcbe",
        "BCH",
        ("Bitcoin_Cash", "bitcoin_cash", Some("bitcoin_cash")),
        &["bch"],
    ),
    network("bip122:1a91e3dace36e2be3bf030a65679fe82", "DOGE", ("Dogecoin", "dogecoin", Some("dogecoin")), &["doge"]),
    network("bip122:00000ffd590b1485b3caadc19b22e637", "DASH", ("Dash", "dash", Some("dash")), &[]),
    network("bip122:00040fe8ec8471911baa1db1266ea15d", "ZEC", ("Zcash", "zcash", Some("zcash")), &["zec"]),
    network("bip122:000000000000000001d956714215d96f", "BSV", ("Bitcoin_SV", "bitcoin_sv", None), &["bsv"]),
    network("eip155:1", "ETH", ("Ethereum", "ethereum", Some("ethereum")), &["eth", "ethereum mainnet", "erc20"]),
    network("eip155:61", "ETC", ("Ethereum_Classic", "ethereum_classic", Some("ethereum_classic")), &["etc"]),
    network(
        "eip155:56",
        "BNB",
        ("Binance_Smart_Chain", "binance_smart_chain", Some("binance_smart_chain")),
        &["bsc", "bnb", "bnb smart chain", "bnb chain", "bep20"],
    ),
    network("eip155:137", "POL", ("Polygon", "polygon", Some("polygon")), &["matic", "polygon pos"]),
    network(
        "eip155:43114",
        "AVAX",
        ("Avalanche", "avalanche", Some("avalanche_c_chain")),
        &["avalanche c", "avax", "avaxc"],
    ),
    network("eip155:42161", "ETH", ("Arbitrum", "arbitrum", Some("arbitrum")), &["arbitrum one", "arb"]),
    network("eip155:10", "ETH", ("Optimism", "optimism", Some("optimism")), &["op", "op mainnet"]),
    network("eip155:8453", "ETH", ("Base", "base", Some("base")), &[]),
    network("eip155:100", "XDAI", ("Gnosis", "gnosis", None), &["xdai", "gnosis chain"]),
    network("tron:mainnet", "TRX", ("Tron", "tron", Some("tron")), &["trx", "trc20"]),
    network("solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp", "SOL", ("Solana", "solana", Some("solana")), &["sol"]),
    network("xrpl:0", "XRP", ("XRP_Ledger", "ripple", Some("ripple")), &["xrp", "xrpl"]),
    network("stellar:pubnet", "XLM", ("Stellar", "stellar", Some("stellar")), &["xlm"]),
    network("cip34:1-764824073", "ADA", ("Cardano", "cardano", Some("cardano")), &["ada"]),
    network("monero:418015bb9ae982a1975da7d79277c270", "XMR", ("Monero", "monero", Some("monero")), &["xmr"]),
];

/// Returns the chains (CAIP-2 ids) for which a provider has a name here.
pub(crate) fn named_by(provider: Name) -> impl Iterator<Item = &'static str> {
    let has = move |n: &&Network| provider != Name::Trm || n.trm.is_some();
    NETWORKS.iter().filter(has).map(|n| n.chain)
}

/// Returns a name without case and what stands between its words.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_ascii_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect()
}

impl Network {
    fn is_called(&self, name: &str) -> bool {
        let named = [self.kyt, self.elliptic].into_iter().chain(self.trm).chain(self.others.iter().copied());
        named.into_iter().any(|own| plain(own) == name)
    }

    fn chain(&self) -> Option<ChainId> {
        ChainId::parse(self.chain).ok()
    }
}

fn of_chain(chain: &ChainId) -> Option<&'static Network> {
    NETWORKS.iter().find(|network| network.chain == chain.as_str())
}

/// Returns the chain that a network's name means: one of a provider's, or a CAIP-2 id.
///
/// # Errors
/// [`Invalid`] with the field, for a name that is not known.
pub fn chain(field: &str, name: &str) -> Result<ChainId, Invalid> {
    let name = name.trim();
    let known = NETWORKS.iter().find(|network| network.is_called(&plain(name))).and_then(Network::chain);
    let by_id = || if name.contains(':') { ChainId::parse(name).ok() } else { ChainId::of_accounts(name).ok() };
    known.or_else(by_id).ok_or_else(|| {
        let names: Vec<&str> = NETWORKS.iter().map(|network| network.kyt).collect();
        let shown: String = name.chars().take(64).collect();
        Invalid::new(field, format!("'{shown}' is none of {}, and no CAIP-2 id of a chain", names.join(", ")))
    })
}

/// Returns the coin of a chain.
#[must_use]
pub fn coin(chain: &ChainId) -> Asset {
    Asset::from(AssetId::native_of(chain))
}

/// Returns the decimal places of an asset, where they are known: those of one that the list determines, else those that all of its ticker have.
#[must_use]
pub fn decimals(asset: &str) -> Option<u32> {
    let known = Asset::parse(asset).ok()?;
    let listed = known.decimals().map(u32::from);
    // The coin of a chain that shares it with another.
    let coin = || {
        let network = of_chain(known.id().filter(|id| id.is_native())?.chain())?;
        holdfast_types::units::decimals(network.coin)
    };
    listed.or_else(coin).or_else(|| holdfast_types::units::decimals(asset))
}

/// Returns the asset that a request means by a ticker on a chain, or by a contract there, as events name it. A ticker that the curated list does not
/// know stays as it is written: no ledger is found by it.
///
/// # Errors
/// [`Invalid`]: a contract that is none of the chain; a listed ticker that the list has not, or more than once, on the chain.
pub fn asset_on(
    chain: &ChainId,
    (field, name): (&str, &str),
    contract: Option<(&str, &str)>,
) -> Result<String, Invalid> {
    if let Some((field, contract)) = contract.filter(|(_, contract)| !contract.trim().is_empty()) {
        return of_contract(chain, field, contract.trim()).map(|asset| asset.to_string());
    }
    if chain.family() != Family::Other
        && Address::read(name).family() == chain.family()
        && chain.family() != Family::Bitcoin
    {
        return of_contract(chain, field, name.trim()).map(|asset| asset.to_string());
    }
    // KYT's older names of tokens carry their chain: USDT_TRX.
    let (upper, own) = (name.trim().to_uppercase(), of_chain(chain));
    let suffix = own.and_then(|network| upper.strip_suffix(network.coin)?.strip_suffix('_'));
    let asset = Asset::parse(suffix.unwrap_or(&upper)).map_err(|e| Invalid::new(field, e.to_string()))?;
    if own.is_some_and(|network| asset.ticker() == Some(network.coin)) {
        return Ok(coin(chain).to_string());
    }
    let shown = own.map_or(chain.as_str(), |network| network.kyt);
    match asset.ids_on(chain).as_slice() {
        [one] => Ok(Asset::from(one.clone()).to_string()),
        [] if !asset.is_listed() && asset.id().is_none() => Ok(upper),
        [] => Err(Invalid::new(
            field,
            format!(
                "no {name} of {shown} is known here; name the token by its contract, or add it to the list of assets"
            ),
        )),
        _ => {
            Err(Invalid::new(field, format!("{name} means several assets of {shown}; name the token by its contract")))
        }
    }
}

fn of_contract(chain: &ChainId, field: &str, contract: &str) -> Result<Asset, Invalid> {
    let wrong = |why: String| Invalid::new(field, why);
    if contract.contains('/') {
        let asset = Asset::parse(contract).map_err(|e| wrong(e.to_string()))?;
        return match asset.id().is_some_and(|id| id.chain() == chain) {
            true => Ok(asset),
            false => Err(wrong(format!("{contract} is no asset of {chain}"))),
        };
    }
    let namespace = match chain.family() {
        Family::Evm => "erc20",
        Family::Tron => "trc20",
        _ if chain.namespace() == "solana" => "token",
        _ => return Err(wrong(format!("{chain} has no tokens by contract; leave it out"))),
    };
    if chain.family() != Family::Other && Address::read(contract).family() != chain.family() {
        let shown: String = contract.chars().take(80).collect();
        return Err(wrong(format!("'{shown}' is no address of {chain}")));
    }
    Asset::parse(&format!("{chain}/{namespace}:{contract}")).map_err(|e| wrong(e.to_string()))
}

/// Returns the chain of a transfer: that of its asset; of a ticker that several chains share the one whose addresses have the form of these, where one
/// alone is left.
#[must_use]
pub fn of_transfer(asset: &str, addresses: &[&str]) -> Option<ChainId> {
    let asset = Asset::parse(asset).ok()?;
    if let Some(id) = asset.id() {
        return Some(id.chain().clone());
    }
    let families: Vec<Family> = addresses.iter().map(|address| Address::read(address).family()).collect();
    let fits = |chain: &ChainId| !families.is_empty() && families.iter().all(|family| chain.family() == *family);
    let mut left = NETWORKS.iter().filter_map(Network::chain).filter(|chain| asset.is_on(chain) && fits(chain));
    left.next().filter(|_| left.next().is_none())
}

/// Returns Chainalysis's name of a chain.
#[must_use]
pub fn kyt_name(chain: &ChainId) -> Option<&'static str> {
    of_chain(chain).map(|network| network.kyt)
}

/// Returns Elliptic's name of a chain.
#[must_use]
pub fn elliptic_name(chain: &ChainId) -> Option<&'static str> {
    of_chain(chain).map(|network| network.elliptic)
}

/// Returns TRM's name of a chain.
#[must_use]
pub fn trm_name(chain: &ChainId) -> Option<&'static str> {
    of_chain(chain).and_then(|network| network.trm)
}

/// Returns the names of TRM's chains.
#[must_use]
pub fn trm_names() -> Vec<&'static str> {
    NETWORKS.iter().filter_map(|network| network.trm).collect()
}

/// Returns the ticker of an asset for a provider, and its contract where it is a token of a chain.
#[must_use]
pub fn named(asset: &str) -> (String, Option<String>) {
    let Ok(asset) = Asset::parse(asset) else { return (asset.to_owned(), None) };
    let contract = asset.id().and_then(|id| {
        let contract = TokenRef::of_asset(id)?.contract()?;
        Some(contract.to_address(id.chain()).checksummed())
    });
    (asset.ticker().map_or_else(|| asset.to_string(), str::to_owned), contract)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TETHER: &str = "eip155:1/erc20:0xdac17f958d2ee523a2206206994597c13d831ec7";
    const TETHER_ON_TRON: &str = "tron:mainnet/trc20:TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t";

    fn on(network: &str, asset: &str) -> Result<String, Invalid> {
        asset_on(&chain("network", network)?, ("asset", asset), None)
    }

    #[test]
    fn a_shared_ticker_is_of_its_network() {
        for (network, asset, expected) in [
            ("Ethereum", "USDT", TETHER),
            ("ETHEREUM", "usdt", TETHER),
            ("eip155:1", "USDT", TETHER),
            ("Tron", "USDT", TETHER_ON_TRON),
            ("TRON", "USDT_TRX", TETHER_ON_TRON),
            ("Bitcoin", "XBT", "BTC"),
            ("Bitcoin_Cash", "BCH", "BCH"),
            ("Arbitrum One", "ETH", "eip155:42161/slip44:60"),
            ("Ethereum", "ETH", "ETH"),
            ("Ethereum", "PEPE", "PEPE"),
        ] {
            assert_eq!(on(network, asset).unwrap(), expected, "{asset} on {network}");
        }
        for (network, asset, field) in [
            ("Marschain", "USDT", "network"),
            ("Litecoin", "USDT", "asset"),
            ("Tron", "ETH", "asset"),
            ("", "BTC", "network"),
        ] {
            assert_eq!(on(network, asset).unwrap_err().field, field, "{asset} on {network}");
        }
        let ethereum = chain("network", "ethereum").unwrap();
        let by = |contract| asset_on(&ethereum, ("asset", "USDT"), Some(("assetId", contract)));
        assert_eq!(by("0xdac17f958d2ee523a2206206994597c13d831ec7").unwrap(), TETHER);
        assert_eq!(by("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t").unwrap_err().field, "assetId");
        assert_eq!(by(TETHER_ON_TRON).unwrap_err().field, "assetId");
    }

    #[test]
    fn every_network_is_a_chain_with_one_set_of_names() {
        for network in NETWORKS {
            let own = network.chain().unwrap();
            for name in
                [network.kyt, network.elliptic].into_iter().chain(network.trm).chain(network.others.iter().copied())
            {
                assert_eq!(chain("network", name).unwrap(), own, "{name}");
            }
            assert!(asset_on(&own, ("asset", network.coin), None).is_ok(), "{}", network.coin);
        }
    }

    #[test]
    fn a_transfer_s_chain_is_its_asset_s_or_that_of_its_addresses() {
        let of = |asset, addresses: &[&str]| of_transfer(asset, addresses).map(|chain| chain.to_string());
        assert_eq!(of("BTC", &[]).as_deref(), Some("bip122:000000000019d6689c085ae165831e93"));
        assert_eq!(of(TETHER, &[]).as_deref(), Some("eip155:1"));
        assert_eq!(of("USDT", &["TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"]).as_deref(), Some("tron:mainnet"));
        // Of several chains of one family none is chosen.
        assert_eq!(of("USDT", &["0xdAC17F958D2ee523a2206206994597C13D831ec7"]), None);
        assert_eq!(of("USDT", &[]), None);
    }
}
