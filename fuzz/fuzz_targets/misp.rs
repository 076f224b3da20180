//! Any bytes are answered as an event of a MISP feed; parts that are wrong are listed, never more than there are.
#![no_main]

use holdfast_sharing::misp_feed;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok((tags, refused)) = misp_feed::dry_run("7c1dbb10-8b1b-4f15-9d4d-3f1b2c1e6a11", data) {
        assert!(tags + refused.len() <= data.len());
    }
});
