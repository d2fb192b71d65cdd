//! The values of expressions.
//!
//! In: an expression, and a [`Scope`] that knows what names stand for. Out: a value without functions, or
//! `None` for `AWS::NoValue`. Guaranteed: a name that stands for nothing is an error that names it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::expression::{Expression, Piece};

/// What names stand for.
pub trait Scope {
    /// A parameter, a pseudo parameter, or a resource's physical id; `None` is `AWS::NoValue`.
    fn name(&self, name: &str) -> Result<Option<Value>, String>;
    /// An attribute of a resource.
    fn attribute(&self, resource: &str, attribute: &str) -> Result<Value, String>;
    /// Whether a condition holds.
    fn condition(&self, name: &str) -> Result<bool, String>;
    /// An entry of the section Mappings.
    fn mapping(&self, map: &str, first: &str, second: &str) -> Result<Value, String>;
    /// What another stack exports under a name.
    fn import(&self, name: &str) -> Result<Value, String>;
}

/// The value of an expression; `None` if it is `AWS::NoValue`, which takes a property or an item away.
pub fn value(expression: &Expression, scope: &dyn Scope) -> Result<Option<Value>, String> {
    Ok(Some(match expression {
        Expression::Literal(value) => value.clone(),
        Expression::List(parts) => {
            let mut list = Vec::with_capacity(parts.len());
            for part in parts {
                list.extend(value(part, scope)?);
            }
            Value::Array(list)
        }
        Expression::Map(parts) => {
            let mut map = Map::new();
            for (key, part) in parts {
                if let Some(value) = value(part, scope)? {
                    map.insert(key.clone(), value);
                }
            }
            Value::Object(map)
        }
        Expression::Ref(name) => return scope.name(name),
        Expression::GetAtt(resource, attribute) => scope.attribute(resource, attribute)?,
        Expression::Sub(pieces, variables) => {
            let mut made = String::new();
            for piece in pieces {
                match piece {
                    Piece::Text(text) => made.push_str(text),
                    Piece::Name(name) => match variables.get(name) {
                        Some(variable) => made.push_str(&text(variable, scope)?),
                        None => made.push_str(&written(scope.name(name)?)?),
                    },
                    Piece::Attribute(resource, attribute) => {
                        made.push_str(&written(Some(scope.attribute(resource, attribute)?))?);
                    }
                }
            }
            Value::String(made)
        }
        Expression::Join(by, parts) => {
            let parts =
                list(parts, scope)?.into_iter().map(|part| written(Some(part))).collect::<Result<Vec<_>, _>>()?;
            Value::String(parts.join(by))
        }
        Expression::If(condition, branches) => {
            return value(if scope.condition(condition)? { &branches.0 } else { &branches.1 }, scope);
        }
        Expression::Select(pair) => {
            let index = text(&pair.0, scope)?;
            let list = list(&pair.1, scope)?;
            let found = index.parse::<usize>().ok().and_then(|index| list.into_iter().nth(index));
            found.ok_or_else(|| format!("`Fn::Select` finds nothing at index `{index}`"))?
        }
        Expression::Split(by, whole) => {
            let whole = text(whole, scope)?;
            whole.split(by.as_str()).map(|part| Value::String(part.to_owned())).collect()
        }
        Expression::FindInMap(keys) => {
            let [map, first, second] = keys.as_ref();
            scope.mapping(&text(map, scope)?, &text(first, scope)?, &text(second, scope)?)?
        }
        Expression::Base64(inner) => Value::String(STANDARD.encode(text(inner, scope)?)),
        Expression::ImportValue(name) => scope.import(&text(name, scope)?)?,
        Expression::Equals(pair) => {
            let (left, right) = (value(&pair.0, scope)?, value(&pair.1, scope)?);
            // A number and the text of it are equal: a parameter is a text whatever its type.
            let equal =
                left == right || matches!((written(left), written(right)), (Ok(left), Ok(right)) if left == right);
            Value::Bool(equal)
        }
        Expression::And(parts) => Value::Bool(
            parts.iter().map(|part| holds(part, scope)).collect::<Result<Vec<_>, _>>()?.into_iter().all(|part| part),
        ),
        Expression::Or(parts) => Value::Bool(
            parts.iter().map(|part| holds(part, scope)).collect::<Result<Vec<_>, _>>()?.into_iter().any(|part| part),
        ),
        Expression::Not(part) => Value::Bool(!holds(part, scope)?),
        Expression::Condition(name) => Value::Bool(scope.condition(name)?),
    }))
}

/// Whether an expression of a condition holds.
pub fn holds(expression: &Expression, scope: &dyn Scope) -> Result<bool, String> {
    match value(expression, scope)? {
        Some(Value::Bool(holds)) => Ok(holds),
        _ => Err("a condition is true or false".to_owned()),
    }
}

fn text(expression: &Expression, scope: &dyn Scope) -> Result<String, String> {
    written(value(expression, scope)?)
}

fn list(expression: &Expression, scope: &dyn Scope) -> Result<Vec<Value>, String> {
    match value(expression, scope)? {
        Some(Value::Array(list)) => Ok(list),
        _ => Err("a list is expected".to_owned()),
    }
}

/// A scalar as it stands within a text.
fn written(value: Option<Value>) -> Result<String, String> {
    match value {
        Some(Value::String(text)) => Ok(text),
        Some(Value::Number(number)) => Ok(number.to_string()),
        Some(Value::Bool(flag)) => Ok(flag.to_string()),
        Some(Value::Array(_)) => Err("a list stands where a text is expected".to_owned()),
        Some(Value::Object(_)) => Err("an object stands where a text is expected".to_owned()),
        Some(Value::Null) | None => Err("`AWS::NoValue` stands where a text is expected".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    struct Fixed;

    impl Scope for Fixed {
        fn name(&self, name: &str) -> Result<Option<Value>, String> {
            match name {
                "AWS::NoValue" => Ok(None),
                "Prefix" => Ok(Some(json!("everi"))),
                "Count" => Ok(Some(json!("3"))),
                "List" => Ok(Some(json!(["a", "b"]))),
                other => Err(format!("there is no `{other}`")),
            }
        }

        fn attribute(&self, resource: &str, attribute: &str) -> Result<Value, String> {
            Ok(json!(format!("{resource}/{attribute}")))
        }

        fn condition(&self, name: &str) -> Result<bool, String> {
            Ok(name == "Holds")
        }

        fn mapping(&self, map: &str, first: &str, second: &str) -> Result<Value, String> {
            Ok(json!(format!("{map}.{first}.{second}")))
        }

        fn import(&self, name: &str) -> Result<Value, String> {
            Ok(json!(format!("from {name}")))
        }
    }

    fn of(json: Value) -> Result<Option<Value>, String> {
        value(&Expression::parse(&json)?, &Fixed)
    }

    #[test]
    fn every_function_has_its_value() {
        for (expression, expected) in [
            (json!({"Ref": "Prefix"}), json!("everi")),
            (json!({"Fn::GetAtt": ["Queue", "Arn"]}), json!("Queue/Arn")),
            (json!({"Fn::GetAtt": "Stack.Outputs.Name"}), json!("Stack/Outputs.Name")),
            (json!({"Fn::Sub": "${Prefix}-${Queue.Arn}-${!Literal}"}), json!("everi-Queue/Arn-${Literal}")),
            (json!({"Fn::Sub": ["${A} ${Prefix}", {"A": {"Ref": "Count"}}]}), json!("3 everi")),
            (json!({"Fn::Sub": "costs $5 and {braces}"}), json!("costs $5 and {braces}")),
            (json!({"Fn::Join": ["-", ["a", {"Ref": "Prefix"}, 7]]}), json!("a-everi-7")),
            (json!({"Fn::If": ["Holds", "yes", "no"]}), json!("yes")),
            (json!({"Fn::If": ["Fails", "yes", "no"]}), json!("no")),
            (json!({"Fn::Select": ["1", {"Fn::Split": [",", "a,b,c"]}]}), json!("b")),
            (json!({"Fn::Select": [0, {"Ref": "List"}]}), json!("a")),
            (json!({"Fn::FindInMap": ["M", {"Ref": "Prefix"}, "k"]}), json!("M.everi.k")),
            (json!({"Fn::Base64": "hello"}), json!("aGVsbG8=")),
            (json!({"Fn::ImportValue": {"Fn::Sub": "${Prefix}-x"}}), json!("from everi-x")),
            (json!({"Condition": {"Bool": {"k": true}}}), json!({"Condition": {"Bool": {"k": true}}})),
        ] {
            assert_eq!(of(expression.clone()), Ok(Some(expected)), "{expression}");
        }
    }

    #[test]
    fn no_value_takes_the_property_and_the_item_away() {
        let none = json!({"Ref": "AWS::NoValue"});
        assert_eq!(of(none.clone()), Ok(None));
        assert_eq!(of(json!({"a": none, "b": [1, none, 2]})), Ok(Some(json!({"b": [1, 2]}))));
        assert_eq!(of(json!({"a": {"Fn::If": ["Fails", 1, none]}})), Ok(Some(json!({}))));
    }

    #[test]
    fn what_has_no_value_says_why() {
        for (expression, reason) in [
            (json!({"Ref": "Nothing"}), "there is no `Nothing`"),
            (json!({"Fn::Sub": "${Nothing}"}), "there is no `Nothing`"),
            (json!({"Fn::Sub": "${Open"}), "`${Open` has a `${` without its `}`"),
            (json!({"Fn::Sub": ["x"]}), "`Fn::Sub` is not of its documented form"),
            (json!({"Fn::Select": [5, ["a"]]}), "`Fn::Select` finds nothing at index `5`"),
            (json!({"Fn::Cidr": []}), "the local engine does not have the function `Fn::Cidr`"),
            (json!({"Fn::Mystery": 1}), "there is no function `Fn::Mystery`"),
            (json!({"Fn::Equals": ["a", "b"]}), "`Fn::Equals` stands only in the section Conditions"),
            (json!({"Fn::Join": ["", [{"Ref": "List"}]]}), "a list stands where a text is expected"),
            (json!({"a": null}), "null values are not allowed in templates"),
        ] {
            assert_eq!(of(expression.clone()), Err(reason.to_owned()), "{expression}");
        }
    }

    #[test]
    fn conditions_combine() {
        let check = |json: Value| holds(&Expression::parse_condition(&json).unwrap(), &Fixed);
        assert_eq!(check(json!({"Fn::Equals": [{"Ref": "Count"}, 3]})), Ok(true));
        assert_eq!(check(json!({"Fn::Not": [{"Condition": "Holds"}]})), Ok(false));
        assert_eq!(check(json!({"Fn::And": [{"Condition": "Holds"}, {"Condition": "Fails"}]})), Ok(false));
        assert_eq!(check(json!({"Fn::Or": [{"Condition": "Holds"}, {"Condition": "Fails"}]})), Ok(true));
        assert!(Expression::parse_condition(&json!({"Fn::If": ["a", 1, 2]})).is_err());
    }
}
