//! From a real node into the account ledger: balances at every height equal the node's, also after a restart and a reorganization.

use crate::local_node::{Anvil, anvil, play};
use holdfast_account_ledger::{Backing, Ledger, NATIVE, Settings};
use holdfast_evm::node::{Node, Tag};
use holdfast_evm::{Address, transfers};
use holdfast_types::{AccountId, Amount, BlockTransfers, Commitment, Position, TokenRef, Transfer, TransferKind};
use serde_json::json;
use std::ops::{ControlFlow, Range};

fn id(address: Address) -> AccountId {
    AccountId::evm(address.into_array())
}

/// Reads blocks; the first one states what anvil gave its accounts.
fn read(anvil: &Anvil, range: Range<u64>) -> Vec<BlockTransfers> {
    let verified = anvil.node.blocks(range).unwrap();
    let mut blocks: Vec<BlockTransfers> = verified.iter().map(|b| transfers(anvil.node.chain(), b)).collect();
    if let Some(first) = blocks.first_mut().filter(|b| b.height == 0) {
        for (i, account) in (0..).zip(anvil.accounts()) {
            let amount = Amount::from_be_bytes(anvil.balance(&id(account), 0).to_be_bytes());
            let (token, kind, position) = (TokenRef::Native, TransferKind::Genesis, Position::BlockStart(i));
            let (from, to, commitment) = (None, Some(id(account)), Commitment::Claim);
            first.block_level.push(Transfer { token, from, to, amount, kind, position, commitment });
        }
    }
    blocks
}

fn append(ledger: &mut Ledger, blocks: Vec<BlockTransfers>) {
    for block in blocks {
        ledger.append_block(block).unwrap();
    }
}

/// Compares the coin's balances of all accounts at all heights, and all books of tokens at the tip, with the node's.
fn compare(anvil: &Anvil, ledger: &Ledger, accounts: &[AccountId], tokens: &[AccountId]) -> usize {
    let tip = ledger.tip().unwrap().unwrap().height;
    let mut compared = 0;
    for account in accounts {
        let Some(number) = ledger.account_number(account) else { continue };
        for height in 0..=tip {
            let balance = ledger.balance_at(number, NATIVE, height).unwrap().known();
            let expected = Amount::from_be_bytes(anvil.balance(account, height).to_be_bytes());
            assert_eq!(balance, Some(expected), "{account:?} at {height}");
            compared += 1;
        }
        for token in tokens {
            let asset = ledger.asset_number(&TokenRef::Fungible(*token)).unwrap();
            let balance = ledger.balance(number, asset).unwrap().known();
            let expected = Amount::from_be_bytes(anvil.token_balance(token, account).to_be_bytes());
            assert_eq!(balance, Some(expected), "{token:?} of {account:?}");
            compared += 1;
        }
    }
    compared
}

#[test]
fn balances_at_every_height_equal_the_nodes() {
    let Some(mut anvil) = anvil("prague") else { return };
    let scene = play(&anvil);
    anvil.node = Node::connect(&anvil.url, None).unwrap().with_chain(|chain| chain.with_wrapper(scene.wrapper));
    let (tip, _) = anvil.node.tip(Tag::Latest).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings::new(anvil.node.chain().id().clone());
    let mut ledger = Ledger::create_or_open(folder.path(), &settings).unwrap();
    append(&mut ledger, read(&anvil, 0..tip / 2));
    drop(ledger);

    let mut ledger = Ledger::open_for_writing(folder.path()).unwrap();
    append(&mut ledger, read(&anvil, tip / 2..tip + 1));
    let blocks = read(&anvil, 0..tip + 1);
    let moved = blocks.iter().flat_map(|b| b.transactions.iter().flat_map(|t| &t.transfers).chain(&b.block_level));
    let mut accounts: Vec<AccountId> = moved.flat_map(|t| [t.from, t.to]).flatten().collect();
    accounts.sort_unstable();
    accounts.dedup();
    let tokens = [id(scene.fee_token), id(scene.wrapper)];
    let compared = compare(&anvil, &ledger, &accounts, &tokens);
    println!("{} accounts, {compared} balances are equal", accounts.len());
    assert!(compared > 500, "{compared}");

    // What a contract wrote without doing it drives a balance negative; what happened does not.
    let backing = |token: TokenRef| ledger.backing(ledger.asset_number(&token).unwrap()).unwrap();
    assert!(matches!(backing(TokenRef::Fungible(id(scene.spoof))), Backing::Unbacked { .. }));
    assert_eq!(backing(TokenRef::Native), Backing::Backed);
    assert_eq!(tokens.map(|token| backing(TokenRef::Fungible(token))), [Backing::Backed; 2]);

    // The node's last blocks are replaced.
    anvil.call("anvil_reorg", json!([3, []]));
    let mut height = ledger.tip().unwrap().unwrap().height;
    while anvil.node.hash_at(height).unwrap().map(|h| h.0) != ledger.block_at(height).unwrap().map(|b| b.hash) {
        height -= 1;
    }
    assert_eq!(height, tip - 3);
    assert_eq!(ledger.truncate(height + 1).unwrap(), 3);
    append(&mut ledger, read(&anvil, height + 1..tip + 1));
    assert_eq!(ledger.tip().unwrap().unwrap().hash, anvil.node.tip(Tag::Latest).unwrap().1.0);
    compare(&anvil, &ledger, &accounts, &tokens);
    let report = ledger.check(&mut |_, _| ControlFlow::Continue(())).unwrap();
    assert!(report.is_clean(), "{report:?}");
}
