//! Errors of departments that work over the desk's database: the same causes everywhere, and what only one of them knows beside.

/// Makes a department's error enum with `kind()` and its conversions. Further variants name their message and their `ErrorKind`.
#[macro_export]
macro_rules! department_error {
    ($(#[$doc:meta])* $name:ident { $($(#[$more:meta])* $variant:ident($($field:ty),+) => $kind:ident,)* }) => {
        $(#[$doc])*
        #[derive(Debug, thiserror::Error)]
        pub enum $name {
            /// The store: the change was not made, or nothing was read.
            #[error(transparent)]
            Store(#[from] holdfast_store::StoreError),
            /// A field of what was sent.
            #[error(transparent)]
            Invalid(#[from] holdfast_types::Invalid),
            /// An id that was used for something else.
            #[error("id '{0}' was sent before with other content; use a new id")]
            Conflict(String),
            /// Unknown, or not to be known by the caller.
            #[error("there is no {0}")]
            NotFound(String),
            /// It is not in a state for that.
            #[error("{0}")]
            State(String),
            /// Screening refused: a hold, a flag, an alert.
            #[error(transparent)]
            Screening($crate::ScreeningError),
            $($(#[$more])* $variant($($field),+),)*
        }

        impl $name {
            /// Returns what kind of error this is.
            pub fn kind(&self) -> holdfast_types::ErrorKind {
                use holdfast_types::ErrorKind;
                match self {
                    $name::Store(e) => e.kind(),
                    $name::Invalid(_) => ErrorKind::Invalid,
                    $name::Conflict(_) => ErrorKind::Conflict,
                    $name::NotFound(_) => ErrorKind::NotFound,
                    $name::State(_) => ErrorKind::State,
                    $name::Screening(e) => e.kind(),
                    $($name::$variant(..) => ErrorKind::$kind,)*
                }
            }
        }

        impl From<holdfast_store::DbError> for $name {
            fn from(e: holdfast_store::DbError) -> Self {
                holdfast_store::StoreError::Db(e).into()
            }
        }

        impl From<$crate::ScreeningError> for $name {
            fn from(e: $crate::ScreeningError) -> Self {
                use $crate::ScreeningError;
                match e {
                    ScreeningError::Store(e) => e.into(),
                    ScreeningError::Invalid(e) => e.into(),
                    ScreeningError::Conflict(id) => $name::Conflict(id),
                    ScreeningError::NotFound(what) => $name::NotFound(what),
                    ScreeningError::State(why) => $name::State(why),
                    other => $name::Screening(other),
                }
            }
        }

        impl holdfast_store::ChangeError for $name {
            fn undone(self) -> Self {
                match self {
                    $name::Store(e) => e.undone().into(),
                    other => other,
                }
            }
        }
    };
}

/// Converts another department's error into one's own, cause by cause.
#[macro_export]
macro_rules! department_error_from {
    ($other:ident for $name:ident) => {
        impl From<$other> for $name {
            fn from(e: $other) -> Self {
                match e {
                    $other::Store(e) => e.into(),
                    $other::Invalid(e) => e.into(),
                    $other::Conflict(id) => $name::Conflict(id),
                    $other::NotFound(what) => $name::NotFound(what),
                    $other::State(why) => $name::State(why),
                    $other::Screening(e) => $name::Screening(e),
                }
            }
        }
    };
}

/// Converts errors of documents (files, PDF) into a department's own.
#[macro_export]
macro_rules! department_error_from_documents {
    ($name:ident) => {
        impl From<holdfast_documents::DocumentError> for $name {
            fn from(e: holdfast_documents::DocumentError) -> Self {
                use holdfast_documents::DocumentError;
                match e {
                    DocumentError::Invalid(e) => e.into(),
                    DocumentError::Store(e) => e.into(),
                    DocumentError::Changed(_) => $name::State(e.to_string()),
                    DocumentError::Pdf(_) | DocumentError::Qr(_) => {
                        holdfast_store::StoreError::Internal(e.to_string()).into()
                    }
                }
            }
        }
    };
}
