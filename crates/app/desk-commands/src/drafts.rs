//! `holdfast rules drafts`, `diff` and `restore`: rule books from the first line to being in force, and back.

use crate::answer::{Answer, Fields};
use crate::args::{DeskArgs, named};
use crate::output::{self, thousands};
use crate::rules::{print_test, yaml_of};
use crate::running::Reach;
use anyhow::bail;
use clap::Subcommand;
use holdfast_client::{Client, api_path};
use holdfast_jobs::{Job, latest};
use holdfast_monitor::drafts::{DraftState, fault};
use holdfast_monitor::{Monitor, MonitorError};
use holdfast_screening::Screening;
use holdfast_screening::changes::ChangeKind;
use holdfast_state::back_test::TestDraft;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Pause between two looks at a test that runs on the server.
const LOOK: Duration = Duration::from_millis(500);

#[derive(Subcommand)]
pub enum DraftsCommand {
    /// List drafts of rule books, newest first.
    List {
        #[command(flatten)]
        desk: DeskArgs,
        /// Only those in this state.
        #[arg(long, value_parser = named::<DraftState>())]
        state: Option<DraftState>,
    },
    /// Show a draft: its state, its first fault, what its last test found, and the SHA-256 by which its text is proposed.
    Show {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number of the draft.
        id: u64,
        /// The text alone, as YAML to edit.
        #[arg(long)]
        text: bool,
    },
    /// Begin a draft from a file, or from a version of the book. The text may be faulty; `show` says where.
    Begin {
        #[command(flatten)]
        desk: DeskArgs,
        /// What it is for.
        title: String,
        /// Rule book (YAML); by default the text of a version.
        file: Option<PathBuf>,
        /// The version that it begins from; by default the one in force.
        #[arg(long)]
        version: Option<u32>,
    },
    /// Replace the text of a draft.
    Write {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number of the draft.
        id: u64,
        /// Rule book (YAML).
        file: PathBuf,
        /// Another title.
        #[arg(long)]
        title: Option<String>,
    },
    /// Test a draft on all decided events: what would be decided otherwise, of whom, and what is known of them. A server does it as a job.
    BackTest {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number of the draft.
        id: u64,
        /// Wait for the server's job, and show what it found.
        #[arg(long)]
        wait: bool,
    },
    /// Propose a draft. Another person, who is not its last writer either, puts it in force or rejects it (`holdfast changes approve`, `reject`); where
    /// there is nobody else it is in force at once.
    Submit {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number of the draft.
        id: u64,
        /// SHA-256 of the text that you read, as `show` gives it: no other text is proposed.
        #[arg(long)]
        seen: String,
    },
    /// Give a draft up.
    Discard {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number of the draft.
        id: u64,
    },
}

fn monitor(screening: &Screening) -> Monitor<'_> {
    Monitor { screening }
}

/// A draft as the API answers it.
fn shown(screening: &Screening, id: u64) -> Result<Value, MonitorError> {
    let draft = monitor(screening).draft(id)?;
    let job = screening.read(|db| latest(db, TestDraft::KIND, &id.to_string()))?;
    let (fault, sha256) = (fault(&draft.yaml), holdfast_decision::rules::sha256(&draft.yaml));
    Ok(json!({"draft": draft, "sha256": sha256, "fault": fault, "job": job}))
}

fn path_of(id: u64, step: &[&str]) -> String {
    api_path(&[&["rules", "drafts", &id.to_string()], step].concat())
}

pub fn drafts(command: DraftsCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        DraftsCommand::List { desk, state } => list(&desk, state, as_json),
        DraftsCommand::Show { desk, id, text } => show(&desk, id, text, as_json),
        DraftsCommand::Begin { desk, title, file, version } => begin(&desk, &title, file.as_deref(), version, as_json),
        DraftsCommand::Write { desk, id, file, title } => write(&desk, id, &file, title, as_json),
        DraftsCommand::BackTest { desk, id, wait } => back_test(&desk, id, wait, as_json),
        DraftsCommand::Submit { desk, id, seen } => submit(&desk, id, &seen, as_json),
        DraftsCommand::Discard { desk, id } => {
            desk.answer(|s| monitor(s).discard_draft(id, &desk.actor), |c| c.delete(&path_of(id, &[])))?;
            if as_json {
                return output::json(&json!({ "discarded": id }));
            }
            println!("draft {id} is given up");
            Ok(())
        }
    }
}

fn list(desk: &DeskArgs, state: Option<DraftState>, as_json: bool) -> anyhow::Result<()> {
    let list = desk.answer(
        |s| monitor(s).drafts(state),
        |c| c.get("/api/v1/rules/drafts").query_opt("state", state.map(DraftState::name)),
    )?;
    if as_json {
        return list.print();
    }
    for draft in list.rows("drafts") {
        let (changed, author) = (draft.time("changed").rfc3339(), draft.word("author"));
        println!("{:>6} {:<9} {changed} by {author}: {}", draft.count("id"), draft.word("state"), draft.word("title"));
    }
    Ok(())
}

fn show(desk: &DeskArgs, id: u64, text: bool, as_json: bool) -> anyhow::Result<()> {
    let answer = desk.answer(|s| shown(s, id), |c| c.get(&path_of(id, &[])))?;
    match (as_json, text) {
        (true, _) => answer.print(),
        (false, true) => {
            print!("{}", answer["draft"].word("yaml"));
            Ok(())
        }
        (false, false) => {
            print_draft(&answer);
            Ok(())
        }
    }
}

fn print_draft(answer: &Value) {
    let draft = &answer["draft"];
    println!("draft {}: {} ({})", draft["id"], draft.word("title"), draft.word("state"));
    println!(
        "begun by {} at {} from version {}; last changed at {}",
        draft.word("author"),
        draft.time("created").rfc3339(),
        draft["base"],
        draft.time("changed").rfc3339()
    );
    println!("SHA-256 {}", answer.word("sha256"));
    if let Some(change) = draft["change"].as_u64() {
        println!("proposed as change {change}; see `holdfast changes show {change}`");
    }
    match answer["fault"].as_object() {
        None => println!("the text is a rule book"),
        Some(fault) => {
            let place = fault["line"].as_u64().map_or(String::new(), |line| format!("line {line}: "));
            println!("the text is no rule book: {place}{}", answer["fault"].word("message"));
        }
    }
    let (test, job) = (&draft["test"], &answer["job"]);
    match job.word("state") {
        "waiting" | "running" => {
            println!("its test is {}: {} events done", job.word("state"), thousands(job.count("done")))
        }
        "failed" => println!("its test failed: {}", job.word("error")),
        _ if test.is_null() => println!("it is not tested yet"),
        _ => {}
    }
    if !test.is_null() {
        let of = if draft.is("test_is_current") { "this text" } else { "an earlier text" };
        println!("tested at {}, {of}:", draft.time("tested").rfc3339());
        print_trial(test);
    }
}

/// What a test found, and what is known of the events that would be decided otherwise.
fn print_trial(test: &Value) {
    print_test(test);
    println!("customers decided more strictly: {}", thousands(test.count("customers")));
    for side in ["stricter", "milder"] {
        let known = &test[side];
        let [right, wrong, unknown] = ["right", "wrong", "unknown"].map(|name| thousands(known.count(name)));
        println!("decided {side}: alerts right {right}, wrong {wrong}, outcome unknown {unknown}");
    }
}

/// Prints a draft after a step.
fn stepped(answer: &Answer, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return answer.print();
    }
    print_draft(answer);
    Ok(())
}

fn begin(desk: &DeskArgs, title: &str, file: Option<&Path>, version: Option<u32>, as_json: bool) -> anyhow::Result<()> {
    let yaml = file.map(yaml_of).transpose()?;
    let body = json!({"title": title, "yaml": yaml, "version": version});
    let here = |s: &Screening| {
        let id = monitor(s).begin_draft(title, yaml, version, &desk.actor)?;
        shown(s, id)
    };
    stepped(&desk.answer(here, |c| c.post("/api/v1/rules/drafts").json(&body))?, as_json)
}

fn write(desk: &DeskArgs, id: u64, file: &Path, title: Option<String>, as_json: bool) -> anyhow::Result<()> {
    let yaml = yaml_of(file)?;
    let answer = match desk.reach()? {
        Reach::Here(s) => {
            let title = title.map_or_else(|| monitor(&s).draft(id).map(|d| d.title), Ok)?;
            monitor(&s).write_draft(id, &title, yaml, None, &desk.actor)?;
            Answer::of(&shown(&s, id)?)?
        }
        Reach::There(client) => {
            let path = path_of(id, &[]);
            let title = match title {
                Some(title) => title,
                None => client.get(&path).fetch::<Value>()?["draft"].word("title").to_owned(),
            };
            Answer::of_bytes(client.put(&path).json(&json!({"title": title, "yaml": yaml})).bytes()?)?
        }
    };
    stepped(&answer, as_json)
}

fn test_here(screening: &Screening, id: u64, actor: &str) -> anyhow::Result<Value> {
    let bar = output::bar(0, "replaying");
    let is_whole = monitor(screening).test_draft(id, actor, &mut |n| {
        bar.set_position(n);
        output::stopping()
    })?;
    bar.finish_and_clear();
    if !is_whole {
        bail!("the test was stopped before the last event; nothing is stored");
    }
    Ok(shown(screening, id)?)
}

/// Looks at a server's test until it is over.
fn wait_for(client: &Client, id: u64) -> anyhow::Result<Answer> {
    let bar = output::bar(0, "replaying");
    loop {
        let answer = Answer::of_bytes(client.get(&path_of(id, &[])).bytes()?)?;
        if !matches!(answer["job"].word("state"), "waiting" | "running") {
            bar.finish_and_clear();
            return Ok(answer);
        }
        bar.set_position(answer["job"].count("done"));
        if output::stopping().is_break() {
            bail!("stopped; the test goes on at the server, and `holdfast rules drafts show {id}` shows what it found");
        }
        std::thread::sleep(LOOK);
    }
}

fn back_test(desk: &DeskArgs, id: u64, wait: bool, as_json: bool) -> anyhow::Result<()> {
    let answer = match desk.reach()? {
        Reach::Here(screening) => Answer::of(&test_here(&screening, id, &desk.actor)?)?,
        Reach::There(client) => {
            let begun = Answer::of_bytes(client.post(&path_of(id, &["back-test"])).bytes()?)?;
            if wait { wait_for(&client, id)? } else { begun }
        }
    };
    stepped(&answer, as_json)?;
    match answer["job"].word("state") {
        "failed" => bail!("the test failed: {}", answer["job"].word("error")),
        _ => Ok(()),
    }
}

/// Prints what became of a proposal: the change that waits, or nothing where the text is in force.
fn proposed(change: &Value, in_force: &str, as_json: bool) -> anyhow::Result<()> {
    let change = &change["id"];
    match (change.is_null(), as_json) {
        (_, true) => output::json(&json!({ "change": change })),
        (true, false) => {
            println!("{in_force}");
            Ok(())
        }
        (false, false) => {
            println!("{}", crate::keys::waiting(change));
            Ok(())
        }
    }
}

fn submit(desk: &DeskArgs, id: u64, seen: &str, as_json: bool) -> anyhow::Result<()> {
    let here = |s: &Screening| -> anyhow::Result<_> {
        let waits = s.has_second_person(ChangeKind::Rules, &desk.actor)?;
        Ok(monitor(s).submit_draft(id, seen, waits, &desk.actor)?)
    };
    let body = json!({ "seen": seen });
    let answer = desk.answer(here, |c| c.post(&path_of(id, &["submit"])).json(&body))?;
    proposed(&answer, &format!("draft {id} is in force"), as_json)
}

/// Prints the lines that a version has and an earlier one has not, and the other way round.
pub fn diff(desk: &DeskArgs, version: u32, since: Option<u32>, as_json: bool) -> anyhow::Result<()> {
    let path = api_path(&["rules", "versions", &version.to_string(), "diff"]);
    let lines = desk.answer(|s| monitor(s).book_diff(version, since), |c| c.get(&path).query_opt("since", since))?;
    if as_json {
        return lines.print();
    }
    for line in lines.rows("differences") {
        let sign = match (line["before"].is_null(), line["after"].is_null()) {
            (true, _) => '+',
            (_, true) => '-',
            _ => ' ',
        };
        let number = line["after"].as_u64().or(line["before"].as_u64()).unwrap_or_default();
        println!("{number:>5} {sign} {}", line.word("text"));
    }
    Ok(())
}

/// Proposes the text of an earlier version.
pub fn restore(desk: &DeskArgs, version: u32, as_json: bool) -> anyhow::Result<()> {
    let here = |s: &Screening| -> anyhow::Result<Value> {
        let yaml = monitor(s).earlier_text(version)?;
        if s.has_second_person(ChangeKind::Rules, &desk.actor)? {
            return Ok(json!(s.propose_rules(&yaml, &desk.actor)?));
        }
        s.apply_rules(&yaml, &desk.actor)?;
        Ok(Value::Null)
    };
    let path = api_path(&["rules", "versions", &version.to_string(), "restore"]);
    let answer = desk.answer(here, |c| c.post(&path))?;
    proposed(&answer, &format!("the text of version {version} is in force again"), as_json)
}
