//! What kind of error it is, alike in every crate: who can do something about it, and how an interface answers.

/// Kind of an error. Each crate's error enum gives it with a `kind()`; interfaces map it once (HTTP status, exit code).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// What was sent is wrong; the message names the field.
    Invalid,
    /// There is no such thing, or the caller may not know of it.
    NotFound,
    /// An identifier that was used before for other content.
    Conflict,
    /// The thing is not in a state for this.
    State,
    /// A second person has to do this.
    SecondPerson,
    /// The caller may not do this.
    Forbidden,
    /// Too much work waits; the same request can be sent again later.
    Busy,
    /// Something that is needed does not answer now (the writer, a node).
    Unavailable,
    /// A partner's server does not answer, or not as it should; this one works.
    Partner,
    /// The program or its storage failed.
    Internal,
}

impl ErrorKind {
    /// Returns the stable code for programs. It never changes once released.
    pub const fn code(self) -> &'static str {
        match self {
            ErrorKind::Invalid => "invalid",
            ErrorKind::NotFound => "not_found",
            ErrorKind::Conflict => "conflict",
            ErrorKind::State => "state",
            ErrorKind::SecondPerson => "second_person",
            ErrorKind::Forbidden => "forbidden",
            ErrorKind::Busy => "busy",
            ErrorKind::Unavailable => "unavailable",
            ErrorKind::Partner => "partner",
            ErrorKind::Internal => "internal",
        }
    }
}
