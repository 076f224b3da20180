//! `holdfast tags list`, `packs` and own tags: looking through tags, and stating them one by one.

use crate::answer::{Answer, Fields};
use crate::args::{ServerArgs, StoreArgs};
use crate::chain_reader::server_of;
use crate::lookup::ChainArgs;
use crate::output::thousands;
use crate::running::{ChainReach, TagsReach, reach_tags};
use anyhow::Context;
use clap::Args;
use holdfast_account_workspace::AccountWorkspace;
use holdfast_attribution::own::{OwnChange, OwnTag};
use holdfast_attribution::tags::{MAX_FOUND, MAX_PACKS, PackSummary, TagFilter};
use holdfast_attribution::{Category, Confidence, Tag, TagStore, Tlp};
use holdfast_client::{Client, Request, api_path};
use holdfast_state::system::now;
use holdfast_workspace::Workspace;
use holdfast_workspace::queries::{tag_list, tag_row};
use serde_json::{Value, json};

#[derive(Args)]
pub struct TagsList {
    /// An address in any of its forms, or a part of the label, the actor or the source, in any case.
    #[arg(long, default_value = "")]
    text: String,
    /// The category that they count under, such as ransomware.
    #[arg(long)]
    category: Option<String>,
    /// Title of their pack.
    #[arg(long)]
    pack: Option<String>,
    /// Id of their actor.
    #[arg(long)]
    actor: Option<String>,
    /// Below this number: `next` of the page before.
    #[arg(long)]
    before: Option<u32>,
    /// How many.
    #[arg(long, default_value_t = 100)]
    limit: u16,
    #[command(flatten)]
    chain: ChainArgs,
}

/// What is stated of an address.
#[derive(Args)]
pub struct Stated {
    /// The address.
    address: String,
    /// Ticker or CAIP-19 id of its asset, such as BTC.
    asset: String,
    /// Name given.
    label: String,
    /// Category or abuse of the taxonomy, such as exchange or ransomware.
    category: String,
    /// Where it can be verified: a link or reference.
    source: String,
    /// Reliability on GraphSense's scale, such as forensic.
    #[arg(long)]
    confidence: Option<String>,
    /// Id of the actor.
    #[arg(long)]
    actor: Option<String>,
    /// It holds for the whole cluster of the address.
    #[arg(long)]
    cluster: bool,
    /// Who may read it, such as TLP:RED; without a label it counts as TLP:AMBER.
    #[arg(long)]
    tlp: Option<String>,
}

/// Why, and where.
#[derive(Args)]
pub struct Why {
    /// Why, for the audit log of the server.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Args)]
pub struct AddOwn {
    #[command(flatten)]
    stated: Stated,
    #[command(flatten)]
    why: Why,
}

#[derive(Args)]
pub struct ChangeOwn {
    /// Id of the tag, as `tags list` gives it.
    id: String,
    #[command(flatten)]
    stated: Stated,
    #[command(flatten)]
    why: Why,
}

#[derive(Args)]
pub struct RemoveOwn {
    /// Id of the tag, as `tags list` gives it.
    id: String,
    #[command(flatten)]
    why: Why,
}

/// Answers from the tags: of the store, or of its server.
fn answer<T: serde::Serialize>(
    args: &ChainArgs,
    here: impl Fn(&TagStore) -> T,
    there: impl for<'c> FnOnce(&'c Client) -> Request<'c>,
) -> anyhow::Result<Answer> {
    let store = &args.store.store;
    match server_of(&args.store, &args.server)? {
        Some(client) => Answer::of_bytes(there(&client).bytes()?),
        None if !Workspace::is_in(store) && !AccountWorkspace::chains_of(store)?.is_empty() => {
            Answer::of(&here(&*AccountWorkspace::tags_of(store)?))
        }
        None => Answer::of(&here(&Workspace::open(store)?.tags)),
    }
}

pub fn list(args: &TagsList, as_json: bool) -> anyhow::Result<()> {
    let unknown = |name: &String| format!("--category: '{name}' is not in the taxonomy");
    let category = args.category.as_ref().map(|name| Category::from_name(name).with_context(|| unknown(name)));
    let filter = TagFilter {
        text: args.text.clone(),
        category: category.transpose()?,
        pack: args.pack.clone(),
        actor: args.actor.clone(),
    };
    let limit = usize::from(args.limit).clamp(1, MAX_FOUND);
    let found = answer(
        &args.chain,
        |tags| tag_list(tags, &filter, Tlp::Red, args.before, limit),
        |client| {
            let request = client.get("/api/v1/tags").query("text", &args.text).query("limit", limit);
            let request = request.query_opt("category", filter.category.map(Category::name));
            let request = request.query_opt("pack", args.pack.as_ref()).query_opt("actor", args.actor.as_ref());
            request.query_opt("before", args.before)
        },
    )?;
    if as_json {
        return found.print();
    }
    for tag in found["tags"].rows("tags") {
        print_tag(tag);
    }
    if let Some(next) = found["next"].as_u64() {
        println!("There are more: --before {next}");
    }
    Ok(())
}

fn print_tag(tag: &Value) {
    let own = tag["own"].as_str().map_or(String::new(), |id| format!(", own tag {id}"));
    println!(
        "{} {} {} ({}, {} {}) of {}{own}: {}",
        tag.word("asset"),
        tag.word("address"),
        tag.word("label"),
        tag.word("category"),
        tag.word("confidence"),
        tag.count("confidence_level"),
        tag.word("pack"),
        tag.word("source")
    );
}

/// A pack as the API answers it: a store has no audit log that says when it was imported.
fn pack_row(pack: PackSummary) -> Value {
    let mut row = json!(pack);
    row["imported"] = Value::Null;
    row["imported_by"] = Value::Null;
    row["licence"] = Value::Null;
    row
}

pub fn packs(args: &ChainArgs, as_json: bool) -> anyhow::Result<()> {
    let rows = |tags: &TagStore| tags.packs(Tlp::Red, None, MAX_PACKS).into_iter().map(pack_row).collect::<Vec<_>>();
    let found = answer(args, rows, |client| client.get("/api/v1/tags/packs"))?;
    if as_json {
        return found.print();
    }
    for pack in found.rows("packs") {
        let imported = match pack["imported"].as_i64() {
            Some(_) => format!("{} by {}", pack.time("imported").rfc3339(), pack.word("imported_by")),
            None => "not recorded".into(),
        };
        let licence = match pack.word("licence") {
            "" => String::new(),
            licence => format!("; licence: {licence}"),
        };
        println!(
            "{}: {} tags, {} sanctioned, {}; imported: {imported}{licence}",
            pack.word("title"),
            thousands(pack.count("tags")),
            thousands(pack.count("sanctioned")),
            pack.word("tlp")
        );
    }
    if found.items().len() >= MAX_PACKS {
        println!("Only the first {} are listed.", thousands(MAX_PACKS));
    }
    Ok(())
}

impl Stated {
    fn own(&self) -> anyhow::Result<OwnTag> {
        let sure = |name: &String| {
            Confidence::from_name(name).with_context(|| format!("--confidence: '{name}' is not on GraphSense's scale"))
        };
        let label =
            |name: &String| Tlp::from_name(name).with_context(|| format!("--tlp: '{name}' is no TLP 2.0 label"));
        Ok(OwnTag {
            address: self.address.clone(),
            asset: self.asset.clone(),
            label: self.label.clone(),
            source: self.source.clone(),
            category: self.category.clone(),
            confidence: self.confidence.as_ref().map(sure).transpose()?,
            actor: self.actor.clone(),
            is_cluster_definer: self.cluster,
            tlp: self.tlp.as_ref().map(label).transpose()?,
        })
    }
}

/// The tag as a person at this machine states it today.
fn stated(own: &OwnTag) -> anyhow::Result<Tag> {
    let day: String = now().chars().take(10).collect();
    Ok(own.stated("local", &day)?)
}

/// Makes a change in the store, or has its server make it; prints the tag that is there, or was.
fn change(
    why: &Why,
    here: impl FnOnce() -> anyhow::Result<OwnChange>,
    there: impl for<'c> FnOnce(&'c Client) -> Request<'c>,
    as_json: bool,
) -> anyhow::Result<()> {
    let row = |tags: &TagStore, changed: holdfast_attribution::own::OwnChanged| {
        let tag = changed.after.or(changed.before).context("the tag is not there")?;
        Answer::of(&tag_row(tags, &tag))
    };
    let answer = match reach_tags(&why.store.store, &why.server)? {
        TagsReach::Chain(ChainReach::Here(mut workspace)) => {
            let changed = workspace.change_own_tags(here()?)?;
            workspace.refresh()?;
            row(&workspace.tags, changed)?
        }
        TagsReach::Alone(mut tags) => {
            let changed = tags.change_own(here()?)?;
            tags.save()?;
            row(tags.tags(), changed)?
        }
        TagsReach::Chain(ChainReach::There(client)) => Answer::of_bytes(there(&client).bytes()?)?,
    };
    if as_json {
        return answer.print();
    }
    print_tag(&answer);
    Ok(())
}

pub fn add_own(args: &AddOwn, as_json: bool) -> anyhow::Result<()> {
    let own = args.stated.own()?;
    let body = json!({"tag": own, "reason": args.why.reason});
    change(&args.why, || Ok(OwnChange::Add(stated(&own)?)), |c| c.post("/api/v1/tags/own").json(&body), as_json)
}

pub fn change_own(args: &ChangeOwn, as_json: bool) -> anyhow::Result<()> {
    let (own, path) = (args.stated.own()?, api_path(&["tags", "own", &args.id]));
    let body = json!({"tag": own, "reason": args.why.reason});
    let here = || Ok(OwnChange::Replace { id: args.id.clone(), with: stated(&own)? });
    change(&args.why, here, |c| c.put(&path).json(&body), as_json)
}

pub fn remove_own(args: &RemoveOwn, as_json: bool) -> anyhow::Result<()> {
    let path = api_path(&["tags", "own", &args.id, "remove"]);
    let body = json!({ "reason": args.why.reason });
    change(&args.why, || Ok(OwnChange::Remove { id: args.id.clone() }), |c| c.post(&path).json(&body), as_json)
}
