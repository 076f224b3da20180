//! Exposures of single transactions and addresses: whom a transaction pays counts, and what is not known reads "unknown".

use holdfast_bitcoin::script::classify;
use holdfast_bitcoin::undo::Spent;
use holdfast_bitcoin::{AddressKey, Block, Network, display_hash};
use holdfast_simulate::build::Built;
use holdfast_simulate::hand::{HandChain, key, script_of, tx, tx_by_keys};
use holdfast_utxo_ledger::{AppendOptions, MemoryBlock, MemoryFeed};
use holdfast_workspace::{ExposureView, Workspace};
use std::ops::ControlFlow;

struct Bench {
    _dir: tempfile::TempDir,
    chain: HandChain,
    workspace: Workspace,
}

fn text(script: &[u8]) -> String {
    classify(script).to_text(Network::Regtest)
}

impl Bench {
    /// A ledger whose tags call the scripts sanctioned.
    fn new(sanctioned: &[Vec<u8>]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut workspace = Workspace::create_or_open(dir.path(), Network::Regtest).unwrap();
        let tags: String = sanctioned
            .iter()
            .map(|s| format!("  - {{address: \"{}\", label: Listed, abuse: sanction}}\n", text(s)))
            .collect();
        let pack = format!(
            "title: Lists\ncreator: test\ncurrency: BTC\nsource: https://example.org\nlastmod: 2024-01-01\n\
             confidence: authority_data\ntags:\n{tags}"
        );
        if sanctioned.is_empty() {
            return Bench { _dir: dir, chain: HandChain::default(), workspace };
        }
        let report = workspace.import_tags(vec![("lists.yaml".into(), pack.into_bytes())]);
        assert!(report.refused.is_empty() && report.tags == sanctioned.len(), "{report:?}");
        Bench { _dir: dir, chain: HandChain::default(), workspace }
    }

    fn add(&mut self, txs: &[Built], spent: Option<Vec<Spent>>) {
        let (height, bytes) = self.chain.add(txs);
        let block = Block::parse(bytes).unwrap();
        let feed = MemoryFeed(vec![MemoryBlock { height, block, spent }]);
        self.workspace.ledger.append(&feed, &AppendOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
        self.workspace.refresh().unwrap();
    }

    fn of(&self, subject: &str) -> ExposureView {
        self.workspace.exposure(subject, false).unwrap()
    }
}

fn direct(lines: &[holdfast_workspace::ExposureLine], name: &str) -> u64 {
    lines.iter().find(|l| l.category.name() == name).map_or(0, |l| l.direct)
}

#[test]
fn a_payment_to_a_sanctioned_address_is_exposed_to_it_directly() {
    let mut bench = Bench::new(&[key(66)]);
    let fund = tx(&[([1; 32], 0)], &[(1_000, key(1)), (1_000, key(2))]);
    // One pays the listed address all, the other 300 of 1,000.
    let whole = tx(&[(fund.txid, 0)], &[(1_000, key(66))]);
    let part = tx(&[(fund.txid, 1)], &[(300, key(66)), (700, key(3))]);
    bench.add(std::slice::from_ref(&fund), Some(vec![Spent { value: 2_000, address: classify(&key(9)) }]));
    bench.add(&[whole.clone(), part.clone()], None);
    let exposure = bench.of(&display_hash(&whole.txid));
    assert_eq!((exposure.amount, direct(&exposure.destination, "sanction")), (1_000, 1_000), "{exposure:?}");
    assert_eq!(exposure.risk_score, Some(100));
    let exposure = bench.of(&display_hash(&part.txid));
    assert_eq!(direct(&exposure.destination, "sanction"), 300, "{exposure:?}");
    assert_eq!(exposure.risk_score, Some(30));
    // The transaction's own page says the same.
    assert_eq!(bench.workspace.tx(&display_hash(&part.txid)).unwrap().exposure, Some(exposure));
    // The rest, once spent at the listed address, is behind the payment, not of it.
    let next = tx(&[(part.txid, 1)], &[(700, key(66))]);
    bench.add(&[next], None);
    let exposure = bench.of(&display_hash(&part.txid));
    let line = exposure.destination.iter().find(|l| l.category.name() == "sanction").unwrap();
    assert_eq!((line.direct, line.indirect), (300, 700), "{exposure:?}");
}

#[test]
fn an_address_of_unknown_receipts_is_unknown_and_not_safe() {
    let (plain, listed) = ([2u8; 33], [3u8; 33]);
    let mut bench = Bench::new(&[script_of(&listed)]);
    // Blocks that paid these are not stored, and no undo data says how much.
    let spend = tx_by_keys(&[([1; 32], 0, plain)], &[(500, key(1))]);
    let mixed = tx_by_keys(&[([2; 32], 0, plain), ([3; 32], 0, listed)], &[(800, key(2))]);
    bench.add(&[spend.clone(), mixed.clone()], None);
    let exposure = bench.of(&text(&script_of(&plain)));
    assert_eq!((exposure.amount, exposure.unknown_receipts), (0, 2), "{exposure:?}");
    assert_eq!(exposure.risk_score, None, "unknown, not 0");
    assert_eq!(exposure.score_text(), "unknown");
    let report = bench.workspace.address(&text(&script_of(&plain))).unwrap();
    assert_eq!((report.receipt_count, report.outside, report.received), (2, 2, 0));
    // A payment whose input's amount is unknown: the known part is what it pays out, where that came from is not known.
    let exposure = bench.of(&display_hash(&spend.txid));
    assert_eq!((exposure.risk_score, exposure.unknown_inputs.len()), (None, 1), "{exposure:?}");
    // The listed sender's amount is unknown: it is named, and the score is never 0.
    let exposure = bench.of(&display_hash(&mixed.txid));
    assert!(exposure.unknown_inputs.iter().any(|u| u.category.name() == "sanction" && u.inputs == 1), "{exposure:?}");
    assert_ne!(exposure.risk_score, Some(0));
    assert!(
        exposure.unknown_text().contains("1 inputs of unknown amount from sanction"),
        "{}",
        exposure.unknown_text()
    );
    // The listed address itself is risky whatever its amounts.
    let exposure = bench.of(&text(&script_of(&listed)));
    assert_eq!(exposure.risk_score, Some(100));
    assert_eq!(exposure.score_text(), "at least 100 of 100");
}

#[test]
fn receipts_of_blocks_not_stored_count_where_their_amount_is_known() {
    let mut bench = Bench::new(&[key(66)]);
    let payer = AddressKey::parse(&text(&key(5)), Network::Regtest).unwrap();
    let pay = tx(&[([1; 32], 0), ([1; 32], 1)], &[(600, key(66)), (400, key(6))]);
    let spent = vec![Spent { value: 900, address: payer }, Spent { value: 100, address: payer }];
    bench.add(
        &[tx(&[([8; 32], 0)], &[(1, key(7))]), pay],
        Some([vec![Spent { value: 1, address: payer }], spent].concat()),
    );
    let exposure = bench.of(&text(&key(5)));
    assert_eq!((exposure.amount, exposure.unknown_receipts), (1_001, 0), "{exposure:?}");
    assert_eq!(direct(&exposure.destination, "sanction"), 600, "{exposure:?}");
    assert_eq!(exposure.risk_score, Some(59));
}

#[test]
fn a_replaced_coinbase_is_not_in_the_balance() {
    use holdfast_simulate::hand::coinbase;
    let mut bench = Bench::new(&[]);
    let twice = coinbase(b"twice", &[(5_000_000_000, key(1))]);
    for _ in 0..2 {
        let (height, bytes) = bench.chain.block(std::slice::from_ref(&twice));
        let block = Block::parse(bytes).unwrap();
        let feed = MemoryFeed(vec![MemoryBlock { height, block, spent: None }]);
        bench.workspace.ledger.append(&feed, &AppendOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
    }
    bench.workspace.refresh().unwrap();
    let report = bench.workspace.address(&text(&key(1))).unwrap();
    assert_eq!((report.received, report.balance), (10_000_000_000, 5_000_000_000));
    let replaced: Vec<Option<u32>> = report.receipts.iter().map(|r| r.replaced_at).collect();
    assert_eq!(replaced, [Some(2), None]);
}
