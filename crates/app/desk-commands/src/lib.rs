//! Commands of `holdfast` on what the desk decides, stores and hands out: screening, holds, alerts, requests, cases, evidence, keys, people, training.
//!
//! Each runs on a running server or on the store itself (`holdfast_console::running`), and prints for people or as JSON.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]
#![allow(missing_docs, reason = "a command's documentation is its help, which stands where it is listed")]

pub mod academy;
pub mod alerts;
pub mod audit;
pub mod campaigns;
pub mod connect;
pub mod customers;
pub mod desk;
mod desk_cases;
mod drafts;
pub mod events;
pub mod evidence;
pub mod holds;
pub mod import;
pub mod keys;
mod labs;
pub mod models;
pub mod prices;
pub mod retention;
pub mod rules;
pub mod screen;
pub mod staff;
pub mod statistics;
pub mod suggestions;
pub mod watch;
mod workbench;

use holdfast_console::{answer, args, desk_key, output, running};
