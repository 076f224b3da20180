//! A lab about learned models: what a score says of an event, what it rests on, and what it does not say.

use super::{Chain, Made, Step, first, index, step};
use crate::grade::Check;
use holdfast_decision::features;
use holdfast_models::calibration::Calibration;
use holdfast_models::drift::Reference;
use holdfast_models::model::{Addition, Content, Origin};
use holdfast_models::reasons::{Phrases, Reason, reasons};
use holdfast_models::{Feature, Model, Params, Schema, Table, train};
use holdfast_simulate::random::Random;
use serde_json::json;
use std::collections::BTreeSet;

/// Rows that the lab's model is trained on.
const ROWS: usize = 900;
/// Answer of the steps about what a model may do.
const ORDERS: &str = "it puts the alert higher in the queue, and may ask for a review";

/// A feature of the lab: its name, what is usual (from, to), and what is found where money is taken out for a criminal.
struct Sign {
    name: &'static str,
    usual: (u64, u64),
    odd: (u64, u64),
}

/// Each of another family, so that every reason names one of them.
const SIGNS: [Sign; 4] = [
    Sign { name: "event_value", usual: (2_000, 60_000), odd: (400_000, 900_000) },
    Sign { name: "withdrawals_24h", usual: (0, 2), odd: (6, 12) },
    Sign { name: "counterparty_customers_7d", usual: (0, 2), odd: (5, 15) },
    Sign { name: "account_age", usual: (200 * 86_400, 900 * 86_400), odd: (3_600, 5 * 86_400) },
];

fn known(sign: &Sign) -> Option<Feature> {
    features::features().iter().find(|f| f.name == sign.name).cloned()
}

/// Draws a value; what is drawn is below 2^53, so that it is exact.
fn value(random: &mut Random, sign: &Sign, is_odd: bool) -> f64 {
    let (low, high) = if is_odd { sign.odd } else { sign.usual };
    random.between(low, high) as f64
}

/// The lab's history: each row is odd in some signs, and is a crime where it is odd in at least one of the two that matter.
fn history(random: &mut Random, matters: &[usize; 2]) -> (Vec<Vec<f64>>, Vec<bool>) {
    let (mut columns, mut crimes) = (vec![Vec::new(); SIGNS.len()], Vec::new());
    for _ in 0..ROWS {
        let odd: Vec<bool> = SIGNS.iter().map(|_| random.permille(200)).collect();
        for ((column, sign), is_odd) in columns.iter_mut().zip(&SIGNS).zip(&odd) {
            column.push(value(random, sign, *is_odd));
        }
        // One in fifty is labelled wrongly, as reviewers do.
        crimes.push(matters.iter().any(|m| odd[*m]) != random.permille(20));
    }
    (columns, crimes)
}

fn trained(columns: Vec<Vec<f64>>, crimes: &[bool]) -> Option<Model> {
    let schema = Schema::new(SIGNS.iter().map(known).collect::<Option<Vec<_>>>()?).ok()?;
    let table = Table::new(schema, columns).ok()?;
    let params = Params { trees: 24, learning_rate: 0.3, column_share: 1.0, row_share: 1.0, ..Params::default() };
    let ensemble = train((&table, crimes), (&table, crimes), &params).ok()?;
    Model::new(Content {
        purpose: "event-risk".to_owned(),
        schema: table.schema().clone(),
        origin: Origin::Trained,
        addition: Addition::Double,
        base: ensemble.base,
        score_reference: Reference::of(&ensemble.scores(&table)),
        trees: ensemble.trees,
        calibration: Calibration::None,
        thresholds: Vec::new(),
        references: table.columns().iter().map(|c| Reference::of(c)).collect(),
        training: None,
    })
    .ok()
}

/// A learner's event with what the model says of it.
struct Scored {
    /// The event's values in words.
    values: String,
    right: String,
    reasons: Vec<Reason>,
    log_odds: f64,
    model: Model,
    /// Of 1,000 crimes so many reach the threshold, and of 1,000 others.
    hits: u64,
    false_alerts: u64,
}

/// Makes a model and an event that is odd in one sign that matters; nothing where the model's strongest reason is not that sign.
fn scored(seed: u64) -> Option<Scored> {
    let mut random = Random::new(seed);
    let mut order: Vec<usize> = (0..SIGNS.len()).collect();
    random.shuffle(&mut order);
    let matters = [*order.first()?, *order.get(1)?];
    let (columns, crimes) = history(&mut random, &matters);
    let model = trained(columns, &crimes)?;
    let shown = matters[index(&mut random, 2)];
    let row: Vec<f64> = SIGNS.iter().enumerate().map(|(n, sign)| value(&mut random, sign, n == shown)).collect();
    let phrases = Phrases::of("en").ok()?;
    let reasons = reasons(&model, &row, &phrases);
    let strongest = reasons.first()?;
    let is_told = strongest.contribution > 0.0 && strongest.features.iter().any(|f| f.name == SIGNS[shown].name);
    let label = |n: usize| known(&SIGNS[n]).map(|f| f.label);
    let log_odds = model.score(&row);
    (is_told && log_odds > 0.0).then_some(())?;
    Some(Scored {
        values: SIGNS
            .iter()
            .enumerate()
            .map(|(n, s)| Some(format!("{}: {}", label(n)?, written(s, row[n]))))
            .collect::<Option<Vec<_>>>()?
            .join("\n- "),
        right: label(shown)?,
        reasons,
        log_odds,
        model,
        hits: random.between(600, 950),
        false_alerts: random.between(5, 60),
    })
}

/// A value as the task shows it.
fn written(sign: &Sign, value: f64) -> String {
    match sign.name {
        "event_value" => format!("{:.2}", value / 100.0),
        "account_age" => format!("{:.1} days", value / 86_400.0),
        _ => format!("{value}"),
    }
}

/// Creates the lab "Why did the model say so".
pub(super) fn why_did_the_model_say_so(seed: u64) -> Result<Made, String> {
    let made = first(seed, "model", scored)?;
    // Of 1,000,000 events 1,000 are a crime and 999,000 are none.
    let (caught, wrong) = (made.hits, made.false_alerts * 999);
    let share = caught * 1_000 / (caught + wrong);
    let brief = format!(
        "A model of the purpose `event-risk` is **in shadow**. It scored a withdrawal with {:.3} log odds (above zero: more likely a crime than not, where half \
        of the events are). The withdrawal:\n\n- {}\n\n`explanation.json` has the model's reasons: each family of features with what it adds to the log odds, \
        the value, and what is usual. What they add up to, with the model's base, is the score: nothing else is in it.\n\n\
        On reviewed events, the model's threshold catches {}.{} % of crimes and takes {}.{} % of the others for one. Of all events of this exchange, **one in a \
        thousand** is a crime.",
        made.log_odds,
        made.values,
        made.hits / 10,
        made.hits % 10,
        made.false_alerts / 10,
        made.false_alerts % 10,
    );
    let explanation = json!({
        "model": made.model.hash().to_string(),
        "purpose": "event-risk",
        "log_odds": made.log_odds,
        "reasons": made.reasons,
    });
    let explanation = serde_json::to_vec_pretty(&explanation).map_err(|e| e.to_string())?;
    let files =
        vec![("explanation.json".to_owned(), explanation), ("model.hfm".to_owned(), made.model.to_bytes().to_vec())];
    Ok(Made { brief, files, chain: Chain::None, steps: steps(&made, share) })
}

fn steps(made: &Scored, share: u64) -> Vec<Step> {
    let labels: Vec<String> = SIGNS.iter().filter_map(known).map(|f| f.label).collect();
    let right = made.right.clone();
    let may = [ORDERS, "it holds the withdrawal", "it rejects the withdrawal", "it tags the counterparty's address"];
    let wrong_use = [
        "the customer's country",
        "the number of the row in the file",
        "the hour of the day of the withdrawals before",
        "who labelled the row",
        "the value of the withdrawal",
    ];
    let refused = [wrong_use[0], wrong_use[1], wrong_use[3]].map(str::to_owned);
    vec![
        step(
            "reason",
            30,
            "What raised the score most?",
            Check::Choice { right: right.clone(), options: labels },
            &[
                "The reasons are ordered by what they add, whatever its sign.",
                "A contribution below zero lowers the score.",
            ],
            format!(
                "\"{right}\" is far from what is usual, and in the history that the model learned from such events were crimes."
            ),
        ),
        step(
            "share",
            30,
            "Of 1,000 alerts that the threshold gives at this exchange, how many are right? A whole number, rounded down.",
            Check::Number(share),
            &[
                "Think of 1,000,000 events: 1,000 are a crime, 999,000 are none.",
                "Right alerts are the share of crimes caught times 1,000; wrong ones the other share times 999,000.",
            ],
            "By base rates most alerts of a good model are wrong where crimes are rare: so a score alone never holds.",
        ),
        step(
            "use",
            20,
            "The model becomes champion. What does its score do by itself, without a rule?",
            Check::Choice { right: ORDERS.to_owned(), options: may.map(str::to_owned).to_vec() },
            &[],
            "A score is a field for rules and orders the work of analysts. It decides nothing.",
        ),
        step(
            "refused",
            20,
            "Which of these are refused as features of a model, by default or always?",
            Check::Choices { right: BTreeSet::from(refused), options: wrong_use.map(str::to_owned).to_vec() },
            &[
                "`holdfast models features` lists what events have.",
                "Two of them give the answer away, one is protected by law.",
            ],
            "A row's number and who labelled it tell the class without the event; country is protected and is out by default.",
        ),
    ]
}
