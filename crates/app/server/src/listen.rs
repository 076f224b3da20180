//! Connections: how many, how long they may be silent, and an end within a bound.

use crate::router;
use axum::extract::Request;
use holdfast_api::Shared;
use holdfast_api::access::{Access, Peer};
use holdfast_api::limits::sender;
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
    shared: Shared,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let access = shared.access.clone();
    let status = shared.status.clone();
    let stop = async move {
        stop.await;
        status.stop();
    };
    serve_app(listener, router(shared), access, stop).await
}

/// Serves metrics and health at an address of their own until `stop` resolves.
///
/// # Errors
/// When the listener fails for good.
pub async fn serve_metrics(
    listener: tokio::net::TcpListener,
    shared: Shared,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let access = shared.access.clone();
    serve_app(listener, crate::metrics_router(shared), access, stop).await
}

async fn serve_app(
    listener: tokio::net::TcpListener,
    app: axum::Router,
    access: Arc<Access>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let open = Arc::new(Open::default());
    let graceful = GracefulShutdown::new();
    let (abort, aborted) = tokio::sync::watch::channel(false);
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEADER_TIME).max_buf_size(64 << 10);
    tokio::pin!(stop);
    loop {
        let (stream, address) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                // Out of descriptors, or the other side is gone already: others may still be served.
                Err(_) => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        let peer: IpAddr = address.ip().to_canonical();
        let Some(counted) = open.enter(sender(Some(peer)), access.is_proxy(peer)) else { continue };
        let _ = stream.set_nodelay(true);
        let app = app.clone().map_request(move |request: hyper::Request<hyper::body::Incoming>| {
            let mut request: Request = request.map(axum::body::Body::new);
            request.extensions_mut().insert(Peer(peer));
            request
        });
        let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(app));
        let connection = graceful.watch(connection);
        let mut aborted = aborted.clone();
        tokio::spawn(async move {
            let _counted = counted;
            tokio::select! {
                _ = connection => {}
                _ = aborted.wait_for(|a| *a) => {}
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(STOP_TIME, graceful.shutdown()).await.is_err() {
        tracing::warn!(seconds = STOP_TIME.as_secs(), "requests that did not end in time are given up");
    }
    let _ = abort.send(true);
    Ok(())
}
