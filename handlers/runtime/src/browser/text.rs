//! Texts with names in braces, as the compiler resolved them.

use serde_json::Value;

/// A piece of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// As it stands.
    Text(&'static str),
    /// The value of a name: a field of the event's data, or what the caller of [`Part`] knows by it.
    Name(&'static str),
}

/// What a text becomes. One name alone keeps its type; text around it, or several names, make a text. None where a
/// name has no value, or one that has no text.
pub(super) fn value(parts: &[Part], of: &dyn Fn(&str) -> Option<Value>) -> Option<Value> {
    if let [Part::Name(name)] = parts {
        return of(name).filter(|value| !value.is_null());
    }
    let mut made = String::new();
    for part in parts {
        match part {
            Part::Text(text) => made.push_str(text),
            Part::Name(name) => match of(name)? {
                Value::String(text) => made.push_str(&text),
                Value::Number(number) => made.push_str(&number.to_string()),
                _ => return None,
            },
        }
    }
    Some(Value::String(made))
}

/// As [`value`], as text.
pub(super) fn rendered(parts: &[Part], of: &dyn Fn(&str) -> Option<Value>) -> Option<String> {
    match value(parts, of)? {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn known(name: &str) -> Option<Value> {
        json!({"group": "g1", "count": 3, "many": ["a"], "nothing": null}).get(name).cloned()
    }

    #[test]
    fn one_name_alone_keeps_its_type_and_several_make_a_text() {
        assert_eq!(value(&[Part::Name("count")], &known), Some(json!(3)));
        assert_eq!(rendered(&[Part::Name("count")], &known).as_deref(), Some("3"));
        let several = [Part::Name("group"), Part::Text("/"), Part::Name("count")];
        assert_eq!(value(&several, &known), Some(json!("g1/3")));
    }

    #[test]
    fn what_has_no_text_makes_none() {
        assert_eq!(rendered(&[Part::Name("many")], &known), None);
        assert_eq!(rendered(&[Part::Name("nothing")], &known), None);
        assert_eq!(rendered(&[Part::Name("unknown"), Part::Text("/")], &known), None);
    }
}
