//! `holdfast keys` and `holdfast changes`: who may do what, and what needs a second person.

use crate::answer::{Answer, Fields};
use crate::args::DeskArgs;
use crate::output;
use crate::running::Reach;
use anyhow::Context;
use clap::Subcommand;
use holdfast_client::api_path;
use holdfast_console::desk_key::key_ring;
use holdfast_identity::{ApiKey, ROLES, change_needs_second_person, key_by_id, key_needs_second_person, role};
use holdfast_screening::Screening;
use holdfast_screening::changes::ChangeKind;
use holdfast_types::Timestamp;
use serde_json::{Value, json};

#[derive(Subcommand)]
pub enum KeysCommand {
    /// Create a key. The first administrator's key is created here; a later key that may administrate waits for a second person.
    Create {
        #[command(flatten)]
        desk: DeskArgs,
        /// Name of the key; of its owner too, unless --person names one.
        name: String,
        /// Owner of the key, where a person has several. A key of a person who is known waits for a second person.
        #[arg(long)]
        person: Option<String>,
        /// chain, read, events, records, holds, alerts, rules, desk, approve, audit, manage, partner, academy, metrics, admin; with commas.
        #[arg(long, value_delimiter = ',', required_unless_present = "role", conflicts_with = "role")]
        scopes: Vec<String>,
        /// The scopes of a role: screener, investigator, approver, auditor, administrator, partner, trainer.
        #[arg(long)]
        role: Option<String>,
        /// Requests a minute; 0 for no limit.
        #[arg(long, default_value_t = 0)]
        per_minute: u32,
    },
    /// Give a key other scopes; those that it gains and that may administrate wait for a second person.
    Change {
        #[command(flatten)]
        desk: DeskArgs,
        /// Public part of the key.
        id: String,
        /// Its scopes from then on, as for `keys create`; with commas.
        #[arg(long, value_delimiter = ',', required_unless_present = "role", conflicts_with = "role")]
        scopes: Vec<String>,
        /// The scopes of a role, as for `keys create`.
        #[arg(long)]
        role: Option<String>,
    },
    /// List keys.
    List {
        #[command(flatten)]
        desk: DeskArgs,
    },
    /// Revoke a key; the last administrator's stays.
    Revoke {
        #[command(flatten)]
        desk: DeskArgs,
        id: String,
    },
    /// List the keys in desk.key by their ids.
    ListDeskKeys {
        #[command(flatten)]
        desk: DeskArgs,
    },
    /// Retire an older key of desk.key that may have leaked: API keys that were derived from it are revoked; apps, officers', learners' and
    /// members' keys and webhook secrets that were are void. What was sealed for it stays readable.
    RetireDeskKey {
        #[command(flatten)]
        desk: DeskArgs,
        /// Id of the key, as `keys list-desk-keys` lists it.
        id: String,
        /// Reason, for the audit log.
        #[arg(long)]
        reason: String,
    },
    /// Add a new key to desk.key: new API keys, webhooks, signatures and sealed secrets are derived from it; older ones stay valid.
    RotateDeskKey {
        #[command(flatten)]
        desk: DeskArgs,
    },
    /// Replace a lost desk.key by a new one: all API keys are revoked; officers' apps, partners' keys, sealed
    /// credentials and learners' keys are void.
    ReplaceDeskKey {
        #[command(flatten)]
        desk: DeskArgs,
        /// Reason, for the audit log.
        #[arg(long = "reason", alias = "why")]
        why: String,
    },
}

#[derive(Subcommand)]
pub enum ChangesCommand {
    /// List changes.
    List {
        #[command(flatten)]
        desk: DeskArgs,
        /// proposed, approved or rejected.
        #[arg(long, default_value = "proposed")]
        state: String,
    },
    /// Show a change and what it puts in force.
    Show {
        #[command(flatten)]
        desk: DeskArgs,
        id: u64,
    },
    /// Put a change of another person in force (--as names who approves).
    Approve {
        #[command(flatten)]
        desk: DeskArgs,
        id: u64,
        #[arg(long, default_value = "approved")]
        reason: String,
    },
    /// Reject a change.
    Reject {
        #[command(flatten)]
        desk: DeskArgs,
        id: u64,
        #[arg(long)]
        reason: String,
    },
}

/// Words for a change that waits.
pub fn waiting(change: &Value) -> String {
    format!(
        "change {change} waits for a second person: they approve it at /desk/changes, by the API, or with `holdfast changes approve {change} --as NAME`"
    )
}

fn create(
    desk: &DeskArgs,
    name: &str,
    person: Option<String>,
    scopes: Vec<String>,
    per_minute: u32,
) -> anyhow::Result<Answer> {
    let screening = match desk.reach()? {
        Reach::There(client) => {
            let body = json!({ "name": name, "person": person, "scopes": scopes, "per_minute": per_minute });
            return Answer::of_bytes(client.post("/api/v1/keys").json(&body).bytes()?);
        }
        Reach::Here(screening) => screening,
    };
    // The desk's key first: no key is stored that could not be used.
    let key_ring = key_ring(&desk.store.store, &screening)?;
    let id = hex::encode(&holdfast_state::system::entropy()?[..6]);
    let owner = person.as_deref().unwrap_or(name);
    let needs = screening.read(|db| key_needs_second_person(db, &desk.actor, |_| true, owner, &scopes))?;
    let key = screening.new_key(&id, name, scopes, per_minute, &desk.actor)?;
    let key = ApiKey { person: person.unwrap_or_default(), ..key };
    let (key, change) = match needs && screening.has_second_person(ChangeKind::Key, &desk.actor)? {
        true => {
            let (key, change) = screening.propose_key_of(key, &desk.actor)?;
            (key, Some(change.id))
        }
        false => (screening.add_key_of(key)?, None),
    };
    let token = key_ring.token(&key.id);
    let secret = holdfast_vendors::elliptic::secret_of(&token);
    let mut answer = json!({ "key": key, "token": token, "elliptic_secret": secret });
    if let Some(change) = change {
        answer["change"] = change.into();
    }
    Answer::of(&answer)
}

fn change_here(screening: &Screening, id: &str, scopes: Vec<String>, actor: &str) -> anyhow::Result<Value> {
    let known = screening.read(|db| key_by_id(db, id))?.filter(|k| k.revoked.is_none());
    let known = known.with_context(|| format!("there is no key '{id}' in force"))?;
    let needs = change_needs_second_person(&known, |_| true, &scopes);
    if needs && screening.has_second_person(ChangeKind::Key, actor)? {
        let (key, change) = screening.propose_key_scopes(id, scopes, actor)?;
        return Ok(json!({ "key": key, "change": change.id }));
    }
    Ok(json!({ "key": screening.change_key_scopes(id, scopes, actor)? }))
}

fn list_desk_keys(desk: &DeskArgs, as_json: bool) -> anyhow::Result<()> {
    let here = |s: &Screening| anyhow::Ok(s.desk_keys(&key_ring(&desk.store.store, s)?)?);
    let keys = desk.answer(here, |c| c.get("/api/v1/desk-keys"))?;
    if as_json {
        return keys.print();
    }
    for k in keys.rows("keys") {
        let state = match (k["retired"].as_i64(), k.is("in_use")) {
            (Some(at), _) => format!("retired {}", Timestamp::from_unix(at).rfc3339()),
            (None, true) => "in use".to_owned(),
            (None, false) => "older, in force".to_owned(),
        };
        println!("{} {state}", k.word("id"));
    }
    Ok(())
}

fn retire_desk_key(desk: &DeskArgs, id: &str, reason: &str, as_json: bool) -> anyhow::Result<()> {
    let path = api_path(&["desk-keys", id, "retire"]);
    let here = |s: &Screening| {
        let revoked = s.retire_desk_key(&key_ring(&desk.store.store, s)?, id, reason, &desk.actor)?;
        anyhow::Ok(json!({ "retired": id, "revoked": revoked }))
    };
    let answer = desk.answer(here, |c| c.post(&path).json(&json!({ "reason": reason })))?;
    if as_json {
        return answer.print();
    }
    println!("desk key {id} is retired; {} API keys that were derived from it are revoked", answer.count("revoked"));
    Ok(())
}

/// The scopes of a role, or those that were named.
fn scopes_of(of_role: Option<&str>, scopes: Vec<String>) -> anyhow::Result<Vec<String>> {
    let Some(name) = of_role else { return Ok(scopes) };
    role(name).with_context(|| {
        let names: Vec<&str> = ROLES.iter().map(|(n, _)| *n).collect();
        format!("--role '{name}' is none of {}", names.join(", "))
    })
}

pub fn keys(command: KeysCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        KeysCommand::Create { desk, name, person, scopes, role, per_minute } => {
            let made = create(&desk, &name, person, scopes_of(role.as_deref(), scopes)?, per_minute)?;
            if as_json {
                return made.print();
            }
            println!("{}", made.word("token"));
            if !made["change"].is_null() {
                eprintln!("holdfast: the key opens nothing yet: {}", waiting(&made["change"]));
            }
        }
        KeysCommand::Change { desk, id, scopes, role } => {
            let (path, scopes) = (api_path(&["keys", &id]), scopes_of(role.as_deref(), scopes)?);
            let here = |s: &Screening| change_here(s, &id, scopes.clone(), &desk.actor);
            let changed = desk.answer(here, |c| c.put(&path).json(&json!({ "scopes": scopes })))?;
            if as_json {
                return changed.print();
            }
            let key = &changed["key"];
            println!("{} {} ({})", key.word("id"), key.word("name"), key.words("scopes").join(", "));
            if !changed["change"].is_null() {
                eprintln!("holdfast: the key stays as it is: {}", waiting(&changed["change"]));
            }
        }
        KeysCommand::ListDeskKeys { desk } => list_desk_keys(&desk, as_json)?,
        KeysCommand::RetireDeskKey { desk, id, reason } => retire_desk_key(&desk, &id, &reason, as_json)?,
        KeysCommand::List { desk } => {
            let keys = desk.answer(Screening::keys, |c| c.get("/api/v1/keys"))?;
            if as_json {
                return keys.print();
            }
            for k in keys.rows("keys") {
                let state = if k["revoked"].is_null() { "in force" } else { "revoked" };
                println!("{} {state:<8} {} ({})", k.word("id"), k.word("name"), k.words("scopes").join(", "));
            }
        }
        KeysCommand::Revoke { desk, id } => {
            let path = api_path(&["keys", &id]);
            desk.answer(|s| s.revoke_key(&id, &desk.actor), |c| c.delete(&path))?;
            if as_json { output::json(&json!({"revoked": id}))? } else { println!("{id} is revoked") }
        }
        KeysCommand::RotateDeskKey { desk } => {
            let keys = holdfast_console::desk_key::rotate(
                &desk.store.store,
                &desk.open_alone("the running server works with desk.key")?,
                &desk.actor,
            )?;
            let (Some(current), older) = (keys.last(), keys.len() - 1) else { return Ok(()) };
            match as_json {
                true => output::json(&json!({"key": current, "keys": keys}))?,
                false => println!("key {current} is in use; {older} older ones stay good. Back desk.key up now."),
            }
        }
        KeysCommand::ReplaceDeskKey { desk, why } => {
            let screening = desk.open_alone("the running server works with desk.key")?;
            let (revoked, aside) =
                holdfast_console::desk_key::replace(&desk.store.store, &screening, &why, &desk.actor)?;
            if as_json {
                output::json(&json!({"revoked": revoked, "old": aside}))?
            } else {
                println!("a new desk.key is in use; {revoked} API keys are revoked. Back it up now.")
            }
        }
    }
    Ok(())
}

fn decide(desk: &DeskArgs, id: u64, approve: bool, reason: &str, as_json: bool) -> anyhow::Result<()> {
    let path = api_path(&["changes", &id.to_string()]);
    let decision = if approve { "approve" } else { "reject" };
    let change = desk.answer(
        |s| s.decide_change(id, approve, reason, &desk.actor),
        |c| c.post(&path).json(&json!({ "decision": decision, "reason": reason })),
    )?;
    if as_json {
        return change.print();
    }
    println!("change {id} ({}) is {}", change.word("subject"), change.word("state"));
    Ok(())
}

fn print_change(c: &Value) {
    println!(
        "{:>5} {:<8} {:<6} {} by {} {}",
        c.count("id"),
        c.word("state"),
        c.word("kind"),
        c.word("subject"),
        c.word("proposed_by"),
        c.time("proposed").rfc3339()
    );
}

pub fn changes(command: ChangesCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        ChangesCommand::List { desk, state } => {
            let list = desk.answer(|s| s.changes(Some(&state)), |c| c.get("/api/v1/changes").query("state", &state))?;
            if as_json {
                return list.print();
            }
            list.rows("changes").iter().for_each(print_change);
            Ok(())
        }
        ChangesCommand::Show { desk, id } => {
            let path = api_path(&["changes", &id.to_string()]);
            let change = desk.answer(|s| s.change_by_id(id), |c| c.get(&path))?;
            if as_json {
                return change.print();
            }
            print_change(&change);
            println!("{}", change.word("body"));
            Ok(())
        }
        ChangesCommand::Approve { desk, id, reason } => decide(&desk, id, true, &reason, as_json),
        ChangesCommand::Reject { desk, id, reason } => decide(&desk, id, false, &reason, as_json),
    }
}
