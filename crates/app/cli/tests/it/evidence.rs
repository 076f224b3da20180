//! Seized material from the command line: a disk image gives its seeds, their addresses and a case; secrets appear nowhere.

use crate::common::{have_peer, holdfast, path, peers, run, serving, small_store, words};
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
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../data/evidence/usb-stick.img.zst");
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
    // A bomb: a gzip of more zeros than memory takes, in parts that are equal; a damaged archive too.
    let zeros = Command::new("sh")
        .args([
            "-c",
            "head -c 250000000 /dev/zero | gzip -1 > ../part && cat ../part ../part ../part ../part ../part > zeros.gz",
        ])
        .current_dir(&material)
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

/// A scan without a desk, as JSON.
fn scanned(paths: &[&Path], out: &Path) -> Value {
    const KEY: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
    let mut command = holdfast();
    command.args(["evidence", "scan", "--out", path(out), "--seal-to", KEY, "--json"]);
    paths.iter().for_each(|p| {
        command.arg(p);
    });
    serde_json::from_str(&run(&mut command)).unwrap()
}

#[test]
fn a_record_of_a_scan_makes_verify_read_only_what_the_caller_names() {
    let dir = tempfile::tempdir().unwrap();
    let (material, out) = (dir.path().join("note.txt"), dir.path().join("out"));
    std::fs::write(&material, SECRETS[0]).unwrap();
    scanned(&[&material], &out);
    let record = out.join("evidence.json");
    let verify = |extra: &[&str]| holdfast().args(["verify", path(&record)]).args(extra).output().unwrap();
    // The record alone: what it names is not opened, and said to be a claim.
    let alone = verify(&[]);
    assert!(alone.status.success() && words(&alone).contains("it is not compared"), "{}", words(&alone));
    // What the caller names is compared, whatever its name.
    let copy = dir.path().join("copy");
    std::fs::copy(&material, &copy).unwrap();
    let compared = verify(&["--material", path(&copy)]);
    assert!(compared.status.success() && words(&compared).contains("was scanned"), "{}", words(&compared));
    std::fs::write(&copy, "changed").unwrap();
    let changed = verify(&["--material", path(&copy)]);
    assert!(!changed.status.success() && words(&changed).contains("nothing that was scanned"), "{}", words(&changed));
    // A stranger's record that names a device and a secret file: neither is read.
    let text = std::fs::read_to_string(&record).unwrap();
    for named in ["/dev/zero", "/etc/shadow"] {
        std::fs::write(&record, text.replace(path(&material), named)).unwrap();
        let answer = Command::new("timeout")
            .arg("20")
            .arg(env!("CARGO_BIN_EXE_holdfast"))
            .args(["verify", path(&record)])
            .output()
            .unwrap();
        assert_eq!(answer.status.code(), Some(1), "{}", words(&answer));
        let said = words(&answer);
        assert!(
            said.contains("signature does not hold")
                && said.contains(&format!("{named} was scanned (it is not compared")),
            "{said}"
        );
    }
    std::fs::write(&record, &text).unwrap();
    // Results that are links lead nowhere.
    std::fs::remove_file(out.join("findings.jsonl")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", out.join("findings.jsonl")).unwrap();
    let linked = Command::new("timeout")
        .arg("20")
        .arg(env!("CARGO_BIN_EXE_holdfast"))
        .args(["verify", path(&record)])
        .output()
        .unwrap();
    assert!(linked.status.code() == Some(1) && words(&linked).contains("is no file of its own"), "{}", words(&linked));
}

#[test]
fn what_a_scan_did_not_open_is_shown_in_output_and_record() {
    let dir = tempfile::tempdir().unwrap();
    let (material, out) = (dir.path().join("material"), dir.path().join("out"));
    std::fs::create_dir(&material).unwrap();
    std::fs::write(material.join("old.rar"), b"Rar!\x1a\x07\x01\0 and so on").unwrap();
    assert!(Command::new("mkfifo").arg(material.join("pipe")).status().unwrap().success());
    let key = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
    let mut command = Command::new("timeout");
    command.args([
        "60",
        env!("CARGO_BIN_EXE_holdfast"),
        "evidence",
        "scan",
        path(&material),
        "--out",
        path(&out),
        "--seal-to",
        key,
    ]);
    let shown = run(&mut command);
    for expected in ["not opened: ", "old.rar: a RAR archive", "pipe: is a pipe", "2 things were not opened"] {
        assert!(shown.contains(expected), "{expected} is missing in {shown}");
    }
    for name in ["evidence.json", "case.jsonld"] {
        let text = std::fs::read_to_string(out.join(name)).unwrap();
        assert!(text.contains("a RAR archive") && text.contains("is a pipe"), "{name}");
    }
    let verified = run(holdfast().args(["verify", path(&out.join("evidence.json"))]));
    assert!(verified.contains("2 things were not opened"), "{verified}");
    // A link as an argument is followed.
    let link = dir.path().join("link");
    std::fs::write(material.join("seed.txt"), SECRETS[0]).unwrap();
    std::os::unix::fs::symlink(material.join("seed.txt"), &link).unwrap();
    let report = scanned(&[&link], &dir.path().join("second"));
    assert_eq!(report["report"]["findings"][0]["kind"], "bip39");
    assert_eq!(report["report"]["sources"].as_array().unwrap().len(), 1);
}

#[test]
fn published_cases_that_were_missed_are_found() {
    let dir = tempfile::tempdir().unwrap();
    let material = dir.path().join("material");
    std::fs::create_dir(&material).unwrap();
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let spanish = "my words\nligero vista talar yogur venta queso yacer trozo ligero vista talar yogur venta queso yacer trozo ligero violín\nend\n";
    let electrum = r#"{"keystore": {"pw_hash_version": 1, "seed": "cereal wise two govern top pet frog nut rule sketch bundle logic", "seed_type": "standard", "type": "bip32"}}"#;
    let list = "ozone drill grab fiber curtain grace pudding thank cruise elder eight picnic";
    let history = format!(
        r#"{{"addresses": {{}}, "seed_version": 41, "transactions": {{"x": "{}"}}, "use_encryption": true, "wallet_type": "standard"}}"#,
        "0".repeat(6_000)
    );
    let vault = r#"{"KeyringController":{"vault":"{\"data\":\"vXOTraxWuDmDrhxZ759NodhTmd4UQkThRG6Y\",\"iv\":\"7hvnbvsoSQmAbWzfvtMkjA==\",\"salt\":\"mHnV+cB0xsRJkFQyQ+7Z6g==\"}"}}"#;
    let numbered = list.split(' ').enumerate().map(|(i, w)| format!("Word #{}: {w}\n", i + 1)).collect::<String>();
    for (name, bytes) in [
        ("spanish.txt", wide(spanish)),
        ("electrum.json", electrum.into()),
        ("list.html", format!("<ul><li>{}</li></ul>", list.replace(' ', "</li><li>")).into_bytes()),
        ("labels.txt", numbered.into_bytes()),
        ("history", history.into_bytes()),
        ("vault.json", vault.into()),
    ] {
        std::fs::write(material.join(name), bytes).unwrap();
    }
    let said = scanned(&[&material], &dir.path().join("out"));
    let mut found: Vec<(String, String)> = said["report"]["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| {
            let name = f["source"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
            (name, f["kind"].as_str().unwrap().to_owned())
        })
        .collect();
    found.sort();
    let wanted = [
        ("electrum.json", "electrum"),
        ("history", "wallet_file"),
        ("labels.txt", "bip39"),
        ("list.html", "bip39"),
        ("spanish.txt", "bip39"),
        ("vault.json", "wallet_file"),
    ];
    assert_eq!(found, wanted.map(|(n, k)| (n.to_owned(), k.to_owned())));
}

#[test]
fn one_bad_block_file_never_stops_the_ingest_of_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = dir.path().join("ledger");
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../data/bitcoin");
    let bad = dir.path().join("bad.block");
    std::fs::write(&bad, b"this is no block").unwrap();
    // Block 170 states no height: it is older than BIP 34.
    let old = dir.path().join("old.block");
    let blocks = zstd::decode_all(std::fs::File::open(format!("{data}/blk-1-256.dat.zst")).unwrap()).unwrap();
    let length = u32::from_le_bytes(blocks[4..8].try_into().unwrap()) as usize;
    std::fs::write(&old, &blocks[8..8 + length]).unwrap();
    let mut command = holdfast();
    command.args(["ingest", "--ledger", path(&ledger), path(&bad), path(&old)]);
    for block in ["300025", "367891", "400000"] {
        command.arg(format!("{data}/{block}.block.zst"));
    }
    let output = command.output().unwrap();
    let said = words(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for expected in [
        "Ingested 3 blocks",
        "2 of the inputs were not ingested",
        "bad.block",
        "old.block",
        "does not state its height",
    ] {
        assert!(said.contains(expected), "{expected} is missing in {said}");
    }
    // They are there, and a second run has only the bad ones to complain of.
    let info = run(holdfast().args(["ledger", "info", "--ledger", path(&ledger)]));
    assert!(info.contains("400000"), "{info}");
}

/// A scan for a case of a running server gives what it gives on the store itself, and no secret leaves the scanning process in the clear.
#[test]
fn a_scan_beside_a_server_is_sealed_recorded_and_put_into_the_case() {
    let dir = tempfile::tempdir().unwrap();
    let (store, image) = (small_store(dir.path()), image(dir.path()));
    let at = ["--store", path(&store), "--as", "ana"];
    let scan = |out: &Path, case: &[&str]| -> Value {
        let out = ["--out", path(out), "--exhibit", "E-7", "--json"];
        let text = run(holdfast().args(["evidence", "scan", path(&image)]).args(out).args(at).args(case));
        serde_json::from_str(&text).unwrap()
    };
    let alone = scan(&dir.path().join("alone"), &["--open-case", "Alone"]);
    let (process, url) = serving(holdfast().args(["serve", "--listen", "127.0.0.1:0", "--store", path(&store)]));
    let out = dir.path().join("beside");
    let beside = scan(&out, &["--open-case", "Beside"]);
    for part in ["derived", "holdings"] {
        assert_eq!(beside[part], alone[part], "{part}");
    }
    assert_eq!(beside["report"]["findings"], alone["report"]["findings"]);
    assert_ne!(beside["case"], alone["case"]);
    // The record is whole, and signed by the desk.
    let verified = run(holdfast().args(["verify", path(&out.join("evidence.json")), "--material", path(&image)]));
    assert!(verified.contains("The record is valid."), "{verified}");
    let case = beside["case"].to_string();
    let show = run(holdfast().args(["--json", "desk", "cases", "show", &case]).args(at));
    for name in ["evidence.json", "case.jsonld", "findings.jsonl", "sealed.jsonl", "derived.json"] {
        assert!(show.contains(name), "{name}: {show}");
    }
    // The case's key opens them; what is stored and shown has none in the clear.
    let opened = run(holdfast().args(["evidence", "secrets", path(&out), "--case", &case]).args(at));
    assert!(opened.contains(SECRETS[0]), "{opened}");
    let shown = format!("{beside}{show}");
    let stored: Vec<PathBuf> = [files(&store.join("vault")), files(&out)].concat();
    for secret in SECRETS {
        assert!(!shown.contains(secret));
        for file in &stored {
            let bytes = std::fs::read(file).unwrap();
            assert!(!bytes.windows(secret.len()).any(|w| w == secret.as_bytes()), "{}", file.display());
        }
    }
    // Of others' scans the server takes none that is stopped, or whose secrets are in the clear or sealed to another key.
    let path_of = format!("/api/v1/desk/cases/{case}/scans");
    let send = |change: &dyn Fn(&mut Value)| {
        let mut sent = serde_json::json!({ "exhibit": "E-8", "report": beside["report"], "begun": "2026-01-01T00:00:00Z", "ended": "2026-01-01T01:00:00Z" });
        change(&mut sent);
        let body = dir.path().join("sent.json");
        std::fs::write(&body, sent.to_string()).unwrap();
        let output = holdfast().args(["call", "POST", &path_of, "--body", path(&body)]).args(at).output().unwrap();
        (output.status.success(), words(&output))
    };
    let secret = |sent: &Value| {
        let findings = sent["report"]["findings"].as_array().unwrap();
        findings.iter().position(|f| f["kind"] == "bip39").unwrap()
    };
    for (change, why) in [
        (&(|sent: &mut Value| sent["report"]["complete"] = false.into()) as &dyn Fn(&mut Value), "report.complete"),
        (
            &|sent: &mut Value| {
                let at = secret(sent);
                sent["report"]["findings"][at]["value"] = SECRETS[0].into();
            },
            "report.findings",
        ),
        (&|sent: &mut Value| sent["report"]["sealed"][0]["age"] = "00".into(), "key"),
        (&|sent: &mut Value| sent["ended"] = "2025-01-01T00:00:00Z".into(), "ended"),
    ] {
        let (is_success, text) = send(change);
        assert!(!is_success && text.contains(why), "{why}: {text}");
        assert!(!text.contains(SECRETS[0]), "{text}");
    }
    assert!(send(&|_| {}).0);
    drop((process, url));
}
