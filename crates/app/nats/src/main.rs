//! `holdfast-nats`: takes records and events from NATS JetStream to a Holdfast server, until Ctrl-C.

use clap::Parser;
use holdfast_nats::{Options, run};

#[derive(Parser)]
#[command(version, about = "Takes records and events from NATS JetStream to a Holdfast server.")]
struct Cli {
    #[command(flatten)]
    options: Options,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let (stopper, stop) = tokio::sync::watch::channel(false);
    tokio::spawn(async move {
        tokio::signal::ctrl_c().await.ok();
        let _ = stopper.send(true);
    });
    let options = Cli::parse().options;
    println!(
        "Taking {} and {} from {} to {}. Ctrl-C stops.",
        options.records, options.events, options.nats, options.server
    );
    let counts = run(options, stop).await?;
    println!("{} records taken, {} events decided, {} messages refused", counts.records, counts.events, counts.refused);
    Ok(())
}
