//! Tags and actors, from any source, in one store.

use crate::sealed;
use crate::taxonomy::Category;
use holdfast_chain::{AddressKey, Network};
use holdfast_types::Address;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// How far a tag can be relied on: GraphSense's scale (`confidence.csv` of the TagPack tool), weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Confidence {
    #[default]
    Unknown,
    Heuristic,
    WebCrawl,
    UntrustedTransaction,
    Forensic,
    ServiceData,
    TrustedProvider,
    AuthorityData,
    ServiceApi,
    ManualTransaction,
    LedgerImmanent,
    Ownership,
    Override,
}

impl Confidence {
    const TABLE: [(Confidence, &'static str, u8); 13] = [
        (Confidence::Unknown, "unknown", 5),
        (Confidence::Heuristic, "heuristic", 10),
        (Confidence::WebCrawl, "web_crawl", 20),
        (Confidence::UntrustedTransaction, "untrusted_transaction", 40),
        (Confidence::Forensic, "forensic", 50),
        (Confidence::ServiceData, "service_data", 50),
        (Confidence::TrustedProvider, "trusted_provider", 50),
        (Confidence::AuthorityData, "authority_data", 60),
        (Confidence::ServiceApi, "service_api", 70),
        (Confidence::ManualTransaction, "manual_transaction", 90),
        (Confidence::LedgerImmanent, "ledger_immanent", 100),
        (Confidence::Ownership, "ownership", 100),
        (Confidence::Override, "override", 100),
    ];

    /// Reads GraphSense's name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::TABLE.iter().find(|(_, n, _)| *n == name).map(|(c, _, _)| *c)
    }

    /// GraphSense's name.
    pub fn name(self) -> &'static str {
        Self::TABLE[self as usize].1
    }

    /// 0 to 100.
    pub fn level(self) -> u8 {
        Self::TABLE[self as usize].2
    }
}

/// An attribution tag: somebody says who or what an address is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// The address as its source writes it.
    pub address: String,
    /// Ticker of the asset or network (BTC, LTC, ETH, ...).
    pub asset: String,
    /// Name given.
    pub label: String,
    /// Where it can be verified: a link or reference.
    pub source: String,
    /// Kind of entity, as written.
    pub category: Option<String>,
    /// Kind of abuse, as written.
    pub abuse: Option<String>,
    /// Further concepts, as written.
    pub concepts: Vec<String>,
    /// Reliability.
    pub confidence: Confidence,
    /// Whether the tag holds for the whole cluster of the address.
    pub is_cluster_definer: bool,
    /// Actor id.
    pub actor: Option<String>,
    /// Last modification as written (YYYY-MM-DD where known).
    pub lastmod: String,
    /// Title of the pack or list.
    pub pack: String,
    /// Its file, relative to what was imported.
    pub file: String,
    /// Who made the pack.
    pub creator: String,
}

impl Tag {
    /// The tag's weightiest known concept: abuses before kinds, riskier first.
    pub fn concept(&self) -> Category {
        self.abuse
            .iter()
            .chain(&self.category)
            .chain(&self.concepts)
            .filter_map(|name| Category::from_name(name))
            .max_by_key(|c| (c.risk(), c.is_abuse(), std::cmp::Reverse(c.0)))
            .unwrap_or(if self.abuse.is_some() {
                Category::from_name("other_abuse").expect("in the table")
            } else {
                Category::OTHER
            })
    }
}

/// The tag that an address with these tags counts under: the riskiest, among those the most confident, among those the last imported.
/// The ledger's answers and the verifier of evidence bundles must agree on it.
pub fn weightiest<'a>(tags: impl IntoIterator<Item = &'a Tag>) -> Option<&'a Tag> {
    tags.into_iter().max_by_key(|t| (t.concept().risk(), t.confidence.level()))
}

/// A real-world actor (GraphSense ActorPack).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// Id that tags refer to.
    pub id: String,
    /// Name.
    pub label: String,
    /// Kinds, as written.
    pub categories: Vec<String>,
    /// Jurisdictions (ISO 3166 codes).
    pub jurisdictions: Vec<String>,
    /// Website.
    pub uri: Option<String>,
}

/// Two tags of one address that do not say the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Conflict {
    /// The address.
    pub address: String,
    /// Its asset.
    pub asset: String,
    /// What they disagree on: `actor` or `category`.
    pub field: &'static str,
    /// The differing values with the packs that say so.
    pub values: Vec<(String, String)>,
}

/// All tags and actors, with look-up by address.
#[derive(Clone, Debug, Default)]
pub struct TagStore {
    tags: Vec<Tag>,
    actors: Vec<Actor>,
    by_address: HashMap<Address, Vec<u32>>,
    actor_by_id: HashMap<String, u32>,
}

/// Why a tag store's file does not read.
#[derive(Debug, thiserror::Error)]
pub enum TagStoreError {
    /// The system refused, or the file is damaged.
    #[error("{0}: {1}; if it is damaged, remove it and import the tags again")]
    Io(PathBuf, #[source] std::io::Error),
    /// Its contents do not decode.
    #[error("{0}: {1}; remove it and import the tags again")]
    Format(PathBuf, String),
}

const MAGIC: &[u8; 8] = b"HFTAGS01";

impl TagStore {
    /// Adds tags, leaving out exact repeats. Returns how many were new.
    pub fn add_tags(&mut self, tags: impl IntoIterator<Item = Tag>) -> usize {
        let before = self.tags.len();
        let tags: Vec<Tag> = tags.into_iter().collect();
        let addresses: Vec<Address> = tags.par_iter().with_min_len(64).map(|t| Address::read(&t.address)).collect();
        for (tag, address) in tags.into_iter().zip(addresses) {
            let known = self.by_address.entry(address).or_default();
            if known.iter().any(|i| self.tags[*i as usize] == tag) {
                continue;
            }
            known.push(self.tags.len() as u32);
            self.tags.push(tag);
        }
        self.tags.len() - before
    }

    /// Adds actors; a later one with the same id replaces the earlier.
    pub fn add_actors(&mut self, actors: impl IntoIterator<Item = Actor>) {
        for actor in actors {
            match self.actor_by_id.get(&actor.id) {
                Some(i) => self.actors[*i as usize] = actor,
                None => {
                    self.actor_by_id.insert(actor.id.clone(), self.actors.len() as u32);
                    self.actors.push(actor);
                }
            }
        }
    }

    /// Removes all tags of a pack (withdrawing a source). Returns how many.
    pub fn remove_pack(&mut self, title: &str) -> usize {
        let before = self.tags.len();
        self.tags.retain(|t| t.pack != title);
        self.reindex();
        before - self.tags.len()
    }

    fn reindex(&mut self) {
        self.by_address.clear();
        let addresses: Vec<Address> = self.tags.par_iter().map(|t| Address::read(&t.address)).collect();
        for (i, address) in addresses.into_iter().enumerate() {
            self.by_address.entry(address).or_default().push(i as u32);
        }
        self.actor_by_id = self.actors.iter().enumerate().map(|(i, a)| (a.id.clone(), i as u32)).collect();
    }

    /// All tags.
    pub fn tags(&self) -> &[Tag] {
        &self.tags
    }

    /// All actors.
    pub fn actors(&self) -> &[Actor] {
        &self.actors
    }

    /// The actor with an id.
    pub fn actor(&self, id: &str) -> Option<&Actor> {
        self.actor_by_id.get(id).map(|i| &self.actors[*i as usize])
    }

    /// Tags of an address in any of its forms, under whatever asset they were given: who controls a script or account controls it on every
    /// chain of its family.
    pub fn tags_of(&self, address: &str) -> impl Iterator<Item = &Tag> {
        self.by_address.get(&Address::read(address)).into_iter().flatten().map(|i| &self.tags[*i as usize])
    }

    /// Numbers of tags that name scripts of the Bitcoin family, with their keys, in the order of their import: a script that is tagged on
    /// one of its chains is the same owner's on all of them.
    pub fn script_keys(&self) -> Vec<(u32, AddressKey)> {
        let scripts = self.by_address.iter().filter_map(|(address, tags)| Some((*address.script()?, tags)));
        let mut keys: Vec<(u32, AddressKey)> =
            scripts.flat_map(|(key, tags)| tags.iter().map(move |i| (*i, key))).collect();
        keys.sort_unstable();
        keys
    }

    /// Tags of the network's asset whose address is no script: they match nothing on its chain.
    pub fn unparsable(&self, network: Network) -> impl Iterator<Item = &Tag> + '_ {
        let asset = network.parameters().asset;
        self.tags.iter().filter(move |t| t.asset == asset && Address::read(&t.address).script().is_none())
    }

    /// Addresses whose tags name different actors, or both an abuse and an ordinary service or two abuses.
    pub fn conflicts(&self) -> Vec<Conflict> {
        let mut out = Vec::new();
        let mut addresses: Vec<&Address> =
            self.by_address.iter().filter(|(_, t)| t.len() > 1).map(|(a, _)| a).collect();
        addresses.sort_unstable();
        for address in addresses {
            let tags: Vec<&Tag> = self.by_address[address].iter().map(|i| &self.tags[*i as usize]).collect();
            let mut assets: Vec<&str> = tags.iter().map(|t| t.asset.as_str()).collect();
            assets.sort_unstable();
            assets.dedup();
            for asset in assets {
                let here = tags.iter().filter(|t| t.asset == asset);
                let mut actors: Vec<(String, String)> =
                    here.clone().filter_map(|t| Some((t.actor.clone()?, t.pack.clone()))).collect();
                let mut categories: Vec<(String, String)> = here
                    .map(|t| (t.concept(), t))
                    .filter(|(c, _)| *c != Category::OTHER && c.name() != "user" && c.name() != "organization")
                    .map(|(c, t)| (c.name().to_owned(), t.pack.clone()))
                    .collect();
                for (field, values) in [("actor", &mut actors), ("category", &mut categories)] {
                    values.sort();
                    values.dedup_by(|a, b| a.0 == b.0);
                    if values.len() > 1 {
                        let (address, asset) = (tags[0].address.clone(), asset.to_owned());
                        out.push(Conflict { address, asset, field, values: std::mem::take(values) });
                    }
                }
            }
        }
        out
    }

    /// Writes the store to a file, atomically.
    ///
    /// # Errors
    /// [`TagStoreError::Io`].
    pub fn save(&self, path: &Path) -> Result<(), TagStoreError> {
        let body = postcard::to_stdvec(&(&self.tags, &self.actors))
            .map_err(|e| TagStoreError::Format(path.to_owned(), e.to_string()))?;
        sealed::save(path, MAGIC, &body).map_err(|e| TagStoreError::Io(path.to_owned(), e))
    }

    /// Reads a store's file; an absent one is an empty store.
    ///
    /// # Errors
    /// [`TagStoreError`] when it is damaged or of another version.
    pub fn load(path: &Path) -> Result<Self, TagStoreError> {
        let body = sealed::load(path, MAGIC).map_err(|e| TagStoreError::Io(path.to_owned(), e))?;
        let Some(body) = body else { return Ok(TagStore::default()) };
        let (tags, actors) =
            postcard::from_bytes(&body).map_err(|e| TagStoreError::Format(path.to_owned(), e.to_string()))?;
        let mut store = TagStore { tags, actors, ..TagStore::default() };
        store.reindex();
        Ok(store)
    }
}

/// The text that a tag keeps of its address: as its source writes it, but EVM accounts in lower case, so that one tag in two spellings is one.
pub fn normal(address: &str) -> String {
    match Address::read(address) {
        account @ Address::Evm(_) => account.to_string(),
        Address::Other(text) => text.into(),
        _ => address.trim().to_owned(),
    }
}

#[cfg(test)]
pub(crate) fn sample(address: &str, label: &str) -> Tag {
    Tag {
        address: address.into(),
        asset: "BTC".into(),
        label: label.into(),
        source: "https://example.org".into(),
        category: Some("exchange".into()),
        abuse: None,
        concepts: Vec::new(),
        confidence: Confidence::Forensic,
        is_cluster_definer: true,
        actor: Some(label.to_lowercase()),
        lastmod: "2024-01-01".into(),
        pack: format!("pack of {label}"),
        file: "a.yaml".into(),
        creator: "test".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stores_read_back_and_conflicts_show() {
        let mut store = TagStore::default();
        assert_eq!(store.add_tags([sample("a", "X"), sample("a", "X"), sample("a", "Y"), sample("b", "X")]), 3);
        assert_eq!(store.conflicts().len(), 1);
        assert_eq!(store.conflicts()[0].field, "actor");
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tags");
        store.save(&path).unwrap();
        let read = TagStore::load(&path).unwrap();
        assert_eq!(read.tags(), store.tags());
        assert_eq!(read.tags_of("a").count(), 2);
        let mut bytes = std::fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(&path, bytes).unwrap();
        assert!(TagStore::load(&path).is_err());
        assert_eq!(store.remove_pack("pack of X"), 2);
        assert_eq!(store.conflicts().len(), 0);
    }

    #[test]
    fn the_weightiest_concept_counts() {
        let mut tag = sample("a", "X");
        assert_eq!(tag.concept().name(), "exchange");
        tag.abuse = Some("ransomware".into());
        assert_eq!(tag.concept().name(), "ransomware");
        tag.abuse = Some("never heard of".into());
        tag.category = None;
        assert_eq!(tag.concept().name(), "other_abuse");
    }
}
