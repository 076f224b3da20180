//! Queries Elliptic, Chainalysis and TRM Labs about the counterparty of a transfer, and merges their answers into its facts.
//!
//! Each provider gets a question at most once at a time, within one deadline for all tries; refusals, timeouts and invalid answers are
//! reported and leave the provider's risk unknown, which rules see as `provider.failed`. A provider that fails repeatedly is not queried
//! for a while (circuit breaker). Customers leave as pseudonyms.

use crate::assessed::uuid;
use crate::chainalysis::{self, whole_units};
use crate::elliptic::{self, short};
use crate::{networks, trm};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use holdfast_decision::facts::ProviderFact;
use holdfast_decision::{ChainFacts, Event, EventKind};
use holdfast_types::{Amount, Asset, ChainId, Invalid, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime};
use utoipa::ToSchema;

/// Largest answer that is read, in bytes.
const MAX_ANSWER: u64 = 4 << 20;
/// Most answers in the cache.
const MAX_CACHED: usize = 20_000;

/// A provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Name {
    /// Elliptic AML API v2.
    Elliptic,
    /// Chainalysis KYT v2, and address screening for assets whose decimals are not known.
    Chainalysis,
    /// TRM Labs wallet screening.
    Trm,
}

impl Name {
    /// Returns its name as rules know it.
    pub fn text(self) -> &'static str {
        match self {
            Name::Elliptic => "elliptic",
            Name::Chainalysis => "chainalysis",
            Name::Trm => "trm",
        }
    }
}

/// How to reach a provider.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Account {
    /// Such as https://aml-api.elliptic.co.
    url: String,
    /// Access key (Elliptic).
    #[serde(default)]
    key: String,
    /// Secret (Elliptic), token (Chainalysis) or API key (TRM).
    #[serde(default)]
    secret: Option<String>,
    /// Environment variable that has the secret.
    #[serde(default)]
    secret_env: Option<String>,
}

/// The file that names the providers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    elliptic: Option<Account>,
    #[serde(default)]
    chainalysis: Option<Account>,
    #[serde(default)]
    trm: Option<Account>,
    /// For one question, all tries together.
    #[serde(default = "two_seconds")]
    timeout_ms: u64,
    /// Tries after the first.
    #[serde(default = "two")]
    retries: u32,
    /// How long an answer holds.
    #[serde(default = "hour")]
    cache_seconds: u64,
    /// Failures one after another until a provider is left alone ...
    #[serde(default = "five")]
    breaker_failures: u32,
    /// ... for so long.
    #[serde(default = "half_minute")]
    breaker_seconds: u64,
}

fn two_seconds() -> u64 {
    2000
}
fn two() -> u32 {
    2
}
fn hour() -> u64 {
    3600
}
fn five() -> u32 {
    5
}
fn half_minute() -> u64 {
    30
}

/// How a provider has answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProviderState {
    /// Which.
    #[schema(value_type = String)]
    pub name: Name,
    /// Where.
    pub url: String,
    /// Questions put to it, retries not counted.
    pub asked: u64,
    /// Questions answered by it.
    pub answered: u64,
    /// Questions answered from the cache instead.
    pub cached: u64,
    /// Queries that were not sent, because the provider fails repeatedly.
    pub refused: u64,
    /// closed (queried), open (not queried) or half-open (tried once).
    #[schema(value_type = String)]
    pub breaker: &'static str,
    /// Why it last failed.
    pub last_error: Option<String>,
    /// When it last failed, Unix seconds.
    #[schema(value_type = Option<i64>)]
    pub failed_at: Option<Timestamp>,
    /// When it last answered, Unix seconds.
    #[schema(value_type = Option<i64>)]
    pub answered_at: Option<Timestamp>,
    /// Chains (CAIP-2 ids) that questions to it can name. About what is on others it is not asked.
    pub chains: Vec<String>,
}

#[derive(Default)]
struct Health {
    failures: u32,
    /// Left alone until then.
    until: Option<Instant>,
    probing: bool,
    asked: u64,
    answered: u64,
    cached: u64,
    refused: u64,
    last_error: Option<String>,
    failed_at: Option<Timestamp>,
    answered_at: Option<Timestamp>,
}

impl Health {
    fn failed(&mut self, why: &str) {
        self.last_error = Some(why.to_owned());
        self.failed_at = Some(Timestamp::from(SystemTime::now()));
    }
}

struct Provider {
    name: Name,
    account: Account,
    secret: String,
    health: Mutex<Health>,
}

type CacheKey = (Name, String);

#[derive(Default)]
struct Cache {
    facts: HashMap<CacheKey, (Instant, ProviderFact)>,
    order: VecDeque<(CacheKey, Instant)>,
}

impl Cache {
    fn get(&self, key: &CacheKey, life: Duration) -> Option<ProviderFact> {
        let (at, fact) = self.facts.get(key)?;
        (at.elapsed() < life).then(|| ProviderFact { cached: true, ..fact.clone() })
    }

    fn put(&mut self, key: CacheKey, fact: ProviderFact) {
        let now = Instant::now();
        self.order.push_back((key.clone(), now));
        self.facts.insert(key, (now, fact));
        while self.order.len() > MAX_CACHED {
            if let Some((oldest, at)) = self.order.pop_front()
                && self.facts.get(&oldest).is_some_and(|f| f.0 == at)
            {
                self.facts.remove(&oldest);
            }
        }
    }
}

/// The providers that are queried.
pub struct Providers {
    list: Vec<Provider>,
    timeout: Duration,
    retries: u32,
    life: Duration,
    breaker_failures: u32,
    breaker_pause: Duration,
    cache: Mutex<Cache>,
}

impl std::fmt::Debug for Providers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.list.iter().map(|p| p.name)).finish()
    }
}

/// A query to providers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// As events name it, such as BTC.
    pub asset: String,
    /// Its chain; none of a ticker that several chains share, where nothing decides.
    pub chain: Option<ChainId>,
    /// The other side's address; of a deposit, one that paid it, where one is known.
    pub address: Option<String>,
    /// A deposit's transaction, output number and receiving address.
    pub deposit: Option<(String, Option<u32>, Option<String>)>,
    /// Base units.
    pub amount: Amount,
    /// The customer.
    pub customer: String,
    /// When, Unix seconds.
    pub time: Timestamp,
    /// Id of the event.
    pub event: String,
}

impl Question {
    /// Returns the question about an event's other side; none for events off chain.
    pub fn of(event: &Event, facts: &ChainFacts) -> Option<Question> {
        let deposit = match event.kind {
            EventKind::Deposit => Some((event.tx.clone()?, event.output, event.address.clone())),
            EventKind::Withdrawal => None,
            _ => return None,
        };
        let asset = event.asset.clone()?;
        let addresses: Vec<&str> =
            event.address.iter().chain(&event.counterparty).chain(&facts.senders).map(String::as_str).collect();
        Some(Question {
            chain: networks::of_transfer(&asset, &addresses),
            asset,
            address: event.counterparty.clone().or_else(|| facts.senders.first().cloned()),
            deposit,
            amount: event.amount.unwrap_or_default(),
            customer: event.customer.clone(),
            time: event.time,
            event: event.id.clone(),
        })
    }

    /// Returns the question about an address alone.
    pub fn address(asset: &str, address: &str, now: Timestamp) -> Question {
        let asset = holdfast_types::asset::canonical(asset);
        Question {
            chain: networks::of_transfer(&asset, &[address]),
            asset,
            address: Some(address.to_owned()),
            deposit: None,
            amount: Amount::new(0),
            customer: "holdfast".into(),
            time: now,
            event: format!("address:{address}"),
        }
    }

    /// Key of the cache: the other side, not the customer.
    fn subject(&self) -> String {
        match &self.deposit {
            Some((tx, output, address)) => {
                format!(
                    "{}|{tx}|{}|{}",
                    self.asset,
                    output.map_or(-1, i64::from),
                    address.as_deref().unwrap_or_default()
                )
            }
            None => format!("{}|{}", self.asset, self.address.as_deref().unwrap_or_default()),
        }
    }

    /// Returns a provider's name of its chain.
    fn network(&self, name: fn(&ChainId) -> Option<&'static str>) -> Result<&'static str, Fault> {
        let Some(chain) = &self.chain else {
            let why = format!("several chains have {}: its CAIP-19 id names one", self.asset);
            return Err(Fault::Question(why));
        };
        name(chain).ok_or_else(|| Fault::Question(format!("it has no name for {chain} here")))
    }

    fn pseudonym(&self) -> String {
        uuid(&["pseudonym", &self.customer])
    }
}

/// Why a try failed.
enum Fault {
    /// Another try may succeed.
    Passing(String),
    /// Another try will not.
    Lasting(String),
    /// The question is at fault, not the provider.
    Question(String),
}

impl Providers {
    /// Reads a file of providers (YAML).
    ///
    /// # Errors
    /// [`Invalid`] names the field.
    pub fn parse(yaml: &str) -> Result<Providers, Invalid> {
        let file: File = serde_norway::from_str(yaml).map_err(|e| Invalid::new("providers", e.to_string()))?;
        let mut list = Vec::new();
        for (name, account) in
            [(Name::Elliptic, file.elliptic), (Name::Chainalysis, file.chainalysis), (Name::Trm, file.trm)]
        {
            let Some(mut account) = account else { continue };
            let field = |f: &str| format!("{}.{f}", name.text());
            if !account.url.starts_with("http://") && !account.url.starts_with("https://") {
                return Err(Invalid::new(&field("url"), "must begin with https:// (or http:// for tests)"));
            }
            account.url = account.url.trim_end_matches('/').to_owned();
            let secret = match (&account.secret, &account.secret_env) {
                (Some(secret), None) => secret.clone(),
                (None, Some(variable)) => std::env::var(variable)
                    .map_err(|_| Invalid::new(&field("secret_env"), format!("the variable {variable} is not set")))?,
                _ => return Err(Invalid::new(&field("secret"), "give either secret or secret_env")),
            };
            if name == Name::Elliptic {
                elliptic::sign(&secret, "0", "GET", "/", "").map_err(|e| Invalid::new(&field("secret"), e.problem))?;
                if account.key.is_empty() {
                    return Err(Invalid::new(&field("key"), "missing: Elliptic's access key"));
                }
            }
            list.push(Provider { name, account, secret, health: Mutex::default() });
        }
        if list.is_empty() {
            return Err(Invalid::new("providers", "name at least one of elliptic, chainalysis, trm"));
        }
        if !(10..=60_000).contains(&file.timeout_ms) {
            return Err(Invalid::new("timeout_ms", "must be 10 to 60000"));
        }
        Ok(Providers {
            list,
            timeout: Duration::from_millis(file.timeout_ms),
            retries: file.retries.min(10),
            life: Duration::from_secs(file.cache_seconds),
            breaker_failures: file.breaker_failures.max(1),
            breaker_pause: Duration::from_secs(file.breaker_seconds),
            cache: Mutex::default(),
        })
    }

    /// Queries all providers at once, for no longer than the deadline. Never fails: a provider without an answer is in the facts with the reason.
    pub fn query(&self, question: &Question) -> BTreeMap<String, ProviderFact> {
        std::thread::scope(|scope| {
            let queries: Vec<_> =
                self.list.iter().map(|p| (p.name, scope.spawn(move || self.query_one(p, question)))).collect();
            let answer = |(name, thread): (Name, std::thread::ScopedJoinHandle<'_, ProviderFact>)| {
                let fact = thread.join().unwrap_or_else(|_| failed("the query failed within Holdfast"));
                (name.text().to_owned(), fact)
            };
            queries.into_iter().map(answer).collect()
        })
    }

    /// Returns how the providers have answered so far.
    pub fn state(&self) -> Vec<ProviderState> {
        let state = |p: &Provider| {
            let health = p.health();
            let breaker = match health.until {
                None => "closed",
                Some(until) if Instant::now() < until => "open",
                Some(_) => "half-open",
            };
            ProviderState {
                name: p.name,
                url: p.account.url.clone(),
                asked: health.asked,
                answered: health.answered,
                cached: health.cached,
                refused: health.refused,
                breaker,
                last_error: health.last_error.clone(),
                failed_at: health.failed_at,
                answered_at: health.answered_at,
                chains: networks::named_by(p.name).map(str::to_owned).collect(),
            }
        };
        self.list.iter().map(state).collect()
    }

    fn query_one(&self, provider: &Provider, question: &Question) -> ProviderFact {
        let key = (provider.name, question.subject());
        if let Some(fact) = self.cache.lock().unwrap_or_else(|e| e.into_inner()).get(&key, self.life) {
            provider.health().cached += 1;
            return fact;
        }
        if let Err(why) = provider.admit() {
            return failed(&why);
        }
        let deadline = Instant::now() + self.timeout;
        let mut tries = 0;
        let outcome = loop {
            match provider.answer(question, deadline) {
                Err(Fault::Passing(why)) => {
                    tries += 1;
                    let pause = backoff(tries);
                    let left = deadline.saturating_duration_since(Instant::now());
                    if tries > self.retries || pause >= left {
                        break Err(Fault::Passing(format!("{why} ({tries} tries)")));
                    }
                    std::thread::sleep(pause);
                }
                other => break other,
            }
        };
        let mut health = provider.health();
        health.probing = false;
        match outcome {
            Ok(fact) => {
                health.failures = 0;
                health.until = None;
                health.answered += 1;
                health.answered_at = Some(Timestamp::from(SystemTime::now()));
                drop(health);
                if fact.risk.is_some() {
                    self.cache.lock().unwrap_or_else(|e| e.into_inner()).put(key, fact.clone());
                }
                fact
            }
            Err(Fault::Question(why)) => {
                // It answered, so it is well.
                health.failures = 0;
                health.until = None;
                health.failed(&why);
                failed(&why)
            }
            Err(Fault::Passing(why) | Fault::Lasting(why)) => {
                health.failures += 1;
                if health.failures >= self.breaker_failures {
                    health.until = Some(Instant::now() + self.breaker_pause);
                }
                health.failed(&why);
                failed(&why)
            }
        }
    }
}

fn failed(why: &str) -> ProviderFact {
    ProviderFact { risk: None, detail: short(why), cached: false }
}

/// 50 ms, doubled with every try, and up to as much again by chance, so that many desks do not query at once.
fn backoff(tries: u32) -> Duration {
    let base = 50u64 << (tries - 1).min(6);
    let chance = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| u64::from(d.subsec_nanos()));
    Duration::from_millis(base + chance % base)
}

impl Provider {
    fn health(&self) -> std::sync::MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// Whether the provider may be queried now.
    fn admit(&self) -> Result<(), String> {
        let mut health = self.health();
        if let Some(until) = health.until {
            let left = until.saturating_duration_since(Instant::now());
            if !left.is_zero() || health.probing {
                health.refused += 1;
                let why = health.last_error.clone().unwrap_or_default();
                return Err(format!(
                    "not queried: it failed {} times, last: {why}; queried again in {} s",
                    health.failures,
                    left.as_secs()
                ));
            }
            health.probing = true;
        }
        health.asked += 1;
        Ok(())
    }

    fn answer(&self, question: &Question, deadline: Instant) -> Result<ProviderFact, Fault> {
        match self.name {
            Name::Elliptic => self.elliptic(question, deadline),
            Name::Chainalysis => self.chainalysis(question, deadline),
            Name::Trm => self.trm(question, deadline),
        }
    }

    /// Sends one request; returns status and JSON.
    fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&str>,
        deadline: Instant,
    ) -> Result<(u16, Value), Fault> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Fault::Passing("no answer in time".into()));
        }
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .timeout_global(Some(left))
            .http_status_as_error(false)
            .max_redirects(0)
            .build()
            .into();
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.account.url));
        for (name, value) in headers.iter().chain(&[("Accept", "application/json")]) {
            request = request.header(*name, *value);
        }
        let answer = match body {
            Some(body) => {
                let request = request.header("Content-Type", "application/json").body(body.to_owned());
                agent.run(request.map_err(|e| Fault::Question(e.to_string()))?)
            }
            None => agent.run(request.body(()).map_err(|e| Fault::Question(e.to_string()))?),
        };
        let mut answer = answer.map_err(|e| match e {
            ureq::Error::Timeout(_) => Fault::Passing("no answer in time".into()),
            e => Fault::Passing(e.to_string()),
        })?;
        let status = answer.status().as_u16();
        let text = answer.body_mut().with_config().limit(MAX_ANSWER).read_to_string();
        let text = text.map_err(|e| Fault::Passing(format!("its answer broke off: {e}")))?;
        let words = || format!("it answered {status}: {}", text.chars().take(200).collect::<String>());
        match status {
            408 | 429 | 500..=599 => return Err(Fault::Passing(words())),
            401 | 403 => return Err(Fault::Lasting(words())),
            _ => {}
        }
        let value = serde_json::from_str(&text);
        value.map(|v| (status, v)).map_err(|_| Fault::Lasting(format!("its answer is no JSON; {}", words())))
    }

    fn good(&self, (status, answer): (u16, Value)) -> Result<Value, Fault> {
        match status {
            200..=299 => Ok(answer),
            _ => Err(Fault::Question(format!("it answered {status}: {answer}"))),
        }
    }

    fn signed(&self, path: &str, body: &Value, deadline: Instant) -> Result<(u16, Value), Fault> {
        let body = body.to_string();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_millis()).to_string();
        let signature =
            elliptic::sign(&self.secret, &now, "POST", path, &body).map_err(|e| Fault::Lasting(e.to_string()))?;
        let [key, sign, time] = elliptic::HEADERS;
        let headers = [(key, self.account.key.as_str()), (sign, &signature), (time, &now)];
        self.call("POST", path, &headers, Some(&body), deadline)
    }

    fn elliptic(&self, q: &Question, deadline: Instant) -> Result<ProviderFact, Fault> {
        let customer = q.pseudonym();
        let (ticker, _) = networks::named(&q.asset);
        let (path, body) = match (&q.deposit, &q.address) {
            (Some((tx, output, address)), _) => {
                let mut subject = json!({ "asset": ticker, "type": "transaction", "hash": tx });
                // A ticker that the list does not know is the provider's own.
                if q.chain.is_some() || Asset::parse(&q.asset).is_ok_and(|asset| asset.is_listed()) {
                    subject["blockchain"] = q.network(networks::elliptic_name)?.into();
                }
                match (address, output) {
                    (Some(address), _) => {
                        subject["output_type"] = "address".into();
                        subject["output_address"] = address.as_str().into();
                    }
                    (None, Some(output)) => {
                        subject["output_type"] = "indices".into();
                        subject["output_indices"] = json!([output]);
                    }
                    (None, None) => {}
                }
                (
                    "/v2/analyses/synchronous",
                    json!({ "subject": subject, "type": "source_of_funds", "customer_reference": customer }),
                )
            }
            (None, Some(address)) => {
                let subject =
                    json!({ "asset": "holistic", "blockchain": "holistic", "type": "address", "hash": address });
                (
                    "/v2/wallet/synchronous",
                    json!({ "subject": subject, "type": "wallet_exposure", "customer_reference": customer }),
                )
            }
            (None, None) => return Err(Fault::Question("no address to query".into())),
        };
        let (status, answer) = self.signed(path, &body, deadline)?;
        if status == 404 && answer["name"] == "NotInBlockchain" && q.deposit.is_none() {
            return Ok(ProviderFact { risk: Some(0), detail: "not seen on the blockchain".into(), cached: false });
        }
        Ok(elliptic::read(&self.good((status, answer))?))
    }

    fn chainalysis(&self, q: &Question, deadline: Instant) -> Result<ProviderFact, Fault> {
        let headers = [("Token", self.secret.as_str())];
        let call = |method: &str, path: &str, body: Option<&Value>| {
            let body = body.map(Value::to_string);
            self.good(self.call(method, path, &headers, body.as_deref(), deadline)?)
        };
        let (user, amount) = (q.pseudonym(), whole_units(&q.asset, q.amount));
        let (asset, contract) = networks::named(&q.asset);
        let (kind, body) = match (&q.deposit, &q.address, amount) {
            (Some((tx, output, address)), ..) => {
                let place = address.clone().or_else(|| output.map(|o| o.to_string()));
                let reference = place.map_or(tx.clone(), |p| format!("{tx}:{p}"));
                let network = q.network(networks::kyt_name)?;
                let mut body = json!({ "network": network, "asset": asset, "transferReference": reference, "direction": "received" });
                if let Some(contract) = contract {
                    body["assetId"] = contract.into();
                }
                if let Some(amount) = amount {
                    body["assetAmount"] = amount.into();
                }
                ("transfers", body)
            }
            (None, Some(address), Some(amount)) => {
                let mut body = json!({
                    "network": q.network(networks::kyt_name)?, "asset": asset, "address": address, "attemptIdentifier": uuid(&["attempt", &q.event]),
                    "assetAmount": amount, "attemptTimestamp": q.time.rfc3339(),
                });
                if let Some(contract) = contract {
                    body["assetId"] = contract.into();
                }
                ("withdrawal-attempts", body)
            }
            (None, Some(address), None) => {
                call("POST", "/api/risk/v2/entities", Some(&json!({ "address": address })))?;
                return Ok(chainalysis::read_entity(&call(
                    "GET",
                    &format!("/api/risk/v2/entities/{}", escape(address)),
                    None,
                )?));
            }
            (None, None, _) => return Err(Fault::Question("no address to query".into())),
        };
        let mut registered = call("POST", &format!("/api/kyt/v2/users/{user}/{kind}"), Some(&body))?;
        let Some(id) = registered["externalId"].as_str().map(escape) else {
            return Err(Fault::Lasting("its answer has no externalId".into()));
        };
        // KYT screens after it registers; until then updatedAt is null.
        while registered["updatedAt"].is_null() {
            let pause = Duration::from_millis(100);
            if deadline.saturating_duration_since(Instant::now()) <= pause {
                return Err(Fault::Passing("it was still processing at the deadline".into()));
            }
            std::thread::sleep(pause);
            registered = call("GET", &format!("/api/kyt/v2/{kind}/{id}"), None)?;
        }
        let part = |part: &str| call("GET", &format!("/api/kyt/v2/{kind}/{id}/{part}"), None);
        Ok(chainalysis::read(&part("exposures")?, &part("alerts")?))
    }

    fn trm(&self, q: &Question, deadline: Instant) -> Result<ProviderFact, Fault> {
        let chain = q.network(networks::trm_name)?;
        let address = q.address.clone().ok_or_else(|| Fault::Question("no address to query".into()))?;
        let request = trm::Request {
            address,
            chain: chain.to_owned(),
            account_external_id: Some(q.pseudonym()),
            external_id: Some(uuid(&["attempt", &q.event])),
        };
        let basic = format!("Basic {}", STANDARD.encode(format!("{0}:{0}", self.secret)));
        let body = json!([request]).to_string();
        let path = "/public/v2/screening/addresses";
        let answer = self.call("POST", path, &[("Authorization", &basic)], Some(&body), deadline)?;
        Ok(trm::read(&self.good(answer)?))
    }
}

/// Text as one segment of a path.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(byte as char);
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
