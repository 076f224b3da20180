//! The log of a chain's clusters on the disk: what was found in each block, in a folder beside the ledger.
//!
//! It is a store of blocks like that of links: appended to by what new blocks show, cut back with the ledger. Writing costs what was found since the last
//! time, whatever the number of findings before.

use crate::clusters::{Clusters, Mark, Membership, marked};
use crate::error::ClusterError;
use crate::heuristics::Options;
use holdfast_account_ledger::Ledger;
use holdfast_block_store::{Manifest, RawBlock, RawRecord, Store, StoreError};
use holdfast_types::{ChainId, Hash32};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Version of how findings are stored.
const FORMAT: u32 = 1;
/// Blocks that are appended at once.
const AT_ONCE: usize = 1_024;
const ABOUT: u8 = 0;
const FOUND: u8 = 1;

/// What clusters were made by: the first record of the first block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct About {
    options: Options,
    tags: Hash32,
}

enum Entry {
    About(About),
    Found(Membership),
}

impl Entry {
    fn decode(bytes: &[u8]) -> Option<Self> {
        match bytes.split_first()? {
            (&ABOUT, rest) => serde_json::from_slice(rest).ok().map(Entry::About),
            (&FOUND, rest) => {
                let found: Membership = bytemuck::try_pod_read_unaligned(rest).ok()?;
                found.heuristic().map(|_| Entry::Found(found))
            }
            _ => None,
        }
    }

    fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        Ok(match self {
            Entry::About(about) => [vec![ABOUT], serde_json::to_vec(about)?].concat(),
            Entry::Found(found) => [&[FOUND][..], bytemuck::bytes_of(found)].concat(),
        })
    }
}

/// The log of a chain's clusters, open for writing.
#[derive(Debug)]
pub struct ClusterLog(Store);

impl ClusterLog {
    /// Opens the log of a chain for writing, creating it when there is none. A damaged one begins anew: what it holds follows from the ledger.
    ///
    /// # Errors
    /// [`StoreError`] when it is locked, of a later format, or the system refuses.
    pub fn create_or_open(dir: &Path, chain: &ChainId) -> Result<Self, StoreError> {
        match Store::create_or_open(dir, chain, FORMAT) {
            Err(e) if e.is_damage() && !matches!(e, StoreError::Format(..)) => {
                std::fs::remove_dir_all(dir).map_err(|e| StoreError::Io(dir.to_owned(), e))?;
                Store::create_or_open(dir, chain, FORMAT).map(ClusterLog)
            }
            opened => opened.map(ClusterLog),
        }
    }

    /// Reads the clusters that a log holds; none where there is no log, or nothing in it. They answer after the next [`Clusters::update`]. Another process
    /// may write to the log meanwhile.
    ///
    /// # Errors
    /// [`ClusterError`] names what is damaged.
    pub fn load(dir: &Path) -> Result<Option<Clusters>, ClusterError> {
        if !Manifest::path(dir).exists() {
            return Ok(None);
        }
        Store::read_all(dir, FORMAT, Self::read)
    }

    fn read(store: &Store) -> Result<Option<Clusters>, ClusterError> {
        if let Some(damage) = store.check(&|_, bytes| Entry::decode(bytes).map(|_| Vec::new()))?.into_iter().next() {
            return Err(damage.into());
        }
        let Some((first, (tip, _))) = store.first_height().zip(store.tip()?) else { return Ok(None) };
        let Some(About { options, tags }) = about(store)? else { return Ok(None) };
        let log: Vec<Membership> =
            (1..store.counts().records).map(|number| found(store, number)).collect::<Result<_, _>>()?;
        let mark = |height: u64| -> Result<Option<Mark>, StoreError> {
            let log = store.numbers_in(0..height.saturating_add(1)).end.saturating_sub(1);
            Ok(store.hash_at(height)?.map(|hash| Mark { height, log, accounts: 0, hash }))
        };
        let marks = marked(first..tip.saturating_add(1)).filter_map(|height| mark(height).transpose());
        Ok(Some(Clusters::stored(options, tags, &log, marks.collect::<Result<_, _>>()?)))
    }

    /// Writes what was found since the last time, after cutting back what is not the ledger's any more. Clusters of other options or tags replace all.
    ///
    /// # Errors
    /// [`ClusterError`] when the log is damaged, or the system refuses.
    pub fn save(&mut self, ledger: &Ledger, clusters: &Clusters) -> Result<(), ClusterError> {
        let store = &mut self.0;
        let about = About { options: clusters.options().clone(), tags: clusters.tags() };
        let height = clusters.height();
        store.keep_common(&|height| Ok::<_, ClusterError>(ledger.block_at(height)?.map(|block| block.hash)))?;
        store.truncate(height.map_or(0, |height| height.saturating_add(1)))?;
        let first = ledger.first()?.map(|block| block.height);
        // What does not read is written anew.
        let is_of_these = matches!(self::about(store), Ok(Some(stored)) if stored == about);
        if store.first_height() != first || !is_of_these || !matches!(continues(store, clusters), Ok(true)) {
            store.truncate(0)?;
        }
        let (Some(first), Some(height)) = (first, height) else { return Ok(()) };
        let (mut next, mut parent) = match store.tip()? {
            Some((height, hash)) => (height.saturating_add(1), hash),
            None => (first, Hash32::default()),
        };
        let mut number = usize::try_from(store.counts().records.saturating_sub(1)).unwrap_or(usize::MAX);
        let encode = |entry: &Entry| entry.encode().map_err(|e| ClusterError::Io(ledger.dir().to_owned(), e.into()));
        while next <= height {
            let mut blocks = Vec::new();
            while next <= height && blocks.len() < AT_ONCE {
                let Some(block) = ledger.block_at(next)? else { break };
                let mut records = Vec::new();
                if next == first {
                    records.push(encode(&Entry::About(about.clone()))?);
                }
                while let Some(found) = clusters.finding(number).filter(|found| found.height() == next) {
                    records.push(encode(&Entry::Found(*found))?);
                    number += 1;
                }
                let records = records.into_iter().map(|bytes| RawRecord { tx: 0, keys: Vec::new(), bytes }).collect();
                blocks.push(RawBlock { height: next, hash: block.hash, parent, time: block.time, records });
                (next, parent) = (next.saturating_add(1), block.hash);
            }
            if blocks.is_empty() {
                break;
            }
            store.append(&blocks)?;
        }
        Ok(())
    }
}

fn found(store: &Store, number: u64) -> Result<Membership, StoreError> {
    let (_, bytes) = store.record(number)?;
    match Entry::decode(bytes) {
        Some(Entry::Found(found)) => Ok(found),
        _ => Err(StoreError::damaged("records", number, "this is no finding")),
    }
}

fn about(store: &Store) -> Result<Option<About>, StoreError> {
    if store.counts().records == 0 {
        return Ok(None);
    }
    match Entry::decode(store.record(0)?.1) {
        Some(Entry::About(about)) => Ok(Some(about)),
        _ => Err(StoreError::damaged("records", 0, "this is not what clusters were made by")),
    }
}

/// Returns whether what clusters found in the stored blocks is what is stored.
fn continues(store: &Store, clusters: &Clusters) -> Result<bool, StoreError> {
    let Some((tip, _)) = store.tip()? else { return Ok(true) };
    let Some(stored) = store.counts().records.checked_sub(1) else { return Ok(false) };
    let number = usize::try_from(stored).unwrap_or(usize::MAX);
    let is_last = match number.checked_sub(1) {
        Some(last) => clusters.finding(last) == Some(&found(store, stored)?),
        None => true,
    };
    Ok(is_last && clusters.finding(number).is_none_or(|next| next.height() > tip))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::{Cell, RefCell};

    /// A block of one of two branches.
    fn block(chain: &ChainId, height: u64, branch: u8) -> RawBlock {
        let hash =
            |height: u64, branch| if height == 0 { [0; 32] } else { [u8::try_from(height).unwrap() ^ branch; 32] };
        let about = About { options: Options::of_chain(chain), tags: [7; 32] };
        let record = |bytes| RawRecord { tx: 0, keys: Vec::new(), bytes };
        let records = (height == 0).then(|| record(Entry::About(about).encode().unwrap()));
        // Branches part behind the first block.
        let parent = hash(height.saturating_sub(1), branch);
        RawBlock { height, hash: hash(height, branch), parent, time: height, records: records.into_iter().collect() }
    }

    #[test]
    fn what_a_writer_changes_meanwhile_is_read_again() {
        let (dir, chain) = (tempfile::tempdir().unwrap(), ChainId::parse("eip155:1").unwrap());
        let log = RefCell::new(ClusterLog::create_or_open(dir.path(), &chain).unwrap().0);
        log.borrow_mut().append(&[block(&chain, 0, 0), block(&chain, 1, 0)]).unwrap();
        let tries = Cell::new(0);
        let read = |writes: u32| {
            tries.set(0);
            Store::read_all(dir.path(), FORMAT, |store| {
                tries.set(tries.get() + 1);
                if tries.get() <= writes {
                    // The block that is read now makes way for another.
                    log.borrow_mut().truncate(1).unwrap();
                    log.borrow_mut().append(&[block(&chain, 1, u8::try_from(tries.get()).unwrap())]).unwrap();
                }
                match store.check(&|_, bytes| Entry::decode(bytes).map(|_| Vec::new()))?.into_iter().next() {
                    Some(damage) => Err(damage),
                    None => store.tip(),
                }
            })
        };
        assert_eq!(read(3).unwrap(), Some((1, [1 ^ 3; 32])));
        assert_eq!(tries.get(), 4);
        // What is damaged while nobody writes is an error at once.
        let blocks = dir.path().join("blocks");
        let mut bytes = std::fs::read(&blocks).unwrap();
        bytes[3] ^= 1;
        std::fs::write(&blocks, bytes).unwrap();
        assert!(read(0).is_err());
        assert_eq!(tries.get(), 1);
    }

    #[test]
    fn a_log_reads_at_any_moment_while_another_process_writes() {
        let (dir, chain) = (tempfile::tempdir().unwrap(), ChainId::parse("eip155:1").unwrap());
        let mut log = ClusterLog::create_or_open(dir.path(), &chain).unwrap().0;
        log.append(&[block(&chain, 0, 0)]).unwrap();
        std::thread::scope(|scope| {
            let (chain, dir) = (&chain, dir.path());
            let writer = scope.spawn(move || {
                for n in 0..60u8 {
                    log.truncate(1).unwrap();
                    log.append(&[block(chain, 1, n * 2), block(chain, 2, n * 2)]).unwrap();
                }
            });
            while !writer.is_finished() {
                assert!(ClusterLog::load(dir).unwrap().is_some());
            }
        });
    }
}
