//! Training of investigators: courses ([`course`]) held in sessions ([`classes`]), labs that are graded against ground truth
//! ([`labs`], [`grade`], [`attempts`]), certificates ([`certificate`]) and statements of learning ([`xapi`]).

#![warn(
    clippy::too_many_lines,
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    clippy::cast_lossless
)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::too_many_lines,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_possible_wrap
    )
)]

pub mod attempts;
pub mod certificate;
pub mod classes;
pub mod course;
mod error;
pub mod grade;
pub mod labs;
pub mod tools;
pub mod xapi;

pub use error::AcademyError;

use classes::Learner;
use holdfast_identity::KeyRing;
use holdfast_screening::Screening;
use holdfast_screening::service::Transaction;
use holdfast_store::{Database, DbError};
use holdfast_types::Invalid;
use holdfast_types::ids::LearnerId;

/// The academy, over the screening service's database and audit log.
#[derive(Clone, Copy, Debug)]
pub struct Academy<'a> {
    /// The database's one writer.
    pub screening: &'a Screening,
    /// Secret that learners' keys, seeds and the issuer's key are derived from.
    pub key_ring: &'a KeyRing,
    /// Where the academy is reached, without a slash at the end: names activities and achievements.
    pub site: &'a str,
}

/// Returns a number of items as the database and the API count.
fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn invalid(field: &str, problem: String) -> AcademyError {
    Invalid::new(field, problem).into()
}

/// Returns a learner's key.
fn learner_key(key_ring: &KeyRing, learner: &Learner) -> String {
    key_text(key_ring, learner.id, learner.generation)
}

/// Returns a key of a learner, of which there was one for each generation.
fn key_text(key_ring: &KeyRing, learner: LearnerId, generation: i64) -> String {
    let key = key_ring.derive("academy-learner", &format!("{learner}:{generation}"));
    format!("hl_{learner}_{}", hex::encode(&key[..24]))
}

/// Returns whether two texts are equal, in a time that does not depend on where they differ.
fn same(a: &str, b: &str) -> bool {
    subtle::ConstantTimeEq::ct_eq(a.as_bytes(), b.as_bytes()).into()
}

impl Academy<'_> {
    /// Runs a query on a reading connection.
    fn read<T>(&self, query: impl FnOnce(&mut Database) -> Result<T, DbError>) -> Result<T, AcademyError> {
        Ok(self.screening.read(query)?)
    }

    /// Runs a change in the writer and waits until it is durable.
    fn transact<T: Send + 'static>(
        &self,
        actor: &str,
        run: impl FnOnce(&mut Transaction<'_>) -> Result<T, AcademyError> + Send + 'static,
    ) -> Result<T, AcademyError> {
        self.screening.transact(actor, run)
    }
}
