//! Delivery to webhooks: signed by the specification Standard Webhooks 1.0.0 (<https://www.standardwebhooks.com>), in order, at least once.

use crate::NotifyError;
use crate::webhooks::{self, Message, Pending, Render, Webhook};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use holdfast_identity::KeyRing;
use holdfast_store::Store;
use holdfast_telemetry::logs::one_line;
use holdfast_types::{Seconds, Timestamp};
use sha2::Sha256;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

/// Pause between two looks for what is new.
const LOOK: Duration = Duration::from_millis(200);
/// Longest wait for an endpoint's answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How long an endpoint is delivered to before its progress is stored.
const TURN: Duration = Duration::from_secs(2);
/// Most messages between two notes of how far a webhook has received; after a crash so many may be repeated.
const BATCH: usize = 100;
/// Longest pause between two tries.
const MAX_PAUSE: Seconds = Seconds::HOUR;

/// Returns the secret of a webhook, as Standard Webhooks write it: `whsec_` and base64.
pub fn secret(key_ring: &KeyRing, webhook: u64) -> String {
    format!("whsec_{}", STANDARD.encode(key_ring.derive("webhook", &webhook.to_string())))
}

/// Signs a message: `v1,` and base64 of HMAC-SHA256 over id, time in Unix seconds and body, joined by dots. After a rotation of the desk's keys there is
/// a signature by each, separated by spaces as Standard Webhooks have it, so that the receiver's secret stays good.
pub fn sign(key_ring: &KeyRing, webhook: u64, id: &str, time: Timestamp, body: &str) -> String {
    let signed = format!("{id}.{}.{body}", time.unix());
    let keys = key_ring.derived("webhook", &webhook.to_string());
    let signatures = keys.iter().map(|key| format!("v1,{}", STANDARD.encode(mac(key, signed.as_bytes()))));
    signatures.collect::<Vec<_>>().join(" ")
}

fn mac(key: &[u8; 32], text: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text);
    mac.finalize().into_bytes().into()
}

/// How long the next try waits after so many failed ones: doubled each time, up to an hour.
pub fn pause(failures: u32) -> Seconds {
    Seconds::new(1 << failures.saturating_sub(1).min(20)).min(MAX_PAUSE)
}

/// What a delivery works with.
struct Post<S> {
    store: S,
    render: Render,
    key_ring: KeyRing,
    stop: AtomicBool,
}

/// Delivers in the background until it is dropped: every webhook in a thread of its own, so that an endpoint that does not answer delays
/// nobody else. There are at most [`webhooks::MAX_WEBHOOKS`] of them.
pub struct Deliverer {
    stop: Box<dyn Fn() + Send + Sync>,
    thread: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Deliverer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deliverer").field("thread", &self.thread).finish_non_exhaustive()
    }
}

impl Deliverer {
    /// Starts delivering what `render` makes of the audit log.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start<S: Store>(store: Arc<S>, render: Render, key_ring: KeyRing) -> std::io::Result<Deliverer> {
        let post = Arc::new(Post { store, render, key_ring, stop: AtomicBool::new(false) });
        let shared = post.clone();
        let work = move || {
            let mut workers: HashMap<u64, JoinHandle<()>> = HashMap::new();
            while !shared.stop.load(Ordering::Relaxed) {
                if let Err(e) = dispatch(&shared, &mut workers) {
                    tracing::warn!(reason = one_line(&e), "webhooks are not read; trying again");
                    std::thread::sleep(Duration::from_secs(1));
                }
                std::thread::sleep(LOOK);
            }
            for (_, worker) in workers {
                let _ = worker.join();
            }
        };
        let thread = std::thread::Builder::new().name("webhooks".into()).spawn(work)?;
        let stop = Box::new(move || post.stop.store(true, Ordering::Relaxed));
        Ok(Deliverer { stop, thread: Some(thread) })
    }
}

impl Drop for Deliverer {
    fn drop(&mut self) {
        (self.stop)();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Starts a thread for every webhook whose time has come and that is not being delivered to.
fn dispatch<S: Store>(post: &Arc<Post<Arc<S>>>, workers: &mut HashMap<u64, JoinHandle<()>>) -> Result<(), NotifyError> {
    workers.retain(|_, worker| !worker.is_finished());
    let now = post.store.now();
    let list = post.store.read(webhooks::list)?;
    let due = list.into_iter().filter(|w| w.next_try <= now && !workers.contains_key(&w.id));
    for webhook in due.collect::<Vec<_>>() {
        // Most have nothing new: no thread for them.
        if post.pending(&webhook, 1)?.then == webhook.progress {
            continue;
        }
        let (post, id) = (post.clone(), webhook.id);
        let work = move || {
            if let Err(e) = post.deliver(webhook) {
                tracing::warn!(webhook = id, reason = one_line(&e), "a webhook's progress is not stored");
            }
        };
        match std::thread::Builder::new().name(format!("webhook-{id}")).spawn(work) {
            Ok(worker) => drop(workers.insert(id, worker)),
            Err(e) => tracing::warn!(webhook = id, reason = %e, "no thread for a webhook"),
        }
    }
    Ok(())
}

/// How a turn of deliveries ended.
enum Turn {
    /// So many messages were delivered; all of them, or the time was over.
    Delivered(usize),
    /// A message was not taken, for a reason.
    Failed(String),
    /// The receiver wants no more.
    Gone,
}

impl<S: Store> Post<Arc<S>> {
    fn pending(&self, webhook: &Webhook, limit: usize) -> Result<Pending, NotifyError> {
        Ok(self.store.read(|db| webhooks::pending(db, webhook, limit, self.render))?)
    }

    fn store_progress(&self, webhook: Webhook) -> Result<(), NotifyError> {
        self.store.change("engine", move |tx| webhooks::store_progress(tx, &webhook))
    }

    /// Delivers what is next to a webhook, for a turn, and stores how far it came.
    fn deliver(&self, mut webhook: Webhook) -> Result<(), NotifyError> {
        let next = self.pending(&webhook, BATCH)?;
        if next.then == webhook.progress {
            return Ok(());
        }
        match self.turn(&mut webhook, &next) {
            Turn::Gone => {
                let id = webhook.id;
                self.store_progress(webhook)?;
                return self
                    .store
                    .change("engine", move |tx| webhooks::remove(tx, id, "the endpoint answered 410 Gone"));
            }
            Turn::Failed(why) => {
                webhook.failures += 1;
                tracing::warn!(
                    webhook = webhook.id,
                    failures = webhook.failures,
                    "a webhook's endpoint does not take a message"
                );
                webhook.next_try = self.store.now() + pause(webhook.failures);
                webhook.last_error = Some(why.chars().take(500).collect());
            }
            Turn::Delivered(count) => {
                webhook.next_try = Timestamp::EPOCH;
                if count == next.messages.len() {
                    webhook.progress = next.then;
                }
            }
        }
        self.store_progress(webhook)
    }

    fn turn(&self, webhook: &mut Webhook, next: &Pending) -> Turn {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .http_status_as_error(false)
            .max_redirects(0)
            .build()
            .into();
        let began = Instant::now();
        for (count, message) in next.messages.iter().enumerate() {
            // How far it came is stored from time to time.
            if self.stop.load(Ordering::Relaxed) || began.elapsed() > TURN {
                return Turn::Delivered(count);
            }
            match post(&agent, &self.key_ring, webhook, message) {
                // Gone: the receiver wants no more (Standard Webhooks, section on delivery).
                Ok(410) => return Turn::Gone,
                Ok(200..=299) => {
                    webhook.progress = message.then;
                    webhook.delivered += 1;
                    webhook.failures = 0;
                    webhook.last_error = None;
                }
                Ok(status) => return Turn::Failed(format!("{}: it answered {status}", message.id)),
                Err(why) => return Turn::Failed(format!("{}: {why}", message.id)),
            }
        }
        Turn::Delivered(next.messages.len())
    }
}

fn post(agent: &ureq::Agent, key_ring: &KeyRing, webhook: &Webhook, message: &Message) -> Result<u16, String> {
    let now = Timestamp::from(SystemTime::now());
    let answer = agent
        .post(&webhook.url)
        .header("Content-Type", "application/json")
        .header("webhook-id", &message.id)
        .header("webhook-timestamp", now.unix().to_string())
        .header("webhook-signature", sign(key_ring, webhook.id, &message.id, now, &message.body))
        .send(message.body.as_str());
    answer.map(|a| a.status().as_u16()).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_an_hour() {
        assert_eq!([1, 2, 3, 12, 13, 4000].map(|n| pause(n).count()), [1, 2, 4, 2048, 3600, 3600]);
    }
}
