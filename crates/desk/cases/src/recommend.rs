//! Recommendations: what cases have in common becomes a proposal to the AML, KYC or platform team, with the evidence, the count of cases that the
//! change would have stopped (found by replaying the rules over history), and what became of it.

use crate::CaseError;
use crate::Cases;
use crate::case::Person;
use holdfast_decision::model::text_ok;
use holdfast_decision::rules::RuleBook;
use holdfast_screening::replay::test_rules;
use holdfast_store::{DbError, Row, number, parse};
use holdfast_types::ids::{CaseId, RecommendationId};
use holdfast_types::named;
use holdfast_types::{Invalid, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use utoipa::ToSchema;

named! {
    /// Team that is to change something.
    pub enum Team {
        /// Rules and monitoring.
        Aml,
        /// Who may become a customer, and how that is checked.
        Kyc,
        /// The product: sign-in, sessions, withdrawals.
        Platform,
    }
}

/// What several cases have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Typology of the cases.
    pub typology: String,
    /// The team that it is for most likely.
    pub team: Team,
    /// The cases.
    pub cases: Vec<CaseId>,
    /// Customers in them.
    pub subjects: u64,
    /// Recommendations made about it.
    pub recommendations: Vec<RecommendationId>,
}

/// A proposal to be created.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Proposal {
    /// To whom.
    pub team: Team,
    /// Title.
    pub title: String,
    /// Typology of the cases that it rests on.
    pub typology: String,
    /// What should change, and why.
    pub text: String,
    /// A rule book (YAML) with the change, to be replayed over history; without one, nothing is counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<String>,
}

/// Longest replay of a proposal's rule book.
const REPLAY_TIME: std::time::Duration = std::time::Duration::from_secs(60);

/// What a change would have done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// Events replayed.
    pub events: u64,
    /// Events decided otherwise.
    pub changed: u64,
    /// Cases of the typology with a customer of whom an event would be decided more strictly.
    pub cases_stopped: Vec<CaseId>,
    /// Customers decided more strictly who are in no such case: what the change costs.
    pub others: u64,
}

named! {
    /// State of a recommendation.
    pub enum RecommendationState {
        /// It waits for the team.
        Proposed,
        /// The team will do it.
        Accepted,
        /// The team will not.
        Declined,
        /// It is done.
        Done,
    }
}

/// A recommendation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recommendation {
    /// Number.
    pub id: RecommendationId,
    /// The proposal.
    pub proposal: Proposal,
    /// Cases that it rests on.
    pub cases: Vec<CaseId>,
    /// What the change would have done.
    pub effect: Option<Effect>,
    /// proposed, accepted, declined, done.
    pub state: RecommendationState,
    /// Unix seconds.
    pub created: Timestamp,
    /// Who proposed it.
    pub created_by: String,
    /// Who changed its state last, and when.
    pub changed_by: String,
    /// When.
    pub changed: Timestamp,
    /// Comment of that change.
    pub note: String,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    proposal: Proposal,
    cases: Vec<CaseId>,
    effect: Option<Effect>,
}

const COLUMNS: &str = "SELECT id, body, state, created, created_by, changed, changed_by, note FROM recommendations";

fn recommendation(row: &Row) -> Result<Recommendation, DbError> {
    let text = |i| row.text(i).map(str::to_owned);
    let Stored { proposal, cases, effect } = parse("recommendation", row.text(1)?)?;
    Ok(Recommendation {
        id: row.number(0)?,
        proposal,
        cases,
        effect,
        state: row.named(2)?,
        created: row.time(3)?,
        created_by: text(4)?,
        changed: row.time(5)?,
        changed_by: text(6)?,
        note: text(7)?,
    })
}

/// The team that a typology is for: fakes are stopped at the door, takeovers at the sign-in, the rest by rules.
fn team_of(typology: &str) -> Team {
    let has = |words: &[&str]| words.iter().any(|w| typology.contains(w));
    if has(&["fake", "mule", "identity", "document", "kyc"]) {
        Team::Kyc
    } else if has(&["takeover", "phish", "sim_swap", "device"]) {
        Team::Platform
    } else {
        Team::Aml
    }
}

impl Cases<'_> {
    /// Customers by case of a typology (of all, without one).
    fn by_typology(&self) -> Result<BTreeMap<String, BTreeMap<CaseId, BTreeSet<String>>>, CaseError> {
        let sql = "SELECT c.typology, c.id, i.key FROM cases c LEFT JOIN case_items i ON i.case_id = c.id AND i.kind = 'subject'
            AND i.withdrawn IS NULL WHERE c.typology IS NOT NULL ORDER BY c.typology, c.id LIMIT 100000";
        let mut found: BTreeMap<String, BTreeMap<CaseId, BTreeSet<String>>> = BTreeMap::new();
        for row in &self.read(|db| db.query(sql, &[]))? {
            let subjects = found.entry(row.text(0)?.to_owned()).or_default().entry(row.number(1)?).or_default();
            subjects.extend(row.text_or_null(2).map(str::to_owned));
        }
        Ok(found)
    }

    /// Returns what cases have in common, by typology, those with most cases first; names of subjects are not given.
    ///
    /// # Errors
    /// [`CaseError`] when the database fails.
    pub fn findings(&self, actor: &str) -> Result<Vec<Finding>, CaseError> {
        self.note_look("findings.read", "cases", actor)?;
        let made = self.recommendations()?;
        let mut list: Vec<Finding> = self
            .by_typology()?
            .into_iter()
            .map(|(typology, cases)| Finding {
                team: team_of(&typology),
                subjects: cases.values().flatten().collect::<BTreeSet<_>>().len() as u64,
                cases: cases.keys().copied().collect(),
                recommendations: made.iter().filter(|r| r.proposal.typology == typology).map(|r| r.id).collect(),
                typology,
            })
            .collect();
        list.sort_by(|a, b| b.cases.len().cmp(&a.cases.len()).then(a.typology.cmp(&b.typology)));
        Ok(list)
    }

    /// Creates a recommendation. Where it has a rule book, all history is replayed under it.
    ///
    /// # Errors
    /// [`CaseError`]; a typology of no case is refused.
    pub fn recommend(&self, proposal: Proposal, person: &Person) -> Result<Recommendation, CaseError> {
        for (field, text) in [("title", &proposal.title), ("typology", &proposal.typology)] {
            text_ok(field, text)?;
        }
        holdfast_requests::request::free_text_ok("text", &proposal.text, 100_000)?;
        let cases = self.by_typology()?.remove(&proposal.typology).unwrap_or_default();
        if cases.is_empty() {
            return Err(Invalid::new("typology", format!("no case has the typology '{}'", proposal.typology)).into());
        }
        let effect = match &proposal.rules {
            None => None,
            Some(yaml) => {
                let book = RuleBook::parse(yaml, 0)?;
                let begun = std::time::Instant::now();
                let test = test_rules(self.screening, &book, &mut |_| match begun.elapsed() < REPLAY_TIME {
                    true => ControlFlow::Continue(()),
                    false => ControlFlow::Break(()),
                })?;
                if test.stopped {
                    let text = format!(
                        "more history than {} seconds replay; try the book with `holdfast rules test`",
                        REPLAY_TIME.as_secs()
                    );
                    return Err(Invalid::new("rules", text).into());
                }
                let hit = |subjects: &BTreeSet<String>| subjects.iter().any(|s| test.stricter.contains(s));
                let inside: BTreeSet<&String> = cases.values().flatten().collect();
                Some(Effect {
                    events: test.events,
                    changed: test.changed,
                    cases_stopped: cases.iter().filter(|(_, s)| hit(s)).map(|(id, _)| *id).collect(),
                    others: test.stricter.iter().filter(|c| !inside.contains(c)).count() as u64,
                })
            }
        };
        let stored = Stored { cases: cases.into_keys().collect(), proposal, effect };
        self.transact(&person.name, move |tx| {
            let (id, now, actor) = (tx.next_id("recommendations")?, tx.now(), tx.actor().to_owned());
            let team = json!(stored.proposal.team);
            let body = json!(stored).to_string();
            let row = [
                id.into(),
                team.as_str().unwrap_or_default().into(),
                stored.proposal.title.as_str().into(),
                body.as_str().into(),
                now.into(),
                actor.as_str().into(),
                now.into(),
                actor.as_str().into(),
            ];
            tx.db().execute(
                "INSERT INTO recommendations (id, team, title, body, state, created, created_by, changed, changed_by, note)
                 VALUES ($1, $2, $3, $4, 'proposed', $5, $6, $7, $8, '')",
                &row,
            )?;
            tx.audit("recommendation.made", &format!("recommendation:{id}"), &json!({ "cases": stored.cases }).to_string());
            let rows = tx.db().query(&format!("{COLUMNS} WHERE id = $1"), &[id.into()])?;
            rows.first().map(recommendation).transpose()?.ok_or_else(|| CaseError::NotFound(format!("recommendation {id}")))
        })
    }

    /// Returns recommendations, newest first, at most 1,000.
    ///
    /// # Errors
    /// [`CaseError`] when the database fails.
    pub fn recommendations(&self) -> Result<Vec<Recommendation>, CaseError> {
        self.read(|db| {
            db.query(&format!("{COLUMNS} ORDER BY id DESC LIMIT 1000"), &[])?.iter().map(recommendation).collect()
        })
    }

    /// Records what became of a recommendation: accepted, declined, done.
    ///
    /// # Errors
    /// [`CaseError::NotFound`] for an unknown recommendation; [`CaseError::Invalid`] names the field.
    pub fn follow_up(
        &self,
        id: RecommendationId,
        state: RecommendationState,
        note: &str,
        person: &Person,
    ) -> Result<Recommendation, CaseError> {
        text_ok("note", note)?;
        let note = note.to_owned();
        self.transact(&person.name, move |tx| {
            let (now, actor) = (tx.now(), tx.actor().to_owned());
            let row = [state.as_ref().into(), now.into(), actor.into(), note.as_str().into(), number(id)];
            let sql = "UPDATE recommendations SET state = $1, changed = $2, changed_by = $3, note = $4 WHERE id = $5";
            if tx.db().execute(sql, &row)? == 0 {
                return Err(CaseError::NotFound(format!("recommendation {id}")));
            }
            tx.audit(
                "recommendation.followed_up",
                &format!("recommendation:{id}"),
                &json!({ "state": state, "note": note }).to_string(),
            );
            let rows = tx.db().query(&format!("{COLUMNS} WHERE id = $1"), &[number(id)])?;
            rows.first()
                .map(recommendation)
                .transpose()?
                .ok_or_else(|| CaseError::NotFound(format!("recommendation {id}")))
        })
    }
}
