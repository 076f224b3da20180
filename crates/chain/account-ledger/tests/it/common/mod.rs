//! Random histories of an account chain, and what a ledger must answer about them, told by plain lists and maps.
#![allow(dead_code, reason = "each test uses a part")]
#![allow(clippy::missing_panics_doc, clippy::too_many_lines, missing_docs)]

use holdfast_account_ledger::{
    AppendOptions, Assets, Backing, Direction, Ledger, Opening, Posting, Settings, StoredTransfer, TransferNumber,
};
use holdfast_types::{
    AccountId, Amount, BlockTransfers, ChainId, Commitment, Position, SignedAmount, TokenRef, TransactionTransfers,
    Transfer, TransferKind,
};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

/// SplitMix64.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.next().to_le_bytes()[0])
    }

    /// Small numbers more often than large ones.
    pub fn skewed(&mut self, n: u64) -> u64 {
        let a = self.below(n);
        self.below(a + 1)
    }
}

pub fn chain() -> ChainId {
    ChainId::parse("eip155:1").unwrap()
}

pub fn settings() -> Settings {
    Settings { finality_blocks: 1_000, ..Settings::new(chain()) }
}

pub fn account(n: u64) -> AccountId {
    let mut bytes = [0xac; 20];
    bytes[..8].copy_from_slice(&n.to_be_bytes());
    AccountId::evm(bytes)
}

pub fn token(n: u64) -> TokenRef {
    let contract = account(1_000_000 + n);
    match n % 7 {
        0 => TokenRef::Native,
        1..=3 => TokenRef::Fungible(contract),
        4 => TokenRef::NonFungible(account(1_000_004), Amount::from(n)),
        5 => TokenRef::Multi(account(1_000_005), Amount::new(u128::from(n) << 100)),
        _ => TokenRef::Trc10(n),
    }
}

/// Makes blocks that follow each other.
pub struct Maker {
    pub random: Random,
    pub accounts: u64,
    pub all_internals: bool,
}

impl Maker {
    pub fn new(seed: u64) -> Self {
        Maker { random: Random(seed), accounts: 12, all_internals: true }
    }

    fn account(&mut self) -> AccountId {
        if self.random.one_in(6) {
            self.accounts += 1;
        }
        account(self.random.skewed(self.accounts))
    }

    fn amount(&mut self) -> Amount {
        match self.random.below(12) {
            0 => Amount::from_be_bytes(self.random.bytes()),
            1 => Amount::new(u128::from(self.random.next()) << 40),
            2 => Amount::from(self.random.next() | 1 << 63),
            _ => Amount::from(1 + self.random.below(1_000_000)),
        }
    }

    fn transfer(&mut self, position: Position) -> Transfer {
        let n = self.random.below(21);
        let token = token(if n > 10 { n % 3 } else { n });
        let (kind, from, to) = match (token, self.random.below(10)) {
            (_, 0) => (TransferKind::Mint, None, Some(self.account())),
            (_, 1) => (TransferKind::Burn, Some(self.account()), None),
            (TokenRef::Native, 2..=4) => (TransferKind::Internal, Some(self.account()), Some(self.account())),
            (TokenRef::Native, _) => (TransferKind::Value, Some(self.account()), Some(self.account())),
            _ => (TransferKind::Token, Some(self.account()), Some(self.account())),
        };
        let to = if self.random.one_in(15) { from.or(to) } else { to };
        let commitment = if self.random.one_in(3) { Commitment::Claim } else { Commitment::Root };
        Transfer { token, from, to, amount: self.amount(), kind, position, commitment }
    }

    fn fees(&mut self, payer: AccountId, miner: AccountId, base: u64) -> Vec<Transfer> {
        let gas = 21_000 + self.random.below(500_000);
        let mut fees = Vec::new();
        let commitment = if self.random.one_in(20) { Commitment::Claim } else { Commitment::Root };
        let fee = |kind, to, amount: u128| Transfer {
            token: TokenRef::Native,
            from: Some(payer),
            to,
            amount: Amount::new(amount),
            kind,
            position: Position::Transaction,
            commitment,
        };
        if self.random.one_in(20) {
            fees.push(fee(TransferKind::FeeBlob, None, 131_072 * 7));
        }
        if base > 0 {
            // Seldom one that is no multiple, is too large, or goes elsewhere.
            let odd = if payer == miner { 9 } else { self.random.below(60) };
            let amount = u128::from(base) * u128::from(gas);
            let amount = match odd {
                0 => amount << 70,
                1 => amount + 1,
                _ => amount,
            };
            fees.push(fee(TransferKind::FeeBurn, (odd == 2).then_some(miner), amount));
        }
        let tip = u128::from(self.random.below(5_000_000_000)) * u128::from(gas);
        if tip > 0 {
            let odd = if payer == miner { 9 } else { self.random.below(40) };
            let to = if odd == 0 { None } else { Some(miner) };
            fees.push(fee(TransferKind::FeeTip, to, if odd == 1 { tip << 60 } else { tip }));
        }
        fees
    }

    /// Makes the next block.
    pub fn block(&mut self, height: u64, parent: [u8; 32]) -> BlockTransfers {
        let base = if self.random.one_in(4) { 0 } else { 1_000_000_000 + self.random.below(90_000_000_000) };
        let miner = account(self.random.below(3));
        let mut transactions = Vec::new();
        let mut log = 0;
        for index in 0..self.random.skewed(9) {
            let payer = self.account();
            let success = !self.random.one_in(10);
            let mut transfers = Vec::new();
            for n in 0..if success { self.random.skewed(6) } else { 0 } {
                let position = match self.random.below(12) {
                    0 => Position::Transaction,
                    1..=3 => Position::Trace(u32::try_from(n).unwrap()),
                    4 => Position::Log(log, 1 + u32::try_from(self.random.below(900)).unwrap()),
                    5 => Position::Log(u32::try_from(self.random.below(1 << 32)).unwrap(), 0),
                    _ => Position::Log(log, 0),
                };
                log += 1;
                transfers.push(self.transfer(position));
            }
            if !self.random.one_in(12) {
                transfers.extend(self.fees(payer, miner, base));
            }
            let fee = transfers.iter().filter(|t| t.kind.is_fee()).map(|t| t.amount);
            transactions.push(TransactionTransfers {
                hash: self.random.bytes(),
                index: u32::try_from(index).unwrap(),
                payer,
                to: None,
                success,
                fee: Amount::checked_sum(fee).unwrap(),
                method: self.random.one_in(2).then(|| self.random.bytes()),
                transfers,
                signals: Vec::new(),
            });
        }
        let mut block_level = Vec::new();
        for n in 0..if height == 0 { 10 } else { self.random.below(20) / 18 } {
            let n = u32::try_from(n).unwrap();
            let mut transfer = self.transfer(Position::BlockStart(n));
            if height == 0 {
                transfer.token = TokenRef::Native;
                (transfer.kind, transfer.from, transfer.to) = (TransferKind::Genesis, None, Some(self.account()));
                transfer.amount = Amount::new(1 << 80);
            }
            block_level.push(transfer);
        }
        for n in 0..self.random.below(3) {
            let mut transfer = self.transfer(Position::BlockEnd(u32::try_from(n).unwrap()));
            (transfer.kind, transfer.token) = (TransferKind::Withdrawal, TokenRef::Native);
            (transfer.from, transfer.to) = (None, Some(self.account()));
            block_level.push(transfer);
        }
        BlockTransfers {
            chain: chain(),
            height,
            hash: self.random.bytes(),
            parent,
            time: 1_600_000_000 + 12 * height,
            transactions,
            block_level,
            internal_known: self.all_internals || !self.random.one_in(5),
        }
    }

    /// Makes blocks after others.
    pub fn extend(&mut self, blocks: &mut Vec<BlockTransfers>, first: u64, number: u64) {
        for _ in 0..number {
            let (height, parent) = blocks.last().map_or((first, [7; 32]), |b| (b.height + 1, b.hash));
            let block = self.block(height, parent);
            blocks.push(block);
        }
    }
}

/// A transfer as the model has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plain {
    pub height: u64,
    pub tx: Option<[u8; 32]>,
    pub transfer: Transfer,
}

/// Sorts fees of one transaction that follow each other, whose order has no meaning.
pub fn canonical<T>(list: &[T], of: impl Fn(&T) -> Plain) -> Vec<Plain> {
    directed(list, |t| (of(t), false)).into_iter().map(|(plain, _)| plain).collect()
}

/// The same with directions.
pub fn directed<T>(list: &[T], of: impl Fn(&T) -> (Plain, bool)) -> Vec<(Plain, bool)> {
    let mut all: Vec<(Plain, bool)> = list.iter().map(of).collect();
    let is_fee = |p: &(Plain, bool)| p.0.transfer.kind.is_fee();
    let mut start = 0;
    while start < all.len() {
        let mut end = start + 1;
        if is_fee(&all[start]) {
            while end < all.len() && is_fee(&all[end]) && all[end].0.tx == all[start].0.tx {
                end += 1;
            }
            all[start..end].sort_by_key(|(p, out)| (!out, p.transfer.kind, p.transfer.amount));
        }
        start = end;
    }
    all
}

type Pair = (AccountId, TokenRef);

/// Everything about a history, made by walking over it.
pub struct Model<'a> {
    pub blocks: &'a [BlockTransfers],
    pub transfers: Vec<Plain>,
    /// By account and token: the postings, each with the number of its transfer.
    pub postings: BTreeMap<Pair, Vec<(usize, bool)>>,
    pub tokens: BTreeSet<TokenRef>,
}

pub fn chosen(assets: &Assets, token: &TokenRef) -> bool {
    match (assets, token) {
        (Assets::All, _) => true,
        (Assets::Only { native, .. }, TokenRef::Native) => *native,
        (Assets::Only { trc10, .. }, TokenRef::Trc10(n)) => trc10.contains(n),
        (Assets::Only { contracts, .. }, token) => contracts.contains(&hex_of(token.contract().unwrap().as_bytes())),
    }
}

pub fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

impl<'a> Model<'a> {
    pub fn new(blocks: &'a [BlockTransfers], assets: &Assets) -> Self {
        let mut model = Model { blocks, transfers: Vec::new(), postings: BTreeMap::new(), tokens: BTreeSet::new() };
        for block in blocks {
            let level = |start: bool| {
                let is_start = |t: &&Transfer| matches!(t.position, Position::BlockStart(_)) == start;
                block.block_level.iter().filter(is_start).map(|t| (None, *t)).collect::<Vec<_>>()
            };
            let txs = block.transactions.iter().flat_map(|tx| tx.transfers.iter().map(|t| (Some(tx.hash), *t)));
            let all: Vec<_> = level(true).into_iter().chain(txs).chain(level(false)).collect();
            let all: Vec<_> = all.into_iter().filter(|(_, t)| chosen(assets, &t.token)).collect();
            let plain = |(tx, transfer): &(Option<[u8; 32]>, Transfer)| Plain {
                height: block.height,
                tx: *tx,
                transfer: *transfer,
            };
            // Of a fee paid to oneself, what goes out goes first.
            let mut ins: Vec<(Option<[u8; 32]>, Pair, usize)> = Vec::new();
            for plain in canonical(&all, plain) {
                let (number, t, tx) = (model.transfers.len(), plain.transfer, plain.tx);
                if !t.kind.is_fee() || ins.first().is_some_and(|(other, ..)| *other != tx) {
                    for (_, pair, number) in ins.drain(..) {
                        model.postings.entry(pair).or_default().push((number, false));
                    }
                }
                model.tokens.insert(t.token);
                if let Some(from) = t.from {
                    model.postings.entry((from, t.token)).or_default().push((number, true));
                }
                if let Some(to) = t.to.filter(|_| t.kind.is_fee()) {
                    ins.push((tx, (to, t.token), number));
                } else if let Some(to) = t.to {
                    model.postings.entry((to, t.token)).or_default().push((number, false));
                }
                model.transfers.push(plain);
            }
            for (_, pair, number) in ins {
                model.postings.entry(pair).or_default().push((number, false));
            }
        }
        model
    }

    /// Balance after a height, and the lowest that it was.
    pub fn balance(&self, pair: &Pair, height: u64) -> (Option<SignedAmount>, Option<SignedAmount>) {
        let (mut sum, mut lowest) = (Some(SignedAmount::ZERO), Some(SignedAmount::ZERO));
        for (number, out) in self.postings.get(pair).into_iter().flatten() {
            let plain = &self.transfers[*number];
            if plain.height <= height {
                let amount = plain.transfer.amount;
                let change = if *out { SignedAmount::minus(amount) } else { amount.into() };
                sum = sum.and_then(|s| s.checked_add(change));
                lowest = sum.zip(lowest).map(|(a, b)| a.min(b));
            }
        }
        (sum, lowest)
    }
}

pub fn plain_of(ledger: &Ledger, stored: &StoredTransfer) -> Plain {
    let tx = ledger.tx(stored.tx).unwrap();
    let account = |n: Option<u32>| n.map(|n| ledger.account(n).unwrap());
    Plain {
        height: ledger.block(tx.block).unwrap().height,
        tx: (!tx.is_block_side).then_some(tx.hash),
        transfer: Transfer {
            token: ledger.asset(stored.asset).unwrap(),
            from: account(stored.from),
            to: account(stored.to),
            amount: stored.amount,
            kind: stored.kind,
            position: stored.position,
            commitment: stored.commitment,
        },
    }
}

/// Compares every answer of a ledger with the model.
pub fn compare(ledger: &Ledger, model: &Model<'_>, random: &mut Random) {
    let blocks = model.blocks;
    assert_eq!(ledger.counts().blocks, blocks.len() as u64);
    let tip = ledger.tip().unwrap();
    assert_eq!(tip.as_ref().map(|t| (t.height, t.hash)), blocks.last().map(|b| (b.height, b.hash)));
    compare_blocks(ledger, model);
    let (first, end) = (blocks.first().map_or(0, |b| b.height), blocks.last().map_or(0, |b| b.height));
    let heights = |random: &mut Random| {
        let a = (first + random.below(end - first + 3)).saturating_sub(1);
        a..a + random.below(end - first + 3)
    };
    // By asset.
    for token in &model.tokens {
        let asset = ledger.asset_number(token).expect("every token is numbered");
        assert_eq!(ledger.asset(asset).unwrap(), *token);
        for range in [0..end + 1, heights(random)] {
            let mut found = Vec::new();
            ledger
                .for_each_transfer_of_asset(asset, range.clone(), |t| {
                    found.push(t);
                    ControlFlow::Continue(())
                })
                .unwrap();
            let before = range.end.checked_sub(1).map_or(TransferNumber::new(0), |h| ledger.number_after(h).unwrap());
            let mut backward = Vec::new();
            ledger
                .for_each_transfer_of_asset_before(asset, before, |t| {
                    backward.push(t);
                    ControlFlow::Continue(())
                })
                .unwrap();
            assert_eq!(backward.split_at(found.len()).0, found.iter().rev().copied().collect::<Vec<_>>(), "{token:?}");
            assert!(backward[found.len()..].iter().all(|t| plain_of(ledger, t).height < range.start));
            // From a transfer in their midst on.
            if let Some(middle) = backward.get(backward.len() / 2) {
                let mut rest = Vec::new();
                let take = |t: StoredTransfer| {
                    rest.push(t);
                    if rest.len() < 5 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
                };
                ledger.for_each_transfer_of_asset_before(asset, middle.number, take).unwrap();
                assert_eq!(rest, backward.iter().skip(backward.len() / 2 + 1).take(5).copied().collect::<Vec<_>>());
            }
            let expected = model.transfers.iter().filter(|p| p.transfer.token == *token && range.contains(&p.height));
            assert_eq!(canonical(&found, |t| plain_of(ledger, t)), expected.cloned().collect::<Vec<_>>(), "{token:?}");
        }
    }
    // By account and asset.
    let mut tokens_of: BTreeMap<AccountId, Vec<TokenRef>> = BTreeMap::new();
    let complete = first == 0;
    for (pair, postings) in &model.postings {
        let (account, token) = pair;
        tokens_of.entry(*account).or_default().push(*token);
        let number = ledger.account_number(account).expect("every account is numbered");
        assert_eq!(ledger.account(number).unwrap(), *account);
        let asset = ledger.asset_number(token).unwrap();
        for range in [0..end + 1, heights(random)] {
            let found = ledger.postings(number, asset, range.clone(), usize::MAX).unwrap();
            let within = |(n, _): &&(usize, bool)| range.contains(&model.transfers[*n].height);
            let expected: Vec<_> = postings.iter().filter(within).collect();
            let expected = directed(&expected, |(n, out)| (model.transfers[*n].clone(), *out));
            let found = directed(&found, |p| (plain_of(ledger, &p.transfer), p.direction == Direction::Out));
            assert_eq!(found, expected, "{pair:?} {range:?}");
        }
        let (_, lowest) = model.balance(pair, u64::MAX);
        compare_walks(ledger, number, asset, random);
        if lowest.is_some() {
            assert_eq!(ledger.least_opening(number, asset).unwrap(), lowest.map(SignedAmount::magnitude));
        }
        let some = [first.saturating_sub(1), first, end, end + 9, first + random.below(end - first + 1)];
        for height in some.into_iter().chain((0..3).map(|_| first + random.below(end - first + 1))) {
            let is = ledger.balance_at(number, asset, height).unwrap();
            let (sum, lowest_then) = model.balance(pair, height);
            if sum.is_some() && lowest_then.is_some() {
                assert_eq!(is.moved, sum, "{pair:?} at {height}");
            }
            let blind = blocks.iter().any(|b| b.height <= height && !b.internal_known && b.height <= end);
            assert_eq!(is.internal_unknown, blind && *token == TokenRef::Native && last_tx(model, height));
            match is.opening {
                Opening::Zero => assert!(complete),
                Opening::Unknown(least) => {
                    assert!(!complete);
                    if let Some(lowest) = lowest {
                        assert_eq!(least, Some(lowest.magnitude()), "{pair:?}");
                    }
                }
                Opening::Stated | Opening::Proven => assert!(!complete),
            }
        }
        assert_eq!(ledger.balance(number, asset).unwrap(), ledger.balance_at(number, asset, end).unwrap());
    }
    for (account, tokens) in tokens_of {
        let number = ledger.account_number(&account).unwrap();
        let found = ledger.assets_of(number).unwrap();
        assert!(found.is_sorted());
        let found: BTreeSet<_> = found.into_iter().map(|a| ledger.asset(a).unwrap()).collect();
        assert_eq!(found, tokens.into_iter().collect());
    }
    compare_backing(ledger, model, complete);
    assert_eq!(ledger.account_number(&account(u64::MAX)), None);
    assert_eq!(ledger.tx_by_hash(&[0x5a; 32]), None);
}

/// Postings and sums by number are those of the whole list.
fn compare_walks(ledger: &Ledger, account: u32, asset: u32, random: &mut Random) {
    let mut all = ledger.postings(account, asset, 0..u64::MAX, usize::MAX).unwrap();
    all.sort_by_key(|p| (p.transfer.number, p.direction == Direction::In));
    for _ in 0..3 {
        let some = all[usize::try_from(random.below(all.len() as u64)).unwrap()].transfer.number.get();
        let number = TransferNumber::new((some + random.below(3)).saturating_sub(1));
        let limit = usize::try_from(1 + random.skewed(300)).unwrap();
        let (before, from): (Vec<_>, Vec<_>) = all.iter().partition(|p| p.transfer.number < number);
        let found = ledger.postings_from(account, asset, number, limit).unwrap();
        assert!(found.iter().eq(from.iter().take(found.len())), "from {number:?}: {found:#?} {from:#?}");
        assert!(found.len() >= limit.min(from.len()) && found.len() <= limit + 3);
        let found = ledger.postings_before(account, asset, number, limit).unwrap();
        assert!(found.iter().eq(before.iter().rev().take(found.len())), "before {number:?}: {found:#?} {before:#?}");
        // A fee's other part may be beyond.
        assert!(found.len() + 2 >= limit.min(before.len()) && found.len() <= 2 * limit + 2);
        assert_eq!(found.is_empty(), before.is_empty());
        let step = |sum: SignedAmount, p: &Posting| match p.direction {
            Direction::In => sum.checked_add(p.transfer.amount.into()),
            Direction::Out => sum.checked_sub(p.transfer.amount.into()),
        };
        if let Some(sum) = before.iter().try_fold(SignedAmount::ZERO, step) {
            assert_eq!(ledger.moved_before(account, asset, number).unwrap(), Some(sum), "before {number:?}");
        }
    }
    let end = ledger.number_after(u64::MAX).unwrap();
    assert_eq!(ledger.postings_from(account, asset, end, 9).unwrap(), []);
    assert!(ledger.postings_before(account, asset, end, usize::MAX).unwrap().iter().eq(all.iter().rev()));
    let last = all.last().unwrap().transfer;
    let time = ledger.block(ledger.tx(last.tx).unwrap().block).unwrap().time;
    assert_eq!(ledger.time_of_tx(last.tx).unwrap(), time);
}

/// Whether a block up to a height has a transaction or a side, so that what is unknown can be seen.
fn last_tx(model: &Model<'_>, height: u64) -> bool {
    let seen = |b: &&BlockTransfers| b.height <= height && !(b.transactions.is_empty() && b.block_level.is_empty());
    let last = model.blocks.iter().rfind(seen);
    last.is_some_and(|last| model.blocks.iter().any(|b| b.height <= last.height && !b.internal_known))
}

fn compare_blocks(ledger: &Ledger, model: &Model<'_>) {
    let mut transfers = model.transfers.iter();
    let mut last_number = None;
    for block in model.blocks {
        let info = ledger.block_at(block.height).unwrap().unwrap();
        assert_eq!((info.hash, info.time, info.internal_known), (block.hash, block.time, block.internal_known));
        let mut of_block = Vec::new();
        let mut txs = block.transactions.iter();
        for number in info.txs.clone() {
            let tx = ledger.tx(number).unwrap();
            let found = ledger.transfers_of(number).unwrap();
            for transfer in &found {
                assert!(last_number < Some(transfer.number));
                last_number = Some(transfer.number);
                assert_eq!(ledger.transfer(transfer.number).unwrap(), *transfer);
            }
            if !tx.is_block_side {
                let given = txs.by_ref().find(|t| t.hash == tx.hash).expect("in order");
                assert_eq!(ledger.tx_by_hash(&given.hash), Some(number));
                assert_eq!((tx.index, tx.success, tx.method), (given.index, given.success, given.method));
                assert_eq!(ledger.account(tx.payer.unwrap()).unwrap(), given.payer);
                if let Some(fee) = ledger.fee(number).unwrap() {
                    assert_eq!(fee, given.fee);
                }
            }
            of_block.extend(found);
        }
        let found = canonical(&of_block, |t| plain_of(ledger, t));
        let expected: Vec<_> = transfers.by_ref().take(found.len()).cloned().collect();
        assert_eq!(found, expected, "block {}", block.height);
    }
    assert_eq!(transfers.next(), None);
    let after = model.blocks.last().map_or(0, |b| b.height + 1);
    assert_eq!(ledger.block_at(after).unwrap(), None);
}

fn compare_backing(ledger: &Ledger, model: &Model<'_>, complete: bool) {
    for token in &model.tokens {
        let asset = ledger.asset_number(token).unwrap();
        let pairs = model.postings.keys().filter(|p| p.1 == *token);
        let lowest: Option<Vec<_>> = pairs.map(|p| model.balance(p, u64::MAX).1).collect();
        match ledger.backing(asset).unwrap() {
            Backing::Unknown => assert!(!complete || *token == TokenRef::Native),
            Backing::Backed => assert!(lowest.is_none_or(|l| l.iter().all(|s| !s.is_negative()))),
            Backing::Unbacked { tx, account } => {
                assert!(lowest.is_none_or(|l| l.iter().any(|s| s.is_negative())));
                let of = (ledger.account(account).unwrap(), *token);
                let height = ledger.block(ledger.tx(tx).unwrap().block).unwrap().height;
                let (_, lowest) = model.balance(&of, height);
                assert!(lowest.is_none_or(SignedAmount::is_negative));
            }
        }
    }
}

pub fn append(ledger: &mut Ledger, blocks: &[BlockTransfers], options: &AppendOptions) {
    ledger.append(&mut blocks.iter().cloned(), options, &mut |_| ControlFlow::Continue(())).unwrap();
}

pub fn check(ledger: &Ledger) {
    let report = ledger.check(&mut |_, _| ControlFlow::Continue(())).unwrap();
    assert!(report.is_clean(), "{:#?}", report.damage);
    assert!(report.checksums.is_some());
}

/// The columns, by name.
pub const COLUMNS: [&str; 16] = [
    "blocks",
    "tx.hash",
    "tx.first-transfer",
    "tx.meta",
    "tx.method",
    "tx.payer",
    "tx.burn",
    "tx.fee",
    "transfer.asset",
    "transfer.from",
    "transfer.to",
    "transfer.amount",
    "transfer.meta",
    "amount.wide",
    "accounts",
    "assets",
];
