//! Exports and kernels of account chains, against the ledger.

use crate::account_histories::{Maker, append, chain, settings};
use crate::simulated::{options, outcome, places};
use holdfast_account_ledger::{AppendOptions, Ledger};
use holdfast_account_workspace::AccountWorkspace;
use holdfast_analytics::{Kernel, Outcome, Places};
use holdfast_analytics_export::{ExportError, Manifest, Model, StoredChain, TableReader, export};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;

fn store(dir: &Path, seed: u64, blocks: u64) -> Ledger {
    let mut made = Vec::new();
    Maker::new(seed).extend(&mut made, 0, blocks);
    let path = AccountWorkspace::ledger_dir(dir, &chain());
    std::fs::create_dir_all(&path).unwrap();
    let mut ledger = Ledger::create_or_open(&path, &settings()).unwrap();
    append(&mut ledger, &made, &AppendOptions::default());
    ledger
}

fn exported(store: &Path, out: &Path, segment_txs: u64) {
    let chain = StoredChain::Accounts(chain());
    export(store, &chain, out, &options(segment_txs), &AtomicBool::new(false), &mut |_| {}).unwrap();
}

fn outcomes(store: &Path, segment_txs: u64) -> (Places, Vec<Outcome>) {
    let out = store.join(format!("out-{segment_txs}"));
    exported(store, &out, segment_txs);
    let places = places(&out, chain().as_str(), store.join(format!("results-{segment_txs}")));
    let kernels = [Kernel::Features, Kernel::Balances, Kernel::Statistics];
    let all = kernels.into_iter().map(|kernel| outcome(kernel, &places)).collect();
    (places, all)
}

#[test]
fn balances_are_the_ledgers_to_the_last_of_256_bits() {
    for seed in 0..4 {
        let dir = tempfile::tempdir().unwrap();
        let ledger = store(dir.path(), seed, 60);
        let (places, split) = outcomes(dir.path(), 40);
        assert!(split[0].segments > 3);
        let mut expected = BTreeMap::new();
        for account in 0..u32::try_from(ledger.counts().accounts).unwrap() {
            for asset in ledger.assets_of(account).unwrap() {
                let moved = ledger.balance(account, asset).unwrap().moved;
                let text = moved.map(|m| {
                    let sign = if m.is_negative() { "-" } else { "" };
                    format!("{sign}{}", m.magnitude())
                });
                expected.insert((i64::from(account), i64::from(asset)), text);
            }
        }
        let table = Kernel::Balances.spec(Model::Accounts).unwrap().result;
        let names = ["account", "asset", "moved_text", "moved", "wide"];
        let reader = TableReader::open(&places.results.join(&split[1].files[0].path), table, &names).unwrap();
        let (mut found, mut wide) = (BTreeMap::new(), 0);
        reader
            .for_each(|rows, c| {
                for row in 0..rows {
                    let text = c[2].text(row).map(ToOwned::to_owned);
                    if c[4].long(row) == Some(0) {
                        assert_eq!(c[3].integer(row).map(|n| n.to_string()), text);
                    } else {
                        assert_eq!(c[3].integer(row), None);
                        wide += 1;
                    }
                    found.insert((c[0].long(row).unwrap(), c[1].long(row).unwrap()), text);
                }
                Ok::<_, ExportError>(())
            })
            .unwrap();
        assert_eq!(found, expected, "seed {seed}");
        assert!(wide > 10, "wide amounts are among them");
        let (_, whole) = outcomes(dir.path(), 1 << 20);
        for (whole, split) in whole.iter().zip(&split) {
            assert_eq!(whole.digests, split.digests, "seed {seed}, {:?}", whole.kernel);
        }
        compare_statistics(&ledger, &places, &split[2]);
    }
}

fn compare_statistics(ledger: &Ledger, places: &Places, outcome: &Outcome) {
    let mut expected: BTreeMap<i64, [i64; 5]> = BTreeMap::new();
    for tx in 0..ledger.counts().txs {
        let mut parties: Vec<i64> = ledger.tx(tx).unwrap().payer.map(i64::from).into_iter().collect();
        for transfer in ledger.transfers_of(tx).unwrap() {
            let fee = usize::from(transfer.kind.is_fee());
            if let Some(from) = transfer.from {
                expected.entry(from.into()).or_default()[1 + fee] += 1;
                parties.push(from.into());
            }
            if let Some(to) = transfer.to {
                expected.entry(to.into()).or_default()[0] += i64::from(fee == 0);
                parties.push(to.into());
            }
        }
        if let Some(payer) = ledger.tx(tx).unwrap().payer {
            expected.entry(payer.into()).or_default()[3] += 1;
        }
        parties.sort_unstable();
        parties.dedup();
        for party in parties {
            expected.entry(party).or_default()[4] += 1;
        }
    }
    let table = Kernel::Statistics.spec(Model::Accounts).unwrap().result;
    let names = ["account", "transfers_in", "transfers_out", "fees", "paid_txs", "txs"];
    let reader = TableReader::open(&places.results.join(&outcome.files[0].path), table, &names).unwrap();
    let mut found = BTreeMap::new();
    reader
        .for_each(|rows, c| {
            for row in 0..rows {
                found.insert(c[0].long(row).unwrap(), [1, 2, 3, 4, 5].map(|n| c[n].long(row).unwrap()));
            }
            Ok::<_, ExportError>(())
        })
        .unwrap();
    assert_eq!(found, expected);
}

#[test]
fn a_later_export_of_an_account_chain_writes_what_is_new() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = store(dir.path(), 9, 40);
    let out = dir.path().join("out");
    exported(dir.path(), &out, 30);
    let folder = holdfast_analytics_export::chain_dir(&out, chain().as_str());
    let before = Manifest::require(&folder).unwrap();
    ledger.truncate(35).unwrap();
    let mut blocks = Vec::new();
    Maker::new(9).extend(&mut blocks, 0, 35);
    Maker::new(10).extend(&mut blocks, 0, 12);
    append(&mut ledger, &blocks[35..], &AppendOptions::default());
    exported(dir.path(), &out, 30);
    let after = Manifest::require(&folder).unwrap();
    exported(dir.path(), &dir.path().join("fresh"), 30);
    let fresh =
        Manifest::require(&holdfast_analytics_export::chain_dir(&dir.path().join("fresh"), chain().as_str())).unwrap();
    assert_eq!(after.input, fresh.input);
    let same = before.segments.iter().zip(&after.segments).take_while(|(a, b)| a == b).count();
    assert!(same > 0 && same < before.segments.len());
}

#[test]
fn a_forest_of_an_account_chain_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    store(dir.path(), 3, 5);
    let out = dir.path().join("out");
    exported(dir.path(), &out, 30);
    let places = places(&out, chain().as_str(), dir.path().join("results"));
    let refused = holdfast_analytics::run(Kernel::Forest, &places, &[], &AtomicBool::new(false), &|_, _| {});
    let text = refused.unwrap_err().to_string();
    assert!(text.contains("'clusters'"), "{text}");
}
