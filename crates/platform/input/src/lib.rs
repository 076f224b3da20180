//! Reading what people and spreadsheets write: dates and times ([`time`]), text encodings ([`encoding`]), tables ([`table`]) and their
//! cells ([`cell`]), languages ([`language`]), and the text of documents
//! ([`document_text`]). What is unambiguous is read; what is damaged or ambiguous is refused with its place and the fix. Nothing is guessed.
//! Names and phone numbers are made comparable by [`folding`].

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]
#![cfg_attr(test, allow(clippy::too_many_lines, clippy::unwrap_used))]

pub mod cell;
pub mod document_text;
pub mod encoding;
pub mod folding;
pub mod language;
pub mod table;
pub mod time;

/// Returns text for an error message: at most 60 characters, without control characters.
#[must_use]
pub fn excerpt(text: &str) -> String {
    let mut shown: String = text.chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(60).is_some() {
        shown.push_str("...");
    }
    shown
}
