//! Confirmed losses to address poisoning, and labelled addresses that imitate nothing.

use holdfast_decision::lookalikes::Counterparties;
use holdfast_types::lookalike::looks_alike;
use holdfast_types::{Seconds, Timestamp};
use std::collections::BTreeSet;
use std::path::Path;

#[path = "../../../../chain/evm/tests/it/real_files.rs"]
mod real_files;

fn rows(path: &Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

#[test]
fn every_confirmed_loss_is_warned_of() {
    let Some(data) = real_files::accounts() else { return };
    let start = Timestamp::from_unix(1_700_000_000);
    let mut losses = 0;
    for chain in ["ethereum", "bsc"] {
        let mut rows = rows(&data.join(format!("poisoning/payoff_transfers_{chain}.csv"))).into_iter();
        let head = rows.next().unwrap();
        let place = |name: &str| head.iter().position(|h| h == name).unwrap();
        let (paid, intended) = (place("topics_to_addr"), place("intended_addr"));
        for row in rows {
            // The victim paid the intended address before, and got dust from the one that imitates it.
            let mut known = Counterparties::default();
            known.note(&row[intended], start, true);
            known.note(&row[paid], start + Seconds::HOUR, false);
            assert_eq!(known.lookalike_of(&row[intended]), None);
            let found = known.lookalike_of(&row[paid]).map(|l| l.of);
            assert_eq!(found, Some(row[intended].to_lowercase()), "{row:?}");
            losses += 1;
        }
    }
    assert_eq!(losses, 6_633);
}

#[test]
fn labelled_addresses_imitate_next_to_none() {
    let Some(data) = real_files::accounts() else { return };
    let labels = std::fs::read_to_string(data.join("labels/etherscan-all.json")).unwrap();
    let labels: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&labels).unwrap();
    let addresses: BTreeSet<String> = labels.keys().filter(|a| a.len() == 42).map(|a| a.to_lowercase()).collect();
    let mut by_ends: Vec<&String> = addresses.iter().collect();
    by_ends.sort_by_key(|a| (&a[2..5], &a[38..]));
    let of_same_ends = by_ends.chunk_by(|a, b| a[2..5] == b[2..5] && a[38..] == b[38..]);
    let pairs: usize = of_same_ends.map(|group| group.len() * (group.len() - 1) / 2).sum();
    let all = addresses.len() * (addresses.len() - 1) / 2;
    println!("{pairs} of {all} pairs of {} labelled addresses look alike", addresses.len());
    assert!(pairs < 100 && pairs * 100_000 < all, "{pairs} of {all}");
    let alike = by_ends.windows(2).filter(|pair| looks_alike(pair[0], pair[1])).count();
    assert!(alike > 0 && alike <= pairs);
}
