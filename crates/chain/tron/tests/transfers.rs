//! What each kind of transaction moves, in blocks that are made.

mod common;

use common::{Made, Message, made_block};
use holdfast_account_ledger::{Ledger, NATIVE, Settings};
use holdfast_tron::{BlockError, Chain, VerifiedBlock, json, transfers, verify};
use holdfast_types::{
    AccountId, Address, BlockTransfers, Commitment, Issuer, IssuerAct, IssuerAction, Position, Resource, Signal,
    StakeChange, TokenRef, TransactionTransfers, TransferKind,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::HashSet;

const TRC10: u64 = 1_002_000;

fn account(n: u8) -> AccountId {
    AccountId::evm([n; 20])
}

fn digits(n: u8) -> String {
    format!("{n:02x}").repeat(20)
}

fn read(number: u64, made: &[Made]) -> Result<VerifiedBlock, BlockError> {
    let (block, infos) = made_block(number, made);
    verify(json::block(&block)?, json::infos(&infos)?)
}

fn listed(made: &[Made]) -> BlockTransfers {
    transfers(&Chain::mainnet(), &read(7, made).unwrap())
}

fn one(made: Made) -> TransactionTransfers {
    listed(&[made]).transactions.remove(0)
}

/// A transfer in short: token, sender, receiver, amount, kind, whether a root commits to it.
type Short = (TokenRef, Option<u8>, Option<u8>, u64, &'static str, bool);

fn short(transaction: &TransactionTransfers) -> Vec<Short> {
    let byte = |account: Option<AccountId>| account.map(|a| a.as_bytes()[0]);
    let of = |t: &holdfast_types::Transfer| {
        let amount = u64::try_from(t.amount).unwrap();
        (t.token, byte(t.from), byte(t.to), amount, t.kind.name(), t.commitment == Commitment::Root)
    };
    transaction.transfers.iter().map(of).collect()
}

fn undetermined(transaction: &TransactionTransfers) -> usize {
    transaction.signals.iter().filter(|s| matches!(s, Signal::Undetermined { .. })).count()
}

fn message() -> Message {
    Message::default().account(1, 1)
}

#[test]
fn coin_and_tokens_that_a_transaction_orders_are_proved() {
    let coin = one(Made::transfer(5));
    assert_eq!(short(&coin), [(TokenRef::Native, Some(1), Some(2), 5, "value", true)]);
    assert_eq!((coin.payer, coin.to, coin.success), (account(1), Some(account(2)), true));
    let asset = |name: &[u8]| Made::of(2, Message::default().bytes(1, name).account(2, 1).account(3, 2).number(4, 9));
    let token = one(asset(b"1002000"));
    assert_eq!(short(&token), [(TokenRef::Trc10(TRC10), Some(1), Some(2), 9, "token", true)]);
    // A name is a number only where somebody knows it.
    let named = one(asset(b"SEED"));
    assert_eq!((short(&named), undetermined(&named)), (vec![], 1));
    let mut chain = Chain::mainnet();
    chain.add_token(1_000_001, Some(b"SEED"), (1, 1));
    let named = transfers(&chain, &read(7, &[asset(b"SEED")]).unwrap());
    assert_eq!(short(&named.transactions[0])[0].0, TokenRef::Trc10(1_000_001));
    // An account is opened, which costs and moves nothing else.
    let opened = one(Made { fee: 1_100_000, ..Made::of(0, message().account(2, 4)) });
    assert_eq!(short(&opened), [(TokenRef::Native, Some(1), None, 1_100_000, "fee_burn", false)]);
    let expected = Signal::Activation { account: account(4), by: account(1), position: Position::Transaction };
    assert_eq!(opened.signals, [expected]);
}

#[test]
fn a_call_moves_coin_and_tokens_unless_it_failed() {
    let message =
        || message().account(2, 3).number(3, 50).bytes(4, &[0xa9, 5, 9, 0xcb, 1]).number(5, 60).number(6, TRC10);
    let call = |outcome| Made { fee: 7, outcome, ..Made::of(31, message()) };
    let fee = (TokenRef::Native, Some(1), None, 7, "fee_burn", false);
    let good = one(call("SUCCESS"));
    let coin = (TokenRef::Native, Some(1), Some(3), 50, "value", true);
    let token = (TokenRef::Trc10(TRC10), Some(1), Some(3), 60, "token", true);
    assert_eq!(short(&good), [coin, token, fee]);
    assert_eq!((good.method, good.to), (Some([0xa9, 5, 9, 0xcb]), Some(account(3))));

    let inner = json!([{"caller_address": format!("41{}", digits(3)), "transferTo_address": format!("41{}", digits(4)),
        "callValueInfo": [{"callValue": 5}], "note": "63616c6c"}]);
    let log = json!([{"address": digits(9), "data": format!("{:064x}", 5), "topics": [
        "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef", format!("{:0>64}", digits(3)), format!("{:0>64}", digits(4))]}]);
    for outcome in ["REVERT", "OUT_OF_ENERGY", "TRANSFER_FAILED"] {
        let (receipt, added) = (json!({"result": outcome}), json!({"result": "FAILED"}));
        let failed = Made { receipt, added, internal: inner.clone(), logs: log.clone(), ..call(outcome) };
        let failed = one(failed);
        assert_eq!((short(&failed), failed.success, failed.signals), (vec![fee], false, vec![]));
    }
    // Blocks from before results were stated: a claim of the node.
    let stated = |added: Value| one(Made { outcome: "DEFAULT", added, ..call("DEFAULT") });
    assert_eq!(short(&stated(json!({"result": "FAILED"}))), [fee]);
    let old = stated(json!({}));
    assert_eq!(
        short(&old),
        [(coin.0, coin.1, coin.2, coin.3, coin.4, false), (token.0, token.1, token.2, token.3, token.4, false), fee]
    );
    // A node that contradicts what the block states is not believed.
    let contradiction = Made { added: json!({"result": "FAILED"}), ..call("SUCCESS") };
    let error = read(7, &[Made::transfer(1), contradiction]).unwrap_err();
    assert_eq!((error.block, error.field.as_str()), (Some(7), "infos[1].result"));
}

#[test]
fn a_creation_names_its_contract_and_creator() {
    let new = Message::default().account(1, 1).number(5, 40);
    let created = one(Made::of(30, message().bytes(2, &new.0).number(3, 60).number(4, TRC10)));
    let [Signal::Creation { contract, creator, .. }] = created.signals[..] else { panic!("{created:?}") };
    assert_eq!((creator, created.to), (account(1), None));
    let moved: Vec<_> = created.transfers.iter().map(|t| (t.token, t.to)).collect();
    assert_eq!(moved, [(TokenRef::Native, Some(contract)), (TokenRef::Trc10(TRC10), Some(contract))]);
}

#[test]
fn stakes_are_signals_and_remain_their_owners() {
    let stake = |change, amount: Option<u64>, resource| Signal::Stake {
        account: account(1),
        change,
        amount: amount.map(Into::into),
        resource,
        position: Position::Transaction,
    };
    let lent = |amount: Option<u64>, ends| Signal::ResourceDelegation {
        owner: account(1),
        receiver: account(4),
        resource: Resource::Energy,
        amount: amount.map(Into::into),
        ends,
        position: Position::Transaction,
    };
    let energy = Some(Resource::Energy);
    for (kind, message, added, expected) in [
        (
            11,
            message().number(2, 9).number(10, 1).account(15, 4),
            json!({}),
            vec![stake(StakeChange::Begun, Some(9), energy), lent(Some(9), false)],
        ),
        (
            12,
            message().number(10, 1).account(15, 4),
            json!({"unfreeze_amount": 9}),
            vec![stake(StakeChange::Returned, Some(9), energy), lent(Some(9), true)],
        ),
        (54, message().number(2, 8).number(3, 1), json!({}), vec![stake(StakeChange::Begun, Some(8), energy)]),
        (
            55,
            message().number(2, 8),
            json!({"withdraw_expire_amount": 3}),
            vec![
                stake(StakeChange::Ending, Some(8), Some(Resource::Bandwidth)),
                stake(StakeChange::Returned, Some(3), None),
            ],
        ),
        (56, message(), json!({"withdraw_expire_amount": 3}), vec![stake(StakeChange::Returned, Some(3), None)]),
        (57, message().number(2, 1).number(3, 8).account(4, 4), json!({}), vec![lent(Some(8), false)]),
        (58, message().number(2, 1).number(3, 8).account(4, 4), json!({}), vec![lent(Some(8), true)]),
        (59, message(), json!({}), vec![stake(StakeChange::Begun, None, None)]),
        (4, message().bytes(2, &Message::default().account(1, 6).number(2, 5).0), json!({}), vec![]),
    ] {
        let read = one(Made { added, ..Made::of(kind, message) });
        assert_eq!((read.signals, read.transfers), (expected, vec![]), "{kind}");
    }
    // Rewards come from outside.
    let reward = one(Made { added: json!({"withdraw_amount": 77}), ..Made::of(13, message()) });
    assert_eq!(short(&reward), [(TokenRef::Native, None, Some(1), 77, "reward", false)]);
}

#[test]
fn exchanges_and_issues_are_whole_only_with_what_no_block_states() {
    let pair = || message().bytes(2, b"_").number(3, 100).bytes(4, b"1002000").number(5, 200);
    let created = one(Made::of(41, pair()));
    let (coin, token) = (TokenRef::Native, TokenRef::Trc10(TRC10));
    assert_eq!(
        short(&created),
        [(coin, Some(1), None, 100, "value", true), (token, Some(1), None, 200, "token", true)]
    );

    let trade = |kind| Made {
        added: json!({"exchange_received_amount": 44, "exchange_inject_another_amount": 44, "exchange_withdraw_another_amount": 44}),
        ..Made::of(kind, message().number(2, 5).bytes(3, b"_").number(4, 30))
    };
    let mut chain = Chain::mainnet();
    chain.add_exchange(5, [coin, token]);
    chain.add_token(TRC10, None, (2, 3));
    let known = |made: Made| transfers(&chain, &read(7, &[made]).unwrap()).transactions.remove(0);
    let (given, got) = ((coin, Some(1), None, 30, "value", true), (coin, None, Some(1), 30, "value", true));
    for (kind, first, second) in [
        (42, given, (token, Some(1), None, 44, "token", false)),
        (43, got, (token, None, Some(1), 44, "token", false)),
        (44, given, (token, None, Some(1), 44, "token", false)),
    ] {
        assert_eq!(short(&known(trade(kind))), [first, second], "{kind}");
        let unknown = one(trade(kind));
        assert_eq!((short(&unknown), undetermined(&unknown)), (vec![first], 1), "{kind}");
    }

    let bought = || Made::of(9, message().account(2, 4).bytes(3, b"1002000").number(4, 11));
    let paid = (coin, Some(1), Some(4), 11, "value", true);
    assert_eq!(short(&known(bought())), [paid, (token, Some(4), Some(1), 16, "token", false)]);
    let unknown = one(bought());
    assert_eq!((short(&unknown), undetermined(&unknown)), (vec![paid], 1));

    let issue = |added| one(Made { added, ..Made::of(6, message().bytes(2, b"SEED").number(4, 1_000)) });
    let issued = issue(json!({"assetIssueID": "1002000"}));
    assert_eq!(short(&issued), [(token, None, Some(1), 1_000, "mint", false)]);
    assert_eq!(undetermined(&issue(json!({}))), 1);
    for kind in [51, 52, 53] {
        assert_eq!(undetermined(&one(Made::of(kind, message()))), 1, "{kind}");
    }
}

/// Something that happened inside a call: account 3 and another, amounts by token, note.
fn inner(to: u8, amounts: &[(Option<u64>, u64)], note: &str) -> Value {
    let amount = |(token, value): &(Option<u64>, u64)| match token {
        Some(token) => json!({"callValue": value, "tokenId": token.to_string()}),
        None => json!({"callValue": value}),
    };
    json!({
        "caller_address": format!("41{}", digits(3)), "transferTo_address": format!("41{}", digits(to)),
        "callValueInfo": amounts.iter().map(amount).collect::<Vec<_>>(),
        "note": note.bytes().map(|b| format!("{b:02x}")).collect::<String>(),
    })
}

#[test]
fn inside_a_call_only_calls_creations_and_ends_move_something() {
    let (coin, token) = (TokenRef::Native, TokenRef::Trc10(TRC10));
    let both = [(None, 5), (Some(TRC10), 6)];
    let read = one(Made::call_with(vec![
        inner(4, &both, "call"),
        // Borrowed code moves nothing.
        inner(3, &[(None, 9)], "call"),
        inner(6, &[(None, 7)], "create"),
        inner(3, &[(None, 8), (Some(TRC10), 1)], "suicide"),
        inner(5, &[(None, 2)], "suicide"),
        inner(3, &[(None, 11)], "withdrawReward"),
    ]));
    let expected = [
        (coin, Some(3), Some(4), 5, "internal", false),
        (token, Some(3), Some(4), 6, "token", false),
        (coin, Some(3), Some(6), 7, "internal", false),
        (coin, Some(3), None, 8, "burn", false),
        (token, Some(3), None, 1, "burn", false),
        (coin, Some(3), Some(5), 2, "internal", false),
        (coin, None, Some(3), 11, "reward", false),
    ];
    assert_eq!(short(&read), expected);
    assert!(
        matches!(read.signals[..], [Signal::Creation { contract, creator, .. }] if contract == account(6) && creator == account(3))
    );
    // The contract's stakes, whatever their amounts: seven signals, no transfer.
    let read = one(Made::call_with(vec![
        inner(3, &[(None, 9)], "freezeBalanceV2ForEnergy"),
        inner(3, &[(None, 9)], "unfreezeBalanceV2ForEnergy"),
        inner(3, &[(None, 9)], "withdrawExpireUnfreezeWhileUnfreezing"),
        inner(4, &[(None, 9)], "delegateResourceOfEnergy"),
        inner(4, &[(None, 9)], "unDelegateResourceOfBandwidth"),
        inner(4, &[(None, 9)], "freezeForEnergy"),
        inner(4, &[], "voteWitness"),
        inner(4, &[(None, 9)], "somethingNew"),
    ]));
    assert_eq!(short(&read), []);
    let stakes: Vec<_> = read
        .signals
        .iter()
        .filter_map(|s| match s {
            Signal::Stake { change, amount, .. } => Some((*change, *amount)),
            _ => None,
        })
        .collect();
    let nine = Some(9u64.into());
    let expected = [StakeChange::Begun, StakeChange::Ending, StakeChange::Returned, StakeChange::Begun];
    assert_eq!(stakes, expected.map(|change| (change, nine)));
    let lent: Vec<_> = read
        .signals
        .iter()
        .filter_map(|s| match s {
            Signal::ResourceDelegation { resource, ends, receiver, .. } => Some((*resource, *ends, *receiver)),
            _ => None,
        })
        .collect();
    let (energy, bandwidth) = (Resource::Energy, Resource::Bandwidth);
    assert_eq!(lent, [(energy, false, account(4)), (bandwidth, true, account(4)), (energy, false, account(4))]);
    assert_eq!(undetermined(&read), 1);
}

const TRANSFER: &str = "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";

fn topic(n: u8) -> String {
    format!("{:0>64}", if n == 0 { String::new() } else { digits(n) })
}

fn token_log(from: u8, to: u8, amount: u64) -> Value {
    json!({"address": digits(9), "topics": [TRANSFER, topic(from), topic(to)], "data": format!("{amount:064x}")})
}

#[test]
fn logs_of_tokens_are_claims_and_nothing_is_moved_by_zero() {
    let logs = json!([token_log(1, 4, 5), token_log(0, 4, 6), token_log(4, 0, 7), token_log(8, 4, 0), {
        "address": digits(9), "topics": [TRANSFER, topic(1), topic(4), topic(2)], "data": "",
    }]);
    let call = Made { logs, ..Made::call() };
    let block = listed(&[call.clone(), call]);
    let token = TokenRef::Fungible(account(9));
    let thing = block.transactions[0].transfers[3].token;
    assert!(matches!(thing, TokenRef::NonFungible(contract, _) if contract == account(9)));
    let expected = [
        (token, Some(1), Some(4), 5, "token", false),
        (token, None, Some(4), 6, "mint", false),
        (token, Some(4), None, 7, "burn", false),
        (thing, Some(1), Some(4), 1, "token", false),
    ];
    assert_eq!(short(&block.transactions[0]), expected);
    let [Signal::ZeroValue { from, by_third_party: true, position, .. }] = block.transactions[1].signals[..] else {
        panic!("{block:?}")
    };
    // Logs are counted through the block.
    assert_eq!((from, position), (account(8), Position::Log(8, 0)));
    assert!(!block.internal_known);
    assert!(transfers(&Chain::mainnet(), &read(7, &[Made::call()]).unwrap().with_internal_stored()).internal_known);
    assert!(listed(&[Made::transfer(1)]).internal_known);
}

#[test]
fn wraps_need_coin_beside_them() {
    let wrapper = "891cdb91d149f23b1a45d9c5ca78a88d0cb44c18";
    let deposit = "e1fffcc4923d04b559f4d29a8bfc6cda04eb5b0d3c460751c2402c5c5cc9109c";
    let log = json!([{"address": wrapper, "topics": [deposit, topic(1)], "data": format!("{:064x}", 50)}]);
    let address: Vec<u8> = [0x41]
        .into_iter()
        .chain((0..20).map(|i| u8::from_str_radix(&wrapper[2 * i..2 * i + 2], 16).unwrap()))
        .collect();
    let call = |value| Made { logs: log.clone(), ..Made::of(31, message().bytes(2, &address).number(3, value)) };
    let kinds = |t: &TransactionTransfers| t.transfers.iter().map(|t| t.kind).collect::<Vec<_>>();
    assert_eq!(kinds(&one(call(50))), [TransferKind::Value, TransferKind::Wrap]);
    // Where the node stores what happens inside, a wrap without coin is none.
    let stored = read(7, &[call(49)]).unwrap().with_internal_stored();
    let stored = transfers(&Chain::mainnet(), &stored).transactions.remove(0);
    assert_eq!(kinds(&stored), [TransferKind::Value]);
    assert!(matches!(stored.signals[..], [Signal::UnpairedWrap { .. }]));
    assert_eq!(kinds(&one(call(49))), [TransferKind::Value, TransferKind::Internal, TransferKind::Wrap]);
}

/// Hash of `AddedBlackList(address)`, `DestroyedBlackFunds(address,uint256)`, `Issue(uint256)`, `Submission(uint256)`.
const ADDED: &str = "42e160154868087d6bfdc0ca23d96a1c1cfa32f1b72ba9ba27b69b98a0d819dc";
const DESTROYED: &str = "61e6e66b0d6339b2980aecc6ccc0039736791f0ccde9ed512e789a7fbdd698c6";
const ISSUE: &str = "cb8241adb0c3fdb35b70c24ce35c5eb0c17af7431c99f827d44a445ca624176a";
const SUBMISSION: &str = "c0ba8fe4b176c1714197d43b9cc6bcf797a4a7461c5fe8d0ef6e184ae7601e51";

#[test]
fn tethers_freezes_and_proposals_are_claims_of_the_node() {
    let account_of = |text: &str| AccountId::try_from(&Address::read(text)).unwrap();
    let usdt = account_of("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t");
    let wallet = account_of("TBPxhVAsuzoFnKyXtc1o2UySEydPHgATto");
    assert!(Chain::mainnet().issuers().iter().any(|i: &Issuer| i.token == usdt && i.wallet == Some(wallet)));
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    let (token_hex, wallet_hex) = (hex(usdt.as_bytes()), hex(wallet.as_bytes()));
    let units = |n: u64| format!("{n:064x}");
    // As Tether's contract of Tron writes them: the account is indexed, and an issue has a transfer behind it.
    let logs = json!([
        {"address": token_hex, "topics": [ADDED, topic(4)], "data": ""},
        {"address": token_hex, "topics": [DESTROYED, topic(4)], "data": units(70)},
        {"address": token_hex, "topics": [ISSUE], "data": units(90)},
        {"address": token_hex, "topics": [TRANSFER, topic(0), format!("{wallet_hex:0>64}")], "data": units(90)},
        {"address": digits(9), "topics": [ADDED, topic(5)], "data": ""},
    ]);
    let read = one(Made { logs, ..Made::call() });
    let token = TokenRef::Fungible(usdt);
    let moved: Vec<_> = read.transfers.iter().map(|t| (t.token, t.from, t.to, t.kind, t.position)).collect();
    let at = |n| Position::Log(n, 0);
    let burnt = (token, Some(account(4)), None, TransferKind::Burn, at(1));
    assert_eq!(moved, [burnt, (token, None, Some(wallet), TransferKind::Mint, at(3))]);
    assert!(read.transfers.iter().all(|t| t.commitment == Commitment::Claim));
    let done = |action, amount: Option<u64>, n| Signal::Issuer {
        token,
        act: IssuerAct::Done { action, account: account(4), amount: amount.map(Into::into) },
        position: at(n),
    };
    assert_eq!(read.signals, [done(IssuerAction::Freeze, None, 0), done(IssuerAction::Destroy, Some(70), 1)]);
    // `submitTransaction(USDT, 0, addBlackList(account 5))`
    let call = format!("0ecb93c0{}", topic(5));
    let words = [format!("{token_hex:0>64}"), units(0), units(96), units(36), format!("{call:0<128}")].concat();
    let input: Vec<u8> =
        (0..words.len() / 2).map(|i| u8::from_str_radix(&words[2 * i..2 * i + 2], 16).unwrap()).collect();
    let input = [&[0xc6, 0x42, 0x74, 0x74][..], &input].concat();
    let message = message().bytes(2, &holdfast_tron::address(&wallet)).bytes(4, &input);
    let logs = json!([{"address": wallet_hex, "topics": [SUBMISSION, units(8)], "data": ""}]);
    let act = IssuerAct::Proposed { action: IssuerAction::Freeze, account: account(5), proposal: 8 };
    assert_eq!(one(Made { logs, ..Made::of(31, message) }).signals, [Signal::Issuer { token, act, position: at(0) }]);
}

#[test]
fn fees_are_split_into_what_is_destroyed_and_what_a_pool_hands_on() {
    let receipt = json!({"net_fee": 30, "energy_fee": 50, "energy_usage": 1, "origin_energy_usage": 2, "net_usage": 3});
    let made = Made {
        fee: 2_000_080,
        receipt,
        memo: b"memo".to_vec(),
        signatures: 2,
        added: json!({"packingFee": 80}),
        ..Made::transfer(5)
    };
    let verified = read(7, std::slice::from_ref(&made)).unwrap();
    let cost = verified.infos()[0].cost;
    assert_eq!((cost.total, cost.bandwidth, cost.energy, cost.other()), (2_000_080, 30, 50, 2_000_000));
    assert_eq!((cost.energy_used, cost.energy_of_creator, cost.bandwidth_used), (1, 2, 3));
    let transaction = &verified.block().transactions[0];
    assert!(transaction.has_memo && transaction.signatures.len() == 2);
    let read = one(made);
    let fees = [
        (TokenRef::Native, Some(1), None, 2_000_000, "fee_burn", false),
        (TokenRef::Native, Some(1), None, 80, "fee_tip", false),
    ];
    assert_eq!((&short(&read)[1..], read.fee), (&fees[..], 2_000_080u64.into()));
    let error =
        self::read(7, &[Made { fee: 79, receipt: json!({"net_fee": 30, "energy_fee": 50}), ..Made::transfer(5) }]);
    assert_eq!(error.unwrap_err().field, "infos[0].fee");
}

#[test]
fn the_first_block_makes_balances_from_nothing() {
    let from_nobody = Made::of(1, Message::default().bytes(1, b"0x000000000000000000000").account(2, 4).number(3, 99));
    let (block, _) = made_block(0, std::slice::from_ref(&from_nobody));
    let listed = transfers(&Chain::mainnet(), &verify(json::block(&block).unwrap(), vec![]).unwrap());
    assert!(listed.transactions.is_empty());
    let [genesis] = listed.block_level[..] else { panic!("{listed:?}") };
    assert_eq!(
        (genesis.from, genesis.to, genesis.amount, genesis.kind),
        (None, Some(account(4)), 99u64.into(), TransferKind::Genesis)
    );
    let error = read(7, &[from_nobody]).unwrap_err();
    assert_eq!(error.field, "transactions[0].raw_data.contract[0].owner_address");
}

#[test]
fn what_does_not_hold_is_an_error_with_block_and_field() {
    let (block, infos) = made_block(7, &[Made::transfer(5), Made::call()]);
    let (block, infos): (Value, Value) =
        (serde_json::from_slice(&block).unwrap(), serde_json::from_slice(&infos).unwrap());
    let check = |block: &Value, infos: &Value| -> Result<VerifiedBlock, BlockError> {
        verify(json::block(block.to_string().as_bytes())?, json::infos(infos.to_string().as_bytes())?)
    };
    check(&block, &infos).unwrap();
    let zeros = "0".repeat(64);
    for (path, value, field) in [
        ("/blockID", json!(zeros), "blockID"),
        ("/block_header/raw_data/version", json!(1), "blockID"),
        ("/block_header/raw_data/txTrieRoot", json!(zeros), "blockID"),
        ("/block_header/raw_data/parentHash", json!(zeros), "header.parentHash.number"),
        ("/block_header/raw_data/timestamp", json!(-1), "block.block_header.raw_data.timestamp"),
        ("/transactions/1/txID", json!(zeros), "transactions[1].txID"),
        ("/transactions/1/raw_data_hex", json!("ff"), "transactions[1].raw_data"),
        ("/transactions/1/raw_data_hex", json!("0"), "block.transactions[1].raw_data_hex"),
        ("/transactions/1/ret/0/contractRet", json!("REVERT"), "header.txTrieRoot"),
        ("/transactions/1/ret/0/contractRet", json!("?"), "block.transactions[1].ret[0].contractRet"),
        ("/transactions/0/signature/0", json!("00"), "header.txTrieRoot"),
        ("/transactions/0/ret", json!([]), "header.txTrieRoot"),
    ] {
        let mut wrong = block.clone();
        *wrong.pointer_mut(path).unwrap() = value;
        let error = check(&wrong, &infos).unwrap_err();
        assert_eq!(error.field, field, "{path}: {error}");
    }
    for (path, value, field) in [
        ("/1/id", json!(zeros), "infos[1].id"),
        ("/0/blockNumber", json!(8), "infos[0].blockNumber"),
        ("/0/blockTimeStamp", json!(8), "infos[0].blockTimeStamp"),
        ("/0/fee", json!(-1), "infos[0].fee"),
        ("/1/receipt", json!({"result": "REVERT"}), "infos[1].result"),
        ("/1/log", json!([{"address": "xyz"}]), "infos[1].log[0].address"),
        (
            "/1/internal_transactions",
            json!([{"callValueInfo": [{"tokenId": "x"}]}]),
            "infos[1].internal_transactions[0].callValueInfo[0].tokenId",
        ),
    ] {
        let mut wrong = infos.clone();
        *wrong.pointer_mut(path).unwrap() = value;
        let error = check(&block, &wrong).unwrap_err();
        assert_eq!(error.field, field, "{path}: {error}");
    }
    assert_eq!(check(&block, &json!([])).unwrap_err().field, "infos.length");
}

#[test]
fn no_two_transfers_of_a_kind_share_a_position_and_the_ledger_takes_them() {
    let both = [(None, 5), (Some(TRC10), 6)];
    let mut made = vec![
        Made { fee: 3, added: json!({"packingFee": 1}), ..Made::transfer(5) },
        Made::of(41, message().bytes(2, b"1002000").number(3, 1).bytes(4, b"1002001").number(5, 2)),
        Made {
            fee: 9,
            ..Made::call_with(vec![inner(4, &both, "call"), inner(5, &both, "call"), inner(3, &both, "suicide")])
        },
        Made { logs: json!([token_log(1, 4, 5), token_log(1, 4, 5)]), ..Made::call() },
    ];
    made.push(made[3].clone());
    let block = listed(&made);
    let mut seen = HashSet::new();
    for transaction in &block.transactions {
        for transfer in &transaction.transfers {
            assert!(seen.insert((transaction.hash, transfer.kind, transfer.position)), "{transfer:?}");
        }
    }
    assert_eq!(seen.len(), 3 + 2 + 7 + 2 + 2);
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::create_or_open(folder.path(), &Settings::new(block.chain.clone())).unwrap();
    ledger.append_block(block).unwrap();
    let number = ledger.account_number(&account(2)).unwrap();
    assert_eq!(ledger.tip().unwrap().unwrap().height, 7);
    assert!(ledger.balance(number, NATIVE).is_ok());
}

proptest! {
    #[test]
    fn any_answer_is_answered(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = json::block(&bytes);
        let _ = json::head(&bytes);
        let _ = json::infos(&bytes);
    }

    #[test]
    fn any_flipped_character_of_an_answer_is_found_or_changes_nothing(at in any::<prop::sample::Index>(), flip in 1u8..128) {
        let (block, infos) = made_block(7, &[Made { memo: vec![1, 2, 3], fee: 9, ..Made::transfer(5) }, Made::call()]);
        let whole = verify(json::block(&block).unwrap(), json::infos(&infos).unwrap()).unwrap();
        let mut flipped = block.clone();
        let at = at.index(flipped.len());
        flipped[at] ^= flip;
        let infos = json::infos(&infos).unwrap();
        if let Ok(read) = json::block(&flipped).and_then(|block| verify(block, infos)) {
            prop_assert_eq!(read.block(), whole.block());
        }
    }
}
