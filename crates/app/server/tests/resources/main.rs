//! The API by resource, the whole application in process, on SQLite and PostgreSQL.
//!
//! Each module has a resource's successes, state conflicts and second persons. What is the same for all operations stands in `refusals`, which
//! walks the OpenAPI document. `coverage` lists the operations that no module calls with success.

mod academy;
mod account_chains;
mod account_pages;
mod alerts;
mod audit;
mod campaigns;
mod cases;
mod chain;
mod changes;
mod communities;
mod compat;
mod coverage;
mod customers;
mod declared;
mod desk_pages;
mod document;
mod drafts;
mod events;
mod faults;
mod flags;
mod gateway;
mod graph;
mod health;
mod holds;
mod keys;
mod languages;
mod matching;
mod models;
mod navigation;
mod pages;
mod passkeys;
mod people;
mod portal;
mod records;
mod refusals;
mod requests;
mod retention;
mod rules;
mod scim;
mod several;
mod sign_on;
mod sources;
mod statistics;
mod suggestions;
mod tags;
mod watches;
mod webhooks;
mod workbench;
