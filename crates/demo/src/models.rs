//! Learned models in the demo: those that ship are added, two are put in force by two people, a challenger scores beside one of them in shadow.

use anyhow::Context;
use holdfast_decision::{Decision, Purpose};
use holdfast_learned::{ModelState, Step};
use holdfast_models::{Model, ModelHash};
use holdfast_screening::Screening;
use holdfast_shipped_models::shipped;
use holdfast_training::Learning;
use serde_json::{Value, json};

/// Trained like the shipped model for the same purpose, on another simulated exchange (`holdfast models simulate withdrawal-scam FILE --seed 7`).
const CHALLENGER: &[u8] = include_bytes!("../models/challenger.hfm");
/// What is put in force.
const IN_FORCE: [Purpose; 2] = [Purpose::WithdrawalScam, Purpose::AlertTriage];
/// Share of events that analysts review, as models are compared.
const BUDGET: f64 = 0.05;

/// The models that the demo goes on to show.
pub struct Models {
    champion: ModelHash,
    challenger: ModelHash,
}

/// Adds the models and puts them in force, before any event is decided.
pub fn put_in_force(screening: &Screening) -> anyhow::Result<Models> {
    let mut champion = None;
    for model in shipped()? {
        let purpose = model.content().purpose.clone();
        let mut entry = screening.add_model(model, "ana")?;
        let hash = entry.model;
        if !IN_FORCE.iter().any(|p| p.name() == purpose) {
            continue;
        }
        // A second run finds them where the first left them.
        if entry.state == ModelState::Draft {
            entry = screening.step_model(hash, Step::Shadow, "a trial of what ships", "ana")?;
        }
        if entry.state == ModelState::Shadow && entry.proposed_by.is_none() {
            entry = screening.step_model(hash, Step::Champion, "the demo has no labels of its own yet", "ana")?;
        }
        if entry.state == ModelState::Shadow {
            screening.step_model(hash, Step::Champion, "agreed", "ben")?;
        }
        if purpose == Purpose::WithdrawalScam.name() {
            champion = Some(hash);
        }
    }
    let challenger = screening.add_model(Model::from_bytes(CHALLENGER)?, "ana")?;
    if challenger.state == ModelState::Draft {
        screening.step_model(challenger.model, Step::Shadow, "may be better: another simulated exchange", "ana")?;
    }
    Ok(Models { champion: champion.context("a model for withdrawals to scams ships")?, challenger: challenger.model })
}

/// Shows what models said of the alert that they find likeliest to be right, and the challenger beside the champion.
pub fn show(screening: &Screening, models: &Models, decisions: &[Decision], as_json: bool) -> anyhow::Result<Value> {
    let learning = Learning { screening };
    let score = |decision: &Decision| {
        let scores = &decision.learned.as_ref()?.scores;
        scores.iter().find(|s| s.model == models.champion).map(|s| s.probability_ppm)
    };
    let alerts = decisions.iter().filter(|d| d.alert.is_some());
    let likeliest = alerts.filter_map(|d| Some((score(d)?, d))).max_by_key(|(p, d)| (*p, d.seq));
    // A store of an earlier version has decisions from before there were models.
    let Some((_, shown)) = likeliest else { return Ok(Value::Null) };
    let said = learning.explain(shown.seq, "en")?;
    anyhow::ensure!(said.iter().any(|s| !s.reasons.is_empty()), "a score has reasons");
    let card = learning.card(models.champion)?;
    let compared = learning.compare(models.champion, models.challenger, BUDGET, None, None)?;
    if !as_json {
        println!(
            "\nModels that ship score every event of their kinds; alert {} and why:",
            shown.alert.unwrap_or_default()
        );
        for score in said.iter().filter(|s| s.score.model == models.champion) {
            println!("  {} {:.1}%", Purpose::WithdrawalScam, f64::from(score.score.probability_ppm) / 1e4);
            score.reasons.iter().for_each(|reason| println!("    {}", reason.text));
        }
        println!(
            "The queue of alerts is ordered by what is likely to be right times what is at stake. A challenger scores beside the champion: {} events,\n\
             {} reviewed, so the comparison says {}. The champion's card: `holdfast models card {}`.",
            compared.events,
            compared.labelled,
            json!(compared.evidence).as_str().unwrap_or_default().replace('_', " "),
            models.champion
        );
    }
    Ok(json!({"alert": shown.alert, "scores": said, "card": card, "comparison": compared}))
}
