//! Whether the server can do its work: its database, its writer, its ledger, the nodes that it follows.

use crate::AppState;
use arc_swap::{ArcSwap, ArcSwapOption};
use holdfast_screening::Screening;
use holdfast_telemetry::health::{Component, Health, State};
use holdfast_telemetry::logs::one_line;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// How long a database may take to answer a check.
const CHECK_TIME: Duration = Duration::from_secs(2);
/// How long the outcome of a check is good.
const CHECK_AGE: Duration = Duration::from_secs(1);
/// How long the writer may hang before a restart is asked for.
const WRITER_SILENCE: Duration = Duration::from_secs(120);

/// From when on a node that is followed makes the server not ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FollowerBounds {
    /// Most blocks that the ledger may be behind the node.
    pub max_lag_blocks: u32,
    /// Longest time without an answer of the node.
    pub max_silence: Duration,
}

impl Default for FollowerBounds {
    fn default() -> Self {
        FollowerBounds { max_lag_blocks: 6, max_silence: Duration::from_secs(300) }
    }
}

/// What is known of a node that is followed.
#[derive(Clone, Debug)]
pub struct Follower {
    /// Height of the ledger's tip; `None` for an empty one.
    pub height: Option<u32>,
    /// Height of the node's tip, once it answered.
    pub tip: Option<u32>,
    /// When the node was read last, Unix seconds.
    pub read_at: Option<u64>,
    /// Rounds that failed since the start.
    pub failures: u64,
    /// Why the last round failed.
    pub error: Option<String>,
    /// When the node was read last, or else when following began.
    heard: Instant,
}

impl Follower {
    /// Returns how many blocks the ledger is behind the node.
    #[must_use]
    pub fn lag_blocks(&self) -> Option<u32> {
        let tip = self.tip?;
        Some(self.height.map_or(tip.saturating_add(1), |height| tip.saturating_sub(height)))
    }

    /// Returns the state, and why it is not `ok`.
    fn state(&self, bounds: FollowerBounds) -> (State, Option<String>) {
        let because = |why: String| match &self.error {
            Some(error) => Some(format!("{why}: {error}")),
            None => Some(why),
        };
        let silent = self.heard.elapsed();
        if silent > bounds.max_silence {
            return (State::Unreachable, because(format!("the node was not read for {} s", silent.as_secs())));
        }
        match self.lag_blocks() {
            None => (State::Starting, because("the node was not read yet".to_owned())),
            Some(lag) if lag > bounds.max_lag_blocks => {
                (State::Behind, because(format!("{lag} blocks behind the node; ready at {}", bounds.max_lag_blocks)))
            }
            Some(_) => (State::Ok, None),
        }
    }
}

/// What is known of the server's parts.
#[derive(Debug, Default)]
pub struct Status {
    bounds: FollowerBounds,
    /// Swapped, not locked: every decision on the ledger's asset reads it.
    followers: ArcSwap<BTreeMap<String, Follower>>,
    /// What is said of a pass over all transfers that waits or runs.
    screens_again: ArcSwapOption<String>,
    stopping: AtomicBool,
    database: Check,
}

impl Status {
    /// Returns a status with bounds for nodes that are followed.
    #[must_use]
    pub fn new(bounds: FollowerBounds) -> Self {
        Status { bounds, ..Status::default() }
    }

    fn change(&self, network: &str, change: impl Fn(&mut Follower)) {
        let new = Follower { height: None, tip: None, read_at: None, failures: 0, error: None, heard: Instant::now() };
        self.followers.rcu(|all| {
            let mut all = BTreeMap::clone(all);
            change(all.entry(network.to_owned()).or_insert_with(|| new.clone()));
            all
        });
    }

    /// Notes that a network's node is going to be followed.
    pub fn follow(&self, network: &str) {
        self.change(network, |_| {});
    }

    /// Notes that a node was read, with the heights of the ledger's tip and of the node's.
    pub fn followed(&self, network: &str, height: Option<u32>, tip: u32) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_secs());
        self.change(network, |f| {
            (f.height, f.tip, f.read_at, f.error, f.heard) = (height, Some(tip), Some(now), None, Instant::now());
        });
    }

    /// Notes that a round failed.
    pub fn not_followed(&self, network: &str, why: &str) {
        self.change(network, |f| {
            f.failures += 1;
            f.error = Some(one_line(why));
        });
    }

    /// Returns the nodes that are followed, by network.
    pub fn followers(&self) -> Arc<BTreeMap<String, Follower>> {
        self.followers.load_full()
    }

    /// Returns why the stored chain of a network is not the chain of now, once the node that it follows is silent for too long.
    #[must_use]
    pub fn silent(&self, network: &str) -> Option<String> {
        match self.followers.load().get(network)?.state(self.bounds) {
            (State::Unreachable, why) => why,
            _ => None,
        }
    }

    /// Notes how far a pass over all transfers is; `None` once it ended.
    pub fn screens_again(&self, said: Option<String>) {
        self.screens_again.store(said.map(Arc::new));
    }

    /// A pass over all transfers that waits or runs: the server serves meanwhile.
    fn rescreening(&self) -> Option<Component> {
        let said = self.screens_again.load_full()?;
        Some(Component { name: "rescreening".to_owned(), state: State::Ok, reason: Some(String::clone(&said)) })
    }

    /// Notes that the server stops: it is no longer ready, so that a balancer sends nothing more.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
    }

    /// Returns whether the server stops.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    fn server(&self) -> Component {
        match self.is_stopping() {
            true => Component::failed("server", State::Stopped, "it stops"),
            false => Component::ok("server"),
        }
    }

    fn nodes(&self) -> Vec<Component> {
        let node = |(network, follower): (&String, &Follower)| {
            let (state, reason) = follower.state(self.bounds);
            Component { name: format!("node:{network}"), state, reason }
        };
        self.followers().iter().map(node).collect()
    }
}

/// Work on a thread that may block, one at a time and bounded in time: however often it is requested, a database that hangs
/// costs one thread.
#[derive(Debug, Default)]
pub(crate) struct Single(Arc<AtomicBool>);

impl Single {
    /// Runs the work; `None` when it takes too long, or an earlier one still does.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        limit: Duration,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        struct Running(Arc<AtomicBool>);
        impl Drop for Running {
            fn drop(&mut self) {
                self.0.store(false, Ordering::SeqCst);
            }
        }
        if self.0.swap(true, Ordering::SeqCst) {
            return None;
        }
        let running = Running(self.0.clone());
        let done = tokio::task::spawn_blocking(move || {
            let _running = running;
            work()
        });
        tokio::time::timeout(limit, done).await.ok()?.ok()
    }
}

/// The last check of the database.
#[derive(Debug, Default)]
struct Check {
    last: tokio::sync::Mutex<Option<(Instant, Result<(), String>)>>,
    single: Single,
}

impl Check {
    /// Whether the database answers, as of a second ago at most.
    async fn answers(&self, screening: Arc<Screening>) -> Result<(), String> {
        let mut last = self.last.lock().await;
        if let Some((at, outcome)) = &*last
            && at.elapsed() < CHECK_AGE
        {
            return outcome.clone();
        }
        let query = move || screening.read(|db| db.query("SELECT 1", &[]).map(drop)).map_err(|e| one_line(&e));
        let outcome = self.single.run(CHECK_TIME, query).await;
        let outcome = outcome.unwrap_or_else(|| Err(format!("no answer within {} s", CHECK_TIME.as_secs())));
        *last = Some((Instant::now(), outcome.clone()));
        outcome
    }
}

impl AppState {
    /// Returns whether the process works: its writer's thread runs and does not hang. A restart helps when it does not.
    pub fn liveness(&self) -> Health {
        let health = self.screening.health();
        let (answers, silent) = (health.answers(WRITER_SILENCE), health.silent.as_secs());
        let writer = match (health.fatal, health.is_alive) {
            (Some(fatal), _) => Component::failed("writer", State::Stopped, one_line(&fatal)),
            (None, false) => Component::failed("writer", State::Stopped, "its thread has ended"),
            (None, true) if !answers => {
                Component::failed("writer", State::Stopped, format!("it hangs since {silent} s: nothing is stored"))
            }
            (None, true) => Component::ok("writer"),
        };
        Health::of(vec![writer])
    }

    /// Returns whether requests can be served now.
    pub async fn readiness(&self) -> Health {
        let database = match self.status.database.answers(self.screening.clone()).await {
            Ok(()) => Component::ok("database"),
            Err(why) => Component::failed("database", State::Unreachable, why),
        };
        let health = self.screening.health();
        let writer = match (health.recovering, self.screening.results_failure()) {
            (Some(why), _) | (None, Some(why)) => Component::failed("writer", State::Recovering, one_line(why)),
            (None, None) => self.liveness().components.remove(0),
        };
        let has_failed = self.chains.handles().any(|chain| chain.has_failed())
            || self.chains.accounts().any(|chain| chain.has_failed());
        let ledger = match has_failed {
            true => Component::failed("ledger", State::Stopped, "a change of the workspace panicked"),
            false => Component::ok("ledger"),
        };
        let mut components = vec![self.status.server(), database, writer, ledger];
        components.extend(self.status.nodes());
        components.extend(self.status.rescreening());
        Health::of(components)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(status: &Status) -> (State, String) {
        let component = status.nodes().pop().unwrap();
        assert_eq!(component.name, "node:bitcoin");
        (component.state, component.reason.unwrap_or_default())
    }

    #[test]
    fn a_node_is_ready_within_the_bounds() {
        let status = Status::new(FollowerBounds { max_lag_blocks: 2, max_silence: Duration::from_secs(300) });
        assert!(status.nodes().is_empty(), "no node is followed");
        status.follow("bitcoin");
        assert_eq!(node(&status).0, State::Starting);
        status.not_followed("bitcoin", "refused");
        assert_eq!(node(&status), (State::Starting, "the node was not read yet: refused".into()));
        status.followed("bitcoin", None, 1);
        assert_eq!(node(&status).0, State::Ok, "an empty ledger is two blocks behind height 1");
        status.followed("bitcoin", Some(97), 100);
        assert_eq!(node(&status).0, State::Behind);
        status.followed("bitcoin", Some(98), 100);
        assert_eq!(node(&status).0, State::Ok);
        status.not_followed("bitcoin", "refused");
        assert_eq!(node(&status).0, State::Ok, "one failed round is no outage");
        assert_eq!(status.followers()["bitcoin"].failures, 2);
        let strict = Status::new(FollowerBounds { max_lag_blocks: 2, max_silence: Duration::ZERO });
        strict.followed("bitcoin", Some(98), 100);
        std::thread::sleep(Duration::from_millis(5));
        assert_eq!(node(&strict).0, State::Unreachable);
    }

    #[tokio::test]
    async fn a_check_that_hangs_costs_one_thread() {
        let single = Single::default();
        let (release, wait) = std::sync::mpsc::channel::<()>();
        let hangs = move || wait.recv().is_ok();
        assert_eq!(single.run(Duration::from_millis(20), hangs).await, None, "it takes too long");
        assert_eq!(single.run(Duration::from_secs(5), || 1).await, None, "the first still runs");
        release.send(()).unwrap();
        while single.run(Duration::from_secs(5), || 1).await.is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
