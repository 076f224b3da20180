//! `holdfast audit`: the hash-chained log, its anchors, and the clock that it depends on.

use crate::answer::{Answer, Fields};
use crate::args::DeskArgs;
use crate::desk_key::anchors;
use crate::holds::no_problems;
use crate::output::{self, thousands};
use crate::running::Reach;
use clap::Subcommand;
use holdfast_console::desk_key::{anchors_file, key_ring};
use holdfast_console::vault;
use holdfast_retention::Retention;
use holdfast_screening::Screening;
use holdfast_screening::clock::ClockFault;
use holdfast_screening::replay::{Replay, replay_log};
use holdfast_types::Seconds;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Largest copy of the anchors that is read, in bytes.
const MAX_ANCHORS: usize = 16 << 20;

#[derive(Subcommand)]
pub enum AuditCommand {
    /// Verify the hash chain and every decision in it.
    Verify {
        #[command(flatten)]
        desk: DeskArgs,
        /// Head noted earlier: finds a log that was cut off.
        #[arg(long)]
        head: Option<String>,
        /// Copy of audit.anchors from another machine, compared instead of the store's own.
        #[arg(long)]
        anchors: Option<PathBuf>,
    },
    /// Make every decision again from the log of inputs and compare it with the stored one, byte for byte. Decisions of a version that had no such log
    /// are counted as uncovered; those of an engine of another version, whose results or words may differ, are named and not compared.
    Replay {
        #[command(flatten)]
        desk: DeskArgs,
    },
    /// Read every file of the vault that requests, cases, productions and reports name, and compare it with its SHA-256: the check of a restored store.
    Files {
        #[command(flatten)]
        desk: DeskArgs,
    },
    /// Write the log's head, signed, to audit.anchors beside the database (the server does so every hour and when it stops). Copy that file
    /// to another machine: `verify` then finds a log that was cut off or rewritten, and an older database that was put back.
    Anchor {
        #[command(flatten)]
        desk: DeskArgs,
    },
    /// Show whether the system's clock is trusted. After a jump, or a stop of more than an hour, nothing expires until a person confirms the clock.
    Clock {
        #[command(flatten)]
        desk: DeskArgs,
        /// Confirm that the system's clock is right: what is due by it expires.
        #[arg(long)]
        confirm: bool,
    },
    /// List entries.
    List {
        #[command(flatten)]
        desk: DeskArgs,
        /// Only about one subject, such as hold:12.
        #[arg(long)]
        subject: Option<String>,
        /// Only entries above this number.
        #[arg(long, default_value_t = 0)]
        after: u64,
    },
}

pub fn audit(command: AuditCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        AuditCommand::Verify { desk, head, anchors } => verify(&desk, head.as_deref(), anchors.as_deref(), as_json),
        AuditCommand::Replay { desk } => replay(&desk, as_json),
        AuditCommand::Files { desk } => files(&desk, as_json),
        AuditCommand::Anchor { desk } => anchor(&desk, as_json),
        AuditCommand::Clock { desk, confirm } => clock(&desk, confirm, as_json),
        AuditCommand::List { desk, subject, after } => list(&desk, subject.as_deref(), after, as_json),
    }
}

fn verify(desk: &DeskArgs, head: Option<&str>, copy: Option<&Path>, as_json: bool) -> anyhow::Result<()> {
    let report = match desk.reach()? {
        Reach::Here(screening) => {
            let known = anchors(&desk.store.store, &key_ring(&desk.store.store, &screening)?);
            Answer::of(&screening.verify_anchored(head, Some(&known), copy)?)?
        }
        Reach::There(client) => {
            let path = "/api/v1/audit/verify";
            let request = match copy {
                None => client.get(path),
                Some(copy) => client.post(path).body(output::read_bounded(copy, MAX_ANCHORS)?, "application/jsonl"),
            };
            Answer::of_bytes(request.query_opt("head", head).bytes()?)?
        }
    };
    if as_json {
        report.print()?;
    } else {
        println!(
            "{} entries, {} decisions, {} rows of state, {} anchors; head {}",
            thousands(report.count("entries")),
            thousands(report.count("decisions")),
            thousands(report.count("state")),
            thousands(report.count("anchors")),
            report.word("head")
        );
    }
    no_problems(&report, as_json, "the audit log does not verify: ")
}

fn replay_here(screening: &Screening) -> anyhow::Result<Replay> {
    let bar = output::bar(0, "replaying");
    let replay = replay_log(screening, &mut |inputs| {
        bar.set_position(inputs);
        output::stopping()
    })?;
    bar.finish_and_clear();
    Ok(replay)
}

fn replay(desk: &DeskArgs, as_json: bool) -> anyhow::Result<()> {
    let report = desk.answer(replay_here, |c| c.get("/api/v1/audit/replay"))?;
    if as_json {
        report.print()?;
    } else {
        println!(
            "{} inputs, {} decisions made again, {} active holds compared",
            thousands(report.count("inputs")),
            thousands(report.count("decisions")),
            thousands(report.count("holds"))
        );
        println!("SHA-256 of the decisions: {}", report.word("sha256"));
        if report["first_difference"].is_u64() {
            println!("first difference at position {} of the log", report.count("first_difference"));
        }
        if report.count("uncovered") > 0 {
            println!(
                "{} decisions up to number {} are older than the log and cannot be verified",
                thousands(report.count("uncovered")),
                report.count("uncovered_up_to")
            );
        }
        let engine = report.count("engine");
        for other in report.list("other_engines") {
            let by = match other.count("engine") {
                0 => "an engine without a version".to_owned(),
                version => format!("engine {version}"),
            };
            println!(
                "{} decisions, numbers {} to {}, are not covered: decided by {by}, this is engine {engine}",
                thousands(other.count("decisions")),
                other.count("first"),
                other.count("last")
            );
        }
        if report.is("stopped") {
            println!("the replay was stopped before the last input");
        }
    }
    no_problems(&report, as_json, "the log of inputs does not give the stored decisions: ")
}

fn files(desk: &DeskArgs, as_json: bool) -> anyhow::Result<()> {
    let check = |screening: &Screening| {
        let bar = output::bar(0, "reading files");
        let vault = vault(&desk.store.store);
        let report = Retention { screening, vault: &vault }.check_vault(&mut |files| {
            bar.set_position(files);
            output::stopping()
        })?;
        bar.finish_and_clear();
        Ok::<_, anyhow::Error>(report)
    };
    let report = desk.answer(check, |c| c.get("/api/v1/audit/files"))?;
    if as_json {
        report.print()?;
    } else {
        println!(
            "{} files that {} rows name, {} bytes read; {} were deleted by erasures",
            thousands(report.count("files")),
            thousands(report.count("rows")),
            thousands(report.count("bytes")),
            thousands(report.count("erased"))
        );
        if report.is("stopped") {
            println!("the check was stopped before the last file: nothing is said of the rest");
        }
    }
    no_problems(&report, as_json, "the vault does not have what the database names: ")
}

fn anchor(desk: &DeskArgs, as_json: bool) -> anyhow::Result<()> {
    let store = &desk.store.store;
    let anchor = match desk.reach()? {
        Reach::Here(screening) => Answer::of(&screening.anchor(&anchors(store, &key_ring(store, &screening)?))?)?,
        Reach::There(client) => Answer::of_bytes(client.post("/api/v1/audit/anchor").bytes()?)?,
    };
    if as_json {
        return anchor.print();
    }
    println!("anchor {}: entry {}, head {}", anchor.count("number"), anchor.count("entry"), anchor.word("head"));
    if desk.server.server.is_none() {
        println!("in {}; keep a copy of it on another machine", anchors_file(store).display());
    }
    Ok(())
}

fn clock(desk: &DeskArgs, confirm: bool, as_json: bool) -> anyhow::Result<()> {
    let fault = match desk.reach()? {
        Reach::Here(screening) => {
            let fault = screening.clock_fault();
            if confirm {
                screening.confirm_clock(&desk.actor)?;
            }
            fault
        }
        Reach::There(client) => {
            let state: Value = client.get("/api/v1/clock").fetch()?;
            if confirm {
                client.post("/api/v1/clock").bytes()?;
            }
            state["fault"].is_object().then(|| clock_fault(&state["fault"]))
        }
    };
    if as_json {
        return output::json(&json!({"fault": fault, "confirmed": confirm}));
    }
    match (&fault, confirm) {
        (_, true) => println!("the clock is confirmed"),
        (Some(fault), false) => println!("{fault} (--confirm)"),
        (None, false) => println!("the clock is trusted"),
    }
    Ok(())
}

fn clock_fault(fault: &Value) -> ClockFault {
    ClockFault {
        off_seconds: Seconds::new(fault.int("off_seconds")),
        since_start: fault.is("since_start"),
        wall: fault.time("wall"),
        expected: fault.time("expected"),
    }
}

fn list(desk: &DeskArgs, subject: Option<&str>, after: u64, as_json: bool) -> anyhow::Result<()> {
    let entries = desk.answer(
        |s| s.audit(after, subject, 1000),
        |c| c.get("/api/v1/audit").query("limit", 1000).query("after", after).query_opt("subject", subject),
    )?;
    if as_json {
        return entries.print();
    }
    for e in entries.rows("entries") {
        let (seq, time) = (e.count("seq"), e.time("time").rfc3339());
        println!("{seq:>6} {time} {} {} {}", e.word("actor"), e.word("action"), e.word("subject"));
    }
    Ok(())
}
