//! The desk's key: made once, with the desk; a desk that was made with one never gets another by accident.

use anyhow::{Context, bail};
use holdfast_audit::Anchors;
use holdfast_identity::Master;
use holdfast_screening::Screening;
use std::path::{Path, PathBuf};

fn path(store: &Path) -> PathBuf {
    store.join("desk.key")
}

fn read(path: &Path) -> anyhow::Result<Option<Master>> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e).with_context(|| path.display().to_string()),
    };
    let bytes = hex::decode(text.trim()).ok().and_then(|b| b.try_into().ok());
    let key = bytes.map(Master);
    Ok(Some(key.with_context(|| format!("{} is not 64 hex digits; restore it from a backup", path.display()))?))
}

fn create(path: &Path) -> anyhow::Result<Master> {
    let key = holdfast_api::system::entropy()?;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).with_context(|| path.display().to_string())?;
    std::io::Write::write_all(&mut file, hex::encode(key).as_bytes())?;
    file.sync_all()?;
    if let Some(folder) = path.parent() {
        std::fs::File::open(folder)?.sync_all()?;
    }
    Ok(Master(key))
}

/// The key of a store's desk, checked against its database. A new desk gets a new key; it is readable by its owner only.
///
/// # Errors
/// When the key is missing, unreadable or another than the database was made with.
pub fn master(store: &Path, screening: &Screening) -> anyhow::Result<Master> {
    let path = path(store);
    let master = match read(&path)? {
        Some(master) => master,
        None => {
            let needs = screening.needs_key()?;
            if !needs.is_empty() {
                bail!(
                    "{} is missing, and the database was made with it ({}). Put it back from a backup (`holdfast restore`). If it is lost for \
                     good, `holdfast keys replace-desk-key` makes a new one: all API keys are revoked, and officers, partners and learners \
                     must be set up again",
                    path.display(),
                    needs.join(", ")
                );
            }
            create(&path)?
        }
    };
    screening.bind_key(&master).with_context(|| path.display().to_string())?;
    Ok(master)
}

/// The key of a store whose desk a server has open, which checked it against the database.
///
/// # Errors
/// When it is missing or cannot be read.
pub fn existing(store: &Path) -> anyhow::Result<Master> {
    let path = path(store);
    read(&path)?.with_context(|| format!("{} is missing", path.display()))
}

/// The anchors of a store's audit log.
pub fn anchors(store: &Path, master: &Master) -> Anchors {
    Anchors::new(store, master.clone())
}

/// A new key for a desk whose key is lost; returns how many API keys that revokes. The old file, if there is one, is set aside, as are the
/// anchors that it signed.
///
/// # Errors
/// When a file cannot be renamed or written, or the database refuses.
pub fn replace(store: &Path, screening: &Screening, why: &str, actor: &str) -> anyhow::Result<(u64, Option<PathBuf>)> {
    let path = path(store);
    let aside = match path.exists() {
        true => {
            let aside = path.with_extension(format!("key.replaced-{}", screening.now()));
            std::fs::rename(&path, &aside).with_context(|| aside.display().to_string())?;
            Some(aside)
        }
        false => None,
    };
    let old_anchors = store.join(holdfast_audit::anchors::FILE);
    if old_anchors.exists() {
        // They are signed by the old key: they stay readable beside the new ones.
        let aside = old_anchors.with_extension(format!("anchors.replaced-{}", screening.now()));
        std::fs::rename(&old_anchors, &aside).with_context(|| aside.display().to_string())?;
    }
    let master = create(&path)?;
    let revoked = screening.replace_key(&master, why, actor)?;
    Ok((revoked, aside))
}
