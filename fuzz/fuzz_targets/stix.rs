//! Any bytes are answered as a STIX object from a partner: it becomes a tag, a flag, is stored without effect, or is refused in words.
#![no_main]

use holdfast_sharing::{ingest, stix};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Err(why) = ingest::dry_run(data) {
        assert!(!why.is_empty());
    }
    let Ok(object) = serde_json::from_slice::<serde_json::Value>(data) else { return };
    let _ = stix::tlp_of(&object);
    if let Ok(Some(flag)) = stix::read_flag(&object) {
        // What is read can be shared again.
        let again = stix::flag_object(&flag, flag.raised, stix::Tlp::Amber);
        assert!(stix::read_flag(&again).is_ok_and(|f| f.is_some()));
    }
    assert!(stix::wallets_of(&object).len() <= 1_000_000);
});
