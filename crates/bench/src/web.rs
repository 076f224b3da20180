//! `holdfast-bench web`: how soon the desk's pages are there in a real Chromium, on the demo's data and behind a long queue of alerts; and the explorer's
//! pictures, frames and memory with up to 5,000 nodes and 20,000 edges.

use anyhow::{Context, bail, ensure};
use clap::Args;
use holdfast_decision::{ChainFacts, Event, EventKind};
use holdfast_types::{Amount, Seconds, Timestamp};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

#[derive(Args)]
pub struct WebBench {
    /// Python with the package `playwright`; Chromium must be on the path.
    #[arg(long, default_value = "target/peers/venv/bin/python")]
    python: PathBuf,
    /// Open alerts behind the queue's page in the second part.
    #[arg(long, default_value_t = 10_000)]
    alerts: u64,
    /// Folder of the pages' scripts, for the explorer's figures: `npm ci` must have been run there.
    #[arg(long, default_value = "web")]
    web: PathBuf,
}

/// Loads pages; prints what it measured, one JSON object a line.
const SCRIPT: &str = include_str!("web.py");

/// Goals of the workplace's design by beginning and end of a measure's name; the first that fits.
const GOALS: [(&str, &str, f64); 12] = [
    ("10000 more alerts", "interactive", 400.0),
    ("", "server", 30.0),
    ("", "interactive", 300.0),
    ("", "longest", 100.0),
    ("", "first result", 100.0),
    ("explorer, 5000/20000", "explorer-seen", 1_000.0),
    ("explorer", "redraw of all", 200.0),
    ("explorer", "redraw at full size", 200.0),
    ("explorer", "pan, p95 of 120 frames", 20.0),
    ("explorer", "zoom, p95 of 120 frames", 20.0),
    ("explorer", "pan at full size, p95 of 120 frames", 20.0),
    ("explorer, 5000/20000", "heap", 50.0),
];

pub fn run(args: &WebBench, as_json: bool) -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let shared = holdfast_demo::run(dir.path(), true)?;
    ensure!(shared.open()?, "the demo's desk has keys: its pages would ask for one");
    // PostgreSQL's connections must not be closed by an asynchronous task.
    let keep = shared.clone();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))?;
    let url = format!("http://{}", listener.local_addr()?);
    let server = runtime.spawn(holdfast_server::serve(listener, shared, async move {
        let _ = stopped.await;
    }));
    let pages = json!({
        "alerts of the demo": "/desk/alerts", "first alert": "/desk/alerts/1", "events": "/desk/events", "cases": "/desk/cases", "case": "/desk/cases/1",
        "start": "/", "explorer": "/desk/graph",
    });
    let mut figures = measure(args, &url, &json!({"pages": pages, "find": [["Locky", "Locky"]]}))?;
    for n in 0..args.alerts {
        let time = Timestamp::from_unix(1_785_300_000) + Seconds::new(i64::try_from(n)?);
        let mut event = Event::new(EventKind::Withdrawal, format!("bench-{n}"), time, format!("bench-{}", n % 997));
        // No source covers this asset: each is reviewed.
        (event.asset, event.amount) = (Some("XMR".into()), Some(Amount::from(1_000_000 + n)));
        event.counterparty = Some(format!("bench-address-{n}"));
        keep.screening.decide(event, ChainFacts::default(), "bench")?;
    }
    let name = format!("{} more alerts", args.alerts);
    figures.extend(measure(args, &url, &json!({"pages": {name: "/desk/alerts"}, "find": []}))?);
    let _ = stop.send(());
    runtime.block_on(server)??;
    figures.extend(explorer(&args.web)?);
    if as_json {
        println!("{}", Value::from(figures));
        return Ok(());
    }
    for figure in &figures {
        let (what, unit) = (figure["what"].as_str().unwrap_or_default(), figure["unit"].as_str().unwrap_or_default());
        let fits = |(start, end, _): &&(&str, &str, f64)| what.starts_with(start) && what.ends_with(end);
        let goal = GOALS.iter().find(fits).map_or(String::new(), |(.., g)| format!("goal {g}"));
        println!("{what:<52} {:>12.1} {unit:<6} {goal}", figure["value"].as_f64().unwrap_or(f64::NAN));
    }
    Ok(())
}

/// Has the browser load the pages.
fn measure(args: &WebBench, url: &str, asked: &Value) -> anyhow::Result<Vec<Value>> {
    let output = Command::new(&args.python)
        .args(["-c", SCRIPT, url, &asked.to_string()])
        .output()
        .with_context(|| args.python.display().to_string())?;
    if !output.status.success() {
        bail!("the browser: {}", String::from_utf8_lossy(&output.stderr));
    }
    let text = String::from_utf8(output.stdout)?;
    Ok(text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
}

/// Has `npm run bench` measure the explorer on a static page.
fn explorer(web: &Path) -> anyhow::Result<Vec<Value>> {
    if !web.join("node_modules").is_dir() {
        bail!(
            "the explorer: {} has no node_modules; run `npm ci --ignore-scripts` there, or name the folder by --web",
            web.display()
        );
    }
    let output = Command::new("npm")
        .args(["run", "--silent", "bench", "--", "dist", "5", "--json"])
        .current_dir(web)
        .output()
        .context("npm")?;
    if !output.status.success() {
        bail!("the explorer: {}", String::from_utf8_lossy(&output.stderr));
    }
    let text = String::from_utf8(output.stdout)?;
    // What is built first tells its sizes.
    Ok(text.lines().filter(|line| line.starts_with('{')).map(serde_json::from_str).collect::<Result<_, _>>()?)
}
