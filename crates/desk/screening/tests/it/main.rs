//! Decisions, holds, the log and what happens to them, on both databases. One binary: each more would be compiled and linked by itself.

mod account_chains;
mod account_theft;
mod anchors;
mod batches;
mod behind;
mod chain;
mod clock;
mod disk;
mod durability;
mod failover;
mod follow;
mod issuers;
mod money;
mod poisoning;
mod replay;
mod service;
mod tls;
mod upgrade;
mod warnings;
