//! Any bytes are answered as a log and as a table of LevelDB.
#![no_main]

use holdfast_forensics::leveldb;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = leveldb::is_log(data);
    for (offset, record) in leveldb::log(data) {
        assert!(offset < data.len() && record.len() <= data.len());
    }
    let mut table = data.to_vec();
    table.extend_from_slice(&leveldb::TABLE_MAGIC);
    let _ = leveldb::table_length(&table);
    if let Some((blocks, _)) = leveldb::table(&table) {
        assert!(blocks.iter().all(|(offset, _)| *offset < table.len()));
    }
});
