//! Requests of law enforcement: intake, targets, review, productions and the officers' portal. One binary: each more would be compiled and linked by itself.

mod intake;
mod order_scope;
mod portal;
mod production;
mod review;
mod targets;
