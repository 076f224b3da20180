//! Sends records and events from NATS JetStream to a Holdfast server.
//!
//! A message is acknowledged after the server answered, that is, once what it carries is durable; a server that is down or busy gets it
//! again later. Because the server is idempotent by the sender's id, redelivery changes nothing. Messages that can never be accepted (no JSON,
//! a field is wrong, the id was used for other content) go to the subject for refused ones with the reason, and are done with; nothing is
//! lost in silence. Events of one customer stay in order; those of different customers go side by side.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]
#![cfg_attr(test, allow(clippy::too_many_lines, clippy::unwrap_used))]

use anyhow::Context;
use async_nats::jetstream::{self, AckKind, consumer::PullConsumer, stream};
use futures_util::StreamExt;
use futures_util::future::join_all;
use holdfast_client::{Answer, Client, Credentials, Limits};
use holdfast_telemetry::logs::one_line;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Where from and where to.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// NATS server.
    #[arg(long, default_value = "nats://127.0.0.1:4222", env = "NATS_URL")]
    pub nats: String,
    /// NATS credentials file.
    #[arg(long)]
    pub credentials: Option<std::path::PathBuf>,
    /// Stream; it is created with the subjects below when it does not exist.
    #[arg(long, default_value = "HOLDFAST")]
    pub stream: String,
    /// Subject of records of the customers' world, one JSON object a message.
    #[arg(long, default_value = "holdfast.records")]
    pub records: String,
    /// Subject of events to decide on, one JSON object a message.
    #[arg(long, default_value = "holdfast.events")]
    pub events: String,
    /// Decisions are published below this subject, by the verdict: SUBJECT.hold and so on.
    #[arg(long, default_value = "holdfast.decisions")]
    pub decisions: String,
    /// Refused messages are published here with the reason.
    #[arg(long, default_value = "holdfast.refused")]
    pub refused: String,
    /// Holdfast server.
    #[arg(long, default_value = "http://127.0.0.1:8650")]
    pub server: String,
    /// API key of the server with the scopes records and events.
    #[arg(long, env = "HOLDFAST_KEY")]
    pub key: Option<String>,
    /// Events decided side by side.
    #[arg(long, default_value_t = 16)]
    pub lanes: usize,
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records accepted.
    pub records: u64,
    /// Events decided.
    pub events: u64,
    /// Messages refused.
    pub refused: u64,
}

/// Most messages that are fetched at once.
const BATCH: usize = 256;
/// Time after which an unacknowledged message is delivered again.
const ACK_WAIT: Duration = Duration::from_secs(30);
/// Pause before a message is delivered again that the server could not accept.
const AGAIN: Duration = Duration::from_secs(1);
/// Largest message.
const MAX_MESSAGE: usize = 1 << 20;

/// Largest answer of the server: a decision with its reasons.
const MAX_ANSWER: u64 = 16 << 20;

/// Outcome of a body.
enum Outcome {
    Taken(Value),
    /// It will never be accepted.
    Refused(String),
    /// Try later.
    Later(String),
}

struct Bridge {
    options: Options,
    server: Client,
    client: async_nats::Client,
}

/// Receives messages until `stop` is true; returns what was done.
///
/// # Errors
/// When the server's URL is not valid, NATS cannot be reached, or the stream cannot be made or read.
pub async fn run(options: Options, stop: watch::Receiver<bool>) -> anyhow::Result<Counts> {
    let credentials = options.key.clone().map_or(Credentials::None, Credentials::Key);
    let limits = Limits { time: ACK_WAIT / 2, answer_bytes: MAX_ANSWER };
    let server = Client::http_with(&options.server, credentials, limits)?;
    let mut connect = async_nats::ConnectOptions::new();
    if let Some(file) = &options.credentials {
        connect = connect.credentials_file(file).await.with_context(|| file.display().to_string())?;
    }
    let client = connect.connect(&options.nats).await.with_context(|| format!("cannot reach {}", options.nats))?;
    let context = jetstream::new(client.clone());
    let config = stream::Config {
        name: options.stream.clone(),
        subjects: vec![options.records.clone(), options.events.clone()],
        ..stream::Config::default()
    };
    let stream = context.get_or_create_stream(config).await.with_context(|| format!("stream {}", options.stream))?;
    let consumer = |subject: String, name: &'static str| {
        let config = jetstream::consumer::pull::Config {
            durable_name: Some(name.to_owned()),
            filter_subject: subject,
            ack_policy: jetstream::consumer::AckPolicy::Explicit,
            ack_wait: ACK_WAIT,
            max_ack_pending: i64::try_from(BATCH).unwrap_or(i64::MAX) * 4,
            ..Default::default()
        };
        let stream = &stream;
        async move { stream.get_or_create_consumer(name, config).await.with_context(|| format!("consumer {name}")) }
    };
    let records = consumer(options.records.clone(), "holdfast-records").await?;
    let events = consumer(options.events.clone(), "holdfast-events").await?;
    let bridge = Arc::new(Bridge { options, server, client });
    let (a, b) = tokio::join!(
        bridge.clone().take(records, false, stop.clone()),
        bridge.clone().take(events, true, stop.clone())
    );
    let (a, b) = (a?, b?);
    bridge.client.flush().await.ok();
    Ok(Counts { records: a.0, events: b.0, refused: a.1 + b.1 })
}

impl Bridge {
    /// Receives messages of a consumer; returns how many were accepted and refused.
    async fn take(
        self: Arc<Self>,
        consumer: PullConsumer,
        events: bool,
        mut stop: watch::Receiver<bool>,
    ) -> anyhow::Result<(u64, u64)> {
        let (mut taken, mut refused) = (0, 0);
        while !*stop.borrow() {
            let mut batch = consumer.fetch().max_messages(BATCH).expires(Duration::from_millis(500)).messages().await?;
            let mut lanes: Vec<Vec<jetstream::Message>> = Vec::new();
            lanes.resize_with(self.options.lanes.clamp(1, 256), Vec::new);
            let mut any = false;
            while let Some(message) = batch.next().await {
                let Ok(message) = message else { break };
                any = true;
                let lane = lane_of(&message.payload, lanes.len());
                lanes[lane].push(message);
            }
            let work = lanes.into_iter().filter(|l| !l.is_empty()).map(|lane| {
                let this = self.clone();
                async move {
                    let mut counts = (0, 0);
                    for (i, message) in lane.iter().enumerate() {
                        match this.one(message, events).await {
                            Some(true) => counts.0 += 1,
                            Some(false) => counts.1 += 1,
                            // Later ones of the same customer wait too, so that they stay in order.
                            None => {
                                for rest in &lane[i..] {
                                    rest.ack_with(AckKind::Nak(Some(AGAIN))).await.ok();
                                }
                                break;
                            }
                        }
                    }
                    counts
                }
            });
            for (t, r) in join_all(work).await {
                taken += t;
                refused += r;
            }
            if !any {
                tokio::select! { _ = stop.changed() => {}, () = tokio::time::sleep(Duration::from_millis(20)) => {} }
            }
        }
        Ok((taken, refused))
    }

    /// Posts one message: `Some(true)` accepted, `Some(false)` refused, `None` to come again.
    async fn one(self: &Arc<Self>, message: &jetstream::Message, event: bool) -> Option<bool> {
        let (this, body) = (self.clone(), message.payload.clone());
        let outcome = tokio::task::spawn_blocking(move || this.post(&body, event)).await;
        match outcome.unwrap_or_else(|e| Outcome::Later(e.to_string())) {
            Outcome::Taken(answer) => {
                if event {
                    let verdict = answer["decision"].as_str().unwrap_or("unknown");
                    let subject = format!("{}.{verdict}", self.options.decisions);
                    // The decision is published before the acknowledgement, so that after a crash it is rather sent twice than never.
                    self.client.publish(subject, answer.to_string().into()).await.ok()?;
                    self.client.flush().await.ok()?;
                }
                message.ack().await.ok()?;
                Some(true)
            }
            Outcome::Refused(why) => {
                let text =
                    String::from_utf8_lossy(&message.payload[..message.payload.len().min(MAX_MESSAGE)]).into_owned();
                let note = json!({ "reason": why, "subject": message.subject.as_str(), "message": text });
                self.client.publish(self.options.refused.clone(), note.to_string().into()).await.ok()?;
                self.client.flush().await.ok()?;
                tracing::warn!(event, "a message is refused; the reason is with it on the subject of refused ones");
                message.ack_with(AckKind::Term).await.ok()?;
                Some(false)
            }
            Outcome::Later(why) => {
                tracing::warn!(event, reason = one_line(&why), "a message is tried again later");
                None
            }
        }
    }

    fn post(&self, body: &[u8], event: bool) -> Outcome {
        if body.len() > MAX_MESSAGE {
            return Outcome::Refused(format!("larger than {MAX_MESSAGE} bytes"));
        }
        let path = if event { "/api/v1/events" } else { "/api/v1/records" };
        let body = match event {
            true => body.to_vec(),
            false => [b"[", body, b"]"].concat(),
        };
        let answer = match self.server.post(path).body(body, "application/json").send() {
            Ok(answer) => answer,
            Err(e) => return Outcome::Later(e.to_string()),
        };
        outcome(&answer)
    }
}

/// What an answer means for its message.
fn outcome(answer: &Answer) -> Outcome {
    match answer.status {
        200..=299 => Outcome::Taken(serde_json::from_slice(&answer.body).unwrap_or(Value::Null)),
        400 | 409 | 413 | 422 => Outcome::Refused(answer.message()),
        _ => Outcome::Later(answer.message()),
    }
}

/// Returns the lane of a message, of so many: by its customer, or by its content where it names none.
fn lane_of(body: &[u8], lanes: usize) -> usize {
    let parsed: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let customer = parsed["customer"].as_str().unwrap_or_default();
    let hash = xxhash_rust::xxh3::xxh3_64(if customer.is_empty() { body } else { customer.as_bytes() });
    // The rest is less than the number of lanes.
    usize::try_from(hash % lanes.max(1) as u64).unwrap_or(0)
}
