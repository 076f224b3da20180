//! On a token of SoftHSM. The module reads where its tokens lie from the environment when it is loaded, so that each test runs again as a process of its own.

use super::*;
use holdfast_identity::{KeyRing, KeySource};
use std::path::PathBuf;
use std::process::Command;

/// Names the folder of the token to the process that works with it.
const FOLDER: &str = "HOLDFAST_TEST_TOKEN";
const MODULES: [&str; 3] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
];

fn module() -> Option<PathBuf> {
    MODULES.iter().map(PathBuf::from).find(|path| path.exists())
}

/// Makes a token in a folder of its own and runs a test again as a process that sees it.
fn on_a_token(test: &str) {
    if module().is_none() {
        assert!(std::env::var_os("CI").is_none(), "softhsm2 is not installed, and CI must have it");
        eprintln!("SKIPPED: softhsm2 is not installed; ./test installs it where it can");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (tokens, config) = (dir.path().join("tokens"), dir.path().join("softhsm2.conf"));
    std::fs::create_dir(&tokens).unwrap();
    std::fs::write(&config, format!("directories.tokendir = {}\nobjectstore.backend = file\n", tokens.display()))
        .unwrap();
    let made = Command::new("softhsm2-util")
        .args(["--init-token", "--free", "--label", "desk", "--so-pin", "87654321", "--pin", "1234"])
        .env("SOFTHSM2_CONF", &config)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let ran = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("tests::{test}"), "--ignored", "--nocapture"])
        .env("SOFTHSM2_CONF", &config)
        .env(FOLDER, dir.path())
        .output()
        .unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success() && said.contains("1 passed"), "{said}");
}

fn folder() -> PathBuf {
    PathBuf::from(std::env::var_os(FOLDER).expect("the test that makes the token runs this one"))
}

fn opened() -> Token {
    Token::open(&module().unwrap(), "desk", "1234").unwrap()
}

#[test]
fn the_ring_is_sealed_by_the_token() {
    on_a_token("ring_on_the_token");
}

#[test]
fn signatures_are_made_on_the_token() {
    on_a_token("signatures_on_the_token");
}

#[test]
fn a_token_that_is_removed_signs_nothing() {
    on_a_token("removed_token");
}

#[test]
fn productions_are_signed_on_the_token_while_it_is_there() {
    on_a_token("signer_on_the_token");
}

#[test]
#[ignore = "run by the test that makes the token"]
fn signer_on_the_token() {
    use ed25519_dalek::{Signature, VerifyingKey};
    use holdfast_identity::Signer;
    let pin_file = folder().join("pin");
    std::fs::write(&pin_file, "1234").unwrap();
    let path = folder().join("desk.key.sealed");
    let source = TokenSource { path, module: module().unwrap(), label: "desk".into(), pin_file };
    let signer = source.signer().unwrap();
    let (first, old) = signer.current().unwrap();
    assert_eq!((first, signer.current().unwrap()), (1, (1, old)), "one is made once");
    assert_eq!(signer.rotate().unwrap(), 2);
    let (second, new) = signer.current().unwrap();
    assert_eq!(second, 2);
    // A production that began before the rotation is signed by the key that it names.
    for (number, key) in [(first, old), (second, new)] {
        let signature = Signature::from_bytes(&Signer::sign(&*signer, number, b"a manifest").unwrap());
        VerifyingKey::from_bytes(&key).unwrap().verify_strict(b"a manifest", &signature).unwrap();
    }
    std::fs::remove_dir_all(folder().join("tokens")).unwrap();
    assert!(signer.current().is_err() && signer.sign(2, b"x").is_err() && signer.rotate().is_err());
}

#[test]
#[ignore = "run by the test that makes the token"]
fn ring_on_the_token() {
    let wrong = Token::open(&module().unwrap(), "desk", "9999").unwrap_err();
    assert!(matches!(wrong, TokenError::Refused(..)), "{wrong}");
    let none = Token::open(&module().unwrap(), "another", "1234").unwrap_err();
    assert!(matches!(none, TokenError::Gone(..)), "{none}");
    let token = opened();
    let source = TokenFile { path: folder().join("desk.key"), token: &token };
    assert!(source.read().unwrap().is_none());
    let ring = KeyRing::single([7; 32]).with([8; 32]).unwrap();
    source.write(&ring).unwrap();
    assert_eq!(source.read().unwrap().unwrap().to_text(), ring.to_text());
    let pin_file = folder().join("pin");
    std::fs::write(&pin_file, "1234\n").unwrap();
    let kept = TokenSource { path: source.path.clone(), module: module().unwrap(), label: "desk".into(), pin_file };
    assert_eq!(kept.read().unwrap().unwrap().to_text(), ring.to_text());
    let away = TokenSource { label: "another".into(), ..kept };
    assert!(away.read().unwrap_err().to_string().contains("put it back"));
    let text = std::fs::read_to_string(&source.path).unwrap();
    assert!(!text.contains(&"07".repeat(32)) && text.starts_with("1:"), "{text}");
    // The master key is rotated: the ring is the same, sealed by the new number, and what the old one sealed still opens.
    let (number, sealed) = token.seal("a place", b"older").unwrap();
    assert_eq!((number, source.rotate_master().unwrap()), (1, 2));
    let again = std::fs::read_to_string(&source.path).unwrap();
    assert!(again.lines().all(|line| line.starts_with("2:")), "{again}");
    assert_eq!(source.read().unwrap().unwrap().to_text(), ring.to_text());
    assert_eq!(token.open_sealed("a place", 1, &sealed).unwrap(), b"older");
    // What was changed, or moved to another place, does not open.
    assert!(matches!(token.open_sealed("another place", 1, &sealed), Err(TokenError::Sealed(_))));
    let lines: Vec<&str> = again.lines().rev().collect();
    std::fs::write(&source.path, lines.join("\n")).unwrap();
    assert!(source.read().unwrap_err().to_string().contains("was changed"), "lines changed places");
    for bad in ["2", "x:00", "2:zz", "9:00"] {
        std::fs::write(&source.path, bad).unwrap();
        assert!(source.read().is_err(), "{bad}");
    }
}

#[test]
#[ignore = "run by the test that makes the token"]
fn signatures_on_the_token() {
    use ed25519_dalek::{Signature, VerifyingKey};
    let token = opened();
    assert!(matches!(token.sign(b"x"), Err(TokenError::Gone(..))), "it has no key yet");
    assert_eq!(token.rotate(Use::Sign).unwrap(), 1);
    let (number, first) = token.sign(b"a production").unwrap();
    let old = token.public_key(number).unwrap();
    assert_eq!(token.rotate(Use::Sign).unwrap(), 2);
    let (number, second) = token.sign(b"a production").unwrap();
    let new = token.public_key(number).unwrap();
    assert_eq!((number, token.numbers(Use::Sign).unwrap()), (2, vec![1, 2]));
    let verifies = |key: &[u8; 32], signature: &[u8; 64]| {
        let key = VerifyingKey::from_bytes(key).unwrap();
        key.verify_strict(b"a production", &Signature::from_bytes(signature)).is_ok()
    };
    assert!(verifies(&old, &first) && verifies(&new, &second), "by another implementation");
    assert!(!verifies(&new, &first) && !verifies(&old, &second));
    assert_eq!(token.public_key(1).unwrap(), old);
    assert!(token.public_key(3).is_err());
}

#[test]
#[ignore = "run by the test that makes the token"]
fn removed_token() {
    let token = opened();
    token.rotate(Use::Sign).unwrap();
    token.sign(b"x").unwrap();
    std::fs::remove_dir_all(folder().join("tokens")).unwrap();
    let gone = token.sign(b"x").unwrap_err();
    assert!(matches!(gone, TokenError::Gone(..)), "{gone}");
    assert!(gone.to_string().contains("put it back"), "{gone}");
}
