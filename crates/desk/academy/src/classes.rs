//! Sessions of courses: rosters, attendance, feedback, and what the programme did by country and year.

use crate::AcademyError;
use crate::{Academy, count, invalid};
use holdfast_decision::model::{country_ok, language_form_ok, text_ok, time_ok};
use holdfast_identity::{SessionKind, end_sessions_of_subject};
use holdfast_requests::request::email;
use holdfast_screening::service::Transaction;
use holdfast_screening::{Screening, ScreeningError};
use holdfast_store::{Database, DbError, Row, number};
use holdfast_types::ids::{CourseSessionId, LearnerId};
use holdfast_types::named;
use holdfast_types::{Invalid, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// Most people on a roster.
pub const MAX_ROSTER: i64 = 1_000;
/// Most parts of a session.
pub const MAX_PARTS: u32 = 60;
/// Least number of sheets that are averaged, so that no single one can be recognized.
pub const MIN_SHEETS: usize = 3;

named! {
    /// How a session is held.
    #[schema(as = SessionMode)]
    pub enum Mode {
        /// In a room.
        InPerson,
        /// Over the net.
        Online,
    }

    /// State of a session.
    #[schema(as = CourseSessionState)]
    pub enum SessionState {
        /// It is under way or will be held.
        Planned,
        /// It has ended: nothing of it changes any more.
        Closed,
        /// It is not held.
        Cancelled,
    }
}

/// A new session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSession {
    /// Course.
    pub course: String,
    /// Language, ISO 639-1.
    #[serde(default = "english")]
    pub lang: String,
    /// Title; the course's when empty.
    #[serde(default)]
    pub title: String,
    /// In person or online.
    pub mode: Mode,
    /// Country where it is held, or of its participants, ISO 3166-1 alpha-2.
    pub country: String,
    /// City and room, or the link.
    #[serde(default)]
    pub place: String,
    /// Unix seconds.
    #[schema(value_type = i64)]
    pub starts: Timestamp,
    /// Unix seconds.
    #[schema(value_type = i64)]
    pub ends: Timestamp,
    /// Parts, such as half days, whose attendance is recorded; 0 for none.
    #[serde(default)]
    pub parts: u32,
    /// Who teaches.
    pub trainer: String,
    /// Most people on the roster.
    #[serde(default = "thirty")]
    pub capacity: u32,
}

fn english() -> String {
    "en".into()
}

fn thirty() -> u32 {
    30
}

/// A session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Session {
    /// Number.
    pub id: CourseSessionId,
    /// Plan.
    pub plan: NewSession,
    /// State.
    pub state: SessionState,
    /// People on the roster.
    pub enrolled: i64,
}

/// Details of a learner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLearner {
    /// Name, as certificates show it.
    pub name: String,
    /// Official address.
    pub email: String,
    /// Agency.
    pub agency: String,
    /// Country of the agency, ISO 3166-1 alpha-2.
    pub country: String,
}

/// A learner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Learner {
    /// Number.
    pub id: LearnerId,
    /// Who.
    pub who: NewLearner,
    #[serde(skip)]
    pub(crate) generation: i64,
}

/// A learner with the key to the academy, which is shown once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Enrolled {
    /// The learner.
    pub learner: Learner,
    /// Key: `Authorization: Bearer hl_...`, or at `/academy/enter`. A new one ends the old one; absent for who had one already.
    pub key: Option<String>,
}

/// A line of a roster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RosterLine {
    /// The learner.
    pub learner: Learner,
    /// Parts attended.
    pub attended: Vec<i64>,
    /// Number of the certificate, if there is one.
    pub certificate: Option<String>,
    /// Whether the learner gave feedback.
    pub feedback: bool,
}

/// A sheet of feedback, marks 1 (poor) to 5 (very good).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Feedback {
    /// Of the content.
    pub content: u8,
    /// Of the trainer.
    pub trainer: u8,
    /// Of the labs.
    pub labs: u8,
    /// In words.
    #[serde(default)]
    pub comment: String,
}

/// Feedback on a session; marks in hundredths, absent while fewer than three sheets came in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FeedbackSummary {
    /// Sheets.
    pub sheets: u64,
    /// Mean mark of the content.
    pub content: Option<i64>,
    /// Mean mark of the trainer.
    pub trainer: Option<i64>,
    /// Mean mark of the labs.
    pub labs: Option<i64>,
    /// Comments, in an order that does not identify their authors.
    pub comments: Vec<String>,
}

/// The programme in a year and country (of the learners' agencies).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ProgrammeLine {
    /// Year in which sessions began.
    pub year: i64,
    /// Country of the learners' agencies.
    pub country: String,
    /// Sessions that had learners of the country.
    pub sessions: u64,
    /// Of these in person.
    pub in_person: u64,
    /// Agencies.
    pub agencies: u64,
    /// Learners on rosters, each counted once.
    pub learners: u64,
    /// Places on rosters.
    pub places: u64,
    /// Places whose learner attended at least one part, or finished a lab where no attendance was noted.
    pub attended: u64,
    /// Labs passed.
    pub labs_passed: u64,
    /// Certificates in force.
    pub certificates: u64,
}

const SESSION: &str =
    "SELECT id, course, lang, title, mode, country, place, starts, ends, parts, trainer, capacity, state,
    (SELECT COUNT(*) FROM enrolments e WHERE e.session = s.id) FROM course_sessions s";

/// Reads one of an enum's names.
fn value<T: std::str::FromStr>(row: &Row, column: usize, what: &str) -> Result<T, DbError> {
    let text = row.text(column)?;
    text.parse().map_err(|_| DbError::Stored { what: what.into(), cause: text.to_owned() })
}

fn session(row: &Row) -> Result<Session, DbError> {
    let text = |i| row.text(i).map(str::to_owned);
    let plan = NewSession {
        course: text(1)?,
        lang: text(2)?,
        title: text(3)?,
        mode: value(row, 4, "mode")?,
        country: text(5)?,
        place: text(6)?,
        starts: row.time(7)?,
        ends: row.time(8)?,
        parts: row.number(9)?,
        trainer: text(10)?,
        capacity: row.number(11)?,
    };
    Ok(Session { id: row.number(0)?, plan, state: value(row, 12, "state")?, enrolled: row.int(13)? })
}

pub(crate) fn session_by(db: &mut Database, id: CourseSessionId) -> Result<Option<Session>, DbError> {
    db.query(&format!("{SESSION} WHERE s.id = $1"), &[number(id)])?.first().map(session).transpose()
}

const LEARNER: &str = "SELECT id, name, email, agency, country, generation FROM learners";

fn learner(row: &Row) -> Result<Learner, DbError> {
    let text = |i| row.text(i).map(str::to_owned);
    let who = NewLearner { name: text(1)?, email: text(2)?, agency: text(3)?, country: text(4)? };
    Ok(Learner { id: row.number(0)?, who, generation: row.int(5)? })
}

pub(crate) fn learner_by(db: &mut Database, id: LearnerId) -> Result<Option<Learner>, DbError> {
    db.query(&format!("{LEARNER} WHERE id = $1"), &[number(id)])?.first().map(learner).transpose()
}

pub(crate) fn is_enrolled(db: &mut Database, session: CourseSessionId, learner: LearnerId) -> Result<bool, DbError> {
    let sql = "SELECT 1 FROM enrolments WHERE session = $1 AND learner = $2";
    Ok(!db.query(sql, &[number(session), number(learner)])?.is_empty())
}

fn open_session(tx: &mut Transaction<'_>, id: CourseSessionId) -> Result<Session, AcademyError> {
    let found = session_by(tx.db(), id)?.ok_or_else(|| AcademyError::NotFound(format!("session {id}")))?;
    match found.state {
        SessionState::Planned => Ok(found),
        state => Err(AcademyError::State(format!("session {id} is {state}"))),
    }
}

impl NewLearner {
    fn checked(mut self) -> Result<Self, Invalid> {
        for (field, text) in [("name", &self.name), ("agency", &self.agency)] {
            text_ok(field, text)?;
            if text.len() > 200 {
                return Err(Invalid::new(field, "longer than 200 bytes"));
            }
        }
        self.email = email("email", &self.email)?;
        country_ok("country", &self.country)?;
        Ok(self)
    }
}

/// Subject of a session: a learner, and which of the learner's keys.
fn subject(learner: LearnerId, generation: i64) -> String {
    format!("{learner}:{generation}")
}

impl Academy<'_> {
    /// Plans a session.
    ///
    /// # Errors
    /// [`AcademyError::NotFound`] when there is no such course, [`AcademyError::Invalid`] for a wrong field.
    pub fn plan_session(&self, mut new: NewSession, actor: &str) -> Result<Session, AcademyError> {
        language_form_ok("lang", &new.lang)?;
        let course = self.course(&new.course, &new.lang)?;
        if new.title.trim().is_empty() {
            new.title = course.header.title;
        }
        text_ok("title", &new.title)?;
        text_ok("trainer", &new.trainer)?;
        if !new.place.is_empty() {
            text_ok("place", &new.place)?;
        }
        country_ok("country", &new.country)?;
        time_ok("starts", new.starts)?;
        time_ok("ends", new.ends)?;
        if new.ends < new.starts {
            return Err(invalid("ends", "is before it starts".into()));
        }
        if new.parts > MAX_PARTS || new.capacity == 0 || i64::from(new.capacity) > MAX_ROSTER {
            return Err(invalid("parts", format!("at most {MAX_PARTS}; capacity: 1 to {MAX_ROSTER}")));
        }
        self.transact(actor, move |tx| {
            let id = CourseSessionId::new(tx.next_id("course_sessions")?.unsigned_abs());
            let now = tx.now();
            let row = [
                number(id),
                new.course.as_str().into(),
                new.lang.as_str().into(),
                new.title.as_str().into(),
                new.mode.as_ref().into(),
                new.country.as_str().into(),
                new.place.as_str().into(),
                new.starts.into(),
                new.ends.into(),
                i64::from(new.parts).into(),
                new.trainer.as_str().into(),
                i64::from(new.capacity).into(),
                now.into(),
            ];
            let sql = "INSERT INTO course_sessions (id, course, lang, title, mode, country, place, starts, ends, parts, trainer, capacity, state, created)
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'planned', $13)";
            tx.db().execute(sql, &row)?;
            tx.audit("session.planned", &format!("session:{id}"), &json!({ "course": new.course }).to_string());
            Ok(Session { id, plan: new, state: SessionState::Planned, enrolled: 0 })
        })
    }

    /// Returns the sessions, latest first.
    ///
    /// # Errors
    /// [`AcademyError`] when the database cannot be read.
    pub fn sessions(&self) -> Result<Vec<Session>, AcademyError> {
        self.read(|db| {
            db.query(&format!("{SESSION} ORDER BY s.starts DESC, s.id DESC LIMIT 1000"), &[])?
                .iter()
                .map(session)
                .collect()
        })
    }

    /// Returns a session.
    ///
    /// # Errors
    /// [`AcademyError::NotFound`].
    pub fn session(&self, id: CourseSessionId) -> Result<Session, AcademyError> {
        let found = self.read(|db| session_by(db, id))?;
        found.ok_or_else(|| AcademyError::NotFound(format!("session {id}")))
    }

    /// Closes or cancels a session: nothing of it changes any more.
    ///
    /// # Errors
    /// [`AcademyError::NotFound`], [`AcademyError::State`] when it is over already.
    pub fn end_session(&self, id: CourseSessionId, cancelled: bool, actor: &str) -> Result<(), AcademyError> {
        self.transact(actor, move |tx| {
            open_session(tx, id)?;
            let state = if cancelled { SessionState::Cancelled } else { SessionState::Closed };
            tx.db()
                .execute("UPDATE course_sessions SET state = $1 WHERE id = $2", &[state.as_ref().into(), number(id)])?;
            tx.audit("session.ended", &format!("session:{id}"), &json!({ "state": state }).to_string());
            Ok(())
        })
    }

    /// Adds a person to a roster, identified by the official address; a new learner gets a key.
    ///
    /// # Errors
    /// [`AcademyError::Invalid`] for a wrong field, [`AcademyError::NotFound`], [`AcademyError::State`] when the session is over or full.
    pub fn enrol(&self, session: CourseSessionId, who: NewLearner, actor: &str) -> Result<Enrolled, AcademyError> {
        let who = who.checked()?;
        let key_ring = self.key_ring.clone();
        self.transact(actor, move |tx| {
            let open = open_session(tx, session)?;
            let known = tx.db().query(&format!("{LEARNER} WHERE email = $1"), &[who.email.as_str().into()])?;
            let known = known.first().map(learner).transpose()?;
            if let Some(known) = &known
                && is_enrolled(tx.db(), session, known.id)?
            {
                return Ok(Enrolled { learner: known.clone(), key: None });
            }
            if open.enrolled >= i64::from(open.plan.capacity) {
                return Err(AcademyError::State(format!("session {session} is full ({})", open.plan.capacity)));
            }
            let now = tx.now();
            let (found, key) = match known {
                Some(known) => (known, None),
                None => {
                    let id = LearnerId::new(tx.next_id("learners")?.unsigned_abs());
                    let row = [
                        number(id),
                        who.name.as_str().into(),
                        who.email.as_str().into(),
                        who.agency.as_str().into(),
                        who.country.as_str().into(),
                        now.into(),
                    ];
                    tx.db().execute(
                        "INSERT INTO learners (id, name, email, agency, country, generation, created) VALUES ($1, $2, $3, $4, $5, 1, $6)",
                        &row,
                    )?;
                    let made = Learner { id, who, generation: 1 };
                    let key = crate::learner_key(&key_ring, &made);
                    (made, Some(key))
                }
            };
            let row = [number(session), number(found.id), now.into()];
            tx.db().execute("INSERT INTO enrolments (session, learner, enrolled) VALUES ($1, $2, $3)", &row)?;
            tx.audit("session.enrolled", &format!("session:{session}"), &json!({ "learner": found.id }).to_string());
            Ok(Enrolled { learner: found, key })
        })
    }

    /// Creates a new key for a learner; the old one ends.
    ///
    /// # Errors
    /// [`AcademyError::NotFound`].
    pub fn new_key(&self, id: LearnerId, actor: &str) -> Result<Enrolled, AcademyError> {
        let key_ring = self.key_ring.clone();
        self.transact(actor, move |tx| {
            let mut found = learner_by(tx.db(), id)?.ok_or_else(|| AcademyError::NotFound(format!("learner {id}")))?;
            let ended = end_sessions_of_subject(tx, SessionKind::Learner, &subject(id, found.generation));
            ended.map_err(ScreeningError::from)?;
            found.generation += 1;
            tx.db()
                .execute("UPDATE learners SET generation = $1 WHERE id = $2", &[found.generation.into(), number(id)])?;
            tx.audit("learner.new_key", &format!("learner:{id}"), "{}");
            let key = crate::learner_key(&key_ring, &found);
            Ok(Enrolled { learner: found, key: Some(key) })
        })
    }

    /// Returns the learner of a key.
    ///
    /// # Errors
    /// [`AcademyError::State`] when it is none.
    pub fn learner_of(&self, key: &str) -> Result<Learner, AcademyError> {
        let refused = || AcademyError::State("no learner's key; a trainer can create a new one".into());
        let id = key.strip_prefix("hl_").and_then(|r| r.split('_').next()).and_then(|i| i.parse::<LearnerId>().ok());
        let id = id.ok_or_else(refused)?;
        let found = self.read(|db| learner_by(db, id))?.ok_or_else(refused)?;
        match self.key_ring.each().any(|ring| crate::same(&crate::learner_key(&ring, &found), key)) {
            true => Ok(found),
            false => Err(refused()),
        }
    }

    /// Returns the subject of a session of the learner with a key: it ends with the key.
    ///
    /// # Errors
    /// [`AcademyError::State`] when it is no learner's key.
    pub fn subject_of(&self, key: &str) -> Result<String, AcademyError> {
        self.learner_of(key).map(|learner| subject(learner.id, learner.generation))
    }

    /// Returns the key of a session's subject, which may have ended since; none where the text is none of [`Academy::subject_of`].
    #[must_use]
    pub fn key_of_subject(&self, subject: &str) -> Option<String> {
        let (id, generation) = subject.split_once(':')?;
        Some(crate::key_text(self.key_ring, id.parse().ok()?, generation.parse().ok()?))
    }

    /// Returns the key of a learner, by number: for those who can read the desk's secret.
    ///
    /// # Errors
    /// [`AcademyError::NotFound`].
    pub fn key_of(&self, learner: LearnerId) -> Result<String, AcademyError> {
        Ok(crate::learner_key(self.key_ring, &self.learner(learner)?))
    }

    /// Returns the roster of a session.
    ///
    /// # Errors
    /// [`AcademyError::NotFound`] when there is no such session.
    pub fn roster(&self, id: CourseSessionId) -> Result<Vec<RosterLine>, AcademyError> {
        self.session(id)?;
        self.read(|db| {
            let rows = db.query(
                &format!("{LEARNER} WHERE id IN (SELECT learner FROM enrolments WHERE session = $1) ORDER BY name, id"),
                &[number(id)],
            )?;
            let mut lines: BTreeMap<LearnerId, (usize, RosterLine)> = BTreeMap::new();
            for (i, row) in rows.iter().enumerate() {
                let learner = learner(row)?;
                let line = RosterLine { learner, attended: Vec::new(), certificate: None, feedback: false };
                lines.insert(line.learner.id, (i, line));
            }
            let sql = "SELECT learner, part FROM attendance WHERE session = $1 AND present = 1 ORDER BY part";
            for row in db.query(sql, &[number(id)])? {
                if let Some((_, line)) = lines.get_mut(&row.number(0)?) {
                    line.attended.push(row.int(1)?);
                }
            }
            for row in
                db.query("SELECT learner, id FROM certificates WHERE session = $1 AND revoked IS NULL", &[number(id)])?
            {
                if let Some((_, line)) = lines.get_mut(&row.number(0)?) {
                    line.certificate = Some(row.text(1)?.to_owned());
                }
            }
            for row in db.query("SELECT learner FROM course_feedback WHERE session = $1", &[number(id)])? {
                if let Some((_, line)) = lines.get_mut(&row.number(0)?) {
                    line.feedback = true;
                }
            }
            let mut lines: Vec<(usize, RosterLine)> = lines.into_values().collect();
            lines.sort_by_key(|l| l.0);
            Ok(lines.into_iter().map(|l| l.1).collect())
        })
    }

    /// Records who attended a part of a session (counted from one); learners who are not named did not.
    ///
    /// # Errors
    /// [`AcademyError::NotFound`], [`AcademyError::State`] when the session is over, [`AcademyError::Invalid`] for another part, or a learner who is not on the roster.
    pub fn note_attendance(
        &self,
        id: CourseSessionId,
        part: u32,
        present: Vec<LearnerId>,
        actor: &str,
    ) -> Result<(), AcademyError> {
        self.transact(actor, move |tx| {
            let found = open_session(tx, id)?;
            if part == 0 || part > found.plan.parts {
                return Err(invalid("part", format!("the session has {} parts", found.plan.parts)));
            }
            let rows = tx.db().query("SELECT learner FROM enrolments WHERE session = $1", &[number(id)])?;
            let roster: BTreeSet<LearnerId> = rows.iter().map(|r| r.number(0)).collect::<Result<_, _>>()?;
            if let Some(other) = present.iter().find(|p| !roster.contains(p)) {
                return Err(invalid("present", format!("learner {other} is not on the roster")));
            }
            let (now, actor) = (tx.now(), tx.actor().to_owned());
            for learner in &roster {
                let there = i64::from(present.contains(learner));
                let row =
                    [number(id), number(*learner), i64::from(part).into(), there.into(), now.into(), actor.as_str().into()];
                let sql = "INSERT INTO attendance (session, learner, part, present, noted, noted_by) VALUES ($1, $2, $3, $4, $5, $6)
                           ON CONFLICT (session, learner, part) DO UPDATE SET present = excluded.present, noted = excluded.noted, noted_by = excluded.noted_by";
                tx.db().execute(sql, &row)?;
            }
            let detail = json!({ "part": part, "present": present.len(), "of": roster.len() }).to_string();
            tx.audit("session.attendance", &format!("session:{id}"), &detail);
            Ok(())
        })
    }

    /// Stores a learner's sheet of feedback; a second one replaces the first.
    ///
    /// # Errors
    /// [`AcademyError::Invalid`] for a wrong mark or comment, [`AcademyError::NotFound`] for a session that the learner is not in.
    pub fn give_feedback(&self, id: CourseSessionId, learner: &Learner, sheet: Feedback) -> Result<(), AcademyError> {
        self.store_feedback(id, learner.id, sheet, "learner")
    }

    /// Records a learner's sheet of feedback that came on paper; the audit log names who recorded it, not the learner.
    ///
    /// # Errors
    /// As [`Academy::give_feedback`].
    pub fn record_feedback(
        &self,
        id: CourseSessionId,
        learner: LearnerId,
        sheet: Feedback,
        actor: &str,
    ) -> Result<(), AcademyError> {
        let learner = self.learner(learner)?.id;
        self.store_feedback(id, learner, sheet, actor)
    }

    fn store_feedback(
        &self,
        id: CourseSessionId,
        learner: LearnerId,
        sheet: Feedback,
        actor: &str,
    ) -> Result<(), AcademyError> {
        for (field, mark) in [("content", sheet.content), ("trainer", sheet.trainer), ("labs", sheet.labs)] {
            if !(1..=5).contains(&mark) {
                return Err(invalid(field, "a mark of 1 to 5".into()));
            }
        }
        if sheet.comment.len() > 4_000 || sheet.comment.contains('\0') {
            return Err(invalid("comment", "longer than 4000 bytes, or with NUL".into()));
        }
        self.transact(actor, move |tx| {
            if !is_enrolled(tx.db(), id, learner)? {
                return Err(AcademyError::NotFound(format!("session {id}")));
            }
            let now = tx.now();
            let row = [
                number(id),
                number(learner),
                i64::from(sheet.content).into(),
                i64::from(sheet.trainer).into(),
                i64::from(sheet.labs).into(),
                sheet.comment.as_str().into(),
                now.into(),
            ];
            let sql = "INSERT INTO course_feedback (session, learner, content, trainer, labs, comment, given) VALUES ($1, $2, $3, $4, $5, $6, $7)
                       ON CONFLICT (session, learner) DO UPDATE SET content = excluded.content, trainer = excluded.trainer, labs = excluded.labs,
                       comment = excluded.comment, given = excluded.given";
            tx.db().execute(sql, &row)?;
            // The audit log does not record who gave which marks.
            tx.audit("session.feedback", &format!("session:{id}"), "{}");
            Ok(())
        })
    }

    /// Returns the feedback on a session.
    ///
    /// # Errors
    /// [`AcademyError::NotFound`] when there is no such session.
    pub fn feedback(&self, id: CourseSessionId) -> Result<FeedbackSummary, AcademyError> {
        self.session(id)?;
        let rows = self.read(|db| {
            db.query(
                "SELECT content, trainer, labs, comment FROM course_feedback WHERE session = $1 ORDER BY comment",
                &[number(id)],
            )
        })?;
        let mut summary = FeedbackSummary { sheets: rows.len() as u64, ..FeedbackSummary::default() };
        if rows.len() < MIN_SHEETS {
            return Ok(summary);
        }
        let mean = |column: usize| -> Result<Option<i64>, DbError> {
            let sum: i64 = rows.iter().map(|r| r.int(column)).sum::<Result<_, _>>()?;
            Ok(Some(sum * 100 / count(rows.len())))
        };
        (summary.content, summary.trainer, summary.labs) = (mean(0)?, mean(1)?, mean(2)?);
        for row in &rows {
            let comment = row.text(3)?;
            if !comment.trim().is_empty() {
                summary.comments.push(comment.to_owned());
            }
        }
        Ok(summary)
    }

    /// Returns the programme by year and country.
    ///
    /// # Errors
    /// [`AcademyError`] when the database cannot be read.
    pub fn programme(&self) -> Result<Vec<ProgrammeLine>, AcademyError> {
        let (places, present, answered, certified) = self.read(|db| {
            let places = db.query(
                "SELECT e.session, e.learner, s.starts, s.mode, s.parts, l.country, l.agency FROM enrolments e JOIN course_sessions s ON s.id = e.session
                 JOIN learners l ON l.id = e.learner WHERE s.state <> 'cancelled' ORDER BY e.session, e.learner",
                &[],
            )?;
            let present = db.query("SELECT DISTINCT session, learner FROM attendance WHERE present = 1", &[])?;
            let answered = db.query(
                "SELECT DISTINCT a.session, a.learner FROM lab_attempts a JOIN lab_answers x ON x.attempt = a.id WHERE x.is_right = 1",
                &[],
            )?;
            let certified = db.query("SELECT session, learner FROM certificates WHERE revoked IS NULL", &[])?;
            Ok((places, present, answered, certified))
        })?;
        let pairs = |rows: &[Row]| -> Result<BTreeSet<(CourseSessionId, LearnerId)>, DbError> {
            rows.iter().map(|r| Ok((r.number(0)?, r.number(1)?))).collect()
        };
        let (present, answered, certified) = (pairs(&present)?, pairs(&answered)?, pairs(&certified)?);
        let passed = self.labs_passed()?;
        type Seen = (BTreeSet<CourseSessionId>, BTreeSet<CourseSessionId>, BTreeSet<String>, BTreeSet<LearnerId>);
        let mut lines: BTreeMap<(i64, String), (ProgrammeLine, Seen)> = BTreeMap::new();
        for row in &places {
            let place = (row.number(0)?, row.number(1)?);
            let year = i64::from(row.time(2)?.utc().year());
            let country = row.text(5)?.to_owned();
            let (line, seen) = lines.entry((year, country.clone())).or_default();
            (line.year, line.country) = (year, country);
            line.places += 1;
            seen.0.insert(place.0);
            if value::<Mode>(row, 3, "mode")? == Mode::InPerson {
                seen.1.insert(place.0);
            }
            seen.2.insert(row.text(6)?.to_owned());
            seen.3.insert(place.1);
            let there = if row.int(4)? == 0 { answered.contains(&place) } else { present.contains(&place) };
            line.attended += u64::from(there);
            line.labs_passed += passed.get(&place).copied().unwrap_or(0);
            line.certificates += u64::from(certified.contains(&place));
        }
        let count = |(mut line, seen): (ProgrammeLine, Seen)| {
            (line.sessions, line.in_person) = (seen.0.len() as u64, seen.1.len() as u64);
            (line.agencies, line.learners) = (seen.2.len() as u64, seen.3.len() as u64);
            line
        };
        Ok(lines.into_values().map(count).collect())
    }
}

/// Returns the sessions whose roster a learner is on, latest first, without cancelled ones.
pub(crate) fn enrolments_of(screening: &Screening, learner: LearnerId) -> Result<Vec<Session>, AcademyError> {
    let found = screening.read(|db| {
        let sql = format!("{SESSION} WHERE s.id IN (SELECT session FROM enrolments WHERE learner = $1) AND s.state <> 'cancelled' ORDER BY s.starts DESC, s.id DESC");
        db.query(&sql, &[number(learner)])?.iter().map(session).collect()
    })?;
    Ok(found)
}
