//! Training on a desk's history.

use crate::labels::{Known, LabelSource, Labels, TagOf, label};
use crate::{Learning, TrainingError};
use holdfast_decision::fold::Decided;
use holdfast_decision::{Event, Purpose, features};
use holdfast_models::fit::{Plan, fit};
use holdfast_models::leaks::Explained;
use holdfast_models::split::TimeSplit;
use holdfast_models::{FeatureRow, GroupId, Label, Model, ModelError, ModelHash, Params, Rows, Schema, Table};
use holdfast_screening::replay::{Replay, replay_rows};
use holdfast_types::{Invalid, Seconds, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use utoipa::ToSchema;

/// Most labelled events of a training.
pub const MAX_TRAINING_ROWS: usize = 1 << 18;

/// How long labels take at least: younger events are not trained on.
const LABEL_DELAY: Seconds = Seconds::days(14);

/// What is trained.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = ModelTraining)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// What the model is for.
    pub purpose: Purpose,
    /// Share of events that analysts can review, above 0 to 1.
    pub budget: f64,
    /// Events from then on are left out, Unix seconds; by default those of the last 14 days, whose labels may still come.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    pub until: Option<Timestamp>,
    /// Features by name; by default all that differ between events.
    #[serde(default)]
    pub features: Vec<String>,
    /// Labels as CSV (`event,label`), beside what the desk knows; they decide where both have one.
    #[serde(default)]
    pub labels: Option<String>,
    /// How events are split by time.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub split: TimeSplit,
    /// Parameters of the learner.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub params: Params,
    /// Features that separate the classes alone, and why they are no leak.
    #[serde(default)]
    #[schema(value_type = Vec<Object>)]
    pub explained: Vec<Explained>,
    /// Kinds of crime that no event shows, for the model card.
    #[serde(default)]
    pub never_seen: Vec<String>,
    /// The model that this one is to replace.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub parent: Option<ModelHash>,
}

/// A trained model and what it was trained on.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The model.
    pub model: Model,
    /// Counts.
    pub counts: Counts,
}

/// Which events a training used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Events of the purpose's kinds.
    pub events: u64,
    /// Those with a label.
    pub labelled: u64,
    /// Positives among them.
    pub positives: u64,
    /// Events whose state at their time is not known: decided by another engine or before the log of inputs.
    pub uncovered: u64,
    /// Labelled events by who said it.
    pub sources: BTreeMap<LabelSource, u64>,
}

/// Rows as they come out of the replay.
#[derive(Default)]
struct Gathered {
    rows: Vec<Vec<u8>>,
    labels: Vec<Label>,
    times: Vec<Timestamp>,
    groups: Vec<GroupId>,
    customers: HashMap<String, u64>,
    counts: Counts,
    is_full: bool,
}

impl Learning<'_> {
    /// Checks what can be checked of a request before its training.
    ///
    /// # Errors
    /// [`TrainingError::Invalid`] names a field; [`TrainingError::State`] for a purpose whose models score no events of the desk.
    pub fn check(&self, request: &Request) -> Result<(), TrainingError> {
        self.kinds(request.purpose.name())?;
        if !(request.budget > 0.0 && request.budget <= 1.0) {
            return Err(Invalid::new("budget", format!("is {}; above 0 to 1", request.budget)).into());
        }
        request.labels.as_deref().map(Labels::from_csv).transpose()?;
        Ok(())
    }

    /// Trains a model on the desk's history. `tags`, where given, looks up the tags that an address has today. `progress` gets the number of inputs replayed so far and may end it; nothing is returned then.
    ///
    /// # Errors
    /// [`TrainingError::Invalid`] names a field of the request; [`TrainingError::State`] when the log does not replay; [`TrainingError::Model`] when there
    /// are too few labels, or a feature gives the answer away.
    pub fn train(
        &self,
        request: &Request,
        tags: Option<TagOf<'_>>,
        progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<Option<Trained>, TrainingError> {
        let mut labels = self.screening.read(Labels::of_desk)?;
        if let Some(tag_of) = tags {
            self.screening.read(|db| labels.add_tags(db, tag_of))?;
        }
        let labels = match &request.labels {
            Some(text) => labels.with(Labels::from_csv(text)?),
            None => labels,
        };
        let kinds = self.kinds(request.purpose.name())?;
        let until = request.until.unwrap_or_else(|| self.screening.now() - LABEL_DELAY);
        let mut gathered = Gathered::default();
        let mut each = |event: &Event, decided: &Decided| {
            if event.time < until && kinds.contains(&event.kind.name()) {
                gathered.take(event, decided, labels.known(request.purpose, &decided.decision));
            }
        };
        let replay = replay_rows(self.screening, progress, &mut each)?;
        if replay.stopped {
            return Ok(None);
        }
        check(&replay)?;
        gathered.counts.uncovered = replay.uncovered + replay.other_engines.iter().map(|o| o.decisions).sum::<u64>();
        if gathered.is_full {
            let text = format!("more than {MAX_TRAINING_ROWS} labelled events; end earlier");
            return Err(Invalid::new("until", text).into());
        }
        let counts = gathered.counts.clone();
        if counts.positives == 0 || counts.positives == counts.labelled {
            return Err(ModelError::TooFew(format!(
                "{} labelled events of {}, {} of them positive: both classes are needed; close more alerts or give labels",
                counts.labelled, counts.events, counts.positives
            ))
            .into());
        }
        let plan = Plan {
            purpose: request.purpose.name().to_owned(),
            params: request.params.clone(),
            split: request.split,
            budget: request.budget,
            explained: request.explained.clone(),
            never_seen: request.never_seen.clone(),
            code: env!("CARGO_PKG_VERSION").to_owned(),
            parent: request.parent,
            unlabelled: counts.events - counts.labelled,
        };
        let model = fit(&gathered.table(&request.features)?, &plan)?;
        Ok(Some(Trained { model, counts }))
    }
}

/// Refuses a history whose decisions do not follow from the log: its rows may not be what was known.
fn check(replay: &Replay) -> Result<(), TrainingError> {
    match replay.problems.first() {
        None => Ok(()),
        Some(first) => Err(TrainingError::State(format!(
            "the log of inputs does not give the stored decisions again ({first}); see `holdfast audit replay`"
        ))),
    }
}

impl Gathered {
    fn take(&mut self, event: &Event, decided: &Decided, known: Option<Known>) {
        self.counts.events += 1;
        let (Some(row), Some(known)) = (&decided.row, known) else { return };
        if self.rows.len() >= MAX_TRAINING_ROWS {
            self.is_full = true;
            return;
        }
        self.counts.labelled += 1;
        self.counts.positives += u64::from(known.is_positive);
        *self.counts.sources.entry(known.source).or_default() += 1;
        let next = self.customers.len() as u64;
        let group = *self.customers.entry(event.customer.clone()).or_insert(next);
        self.rows.push(row.clone());
        self.labels.push(label(Some(known)));
        self.times.push(event.time);
        self.groups.push(GroupId(group));
    }

    /// Returns the table of the chosen features, or of all that differ between events.
    fn table(self, chosen: &[String]) -> Result<Rows, TrainingError> {
        let all = features::features();
        let mut columns = vec![Vec::new(); all.len()];
        for bytes in &self.rows {
            let row = FeatureRow::from_bytes(bytes)?;
            for (place, column) in columns.iter_mut().enumerate() {
                column.push(row.values().get(place).copied().unwrap_or(f64::NAN));
            }
        }
        let differs = |column: &[f64]| column.windows(2).any(|w| w[0].to_bits() != w[1].to_bits());
        let mut places: Vec<usize> = Vec::new();
        for name in chosen {
            let reason = || "events have no such feature; see `holdfast models features`".to_owned();
            let unknown = || ModelError::Feature { name: name.chars().take(60).collect(), reason: reason() };
            places.push(features::position(name).ok_or_else(unknown)?);
        }
        if chosen.is_empty() {
            places = (0..all.len()).filter(|p| differs(&columns[*p])).collect();
        }
        let schema = Schema::new(places.iter().map(|p| all[*p].clone()).collect())?;
        let table = Table::new(schema, places.iter().map(|p| std::mem::take(&mut columns[*p])).collect())?;
        Ok(Rows::new(table, self.labels, self.times, self.groups)?)
    }
}
