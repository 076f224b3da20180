//! `holdfast retention`: how long records are kept, legal holds, erasures of customers.

use crate::answer::{Answer, Fields};
use crate::args::DeskArgs;
use clap::Subcommand;
use holdfast_client::api_path;
use holdfast_console::vault;
use holdfast_retention::policy::Kind;
use holdfast_retention::{Retention, RetentionError};
use holdfast_screening::Screening;
use serde_json::{Value, json};
use std::ops::ControlFlow;

#[derive(Subcommand)]
pub enum RetentionCommand {
    /// List how long records of each kind are kept, and by which law.
    List {
        #[command(flatten)]
        desk: DeskArgs,
    },
    /// Set how long records of a kind are kept, in days after the latest record.
    Set {
        #[command(flatten)]
        desk: DeskArgs,
        /// records, events, requests, cases or reports.
        kind: Kind,
        /// Days.
        #[arg(long, allow_negative_numbers = true)]
        days: i64,
        /// The law that says so.
        #[arg(long)]
        basis: String,
    },
    /// Show what is kept of a customer until when, and what stands against their erasure.
    Show {
        #[command(flatten)]
        desk: DeskArgs,
        customer: String,
    },
    /// List legal holds, those that stand first.
    Holds {
        #[command(flatten)]
        desk: DeskArgs,
        /// Of one customer.
        #[arg(long)]
        customer: Option<String>,
    },
    /// Place a legal hold on a customer: while it stands, nothing of them is erased.
    Hold {
        #[command(flatten)]
        desk: DeskArgs,
        customer: String,
        /// Reason, for the audit log.
        #[arg(long)]
        reason: String,
    },
    /// Lift a legal hold.
    Lift {
        #[command(flatten)]
        desk: DeskArgs,
        id: u64,
        /// Reason, for the audit log.
        #[arg(long)]
        reason: String,
    },
    /// List erasures, the newest first.
    Erasures {
        #[command(flatten)]
        desk: DeskArgs,
    },
    /// Propose the erasure of a customer; another person carries it out.
    Propose {
        #[command(flatten)]
        desk: DeskArgs,
        customer: String,
        /// Reason, for the audit log.
        #[arg(long)]
        reason: String,
    },
    /// Carry out an erasure of another person (--as names who does): what identifies the customer is replaced everywhere, and all is read again.
    Erase {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number of the erasure.
        id: u64,
        /// SHA-256 of files of the vault that are deleted because they name the customer; with commas.
        #[arg(long, value_delimiter = ',')]
        delete_files: Vec<String>,
        /// Leave it to a job of the running server: `holdfast jobs list` tells how far it is, `holdfast jobs cancel` stops it.
        #[arg(long)]
        background: bool,
    },
    /// Reject an erasure of another person.
    Reject {
        #[command(flatten)]
        desk: DeskArgs,
        id: u64,
        /// Reason, for the audit log.
        #[arg(long)]
        reason: String,
    },
}

fn here<T>(
    desk: &DeskArgs,
    screening: &Screening,
    run: impl FnOnce(Retention<'_>) -> Result<T, RetentionError>,
) -> Result<T, RetentionError> {
    run(Retention { screening, vault: &vault(&desk.store.store) })
}

fn until(value: &Value, field: &str) -> String {
    if value[field].is_null() { "no period is set".to_owned() } else { value.time(field).rfc3339() }
}

fn print_hold(hold: &Value) {
    let state = if hold["lifted"].is_null() { "stands" } else { "lifted" };
    let (id, customer, by) = (hold.count("id"), hold.word("customer"), hold.word("placed_by"));
    println!("{id:>5} {state:<7} {customer} by {by} {}: {}", hold.time("placed").rfc3339(), hold.word("reason"));
}

fn print_erasure(erasure: &Value) {
    let (id, state) = (erasure.count("id"), erasure.word("state"));
    println!(
        "{id:>5} {state:<9} {} by {}: {}",
        erasure.word("customer"),
        erasure.word("proposed_by"),
        erasure.word("reason")
    );
    let report = &erasure["report"];
    if report.is_null() {
        return;
    }
    if report["interrupted"] == true {
        println!(
            "      {} rows were rewritten by a try that ended before all was read again: nothing was searched for the customer's values, which are known no longer",
            report.count("rows")
        );
        return;
    }
    println!(
        "      {} values replaced in {} rows ({} only where their field names them); {} rows of {} tables read again: none names the customer",
        report.count("values"),
        report.count("rows"),
        report.count("by_field"),
        report.count("rows_read"),
        report.count("tables_read")
    );
    for shared in report["shared"].rows("shared") {
        println!(
            "      kept: {} values of the field {}, which another customer has too",
            shared.count("values"),
            shared.word("field")
        );
    }
    let files = &report["files"];
    if files.is_null() {
        println!("      files were not read: the store has no folder");
        return;
    }
    println!("      {} files read", files.count("files"));
    for file in files.words("holding") {
        println!("      STILL NAMED in {file}");
    }
    for file in files["closed"].rows("closed") {
        println!("      not looked into: {} ({})", file.word("path"), file.word("why"));
    }
}

fn print_each(answer: &Answer, as_json: bool, name: &str, each: fn(&Value)) -> anyhow::Result<()> {
    if as_json {
        return answer.print();
    }
    answer.rows(name).iter().for_each(each);
    Ok(())
}

fn print_one(answer: &Answer, as_json: bool, each: fn(&Value)) -> anyhow::Result<()> {
    if as_json {
        return answer.print();
    }
    each(answer);
    Ok(())
}

fn periods(command: RetentionCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        RetentionCommand::List { desk } => {
            let answer = desk.answer(|s| here(&desk, s, |r| r.periods()), |c| c.get("/api/v1/retention"))?;
            print_each(&answer, as_json, "periods", |p| {
                println!("{:<9} {:>6} days  {}", p.word("kind"), p["days"], p.word("basis"));
            })
        }
        RetentionCommand::Set { desk, kind, days, basis } => {
            let path = api_path(&["retention", kind.name()]);
            let set = |s: &Screening| here(&desk, s, |r| r.set_period(kind, days, &basis, &desk.actor));
            let answer = desk.answer(set, |c| c.put(&path).json(&json!({ "days": days, "basis": basis })))?;
            print_one(&answer, as_json, |p| println!("{} are kept for {} days", p.word("kind"), p["days"]))
        }
        RetentionCommand::Show { desk, customer } => {
            let path = api_path(&["retention", "customers", &customer]);
            let show = |s: &Screening| {
                here(&desk, s, |r| Ok(json!({ "kept": r.kept(&customer)?, "obstacles": r.obstacles(&customer)? })))
            };
            let answer = desk.answer(show, |c| c.get(&path))?;
            print_one(&answer, as_json, |found| {
                for kept in found["kept"].rows("kept") {
                    println!(
                        "{:<9} the latest of {}, kept until {}",
                        kept.word("kind"),
                        kept.time("latest").rfc3339(),
                        until(kept, "until")
                    );
                }
                for obstacle in found.words("obstacles") {
                    println!("against an erasure: {obstacle}");
                }
            })
        }
        other => erasures(other, as_json),
    }
}

fn erasures(command: RetentionCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        RetentionCommand::Erasures { desk } => {
            let answer = desk.answer(|s| here(&desk, s, |r| r.erasures()), |c| c.get("/api/v1/erasures"))?;
            print_each(&answer, as_json, "erasures", print_erasure)
        }
        RetentionCommand::Propose { desk, customer, reason } => {
            let propose = |s: &Screening| here(&desk, s, |r| r.propose_erasure(&customer, &reason, &desk.actor));
            let body = json!({ "customer": customer, "reason": reason });
            let answer = desk.answer(propose, |c| c.post("/api/v1/erasures").json(&body))?;
            print_one(&answer, as_json, print_erasure)
        }
        RetentionCommand::Erase { desk, id, delete_files, background } => {
            let path = api_path(&["erasures", &id.to_string()]);
            let key = holdfast_state::system::entropy()?;
            let erase = |s: &Screening| {
                if background {
                    anyhow::bail!("no server runs on this store: leave --background out");
                }
                let mut go_on = |_: u64, _: u64| ControlFlow::Continue(());
                Ok(here(&desk, s, |r| r.carry_out_erasure(id, key, &delete_files, &desk.actor, &mut go_on))?)
            };
            let body = json!({ "decision": "carry_out", "delete_files": delete_files, "background": background });
            let answer = desk.answer(erase, |c| c.post(&path).json(&body))?;
            print_one(&answer, as_json, print_erasure)
        }
        RetentionCommand::Reject { desk, id, reason } => {
            let path = api_path(&["erasures", &id.to_string()]);
            let reject = |s: &Screening| here(&desk, s, |r| r.reject_erasure(id, &reason, &desk.actor));
            let body = json!({ "decision": "reject", "reason": reason });
            let answer = desk.answer(reject, |c| c.post(&path).json(&body))?;
            print_one(&answer, as_json, print_erasure)
        }
        _ => Ok(()),
    }
}

pub fn retention(command: RetentionCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        RetentionCommand::Holds { desk, customer } => {
            let list = |s: &Screening| here(&desk, s, |r| r.legal_holds(customer.as_deref()));
            let of = customer.clone().unwrap_or_default();
            let answer = desk.answer(list, |c| match of.as_str() {
                "" => c.get("/api/v1/legal-holds"),
                of => c.get("/api/v1/legal-holds").query("customer", of),
            })?;
            print_each(&answer, as_json, "holds", print_hold)
        }
        RetentionCommand::Hold { desk, customer, reason } => {
            let place = |s: &Screening| here(&desk, s, |r| r.place_legal_hold(&customer, &reason, &desk.actor));
            let body = json!({ "customer": customer, "reason": reason });
            let answer = desk.answer(place, |c| c.post("/api/v1/legal-holds").json(&body))?;
            print_one(&answer, as_json, print_hold)
        }
        RetentionCommand::Lift { desk, id, reason } => {
            let path = api_path(&["legal-holds", &id.to_string(), "lift"]);
            let lift = |s: &Screening| here(&desk, s, |r| r.lift_legal_hold(id, &reason, &desk.actor));
            let answer = desk.answer(lift, |c| c.post(&path).json(&json!({ "reason": reason })))?;
            print_one(&answer, as_json, print_hold)
        }
        other => periods(other, as_json),
    }
}
