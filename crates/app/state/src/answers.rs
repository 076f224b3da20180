//! Answers of the API: types of its own, each converted from a department's. Departments are free to change their rows; a field of an answer is changed
//! where it is defined (`answers` in the crates of handlers). Bodies of requests are the departments' commands, which check themselves, and small
//! values (a decision, a target, a state) are shared.

use axum::Json;

/// Defines answers, each of a department's type: `Answer of Type { field: Kind, ... }`. A field is moved as it is, or made `into` an answer;
/// `each` of a list, `some` of what may be absent, the `values` of a map.
#[macro_export]
macro_rules! views {
    ($($(#[$meta:meta])* $name:ident of $from:ty { $($(#[$about:meta])* $field:ident: $kind:ty $(= $how:ident)?,)* })*) => {$(
        #[derive(Clone, Debug, Serialize, ToSchema)]
        $(#[$meta])*
        pub struct $name {
            $($(#[$about])* pub $field: $kind,)*
        }

        impl From<$from> for $name {
            fn from(from: $from) -> Self {
                $name { $($field: $crate::moved!(from.$field $(, $how)?),)* }
            }
        }
    )*};
}

/// A field of an answer.
#[doc(hidden)]
#[macro_export]
macro_rules! moved {
    ($value:expr) => {
        $value
    };
    ($value:expr, into) => {
        $value.into()
    };
    ($value:expr, some) => {
        $value.map(Into::into)
    };
    ($value:expr, each) => {
        $value.into_iter().map(Into::into).collect()
    };
    ($value:expr, values) => {
        $value.into_iter().map(|(key, value)| (key, value.into())).collect()
    };
}

pub use crate::views;

/// Answers with one record of a department.
pub fn one<T, V: From<T>>(of: T) -> Json<V> {
    Json(of.into())
}

/// Answers with a list of a department's records.
pub fn each<T, V: From<T>>(of: Vec<T>) -> Json<Vec<V>> {
    Json(of.into_iter().map(Into::into).collect())
}
