//! The application and who calls it.

use crate::answer::Answer;
use crate::browser::Browser;
use crate::chain;
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use holdfast_account_workspace::AccountWorkspace;
use holdfast_account_workspace::evidence::ProofSources;
use holdfast_audit::Anchors;
use holdfast_identity::{KeyRing, role};
use holdfast_notify::{Mail, outbox};
use holdfast_screening::Screening;
use holdfast_state::access::Peer;
use holdfast_state::{AppState, Vault};
use holdfast_testing::{START, TestClock, TestDb};
use holdfast_types::{Seconds, Timestamp};
use holdfast_workspace::Workspace;
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::{Arc, Mutex};
use tokio::runtime::Runtime;
use tower::ServiceExt;

/// The whole application on a database of its own. Requests pass all layers and no socket.
pub struct TestApp {
    router: Router,
    /// The state behind the router, for what no request can reach.
    pub shared: AppState,
    /// Its clock, which stands still until the test moves it.
    pub clock: TestClock,
    runtime: Runtime,
    calls: Mutex<Vec<Call>>,
    // The folder and the database end last.
    dir: tempfile::TempDir,
    db: TestDb,
}

impl std::fmt::Debug for TestApp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TestApp").field("database", &self.db.url).finish_non_exhaustive()
    }
}

/// Chains beside the first.
#[derive(Default)]
struct Further {
    outputs: Vec<Workspace>,
    accounts: Vec<AccountWorkspace>,
    proofs: ProofSources,
}

/// A request that was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Method.
    pub method: String,
    /// Path, without the query.
    pub path: String,
    /// Status of the answer.
    pub status: u16,
}

/// Scopes of the programs of an exchange, which have no role.
const SERVICES: [(&str, &[&str]); 3] =
    [("exchange", &["events", "records"]), ("monitor", &["metrics"]), ("root", &["admin"])];

impl TestApp {
    /// Starts the application on SQLite.
    pub fn sqlite() -> Self {
        Self::new(TestDb::sqlite())
    }

    /// Starts the application on PostgreSQL; `None` where it is not installed.
    pub fn postgres() -> Option<Self> {
        TestDb::postgres().map(Self::new)
    }

    /// Starts the application on a database, over a chain of one real block and with no key.
    ///
    /// # Panics
    /// When it does not start.
    pub fn new(db: TestDb) -> Self {
        let url = db.url.clone();
        Self::at(db, &url)
    }

    /// Starts the application on a database that it reaches by another URL, such as a proxy's.
    ///
    /// # Panics
    /// When it does not start.
    pub fn at(db: TestDb, url: &str) -> Self {
        Self::build(db, url, |_| Further::default())
    }

    /// Starts the application on SQLite over further chains, too, which `make` opens in a folder.
    ///
    /// # Panics
    /// When it does not start, or a chain is there twice.
    pub fn with_chains(make: impl FnOnce(&Path) -> Vec<Workspace>) -> Self {
        let db = TestDb::sqlite();
        let url = db.url.clone();
        Self::build(db, &url, |dir| Further { outputs: make(dir), ..Further::default() })
    }

    /// Starts the application on SQLite over account chains, too, which `make` opens in a folder.
    ///
    /// # Panics
    /// When it does not start, or a chain is there twice.
    pub fn with_account_chains(make: impl FnOnce(&Path) -> Vec<AccountWorkspace>) -> Self {
        let db = TestDb::sqlite();
        let url = db.url.clone();
        Self::build(db, &url, |dir| Further { accounts: make(dir), ..Further::default() })
    }

    /// Starts the application on SQLite over account chains whose blocks it can read again for proofs.
    ///
    /// # Panics
    /// When it does not start, or a chain is there twice.
    pub fn with_proofs(make: impl FnOnce(&Path) -> (Vec<AccountWorkspace>, ProofSources)) -> Self {
        let db = TestDb::sqlite();
        let url = db.url.clone();
        Self::build(db, &url, |dir| {
            let (accounts, proofs) = make(dir);
            Further { accounts, proofs, ..Further::default() }
        })
    }

    fn build(db: TestDb, url: &str, further: impl FnOnce(&Path) -> Further) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let clock = TestClock::new();
        let screening = Screening::open(url, clock.clock()).expect("a database");
        // A ring that was rotated once.
        let key_ring = KeyRing::single([7; 32]).with([8; 32]).expect("a ring");
        let vault = Vault::new(dir.path().join("files"));
        let workspace = chain::workspace(&dir.path().join("store"));
        let mut shared = AppState::new(workspace, screening, key_ring.clone(), vault).expect("a state");
        let Further { outputs, accounts, proofs } = further(dir.path());
        shared.add_chains(outputs).expect("different chains");
        shared.add_account_chains(accounts).expect("different chains");
        shared.proof_sources = Arc::new(proofs);
        shared.anchors = Some(Arc::new(Anchors::new(dir.path(), key_ring)));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let router = holdfast_server::router(shared.clone());
        TestApp { router, shared, clock, runtime: runtime.expect("a runtime"), calls: Mutex::default(), dir, db }
    }

    /// Returns the database.
    pub fn db(&self) -> &TestDb {
        &self.db
    }

    /// Returns the application's folder, which holds its store and files.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Moves the clock so many seconds forward.
    pub fn advance(&self, seconds: i64) {
        self.clock.set(self.now() + Seconds::new(seconds));
    }

    /// Returns the time.
    pub fn now(&self) -> Timestamp {
        self.shared.screening.now()
    }

    /// Somebody with the key of a role (see [`holdfast_identity::ROLES`]), or of `exchange` (its services: events and records), `monitor`
    /// (metrics) or `root` (everything). The person is named like the role.
    pub fn as_role(&self, name: &str) -> Caller<'_> {
        self.as_person(name, name)
    }

    /// A person with the key of a role.
    pub fn as_person(&self, name: &str, role_name: &str) -> Caller<'_> {
        let service = SERVICES.iter().find(|(n, _)| *n == role_name);
        let scopes = service.map(|(_, s)| s.iter().map(ToString::to_string).collect()).or_else(|| role(role_name));
        self.with_scopes(name, scopes.unwrap_or_else(|| panic!("there is no role '{role_name}'")))
    }

    /// A person with a key of some scopes; a known name keeps its key.
    ///
    /// # Panics
    /// When the key is refused.
    pub fn with_scopes(&self, name: &str, scopes: Vec<String>) -> Caller<'_> {
        let token = self.shared.auth.key_ring.token(&hex::encode(name));
        if self.shared.auth.key_of(&token).is_none() {
            let screening = &self.shared.screening;
            screening.add_key(&hex::encode(name), name, scopes, 0, "a test").expect("a key");
            self.shared.auth.set(screening.keys().expect("keys"));
        }
        self.with_token(&token)
    }

    /// Whoever has a token: an officer's session, a learner's key, a partner's.
    pub fn with_token(&self, token: &str) -> Caller<'_> {
        Caller { app: self, headers: vec![("authorization".into(), format!("Bearer {token}"))] }
    }

    /// Somebody unknown.
    pub fn as_nobody(&self) -> Caller<'_> {
        Caller { app: self, headers: Vec::new() }
    }

    /// A browser in which nobody is signed in.
    pub fn browser(&self) -> Browser<'_> {
        Browser::new(self)
    }

    /// Returns the mail that waits to be sent, oldest first.
    ///
    /// # Panics
    /// When the database fails.
    pub fn mail(&self) -> Vec<Mail> {
        let now = self.now();
        self.shared.screening.read(|db| outbox::due(db, now)).expect("mail")
    }

    /// Checks the watch lists, as the server's job does.
    ///
    /// # Panics
    /// When the database fails.
    pub fn check_watched(&self) {
        self.shared.check_watched(&mut |_| std::ops::ControlFlow::Continue(())).expect("a check");
    }

    /// Returns all requests that were answered so far.
    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap_or_else(|e| e.into_inner()).clone()
    }

    /// Returns the OpenAPI document.
    pub fn document(&self) -> Value {
        self.as_nobody().get("/openapi.json").ok()
    }

    /// Registers a customer and has a withdrawal to an address decided that raises an alert; returns the decision.
    pub fn decided(&self, id: &str, customer: &str) -> Value {
        let exchange = self.as_role("exchange");
        let record = json!([{"kind": "customer", "id": customer, "time": START, "name": "Żaneta Öz", "email": "z@example.org", "country": "PL"}]);
        exchange.post("/api/v1/records", record).ok();
        let event = json!({"id": id, "kind": "withdrawal", "time": START, "customer": customer, "asset": "ETH", "amount": "5000", "value": 12_345,
            "counterparty": "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"});
        exchange.post("/api/v1/events", event).ok()
    }

    pub(crate) fn send(&self, request: Request<Body>) -> Answer {
        let (method, uri) = (request.method().to_string(), request.uri().clone());
        let sent = async {
            let response = self.router.clone().oneshot(request).await.expect("the router never fails");
            let (parts, body) = response.into_parts();
            // Streams end with the connection; nothing that is tested here is larger.
            let body = axum::body::to_bytes(body, 64 << 20).await.expect("a body");
            (parts, body.to_vec())
        };
        let (parts, body) = self.runtime.block_on(sent);
        let status = parts.status.as_u16();
        let call = Call { method: method.clone(), path: uri.path().to_owned(), status };
        self.calls.lock().unwrap_or_else(|e| e.into_inner()).push(call);
        Answer { request: format!("{method} {uri}"), status, headers: parts.headers, body }
    }
}

/// Who calls the application.
#[derive(Clone, Debug)]
pub struct Caller<'a> {
    app: &'a TestApp,
    headers: Vec<(String, String)>,
}

impl Caller<'_> {
    /// Returns the caller with one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Gets a path.
    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "", Vec::new())
    }

    /// Posts JSON to a path; null is no body.
    pub fn post(&self, path: &str, body: Value) -> Answer {
        self.send_json("POST", path, &body)
    }

    /// Puts JSON at a path; null is no body.
    pub fn put(&self, path: &str, body: Value) -> Answer {
        self.send_json("PUT", path, &body)
    }

    /// Deletes a path.
    pub fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, "", Vec::new())
    }

    /// Sends JSON; null is no body.
    pub fn send_json(&self, method: &str, path: &str, body: &Value) -> Answer {
        match body.is_null() {
            true => self.send(method, path, "", Vec::new()),
            false => self.send(method, path, "application/json", body.to_string().into_bytes()),
        }
    }

    /// Sends a body of a media type; an empty one is no body.
    ///
    /// # Panics
    /// When the request cannot be built.
    pub fn send(&self, method: &str, path: &str, media_type: &str, body: impl Into<Vec<u8>>) -> Answer {
        let body = body.into();
        let mut request = Request::builder().method(method).uri(path).header("host", "localhost");
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if !media_type.is_empty() {
            request = request.header("content-type", media_type);
        }
        if !body.is_empty() {
            request = request.header("content-length", body.len());
        }
        let mut request = request.body(Body::from(body)).expect("a request");
        request.extensions_mut().insert(Peer(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        self.app.send(request)
    }
}
