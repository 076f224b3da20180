//! Any bytes are answered as an evidence bundle of either format, and none is valid without a signature.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let found = holdfast_account_evidence::verify(data, None);
    assert!(!found.is_valid() || found.passed.len() > 3);
});
