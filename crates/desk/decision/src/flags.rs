//! Flags: partners state that an address, a transaction or a deposit carries stolen funds. Deposits that they touch are held, with a countdown:
//! an open flag lapses unless its source confirms it. A withdrawn or lapsed flag is undone: its holds end, its alerts close.

use crate::behind::{Behind, path};
use crate::facts::ChainFacts;
use crate::model::{Event, EventKind, text_ok};
use crate::rules::Policy;
use holdfast_types::ids::{FlagId, SourceId};
use holdfast_types::{Invalid, Seconds, Timestamp, address, asset};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use strum::{EnumString, IntoStaticStr};
use utoipa::ToSchema;

/// Basis of the holds that flags place; by it they are known.
pub const FLAG_BASIS: &str = "flag of a partner exchange";
/// Rule name in decisions and alerts.
pub const FLAGGED: &str = "engine.flagged";
/// Longest countdown: 14 days.
pub const MAX_COUNTDOWN: Seconds = Seconds::days(14);
/// What is flagged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, IntoStaticStr, EnumString)]
#[schema(as = FlagSubject)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Subject {
    /// An address: deposits from it.
    Address,
    /// A transaction: deposits that it makes.
    Transaction,
    /// One output of a transaction, as `TXID:OUTPUT`.
    Deposit,
}

/// How a flag stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, IntoStaticStr, EnumString)]
#[schema(as = FlagState)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum State {
    /// Counting down.
    Open,
    /// Confirmed: its holds stay until people end them.
    Confirmed,
    /// It was false, or is no longer upheld.
    Withdrawn,
    /// Nobody confirmed it in time.
    Lapsed,
}

impl State {
    /// Returns the name, as in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the value of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        name.parse().ok()
    }

    /// Returns whether deposits are held for it.
    #[must_use]
    pub fn counts(self) -> bool {
        matches!(self, State::Open | State::Confirmed)
    }
}

impl Subject {
    /// Returns the name, as in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the value of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        name.parse().ok()
    }
}

/// A flag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Flag {
    /// Its id, the same at every partner.
    #[schema(value_type = String)]
    pub id: FlagId,
    /// Who raised it.
    pub member: String,
    /// Where it was shared, or empty.
    pub community: String,
    /// What is flagged.
    pub subject: Subject,
    /// Ticker.
    pub asset: String,
    /// Address, transaction id, or `TXID:OUTPUT`.
    pub value: String,
    /// Why.
    pub reason: String,
    /// Unix seconds.
    #[schema(value_type = i64)]
    pub raised: Timestamp,
    /// When it lapses unless it is confirmed, Unix seconds.
    #[schema(value_type = i64)]
    pub until: Timestamp,
    /// State.
    pub state: State,
    /// Source that it came from, by number; none for the desk's own.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    pub source: Option<SourceId>,
    /// Who may read it (TLP 2.0), or empty.
    #[serde(default)]
    pub tlp: String,
}

impl Flag {
    /// Puts the value into its normal form and checks all fields.
    ///
    /// # Errors
    /// [`Invalid`] names the field.
    pub fn canonical(mut self) -> Result<Self, Invalid> {
        for (field, text) in [
            ("id", self.id.as_str()),
            ("member", self.member.as_str()),
            ("asset", self.asset.as_str()),
            ("value", self.value.as_str()),
        ] {
            text_ok(field, text)?;
        }
        if self.reason.trim().is_empty() || self.reason.len() > 2_000 {
            return Err(Invalid::new("reason", "must be 1 to 2000 bytes"));
        }
        let is_tx = |t: &str| {
            let hex = t.strip_prefix("0x").unwrap_or(t);
            (32..=128).contains(&hex.len()) && t.bytes().all(|b| b.is_ascii_alphanumeric())
        };
        match self.subject {
            Subject::Address => self.value = address::canonical(&self.value),
            Subject::Transaction if is_tx(&self.value) => self.value = self.value.to_ascii_lowercase(),
            Subject::Deposit => {
                let (tx, output) = self.value.split_once(':').unwrap_or((&self.value, "0"));
                let output: u32 = output.parse().map_err(|_| Invalid::new("value", "must be TXID:OUTPUT"))?;
                if !is_tx(tx) {
                    return Err(Invalid::new("value", "must be TXID:OUTPUT"));
                }
                self.value = format!("{}:{output}", tx.to_ascii_lowercase());
            }
            Subject::Transaction => return Err(Invalid::new("value", "is no transaction id")),
        }
        self.asset = asset::canonical(&self.asset);
        if self.until - self.raised > MAX_COUNTDOWN || self.until < self.raised {
            return Err(Invalid::new("until", "a countdown lasts at most 14 days"));
        }
        Ok(self)
    }

    /// Returns the key of what it touches, compared without regard to the asset: who controls an address controls it under every asset.
    #[must_use]
    pub fn key(&self) -> String {
        match self.subject {
            Subject::Address => address_key(&self.value),
            Subject::Transaction | Subject::Deposit => tx_key(&self.value),
        }
    }

    /// Returns the flag as text: member, reason, state.
    #[must_use]
    pub fn words(&self) -> String {
        let through = match self.source {
            Some(_) => format!(" (through {})", self.community),
            None => String::new(),
        };
        let stands = match self.state {
            State::Confirmed => "confirmed".to_owned(),
            _ => format!("lapses {} unless confirmed", self.until.rfc3339()),
        };
        format!("{}{through}: {} (flag {}, {stands})", self.member, self.reason, self.id)
    }
}

/// A flag that touches an event, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touch<'a> {
    /// The flag.
    pub flag: &'a Flag,
    /// How the flagged funds came to a deposit, where it is not what the flag names itself.
    pub way: Option<String>,
}

impl Touch<'_> {
    /// Returns the flag as text, and how the funds came here.
    #[must_use]
    pub fn words(&self) -> String {
        let way = self.way.as_ref().map(|way| format!("; {way}")).unwrap_or_default();
        format!("{}{way}", self.flag.words())
    }
}

fn address_key(text: &str) -> String {
    format!("address:{}", address::canonical(text))
}

/// A transaction id or `TXID:OUTPUT`, without regard to case and a leading 0x.
fn tx_key(text: &str) -> String {
    let text = text.to_ascii_lowercase();
    format!("tx:{}", text.strip_prefix("0x").unwrap_or(&text))
}

/// The flags in force, by what they touch.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    by_key: HashMap<String, Vec<Flag>>,
    /// Open ones by when they lapse.
    ends: BTreeSet<(Timestamp, FlagId)>,
    count: usize,
    of_member: HashMap<String, usize>,
}

impl Flags {
    /// Returns the number of flags.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Returns whether there are no flags.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Returns the number of a member's flags in force.
    #[must_use]
    pub fn of_member(&self, member: &str) -> usize {
        self.of_member.get(member).copied().unwrap_or(0)
    }

    /// Adds a flag, or replaces the one of its id; one that is not in force is only removed. Flags of one thing stand by their id, so that the
    /// order in which they came changes no answer.
    pub fn put(&mut self, flag: Flag) {
        self.take(&flag);
        if flag.state.counts() {
            *self.of_member.entry(flag.member.clone()).or_default() += 1;
            if flag.state == State::Open {
                self.ends.insert((flag.until, flag.id.clone()));
            }
            let list = self.by_key.entry(flag.key()).or_default();
            list.insert(list.partition_point(|f| f.id < flag.id), flag);
            self.count += 1;
        }
    }

    fn take(&mut self, flag: &Flag) {
        let key = flag.key();
        if let Some(list) = self.by_key.get_mut(&key) {
            let before = list.len();
            for old in list.iter().filter(|f| f.id == flag.id) {
                self.ends.remove(&(old.until, old.id.clone()));
                if let Some(count) = self.of_member.get_mut(&old.member) {
                    *count = count.saturating_sub(1);
                }
            }
            list.retain(|f| f.id != flag.id);
            self.count -= before - list.len();
            if list.is_empty() {
                self.by_key.remove(&key);
            }
        }
    }

    /// Returns the ids of open flags whose countdown has ended.
    #[must_use]
    pub fn over(&self, now: Timestamp) -> Vec<FlagId> {
        self.ends.iter().take_while(|(until, _)| *until <= now).map(|(_, id)| id.clone()).collect()
    }

    /// Returns whether the countdown of any open flag has ended.
    #[must_use]
    pub fn any_over(&self, now: Timestamp) -> bool {
        self.ends.first().is_some_and(|(until, _)| *until <= now)
    }

    /// Returns the flags that touch an event: its transaction or output, its sender, or the payee of a withdrawal; for deposits also what its money came
    /// through, as far and down to the part that the policy sets.
    #[must_use]
    pub fn of(&self, event: &Event, facts: &ChainFacts, policy: &Policy) -> Vec<Touch<'_>> {
        if self.by_key.is_empty() || !matches!(event.kind, EventKind::Deposit | EventKind::Withdrawal) {
            return Vec::new();
        }
        let keys = direct_keys(event, facts);
        let direct = keys.iter().filter_map(|k| self.by_key.get(k)).flatten();
        let mut touches: Vec<Touch<'_>> = direct.map(|flag| Touch { flag, way: None }).collect();
        if event.kind == EventKind::Deposit {
            self.followed(facts, policy, &mut touches);
        }
        touches
    }

    /// Returns all flags in force, by id.
    #[must_use]
    pub fn all(&self) -> Vec<Flag> {
        let mut all: Vec<Flag> = self.by_key.values().flatten().cloned().collect();
        all.sort_by(|a, b| a.id.cmp(&b.id));
        all
    }

    /// Adds the flags of what a deposit's money came through.
    fn followed<'a>(&'a self, facts: &ChainFacts, policy: &Policy, touches: &mut Vec<Touch<'a>>) {
        // By flag: its part of the deposit at each distance, and the nearest output.
        let mut parts: BTreeMap<&FlagId, (&Flag, BTreeMap<u32, u64>, usize)> = BTreeMap::new();
        for (i, behind) in facts.behind.iter().enumerate().filter(|(_, b)| b.hops <= policy.flag_hops) {
            for flag in behind_keys(behind).iter().filter_map(|k| self.by_key.get(k)).flatten() {
                let part = parts.entry(&flag.id).or_insert_with(|| (flag, BTreeMap::new(), i));
                *part.1.entry(behind.hops).or_default() += behind.share_ppm;
            }
        }
        for (flag, by_distance, nearest) in parts.into_values() {
            // The same money may pass a flagged address twice: parts are added up at one distance only.
            let share = by_distance.values().copied().max().unwrap_or(0).min(1_000_000);
            if share < u64::from(policy.flag_share_percent) * 10_000 || touches.iter().any(|t| t.flag.id == flag.id) {
                continue;
            }
            let (percent, hops) = (share / 10_000, facts.behind[nearest].hops);
            let transactions = if hops == 1 { "1 transaction".to_owned() } else { format!("{hops} transactions") };
            let way = path(&facts.behind, nearest);
            let way = format!("{percent}% of this deposit came from there through {transactions}: {way}");
            touches.push(Touch { flag, way: Some(way) });
        }
    }
}

/// Returns the keys by which flags can name an event: those that they name directly, and of a deposit also what its money came through.
pub fn keys_of(event: &Event, facts: &ChainFacts) -> Vec<String> {
    let mut keys = direct_keys(event, facts);
    if event.kind == EventKind::Deposit {
        keys.extend(facts.behind.iter().flat_map(behind_keys));
        keys.sort();
        keys.dedup();
    }
    keys
}

/// What flags can name of an output behind a deposit: the output, its transaction, its address.
fn behind_keys(behind: &Behind) -> Vec<String> {
    let tx = behind.output.split(':').next().unwrap_or_default();
    let mut keys = vec![tx_key(&behind.output), tx_key(tx)];
    keys.extend(behind.address.iter().map(|a| address_key(a)));
    keys
}

/// What flags can name of an event directly: of a deposit its output, its transaction and who sent it; of a withdrawal where it goes.
fn direct_keys(event: &Event, facts: &ChainFacts) -> Vec<String> {
    let mut keys = Vec::new();
    if !matches!(event.kind, EventKind::Deposit | EventKind::Withdrawal) {
        return keys;
    }
    if event.kind == EventKind::Deposit {
        if let Some(tx) = event.tx.as_deref() {
            keys.push(tx_key(&format!("{tx}:{}", event.output.unwrap_or(0))));
            keys.push(tx_key(tx));
        }
        keys.extend(facts.senders.iter().map(|a| address_key(a)));
    }
    keys.extend(event.counterparty.iter().map(|a| address_key(a)));
    keys.sort();
    keys.dedup();
    keys
}
