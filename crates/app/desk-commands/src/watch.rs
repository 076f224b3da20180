//! `holdfast watch`: one's own watch lists, and what they told.

use crate::answer::Fields;
use crate::args::{DeskArgs, named};
use clap::{Args, Subcommand};
use holdfast_client::api_path;
use holdfast_monitor::watch::{Conditions, NewWatchItem, Settings, WatchKind};
use holdfast_monitor::{Monitor, MonitorError};
use holdfast_screening::Screening;
use serde_json::json;

/// When a list tells something.
#[derive(Args)]
pub struct When {
    /// When money of an item moves, or an event of a customer is decided.
    #[arg(long)]
    moves: bool,
    /// When an item gets a new tag.
    #[arg(long)]
    new_tag: bool,
    /// When an address receives more than this, in minor units of the reference currency.
    #[arg(long)]
    receives_above: Option<u64>,
    /// When money comes from or goes to a category; can be repeated.
    #[arg(long)]
    touches: Vec<String>,
}

#[derive(Subcommand)]
pub enum WatchCommand {
    /// List your watch lists.
    List {
        #[command(flatten)]
        desk: DeskArgs,
    },
    /// Make a watch list.
    Make {
        #[command(flatten)]
        desk: DeskArgs,
        name: String,
        #[command(flatten)]
        when: When,
        /// Where a digest is mailed, at most one an hour.
        #[arg(long)]
        mail: Option<String>,
    },
    /// Show a watch list with its items.
    Show {
        #[command(flatten)]
        desk: DeskArgs,
        list: u64,
    },
    /// Add items to a watch list.
    Add {
        #[command(flatten)]
        desk: DeskArgs,
        list: u64,
        /// What the items are.
        #[arg(long, value_parser = named::<WatchKind>(), default_value = "address")]
        kind: WatchKind,
        /// Addresses, customers or names.
        #[arg(required = true)]
        values: Vec<String>,
        /// Why they are watched.
        #[arg(long, default_value = "")]
        note: String,
    },
    /// Remove a watch list.
    Remove {
        #[command(flatten)]
        desk: DeskArgs,
        list: u64,
    },
    /// Show what your lists told, the latest first.
    Notifications {
        #[command(flatten)]
        desk: DeskArgs,
    },
}

fn monitor(screening: &Screening) -> Monitor<'_> {
    Monitor { screening }
}

pub fn run(command: WatchCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        WatchCommand::List { desk } => list(&desk, as_json),
        WatchCommand::Make { desk, name, when, mail } => {
            let When { moves, new_tag, receives_above, touches } = when;
            let conditions = Conditions { moves, new_tag, receives_above, touches };
            make(&desk, Settings { name, conditions, quiet: None, mail }, as_json)
        }
        WatchCommand::Show { desk, list } => show(&desk, list, as_json),
        WatchCommand::Add { desk, list, kind, values, note } => {
            let items = values.into_iter().map(|value| NewWatchItem { kind, value, note: note.clone() }).collect();
            add(&desk, list, items, as_json)
        }
        WatchCommand::Remove { desk, list } => {
            let path = api_path(&["desk", "watch-lists", &list.to_string()]);
            let answer = desk.answer(|s| monitor(s).remove_watch_list(list, &desk.actor), |c| c.delete(&path))?;
            if as_json {
                return answer.print();
            }
            println!("removed");
            Ok(())
        }
        WatchCommand::Notifications { desk } => notifications(&desk, as_json),
    }
}

fn list(desk: &DeskArgs, as_json: bool) -> anyhow::Result<()> {
    let lists = desk.answer(|s| monitor(s).watch_lists(&desk.actor), |c| c.get("/api/v1/desk/watch-lists"))?;
    if as_json {
        return lists.print();
    }
    for list in lists.rows("watch lists") {
        println!("{:>6} {} ({} items)", list.count("id"), list.word("name"), list.count("items"));
    }
    Ok(())
}

fn shown(screening: &Screening, list: u64, actor: &str) -> Result<serde_json::Value, MonitorError> {
    let (list, items) = monitor(screening).watch_list(list, actor)?;
    Ok(json!({"list": list, "items": items}))
}

fn make(desk: &DeskArgs, settings: Settings, as_json: bool) -> anyhow::Result<()> {
    let body = json!(settings);
    let here = |s: &Screening| {
        let id = monitor(s).make_watch_list(settings, &desk.actor)?;
        shown(s, id, &desk.actor)
    };
    let answer = desk.answer(here, |c| c.post("/api/v1/desk/watch-lists").json(&body))?;
    if as_json {
        return answer.print();
    }
    println!("watch list {}", answer["list"].count("id"));
    Ok(())
}

fn show(desk: &DeskArgs, list: u64, as_json: bool) -> anyhow::Result<()> {
    let path = api_path(&["desk", "watch-lists", &list.to_string()]);
    let answer = desk.answer(|s| shown(s, list, &desk.actor), |c| c.get(&path))?;
    if as_json {
        return answer.print();
    }
    println!("{}", answer["list"].word("name"));
    for item in answer["items"].rows("items") {
        println!("{:>6} {:<9} {} {}", item.count("id"), item.word("kind"), item.word("value"), item.word("note"));
        if let Some(problem) = item["problem"].as_str() {
            println!("       not looked up: {problem}");
        }
    }
    Ok(())
}

fn add(desk: &DeskArgs, list: u64, items: Vec<NewWatchItem>, as_json: bool) -> anyhow::Result<()> {
    let path = api_path(&["desk", "watch-lists", &list.to_string(), "items"]);
    let body = json!(items);
    let here = |s: &Screening| {
        monitor(s).watch(list, items, &desk.actor)?;
        shown(s, list, &desk.actor)
    };
    let answer = desk.answer(here, |c| c.post(&path).json(&body))?;
    if as_json {
        return answer.print();
    }
    println!("{} items are on the list", answer.list("items").len());
    Ok(())
}

fn notifications(desk: &DeskArgs, as_json: bool) -> anyhow::Result<()> {
    let here = |s: &Screening| monitor(s).notifications(&desk.actor, 0, 200);
    let answer = desk.answer(here, |c| c.get("/api/v1/desk/notifications"))?;
    if as_json {
        return answer.print();
    }
    for n in answer["list"].rows("notifications") {
        println!("{} {}: {}", n.time("time").rfc3339(), n.word("subject"), n.word("text"));
    }
    Ok(())
}
