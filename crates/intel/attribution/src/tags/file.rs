//! Tags in files: all of them under one checksum, and beside it a log of what changed since.

use super::changes::Change;
use super::{Actor, Confidence, Tag, TagStore, TagVersion};
use crate::tlp::Tlp;
use crate::{nobody, sealed};
use holdfast_bitcoin::Hash32;
use holdfast_bitcoin::hash::sha256;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Why a tag store's file does not read.
#[derive(Debug, thiserror::Error)]
pub enum TagStoreError {
    /// The system refused, or the file is damaged.
    #[error("{0}: {1}; if it is damaged, remove it and import the tags again")]
    Io(PathBuf, #[source] std::io::Error),
    /// Its contents do not decode.
    #[error("{0}: {1}; remove it and import the tags again")]
    Format(PathBuf, String),
}

/// Version 1 has tags and actors; version 2 has the tags' labels after them.
pub(super) const MAGIC_1: &[u8; 8] = b"HFTAGS01";
const MAGIC: &[u8; 8] = b"HFTAGS02";
/// The log: the checksum of the file that it goes on from, then frames of a length, changes, and a checksum over the checksum before and them.
const LOG_MAGIC: &[u8; 8] = b"HFTAGL01";
/// Bytes of a log below which it is never made part of the file.
const SMALL_LOG: u64 = 1 << 20;
/// Bytes before and after the changes of a frame.
const FRAME: u64 = 8 + 32;

/// A tag as version 1 of the store's file has it: without a label.
#[derive(Serialize, Deserialize)]
pub(super) struct Stored<T, C> {
    address: T,
    asset: T,
    label: T,
    source: T,
    category: Option<T>,
    abuse: Option<T>,
    concepts: C,
    confidence: Confidence,
    is_cluster_definer: bool,
    actor: Option<T>,
    lastmod: T,
    pack: T,
    file: T,
    creator: T,
}

impl<'a> From<&'a Tag> for Stored<&'a str, &'a [String]> {
    fn from(t: &'a Tag) -> Self {
        Stored {
            address: &t.address,
            asset: &t.asset,
            label: &t.label,
            source: &t.source,
            category: t.category.as_deref(),
            abuse: t.abuse.as_deref(),
            concepts: &t.concepts,
            confidence: t.confidence,
            is_cluster_definer: t.is_cluster_definer,
            actor: t.actor.as_deref(),
            lastmod: &t.lastmod,
            pack: &t.pack,
            file: &t.file,
            creator: &t.creator,
        }
    }
}

impl From<Stored<String, Vec<String>>> for Tag {
    fn from(t: Stored<String, Vec<String>>) -> Self {
        Tag {
            address: t.address,
            asset: t.asset,
            label: t.label,
            source: t.source,
            category: t.category,
            abuse: t.abuse,
            concepts: t.concepts,
            confidence: t.confidence,
            is_cluster_definer: t.is_cluster_definer,
            actor: t.actor,
            lastmod: t.lastmod,
            pack: t.pack,
            file: t.file,
            creator: t.creator,
            tlp: None,
        }
    }
}

/// Tags with their labels, as the log has them.
type Labelled<T, C> = Vec<(Stored<T, C>, Option<Tlp>)>;

/// A change, as the log has it.
#[derive(Serialize, Deserialize)]
enum StoredChange<T, C, A> {
    Added(Labelled<T, C>),
    Relabelled(Labelled<T, C>),
    Actors(A),
    Removed(T),
    /// One tag was removed: a list of one.
    Taken(Labelled<T, C>),
}

fn labelled<'a>(tags: impl Iterator<Item = &'a Tag>) -> Labelled<&'a str, &'a [String]> {
    tags.map(|t| (Stored::from(t), t.tlp)).collect()
}

fn read_labelled(tags: Labelled<String, Vec<String>>) -> impl Iterator<Item = Tag> {
    tags.into_iter().map(|(tag, tlp)| Tag { tlp, ..Tag::from(tag) })
}

/// The file of a store of tags with its log, and what they hold.
#[derive(Debug)]
pub struct TagFile {
    path: PathBuf,
    /// What the files hold, where that is known.
    held: Option<Held>,
}

#[derive(Debug)]
struct Held {
    version: TagVersion,
    /// Length of the file, and its checksum; both zero without one.
    whole: (u64, Hash32),
    /// Length of the log until the last whole frame, and that frame's checksum.
    log: (u64, Hash32),
}

impl TagFile {
    /// Returns the files of a store of tags, whose contents are not known yet.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        TagFile { path: path.to_owned(), held: None }
    }

    fn log_path(&self) -> PathBuf {
        self.path.with_extension("log")
    }

    fn io(&self, e: std::io::Error) -> TagStoreError {
        TagStoreError::Io(self.path.clone(), e)
    }

    fn log_io(&self, e: std::io::Error) -> TagStoreError {
        TagStoreError::Io(self.log_path(), e)
    }

    fn format(&self, e: impl ToString) -> TagStoreError {
        TagStoreError::Format(self.path.clone(), e.to_string())
    }

    /// Returns the version of the store that the files hold, where they were read or written.
    #[must_use]
    pub fn version(&self) -> Option<TagVersion> {
        self.held.as_ref().map(|held| held.version)
    }

    /// Makes a store durable: appends what changed since the last time to the log, or writes the file whole where the log has become long,
    /// or what changed is not known.
    ///
    /// # Errors
    /// [`TagStoreError::Io`] when the system refuses.
    pub fn save(&mut self, store: &TagStore) -> Result<(), TagStoreError> {
        if self.version() == Some(store.version()) {
            return Ok(());
        }
        let held = self.held.take();
        let changes = held.and_then(|held| Some((store.changes.changes_since(held.version)?, held)));
        if let Some((changes, held)) = changes {
            let body = self.body(store, &changes)?;
            let log = held.log.0 + FRAME + body.len() as u64;
            if held.whole.0 > 0 && log <= (held.whole.0 / 2).max(SMALL_LOG) {
                self.append(&held, &body).map_err(|e| self.log_io(e))?;
                let sum = sha256(&[held.log.1.as_slice(), &body].concat());
                let log = (held.log.0.max(40) + FRAME + body.len() as u64, sum);
                self.held = Some(Held { version: store.version(), log, ..held });
                return Ok(());
            }
        }
        self.write(store)
    }

    fn body(&self, store: &TagStore, changes: &[&Change]) -> Result<Vec<u8>, TagStoreError> {
        let stored: Vec<StoredChange<&str, &[String], &[Actor]>> = changes
            .iter()
            .map(|change| match change {
                Change::Added(numbers) => StoredChange::Added(labelled(numbers.clone().map(|i| store.tag(i)))),
                Change::Relabelled(tags) => StoredChange::Relabelled(labelled(tags.iter())),
                Change::Actors(actors) => StoredChange::Actors(actors.as_slice()),
                Change::Removed(pack) => StoredChange::Removed(pack.as_str()),
                Change::Taken(tag) => StoredChange::Taken(labelled(std::iter::once(&**tag))),
            })
            .collect();
        postcard::to_stdvec(&stored).map_err(|e| self.format(e))
    }

    fn append(&self, held: &Held, body: &[u8]) -> std::io::Result<()> {
        let path = self.log_path();
        let sum = sha256(&[held.log.1.as_slice(), body].concat());
        let frame = [&(body.len() as u64).to_le_bytes(), body, &sum].concat();
        if held.log.0 == 0 {
            let head = [LOG_MAGIC.as_slice(), &held.whole.1].concat();
            return sealed::replace(&path, |file| {
                file.write_all(&head)?;
                file.write_all(&frame)
            });
        }
        let mut file = File::options().write(true).open(path)?;
        // What an unfinished write left behind goes.
        file.set_len(held.log.0)?;
        file.seek(SeekFrom::End(0))?;
        let mut file = sealed::Paced::new(file);
        file.write_all(&frame)?;
        file.finish()
    }

    /// Writes the file whole; the log that went on from the file before is void by its checksum, and removed.
    fn write(&mut self, store: &TagStore) -> Result<(), TagStoreError> {
        let tags: Vec<Stored<&str, &[String]>> = store.iter().map(Stored::from).collect();
        let labels: Vec<(u32, Tlp)> = (0..).zip(store.iter()).filter_map(|(i, t)| Some((i, t.tlp?))).collect();
        let body = postcard::to_stdvec(&(tags, store.actors(), labels)).map_err(|e| self.format(e))?;
        sealed::save(&self.path, MAGIC, &body).map_err(|e| self.io(e))?;
        match std::fs::remove_file(self.log_path()) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(self.log_io(e)),
            _ => {}
        }
        let sum = sha256(&body);
        self.held = Some(Held { version: store.version(), whole: (body.len() as u64 + 40, sum), log: (0, sum) });
        Ok(())
    }

    /// Reads the files; without them the store is empty.
    ///
    /// # Errors
    /// [`TagStoreError`] when a file is damaged or of another version, or the system refuses.
    pub fn load(&mut self) -> Result<TagStore, TagStoreError> {
        let (mut store, whole) = self.load_whole()?;
        let mut log = (0, whole.1);
        match std::fs::read(self.log_path()) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => return Err(self.log_io(e)),
            Ok(bytes) => {
                sealed::close_to_others(&self.log_path()).map_err(|e| self.log_io(e))?;
                // One that goes on from another file was made part of this one, and not removed yet.
                if bytes.get(..8) == Some(LOG_MAGIC) && bytes.get(8..40) == Some(whole.1.as_slice()) {
                    log = self.replay(&mut store, &bytes, whole.1)?;
                }
            }
        }
        store.drop_changes(store.version());
        self.held = Some(Held { version: store.version(), whole, log });
        Ok(store)
    }

    /// Applies a log; returns the length and the checksum until its last whole frame.
    fn replay(&self, store: &mut TagStore, bytes: &[u8], base: Hash32) -> Result<(u64, Hash32), TagStoreError> {
        let (mut at, mut sum) = (40, base);
        while let Some(length) = bytes.get(at..at + 8) {
            let mut eight = [0; 8];
            eight.copy_from_slice(length);
            let length = usize::try_from(u64::from_le_bytes(eight)).unwrap_or(usize::MAX);
            let end = (at + 8).checked_add(length).and_then(|end| end.checked_add(32));
            // Beyond the end: a write that was not finished, of a change that was never reported as durable.
            let Some(frame) = end.and_then(|end| bytes.get(at + 8..end)) else { break };
            let (body, found) = frame.split_at(length);
            let expected = sha256(&[sum.as_slice(), body].concat());
            if found != expected {
                match at + 8 + frame.len() == bytes.len() {
                    true => break,
                    false => {
                        let why = std::io::Error::new(std::io::ErrorKind::InvalidData, "a checksum does not match");
                        return Err(self.log_io(why));
                    }
                }
            }
            let changes: Vec<StoredChange<String, Vec<String>, Vec<Actor>>> =
                postcard::from_bytes(body).map_err(|e| TagStoreError::Format(self.log_path(), e.to_string()))?;
            for change in changes {
                match change {
                    StoredChange::Added(tags) | StoredChange::Relabelled(tags) => {
                        store.add_tags(read_labelled(tags));
                    }
                    StoredChange::Actors(actors) => store.add_actors(actors),
                    StoredChange::Removed(pack) => {
                        store.remove_pack(&pack);
                    }
                    StoredChange::Taken(tags) => read_labelled(tags).for_each(|tag| {
                        store.take_tag(&tag);
                    }),
                }
            }
            (at, sum) = (at + 8 + frame.len(), expected);
        }
        Ok((at as u64, sum))
    }

    fn load_whole(&self) -> Result<(TagStore, (u64, Hash32)), TagStoreError> {
        type Tags = Vec<Stored<String, Vec<String>>>;
        let path = &self.path;
        let mut head = [0; 40];
        let (tags, actors, labels): (Tags, Vec<Actor>, Vec<(u32, Tlp)>) =
            match sealed::kind(path).map_err(|e| self.io(e))? {
                None => return Ok((TagStore::default(), (0, [0; 32]))),
                Some(magic) if &magic == MAGIC_1 => {
                    let body = sealed::load(path, MAGIC_1).map_err(|e| self.io(e))?.unwrap_or_default();
                    let (tags, actors) = postcard::from_bytes(&body).map_err(|e| self.format(e))?;
                    (tags, actors, Vec::new())
                }
                Some(_) => {
                    let body = sealed::load(path, MAGIC).map_err(|e| self.io(e))?.unwrap_or_default();
                    postcard::from_bytes(&body).map_err(|e| self.format(e))?
                }
            };
        let mut file = File::open(path).map_err(|e| self.io(e))?;
        file.read_exact(&mut head).map_err(|e| self.io(e))?;
        let mut sum = [0; 32];
        sum.copy_from_slice(&head[8..]);
        let length = file.metadata().map_err(|e| self.io(e))?.len();
        let mut tags: Vec<Tag> = tags.into_iter().map(Tag::from).collect();
        for (i, label) in labels {
            if let Some(tag) = tags.get_mut(i as usize) {
                tag.tlp = Some(label);
            }
        }
        // What an earlier version imported is held to the same rules.
        tags.retain(|t| nobody::kind(&t.address).is_none());
        Ok((TagStore::from_parts(tags, actors), (length, sum)))
    }
}

impl TagStore {
    /// Writes the store to a file, atomically.
    ///
    /// # Errors
    /// [`TagStoreError::Io`] when the system refuses.
    pub fn save(&self, path: &Path) -> Result<(), TagStoreError> {
        TagFile::new(path).save(self)
    }

    /// Reads a store's file with its log; an absent one is an empty store.
    ///
    /// # Errors
    /// [`TagStoreError`] when it is damaged or of another version, or the system refuses.
    pub fn load(path: &Path) -> Result<Self, TagStoreError> {
        TagFile::new(path).load()
    }
}
