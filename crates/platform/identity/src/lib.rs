//! Who acts: API keys with scopes and roles, names of people, and the secret that others are derived from.
//!
//! **Invariant.** The database holds no secret of a key: it is derived from [`KeyRing`], which lies elsewhere ([`KeySource`]).

mod command;
mod error;
mod keys;
mod people;
mod person;
mod ring;
mod sessions;
mod source;

pub use command::{COMMAND_SCHEME, sign_command};
pub use error::IdentityError;
pub use keys::{ApiKey, POWERFUL, ROLES, SCOPES, list, role, validate};
pub use people::{
    Person, PersonState, SCHEMA, assign_key, assign_older_keys, ensure_person, people, person_named, set_state,
};
pub use person::{canonical_name, same_person};
pub use ring::{KeyError, KeyRing, MAX_KEYS};
pub use sessions::{
    IDLE_SECONDS, MAX_SESSIONS, SESSION_SECONDS, Session, end_session, open_sessions, session_id, start_session,
    store_use,
};
pub use source::{KeyCommand, KeyFile, KeySource, KeyVariable};
