//! `holdfast desk`: requests from law enforcement.

use crate::answer::{Answer, Fields};
use crate::args::{DeskArgs, named};
use crate::desk_cases::{CasesCommand, OfficersCommand, ProductionsCommand, cases, officers, productions};
use crate::output;
use crate::running::Reach;
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use holdfast_chains::open_chains;
use holdfast_client::{Client, Request as ClientRequest, api_path};
use holdfast_console::desk_key::key_ring;
use holdfast_console::vault;
use holdfast_input::time::parse as parse_time;
use holdfast_requests::intake::{NewAgency, RequestFilter, RequestState, Step};
use holdfast_requests::matching::Followed;
use holdfast_requests::policy::DEFAULT_POLICY;
use holdfast_requests::scope::OrderScope;
use holdfast_requests::{Desk, Inquiry, Policy, Request, review};
use holdfast_screening::Screening;
use holdfast_workspace::CoveredChain;
use serde::Serialize;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(Subcommand)]
pub enum DeskCommand {
    /// Print the default policy, or check one.
    Policy {
        /// Policy (YAML) to check.
        file: Option<PathBuf>,
    },
    /// Agencies and their verified mail domains.
    #[command(subcommand)]
    Agencies(AgenciesCommand),
    /// Requests: submit, list, review, answer.
    #[command(subcommand)]
    Requests(RequestsCommand),
    /// Officers of the portal.
    #[command(subcommand)]
    Officers(OfficersCommand),
    /// Cases.
    #[command(subcommand)]
    Cases(CasesCommand),
    /// Productions: packages that answer requests.
    #[command(subcommand)]
    Productions(ProductionsCommand),
    /// Show what waits for you: alerts, tasks, approvals, mentions, clocks.
    Inbox {
        #[command(flatten)]
        desk: DeskArgs,
    },
    /// Mark mentions of you as read, up to one.
    MarkRead {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number of the last mention that was read.
        mention: u64,
    },
    /// Review a request by policy and signs of forgery; nothing is stored.
    Review {
        /// The request and what is known of its sender (JSON).
        file: PathBuf,
        /// Policy (YAML) instead of the default one.
        #[arg(long)]
        policy: Option<PathBuf>,
    },
}

#[derive(Args)]
pub struct IntakeArgs {
    #[command(flatten)]
    desk: DeskArgs,
    /// Policy (YAML) instead of the default one.
    #[arg(long)]
    policy: Option<PathBuf>,
}

impl IntakeArgs {
    pub fn store(&self) -> &Path {
        &self.desk.store.store
    }

    /// Name for the audit log.
    pub fn actor(&self) -> &str {
        &self.desk.actor
    }

    /// Works at the desk in this process.
    fn here<T, E: Into<anyhow::Error>>(
        &self,
        screening: &Screening,
        run: impl FnOnce(&Desk<'_>) -> Result<T, E>,
    ) -> anyhow::Result<T> {
        let policy = self.policy.as_deref().map_or_else(|| Ok(Policy::standard()), read_policy)?;
        let (key_ring, vault) = (key_ring(self.store(), screening)?, vault(self.store()));
        run(&Desk { screening, policy: &Arc::new(policy), key_ring: &key_ring, vault: &vault }).map_err(Into::into)
    }

    fn reach(&self) -> anyhow::Result<Reach> {
        let reach = self.desk.reach()?;
        if matches!(reach, Reach::There(_)) && self.policy.is_some() {
            bail!("--policy: the running server has a policy of its own; leave it out, or stop the server");
        }
        Ok(reach)
    }

    /// Answers from the desk: `here` in this process, or `there` by the server that has the desk.
    pub fn answer<T: Serialize, E: Into<anyhow::Error>>(
        &self,
        here: impl FnOnce(&Desk<'_>) -> Result<T, E>,
        there: impl for<'c> FnOnce(&'c Client) -> ClientRequest<'c>,
    ) -> anyhow::Result<Answer> {
        match self.reach()? {
            Reach::Here(screening) => Answer::of(&self.here(&screening, here)?),
            Reach::There(client) => Answer::of_bytes(there(&client).bytes()?),
        }
    }

    /// Answers with a file.
    pub fn bytes<E: Into<anyhow::Error>>(
        &self,
        here: impl FnOnce(&Desk<'_>) -> Result<Vec<u8>, E>,
        there: impl for<'c> FnOnce(&'c Client) -> ClientRequest<'c>,
    ) -> anyhow::Result<Vec<u8>> {
        match self.reach()? {
            Reach::Here(screening) => self.here(&screening, here),
            Reach::There(client) => Ok(there(&client).bytes()?),
        }
    }
}

#[derive(Subcommand)]
pub enum AgenciesCommand {
    /// Register an agency with a verified mail domain, or a further domain of one.
    Add {
        #[command(flatten)]
        intake: IntakeArgs,
        /// Name of the agency.
        name: String,
        /// ISO 3166-1 alpha-2.
        #[arg(long)]
        country: String,
        /// Verified mail domain of the agency.
        #[arg(long)]
        domain: String,
        /// How the domain was verified.
        #[arg(long)]
        evidence: String,
    },
    /// List agencies.
    List {
        #[command(flatten)]
        intake: IntakeArgs,
    },
}

/// Limits of an order, where the file has none.
#[derive(Args)]
pub struct ScopeArgs {
    /// Start of the period that the order names, such as 2026-01-01T00:00:00Z.
    #[arg(long)]
    from: Option<String>,
    /// End of that period.
    #[arg(long)]
    to: Option<String>,
    /// Account that the order names; repeat it for several.
    #[arg(long = "account")]
    accounts: Vec<String>,
    /// Asset that the order names, such as BTC; repeat it for several.
    #[arg(long = "asset")]
    assets: Vec<String>,
}

impl ScopeArgs {
    /// Fills a request's scope; fields of the file stay.
    fn fill(self, scope: &mut OrderScope) -> anyhow::Result<()> {
        for (option, text, field) in [("--from", self.from, &mut scope.from), ("--to", self.to, &mut scope.to)] {
            let Some(text) = text else { continue };
            let time = parse_time(&text).with_context(|| option)?;
            anyhow::ensure!(
                field.is_none_or(|known| known == time),
                "{option}: the file has another time; leave one out"
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
    /// Submit a request (JSON).
    Submit {
        #[command(flatten)]
        intake: IntakeArgs,
        /// File with the request (JSON).
        file: PathBuf,
        #[command(flatten)]
        scope: ScopeArgs,
    },
    /// List requests.
    List {
        #[command(flatten)]
        intake: IntakeArgs,
        /// open, prepared or answered.
        #[arg(long, value_parser = named::<RequestState>())]
        state: Option<RequestState>,
        /// Numbers above this one.
        #[arg(long, default_value_t = 0)]
        after: u64,
        /// Most requests of the answer, up to 1,000.
        #[arg(long, default_value_t = 100)]
        limit: usize,
    },
    /// Show a request with its review by policy and signs of forgery.
    Show {
        #[command(flatten)]
        intake: IntakeArgs,
        /// Id of the request at the portal.
        id: String,
    },
    /// List the customers that the targets match, and why.
    Matches {
        #[command(flatten)]
        intake: IntakeArgs,
        /// Id of the request at the portal.
        id: String,
        /// Match by what is stated alone, without the ledger.
        #[arg(long)]
        no_ledger: bool,
    },
    /// Accept or reject a match.
    Match {
        #[command(flatten)]
        intake: IntakeArgs,
        /// Id of the request at the portal.
        id: String,
        /// Id of the customer.
        customer: String,
        /// The request is not about that customer.
        #[arg(long)]
        reject: bool,
        /// Reason.
        #[arg(long)]
        reason: String,
    },
    /// Record that the officer was called back.
    CallBack {
        #[command(flatten)]
        intake: IntakeArgs,
        /// Id of the request at the portal.
        id: String,
        /// Source of the telephone number.
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
        /// Id of the request at the portal.
        id: String,
        /// granted, partly, refused or forged.
        #[arg(long)]
        outcome: String,
        /// Reason.
        #[arg(long)]
        reason: String,
    },
    /// Approve the prepared answer.
    Approve {
        #[command(flatten)]
        intake: IntakeArgs,
        /// Id of the request at the portal.
        id: String,
    },
    /// Return the prepared answer to who prepared it.
    Return {
        #[command(flatten)]
        intake: IntakeArgs,
        /// Id of the request at the portal.
        id: String,
        /// Reason.
        #[arg(long)]
        reason: String,
    },
}

fn agencies(command: AgenciesCommand, as_json: bool) -> anyhow::Result<()> {
    let path = api_path(&["desk", "agencies"]);
    match command {
        AgenciesCommand::Add { intake, name, country, domain, evidence } => {
            let new = NewAgency { name, country, domain, evidence };
            let added = intake.answer(
                |d| anyhow::Ok(json!({"agency": d.add_agency(new.clone(), intake.actor())?})),
                |c| c.post(&path).json(&new),
            )?;
            if as_json {
                return added.print();
            }
            println!("agency {}", added["agency"]);
        }
        AgenciesCommand::List { intake } => {
            let list = intake.answer(|d| d.agencies(), |c| c.get(&path))?;
            if as_json {
                return list.print();
            }
            for a in list.rows("agencies") {
                let domains = a.words("domains").join(", ");
                println!("{} {} ({}): {domains}", a.count("id"), a.word("name"), a.word("country"));
            }
        }
    }
    Ok(())
}

fn list_requests(intake: &IntakeArgs, filter: &RequestFilter, as_json: bool) -> anyhow::Result<()> {
    let list = intake.answer(
        |d| d.list(filter, intake.actor()),
        |c| {
            let request = c.get("/api/v1/desk/requests").query_opt("state", filter.state.as_ref());
            request.query("after", filter.after).query("limit", filter.limit)
        },
    )?;
    if as_json {
        return list.print();
    }
    for r in list.rows("requests") {
        let late = if r.is("overdue") { " OVERDUE" } else { "" };
        let (seq, state, due, request) = (r.count("seq"), r.word("state"), r.time("due").rfc3339(), &r["request"]);
        let officer = &request["officer"];
        println!(
            "{seq} {} {state} due {due}{late} {} {} ({})",
            request.word("id"),
            request.word("process"),
            officer.word("agency"),
            officer.word("email")
        );
    }
    Ok(())
}

fn list_matches(intake: &IntakeArgs, id: &str, no_ledger: bool, as_json: bool) -> anyhow::Result<()> {
    let path = |part: &str| api_path(&["desk", "requests", id, part]);
    let (list, coverage) = match intake.reach()? {
        Reach::Here(screening) => {
            let chains = if no_ledger { Vec::new() } else { open_chains(intake.store())? };
            let followed = Followed::on(&chains);
            let list = intake.here(&screening, |d| d.matches_on(&followed, id, intake.actor()))?;
            let coverage = intake.here(&screening, |d| d.coverage_on(&followed, id, intake.actor()))?;
            (Answer::of(&list)?, Answer::of(&coverage)?)
        }
        Reach::There(client) => {
            let list = client.get(&path("matches")).query("ledger", !no_ledger).bytes()?;
            (Answer::of_bytes(list)?, Answer::of_bytes(client.get(&path("coverage")).bytes()?)?)
        }
    };
    if as_json {
        return list.print();
    }
    for m in list.rows("matches") {
        let (found, verdict) = (&m["found"], m["verdict"].as_str().unwrap_or("not judged"));
        println!("{} ({}, {verdict}) for {}", found.word("customer"), found.word("how"), found.word("target"));
        found.words("because").iter().for_each(|b| println!("  {b}"));
    }
    if !no_ledger {
        coverage.items().iter().for_each(print_coverage);
    }
    Ok(())
}

/// Prints on which chains a target was looked up.
fn print_coverage(target: &Value) {
    let chains = serde_json::from_value::<Vec<CoveredChain>>(target["chains"].clone()).unwrap_or_default();
    let chains: Vec<String> = chains.iter().map(CoveredChain::text).collect();
    if !target.word("missing_asset").is_empty() {
        println!("there is no ledger of {} here", target.word("missing_asset"));
    }
    match chains.is_empty() {
        true => println!("{} was looked up on no chain: there is no ledger of its chain", target.word("target")),
        false => println!("{} was looked up on {}", target.word("target"), chains.join(", ")),
    }
}

/// Takes a step with a request.
fn step(intake: &IntakeArgs, id: &str, step: &Step) -> anyhow::Result<Answer> {
    let path = api_path(&["desk", "requests", id]);
    intake.answer(|d| d.step(id, step.clone(), intake.actor()), |c| c.post(&path).json(step))
}

fn requests(command: RequestsCommand, as_json: bool) -> anyhow::Result<()> {
    use RequestsCommand::*;
    let opened = match command {
        List { intake, state, after, limit } => {
            return list_requests(&intake, &RequestFilter { state, after, limit }, as_json);
        }
        Matches { intake, id, no_ledger } => return list_matches(&intake, &id, no_ledger, as_json),
        Submit { intake, file, scope } => {
            let text = std::fs::read(&file).with_context(|| file.display().to_string())?;
            let mut request: Request = serde_json::from_slice(&text).with_context(|| file.display().to_string())?;
            scope.fill(&mut request.scope)?;
            intake.answer(
                |d| d.submit(request.clone(), intake.actor()),
                |c| c.post("/api/v1/desk/requests").json(&request),
            )?
        }
        Show { intake, id } => {
            let path = api_path(&["desk", "requests", &id]);
            intake.answer(|d| d.open(&id, intake.actor()), |c| c.get(&path))?
        }
        CallBack { intake, id, number_from, denied } => {
            step(&intake, &id, &Step::CallBack { number_from, confirmed: !denied })?
        }
        Match { intake, id, customer, reject, reason } => {
            step(&intake, &id, &Step::Match { customer, accept: !reject, reason })?
        }
        Prepare { intake, id, outcome, reason } => {
            let outcome =
                serde_json::from_value(json!(outcome)).context("--outcome: granted, partly, refused or forged")?;
            step(&intake, &id, &Step::Prepare { outcome, reason, transfers: Vec::new() })?
        }
        Approve { intake, id } => step(&intake, &id, &Step::Approve {})?,
        Return { intake, id, reason } => step(&intake, &id, &Step::Return { reason })?,
    };
    if as_json {
        return opened.print();
    }
    print_request(&opened)
}

/// Prints a request and its review.
fn print_request(opened: &Value) -> anyhow::Result<()> {
    let stored = &opened["stored"];
    let (request, officer) = (&stored["request"], &stored["request"]["officer"]);
    println!(
        "request {} of {} ({}): {}",
        request.word("id"),
        officer.word("name"),
        officer.word("email"),
        stored.word("state")
    );
    if let Some(scope) = request.get("scope") {
        let scope: OrderScope = serde_json::from_value(scope.clone())?;
        scope.lines().iter().for_each(|(name, limit)| println!("{name}: {limit}"));
    }
    if let (Some(outcome), Some(by)) = (stored["outcome"].as_str(), stored["prepared_by"].as_str()) {
        let approved =
            stored["approved_by"].as_str().map_or("not approved yet".to_owned(), |a| format!("approved by {a}"));
        println!("{outcome}, prepared by {by}, {approved}");
    }
    print_review(&opened["review"]);
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
        DeskCommand::Inbox { desk } => crate::workbench::show_inbox(&desk, as_json),
        DeskCommand::MarkRead { desk, mention } => crate::workbench::mark_read(&desk, mention, as_json),
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
            print_review(&json!(reviewed));
            Ok(())
        }
    }
}

fn print_review(reviewed: &Value) {
    let (judgement, suspicion) = (&reviewed["judgement"], &reviewed["suspicion"]);
    println!(
        "{} ({}; policy version {})",
        judgement.word("title"),
        judgement.word("source"),
        judgement.count("policy")
    );
    println!(
        "{}",
        if judgement.is("may_be_granted") { "nothing in policy stands against it" } else { "may not be granted:" }
    );
    judgement.words("missing").iter().for_each(|m| println!("  {m}"));
    if !judgement.list("granted").is_empty() {
        println!("may be disclosed: {}", judgement.words("granted").join(", "));
    }
    for refused in judgement.list("refused") {
        println!("not to be disclosed: {}; opened by {}", refused.word("class"), refused.words("opened_by").join(", "));
    }
    println!("due {}", judgement.time("due").rfc3339());
    if !judgement["holds_until"].is_null() {
        println!("holds until {}", judgement.time("holds_until").rfc3339());
    }
    judgement.words("notes").iter().for_each(|n| println!("note: {n}"));
    for sign in suspicion.list("signs") {
        let weight = match sign.count("weight") {
            0 => "",
            1 => "note",
            2 => "suspicious",
            _ => "STOP",
        };
        println!("{weight} {}: {}", sign.word("sign"), sign.word("because"));
    }
    if suspicion.is("call_back") {
        println!("call the officer back on a number that you found yourself");
    }
}
