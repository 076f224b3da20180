//! Monitoring over a real desk, on SQLite and PostgreSQL.

mod drafts;
mod statistics;
mod watch;
