//! The certificate of a course: Open Badges credential as JSON Web Token, and the document that carries it.

use crate::pretty;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use holdfast_academy::Academy;
use holdfast_academy::certificate::verify;
use holdfast_documents::sha256;
use holdfast_identity::KeyRing;
use holdfast_screening::Screening;
use holdfast_testing::{START, TestClock, TestDb};
use holdfast_types::Seconds;
use serde_json::{Value, json};

#[test]
fn open_badge() {
    let (place, clock) = (TestDb::sqlite(), TestClock::new());
    let screening = Screening::open(&place.url, clock.clock()).unwrap();
    let key_ring = KeyRing::single([7; 32]);
    let academy = Academy { screening: &screening, key_ring: &key_ring, site: "https://desk.example.org" };
    let session = json!({"course": "asking-an-exchange", "lang": "es", "mode": "in_person", "country": "ES", "place": "Madrid",
        "starts": START, "ends": START + Seconds::DAY, "parts": 1, "trainer": "Mira Novak", "capacity": 3});
    let session = academy.plan_session(serde_json::from_value(session).unwrap(), "trainer").unwrap().id;
    let learner = json!({"name": "Ana Ruiz", "email": "ana.ruiz@policia.example", "agency": "Policía de Ejemplo", "country": "ES"});
    let learner = academy.enrol(session, serde_json::from_value(learner).unwrap(), "trainer").unwrap().learner;
    for lab in ["forged-requests", "freeze-request", "name-the-typology"] {
        let view = academy.begin(session, &learner, lab).unwrap();
        let (_, made) = academy.task(view.id, &learner).unwrap();
        for step in &made.steps {
            let answer = json!({"step": step.id, "answer": step.check.solution()});
            academy.answer(view.id, &learner, &serde_json::from_value(answer).unwrap()).unwrap();
        }
    }
    academy.note_attendance(session, 1, vec![learner.id], "trainer").unwrap();
    clock.set(START + Seconds::new(60));
    let given = academy.certify(session, learner.id, "trainer").unwrap();
    assert!(verify(given.jwt.as_bytes(), None, START + Seconds::new(120)).holds());
    let parts: Vec<&str> = given.jwt.split('.').collect();
    let decoded = |part: &str| -> Value { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap() };
    let pdf = academy.certificate_pdf(&given.id).unwrap();
    insta::assert_snapshot!(format!(
        "header {}\npayload {}\nsignature {}\nrecord {}\npdf {} bytes, SHA-256 {}",
        pretty(&decoded(parts[0])),
        pretty(&decoded(parts[1])),
        parts[2],
        pretty(&json!(given)),
        pdf.len(),
        sha256(&pdf),
    ));
}
