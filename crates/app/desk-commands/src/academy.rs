//! `holdfast academy`: courses, sessions, labs, certificates.

use crate::answer::{Answer, Fields};
use crate::args::DeskArgs;
use crate::labs::{LabsCommand, labs, text_of, unpack, write_task};
use crate::output::{self, counted};
use crate::running::Reach;
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use holdfast_academy::AcademyError;
use holdfast_academy::attempts::Answer as LabAnswer;
use holdfast_academy::classes::{Feedback, Learner, Mode, NewLearner, NewSession};
use holdfast_academy::course::MAX_COURSE;
use holdfast_academy::grade::percent;
use holdfast_academy::xapi;
use holdfast_academy::{Academy, certificate};
use holdfast_api_investigation::academy::LEARNER_HEADER;
use holdfast_client::{Client, Request, api_path};
use holdfast_console::desk_key::key_ring;
use holdfast_input::time::parse_date;
use holdfast_screening::Screening;
use holdfast_types::Timestamp;
use holdfast_types::ids::{AttemptId, CourseSessionId, LearnerId};
use serde::Serialize;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub enum AcademyCommand {
    /// Labs: tasks with own data and known answers.
    #[command(subcommand)]
    Labs(LabsCommand),
    /// Courses in Markdown, with translations.
    #[command(subcommand)]
    Courses(CoursesCommand),
    /// Sessions of courses: rosters, attendance, classes.
    #[command(subcommand)]
    Sessions(SessionsCommand),
    /// A learner's labs in a session.
    #[command(subcommand)]
    Attempts(AttemptsCommand),
    /// Certificates (Open Badges 3.0 and PDF); `holdfast verify` checks them.
    #[command(subcommand)]
    Certificates(CertificatesCommand),
    /// Show the programme by year and country.
    Programme {
        #[command(flatten)]
        desk: DeskArgs,
    },
}

#[derive(Subcommand)]
pub enum CoursesCommand {
    /// List courses.
    List {
        #[command(flatten)]
        desk: DeskArgs,
        /// Language, ISO 639-1.
        #[arg(long, default_value = "en")]
        lang: String,
    },
    /// Print a course.
    Show {
        #[command(flatten)]
        desk: DeskArgs,
        /// Name of the course.
        course: String,
        /// Language, ISO 639-1.
        #[arg(long, default_value = "en")]
        lang: String,
    },
    /// Add a course or translation, or a newer version of one.
    Add {
        #[command(flatten)]
        desk: DeskArgs,
        /// Markdown with a header.
        file: PathBuf,
    },
}

#[derive(Args)]
pub struct PlanArgs {
    #[command(flatten)]
    desk: DeskArgs,
    /// Course.
    course: String,
    /// Language, ISO 639-1.
    #[arg(long, default_value = "en")]
    lang: String,
    /// Title; the course's by default.
    #[arg(long, default_value = "")]
    title: String,
    /// Held online instead of in person.
    #[arg(long)]
    online: bool,
    /// Country, ISO 3166-1 alpha-2.
    #[arg(long)]
    country: String,
    /// City and room, or the link.
    #[arg(long, default_value = "")]
    place: String,
    /// First day, such as 2026-09-21.
    #[arg(long)]
    starts: String,
    /// Last day.
    #[arg(long)]
    ends: String,
    /// Parts with attendance.
    #[arg(long, default_value_t = 0)]
    parts: u32,
    /// Trainer.
    #[arg(long)]
    trainer: String,
    /// Largest number of learners.
    #[arg(long, default_value_t = 30)]
    capacity: u32,
}

#[derive(Subcommand)]
pub enum SessionsCommand {
    /// Plan a session.
    Plan(PlanArgs),
    /// List sessions.
    List {
        #[command(flatten)]
        desk: DeskArgs,
    },
    /// Show a session with its roster and feedback.
    Show {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number of the session.
        id: CourseSessionId,
    },
    /// Enrol a learner; a new one gets a key, shown once.
    Enrol {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number of the session.
        id: CourseSessionId,
        /// Name for certificates.
        #[arg(long)]
        name: String,
        /// Official mail address.
        #[arg(long)]
        email: String,
        /// Agency.
        #[arg(long)]
        agency: String,
        /// Country of the agency.
        #[arg(long)]
        country: String,
    },
    /// Create a new key for a learner; the old one is revoked.
    Key {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number of the learner.
        learner: LearnerId,
    },
    /// Record attendance of a part; learners that are not named were absent.
    Attendance {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number of the session.
        id: CourseSessionId,
        /// Part, from 1.
        #[arg(long)]
        part: u32,
        /// Learners who attended.
        learners: Vec<LearnerId>,
    },
    /// Show the progress of a class in its labs.
    Class {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number of the session.
        id: CourseSessionId,
    },
    /// Show the scoreboard.
    Scoreboard {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number of the session.
        id: CourseSessionId,
    },
    /// Export statements of learning (xAPI 1.0.3): print them, or send them to a learning record store.
    Xapi {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number of the session.
        id: CourseSessionId,
        /// URL that statements are sent to, such as https://lrs.example.org/xAPI.
        #[arg(long)]
        to: Option<String>,
        /// User name at the learning record store; the password is in the environment variable HOLDFAST_LRS_PASSWORD.
        #[arg(long, default_value = "")]
        user: String,
    },
    /// Record a learner's feedback.
    Feedback {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number of the session.
        id: CourseSessionId,
        /// Number of the learner.
        #[arg(long)]
        learner: LearnerId,
        /// Marks 1 to 5 of content, trainer and labs.
        #[arg(num_args = 3)]
        marks: Vec<u8>,
        /// Comment.
        #[arg(long, default_value = "")]
        comment: String,
    },
    /// Close or cancel a session.
    End {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number of the session.
        id: CourseSessionId,
        /// Cancel it: it does not count.
        #[arg(long)]
        cancelled: bool,
    },
}

#[derive(Args)]
pub struct LearnerArgs {
    #[command(flatten)]
    desk: DeskArgs,
    /// Number of the learner.
    #[arg(long)]
    learner: LearnerId,
}

#[derive(Subcommand)]
pub enum AttemptsCommand {
    /// Begin a lab, or show it if it was begun.
    Begin {
        #[command(flatten)]
        who: LearnerArgs,
        /// Number of the session.
        session: CourseSessionId,
        /// Name of the lab.
        lab: String,
    },
    /// Show the state of a lab.
    Show {
        #[command(flatten)]
        who: LearnerArgs,
        /// Number of the attempt.
        id: AttemptId,
    },
    /// Write the task's files, and the chain's store where it has one.
    Files {
        #[command(flatten)]
        who: LearnerArgs,
        /// Number of the attempt.
        id: AttemptId,
        /// Folder; must be empty or missing.
        #[arg(long)]
        out: PathBuf,
    },
    /// Answer a step.
    Answer {
        #[command(flatten)]
        who: LearnerArgs,
        /// Number of the attempt.
        id: AttemptId,
        /// Name of the step.
        step: String,
        /// Answer; @FILE reads it from a file.
        answer: String,
    },
    /// Take a hint; it costs a quarter of the step.
    Hint {
        #[command(flatten)]
        who: LearnerArgs,
        /// Number of the attempt.
        id: AttemptId,
        /// Name of the step.
        step: String,
    },
}

#[derive(Subcommand)]
pub enum CertificatesCommand {
    /// Issue a learner's certificate of a session.
    Give {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number of the session.
        session: CourseSessionId,
        /// Number of the learner.
        learner: LearnerId,
        /// File for the PDF.
        #[arg(long)]
        pdf: Option<PathBuf>,
        /// File for the signed credential.
        #[arg(long)]
        jwt: Option<PathBuf>,
    },
    /// Revoke a certificate.
    Revoke {
        #[command(flatten)]
        desk: DeskArgs,
        /// Id of the certificate.
        id: String,
        /// Reason.
        #[arg(long = "reason", alias = "why")]
        why: String,
    },
    /// List revoked certificates.
    Revoked {
        #[command(flatten)]
        desk: DeskArgs,
    },
}

/// Works at the academy in this process.
fn academy<T>(
    args: &DeskArgs,
    screening: &Screening,
    run: impl FnOnce(&Academy<'_>) -> Result<T, AcademyError>,
) -> anyhow::Result<T> {
    let key_ring = key_ring(&args.store.store, screening)?;
    let site = std::env::var("HOLDFAST_SITE").unwrap_or_else(|_| "http://localhost:8650".into());
    Ok(run(&Academy { screening, key_ring: &key_ring, site: site.trim_end_matches('/') })?)
}

/// Answers from the academy: `here` in this process, or `there` by the server that has the desk.
fn answer<T: Serialize>(
    args: &DeskArgs,
    here: impl FnOnce(&Academy<'_>) -> Result<T, AcademyError>,
    there: impl for<'c> FnOnce(&'c Client) -> Request<'c>,
) -> anyhow::Result<Answer> {
    args.answer(|s| academy(args, s, here), there)
}

fn day(name: &str, text: &str) -> anyhow::Result<Timestamp> {
    parse_date(text).with_context(|| name.to_owned())
}

fn courses(command: CoursesCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        CoursesCommand::List { desk, lang } => {
            let path = api_path(&["academy", "courses"]);
            let all = answer(&desk, |a| a.courses(&lang), |c| c.get(&path).query("lang", &lang))?;
            if as_json {
                return all.print();
            }
            for c in all.rows("courses") {
                let (header, languages) = (&c["header"], c.words("languages").join(", "));
                let (course, lang, version) = (header.word("course"), header.word("lang"), header.count("version"));
                println!("{course:<20} {lang} v{version} ({languages}): {}", header.word("title"));
            }
            Ok(())
        }
        CoursesCommand::Show { desk, course, lang } => {
            let path = api_path(&["academy", "courses", &course]);
            let found = answer(&desk, |a| a.course(&course, &lang), |c| c.get(&path).query("lang", &lang))?;
            if as_json {
                return found.print();
            }
            println!("# {}\n\n{}", found["header"].word("title"), found["header"].word("summary"));
            found.list("lessons").iter().for_each(|l| println!("\n## {}\n\n{}", l.word("title"), l.word("text")));
            Ok(())
        }
        CoursesCommand::Add { desk, file } => {
            let text = String::from_utf8(output::read_bounded(&file, MAX_COURSE)?)
                .with_context(|| format!("{}: no UTF-8", file.display()))?;
            let added = answer(
                &desk,
                |a| a.add_course(&text, &desk.actor),
                |c| c.post("/api/v1/academy/courses").body(text.as_bytes().to_vec(), "text/markdown"),
            );
            let added = added.with_context(|| file.display().to_string())?;
            if as_json {
                return added.print();
            }
            println!("{} {} version {}", added.word("course"), added.word("lang"), added.count("version"));
            Ok(())
        }
    }
}

/// The path of a session, or of something of it.
fn session_path(id: CourseSessionId, rest: &[&str]) -> String {
    let id = id.to_string();
    api_path(&[&["academy", "sessions", id.as_str()], rest].concat())
}

fn plan(args: PlanArgs, as_json: bool) -> anyhow::Result<()> {
    let new = NewSession {
        course: args.course,
        lang: args.lang,
        title: args.title,
        mode: if args.online { Mode::Online } else { Mode::InPerson },
        country: args.country,
        place: args.place,
        starts: day("--starts", &args.starts)?,
        ends: day("--ends", &args.ends)?,
        parts: args.parts,
        trainer: args.trainer,
        capacity: args.capacity,
    };
    let desk = &args.desk;
    let made =
        answer(desk, |a| a.plan_session(new.clone(), &desk.actor), |c| c.post("/api/v1/academy/sessions").json(&new))?;
    if as_json {
        return made.print();
    }
    println!("session {}: {}", made.int("id"), made["plan"].word("title"));
    Ok(())
}

fn list_sessions(desk: &DeskArgs, as_json: bool) -> anyhow::Result<()> {
    let all = answer(desk, |a| a.sessions(), |c| c.get("/api/v1/academy/sessions"))?;
    if as_json {
        return all.print();
    }
    for s in all.rows("sessions") {
        let plan = &s["plan"];
        println!(
            "{:>4} {} {} ({}), {} of {} places taken, {}",
            s.int("id"),
            &plan.time("starts").rfc3339()[..10],
            plan.word("title"),
            [plan.word("place"), plan.word("country")].join(", ").trim_start_matches(", "),
            s.int("enrolled"),
            plan.count("capacity"),
            s.word("state")
        );
    }
    Ok(())
}

fn show_session(desk: &DeskArgs, id: CourseSessionId, as_json: bool) -> anyhow::Result<()> {
    let here =
        |a: &Academy<'_>| Ok(json!({"session": a.session(id)?, "roster": a.roster(id)?, "feedback": a.feedback(id)?}));
    let file = answer(desk, here, |c| c.get(&session_path(id, &[])))?;
    if as_json {
        return file.print();
    }
    let (session, plan) = (&file["session"], &file["session"]["plan"]);
    println!("{} ({}), {}", plan.word("title"), session.word("state"), plan.word("trainer"));
    for l in file.list("roster") {
        let certificate = l["certificate"].as_str().map(|c| format!(", certificate {c}")).unwrap_or_default();
        let (learner, who) = (l["learner"].int("id"), &l["learner"]["who"]);
        println!(
            "{learner:>4} {} ({}, {}), attended {} of {}{certificate}",
            who.word("name"),
            who.word("agency"),
            who.word("country"),
            l.list("attended").len(),
            plan.count("parts")
        );
    }
    println!("{} of feedback", counted(file["feedback"].count("sheets"), "sheet"));
    Ok(())
}

fn print_class(class: &Value) {
    for l in class.list("learners") {
        println!("{}", l["learner"]["who"].word("name"));
        for r in l.list("labs") {
            let at = r["at"].as_str().map(|a| format!(", at {a}")).unwrap_or_default();
            println!(
                "    {:<20} {:>7}{}, tries {}, hints {}{at}",
                r.word("lab"),
                percent(r.count("score")),
                if r.is("passed") { " passed" } else { "" },
                r.int("tries"),
                r.int("hints")
            );
        }
    }
    for step in class.list("steps") {
        let (lab, name) = (step[0].as_str().unwrap_or_default(), step[1].as_str().unwrap_or_default());
        println!("{lab} {name}: {} of {} right, answers {}", step[2], step[3], step[4]);
    }
}

fn print_key(made: &Value, is_new_learner: bool) {
    if is_new_learner {
        println!("learner {}: {}", made["learner"].int("id"), made["learner"]["who"].word("name"));
    }
    if let Some(key) = made["key"].as_str() {
        println!("key, shown once: {key}");
    }
}

/// Statements of learning: printed, or sent to a learning record store.
fn statements(desk: &DeskArgs, id: CourseSessionId, to: Option<&str>, user: &str, as_json: bool) -> anyhow::Result<()> {
    let found = answer(desk, |a| a.statements(id), |c| c.get(&session_path(id, &["xapi"])))?;
    let Some(to) = to else { return found.print() };
    let password = std::env::var("HOLDFAST_LRS_PASSWORD").unwrap_or_default();
    let sent = xapi::send(found.items(), to, user, &password)?;
    if as_json {
        return output::json(&json!({"sent": sent}));
    }
    println!("{sent} statements sent");
    Ok(())
}

fn sessions(command: SessionsCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        SessionsCommand::Plan(args) => return plan(args, as_json),
        SessionsCommand::List { desk } => return list_sessions(&desk, as_json),
        SessionsCommand::Show { desk, id } => return show_session(&desk, id, as_json),
        SessionsCommand::Enrol { desk, id, name, email, agency, country } => {
            let who = NewLearner { name, email, agency, country };
            let path = session_path(id, &["learners"]);
            let made = answer(&desk, |a| a.enrol(id, who.clone(), &desk.actor), |c| c.post(&path).json(&who))?;
            if as_json {
                return made.print();
            }
            print_key(&made, true);
        }
        SessionsCommand::Key { desk, learner } => {
            let path = api_path(&["academy", "learners", &learner.to_string(), "key"]);
            let made = answer(&desk, |a| a.new_key(learner, &desk.actor), |c| c.post(&path))?;
            if as_json {
                return made.print();
            }
            print_key(&made, false);
        }
        SessionsCommand::Attendance { desk, id, part, learners } => {
            let there = learners.len();
            let path = session_path(id, &["attendance", &part.to_string()]);
            answer(
                &desk,
                |a| a.note_attendance(id, part, learners.clone(), &desk.actor),
                |c| c.put(&path).json(&json!({ "present": learners })),
            )?;
            if as_json {
                return output::json(&json!({"session": id, "part": part, "present": there}));
            }
            println!("{there} attended part {part}");
        }
        SessionsCommand::Class { desk, id } => {
            let class = answer(&desk, |a| a.class_view(id), |c| c.get(&session_path(id, &["class"])))?;
            if as_json {
                return class.print();
            }
            print_class(&class);
        }
        SessionsCommand::Scoreboard { desk, id } => {
            let board = answer(&desk, |a| a.scoreboard(id), |c| c.get(&session_path(id, &["scoreboard"])))?;
            if as_json {
                return board.print();
            }
            for l in board.rows("learners") {
                let (place, points, passed) = (l.count("place"), l.count("points"), l.count("passed"));
                println!(
                    "{place:>3}. {} ({}): {}, {} passed",
                    l.word("name"),
                    l.word("agency"),
                    counted(points, "point"),
                    counted(passed, "lab")
                );
            }
        }
        SessionsCommand::Xapi { desk, id, to, user } => {
            return statements(&desk, id, to.as_deref(), &user, as_json);
        }
        SessionsCommand::Feedback { desk, id, learner, marks, comment } => {
            let [content, trainer, labs] = marks[..] else { bail!("give three marks: content, trainer, labs") };
            let sheet = Feedback { content, trainer, labs, comment };
            let path = session_path(id, &["learners", &learner.to_string(), "feedback"]);
            answer(
                &desk,
                |a| a.record_feedback(id, learner, sheet.clone(), &desk.actor),
                |c| c.put(&path).json(&sheet),
            )?;
            if as_json {
                return output::json(&json!({"session": id, "learner": learner}));
            }
            println!("feedback of learner {learner} recorded");
        }
        SessionsCommand::End { desk, id, cancelled } => {
            answer(
                &desk,
                |a| a.end_session(id, cancelled, &desk.actor),
                |c| c.post(&session_path(id, &["end"])).json(&json!({ "cancelled": cancelled })),
            )?;
            let state = if cancelled { "cancelled" } else { "closed" };
            if as_json {
                return output::json(&json!({"session": id, "state": state}));
            }
            println!("session {id} is {state}");
        }
    }
    Ok(())
}

fn print_attempt(view: &Answer, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return view.print();
    }
    println!(
        "{} (attempt {}): {}{}\n\n{}\n",
        view["lab"].word("title"),
        view.int("id"),
        percent(view.count("score")),
        if view.is("passed") { ", passed" } else { "" },
        view.word("brief")
    );
    for s in view.list("steps") {
        let mark = match (s.is("right"), s.is("over")) {
            (true, _) => "x",
            (false, true) => "-",
            (false, false) => " ",
        };
        println!("[{mark}] {} ({} points) {}", s.word("id"), s.count("points"), s.word("question"));
        s.words("options").iter().for_each(|o| println!("        {o}"));
        s.words("feedback").iter().for_each(|f| println!("    {f}"));
        s.words("hints").iter().for_each(|h| println!("    hint: {h}"));
        if let Some(why) = s["why"].as_str() {
            println!("    {why}");
        }
    }
    Ok(())
}

/// Does something as a learner. A server takes the learner's number from commands of its own machine only.
fn as_learner<T: Serialize>(
    who: &LearnerArgs,
    here: impl FnOnce(&Academy<'_>, &Learner) -> Result<T, AcademyError>,
    there: impl for<'c> FnOnce(&'c Client) -> Request<'c>,
) -> anyhow::Result<Answer> {
    let learner = who.learner;
    answer(&who.desk, |a| here(a, &a.learner(learner)?), |c| there(c).header(LEARNER_HEADER, &learner.to_string()))
}

/// The path of an attempt, or of something of it.
fn attempt_path(id: AttemptId, rest: &[&str]) -> String {
    let id = id.to_string();
    api_path(&[&["learn", "attempts", id.as_str()], rest].concat())
}

/// The files of an attempt's task.
fn task_files(who: &LearnerArgs, id: AttemptId) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    match who.desk.reach()? {
        Reach::Here(screening) => academy(&who.desk, &screening, |a| {
            let (lab, made) = a.task(id, &a.learner(who.learner)?)?;
            Ok(made.pack(lab.title))
        }),
        Reach::There(client) => {
            let path = attempt_path(id, &["pack"]);
            unpack(client.get(&path).header(LEARNER_HEADER, &who.learner.to_string()).bytes()?)
        }
    }
}

fn attempts(command: AttemptsCommand, as_json: bool) -> anyhow::Result<()> {
    let view = match command {
        AttemptsCommand::Begin { who, session, lab } => {
            let path = api_path(&["learn", "sessions", &session.to_string(), "labs", &lab]);
            as_learner(&who, |a, l| a.begin(session, l, &lab), |c| c.post(&path))?
        }
        AttemptsCommand::Show { who, id } => {
            as_learner(&who, |a, l| a.attempt(id, l), |c| c.get(&attempt_path(id, &[])))?
        }
        AttemptsCommand::Files { who, id, out } => {
            write_task(&task_files(&who, id)?, &out)?;
            as_learner(&who, |a, l| a.attempt(id, l), |c| c.get(&attempt_path(id, &[])))?
        }
        AttemptsCommand::Answer { who, id, step, answer } => {
            let answer = LabAnswer { step, answer: text_of(&answer)? };
            let body = json!({ "step": answer.step, "answer": answer.answer });
            let path = attempt_path(id, &["answers"]);
            as_learner(&who, |a, l| a.answer(id, l, &answer), |c| c.post(&path).json(&body))?
        }
        AttemptsCommand::Hint { who, id, step } => {
            let path = attempt_path(id, &["hints"]);
            as_learner(&who, |a, l| a.hint(id, l, &step), |c| c.post(&path).json(&json!({ "step": step })))?
        }
    };
    print_attempt(&view, as_json)
}

/// Gives a certificate, and writes it out as PDF.
fn certify(
    desk: &DeskArgs,
    session: CourseSessionId,
    learner: LearnerId,
    pdf: Option<&Path>,
) -> anyhow::Result<Answer> {
    let (given, bytes) = match desk.reach()? {
        Reach::Here(screening) => academy(desk, &screening, |a| {
            let given = a.certify(session, learner, &desk.actor)?;
            let bytes = pdf.map(|_| a.certificate_pdf(&given.id)).transpose()?;
            Ok((serde_json::to_vec(&given).unwrap_or_default(), bytes))
        })?,
        Reach::There(client) => {
            let path = session_path(session, &["certificates"]);
            let given = client.post(&path).json(&json!({ "learner": learner })).bytes()?;
            let id = Answer::of_bytes(given.clone())?.word("id").to_owned();
            let path = api_path(&["academy", "certificates", &id, "pdf"]);
            (given, pdf.map(|_| client.get(&path).bytes()).transpose()?)
        }
    };
    if let (Some(file), Some(bytes)) = (pdf, bytes) {
        std::fs::write(file, bytes).with_context(|| file.display().to_string())?;
    }
    Answer::of_bytes(given)
}

fn certificates(command: CertificatesCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        CertificatesCommand::Give { desk, session, learner, pdf, jwt } => {
            let given = certify(&desk, session, learner, pdf.as_deref())?;
            if let Some(file) = &jwt {
                std::fs::write(file, given.word("jwt")).with_context(|| file.display().to_string())?;
            }
            if as_json {
                return given.print();
            }
            println!("certificate {}", given.word("id"));
            let found = certificate::verify(given.word("jwt").as_bytes(), None, given.time("issued"));
            println!("issuer {}", found.public_key);
            Ok(())
        }
        CertificatesCommand::Revoke { desk, id, why } => {
            let path = api_path(&["academy", "certificates", &id, "revoke"]);
            let here = |a: &Academy<'_>| {
                a.revoke_certificate(&id, &why, &desk.actor)?;
                a.certificate(&id)
            };
            let revoked = answer(&desk, here, |c| c.post(&path).json(&json!({ "why": why })))?;
            if as_json {
                return revoked.print();
            }
            println!("certificate {id} is revoked");
            Ok(())
        }
        CertificatesCommand::Revoked { desk } => {
            answer(&desk, |a| a.revocations(), |c| c.get("/academy/revocations"))?.print()
        }
    }
}

fn programme(desk: &DeskArgs, as_json: bool) -> anyhow::Result<()> {
    let lines = answer(desk, |a| a.programme(), |c| c.get("/api/v1/academy/programme"))?;
    if as_json {
        return lines.print();
    }
    for l in lines.rows("sessions") {
        println!(
            "{} {}: {} ({} in person), agencies {}, {}, {} of {} places attended, {} passed, {}",
            l.int("year"),
            l.word("country"),
            counted(l.count("sessions"), "session"),
            l.count("in_person"),
            l.count("agencies"),
            counted(l.count("learners"), "learner"),
            l.count("attended"),
            l.count("places"),
            counted(l.count("labs_passed"), "lab"),
            counted(l.count("certificates"), "certificate")
        );
    }
    Ok(())
}

pub fn run(command: AcademyCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        AcademyCommand::Labs(command) => labs(command, as_json),
        AcademyCommand::Courses(command) => courses(command, as_json),
        AcademyCommand::Sessions(command) => sessions(command, as_json),
        AcademyCommand::Attempts(command) => attempts(command, as_json),
        AcademyCommand::Certificates(command) => certificates(command, as_json),
        AcademyCommand::Programme { desk } => programme(&desk, as_json),
    }
}
