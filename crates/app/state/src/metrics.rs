//! What the server counts, and what is read at a scrape.

use crate::AppState;
use crate::status::{Follower, Single};
use holdfast_jobs::{JobState, counts};
use holdfast_notify::outbox;
use holdfast_screening::Screening;
use holdfast_sharing::sources::SourceState;
use holdfast_telemetry::health::{Component, State};
use holdfast_telemetry::metrics::{
    Counter, Family, Gauge, Histogram, Labels, Process, Registry, encode, register_build, seconds,
};
use holdfast_types::Timestamp;
use holdfast_types::ids::SourceId;
use std::collections::BTreeMap;
use std::time::Duration;

/// Most sources and webhooks that have series of their own.
const MAX_SERIES: usize = 200;
/// How long the database may take for the values that are read from it.
const READ_TIME: Duration = Duration::from_secs(3);

type Gauges<const N: usize> = Family<Labels<N>, Gauge>;
type Counters<const N: usize> = Family<Labels<N>, Counter>;

/// The server's metrics.
pub struct Metrics {
    registry: Registry,
    requests: Counters<3>,
    durations: Family<Labels<1>, Histogram, fn() -> Histogram>,
    in_flight: Gauge,
    panics: Counter,
    source_failures: Counters<1>,
    source_read: Gauges<1>,
    widened: Counter,
    read: Read,
    process: Process,
    /// One scrape after another: they set the same values.
    turn: tokio::sync::Mutex<()>,
    single: Single,
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// Values that are read at a scrape.
#[derive(Default)]
struct Read {
    component_ok: Gauges<1>,
    lag: Gauges<1>,
    height: Gauges<1>,
    follower_read: Gauges<1>,
    follower_failures: Gauges<1>,
    node_state: Gauges<2>,
    database_read: Gauge,
    webhooks_behind: Gauges<1>,
    webhook_failures: Gauges<1>,
    mail_waiting: Gauge,
    mail_failing: Gauge,
    jobs: Gauges<2>,
    source_failing: Gauges<1>,
}

/// Values of the database for metrics.
struct Stored {
    webhooks: Vec<(u64, u64, u32)>,
    mail_waiting: i64,
    mail_failing: i64,
    jobs: Vec<(String, JobState, u64)>,
    sources: Vec<(SourceId, Option<Timestamp>, bool)>,
}

impl Metrics {
    /// Returns the metrics of a server of this desk.
    #[must_use]
    pub fn new(screening: &Screening) -> Self {
        let mut registry = Registry::default();
        register_build(&mut registry, env!("CARGO_PKG_VERSION"));
        let process = Process::register(&mut registry);
        screening.register_metrics(&mut registry);
        let metrics = Metrics {
            requests: Family::default(),
            durations: Family::new_with_constructor(seconds as fn() -> Histogram),
            in_flight: Gauge::default(),
            panics: Counter::default(),
            source_failures: Family::default(),
            source_read: Family::default(),
            widened: Counter::default(),
            read: Read::default(),
            process,
            turn: tokio::sync::Mutex::default(),
            single: Single::default(),
            registry: Registry::default(),
        };
        metrics.register(&mut registry);
        Metrics { registry, ..metrics }
    }

    fn register(&self, registry: &mut Registry) {
        let read = &self.read;
        let mut add = |name: &str, help: &str, gauges: &Gauges<1>| registry.register(name, help, gauges.clone());
        add(
            "holdfast_component_ok",
            "Whether a part of the server works, as /health/ready reports",
            &read.component_ok,
        );
        add("holdfast_node_lag_blocks", "Blocks that the ledger is behind a node", &read.lag);
        add("holdfast_node_height", "Height of the ledger's tip", &read.height);
        add("holdfast_node_read_timestamp_seconds", "When a node was read last", &read.follower_read);
        add("holdfast_node_failed_rounds", "Rounds of following that failed since the start", &read.follower_failures);
        add("holdfast_webhook_behind_entries", "Audit entries not yet looked at for a webhook", &read.webhooks_behind);
        add("holdfast_webhook_failures", "Failed tries since a webhook's last delivery", &read.webhook_failures);
        add("holdfast_source_failing", "Whether the last reading of a partner's source failed", &read.source_failing);
        add("holdfast_source_read_timestamp_seconds", "When a partner's source was read last", &self.source_read);
        registry.register("holdfast_node_state", "1 for the state that a node is in", read.node_state.clone());
        registry.register(
            "holdfast_stored_read",
            "Whether the values of the database were read",
            read.database_read.clone(),
        );
        registry.register("holdfast_jobs", "Jobs by kind and state", read.jobs.clone());
        registry.register(
            "holdfast_rescreen_widened",
            "Changes that reach further than they are followed, so that all transfers are screened again",
            self.widened.clone(),
        );
        registry.register("holdfast_mail_waiting", "Mail that waits in the outbox", read.mail_waiting.clone());
        registry.register("holdfast_mail_failing", "Mail that waits and failed before", read.mail_failing.clone());
        registry.register(
            "holdfast_source_failures",
            "Failed readings of a partner's source",
            self.source_failures.clone(),
        );
        registry.register("holdfast_http_requests", "Requests answered, by route and status", self.requests.clone());
        registry.register(
            "holdfast_http_request_seconds",
            "Time to an answer's head, by group of routes",
            self.durations.clone(),
        );
        registry.register(
            "holdfast_http_requests_in_flight",
            "Requests that are being answered",
            self.in_flight.clone(),
        );
        registry.register("holdfast_panics", "Panics, in any thread", self.panics.clone());
    }

    /// Notes that a request begins; it ends when the result is dropped.
    pub fn enter(&self) -> InFlight {
        self.in_flight.inc();
        InFlight(self.in_flight.clone())
    }

    /// Counts a request that was answered.
    pub fn answered(&self, method: &str, route: &str, status: u16, took: Duration) {
        let labels = [("method", method.to_owned()), ("route", route.to_owned()), ("status", status.to_string())];
        self.requests.get_or_create(&labels).inc();
        self.durations.get_or_create(&[("group", group(route).to_owned())]).observe(took.as_secs_f64());
    }

    /// Counts a change for which all transfers are screened again.
    pub(crate) fn widened(&self) {
        self.widened.inc();
    }

    /// Counts a reading of a partner's source, or its failure.
    pub(crate) fn source_read(&self, source: SourceId, now: Timestamp, is_read: bool) {
        let label = [("source", source.to_string())];
        if is_read {
            self.source_read.get_or_create(&label).set(now.unix());
        } else {
            self.source_failures.get_or_create(&label).inc();
        }
    }

    /// Reads what is read at a scrape; returns all metrics as text.
    pub async fn scrape(&self, shared: &AppState) -> Result<String, std::fmt::Error> {
        let _turn = self.turn.lock().await;
        self.process.read();
        self.panics.inc_by(holdfast_telemetry::logs::panics().saturating_sub(self.panics.get()));
        self.set_components(&shared.readiness().await.components);
        self.set_followers(&shared.status.followers());
        let state = shared.clone();
        let stored = self.single.run(READ_TIME, move || stored(&state)).await;
        self.set_stored(stored.and_then(Result::ok));
        encode(&self.registry)
    }

    fn set_components(&self, components: &[Component]) {
        for component in components {
            let is_ok = component.state == State::Ok;
            self.read.component_ok.get_or_create(&[("component", component.name.clone())]).set(is_ok.into());
            if let Some(network) = component.name.strip_prefix("node:") {
                for state in State::ALL {
                    let label = [("network", network.to_owned()), ("state", state.name().to_owned())];
                    self.read.node_state.get_or_create(&label).set((state == component.state).into());
                }
            }
        }
    }

    fn set_followers(&self, followers: &BTreeMap<String, Follower>) {
        for (network, follower) in followers {
            let label = [("network", network.clone())];
            let set = |gauges: &Gauges<1>, value: Option<u64>| {
                if let Some(value) = value.and_then(|v| i64::try_from(v).ok()) {
                    gauges.get_or_create(&label).set(value);
                }
            };
            set(&self.read.lag, follower.lag_blocks().map(u64::from));
            set(&self.read.height, follower.height.map(u64::from));
            set(&self.read.follower_read, follower.read_at);
            set(&self.read.follower_failures, Some(follower.failures));
        }
    }

    /// Sets the values of the database; without them the series are removed rather than left as they were.
    fn set_stored(&self, stored: Option<Stored>) {
        let read = &self.read;
        read.database_read.set(stored.is_some().into());
        read.webhooks_behind.clear();
        read.webhook_failures.clear();
        read.source_failing.clear();
        read.jobs.clear();
        let Some(stored) = stored else { return };
        read.mail_waiting.set(stored.mail_waiting);
        read.mail_failing.set(stored.mail_failing);
        for (id, behind, failures) in stored.webhooks {
            let label = [("webhook", id.to_string())];
            read.webhooks_behind.get_or_create(&label).set(i64::try_from(behind).unwrap_or(i64::MAX));
            read.webhook_failures.get_or_create(&label).set(failures.into());
        }
        for (kind, state, count) in stored.jobs {
            let label = [("kind", kind), ("state", state.name().to_owned())];
            read.jobs.get_or_create(&label).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
        for (id, polled, is_failing) in stored.sources {
            let label = [("source", id.to_string())];
            read.source_failing.get_or_create(&label).set(is_failing.into());
            let gauge = self.source_read.get_or_create_owned(&label);
            if let (Some(polled), false) = (polled, is_failing) {
                gauge.set(polled.unix().max(gauge.get()));
            }
        }
    }
}

/// A request that is being answered.
pub struct InFlight(Gauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// The group of a route: every route would be too many histograms.
fn group(route: &str) -> &'static str {
    let mut parts = route.trim_start_matches('/').split('/');
    match (parts.next().unwrap_or_default(), parts.nth(1).unwrap_or_default()) {
        ("api", "events") => "decisions",
        ("api", "portal") | ("portal", _) => "portal",
        ("api", "learn" | "academy") | ("academy", _) => "academy",
        ("api", "sharing") | ("taxii2", _) => "sharing",
        ("api", "desk") | ("desk", _) => "desk",
        ("v2" | "public", _) => "vendors",
        ("api", _) if route.starts_with("/api/kyt/") => "vendors",
        ("api", _) => "api",
        ("health" | "metrics", _) => "health",
        _ => "pages",
    }
}

/// Reads the values of the database for metrics.
fn stored(shared: &AppState) -> Result<Stored, holdfast_sharing::SharingError> {
    let webhooks = shared.screening.webhooks()?;
    let (head, mail, jobs) = shared.screening.read(|db| {
        let rows = db.query("SELECT COALESCE(MAX(seq), 0) FROM audit", &[])?;
        Ok((rows.first().map_or(Ok(0), |r| r.int(0))?, outbox::waiting(db)?, counts(db)?))
    })?;
    let head = u64::try_from(head).unwrap_or(0);
    let webhooks = webhooks.into_iter().take(MAX_SERIES);
    let sources = shared.sharing().sources()?.into_iter().filter(|s| s.state == SourceState::Active).take(MAX_SERIES);
    Ok(Stored {
        webhooks: webhooks.map(|w| (w.id, head.saturating_sub(w.progress.seen), w.failures)).collect(),
        mail_waiting: mail.count,
        mail_failing: mail.failing,
        jobs,
        sources: sources.map(|s| (s.id, s.polled, s.error.is_some())).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::{FollowerBounds, Status};
    use std::collections::BTreeSet;

    #[test]
    fn routes_fall_into_few_groups() {
        for (route, expected) in [
            ("/api/v1/events", "decisions"),
            ("/api/v1/events/{id}", "decisions"),
            ("/api/v1/holds/{id}/release", "api"),
            ("/api/v1/desk/requests/{id}", "desk"),
            ("/api/kyt/v2/users/{user}/transfers", "vendors"),
            ("/v2/wallet/synchronous", "vendors"),
            ("/portal/requests/{id}", "portal"),
            ("/taxii2/{*rest}", "sharing"),
            ("/", "pages"),
            ("other", "pages"),
        ] {
            assert_eq!(group(route), expected, "{route}");
        }
    }

    /// What the text format exposes: names of series, each with the names of its labels.
    fn exposed(text: &str) -> BTreeMap<String, BTreeSet<String>> {
        let mut exposed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for line in text.lines().filter(|l| !l.starts_with('#')) {
            let name = line.split(['{', ' ']).next().unwrap();
            exposed.entry(name.to_owned()).or_default().extend(labels(line));
        }
        exposed
    }

    /// Names before `=` or another operator and a quote.
    fn labels(text: &str) -> impl Iterator<Item = String> {
        let before_quotes = text.split('"').step_by(2).filter_map(|part| {
            let name = part.trim_end_matches(['=', '~', '!']);
            (name.len() < part.len()).then(|| name.rsplit(|c: char| !is_word(c)).next().unwrap_or_default().to_owned())
        });
        before_quotes.collect::<Vec<_>>().into_iter()
    }

    fn is_word(c: char) -> bool {
        c.is_ascii_alphanumeric() || c == '_'
    }

    /// Alerts on what is not exposed never fire.
    #[test]
    fn every_metric_and_label_of_the_alert_rules_is_exposed() {
        let rules = include_str!("../../../../packaging/prometheus/holdfast.rules.yml");
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", dir.path().join("desk.sqlite").display());
        let screening = Screening::open_at(&url, holdfast_screening::clock::Time::system()).unwrap();
        let metrics = Metrics::new(&screening);
        // Series whose labels come with what they count.
        metrics.answered("GET", "/", 200, Duration::ZERO);
        let source = SourceId::new(1);
        metrics.source_read(source, Timestamp::from_unix(1), false);
        metrics.set_components(&[Component::ok("node:bitcoin")]);
        let status = Status::new(FollowerBounds::default());
        status.followed("bitcoin", Some(98), 100);
        metrics.set_followers(&status.followers());
        metrics.set_stored(Some(Stored {
            webhooks: vec![(1, 0, 0)],
            mail_waiting: 0,
            mail_failing: 0,
            jobs: vec![("import".to_owned(), JobState::Failed, 1)],
            sources: vec![(source, None, true)],
        }));
        let exposed = exposed(&encode(&metrics.registry).unwrap());
        // Prometheus adds what was scraped, and whether that worked.
        let added = ["job", "instance"].map(str::to_owned);
        let all: BTreeSet<_> = exposed.values().flatten().chain(&added).cloned().collect();
        let (mut names, mut problems) = (BTreeSet::new(), Vec::new());
        for (place, _) in rules.match_indices("holdfast_").chain(rules.match_indices("process_")) {
            let end = rules[place..].find(|c| !is_word(c)).unwrap() + place;
            let (name, rest) = (&rules[place..end], &rules[end..]);
            names.insert(name);
            let selector = rest.strip_prefix('{').and_then(|r| r.split_once('}')).map_or("", |(selector, _)| selector);
            match exposed.get(name) {
                None => problems.push(format!("{name} is not exposed")),
                Some(known) => problems.extend(
                    labels(selector)
                        .filter(|l| !known.contains(l) && !added.contains(l))
                        .map(|l| format!("{name} has no label {l}")),
                ),
            }
        }
        for grouped in rules.split(" by (").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            problems.extend(
                grouped.split(", ").filter(|l| !all.contains(*l)).map(|l| format!("nothing has the label {l}")),
            );
        }
        for named in rules.split("$labels.").skip(1).map(|rest| rest.split(|c| !is_word(c)).next().unwrap()) {
            problems.extend((!all.contains(named)).then(|| format!("nothing has the label {named}")));
        }
        assert!(names.len() > 15, "{names:?}");
        assert!(problems.is_empty(), "{problems:#?}");
    }
}
