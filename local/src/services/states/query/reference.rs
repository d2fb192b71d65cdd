//! Reference paths: where `ResultPath` puts a result.

use serde_json::{Map, Value};

use super::super::data::Failure;
use super::path::{Path, Root};

/// A path of names and indexes alone.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct Reference {
    text: String,
    steps: Vec<Value>,
}

impl Reference {
    /// Reads a reference path below `$`.
    pub(in super::super) fn parse(text: &str) -> Result<Self, String> {
        let path = Path::parse(text)?;
        match (path.root(), path.singular()) {
            (Root::Input, Some(steps)) => Ok(Self { text: text.to_owned(), steps }),
            (Root::Context, _) => Err("the context object cannot be written to".to_owned()),
            _ => Err("a reference path has names and indexes only".to_owned()),
        }
    }

    /// `input` with `result` in this place; objects on the way are made.
    pub(in super::super) fn put(&self, mut input: Value, result: Value) -> Result<Value, Failure> {
        let mut place = &mut input;
        for step in &self.steps {
            place = match step {
                Value::String(name) => {
                    if place.is_null() {
                        *place = Value::Object(Map::new());
                    }
                    let fields = place.as_object_mut().ok_or_else(|| self.failure(&result))?;
                    fields.entry(name.as_str()).or_insert(Value::Null)
                }
                index => {
                    let at = index.as_u64().and_then(|index| usize::try_from(index).ok());
                    let item = place.as_array_mut().zip(at).and_then(|(items, at)| items.get_mut(at));
                    item.ok_or_else(|| self.failure(&result))?
                }
            };
        }
        *place = result;
        Ok(input)
    }

    fn failure(&self, result: &Value) -> Failure {
        let cause = format!("Unable to apply step \"{}\" to input {result}", self.text);
        Failure::new("States.ResultPathMatchFailure", cause)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_result_is_put_into_its_place() {
        let put = |path: &str, input: Value| Reference::parse(path).unwrap().put(input, json!(1));
        assert_eq!(put("$", json!({ "a": 0 })), Ok(json!(1)));
        assert_eq!(put("$.a.b['c']", json!({ "x": 0 })), Ok(json!({ "x": 0, "a": { "b": { "c": 1 } } })));
        assert_eq!(put("$.a[1]", json!({ "a": [0, 0] })), Ok(json!({ "a": [0, 1] })));
        for (path, input) in [("$.a.b", json!({ "a": 7 })), ("$.a[3]", json!({ "a": [] })), ("$.a", json!([]))] {
            assert_eq!(put(path, input).unwrap_err().name(), "States.ResultPathMatchFailure");
        }
    }

    #[test]
    fn other_paths_are_no_references() {
        for path in ["$..a", "$.a[*]", "$$.x", "$a", "$.a[0:1]"] {
            assert!(Reference::parse(path).is_err(), "{path}");
        }
    }
}
