//! A chain of accounts in memory, and random histories of it.

use holdfast_account_ledger::{Backing, Direction, LedgerError, Posting, StoredTransfer, TransferNumber};
use holdfast_analysis::accounts::{Classify, Stop, Transfers};
use holdfast_attribution::Category;
use holdfast_simulate::random::Random;
use holdfast_types::{Amount, Commitment, Position, TransferKind};
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

/// Transfers numbered from 0, each in a transaction and block of its own.
#[derive(Clone, Debug, Default)]
pub struct Chain {
    pub transfers: Vec<StoredTransfer>,
    pub stops: BTreeMap<u32, Stop>,
    /// Assets of which nobody known mints units.
    pub unissued: BTreeSet<u32>,
    /// Assets whose transfers contradict each other.
    pub unbacked: BTreeSet<u32>,
    pub time: u64,
    /// By account and asset; made when first needed.
    accounts: OnceCell<BTreeMap<(u32, u32), Account>>,
}

/// An account's postings of an asset, each with the balance before it.
#[derive(Clone, Debug, Default)]
struct Account {
    opening: Amount,
    postings: Vec<(Posting, Amount)>,
    end: Amount,
}

pub fn number(n: usize) -> TransferNumber {
    TransferNumber::new(n as u64)
}

impl Chain {
    /// Returns an empty chain whose first transfer will have a time.
    pub fn at(time: u64) -> Self {
        Chain { time, ..Chain::default() }
    }

    pub fn push(
        &mut self,
        asset: u32,
        from: Option<u32>,
        to: Option<u32>,
        amount: Amount,
        kind: TransferKind,
    ) -> usize {
        let at = self.transfers.len();
        self.accounts = OnceCell::new();
        self.transfers.push(StoredTransfer {
            number: number(at),
            tx: at as u64,
            asset,
            from,
            to,
            amount,
            kind,
            position: Position::Transaction,
            commitment: Commitment::Root,
        });
        at
    }

    pub fn pay(&mut self, asset: u32, from: u32, to: u32, amount: u128) -> usize {
        self.push(asset, Some(from), Some(to), Amount::new(amount), TransferKind::Token)
    }

    fn account(&self, account: u32, asset: u32) -> Option<&Account> {
        self.accounts.get_or_init(|| self.play()).get(&(account, asset))
    }

    fn play(&self) -> BTreeMap<(u32, u32), Account> {
        let mut accounts: BTreeMap<(u32, u32), Account> = BTreeMap::new();
        for transfer in &self.transfers {
            let sides = [(transfer.from, Direction::Out), (transfer.to, Direction::In)];
            for (account, direction) in sides.into_iter().filter_map(|(side, way)| Some((side?, way))) {
                let postings = &mut accounts.entry((account, transfer.asset)).or_default().postings;
                postings.push((Posting { transfer: *transfer, direction }, Amount::ZERO));
            }
        }
        for account in accounts.values_mut() {
            let mut balance = Amount::ZERO;
            for (posting, _) in &account.postings {
                let amount = posting.transfer.amount;
                let missing =
                    if posting.direction == Direction::Out { amount.excess_over(balance) } else { Amount::ZERO };
                account.opening = account.opening.checked_add(missing).unwrap();
                balance = after(posting, balance.checked_add(missing).unwrap());
            }
            let mut balance = account.opening;
            for (posting, before) in &mut account.postings {
                *before = balance;
                balance = after(posting, balance);
            }
            account.end = balance;
        }
        accounts
    }

    pub fn opening(&self, account: u32, asset: u32) -> Amount {
        self.account(account, asset).map_or(Amount::ZERO, |a| a.opening)
    }
}

fn after(posting: &Posting, balance: Amount) -> Amount {
    let amount = posting.transfer.amount;
    let next = match posting.direction {
        Direction::In => balance.checked_add(amount),
        Direction::Out => balance.checked_sub(amount),
    };
    next.expect("tests stay within 256 bits")
}

impl Classify for Chain {
    fn category(&self, account: u32) -> Category {
        if self.stops.contains_key(&account) { Category::SERVICE } else { Category::UNATTRIBUTED }
    }

    fn stop(&self, account: u32) -> Option<Stop> {
        self.stops.get(&account).copied()
    }
}

impl Transfers for Chain {
    fn transfer(&self, number: TransferNumber) -> Result<StoredTransfer, LedgerError> {
        let found = self.transfers.get(usize::try_from(number.get()).unwrap());
        found.copied().ok_or(LedgerError::NotStored("transfer", number.get()))
    }

    fn postings_from(
        &self,
        account: u32,
        asset: u32,
        from: TransferNumber,
        limit: usize,
    ) -> Result<Vec<Posting>, LedgerError> {
        let all = self.account(account, asset).into_iter().flat_map(|a| &a.postings).map(|p| p.0);
        Ok(all.filter(|p| p.transfer.number >= from).take(limit).collect())
    }

    fn postings_before(
        &self,
        account: u32,
        asset: u32,
        before: TransferNumber,
        limit: usize,
    ) -> Result<Vec<Posting>, LedgerError> {
        let all = self.account(account, asset).into_iter().flat_map(|a| a.postings.iter().rev()).map(|p| p.0);
        Ok(all.filter(|p| p.transfer.number < before).take(limit).collect())
    }

    fn balance_before(&self, account: u32, asset: u32, number: TransferNumber) -> Result<Option<Amount>, LedgerError> {
        let Some(account) = self.account(account, asset) else { return Ok(Some(Amount::ZERO)) };
        let next = account.postings.iter().find(|(p, _)| p.transfer.number >= number);
        Ok(Some(next.map_or(account.end, |(_, before)| *before)))
    }

    fn least_opening(&self, account: u32, asset: u32) -> Result<Option<Amount>, LedgerError> {
        Ok(Some(self.opening(account, asset)))
    }

    fn number_after(&self, height: u64) -> Result<TransferNumber, LedgerError> {
        Ok(TransferNumber::new((height + 1).min(self.transfers.len() as u64)))
    }

    fn time(&self, tx: u64) -> Result<u64, LedgerError> {
        Ok(self.time + tx)
    }

    fn backing(&self, asset: u32) -> Result<Backing, LedgerError> {
        Ok(if self.unbacked.contains(&asset) { Backing::Unbacked { tx: 0, account: 0 } } else { Backing::Unknown })
    }

    fn internal_unknown(&self, _: u32) -> Result<bool, LedgerError> {
        Ok(false)
    }

    fn has_known_issuer(&self, transfer: &StoredTransfer) -> Result<bool, LedgerError> {
        Ok(!self.unissued.contains(&transfer.asset))
    }
}

/// A history of a few accounts with mints, burns, fees, services, transfers to oneself, and amounts of up to 200 bits.
pub fn history(random: &mut Random) -> Chain {
    let accounts = 2 + random.below_u32(5);
    let assets = 1 + random.below_u32(2);
    let unit =
        if random.permille(300) { Amount::new(1 << 100).mul_div(Amount::new(1 << 90), Amount::new(7)) } else { None };
    let unit = unit.unwrap_or(Amount::new(1));
    let mut chain = Chain::at(1_000);
    for account in 0..accounts {
        if random.permille(150) {
            let stop = *random.pick(&[Stop::Service, Stop::Pool, Stop::Bridge, Stop::Mixer, Stop::Wrapper]);
            chain.stops.insert(account, stop);
        }
    }
    for _ in 0..1 + random.below(36) {
        let asset = random.below_u32(assets);
        let most = *random.pick(&[2, 100, 1_000]);
        let amount = Amount::from(1 + random.below(most)).mul_div(unit, Amount::new(1)).unwrap();
        let (from, to) = (random.below_u32(accounts), random.below_u32(accounts));
        match random.below(12) {
            0 => chain.push(asset, None, Some(to), amount, TransferKind::Mint),
            1 => chain.push(asset, Some(from), None, amount, TransferKind::Burn),
            2 => {
                let to = random.permille(500).then_some(to);
                let kind = if to.is_some() { TransferKind::FeeTip } else { TransferKind::FeeBurn };
                chain.push(asset, Some(from), to, amount, kind)
            }
            _ => chain.push(asset, Some(from), Some(to), amount, TransferKind::Token),
        };
    }
    chain
}
