//! A value with its place.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

use super::de::AT;
use crate::source::{FileId, Span};

/// A value with its place, and the point from which reading goes on: a mistake inside is reported, leaves `value`
/// empty, and does not reach what is around it.
///
/// Equal, ordered and hashed by its value alone, so that it can be a key. In a schema it is its value.
#[derive(Debug, Clone, Copy, Default)]
pub struct At<T> {
    /// Where it stands.
    pub span: Span,
    /// The value; none where a mistake in it has been reported.
    pub value: Option<T>,
}

impl<T> At<T> {
    /// A value at a place.
    pub const fn new(span: Span, value: T) -> Self {
        Self { span, value: Some(value) }
    }

    /// The value; none where a mistake in it has been reported.
    pub const fn get(&self) -> Option<&T> {
        self.value.as_ref()
    }

    /// Another value at the same place, made of this one.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> At<U> {
        At { span: self.span, value: self.value.map(f) }
    }

    /// The same place, with the value borrowed.
    pub const fn as_ref(&self) -> At<&T> {
        At { span: self.span, value: self.value.as_ref() }
    }
}

impl At<String> {
    /// The text; none where a mistake in it has been reported.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        self.value.as_deref()
    }
}

impl<T: PartialEq> PartialEq for At<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for At<T> {}

impl<T: PartialOrd> PartialOrd for At<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        self.value.partial_cmp(&other.value)
    }
}

impl<T: Ord> Ord for At<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.value.cmp(&other.value)
    }
}

impl<T: Hash> Hash for At<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.value.hash(state);
    }
}

impl<T: JsonSchema> JsonSchema for At<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for At<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Parts<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Parts<T> {
            type Value = At<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value with its place")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<At<T>, A::Error> {
                let missing = || A::Error::custom("a value without its place");
                let file = parts.next_element()?.ok_or_else(missing)?;
                let start = parts.next_element()?.ok_or_else(missing)?;
                let end = parts.next_element()?.ok_or_else(missing)?;
                // The deserializer has recorded the error: here it ends.
                let value = parts.next_element().unwrap_or_default();
                Ok(At { span: Span::new(FileId(file), start, end), value })
            }
        }

        deserializer.deserialize_struct(AT, &[], Parts(PhantomData))
    }
}
