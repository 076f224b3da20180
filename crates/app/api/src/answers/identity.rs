//! Answers about keys, people, passkeys and webhooks.

use holdfast_identity::PersonState;
use holdfast_state::answers::views;
use holdfast_types::Timestamp;
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
        #[schema(value_type = i64)]
        created: Timestamp,
        /// Creator.
        created_by: String,
        /// When it was revoked.
        #[schema(value_type = Option<i64>)]
        revoked: Option<Timestamp>,
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
        #[schema(value_type = i64)]
        created: Timestamp,
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
        #[schema(value_type = i64)]
        created: Timestamp,
        /// When it was last used.
        #[schema(value_type = Option<i64>)]
        used: Option<Timestamp>,
    }

    /// A key of the desk itself, without its secret.
    DeskKey of holdfast_screening::DeskKey {
        /// Its id, from which its secret cannot be derived.
        id: String,
        /// Whether new secrets are derived from it.
        in_use: bool,
        /// When it was retired, Unix seconds.
        #[schema(value_type = Option<i64>)]
        retired: Option<Timestamp>,
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
        #[schema(value_type = i64)]
        created: Timestamp,
        /// Creator.
        created_by: String,
        /// When it was removed.
        #[schema(value_type = Option<i64>)]
        removed: Option<Timestamp>,
        /// Messages delivered.
        delivered: u64,
        /// Failed tries of the next message.
        failures: u32,
        /// When the next message is tried again, Unix seconds; 0 for at once.
        #[schema(value_type = i64)]
        next_try: Timestamp,
        /// Why the last try failed.
        last_error: Option<String>,
    }

    /// A mail in the outbox, without its text, which may hold a code.
    OutboxMail of holdfast_notify::outbox::MailRow {
        /// Number.
        id: u64,
        /// When it was stored, Unix seconds.
        #[schema(value_type = i64)]
        time: Timestamp,
        /// Address.
        to: String,
        /// Subject.
        subject: String,
        /// What it is about, such as request:r-1.
        about: String,
        /// waiting, failing (it waits for another try) or sent (to the mail server).
        #[schema(value_type = String)]
        state: holdfast_notify::outbox::MailState,
        /// Failed tries.
        failures: u32,
        /// When it is tried next, Unix seconds.
        #[schema(value_type = i64)]
        next_try: Timestamp,
        /// When it was handed to the mail server, Unix seconds.
        #[schema(value_type = Option<i64>)]
        sent: Option<Timestamp>,
        /// Why the last try failed.
        last_error: Option<String>,
    }
}
