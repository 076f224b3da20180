//! `holdfast warnings` and `holdfast campaigns`.

use crate::answer::{Answer, Fields};
use crate::args::DeskArgs;
use crate::output::{self, counted, thousands};
use anyhow::{Context, bail};
use clap::Subcommand;
use holdfast_api::campaigns::CampaignPreview;
use holdfast_client::{Client, Request, api_path};
use holdfast_console::desk_key::key_ring;
use holdfast_decision::Event;
use holdfast_decision::lookalikes::Lookalike;
use holdfast_decision::warnings::Scam;
use holdfast_prevention::Prevention;
use holdfast_prevention::PreventionError;
use holdfast_prevention::campaigns::{NewCampaign, Template};
use holdfast_screening::warnings::{WarningAnswers, WarningFilter};
use holdfast_types::ids::CampaignId;
use holdfast_workspace::Workspace;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub enum WarningsCommand {
    /// List warnings, latest first.
    List {
        #[command(flatten)]
        desk: DeskArgs,
        /// open, cooling, stopped, escalated or released.
        #[arg(long)]
        state: Option<String>,
        /// Only those of one customer.
        #[arg(long)]
        customer: Option<String>,
    },
    /// Show a warning with its message and questions.
    Show {
        #[command(flatten)]
        desk: DeskArgs,
        /// Id of the withdrawal's event.
        event: String,
        /// Language, BCP 47; by default that of the customer's record, or English.
        #[arg(long)]
        lang: Option<String>,
    },
    /// Store the customer's answers.
    Answer {
        #[command(flatten)]
        desk: DeskArgs,
        /// Id of the withdrawal's event.
        event: String,
        /// Questions answered with yes.
        #[arg(long, value_delimiter = ',')]
        yes: Vec<String>,
        /// The customer cancels the withdrawal; without it, all other questions are answered with no and the withdrawal continues.
        #[arg(long)]
        give_up: bool,
    },
}

#[derive(Subcommand)]
pub enum CampaignsCommand {
    /// Show whom a campaign would choose now; nothing is stored or sent.
    Preview {
        #[command(flatten)]
        desk: DeskArgs,
        /// JSON file, in the form of the API.
        file: PathBuf,
    },
    /// Draft a campaign.
    Draft {
        #[command(flatten)]
        desk: DeskArgs,
        /// JSON file, in the form of the API.
        file: PathBuf,
    },
    /// List campaigns.
    List {
        #[command(flatten)]
        desk: DeskArgs,
    },
    /// Start a campaign; another person than who drafted it does so (--as NAME).
    Start {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number of the campaign.
        id: CampaignId,
    },
    /// End a campaign.
    End {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number of the campaign.
        id: CampaignId,
    },
    /// Show the effect of a campaign against the held-out group.
    Effect {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number of the campaign.
        id: CampaignId,
    },
    /// List the people of a campaign.
    People {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number of the campaign.
        id: CampaignId,
        /// Only customers after this id.
        #[arg(long, default_value = "")]
        after: String,
    },
    /// Show the message of a scam, or put a new version in force.
    Template {
        #[command(flatten)]
        desk: DeskArgs,
        /// Scam.
        scam: String,
        /// Language, BCP 47.
        lang: String,
        /// Subject of the new version.
        #[arg(long, requires = "body")]
        subject: Option<String>,
        /// File with the text of the new version.
        #[arg(long, requires = "subject")]
        body: Option<PathBuf>,
    },
}

/// Answers from prevention: `here` in this process, or `there` by the server that has the desk.
fn answer<T: Serialize>(
    args: &DeskArgs,
    here: impl FnOnce(&Prevention<'_>) -> Result<T, PreventionError>,
    there: impl for<'c> FnOnce(&'c Client) -> Request<'c>,
) -> anyhow::Result<Answer> {
    let at_store = |screening: &holdfast_screening::Screening| {
        let key_ring = key_ring(&args.store.store, screening)?;
        anyhow::Ok(here(&Prevention { screening, key_ring: &key_ring })?)
    };
    args.answer(at_store, there)
}

/// As [`answer`], of personal data: the reading is in the audit log.
fn looked<T: Serialize>(
    args: &DeskArgs,
    path: &str,
    here: impl FnOnce(&Prevention<'_>) -> Result<T, PreventionError>,
    there: impl for<'c> FnOnce(Request<'c>) -> Request<'c>,
) -> anyhow::Result<Answer> {
    let at_store = |screening: &holdfast_screening::Screening| {
        let key_ring = key_ring(&args.store.store, screening)?;
        anyhow::Ok(here(&Prevention { screening, key_ring: &key_ring })?)
    };
    args.read(path, at_store, there)
}

fn print_warning(w: &Value) {
    println!(
        "{} {} {} ({}), hold {}, not before {}",
        w.word("event"),
        w.word("customer"),
        w.word("scam"),
        w.word("state"),
        w.count("hold"),
        w.time("cooling_until").rfc3339()
    );
    if let Ok(lookalike) = Lookalike::deserialize(&w["lookalike"]) {
        let [address, of] = lookalike.parts().map(|[start, middle, end]| format!("{start}[{middle}]{end}"));
        println!("    pays       {address}\n    looks like {of}");
    }
}

fn list_warnings(desk: &DeskArgs, filter: &WarningFilter, as_json: bool) -> anyhow::Result<()> {
    let list = desk.read(
        "/api/v1/warnings",
        |s| s.warnings(filter),
        |request| {
            let request = request.query_opt("state", filter.state.as_ref());
            request.query_opt("customer", filter.customer.as_ref())
        },
    )?;
    if as_json {
        return list.print();
    }
    list.rows("warnings").iter().for_each(print_warning);
    Ok(())
}

fn warning(desk: &DeskArgs, event: &str, lang: Option<&str>) -> anyhow::Result<Answer> {
    let path = api_path(&["warnings", event]);
    desk.read(
        &path,
        |s| match lang {
            Some(lang) => s.warning(event, lang),
            None => s.warning_for_customer(event),
        },
        |request| request.query_opt("lang", lang),
    )
}

fn answer_warning(desk: &DeskArgs, event: &str, yes: Vec<String>, give_up: bool) -> anyhow::Result<Answer> {
    let asked = warning(desk, event, Some("en"))?;
    let known: Vec<&str> = asked.list("questions").iter().map(|q| q.word("id")).collect();
    if let Some(unknown) = yes.iter().find(|y| !known.contains(&y.as_str())) {
        bail!("--yes {unknown}: the questions are {}", known.join(", "));
    }
    let answers: BTreeMap<String, bool> = match give_up {
        true => yes.into_iter().map(|y| (y, true)).collect(),
        false => known.iter().map(|id| ((*id).to_owned(), yes.iter().any(|y| y == id))).collect(),
    };
    let given = WarningAnswers { proceed: !give_up, answers };
    let path = api_path(&["warnings", event, "answers"]);
    desk.answer(|s| s.answer_warning(event, given.clone(), &desk.actor), |c| c.post(&path).json(&given))
}

pub fn warnings(command: WarningsCommand, as_json: bool) -> anyhow::Result<()> {
    let shown = match command {
        WarningsCommand::List { desk, state, customer } => {
            return list_warnings(&desk, &WarningFilter { state, customer, limit: 1_000 }, as_json);
        }
        WarningsCommand::Show { desk, event, lang } => warning(&desk, &event, lang.as_deref())?,
        WarningsCommand::Answer { desk, event, yes, give_up } => answer_warning(&desk, &event, yes, give_up)?,
    };
    if as_json {
        return shown.print();
    }
    print_warning(&shown);
    println!("{}\n{}", shown.word("title"), shown.word("message"));
    for q in shown.list("questions") {
        let answer = match shown["answers"][q.word("id")].as_bool() {
            Some(true) => "YES",
            Some(false) => "no",
            None => "",
        };
        println!("    {}: {} {answer}", q.word("id"), q.word("text"));
    }
    Ok(())
}

fn read(file: &Path) -> anyhow::Result<NewCampaign> {
    let bytes = output::read_bounded(file, 1 << 20)?;
    serde_json::from_slice(&bytes).with_context(|| file.display().to_string())
}

fn print(c: &Value) {
    let plan = &c["plan"];
    println!(
        "{:>4} {} ({}) with {}: {}, {} reached, {} held out",
        c.int("id"),
        plan.word("title"),
        plan.word("scam"),
        plan.word("partner"),
        c.word("state"),
        c.int("told"),
        c.int("held_out")
    );
}

/// Today's tags of an event's payee, where the store has a ledger.
fn category_now(desk: &DeskArgs) -> impl Fn(&Event) -> Option<holdfast_attribution::Category> {
    let workspace = Workspace::open(&desk.store.store).ok();
    move |e: &Event| workspace.as_ref().map(|w| holdfast_chain_facts::chain_facts(w, e, None).category)
}

fn preview(desk: &DeskArgs, file: &Path, as_json: bool) -> anyhow::Result<()> {
    let plan = read(file)?;
    let p = answer(
        desk,
        |p| Ok(CampaignPreview::of(p.at_risk(&plan, &category_now(desk))?)),
        |c| c.post("/api/v1/campaigns/preview").json(&plan),
    )?;
    if as_json {
        return p.print();
    }
    println!(
        "{} people: {} paid, {} are about to; value {} of the reference currency",
        p.count("people"),
        p.count("paid"),
        p.count("about_to_pay"),
        thousands(p.count("value") / 100)
    );
    Ok(())
}

/// The path of a campaign, or of something of it.
fn campaign_path(id: CampaignId, rest: &[&str]) -> String {
    let id = id.to_string();
    api_path(&[&["campaigns", id.as_str()], rest].concat())
}

fn effect(desk: &DeskArgs, id: CampaignId, as_json: bool) -> anyhow::Result<()> {
    let path = campaign_path(id, &["effect"]);
    let effect = looked(desk, &path, |p| p.campaign_effect(id, &category_now(desk)), |request| request)?;
    if as_json {
        return effect.print();
    }
    println!("{}", effect.word("words"));
    let kept = |name: &str| effect["value_kept"][name].as_f64().map(|minor| minor / 100.0);
    if let (Some(value), Some(low), Some(high)) = (kept("value"), kept("low"), kept("high")) {
        let whole =
            |amount: f64| format!("{amount:.0}").parse().map_or(format!("{amount:.0}"), |whole: u64| thousands(whole));
        let (value, low, high) = (whole(value), whole(low), whole(high));
        println!("Value saved, in units of the reference currency: {value} (95%: {low} to {high}).");
    }
    Ok(())
}

fn people(desk: &DeskArgs, id: CampaignId, after: &str, as_json: bool) -> anyhow::Result<()> {
    let path = campaign_path(id, &["people"]);
    let people = looked(desk, &path, |p| p.campaign_people(id, after), |request| request.query("after", after))?;
    if as_json {
        return people.print();
    }
    for p in people.rows("recipients") {
        let (paid, about_to_pay) = (p["because"].count("paid"), p["because"].count("about_to_pay"));
        let group = if p.word("arm") == "told" { "reached" } else { "held out" };
        let payments = counted(paid, "payment");
        println!(
            "{} ({}), {group}: {payments} made, {about_to_pay} about to be made",
            p.word("customer"),
            p.word("lang")
        );
    }
    Ok(())
}

/// The message of a scam, or its new version.
fn template(desk: &DeskArgs, scam: &str, lang: &str, new: Option<(String, PathBuf)>) -> anyhow::Result<Answer> {
    let known = || Scam::ALL.map(Scam::name).join(", ");
    let scam = Scam::from_name(scam).with_context(|| format!("'{scam}' is none of {}", known()))?;
    let path = api_path(&["campaigns", "templates", scam.name(), lang]);
    let Some((subject, file)) = new else {
        return looked(desk, &path, |p| p.template(scam, lang), |request| request);
    };
    let bytes = output::read_bounded(&file, 8_000)?;
    let body = String::from_utf8(bytes).with_context(|| format!("{}: no UTF-8", file.display()))?;
    let sent = json!({ "subject": subject, "body": body });
    answer(
        desk,
        |p| p.set_template(Template { scam, lang: lang.to_owned(), version: 0, subject, body }, &desk.actor),
        |c| c.put(&path).json(&sent),
    )
}

pub fn campaigns(command: CampaignsCommand, as_json: bool) -> anyhow::Result<()> {
    let campaign = match command {
        CampaignsCommand::Preview { desk, file } => return preview(&desk, &file, as_json),
        CampaignsCommand::Effect { desk, id } => return effect(&desk, id, as_json),
        CampaignsCommand::People { desk, id, after } => return people(&desk, id, &after, as_json),
        CampaignsCommand::List { desk } => {
            let list = looked(&desk, "/api/v1/campaigns", |p| p.campaigns(), |request| request)?;
            if as_json {
                return list.print();
            }
            list.rows("campaigns").iter().for_each(print);
            return Ok(());
        }
        CampaignsCommand::Template { desk, scam, lang, subject, body } => {
            let template = template(&desk, &scam, &lang, subject.zip(body))?;
            if as_json {
                return template.print();
            }
            let (subject, version) = (template.word("subject"), template.count("version"));
            println!("{subject} (version {version})\n\n{}", template.word("body"));
            return Ok(());
        }
        CampaignsCommand::Draft { desk, file } => {
            let plan = read(&file)?;
            answer(&desk, |p| p.draft_campaign(plan.clone(), &desk.actor), |c| c.post("/api/v1/campaigns").json(&plan))?
        }
        CampaignsCommand::Start { desk, id } => answer(
            &desk,
            |p| p.start_campaign(id, &category_now(&desk), &desk.actor),
            |c| c.post(&campaign_path(id, &["start"])),
        )?,
        CampaignsCommand::End { desk, id } => {
            answer(&desk, |p| p.end_campaign(id, &desk.actor), |c| c.post(&campaign_path(id, &["end"])))?
        }
    };
    if as_json {
        return campaign.print();
    }
    print(&campaign);
    Ok(())
}
