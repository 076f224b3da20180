//! By what customers can be found: everything that records state of them and that their events name.
//!
//! What records state is never deleted, so that a former email address still finds its customer. What events name has the event's time, account
//! and asset, so that an order's period, accounts and assets can limit the search.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

use holdfast_decision::completion::Completion;
use holdfast_decision::model::{Event, EventKind, Record, RecordKind};
use holdfast_input::folding::{email_key, name_keys, phone_keys};
use holdfast_store::{Database, DbError, Row, Value, number};
use holdfast_types::Timestamp;
use sha2::{Digest, Sha256};
use std::net::IpAddr;

/// Raised whenever identifiers are made differently; databases of an earlier one are filled when they are opened.
pub const FILL: i64 = 2;

/// Something that a customer can be found by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identifier {
    /// email, phone, name, name_key, deposit_address, destination, instrument, iban, document, device or account.
    pub kind: &'static str,
    /// As it is compared.
    pub value: String,
    /// Whose.
    pub customer: String,
    /// Which record or kind of event states it, such as customer:c1.
    pub source: String,
}

/// Columns of the table `identifiers`.
pub const COLUMNS: [&str; 4] = ["kind", "value", "customer", "source"];

impl Identifier {
    /// Returns the row, in the order of [`COLUMNS`].
    pub fn row(self) -> Vec<Value> {
        vec![self.kind.into(), self.value.into(), self.customer.into(), self.source.into()]
    }
}

/// Something that an event names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// address, transaction, instrument, iban, document, device or ip.
    pub kind: &'static str,
    /// As it is compared.
    pub value: String,
    /// Number of the event.
    pub seq: u64,
    /// What it is there, such as "destination of withdrawal w-1".
    pub role: String,
    /// Whose event.
    pub customer: String,
    /// When, Unix seconds.
    pub time: Timestamp,
    /// Account of the event.
    pub account: Option<String>,
    /// Asset of the event.
    pub asset: Option<String>,
}

/// Columns of the table `event_identifiers`.
pub const NAMED_COLUMNS: [&str; 8] = ["kind", "value", "seq", "role", "customer", "time", "account", "asset"];

impl Named {
    /// Returns the row, in the order of [`NAMED_COLUMNS`].
    pub fn row(self) -> Vec<Value> {
        vec![
            self.kind.into(),
            self.value.into(),
            number(self.seq),
            self.role.into(),
            self.customer.into(),
            self.time.into(),
            self.account.into(),
            self.asset.into(),
        ]
    }
}

fn squeezed(value: &str) -> String {
    value.chars().filter(|c| !c.is_whitespace()).collect()
}

/// An IBAN without spaces, in capitals, or none when the check digits do not fit (ISO 13616, ISO 7064 mod 97-10).
pub fn iban(text: &str) -> Option<String> {
    let plain: String =
        text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect::<String>().to_ascii_uppercase();
    let bytes = plain.as_bytes();
    let formed = (15..=34).contains(&bytes.len())
        && bytes.iter().all(u8::is_ascii_alphanumeric)
        && bytes[..2].iter().all(u8::is_ascii_uppercase)
        && bytes[2..4].iter().all(u8::is_ascii_digit);
    if !formed {
        return None;
    }
    let rest = bytes[4..].iter().chain(&bytes[..4]).fold(0u32, |rest, b| match b {
        b'0'..=b'9' => (rest * 10 + u32::from(b - b'0')) % 97,
        _ => (rest * 100 + u32::from(b - b'A') + 10) % 97,
    });
    (rest == 1).then_some(plain)
}

/// An IP address in its shortest form; IPv4 within IPv6 is IPv4.
pub fn ip(text: &str) -> Option<String> {
    text.trim().parse::<IpAddr>().ok().map(|ip| ip.to_canonical().to_string())
}

/// A transaction id as it is compared: hex in lower case without 0x, others as they are.
fn transaction(text: &str) -> String {
    let text = text.trim();
    let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    match hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        true => hex.to_ascii_lowercase(),
        false => text.to_owned(),
    }
}

/// A value as it is compared with others of its kind.
pub fn comparable(kind: &str, value: &str) -> String {
    match kind {
        "phone" => phone_keys(value, None).into_iter().next().unwrap_or_default(),
        "email" => email_key(value),
        "name" => value.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase(),
        "document" => {
            let plain: String = value.chars().filter(|c| c.is_alphanumeric()).collect();
            if plain.is_empty() { value.trim().to_owned() } else { plain.to_uppercase() }
        }
        "instrument" => squeezed(value).to_ascii_lowercase(),
        "deposit_address" | "destination" | "address" => holdfast_types::address::canonical(value),
        "transaction" => transaction(value),
        "iban" => iban(value).unwrap_or_else(|| squeezed(value)),
        "ip" => ip(value).unwrap_or_else(|| value.trim().to_owned()),
        _ => value.to_owned(),
    }
}

/// Keys by which a value of a kind is stored and looked up. A sender may give a document or bank account as its SHA-256 instead.
pub fn keys(kind: &str, value: &str, country: Option<&str>) -> Vec<String> {
    match kind {
        "phone" => phone_keys(value, country),
        "name_key" => name_keys(value),
        kind => vec![comparable(kind, value)],
    }
}

/// What a sender that hashes a value may send in its place: the SHA-256 of its canonical form, hex.
pub fn hashed(value: &str) -> String {
    hex::encode(Sha256::digest(value.as_bytes()))
}

/// Returns the identifiers that a record states.
pub fn of_record(record: &Record) -> Vec<Identifier> {
    let own = (record.kind == RecordKind::Customer).then_some(&record.id);
    let Some(customer) = own.or(record.customer.as_ref()) else { return Vec::new() };
    let source = format!("{}:{}", record.kind.name(), record.id);
    let (id, print) = (Some(&record.id), record.fingerprint.as_ref());
    let mut fields: Vec<(&'static str, Option<&String>)> = vec![
        ("email", record.email.as_ref()),
        ("phone", record.phone.as_ref()),
        ("name", record.name.as_ref()),
        ("name_key", record.name.as_ref()),
        ("document", record.document.as_ref()),
        ("account", record.account.as_ref()),
    ];
    match record.kind {
        RecordKind::DepositAddress => fields.push(("deposit_address", id)),
        RecordKind::Account => fields.push(("account", id)),
        RecordKind::Card => fields.extend([("instrument", print), ("instrument", id)]),
        RecordKind::BankAccount => {
            fields.extend([("instrument", print), ("instrument", id)]);
            fields.extend([print, id].map(|value| ("iban", value.filter(|text| iban(text).is_some()))));
        }
        RecordKind::Device => fields.extend([("device", print), ("device", id)]),
        RecordKind::Customer | RecordKind::Kyc | RecordKind::ConfirmedAddress => {}
    }
    let mut out = Vec::new();
    for (kind, value) in fields.into_iter().filter_map(|(kind, value)| Some((kind, value?))) {
        for value in keys(kind, value, record.country.as_deref()) {
            out.push(Identifier { kind, value, customer: customer.clone(), source: source.clone() });
        }
    }
    out.sort();
    out.dedup();
    out
}

/// What was stated before identifiers were made as today, made as today.
pub fn again(kind: &str, value: &str, customer: &str, source: &str) -> Vec<Identifier> {
    let kinds: &[&'static str] = match kind {
        "name" => &["name", "name_key"],
        "email" => &["email"],
        "phone" => &["phone"],
        "document" => &["document"],
        "instrument" => &["instrument"],
        "deposit_address" => &["deposit_address"],
        "destination" => &["destination"],
        _ => &[],
    };
    let made = |kind: &&'static str| {
        let kind = *kind;
        let (customer, source) = (customer.to_owned(), source.to_owned());
        keys(kind, value, None).into_iter().map(move |value| Identifier {
            kind,
            value,
            customer: customer.clone(),
            source: source.clone(),
        })
    };
    kinds.iter().flat_map(made).collect()
}

/// Returns the identifiers that an event states of the customer whatever its time: where a withdrawal went, and the account.
pub fn of_event(event: &Event) -> Vec<Identifier> {
    let mut out = Vec::new();
    let mut add = |kind, value: &str, source: &str| {
        let (value, customer) = (comparable(kind, value), event.customer.clone());
        out.push(Identifier { kind, value, customer, source: source.to_owned() });
    };
    if let Some(to) = event.counterparty.as_ref().filter(|_| event.kind == EventKind::Withdrawal) {
        add("destination", to, "withdrawal");
    }
    if let Some(account) = &event.account {
        add("account", account, "event");
    }
    out
}

/// Everything that an event names.
pub fn named_by(event: &Event, seq: u64) -> Vec<Named> {
    let mut out = Vec::new();
    let of = format!("{} {}", event.kind.name(), event.id);
    let mut add = |kind, value: &str, role: &str| {
        out.push(named(event, seq, kind, comparable(kind, value), format!("{role} of {of}")));
    };
    let other = if event.kind == EventKind::Deposit { "sender" } else { "destination" };
    for (kind, value, role) in [
        ("transaction", &event.tx, "transaction"),
        ("address", &event.address, "receiving address"),
        ("address", &event.counterparty, other),
        ("instrument", &event.instrument, "instrument"),
        ("document", &event.document, "document"),
        ("device", &event.device, "device"),
        ("ip", &event.ip, "IP address"),
    ] {
        if let Some(value) = value {
            add(kind, value, role);
        }
    }
    if let Some(value) = event.instrument.as_deref().filter(|t| iban(t).is_some()) {
        add("iban", value, "bank account");
    }
    out
}

/// What a completion of an event names.
pub fn completed_by(event: &Event, seq: u64, completion: &Completion) -> Option<Named> {
    let tx = completion.tx.as_ref()?;
    let role = format!("transaction of {} {}", event.kind.name(), event.id);
    Some(named(event, seq, "transaction", comparable("transaction", tx), role))
}

fn named(event: &Event, seq: u64, kind: &'static str, value: String, role: String) -> Named {
    let (customer, account, asset) = (event.customer.clone(), event.account.clone(), event.asset.clone());
    Named { kind, value, seq, role, customer, time: event.time, account, asset }
}

/// Customers with an identifier and which records or events state it, at most `limit`.
///
/// # Errors
/// [`DbError`].
pub fn find(db: &mut Database, kind: &str, value: &str, limit: usize) -> Result<Vec<(String, String)>, DbError> {
    find_key(db, kind, &comparable(kind, value), limit)
}

/// Customers with an identifier whose key is known (see [`keys`]).
///
/// # Errors
/// [`DbError`].
pub fn find_key(db: &mut Database, kind: &str, key: &str, limit: usize) -> Result<Vec<(String, String)>, DbError> {
    let rows = db.query(
        "SELECT customer, source FROM identifiers WHERE kind = $1 AND value = $2 ORDER BY customer, source LIMIT $3",
        &[kind.into(), key.into(), number(limit.min(10_000) as u64)],
    )?;
    rows.iter().map(|r| Ok((r.text(0)?.to_owned(), r.text(1)?.to_owned()))).collect()
}

/// An event that names something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Naming {
    /// Whose event.
    pub customer: String,
    /// What it is there, such as "sender of deposit d-1".
    pub role: String,
    /// When, Unix seconds.
    pub time: Timestamp,
    /// Account of the event.
    pub account: Option<String>,
    /// Asset of the event.
    pub asset: Option<String>,
}

/// Events that name something, from one time to another, at most `limit`, oldest first.
///
/// # Errors
/// [`DbError`].
pub fn find_named(
    db: &mut Database,
    kind: &str,
    value: &str,
    (from, to): (Timestamp, Timestamp),
    limit: usize,
) -> Result<Vec<Naming>, DbError> {
    let rows = db.query(
        "SELECT customer, role, time, account, asset FROM event_identifiers
         WHERE kind = $1 AND value = $2 AND time >= $3 AND time <= $4 ORDER BY time, seq, role LIMIT $5",
        &[kind.into(), comparable(kind, value).into(), from.into(), to.into(), number(limit.min(10_000) as u64)],
    )?;
    let naming = |r: &Row| {
        Ok(Naming {
            customer: r.text(0)?.to_owned(),
            role: r.text(1)?.to_owned(),
            time: r.time(2)?,
            account: r.text_or_null(3).map(str::to_owned),
            asset: r.text_or_null(4).map(str::to_owned),
        })
    };
    rows.iter().map(naming).collect()
}

/// Values looked up in one statement; fewer are padded, so that one prepared statement serves all.
const MANY: usize = 256;

/// Customers with one of many values of a kind, with the value: (value, customer). At most `limit` for each few hundred values.
///
/// # Errors
/// [`DbError`].
pub fn find_many(
    db: &mut Database,
    kind: &str,
    values: &[String],
    limit: usize,
) -> Result<Vec<(String, String)>, DbError> {
    let places: Vec<String> = (0..MANY).map(|i| format!("${}", i + 2)).collect();
    let sql = format!(
        "SELECT DISTINCT value, customer FROM identifiers WHERE kind = $1 AND value IN ({}) ORDER BY value, customer LIMIT ${}",
        places.join(", "),
        MANY + 2
    );
    let mut found = Vec::new();
    for part in values.chunks(MANY) {
        let mut parameters: Vec<Value> = vec![kind.into()];
        // Answers name the values as they were given.
        let given: std::collections::HashMap<String, &String> = part.iter().map(|v| (comparable(kind, v), v)).collect();
        parameters.extend(part.iter().map(|v| comparable(kind, v).into()));
        let last = parameters.last().cloned().unwrap_or(Value::Null);
        parameters.resize(MANY + 1, last);
        parameters.push(number(limit.min(10_000) as u64));
        for row in &db.query(&sql, &parameters)? {
            let value = given.get(row.text(0)?).map_or(row.text(0)?, |v| v.as_str());
            found.push((value.to_owned(), row.text(1)?.to_owned()));
        }
    }
    Ok(found)
}

/// Names that records state of a customer, in lower case.
///
/// # Errors
/// [`DbError`].
pub fn names_of(db: &mut Database, customer: &str, key: &str) -> Result<Vec<String>, DbError> {
    let rows = db.query(
        "SELECT DISTINCT n.value FROM identifiers k JOIN identifiers n ON n.kind = 'name' AND n.customer = k.customer AND n.source = k.source
         WHERE k.kind = 'name_key' AND k.value = $1 AND k.customer = $2 ORDER BY n.value LIMIT 100",
        &[key.into(), customer.into()],
    )?;
    rows.iter().map(|r| r.text(0).map(str::to_owned)).collect()
}

/// Whether a customer is known by its id.
///
/// # Errors
/// [`DbError`].
pub fn is_customer(db: &mut Database, id: &str) -> Result<bool, DbError> {
    Ok(!db.query("SELECT id FROM records WHERE kind = 'customer' AND id = $1", &[id.into()])?.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_compare_however_they_are_written() {
        for (kind, one, other) in [
            ("iban", "DE89 3704 0044 0532 0130 00", "de89370400440532013000"),
            ("ip", "::ffff:203.0.113.7", "203.0.113.7"),
            ("ip", "2001:0db8:0:0::1", "2001:db8::1"),
            ("document", "c01x-00t 47", "C01X00T47"),
            ("address", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"),
            ("transaction", &format!("0x{}", "AB".repeat(32)), &"ab".repeat(32)),
            ("email", "Ana\u{200b}@Example.org", "ana@example.ORG"),
        ] {
            assert_eq!(comparable(kind, one), comparable(kind, other), "{kind} {one}");
        }
        assert_eq!(iban("DE89370400440532013001"), None);
        assert_eq!(iban("GB82 WEST 1234 5698 7654 32").as_deref(), Some("GB82WEST12345698765432"));
        // Base58 has both cases.
        assert_ne!(comparable("address", "1abcdefgh"), comparable("address", "1ABCDEFGH"));
    }
}
