//! Any JSON is read as an answer of Elliptic, Chainalysis and TRM: a risk of 0 to 4 or none, in bounded words.
#![no_main]

use holdfast_vendors::{chainalysis, elliptic, trm};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    let Ok(answer) = serde_json::from_slice::<Value>(data) else { return };
    let exposures = &answer["exposures"];
    let facts = [
        elliptic::read(&answer),
        trm::read(&answer),
        chainalysis::read_entity(&answer),
        chainalysis::read(exposures, &answer),
        chainalysis::read(&answer, &answer["alerts"]),
    ];
    for fact in facts {
        assert!(fact.risk.is_none_or(|risk| risk <= 4));
        assert!(fact.detail.chars().count() <= 300 && !fact.detail.chars().any(char::is_control), "{:?}", fact.detail);
    }
});
