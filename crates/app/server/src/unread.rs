//! Bodies of requests that were answered before they were read: a refused key, a rate limit, an unknown path.
//!
//! A connection can be used again only once the body is off it (RFC 9112, section 9.3). hyper closes a connection with an unread body without a word, after
//! the client has taken it back into its pool: the next request on it, perhaps one that must not be sent twice, is lost. So small
//! bodies are read and dropped, and for all others the answer says `connection: close`.

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use http_body::{Body as _, Frame, SizeHint};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

/// Most that is read and dropped, in bytes.
const MAX_DROPPED: u64 = 64 << 10;
/// Longest wait for it.
const MAX_WAIT: Duration = Duration::from_secs(1);

/// A body that whoever lent it can go on reading.
#[derive(Clone, Debug)]
struct Lent(Arc<Mutex<Body>>);

impl Lent {
    fn with<T>(&self, f: impl FnOnce(&mut Body) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether the rest could be read within the bounds.
    async fn drain(mut self) -> bool {
        let mut left = MAX_DROPPED;
        while !self.is_end_stream() {
            if self.size_hint().lower() > left {
                return false;
            }
            match poll_fn(|cx| Pin::new(&mut self).poll_frame(cx)).await {
                None => return true,
                Some(Err(_)) => return false,
                Some(Ok(frame)) => {
                    let read = frame.data_ref().map_or(0, Bytes::len);
                    match left.checked_sub(read.try_into().unwrap_or(u64::MAX)) {
                        Some(rest) => left = rest,
                        None => return false,
                    }
                }
            }
        }
        true
    }
}

impl http_body::Body for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.with(|body| Pin::new(body).poll_frame(cx))
    }

    fn is_end_stream(&self) -> bool {
        self.with(|body| body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.with(|body| body.size_hint())
    }
}

/// Leaves a connection that can be used again, or says that it cannot.
pub(crate) async fn drop_unread(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    // Who asks first wants no body read for nothing.
    let asks_first = request.headers().contains_key(header::EXPECT);
    let (parts, body) = request.into_parts();
    let lent = Lent(Arc::new(Mutex::new(body)));
    let mut response = next.run(Request::from_parts(parts, Body::new(lent.clone()))).await;
    let is_read =
        lent.is_end_stream() || (!asks_first && tokio::time::timeout(MAX_WAIT, lent.drain()).await.unwrap_or(false));
    if !is_read {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::http::StatusCode;
    use axum::middleware::from_fn;
    use axum::routing::post;
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::{SocketAddr, TcpStream};

    /// A server that refuses at `/no` without reading and echoes the length at `/len`.
    async fn server() -> SocketAddr {
        let app = Router::new()
            .route("/no", post(|| async { StatusCode::UNAUTHORIZED }))
            .route("/len", post(|body: Bytes| async move { body.len().to_string() }))
            .layer(from_fn(drop_unread));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async { axum::serve(listener, app).await });
        address
    }

    /// Reads one answer: its status line, whether it says `connection: close`, and its body.
    fn answer(stream: &mut BufReader<TcpStream>) -> (String, bool, String) {
        let (mut head, mut line) = (Vec::new(), String::new());
        while stream.read_line(&mut line).unwrap() > 2 {
            head.push(std::mem::take(&mut line).trim().to_ascii_lowercase());
        }
        let length = head.iter().find_map(|l| l.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
        let mut body = vec![0; length];
        stream.read_exact(&mut body).unwrap();
        (head[0].clone(), head.contains(&"connection: close".into()), String::from_utf8(body).unwrap())
    }

    fn send(stream: &mut BufReader<TcpStream>, text: &str) {
        stream.get_mut().write_all(text.as_bytes()).unwrap();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_refused_request_leaves_a_connection_that_can_be_used() {
        let address = server().await;
        tokio::task::spawn_blocking(move || {
            let mut stream = BufReader::new(TcpStream::connect(address).unwrap());
            for _ in 0..3 {
                send(&mut stream, "POST /no HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nab");
                // The rest comes late, as over a network.
                std::thread::sleep(Duration::from_millis(20));
                send(&mut stream, "cde");
                let (status, closes, _) = answer(&mut stream);
                assert!(status.starts_with("http/1.1 401") && !closes, "{status}");
                send(
                    &mut stream,
                    "POST /len HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
                );
                assert_eq!(answer(&mut stream).2, "3", "the same connection");
            }
        })
        .await
        .unwrap();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_body_that_is_not_read_to_its_end_ends_the_connection_with_a_word() {
        let address = server().await;
        tokio::task::spawn_blocking(move || {
            for head in [
                "POST /no HTTP/1.1\r\nhost: a\r\ncontent-length: 100000000\r\n\r\n",
                "POST /no HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n",
                // Never comes whole.
                "POST /no HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nabc",
            ] {
                let mut stream = BufReader::new(TcpStream::connect(address).unwrap());
                send(&mut stream, head);
                let (status, closes, _) = answer(&mut stream);
                assert!(status.starts_with("http/1.1 401") && closes, "{head}: {status}");
            }
        })
        .await
        .unwrap();
    }
}
