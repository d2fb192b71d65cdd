//! The names that a template gives to its own parts.
//!
//! Guaranteed: a name is 1 to 255 ASCII letters and digits, as CloudFormation wants logical ids to be;
//! so it can stand inside `${…}` without being escaped.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::error::{DocumentError, Problem};

fn check(text: &str) -> Result<(), Problem> {
    let fits = (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
    if fits { Ok(()) } else { Err(Problem::NotAName(text.chars().take(80).collect())) }
}

macro_rules! name {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes a text over as a name.
            ///
            /// # Errors
            /// If it is not 1 to 255 ASCII letters and digits.
            pub fn new(text: impl AsRef<str>) -> Result<Self, DocumentError> {
                let text = text.as_ref();
                check(text)?;
                Ok(Self(Arc::from(text)))
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
    };
}

name! {
    /// The logical id of a resource, or the name of an output.
    LogicalId
}
name! {
    /// The name of a parameter.
    ParameterName
}
name! {
    /// The name of a condition.
    ConditionName
}

impl From<&LogicalId> for ParameterName {
    /// The parameter that takes the value of an output of the same name.
    fn from(id: &LogicalId) -> Self {
        Self(id.0.clone())
    }
}
