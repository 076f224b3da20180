//! Enums whose values have a name, the same wherever it is written: in JSON, in the database, in an argument of a command, in a filter.

/// Defines enums whose values are named in snake case, with what such enums need everywhere: serde, a schema of the API, reading and writing the
/// name, the list of all values. A crate that uses it depends on `serde`, `strum` and `utoipa`.
#[macro_export]
macro_rules! named {
    ($($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$about:meta])* $value:ident),+ $(,)? })+) => {$(
        #[derive(
            Clone,
            Copy,
            Debug,
            PartialEq,
            Eq,
            PartialOrd,
            Ord,
            Hash,
            ::serde::Serialize,
            ::serde::Deserialize,
            ::utoipa::ToSchema,
            ::strum::AsRefStr,
            ::strum::Display,
            ::strum::EnumString,
            ::strum::IntoStaticStr,
            ::strum::VariantArray,
        )]
        #[serde(rename_all = "snake_case")]
        #[strum(serialize_all = "snake_case")]
        $(#[$meta])*
        $vis enum $name {
            $($(#[$about])* $value,)+
        }

        impl $name {
            /// Returns the name.
            #[must_use]
            pub fn name(self) -> &'static str {
                self.into()
            }
        }
    )+};
}
