//! Any bytes are answered as text with phrases, addresses and keys, in every encoding; no finding's context shows a secret.
#![no_main]

use holdfast_forensics::{addresses, mnemonic};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    for (kind, detail, context) in holdfast_forensics::scan::kinds(data) {
        assert!(!kind.is_empty() && !detail.is_empty() && context.chars().count() <= 400);
    }
    let text = String::from_utf8_lossy(data);
    let mut hits = Vec::new();
    addresses::find(&text, &mut hits);
    mnemonic::find(&text, &mut hits);
    for hit in hits {
        assert!(hit.start <= hit.end && text.get(hit.start..hit.end).is_some() && !hit.value.is_empty());
        let _ = mnemonic::completions(&hit.value);
    }
});
