//! Search: everything that a workspace knows by any form or name. Addresses of the ledger and of other chains, transactions and blocks (by
//! the beginning of their hash too), outputs, heights, assets, labels of tags and names of actors; several identifiers at once. Account chains
//! search with the same functions.

use crate::reports::Subject;
use crate::workspace::Workspace;
use holdfast_attribution::tags::weightiest;
use holdfast_attribution::{Actor, Category, Tag, TagStore};
use holdfast_bitcoin::{AddressKey, display_hash};
use holdfast_types::{Address, ChainId};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use utoipa::ToSchema;

/// Longest text that is searched for.
pub const MAX_QUERY: usize = 20_000;
/// Most identifiers in one search.
pub const MAX_TERMS: usize = 100;
/// Most results of one search.
pub const MAX_HITS: usize = 100;
/// Fewest hex digits of the beginning of a transaction id or block hash.
pub const MIN_PREFIX: usize = 8;
/// Fewest characters of the beginning of a tagged address.
const MIN_ADDRESS_PREFIX: usize = 6;
/// Transactions that a search by the beginning of an id goes through at most, the newest.
pub const MAX_SCANNED: usize = 100_000_000;
/// Addresses of one label that a result names.
const MAX_EXAMPLES: usize = 5;

/// What a search found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HitKind {
    /// A block.
    Block,
    /// A transaction.
    Transaction,
    /// An output of a transaction.
    Output,
    /// An address: of the ledger, or tagged.
    Address,
    /// An asset of an account chain.
    Asset,
    /// An actor.
    Actor,
    /// A label of tags.
    Label,
}

/// One result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hit {
    /// Kind of thing.
    pub kind: HitKind,
    /// Its id: hash, height, address, actor id or label.
    pub id: String,
    /// Its name, where it has one.
    pub name: Option<String>,
    /// CAIP-2 id of the account chain that holds it; absent on chains of the Bitcoin family, and for what is known by tags alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain: Option<String>,
    /// Assets whose chains it is on.
    pub assets: Vec<String>,
    /// Weightiest category of its tags.
    pub category: Category,
    /// Its risk.
    pub risk: String,
    /// Whether the category is that of its cluster, or of its published kind, and not of a tag of its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_cluster: bool,
    /// Whether the ledger holds it.
    pub in_ledger: bool,
    /// Tagged addresses with this name; 1 for an address itself.
    pub addresses: u64,
    /// Some of them.
    pub examples: Vec<String>,
}

/// Answer to a search.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lookup {
    /// Results, best first, at most [`MAX_HITS`].
    pub hits: Vec<Hit>,
    /// Results beyond those.
    pub more: u64,
    /// Identifiers of which nothing is known here.
    pub unknown: Vec<String>,
    /// What the search did not cover, in words; empty when it covered all.
    pub notes: Vec<String>,
}

impl Lookup {
    /// Merges the answers of several chains. What a text is on several account chains is several results, and a note says so.
    #[must_use]
    pub fn of_all(mut answers: impl Iterator<Item = Lookup>) -> Lookup {
        let first = answers.next().unwrap_or_default();
        let mut found = answers.fold(first, Lookup::merged);
        found.note_several();
        found
    }

    /// Merges the answers of two chains. What both know, such as the tags that they share, is one result.
    fn merged(mut self, other: Lookup) -> Lookup {
        self.unknown.retain(|text| other.unknown.contains(text));
        self.notes.extend(other.notes);
        let mut seen = BTreeSet::new();
        self.notes.retain(|note| seen.insert(note.clone()));
        // Results beyond the bound are counted on each chain; those of shared tags are the same ones.
        self.more = self.more.max(other.more);
        for hit in other.hits {
            let is_tagged = matches!(hit.kind, HitKind::Address | HitKind::Actor | HitKind::Label);
            // One address can be on several account chains, as a result of each.
            let is_elsewhere = |own: &Hit| own.chain != hit.chain && own.in_ledger && hit.in_ledger;
            // An address is written in each chain's own form.
            let is_same = |own: &&mut Hit| match hit.kind {
                HitKind::Address => own.kind == hit.kind && Address::same(&own.id, &hit.id) && !is_elsewhere(own),
                _ => own.kind == hit.kind && own.id == hit.id,
            };
            match self.hits.iter_mut().find(is_same).filter(|_| is_tagged) {
                // The form of the chain that stores it.
                Some(own) if hit.in_ledger && !own.in_ledger => {
                    let assets = std::mem::take(&mut own.assets);
                    *own = hit;
                    own.add_assets(assets);
                }
                Some(own) => own.add_assets(hit.assets),
                None => self.hits.push(hit),
            }
        }
        self.more += self.hits.len().saturating_sub(MAX_HITS) as u64;
        self.hits.truncate(MAX_HITS);
        self
    }

    /// Says which results of account chains are the same text on several chains.
    fn note_several(&mut self) {
        // The text as the first chain writes it, its chains, and whether one of them is an account chain.
        let mut texts: BTreeMap<(HitKind, String), (String, Vec<String>, bool)> = BTreeMap::new();
        for hit in self.hits.iter().filter(|hit| hit.in_ledger) {
            let text = if hit.kind == HitKind::Asset { hit.name.as_ref() } else { Some(&hit.id) };
            let Some(text) = text else { continue };
            let key = (hit.kind, text.strip_prefix("0x").unwrap_or(text).to_lowercase());
            let (_, chains, is_accounts) = texts.entry(key).or_insert_with(|| (text.clone(), Vec::new(), false));
            chains.push(hit.chain_name().unwrap_or_default());
            *is_accounts |= hit.chain.is_some();
        }
        for ((kind, _), (text, chains, _)) in texts.into_iter().filter(|(_, (_, chains, of))| *of && chains.len() > 1) {
            let what = match kind {
                HitKind::Asset => "asset ",
                HitKind::Block => "block ",
                _ => "",
            };
            self.notes.push(format!("{what}{text} is on several chains: {}", chains.join(", ")));
        }
    }
}

impl Hit {
    /// Returns the name of the chain that holds it: an account chain's usual one or its CAIP-2 id; else the ticker of the chain's asset.
    #[must_use]
    pub fn chain_name(&self) -> Option<String> {
        let Some(chain) = &self.chain else { return self.assets.first().filter(|_| self.in_ledger).cloned() };
        let id = ChainId::parse(chain).ok();
        Some(id.as_ref().and_then(ChainId::usual_name).unwrap_or(chain).to_owned())
    }

    /// Returns a result of which nothing but its id is known.
    pub fn bare(kind: HitKind, id: String) -> Self {
        Hit {
            kind,
            id,
            name: None,
            chain: None,
            assets: Vec::new(),
            category: Category::UNATTRIBUTED,
            risk: Category::UNATTRIBUTED.risk().name().to_owned(),
            by_cluster: false,
            in_ledger: false,
            addresses: 0,
            examples: Vec::new(),
        }
    }

    fn add_assets(&mut self, assets: Vec<String>) {
        self.assets.extend(assets);
        self.assets.sort();
        self.assets.dedup();
    }
}

/// Returns how well a name fits: the smaller the better.
fn fit(name: &str, wanted: &str) -> Option<u8> {
    if name == wanted {
        return Some(0);
    }
    let at = name.find(wanted)?;
    if at == 0 {
        return Some(1);
    }
    let starts_word = |at: usize| !name[..at].chars().next_back().is_some_and(char::is_alphanumeric);
    Some(if name.match_indices(wanted).any(|(at, _)| starts_word(at)) { 2 } else { 3 })
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Returns whether text has the form of an address or hash: one word of 20 characters or more with a digit, of the characters that addresses use.
pub fn is_identifier(text: &str) -> bool {
    let form = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '-' | '.');
    (20..=130).contains(&text.len()) && text.chars().all(form) && text.bytes().any(|b| b.is_ascii_digit())
}

/// Returns the bare identifier of what people paste: without the scheme and query of a payment link, invisible characters or quotes.
pub fn bare(text: &str) -> String {
    let visible =
        |c: &char| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}' | '"' | '\'' | '`');
    let text: String = text.trim().chars().filter(visible).collect();
    let text = text.split('?').next().unwrap_or_default();
    match text.split_once(':') {
        Some((scheme, rest)) if scheme.bytes().all(|b| b.is_ascii_lowercase()) && is_identifier(rest) => {
            // `class:hex` addresses keep their prefix.
            let own = scheme.parse::<holdfast_bitcoin::ScriptClass>().is_ok();
            if own { text.to_owned() } else { rest.trim_start_matches("//").to_owned() }
        }
        _ => text.to_owned(),
    }
}

/// Searches for whatever `text` names: for each identifier in it by `by_identifier`, which may add notes; for a text that is none also by `by_name`.
pub fn search(
    text: &str,
    by_identifier: &mut dyn FnMut(&str, &mut Vec<String>) -> Vec<Hit>,
    by_name: &dyn Fn(&str) -> Vec<Hit>,
) -> Lookup {
    let mut answer = Lookup::default();
    let text = text.trim();
    if text.is_empty() || text.len() > MAX_QUERY {
        answer.notes.push(format!("a search has 1 to {MAX_QUERY} characters"));
        return answer;
    }
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '|')).filter(|w| !w.is_empty()).collect();
    let several = words.len() > 1 && words.iter().all(|w| is_identifier(&bare(w)));
    if several {
        let terms: BTreeSet<&str> = words.iter().copied().collect();
        if terms.len() > MAX_TERMS {
            let more = terms.len() - MAX_TERMS;
            answer.notes.push(format!("{more} of {} identifiers were not searched for", terms.len()));
        }
        for term in terms.into_iter().take(MAX_TERMS) {
            let found = by_identifier(&bare(term), &mut answer.notes);
            if found.is_empty() {
                answer.unknown.push(bare(term));
            }
            answer.hits.extend(found);
        }
    } else {
        answer.hits = by_identifier(&bare(text), &mut answer.notes);
        if answer.hits.is_empty() {
            answer.hits = by_name(text);
        }
        if answer.hits.is_empty() {
            answer.unknown.push(text.chars().take(130).collect());
        }
    }
    answer.notes.dedup();
    answer.more = answer.hits.len().saturating_sub(MAX_HITS) as u64;
    answer.hits.truncate(MAX_HITS);
    answer
}

/// Returns tagged addresses that begin so, in any case: hex has none, and a Base58 beginning in another case is listed too.
pub fn tagged_beginning<'a>(tags: &'a TagStore, prefix: &str, visible: &(dyn Fn(&Tag) -> bool + Sync)) -> Vec<&'a str> {
    if prefix.len() < MIN_ADDRESS_PREFIX || prefix.contains(char::is_whitespace) {
        return Vec::new();
    }
    let begins = |t: &Tag| t.address.get(..prefix.len()).is_some_and(|a| a.eq_ignore_ascii_case(prefix));
    let fits = |t: &&Tag| begins(t) && visible(t);
    let addresses: BTreeSet<&str> = tags.par_iter().filter(|t| fits(t)).map(|t| t.address.as_str()).collect();
    addresses.into_iter().take(2 * MAX_HITS).collect()
}

/// Returns the hex digits of the beginning of a hash; none for text that is no such beginning.
pub fn hash_beginning(text: &str) -> Option<Vec<u8>> {
    let is_beginning = (MIN_PREFIX..64).contains(&text.len()) && is_hex(text);
    is_beginning.then(|| text.chars().filter_map(|c| u8::try_from(c.to_digit(16)?).ok()).collect())
}

impl Workspace {
    /// Searches for whatever `text` names. `visible` selects the tags that the caller may read.
    pub fn lookup(&self, text: &str, visible: &(dyn Fn(&Tag) -> bool + Sync)) -> Lookup {
        search(text, &mut |text, notes| self.by_identifier(text, visible, notes), &|text| {
            by_name(&self.tags, text, visible)
        })
    }

    fn by_identifier(&self, text: &str, visible: &(dyn Fn(&Tag) -> bool + Sync), notes: &mut Vec<String>) -> Vec<Hit> {
        let ledger = &self.ledger;
        match self.subject(text) {
            Ok(Subject::Tx(tx)) => return vec![self.chain_hit(HitKind::Transaction, ledger.txid_text(tx))],
            Ok(Subject::Output(o)) => {
                let (tx, vout) = ledger.outpoint(o);
                return vec![self.chain_hit(HitKind::Output, format!("{}:{vout}", ledger.txid_text(tx)))];
            }
            Ok(Subject::Block(b)) => {
                return vec![self.chain_hit(HitKind::Block, ledger.block(b).height.to_string())];
            }
            Ok(Subject::Address(_)) | Err(_) => {}
        }
        let mut found = self.address_hits(text, visible);
        if let Some(digits) = hash_beginning(text).filter(|_| found.is_empty()) {
            found = self.by_hash_prefix(&digits, notes);
        }
        if found.is_empty() {
            let tagged = tagged_beginning(&self.tags, text, visible);
            found = tagged.into_iter().flat_map(|a| self.address_hits(a, visible)).collect();
        }
        found
    }

    fn chain_hit(&self, kind: HitKind, id: String) -> Hit {
        Hit { assets: vec![self.asset().to_owned()], in_ledger: true, ..Hit::bare(kind, id) }
    }

    /// Returns an address as one hit: from its tags on all chains, and from the ledger.
    fn address_hits(&self, text: &str, visible: &dyn Fn(&Tag) -> bool) -> Vec<Hit> {
        let network = self.ledger.network();
        let key = AddressKey::parse(text, network).ok();
        let id = key.map_or_else(|| holdfast_attribution::tags::normal(text), |k| k.to_text(network));
        let tags: Vec<&Tag> = self.tags.tags_of(&id).filter(|t| visible(t)).collect();
        let number = key.and_then(|k| self.ledger.address_number(&k));
        if tags.is_empty() && number.is_none() {
            return Vec::new();
        }
        let mut assets: BTreeSet<String> = tags.iter().map(|t| t.asset.clone()).collect();
        if number.is_some() {
            assets.insert(self.asset().to_owned());
        }
        let best = weightiest(tags.iter().copied());
        let own = best.map_or(Category::UNATTRIBUTED, Tag::concept);
        let of_entity = number.and_then(|n| self.entities.tag_where(&self.tags, &self.clusters, n, visible));
        let of_cluster = of_entity.map(Tag::concept).filter(|c| c.risk() > own.risk());
        let category = of_cluster.unwrap_or(own);
        let hit = Hit {
            name: best.map(|t| t.label.clone()),
            assets: assets.into_iter().collect(),
            category,
            risk: category.risk().name().to_owned(),
            by_cluster: of_cluster.is_some(),
            in_ledger: number.is_some(),
            addresses: 1,
            ..self.chain_hit(HitKind::Address, id)
        };
        vec![hit]
    }

    /// Transactions and blocks whose hash begins so, newest first.
    fn by_hash_prefix(&self, digits: &[u8], notes: &mut Vec<String>) -> Vec<Hit> {
        let begins = |hash: &[u8; 32]| {
            hash.iter().rev().zip(digits.chunks(2)).all(|(byte, digits)| match digits {
                [high, low] => *byte == high << 4 | low,
                [high] => byte >> 4 == *high,
                _ => true,
            })
        };
        let txids = self.ledger.columns().txid.all();
        let from = txids.len().saturating_sub(MAX_SCANNED);
        if from > 0 {
            notes.push(format!(
                "of transactions, only the newest {MAX_SCANNED} were searched by the beginning of their id"
            ));
        }
        let mut numbers: Vec<usize> =
            txids[from..].par_iter().enumerate().filter(|(_, id)| begins(id)).map(|(i, _)| from + i).collect();
        numbers.sort_unstable_by(|a, b| b.cmp(a));
        let txs = numbers.into_iter().map(|n| self.chain_hit(HitKind::Transaction, display_hash(&txids[n])));
        let blocks =
            (0..self.ledger.counts().blocks).rev().map(|b| self.ledger.block(b)).filter(|b| begins(b.hash.as_bytes()));
        let blocks = blocks.map(|b| self.chain_hit(HitKind::Block, b.height.to_string()));
        txs.chain(blocks).take(2 * MAX_HITS).collect()
    }
}

/// Actors and labels with a name, best fit first, then those with most addresses.
pub fn by_name(tags: &TagStore, text: &str, visible: &(dyn Fn(&Tag) -> bool + Sync)) -> Vec<Hit> {
    let wanted = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    if wanted.chars().count() < 2 {
        return Vec::new();
    }
    struct Named<'a> {
        fit: u8,
        tags: Vec<&'a Tag>,
    }
    let fitting: Vec<(u8, &Tag)> = tags
        .par_iter()
        .filter_map(|t| {
            let label = fit(&t.label.to_lowercase(), &wanted);
            let actor = t.actor.as_ref().and_then(|a| fit(&a.to_lowercase(), &wanted));
            Some((label.into_iter().chain(actor).min()?, t))
        })
        .filter(|(_, t)| visible(t))
        .collect();
    let mut labels: BTreeMap<&str, Named<'_>> = BTreeMap::new();
    for (fit, tag) in fitting {
        let named = labels.entry(&tag.label).or_insert(Named { fit, tags: Vec::new() });
        named.fit = named.fit.min(fit);
        named.tags.push(tag);
    }
    let mut hits: Vec<(u8, Hit)> = labels
        .into_iter()
        .map(|(label, named)| (named.fit, named_hit(HitKind::Label, label.to_owned(), label, &named.tags)))
        .collect();
    hits.extend(actor_hits(tags, &wanted, visible));
    hits.sort_by(|(a, x), (b, y)| {
        (a, x.kind, std::cmp::Reverse(x.addresses), &x.id).cmp(&(b, y.kind, std::cmp::Reverse(y.addresses), &y.id))
    });
    hits.into_iter().map(|(_, hit)| hit).collect()
}

/// Actors whose id or name fits. One pass over the tags, however many actors there are.
fn actor_hits(store: &TagStore, wanted: &str, visible: &(dyn Fn(&Tag) -> bool + Sync)) -> Vec<(u8, Hit)> {
    let fitting = store.actors().iter().filter_map(|actor| {
        let names = [actor.id.to_lowercase(), actor.label.to_lowercase()];
        Some((names.iter().filter_map(|n| fit(n, wanted)).min()?, actor))
    });
    let fitting: Vec<_> = fitting.collect();
    let mut tags: HashMap<&str, Vec<&Tag>> = fitting.iter().map(|(_, a)| (a.id.as_str(), Vec::new())).collect();
    if !tags.is_empty() {
        for tag in store.iter().filter(|t| visible(t)) {
            if let Some(of_actor) = tag.actor.as_deref().and_then(|id| tags.get_mut(id)) {
                of_actor.push(tag);
            }
        }
    }
    let hit = |(fit, actor): (u8, &Actor)| {
        (fit, named_hit(HitKind::Actor, actor.id.clone(), &actor.label, &tags[actor.id.as_str()]))
    };
    fitting.into_iter().map(hit).collect()
}

fn named_hit(kind: HitKind, id: String, name: &str, tags: &[&Tag]) -> Hit {
    let addresses: BTreeSet<&str> = tags.iter().map(|t| t.address.as_str()).collect();
    let assets: BTreeSet<&str> = tags.iter().map(|t| t.asset.as_str()).collect();
    let category = weightiest(tags.iter().copied()).map_or(Category::UNATTRIBUTED, Tag::concept);
    Hit {
        name: Some(name.to_owned()),
        assets: assets.into_iter().map(str::to_owned).collect(),
        category,
        risk: category.risk().name().to_owned(),
        addresses: addresses.len() as u64,
        examples: addresses.into_iter().take(MAX_EXAMPLES).map(str::to_owned).collect(),
        ..Hit::bare(kind, id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ranked() {
        assert_eq!(fit("binance", "binance"), Some(0));
        assert_eq!(fit("binance us", "binance"), Some(1));
        assert_eq!(fit("old binance", "binance"), Some(2));
        assert_eq!(fit("xbinance binance", "binance"), Some(2));
        assert_eq!(fit("unbinanced", "binance"), Some(3));
        assert_eq!(fit("kraken", "binance"), None);
        assert_eq!(fit("übinance", "binance"), Some(3));
    }

    #[test]
    fn pasted_identifiers_are_bared() {
        let address = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa";
        for text in [format!("bitcoin:{address}?amount=1"), format!(" {address}\u{200b} "), format!("\"{address}\"")] {
            assert_eq!(bare(&text), address, "{text:?}");
        }
        let script = format!("nonstandard:{}", "ab".repeat(32));
        assert_eq!(bare(&script), script);
        let output = format!("{}:1", "ab".repeat(32));
        assert_eq!(bare(&output), output);
        assert!(is_identifier(address) && !is_identifier("Locky") && !is_identifier("Silk Road 2.0 and more words"));
    }
}
