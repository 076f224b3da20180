//! Warnings at the withdrawal and campaigns with police, as pages.

use crate::desk::{back, desk_page, step_form, time};
use crate::pages::{ErrorPage, count, none};
use axum::Extension;
use axum::extract::{Form, Path, Query, State};
use axum::response::Response;
use holdfast_api::Shared;
use holdfast_api::campaigns::{CampaignPreview, WarningsQuery, scam};
use holdfast_api::error::ApiError;
use holdfast_api::gate::Caller;
use holdfast_api::sharing::run;
use holdfast_decision::warnings::Scam;
use holdfast_input::time::rfc3339;
use holdfast_prevention::campaigns::{NewCampaign, RiskRule, Template};
use holdfast_screening::warnings::{WarningAnswers, WarningFilter, WarningRecord};
use holdfast_types::ids::CampaignId;
use maud::{Markup, html};
use std::collections::BTreeMap;

type Page = Result<Markup, ErrorPage>;
type Fields = Form<BTreeMap<String, String>>;

/// An amount of the reference currency, of which `minor` units are hundredths.
fn money(minor: i64, currency: &str) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    let minor = minor.unsigned_abs();
    format!("{sign}{}.{:02} {currency}", minor / 100, minor % 100)
}

/// The currency of all values on the desk.
fn currency(shared: &Shared) -> String {
    shared.screening.book().file.policy.reference_currency.clone()
}

/// Whether a warned withdrawal is still to be decided on.
fn is_open(warning: &WarningRecord) -> bool {
    ["open", "cooling", "escalated"].contains(&warning.state.as_str())
}

/// Warnings, for the desk.
pub async fn warnings_page(State(shared): State<Shared>, Query(q): Query<WarningsQuery>) -> Page {
    let filter = WarningFilter { state: q.state, customer: q.customer, limit: 200 };
    let (list, unit) = run(shared, move |s| Ok((s.screening.warnings(&filter)?, currency(s)))).await?;
    Ok(desk_page(
        "Warnings at withdrawals",
        "/desk/warnings",
        html! {
            p { "Show " a href="/desk/warnings" { "all" } @for state in ["open", "cooling", "escalated", "stopped", "released"] { ", " a href={"/desk/warnings?state=" (state)} { (state) } } "." }
            @if list.is_empty() { (none("No warning is in this state. Rules with a warning hold a withdrawal and put questions to the customer.")) }
            div.wide { table {
                thead { tr { th { "Withdrawal" } th { "Customer" } th { "Scam" } th.n { "Value" } th { "Payee" } th { "State" } th { "Answers that point to the scam" } th { "Not before" } th {} } }
                tbody { @for w in &list { tr {
                    td.hash { (w.event) } td { (w.customer) } td { (w.scam.name()) } td.n { @match w.value { Some(v) => (money(v, &unit)), None => "unknown" } }
                    td.hash { (w.counterparty.as_deref().unwrap_or_default()) } td { (w.state) }
                    td { @for q in &w.questions { @if w.answers.as_ref().is_some_and(|a| a.get(&q.id) == Some(&true)) { (q.text) br; } } }
                    td { @if is_open(w) { (time(w.cooling_until)) } }
                    td { @if is_open(w) {
                        a href={"/desk/holds?after=" (w.hold.saturating_sub(1)) "#hold-" (w.hold)} { "hold " (w.hold) } " "
                        (step_form(&format!("/desk/warnings/{}", w.event), "", "Customer cancels it", &[]))
                    } }
                } } }
            } }
        },
    ))
}

/// Notes that a customer gave a withdrawal up.
pub async fn give_up(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(event): Path<String>,
) -> Result<Response, ErrorPage> {
    let given = WarningAnswers { proceed: false, answers: BTreeMap::new() };
    run(shared, move |s| Ok(s.screening.answer_warning(&event, given, &caller.0)?)).await?;
    Ok(back("/desk/warnings".into()))
}

/// Campaigns, for the desk.
pub async fn campaigns_page(State(shared): State<Shared>) -> Page {
    let (list, unit) = run(shared, |s| Ok((s.prevention().campaigns()?, currency(s)))).await?;
    Ok(desk_page(
        "Campaigns with police",
        "/desk/campaigns",
        html! {
            @if list.is_empty() { (none("No campaign yet: draft one below.")) }
            div.wide { table {
                thead { tr { th { "Campaign" } th { "Scam" } th { "Partner" } th { "State" } th { "Started" } th.n { "Told" } th.n { "Held out" } } }
                tbody { @for c in &list { tr {
                    td { a href={"/desk/campaigns/" (c.id)} { (c.plan.title) } } td { (c.plan.scam.name()) } td { (c.plan.partner) } td { (c.state) }
                    td { @if let Some(t) = c.started { (&rfc3339(t)[..10]) } } td.n { (c.told) } td.n { (c.held_out) }
                } } }
            } }
            h2 { "Draft a campaign" }
            form.step method="post" action="/desk/campaigns" {
                label { "Title" input name="title" required; }
                label { "Scam" select name="scam" { @for s in Scam::ALL { option value=(s.name()) { (s.name()) } } } }
                label { "Police or agency" input name="partner" required; }
                label { "Days looked back" input type="number" name="days" min="1" max="3650" value="90" required; }
                label { "Least value, " (unit) input type="number" name="min_value" min="0" value="0" required; }
                label { "Countries (two letters, commas)" input name="countries"; }
                label { input type="checkbox" name="paid" value="1" checked; "Customers who paid" }
                label { input type="checkbox" name="about_to_pay" value="1" checked; "Customers about to pay" }
                label { input type="checkbox" name="pattern" value="1"; "Customers with the pattern of a victim" }
                label { "Held out, percent" input type="number" name="holdout" min="0" max="50" value="10" required; }
                button type="submit" { "Draft" }
            }
            p.note { "Another person starts it. Messages go to the exchange's own systems by a webhook of the topic campaigns." }
        },
    ))
}

/// Drafts a campaign from the form.
pub async fn draft_page(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Form(fields): Fields,
) -> Result<Response, ErrorPage> {
    let get = |name: &str| fields.get(name).map(|v| v.trim().to_owned()).unwrap_or_default();
    let number = |name: &str| {
        get(name).parse::<u32>().map_err(|_| ApiError::bad(format!("{name}: '{}' is no number", get(name))))
    };
    let countries =
        get("countries").split(',').map(|c| c.trim().to_ascii_uppercase()).filter(|c| !c.is_empty()).collect();
    let rule = RiskRule {
        categories: Vec::new(),
        days: number("days")?,
        min_value: u64::from(number("min_value")?) * 100,
        paid: fields.contains_key("paid"),
        about_to_pay: fields.contains_key("about_to_pay"),
        pattern: fields.contains_key("pattern"),
        countries,
    };
    let holdout_ppm = number("holdout")?.saturating_mul(10_000);
    let new =
        NewCampaign { title: get("title"), scam: scam(&get("scam"))?, partner: get("partner"), rule, holdout_ppm };
    let made = run(shared, move |s| Ok(s.prevention().draft_campaign(new, &caller.0)?)).await?;
    Ok(back(format!("/desk/campaigns/{}", made.id)))
}

/// A campaign: who would be chosen, or what it did.
pub async fn campaign_page(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<CampaignId>,
) -> Page {
    let unit = currency(&shared);
    let money = |minor: i64| money(minor, &unit);
    let (campaign, preview, effect, templates) = run(shared, move |s| {
        let prevention = s.prevention();
        let campaign = prevention.campaign(id)?;
        let (preview, effect) = match campaign.started {
            None => (Some(CampaignPreview::of(prevention.at_risk(&campaign.plan, &|e| s.category_now(e))?)), None),
            Some(_) => (None, Some(prevention.campaign_effect(id, &|e| s.category_now(e))?)),
        };
        let mut templates = Vec::new();
        for lang in prevention.template_languages(campaign.plan.scam)? {
            templates.push(prevention.template(campaign.plan.scam, &lang)?);
        }
        Ok((campaign, preview, effect, templates))
    })
    .await?;
    let here = format!("/desk/campaigns/{id}");
    let arm = |name: &str, a: &holdfast_prevention::campaigns::Arm| {
        html! { tr {
            td { (name) } td.n { (a.people) } td.n { (a.paid_again) } td.n { (money(a.value as i64)) } td.n { (a.stopped) } td.n { (money(a.stopped_value as i64)) }
        } }
    };
    Ok(desk_page(
        &campaign.plan.title.clone(),
        "/desk/campaigns",
        html! {
            p { "Scam: " (campaign.plan.scam.name()) ". Partner: " (campaign.plan.partner) ". State: " (campaign.state) ", drafted by " (campaign.created_by) " " (time(campaign.created)) "." }
            p.note { (count(campaign.plan.rule.days.into(), "day")) " looked back, least value " (money(i64::try_from(campaign.plan.rule.min_value).unwrap_or(i64::MAX))) ", " (campaign.plan.holdout_ppm / 10_000) " % held out." }
            @if let Some(p) = &preview {
                h2 { "Who would be told" }
                p { "Customers: " strong { (p.people) } ", of whom " (p.paid) " paid and " (p.about_to_pay) " are about to pay; " (money(p.value as i64)) " in all."
                    @if !p.languages.is_empty() { " By language: " (p.languages.iter().map(|(lang, n)| format!("{lang} {n}")).collect::<Vec<_>>().join(", ")) "." } }
                @if p.people == 0 { (none("The rule chooses nobody now: look back further, or lower the least value, in another draft.")) }
                div.wide { table {
                    thead { tr { th { "Customer" } th { "Language" } th.n { "Payments" } th.n { "Payments waiting" } th.n { "Value" } } }
                    tbody { @for p in &p.sample { tr { td { (p.customer) } td { (p.lang) } td.n { (p.because.paid) } td.n { (p.because.about_to_pay) } td.n { (money(p.because.value as i64)) } } } }
                } }
                @if campaign.created_by == *caller.0 { p.note { "You drafted it: another person starts it." } }
                (step_form(&here, "start", "Start it", &[]))
            }
            @if let Some(e) = &effect {
                h2 { "What it did" }
                p { (e.words) }
                @if let Some(k) = &e.value_kept { p { "Value kept: " (money(k.value as i64)) " (95%: " (money(k.low as i64)) " to " (money(k.high as i64)) ")." } }
                div.wide { table {
                    thead { tr { th { "Arm" } th.n { "People" } th.n { "Paid again" } th.n { "Value" } th.n { "Withdrawals stopped" } th.n { "Value" } } }
                    tbody { (arm("told", &e.told)) (arm("held out", &e.held_out)) }
                } }
                @if campaign.state == "running" { (step_form(&here, "end", "End it", &[])) }
            }
            h2 { "Messages" }
            @for t in &templates {
                section {
                    h3 { (t.lang) ", " @if t.version == 0 { "as shipped" } @else { "version " (t.version) } ": " bdi lang=(t.lang) { (t.subject) } }
                    pre.text lang=(t.lang) dir="auto" { (t.body) }
                    details { summary { "Change it" } form.step method="post" action=(here) {
                        input type="hidden" name="step" value="template"; input type="hidden" name="lang" value=(t.lang);
                        label { "Subject" input name="subject" value=(t.subject) size="40" lang=(t.lang) dir="auto" required; }
                        label { "Text" textarea name="body" rows="6" lang=(t.lang) dir="auto" required { (t.body) } }
                        button type="submit" { "Save as a new version" }
                    } }
                }
            }
            form.step method="post" action=(here) {
                input type="hidden" name="step" value="template";
                label { "Another language (BCP 47)" input name="lang" size="10" placeholder="zh-Hans" required; }
                label { "Subject" input name="subject" size="40" dir="auto" required; } label { "Text" textarea name="body" rows="6" dir="auto" required {} }
                button type="submit" { "Save" }
            }
        },
    ))
}

/// Starts, ends, or changes a message.
pub async fn step_campaign(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<CampaignId>,
    Form(fields): Fields,
) -> Result<Response, ErrorPage> {
    let get = |name: &str| fields.get(name).map(|v| v.trim().to_owned()).unwrap_or_default();
    let step = get("step");
    if step != "template" {
        caller.needs("approve")?;
    }
    let (lang, subject, body) = (get("lang"), get("subject"), get("body").replace("\r\n", "\n"));
    run(shared, move |s| {
        let prevention = s.prevention();
        match step.as_str() {
            "start" => prevention.start_campaign(id, &|e| s.category_now(e), &caller.0).map(|_| ())?,
            "end" => prevention.end_campaign(id, &caller.0).map(|_| ())?,
            "template" => {
                let scam = prevention.campaign(id)?.plan.scam;
                prevention.set_template(Template { scam, lang, version: 0, subject, body }, &caller.0).map(|_| ())?;
            }
            other => return Err(ApiError::bad(format!("step: '{other}' is none of start, end, template"))),
        }
        Ok(())
    })
    .await?;
    Ok(back(format!("/desk/campaigns/{id}")))
}
