//! What the ledgers' files are made of, whatever they store: [`mod@column`]s of fixed-width values read through memory maps, [`spill`]s that
//! partition records within a bound of memory, hash tables in files ([`slots`]), JSON with its hash ([`sealed`]), and [`checksums`] of columns.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_wrap, clippy::cast_sign_loss, clippy::cast_lossless)]
#![cfg_attr(test, allow(clippy::too_many_lines, clippy::cast_possible_wrap, clippy::cast_lossless))]
// Numbers of bytes narrow to `usize` without a check: columns are mapped whole, which needs 64-bit addresses.
const _: () = assert!(usize::BITS >= 64, "columns are mapped whole");

pub mod checksums;
pub mod column;
pub mod sealed;
pub mod slots;
pub mod spill;

pub use checksums::{Changed, Checksums, ColumnFile};
pub use column::{Column, U40, Writer, Written, sync_beside};
pub use sealed::SealError;
pub use spill::{Spill, SpillPart};

/// Takes the lock of a ledger's folder, which lasts until the file is closed; `None` where another process has it.
///
/// # Errors
/// When the file `LOCK` cannot be made or locked.
pub fn lock(dir: &std::path::Path) -> std::io::Result<Option<std::fs::File>> {
    let file = std::fs::File::options().create(true).truncate(false).write(true).open(dir.join("LOCK"))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(std::fs::TryLockError::WouldBlock) => Ok(None),
        Err(std::fs::TryLockError::Error(e)) => Err(e),
    }
}
