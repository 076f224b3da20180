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
    /// Version of the layout and of what is looked for in blocks, which each kind of store numbers for itself.
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

const NAME: &str = "MANIFEST";

impl Manifest {
    pub(crate) fn new(chain: ChainId, format: u32) -> Self {
        Manifest { format, chain, revision: 0, first: None, counts: Counts::default() }
    }

    /// Returns where the manifest of a store lies.
    #[must_use]
    pub fn path(dir: &Path) -> PathBuf {
        dir.join(NAME)
    }

    /// Reads a store's manifest, of whatever format.
    ///
    /// # Errors
    /// [`StoreError::Manifest`].
    pub fn read(dir: &Path) -> Result<Self, StoreError> {
        let path = Self::path(dir);
        sealed::read(&path).map_err(|e| StoreError::Manifest(path, e))
    }

    /// Returns the manifest where it is of a format.
    ///
    /// # Errors
    /// [`StoreError::Format`].
    pub(crate) fn of_format(self, dir: &Path, format: u32) -> Result<Self, StoreError> {
        if self.format == format { Ok(self) } else { Err(StoreError::Format(Self::path(dir), self.format)) }
    }

    /// Returns the manifest of the same store without blocks and in another format, as the next commit.
    pub(crate) fn anew(&self, format: u32) -> Self {
        Manifest { revision: self.revision.saturating_add(1), ..Manifest::new(self.chain.clone(), format) }
    }

    /// Commits: after this returns, a kill or power cut at any moment leaves this manifest or a later one.
    pub(crate) fn write(&self, dir: &Path) -> io::Result<()> {
        sealed::replace(dir, NAME, self)
    }
}
