//! Metrics in Prometheus's text format.
//!
//! Names begin with `holdfast_` and end with their unit; labels come from closed sets (verdicts, routes, states, numbers of configured things),
//! never from what somebody sends.

pub use prometheus_client::metrics::counter::Counter;
pub use prometheus_client::metrics::family::Family;
pub use prometheus_client::metrics::gauge::Gauge;
pub use prometheus_client::metrics::histogram::Histogram;
pub use prometheus_client::registry::Registry;
use std::sync::atomic::AtomicU64;

/// Media type of the text format.
pub const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A gauge of fractions, such as seconds.
pub type FloatGauge = Gauge<f64, AtomicU64>;

/// Labels of a metric: names and values.
pub type Labels<const N: usize> = [(&'static str, String); N];

/// Upper bounds of times, in seconds: 0.5 ms to 60 s.
const SECONDS: [f64; 16] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

/// Returns a histogram of times in seconds.
#[must_use]
pub fn seconds() -> Histogram {
    Histogram::new(SECONDS)
}

/// Returns all metrics of a registry in the text format.
///
/// # Errors
/// A metric that cannot be written.
pub fn encode(registry: &Registry) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    prometheus_client::encoding::prometheus_text::encode(&mut text, registry)?;
    Ok(text)
}

/// Adds the version that runs, as a metric that is always 1.
pub fn register_build(registry: &mut Registry, version: &str) {
    let build: Family<Labels<1>, Gauge> = Family::default();
    build.get_or_create(&[("version", version.to_owned())]).set(1);
    registry.register("holdfast_build_info", "The version that runs", build);
}

/// What the process takes of the system, read from `/proc` (nothing on systems without it).
#[derive(Clone, Debug, Default)]
pub struct Process {
    cpu: Counter<f64, AtomicU64>,
    memory: Gauge,
    files: Gauge,
    threads: Gauge,
    started: FloatGauge,
}

/// Clock ticks a second in `/proc`, on every architecture that is supported.
const TICKS: f64 = 100.0;

impl Process {
    /// Adds the process's metrics to a registry; their values come with [`Process::read`].
    pub fn register(registry: &mut Registry) -> Self {
        let process = Process::default();
        registry.register("process_cpu_seconds", "User and system time", process.cpu.clone());
        registry.register("process_resident_memory_bytes", "Resident memory", process.memory.clone());
        registry.register("process_open_fds", "Open file descriptors", process.files.clone());
        registry.register("process_threads", "Threads", process.threads.clone());
        registry.register("process_start_time_seconds", "Start, Unix seconds", process.started.clone());
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        process.started.set(now.as_secs_f64());
        process
    }

    /// Reads the values of now.
    pub fn read(&self) {
        if let Ok(stat) = std::fs::read_to_string("/proc/self/stat")
            // The command's name stands in parentheses and may hold anything.
            && let Some((_, rest)) = stat.rsplit_once(')')
        {
            let field = |n: usize| rest.split_whitespace().nth(n - 3).and_then(|v| v.parse::<f64>().ok());
            if let (Some(user), Some(system)) = (field(14), field(15)) {
                let total = (user + system) / TICKS;
                self.cpu.inc_by((total - self.cpu.get()).max(0.0));
            }
        }
        if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
            let number = |name: &str| {
                let line = status.lines().find(|l| l.starts_with(name))?;
                line.split_whitespace().nth(1)?.parse::<i64>().ok()
            };
            if let Some(kib) = number("VmRSS:") {
                self.memory.set(kib * 1024);
            }
            if let Some(threads) = number("Threads:") {
                self.threads.set(threads);
            }
        }
        if let Ok(files) = std::fs::read_dir("/proc/self/fd") {
            self.files.set(i64::try_from(files.count()).unwrap_or(i64::MAX));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_written_as_prometheus_reads_them() {
        let mut registry = Registry::default();
        register_build(&mut registry, "1.2.3");
        let process = Process::register(&mut registry);
        let decisions: Family<Labels<1>, Counter> = Family::default();
        registry.register("holdfast_decisions", "Decisions by verdict", decisions.clone());
        decisions.get_or_create(&[("verdict", "hold".into())]).inc();
        let times = seconds();
        registry.register("holdfast_commit_seconds", "Time of a commit", times.clone());
        times.observe(0.003);
        process.read();
        let text = encode(&registry).unwrap();
        for line in [
            "# TYPE holdfast_decisions_total counter",
            "holdfast_decisions_total{verdict=\"hold\"} 1",
            "holdfast_build_info{version=\"1.2.3\"} 1",
            "holdfast_commit_seconds_bucket{le=\"0.0025\"} 0",
            "holdfast_commit_seconds_bucket{le=\"0.005\"} 1",
            "holdfast_commit_seconds_count 1",
            "# TYPE process_cpu_seconds_total counter",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is missing:\n{text}");
        }
        let memory = text.lines().find_map(|l| l.strip_prefix("process_resident_memory_bytes ")).unwrap();
        assert!(memory.parse::<u64>().unwrap() > 1 << 20, "{memory}");
    }
}
