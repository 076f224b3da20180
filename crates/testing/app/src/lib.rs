//! The whole application in process: all routes, layers and departments on a database of the test's own, with a clock that the test moves.
//!
//! ```no_run
//! # use holdfast_testing_app::TestApp;
//! # use holdfast_testing::TestDb;
//! let app = TestApp::new(TestDb::sqlite());
//! let alerts = app.as_role("investigator").get("/api/v1/alerts").ok();
//! app.as_role("screener").get("/api/v1/alerts").refused(403);
//! ```
//!
//! It is a crate of its own, and no feature of `holdfast-testing`: features are unified over a workspace, so that the tests of every department
//! would wait for the application.

mod answer;
mod app;
mod browser;
mod chain;

pub use answer::Answer;
pub use app::{Call, Caller, TestApp};
pub use browser::{Browser, Form, Page};
pub use chain::{BLOCK, PAID};

/// Makes tests of functions that take a `&TestApp`, on both databases, and lists them in `ALL`. On PostgreSQL they are one test that shares a server.
#[macro_export]
macro_rules! on_both_apps {
    ($($name:ident),* $(,)?) => {
        /// The tests of this module, with their names.
        pub const ALL: &[$crate::Test] = &[$((concat!(module_path!(), "::", stringify!($name)), $name)),*];
        mod sqlite {
            $(#[test] fn $name() { super::$name(&$crate::TestApp::sqlite()); })*
        }
        mod postgres {
            #[test] fn all() { $crate::on_one_server(super::ALL); }
        }
    };
}

/// A test of the application, with its name.
pub type Test = (&'static str, fn(&TestApp));

/// Runs tests on PostgreSQL, each on a database of its own of one server.
///
/// # Panics
/// When a test fails, after all of them.
pub fn on_one_server(tests: &[Test]) {
    let Some(server) = holdfast_testing::TestDb::postgres() else { return };
    let failed: Vec<&str> = tests
        .iter()
        .filter(|(_, test)| {
            let run = || test(&TestApp::new(server.beside()));
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err()
        })
        .map(|(name, _)| *name)
        .collect();
    assert!(failed.is_empty(), "on PostgreSQL: {failed:?}");
}
