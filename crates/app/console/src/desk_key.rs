//! The desk's key: created once, with the desk; an existing desk never gets another by accident.

use anyhow::{Context, bail};
use holdfast_audit::Anchors;
use holdfast_identity::{KeyCommand, KeyFile, KeyRing, KeySource, KeyVariable};
use holdfast_screening::Screening;
use std::path::{Path, PathBuf};

/// Variable with the desk's keys, instead of the file.
pub const VARIABLE: &str = "HOLDFAST_DESK_KEY";
/// Variable with the path of the PKCS#11 module of the token that seals them.
const TOKEN_MODULE: &str = "HOLDFAST_TOKEN_MODULE";
/// Variable with a command that prints them.
pub const COMMAND: &str = "HOLDFAST_DESK_KEY_COMMAND";

fn path(store: &Path) -> PathBuf {
    store.join("desk.key")
}

/// Where the keys of a store's desk lie: with a command or in a variable where the environment names one, sealed by a token where it names that, else in
/// `desk.key`.
fn source(store: &Path) -> anyhow::Result<Box<dyn KeySource>> {
    if let Some(module) = std::env::var_os(TOKEN_MODULE) {
        return on_token(store, module.into());
    }
    Ok(match std::env::var(COMMAND) {
        Ok(command) => Box::new(KeyCommand(command)),
        Err(_) if std::env::var_os(VARIABLE).is_some() => Box::new(KeyVariable(VARIABLE.to_owned())),
        Err(_) => Box::new(KeyFile(path(store))),
    })
}

#[cfg(feature = "pkcs11")]
fn on_token(store: &Path, module: PathBuf) -> anyhow::Result<Box<dyn KeySource>> {
    let given = |name: &str| std::env::var(name).with_context(|| format!("{name} must be set beside {TOKEN_MODULE}"));
    let (label, pin_file) = (given("HOLDFAST_TOKEN_LABEL")?, PathBuf::from(given("HOLDFAST_TOKEN_PIN_FILE")?));
    Ok(Box::new(holdfast_token::TokenSource { path: store.join("desk.key.sealed"), module, label, pin_file }))
}

#[cfg(not(feature = "pkcs11"))]
fn on_token(_: &Path, _: PathBuf) -> anyhow::Result<Box<dyn KeySource>> {
    bail!(
        "{TOKEN_MODULE} is set, and this program was built without the feature pkcs11: unset it, or build with `--features pkcs11`"
    )
}

fn create(source: &dyn KeySource) -> anyhow::Result<KeyRing> {
    let ring = KeyRing::single(holdfast_state::system::entropy()?);
    source.write(&ring)?;
    Ok(ring)
}

fn with_signer(key_ring: KeyRing, source: &dyn KeySource) -> KeyRing {
    match source.signer() {
        Some(signer) => key_ring.with_signer(signer),
        None => key_ring,
    }
}

/// The key of a store's desk, checked against its database. A new desk gets a new key; it is readable by its owner only.
///
/// # Errors
/// When the key is missing, unreadable or another than the database's.
pub fn key_ring(store: &Path, screening: &Screening) -> anyhow::Result<KeyRing> {
    let source = source(store)?;
    let key_ring = match source.read()? {
        Some(key_ring) => key_ring,
        None => {
            let needs = screening.needs_key()?;
            if !needs.is_empty() {
                bail!(
                    "{} is missing, and the database was made with it ({}). Put it back from a backup (`holdfast restore`). If it is lost for \
                     good, `holdfast keys replace-desk-key` makes a new one: all API keys are revoked, and officers, partners and learners \
                     must be set up again",
                    source.name(),
                    needs.join(", ")
                );
            }
            create(&*source)?
        }
    };
    screening.bind_keys(&key_ring, "engine").with_context(|| source.name())?;
    Ok(with_signer(key_ring, &*source))
}

/// The key of a store whose desk a server has open, which checked it against the database.
///
/// # Errors
/// When it is missing or cannot be read.
pub fn existing(store: &Path) -> anyhow::Result<KeyRing> {
    let source = source(store)?;
    let key_ring = source.read()?.with_context(|| format!("{} is missing", source.name()))?;
    Ok(with_signer(key_ring, &*source))
}

/// The file of the anchors of a store's audit log.
pub fn anchors_file(store: &Path) -> PathBuf {
    store.join(holdfast_audit::anchors::FILE)
}

/// The anchors of a store's audit log.
pub fn anchors(store: &Path, key_ring: &KeyRing) -> Anchors {
    Anchors::new(store, key_ring.clone())
}

/// A new key for a desk whose key is lost; returns how many API keys that revokes. The old file, if there is one, is set aside, as are the
/// anchors that it signed.
///
/// # Errors
/// When a file cannot be renamed or written, or the database refuses.
pub fn replace(store: &Path, screening: &Screening, why: &str, actor: &str) -> anyhow::Result<(u64, Option<PathBuf>)> {
    let (path, source) = (path(store), source(store)?);
    if source.name() != path.display().to_string() {
        bail!("the desk's key comes from {}: change it there", source.name());
    }
    let aside = match path.exists() {
        true => {
            let aside = path.with_extension(format!("key.replaced-{}", screening.now().unix()));
            std::fs::rename(&path, &aside).with_context(|| aside.display().to_string())?;
            Some(aside)
        }
        false => None,
    };
    let old_anchors = store.join(holdfast_audit::anchors::FILE);
    if old_anchors.exists() {
        // They are signed by the old key: they stay readable beside the new ones.
        let aside = old_anchors.with_extension(format!("anchors.replaced-{}", screening.now().unix()));
        std::fs::rename(&old_anchors, &aside).with_context(|| aside.display().to_string())?;
    }
    let key_ring = create(&*source)?;
    let revoked = screening.replace_key(&key_ring, why, actor)?;
    Ok((revoked, aside))
}

/// Adds a new key to those of a store's desk: new secrets are derived from it, older ones stay good. On a token the key that signs productions is rotated,
/// too. Returns the ids of all keys, oldest first.
///
/// # Errors
/// When the key cannot be stored, or the database refuses.
pub fn rotate(store: &Path, screening: &Screening, actor: &str) -> anyhow::Result<Vec<String>> {
    let source = source(store)?;
    let ring = key_ring(store, screening)?.with(holdfast_state::system::entropy()?).map_err(anyhow::Error::msg)?;
    // Stored first: a key that is in the ring and not in the log is noted at the next start.
    source.write(&ring)?;
    screening.bind_keys(&ring, actor)?;
    if let Some(signer) = source.signer() {
        signer.rotate()?;
    }
    Ok(ring.ids().map(str::to_owned).collect())
}
