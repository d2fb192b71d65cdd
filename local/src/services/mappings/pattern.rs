//! Filter patterns of event source mappings: the part of EventBridge's patterns that Lambda has.
//!
//! In: a pattern as text. Out: whether a record matches. Guaranteed: a pattern with anything that is not
//! understood is refused when the mapping is made, never ignored.
//!
//! Source: "Filter rule syntax" in the Lambda Developer Guide.

use serde_json::{Map, Value};

/// How deep a pattern may go.
const DEPTH: usize = 32;

/// A pattern that was read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pattern {
    fields: Vec<(String, Node)>,
    /// `$or`: of each of these, one must match.
    any: Vec<Vec<Pattern>>,
}

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Object(Pattern),
    /// One of these must hold.
    Leaf(Vec<Test>),
}

#[derive(Clone, Debug, PartialEq)]
enum Test {
    Equals(Value),
    Exists(bool),
    Prefix(String),
    Suffix(String),
    IgnoreCase(String),
    /// It is there, and none of these holds.
    AnythingBut(Vec<Test>),
    Numeric(Vec<(Comparison, f64)>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Pattern {
    /// Reads a pattern; the error says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match serde_json::from_str(text) {
            Ok(Value::Object(members)) => Self::object(&members, 0),
            Ok(_) => Err("a pattern is a JSON object".to_owned()),
            Err(error) => Err(format!("a pattern is a JSON object: {error}")),
        }
    }

    fn object(members: &Map<String, Value>, depth: usize) -> Result<Self, String> {
        if depth > DEPTH {
            return Err(format!("a pattern may be {DEPTH} levels deep"));
        }
        let mut pattern = Self { fields: Vec::new(), any: Vec::new() };
        for (name, value) in members {
            match value {
                Value::Array(alternatives) if name == "$or" => {
                    let object = |alternative: &Value| match alternative {
                        Value::Object(members) => Self::object(members, depth + 1),
                        _ => Err("`$or` has objects in its list".to_owned()),
                    };
                    pattern.any.push(alternatives.iter().map(object).collect::<Result<_, _>>()?);
                }
                Value::Object(members) => {
                    pattern.fields.push((name.clone(), Node::Object(Self::object(members, depth + 1)?)));
                }
                Value::Array(tests) if !tests.is_empty() => {
                    let tests = tests.iter().map(test).collect::<Result<_, _>>()?;
                    pattern.fields.push((name.clone(), Node::Leaf(tests)));
                }
                _ => return Err(format!("`{name}` must be an object or a list that is not empty")),
            }
        }
        Ok(pattern)
    }

    /// Whether a record matches.
    pub(super) fn matches(&self, record: &Value) -> bool {
        let field = |(name, node): &(String, Node)| {
            let value = record.get(name);
            match node {
                Node::Object(pattern) => match value {
                    Some(Value::Array(items)) => items.iter().any(|item| pattern.matches(item)),
                    // What must not exist does not exist in what is not there.
                    other => pattern.matches(other.unwrap_or(&Value::Null)),
                },
                Node::Leaf(tests) => tests.iter().any(|test| test.holds(value)),
            }
        };
        self.fields.iter().all(field)
            && self.any.iter().all(|alternatives| alternatives.iter().any(|pattern| pattern.matches(record)))
    }
}

/// One alternative of a list.
fn test(value: &Value) -> Result<Test, String> {
    let Value::Object(members) = value else {
        return match value {
            Value::Array(_) => Err("a list in a list is no pattern".to_owned()),
            other => Ok(Test::Equals(other.clone())),
        };
    };
    let mut members = members.iter();
    let (Some((operator, operand)), None) = (members.next(), members.next()) else {
        return Err("a test has one operator".to_owned());
    };
    let text = || operand.as_str().map(str::to_owned).ok_or_else(|| format!("`{operator}` takes a text"));
    match operator.as_str() {
        "exists" => operand.as_bool().map(Test::Exists).ok_or_else(|| "`exists` takes true or false".to_owned()),
        "prefix" => text().map(Test::Prefix),
        "suffix" => text().map(Test::Suffix),
        "equals-ignore-case" => text().map(Test::IgnoreCase),
        "numeric" => numeric(operand),
        "anything-but" => match operand {
            Value::Array(items) => items.iter().map(test).collect::<Result<_, _>>().map(Test::AnythingBut),
            other => Ok(Test::AnythingBut(vec![test(other)?])),
        },
        other => Err(format!("`{other}` is no operator of Lambda's filter patterns")),
    }
}

/// `["=", 5]` or `[">", 0, "<=", 10]`
fn numeric(operand: &Value) -> Result<Test, String> {
    let wrong = || "`numeric` takes comparisons and numbers: [\">\", 0, \"<=\", 10]".to_owned();
    let parts = operand.as_array().ok_or_else(wrong)?;
    let (pairs, rest) = parts.as_chunks::<2>();
    if pairs.is_empty() || !rest.is_empty() {
        return Err(wrong());
    }
    let pair = |[operator, bound]: &[Value; 2]| {
        let comparison = match operator.as_str()? {
            "=" => Comparison::Equal,
            "<" => Comparison::Less,
            "<=" => Comparison::LessOrEqual,
            ">" => Comparison::Greater,
            ">=" => Comparison::GreaterOrEqual,
            _ => return None,
        };
        Some((comparison, bound.as_f64()?))
    };
    pairs.iter().map(pair).collect::<Option<_>>().map(Test::Numeric).ok_or_else(wrong)
}

impl Test {
    fn holds(&self, value: Option<&Value>) -> bool {
        match (self, value) {
            (Self::Exists(expected), value) => *expected == value.is_some(),
            (_, None) => false,
            (Self::AnythingBut(tests), Some(Value::Array(items))) => {
                !items.iter().any(|item| tests.iter().any(|test| test.one(item)))
            }
            (test, Some(Value::Array(items))) => items.iter().any(|item| test.one(item)),
            (test, Some(value)) => test.one(value),
        }
    }

    fn one(&self, value: &Value) -> bool {
        let text = value.as_str();
        match self {
            Self::Equals(expected) => match (expected.as_f64(), value.as_f64()) {
                (Some(expected), Some(found)) => (expected - found).abs() < f64::EPSILON,
                _ => expected == value,
            },
            Self::Exists(expected) => *expected,
            Self::Prefix(prefix) => text.is_some_and(|text| text.starts_with(prefix)),
            Self::Suffix(suffix) => text.is_some_and(|text| text.ends_with(suffix)),
            Self::IgnoreCase(expected) => text.is_some_and(|text| text.to_lowercase() == expected.to_lowercase()),
            Self::AnythingBut(tests) => !tests.iter().any(|test| test.one(value)),
            Self::Numeric(comparisons) => value.as_f64().is_some_and(|number| {
                comparisons.iter().all(|(comparison, bound)| match comparison {
                    Comparison::Equal => (number - bound).abs() < f64::EPSILON,
                    Comparison::Less => number < *bound,
                    Comparison::LessOrEqual => number <= *bound,
                    Comparison::Greater => number > *bound,
                    Comparison::GreaterOrEqual => number >= *bound,
                })
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn matches(pattern: Value, record: Value) -> bool {
        Pattern::parse(&pattern.to_string()).unwrap().matches(&record)
    }

    #[test]
    fn every_field_must_match_one_of_its_alternatives() {
        let pattern = || json!({"body": {"kind": ["sent", "seen"], "urgent": [true]}});
        assert!(matches(pattern(), json!({"body": {"kind": "seen", "urgent": true, "more": 1}})));
        assert!(!matches(pattern(), json!({"body": {"kind": "seen", "urgent": false}})));
        assert!(!matches(pattern(), json!({"body": {"kind": "seen"}})));
        assert!(!matches(pattern(), json!({"body": "plain text"})));
        assert!(matches(json!({}), json!({"body": "anything"})));
    }

    #[test]
    fn operators_hold_as_documented() {
        let holds = |test: Value, value: Value| matches(json!({"a": [test]}), json!({"a": value}));
        assert!(holds(json!({"prefix": "ab"}), json!("abc")) && !holds(json!({"prefix": "b"}), json!("abc")));
        assert!(holds(json!({"suffix": "bc"}), json!("abc")) && !holds(json!({"suffix": "b"}), json!("abc")));
        assert!(holds(json!({"equals-ignore-case": "ABC"}), json!("abc")));
        assert!(holds(json!({"anything-but": ["x", "y"]}), json!("z")));
        assert!(!holds(json!({"anything-but": ["x", "y"]}), json!("y")));
        assert!(!holds(json!({"anything-but": {"prefix": "y"}}), json!("yes")));
        assert!(holds(json!({"numeric": [">", 0, "<=", 10]}), json!(10)));
        assert!(!holds(json!({"numeric": [">", 0, "<=", 10]}), json!(0)));
        assert!(!holds(json!({"numeric": ["=", 1]}), json!("1")));
        assert!(holds(json!(5), json!(5.0)) && holds(json!(null), json!(null)) && !holds(json!("5"), json!(5)));
        assert!(holds(json!("b"), json!(["a", "b"])));
    }

    #[test]
    fn existence_is_of_the_key() {
        let exists = |expected: bool| json!({"a": {"b": [{"exists": expected}]}});
        assert!(matches(exists(true), json!({"a": {"b": null}})));
        assert!(!matches(exists(true), json!({"a": {}})));
        assert!(matches(exists(false), json!({"a": {}})) && matches(exists(false), json!({})));
        assert!(!matches(json!({"a": [{"anything-but": "x"}]}), json!({})));
    }

    #[test]
    fn or_takes_one_of_several_patterns_beside_the_others() {
        let pattern = || json!({"c": [1], "$or": [{"a": ["x"]}, {"b": [{"numeric": [">", 5]}]}]});
        assert!(matches(pattern(), json!({"c": 1, "a": "x"})) && matches(pattern(), json!({"c": 1, "b": 6})));
        assert!(!matches(pattern(), json!({"c": 1, "b": 5})) && !matches(pattern(), json!({"c": 2, "a": "x"})));
    }

    #[test]
    fn a_pattern_that_is_not_understood_is_refused() {
        for pattern in [
            "",
            "[]",
            r#"{"a": "x"}"#,
            r#"{"a": []}"#,
            r#"{"a": [["x"]]}"#,
            r#"{"a": [{"cidr": "10.0.0.0/8"}]}"#,
            r#"{"a": [{"wildcard": "x*"}]}"#,
            r#"{"a": [{"prefix": "x", "suffix": "y"}]}"#,
            r#"{"a": [{"prefix": 1}]}"#,
            r#"{"a": [{"numeric": [">"]}]}"#,
            r#"{"a": [{"numeric": ["~", 1]}]}"#,
            r#"{"a": [{"exists": "yes"}]}"#,
            r#"{"$or": [1]}"#,
        ] {
            assert!(Pattern::parse(pattern).is_err(), "{pattern}");
        }
        let deep = format!("{}{}{}", r#"{"a":"#.repeat(40), "{}", "}".repeat(40));
        assert!(Pattern::parse(&deep).is_err());
    }
}
