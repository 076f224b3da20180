//! Answers of the API, by department (`holdfast_state::answers`).

pub mod identity;
pub mod prevention;
pub mod requests;
pub mod screening;
