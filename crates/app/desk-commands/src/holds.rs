//! `holdfast holds`: holds and freezes.

use crate::answer::Fields;
use crate::args::DeskArgs;
use crate::output::thousands;
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use holdfast_client::api_path;
use holdfast_decision::Scope;
use holdfast_screening::holds::{HoldFilter, HoldRequest, Release};
use holdfast_screening::service::system_clock;
use holdfast_screening::{Screening, ScreeningError};
use holdfast_types::units::with_unit;
use holdfast_types::{Amount, Seconds};
use serde_json::{Value, json};

#[derive(Subcommand)]
pub enum HoldsCommand {
    /// List holds and freezes.
    List {
        #[command(flatten)]
        desk: DeskArgs,
        /// active, released or expired.
        #[arg(long)]
        state: Option<String>,
        /// Only those of one customer.
        #[arg(long)]
        customer: Option<String>,
    },
    /// Show a hold, whatever became of it.
    Show {
        #[command(flatten)]
        desk: DeskArgs,
        /// Its number.
        id: u64,
    },
    /// Place a hold or freeze.
    Place(Box<PlaceArgs>),
    /// Release a hold; where a second person is needed, the first call proposes and another person's call confirms.
    Release {
        #[command(flatten)]
        desk: DeskArgs,
        id: u64,
        /// Amount in base units; all when absent.
        #[arg(long)]
        amount: Option<Amount>,
        #[arg(long)]
        reason: String,
        /// The customer confirmed the address of the withdrawal, which imitates another one: it is not warned of again.
        #[arg(long)]
        address_confirmed: bool,
    },
    /// Check that all holds balance to the base unit.
    Check {
        #[command(flatten)]
        desk: DeskArgs,
    },
}

#[derive(Args)]
pub struct PlaceArgs {
    #[command(flatten)]
    desk: DeskArgs,
    /// Your id of the hold; repeated, it places nothing new.
    #[arg(long)]
    id: String,
    /// account, asset, amount or deposit.
    #[arg(long)]
    scope: String,
    #[arg(long)]
    customer: String,
    #[arg(long)]
    account: Option<String>,
    #[arg(long)]
    asset: Option<String>,
    /// Amount in base units.
    #[arg(long)]
    amount: Option<Amount>,
    /// Movement on chain: asset:tx:output.
    #[arg(long)]
    transfer: Option<String>,
    /// Legal or contractual basis.
    #[arg(long)]
    basis: String,
    #[arg(long)]
    reason: String,
    /// Hours until it expires.
    #[arg(long)]
    expires_hours: Option<u32>,
}

/// Most holds of a list.
const MAX_LISTED: usize = 1_000;

pub fn holds(command: HoldsCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        HoldsCommand::List { desk, state, customer } => list(&desk, state, customer, as_json),
        HoldsCommand::Show { desk, id } => show(&desk, id, as_json),
        HoldsCommand::Place(args) => place(*args, as_json),
        HoldsCommand::Release { desk, id, amount, reason, address_confirmed } => {
            release(&desk, id, &Release { amount, reason, address_confirmed }, as_json)
        }
        HoldsCommand::Check { desk } => check(&desk, as_json),
    }
}

fn list(desk: &DeskArgs, state: Option<String>, customer: Option<String>, as_json: bool) -> anyhow::Result<()> {
    let filter = HoldFilter { state, customer, limit: MAX_LISTED, ..HoldFilter::default() };
    let list = desk.read(
        "/api/v1/holds",
        |s| s.holds(&filter),
        |request| {
            let request = request.query("limit", MAX_LISTED);
            request.query_opt("state", filter.state.as_ref()).query_opt("customer", filter.customer.as_ref())
        },
    )?;
    if as_json {
        return list.print();
    }
    for h in list.rows("holds") {
        let what = covers(h);
        let (id, state, scope) = (h.count("id"), h.word("state"), h.word("scope"));
        println!("{id:>6} {state:<8} {scope:<7}{what} of {}: {}", h.word("customer"), h.word("reason"));
    }
    Ok(())
}

/// What a hold covers, or covered when it ended.
fn covers(hold: &Value) -> String {
    let placed = &hold["amount"];
    let is_active = hold.word("state") == "active";
    let amount = if is_active || placed.is_null() { &hold["held"] } else { placed };
    hold["asset"].as_str().map_or(String::new(), |asset| format!(" {}", with_unit(units(amount), asset)))
}

fn show(desk: &DeskArgs, id: u64, as_json: bool) -> anyhow::Result<()> {
    let path = api_path(&["holds", &id.to_string()]);
    let hold = desk.read(&path, |s| s.hold(id), |request| request)?;
    if as_json {
        return hold.print();
    }
    let what = covers(&hold);
    println!("hold {id} is {}: {}{what} of {}", hold.word("state"), hold.word("scope"), hold.word("customer"));
    println!("  basis    {}", hold.word("basis"));
    println!("  reason   {}", hold.word("reason"));
    println!("  placed   {} by {}", hold.time("placed").rfc3339(), hold.word("placed_by"));
    if let Some(by) = hold["asked_by"].as_str() {
        println!("  release  requested by {by}: {}", hold.word("asked_reason"));
    }
    if let Some(by) = hold["ended_by"].as_str() {
        println!("  ended    {} by {by}: {}", hold.time("ended").rfc3339(), hold.word("ended_reason"));
    }
    Ok(())
}

fn place(args: PlaceArgs, as_json: bool) -> anyhow::Result<()> {
    let scope = Scope::from_name(&args.scope)
        .with_context(|| format!("--scope {}: use account, asset, amount or deposit", args.scope))?;
    let request = HoldRequest {
        id: args.id,
        scope,
        customer: args.customer,
        account: args.account,
        asset: args.asset,
        amount: args.amount,
        transfer: args.transfer,
        basis: args.basis,
        reason: args.reason,
        expires: args.expires_hours.map(|h| system_clock()() + Seconds::hours(h.into())),
        review: None,
        second_person: None,
    };
    let placed = args.desk.answer(
        |s| Ok::<_, ScreeningError>(json!({ "hold": s.place_hold(request.clone(), &args.desk.actor)? })),
        |c| c.post("/api/v1/holds").json(&request),
    )?;
    if as_json {
        return placed.print();
    }
    println!("hold {} is in place", placed["hold"]);
    Ok(())
}

fn release(desk: &DeskArgs, id: u64, release: &Release, as_json: bool) -> anyhow::Result<()> {
    let path = api_path(&["holds", &id.to_string(), "release"]);
    let hold = desk.answer(|s| s.release(id, release.clone(), &desk.actor), |c| c.post(&path).json(release))?;
    if as_json {
        return hold.print();
    }
    match (hold.word("state"), hold["asked_by"].as_str()) {
        ("active", Some(by)) => println!("hold {id}: {by} proposed its release; another person must confirm"),
        ("active", None) => {
            println!("hold {id} is reduced to {}", with_unit(units(&hold["held"]), hold.word("asset")))
        }
        (state, _) => println!("hold {id} is {state}"),
    }
    Ok(())
}

fn check(desk: &DeskArgs, as_json: bool) -> anyhow::Result<()> {
    let report = desk.read("/api/v1/holds/check", Screening::check_holds, |request| request)?;
    if as_json {
        report.print()?;
    } else {
        println!("{} holds checked", thousands(report.count("holds")));
        for (asset, amount) in report["held"].as_object().into_iter().flatten() {
            println!("  held {}", with_unit(units(amount), asset));
        }
    }
    no_problems(&report, as_json, "")
}

/// Base units, which are text in JSON.
fn units(value: &Value) -> u128 {
    value.as_str().and_then(|t| t.parse().ok()).or_else(|| value.as_u64().map(u128::from)).unwrap_or(0)
}

/// Prints the problems of a report; an error when there are some.
pub fn no_problems(report: &Value, as_json: bool, what: &str) -> anyhow::Result<()> {
    let problems = report.words("problems");
    if !as_json {
        problems.iter().for_each(|p| println!("  {p}"));
    }
    match problems.len() {
        0 => Ok(()),
        n => bail!("{what}{n} problems"),
    }
}
