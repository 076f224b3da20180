//! An account chain of a store: look-ups, pages, what is missing.

use crate::blocks::{USDT, USDT_ON_TRON, account, address, block, chain, ethereum, opened, token, transfer};
use holdfast_account_ledger::{Assets, Settings};
use holdfast_account_workspace::imitated::TransferNote;
use holdfast_account_workspace::reports::{TransferView, TransfersPage};
use holdfast_account_workspace::transfers::{Order, Start, Way};
use holdfast_account_workspace::{AccountHandle, AccountWorkspace};
use holdfast_attribution::tags::Confidence;
use holdfast_attribution::{Tag, TagStore, Tlp};
use holdfast_types::{AccountId, Address, Amount, Asset, TokenRef, Transfer};
use holdfast_workspace::{ChainQueries, ChangeError, PAGE, WorkspaceError};
use std::sync::Arc;

pub fn tag(address: &str, category: &str) -> Tag {
    Tag {
        address: address.to_owned(),
        asset: "ETH".to_owned(),
        label: format!("{category} of a test"),
        source: "a test".to_owned(),
        category: Some(category.to_owned()),
        abuse: None,
        concepts: Vec::new(),
        confidence: Confidence::Forensic,
        is_cluster_definer: false,
        actor: None,
        lastmod: "2024-01-01".to_owned(),
        pack: "a test".to_owned(),
        file: String::new(),
        creator: "a test".to_owned(),
        tlp: None,
    }
}

#[test]
fn look_ups_state_what_is_known_and_what_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let id = chain("eip155:1");
    let mut tags = TagStore::default();
    tags.add_tags([tag(&address(2, &id), "exchange"), tag(&format!("0x{}", "0".repeat(40)), "sanction")]);
    let chain = ethereum(dir.path(), &Arc::new(tags)).snapshot();
    assert_eq!(chain.dir(), dir.path().join("chains/eip155_1"));

    let two = chain.account(&address(2, &id).to_uppercase().replace("0X", "0x"), 0, Tlp::Red).unwrap();
    assert!(two.in_ledger && two.category.name() == "exchange" && two.asset_count == 2, "{two:?}");
    let held: Vec<_> =
        two.balances.iter().map(|b| (b.asset.ticker.as_deref(), b.balance, b.backing.as_str())).collect();
    assert_eq!(
        held,
        [(Some("USDT"), Some(Amount::new(3_000_000)), "backed"), (None, Some(Amount::new(77)), "unbacked")]
    );
    assert_eq!(two.balances[0].asset.id, format!("eip155:1/erc20:{}", USDT.to_lowercase()));
    let then = chain.account_at(&address(2, &id), 0, Some(1), Tlp::Red).unwrap();
    assert_eq!((then.height, then.balances[0].balance), (Some(1), Some(Amount::new(5_000_000))));
    assert!(matches!(chain.account_at(&address(2, &id), 0, Some(3), Tlp::Red), Err(WorkspaceError::NotFound(..))));
    // Nobody controls the null address, whatever a tag claims.
    let null = chain.account(&format!("0x{}", "0".repeat(40)), 0, Tlp::Red).unwrap();
    assert!(null.nobody.is_some() && null.tags.is_empty() && !null.category.is_attributed(), "{null:?}");
    let unknown = chain.account(&address(9, &id), 0, Tlp::Red).unwrap();
    assert!(!unknown.in_ledger && unknown.balances.is_empty());
    assert!(matches!(
        chain.account("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", 0, Tlp::Red),
        Err(WorkspaceError::AccountQuery(..))
    ));

    let listed = chain.account_transfers(&address(2, &id), None, Start::default(), Tlp::Red).unwrap();
    let moves: Vec<_> = listed.transfers.iter().map(|t| (t.direction.clone().unwrap(), t.amount, t.height)).collect();
    let amount = |n: u64| Amount::from(n);
    let expected = [("in", 5_000_000, 1), ("in", 77, 1), ("out", 1_500_000, 2), ("out", 500_000, 2)];
    assert_eq!(moves, expected.map(|(way, n, height)| (way.to_owned(), amount(n), height)));
    assert_eq!(listed.next, None);
    let notes: Vec<_> = listed.transfers.iter().map(|t| t.notes.clone()).collect();
    assert_eq!(notes, [vec![], vec![TransferNote::Spoofed], vec![], vec![]], "of a token that contradicts itself");
    let later = Start { from_height: Some(2), ..Start::default() };
    assert_eq!(chain.account_transfers(&address(2, &id), Some("usdt"), later, Tlp::Red).unwrap().transfers.len(), 2);

    // A payment's identity is its transaction and place, and names it again.
    let tx = &listed.transfers[3];
    let paid = chain.payments_out(&tx.tx).unwrap();
    assert_eq!(paid.iter().map(|p| p.id.clone()).collect::<Vec<_>>(), [format!("{}:log:0", tx.tx), tx.id.clone()]);
    assert_eq!(chain.payments_in(&tx.id).unwrap(), paid[1..]);
    assert_eq!(
        (paid[1].amount, paid[1].to.clone(), paid[1].height),
        (Some(amount(500_000)), Some(address(4, &id)), Some(2))
    );
    assert!(Asset::same(&paid[0].asset.to_string(), "USDT"));
    assert!(matches!(chain.payments_out(&format!("{}:log:9", tx.tx)), Err(WorkspaceError::NotFound(..))));
    let report = chain.transaction(&tx.tx, 1, Tlp::Red).unwrap();
    assert_eq!((report.transfer_count, report.transfers.len(), report.height), (2, 1, 2));
    assert_eq!(chain.account_block("1", 0, Tlp::Red).unwrap().tx_count, 3);
    let spoofed = chain.asset_report("0x9999999999999999999999999999999999999999").unwrap();
    assert!(spoofed.backing == "unbacked" && spoofed.unbacked_by.is_some() && spoofed.asset.ticker.is_none());
    assert!(spoofed.supply.is_none() && spoofed.supply_unknown.is_some(), "{spoofed:?}");
    assert_eq!(chain.asset_report("USDT").unwrap().supply, Some(amount(5_000_000)));
    // A party is named by the tags that its reader may see.
    let named = listed.transfers[2].from_tag.as_ref().map(|t| (t.label.as_str(), t.category.name()));
    assert_eq!((named, &listed.transfers[2].to_tag), (Some(("exchange of a test", "exchange")), &None));
    let by_hash = chain.account_block(&chain.account_block("2", 0, Tlp::Red).unwrap().hash, 0, Tlp::Red).unwrap();
    assert_eq!(by_hash.height, 2);
    assert!(matches!(chain.account_block("two", 0, Tlp::Red), Err(WorkspaceError::AccountQuery(..))));
    assert_eq!(chain.asset_transfers("USDT", Start::default(), Tlp::Red).unwrap().transfers.len(), 3);
    assert_eq!(chain.assets_page(0).unwrap().len(), 3);

    assert!(chain.has_asset("USDT") && chain.has_asset("eth") && !chain.has_asset("BTC"));
    assert!(chain.has_asset("eip155:1/erc20:0x9999999999999999999999999999999999999999"));
    assert!(!chain.has_asset("eip155:10/slip44:60"));
    let gaps = chain.coverage().gaps.join("\n");
    assert!(gaps.contains("no block is final yet") && !gaps.contains("not computed"), "{gaps}");
}

#[test]
fn published_contracts_are_told_by_search_and_address() {
    let dir = tempfile::tempdir().unwrap();
    let id = chain("eip155:1");
    // The router of Tornado Cash, by its published list.
    let router = "0xd90e2f925DA726b50C4Ed8D0Fb90Ad053324F31b";
    let to = Some(AccountId::try_from(&Address::read(router)).unwrap());
    let mut workspace = ethereum(dir.path(), &Arc::default());
    let paid = Transfer { to, ..transfer(token(USDT), 2, 3, 7, 0) };
    workspace.ledger.append_block(block(&id, 3, 0, &[vec![paid]])).unwrap();
    workspace.update_who();
    let chain = workspace.snapshot();
    let kinds = |text: &str| -> Vec<(String, &str)> {
        let contract = chain.account(text, 0, Tlp::Clear).unwrap().contract;
        contract.into_iter().flat_map(|c| c.kinds).map(|known| (known.kind, known.rests_on.name())).collect()
    };
    assert_eq!(kinds(router), [("mixer".to_owned(), "published")]);
    assert_eq!(kinds(USDT), [("token".to_owned(), "transfers")]);
    assert_eq!(kinds(&address(2, &id)), []);
    let found = chain.lookup(router, Tlp::Clear, true);
    let [hit] = found.hits.as_slice() else { panic!("{found:?}") };
    assert_eq!((hit.category.name(), hit.by_cluster, hit.name.as_deref()), ("mixing_service", true, None));
    let unknown = chain.lookup(&address(2, &id), Tlp::Clear, true);
    assert!(!unknown.hits[0].by_cluster && !unknown.hits[0].category.is_attributed(), "{unknown:?}");
}

#[test]
fn a_ledger_that_begins_late_and_holds_some_assets_states_it() {
    let dir = tempfile::tempdir().unwrap();
    let id = chain("tron:mainnet");
    let settings =
        Settings { assets: Assets::only(&[token(USDT_ON_TRON)]), finality_blocks: 1, ..Settings::new(id.clone()) };
    let usdt = token(USDT_ON_TRON);
    let blocks = vec![
        block(&id, 70, 0, &[vec![transfer(usdt, 2, 3, 10, 0), transfer(TokenRef::Native, 2, 3, 5, 0)]]),
        block(&id, 71, 0, &[vec![transfer(usdt, 3, 2, 4, 0)]]),
    ];
    let chain = opened(dir.path(), &settings, &Arc::default(), blocks).snapshot();
    let three = chain.account(&address(3, &id), 0, Tlp::Red).unwrap();
    assert!(three.address.starts_with('T') && three.asset_count == 1, "{three:?}");
    let held = &three.balances[0];
    assert_eq!((held.balance, held.least, held.opening.as_str()), (None, Some(Amount::new(6)), "unknown"));
    // 41-hex is the same address.
    let hex = format!("41{}", "03".repeat(20));
    assert_eq!(chain.account(&hex, 0, Tlp::Red).unwrap(), three);
    assert!(chain.has_asset("USDT") && !chain.has_asset("TRX"));
    assert_eq!(chain.assets().iter().map(ToString::to_string).collect::<Vec<_>>().len(), 1);
    let gaps = chain.coverage().gaps.join("\n");
    for gap in ["blocks begin at 70", "only USDT are held", "claims of the node", "blocks above 70 are not final"] {
        assert!(gaps.contains(gap), "{gap}: {gaps}");
    }
    // A transaction's hash has no 0x on Tron.
    assert!(
        !chain.account_transfers(&address(3, &id), None, Start::default(), Tlp::Red).unwrap().transfers[0]
            .tx
            .starts_with("0x")
    );
}

/// Height, place and way of a transfer.
type Row = (u64, u32, &'static str);

fn row(view: &TransferView) -> Row {
    let place = view.id.rsplit(':').next().unwrap().parse::<u32>().unwrap();
    (view.height, place, if view.direction.as_deref() == Some("out") { "out" } else { "in" })
}

/// Reads all pages of a list.
fn pages(start: Start, mut page: impl FnMut(Start) -> TransfersPage) -> (Vec<Row>, usize) {
    let (mut start, mut rows, mut pages) = (start, Vec::new(), 0);
    loop {
        let found = page(start);
        assert!(found.transfers.len() <= PAGE);
        rows.extend(found.transfers.iter().map(row));
        pages += 1;
        start.after = found.next;
        if start.after.is_none() {
            return (rows, pages);
        }
    }
}

#[test]
fn pages_of_transfers_join_without_gap_or_repeat() {
    let dir = tempfile::tempdir().unwrap();
    let id = chain("eip155:5");
    let tokens: Vec<TokenRef> = (1..=20u8).map(|n| TokenRef::Fungible(account(100 + n))).collect();
    let mut blocks = vec![block(&id, 0, 0, &[])];
    let mut made: Vec<Row> = Vec::new();
    for height in 1..=60u64 {
        let mut transfers = Vec::new();
        for place in 0..10u32 {
            let token = tokens[usize::try_from((height * 7 + u64::from(place) * 3) % 20).unwrap()];
            // To itself now and then: out, then in.
            let to = if place % 4 == 0 { 2 } else { 3 };
            transfers.push(transfer(token, 2, to, height + 1, place));
            made.push((height, place, "out"));
            if to == 2 {
                made.push((height, place, "in"));
            }
        }
        blocks.push(block(&id, height, 0, &[transfers]));
    }
    let chain = opened(dir.path(), &Settings::new(id.clone()), &Arc::default(), blocks).snapshot();
    let two = address(2, &id);
    let read = |start: Start| pages(start, |s| chain.account_transfers(&two, None, s, Tlp::Red).unwrap());
    let (rows, count) = read(Start::default());
    assert!(count >= 4);
    assert_eq!(rows, made);
    for order in [Order::Oldest, Order::Newest] {
        for way in [None, Some(Way::In), Some(Way::Out)] {
            for (from, to) in
                [(None, None), (Some(9), Some(50)), (Some(60), None), (None, Some(0)), (Some(61), Some(99))]
            {
                let start = Start { order, way, from_height: from, to_height: to, ..Start::default() };
                let is_chosen = |(height, _, side): &Row| {
                    from.is_none_or(|h| *height >= h)
                        && to.is_none_or(|h| *height <= h)
                        && way.is_none_or(|w| w.name() == *side)
                };
                let mut expected: Vec<Row> = made.iter().copied().filter(is_chosen).collect();
                if order == Order::Newest {
                    expected.reverse();
                }
                assert_eq!(read(start).0, expected, "{start:?}");
            }
        }
    }
    // Of one asset, and of an asset over all addresses.
    let one = address(101, &id);
    let newest = Start { order: Order::Newest, ..Start::default() };
    let of_asset = |start: Start| pages(start, |s| chain.asset_transfers(&one, s, Tlp::Red).unwrap()).0;
    let mut oldest_first = of_asset(Start::default());
    assert!(oldest_first.len() > 20);
    oldest_first.reverse();
    assert_eq!(of_asset(newest), oldest_first);
    let within = Start { from_height: Some(20), to_height: Some(30), ..newest };
    oldest_first.retain(|(height, ..)| (20..=30).contains(height));
    assert_eq!(of_asset(within), oldest_first);
    let mut of_two = pages(newest, |s| chain.account_transfers(&two, Some(&one), s, Tlp::Red).unwrap()).0;
    of_two.retain(|(height, _, side)| (20..=30).contains(height) && *side == "out");
    assert_eq!(
        of_two.iter().map(|(h, p, _)| (*h, *p)).collect::<Vec<_>>(),
        oldest_first.iter().map(|(h, p, _)| (*h, *p)).collect::<Vec<_>>()
    );

    let received = |skip| chain.received(&address(3, &id), skip).unwrap();
    assert_eq!((received(0).len(), received(400).len(), received(420).len()), (PAGE, 20, 0));
    assert_eq!(received(200)[0], received(199)[1]);
}

#[test]
fn a_handle_publishes_blocks_and_tags_and_what_they_touch() {
    let dir = tempfile::tempdir().unwrap();
    let id = chain("eip155:1");
    let handle = AccountHandle::new(ethereum(dir.path(), &Arc::default()));
    assert!(handle.take_touched().is_whole, "the first time");
    let before = handle.snapshot();
    let other = vec![transfer(token(USDT), 3, 6, 9, 0)];
    let reorganize = |w: &mut AccountWorkspace| -> Result<(), ChangeError> {
        w.ledger.append_block(block(&id, 3, 0, &[vec![transfer(token(USDT), 3, 5, 1, 0)]])).unwrap();
        Ok(())
    };
    handle.change(reorganize).unwrap();
    let touched = handle.take_touched();
    assert!(!touched.is_whole && touched.addresses.contains(&address(5, &id)) && touched.txs.len() == 1, "{touched:?}");
    let replace = |w: &mut AccountWorkspace| -> Result<(), ChangeError> {
        w.ledger.truncate(3).unwrap();
        w.ledger.append_block(block(&id, 3, 1, &[other])).unwrap();
        Ok(())
    };
    handle.change(replace).unwrap();
    let touched = handle.take_touched();
    let sides = [address(5, &id), address(6, &id)];
    assert!(!touched.is_whole && sides.iter().all(|a| touched.addresses.contains(a)) && touched.txs.len() == 2);
    assert_eq!(before.ledger.tip().unwrap().unwrap().height, 2, "a snapshot stays as it was");
    assert_eq!(handle.snapshot().ledger.tip().unwrap().unwrap().height, 3);
    let mut tags = TagStore::default();
    tags.add_tags([tag(&address(3, &id), "mixer")]);
    handle.set_tags(&Arc::new(tags)).unwrap();
    assert!(handle.snapshot().address_facts(&address(3, &id), Tlp::Red).unwrap().category.is_attributed());
    assert!(before.address_facts(&address(3, &id), Tlp::Red).unwrap().tags.is_empty());
    drop(handle);
    let again = AccountWorkspace::open(dir.path(), &id, Arc::default()).unwrap();
    assert_eq!(again.ledger.tip().unwrap().unwrap().hash, block(&id, 3, 1, &[]).hash);
}
