//! The fuzz targets compile and answer small inputs. Fuzzing itself is `fuzz/run`, in a workspace of its own that the other tests do not build: here
//! the macro of libFuzzer's crate stands for a function.

#![allow(unused_attributes, reason = "`no_main` is for the targets' own programs")]

/// Includes targets and lists them.
macro_rules! targets {
    ($($name:ident $path:literal;)+) => {
        $(#[path = $path] mod $name;)+
        const TARGETS: &[fn(&[u8])] = &[$($name::answer),+];
    };
}

targets! {
    block "../../../../../fuzz/fuzz_targets/block.rs";
    bundle "../../../../../fuzz/fuzz_targets/bundle.rs";
    certificate "../../../../../fuzz/fuzz_targets/certificate.rs";
    evidence_archive "../../../../../fuzz/fuzz_targets/evidence_archive.rs";
    evidence_leveldb "../../../../../fuzz/fuzz_targets/evidence_leveldb.rs";
    evidence_text "../../../../../fuzz/fuzz_targets/evidence_text.rs";
    evidence_wallet "../../../../../fuzz/fuzz_targets/evidence_wallet.rs";
    evm "../../../../../fuzz/fuzz_targets/evm.rs";
    misp "../../../../../fuzz/fuzz_targets/misp.rs";
    production "../../../../../fuzz/fuzz_targets/production.rs";
    records "../../../../../fuzz/fuzz_targets/records.rs";
    rules "../../../../../fuzz/fuzz_targets/rules.rs";
    stix "../../../../../fuzz/fuzz_targets/stix.rs";
    tagpack "../../../../../fuzz/fuzz_targets/tagpack.rs";
    tags_csv "../../../../../fuzz/fuzz_targets/tags_csv.rs";
    tron "../../../../../fuzz/fuzz_targets/tron.rs";
    undo "../../../../../fuzz/fuzz_targets/undo.rs";
    vendor_answers "../../../../../fuzz/fuzz_targets/vendor_answers.rs";
    vendor_requests "../../../../../fuzz/fuzz_targets/vendor_requests.rs";
}

/// Makes a target a function.
#[macro_export]
macro_rules! fuzz_target {
    (|$data:ident: &[u8]| $body:block) => {
        pub fn answer($data: &[u8]) {
            $body
        }
    };
}

#[test]
fn every_fuzz_target_answers_small_inputs() {
    // What a multiplicative generator draws, behind each first byte that picks a form.
    let mut state = 1_u64;
    let mut draw = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    for answer in TARGETS {
        answer(&[]);
        for first in 0..32 {
            let input: Vec<u8> = std::iter::once(first).chain((0..48).map(|_| draw())).collect();
            answer(&input);
        }
    }
    let files = std::fs::read_dir("../../../fuzz/fuzz_targets").expect("the targets are in the repository");
    assert_eq!(files.count(), TARGETS.len(), "a target is missing in the list above");
}
