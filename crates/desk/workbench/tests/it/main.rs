//! The workbench over both databases. One binary: each more would be compiled and linked by itself.

mod large;
mod limits;
mod triage;
