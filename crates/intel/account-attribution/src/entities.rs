//! Entities of an account ledger: what each account counts under.

use crate::clusters::Clusters;
use crate::error::ClusterError;
use crate::kind::{Certainty, Finding, Kind};
use crate::services::{Role, Services};
use holdfast_account_ledger::Ledger;
use holdfast_attribution::tags::weightiest;
use holdfast_attribution::{Categories, Category, Tag, TagStore, Tlp};
use holdfast_types::AccountId;
use std::collections::HashMap;

/// Tags of a ledger's accounts, and the category that each account counts under: its own weightiest tag's, else that of a tag that defines its cluster,
/// else that of its kind where that is published.
///
/// Tags on accounts that nobody controls (zero, dead, precompiles) are in no store of tags, and such accounts are in no cluster: they have no category.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entities {
    categories: Categories,
    /// Tagged accounts of the ledger: account number to tag numbers.
    tags: HashMap<u32, Vec<u32>>,
    /// Tags that define clusters, the deciding one first.
    definers: HashMap<u32, Vec<u32>>,
    /// Published contracts.
    kinds: HashMap<u32, Kind>,
}

impl Entities {
    /// Maps tags, clusters and kinds of contract onto a ledger. A tag defines its account's cluster where it says so, or where clusters rest on it: that
    /// of a service's wallet. Where several tags define one cluster, the most confident counts, the riskier on a tie, then the one imported first.
    ///
    /// # Errors
    /// [`ClusterError::Ledger`] where the ledger is damaged.
    pub fn build(
        ledger: &Ledger,
        clusters: &Clusters,
        store: &TagStore,
        services: &Services,
        kinds: &HashMap<AccountId, Finding>,
    ) -> Result<Self, ClusterError> {
        let mut entities = Entities::default();
        for (account, tags) in store.accounts(ledger.settings().chain.family()) {
            let Some(number) = ledger.account_number(&account) else { continue };
            entities.tags.insert(number, tags.to_vec());
            let is_wallet = matches!(services.role(&account), Some(Role::Wallet(_)));
            let definers = tags.iter().copied().filter(|n| is_wallet || store.tag(*n).is_cluster_definer);
            entities.definers.entry(clusters.of(number)).or_default().extend(definers);
        }
        entities.definers.retain(|_, tags| !tags.is_empty());
        for tags in entities.definers.values_mut() {
            tags.sort_by_key(|n| {
                let tag = store.tag(*n);
                (std::cmp::Reverse((tag.confidence.level(), tag.concept().risk())), *n)
            });
        }
        for (account, finding) in kinds {
            let kind = finding.kind.filter(|_| finding.certainty == Certainty::Published);
            if let (Some(kind), Some(number)) = (kind, ledger.account_number(account)) {
                entities.kinds.insert(number, kind);
            }
        }
        let accounts = usize::try_from(ledger.counts().accounts).unwrap_or(usize::MAX);
        let mut categories = vec![0u8; accounts];
        let mut set = |account: u32, category: Category| {
            if let Some(place) = categories.get_mut(account as usize) {
                *place = category.0;
            }
        };
        for (account, kind) in &entities.kinds {
            kind.category().into_iter().for_each(|category| set(*account, category));
        }
        for (cluster, tags) in &entities.definers {
            let Some(first) = tags.first() else { continue };
            let category = store.tag(*first).concept();
            clusters.members(*cluster).into_iter().for_each(|account| set(account, category));
        }
        for (account, tags) in &entities.tags {
            if let Some(best) = weightiest(tags.iter().map(|n| store.tag(*n))) {
                set(*account, best.concept());
            }
        }
        entities.categories = categories.as_slice().into();
        Ok(entities)
    }

    /// Returns the category of every account, by number; 0 is unattributed.
    #[must_use]
    pub fn categories(&self) -> &Categories {
        &self.categories
    }

    /// Returns the category of an account.
    #[must_use]
    pub fn category(&self, account: u32) -> Category {
        Category(self.categories.get(account))
    }

    /// Returns whether traces end at an account by default: a service pools what its customers hold.
    #[must_use]
    pub fn ends_traces(&self, account: u32) -> bool {
        self.category(account).ends_traces()
    }

    /// Returns the kind of a published contract; none of all others, whatever they look like.
    #[must_use]
    pub fn kind(&self, account: u32) -> Option<Kind> {
        self.kinds.get(&account).copied()
    }

    /// Returns the category of an account for a reader of labels up to `clearance`: tags above it do not exist for them.
    #[must_use]
    pub fn category_for(&self, store: &TagStore, clusters: &Clusters, account: u32, clearance: Tlp) -> Category {
        let all = self.category(account);
        if !all.is_attributed() || !store.any_above(clearance) {
            return all;
        }
        let tag = self.tag_for(store, clusters, account, clearance).map(Tag::concept);
        tag.or_else(|| self.kind(account).and_then(Kind::category)).unwrap_or(Category::UNATTRIBUTED)
    }

    /// Returns the tag that an account counts under for a reader of labels up to `clearance`: its own weightiest, else its cluster's.
    #[must_use]
    pub fn tag_for<'a>(
        &self,
        store: &'a TagStore,
        clusters: &Clusters,
        account: u32,
        clearance: Tlp,
    ) -> Option<&'a Tag> {
        self.tag_where(store, clusters, account, &|tag| tag.is_for(clearance))
    }

    /// As [`Entities::tag_for`], among the tags that are visible.
    #[must_use]
    pub fn tag_where<'a>(
        &self,
        store: &'a TagStore,
        clusters: &Clusters,
        account: u32,
        visible: &dyn Fn(&Tag) -> bool,
    ) -> Option<&'a Tag> {
        let own = weightiest(self.tags_of(store, account).filter(|tag| visible(tag)));
        own.or_else(|| {
            let definers = self.definers.get(&clusters.of(account))?;
            definers.iter().map(|n| store.tag(*n)).find(|tag| visible(tag))
        })
    }

    /// Returns the tags of an account itself.
    pub fn tags_of<'a>(&self, store: &'a TagStore, account: u32) -> impl Iterator<Item = &'a Tag> + use<'a, '_> {
        self.tags.get(&account).into_iter().flatten().map(|n| store.tag(*n))
    }

    /// Returns the name to show for an account: its own weightiest tag's label, else its cluster's.
    #[must_use]
    pub fn name<'a>(&self, store: &'a TagStore, clusters: &Clusters, account: u32) -> Option<&'a str> {
        self.tag_where(store, clusters, account, &|_| true).map(|tag| tag.label.as_str())
    }

    /// Returns the numbers of the ledger's accounts that have tags of their own, rising.
    #[must_use]
    pub fn tagged(&self) -> Vec<u32> {
        let mut all: Vec<u32> = self.tags.keys().copied().collect();
        all.sort_unstable();
        all
    }
}
