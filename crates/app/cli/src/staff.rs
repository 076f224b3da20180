//! `holdfast people`, `holdfast sessions` and `holdfast jobs`: who acts at the desk, their browsers, and the server's work.

use crate::answer::{Answer, Fields};
use crate::args::DeskArgs;
use anyhow::Context;
use clap::Subcommand;
use holdfast_client::api_path;
use holdfast_identity::{
    IdentityError, PersonState, Session, end_session, end_sessions_of, open_sessions, person_by_id, reset_factor,
};
use holdfast_input::time::rfc3339;
use holdfast_jobs::JobState;
use holdfast_screening::Screening;
use holdfast_store::Store;
use serde_json::{Value, json};

#[derive(Subcommand)]
pub enum PeopleCommand {
    /// List people.
    List {
        #[command(flatten)]
        desk: DeskArgs,
    },
    /// Suspend a person, whose keys and sessions open nothing from then on; the last administrator stays.
    Suspend {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number of the person.
        id: u64,
        /// Why, for the audit log.
        #[arg(long)]
        reason: String,
    },
    /// Let a suspended person act again.
    Activate {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number of the person.
        id: u64,
        /// Why, for the audit log.
        #[arg(long)]
        reason: String,
    },
    /// Reset a person's second factor, because it is lost. Nobody resets their own (--as names who does it).
    ResetFactor {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number of the person.
        id: u64,
        /// Why, for the audit log.
        #[arg(long)]
        reason: String,
    },
    /// End all sessions of a person.
    EndSessions {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number of the person.
        id: u64,
    },
}

#[derive(Subcommand)]
pub enum SessionsCommand {
    /// List the open sessions of everybody.
    List {
        #[command(flatten)]
        desk: DeskArgs,
    },
    /// End a session, such as one on a lost computer.
    End {
        #[command(flatten)]
        desk: DeskArgs,
        /// Id of the session, as it is listed.
        id: String,
    },
}

#[derive(Subcommand)]
pub enum JobsCommand {
    /// List jobs, newest first.
    List {
        #[command(flatten)]
        desk: DeskArgs,
        /// waiting, running, done or failed; by default all.
        #[arg(long)]
        state: Option<String>,
    },
    /// Try a failed job, or one that waits for its next try, now.
    Retry {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number of the job.
        id: u64,
    },
}

fn set_state(desk: &DeskArgs, id: u64, state: PersonState, reason: &str) -> anyhow::Result<Answer> {
    let path = api_path(&["people", &id.to_string()]);
    desk.answer(
        |s| s.set_person_state(id, state, reason, &desk.actor),
        |c| c.post(&path).json(&json!({ "state": state, "reason": reason })),
    )
}

fn print_person(p: &Value) {
    let factor = if p.is("second_factor") { ", second factor" } else { "" };
    println!(
        "{:>5} {:<9} {} (since {}{factor})",
        p.count("id"),
        p.word("state"),
        p.word("name"),
        rfc3339(p.int("created"))
    );
}

pub fn people(command: PeopleCommand, as_json: bool) -> anyhow::Result<()> {
    let answer = match command {
        PeopleCommand::List { desk } => {
            let list = desk.answer(Screening::people, |c| c.get("/api/v1/people"))?;
            if as_json {
                return list.print();
            }
            list.items().iter().for_each(print_person);
            return Ok(());
        }
        PeopleCommand::Suspend { desk, id, reason } => set_state(&desk, id, PersonState::Suspended, &reason)?,
        PeopleCommand::Activate { desk, id, reason } => set_state(&desk, id, PersonState::Active, &reason)?,
        PeopleCommand::ResetFactor { desk, id, reason } => {
            let path = api_path(&["people", &id.to_string(), "second-factor", "reset"]);
            let why = reason.clone();
            let here = |s: &Screening| Store::change(s, &desk.actor, move |tx| reset_factor(tx, id, &why));
            desk.answer(here, |c| c.post(&path).json(&json!({ "reason": reason })))?
        }
        PeopleCommand::EndSessions { desk, id } => {
            let path = api_path(&["people", &id.to_string(), "sessions"]);
            let here = |s: &Screening| {
                Store::change(s, &desk.actor, move |tx| {
                    person_by_id(tx.db(), id)?;
                    end_sessions_of(tx, id).map(drop)
                })
            };
            desk.answer(here, |c| c.delete(&path))?;
            return ended(as_json, &json!({ "person": id }), &format!("the sessions of person {id} are ended"));
        }
    };
    if as_json {
        return answer.print();
    }
    print_person(&answer);
    Ok(())
}

fn ended(as_json: bool, value: &Value, text: &str) -> anyhow::Result<()> {
    if as_json {
        crate::output::json(value)
    } else {
        println!("{text}");
        Ok(())
    }
}

fn stored_sessions(screening: &Screening) -> anyhow::Result<Vec<Session>> {
    let now = screening.now();
    Ok(screening.read(|db| open_sessions(db, now))?)
}

fn sessions_here(screening: &Screening) -> anyhow::Result<Vec<Value>> {
    let keys = screening.keys()?;
    let person = |id: &str| keys.iter().find(|k| k.id == id).map(|k| k.person().to_owned());
    let of = |s: Session| json!({ "id": s.handle(), "key": s.key, "person": person(&s.key), "client": s.client, "started": s.started, "used": s.used });
    Ok(stored_sessions(screening)?.into_iter().map(of).collect())
}

fn end_here(screening: &Screening, handle: &str, actor: &str) -> anyhow::Result<()> {
    let found = stored_sessions(screening)?.into_iter().find(|s| s.handle() == handle);
    let found = found.with_context(|| format!("there is no session '{handle}'"))?;
    Ok(Store::change::<_, IdentityError>(screening, actor, move |tx| end_session(tx, &found.id))?)
}

pub fn sessions(command: SessionsCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        SessionsCommand::List { desk } => {
            let list = desk.answer(sessions_here, |c| c.get("/api/v1/sessions").query("all", "true"))?;
            if as_json {
                return list.print();
            }
            for s in list.items() {
                let used = rfc3339(s.int("used"));
                println!("{} {} from {}, last used {used}", s.word("id"), s.word("person"), s.word("client"));
            }
            Ok(())
        }
        SessionsCommand::End { desk, id } => {
            let path = api_path(&["sessions", &id]);
            desk.answer(|s| end_here(s, &id, &desk.actor), |c| c.delete(&path))?;
            ended(as_json, &json!({ "ended": id }), &format!("session {id} is ended"))
        }
    }
}

fn print_job(j: &Value) {
    let next =
        if j.word("state") == "waiting" { format!(", next run {}", rfc3339(j.int("next_try"))) } else { String::new() };
    println!(
        "{:>6} {:<8} {} {} ({} tries{next}) {}",
        j.count("id"),
        j.word("state"),
        j.word("kind"),
        j.word("key"),
        j.count("tries"),
        j.word("error")
    );
}

pub fn jobs(command: JobsCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        JobsCommand::List { desk, state } => {
            let wanted = state.as_deref().map(|name| {
                let found = JobState::ALL.into_iter().find(|s| s.name() == name);
                found.with_context(|| format!("--state '{name}' is none of waiting, running, done, failed"))
            });
            let wanted = wanted.transpose()?;
            let here = |s: &Screening| s.read(|db| holdfast_jobs::list(db, wanted));
            let list = desk.answer(here, |c| match wanted {
                Some(state) => c.get("/api/v1/jobs").query("state", state.name()),
                None => c.get("/api/v1/jobs"),
            })?;
            if as_json {
                return list.print();
            }
            list.items().iter().for_each(print_job);
            Ok(())
        }
        JobsCommand::Retry { desk, id } => {
            let path = api_path(&["jobs", &id.to_string(), "retry"]);
            let here = |s: &Screening| {
                let job = Store::change(s, &desk.actor, move |tx| holdfast_jobs::retry(tx, id))?;
                job.with_context(|| format!("no job {id} waits or failed"))
            };
            let job = desk.answer(here, |c| c.post(&path))?;
            if as_json {
                return job.print();
            }
            print_job(&job);
            Ok(())
        }
    }
}
