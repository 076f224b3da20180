//! Labels of block explorers of Etherscan's family, as their public collections hold them: `{"ADDRESS": {"name": "...", "labels": ["..."]}}`.
//!
//! An explorer's labels are topics, which projects choose for themselves, names of services, and findings. `labels/categories.csv` gives those
//! that name what an account is their category; it was reviewed label by label, and what it does not name is stored as written and counted as
//! unknown. The contract of a token is not what its project does: of a token only findings of abuse count.

use crate::tagpack::{MAX_PACK_BYTES, Pack, PackError};
use crate::tags::{Confidence, Tag};
use crate::taxonomy::{Category, Risk};
use holdfast_types::{AssetId, ChainId, asset};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

/// Explorers: what a file's name calls them, their chain, and where a page of an address begins. Longer names come before those that they contain.
const EXPLORERS: [(&str, &str, &str); 10] = [
    ("optimistic-etherscan", "eip155:10", "https://optimistic.etherscan.io/address/"),
    ("optimistic.etherscan", "eip155:10", "https://optimistic.etherscan.io/address/"),
    ("etherscan", "eip155:1", "https://etherscan.io/address/"),
    ("bscscan", "eip155:56", "https://bscscan.com/address/"),
    ("polygonscan", "eip155:137", "https://polygonscan.com/address/"),
    ("arbiscan", "eip155:42161", "https://arbiscan.io/address/"),
    ("basescan", "eip155:8453", "https://basescan.org/address/"),
    ("snowtrace", "eip155:43114", "https://snowtrace.io/address/"),
    ("gnosisscan", "eip155:100", "https://gnosisscan.io/address/"),
    ("tronscan", "tron:mainnet", "https://tronscan.org/#/address/"),
];

/// Most labels of an address, and longest name or label, that are taken.
const MAX_LABELS: usize = 64;
const MAX_TEXT: usize = 200;

/// Label of the accounts of nobody, which explorers name `Null`.
const BURN: &str = "burn";
/// Label of accounts that a token's issuer blocked. Of a token's contract it tells that tokens were sent there by mistake.
const BLOCKED: &str = "blocked";

/// Concepts by label.
static CATEGORIES: LazyLock<HashMap<&str, Category>> = LazyLock::new(|| {
    let lines = include_str!("labels/categories.csv").lines().skip(1);
    lines.filter_map(|line| line.split_once(',')).filter_map(|(l, c)| Some((l, Category::from_name(c)?))).collect()
});

/// An explorer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explorer {
    name: &'static str,
    chain: ChainId,
    page: &'static str,
}

impl Explorer {
    /// Returns the explorer that a file's path names, in its own name or in a folder's; `None` where it is no JSON file of an explorer's.
    #[must_use]
    pub fn of_file(path: &str) -> Option<Self> {
        let lower = path.to_ascii_lowercase();
        if !lower.ends_with(".json") {
            return None;
        }
        let (name, chain, page) = EXPLORERS.iter().find(|(name, ..)| {
            lower
                .split('/')
                .any(|part| part.strip_prefix(name).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric)))
        })?;
        Some(Explorer { name, chain: ChainId::parse(chain).ok()?, page })
    }
}

/// Returns the category of an explorer's label.
#[must_use]
pub fn category_of(label: &str) -> Option<Category> {
    CATEGORIES.get(label).copied()
}

/// Returns whether a name is a token's: it ends in a ticker in brackets, or in the word.
fn is_token(name: &str) -> bool {
    let name = name.trim_end();
    let ticker = || name.strip_suffix(')')?.rsplit_once('(').map(|(_, t)| t);
    ticker().is_some_and(|t| !t.is_empty() && t.len() <= 16 && !t.contains(char::is_whitespace))
        || name.rsplit(char::is_whitespace).next().is_some_and(|word| word.eq_ignore_ascii_case("token"))
}

/// What an explorer says of an address.
#[derive(Debug, Default)]
struct Entry {
    name: String,
    labels: Vec<String>,
}

/// Returns the labels of an explorer as tags. Each has the address's page as its source and the confidence of what was gathered from pages.
///
/// # Errors
/// [`PackError`] where the file is too large, is no JSON of this form, or no entry of it is a tag.
pub fn read(file: &str, explorer: &Explorer, bytes: &[u8]) -> Result<Pack, PackError> {
    if bytes.len() > MAX_PACK_BYTES {
        return Err(PackError::TooLarge { file: file.to_owned(), size: bytes.len() });
    }
    let nothing = |cause: String| PackError::Nothing { file: file.to_owned(), cause };
    let text = std::str::from_utf8(bytes).map_err(|e| nothing(format!("is no UTF-8 at byte {}", e.valid_up_to())))?;
    let text = text.trim_start_matches('\u{feff}');
    let title = format!("Labels of {} ({})", explorer.name, explorer.chain);
    let pack = Pack { title, ..Pack::default() };
    let mut reader = Reader { file, explorer, places: Places::new(text), entries: 0, pack };
    let mut json = serde_json::Deserializer::from_str(text);
    let read = (&mut reader).deserialize(&mut json).and_then(|()| json.end());
    let (mut pack, entries) = (reader.pack, reader.entries);
    match read {
        Ok(()) => pack.or_nothing(file, entries),
        // What came before the fault counts, as of other files.
        Err(e) if !pack.tags.is_empty() => {
            pack.warnings.push(format!("{file}: {e}; what follows is left out"));
            Ok(pack)
        }
        Err(e) => Err(nothing(e.to_string())),
    }
}

/// Lines and columns of a text's places, asked for in rising order.
struct Places<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    line_start: usize,
}

impl<'a> Places<'a> {
    fn new(text: &'a str) -> Self {
        Places { text, at: 0, line: 1, line_start: 0 }
    }

    /// Returns line and column, in bytes, of a part of the text; of the last place where it is no part of it.
    fn of(&mut self, part: &str) -> String {
        let offset = (part.as_ptr() as usize).checked_sub(self.text.as_ptr() as usize);
        if let Some(offset) = offset.filter(|o| (self.at..=self.text.len()).contains(o)) {
            for (n, byte) in self.text.as_bytes()[self.at..offset].iter().enumerate() {
                if *byte == b'\n' {
                    self.line += 1;
                    self.line_start = self.at + n + 1;
                }
            }
            self.at = offset;
        }
        format!("line {}, column {}", self.line, self.at - self.line_start + 1)
    }
}

/// Reads the outer object, entry by entry.
struct Reader<'a> {
    file: &'a str,
    explorer: &'a Explorer,
    places: Places<'a>,
    entries: usize,
    pack: Pack,
}

impl<'de> DeserializeSeed<'de> for &mut Reader<'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &mut Reader<'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of addresses, each with name and labels")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key_seed(Text)? {
            let place = match &key {
                Part::Borrowed(part) => self.places.of(part),
                Part::Owned(_) => self.places.of(""),
            };
            let place = format!("{}: {place}", self.file);
            self.entries += 1;
            match entry_of(&map.next_value()?) {
                Some(entry) => self.take(&place, key.as_str(), entry),
                None => self.pack.warnings.push(format!("{place}: is no object with name and labels; left out")),
            }
        }
        Ok(())
    }
}

impl Reader<'_> {
    fn take(&mut self, place: &str, address: &str, entry: Entry) {
        let name = entry.name.trim();
        if entry.labels.iter().any(|l| l == BURN) || (name.starts_with("Null: ") && !entry.labels.is_empty()) {
            self.pack.without_owner += 1;
            let text = format!("{place}: {address} is labelled as nobody's; the tag has no effect");
            return self.pack.warnings.push(text);
        }
        if name.is_empty() && entry.labels.is_empty() {
            return self.pack.warnings.push(format!("{place}: neither a name nor a label; left out"));
        }
        let (known, others) = categories(name, &entry.labels);
        let best = known.iter().copied().max_by_key(|c| (c.risk(), c.is_abuse(), std::cmp::Reverse(c.0)));
        // The list of abuses has no place for an issuer's block list, which is a category of its own.
        let (abuse, category) = match best {
            Some(c) if c.is_abuse() => (Some(c), known.iter().copied().find(|c| !c.is_abuse())),
            best => (None, best),
        };
        let further =
            known.into_iter().filter(|c| Some(*c) != abuse && Some(*c) != category).map(|c| c.name().to_owned());
        let text = |category: Category| category.name().to_owned();
        let label = if name.is_empty() { entry.labels.first().cloned().unwrap_or_default() } else { name.to_owned() };
        let tag = Tag {
            address: address.to_owned(),
            asset: asset::canonical(&AssetId::native_of(&self.explorer.chain).to_string()),
            label,
            source: format!("{}{}", self.explorer.page, address.trim()),
            category: category.map(text),
            abuse: abuse.map(text),
            concepts: further.chain(others).collect(),
            confidence: Confidence::WebCrawl,
            is_cluster_definer: false,
            actor: None,
            lastmod: String::new(),
            pack: self.pack.title.clone(),
            file: self.file.to_owned(),
            creator: self.explorer.name.to_owned(),
            tlp: None,
        };
        self.pack.take(place, tag);
    }
}

/// Returns the categories that labels give, and the labels that have none, each once.
fn categories(name: &str, labels: &[String]) -> (Vec<Category>, Vec<String>) {
    let is_token = is_token(name);
    let (mut known, mut others) = (Vec::new(), Vec::new());
    for label in labels {
        let counts = |c: &Category| !is_token || (c.risk() >= Risk::High && label != BLOCKED);
        match category_of(label) {
            Some(category) if counts(&category) => known.push(category),
            // As its own word a label of the explorer's must not be read as a concept of the taxonomy.
            Some(_) => others.push(format!("token of: {label}")),
            None if Category::from_name(label).is_some() => others.push(format!("label: {label}")),
            None => others.push(label.clone()),
        }
    }
    others.dedup();
    known.sort_unstable();
    known.dedup();
    (known, others)
}

/// A text of the file, or one that had to be unescaped.
enum Part<'a> {
    Borrowed(&'a str),
    Owned(String),
}

impl Part<'_> {
    fn as_str(&self) -> &str {
        match self {
            Part::Borrowed(text) => text,
            Part::Owned(text) => text,
        }
    }
}

struct Text;

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Part<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Part<'de>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Part<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Part<'de>, E> {
        Ok(Part::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Part<'de>, E> {
        Ok(Part::Owned(text.to_owned()))
    }
}

/// Returns what an entry states; `None` where it is of another form.
fn entry_of(value: &serde_json::Value) -> Option<Entry> {
    let text = |v: &serde_json::Value| v.as_str().map(|t| t.chars().take(MAX_TEXT).collect::<String>());
    let name = value.get("name").and_then(text).unwrap_or_default();
    let labels = value.get("labels")?.as_array()?;
    Some(Entry { name, labels: labels.iter().filter_map(text).take(MAX_LABELS).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explorer() -> Explorer {
        Explorer::of_file("etherscan-all.json").unwrap()
    }

    #[test]
    fn the_table_names_concepts_only_and_each_label_once() {
        let lines: Vec<&str> = include_str!("labels/categories.csv").lines().skip(1).collect();
        assert!(lines.is_sorted() && CATEGORIES.len() == lines.len(), "{} of {}", CATEGORIES.len(), lines.len());
        assert_eq!(category_of("tornado-cash").map(Category::name), Some("mixing_service"));
        assert_eq!(category_of("meme"), None);
    }

    #[test]
    fn files_tell_their_explorer_by_name() {
        for (path, chain) in [
            ("etherscan-all.json", "eip155:1"),
            ("data/bscscan/combined/combinedAllLabels.json", "eip155:56"),
            ("PolygonScan_labels.json", "eip155:137"),
            ("optimistic.etherscan.json", "eip155:10"),
            ("tronscan.json", "tron:mainnet"),
        ] {
            assert_eq!(Explorer::of_file(path).map(|e| e.chain.to_string()).as_deref(), Some(chain), "{path}");
        }
        for path in ["labels.json", "etherscan.yaml", "etherscanner.json", "notetherscan.json"] {
            assert_eq!(Explorer::of_file(path), None, "{path}");
        }
    }

    #[test]
    fn labels_become_tags_with_their_faults_named() {
        let text = r#"{
 "0x28C6c06298d514Db089934071355E5743bf21d60": {"name": "Binance 14", "labels": ["binance", "exchange"]},
 "0x0000000000000000000000000000000000000000": {"name": "Null: 0x000...000", "labels": ["burn"]},
 "0x098b716b8aaf21512996dc57eb0615e2383e2f96": {"name": "Ronin Bridge Exploiter", "labels": ["heist", "ofac-sanctions-lists"]},
 "": {"name": "Somebody", "labels": ["dex"]},
 "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed": 7,
 "0xdac17f958d2ee523a2206206994597c13d831ec7": {"name": "Some Coin (EXC)", "labels": ["exchange", "meme", "blocked"]},
 "0x000000000000000000000000000000000000dEaD": {"name": "Dead", "labels": ["dex"]}
}"#;
        let pack = read("etherscan.json", &explorer(), text.as_bytes()).unwrap();
        let tags: Vec<(&str, &str, &str)> =
            pack.tags.iter().map(|t| (t.label.as_str(), t.concept().name(), t.asset.as_str())).collect();
        assert_eq!(
            tags,
            [
                ("Binance 14", "exchange", "ETH"),
                ("Ronin Bridge Exploiter", "sanction", "ETH"),
                ("Some Coin (EXC)", "other", "ETH")
            ]
        );
        assert_eq!(pack.tags[0].source, "https://etherscan.io/address/0x28C6c06298d514Db089934071355E5743bf21d60");
        assert_eq!(pack.tags[0].confidence, Confidence::WebCrawl);
        assert_eq!(pack.tags[2].concepts, ["token of: exchange", "meme", "token of: blocked"]);
        assert_eq!(pack.without_owner, 2);
        for place in
            ["line 3, column 3: 0x0000", "line 5, column 3: address: is empty", "line 6, column 3: is no object"]
        {
            assert!(pack.warnings.iter().any(|w| w.contains(place)), "{place}: {:?}", pack.warnings);
        }
    }

    #[test]
    fn what_is_no_such_file_is_refused_and_what_is_cut_off_counts_until_there() {
        for text in ["", "[]", "{\"a\": 1}", "7", "{\"0x28C6c06298d514Db089934071355E5743bf21d60\""] {
            assert!(read("etherscan.json", &explorer(), text.as_bytes()).is_err(), "{text}");
        }
        let cut = r#"{"0x28C6c06298d514Db089934071355E5743bf21d60": {"name": "Binance 14", "labels": []}, "0x09"#;
        let pack = read("etherscan.json", &explorer(), cut.as_bytes()).unwrap();
        assert_eq!(pack.tags.len(), 1);
        assert!(pack.warnings.iter().any(|w| w.contains("line 1") && w.contains("left out")), "{:?}", pack.warnings);
    }
}
