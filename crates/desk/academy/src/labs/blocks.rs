//! The real blocks of the lab that reads them: bundled (feature `bundled-blocks`), or from a folder beside the program.

use holdfast_bitcoin::Block;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Heights and hashes.
const BLOCKS: [(u32, &str); 5] = [
    (300_025, "0000000000000000821c4e0acc40f88bedbce3b73ba2358b5ade58a9022cc78c"),
    (367_891, "000000000000000012ea0ca9579299ec120e3f57e7c309216884872592b29970"),
    (400_000, "000000000000000004ec466ce4732fe6f1ed1cddc2ed4b328fff5224276e3f6f"),
    (413_567, "0000000000000000025aff8be8a55df8f89c77296db6198f272d6577325d4069"),
    (866_342, "000000000000000000014ce9ba7c6760053c3c82ce6ab43d60afb101d3c8f1f1"),
];
/// Largest block, bytes.
const MAX_BLOCK: u64 = 4_000_000;
/// Folder of data where none is named.
#[cfg_attr(feature = "bundled-blocks", allow(dead_code))]
const FOLDER: &str = "/usr/share/holdfast";

static NAMED: OnceLock<PathBuf> = OnceLock::new();

/// Names the folder of data: `bitcoin/HEIGHT.block.zst` below it are the blocks. Programs that carry the blocks do not read it. The first name
/// stays.
pub fn read_from(folder: PathBuf) {
    let _ = NAMED.set(folder);
}

/// Returns all blocks by height.
///
/// # Errors
/// A description of the cause when one is not there, cannot be read or is another block.
pub(super) fn all() -> Result<Vec<(u32, Vec<u8>)>, String> {
    BLOCKS.into_iter().map(|(height, hash)| Ok((height, checked(open(height)?, height, hash)?))).collect()
}

#[cfg(feature = "bundled-blocks")]
#[allow(clippy::unnecessary_wraps)]
fn open(height: u32) -> Result<Box<dyn Read>, String> {
    let packed: &'static [u8] = match height {
        300_025 => include_bytes!("../../../../../data/bitcoin/300025.block.zst"),
        367_891 => include_bytes!("../../../../../data/bitcoin/367891.block.zst"),
        400_000 => include_bytes!("../../../../../data/bitcoin/400000.block.zst"),
        413_567 => include_bytes!("../../../../../data/bitcoin/413567.block.zst"),
        866_342 => include_bytes!("../../../../../data/bitcoin/866342.block.zst"),
        _ => &[],
    };
    Ok(Box::new(packed))
}

#[cfg(not(feature = "bundled-blocks"))]
fn open(height: u32) -> Result<Box<dyn Read>, String> {
    installed(NAMED.get().map_or(Path::new(FOLDER), PathBuf::as_path), height)
}

/// Opens a block's file in a folder of data.
#[cfg_attr(feature = "bundled-blocks", allow(dead_code))]
fn installed(folder: &Path, height: u32) -> Result<Box<dyn Read>, String> {
    let path = folder.join(format!("bitcoin/{height}.block.zst"));
    match std::fs::File::open(&path) {
        Ok(file) => Ok(Box::new(file)),
        Err(e) => Err(format!(
            "this lab needs real blocks, which are not installed ({}: {e}); put the folder `data` of the source there, or name it in HOLDFAST_DATA",
            path.display()
        )),
    }
}

fn checked(packed: Box<dyn Read>, height: u32, hash: &str) -> Result<Vec<u8>, String> {
    let fault = |e: &dyn std::fmt::Display| format!("{height}.block.zst: {e}");
    let mut bytes = Vec::new();
    let unpacked = zstd::Decoder::new(packed).map_err(|e| fault(&e))?;
    unpacked.take(MAX_BLOCK + 1).read_to_end(&mut bytes).map_err(|e| fault(&e))?;
    let block = Block::parse(bytes.clone()).map_err(|e| fault(&e))?;
    if block.hash.to_string() != hash {
        return Err(fault(&"is another block"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_read_from_a_folder_and_checked() {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../data");
        let (height, hash) = BLOCKS[0];
        let block = checked(installed(&data, height).unwrap(), height, hash).unwrap();
        assert!(block.len() > 100_000);
        let missing = installed(Path::new("/nowhere"), height).err().unwrap();
        assert!(
            missing.contains("/nowhere/bitcoin/300025.block.zst") && missing.contains("HOLDFAST_DATA"),
            "{missing}"
        );
        let other = checked(installed(&data, 400_000).unwrap(), height, hash).unwrap_err();
        assert!(other.contains("another block"), "{other}");
        let broken = checked(Box::new(b"no zstd".as_slice()), height, hash).unwrap_err();
        assert!(broken.starts_with("300025.block.zst"), "{broken}");
    }
}
