//! `holdfast customers`: finding a customer, and all that screening has of one.

use crate::answer::Fields;
use crate::args::DeskArgs;
use clap::Subcommand;
use holdfast_cases::{CaseError, customers};
use holdfast_client::api_path;
use holdfast_screening::Screening;
use serde_json::{Value, json};

#[derive(Subcommand)]
pub enum CustomersCommand {
    /// Find customers by id, name, mail address, telephone, address, account, IBAN, document or device.
    Find {
        #[command(flatten)]
        desk: DeskArgs,
        /// What to look for.
        text: String,
    },
    /// Show what the exchange stated of a customer, the latest events with their decisions, alerts and holds.
    Show {
        #[command(flatten)]
        desk: DeskArgs,
        /// The exchange's id of the customer.
        id: String,
    },
    /// Show flows by month, where deposits came from, who shares things, notes.
    Overview {
        #[command(flatten)]
        desk: DeskArgs,
        /// The exchange's id of the customer.
        id: String,
    },
    /// Add a note on a customer; name a colleague as @name.
    Note {
        #[command(flatten)]
        desk: DeskArgs,
        /// The exchange's id of the customer.
        id: String,
        /// The note.
        text: String,
    },
}

pub fn run(command: CustomersCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        CustomersCommand::Find { desk, text } => find(&desk, &text, as_json),
        CustomersCommand::Show { desk, id } => show(&desk, &id, as_json),
        CustomersCommand::Overview { desk, id } => crate::workbench::show_overview(&desk, &id, as_json),
        CustomersCommand::Note { desk, id, text } => crate::workbench::add_note(&desk, &id, &text, as_json),
    }
}

fn find(desk: &DeskArgs, text: &str, as_json: bool) -> anyhow::Result<()> {
    let here = |s: &Screening| {
        let found = customers::find(s, text)?.customers.into_iter();
        let list: Vec<Value> = found.map(|(customer, by)| json!({"customer": customer, "stated_by": by})).collect();
        Ok::<_, CaseError>(list)
    };
    let list = desk.read("/api/v1/customers", here, |request| request.query("q", text))?;
    if as_json {
        return list.print();
    }
    for found in list.rows("customers") {
        println!("{} {}", found.word("customer"), found.words("stated_by").join(", "));
    }
    Ok(())
}

fn show(desk: &DeskArgs, id: &str, as_json: bool) -> anyhow::Result<()> {
    let path = api_path(&["customers", id]);
    let file = desk.read(&path, |s| customers::of(s, id), |request| request)?;
    if as_json {
        return file.print();
    }
    for record in file.list("records") {
        let name = record["name"].as_str().map(|name| format!(" {name}")).unwrap_or_default();
        println!("record {} {}{name}, {}", record.word("kind"), record.word("id"), record.time("time").rfc3339());
    }
    for decided in file.list("events") {
        let (event, decision) = (&decided["event"], &decided["decision"]);
        let (time, kind) = (event.time("time").rfc3339(), event.word("kind"));
        println!("event {} {kind} {time}: {}", event.word("id"), decision.word("decision"));
    }
    for alert in file.list("alerts") {
        println!("alert {} {}: {}", alert.count("id"), alert.word("state"), alert.word("reason"));
    }
    for hold in file.list("holds") {
        println!("hold {} {}: {}, {}", hold.count("id"), hold.word("state"), hold.word("scope"), hold.word("basis"));
    }
    for case in file.list("cases") {
        println!("case {} {}: {}", case.count("id"), case.word("state"), case.word("title"));
    }
    for request in file.list("requests") {
        println!("request {} {}: match {}", request.word("id"), request.word("state"), request.word("verdict"));
    }
    for list in file.words("cut") {
        println!("note: more {list} are stored than are shown here");
    }
    Ok(())
}
