//! A simulated exchange: customers, their ordinary lives, and cases of every typology that are hidden in them, with ground truth.
//!
//! Every customer is made by the same generators ([`people`], [`lives`]); [`cases`] then adds what happens to some of them. Records and
//! generic counts do not give a case away: `tests/it/exchange.rs` of desk/evaluation measures it. Ordinary lives hold what is easily mistaken: traders who pass
//! money through, families on one device, payrolls, savers who raise what they put aside, buyers who move everything to a new wallet,
//! friends who pay back a loan, weddings, artists who are tipped, new phones with new passwords.
//!
//! Each typology has variants; those that are held out were never used while thresholds were chosen, and are scored apart.

mod cases;
mod chain;
mod labels;
mod lives;
mod people;
pub mod records;
mod truth;

pub use chain::CHAIN_DEPOSIT;
pub use labels::{Label, Outcome, Source};
pub use truth::{Case, Pattern};

use crate::random::Random;
use people::Person;
use records::{
    AccountChange, Action, Activity, Customer, Deposit, Direction, Event, Method, Origin, Payment, Status, Withdrawal,
};
use serde::{Deserialize, Serialize};

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// Which variants of the typologies are planted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Variants {
    /// Tuned and held-out variants by turns.
    #[default]
    All,
    /// Only those that thresholds may be chosen on.
    Tuned,
    /// Only those that are held out.
    HeldOut,
}

/// What to simulate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// Same seed and sizes, same exchange.
    pub seed: u64,
    /// Customers without a case: 100 to 1 million. Those who take part in cases come on top, made alike.
    pub customers: u32,
    /// Days of traffic, 14 to 365.
    pub days: u32,
    /// Cases planted of each typology.
    pub cases: u32,
    /// Unix seconds of the first day.
    pub start: i64,
    /// Which variants are planted.
    pub variants: Variants,
}

impl Default for Options {
    fn default() -> Self {
        Options { seed: 1, customers: 2_000, days: 60, cases: 20, start: 1_780_000_000, variants: Variants::All }
    }
}

/// The whole exchange.
#[derive(Clone, Debug, Default)]
pub struct Exchange {
    /// Customers, by id.
    pub customers: Vec<Customer>,
    /// Events in order of time.
    pub events: Vec<Event>,
    /// Ground truth.
    pub cases: Vec<Case>,
    /// What the exchange's own people came to know: late, incomplete and sometimes wrong.
    pub labels: Vec<Label>,
}

/// Simulates.
///
/// # Errors
/// A message, when an option is out of bounds.
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
    let mut builder = Builder::new(options);
    let planned = cases::plan(&mut builder);
    let taking_part: usize = planned.iter().map(|p| p.people).sum();
    let mut people = builder.people(options.customers as usize + taking_part);
    builder.lives(&mut people);
    cases::plant(&mut builder, planned, people);
    let mut made = builder.finish();
    made.labels = labels::labels(&mut Random::new(options.seed ^ 0x6c61_6265_6c73), &made, options);
    Ok(made)
}

/// Cents to wei at 2,000.00 an ether.
fn wei(value: u64) -> u128 {
    u128::from(value) * 5_000_000_000_000
}

/// An event on its way into the exchange, with the case that it belongs to.
struct Draft {
    event: Event,
    case: Option<usize>,
}

/// Where a session comes from.
#[derive(Clone, Debug, Default)]
struct Session {
    device: String,
    ip: String,
    country: Option<&'static str>,
}

struct Builder {
    random: Random,
    options: Options,
    customers: Vec<Customer>,
    drafts: Vec<Draft>,
    cases: Vec<Case>,
    /// The case that is being planted.
    current: Option<usize>,
}

impl Builder {
    fn new(options: Options) -> Self {
        let random = Random::new(options.seed);
        Builder { random, options, customers: Vec::new(), drafts: Vec::new(), cases: Vec::new(), current: None }
    }

    fn end(&self) -> i64 {
        self.options.start + i64::from(self.options.days) * DAY
    }

    /// Unix seconds between two times, at the hours when people are awake.
    fn moment(&mut self, from: i64, to: i64) -> i64 {
        let mut time = from + self.random.seconds_below((to - from).max(1));
        if time.rem_euclid(DAY) < 5 * 3600 && self.random.permille(800) {
            time += 6 * 3600 + self.random.seconds_below(12 * 3600);
        }
        time.clamp(from, to.max(from))
    }

    fn hex(&mut self, digits: usize) -> String {
        let mut text = String::new();
        while text.len() < digits {
            text += &format!("{:016x}", self.random.bits());
        }
        text.truncate(digits);
        text
    }

    fn address(&mut self) -> String {
        format!("0x{}", self.hex(40))
    }

    /// Returns a value near a customer's usual one; payments by bank and card are often round.
    fn value(&mut self, scale: u64, round: bool) -> u64 {
        let value = self.share(scale, 40, 180);
        match round && self.random.permille(600) {
            true => (value / 5_000).max(1) * 5_000,
            false => value.max(100),
        }
    }

    /// Returns a share of a value, `least` to `most` hundredths. One that is the same in all cases of a kind would give them away.
    fn share(&mut self, value: u64, least: u64, most: u64) -> u64 {
        value * self.random.between(least * 100, most * 100) / 10_000
    }

    /// Adds something that happened, from no session.
    fn push(&mut self, p: &Person, time: i64, activity: Activity) {
        let customer = p.id.clone();
        let event = Event { id: String::new(), time, customer, origin: None, country: None, activity };
        self.drafts.push(Draft { event, case: self.current });
    }

    /// Adds something that was done in a session.
    fn push_from(&mut self, p: &Person, time: i64, activity: Activity, session: &Session, country: Option<&str>) {
        self.push(p, time, activity);
        if let Some(Draft { event, .. }) = self.drafts.last_mut() {
            event.origin = Some(Origin { device: session.device.clone(), ip: session.ip.clone() });
            event.country = country.map(str::to_owned);
        }
    }

    /// Returns a session on one of a customer's own devices; often it begins with a login that is seen.
    fn session(&mut self, p: &Person, time: i64) -> Session {
        let session = p.session(&mut self.random, time);
        if self.random.permille(450) {
            let ahead = self.random.seconds(20, 900);
            self.account(p, time - ahead, Action::Login, &session);
        }
        session
    }

    fn account(&mut self, p: &Person, time: i64, action: Action, session: &Session) {
        let change = AccountChange { action, document: None };
        self.push_from(p, time, Activity::Account(change), session, session.country);
    }

    fn check_identity(&mut self, p: &Person, time: i64, document: &str, session: &Session) {
        let change = AccountChange { action: Action::IdentityCheck, document: Some(document.to_owned()) };
        self.push_from(p, time, Activity::Account(change), session, None);
    }

    fn payment(&mut self, p: &Person, time: i64, direction: Direction, how: &Pay<'_>) {
        let session = self.session(p, time);
        let payment = Payment {
            value: how.value,
            method: how.method,
            direction,
            status: how.status,
            instrument: how.instrument.to_owned(),
            third_party: how.third,
        };
        self.push_from(p, time, Activity::Payment(payment), &session, how.country);
    }

    /// From the customer's own bank account.
    fn bank(&mut self, p: &Person, time: i64, value: u64) {
        let bank = p.bank(&mut self.random).to_owned();
        self.payment(p, time, Direction::In, &Pay::bank(&bank, value));
    }

    /// From somebody else's bank account.
    fn third(&mut self, p: &Person, time: i64, payer: &str, value: u64) {
        self.payment(p, time, Direction::In, &Pay { third: true, ..Pay::bank(payer, value) });
    }

    fn card(&mut self, p: &Person, time: i64, card: &str, value: u64) {
        self.payment(p, time, Direction::In, &Pay::card(card, value));
    }

    fn pay_out(&mut self, p: &Person, time: i64, value: u64) {
        let bank = p.bank(&mut self.random).to_owned();
        self.payment(p, time, Direction::Out, &Pay::bank(&bank, value));
    }

    fn withdraw(&mut self, p: &Person, time: i64, to: &str, value: u64) {
        let session = self.session(p, time);
        self.withdraw_from(p, time, to, value, &session);
    }

    fn withdraw_from(&mut self, p: &Person, time: i64, to: &str, value: u64, session: &Session) {
        let withdrawal = Withdrawal { asset: "ETH", amount: wei(value), value, counterparty: to.to_owned() };
        self.push_from(p, time, Activity::Withdrawal(withdrawal), session, None);
    }

    /// A deposit is not made from a session.
    fn deposit(&mut self, p: &Person, time: i64, from: &str, value: u64) {
        let deposit = Deposit {
            asset: "ETH",
            amount: wei(value),
            value,
            tx: format!("0x{}", self.hex(64)),
            output: 0,
            counterparty: Some(from.to_owned()),
            confirmations: Some(12),
        };
        self.push(p, time, Activity::Deposit(deposit));
    }

    /// Puts events in order and numbers them, so that a number does not show how an event came about.
    fn finish(mut self) -> Exchange {
        let key = |e: &Event| (e.time, e.customer.clone(), e.activity.order());
        self.drafts.sort_by_cached_key(|d| key(&d.event));
        let mut events = Vec::with_capacity(self.drafts.len());
        for (number, Draft { mut event, case }) in self.drafts.into_iter().enumerate() {
            event.id = format!("{}{:07}", event.activity.letter(), number + 1);
            if let Some(case) = case {
                let case = &mut self.cases[case];
                case.begun = if case.events.is_empty() { event.time } else { case.begun };
                case.ended = event.time;
                case.events.push(event.id.clone());
            }
            events.push(event);
        }
        self.cases.retain(|c| !c.events.is_empty());
        Exchange { customers: self.customers, events, cases: self.cases, labels: Vec::new() }
    }
}

/// How a payment is made.
struct Pay<'a> {
    method: Method,
    instrument: &'a str,
    value: u64,
    status: Status,
    third: bool,
    country: Option<&'a str>,
}

impl<'a> Pay<'a> {
    fn bank(instrument: &'a str, value: u64) -> Self {
        Pay { method: Method::Bank, instrument, value, status: Status::Settled, third: false, country: None }
    }

    fn card(instrument: &'a str, value: u64) -> Self {
        Pay { method: Method::Card, ..Pay::bank(instrument, value) }
    }
}
