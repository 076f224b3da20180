//! Connections: how many, how long they may be silent, and an end within a bound.

use crate::router;
use crate::socket::LocalSocket;
use axum::extract::Request;
use holdfast_state::AppState;
use holdfast_state::access::{Access, Peer};
use holdfast_state::limits::sender;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tower::ServiceExt;

/// Most connections at once.
pub const MAX_CONNECTIONS: usize = 2_048;
/// Most connections at once of one sender; trusted proxies are not bounded by it.
pub const MAX_OF_ONE: usize = 256;
/// Longest time for the head of a request, and so without a request.
pub const HEADER_TIME: Duration = Duration::from_secs(30);
/// Time for the first request of a connection that was accepted just before the server is to stop: an end before it would reset the connection, with
/// the request unread.
const FIRST_REQUEST: Duration = Duration::from_millis(300);
/// Longest time that requests may go on once the server is to stop; the rest of ten seconds is for the threads and the writer.
pub const STOP_TIME: Duration = Duration::from_secs(7);

/// Open connections by sender.
#[derive(Default)]
struct Open(Mutex<(usize, HashMap<String, usize>)>);

/// One of them, until it is dropped.
struct Counted(Arc<Open>, String);

impl Open {
    fn enter(self: &Arc<Self>, who: String, is_proxy: bool) -> Option<Counted> {
        let mut open = self.0.lock().unwrap_or_else(|e| e.into_inner());
        let of_one = open.1.get(&who).copied().unwrap_or(0);
        if open.0 >= MAX_CONNECTIONS || (of_one >= MAX_OF_ONE && !is_proxy) {
            return None;
        }
        open.0 += 1;
        *open.1.entry(who.clone()).or_default() += 1;
        Some(Counted(self.clone(), who))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut open = self.0.0.lock().unwrap_or_else(|e| e.into_inner());
        open.0 = open.0.saturating_sub(1);
        if let Some(n) = open.1.get_mut(&self.1) {
            *n -= 1;
            if *n == 0 {
                open.1.remove(&self.1);
            }
        }
    }
}

/// Serves until `stop` resolves; what is under way then has [`STOP_TIME`] to end.
///
/// # Errors
/// When the listener fails for good.
pub async fn serve(
    listener: tokio::net::TcpListener,
    shared: AppState,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    serve_with_socket(listener, None, shared, stop).await
}

/// Serves on an address and on the socket of commands until `stop` resolves; what is under way then has [`STOP_TIME`] to end.
///
/// # Errors
/// When a listener fails for good.
pub async fn serve_with_socket(
    listener: tokio::net::TcpListener,
    socket: Option<LocalSocket>,
    shared: AppState,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let access = shared.access.clone();
    let status = shared.status.clone();
    let stop = async move {
        stop.await;
        status.stop();
    };
    serve_app(listener, socket, router(shared), access, stop).await
}

/// Serves metrics and health at an address of their own until `stop` resolves.
///
/// # Errors
/// When the listener fails for good.
pub async fn serve_metrics(
    listener: tokio::net::TcpListener,
    shared: AppState,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let access = shared.access.clone();
    serve_app(listener, None, crate::metrics_router(shared), access, stop).await
}

/// What all connections have in common.
struct Connections {
    app: axum::Router,
    access: Arc<Access>,
    open: Arc<Open>,
    http: hyper::server::conn::http1::Builder,
    graceful: GracefulShutdown,
    aborted: tokio::sync::watch::Receiver<bool>,
}

impl Connections {
    /// Serves one connection on a task of its own, if there may be one more of its sender.
    fn start<S>(&self, stream: S, peer: IpAddr, sender: String)
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
    {
        let Some(counted) = self.open.enter(sender, self.access.is_proxy(peer)) else { return };
        let app = self.app.clone().map_request(move |request: hyper::Request<hyper::body::Incoming>| {
            let mut request: Request = request.map(axum::body::Body::new);
            request.extensions_mut().insert(Peer(peer));
            request
        });
        let connection = self.http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(app));
        let connection = self.graceful.watch(connection);
        let mut aborted = self.aborted.clone();
        tokio::spawn(async move {
            let _counted = counted;
            tokio::select! {
                _ = connection => {}
                _ = aborted.wait_for(|a| *a) => {}
            }
        });
    }
}

#[cfg(unix)]
type SocketListener = tokio::net::UnixListener;
#[cfg(not(unix))]
type SocketListener = tokio::net::TcpListener;

/// The next connection on a socket; without one there is none, ever.
async fn accept_on(
    socket: Option<&SocketListener>,
) -> std::io::Result<impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static> {
    match socket {
        Some(listener) => Ok(listener.accept().await?.0),
        None => std::future::pending().await,
    }
}

pub(crate) async fn serve_app(
    listener: tokio::net::TcpListener,
    socket: Option<LocalSocket>,
    app: axum::Router,
    access: Arc<Access>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let (abort, aborted) = tokio::sync::watch::channel(false);
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEADER_TIME).max_buf_size(64 << 10);
    #[cfg(unix)]
    let on_socket = socket.as_ref().map(LocalSocket::listener).transpose()?;
    #[cfg(not(unix))]
    let on_socket: Option<SocketListener> = None;
    let connections =
        Connections { app, access, open: Arc::default(), http, graceful: GracefulShutdown::new(), aborted };
    // Out of descriptors, or the other side is gone already: others may still be served.
    let failed = || tokio::time::sleep(Duration::from_millis(50));
    let mut newest = tokio::time::Instant::now() - FIRST_REQUEST;
    tokio::pin!(stop);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, address)) => {
                    let peer: IpAddr = address.ip().to_canonical();
                    let _ = stream.set_nodelay(true);
                    newest = tokio::time::Instant::now();
                    connections.start(stream, peer, sender(Some(peer)));
                }
                Err(_) => failed().await,
            },
            accepted = accept_on(on_socket.as_ref()) => match accepted {
                Ok(stream) => connections.start(stream, IpAddr::from([127, 0, 0, 1]), "socket".to_owned()),
                Err(_) => failed().await,
            },
            () = &mut stop => break,
        };
    }
    drop((listener, on_socket, socket));
    tokio::time::sleep_until(newest + FIRST_REQUEST).await;
    let Connections { graceful, .. } = connections;
    if tokio::time::timeout(STOP_TIME, graceful.shutdown()).await.is_err() {
        tracing::warn!(seconds = STOP_TIME.as_secs(), "requests that did not end in time are given up");
    }
    let _ = abort.send(true);
    Ok(())
}
