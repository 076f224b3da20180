//! Campaigns with police.

use axum::Extension;
use axum::extract::{Path, State};
use holdfast_api::campaigns::CampaignPreview;
use holdfast_decision::warnings::Scam;
use holdfast_page::components::{N, T, listing, none, table, time, word};
use holdfast_page::figures;
use holdfast_page::forms::{
    Commas, Fields, Flag, Free, Input, Nothing, Number, PageForm, Text, form_of, page_form, page_steps,
};
use holdfast_page::frame::{Answer, Frame, Page, back};
use holdfast_page::texts::{rich, t};
use holdfast_prevention::campaigns::{Arm, Campaign, CampaignState, Effect, NewCampaign, RiskRule, Template};
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_types::ids::CampaignId;
use maud::{Markup, html};

/// Returns an amount of the reference currency, of which `minor` units are hundredths.
pub(crate) fn money(minor: i64, currency: &str) -> String {
    format!("{} {currency}", figures::hundredths(minor))
}

/// An amount that counts from zero.
fn sum(minor: u64, currency: &str) -> String {
    money(i64::try_from(minor).unwrap_or(i64::MAX), currency)
}

/// An estimate in minor units.
fn estimate(minor: f64, currency: &str) -> String {
    figures::decimal(&format!("{:.2} {currency}", minor / 100.0))
}

/// Returns the currency of all values on the desk.
pub(crate) fn currency(shared: &AppState) -> String {
    shared.screening.book().file.policy.reference_currency.clone()
}

page_form! {
    /// Drafts a campaign.
    struct DraftCampaign {
        title: Text = "desk-cases-title", Input::Own;
        scam: Scam = "warnings-scam", Input::Own;
        partner: Text = "campaigns-partner", Input::Own;
        days: Number<u32> = "campaigns-days", Input::Own;
        min_value: Number<u32> = "campaigns-min-value", Input::Own;
        countries: Commas = "campaigns-countries", Input::Own;
        paid: Flag = "campaigns-paid", Input::Own;
        about_to_pay: Flag = "campaigns-about-to-pay", Input::Own;
        pattern: Flag = "campaigns-pattern", Input::Own;
        holdout: Number<u32> = "campaigns-holdout", Input::Own;
    }
}

impl From<DraftCampaign> for NewCampaign {
    fn from(form: DraftCampaign) -> Self {
        let rule = RiskRule {
            categories: Vec::new(),
            days: form.days.0,
            min_value: u64::from(form.min_value.0) * 100,
            paid: form.paid.0,
            about_to_pay: form.about_to_pay.0,
            pattern: form.pattern.0,
            countries: form.countries.0.into_iter().map(|c| c.to_ascii_uppercase()).collect(),
        };
        let holdout_ppm = form.holdout.0.saturating_mul(10_000);
        NewCampaign { title: form.title.0, scam: form.scam, partner: form.partner.0, rule, holdout_ppm }
    }
}

page_form! {
    /// Saves a message as a new version.
    struct SaveMessage {
        lang: Text = "campaigns-language", Input::Own;
        subject: Text = "campaigns-subject", Input::Own;
        body: Free = "common-text", Input::Own;
    }
}

page_steps! {
    /// A step of a campaign.
    enum CampaignStep by "step" {
        "start" => Start(Nothing),
        "end" => End(Nothing),
        "template" => Message(SaveMessage),
    }
}

/// Shows campaigns, for the desk.
pub(crate) async fn list(State(shared): State<AppState>, frame: Frame) -> Page {
    let (list, unit) = run_blocking(move || Ok((shared.prevention().campaigns()?, currency(&shared)))).await?;
    let heads = [
        T("campaigns-campaign"),
        T("warnings-scam"),
        T("campaigns-partner-short"),
        T("common-state"),
        T("campaigns-started"),
        N("campaigns-delivered"),
        N("campaigns-held-out"),
    ];
    let body = html! {
        (listing(&heads, &list, "campaigns-none", |c| html! { tr {
            td { a href={"/desk/campaigns/" (c.id)} { (c.plan.title) } } td { (word(c.plan.scam.name())) } td { (c.plan.partner) } td { (word(c.state)) }
            td { @if let Some(t) = c.started { (figures::date(t)) } } td.n { (c.told) } td.n { (c.held_out) }
        } }))
        @if frame.may("desk") { (draft_form(&unit)) }
        p.note { (t!("campaigns-note")) }
    };
    Ok(frame.desk(&t!("campaigns-title"), "/desk/campaigns", body))
}

fn draft_form(unit: &str) -> Markup {
    let label = DraftCampaign::label;
    let number = |name: &str, min: u32, max: Option<u32>, value: u32| {
        html! { input type="number" name=(name) min=(min) max=[max] value=(value) required; }
    };
    let tick = |name: &str, on: bool| {
        html! { label { input type="checkbox" name=(name) value="1" checked[on]; (label(name)) } }
    };
    html! {
        h2 { (t!("campaigns-draft")) }
        form.step method="post" action="/desk/campaigns" {
            label { (label("title")) input name="title" required; }
            label { (label("scam")) select name="scam" { @for s in Scam::ALL { option value=(s.name()) { (word(s.name())) } } } }
            label { (label("partner")) input name="partner" required; }
            label { (label("days")) (number("days", 1, Some(3_650), 90)) }
            label { (label("min_value")) ", " (unit) (number("min_value", 0, None, 0)) }
            label { (label("countries")) input name="countries"; }
            (tick("paid", true)) (tick("about_to_pay", true)) (tick("pattern", false))
            label { (label("holdout")) (number("holdout", 0, Some(50), 10)) }
            button type="submit" { (t!("case-draft")) }
        }
    }
}

/// Drafts a campaign.
pub(crate) async fn draft(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Fields(form): Fields<DraftCampaign>,
) -> Answer {
    let new = form.into();
    let made = run_blocking(move || Ok(shared.prevention().draft_campaign(new, &caller.0)?)).await;
    Ok(back(format!("/desk/campaigns/{}", made.map_err(DraftCampaign::explain)?.id)))
}

/// Shows a campaign: who would be chosen, or what it did.
pub(crate) async fn page(
    State(shared): State<AppState>,
    frame: Frame,
    Extension(caller): Extension<Caller>,
    Path(id): Path<CampaignId>,
) -> Page {
    let unit = currency(&shared);
    let (campaign, preview, effect, templates) = run_blocking(move || {
        let prevention = shared.prevention();
        let campaign = prevention.campaign(id)?;
        let (preview, effect) = match campaign.started {
            None => (Some(CampaignPreview::of(prevention.at_risk(&campaign.plan, &|e| shared.category_now(e))?)), None),
            Some(_) => (None, Some(prevention.campaign_effect(id, &|e| shared.category_now(e))?)),
        };
        let mut templates = Vec::new();
        for lang in prevention.template_languages(campaign.plan.scam)? {
            templates.push(prevention.template(campaign.plan.scam, &lang)?);
        }
        Ok((campaign, preview, effect, templates))
    })
    .await?;
    let here = format!("/desk/campaigns/{id}");
    let plan = &campaign.plan;
    let may = frame.may("approve");
    let body = html! {
        p { (rich!("campaigns-facts", scam = word(plan.scam.name()), partner = plan.partner, state = word(campaign.state), person = campaign.created_by, time = time(campaign.created))) }
        p.note { (t!("campaigns-rule", days = t!("count-days", n = plan.rule.days), value = sum(plan.rule.min_value, &unit), percent = plan.holdout_ppm / 10_000)) }
        @if let Some(p) = &preview {
            (preview_of(p, &unit))
            @if campaign.created_by == *caller.0 { p.note { (t!("campaigns-own")) } }
            @if may { (form_of::<Nothing>(&here, &[("step", "start")], "campaigns-start")) }
        }
        @if let Some(e) = &effect {
            (effect_of(e, &unit))
            @if may && campaign.state == CampaignState::Running { (form_of::<Nothing>(&here, &[("step", "end")], "campaigns-end")) }
        }
        (messages(&templates, &here, frame.may("desk") || may))
    };
    Ok(frame.desk(&title(&campaign), "/desk/campaigns", body))
}

fn title(campaign: &Campaign) -> String {
    campaign.plan.title.clone()
}

fn preview_of(p: &CampaignPreview, unit: &str) -> Markup {
    let heads = [
        T("common-customer"),
        T("campaigns-language-short"),
        N("campaigns-payments"),
        N("campaigns-payments-waiting"),
        N("warnings-value"),
    ];
    let languages = p.languages.iter().map(|(lang, n)| format!("{lang} {n}")).collect::<Vec<_>>().join(", ");
    html! {
        h2 { (t!("campaigns-preview")) }
        p {
            (rich!("campaigns-chosen", people = html! { strong { (p.people) } }, paid = p.paid, waiting = p.about_to_pay, value = sum(p.value, unit)))
            @if !languages.is_empty() { " " (t!("campaigns-languages", languages = languages)) }
        }
        @if p.people == 0 { (none(&t!("campaigns-nobody"))) }
        (table(&heads, &p.sample, |p| html! { tr {
            td { (p.customer) } td { (p.lang) } td.n { (p.because.paid) } td.n { (p.because.about_to_pay) } td.n { (sum(p.because.value, unit)) }
        } }))
    }
}

fn effect_of(e: &Effect, unit: &str) -> Markup {
    let heads = [
        T("campaigns-arm"),
        N("campaigns-people"),
        N("campaigns-paid-again"),
        N("warnings-value"),
        N("campaigns-stopped"),
        N("campaigns-stopped-value"),
    ];
    let arms: [(&str, &Arm); 2] = [("campaigns-arm-delivered", &e.told), ("campaigns-arm-held-out", &e.held_out)];
    html! {
        h2 { (t!("campaigns-effect")) }
        p { (e.words) }
        @if let Some(k) = &e.value_kept { p { (t!("campaigns-value-saved", value = estimate(k.value, unit), low = estimate(k.low, unit), high = estimate(k.high, unit))) } }
        (table(&heads, arms, |(key, a)| html! { tr {
            td { (t!(key)) } td.n { (a.people) } td.n { (a.paid_again) } td.n { (sum(a.value, unit)) } td.n { (a.stopped) } td.n { (sum(a.stopped_value, unit)) }
        } }))
    }
}

fn messages(templates: &[Template], here: &str, may: bool) -> Markup {
    let label = SaveMessage::label;
    html! {
        h2 { (t!("common-messages")) }
        @for t in templates {
            section {
                h3 {
                    (t.lang) ", " @if t.version == 0 { (t!("campaigns-as-shipped")) } @else { (t!("campaigns-version", version = t.version)) }
                    ": " bdi lang=(t.lang) { (t.subject) }
                }
                pre.text lang=(t.lang) dir="auto" { (t.body) }
                @if may { details { summary { (t!("campaigns-edit")) } form.step method="post" action=(here) {
                    input type="hidden" name="step" value="template"; input type="hidden" name="lang" value=(t.lang);
                    label { (label("subject")) input name="subject" value=(t.subject) size="40" lang=(t.lang) dir="auto" required; }
                    label { (label("body")) textarea name="body" rows="6" lang=(t.lang) dir="auto" required { (t.body) } }
                    button type="submit" { (t!("common-save")) }
                } } }
            }
        }
        @if may { form.step method="post" action=(here) {
            input type="hidden" name="step" value="template";
            label { (label("lang")) input name="lang" size="10" placeholder="zh-Hans" required; }
            label { (label("subject")) input name="subject" size="40" dir="auto" required; }
            label { (label("body")) textarea name="body" rows="6" dir="auto" required {} }
            button type="submit" { (t!("common-save")) }
        } }
    }
}

/// Starts or ends a campaign, or saves a message.
pub(crate) async fn step(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<CampaignId>,
    Fields(form): Fields<CampaignStep>,
) -> Answer {
    if !matches!(form, CampaignStep::Message(_)) {
        caller.needs("approve")?;
    }
    run_blocking(move || {
        let prevention = shared.prevention();
        match form {
            CampaignStep::Start(_) => {
                prevention.start_campaign(id, &|e| shared.category_now(e), &caller.0).map(|_| ())?
            }
            CampaignStep::End(_) => prevention.end_campaign(id, &caller.0).map(|_| ())?,
            CampaignStep::Message(f) => {
                let scam = prevention.campaign(id)?.plan.scam;
                let body = f.body.0.replace("\r\n", "\n");
                let template = Template { scam, lang: f.lang.0, version: 0, subject: f.subject.0, body };
                prevention.set_template(template, &caller.0).map(|_| ())?;
            }
        }
        Ok(())
    })
    .await?;
    Ok(back(format!("/desk/campaigns/{id}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_page::forms::FromForm;

    #[test]
    fn a_draft_is_read_by_its_types() {
        let body = "title=T&scam=romance&partner=P&days=30&min_value=5&countries=pl,+de&paid=1&holdout=10";
        let new: NewCampaign = DraftCampaign::from_form(body.as_bytes()).unwrap().into();
        assert_eq!((new.scam, new.rule.min_value, new.holdout_ppm), (Scam::Romance, 500, 100_000));
        assert_eq!((new.rule.paid, new.rule.pattern, new.rule.countries.len()), (true, false, 2));
        let e = DraftCampaign::from_form(b"title=T&scam=romance&partner=P&days=many").unwrap_err();
        assert_eq!(e.message, format!("{}: {}", t!("campaigns-days"), t!("form-no-number", text = "many")));
    }

    #[test]
    fn amounts_have_two_decimals() {
        assert_eq!([money(-5, "EUR"), sum(12_345, "EUR")], ["-0.05 EUR", "123.45 EUR"]);
    }
}
