//! `holdfast-bench sharing`: private matching and the way of a flag.

use clap::Args;
use curve25519_dalek::{RistrettoPoint, Scalar};
use holdfast_console::output::{self, thousands};
use holdfast_decision::flags::State;
use holdfast_demo::sharing::{Pair, known, small_desk};
use holdfast_sharing::psi::{Holder, Querier, normal};
use rayon::prelude::*;
use serde_json::json;
use std::time::Instant;

#[derive(Args)]
pub struct SharingBench {
    /// Items of the institution that holds the list.
    #[arg(long, default_value_t = 1_000_000)]
    held: u64,
    /// Items of the institution that asks.
    #[arg(long, default_value_t = 10_000)]
    asked: u64,
    /// Flags whose way is measured.
    #[arg(long, default_value_t = 20)]
    flags: u32,
}

pub fn run(args: &SharingBench, as_json: bool) -> anyhow::Result<()> {
    let lines = |range: std::ops::Range<u64>| range.map(|i| format!("customer{i}@example.org\n")).collect::<String>();
    let held = normal(&lines(0..args.held), usize::MAX)?;
    // A tenth of what is asked about is shared.
    let shared = args.asked / 10;
    let from = args.held.saturating_sub(shared);
    let asked = normal(&lines(from..from + args.asked), usize::MAX)?;
    let mut steps = Vec::new();
    let mut time = |what: &'static str, begun: Instant| steps.push((what, begun.elapsed().as_secs_f64()));
    let whole = Instant::now();
    let begun = Instant::now();
    let holder = Holder::new(&[9; 32])?;
    let values = holder.values(&held)?;
    time("the holder's list", begun);
    let begun = Instant::now();
    let querier = Querier::new(asked)?;
    time("blinding", begun);
    let begun = Instant::now();
    let answer = holder.evaluate(querier.blinded())?;
    time("blind evaluation", begun);
    let begun = Instant::now();
    let found = querier.shared(&values, &answer)?;
    time("unblinding and comparing", begun);
    let total = whole.elapsed().as_secs_f64();
    anyhow::ensure!(found.len() as u64 == shared.min(args.held), "{} items found, {shared} are shared", found.len());
    // The limit: one multiplication of a random point by a scalar for each of the holder's items, three for each asked one, on all cores.
    let points: Vec<(RistrettoPoint, Scalar)> = (0..2_000u64)
        .map(|i| {
            let hash = |n: u64| <sha2::Sha512 as sha2::Digest>::digest(n.to_le_bytes());
            (
                RistrettoPoint::from_uniform_bytes(&hash(i).into()),
                Scalar::from_bytes_mod_order_wide(&hash(i + 1_000_000).into()),
            )
        })
        .collect();
    let begun = Instant::now();
    let sum: u64 = points.par_iter().map(|(p, s)| u64::from((p * s).compress().0[0])).sum();
    let each = begun.elapsed().as_secs_f64() / points.len() as f64;
    std::hint::black_box(sum);
    let limit = each * (args.held + 3 * args.asked) as f64;

    let dir = tempfile::tempdir()?;
    let a = small_desk(dir.path())?;
    let pair = Pair::new(&a)?;
    let mut ways = Vec::new();
    for i in 0..args.flags {
        let raised = a.sharing().raise(pair.flag(&format!("0x{i:040x}")), "bench")?;
        ways.push(known(&pair.b.screening, &raised.flag.id, State::Open)?.as_secs_f64() * 1_000.0);
        // Not in step with the other's readings.
        std::thread::sleep(std::time::Duration::from_millis(137 * u64::from(i % 7)));
    }
    ways.sort_by(f64::total_cmp);
    let (median, longest) = (ways.get(ways.len() / 2).copied().unwrap_or(0.0), ways.last().copied().unwrap_or(0.0));
    if as_json {
        return output::json(
            &json!({ "held": args.held, "asked": args.asked, "found": found.len(), "seconds": total, "limit_seconds": limit,
            "steps": steps, "flag_ms": { "median": median, "longest": longest, "flags": args.flags } }),
        );
    }
    println!(
        "private matching, {} against {}: {total:.1} s, {:.2} times the bare multiplications ({limit:.1} s)",
        thousands(args.held),
        thousands(args.asked),
        total / limit
    );
    steps.iter().for_each(|(what, seconds)| println!("    {what}: {seconds:.2} s"));
    println!(
        "a flag's way to the other exchange's decisions, {} flags: median {median:.0} ms, longest {longest:.0} ms; goal 2,000 ms",
        args.flags
    );
    Ok(())
}
