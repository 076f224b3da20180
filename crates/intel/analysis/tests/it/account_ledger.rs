//! Traces over stored ledgers of accounts: equal to those over the same transfers in memory, and a simulated theft followed over two chains.

use crate::account_chain::{Chain, history, number};
use holdfast_account_ledger::{AppendOptions, Ledger, Settings, TransferNumber};
use holdfast_analysis::accounts::{
    AccountEndKind, AccountOptions, AccountStart, AccountTrace, AccountView, Classify, Stop, Transfers, trace_accounts,
    transfer_at,
};
use holdfast_analysis::links::{Basis, Link, LinkKind, LinkTable, Piece, TransferId};
use holdfast_analysis::{Bounds, Direction, Policy, TraceOptions};
use holdfast_attribution::import::import;
use holdfast_attribution::tags::weightiest;
use holdfast_attribution::{Categories, Category, Tag, TagStore};
use holdfast_simulate::random::Random;
use holdfast_simulate_accounts::{Action, Economy, FlowKind, Options, Record, SimBlock};
use holdfast_types::{
    AccountId, Address, Amount, BlockTransfers, ChainId, Commitment, Position, TokenRef, TransactionTransfers,
    Transfer, TransferKind,
};
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;

const POLICIES: [Policy; 4] = [Policy::Poison, Policy::Haircut, Policy::Fifo, Policy::Lifo];

fn ledger(dir: &Path, chain: &ChainId, blocks: Vec<BlockTransfers>) -> Ledger {
    let mut ledger = Ledger::create_or_open(dir, &Settings::new(chain.clone())).unwrap();
    let stored = ledger.append(&mut blocks.into_iter(), &AppendOptions::default(), &mut |_| ControlFlow::Continue(()));
    stored.unwrap();
    ledger
}

// ---- histories ----

/// A history as a stored ledger.
pub fn stored(dir: &Path, chain: &Chain) -> Ledger {
    let id = ChainId::parse("eip155:1").unwrap();
    let mut chain = chain.clone();
    without_fees(&mut chain);
    ledger(dir, &id, blocks_of(&chain, &id))
}

/// Fees of tokens are no fees to a ledger.
fn without_fees(chain: &mut Chain) {
    for transfer in chain.transfers.iter_mut().filter(|t| t.kind.is_fee()) {
        transfer.kind = if transfer.to.is_some() { TransferKind::Token } else { TransferKind::Burn };
    }
}

fn account(n: u32) -> AccountId {
    AccountId::evm([n as u8 + 1; 20])
}

fn token(n: u32) -> TokenRef {
    TokenRef::Fungible(AccountId::evm([n as u8 + 100; 20]))
}

fn hash(n: u64) -> [u8; 32] {
    let mut hash = [7; 32];
    hash[..8].copy_from_slice(&n.to_be_bytes());
    hash
}

/// A history as blocks of two transactions, from height 5 on.
fn blocks_of(chain: &Chain, id: &ChainId) -> Vec<BlockTransfers> {
    let transaction = |n: usize, index: usize| {
        let stored = &chain.transfers[n];
        let transfer = Transfer {
            token: token(stored.asset),
            from: stored.from.map(account),
            to: stored.to.map(account),
            amount: stored.amount,
            kind: stored.kind,
            position: Position::Log(index as u32, 0),
            commitment: Commitment::Root,
        };
        TransactionTransfers {
            hash: hash(1_000 + n as u64),
            index: index as u32,
            payer: account(50),
            to: None,
            success: true,
            fee: Amount::ZERO,
            method: None,
            transfers: vec![transfer],
            signals: Vec::new(),
        }
    };
    let all: Vec<usize> = (0..chain.transfers.len()).collect();
    let block = |(height, numbers): (u64, &[usize])| BlockTransfers {
        chain: id.clone(),
        height,
        hash: hash(height),
        parent: hash(height - 1),
        time: 1_000 + height,
        transactions: numbers.iter().enumerate().map(|(index, n)| transaction(*n, index)).collect(),
        block_level: Vec::new(),
        internal_known: true,
    };
    (5..).zip(all.chunks(2)).map(block).collect()
}

/// Who is who among a ledger's accounts, by a chain in memory.
struct Classes<'a> {
    ledger: &'a Ledger,
    chain: &'a Chain,
}

impl Classify for Classes<'_> {
    fn category(&self, n: u32) -> Category {
        if self.stop(n).is_some() { Category::SERVICE } else { Category::UNATTRIBUTED }
    }

    fn stop(&self, n: u32) -> Option<Stop> {
        let id = self.ledger.account(n).unwrap();
        self.chain.stops.iter().find(|(n, _)| account(**n) == id).map(|(_, stop)| *stop)
    }
}

/// Why, account, transfer and amount of each end, and number and amount of each transfer.
type Plain = (Vec<(AccountEndKind, Option<AccountId>, Option<u64>, Amount)>, Vec<(u64, Amount)>);

fn plain(trace: &AccountTrace, account: impl Fn(u32) -> AccountId, transfer: impl Fn(TransferNumber) -> u64) -> Plain {
    let end = |e: &holdfast_analysis::accounts::AccountEnd| {
        (e.kind, e.account.map(&account), e.transfer.map(&transfer), e.amount)
    };
    let mut ends: Vec<_> = trace.ends.iter().map(end).collect();
    ends.sort_by_key(|e| (e.0, e.1, e.2));
    (ends, trace.movements.iter().map(|m| (transfer(m.transfer.number), m.amount)).collect())
}

#[test]
fn a_stored_ledger_gives_the_traces_of_its_transfers() {
    let id = ChainId::parse("eip155:1").unwrap();
    let mut compared = 0;
    for seed in 70_000..70_120 {
        let mut random = Random::new(seed);
        let mut chain = history(&mut random);
        without_fees(&mut chain);
        let dir = tempfile::tempdir().unwrap();
        let mut stored = ledger(dir.path(), &id, blocks_of(&chain, &id));
        if random.permille(500) {
            stored.rebuild_index(1 << 20).unwrap();
        }
        let stored = stored.snapshot();
        let at = |n: usize| {
            let position = Position::Log((n % 2) as u32, 0);
            transfer_at(&stored, &hash(1_000 + n as u64), position).unwrap().unwrap()
        };
        let numbers: HashMap<TransferNumber, u64> = (0..chain.transfers.len()).map(|n| (at(n), n as u64)).collect();
        let classes = Classes { ledger: &stored, chain: &chain };
        let view = AccountView { ledger: &stored, classes: &classes };
        let n = random.index(chain.transfers.len());
        let of = chain.transfers[n];
        let holder = of.to.or(of.from).unwrap();
        // Heights of the ledger are of two transfers; those in memory of one.
        let height = 5 + n as u64 / 2;
        let last = (2 * (n as u64 / 2) + 1).min(chain.transfers.len() as u64 - 1);
        let starts = match random.permille(600) {
            true => [
                AccountStart::Transfer(TransferId { chain: 0, number: number(n) }),
                AccountStart::Transfer(TransferId { chain: 0, number: at(n) }),
            ],
            false => [
                AccountStart::Balance { chain: 0, account: holder, asset: of.asset, height: last },
                AccountStart::Balance {
                    chain: 0,
                    account: stored.account_number(&account(holder)).unwrap(),
                    asset: stored.asset_number(&token(of.asset)).unwrap(),
                    height,
                },
            ],
        };
        for policy in POLICIES {
            for direction in [Direction::Forward, Direction::Backward] {
                let trace = TraceOptions { direction, policy, ..TraceOptions::default() };
                let options = AccountOptions { trace, ..AccountOptions::default() };
                let memory = trace_accounts(&[&chain], None, &[(starts[0], None)], &options);
                let disk = trace_accounts(&[&view], None, &[(starts[1], None)], &options);
                let (Ok(memory), Ok(disk)) = (&memory, &disk) else {
                    assert_eq!(memory.is_err(), disk.is_err(), "history {seed}: {memory:?} {disk:?}");
                    continue;
                };
                assert!(disk.balances());
                let memory = plain(memory, account, |n| n.get());
                let disk = plain(disk, |n| stored.account(n).unwrap(), |n| numbers[&n]);
                assert_eq!(disk, memory, "history {seed}, {policy:?}, {direction:?}");
                compared += 1;
            }
        }
    }
    assert!(compared > 800, "{compared}");
}

// ---- a simulated economy ----

/// What a simulated block moved.
pub fn block_of(block: &SimBlock) -> BlockTransfers {
    let transactions = block.transactions.iter().zip(&block.truth).zip(0..).map(|((tx, truth), index)| {
        let fees = truth.transfers.iter().filter(|t| t.kind.is_fee()).map(|t| t.amount);
        TransactionTransfers {
            hash: tx.hash.0,
            index,
            payer: AccountId::evm(tx.from.into_array()),
            to: None,
            success: true,
            fee: Amount::checked_sum(fees).unwrap(),
            method: None,
            transfers: truth.transfers.clone(),
            signals: Vec::new(),
        }
    });
    BlockTransfers {
        chain: ChainId::parse(&format!("eip155:{}", block.number)).unwrap(),
        height: block.header.number,
        hash: block.hash.0,
        parent: block.header.parent_hash.0,
        time: block.header.timestamp,
        transactions: transactions.collect(),
        block_level: block.genesis.clone(),
        internal_known: true,
    }
}

fn categories(ledger: &Ledger, tags: &TagStore, id: &ChainId) -> Categories {
    let category = |n: u32| {
        let address = ledger.account(n).unwrap().to_address(id).to_string();
        let own: Vec<Tag> = tags.tags_of(&address).cloned().collect();
        weightiest(&own).map_or(Category::UNATTRIBUTED, Tag::concept).0
    };
    let all: Vec<u8> = (0..ledger.counts().accounts as u32).map(category).collect();
    Categories::from(all.as_slice())
}

/// Links as the ground truth has them.
fn links(ledgers: &[Ledger; 2], records: &[Record], hashes: &HashMap<String, (usize, [u8; 32])>) -> Vec<Link> {
    let side = |tx: &str, account: &str, asset: Option<&str>, amount: Amount, out: bool| {
        let (chain, hash) = hashes[tx];
        let ledger = &ledgers[chain];
        let account = ledger.account_number(&AccountId::try_from(&Address::read(account)).unwrap())?;
        let asset = match asset {
            None => None,
            Some("native") => Some(TokenRef::Native),
            Some(token) => Some(TokenRef::Fungible(AccountId::try_from(&Address::read(token)).unwrap())),
        };
        let transfers = ledger.transfers_of(ledger.tx_by_hash(&hash)?).unwrap();
        let is_it = |t: &&holdfast_account_ledger::StoredTransfer| {
            t.amount == amount
                && (if out { t.from } else { t.to }) == Some(account)
                && asset.is_none_or(|a| ledger.asset_number(&a) == Some(t.asset))
        };
        let found = transfers.iter().find(is_it)?;
        Some((TransferId { chain: chain as u16, number: found.number }, Piece::whole(found.amount)))
    };
    let link = |kind, basis, from: (TransferId, Piece), to: (TransferId, Piece)| Link {
        from: from.0,
        from_piece: from.1,
        to: to.0,
        to_piece: to.1,
        kind,
        basis,
        error_ppm: Some(0),
        pairs: 100,
        rank: 0,
        evidence: "ground truth".into(),
    };
    let of = |record: &Record| match record {
        Record::Swap { tx, account, asset_in, amount_in, asset_out, amount_out, .. } => {
            let given = side(tx, account, Some(asset_in), *amount_in, true)?;
            let got = side(tx, account, Some(asset_out), *amount_out, false)?;
            Some(link(LinkKind::Swap, Basis::Event, given, got))
        }
        Record::Bridge { sent, delivered: Some(delivered), sender, recipient, amount, .. } => {
            let given = side(sent, sender, None, *amount, true)?;
            let got = side(delivered, recipient, None, *amount, false)?;
            Some(link(LinkKind::Bridge, Basis::Message, given, got))
        }
        _ => None,
    };
    records.iter().filter_map(of).collect()
}

#[test]
fn a_simulated_theft_is_followed_over_swaps_and_the_bridge_to_an_exchange() {
    let options = Options { seed: 3, blocks: 150, users: 60, txs_per_block: 25, ..Options::default() };
    let mut economy = Economy::new(options).unwrap();
    let (mut blocks, mut thefts, mut hashes) = ([Vec::new(), Vec::new()], Vec::new(), HashMap::new());
    loop {
        let some = economy.next_blocks(16);
        if some.is_empty() {
            break;
        }
        for block in some {
            for (index, (tx, truth)) in block.transactions.iter().zip(&block.truth).enumerate() {
                hashes.insert(format!("{}:{}:{index}", block.number, block.header.number), (block.chain, tx.hash.0));
                if truth.action == Action::Theft {
                    thefts.push((block.chain, tx.hash.0, truth.flow));
                }
            }
            blocks[block.chain].push(block_of(&block));
        }
    }
    let records = economy.take_records();
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let ids = options.chains.map(|n| ChainId::parse(&format!("eip155:{n}")).unwrap());
    let [first, second] = blocks;
    let ledgers = [ledger(dirs[0].path(), &ids[0], first), ledger(dirs[1].path(), &ids[1], second)];
    let mut tags = TagStore::default();
    import(&mut tags, vec![("sim.yaml".into(), economy.tagpack().into_bytes())]);
    let tagged = [0, 1].map(|n| categories(&ledgers[n], &tags, &ids[n]));
    let views = [0, 1].map(|n| AccountView { ledger: &ledgers[n], classes: &tagged[n] });
    let chains: [&dyn Transfers; 2] = [&views[0], &views[1]];
    let table = LinkTable::new(links(&ledgers, &records, &hashes));
    let hacks = records.iter().filter(|r| matches!(r, Record::Flow { kind: FlowKind::Hack, .. })).count();
    assert!(hacks > 0 && !thefts.is_empty() && !table.all().is_empty());
    let (mut bridged, mut cashed) = (0, 0);
    for (chain, hash, _) in thefts {
        let ledger = &ledgers[chain];
        let transfers = ledger.transfers_of(ledger.tx_by_hash(&hash).unwrap()).unwrap();
        let theft = transfers.iter().find(|t| !t.kind.is_fee() && t.kind == TransferKind::Token).unwrap();
        let start = AccountStart::Transfer(TransferId { chain: chain as u16, number: theft.number });
        for policy in POLICIES {
            let bounds = Bounds { max_hops: 30, max_edges: 20_000, ..Bounds::default() };
            let trace = TraceOptions { policy, bounds, ..TraceOptions::default() };
            let options = AccountOptions { trace, ..AccountOptions::default() };
            let trace = trace_accounts(&chains, Some(&table), &[(start, None)], &options).unwrap();
            assert!(trace.balances());
            assert!(trace.assumed.is_empty(), "the ledgers begin with the chains: {:?}", trace.assumed);
            bridged += trace.crossings.iter().filter(|c| c.link.kind == LinkKind::Bridge).count();
            cashed += trace.ends.iter().filter(|e| e.category.name() == "exchange").count();
        }
    }
    assert!(bridged > 0 && cashed > 0, "{bridged} {cashed}");
}
