//! Any bytes are answered as a TagPack or ActorPack; tags that come out are whole, and none is of an address that nobody controls.
#![no_main]

use holdfast_attribution::{TagStore, nobody, tagpack};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(pack) = tagpack::read("fuzz.yaml", data) else { return };
    for tag in &pack.tags {
        assert!(!tag.address.is_empty() && !tag.label.is_empty() && !tag.source.is_empty() && !tag.asset.is_empty());
        assert!(nobody::kind(&tag.address).is_none());
        let _ = tag.concept();
    }
    for actor in &pack.actors {
        assert!(!actor.id.is_empty() && !actor.label.is_empty());
    }
    let mut store = TagStore::default();
    store.add_actors(pack.actors);
    let tags = pack.tags.len();
    assert!(store.add_tags(pack.tags) <= tags);
});
