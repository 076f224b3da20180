//! Effect of the messages: differences between people who got one and people who were held out, with their intervals.

use super::*;
use holdfast_models::metrics::wilson;

/// A figure with the interval that holds it with 95% confidence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// Best estimate.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// One arm of a campaign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Arm {
    /// People.
    pub people: u64,
    /// People who paid a scam after the start.
    pub paid_again: u64,
    /// What they paid, minor units of the reference currency.
    pub value: u64,
    /// Withdrawals to scams that were held or cancelled.
    pub stopped: u64,
    /// Value of these.
    pub stopped_value: u64,
}

/// What a campaign did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Effect {
    /// People who got the message.
    pub told: Arm,
    /// People who were held out.
    pub held_out: Arm,
    /// Reduction of the share that paid again among those who received the message, in percentage points (Newcombe 1998, hybrid score interval).
    pub fewer_payers: Option<Estimate>,
    /// Value saved by the messages, minor units (Welch's interval on the means, times the people who received one).
    pub value_kept: Option<Estimate>,
    /// Summary in English, with what may be concluded.
    pub words: String,
}

/// Payments of a person after the start of a campaign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Payments that went out.
    pub paid: u64,
    /// Their value.
    pub value: u64,
    /// Withdrawals that were held, cancelled or refused.
    pub stopped: u64,
    /// Their value.
    pub stopped_value: u64,
}

/// Returns the difference of two shares with its interval (Newcombe 1998, method 10).
#[must_use]
pub fn share_difference(hits: (u64, u64), of: (u64, u64)) -> Option<Estimate> {
    if of.0 == 0 || of.1 == 0 {
        return None;
    }
    let (x, y, m, n) = (hits.0 as f64, hits.1 as f64, of.0 as f64, of.1 as f64);
    let (p, q) = (x / m, y / n);
    let (first, second) = (wilson(x, m), wilson(y, n));
    let value = p - q;
    Some(Estimate {
        value,
        low: value - ((p - first.low).powi(2) + (second.high - q).powi(2)).sqrt(),
        high: value + ((first.high - p).powi(2) + (q - second.low).powi(2)).sqrt(),
    })
}

/// Returns the difference of two means with its interval (Welch 1947).
#[must_use]
pub fn mean_difference(a: &[f64], b: &[f64]) -> Option<Estimate> {
    if a.len() < 2 || b.len() < 2 {
        return None;
    }
    let moments = |x: &[f64]| {
        let n = x.len() as f64;
        let mean = x.iter().sum::<f64>() / n;
        (mean, x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0) / n, n)
    };
    let ((p, v, m), (q, w, n)) = (moments(a), moments(b));
    let (value, error) = (p - q, (v + w).sqrt());
    if error == 0.0 {
        return Some(Estimate { value, low: value, high: value });
    }
    let freedom = (v + w).powi(2) / (v * v / (m - 1.0) + w * w / (n - 1.0));
    let t = StudentsT::new(0.0, 1.0, freedom).ok()?.inverse_cdf(0.975);
    Some(Estimate { value, low: value - t * error, high: value + t * error })
}

/// Returns what a campaign did, computed from what the people of its arms did.
#[must_use]
pub fn effect(told: &[Outcome], held_out: &[Outcome]) -> Effect {
    let sum = |all: &[Outcome]| Arm {
        people: all.len() as u64,
        paid_again: all.iter().filter(|o| o.paid > 0).count() as u64,
        value: all.iter().map(|o| o.value).sum(),
        stopped: all.iter().map(|o| o.stopped).sum(),
        stopped_value: all.iter().map(|o| o.stopped_value).sum(),
    };
    let (t, h) = (sum(told), sum(held_out));
    let scaled = |e: Estimate, by: f64| Estimate { value: e.value * by, low: e.low * by, high: e.high * by };
    let fewer = share_difference((h.paid_again, t.paid_again), (h.people, t.people)).map(|e| scaled(e, 100.0));
    let values = |all: &[Outcome]| all.iter().map(|o| o.value as f64).collect::<Vec<_>>();
    let saved = mean_difference(&values(held_out), &values(told)).map(|e| scaled(e, t.people as f64));
    let words = match fewer {
        None => "Nobody was held out, so that nothing can be compared.".to_owned(),
        Some(e) => {
            let verdict = match (e.low > 0.0, e.high < 0.0) {
                (true, _) => "the messages kept people from paying",
                (_, true) => "those who received it paid more often: stop and find out why",
                _ => "this may be chance; more people or more time would show it",
            };
            let points = |v: f64| format!("{v:.1}");
            format!(
                "Of {} who received it {} paid again, of {} held out {}: {} percentage points fewer (95%: {} to {}); {verdict}.",
                t.people,
                t.paid_again,
                h.people,
                h.paid_again,
                points(e.value),
                points(e.low),
                points(e.high)
            )
        }
    };
    Effect { told: t, held_out: h, fewer_payers: fewer, value_kept: saved, words }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaigns::templates::shipped;
    use holdfast_simulate::random::Random;

    #[test]
    fn differences_are_those_of_the_literature() {
        // Newcombe 1998, table II, method 10: 56/70 against 48/80.
        let e = share_difference((56, 48), (70, 80)).unwrap();
        assert!(
            (e.value - 0.2).abs() < 1e-9 && (e.low - 0.0524).abs() < 5e-5 && (e.high - 0.3339).abs() < 5e-5,
            "{e:?}"
        );
        // And 9/10 against 3/10.
        let e = share_difference((9, 3), (10, 10)).unwrap();
        assert!((e.low - 0.1705).abs() < 5e-5 && (e.high - 0.8090).abs() < 5e-5, "{e:?}");
        assert_eq!(share_difference((0, 0), (0, 10)), None);
        // Welch: equal means, unequal spread; checked with R's t.test.
        let e = mean_difference(&[1.0, 2.0, 3.0, 4.0, 5.0], &[0.0, 3.0, 6.0]).unwrap();
        assert!((e.value - 0.0).abs() < 1e-9 && e.low < -4.0 && (e.low + e.high).abs() < 1e-9, "{e:?}");
        assert_eq!(mean_difference(&[1.0], &[1.0, 2.0]), None);
    }

    /// The stated interval holds the truth about 19 times in 20, with an effect and without one.
    #[test]
    fn intervals_hold_the_truth() {
        let mut random = Random::new(11);
        for (told_pays, held_pays) in [(300, 300), (150, 300)] {
            let (mut shares, mut values, runs) = (0, 0, 400);
            for _ in 0..runs {
                let mut draw = |permille: u64, n: usize| -> Vec<Outcome> {
                    (0..n)
                        .map(|_| match random.permille(permille) {
                            true => Outcome { paid: 1, value: random.between(10_000, 90_000), ..Outcome::default() },
                            false => Outcome::default(),
                        })
                        .collect()
                };
                let (told, held) = (draw(told_pays, 800), draw(held_pays, 200));
                let found = effect(&told, &held);
                let truth = (held_pays as f64 - told_pays as f64) / 10.0;
                let e = found.fewer_payers.unwrap();
                shares += usize::from(e.low <= truth && truth <= e.high);
                let truth = truth / 100.0 * 50_000.0 * 800.0;
                let e = found.value_kept.unwrap();
                values += usize::from(e.low <= truth && truth <= e.high);
            }
            for held in [shares, values] {
                assert!((365..=395).contains(&held), "{held} of {runs}");
            }
        }
    }

    #[test]
    fn nobody_held_out_proves_nothing() {
        let found = effect(&[Outcome::default(); 5], &[]);
        assert!(found.fewer_payers.is_none() && found.words.contains("Nobody was held out"));
    }

    #[test]
    fn shipped_messages_have_no_links() {
        for scam in Scam::ALL {
            for lang in holdfast_decision::warnings::LANGUAGES {
                let t = shipped(scam, lang);
                assert!(t.body.contains("{partner}") && !t.body.contains("http"), "{t:?}");
            }
        }
    }
}
