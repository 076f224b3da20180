//! Where further real data is: `HOLDFAST_TEST_DATA` names a folder (docs/test-data.md), which may hold `accounts/` packed.

use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Returns the folder of data on account chains; `None`, loudly, where there is none.
pub fn accounts() -> Option<PathBuf> {
    let Some(root) = std::env::var_os("HOLDFAST_TEST_DATA").map(PathBuf::from) else {
        eprintln!("SKIPPED: HOLDFAST_TEST_DATA names no folder of real data (docs/test-data.md)");
        return None;
    };
    let (folder, packed) = (root.join("accounts"), root.join("accounts/accounts.tar.zst"));
    if folder.join("evm").is_dir() || !packed.is_file() {
        assert!(folder.join("evm").is_dir(), "no accounts/evm in {}", root.display());
        return Some(folder);
    }
    let unpacked = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../target/test-data");
    if !unpacked.join("accounts/evm").is_dir() {
        // Another test may unpack at the same time: whoever is first puts its copy in place.
        let own = unpacked.with_extension(format!("{}.{:?}", std::process::id(), std::thread::current().id()));
        std::fs::create_dir_all(&own).unwrap();
        let mut tar = Command::new("tar").args(["-x", "-C"]).arg(&own).stdin(Stdio::piped()).spawn().unwrap();
        let archive = std::fs::File::open(&packed).unwrap();
        zstd::stream::copy_decode(archive, tar.stdin.take().unwrap()).unwrap();
        assert!(tar.wait().unwrap().success(), "tar -x of {}", packed.display());
        if std::fs::rename(&own, &unpacked).is_err() {
            std::fs::remove_dir_all(&own).unwrap();
        }
    }
    Some(unpacked.join("accounts"))
}
