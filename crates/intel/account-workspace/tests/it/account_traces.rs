//! Exposures, traces and paths on account chains.

use crate::accounts::tag;
use crate::blocks::{address, block, chain, opened, token, transfer};
use holdfast_account_ledger::{Assets, Settings};
use holdfast_account_workspace::exposure::ExposureSide;
use holdfast_account_workspace::traces::AccountTraceRequest;
use holdfast_account_workspace::{AccountHandle, AccountWorkspace};
use holdfast_analysis::{Direction, Policy};
use holdfast_attribution::{TagStore, Tlp};
use holdfast_types::{Amount, TokenRef};
use holdfast_workspace::chain_queries::BehindBounds;
use holdfast_workspace::{ChainQueries, ChangeError, TraceRequest, WorkspaceError};
use std::path::Path;
use std::sync::Arc;

const USDT: &str = "0xdAC17F958D2ee523a2206206994597C13D831ec7";

fn n(amount: u64) -> Amount {
    Amount::from(amount)
}

/// An exchange (2) and a listed address (9) pay 3, which pays 4 in parts, which pays 5.
fn laundering(store: &Path, tags: &Arc<TagStore>) -> AccountWorkspace {
    let (id, usdt) = (chain("eip155:1"), token(USDT));
    let blocks = vec![
        block(&id, 0, 0, &[]),
        block(&id, 1, 0, &[vec![transfer(usdt, 0, 2, 5_000_000, 0)], vec![transfer(usdt, 0, 9, 1_000_000, 0)]]),
        block(&id, 2, 0, &[vec![transfer(usdt, 9, 3, 500_000, 0)], vec![transfer(usdt, 2, 3, 1_500_000, 0)]]),
        block(&id, 3, 0, &[vec![transfer(usdt, 3, 4, 1_000_000, 0), transfer(TokenRef::Native, 0, 4, 7, 0)]]),
        block(&id, 4, 0, &[vec![transfer(usdt, 4, 5, 1_000_000, 0)]]),
    ];
    opened(store, &Settings::new(id), tags, blocks)
}

fn tags() -> Arc<TagStore> {
    let id = chain("eip155:1");
    let mut tags = TagStore::default();
    tags.add_tags([tag(&address(2, &id), "exchange"), tag(&address(9, &id), "sanction")]);
    Arc::new(tags)
}

/// (category, direct, indirect).
fn lines(side: &ExposureSide) -> Vec<(&str, Amount, Amount)> {
    side.by_category.iter().map(|line| (line.category.name(), line.direct, line.indirect)).collect()
}

fn id_of(workspace: &AccountWorkspace, from: u8, to: u8) -> String {
    let id = workspace.chain();
    let all =
        workspace.account_transfers(&address(from, id), Some("USDT"), Default::default(), Tlp::Red).unwrap().transfers;
    all.iter().find(|t| t.to.as_ref().is_some_and(|a| a.to_lowercase() == address(to, id))).unwrap().id.clone()
}

#[test]
fn exposures_are_of_addresses_transactions_and_transfers() {
    let dir = tempfile::tempdir().unwrap();
    let w = laundering(dir.path(), &tags()).snapshot();
    let id = w.chain().clone();
    let three = w.exposure(&address(3, &id), Some("USDT")).unwrap();
    let [of] = three.assets.as_slice() else { panic!("{three:?}") };
    assert_eq!(lines(&of.source), [("exchange", n(1_500_000), n(0)), ("sanction", n(500_000), n(0))]);
    assert_eq!((of.source.by_category[1].share_ppm, of.risk_score), (250_000, Some(25)));
    assert_eq!(of.destination.unattributed.len(), 1, "it rests at 5: {of:?}");
    assert!(of.gaps.is_empty() && three.bounds.max_hops == 12, "{three:?}");
    // A transfer, its transaction, and the address behind have the same source; the coin beside it has its own.
    let transfer = id_of(&w, 3, 4);
    let by_transfer = w.exposure(&transfer, None).unwrap();
    assert_eq!(lines(&by_transfer.assets[0].source), [("exchange", n(0), n(750_000)), ("sanction", n(0), n(250_000))]);
    let tx = transfer.split(':').next().unwrap();
    let all = w.exposure(tx, None).unwrap();
    assert_eq!(all.assets.len(), 2);
    let usdt = all.assets.iter().find(|a| a.asset.ticker.as_deref() == Some("USDT")).unwrap();
    assert_eq!(usdt.source, by_transfer.assets[0].source);
    assert_eq!(w.exposure(address(4, &id).as_str(), None).unwrap().assets.len(), 2, "of all its assets");
    let facts = w.exposure_of(tx, Some("USDT")).unwrap();
    assert_eq!((facts.source_amount, facts.unknown_source_ppm, facts.is_unsound), (Some(n(1_000_000)), 0, false));
    assert!(matches!(w.exposure_of(tx, None), Err(WorkspaceError::AccountQuery(..))), "of which asset?");
    assert!(matches!(w.exposure(address(8, &id).as_str(), None), Err(WorkspaceError::NotFound(..))));
    assert!(matches!(w.exposure("nonsense", None), Err(WorkspaceError::AccountQuery(..))));
    assert!(w.exposure(&address(2, &id), Some("native")).unwrap().assets.is_empty(), "it never moved any");
}

#[test]
fn what_exposures_do_not_know_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let (id, usdt, false_token) = (chain("eip155:1"), token(USDT), token("0x9999999999999999999999999999999999999999"));
    // It begins late: 3 had it before. Nobody had what the token says that it moves.
    let settings = Settings { assets: Assets::All, ..Settings::new(id.clone()) };
    let blocks = vec![
        block(&id, 70, 0, &[vec![transfer(usdt, 3, 4, 10, 0)], vec![transfer(false_token, 0, 3, 1, 0)]]),
        block(&id, 71, 0, &[vec![transfer(usdt, 4, 5, 10, 0)]]),
    ];
    let w = opened(dir.path(), &settings, &Arc::default(), blocks).snapshot();
    let five = w.exposure(&address(5, &id), Some("USDT")).unwrap();
    let of = &five.assets[0];
    assert_eq!((of.source.unknown_ppm, of.risk_score, of.source.is_assumed), (1_000_000, None, true));
    assert!(of.gaps.iter().any(|gap| gap.contains("before the first stored block")), "{of:?}");
    let facts = w.exposure_of(&address(5, &id), Some("USDT")).unwrap();
    assert_eq!((facts.unknown_source_ppm, facts.older_source_ppm), (1_000_000, 1_000_000));
    // What a contract without a known issuer mints may have come over a bridge.
    let unlisted = format!("{id}/erc20:0x9999999999999999999999999999999999999999");
    let facts = w.exposure_of(&address(3, &id), Some(&unlisted)).unwrap();
    assert_eq!((facts.unknown_source_ppm, facts.older_source_ppm), (1_000_000, 0), "{facts:?}");
    assert!(facts.gaps.iter().any(|gap| gap.contains("no event that is read states for what")), "{facts:?}");
    let dir = tempfile::tempdir().unwrap();
    let spoofed = vec![block(&id, 0, 0, &[]), block(&id, 1, 0, &[vec![transfer(false_token, 3, 4, 7, 0)]])];
    let w = opened(dir.path(), &Settings::new(id.clone()), &Arc::default(), spoofed).snapshot();
    let false_id = format!("{id}/erc20:0x9999999999999999999999999999999999999999");
    let facts = w.exposure_of(&address(4, &id), Some(&false_id)).unwrap();
    assert!(facts.is_unsound && facts.gaps[0].contains("negative"), "{facts:?}");
}

#[test]
fn stored_exposures_follow_blocks_reorganizations_and_tags() {
    let dir = tempfile::tempdir().unwrap();
    let id = chain("eip155:1");
    let handle = AccountHandle::new(laundering(dir.path(), &tags()));
    let of = |account: u8| handle.snapshot().exposure(&address(account, &id), Some("USDT")).unwrap().assets[0].clone();
    let (three, five) = (of(3), of(5));
    assert_eq!(of(3), three);
    assert_eq!(five.destination.amount, n(0));
    handle
        .change(|w| -> Result<(), ChangeError> {
            w.ledger.append_block(block(&id, 5, 0, &[vec![transfer(token(USDT), 5, 2, 400_000, 0)]])).unwrap();
            Ok(())
        })
        .unwrap();
    assert_eq!(lines(&of(5).destination), [("exchange", n(400_000), n(0))]);
    assert_eq!(lines(&of(3).destination), [("exchange", n(0), n(400_000))], "and of those before");
    handle
        .change(|w| -> Result<(), ChangeError> {
            w.ledger.truncate(3).unwrap();
            w.ledger.append_block(block(&id, 3, 1, &[vec![transfer(token(USDT), 3, 6, 1_000_000, 0)]])).unwrap();
            Ok(())
        })
        .unwrap();
    let other = of(3);
    assert!(lines(&other.destination).is_empty(), "it rests at 6: {other:?}");
    assert_eq!(other.destination.unattributed[0].amount, n(1_000_000));
    handle.set_tags(&Arc::default()).unwrap();
    assert!(lines(&of(3).source).is_empty(), "nobody is known any more");
}

#[test]
fn traces_conserve_amounts_and_mask_labels() {
    let dir = tempfile::tempdir().unwrap();
    let id = chain("eip155:1");
    let mut red = TagStore::default();
    red.add_tags([holdfast_attribution::Tag { tlp: Some(Tlp::Red), ..tag(&address(5, &id), "exchange") }]);
    let w = laundering(dir.path(), &Arc::new(red)).snapshot();
    let theft = id_of(&w, 9, 3);
    for policy in [Policy::Haircut, Policy::Fifo, Policy::Lifo, Policy::Poison] {
        for direction in [Direction::Forward, Direction::Backward] {
            let mut request = AccountTraceRequest::new(&theft);
            (request.options.policy, request.options.direction) = (policy, direction);
            let report = w.account_trace(&request).unwrap();
            assert!(report.balances, "{report:?}");
            let found = Amount::checked_sum(report.ends.iter().map(|end| end.amount)).unwrap();
            let marked = report.books[0].marked.checked_add(report.books[0].added).unwrap();
            assert_eq!((found, report.books[0].marked), (marked, n(500_000)), "{policy:?} {direction:?}: {report:?}");
        }
    }
    let report = w.account_trace_for(&AccountTraceRequest::new(&theft), Tlp::Red).unwrap();
    let ends: Vec<_> = report.ends.iter().map(|e| (e.kind.to_string(), e.amount, e.hops)).collect();
    assert_eq!(ends, [("rests".to_owned(), n(250_000), 0), ("service".to_owned(), n(250_000), 2)]);
    let label = |report: &holdfast_account_workspace::trace_report::AccountTraceReport| {
        let end = report.ends.iter().find(|e| e.hops == 2).unwrap();
        (end.kind.to_string(), end.party.as_ref().unwrap().label.clone())
    };
    assert_eq!(label(&report).1.as_deref(), Some("exchange of a test"));
    assert_eq!(label(&w.account_trace(&AccountTraceRequest::new(&theft)).unwrap()), ("rests".to_owned(), None));
    // An address starts with what it received, of one asset or all; bounds are named.
    let mut request = AccountTraceRequest::new(&address(4, &id));
    assert_eq!(w.account_trace(&request).unwrap().books.len(), 2);
    request.asset = Some("USDT".into());
    request.options.bounds.max_hops = 0;
    let cut = w.account_trace(&request).unwrap();
    assert!(cut.gaps.iter().any(|gap| gap.contains("cut at its bounds: hops")), "{:?}", cut.gaps);
    request.asset = Some("DAI".into());
    assert!(matches!(w.account_trace(&request), Err(WorkspaceError::NotFound(..))));
}

#[test]
fn paths_and_the_desk_s_questions_follow_transfers() {
    let dir = tempfile::tempdir().unwrap();
    let w = laundering(dir.path(), &tags()).snapshot();
    let id = w.chain().clone();
    let theft = id_of(&w, 9, 3);
    let request = AccountTraceRequest::new(&theft);
    let paths = w.account_paths_for(&request, (address(5, &id).as_str(), None), 10, Tlp::Red).unwrap();
    let [path] = paths.as_slice() else { panic!("{paths:?}") };
    let steps: Vec<_> = path.steps.iter().map(|step| step.transfer.id.clone()).collect();
    assert_eq!(steps, [theft.clone(), id_of(&w, 3, 4), id_of(&w, 4, 5)]);
    assert_eq!(path.amount, n(250_000));
    let nowhere = w.account_paths_for(&request, (address(9, &id).as_str(), None), 10, Tlp::Red).unwrap();
    assert!(nowhere.is_empty());
    assert!(w.account_paths_for(&request, (address(8, &id).as_str(), None), 10, Tlp::Red).is_err());

    let ends = w
        .trace_ends(&TraceRequest { subject: theft.clone(), entity: false, options: Default::default() }, Tlp::Red)
        .unwrap();
    let reached: Vec<_> = ends.iter().map(|e| (e.address.clone().unwrap(), e.amount, e.is_passed)).collect();
    let at = |account: u8, amount: u64, is_passed: bool| (address(account, &id), n(amount), is_passed);
    assert_eq!(reached, [at(3, 250_000, false), at(4, 250_000, true), at(5, 250_000, false)]);

    let bounds = BehindBounds { max_hops: 6, min_share_ppm: 50_000, max_edges: 100, most: 48 };
    let behind = w.behind(&id_of(&w, 4, 5), bounds).unwrap().places;
    let places: Vec<_> = behind.iter().map(|p| (p.address.clone().unwrap(), p.hops, p.share_ppm, p.into)).collect();
    let place = |account: u8, hops, ppm, into| (address(account, &id), hops, ppm, into);
    assert_eq!(
        places,
        [
            place(4, 1, 1_000_000, None),
            place(3, 2, 750_000, Some(0)),
            place(3, 2, 250_000, Some(0)),
            place(9, 3, 250_000, Some(2))
        ]
    );
    assert_eq!(behind[2].transfer, theft);
    let near = BehindBounds { max_hops: 1, ..bounds };
    assert_eq!(w.behind(&id_of(&w, 4, 5), near).unwrap().places.len(), 1);
    assert!(w.behind("nonsense", bounds).is_err());
}
