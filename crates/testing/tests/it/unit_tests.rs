//! A crate whose manifest turns its unit tests off (`test = false`, which saves their build) has none.

use std::path::{Path, PathBuf};

fn files_below(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
        match entry.path() {
            path if path.is_dir() => files_below(&path, found),
            path => found.push(path),
        }
    }
}

#[test]
fn no_unit_test_is_left_out() {
    let mut files = Vec::new();
    files_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."), &mut files);
    let reads = |path: &PathBuf, text: &str| std::fs::read_to_string(path).unwrap().contains(text);
    // Of a crate with a library and a program, the library's count.
    let is_off = |f: &&PathBuf| match f.with_file_name("src").join("lib.rs").exists() {
        true => reads(f, "[lib]\ntest = false"),
        false => reads(f, "\ntest = false"),
    };
    let off: Vec<&PathBuf> = files.iter().filter(|f| f.ends_with("Cargo.toml")).filter(is_off).collect();
    assert!(off.len() >= 5, "{off:?}");
    for manifest in off {
        let src = manifest.with_file_name("src");
        let is_source = |f: &&PathBuf| f.starts_with(&src) && f.extension().is_some_and(|e| e == "rs");
        for file in files.iter().filter(is_source) {
            assert!(
                !reads(file, "#[test]"),
                "{} has a test that never runs: see {}",
                file.display(),
                manifest.display()
            );
        }
    }
}
