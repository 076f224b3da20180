//! Any bytes are answered as a CSV of tags and as an OFAC list, in whatever encoding; tags that come out are whole and clean.
#![no_main]

use holdfast_attribution::{clean, import, nobody};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let read = [import::read_csv("fuzz.csv", data), import::read_ofac("sanctioned_addresses_XBT.txt", "XBT", data)];
    for tag in read.into_iter().flatten().flat_map(|pack| pack.tags) {
        assert!(!tag.address.is_empty() && !tag.label.is_empty() && !tag.source.is_empty() && !tag.asset.is_empty());
        assert!(nobody::kind(&tag.address).is_none());
        // Cleaning is done once and for all.
        let again = clean::clean(&tag.address, &tag.asset).expect("a clean address is one");
        assert_eq!(again.address, tag.address);
    }
});
