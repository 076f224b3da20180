//! Which operations of the OpenAPI document the tests of resources call with success, and which refuse a state: measured by running them.

use crate::document::operations;
use holdfast_testing_app::{Call, Test, TestApp};
use std::collections::BTreeSet;
use std::sync::Mutex;

/// Operations that no test here calls with success, with the reason. The list only becomes shorter.
const NOT_CALLED: &[(&str, &str)] = &[
    (
        "GET /api/v1/providers/{asset}/{address}",
        "needs a provider; desk/vendors/tests/it/providers.rs and app/cli/tests/it/providers.rs have them",
    ),
    (
        "POST /api/v1/desk/cases/{id}/secret-key",
        "needs a command on the desk's machine; app/cli/tests/beside_server.rs has one",
    ),
    ("POST /api/v1/clock", "TestClock is trusted; desk/screening/tests/it/clock.rs doubts one"),
    ("POST /api/v1/sharing/discover", PARTNER),
    ("POST /api/v1/sharing/matching/{id}", PARTNER),
];

const PARTNER: &str = "needs the other side; app/cli/tests/it/sharing.rs has one";

/// Operations that list 409, where no test here provokes it, with the reason. The list only becomes shorter.
const NO_CONFLICT: &[(&str, &str)] = &[
    ("POST /api/v1/audit/anchor", "needs a desk without a folder for anchors, which TestApp has"),
    ("POST /api/v1/audit/verify", "needs a desk without a folder for anchors, which TestApp has"),
    ("POST /api/v1/campaigns/preview", "needs more people than a campaign may choose (MAX_PEOPLE)"),
    ("POST /api/v1/sharing/matching/{id}", PARTNER),
];

fn all() -> Vec<Test> {
    [
        crate::academy::ALL,
        crate::alerts::ALL,
        crate::audit::ALL,
        crate::campaigns::ALL,
        crate::cases::ALL,
        crate::chain::ALL,
        crate::changes::ALL,
        crate::communities::ALL,
        crate::compat::ALL,
        crate::customers::ALL,
        crate::drafts::ALL,
        crate::desk_pages::ALL,
        crate::events::ALL,
        crate::flags::ALL,
        crate::graph::ALL,
        crate::health::ALL,
        crate::holds::ALL,
        crate::keys::ALL,
        crate::languages::ALL,
        crate::matching::ALL,
        crate::models::ALL,
        crate::pages::ALL,
        crate::passkeys::ALL,
        crate::people::ALL,
        crate::portal::ALL,
        crate::records::ALL,
        crate::requests::ALL,
        crate::retention::ALL,
        crate::rules::ALL,
        crate::scim::ALL,
        crate::sign_on::ALL,
        crate::sources::ALL,
        crate::statistics::ALL,
        crate::tags::ALL,
        crate::watches::ALL,
        crate::webhooks::ALL,
        crate::workbench::ALL,
    ]
    .concat()
}

/// Runs every test of a resource on SQLite and returns what was called.
fn run_all() -> Vec<Call> {
    let (tests, calls) = (Mutex::new(all()), Mutex::new(Vec::new()));
    let next = || tests.lock().unwrap().pop();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((name, test)) = next() {
                    let app = TestApp::sqlite();
                    let run = std::panic::AssertUnwindSafe(|| test(&app));
                    // What fails is reported by its own test; what it called counts all the same.
                    if std::panic::catch_unwind(run).is_err() {
                        eprintln!("{name} failed");
                    }
                    calls.lock().unwrap().extend(app.calls());
                }
            });
        }
    });
    let mut calls = calls.into_inner().unwrap();
    // Over a desk with account chains.
    calls.extend(crate::account_chains::calls());
    calls.extend(crate::suggestions::calls());
    calls
}

#[test]
fn every_operation_is_called_by_a_test_of_its_resource() {
    let all = operations(&TestApp::sqlite().document());
    let (mut succeeded, mut conflicted) = (BTreeSet::new(), BTreeSet::new());
    for call in run_all() {
        let Some(operation) = all.iter().find(|o| o.method == call.method && o.is_at(&call.path)) else { continue };
        match call.status {
            200..300 => drop(succeeded.insert(operation.name())),
            409 => drop(conflicted.insert(operation.name())),
            _ => {}
        }
    }
    let uncalled: Vec<String> = all.iter().map(|o| o.name()).filter(|n| !succeeded.contains(n)).collect();
    let lists = all.iter().filter(|o| o.answers("409")).map(|o| o.name());
    let unprovoked: Vec<String> = lists.filter(|n| !conflicted.contains(n)).collect();
    compare("call with success", uncalled, NOT_CALLED);
    compare("provoke a 409 of", unprovoked, NO_CONFLICT);
}

fn compare(what: &str, mut found: Vec<String>, known: &[(&str, &str)]) {
    let mut known: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
    found.sort();
    known.sort_unstable();
    let missing: Vec<&String> = found.iter().filter(|n| !known.contains(&n.as_str())).collect();
    let done: Vec<&&str> = known.iter().filter(|n| !found.iter().any(|f| f == **n)).collect();
    assert!(missing.is_empty(), "no test of a resource does {what} {missing:#?}");
    assert!(done.is_empty(), "tests {what} these, so take them off the list: {done:#?}");
}
