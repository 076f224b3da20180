//! Grading: what a step of a lab expects, and the feedback on an answer.

use holdfast_requests::request::Target;
use holdfast_requests::{Inquiry, Policy, Request, review};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// Credit of a whole step, in thousandths.
pub const WHOLE: u32 = 1_000;
/// Longest answer, bytes.
pub const MAX_ANSWER: usize = 64 << 10;
/// Most tries of one step.
pub const MAX_TRIES: i64 = 10;
/// What a hint costs of a step's credit, in thousandths.
pub const HINT_COST: u32 = 250;

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// A transaction id, 64 hex digits.
    Transaction,
    /// An address.
    Address,
    /// An amount in coins, such as 0.5, or in base units with the word `sat`.
    Amount,
    /// A whole number.
    Number,
    /// One of the options.
    Choice,
    /// Any of the options, separated by commas or lines.
    Choices,
    /// A request as JSON.
    Request,
}

/// What a drafted request must contain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The right request, with its process and targets: the draft is compared with it.
    pub model: Request,
    /// What is known of the officer's agency.
    pub history: holdfast_requests::History,
    /// Words that the statement of reasons must contain, each with the feedback when it is missing.
    pub words: Vec<(String, String)>,
}

/// What a step expects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// One of these texts.
    One(Form, Vec<String>),
    /// Base units.
    Amount(u64),
    /// A whole number.
    Number(u64),
    /// One of the options, by its text.
    Choice {
        /// The right one.
        right: String,
        /// All, in the order shown.
        options: Vec<String>,
    },
    /// Exactly these of the options.
    Choices {
        /// The right ones.
        right: BTreeSet<String>,
        /// All, in the order shown.
        options: Vec<String>,
    },
    /// A request to an exchange.
    Request(Box<Draft>),
}

/// Grade of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Graded {
    /// Whether it is wholly right.
    pub right: bool,
    /// Credit in thousandths, before hints and earlier tries are deducted.
    pub credit: u32,
    /// Feedback, one line each.
    pub feedback: Vec<String>,
}

impl Graded {
    fn yes(text: &str) -> Self {
        Graded { right: true, credit: WHOLE, feedback: vec![text.to_owned()] }
    }

    fn no(text: impl Into<String>) -> Self {
        Graded { right: false, credit: 0, feedback: vec![text.into()] }
    }
}

/// Reads an amount: coins with at most eight decimals, or base units followed by `sat`.
#[must_use]
pub fn amount(text: &str) -> Option<u64> {
    let text = text.trim().replace([',', '_', ' '], "");
    let lower = text.to_ascii_lowercase();
    if let Some(units) = lower.strip_suffix("sats").or_else(|| lower.strip_suffix("sat")) {
        return units.parse().ok();
    }
    let coins = lower.strip_suffix("btc").unwrap_or(&lower);
    let (whole, part) = coins.split_once('.').unwrap_or((coins, ""));
    if part.len() > 8 || (whole.is_empty() && part.is_empty()) || !part.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let part: u64 = format!("{part:0<8}").parse().ok()?;
    whole.checked_mul(100_000_000)?.checked_add(part)
}

/// Returns thousandths as a percentage, with one decimal.
#[must_use]
pub fn percent(thousandths: u64) -> String {
    format!("{}.{} %", thousandths / 10, thousandths % 10)
}

/// Returns base units as coins.
#[must_use]
pub fn coins(units: u64) -> String {
    let text = holdfast_analysis::report::coins(units);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl Check {
    /// Returns how an answer is written.
    #[must_use]
    pub fn form(&self) -> Form {
        match self {
            Check::One(form, _) => *form,
            Check::Amount(_) => Form::Amount,
            Check::Number(_) => Form::Number,
            Check::Choice { .. } => Form::Choice,
            Check::Choices { .. } => Form::Choices,
            Check::Request(_) => Form::Request,
        }
    }

    /// Returns the options, where there are some.
    #[must_use]
    pub fn options(&self) -> &[String] {
        match self {
            Check::Choice { options, .. } | Check::Choices { options, .. } => options,
            _ => &[],
        }
    }

    /// Returns what an earlier wrong try costs of the credit, in thousandths: guessing among few options must not pay.
    #[must_use]
    pub fn try_cost(&self) -> u32 {
        match self {
            Check::Choice { options, .. } => {
                WHOLE / u32::try_from(options.len().saturating_sub(1).max(1)).unwrap_or(u32::MAX)
            }
            _ => 100,
        }
    }

    /// Returns the right answer, shown after the step.
    #[must_use]
    pub fn solution(&self) -> String {
        match self {
            Check::One(_, accept) => accept.first().cloned().unwrap_or_default(),
            Check::Amount(units) => coins(*units),
            Check::Number(n) => n.to_string(),
            Check::Choice { right, .. } => right.clone(),
            Check::Choices { right, .. } => right.iter().cloned().collect::<Vec<_>>().join(", "),
            Check::Request(draft) => serde_json::to_string_pretty(&draft.model).unwrap_or_default(),
        }
    }

    /// Grades an answer. The feedback names what is wrong without giving the answer away.
    #[must_use]
    pub fn grade(&self, answer: &str) -> Graded {
        let text = answer.trim();
        if text.is_empty() {
            return Graded::no("Nothing was answered.");
        }
        if text.len() > MAX_ANSWER {
            return Graded::no(format!("The answer is longer than {MAX_ANSWER} bytes."));
        }
        match self {
            Check::One(form, accept) => {
                // Hashes and bech32 know no upper case; Base58 does.
                let same = |a: &String| a == text || (form_ignores_case(*form, a) && a.eq_ignore_ascii_case(text));
                if accept.iter().any(same) {
                    return Graded::yes("Right.");
                }
                let looks_right = match form {
                    Form::Transaction => text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()),
                    Form::Address => text.len() >= 26 && !text.contains(char::is_whitespace),
                    _ => true,
                };
                match (looks_right, form) {
                    (false, Form::Transaction) => Graded::no("That is no transaction id: 64 hex digits are expected."),
                    (false, _) => Graded::no("That is no address."),
                    (true, _) => Graded::no("That is not it."),
                }
            }
            Check::Amount(units) => match amount(text) {
                None => Graded::no("That is no amount: write coins, such as 0.5, or base units, such as 50000000 sat."),
                Some(found) if found == *units => Graded::yes("Right, to the last base unit."),
                Some(found) if found.abs_diff(*units) <= *units / 100 => Graded {
                    right: false,
                    credit: WHOLE / 2,
                    feedback: vec!["Within a hundredth, but not exact: fees and change belong to neither side.".into()],
                },
                Some(found) if found > *units => Graded::no("That is too much."),
                Some(_) => Graded::no("That is too little."),
            },
            Check::Number(n) => match text.replace([',', '_', ' '], "").parse::<u64>() {
                Err(_) => Graded::no("That is no whole number."),
                Ok(found) if found == *n => Graded::yes("Right."),
                Ok(found) if found > *n => Graded::no("That is too many."),
                Ok(_) => Graded::no("That is too few."),
            },
            Check::Choice { right, options } => {
                if right.eq_ignore_ascii_case(text) {
                    Graded::yes("Right.")
                } else if options.iter().any(|o| o.eq_ignore_ascii_case(text)) {
                    Graded::no("No.")
                } else {
                    Graded::no(format!("Choose one of: {}.", options.join("; ")))
                }
            }
            Check::Choices { right, options } => choices(right, options, text),
            Check::Request(draft) => draft.grade(text),
        }
    }
}

fn form_ignores_case(form: Form, accept: &str) -> bool {
    match form {
        Form::Transaction => true,
        Form::Address => {
            accept.starts_with("0x") || ["bc1", "bcrt1", "tb1", "ltc1"].iter().any(|p| accept.starts_with(p))
        }
        _ => true,
    }
}

fn choices(right: &BTreeSet<String>, options: &[String], text: &str) -> Graded {
    let parts = text.split([',', '\n', ';']).map(str::trim).filter(|p| !p.is_empty());
    let mut chosen = BTreeSet::new();
    for part in parts {
        match options.iter().find(|o| o.eq_ignore_ascii_case(part)) {
            Some(option) => chosen.insert(option.clone()),
            None => return Graded::no(format!("'{part}' is none of: {}.", options.join("; "))),
        };
    }
    let hits = chosen.intersection(right).count();
    let wrong = chosen.len() - hits;
    if hits == right.len() && wrong == 0 {
        return Graded::yes("Right, all of them and no other.");
    }
    // A wrong choice deducts as much as a missing one.
    let credit = u64::from(WHOLE) * hits.saturating_sub(wrong) as u64 / right.len().max(1) as u64;
    let feedback = vec![format!(
        "{hits} of {} found{}.",
        right.len(),
        if wrong > 0 { format!(", and {wrong} that do not belong") } else { String::new() }
    )];
    Graded { right: false, credit: u32::try_from(credit).unwrap_or(WHOLE), feedback }
}

impl Draft {
    fn grade(&self, text: &str) -> Graded {
        let value: Value = match serde_json::from_str(text) {
            Ok(value) => value,
            Err(e) => return Graded::no(format!("That is no JSON: {e}.")),
        };
        // An inquiry or the request alone.
        let value = value.get("request").cloned().unwrap_or(value);
        let request: Request = match serde_json::from_value(value) {
            Ok(request) => request,
            Err(e) => return Graded::no(format!("That is no request: {e}.")),
        };
        let inquiry = Inquiry { request, history: self.history.clone() };
        let reviewed = match review(&Policy::standard(), &inquiry) {
            Ok(reviewed) => reviewed,
            Err(e) => return Graded::no(format!("The desk would not accept it: {e}.")),
        };
        let (sent, model) = (&reviewed.request, &self.model);
        let mut feedback = Vec::new();
        let (mut points, mut of) = (0u32, 0u32);
        let mut mark = |ok: bool, yes: &str, no: String| {
            of += 1;
            points += u32::from(ok);
            feedback.push(format!("{} {}", if ok { "✓" } else { "✗" }, if ok { yes.to_owned() } else { no }));
        };
        mark(
            sent.kind == model.kind,
            "It requests the right measure.",
            "It does not request that the funds stay where they are.".into(),
        );
        let missing = reviewed.judgement.missing.join("; ");
        mark(
            reviewed.judgement.may_be_granted,
            "The legal process is open to this agency and complete.",
            format!("It could not be granted: {missing}."),
        );
        mark(
            sent.process == model.process,
            "The legal process is the one that the agency has.",
            "The facts name another legal process.".into(),
        );
        let targets = |r: &Request| r.targets.iter().cloned().collect::<BTreeSet<Target>>();
        let (named, wanted) = (targets(sent), targets(model));
        let lacking = wanted.difference(&named).count();
        mark(lacking == 0, "All targets are named.", format!("{lacking} targets of the facts are missing."));
        let extra = named.difference(&wanted).count();
        mark(extra == 0, "It names nobody else.", format!("{extra} targets have nothing to do with the case."));
        mark(
            sent.reference.trim() == model.reference,
            "The authority's reference is there.",
            "The authority's own reference is missing or wrong.".into(),
        );
        mark(
            sent.officer == model.officer,
            "The officer is named in full.",
            "Name, official address, agency or country of the officer are not those of the facts.".into(),
        );
        mark(!reviewed.suspicion.stops, "No sign of forgery stops it.", {
            let signs: Vec<&str> = reviewed.suspicion.signs.iter().map(|s| s.sign).collect();
            format!("The desk would stop it: {}.", signs.join(", "))
        });
        for (word, without) in &self.words {
            mark(sent.statement.contains(word.as_str()), "The reasons name what they must.", without.clone());
        }
        Graded { right: points == of, credit: WHOLE * points / of, feedback }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts() {
        for (text, units) in [
            ("0.5", Some(50_000_000)),
            ("1", Some(100_000_000)),
            ("1.00000001 BTC", Some(100_000_001)),
            ("50,000,000 sat", Some(50_000_000)),
            (".1", Some(10_000_000)),
            ("1.000000001", None),
            ("-1", None),
            ("1.2.3", None),
            ("", None),
            (".", None),
            ("99999999999999999999", None),
            ("184467440737.1", None),
        ] {
            assert_eq!(amount(text), units, "{text}");
        }
        assert_eq!(coins(150_000_000), "1.5");
        assert_eq!(coins(0), "0");
    }

    #[test]
    fn answers_get_credit_for_what_is_right() {
        let options: Vec<String> = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
        let check = Check::Choices { right: ["a".to_owned(), "b".to_owned()].into(), options: options.clone() };
        assert!(check.grade("b, a").right);
        assert_eq!(check.grade("a").credit, 500);
        assert_eq!(check.grade("a, c").credit, 0);
        // Choosing everything is no way to find everything.
        assert_eq!(check.grade("a, b, c, d").credit, 0);
        assert!(check.grade("a, x").feedback[0].contains("'x' is none of"));
        let choice = Check::Choice { right: "b".into(), options };
        assert!(choice.grade(" B ").right);
        assert_eq!(choice.try_cost(), 333);
        let near = Check::Amount(1_000_000).grade("0.01001");
        assert_eq!((near.right, near.credit), (false, 500));
        let one = Check::One(Form::Address, vec!["1BoatSLRHtKNngkdXEeobR76b53LETtpyT".into()]);
        assert!(!one.grade("1boatslrhtknngkdxeeobr76b53lettpyt").right, "Base58 knows case");
        assert!(Check::Number(3).grade("x").feedback[0].contains("no whole number"));
        assert!(!Check::Number(3).grade("").right);
    }
}
