//! `holdfast people`, `holdfast sessions` and `holdfast jobs`: who acts at the desk, their browsers, and the server's work.

use crate::answer::{Answer, Fields};
use crate::args::DeskArgs;
use anyhow::{Context, bail};
use clap::Subcommand;
use holdfast_client::api_path;
use holdfast_console::desk_key::key_ring;
use holdfast_documents::qr;
use holdfast_identity::{
    Assurance, CodeAnswer, IdentityError, Person, PersonState, Session, SessionKind, end_session, end_sessions_of,
    enrol, give_code, open_sessions, passkeys_of, person_by_id, person_named, remove_passkey, renew_recovery_codes,
    reset_factor,
};
use holdfast_jobs::JobState;
use holdfast_screening::Screening;
use holdfast_store::{Change, Store};
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};

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
    /// Reset a person's second factors, app and passkeys, because they are lost. Nobody resets their own (--as names who does it).
    ResetFactor {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number of the person.
        id: u64,
        /// Why, for the audit log.
        #[arg(long)]
        reason: String,
    },
    /// Link a person who is known here to the identity provider's subject (the `sub` of its tokens), so that they sign in there. Needs a running
    /// server, which knows the provider.
    Link {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number of the person.
        id: u64,
        /// The provider's name of the person.
        #[arg(long)]
        subject: String,
    },
    /// Set up your second factor for signing in to the pages, an authenticator app (--as names who you are): shows a QR code, the secret and
    /// ten recovery codes, once. It counts once `people confirm-factor` gives a code of the app.
    SetUpFactor {
        #[command(flatten)]
        desk: DeskArgs,
        /// Write the QR code to this file, .png or .svg, instead of showing it.
        #[arg(long)]
        qr: Option<PathBuf>,
    },
    /// Confirm the authenticator app that you set up by its first code (--as names who you are).
    ConfirmFactor {
        #[command(flatten)]
        desk: DeskArgs,
        /// Code that the app shows.
        code: String,
    },
    /// Replace your recovery codes, for a code of the app or a recovery code (--as names who you are); the old ones are void.
    RecoveryCodes {
        #[command(flatten)]
        desk: DeskArgs,
        /// Code that the app shows, or a recovery code.
        code: String,
    },
    /// List your passkeys (--as names who you are). They are added on the pages, /desk/second-factor: a browser makes them.
    Passkeys {
        #[command(flatten)]
        desk: DeskArgs,
    },
    /// Remove one of your passkeys (--as names who you are), on the desk's machine. The last second factor stays: another administrator resets it.
    RemovePasskey {
        #[command(flatten)]
        desk: DeskArgs,
        /// Id of the passkey, as it is listed.
        id: String,
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
    /// List the open sessions of everybody: people of the desk, officers, learners.
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

/// Most jobs of a list.
const MAX_JOBS: usize = 1_000;

#[derive(Subcommand)]
pub enum JobsCommand {
    /// List jobs, newest first.
    List {
        #[command(flatten)]
        desk: DeskArgs,
        /// waiting, running, done or failed; by default all.
        #[arg(long)]
        state: Option<String>,
        /// Those below this number: the last of the list before. At most 1,000 are listed.
        #[arg(long)]
        before: Option<u64>,
    },
    /// Try a failed job, or one that waits for its next try, now.
    Retry {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number of the job.
        id: u64,
    },
    /// End a job that waits or runs, of a kind that only makes what was asked for: an import of tags, a bundle, the check of a ledger, the
    /// training of a model.
    Cancel {
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

/// The person that `--as` names.
fn own(tx: &mut dyn Change, name: &str) -> Result<Person, IdentityError> {
    person_named(tx.db(), name)?.ok_or_else(|| unknown(name))
}

fn unknown(name: &str) -> IdentityError {
    IdentityError::NotFound(format!("person '{name}'; name yourself with --as"))
}

/// Refuses a code that was not accepted.
fn accepted(answer: CodeAnswer) -> anyhow::Result<()> {
    match answer {
        CodeAnswer::Accepted => Ok(()),
        CodeAnswer::Refused => bail!("the code is wrong or used; wait for the next one"),
        CodeAnswer::Blocked(until) => bail!("too many wrong codes; no code is taken before {}", until.rfc3339()),
    }
}

/// Writes a QR code to a file of the form that its ending names.
fn write_qr(file: &Path, uri: &str) -> anyhow::Result<()> {
    let bytes = match file.extension().and_then(|e| e.to_str()) {
        Some("png") => qr::png(uri)?,
        Some("svg") => qr::svg(uri, "otpauth")?.into_bytes(),
        _ => bail!("--qr {}: name a file that ends in .png or .svg", file.display()),
    };
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    // It holds the secret.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut out = options.open(file).with_context(|| file.display().to_string())?;
    out.write_all(&bytes).with_context(|| file.display().to_string())
}

fn set_up_factor(desk: &DeskArgs, file: Option<&Path>, as_json: bool) -> anyhow::Result<()> {
    if let Some(file) = file
        && file.exists()
    {
        bail!("--qr {}: the file exists; it is not overwritten", file.display());
    }
    let here = |s: &Screening| {
        let (ring, random, name) =
            (key_ring(&desk.store.store, s)?, holdfast_state::system::entropy()?, desk.actor.clone());
        anyhow::Ok(Store::change(s, &desk.actor, move |tx| {
            let person = own(tx, &name)?;
            enrol(tx, &ring, &person, Assurance::OneFactor, &random)
        })?)
    };
    let made = desk.answer(here, |c| c.post("/api/v1/second-factor"))?;
    if let Some(file) = file {
        write_qr(file, made.word("uri"))?;
    }
    if as_json {
        return made.print();
    }
    if file.is_none() {
        println!("{}", qr::terminal(made.word("uri"))?);
    }
    println!("Secret: {}\n{}\n", made.word("secret"), made.word("uri"));
    print_codes(&made);
    println!("Now confirm the app: holdfast people confirm-factor CODE");
    Ok(())
}

fn print_passkey(p: &Value) {
    let used = match p["used"].is_null() {
        false => format!("last used {}", p.time("used").rfc3339()),
        true => "never used".to_owned(),
    };
    println!("{} {} (since {}, {used})", p.word("id"), p.word("name"), p.time("created").rfc3339());
}

fn passkeys(desk: &DeskArgs, as_json: bool) -> anyhow::Result<()> {
    let here = |s: &Screening| {
        let person = s.read(|db| person_named(db, &desk.actor))?;
        let person = person.ok_or_else(|| unknown(&desk.actor))?;
        anyhow::Ok(s.read(|db| passkeys_of(db, &person))?)
    };
    let list = desk.answer(here, |c| c.get("/api/v1/second-factor/passkeys"))?;
    if as_json {
        return list.print();
    }
    list.items().iter().for_each(print_passkey);
    Ok(())
}

fn remove(desk: &DeskArgs, id: &str, as_json: bool) -> anyhow::Result<()> {
    let path = api_path(&["second-factor", "passkeys", id]);
    let (name, which) = (desk.actor.clone(), id.to_owned());
    // Whoever commands the database could change it as well.
    let here = |s: &Screening| {
        Store::change(s, &desk.actor, move |tx| {
            let person = own(tx, &name)?;
            remove_passkey(tx, &person, Assurance::TwoFactors, &which)
        })
    };
    desk.answer(here, |c| c.delete(&path))?;
    ended(as_json, &json!({ "removed": id }), &format!("passkey {id} is removed"))
}

fn print_codes(answer: &Value) {
    println!("Recovery codes, shown once; each signs you in once in place of the app:");
    answer.words("recovery_codes").iter().for_each(|code| println!("  {code}"));
}

fn confirm_factor(desk: &DeskArgs, code: &str, as_json: bool) -> anyhow::Result<()> {
    let given = code.to_owned();
    let here = |s: &Screening| {
        let (ring, name) = (key_ring(&desk.store.store, s)?, desk.actor.clone());
        let answer = Store::change(s, &desk.actor, move |tx| {
            let person = own(tx, &name)?;
            give_code(tx, &ring, &person, Assurance::OneFactor, &given)
        })?;
        accepted(answer)
    };
    desk.answer(here, |c| c.put("/api/v1/second-factor").json(&json!({ "code": code })))?;
    ended(as_json, &json!({ "active": true }), "signing in to the pages needs a second factor from now on")
}

fn recovery_codes(desk: &DeskArgs, code: &str, as_json: bool) -> anyhow::Result<()> {
    let given = code.to_owned();
    let here = |s: &Screening| {
        let (ring, random, name) =
            (key_ring(&desk.store.store, s)?, holdfast_state::system::entropy()?, desk.actor.clone());
        let (answer, codes) = Store::change(s, &desk.actor, move |tx| {
            let person = own(tx, &name)?;
            renew_recovery_codes(tx, &ring, &person, Assurance::OneFactor, Some(&given), &random)
        })?;
        accepted(answer).map(|()| json!({ "recovery_codes": codes }))
    };
    let path = "/api/v1/second-factor/recovery-codes";
    let answer = desk.answer(here, |c| c.post(path).json(&json!({ "code": code })))?;
    if as_json {
        return answer.print();
    }
    print_codes(&answer);
    Ok(())
}

fn print_person(p: &Value) {
    let factor = if p.is("second_factor") { ", second factor" } else { "" };
    println!(
        "{:>5} {:<9} {} (since {}{factor})",
        p.count("id"),
        p.word("state"),
        p.word("name"),
        p.time("created").rfc3339()
    );
}

pub fn people(command: PeopleCommand, as_json: bool) -> anyhow::Result<()> {
    let answer = match command {
        PeopleCommand::List { desk } => {
            let list = desk.answer(Screening::people, |c| c.get("/api/v1/people"))?;
            if as_json {
                return list.print();
            }
            list.rows("people").iter().for_each(print_person);
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
        PeopleCommand::Link { desk, id, subject } => {
            let path = api_path(&["people", &id.to_string(), "sign-on"]);
            let none = |_: &Screening| -> anyhow::Result<Value> {
                bail!(
                    "start the server with its identity provider (sign_on.issuer): only it knows whose subject '{subject}' is"
                )
            };
            desk.answer(none, |c| c.put(&path).json(&json!({ "subject": subject })))?
        }
        PeopleCommand::SetUpFactor { desk, qr } => return set_up_factor(&desk, qr.as_deref(), as_json),
        PeopleCommand::ConfirmFactor { desk, code } => return confirm_factor(&desk, &code, as_json),
        PeopleCommand::RecoveryCodes { desk, code } => return recovery_codes(&desk, &code, as_json),
        PeopleCommand::Passkeys { desk } => return passkeys(&desk, as_json),
        PeopleCommand::RemovePasskey { desk, id } => return remove(&desk, &id, as_json),
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
    let of = |s: Session| {
        let (key, owner) = match s.kind {
            SessionKind::Staff => (s.subject.as_str(), person(&s.subject)),
            _ => ("", Some(format!("{} {}", s.kind.name(), s.subject.split(':').next().unwrap_or_default()))),
        };
        json!({ "id": s.handle(), "kind": s.kind, "key": key, "person": owner, "client": s.client, "started": s.started, "used": s.used })
    };
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
            for s in list.rows("sessions") {
                let used = s.time("used").rfc3339();
                let from = s.word("client");
                let from = if from.is_empty() { String::new() } else { format!(" from {from}") };
                println!("{} {:<7} {}{from}, last used {used}", s.word("id"), s.word("kind"), s.word("person"));
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
    let tries = match j.count("tries") {
        1 => "1 try".to_owned(),
        n => format!("{n} tries"),
    };
    let next = if j.word("state") == "waiting" {
        format!(", next run {}", j.time("next_try").rfc3339())
    } else {
        String::new()
    };
    let optional = |before: &str, field: &str| match j.word(field) {
        "" => String::new(),
        text => format!("{before}{text}"),
    };
    let (id, state, kind) = (j.count("id"), j.word("state"), j.word("kind"));
    println!("{id:>6} {state:<8} {kind}{} ({tries}{next}){}", optional(" ", "key"), optional(": ", "error"));
}

pub fn jobs(command: JobsCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        JobsCommand::List { desk, state, before } => {
            let wanted = state.as_deref().map(|name| {
                let found = JobState::ALL.into_iter().find(|s| s.name() == name);
                found.with_context(|| format!("--state '{name}' is none of waiting, running, done, failed"))
            });
            let wanted = wanted.transpose()?;
            let here = |s: &Screening| s.read(|db| holdfast_jobs::page(db, wanted, before, MAX_JOBS));
            let list = desk.answer(here, |c| {
                c.get("/api/v1/jobs").query_opt("state", wanted.map(JobState::name)).query_opt("before", before)
            })?;
            if as_json {
                return list.print();
            }
            list.rows("jobs").iter().for_each(print_job);
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
        JobsCommand::Cancel { desk, id } => {
            let path = api_path(&["jobs", &id.to_string(), "cancel"]);
            let here = |s: &Screening| {
                let kinds = holdfast_state::jobs::CANCELLED;
                let job = Store::change(s, &desk.actor, move |tx| holdfast_jobs::cancel(tx, id, kinds))?;
                job.with_context(|| format!("no job {id} waits or runs that may be cancelled"))
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
