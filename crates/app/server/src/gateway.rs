//! `holdfast serve --role api`: HTTP in front of the servers of a desk, on as many machines as are needed.
//!
//! It has no database, no ledger and no key. Single events that come with one key while a batch of that key is under way go to the desk together as the
//! next batch ([`groups`]): the desk needs less for it (half the CPU with 240 callers at a time), and nobody waits: an event that meets no other is sent at once. Events, and whatever else
//! may be asked twice, are sent again while the desk changes hands ([`desks`]), so that callers see a pause and no refusal. All other requests are passed on
//! as they come ([`passing`]). The desk alone knows who may do what: credentials go with every request.

mod desks;
mod groups;
mod passing;

pub use desks::{Desks, NoDesk};

use crate::health::{self, process_lives};
use crate::listen::serve_app;
use crate::unread::drop_unread;
use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use groups::Groups;
use holdfast_state::access::Access;
use holdfast_state::error::ApiError;
use holdfast_telemetry::health::{Component, Health};
use holdfast_telemetry::metrics::{Counter, Histogram, MEDIA_TYPE, Process, Registry, encode, register_build};
use std::sync::Arc;

/// What the gateway counts.
#[derive(Debug)]
pub(crate) struct Counted {
    /// Events that were sent on in a group.
    pub(crate) events: Counter,
    /// Events of each group.
    pub(crate) group: Histogram,
    /// Requests that were passed on as they came.
    pub(crate) passed: Counter,
    /// Tries that were refused or lost, and followed by another.
    pub(crate) again: Counter,
    /// Requests that no server of the desk answered.
    pub(crate) unanswered: Counter,
}

impl Default for Counted {
    fn default() -> Self {
        let (events, passed, again, unanswered) = Default::default();
        let group = Histogram::new([1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0]);
        Counted { events, group, passed, again, unanswered }
    }
}

/// HTTP in front of a desk.
#[derive(Clone, Debug)]
pub struct Gateway {
    desks: Arc<Desks>,
    groups: Arc<Groups>,
    counted: Arc<Counted>,
}

impl Gateway {
    /// Puts a gateway in front of the servers of a desk.
    #[must_use]
    pub fn new(desks: Desks) -> Self {
        let (desks, counted) = (Arc::new(desks), Arc::new(Counted::default()));
        Gateway { groups: Arc::new(Groups::new(desks.clone(), counted.clone())), desks, counted }
    }

    /// Returns its routes: health, and everything else for the desk.
    pub fn router(&self) -> Router {
        let health = Router::new().route("/health/live", get(process_lives)).route("/health/ready", get(ready));
        let app = health
            .route("/api/v1/events", any(passing::event))
            .route("/api/v1/events/batch", any(passing::batch))
            .fallback(passing::pass)
            .layer(from_fn(drop_unread));
        app.with_state(self.clone())
    }

    /// Returns metrics and health, for an address that only monitoring reaches.
    pub fn metrics_router(&self) -> Router {
        let (mut registry, counted) = (Registry::default(), &self.counted);
        register_build(&mut registry, env!("CARGO_PKG_VERSION"));
        registry.register(
            "holdfast_gateway_events",
            "Single events that were sent on in groups",
            counted.events.clone(),
        );
        registry.register("holdfast_gateway_group_events", "Events of a group", counted.group.clone());
        registry.register(
            "holdfast_gateway_passed",
            "Requests that were passed on as they came",
            counted.passed.clone(),
        );
        registry.register(
            "holdfast_gateway_again",
            "Tries that were refused or lost, and followed by another",
            counted.again.clone(),
        );
        registry.register(
            "holdfast_gateway_unanswered",
            "Requests that no server of the desk answered",
            counted.unanswered.clone(),
        );
        let process = Process::register(&mut registry);
        let registry = Arc::new(registry);
        let metrics = async move || {
            process.read();
            match encode(&registry) {
                Ok(text) => ([(header::CONTENT_TYPE, MEDIA_TYPE)], text).into_response(),
                Err(e) => ApiError::internal(e.to_string()).into_response(),
            }
        };
        Router::new()
            .route("/health/live", get(process_lives))
            .route("/health/ready", get(ready))
            .route("/metrics", get(metrics))
            .with_state(self.clone())
    }
}

/// Serves a gateway's routes until `stop` resolves.
///
/// # Errors
/// When the listener fails for good.
pub async fn serve_gateway(
    listener: tokio::net::TcpListener,
    app: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    serve_app(listener, None, app, Arc::new(Access::new()), stop).await
}

/// A gateway is as ready as the desk behind it.
async fn ready(State(gateway): State<Gateway>) -> Response {
    let health = match gateway.desks.is_ready().await {
        true => Health::of(vec![Component::ok("desk")]),
        false => Health::of(vec![Component::failed("desk", holdfast_telemetry::health::State::Unreachable, "")]),
    };
    health::answer(health, true)
}
