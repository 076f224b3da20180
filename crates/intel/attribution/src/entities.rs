//! Entities: clusters and addresses with their tags, mapped onto a ledger.

use crate::cluster::Clusters;
use crate::tags::{Tag, TagStore, weightiest};
use crate::taxonomy::Category;
use crate::tlp::Tlp;
use holdfast_bitcoin::ownerless::is_ownerless;
use holdfast_utxo_ledger::Ledger;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Tags of a ledger's addresses, and the category that each address counts under.
#[derive(Debug, PartialEq, Eq)]
pub struct Entities {
    /// By address number: category, 0 when unattributed.
    categories: Vec<u8>,
    /// Tagged addresses of the ledger: address number to tag numbers.
    tags: Arc<HashMap<u32, Vec<u32>>>,
    /// Clusters that definer tags name: cluster to its definers, the deciding one first.
    definers: HashMap<u32, Vec<u32>>,
}

/// Puts the deciding definer of a cluster first.
fn sort_definers(store: &TagStore, definers: &mut [u32]) {
    let rank = |i: u32| {
        let tag = &store.tags()[i as usize];
        (tag.confidence.level(), tag.concept().risk(), std::cmp::Reverse(i))
    };
    definers.sort_by_key(|i| std::cmp::Reverse(rank(*i)));
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
        let mut definers: HashMap<u32, Vec<u32>> = HashMap::new();
        for (address, of_address) in &tags {
            for i in of_address.iter().copied().filter(|i| store.tags()[*i as usize].is_cluster_definer) {
                definers.entry(clusters.of(*address)).or_default().push(i);
            }
        }
        definers.values_mut().for_each(|all| sort_definers(store, all));
        let mut categories = vec![0u8; ledger.counts().addresses as usize];
        if !definers.is_empty() {
            let roots = clusters.all();
            for (category, root) in categories.iter_mut().zip(&roots) {
                if let Some(tag) = definers.get(root).and_then(|all| all.first()) {
                    *category = store.tags()[*tag as usize].concept().0;
                }
            }
        }
        for (address, of_address) in &tags {
            let own = of_address.iter().map(|i| &store.tags()[*i as usize]);
            if let Some(best) = weightiest(own) {
                categories[*address as usize] = best.concept().0;
            }
        }
        Entities { categories, tags: Arc::new(tags), definers }
    }

    /// Takes in the addresses and merges that came since, while the tags stayed the same. `before` are the clusters that these entities are
    /// of, `clusters` what became of them. Equal to [`Entities::build`] on the new state; what did not change is not looked at.
    #[must_use]
    pub fn update(&self, ledger: &Ledger, before: &Clusters, clusters: &Clusters, store: &TagStore) -> Self {
        let known = self.categories.len() as u32;
        let mut next = Entities {
            categories: self.categories.clone(),
            tags: self.tags.clone(),
            definers: HashMap::with_capacity(self.definers.len()),
        };
        for (root, definers) in &self.definers {
            next.definers.entry(clusters.of(*root)).or_default().extend(definers);
        }
        for address in known..ledger.counts().addresses {
            let key = ledger.address(address);
            let tags = store.of_script(&key);
            if tags.is_empty() || is_ownerless(&key) {
                continue;
            }
            Arc::make_mut(&mut next.tags).insert(address, tags.to_vec());
            for i in tags.iter().copied().filter(|i| store.tags()[*i as usize].is_cluster_definer) {
                next.definers.entry(clusters.of(address)).or_default().push(i);
            }
        }
        next.definers.values_mut().for_each(|all| sort_definers(store, all));
        next.categories.resize(ledger.counts().addresses as usize, 0);
        for address in known..ledger.counts().addresses {
            next.categories[address as usize] = next.counts_under(store, clusters, address).0;
        }
        // Older addresses count under something else only where their cluster has another deciding tag than before.
        let deciding = |entities: &Self, cluster| entities.definer(store, cluster).map_or(0, |t| t.concept().0);
        let merges = &clusters.merges()[before.merges().len()..];
        let touched = merges.iter().flat_map(|m| [m.a, m.b]).filter(|a| *a < known).map(|a| before.of(a));
        let changed: HashSet<u32> =
            touched.filter(|root| deciding(self, *root) != deciding(&next, clusters.of(*root))).collect();
        for address in before.members_of(&changed) {
            next.categories[address as usize] = next.counts_under(store, clusters, address).0;
        }
        next
    }

    /// What an address counts under by its own tags, else by its cluster's.
    fn counts_under(&self, store: &TagStore, clusters: &Clusters, address: u32) -> Category {
        let own = weightiest(self.tags_of(store, address));
        own.or_else(|| self.definer(store, clusters.of(address))).map_or(Category::UNATTRIBUTED, Tag::concept)
    }

    /// Category of every address, by number; 0 is unattributed.
    pub fn categories(&self) -> &[u8] {
        &self.categories
    }

    /// Category of an address.
    #[inline]
    pub fn category(&self, address: u32) -> Category {
        Category(self.categories.get(address as usize).copied().unwrap_or(0))
    }

    /// Category of an address for somebody who may read labels up to `clearance`: tags above it do not exist for them.
    pub fn category_for(&self, store: &TagStore, clusters: &Clusters, address: u32, clearance: Tlp) -> Category {
        let all = self.category(address);
        if !all.is_attributed() || !store.any_above(clearance) {
            return all;
        }
        self.tag_for(store, clusters, address, clearance).map_or(Category::UNATTRIBUTED, Tag::concept)
    }

    /// The tag that an address counts under for somebody who may read labels up to `clearance`: its own weightiest, else its cluster's.
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
            definers.iter().map(|i| &store.tags()[*i as usize]).find(|t| visible(t))
        })
    }

    /// The tag that defines a cluster for somebody who may read labels up to `clearance`.
    pub fn definer_for<'a>(&self, store: &'a TagStore, cluster: u32, clearance: Tlp) -> Option<&'a Tag> {
        let mut all = self.definers.get(&cluster)?.iter().map(|i| &store.tags()[*i as usize]);
        all.find(|t| t.is_for(clearance))
    }

    /// Tags of an address itself.
    pub fn tags_of<'a>(&'a self, store: &'a TagStore, address: u32) -> impl Iterator<Item = &'a Tag> {
        self.tags.get(&address).into_iter().flatten().map(|i| &store.tags()[*i as usize])
    }

    /// The tag that an address counts under through its cluster.
    pub fn definer<'a>(&self, store: &'a TagStore, cluster: u32) -> Option<&'a Tag> {
        self.definers.get(&cluster)?.first().map(|i| &store.tags()[*i as usize])
    }

    /// The name to show for an address: its own weightiest tag's label, else its cluster's.
    pub fn name<'a>(&'a self, store: &'a TagStore, clusters: &Clusters, address: u32) -> Option<&'a str> {
        let own = weightiest(self.tags_of(store, address));
        own.or_else(|| self.definer(store, clusters.of(address))).map(|t| t.label.as_str())
    }

    /// Numbers of the ledger's addresses that have tags of their own, rising.
    pub fn tagged(&self) -> Vec<u32> {
        let mut all: Vec<u32> = self.tags.keys().copied().collect();
        all.sort_unstable();
        all
    }
}
