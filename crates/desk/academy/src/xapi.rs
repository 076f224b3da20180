//! Statements of learning by xAPI 1.0.3 (Advanced Distributed Learning), for a learning record store.

use crate::Academy;
use crate::AcademyError;
use crate::attempts::{answers_of, attempts_where};
use crate::classes::Learner;
use crate::labs::PASS;
use holdfast_store::number;
use holdfast_types::ids::CourseSessionId;
use holdfast_types::{Seconds, Timestamp};
use serde_json::{Value, json};

/// Most statements of one request to a learning record store.
pub const BATCH: usize = 200;
/// Version of the specification, as the header `X-Experience-API-Version` states it.
pub const VERSION: &str = "1.0.3";

/// Posts statements to a learning record store (xAPI 1.0.3 part three, 2.1.2), `to` its endpoint such as `https://lrs.example.org/xAPI`. Returns how
/// many; a statement that is sent again has the same id.
///
/// # Errors
/// [`AcademyError::State`] with the store's answer.
pub fn send(statements: &[Value], to: &str, user: &str, password: &str) -> Result<usize, AcademyError> {
    use base64::Engine;
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    let config = ureq::Agent::config_builder().timeout_global(Some(std::time::Duration::from_secs(30)));
    let agent: ureq::Agent = config.http_status_as_error(false).build().into();
    let url = format!("{}/statements", to.trim_end_matches('/'));
    let failed = |what: String| AcademyError::State(format!("{url}: {what}"));
    for batch in statements.chunks(BATCH) {
        let request = agent.post(&url).header("X-Experience-API-Version", VERSION);
        let request = request.header("Authorization", format!("Basic {basic}"));
        let mut answer = request.send_json(batch).map_err(|e| failed(e.to_string()))?;
        if !answer.status().is_success() {
            let text = answer.body_mut().with_config().limit(64 << 10).read_to_string().unwrap_or_default();
            return Err(failed(format!("{} {}", answer.status(), text.chars().take(400).collect::<String>())));
        }
    }
    Ok(statements.len())
}

const VERBS: &str = "http://adlnet.gov/expapi/verbs";

impl Academy<'_> {
    fn statement_id(&self, name: &str) -> String {
        // The same occurrence has the same id, however often it is sent.
        uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, format!("{}/{name}", self.site).as_bytes()).to_string()
    }

    /// Returns the statements about a session, in order of time: registered, attended, answered, completed, passed or failed, earned.
    ///
    /// # Errors
    /// [`AcademyError::NotFound`] when there is no such session.
    pub fn statements(&self, session: CourseSessionId) -> Result<Vec<Value>, AcademyError> {
        let found = self.session(session)?;
        let roster = self.roster(session)?;
        let actor = |l: &Learner| json!({ "objectType": "Agent", "name": l.who.name, "account": { "homePage": self.site, "name": format!("learner-{}", l.id) } });
        let registration = |l: &Learner| self.statement_id(&format!("registration/{session}/{}", l.id));
        let context = |l: &Learner| {
            json!({
                "registration": registration(l),
                "instructor": { "objectType": "Agent", "name": found.plan.trainer,
                    "account": { "homePage": self.site, "name": format!("trainer-{}", found.plan.trainer) } },
                "language": found.plan.lang,
                "platform": "Holdfast",
                "contextActivities": { "grouping": [{ "objectType": "Activity", "id": format!("{}/academy/sessions/{session}", self.site) }] },
            })
        };
        let verb = |name: &str| json!({ "id": format!("{VERBS}/{name}"), "display": { "en": name } });
        let activity = |path: String, kind: &str, name: &str| {
            json!({ "objectType": "Activity", "id": format!("{}/academy/{path}", self.site),
                "definition": { "type": format!("http://adlnet.gov/expapi/activities/{kind}"), "name": { "en": name } } })
        };
        let course = || activity(format!("courses/{}", found.plan.course), "course", &found.plan.title);
        let mut all: Vec<(Timestamp, String, Value)> = Vec::new();
        let mut add = |time: Timestamp, name: String, mut statement: Value| {
            statement["id"] = json!(self.statement_id(&name));
            statement["timestamp"] = json!(time.rfc3339());
            statement["version"] = json!("1.0.0");
            all.push((time, name, statement));
        };
        let sql = "SELECT learner, enrolled FROM enrolments WHERE session = $1";
        let enrolled = self.read(|db| db.query(sql, &[number(session)]))?;
        let sql = "SELECT learner, part, noted FROM attendance WHERE session = $1 AND present = 1";
        let attended = self.read(|db| db.query(sql, &[number(session)]))?;
        let sql = "SELECT learner, issued FROM certificates WHERE session = $1 AND revoked IS NULL";
        let certified = self.read(|db| db.query(sql, &[number(session)]))?;
        let attempts = self.read(|db| attempts_where(db, "session", session))?;
        for line in &roster {
            let l = &line.learner;
            for row in enrolled.iter().filter(|r| r.number(0).ok() == Some(l.id)) {
                let object = course();
                let text =
                    json!({ "actor": actor(l), "verb": verb("registered"), "object": object, "context": context(l) });
                add(row.time(1)?, format!("registered/{session}/{}", l.id), text);
            }
            for row in attended.iter().filter(|r| r.number(0).ok() == Some(l.id)) {
                let part = row.int(1)?;
                let object = activity(
                    format!("sessions/{session}/parts/{part}"),
                    "meeting",
                    &format!("{}, part {part}", found.plan.title),
                );
                let text =
                    json!({ "actor": actor(l), "verb": verb("attended"), "object": object, "context": context(l) });
                add(row.time(2)?, format!("attended/{session}/{}/{part}", l.id), text);
            }
            for attempt in attempts.iter().filter(|a| a.learner == l.id) {
                let made = attempt.made()?;
                let (answers, result) = self.read(|db| Ok((answers_of(db, attempt.id)?, attempt.result(db)?)))?;
                let lab = activity(format!("labs/{}", attempt.lab.id), "assessment", attempt.lab.title);
                for answer in answers.iter().filter(|a| !a.answer.is_empty()) {
                    let step = made.steps.iter().find(|s| s.id == answer.step);
                    let mut object =
                        activity(format!("labs/{}/{}", attempt.lab.id, answer.step), "cmi.interaction", &answer.step);
                    object["definition"]["interactionType"] = json!("other");
                    object["definition"]["description"] =
                        json!({ "en": step.map(|s| s.question.clone()).unwrap_or_default() });
                    let mut where_from = context(l);
                    where_from["contextActivities"]["parent"] = json!([lab]);
                    let scaled = f64::from(answer.credit) / 1000.0;
                    let text = json!({
                        "actor": actor(l), "verb": verb("answered"), "object": object, "context": where_from,
                        "result": { "success": answer.right, "response": answer.answer, "score": { "scaled": scaled } },
                    });
                    add(answer.time, format!("answered/{}", answer.id), text);
                }
                let (Some(last), true) = (result.last, result.finished) else { continue };
                let scaled = result.score as f64 / 1000.0;
                let seconds = (last - attempt.started).max(Seconds::ZERO).count();
                let outcome = json!({
                    "success": result.passed, "completion": true, "duration": format!("PT{seconds}S"),
                    "score": { "scaled": scaled, "raw": result.score, "min": 0, "max": 1000 },
                });
                let name = if result.score >= PASS { "passed" } else { "failed" };
                let text = json!({ "actor": actor(l), "verb": verb(name), "object": lab, "context": context(l), "result": outcome });
                add(last, format!("{name}/{}", attempt.id), text);
            }
            for row in certified.iter().filter(|r| r.number(0).ok() == Some(l.id)) {
                let text = json!({
                    "actor": actor(l), "verb": verb("completed"), "object": course(), "context": context(l),
                    "result": { "completion": true, "success": true },
                });
                add(row.time(1)?, format!("completed/{session}/{}", l.id), text);
            }
        }
        all.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        Ok(all.into_iter().map(|s| s.2).collect())
    }
}
