//! Retention over both databases.

mod erasure;
