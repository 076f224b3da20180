//! Several chains at once: one desk screens the movements of all of them. An event's asset picks the chain, a look-up's text or parameter; where several
//! chains fit, that is an error which names them.

use arc_swap::ArcSwap;
use holdfast_account_workspace::{AccountHandle, AccountSnapshot, AccountWorkspace, is_called};
use holdfast_attribution::{Tag, TagStore, Tlp};
use holdfast_types::{Asset, ChainId, ErrorKind, Family};
use holdfast_workspace::lookup::{Lookup, bare};
use holdfast_workspace::{ChainHandle, ChainQueries, ChangeError, Snapshot, Workspace, WorkspaceError};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// Why chains do not go together, or one is not found.
#[derive(Debug, thiserror::Error)]
pub enum ChainsError {
    /// Two ledgers of one chain.
    #[error("the chain {0} is there twice; give each chain one store")]
    Twice(ChainId),
    /// Two chains that hold the movements of one asset: an event would not determine which is meant.
    #[error("{0} and {1} both hold {2}; give one of them to this desk")]
    SameAsset(ChainId, ChainId, String),
    /// No account chain at all.
    #[error("no account chain is stored here; `holdfast ingest --chain` makes one")]
    NoAccounts,
    /// A ticker or text that fits several chains.
    #[error("'{0}' can be on {1}; give the asset's CAIP-19 id, or name the chain")]
    Ambiguous(String, String),
    /// No chain of that name.
    #[error("there is no ledger of '{0}' here; there is one of {1}")]
    Unknown(String, String),
}

impl ChainsError {
    /// Returns the kind of the error, which interfaces map to their own codes.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            ChainsError::Twice(_) | ChainsError::SameAsset(..) => ErrorKind::Conflict,
            ChainsError::Unknown(..) | ChainsError::Ambiguous(..) => ErrorKind::Invalid,
            ChainsError::NoAccounts => ErrorKind::NotFound,
        }
    }
}

/// Chains of a store, open for reading.
#[derive(Clone, Debug, Default)]
pub struct OpenChains {
    /// Chains of the Bitcoin family, the first one first; a store of account chains alone has none.
    pub first: Vec<Arc<Snapshot>>,
    /// Account chains.
    pub accounts: Vec<Arc<AccountSnapshot>>,
}

impl OpenChains {
    /// Opens all chains of a store.
    ///
    /// # Errors
    /// [`WorkspaceError`] when a chain cannot be read.
    pub fn open(store: &Path) -> Result<Self, WorkspaceError> {
        let account_chains = AccountWorkspace::chains_of(store)?;
        let mut all = OpenChains::default();
        let tags = if Workspace::is_in(store) || account_chains.is_empty() {
            let first = Workspace::open(store)?;
            let tags = first.tags.clone();
            let dirs = Workspace::chain_dirs(store)?;
            let further = dirs.iter().map(|dir| first.read_beside(dir)).collect::<Result<Vec<_>, _>>()?;
            all.first = std::iter::once(first).chain(further).map(Arc::new).collect();
            tags
        } else {
            AccountWorkspace::tags_of(store)?
        };
        all.accounts = open_all(store, &account_chains, &tags)?;
        Ok(all)
    }

    /// Searches all chains for whatever `text` names; what a text is on several account chains is several results.
    #[must_use]
    pub fn lookup(&self, text: &str, clearance: Tlp) -> Lookup {
        lookup_on(&self.first, &self.accounts, text, clearance)
    }
}

/// Searches chains for whatever `text` names, for a reader of labels up to `clearance`. What a text is on several account chains is several results, and a
/// note says so.
fn lookup_on(chains: &[Arc<Snapshot>], accounts: &[Arc<AccountSnapshot>], text: &str, clearance: Tlp) -> Lookup {
    let visible: &(dyn Fn(&Tag) -> bool + Sync) = &|tag| tag.is_for(clearance);
    // Names are those of the tags, which all chains share.
    let of_accounts =
        accounts.iter().enumerate().map(|(n, chain)| chain.lookup(text, clearance, chains.is_empty() && n == 0));
    Lookup::of_all(chains.iter().map(|chain| chain.lookup(text, visible)).chain(of_accounts))
}

fn open_all(
    store: &Path,
    chains: &[ChainId],
    tags: &Arc<TagStore>,
) -> Result<Vec<Arc<AccountSnapshot>>, WorkspaceError> {
    chains.iter().map(|chain| AccountWorkspace::open(store, chain, tags.clone()).map(Arc::new)).collect()
}

/// Opens the account chains of a store for reading.
///
/// # Errors
/// [`WorkspaceError`] when a chain cannot be read.
pub fn open_accounts(store: &Path) -> Result<Vec<Arc<AccountSnapshot>>, WorkspaceError> {
    open_all(store, &AccountWorkspace::chains_of(store)?, &AccountWorkspace::tags_of(store)?)
}

/// Opens all chains of a store for reading, the first one first; a store of account chains alone has no first one.
///
/// # Errors
/// [`WorkspaceError`] when a chain cannot be read.
pub fn open_chains(store: &Path) -> Result<Vec<Arc<dyn ChainQueries>>, WorkspaceError> {
    let OpenChains { first, accounts } = OpenChains::open(store)?;
    let first = first.into_iter().map(|chain| -> Arc<dyn ChainQueries> { chain });
    let among = accounts.iter().map(|chain| -> Arc<dyn ChainQueries> { Arc::new(chain.among(&accounts)) });
    Ok(first.chain(among).collect())
}

/// Returns that no account chain is called so.
fn unknown_accounts<'a>(name: &str, there: impl Iterator<Item = &'a ChainId>) -> ChainsError {
    let there: Vec<&str> = there.map(|id| id.usual_name().unwrap_or(id.as_str())).collect();
    if there.is_empty() { ChainsError::NoAccounts } else { ChainsError::Unknown(shown(name), there.join(", ")) }
}

/// Returns the account chain that a text is looked up on: the named one; else the one that stores the address, transaction or asset, else the only one
/// whose addresses have its form.
///
/// # Errors
/// [`ChainsError::Unknown`] when no chain has the name, [`ChainsError::Ambiguous`] where several fit.
pub fn pick_accounts(
    all: &[Arc<AccountSnapshot>],
    text: &str,
    name: Option<&str>,
) -> Result<Arc<AccountSnapshot>, ChainsError> {
    let ids = || all.iter().map(|chain| chain.chain());
    if let Some(name) = name.filter(|name| !name.is_empty()) {
        let named = all.iter().find(|chain| is_called(chain.chain(), name)).cloned();
        return named.ok_or_else(|| unknown_accounts(name, ids()));
    }
    let mut fitting: Vec<&Arc<AccountSnapshot>> = all.iter().collect();
    if all.len() > 1 {
        fitting.retain(|chain| chain.stores(text));
        if fitting.is_empty() {
            fitting = all.iter().filter(|chain| chain.is_address(text)).collect();
        }
    }
    match fitting.as_slice() {
        [one] => Ok(Arc::clone(one)),
        [] if all.is_empty() => Err(unknown_accounts(text, ids())),
        several => {
            // What fits none may be meant on any.
            let several = if several.is_empty() { all.iter().collect() } else { fitting };
            let names: Vec<String> = several.iter().map(|chain| chain.usual_name()).collect();
            Err(ChainsError::Ambiguous(shown(text), names.join(", ")))
        }
    }
}

/// Returns a chain with all others as its peers.
fn with_peers(chain: Arc<AccountSnapshot>, all: &[Arc<AccountSnapshot>]) -> Arc<AccountSnapshot> {
    if all.len() > 1 { Arc::new(chain.among(all)) } else { chain }
}

/// Returns the names of chains in words.
fn names(chains: &[Arc<dyn ChainQueries>]) -> String {
    chains.iter().map(|chain| chain.name()).collect::<Vec<_>>().join(", ")
}

fn shown(text: &str) -> String {
    text.chars().take(130).collect()
}

/// A chain of another family than Bitcoin's, which is replaced as a whole.
type OtherChain = Arc<ArcSwap<Tagged>>;

/// A chain with the tags that it was given last.
struct Tagged {
    chain: Arc<dyn ChainQueries>,
    tags: Arc<TagStore>,
}

/// The chains of a desk. The first one is what pages show and commands change unless they name another, and holds the tags of all.
#[derive(Clone)]
pub struct Chains {
    first: Arc<ChainHandle>,
    handles: BTreeMap<ChainId, Arc<ChainHandle>>,
    /// Account chains of the store.
    accounts: BTreeMap<ChainId, Arc<AccountHandle>>,
    /// Chains of other families.
    others: BTreeMap<ChainId, OtherChain>,
    /// Held while tags go from the first chain to the others, so that older ones never follow newer ones.
    spreading: Arc<Mutex<()>>,
}

impl std::fmt::Debug for Chains {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.ids()).finish()
    }
}

impl Chains {
    /// Returns a set of one chain alone.
    #[must_use]
    pub fn one(first: Arc<ChainHandle>) -> Self {
        let handles = BTreeMap::from([(first.snapshot().id(), first.clone())]);
        Chains { first, handles, accounts: BTreeMap::new(), others: BTreeMap::new(), spreading: Arc::default() }
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

    /// Adds an account chain of the store, with the tags of the first.
    ///
    /// # Errors
    /// [`ChainsError`] when the chain is there already.
    pub fn add_accounts(&mut self, chain: Arc<AccountHandle>) -> Result<(), ChainsError> {
        let snapshot = chain.snapshot();
        self.check(&*snapshot)?;
        let id = snapshot.chain().clone();
        // Tags that do not reach it now reach it with the next change.
        let _ = chain.set_tags(&self.first.snapshot().tags);
        self.accounts.insert(id, chain);
        Ok(())
    }

    /// Returns the account chains of the store.
    pub fn accounts(&self) -> impl Iterator<Item = &Arc<AccountHandle>> {
        self.accounts.values()
    }

    /// Returns what was published last of the account chains of the store, in the order of their ids: for traces across chains.
    #[must_use]
    pub fn account_snapshots(&self) -> Vec<Arc<AccountSnapshot>> {
        self.accounts.values().map(|chain| chain.snapshot()).collect()
    }

    /// Returns the account chain with a name: the usual one, its CAIP-2 id, or the ticker of its coin.
    ///
    /// # Errors
    /// [`ChainsError::Unknown`] lists those that there are.
    pub fn accounts_named(&self, name: &str) -> Result<&Arc<AccountHandle>, ChainsError> {
        let found = self.accounts.iter().find(|(id, _)| is_called(id, name)).map(|(_, chain)| chain);
        found.ok_or_else(|| unknown_accounts(name, self.accounts.keys()))
    }

    /// Returns the account chain that a text is looked up on, as [`pick_accounts`] does.
    ///
    /// # Errors
    /// [`ChainsError::Unknown`] when no chain has the name, [`ChainsError::Ambiguous`] where several fit.
    pub fn accounts_for(&self, text: &str, name: Option<&str>) -> Result<Arc<AccountSnapshot>, ChainsError> {
        let all = self.account_snapshots();
        pick_accounts(&all, text, name).map(|chain| with_peers(chain, &all))
    }

    /// Returns an account chain as it is now, with the others.
    fn with_peers(&self, chain: &AccountHandle) -> Arc<dyn ChainQueries> {
        match self.accounts.len() {
            1 => chain.snapshot(),
            _ => with_peers(chain.snapshot(), &self.account_snapshots()),
        }
    }

    /// Adds a chain of another family, with the tags of the first.
    ///
    /// # Errors
    /// [`ChainsError`] when the chain, or one of its assets, is there already.
    pub fn add_other(&mut self, chain: Arc<dyn ChainQueries>) -> Result<(), ChainsError> {
        self.check(&*chain)?;
        let tags = self.first.snapshot().tags.clone();
        let chain = chain.with_tags(&tags).unwrap_or(chain);
        self.others.insert(chain.id(), Arc::new(ArcSwap::from_pointee(Tagged { chain, tags })));
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

    /// Returns the first chain.
    #[must_use]
    pub fn first(&self) -> &Arc<ChainHandle> {
        &self.first
    }

    /// Returns whether there is only the first chain.
    #[must_use]
    pub fn is_one(&self) -> bool {
        self.handles.len() == 1 && self.accounts.is_empty() && self.others.is_empty()
    }

    /// Returns whether there are chains whose exposures are made when they are requested: account chains, and chains of other families.
    #[must_use]
    pub fn has_others(&self) -> bool {
        !self.accounts.is_empty() || !self.others.is_empty()
    }

    /// Returns whether there are chains that do not report which transfers a change of tags touches beyond those of the tagged addresses: chains of other
    /// families than Bitcoin's and account chains.
    #[must_use]
    pub fn has_unreported(&self) -> bool {
        !self.others.is_empty()
    }

    /// Returns all chains of the Bitcoin family.
    pub fn handles(&self) -> impl Iterator<Item = &Arc<ChainHandle>> {
        self.handles.values()
    }

    /// Returns the ids of all chains.
    pub fn ids(&self) -> impl Iterator<Item = &ChainId> {
        self.handles.keys().chain(self.accounts.keys()).chain(self.others.keys())
    }

    /// Returns all chains as they are now, the first one first.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<dyn ChainQueries>> {
        let snapshots = self.snapshots().into_iter().map(|snapshot| -> Arc<dyn ChainQueries> { snapshot });
        snapshots.chain(self.further()).collect()
    }

    /// Returns the chains that are not of Bitcoin's family, as they are now.
    fn further(&self) -> impl Iterator<Item = Arc<dyn ChainQueries>> {
        let accounts = self.accounts.values().map(|chain| self.with_peers(chain));
        accounts.chain(self.others.values().map(|chain| chain.load().chain.clone()))
    }

    /// Returns names and families of all chains, for [`holdfast_attribution::import::ImportReport::count_chains`].
    #[must_use]
    pub fn families(&self) -> Vec<(String, Family)> {
        self.all().iter().map(|chain| (chain.name(), chain.id().family())).collect()
    }

    /// Returns all chains of the Bitcoin family as they are now, the first one first.
    #[must_use]
    pub fn snapshots(&self) -> Vec<Arc<Snapshot>> {
        let others = self.handles.values().filter(|chain| !Arc::ptr_eq(chain, &self.first));
        std::iter::once(&self.first).chain(others).map(|chain| chain.snapshot()).collect()
    }

    /// Returns the chain of the Bitcoin family whose ledger holds an asset, named by ticker or CAIP-19 id.
    #[must_use]
    pub fn handle_of(&self, asset: &str) -> Option<&Arc<ChainHandle>> {
        self.handles.values().find(|chain| chain.snapshot().has_asset(asset))
    }

    /// Returns the chain of the Bitcoin family with a name: its network's, its asset's ticker, or its CAIP-2 id.
    ///
    /// # Errors
    /// [`ChainsError::Unknown`] lists those that there are.
    pub fn named(&self, name: &str) -> Result<&Arc<ChainHandle>, ChainsError> {
        let name = name.trim();
        let is_named = |chain: &&Arc<ChainHandle>| {
            let snapshot = chain.snapshot();
            snapshot.name().eq_ignore_ascii_case(name)
                || Asset::same(snapshot.asset(), name)
                || snapshot.id().as_str() == name
        };
        self.handles.values().find(is_named).ok_or_else(|| {
            let names: Vec<String> = self.handles.values().map(|chain| chain.snapshot().name()).collect();
            ChainsError::Unknown(name.chars().take(80).collect(), names.join(", "))
        })
    }

    /// Returns the chain of the Bitcoin family that a text is looked up on: the named one; else the one that stores what the text names, then the one
    /// whose addresses have its form. Where several do, the first chain comes first.
    ///
    /// # Errors
    /// [`ChainsError::Unknown`] when no chain has the name.
    pub fn snapshot_for(&self, text: &str, name: Option<&str>) -> Result<Arc<Snapshot>, ChainsError> {
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            return self.named(name).map(|chain| chain.snapshot());
        }
        let mut all = self.snapshots();
        if all.len() == 1 {
            return Ok(all.swap_remove(0));
        }
        let text = bare(text);
        let stores = all.iter().position(|snapshot| snapshot.subject(&text).is_ok());
        let at = stores.or_else(|| all.iter().position(|snapshot| snapshot.is_address(&text)));
        Ok(all.swap_remove(at.unwrap_or(0)))
    }

    /// Searches all chains of the Bitcoin family and all account chains for whatever `text` names; what a text is on several account chains is several results.
    #[must_use]
    pub fn lookup(&self, text: &str, clearance: Tlp) -> Lookup {
        lookup_on(&self.snapshots(), &self.account_snapshots(), text, clearance)
    }

    /// Returns a chain whose ledger holds an asset, as it is now. A ticker can be on several: [`Chains::for_transfer`] decides there.
    #[must_use]
    pub fn of_asset(&self, asset: &str) -> Option<Arc<dyn ChainQueries>> {
        let handle = self.handle_of(asset).map(|chain| -> Arc<dyn ChainQueries> { chain.snapshot() });
        handle.or_else(|| self.further().find(|chain| chain.has_asset(asset)))
    }

    /// Returns the chain that holds the transfer of an asset between addresses, as it is now; none where no ledger holds the asset. Where several hold
    /// it, as USDT, the form of the addresses decides.
    ///
    /// # Errors
    /// [`ChainsError::Ambiguous`] where several chains are left.
    pub fn for_transfer(&self, asset: &str, addresses: &[&str]) -> Result<Option<Arc<dyn ChainQueries>>, ChainsError> {
        if let Some(chain) = self.handle_of(asset) {
            return Ok(Some(chain.snapshot()));
        }
        let mut holders: Vec<Arc<dyn ChainQueries>> = self.further().filter(|chain| chain.has_asset(asset)).collect();
        if holders.len() > 1 && !addresses.is_empty() {
            holders.retain(|chain| addresses.iter().all(|address| chain.is_address(address)));
        }
        match holders.len() {
            0 | 1 => Ok(holders.pop()),
            _ => Err(ChainsError::Ambiguous(shown(asset), names(&holders))),
        }
    }

    /// Returns a chain by its id, as it is now.
    #[must_use]
    pub fn by_id(&self, id: &ChainId) -> Option<Arc<dyn ChainQueries>> {
        let handle = self.handles.get(id).map(|chain| -> Arc<dyn ChainQueries> { chain.snapshot() });
        let accounts = || self.accounts.get(id).map(|chain| self.with_peers(chain));
        handle.or_else(accounts).or_else(|| self.others.get(id).map(|chain| chain.load().chain.clone()))
    }

    /// Gives the tags of the first chain to all others, where they changed; returns whether any had others.
    ///
    /// # Errors
    /// [`ChangeError`] of a chain that is not changed; call it again then.
    pub fn spread_tags(&self) -> Result<bool, ChangeError> {
        if self.is_one() {
            return Ok(false);
        }
        let mut is_any = false;
        let _spreading = self.spreading.lock().map_err(|_| ChangeError::Failed)?;
        let tags = self.first.snapshot().tags.clone();
        for chain in self.handles.values().filter(|chain| !Arc::ptr_eq(&chain.snapshot().tags, &tags)) {
            chain.change(|workspace| -> Result<(), ChangeError> {
                workspace.set_tags(&tags);
                workspace.catch_up();
                Ok(())
            })?;
            is_any = true;
        }
        for chain in self.accounts.values().filter(|chain| !Arc::ptr_eq(&chain.snapshot().tags, &tags)) {
            chain.set_tags(&tags)?;
            is_any = true;
        }
        for other in self.others.values() {
            let before = other.load();
            if Arc::ptr_eq(&before.tags, &tags) {
                continue;
            }
            let remade = before.chain.with_tags(&tags);
            is_any |= remade.is_some();
            let chain = remade.unwrap_or_else(|| before.chain.clone());
            other.store(Arc::new(Tagged { chain, tags: tags.clone() }));
        }
        Ok(is_any)
    }
}
