//! Warnings at the withdrawal itself: the scam, questions whose answers are signs of it, and a cooling-off time. Their texts are part of decisions.

use crate::lookalikes::Lookalike;
use holdfast_attribution::Category;
use holdfast_input::language::best;
use holdfast_types::{Seconds, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::LazyLock;
use strum::{EnumString, IntoStaticStr};
use utoipa::ToSchema;

/// Kinds of scams that warnings and campaigns speak of.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    ToSchema,
    IntoStaticStr,
    EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Scam {
    /// Made-up investments, pig butchering among them.
    Investment,
    /// A relationship that is none.
    Romance,
    /// False police, banks, support.
    Impersonation,
    /// Jobs that one pays for.
    Task,
    /// Promises to bring lost money back.
    Recovery,
    /// Threats.
    Extortion,
    /// False sites and giveaways.
    Phishing,
    /// Addresses made to look like those that somebody deals with.
    AddressPoisoning,
    /// Another, or not known which.
    Other,
}

impl Scam {
    /// All kinds.
    pub const ALL: [Scam; 9] = [
        Scam::Investment,
        Scam::Romance,
        Scam::Impersonation,
        Scam::Task,
        Scam::Recovery,
        Scam::Extortion,
        Scam::Phishing,
        Scam::AddressPoisoning,
        Scam::Other,
    ];

    /// Returns the name, as in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the kind of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        name.parse().ok()
    }

    /// Returns the scam that a payee's category stands for; `None` where it is no scam's.
    #[must_use]
    pub fn of(category: Category) -> Option<Self> {
        match category.name() {
            "ponzi_scheme" | "pyramid_scheme" | "investment_fraud" | "rug_pull" => Some(Scam::Investment),
            "sextortion" | "blackmail" | "extortion" => Some(Scam::Extortion),
            "phishing" => Some(Scam::Phishing),
            "scam" => Some(Scam::Other),
            _ => None,
        }
    }
}

/// The terms of a rule's warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WarningTerms {
    /// The scam; by default that of the payee's category, and no warning where it is no scam's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scam: Option<Scam>,
    /// Hours from the attempt until it may go on.
    pub cooling_off_hours: u32,
    /// What follows the cooling-off time when no answer is a sign of a scam.
    #[serde(default)]
    pub then: CoolingAction,
}

/// What follows the cooling-off time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[schema(as = Then)]
#[serde(rename_all = "snake_case")]
pub enum CoolingAction {
    /// The hold ends and the withdrawal goes on.
    Release,
    /// A person decides.
    #[default]
    Review,
}

/// Longest cooling-off time, hours.
pub const MAX_COOLING: u32 = 30 * 24;

/// A question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = WarningQuestion)]
pub struct Question {
    /// Its name.
    pub id: String,
    /// Its text; yes is a sign of a scam.
    pub text: String,
}

/// A warning, as a decision carries it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Warning {
    /// The scam.
    pub scam: Scam,
    /// The withdrawal goes on no earlier, Unix seconds.
    #[schema(value_type = i64)]
    pub cooling_until: Timestamp,
    /// What follows the cooling-off time when no answer is a sign of a scam.
    pub then: CoolingAction,
    /// Title, in the language of the customer's record or in English; others by `GET /api/v1/warnings/{event}?lang=`.
    pub title: String,
    /// What the customer must know.
    pub message: String,
    /// Questions to the customer.
    pub questions: Vec<Question>,
    /// The address that is to be paid beside the one that it looks like, for the customer to compare.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lookalike: Option<Lookalike>,
}

type Texts = BTreeMap<String, String>;

#[derive(Deserialize)]
struct Scams {
    title: Texts,
    message: Texts,
    questions: BTreeMap<String, Texts>,
}

#[derive(Deserialize)]
struct Book {
    common: BTreeMap<String, Texts>,
    scams: BTreeMap<Scam, Scams>,
}

static BOOK: LazyLock<Book> =
    LazyLock::new(|| serde_norway::from_str(include_str!("warnings.yaml")).expect("the shipped warnings are valid"));

/// Languages of warnings.
pub const LANGUAGES: [&str; 3] = ["en", "es", "de"];

fn text(texts: &Texts, lang: &str) -> String {
    best(lang, texts.keys().map(String::as_str))
        .and_then(|l| texts.get(l))
        .or_else(|| texts.get("en"))
        .cloned()
        .unwrap_or_default()
}

impl Scam {
    /// Returns title and message to a customer, in a language or in English.
    #[must_use]
    pub fn words(self, lang: &str) -> (String, String) {
        let scam = &BOOK.scams[&self];
        (text(&scam.title, lang), text(&scam.message, lang))
    }

    /// Returns the questions to a customer: those of the scam, then those of all.
    #[must_use]
    pub fn questions(self, lang: &str) -> Vec<Question> {
        let own = BOOK.scams[&self].questions.iter();
        own.chain(&BOOK.common).map(|(id, texts)| Question { id: id.clone(), text: text(texts, lang) }).collect()
    }
}

impl Warning {
    /// Returns a warning raised at `now`, in a language or in English.
    #[must_use]
    pub fn new(scam: Scam, terms: &WarningTerms, now: Timestamp, lang: &str) -> Self {
        let (title, message) = scam.words(lang);
        let cooling_until = now + Seconds::hours(terms.cooling_off_hours.into());
        let (then, questions, lookalike) = (terms.then, scam.questions(lang), None);
        Warning { scam, cooling_until, then, title, message, questions, lookalike }
    }

    /// Returns the warning with the address that the payee's imitates.
    #[must_use]
    pub fn about(self, lookalike: Option<Lookalike>) -> Self {
        Warning { lookalike, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varieties_of_a_language_have_its_words() {
        for (lang, same) in [("de-AT", "de"), ("es-419", "es"), ("DE", "de"), ("zh-Hans", "en"), ("", "en")] {
            assert_eq!(Scam::Romance.words(lang), Scam::Romance.words(same));
            assert_eq!(Scam::Romance.questions(lang), Scam::Romance.questions(same));
        }
    }

    #[test]
    fn every_scam_has_words_and_questions_in_every_language() {
        for scam in Scam::ALL {
            let ids: Vec<String> = scam.questions("en").into_iter().map(|q| q.id).collect();
            assert_eq!(ids.len(), 5, "{scam:?}");
            for lang in LANGUAGES {
                let (title, message) = scam.words(lang);
                assert!(!title.is_empty() && message.len() > 40);
                let questions = scam.questions(lang);
                assert_eq!(questions.iter().map(|q| q.id.clone()).collect::<Vec<_>>(), ids);
                assert!(questions.iter().all(|q| q.text.ends_with('?')), "{scam:?} {lang}");
                if lang != "en" {
                    assert_ne!(title, scam.words("en").0);
                    assert!(questions.iter().zip(scam.questions("en")).all(|(a, b)| a.text != b.text));
                }
            }
            assert_eq!(Scam::from_name(scam.name()), Some(scam));
            assert_eq!(serde_json::json!(scam), scam.name());
        }
    }
}
