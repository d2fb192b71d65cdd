//! Message attributes: what they may be, what they weigh, and how a filter policy sees them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::errors::value;
use crate::kernel::AwsError;

/// One attribute, as clients write it; binary data is base64.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Attribute {
    pub(super) data_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) string_value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) binary_value: Option<String>,
}

impl Attribute {
    /// The value's text, or its base64.
    pub(super) fn text(&self) -> &str {
        self.string_value.as_deref().or(self.binary_value.as_deref()).unwrap_or_default()
    }

    fn is_binary(&self) -> bool {
        self.data_type.starts_with("Binary")
    }
}

/// Refuses attributes that SNS refuses.
pub(super) fn check(attributes: &BTreeMap<String, Attribute>) -> Result<(), AwsError> {
    attributes.iter().try_for_each(|(name, attribute)| check_name(name).and_then(|()| check_value(name, attribute)))
}

fn check_name(name: &str) -> Result<(), AwsError> {
    let lower = name.to_ascii_lowercase();
    if name.is_empty() || name.len() > 256 {
        return Err(value("Length of message attribute name must be less than 256 bytes."));
    }
    if lower.starts_with("aws.") || lower.starts_with("amazon.") {
        return Err(value(
            "You can't use message attribute names beginning with 'AWS.' or 'Amazon.' because these strings are reserved for internal use.",
        ));
    }
    if name.starts_with('.') || name.ends_with('.') {
        return Err(value(format!(
            "Invalid message attribute name starting or ending with character '.' was found: {name}"
        )));
    }
    if name.contains("..") {
        return Err(value("Message attribute name can not have successive '.' character."));
    }
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte)) {
        return Err(value(
            "Invalid non-alphanumeric character was found in the message attribute name. Can only include alphanumeric characters, hyphens, underscores, or dots.",
        ));
    }
    Ok(())
}

fn check_value(name: &str, attribute: &Attribute) -> Result<(), AwsError> {
    let data_type = attribute.data_type.as_str();
    let prefix = data_type.split('.').next().unwrap_or_default();
    if !["String", "Number", "Binary"].contains(&prefix) {
        return Err(value(format!(
            "The message attribute '{name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String."
        )));
    }
    let (field, other) = if attribute.is_binary() {
        (&attribute.binary_value, &attribute.string_value)
    } else {
        (&attribute.string_value, &attribute.binary_value)
    };
    match field {
        None if other.is_some() => {
            let field = if attribute.is_binary() { "Binary" } else { "String" };
            Err(value(format!("The message attribute '{name}' with type '{data_type}' must use field '{field}'.")))
        }
        Some(text) if !text.is_empty() => match prefix {
            "Number" if number(text).is_none() => {
                Err(value(format!("Could not cast message attribute '{name}' value to number.")))
            }
            _ => Ok(()),
        },
        _ => Err(value(format!(
            "The message attribute '{name}' must contain non-empty message attribute value for message attribute type '{data_type}'."
        ))),
    }
}

/// What attributes add to a message's size: names, types and values.
pub(super) fn size(attributes: &BTreeMap<String, Attribute>) -> usize {
    attributes
        .iter()
        .map(|(name, attribute)| {
            let text = attribute.text().len();
            let value = if attribute.is_binary() { text / 4 * 3 } else { text };
            name.len() + attribute.data_type.len() + value
        })
        .sum()
}

/// The attributes as a filter policy sees them: texts, numbers and the arrays of `String.Array`. Binary
/// attributes are ignored.
pub(super) fn for_filters(attributes: &BTreeMap<String, Attribute>) -> Value {
    let seen = |(name, attribute): (&String, &Attribute)| Some((name.clone(), seen(attribute)?));
    Value::Object(attributes.iter().filter_map(seen).collect::<Map<_, _>>())
}

fn seen(attribute: &Attribute) -> Option<Value> {
    let text = attribute.string_value.as_deref()?;
    match attribute.data_type.as_str() {
        "String.Array" => match serde_json::from_str(text) {
            Ok(array @ Value::Array(_)) => Some(array),
            // What is no array is the text that it is.
            _ => Some(Value::from(text)),
        },
        number_type if number_type.starts_with("Number") => number(text).map(Value::Number),
        _ => Some(Value::from(text)),
    }
}

fn number(text: &str) -> Option<serde_json::Number> {
    serde_json::Number::from_f64(text.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn attributes(value: Value) -> BTreeMap<String, Attribute> {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_filter_sees_texts_numbers_and_arrays() {
        let attributes = attributes(json!({
            "store": {"DataType": "String", "StringValue": "fans"},
            "price": {"DataType": "Number.euro", "StringValue": "210.75"},
            "interests": {"DataType": "String.Array", "StringValue": "[\"rugby\", null, 7]"},
            "broken": {"DataType": "String.Array", "StringValue": "[rugby"},
            "picture": {"DataType": "Binary", "BinaryValue": "AAEC"},
        }));
        check(&attributes).unwrap();
        let seen = json!({"store": "fans", "price": 210.75, "interests": ["rugby", null, 7.0], "broken": "[rugby"});
        let found = for_filters(&attributes);
        assert_eq!(found["interests"], json!(["rugby", null, 7]));
        assert_eq!(
            (&found["store"], &found["price"], &found["broken"]),
            (&seen["store"], &seen["price"], &seen["broken"])
        );
        assert_eq!(found.get("picture"), None);
    }

    #[test]
    fn what_sns_refuses_is_refused() {
        let refused = |name: &str, value: Value| {
            let error = check(&attributes(json!({name: value}))).unwrap_err();
            assert_eq!(error.code, "ParameterValueInvalid");
            error.message
        };
        let text = json!({"DataType": "String", "StringValue": "x"});
        assert!(refused(".a", text.clone()).contains("starting or ending"));
        assert!(refused("a..b", text.clone()).contains("successive"));
        assert!(refused("AWS.a", text.clone()).contains("reserved"));
        assert!(refused("a b", text).contains("non-alphanumeric"));
        assert!(refused("a", json!({"DataType": "Text", "StringValue": "x"})).contains("supported type prefixes"));
        assert!(refused("a", json!({"DataType": "String", "StringValue": ""})).contains("non-empty"));
        assert!(refused("a", json!({"DataType": "String", "BinaryValue": "AA=="})).contains("must use field 'String'"));
        assert!(refused("a", json!({"DataType": "Number", "StringValue": "ten"})).contains("to number"));
        assert!(refused("a", json!({"DataType": "Number", "StringValue": "NaN"})).contains("to number"));
    }
}
