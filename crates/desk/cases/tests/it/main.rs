//! Cases, reports and amounts. One binary: each more would be compiled and linked by itself.

mod amounts;
mod cases;
mod fixture;
mod reports;
