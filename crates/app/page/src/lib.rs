//! What pages are made of: the frame around each, forms read by types, tables and lists, texts from the Fluent catalogue, passkeys. It knows no page
//! but by its link.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::too_many_lines))]

mod again;
pub mod charts;
pub mod components;
pub mod figures;
pub mod flash;
pub mod forms;
pub mod frame;
pub mod icons;
pub mod islands;
pub mod languages;
pub mod passkey_forms;
pub mod places;
pub mod texts;
pub mod to_case;
mod way;
pub mod worth;
