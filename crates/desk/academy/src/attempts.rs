//! Learners at labs: their own task, hints, answers with feedback, scores, the class view and the scoreboard.

use crate::AcademyError;
use crate::classes::{Learner, Session, SessionState, enrolments_of, is_enrolled, learner_by, session_by};
use crate::grade::{Form, HINT_COST, MAX_TRIES, WHOLE};
use crate::labs::{self, Lab, LabView, Made, PASS, Step};
use crate::{Academy, count, invalid};
use holdfast_store::{Database, DbError, Row, number};
use holdfast_types::Timestamp;
use holdfast_types::ids::{AttemptId, CourseSessionId, LearnerId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// A step as the learner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepView {
    /// Its name in the lab.
    pub id: String,
    /// Question, in Markdown.
    pub question: String,
    /// Points that it is worth.
    pub points: u32,
    /// How the answer is written.
    pub form: Form,
    /// Options, where there are some.
    pub options: Vec<String>,
    /// Hints used.
    pub hints: Vec<String>,
    /// Hints left; each costs a quarter of the step.
    pub hints_left: usize,
    /// Number of answers.
    pub tries: i64,
    /// The last answer.
    pub answer: Option<String>,
    /// Feedback on it.
    pub feedback: Vec<String>,
    /// Credit so far, in thousandths of the step.
    pub credit: u32,
    /// Whether it was answered rightly.
    pub right: bool,
    /// Whether it is finished: right, solution shown, or out of tries.
    pub over: bool,
    /// The solution and why, once it is over.
    pub solution: Option<String>,
    /// Why the solution is what it is.
    pub why: Option<String>,
}

/// A learner's lab.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AttemptView {
    /// Number.
    pub id: AttemptId,
    /// Session.
    pub session: CourseSessionId,
    /// Learner.
    pub learner: LearnerId,
    /// The lab.
    pub lab: LabView,
    /// Unix seconds.
    pub started: Timestamp,
    /// The task, in Markdown.
    pub brief: String,
    /// Files of the task, with their bytes.
    pub files: Vec<(String, u64)>,
    /// Whether a page shows the files by the desk's tools.
    pub has_tool: bool,
    /// Network of the task's chain, where it has one.
    pub network: Option<String>,
    /// Steps.
    pub steps: Vec<StepView>,
    /// Score, in thousandths.
    pub score: u64,
    /// Whether the lab is passed (700 or more).
    pub passed: bool,
    /// Whether all steps are over.
    pub finished: bool,
}

/// A learner's lab in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LabResult {
    /// Attempt.
    pub attempt: AttemptId,
    /// Lab.
    pub lab: String,
    /// Score, in thousandths.
    pub score: u64,
    /// Whether it is passed.
    pub passed: bool,
    /// Whether all steps are over.
    pub finished: bool,
    /// Number of answers.
    pub tries: i64,
    /// Hints used.
    pub hints: i64,
    /// The step that the learner is at.
    pub at: Option<String>,
    /// Last answer, Unix seconds.
    pub last: Option<Timestamp>,
}

/// A learner of a class, for the trainer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClassLine {
    /// The learner.
    pub learner: Learner,
    /// Labs begun.
    pub labs: Vec<LabResult>,
}

/// A class at its labs, for the trainer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClassView {
    /// Labs of the course.
    pub labs: Vec<String>,
    /// Learners.
    pub learners: Vec<ClassLine>,
    /// How each step fares: lab, step, learners who got it right, learners who answered, tries.
    pub steps: Vec<(String, String, u64, u64, u64)>,
}

/// A line of the scoreboard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ScoreLine {
    /// Place, from one; equal scores share it.
    pub place: usize,
    /// Name.
    pub name: String,
    /// Agency.
    pub agency: String,
    /// Points: the sum of the labs' thousandths.
    pub points: u64,
    /// Labs passed.
    pub passed: u64,
}

/// What a learner sees first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Desk {
    /// The learner.
    pub learner: Learner,
    /// Sessions whose roster the learner is on.
    pub sessions: Vec<Session>,
    /// Labs begun.
    pub labs: Vec<(CourseSessionId, LabResult)>,
    /// Certificates, by number and course.
    pub certificates: Vec<(String, String)>,
}

/// An answer of a learner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = LabAnswer)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The step.
    pub step: String,
    /// The answer. Empty to end the step and see its solution.
    pub answer: String,
}

/// An attempt as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub(crate) id: AttemptId,
    pub(crate) session: CourseSessionId,
    pub(crate) learner: LearnerId,
    pub(crate) lab: &'static Lab,
    pub(crate) seed: u64,
    pub(crate) started: Timestamp,
    score: u64,
    at: Option<String>,
}

/// An answer as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    pub(crate) id: i64,
    pub(crate) step: String,
    pub(crate) answer: String,
    pub(crate) right: bool,
    pub(crate) credit: u32,
    pub(crate) feedback: Vec<String>,
    pub(crate) time: Timestamp,
}

impl Given {
    fn gave_up(&self) -> bool {
        self.answer.is_empty()
    }
}

fn attempt(row: &Row) -> Result<Attempt, DbError> {
    let lab = labs::lab(row.text(3)?).ok_or(DbError::Type(3))?;
    let seed = u64::from_str_radix(row.text(4)?, 16).map_err(|_| DbError::Type(4))?;
    Ok(Attempt {
        id: row.number(0)?,
        session: row.number(1)?,
        learner: row.number(2)?,
        lab,
        seed,
        started: row.time(5)?,
        score: row.number(6)?,
        at: row.text_or_null(7).map(str::to_owned),
    })
}

const ATTEMPT: &str = "SELECT id, session, learner, lab, seed, started, score, at_step FROM lab_attempts";

pub(crate) fn attempts_where(db: &mut Database, clause: &str, id: impl Into<u64>) -> Result<Vec<Attempt>, DbError> {
    db.query(&format!("{ATTEMPT} WHERE {clause} = $1 ORDER BY id"), &[number(id)])?.iter().map(attempt).collect()
}

fn given(row: &Row) -> Result<Given, DbError> {
    Ok(Given {
        id: row.int(0)?,
        step: row.text(1)?.to_owned(),
        answer: row.text(2)?.to_owned(),
        right: row.int(3)? == 1,
        credit: row.number(4)?,
        feedback: holdfast_store::parse("feedback", row.text(5)?)?,
        time: row.time(6)?,
    })
}

pub(crate) fn answers_of(db: &mut Database, attempt: AttemptId) -> Result<Vec<Given>, DbError> {
    let sql =
        "SELECT id, step, answer, is_right, credit, feedback, given FROM lab_answers WHERE attempt = $1 ORDER BY id";
    db.query(sql, &[number(attempt)])?.iter().map(given).collect()
}

/// Returns how many hints were used of each step.
fn hints_of(db: &mut Database, attempt: AttemptId) -> Result<BTreeMap<String, usize>, DbError> {
    let rows = db.query("SELECT step, COUNT(*) FROM lab_hints WHERE attempt = $1 GROUP BY step", &[number(attempt)])?;
    rows.iter().map(|r| Ok((r.text(0)?.to_owned(), r.number(1)?))).collect()
}

fn is_over(answers: &[&Given]) -> bool {
    count(answers.len()) >= MAX_TRIES || answers.iter().any(|a| a.right || a.gave_up())
}

fn view_step(step: &Step, answers: &[Given], hints: usize) -> StepView {
    let mine: Vec<&Given> = answers.iter().filter(|a| a.step == step.id).collect();
    let over = is_over(&mine);
    let hints = hints.min(step.hints.len());
    let last = mine.last();
    StepView {
        id: step.id.to_owned(),
        question: step.question.clone(),
        points: step.points,
        form: step.check.form(),
        options: step.check.options().to_vec(),
        hints: step.hints[..hints].to_vec(),
        hints_left: if over { 0 } else { step.hints.len() - hints },
        tries: count(mine.iter().filter(|a| !a.gave_up()).count()),
        answer: last.filter(|a| !a.gave_up()).map(|a| a.answer.clone()),
        feedback: last.map(|a| a.feedback.clone()).unwrap_or_default(),
        credit: mine.iter().map(|a| a.credit).max().unwrap_or(0),
        right: mine.iter().any(|a| a.right),
        over,
        solution: over.then(|| step.check.solution()),
        why: over.then(|| step.why.clone()),
    }
}

/// Returns the score in thousandths.
fn score(steps: &[StepView]) -> u64 {
    let points: u64 = steps.iter().map(|s| u64::from(s.points)).sum();
    let earned: u64 = steps.iter().map(|s| u64::from(s.points) * u64::from(s.credit)).sum();
    earned.checked_div(points).unwrap_or(0)
}

/// Returns the credit that counts, in thousandths: hints and earlier tries are deducted.
fn counted(step: &Step, credit: u32, hints: usize, earlier: usize) -> u32 {
    let times = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let (hints, tries) = (times(hints), times(earlier));
    let off = HINT_COST.saturating_mul(hints).saturating_add(step.check.try_cost().saturating_mul(tries));
    (credit * WHOLE.saturating_sub(off)) / WHOLE
}

impl Attempt {
    pub(crate) fn made(&self) -> Result<Arc<Made>, AcademyError> {
        labs::make(self.lab, self.seed).map_err(AcademyError::State)
    }

    fn view(&self, db: &mut Database, made: &Made) -> Result<AttemptView, DbError> {
        let (answers, hints) = (answers_of(db, self.id)?, hints_of(db, self.id)?);
        let steps: Vec<StepView> =
            made.steps.iter().map(|s| view_step(s, &answers, hints.get(s.id).copied().unwrap_or(0))).collect();
        let score = score(&steps);
        Ok(AttemptView {
            id: self.id,
            session: self.session,
            learner: self.learner,
            lab: self.lab.view(),
            started: self.started,
            brief: made.brief.clone(),
            files: made.files.iter().map(|(n, b)| (n.clone(), b.len() as u64)).collect(),
            has_tool: crate::tools::tool_of(made).is_some(),
            network: made.network().map(|n| n.to_string()),
            score,
            passed: score >= PASS,
            finished: steps.iter().all(|s| s.over),
            steps,
        })
    }

    pub(crate) fn result(&self, db: &mut Database) -> Result<LabResult, DbError> {
        let answers = answers_of(db, self.id)?;
        let hints: usize = hints_of(db, self.id)?.values().sum();
        Ok(LabResult {
            attempt: self.id,
            lab: self.lab.id.to_owned(),
            score: self.score,
            passed: self.score >= PASS,
            finished: self.at.is_none(),
            tries: count(answers.iter().filter(|a| !a.gave_up()).count()),
            hints: count(hints),
            at: self.at.clone(),
            last: answers.last().map(|a| a.time),
        })
    }
}

impl Academy<'_> {
    /// Returns the seed of a learner's lab, which cannot be computed without the academy's secret.
    fn seed(&self, session: CourseSessionId, learner: LearnerId, lab: &str) -> u64 {
        let bytes = self.key_ring.derive_lasting("academy-lab", &format!("{session}:{learner}:{lab}"));
        bytes[..8].iter().fold(0, |n, b| n << 8 | u64::from(*b))
    }

    /// Returns a learner's own attempt.
    pub(crate) fn attempt_of(&self, id: AttemptId, learner: &Learner) -> Result<Attempt, AcademyError> {
        let found = self.read(|db| attempts_where(db, "id", id))?;
        let mine = found.into_iter().find(|a| a.learner == learner.id);
        mine.ok_or_else(|| AcademyError::NotFound(format!("attempt {id}")))
    }

    /// Returns what a learner sees first.
    ///
    /// # Errors
    /// [`AcademyError`] when the database cannot be read.
    pub fn learner_desk(&self, learner: &Learner) -> Result<Desk, AcademyError> {
        let attempts = self.read(|db| attempts_where(db, "learner", learner.id))?;
        let mut labs = Vec::new();
        for attempt in attempts {
            labs.push((attempt.session, self.result_of(&attempt)?));
        }
        let sql = "SELECT id, course FROM certificates WHERE learner = $1 AND revoked IS NULL ORDER BY issued";
        let rows = self.read(|db| db.query(sql, &[number(learner.id)]))?;
        let certificates =
            rows.iter().map(|r| Ok((r.text(0)?.to_owned(), r.text(1)?.to_owned()))).collect::<Result<_, DbError>>()?;
        let sessions = enrolments_of(self.screening, learner.id)?;
        Ok(Desk { learner: learner.clone(), sessions, labs, certificates })
    }

    fn result_of(&self, attempt: &Attempt) -> Result<LabResult, AcademyError> {
        self.read(|db| attempt.result(db))
    }

    /// Begins a lab of a session's course, or returns the attempt that was begun. Labs are open while the session is not cancelled, to the learners
    /// on its roster.
    ///
    /// # Errors
    /// [`AcademyError::NotFound`] for other sessions, and for labs that are not of the course; [`AcademyError::State`] when the lab cannot be
    /// made.
    pub fn begin(&self, session: CourseSessionId, learner: &Learner, lab: &str) -> Result<AttemptView, AcademyError> {
        let Some(lab) = labs::lab(lab) else { return Err(AcademyError::NotFound(format!("lab {lab}"))) };
        let (seed, learner_id) = (self.seed(session, learner.id, lab.id), learner.id);
        let planned = self.read(|db| session_by(db, session))?;
        let course = planned.map(|s| self.course(&s.plan.course, &s.plan.lang)).transpose()?;
        let is_of_course = course.is_some_and(|c| c.header.labs.iter().any(|id| id == lab.id));
        let first = labs::make(lab, seed).map_err(AcademyError::State)?.steps.first().map(|s| s.id);
        let id = self.transact("learner", move |tx| {
            let found = session_by(tx.db(), session)?.filter(|s| s.state != SessionState::Cancelled);
            if found.is_none() || !is_enrolled(tx.db(), session, learner_id)? {
                return Err(AcademyError::NotFound(format!("session {session}")));
            }
            let sql = "SELECT id FROM lab_attempts WHERE session = $1 AND learner = $2 AND lab = $3";
            if let Some(row) = tx.db().query(sql, &[number(session), number(learner_id), lab.id.into()])?.first() {
                return Ok(row.number(0)?);
            }
            if !is_of_course {
                return Err(AcademyError::NotFound(format!("lab {} of session {session}", lab.id)));
            }
            let (id, now) = (AttemptId::new(tx.next_id("lab_attempts")?.unsigned_abs()), tx.now());
            let row =
                [number(id), number(session), number(learner_id), lab.id.into(), format!("{seed:016x}").into(), now.into(), first.into()];
            let sql = "INSERT INTO lab_attempts (id, session, learner, lab, seed, started, score, at_step) VALUES ($1, $2, $3, $4, $5, $6, 0, $7)";
            tx.db().execute(sql, &row)?;
            tx.audit("lab.begun", &format!("attempt:{id}"), &json!({ "learner": learner_id, "lab": lab.id }).to_string());
            Ok(id)
        })?;
        self.attempt(id, learner)
    }

    /// Returns a learner's lab in its present state.
    ///
    /// # Errors
    /// [`AcademyError::NotFound`] also for another learner's.
    pub fn attempt(&self, id: AttemptId, learner: &Learner) -> Result<AttemptView, AcademyError> {
        let attempt = self.attempt_of(id, learner)?;
        let made = attempt.made()?;
        self.read(|db| attempt.view(db, &made))
    }

    /// Returns the task of a learner's lab, with its data.
    ///
    /// # Errors
    /// [`AcademyError::NotFound`] also for another learner's attempt; [`AcademyError::State`] when the lab cannot be made.
    pub fn task(&self, id: AttemptId, learner: &Learner) -> Result<(&'static Lab, Arc<Made>), AcademyError> {
        let attempt = self.attempt_of(id, learner)?;
        Ok((attempt.lab, attempt.made()?))
    }

    /// Returns the task as a ZIP archive: TASK.md, files, and the chain's blocks and tags.
    ///
    /// # Errors
    /// [`AcademyError::NotFound`] also for another learner's attempt; [`AcademyError::State`] when the archive cannot be written.
    pub fn task_pack(&self, id: AttemptId, learner: &Learner) -> Result<Vec<u8>, AcademyError> {
        use std::io::Write;
        let (lab, made) = self.task(id, learner)?;
        let failed = |e: &dyn std::fmt::Display| AcademyError::State(format!("the pack could not be written: {e}"));
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        // One timestamp for all, so that the same task has the same bytes.
        let options = zip::write::SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
        for (name, bytes) in made.pack(lab.title) {
            zip.start_file(name, options).map_err(|e| failed(&e))?;
            zip.write_all(&bytes).map_err(|e| failed(&e))?;
        }
        Ok(zip.finish().map_err(|e| failed(&e))?.into_inner())
    }

    /// Returns the next hint of a step; it costs a quarter of the step.
    ///
    /// # Errors
    /// [`AcademyError`]; when there is none left.
    pub fn hint(&self, id: AttemptId, learner: &Learner, step: &str) -> Result<AttemptView, AcademyError> {
        let attempt = self.attempt_of(id, learner)?;
        let made = attempt.made()?;
        let found = made.steps.iter().find(|s| s.id == step);
        let (hints, step) = found
            .map(|s| (s.hints.len(), s.id))
            .ok_or_else(|| invalid("step", format!("there is no step '{step}'")))?;
        self.transact("learner", move |tx| {
            let answers = answers_of(tx.db(), id)?;
            let mine: Vec<&Given> = answers.iter().filter(|a| a.step == step).collect();
            let taken = hints_of(tx.db(), id)?.get(step).copied().unwrap_or(0);
            if is_over(&mine) || taken >= hints {
                return Err(AcademyError::State("no hint is left".into()));
            }
            let now = tx.now();
            let row = [number(id), step.into(), number(taken as u64), now.into()];
            tx.db().execute("INSERT INTO lab_hints (attempt, step, hint, taken) VALUES ($1, $2, $3, $4)", &row)?;
            Ok(())
        })?;
        self.attempt(id, learner)
    }

    /// Grades an answer; an empty one ends the step.
    ///
    /// # Errors
    /// [`AcademyError`]; when the step is over.
    pub fn answer(&self, id: AttemptId, learner: &Learner, answer: &Answer) -> Result<AttemptView, AcademyError> {
        let attempt = self.attempt_of(id, learner)?;
        let made = attempt.made()?;
        if answer.answer.len() > crate::grade::MAX_ANSWER || answer.answer.contains('\0') {
            return Err(invalid("answer", format!("longer than {} bytes, or with NUL", crate::grade::MAX_ANSWER)));
        }
        let text = answer.answer.trim().to_owned();
        let Some(at) = made.steps.iter().position(|s| s.id == answer.step) else {
            return Err(invalid("step", format!("there is no step '{}'", answer.step)));
        };
        let graded = match text.is_empty() {
            true => crate::grade::Graded { right: false, credit: 0, feedback: vec!["Given up.".into()] },
            false => made.steps[at].check.grade(&text),
        };
        let task = made.clone();
        self.transact("learner", move |tx| {
            let step = &task.steps[at];
            let answers = answers_of(tx.db(), id)?;
            let mine: Vec<&Given> = answers.iter().filter(|a| a.step == step.id).collect();
            if is_over(&mine) {
                return Err(AcademyError::State(format!("step '{}' is over", step.id)));
            }
            let hints = hints_of(tx.db(), id)?.get(step.id).copied().unwrap_or(0);
            let credit = counted(step, graded.credit, hints, mine.len());
            let (answer_id, now) = (tx.next_id("lab_answers")?, tx.now());
            let row = [
                answer_id.into(),
                number(id),
                step.id.into(),
                text.as_str().into(),
                i64::from(graded.right).into(),
                i64::from(credit).into(),
                json!(graded.feedback).to_string().into(),
                now.into(),
            ];
            tx.db().execute(
                "INSERT INTO lab_answers (id, attempt, step, answer, is_right, credit, feedback, given) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                &row,
            )?;
            let view = attempt.view(tx.db(), &task)?;
            let at = view.steps.iter().find(|s| !s.over).map(|s| s.id.clone());
            let row = [number(view.score), at.into(), number(id)];
            tx.db().execute("UPDATE lab_attempts SET score = $1, at_step = $2 WHERE id = $3", &row)?;
            Ok(view)
        })
    }

    /// Returns a class at its labs, for the trainer.
    ///
    /// # Errors
    /// [`AcademyError::NotFound`] when there is no such session.
    pub fn class_view(&self, session: CourseSessionId) -> Result<ClassView, AcademyError> {
        let found = self.session(session)?;
        let course = self.course(&found.plan.course, &found.plan.lang)?;
        let attempts = self.read(|db| attempts_where(db, "session", session))?;
        let mut learners: Vec<ClassLine> =
            self.roster(session)?.into_iter().map(|l| ClassLine { learner: l.learner, labs: Vec::new() }).collect();
        let mut steps: BTreeMap<(String, usize, String), (u64, u64, u64)> = BTreeMap::new();
        let mut ids_of: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for attempt in attempts {
            let result = self.result_of(&attempt)?;
            // A lab has the same steps for every learner: one task has them all.
            let ids = match ids_of.get(attempt.lab.id) {
                Some(ids) => ids,
                None => {
                    let ids: Vec<&str> = attempt.made()?.steps.iter().map(|s| s.id).collect();
                    ids_of.entry(attempt.lab.id).or_insert(ids)
                }
            };
            let answers = self.read(|db| answers_of(db, attempt.id))?;
            for (i, step) in ids.iter().enumerate() {
                let mine: Vec<&Given> = answers.iter().filter(|a| a.step == *step).collect();
                let entry = steps.entry((attempt.lab.id.to_owned(), i, (*step).to_owned())).or_default();
                entry.0 += u64::from(mine.iter().any(|a| a.right));
                entry.1 += u64::from(!mine.is_empty());
                entry.2 += mine.len() as u64;
            }
            if let Some(line) = learners.iter_mut().find(|l| l.learner.id == attempt.learner) {
                line.labs.push(result);
            }
        }
        let steps =
            steps.into_iter().map(|((lab, _, step), (right, answered, tries))| (lab, step, right, answered, tries));
        Ok(ClassView { labs: course.header.labs, learners, steps: steps.collect() })
    }

    /// Returns the scoreboard of a session, best first.
    ///
    /// # Errors
    /// [`AcademyError::NotFound`] when there is no such session.
    pub fn scoreboard(&self, session: CourseSessionId) -> Result<Vec<ScoreLine>, AcademyError> {
        let class = self.class_view(session)?;
        let mut lines: Vec<ScoreLine> = class
            .learners
            .into_iter()
            .filter(|l| !l.labs.is_empty())
            .map(|l| ScoreLine {
                place: 0,
                points: l.labs.iter().map(|r| r.score).sum(),
                passed: l.labs.iter().filter(|r| r.passed).count() as u64,
                name: l.learner.who.name,
                agency: l.learner.who.agency,
            })
            .collect();
        lines.sort_by(|a, b| b.points.cmp(&a.points).then_with(|| a.name.cmp(&b.name)));
        for i in 0..lines.len() {
            lines[i].place = if i > 0 && lines[i - 1].points == lines[i].points { lines[i - 1].place } else { i + 1 };
        }
        Ok(lines)
    }

    /// Returns the scoreboard of a session that the learner is in.
    ///
    /// # Errors
    /// [`AcademyError::NotFound`] for other sessions.
    pub fn own_scoreboard(&self, session: CourseSessionId, learner: &Learner) -> Result<Vec<ScoreLine>, AcademyError> {
        match self.read(|db| is_enrolled(db, session, learner.id))? {
            true => self.scoreboard(session),
            false => Err(AcademyError::NotFound(format!("session {session}"))),
        }
    }

    /// Returns the number of labs passed, by session and learner.
    pub(crate) fn labs_passed(&self) -> Result<BTreeMap<(CourseSessionId, LearnerId), u64>, AcademyError> {
        let sql = "SELECT session, learner, COUNT(*) FROM lab_attempts WHERE score >= $1 GROUP BY session, learner";
        let rows = self.read(|db| db.query(sql, &[number(PASS)]))?;
        Ok(rows.iter().map(|r| Ok(((r.number(0)?, r.number(1)?), r.number(2)?))).collect::<Result<_, DbError>>()?)
    }

    /// Returns the results of a learner in a session.
    pub(crate) fn results(&self, session: CourseSessionId, learner: LearnerId) -> Result<Vec<LabResult>, AcademyError> {
        let attempts = self.read(|db| attempts_where(db, "session", session))?;
        attempts.iter().filter(|a| a.learner == learner).map(|a| self.result_of(a)).collect()
    }

    /// Returns a learner by number.
    ///
    /// # Errors
    /// [`AcademyError::NotFound`].
    pub fn learner(&self, id: LearnerId) -> Result<Learner, AcademyError> {
        let found = self.read(|db| learner_by(db, id))?;
        found.ok_or_else(|| AcademyError::NotFound(format!("learner {id}")))
    }
}
