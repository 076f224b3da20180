//! A request: who sends it, by which legal process, about whom, for what.

use crate::scope::OrderScope;
use holdfast_bitcoin::{AddressKey, Network};
use holdfast_decision::model::{country_ok, text_ok, time_ok};
use holdfast_documents::{MAX_FILE_BYTES, MEDIA_TYPES};
use holdfast_screening::identifiers;
use holdfast_types::Invalid;
use holdfast_types::named;
use holdfast_types::{Address, Timestamp, asset};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Most targets of one request.
pub const MAX_TARGETS: usize = 1_000;
/// Most attachments of one request.
pub const MAX_ATTACHMENTS: usize = 50;
/// Longest statement of reasons, in bytes.
pub const MAX_STATEMENT: usize = 100_000;

named! {
    /// What is requested.
    pub enum Kind {
        /// Data about targets.
        Information,
        /// Preserve existing data.
        Preservation,
        /// Hold funds where they are.
        Freeze,
        /// Hand funds over.
        Seizure,
        /// Data at once, because life or limb are in danger.
        EmergencyDisclosure,
    }
}

named! {
    /// A class of data.
    pub enum DataClass {
        /// Name, birth, residence, email, phone, date of registration.
        Subscriber,
        /// Documents and results of identity checks.
        Kyc,
        /// IP addresses and devices, for the sole purpose of identifying the user.
        Access,
        /// Deposits, withdrawals, trades, payments.
        Transactions,
        /// What the accounts hold.
        Balances,
        /// Cards and bank accounts.
        Instruments,
        /// Messages with support.
        Content,
    }
}

named! {
    /// What a target is.
    pub enum TargetKind {
        /// Address on a chain.
        Address,
        /// Transaction id.
        Transaction,
        /// Email address.
        Email,
        /// Phone number, E.164.
        Phone,
        /// The exchange's own customer number.
        UserId,
        /// A person's or company's name.
        Name,
        /// Card number: whole, or first six and last four digits.
        Card,
        /// The exchange's fingerprint of a card.
        CardFingerprint,
        /// International bank account number (ISO 13616).
        Iban,
        /// The exchange's number or fingerprint of a bank account.
        BankAccount,
        /// Account number of the exchange.
        Account,
        /// Number of an identity document.
        Document,
        /// The exchange's number or fingerprint of a device.
        Device,
        /// IP address, with the time at which it was used.
        Ip,
    }
}

impl TargetKind {
    /// All kinds.
    pub const ALL: &[TargetKind] = <TargetKind as strum::VariantArray>::VARIANTS;
}

/// Whom or what the request is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// What it is.
    pub kind: TargetKind,
    /// Its value.
    pub value: String,
    /// Asset or chain of an address or transaction, such as BTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<String>,
    /// From when on an IP address was used, Unix seconds; without it the order's period counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    pub from: Option<Timestamp>,
    /// Until when an IP address was used, Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    pub to: Option<Timestamp>,
}

impl Target {
    /// Returns a target of a kind, with no more than its value.
    pub fn new(kind: TargetKind, value: impl Into<String>) -> Self {
        Target { kind, value: value.into(), asset: None, from: None, to: None }
    }
}

/// Who signs the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Officer {
    /// Name.
    pub name: String,
    /// Official email address.
    pub email: String,
    /// Agency.
    pub agency: String,
    /// Country of the agency, ISO 3166-1 alpha-2.
    pub country: String,
}

/// A file sent with a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Attachment {
    /// File name, without a path.
    pub name: String,
    /// One of [`MEDIA_TYPES`].
    pub media_type: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256, 64 hex digits.
    pub sha256: String,
}

named! {
    /// Statements of the authority about its order; policy requires some of them.
    pub enum Statement {
        /// Issued by a judge or court.
        Judge,
        /// Issued by a prosecutor.
        Prosecutor,
        /// Validated by a judge, court or prosecutor.
        Validated,
        /// The offence carries a custodial sentence of three years or more at most, or is listed.
        SeriousOffence,
        /// Came by the central authority under a treaty.
        CentralAuthority,
        /// Life or limb are in danger, as the statement of reasons explains.
        Danger,
    }
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The portal's id.
    pub id: String,
    /// When it came, Unix seconds.
    #[schema(value_type = i64)]
    pub received: Timestamp,
    /// What is requested.
    pub kind: Kind,
    /// Legal process, one of the policy's, such as us.subpoena.
    pub process: String,
    /// The authority's own reference.
    pub reference: String,
    /// Who signs.
    pub officer: Officer,
    /// About whom or what.
    #[schema(max_items = 1000)]
    pub targets: Vec<Target>,
    /// Data requested (information and emergency).
    #[serde(default)]
    pub classes: Vec<DataClass>,
    /// Period, accounts and assets that the order is limited to.
    #[serde(default, skip_serializing_if = "OrderScope::is_whole")]
    pub scope: OrderScope,
    /// What the authority states.
    #[serde(default)]
    pub states: Vec<Statement>,
    /// Whether it is urgent as the process defines urgency.
    #[serde(default)]
    pub emergency: bool,
    /// The user must not be notified until then, Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    pub gag_until: Option<Timestamp>,
    /// Reasons.
    #[serde(default)]
    pub statement: String,
    /// Files.
    #[serde(default)]
    pub attachments: Vec<Attachment>,
}

impl Request {
    /// Checks every field and returns the request with targets in canonical form and cards masked.
    ///
    /// # Errors
    /// [`Invalid`] names the field.
    pub fn canonical(mut self) -> Result<Request, Invalid> {
        let texts = [
            ("id", &self.id),
            ("process", &self.process),
            ("reference", &self.reference),
            ("officer.name", &self.officer.name),
            ("officer.agency", &self.officer.agency),
        ];
        for (field, text) in texts {
            text_ok(field, text)?;
        }
        time_ok("received", self.received)?;
        country_ok("officer.country", &self.officer.country)?;
        self.officer.email = email("officer.email", &self.officer.email)?;
        if let Some(until) = self.gag_until {
            time_ok("gag_until", until)?;
        }
        if self.statement.len() > MAX_STATEMENT || self.statement.contains('\0') {
            return Err(Invalid::new(
                "statement",
                format!("longer than {MAX_STATEMENT} bytes, or with NUL; attach it"),
            ));
        }
        if self.targets.is_empty() || self.targets.len() > MAX_TARGETS {
            let what = format!("name 1 to {MAX_TARGETS} targets, not {}", self.targets.len());
            return Err(Invalid::new("targets", what));
        }
        self.scope = self.scope.canonical()?;
        let wants_data = matches!(self.kind, Kind::Information | Kind::EmergencyDisclosure | Kind::Preservation);
        if wants_data == self.classes.is_empty() {
            let what = if wants_data { "name the classes of data" } else { "a freeze or seizure names no data" };
            return Err(Invalid::new("classes", what));
        }
        for (i, target) in self.targets.iter_mut().enumerate() {
            let place = |e: Invalid| Invalid::new(&format!("targets[{i}].{}", e.field), e.problem);
            *target = target.clone().canonical().map_err(place)?;
            if target.kind == TargetKind::Ip && target.window(&self.scope).is_none() {
                let what = "an IP address is many people's in turn: name from and to, or the order's period (scope)";
                return Err(Invalid::new(&format!("targets[{i}].from"), what));
            }
        }
        if self.attachments.len() > MAX_ATTACHMENTS {
            return Err(Invalid::new("attachments", format!("more than {MAX_ATTACHMENTS}")));
        }
        for (i, attachment) in self.attachments.iter_mut().enumerate() {
            let place = |e: Invalid| Invalid::new(&format!("attachments[{i}].{}", e.field), e.problem);
            attachment.check().map_err(place)?;
        }
        self.targets.sort();
        self.targets.dedup();
        self.classes.sort();
        self.classes.dedup();
        Ok(self)
    }
}

impl Attachment {
    fn check(&mut self) -> Result<(), Invalid> {
        file_name_ok(&self.name)?;
        if !MEDIA_TYPES.contains(&self.media_type.as_str()) {
            return Err(Invalid::new(
                "media_type",
                format!("'{}' is none of {}", self.media_type, MEDIA_TYPES.join(", ")),
            ));
        }
        if self.size == 0 || self.size > MAX_FILE_BYTES {
            return Err(Invalid::new("size", format!("must be 1 to {MAX_FILE_BYTES} bytes")));
        }
        self.sha256.make_ascii_lowercase();
        match self.sha256.len() == 64 && self.sha256.bytes().all(|b| b.is_ascii_hexdigit()) {
            true => Ok(()),
            false => Err(Invalid::new("sha256", "must be 64 hex digits")),
        }
    }
}

impl Target {
    /// Checks it and returns its canonical form, with cards masked.
    ///
    /// # Errors
    /// [`Invalid`] names the field.
    pub fn canonical(mut self) -> Result<Target, Invalid> {
        self.value = self.value.trim().to_owned();
        text_ok("value", &self.value)?;
        if let Some(asset) = &mut self.asset {
            text_ok("asset", asset)?;
            asset.make_ascii_uppercase();
        }
        if self.asset.is_some() && !matches!(self.kind, TargetKind::Address | TargetKind::Transaction) {
            return Err(Invalid::new("asset", "only addresses and transactions have one"));
        }
        for (field, time) in [("from", self.from), ("to", self.to)] {
            let Some(time) = time else { continue };
            if self.kind != TargetKind::Ip {
                return Err(Invalid::new(field, "only IP addresses have one; the order's period is its scope's"));
            }
            time_ok(field, time)?;
        }
        if self.from.zip(self.to).is_some_and(|(from, to)| from > to) {
            return Err(Invalid::new("to", "is before from"));
        }
        self.value = match self.kind {
            TargetKind::Address => address(&self.value, self.asset.as_deref())?,
            TargetKind::Transaction => transaction(&self.value)?,
            TargetKind::Email => email("value", &self.value)?,
            TargetKind::Phone => phone(&self.value)?,
            TargetKind::Card => card(&self.value)?,
            TargetKind::UserId
            | TargetKind::CardFingerprint
            | TargetKind::BankAccount
            | TargetKind::Account
            | TargetKind::Document
            | TargetKind::Device => self.value,
            TargetKind::Iban => identifiers::iban(&self.value).ok_or_else(|| {
                let what = format!("'{}' is no IBAN: its check digits do not fit; copy it again", self.value);
                Invalid::new("value", what)
            })?,
            TargetKind::Ip => identifiers::ip(&self.value)
                .ok_or_else(|| Invalid::new("value", format!("'{}' is no IP address", self.value)))?,
            TargetKind::Name => self.value.split_whitespace().collect::<Vec<_>>().join(" "),
        };
        Ok(self)
    }

    /// Returns when an IP address was used, within the order's period; none when neither names one.
    pub fn window(&self, scope: &OrderScope) -> Option<(Timestamp, Timestamp)> {
        let from = self.from.max(scope.from)?;
        let to = match (self.to, scope.to) {
            (Some(own), Some(order)) => own.min(order),
            (own, order) => own.or(order)?,
        };
        Some((from, to))
    }
}

/// An address in canonical form, whatever form it is written in. Known forms are checked to their checksums, others to their alphabet.
fn address(text: &str, asset: Option<&str>) -> Result<String, Invalid> {
    let wrong = |what: String| Invalid::new("value", what);
    let address = Address::check(text).map_err(|e| wrong(e.to_string()))?;
    let asset = asset.map(asset::canonical);
    let network = match asset.as_deref() {
        Some("BTC") => Some(Network::Bitcoin),
        Some("LTC") => Some(Network::Litecoin),
        _ => None,
    };
    match (&address, network) {
        (Address::Script(key), Some(network)) if AddressKey::parse(text, network).is_ok() => Ok(key.to_text(network)),
        (_, Some(_)) => Err(wrong(format!("'{text}' is no {} address; copy it again", asset.unwrap_or_default()))),
        (Address::Script(key), None) => {
            let litecoin = AddressKey::parse(text, Network::Bitcoin).is_err()
                && AddressKey::parse(text, Network::Litecoin).is_ok();
            Ok(key.to_text(if litecoin { Network::Litecoin } else { Network::Bitcoin }))
        }
        (Address::Other(other), None) => {
            let formed = (20..=128).contains(&other.len()) && other.bytes().all(|b| b.is_ascii_alphanumeric());
            let hex = other.starts_with("0x") && other.len() < 66;
            if formed && !hex {
                Ok(other.to_string())
            } else {
                Err(wrong(format!("'{text}' has the form of no address")))
            }
        }
        _ => Ok(address.checksummed()),
    }
}

fn transaction(text: &str) -> Result<String, Invalid> {
    let hex = text.strip_prefix("0x").unwrap_or(text);
    let is_hash = hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit());
    // Solana's are base58 of 64 bytes.
    let is_base58 = (80..=90).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
    match (is_hash, is_base58) {
        (true, _) => Ok(text.to_ascii_lowercase()),
        (_, true) => Ok(text.to_owned()),
        _ => Err(Invalid::new("value", format!("'{text}' is no transaction id (64 hex digits)"))),
    }
}

/// Returns whether free text, which may have lines, is not empty, not too long and without NUL (which PostgreSQL cannot store).
///
/// # Errors
/// [`Invalid`] names the field.
pub fn free_text_ok(field: &str, text: &str, most: usize) -> Result<(), Invalid> {
    match text.trim().is_empty() || text.len() > most || text.contains('\0') {
        true => Err(Invalid::new(field, format!("must be 1 to {most} bytes without NUL"))),
        false => Ok(()),
    }
}

/// Returns whether text is a file name without a path.
///
/// # Errors
/// [`Invalid`] names `name`.
pub fn file_name_ok(name: &str) -> Result<(), Invalid> {
    text_ok("name", name)?;
    match name.contains(['/', '\\']) || name.starts_with('.') {
        true => Err(Invalid::new("name", "must be a file name without a path")),
        false => Ok(()),
    }
}

/// Returns an email address with its domain in lower case; no quoted local parts, as exchanges accept none.
///
/// # Errors
/// [`Invalid`] names the field.
pub fn email(field: &str, text: &str) -> Result<String, Invalid> {
    let wrong = || Invalid::new(field, format!("'{text}' is no email address"));
    text_ok(field, text)?;
    let (local, domain) = text.rsplit_once('@').ok_or_else(wrong)?;
    let domain = domain.to_lowercase();
    let local_ok =
        (1..=64).contains(&local.len()) && !local.contains(|c: char| c.is_whitespace() || "@\"(),:;<>[\\]".contains(c));
    let label_ok = |l: &str| {
        !l.is_empty()
            && l.len() <= 63
            && !l.starts_with('-')
            && !l.ends_with('-')
            && l.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    match local_ok && domain.contains('.') && domain.split('.').all(label_ok) {
        true => Ok(format!("{local}@{domain}")),
        false => Err(wrong()),
    }
}

fn phone(text: &str) -> Result<String, Invalid> {
    let digits: String = text.chars().filter(|c| !" -()./".contains(*c)).collect();
    let digits = digits.strip_prefix("00").map_or(digits.clone(), |d| format!("+{d}"));
    let number = digits.strip_prefix('+').unwrap_or_default();
    match (8..=15).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit()) && !number.starts_with('0') {
        true => Ok(format!("+{number}")),
        false => {
            Err(Invalid::new("value", format!("'{text}' is no number with country code (E.164), such as +4930123456")))
        }
    }
}

/// First six and last four digits of a card number. Whole numbers are checked (ISO/IEC 7812-1, Luhn) and never stored.
fn card(text: &str) -> Result<String, Invalid> {
    let plain: String = text.chars().filter(|c| !" -".contains(*c)).collect();
    let masked = plain.len() >= 12 && plain.is_ascii() && {
        let (first, rest) = plain.split_at(6);
        let (middle, last) = rest.split_at(rest.len() - 4);
        first.bytes().chain(last.bytes()).all(|b| b.is_ascii_digit())
            && !middle.is_empty()
            && middle.bytes().all(|b| b"*xX.".contains(&b))
    };
    let whole = (12..=19).contains(&plain.len()) && plain.bytes().all(|b| b.is_ascii_digit());
    if !(masked || whole && luhn(&plain)) {
        return Err(Invalid::new(
            "value",
            "is no card number: give all digits, or the first six and last four as 411111******1111",
        ));
    }
    Ok(format!("{}******{}", &plain[..6], &plain[plain.len() - 4..]))
}

fn luhn(digits: &str) -> bool {
    let sum = digits.bytes().rev().enumerate().fold(0u32, |sum, (i, b)| {
        let digit = u32::from(b - b'0') * if i % 2 == 1 { 2 } else { 1 };
        sum + digit / 10 + digit % 10
    });
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn target(kind: TargetKind, value: &str, asset: Option<&str>) -> Result<String, String> {
        let target = Target { asset: asset.map(str::to_owned), ..Target::new(kind, value) };
        target.canonical().map(|t| t.value).map_err(|e| e.to_string())
    }

    #[test]
    fn targets_are_checked_and_made_canonical() {
        use TargetKind::*;
        // Test vectors of ERC-55.
        for checksummed in ["0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"]
        {
            assert_eq!(target(Address, checksummed, None).unwrap(), checksummed);
            assert_eq!(target(Address, &checksummed.to_lowercase(), Some("eth")).unwrap(), checksummed);
        }
        assert!(target(Address, "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Beaed", None).unwrap_err().contains("checksum"));
        for good in [
            (Address, "13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48", Some("BTC"), "13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48"),
            (Address, "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", None, "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
            (Address, "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", Some("TRX"), "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"),
            (Email, "Ana.B+x@Example.ORG", None, "Ana.B+x@example.org"),
            (Phone, "0049 (30) 123-456", None, "+4930123456"),
            (Card, "4111 1111 1111 1111", None, "411111******1111"),
            (Card, "411111xxxxxx1111", None, "411111******1111"),
            (Name, "  Ana   Berg ", None, "Ana Berg"),
            (Iban, "de89 3704 0044 0532 0130 00", None, "DE89370400440532013000"),
            (Ip, "::ffff:203.0.113.7", None, "203.0.113.7"),
            (Document, "C01X 00T47", None, "C01X 00T47"),
        ] {
            assert_eq!(target(good.0, good.1, good.2).as_deref(), Ok(good.3), "{}", good.1);
        }
        for (kind, bad, asset) in [
            (Address, "13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD49", Some("BTC")),
            (Address, "0x1234", None),
            (Address, "short", None),
            (Transaction, "abc", None),
            (Email, "ana@localhost", None),
            (Email, "a b@example.org", None),
            (Phone, "030 123456", None),
            (Card, "4111111111111112", None),
            (Card, "4111é1111111", None),
            (UserId, "", None),
            (Iban, "DE89370400440532013001", None),
            (Ip, "203.0.113", None),
            (Device, "", None),
            (UserId, "7", Some("BTC")),
        ] {
            assert!(target(kind, bad, asset).is_err(), "{bad}");
        }
    }

    proptest! {
        /// No text makes it panic, canonical form is a fixed point, and no whole card number comes out.
        #[test]
        fn canonical_is_a_fixed_point(value in "\\PC{0,40}|[0-9 -]{10,24}|[0-9]{6}[*]{2,9}[0-9]{4}|0x[0-9a-fA-F]{38,42}") {
            for &kind in TargetKind::ALL {
                let once = Target::new(kind, value.clone()).canonical();
                if let Ok(once) = once {
                    if kind == TargetKind::Card {
                        prop_assert!(once.value.contains("******"));
                    }
                    prop_assert_eq!(once.clone().canonical().unwrap(), once);
                }
            }
        }
    }
}
