//! `holdfast warnings` and `holdfast campaigns`.

use crate::output::{self, thousands};
use crate::screening::DeskArgs;
use anyhow::{Context, bail};
use clap::Subcommand;
use holdfast_api::campaigns::CampaignPreview;
use holdfast_console::desk_key::master;
use holdfast_decision::Event;
use holdfast_decision::warnings::Scam;
use holdfast_input::time::rfc3339;
use holdfast_prevention::Prevention;
use holdfast_prevention::campaigns::{Campaign, NewCampaign, Template};
use holdfast_screening::warnings::{WarningAnswers, WarningFilter, WarningRecord};
use holdfast_types::ids::CampaignId;
use holdfast_workspace::Workspace;
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
        /// Of one customer.
        #[arg(long)]
        customer: Option<String>,
    },
    /// A warning with what the customer is told and asked.
    Show {
        #[command(flatten)]
        desk: DeskArgs,
        /// The withdrawal's event.
        event: String,
        /// Language, BCP 47; by default that of the customer's record, or English.
        #[arg(long)]
        lang: Option<String>,
    },
    /// Take the customer's answers.
    Answer {
        #[command(flatten)]
        desk: DeskArgs,
        /// The withdrawal's event.
        event: String,
        /// Questions answered with yes.
        #[arg(long, value_delimiter = ',')]
        yes: Vec<String>,
        /// The customer gives the withdrawal up; without it all other questions are answered with no and the customer goes on.
        #[arg(long)]
        give_up: bool,
    },
}

fn at_prevention<T>(args: &DeskArgs, run: impl FnOnce(&Prevention<'_>) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let screening = args.open()?;
    let master = master(&args.store.store, &screening)?;
    run(&Prevention { screening: &screening, master: &master })
}

#[derive(Subcommand)]
pub enum CampaignsCommand {
    /// Say who a campaign would choose now; nothing is kept or sent.
    Preview {
        #[command(flatten)]
        desk: DeskArgs,
        /// JSON, as the API takes it.
        file: PathBuf,
    },
    /// Draft a campaign.
    Draft {
        #[command(flatten)]
        desk: DeskArgs,
        /// JSON, as the API takes it.
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
        /// Number.
        id: CampaignId,
    },
    /// End a campaign.
    End {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number.
        id: CampaignId,
    },
    /// What a campaign did, against those held out.
    Effect {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number.
        id: CampaignId,
    },
    /// People of a campaign.
    People {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number.
        id: CampaignId,
        /// After this customer.
        #[arg(long, default_value = "")]
        after: String,
    },
    /// Show a scam's message, or put a new version in force.
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

fn print_warning(w: &WarningRecord) {
    println!(
        "{} {} {} ({}), hold {}, not before {}",
        w.event,
        w.customer,
        w.scam.name(),
        w.state,
        w.hold,
        rfc3339(w.cooling_until)
    );
}

pub fn warnings(command: WarningsCommand, as_json: bool) -> anyhow::Result<()> {
    let shown = match command {
        WarningsCommand::List { desk, state, customer } => {
            let list = desk.open()?.warnings(&WarningFilter { state, customer, limit: 1_000 })?;
            if as_json {
                return output::json(&list);
            }
            list.iter().for_each(print_warning);
            return Ok(());
        }
        WarningsCommand::Show { desk, event, lang } => match lang {
            Some(lang) => desk.open()?.warning(&event, &lang)?,
            None => desk.open()?.warning_for_customer(&event)?,
        },
        WarningsCommand::Answer { desk, event, yes, give_up } => {
            let screening = desk.open()?;
            let questions = screening.warning(&event, "en")?.questions;
            if let Some(unknown) = yes.iter().find(|y| !questions.iter().any(|q| q.id == **y)) {
                let known: Vec<&str> = questions.iter().map(|q| q.id.as_str()).collect();
                bail!("--yes {unknown}: the questions are {}", known.join(", "));
            }
            let answers = match give_up {
                true => yes.into_iter().map(|y| (y, true)).collect(),
                false => questions.into_iter().map(|q| (q.id.clone(), yes.contains(&q.id))).collect::<BTreeMap<_, _>>(),
            };
            screening.answer_warning(&event, WarningAnswers { proceed: !give_up, answers }, &desk.actor)?
        }
    };
    if as_json {
        return output::json(&shown);
    }
    print_warning(&shown);
    println!("{}\n{}", shown.title, shown.message);
    for q in &shown.questions {
        let answer = shown.answers.as_ref().and_then(|a| a.get(&q.id));
        println!("    {}: {} {}", q.id, q.text, answer.map_or("", |a| if *a { "YES" } else { "no" }));
    }
    Ok(())
}

fn read(file: &Path) -> anyhow::Result<NewCampaign> {
    let bytes = output::read_bounded(file, 1 << 20)?;
    serde_json::from_slice(&bytes).with_context(|| file.display().to_string())
}

fn print(c: &Campaign) {
    println!(
        "{:>4} {} ({}) with {}: {}, {} told, {} held out",
        c.id,
        c.plan.title,
        c.plan.scam.name(),
        c.plan.partner,
        c.state,
        c.told,
        c.held_out
    );
}

pub fn campaigns(command: CampaignsCommand, as_json: bool) -> anyhow::Result<()> {
    // Tags of today count where the store has a ledger.
    let look = |desk: &DeskArgs| {
        let workspace = Workspace::open(&desk.store.store).ok();
        move |e: &Event| workspace.as_ref().map(|w| holdfast_screening::facts::chain_facts(w, e, None).category)
    };
    let campaign = match command {
        CampaignsCommand::Preview { desk, file } => {
            let (plan, now) = (read(&file)?, look(&desk));
            let p = CampaignPreview::of(at_prevention(&desk, |a| Ok(a.at_risk(&plan, &now)?))?);
            if as_json {
                return output::json(&p);
            }
            println!(
                "{} people: {} paid, {} are about to; value {}",
                p.people,
                p.paid,
                p.about_to_pay,
                thousands(p.value / 100)
            );
            return Ok(());
        }
        CampaignsCommand::Draft { desk, file } => {
            let plan = read(&file)?;
            at_prevention(&desk, |a| Ok(a.draft_campaign(plan, &desk.actor)?))?
        }
        CampaignsCommand::List { desk } => {
            let list = at_prevention(&desk, |a| Ok(a.campaigns()?))?;
            if as_json {
                return output::json(&list);
            }
            list.iter().for_each(print);
            return Ok(());
        }
        CampaignsCommand::Start { desk, id } => {
            let now = look(&desk);
            at_prevention(&desk, |a| Ok(a.start_campaign(id, &now, &desk.actor)?))?
        }
        CampaignsCommand::End { desk, id } => at_prevention(&desk, |a| Ok(a.end_campaign(id, &desk.actor)?))?,
        CampaignsCommand::Effect { desk, id } => {
            let now = look(&desk);
            let effect = at_prevention(&desk, |a| Ok(a.campaign_effect(id, &now)?))?;
            if as_json {
                return output::json(&effect);
            }
            println!("{}", effect.words);
            if let Some(kept) = effect.value_kept {
                println!(
                    "value kept: {:.0} (95%: {:.0} to {:.0})",
                    kept.value / 100.0,
                    kept.low / 100.0,
                    kept.high / 100.0
                );
            }
            return Ok(());
        }
        CampaignsCommand::People { desk, id, after } => {
            let people = at_prevention(&desk, |a| Ok(a.campaign_people(id, &after)?))?;
            if as_json {
                return output::json(&people);
            }
            people.iter().for_each(|p| {
                println!(
                    "{} {} {} paid {}, about to pay {}",
                    p.customer, p.arm, p.lang, p.because.paid, p.because.about_to_pay
                )
            });
            return Ok(());
        }
        CampaignsCommand::Template { desk, scam, lang, subject, body } => {
            let known = || Scam::ALL.map(Scam::name).join(", ");
            let scam = Scam::from_name(&scam).with_context(|| format!("'{scam}' is none of {}", known()))?;
            let template = match (subject, body) {
                (Some(subject), Some(file)) => {
                    let bytes = output::read_bounded(&file, 8_000)?;
                    let body = String::from_utf8(bytes).with_context(|| format!("{}: no UTF-8", file.display()))?;
                    at_prevention(&desk, |a| {
                        Ok(a.set_template(Template { scam, lang, version: 0, subject, body }, &desk.actor)?)
                    })?
                }
                _ => at_prevention(&desk, |a| Ok(a.template(scam, &lang)?))?,
            };
            if as_json {
                return output::json(&template);
            }
            println!("{} (version {})\n\n{}", template.subject, template.version, template.body);
            return Ok(());
        }
    };
    if as_json {
        return output::json(&campaign);
    }
    print(&campaign);
    Ok(())
}
