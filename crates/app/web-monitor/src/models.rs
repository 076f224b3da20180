//! Learned models: the registry, a model's card with what it was measured on, rates of alerts by groups of people, drift, and a challenger beside the champion.

use crate::model_work::{IMPORT, TRAIN};
use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use holdfast_api::models::{WEEKS, listed};
use holdfast_learned::{Entry, ModelState, Step};
use holdfast_models::ModelHash;
use holdfast_models::card::{Fairness, ModelCard};
use holdfast_models::metrics::Interval;
use holdfast_page::components::{N, T, listing, time, word};
use holdfast_page::figures::{decimal, number};
use holdfast_page::forms::{Fields, Input, PageForm, Text, form_of, page_form};
use holdfast_page::frame::{Answer, Frame, Page, back};
use holdfast_page::places::segment;
use holdfast_page::texts::t;
use holdfast_screening::alerts::Outcome;
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::error::ApiError;
use holdfast_training::{Audited, Comparison, DriftReport, PrecisionByWeek, Standing};
use holdfast_types::Seconds;
use maud::{Markup, html};
use serde::Deserialize;

const HERE: &str = "/desk/models";
const RULES: &str = "/desk/rules";
const STEPS: [(&str, &str); 3] =
    [("shadow", "models-to-shadow"), ("champion", "models-to-champion"), ("retire", "models-to-retired")];
/// Features whose drift is listed.
const LISTED: usize = 12;
/// Share of events that are reviewed, where a comparison is opened without one.
const BUDGET: f64 = 0.01;

page_form! {
    /// A step with a model.
    struct Take {
        step: Step = "models-step", Input::Buttons(&STEPS);
        reason: Text = "common-reason", Input::Line;
    }
}

const SAMPLE: &str = "/desk/models/audit-sample";
const OUTCOMES: &[(&str, &str)] = &[
    ("false_positive", "models-audit-nothing"),
    ("true_positive", "models-audit-crime"),
    ("inconclusive", "alert-inconclusive"),
];

page_form! {
    /// What a reviewer found of a quiet event.
    struct Review {
        outcome: Outcome = "alert-outcome", Input::Choice(OUTCOMES);
        note: Text = "common-reason", Input::Line;
    }
}

fn hash_of(text: &str) -> Result<ModelHash, ApiError> {
    text.parse().map_err(|_| ApiError::new(StatusCode::NOT_FOUND, t!("models-no-hash")))
}

/// The first digits of a hash, as a link.
fn short(model: ModelHash) -> Markup {
    let text = model.to_string();
    html! { a.hash href={ (HERE) "/" (text) } { (&text[..12]) } }
}

fn figure(value: f64) -> String {
    decimal(&format!("{value:.3}"))
}

fn interval(value: Interval) -> String {
    t!("models-interval", value = figure(value.value), low = figure(value.low), high = figure(value.high))
}

fn share(value: Interval) -> String {
    let percent = |v: f64| decimal(&format!("{:.1} %", v * 100.0));
    t!("models-interval", value = percent(value.value), low = percent(value.low), high = percent(value.high))
}

/// Shows the registry.
pub(crate) async fn list(State(shared): State<AppState>, frame: Frame) -> Page {
    let models = run_blocking(move || Ok(listed(&shared.screening, None, None)?)).await?;
    let heads = [T("models-model"), T("models-purpose"), T("common-state"), T("models-since"), T("models-proposed")];
    let row = |m: &Entry| {
        html! { tr {
            td { (short(m.model)) }
            td { (word(m.purpose)) }
            td { (word(m.state)) }
            td { (time(m.changed)) }
            td { @if let Some(by) = &m.proposed_by { (t!("models-proposed-by", person = by.as_str())) } }
        } }
    };
    let body = html! {
        p { a href=(RULES) { (t!("rules-title")) } " " a href=(SAMPLE) { (t!("models-audit")) }
            @if frame.may("rules") { " " a href=(TRAIN) { (t!("models-train")) } " " a href=(IMPORT) { (t!("models-import")) } } }
        p.note { (t!("models-about")) }
        (listing(&heads, &models, "models-none", row))
    };
    Ok(frame.desk(&t!("models-title"), RULES, body))
}

/// Shows a model.
pub(crate) async fn page(State(shared): State<AppState>, frame: Frame, Path(hash): Path<String>) -> Page {
    let hash = hash_of(&hash)?;
    let (entry, card, watched, others) = run_blocking(move || {
        let learning = shared.learning();
        let entry = learning.entry(hash)?;
        let card = learning.card(hash)?;
        let week = shared.screening.now() - Seconds::days(7);
        // Models of accounts score no events, so that nothing drifts here.
        let watched = match entry.purpose.kinds().is_empty() {
            true => None,
            false => {
                let now = shared.screening.now();
                let precision = learning.precision_by_week(hash, None, WEEKS, now)?;
                Some((learning.drift(hash, Some(week), None)?, precision))
            }
        };
        let others = listed(&shared.screening, Some(entry.purpose), None)?;
        Ok((entry, card, watched, others))
    })
    .await?;
    let to = format!("{HERE}/{hash}");
    let body = html! {
        p { a href=(HERE) { (t!("models-title")) } }
        dl {
            dt { (t!("models-model")) } dd { span.hash { (hash) } }
            dt { (t!("models-purpose")) } dd { (word(entry.purpose)) }
            dt { (t!("common-state")) } dd { (word(entry.state)) ", " (time(entry.changed)) }
            dt { (t!("models-added")) } dd { (entry.added_by) ", " (time(entry.added)) }
            @if let Some(by) = &entry.proposed_by { dt { (t!("models-proposed")) } dd { (t!("models-proposed-by", person = by.as_str())) } }
        }
        @if frame.may("rules") { p.note { (t!("models-two-people")) } (form_of::<Take>(&to, &[], "models-step")) }
        p { a href={ "/api/v1/models/" (hash) "/card.pdf" } { (t!("models-card-pdf")) } }
        (measured(&card))
        h2 { (t!("models-limits")) }
        ul { @for limit in &card.limits { li { (limit) } } }
        (features(&card))
        (rates(&card.fairness))
        @if let Some((drift, precision)) = &watched { (by_week(precision)) (drifted(drift)) }
        (challengers(&entry, &others))
    };
    Ok(frame.desk(&t!("models-card", purpose = word(entry.purpose)), RULES, body))
}

fn measured(card: &ModelCard) -> Markup {
    let Some(training) = &card.training else { return html! { p.note { (t!("models-imported")) } } };
    let m = &training.measured;
    html! {
        h2 { (t!("models-measured")) }
        dl {
            dt { (t!("models-trained-on")) } dd { (time(training.from)) " - " (time(training.until)) ", " (t!("models-events", n = number(training.training.rows), positives = number(training.training.positives))) }
            dt { (t!("models-measured-on")) } dd { (t!("models-events", n = number(training.test.rows), positives = number(training.test.positives))) }
            dt { (t!("models-average-precision")) } dd { (interval(m.average_precision)) }
            dt { (t!("models-auc")) } dd { (figure(m.auc)) }
            dt { (t!("models-at-budget")) } dd { (share(m.at_budget.precision)) }
            @for at in &card.at_base_rates {
                dt { (t!("models-base-rate", share = decimal(&format!("{} %", at.base_rate * 100.0)))) } dd { (decimal(&format!("{:.1} %", at.precision * 100.0))) }
            }
        }
    }
}

fn features(card: &ModelCard) -> Markup {
    html! {
        h2 { (t!("models-features")) }
        @for (family, features) in &card.families { details {
            summary { (word(family)) " (" (features.len()) ")" }
            ul { @for feature in features { li {
                (feature.label)
                @if let Some(usual) = feature.usual { " " span.note { (t!("models-usual", median = figure(usual.median), most = figure(usual.p95))) } }
            } } }
        } }
    }
}

fn rates(fairness: &[Fairness]) -> Markup {
    let heads =
        [T("models-group"), N("models-rows"), N("models-alerts"), N("models-false-alerts"), T("models-four-fifths")];
    html! {
        h2 { (t!("models-fairness")) }
        p.note { (t!("models-fairness-about")) }
        @if fairness.is_empty() { p { (t!("models-fairness-none")) } }
        @for of in fairness {
            h3 { (word(format!("model-{}", of.property))) }
            (listing(&heads, &of.groups, "common-none", |g| html! { tr {
                td { (word(&g.name)) } td.n { (number(g.rows)) } td.n { (share(g.alerts)) } td.n { (share(g.false_alerts)) }
                td { @match g.below_four_fifths { Some(true) => strong { (t!("models-below")) }, Some(false) => (t!("models-not-below")), None => (t!("models-few")) } }
            } }))
        }
    }
}

fn by_week(precision: &PrecisionByWeek) -> Markup {
    let heads = [T("models-week"), N("models-labelled"), N("models-reviewed"), N("models-at-budget")];
    let percent = |v: f64| decimal(&format!("{:.1} %", v * 100.0));
    html! {
        h2 { (t!("models-precision")) }
        p.note { (t!("models-precision-about", share = percent(precision.budget))) }
        p { strong { (t!(match precision.standing {
            Standing::TooFew => "models-precision-few",
            Standing::NoBound => "models-precision-no-bound",
            Standing::Within => "models-precision-within",
            Standing::Below => "models-precision-below",
        })) } @if let Some(bound) = precision.bound { " " (t!("models-precision-bound", bound = percent(bound))) } }
        (listing(&heads, &precision.weeks, "common-none", |week| html! { tr {
            td { (time(week.from)) }
            td.n { (t!("models-events", n = number(week.labelled), positives = number(week.positives))) }
            td.n { (number(week.at_budget.reviewed)) }
            td.n { (share(week.at_budget.precision)) }
        } }))
        @if precision.is_cut { p.note { (t!("models-precision-cut")) } }
    }
}

/// Shows the audit sample.
pub(crate) async fn sample(State(shared): State<AppState>, frame: Frame) -> Page {
    let sample = run_blocking(move || Ok(shared.learning().audit_sample()?)).await?;
    let may = frame.may("alerts");
    let heads = [T("models-audit-event"), T("common-customer"), T("common-time"), T("common-state")];
    let row = |e: &Audited| {
        html! { tr {
            td { a href={ "/desk/events/" (segment(&e.id)) } { (e.id) } ", " (word(&e.kind)) }
            td { (e.customer) }
            td { (time(e.time)) }
            td {
                @match &e.outcome {
                    Some(outcome) => { (outcome_word(outcome)) @if let Some(by) = &e.reviewed_by { ", " (by) } @if let Some(note) = &e.note { ": " (note) } }
                    None if may => (form_of::<Review>(&format!("{SAMPLE}/{}", e.event), &[], "models-audit-close")),
                    None => (t!("models-audit-waits")),
                }
            }
        } }
    };
    let body = html! {
        p { a href=(HERE) { (t!("models-title")) } }
        p.note { (t!("models-audit-about")) }
        dl {
            dt { (t!("models-audit-drawn")) } dd { (number(sample.drawn)) " / " (number(sample.quiet)) }
            dt { (t!("models-audit-reviewed")) } dd { (t!("models-events", n = number(sample.reviewed), positives = number(sample.positives))) }
            dt { (t!("models-audit-rate")) } dd { @match sample.rate { Some(rate) => (share(rate)), None => (t!("models-audit-no-rate")) } }
        }
        h2 { (t!("models-audit-open")) }
        (listing(&heads, &sample.open, "models-audit-none", row))
        h2 { (t!("models-audit-closed")) }
        (listing(&heads, &sample.closed, "common-none", row))
    };
    Ok(frame.desk(&t!("models-audit"), RULES, body))
}

fn outcome_word(outcome: &str) -> String {
    let known = OUTCOMES.iter().find(|(value, _)| *value == outcome);
    known.map_or_else(|| outcome.to_owned(), |(_, key)| t!(key))
}

/// Records a review.
pub(crate) async fn review(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(event): Path<u64>,
    Fields(form): Fields<Review>,
) -> Answer {
    let review = move || Ok(shared.learning().review_audited(event, form.outcome, &form.note.0, &caller.0)?);
    run_blocking(review).await.map_err(Review::explain)?;
    Ok(back(SAMPLE.to_owned()))
}

fn drifted(drift: &DriftReport) -> Markup {
    let heads = [T("models-feature"), N("models-psi"), T("models-drift-verdict")];
    html! {
        h2 { (t!("models-drift")) }
        p { (t!("models-drift-about", n = number(drift.events))) " " strong { (verdict(drift.verdict)) } }
        p { (t!("models-drift-score", psi = figure(drift.score.psi))) " " (verdict(drift.score.verdict)) }
        (listing(&heads, &drift.features[..drift.features.len().min(LISTED)], "common-none", |f| html! { tr {
            td { (f.label) } td.n { (figure(f.drift.psi)) } td { (verdict(f.drift.verdict)) }
        } }))
    }
}

fn verdict(verdict: holdfast_models::drift::Verdict) -> String {
    use holdfast_models::drift::Verdict;
    t!(match verdict {
        Verdict::Quiet => "models-drift-quiet",
        Verdict::TooFew => "models-drift-few",
        Verdict::Note => "models-drift-note",
        Verdict::Alert => "models-drift-alert",
    })
}

/// Links to comparisons with the other models of the purpose.
fn challengers(entry: &Entry, others: &[Entry]) -> Markup {
    let others: Vec<&Entry> =
        others.iter().filter(|o| o.model != entry.model && o.state != ModelState::Retired).collect();
    html! { @if !others.is_empty() && !entry.purpose.kinds().is_empty() {
        h2 { (t!("models-compare")) }
        ul { @for other in others {
            @let (champion, challenger) = if other.state == ModelState::Champion { (other.model, entry.model) } else { (entry.model, other.model) };
            li { a href={ (HERE) "/compare?champion=" (champion) "&challenger=" (challenger) } { (&other.model.to_string()[..12]) } ", " (word(other.state)) }
        } }
    } }
}

/// Takes a step.
pub(crate) async fn take(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(hash): Path<String>,
    Fields(form): Fields<Take>,
) -> Answer {
    let hash = hash_of(&hash)?;
    let step = move || Ok(shared.screening.step_model(hash, form.step, &form.reason.0, &caller.0)?);
    run_blocking(step).await.map_err(Take::explain)?;
    Ok(back(format!("{HERE}/{hash}")))
}

/// Which models are compared.
#[derive(Debug, Deserialize)]
pub(crate) struct CompareQuery {
    champion: String,
    challenger: String,
    budget: Option<f64>,
}

/// Shows a challenger beside the champion.
pub(crate) async fn compare(State(shared): State<AppState>, frame: Frame, Query(q): Query<CompareQuery>) -> Page {
    let (champion, challenger) = (hash_of(&q.champion)?, hash_of(&q.challenger)?);
    let budget = q.budget.unwrap_or(BUDGET);
    let compared =
        run_blocking(move || Ok(shared.learning().compare(champion, challenger, budget, None, None)?)).await?;
    let body = html! {
        p { a href=(HERE) { (t!("models-title")) } }
        form.filters method="get" {
            input type="hidden" name="champion" value=(champion); input type="hidden" name="challenger" value=(challenger);
            label { (t!("models-budget")) input type="number" name="budget" min="0.001" max="1" step="0.001" value=(budget); }
            button type="submit" { (t!("models-compare")) }
        }
        (side_by_side(&compared))
    };
    Ok(frame.desk(&t!("models-compare"), RULES, body))
}

fn side_by_side(compared: &Comparison) -> Markup {
    use holdfast_training::Evidence;
    let heads = [T("models-model"), T("common-state"), N("models-average-precision"), N("models-at-budget")];
    let sides = [("champion", &compared.champion), ("models-challenger", &compared.challenger)];
    let name = |key: &str| if key == "champion" { word(key) } else { t!(key) };
    html! {
        p { strong { (t!(match compared.evidence {
            Evidence::TooFew => "models-evidence-few",
            Evidence::NotBetter => "models-evidence-no",
            Evidence::Better => "models-evidence-yes",
        })) } }
        (listing(&heads, &sides, "common-none", |(key, side)| html! { tr {
            td { (short(side.model)) } td { (name(key)) } td.n { (interval(side.average_precision)) } td.n { (share(side.at_budget.precision)) }
        } }))
        dl {
            dt { (t!("models-labelled")) } dd { (t!("models-events", n = number(compared.labelled), positives = number(compared.positives))) }
            dt { (t!("models-difference")) } dd { (interval(compared.difference)) }
            dt { (t!("models-agreement")) } dd { (figure(compared.agreement)) }
        }
        @if compared.is_cut { p.note { (t!("models-cut", n = number(compared.events))) } }
    }
}
