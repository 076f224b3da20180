//! A simulated exchange: customers, their ordinary traffic, and planted cases of every typology with ground truth.
//!
//! Ordinary traffic holds what is easily mistaken: traders who pass money through, families on one device, campuses on one address,
//! payrolls, savers with growing withdrawals, buyers who move everything to a new hardware wallet.

use crate::decision::{ActiveHolds, Ground, Prices, decide};
use crate::facts::ChainFacts;
use crate::flags::Flags;
use crate::model::{Action, Amount, CustomerType, Direction, Event, EventKind, Method, Record, RecordKind, Status};
use crate::rules::RuleBook;
use crate::state::{DAY, HOUR, State};
use crate::typology::Typology;
use holdfast_chain::Network;
use holdfast_simulate::random::Random;
use holdfast_tracing::Workspace;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

/// How the ids of deposits on a simulated chain begin.
pub const CHAIN_DEPOSIT: &str = "chain-d";

/// What to simulate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// Same seed and sizes, same exchange.
    pub seed: u64,
    /// Customers: 100 to 1 million.
    pub customers: u32,
    /// Days of traffic, 14 to 365.
    pub days: u32,
    /// Cases planted of each typology.
    pub cases: u32,
    /// Unix seconds of the first day.
    pub start: i64,
}

impl Default for Options {
    fn default() -> Self {
        Options { seed: 1, customers: 2_000, days: 60, cases: 20, start: 1_780_000_000 }
    }
}

/// A planted case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// What was planted.
    pub typology: Typology,
    /// Who takes part.
    pub customers: Vec<String>,
}

/// The whole exchange.
#[derive(Clone, Debug, Default)]
pub struct Exchange {
    /// Customers' world.
    pub records: Vec<Record>,
    /// Events in order of time.
    pub events: Vec<Event>,
    /// Ground truth.
    pub cases: Vec<Case>,
}

struct Maker {
    random: Random,
    options: Options,
    out: Exchange,
    next: u64,
}

/// A customer's things.
#[derive(Clone)]
struct Person {
    id: String,
    device: String,
    ip: String,
    bank: String,
    card: String,
    wallet: String,
}

/// Cents to wei at 2,000.00 an ether.
fn wei(value: u64) -> Amount {
    Amount(value as u128 * 5_000_000_000_000)
}

/// Simulates.
///
/// # Errors
/// When the options are out of bounds.
pub fn simulate(options: Options) -> Result<Exchange, String> {
    if !(100..=1_000_000).contains(&options.customers) {
        return Err(format!("customers: {} is not between 100 and 1000000", options.customers));
    }
    if !(14..=365).contains(&options.days) {
        return Err(format!("days: {} is not between 14 and 365", options.days));
    }
    if options.cases > options.customers {
        return Err(format!("cases: {} are more than there are customers", options.cases));
    }
    let mut maker = Maker { random: Random::new(options.seed), options, out: Exchange::default(), next: 0 };
    maker.clean();
    for _ in 0..options.cases {
        maker.plant();
    }
    maker.out.events.sort_by(|a, b| (a.time, &a.id).cmp(&(b.time, &b.id)));
    Ok(maker.out)
}

impl Maker {
    fn address(&mut self) -> String {
        format!("0x{:016x}{:016x}{:08x}", self.random.bits(), self.random.bits(), self.random.bits() as u32)
    }

    fn id(&mut self, prefix: &str) -> String {
        self.next += 1;
        format!("{prefix}{}", self.next)
    }

    fn moment(&mut self, from_day: u32, to_day: u32) -> i64 {
        let from = self.options.start + from_day as i64 * DAY;
        from + self.random.below(((to_day - from_day).max(1) as i64 * DAY) as u64) as i64
    }

    fn person(&mut self, kind: CustomerType, age_days: i64) -> Person {
        let id = self.id("c");
        let start = self.options.start;
        let mut record = Record::new(RecordKind::Customer, id.clone(), start);
        record.customer_type = Some(kind);
        record.country = Some("DE".into());
        record.birth_year = Some(1940 + self.random.below(64) as u16);
        record.created = Some(start - age_days * DAY);
        self.out.records.push(record);
        let mut kyc = Record::new(RecordKind::Kyc, format!("kyc-{id}"), start);
        kyc.customer = Some(id.clone());
        kyc.level = Some(2);
        kyc.document = Some(format!("doc-{id}"));
        kyc.result = Some("passed".into());
        self.out.records.push(kyc);
        let ip = format!("10.{}.{}.{}", self.random.below(256), self.random.below(256), self.random.below(256));
        let wallet = self.address();
        Person { device: format!("dev-{id}"), ip, bank: format!("bank-{id}"), card: format!("card-{id}"), wallet, id }
    }

    fn old(&mut self) -> Person {
        let age = 30 + self.random.below(900) as i64;
        self.person(CustomerType::Individual, age)
    }

    fn push(&mut self, mut event: Event, person: &Person) {
        event.device.get_or_insert_with(|| person.device.clone());
        event.ip.get_or_insert_with(|| person.ip.clone());
        self.out.events.push(event);
    }

    fn account(&mut self, p: &Person, time: i64, action: Action) {
        let mut event = Event::new(EventKind::Account, self.id("a"), time, p.id.clone());
        event.action = Some(action);
        self.push(event, p);
    }

    #[allow(clippy::too_many_arguments)]
    fn pay(
        &mut self,
        p: &Person,
        time: i64,
        method: Method,
        instrument: &str,
        value: u64,
        status: Status,
        third: bool,
    ) {
        let mut event = Event::new(EventKind::Payment, self.id("p"), time, p.id.clone());
        event.asset = Some("USD".into());
        event.amount = Some(Amount(value as u128));
        event.value = Some(value);
        event.method = Some(method);
        event.direction = Some(Direction::In);
        event.status = Some(status);
        event.instrument = Some(instrument.to_owned());
        event.third_party = third.then_some(true);
        self.push(event, p);
    }

    fn bank(&mut self, p: &Person, time: i64, value: u64) {
        self.pay(p, time, Method::Bank, &p.bank.clone(), value, Status::Settled, false);
    }

    fn withdraw(&mut self, p: &Person, time: i64, to: &str, value: u64) {
        let mut event = Event::new(EventKind::Withdrawal, self.id("w"), time, p.id.clone());
        event.asset = Some("ETH".into());
        event.amount = Some(wei(value));
        event.value = Some(value);
        event.counterparty = Some(to.to_owned());
        self.push(event, p);
    }

    fn deposit(&mut self, p: &Person, time: i64, from: &str, value: u64) {
        let id = self.id("d");
        let mut event = Event::new(EventKind::Deposit, id, time, p.id.clone());
        event.asset = Some("ETH".into());
        event.amount = Some(wei(value));
        event.value = Some(value);
        event.tx = Some(format!(
            "0x{:016x}{:016x}{:016x}{:016x}",
            self.random.bits(),
            self.random.bits(),
            self.random.bits(),
            self.random.bits()
        ));
        event.output = Some(0);
        event.counterparty = Some(from.to_owned());
        event.confirmations = Some(12);
        // A deposit is not made from a session.
        self.out.events.push(event);
    }

    fn clean(&mut self) {
        let days = self.options.days;
        let services: Vec<String> = (0..5).map(|_| self.address()).collect();
        let hot: Vec<String> = (0..3).map(|_| self.address()).collect();
        let campus = "172.16.0.1".to_owned();
        let mut last: Option<Person> = None;
        for n in 0..self.options.customers {
            let business = self.random.permille(80);
            let age = self.random.below(1_000) as i64;
            let mut p = self.person(if business { CustomerType::Business } else { CustomerType::Individual }, age);
            if self.random.permille(30)
                && let Some(other) = &last
            {
                // A family or couple on one device.
                p.device.clone_from(&other.device);
                p.ip.clone_from(&other.ip);
            }
            if self.random.permille(15) {
                p.ip.clone_from(&campus);
            }
            if n % 40 == 0 {
                let time = self.moment(0, days);
                self.account(&p, time, Action::Signup);
            }
            for _ in 0..1 + self.random.below(4) {
                let time = self.moment(0, days);
                self.account(&p, time, Action::Login);
            }
            if business {
                self.business(&p, &hot);
            } else {
                self.individual(&p, &services, &hot);
            }
            last = Some(p);
        }
    }

    fn business(&mut self, p: &Person, hot: &[String]) {
        let days = self.options.days;
        if self.random.permille(500) {
            // A merchant: many payers.
            for _ in 0..10 + self.random.below(40) {
                let (time, from) = (self.moment(0, days), self.address());
                let value = self.random.amount(1_000, 50_000);
                self.deposit(p, time, &from, value);
            }
            let time = self.moment(0, days);
            self.withdraw(p, time, &p.wallet.clone(), 200_000);
        } else {
            // A payroll: the same people every month.
            let staff: Vec<String> = (0..5 + self.random.below(25)).map(|_| self.address()).collect();
            for month in 0..days.div_ceil(30) {
                let time = self.moment(month * 30, month * 30 + 1);
                let from = self.random.pick(hot).clone();
                self.deposit(p, time - HOUR, &from, 300_000 * staff.len() as u64);
                for (i, to) in staff.iter().enumerate() {
                    let value = 200_000 + self.random.below(100_000);
                    self.withdraw(p, time + i as i64 * 60, to, value);
                }
            }
        }
    }

    fn individual(&mut self, p: &Person, services: &[String], hot: &[String]) {
        let days = self.options.days;
        match self.random.below(20) {
            // Buys by bank and keeps.
            0..=6 => {
                for month in 0..days.div_ceil(30) {
                    let time = self.moment(month * 30, (month * 30 + 25).min(days.max(month * 30 + 1)));
                    let value = self.random.amount(10_000, 300_000);
                    self.bank(p, time, value);
                }
            }
            // Buys by card, sometimes by two, one decline now and then.
            7..=9 => {
                for _ in 0..1 + self.random.below(5) {
                    let time = self.moment(0, days);
                    let value = self.random.amount(2_000, 40_000);
                    let card = if self.random.permille(200) { format!("{}-2", p.card) } else { p.card.clone() };
                    if self.random.permille(100) {
                        self.pay(p, time - 60, Method::Card, &card, value, Status::Declined, false);
                    }
                    self.pay(p, time, Method::Card, &card, value, Status::Settled, false);
                }
                let time = self.moment(0, days);
                self.withdraw(p, time, &p.wallet.clone(), 15_000);
            }
            // Buys and moves to the own wallet days later.
            10..=12 => {
                for _ in 0..1 + self.random.below(3) {
                    let time = self.moment(0, days - 6);
                    let value = self.random.amount(20_000, 500_000);
                    self.bank(p, time, value);
                    let later = time + DAY + self.random.below(5 * DAY as u64) as i64;
                    self.withdraw(p, later, &p.wallet.clone(), value * 9 / 10);
                }
            }
            // A trader: in and out within hours, to wallets used again and again.
            13..=14 => {
                for _ in 0..3 + self.random.below(12) {
                    let time = self.moment(0, days);
                    let value = self.random.amount(50_000, 800_000);
                    let from = if self.random.permille(500) { self.random.pick(hot).clone() } else { p.wallet.clone() };
                    self.deposit(p, time, &from, value);
                    let later = time + self.random.between(600, 20_000) as i64;
                    let part = value * self.random.between(50, 110) / 100;
                    self.withdraw(p, later, &p.wallet.clone(), part);
                }
            }
            // Pays a service that many pay.
            15 => {
                for _ in 0..1 + self.random.below(4) {
                    let time = self.moment(0, days);
                    let value = self.random.amount(2_000, 45_000);
                    let to = self.random.pick(services).clone();
                    self.withdraw(p, time, &to, value);
                }
            }
            // A saver: every week from the bank to the own wallet, sometimes more than before.
            16 => {
                for week in 0..(days / 7).min(6) {
                    let time = self.moment(week * 7, week * 7 + 1);
                    let value = self.random.amount(10_000, 60_000);
                    self.bank(p, time, value);
                    self.withdraw(p, time + 4 * HOUR, &p.wallet.clone(), value * 95 / 100);
                }
            }
            // A new phone and password; withdrawals go to the wallet known before.
            17 => {
                let time = self.moment(5, days - 3);
                self.withdraw(p, time - 4 * DAY, &p.wallet.clone(), 30_000);
                let mut q = p.clone();
                q.device = format!("{}-new", p.device);
                self.account(&q, time, Action::Login);
                self.account(&q, time + 300, Action::PasswordChange);
                let to = if self.random.permille(100) { self.address() } else { p.wallet.clone() };
                self.withdraw(&q, time + 3 * HOUR, &to, 60_000);
            }
            // Buys once and moves everything to a new hardware wallet, mostly after days.
            18 => {
                let time = self.moment(0, days - 6);
                let value = self.random.amount(30_000, 400_000);
                self.bank(p, time, value);
                let wait = if self.random.permille(100) {
                    5 * HOUR
                } else {
                    2 * DAY + self.random.below(3 * DAY as u64) as i64
                };
                self.withdraw(p, time + wait, &p.wallet.clone(), value * 97 / 100);
            }
            // One large movement near the threshold, or dust that means nothing.
            _ => {
                let time = self.moment(0, days);
                let value = self.random.amount(700_000, 1_500_000);
                self.bank(p, time, value);
                let from = self.address();
                self.deposit(p, time, &from, 50);
            }
        }
    }

    fn case(&mut self, typology: Typology, customers: &[&Person]) {
        let customers = customers.iter().map(|p| p.id.clone()).collect();
        self.out.cases.push(Case { typology, customers });
    }

    /// One case of each typology that needs no chain.
    fn plant(&mut self) {
        let days = self.options.days;
        let at = |maker: &mut Maker| maker.moment(8, days - 4);

        let (p, t) = (self.old(), at(self));
        for i in 0..3 + self.random.below(4) {
            let value = 720_000 + self.random.below(270_000);
            let drawn = self.random.between(3, 18);
            self.bank(&p, t + i as i64 * drawn as i64 * HOUR, value);
        }
        self.case(Typology::Structuring, &[&p]);

        let (p, t) = (self.old(), at(self));
        let (from, to) = (self.address(), self.address());
        let value = self.random.amount(400_000, 5_000_000);
        self.deposit(&p, t, &from, value);
        let drawn = self.random.between(300, 6_000);
        let part = self.random.between(85, 99);
        self.withdraw(&p, t + drawn as i64, &to, value * part / 100);
        self.case(Typology::RapidPassThrough, &[&p]);

        let (p, t) = (self.old(), at(self));
        for _ in 0..self.random.between(10, 20) {
            let (from, value) = (self.address(), self.random.amount(10_000, 90_000));
            let time = t + self.random.below(20 * HOUR as u64) as i64;
            self.deposit(&p, time, &from, value);
        }
        self.case(Typology::FanIn, &[&p]);

        let (p, t) = (self.old(), at(self));
        for _ in 0..self.random.between(10, 20) {
            let (to, value) = (self.address(), self.random.amount(10_000, 45_000));
            let time = t + self.random.below(20 * HOUR as u64) as i64;
            self.withdraw(&p, time, &to, value);
        }
        self.case(Typology::FanOut, &[&p]);

        // a -> b -> (c ->) a, through outside addresses.
        let ring: Vec<Person> = (0..self.random.between(2, 3)).map(|_| self.old()).collect();
        let (mut t, value) = (at(self), self.random.amount(100_000, 900_000));
        for _ in 0..2 {
            for i in 0..ring.len() {
                let outside = self.address();
                self.withdraw(&ring[i], t, &outside, value);
                t += self.random.between(1, 5) as i64 * HOUR;
                self.deposit(&ring[(i + 1) % ring.len()], t, &outside, value * 98 / 100);
                t += self.random.between(1, 5) as i64 * HOUR;
            }
        }
        self.case(Typology::Cycle, &ring.iter().collect::<Vec<_>>());

        let (p, t) = (self.person(CustomerType::Business, 5), at(self));
        let (to, value) = (self.address(), self.random.amount(200_000, 9_000_000));
        self.bank(&p, t, value);
        let drawn = self.random.between(1, 10);
        let part = self.random.between(90, 99);
        self.withdraw(&p, t + drawn as i64 * HOUR, &to, value * part / 100);
        self.case(Typology::RansomwarePayment, &[&p]);

        let (p, t) = (self.old(), at(self));
        let known = self.address();
        self.withdraw(&p, t - 3 * DAY, &known, 80_000);
        let mut fake: Vec<u8> = self.address().into_bytes();
        fake[..6].copy_from_slice(&known.as_bytes()[..6]);
        fake[38..].copy_from_slice(&known.as_bytes()[38..]);
        let fake = String::from_utf8_lossy(&fake).into_owned();
        self.deposit(&p, t - DAY, &fake, 0);
        self.withdraw(&p, t, &fake, 90_000);
        self.case(Typology::AddressPoisoning, &[&p]);

        let (from, t) = (self.address(), at(self));
        let dusted: Vec<Person> = (0..self.random.between(6, 12)).map(|_| self.old()).collect();
        for p in &dusted {
            let time = t + self.random.below(6 * HOUR as u64) as i64;
            let drawn = self.random.below(50);
            self.deposit(p, time, &from, 1 + drawn);
        }
        self.case(Typology::Dusting, &dusted.iter().collect::<Vec<_>>());

        let age = self.random.below(20) as i64;
        let (p, t) = (self.person(CustomerType::Individual, age), at(self));
        let to = self.address();
        let mut sum = 0;
        let many = self.random.permille(600);
        for i in 0..self.random.between(3, 6) {
            let card = if many { format!("stolen-{}-{i}", p.id) } else { format!("stolen-{}", p.id) };
            let value = self.random.amount(20_000, 90_000);
            self.pay(&p, t + i as i64 * 900, Method::Card, &card, value, Status::Settled, !many);
            sum += value;
        }
        self.withdraw(&p, t + 6 * HOUR, &to, sum * 9 / 10);
        self.pay(&p, t + 3 * DAY, Method::Card, &format!("stolen-{}-0", p.id), 20_000, Status::Chargeback, false);
        self.case(Typology::CardCashOut, &[&p]);

        let t = at(self);
        let device = self.id("ring-device-");
        let document = self.id("ring-document-");
        let by_document = self.random.permille(400);
        let ring: Vec<Person> =
            (0..self.random.between(6, 10)).map(|_| self.person(CustomerType::Individual, 0)).collect();
        for (i, p) in ring.iter().enumerate() {
            let mut q = p.clone();
            if !by_document {
                q.device.clone_from(&device);
            }
            self.account(&q, t + i as i64 * 1_200, Action::Signup);
            let mut event = Event::new(EventKind::Account, self.id("a"), t + i as i64 * 1_200 + 600, q.id.clone());
            event.action = Some(Action::IdentityCheck);
            event.document = by_document.then(|| document.clone());
            self.push(event, &q);
        }
        self.case(Typology::FakeAccountRing, &ring.iter().collect::<Vec<_>>());

        let (p, t) = (self.old(), at(self));
        self.account(&p, t - 5 * DAY, Action::Login);
        let mut q = p.clone();
        q.device = self.id("thief-");
        q.ip = "203.0.113.7".into();
        let to = self.address();
        self.account(&q, t, Action::Login);
        let change = *self.random.pick(&[
            Action::PasswordChange,
            Action::TwoFactorChange,
            Action::EmailChange,
            Action::PhoneChange,
        ]);
        self.account(&q, t + 200, change);
        let drawn = self.random.between(1_000, 90_000);
        self.withdraw(&q, t + drawn as i64, &to, 150_000);
        self.case(Typology::AccountTakeover, &[&p]);

        let age = self.random.below(60) as i64;
        let (p, t) = (self.person(CustomerType::Individual, age), at(self));
        let to = self.address();
        let mut sum = 0;
        for i in 0..self.random.between(3, 6) {
            let value = self.random.amount(50_000, 300_000);
            self.pay(
                &p,
                t + i as i64 * 5 * HOUR,
                Method::Bank,
                &format!("payer-{}-{i}", p.id),
                value,
                Status::Settled,
                true,
            );
            sum += value;
        }
        self.withdraw(&p, t + 40 * HOUR, &to, sum * 95 / 100);
        self.case(Typology::Mule, &[&p]);

        let (p, t) = (self.old(), at(self));
        let to = self.address();
        let mut value = self.random.amount(50_000, 200_000);
        for i in 0..3 {
            self.bank(&p, t + i * 20 * HOUR, value * 11 / 10);
            self.withdraw(&p, t + i * 20 * HOUR + 2 * HOUR, &to, value);
            value = value * 3 / 2;
        }
        self.case(Typology::ScamVictim, &[&p]);
    }
}

/// How well a typology is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Score {
    /// Cases planted.
    pub cases: u64,
    /// Cases of which a customer was found.
    pub found: u64,
    /// Customers with a finding.
    pub flagged: u64,
    /// Customers with a finding who take part in a case of it.
    pub right: u64,
}

impl Score {
    /// Cases found among those planted, thousandths.
    pub fn recall(&self) -> Option<u64> {
        (self.cases > 0).then(|| self.found * 1000 / self.cases)
    }

    /// Flagged customers who take part, thousandths.
    pub fn precision(&self) -> Option<u64> {
        (self.flagged > 0).then(|| self.right * 1000 / self.flagged)
    }
}

/// Scores findings (typology, customer) against planted cases.
pub fn score(cases: &[Case], found: &BTreeSet<(Typology, String)>) -> BTreeMap<Typology, Score> {
    let mut scores: BTreeMap<Typology, Score> = BTreeMap::new();
    for case in cases {
        let score = scores.entry(case.typology).or_default();
        score.cases += 1;
        score.found += u64::from(case.customers.iter().any(|c| found.contains(&(case.typology, c.clone()))));
    }
    let planted: BTreeSet<(Typology, &str)> =
        cases.iter().flat_map(|c| c.customers.iter().map(|p| (c.typology, p.as_str()))).collect();
    for (typology, customer) in found {
        let score = scores.entry(*typology).or_default();
        score.flagged += 1;
        score.right += u64::from(planted.contains(&(*typology, customer.as_str())));
    }
    scores
}

/// Decides on all of it in memory, `facts` saying what the chain knows, and gives what was found, by typology and customer.
///
/// # Errors
/// When `progress` stops it.
pub fn findings(
    exchange: &Exchange,
    facts: impl Fn(&Event) -> ChainFacts,
    progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<BTreeSet<(Typology, String)>, String> {
    let mut state = State::default();
    exchange.records.iter().for_each(|r| state.record(r));
    let (book, holds, prices) = (RuleBook::standard(), ActiveHolds::new(), Prices::new());
    let mut found = BTreeSet::new();
    for (seq, event) in exchange.events.iter().enumerate() {
        let facts = facts(event);
        let ground = Ground { state: &state, book: &book, holds: &holds, prices: &prices, flags: &Flags::default() };
        let (decision, _) = decide(ground, event, &facts, seq as u64, event.time);
        found.extend(decision.findings.iter().map(|f| (f.typology, event.customer.clone())));
        state.apply(event, &facts, decision.value.unwrap_or(0), seq as u64);
        if seq % 1024 == 0 && progress(seq as u64).is_break() {
            return Err("stopped".into());
        }
    }
    Ok(found)
}

/// A workspace over a simulated chain (regtest), with its tags, all addresses of its mixers among them (exposure is only as good as
/// attribution); and the blocks with the truth about them. The folder must be empty or missing.
///
/// # Errors
/// When the options are out of bounds or the folder cannot be used.
pub fn chain_workspace(
    dir: &std::path::Path,
    options: holdfast_simulate::Options,
) -> Result<(Workspace, Vec<holdfast_simulate::SimBlock>, holdfast_simulate::Economy), String> {
    use holdfast_simulate::{Economy, OwnerKind};
    let mut economy = Economy::new(options)?;
    let blocks: Vec<_> = std::iter::from_fn(|| economy.next_block()).collect();
    let mut csv = String::from("address,currency,label,source,category,confidence\n");
    for truth in blocks.iter().flat_map(|b| &b.truth) {
        for (owner, address) in truth.owners.iter().zip(&truth.addresses) {
            if let (Some(owner), Some(address)) = (owner, address)
                && economy.owner_kind(*owner) == OwnerKind::Mixer
            {
                let address = address.to_text(Network::Regtest);
                csv += &format!("{address},BTC,mixer,https://example.org,mixing_service,ownership\n");
            }
        }
    }
    let pack = holdfast_simulate::files::tagpack(&economy).into_bytes();
    let files = vec![("simulation.yaml".into(), pack), ("mixers.csv".into(), csv.into_bytes())];
    let workspace = workspace_of(dir, Network::Regtest, blocks.iter().map(|b| (b.height, b.bytes.as_slice())), files)?;
    Ok((workspace, blocks, economy))
}

/// A workspace over blocks (height and raw bytes, in order) with tag files. The folder must be empty or missing.
///
/// # Errors
/// In words, when a block or tag file is refused or the folder cannot be used.
pub fn workspace_of<'a>(
    dir: &std::path::Path,
    network: Network,
    blocks: impl Iterator<Item = (u32, &'a [u8])>,
    tags: Vec<holdfast_attribution::import::NamedFile>,
) -> Result<Workspace, String> {
    use holdfast_ledger::{AppendOptions, MemoryBlock, MemoryFeed};
    let words = |e: &dyn std::fmt::Display| format!("{}: {e}", dir.display());
    let mut workspace = Workspace::create_or_open(dir, network).map_err(|e| words(&e))?;
    if workspace.ledger.tip().is_some() {
        return Err(format!("{} holds a ledger already; choose an empty folder", dir.display()));
    }
    let mut feed = Vec::new();
    for (height, bytes) in blocks {
        let block = holdfast_chain::Block::parse(bytes.to_vec()).map_err(|e| words(&e))?;
        feed.push(MemoryBlock { height, block, spent: None });
    }
    let append = AppendOptions::default();
    workspace.ledger.append(&MemoryFeed(feed), &append, &mut |_| ControlFlow::Continue(())).map_err(|e| words(&e))?;
    if let Some(refused) = workspace.import_tags(tags).refused.first() {
        return Err(format!("tags of {}: {refused:?}", dir.display()));
    }
    workspace.refresh().map_err(|e| words(&e))?;
    workspace.save().map_err(|e| words(&e))?;
    Ok(workspace)
}

impl Exchange {
    /// Adds the deposits of a simulated chain (see [`chain_deposits`]) and their customers, in order of time.
    pub fn add_chain(
        &mut self,
        workspace: &Workspace,
        blocks: &[holdfast_simulate::SimBlock],
        economy: &holdfast_simulate::Economy,
    ) {
        let (events, cases) = chain_deposits(&workspace.ledger, blocks, |o| economy.owner_kind(o));
        for event in &events {
            let mut record = Record::new(RecordKind::Customer, event.customer.clone(), event.time);
            record.customer_type = Some(CustomerType::Individual);
            record.country = Some("DE".into());
            record.created = Some(event.time - 400 * DAY);
            self.records.push(record);
        }
        self.events.extend(events);
        self.events.sort_by_key(|e| e.time);
        self.cases.extend(cases);
    }
}

/// Deposits to the exchanges of a simulated chain, each with a customer of its own, and what the simulation says lies behind them:
/// peel chains of four transactions or more, a quarter or more of the money out of mixers (haircut), a coinjoin at most two
/// transactions back. The ledger must hold exactly the simulated blocks.
fn chain_deposits(
    ledger: &holdfast_ledger::Ledger,
    blocks: &[holdfast_simulate::SimBlock],
    kind_of: impl Fn(u32) -> holdfast_simulate::OwnerKind,
) -> (Vec<Event>, Vec<Case>) {
    use holdfast_ledger::Source;
    use holdfast_simulate::{OwnerKind, TxKind};
    const WHOLE: u64 = 1_000_000;
    let outputs = ledger.counts().outputs as usize;
    // By output: millionths out of mixers; whether a user holds it.
    let (mut mixed, mut private) = (vec![0u64; outputs], vec![true; outputs]);
    let (mut kinds, mut depths): (Vec<TxKind>, Vec<u32>) = (Vec::new(), Vec::new());
    let (mut events, mut cases) = (Vec::new(), Vec::new());
    for (block, truth) in blocks.iter().flat_map(|b| b.truth.iter().map(move |t| (b, t))) {
        let tx = kinds.len() as u32;
        kinds.push(truth.kind);
        let sources: Vec<u64> = ledger
            .sources(tx)
            .filter_map(|s| match s {
                Source::Output(o) => Some(o),
                Source::External(_) => None,
            })
            .collect();
        let from = |o: &u64| ledger.tx_of_output(*o);
        let depth = sources.first().map_or(0, |o| depths[from(o) as usize]);
        depths.push(if truth.kind == TxKind::Peel { depth + 1 } else { 0 });
        let total: u128 = sources.iter().map(|o| ledger.value(*o) as u128).sum();
        let out_of_mixers: u128 = sources
            .iter()
            .filter(|o| private[**o as usize])
            .map(|o| ledger.value(*o) as u128 * mixed[*o as usize] as u128)
            .sum();
        let share = match truth.kind {
            TxKind::MixerOut => WHOLE,
            _ if total == 0 => 0,
            _ => (out_of_mixers / total) as u64,
        };
        let range = ledger.outputs(tx);
        let coinjoin = {
            let mut wave: Vec<u32> = vec![tx];
            (0..3).any(|_| {
                let hit = wave.iter().any(|t| kinds[*t as usize].is_coinjoin());
                let before = |t: &u32| ledger.sources(*t).collect::<Vec<_>>();
                wave = wave
                    .iter()
                    .flat_map(before)
                    .filter_map(|s| match s {
                        Source::Output(o) => Some(ledger.tx_of_output(o)),
                        Source::External(_) => None,
                    })
                    .collect();
                wave.sort_unstable();
                wave.dedup();
                hit
            })
        };
        for (vout, output) in range.enumerate() {
            let owner = truth.owners.get(vout).copied().flatten();
            let kind = owner.map(&kind_of);
            mixed[output as usize] = share;
            private[output as usize] =
                matches!(kind, None | Some(OwnerKind::User | OwnerKind::Ransomware | OwnerKind::Hacker));
            let received = kind == Some(OwnerKind::Exchange) && matches!(truth.kind, TxKind::Deposit | TxKind::Peel);
            if !received || Some(vout as u32) == truth.change {
                continue;
            }
            let customer = format!("chain-{}", events.len());
            let time = ledger.block_at(block.height).map_or(0, |b| b.header.time() as i64);
            let mut event =
                Event::new(EventKind::Deposit, format!("{CHAIN_DEPOSIT}{}", events.len()), time, customer.clone());
            event.asset = Some("BTC".into());
            event.amount = Some(Amount(ledger.value(output) as u128));
            // 50,000.00 a coin.
            event.value = Some(ledger.value(output) / 20);
            event.tx = Some(holdfast_chain::display_hash(&truth.txid));
            event.output = Some(vout as u32);
            let mut case = |typology| cases.push(Case { typology, customers: vec![customer.clone()] });
            if truth.kind == TxKind::Peel && depths[tx as usize] >= 4 {
                case(Typology::PeelChain);
            }
            if share >= WHOLE / 4 {
                case(Typology::MixerExposure);
            }
            if coinjoin {
                case(Typology::CoinjoinExposure);
            }
            events.push(event);
        }
    }
    (events, cases)
}
