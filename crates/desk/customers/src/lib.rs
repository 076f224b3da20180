//! What decisions rest on: events and records of customers ([`model`]) and their tables as files ([`tables`]), what the chain says of an event ([`facts`]),
//! and what is remembered of customers ([`state`]). No database, no clock, no I/O.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]
#![cfg_attr(
    test,
    allow(
        clippy::too_many_lines,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_possible_wrap,
        clippy::cast_lossless
    )
)]

pub mod behind;
pub mod codec;
pub mod completion;
pub mod entries;
pub mod facts;
pub mod issuer;
pub mod lookalikes;
pub mod model;
pub mod slots;
pub mod stages;
pub mod state;
pub mod tables;
pub mod view;
