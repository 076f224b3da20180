//! `holdfast-nats`: sends records and events from NATS JetStream to a Holdfast server, until Ctrl-C.

use clap::Parser;
use holdfast_nats::{Options, run};
use holdfast_telemetry::logs::{self, DEFAULT_FILTER, Filter, Format};

#[derive(Parser)]
#[command(version, about = "Takes records and events from NATS JetStream to a Holdfast server.")]
struct Cli {
    #[command(flatten)]
    options: Options,
    /// What is logged: a level (error, warn, info, debug, trace, off) or TARGET=LEVEL, joined by commas.
    #[arg(long, env = "HOLDFAST_LOG", default_value = DEFAULT_FILTER)]
    log: Filter,
    /// Form of the log on standard error: text or json.
    #[arg(long, env = "HOLDFAST_LOG_FORMAT", default_value = "text")]
    log_format: Format,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let (stopper, stop) = tokio::sync::watch::channel(false);
    tokio::spawn(async move {
        tokio::signal::ctrl_c().await.ok();
        let _ = stopper.send(true);
    });
    let Cli { options, log, log_format } = Cli::parse();
    logs::start(log_format, log)?;
    logs::log_panics();
    println!(
        "Taking {} and {} from {} to {}. Ctrl-C stops.",
        options.records, options.events, options.nats, options.server
    );
    let counts = run(options, stop).await?;
    println!("{} records taken, {} events decided, {} messages refused", counts.records, counts.events, counts.refused);
    Ok(())
}
