//! `holdfast-bench analytics`: export of a simulated chain as Parquet, and kernels over its segments, by the program `holdfast-analytics`.

use crate::chain::{Figure, timed};
use anyhow::{Context, bail};
use clap::Args;
use holdfast_console::output;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

#[derive(Args)]
pub struct AnalyticsBench {
    /// Transactions of the simulated chain: `holdfast-bench chain` with the same size, seed and folder made its ledger.
    #[arg(long, default_value_t = 3_000_000)]
    txs: u64,
    /// Seed of the simulation.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where that run worked.
    #[arg(long, default_value = "store/bench")]
    work: PathBuf,
    /// The program; the one beside this one when not given.
    #[arg(long)]
    program: Option<PathBuf>,
}

/// What a run of the program took.
struct Took {
    seconds: f64,
    peak_mib: f64,
    answer: serde_json::Value,
}

/// Returns the peak resident memory of a process in KiB, while it runs.
fn peak_kib(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix("kB")?.trim().parse().ok()
}

fn run_program(program: &Path, args: &[&str]) -> anyhow::Result<Took> {
    let mut peak = 0;
    let (output, seconds) = timed(|| -> anyhow::Result<_> {
        let mut command = Command::new(program);
        command.args(args).arg("--json").stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().with_context(|| program.display().to_string())?;
        let answer = child.stdout.take().context("its output is piped")?;
        let reader = std::thread::spawn(move || std::io::read_to_string(answer));
        // Peaks rise only: the last one before the end is it, but for what the last moment adds.
        let status = loop {
            peak = peak.max(peak_kib(child.id()).unwrap_or(0));
            match child.try_wait()? {
                Some(status) => break status,
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        };
        let text = reader.join().map_err(|_| anyhow::anyhow!("its output does not read"))??;
        Ok((status, text))
    });
    let (status, text) = output?;
    if !status.success() {
        bail!("{} {}: {status}; run it to see why", program.display(), args.join(" "));
    }
    Ok(Took { seconds, peak_mib: peak as f64 / 1024.0, answer: serde_json::from_str(&text)? })
}

pub fn run(args: &AnalyticsBench, as_json: bool) -> anyhow::Result<()> {
    let store = args.work.join(format!("sim-{}-{}", args.txs, args.seed));
    if !store.join("ledger").exists() {
        bail!("{}: no ledger here; run `holdfast-bench chain --txs {}` first", store.display(), args.txs);
    }
    let beside = std::env::current_exe()?.with_file_name("holdfast-analytics");
    let program = args.program.as_ref().unwrap_or(&beside);
    let dir = crate::work_folder(Some(&args.work))?;
    let mut figures = Vec::new();
    let mut add = |what: &str, value: f64, unit: &'static str, against: String| {
        eprintln!("{} txs: {what}: {value:.2} {unit}  ({against})", args.txs);
        figures.push(Figure { txs: args.txs, what: what.to_owned(), value, unit, against });
    };
    let path = |name: &str| dir.path().join(name).display().to_string();
    let (store, out) = (store.display().to_string(), path("out"));
    // Twelve segments, so that two cores share them evenly.
    let segment = (args.txs / 12 + 1).to_string();
    let export = ["export", store.as_str(), out.as_str(), "--segment-txs", segment.as_str()];
    let first = run_program(program, &export)?;
    add(
        "export as Parquet",
        first.seconds,
        "s",
        format!("goal for 3,000,000: 20 s; {:.0}% of it", first.seconds * 5.0),
    );
    add("the same, peak resident memory", first.peak_mib, "MiB", "goal 1,024 MiB".to_owned());
    let bytes = first.answer[0]["bytes"].as_u64().context("an export states its bytes")?;
    add("the same, size", bytes as f64 / args.txs as f64, "bytes a transaction", "all tables".to_owned());
    let again = run_program(program, &export)?;
    add("export of nothing new", again.seconds, "s", "segments compared, clusters brought up to the ledger".to_owned());
    for kernel in ["forest", "statistics", "features", "balances"] {
        let (one, two) = (path("one"), path("two"));
        let alone = run_program(program, &[kernel, &out, &one, "--threads", "1"])?;
        let both = run_program(program, &[kernel, &out, &two, "--threads", "2"])?;
        let goal = if kernel == "forest" { "; goal 1.6 times" } else { "" };
        add(&format!("{kernel}, one core"), alone.seconds, "s", format!("peak {:.0} MiB", alone.peak_mib));
        let times = alone.seconds / both.seconds;
        add(
            &format!("{kernel}, two cores"),
            both.seconds,
            "s",
            format!("{times:.2} times one core{goal}; peak {:.0} MiB", both.peak_mib),
        );
        let merged = run_program(program, &["merge", kernel, &out, &two])?;
        add(&format!("{kernel}, joined"), merged.seconds, "s", format!("peak {:.0} MiB", merged.peak_mib));
    }
    if as_json { output::json(&figures) } else { Ok(()) }
}
