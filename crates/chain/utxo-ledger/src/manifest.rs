//! The manifest: what of the store is committed. Written whole beside the old one and renamed over it.

use crate::overwritten::Overwritten;
use holdfast_bitcoin::Network;
use holdfast_columns::sealed::{self, SealError};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};

/// How many of each thing the store holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Blocks.
    pub blocks: u32,
    /// Transactions.
    pub txs: u32,
    /// Outputs of stored transactions.
    pub outputs: u64,
    /// Inputs (coinbase inputs are not stored).
    pub inputs: u64,
    /// Outputs that stored inputs spend but whose transactions are not stored.
    pub externals: u64,
    /// Distinct addresses.
    pub addresses: u32,
}

impl Counts {
    /// Returns the field-wise minimum.
    pub fn min(self, other: Counts) -> Counts {
        Counts {
            blocks: self.blocks.min(other.blocks),
            txs: self.txs.min(other.txs),
            outputs: self.outputs.min(other.outputs),
            inputs: self.inputs.min(other.inputs),
            externals: self.externals.min(other.externals),
            addresses: self.addresses.min(other.addresses),
        }
    }
}

/// A file that raw blocks can be read from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    /// Absolute path of a node's `blk*.dat`.
    pub path: PathBuf,
    /// Its XOR key, where it is obfuscated.
    pub xor: Option<[u8; 8]>,
}

/// The state of the index files: look-up structures that are derived from the columns and never changed in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexState {
    /// Number in the index's folder name.
    pub number: u32,
    /// What the index was built over.
    pub built: Counts,
    /// What of it still holds: lowered by reorganizations. Entries at or beyond these numbers are ignored.
    pub valid: Counts,
}

/// What of the store is committed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Layout version; see [`FORMAT`].
    pub format: u32,
    /// Whose chain this is.
    pub network: Network,
    /// Seed of the hash that places addresses in the index.
    pub seed: u64,
    /// Rises with every commit.
    pub revision: u64,
    /// Committed lengths.
    pub counts: Counts,
    /// Bytes used of the store's own raw block file.
    pub raw_bytes: u64,
    /// Index files, once built.
    pub index: Option<IndexState>,
    /// Node files that blocks point into.
    pub sources: Vec<SourceFile>,
    /// Transactions whose outputs later ones of the same id replaced; absent in stores of older builds, which find them when opened.
    #[serde(default)]
    pub overwritten: Option<Vec<Overwritten>>,
}

/// Version of the layout that this code reads and writes.
pub const FORMAT: u32 = 1;

const NAME: &str = "MANIFEST";

/// Why a manifest does not read.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// It is no sealed file, or the system refused.
    #[error(transparent)]
    Sealed(#[from] SealError),
    /// Written by another version.
    #[error("layout version {0} is not supported here (this build reads {FORMAT}); ingest again with this build")]
    Format(u32),
}

impl Manifest {
    /// Returns a new, empty store's manifest.
    pub fn new(network: Network, seed: u64) -> Self {
        Manifest {
            format: FORMAT,
            network,
            seed,
            revision: 0,
            counts: Counts::default(),
            raw_bytes: 0,
            index: None,
            sources: Vec::new(),
            overwritten: Some(Vec::new()),
        }
    }

    /// Returns the path of the manifest in a store.
    pub fn path(dir: &Path) -> PathBuf {
        dir.join(NAME)
    }

    /// Reads a store's manifest.
    ///
    /// # Errors
    /// [`ManifestError`] names what is wrong with it.
    pub fn read(dir: &Path) -> Result<Self, ManifestError> {
        let manifest: Manifest = sealed::read(&Self::path(dir))?;
        if manifest.format != FORMAT {
            return Err(ManifestError::Format(manifest.format));
        }
        Ok(manifest)
    }

    /// Commits: after this returns, a kill or power cut at any moment leaves this manifest or a later one.
    ///
    /// # Errors
    /// What the system reports.
    pub fn write(&self, dir: &Path) -> io::Result<()> {
        sealed::replace(dir, NAME, self)
    }
}
