//! The bundled tag packs.

use holdfast_attribution::import::{NamedFile, is_importable};
use std::io::Read;
use std::path::Path;

/// Returns the importable files of the bundled GraphSense TagPacks.
#[must_use]
pub fn bundled_tag_packs() -> Vec<NamedFile> {
    let path = "../../data/attribution/graphsense-tagpacks-29ff93c8.tar.zst";
    let packed = std::fs::File::open(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let mut archive = tar::Archive::new(zstd::Decoder::new(packed).unwrap());
    let mut files = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().to_string_lossy().into_owned();
        if is_importable(&name) {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            files.push((name, bytes));
        }
    }
    files
}
