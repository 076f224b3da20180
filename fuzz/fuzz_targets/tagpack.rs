//! Any bytes are answered as a TagPack, a CSV and an OFAC list; tags that come out are whole.
#![no_main]

use holdfast_attribution::{import, tagpack};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(pack) = tagpack::read("fuzz.yaml", data) {
        for tag in &pack.tags {
            assert!(!tag.address.is_empty() && !tag.label.is_empty() && !tag.source.is_empty() && !tag.asset.is_empty());
            let _ = tag.concept();
        }
    }
    let _ = import::read_csv("fuzz.csv", data);
    let _ = import::read_ofac("sanctioned_addresses_XBT.txt", "XBT", data);
});
