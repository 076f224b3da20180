//! Tags and actors, from any source, in one store.

use crate::taxonomy::Category;
use crate::tlp::Tlp;
use crate::{nobody, sanctions};
use holdfast_bitcoin::{AddressKey, Network};
use holdfast_types::{AccountId, Address, Family};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

mod changes;
mod file;
mod find;
mod index;
mod slots;

pub use changes::TagVersion;
pub use file::{TagFile, TagStoreError};
pub use find::{FoundTags, MAX_FOUND, MAX_PACKS, PackSummary, TagFilter};

use changes::{Change, Changes};
use index::Index;
use slots::Slots;

/// How far a tag can be relied on: GraphSense's scale (`confidence.csv` of the TagPack tool), weakest first.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    Default,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
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
    /// Returns the confidence with GraphSense's name.
    pub fn from_name(name: &str) -> Option<Self> {
        name.parse().ok()
    }

    /// Returns GraphSense's name.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns GraphSense's level, 0 to 100.
    pub fn level(self) -> u8 {
        match self {
            Confidence::Unknown => 5,
            Confidence::Heuristic => 10,
            Confidence::WebCrawl => 20,
            Confidence::UntrustedTransaction => 40,
            Confidence::Forensic | Confidence::ServiceData | Confidence::TrustedProvider => 50,
            Confidence::AuthorityData => 60,
            Confidence::ServiceApi => 70,
            Confidence::ManualTransaction => 90,
            Confidence::LedgerImmanent | Confidence::Ownership | Confidence::Override => 100,
        }
    }
}

/// An attribution tag: a statement by a source of who or what an address is.
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

    /// Returns whether the tag is for readers of labels up to `clearance`.
    pub fn is_for(&self, clearance: Tlp) -> bool {
        self.tlp.unwrap_or(Tag::UNLABELLED) <= clearance
    }

    /// Returns the tag for a reader who may know its category but, where its label is above `clearance`, neither its label nor its source.
    pub fn masked(&self, clearance: Tlp) -> std::borrow::Cow<'_, Tag> {
        if self.is_for(clearance) {
            return std::borrow::Cow::Borrowed(self);
        }
        let label = self.tlp.unwrap_or(Tag::UNLABELLED).name();
        // The number of a source does not identify it, and still finds what rests on it.
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

    /// Returns whether another tag is this one, whatever its label.
    fn states_the_same_as(&self, other: &Tag) -> bool {
        self.label == other.label && self.pack == other.pack && *self == Tag { tlp: self.tlp, ..other.clone() }
    }

    /// Adds what follows from all fields together: an address is sanctioned when its pack, source or actor is a sanctions list or program,
    /// whatever its category.
    fn complete(&mut self, actors: &HashMap<String, usize>, all: &[Actor]) {
        let is_sanction = |name: &String| Category::from_name(name) == Some(Category::SANCTION);
        if self.abuse.iter().chain(&self.category).chain(&self.concepts).any(is_sanction) {
            return;
        }
        let actor = self.actor.as_ref().and_then(|id| actors.get(id)).and_then(|i| all.get(*i));
        // A partner's name is not its list's: only its words count.
        let pack = if is_source(&self.pack) { "" } else { self.pack.as_str() };
        if sanctions::is_listed(pack, &self.source, self.actor.as_deref())
            || actor.is_some_and(|a| a.categories.iter().any(is_sanction))
        {
            self.concepts.push(Category::SANCTION.name().to_owned());
        }
    }

    /// Returns the tag's weightiest known concept: abuses before kinds, riskier first.
    pub fn concept(&self) -> Category {
        self.abuse
            .iter()
            .chain(&self.category)
            .chain(&self.concepts)
            .filter_map(|name| Category::from_name(name))
            .max_by_key(|c| (c.risk(), c.is_abuse(), std::cmp::Reverse(c.0)))
            .unwrap_or(if self.abuse.is_some() { Category::OTHER_ABUSE } else { Category::OTHER })
    }
}

/// Returns the tag that an address with these tags counts under: the riskiest, among those the most confident, among those the last imported.
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

/// Two tags of one address that contradict each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    /// The address.
    pub address: String,
    /// Its asset.
    pub asset: String,
    /// What they disagree on: `actor` or `category`.
    pub field: String,
    /// The differing values, each with its pack.
    pub values: Vec<(String, String)>,
}

/// Returns whether a pack's title is, or begins like, that of a source of the sharing department (`source 3: name`), which alone changes it.
pub fn is_source(title: &str) -> bool {
    title.strip_prefix("source ").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// All tags and actors, with look-up by address. A clone shares what it holds: a change copies the pieces that it touches, and is noted so
/// that a file can store the change alone ([`TagFile`]).
#[derive(Clone, Debug, Default)]
pub struct TagStore {
    slots: Slots,
    actors: Arc<Vec<Actor>>,
    by_address: Index<Address>,
    by_pack: Index<String>,
    actor_by_id: Arc<HashMap<String, usize>>,
    changes: Changes,
}

impl TagStore {
    /// Adds tags, leaving out exact repeats and addresses that nobody controls. Returns how many were new.
    pub fn add_tags(&mut self, tags: impl IntoIterator<Item = Tag>) -> usize {
        self.add_counted(tags, &mut BTreeMap::new())
    }

    /// Adds tags as [`TagStore::add_tags`] does, and counts all of them, repeats too, by the family of their addresses.
    pub(crate) fn add_counted(
        &mut self,
        tags: impl IntoIterator<Item = Tag>,
        families: &mut BTreeMap<Family, usize>,
    ) -> usize {
        let first = self.slots.end();
        let tags: Vec<Tag> = tags.into_iter().filter(|t| nobody::kind(&t.address).is_none()).collect();
        let addresses: Vec<Address> = tags.par_iter().with_min_len(64).map(|t| Address::read(&t.address)).collect();
        let (mut relabelled, mut touched) = (Vec::new(), Vec::new());
        for (mut tag, address) in tags.into_iter().zip(addresses) {
            *families.entry(address.family()).or_default() += 1;
            tag.complete(&self.actor_by_id, &self.actors);
            let known = self.by_address.get(&address);
            // The same tag with another label is relabelled, not doubled.
            if let Some(same) = known.iter().copied().find(|i| self.slots.tag(*i).states_the_same_as(&tag)) {
                let label = tag.tlp.or(self.slots.tag(same).tlp);
                if self.slots.tag(same).tlp != label {
                    self.slots.change(same, |t| t.tlp = label);
                    touched.push(address.clone());
                    relabelled.push(tag);
                }
                continue;
            }
            touched.push(address.clone());
            self.by_pack.push(tag.pack.clone(), self.slots.end());
            self.by_address.push(address, self.slots.end());
            self.slots.push(tag);
        }
        let added = first..self.slots.end();
        let new = added.len();
        if !added.is_empty() {
            self.changes.put(Change::Added(added), std::mem::take(&mut touched));
        }
        if !relabelled.is_empty() {
            self.changes.put(Change::Relabelled(relabelled), touched);
        }
        new
    }

    /// Adds actors; a later one with the same id replaces the earlier. Tags of an actor that is sanctioned become so too.
    pub fn add_actors(&mut self, actors: impl IntoIterator<Item = Actor>) {
        let actors: Vec<Actor> = actors.into_iter().filter(|a| self.actor(&a.id) != Some(a)).collect();
        if actors.is_empty() {
            return;
        }
        let mut sanctioned = HashSet::new();
        let (all, by_id) = (Arc::make_mut(&mut self.actors), Arc::make_mut(&mut self.actor_by_id));
        for actor in &actors {
            if actor.categories.iter().any(|c| Category::from_name(c) == Some(Category::SANCTION)) {
                sanctioned.insert(actor.id.clone());
            }
            match by_id.get(&actor.id) {
                Some(i) => all[*i] = actor.clone(),
                None => {
                    by_id.insert(actor.id.clone(), all.len());
                    all.push(actor.clone());
                }
            }
        }
        let mut touched = Vec::new();
        if !sanctioned.is_empty() {
            let of_sanctioned = |t: &Tag| t.actor.as_ref().is_some_and(|a| sanctioned.contains(a));
            let numbers: Vec<u32> = self.slots.numbered().filter(|(_, t)| of_sanctioned(t)).map(|(i, _)| i).collect();
            for i in numbers {
                let mut tag = self.slots.tag(i).clone();
                tag.complete(&self.actor_by_id, &self.actors);
                if tag != *self.slots.tag(i) {
                    touched.push(Address::read(&tag.address));
                    self.slots.change(i, |t| *t = tag);
                }
            }
        }
        self.changes.put(Change::Actors(actors), touched);
    }

    /// Returns a tag with what follows from its fields and from what is known of its actor.
    pub(crate) fn completed(&self, mut tag: Tag) -> Tag {
        tag.complete(&self.actor_by_id, &self.actors);
        tag
    }

    /// Removes all tags of a pack (withdrawing a source). Returns how many.
    pub fn remove_pack(&mut self, title: &str) -> usize {
        let numbers = self.by_pack.take(title);
        let mut touched = Vec::new();
        for i in &numbers {
            let address = Address::read(&self.slots.tag(*i).address);
            self.by_address.remove(&address, *i);
            touched.push(address);
            self.slots.remove(*i);
        }
        if !numbers.is_empty() {
            self.changes.put(Change::Removed(title.to_owned()), touched);
        }
        numbers.len()
    }

    /// Removes one tag; the others of its pack stay as they are, and untouched. Returns whether it was there.
    pub(crate) fn take_tag(&mut self, tag: &Tag) -> bool {
        let address = Address::read(&tag.address);
        let found = self.by_address.get(&address).iter().copied().find(|i| self.slots.tag(*i) == tag);
        let Some(number) = found else { return false };
        self.by_address.remove(&address, number);
        self.by_pack.remove(&tag.pack, number);
        self.slots.remove(number);
        self.changes.put(Change::Taken(Box::new(tag.clone())), vec![address]);
        true
    }

    /// Returns whether a pack has tags.
    #[must_use]
    pub fn has_pack(&self, title: &str) -> bool {
        !self.by_pack.get(title).is_empty()
    }

    /// Returns the tags of a pack, in the order of their import.
    pub fn of_pack(&self, title: &str) -> impl Iterator<Item = &Tag> {
        self.by_pack.get(title).iter().map(|i| self.slots.tag(*i))
    }

    /// Returns whether any tag has a label above one.
    pub fn any_above(&self, clearance: Tlp) -> bool {
        self.slots.strictest() > Some(clearance)
    }

    /// Returns all tags, in the order of their import.
    pub fn iter(&self) -> impl Iterator<Item = &Tag> {
        self.slots.numbered().map(|(_, tag)| tag)
    }

    /// Returns all tags, for work on all cores.
    pub fn par_iter(&self) -> impl ParallelIterator<Item = &Tag> {
        self.slots.par_iter()
    }

    /// Returns how many tags there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Returns whether there are no tags.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the tag with a number, also one that was removed since.
    #[must_use]
    pub fn tag(&self, number: u32) -> &Tag {
        self.slots.tag(number)
    }

    /// Returns all actors.
    pub fn actors(&self) -> &[Actor] {
        &self.actors
    }

    /// Returns the actor with an id.
    pub fn actor(&self, id: &str) -> Option<&Actor> {
        self.actor_by_id.get(id).map(|i| &self.actors[*i])
    }

    /// Returns what [`TagStore::touched_since`] counts from.
    #[must_use]
    pub fn version(&self) -> TagVersion {
        self.changes.version()
    }

    /// Returns the scripts whose tags changed since a version of this store; `None` when that is not known any more.
    #[must_use]
    pub fn touched_since(&self, version: TagVersion) -> Option<Vec<AddressKey>> {
        let touched = self.changes.touched_since(version)?;
        Some(touched.iter().filter_map(|address| address.script()).copied().collect())
    }

    /// Returns the addresses, of all chains, whose tags changed since a version of this store; `None` when that is not known any more.
    #[must_use]
    pub fn touched_addresses_since(&self, version: TagVersion) -> Option<Vec<Address>> {
        self.changes.touched_since(version)
    }

    /// Drops the record of what changed before a version, whose changes a file has; where many tags were removed, renumbers them.
    pub fn drop_changes(&mut self, before: TagVersion) {
        self.changes.drop_before(before);
        if self.changes.is_empty() && self.slots.is_sparse() {
            *self = TagStore::from_parts(self.iter().cloned().collect(), self.actors.to_vec());
        }
    }

    /// Returns a store of tags that are complete, in this order.
    fn from_parts(tags: Vec<Tag>, actors: Vec<Actor>) -> Self {
        let addresses: Vec<Address> = tags.par_iter().map(|t| Address::read(&t.address)).collect();
        let ids = actors.iter().enumerate().map(|(i, a)| (a.id.clone(), i)).collect();
        let mut store = TagStore { actors: Arc::new(actors), actor_by_id: Arc::new(ids), ..TagStore::default() };
        for (mut tag, address) in tags.into_iter().zip(addresses) {
            tag.complete(&store.actor_by_id, &store.actors);
            store.by_address.push(address, store.slots.end());
            store.by_pack.push(tag.pack.clone(), store.slots.end());
            store.slots.push(tag);
        }
        store
    }

    /// Returns the tags of an address in any of its forms, under whatever asset they were given: who controls a script or account controls it on every
    /// chain of its family.
    pub fn tags_of(&self, address: &str) -> impl Iterator<Item = &Tag> {
        self.by_address.get(&Address::read(address)).iter().map(|i| self.slots.tag(*i))
    }

    /// Returns the numbers of the tags of a script of the Bitcoin family, in the order of their import.
    pub fn of_script(&self, key: &AddressKey) -> &[u32] {
        self.by_address.get(&Address::Script(*key))
    }

    /// Returns the numbers of tags that name scripts of the Bitcoin family, with their keys, in the order of their import: a script that is tagged on
    /// one of its chains is the same owner's on all of them.
    pub fn script_keys(&self) -> Vec<(u32, AddressKey)> {
        let scripts = self.by_address.iter().filter_map(|(address, tags)| Some((*address.script()?, tags)));
        let mut keys: Vec<(u32, AddressKey)> =
            scripts.flat_map(|(key, tags)| tags.iter().map(move |i| (*i, key))).collect();
        keys.sort_unstable();
        keys
    }

    /// Returns the tagged accounts of a family of account chains, rising, with the numbers of their tags in the order of their import. Who controls an
    /// account controls it on every chain of the family.
    pub fn accounts(&self, family: Family) -> Vec<(AccountId, &[u32])> {
        let of_family = self.by_address.iter().filter(|(address, _)| address.family() == family);
        let mut all: Vec<(AccountId, &[u32])> =
            of_family.filter_map(|(a, tags)| Some((AccountId::try_from(a).ok()?, tags.as_slice()))).collect();
        all.sort_unstable_by_key(|(account, _)| *account);
        all
    }

    /// Returns the numbers of the tags of an address, in the order of their import.
    pub fn of_address(&self, address: &Address) -> &[u32] {
        self.by_address.get(address)
    }

    /// Returns the tags of the network's asset whose address is no script: they match nothing on its chain.
    pub fn unparsable(&self, network: Network) -> impl Iterator<Item = &Tag> + '_ {
        let asset = network.parameters().asset;
        self.iter().filter(move |t| t.asset == asset && Address::read(&t.address).script().is_none())
    }

    /// Returns the addresses whose tags name different actors, or both an abuse and an ordinary service or two abuses.
    pub fn conflicts(&self) -> Vec<Conflict> {
        self.conflicts_for(Tlp::Red)
    }

    /// As [`TagStore::conflicts`], between the tags for a reader of labels up to `clearance`.
    pub fn conflicts_for(&self, clearance: Tlp) -> Vec<Conflict> {
        let mut out = Vec::new();
        let mut addresses: Vec<&Address> =
            self.by_address.iter().filter(|(_, t)| t.len() > 1).map(|(a, _)| a).collect();
        addresses.sort_unstable();
        for address in addresses {
            let tags = self.by_address.get(address).iter().map(|i| self.slots.tag(*i));
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
                        let field = field.to_owned();
                        out.push(Conflict { address, asset, field, values: std::mem::take(values) });
                    }
                }
            }
        }
        out
    }
}

/// Returns the text that a tag stores of its address: as its source writes it, but EVM accounts in lower case, so that one tag in two spellings is
/// one.
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
        assert!(read.iter().eq(store.iter()));
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
        let old: Vec<file::Stored<&str, &[String]>> = [&red, &plain].map(file::Stored::from).into();
        let body = postcard::to_stdvec(&(old, Vec::<Actor>::new())).unwrap();
        crate::sealed::save(&path, file::MAGIC_1, &body).unwrap();
        let mut store = TagStore::load(&path).unwrap();
        assert!(store.iter().eq([&Tag { tlp: None, ..red.clone() }, &plain]));
        assert!(!store.tag(0).is_for(Tlp::Green) && store.tag(0).is_for(Tlp::Amber));
        store.remove_pack(&red.pack);
        store.add_tags([red.clone()]);
        store.save(&path).unwrap();
        assert!(TagStore::load(&path).unwrap().iter().eq([&plain, &red]));
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
        store.slots.push(sample(null, "X"));
        let dir = tempfile::tempdir().unwrap();
        store.save(&dir.path().join("tags")).unwrap();
        assert!(TagStore::load(&dir.path().join("tags")).unwrap().is_empty());
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
            store.tag(0).concept().name()
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
        assert_eq!(store.tag(0).concept().name(), "sanction");
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
