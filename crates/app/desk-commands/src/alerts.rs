//! `holdfast alerts`: the alerts queue.

use crate::answer::Fields;
use crate::args::DeskArgs;
use clap::Subcommand;
use holdfast_client::api_path;
use holdfast_screening::ScreeningError;
use holdfast_screening::alerts::{AlertAction, AlertFilter};
use serde_json::json;

#[derive(Subcommand)]
pub enum AlertsCommand {
    /// List alerts.
    List {
        #[command(flatten)]
        desk: DeskArgs,
        /// open or closed.
        #[arg(long, default_value = "open")]
        state: String,
        /// Only those of one assignee.
        #[arg(long)]
        assignee: Option<String>,
    },
    /// Show one alert, its event and its notes.
    Show {
        #[command(flatten)]
        desk: DeskArgs,
        id: u64,
    },
    /// Assign an alert.
    Assign {
        #[command(flatten)]
        desk: DeskArgs,
        id: u64,
        to: String,
    },
    /// Add a comment to an alert.
    Comment {
        #[command(flatten)]
        desk: DeskArgs,
        id: u64,
        text: String,
    },
    /// Close an alert with an outcome.
    Close {
        #[command(flatten)]
        desk: DeskArgs,
        id: u64,
        /// true-positive, false-positive or inconclusive.
        outcome: String,
        text: String,
    },
    /// Reopen an alert.
    Reopen {
        #[command(flatten)]
        desk: DeskArgs,
        id: u64,
        text: String,
    },
    #[command(flatten)]
    Workbench(Box<crate::workbench::WorkbenchCommand>),
}

/// Most alerts of a list.
const MAX_LISTED: usize = 1_000;

fn list(desk: &DeskArgs, state: String, assignee: Option<String>, as_json: bool) -> anyhow::Result<()> {
    let filter = AlertFilter { state: Some(state), assignee, limit: MAX_LISTED, ..AlertFilter::default() };
    let alerts = desk.read(
        "/api/v1/alerts",
        |s| s.alerts(&filter),
        |request| {
            let request = request.query_opt("state", filter.state.as_ref());
            request.query_opt("assignee", filter.assignee.as_ref()).query("limit", MAX_LISTED)
        },
    )?;
    if as_json {
        return alerts.print();
    }
    for a in alerts.rows("alerts") {
        let who = a["assignee"].as_str().map_or(String::new(), |w| format!(" [{w}]"));
        let (id, kind, decision) = (a.count("id"), a.word("kind"), a.word("decision"));
        let time = a.time("created").rfc3339();
        println!("{id:>6} {time} {kind:<8} {decision:<6} {}{who}: {}", a.word("customer"), a.word("reason"));
    }
    Ok(())
}

pub fn alerts(command: AlertsCommand, as_json: bool) -> anyhow::Result<()> {
    let (desk, id, action) = match command {
        AlertsCommand::List { desk, state, assignee } => return list(&desk, state, assignee, as_json),
        AlertsCommand::Workbench(command) => return crate::workbench::run(*command, as_json),
        AlertsCommand::Show { desk, id } => (desk, id, None),
        AlertsCommand::Assign { desk, id, to } => (desk, id, Some(AlertAction::Assign { assignee: Some(to) })),
        AlertsCommand::Comment { desk, id, text } => (desk, id, Some(AlertAction::Comment { text })),
        AlertsCommand::Reopen { desk, id, text } => (desk, id, Some(AlertAction::Reopen { text })),
        AlertsCommand::Close { desk, id, outcome, text } => {
            let outcome = crate::workbench::outcome(&outcome)?;
            (desk, id, Some(AlertAction::Close { outcome, text }))
        }
    };
    let path = api_path(&["alerts", &id.to_string()]);
    let shown = desk.answer(
        |s| {
            match action.clone() {
                Some(action) => holdfast_workbench::steps::act(s, id, action, &desk.actor)?,
                // As the server records it.
                None => s.note_look("data.read", &path, "{}".into(), &desk.actor)?,
            }
            let (alert, notes) = s.alert(id)?;
            Ok::<_, ScreeningError>(json!({"alert": alert, "notes": notes}))
        },
        |c| match &action {
            Some(action) => c.post(&path).json(action),
            None => c.get(&path),
        },
    )?;
    if as_json {
        return shown.print();
    }
    let alert = &shown["alert"];
    println!(
        "alert {id} ({}, {}) of {}, customer {}: {}",
        alert.word("kind"),
        alert.word("state"),
        alert.time("created").rfc3339(),
        alert.word("customer"),
        alert.word("reason")
    );
    for n in shown.list("notes") {
        println!("  {} {} {}: {}", n.time("time").rfc3339(), n.word("author"), n.word("action"), n.word("text"));
    }
    Ok(())
}
