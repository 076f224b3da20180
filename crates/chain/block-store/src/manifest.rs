//! What of a store is committed.

use crate::error::StoreError;
use holdfast_columns::sealed;
use holdfast_types::ChainId;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};

/// How much is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Blocks that were read, whether they have records or not.
    pub blocks: u64,
    /// Records.
    pub records: u64,
    /// Bytes of the records.
    pub bytes: u64,
    /// Keys by which records are found.
    pub keys: u64,
}

/// What of a store is committed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Layout version.
    pub format: u32,
    /// Chain.
    pub chain: ChainId,
    /// Rises with every commit.
    pub revision: u64,
    /// Height of the first block; none in an empty store.
    pub first: Option<u64>,
    /// Committed numbers.
    pub counts: Counts,
}

/// Version of the layout, and of what is looked for in blocks: of a store whose blocks were read for fewer bridges it would be said that nobody sent what
/// another chain received. A store of an earlier version begins anew.
const FORMAT: u32 = 2;

const NAME: &str = "MANIFEST";

impl Manifest {
    pub(crate) fn new(chain: ChainId) -> Self {
        Manifest { format: FORMAT, chain, revision: 0, first: None, counts: Counts::default() }
    }

    /// Returns where the manifest of a store lies.
    #[must_use]
    pub fn path(dir: &Path) -> PathBuf {
        dir.join(NAME)
    }

    /// Reads a store's manifest.
    ///
    /// # Errors
    /// [`StoreError::Manifest`], [`StoreError::Format`].
    pub fn read(dir: &Path) -> Result<Self, StoreError> {
        let manifest = Self::read_any(dir)?;
        if manifest.format == FORMAT { Ok(manifest) } else { Err(StoreError::Format(Self::path(dir), manifest.format)) }
    }

    /// Reads the manifest of a store that an earlier version of this program wrote: it looked for less, so nothing that it found counts. None where it is
    /// of this version, or of a later one.
    ///
    /// # Errors
    /// [`StoreError::Manifest`].
    pub fn outdated(dir: &Path) -> Result<Option<Self>, StoreError> {
        Ok(Some(Self::read_any(dir)?).filter(|manifest| manifest.format < FORMAT))
    }

    fn read_any(dir: &Path) -> Result<Self, StoreError> {
        let path = Self::path(dir);
        sealed::read(&path).map_err(|e| StoreError::Manifest(path, e))
    }

    /// Returns the manifest of the same store without blocks, as the next commit.
    pub(crate) fn anew(&self) -> Self {
        Manifest { revision: self.revision.saturating_add(1), ..Manifest::new(self.chain.clone()) }
    }

    /// Commits: after this returns, a kill or power cut at any moment leaves this manifest or a later one.
    pub(crate) fn write(&self, dir: &Path) -> io::Result<()> {
        sealed::replace(dir, NAME, self)
    }
}
