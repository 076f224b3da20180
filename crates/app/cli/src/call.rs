//! `holdfast call`: a request to the API, of the running server or of the store itself.

use crate::args::DeskArgs;
use crate::desk::read_policy;
use crate::desk_key::anchors;
use crate::running::Reach;
use anyhow::{Context, bail};
use clap::Args;
use holdfast_console::desk_key::key_ring;
use holdfast_console::vault;
use holdfast_requests::Site;
use holdfast_state::AppState;
use holdfast_workspace::Workspace;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(Args)]
pub struct Call {
    #[command(flatten)]
    desk: DeskArgs,
    /// GET, POST, PUT or DELETE.
    method: String,
    /// Path and query, such as /api/v1/desk/requests?state=open.
    path: String,
    /// File with the body, - for the standard input.
    #[arg(long)]
    body: Option<PathBuf>,
    /// The body itself.
    #[arg(long, conflicts_with = "body")]
    data: Option<String>,
    /// Session of the officers' portal.
    #[arg(long)]
    session: Option<String>,
    /// File for the answer, instead of the standard output.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Policy on requests from law enforcement (YAML) instead of the default one.
    #[arg(long)]
    policy: Option<PathBuf>,
    /// Origin of the officers' portal, to which passkeys are bound.
    #[arg(long, env = "HOLDFAST_SITE")]
    site: Option<String>,
}

pub fn call_command(args: Call) -> anyhow::Result<()> {
    use std::io::Read;
    let body = match (&args.body, args.data) {
        (_, Some(data)) => data.into_bytes(),
        (Some(file), None) if file.as_os_str() == "-" => {
            let mut bytes = Vec::new();
            std::io::stdin().take(holdfast_state::MAX_BODY as u64 + 1).read_to_end(&mut bytes)?;
            bytes
        }
        (Some(file), None) => std::fs::read(file).with_context(|| file.display().to_string())?,
        (None, None) => Vec::new(),
    };
    let store = &args.desk.store.store;
    let screening = match args.desk.reach()? {
        Reach::Here(screening) => screening,
        Reach::There(server) => {
            let session = args.session.map(|s| format!("Bearer {s}"));
            // Endpoints that take files take any type; the others JSON.
            let headers = session.as_deref().map(|s| ("authorization", s));
            let request = headers.iter().fold(server.request(&args.method, &args.path), |r, (n, v)| r.header(n, v));
            let answer = match body.is_empty() {
                true => request,
                false => request.body(body, "application/json"),
            }
            .send()?;
            return answered(answer.status, &answer.body, args.out.as_deref());
        }
    };
    let workspace = Workspace::open(store)?;
    let key_ring = key_ring(store, &screening)?;
    let mut shared = AppState::new(workspace, screening, key_ring.clone(), vault(store))?;
    shared.anchors = Some(Arc::new(anchors(store, &key_ring)));
    if let Some(policy) = &args.policy {
        shared.policy = Arc::new(read_policy(policy)?);
    }
    if let Some(site) = &args.site {
        shared.site = Arc::new(Site::new(site)?);
    }
    let session = args.session.map(|s| format!("Bearer {s}"));
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(session.as_deref().map(|s| ("authorization", s)));
    let _keep = shared.clone();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let call = holdfast_server::call(shared, &args.desk.actor, &args.method, &args.path, &headers, body);
    let (status, _, bytes) = runtime.block_on(call).map_err(anyhow::Error::msg)?;
    answered(status, &bytes, args.out.as_deref())
}

/// Writes an answer out, or its error.
fn answered(status: u16, bytes: &[u8], out: Option<&Path>) -> anyhow::Result<()> {
    use std::io::Write;
    if !(200..300).contains(&status) {
        bail!("{status}: {}", String::from_utf8_lossy(bytes));
    }
    match out {
        Some(file) => std::fs::write(file, bytes).with_context(|| file.display().to_string())?,
        None => {
            let mut out = std::io::stdout().lock();
            match serde_json::from_slice::<serde_json::Value>(bytes) {
                Ok(json) => writeln!(out, "{}", serde_json::to_string_pretty(&json)?)?,
                Err(_) => out.write_all(bytes)?,
            }
        }
    }
    Ok(())
}
