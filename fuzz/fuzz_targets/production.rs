//! Any bytes are answered as a package for an officer, and as the manifest of one; none holds without a signature.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::io::Write;

fuzz_target!(|data: &[u8]| {
    let found = holdfast_requests::production::verify(data, None);
    assert!(!found.failures.is_empty() || found.passed.len() > 2);
    // As a file of a package, so that what stands in it is reached.
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for name in ["manifest.json", "manifest.sig", "production.json"] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).expect("a file begins");
        zip.write_all(data).expect("memory is written");
    }
    let package = zip.finish().expect("the package ends").into_inner();
    assert!(!holdfast_requests::production::verify(&package, None).failures.is_empty());
});
