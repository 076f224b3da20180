//! Handing a result to the desk: its rows as columns in the chain's folder of a store, swapped in whole.

use crate::measures::Rows;
use crate::run::{Outcome, Places};
use crate::spec::Kernel;
use holdfast_analytics_export::{ExportError, Kind, Manifest, StoredChain, verify};
use holdfast_figures::{AsOf, FiguresError, Head, SnapshotWriter, Source, Width};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// Rows between two looks whether a stop was requested.
const STOP_EVERY: u64 = 1 << 16;

/// Why a result is not installed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The result or the store does not read.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// The desk's files cannot be written.
    #[error(transparent)]
    Figures(#[from] FiguresError),
}

/// Installs what [`merge`](crate::merge) gave in a store that has the chain; until it is whole, what was there before counts.
///
/// # Errors
/// [`InstallError`]: no result, one that was altered, a store without the chain, a kernel whose rows are not one an address (the ledger has the
/// balances of accounts, the desk its own clusters), or a stop.
pub fn install(kernel: Kernel, places: &Places, store: &Path, stop: &AtomicBool) -> Result<Head, InstallError> {
    let manifest = Manifest::require(&places.export)?;
    let path = places.outcome_path(kernel);
    let wrong = |why: String| ExportError::File(path.clone(), why);
    let text = std::fs::read_to_string(&path).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => {
            wrong(format!("no result here; run `holdfast-analytics merge {}` first", kernel.name()))
        }
        _ => ExportError::Io(path.clone(), e),
    })?;
    let outcome: Outcome = serde_json::from_str(&text).map_err(|e| wrong(e.to_string()))?;
    if outcome.chain != manifest.chain || outcome.kernel != kernel {
        return Err(wrong(format!("it is {} of {}, not of this export", outcome.kernel.name(), outcome.chain)).into());
    }
    let spec = kernel.spec(manifest.model).filter(|spec| spec.keys == 1);
    let spec = spec.ok_or_else(|| {
        let why = "its rows are not one an address: the desk has clusters and the balances of accounts of its own";
        wrong(format!("{} {why}", kernel.name()))
    })?;
    let chains = StoredChain::all(store)?;
    let chain = chains.iter().find(|chain| chain.id().as_str() == outcome.chain);
    let chain = chain.ok_or_else(|| ExportError::File(store.to_owned(), format!("no chain {} here", outcome.chain)))?;
    let of = Source {
        table: kernel.name(),
        version: outcome.version,
        chain: &outcome.chain,
        as_of_block: AsOf { height: outcome.as_of_block.height, hash: outcome.as_of_block.hash.clone() },
        input: &outcome.input,
    };
    let columns = spec.result.fields[spec.keys..].iter();
    let columns: Vec<(&str, Width)> =
        columns.map(|f| (f.name, if f.kind == Kind::Decimal { Width::Wide } else { Width::Long })).collect();
    let mut writer = SnapshotWriter::create(&chain.dir(store), &of, &columns)?;
    let (mut values, mut rows) = (Vec::new(), 0u64);
    for file in &outcome.files {
        let mut from = Rows::open(&verify(&places.results, file)?, &spec)?;
        while let Some((key, _)) = from.next(&mut values)? {
            if rows.is_multiple_of(STOP_EVERY) && stop.load(Ordering::Relaxed) {
                return Err(ExportError::Stopped.into());
            }
            rows += 1;
            let key = u64::try_from(key).map_err(|_| wrong(format!("a row of address {key}")))?;
            writer.push(key, &values)?;
        }
    }
    Ok(writer.finish()?)
}
