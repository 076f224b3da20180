//! What leaves on its own: webhooks and mail.
//!
//! [`webhooks`] stores who receives what and how far each has received it; [`delivery`] posts messages, signed by the specification Standard Webhooks.
//! [`outbox`] stores mail with the change that causes it; [`mail`] sends it by SMTP.
//!
//! **Invariants.** Webhook messages are made from the audit log in its order: each is delivered at least once, none is skipped. Mail waits in the
//! outbox in the transaction of what it is about, so that nothing is announced that did not happen.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]
#![cfg_attr(test, allow(clippy::too_many_lines, clippy::unwrap_used))]

pub mod delivery;
mod error;
pub mod mail;
pub mod outbox;
pub mod webhooks;

pub use delivery::Deliverer;
pub use error::NotifyError;
pub use mail::Mailer;
pub use outbox::Mail;
pub use webhooks::Webhook;
