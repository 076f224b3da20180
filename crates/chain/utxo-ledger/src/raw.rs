//! Raw blocks: from the node files that were ingested, or from the store's own raw file.

use crate::append::OWN_RAW;
use crate::store::{Ledger, LedgerError};
use holdfast_bitcoin::Block;
use holdfast_bitcoin::files::deobfuscate;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Name of the store's own raw block file.
pub const RAW_FILE: &str = "raw";

impl Ledger {
    /// Reads the raw bytes of the block at a position, and parses them. Checks that they are that block.
    ///
    /// # Errors
    /// [`LedgerError::Raw`] when the node file is gone or changed.
    pub fn raw_block(&self, number: u32) -> Result<Block, LedgerError> {
        let row = self.columns.block.get(u64::from(number));
        let own = self.dir.join(RAW_FILE);
        let (path, xor): (&Path, Option<[u8; 8]>) = match row.source {
            OWN_RAW => (&own, None),
            n => {
                let source = &self.manifest.sources[n as usize];
                (&source.path, source.xor)
            }
        };
        let height = row.height;
        let fail = |why: String| LedgerError::Raw { height, path: path.to_owned(), why };
        let mut bytes = vec![0u8; row.len as usize];
        let offset = row.offset;
        let file = File::open(path).map_err(|e| fail(e.to_string()))?;
        file.read_exact_at(&mut bytes, offset).map_err(|e| fail(e.to_string()))?;
        if let Some(key) = xor {
            deobfuscate(&mut bytes, &key, offset);
        }
        let block = Block::parse(bytes).map_err(|e| fail(e.to_string()))?;
        if *block.hash.as_bytes() != row.hash {
            return Err(fail("holds another block at this place now".into()));
        }
        Ok(block)
    }
}
