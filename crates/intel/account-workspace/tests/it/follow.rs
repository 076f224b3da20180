//! What changes on account chains is followed to the transfers that may rest on it: tags over bridges, sides that are read late, proposals of issuers.

use crate::accounts::tag;
use crate::blocks::{account, address, block, chain, opened, token, transfer};
use holdfast_account_ledger::{AppendOptions, Settings};
use holdfast_account_workspace::beside::LinkedBlock;
use holdfast_account_workspace::imitated::TransferNote;
use holdfast_account_workspace::reach::{Reached, reached, reached_within};
use holdfast_account_workspace::{AccountHandle, AccountSnapshot, AccountWorkspace};
use holdfast_attribution::TagStore;
use holdfast_links::{BlockRecords, BridgeSide, Direction, End, Moved, Place, Protocol, Record};
use holdfast_types::{BlockTransfers, ChainId, IssuerAct, IssuerAction, Position, Signal, TokenRef, Transfer};
use holdfast_workspace::touched::Origins;
use holdfast_workspace::{ChainQueries, ChangeError};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

const USDT: &str = "0xdAC17F958D2ee523a2206206994597C13D831ec7";
const USDC: &str = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48";

fn linked(transfers: BlockTransfers, records: Vec<Record>) -> LinkedBlock {
    let (height, hash, parent, time) = (transfers.height, transfers.hash, transfers.parent, transfers.time);
    LinkedBlock { transfers, found: BlockRecords { height, hash, parent, time, records } }
}

/// A side of a bridge's message in the first transaction of a block.
fn side(direction: Direction, height: u64, of: &Transfer, account_no: u8) -> Record {
    let (place, moved) = (Place { height, tx: 0 }, Moved { position: of.position, kind: of.kind });
    let end = End { place, account: account(account_no), token: of.token, amount: of.amount, transfers: vec![moved] };
    Record::Bridge(BridgeSide {
        protocol: Protocol::Nomad,
        direction,
        message: Some([7; 32]),
        time: 1_700_000_000 + 12 * height,
        end,
        beneficiary: account(3),
        asset: None,
        remote: None,
        log: 0,
        stated: None,
        destination: None,
    })
}

/// On the first chain 9 pays 2, who pays 3, who sends it over a bridge; on the second 3 receives it and pays 4. On both 20 pays 21.
fn two_chains() -> [(ChainId, Vec<LinkedBlock>); 2] {
    let (first, second) = (chain("eip155:1"), chain("eip155:137"));
    let (usdt, usdc) = (token(USDT), token(USDC));
    let left = transfer(usdt, 3, 50, 100, 0);
    let arrived = transfer(usdc, 0, 3, 100, 0);
    let blocks = |id: &ChainId, contents: Vec<(Vec<Transfer>, Vec<Record>)>| {
        let others = |height: usize| vec![transfer(usdt, 20, 21, 1, 90 + u32::try_from(height).unwrap())];
        let made = contents.into_iter().enumerate().map(|(n, (moves, records))| {
            let height = n as u64;
            linked(block(id, height, 0, &[moves, others(n)]), records)
        });
        made.collect::<Vec<_>>()
    };
    let on_first = vec![
        (vec![transfer(usdt, 0, 9, 100, 0)], vec![]),
        (vec![transfer(usdt, 9, 2, 100, 0)], vec![]),
        (vec![transfer(usdt, 2, 3, 100, 0)], vec![]),
        (vec![left], vec![side(Direction::In, 3, &left, 3)]),
    ];
    let on_second =
        vec![(vec![arrived], vec![side(Direction::Out, 0, &arrived, 3)]), (vec![transfer(usdc, 3, 4, 60, 0)], vec![])];
    [(first.clone(), blocks(&first, on_first)), (second.clone(), blocks(&second, on_second))]
}

fn append(workspace: &mut AccountWorkspace, blocks: &[LinkedBlock]) {
    workspace.append(&mut blocks.iter().cloned(), &AppendOptions::default()).unwrap();
}

fn add(handle: &AccountHandle, blocks: &[LinkedBlock]) {
    let change = |workspace: &mut AccountWorkspace| -> Result<(), ChangeError> {
        append(workspace, blocks);
        Ok(())
    };
    handle.change(change).unwrap();
}

fn walked(chains: &[Arc<AccountSnapshot>], origins: &BTreeMap<ChainId, Origins>) -> Reached {
    reached(chains, origins, &mut |_| ControlFlow::Continue(())).unwrap()
}

fn addresses(numbers: &[u8], id: &ChainId) -> BTreeSet<String> {
    numbers.iter().map(|n| address(*n, id)).collect()
}

#[test]
fn a_tag_is_followed_over_a_bridge_and_no_further_than_the_money_goes() {
    let dir = tempfile::tempdir().unwrap();
    let [first, second] = two_chains();
    let made = [&first, &second].map(|(id, blocks)| {
        let mut workspace = opened(dir.path(), &Settings::new(id.clone()), &Arc::default(), vec![]);
        append(&mut workspace, blocks);
        AccountHandle::new(workspace)
    });
    made.iter().for_each(|handle| assert!(handle.take_touched().is_whole));
    let mut tags = TagStore::default();
    tags.add_tags([tag(&address(9, &first.0), "ransomware")]);
    let tags = Arc::new(tags);
    made.iter().for_each(|handle| handle.set_tags(&tags).unwrap());
    let touched = made[0].take_touched();
    assert!(!touched.is_whole);
    // The address is one of both chains in form; the second never saw it.
    assert_eq!(touched.origins.addresses, addresses(&[9], &first.0));
    assert!(made[1].take_touched().origins.is_empty());
    let snapshots = made.each_ref().map(|handle| handle.snapshot());
    let all = BTreeMap::from([(first.0.clone(), touched.origins)]);
    let reached = walked(&snapshots, &all);
    assert!(!reached.is_cut && reached.postings > 3, "{reached:?}");
    assert_eq!(reached.addresses[&first.0], addresses(&[2, 3, 9, 50], &first.0));
    assert_eq!(reached.addresses[&second.0], addresses(&[3, 4], &second.0));
    let tx = |of: &(ChainId, Vec<LinkedBlock>), height: usize| {
        snapshots[0].hash_text(&of.1[height].transfers.transactions[0].hash)
    };
    assert_eq!(reached.txs[&second.0], BTreeSet::from([tx(&second, 0), tx(&second, 1)]));
    // What it does not reach within its bound may be anything.
    let cut = reached_within(&snapshots, &all, 2, &mut |_| ControlFlow::Continue(())).unwrap();
    assert!(cut.is_cut && cut.postings <= 3);
    assert!(reached_within(&snapshots, &all, 99, &mut |_| ControlFlow::Break(())).unwrap().is_cut);
    // A payee's money that goes to a tagged address concerns who pays that payee.
    let upstream =
        BTreeMap::from([(second.0.clone(), Origins { addresses: addresses(&[4], &second.0), ..Origins::default() })]);
    let reached = walked(&snapshots, &upstream);
    assert_eq!(reached.addresses[&first.0], addresses(&[2, 3, 9], &first.0));
    // The same tags again change nothing; without them it is followed again.
    made[0].set_tags(&Arc::new(TagStore::clone(&tags))).unwrap();
    assert!(made[0].take_touched().origins.is_empty());
    made[0].set_tags(&Arc::default()).unwrap();
    assert_eq!(made[0].take_touched().origins.addresses, addresses(&[9], &first.0));
    // A service pools what it holds.
    let mut tags = TagStore::default();
    tags.add_tags([tag(&address(9, &first.0), "ransomware"), tag(&address(2, &first.0), "exchange")]);
    let tags = Arc::new(tags);
    made.iter().for_each(|handle| handle.set_tags(&tags).unwrap());
    let snapshots = made.each_ref().map(|handle| handle.snapshot());
    assert_eq!(walked(&snapshots, &all).addresses[&first.0], addresses(&[2, 9], &first.0));
}

#[test]
fn a_side_that_is_read_late_concerns_what_it_became_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    let [first, second] = two_chains();
    let open = |(id, blocks): &(ChainId, Vec<LinkedBlock>), count: usize| {
        let mut workspace = opened(dir.path(), &Settings::new(id.clone()), &Arc::default(), vec![]);
        append(&mut workspace, &blocks[..count]);
        AccountHandle::new(workspace)
    };
    let (source, target) = (open(&first, 3), open(&second, 2));
    assert!(source.take_touched().is_whole && target.take_touched().is_whole);
    add(&source, &first.1[3..]);
    let touched = source.take_touched();
    let tx = source.snapshot().hash_text(&first.1[3].transfers.transactions[0].hash);
    assert_eq!(touched.origins, Origins { sent: BTreeSet::from([tx]), ..Origins::default() });
    let snapshots = [source.snapshot(), target.snapshot()];
    let reached = walked(&snapshots, &BTreeMap::from([(first.0.clone(), touched.origins)]));
    assert_eq!(reached.addresses, BTreeMap::from([(second.0.clone(), addresses(&[3, 4], &second.0))]));
    assert_eq!(reached.txs[&second.0].len(), 2);
}

#[test]
fn proposals_that_are_confirmed_taken_back_or_executed_concern_their_account() {
    let dir = tempfile::tempdir().unwrap();
    let id = chain("eip155:1");
    let usdt = token(USDT);
    let at = |height: u64, acts: &[IssuerAct]| {
        let mut made = block(&id, height, 0, &[vec![transfer(usdt, 0, 2, 5, 0)]]);
        let signal = |act: &IssuerAct| Signal::Issuer { token: usdt, act: *act, position: Position::Log(9, 0) };
        made.transactions[0].signals = acts.iter().map(signal).collect();
        linked(made, vec![])
    };
    let (proposal, owner) = (33, account(60));
    let proposed = IssuerAct::Proposed { action: IssuerAction::Freeze, account: account(5), proposal };
    let confirmed = IssuerAct::Confirmed { proposal, owner };
    let mut workspace = opened(dir.path(), &Settings::new(id.clone()), &Arc::default(), vec![]);
    append(&mut workspace, &[at(0, &[]), at(1, &[proposed, confirmed])]);
    let handle = AccountHandle::new(workspace);
    assert!(handle.take_touched().is_whole);
    let states = [
        (IssuerAct::Revoked { proposal, owner }, 0),
        (confirmed, 1),
        (IssuerAct::Executed { proposal }, 1),
        // Another wallet's number is nobody's.
        (IssuerAct::Revoked { proposal: 34, owner }, 1),
    ];
    for (height, (act, in_force)) in (2..).zip(states) {
        add(&handle, &[at(height, &[act])]);
        let touched = handle.take_touched();
        let expected = if act.proposal() == Some(proposal) { addresses(&[5], &id) } else { BTreeSet::new() };
        assert_eq!((&touched.frozen, &touched.origins.addresses), (&expected, &expected), "{act:?}");
        assert!(!touched.is_whole);
        assert_eq!(handle.snapshot().freezes_of(&address(5, &id)).unwrap().len(), in_force, "{act:?}");
    }
}

/// A freeze on the chain that money came from is found on the chain that it went to.
#[test]
fn freezes_of_other_chains_are_found() {
    let dir = tempfile::tempdir().unwrap();
    let [first, second] = two_chains();
    let mut blocks = first.1.clone();
    let act = IssuerAct::Done { action: IssuerAction::Freeze, account: account(9), amount: None };
    let signal = Signal::Issuer { token: token(USDT), act, position: Position::Log(9, 0) };
    blocks[2].transfers.transactions[0].signals = vec![signal];
    let open = |id: &ChainId, blocks: &[LinkedBlock]| {
        let mut workspace = opened(dir.path(), &Settings::new(id.clone()), &Arc::default(), vec![]);
        append(&mut workspace, blocks);
        Arc::new(workspace.snapshot())
    };
    let all = [open(&first.0, &blocks), open(&second.0, &second.1)];
    let thief = address(9, &first.0);
    assert!(all[1].freezes_of_any(&thief).unwrap().0.is_empty());
    let among = all[1].among(&all);
    assert_eq!(among.freezes_of_any(&thief).unwrap().0.len(), 1);
    assert!(among.freezes_of(&thief).unwrap().is_empty(), "of the chain itself");
    assert_eq!(among.freezes_of_any("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t").unwrap(), (vec![], vec![]));
    // A chain whose signals are damaged is a gap of the others, and an error of its own.
    drop((among, all));
    let damaged = AccountWorkspace::beside_dirs(dir.path(), &first.0)[1].join("MANIFEST");
    let mut bytes = std::fs::read(&damaged).unwrap();
    bytes[70] ^= 1;
    std::fs::write(&damaged, bytes).unwrap();
    let open = |id: &ChainId| Arc::new(AccountWorkspace::open(dir.path(), id, Arc::default()).unwrap().snapshot());
    let all = [open(&first.0), open(&second.0)];
    let (freezes, gaps) = all[1].among(&all).freezes_of_any(&thief).unwrap();
    assert!(freezes.is_empty() && gaps.len() == 1, "{gaps:?}");
    assert!(gaps[0].starts_with("freezes on ethereum are not known: signals cannot be read"), "{gaps:?}");
    assert!(all[0].among(&all).freezes_of_any(&thief).is_err());
}

/// An address with the ends of another one.
fn alike(of: &str) -> String {
    format!("{}{}{}", &of[..5], "0".repeat(33), &of[38..])
}

#[test]
fn look_alikes_are_found_from_what_was_read_before() {
    let dir = tempfile::tempdir().unwrap();
    let id = chain("eip155:1");
    let (usdt, own) = (token(USDT), address(4, &id));
    let paid = address(0x55, &id);
    let imitation = alike(&paid);
    let mut blocks = vec![linked(block(&id, 0, 0, &[vec![transfer(usdt, 0, 4, 1_000_000_000, 0)]]), vec![])];
    for height in 1..=20u64 {
        let to = if height == 7 { 0x55 } else { u8::try_from(height).unwrap() + 100 };
        blocks.push(linked(block(&id, height, 0, &[vec![transfer(usdt, 4, to, 1_000, 0)]]), vec![]));
    }
    let mut workspace = opened(dir.path(), &Settings::new(id.clone()), &Arc::default(), vec![]);
    append(&mut workspace, &blocks[..20]);
    let handle = AccountHandle::new(workspace);
    let read = || handle.snapshot().postings_read_for_lookalikes();
    let found = |of: &str| handle.snapshot().imitated_by(of, std::slice::from_ref(&own)).unwrap();
    assert_eq!(found(&imitation).of.as_deref(), Some(paid.as_str()));
    assert!(found(&imitation).gaps.is_empty());
    assert_eq!(read(), 20, "twenty transfers, once");
    assert_eq!(found(&paid).of, None);
    // Blocks that do not move the account read nothing; those that do, what is new.
    add(&handle, &blocks[20..]);
    assert_eq!(found(&imitation).of.as_deref(), Some(paid.as_str()));
    assert_eq!(read(), 21);
    add(&handle, &[linked(block(&id, 21, 0, &[vec![transfer(usdt, 0, 2, 5, 0)]]), vec![])]);
    assert_eq!((found(&imitation).of.as_deref(), read()), (Some(paid.as_str()), 21));
    // After a reorganization it begins anew.
    let cut = |workspace: &mut AccountWorkspace| -> Result<(), ChangeError> {
        workspace.truncate(7, true).unwrap();
        Ok(())
    };
    handle.change(cut).unwrap();
    assert_eq!(found(&imitation).of, None);
    assert_eq!(read(), 21 + 7);
    // Notes beside transfers: dust, and a token whose transfers contradict each other.
    let spoofed = TokenRef::Fungible(account(0x99));
    let moves = vec![transfer(spoofed, 77, 4, 9, 1), transfer(usdt, 4, 8, 50, 2)];
    let mut other = block(&id, 7, 1, &[moves]);
    other.parent = blocks[6].transfers.hash;
    add(&handle, &[linked(other, vec![])]);
    let snapshot = handle.snapshot();
    let number = snapshot.ledger.account_number(&account(4)).unwrap();
    let last = snapshot.ledger.block(7).unwrap().txs.start;
    let transfers = snapshot.ledger.transfers_of(last).unwrap();
    let noted = snapshot.transfer_notes(number, &transfers).unwrap();
    let notes: Vec<_> = noted.notes.iter().map(|of| of.notes.clone()).collect();
    assert_eq!(notes, [vec![TransferNote::Spoofed], vec![TransferNote::Dust]]);
    assert!(noted.gaps.is_empty() && noted.notes.iter().all(|of| of.imitates.is_none()));
    assert_eq!(snapshot.imitated_by(&imitation, &[]).unwrap().of, None);
}

#[test]
fn what_comes_beyond_the_bound_of_look_alikes_is_stated() {
    let dir = tempfile::tempdir().unwrap();
    let id = chain("eip155:1");
    let (usdt, own) = (token(USDT), address(4, &id));
    // All that are looked at, and not one more.
    let paid = (0..999).map(|place| transfer(usdt, 4, 5, 1, place)).collect();
    let contents = [vec![transfer(usdt, 0, 4, 1_000_000, 0)], paid, vec![transfer(usdt, 4, 6, 1, 0)]];
    let blocks: Vec<LinkedBlock> =
        (0..).zip(contents).map(|(height, moves)| linked(block(&id, height, 0, &[moves]), vec![])).collect();
    let mut workspace = opened(dir.path(), &Settings::new(id.clone()), &Arc::default(), vec![]);
    append(&mut workspace, &blocks[..2]);
    let handle = AccountHandle::new(workspace);
    let gaps = || handle.snapshot().imitated_by(&address(0x77, &id), std::slice::from_ref(&own)).unwrap().gaps.len();
    assert_eq!(gaps(), 0);
    add(&handle, &blocks[2..]);
    assert_eq!(gaps(), 1);
}
