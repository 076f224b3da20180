//! The tags of a store that has account chains alone, changed without a ledger of outputs.

use holdfast_account_ledger::Ledger;
use holdfast_account_workspace::AccountWorkspace;
use holdfast_attribution::TagStore;
use holdfast_attribution::Tlp;
use holdfast_attribution::import::{ImportReport, NamedFile, import_as};
use holdfast_attribution::own::{OwnChange, OwnChanged, OwnError};
use holdfast_attribution::tags::TagFile;
use holdfast_types::ChainId;
use holdfast_workspace::account_chains::account_families;
use holdfast_workspace::{Workspace, WorkspaceError};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// The tags of a store of account chains, open to be changed by this process alone.
#[derive(Debug)]
pub struct StoreTags {
    store: PathBuf,
    file: TagFile,
    tags: TagStore,
    chains: Vec<ChainId>,
    _lock: File,
}

impl StoreTags {
    /// Opens the tags of a store that has account chains and no ledger of outputs; `None` of any other store, whose [`Workspace`] holds them.
    ///
    /// # Errors
    /// [`WorkspaceError::Locked`] where another process changes them, and when they do not read.
    pub fn open(store: &Path) -> Result<Option<Self>, WorkspaceError> {
        let chains = AccountWorkspace::chains_of(store)?;
        if chains.is_empty() || Workspace::is_in(store) {
            return Ok(None);
        }
        let path = store.join("tags.lock");
        let io = |e| WorkspaceError::Io(path.clone(), e);
        let lock = File::options().create(true).truncate(false).write(true).open(&path).map_err(io)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(WorkspaceError::Locked(store.to_owned())),
            Err(TryLockError::Error(e)) => return Err(io(e)),
        }
        let mut file = TagFile::new(&store.join("tags"));
        let tags = file.load()?;
        Ok(Some(StoreTags { store: store.to_owned(), file, tags, chains, _lock: lock }))
    }

    /// Imports tag files; tags without a label of their own get the one given. [`StoreTags::save`] makes it durable.
    pub fn import(&mut self, files: Vec<NamedFile>, label: Option<Tlp>) -> ImportReport {
        let mut report = import_as(&mut self.tags, files, label);
        report.count_chains(&account_families(&self.chains));
        report
    }

    /// Removes all tags of a pack. Returns how many. [`StoreTags::save`] makes it durable.
    pub fn remove_pack(&mut self, title: &str) -> usize {
        self.tags.remove_pack(title)
    }

    /// Changes the desk's own tags. [`StoreTags::save`] makes it durable.
    ///
    /// # Errors
    /// [`OwnError`]; nothing is changed then.
    pub fn change_own(&mut self, change: OwnChange) -> Result<OwnChanged, OwnError> {
        self.tags.change_own(change)
    }

    /// Returns the tags.
    #[must_use]
    pub fn tags(&self) -> &TagStore {
        &self.tags
    }

    /// Makes the tags durable.
    ///
    /// # Errors
    /// [`WorkspaceError`] when the system refuses to write, or a server has taken the store over meanwhile.
    pub fn save(&mut self) -> Result<(), WorkspaceError> {
        if Workspace::is_in(&self.store) {
            return Err(WorkspaceError::Locked(self.store.clone()));
        }
        Ok(self.file.save(&self.tags)?)
    }

    /// Counts the tagged accounts that the store's ledgers mention.
    ///
    /// # Errors
    /// [`WorkspaceError::Accounts`] when a ledger does not read.
    pub fn tagged_accounts(&self) -> Result<u64, WorkspaceError> {
        let mut count = 0;
        for chain in &self.chains {
            let ledger = Ledger::open(&AccountWorkspace::ledger_dir(&self.store, chain))?;
            let tagged = self.tags.accounts(chain.family());
            count += tagged.into_iter().filter(|(account, _)| ledger.account_number(account).is_some()).count() as u64;
        }
        Ok(count)
    }
}
