//! An evidence bundle: the trace of the first payment (block 170) over real blocks.

use crate::common::{holdfast, path, run};
use ed25519_dalek::SigningKey;
use holdfast_analysis::bundle::verify;
use holdfast_documents::sha256;
use holdfast_workspace::Workspace;
use serde_json::json;
use std::fmt::Write;
use std::io::Read;

/// The first payment, paid from a known address.
const SUBJECT: &str = "f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16";

#[test]
fn evidence_bundle() {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../data/bitcoin/");
    let dir = tempfile::tempdir().unwrap();
    let (blocks, pack, store) = (dir.path().join("blocks"), dir.path().join("pack.yaml"), dir.path().join("store"));
    std::fs::create_dir(&blocks).unwrap();
    let packed = std::fs::File::open(format!("{data}blk-1-256.dat.zst")).unwrap();
    std::fs::write(blocks.join("blk00000.dat"), zstd::decode_all(packed).unwrap()).unwrap();
    let tag = "title: T\ncreator: T\nlastmod: 2024-01-01\ntags:\n- {address: 12cbQLTFMXRnSzktFkuoG3eHoMeFtpTu3S, currency: BTC, label: Satoshi, category: miner, confidence: ownership, source: 'https://x.org'}\n";
    std::fs::write(&pack, tag).unwrap();
    let headers = format!("{data}headers-0-10236.bin.zst");
    run(holdfast().args(["ingest", path(&blocks), "--headers", &headers, "--ledger", path(&store.join("ledger"))]));
    run(holdfast().args(["tags", "import", path(&pack), "--store", path(&store)]));
    let workspace = Workspace::open(&store).unwrap();
    let bounds = json!({"max_hops": 5, "min_value": 1, "from_time": 0, "until_time": u32::MAX, "max_edges": 1_000});
    let request = json!({"subject": SUBJECT, "direction": "forward", "policy": "haircut", "bounds": bounds});
    let request = serde_json::from_value(request).unwrap();
    let (_, bundle) = workspace.bundle(&request, &SigningKey::from_bytes(&[7; 32]), "2026-05-28T20:26:40Z").unwrap();
    let checked = verify(&bundle, None);
    assert!(checked.is_valid(), "{checked:?}");
    let mut text = format!("{} bytes, SHA-256 {}\n", bundle.len(), sha256(&bundle));
    for entry in tar::Archive::new(bundle.as_slice()).entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().display().to_string();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        writeln!(text, "\n== {name}, {} bytes, SHA-256 {}", bytes.len(), sha256(&bytes)).unwrap();
        if !name.starts_with("transactions/") {
            writeln!(text, "{}", std::str::from_utf8(&bytes).unwrap()).unwrap();
        }
    }
    insta::assert_snapshot!(text);
}
