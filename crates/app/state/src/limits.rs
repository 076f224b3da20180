//! Limits of requests: size and time of bodies, memory for large ones, requests and failed sign-ins by address.

use crate::error::ApiError;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, header};
use holdfast_types::{Seconds, Timestamp};
use http_body::Frame;
use std::collections::HashMap;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep_until};

/// Largest body of most requests.
pub const SMALL: usize = 1 << 20;
/// Largest body of a request that needs no sign-in.
pub const TINY: usize = 64 << 10;
/// Largest rule book, with room for a form's encoding.
pub const BOOK: usize = 13 << 20;
/// Largest list of a partner or member.
pub const LIST: usize = 16 << 20;
/// Largest file.
pub const FILE: usize = crate::MAX_BODY;

/// Time for a body to begin to come, and the slowest rate after that.
const BODY_TIME: Duration = Duration::from_secs(30);
const BYTES_A_SECOND: u64 = 32 << 10;

/// Memory for bodies above [`SMALL`] that are read at once, in MiB.
const LARGE_AT_ONCE: usize = 512;

/// Most counters; old ones are removed first.
const MAX_COUNTERS: usize = 100_000;

/// Time for an answer to begin.
pub const ANSWER_TIME: Duration = Duration::from_secs(60);
/// Time for an answer that takes work over the whole chain, the whole log or a large file; commands wait as long.
pub const LONG_ANSWER_TIME: Duration = Duration::from_secs(600);

/// Returns the time that a body of so many bytes may take at the slowest rate.
#[must_use]
pub fn body_time(bytes: usize) -> Duration {
    Duration::from_secs(u64::try_from(bytes).unwrap_or(u64::MAX) / BYTES_A_SECOND)
}

fn too_large(limit: usize) -> ApiError {
    ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, format!("body: more than {limit} bytes"))
}

/// The stated length of a body.
fn stated(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Memory for large bodies.
#[derive(Debug, Clone)]
pub struct LargeBodies(Arc<Semaphore>);

impl Default for LargeBodies {
    fn default() -> Self {
        LargeBodies(Arc::new(Semaphore::new(LARGE_AT_ONCE)))
    }
}

impl LargeBodies {
    /// Bounds the body of a request in size (bytes) and time. What may be large holds its part of the memory until the answer is made.
    ///
    /// # Errors
    /// 413 for a body that is stated to be too large, 503 when too many large ones are read at once.
    pub fn bound(&self, request: Request, limit: usize) -> Result<(Request, Option<OwnedSemaphorePermit>), ApiError> {
        if !crate::access::has_body(request.headers()) {
            return Ok((request, None));
        }
        let length = stated(request.headers()).map(|l| usize::try_from(l).unwrap_or(usize::MAX));
        let most = length.unwrap_or(limit);
        if most > limit {
            return Err(too_large(limit));
        }
        let permit = match most > SMALL {
            false => None,
            true => {
                let busy = |_| {
                    ApiError::new(
                        StatusCode::SERVICE_UNAVAILABLE,
                        "too many large files are being sent; try again later",
                    )
                };
                let mib = u32::try_from(most.div_ceil(1 << 20)).unwrap_or(u32::MAX);
                Some(self.0.clone().try_acquire_many_owned(mib).map_err(busy)?)
            }
        };
        let request = request.map(|body| Body::new(http_body_util::Limited::new(Timed::new(body), limit)));
        Ok((request, permit))
    }
}

/// Reads a body up to a limit.
///
/// # Errors
/// 413 above it, 400 when it does not come.
pub async fn read_body(body: Body, limit: usize) -> Result<Bytes, ApiError> {
    axum::body::to_bytes(body, limit).await.map_err(|e| {
        let mut cause: Option<&dyn std::error::Error> = Some(&e);
        while let Some(e) = cause {
            if e.is::<http_body_util::LengthLimitError>() {
                return too_large(limit);
            }
            cause = e.source();
        }
        ApiError::bad(format!("body: {e}"))
    })
}

/// A body that must come in time.
struct Timed {
    inner: Body,
    started: Instant,
    received: u64,
    wait: Pin<Box<Sleep>>,
}

impl Timed {
    fn new(inner: Body) -> Self {
        let started = Instant::now();
        Timed { inner, started, received: 0, wait: Box::pin(sleep_until(started + BODY_TIME)) }
    }

    fn deadline(&self) -> Instant {
        self.started + BODY_TIME + Duration::from_secs(self.received / BYTES_A_SECOND)
    }
}

impl HttpBody for Timed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(cx) {
            if let Some(Ok(frame)) = &frame {
                self.received += frame.data_ref().map_or(0, |d| u64::try_from(d.len()).unwrap_or(u64::MAX));
            }
            return Poll::Ready(frame);
        }
        while self.wait.as_mut().poll(cx).is_ready() {
            let deadline = self.deadline();
            if deadline <= Instant::now() {
                return Poll::Ready(Some(Err(axum::Error::new("the body comes too slowly"))));
            }
            self.wait.as_mut().reset(deadline);
        }
        Poll::Pending
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.inner.size_hint()
    }
}

/// Counts by name and time, bounded.
#[derive(Debug, Default)]
pub struct Rates(Mutex<HashMap<String, Window>>);

#[derive(Debug, Clone, Copy)]
struct Window {
    ends: Timestamp,
    count: u32,
}

impl Rates {
    /// Counts one; returns whether it is within the most of a window of time.
    pub fn count(&self, who: &str, most: u32, span: Seconds, now: Timestamp) -> bool {
        let mut all = self.0.lock().unwrap_or_else(|e| e.into_inner());
        if all.len() >= MAX_COUNTERS && !all.contains_key(who) {
            all.retain(|_, w| w.ends > now);
            if all.len() >= MAX_COUNTERS {
                // When the table is full, new addresses wait until windows end.
                return false;
            }
        }
        let window = all.entry(who.to_owned()).or_insert(Window { ends: now + span, count: 0 });
        if window.ends <= now || window.ends > now + span {
            *window = Window { ends: now + span, count: 0 };
        }
        window.count = window.count.saturating_add(1);
        window.count <= most
    }

    /// Returns whether so many were counted already.
    pub fn is_used_up(&self, who: &str, most: u32, now: Timestamp) -> bool {
        let all = self.0.lock().unwrap_or_else(|e| e.into_inner());
        all.get(who).is_some_and(|w| w.ends > now && w.count >= most)
    }
}

/// Returns the part of an address that one customer of a network has: all of version 4, 64 bits of version 6.
pub fn sender(address: Option<IpAddr>) -> String {
    match address.map(|a| a.to_canonical()) {
        None => "nobody".into(),
        Some(IpAddr::V4(a)) => a.to_string(),
        Some(IpAddr::V6(a)) => {
            let [a, b, c, d, ..] = a.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

/// Refuses with 429.
pub fn crowded(what: &str) -> ApiError {
    ApiError::new(StatusCode::TOO_MANY_REQUESTS, format!("{what}; come back later"))
}

/// How often one address may call a route without a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// Codes by mail.
    Code,
    /// Codes that are tried.
    Prove,
    /// Sign-ins with a key.
    SignIn,
    /// The officers' portal.
    Portal,
    /// The academy: whole classes work behind one address.
    Learn,
    /// Members of communities.
    Taxii,
    /// Pages.
    Pages,
}

impl Rate {
    /// Returns the counter's name, the most requests, and the time that they are counted over. Only what changes something is rare.
    #[must_use]
    pub fn bound(self, method: &Method) -> (&'static str, u32, Seconds) {
        let (name, most, seconds) = match (self, crate::access::changes(method)) {
            (Rate::Code, true) => ("code", 30, 3_600),
            (Rate::Prove, true) => ("prove", 30, 900),
            (Rate::SignIn, true) => ("sign-in", 60, 900),
            (Rate::Portal, true) => ("portal-post", 240, 60),
            (Rate::Code | Rate::Prove | Rate::Portal, false) => ("portal", 600, 60),
            (Rate::Learn, _) => ("learn", 6_000, 60),
            (Rate::Taxii, _) => ("taxii", 6_000, 60),
            (Rate::Pages, _) | (Rate::SignIn, false) => ("pages", 3_000, 60),
        };
        (name, most, Seconds::new(seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_count_by_sender_and_end() {
        let rates = Rates::default();
        let count =
            |who: &str, most, seconds, now| rates.count(who, most, Seconds::new(seconds), Timestamp::from_unix(now));
        let a = sender(Some("2001:db8::1".parse().unwrap()));
        assert_eq!(a, sender(Some("2001:db8::ffff".parse().unwrap())), "one network, one sender");
        assert!(count(&a, 2, 60, 0) && count(&a, 2, 60, 59));
        assert!(!count(&a, 2, 60, 59) && rates.is_used_up(&a, 2, Timestamp::from_unix(59)));
        assert!(count("b", 2, 60, 59), "others go on");
        assert!(count(&a, 2, 60, 60));
        for i in 0..MAX_COUNTERS {
            count(&i.to_string(), 1, 10, 100);
        }
        assert!(!count("one more", 1, 10, 100), "the table is bounded");
        assert!(count("one more", 1, 10, 111));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_come_is_given_up() {
        let (_sender, receiver) = tokio::sync::mpsc::channel::<Bytes>(1);
        let stalled = Body::new(Stalled(receiver));
        let error = read_body(Body::new(Timed::new(stalled)), 10).await.unwrap_err();
        assert!(error.message.contains("too slowly"), "{}", error.message);
    }

    struct Stalled(tokio::sync::mpsc::Receiver<Bytes>);

    impl HttpBody for Stalled {
        type Data = Bytes;
        type Error = axum::Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
            self.0.poll_recv(cx).map(|b| b.map(|b| Ok(Frame::data(b))))
        }
    }
}
