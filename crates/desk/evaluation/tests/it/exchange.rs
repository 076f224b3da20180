//! The simulated exchange does not give its cases away: neither by what customers are nor by how much they do.

use holdfast_decision::model::{Action, CustomerType, Status};
use holdfast_decision::{Event, EventKind, RecordKind};
use holdfast_evaluation::{Exchange, Label, Options, Outcome, Variants, simulate};
use holdfast_simulate::exchange::Pattern;
use std::collections::{BTreeMap, BTreeSet};

/// Features of a customer, and whether the customer has a case.
type Row = (Vec<f64>, bool);

fn exchanges(seeds: std::ops::Range<u64>) -> Vec<Exchange> {
    seeds.map(|seed| simulate(Options { seed, ..Options::default() }).unwrap()).collect()
}

fn case_customers(made: &Exchange) -> BTreeSet<&str> {
    made.cases.iter().flat_map(|c| c.customers.iter().map(String::as_str)).collect()
}

/// Features of records: number, place in the file, signup, country, risk, year of birth, kind, industry, identity check.
fn statics(made: &Exchange) -> (Vec<String>, Vec<Row>) {
    let mut names: Vec<String> = ["number", "place", "signup", "record time", "risk", "year of birth", "business"]
        .iter()
        .chain(&["industry", "level", "check number", "document"])
        .map(|n| (*n).to_owned())
        .collect();
    let countries: BTreeSet<&String> = made.records.iter().filter_map(|r| r.country.as_ref()).collect();
    names.extend(countries.iter().map(|c| format!("lives in {c}")));
    let number = |text: &str| -> f64 {
        let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
        u64::from_str_radix(&digits[..digits.len().min(12)], 16).unwrap_or(0) as f64
    };
    let kyc: BTreeMap<&str, _> = made
        .records
        .iter()
        .filter(|r| r.kind == RecordKind::Kyc)
        .map(|r| (r.customer.as_deref().unwrap_or_default(), r))
        .collect();
    let cases = case_customers(made);
    let mut rows = Vec::new();
    for (place, r) in made.records.iter().enumerate().filter(|(_, r)| r.kind == RecordKind::Customer) {
        let check = kyc[r.id.as_str()];
        let risk = ["low", "medium", "high"].iter().position(|n| r.risk.as_deref() == Some(n));
        let mut row = vec![
            number(&r.id),
            place as f64,
            r.created.unwrap_or_default().unix() as f64,
            r.time.unix() as f64,
            risk.map_or(-1.0, |n| n as f64),
            f64::from(r.birth_year.unwrap_or(0)),
            f64::from(u8::from(r.customer_type == Some(CustomerType::Business))),
            r.industry.as_ref().map_or(0.0, |i| i.len() as f64),
            f64::from(check.level.unwrap_or(0)),
            number(&check.id),
            number(check.document.as_deref().unwrap_or_default()),
        ];
        row.extend(countries.iter().map(|c| f64::from(u8::from(r.country.as_ref() == Some(c)))));
        rows.push((row, cases.contains(r.id.as_str())));
    }
    (names, rows)
}

/// How much a customer does.
fn counts(made: &Exchange) -> (Vec<String>, Vec<Row>) {
    let names = ["events", "deposits", "withdrawals", "payments", "account events", "logins", "value in", "value out"];
    let more =
        ["largest", "mean", "other sides", "devices", "IP addresses", "days", "first", "last", "declined", "hour"];
    let names = names.iter().chain(&more).map(|n| (*n).to_owned()).collect();
    let mut by: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
    made.events.iter().for_each(|e| by.entry(&e.customer).or_default().push(e));
    let cases = case_customers(made);
    let row = |events: &Vec<&Event>| -> Vec<f64> {
        let many = |wanted: &dyn Fn(&Event) -> bool| events.iter().filter(|e| wanted(e)).count() as f64;
        let of = |kind: EventKind| many(&|e| e.kind == kind);
        let sum = |wanted: &dyn Fn(&Event) -> bool| -> f64 {
            events.iter().filter(|e| wanted(e)).map(|e| e.value.unwrap_or(0) as f64).sum()
        };
        let distinct = |what: &dyn Fn(&Event) -> Option<String>| {
            events.iter().filter_map(|e| what(e)).collect::<BTreeSet<String>>().len() as f64
        };
        let moves = many(&|e| e.value.is_some()).max(1.0);
        vec![
            events.len() as f64,
            of(EventKind::Deposit),
            of(EventKind::Withdrawal),
            of(EventKind::Payment),
            of(EventKind::Account),
            many(&|e| e.action == Some(Action::Login)),
            sum(&Event::comes_in),
            sum(&Event::goes_out),
            events.iter().filter_map(|e| e.value).max().unwrap_or(0) as f64,
            sum(&|_| true) / moves,
            distinct(&|e| e.counterparty.clone().or(e.instrument.clone())),
            distinct(&|e| e.device.clone()),
            distinct(&|e| e.ip.clone()),
            distinct(&|e| Some((e.time.unix() / 86_400).to_string())),
            events.first().map_or(0, |e| e.time.unix()) as f64,
            events.last().map_or(0, |e| e.time.unix()) as f64,
            many(&|e| e.status == Some(Status::Declined)),
            events.iter().map(|e| (e.time.unix() % 86_400) as f64).sum::<f64>() / events.len() as f64,
        ]
    };
    (names, by.into_iter().map(|(c, events)| (row(&events), cases.contains(c))).collect())
}

/// The chance that a case's customer scores above another, ties counted half (Mann-Whitney).
fn auc(scored: &[(f64, bool)]) -> f64 {
    let mut sorted = scored.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut ranks, mut at) = (0.0, 0);
    while at < sorted.len() {
        let end = at + sorted[at..].iter().take_while(|s| s.0 == sorted[at].0).count();
        let rank = (at + 1 + end) as f64 / 2.0;
        ranks += rank * sorted[at..end].iter().filter(|s| s.1).count() as f64;
        at = end;
    }
    let yes = sorted.iter().filter(|s| s.1).count() as f64;
    let no = sorted.len() as f64 - yes;
    (ranks - yes * (yes + 1.0) / 2.0) / (yes * no)
}

/// Boosted stumps by Newton steps on logistic loss: (feature, threshold, below, above).
fn boost(rows: &[&Row], rounds: usize) -> Vec<(usize, f64, f64, f64)> {
    let features = rows[0].0.len();
    let cuts: Vec<Vec<f64>> = (0..features)
        .map(|f| {
            let mut values: Vec<f64> = rows.iter().map(|r| r.0[f]).collect();
            values.sort_by(f64::total_cmp);
            let mut cuts: Vec<f64> = (1..12).map(|q| values[q * values.len() / 12]).collect();
            cuts.dedup();
            cuts
        })
        .collect();
    let bins: Vec<Vec<usize>> = (0..features)
        .map(|f| rows.iter().map(|r| cuts[f].iter().filter(|c| r.0[f] >= **c).count()).collect())
        .collect();
    let mut margin = vec![0.0f64; rows.len()];
    let mut stumps = Vec::new();
    for _ in 0..rounds {
        let grad: Vec<(f64, f64)> = rows
            .iter()
            .zip(&margin)
            .map(|(r, m)| {
                let p = 1.0 / (1.0 + (-m).exp());
                (f64::from(u8::from(r.1)) - p, p * (1.0 - p))
            })
            .collect();
        let all = grad.iter().fold((0.0, 0.0), |a, g| (a.0 + g.0, a.1 + g.1));
        let mut best = (f64::MIN, 0, 0, 0.0, 0.0);
        for f in 0..features {
            let mut sums = vec![(0.0, 0.0); cuts[f].len() + 1];
            for (bin, g) in bins[f].iter().zip(&grad) {
                sums[*bin].0 += g.0;
                sums[*bin].1 += g.1;
            }
            let mut below = (0.0, 0.0);
            for (c, sum) in sums.iter().take(cuts[f].len()).enumerate() {
                below = (below.0 + sum.0, below.1 + sum.1);
                let above = (all.0 - below.0, all.1 - below.1);
                let gain = below.0 * below.0 / (below.1 + 1.0) + above.0 * above.0 / (above.1 + 1.0);
                if gain > best.0 {
                    best = (gain, f, c, below.0 / (below.1 + 1.0), above.0 / (above.1 + 1.0));
                }
            }
        }
        let (_, f, c, low, high) = best;
        stumps.push((f, cuts[f][c], low * 0.2, high * 0.2));
        for (m, bin) in margin.iter_mut().zip(&bins[f]) {
            *m += 0.2 * if *bin <= c { low } else { high };
        }
    }
    stumps
}

/// Scores half of the customers by what the other half teaches, both ways.
fn combined(rows: &[Row]) -> f64 {
    let half = |odd: usize| rows.iter().skip(odd).step_by(2).collect::<Vec<_>>();
    let mut sum = 0.0;
    for odd in [0, 1] {
        let stumps = boost(&half(odd), 60);
        let score = |r: &Row| stumps.iter().map(|(f, cut, low, high)| if r.0[*f] < *cut { low } else { high }).sum();
        sum += auc(&half(1 - odd).into_iter().map(|r| (score(r), r.1)).collect::<Vec<_>>());
    }
    sum / 2.0
}

/// Returns how well each feature, and all together, separate case customers from others.
fn separation(name: &str, made: &[Exchange], of: fn(&Exchange) -> (Vec<String>, Vec<Row>)) -> Vec<(String, f64)> {
    let names = of(&made[0]).0;
    let rows: Vec<Row> = made.iter().flat_map(|m| of(m).1).collect();
    let mut scored: Vec<(String, f64)> = names
        .into_iter()
        .enumerate()
        .map(|(f, name)| {
            let auc = auc(&rows.iter().map(|r| (r.0[f], r.1)).collect::<Vec<_>>());
            (name, auc.max(1.0 - auc))
        })
        .collect();
    scored.push(("all together".into(), combined(&rows)));
    scored.iter().for_each(|(feature, auc)| println!("{name}: {feature}: {auc:.3}"));
    scored
}

#[test]
fn case_customers_are_not_recognized_by_their_records() {
    for (name, auc) in separation("records", &exchanges(11..14), statics) {
        assert!(auc < 0.55, "{name} separates case customers from others: {auc:.3}");
    }
}

#[test]
fn case_customers_are_not_recognized_by_how_much_they_do() {
    for (name, auc) in separation("counts", &exchanges(11..14), counts) {
        assert!(auc < 0.80, "{name} separates case customers from others: {auc:.3}");
    }
}

/// What a movement is of those before it, in ten-thousandths: of the last one in and the last one out, and of all that came in within a day, three and seven.
fn ratios(before: &[&Event], of: &Event) -> Vec<(&'static str, u64)> {
    let last = |wanted: fn(&Event) -> bool| before.iter().rev().find(|e| wanted(e)).and_then(|e| e.value);
    let since = |days: i64| -> u64 {
        let recent = before.iter().rev().take_while(|e| e.time.unix() > of.time.unix() - days * 86_400);
        recent.filter(|e| e.comes_in()).filter_map(|e| e.value).sum()
    };
    let all = [
        ("the last in", last(Event::comes_in).unwrap_or(0)),
        ("the last out", last(Event::goes_out).unwrap_or(0)),
        ("those in of a day", since(1)),
        ("those in of three days", since(3)),
        ("those in of seven days", since(7)),
    ];
    let value = of.value.unwrap_or(0) as f64;
    let all = all.into_iter().filter(|a| a.1 > 0);
    all.map(|(name, base)| (name, (value * 10_000.0 / base as f64).round() as u64)).collect()
}

/// Amounts give no typology away by one number: no ratio between amounts is common in its cases and rare in ordinary life.
#[test]
fn no_single_ratio_of_amounts_separates_cases_from_ordinary_life() {
    // Movements by typology (None is ordinary life), direction and what they are held against; then how many have which ratio.
    type Ratios = BTreeMap<u64, usize>;
    let mut seen: BTreeMap<(bool, &str), BTreeMap<Option<Pattern>, Ratios>> = BTreeMap::new();
    for made in exchanges(11..15) {
        let case_of: BTreeMap<&str, Pattern> =
            made.cases.iter().flat_map(|c| c.events.iter().map(|e| (e.as_str(), c.typology))).collect();
        let mut by: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
        for event in made.events.iter().filter(|e| e.value.is_some_and(|v| v > 0)) {
            let before = by.entry(&event.customer).or_default();
            for (name, ratio) in ratios(before, event) {
                let all = seen.entry((event.goes_out(), name)).or_default();
                *all.entry(case_of.get(event.id.as_str()).copied()).or_default().entry(ratio).or_default() += 1;
            }
            before.push(event);
        }
    }
    let (mut judged, mut worst) = (0, (0.0, String::new()));
    for ((goes_out, name), by_typology) in &seen {
        let ordinary = &by_typology[&None];
        let many: usize = ordinary.values().sum();
        for (typology, of_cases) in by_typology.iter().filter_map(|(t, r)| t.map(|t| (t, r))) {
            let movements: usize = of_cases.values().sum();
            if movements < 40 {
                continue;
            }
            judged += 1;
            // Below and above, many amounts round to one number.
            for (ratio, count) in of_cases.range(500..50_000) {
                let share = *count as f64 / movements as f64;
                let usual = ordinary.get(ratio).copied().unwrap_or(0) as f64 / many as f64;
                if share - usual > worst.0 {
                    let what = if *goes_out { "out" } else { "in" };
                    let text = format!(
                        "{typology:?}: {count} of {movements} movements {what} are {ratio} ten-thousandths of {name}; {usual:.4} in ordinary life"
                    );
                    worst = (share - usual, text);
                }
            }
        }
    }
    println!("{judged} comparisons; worst: {worst:?}");
    assert!(judged > 40, "{judged} comparisons");
    assert!(worst.0 < 0.08, "{}", worst.1);
}

#[test]
fn case_customers_live_before_and_after() {
    let made = simulate(Options { seed: 5, ..Options::default() }).unwrap();
    for case in &made.cases {
        let of_case: BTreeSet<&str> = case.events.iter().map(String::as_str).collect();
        for customer in &case.customers {
            let own = || made.events.iter().filter(|e| e.customer == *customer && !of_case.contains(e.id.as_str()));
            // Accounts of a ring that signs up together begin with the case.
            let born = case.variant == "one_device";
            assert!(born || own().any(|e| e.time.unix() < case.begun), "{customer} has no life before {case:?}");
            assert!(own().any(|e| e.time.unix() > case.ended), "{customer} has no life after {case:?}");
        }
        assert!(!case.events.is_empty() && case.begun <= case.ended, "{case:?}");
    }
}

#[test]
fn every_typology_off_chain_has_variants_that_are_held_out() {
    let made = simulate(Options { seed: 6, customers: 500, ..Options::default() }).unwrap();
    for typology in Pattern::ALL.iter().copied() {
        if [Pattern::PeelChain, Pattern::MixerExposure, Pattern::CoinjoinExposure].contains(&typology) {
            continue; // tests/chain.rs
        }
        let of = |held_out: bool| -> BTreeSet<&str> {
            let fits = made.cases.iter().filter(|c| c.typology == typology && c.held_out == held_out);
            fits.map(|c| c.variant.as_str()).collect()
        };
        assert!(of(false).len() >= 2 && !of(true).is_empty(), "{typology:?}: {:?} {:?}", of(false), of(true));
        assert!(of(false).is_disjoint(&of(true)));
    }
    for (variants, held_out) in [(Variants::Tuned, false), (Variants::HeldOut, true)] {
        let made = simulate(Options { seed: 6, customers: 200, cases: 4, variants, ..Options::default() }).unwrap();
        assert!(made.cases.iter().all(|c| c.held_out == held_out) && made.cases.len() == 13 * 4);
    }
}

#[test]
fn labels_are_late_incomplete_and_sometimes_wrong() {
    let made = simulate(Options { seed: 7, ..Options::default() }).unwrap();
    let truth: BTreeMap<&str, Pattern> =
        made.cases.iter().flat_map(|c| c.customers.iter().map(|p| (p.as_str(), c.typology))).collect();
    let confirmed = |l: &&Label| l.outcome == Outcome::Confirmed;
    let right = |l: &&Label| truth.get(l.customer.as_str()) == Some(&l.typology);
    let end = Options::default().start + 60 * 86_400;
    let all: Vec<&Label> = made.labels.iter().filter(confirmed).collect();
    let known: BTreeSet<&str> = all.iter().filter(|l| right(l)).map(|l| l.customer.as_str()).collect();
    assert!(
        known.len() * 10 > truth.len() * 6 && known.len() * 10 < truth.len() * 9,
        "{} of {}",
        known.len(),
        truth.len()
    );
    assert!(all.iter().filter(|l| !right(l)).count() * 50 > all.len(), "some labels are wrong");
    assert!(all.iter().filter(|l| l.known_at > end).count() * 10 > all.len(), "some labels come after the last day");
    for label in all.iter().filter(|l| right(l)) {
        let case = made.cases.iter().find(|c| c.customers.contains(&label.customer)).unwrap();
        assert!(label.known_at > case.ended, "{label:?} is known before {case:?}");
    }
    let cleared = made.labels.iter().filter(|l| l.outcome == Outcome::Cleared && right(l)).count();
    assert!(cleared > 0, "some are cleared wrongly");
}
