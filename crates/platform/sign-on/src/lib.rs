//! Staff sign-on through the institution's identity provider: the authorization code flow of OpenID Connect with PKCE, and logouts that the
//! provider sends (back-channel). Who the person is here, and their sessions, is `holdfast-identity`'s.
//!
//! **Invariant.** A token counts only when a key of the provider signed it, by an asymmetric algorithm, for this client, now, and (for a sign-in)
//! for this very attempt of this browser.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]

mod attempt;
mod error;
mod provider;
pub mod scim;
mod settings;
mod token;
mod web;

pub use attempt::{ATTEMPT_SECONDS, Attempt, Callback};
pub use error::SignOnError;
pub use provider::{Provider, SignedOn};
pub use settings::{DEFAULT_GROUPS_CLAIM, DEFAULT_NAME_CLAIM, Settings, read_role};
pub use token::{LoggedOut, SKEW};
pub use web::{Http, Reply, Web};
