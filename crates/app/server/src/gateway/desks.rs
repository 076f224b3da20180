//! The servers that may have the desk, and the one that last had it.

use super::Counted;
use crate::standby::STANDING_BY;
use axum::body::{Body, Bytes};
use axum::http::uri::{Authority, PathAndQuery, Scheme};
use axum::http::{HeaderMap, HeaderName, Method, Request, Response, StatusCode, Uri, header};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Longest time until a connection to a desk is open, on a network of its own.
const CONNECT: Duration = Duration::from_secs(1);
/// Pause between rounds over all servers.
const PAUSE: Duration = Duration::from_millis(50);
/// How long a desk may take to say whether it is ready.
const READY: Duration = Duration::from_secs(2);

/// How long a desk may be silent before the others are asked whether they have it, and how often they are asked then.
const SILENT: Duration = Duration::from_secs(2);
const AGAIN: Duration = Duration::from_millis(500);

/// Headers of one connection, which are not passed on (RFC 9110, 7.6.1), and what HTTP itself sets.
const OF_CONNECTION: [HeaderName; 8] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::EXPECT,
];

/// An address that is no desk's.
#[derive(Debug, thiserror::Error)]
pub enum NoDesk {
    /// It does not have the form.
    #[error("'{0}' is no address of a desk: http://HOST or http://HOST:PORT")]
    Url(String),
    /// There is none.
    #[error("name the servers of the desk: --desk http://HOST:PORT, once for each")]
    None,
}

/// A request that no server of the desk answered.
#[derive(Debug)]
pub(crate) struct Unanswered {
    /// Whether it may have reached one.
    pub(crate) is_sent: bool,
}

/// A request that can be sent several times.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) method: Method,
    pub(crate) path: PathAndQuery,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Whether it may take effect twice: it is sent again then although it may have reached a server.
    pub(crate) may_repeat: bool,
    /// Longest time of one try; none for requests whose answers take as long as they take.
    pub(crate) limit: Option<Duration>,
}

/// The servers that may have the desk.
#[derive(Debug)]
pub struct Desks {
    client: Client<HttpConnector, Body>,
    servers: Vec<Authority>,
    current: AtomicUsize,
    patience: Duration,
}

impl Desks {
    /// Returns the servers at these addresses; for `patience` a request is sent again before it is given up.
    ///
    /// # Errors
    /// [`NoDesk`].
    pub fn new(urls: &[String], patience: Duration) -> Result<Self, NoDesk> {
        let server = |url: &String| {
            let parts = url.parse::<Uri>().map(Uri::into_parts).ok();
            let parts = parts.filter(|p| p.scheme == Some(Scheme::HTTP));
            let parts = parts.filter(|p| p.path_and_query.as_ref().is_none_or(|path| path.as_str() == "/"));
            parts.and_then(|p| p.authority).ok_or_else(|| NoDesk::Url(url.clone()))
        };
        let servers = urls.iter().map(server).collect::<Result<Vec<_>, _>>()?;
        if servers.is_empty() {
            return Err(NoDesk::None);
        }
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(CONNECT));
        // A host that vanished answers nothing, ever.
        connector.set_keepalive(Some(Duration::from_secs(5)));
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(20))
            .build(connector);
        Ok(Desks { client, servers, current: AtomicUsize::new(0), patience })
    }

    fn at(&self) -> usize {
        self.current.load(Ordering::Acquire) % self.servers.len()
    }

    /// Goes on to the next server, unless somebody has.
    fn leave(&self, at: usize) {
        let _ = self.current.compare_exchange(at, (at + 1) % self.servers.len(), Ordering::AcqRel, Ordering::Acquire);
    }

    fn uri(&self, at: usize, path: &PathAndQuery) -> Uri {
        let mut parts = axum::http::uri::Parts::default();
        parts.scheme = Some(Scheme::HTTP);
        parts.authority = self.servers.get(at).cloned();
        parts.path_and_query = Some(path.clone());
        Uri::from_parts(parts).unwrap_or_default()
    }

    async fn once(&self, at: usize, message: &Message) -> Result<Response<Incoming>, Unanswered> {
        let mut request = Request::new(Body::from(message.body.clone()));
        *request.method_mut() = message.method.clone();
        *request.uri_mut() = self.uri(at, &message.path);
        *request.headers_mut() = message.headers.clone();
        let answer = self.client.request(request);
        let answer = match message.limit {
            Some(limit) => tokio::time::timeout(limit, answer).await.map_err(|_| Unanswered { is_sent: true })?,
            None => answer.await,
        };
        answer.map_err(|e| Unanswered { is_sent: !e.is_connect() })
    }

    /// Tries a server once, until it answers or, where the request may be sent again, another one has the desk: a server that is frozen answers nobody and
    /// keeps its connections.
    async fn try_at(&self, at: usize, message: &Message) -> Result<Response<Incoming>, Unanswered> {
        if !message.may_repeat || self.servers.len() == 1 {
            return self.once(at, message).await;
        }
        tokio::select! {
            answer = self.once(at, message) => answer,
            () = self.has_moved(at) => Err(Unanswered { is_sent: true }),
        }
    }

    /// Ends once another server than this one has the desk.
    async fn has_moved(&self, at: usize) {
        tokio::time::sleep(SILENT).await;
        loop {
            for other in (0..self.servers.len()).filter(|n| *n != at) {
                if self.is_ready_at(other).await {
                    return;
                }
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// Sends a request to the server that has the desk; to the others in turn while none does, for as long as may be waited.
    pub(crate) async fn send(&self, message: &Message, counted: &Counted) -> Result<Response<Incoming>, Unanswered> {
        let (begun, mut is_sent) = (Instant::now(), false);
        for tried in 1.. {
            let at = self.at();
            let answer = self.try_at(at, message).await;
            is_sent |= answer.as_ref().is_err_and(|unanswered| unanswered.is_sent);
            let goes_on = match &answer {
                // A server that refuses with 503 did nothing, and says so.
                Ok(answer) => is_standby(answer) || (message.may_repeat && is_refusal(answer)),
                Err(unanswered) => !unanswered.is_sent || message.may_repeat,
            };
            if !goes_on {
                return answer;
            }
            self.leave(at);
            if tried % self.servers.len() == 0 {
                if begun.elapsed() >= self.patience {
                    // A standby speaks for itself, not for the desk.
                    return answer.ok().filter(|answer| !is_standby(answer)).ok_or(Unanswered { is_sent });
                }
                tokio::time::sleep(PAUSE).await;
            }
            counted.again.inc();
        }
        Err(Unanswered { is_sent })
    }

    /// Sends a request whose body is read once.
    pub(crate) async fn stream(&self, mut request: Request<Body>) -> Result<Response<Incoming>, Unanswered> {
        let at = self.at();
        let path = request.uri().path_and_query().cloned();
        *request.uri_mut() = self.uri(at, &path.unwrap_or_else(|| PathAndQuery::from_static("/")));
        let answer = self.client.request(request).await.map_err(|e| Unanswered { is_sent: !e.is_connect() });
        if answer.as_ref().map_or(true, is_standby) {
            self.leave(at);
        }
        answer
    }

    /// Whether one of the servers has the desk and can work.
    pub(crate) async fn is_ready(&self) -> bool {
        for _ in 0..self.servers.len() {
            let at = self.at();
            if self.is_ready_at(at).await {
                return true;
            }
            self.leave(at);
        }
        false
    }

    async fn is_ready_at(&self, at: usize) -> bool {
        let message = Message {
            method: Method::GET,
            path: PathAndQuery::from_static("/health/ready"),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            may_repeat: false,
            limit: Some(READY),
        };
        matches!(self.once(at, &message).await, Ok(answer) if answer.status() == StatusCode::OK)
    }
}

fn is_standby(answer: &Response<Incoming>) -> bool {
    answer.headers().contains_key(STANDING_BY)
}

fn is_refusal(answer: &Response<Incoming>) -> bool {
    answer.status() == StatusCode::SERVICE_UNAVAILABLE
}

/// Removes what belongs to one connection.
pub(crate) fn end_to_end(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in OF_CONNECTION.iter().chain(&named) {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_servers() {
        let of = |urls: &[&str]| {
            Desks::new(&urls.iter().map(|u| (*u).to_owned()).collect::<Vec<_>>(), Duration::ZERO)
                .map_err(|e| e.to_string())
        };
        assert!(of(&["http://10.0.0.5:8650", "http://desk-b/"]).is_ok());
        for wrong in ["https://10.0.0.5", "10.0.0.5:8650", "http://a/desk", "http://", ""] {
            assert!(of(&[wrong]).unwrap_err().contains("http://HOST:PORT"), "{wrong}");
        }
        assert!(of(&[]).unwrap_err().contains("--desk"));
    }

    #[test]
    fn headers_of_a_connection_stay_there() {
        let mut headers = HeaderMap::new();
        for (name, value) in
            [("connection", "close, x-own"), ("x-own", "1"), ("transfer-encoding", "chunked"), ("accept", "text/html")]
        {
            headers.insert(name, value.parse().unwrap());
        }
        end_to_end(&mut headers);
        assert_eq!(headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["accept"]);
    }
}
