//! Single events that become batches: those of one key that come while its batches are under way are its next batch.

use super::desks::{Desks, Message, Unanswered};
use super::{Counted, passing};
use crate::guard::KEY_HEADERS;
use axum::body::Bytes;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use holdfast_screening::service::MAX_EVENTS;
use holdfast_state::error::{ApiError, ErrorBody};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, oneshot};

/// Batches of one key under way at once: while the desk stores one, it decides the next.
const UNDER_WAY: usize = 2;
/// Most events that wait for their batch, by key.
const MAX_WAITING: usize = 4_096;
/// Most bytes of a batch, far below what the desk takes.
const MAX_BYTES: usize = 4 << 20;
/// Most keys whose events are grouped at once; the events of others are passed on alone.
const MAX_KEYS: usize = 1_024;
/// How long a key without events keeps its place.
const IDLE: Duration = Duration::from_secs(30);
/// Longest time for a batch's answer: the desk looks events up for seconds where other providers are slow.
const LIMIT: Duration = Duration::from_secs(20);
/// Largest answer to a batch.
const MAX_ANSWER: usize = 64 << 20;

/// Who sends events: their key, in any of [`KEY_HEADERS`], and the name by which they reached the server.
type Sender = [Option<HeaderValue>; 5];

fn of_sender() -> impl Iterator<Item = HeaderName> {
    KEY_HEADERS.into_iter().chain([header::HOST])
}

/// An event that waits for its answer.
struct Waiting {
    event: Box<RawValue>,
    answer: oneshot::Sender<Response>,
}

/// The events of each key.
pub(crate) struct Groups {
    desks: Arc<Desks>,
    counted: Arc<Counted>,
    open: Mutex<HashMap<Sender, mpsc::Sender<Waiting>>>,
}

impl std::fmt::Debug for Groups {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Groups").finish_non_exhaustive()
    }
}

/// Returns the sender of an event that may be grouped: a program with a key, not a browser with a session, and no proxy that speaks for others.
fn sender(headers: &HeaderMap) -> Option<Sender> {
    let alone = [header::COOKIE, header::ORIGIN, HeaderName::from_static("x-forwarded-for")];
    let is_json = headers.get(header::CONTENT_TYPE).is_some_and(|v| v.as_bytes() == b"application/json");
    if !is_json || alone.iter().any(|name| headers.contains_key(name)) {
        return None;
    }
    let mut names = of_sender();
    Some(std::array::from_fn(|_| headers.get(names.next()?).cloned()))
}

impl Groups {
    pub(crate) fn new(desks: Arc<Desks>, counted: Arc<Counted>) -> Self {
        Groups { desks, counted, open: Mutex::default() }
    }

    /// Sends an event with others of its key; none where it is to be passed on alone.
    pub(crate) async fn send(&self, headers: &HeaderMap, body: &[u8]) -> Option<Response> {
        let sender = sender(headers)?;
        // What is no object is the desk's to refuse.
        let event = serde_json::from_slice::<Box<RawValue>>(body).ok().filter(|text| text.get().starts_with('{'))?;
        let (answer, answered) = oneshot::channel();
        if let Err(refused) = self.queue(sender, Waiting { event, answer })? {
            return Some(refused.into_response());
        }
        self.counted.events.inc();
        Some(
            answered.await.unwrap_or_else(|_| {
                passing::unanswered("/api/v1/events", &Unanswered { is_sent: true }, &self.counted)
            }),
        )
    }

    /// Lets an event wait for its batch; none where too many keys are in use.
    fn queue(&self, sender: Sender, mut event: Waiting) -> Option<Result<(), ApiError>> {
        let mut open = self.open.lock().unwrap_or_else(|e| e.into_inner());
        loop {
            if let Some(queue) = open.get(&sender) {
                match queue.try_send(event) {
                    Ok(()) => return Some(Ok(())),
                    Err(mpsc::error::TrySendError::Full(_)) => {
                        let words =
                            format!("{MAX_WAITING} events of this key wait for the desk; send the event again later");
                        return Some(Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, words)));
                    }
                    // It had been idle.
                    Err(mpsc::error::TrySendError::Closed(again)) => event = again,
                }
            }
            if open.len() >= MAX_KEYS {
                open.retain(|_, queue| !queue.is_closed());
                if open.len() >= MAX_KEYS {
                    return None;
                }
            }
            let (queue, waiting) = mpsc::channel(MAX_WAITING);
            let group = Group { desks: self.desks.clone(), counted: self.counted.clone(), headers: headers(&sender) };
            tokio::spawn(gather(Arc::new(group), waiting));
            open.insert(sender.clone(), queue);
        }
    }
}

fn headers(sender: &Sender) -> HeaderMap {
    let given = of_sender().zip(sender).filter_map(|(name, value)| Some((name, value.clone()?)));
    given.chain([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))]).collect()
}

/// Where the events of one key go.
struct Group {
    desks: Arc<Desks>,
    counted: Arc<Counted>,
    headers: HeaderMap,
}

/// Sends on what waits, until nothing comes for a while.
async fn gather(group: Arc<Group>, mut waiting: mpsc::Receiver<Waiting>) {
    let under_way = Arc::new(Semaphore::new(UNDER_WAY));
    loop {
        let Ok(permit) = under_way.clone().acquire_owned().await else { return };
        let first = match tokio::time::timeout(IDLE, waiting.recv()).await {
            Ok(Some(first)) => first,
            Ok(None) => return,
            Err(_) => {
                // What came in this moment is still sent.
                waiting.close();
                match waiting.recv().await {
                    Some(last) => last,
                    None => return,
                }
            }
        };
        let mut bytes = first.event.get().len();
        let mut batch = vec![first];
        while batch.len() < MAX_EVENTS && bytes < MAX_BYTES {
            let Ok(next) = waiting.try_recv() else { break };
            bytes += next.event.get().len();
            batch.push(next);
        }
        let group = group.clone();
        tokio::spawn(async move {
            group.send(batch, bytes).await;
            drop(permit);
        });
    }
}

/// The desk's answer to one event of a batch.
#[derive(Deserialize)]
struct Answer {
    status: u16,
    decision: Option<Box<RawValue>>,
    error: Option<Box<RawValue>>,
}

impl Answer {
    /// The answer that the event would have got alone.
    fn alone(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_GATEWAY);
        let body = self.decision.or(self.error).map(|text| Box::<str>::from(text).into_string());
        (status, [(header::CONTENT_TYPE, "application/json")], body.unwrap_or_default()).into_response()
    }
}

impl Group {
    async fn send(&self, batch: Vec<Waiting>, bytes: usize) {
        self.counted.group.observe(u32::try_from(batch.len()).map_or(f64::MAX, f64::from));
        let mut body = Vec::with_capacity(bytes + batch.len() + 1);
        for (n, waiting) in batch.iter().enumerate() {
            body.push(if n == 0 { b'[' } else { b',' });
            body.extend_from_slice(waiting.event.get().as_bytes());
        }
        body.push(b']');
        let message = Message {
            method: Method::POST,
            path: PathAndQuery::from_static("/api/v1/events/batch"),
            headers: self.headers.clone(),
            body: body.into(),
            may_repeat: true,
            limit: Some(LIMIT),
        };
        match self.answer(&message, batch.len()).await {
            Ok(answers) => {
                for (waiting, answer) in batch.into_iter().zip(answers) {
                    let _ = waiting.answer.send(answer.alone());
                }
            }
            // The batch as a whole: no key in force, too many requests, no desk.
            Err(whole) => batch.into_iter().for_each(|waiting| drop(waiting.answer.send(whole.again()))),
        }
    }

    /// The answers to the events of a batch, one each.
    async fn answer(&self, message: &Message, events: usize) -> Result<Vec<Answer>, Whole> {
        let lost = |unanswered: &Unanswered| Whole::of_error(passing::no_desk(unanswered, &self.counted));
        let answer = self.desks.send(message, &self.counted).await.map_err(|e| lost(&e))?;
        let (head, body) = answer.into_parts();
        let body = axum::body::to_bytes(axum::body::Body::new(body), MAX_ANSWER).await;
        // Its end was lost: the events are decided, and are answered the same when they come again.
        let body = body.map_err(|_| lost(&Unanswered { is_sent: true }))?;
        if head.status != StatusCode::OK {
            return Err(Whole { status: head.status, headers: head.headers, body });
        }
        match serde_json::from_slice::<Vec<Answer>>(&body) {
            Ok(answers) if answers.len() == events => return Ok(answers),
            Ok(answers) => {
                tracing::error!(events, answers = answers.len(), "the desk answered another number of events")
            }
            Err(e) => tracing::error!(reason = %e, "the desk's answer to a batch cannot be read"),
        }
        let words = "the desk's answer does not fit the request; send the event again";
        Err(Whole::of_error(ApiError::new(StatusCode::BAD_GATEWAY, words)))
    }
}

/// An answer that is each event's.
struct Whole {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Whole {
    fn of_error(e: ApiError) -> Self {
        // Text alone: it is always written.
        let body = serde_json::to_vec(&ErrorBody { error: e.message, code: e.code }).unwrap_or_default().into();
        let headers = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))].into_iter().collect();
        Whole { status: e.status, headers, body }
    }

    fn again(&self) -> Response {
        let mut response = (self.status, self.body.clone()).into_response();
        for name in [header::CONTENT_TYPE, header::RETRY_AFTER, header::WWW_AUTHENTICATE] {
            if let Some(value) = self.headers.get(&name) {
                response.headers_mut().insert(name, value.clone());
            }
        }
        response
    }
}
