//! Assets by their CAIP-19 identifier, with tickers as aliases from a curated list.

use crate::{Address, ChainId};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::HashMap;
use std::fmt;
use std::sync::OnceLock;

/// An asset as CAIP-19 names it: `chain/namespace:reference`, such as `eip155:1/erc20:0xdac17f958d2ee523a2206206994597c13d831ec7`.
/// References that are account addresses are kept in their canonical form, so that equal contracts compare equal.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AssetId {
    chain: ChainId,
    rest: Box<str>,
}

/// Text that is no asset.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no asset; give a ticker such as BTC, or a CAIP-19 id such as eip155:1/slip44:60")]
pub struct NotAnAsset(pub String);

impl AssetId {
    /// Reads a CAIP-19 asset id, with or without a token id.
    ///
    /// # Errors
    /// [`NotAnAsset`] for text of another form.
    pub fn parse(text: &str) -> Result<Self, NotAnAsset> {
        let wrong = || NotAnAsset(text.chars().take(160).collect());
        let (chain, rest) = text.split_once('/').ok_or_else(wrong)?;
        let chain = ChainId::parse(chain).map_err(|_| wrong())?;
        let (asset, token) = rest.split_once('/').map_or((rest, None), |(a, t)| (a, Some(t)));
        let (namespace, reference) = asset.split_once(':').ok_or_else(wrong)?;
        let word = |t: &str, most: usize| {
            (1..=most).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.%_".contains(&b))
        };
        let namespace_ok = (3..=8).contains(&namespace.len())
            && namespace.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !namespace_ok || !word(reference, 128) || token.is_some_and(|t| !word(t, 78)) {
            return Err(wrong());
        }
        let reference = match Address::read(reference) {
            address @ (Address::Evm(_) | Address::Tron(_)) => address.to_string(),
            _ => reference.to_owned(),
        };
        let token = token.map_or(String::new(), |t| format!("/{t}"));
        Ok(AssetId { chain, rest: format!("{namespace}:{reference}{token}").into() })
    }

    /// Puts an id together from parts that are known to be sound.
    pub(crate) fn from_parts(chain: &ChainId, rest: &str) -> Self {
        AssetId { chain: chain.clone(), rest: rest.into() }
    }

    /// Returns the id of a chain's own coin: the curated list's, else ether on an EVM chain; number 0 (Bitcoin) of other unlisted chains.
    #[must_use]
    pub fn native_of(chain: &ChainId) -> Self {
        let listed = list().natives.get(chain).and_then(|number| list().lines.get(*number));
        let number = match chain.namespace() {
            "eip155" => 60,
            "tron" => 195,
            "solana" => 501,
            _ => 0,
        };
        listed.map_or_else(|| AssetId::from_parts(chain, &format!("slip44:{number}")), |l| l.id.clone())
    }

    /// Returns the chain that it is on.
    #[must_use]
    pub fn chain(&self) -> &ChainId {
        &self.chain
    }

    /// Returns whether it is the chain's own coin (SLIP-44) and no token.
    #[must_use]
    pub fn is_native(&self) -> bool {
        self.rest.starts_with("slip44:")
    }

    /// Returns the asset's namespace, reference and token id (CAIP-19).
    pub(crate) fn parts(&self) -> (&str, &str, Option<&str>) {
        let (namespace, rest) = self.rest.split_once(':').unwrap_or_default();
        rest.split_once('/').map_or((namespace, rest, None), |(reference, token)| (namespace, reference, Some(token)))
    }
}

impl fmt::Display for AssetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.chain, self.rest)
    }
}

impl fmt::Debug for AssetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Serialize for AssetId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AssetId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// A line of the list.
struct Listed {
    ticker: &'static str,
    id: AssetId,
    decimals: u8,
}

/// The curated list, with what this process added to it.
struct List {
    lines: Vec<Listed>,
    by_id: HashMap<AssetId, usize>,
    /// The coins of chains.
    natives: HashMap<ChainId, usize>,
    /// By ticker and by alias, in the order of the list.
    by_name: HashMap<&'static str, Vec<usize>>,
}

/// `data/assets.csv`: ticker, CAIP-19 id, decimals, other tickers separated by spaces.
const BUNDLED: &str = include_str!("../../../data/assets.csv");

static LIST: OnceLock<List> = OnceLock::new();

fn list() -> &'static List {
    LIST.get_or_init(|| List::read(&[BUNDLED]).expect("the list is checked by a test"))
}

/// Most decimal places and lines of a list.
const MAX_DECIMALS: u8 = 36;
const MAX_LINES: usize = 20_000;

/// Why a list of assets cannot be added.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssetListError {
    /// A line does not read, or contradicts another one.
    #[error("line {line}: {why}")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong.
        why: String,
    },
    /// Assets were read already, with the list as it was.
    #[error("a list of assets must be added before anything is read")]
    Late,
}

impl List {
    /// Reads lists, one after the other.
    fn read(texts: &[&'static str]) -> Result<Self, AssetListError> {
        let mut list =
            List { lines: Vec::new(), by_id: HashMap::new(), natives: HashMap::new(), by_name: HashMap::new() };
        for text in texts {
            for (number, line) in text.lines().enumerate() {
                let line = line.trim();
                let is_header = number == 0 && line.starts_with("ticker,");
                if !is_header && !line.is_empty() {
                    list.add(line).map_err(|why| AssetListError::Line { line: number + 1, why })?;
                }
            }
        }
        Ok(list)
    }

    fn add(&mut self, line: &'static str) -> Result<(), String> {
        let cells: Vec<&'static str> = line.split(',').map(str::trim).collect();
        let [ticker, id, decimals, aliases @ ..] = cells.as_slice() else {
            return Err("a line has ticker, CAIP-19 id, decimals and, if there are any, other tickers".into());
        };
        let id = AssetId::parse(id).map_err(|e| e.to_string())?;
        let is_ticker = |t: &str| !t.is_empty() && t.len() <= MAX_TICKER && t == t.to_uppercase() && !t.contains('/');
        let aliases: Vec<&'static str> = aliases.first().map(|a| a.split_whitespace().collect()).unwrap_or_default();
        if let Some(wrong) = std::iter::once(ticker).chain(&aliases).find(|t| !is_ticker(t)) {
            return Err(format!("'{wrong}' is no ticker: capitals, at most {MAX_TICKER} bytes, without a slash"));
        }
        let decimals = decimals.parse().ok().filter(|d| *d <= MAX_DECIMALS);
        let decimals = decimals.ok_or(format!("decimals are a number up to {MAX_DECIMALS}"))?;
        if self.lines.len() >= MAX_LINES {
            return Err(format!("a list has at most {MAX_LINES} lines"));
        }
        let number = self.lines.len();
        if self.by_id.insert(id.clone(), number).is_some() {
            return Err(format!("{id} is listed already"));
        }
        for name in std::iter::once(ticker).chain(&aliases) {
            self.by_name.entry(name).or_default().push(number);
        }
        if id.is_native() {
            self.natives.entry(id.chain().clone()).or_insert(number);
        }
        self.lines.push(Listed { ticker, id, decimals });
        Ok(())
    }

    fn of_id(&self, id: &AssetId) -> Option<&Listed> {
        self.by_id.get(id).and_then(|number| self.lines.get(*number))
    }

    /// Returns the lines with a ticker or alias.
    fn named<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a Listed> + use<'a> {
        self.by_name.get(name).into_iter().flatten().filter_map(|number| self.lines.get(*number))
    }

    /// Returns the lines with a ticker, which is no alias.
    fn of_ticker<'a>(&'a self, ticker: &'a str) -> impl Iterator<Item = &'a Listed> + use<'a> {
        self.named(ticker).filter(move |listed| listed.ticker == ticker)
    }
}

/// An asset as somebody names it: by CAIP-19 id, or by a ticker. A ticker of one chain's coin has that coin's id; a ticker that
/// several chains share (`USDT`) has none and stands for all of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Asset {
    ticker: Box<str>,
    id: Option<AssetId>,
}

/// Longest ticker.
pub const MAX_TICKER: usize = 32;

impl Asset {
    /// Adds an exchange's own assets to the curated list, for this process: lines of ticker, CAIP-19 id, decimals and, if there are any, other tickers
    /// separated by spaces. Call it before any asset is read.
    ///
    /// # Errors
    /// [`AssetListError`] for a line that does not read or names a listed asset again, and where it comes too late.
    pub fn add_listed(csv: &str) -> Result<(), AssetListError> {
        // Tickers are borrowed for as long as the process runs, which adds one list.
        let added: &'static str = Box::leak(csv.to_owned().into_boxed_str());
        List::read(&[added])?;
        let whole = List::read(&[BUNDLED, added])?;
        LIST.set(whole).map_err(|_| AssetListError::Late)
    }

    /// Reads a ticker in any case (`btc`, `XBT`) or a CAIP-19 id.
    ///
    /// # Errors
    /// [`NotAnAsset`] for text that is neither.
    pub fn parse(text: &str) -> Result<Self, NotAnAsset> {
        let text = text.trim();
        if text.contains('/') {
            let id = AssetId::parse(text)?;
            let ticker = list().of_id(&id).map_or("", |l| l.ticker);
            return Ok(Asset { ticker: ticker.into(), id: Some(id) });
        }
        let bad = |c: char| c.is_whitespace() || c.is_control();
        if text.is_empty() || text.len() > MAX_TICKER || text.contains(bad) {
            return Err(NotAnAsset(text.chars().take(80).collect()));
        }
        let upper = text.to_uppercase();
        let listed: Vec<&Listed> = list().named(&upper).collect();
        match listed.as_slice() {
            [one] => Ok(Asset { ticker: one.ticker.into(), id: Some(one.id.clone()) }),
            [first, ..] => Ok(Asset { ticker: first.ticker.into(), id: None }),
            [] => Ok(Asset { ticker: upper.into(), id: None }),
        }
    }

    /// Returns the ticker, or nothing for a token that the list does not name.
    #[must_use]
    pub fn ticker(&self) -> Option<&str> {
        Some(&*self.ticker).filter(|t| !t.is_empty())
    }

    /// Returns the CAIP-19 id, where the name determines one asset.
    #[must_use]
    pub fn id(&self) -> Option<&AssetId> {
        self.id.as_ref()
    }

    /// Returns the decimal places between the base unit and the unit that people use, where the list knows them. Tokens of one ticker that differ
    /// (USDT on BNB Smart Chain has 18) are unknown by ticker alone.
    #[must_use]
    pub fn decimals(&self) -> Option<u8> {
        if let Some(id) = &self.id {
            return list().of_id(id).map(|l| l.decimals);
        }
        let mut known = list().of_ticker(&self.ticker);
        let first = known.next()?.decimals;
        known.all(|l| l.decimals == first).then_some(first)
    }

    /// Returns whether the curated list names it.
    #[must_use]
    pub fn is_listed(&self) -> bool {
        list().of_ticker(&self.ticker).next().is_some()
    }

    /// Returns whether it exists on a chain, as far as the list knows.
    #[must_use]
    pub fn is_on(&self, chain: &ChainId) -> bool {
        match &self.id {
            Some(id) => id.chain() == chain,
            None => list().of_ticker(&self.ticker).any(|l| l.id.chain() == chain),
        }
    }

    /// Returns the ids on a chain that the name can mean: its own id, or those that the list has under its ticker there.
    #[must_use]
    pub fn ids_on(&self, chain: &ChainId) -> Vec<AssetId> {
        match &self.id {
            Some(id) => Vec::from_iter((id.chain() == chain).then(|| id.clone())),
            None => {
                let of_ticker = list().of_ticker(&self.ticker).filter(|l| l.id.chain() == chain);
                of_ticker.map(|l| l.id.clone()).collect()
            }
        }
    }

    /// Returns the assets of a chain that the list names.
    #[must_use]
    pub fn listed_on(chain: &ChainId) -> Vec<Asset> {
        let listed = list().lines.iter().filter(|l| l.id.chain() == chain);
        listed.map(|l| Asset { ticker: l.ticker.into(), id: Some(l.id.clone()) }).collect()
    }

    /// Returns whether two names can mean the same asset. A ticker that several chains share matches its token on each of them, so that a freeze of
    /// USDT binds it everywhere.
    #[must_use]
    pub fn matches(&self, other: &Asset) -> bool {
        match (&self.id, &other.id) {
            (Some(a), Some(b)) => a == b,
            _ => !self.ticker.is_empty() && self.ticker == other.ticker,
        }
    }

    /// Returns whether two texts name the same asset; text that is no asset equals itself only.
    #[must_use]
    pub fn same(a: &str, b: &str) -> bool {
        match (Asset::parse(a), Asset::parse(b)) {
            (Ok(a), Ok(b)) => a.matches(&b),
            _ => a == b,
        }
    }
}

impl From<AssetId> for Asset {
    fn from(id: AssetId) -> Self {
        let ticker = list().of_id(&id).map_or("", |l| l.ticker);
        Asset { ticker: ticker.into(), id: Some(id) }
    }
}

/// The canonical text: the ticker where it alone determines the asset, else the CAIP-19 id, else the ticker in capitals.
impl fmt::Display for Asset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.id {
            Some(id) if list().of_ticker(&self.ticker).count() != 1 => write!(f, "{id}"),
            _ => f.write_str(&self.ticker),
        }
    }
}

/// Returns the canonical text of an asset; text that is none is given back as it is.
#[must_use]
pub fn canonical(text: &str) -> String {
    Asset::parse(text).map_or_else(|_| text.to_owned(), |a| a.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sound() {
        let lines = BUNDLED.lines().skip(1).count();
        assert!(list().lines.len() == lines && lines > 50);
        for listed in &list().lines {
            let text = listed.id.to_string();
            assert_eq!(Asset::parse(&text).unwrap().ticker(), Some(listed.ticker), "{text}");
            assert!(listed.decimals <= 24 && listed.ticker == listed.ticker.to_uppercase());
            // Contracts are written with their checksum, so a slip of the pen is found.
            let written = BUNDLED
                .lines()
                .skip(1)
                .find(|l| l.split(',').nth(1).is_some_and(|i| AssetId::parse(i).unwrap() == listed.id))
                .unwrap();
            let reference = written.split(',').nth(1).unwrap().rsplit(':').next().unwrap();
            if reference.starts_with("0x") || reference.starts_with('T') {
                assert_eq!(Address::check(reference).map(|_| ()), Ok(()), "{written}");
            }
        }
    }

    #[test]
    fn a_list_of_ones_own_names_its_wrong_line() {
        let line = |line: usize, why: &str| Err(AssetListError::Line { line, why: why.to_owned() });
        assert_eq!(Asset::add_listed("USDX,nonsense,6"), Asset::add_listed("USDX,nonsense,6,"));
        assert_eq!(
            Asset::add_listed("ticker,asset,decimals,aliases\nUSDX,eip155:5/slip44:60"),
            line(2, "a line has ticker, CAIP-19 id, decimals and, if there are any, other tickers")
        );
        assert_eq!(
            Asset::add_listed("\nusdx,eip155:5/slip44:60,6"),
            line(2, "'usdx' is no ticker: capitals, at most 32 bytes, without a slash")
        );
        assert_eq!(Asset::add_listed("USDX,eip155:5/slip44:60,37"), line(1, "decimals are a number up to 36"));
        assert_eq!(Asset::add_listed("ETH,eip155:1/slip44:60,18"), line(1, "eip155:1/slip44:60 is listed already"));
        // A process adds one list, before it reads an asset.
        assert!(Asset::parse("BTC").is_ok());
        assert_eq!(Asset::add_listed("USDX,eip155:5/slip44:60,6"), Err(AssetListError::Late));
        assert_eq!(Asset::parse("eip155:5/slip44:60").unwrap().ticker(), None);
    }

    #[test]
    fn names_of_one_asset_compare_equal() {
        for (a, b) in [
            ("BTC", "xbt"),
            ("btc", "bip122:000000000019d6689c085ae165831e93/slip44:0"),
            ("ETH", "eip155:1/slip44:60"),
            ("USDT", "eip155:1/erc20:0xdAC17F958D2ee523a2206206994597C13D831ec7"),
            ("usdt", "tron:mainnet/trc20:TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"),
            ("foo", "FOO"),
        ] {
            assert!(Asset::same(a, b) && Asset::same(b, a), "{a} {b}");
        }
        for (a, b) in [
            ("BTC", "BCH"),
            ("BTC", "WBTC"),
            (
                "eip155:1/erc20:0xdAC17F958D2ee523a2206206994597C13D831ec7",
                "tron:mainnet/trc20:TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
            ),
            (
                "eip155:1/erc20:0x00000000000000000000000000000000000000aa",
                "eip155:1/erc20:0x00000000000000000000000000000000000000ab",
            ),
        ] {
            assert!(!Asset::same(a, b), "{a} {b}");
        }
        assert_eq!(canonical("xbt"), "BTC");
        assert_eq!(canonical("bip122:000000000019d6689c085ae165831e93/slip44:0"), "BTC");
        assert_eq!(canonical("usdt"), "USDT");
        let token = "eip155:1/erc20:0xdAC17F958D2ee523a2206206994597C13D831ec7";
        assert_eq!(canonical(token), token.to_lowercase());
        assert_eq!(Asset::parse(token).unwrap().decimals(), Some(6));
        assert_eq!(Asset::parse("USDT").unwrap().decimals(), None, "18 on BNB Smart Chain");
        assert_eq!(Asset::parse("btc").unwrap().decimals(), Some(8));
        assert!(Asset::parse("").is_err() && Asset::parse("a b").is_err() && Asset::parse("eip155:1/x").is_err());
    }
}
