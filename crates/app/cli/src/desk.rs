//! `holdfast desk`: requests from law enforcement.

use crate::desk_cases::{CasesCommand, OfficersCommand, ProductionsCommand, cases, officers, productions};
use crate::output;
use crate::screening::DeskArgs;
use anyhow::Context;
use clap::{Args, Subcommand};
use holdfast_cases::{CaseError, Cases};
use holdfast_console::desk_key::master;
use holdfast_console::vault;
use holdfast_input::time::{parse as parse_time, rfc3339};
use holdfast_requests::intake::{NewAgency, RequestFilter, Step};
use holdfast_requests::policy::DEFAULT_POLICY;
use holdfast_requests::scope::OrderScope;
use holdfast_requests::{Desk, Inquiry, Policy, Request, Review, review};
use holdfast_workspace::Workspace;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(Subcommand)]
pub enum DeskCommand {
    /// Print the policy that Holdfast ships with, or check one.
    Policy {
        /// Policy (YAML) to check.
        file: Option<PathBuf>,
    },
    /// Agencies and their verified mail domains.
    #[command(subcommand)]
    Agencies(AgenciesCommand),
    /// Requests: take them in, look at them, answer them.
    #[command(subcommand)]
    Requests(RequestsCommand),
    /// Officers of the portal.
    #[command(subcommand)]
    Officers(OfficersCommand),
    /// Cases.
    #[command(subcommand)]
    Cases(CasesCommand),
    /// Answers to requests, packed.
    #[command(subcommand)]
    Productions(ProductionsCommand),
    /// Say what policy and the signs of forgery say of a request; nothing is stored.
    Review {
        /// The request and what is known of its sender (JSON).
        file: PathBuf,
        /// Policy (YAML) instead of the shipped one.
        #[arg(long)]
        policy: Option<PathBuf>,
    },
}

#[derive(Args)]
pub struct IntakeArgs {
    #[command(flatten)]
    desk: DeskArgs,
    /// Policy (YAML) instead of the shipped one.
    #[arg(long)]
    policy: Option<PathBuf>,
}

impl IntakeArgs {
    pub fn store(&self) -> &Path {
        &self.desk.store.store
    }

    pub fn with_cases<T>(&self, run: impl FnOnce(&Cases<'_>, &str) -> Result<T, CaseError>) -> anyhow::Result<T> {
        self.with(|desk, actor| run(&Cases::from(*desk), actor))
    }

    pub fn with<T, E: std::error::Error + Send + Sync + 'static>(
        &self,
        run: impl FnOnce(&Desk<'_>, &str) -> Result<T, E>,
    ) -> anyhow::Result<T> {
        let policy = self.policy.as_deref().map_or_else(|| Ok(Policy::standard()), read_policy)?;
        let (screening, policy) = (self.desk.open()?, Arc::new(policy));
        let (master, vault) = (master(&self.desk.store.store, &screening)?, vault(&self.desk.store.store));
        Ok(run(&Desk { screening: &screening, policy: &policy, master: &master, vault: &vault }, &self.desk.actor)?)
    }
}

#[derive(Subcommand)]
pub enum AgenciesCommand {
    /// Register an agency with a verified mail domain, or a further domain of one.
    Add {
        #[command(flatten)]
        intake: IntakeArgs,
        /// Its name.
        name: String,
        /// ISO 3166-1 alpha-2.
        #[arg(long)]
        country: String,
        /// A mail domain that is verified to be its own.
        #[arg(long)]
        domain: String,
        /// How that was verified.
        #[arg(long)]
        evidence: String,
    },
    /// List agencies.
    List {
        #[command(flatten)]
        intake: IntakeArgs,
    },
}

/// What an order is limited to, where the file does not say.
#[derive(Args)]
pub struct ScopeArgs {
    /// From when on data is asked for, such as 2026-01-01T00:00:00Z.
    #[arg(long)]
    from: Option<String>,
    /// Until when.
    #[arg(long)]
    to: Option<String>,
    /// Account that the order names; again for several.
    #[arg(long = "account")]
    accounts: Vec<String>,
    /// Asset that the order names, such as BTC; again for several.
    #[arg(long = "asset")]
    assets: Vec<String>,
}

impl ScopeArgs {
    /// Fills a request's scope; what the file says stays.
    fn fill(self, scope: &mut OrderScope) -> anyhow::Result<()> {
        for (option, text, field) in [("--from", self.from, &mut scope.from), ("--to", self.to, &mut scope.to)] {
            let Some(text) = text else { continue };
            let time = parse_time(&text).with_context(|| option)?;
            anyhow::ensure!(
                field.is_none_or(|known| known == time),
                "{option}: the file says another time; leave one out"
            );
            *field = Some(time);
        }
        for (option, list, field) in
            [("--account", self.accounts, &mut scope.accounts), ("--asset", self.assets, &mut scope.assets)]
        {
            anyhow::ensure!(
                field.is_empty() || list.is_empty(),
                "{option}: the file names some already; leave one out"
            );
            field.extend(list);
        }
        Ok(())
    }
}

#[derive(Subcommand)]
pub enum RequestsCommand {
    /// Take a request in (JSON).
    Submit {
        #[command(flatten)]
        intake: IntakeArgs,
        /// The request.
        file: PathBuf,
        #[command(flatten)]
        scope: ScopeArgs,
    },
    /// List requests.
    List {
        #[command(flatten)]
        intake: IntakeArgs,
        /// open, prepared or answered.
        #[arg(long)]
        state: Option<String>,
        /// Numbers above this one.
        #[arg(long, default_value_t = 0)]
        after: u64,
        /// At most so many, up to 1,000.
        #[arg(long, default_value_t = 100)]
        limit: usize,
    },
    /// Show a request with what policy and the signs of forgery say of it.
    Show {
        #[command(flatten)]
        intake: IntakeArgs,
        /// The portal's id.
        id: String,
    },
    /// Customers that the targets are matched to, and why.
    Matches {
        #[command(flatten)]
        intake: IntakeArgs,
        /// The portal's id.
        id: String,
        /// Match by what is stated alone, without the ledger.
        #[arg(long)]
        no_ledger: bool,
    },
    /// Accept or reject a match.
    Match {
        #[command(flatten)]
        intake: IntakeArgs,
        /// The portal's id.
        id: String,
        /// The customer.
        customer: String,
        /// The request is not about that customer.
        #[arg(long)]
        reject: bool,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Note that the officer was called back.
    CallBack {
        #[command(flatten)]
        intake: IntakeArgs,
        /// The portal's id.
        id: String,
        /// Where the number was found.
        #[arg(long)]
        number_from: String,
        /// The officer did not confirm the request.
        #[arg(long)]
        denied: bool,
    },
    /// Prepare an answer, for another person to approve.
    Prepare {
        #[command(flatten)]
        intake: IntakeArgs,
        /// The portal's id.
        id: String,
        /// granted, partly, refused or forged.
        #[arg(long)]
        outcome: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Approve the prepared answer.
    Approve {
        #[command(flatten)]
        intake: IntakeArgs,
        /// The portal's id.
        id: String,
    },
    /// Give the prepared answer back.
    Return {
        #[command(flatten)]
        intake: IntakeArgs,
        /// The portal's id.
        id: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
}

fn agencies(command: AgenciesCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        AgenciesCommand::Add { intake, name, country, domain, evidence } => {
            let new = NewAgency { name, country, domain, evidence };
            let id = intake.with(|i, actor| i.add_agency(new, actor))?;
            if as_json { output::json(&json!({"agency": id}))? } else { println!("agency {id}") }
        }
        AgenciesCommand::List { intake } => {
            let list = intake.with(|i, _| i.agencies())?;
            if as_json {
                return output::json(&list);
            }
            list.iter().for_each(|a| println!("{} {} ({}): {}", a.id, a.name, a.country, a.domains.join(", ")));
        }
    }
    Ok(())
}

fn requests(command: RequestsCommand, as_json: bool) -> anyhow::Result<()> {
    use RequestsCommand::*;
    let opened = match command {
        List { intake, state, after, limit } => {
            let list = intake.with(|i, actor| i.list(&RequestFilter { state, after, limit }, actor))?;
            if as_json {
                return output::json(&list);
            }
            for r in list {
                let late = if r.overdue { " OVERDUE" } else { "" };
                let (r, state, due, seq) = (r.request, r.state, r.due, r.seq);
                println!(
                    "{seq} {} {state} due {}{late} {} {} ({})",
                    r.id,
                    rfc3339(due),
                    r.process,
                    r.officer.agency,
                    r.officer.email
                );
            }
            return Ok(());
        }
        Submit { intake, file, scope } => {
            let text = std::fs::read(&file).with_context(|| file.display().to_string())?;
            let mut request: Request = serde_json::from_slice(&text).with_context(|| file.display().to_string())?;
            scope.fill(&mut request.scope)?;
            intake.with(|i, actor| i.submit(request, actor))?
        }
        Show { intake, id } => intake.with(|i, actor| i.open(&id, actor))?,
        CallBack { intake, id, number_from, denied } => {
            intake.with(|i, actor| i.step(&id, Step::CallBack { number_from, confirmed: !denied }, actor))?
        }
        Matches { intake, id, no_ledger } => {
            let workspace = if no_ledger { None } else { Some(Workspace::open(&intake.desk.store.store)?) };
            let list = intake.with(|i, actor| i.matches(workspace.as_ref(), &id, actor))?;
            if as_json {
                return output::json(&list);
            }
            for m in list {
                let (found, verdict) = (m.found, m.verdict.unwrap_or_else(|| "not judged".into()));
                println!(
                    "{} ({}, {verdict}) for {}",
                    found.customer,
                    json!(found.how).as_str().unwrap_or_default(),
                    found.target
                );
                found.because.iter().for_each(|b| println!("  {b}"));
            }
            return Ok(());
        }
        Match { intake, id, customer, reject, reason } => {
            intake.with(|i, actor| i.step(&id, Step::Match { customer, accept: !reject, reason }, actor))?
        }
        Prepare { intake, id, outcome, reason } => {
            let outcome =
                serde_json::from_value(json!(outcome)).context("--outcome: granted, partly, refused or forged")?;
            intake.with(|i, actor| i.step(&id, Step::Prepare { outcome, reason, transfers: Vec::new() }, actor))?
        }
        Approve { intake, id } => intake.with(|i, actor| i.step(&id, Step::Approve {}, actor))?,
        Return { intake, id, reason } => intake.with(|i, actor| i.step(&id, Step::Return { reason }, actor))?,
    };
    if as_json {
        return output::json(&opened);
    }
    let stored = &opened.stored;
    println!(
        "request {} of {} ({}): {}",
        stored.request.id, stored.request.officer.name, stored.request.officer.email, stored.state
    );
    stored.request.scope.lines().iter().for_each(|(name, limit)| println!("{name}: {limit}"));
    if let (Some(outcome), Some(by)) = (&stored.outcome, &stored.prepared_by) {
        let approved =
            stored.approved_by.as_ref().map_or("not approved yet".to_owned(), |a| format!("approved by {a}"));
        println!("{outcome}, prepared by {by}, {approved}");
    }
    print_review(&opened.review);
    Ok(())
}

/// Reads a policy.
pub fn read_policy(path: &Path) -> anyhow::Result<Policy> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    Policy::parse(&text).with_context(|| path.display().to_string())
}

pub fn run(command: DeskCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        DeskCommand::Agencies(command) => agencies(command, as_json),
        DeskCommand::Requests(command) => requests(command, as_json),
        DeskCommand::Officers(command) => officers(command, as_json),
        DeskCommand::Cases(command) => cases(command, as_json),
        DeskCommand::Productions(command) => productions(command, as_json),
        DeskCommand::Policy { file: None } if as_json => output::json(&Policy::standard()),
        DeskCommand::Policy { file: None } => {
            print!("{DEFAULT_POLICY}");
            Ok(())
        }
        DeskCommand::Policy { file: Some(file) } => {
            let policy = read_policy(&file)?;
            if as_json {
                return output::json(&policy);
            }
            println!("{}: version {}, {} processes, valid", file.display(), policy.version, policy.processes.len());
            Ok(())
        }
        DeskCommand::Review { file, policy } => {
            let policy = policy.as_deref().map_or_else(|| Ok(Policy::standard()), read_policy)?;
            let text = std::fs::read(&file).with_context(|| file.display().to_string())?;
            let inquiry: Inquiry = serde_json::from_slice(&text).with_context(|| file.display().to_string())?;
            let reviewed = review(&policy, &inquiry).with_context(|| file.display().to_string())?;
            if as_json {
                return output::json(&reviewed);
            }
            print_review(&reviewed);
            Ok(())
        }
    }
}

fn print_review(reviewed: &Review) {
    let (judgement, suspicion) = (&reviewed.judgement, &reviewed.suspicion);
    println!("{} ({}; policy version {})", judgement.title, judgement.source, judgement.policy);
    println!(
        "{}",
        if judgement.may_be_granted { "nothing in policy stands against it" } else { "may not be granted:" }
    );
    judgement.missing.iter().for_each(|m| println!("  {m}"));
    if !judgement.granted.is_empty() {
        println!("may be given: {}", judgement.granted.iter().map(|c| c.name()).collect::<Vec<_>>().join(", "));
    }
    for refused in &judgement.refused {
        println!("not to be given: {}; opened by {}", refused.class.name(), refused.opened_by.join(", "));
    }
    println!("due {}", rfc3339(judgement.due));
    if let Some(until) = judgement.holds_until {
        println!("holds until {}", rfc3339(until));
    }
    judgement.notes.iter().for_each(|n| println!("note: {n}"));
    for sign in &suspicion.signs {
        println!("{} {}: {}", ["", "note", "suspicious", "STOP"][sign.weight.min(3) as usize], sign.sign, sign.because);
    }
    if suspicion.call_back {
        println!("call the officer back on a number that you found yourself");
    }
}
