//! Customers: who they are, what they own. Nothing here depends on whether somebody takes part in a case.

use super::DAY;
use super::records::{Customer, CustomerType, IdentityCheck};
use super::{Builder, Session};
use crate::random::Random;

/// What a customer mostly does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Habit {
    /// Buys by bank and holds.
    Keeper,
    /// Buys by card.
    CardBuyer,
    /// Buys and moves to the own wallet.
    Mover,
    /// In and out, again and again.
    Trader,
    /// Pays shops, services and friends.
    Spender,
    /// The same every week, sometimes more.
    Saver,
    /// Is paid in coins by clients.
    Freelancer,
    /// Is paid by a pool, often tiny amounts.
    Miner,
    /// Brings coins and takes money.
    Seller,
    /// Logs in now and then.
    Sleeper,
    /// A business: many payers.
    Merchant,
    /// A business: the same people every month.
    Payroll,
    /// A business that keeps reserves in coins.
    Treasury,
    /// A business that buys for its clients.
    Broker,
}

const PERSONS: &[(Habit, u64)] = &[
    (Habit::Keeper, 190),
    (Habit::CardBuyer, 140),
    (Habit::Mover, 150),
    (Habit::Trader, 110),
    (Habit::Spender, 100),
    (Habit::Saver, 80),
    (Habit::Freelancer, 60),
    (Habit::Miner, 50),
    (Habit::Seller, 60),
    (Habit::Sleeper, 60),
];

const COMPANIES: &[(Habit, u64)] =
    &[(Habit::Merchant, 450), (Habit::Payroll, 250), (Habit::Treasury, 250), (Habit::Broker, 50)];

const COUNTRIES: &[(&str, u64)] = &[
    ("DE", 260),
    ("FR", 130),
    ("GB", 120),
    ("ES", 110),
    ("IT", 90),
    ("NL", 70),
    ("PL", 60),
    ("US", 50),
    ("AT", 40),
    ("BR", 40),
    ("MX", 30),
];

pub(super) const INDUSTRIES: &[&str] = &["retail", "software", "logistics", "health", "hospitality", "manufacturing"];

pub(super) fn another_habit(random: &mut Random) -> Habit {
    draw(random, PERSONS)
}

fn draw<T: Copy>(random: &mut Random, weights: &[(T, u64)]) -> T {
    let mut at = random.below(weights.iter().map(|w| w.1).sum());
    for (what, weight) in weights {
        if at < *weight {
            return *what;
        }
        at -= weight;
    }
    weights[0].0
}

/// A customer, with what only the simulation knows.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) id: String,
    pub(super) kind: CustomerType,
    pub(super) country: &'static str,
    pub(super) created: i64,
    /// Since when events are seen: signup, or the first day.
    pub(super) from: i64,
    pub(super) habit: Habit,
    /// Usual value of a movement, cents.
    pub(super) scale: u64,
    /// How much happens.
    pub(super) episodes: u64,
    /// Since when, fingerprint.
    pub(super) phones: Vec<(i64, String)>,
    pub(super) laptop: Option<String>,
    pub(super) home: String,
    pub(super) mobiles: Vec<String>,
    pub(super) banks: Vec<String>,
    pub(super) cards: Vec<String>,
    /// Since when, address.
    pub(super) wallets: Vec<(i64, String)>,
    pub(super) document: String,
}

fn at(things: &[(i64, String)], time: i64) -> &str {
    things.iter().rev().find(|t| t.0 <= time).or(things.first()).map_or("", |t| &t.1)
}

impl Person {
    pub(super) fn phone(&self, time: i64) -> &str {
        at(&self.phones, time)
    }

    pub(super) fn wallet(&self, time: i64) -> &str {
        at(&self.wallets, time)
    }

    pub(super) fn bank<'a>(&'a self, random: &mut Random) -> &'a str {
        random.pick::<String>(&self.banks)
    }

    pub(super) fn session(&self, random: &mut Random, time: i64) -> Session {
        let (device, ip) = match &self.laptop {
            Some(laptop) if random.permille(400) => (laptop.as_str(), &self.home),
            _ if random.permille(500) => (self.phone(time), &self.home),
            _ => (self.phone(time), random.pick::<String>(&self.mobiles)),
        };
        Session { device: device.to_owned(), ip: ip.clone(), country: Some(self.country) }
    }
}

impl Builder {
    pub(super) fn ip(&mut self) -> String {
        let part = |random: &mut Random| random.below(256);
        format!("10.{}.{}.{}", part(&mut self.random), part(&mut self.random), part(&mut self.random))
    }

    /// Makes customers with their records. Their numbers are drawn, not counted.
    pub(super) fn people(&mut self, many: usize) -> Vec<Person> {
        let mut numbers: Vec<u64> = (0u64..).take(many).map(|n| 1_000_000 + n * 7 + self.random.below(7)).collect();
        self.random.shuffle(&mut numbers);
        let campus = self.ip();
        let mut people: Vec<Person> = Vec::with_capacity(many);
        for number in numbers {
            let mut p = self.person(number);
            // Families and couples on one device, students on one address.
            if self.random.permille(35)
                && let Some(other) = people.last()
            {
                p.home.clone_from(&other.home);
                p.phones[0].1.clone_from(&other.phones[0].1);
            }
            if self.random.permille(15) {
                p.home.clone_from(&campus);
            }
            people.push(p);
        }
        // In the order of their numbers, as an exchange would list them.
        self.customers.sort_by(|a, b| a.id.cmp(&b.id));
        people
    }

    fn person(&mut self, number: u64) -> Person {
        let options = self.options;
        let id = format!("c{number}");
        let company = self.random.permille(80);
        // Half signed up while the exchange is watched, early enough to have a life here.
        let created = if self.random.permille(500) {
            let days = i64::from(options.days);
            let last = (days * 2 / 3).max(days - 20);
            options.start + self.random.seconds_below(last * DAY)
        } else {
            options.start - self.random.amount(1, 1_200).cast_signed() * DAY - self.random.seconds_below(DAY)
        };
        let habit = draw(&mut self.random, if company { COMPANIES } else { PERSONS });
        let mut scale = self.random.amount(4_000, 250_000);
        if self.random.permille(100) {
            scale *= 4;
        }
        let full = self.random.amount(2, 24);
        let from = created.max(options.start);
        let share = (self.end() - from) * 1_000 / (60 * DAY);
        let thing = |builder: &mut Builder, name: &str| format!("{name}-{}", builder.hex(12));
        let bank = thing(self, "bank");
        let card = thing(self, "card");
        let mut banks = vec![bank];
        let mut cards = vec![card];
        if self.random.permille(200) {
            banks.push(thing(self, "bank"));
        }
        if self.random.permille(250) {
            cards.push(thing(self, "card"));
        }
        let person = Person {
            kind: if company { CustomerType::Business } else { CustomerType::Individual },
            country: draw(&mut self.random, COUNTRIES),
            created,
            from,
            scale,
            habit,
            episodes: (full * share.cast_unsigned() / 1_000).max(1),
            phones: vec![(i64::MIN, thing(self, "dev"))],
            laptop: self.random.permille(450).then(|| thing(self, "dev")),
            home: self.ip(),
            mobiles: (0..self.random.amount(1, 6)).map(|_| self.ip()).collect(),
            banks,
            cards,
            wallets: vec![(i64::MIN, self.address())],
            document: thing(self, "doc"),
            id,
        };
        self.record(&person);
        person
    }

    fn record(&mut self, p: &Person) {
        let (birth_year, industry) = match p.kind {
            CustomerType::Individual => (Some(1940 + u16::try_from(self.random.below(66)).expect("below 66")), None),
            CustomerType::Business => (None, Some(*self.random.pick(INDUSTRIES))),
        };
        let rated = self.random.permille(700);
        let risk = rated.then(|| *self.random.pick(&["low", "low", "low", "low", "medium", "medium", "high"]));
        let check = IdentityCheck {
            id: format!("kyc-{}", self.hex(10)),
            level: if self.random.permille(150) { 1 } else { 2 },
            document: p.document.clone(),
        };
        self.customers.push(Customer {
            id: p.id.clone(),
            time: p.from,
            customer_type: p.kind,
            country: p.country,
            created: p.created,
            birth_year,
            industry,
            risk,
            identity_check: Some(check),
        });
    }
}
