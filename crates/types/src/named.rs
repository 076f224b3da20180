//! Enums whose values have a name, the same wherever it is written: in JSON, in the database, in an argument of a command, in a filter.

/// Defines enums whose values are named in snake case, or in the case that stands first (`"kebab-case"; pub enum ...`), with what such enums need
/// everywhere: serde, a schema of the API, reading and writing the name, the list of all values. A crate that uses it depends on `serde`, `strum` and
/// `utoipa`.
#[macro_export]
macro_rules! named {
    ($case:tt; $($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$about:meta])* $value:ident $(= $number:literal)?),+ $(,)? })+) => {$(
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
        #[serde(rename_all = $case)]
        #[strum(serialize_all = $case)]
        $(#[$meta])*
        $vis enum $name {
            $($(#[$about])* $value $(= $number)?,)+
        }

        impl $name {
            /// Returns the name.
            #[must_use]
            pub fn name(self) -> &'static str {
                self.into()
            }
        }
    )+};
    ($($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$about:meta])* $value:ident),+ $(,)? })+) => {
        $crate::named! { "snake_case"; $($(#[$meta])* $vis enum $name { $($(#[$about])* $value),+ })+ }
    };
}
