//! Ordinary lives: what every customer does, whether or not something happens to them. Much of it looks like a typology and is none.

use super::people::{Habit, Person, another_habit};
use super::records::{Action, CustomerType, Direction, Status};
use super::{Builder, Pay, Session};
use super::{DAY, HOUR};

/// Addresses outside that many customers deal with.
struct Town {
    /// Other exchanges' hot wallets.
    hot: Vec<String>,
    /// Shops and services, with the time of opening.
    shops: Vec<(i64, String)>,
    /// Mining pools and faucets.
    pools: Vec<String>,
    /// Who gives coins away to be known.
    promoters: Vec<String>,
}

impl Builder {
    /// Lets everybody live from signup, or the first day, to the last day.
    pub(super) fn lives(&mut self, people: &mut [Person]) {
        let start = self.options.start;
        let middle = start + i64::from(self.options.days) * DAY / 3;
        let town = Town {
            hot: (0..12).map(|_| self.address()).collect(),
            shops: (0..14).map(|n| (if n < 12 { start - DAY } else { middle }, self.address())).collect(),
            pools: (0..4).map(|_| self.address()).collect(),
            promoters: (0..3).map(|_| self.address()).collect(),
        };
        for p in people.iter_mut() {
            self.begin(p);
            self.change_things(p);
            self.habit(p, &town);
            self.chances(p, &town);
            self.strays(p, &town);
            // Everybody looks in at the end.
            let time = self.moment(self.end() - 2 * DAY, self.end());
            let session = p.session(&mut self.random, time);
            self.account(p, time, Action::Login, &session);
        }
        self.loans(people);
    }

    fn begin(&mut self, p: &Person) {
        if p.created >= self.options.start {
            let session = Session { device: p.phone(p.from).into(), ip: p.home.clone(), country: Some(p.country) };
            self.account(p, p.created, Action::Signup, &session);
            let time = p.created + self.random.seconds(200, 3_000);
            self.check_identity(p, time, &p.document, &session);
        }
        let time = self.moment(p.from + HOUR, p.from + 2 * DAY);
        let session = p.session(&mut self.random, time);
        self.account(p, time, Action::Login, &session);
    }

    /// New phones, passwords, wallets; failed logins; journeys.
    fn change_things(&mut self, p: &mut Person) {
        let (from, end) = (p.from + 2 * DAY, self.end() - DAY);
        if self.random.permille(90) {
            let time = self.moment(from, end);
            let phone = format!("dev-{}", self.hex(12));
            p.phones.push((time, phone));
            let session = Session { device: p.phone(time).into(), ip: p.home.clone(), country: Some(p.country) };
            self.account(p, time, Action::Login, &session);
            if self.random.permille(300) {
                let change = *self.random.pick(&[Action::PasswordChange, Action::TwoFactorChange, Action::PhoneChange]);
                let later = time + self.random.seconds(100, 30_000);
                self.account(p, later, change, &session);
                // A few pay somebody new just then.
                if self.random.permille(120) {
                    let to = self.address();
                    let value = self.value(p.scale, false);
                    let then = later + self.random.seconds(HOUR, DAY);
                    self.withdraw_from(p, then, &to, value, &session);
                }
            }
        }
        if self.random.permille(60) {
            let time = self.moment(from, end);
            let session = self.session(p, time);
            let change = *self.random.pick(&[Action::PasswordChange, Action::TwoFactorChange, Action::EmailChange]);
            self.account(p, time, change, &session);
        }
        if self.random.permille(150) {
            let time = self.moment(from, end);
            let wallet = self.address();
            p.wallets.push((time, wallet));
        }
        if self.random.permille(120) {
            let time = self.moment(from, end);
            let session = p.session(&mut self.random, time);
            for n in 0..self.random.amount(1, 6).cast_signed() {
                self.account(p, time + n * 40, Action::LoginFailed, &session);
            }
        }
        if self.random.permille(60) {
            let time = self.moment(from, end);
            let country = *self.random.pick(&["PT", "TR", "TH", "US", "HR", "EG", "AE"]);
            let session = Session { device: p.phone(time).into(), ip: self.ip(), country: Some(country) };
            for _ in 0..self.random.between(1, 4) {
                let later = time + self.random.seconds_below(5 * DAY);
                self.account(p, later.min(self.end()), Action::Login, &session);
            }
        }
        p.phones.sort();
    }

    fn times(&mut self, p: &Person, many: u64, tail: i64) -> Vec<i64> {
        let (from, to) = (p.from + 6 * HOUR, self.end() - tail);
        let mut times: Vec<i64> = (0..many).map(|_| self.moment(from, to.max(from + DAY))).collect();
        times.sort_unstable();
        times
    }

    fn habit(&mut self, p: &Person, town: &Town) {
        match p.habit {
            Habit::Merchant | Habit::Payroll | Habit::Treasury | Habit::Broker => self.company(p, town),
            Habit::Saver => self.saver(p),
            Habit::Sleeper => {
                for time in self.times(p, p.episodes / 4, DAY) {
                    let session = p.session(&mut self.random, time);
                    self.account(p, time, Action::Login, &session);
                }
            }
            _ => {
                for time in self.times(p, p.episodes, 3 * DAY) {
                    self.episode(p, time, town);
                }
            }
        }
    }

    fn episode(&mut self, p: &Person, time: i64, town: &Town) {
        let value = self.value(p.scale, true);
        let later = |b: &mut Builder, from: i64, to: i64| time + b.random.seconds(from, to);
        // Nobody does the same thing always.
        let habit = if self.random.permille(300) { another_habit(&mut self.random) } else { p.habit };
        match habit {
            Habit::Keeper => {
                self.bank(p, time, value);
                if self.random.permille(120) {
                    let part = self.share(value, 20, 90);
                    self.pay_out(p, time + 20 * HOUR, part);
                }
            }
            Habit::CardBuyer => self.by_card(p, time, value),
            Habit::Mover => {
                self.bank(p, time, value);
                let part = self.share(value, 50, 99);
                let then = later(self, 1_800, 4 * DAY);
                let to = self.own_or_other(p, then);
                self.withdraw(p, then, &to, part);
            }
            Habit::Trader => {
                let from = match self.random.permille(500) {
                    true => self.random.pick(&town.hot).clone(),
                    false => p.wallet(time).to_owned(),
                };
                self.deposit(p, time, &from, value);
                let then = later(self, 600, 40 * HOUR);
                let part = self.share(value, 30, 108);
                if self.random.permille(750) {
                    let to = p.wallet(then).to_owned();
                    self.withdraw(p, then, &to, part);
                } else {
                    self.pay_out(p, then, part);
                }
            }
            Habit::Spender => {
                if self.random.permille(350) {
                    self.bank(p, time - 3 * HOUR, value);
                }
                let open: Vec<String> = town.shops.iter().filter(|s| s.0 <= time).map(|s| s.1.clone()).collect();
                let to = if self.random.permille(700) {
                    self.random.pick(&open).clone()
                } else {
                    self.own_or_other(p, time)
                };
                self.withdraw(p, time, &to, (value / 3).clamp(500, 90_000));
            }
            Habit::Freelancer => {
                let from = self.address();
                self.deposit(p, time, &from, value);
                if self.random.permille(400) {
                    let part = self.share(value, 40, 100);
                    let then = later(self, 3_600, 3 * DAY);
                    self.pay_out(p, then, part);
                }
            }
            Habit::Miner => {
                let from = self.random.pick(&town.pools).clone();
                for n in 0..self.random.between(1, 3).cast_signed() {
                    // Pools pay tiny amounts, too.
                    let drawn = self.random.amount(20, 6_000);
                    self.deposit(p, time + n * DAY, &from, drawn);
                }
                if self.random.permille(200) {
                    self.pay_out(p, time + 10 * HOUR, value.min(20_000));
                }
            }
            _ => {
                let from = p.wallet(time).to_owned();
                self.deposit(p, time, &from, value);
                let then = later(self, 900, 30 * HOUR);
                let part = self.share(value, 60, 99);
                self.pay_out(p, then, part);
            }
        }
    }

    /// Mostly the own wallet; sometimes a friend or somebody never paid before.
    fn own_or_other(&mut self, p: &Person, time: i64) -> String {
        if self.random.permille(880) { p.wallet(time).to_owned() } else { self.address() }
    }

    fn by_card(&mut self, p: &Person, time: i64, value: u64) {
        let card = self.random.pick(&p.cards).clone();
        let value = value.min(150_000);
        if self.random.permille(110) {
            for n in 0..self.random.between(1, 3).cast_signed() {
                let declined = Pay { status: Status::Declined, ..Pay::card(&card, value) };
                self.payment(p, time - 200 + n * 60, Direction::In, &declined);
            }
        }
        let country = self.random.permille(25).then_some("LT");
        self.payment(p, time, Direction::In, &Pay { country, ..Pay::card(&card, value) });
        if self.random.permille(8) {
            let back = Pay { status: Status::Chargeback, ..Pay::card(&card, value) };
            self.payment(p, time + 9 * DAY, Direction::In, &back);
        }
        if self.random.permille(350) {
            let then = time + self.random.seconds(1_800, 5 * DAY);
            let to = self.own_or_other(p, then);
            let part = self.share(value, 40, 98);
            self.withdraw(p, then, &to, part);
        }
    }

    /// Every week or fortnight from the bank to the own wallet; some raise what they put aside.
    fn saver(&mut self, p: &Person) {
        let every = if self.random.permille(500) { 7 } else { 14 };
        let raise = if self.random.permille(250) { self.random.between(5, 30) } else { 0 };
        let mut value = (p.scale / 2).max(5_000);
        let mut time = p.from + self.random.seconds_below(7 * DAY);
        while time < self.end() - DAY {
            self.bank(p, time, value);
            let then = time + self.random.seconds(1_800, 30 * HOUR);
            let to = p.wallet(then).to_owned();
            let part = self.share(value, 85, 99);
            self.withdraw(p, then, &to, part);
            value += value * self.random.below(raise + 1) / 100;
            time += every * DAY + self.random.seconds_below(DAY);
        }
    }

    fn company(&mut self, p: &Person, town: &Town) {
        let scale = p.scale.max(20_000);
        match p.habit {
            Habit::Merchant => {
                for time in self.times(p, p.episodes * 3, DAY) {
                    let from = self.address();
                    let value = self.value(scale / 2, false);
                    self.deposit(p, time, &from, value);
                }
                for time in self.times(p, (p.episodes / 3).max(1), 2 * DAY) {
                    let value = self.value(scale * 3, false);
                    self.pay_out(p, time, value);
                }
            }
            Habit::Payroll => {
                let staff: Vec<String> = (0..self.random.between(3, 18)).map(|_| self.address()).collect();
                let mut time = p.from + self.random.between(1, 12).cast_signed() * DAY;
                while time < self.end() - DAY {
                    let from = self.random.pick(&town.hot).clone();
                    self.deposit(p, time - HOUR, &from, 260_000 * staff.len() as u64);
                    for (i, to) in (0i64..).zip(&staff) {
                        let value = 180_000 + self.random.below(120_000);
                        self.withdraw(p, time + i * 60, to, value);
                    }
                    time += 30 * DAY;
                }
            }
            Habit::Treasury => {
                for time in self.times(p, (p.episodes / 2).max(1), 4 * DAY) {
                    let value = self.value(scale * 2, true);
                    self.bank(p, time, value);
                    if self.random.permille(600) {
                        let then = time + self.random.seconds(3_600, 3 * DAY);
                        let to = p.wallet(then).to_owned();
                        let part = self.share(value, 60, 99);
                        self.withdraw(p, then, &to, part);
                    }
                }
            }
            _ => {
                // Clients pay in; the coins go to wallets of their own.
                for time in self.times(p, p.episodes * 2, 2 * DAY) {
                    let (payer, to) = (format!("bank-{}", self.hex(12)), self.address());
                    let value = self.value(scale, true);
                    self.third(p, time, &payer, value);
                    let then = time + self.random.seconds(1_800, DAY);
                    let part = self.share(value, 93, 99);
                    self.withdraw(p, then, &to, part);
                }
            }
        }
    }

    /// What happens to anybody once in a while.
    fn chances(&mut self, p: &Person, town: &Town) {
        let (from, end) = (p.from + DAY, self.end() - 6 * DAY);
        let person = p.kind == CustomerType::Individual;
        if self.random.permille(12) {
            // A house is sold: the bank's daily limit makes the parts.
            let time = self.moment(from, end);
            for n in 0..self.random.between(2, 5).cast_signed() {
                let value = self.random.between(140, 300) * 5_000;
                let gap = self.random.seconds(HOUR, 30 * HOUR);
                self.bank(p, time + n * gap, value);
            }
        }
        if self.random.permille(15) {
            // Everything from the old wallet to a new one, here in between.
            let time = self.moment(from, end);
            let (old, new, value) = (p.wallet(time).to_owned(), self.address(), self.value(p.scale * 3, false));
            if self.random.permille(600) {
                let earlier = (time - self.random.between(1, 20).cast_signed() * DAY).max(p.from);
                self.deposit(p, earlier, &old, value / 5);
            }
            self.deposit(p, time, &old, value);
            let then = time + self.random.seconds(1_200, 20 * HOUR);
            let part = self.share(value, 80, 100);
            self.withdraw(p, then, &new, part);
        }
        if self.random.permille(20) {
            // A hardware wallet arrived.
            let time = self.moment(from, end);
            let (new, value) = (self.address(), self.value(p.scale * 2, true));
            self.bank(p, time, value);
            let then = time + self.random.seconds(5 * HOUR, 5 * DAY);
            if self.random.permille(300) {
                self.withdraw(p, then - HOUR, &new, 2_000);
            }
            let part = self.share(value, 90, 99);
            self.withdraw(p, then, &new, part);
        }
        if person && self.random.permille(10) {
            self.gifts(p, from, end);
        }
        if person && self.random.permille(14) {
            self.crowd(p, from, end);
        }
        if self.random.permille(40) {
            let time = self.moment(from, end);
            let from = self.random.pick(&town.hot).clone();
            self.deposit(p, time, &from, 50);
        }
        if person && self.random.permille(15) {
            // Trust in something new grows.
            let (mut time, to) = (self.moment(from, end - 10 * DAY), self.address());
            let mut value = self.value(p.scale, true);
            for _ in 0..self.random.between(2, 4) {
                self.bank(p, time, value);
                let then = time + self.random.seconds(3_600, 2 * DAY);
                let part = self.share(value, 72, 98);
                self.withdraw(p, then, &to, part);
                value = self.share(value, 70, 170);
                time += self.random.between(2, 9).cast_signed() * DAY;
            }
        }
    }

    /// Small things that come to anybody: refunds, gifts, worthless coins; a login from another computer.
    fn strays(&mut self, p: &Person, town: &Town) {
        let (from, end) = (p.from + HOUR, self.end() - HOUR);
        if self.random.permille(450) {
            for _ in 0..self.random.amount(1, 6) {
                let (time, other, value) = (self.moment(from, end), self.address(), self.random.amount(1, 30_000));
                self.deposit(p, time, &other, value);
            }
        }
        if self.random.permille(150) {
            let (time, value) = (self.moment(from, end), self.random.amount(100, 3_000));
            let promoter = self.random.pick(&town.promoters).clone();
            self.deposit(p, time, &promoter, value);
        }
        if self.random.permille(250) {
            let (time, to) = (self.moment(from, end), self.address());
            let value = self.value(p.scale, false);
            self.withdraw(p, time, &to, value);
        }
        if self.random.permille(250) {
            let time = self.moment(from, end);
            let session = Session { device: format!("dev-{}", self.hex(12)), ip: self.ip(), country: Some(p.country) };
            self.account(p, time, Action::Login, &session);
        }
    }

    /// A wedding or a shared flat: others pay in; most keep it, some move it on.
    fn gifts(&mut self, p: &Person, from: i64, end: i64) {
        let time = self.moment(from, end);
        let mut sum = 0;
        for _ in 0..self.random.between(2, 5) {
            let payer = format!("bank-{}", self.hex(12));
            let value = self.random.amount(1, 10) * 10_000;
            let then = time + self.random.seconds_below(5 * DAY);
            self.third(p, then, &payer, value);
            sum += value;
        }
        if self.random.permille(300) {
            let then = time + self.random.between(5, 9).cast_signed() * DAY;
            let to = p.wallet(then).to_owned();
            let part = self.share(sum, 40, 100);
            self.withdraw(p, then, &to, part);
        }
    }

    /// An artist is tipped by many, or somebody sends presents to many.
    fn crowd(&mut self, p: &Person, from: i64, end: i64) {
        let (time, tips) = (self.moment(from, end), self.random.permille(500));
        let span = self.random.between(1, 5).cast_signed() * DAY;
        for _ in 0..self.random.between(4, 11) {
            let (other, value) = (self.address(), self.random.amount(500, 20_000));
            let then = time + self.random.seconds_below(span);
            if tips {
                self.deposit(p, then, &other, value);
            } else {
                self.withdraw(p, then, &other, value);
            }
        }
    }

    /// Friends lend each other money and pay it back, from wallet to wallet.
    fn loans(&mut self, people: &[Person]) {
        for _ in 0..people.len() / 400 {
            let (a, b) = (self.random.pick(people).clone(), self.random.pick(people).clone());
            let from = a.from.max(b.from) + DAY;
            if a.id == b.id || from + 12 * DAY > self.end() {
                continue;
            }
            let time = self.moment(from, self.end() - 11 * DAY);
            let value = self.random.amount(10_000, 200_000);
            let (of_a, of_b) = (a.wallet(time).to_owned(), b.wallet(time).to_owned());
            self.withdraw(&a, time, &of_b, value);
            self.deposit(&b, time + 4 * HOUR, &of_b, value);
            let back = time + self.random.between(2, 10).cast_signed() * DAY;
            self.withdraw(&b, back, &of_a, value);
            self.deposit(&a, back + 2 * HOUR, &of_a, value);
        }
    }
}
