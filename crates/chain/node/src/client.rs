//! Requests to a node, with bounds of time and size, and credentials that no message shows.

use crate::NodeError;
use serde_json::Value;
use std::time::Duration;

/// The first pause between tries, which grows fourfold.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Connections that are kept for further requests: as many as readers have under way at once, so that none is made anew for each.
const CONNECTIONS: usize = 8;
/// Most bytes of an answer that an error repeats.
const MAX_WORDS: usize = 300;

/// Bounds of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest time.
    pub time: Duration,
    /// Longest answer in bytes.
    pub answer: u64,
    /// How often a request is sent that fails on the way, with growing pauses between.
    pub tries: u32,
}

/// An answer of a node.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Its body.
    pub body: Vec<u8>,
}

/// The HTTP interface of a node.
pub struct Client {
    agent: ureq::Agent,
    url: String,
    limits: Limits,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("url", &self.shown()).finish_non_exhaustive()
    }
}

/// A header with a credential: name and value.
type Header<'a> = Option<(&'a str, &'a str)>;

impl Client {
    /// Connects lazily to `http://host:port`, also with user, password and path.
    #[must_use]
    pub fn new(url: &str, limits: Limits) -> Self {
        let config = ureq::Agent::config_builder().timeout_global(Some(limits.time)).http_status_as_error(false);
        let agent: ureq::Agent = config.max_idle_connections_per_host(CONNECTIONS).build().into();
        Client { agent, url: url.trim_end_matches('/').to_owned(), limits }
    }

    /// Returns the URL without user, password, path and query, where providers put keys.
    #[must_use]
    pub fn shown(&self) -> String {
        let (scheme, rest) = self.url.split_once("://").unwrap_or(("http", &self.url));
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        format!("{scheme}://{}", host.rsplit('@').next().unwrap_or_default())
    }

    /// Makes the error of a request that failed on the way.
    pub fn failed(&self, cause: impl std::fmt::Display) -> NodeError {
        NodeError::Http { url: self.shown(), cause: cause.to_string() }
    }

    /// Sends JSON to a path behind the URL and returns the JSON that comes back, whatever its status. A request that fails on the way is sent again.
    ///
    /// # Errors
    /// [`NodeError::Http`] for faults on the way and answers that are no JSON, [`NodeError::Credentials`] for statuses 401 and 403.
    pub fn post(&self, path: &str, header: Header, body: &Value) -> Result<Vec<u8>, NodeError> {
        let mut pause = FIRST_PAUSE;
        for _ in 1..self.limits.tries {
            match self.post_once(path, header, body) {
                Err(NodeError::Http { .. }) => std::thread::sleep(pause),
                answer => return answer,
            }
            pause *= 4;
        }
        self.post_once(path, header, body)
    }

    fn post_once(&self, path: &str, header: Header, body: &Value) -> Result<Vec<u8>, NodeError> {
        let mut request = self.agent.post(format!("{}{path}", self.url));
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        let answer = self.read(request.send_json(body))?;
        // Nodes answer errors of JSON-RPC with other statuses too; those of a proxy are no JSON.
        let is_json = answer.body.trim_ascii_start().first().is_some_and(|b| *b == b'{' || *b == b'[');
        if answer.status == 429 || !is_json {
            return Err(self.failed(format_args!("status {}: {}", answer.status, words(&answer.body))));
        }
        Ok(answer.body)
    }

    /// Requests a path behind the URL.
    ///
    /// # Errors
    /// [`NodeError::Http`] for faults on the way, [`NodeError::Credentials`] for statuses 401 and 403.
    pub fn get(&self, path: &str) -> Result<Answer, NodeError> {
        self.read(self.agent.get(format!("{}{path}", self.url)).call())
    }

    fn read(&self, response: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Answer, NodeError> {
        let mut response = response.map_err(|e| self.failed(e))?;
        let status = response.status().as_u16();
        if status == 401 || status == 403 {
            return Err(NodeError::Credentials { url: self.shown(), status });
        }
        let body = response.body_mut().with_config().limit(self.limits.answer).read_to_vec();
        Ok(Answer { status, body: body.map_err(|e| self.failed(e))? })
    }
}

/// Returns the beginning of an answer as text.
pub(crate) fn words(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_WORDS)]).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// Answers every request with a text, or with nothing at all for ever; counts requests.
    fn serve(answer: Option<String>) -> (String, Arc<AtomicU32>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let count = Arc::new(AtomicU32::new(0));
        let seen = count.clone();
        std::thread::spawn(move || {
            let mut open = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                seen.fetch_add(1, Ordering::Relaxed);
                if let Some(answer) = &answer {
                    let _ = stream.read(&mut [0; 4096]);
                    let head =
                        format!("HTTP/1.1 200 x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", answer.len());
                    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(answer.as_bytes()));
                }
                open.push(stream);
            }
        });
        (url, count)
    }

    #[test]
    fn answers_have_bounds_of_size_and_time() {
        let limits = Limits { time: Duration::from_millis(300), answer: 100, tries: 2 };
        let large = format!("[{}]", "1,".repeat(60));
        for answer in [Some(large), None] {
            let (url, count) = serve(answer);
            let error = Client::new(&url, limits).post("", None, &json!({})).unwrap_err();
            assert!(matches!(error, NodeError::Http { .. }), "{error}");
            assert_eq!(count.load(Ordering::Relaxed), 2);
        }
        let (url, count) = serve(Some("[1]".to_owned()));
        assert_eq!(Client::new(&url, limits).post("/x", None, &json!({})).unwrap(), b"[1]");
        assert_eq!(count.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn credentials_are_not_shown() {
        let limits = Limits { time: Duration::from_secs(1), answer: 10, tries: 1 };
        for (url, shown) in [
            ("http://user:secret@node:8332/", "http://node:8332"),
            ("https://provider.example/v2/secret?key=secret", "https://provider.example"),
            ("node:8332", "http://node:8332"),
        ] {
            let client = Client::new(url, limits);
            assert_eq!(client.shown(), shown);
            assert!(!format!("{client:?} {}", client.failed("x")).contains("secret"));
        }
    }

    #[test]
    fn text_that_is_cut_inside_a_character_is_repeated_all_the_same() {
        assert_eq!(words(format!("a{}", "ö".repeat(200)).as_bytes()), format!("a{}\u{fffd}", "ö".repeat(149)));
        assert_eq!(words(&[b'a', 0xff]), "a\u{fffd}");
    }
}
