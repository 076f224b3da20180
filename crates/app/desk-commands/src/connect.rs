//! `holdfast providers`, `webhooks` and `outbox`: other systems, and what is sent to them.

use crate::answer::{Answer, Fields};
use crate::args::DeskArgs;
use crate::output;
use crate::running::Reach;
use anyhow::{Context, bail};
use clap::Subcommand;
use holdfast_client::api_path;
use holdfast_console::desk_key::key_ring;
use holdfast_notify::outbox::MailState;
use holdfast_screening::Screening;
use holdfast_screening::service::system_clock;
use holdfast_vendors::{Providers, Question};
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub enum ProvidersCommand {
    /// Query Elliptic, Chainalysis and TRM Labs about an address.
    #[command(alias = "ask")]
    Query {
        /// File (YAML) that names the providers.
        #[arg(long)]
        providers: PathBuf,
        /// Asset, such as BTC.
        #[arg(long, default_value = "BTC")]
        asset: String,
        /// Address.
        address: String,
    },
    /// Show how the providers of the running server have answered since it started.
    State {
        #[command(flatten)]
        desk: DeskArgs,
    },
}

#[derive(Subcommand)]
pub enum WebhooksCommand {
    /// Add a webhook and print its secret. The server delivers what happens from now on.
    Add {
        #[command(flatten)]
        desk: DeskArgs,
        /// An https URL (http only to this machine).
        url: String,
        /// decisions (all but allow), all-decisions, holds, alerts.
        #[arg(long, value_delimiter = ',', default_value = "decisions,holds,alerts")]
        topics: Vec<String>,
    },
    /// List webhooks with their deliveries and failures.
    List {
        #[command(flatten)]
        desk: DeskArgs,
    },
    /// Remove a webhook.
    Remove {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number of the webhook.
        id: u64,
    },
    /// Have the next message of a webhook tried at once.
    Retry {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number of the webhook.
        id: u64,
    },
}

#[derive(Subcommand)]
pub enum OutboxCommand {
    /// List mails that wait, failed or were sent, newest first, without their texts.
    List {
        #[command(flatten)]
        desk: DeskArgs,
        /// waiting, failing or sent; by default all.
        #[arg(long)]
        state: Option<String>,
        /// Below this number: the last of the page before.
        #[arg(long)]
        before: Option<u64>,
    },
    /// Have a mail that waits tried at once.
    Retry {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number of the mail.
        id: u64,
    },
}

/// Reads the state that mails are chosen by.
fn mail_state(text: &str) -> anyhow::Result<MailState> {
    let found = MailState::ALL.into_iter().find(|state| state.name() == text);
    found.with_context(|| format!("--state: '{text}' is none of {}", MailState::ALL.map(MailState::name).join(", ")))
}

pub fn outbox(command: OutboxCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        OutboxCommand::List { desk, state, before } => {
            /// Most mails of a list.
            const LISTED: usize = 100;
            let state = state.as_deref().map(mail_state).transpose()?;
            let mails = desk.read(
                "/api/v1/outbox",
                |s| s.mails(state, before, LISTED),
                |request| {
                    let request = request.query("limit", LISTED).query_opt("before", before);
                    request.query_opt("state", state.map(MailState::name))
                },
            )?;
            if as_json {
                return mails.print();
            }
            for m in mails.rows("mails") {
                let fault = m["last_error"].as_str().map_or(String::new(), |e| {
                    format!(
                        "; failed {} times: {e}; tried again at {}",
                        m.count("failures"),
                        m.time("next_try").rfc3339()
                    )
                });
                let fault = if m["sent"].is_null() { fault } else { String::new() };
                let (id, at, to) = (m.count("id"), m.time("time").rfc3339(), m.word("to"));
                println!(
                    "{id:>6} {at} {:<7} {to}: {} ({}){fault}",
                    m.word("state"),
                    m.word("subject"),
                    m.word("about")
                );
            }
        }
        OutboxCommand::Retry { desk, id } => {
            let path = api_path(&["outbox", &id.to_string(), "retry"]);
            desk.answer(|s| s.retry_mail(id, &desk.actor), |c| c.post(&path))?;
            println!("mail {id} is tried at once");
        }
    }
    Ok(())
}

pub fn webhooks(command: WebhooksCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        WebhooksCommand::Add { desk, url, topics } => {
            let here = |screening: &Screening| {
                let key_ring = key_ring(&desk.store.store, screening)?;
                let id = screening.add_webhook(&url, &topics, &desk.actor)?;
                anyhow::Ok(json!({"webhook": id, "secret": holdfast_notify::delivery::secret(&key_ring, id)}))
            };
            let added =
                desk.answer(here, |c| c.post("/api/v1/webhooks").json(&json!({ "url": url, "topics": topics })))?;
            if as_json {
                return added.print();
            }
            println!("webhook {}; secret {}", added["webhook"], added.word("secret"));
        }
        WebhooksCommand::List { desk } => {
            let webhooks = desk.answer(Screening::webhooks, |c| c.get("/api/v1/webhooks"))?;
            if as_json {
                return webhooks.print();
            }
            for w in webhooks.rows("webhooks") {
                let fault = w["last_error"]
                    .as_str()
                    .map_or(String::new(), |e| format!("; failed {} times: {e}", w.count("failures")));
                let (id, url, topics) = (w.count("id"), w.word("url"), w.words("topics").join(", "));
                println!("{id} {url} ({topics}): {} delivered{fault}", w.count("delivered"));
            }
        }
        WebhooksCommand::Remove { desk, id } => {
            let path = api_path(&["webhooks", &id.to_string()]);
            desk.answer(|s| s.remove_webhook(id, "removed by a person", &desk.actor), |c| c.delete(&path))?;
            println!("webhook {id} removed");
        }
        WebhooksCommand::Retry { desk, id } => {
            let path = api_path(&["webhooks", &id.to_string(), "retry"]);
            desk.answer(|s| s.retry_webhook(id, &desk.actor), |c| c.post(&path))?;
            println!("the next message of webhook {id} is tried at once");
        }
    }
    Ok(())
}

/// Reads a file of providers.
pub fn read_providers(path: &Path) -> anyhow::Result<Providers> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    Providers::parse(&text).with_context(|| path.display().to_string())
}

pub fn providers(command: ProvidersCommand, as_json: bool) -> anyhow::Result<()> {
    let (providers, asset, address) = match command {
        ProvidersCommand::Query { providers, asset, address } => (providers, asset, address),
        ProvidersCommand::State { desk } => return state(&desk, as_json),
    };
    let answers = read_providers(&providers)?.query(&Question::address(&asset, &address, system_clock()()));
    if as_json {
        return output::json(&answers);
    }
    for (name, fact) in answers {
        let risk =
            fact.risk.map_or("no answer", |r| ["none", "low", "medium", "high", "severe"][usize::from(r.min(4))]);
        println!("{name:<12} {risk:<10} {}", fact.detail);
    }
    Ok(())
}

fn state(desk: &DeskArgs, as_json: bool) -> anyhow::Result<()> {
    let Reach::There(client) = desk.reach()? else {
        bail!(
            "how providers answer is known to a running server alone, and none runs; query them with `holdfast providers query`"
        );
    };
    let list = Answer::of_bytes(client.get("/api/v1/providers").bytes()?)?;
    if as_json {
        return list.print();
    }
    for p in list.rows("providers are connected") {
        let [asked, answered, cached, refused] =
            ["asked", "answered", "cached", "refused"].map(|name| output::thousands(p.count(name)));
        println!(
            "{:<12} {} (breaker {}): {asked} asked, {answered} answered, {cached} from the cache, {refused} not sent",
            p.word("name"),
            p.word("url"),
            p.word("breaker")
        );
        if p["answered_at"].is_i64() {
            println!("             last answered at {}", p.time("answered_at").rfc3339());
        }
        if let Some(why) = p["last_error"].as_str() {
            println!("             last failed at {}: {why}", p.time("failed_at").rfc3339());
        }
        println!("             covers {}", p.words("chains").join(", "));
    }
    Ok(())
}
