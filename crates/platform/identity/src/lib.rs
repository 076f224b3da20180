//! Who acts: API keys with scopes and roles, names of people, and the secret that others are derived from.
//!
//! **Invariant.** The database holds no secret of a key: it is derived from [`Master`], which lies in a file of its own.

mod command;
mod keys;
mod master;
mod person;

pub use command::{COMMAND_SCHEME, sign_command};
pub use keys::{ApiKey, POWERFUL, ROLES, SCOPES, list, role, validate};
pub use master::Master;
pub use person::{canonical_name, same_person};
