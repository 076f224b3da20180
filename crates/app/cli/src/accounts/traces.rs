//! `holdfast trace`, `exposure` and `paths` on account chains, by the store's server where one runs.

use super::print;
use crate::chain_reader::server_of;
use crate::lookup::ChainArgs;
use crate::options::{AccountChoice, LinkArgs, with_options};
use crate::output::{self, counted, name_of};
use holdfast_account_workspace::AccountWorkspace;
use holdfast_account_workspace::exposure::{AccountExposureReport, ExposureSide};
use holdfast_account_workspace::trace_report::{AccountTraceReport, Party};
use holdfast_account_workspace::traces::{AccountPathReport, AccountTraceRequest};
use holdfast_analysis::TraceOptions;
use holdfast_attribution::Tlp;
use holdfast_chains::{open_accounts, pick_accounts};
use holdfast_client::{Client, Request, api_path};
use holdfast_types::Timestamp;
use holdfast_workspace::WorkspaceError;
use serde::de::DeserializeOwned;

/// Returns what is traced.
pub fn request(subject: &str, of: &AccountChoice, links: &LinkArgs, options: TraceOptions) -> AccountTraceRequest {
    let usual = AccountTraceRequest::new(subject);
    AccountTraceRequest {
        asset: of.asset.clone(),
        options,
        links: !links.no_links,
        max_link_error_ppm: links.max_link_error_ppm.unwrap_or(usual.max_link_error_ppm),
        ..usual
    }
}

/// Answers a question about a text on the chain that is meant, with all others of the store as its peers.
fn query<T: DeserializeOwned>(
    at: &ChainArgs,
    of: &AccountChoice,
    text: &str,
    files: impl FnOnce(&AccountWorkspace) -> Result<T, WorkspaceError>,
    server: impl for<'c> FnOnce(&'c Client) -> Request<'c>,
) -> anyhow::Result<T> {
    if let Some(client) = server_of(&at.store, &at.server)? {
        let request = server(&client).query_opt("asset", of.asset.as_deref());
        return Ok(request.query_opt("chain", of.name.as_deref()).fetch()?);
    }
    let chains = open_accounts(&at.store.store)?;
    let chain = pick_accounts(&chains, text, of.name.as_deref())?;
    Ok(files(&chain.among(&chains))?)
}

/// Adds what is traced to a request of the API.
pub(super) fn parameters<'c>(request: Request<'c>, of: &AccountTraceRequest) -> Request<'c> {
    let request = request.query("links", of.links).query("max_link_error_ppm", of.max_link_error_ppm);
    with_options(request, &of.options)
}

pub fn trace(at: &ChainArgs, of: &AccountChoice, request: &AccountTraceRequest) -> anyhow::Result<AccountTraceReport> {
    query(
        at,
        of,
        &request.subject,
        |w| w.account_trace_for(request, Tlp::Red),
        |c| {
            let call = c.get("/api/v1/account-chains/trace").query("subject", &request.subject);
            parameters(call.query("direction", name_of(&request.options.direction)), request)
        },
    )
}

pub fn exposure(at: &ChainArgs, of: &AccountChoice, subject: &str, as_json: bool) -> anyhow::Result<()> {
    let report: AccountExposureReport = query(
        at,
        of,
        subject,
        |w| w.exposure(subject, of.asset.as_deref()),
        |c| c.get(&api_path(&["account-chains", "exposure", subject])),
    )?;
    if as_json {
        return output::json(&report);
    }
    print_exposure(&report);
    Ok(())
}

fn percent(ppm: u64) -> String {
    format!("{}.{:02}%", ppm / 10_000, ppm / 100 % 100)
}

fn print_exposure(report: &AccountExposureReport) {
    println!("Exposure of {} on {}", report.subject, report.chain);
    for of in &report.assets {
        let score = match of.risk_score {
            None => "unknown".to_owned(),
            Some(score) if of.gaps.is_empty() => format!("{score} of 100"),
            Some(score) => format!("at least {score} of 100"),
        };
        println!("{}: risk score {score}", print::asset_line(&of.asset));
        let side = |name: &str, side: &ExposureSide| {
            println!("  {name} ({}):", of.asset.amount(side.amount));
            for line in &side.by_category {
                println!(
                    "    {:>8} {} [{} risk] direct {}, indirect {}",
                    percent(line.share_ppm),
                    line.category,
                    line.risk,
                    of.asset.amount(line.direct),
                    of.asset.amount(line.indirect)
                );
            }
            for line in &side.unattributed {
                let amount = of.asset.amount(line.amount);
                println!("    {:>8} nobody known: {} {amount}", percent(line.share_ppm), line.reason);
            }
        };
        side("source", &of.source);
        side("destination", &of.destination);
        of.gaps.iter().for_each(|gap| println!("  note: {gap}"));
    }
    if report.assets.is_empty() {
        println!("It moved nothing of that.");
    }
    if report.assets_left_out > 0 {
        println!("{} not looked at; name them with --asset.", counted(report.assets_left_out, "further asset"));
    }
    let bounds = report.bounds;
    println!(
        "Bounds: the latest {} transfers of each direction, {} transfers away, {} movements.",
        bounds.max_transfers, bounds.max_hops, bounds.max_edges
    );
    report.gaps.iter().for_each(|gap| println!("note: {gap}"));
}

pub fn paths(
    at: &ChainArgs,
    of: &AccountChoice,
    request: &AccountTraceRequest,
    (to, to_chain): (&str, Option<&str>),
    most: usize,
    as_json: bool,
) -> anyhow::Result<()> {
    let paths: Vec<AccountPathReport> = query(
        at,
        of,
        &request.subject,
        |w| w.account_paths_for(request, (to, to_chain), most, Tlp::Red),
        |c| {
            let call = c.get("/api/v1/account-chains/paths").query("from", &request.subject).query("to", to);
            parameters(call.query_opt("to_chain", to_chain).query("most", most), request)
        },
    )?;
    if as_json {
        return output::json(&paths);
    }
    if paths.is_empty() {
        println!("No path within the bounds.");
    }
    for path in &paths {
        let unit = path.steps.last().map(|step| &step.transfer.asset);
        let amount = unit.map_or_else(|| path.amount.to_string(), |asset| asset.amount(path.amount));
        println!("{amount} by {}:", counted(path.steps.len() as u64, "transfer"));
        for step in &path.steps {
            let transfer = &step.transfer;
            let side = |party: &Option<Party>, nobody: &str| match party {
                Some(Party { address, label: Some(label), .. }) => format!("{address} [{label}]"),
                Some(party) => party.address.clone(),
                None => nobody.to_owned(),
            };
            let time = i64::try_from(transfer.time).unwrap_or(i64::MAX);
            println!(
                "  {} {} {} -> {}",
                Timestamp::from_unix(time).rfc3339(),
                transfer.asset.amount(step.marked),
                side(&transfer.from, "(new)"),
                side(&transfer.to, "(destroyed)")
            );
            println!("      {} on {}, block {}", transfer.id, transfer.chain, transfer.height);
        }
    }
    Ok(())
}
