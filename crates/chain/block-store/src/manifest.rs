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
/// another chain received.
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
        let path = Self::path(dir);
        let manifest: Manifest = sealed::read(&path).map_err(|e| StoreError::Manifest(path.clone(), e))?;
        match manifest.format {
            FORMAT => Ok(manifest),
            other => Err(StoreError::Format(path, other)),
        }
    }

    /// Commits: after this returns, a kill or power cut at any moment leaves this manifest or a later one.
    pub(crate) fn write(&self, dir: &Path) -> io::Result<()> {
        sealed::replace(dir, NAME, self)
    }
}
