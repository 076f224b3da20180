//! Answers about keys, people, passkeys and webhooks.

use crate::answers::views;
use holdfast_identity::PersonState;
use serde::Serialize;
use utoipa::ToSchema;

views! {
    /// A key, without its secret.
    ApiKey of holdfast_identity::ApiKey {
        /// Its public part.
        id: String,
        /// Name of the key; of the keys in force each has another.
        name: String,
        /// What it may do.
        scopes: Vec<String>,
        /// Requests a minute; 0 for no limit.
        per_minute: u32,
        /// Unix seconds.
        created: i64,
        /// Creator.
        created_by: String,
        /// When it was revoked.
        revoked: Option<i64>,
        /// Its owner, as the audit log names them; the key's own name where nobody else is named.
        person: String,
        /// Whether its person is suspended, so that it opens nothing.
        suspended: bool,
    }

    /// A person who acts at the desk.
    #[schema(as = StaffPerson)]
    Person of holdfast_identity::Person {
        /// Number.
        id: u64,
        /// Name, as the audit log has it; it never changes.
        name: String,
        /// Whether the person may act.
        state: PersonState,
        /// Since when, Unix seconds.
        created: i64,
        /// Who made the person's first key.
        created_by: String,
        /// Whether signing in needs a second factor: an authenticator app or a passkey.
        second_factor: bool,
    }

    /// A passkey of an officer or of a person of the desk.
    Passkey of holdfast_identity::passkey::Passkey {
        /// Credential id, hex.
        id: String,
        /// Name that its holder gave it.
        name: String,
        /// When it was added, Unix seconds.
        created: i64,
        /// When it was last used.
        used: Option<i64>,
    }

    /// A key of the desk itself, without its secret.
    DeskKey of holdfast_screening::DeskKey {
        /// Its id, from which its secret cannot be derived.
        id: String,
        /// Whether new secrets are derived from it.
        in_use: bool,
        /// When it was retired, Unix seconds.
        retired: Option<i64>,
    }

    /// A webhook.
    Webhook of holdfast_notify::Webhook {
        /// Number.
        id: u64,
        /// Where messages are posted.
        url: String,
        /// Topics on which it receives messages.
        topics: Vec<String>,
        /// Unix seconds.
        created: i64,
        /// Creator.
        created_by: String,
        /// When it was removed.
        removed: Option<i64>,
        /// Messages delivered.
        delivered: u64,
        /// Failed tries of the next message.
        failures: u32,
        /// When the next message is tried again, Unix seconds; 0 for at once.
        next_try: i64,
        /// Why the last try failed.
        last_error: Option<String>,
    }
}
