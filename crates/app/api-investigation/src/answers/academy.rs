//! Answers about courses, their sessions, learners and labs.

use holdfast_academy::classes::{NewLearner, NewSession, SessionState};
use holdfast_academy::grade::Form;
use holdfast_state::answers::views;
use holdfast_types::Timestamp;
use holdfast_types::ids::{AttemptId, CourseSessionId, LearnerId};
use serde::Serialize;
use utoipa::ToSchema;

views! {
    /// A session.
    #[schema(as = CourseSession)]
    Session of holdfast_academy::classes::Session {
        /// Number.
        #[schema(value_type = i64)]
        id: CourseSessionId,
        /// Plan.
        plan: NewSession,
        /// State.
        state: SessionState,
        /// People on the roster.
        enrolled: i64,
    }

    /// A learner.
    Learner of holdfast_academy::classes::Learner {
        /// Number.
        #[schema(value_type = i64)]
        id: LearnerId,
        /// Who.
        who: NewLearner,
    }

    /// A learner with the key to the academy, which is shown once.
    Enrolled of holdfast_academy::classes::Enrolled {
        /// The learner.
        learner: Learner = into,
        /// Key: `Authorization: Bearer hl_...`, or at `/academy/enter`. A new one ends the old one; absent for who had one already.
        key: Option<String>,
    }

    /// A line of a roster.
    RosterLine of holdfast_academy::classes::RosterLine {
        /// The learner.
        learner: Learner = into,
        /// Parts attended.
        attended: Vec<i64>,
        /// Number of the certificate, if there is one.
        certificate: Option<String>,
        /// Whether the learner gave feedback.
        feedback: bool,
    }

    /// Feedback on a session; marks in hundredths, absent while fewer than three sheets came in.
    FeedbackSummary of holdfast_academy::classes::FeedbackSummary {
        /// Sheets.
        sheets: u64,
        /// Mean mark of the content.
        content: Option<i64>,
        /// Mean mark of the trainer.
        trainer: Option<i64>,
        /// Mean mark of the labs.
        labs: Option<i64>,
        /// Comments, in an order that does not identify their authors.
        comments: Vec<String>,
    }

    /// The programme in a year and country (of the learners' agencies).
    ProgrammeLine of holdfast_academy::classes::ProgrammeLine {
        /// Year in which sessions began.
        year: i64,
        /// Country of the learners' agencies.
        country: String,
        /// Sessions that had learners of the country.
        sessions: u64,
        /// Of these in person.
        in_person: u64,
        /// Agencies.
        agencies: u64,
        /// Learners on rosters, each counted once.
        learners: u64,
        /// Places on rosters.
        places: u64,
        /// Places whose learner attended at least one part, or finished a lab where no attendance was noted.
        attended: u64,
        /// Labs passed.
        labs_passed: u64,
        /// Certificates in force.
        certificates: u64,
    }

    /// Header of a course file.
    #[schema(as = CourseHeader)]
    Header of holdfast_academy::course::Header {
        /// Its name, the same in all languages: lower case, digits, hyphens.
        course: String,
        /// Language, ISO 639-1.
        lang: String,
        /// Raised with every change of the text.
        version: u32,
        /// In a translation: the version of the English text that it translates.
        #[serde(skip_serializing_if = "Option::is_none")]
        of: Option<u32>,
        /// Title.
        title: String,
        /// What it is about, in a sentence.
        summary: String,
        /// Duration, hours.
        hours: u32,
        /// Labs that must be passed.
        labs: Vec<String>,
    }

    /// A lesson.
    Lesson of holdfast_academy::course::Lesson {
        /// Title.
        title: String,
        /// Text, Markdown.
        text: String,
    }

    /// A course in one language.
    Course of holdfast_academy::course::Course {
        /// Header.
        header: Header = into,
        /// Lessons.
        lessons: Vec<Lesson> = each,
        /// Whether the English text is newer than this translation.
        outdated: bool,
        /// Languages that the course is there in.
        languages: Vec<String>,
    }

    /// A lab, as lists show it.
    LabView of holdfast_academy::labs::LabView {
        /// Its name.
        id: &'static str,
        /// Title.
        title: &'static str,
        /// What is learned.
        teaches: &'static str,
        /// Approximate duration, minutes.
        minutes: u32,
        /// The commands that it needs.
        tools: &'static [&'static str],
    }

    /// A step as the learner sees it.
    #[schema(as = LabStep)]
    StepView of holdfast_academy::attempts::StepView {
        /// Its name in the lab.
        id: String,
        /// Question, in Markdown.
        question: String,
        /// Points that it is worth.
        points: u32,
        /// How the answer is written.
        form: Form,
        /// Options, where there are some.
        options: Vec<String>,
        /// Hints used.
        hints: Vec<String>,
        /// Hints left; each costs a quarter of the step.
        hints_left: usize,
        /// Number of answers.
        tries: i64,
        /// The last answer.
        answer: Option<String>,
        /// Feedback on it.
        feedback: Vec<String>,
        /// Credit so far, in thousandths of the step.
        credit: u32,
        /// Whether it was answered rightly.
        right: bool,
        /// Whether it is finished: right, solution shown, or out of tries.
        over: bool,
        /// The solution and why, once it is over.
        solution: Option<String>,
        /// Why the solution is what it is.
        why: Option<String>,
    }

    /// A learner's lab.
    #[schema(as = LabAttempt)]
    AttemptView of holdfast_academy::attempts::AttemptView {
        /// Number.
        #[schema(value_type = i64)]
        id: AttemptId,
        /// Session.
        #[schema(value_type = i64)]
        session: CourseSessionId,
        /// Learner.
        #[schema(value_type = i64)]
        learner: LearnerId,
        /// The lab.
        lab: LabView = into,
        /// Unix seconds.
        #[schema(value_type = i64)]
        started: Timestamp,
        /// The task, in Markdown.
        brief: String,
        /// Files of the task, with their bytes.
        files: Vec<(String, u64)>,
        /// Whether a page shows the files by the desk's tools.
        has_tool: bool,
        /// Network of the task's chain, where it has one.
        network: Option<String>,
        /// Steps.
        steps: Vec<StepView> = each,
        /// Score, in thousandths.
        score: u64,
        /// Whether the lab is passed (700 or more).
        passed: bool,
        /// Whether all steps are over.
        finished: bool,
    }

    /// A learner's lab in short.
    LabResult of holdfast_academy::attempts::LabResult {
        /// Attempt.
        #[schema(value_type = i64)]
        attempt: AttemptId,
        /// Lab.
        lab: String,
        /// Score, in thousandths.
        score: u64,
        /// Whether it is passed.
        passed: bool,
        /// Whether all steps are over.
        finished: bool,
        /// Number of answers.
        tries: i64,
        /// Hints used.
        hints: i64,
        /// The step that the learner is at.
        at: Option<String>,
        /// Last answer, Unix seconds.
        #[schema(value_type = Option<i64>)]
        last: Option<Timestamp>,
    }

    /// A learner of a class, for the trainer.
    ClassLine of holdfast_academy::attempts::ClassLine {
        /// The learner.
        learner: Learner = into,
        /// Labs begun.
        labs: Vec<LabResult> = each,
    }

    /// A class at its labs, for the trainer.
    ClassView of holdfast_academy::attempts::ClassView {
        /// Labs of the course.
        labs: Vec<String>,
        /// Learners.
        learners: Vec<ClassLine> = each,
        /// How each step fares: lab, step, learners who got it right, learners who answered, tries.
        steps: Vec<(String, String, u64, u64, u64)>,
    }

    /// A line of the scoreboard.
    ScoreLine of holdfast_academy::attempts::ScoreLine {
        /// Place, from one; equal scores share it.
        place: usize,
        /// Name.
        name: String,
        /// Agency.
        agency: String,
        /// Points: the sum of the labs' thousandths.
        points: u64,
        /// Labs passed.
        passed: u64,
    }

    /// What a learner sees first.
    Desk of holdfast_academy::attempts::Desk {
        /// The learner.
        learner: Learner = into,
        /// Sessions whose roster the learner is on.
        sessions: Vec<Session> = each,
        /// Labs begun.
        #[schema(value_type = Vec<(i64, LabResult)>)]
        labs: Vec<(CourseSessionId, LabResult)> = values,
        /// Certificates, by number and course.
        certificates: Vec<(String, String)>,
    }

    /// A certificate.
    Certificate of holdfast_academy::certificate::Certificate {
        /// Its number, a UUID.
        id: String,
        /// Session.
        #[schema(value_type = i64)]
        session: CourseSessionId,
        /// Learner.
        #[schema(value_type = i64)]
        learner: LearnerId,
        /// Course.
        course: String,
        /// Unix seconds.
        #[schema(value_type = i64)]
        issued: Timestamp,
        /// The signed credential: header, credential and signature (RFC 7515, compact).
        jwt: String,
        /// When it was revoked.
        #[schema(value_type = Option<i64>)]
        revoked: Option<Timestamp>,
        /// Why.
        why: Option<String>,
    }
}
