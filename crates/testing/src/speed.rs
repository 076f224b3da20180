//! Speed on one core, for examples that measure it.

use std::time::{Duration, Instant};

/// Returns the time that this thread had a core (Linux), else the time since the start.
fn core_time(start: Instant) -> Duration {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = statistics.split(' ').next().and_then(|n| n.parse().ok());
    nanoseconds.map_or_else(|| start.elapsed(), Duration::from_nanos)
}

/// Repeats work for two seconds of a core and prints how many transactions it does in a second, where each time does `each` of them.
pub fn measure(what: &str, each: u64, mut work: impl FnMut()) {
    let (start, mut rounds) = (Instant::now(), 0u32);
    let before = core_time(start);
    while core_time(start).saturating_sub(before) < Duration::from_secs(2) {
        work();
        rounds += 1;
    }
    let seconds = core_time(start).saturating_sub(before).as_secs_f64() / f64::from(rounds);
    println!("{what:<42} {:>12.0} transactions/s", f64::from(u32::try_from(each).unwrap_or(u32::MAX)) / seconds);
}
