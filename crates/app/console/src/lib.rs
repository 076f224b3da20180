//! What the programs of the command line share: progress and printing, the desk of a store and its key.

pub mod desk_key;
pub mod output;
pub mod show;

use anyhow::Context;
use holdfast_documents::Vault;
use holdfast_screening::Screening;
use holdfast_screening::clock::Time;
use std::path::Path;

/// Opens the screening desk of a store, in its own database or the one given.
///
/// # Errors
/// When the folder cannot be made, or the database cannot be opened or is in use.
pub fn open_desk(store: &Path, database: Option<&str>) -> anyhow::Result<Screening> {
    std::fs::create_dir_all(store).with_context(|| store.display().to_string())?;
    let url = match database {
        Some(url) => url.to_owned(),
        None => format!("sqlite:{}", store.join("screening.sqlite").display()),
    };
    Ok(Screening::open_at(&url, Time::system())?)
}

/// The desk's files.
pub fn vault(store: &Path) -> Vault {
    Vault::new(store.join("vault"))
}
