//! Entities: clusters and addresses with their tags, mapped onto a ledger.

use crate::categories::Categories;
use crate::cluster::Clusters;
use crate::tags::{Tag, TagStore, weightiest};
use crate::taxonomy::Category;
use crate::tlp::Tlp;
use holdfast_bitcoin::AddressKey;
use holdfast_bitcoin::ownerless::is_ownerless;
use holdfast_utxo_ledger::Ledger;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

/// Tags of a ledger's addresses, and the category that each address counts under.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Entities {
    categories: Categories,
    /// Tagged addresses of the ledger: address number to tag numbers.
    tags: Arc<HashMap<u32, Vec<u32>>>,
    /// Clusters that definer tags name: cluster to its definers, the deciding one first.
    definers: Arc<HashMap<u32, Vec<Definer>>>,
}

/// A tag that holds for the whole cluster of its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Definer {
    tag: u32,
    address: u32,
    category: Category,
}

impl Definer {
    fn new(store: &TagStore, tag: u32, address: u32) -> Self {
        Definer { tag, address, category: store.tag(tag).concept() }
    }
}

/// Puts the deciding definer of a cluster first.
fn sort_definers(store: &TagStore, definers: &mut [Definer]) {
    let rank = |i: u32| {
        let tag = store.tag(i);
        (tag.confidence.level(), tag.concept().risk(), std::cmp::Reverse(i))
    };
    definers.sort_by_key(|d| std::cmp::Reverse(rank(d.tag)));
}

impl Entities {
    /// Maps tags onto a ledger. Tags on scripts without an owner are left out: who uses such a script is not who was tagged.
    /// An address counts under its own weightiest tag (by confidence level within the riskiest concept);
    /// without one, under the tag that defines its cluster. Where several definers name one cluster, the most
    /// confident counts, the riskier on a tie, then the one imported first.
    pub fn build(ledger: &Ledger, clusters: &Clusters, store: &TagStore) -> Self {
        let mut tags: HashMap<u32, Vec<u32>> = HashMap::new();
        for (i, key) in store.script_keys().into_iter().filter(|(_, key)| !is_ownerless(key)) {
            if let Some(address) = ledger.address_number(&key) {
                tags.entry(address).or_default().push(i);
            }
        }
        let mut definers: HashMap<u32, Vec<Definer>> = HashMap::new();
        for (address, of_address) in &tags {
            for i in of_address.iter().copied().filter(|i| store.tag(*i).is_cluster_definer) {
                definers.entry(clusters.of(*address)).or_default().push(Definer::new(store, i, *address));
            }
        }
        definers.values_mut().for_each(|all| sort_definers(store, all));
        let mut categories = vec![0u8; ledger.counts().addresses as usize];
        if !definers.is_empty() {
            let roots = clusters.all();
            for (category, root) in categories.iter_mut().zip(&roots) {
                if let Some(first) = definers.get(root).and_then(|all| all.first()) {
                    *category = first.category.0;
                }
            }
        }
        for (address, of_address) in &tags {
            let own = of_address.iter().map(|i| store.tag(*i));
            if let Some(best) = weightiest(own) {
                categories[*address as usize] = best.concept().0;
            }
        }
        Entities { categories: categories.as_slice().into(), tags: Arc::new(tags), definers: Arc::new(definers) }
    }

    /// Follows what changed of the ledger, the clusters and the tags. `before` are the clusters that these entities are of, `clusters` what
    /// became of them, also by a reorganization; `retagged` are the scripts whose tags changed ([`TagStore::touched_since`]). Equal to
    /// [`Entities::build`] on the new state; what did not change is not read.
    #[must_use]
    pub fn update(
        &self,
        ledger: &Ledger,
        before: &Clusters,
        clusters: &Clusters,
        store: &TagStore,
        retagged: &[AddressKey],
    ) -> Self {
        let addresses = ledger.counts().addresses;
        // Merges and addresses before these are the same as before.
        let (same_merges, kept) = before.fork(ledger);
        let mut next =
            Entities { categories: self.categories.clone(), tags: self.tags.clone(), definers: self.definers.clone() };
        // Addresses whose own tags are looked up again.
        let mut own: BTreeSet<u32> = (kept..addresses).collect();
        own.extend(retagged.iter().filter(|key| !is_ownerless(key)).filter_map(|key| ledger.address_number(key)));
        next.retag(ledger, store, kept..before.addresses(), &own);
        // Addresses whose clusters are looked up again.
        let merges = before.merges()[same_merges..].iter().chain(&clusters.merges()[same_merges..]);
        let mut touched: BTreeSet<u32> = merges.flat_map(|m| [m.a, m.b]).collect();
        touched.extend(own.iter().filter(|a| **a < kept));
        let known = touched.iter().copied().filter(|a| *a < before.addresses());
        let old: HashSet<u32> = known.chain(kept..before.addresses()).map(|a| before.of(a)).collect();
        next.redefine(clusters, store, &old, &own);
        next.categories.resize(kept as usize);
        next.categories.resize(addresses as usize);
        let mut recount: Vec<u32> = own.into_iter().collect();
        let deciding =
            |entities: &Self, cluster| entities.definers.get(&cluster).and_then(|all| all.first()).map(|d| d.category);
        let mut seen = HashSet::new();
        for address in touched.into_iter().filter(|a| *a < kept) {
            let (was, is) = (before.of(address), clusters.of(address));
            if !seen.insert((was, is)) || deciding(self, was) == deciding(&next, is) {
                continue;
            }
            // What was one cluster and is one: whichever side is smaller names all that may have changed.
            match before.size(was) < clusters.size(is) {
                true => recount.extend(before.each_member(was).filter(|a| *a < kept)),
                false => recount.extend(clusters.each_member(is).filter(|a| *a < kept)),
            }
        }
        for address in recount {
            next.categories.set(address, next.counts_under(store, clusters, address).0);
        }
        next
    }

    /// Looks up the tags of the addresses `own` again, and removes those of addresses that were removed.
    fn retag(&mut self, ledger: &Ledger, store: &TagStore, removed: Range<u32>, own: &BTreeSet<u32>) {
        for address in removed {
            if self.tags.contains_key(&address) {
                Arc::make_mut(&mut self.tags).remove(&address);
            }
        }
        for address in own {
            let key = ledger.address(*address);
            let tags = if is_ownerless(&key) { &[] } else { store.of_script(&key) };
            let same = self.tags.get(address).map_or(&[][..], Vec::as_slice) == tags;
            if !same && tags.is_empty() {
                Arc::make_mut(&mut self.tags).remove(address);
            } else if !same {
                Arc::make_mut(&mut self.tags).insert(*address, tags.to_vec());
            }
        }
    }

    /// Finds definers again: those of the clusters `old`, and of the addresses `own`, whose tags are looked up again.
    fn redefine(&mut self, clusters: &Clusters, store: &TagStore, old: &HashSet<u32>, own: &BTreeSet<u32>) {
        let mut tagged: BTreeSet<u32> = own.iter().copied().filter(|a| self.tags.contains_key(a)).collect();
        let defined: Vec<u32> = old.iter().copied().filter(|root| self.definers.contains_key(root)).collect();
        if tagged.is_empty() && defined.is_empty() {
            return;
        }
        let definers = Arc::make_mut(&mut self.definers);
        for root in defined {
            tagged.extend(definers.remove(&root).into_iter().flatten().map(|d| d.address));
        }
        let mut changed: HashMap<u32, Vec<Definer>> = HashMap::new();
        for address in tagged {
            let tags = self.tags.get(&address).into_iter().flatten().copied();
            for tag in tags.filter(|i| store.tag(*i).is_cluster_definer) {
                changed.entry(clusters.of(address)).or_default().push(Definer::new(store, tag, address));
            }
        }
        for (root, mut all) in changed {
            sort_definers(store, &mut all);
            definers.insert(root, all);
        }
    }

    /// Returns what an address counts under by its own tags, else by its cluster's.
    fn counts_under(&self, store: &TagStore, clusters: &Clusters, address: u32) -> Category {
        let own = weightiest(self.tags_of(store, address));
        own.or_else(|| self.definer(store, clusters.of(address))).map_or(Category::UNATTRIBUTED, Tag::concept)
    }

    /// Returns the category of every address, by number; 0 is unattributed.
    pub fn categories(&self) -> &Categories {
        &self.categories
    }

    /// Returns the category of an address.
    #[inline]
    pub fn category(&self, address: u32) -> Category {
        Category(self.categories.get(address))
    }

    /// Returns the category of an address for a reader of labels up to `clearance`: tags above it do not exist for them.
    pub fn category_for(&self, store: &TagStore, clusters: &Clusters, address: u32, clearance: Tlp) -> Category {
        let all = self.category(address);
        if !all.is_attributed() || !store.any_above(clearance) {
            return all;
        }
        self.tag_for(store, clusters, address, clearance).map_or(Category::UNATTRIBUTED, Tag::concept)
    }

    /// Returns the tag that an address counts under for a reader of labels up to `clearance`: its own weightiest, else its cluster's.
    pub fn tag_for<'a>(
        &'a self,
        store: &'a TagStore,
        clusters: &Clusters,
        address: u32,
        clearance: Tlp,
    ) -> Option<&'a Tag> {
        self.tag_where(store, clusters, address, &|t| t.is_for(clearance))
    }

    /// As [`Entities::tag_for`], among the tags that are visible.
    pub fn tag_where<'a>(
        &'a self,
        store: &'a TagStore,
        clusters: &Clusters,
        address: u32,
        visible: &dyn Fn(&Tag) -> bool,
    ) -> Option<&'a Tag> {
        let own = weightiest(self.tags_of(store, address).filter(|t| visible(t)));
        own.or_else(|| {
            let definers = self.definers.get(&clusters.of(address))?;
            definers.iter().map(|d| store.tag(d.tag)).find(|t| visible(t))
        })
    }

    /// Returns the tag that defines a cluster for a reader of labels up to `clearance`.
    pub fn definer_for<'a>(&self, store: &'a TagStore, cluster: u32, clearance: Tlp) -> Option<&'a Tag> {
        let mut all = self.definers.get(&cluster)?.iter().map(|d| store.tag(d.tag));
        all.find(|t| t.is_for(clearance))
    }

    /// Returns the tags of an address itself.
    pub fn tags_of<'a>(&'a self, store: &'a TagStore, address: u32) -> impl Iterator<Item = &'a Tag> {
        self.tags.get(&address).into_iter().flatten().map(|i| store.tag(*i))
    }

    /// Returns the tag that an address counts under through its cluster.
    pub fn definer<'a>(&self, store: &'a TagStore, cluster: u32) -> Option<&'a Tag> {
        self.definers.get(&cluster)?.first().map(|d| store.tag(d.tag))
    }

    /// Returns the name to show for an address: its own weightiest tag's label, else its cluster's.
    pub fn name<'a>(&'a self, store: &'a TagStore, clusters: &Clusters, address: u32) -> Option<&'a str> {
        let own = weightiest(self.tags_of(store, address));
        own.or_else(|| self.definer(store, clusters.of(address))).map(|t| t.label.as_str())
    }

    /// Returns the numbers of the ledger's addresses that have tags of their own, rising.
    pub fn tagged(&self) -> Vec<u32> {
        let mut all: Vec<u32> = self.tags.keys().copied().collect();
        all.sort_unstable();
        all
    }
}
