//! Shared parts of the commands: their common arguments ([`args`]), whether a store or its running server answers ([`running`], [`chain_reader`]),
//! printing ([`answer`], [`chain`], [`scan`], [`show`], [`output`]), the desk's key ([`desk_key`]), [`backup`], where a server is reached
//! ([`announced`]), and the [`settings`] of `serve`.
#![cfg_attr(
    not(test),
    warn(
        clippy::too_many_lines,
        clippy::unwrap_used,
        clippy::missing_panics_doc,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_possible_wrap,
        clippy::cast_lossless
    )
)]

pub mod announced;
pub mod answer;
pub mod args;
pub mod backup;
pub mod chain;
pub mod chain_reader;
pub mod desk_key;
pub mod output;
mod postgres_base;
pub mod running;
pub mod scan;
pub mod settings;
pub mod show;

use anyhow::Context;
use holdfast_documents::Vault;
use holdfast_event_log::checkpoints::{Checkpoints, Options};
use holdfast_screening::Screening;
use holdfast_screening::clock::Time;
use holdfast_store::remember_primary;
use std::path::Path;

/// Opens the screening desk of a store, in its own database or a named one.
///
/// # Errors
/// When the folder cannot be made, or the database cannot be opened or is in use.
pub fn open_desk(store: &Path, database: Option<&str>) -> anyhow::Result<Screening> {
    Ok(Screening::open_at(&desk_url(store, database)?, Time::system())?)
}

/// Opens the desk of a store as [`open_desk`] does, with what is known of customers in a folder on disk.
///
/// # Errors
/// When the desk or the folder cannot be opened or is in use.
pub fn open_desk_on(store: &Path, database: Option<&str>, folder: &Path) -> anyhow::Result<Screening> {
    let disk = Checkpoints::open(folder, Options::default())?;
    Ok(Screening::open_with(&desk_url(store, database)?, Time::system(), Some(disk))?)
}

/// File of a store with the primary of its desk's PostgreSQL servers that was seen last.
const PRIMARY: &str = "database.primary";

/// Returns the URL of the database of a store's desk: its own or a named one. The store's folder is made. Where the URL names several PostgreSQL servers,
/// the store keeps which primary was seen, so that an old one is refused.
///
/// # Errors
/// When the folder cannot be made, or the file of the primary cannot be read.
pub fn desk_url(store: &Path, database: Option<&str>) -> anyhow::Result<String> {
    std::fs::create_dir_all(store).with_context(|| store.display().to_string())?;
    Ok(match database {
        Some(url) => {
            remember_primary(url, &store.join(PRIMARY))?;
            url.to_owned()
        }
        None => format!("sqlite:{}", store.join("screening.sqlite").display()),
    })
}

/// The desk's files.
pub fn vault(store: &Path) -> Vault {
    Vault::new(store.join("vault"))
}
