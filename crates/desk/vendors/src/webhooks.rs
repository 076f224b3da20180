//! Telling webhooks: signed as Standard Webhooks (<https://www.standardwebhooks.com>, specification 1.0.0) say, in order, at least once.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use holdfast_identity::Master;
use holdfast_screening::webhooks::{Message, Webhook, pending};
use holdfast_screening::{Screening, ScreeningError};
use holdfast_telemetry::logs::one_line;
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
/// Most messages between two notes of how far a webhook was told; after a crash so many may be repeated.
const BATCH: usize = 100;
/// Longest pause between two tries, in seconds.
const MAX_PAUSE: i64 = 3600;

/// The secret of a webhook, as Standard Webhooks write it: `whsec_` and base64.
pub fn secret(master: &Master, webhook: u64) -> String {
    format!("whsec_{}", STANDARD.encode(master.derive("webhook", &webhook.to_string())))
}

/// Signature of a message: `v1,` and base64 of HMAC-SHA256 over id, timestamp in seconds and body, joined by dots.
pub fn sign(master: &Master, webhook: u64, id: &str, timestamp: i64, body: &str) -> String {
    let key = master.derive("webhook", &webhook.to_string());
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes keys of any length");
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// Seconds until the next try after so many failed ones: doubled each time, up to an hour.
pub fn pause(failures: u32) -> i64 {
    (1i64 << failures.saturating_sub(1).min(20)).min(MAX_PAUSE)
}

/// Delivers in the background until it is dropped: every webhook in a thread of its own, so that an endpoint that does not answer keeps nobody
/// else waiting. There are at most [`holdfast_screening::webhooks::MAX_WEBHOOKS`] of them.
#[derive(Debug)]
pub struct Deliverer {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Deliverer {
    /// Starts delivering.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(screening: Arc<Screening>, master: Master) -> std::io::Result<Deliverer> {
        let stop = Arc::new(AtomicBool::new(false));
        let theirs = stop.clone();
        let work = move || {
            let mut workers: HashMap<u64, JoinHandle<()>> = HashMap::new();
            while !theirs.load(Ordering::Relaxed) {
                if let Err(e) = dispatch(&screening, &master, &theirs, &mut workers) {
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
        Ok(Deliverer { stop, thread: Some(thread) })
    }
}

impl Drop for Deliverer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Starts a thread for every webhook whose time has come and that is not being delivered to.
fn dispatch(
    screening: &Arc<Screening>,
    master: &Master,
    stop: &Arc<AtomicBool>,
    workers: &mut HashMap<u64, JoinHandle<()>>,
) -> Result<(), ScreeningError> {
    workers.retain(|_, worker| !worker.is_finished());
    let now = screening.now();
    let due = screening.webhooks()?.into_iter().filter(|w| w.next_try <= now && !workers.contains_key(&w.id));
    for webhook in due.collect::<Vec<_>>() {
        // Most have nothing new: no thread for them.
        if screening.read(|db| pending(db, &webhook, 1))?.then == webhook.progress {
            continue;
        }
        let (screening, master, stop, id) = (screening.clone(), master.clone(), stop.clone(), webhook.id);
        let work = move || {
            if let Err(e) = tell(&screening, &master, webhook, &stop) {
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

fn tell(
    screening: &Screening,
    master: &Master,
    mut webhook: Webhook,
    stop: &AtomicBool,
) -> Result<usize, ScreeningError> {
    let next = screening.read(|db| pending(db, &webhook, BATCH))?;
    if next.then == webhook.progress {
        return Ok(0);
    }
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(TIMEOUT))
        .http_status_as_error(false)
        .max_redirects(0)
        .build()
        .into();
    let began = Instant::now();
    let (mut count, mut fault) = (0, None);
    for message in &next.messages {
        // How far it came is noted from time to time.
        if stop.load(Ordering::Relaxed) || began.elapsed() > TURN {
            break;
        }
        match post(&agent, master, &webhook, message) {
            Ok(410) => {
                // Gone: the receiver asks for no more (Standard Webhooks, section on delivery).
                let why = "the endpoint answered 410 Gone";
                screening.webhook_told(webhook.clone())?;
                screening.remove_webhook(webhook.id, why, "engine")?;
                return Ok(count);
            }
            Ok(200..=299) => {
                count += 1;
                webhook.progress = message.then;
                webhook.delivered += 1;
                webhook.failures = 0;
                webhook.last_error = None;
            }
            Ok(status) => fault = Some(format!("{}: it answered {status}", message.id)),
            Err(why) => fault = Some(format!("{}: {why}", message.id)),
        }
        if fault.is_some() {
            break;
        }
    }
    match fault {
        Some(why) => {
            webhook.failures += 1;
            tracing::warn!(
                webhook = webhook.id,
                failures = webhook.failures,
                "a webhook's endpoint does not take a message"
            );
            webhook.next_try = screening.now() + pause(webhook.failures);
            webhook.last_error = Some(why.chars().take(500).collect());
        }
        None => {
            webhook.next_try = 0;
            if count == next.messages.len() {
                webhook.progress = next.then;
            }
        }
    }
    screening.webhook_told(webhook)?;
    Ok(count)
}

fn post(agent: &ureq::Agent, master: &Master, webhook: &Webhook, message: &Message) -> Result<u16, String> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_secs() as i64);
    let answer = agent
        .post(&webhook.url)
        .header("Content-Type", "application/json")
        .header("webhook-id", &message.id)
        .header("webhook-timestamp", now.to_string())
        .header("webhook-signature", sign(master, webhook.id, &message.id, now, &message.body))
        .send(message.body.as_str());
    answer.map(|a| a.status().as_u16()).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_an_hour() {
        assert_eq!([1, 2, 3, 12, 13, 4000].map(pause), [1, 2, 4, 2048, 3600, 3600]);
    }
}
