//! Payload templates: what stands in `Arguments`, `Output`, `Assign` and `ItemSelector`.
//!
//! In: constants, expressions and substitutions. Out: JSON in which Step Functions finds exactly the
//! expressions that were put in, and CloudFormation exactly the substitutions.
//!
//! Guaranteed: a constant text that would be read as either (`${…}`, `{% … %}`) is written as an
//! expression whose value is that text.

use std::fmt;

use indexmap::IndexMap;
use serde::{Serialize, Serializer};
use serde_json::{Number, Value as Json};

use super::jsonata::Expr;

/// A name that CloudFormation replaces in the definition (`DefinitionSubstitutions`), written
/// `${Name}`: the ARN of a function, say.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Substitution(String);

/// The text is no name of a substitution: ASCII letters and digits only, as in a logical id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no name of a substitution: letters and digits only")]
pub struct SubstitutionError(pub String);

impl Substitution {
    /// A substitution of this name.
    ///
    /// # Errors
    /// Where the name is empty or holds anything but ASCII letters and digits.
    pub fn new(name: &str) -> Result<Self, SubstitutionError> {
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric()) {
            return Err(SubstitutionError(name.to_owned()));
        }
        Ok(Self(name.to_owned()))
    }

    /// Its name: the key in `DefinitionSubstitutions`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Substitution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${{{}}}", self.0)
    }
}

impl Serialize for Substitution {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A constant text where Step Functions also takes an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(String);

impl Text {
    /// The text, character for character.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let is_read_as_something_else = text.contains("${") || text.starts_with("{%");
        Self(if is_read_as_something_else { Expr::text(text).to_template() } else { text.to_owned() })
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl From<Expr> for Text {
    fn from(expr: Expr) -> Self {
        Self(expr.to_template())
    }
}

/// A remark for people. It cannot be an expression, so a `${` in it is written `$ {`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment(String);

impl Comment {
    /// The remark.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.replace("${", "$ {"))
    }
}

impl Serialize for Comment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// A number (or another constant) or the expression that computes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum OrExpr<T> {
    /// The constant.
    Plain(T),
    /// The expression.
    Computed(Expr),
}

impl<T> OrExpr<T> {
    /// The constant, if it is one.
    #[must_use]
    pub fn plain(&self) -> Option<&T> {
        match self {
            Self::Plain(value) => Some(value),
            Self::Computed(_) => None,
        }
    }
}

/// A payload template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value(Node);

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum Node {
    Null,
    Bool(bool),
    Number(Number),
    Text(Text),
    Substitution(Substitution),
    Computed(Expr),
    Array(Vec<Value>),
    Object(IndexMap<String, Value>),
}

impl Value {
    /// A constant text, character for character.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self(Node::Text(Text::new(text)))
    }

    /// An array.
    #[must_use]
    pub fn array(items: impl IntoIterator<Item = Self>) -> Self {
        Self(Node::Array(items.into_iter().collect()))
    }

    /// An object, its fields in this order. A later field of the same name wins.
    #[must_use]
    pub fn object<K: Into<String>>(fields: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self(Node::Object(fields.into_iter().map(|(key, value)| (key.into(), value)).collect()))
    }

    /// A constant of any shape.
    #[must_use]
    pub fn json(value: &Json) -> Self {
        match value {
            Json::Null => Self(Node::Null),
            Json::Bool(value) => Self(Node::Bool(*value)),
            Json::Number(value) => Self(Node::Number(value.clone())),
            Json::String(value) => Self::text(value),
            Json::Array(items) => Self::array(items.iter().map(Self::json)),
            // Only a value can be an expression, so an object with such a key becomes one as a whole.
            Json::Object(fields) if fields.keys().any(|key| key.contains("${")) => Expr::json(value).into(),
            Json::Object(fields) => Self::object(fields.iter().map(|(key, value)| (key, Self::json(value)))),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl From<Expr> for Value {
    fn from(expr: Expr) -> Self {
        Self(Node::Computed(expr))
    }
}

impl From<Substitution> for Value {
    fn from(substitution: Substitution) -> Self {
        Self(Node::Substitution(substitution))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_constant_that_looks_like_a_substitution_or_an_expression_stays_a_constant() {
        let value =
            Value::json(&json!({ "a": "${AWS::AccountId}", "b": "{% $now() %}", "c": "50 %} off", "d": [1, null] }));
        let text = serde_json::to_string(&value).unwrap();
        assert_eq!(
            text,
            r#"{"a":"{% \"\\u0024{AWS::AccountId}\" %}","b":"{% \"{\\u0025 $now() \\u0025}\" %}","c":"50 %} off","d":[1,null]}"#
        );
    }

    #[test]
    fn a_constant_key_that_looks_like_a_substitution_makes_the_object_an_expression() {
        let text = serde_json::to_string(&Value::json(&json!({ "${Fn}": 1 }))).unwrap();
        assert_eq!(text, r#""{% {\"\\u0024{Fn}\": 1} %}""#);
    }

    #[test]
    fn a_substitution_is_written_for_cloudformation() {
        let value = Value::from(Substitution::new("RenderNotice").unwrap());
        assert_eq!(serde_json::to_string(&value).unwrap(), r#""${RenderNotice}""#);
    }

    #[test]
    fn a_substitution_takes_letters_and_digits_only() {
        for name in ["", "a-b", "AWS::Region", "a}", "é"] {
            assert_eq!(Substitution::new(name), Err(SubstitutionError(name.to_owned())));
        }
    }
}
