//! Commands on the queue of alerts as people work it, `holdfast alerts queue` and others, and on what waits for a person, `holdfast desk inbox`.

use crate::answer::Fields;
use crate::args::DeskArgs;
use crate::desk::IntakeArgs;
use crate::desk_cases::person;
use clap::{Args, Subcommand};
use holdfast_cases::Cases;
use holdfast_client::api_path;
use holdfast_console::answer::Answer;
use holdfast_screening::alerts::{AlertAction, Outcome};
use holdfast_screening::{Screening, ScreeningError};
use holdfast_types::ids::CaseId;
use holdfast_workbench::inbox::{self, Rights};
use holdfast_workbench::queue::{self, QueueQuery};
use holdfast_workbench::steps::{self, HoldStep, Seen, Step};
use holdfast_workbench::views::{self, NewView};
use holdfast_workbench::{customer, escalate, evidence};
use serde_json::{Value, json};

/// Which alerts.
#[derive(Args, Clone, Debug, Default)]
pub struct FilterArgs {
    /// open, closed or all.
    #[arg(long, default_value = "open")]
    state: String,
    /// A rule that is behind the alert.
    #[arg(long, default_value = "")]
    rule: String,
    /// severe, high, unknown, medium or low.
    #[arg(long, default_value = "")]
    risk: String,
    /// A person, `me`, or `nobody`.
    #[arg(long, default_value = "")]
    assignee: String,
    /// The exchange's id of the customer.
    #[arg(long, default_value = "")]
    customer: String,
    /// Asset of the event.
    #[arg(long, default_value = "")]
    asset: String,
    /// At least so much: in units of the asset, or of the reference currency where no asset is given.
    #[arg(long, default_value = "")]
    amount: String,
    /// At least so old, such as 12h or 3d.
    #[arg(long, default_value = "")]
    age: String,
    /// A typology that was found.
    #[arg(long, default_value = "")]
    typology: String,
    /// risk, oldest, newest, value, customer, rule, assignee or triage; by default triage where a learned model for it is in force, else risk.
    #[arg(long, default_value = "")]
    sort: String,
}

impl FilterArgs {
    fn query(self, page: u32) -> QueueQuery {
        let FilterArgs { state, rule, risk, assignee, customer, asset, amount, age, typology, sort } = self;
        QueueQuery { state, rule, risk, assignee, customer, asset, amount, age, typology, sort, page: page.to_string() }
    }
}

#[derive(Subcommand)]
pub enum WorkbenchCommand {
    /// List alerts by filter and order, a hundred a page.
    Queue {
        #[command(flatten)]
        desk: DeskArgs,
        #[command(flatten)]
        filter: FilterArgs,
        /// Number of the page.
        #[arg(long, default_value_t = 1)]
        page: u32,
    },
    /// Show what an alert rests on: shares, what is usual, similar alerts, how its rules did.
    Evidence {
        #[command(flatten)]
        desk: DeskArgs,
        id: u64,
    },
    /// List saved views with their counts.
    Views {
        #[command(flatten)]
        desk: DeskArgs,
    },
    /// Save a filter as a view; one of the same name is replaced.
    SaveView {
        #[command(flatten)]
        desk: DeskArgs,
        /// Its name.
        name: String,
        /// Everybody at the desk sees it.
        #[arg(long)]
        shared: bool,
        #[command(flatten)]
        filter: FilterArgs,
    },
    /// Delete a view of one's own.
    DeleteView {
        #[command(flatten)]
        desk: DeskArgs,
        /// Its number.
        id: u64,
    },
    /// Assign many alerts to a person.
    AssignMany {
        #[command(flatten)]
        desk: DeskArgs,
        /// To whom.
        to: String,
        /// Numbers of the alerts, at most 500.
        #[arg(required = true)]
        ids: Vec<u64>,
    },
    /// Close many alerts with one outcome and reason.
    CloseMany {
        #[command(flatten)]
        desk: DeskArgs,
        /// true-positive, false-positive or inconclusive.
        outcome: String,
        /// Reason.
        text: String,
        /// Numbers of the alerts, at most 500.
        #[arg(required = true)]
        ids: Vec<u64>,
        /// What happens to their active holds: keep or release.
        #[arg(long)]
        hold: Option<String>,
    },
    /// Lead alerts into a case, with the events, customers, addresses, transactions and holds that they name.
    ToCase {
        #[command(flatten)]
        intake: IntakeArgs,
        /// Numbers of the alerts, at most 20.
        #[arg(required = true)]
        ids: Vec<u64>,
        /// A case that is open; without one a new case is opened.
        #[arg(long)]
        case: Option<CaseId>,
        /// Title of the new case.
        #[arg(long)]
        title: Option<String>,
    },
}

/// Records a reading in the audit log, as the server does.
fn note(s: &Screening, desk: &DeskArgs, path: &str) -> Result<(), ScreeningError> {
    s.note_look("data.read", path, "{}".into(), &desk.actor)
}

fn print_row(row: &Value) {
    let alert = &row["alert"];
    let who = alert["assignee"].as_str().map_or(String::new(), |name| format!(" [{name}]"));
    let (id, risk, due) = (alert.count("id"), row.word("risk"), row.time("due").rfc3339());
    println!("{id:>6} {risk:<8} due {due} {}{who}: {}", alert.word("customer"), alert.word("reason"));
}

fn list(desk: &DeskArgs, query: &QueueQuery, as_json: bool) -> anyhow::Result<()> {
    const PATH: &str = "/api/v1/alerts/queue";
    let here = |s: &Screening| {
        note(s, desk, PATH)?;
        queue::page(s, &query.read(&desk.actor)?)
    };
    let fields = serde_json::to_value(query)?;
    let given: Vec<(&String, &str)> =
        fields.as_object().into_iter().flatten().filter_map(|(name, value)| Some((name, value.as_str()?))).collect();
    let page =
        desk.answer(here, |c| given.iter().fold(c.get(PATH), |request, (name, value)| request.query(name, value)))?;
    if as_json {
        return page.print();
    }
    page.list("rows").iter().for_each(print_row);
    let more = if page.is("is_more") { " or more" } else { "" };
    println!("{}{more} in all, page {}", page.count("count"), page.count("page"));
    Ok(())
}

fn show_evidence(desk: &DeskArgs, id: u64, as_json: bool) -> anyhow::Result<()> {
    let path = api_path(&["alerts", &id.to_string(), "evidence"]);
    let here = |s: &Screening| {
        note(s, desk, &path)?;
        let found = evidence::of(s, id)?;
        let similar = found.similar.iter().map(|s| {
            let mut row = json!(s.row);
            row["shares"] = json!(s.shares);
            row
        });
        let mut all = json!(found.row);
        all["similar"] = similar.collect();
        all["event"] = json!(found.decided);
        all["holds"] = json!(found.holds);
        all["notes"] = json!(found.notes);
        all["days"] = json!(found.days);
        all["usual"] = json!(found.usual);
        all["rules"] = json!(found.rules);
        Ok::<_, ScreeningError>(all)
    };
    let shown = desk.answer(here, |c| c.get(&path))?;
    if as_json {
        return shown.print();
    }
    print_row(&shown);
    match shown["usual"].as_object() {
        Some(_) => {
            let usual = &shown["usual"];
            println!(
                "  value {} (minor units), above {} of {} earlier movements; median {}, highest {}",
                usual.count("value"),
                usual.count("below"),
                usual.count("compared"),
                usual.count("median"),
                usual.count("highest")
            );
        }
        None => println!("  nothing to compare the movement with"),
    }
    for rule in shown.list("rules") {
        let (name, all) = (rule.word("rule"), rule.count("alerts"));
        println!("  rule {name}: {all} alerts, {} right, {} wrong", rule.count("right"), rule.count("wrong"));
    }
    for hold in shown.list("holds") {
        println!("  hold {} {}", hold.count("id"), hold.word("state"));
    }
    for similar in shown.list("similar") {
        print!("  same {}: ", similar.word("shares"));
        print_row(similar);
    }
    Ok(())
}

fn make(desk: &DeskArgs, step: &Step, as_json: bool) -> anyhow::Result<()> {
    let results =
        desk.answer(|s| steps::make(s, step.clone(), &desk.actor), |c| c.post("/api/v1/alerts/steps").json(step))?;
    if as_json {
        return results.print();
    }
    for result in results.items() {
        let done = if result.is("done") { "done" } else { result.word("refused") };
        println!("{}: {done}", result.count("id"));
        result.words("holds").iter().for_each(|said| println!("  {said}"));
    }
    Ok(())
}

fn seen(ids: &[u64]) -> Vec<Seen> {
    ids.iter().map(|id| Seen { id: *id, version: None }).collect()
}

/// Reads an outcome as it is typed.
///
/// # Errors
/// Names the outcomes that there are.
pub fn outcome(text: &str) -> anyhow::Result<Outcome> {
    match text.replace('-', "_").as_str() {
        "true_positive" => Ok(Outcome::TruePositive),
        "false_positive" => Ok(Outcome::FalsePositive),
        "inconclusive" => Ok(Outcome::Inconclusive),
        other => anyhow::bail!("'{other}' is none of true-positive, false-positive, inconclusive"),
    }
}

pub fn run(command: WorkbenchCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        WorkbenchCommand::Queue { desk, filter, page } => list(&desk, &filter.query(page), as_json),
        WorkbenchCommand::Evidence { desk, id } => show_evidence(&desk, id, as_json),
        WorkbenchCommand::Views { desk } => {
            let found = desk.answer(|s| views::list(s, &desk.actor), |c| c.get("/api/v1/alerts/views"))?;
            if as_json {
                return found.print();
            }
            for view in found.rows("views") {
                let shared = if view.is("shared") { ", shared" } else { "" };
                let found = match view["refused"].as_str() {
                    Some(why) => format!("cannot be read any more: {why}"),
                    None if !view.is("is_counted") => "not counted".to_owned(),
                    None => format!("{}{}", view.count("count"), if view.is("is_more") { "+" } else { "" }),
                };
                println!("{} {} ({}{shared}): {found}", view.count("id"), view.word("name"), view.word("owner"));
            }
            Ok(())
        }
        WorkbenchCommand::SaveView { desk, name, shared, filter } => {
            let query = QueueQuery { page: String::new(), ..filter.query(1) };
            let new = NewView { name, shared, query };
            let here = |s: &Screening| {
                let id = views::save(s, new.clone(), &desk.actor)?;
                Ok::<_, ScreeningError>(json!({ "id": id }))
            };
            let saved = desk.answer(here, |c| c.post("/api/v1/alerts/views").json(&new))?;
            if as_json {
                return saved.print();
            }
            println!("view {} saved", saved.count("id"));
            Ok(())
        }
        WorkbenchCommand::DeleteView { desk, id } => {
            let path = api_path(&["alerts", "views", &id.to_string()]);
            desk.answer(|s| views::delete(s, id, &desk.actor), |c| c.delete(&path))?;
            if as_json {
                crate::output::json(&json!({ "deleted": id }))
            } else {
                println!("view {id} deleted");
                Ok(())
            }
        }
        WorkbenchCommand::AssignMany { desk, to, ids } => {
            let step = AlertAction::Assign { assignee: Some(to) };
            make(&desk, &Step { alerts: seen(&ids), step, hold: None }, as_json)
        }
        WorkbenchCommand::CloseMany { desk, outcome: text_of_outcome, text, ids, hold } => {
            let step = AlertAction::Close { outcome: outcome(&text_of_outcome)?, text };
            let hold = hold
                .map(|text| text.parse::<HoldStep>().map_err(|_| anyhow::anyhow!("'{text}' is none of keep, release")));
            make(&desk, &Step { alerts: seen(&ids), step, hold: hold.transpose()? }, as_json)
        }
        WorkbenchCommand::ToCase { intake, ids, case, title } => {
            let who = person(intake.actor());
            let made = intake.answer(
                |d| {
                    let (case, added) = escalate::into_case(&Cases::from(*d), &ids, case, title.clone(), &who)?;
                    Ok::<_, holdfast_cases::CaseError>(json!({ "case": case, "added": added }))
                },
                |c| c.post("/api/v1/alerts/case").json(&json!({ "alerts": ids, "case": case, "title": title })),
            )?;
            if as_json {
                return made.print();
            }
            println!("case {}: {} things added", made.count("case"), made.count("added"));
            Ok(())
        }
    }
}

/// What waits for whoever asks. On the desk's machine everything may be seen.
pub fn show_inbox(desk: &DeskArgs, as_json: bool) -> anyhow::Result<()> {
    let rights = Rights { reads: true, holds: true, reads_cases: true, approves: true, decides: true };
    let found = desk.answer(|s| inbox::of(s, &desk.actor, rights), |c| c.get("/api/v1/desk/inbox"))?;
    if as_json {
        return found.print();
    }
    println!("{} alerts of yours, {} of nobody", found.count("alert_count"), found.count("unassigned"));
    found.list("alerts").iter().for_each(print_row);
    for task in found.list("tasks") {
        println!("task of case {} ({}): {}", task.count("case"), task.word("case_title"), task.word("title"));
    }
    for (name, list) in [("to approve", "approvals"), ("runs out", "clocks")] {
        for entry in found.list(list) {
            println!("{name}: {} {}, {}", entry.word("about"), entry.word("id"), entry.time("time").rfc3339());
        }
    }
    for mention in found.list("mentions") {
        let (id, by, subject) = (mention.count("id"), mention.word("author"), mention.word("subject"));
        println!("mention {id} by {by} at {subject}: {}", mention.word("text"));
    }
    if found.is("more") {
        println!("there is more than is listed here");
    }
    Ok(())
}

/// Marks mentions as read, up to one.
pub fn mark_read(desk: &DeskArgs, up_to: u64, as_json: bool) -> anyhow::Result<()> {
    let path = api_path(&["desk", "mentions", &up_to.to_string(), "read"]);
    desk.answer(|s| holdfast_cases::mentions::mark_read(s, up_to, &desk.actor), |c| c.post(&path))?;
    if as_json {
        crate::output::json(&json!({ "read": up_to }))
    } else {
        println!("read up to mention {up_to}");
        Ok(())
    }
}

/// A customer seen whole.
pub fn show_overview(desk: &DeskArgs, id: &str, as_json: bool) -> anyhow::Result<()> {
    let path = api_path(&["customers", id, "overview"]);
    let here = |s: &Screening| {
        note(s, desk, &path)?;
        let file = holdfast_cases::customers::of(s, id)?;
        Ok::<_, holdfast_cases::CaseError>(customer::overview(s, &file)?)
    };
    let found: Answer = desk.answer(here, |c| c.get(&path))?;
    if as_json {
        return found.print();
    }
    for flow in found["flows"].list("periods") {
        println!("{}: in {}, out {} (minor units)", flow.word("period"), flow.count("received"), flow.count("sent"));
    }
    for exposure in found["exposures"].list("list") {
        let (direct, indirect) = (exposure.count("direct"), exposure.count("indirect"));
        println!("from {}: {direct} direct, {indirect} indirect", exposure.word("category"));
    }
    for sharing in found.list("sharing") {
        println!("shares {} with {}", sharing.words("what").join(", "), sharing.word("customer"));
    }
    if found.is("sharing_is_cut") {
        println!("not all customers who share something are listed");
    }
    for note in found.list("notes") {
        println!("{} {}: {}", note.time("time").rfc3339(), note.word("author"), note.word("text"));
    }
    if found.is("notes_are_cut") {
        println!("there are older notes");
    }
    Ok(())
}

/// Adds a note on a customer.
pub fn add_note(desk: &DeskArgs, id: &str, text: &str, as_json: bool) -> anyhow::Result<()> {
    let path = api_path(&["customers", id, "notes"]);
    let here = |s: &Screening| {
        let file = holdfast_cases::customers::of(s, id)?;
        let id = customer::add_note(s, &file.customer, text, &desk.actor)?;
        Ok::<_, holdfast_cases::CaseError>(json!({ "id": id }))
    };
    let added = desk.answer(here, |c| c.post(&path).json(&json!({ "text": text })))?;
    if as_json {
        return added.print();
    }
    println!("note {} added", added.count("id"));
    Ok(())
}
