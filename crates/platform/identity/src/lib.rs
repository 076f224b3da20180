//! Who acts: API keys with scopes and roles, names of people, and the secret that others are derived from.
//!
//! **Invariant.** The database holds no secret of a key: it is derived from [`KeyRing`], which lies elsewhere ([`KeySource`]).

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]
#![cfg_attr(test, allow(clippy::too_many_lines, clippy::unwrap_used))]

mod command;
mod directory;
mod error;
mod keys;
mod languages;
pub mod passkey;
mod people;
mod person;
mod recovery;
mod ring;
mod second_factor;
mod sessions;
mod sign_on;
mod source;
mod staff_passkey;
mod totp;

pub use command::{COMMAND_SCHEME, sign_command};
pub use directory::{
    DirectoryGroup, DirectoryUser, GroupFields, GroupName, MAX_DIRECTORY, UserFields, change_group, change_user,
    create_group, create_user, delete_group, delete_user, directory_group, directory_user, groups, groups_of_user,
    users,
};
pub use error::IdentityError;
pub use keys::{
    ApiKey, POWERFUL, ROLES, SCOPES, add_key, change_needs_second_person, change_scopes, check_name_is_free, key_by_id,
    key_needs_second_person, list, revoke_key, role, validate, void_key,
};
pub use languages::{language_of, set_language};
pub use people::{
    Person, PersonState, SCHEMA, active_person, assign_key, assign_older_keys, ensure_person, has_older_keys, people,
    person_by_id, person_named, set_state,
};
pub use person::{canonical_name, same_person};
pub use recovery::{RECOVERY_CODES, recovery_codes_left};
pub use ring::{KeyError, KeyRing, MAX_KEYS};
pub use second_factor::{
    Assurance, BLOCKED_SECONDS, CodeAnswer, MAX_WRONG_CODES, PENDING_SECONDS, StaffEnrolment, enrol, give_code,
    has_app, pending_key, pending_sign_in, renew_recovery_codes, reset_factor,
};
pub use sessions::{
    IDLE_SECONDS, MAX_SESSIONS, OFFICER_SESSION_SECONDS, SESSION_SECONDS, Session, SessionKind, end_session,
    end_sessions_of, end_sessions_of_subject, is_not_ended, open_sessions, raise_session, session_id, start_session,
    store_use,
};
pub use sign_on::{SignOnLink, StaffIdentity, end_provider_sessions, groups_at_sign_on, link_of, link_person, sign_on};
pub use source::{KeyCommand, KeyFile, KeySource, KeyVariable, Signer};
pub use staff_passkey::{
    AddedPasskey, add_passkey, begin_passkey, challenge_passkey, give_passkey, passkeys_of, remove_passkey,
    rename_passkey,
};
pub use totp::{App, Enrolment};
