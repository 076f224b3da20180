//! The academy on a database: a session from roster to certificate.

use holdfast_academy::Academy;
use holdfast_academy::AcademyError;
use holdfast_academy::attempts::Answer;
use holdfast_academy::certificate::{is_certificate, verify};
use holdfast_academy::classes::{Feedback, Learner, Mode, NewLearner, NewSession};
use holdfast_academy::labs::{LABS, lab, make};
use holdfast_identity::KeyRing;
use holdfast_screening::Screening;
use holdfast_types::ids::{CourseSessionId, LearnerId};
use holdfast_types::{Seconds, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

const NOW: Timestamp = Timestamp::from_unix(1_790_000_000);

struct Fixture {
    _dir: tempfile::TempDir,
    screening: Screening,
    key_ring: KeyRing,
    clock: Arc<AtomicI64>,
}

impl Fixture {
    fn new() -> Fixture {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(AtomicI64::new(NOW.unix()));
        let at = clock.clone();
        let url = format!("sqlite:{}", dir.path().join("desk.sqlite").display());
        let screening =
            Screening::open(&url, Arc::new(move || Timestamp::from_unix(at.load(Ordering::Relaxed)))).unwrap();
        Fixture { _dir: dir, screening, key_ring: KeyRing::single([7; 32]), clock }
    }

    fn academy(&self) -> Academy<'_> {
        Academy { screening: &self.screening, key_ring: &self.key_ring, site: "https://desk.example.org" }
    }
}

fn session(parts: u32) -> NewSession {
    NewSession {
        course: "asking-an-exchange".into(),
        lang: "es".into(),
        title: String::new(),
        mode: Mode::InPerson,
        country: "ES".into(),
        place: "Madrid".into(),
        starts: NOW,
        ends: NOW + Seconds::DAY,
        parts,
        trainer: "Mira Novak".into(),
        capacity: 3,
    }
}

fn person(name: &str, country: &str) -> NewLearner {
    let email = format!("{}@policia.example", name.to_lowercase().replace(' ', "."));
    NewLearner { name: name.into(), email, agency: "Policía de Ejemplo".into(), country: country.into() }
}

/// Solves a lab with its own solutions.
fn solve(
    academy: &Academy<'_>,
    session: CourseSessionId,
    learner: &Learner,
    name: &str,
) -> holdfast_academy::attempts::AttemptView {
    let mut view = academy.begin(session, learner, name).unwrap();
    let (_, made) = academy.task(view.id, learner).unwrap();
    for step in &made.steps {
        let answer = Answer { step: step.id.into(), answer: step.check.solution() };
        view = academy.answer(view.id, learner, &answer).unwrap();
    }
    view
}

fn state(result: Result<impl std::fmt::Debug, AcademyError>) -> String {
    match result {
        Err(AcademyError::State(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_session_from_roster_to_certificate() {
    let fixture = Fixture::new();
    let academy = fixture.academy();
    let planned = academy.plan_session(session(4), "trainer").unwrap();
    assert_eq!(planned.plan.title, "Preguntar a un exchange");
    let ana = academy.enrol(planned.id, person("Ana Ruiz", "ES"), "trainer").unwrap();
    let luis = academy.enrol(planned.id, person("Luis Gil", "ES"), "trainer").unwrap();
    let joao = academy.enrol(planned.id, person("Joao Dias", "PT"), "trainer").unwrap();
    assert!(state(academy.enrol(planned.id, person("Eva Paz", "ES"), "trainer")).contains("full"));
    let again = academy.enrol(planned.id, person("Ana Ruiz", "ES"), "trainer").unwrap();
    assert_eq!((again.learner.id, again.key), (ana.learner.id, None));

    // Keys open one learner's world, and a new one ends the old.
    let key = ana.key.unwrap();
    assert_eq!(academy.learner_of(&key).unwrap().id, ana.learner.id);
    assert!(academy.learner_of(&key.replace("hl_1_", "hl_2_")).is_err());
    let newer = academy.new_key(ana.learner.id, "trainer").unwrap().key.unwrap();
    assert!(academy.learner_of(&key).is_err() && academy.learner_of(&newer).is_ok());
    let (ana, luis, joao) = (academy.learner_of(&newer).unwrap(), luis.learner, joao.learner);

    // Each has data of their own; another's attempt is not there.
    let (mine, other) = (
        academy.begin(planned.id, &ana, "forged-requests").unwrap(),
        academy.begin(planned.id, &luis, "forged-requests").unwrap(),
    );
    let files = |l: &Learner, id| academy.task(id, l).unwrap().1.files.clone();
    assert_ne!(files(&ana, mine.id), files(&luis, other.id));
    assert!(matches!(academy.attempt(other.id, &ana), Err(AcademyError::NotFound(_))));
    assert_eq!(academy.begin(planned.id, &ana, "forged-requests").unwrap().id, mine.id);
    // Before a step is finished nothing reveals its solution.
    let json = serde_json::to_value(&mine).unwrap();
    assert!(json["steps"].as_array().unwrap().iter().all(|s| s["solution"].is_null() && s["why"].is_null()));

    // A hint costs a quarter, a wrong answer a tenth; of few options a wrong one costs more.
    let step = "stop";
    let hinted = academy.hint(mine.id, &ana, step).unwrap();
    assert_eq!((hinted.steps[0].hints.len(), hinted.steps[0].hints_left), (1, 1));
    let wrong = academy.answer(mine.id, &ana, &Answer { step: step.into(), answer: "request-9.json".into() }).unwrap();
    assert!(!wrong.steps[0].over && wrong.steps[0].feedback[0].contains("is none of"));
    let done = solve(&academy, planned.id, &ana, "forged-requests");
    assert_eq!(done.steps[0].credit, 650);
    assert!(done.finished && done.passed && done.score == 860, "{}", done.score);
    assert!(done.steps[0].solution.is_some());
    assert!(
        state(academy.answer(mine.id, &ana, &Answer { step: step.into(), answer: "x".into() })).contains("is over")
    );
    // Giving up ends a step without credit.
    let first = other.steps[1].id.clone();
    let gave_up = academy.answer(other.id, &luis, &Answer { step: first, answer: String::new() }).unwrap();
    assert!(gave_up.steps[1].over && gave_up.steps[1].credit == 0 && gave_up.steps[1].solution.is_some());

    // The certificate waits for all labs and four fifths of the parts.
    assert!(state(academy.certify(planned.id, ana.id, "trainer")).contains("freeze-request"));
    solve(&academy, planned.id, &ana, "freeze-request");
    solve(&academy, planned.id, &ana, "name-the-typology");
    assert!(state(academy.certify(planned.id, ana.id, "trainer")).contains("attended 0 of 4"));
    for part in 1..=4 {
        academy.note_attendance(planned.id, part, vec![ana.id, joao.id], "trainer").unwrap();
    }
    assert!(academy.note_attendance(planned.id, 5, vec![], "trainer").is_err());
    assert!(academy.note_attendance(planned.id, 1, vec![LearnerId::new(99)], "trainer").is_err());
    fixture.clock.fetch_add(60, Ordering::Relaxed);
    let given = academy.certify(planned.id, ana.id, "trainer").unwrap();
    assert_eq!(academy.certify(planned.id, ana.id, "trainer").unwrap(), given);

    // It verifies, as a token and as a document; every flipped byte of either is caught.
    let now = NOW + Seconds::new(120);
    let issuer = hex::encode(academy.issuer_key().verifying_key().as_bytes());
    let checked = verify(given.jwt.as_bytes(), Some(&issuer), now);
    assert!(checked.holds(), "{checked:?}");
    assert_eq!((checked.name.as_str(), checked.achievement.as_str()), ("Ana Ruiz", "Preguntar a un exchange"));
    let pdf = academy.certificate_pdf(&given.id).unwrap();
    assert!(is_certificate(&pdf) && is_certificate(given.jwt.as_bytes()) && !is_certificate(b"%PDF-1.7 nothing"));
    let checked = verify(&pdf, Some(&checked.issuer), now);
    assert!(checked.holds() && checked.passed.iter().any(|p| p.contains("the document states")), "{checked:?}");
    for at in (0..pdf.len()).step_by(61) {
        let mut changed = pdf.clone();
        changed[at] ^= 1;
        assert!(!verify(&changed, None, now).holds(), "byte {at}");
    }
    let mut tampered = given.jwt.clone().into_bytes();
    let middle = tampered.len() / 2;
    tampered[middle] = if tampered[middle] == b'A' { b'B' } else { b'A' };
    assert!(!verify(&tampered, None, now).holds());
    assert!(!verify(given.jwt.as_bytes(), Some(&"00".repeat(32)), now).holds(), "another issuer");
    assert!(!verify(given.jwt.as_bytes(), None, NOW - Seconds::new(1_000)).holds(), "not in force yet");
    assert!(!given.jwt.contains("policia"), "the address is not in it");

    // Once revoked, it is on the list and is not issued again.
    academy.revoke_certificate(&given.id, "given in error", "trainer").unwrap();
    let list = academy.revocations().unwrap();
    assert_eq!(list["revokedCredential"][0]["id"], format!("urn:uuid:{}", given.id));
    assert!(state(academy.certify(planned.id, ana.id, "trainer")).contains("revoked"));
}

#[test]
fn classes_scores_feedback_and_the_programme() {
    let fixture = Fixture::new();
    let academy = fixture.academy();
    let room = academy.plan_session(session(2), "trainer").unwrap();
    let net = NewSession { mode: Mode::Online, parts: 0, lang: "en".into(), country: "PT".into(), ..session(0) };
    let net = academy.plan_session(net, "trainer").unwrap();
    let enrol = |s: CourseSessionId, name: &str, country: &str| {
        academy.enrol(s, person(name, country), "trainer").unwrap().learner
    };
    let (ana, luis, joao) =
        (enrol(room.id, "Ana Ruiz", "ES"), enrol(room.id, "Luis Gil", "ES"), enrol(room.id, "Joao Dias", "PT"));
    enrol(net.id, "Joao Dias", "PT");
    solve(&academy, room.id, &ana, "forged-requests");
    solve(&academy, room.id, &ana, "freeze-request");
    solve(&academy, room.id, &luis, "freeze-request");
    solve(&academy, net.id, &joao, "freeze-request");
    academy.note_attendance(room.id, 1, vec![ana.id, luis.id], "trainer").unwrap();

    let class = academy.class_view(room.id).unwrap();
    assert_eq!(class.labs, ["freeze-request", "forged-requests", "name-the-typology"]);
    let of_ana = class.learners.iter().find(|l| l.learner.id == ana.id).unwrap();
    assert_eq!(of_ana.labs.len(), 2);
    assert!(of_ana.labs.iter().all(|l| l.passed && l.finished && l.at.is_none()));
    let kind = class.steps.iter().find(|s| s.0 == "freeze-request" && s.1 == "kind").unwrap();
    assert_eq!((kind.2, kind.3, kind.4), (2, 2, 2));
    let board = academy.scoreboard(room.id).unwrap();
    assert_eq!(
        board.iter().map(|l| (l.place, l.name.as_str(), l.points)).collect::<Vec<_>>(),
        [(1, "Ana Ruiz", 2000), (2, "Luis Gil", 1000)]
    );

    // Fewer than three sheets are no average.
    let sheet = |content| Feedback { content, trainer: 5, labs: 4, comment: format!("mark {content}") };
    academy.give_feedback(room.id, &ana, sheet(5)).unwrap();
    academy.give_feedback(room.id, &luis, sheet(2)).unwrap();
    academy.give_feedback(room.id, &luis, sheet(3)).unwrap();
    let summary = academy.feedback(room.id).unwrap();
    assert_eq!((summary.sheets, summary.content, summary.comments.len()), (2, None, 0));
    academy.give_feedback(room.id, &joao, sheet(4)).unwrap();
    let summary = academy.feedback(room.id).unwrap();
    assert_eq!((summary.sheets, summary.content, summary.labs, summary.comments.len()), (3, Some(400), Some(400), 3));
    assert!(academy.give_feedback(room.id, &joao, sheet(6)).is_err());
    assert!(academy.give_feedback(net.id, &ana, sheet(3)).is_err(), "not on that roster");

    let programme = academy.programme().unwrap();
    assert_eq!(programme.len(), 2);
    let (es, pt) = (&programme[0], &programme[1]);
    assert_eq!((es.year, es.country.as_str(), es.sessions, es.in_person), (2026, "ES", 1, 1));
    assert_eq!((es.learners, es.places, es.attended, es.labs_passed), (2, 2, 2, 3));
    assert_eq!((pt.country.as_str(), pt.sessions, pt.in_person, pt.learners, pt.places), ("PT", 2, 1, 1, 2));
    assert_eq!((pt.attended, pt.labs_passed), (1, 1), "online, a right answer is attendance");

    academy.end_session(room.id, false, "trainer").unwrap();
    assert!(state(academy.note_attendance(room.id, 1, vec![], "trainer")).contains("closed"));

    let statements = academy.statements(room.id).unwrap();
    let verbs = |name: &str| statements.iter().filter(|s| s["verb"]["display"]["en"] == name).count();
    assert_eq!((verbs("registered"), verbs("attended"), verbs("passed")), (3, 2, 3));
    let answered: usize = ["forged-requests", "freeze-request", "freeze-request"]
        .iter()
        .map(|l| make(lab(l).unwrap(), 1).unwrap().steps.len())
        .sum();
    assert_eq!(verbs("answered"), answered);
    let ids: std::collections::HashSet<&str> = statements.iter().map(|s| s["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), statements.len());
    assert_eq!(statements, academy.statements(room.id).unwrap());
}

#[test]
fn courses_are_added_and_translated() {
    let fixture = Fixture::new();
    let academy = fixture.academy();
    assert_eq!(academy.courses("de").unwrap().len(), 4);
    assert!(academy.courses("fr").unwrap().iter().all(|c| c.header.lang == "en"));
    let text = |lang: &str, of: &str, version: u32| {
        format!(
            "---\ncourse: stablecoins\nlang: {lang}\nversion: {version}\n{of}title: Stablecoins\nsummary: Tokens that issuers can freeze.\nhours: 2\n---\n## One\n\nText.\n"
        )
    };
    assert!(academy.add_course(&text("fr", "of: 1\n", 1), "a").is_err(), "the English text comes first");
    academy.add_course(&text("en", "", 1), "a").unwrap();
    academy.add_course(&text("fr", "of: 1\n", 1), "a").unwrap();
    assert!(academy.add_course(&text("en", "", 1), "a").is_err(), "the version is not newer");
    academy.add_course(&text("en", "", 2), "a").unwrap();
    let french = academy.course("stablecoins", "fr").unwrap();
    assert!(french.outdated);
    assert_eq!(french.languages, ["en", "fr"]);
    assert!(LABS.len() >= 8);
}
