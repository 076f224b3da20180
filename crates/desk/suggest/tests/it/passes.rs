//! What a pass over a ledger suggests, what it leaves out and says so, and what people decide.

use holdfast_account_ledger::{Ledger, Settings};
use holdfast_learned::{Step, SuggestionState};
use holdfast_models::Model;
use holdfast_models::accounts::{Amounts, payments_features};
use holdfast_screening::Screening;
use holdfast_store::Change;
use holdfast_suggest::{
    AmountUnit, Histories, NotLooked, Pass, PassReport, StoredChain, SuggestError, Suggestions, candidates, payments,
    tag_of,
};
use holdfast_testing::blocks::{account, empty_block, one_transfer, transfer};
use holdfast_testing::{TestClock, TestDb, account_model, on_both, payments_model};
use holdfast_types::{Amount, BlockTransfers, ChainId, ErrorKind, Timestamp, TokenRef, TransferKind};
use std::fmt::Write;
use std::ops::ControlFlow;
use std::path::Path;

on_both!(
    an_address_is_suggested_and_what_a_person_said_is_remembered,
    models_that_may_not_suggest_are_refused,
    a_score_that_was_changed_beside_the_program_is_found,
);

fn chain() -> ChainId {
    ChainId::parse("eip155:1").unwrap()
}

const COIN: u128 = 10u128.pow(18);

/// A block whose only transaction pays coins.
fn paid(height: u8, from: u8, to: u8, coins: u128) -> BlockTransfers {
    let mut payment = transfer(TokenRef::Native, Some(from), to, 0);
    payment.amount = Amount::from(coins * COIN);
    let mut block = one_transfer(&chain(), height, [height; 32], payment);
    block.transactions[0].payer = account(from);
    block
}

fn ledger(dir: &Path, blocks: Vec<BlockTransfers>) -> Ledger {
    let mut ledger = Ledger::create_or_open(dir, &Settings::new(chain())).unwrap();
    blocks.into_iter().for_each(|block| {
        ledger.append_block(block).unwrap();
    });
    ledger
}

fn address(n: u8) -> String {
    account(n).to_address(&chain()).to_string()
}

fn desk(place: &TestDb, model: &Model) -> Screening {
    let screening = Screening::open(&place.url, TestClock::new().clock()).unwrap();
    screening.add_model(model.clone(), "ana").unwrap();
    screening
}

fn pass(of: &Suggestions<'_>, ledger: &Ledger, pass: &Pass) -> Result<PassReport, SuggestError> {
    let is_tagged = |text: &str| text == address(5);
    let nowhere = Path::new("/nowhere");
    let at = StoredChain { chain: &chain(), ledger, dir: nowhere };
    let report = of.pass(at, pass, &is_tagged, "ana", &mut |_| ControlFlow::Continue(()))?;
    Ok(report.unwrap())
}

fn an_address_is_suggested_and_what_a_person_said_is_remembered(place: &TestDb) {
    let dir = tempfile::tempdir().unwrap();
    let model = payments_model(50_000);
    let screening = desk(place, &model);
    let of = Suggestions { screening: &screening };
    screening.step_model(model.hash(), Step::Shadow, "trial", "ana").unwrap();
    let mut blocks = vec![empty_block(&chain(), 0)];
    blocks.extend([paid(1, 9, 2, 70_000), paid(2, 9, 3, 20), paid(3, 9, 4, 90_000), paid(4, 9, 5, 95_000)]);
    let ledger = ledger(dir.path(), blocks);
    let request = Pass { model: Some(model.hash()), least: Some(0.5), ..Pass::default() };
    let first = pass(&of, &ledger, &request).unwrap();
    assert_eq!((first.scored, first.found, first.stored.new, first.is_cut), (3, 2, 2, false), "{first:?}");
    assert_eq!(first.not_looked.get(&NotLooked::Tagged), Some(&1), "what has a tag is not suggested");
    assert_eq!((first.block, first.from_block), (4, 0));
    let open = of.list(Some(SuggestionState::Open), 0, 10).unwrap();
    let mut addresses: Vec<&str> = open.iter().map(|s| s.address.as_str()).collect();
    addresses.sort_unstable();
    assert_eq!(addresses, [address(2), address(4)]);
    let known = of.explain(open[0].id, "de").unwrap();
    assert!(!known.reasons.is_empty() && known.suggestion.probability_ppm > 500_000, "{known:?}");
    let tag = tag_of(&open[0]).unwrap();
    assert_eq!(tag.source, format!("model {}", model.hash()));
    assert!(tag.stated("ana", "2026-11-28").is_ok(), "{tag:?}");

    // Looked at again, nothing is there twice; with named addresses, what is not known is told.
    let addresses = vec![address(2), address(3), address(77)];
    let named = pass(&of, &ledger, &Pass { addresses, ..request.clone() }).unwrap();
    assert_eq!((named.stored.new, named.stored.renewed), (0, 1));
    assert_eq!(named.not_looked.get(&NotLooked::Unknown), Some(&1));
    let (two, four) = (id(&of, 2), id(&of, 4));
    let e = of.settle(two, false, " ", "bo").unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Invalid, "{e}");
    let rejected = of.settle(two, false, "an exchange's wallet", "bo").unwrap();
    assert_eq!((rejected.state, rejected.decided_by.as_deref()), (SuggestionState::Rejected, Some("bo")));
    assert_eq!(of.settle(two, true, "after all", "ana").unwrap_err().kind(), ErrorKind::State);
    assert_eq!(of.settle(9_999, true, "x", "ana").unwrap_err().kind(), ErrorKind::NotFound);
    of.settle(four, true, "victims reported it", "bo").unwrap();
    let again = pass(&of, &ledger, &request).unwrap();
    assert_eq!((again.found, again.stored.decided_before, again.stored.new), (2, 2, 0));
    assert!(of.list(Some(SuggestionState::Open), 0, 10).unwrap().is_empty());
    let labels = of.decided().unwrap();
    assert_eq!(labels.iter().filter(|l| l.is_accepted).count(), 1);
    let total = labels[0].names.iter().position(|n| n == "payments_total_in").unwrap();
    let mut totals: Vec<f64> = labels.iter().map(|l| l.values[total].unwrap()).collect();
    totals.sort_by(f64::total_cmp);
    assert_eq!(totals, [70_000.0, 90_000.0]);
    let entries = screening.audit(0, Some(&format!("suggestion:{four}")), 10).unwrap();
    assert_eq!(
        entries.iter().map(|e| (e.action.as_str(), e.actor.as_str())).collect::<Vec<_>>(),
        [("suggestion.accepted", "bo")]
    );
}

/// A score that does not follow from its row is found, by who shows it and by the verification of all.
fn a_score_that_was_changed_beside_the_program_is_found(place: &TestDb) {
    let dir = tempfile::tempdir().unwrap();
    let model = payments_model(50_000);
    let screening = desk(place, &model);
    screening.step_model(model.hash(), Step::Shadow, "trial", "ana").unwrap();
    let of = Suggestions { screening: &screening };
    let ledger = ledger(dir.path(), vec![empty_block(&chain(), 0), paid(1, 9, 2, 70_000)]);
    pass(&of, &ledger, &Pass { model: Some(model.hash()), least: Some(0.5), ..Pass::default() }).unwrap();
    let problems = || {
        let mut problems = Vec::new();
        let compared = screening.read(|db| holdfast_learned::Check::default().files(db, &mut problems)).unwrap();
        (compared, problems)
    };
    assert_eq!(problems(), (2, Vec::new()), "a model and a suggestion");
    screening
        .transact("ana", |tx| {
            let tx: &mut dyn Change = tx;
            tx.db().execute("UPDATE tag_suggestions SET score = '9.5'", &[])?;
            Ok::<_, SuggestError>(())
        })
        .unwrap();
    let (_, found) = problems();
    assert!(found.len() == 1 && found[0].contains("suggestion 1: its score is 9.5"), "{found:?}");
    assert_eq!(of.explain(1, "en").unwrap_err().kind(), ErrorKind::State);
}

fn id(of: &Suggestions<'_>, n: u8) -> u64 {
    of.list(None, 0, 10).unwrap().iter().find(|s| s.address == address(n)).unwrap().id
}

fn models_that_may_not_suggest_are_refused(place: &TestDb) {
    let dir = tempfile::tempdir().unwrap();
    let (good, other) = (payments_model(50_000), account_model());
    let screening = desk(place, &good);
    let of = Suggestions { screening: &screening };
    let ledger = ledger(dir.path(), vec![empty_block(&chain(), 0), paid(1, 9, 2, 70_000)]);
    let error = |pass_of: Pass| pass(&of, &ledger, &pass_of).unwrap_err();
    let refused = |e: SuggestError, kind, words: &str| {
        assert!(e.kind() == kind && e.to_string().contains(words), "{e}");
    };
    refused(error(Pass::default()), ErrorKind::State, "no model of account-phishing is champion");
    let draft = Pass { model: Some(good.hash()), least: Some(0.5), ..Pass::default() };
    refused(error(draft.clone()), ErrorKind::State, "is a draft");
    screening.add_model(other.clone(), "ana").unwrap();
    for model in [&good, &other] {
        screening.step_model(model.hash(), Step::Shadow, "trial", "ana").unwrap();
    }
    refused(error(Pass { model: Some(other.hash()), ..draft.clone() }), ErrorKind::State, "transactions_in");
    refused(error(Pass { least: None, ..draft.clone() }), ErrorKind::State, "no threshold");
    refused(error(Pass { least: Some(1.5), ..draft.clone() }), ErrorKind::Invalid, "least");
    refused(error(Pass { blocks: Some(0), ..draft.clone() }), ErrorKind::Invalid, "blocks");
    refused(error(Pass { blocks: Some(u64::MAX), ..draft.clone() }), ErrorKind::Invalid, "blocks");
    let wrong = Pass { addresses: vec!["1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa".into()], ..draft.clone() };
    refused(error(wrong), ErrorKind::Invalid, "no address of an EVM chain");
    let tron = ChainId::parse("tron:mainnet").unwrap();
    let at = |chain| StoredChain { chain, ledger: &ledger, dir: Path::new("/nowhere") };
    let e = of.pass(at(&tron), &draft, &|_| false, "ana", &mut |_| ControlFlow::Continue(())).unwrap_err();
    refused(e, ErrorKind::State, "no EVM chain");
    let stopped = of.pass(at(&chain()), &draft, &|_| false, "ana", &mut |_| ControlFlow::Break(())).unwrap();
    assert!(
        stopped.is_none() && of.list(None, 0, 10).unwrap().is_empty(),
        "nothing is stored of a pass that was ended"
    );
}

/// What training reads from a file and what serving reads from a ledger give the same features, to the bit.
#[test]
fn training_and_serving_see_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let moves = [(1, 9, 2, 7u128), (2, 8, 2, 30), (3, 2, 6, 20), (4, 2, 9, 5), (5, 9, 2, 1), (6, 2, 2, 3)];
    let mut blocks = vec![empty_block(&chain(), 0)];
    let mut text = "TimeStamp,From,To,Value,isError\n".to_owned();
    for (height, from, to, coins) in moves {
        let block = paid(height, from, to, coins);
        writeln!(text, "{},{},{},{coins},0", block.time, address(from), address(to)).unwrap();
        // A failed one moves nothing: the ledger has no transfer of it.
        writeln!(text, "{},{},{},{coins},1", block.time, address(from), address(to)).unwrap();
        blocks.push(block);
    }
    // What a contract moves inside a transaction is in no list of an account's own transactions.
    let mut internal = paid(7, 9, 2, 50);
    internal.transactions[0].transfers[0].kind = TransferKind::Internal;
    blocks.push(internal);
    let ledger = ledger(dir.path(), blocks);
    let served = payments(&ledger, ledger.account_number(&account(2)).unwrap(), 7).unwrap().unwrap();
    let bits = |row: Vec<f64>| row.into_iter().map(f64::to_bits).collect::<Vec<_>>();
    let mut histories = Histories::default();
    histories.add(&address(2), true, &text, AmountUnit::Coin).unwrap();
    let trained = histories.events(0).unwrap();
    let row = |events: &[_]| bits(payments_features(events, Timestamp::MAX, 18, Amounts::With));
    assert_eq!(served.events.len(), 6);
    assert_eq!(row(&served.events), row(trained));
    // As of an earlier block, later payments are not seen.
    let early = payments(&ledger, ledger.account_number(&account(2)).unwrap(), 2).unwrap().unwrap();
    assert_eq!(early.events.len(), 2);
}

#[test]
fn a_history_that_the_ledger_has_not_is_said_and_never_scored() {
    let dir = tempfile::tempdir().unwrap();
    // Begins at block 5: account 9 spends what it received before; account 2 has all of its history.
    let blocks = vec![empty_block(&chain(), 5), paid(6, 9, 2, 7), paid(7, 2, 3, 5)];
    let ledger = ledger(dir.path(), blocks);
    let of = |n: u8| payments(&ledger, ledger.account_number(&account(n)).unwrap(), 9).unwrap();
    assert_eq!(of(9), Err(NotLooked::BeganBefore));
    assert_eq!(of(2).unwrap().events.len(), 2);
    let (found, is_cut) = candidates(&ledger, 7, 1, 10).unwrap();
    assert_eq!((found, is_cut), (vec![ledger.account_number(&account(3)).unwrap()], false));
    let (found, is_cut) = candidates(&ledger, 7, 10, 1).unwrap();
    assert_eq!((found.len(), is_cut), (1, true));
}
