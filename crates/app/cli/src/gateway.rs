//! `holdfast serve --role api`: takes requests for the servers of a desk.

use crate::serve::{bind, bind_metrics, end_in_time, stopped};
use clap::Args;
use holdfast_server::gateway::{Desks, Gateway, serve_gateway};
use holdfast_telemetry::service;
use std::time::Duration;

/// The desk behind `--role api`.
#[derive(Args, Clone, Default)]
pub struct GatewayArgs {
    /// With `--role api`: a server of the desk, as http://HOST:PORT; repeat it for each of its standbys. The one that has the desk is found by asking.
    #[arg(long = "desk")]
    desks: Vec<String>,
    /// With `--role api`: seconds for which an event, or a request that changes nothing, is sent again while no server has the desk.
    #[arg(long, default_value_t = 10)]
    desk_patience: u64,
}

/// Serves until a signal to stop.
pub fn serve(args: &GatewayArgs, addresses: (&str, Option<&str>), passed: service::Sockets) -> anyhow::Result<()> {
    let gateway = Gateway::new(Desks::new(&args.desks, Duration::from_secs(args.desk_patience.min(60)))?);
    let listener = bind(passed.http, addresses.0, "--listen")?;
    let metrics = bind_metrics(passed.metrics, addresses.1)?;
    let address = listener.local_addr()?;
    std::thread::Builder::new().name("stop-time".into()).spawn(end_in_time)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("http").build()?;
    runtime.block_on(async {
        if let Some(listener) = metrics {
            tracing::info!(address = %listener.local_addr()?, "metrics are served");
            let listener = tokio::net::TcpListener::from_std(listener)?;
            tokio::spawn(serve_gateway(listener, gateway.metrics_router(), stopped()));
        }
        if let Some(limit) = service::watchdog() {
            // It speaks while the tasks that serve requests are run.
            tokio::spawn(async move {
                loop {
                    service::alive();
                    tokio::time::sleep(limit / 2).await;
                }
            });
        }
        let listener = tokio::net::TcpListener::from_std(listener)?;
        println!("Serving on http://{address} for the desk at {}. Ctrl-C stops.", args.desks.join(", "));
        service::ready();
        serve_gateway(listener, gateway.router(), stopped()).await
    })?;
    runtime.shutdown_timeout(Duration::from_millis(500));
    tracing::info!("stopped");
    Ok(())
}
