//! A desk for cases, and what several tests file in it.

use holdfast_cases::Cases;
use holdfast_cases::case::{CaseStep, ItemKind, Person};
use holdfast_cases::reports::Filer;
use holdfast_documents::Vault;
use holdfast_identity::KeyRing;
use holdfast_requests::{Desk, Policy};
use holdfast_screening::Screening;
use holdfast_testing::{TestClock, TestDb};
use std::sync::Arc;

/// Runs a test on the cases of an empty desk.
pub fn with(place: &TestDb, run: impl FnOnce(&Cases<'_>, &TestClock)) {
    with_requests(place, |d, clock| run(&Cases::from(*d), clock));
}

/// Runs a test on an empty desk for requests.
pub fn with_requests(place: &TestDb, run: impl FnOnce(&Desk<'_>, &TestClock)) {
    let clock = TestClock::new();
    let screening = Screening::open(&place.url, clock.clock()).unwrap();
    let (policy, key_ring) = (Arc::new(Policy::standard()), KeyRing::single([7; 32]));
    let files = tempfile::tempdir().unwrap();
    let vault = Vault::new(files.path());
    run(&Desk { screening: &screening, policy: &policy, key_ring: &key_ring, vault: &vault }, &clock);
}

pub fn person(name: &str) -> Person {
    Person { name: name.into(), reads_all: false, changes_all: false }
}

/// Returns the step that adds an item.
pub fn add(kind: ItemKind, key: &str, title: &str) -> CaseStep {
    CaseStep::Add {
        kind,
        key: key.into(),
        title: title.into(),
        body: serde_json::Value::Null,
        happened: None,
        assignee: None,
        due: None,
    }
}

pub fn filer() -> Filer {
    let t = str::to_owned;
    Filer {
        name: t("Example & Sons Exchange"),
        entity_id: 17,
        branch: t("main"),
        tax_number: t("12-3456789"),
        control_code: t("PBSA8180"),
        address: t("1 Main St"),
        city: t("Springfield"),
        state: t("IL"),
        postal_code: t("62701"),
        country: t("US"),
        phone: t("+1 555 123 4567"),
        currency: t("USD"),
        officer_first_name: t("Ana"),
        officer_last_name: t("Berg"),
    }
}
