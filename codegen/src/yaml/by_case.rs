//! A map whose keys say what it is: `snake_case` settings, or things by their `UpperCamel` names.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, Deserializer, EnumAccess, VariantAccess, Visitor};

use super::Forms;
use super::Never;
use super::de::{BY_CASE, UPPER};

/// One of two maps, chosen by the first letter of its first key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ByCase<L, U> {
    /// Its first key begins with a small letter.
    Lower(L),
    /// Its first key begins with a capital.
    Upper(U),
}

impl<'de, L: Deserialize<'de>, U: Deserialize<'de>> Deserialize<'de> for ByCase<L, U> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ByFirstKey<L, U>(PhantomData<(L, U)>);

        impl<'de, L: Deserialize<'de>, U: Deserialize<'de>> Visitor<'de> for ByFirstKey<L, U> {
            type Value = ByCase<L, U>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_enum<A: EnumAccess<'de>>(self, case: A) -> Result<Self::Value, A::Error> {
                let (case, value) = case.variant::<String>()?;
                match case.as_str() {
                    UPPER => value.newtype_variant().map(ByCase::Upper),
                    _ => value.newtype_variant().map(ByCase::Lower),
                }
            }
        }

        deserializer.deserialize_enum(BY_CASE, &[], ByFirstKey(PhantomData))
    }
}

impl<L: JsonSchema, U: JsonSchema> JsonSchema for ByCase<L, U> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Cow::Owned(format!("ByCase_{}_{}", L::schema_name(), U::schema_name()))
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Forms::<L, Never, U>::json_schema(generator)
    }
}
