//! Entities of an account ledger: what each account counts under.

use crate::clusters::Clusters;
use crate::cow::CowMap;
use crate::error::ClusterError;
use crate::graph::Graph;
use crate::kind::{Certainty, Finding, Kind};
use crate::published;
use crate::services::{Role, Services};
use crate::signal_store::SignalStore;
use holdfast_account_ledger::Ledger;
use holdfast_attribution::tags::weightiest;
use holdfast_attribution::{Category, Tag, TagStore, Tlp};
use holdfast_types::{AccountId, Signal};
use std::collections::HashMap;

/// Most signals of an account, the last ones, that are looked through for who created it.
const MOST_SIGNALS: usize = 64;

/// Tags of a ledger's accounts, and the category that each account counts under: its own weightiest tag's, else that of a tag that defines its cluster,
/// else that of its kind where that is published.
///
/// Tags on accounts that nobody controls (zero, dead, precompiles) are in no store of tags, and such accounts are in no cluster: they have no category.
///
/// A clone costs some pointers for each million accounts.
#[derive(Clone, Debug, Default)]
pub struct Entities {
    /// Tagged accounts of the ledger: category of the weightiest tag, numbers of all.
    tags: CowMap<(u8, Vec<u32>)>,
    /// By the account that stands for a cluster: category, and the tags that define it, the deciding one first.
    definers: CowMap<(u8, Vec<u32>)>,
    /// Published contracts.
    kinds: CowMap<Kind>,
    /// Clusters as they were at the last update.
    graph: Graph,
    /// Accounts of the ledger that were looked up.
    accounts: u64,
    /// Of the clusters.
    generation: u64,
}

impl Entities {
    /// Maps tags, clusters and kinds of contract onto a ledger. A tag defines its account's cluster where it says so, or where clusters rest on it: that
    /// of a service's wallet. Where several tags define one cluster, the most confident counts, the riskier on a tie, then the one imported first.
    ///
    /// # Errors
    /// [`ClusterError::Ledger`] where the ledger is damaged, [`ClusterError::Signals`] where signals are.
    pub fn build(
        ledger: &Ledger,
        clusters: &mut Clusters,
        store: &TagStore,
        services: &Services,
        signals: Option<&SignalStore>,
        kinds: &HashMap<AccountId, Finding>,
    ) -> Result<Self, ClusterError> {
        let chain = &ledger.settings().chain;
        let mut entities = Entities { generation: clusters.generation(), ..Entities::default() };
        clusters.forget_tags();
        for (account, tags) in store.accounts(chain.family()) {
            if let Some(number) = ledger.account_number(&account) {
                entities.put_tags(number, tags, store, clusters);
            }
        }
        for (account, finding) in kinds {
            let kind = finding.kind.filter(|_| finding.certainty == Certainty::Published);
            if let (Some(kind), Some(number)) = (kind, ledger.account_number(account)) {
                entities.kinds.insert(number, kind);
            }
        }
        for (account, published) in published::on(chain) {
            if let Some(number) = ledger.account_number(&account) {
                entities.kinds.insert(number, published.kind);
            }
            let (Some(kind), Some(signals)) = (published.creates, signals) else { continue };
            signals.for_each_of(&account, &mut |placed| {
                if let Signal::Creation { contract, creator, .. } = placed.signal
                    && creator == account
                    && let Some(number) = ledger.account_number(&contract)
                {
                    entities.kinds.insert(number, kind);
                }
            })?;
        }
        entities.accounts = ledger.counts().accounts;
        entities.follow_clusters(ledger, clusters, store, services)?;
        Ok(entities)
    }

    /// Follows the accounts that came since, and the clusters that changed. What clusters made anew, or other tags, is [`Entities::build`]'s to find.
    ///
    /// # Errors
    /// As [`Entities::build`].
    pub fn follow(
        &mut self,
        ledger: &Ledger,
        clusters: &mut Clusters,
        store: &TagStore,
        services: &Services,
        signals: &SignalStore,
    ) -> Result<(), ClusterError> {
        if !self.follows(clusters, ledger) {
            *self = Self::build(ledger, clusters, store, services, Some(signals), &HashMap::new())?;
            return Ok(());
        }
        let chain = &ledger.settings().chain;
        for number in self.accounts..ledger.counts().accounts {
            let Ok(number) = u32::try_from(number) else { break };
            let account = ledger.account(number)?;
            let tags = store.of_address(&account.to_address(chain));
            if !tags.is_empty() {
                self.put_tags(number, tags, store, clusters);
            }
            let own = published::find(chain, &account).map(|published| published.kind);
            let kind = match own {
                Some(kind) => Some(kind),
                None => created_kind(&account, ledger, signals)?,
            };
            if let Some(kind) = kind {
                self.kinds.insert(number, kind);
            }
        }
        self.accounts = ledger.counts().accounts;
        self.follow_clusters(ledger, clusters, store, services)
    }

    /// Returns whether clusters only grew since the last update.
    fn follows(&self, clusters: &Clusters, ledger: &Ledger) -> bool {
        self.generation == clusters.generation() && self.accounts <= ledger.counts().accounts
    }

    fn put_tags(&mut self, account: u32, tags: &[u32], store: &TagStore, clusters: &mut Clusters) {
        let best = weightiest(tags.iter().map(|n| store.tag(*n)));
        self.tags.insert(account, (best.map_or(0, |tag| tag.concept().0), tags.to_vec()));
        clusters.tag(account);
    }

    /// Finds anew what defines the clusters that changed.
    fn follow_clusters(
        &mut self,
        ledger: &Ledger,
        clusters: &mut Clusters,
        store: &TagStore,
        services: &Services,
    ) -> Result<(), ClusterError> {
        let changed = clusters.take_changed();
        changed.iter().for_each(|account| drop(self.definers.remove(*account)));
        self.graph = clusters.graph().clone();
        for account in changed {
            let head = self.graph.standing(account);
            if self.definers.contains(head) {
                continue;
            }
            let mut definers = Vec::new();
            for tagged in self.graph.tagged(account) {
                let is_wallet = matches!(services.role(&ledger.account(*tagged)?), Some(Role::Wallet(_)));
                let tags = self.tags.get(*tagged).map_or(&[][..], |(_, tags)| tags);
                definers.extend(tags.iter().copied().filter(|n| is_wallet || store.tag(*n).is_cluster_definer));
            }
            definers.sort_by_key(|n| {
                let tag = store.tag(*n);
                (std::cmp::Reverse((tag.confidence.level(), tag.concept().risk())), *n)
            });
            if let Some(first) = definers.first() {
                self.definers.insert(head, (store.tag(*first).concept().0, definers));
            }
        }
        Ok(())
    }

    /// Returns the category of an account.
    #[must_use]
    pub fn category(&self, account: u32) -> Category {
        let own = self.tags.get(account).map(|(category, _)| Category(*category));
        let of_cluster = || self.definers.get(self.graph.standing(account)).map(|(category, _)| Category(*category));
        let of_kind = || self.kind(account).and_then(Kind::category);
        own.or_else(of_cluster).or_else(of_kind).unwrap_or(Category::UNATTRIBUTED)
    }

    /// Returns whether traces end at an account by default: a service pools what its customers hold.
    #[must_use]
    pub fn ends_traces(&self, account: u32) -> bool {
        self.category(account).ends_traces()
    }

    /// Returns the kind of a published contract; none of all others, whatever they look like.
    #[must_use]
    pub fn kind(&self, account: u32) -> Option<Kind> {
        self.kinds.get(account).copied()
    }

    /// Returns the category of an account for a reader of labels up to `clearance`: tags above it do not exist for them.
    #[must_use]
    pub fn category_for(&self, store: &TagStore, account: u32, clearance: Tlp) -> Category {
        let all = self.category(account);
        if !all.is_attributed() || !store.any_above(clearance) {
            return all;
        }
        let tag = self.tag_for(store, account, clearance).map(Tag::concept);
        tag.or_else(|| self.kind(account).and_then(Kind::category)).unwrap_or(Category::UNATTRIBUTED)
    }

    /// Returns the tag that an account counts under for a reader of labels up to `clearance`: its own weightiest, else its cluster's.
    #[must_use]
    pub fn tag_for<'a>(&self, store: &'a TagStore, account: u32, clearance: Tlp) -> Option<&'a Tag> {
        self.tag_where(store, account, &|tag| tag.is_for(clearance))
    }

    /// As [`Entities::tag_for`], among the tags that are visible.
    #[must_use]
    pub fn tag_where<'a>(&self, store: &'a TagStore, account: u32, visible: &dyn Fn(&Tag) -> bool) -> Option<&'a Tag> {
        self.own_tag(store, account, visible).or_else(|| {
            let definers = &self.definers.get(self.graph.standing(account))?.1;
            definers.iter().map(|n| store.tag(*n)).find(|tag| visible(tag))
        })
    }

    /// Returns the weightiest of an account's own tags, among those that are visible.
    #[must_use]
    pub fn own_tag<'a>(&self, store: &'a TagStore, account: u32, visible: &dyn Fn(&Tag) -> bool) -> Option<&'a Tag> {
        weightiest(self.tags_of(store, account).filter(|tag| visible(tag)))
    }

    /// As [`Entities::category_for`], whatever its cluster is.
    #[must_use]
    pub fn own_category(&self, store: &TagStore, account: u32, clearance: Tlp) -> Category {
        let tag = self.own_tag(store, account, &|tag| tag.is_for(clearance)).map(Tag::concept);
        tag.or_else(|| self.kind(account).and_then(Kind::category)).unwrap_or(Category::UNATTRIBUTED)
    }

    /// Returns the tags of an account itself.
    pub fn tags_of<'a>(&self, store: &'a TagStore, account: u32) -> impl Iterator<Item = &'a Tag> + use<'a, '_> {
        self.tags.get(account).into_iter().flat_map(|(_, tags)| tags).map(|n| store.tag(*n))
    }

    /// Returns the name to show for an account: its own weightiest tag's label, else its cluster's.
    #[must_use]
    pub fn name<'a>(&self, store: &'a TagStore, account: u32) -> Option<&'a str> {
        self.tag_where(store, account, &|_| true).map(|tag| tag.label.as_str())
    }

    /// Returns the numbers of the ledger's accounts that have tags of their own, rising.
    #[must_use]
    pub fn tagged(&self) -> Vec<u32> {
        let mut all: Vec<u32> = self.tags.iter().map(|(account, _)| account).collect();
        all.sort_unstable();
        all
    }
}

/// Returns the kind of a contract that a published factory created.
fn created_kind(account: &AccountId, ledger: &Ledger, signals: &SignalStore) -> Result<Option<Kind>, ClusterError> {
    let chain = &ledger.settings().chain;
    let (signals, _) = signals.signals_of(account, MOST_SIGNALS)?;
    let creators = signals.iter().filter_map(|placed| match placed.signal {
        Signal::Creation { contract, creator, .. } if contract == *account => Some(creator),
        _ => None,
    });
    Ok(creators.filter_map(|creator| published::find(chain, &creator)?.creates).next())
}
