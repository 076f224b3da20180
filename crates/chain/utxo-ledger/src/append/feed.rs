//! Where blocks to append come from.

use crate::store::LedgerError;
use holdfast_bitcoin::Block;
use holdfast_bitcoin::files::BlockFiles;
use holdfast_bitcoin::undo::Spent;
use std::path::PathBuf;

/// Where a block's bytes can be read again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RawPlace {
    /// In a node file.
    File {
        /// Absolute path.
        path: PathBuf,
        /// XOR key, where obfuscated.
        xor: Option<[u8; 8]>,
        /// First byte.
        offset: u64,
    },
    /// Nowhere else: the store copies them.
    Keep,
}

/// Blocks to append, in chain order, readable again in any order.
pub trait BlockFeed: Sync {
    /// Returns how many blocks.
    fn len(&self) -> usize;
    /// Returns whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Height and parsed, checked block.
    fn block(&self, i: usize) -> Result<(u32, Block), LedgerError>;
    /// Spent outputs of all inputs but the coinbase's, if known.
    fn spent(&self, i: usize) -> Result<Option<Vec<Spent>>, LedgerError>;
    /// Returns where its bytes lie.
    fn place(&self, i: usize) -> RawPlace;
    /// Transactions of the block, as a hint for sizing.
    fn tx_hint(&self, i: usize) -> u64;
}

/// The best chain of a folder of node files, from a position on.
#[derive(Debug)]
pub struct FilesFeed<'a> {
    files: &'a BlockFiles,
    from: usize,
    keep_raw: bool,
}

impl<'a> FilesFeed<'a> {
    /// Feeds all blocks from position `from` of the best chain. With `keep_raw` the store copies their bytes.
    pub fn new(files: &'a BlockFiles, from: usize, keep_raw: bool) -> Self {
        FilesFeed { files, from, keep_raw }
    }
}

impl BlockFeed for FilesFeed<'_> {
    fn len(&self) -> usize {
        self.files.len() - self.from
    }

    fn block(&self, i: usize) -> Result<(u32, Block), LedgerError> {
        Ok(self.files.block(self.from + i)?)
    }

    fn spent(&self, i: usize) -> Result<Option<Vec<Spent>>, LedgerError> {
        Ok(self.files.spent_outputs(self.from + i)?)
    }

    fn place(&self, i: usize) -> RawPlace {
        if self.keep_raw {
            return RawPlace::Keep;
        }
        let (_, found) = self.files.entry(self.from + i);
        let path = &self.files.paths()[found.location.file as usize];
        RawPlace::File {
            path: std::path::absolute(path).unwrap_or_else(|_| path.clone()),
            xor: self.files.xor_key(),
            offset: found.location.offset,
        }
    }

    fn tx_hint(&self, i: usize) -> u64 {
        self.files.entry(self.from + i).1.tx_count
    }
}

/// A block held in memory.
#[derive(Clone, Debug)]
pub struct MemoryBlock {
    /// Its height.
    pub height: u32,
    /// The block, checked by the caller.
    pub block: Block,
    /// What its inputs spend, if known.
    pub spent: Option<Vec<Spent>>,
}

/// Blocks held in memory; the store copies their bytes.
#[derive(Clone, Debug, Default)]
pub struct MemoryFeed(pub Vec<MemoryBlock>);

impl BlockFeed for MemoryFeed {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn block(&self, i: usize) -> Result<(u32, Block), LedgerError> {
        Ok((self.0[i].height, self.0[i].block.clone()))
    }

    fn spent(&self, i: usize) -> Result<Option<Vec<Spent>>, LedgerError> {
        Ok(self.0[i].spent.clone())
    }

    fn place(&self, _: usize) -> RawPlace {
        RawPlace::Keep
    }

    fn tx_hint(&self, i: usize) -> u64 {
        self.0[i].block.txs.len() as u64
    }
}
