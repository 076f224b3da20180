//! Live events: one connection, several topics, nothing lost over a break. Events name what changed, and no more: what it is now is read by the ordinary
//! questions, which check rights and record reading.

use crate::cases::person;
use axum::Extension;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{Stream, unfold};
use holdfast_audit::Entry;
use holdfast_cases::CaseError;
use holdfast_cases::case::Person;
use holdfast_identity::same_person;
use holdfast_screening::webhooks;
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::error::{ApiError, ErrorBody};
use holdfast_state::live::{BATCH, Connected, LOOK};
use holdfast_types::ids::CaseId;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::convert::Infallible;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use utoipa::IntoParams;

/// How often a comment keeps the connection open.
const HEARTBEAT: Duration = Duration::from_secs(25);
/// How soon a browser comes back.
const RETRY: Duration = Duration::from_secs(2);
/// Longest connection: a browser comes back with what it saw last, and its rights are looked at again.
const LONGEST: Duration = Duration::from_secs(300);
/// Entries that are gone through for somebody who comes back; beyond them a `gap` says so.
const MAX_MISSED: u64 = 10_000;
/// Most topics.
const MAX_TOPICS: usize = 20;

/// What is listened to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Topic {
    /// Alerts that are raised or changed.
    Alerts,
    /// All cases that the caller may read.
    Cases,
    /// One case.
    Case(CaseId),
    /// Versions of one graph of a case.
    Graph(u64),
    /// What is given to the caller: an alert, a role in a case.
    Notifications,
}

impl Topic {
    fn read(text: &str) -> Result<Topic, ApiError> {
        let wrong = || {
            ApiError::bad(format!(
                "topics: '{}' is none of alerts, cases, case:NUMBER, graph:NUMBER, notifications",
                text.chars().take(40).collect::<String>()
            ))
        };
        Ok(match text.split_once(':') {
            None => match text {
                "alerts" => Topic::Alerts,
                "cases" => Topic::Cases,
                "notifications" => Topic::Notifications,
                _ => return Err(wrong()),
            },
            Some(("case", number)) => Topic::Case(CaseId::new(number.parse().map_err(|_| wrong())?)),
            Some(("graph", number)) => Topic::Graph(number.parse().map_err(|_| wrong())?),
            Some(_) => return Err(wrong()),
        })
    }

    fn is_of_cases(&self) -> bool {
        matches!(self, Topic::Cases | Topic::Case(_) | Topic::Graph(_))
    }
}

/// What is listened to, and from where on.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LiveQuery {
    /// Topics with commas: alerts, cases, case:NUMBER, graph:NUMBER, notifications.
    topics: String,
    /// Go on after this entry of the audit log; a header `Last-Event-ID`, as browsers send it, comes first. By default after the newest.
    after: Option<u64>,
}

/// What a connection has.
struct Listener {
    shared: AppState,
    who: Person,
    topics: Vec<Topic>,
    /// Number of the last entry that was gone through.
    after: u64,
    queue: VecDeque<Event>,
    news: watch::Receiver<u64>,
    begun: Instant,
    _connected: Connected,
}

/// An event as it is sent, with its number where there is one to go on from.
struct Told {
    seq: u64,
    name: &'static str,
    data: Value,
}

impl Told {
    fn of(entry: &Entry, name: &'static str, subject: String, what: Value) -> Self {
        let data = json!({ "seq": entry.seq, "time": entry.time, "by": entry.actor, "action": entry.action, "subject": subject, "what": what });
        Told { seq: entry.seq, name, data }
    }

    fn event(self) -> Event {
        Event::default().id(self.seq.to_string()).event(self.name).data(self.data.to_string())
    }
}

fn number_of(entry: &Entry, kind: &str) -> Option<u64> {
    entry.subject.strip_prefix(kind)?.strip_prefix(':')?.parse().ok()
}

/// What a person may see of entries; whether a case may be read is looked up once a batch.
struct Rendering<'a> {
    shared: &'a AppState,
    who: &'a Person,
    topics: &'a [Topic],
    readable: HashMap<CaseId, bool>,
}

impl Rendering<'_> {
    fn may_read(&mut self, case: CaseId) -> Result<bool, ApiError> {
        if let Some(known) = self.readable.get(&case) {
            return Ok(*known);
        }
        let may = match self.shared.cases().may_read_case(case, self.who) {
            Ok(()) => true,
            Err(CaseError::NotFound(_)) => false,
            Err(e) => return Err(e.into()),
        };
        self.readable.insert(case, may);
        Ok(may)
    }

    fn wants(&self, topic: &Topic) -> bool {
        self.topics.contains(topic)
    }

    fn of_alerts(&self, entry: &Entry, into: &mut Vec<Told>) -> Result<(), ApiError> {
        if !self.wants(&Topic::Alerts) {
            return Ok(());
        }
        if let Some(alert) = number_of(entry, "alert").filter(|_| entry.action.starts_with("alert.")) {
            into.push(Told::of(entry, "alert", entry.subject.clone(), json!({ "alert": alert })));
        } else if entry.action == "events.decided" {
            // A batch of events may raise many alerts.
            let contents = self.shared.screening.read(|db| webhooks::render(db, entry, &|topic| topic == "alerts"))?;
            for alert in contents.iter().filter_map(|c| c.data["alert"]["id"].as_u64()) {
                let raised =
                    Told::of(entry, "alert", format!("alert:{alert}"), json!({ "alert": alert, "raised": true }));
                into.push(raised);
            }
        }
        Ok(())
    }

    fn of_cases(&mut self, entry: &Entry, into: &mut Vec<Told>) -> Result<(), ApiError> {
        let Some(number) = number_of(entry, "case").filter(|_| {
            // Who reads a case is no news.
            self.topics.iter().any(Topic::is_of_cases) && entry.action != "case.read"
        }) else {
            return Ok(());
        };
        let case = CaseId::new(number);
        let detail: Value = serde_json::from_str(&entry.detail).unwrap_or(Value::Null);
        let graph = detail["graph"].as_u64().filter(|_| entry.action == "case.graph_saved");
        let wants_case = self.wants(&Topic::Cases) || self.wants(&Topic::Case(case));
        let wants_graph = graph.is_some_and(|graph| self.wants(&Topic::Graph(graph)));
        if !(wants_case || wants_graph) || !self.may_read(case)? {
            return Ok(());
        }
        if graph.is_some() {
            let what = json!({ "case": number, "graph": graph, "version": detail["version"], "item": detail["item"] });
            into.push(Told::of(entry, "graph", entry.subject.clone(), what));
        } else if wants_case {
            let what =
                json!({ "case": number, "item": detail["item"], "step": detail["step"], "kind": detail["kind"] });
            into.push(Told::of(entry, "case", entry.subject.clone(), what));
        }
        Ok(())
    }

    /// What is given to the person by somebody else.
    fn of_notifications(&self, entry: &Entry, into: &mut Vec<Told>) {
        if !self.wants(&Topic::Notifications) || same_person(&entry.actor, &self.who.name) {
            return;
        }
        let detail: Value = serde_json::from_str(&entry.detail).unwrap_or(Value::Null);
        let is_me = |field: &str| detail[field].as_str().is_some_and(|name| same_person(name, &self.who.name));
        let what = match entry.action.as_str() {
            "alert.assign" if is_me("text") => json!({ "why": "assigned", "alert": number_of(entry, "alert") }),
            "case.changed" if detail["step"] == "member" && is_me("person") => {
                json!({ "why": "member", "case": number_of(entry, "case"), "role": detail["role"] })
            }
            action if ["notification.", "watch."].iter().any(|of| action.starts_with(of)) && is_me("person") => {
                json!({ "why": "notification", "text": detail["text"], "link": detail["link"] })
            }
            _ => return,
        };
        into.push(Told::of(entry, "notification", entry.subject.clone(), what));
    }

    fn render(&mut self, entry: &Entry) -> Result<Vec<Told>, ApiError> {
        let mut told = Vec::new();
        self.of_alerts(entry, &mut told)?;
        self.of_cases(entry, &mut told)?;
        self.of_notifications(entry, &mut told);
        Ok(told)
    }
}

impl Listener {
    /// Goes through the next entries; false where there are none.
    async fn read_on(&mut self) -> Result<bool, ApiError> {
        let entries = self.shared.live_entries(self.after).await?;
        let Some(last) = entries.last().map(|e| e.seq) else { return Ok(false) };
        let (shared, who, topics) = (self.shared.clone(), self.who.clone(), self.topics.clone());
        let told = run_blocking(move || {
            let mut rendering = Rendering { shared: &shared, who: &who, topics: &topics, readable: HashMap::default() };
            let mut told = Vec::new();
            for entry in &entries {
                told.extend(rendering.render(entry)?);
            }
            Ok(told)
        })
        .await?;
        let is_seen = told.last().is_some_and(|t| t.seq == last);
        self.queue.extend(told.into_iter().map(Told::event));
        if !is_seen && last - self.after >= u64::try_from(BATCH / 10).unwrap_or(u64::MAX) {
            // Nothing to tell, but a number to go on from.
            self.queue.push_back(Event::default().id(last.to_string()));
        }
        self.after = last;
        Ok(true)
    }

    /// Returns the next event; none where the connection ends.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.queue.pop_front() {
                return Some(event);
            }
            match self.read_on().await {
                Ok(true) => {}
                Ok(false) if self.shared.status.is_stopping() || self.begun.elapsed() > LONGEST => return None,
                Ok(false) => {
                    // The time is for a server that stops.
                    let _ = tokio::time::timeout(LOOK, self.news.changed()).await;
                }
                Err(e) => {
                    // The browser comes back, and goes on from what it saw.
                    e.log();
                    return None;
                }
            }
        }
    }
}

fn stream(listener: Listener) -> impl Stream<Item = Result<Event, Infallible>> {
    unfold(listener, |mut listener| async move { listener.next().await.map(|event| (Ok(event), listener)) })
}

/// Sends what changes, as server-sent events. `id` of an event is the number of its entry in the audit log: whoever comes back with it misses nothing. An event
/// names what changed and who did it; what it is now is read by the ordinary questions. First comes `hello` with the number to go on from, after more than
/// 10,000 missed entries `gap`. Comments come every 25 seconds; after five minutes, and when the server stops, the connection ends and the browser comes back.
#[utoipa::path(get, path = "/api/v1/live", params(LiveQuery),
    responses((status = 200, content_type = "text/event-stream", body = String), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub async fn live(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<LiveQuery>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiError> {
    let topics: BTreeSet<Topic> =
        query.topics.split(',').map(str::trim).filter(|t| !t.is_empty()).map(Topic::read).collect::<Result<_, _>>()?;
    if topics.is_empty() || topics.len() > MAX_TOPICS {
        return Err(ApiError::bad(format!("topics: name 1 to {MAX_TOPICS} of them, with commas")));
    }
    if topics.contains(&Topic::Alerts) {
        caller.needs("read")?;
    }
    if topics.iter().any(Topic::is_of_cases) && !["desk", "approve", "audit"].iter().any(|scope| caller.may(scope)) {
        caller.needs("desk")?;
    }
    let last = headers.get("last-event-id").and_then(|v| v.to_str().ok()).map(str::trim).filter(|v| !v.is_empty());
    let after = match last {
        Some(text) => Some(text.parse::<u64>().map_err(|_| ApiError::bad("Last-Event-ID: must be a number"))?),
        None => query.after,
    };
    let news = shared.live_news();
    let (connected, newest) = shared.connect_live(&caller.0).await?;
    let begin = after.unwrap_or(newest).min(newest);
    let mut queue = VecDeque::new();
    let after = if newest - begin > MAX_MISSED {
        let data = json!({ "from": begin, "to": newest }).to_string();
        queue.push_back(Event::default().id(newest.to_string()).event("gap").data(data));
        newest
    } else {
        begin
    };
    let hello = json!({ "after": after }).to_string();
    // With its number a browser that was told nothing yet comes back to where it began, not to what is newest then.
    queue.push_front(Event::default().id(after.to_string()).event("hello").retry(RETRY).data(hello));
    let topics = topics.into_iter().collect();
    let (who, begun) = (person(&caller), Instant::now());
    let listener = Listener { shared, who, topics, after, queue, news, begun, _connected: connected };
    Ok(Sse::new(stream(listener)).keep_alive(KeepAlive::new().interval(HEARTBEAT).text("still here")))
}
