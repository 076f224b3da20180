//! The model card as a document for people who do not sign in: auditors, a supervisor.

use crate::{Learning, TrainingError};
use holdfast_documents::pdf::{self, Part, field, heading, text};
use holdfast_models::ModelHash;
use holdfast_models::card::{Fairness, ModelCard};
use holdfast_models::metrics::Interval;
use holdfast_types::Timestamp;

fn percent(share: f64) -> String {
    format!("{:.2}%", share * 100.0)
}

fn shares(of: Interval) -> String {
    format!("{} ({} to {})", percent(of.value), percent(of.low), percent(of.high))
}

fn figures(of: Interval) -> String {
    format!("{:.4} ({:.4} to {:.4})", of.value, of.low, of.high)
}

impl Learning<'_> {
    /// Returns a model's card as PDF. Intervals are at 95%.
    ///
    /// # Errors
    /// As [`Learning::card`]; [`TrainingError::Store`] when the document cannot be written.
    pub fn card_pdf(&self, hash: ModelHash) -> Result<Vec<u8>, TrainingError> {
        let card = self.card(hash)?;
        let entry = self.entry(hash)?;
        let mut parts = vec![
            field("Model (SHA-256 of its file)", hash.to_string()),
            field("Purpose", &*card.purpose),
            field("State", format!("{} since {}", entry.state, entry.changed.rfc3339())),
            field("Added", format!("{} by {}", entry.added.rfc3339(), entry.added_by)),
            field("Trees", format!("{}; {} bytes while it is served", card.trees, card.served_bytes)),
            text("Intervals are at 95%: Wilson's for shares, bootstrap for average precision."),
        ];
        parts.extend(measured(&card));
        parts.push(heading("Limits"));
        parts.extend(card.limits.iter().map(|l| Part::Small(l.clone())));
        if !card.protected.is_empty() {
            parts.push(heading("Protected fields that a policy admitted"));
            parts.extend(card.protected.iter().map(|p| Part::Small(p.clone())));
        }
        parts.push(heading("Features by family"));
        for (family, features) in &card.families {
            parts.push(text(family.as_str()));
            for feature in features {
                let usual = feature.usual.map(|u| format!("; usual {:.4}, 95% up to {:.4}", u.median, u.p95));
                let usual = usual.unwrap_or_default();
                parts.push(Part::Small(format!("{} ({}){usual}", feature.label, feature.name)));
            }
        }
        parts.push(heading("Rates of alerts by groups of people"));
        if card.fairness.is_empty() {
            parts.push(text("Not measured: no events were scored, or its rows are no events of people."));
        }
        card.fairness.iter().for_each(|of| rates(of, &mut parts));
        let title = format!("Model card: {}", card.purpose);
        Ok(pdf::write(&title, &parts, self.screening.now())?)
    }
}

fn measured(card: &ModelCard) -> Vec<Part> {
    let Some(training) = &card.training else {
        return vec![
            heading("Measured"),
            text("Imported: what it was trained on and how good it is here is not known."),
        ];
    };
    let m = &training.measured;
    let time = |from: Timestamp, to: Timestamp| format!("{} to {}", from.rfc3339(), to.rfc3339());
    let part = |of: &holdfast_models::fit::Part| format!("{} rows, {} positive", of.rows, of.positives);
    let mut parts = vec![
        heading("Measured"),
        field("Events", time(training.from, training.until)),
        field("Trained on", part(&training.training)),
        field("Validation", part(&training.validation)),
        field("Measured on", part(&training.test)),
        field("Unlabelled", format!("{} rows, used nowhere", training.unlabelled)),
        field("Table (SHA-256)", &*training.table),
        field("Code", &*training.code),
        field("Average precision", figures(m.average_precision)),
        field("AUC", format!("{:.4}", m.auc)),
        field("Precision at the analysts' budget", shares(m.at_budget.precision)),
    ];
    for at in &card.at_base_rates {
        let name = format!("Alerts that are right where {} are positive", percent(at.base_rate));
        parts.push(field(&name, percent(at.precision)));
    }
    parts
}

fn rates(of: &Fairness, parts: &mut Vec<Part>) {
    parts.push(text(of.property.as_str()));
    for group in &of.groups {
        let mark = match group.below_four_fifths {
            Some(true) => "below four fifths of the best group",
            Some(false) => "not below four fifths",
            None => "too few rows to tell",
        };
        parts.push(Part::Small(format!(
            "{}: {} rows, alerts {}, false alerts {}, {mark}",
            group.name,
            group.rows,
            shares(group.alerts),
            shares(group.false_alerts)
        )));
    }
}
