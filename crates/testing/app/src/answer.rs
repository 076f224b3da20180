//! An answer of the application.

use axum::http::HeaderMap;
use serde_json::Value;

/// Returns the codes that refusals with a status have.
fn codes_of(status: u16) -> &'static [&'static str] {
    match status {
        400 => &["invalid"],
        401 => &["unauthorized"],
        403 => &["forbidden"],
        404 => &["not_found"],
        405 => &["method_not_allowed"],
        409 => &["conflict", "state", "second_person"],
        413 => &["too_large"],
        415 => &["media_type"],
        421 => &["misdirected"],
        424 => &["partner"],
        429 => &["too_many_requests"],
        503 => &["busy", "unavailable"],
        500.. => &["internal"],
        _ => &[],
    }
}

/// An answer, read whole. Its checks return what a test goes on with and name the request when they fail.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What was requested.
    pub request: String,
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Vec<u8>,
}

impl Answer {
    /// Returns the body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Returns a header's value, empty when it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }

    /// Returns the body as JSON; null when it is empty.
    ///
    /// # Panics
    /// When it is no JSON.
    pub fn json(&self) -> Value {
        if self.body.is_empty() {
            return Value::Null;
        }
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{}: {e}: {}", self.request, self.text()))
    }

    /// Returns the JSON of a success.
    ///
    /// # Panics
    /// When the status is no success, or the body no JSON.
    pub fn ok(&self) -> Value {
        self.success().json()
    }

    /// Returns the answer when it is a success.
    ///
    /// # Panics
    /// When the status is no success.
    pub fn success(&self) -> &Self {
        assert!((200..300).contains(&self.status), "{}: {} {}", self.request, self.status, self.text());
        self
    }

    /// Returns the JSON of a success with this status.
    ///
    /// # Panics
    /// When the status is another one, or the body no JSON.
    pub fn is(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.request, self.text());
        self.json()
    }

    /// Returns the message of a refusal of the API.
    ///
    /// # Panics
    /// When the status is another one, the body states no reason, or its code belongs to another status.
    pub fn refused(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{}: {}", self.request, self.text());
        let body = self.json();
        let message = body["error"].as_str().unwrap_or_default();
        assert!(!message.is_empty(), "{}: a refusal says why: {body}", self.request);
        let code = body["code"].as_str().unwrap_or_default();
        assert!(codes_of(status).contains(&code), "{}: the code of {status} is no '{code}'", self.request);
        message.to_owned()
    }

    /// Checks that the answer is a refusal of the API whose message contains some words.
    ///
    /// # Panics
    /// When the status is another one, or the message lacks the words.
    pub fn refused_with(&self, status: u16, words: &str) {
        let message = self.refused(status);
        assert!(message.contains(words), "{}: '{words}' is not in: {message}", self.request);
    }
}
