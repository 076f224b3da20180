//! Spans of requests to an OpenTelemetry collector, by OTLP over HTTP (opentelemetry.io, "OTLP Specification").
//!
//! The program has it behind the feature `otlp`, which is off by default. What is sent is what stands in log lines, too: a request's id, method, route as it is
//! written in the router, status and duration; never what somebody sent. Spans wait in a bounded queue on a thread of its own; what does not fit is dropped, so that a
//! collector that hangs slows nothing down.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanLimits};
use std::time::Duration;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, Registry};

/// Variable with the collector's address, as all programs that speak OTLP read it.
pub const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
/// Longest time of one delivery.
const SEND_TIME: Duration = Duration::from_secs(10);
/// Longest time for what waits when the process stops.
const STOP_TIME: Duration = Duration::from_secs(1);
/// Most bytes of a collector's answer.
const MAX_ANSWER: u64 = 64 << 10;

/// Why no spans can be sent.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The address is none.
    #[error("{ENDPOINT} '{0}': use http://HOST:PORT or https://HOST, without /v1/traces (port 4318 is the usual one)")]
    Endpoint(String),
    /// The exporter cannot be made.
    #[error("traces cannot be sent: {0}")]
    Exporter(String),
}

/// The client that the program has for all else.
#[derive(Debug)]
struct Client(ureq::Agent);

#[async_trait::async_trait]
impl HttpClient for Client {
    /// Blocks: it runs on the exporter's own thread.
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (head, body) = request.into_parts();
        let answer = self.0.run(Request::from_parts(head, body.to_vec()))?;
        let (head, mut body) = answer.into_parts();
        let bytes = body.with_config().limit(MAX_ANSWER).read_to_vec()?;
        Ok(Response::from_parts(head, bytes.into()))
    }
}

/// Spans on their way to a collector; those that wait are sent when it is dropped, within a second.
#[derive(Debug)]
pub struct Traces(SdkTracerProvider);

impl Drop for Traces {
    fn drop(&mut self) {
        let _ = self.0.shutdown_with_timeout(STOP_TIME);
    }
}

/// What takes a subscriber's spans.
pub type Spans = Box<dyn Layer<Registry> + Send + Sync>;

/// Makes what sends Holdfast's spans to a collector.
///
/// # Errors
/// [`TraceError`] when the address is none.
pub fn to(endpoint: &str, version: &'static str) -> Result<(Spans, Traces), TraceError> {
    let wrong = || TraceError::Endpoint(endpoint.to_owned());
    let uri: http::Uri = endpoint.parse().map_err(|_| wrong())?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none_or(str::is_empty) {
        return Err(wrong());
    }
    let agent =
        ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(SEND_TIME)).build().into();
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Client(agent))
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .with_timeout(SEND_TIME)
        .build()
        .map_err(|e| TraceError::Exporter(e.to_string()))?;
    let version = opentelemetry::KeyValue::new("service.version", version);
    let resource = Resource::builder().with_service_name("holdfast").with_attribute(version).build();
    let limits = SpanLimits { max_events_per_span: 32, max_attributes_per_span: 32, ..SpanLimits::default() };
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(resource)
        .with_span_limits(limits)
        .build();
    Ok((layer(&provider), Traces(provider)))
}

fn layer<S>(provider: &SdkTracerProvider) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
{
    // Of libraries nothing: their spans may hold what somebody sent.
    let own = Targets::new().with_target("holdfast", tracing::Level::INFO);
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("holdfast"));
    layer.with_location(false).with_threads(false).with_tracked_inactivity(false).with_filter(own).boxed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
    use prost::Message;
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpListener;
    use std::thread::JoinHandle;
    use tracing_subscriber::layer::SubscriberExt;

    /// A collector that takes one delivery; gives its path and what was sent.
    fn collector() -> (String, JoinHandle<(String, ExportTraceServiceRequest)>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let taken = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut first, mut length) = (String::new(), 0);
            reader.read_line(&mut first).unwrap();
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                let line = line.trim().to_ascii_lowercase();
                if line.is_empty() {
                    break;
                }
                if let Some(value) = line.strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
            (first, ExportTraceServiceRequest::decode(body.as_slice()).unwrap())
        });
        (endpoint, taken)
    }

    fn text<'a>(attributes: &'a [KeyValue], name: &str) -> Option<&'a str> {
        let found = attributes.iter().find(|a| a.key == name)?;
        match found.value.as_ref()?.value.as_ref()? {
            Value::StringValue(text) => Some(text),
            _ => None,
        }
    }

    #[test]
    fn a_collector_receives_holdfasts_spans_and_nobody_elses() {
        let (endpoint, taken) = collector();
        let (spans, traces) = to(&format!("{endpoint}/"), "1.2.3").unwrap();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(spans), || {
            let span = tracing::error_span!(target: "holdfast_server::observe", "request", request_id = "r-1", route = "/a/{id}");
            span.in_scope(|| tracing::info!(target: "holdfast_server::observe", status = 200, "answered"));
            let theirs = tracing::error_span!(target: "hyper::proto", "somebody", path = "/a/1PrivatePerson");
            theirs.in_scope(|| tracing::error!(target: "hyper::proto", "1PrivatePerson"));
        });
        drop(traces);
        let (first, sent) = taken.join().unwrap();
        assert!(first.starts_with("POST /v1/traces HTTP/1.1"), "{first}");
        let [resource] = sent.resource_spans.as_slice() else { panic!("{sent:?}") };
        let of = &resource.resource.as_ref().unwrap().attributes;
        assert_eq!((text(of, "service.name"), text(of, "service.version")), (Some("holdfast"), Some("1.2.3")));
        let spans: Vec<_> = resource.scope_spans.iter().flat_map(|s| &s.spans).collect();
        let [span] = spans.as_slice() else { panic!("{spans:?}") };
        assert_eq!((span.name.as_str(), text(&span.attributes, "request_id")), ("request", Some("r-1")));
        assert_eq!(text(&span.attributes, "route"), Some("/a/{id}"));
        assert_eq!(span.events.iter().map(|e| e.name.as_str()).collect::<Vec<_>>(), ["answered"]);
        assert!(!format!("{sent:?}").contains("PrivatePerson"));
    }

    #[test]
    fn addresses_that_are_none_are_refused_with_the_variables_name() {
        for wrong in ["", "collector:4318", "grpc://collector:4317", "http://", "http:// x"] {
            let error = to(wrong, "1").map(drop).unwrap_err().to_string();
            assert!(error.contains("OTEL_EXPORTER_OTLP_ENDPOINT") && error.contains("http://HOST:PORT"), "{error}");
        }
    }
}
