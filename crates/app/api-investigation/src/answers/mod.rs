//! Answers of the API, by department (`holdfast_state::answers`).

pub mod academy;
pub mod cases;
pub mod chain;
pub mod sharing;
pub mod transparency;
