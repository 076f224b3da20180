//! Tags and actors, from any source, in one store.

use crate::taxonomy::Category;
use crate::tlp::Tlp;
use crate::{nobody, sanctions, sealed};
use holdfast_bitcoin::{AddressKey, Network};
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
    /// Who may read it; without a label it counts as [`Tag::UNLABELLED`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tlp: Option<Tlp>,
}

impl Tag {
    /// What a tag without a label counts as: within the organisation and its clients.
    pub const UNLABELLED: Tlp = Tlp::Amber;

    /// Whether somebody may read the tag who may read labels up to `clearance`.
    pub fn is_for(&self, clearance: Tlp) -> bool {
        self.tlp.unwrap_or(Tag::UNLABELLED) <= clearance
    }

    /// The tag for somebody who may know its category but, where its label is above `clearance`, not what it says or who says so.
    pub fn masked(&self, clearance: Tlp) -> std::borrow::Cow<'_, Tag> {
        if self.is_for(clearance) {
            return std::borrow::Cow::Borrowed(self);
        }
        let label = self.tlp.unwrap_or(Tag::UNLABELLED).name();
        // The number of a source tells nobody who it is, and still finds what rests on it.
        let number = |pack: &str| pack.split_once(':').filter(|p| is_source(p.0)).map(|p| p.0.to_owned());
        std::borrow::Cow::Owned(Tag {
            label: format!("{label}: for those who may read it"),
            source: String::new(),
            actor: None,
            pack: number(&self.pack).unwrap_or_else(|| label.to_owned()),
            file: String::new(),
            creator: String::new(),
            ..self.clone()
        })
    }

    /// Whether another tag is this one, whatever its label.
    fn says_as(&self, other: &Tag) -> bool {
        self.label == other.label && self.pack == other.pack && *self == Tag { tlp: self.tlp, ..other.clone() }
    }

    /// Adds what follows from all fields together: an address is sanctioned when its pack, source or actor is a sanctions list or program,
    /// whatever the category says.
    fn complete(&mut self, actors: &HashMap<String, u32>, all: &[Actor]) {
        let says = |name: &String| Category::from_name(name) == Some(Category::SANCTION);
        if self.abuse.iter().chain(&self.category).chain(&self.concepts).any(says) {
            return;
        }
        let actor = self.actor.as_ref().and_then(|id| actors.get(id)).and_then(|i| all.get(*i as usize));
        // A partner's name is not its list's: only its words count.
        let pack = if is_source(&self.pack) { "" } else { self.pack.as_str() };
        if sanctions::is_listed(pack, &self.source, self.actor.as_deref())
            || actor.is_some_and(|a| a.categories.iter().any(says))
        {
            self.concepts.push(Category::SANCTION.name().to_owned());
        }
    }

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
    /// The most restrictive label of any tag.
    strictest: Option<Tlp>,
}

/// A tag as version 1 of the store's file has it: without a label.
#[derive(Serialize, Deserialize)]
struct Stored<T, C> {
    address: T,
    asset: T,
    label: T,
    source: T,
    category: Option<T>,
    abuse: Option<T>,
    concepts: C,
    confidence: Confidence,
    is_cluster_definer: bool,
    actor: Option<T>,
    lastmod: T,
    pack: T,
    file: T,
    creator: T,
}

impl<'a> From<&'a Tag> for Stored<&'a str, &'a [String]> {
    fn from(t: &'a Tag) -> Self {
        Stored {
            address: &t.address,
            asset: &t.asset,
            label: &t.label,
            source: &t.source,
            category: t.category.as_deref(),
            abuse: t.abuse.as_deref(),
            concepts: &t.concepts,
            confidence: t.confidence,
            is_cluster_definer: t.is_cluster_definer,
            actor: t.actor.as_deref(),
            lastmod: &t.lastmod,
            pack: &t.pack,
            file: &t.file,
            creator: &t.creator,
        }
    }
}

impl From<Stored<String, Vec<String>>> for Tag {
    fn from(t: Stored<String, Vec<String>>) -> Self {
        Tag {
            address: t.address,
            asset: t.asset,
            label: t.label,
            source: t.source,
            category: t.category,
            abuse: t.abuse,
            concepts: t.concepts,
            confidence: t.confidence,
            is_cluster_definer: t.is_cluster_definer,
            actor: t.actor,
            lastmod: t.lastmod,
            pack: t.pack,
            file: t.file,
            creator: t.creator,
            tlp: None,
        }
    }
}

/// Whether a pack's title is, or begins like, that of a source of the sharing department (`source 3: name`), which alone changes it.
pub fn is_source(title: &str) -> bool {
    title.strip_prefix("source ").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
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

/// Version 1 has tags and actors; version 2 has the tags' labels after them.
const MAGIC_1: &[u8; 8] = b"HFTAGS01";
const MAGIC: &[u8; 8] = b"HFTAGS02";

impl TagStore {
    /// Adds tags, leaving out exact repeats and addresses that nobody controls. Returns how many were new.
    pub fn add_tags(&mut self, tags: impl IntoIterator<Item = Tag>) -> usize {
        let before = self.tags.len();
        let tags: Vec<Tag> = tags.into_iter().filter(|t| nobody::kind(&t.address).is_none()).collect();
        let addresses: Vec<Address> = tags.par_iter().with_min_len(64).map(|t| Address::read(&t.address)).collect();
        for (mut tag, address) in tags.into_iter().zip(addresses) {
            tag.complete(&self.actor_by_id, &self.actors);
            let known = self.by_address.entry(address).or_default();
            // The same tag with another label is relabelled, not doubled.
            if let Some(same) = known.iter().find(|i| self.tags[**i as usize].says_as(&tag)) {
                let same = &mut self.tags[*same as usize];
                same.tlp = tag.tlp.or(same.tlp);
                self.strictest = self.strictest.max(same.tlp);
                continue;
            }
            self.strictest = self.strictest.max(Some(tag.tlp.unwrap_or(Tag::UNLABELLED)));
            known.push(self.tags.len() as u32);
            self.tags.push(tag);
        }
        self.tags.len() - before
    }

    /// Adds actors; a later one with the same id replaces the earlier. Tags of an actor that is sanctioned become so too.
    pub fn add_actors(&mut self, actors: impl IntoIterator<Item = Actor>) {
        let mut sanctioned = std::collections::HashSet::new();
        for actor in actors {
            if actor.categories.iter().any(|c| Category::from_name(c) == Some(Category::SANCTION)) {
                sanctioned.insert(actor.id.clone());
            }
            match self.actor_by_id.get(&actor.id) {
                Some(i) => self.actors[*i as usize] = actor,
                None => {
                    self.actor_by_id.insert(actor.id.clone(), self.actors.len() as u32);
                    self.actors.push(actor);
                }
            }
        }
        if !sanctioned.is_empty() {
            let theirs = self.tags.iter_mut().filter(|t| t.actor.as_ref().is_some_and(|a| sanctioned.contains(a)));
            theirs.for_each(|t| t.complete(&self.actor_by_id, &self.actors));
        }
    }

    /// A tag with what follows from its fields and from what is known of its actor.
    pub(crate) fn completed(&self, mut tag: Tag) -> Tag {
        tag.complete(&self.actor_by_id, &self.actors);
        tag
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
        self.strictest = self.tags.iter().map(|t| t.tlp.unwrap_or(Tag::UNLABELLED)).max();
    }

    /// Whether any tag has a label above one.
    pub fn any_above(&self, clearance: Tlp) -> bool {
        self.strictest > Some(clearance)
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

    /// Numbers of the tags of a script of the Bitcoin family, in the order of their import.
    pub fn of_script(&self, key: &AddressKey) -> &[u32] {
        self.by_address.get(&Address::Script(*key)).map_or(&[], Vec::as_slice)
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
        self.conflicts_for(Tlp::Red)
    }

    /// As [`TagStore::conflicts`], between tags that somebody may read who may read labels up to `clearance`.
    pub fn conflicts_for(&self, clearance: Tlp) -> Vec<Conflict> {
        let mut out = Vec::new();
        let mut addresses: Vec<&Address> =
            self.by_address.iter().filter(|(_, t)| t.len() > 1).map(|(a, _)| a).collect();
        addresses.sort_unstable();
        for address in addresses {
            let tags = self.by_address[address].iter().map(|i| &self.tags[*i as usize]);
            let tags: Vec<&Tag> = tags.filter(|t| t.is_for(clearance)).collect();
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
        let tags: Vec<Stored<&str, &[String]>> = self.tags.iter().map(Stored::from).collect();
        let labels: Vec<(u32, Tlp)> =
            self.tags.iter().enumerate().filter_map(|(i, t)| Some((i as u32, t.tlp?))).collect();
        let body = postcard::to_stdvec(&(tags, &self.actors, labels))
            .map_err(|e| TagStoreError::Format(path.to_owned(), e.to_string()))?;
        sealed::save(path, MAGIC, &body).map_err(|e| TagStoreError::Io(path.to_owned(), e))
    }

    /// Reads a store's file; an absent one is an empty store.
    ///
    /// # Errors
    /// [`TagStoreError`] when it is damaged or of another version.
    pub fn load(path: &Path) -> Result<Self, TagStoreError> {
        let io = |e| TagStoreError::Io(path.to_owned(), e);
        let format = |e: postcard::Error| TagStoreError::Format(path.to_owned(), e.to_string());
        type Tags = Vec<Stored<String, Vec<String>>>;
        let (tags, actors, labels): (Tags, Vec<Actor>, Vec<(u32, Tlp)>) = match sealed::kind(path).map_err(io)? {
            None => return Ok(TagStore::default()),
            Some(magic) if &magic == MAGIC_1 => {
                let body = sealed::load(path, MAGIC_1).map_err(io)?.unwrap_or_default();
                let (tags, actors) = postcard::from_bytes(&body).map_err(format)?;
                (tags, actors, Vec::new())
            }
            Some(_) => {
                let body = sealed::load(path, MAGIC).map_err(io)?.unwrap_or_default();
                postcard::from_bytes(&body).map_err(format)?
            }
        };
        let mut tags: Vec<Tag> = tags.into_iter().map(Tag::from).collect();
        for (i, label) in labels {
            if let Some(tag) = tags.get_mut(i as usize) {
                tag.tlp = Some(label);
            }
        }
        // What an earlier version imported is held to the same rules.
        tags.retain(|t| nobody::kind(&t.address).is_none());
        let mut store = TagStore { tags, actors, ..TagStore::default() };
        store.reindex();
        store.tags.iter_mut().for_each(|t| t.complete(&store.actor_by_id, &store.actors));
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
        tlp: None,
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
    fn labels_are_stored_and_files_without_labels_still_read() {
        let (mut red, plain) = (sample("a", "X"), sample("b", "Y"));
        red.tlp = Some(Tlp::Red);
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tags");
        // Version 1, as earlier releases wrote it.
        let old: Vec<Stored<&str, &[String]>> = [&red, &plain].map(Stored::from).into();
        let body = postcard::to_stdvec(&(old, Vec::<Actor>::new())).unwrap();
        sealed::save(&path, MAGIC_1, &body).unwrap();
        let mut store = TagStore::load(&path).unwrap();
        assert_eq!(store.tags(), [Tag { tlp: None, ..red.clone() }, plain.clone()]);
        assert!(!store.tags()[0].is_for(Tlp::Green) && store.tags()[0].is_for(Tlp::Amber));
        store.remove_pack(&red.pack);
        store.add_tags([red.clone()]);
        store.save(&path).unwrap();
        assert_eq!(TagStore::load(&path).unwrap().tags(), [plain, red.clone()]);
        let shown = red.masked(Tlp::AmberStrict);
        assert_eq!((shown.concept(), shown.pack.as_str()), (red.concept(), "TLP:RED"));
        assert!(!format!("{shown:?}").contains("example.org"), "{shown:?}");
        red.pack = "source 3: Partner".into();
        assert_eq!(red.masked(Tlp::AmberStrict).pack, "source 3");
        assert_eq!(*red.masked(Tlp::Red), red);
    }

    #[test]
    fn null_and_dead_addresses_are_never_entities() {
        let null = "0x0000000000000000000000000000000000000000";
        let mut store = TagStore::default();
        assert_eq!(store.add_tags([sample(null, "X"), sample("T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb", "X")]), 0);
        // A store that an earlier release wrote.
        store.tags.push(sample(null, "X"));
        let dir = tempfile::tempdir().unwrap();
        store.save(&dir.path().join("tags")).unwrap();
        assert_eq!(TagStore::load(&dir.path().join("tags")).unwrap().tags(), []);
    }

    #[test]
    fn sanctions_follow_from_the_pack_the_source_or_the_actor() {
        let plain = || Tag { category: Some("user".into()), actor: None, ..sample("a", "X") };
        let concept = |tag: Tag| {
            let mut store = TagStore::default();
            store.add_actors([Actor {
                id: "chatex".into(),
                label: "Chatex".into(),
                categories: vec!["exchange".into(), "sanction".into()],
                jurisdictions: Vec::new(),
                uri: None,
            }]);
            store.add_tags([tag]);
            store.tags()[0].concept().name()
        };
        assert_eq!(concept(plain()), "user");
        assert_eq!(concept(Tag { pack: "US Treasury OFAC Sanctions List".into(), ..plain() }), "sanction");
        assert_eq!(
            concept(Tag { source: "https://www.treasury.gov/ofac/downloads/sdnlist.txt".into(), ..plain() }),
            "sanction"
        );
        assert_eq!(concept(Tag { actor: Some("chatex".into()), ..plain() }), "sanction");
        assert_eq!(concept(Tag { concepts: vec!["Sanctions".into()], ..plain() }), "sanction");
        // An actor that is known only later.
        let mut store = TagStore::default();
        store.add_tags([Tag { actor: Some("late".into()), ..plain() }]);
        let late = Actor {
            id: "late".into(),
            label: "L".into(),
            categories: vec!["sanction".into()],
            jurisdictions: Vec::new(),
            uri: None,
        };
        store.add_actors([late]);
        assert_eq!(store.tags()[0].concept().name(), "sanction");
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
