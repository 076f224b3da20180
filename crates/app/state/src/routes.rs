//! Routes, each with the scopes of its callers and the limits of its requests: size and media type of the body, time, rate. All of it is
//! declared once, where the route is added: the guard and the layers enforce it, and the OpenAPI document names the scopes (`security`). There is
//! no way to add a route without it.

use crate::AppState;
use crate::limits::{ANSWER_TIME, FILE, LONG_ANSWER_TIME, Rate, SMALL, body_time};
use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodFilter, MethodRouter, on};
use std::collections::HashMap;
use std::time::Duration;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::{OpenApi, SecurityRequirement};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

/// Investigators, approvers and auditors: requests, cases and campaigns name people, so that reading them needs more than `read`; an auditor
/// reads what the audit log is about.
pub const READERS: Needs = Needs::key(&["desk", "approve", "audit"]);
/// Investigators.
pub const DESK: Needs = Needs::key(&["desk"]);
/// Approvers.
pub const APPROVE: Needs = Needs::key(&["approve"]);
/// Administrators.
pub const MANAGE: Needs = Needs::key(&["manage"]);
/// Who reads the desk.
pub const READ: Needs = Needs::key(&["read"]);
/// Readers of the chain and its tags, which name no customer.
pub const CHAIN: Needs = Needs::key(&["chain", "read"]);
/// Everybody with a key.
pub const EVERYBODY: Needs = Needs::key(&holdfast_identity::SCOPES);
/// Investigators and approvers.
pub const STAFF: Needs = Needs::key(&["desk", "approve"]);
/// Who works on alerts.
pub const ALERTS: Needs = Needs::key(&["alerts"]);
/// Who places and releases holds.
pub const HOLDS: Needs = Needs::key(&["holds"]);
/// Auditors.
pub const AUDIT: Needs = Needs::key(&["audit"]);
/// Who proposes or decides changes that need two people.
pub const DECIDERS: Needs = Needs::key(&["manage", "rules", "approve"]);
/// Who writes rules.
pub const RULES: Needs = Needs::key(&["rules"]);
/// Who reads rules.
pub const READ_OR_RULES: Needs = Needs::key(&["read", "rules"]);
/// Who sees warnings and what customers answered.
pub const WARNINGS: Needs = Needs::key(&["events", "desk", "approve", "audit"]);
/// Who sees what is shared with partners.
pub const SHARING: Needs = Needs::key(&["desk", "approve", "audit", "manage"]);
/// The institution's directory.
pub const PROVISION: Needs = Needs::key(&["provision"]);
/// Who runs courses.
pub const TRAINERS: Needs = Needs::key(&["academy"]);

/// Who may call an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Whoever has a key, or is signed in with one, that has one of these scopes.
    Key(&'static [&'static str]),
    /// The same, where requests are signed as Elliptic's clients sign them.
    Signed(&'static [&'static str]),
    /// Officers; the handler checks the session.
    Officer,
    /// Learners; the handler checks the key.
    Learner,
    /// No key needed.
    Open,
}

/// What the caller of an operation needs, and the limits of its requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// Who may call it.
    pub entry: Entry,
    /// Whether the answer is about customers or officers, so that reading it is recorded in the audit log. Handlers that record it themselves,
    /// with more detail, leave it out.
    pub is_personal: bool,
    /// Whether the body may be something else than JSON: a file, a block, tags, a rule book, a table.
    pub takes_files: bool,
    /// Largest body, in bytes; none for the resource's, or else [`SMALL`].
    max_body: Option<usize>,
    /// Whether the answer takes work over the whole chain or history, or a large file.
    is_long: bool,
    /// How often one address may call it without a key; none for the resource's.
    rate: Option<Rate>,
}

impl Needs {
    /// Needs no key.
    pub const OPEN: Needs = Needs::new(Entry::Open);
    /// An officer's session at the portal.
    pub const OFFICER: Needs = Needs { rate: Some(Rate::Portal), ..Needs::new(Entry::Officer) };
    /// A learner's key.
    pub const LEARNER: Needs = Needs { rate: Some(Rate::Learn), ..Needs::new(Entry::Learner) };

    const fn new(entry: Entry) -> Self {
        Needs { entry, is_personal: false, takes_files: false, max_body: None, is_long: false, rate: None }
    }

    /// Needs a key with one of the scopes.
    #[must_use]
    pub const fn key(scopes: &'static [&'static str]) -> Self {
        Needs::new(Entry::Key(scopes))
    }

    /// Needs a request signed by a key with one of the scopes.
    #[must_use]
    pub const fn signed(scopes: &'static [&'static str]) -> Self {
        Needs::new(Entry::Signed(scopes))
    }

    /// Returns the same, with readings recorded.
    #[must_use]
    pub const fn personal(self) -> Self {
        Needs { is_personal: true, ..self }
    }

    /// Returns the same, with a body of up to so many bytes.
    #[must_use]
    pub const fn body(self, max_body: usize) -> Self {
        Needs { max_body: Some(max_body), ..self }
    }

    /// Returns the same, with a body of any media type.
    #[must_use]
    pub const fn any_media(self) -> Self {
        Needs { takes_files: true, ..self }
    }

    /// Returns the same, with a file as body.
    #[must_use]
    pub const fn file(self) -> Self {
        self.body(FILE).any_media()
    }

    /// Returns the same, with time for work over the whole chain or history.
    #[must_use]
    pub const fn long(self) -> Self {
        Needs { is_long: true, ..self }
    }

    /// Returns the same, with this bound on requests without a key.
    #[must_use]
    pub const fn rate(self, rate: Rate) -> Self {
        Needs { rate: Some(rate), ..self }
    }

    /// Returns the same, with a resource's defaults where nothing is declared.
    fn or(self, defaults: Needs) -> Self {
        Needs {
            max_body: self.max_body.or(defaults.max_body),
            is_long: self.is_long || defaults.is_long,
            rate: self.rate.or(defaults.rate),
            ..self
        }
    }

    /// Returns the largest body, in bytes.
    #[must_use]
    pub fn max_body(&self) -> usize {
        self.max_body.unwrap_or(SMALL)
    }

    /// Returns how often one address may call it without a key; none where keys are counted.
    #[must_use]
    pub fn max_rate(&self) -> Option<Rate> {
        self.rate
    }

    /// Returns the time for an answer to begin. It covers the reading of the body, whose rate is bounded, so that large bodies get additional time.
    #[must_use]
    pub fn answer_time(&self, method: &Method) -> Duration {
        let base = if self.is_long { LONG_ANSWER_TIME } else { ANSWER_TIME };
        base + if crate::access::changes(method) { body_time(self.max_body()) } else { Duration::ZERO }
    }

    /// Returns the scopes of which a key needs one; none where no key is needed.
    #[must_use]
    pub fn scopes(&self) -> &'static [&'static str] {
        match self.entry {
            Entry::Key(scopes) | Entry::Signed(scopes) => scopes,
            Entry::Officer | Entry::Learner | Entry::Open => &[],
        }
    }

    /// Returns the alternatives for the document.
    fn security(&self) -> Vec<SecurityRequirement> {
        let of = |scheme: &str, scopes: &[&str]| {
            scopes.iter().map(|scope| SecurityRequirement::new(scheme, [*scope])).collect::<Vec<_>>()
        };
        match self.entry {
            Entry::Key(scopes) => of("key", scopes),
            Entry::Signed(scopes) => of("signature", scopes),
            Entry::Officer => vec![SecurityRequirement::new("officer", [""; 0])],
            Entry::Learner => vec![SecurityRequirement::new("learner", [""; 0])],
            Entry::Open => vec![SecurityRequirement::default()],
        }
    }
}

/// What the caller of each route needs, by the route's path as it is written in the router.
#[derive(Clone, Debug, Default)]
pub struct NeedsTable(HashMap<String, Vec<(Method, Needs)>>);

impl NeedsTable {
    /// Returns what the caller of a route needs; a route that answers GET answers HEAD.
    #[must_use]
    pub fn get(&self, method: &Method, route: &str) -> Option<Needs> {
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        self.0.get(route)?.iter().find(|(m, _)| m == method).map(|(_, needs)| *needs)
    }

    /// Returns whether any method of a route is declared.
    #[must_use]
    pub fn has(&self, route: &str) -> bool {
        self.0.contains_key(route)
    }

    fn insert(&mut self, method: Method, route: &str, needs: Needs) {
        self.0.entry(route.to_owned()).or_default().push((method, needs));
    }

    /// Returns all routes.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Method, Needs)> {
        self.0.iter().flat_map(|(route, all)| all.iter().map(move |(m, n)| (route.as_str(), m, *n)))
    }
}

/// Routes, with their needs and their document.
pub struct Routes {
    router: OpenApiRouter<AppState>,
    needs: NeedsTable,
    tag: &'static str,
    /// Limits of routes that declare none of their own.
    defaults: Needs,
}

impl std::fmt::Debug for Routes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Routes").field("tag", &self.tag).field("needs", &self.needs).finish_non_exhaustive()
    }
}

/// Returns the operations of a path with their methods.
pub fn operations(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    let all = [
        (Method::GET, &mut item.get),
        (Method::POST, &mut item.post),
        (Method::PUT, &mut item.put),
        (Method::DELETE, &mut item.delete),
        (Method::PATCH, &mut item.patch),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

impl Routes {
    /// Returns the routes of a resource; the document groups its operations under the tag.
    #[must_use]
    pub fn new(tag: &'static str) -> Self {
        Routes { router: OpenApiRouter::default(), needs: NeedsTable::default(), tag, defaults: Needs::OPEN }
    }

    /// Declares limits (body, time, rate) for all routes that are added after and declare none of their own.
    #[must_use]
    pub fn limits(self, limits: impl FnOnce(Needs) -> Needs) -> Self {
        Routes { defaults: limits(self.defaults), ..self }
    }

    /// Adds documented operations (`routes!(handler)`).
    #[must_use]
    pub fn add(mut self, needs: Needs, (schemas, mut paths, handlers): UtoipaMethodRouter<AppState>) -> Self {
        let needs = needs.or(self.defaults);
        for (path, item) in &mut paths.paths {
            for (method, operation) in operations(item) {
                operation.tags = Some(vec![self.tag.to_owned()]);
                operation.security = Some(needs.security());
                self.needs.insert(method, path, needs);
            }
        }
        Routes { router: self.router.routes((schemas, paths, handlers)), ..self }
    }

    fn page<H, T>(mut self, method: Method, filter: MethodFilter, path: &str, needs: Needs, handler: H) -> Self
    where
        H: Handler<T, AppState>,
        T: 'static,
    {
        self.needs.insert(method, path, needs.or(self.page_defaults()));
        Routes { router: self.router.route(path, on(filter, handler)), ..self }
    }

    /// Adds a page.
    #[must_use]
    pub fn get<H, T>(self, path: &str, needs: Needs, handler: H) -> Self
    where
        H: Handler<T, AppState>,
        T: 'static,
    {
        self.page(Method::GET, MethodFilter::GET, path, needs, handler)
    }

    /// Adds what a page's form is sent to.
    #[must_use]
    pub fn post<H, T>(self, path: &str, needs: Needs, handler: H) -> Self
    where
        H: Handler<T, AppState>,
        T: 'static,
    {
        self.page(Method::POST, MethodFilter::POST, path, needs, handler)
    }

    /// Limits of pages that declare none of their own: what a browser loads counts against its address.
    fn page_defaults(&self) -> Needs {
        self.defaults.or(Needs::OPEN.rate(Rate::Pages))
    }

    /// Adds public routes, outside the document.
    #[must_use]
    pub fn open(self, path: &str, handlers: MethodRouter<AppState>) -> Self {
        self.open_with(path, Needs::OPEN, handlers)
    }

    /// Adds public routes, outside the document, with limits of its own.
    #[must_use]
    pub fn open_with(mut self, path: &str, limits: Needs, handlers: MethodRouter<AppState>) -> Self {
        let needs = Needs { entry: Entry::Open, ..limits.or(self.page_defaults()) };
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE] {
            self.needs.insert(method, path, needs);
        }
        Routes { router: self.router.route(path, handlers), ..self }
    }

    /// Adds the routes of another resource.
    #[must_use]
    pub fn merge(mut self, other: Routes) -> Self {
        for (route, method, needs) in other.needs.iter() {
            self.needs.insert(method.clone(), route, needs);
        }
        Routes { router: self.router.merge(other.router), ..self }
    }

    /// Returns the router, what callers need, and the document.
    pub fn into_parts(self) -> (Router<AppState>, NeedsTable, OpenApi) {
        let (router, document) = self.router.split_for_parts();
        (router, self.needs, document)
    }
}
