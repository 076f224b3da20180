//! `holdfast demo`: the crate `holdfast-demo`, served.

use crate::serve::{AccessArgs, Listen, Outbox, background, serve_shared};
use clap::Args;
use std::path::PathBuf;

#[derive(Args)]
pub struct Demo {
    /// Folder of the demo's workspace; made when missing.
    #[arg(long, default_value = "store/demo")]
    store: PathBuf,
    /// Address to serve on.
    #[arg(long, default_value = "127.0.0.1:8650")]
    listen: String,
    /// Print the answer and stop instead of serving it.
    #[arg(long)]
    no_serve: bool,
}

pub fn run(args: Demo, as_json: bool) -> anyhow::Result<()> {
    let shared = holdfast_demo::run(&args.store, as_json)?;
    if args.no_serve {
        return Ok(());
    }
    let access = AccessArgs { open: true, ..AccessArgs::default() };
    serve_shared(
        shared,
        background(),
        Listen { address: args.listen, access, ..Listen::default() },
        Outbox::default(),
        None,
    )
}
