//! `holdfast-bench analytics`: export of a simulated chain as Parquet, and kernels over its segments, by the program `holdfast-analytics`: on one core
//! and two, or scheduled by Spark on one worker and two.

use crate::chain::{Figure, simulated_ledger, timed};
use anyhow::{Context, bail};
use clap::Args;
use holdfast_console::output;
use holdfast_utxo_ledger::{AppendOptions, Ledger, MemoryBlock, MemoryFeed};
use serde_json::Value;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Kernels, those first that take longest: what Spark's last tasks are then evens out.
const KERNELS: [&str; 4] = ["features", "statistics", "balances", "forest"];
/// Segments, so that two cores share them evenly.
const SEGMENTS: u64 = 12;
const SPEED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../analytics/kernels/tests/peers/spark_speed.py");

#[derive(Args)]
pub struct AnalyticsBench {
    /// Transactions of the simulated chain; what an earlier run with the same size, seed and folder made is used again.
    #[arg(long, default_value_t = 3_000_000)]
    txs: u64,
    /// Seed of the simulation.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where to work.
    #[arg(long, default_value = "store/bench")]
    work: PathBuf,
    /// The program; the one beside this one when not given.
    #[arg(long)]
    program: Option<PathBuf>,
    /// Measure the kernels on Spark instead, with one worker and with two.
    #[arg(long)]
    spark: bool,
    /// Python with the packages `pyspark`, `pandas` and `pyarrow`.
    #[arg(long, default_value = "target/peers/analytics/bin/python")]
    python: PathBuf,
}

/// What a run of the program took.
struct Took {
    seconds: f64,
    peak_mib: f64,
    answer: Value,
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

/// A chain, and where its export and results go.
struct Bench<'a> {
    txs: u64,
    program: &'a Path,
    store: &'a Path,
    dir: &'a Path,
    figures: Vec<Figure>,
}

pub fn run(args: &AnalyticsBench, as_json: bool) -> anyhow::Result<()> {
    let store = simulated_ledger(&args.work, args.txs, args.seed)?;
    let beside = std::env::current_exe()?.with_file_name("holdfast-analytics");
    let program = args.program.as_ref().unwrap_or(&beside);
    if !program.exists() {
        bail!("{}: not built; run `cargo build --release -p holdfast-analytics`", program.display());
    }
    let dir = crate::work_folder(Some(&args.work))?;
    let mut bench = Bench { txs: args.txs, program, store: &store, dir: dir.path(), figures: Vec::new() };
    if args.spark {
        bench.spark(&args.python)?;
    } else {
        bench.export()?;
        bench.followed()?;
        bench.kernels()?;
    }
    if as_json { output::json(&bench.figures) } else { crate::chain::print("transactions", &bench.figures) }
}

impl Bench<'_> {
    fn add(&mut self, what: &str, value: f64, unit: &'static str, against: String) {
        eprintln!("{} txs: {what}: {value:.2} {unit}  ({against})", self.txs);
        self.figures.push(Figure { txs: self.txs, what: what.to_owned(), value, unit, against });
    }

    fn path(&self, name: &str) -> String {
        self.dir.join(name).display().to_string()
    }

    fn exported(&self, name: &str, more: &[&str]) -> anyhow::Result<Took> {
        let (store, out) = (self.store.display().to_string(), self.path(name));
        run_program(self.program, &[&["export", store.as_str(), out.as_str()], more].concat())
    }

    /// The export whose segments the kernels share.
    fn segments(&self) -> anyhow::Result<Took> {
        self.exported("out", &["--segment-txs", (self.txs / SEGMENTS + 1).to_string().as_str()])
    }

    fn export(&mut self) -> anyhow::Result<()> {
        let first = self.segments()?;
        let share = first.seconds * 5.0;
        self.add("export as Parquet", first.seconds, "s", format!("goal for 3,000,000: 20 s; {share:.0}% of it"));
        self.add("the same, peak resident memory", first.peak_mib, "MiB", "goal 1,024 MiB".to_owned());
        let bytes = first.answer[0]["bytes"].as_u64().context("an export states its bytes")?;
        let each = bytes as f64 / self.txs as f64;
        self.add("the same, size", each, "bytes a transaction", "all tables".to_owned());
        let again = self.segments()?;
        self.add("export of nothing new", again.seconds, "s", "its files compared with the ledger".to_owned());
        Ok(())
    }

    /// Takes the last block off, and follows it again, with segments of the usual size.
    fn followed(&mut self) -> anyhow::Result<()> {
        let path = self.store.join("ledger");
        let mut ledger = Ledger::open_for_writing(&path)?;
        let last = ledger.counts().blocks.checked_sub(1).context("an empty ledger")?;
        let block = MemoryBlock { height: ledger.block(last).height, block: ledger.raw_block(last)?, spent: None };
        let (height, txs) = (block.height, block.block.txs.len());
        ledger.truncate(height)?;
        drop(ledger);
        self.exported("followed", &[])?;
        let mut ledger = Ledger::open_for_writing(&path)?;
        ledger.append(&MemoryFeed(vec![block]), &AppendOptions::default(), &mut |_| ControlFlow::Continue(()))?;
        drop(ledger);
        let one = self.exported("followed", &[])?;
        let written = one.answer[0]["written"].as_array().map_or(0, Vec::len);
        let against = format!("goal 1 s; {txs} transactions, {written} segment changed");
        self.add("export of one new block", one.seconds, "s", against);
        Ok(())
    }

    fn kernels(&mut self) -> anyhow::Result<()> {
        let out = self.path("out");
        for kernel in KERNELS {
            let (one, two) = (self.path("one"), self.path("two"));
            let alone = run_program(self.program, &[kernel, &out, &one, "--threads", "1"])?;
            let both = run_program(self.program, &[kernel, &out, &two, "--threads", "2"])?;
            let goal = if kernel == "forest" { "; goal 1.6 times" } else { "" };
            let peak = format!("peak {:.0} MiB", alone.peak_mib);
            self.add(&format!("{kernel}, one core"), alone.seconds, "s", peak);
            let times = alone.seconds / both.seconds;
            let against = format!("{times:.2} times one core{goal}; peak {:.0} MiB", both.peak_mib);
            self.add(&format!("{kernel}, two cores"), both.seconds, "s", against);
            let merged = run_program(self.program, &["merge", kernel, &out, &two])?;
            let peak = format!("peak {:.0} MiB", merged.peak_mib);
            self.add(&format!("{kernel}, joined"), merged.seconds, "s", peak);
        }
        Ok(())
    }

    fn spark(&mut self, python: &Path) -> anyhow::Result<()> {
        self.segments()?;
        let [one, two] = [1, 2].map(|workers| self.spark_stage(python, workers));
        let (one, two) = (one?, two?);
        if one["digests"] != two["digests"] || one["digests"].as_array().is_none_or(Vec::is_empty) {
            bail!("one worker and two give other digests: {} and {}", one["digests"], two["digests"]);
        }
        let seconds = |answer: &Value| answer["stage_seconds"].as_f64().filter(|s| *s > 0.0).context("no stage");
        let (alone, both) = (seconds(&one)?, seconds(&two)?);
        let enough =
            if alone < 60.0 { "less than the 60 s that the goal is for: name more --txs" } else { "at least 60" };
        let of = format!("the stage of {} tasks; {enough}", one["tasks"]);
        self.add("kernels on Spark, one worker", alone, "s", of);
        let against = format!("{:.2} times one worker; goal 1.4 times; equal digests", alone / both);
        self.add("kernels on Spark, two workers", both, "s", against);
        Ok(())
    }

    fn spark_stage(&self, python: &Path, workers: u8) -> anyhow::Result<Value> {
        let chains = std::fs::read_dir(self.dir.join("out"))?.collect::<Result<Vec<_>, _>>()?;
        let [export] = chains.as_slice() else { bail!("{}: not one chain", self.path("out")) };
        let mut command = Command::new(python);
        command.args([SPEED, &workers.to_string()]).arg(self.program).arg(export.path());
        command.arg(self.dir.join(format!("spark-{workers}"))).args(KERNELS).stderr(Stdio::inherit());
        let output = command.output().with_context(|| python.display().to_string())?;
        if !output.status.success() {
            bail!("{SPEED}: {}", output.status);
        }
        let text = String::from_utf8(output.stdout)?;
        Ok(serde_json::from_str(text.lines().last().unwrap_or_default())?)
    }
}
