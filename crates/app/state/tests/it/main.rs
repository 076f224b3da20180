//! The state behind the server: chains and screening again. One binary: each more would be compiled and linked by itself.

mod account_rescreening;
mod chains;
mod evidence;
mod rescreening;
