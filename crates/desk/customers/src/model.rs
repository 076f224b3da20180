//! What the exchange sends: records of its customers' world, and events to decide on.
//!
//! Times are Unix seconds. Amounts are integers in base units of the asset, as decimal text or a JSON number. Values are integers
//! in minor units (cents) of the rule book's reference currency.

use holdfast_types::{Amount, Invalid, Timestamp, address, asset};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};
use utoipa::ToSchema;

/// Longest identifier, address, name or code.
pub const MAX_TEXT: usize = 256;

/// What a record describes.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    ToSchema,
    IntoStaticStr,
    EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum RecordKind {
    /// A customer: a person or a business.
    Customer,
    /// An account of a customer.
    Account,
    /// An address at which the exchange receives for a customer.
    DepositAddress,
    /// A payment card; `fingerprint` identifies it without its number.
    Card,
    /// A bank account that pays in or is paid out to.
    BankAccount,
    /// A device of a customer.
    Device,
    /// An identity check.
    Kyc,
    /// An address that somebody confirmed to be the one that the customer means to pay: it counts as no imitation of another one.
    ConfirmedAddress,
}

impl RecordKind {
    /// All kinds.
    pub const ALL: [RecordKind; 8] = [
        RecordKind::Customer,
        RecordKind::Account,
        RecordKind::DepositAddress,
        RecordKind::Card,
        RecordKind::BankAccount,
        RecordKind::Device,
        RecordKind::Kyc,
        RecordKind::ConfirmedAddress,
    ];

    /// Returns the name, as in JSON.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the kind of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        name.parse().ok()
    }
}

/// A person or a business.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CustomerType {
    /// A person.
    #[default]
    Individual,
    /// A legal person.
    Business,
}

/// A record of the customers' world. The latest `time` wins, whatever the order of arrival; fields that do not fit the kind are refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// What it describes.
    pub kind: RecordKind,
    /// The sender's id of it, unique within its kind. For deposit addresses the address itself.
    pub id: String,
    /// When it was true, Unix seconds.
    #[schema(value_type = i64)]
    pub time: Timestamp,
    /// Whom it belongs to; required for all kinds but customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    /// Account (deposit addresses).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Person or business (customers).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[serde(rename = "type")]
    pub customer_type: Option<CustomerType>,
    /// Name of the person, business or holder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Email (customers).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Phone (customers).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Country, ISO 3166-1 alpha-2: of residence, of the issuing bank, of the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Language that the customer reads, BCP 47, such as de or zh-Hans (customers).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Year of birth (customers).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_year: Option<u16>,
    /// When the customer signed up, Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    pub created: Option<Timestamp>,
    /// Line of business (customers), free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub industry: Option<String>,
    /// The exchange's own rating: low, medium, high.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<String>,
    /// Marks such as pep, vulnerable, verified_otc.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<String>,
    /// Asset and network (deposit addresses), such as BTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<String>,
    /// Card fingerprint, bank account number or device fingerprint, hashed by the sender if it likes: equal means the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// Identity check: level reached, 0 to 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<u8>,
    /// Identity check: document number or its hash; equal means the same document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
    /// Identity check: passed, failed or pending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// The address (confirmed addresses).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// Whether text is of a proper length and free of control characters.
///
/// # Errors
/// [`Invalid`] names the field.
pub fn text_ok(field: &str, text: &str) -> Result<(), Invalid> {
    if text.is_empty() || text.len() > MAX_TEXT || text.chars().any(|c| c.is_control()) {
        return Err(Invalid::new(field, format!("must be 1 to {MAX_TEXT} bytes without control characters")));
    }
    Ok(())
}

/// Whether a time is between the years 2000 and 2200.
///
/// # Errors
/// [`Invalid`] names the field.
pub fn time_ok(field: &str, time: Timestamp) -> Result<(), Invalid> {
    // 2000 to 2200: a time in milliseconds or a missing one is noticed.
    let time = time.unix();
    if !(946_684_800..7_258_118_400).contains(&time) {
        return Err(Invalid::new(field, format!("{time} is no time in Unix seconds between the years 2000 and 2200")));
    }
    Ok(())
}

/// Whether text is a language tag (BCP 47).
///
/// # Errors
/// [`Invalid`] names the field.
pub fn language_ok(field: &str, language: &str) -> Result<(), Invalid> {
    holdfast_input::language::normal(language).map(|_| ()).map_err(|e| Invalid::new(field, e))
}

/// Checks that text is a language tag (BCP 47) in its canonical form.
///
/// # Errors
/// [`Invalid`] names the field and the canonical form.
pub fn language_form_ok(field: &str, language: &str) -> Result<(), Invalid> {
    match holdfast_input::language::normal(language) {
        Ok(normal) if normal == language => Ok(()),
        Ok(normal) => Err(Invalid::new(field, format!("write '{language}' as {normal}"))),
        Err(e) => Err(Invalid::new(field, e)),
    }
}

/// Whether text has the form of a country code.
///
/// # Errors
/// [`Invalid`] names the field.
pub fn country_ok(field: &str, country: &str) -> Result<(), Invalid> {
    if country.len() != 2 || !country.bytes().all(|b| b.is_ascii_uppercase()) {
        return Err(Invalid::new(field, format!("'{country}' is no ISO 3166-1 alpha-2 code such as DE")));
    }
    Ok(())
}

impl Record {
    /// A record with only its key.
    pub fn new(kind: RecordKind, id: impl Into<String>, time: Timestamp) -> Self {
        Record {
            kind,
            id: id.into(),
            time,
            customer: None,
            account: None,
            customer_type: None,
            name: None,
            email: None,
            phone: None,
            country: None,
            language: None,
            birth_year: None,
            created: None,
            industry: None,
            risk: None,
            flags: Vec::new(),
            asset: None,
            fingerprint: None,
            level: None,
            document: None,
            result: None,
            address: None,
        }
    }

    /// Whether all fields are well formed and fit the kind.
    ///
    /// # Errors
    /// [`Invalid`] names the field.
    pub fn validate(&self) -> Result<(), Invalid> {
        text_ok("id", &self.id)?;
        time_ok("time", self.time)?;
        use RecordKind::*;
        let kind = self.kind;
        let texts: [(&str, Option<&String>, &[RecordKind]); 13] = [
            (
                "customer",
                self.customer.as_ref(),
                &[Account, DepositAddress, Card, BankAccount, Device, Kyc, ConfirmedAddress],
            ),
            ("account", self.account.as_ref(), &[DepositAddress]),
            ("name", self.name.as_ref(), &[Customer, Card, BankAccount, Account]),
            ("email", self.email.as_ref(), &[Customer]),
            ("phone", self.phone.as_ref(), &[Customer]),
            ("country", self.country.as_ref(), &[Customer, Card, BankAccount, Kyc]),
            ("industry", self.industry.as_ref(), &[Customer]),
            ("risk", self.risk.as_ref(), &[Customer]),
            ("asset", self.asset.as_ref(), &[DepositAddress, Account]),
            ("fingerprint", self.fingerprint.as_ref(), &[Card, BankAccount, Device]),
            ("document", self.document.as_ref(), &[Kyc]),
            ("result", self.result.as_ref(), &[Kyc]),
            ("address", self.address.as_ref(), &[ConfirmedAddress]),
        ];
        for (field, text, kinds) in texts {
            if let Some(text) = text {
                if !kinds.contains(&kind) {
                    return Err(Invalid::new(field, format!("a {} has no such field", kind.name())));
                }
                text_ok(field, text)?;
            }
        }
        let only = |field: &str, present: bool, of: RecordKind| {
            if present && kind != of {
                return Err(Invalid::new(field, format!("a {} has no such field", kind.name())));
            }
            Ok(())
        };
        only("type", self.customer_type.is_some(), Customer)?;
        only("language", self.language.is_some(), Customer)?;
        only("birth_year", self.birth_year.is_some(), Customer)?;
        only("created", self.created.is_some(), Customer)?;
        only("flags", !self.flags.is_empty(), Customer)?;
        only("level", self.level.is_some(), Kyc)?;
        if kind != Customer && self.customer.is_none() {
            return Err(Invalid::new("customer", format!("a {} belongs to a customer; name it", kind.name())));
        }
        if kind == ConfirmedAddress && self.address.is_none() {
            return Err(Invalid::new("address", "a confirmed_address states which; name it"));
        }
        if let Some(country) = &self.country {
            country_ok("country", country)?;
        }
        if let Some(language) = &self.language {
            language_ok("language", language)?;
        }
        if let Some(year) = self.birth_year
            && !(1880..=2200).contains(&year)
        {
            return Err(Invalid::new("birth_year", format!("{year} is no year of birth")));
        }
        if let Some(created) = self.created {
            time_ok("created", created)?;
        }
        if let Some(risk) = &self.risk
            && !["low", "medium", "high"].contains(&risk.as_str())
        {
            return Err(Invalid::new("risk", format!("'{risk}' is none of low, medium, high")));
        }
        if let Some(result) = &self.result
            && !["passed", "failed", "pending"].contains(&result.as_str())
        {
            return Err(Invalid::new("result", format!("'{result}' is none of passed, failed, pending")));
        }
        if self.level.is_some_and(|l| l > 3) {
            return Err(Invalid::new("level", "must be 0 to 3"));
        }
        if self.flags.len() > 32 {
            return Err(Invalid::new("flags", "at most 32"));
        }
        for flag in &self.flags {
            text_ok("flags", flag)?;
        }
        Ok(())
    }
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum EventKind {
    /// Coins arrived on chain, confirmed or not.
    Deposit,
    /// A customer wants to send coins out.
    Withdrawal,
    /// Money by card or bank, in or out.
    Payment,
    /// Something happened to an account.
    Account,
}

impl EventKind {
    /// All kinds.
    pub const ALL: [EventKind; 4] = [EventKind::Deposit, EventKind::Withdrawal, EventKind::Payment, EventKind::Account];

    /// Returns the name, as in JSON.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// By what a payment moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// A payment card.
    Card,
    /// A bank transfer.
    Bank,
}

/// Which way a payment moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PaymentDirection)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// To the exchange.
    In,
    /// To the customer.
    Out,
}

/// How a payment stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The money is there or promised.
    #[default]
    Settled,
    /// The issuer declined.
    Declined,
    /// The payer's bank took it back.
    Chargeback,
}

/// What happened to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
#[strum(serialize_all = "snake_case")]
pub enum Action {
    Signup,
    Login,
    LoginFailed,
    PasswordChange,
    TwoFactorChange,
    EmailChange,
    PhoneChange,
    AddressAdded,
    ApiKeyCreated,
    IdentityCheck,
    Closed,
}

impl Action {
    /// Returns the name, as in JSON.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether the action takes control of the account: password, second factor, email or phone.
    pub fn changes_credentials(self) -> bool {
        matches!(self, Action::PasswordChange | Action::TwoFactorChange | Action::EmailChange | Action::PhoneChange)
    }
}

/// Something to decide on. The sender's `id` makes it idempotent: sent again, it gets the same answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// The sender's id.
    pub id: String,
    /// When it happened, Unix seconds.
    #[schema(value_type = i64)]
    pub time: Timestamp,
    /// What happened.
    pub kind: EventKind,
    /// Whose event.
    pub customer: String,
    /// Which of the customer's accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Asset, such as BTC, or currency of a payment, such as EUR.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<String>,
    /// Base units (cents for payments).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub amount: Option<Amount>,
    /// Minor units of the reference currency; without it the price table is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<u64>,
    /// Base units that the customer has of the asset **before** the event (`balance_before` is read too).
    #[serde(default, alias = "balance_before", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub balance: Option<Amount>,
    /// Base units that the customer has of the asset **after** the event, fees and all, where the sender knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub balance_after: Option<Amount>,
    /// Transaction id (deposits).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tx: Option<String>,
    /// Output or log index in the transaction (deposits).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<u32>,
    /// The exchange's address that received (deposits).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The other side's address: sender of a deposit where the chain names one, destination of a withdrawal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counterparty: Option<String>,
    /// Confirmations (deposits); 0 while in the mempool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmations: Option<u32>,
    /// Card or bank (payments).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    /// In or out (payments).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// State (payments).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// Fingerprint of the card or bank account (payments).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instrument: Option<String>,
    /// Whether the instrument's holder is not the customer (payments).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub third_party: Option<bool>,
    /// What happened to the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    /// Device fingerprint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// IP address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// Country of the IP address or instrument, ISO 3166-1 alpha-2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Document number or its hash (identity checks).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
    /// The sender's own words for the event, such as the reference of a bank transfer or of a withdrawal attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

impl Event {
    /// An event with only what every event has.
    pub fn new(kind: EventKind, id: impl Into<String>, time: Timestamp, customer: impl Into<String>) -> Self {
        Event {
            id: id.into(),
            time,
            kind,
            customer: customer.into(),
            account: None,
            asset: None,
            amount: None,
            value: None,
            balance: None,
            balance_after: None,
            tx: None,
            output: None,
            address: None,
            counterparty: None,
            confirmations: None,
            method: None,
            direction: None,
            status: None,
            instrument: None,
            third_party: None,
            action: None,
            device: None,
            ip: None,
            country: None,
            document: None,
            reference: None,
        }
    }

    /// Whether all fields are well formed and fit the kind.
    ///
    /// # Errors
    /// [`Invalid`] names the field.
    pub fn validate(&self) -> Result<(), Invalid> {
        use EventKind::*;
        text_ok("id", &self.id)?;
        text_ok("customer", &self.customer)?;
        time_ok("time", self.time)?;
        let kind = self.kind;
        let texts: [(&str, Option<&String>, &[EventKind]); 10] = [
            ("account", self.account.as_ref(), &[Deposit, Withdrawal, Payment, Account]),
            ("asset", self.asset.as_ref(), &[Deposit, Withdrawal, Payment]),
            ("tx", self.tx.as_ref(), &[Deposit]),
            ("address", self.address.as_ref(), &[Deposit]),
            ("counterparty", self.counterparty.as_ref(), &[Deposit, Withdrawal]),
            ("instrument", self.instrument.as_ref(), &[Payment]),
            ("device", self.device.as_ref(), &[Deposit, Withdrawal, Payment, Account]),
            ("ip", self.ip.as_ref(), &[Deposit, Withdrawal, Payment, Account]),
            ("document", self.document.as_ref(), &[Account]),
            ("reference", self.reference.as_ref(), &[Deposit, Withdrawal, Payment, Account]),
        ];
        for (field, text, kinds) in texts {
            if let Some(text) = text {
                if !kinds.contains(&kind) {
                    let mut what = format!("a {} event has no such field", kind.name());
                    if kind == Withdrawal && field == "tx" {
                        what += "; once it is sent, complete it: POST /api/v1/events/{id}/completion";
                    }
                    return Err(Invalid::new(field, what));
                }
                text_ok(field, text)?;
            }
        }
        let moves = kind != Account;
        let fits = |field: &str, present: bool, fits: bool| {
            if present && !fits {
                return Err(Invalid::new(field, format!("a {} event has no such field", kind.name())));
            }
            Ok(())
        };
        fits("amount", self.amount.is_some(), moves)?;
        fits("value", self.value.is_some(), moves)?;
        fits("balance", self.balance.is_some(), moves)?;
        fits("balance_after", self.balance_after.is_some(), moves)?;
        fits("output", self.output.is_some(), kind == Deposit)?;
        fits("confirmations", self.confirmations.is_some(), kind == Deposit)?;
        fits("method", self.method.is_some(), kind == Payment)?;
        fits("direction", self.direction.is_some(), kind == Payment)?;
        fits("status", self.status.is_some(), kind == Payment)?;
        fits("third_party", self.third_party.is_some(), kind == Payment)?;
        fits("action", self.action.is_some(), kind == Account)?;
        let needs = |field: &str, present: bool| {
            if present {
                return Ok(());
            }
            Err(Invalid::new(field, format!("missing; a {} event needs it", kind.name())))
        };
        if moves {
            needs("asset", self.asset.is_some())?;
            needs("amount", self.amount.is_some())?;
        }
        match kind {
            Deposit => needs("tx", self.tx.is_some())?,
            Withdrawal => needs("counterparty", self.counterparty.is_some())?,
            Payment => {
                needs("method", self.method.is_some())?;
                needs("direction", self.direction.is_some())?;
            }
            Account => needs("action", self.action.is_some())?,
        }
        if self.value.is_some_and(|v| v > MAX_VALUE) {
            return Err(Invalid::new("value", format!("more than {MAX_VALUE} minor units; check the unit")));
        }
        if let Some(country) = &self.country {
            country_ok("country", country)?;
        }
        Ok(())
    }

    /// The event with its asset in canonical form: `xbt` and `BTC` are one asset for prices, windows and holds.
    #[must_use]
    pub fn canonical(mut self) -> Self {
        self.asset = self.asset.map(|a| asset::canonical(&a));
        self
    }

    /// What identifies the movement on chain: asset, transaction and output, independent of the reporter. Without an output (the payouts of a batch
    /// have one transaction) it is what the sender states: the receiving address, else the customer's account, and the amount.
    pub fn transfer(&self) -> Option<String> {
        let (asset, tx) = (self.asset.as_ref()?, self.tx.as_ref()?.to_ascii_lowercase());
        let Some(output) = self.output else {
            let to = match (&self.address, &self.account) {
                (Some(address), _) => address::canonical(address),
                (None, Some(account)) => format!("{}/{account}", self.customer),
                (None, None) => self.customer.clone(),
            };
            return Some(format!("{asset}:{tx}:?:{to}:{}", self.amount.unwrap_or_default()));
        };
        Some(format!("{asset}:{tx}:{output}"))
    }

    /// What [`Event::transfer`] was before movements without an output were distinguished; holds of that time are known by it.
    pub fn transfer_by_number(&self) -> Option<String> {
        let (asset, tx) = (self.asset.as_ref()?, self.tx.as_ref()?);
        Some(format!("{}:{}:{}", asset, tx.to_ascii_lowercase(), self.output.unwrap_or(0)))
    }

    /// Returns the keys that identify a hold on the movement: the movement and its customer. Two customers who claim one movement are two holds.
    pub fn hold_keys(&self) -> Vec<String> {
        let owner = format!("{}:{}", self.customer, self.account.as_deref().unwrap_or_default());
        let keyed = self.transfer().map(|t| format!("transfer:{t}:{owner}"));
        keyed.into_iter().chain(self.transfer_by_number().map(|t| format!("transfer:{t}"))).collect()
    }

    /// Whether money comes in (deposit, payment in that was not declined or charged back).
    pub fn comes_in(&self) -> bool {
        match self.kind {
            EventKind::Deposit => true,
            EventKind::Payment => {
                self.direction == Some(Direction::In) && self.status.unwrap_or_default() == Status::Settled
            }
            _ => false,
        }
    }

    /// Whether money goes out.
    pub fn goes_out(&self) -> bool {
        self.kind == EventKind::Withdrawal
            || (self.kind == EventKind::Payment && self.direction == Some(Direction::Out))
    }
}

/// Largest value of one event in minor units: far above any real movement, far below overflow of window sums.
pub const MAX_VALUE: u64 = 1 << 50;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_name_their_field() {
        let mut event = Event::new(EventKind::Withdrawal, "w1", Timestamp::from_unix(1_700_000_000), "c1");
        assert_eq!(event.validate().unwrap_err().field, "asset");
        event.asset = Some("BTC".into());
        event.amount = Some(Amount::new(5));
        assert_eq!(event.validate().unwrap_err().field, "counterparty");
        event.counterparty = Some("1abc".into());
        event.validate().unwrap();
        event.action = Some(Action::Login);
        assert_eq!(event.validate().unwrap_err().field, "action");
        event.action = None;
        event.time = Timestamp::from_unix(1_700_000_000_000);
        assert_eq!(event.validate().unwrap_err().field, "time");
        let mut record = Record::new(RecordKind::Card, "k", Timestamp::from_unix(1_700_000_000));
        assert_eq!(record.validate().unwrap_err().field, "customer");
        record.customer = Some("c".into());
        record.email = Some("a@b".into());
        assert_eq!(record.validate().unwrap_err().field, "email");
        assert!(serde_json::from_str::<Record>("{\"kind\":\"card\",\"id\":\"x\",\"time\":1,\"colour\":1}").is_err());
    }
}
