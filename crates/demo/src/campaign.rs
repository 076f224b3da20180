//! The demo's campaign with police: simulated customers paid a scam before anybody knew it; some are told, some held out, and what both pay
//! to the scam's next addresses is compared.

use anyhow::{Context, ensure};
use holdfast_decision::warnings::Scam;
use holdfast_decision::{Event, EventKind, Record, RecordKind, Verdict};
use holdfast_identity::KeyRing;
use holdfast_prevention::Prevention;
use holdfast_prevention::campaigns::{NewCampaign, RiskRule};
use holdfast_screening::Screening;
use holdfast_simulate::random::Random;
use holdfast_types::ids::CampaignId;
use holdfast_types::{Amount, Seconds, Timestamp};
use holdfast_workspace::Workspace;
use serde_json::{Value, json};

const TITLE: &str = "High returns for nothing (demo)";
/// Customers who paid.
const PEOPLE: u64 = 300;
/// Of a thousand, how many would pay again.
const PAY_AGAIN: u64 = 550;
/// Of a thousand who are told, how many heed it.
const HEED: u64 = 600;
const DAY: Seconds = Seconds::DAY;

/// The scam's address when it began, and those that it used later.
const ADDRESSES: [&str; 4] = [
    "0x5c4a0000000000000000000000000000000d0001",
    "0x5c4a0000000000000000000000000000000d0002",
    "0x5c4a0000000000000000000000000000000d0003",
    "0x5c4a0000000000000000000000000000000d0004",
];

/// What police know of the scam by then.
fn tag(workspace: &mut Workspace, addresses: &[&str]) -> anyhow::Result<()> {
    let mut csv = String::from("address,currency,label,source,category,confidence\n");
    for address in addresses {
        csv += &format!(
            "{address},ETH,High returns for nothing,https://example.org/reports,ponzi_scheme,authority_data\n"
        );
    }
    let report = workspace.import_tags(vec![(format!("demo-scam-{}.csv", addresses.len()), csv.into_bytes())]);
    ensure!(report.refused.is_empty(), "the demo's tags are refused: {:?}", report.refused);
    Ok(())
}

fn payment(random: &mut Random, id: String, customer: &str, time: Timestamp, to: &str) -> Event {
    let value = random.amount(30_000, 400_000);
    let mut event = Event::new(EventKind::Withdrawal, id, time, customer);
    event.asset = Some("ETH".into());
    event.amount = Some(Amount::new(u128::from(value) * 5_000_000_000_000));
    event.value = Some(value);
    event.counterparty = Some(to.into());
    event
}

fn decide(screening: &Screening, workspace: &Workspace, events: Vec<Event>) -> anyhow::Result<usize> {
    let facts = |e: &Event| holdfast_chain_facts::chain_facts(workspace, e, None);
    let decisions = crate::decide_all(screening, &events, facts)?;
    Ok(decisions.iter().filter(|d| d.decision <= Verdict::Review).count())
}

/// Returns a random number below `end`.
fn below(random: &mut Random, end: i64) -> i64 {
    let number = random.below(u64::try_from(end).unwrap_or(1));
    i64::try_from(number).unwrap_or(0)
}

/// Customers, and their first payments to an address that nobody knew.
fn first_payments(screening: &Screening, workspace: &Workspace) -> anyhow::Result<usize> {
    let (mut random, now) = (Random::new(300_025), screening.now());
    let (mut records, mut events) = (Vec::new(), Vec::new());
    for n in 0..PEOPLE {
        let id = format!("demo-saver-{n}");
        let mut record = Record::new(RecordKind::Customer, id.clone(), now - 200 * DAY);
        record.country = Some((*random.pick(&["GB", "GB", "DE", "ES"])).into());
        record.created = Some(now - (200 + below(&mut random, 800)) * DAY);
        records.push(record);
        let time = now - 2 * DAY - Seconds::new(below(&mut random, 18 * 86_400));
        events.push(payment(&mut random, format!("demo-scam-{n}"), &id, time, ADDRESSES[0]));
    }
    screening.ingest(records, "demo")?;
    events.sort_by_key(|e| e.time);
    decide(screening, workspace, events)
}

/// What people do after the messages: those told heed them more often than not.
fn behave(prevention: &Prevention<'_>, workspace: &Workspace, campaign: CampaignId) -> anyhow::Result<()> {
    let (mut random, mut events) = (Random::new(300_026), Vec::new());
    let now = prevention.screening.now();
    for person in prevention.campaign_people(campaign, "")? {
        let (would, heeds) = (random.permille(PAY_AGAIN), random.permille(HEED));
        if would && !(person.arm == "told" && heeds) {
            let to = *random.pick(&ADDRESSES[1..]);
            let id = format!("demo-again-{}", person.customer);
            events.push(payment(&mut random, id, &person.customer, now, to));
        }
    }
    decide(prevention.screening, workspace, events)?;
    Ok(())
}

/// Runs the campaign; a second start finds it and measures it again.
pub fn run(
    screening: &Screening,
    workspace: &mut Workspace,
    key_ring: &KeyRing,
    as_json: bool,
) -> anyhow::Result<Value> {
    let prevention = Prevention { screening, key_ring };
    let known = prevention.campaigns()?.into_iter().find(|c| c.plan.title == TITLE);
    let id = match known {
        Some(known) => known.id,
        None => {
            let went_out = first_payments(screening, workspace)?;
            ensure!(went_out > 0, "no payment to the scam went out");
            tag(workspace, &ADDRESSES[..1])?;
            let plan = NewCampaign {
                title: TITLE.into(),
                scam: Scam::Investment,
                partner: "National Cybercrime Unit".into(),
                rule: RiskRule {
                    categories: Vec::new(),
                    days: 30,
                    min_value: 10_000,
                    paid: true,
                    about_to_pay: true,
                    pattern: false,
                    countries: Vec::new(),
                },
                holdout_ppm: 400_000,
            };
            let id = prevention.draft_campaign(plan, "ana")?.id;
            let today = |e: &Event| Some(holdfast_chain_facts::chain_facts(workspace, e, None).category);
            prevention.start_campaign(id, &today, "bo")?;
            behave(&prevention, workspace, id)?;
            id
        }
    };
    tag(workspace, &ADDRESSES)?;
    let today = |e: &Event| Some(holdfast_chain_facts::chain_facts(workspace, e, None).category);
    let campaign = prevention.campaign(id)?;
    let effect = prevention.campaign_effect(id, &today)?;
    let fewer = effect.fewer_payers.context("nobody was held out")?;
    let truth = (PAY_AGAIN * HEED) as f64 / 10_000.0;
    if !as_json {
        println!(
            "\nA campaign with police: {} customers paid a scam before it was known; {} were warned, {} held out, drawn at random.",
            campaign.told + campaign.held_out,
            campaign.told,
            campaign.held_out
        );
        println!("    {}", effect.words);
        if let Some(kept) = effect.value_kept {
            println!(
                "    Those warned saved {:.0} USD that they would have paid (95%: {:.0} to {:.0}).",
                kept.value / 100.0,
                kept.low / 100.0,
                kept.high / 100.0
            );
        }
        println!(
            "    The customers are simulated: {} of 10 who are warned heed the message, which is {truth:.0} points fewer in truth.",
            HEED / 100
        );
    }
    Ok(json!({ "campaign": id, "told": campaign.told, "held_out": campaign.held_out, "effect": effect,
        "true_points": truth, "inside": fewer.low <= truth && truth <= fewer.high }))
}
