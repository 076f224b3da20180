//! Flags: partners say that an address, a transaction or a deposit carries stolen funds. Deposits that they touch are held, with a countdown:
//! an open flag lapses unless whoever raised it confirms it. A withdrawn or lapsed flag is undone: its holds end, its alerts close.

use crate::behind::{Behind, path};
use crate::facts::ChainFacts;
use crate::model::{Event, EventKind, Invalid, rfc3339, text_ok};
use crate::rules::Policy;
use holdfast_store::{Database, DbError, Row, Value, number};
use holdfast_types::{address, asset};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use utoipa::ToSchema;

/// Basis of the holds that flags place; by it they are known.
pub const FLAG_BASIS: &str = "flag of a partner exchange";
/// Rule name in decisions and alerts.
pub const FLAGGED: &str = "engine.flagged";
/// Most flags in force.
pub const MAX_FLAGS: usize = 500_000;
/// Most flags in force of one member, so that none takes the others' room.
pub const MAX_FLAGS_OF_MEMBER: usize = 50_000;
/// Past deposits that are looked at in one transaction: decisions wait for no more.
pub(crate) const DEPOSITS_AT_ONCE: usize = 200;
/// Longest countdown, in seconds: 14 days.
pub const MAX_COUNTDOWN: i64 = 14 * 86_400;
/// How far back deposits are looked for when a flag comes, in seconds: 14 days.
pub const LOOK_BACK: i64 = 14 * 86_400;

/// What is flagged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = FlagSubject)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// An address: deposits from it.
    Address,
    /// A transaction: deposits that it makes.
    Transaction,
    /// One output of a transaction, as `TXID:OUTPUT`.
    Deposit,
}

/// How a flag stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = FlagState)]
#[serde(rename_all = "snake_case")]
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
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            State::Open => "open",
            State::Confirmed => "confirmed",
            State::Withdrawn => "withdrawn",
            State::Lapsed => "lapsed",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [State::Open, State::Confirmed, State::Withdrawn, State::Lapsed].into_iter().find(|s| s.name() == name)
    }

    /// Whether deposits are held for it.
    #[must_use]
    pub fn counts(self) -> bool {
        matches!(self, State::Open | State::Confirmed)
    }
}

impl Subject {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Subject::Address => "address",
            Subject::Transaction => "transaction",
            Subject::Deposit => "deposit",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Subject::Address, Subject::Transaction, Subject::Deposit].into_iter().find(|s| s.name() == name)
    }
}

/// A flag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Flag {
    /// Its id, the same at every partner.
    pub id: String,
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
    pub raised: i64,
    /// When it lapses unless it is confirmed, Unix seconds.
    pub until: i64,
    /// How it stands.
    pub state: State,
    /// Source that it came from, by number; none for one's own.
    #[serde(default)]
    pub source: Option<i64>,
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
        for (field, text) in
            [("id", &self.id), ("member", &self.member), ("asset", &self.asset), ("value", &self.value)]
        {
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

    /// What it touches, compared without regard to the asset: who controls an address controls it under every asset.
    fn key(&self) -> String {
        match self.subject {
            Subject::Address => address_key(&self.value),
            Subject::Transaction | Subject::Deposit => tx_key(&self.value),
        }
    }

    /// Who says what, and how it stands.
    #[must_use]
    pub fn words(&self) -> String {
        let through = match self.source {
            Some(_) => format!(" (through {})", self.community),
            None => String::new(),
        };
        let stands = match self.state {
            State::Confirmed => "confirmed".to_owned(),
            _ => format!("lapses {} unless confirmed", rfc3339(self.until)),
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
    /// Who says what, and how the funds came here.
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
    ends: BTreeSet<(i64, String)>,
    count: usize,
    of_member: HashMap<String, usize>,
}

impl Flags {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many are in force of a member.
    #[must_use]
    pub fn of_member(&self, member: &str) -> usize {
        self.of_member.get(member).copied().unwrap_or(0)
    }

    pub(crate) fn put(&mut self, flag: Flag) {
        self.take(&flag);
        if flag.state.counts() {
            *self.of_member.entry(flag.member.clone()).or_default() += 1;
            if flag.state == State::Open {
                self.ends.insert((flag.until, flag.id.clone()));
            }
            self.by_key.entry(flag.key()).or_default().push(flag);
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

    pub(crate) fn over(&self, now: i64) -> Vec<String> {
        self.ends.iter().take_while(|(until, _)| *until <= now).map(|(_, id)| id.clone()).collect()
    }

    pub(crate) fn any_over(&self, now: i64) -> bool {
        self.ends.first().is_some_and(|(until, _)| *until <= now)
    }

    /// Flags that touch an event: its transaction or output, whoever sent it, or where a withdrawal goes; for deposits also what its money came
    /// through, as far and down to the part that the policy says.
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

    /// Adds the flags of what a deposit's money came through.
    fn followed<'a>(&'a self, facts: &ChainFacts, policy: &Policy, touches: &mut Vec<Touch<'a>>) {
        // By flag: its part of the deposit at each distance, and the nearest output.
        let mut parts: BTreeMap<&str, (&Flag, BTreeMap<u32, u64>, usize)> = BTreeMap::new();
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

/// What flags can name of an event: what they name directly, and of a deposit also what its money came through.
pub(crate) fn keys_of(event: &Event, facts: &ChainFacts) -> Vec<String> {
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

/// The rows by which a decided event is found when a flag comes later: of deposits only.
pub(crate) fn key_rows(event: &Event, facts: &ChainFacts, seq: u64) -> Vec<Vec<Value>> {
    match event.kind {
        EventKind::Deposit => keys_of(event, facts).into_iter().map(|k| vec![k.into(), number(seq)]).collect(),
        _ => Vec::new(),
    }
}

/// Columns of those rows.
pub(crate) const KEY_COLUMNS: [&str; 2] = ["key", "seq"];

const FLAG: &str =
    "SELECT id, member, community, subject, asset, value, reason, raised, until, state, source, tlp FROM flags";

fn flag(row: &Row) -> Result<Flag, DbError> {
    let text = |i| row.text(i).map(str::to_owned);
    let subject = Subject::from_name(row.text(3)?).ok_or(DbError::Type(3))?;
    let state = State::from_name(row.text(9)?).ok_or(DbError::Type(9))?;
    Ok(Flag {
        id: text(0)?,
        member: text(1)?,
        community: text(2)?,
        subject,
        asset: text(4)?,
        value: text(5)?,
        reason: text(6)?,
        raised: row.int(7)?,
        until: row.int(8)?,
        state,
        source: row.int_or_null(10),
        tlp: text(11)?,
    })
}

/// A flag by its id.
///
/// # Errors
/// [`DbError`].
pub fn get(db: &mut Database, id: &str) -> Result<Option<Flag>, DbError> {
    db.query(&format!("{FLAG} WHERE id = $1"), &[id.into()])?.first().map(flag).transpose()
}

/// Flags, newest first, at most 1,000; of one state where it is given.
///
/// # Errors
/// [`DbError`].
pub fn list(db: &mut Database, state: Option<State>) -> Result<Vec<Flag>, DbError> {
    let rows = match state {
        Some(state) => {
            db.query(&format!("{FLAG} WHERE state = $1 ORDER BY raised DESC, id LIMIT 1000"), &[state.name().into()])?
        }
        None => db.query(&format!("{FLAG} ORDER BY raised DESC, id LIMIT 1000"), &[])?,
    };
    rows.iter().map(flag).collect()
}

/// How a member's flags came out: how many were raised, confirmed, withdrawn (false) and lapsed. What comes through another source under the same
/// name counts apart: a name is only as good as its source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Standing {
    /// Who.
    pub member: String,
    /// The source that says so, by number; none for one's own.
    pub source: Option<i64>,
    /// All flags.
    pub raised: u64,
    /// Confirmed.
    pub confirmed: u64,
    /// Withdrawn.
    pub withdrawn: u64,
    /// Lapsed.
    pub lapsed: u64,
}

/// How each member's flags came out, by name.
///
/// # Errors
/// [`DbError`].
pub fn standings(db: &mut Database) -> Result<Vec<Standing>, DbError> {
    let rows =
        db.query("SELECT member, state, COUNT(*), source FROM flags GROUP BY member, source, state ORDER BY member, source, state", &[])?;
    let mut all: Vec<Standing> = Vec::new();
    for row in &rows {
        let (member, count, source) = (row.text(0)?, row.int(2)? as u64, row.int_or_null(3));
        if all.last().is_none_or(|s| s.member != member || s.source != source) {
            all.push(Standing { member: member.to_owned(), source, ..Standing::default() });
        }
        if let Some(s) = all.last_mut() {
            s.raised += count;
            match row.text(1)? {
                "confirmed" => s.confirmed += count,
                "withdrawn" => s.withdrawn += count,
                "lapsed" => s.lapsed += count,
                _ => {}
            }
        }
    }
    Ok(all)
}

/// The flags in force.
pub(crate) fn in_force(db: &mut Database) -> Result<Flags, DbError> {
    let (mut flags, mut after) = (Flags::default(), String::new());
    loop {
        let sql = format!("{FLAG} WHERE state IN ('open', 'confirmed') AND id > $1 ORDER BY id LIMIT 5000");
        let rows = db.query(&sql, &[after.as_str().into()])?;
        let Some(last) = rows.last() else { return Ok(flags) };
        after = last.text(0)?.to_owned();
        for row in &rows {
            flags.put(flag(row)?);
        }
    }
}

/// Past deposits that a flag touches: sequence numbers, newest first, at most 10,000.
pub(crate) fn candidates(db: &mut Database, flag: &Flag) -> Result<Vec<i64>, DbError> {
    let since = flag.raised - LOOK_BACK;
    let rows = db.query(
        "SELECT k.seq FROM event_keys k JOIN events e ON e.seq = k.seq WHERE k.key = $1 AND e.time >= $2 ORDER BY k.seq DESC LIMIT 10000",
        &[flag.key().into(), since.into()],
    )?;
    rows.iter().map(|r| r.int(0)).collect()
}
