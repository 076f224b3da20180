//! The container of bundles, whatever they prove: a tar file in one form only, a manifest with the hash of every file, and its signature.

use super::{BundleError, MAX_BUNDLE_BYTES};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use holdfast_types::hash::sha256;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Serialize, Deserialize)]
struct Manifest {
    format: u32,
    tool: String,
    created: String,
    public_key: String,
    files: Vec<FileEntry>,
}

#[derive(Serialize, Deserialize)]
struct FileEntry {
    name: String,
    size: u64,
    sha256: String,
}

/// What verification found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// Checks passed, in words.
    pub passed: Vec<String>,
    /// What fails, naming file and cause.
    pub failures: Vec<String>,
    /// The signer's Ed25519 public key, hex.
    pub public_key: String,
    /// When the bundle was made, as it states.
    pub created: String,
    /// Statements that rest on the maker's word: absence of spends, amounts from undo data.
    pub claims: Vec<String>,
    /// Blocks that no offline check finds on the canonical chain: to be compared with a node or an explorer (account chains).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<Compared>,
}

/// A block whose hash was computed from its header, to be compared with a node or an explorer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// Chain, CAIP-2.
    pub chain: String,
    /// Height.
    pub height: u64,
    /// Hash, as explorers print it.
    pub hash: String,
}

impl Verification {
    /// Returns whether nothing fails.
    pub fn is_valid(&self) -> bool {
        self.failures.is_empty()
    }
}

/// The files of a bundle, by name.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Returns a file of a bundle.
///
/// # Errors
/// A sentence that names the file where it is missing.
pub fn file<'a>(files: &'a Files, name: &str) -> Result<&'a [u8], String> {
    files.get(name).map(Vec::as_slice).ok_or_else(|| format!("{name}: missing"))
}

/// Reads a file's JSON.
///
/// # Errors
/// A sentence that names file and cause.
pub fn parse<'a, T: Deserialize<'a>>(name: &str, bytes: &'a [u8]) -> Result<T, String> {
    serde_json::from_slice(bytes).map_err(|e| format!("{name}: {e}"))
}

/// Writes JSON as bundles hold it.
///
/// # Errors
/// [`BundleError::Json`].
pub fn canonical_json<T: Serialize>(value: &T) -> Result<Vec<u8>, BundleError> {
    Ok(serde_json::to_vec_pretty(value)?)
}

/// Lists and signs a bundle's files, and packs them.
///
/// # Errors
/// [`BundleError::Json`], [`BundleError::Io`].
pub fn seal(mut files: Files, format: u32, key: &SigningKey, created: &str) -> Result<Vec<u8>, BundleError> {
    let entry = |(name, bytes): (&String, &Vec<u8>)| FileEntry {
        name: name.clone(),
        size: bytes.len() as u64,
        sha256: hex::encode(sha256(bytes)),
    };
    let manifest = Manifest {
        format,
        tool: format!("holdfast {}", env!("CARGO_PKG_VERSION")),
        created: created.to_owned(),
        public_key: hex::encode(key.verifying_key().as_bytes()),
        files: files.iter().map(entry).collect(),
    };
    let manifest = canonical_json(&manifest)?;
    let signature = key.sign(&manifest);
    files.insert("manifest.json".into(), manifest);
    files.insert("manifest.sig".into(), hex::encode(signature.to_bytes()).into_bytes());
    Ok(pack(&files)?)
}

/// Returns the format that a bundle's manifest states; `None` where there is none to be read. Nothing is checked.
#[must_use]
pub fn format_of(bytes: &[u8]) -> Option<u32> {
    if bytes.len() > MAX_BUNDLE_BYTES {
        return None;
    }
    for entry in tar::Archive::new(bytes).entries().ok()? {
        let mut entry = entry.ok()?;
        if *entry.path_bytes() == *b"manifest.json" {
            let manifest: Manifest = serde_json::from_reader(&mut entry).ok()?;
            return Some(manifest.format);
        }
    }
    None
}

/// Opens a bundle of a format: its form, its signature, and every file against the manifest. What fails without hiding what follows is added to
/// `v`. With `signer`, the signature must be by that key (hex).
///
/// # Errors
/// A sentence that names what cannot be read.
pub fn open(bytes: &[u8], signer: Option<&str>, format: u32, v: &mut Verification) -> Result<Files, String> {
    if bytes.len() > MAX_BUNDLE_BYTES {
        return Err(format!("bundle of {} bytes is over the limit of {MAX_BUNDLE_BYTES}", bytes.len()));
    }
    let files = unpack(bytes)?;
    let canonical = pack(&files).map_err(|e| format!("bundle does not pack again: {e}"))?;
    if canonical != bytes {
        let at = canonical.iter().zip(bytes).position(|(a, b)| a != b).unwrap_or(canonical.len().min(bytes.len()));
        v.failures.push(format!("bundle: byte {at} is not as the maker's tool packs it"));
    }
    verify_files(&files, signer, format, v)?;
    Ok(files)
}

/// Checks the signature, and every file against the manifest.
fn verify_files(files: &Files, signer: Option<&str>, format: u32, v: &mut Verification) -> Result<(), String> {
    let manifest_bytes = file(files, "manifest.json")?;
    let manifest: Manifest = parse("manifest.json", manifest_bytes)?;
    if manifest.format != format {
        return Err(format!("manifest.json: format {} is not known to this build", manifest.format));
    }
    v.public_key = manifest.public_key.clone();
    v.created = manifest.created.clone();
    if signer.is_some_and(|s| !s.eq_ignore_ascii_case(&manifest.public_key)) {
        v.failures.push(format!("manifest.json: signed by {}, not by the key given", manifest.public_key));
    }
    match check_signature(manifest_bytes, file(files, "manifest.sig")?, &manifest.public_key) {
        Ok(()) => v.passed.push(format!("manifest is signed by {}", manifest.public_key)),
        Err(why) => v.failures.push(format!("manifest.sig: {why}")),
    }
    let mut listed: BTreeSet<&str> = ["manifest.json", "manifest.sig"].into();
    for entry in &manifest.files {
        listed.insert(&entry.name);
        match files.get(&entry.name) {
            None => v.failures.push(format!("{}: listed in the manifest but missing", entry.name)),
            Some(bytes) if hex::encode(sha256(bytes)) != entry.sha256 || bytes.len() as u64 != entry.size => {
                v.failures.push(format!("{}: SHA-256 or size is not the manifest's", entry.name));
            }
            Some(_) => {}
        }
    }
    for name in files.keys().filter(|n| !listed.contains(n.as_str())) {
        v.failures.push(format!("{name}: not listed in the manifest"));
    }
    if v.failures.is_empty() {
        v.passed.push(format!("{} files have the hashes that the manifest lists", manifest.files.len()));
    }
    Ok(())
}

fn unpack(bytes: &[u8]) -> Result<Files, String> {
    use std::io::Read;
    let mut files = Files::new();
    let mut archive = tar::Archive::new(bytes);
    let entries = archive.entries().map_err(|e| format!("not a bundle: {e}"))?;
    for entry in entries {
        let mut entry = entry.map_err(|e| format!("not a bundle, or damaged: {e}"))?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).map_err(|e| format!("{name}: {e}"))?;
        if files.insert(name.clone(), content).is_some() {
            return Err(format!("{name}: is in the bundle twice"));
        }
    }
    if files.is_empty() {
        return Err("not a bundle: it holds no file".into());
    }
    Ok(files)
}

fn check_signature(manifest: &[u8], signature: &[u8], key: &str) -> Result<(), String> {
    let key: [u8; 32] =
        hex::decode(key).ok().and_then(|k| k.try_into().ok()).ok_or("the public key is not 64 hex digits")?;
    let key = VerifyingKey::from_bytes(&key).map_err(|e| e.to_string())?;
    // Lower case only: another spelling of the same signature is another file.
    let text = std::str::from_utf8(signature).map_err(|_| "not hex")?;
    let bytes: [u8; 64] = hex::decode(text).ok().and_then(|s| s.try_into().ok()).ok_or("not 128 hex digits")?;
    if hex::encode(bytes) != text {
        return Err("not in lower-case hex".into());
    }
    key.verify_strict(manifest, &Signature::from_bytes(&bytes)).map_err(|_| "does not match manifest.json".into())
}

/// Packs files into a tar with fixed metadata, in name order.
fn pack(files: &Files) -> std::io::Result<Vec<u8>> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        header.set_uid(0);
        header.set_gid(0);
        header.set_entry_type(tar::EntryType::Regular);
        builder.append_data(&mut header, name, bytes.as_slice())?;
    }
    builder.into_inner()
}
