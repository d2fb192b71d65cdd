//! Lists whose length the flow bounds.

use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Invalid;

/// A list of at least `MIN` and at most `MAX` entries; `usize::MAX` for no bound. On the wire and in
/// its schema, which stands inline, it is the list.
///
/// ```
/// use runtime::List;
///
/// let tags: List<&str, 1, 3> = List::new(vec!["new"])?;
/// assert_eq!(tags.len(), 1);
/// assert!(List::<&str, 1, 3>::new(Vec::new()).is_err());
/// # Ok::<(), runtime::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct List<T, const MIN: usize, const MAX: usize>(Vec<T>);

impl<T, const MIN: usize, const MAX: usize> List<T, MIN, MAX> {
    /// Takes the list if its length is within the bounds.
    ///
    /// # Errors
    ///
    /// The bound that it breaks.
    pub fn new(list: Vec<T>) -> Result<Self, Invalid> {
        if list.len() < MIN {
            return Err(Invalid::new(format!("has fewer than {MIN} entries")));
        }
        if list.len() > MAX {
            return Err(Invalid::new(format!("has more than {MAX} entries")));
        }
        Ok(Self(list))
    }

    /// The list itself.
    pub fn into_inner(self) -> Vec<T> {
        self.0
    }
}

impl<T, const MIN: usize, const MAX: usize> Deref for List<T, MIN, MAX> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T: Serialize, const MIN: usize, const MAX: usize> Serialize for List<T, MIN, MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>, const MIN: usize, const MAX: usize> Deserialize<'de> for List<T, MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Vec::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "schema")]
impl<T: schemars::JsonSchema, const MIN: usize, const MAX: usize> schemars::JsonSchema for List<T, MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("List_of_{}_{MIN}_to_{MAX}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let mut schema = <Vec<T> as schemars::JsonSchema>::json_schema(generator);
        if MIN > 0 {
            schema.insert("minItems".to_owned(), MIN.into());
        }
        if MAX < usize::MAX {
            schema.insert("maxItems".to_owned(), MAX.into());
        }
        schema
    }
}
