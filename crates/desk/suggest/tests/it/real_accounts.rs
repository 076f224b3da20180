//! The figure that docs/models.md states, on real labelled accounts: `HOLDFAST_TEST_DATA` names a folder (docs/test-data.md) with `learning/`.

use holdfast_models::accounts::Amounts;
use holdfast_models::leaks::Explained;
use holdfast_suggest::{AccountPlan, AmountUnit, Histories, train};
use std::path::{Path, PathBuf};
use std::process::Command;

fn folder(unpacked: &Path) -> Option<PathBuf> {
    let Some(root) = std::env::var_os("HOLDFAST_TEST_DATA").map(PathBuf::from) else {
        eprintln!("SKIPPED: HOLDFAST_TEST_DATA names no folder of real data (docs/test-data.md)");
        return None;
    };
    let packed = root.join("learning/learning.tar.zst");
    if !packed.is_file() {
        eprintln!("SKIPPED: {} is not there", packed.display());
        return None;
    }
    let done = Command::new("tar").arg("--zstd").arg("-xf").arg(&packed).arg("-C").arg(unpacked).status();
    assert!(done.is_ok_and(|s| s.success()), "tar --zstd -xf {}", packed.display());
    Some(unpacked.join("learning/ethereum-accounts"))
}

/// Accounts that began later than all that was learned from, none of which paid one of those, by payments alone.
#[test]
fn later_accounts_are_told_by_their_payments() {
    let dir = tempfile::tempdir().unwrap();
    let Some(accounts) = folder(dir.path()) else { return };
    let mut all = Histories::default();
    for (class, is_positive) in [("normal", false), ("phishing", true)] {
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(accounts.join(class)).unwrap().map(|f| f.unwrap().path()).collect();
        files.sort();
        for file in files {
            let name = file.file_stem().unwrap().to_string_lossy().into_owned();
            all.add(&name, is_positive, &std::fs::read_to_string(&file).unwrap(), AmountUnit::Coin).unwrap();
        }
    }
    let trained = train(&all, &[], &AccountPlan::of(0.1)).unwrap();
    let training = trained.model.content().training.as_ref().unwrap();
    let told = |t: &holdfast_models::fit::Training| {
        let a = t.measured.average_precision;
        format!(
            "AP {:.4} ({:.4} to {:.4}) on {} rows, {} positive",
            a.value, a.low, a.high, t.test.rows, t.test.positives
        )
    };
    eprintln!(
        "without amounts: {}; {:?}; best alone {:?}",
        told(training),
        trained.counts,
        training.single_features.first()
    );
    assert!(training.measured.average_precision.value > 0.9, "{}", told(training));
    // Amounts give the collector away: training stops and names them.
    let with = AccountPlan { amounts: Amounts::With, ..AccountPlan::of(0.1) };
    match train(&all, &[], &with) {
        Ok(trained) => eprintln!("with amounts: {}", told(trained.model.content().training.as_ref().unwrap())),
        Err(e) => {
            let text = e.to_string();
            eprintln!("with amounts: {text}");
            assert!(text.starts_with("leak: payments_"), "{text}");
            let named = |text: &str| -> Vec<Explained> {
                text.trim_start_matches("leak: ")
                    .split("; ")
                    .filter_map(|part| part.split_once(" alone has AUC"))
                    .map(|(feature, _)| Explained { feature: feature.to_owned(), reason: "measured only".to_owned() })
                    .collect()
            };
            let trained = train(&all, &[], &AccountPlan { explained: named(&text), ..with }).unwrap();
            eprintln!("with amounts, explained: {}", told(trained.model.content().training.as_ref().unwrap()));
        }
    }
}
