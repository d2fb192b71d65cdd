//! Which attributes and partition keys a request names: what fine-grained policies ask.
//!
//! In: the input of an operation on items. Out: the top-level names of all attributes in it, and the
//! values of the partition key. Expressions are read for names alone: whether they are right is seen when
//! the request is answered.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// Members that are expressions.
const EXPRESSIONS: [&str; 5] =
    ["ConditionExpression", "FilterExpression", "KeyConditionExpression", "ProjectionExpression", "UpdateExpression"];
/// Members whose members are attributes.
const MAPS: [&str; 7] = ["Key", "Item", "Expected", "AttributeUpdates", "KeyConditions", "QueryFilter", "ScanFilter"];
/// Words of the expressions' language.
const WORDS: [&str; 9] = ["and", "or", "not", "between", "in", "set", "remove", "add", "delete"];

/// The names of the attributes.
pub(super) fn named(input: &Value) -> BTreeSet<String> {
    let names = input.get("ExpressionAttributeNames").and_then(Value::as_object);
    let mut found: BTreeSet<String> =
        MAPS.iter().filter_map(|member| input.get(member)?.as_object()).flat_map(Map::keys).cloned().collect();
    let listed = input.get("AttributesToGet").and_then(Value::as_array).into_iter().flatten();
    found.extend(listed.filter_map(Value::as_str).map(str::to_owned));
    for expression in EXPRESSIONS.iter().filter_map(|member| input.get(member)?.as_str()) {
        found.extend(paths(expression).into_iter().filter_map(|path| resolve(path, names)));
    }
    found
}

/// The value of the partition key that a query's condition says.
pub(super) fn queried(input: &Value, key: &str) -> Option<String> {
    if let Some(condition) = input.get("KeyConditions").and_then(|conditions| conditions.get(key)) {
        return scalar(condition.get("AttributeValueList")?.get(0)?);
    }
    let names = input.get("ExpressionAttributeNames").and_then(Value::as_object);
    let expression = input.get("KeyConditionExpression")?.as_str()?.replace(['(', ')'], " ");
    let words: Vec<&str> = expression.split_whitespace().collect();
    let clauses = words.split(|word| word.eq_ignore_ascii_case("and"));
    clauses.map(|words| words.concat()).find_map(|clause| {
        let (name, value) = clause.split_once('=')?;
        let is_key = resolve(name, names).is_some_and(|name| name == key);
        scalar(input.get("ExpressionAttributeValues")?.get(value)?).filter(|_| is_key)
    })
}

/// The text of an attribute that is a key: a string, a number or, in base64, bytes.
pub(super) fn scalar(value: &Value) -> Option<String> {
    value.as_object()?.values().next()?.as_str().map(str::to_owned)
}

fn resolve(name: &str, names: Option<&Map<String, Value>>) -> Option<String> {
    match name.starts_with('#') {
        true => names?.get(name)?.as_str().map(str::to_owned),
        false => Some(name.to_owned()),
    }
}

/// The first parts of the paths in an expression.
fn paths(expression: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = expression;
    // Behind a dot comes what is within an attribute.
    let mut is_within = false;
    while let Some(start) = rest.find(|letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '#' | ':')) {
        is_within |= rest.get(..start).unwrap_or_default().ends_with('.');
        let from = rest.get(start..).unwrap_or_default();
        let end = from.find(|letter: char| !(letter.is_alphanumeric() || matches!(letter, '_' | '#' | ':')));
        let (word, behind) = from.split_at(end.unwrap_or(from.len()));
        let is_function = behind.trim_start().starts_with('(') && !WORDS.contains(&word.to_lowercase().as_str());
        let is_value = word.starts_with(|letter: char| letter == ':' || letter.is_ascii_digit());
        if !(is_within || is_function || is_value || WORDS.contains(&word.to_lowercase().as_str())) {
            found.push(word);
        }
        is_within = false;
        rest = behind;
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_request_names_its_attributes() {
        let input = json!({
            "Key": {"pk": {"S": "a"}},
            "UpdateExpression": "SET #s.inner[0].deep = if_not_exists(total, :zero) + :one REMOVE old, b ADD ids :ids",
            "ConditionExpression": "NOT (attribute_exists(gone) AND size(ids) < :max) OR epoch IN (:a, :b)",
            "ExpressionAttributeNames": {"#s": "status"},
        });
        let named: Vec<String> = named(&input).into_iter().collect();
        assert_eq!(named, ["b", "epoch", "gone", "ids", "old", "pk", "status", "total"]);
    }

    #[test]
    fn a_query_names_its_partition() {
        let values = json!({":p": {"S": "x"}, ":a": {"N": "1"}, ":b": {"N": "2"}});
        let query = |expression: &str| {
            let names = json!({"#p": "pk"});
            let input = json!({
                "KeyConditionExpression": expression,
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": values,
            });
            queried(&input, "pk")
        };
        assert_eq!(query("pk = :p"), Some("x".into()));
        assert_eq!(query("sk BETWEEN :a AND :b AND (#p=:p)"), Some("x".into()));
        assert_eq!(query("sk >= :a"), None);
        let legacy = json!({"KeyConditions": {"pk": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "y"}]}}});
        assert_eq!(queried(&legacy, "pk"), Some("y".into()));
    }
}
