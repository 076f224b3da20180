//! What is known of something that is watched, and what is new since.

use super::Conditions;
use holdfast_types::Amount;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What an address holds of an asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    /// Changes whenever money moves.
    pub mark: String,
    /// Base units that came so far; on account chains those that are there. None where it is not known.
    pub amount: Option<Amount>,
}

/// What is known of something that is watched.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// By chain and asset.
    pub holdings: BTreeMap<String, Holding>,
    /// Labels of tags, with their sources.
    pub tags: BTreeSet<String>,
    /// Categories that money came from or went to.
    pub touches: BTreeSet<String>,
    /// Addresses of the entity.
    pub addresses: u64,
    /// Number of the customer's latest event.
    pub event: u64,
    /// What could not be looked up, in sentences.
    pub gaps: Vec<String>,
    /// Whether a look-up failed, so that what is missing may be there: none of it is a basis for what is new.
    #[serde(skip)]
    pub failed: bool,
}

/// What is new: kind of the notification, and its text.
pub(super) type News = Vec<(&'static str, String)>;

impl Seen {
    /// Notes a look-up that failed. What is never known, such as a chain's standing gaps, goes to `gaps` alone.
    pub fn fail(&mut self, why: String) {
        self.gaps.push(why);
        self.failed = true;
    }

    /// Returns what is new against an earlier check, by conditions. `value` gives the worth of base units of an asset (the part behind the last space of a
    /// holding's name), where it has a price. What is missing because it could not be looked up is not new, and not gone.
    pub(super) fn news(&self, before: &Seen, when: &Conditions, value: &dyn Fn(&str, Amount) -> Option<u64>) -> News {
        let mut news = News::new();
        let moved: Vec<(&String, &Holding, Option<&Holding>)> = (self.holdings.iter())
            .map(|(name, now)| (name, now, before.holdings.get(name)))
            .filter(|(_, now, old)| old.is_none_or(|old| old.mark != now.mark))
            .collect();
        if when.moves {
            for (name, ..) in &moved {
                news.push(("watch.moves", format!("money moved: {name}")));
            }
            if self.addresses > before.addresses && before.addresses > 0 {
                news.push((
                    "watch.moves",
                    format!("its entity has {} addresses, {} before", self.addresses, before.addresses),
                ));
            }
            if self.event > before.event {
                news.push(("watch.active", format!("events were decided, the latest is number {}", self.event)));
            }
        }
        if let Some(most) = when.receives_above {
            for (name, now, old) in &moved {
                news.extend(received(name, now, *old, most, value).map(|text| ("watch.receives", text)));
            }
        }
        let wanted: BTreeSet<&str> = when.touches.iter().map(String::as_str).collect();
        for category in self.touches.difference(&before.touches).filter(|c| wanted.contains(c.as_str())) {
            news.push(("watch.touches", format!("money from or to the category {}", category.replace('_', " "))));
        }
        if when.new_tag {
            news.extend(self.tags.difference(&before.tags).map(|tag| ("watch.tagged", format!("new tag: {tag}"))));
        }
        news
    }

    /// Returns it with what could not be looked up this time as it was before, so that it is not new once it can be.
    pub(super) fn or(mut self, before: Option<Seen>) -> Seen {
        if let (Some(before), false) = (before, self.gaps.is_empty()) {
            for (name, holding) in before.holdings {
                self.holdings.entry(name).or_insert(holding);
            }
            self.tags.extend(before.tags);
            self.touches.extend(before.touches);
            self.addresses = self.addresses.max(before.addresses);
            self.event = self.event.max(before.event);
        }
        self
    }
}

/// What came since, where it is more than a value or its value is not known.
fn received(
    name: &str,
    now: &Holding,
    old: Option<&Holding>,
    most: u64,
    value: &dyn Fn(&str, Amount) -> Option<u64>,
) -> Option<String> {
    let before = old.map_or(Some(Amount::ZERO), |old| old.amount);
    let (Some(amount), Some(before)) = (now.amount, before) else {
        return Some(format!("money moved, its amount is not known: {name}"));
    };
    let more = amount.excess_over(before);
    if more.is_zero() {
        return None;
    }
    let asset = name.rsplit(' ').next().unwrap_or(name);
    match value(asset, more) {
        Some(worth) if worth <= most => None,
        Some(worth) => Some(format!("received {}.{:02} in the reference currency: {name}", worth / 100, worth % 100)),
        None => Some(format!("received money without a price: {name}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(mark: &str, amount: Option<u128>) -> Seen {
        let holding = Holding { mark: mark.into(), amount: amount.map(Amount::new) };
        Seen { holdings: BTreeMap::from([("bitcoin BTC".to_owned(), holding)]), ..Seen::default() }
    }

    fn worth(asset: &str, amount: Amount) -> Option<u64> {
        (asset == "BTC").then(|| u64::try_from(amount).ok()).flatten()
    }

    #[test]
    fn what_is_new_is_told_by_the_conditions() {
        let all =
            Conditions { moves: true, receives_above: Some(100), touches: vec!["sanction".into()], new_tag: true };
        let before = seen("1", Some(50));
        assert!(before.news(&before, &all, &worth).is_empty());
        let kinds = |now: &Seen| now.news(&before, &all, &worth).iter().map(|n| n.0).collect::<Vec<_>>();
        assert_eq!(kinds(&seen("2", Some(150))), ["watch.moves"], "100 is not above 100");
        assert_eq!(kinds(&seen("2", Some(151))), ["watch.moves", "watch.receives"]);
        assert_eq!(kinds(&seen("2", None)), ["watch.moves", "watch.receives"], "an unknown amount is no small one");
        let mut tagged = before.clone();
        tagged.tags.insert("Locky (pack)".into());
        tagged.touches.extend(["sanction".to_owned(), "exchange".to_owned()]);
        assert_eq!(kinds(&tagged), ["watch.touches", "watch.tagged"]);
        let none = Conditions::default();
        assert!(tagged.news(&before, &none, &worth).is_empty());
    }

    #[test]
    fn a_price_that_is_missing_is_told() {
        let when = Conditions { receives_above: Some(u64::MAX), ..Conditions::default() };
        let news = seen("2", Some(9)).news(&seen("1", Some(0)), &when, &|_, _| None);
        assert!(news.len() == 1 && news[0].1.contains("without a price"), "{news:?}");
    }

    #[test]
    fn what_could_not_be_looked_up_is_not_new_later() {
        let before = seen("1", Some(50));
        let gap = Seen { gaps: vec!["bitcoin does not answer".into()], ..Seen::default() }.or(Some(before.clone()));
        assert_eq!(gap.holdings, before.holdings);
        let all = Conditions { moves: true, receives_above: Some(0), ..Conditions::default() };
        assert!(before.news(&gap, &all, &worth).is_empty());
    }
}
