//! The ledger of account chains: histories, damage, kills and refusals. One binary: each more would be compiled and linked by itself.

mod common;
mod damage;
mod histories;
mod kill;
mod rules;
