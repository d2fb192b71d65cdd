//! Rows of DynamoDB as JSON, and back.
//!
//! Guaranteed: text, numbers, switches, nothing, lists and objects come back as they went; binary and sets, which no row of a
//! flow's own table has, come back as nothing.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Map, Number, Value};

/// A row, as the SDK has it.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// A value as an attribute.
pub(crate) fn attribute(value: &Value) -> AttributeValue {
    match value {
        Value::Null => AttributeValue::Null(true),
        Value::Bool(switch) => AttributeValue::Bool(*switch),
        Value::Number(number) => AttributeValue::N(number.to_string()),
        Value::String(text) => AttributeValue::S(text.clone()),
        Value::Array(list) => AttributeValue::L(list.iter().map(attribute).collect()),
        Value::Object(map) => AttributeValue::M(item(map)),
    }
}

/// An object as a row.
pub(crate) fn item(map: &Map<String, Value>) -> Item {
    map.iter().map(|(name, value)| (name.clone(), attribute(value))).collect()
}

/// An attribute as a value.
pub(crate) fn value(attribute: &AttributeValue) -> Value {
    match attribute {
        AttributeValue::Bool(switch) => (*switch).into(),
        AttributeValue::N(number) => number_of(number),
        AttributeValue::S(text) => text.as_str().into(),
        AttributeValue::L(list) => list.iter().map(value).collect(),
        AttributeValue::M(map) => object(map),
        _ => Value::Null,
    }
}

/// A row as an object, its fields sorted by name.
pub(crate) fn object(item: &Item) -> Value {
    let sorted: BTreeMap<&String, &AttributeValue> = item.iter().collect();
    Value::Object(sorted.into_iter().map(|(name, attribute)| (name.clone(), value(attribute))).collect())
}

/// DynamoDB's numbers have up to 38 digits; what JSON's do not hold comes back nearest.
fn number_of(text: &str) -> Value {
    let whole = text.parse::<i64>().map(Number::from);
    whole.ok().or_else(|| Number::from_f64(text.parse().ok()?)).map_or(Value::Null, Value::Number)
}

/// A key's attribute: of the key's own type, whatever the value was written as.
pub(crate) fn key(value: &Value, number: bool) -> AttributeValue {
    let text = crate::template::text(value);
    if number { AttributeValue::N(text) } else { AttributeValue::S(text) }
}

/// A text of a row.
pub(crate) fn text<'i>(item: &'i Item, name: &str) -> Option<&'i str> {
    item.get(name).and_then(|attribute| attribute.as_s().ok()).map(String::as_str)
}

/// A whole number of a row.
pub(crate) fn int(item: &Item, name: &str) -> Option<i64> {
    item.get(name).and_then(|attribute| attribute.as_n().ok()).and_then(|number| number.parse().ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_went_into_a_row_comes_back() {
        let row = json!({
            "a": "text", "b": 1, "c": 1.5, "d": true, "e": null, "f": [1, "x", []], "g": { "h": {} },
            "i": i64::MIN, "j": 9_007_199_254_740_993_i64,
        });
        assert_eq!(object(&item(row.as_object().unwrap())), row);
    }

    #[test]
    fn a_key_has_the_type_of_its_attribute() {
        assert_eq!(key(&json!(7), false), AttributeValue::S("7".to_owned()));
        assert_eq!(key(&json!("7"), true), AttributeValue::N("7".to_owned()));
    }
}
