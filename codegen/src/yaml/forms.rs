//! A setting that may be written in more than one shape.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, Deserializer, EnumAccess, VariantAccess, Visitor};
use serde_json::Value;

use super::de::{FORMS, LIST, MAP, NEVER, TEXT, is_never};

/// One of three values, chosen by its shape in the file; [`Never`] for a shape that is not accepted.
///
/// `Forms<At<String>, Vec<At<String>>, Never>` reads a text or a list of texts. Unlike an untagged enum it keeps
/// the places of the mistakes inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Forms<S, L, M> {
    /// From a scalar.
    Text(S),
    /// From a list.
    List(L),
    /// From a map.
    Map(M),
}

/// The shape that is not accepted; it has no values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Never {}

impl<'de> Deserialize<'de> for Never {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NoValue;

        impl Visitor<'_> for NoValue {
            type Value = Never;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("another shape")
            }
        }

        deserializer.deserialize_unit_struct(NEVER, NoValue)
    }
}

impl JsonSchema for Never {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("Never")
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        Schema::from(false)
    }
}

/// The shapes that are accepted, by whether text, list and map are.
const fn accepted(text: bool, list: bool, map: bool) -> &'static [&'static str] {
    match (text, list, map) {
        (true, true, true) => &[TEXT, LIST, MAP],
        (true, true, false) => &[TEXT, LIST],
        (true, false, true) => &[TEXT, MAP],
        (true, false, false) => &[TEXT],
        (false, true, true) => &[LIST, MAP],
        (false, true, false) => &[LIST],
        (false, false, true) => &[MAP],
        (false, false, false) => &[],
    }
}

impl<'de, S: Deserialize<'de>, L: Deserialize<'de>, M: Deserialize<'de>> Deserialize<'de> for Forms<S, L, M> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ByShape<S, L, M>(PhantomData<(S, L, M)>);

        impl<'de, S: Deserialize<'de>, L: Deserialize<'de>, M: Deserialize<'de>> Visitor<'de> for ByShape<S, L, M> {
            type Value = Forms<S, L, M>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text, a list or a map")
            }

            fn visit_enum<A: EnumAccess<'de>>(self, shape: A) -> Result<Self::Value, A::Error> {
                let (shape, value) = shape.variant::<String>()?;
                match shape.as_str() {
                    TEXT => value.newtype_variant().map(Forms::Text),
                    LIST => value.newtype_variant().map(Forms::List),
                    _ => value.newtype_variant().map(Forms::Map),
                }
            }
        }

        let shapes = accepted(!is_never::<S>(), !is_never::<L>(), !is_never::<M>());
        deserializer.deserialize_enum(FORMS, shapes, ByShape(PhantomData))
    }
}

impl<S: JsonSchema, L: JsonSchema, M: JsonSchema> JsonSchema for Forms<S, L, M> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Cow::Owned(format!("Forms_{}_{}_{}", S::schema_name(), L::schema_name(), M::schema_name()))
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let of = [generator.subschema_for::<S>(), generator.subschema_for::<L>(), generator.subschema_for::<M>()];
        let mut accepted: Vec<Value> = of.into_iter().map(Value::from).filter(|s| *s != Value::Bool(false)).collect();
        match (accepted.pop(), accepted.is_empty()) {
            (Some(only), true) => Schema::try_from(only).unwrap_or_default(),
            (last, _) => {
                accepted.extend(last);
                let mut schema = Schema::default();
                schema.insert("anyOf".to_owned(), Value::Array(accepted));
                schema
            }
        }
    }
}
