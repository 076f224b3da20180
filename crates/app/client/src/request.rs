//! One request and its answer.

use crate::{Client, ClientError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::{Duration, Instant};

/// Pause between tries of a request that is sent again, once all servers had it.
const PAUSE: Duration = Duration::from_millis(100);
/// Longest time of a try that another server may answer instead: a frozen process takes connections and says nothing.
const TRY_TIME: Duration = Duration::from_secs(15);
/// The server says that it did not do what was asked, and that it may be sent again.
const UNAVAILABLE: u16 = 503;

/// Encodes text as one segment of a path or one value of a query.
pub fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for b in text.bytes() {
        match b {
            b if b.is_ascii_alphanumeric() || b"-_.~".contains(&b) => out.push(char::from(b)),
            b => out.push_str(&format!("%{b:02X}")),
        }
    }
    out
}

/// Returns the path of an endpoint below `/api/v1`, each segment encoded.
pub fn api_path(segments: &[&str]) -> String {
    segments.iter().fold("/api/v1".to_owned(), |path, s| path + "/" + &encode(s))
}

/// A request under construction.
#[derive(Debug)]
pub struct Request<'c> {
    client: &'c Client,
    method: &'c str,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    fault: Option<String>,
    again: Duration,
}

/// Why there is no answer, and whether the request may have reached the server.
struct Lost {
    error: ClientError,
    is_sent: bool,
}

/// An answer: its status, media type and bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Value of `Content-Type`; empty when there is none.
    pub media_type: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// Whether the server accepted the request.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Returns the server's message of a refusal.
    pub fn message(&self) -> String {
        let text = |v: &Value| v["error"].as_str().map(str::to_owned);
        let parsed = serde_json::from_slice::<Value>(&self.body).ok();
        match parsed.as_ref().and_then(text) {
            Some(message) => message,
            None if self.body.is_empty() => format!("the server answered {}", self.status),
            None => String::from_utf8_lossy(&self.body).chars().take(4_096).collect(),
        }
    }

    fn refusal(&self) -> ClientError {
        let parsed: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let code = parsed["code"].as_str().map(str::to_owned);
        ClientError::Refused { status: self.status, message: self.message(), code }
    }
}

/// Whether a request that failed so may have reached the server.
fn is_sent(e: &ureq::Error) -> bool {
    match e {
        ureq::Error::ConnectionFailed | ureq::Error::HostNotFound => false,
        ureq::Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve) => false,
        ureq::Error::Io(e) => e.kind() != std::io::ErrorKind::ConnectionRefused,
        _ => true,
    }
}

impl<'c> Request<'c> {
    pub(crate) fn new(client: &'c Client, method: &'c str, path: &str) -> Self {
        let fault = (!path.starts_with('/')).then(|| format!("path '{path}': begin it with /"));
        Request {
            client,
            method,
            path: path.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            fault,
            again: Duration::ZERO,
        }
    }

    /// Adds a parameter to the query.
    pub fn query(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        self.path.push(if self.path.contains('?') { '&' } else { '?' });
        self.path.push_str(&format!("{}={}", encode(name), encode(&value.to_string())));
        self
    }

    /// Adds a parameter to the query where there is a value.
    pub fn query_opt(self, name: &str, value: Option<impl std::fmt::Display>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// Adds a header; `Authorization` replaces the client's credentials.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sends a value as JSON.
    pub fn json(mut self, value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => self.body(body, "application/json"),
            Err(e) => {
                self.fault = Some(format!("body: {e}"));
                self
            }
        }
    }

    /// Sends bytes of a media type.
    pub fn body(mut self, bytes: Vec<u8>, media_type: &str) -> Self {
        self.body = bytes;
        self.header("Content-Type", media_type)
    }

    /// Sends the request again for so long, to each server in turn, while it is refused with 503 or has no answer. Only for requests that may be done
    /// twice, such as events, which are known by their ids: a server may have done what it did not answer.
    pub fn again_for(mut self, time: Duration) -> Self {
        self.again = time;
        self
    }

    /// Sends the request; returns the answer whatever its status.
    ///
    /// # Errors
    /// [`ClientError::Request`] when method, path or a header is not valid; [`ClientError::Unreachable`] without an answer in time;
    /// [`ClientError::Answer`] when it is larger than the client's limit.
    pub fn send(mut self) -> Result<Answer, ClientError> {
        if let Some(fault) = self.fault.take() {
            return Err(ClientError::Request(fault));
        }
        let (begun, servers, mut tried) = (Instant::now(), self.client.bases.len(), 0);
        loop {
            tried += 1;
            let (place, base) = self.client.base();
            let answer = self.once(base);
            let goes_on = match &answer {
                Ok(answer) => answer.status == UNAVAILABLE,
                Err(Lost { error: ClientError::Unreachable { .. }, is_sent }) => !is_sent || !self.again.is_zero(),
                Err(_) => false,
            };
            if !goes_on || (tried >= servers && begun.elapsed() >= self.again) {
                return answer.map_err(|lost| lost.error);
            }
            self.client.leave(place);
            if tried % servers == 0 {
                std::thread::sleep(PAUSE);
            }
        }
    }

    /// Sends the request to a server once.
    fn once(&self, base: &str) -> Result<Answer, Lost> {
        let Request { client, method, path, headers, body, .. } = self;
        let method = method.to_uppercase();
        let mut request = ureq::http::Request::builder().method(method.as_str()).uri(format!("{base}{path}"));
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization"))
            && let Some(value) = client.credentials.header(&method, path)
        {
            request = request.header("Authorization", value);
        }
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let wrong = |e: ureq::http::Error| ClientError::Request(format!("{method} {path}: {e}"));
        let sent = |error: ClientError| Lost { error, is_sent: true };
        let request = request.body(body.as_slice()).map_err(|e| sent(wrong(e)))?;
        let server = || if client.has_several() { base.to_owned() } else { client.name.clone() };
        let unreachable = |e: ureq::Error| ClientError::Unreachable { server: server(), reason: e.to_string() };
        let mut configured = client.agent.configure_request(request);
        if client.has_several() && !self.again.is_zero() {
            configured = configured.timeout_global(Some(client.limits.time.min(TRY_TIME)));
        }
        let mut answer =
            client.agent.run(configured.build()).map_err(|e| Lost { is_sent: is_sent(&e), error: unreachable(e) })?;
        let media_type =
            answer.headers().get("content-type").and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        let limit = client.limits.answer_bytes;
        let body = answer.body_mut().with_config().limit(limit).read_to_vec().map_err(|e| match e {
            ureq::Error::BodyExceedsLimit(_) => {
                sent(ClientError::Answer { server: server(), reason: format!("more than {limit} bytes") })
            }
            e => sent(unreachable(e)),
        })?;
        Ok(Answer { status: answer.status().as_u16(), media_type, body })
    }

    /// Sends the request; returns the bytes of a successful answer.
    ///
    /// # Errors
    /// As [`Request::send`], and [`ClientError::Refused`].
    pub fn bytes(self) -> Result<Vec<u8>, ClientError> {
        let answer = self.send()?;
        match answer.is_success() {
            true => Ok(answer.body),
            false => Err(answer.refusal()),
        }
    }

    /// Sends the request; returns the successful answer, read as JSON. An answer without a body reads as `null`.
    ///
    /// # Errors
    /// As [`Request::bytes`], and [`ClientError::Answer`] when it reads otherwise.
    pub fn fetch<T: DeserializeOwned>(self) -> Result<T, ClientError> {
        let server = self.client.name.clone();
        let bytes = self.bytes()?;
        let bytes = if bytes.is_empty() { b"null".as_slice() } else { &bytes };
        serde_json::from_slice(bytes).map_err(|e| ClientError::Answer { server, reason: e.to_string() })
    }
}
