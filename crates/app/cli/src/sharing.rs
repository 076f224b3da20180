//! `holdfast sharing`: communities, sources, flags, feeds, private matching.

use crate::output;
use crate::screening::DeskArgs;
use anyhow::Context;
use clap::{Args, Subcommand};
use holdfast_api::Shared;
use holdfast_console::desk_key::master;
use holdfast_console::vault;
use holdfast_decision::flags::{State, Subject};
use holdfast_input::time::rfc3339;
use holdfast_screening::changes::ChangeKind;
use holdfast_sharing::flags::NewFlag;
use holdfast_sharing::sources::NewSource;
use holdfast_sharing::taxii::Client;
use holdfast_sharing::{Tlp, psi, tagpack};
use holdfast_workspace::Workspace;
use serde::de::DeserializeOwned;
use serde_json::json;
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum SharingCommand {
    /// Communities of partners that this desk hosts.
    #[command(subcommand)]
    Communities(CommunitiesCommand),
    /// Where knowledge comes from: partners' TAXII collections, communities hosted here, MISP feeds.
    #[command(subcommand)]
    Sources(SourcesCommand),
    /// Flags of stolen funds.
    #[command(subcommand)]
    Flags(FlagsCommand),
    /// List a partner's collections (discovery URL, API root or collection).
    Discover {
        /// URL.
        url: String,
        /// User name.
        #[arg(long, default_value = "")]
        username: String,
        /// Key; better in the environment variable HOLDFAST_PARTNER_KEY.
        #[arg(long, env = "HOLDFAST_PARTNER_KEY", default_value = "", hide_env_values = true)]
        key: String,
    },
    /// Share wallets or STIX objects: JSON as the API's `POST /api/v1/sharing/share` takes it.
    Share {
        #[command(flatten)]
        desk: DeskArgs,
        /// JSON.
        file: PathBuf,
    },
    /// Give a pack of tags out as GraphSense TagPack (YAML).
    Tagpack {
        #[command(flatten)]
        desk: DeskArgs,
        #[command(flatten)]
        pack: PackArgs,
        /// File.
        #[arg(long)]
        out: PathBuf,
    },
    /// Give a pack of tags out as MISP feed (a folder to be served).
    Misp {
        #[command(flatten)]
        desk: DeskArgs,
        #[command(flatten)]
        pack: PackArgs,
        /// Folder.
        #[arg(long)]
        out: PathBuf,
    },
    /// Private matching: learn which items two institutions share, and nothing else.
    #[command(subcommand)]
    Matching(MatchingCommand),
}

#[derive(Args)]
pub struct PackArgs {
    /// Title of the pack.
    pack: String,
    /// Who gives it out.
    #[arg(long)]
    creator: String,
    /// TLP:CLEAR or TLP:GREEN.
    #[arg(long, default_value = "TLP:GREEN")]
    tlp: String,
}

#[derive(Subcommand)]
pub enum CommunitiesCommand {
    /// Open a community.
    Open {
        #[command(flatten)]
        desk: DeskArgs,
        /// Name.
        name: String,
        /// What it is for.
        #[arg(long, default_value = "")]
        description: String,
        /// The most restrictive label that may be shared in it.
        #[arg(long, default_value = "TLP:AMBER+STRICT")]
        max_tlp: String,
        /// The name under which this desk is a member.
        #[arg(long)]
        own_name: String,
    },
    /// List communities and their members.
    List {
        #[command(flatten)]
        desk: DeskArgs,
    },
    /// Take a member in and show its key, once; for a known member a new key.
    Add {
        #[command(flatten)]
        desk: DeskArgs,
        /// Id of the community.
        community: String,
        /// Name.
        name: String,
        /// It may read, not share.
        #[arg(long)]
        read_only: bool,
    },
    /// Suspend a member: its key ends at once.
    Suspend {
        #[command(flatten)]
        desk: DeskArgs,
        /// Id of the community.
        community: String,
        /// Name.
        name: String,
        /// Why.
        #[arg(long)]
        why: String,
    },
}

#[derive(Subcommand)]
pub enum SourcesCommand {
    /// Add a source.
    Add {
        #[command(flatten)]
        desk: DeskArgs,
        /// taxii, community or misp.
        kind: String,
        /// Name.
        name: String,
        /// Collection or feed; for a community, COMMUNITY/intelligence or COMMUNITY/flags.
        url: String,
        /// User name at the partner.
        #[arg(long, default_value = "")]
        username: String,
        /// Key at the partner; better in the environment variable HOLDFAST_PARTNER_KEY.
        #[arg(long, env = "HOLDFAST_PARTNER_KEY", default_value = "", hide_env_values = true)]
        key: String,
        /// Seconds between two readings.
        #[arg(long)]
        every: Option<i64>,
    },
    /// List sources.
    List {
        #[command(flatten)]
        desk: DeskArgs,
    },
    /// What a source sent and what it became.
    Show {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number.
        id: i64,
    },
    /// Read a source now.
    Read {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number.
        id: i64,
    },
    /// Withdraw a source with all its effects.
    Withdraw {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number.
        id: i64,
        /// Why.
        #[arg(long)]
        why: String,
    },
}

#[derive(Subcommand)]
pub enum FlagsCommand {
    /// Raise a flag, here and at partners.
    Raise {
        #[command(flatten)]
        desk: DeskArgs,
        /// address, transaction or deposit.
        subject: String,
        /// Ticker.
        asset: String,
        /// Address, transaction id, or TXID:OUTPUT.
        value: String,
        /// Why.
        #[arg(long)]
        reason: String,
        /// Id of a community hosted here, or number of a partner's collection of flags.
        #[arg(long)]
        channel: Option<String>,
        /// Hours until it lapses unless confirmed.
        #[arg(long, default_value_t = 24)]
        hours: i64,
    },
    /// List flags, and how members' flags came out.
    List {
        #[command(flatten)]
        desk: DeskArgs,
    },
    /// Confirm one's own flag.
    Confirm {
        #[command(flatten)]
        desk: DeskArgs,
        /// Id.
        id: String,
        /// Why.
        #[arg(long)]
        why: String,
    },
    /// Withdraw one's own flag: it was false.
    Withdraw {
        #[command(flatten)]
        desk: DeskArgs,
        /// Id.
        id: String,
        /// Why.
        #[arg(long)]
        why: String,
    },
}

#[derive(Subcommand)]
pub enum MatchingCommand {
    /// Prepare a list (one item a line) for one question of a partner.
    Offer {
        #[command(flatten)]
        desk: DeskArgs,
        /// Items.
        file: PathBuf,
        /// For whom: the name of the partner's key.
        #[arg(long)]
        partner: String,
    },
    /// Lists that wait or were asked.
    List {
        #[command(flatten)]
        desk: DeskArgs,
    },
    /// Ask a partner's list which of one's own items (one a line) it has.
    Ask {
        /// Items.
        file: PathBuf,
        /// The list, such as https://partner.example/api/v1/sharing/matching/ID.
        url: String,
        /// Key at the partner; better in the environment variable HOLDFAST_PARTNER_KEY.
        #[arg(long, env = "HOLDFAST_PARTNER_KEY", hide_env_values = true)]
        key: String,
    },
}

/// Largest list of items.
const MAX_LIST: usize = 1 << 30;

fn shared(desk: &DeskArgs) -> anyhow::Result<Shared> {
    let store = &desk.store.store;
    let (workspace, screening) = (Workspace::open_for_writing(store)?, desk.open()?);
    let master = master(store, &screening)?;
    Shared::new(workspace, screening, master, vault(store)).map_err(Into::into)
}

fn named<T: DeserializeOwned>(name: &str, what: &'static str) -> anyhow::Result<T> {
    serde_json::from_value(json!(name)).context(what)
}

fn tlp(name: &str) -> anyhow::Result<Tlp> {
    Tlp::from_name(name).context("--tlp: TLP:CLEAR, TLP:GREEN, TLP:AMBER, TLP:AMBER+STRICT or TLP:RED")
}

fn text(path: &std::path::Path) -> anyhow::Result<String> {
    let bytes = output::read_bounded(path, MAX_LIST)?;
    String::from_utf8(bytes).with_context(|| format!("{}: is no UTF-8 text", path.display()))
}

pub fn run(command: SharingCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        SharingCommand::Communities(command) => communities(command, as_json),
        SharingCommand::Sources(command) => sources(command, as_json),
        SharingCommand::Flags(command) => flags(command, as_json),
        SharingCommand::Matching(command) => matching(command, as_json),
        SharingCommand::Discover { url, username, key } => {
            let list = Client::new(&username, &key).collections(&url)?;
            if as_json {
                let list: Vec<_> = list.iter().map(|(u, t, w)| json!({ "url": u, "title": t, "writes": w })).collect();
                return output::json(&list);
            }
            list.iter().for_each(|(url, title, writes)| {
                println!("{title} ({}): {url}", if *writes { "read and write" } else { "read" });
            });
            Ok(())
        }
        SharingCommand::Share { desk, file } => {
            let body = output::read_bounded(&file, holdfast_api::MAX_BODY)?;
            let shared = shared(&desk)?;
            let _keep = shared.clone();
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            let headers = [("content-type", "application/json")];
            let call = holdfast_server::call(shared, &desk.actor, "POST", "/api/v1/sharing/share", &headers, body);
            let (status, _, bytes) = runtime.block_on(call).map_err(anyhow::Error::msg)?;
            let answer = String::from_utf8_lossy(&bytes);
            anyhow::ensure!(status == 200, "{status}: {answer}");
            println!("{answer}");
            Ok(())
        }
        SharingCommand::Tagpack { desk, pack, out } => {
            let shared = shared(&desk)?;
            let workspace = shared.chain().snapshot();
            let tags: Vec<_> = workspace.tags.iter().filter(|t| t.pack == pack.pack).collect();
            anyhow::ensure!(!tags.is_empty(), "no pack is titled '{}'", pack.pack);
            let today = &rfc3339(shared.screening.now())[..10];
            let (text, count) = tagpack::pack(&pack.pack, &pack.creator, &tags, tlp(&pack.tlp)?, today)?;
            std::fs::write(&out, text).with_context(|| out.display().to_string())?;
            println!("{count} tags in {}", out.display());
            Ok(())
        }
        SharingCommand::Misp { desk, pack, out } => {
            let shared = shared(&desk)?;
            let workspace = shared.chain().snapshot();
            let tags: Vec<_> = workspace.tags.iter().filter(|t| t.pack == pack.pack).collect();
            anyhow::ensure!(!tags.is_empty(), "no pack is titled '{}'", pack.pack);
            let transactions = holdfast_sharing::misp::transactions_to(&workspace, &tags);
            let feed = shared.sharing().misp_feed(&pack.creator, &tags, &transactions, tlp(&pack.tlp)?)?;
            std::fs::create_dir_all(&out).with_context(|| out.display().to_string())?;
            for (name, bytes) in &feed {
                let path = out.join(name);
                std::fs::write(&path, bytes).with_context(|| path.display().to_string())?;
            }
            println!("{} files in {}", feed.len(), out.display());
            Ok(())
        }
    }
}

fn communities(command: CommunitiesCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        CommunitiesCommand::Open { desk, name, description, max_tlp, own_name } => {
            let max = tlp(&max_tlp)?;
            let opened = shared(&desk)?.sharing().open_community(&name, &description, max, &own_name, &desk.actor)?;
            if as_json {
                return output::json(&opened);
            }
            println!("{}: members reach it at /taxii2/{}/", opened.name, opened.id);
            Ok(())
        }
        CommunitiesCommand::List { desk } => {
            let shared = shared(&desk)?;
            let mut all = Vec::new();
            for community in shared.sharing().communities()? {
                let members = shared.sharing().members(&community.id)?;
                all.push(json!({ "community": community, "members": members }));
                if !as_json {
                    println!("{} {} (at most {})", community.id, community.name, community.max_tlp.name());
                    members
                        .iter()
                        .for_each(|m| println!("  {}{}, {}", m.name, if m.own { " (this desk)" } else { "" }, m.state));
                }
            }
            if as_json { output::json(&all) } else { Ok(()) }
        }
        CommunitiesCommand::Add { desk, community, name, read_only } => {
            let new = shared(&desk)?.sharing().add_member(&community, &name, !read_only, &desk.actor)?;
            if as_json {
                return output::json(&new);
            }
            println!("{}'s key, shown once: {}", new.member.name, new.key);
            Ok(())
        }
        CommunitiesCommand::Suspend { desk, community, name, why } => {
            let members = shared(&desk)?.sharing().suspend_member(&community, &name, &why, &desk.actor)?;
            if as_json {
                return output::json(&members);
            }
            println!("{name} is suspended");
            Ok(())
        }
    }
}

fn sources(command: SourcesCommand, as_json: bool) -> anyhow::Result<()> {
    let print = |list: &[holdfast_sharing::sources::Source]| -> anyhow::Result<()> {
        if as_json {
            return output::json(&list);
        }
        for s in list {
            let error = s.error.as_ref().map(|e| format!("; {e}")).unwrap_or_default();
            println!("{} {} ({}): {}, every {} s, {}{error}", s.id, s.name, s.kind.name(), s.url, s.every, s.state);
        }
        Ok(())
    };
    match command {
        SourcesCommand::Add { desk, kind, name, url, username, key, every } => {
            let new =
                NewSource { kind: named(&kind, "kind: taxii, community or misp")?, name, url, username, key, every };
            let shared = shared(&desk)?;
            // Where somebody else can approve it, it waits for them.
            let waits = shared.screening.has_second_person(ChangeKind::Source, &desk.actor)?;
            let sharing = shared.sharing();
            print(&[match waits {
                true => sharing.propose_source(new, &desk.actor)?,
                false => sharing.add_source(new, &desk.actor)?,
            }])
        }
        SourcesCommand::List { desk } => print(&shared(&desk)?.sharing().sources()?),
        SourcesCommand::Show { desk, id } => {
            let list = shared(&desk)?.sharing().imported(id, "")?;
            if as_json {
                return output::json(&list);
            }
            list.iter().for_each(|i| println!("{} {} {}: {}", i.object, i.version, i.effect, i.detail));
            Ok(())
        }
        SourcesCommand::Read { desk, id } => {
            let polled = shared(&desk)?.read_source(id)?;
            if as_json {
                return output::json(
                    &json!({ "taken": polled.taken, "refused": polled.refused, "flags": polled.flags }),
                );
            }
            println!("{} objects taken, {} refused, {} new flags", polled.taken, polled.refused, polled.flags.len());
            Ok(())
        }
        SourcesCommand::Withdraw { desk, id, why } => {
            let gone = shared(&desk)?.withdraw_source(id, &why, &desk.actor)?;
            if as_json {
                return output::json(&gone);
            }
            let u = &gone.undone;
            println!("{} tags, {} flags, {} alerts and {} holds ended", gone.tags, u.flags, u.alerts, u.holds);
            Ok(())
        }
    }
}

fn flags(command: FlagsCommand, as_json: bool) -> anyhow::Result<()> {
    let moved = |desk: &DeskArgs, id: &str, state: State, why: &str| -> anyhow::Result<()> {
        let flag = shared(desk)?.sharing().move_flag(id, state, why, &desk.actor)?;
        if as_json {
            return output::json(&flag);
        }
        println!("flag {} is {}", flag.id, flag.state.name());
        Ok(())
    };
    match command {
        FlagsCommand::Raise { desk, subject, asset, value, reason, channel, hours } => {
            let subject: Subject = named(&subject, "subject: address, transaction or deposit")?;
            let new = NewFlag { channel, subject, asset, value, reason, hours, tlp: Tlp::Amber };
            let raised = shared(&desk)?.sharing().raise(new, &desk.actor)?;
            if as_json {
                return output::json(&raised);
            }
            println!("flag {}; {} deposits held", raised.flag.id, raised.holds.len());
            Ok(())
        }
        FlagsCommand::List { desk } => {
            let shared = shared(&desk)?;
            let (flags, standings) =
                (shared.screening.flags(None)?, shared.screening.read(holdfast_screening::flags::standings)?);
            if as_json {
                return output::json(&json!({ "flags": flags, "standings": standings }));
            }
            for f in &flags {
                println!(
                    "{} {} {} by {}: {}, until {}: {}",
                    f.id,
                    f.asset,
                    f.value,
                    f.member,
                    f.state.name(),
                    rfc3339(f.until),
                    f.reason
                );
            }
            for s in &standings {
                println!(
                    "{}: {} raised, {} confirmed, {} withdrawn, {} lapsed",
                    s.member, s.raised, s.confirmed, s.withdrawn, s.lapsed
                );
            }
            Ok(())
        }
        FlagsCommand::Confirm { desk, id, why } => moved(&desk, &id, State::Confirmed, &why),
        FlagsCommand::Withdraw { desk, id, why } => moved(&desk, &id, State::Withdrawn, &why),
    }
}

fn matching(command: MatchingCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        MatchingCommand::Offer { desk, file, partner } => {
            let dir = desk.store.store.join("matching");
            let session = shared(&desk)?.sharing().offer_matching(&dir, &partner, &text(&file)?, &desk.actor)?;
            if as_json {
                return output::json(&session);
            }
            println!(
                "{} items wait a day for {partner}'s question at /api/v1/sharing/matching/{}",
                session.items, session.id
            );
            Ok(())
        }
        MatchingCommand::List { desk } => {
            let list = shared(&desk)?.sharing().matchings()?;
            if as_json {
                return output::json(&list);
            }
            for s in &list {
                let asked = s.asked.map_or("waits".to_owned(), |t| format!("asked {}", rfc3339(t)));
                println!("{} for {}: {} items, {asked}", s.id, s.partner, s.items);
            }
            Ok(())
        }
        MatchingCommand::Ask { file, url, key } => {
            let found = psi::ask(&url, &key, &text(&file)?)?;
            if as_json {
                return output::json(&found);
            }
            found.iter().for_each(|item| println!("{item}"));
            eprintln!("{} items in common", found.len());
            Ok(())
        }
    }
}
