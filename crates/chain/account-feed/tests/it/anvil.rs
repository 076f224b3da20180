//! Following a real node: the books at the tip equal its balances, through a reorganization, a restart, and a reorganization while nobody followed.

use crate::local_node::{Anvil, anvil, play};
use holdfast_account_feed::{ChainNotes, FollowError, NodeOptions, NodeSource, fetch, follow, put};
use holdfast_account_ledger::{Ledger, LedgerError, NATIVE, Opening, Settings};
use holdfast_types::{AccountId, Amount, SignedAmount, TokenRef};
use serde_json::json;
use std::ops::ControlFlow;

fn amount(number: holdfast_evm::U256) -> Amount {
    Amount::from_be_bytes(number.to_be_bytes())
}

/// Compares what the ledger has of all its accounts with the node's balances; the node's first block gave what the ledger does not have.
fn compare(anvil: &Anvil, ledger: &Ledger, tokens: &[AccountId]) -> usize {
    let tip = ledger.tip().unwrap().unwrap().height;
    let mut compared = 0;
    for number in 0..u32::try_from(ledger.counts().accounts).unwrap() {
        let account = ledger.account(number).unwrap();
        let moved = ledger.balance(number, NATIVE).unwrap().moved.unwrap();
        let opening: SignedAmount = amount(anvil.balance(&account, 0)).into();
        let expected: SignedAmount = amount(anvil.balance(&account, tip)).into();
        assert_eq!(opening.checked_add(moved), Some(expected), "{account:?}");
        compared += 1;
        for token in tokens {
            let asset = ledger.asset_number(&TokenRef::Fungible(*token)).unwrap();
            let moved = ledger.balance(number, asset).unwrap().moved.unwrap();
            assert_eq!(
                moved,
                SignedAmount::from(amount(anvil.token_balance(token, &account))),
                "{token:?} {account:?}"
            );
            compared += 1;
        }
    }
    compared
}

#[test]
fn a_node_is_followed_through_reorganizations_and_restarts() {
    let Some(anvil) = anvil("prague") else { return };
    let scene = play(&anvil);
    let wrapper = AccountId::evm(scene.wrapper.into_array());
    let notes = ChainNotes { wrappers: vec![wrapper], ..ChainNotes::default() };
    let id = anvil.node.chain().id().clone();
    let node = || {
        NodeSource::new(
            id.clone(),
            NodeOptions { url: anvil.url.clone(), notes: notes.clone(), ..NodeOptions::default() },
            (),
        )
    };
    let mut source = node();
    let dir = tempfile::tempdir().unwrap();
    let settings = Settings { finality_blocks: 4, ..Settings::new(id.clone()) };
    let mut ledger = Ledger::create_or_open(dir.path(), &settings).unwrap();
    // Stopped in the middle, and started again.
    let tip = anvil.node.tip(holdfast_evm::node::Tag::Latest).unwrap().0;
    let first =
        follow(&mut ledger, &mut (), &mut source, 1, Some(tip / 2), &mut |_, _| ControlFlow::Continue(())).unwrap();
    assert_eq!((first.appended, first.tip), (tip / 2, tip));
    drop(ledger);
    let mut ledger = Ledger::open_for_writing(dir.path()).unwrap();
    let mut source = node();
    let go_on = &mut |_: &holdfast_account_feed::FollowReport, _| ControlFlow::Continue(());
    assert_eq!(follow(&mut ledger, &mut (), &mut source, 1, None, go_on).unwrap().appended, tip - tip / 2);
    let tokens = [AccountId::evm(scene.fee_token.into_array()), wrapper];
    let compared = compare(&anvil, &ledger, &tokens);
    println!("{compared} balances are equal");
    assert!(compared > 150, "{compared}");
    assert!(fetch(&ledger.snapshot(), &mut source, 1).unwrap().is_empty());

    // The node's last blocks are replaced; what was fetched before is not put in.
    anvil.mine();
    let stale = fetch(&ledger.snapshot(), &mut source, 1).unwrap();
    anvil.call("anvil_reorg", json!([3, []]));
    let report = follow(&mut ledger, &mut (), &mut source, 1, None, go_on).unwrap();
    assert_eq!((report.removed, report.appended), (2, 3));
    assert_eq!(put(&mut ledger, &mut (), stale).unwrap().appended, 0);
    assert_eq!(ledger.tip().unwrap().unwrap().hash, anvil.node.tip(holdfast_evm::node::Tag::Latest).unwrap().1.0);
    compare(&anvil, &ledger, &tokens);
    let report = ledger.check(&mut |_, _| ControlFlow::Continue(())).unwrap();
    assert!(report.is_clean(), "{report:?}");

    // A reorganization below what is final is an error, and changes nothing.
    anvil.call("anvil_reorg", json!([7, []]));
    let refused = follow(&mut ledger, &mut (), &mut source, 1, None, go_on).unwrap_err();
    assert!(matches!(refused, FollowError::Final { .. }), "{refused}");
    assert!(matches!(ledger.truncate(1), Err(LedgerError::Final { .. })));
    ledger.truncate_final(ledger.tip().unwrap().unwrap().height - 8).unwrap();
    follow(&mut ledger, &mut (), &mut source, 1, None, go_on).unwrap();
    compare(&anvil, &ledger, &tokens);

    // Another chain's node is refused.
    let other = holdfast_types::ChainId::parse("eip155:1").unwrap();
    let mut source = NodeSource::new(other, NodeOptions { url: anvil.url.clone(), ..NodeOptions::default() }, ());
    let refused = fetch(&ledger, &mut source, 1).unwrap_err();
    assert!(refused.to_string().contains("not eip155:1"), "{refused}");
}

/// A ledger that begins late knows the balances whose opening was proved, and says of the others that nobody does.
#[test]
fn proven_opening_balances_are_those_of_the_node() {
    let Some(anvil) = anvil("prague") else { return };
    play(&anvil);
    let id = anvil.node.chain().id().clone();
    let node = || NodeSource::new(id.clone(), NodeOptions { url: anvil.url.clone(), ..NodeOptions::default() }, ());
    let go_on = &mut |_: &holdfast_account_feed::FollowReport, _| ControlFlow::Continue(());
    let tip = anvil.node.tip(holdfast_evm::node::Tag::Latest).unwrap().0;
    let first = tip / 2;
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings::new(id.clone());
    // Everybody who moves coin in the later blocks.
    let mut all = Ledger::create_or_open(&folder.path().join("all"), &settings).unwrap();
    follow(&mut all, &mut (), &mut node(), first, None, go_on).unwrap();
    let accounts: Vec<AccountId> =
        (0..u32::try_from(all.counts().accounts).unwrap()).map(|number| all.account(number).unwrap()).collect();
    let (proved, others): (Vec<_>, Vec<_>) = accounts.iter().enumerate().partition(|(number, _)| number % 3 > 0);
    let proved: Vec<AccountId> = proved.into_iter().map(|(_, account)| *account).collect();
    let mut source = node();
    let (asked, held) = source.prove_openings(first, &proved).unwrap().counts();
    assert!(asked == proved.len() && held > 2 && held <= asked, "{asked} {held}");
    let mut ledger = Ledger::create_or_open(&folder.path().join("late"), &settings).unwrap();
    follow(&mut ledger, &mut (), &mut source, first, None, go_on).unwrap();
    let mut known = 0;
    for account in &proved {
        let number = ledger.account_number(account).unwrap();
        let balance = ledger.balance(number, NATIVE).unwrap();
        // That somebody held nothing is proved too.
        assert_eq!(balance.opening, Opening::Proven, "{account:?}");
        assert_eq!(balance.known(), Some(amount(anvil.balance(account, tip))), "{account:?}");
        known += usize::from(amount(anvil.balance(account, first - 1)) > Amount::ZERO);
        let before = ledger.balance_at(number, NATIVE, first).unwrap().known();
        assert_eq!(before, Some(amount(anvil.balance(account, first))), "{account:?}");
    }
    assert_eq!(known, held);
    for (_, account) in others {
        let Some(number) = ledger.account_number(account) else { continue };
        let balance = ledger.balance(number, NATIVE).unwrap();
        assert!(matches!(balance.opening, Opening::Unknown(_)) && balance.known().is_none(), "{account:?}");
    }
    assert!(ledger.check(&mut |_, _| ControlFlow::Continue(())).unwrap().is_clean());

    // Of another block they are not, nor of one that another branch has before it; and nothing precedes the first one.
    let mut source = node();
    source.prove_openings(tip, &proved).unwrap();
    anvil.call("anvil_reorg", json!([2, []]));
    let mut other = Ledger::create_or_open(&folder.path().join("other"), &settings).unwrap();
    let refused = follow(&mut other, &mut (), &mut source, tip, None, go_on).unwrap_err().to_string();
    assert!(refused.contains(&format!("block {tip}")) && refused.contains("header.parentHash"), "{refused}");
    assert!(node().prove_openings(0, &proved).unwrap_err().to_string().contains("nothing precedes block 0"));
}
