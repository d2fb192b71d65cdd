//! The language's scalar types, each valid from the moment it exists.
//!
//! | language | Rust | JSON Schema |
//! | --- | --- | --- |
//! | `string` | `String` | `{"type":"string"}` |
//! | `int` | `i64` | `{"type":"integer","format":"int64"}` |
//! | `number` | `f64` | `{"type":"number","format":"double"}` |
//! | `bool` | `bool` | `{"type":"boolean"}` |
//! | `decimal` | [`Decimal`] | `{"type":"string","pattern":"^-?(0\|[1-9][0-9]*)(\\.[0-9]+)?$"}` |
//! | `timestamp` | [`Timestamp`] | `{"type":"string","format":"date-time"}` |
//! | `date` | [`Date`] | `{"type":"string","format":"date"}` |
//! | `ulid` | [`Ulid`] | `{"type":"string","pattern":"^[0-7][0-9A-HJKMNP-TV-Z]{25}$"}` |
//! | `uuid` | [`Uuid`] | `{"type":"string","format":"uuid"}` |
//! | `email` | [`Email`] | `{"type":"string","format":"email"}` |
//! | `url` | [`Url`] | `{"type":"string","format":"uri"}` |
//! | `json` | `serde_json::Value` | `true` |
//!
//! These schemas stand inline. A named or constrained type is a newtype that [`scalar!`] or
//! [`pii!`] writes, and its schema stands in `$defs` under its name.
//!
//! [`scalar!`]: crate::scalar
//! [`pii!`]: crate::pii

mod list;
mod newtype;
mod rules;
mod text;
mod time;

pub use list::List;
pub use rules::{Inner, Invalid, Rules};
pub use text::{Decimal, Email, Ulid, Url, Uuid};
pub use time::{Date, Timestamp};

#[cfg(feature = "schema")]
pub use rules::schema;

/// A runtime scalar over text: parsed, shown, and on the wire as that text; its schema inline.
macro_rules! text_scalar {
    ($(#[doc = $doc:literal])* $name:ident, $check:path, $schema:tt) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Takes the text if it is valid.
            ///
            /// # Errors
            ///
            /// [`Invalid`] says what is wrong, without the text.
            pub fn new(text: impl Into<String>) -> Result<Self, $crate::Invalid> {
                let text = text.into();
                $check(&text)?;
                Ok(Self(text))
            }

            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::Invalid;

            fn from_str(text: &str) -> Result<Self, $crate::Invalid> {
                Self::new(text)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(<String as serde::Deserialize>::deserialize(deserializer)?).map_err(serde::de::Error::custom)
            }
        }

        $crate::scalar::inline_schema! { $name $schema }
    };
}

#[cfg(feature = "schema")]
macro_rules! inline_schema {
    ($name:ident $schema:tt) => {
        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!($schema)
            }
        }
    };
}

#[cfg(not(feature = "schema"))]
macro_rules! inline_schema {
    ($name:ident $schema:tt) => {};
}

pub(crate) use {inline_schema, text_scalar};
