//! `holdfast sharing`: communities, sources, flags, feeds, private matching.

use crate::answer::{Answer, Fields};
use crate::args::DeskArgs;
use crate::chains;
use crate::output;
use crate::running::Reach;
use anyhow::Context;
use clap::{Args, Subcommand};
use holdfast_client::{Client as Server, Request, api_path};
use holdfast_console::desk_key::key_ring;
use holdfast_console::vault;
use holdfast_decision::flags::{State, Subject};
use holdfast_screening::Screening;
use holdfast_screening::changes::ChangeKind;
use holdfast_sharing::flags::NewFlag;
use holdfast_sharing::sources::NewSource;
use holdfast_sharing::taxii::Client;
use holdfast_sharing::{Tlp, psi, tagpack};
use holdfast_state::AppState;
use holdfast_types::Timestamp;
use holdfast_types::ids::{CommunityId, FlagId, SourceId};
use holdfast_workspace::Workspace;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub enum SharingCommand {
    /// Communities of partners that this desk hosts.
    #[command(subcommand)]
    Communities(CommunitiesCommand),
    /// Sources of intelligence: partners' TAXII collections, communities hosted here, MISP feeds.
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
    /// Share wallets or STIX objects (JSON, as `POST /api/v1/sharing/share`).
    Share {
        #[command(flatten)]
        desk: DeskArgs,
        /// File with the JSON.
        file: PathBuf,
    },
    /// Export a pack of tags as GraphSense TagPack (YAML).
    Tagpack {
        #[command(flatten)]
        desk: DeskArgs,
        #[command(flatten)]
        pack: PackArgs,
        /// File to write.
        #[arg(long)]
        out: PathBuf,
    },
    /// Export a pack of tags as MISP feed (a folder to be served).
    Misp {
        #[command(flatten)]
        desk: DeskArgs,
        #[command(flatten)]
        pack: PackArgs,
        /// Folder to write.
        #[arg(long)]
        out: PathBuf,
    },
    /// Private matching: which items two institutions share, and nothing else.
    #[command(subcommand)]
    Matching(MatchingCommand),
}

#[derive(Args)]
pub struct PackArgs {
    /// Title of the pack.
    pack: String,
    /// Name of the publisher.
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
        /// Name of the community or member.
        name: String,
        /// Purpose.
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
    /// Add a member and show its key, once; for a known member a new key.
    Add {
        #[command(flatten)]
        desk: DeskArgs,
        /// Id of the community.
        community: CommunityId,
        /// Name of the community or member.
        name: String,
        /// The member may read, not share.
        #[arg(long)]
        read_only: bool,
    },
    /// Suspend a member: its key is revoked at once.
    Suspend {
        #[command(flatten)]
        desk: DeskArgs,
        /// Id of the community.
        community: CommunityId,
        /// Name of the community or member.
        name: String,
        /// Reason.
        #[arg(long = "reason", alias = "why")]
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
        /// Name of the source.
        name: String,
        /// Collection or feed; for a community, COMMUNITY/intelligence or COMMUNITY/flags.
        url: String,
        /// User name at the partner.
        #[arg(long, default_value = "")]
        username: String,
        /// Key at the partner; better in the environment variable HOLDFAST_PARTNER_KEY.
        #[arg(long, env = "HOLDFAST_PARTNER_KEY", default_value = "", hide_env_values = true)]
        key: String,
        /// Seconds between two polls.
        #[arg(long)]
        every: Option<i64>,
    },
    /// List sources.
    List {
        #[command(flatten)]
        desk: DeskArgs,
    },
    /// Show what a source sent and what became of it.
    Show {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number of the source.
        id: SourceId,
    },
    /// Read a source now.
    Read {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number of the source.
        id: SourceId,
    },
    /// Withdraw a source with all its effects.
    Withdraw {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number of the source.
        id: SourceId,
        /// Reason.
        #[arg(long = "reason", alias = "why")]
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
        /// Reason.
        #[arg(long)]
        reason: String,
        /// Id of a community hosted here, or number of a partner's collection of flags.
        #[arg(long)]
        channel: Option<String>,
        /// Hours until it expires unless confirmed.
        #[arg(long, default_value_t = 24)]
        hours: i64,
    },
    /// List flags, and the outcome of members' flags.
    List {
        #[command(flatten)]
        desk: DeskArgs,
    },
    /// Confirm an own flag.
    Confirm {
        #[command(flatten)]
        desk: DeskArgs,
        /// Id of the flag.
        id: FlagId,
        /// Reason.
        #[arg(long = "reason", alias = "why")]
        why: String,
    },
    /// Withdraw an own flag that was wrong.
    Withdraw {
        #[command(flatten)]
        desk: DeskArgs,
        /// Id of the flag.
        id: FlagId,
        /// Reason.
        #[arg(long = "reason", alias = "why")]
        why: String,
    },
}

#[derive(Subcommand)]
pub enum MatchingCommand {
    /// Prepare a list (one item a line) for one query of a partner.
    Offer {
        #[command(flatten)]
        desk: DeskArgs,
        /// File with the items.
        file: PathBuf,
        /// Partner that may query the list, by the name of its key.
        #[arg(long)]
        partner: String,
    },
    /// List prepared lists and whether they were queried.
    List {
        #[command(flatten)]
        desk: DeskArgs,
    },
    /// Query a partner's list: which own items (one a line) are in it.
    #[command(alias = "ask")]
    Query {
        /// File with the items.
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

/// The store as a server has it, for work in this process.
fn shared(desk: &DeskArgs, screening: Screening) -> anyhow::Result<AppState> {
    let store = &desk.store.store;
    let workspace = Workspace::open_for_writing(store)?;
    let further = chains::open(&workspace, store, None)?;
    let key_ring = key_ring(store, &screening)?;
    let mut shared = AppState::new(workspace, screening, key_ring, vault(store))?;
    shared.add_chains(further.outputs.into_iter().map(|c| c.workspace).collect())?;
    shared.add_account_chains(further.accounts.into_iter().map(|c| c.workspace).collect())?;
    Ok(shared)
}

/// Answers: `here` in this process, or `there` by the server that has the desk.
fn answer<T: Serialize>(
    desk: &DeskArgs,
    here: impl FnOnce(&AppState) -> anyhow::Result<T>,
    there: impl for<'c> FnOnce(&'c Server) -> Request<'c>,
) -> anyhow::Result<Answer> {
    match desk.reach()? {
        Reach::Here(screening) => Answer::of(&here(&shared(desk, screening)?)?),
        Reach::There(client) => Answer::of_bytes(there(&client).bytes()?),
    }
}

fn named<T: DeserializeOwned>(name: &str, what: &'static str) -> anyhow::Result<T> {
    serde_json::from_value(json!(name)).context(what)
}

fn tlp(name: &str) -> anyhow::Result<Tlp> {
    Tlp::from_name(name).context("--tlp: TLP:CLEAR, TLP:GREEN, TLP:AMBER, TLP:AMBER+STRICT or TLP:RED")
}

fn text(path: &Path) -> anyhow::Result<String> {
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
        SharingCommand::Share { desk, file } => share(&desk, &file),
        SharingCommand::Tagpack { desk, pack, out } => write_tagpack(&desk, &pack, &out),
        SharingCommand::Misp { desk, pack, out } => write_misp(&desk, &pack, &out),
    }
}

fn share(desk: &DeskArgs, file: &Path) -> anyhow::Result<()> {
    let path = "/api/v1/sharing/share";
    let body = output::read_bounded(file, holdfast_state::MAX_BODY)?;
    let answer = match desk.reach()? {
        Reach::There(client) => client.post(path).body(body, "application/json").bytes()?,
        Reach::Here(screening) => {
            let shared = shared(desk, screening)?;
            let _keep = shared.clone();
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            let headers = [("content-type", "application/json")];
            let call = holdfast_server::call(shared, &desk.actor, "POST", path, &headers, body);
            let (status, _, bytes) = runtime.block_on(call).map_err(anyhow::Error::msg)?;
            anyhow::ensure!(status == 200, "{status}: {}", String::from_utf8_lossy(&bytes));
            bytes
        }
    };
    println!("{}", String::from_utf8_lossy(&answer));
    Ok(())
}

fn write_tagpack(desk: &DeskArgs, pack: &PackArgs, out: &Path) -> anyhow::Result<()> {
    let label = tlp(&pack.tlp)?;
    let (text, count) = match desk.reach()? {
        Reach::There(client) => {
            let request = client.get("/api/v1/sharing/tagpack").query("pack", &pack.pack);
            let bytes = request.query("creator", &pack.creator).query("tlp", label.name()).bytes()?;
            let text = String::from_utf8(bytes).context("the server's answer is not UTF-8")?;
            let count = text.lines().filter(|l| l.starts_with("- address: ")).count();
            (text, count)
        }
        Reach::Here(screening) => {
            let shared = shared(desk, screening)?;
            let workspace = shared.chain().snapshot();
            let tags: Vec<_> = workspace.tags.iter().filter(|t| t.pack == pack.pack).collect();
            anyhow::ensure!(!tags.is_empty(), "no pack is titled '{}'", pack.pack);
            let today = &shared.screening.now().rfc3339()[..10];
            tagpack::pack(&pack.pack, &pack.creator, &tags, label, today)?
        }
    };
    std::fs::write(out, text).with_context(|| out.display().to_string())?;
    println!("{count} tags in {}", out.display());
    Ok(())
}

/// The files of a feed, from a server: its manifest names the events.
fn misp_files(client: &Server, pack: &PackArgs, label: Tlp) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
    let fetch = |name: &str| {
        let path = api_path(&["sharing", "misp", &pack.creator, &pack.pack, name]);
        client.get(&path).query("tlp", label.name()).bytes()
    };
    let manifest = fetch("manifest.json")?;
    let events: BTreeMap<String, Value> = serde_json::from_slice(&manifest).context("manifest.json")?;
    let mut files = BTreeMap::from([("manifest.json".to_owned(), manifest)]);
    files.insert("hashes.csv".to_owned(), fetch("hashes.csv")?);
    for event in events.into_keys() {
        // A name of the manifest becomes the name of a file here.
        anyhow::ensure!(
            event.chars().all(|c| c.is_ascii_hexdigit() || c == '-'),
            "manifest.json: '{event}' is no UUID"
        );
        let name = format!("{event}.json");
        files.insert(name.clone(), fetch(&name)?);
    }
    Ok(files)
}

fn write_misp(desk: &DeskArgs, pack: &PackArgs, out: &Path) -> anyhow::Result<()> {
    let label = tlp(&pack.tlp)?;
    let feed = match desk.reach()? {
        Reach::There(client) => misp_files(&client, pack, label)?,
        Reach::Here(screening) => {
            let shared = shared(desk, screening)?;
            let workspace = shared.chain().snapshot();
            let tags: Vec<_> = workspace.tags.iter().filter(|t| t.pack == pack.pack).collect();
            anyhow::ensure!(!tags.is_empty(), "no pack is titled '{}'", pack.pack);
            let transactions = holdfast_sharing::misp::transactions_to(&shared.chains.all(), &tags);
            shared.sharing().misp_feed(&pack.creator, &tags, &transactions, label)?.into_iter().collect()
        }
    };
    std::fs::create_dir_all(out).with_context(|| out.display().to_string())?;
    for (name, bytes) in &feed {
        let path = out.join(name);
        std::fs::write(&path, bytes).with_context(|| path.display().to_string())?;
    }
    println!("{} files in {}", feed.len(), out.display());
    Ok(())
}

/// Communities with their members.
fn list_communities(desk: &DeskArgs) -> anyhow::Result<Answer> {
    let mut all = Vec::new();
    match desk.reach()? {
        Reach::Here(screening) => {
            let shared = shared(desk, screening)?;
            for community in shared.sharing().communities()? {
                let members = shared.sharing().members(&community.id)?;
                all.push(json!({ "community": community, "members": members }));
            }
        }
        Reach::There(client) => {
            let communities: Vec<Value> = client.get("/api/v1/sharing/communities").fetch()?;
            for community in communities {
                let path = api_path(&["sharing", "communities", community.word("id"), "members"]);
                let members: Value = client.get(&path).fetch()?;
                all.push(json!({ "community": community, "members": members }));
            }
        }
    }
    Answer::of(&all)
}

fn communities(command: CommunitiesCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        CommunitiesCommand::Open { desk, name, description, max_tlp, own_name } => {
            let max = tlp(&max_tlp)?;
            let body = json!({ "name": name, "description": description, "max_tlp": max.name(), "own_name": own_name });
            let opened = answer(
                &desk,
                |s| Ok(s.sharing().open_community(&name, &description, max, &own_name, &desk.actor)?),
                |c| c.post("/api/v1/sharing/communities").json(&body),
            )?;
            if as_json {
                return opened.print();
            }
            println!("{}: members reach it at /taxii2/{}/", opened.word("name"), opened.word("id"));
        }
        CommunitiesCommand::List { desk } => {
            let all = list_communities(&desk)?;
            if as_json {
                return all.print();
            }
            for entry in all.rows("communities") {
                let community = &entry["community"];
                let (id, name, max_tlp) = (community.word("id"), community.word("name"), community.word("max_tlp"));
                println!("{id} {name} (at most {max_tlp})");
                for m in entry.list("members") {
                    let own = if m.is("own") { " (this desk)" } else { "" };
                    println!("  {}{own}, {}", m.word("name"), m.word("state"));
                }
            }
        }
        CommunitiesCommand::Add { desk, community, name, read_only } => {
            let path = api_path(&["sharing", "communities", community.as_str(), "members"]);
            let new = answer(
                &desk,
                |s| Ok(s.sharing().add_member(&community, &name, !read_only, &desk.actor)?),
                |c| c.post(&path).json(&json!({ "name": name, "writes": !read_only })),
            )?;
            if as_json {
                return new.print();
            }
            println!("{}'s key, shown once: {}", new.word("name"), new.word("key"));
        }
        CommunitiesCommand::Suspend { desk, community, name, why } => {
            let path = api_path(&["sharing", "communities", community.as_str(), "members", &name, "suspend"]);
            let members = answer(
                &desk,
                |s| Ok(s.sharing().suspend_member(&community, &name, &why, &desk.actor)?),
                |c| c.post(&path).json(&json!({ "why": why })),
            )?;
            if as_json {
                return members.print();
            }
            println!("{name} is suspended");
        }
    }
    Ok(())
}

fn print_sources(list: &Answer, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return list.print();
    }
    for s in list.rows("sources") {
        let error = s["error"].as_str().map(|e| format!("; {e}")).unwrap_or_default();
        let (id, name, kind, url) = (s.int("id"), s.word("name"), s.word("kind"), s.word("url"));
        println!("{id} {name} ({kind}): {url}, every {} s, {}{error}", s.int("every"), s.word("state"));
    }
    Ok(())
}

/// Adds a source; where another person can approve it, it waits for approval.
fn add_source(desk: &DeskArgs, new: &NewSource) -> anyhow::Result<Answer> {
    answer(
        desk,
        |s| {
            let waits = s.screening.has_second_person(ChangeKind::Source, &desk.actor)?;
            Ok(match waits {
                true => s.sharing().propose_source(new.clone(), &desk.actor)?,
                false => s.sharing().add_source(new.clone(), &desk.actor)?,
            })
        },
        |c| c.post("/api/v1/sharing/sources").json(new),
    )
}

fn sources(command: SourcesCommand, as_json: bool) -> anyhow::Result<()> {
    let path = |id: SourceId, step: &[&str]| {
        let id = id.to_string();
        api_path(&[&["sharing", "sources", id.as_str()], step].concat())
    };
    match command {
        SourcesCommand::Add { desk, kind, name, url, username, key, every } => {
            let new =
                NewSource { kind: named(&kind, "kind: taxii, community or misp")?, name, url, username, key, every };
            print_sources(&add_source(&desk, &new)?.in_list(), as_json)
        }
        SourcesCommand::List { desk } => {
            let list = answer(&desk, |s| Ok(s.sharing().sources()?), |c| c.get("/api/v1/sharing/sources"))?;
            print_sources(&list, as_json)
        }
        SourcesCommand::Show { desk, id } => {
            let list = answer(&desk, |s| Ok(s.sharing().imported(id, "")?), |c| c.get(&path(id, &[])))?;
            if as_json {
                return list.print();
            }
            for i in list.rows("objects") {
                println!("{} {} {}: {}", i.word("object"), i.word("version"), i.word("effect"), i.word("detail"));
            }
            Ok(())
        }
        SourcesCommand::Read { desk, id } => {
            let polled = answer(
                &desk,
                |s| {
                    let polled = s.read_source(id)?;
                    Ok(json!({ "taken": polled.taken, "refused": polled.refused, "flags": polled.flags.len() }))
                },
                |c| c.post(&path(id, &["read"])),
            )?;
            if as_json {
                return polled.print();
            }
            let (taken, refused, flags) = (polled.count("taken"), polled.count("refused"), polled.count("flags"));
            println!("{taken} objects imported, {refused} refused, {flags} new flags");
            Ok(())
        }
        SourcesCommand::Withdraw { desk, id, why } => {
            let gone = answer(
                &desk,
                |s| Ok(s.withdraw_source(id, &why, &desk.actor)?),
                |c| c.post(&path(id, &["withdraw"])).json(&json!({ "why": why })),
            )?;
            if as_json {
                return gone.print();
            }
            let n = |name: &str| gone.count(name);
            println!("{} tags, {} flags, {} alerts and {} holds ended", n("tags"), n("flags"), n("alerts"), n("holds"));
            Ok(())
        }
    }
}

/// Flags, and how members' flags came out.
fn list_flags(desk: &DeskArgs, as_json: bool) -> anyhow::Result<()> {
    let both = match desk.reach()? {
        Reach::Here(screening) => {
            let (flags, standings) = (screening.flags(None)?, screening.read(holdfast_screening::flags::standings)?);
            json!({ "flags": flags, "standings": standings })
        }
        Reach::There(client) => {
            let flags: Value = client.get("/api/v1/sharing/flags").fetch()?;
            let standings: Value = client.get("/api/v1/sharing/standings").fetch()?;
            json!({ "flags": flags, "standings": standings })
        }
    };
    if as_json {
        return output::json(&both);
    }
    for f in both["flags"].rows("flags") {
        println!(
            "{} {} {} by {}: {}, until {}: {}",
            f.word("id"),
            f.word("asset"),
            f.word("value"),
            f.word("member"),
            f.word("state"),
            f.time("until").rfc3339(),
            f.word("reason")
        );
    }
    for s in both.list("standings") {
        println!(
            "{}: {} raised, {} confirmed, {} withdrawn, {} lapsed",
            s.word("member"),
            s.count("raised"),
            s.count("confirmed"),
            s.count("withdrawn"),
            s.count("lapsed")
        );
    }
    Ok(())
}

fn move_flag(desk: &DeskArgs, id: &FlagId, state: State, why: &str, as_json: bool) -> anyhow::Result<()> {
    let path = api_path(&["sharing", "flags", id.as_str()]);
    let flag = answer(
        desk,
        |s| Ok(s.sharing().move_flag(id, state, why, &desk.actor)?),
        |c| c.post(&path).json(&json!({ "state": state, "why": why })),
    )?;
    if as_json {
        return flag.print();
    }
    println!("flag {} is {}", flag.word("id"), flag.word("state"));
    Ok(())
}

fn flags(command: FlagsCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        FlagsCommand::Raise { desk, subject, asset, value, reason, channel, hours } => {
            let subject: Subject = named(&subject, "subject: address, transaction or deposit")?;
            let new = NewFlag { channel, subject, asset, value, reason, hours, tlp: Tlp::Amber };
            let raised = answer(
                &desk,
                |s| Ok(s.sharing().raise(new.clone(), &desk.actor)?),
                |c| c.post("/api/v1/sharing/flags").json(&new),
            )?;
            if as_json {
                return raised.print();
            }
            println!("flag {}; {} deposits held", raised["flag"].word("id"), raised.list("holds").len());
            Ok(())
        }
        FlagsCommand::List { desk } => list_flags(&desk, as_json),
        FlagsCommand::Confirm { desk, id, why } => move_flag(&desk, &id, State::Confirmed, &why, as_json),
        FlagsCommand::Withdraw { desk, id, why } => move_flag(&desk, &id, State::Withdrawn, &why, as_json),
    }
}

fn matching(command: MatchingCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        MatchingCommand::Offer { desk, file, partner } => {
            let items = text(&file)?;
            let body = json!({ "partner": partner, "items": items.lines().collect::<Vec<_>>() });
            let dir = desk.store.store.join("matching");
            let session = answer(
                &desk,
                |s| Ok(s.sharing().offer_matching(&dir, &partner, &items, &desk.actor)?),
                |c| c.post("/api/v1/sharing/matching").json(&body),
            )?;
            if as_json {
                return session.print();
            }
            let (count, id) = (session.count("items"), session.word("id"));
            println!("{count} items wait a day for {partner}'s query at /api/v1/sharing/matching/{id}");
            Ok(())
        }
        MatchingCommand::List { desk } => {
            let list = answer(&desk, |s| Ok(s.sharing().matchings()?), |c| c.get("/api/v1/sharing/matching"))?;
            if as_json {
                return list.print();
            }
            for s in list.rows("sets") {
                let asked = s["asked"]
                    .as_i64()
                    .map_or("waits".to_owned(), |t| format!("queried {}", Timestamp::from_unix(t).rfc3339()));
                println!("{} for {}: {} items, {asked}", s.word("id"), s.word("partner"), s.count("items"));
            }
            Ok(())
        }
        MatchingCommand::Query { file, url, key } => {
            let found = psi::query(&url, &key, &text(&file)?)?;
            if as_json {
                return output::json(&found);
            }
            found.iter().for_each(|item| println!("{item}"));
            eprintln!("{} items in common", found.len());
            Ok(())
        }
    }
}
