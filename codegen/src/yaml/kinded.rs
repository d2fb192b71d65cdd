//! A kind with common words beside it, as a workflow's step has.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use serde_json::Value;

use super::At;
use super::de::KINDED;

/// A kind `K`, the single key that is none of the keys of `C`, which stand beside it:
/// `{ handler: render, next: show }`. `K` is an enum, `C` a struct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kinded<K, C> {
    /// The kind.
    pub kind: At<K>,
    /// What stands beside it.
    pub common: At<C>,
}

impl<'de, K: Deserialize<'de>, C: Deserialize<'de>> Deserialize<'de> for Kinded<K, C> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Both<K, C>(PhantomData<(K, C)>);

        impl<'de, K: Deserialize<'de>, C: Deserialize<'de>> Visitor<'de> for Both<K, C> {
            type Value = Kinded<K, C>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a kind and what stands beside it")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Self::Value, A::Error> {
                let missing = || A::Error::custom("a kind without its parts");
                let common = parts.next_element()?.ok_or_else(missing)?;
                let kind = parts.next_element()?.ok_or_else(missing)?;
                Ok(Kinded { kind, common })
            }
        }

        deserializer.deserialize_tuple_struct(KINDED, 2, Both(PhantomData))
    }
}

impl<K: JsonSchema, C: JsonSchema> JsonSchema for Kinded<K, C> {
    fn schema_name() -> Cow<'static, str> {
        K::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        Cow::Owned(format!("Kinded<{}, {}>", K::schema_id(), C::schema_id()))
    }

    /// The schema of `K`, with the properties of `C` in each of its kinds.
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let common = C::json_schema(generator);
        let mut schema = K::json_schema(generator);
        let beside = common.get("properties").and_then(Value::as_object);
        let kinds = schema.get_mut("oneOf").and_then(Value::as_array_mut);
        for kind in kinds.into_iter().flatten() {
            let properties = kind.get_mut("properties").and_then(Value::as_object_mut);
            if let (Some(properties), Some(beside)) = (properties, beside) {
                properties.extend(beside.iter().map(|(key, value)| (key.clone(), value.clone())));
            }
        }
        schema
    }
}
