//! HTTP API (OpenAPI) and web pages over a workspace.

pub mod api;
pub mod error;
pub mod pages;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use holdfast_chain::mempool::Mempool;
use holdfast_tracing::Workspace;
use std::sync::{Arc, RwLock};

/// What the server answers from. Readers share the workspace; whoever follows a node or imports tags takes it for writing.
#[derive(Debug, Clone)]
pub struct Shared {
    /// The workspace.
    pub workspace: Arc<RwLock<Workspace>>,
    /// Unconfirmed transactions of the node that is followed, if any.
    pub mempool: Arc<RwLock<Mempool>>,
}

impl Shared {
    /// Serves a workspace.
    pub fn new(workspace: Workspace) -> Self {
        Shared { workspace: Arc::new(RwLock::new(workspace)), mempool: Arc::default() }
    }
}

/// Largest request body: one raw block, one tag pack or one evidence bundle.
pub const MAX_BODY: usize = 64 << 20;

/// All routes.
pub fn router(shared: Shared) -> Router {
    Router::new()
        .route("/", get(pages::home))
        .route("/search", get(pages::search))
        .route("/address/{address}", get(pages::address))
        .route("/tx/{txid}", get(pages::tx))
        .route("/block/{block}", get(pages::block))
        .route("/trace", get(pages::trace))
        .route("/style.css", get(pages::style))
        .route("/openapi.json", get(api::openapi))
        .route("/api/v1/summary", get(api::summary))
        .route("/api/v1/address/{address}", get(api::address))
        .route("/api/v1/tx/{txid}", get(api::tx))
        .route("/api/v1/block/{block}", get(api::block))
        .route("/api/v1/exposure/{subject}", get(api::exposure))
        .route("/api/v1/trace", get(api::trace))
        .route("/api/v1/trace/bundle", get(api::bundle))
        .route("/api/v1/paths", get(api::paths))
        .route("/api/v1/explain", get(api::explain))
        .route("/api/v1/verify", post(api::verify))
        .route("/api/v1/tags", post(api::import_tags).delete(api::remove_tags))
        .route("/api/v1/tags/conflicts", get(api::conflicts))
        .route("/api/v1/cluster", post(api::recluster))
        .route("/api/v1/exposures/rebuild", post(api::rebuild_exposures))
        .route("/api/v1/blocks", post(api::append_block))
        .route("/api/v1/ledger/check", get(api::check))
        .route("/api/v1/mempool", get(api::mempool))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(shared)
}

/// Serves until `stop` resolves.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: tokio::net::TcpListener,
    shared: Shared,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, router(shared)).with_graceful_shutdown(stop).await
}
