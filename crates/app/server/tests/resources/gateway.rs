//! The gateway (`serve --role api`): over sockets, what it answers is what the desk behind it answers.

use crate::events::withdrawal;
use holdfast_server::gateway::{Desks, Gateway, serve_gateway};
use holdfast_server::standby::{Following, serve_standby};
use holdfast_testing::START;
use holdfast_testing_app::{TestApp, on_both_apps};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

on_both_apps!(
    events_of_many_callers_become_batches,
    every_answer_is_the_desks,
    a_gateway_finds_the_server_that_has_the_desk,
    a_frozen_server_is_left_once_another_has_the_desk
);

/// What was answered: status, media type, body.
type Said = (u16, String, String);

/// What is asked: who, method, path, media type, body.
type Asked = (Option<&'static str>, &'static str, &'static str, &'static str, Vec<u8>);

/// Somebody who sends requests to an address.
#[derive(Clone)]
struct Caller {
    agent: ureq::Agent,
    address: SocketAddr,
    token: Option<String>,
}

impl Caller {
    fn send(&self, method: &str, path: &str, media: &str, body: &[u8]) -> Said {
        let mut request = axum::http::Request::builder().method(method).uri(format!("http://{}{path}", self.address));
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if !media.is_empty() {
            request = request.header("content-type", media);
        }
        let sent = if body.is_empty() && method == "GET" {
            self.agent.run(request.body(()).unwrap())
        } else {
            self.agent.run(request.body(body).unwrap())
        };
        let mut answer = sent.unwrap_or_else(|e| panic!("{method} {path}: {e}"));
        let media = answer.headers().get("content-type").map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default();
        (answer.status().as_u16(), media, answer.body_mut().read_to_string().unwrap())
    }

    fn event(&self, event: &Value) -> Said {
        self.send("POST", "/api/v1/events", "application/json", event.to_string().as_bytes())
    }
}

/// A desk and a gateway before it, on sockets.
struct Served {
    desk: SocketAddr,
    gateway: SocketAddr,
    metrics: SocketAddr,
    stop: tokio::sync::watch::Sender<bool>,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
        self.runtime.take().unwrap().shutdown_timeout(Duration::from_secs(10));
    }
}

impl Served {
    /// The desk comes after servers that are not there and one that stands by.
    fn start(app: &TestApp, is_there: bool, patience: Duration) -> Self {
        let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        Self::start_after(app, gone, is_there, patience)
    }

    fn start_after(app: &TestApp, first: SocketAddr, is_there: bool, patience: Duration) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let until = move || {
            let mut stopped = stopped.clone();
            async move {
                let _ = stopped.wait_for(|s| *s).await;
            }
        };
        let listen = || async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            (listener.local_addr().unwrap(), listener)
        };
        let (desk, gateway, metrics) = runtime.block_on(async {
            let (standby, listener) = listen().await;
            let following: Following = Arc::new(RwLock::new(Ok("input 1 of 1 is folded".to_owned())));
            tokio::spawn(serve_standby(listener, following, until()));
            let (desk, listener) = listen().await;
            if is_there {
                tokio::spawn(holdfast_server::serve(listener, app.shared.clone(), until()));
            }
            let urls = [first, standby, desk].map(|address| format!("http://{address}"));
            let made = Gateway::new(Desks::new(&urls, patience).unwrap());
            let ((gateway, listener), (metrics, of_metrics)) = (listen().await, listen().await);
            tokio::spawn(serve_gateway(of_metrics, made.metrics_router(), until()));
            tokio::spawn(serve_gateway(listener, made.router(), until()));
            (desk, gateway, metrics)
        });
        Served { desk, gateway, metrics, stop, runtime: Some(runtime) }
    }

    fn caller(&self, app: &TestApp, address: SocketAddr, name: Option<&str>) -> Caller {
        let token = name.map(|name| {
            app.as_role(name);
            app.shared.auth.key_ring.token(&hex::encode(name))
        });
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
        Caller { agent, address, token }
    }

    /// The value of one of the gateway's metrics.
    fn counted(&self, app: &TestApp, name: &str) -> f64 {
        let (_, _, text) = self.caller(app, self.metrics, None).send("GET", "/metrics", "", b"");
        let line = text.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
    }
}

const PATIENCE: Duration = Duration::from_secs(20);

fn events_of_many_callers_become_batches(app: &TestApp) {
    let served = Served::start(app, true, PATIENCE);
    let (through, direct) = [served.gateway, served.desk].map(|at| served.caller(app, at, Some("exchange"))).into();
    let answers: Vec<(String, Said)> = std::thread::scope(|scope| {
        let caller = |n: usize| {
            let through = through.clone();
            scope.spawn(move || {
                let own = |k: usize| format!("w-{n}-{k}");
                (0..20).map(|k| (own(k), through.event(&withdrawal(&own(k), "5")))).collect::<Vec<_>>()
            })
        };
        let callers: Vec<_> = (0..16).map(caller).collect();
        callers.into_iter().flat_map(|c| c.join().unwrap()).collect()
    });
    assert_eq!(answers.len(), 320);
    for (id, answer) in &answers {
        assert_eq!(answer.0, 200, "{id}: {answer:?}");
        // The desk has it under its id, and answers the same to whoever asks it.
        assert_eq!(*answer, direct.event(&withdrawal(id, "5")), "{id}");
    }
    assert_eq!(served.counted(app, "holdfast_gateway_events_total"), 320.0);
    // Alerts on what is not exposed never fire.
    let rules = include_str!("../../../../../packaging/prometheus/holdfast-gateway.rules.yml");
    let of_rules = rules.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let names: BTreeSet<&str> = of_rules.filter(|word| word.starts_with("holdfast_gateway_")).collect();
    assert!(names.len() >= 2, "{names:?}");
    names.into_iter().for_each(|name| assert!(served.counted(app, name) >= 0.0));
    let (groups, in_groups) = (
        served.counted(app, "holdfast_gateway_group_events_count"),
        served.counted(app, "holdfast_gateway_group_events_sum"),
    );
    assert_eq!(in_groups, 320.0);
    // The process has its usual names, which alert rules use.
    assert!(served.counted(app, "process_resident_memory_bytes") > 0.0);
    assert!(groups < 300.0, "events that come while others are under way go together: {groups} groups");
}

/// Good, wrong and forbidden requests: the same status, media type and body as without the gateway.
fn every_answer_is_the_desks(app: &TestApp) {
    let served = Served::start(app, true, PATIENCE);
    served.caller(app, served.gateway, Some("exchange")).event(&withdrawal("w-0", "5"));
    let json_media = "application/json";
    let big = json!({"kind": "customer", "id": "c-1", "time": START, "country": "DE", "created": 1_600_000_000});
    let big = Value::Array(vec![big; 20_000]).to_string();
    let batch = json!([withdrawal("w-0", "5"), {"id": "w-1"}, withdrawal("w-0", "6")]).to_string();
    let asked: [Asked; 18] = [
        (Some("exchange"), "POST", "/api/v1/events", json_media, withdrawal("w-0", "5").to_string().into()),
        (Some("exchange"), "POST", "/api/v1/events", json_media, withdrawal("w-0", "6").to_string().into()),
        (Some("exchange"), "POST", "/api/v1/events", json_media, withdrawal("w-2", "-5").to_string().into()),
        (Some("exchange"), "POST", "/api/v1/events", json_media, b"{\"id\": 7}".into()),
        (Some("exchange"), "POST", "/api/v1/events", json_media, b"{\"id\": \"w".into()),
        (Some("exchange"), "POST", "/api/v1/events", json_media, b"{} {}".into()),
        (Some("exchange"), "POST", "/api/v1/events", json_media, b"[]".into()),
        (Some("exchange"), "POST", "/api/v1/events", "text/plain", withdrawal("w-0", "5").to_string().into()),
        (Some("investigator"), "POST", "/api/v1/events", json_media, withdrawal("w-0", "5").to_string().into()),
        (None, "POST", "/api/v1/events", json_media, withdrawal("w-0", "5").to_string().into()),
        (Some("exchange"), "POST", "/api/v1/events/batch", json_media, batch.into()),
        (Some("exchange"), "POST", "/api/v1/records", json_media, big.into()),
        (Some("investigator"), "GET", "/api/v1/events/w-0", "", Vec::new()),
        (Some("investigator"), "GET", "/api/v1/events?limit=many", "", Vec::new()),
        (Some("investigator"), "DELETE", "/api/v1/events", "", Vec::new()),
        (None, "GET", "/api/v1/nothing", "", Vec::new()),
        (None, "GET", "/address/1BoatSLRHtKNngkdXEeobR76b53LETtpyT", "", Vec::new()),
        (None, "GET", "/health/live", "", Vec::new()),
    ];
    for (name, method, path, media, body) in asked {
        let said = |at| {
            let (status, media, body) = served.caller(app, at, name).send(method, path, media, &body);
            // Form tokens are drawn anew for each page.
            (status, media, if path.starts_with("/address") { body.len().to_string() } else { body })
        };
        let (through, direct) = (said(served.gateway), said(served.desk));
        let about = format!("{name:?} {method} {path} {:.80}", String::from_utf8_lossy(&body));
        match path {
            "/health/live" => assert_eq!(through.0, direct.0, "{about}"),
            _ => assert_eq!(through, direct, "{about}"),
        }
    }
}

/// A server that is frozen takes connections and answers nobody; its standby has the desk meanwhile. What may be asked twice is asked there.
fn a_frozen_server_is_left_once_another_has_the_desk(app: &TestApp) {
    let frozen = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let served = Served::start_after(app, frozen.local_addr().unwrap(), true, PATIENCE);
    let exchange = served.caller(app, served.gateway, Some("exchange"));
    let begun = Instant::now();
    let answer = exchange.event(&withdrawal("w-frozen", "5"));
    assert_eq!(answer.0, 200, "{answer:?}");
    assert!(
        begun.elapsed() < Duration::from_secs(15),
        "a batch may take 20 s, this one was not waited for: {:?}",
        begun.elapsed()
    );
    assert!(served.counted(app, "holdfast_gateway_again_total") >= 1.0);
}

fn a_gateway_finds_the_server_that_has_the_desk(app: &TestApp) {
    let served = Served::start(app, true, PATIENCE);
    let nobody = served.caller(app, served.gateway, None);
    assert_eq!(
        nobody.send("GET", "/health/ready", "", b"").0,
        200,
        "{:?}",
        nobody.send("GET", "/health/ready", "", b"")
    );
    // A change that a standby refuses was not made: it is sent on.
    let exchange = served.caller(app, served.gateway, Some("exchange"));
    let records = json!([{"kind": "customer", "id": "c-9", "time": START, "country": "DE", "created": 1_600_000_000}]);
    let (status, _, body) =
        exchange.send("POST", "/api/v1/records", "application/json", records.to_string().as_bytes());
    assert_eq!(status, 200, "{body}");
    drop(served);
    // Without a desk nothing waits longer than it is told to.
    let alone = Served::start(app, false, Duration::from_millis(100));
    let exchange = alone.caller(app, alone.gateway, Some("exchange"));
    let (status, media, body) = exchange.event(&withdrawal("w-9", "5"));
    assert_eq!((status, media.as_str()), (503, "application/json"), "{body}");
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["code"], "unavailable");
    assert!(body.contains("nothing was done"), "{body}");
    assert_eq!(exchange.send("GET", "/desk/alerts", "", b"").0, 503);
    assert_eq!(exchange.send("GET", "/health/ready", "", b"").0, 503);
    assert_eq!(exchange.send("GET", "/health/live", "", b"").0, 200);
}
