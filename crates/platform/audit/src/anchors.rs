//! Anchors: signed heads of the audit log in a file beside the database. Whoever changes the database alone cannot cut the log's end off,
//! write it anew, or put an older database back without being found out; a copy of the file elsewhere covers the file as well.
//!
//! A line is JSON. Its signature (Ed25519, RFC 8032, by a key derived from the desk's) covers number, time, entry, head and the SHA-256 of the
//! line before, each preceded by a line feed, after the words `holdfast audit anchor 1`.

use crate::{Chain, GENESIS, hash_of};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use holdfast_identity::KeyRing;
use holdfast_store::{Database, DbError, StoreError};
use holdfast_types::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Name of the file, beside the desk's key.
pub const FILE: &str = "audit.anchors";
/// Largest file that is read: two hundred years of one an hour.
const MAX_BYTES: u64 = 1 << 30;

/// A head of the audit log at some time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// From 1 without gaps.
    pub number: u64,
    /// Unix seconds.
    pub time: Timestamp,
    /// Number of the last entry then.
    pub entry: u64,
    /// Its hash.
    pub head: String,
    /// SHA-256 of the line before; zeros for the first.
    pub previous: String,
    /// Public key, hex.
    pub key: String,
    /// Signature, hex.
    pub signature: String,
}

impl Anchor {
    fn signed(&self) -> Vec<u8> {
        let Anchor { number, time, entry, head, previous, .. } = self;
        let time = time.unix();
        format!("holdfast audit anchor 1\n{number}\n{time}\n{entry}\n{head}\n{previous}").into_bytes()
    }

    fn is_signed_by(&self, key: &VerifyingKey) -> bool {
        let signature = hex::decode(&self.signature).ok().and_then(|b| Signature::from_slice(&b).ok());
        self.key == hex::encode(key.as_bytes())
            && signature.is_some_and(|s| key.verify_strict(&self.signed(), &s).is_ok())
    }
}

fn signing_key(key_ring: &KeyRing) -> SigningKey {
    SigningKey::from_bytes(&key_ring.derive("audit-anchor", ""))
}

/// Returns the key that a desk's anchors are verified with.
#[must_use]
pub fn public_key(key_ring: &KeyRing) -> VerifyingKey {
    signing_key(key_ring).verifying_key()
}

/// Why a head is not anchored.
#[derive(Debug, thiserror::Error)]
pub enum AnchorError {
    /// The system or the database refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file is damaged, or the log is not the one that was anchored.
    #[error("{0}; nothing is anchored until this is cleared up (`holdfast audit verify` lists everything)")]
    Problem(String),
}

fn io(path: &Path) -> impl Fn(std::io::Error) -> StoreError + '_ {
    |e| StoreError::Io(path.to_owned(), e)
}

/// Where anchors are written.
#[derive(Clone, Debug)]
pub struct Anchors {
    path: PathBuf,
    key_ring: KeyRing,
}

impl Anchors {
    /// Makes the anchors of the desk whose files lie in a folder.
    pub fn new(folder: &Path, key_ring: KeyRing) -> Self {
        Anchors { path: folder.join(FILE), key_ring }
    }

    /// Returns the path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the anchors of a file (this one, or a copy elsewhere) and what is wrong with them.
    ///
    /// # Errors
    /// [`StoreError::Io`]; a missing file has no anchors.
    pub fn read(&self, copy: Option<&Path>) -> Result<(Vec<Anchor>, Vec<String>), StoreError> {
        let path = copy.unwrap_or(&self.path);
        let mut text = String::new();
        match File::open(path) {
            Ok(file) => file.take(MAX_BYTES).read_to_string(&mut text).map_err(io(path))?,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound && copy.is_none() => {
                return Ok((Vec::new(), Vec::new()));
            }
            Err(e) => return Err(io(path)(e)),
        };
        let name = path.file_name().map_or(FILE.into(), |n| n.to_string_lossy());
        let keys: Vec<VerifyingKey> = self.key_ring.all().map(|k| public_key(&k)).collect();
        let (mut anchors, mut problems): (Vec<Anchor>, Vec<String>) = Default::default();
        let mut previous = GENESIS.to_owned();
        for (i, line) in text.lines().enumerate() {
            let place = format!("{name}: line {}", i + 1);
            let Ok(anchor) = serde_json::from_str::<Anchor>(line) else {
                problems.push(format!("{place} is no anchor"));
                continue;
            };
            if !keys.iter().any(|key| anchor.is_signed_by(key)) {
                problems.push(format!("{place} is not signed by this desk's key"));
            } else if anchor.number != i as u64 + 1 || anchor.previous != previous {
                problems.push(format!("{place} does not follow the line before: lines were taken out or put in"));
            }
            previous = hex::encode(Sha256::digest(line.as_bytes()));
            anchors.push(anchor);
        }
        Ok((anchors, problems))
    }

    /// Writes the log's head at a time, unless the last anchor has it already; returns the last. `read` runs a query.
    ///
    /// # Errors
    /// [`AnchorError::Problem`] when the file is damaged, or the log is not the one that was anchored.
    pub fn append(
        &self,
        now: Timestamp,
        read: impl FnOnce(&mut dyn FnMut(&mut Database) -> Result<Chain, DbError>) -> Result<Chain, StoreError>,
    ) -> Result<Anchor, AnchorError> {
        let path = self.path.as_path();
        let mut options = OpenOptions::new();
        options.create(true).read(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(io(path))?;
        // The server and a command may do so at once.
        file.lock().map_err(io(path))?;
        drop_torn_line(&mut file).map_err(io(path))?;
        let (known, mut problems) = self.read(None)?;
        let Chain { seq: entry, head } = read(&mut |db| {
            if let Some(last) = known.last() {
                compare(db, std::slice::from_ref(last), &mut problems)?;
            }
            Chain::open(db)
        })?;
        if let Some(problem) = problems.into_iter().next() {
            return Err(AnchorError::Problem(problem));
        }
        if let Some(last) = known.last().filter(|a| a.entry == entry && a.head == head) {
            return Ok(last.clone());
        }
        let mut anchor = Anchor {
            number: known.len() as u64 + 1,
            time: now,
            entry,
            head,
            previous: last_line_hash(path).map_err(io(path))?,
            key: hex::encode(public_key(&self.key_ring).as_bytes()),
            signature: String::new(),
        };
        anchor.signature = hex::encode(signing_key(&self.key_ring).sign(&anchor.signed()).to_bytes());
        // Serializing our own plain type into memory does not fail.
        let line = serde_json::to_string(&anchor).unwrap_or_default() + "\n";
        file.write_all(line.as_bytes()).and_then(|()| file.sync_all()).map_err(io(path))?;
        Ok(anchor)
    }
}

/// Compares the log with anchors: every anchored head must still be in it. Adds what is wrong to `problems`, to about 100.
///
/// # Errors
/// [`DbError`] when the database fails.
pub fn compare(db: &mut Database, anchors: &[Anchor], problems: &mut Vec<String>) -> Result<(), DbError> {
    for anchor in anchors {
        match hash_of(db, anchor.entry)? {
            Some(hash) if hash == anchor.head => {}
            Some(_) => problems.push(format!(
                "anchor {} (of time {}): entry {} is another than was anchored: the log was rewritten, or this is another database",
                anchor.number,
                anchor.time.unix(),
                anchor.entry
            )),
            None if anchor.entry == 0 => {}
            None => problems.push(format!(
                "anchor {} (of time {}): the log no longer has entry {}: its end was cut off, or an older database was put back",
                anchor.number,
                anchor.time.unix(),
                anchor.entry
            )),
        }
        if problems.len() >= 100 {
            break;
        }
    }
    Ok(())
}

/// A line without its end was never acknowledged: the process died while it wrote.
fn drop_torn_line(file: &mut File) -> std::io::Result<()> {
    let mut text = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    Read::by_ref(file).take(MAX_BYTES).read_to_end(&mut text)?;
    let whole = text.iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
    if whole < text.len() { file.set_len(whole as u64) } else { Ok(()) }
}

fn last_line_hash(path: &Path) -> std::io::Result<String> {
    let text = std::fs::read_to_string(path)?;
    Ok(text.lines().last().map_or(GENESIS.to_owned(), |line| hex::encode(Sha256::digest(line.as_bytes()))))
}
