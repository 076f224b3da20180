//! The fixtures themselves. One binary: each more would be compiled and linked by itself.

mod architecture;
mod chains;
mod databases;
mod inserts;
mod unit_tests;
