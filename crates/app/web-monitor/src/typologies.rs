//! Typologies: what each means, which rules of the book in force speak of it, and how often those were right.

use axum::extract::State;
use holdfast_decision::Typology;
use holdfast_decision::rules::Rule;
use holdfast_page::components::{N, T, table, word};
use holdfast_page::frame::{Frame, Page};
use holdfast_page::places::segment;
use holdfast_page::texts::t;
use holdfast_screening::alerts::RuleStatistics;
use holdfast_state::AppState;
use holdfast_state::blocking::run_blocking;
use maud::html;

const RULES: &str = "/desk/rules";

/// Whether a rule's expression speaks of a typology: of it alone, not of one whose name goes on.
fn speaks_of(rule: &Rule, typology: Typology) -> bool {
    let name = format!("typology.{}", typology.name());
    let goes_on = |c: char| c.is_ascii_alphanumeric() || c == '_';
    rule.when.match_indices(&name).any(|(at, _)| !rule.when[at + name.len()..].starts_with(goes_on))
}

/// Hits, and alerts that were right and wrong, of some rules in the versions that are in force.
fn sums(rules: &[&Rule], statistics: &[RuleStatistics]) -> (u64, u64, u64) {
    let own = statistics.iter().filter(|s| rules.iter().any(|r| r.id == s.rule && r.version == s.version));
    own.fold((0, 0, 0), |(hits, right, wrong), s| (hits + s.hits, right + s.true_positives, wrong + s.false_positives))
}

/// Shows all typologies.
pub(crate) async fn page(State(shared): State<AppState>, frame: Frame) -> Page {
    let (book, statistics) =
        run_blocking(move || Ok((shared.screening.book(), shared.screening.rule_statistics()?))).await?;
    let heads =
        [T("common-typology"), T("typology-meaning"), T("typology-rules"), N("typology-hits"), N("dash-precision")];
    let row = |typology: &Typology| {
        let rules: Vec<&Rule> = book.file.rules.iter().filter(|r| speaks_of(r, *typology)).collect();
        let (hits, right, wrong) = sums(&rules, &statistics);
        html! { tr {
            td { strong { (word(typology.name())) } }
            td { (typology.definition().trim()) }
            td { @if rules.is_empty() { (t!("typology-no-rule")) } @else { ul { @for r in &rules { li {
                a href={(RULES) "#rule-" (segment(&r.id))} { (r.id) } " (" (word(r.state.name())) ")"
            } } } } }
            td.n { (hits) }
            td.n { @if right + wrong > 0 { (right * 100 / (right + wrong)) " % (" (right) " / " (right + wrong) ")" } @else { (t!("typology-unmeasured")) } }
        } }
    };
    let body = html! {
        p { a href=(RULES) { (t!("rules-title")) } }
        p.note { (t!("typology-about")) }
        (table(&heads, Typology::ALL, row))
    };
    Ok(frame.desk(&t!("typology-title"), RULES, body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_decision::RuleBook;

    #[test]
    fn every_typology_is_spoken_of_by_the_shipped_book() {
        let book = RuleBook::standard();
        for typology in Typology::ALL {
            assert!(book.rules().iter().any(|r| speaks_of(r, *typology)), "{}", typology.name());
        }
        let mut rule = book.rules()[0].clone();
        rule.when = format!("typology.{}_not", Typology::ALL[0].name());
        assert!(!speaks_of(&rule, Typology::ALL[0]));
    }
}
