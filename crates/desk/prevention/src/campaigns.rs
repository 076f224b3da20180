//! Campaigns with police: customers who paid tagged scam addresses, or are about to, get a message in their language; some are held out, so
//! that the effect of the messages can be measured.

mod effect;
mod templates;

pub use effect::{Arm, Effect, Estimate, Outcome, effect, mean_difference, share_difference};
pub use templates::{Template, lang_of};

use crate::PreventionError;
use crate::{Prevention, invalid};
use holdfast_attribution::Category;
use holdfast_decision::model::{country_ok, language_form_ok, language_ok, text_ok};
use holdfast_decision::warnings::{LANGUAGES, Scam};
use holdfast_decision::{Event, Record, Typology, Verdict};
use holdfast_identity::same_person;
use holdfast_input::language::{best, of_country};
use holdfast_screening::service::DecidedEvent;
use holdfast_store::{Database, DbError, Row, StoreError, number, parse};
use holdfast_types::ids::CampaignId;
use holdfast_types::{Seconds, Timestamp, named};
use serde::{Deserialize, Serialize};
use serde_json::json;
use statrs::distribution::{ContinuousCDF, StudentsT};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::ControlFlow;
use utoipa::ToSchema;

/// Most people of a campaign.
pub const MAX_PEOPLE: usize = 100_000;
/// Messages of one entry of the audit log, which webhooks deliver.
const BATCH: usize = 200;
/// The same as a number of rows.
const BATCH_MESSAGES: i64 = 200;
/// Everything.
const WHOLE: i64 = 1_000_000;

/// Who is chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RiskRule {
    /// Categories of payees; by default those of the campaign's scam, or of all scams where it is `other`.
    #[serde(default)]
    pub categories: Vec<String>,
    /// Days before now in which payments count.
    pub days: u32,
    /// Least value in all, minor units of the reference currency.
    #[serde(default)]
    pub min_value: u64,
    /// Whether who paid is chosen.
    #[serde(default = "yes")]
    pub paid: bool,
    /// Whether who is about to pay (the withdrawal is held) is chosen.
    #[serde(default = "yes")]
    pub about_to_pay: bool,
    /// Whether the pattern of a scam's victim counts too where the payee has no tag.
    #[serde(default)]
    pub pattern: bool,
    /// Countries of customers; all when empty.
    #[serde(default)]
    pub countries: Vec<String>,
}

fn yes() -> bool {
    true
}

/// A campaign to draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCampaign {
    /// Title.
    pub title: String,
    /// The scam.
    pub scam: Scam,
    /// The police or agency that signs the messages with the exchange.
    pub partner: String,
    /// Who is chosen.
    pub rule: RiskRule,
    /// Share held out, millionths: at most half.
    pub holdout_ppm: u32,
}

named! {
    /// State of a campaign.
    pub enum CampaignState {
        /// It was drafted; no message was sent.
        Draft,
        /// Messages were sent, and payments count towards its effect.
        Running,
        /// Later payments do not count.
        Ended,
    }
}

/// A campaign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Campaign {
    /// Number.
    pub id: CampaignId,
    /// As it was drafted.
    pub plan: NewCampaign,
    /// State.
    pub state: CampaignState,
    /// Unix seconds.
    pub created: Timestamp,
    /// Who drafted it.
    pub created_by: String,
    /// When messages went out.
    pub started: Option<Timestamp>,
    /// When it ended: later payments do not count.
    pub ended: Option<Timestamp>,
    /// People who got the message.
    pub told: i64,
    /// People who were held out.
    pub held_out: i64,
}

/// Why a person was selected.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Because {
    /// Payments that went out.
    pub paid: u64,
    /// Withdrawals that are held.
    pub about_to_pay: u64,
    /// Value of both, minor units of the reference currency.
    pub value: u64,
    /// Events, the latest 20.
    pub events: Vec<String>,
}

/// A recipient of a campaign, or a person held out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Person {
    /// Customer.
    pub customer: String,
    /// told (received the message) or held_out; empty in a preview.
    pub arm: String,
    /// Language of the message.
    pub lang: String,
    /// Why.
    pub because: Because,
}

const CAMPAIGN: &str = "SELECT id, title, scam, rule, partner, holdout_ppm, state, created, created_by, started, ended,
    (SELECT COUNT(*) FROM campaign_people p WHERE p.campaign = c.id AND p.arm = 'told'),
    (SELECT COUNT(*) FROM campaign_people p WHERE p.campaign = c.id AND p.arm = 'held_out') FROM campaigns c";

fn campaign(row: &Row) -> Result<Campaign, DbError> {
    let plan = NewCampaign {
        title: row.text(1)?.to_owned(),
        scam: Scam::from_name(row.text(2)?).ok_or(DbError::Type(2))?,
        rule: parse("rule", row.text(3)?)?,
        partner: row.text(4)?.to_owned(),
        holdout_ppm: row.number(5)?,
    };
    let state = row.text(6)?;
    Ok(Campaign {
        id: row.number(0)?,
        plan,
        state: state.parse().map_err(|_| DbError::Stored { what: "state".into(), cause: state.to_owned() })?,
        created: row.time(7)?,
        created_by: row.text(8)?.to_owned(),
        started: row.time_or_null(9),
        ended: row.time_or_null(10),
        told: row.int(11)?,
        held_out: row.int(12)?,
    })
}

fn campaign_by(db: &mut Database, id: CampaignId) -> Result<Option<Campaign>, DbError> {
    db.query(&format!("{CAMPAIGN} WHERE id = $1"), &[number(id)])?.first().map(campaign).transpose()
}

fn last_event(db: &mut Database) -> Result<i64, DbError> {
    let rows = db.query("SELECT COALESCE(MAX(seq), 0) FROM events", &[])?;
    rows.first().map_or(Ok(0), |r| r.int(0))
}

/// Facts of withdrawals, apart from their decision.
#[derive(Debug, Default)]
struct Fates {
    active: HashSet<i64>,
    ended: HashSet<i64>,
    given_up: HashSet<String>,
}

impl Fates {
    fn read(db: &mut Database) -> Result<Self, DbError> {
        let mut fates = Fates::default();
        for row in db.query("SELECT event, state FROM holds WHERE event IS NOT NULL", &[])? {
            let set = if row.text(1)? == "active" { &mut fates.active } else { &mut fates.ended };
            set.insert(row.int(0)?);
        }
        for row in db.query("SELECT event FROM warnings WHERE state = 'stopped'", &[])? {
            fates.given_up.insert(row.text(0)?.to_owned());
        }
        Ok(fates)
    }

    fn went_out(&self, e: &DecidedEvent) -> bool {
        let seq = i64::try_from(e.decision.seq).unwrap_or(i64::MAX);
        match e.decision.decision {
            Verdict::Allow | Verdict::Review => true,
            Verdict::Hold => {
                self.ended.contains(&seq) && !self.active.contains(&seq) && !self.given_up.contains(&e.event.id)
            }
            Verdict::Reject => false,
        }
    }

    fn is_held(&self, e: &DecidedEvent) -> bool {
        i64::try_from(e.decision.seq).is_ok_and(|seq| self.active.contains(&seq))
    }
}

/// Present tags of a payee.
pub type CategoryNow<'a> = &'a dyn Fn(&Event) -> Option<Category>;

impl NewCampaign {
    fn categories(&self) -> HashSet<Category> {
        if !self.rule.categories.is_empty() {
            return self.rule.categories.iter().filter_map(|c| Category::from_name(c)).collect();
        }
        let matters = |c: &Category| match Scam::of(*c) {
            None => false,
            Some(of) => self.scam == Scam::Other || of == self.scam || of == Scam::Other,
        };
        Category::all().filter(matters).collect()
    }

    fn check(&self) -> Result<(), PreventionError> {
        text_ok("title", &self.title)?;
        text_ok("partner", &self.partner)?;
        if let Some(unknown) = self.rule.categories.iter().find(|c| Category::from_name(c).is_none()) {
            return Err(invalid("rule.categories", format!("'{unknown}' is no category")));
        }
        for country in &self.rule.countries {
            country_ok("rule.countries", country)?;
        }
        if !(1..=3_650).contains(&self.rule.days) {
            return Err(invalid("rule.days", "1 to 3650".into()));
        }
        if !self.rule.paid && !self.rule.about_to_pay {
            return Err(invalid("rule.paid", "choose who paid, who is about to pay, or both".into()));
        }
        if i64::from(self.holdout_ppm) > WHOLE / 2 {
            return Err(invalid("holdout_ppm", "at most 500000 (half)".into()));
        }
        if self.title.len() > 200 || self.partner.len() > 200 {
            return Err(invalid("title", "title and partner: at most 200 bytes each".into()));
        }
        Ok(())
    }
}

/// Returns a number of rows as the database counts.
fn count_of<T>(rows: &[T]) -> i64 {
    i64::try_from(rows.len()).unwrap_or(i64::MAX)
}

impl Prevention<'_> {
    /// Visits withdrawals after an event and from a time on, in order.
    fn withdrawals(
        &self,
        mut after: i64,
        since: Timestamp,
        mut each: impl FnMut(DecidedEvent) -> ControlFlow<()>,
    ) -> Result<(), PreventionError> {
        loop {
            let sql = "SELECT seq, body, facts, result FROM events WHERE seq > $1 AND kind = 'withdrawal' AND time >= $2 ORDER BY seq LIMIT 5000";
            let rows = self.read(|db| db.query(sql, &[after.into(), since.into()]))?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.int(0)?;
            for row in &rows {
                let decided = DecidedEvent {
                    event: parse("event", row.text(1)?)?,
                    facts: parse("facts", row.text(2)?)?,
                    decision: parse("decision", row.text(3)?)?,
                    completion: None,
                };
                if each(decided).is_break() {
                    return Ok(());
                }
            }
        }
    }

    /// Returns whether a withdrawal is what a campaign is about.
    fn is_about(
        plan: &NewCampaign,
        categories: &HashSet<Category>,
        e: &DecidedEvent,
        now: CategoryNow<'_>,
        known: &mut HashMap<(String, String), Option<Category>>,
    ) -> bool {
        if categories.contains(&e.facts.category) {
            return true;
        }
        if plan.rule.pattern && e.decision.findings.iter().any(|f| f.typology == Typology::ScamVictim) {
            return true;
        }
        // Tags may have come since.
        let (Some(asset), Some(address)) = (&e.event.asset, &e.event.counterparty) else { return false };
        let entry = known.entry((asset.clone(), address.clone())).or_insert_with(|| now(&e.event));
        entry.is_some_and(|c| categories.contains(&c))
    }

    /// Returns the customers that a campaign would choose now, with the reasons.
    ///
    /// # Errors
    /// [`PreventionError::Invalid`] for a wrong plan, [`PreventionError::State`] when it chooses more people than a campaign may have.
    pub fn at_risk(&self, plan: &NewCampaign, now: CategoryNow<'_>) -> Result<Vec<Person>, PreventionError> {
        plan.check()?;
        let since = self.screening.now() - Seconds::days(plan.rule.days.into());
        let fates = self.read(Fates::read)?;
        let (categories, mut known) = (plan.categories(), HashMap::new());
        let mut found: BTreeMap<String, Because> = BTreeMap::new();
        self.withdrawals(0, since, |e| {
            let (out, held) = (fates.went_out(&e), fates.is_held(&e));
            let counts = (out && plan.rule.paid) || (held && plan.rule.about_to_pay);
            if counts && Self::is_about(plan, &categories, &e, now, &mut known) {
                let because = found.entry(e.event.customer.clone()).or_default();
                because.paid += u64::from(out);
                because.about_to_pay += u64::from(held);
                because.value += e.decision.value.unwrap_or(0);
                because.events.push(e.event.id);
                if because.events.len() > 20 {
                    because.events.remove(0);
                }
            }
            ControlFlow::Continue(())
        })?;
        let there = self.template_languages(plan.scam)?;
        let mut people = Vec::new();
        for (customer, because) in found {
            if because.value < plan.rule.min_value {
                continue;
            }
            let sql = "SELECT body FROM records WHERE kind = 'customer' AND id = $1";
            let rows = self.read(|db| db.query(sql, &[customer.as_str().into()]))?;
            let record: Option<Record> = rows.first().map(|r| parse("record", r.text(0)?)).transpose()?;
            let (country, own) = record.map_or((None, None), |r| (r.country, r.language));
            if !plan.rule.countries.is_empty() && !country.as_ref().is_some_and(|c| plan.rule.countries.contains(c)) {
                continue;
            }
            let lang = lang_of(own.as_deref(), country.as_deref(), &there);
            people.push(Person { customer, arm: String::new(), lang, because });
        }
        if people.len() > MAX_PEOPLE {
            let what = format!("{} people would be chosen, at most {MAX_PEOPLE} may be; narrow the rule", people.len());
            return Err(PreventionError::State(what));
        }
        Ok(people)
    }

    /// Drafts a campaign.
    ///
    /// # Errors
    /// [`PreventionError::Invalid`] for a wrong plan.
    pub fn draft_campaign(&self, new: NewCampaign, actor: &str) -> Result<Campaign, PreventionError> {
        new.check()?;
        self.transact(actor, move |tx| {
            let id = CampaignId::new(tx.next_id("campaigns")?.unsigned_abs());
            let (now, actor) = (tx.now(), tx.actor().to_owned());
            let row = [
                number(id),
                new.title.as_str().into(),
                new.scam.name().into(),
                json!(new.rule).to_string().into(),
                new.partner.as_str().into(),
                i64::from(new.holdout_ppm).into(),
                now.into(),
                actor.into(),
            ];
            let sql = "INSERT INTO campaigns (id, title, scam, rule, partner, holdout_ppm, state, created, created_by)
                       VALUES ($1, $2, $3, $4, $5, $6, 'draft', $7, $8)";
            tx.db().execute(sql, &row)?;
            tx.audit("campaign.drafted", &format!("campaign:{id}"), &json!(new).to_string());
            campaign_by(tx.db(), id)?.ok_or(PreventionError::Store(StoreError::Stopped))
        })
    }

    /// Returns the campaigns, latest first.
    ///
    /// # Errors
    /// [`PreventionError`] when the database cannot be read.
    pub fn campaigns(&self) -> Result<Vec<Campaign>, PreventionError> {
        self.read(|db| {
            db.query(&format!("{CAMPAIGN} ORDER BY id DESC LIMIT 1000"), &[])?.iter().map(campaign).collect()
        })
    }

    /// Returns a campaign.
    ///
    /// # Errors
    /// [`PreventionError::NotFound`].
    pub fn campaign(&self, id: CampaignId) -> Result<Campaign, PreventionError> {
        let found = self.read(|db| campaign_by(db, id))?;
        found.ok_or_else(|| PreventionError::NotFound(format!("campaign {id}")))
    }

    /// Starts a campaign: another person than who drafted it has people chosen, arms drawn and messages handed to webhooks (topic `campaigns`).
    ///
    /// # Errors
    /// [`PreventionError::NotFound`]; [`PreventionError::State`] when the same person drafted it, or it was started already.
    pub fn start_campaign(
        &self,
        id: CampaignId,
        now: CategoryNow<'_>,
        actor: &str,
    ) -> Result<Campaign, PreventionError> {
        let drafted = self.campaign(id)?;
        if same_person(&drafted.created_by, actor) {
            return Err(PreventionError::State(format!("{actor} drafted campaign {id}; another person starts it")));
        }
        let mut people = self.at_risk(&drafted.plan, now)?;
        let mut templates: BTreeMap<String, Template> = BTreeMap::new();
        for person in &mut people {
            let bytes = self.key_ring.derive("campaign-arm", &format!("{id}:{}", person.customer));
            let drawn = bytes[..8].iter().fold(0u64, |n, b| n << 8 | u64::from(*b)) % WHOLE.unsigned_abs();
            let out = drawn < u64::from(drafted.plan.holdout_ppm);
            person.arm = if out { "held_out".into() } else { "told".into() };
            if !templates.contains_key(&person.lang) {
                templates.insert(person.lang.clone(), self.template(drafted.plan.scam, &person.lang)?);
            }
        }
        self.transact(actor, move |tx| {
            let still = campaign_by(tx.db(), id)?.filter(|c| c.state == CampaignState::Draft);
            let Some(still) = still else {
                return Err(PreventionError::State(format!("campaign {id} was started already")));
            };
            let time = tx.now();
            let first = tx.next_id("campaign_messages")?;
            let (mut rows, mut messages) = (Vec::new(), Vec::new());
            for person in &people {
                rows.push(vec![
                    number(id),
                    person.customer.as_str().into(),
                    person.arm.as_str().into(),
                    person.lang.as_str().into(),
                    json!(person.because).to_string().into(),
                ]);
                if person.arm == "told" {
                    let template = &templates[&person.lang];
                    let fill = |text: &str| text.replace("{partner}", &still.plan.partner);
                    let next = first + count_of(&messages);
                    messages.push(vec![
                        next.into(),
                        number(id),
                        person.customer.as_str().into(),
                        person.lang.as_str().into(),
                        fill(&template.subject).into(),
                        fill(&template.body).into(),
                        time.into(),
                    ]);
                }
            }
            tx.db().insert("campaign_people", &["campaign", "customer", "arm", "lang", "because"], &rows, "")?;
            let columns = ["id", "campaign", "customer", "lang", "subject", "body", "sent"];
            tx.db().insert("campaign_messages", &columns, &messages, "")?;
            let seq = last_event(tx.db())?;
            tx.db().execute(
                "UPDATE campaigns SET state = 'running', started = $1, first_seq = $2 WHERE id = $3",
                &[time.into(), seq.into(), number(id)],
            )?;
            let detail = json!({ "people": people.len(), "told": messages.len() }).to_string();
            tx.audit("campaign.started", &format!("campaign:{id}"), &detail);
            let total = count_of(&messages);
            for begin in (0..total).step_by(BATCH) {
                let last = first + (begin + BATCH_MESSAGES).min(total) - 1;
                let detail = json!({ "first": first + begin, "last": last }).to_string();
                tx.audit("campaign.messages", &format!("campaign:{id}"), &detail);
            }
            campaign_by(tx.db(), id)?.ok_or(PreventionError::Store(StoreError::Stopped))
        })
    }

    /// Ends a campaign: what people pay later does not count.
    ///
    /// # Errors
    /// [`PreventionError::NotFound`]; [`PreventionError::State`] when it does not run.
    pub fn end_campaign(&self, id: CampaignId, actor: &str) -> Result<Campaign, PreventionError> {
        self.transact(actor, move |tx| {
            let found = campaign_by(tx.db(), id)?.ok_or_else(|| PreventionError::NotFound(format!("campaign {id}")))?;
            if found.state != CampaignState::Running {
                return Err(PreventionError::State(format!("campaign {id} is {}", found.state)));
            }
            let now = tx.now();
            let seq = last_event(tx.db())?;
            tx.db().execute(
                "UPDATE campaigns SET state = 'ended', ended = $1, last_seq = $2 WHERE id = $3",
                &[now.into(), seq.into(), number(id)],
            )?;
            tx.audit("campaign.ended", &format!("campaign:{id}"), "{}");
            campaign_by(tx.db(), id)?.ok_or(PreventionError::Store(StoreError::Stopped))
        })
    }

    /// Returns people of a campaign after a customer, at most 1,000.
    ///
    /// # Errors
    /// [`PreventionError::NotFound`] when there is no such campaign.
    pub fn campaign_people(&self, id: CampaignId, after: &str) -> Result<Vec<Person>, PreventionError> {
        self.campaign(id)?;
        let sql = "SELECT customer, arm, lang, because FROM campaign_people WHERE campaign = $1 AND customer > $2 ORDER BY customer LIMIT 1000";
        self.read(|db| {
            let rows = db.query(sql, &[number(id), after.into()])?;
            let person = |r: &Row| {
                let text = |i| r.text(i).map(str::to_owned);
                Ok(Person { customer: text(0)?, arm: text(1)?, lang: text(2)?, because: parse("because", r.text(3)?)? })
            };
            rows.iter().map(person).collect()
        })
    }

    /// Returns what a campaign did so far, with its uncertainty.
    ///
    /// # Errors
    /// [`PreventionError::NotFound`] when there is no such campaign.
    pub fn campaign_effect(&self, id: CampaignId, now: CategoryNow<'_>) -> Result<Effect, PreventionError> {
        let found = self.campaign(id)?;
        let sql = "SELECT first_seq, last_seq FROM campaigns WHERE id = $1";
        let rows = self.read(|db| db.query(sql, &[number(id)]))?;
        let bounds = rows.first().map(|r| (r.int_or_null(0), r.int_or_null(1)));
        let Some((Some(first), last)) = bounds else {
            return Err(PreventionError::State(format!("campaign {id} was not started")));
        };
        let last = last.unwrap_or(i64::MAX);
        // In order, so that sums come out the same each time.
        let mut arms: BTreeMap<String, (bool, Outcome)> = BTreeMap::new();
        let mut after = String::new();
        loop {
            let page = self.campaign_people(id, &after)?;
            let Some(last) = page.last() else { break };
            after.clone_from(&last.customer);
            arms.extend(page.into_iter().map(|p| (p.customer, (p.arm == "told", Outcome::default()))));
        }
        let fates = self.read(Fates::read)?;
        let (categories, mut known) = (found.plan.categories(), HashMap::new());
        self.withdrawals(first, Timestamp::EPOCH, |e| {
            if i64::try_from(e.decision.seq).is_ok_and(|seq| seq > last) {
                return ControlFlow::Break(());
            }
            let Some((_, outcome)) = arms.get_mut(&e.event.customer) else { return ControlFlow::Continue(()) };
            if Self::is_about(&found.plan, &categories, &e, now, &mut known) {
                let value = e.decision.value.unwrap_or(0);
                if fates.went_out(&e) {
                    outcome.paid += 1;
                    outcome.value += value;
                } else {
                    outcome.stopped += 1;
                    outcome.stopped_value += value;
                }
            }
            ControlFlow::Continue(())
        })?;
        let of = |told: bool| arms.values().filter(|a| a.0 == told).map(|a| a.1).collect::<Vec<_>>();
        Ok(effect(&of(true), &of(false)))
    }
}
