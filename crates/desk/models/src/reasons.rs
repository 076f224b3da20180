//! Reasons in words: the families of features that moved a score most, with values and what is usual. Templates are data, by language.

use crate::drift::Usual;
use crate::schema::{Feature, FeatureKind};
use crate::{Model, ModelError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Families that an explanation names.
pub const MOST_REASONS: usize = 5;

/// Features that a reason names.
const MOST_FEATURES: usize = 2;

/// Why a score is what it is, by a family of features.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// The family.
    pub family: String,
    /// What it adds to the score, log odds; below zero it lowers it.
    pub contribution: f64,
    /// Its features that moved the score most in that direction.
    pub features: Vec<FeatureReason>,
    /// The reason as a sentence.
    pub text: String,
}

/// A feature's part in a score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeatureReason {
    /// Its name, by which the caller finds the evidence that the field has.
    pub name: String,
    /// What it adds to the score, log odds.
    pub contribution: f64,
    /// Its value; missing where it could not be known.
    pub value: Option<f64>,
    /// What is usual.
    pub usual: Option<Usual>,
}

/// Texts of reasons in a language.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phrases {
    /// A reason that raises the score: `{family}`, `{features}`.
    raises: String,
    /// A reason that lowers it.
    lowers: String,
    /// A feature with its value: `{label}`, `{value}`, `{median}`, `{p95}`.
    feature: String,
    /// A feature without anything usual: `{label}`, `{value}`.
    feature_alone: String,
    /// The value of a feature that could not be known.
    unknown: String,
    yes: String,
    no: String,
    days: String,
    hours: String,
    minutes: String,
    seconds: String,
    /// Decimal sign.
    decimal: char,
    /// Families in words; others are written as they are named.
    families: BTreeMap<String, String>,
    /// Features in words, before the schema's own label.
    features: BTreeMap<String, String>,
}

/// How a schema's label says that its values are hundredths of the reference currency.
const IN_MINOR_UNITS: &str = ", minor units";

/// Languages that the crate brings, and their texts.
const LANGUAGES: [(&str, &str); 3] = [
    ("en", include_str!("../data/reasons.en.json")),
    ("es", include_str!("../data/reasons.es.json")),
    ("de", include_str!("../data/reasons.de.json")),
];

impl Phrases {
    /// Returns the texts of a language: `en`, `es` or `de`.
    ///
    /// # Errors
    ///
    /// `File` if there are none.
    pub fn of(language: &str) -> Result<Self, ModelError> {
        let text = LANGUAGES.iter().find(|l| l.0 == language).map(|l| l.1);
        let text = text.ok_or_else(|| ModelError::File(format!("language {language}: use en, es or de")))?;
        serde_json::from_str(text).map_err(|e| ModelError::File(format!("texts of {language}: {e}")))
    }

    fn label(&self, feature: &Feature) -> String {
        let shipped = || feature.label.replace(IN_MINOR_UNITS, " in the reference currency");
        self.features.get(&feature.name).cloned().unwrap_or_else(shipped)
    }

    fn value(&self, feature: &Feature, value: f64) -> String {
        let number = |value: f64, unit: &str| format!("{} {unit}", self.number(value));
        match feature.kind {
            // People read the currency's own unit.
            FeatureKind::Amount if feature.label.ends_with(IN_MINOR_UNITS) => {
                format!("{:.2}", value / 100.0).replace('.', &self.decimal.to_string())
            }
            FeatureKind::Flag if value == 0.0 => self.no.clone(),
            FeatureKind::Flag => self.yes.clone(),
            FeatureKind::Duration => match value.abs() {
                v if v >= 2.0 * 86_400.0 => number(value / 86_400.0, &self.days),
                v if v >= 2.0 * 3_600.0 => number(value / 3_600.0, &self.hours),
                v if v >= 120.0 => number(value / 60.0, &self.minutes),
                _ => number(value, &self.seconds),
            },
            _ => self.number(value),
        }
    }

    /// Three significant digits below 1,000, whole numbers above.
    fn number(&self, value: f64) -> String {
        let digits = match value.abs() {
            _ if value.fract() == 0.0 => 0,
            v if v >= 1_000.0 => 0,
            v if v >= 100.0 => 0,
            v if v >= 10.0 => 1,
            v if v >= 1.0 => 2,
            _ => 3,
        };
        format!("{value:.digits$}").replace('.', &self.decimal.to_string())
    }

    fn feature(&self, feature: &Feature, value: Option<f64>, usual: Option<&Usual>) -> String {
        let text = |v: f64| self.value(feature, v);
        let value = value.map_or_else(|| self.unknown.clone(), text);
        let values = |template: &str, usual: Option<&Usual>| {
            let (median, p95) = usual.map_or_else(Default::default, |u| (text(u.median), text(u.p95)));
            fill(template, &[("label", &self.label(feature)), ("value", &value), ("median", &median), ("p95", &p95)])
        };
        match usual {
            Some(usual) if feature.kind != FeatureKind::Flag => values(&self.feature, Some(usual)),
            _ => values(&self.feature_alone, None),
        }
    }
}

/// Puts values into a template once, so that a value with braces is not read as one.
fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let Some((name, behind)) = after.split_once('}') else { break };
        text.push_str(values.iter().find(|v| v.0 == name).map_or("", |v| v.1));
        rest = behind;
    }
    text.push_str(rest);
    text
}

/// Returns the families that moved a row's score most, strongest first, at most [`MOST_REASONS`].
#[must_use]
pub fn reasons(model: &Model, row: &[f64], phrases: &Phrases) -> Vec<Reason> {
    let explanation = model.explain(row);
    let mut families: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, feature) in model.schema().features().iter().enumerate() {
        families.entry(&feature.family).or_default().push(at);
    }
    let sum = |features: &[usize]| features.iter().map(|f| explanation.contributions[*f]).sum::<f64>();
    let mut ranked: Vec<(f64, &str, Vec<usize>)> = families.into_iter().map(|(f, m)| (sum(&m), f, m)).collect();
    ranked.retain(|f| f.0 != 0.0);
    ranked.sort_by(|a, b| b.0.abs().total_cmp(&a.0.abs()).then_with(|| a.1.cmp(b.1)));
    ranked.truncate(MOST_REASONS);
    ranked
        .into_iter()
        .map(|(sum, family, members)| reason(model, row, phrases, &explanation.contributions, (sum, family, members)))
        .collect()
}

fn reason(
    model: &Model,
    row: &[f64],
    phrases: &Phrases,
    contributions: &[f64],
    (sum, family, mut members): (f64, &str, Vec<usize>),
) -> Reason {
    members.retain(|m| contributions[*m] * sum > 0.0);
    members.sort_by(|a, b| contributions[*b].abs().total_cmp(&contributions[*a].abs()));
    members.truncate(MOST_FEATURES);
    let features: Vec<FeatureReason> = members
        .iter()
        .map(|m| FeatureReason {
            name: model.schema().features()[*m].name.clone(),
            contribution: contributions[*m],
            value: row.get(*m).copied().filter(|v| !v.is_nan()),
            usual: model.content().references.get(*m).and_then(|r| r.usual),
        })
        .collect();
    let texts: Vec<String> = members
        .iter()
        .zip(&features)
        .map(|(m, f)| phrases.feature(&model.schema().features()[*m], f.value, f.usual.as_ref()))
        .collect();
    let words = phrases.families.get(family).map_or(family, String::as_str);
    let template = if sum > 0.0 { &phrases.raises } else { &phrases.lowers };
    let text = fill(template, &[("family", words), ("features", &texts.join("; "))]);
    Reason { family: family.to_owned(), contribution: sum, features, text }
}
