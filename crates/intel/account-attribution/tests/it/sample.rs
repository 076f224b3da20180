//! F. Victor's sample: all transfers of one token, and wallets of exchanges. There is no truth about owners in it, so that this compares with the
//! paper's rule, plainly written, and counts what contradicts it.

use crate::built::account;
use crate::real_files;
use holdfast_account_attribution::{Clusters, Heuristic, Options, Services, Signals};
use holdfast_account_ledger::{AppendOptions, Ledger, Settings};
use holdfast_types::{
    AccountId, Address, Amount, BlockTransfers, ChainId, Commitment, Position, TokenRef, TransactionTransfers,
    Transfer, TransferKind,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::path::Path;

/// Blocks of the chain in one of the ledger's: it would have three million otherwise.
const SCALE: u64 = 100;

#[derive(Clone)]
struct Row {
    block: u64,
    from: AccountId,
    to: AccountId,
    amount: u128,
}

fn id(text: &str) -> AccountId {
    AccountId::try_from(&Address::read(text)).unwrap()
}

fn rows(folder: &Path) -> Vec<Row> {
    let text = std::fs::read_to_string(folder.join("bionic.csv")).unwrap();
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let block = cells[1].parse::<u64>().unwrap() / SCALE;
        Row { block, from: id(cells[3]), to: id(cells[4]), amount: cells[5].parse().unwrap() }
    };
    text.lines().skip(1).map(row).collect()
}

/// Wallets of exchanges that have keys: into a contract customers pay themselves, so that who sends to it is no deposit address.
fn exchanges(folder: &Path) -> BTreeMap<AccountId, String> {
    let text = std::fs::read_to_string(folder.join("exchanges.csv")).unwrap();
    let cells = text.lines().skip(1).map(|line| line.split(',').collect::<Vec<&str>>());
    let keys = cells.filter(|c| c[2] == "eoa" && c[3] == "Exchange");
    // Hotbit 1 and Hotbit 2 are one exchange's.
    let name = |text: &str| text.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_' || c == ' ').to_owned();
    keys.map(|c| (id(c[0]), name(c[1]))).collect()
}

/// The paper's rule: what is sent to an exchange's wallet, and was received with the same amount no more than so many blocks before.
fn by_the_paper(
    rows: &[Row],
    exchanges: &BTreeMap<AccountId, String>,
    blocks: u64,
) -> BTreeMap<AccountId, BTreeSet<AccountId>> {
    let mut received: HashMap<AccountId, Vec<usize>> = HashMap::new();
    let mut found: BTreeMap<AccountId, BTreeSet<AccountId>> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate() {
        if exchanges.contains_key(&row.to) && !exchanges.contains_key(&row.from) {
            for earlier in received.get(&row.from).into_iter().flatten().map(|i| &rows[*i]) {
                let fits = earlier.amount == row.amount && row.block - earlier.block <= blocks;
                if fits && !exchanges.contains_key(&earlier.from) && !earlier.from.is_zero() {
                    found.entry(row.from).or_default().insert(earlier.from);
                }
            }
        }
        received.entry(row.to).or_default().push(at);
    }
    found
}

fn ledger(folder: &Path, rows: &[Row]) -> Ledger {
    let chain = ChainId::parse("eip155:1").unwrap();
    let mut ledger = Ledger::create_or_open(folder, &Settings::new(chain.clone())).unwrap();
    let first = rows[0].block;
    let mut at = 0;
    let mut parent = [0; 32];
    let mut blocks = (first..=rows[rows.len() - 1].block).map(|height| {
        let mut transactions = Vec::new();
        while let Some(row) = rows.get(at).filter(|row| row.block == height) {
            let index = u32::try_from(transactions.len()).unwrap();
            let mut hash = [1; 32];
            hash[..8].copy_from_slice(&(at as u64).to_le_bytes());
            let transfer = Transfer {
                token: TokenRef::Fungible(account(1)),
                from: Some(row.from).filter(|a| !a.is_zero()),
                to: Some(row.to).filter(|a| !a.is_zero()),
                amount: Amount::new(row.amount),
                kind: if row.from.is_zero() { TransferKind::Mint } else { TransferKind::Token },
                position: Position::Log(index, 0),
                commitment: Commitment::Root,
            };
            transactions.push(TransactionTransfers {
                hash,
                index,
                // The sample does not have who signed.
                payer: row.from,
                to: None,
                success: true,
                fee: Amount::ZERO,
                method: None,
                transfers: if row.amount == 0 { Vec::new() } else { vec![transfer] },
                signals: Vec::new(),
            });
            at += 1;
        }
        let mut hash = [2; 32];
        hash[..8].copy_from_slice(&height.to_le_bytes());
        let parent = std::mem::replace(&mut parent, hash);
        let (chain, time) = (chain.clone(), height * 1_300);
        BlockTransfers {
            chain,
            height,
            hash,
            parent,
            time,
            transactions,
            block_level: Vec::new(),
            internal_known: true,
        }
    });
    ledger.append(&mut blocks, &AppendOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
    drop(blocks);
    ledger
}

#[test]
fn deposit_addresses_of_the_sample_are_those_of_the_papers_rule() {
    let Some(folder) = real_files::accounts() else { return };
    let folder = folder.join("clustering");
    let (rows, exchanges) = (rows(&folder), exchanges(&folder));
    let temporary = tempfile::tempdir().unwrap();
    let ledger = ledger(temporary.path(), &rows);
    let services = Services::from_list(exchanges.clone());
    let chain = ChainId::parse("eip155:1").unwrap();
    let options = Options { max_blocks: 3_200 / SCALE, min_members: 1, ..Options::of_chain(&chain) };
    let options = options.with([Heuristic::Sweep, Heuristic::DepositReuse]);
    let clusters = Clusters::build(&ledger, &services, &Signals::default(), options.clone()).unwrap();

    let mut found: BTreeSet<AccountId> = BTreeSet::new();
    let mut vetoed: BTreeSet<AccountId> = BTreeSet::new();
    for membership in clusters.memberships().filter(|m| m.heuristic() == Some(Heuristic::Sweep)) {
        let account = ledger.account(membership.member()).unwrap();
        if membership.is_veto() {
            vetoed.insert(account)
        } else {
            found.insert(account)
        };
    }
    let papers = by_the_paper(&rows, &exchanges, options.max_blocks);
    let elsewhere = |address: &AccountId| {
        rows.iter().any(|row| row.from == *address && row.amount > 0 && !exchanges.contains_key(&row.to))
    };
    let (contradicted, sound): (Vec<_>, Vec<_>) = papers.keys().partition(|address| elsewhere(address));
    let summed = found.iter().filter(|a| !papers.contains_key(*a)).count();
    println!(
        "{} by the paper's rule, of which {} send elsewhere too; {} here, of which {} are vetoed and {summed} sweep several deposits",
        papers.len(),
        contradicted.len(),
        found.len(),
        vetoed.len()
    );
    // All that nothing contradicts, and none that something does.
    for address in &sound {
        assert!(found.contains(*address) && !vetoed.contains(*address), "{address:?}");
    }
    for address in &contradicted {
        assert!(!found.contains(*address) || vetoed.contains(*address), "{address:?}");
    }
    assert!(sound.len() > 150, "{}", sound.len());
    let customers =
        clusters.iter().filter(|(_, m)| !m.iter().any(|a| exchanges.contains_key(&ledger.account(*a).unwrap())));
    println!("{} clusters of customers", customers.count());
}
