//! A blocking client of Holdfast's HTTP API: over TCP ([`Client::http`]) or the Unix socket in a store's folder ([`Client::unix`]).
//!
//! Every answer and every wait is bounded. A refusal carries the server's message. Nothing is sent to where a redirect or a proxy setting of
//! the environment points.
//!
//! ```no_run
//! # fn main() -> Result<(), holdfast_client::ClientError> {
//! use holdfast_client::{Client, Credentials, api_path};
//!
//! let client = Client::http("https://desk.example", Credentials::Key("hf_...".into()))?;
//! let open: Vec<serde_json::Value> = client.get(&api_path(&["alerts"])).query("state", "open").fetch()?;
//! # Ok(()) }
//! ```
#![cfg_attr(
    not(test),
    warn(
        clippy::too_many_lines,
        clippy::unwrap_used,
        clippy::missing_panics_doc,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_possible_wrap,
        clippy::cast_lossless
    )
)]

mod credentials;
mod error;
mod request;
mod unix;

pub use credentials::Credentials;
pub use error::ClientError;
pub use request::{Answer, Request, api_path, encode};

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Longest wait for a connection.
const CONNECT_TIME: Duration = Duration::from_secs(10);

/// Limits of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest time of a request with its answer.
    pub time: Duration,
    /// Largest answer, in bytes.
    pub answer_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        // Checks of the audit log and rule tests over history run for minutes; packages are files.
        Limits { time: Duration::from_secs(600), answer_bytes: 1 << 30 }
    }
}

/// Most servers of a client.
const MAX_SERVERS: usize = 16;

/// A client of a server, or of several of which one has the desk: a server and its standbys, or several proxies.
#[derive(Clone, Debug)]
pub struct Client {
    agent: ureq::Agent,
    /// Scheme and authority of requests to each server, without a slash at the end.
    bases: Arc<[String]>,
    /// The server that requests go to first; clones share it.
    current: Arc<AtomicUsize>,
    /// The server in messages: its URL or the path of its socket.
    name: String,
    credentials: Credentials,
    limits: Limits,
}

impl Client {
    /// Returns a client of the server at a URL such as `https://desk.example` or `http://127.0.0.1:8650`, or of several, with commas between. A key that is
    /// sent over `http` to another machine can be read on the way.
    ///
    /// Of several servers, a request that one refuses with 503, or that did not reach it, goes to the next; see also [`Request::again_for`].
    ///
    /// # Errors
    /// [`ClientError::Request`] when a URL has another scheme, no host, or a user name, and when there are more than 16.
    pub fn http(url: &str, credentials: Credentials) -> Result<Self, ClientError> {
        Self::http_with(url, credentials, Limits::default())
    }

    /// [`Client::http`] with other limits.
    ///
    /// # Errors
    /// As [`Client::http`].
    pub fn http_with(url: &str, credentials: Credentials, limits: Limits) -> Result<Self, ClientError> {
        let bases = url.split(',').map(base_of).collect::<Result<Vec<_>, _>>()?;
        if bases.len() > MAX_SERVERS {
            return Err(ClientError::Request(format!("{} servers: name at most {MAX_SERVERS}", bases.len())));
        }
        let (agent, name) = (config(limits).build().into(), bases.join(","));
        Ok(Client { agent, bases: bases.into(), current: Arc::default(), name, credentials, limits })
    }

    /// Returns a client of the server that listens on a Unix socket.
    pub fn unix(socket: &Path, credentials: Credentials) -> Self {
        let limits = Limits::default();
        let config = config(limits).max_idle_connections(0).build();
        let agent = ureq::Agent::with_parts(config, unix::Socket::new(socket), unix::NoNames);
        let (bases, name) = (Arc::new(["http://localhost".to_owned()]), socket.display().to_string());
        Client { agent, bases, current: Arc::default(), name, credentials, limits }
    }

    /// Returns the servers' URLs, or the path of the socket.
    pub fn server(&self) -> &str {
        &self.name
    }

    /// Returns whether the client knows several servers.
    pub fn has_several(&self) -> bool {
        self.bases.len() > 1
    }

    /// Returns the place and the URL of the server that requests go to first.
    fn base(&self) -> (usize, &str) {
        let place = self.current.load(Ordering::Relaxed) % self.bases.len();
        (place, &self.bases[place])
    }

    /// Lets requests go to the server after one, unless another request has changed that.
    fn leave(&self, place: usize) {
        let next = (place + 1) % self.bases.len();
        let _ = self.current.compare_exchange(place, next, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Returns the same client with other credentials.
    pub fn with_credentials(&self, credentials: Credentials) -> Self {
        Client { credentials, ..self.clone() }
    }

    /// Begins a request of a method and a path such as [`api_path`] makes; the path may have a query.
    pub fn request<'c>(&'c self, method: &'c str, path: &str) -> Request<'c> {
        Request::new(self, method, path)
    }

    /// Begins a `GET` request.
    pub fn get(&self, path: &str) -> Request<'_> {
        self.request("GET", path)
    }

    /// Begins a `POST` request.
    pub fn post(&self, path: &str) -> Request<'_> {
        self.request("POST", path)
    }

    /// Begins a `PUT` request.
    pub fn put(&self, path: &str) -> Request<'_> {
        self.request("PUT", path)
    }

    /// Begins a `DELETE` request.
    pub fn delete(&self, path: &str) -> Request<'_> {
        self.request("DELETE", path)
    }
}

/// Returns the scheme and authority of a server's URL.
fn base_of(url: &str) -> Result<String, ClientError> {
    let base = url.trim().trim_end_matches('/');
    let wrong = |why: &str| Err(ClientError::Request(format!("server '{url}': {why}")));
    let authority = base.strip_prefix("https://").or_else(|| base.strip_prefix("http://"));
    match authority {
        None => wrong("write http://HOST:PORT or https://HOST"),
        Some(rest) if rest.is_empty() || rest.starts_with(':') => wrong("names no host"),
        Some(rest) if rest.contains('@') => wrong("holds a user name; send a key instead"),
        Some(rest) if rest.contains(['?', '#', ' ']) => wrong("has more than a host, port and path"),
        Some(_) => Ok(base.to_owned()),
    }
}

fn config(limits: Limits) -> ureq::config::ConfigBuilder<ureq::typestate::AgentScope> {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .timeout_connect(Some(CONNECT_TIME.min(limits.time)))
        .timeout_global(Some(limits.time))
}

#[cfg(test)]
mod tests;
