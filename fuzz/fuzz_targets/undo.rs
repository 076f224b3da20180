//! Any bytes are answered as undo data and as a file of spent outputs.
#![no_main]

use holdfast_bitcoin::undo::{parse_block_undo, parse_spent_file};
use libfuzzer_sys::fuzz_target;
use std::path::Path;

fuzz_target!(|data: &[u8]| {
    let _ = parse_block_undo(data);
    let _ = parse_spent_file(Path::new("fuzz"), data);
});
