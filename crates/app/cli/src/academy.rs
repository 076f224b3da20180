//! `holdfast academy`: courses, sessions, labs, certificates.

use crate::output;
use crate::screening::DeskArgs;
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use holdfast_academy::Academy;
use holdfast_academy::attempts::{Answer, AttemptView};
use holdfast_academy::classes::{Feedback, Learner, Mode, NewLearner, NewSession};
use holdfast_academy::course::MAX_COURSE;
use holdfast_academy::grade::percent;
use holdfast_academy::labs::{LABS, Lab, lab, make};
use holdfast_academy::xapi;
use holdfast_console::desk_key::master;
use holdfast_input::time::{parse_date, rfc3339};
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub enum AcademyCommand {
    /// Labs: tasks with data of one's own and answers that are known.
    #[command(subcommand)]
    Labs(LabsCommand),
    /// Courses in Markdown, with translations.
    #[command(subcommand)]
    Courses(CoursesCommand),
    /// Sessions of courses: rosters, attendance, classes.
    #[command(subcommand)]
    Sessions(SessionsCommand),
    /// A learner's labs in a session, on the store itself.
    #[command(subcommand)]
    Attempts(AttemptsCommand),
    /// Certificates (Open Badges 3.0 and PDF); `holdfast verify` checks them.
    #[command(subcommand)]
    Certificates(CertificatesCommand),
    /// The programme by year and country.
    Programme {
        #[command(flatten)]
        desk: DeskArgs,
    },
}

#[derive(Subcommand)]
pub enum LabsCommand {
    /// List the labs.
    List,
    /// Make a task of a seed, to study by oneself: its files, and the chain's store where it has one.
    Make {
        /// Lab.
        lab: String,
        /// Same seed, same task.
        #[arg(long)]
        seed: u64,
        /// Folder; must be empty or missing.
        #[arg(long)]
        out: PathBuf,
    },
    /// Grade an answer to a task made of a seed.
    Check {
        /// Lab.
        lab: String,
        /// The task's seed.
        #[arg(long)]
        seed: u64,
        /// Step.
        step: String,
        /// Answer; @FILE reads it from a file.
        #[arg(required_unless_present_any = ["hint", "solution"])]
        answer: Option<String>,
        /// Print the hint of this number instead (1, 2, ...).
        #[arg(long, conflicts_with = "answer")]
        hint: Option<usize>,
        /// Print the solution and why instead.
        #[arg(long, conflicts_with_all = ["answer", "hint"])]
        solution: bool,
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
        /// Name.
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
    /// Parts that attendance is noted of.
    #[arg(long, default_value_t = 0)]
    parts: u32,
    /// Who teaches.
    #[arg(long)]
    trainer: String,
    /// Places.
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
    /// A session with its roster and feedback.
    Show {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number.
        id: i64,
    },
    /// Put somebody on a roster; who is new gets a key, shown once.
    Enrol {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number of the session.
        id: i64,
        /// Name, as it is to stand on certificates.
        #[arg(long)]
        name: String,
        /// Official address.
        #[arg(long)]
        email: String,
        /// Agency.
        #[arg(long)]
        agency: String,
        /// Country of the agency.
        #[arg(long)]
        country: String,
    },
    /// Give a learner a new key; the old one ends.
    Key {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number of the learner.
        learner: i64,
    },
    /// Note who was there in a part; who is not named was not.
    Attendance {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number.
        id: i64,
        /// Part, from 1.
        #[arg(long)]
        part: u32,
        /// Learners who were there.
        learners: Vec<i64>,
    },
    /// A class at its labs.
    Class {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number.
        id: i64,
    },
    /// The scoreboard.
    Scoreboard {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number.
        id: i64,
    },
    /// Statements of learning (xAPI 1.0.3), printed or sent to a learning record store.
    Xapi {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number.
        id: i64,
        /// Where statements are posted, such as https://lrs.example.org/xAPI.
        #[arg(long)]
        to: Option<String>,
        /// User name there; the password is in the environment variable HOLDFAST_LRS_PASSWORD.
        #[arg(long, default_value = "")]
        user: String,
    },
    /// Note a learner's sheet of feedback.
    Feedback {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number.
        id: i64,
        /// Learner.
        #[arg(long)]
        learner: i64,
        /// Marks 1 to 5 of content, trainer and labs.
        #[arg(num_args = 3)]
        marks: Vec<u8>,
        /// In words.
        #[arg(long, default_value = "")]
        comment: String,
    },
    /// Close a session, or cancel it.
    End {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number.
        id: i64,
        /// It is cancelled and counts nowhere.
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
    learner: i64,
}

#[derive(Subcommand)]
pub enum AttemptsCommand {
    /// Begin a lab, or show the one begun.
    Begin {
        #[command(flatten)]
        who: LearnerArgs,
        /// Session.
        session: i64,
        /// Lab.
        lab: String,
    },
    /// A lab as it stands.
    Show {
        #[command(flatten)]
        who: LearnerArgs,
        /// Attempt.
        id: i64,
    },
    /// Write the task's files, and the chain's store where it has one.
    Files {
        #[command(flatten)]
        who: LearnerArgs,
        /// Attempt.
        id: i64,
        /// Folder; must be empty or missing.
        #[arg(long)]
        out: PathBuf,
    },
    /// Answer a step.
    Answer {
        #[command(flatten)]
        who: LearnerArgs,
        /// Attempt.
        id: i64,
        /// Step.
        step: String,
        /// Answer; @FILE reads it from a file.
        answer: String,
    },
    /// Take a hint; it costs a quarter of the step.
    Hint {
        #[command(flatten)]
        who: LearnerArgs,
        /// Attempt.
        id: i64,
        /// Step.
        step: String,
    },
}

#[derive(Subcommand)]
pub enum CertificatesCommand {
    /// Give a learner the certificate of a session.
    Give {
        #[command(flatten)]
        desk: DeskArgs,
        /// Session.
        session: i64,
        /// Learner.
        learner: i64,
        /// Write the PDF there.
        #[arg(long)]
        pdf: Option<PathBuf>,
        /// Write the signed credential there.
        #[arg(long)]
        jwt: Option<PathBuf>,
    },
    /// Revoke a certificate.
    Revoke {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number.
        id: String,
        /// Why.
        #[arg(long)]
        why: String,
    },
    /// Certificates that were revoked.
    Revoked {
        #[command(flatten)]
        desk: DeskArgs,
    },
}

/// Runs something at the academy of a store.
pub fn at_academy<T>(args: &DeskArgs, run: impl FnOnce(&Academy<'_>) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let screening = args.open()?;
    let master = master(&args.store.store, &screening)?;
    let site = std::env::var("HOLDFAST_SITE").unwrap_or_else(|_| "http://localhost:8650".into());
    run(&Academy { screening: &screening, master: &master, site: site.trim_end_matches('/') })
}

fn find(name: &str) -> anyhow::Result<&'static Lab> {
    let known = || LABS.iter().map(|l| l.id).collect::<Vec<_>>().join(", ");
    lab(name).with_context(|| format!("there is no lab '{name}'; there are {}", known()))
}

/// An answer, or the file that it names.
fn text_of(answer: &str) -> anyhow::Result<String> {
    let Some(file) = answer.strip_prefix('@') else { return Ok(answer.to_owned()) };
    let bytes = output::read_bounded(Path::new(file), holdfast_academy::grade::MAX_ANSWER)?;
    String::from_utf8(bytes).with_context(|| format!("{file}: no UTF-8"))
}

fn day(name: &str, text: &str) -> anyhow::Result<i64> {
    parse_date(text).with_context(|| name.to_owned())
}

/// Writes a task's files, and builds the store of its chain in `store/`.
fn write_task(made: &holdfast_academy::labs::Made, title: &str, out: &Path) -> anyhow::Result<()> {
    if out.exists() && std::fs::read_dir(out).with_context(|| out.display().to_string())?.next().is_some() {
        bail!("{} is not empty; choose another folder", out.display());
    }
    for (name, bytes) in made.pack(title) {
        let place = out.join(&name);
        if let Some(parent) = place.parent() {
            std::fs::create_dir_all(parent).with_context(|| parent.display().to_string())?;
        }
        std::fs::write(&place, bytes).with_context(|| place.display().to_string())?;
    }
    if made.network().is_some() {
        made.build(&out.join("store")).map_err(anyhow::Error::msg)?;
    }
    Ok(())
}

fn labs(command: LabsCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        LabsCommand::List => {
            let all: Vec<_> = LABS.iter().map(Lab::view).collect();
            if as_json {
                return output::json(&all);
            }
            all.iter().for_each(|l| println!("{:<20} {:>3} min  {}: {}", l.id, l.minutes, l.title, l.teaches));
            Ok(())
        }
        LabsCommand::Make { lab, seed, out } => {
            let lab = find(&lab)?;
            let made = make(lab, seed).map_err(anyhow::Error::msg)?;
            write_task(&made, lab.title, &out)?;
            if as_json {
                let steps: Vec<_> = made.steps.iter().map(|s| json!({"id": s.id, "question": s.question, "form": s.check.form(), "options": s.check.options()})).collect();
                return output::json(&json!({"lab": lab.id, "seed": seed, "brief": made.brief, "steps": steps}));
            }
            println!("{}", made.words(lab.title));
            println!(
                "All of it is in {}. Check an answer: holdfast academy labs check {} --seed {seed} STEP ANSWER",
                out.display(),
                lab.id
            );
            Ok(())
        }
        LabsCommand::Check { lab, seed, step, answer, hint, solution } => {
            let made = make(find(&lab)?, seed).map_err(anyhow::Error::msg)?;
            let known = || made.steps.iter().map(|s| s.id).collect::<Vec<_>>().join(", ");
            let found = made.steps.iter().find(|s| s.id == step);
            let found = found.with_context(|| format!("there is no step '{step}'; there are {}", known()))?;
            if let Some(n) = hint {
                let text = n.checked_sub(1).and_then(|n| found.hints.get(n));
                println!("{}", text.with_context(|| format!("the step has {} hints", found.hints.len()))?);
                return Ok(());
            }
            if solution {
                println!("{}\n{}", found.check.solution(), found.why);
                return Ok(());
            }
            let graded = found.check.grade(&text_of(answer.as_deref().unwrap_or_default())?);
            if as_json {
                output::json(&graded)?;
            } else {
                graded.feedback.iter().for_each(|f| println!("{f}"));
                println!("{} of the step", percent(u64::from(graded.credit)));
            }
            anyhow::ensure!(graded.right, "not wholly right");
            Ok(())
        }
    }
}

fn courses(command: CoursesCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        CoursesCommand::List { desk, lang } => {
            let all = at_academy(&desk, |a| Ok(a.courses(&lang)?))?;
            if as_json {
                return output::json(&all);
            }
            for c in &all {
                println!(
                    "{:<20} {} v{} ({}): {}",
                    c.header.course,
                    c.header.lang,
                    c.header.version,
                    c.languages.join(", "),
                    c.header.title
                );
            }
            Ok(())
        }
        CoursesCommand::Show { desk, course, lang } => {
            let found = at_academy(&desk, |a| Ok(a.course(&course, &lang)?))?;
            if as_json {
                return output::json(&found);
            }
            println!("# {}\n\n{}", found.header.title, found.header.summary);
            found.lessons.iter().for_each(|l| println!("\n## {}\n\n{}", l.title, l.text));
            Ok(())
        }
        CoursesCommand::Add { desk, file } => {
            let text = String::from_utf8(output::read_bounded(&file, MAX_COURSE)?)
                .with_context(|| format!("{}: no UTF-8", file.display()))?;
            let added =
                at_academy(&desk, |a| a.add_course(&text, &desk.actor).with_context(|| file.display().to_string()))?;
            if as_json {
                return output::json(&added);
            }
            println!("{} {} version {}", added.course, added.lang, added.version);
            Ok(())
        }
    }
}

fn sessions(command: SessionsCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        SessionsCommand::Plan(args) => {
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
            let made = at_academy(&args.desk, |a| Ok(a.plan_session(new, &args.desk.actor)?))?;
            if as_json {
                return output::json(&made);
            }
            println!("session {}: {}", made.id, made.plan.title);
        }
        SessionsCommand::List { desk } => {
            let all = at_academy(&desk, |a| Ok(a.sessions()?))?;
            if as_json {
                return output::json(&all);
            }
            for s in &all {
                println!(
                    "{:>4} {} {} {} ({}), {} of {}, {}",
                    s.id,
                    &rfc3339(s.plan.starts)[..10],
                    s.plan.title,
                    s.plan.place,
                    s.plan.country,
                    s.enrolled,
                    s.plan.capacity,
                    s.state
                );
            }
        }
        SessionsCommand::Show { desk, id } => {
            let (session, roster, feedback) =
                at_academy(&desk, |a| Ok((a.session(id)?, a.roster(id)?, a.feedback(id)?)))?;
            if as_json {
                return output::json(&json!({"session": session, "roster": roster, "feedback": feedback}));
            }
            println!("{} ({}), {}", session.plan.title, session.state, session.plan.trainer);
            for l in &roster {
                let certificate = l.certificate.as_deref().map(|c| format!(", certificate {c}")).unwrap_or_default();
                println!(
                    "{:>4} {} ({}, {}), attended {} of {}{certificate}",
                    l.learner.id,
                    l.learner.who.name,
                    l.learner.who.agency,
                    l.learner.who.country,
                    l.attended.len(),
                    session.plan.parts
                );
            }
            println!("{} sheets of feedback", feedback.sheets);
        }
        SessionsCommand::Enrol { desk, id, name, email, agency, country } => {
            let who = NewLearner { name, email, agency, country };
            let made = at_academy(&desk, |a| Ok(a.enrol(id, who, &desk.actor)?))?;
            if as_json {
                return output::json(&made);
            }
            println!("learner {}: {}", made.learner.id, made.learner.who.name);
            if let Some(key) = &made.key {
                println!("key, shown once: {key}");
            }
        }
        SessionsCommand::Key { desk, learner } => {
            let made = at_academy(&desk, |a| Ok(a.new_key(learner, &desk.actor)?))?;
            if as_json {
                return output::json(&made);
            }
            println!("key, shown once: {}", made.key.unwrap_or_default());
        }
        SessionsCommand::Attendance { desk, id, part, learners } => {
            let there = learners.len();
            at_academy(&desk, |a| Ok(a.note_attendance(id, part, learners, &desk.actor)?))?;
            if as_json {
                return output::json(&json!({"session": id, "part": part, "present": there}));
            }
            println!("{there} were there in part {part}");
        }
        SessionsCommand::Class { desk, id } => {
            let class = at_academy(&desk, |a| Ok(a.class_view(id)?))?;
            if as_json {
                return output::json(&class);
            }
            for l in &class.learners {
                println!("{}", l.learner.who.name);
                for r in &l.labs {
                    let at = r.at.as_deref().map(|a| format!(", at {a}")).unwrap_or_default();
                    println!(
                        "    {:<20} {:>7}{} {} tries, {} hints{at}",
                        r.lab,
                        percent(r.score),
                        if r.passed { " passed" } else { "" },
                        r.tries,
                        r.hints
                    );
                }
            }
            for (lab, step, right, answered, tries) in &class.steps {
                println!("{lab} {step}: {right} of {answered} right, {tries} answers");
            }
        }
        SessionsCommand::Scoreboard { desk, id } => {
            let board = at_academy(&desk, |a| Ok(a.scoreboard(id)?))?;
            if as_json {
                return output::json(&board);
            }
            board.iter().for_each(|l| {
                println!("{:>3}. {} ({}): {} points, {} labs passed", l.place, l.name, l.agency, l.points, l.passed)
            });
        }
        SessionsCommand::Xapi { desk, id, to, user } => {
            let statements = at_academy(&desk, |a| Ok(a.statements(id)?))?;
            match to {
                None => output::json(&statements)?,
                Some(to) => {
                    let password = std::env::var("HOLDFAST_LRS_PASSWORD").unwrap_or_default();
                    let sent = xapi::send(&statements, &to, &user, &password)?;
                    if as_json {
                        return output::json(&json!({"sent": sent}));
                    }
                    println!("{sent} statements sent");
                }
            }
        }
        SessionsCommand::Feedback { desk, id, learner, marks, comment } => {
            let [content, trainer, labs] = marks[..] else { bail!("give three marks: content, trainer, labs") };
            at_academy(&desk, |a| {
                Ok(a.give_feedback(id, &a.learner(learner)?, Feedback { content, trainer, labs, comment })?)
            })?;
            if as_json {
                return output::json(&json!({"session": id, "learner": learner}));
            }
            println!("noted");
        }
        SessionsCommand::End { desk, id, cancelled } => {
            at_academy(&desk, |a| Ok(a.end_session(id, cancelled, &desk.actor)?))?;
            if as_json {
                return output::json(&json!({"session": id, "state": if cancelled { "cancelled" } else { "closed" }}));
            }
            println!("session {id} is {}", if cancelled { "cancelled" } else { "closed" });
        }
    }
    Ok(())
}

fn print_attempt(view: &AttemptView, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return output::json(view);
    }
    println!(
        "{} (attempt {}): {}{}\n\n{}\n",
        view.lab.title,
        view.id,
        percent(view.score),
        if view.passed { ", passed" } else { "" },
        view.brief
    );
    for s in &view.steps {
        println!(
            "[{}] {} ({} points) {}",
            if s.right {
                "x"
            } else if s.over {
                "-"
            } else {
                " "
            },
            s.id,
            s.points,
            s.question
        );
        s.options.iter().for_each(|o| println!("        {o}"));
        s.feedback.iter().for_each(|f| println!("    {f}"));
        s.hints.iter().for_each(|h| println!("    hint: {h}"));
        s.why.iter().for_each(|w| println!("    {w}"));
    }
    Ok(())
}

fn attempts(command: AttemptsCommand, as_json: bool) -> anyhow::Result<()> {
    fn with<T>(who: &LearnerArgs, run: impl FnOnce(&Academy<'_>, &Learner) -> anyhow::Result<T>) -> anyhow::Result<T> {
        at_academy(&who.desk, |a| run(a, &a.learner(who.learner)?))
    }
    let view = match command {
        AttemptsCommand::Begin { who, session, lab } => with(&who, |a, l| Ok(a.begin(session, l, &lab)?))?,
        AttemptsCommand::Show { who, id } => with(&who, |a, l| Ok(a.attempt(id, l)?))?,
        AttemptsCommand::Files { who, id, out } => with(&who, |a, l| {
            let (lab, made) = a.task(id, l)?;
            write_task(&made, lab.title, &out)?;
            Ok(a.attempt(id, l)?)
        })?,
        AttemptsCommand::Answer { who, id, step, answer } => {
            let answer = Answer { step, answer: text_of(&answer)? };
            with(&who, |a, l| Ok(a.answer(id, l, &answer)?))?
        }
        AttemptsCommand::Hint { who, id, step } => with(&who, |a, l| Ok(a.hint(id, l, &step)?))?,
    };
    print_attempt(&view, as_json)
}

fn certificates(command: CertificatesCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        CertificatesCommand::Give { desk, session, learner, pdf, jwt } => at_academy(&desk, |a| {
            let given = a.certify(session, learner, &desk.actor)?;
            if let Some(file) = &pdf {
                std::fs::write(file, a.certificate_pdf(&given.id)?).with_context(|| file.display().to_string())?;
            }
            if let Some(file) = &jwt {
                std::fs::write(file, &given.jwt).with_context(|| file.display().to_string())?;
            }
            if as_json {
                return output::json(&given);
            }
            println!("certificate {}", given.id);
            println!("issuer {}", hex::encode(a.issuer_key().verifying_key().as_bytes()));
            Ok(())
        }),
        CertificatesCommand::Revoke { desk, id, why } => at_academy(&desk, |a| {
            a.revoke_certificate(&id, &why, &desk.actor)?;
            if as_json {
                return output::json(&a.certificate(&id)?);
            }
            println!("certificate {id} is revoked");
            Ok(())
        }),
        CertificatesCommand::Revoked { desk } => output::json(&at_academy(&desk, |a| Ok(a.revocations()?))?),
    }
}

pub fn run(command: AcademyCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        AcademyCommand::Labs(command) => labs(command, as_json),
        AcademyCommand::Courses(command) => courses(command, as_json),
        AcademyCommand::Sessions(command) => sessions(command, as_json),
        AcademyCommand::Attempts(command) => attempts(command, as_json),
        AcademyCommand::Certificates(command) => certificates(command, as_json),
        AcademyCommand::Programme { desk } => {
            let lines = at_academy(&desk, |a| Ok(a.programme()?))?;
            if as_json {
                return output::json(&lines);
            }
            for l in &lines {
                println!(
                    "{} {}: {} sessions ({} in person), {} agencies, {} learners, {} of {} places attended, {} labs passed, {} certificates",
                    l.year,
                    l.country,
                    l.sessions,
                    l.in_person,
                    l.agencies,
                    l.learners,
                    l.attended,
                    l.places,
                    l.labs_passed,
                    l.certificates
                );
            }
            Ok(())
        }
    }
}
