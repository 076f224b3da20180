//! Seized material from the command line: a disk image gives its seeds, their addresses and a case; secrets appear nowhere.

mod common;

use common::{have_peer, holdfast, path, peers, run, small_store, words};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Everything secret on the bundled image.
const SECRETS: [&str; 4] = [
    "legal winner thank year wave sausage worth useful legal winner thank yellow",
    "army van defense carry jealous true garbage claim echo media make",
    "cycle rocket west magnet parrot shuffle foot correct salt library feed song",
    "KwdMAjGmerYanjeui5SHS7JkmpZvVipYvB2LJGU1ZxJwYvP98617",
];

fn image(dir: &Path) -> PathBuf {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/evidence/usb-stick.img.zst");
    let at = dir.join("usb-stick.img");
    std::fs::write(&at, zstd::decode_all(std::fs::File::open(data).unwrap()).unwrap()).unwrap();
    at
}

/// Every file below a folder.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let at = entry.unwrap().path();
        if at.is_dir() { all.extend(files(&at)) } else { all.push(at) }
    }
    all
}

#[test]
fn a_disk_image_gives_its_seeds_their_addresses_and_a_case() {
    let dir = tempfile::tempdir().unwrap();
    let (store, image, out) = (small_store(dir.path()), image(dir.path()), dir.path().join("results"));
    let before = std::fs::read(&image).unwrap();
    // A tag, so that one of the addresses says something.
    let pack = dir.path().join("pack.yaml");
    let tag = "title: T\ncreator: T\ntags:\n- {address: 13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48, currency: BTC, label: Locky, abuse: ransomware, source: 'https://x.org'}\n";
    std::fs::write(&pack, tag).unwrap();
    run(holdfast().args(["tags", "import", path(&pack), "--store", path(&store)]));
    let scan = |extra: &[&str]| {
        let mut command = holdfast();
        command.args([
            "evidence",
            "scan",
            path(&image),
            "--out",
            path(&out),
            "--store",
            path(&store),
            "--exhibit",
            "E-7",
            "--as",
            "ana",
        ]);
        command.args(extra).output().unwrap()
    };
    let output = scan(&["--open-case", "A stick", "--json"]);
    assert!(output.status.success(), "{}", words(&output));
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut kinds: Vec<(&str, &str)> = said["report"]["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (f["kind"].as_str().unwrap(), f["detail"].as_str().unwrap()))
        .collect();
    kinds.sort_unstable();
    assert_eq!(
        kinds,
        [
            ("address", "BTC"),
            ("address", "BTC"),
            ("address", "ETH"),
            ("bip39", "12 words, English"),
            ("bip39_partial", "12 words, English, word 12 cannot be read: 128 words fit"),
            ("electrum", "12 words, standard"),
            ("trace", "Ledger device (USB vendor 2c97)"),
            ("wallet_file", "Ethereum keystore, version 3"),
            ("wif", "BTC, compressed"),
        ]
    );
    // The key in the archive, and the address in the QR code, say where they were.
    let of = |kind: &str, field: &str| {
        let found = said["report"]["findings"].as_array().unwrap().iter().find(|f| f["kind"] == kind).unwrap();
        found[field].as_str().unwrap().to_owned()
    };
    assert!(of("wif", "source").ends_with("/key.txt"), "{}", of("wif", "source"));
    assert!(said["report"]["findings"].as_array().unwrap().iter().any(|f| f["encoding"] == "qr"));
    assert_eq!(of("trace", "encoding"), "utf16");
    let derived: Vec<&str> =
        said["derived"].as_array().unwrap().iter().map(|d| d["address"].as_str().unwrap()).collect();
    // The phrase's first address by BIP44 (hidden wallets aside), Electrum's, the key's own.
    for address in ["1NNkttn1YvVGdqBW4PR6zvc3Zx3H5owKRf", "1LoVGDgRs9hTfTNJNuXKSpywcbdvwRXpmK"] {
        assert!(derived.contains(&address), "{address} is not among {} derived", derived.len());
    }
    assert_eq!(said["holdings"][0]["tags"][0], "Locky (ransomware, https://x.org)");
    assert_eq!(said["case"], 1);
    // Nothing was written to the image, and no secret is in any output, file or database.
    assert_eq!(std::fs::read(&image).unwrap(), before);
    let text = scan(&["--case", "1"]);
    assert!(text.status.success(), "{}", words(&text));
    for secret in SECRETS {
        for shown in [words(&output), words(&text)] {
            assert!(!shown.contains(secret) && !shown.contains(&secret[..20]), "{shown}");
        }
        for file in files(&out).into_iter().chain(files(&store)) {
            let bytes = std::fs::read(&file).unwrap();
            let found = bytes.windows(20).any(|w| w == &secret.as_bytes()[..20]);
            assert!(!found, "a secret stands in {}", file.display());
        }
    }
    // Who holds the case's key opens them; the look is in the audit log.
    let opened =
        run(holdfast().args(["evidence", "secrets", path(&out), "--case", "1", "--store", path(&store), "--as", "bo"]));
    for secret in SECRETS {
        assert!(opened.contains(secret), "{opened}");
    }
    let log = run(holdfast().args(["audit", "list", "--store", path(&store), "--json"]));
    assert!(log.contains("case.secrets_opened"), "{log}");
    // The case has the exhibits.
    let case = run(holdfast().args(["desk", "cases", "show", "1", "--store", path(&store)]));
    for expected in
        ["-evidence.json", "-sealed.jsonl", "13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48", "1048576 bytes scanned", "1 bip39"]
    {
        assert!(case.contains(expected), "{expected} is missing in {case}");
    }
    // The record holds, until something is changed.
    let record = out.join("evidence.json");
    assert!(run(holdfast().args(["verify", path(&record)])).contains("The record is valid."));
    if have_peer("venv/bin/case_validate") {
        let checked = Command::new(peers().join("venv/bin/case_validate"))
            .args(["--allow-info", path(&out.join("case.jsonld"))])
            .output()
            .unwrap();
        assert!(checked.status.success(), "{}", words(&checked));
    }
    std::fs::write(out.join("findings.jsonl"), "{}\n").unwrap();
    let broken = holdfast().args(["verify", path(&record)]).output().unwrap();
    assert!(!broken.status.success() && words(&broken).contains("findings.jsonl was changed"), "{}", words(&broken));
}

#[test]
fn scans_are_bounded_and_go_on_where_they_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let key = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
    // Results never lie in what is scanned; a missing path is named.
    let material = dir.path().join("material");
    std::fs::create_dir(&material).unwrap();
    let inside = holdfast()
        .args(["evidence", "scan", path(&material), "--out", path(&material.join("out")), "--seal-to", key])
        .output()
        .unwrap();
    assert!(!inside.status.success() && words(&inside).contains("nothing is ever written there"), "{}", words(&inside));
    let missing = holdfast()
        .args(["evidence", "scan", "/no/such", "--out", path(dir.path()), "--seal-to", key])
        .output()
        .unwrap();
    assert!(words(&missing).contains("/no/such"), "{}", words(&missing));
    // A bomb: a gzip of very many zeros ends with a note; a damaged archive too.
    let zeros = Command::new("sh")
        .args(["-c", &format!("head -c 4000000000 /dev/zero | gzip -1 > {}", path(&material.join("zeros.gz")))])
        .status()
        .unwrap();
    assert!(zeros.success());
    std::fs::write(material.join("broken.zip"), b"PK\x03\x04 and nothing else that a zip archive has").unwrap();
    image(&material);
    let out = dir.path().join("out");
    let scan = || {
        let output = holdfast()
            .args(["evidence", "scan", path(&material), "--out", path(&out), "--seal-to", key, "--json"])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", words(&output));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let first = scan();
    let sources = first["report"]["sources"].as_array().unwrap();
    assert_eq!(sources.len(), 3);
    assert!(sources[0]["warnings"][0].as_str().unwrap().contains("zip"), "{sources:?}");
    assert_eq!(first["report"]["findings"].as_array().unwrap().len(), 9);
    // Again: nothing is done twice. A run that was cut off left lines that do not count; they go.
    let cut = std::fs::read_to_string(out.join("findings.jsonl")).unwrap();
    std::fs::write(out.join("findings.jsonl"), format!("{cut}{{\"half a li")).unwrap();
    assert_eq!(scan()["report"], first["report"]);
}
