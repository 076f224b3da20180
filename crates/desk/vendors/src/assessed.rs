//! The assessment of an address or transfer, before it is converted to a provider's form.

use holdfast_attribution::taxonomy::Risk;
use holdfast_decision::facts::Share;
use holdfast_decision::{ChainFacts, Decision, Verdict};
use holdfast_decision::{Price, Reason};
use holdfast_types::{Amount, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Facts of an address or transfer, the decision if one was made, and the price of the asset.
#[derive(Debug, Clone, Copy)]
pub struct Assessed<'a> {
    /// Facts of the chain and the tags.
    pub facts: &'a ChainFacts,
    /// The decision on the transfer; none for an address alone.
    pub decision: Option<&'a Decision>,
    /// US cents for base units, where the price table has the asset and the reference currency is USD.
    pub price: Option<Price>,
    /// When it was assessed, Unix seconds.
    pub time: Timestamp,
}

/// Returns the weight of a risk on a scale of ten.
pub fn weight(risk: Risk) -> f64 {
    match risk {
        Risk::None => 0.0,
        Risk::Low => 1.0,
        Risk::Medium => 5.0,
        Risk::High => 8.0,
        Risk::Severe => 10.0,
    }
}

/// Returns the score of a verdict, of ten.
pub fn verdict_weight(verdict: Verdict) -> f64 {
    match verdict {
        Verdict::Allow => 0.0,
        Verdict::Review => 5.0,
        Verdict::Hold => 8.0,
        Verdict::Reject => 10.0,
    }
}

/// Returns the score of one category's share, 0 to 10: the category's weight times the cube root of its direct share or half of its indirect one,
/// whichever is more, so that 1% of direct severe money already scores 2.2, a tenth 4.6, and all of it 10.
pub fn share_score(share: &Share) -> f64 {
    let part = share.direct_ppm.max(share.indirect_ppm / 2) as f64 / 1e6;
    weight(share.category.risk()) * part.cbrt()
}

/// Returns whether anything here can answer for what was screened: a ledger of its asset that could be read, or at least a tag that names it. Without
/// either, silence would read as "nothing found".
pub fn is_covered(facts: &ChainFacts) -> bool {
    facts.unavailable.is_none() && (facts.ledger || !facts.tags.is_empty())
}

/// Returns why no source here can answer, as a message.
pub fn not_covered(asset: &str, facts: &ChainFacts) -> String {
    let shown: String = asset.chars().take(64).collect();
    let why = facts.unavailable.clone();
    why.unwrap_or_else(|| {
        format!("asset {shown} is not supported: there is no ledger of it here, and no tag names the address")
    })
}

/// How much of what an exposure could rest on was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Coverage {
    /// No ledger answered: tags of the address alone, if any.
    None,
    /// A ledger answered, and states what it leaves out.
    Partial,
    /// All of it.
    Full,
}

impl Coverage {
    /// Returns the coverage of facts.
    #[must_use]
    pub fn of(facts: &ChainFacts) -> Self {
        let is_whole = facts.unknown_amounts == 0
            && facts.unknown_ppm == 0
            && facts.gaps.is_empty()
            && facts.issuer_gaps.is_empty();
        match (facts.ledger && facts.unavailable.is_none(), is_whole) {
            (false, _) => Coverage::None,
            (true, false) => Coverage::Partial,
            (true, true) => Coverage::Full,
        }
    }
}

/// Returns whether a ledger answered, and yet nothing is known of the money: no tag, no share, and not where any of it came from. An answer without a
/// finding would read as "nothing found".
#[must_use]
pub fn knows_nothing(facts: &ChainFacts) -> bool {
    let nothing_found = facts.tags.is_empty() && facts.source.is_empty() && facts.destination.is_empty();
    facts.ledger && nothing_found && facts.issuer.is_empty() && facts.unknown_ppm >= 1_000_000
}

/// Returns which sources an answer rests on, and what they leave out.
pub fn coverage(facts: &ChainFacts) -> Value {
    let state = Coverage::of(facts);
    let mut coverage = json!({
        "state": state, "ledger": facts.ledger, "found": facts.found, "exposure": facts.found && state == Coverage::Full,
        "unknown_amounts": facts.unknown_amounts, "tags": facts.tags.len(),
    });
    // Account chains state what they leave out.
    if facts.unknown_ppm > 0 || !facts.gaps.is_empty() || !facts.issuer_gaps.is_empty() {
        coverage["unknown_ppm"] = facts.unknown_ppm.into();
        coverage["gaps"] = facts.gaps.iter().chain(&facts.issuer_gaps).cloned().collect::<Vec<_>>().into();
    }
    coverage
}

/// Returns a UUID (RFC 9562, version 8) that is derived from a text.
pub fn uuid(words: &[&str]) -> String {
    let mut hash = Sha256::new();
    for word in words {
        hash.update((word.len() as u64).to_le_bytes());
        hash.update(word.as_bytes());
    }
    let mut b = [0; 16];
    b.copy_from_slice(&hash.finalize()[..16]);
    b[6] = (b[6] & 0x0f) | 0x80;
    b[8] = (b[8] & 0x3f) | 0x80;
    let hex: String = b.iter().map(|b| format!("{b:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

impl Assessed<'_> {
    /// Returns US dollars for base units.
    pub fn usd(&self, base_units: u64) -> Option<f64> {
        let price = self.price?;
        let units = price.base_units.max(Amount::new(1));
        let cents = Amount::from(base_units).mul_div(price.value.into(), units)?;
        Some(cents.approximate() / 100.0)
    }

    /// Shares that carry any risk weight, of where money came from (`false`) or went (`true`), heaviest first.
    pub fn shares(&self, destination: bool) -> Vec<&Share> {
        let all = if destination { &self.facts.destination } else { &self.facts.source };
        let mut some: Vec<&Share> = all.iter().filter(|s| s.category.is_attributed()).collect();
        some.sort_by(|a, b| share_score(b).total_cmp(&share_score(a)));
        some
    }

    /// Returns the score of one side, 0 to 10; `None` when nothing of risk was found there.
    pub fn side_score(&self, destination: bool) -> Option<f64> {
        let shares = self.shares(destination).into_iter().map(share_score);
        let own = (self.facts.category.is_attributed()).then(|| weight(self.facts.category.risk()));
        shares.chain(own).reduce(f64::max).filter(|s| *s > 0.0)
    }

    /// Returns the score, 0 to 10: the highest of the address's own category, its exposures (see [`share_score`]) and the decision.
    pub fn score(&self) -> Option<f64> {
        let decided = self.decision.map(|d| verdict_weight(d.decision)).filter(|s| *s > 0.0);
        [self.side_score(false), self.side_score(true), decided].into_iter().flatten().reduce(f64::max)
    }

    /// Returns reasons of the decision.
    pub fn reasons(&self) -> &[Reason] {
        self.decision.map_or(&[], |d| &d.reasons)
    }

    /// Returns the label of the other side's weightiest tag.
    pub fn name(&self) -> Option<&str> {
        self.facts.tags.first().map(|t| t.label.as_str())
    }
}

/// Returns parts per million as a percentage.
pub(crate) fn percent(ppm: u64) -> f64 {
    ppm as f64 / 10_000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_attribution::Category;

    fn share(name: &str, direct_ppm: u64, indirect_ppm: u64) -> Share {
        let category = Category::from_name(name).unwrap();
        Share { category, direct: direct_ppm, indirect: indirect_ppm, direct_ppm, indirect_ppm }
    }

    #[test]
    fn scores_rise_with_share_and_risk() {
        let all = share_score(&share("ransomware", 1_000_000, 0));
        assert!((all - 10.0).abs() < 1e-9);
        let tenth = share_score(&share("ransomware", 100_000, 0));
        assert!((tenth - 4.64).abs() < 0.01, "{tenth}");
        assert!(share_score(&share("ransomware", 0, 100_000)) < tenth);
        assert!(share_score(&share("exchange", 1_000_000, 0)) <= 1.0);
        let facts =
            ChainFacts { source: vec![share("exchange", 1, 0), share("ransomware", 100_000, 0)], ..Default::default() };
        let price = Some(Price { base_units: Amount::new(100_000_000), value: 4_000_000 });
        let seen = Assessed { facts: &facts, decision: None, price, time: Timestamp::EPOCH };
        assert_eq!(seen.score(), Some(tenth));
        assert_eq!(seen.side_score(true), None);
        assert_eq!(seen.usd(50_000_000), Some(20_000.0));
        assert_eq!(Assessed { facts: &ChainFacts::default(), ..seen }.score(), None);
    }

    #[test]
    fn gaps_are_never_full_coverage() {
        let whole = ChainFacts { ledger: true, found: true, ..ChainFacts::default() };
        assert_eq!((&coverage(&whole)["state"], &coverage(&whole)["exposure"]), (&json!("full"), &json!(true)));
        let gap = || vec!["links before block 9 were not looked for".to_owned()];
        for partial in [
            ChainFacts { gaps: gap(), ..whole.clone() },
            ChainFacts { issuer_gaps: gap(), ..whole.clone() },
            ChainFacts { unknown_ppm: 1, ..whole.clone() },
            ChainFacts { unknown_amounts: 1, ..whole.clone() },
        ] {
            let said = coverage(&partial);
            assert_eq!((&said["state"], &said["exposure"]), (&json!("partial"), &json!(false)), "{said}");
            assert!(partial.unknown_amounts > 0 || said["gaps"].is_array(), "{said}");
        }
        let none = coverage(&ChainFacts::unavailable("the node is down"));
        assert_eq!((&none["state"], &none["exposure"]), (&json!("none"), &json!(false)));
        let unknown = ChainFacts { unknown_ppm: 1_000_000, ..whole.clone() };
        assert!(knows_nothing(&unknown) && !knows_nothing(&whole));
        assert!(!knows_nothing(&ChainFacts { source: vec![share("ransomware", 1, 0)], ..unknown }));
    }

    #[test]
    fn uuids_are_stable_and_well_formed() {
        let a = uuid(&["a", "bc"]);
        assert_eq!(a, uuid(&["a", "bc"]));
        assert_ne!(a, uuid(&["ab", "c"]));
        assert_eq!((a.len(), &a[14..15]), (36, "8"));
        assert!("89ab".contains(&a[19..20]));
    }
}
