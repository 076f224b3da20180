//! Several chains at once: one desk screens the movements of all of them, and an event's asset picks the chain.

use crate::chain_handle::ChainHandle;
use crate::chain_queries::ChainQueries;
use holdfast_types::ChainId;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Why chains do not go together.
#[derive(Debug, thiserror::Error)]
pub enum ChainsError {
    /// Two ledgers of one chain.
    #[error("the chain {0} is there twice; give each chain one store")]
    Twice(ChainId),
    /// Two chains that hold the movements of one asset: an event would not say which is meant.
    #[error("{0} and {1} both hold {2}; give one of them to this desk")]
    SameAsset(ChainId, ChainId, String),
}

/// The chains of a desk. The first one is what pages show and commands change unless they name another.
#[derive(Clone)]
pub struct Chains {
    first: Arc<ChainHandle>,
    handles: BTreeMap<ChainId, Arc<ChainHandle>>,
    /// Chains of other families.
    others: BTreeMap<ChainId, Arc<dyn ChainQueries>>,
}

impl std::fmt::Debug for Chains {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.handles.keys().chain(self.others.keys())).finish()
    }
}

impl Chains {
    /// One chain alone.
    #[must_use]
    pub fn one(first: Arc<ChainHandle>) -> Self {
        let handles = BTreeMap::from([(first.snapshot().id(), first.clone())]);
        Chains { first, handles, others: BTreeMap::new() }
    }

    /// Adds a chain of the Bitcoin family.
    ///
    /// # Errors
    /// [`ChainsError`] when the chain, or one of its assets, is there already.
    pub fn add(&mut self, chain: Arc<ChainHandle>) -> Result<(), ChainsError> {
        let snapshot = chain.snapshot();
        self.check(&*snapshot)?;
        self.handles.insert(snapshot.id(), chain);
        Ok(())
    }

    /// Adds a chain of another family.
    ///
    /// # Errors
    /// [`ChainsError`] when the chain, or one of its assets, is there already.
    pub fn add_other(&mut self, chain: Arc<dyn ChainQueries>) -> Result<(), ChainsError> {
        self.check(&*chain)?;
        self.others.insert(chain.id(), chain);
        Ok(())
    }

    fn check(&self, chain: &dyn ChainQueries) -> Result<(), ChainsError> {
        let id = chain.id();
        if self.by_id(&id).is_some() {
            return Err(ChainsError::Twice(id));
        }
        for asset in chain.assets() {
            let name = asset.id().map(ToString::to_string).or(asset.ticker().map(str::to_owned)).unwrap_or_default();
            if let Some(other) = self.of_asset(&name) {
                return Err(ChainsError::SameAsset(other.id(), id, name));
            }
        }
        Ok(())
    }

    /// The first chain.
    #[must_use]
    pub fn first(&self) -> &Arc<ChainHandle> {
        &self.first
    }

    /// All chains of the Bitcoin family.
    pub fn handles(&self) -> impl Iterator<Item = &Arc<ChainHandle>> {
        self.handles.values()
    }

    /// The ids of all chains.
    pub fn ids(&self) -> impl Iterator<Item = &ChainId> {
        self.handles.keys().chain(self.others.keys())
    }

    /// The chain of the Bitcoin family whose ledger holds an asset, named by ticker or CAIP-19 id.
    #[must_use]
    pub fn handle_of(&self, asset: &str) -> Option<&Arc<ChainHandle>> {
        self.handles.values().find(|chain| chain.snapshot().has_asset(asset))
    }

    /// The chain whose ledger holds an asset, as it is now.
    #[must_use]
    pub fn of_asset(&self, asset: &str) -> Option<Arc<dyn ChainQueries>> {
        let handle = self.handle_of(asset).map(|chain| -> Arc<dyn ChainQueries> { chain.snapshot() });
        handle.or_else(|| self.others.values().find(|chain| chain.has_asset(asset)).cloned())
    }

    /// A chain by its id, as it is now.
    #[must_use]
    pub fn by_id(&self, id: &ChainId) -> Option<Arc<dyn ChainQueries>> {
        let handle = self.handles.get(id).map(|chain| -> Arc<dyn ChainQueries> { chain.snapshot() });
        handle.or_else(|| self.others.get(id).cloned())
    }
}
