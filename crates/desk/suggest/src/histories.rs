//! Accounts' own transactions as the user obtained them: one CSV file an account, as explorers of EVM chains export them.

use holdfast_models::Label;
use holdfast_models::accounts::AccountEvent;
use holdfast_types::{Address, Invalid, Timestamp};
use std::collections::{HashMap, HashSet};

/// Most accounts of a training.
pub const MAX_ACCOUNTS: usize = 100_000;
/// Largest file of one account, bytes.
pub const MAX_HISTORY: usize = 64 << 20;
/// Most transactions of all accounts together.
const MAX_TRANSACTIONS: usize = 50_000_000;

/// What amounts of a file count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AmountUnit {
    /// The chain's coin with decimals, such as 0.5 ether.
    #[default]
    Coin,
    /// Its base units, such as wei: as the interfaces of explorers answer.
    BaseUnits,
}

/// An account with its transactions.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    /// As the caller wrote it; empty where it was read elsewhere.
    pub(crate) address: String,
    /// Its number among all addresses read.
    pub(crate) number: u64,
    pub(crate) label: Label,
    pub(crate) events: Vec<AccountEvent>,
}

/// Accounts whose category somebody stated.
#[derive(Debug, Default)]
pub struct Histories {
    pub(crate) accounts: Vec<Account>,
    /// All addresses, of accounts and of who they dealt with, by number.
    numbers: HashMap<[u8; 20], u64>,
    labelled: HashSet<u64>,
    transactions: usize,
}

/// Where the columns of a file are.
struct Columns {
    time: usize,
    from: usize,
    to: usize,
    value: usize,
    /// Call data, where the file has it.
    input: Option<usize>,
    /// Whether the transaction failed.
    failed: usize,
}

impl Columns {
    fn of(header: &csv::StringRecord, file: &str) -> Result<Self, Invalid> {
        let place = |name: &str| header.iter().position(|cell| cell.trim().eq_ignore_ascii_case(name));
        let needed = |name: &str| {
            let text = || format!("has no column {name}: TimeStamp, From, To, Value and isError are needed");
            place(name).ok_or_else(|| Invalid::new(file, text()))
        };
        Ok(Columns {
            time: needed("timestamp")?,
            from: needed("from")?,
            to: needed("to")?,
            value: needed("value")?,
            input: place("input"),
            failed: needed("iserror")?,
        })
    }
}

fn evm(text: &str) -> Option<[u8; 20]> {
    match Address::read(text.trim()) {
        Address::Evm(account) => Some(account),
        _ => None,
    }
}

/// Reads an amount such as `0.5` or `1.65e-05` as base units; digits behind the last decimal are dropped.
fn base_units(text: &str, unit: AmountUnit) -> Option<u128> {
    let text = text.trim();
    let decimals = match unit {
        AmountUnit::BaseUnits => return text.parse().ok(),
        AmountUnit::Coin => 18,
    };
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let number: u128 = format!("{whole}{part}").parse().ok()?;
    let shift = exponent.checked_add(decimals)?.checked_sub(i32::try_from(part.len()).ok()?)?;
    match (10u128.checked_pow(shift.unsigned_abs()), shift >= 0) {
        (Some(power), true) => number.checked_mul(power),
        (Some(power), false) => Some(number / power),
        (None, true) => (number == 0).then_some(0),
        (None, false) => Some(0),
    }
}

/// Reads Unix seconds, which some tables write as `1548140219.0`.
fn time(text: &str) -> Option<Timestamp> {
    let (whole, part) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    part.bytes().all(|b| b == b'0').then(|| whole.parse().ok().map(Timestamp::from_unix))?
}

impl Histories {
    /// Adds an account from its file. An account that was read before, or a transaction that neither comes from nor goes to it, is refused: two labels of
    /// one account, or the history of another one, would be learned as the truth.
    ///
    /// # Errors
    /// [`Invalid`] names the file and the line.
    pub fn add(&mut self, address: &str, is_positive: bool, text: &str, unit: AmountUnit) -> Result<(), Invalid> {
        let account = evm(address).ok_or_else(|| {
            Invalid::new(
                address,
                "is no address of an EVM chain; a file is called ADDRESS.csv, 0x and 40 hexadecimal digits",
            )
        })?;
        if self.accounts.len() >= MAX_ACCOUNTS {
            return Err(Invalid::new(address, format!("more than {MAX_ACCOUNTS} accounts; leave some out")));
        }
        if text.len() > MAX_HISTORY {
            return Err(Invalid::new(address, format!("is larger than {MAX_HISTORY} bytes")));
        }
        let number = self.number(account);
        if !self.labelled.insert(number) {
            return Err(Invalid::new(
                address,
                "was read before, perhaps in the other folder; one account has one label",
            ));
        }
        let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
        let unread = |e: csv::Error| Invalid::new(address, e.to_string());
        let columns = Columns::of(reader.headers().map_err(unread)?, address)?;
        let mut events = Vec::new();
        for record in reader.records() {
            let record = record.map_err(unread)?;
            let line = record.position().map_or(0, csv::Position::line);
            self.transactions += 1;
            if self.transactions > MAX_TRANSACTIONS {
                return Err(Invalid::new(address, format!("more than {MAX_TRANSACTIONS} transactions in all files")));
            }
            let event = self.event(account, &record, &columns, unit);
            events.push(event.map_err(|what| Invalid::new(address, format!("line {line}: {what}")))?);
        }
        events.sort_by_key(|e| e.at);
        let label = if is_positive { Label::Positive } else { Label::Negative };
        self.accounts.push(Account { address: address.to_owned(), number, label, events });
        Ok(())
    }

    /// Adds an account whose payments were read elsewhere, under the numbers that the caller gave all accounts.
    pub(crate) fn add_read(&mut self, number: u64, is_positive: bool, events: Vec<AccountEvent>) {
        let label = if is_positive { Label::Positive } else { Label::Negative };
        self.accounts.push(Account { address: String::new(), number, label, events });
    }

    /// Returns the number of accounts.
    #[must_use]
    pub fn len(&self) -> usize {
        self.accounts.len()
    }

    /// Returns whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty()
    }

    /// Returns the transactions of an account in the order of time, by the order in which accounts were added.
    #[must_use]
    pub fn events(&self, account: usize) -> Option<&[AccountEvent]> {
        self.accounts.get(account).map(|a| a.events.as_slice())
    }

    fn number(&mut self, address: [u8; 20]) -> u64 {
        let next = self.numbers.len() as u64;
        *self.numbers.entry(address).or_insert(next)
    }

    fn event(
        &mut self,
        account: [u8; 20],
        record: &csv::StringRecord,
        columns: &Columns,
        unit: AmountUnit,
    ) -> Result<AccountEvent, &'static str> {
        let cell = |place: usize| record.get(place).unwrap_or_default();
        let at = time(cell(columns.time)).ok_or("TimeStamp is no Unix time in seconds")?;
        let amount_base_units = base_units(cell(columns.value), unit).ok_or("Value is no amount")?;
        let from = evm(cell(columns.from)).ok_or("From is no address of an EVM chain")?;
        // Without a receiver it creates a contract.
        let to = evm(cell(columns.to));
        let is_incoming = to == Some(account);
        if !is_incoming && from != account {
            return Err("neither From nor To is the account of the file's name");
        }
        let other = if is_incoming { Some(from) } else { to };
        let is_failed = match cell(columns.failed).trim() {
            "0" => false,
            "1" => true,
            _ => return Err("isError is neither 0 nor 1"),
        };
        Ok(AccountEvent {
            at,
            is_incoming,
            counterparty: other.map(|other| self.number(other)),
            amount_base_units,
            is_failed,
            is_call: columns.input.is_some_and(|place| cell(place).trim().len() > 2),
        })
    }

    /// Returns the group of each account: accounts that paid each other, directly or through further accounts of the histories, are one.
    pub(crate) fn groups(&self) -> Vec<usize> {
        let place: HashMap<u64, usize> = self.accounts.iter().enumerate().map(|(n, a)| (a.number, n)).collect();
        let mut parent: Vec<usize> = (0..self.accounts.len()).collect();
        for (n, account) in self.accounts.iter().enumerate() {
            for other in account.events.iter().filter_map(|e| place.get(&e.counterparty?)) {
                let (a, b) = (root(&mut parent, n), root(&mut parent, *other));
                parent[a.max(b)] = a.min(b);
            }
        }
        (0..parent.len()).map(|n| root(&mut parent, n)).collect()
    }
}

/// Returns the first of a set, and shortens the way to it.
fn root(parent: &mut [usize], mut at: usize) -> usize {
    while parent[at] != at {
        parent[at] = parent[parent[at]];
        at = parent[at];
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = ",TxHash,BlockHeight,TimeStamp,From,To,Value,ContractAddress,Input,isError\n";

    fn address(n: u8) -> String {
        format!("0x{}", hex(n))
    }

    fn hex(n: u8) -> String {
        format!("{n:02x}").repeat(20)
    }

    fn line(at: i64, from: u8, to: &str, value: &str, input: &str, error: &str) -> String {
        format!("0,0xaa,1,{at},{},{to},{value},NULL,{input},{error}\n", address(from))
    }

    #[test]
    fn a_history_is_read_from_the_accounts_side() {
        let mut all = Histories::default();
        let text = [
            HEADER.to_owned(),
            line(200, 1, &address(2), "1.65e-05", "0xa9059cbb", "0"),
            line(100, 3, &address(1).to_uppercase().replace("0X", "0x"), "0.5", "0x", "0"),
            line(300, 1, "", "0", "0x6080", "1"),
        ];
        all.add(&address(1), true, &text.concat(), AmountUnit::Coin).unwrap();
        let events = &all.accounts[0].events;
        let seen: Vec<_> =
            events.iter().map(|e| (e.at.unix(), e.is_incoming, e.amount_base_units, e.is_failed, e.is_call)).collect();
        assert_eq!(
            seen,
            [
                (100, true, 500_000_000_000_000_000, false, false),
                (200, false, 16_500_000_000_000, false, true),
                (300, false, 0, true, true)
            ]
        );
        assert_eq!(events[2].counterparty, None);
        assert_ne!(events[0].counterparty, events[1].counterparty);
        assert_eq!(base_units("7", AmountUnit::BaseUnits), Some(7));
        assert_eq!(base_units("1e-40", AmountUnit::Coin), Some(0));
        for wrong in ["", "-1", "1e40", "x", "0.5"] {
            let unit = if wrong == "0.5" { AmountUnit::BaseUnits } else { AmountUnit::Coin };
            assert_eq!(base_units(wrong, unit), None, "{wrong}");
        }
    }

    #[test]
    fn what_cannot_be_the_accounts_history_is_refused_with_its_line() {
        let good = line(100, 3, &address(1), "1", "0x", "0");
        let error = |name: &str, text: &str| {
            let mut all = Histories::default();
            all.add(
                &address(9),
                false,
                &(HEADER.to_owned() + &line(1, 9, &address(8), "1", "0x", "0")),
                AmountUnit::Coin,
            )
            .unwrap();
            all.add(name, true, text, AmountUnit::Coin).unwrap_err().to_string()
        };
        let with = |line: &str| format!("{HEADER}{good}{line}");
        for (text, expected) in [
            (with(&line(5, 3, &address(4), "1", "0x", "0")), "line 3: neither From nor To"),
            (with(&line(5, 3, &address(1), "much", "0x", "0")), "line 3: Value"),
            (with(&line(5, 3, &address(1), "1", "0x", "")), "line 3: isError"),
            (with(&line(5, 3, &address(1), "1", "0x", "0").replace(",5,", ",soon,")), "line 3: TimeStamp"),
            ("From,To\n".to_owned(), "no column timestamp"),
        ] {
            let error = error(&address(1), &text);
            assert!(error.contains(expected), "{error}");
        }
        assert!(error(&address(9), &with("")).contains("was read before"));
        assert!(error("notes", &with("")).contains("notes"));
    }

    #[test]
    fn accounts_that_paid_each_other_are_one_group() {
        let mut all = Histories::default();
        let mut add = |account: u8, other: u8| {
            let text = HEADER.to_owned() + &line(1, other, &address(account), "1", "0x", "0");
            all.add(&address(account), false, &text, AmountUnit::Coin).unwrap();
        };
        // 2 paid 1, 3 paid 2; 50 paid 4 and 5, which did not deal with each other.
        [(1, 2), (2, 3), (3, 60), (4, 50), (5, 50)].iter().for_each(|(a, b)| add(*a, *b));
        assert_eq!(all.groups(), [0, 0, 0, 3, 4]);
    }
}
