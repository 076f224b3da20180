//! Fraud: imitated addresses, stolen cards, fake accounts, takeovers, scams.

use super::{Variant, Who};
use crate::exchange::Pattern;
use crate::exchange::people::Person;
use crate::exchange::records::{Action, Activity, Direction, Status};
use crate::exchange::{Builder, Pay, Session};
use crate::exchange::{DAY, HOUR};

const fn tuned(typology: Pattern, name: &'static str, plant: fn(&mut Builder, &[Person], i64)) -> Variant {
    Variant { typology, name, held_out: false, who: Who::Individual, people: (1, 1), span_days: 4, plant }
}

const fn held_out(typology: Pattern, name: &'static str, plant: fn(&mut Builder, &[Person], i64)) -> Variant {
    Variant { held_out: true, ..tuned(typology, name, plant) }
}

pub(super) const VARIANTS: &[Variant] = &[
    Variant { who: Who::Anybody, ..tuned(Pattern::AddressPoisoning, "zero_value", zero_value) },
    Variant { who: Who::Anybody, span_days: 11, ..tuned(Pattern::AddressPoisoning, "tiny_value", tiny_value) },
    Variant {
        who: Who::Anybody,
        ..held_out(Pattern::AddressPoisoning, "cheap_likeness_unseen", cheap_likeness_unseen)
    },
    tuned(Pattern::CardCashOut, "stolen_cards", stolen_cards),
    tuned(Pattern::CardCashOut, "third_party_card", third_party_card),
    held_out(Pattern::CardCashOut, "tested_cards", tested_cards),
    Variant { who: Who::Fresh, people: (5, 7), ..tuned(Pattern::FakeAccountRing, "one_device", one_device) },
    Variant { who: Who::Aged, people: (3, 5), ..tuned(Pattern::FakeAccountRing, "one_document", one_document) },
    Variant {
        who: Who::Aged,
        people: (5, 7),
        span_days: 8,
        ..held_out(Pattern::FakeAccountRing, "bought_accounts_one_payee", bought_accounts_one_payee)
    },
    tuned(Pattern::AccountTakeover, "new_password", new_password),
    tuned(Pattern::AccountTakeover, "swapped_phone", swapped_phone),
    held_out(Pattern::AccountTakeover, "stuffed_credentials", stuffed_credentials),
    Variant { span_days: 12, ..tuned(Pattern::ScamVictim, "growing_to_one_address", growing_to_one_address) },
    Variant {
        people: (3, 4),
        span_days: 11,
        ..tuned(Pattern::ScamVictim, "several_to_one_address", several_to_one_address)
    },
    Variant {
        span_days: 21,
        ..held_out(Pattern::ScamVictim, "platform_with_new_addresses", platform_with_new_addresses)
    },
];

/// Returns an address with the same first and last hex digits as another.
fn alike(b: &mut Builder, known: &str, first: usize, last: usize) -> String {
    let middle = b.hex(40 - first - last);
    format!("{}{middle}{}", &known[..2 + first], &known[42 - last..])
}

/// Returns a payee that the customer paid before, days ago.
fn payee(b: &mut Builder, p: &Person, time: i64) -> (String, u64) {
    let usual = b.value(p.scale, false).max(25_000);
    let (known, value) = (b.address(), b.share(usual, 80, 120));
    let before = time - b.hours(30, 44);
    b.withdraw(p, before, &known, value);
    (known, value)
}

fn zero_value(b: &mut Builder, who: &[Person], time: i64) {
    let (known, value) = payee(b, &who[0], time);
    let fake = alike(b, &known, 4, 4);
    let then = time - b.hours(2, 20);
    b.deposit(&who[0], then, &fake, 0);
    let part = b.share(value, 70, 140);
    b.withdraw(&who[0], time, &fake, part);
}

fn tiny_value(b: &mut Builder, who: &[Person], time: i64) {
    let (known, value) = payee(b, &who[0], time);
    let fake = alike(b, &known, 5, 4);
    let drawn = 1 + b.random.below(80);
    b.deposit(&who[0], time, &fake, drawn);
    let then = time + b.hours(50, 240);
    let part = b.share(value, 70, 140);
    b.withdraw(&who[0], then, &fake, part);
}

/// The poison came to the customer's own wallet, so that nothing of it is seen here; fewer digits agree.
fn cheap_likeness_unseen(b: &mut Builder, who: &[Person], time: i64) {
    let (known, value) = payee(b, &who[0], time);
    let (first, last) = (b.random.count(3, 4), b.random.count(4, 6));
    let fake = alike(b, &known, first, last);
    let part = b.share(value, 70, 140);
    b.withdraw(&who[0], time, &fake, part);
}

fn card(b: &mut Builder) -> String {
    format!("card-{}", b.hex(12))
}

fn charged_back(b: &mut Builder, p: &Person, time: i64, card: &str, value: u64) {
    let then = time + b.random.between(5, 30).cast_signed() * DAY;
    // Everybody looks in on the last two days, after their case.
    if then < b.end() - 2 * DAY {
        b.payment(p, then, Direction::In, &Pay { status: Status::Chargeback, ..Pay::card(card, value) });
    }
}

fn stolen_cards(b: &mut Builder, who: &[Person], mut time: i64) {
    let (p, to, mut sum) = (&who[0], b.address(), 0);
    let mut last = (String::new(), 0);
    for _ in 0..b.random.between(3, 5) {
        let (card, value) = (card(b), b.random.amount(15_000, 90_000));
        b.card(p, time, &card, value);
        sum += value;
        time += b.random.seconds(300, 3_600);
        last = (card, value);
    }
    let (then, part) = (time + b.hours(1, 8), b.share(sum, 80, 98));
    b.withdraw(p, then, &to, part);
    charged_back(b, p, then, &last.0, last.1);
}

fn third_party_card(b: &mut Builder, who: &[Person], mut time: i64) {
    let (p, to, card, mut sum) = (&who[0], b.address(), card(b), 0);
    for _ in 0..b.random.between(2, 4) {
        let value = b.random.amount(20_000, 90_000);
        b.payment(p, time, Direction::In, &Pay { third: true, ..Pay::card(&card, value) });
        sum += value;
        time += b.random.seconds(600, 9_000);
    }
    let (then, part) = (time + b.hours(1, 20), b.share(sum, 75, 98));
    b.withdraw(p, then, &to, part);
    let part = b.share(sum, 25, 60);
    charged_back(b, p, then, &card, part);
}

/// Two cards are tried with small amounts until they work; the coins leave in parts over a day.
fn tested_cards(b: &mut Builder, who: &[Person], mut time: i64) {
    let (p, cards, mut sum) = (&who[0], [card(b), card(b)], 0);
    for n in 0..b.random.between(3, 6) {
        let value = b.random.between(500, 3_000);
        let declined = Pay { status: Status::Declined, ..Pay::card(&cards[usize::from(n % 2 == 1)], value) };
        b.payment(p, time, Direction::In, &declined);
        time += b.random.seconds(60, 1_200);
    }
    for n in 0..b.random.between(3, 5) {
        let value = b.random.amount(15_000, 90_000);
        b.card(p, time, &cards[usize::from(n % 2 == 1)].clone(), value);
        sum += value;
        time += b.hours(1, 9);
    }
    let (to, then, parts) = (vec![b.address()], time + b.hours(2, 12), b.random.between(2, 3));
    let part = b.share(sum, 80, 97);
    b.drain(p, then, part, parts, 20 * HOUR, &to);
    let part = b.share(sum, 25, 60);
    charged_back(b, p, then, &cards[0], part);
}

/// Signed up one after the other on one device.
fn one_device(b: &mut Builder, who: &[Person], _: i64) {
    let device = format!("dev-{}", b.hex(12));
    let case = b.current;
    for draft in &mut b.drafts {
        let e = &mut draft.event;
        let Some(p) = who.iter().find(|p| p.id == e.customer) else { continue };
        let account = matches!(e.activity, Activity::Account(_));
        if account && (p.created..p.created + 2 * DAY).contains(&e.time) {
            if let Some(origin) = &mut e.origin {
                origin.device.clone_from(&device);
            }
            draft.case = case;
        }
    }
    for p in who {
        let time = p.created + b.hours(3, 40);
        let ip = b.ip();
        let session = Session { device: device.clone(), ip, country: Some(p.country) };
        b.account(p, time, Action::Login, &session);
    }
}

/// Older accounts renew their identity check with one document.
fn one_document(b: &mut Builder, who: &[Person], mut time: i64) {
    let document = format!("doc-{}", b.hex(12));
    for p in who {
        let session = b.session(p, time);
        b.check_identity(p, time, &document, &session);
        time += b.hours(1, 12);
    }
}

/// Accounts that were bought: two phones work them all, and all pay one address.
fn bought_accounts_one_payee(b: &mut Builder, who: &[Person], time: i64) {
    let phones = [format!("dev-{}", b.hex(12)), format!("dev-{}", b.hex(12))];
    let to = b.address();
    for (n, p) in who.iter().enumerate() {
        let session = Session { device: phones[n % 2].clone(), ip: b.ip(), country: Some(p.country) };
        let begin = time + b.hours(0, 130);
        b.account(p, begin, Action::Login, &session);
        let value = b.random.amount(20_000, 150_000);
        b.bank(p, begin + HOUR, value);
        let then = begin + b.hours(2, 30);
        let part = b.share(value, 80, 98);
        b.withdraw_from(p, then, &to, part, &session);
    }
}

fn thief(b: &mut Builder, p: &Person) -> Session {
    let country =
        if b.random.permille(400) { Some(p.country) } else { Some(*b.random.pick(&["RO", "NG", "US", "TR"])) };
    Session { device: format!("dev-{}", b.hex(12)), ip: b.ip(), country }
}

fn new_password(b: &mut Builder, who: &[Person], time: i64) {
    let (p, to) = (&who[0], b.address());
    let session = thief(b, p);
    b.account(p, time, Action::Login, &session);
    let change = *b.random.pick(&[Action::PasswordChange, Action::TwoFactorChange, Action::EmailChange]);
    let then = time + b.random.seconds(100, 3_000);
    b.account(p, then, change, &session);
    let mut then = then + b.random.seconds(900, 70_000);
    let mut value = (p.scale * b.random.between(1, 4)).max(25_000);
    for _ in 0..b.random.between(1, 3) {
        value = b.share(value, 80, 120);
        b.withdraw_from(p, then, &to, value, &session);
        then += b.random.seconds(300, 9_000);
    }
}

/// The number was moved to another card; the next day the money goes.
fn swapped_phone(b: &mut Builder, who: &[Person], time: i64) {
    let (p, to) = (&who[0], b.address());
    let session = thief(b, p);
    b.account(p, time, Action::Login, &session);
    b.account(p, time + 300, Action::PhoneChange, &session);
    b.account(p, time + 900, Action::TwoFactorChange, &session);
    let then = time + b.hours(12, 40);
    let usual = (p.scale * b.random.between(2, 5)).max(35_000);
    let value = b.share(usual, 80, 120);
    b.withdraw_from(p, then, &to, value, &session);
}

/// Passwords from a leak are tried until one works; nothing is changed, an address is added, the money goes.
fn stuffed_credentials(b: &mut Builder, who: &[Person], mut time: i64) {
    let (p, to) = (&who[0], b.address());
    let session = thief(b, p);
    for _ in 0..b.random.between(3, 10) {
        b.account(p, time, Action::LoginFailed, &session);
        time += b.random.seconds(2, 400);
    }
    b.account(p, time, Action::Login, &session);
    let added = if b.random.permille(700) { Action::AddressAdded } else { Action::ApiKeyCreated };
    b.account(p, time + 240, added, &session);
    let mut value = (p.scale * b.random.between(1, 4)).max(25_000);
    time += b.random.seconds(600, 9_000);
    for _ in 0..b.random.between(2, 3) {
        value = b.share(value, 80, 120);
        b.withdraw_from(p, time, &to, value, &session);
        time += b.random.seconds(200, 5_000);
    }
}

fn growing_to_one_address(b: &mut Builder, who: &[Person], mut time: i64) {
    let (p, to) = (&who[0], b.address());
    let mut value = b.random.amount(40_000, 200_000);
    for _ in 0..b.random.between(3, 4) {
        let paid_in = b.share(value, 102, 138);
        b.bank(p, time, paid_in);
        let then = time + b.hours(1, 10);
        b.withdraw(p, then, &to, value);
        value = b.share(value, 130, 190);
        time += b.hours(18, 70);
    }
}

fn several_to_one_address(b: &mut Builder, who: &[Person], time: i64) {
    let to = b.address();
    for p in who {
        let mut then = time + b.hours(0, 200);
        for _ in 0..b.random.between(1, 2) {
            let value = b.random.amount(55_000, 700_000);
            let paid_in = b.share(value, 102, 138);
            b.bank(p, then, paid_in);
            then += b.hours(1, 20);
            b.withdraw(p, then, &to, value);
        }
    }
}

/// A sham platform gives a new address for every payment; each is larger than the one before.
fn platform_with_new_addresses(b: &mut Builder, who: &[Person], mut time: i64) {
    let p = &who[0];
    let mut value = b.random.amount(40_000, 200_000);
    for _ in 0..b.random.between(3, 5) {
        let to = b.address();
        let paid_in = b.share(value, 102, 138);
        if b.random.permille(700) {
            b.bank(p, time, paid_in);
        } else {
            b.card(p, time, &p.cards[0].clone(), paid_in);
        }
        let then = time + b.hours(1, 20);
        b.withdraw(p, then, &to, value);
        value = b.share(value, 140, 220);
        time += b.hours(30, 100);
    }
}
