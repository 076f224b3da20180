//! Prints what a request's span costs with a collector and without: `cargo run --release -p holdfast-otlp --example cost`.
//!
//! Spans are made as `serve` makes them, one after the other, and the collector, a thread of this process, throws away what it is sent: its work counts as
//! cost, so that the figure is an upper bound.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};
use tracing_subscriber::layer::SubscriberExt;

/// Requests of a round.
const REQUESTS: u32 = 100_000;
/// Rounds of each; the least counts, since others use the machine, too.
const ROUNDS: u32 = 5;

fn take(stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut line, mut length) = (String::new(), 0);
    while reader.read_line(&mut line)? > 2 {
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        line.clear();
    }
    std::io::copy(&mut reader.take(length), &mut std::io::sink())?;
    (&stream).write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}

fn round() -> Duration {
    let began = Instant::now();
    for n in 0..REQUESTS {
        let id = format!("{n:016x}");
        let span = tracing::error_span!(target: "holdfast_server::observe", "request", request_id = id, method = "POST", route = "/api/v1/events");
        span.in_scope(|| tracing::info!(target: "holdfast_server::observe", status = 200, duration_ms = 1, "answered"));
    }
    began.elapsed() / REQUESTS
}

fn least() -> Duration {
    (0..ROUNDS).map(|_| round()).min().unwrap_or_default()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let (spans, traces) = holdfast_otlp::to(&format!("http://{}", listener.local_addr()?), "0")?;
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            if let Err(e) = take(stream) {
                eprintln!("collector: {e}");
            }
        }
    });
    let without = tracing::subscriber::with_default(tracing_subscriber::registry(), least);
    let with = tracing::subscriber::with_default(tracing_subscriber::registry().with(spans), least);
    drop(traces);
    let more = with.saturating_sub(without);
    println!("a request's span: {with:?} with a collector, {without:?} without, {more:?} more");
    // One request is one decision or a batch of up to 1,000; single decisions are what it costs most.
    for (each, rate) in [("single decisions", 7_000.0), ("batches of 100", 100.0)] {
        println!("{each} at {rate} requests a second: {:.2}% of one core", more.as_secs_f64() * rate * 100.0);
    }
    Ok(())
}
