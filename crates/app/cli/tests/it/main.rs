//! The program from end to end: its commands, its server and its peers. One binary: each more would be compiled and linked by itself.

// The fuzz targets import their macro from the crate of this name.
extern crate self as libfuzzer_sys;

#[path = "../common/mod.rs"]
mod common;

mod access;
mod accounts;
mod any_bytes;
mod backup;
mod chains;
mod commands;
mod desk;
mod durability;
mod evidence;
mod fuzz_targets;
mod gateway;
mod jobs;
mod lookups;
mod node;
mod old_store;
mod orders;
mod pages;
mod providers;
mod screening;
#[cfg(unix)]
mod service;
mod sharing;
mod sharing_sources;
mod sign_on;
mod snapshots;
mod standby;
mod tables;
#[cfg(unix)]
mod takeover;
mod telemetry;
mod webhooks;
