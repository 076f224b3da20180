//! The migrations of all departments from before each had its own list. A released one is never changed.

use holdfast_store::{Database, DbError, Schema};

/// Departments with lists of their own.
pub(crate) const SCHEMAS: [Schema; 8] = [
    SCREENING,
    CASES,
    MONITOR,
    REQUESTS,
    RETENTION,
    holdfast_jobs::SCHEMA,
    holdfast_identity::SCHEMA,
    holdfast_learned::SCHEMA,
];

/// Makes the tables of this version in a database, as opening it does, and nothing else.
///
/// # Errors
/// As [`Database::migrate`].
pub fn migrate(db: &mut Database) -> Result<(), DbError> {
    db.migrate(RELEASED, &SCHEMAS)
}

/// Returns the texts of all migrations: others make other tables.
pub fn migrations() -> impl Iterator<Item = &'static str> {
    RELEASED.iter().chain(SCHEMAS.into_iter().flat_map(|schema| schema.migrations)).copied()
}

/// Screening's own.
const SCREENING: Schema = Schema {
    department: "screening",
    migrations: &[
        include_str!("migrations/screening_001_inputs.sql"),
        include_str!("migrations/screening_002_behind.sql"),
        include_str!("migrations/screening_003_workbench.sql"),
        include_str!("migrations/screening_004_customer_notes.sql"),
    ],
};

/// Versions of graphs of cases (`holdfast-cases`).
const CASES: Schema = Schema { department: "cases", migrations: &[include_str!("migrations/cases_001_graphs.sql")] };

/// Statistics, watch lists, notifications and drafts of rule books (`holdfast-monitor`).
const MONITOR: Schema = Schema {
    department: "monitor",
    migrations: &[include_str!("migrations/monitor_001.sql"), include_str!("migrations/monitor_002_writer.sql")],
};

/// Those of requests.
const REQUESTS: Schema = Schema {
    department: "requests",
    migrations: &[
        include_str!("migrations/requests_001_matches.sql"),
        include_str!("migrations/requests_002_language.sql"),
    ],
};

/// Periods of retention, legal holds and erasures (`holdfast-retention`).
const RETENTION: Schema =
    Schema { department: "retention", migrations: &[include_str!("migrations/retention_001.sql")] };

/// The migrations from before.
pub(crate) const RELEASED: &[&str] = &[
    include_str!("migrations/001_screening.sql"),
    include_str!("migrations/002_webhooks.sql"),
    include_str!("migrations/003_desk.sql"),
    include_str!("migrations/004_identifiers.sql"),
    include_str!("migrations/005_portal.sql"),
    include_str!("migrations/006_productions.sql"),
    include_str!("migrations/007_cases.sql"),
    include_str!("migrations/008_passkeys.sql"),
    include_str!("migrations/009_sharing.sql"),
    include_str!("migrations/010_academy.sql"),
    include_str!("migrations/011_completions.sql"),
    include_str!("migrations/012_settings.sql"),
    include_str!("migrations/013_sharing_validity.sql"),
    include_str!("migrations/014_changes.sql"),
    include_str!("migrations/015_codes.sql"),
];

#[cfg(test)]
mod tests {
    use crate::Screening;
    use crate::service::system_clock;

    /// A page of a customer lists the requests that name them: not by reading all matches of all requests.
    #[test]
    fn requests_are_found_by_their_customer() {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", dir.path().join("desk").display());
        let screening = Screening::open(&url, system_clock()).unwrap();
        let sql =
            "EXPLAIN QUERY PLAN SELECT request, verdict FROM request_matches WHERE customer = $1 ORDER BY decided DESC";
        let plan = screening.read(|db| db.query(sql, &["c-1".into()])).unwrap();
        assert!(plan.iter().any(|row| row.text(3).unwrap().contains("request_matches_customer")));
    }
}
