//! The file of exposures. Profiles are numbered by the transaction that first has them, so that equal figures make equal files, however they
//! came about.

use super::changes::Version;
use super::profiles::{Entry, Profiles};
use super::{Data, Exposures};
use crate::huge::HugeVec;
use hashbrown::{DefaultHashBuilder, HashTable};
use holdfast_attribution::taxonomy::MAX_CATEGORIES;
use holdfast_attribution::{Categories, sealed};
use holdfast_bitcoin::BlockHash;
use holdfast_utxo_ledger::store::NONE_U32;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::hash::BuildHasher;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

/// Why exposures do not load.
#[derive(Debug, thiserror::Error)]
pub enum ExposureError {
    /// The system refused, or the file is damaged.
    #[error("{0}: {1}; if it is damaged, run `holdfast exposure --rebuild`")]
    Io(PathBuf, #[source] std::io::Error),
    /// Its contents do not decode.
    #[error("{0}: {1}; run `holdfast exposure --rebuild`")]
    Format(PathBuf, String),
}

const MAGIC: &[u8; 8] = b"HFEXPO04";
/// Files whose figures differ in the last places: they are made again from the ledger.
const OLDER_MAGIC: &[u8; 8] = b"HFEXPO03";

#[derive(Serialize, Deserialize)]
struct Head {
    done: u32,
    at: Option<[u8; 32]>,
    lengths: [u64; 7],
    #[serde(default, skip_serializing_if = "Option::is_none")]
    behind: Option<u32>,
}

/// Returns a column of profiles with the profiles that it names, numbered by first use, each once.
fn canonical(column: &[u32], profiles: &Profiles) -> (Vec<u32>, Profiles) {
    let hasher = DefaultHashBuilder::default();
    let hash = |entries: &[Entry]| hasher.hash_one(bytemuck::cast_slice::<Entry, u8>(entries));
    let mut made = Profiles::default();
    let mut numbers = vec![NONE_U32; profiles.starts.len()];
    let mut known: HashTable<u32> = HashTable::new();
    let renumbered = column
        .iter()
        .map(|id| {
            let Some(at) = (*id as usize).checked_sub(MAX_CATEGORIES) else { return *id };
            if numbers[at] == NONE_U32 {
                numbers[at] = profiles.with(*id, |entries| {
                    let found = known.find(hash(entries), |other| made.with(*other, |other| other == entries));
                    found.copied().unwrap_or_else(|| {
                        let number = made.append(entries);
                        known.insert_unique(hash(entries), number, |n| made.with(*n, hash));
                        number
                    })
                });
            }
            numbers[at]
        })
        .collect();
    (renumbered, made)
}

impl Exposures {
    /// Writes everything to a file, atomically.
    ///
    /// # Errors
    /// [`ExposureError::Io`] when the system refuses.
    pub fn save(&self, path: &Path) -> Result<(), ExposureError> {
        let data = &*self.data;
        let (source, source_profiles) = canonical(&data.source, &data.source_profiles);
        let (destination, destination_profiles) = canonical(&data.destination, &data.destination_profiles);
        let words: [&[u32]; 6] = [
            &source,
            &destination,
            &source_profiles.starts,
            &destination_profiles.starts,
            bytemuck::cast_slice(&source_profiles.entries),
            bytemuck::cast_slice(&destination_profiles.entries),
        ];
        let categories = data.categories.to_vec();
        let mut lengths = [0u64; 7];
        for (length, column) in lengths.iter_mut().zip(words) {
            *length = column.len() as u64;
        }
        lengths[6] = categories.len() as u64;
        let head = Head { done: data.done, at: data.at.map(BlockHash::to_bytes), lengths, behind: data.behind };
        let head = serde_json::to_vec(&head).map_err(|e| ExposureError::Format(path.to_owned(), e.to_string()))?;
        let mut body = (head.len() as u64).to_le_bytes().to_vec();
        body.extend_from_slice(&head);
        for column in words {
            body.extend_from_slice(bytemuck::cast_slice(column));
        }
        body.extend_from_slice(&categories);
        sealed::save(path, MAGIC, &body).map_err(|e| ExposureError::Io(path.to_owned(), e))
    }

    /// Reads what [`Exposures::save`] wrote; `None` when the file is absent or of an earlier version, and the figures must be rebuilt.
    /// An update brings them up to a ledger before they answer.
    ///
    /// # Errors
    /// [`ExposureError`] when it is damaged or of a later version.
    pub fn load(path: &Path) -> Result<Option<Self>, ExposureError> {
        let io = |e| ExposureError::Io(path.to_owned(), e);
        if sealed::kind(path).map_err(io)?.is_some_and(|magic| &magic == OLDER_MAGIC) {
            return Ok(None);
        }
        let Some(body) = sealed::load(path, MAGIC).map_err(io)? else { return Ok(None) };
        let body = body.as_slice();
        let fail = |why: &str| ExposureError::Format(path.to_owned(), why.to_owned());
        let cut = || fail("cut off");
        let (len, body) = body.split_first_chunk::<8>().ok_or_else(cut)?;
        let len = usize::try_from(u64::from_le_bytes(*len)).map_err(|_| cut())?;
        let (head, mut body) = body.split_at_checked(len).ok_or_else(cut)?;
        let head: Head = serde_json::from_slice(head).map_err(|e| fail(&e.to_string()))?;
        let mut words: Vec<Vec<u32>> = Vec::with_capacity(6);
        for n in &head.lengths[..6] {
            let bytes = usize::try_from(*n).ok().and_then(|n| n.checked_mul(4)).ok_or_else(cut)?;
            let (column, rest) = body.split_at_checked(bytes).ok_or_else(cut)?;
            words.push(bytemuck::allocation::pod_collect_to_vec(column));
            body = rest;
        }
        if body.len() as u64 != head.lengths[6] {
            return Err(cut());
        }
        let columns = <[Vec<u32>; 6]>::try_from(words).map_err(|_| cut())?;
        let [source, destination, source_starts, destination_starts, source_entries, destination_entries] = columns;
        let profiles = |starts: Vec<u32>, entries: Vec<u32>| -> Result<Profiles, ExposureError> {
            let last = u32::try_from(MAX_CATEGORIES + starts.len() - 1).map_err(|_| cut())?;
            let entries = bytemuck::cast_vec::<u32, Entry>(entries).into();
            Ok(Profiles { starts: starts.into(), entries, last })
        };
        let source_profiles = profiles(source_starts, source_entries)?;
        let destination_profiles = profiles(destination_starts, destination_entries)?;
        let data = Data {
            categories: Categories::from(body),
            gives: HugeVec::default(),
            source: source.into(),
            destination: destination.into(),
            made: source_profiles.entries.len() + destination_profiles.entries.len(),
            source_profiles,
            destination_profiles,
            done: head.done,
            at: head.at.map(BlockHash::from_bytes),
            marks: VecDeque::new(),
            behind: head.behind,
            version: Version::next(),
            replaced: None,
        };
        Ok(Some(Exposures { data: Arc::new(data), cache: RwLock::default() }))
    }
}
