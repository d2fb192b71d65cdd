//! JSONata expressions, built from typed parts.
//!
//! In: literals, field names and other expressions. Out: the text of one expression, as Step
//! Functions reads it in `{% … %}`.
//!
//! Guaranteed: there is no way to put text into an expression other than as a literal or a field
//! name, so nothing a user wrote is ever read as code. No text holds `${`, `{%` or `%}`, so neither
//! CloudFormation's `DefinitionSubstitutions` nor the delimiters of Step Functions can bite into a
//! literal: `"${x}"` is written `"\u0024{x}"`, which the evaluator reads back as it was.
//!
//! Operators bind as in <https://docs.jsonata.org/other-operators>; parentheses stand where needed.

mod functions;
mod literal;
mod variable;

use literal::{is_plain_name, quote, regex};
use serde::{Serialize, Serializer};
use serde_json::{Number, Value as Json};

pub use variable::{Variable, VariableError};

/// How tightly the outermost operator of an expression binds; loosest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    Conditional,
    Or,
    And,
    Comparison,
    Concatenation,
    Sign,
    Primary,
}

/// One expression. It serialises as the template text `{% … %}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expr {
    text: String,
    binding: Binding,
}

/// The roots of what a state can see.
impl Expr {
    /// `$states.input`: what the state was given.
    #[must_use]
    pub fn input() -> Self {
        Self::primary("$states.input")
    }

    /// `$states.result`: what the task, the branches or the items gave back.
    #[must_use]
    pub fn result() -> Self {
        Self::primary("$states.result")
    }

    /// `$states.errorOutput`: `Error` and `Cause`, in a catch only.
    #[must_use]
    pub fn error_output() -> Self {
        Self::primary("$states.errorOutput")
    }

    /// `$states.context`: the execution, the state, the machine and, in a map, the item.
    #[must_use]
    pub fn context() -> Self {
        Self::primary("$states.context")
    }

    /// `$`: the element under test, inside [`Expr::filter`].
    #[must_use]
    pub fn this() -> Self {
        Self::primary("$")
    }

    /// A workflow variable.
    #[must_use]
    pub fn variable(name: &Variable) -> Self {
        Self::primary(format!("${}", name.as_str()))
    }
}

/// Literals and constructors.
impl Expr {
    /// A text, character for character.
    #[must_use]
    pub fn text(value: &str) -> Self {
        Self::primary(quote(value))
    }

    /// A number. Step Functions computes in doubles.
    #[must_use]
    pub fn number(value: &Number) -> Self {
        let text = value.to_string();
        let binding = if text.starts_with('-') { Binding::Sign } else { Binding::Primary };
        Self { text, binding }
    }

    /// A whole number.
    #[must_use]
    pub fn int(value: i64) -> Self {
        Self::number(&Number::from(value))
    }

    /// `true` or `false`.
    #[must_use]
    pub fn bool(value: bool) -> Self {
        Self::primary(if value { "true" } else { "false" })
    }

    /// `null`.
    #[must_use]
    pub fn null() -> Self {
        Self::primary("null")
    }

    /// Any JSON value as a literal.
    #[must_use]
    pub fn json(value: &Json) -> Self {
        match value {
            Json::Null => Self::null(),
            Json::Bool(value) => Self::bool(*value),
            Json::Number(value) => Self::number(value),
            Json::String(value) => Self::text(value),
            Json::Array(items) => Self::array(items.iter().map(Self::json)),
            Json::Object(fields) => Self::object(fields.iter().map(|(key, value)| (key, Self::json(value)))),
        }
    }

    /// `[a, b]`. JSONata flattens: an item that is a path to an array gives its elements, so
    /// `[path]` is an array whatever the path leads to; an array within an array must be a literal.
    #[must_use]
    pub fn array(items: impl IntoIterator<Item = Self>) -> Self {
        Self::primary(format!("[{}]", list(items)))
    }

    /// `{"a": …}`. A field whose value is nothing is left out by the evaluator.
    #[must_use]
    pub fn object<K: AsRef<str>>(fields: impl IntoIterator<Item = (K, Self)>) -> Self {
        let fields: Vec<_> =
            fields.into_iter().map(|(key, value)| format!("{}: {}", quote(key.as_ref()), value.text)).collect();
        Self::primary(format!("{{{}}}", fields.join(", ")))
    }
}

/// Paths and operators.
impl Expr {
    /// A field of this value; of each element, where it is an array. Nothing, where there is none; a
    /// template whose whole value is nothing fails the execution with `States.QueryEvaluationError`.
    ///
    /// Names that are no plain words are quoted with backticks. A quoted name has no escapes, so one
    /// that holds a backtick, a control character or a delimiter is looked up as a text instead.
    #[must_use]
    pub fn field(self, name: &str) -> Self {
        if is_plain_name(name) {
            Self::primary(format!("{}.{name}", self.at(Binding::Primary)))
        } else if literal::can_be_backticked(name) {
            Self::primary(format!("{}.`{name}`", self.at(Binding::Primary)))
        } else {
            Self::call("$lookup", [self, Self::text(name)])
        }
    }

    /// A field of a field of this value.
    #[must_use]
    pub fn path<'a>(self, names: impl IntoIterator<Item = &'a str>) -> Self {
        names.into_iter().fold(self, Self::field)
    }

    /// The elements (or the one value) for which a condition over [`Expr::this`] holds.
    ///
    /// A single one that passes stands alone, without an array; [`Expr::array`] puts it back in one.
    /// Filters in a row are applied one after the other: a second one sees only what passed the first.
    #[must_use]
    pub fn filter(self, condition: Self) -> Self {
        Self::primary(format!("{}[{}]", self.at(Binding::Primary), condition.text))
    }

    /// `=`; two values of different types are not equal.
    #[must_use]
    pub fn equals(self, other: Self) -> Self {
        self.compare("=", other)
    }

    /// `!=`.
    #[must_use]
    pub fn differs(self, other: Self) -> Self {
        self.compare("!=", other)
    }

    /// `<`. Only between two numbers or two texts: anything else fails the execution.
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        self.compare("<", other)
    }

    /// `<=`, as [`Expr::less`].
    #[must_use]
    pub fn at_most(self, other: Self) -> Self {
        self.compare("<=", other)
    }

    /// `>`, as [`Expr::less`].
    #[must_use]
    pub fn greater(self, other: Self) -> Self {
        self.compare(">", other)
    }

    /// `>=`, as [`Expr::less`].
    #[must_use]
    pub fn at_least(self, other: Self) -> Self {
        self.compare(">=", other)
    }

    /// `in`: whether this is an element of the array, or equal to the one value.
    #[must_use]
    pub fn is_in(self, array: Self) -> Self {
        self.compare("in", array)
    }

    /// `&`: one text after the other; nothing counts as the empty text.
    #[must_use]
    pub fn concat(self, other: Self) -> Self {
        self.join(" & ", other, Binding::Concatenation)
    }

    /// This number and one.
    #[must_use]
    pub fn successor(self) -> Self {
        Self::primary(format!("({} + 1)", self.at(Binding::Primary)))
    }

    /// Whether all hold; true for none. The evaluator may look at all of them.
    #[must_use]
    pub fn all(conditions: impl IntoIterator<Item = Self>) -> Self {
        Self::joined(conditions, " and ", Binding::And).unwrap_or_else(|| Self::bool(true))
    }

    /// Whether one of them holds; false for none. The evaluator may look at all of them.
    #[must_use]
    pub fn any(conditions: impl IntoIterator<Item = Self>) -> Self {
        Self::joined(conditions, " or ", Binding::Or).unwrap_or_else(|| Self::bool(false))
    }

    /// `condition ? this : other`; only the chosen one is evaluated.
    #[must_use]
    pub fn if_else(condition: Self, then: Self, otherwise: Self) -> Self {
        let text = format!("{} ? {} : {}", condition.at(Binding::Or), then.at(Binding::Or), otherwise.text);
        Self { text, binding: Binding::Conditional }
    }
}

/// Functions.
impl Expr {
    /// `$not`.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "a builder's word, beside `all` and `any`; `!` would hide it")]
    pub fn not(self) -> Self {
        Self::call("$not", [self])
    }

    /// `$exists`: whether there is a value; `null` is one.
    #[must_use]
    pub fn exists(self) -> Self {
        Self::call("$exists", [self])
    }

    /// `$count`: of elements; 1 for a single value, 0 for nothing.
    #[must_use]
    pub fn count(self) -> Self {
        Self::call("$count", [self])
    }

    /// `$type`: `null`, `number`, `string`, `boolean`, `array`, `object`; nothing for nothing.
    #[must_use]
    pub fn kind(self) -> Self {
        Self::call("$type", [self])
    }

    /// `$contains`: whether this text holds another. Fails the execution on anything but a text.
    #[must_use]
    pub fn contains(self, part: &str) -> Self {
        Self::call("$contains", [self, Self::text(part)])
    }

    /// Whether this text begins with another. Fails the execution on anything but a text.
    #[must_use]
    pub fn starts_with(self, prefix: &str) -> Self {
        let length = length(prefix);
        Self::call("$substring", [self, Self::int(0), Self::int(length)]).equals(Self::text(prefix))
    }

    /// Whether this text ends with another. Fails the execution on anything but a text.
    #[must_use]
    pub fn ends_with(self, suffix: &str) -> Self {
        if suffix.is_empty() {
            return self.contains("");
        }
        let length = length(suffix);
        Self::call("$substring", [self, Self::int(-length)]).equals(Self::text(suffix))
    }

    /// Whether this text is another, whatever the case. Fails the execution on anything but a text.
    ///
    /// Both sides are lowered by the evaluator, so that its idea of lower case cannot differ from ours.
    #[must_use]
    pub fn equals_ignore_case(self, text: &str) -> Self {
        self.lowercase().equals(Self::text(text).lowercase())
    }

    /// `$lowercase`.
    #[must_use]
    pub fn lowercase(self) -> Self {
        Self::call("$lowercase", [self])
    }

    /// Whether this text is made of these parts in this order, with anything between two of them.
    /// Fails the execution on anything but a text.
    #[must_use]
    pub fn is_made_of(self, parts: &[String]) -> Self {
        Self::call("$contains", [self, Self::primary(regex(parts))])
    }

    /// `$merge`: one object of several; the later one wins.
    #[must_use]
    pub fn merge(objects: impl IntoIterator<Item = Self>) -> Self {
        Self::call("$merge", [Self::array(objects)])
    }

    /// `$merge` of an array of objects: the branches' results of a parallel, say.
    #[must_use]
    pub fn merged(self) -> Self {
        Self::call("$merge", [self])
    }
}

/// Text.
impl Expr {
    /// The expression without the delimiters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The expression as Step Functions reads it: `{% … %}`.
    #[must_use]
    pub fn to_template(&self) -> String {
        format!("{{% {} %}}", self.text)
    }

    fn primary(text: impl Into<String>) -> Self {
        Self { text: text.into(), binding: Binding::Primary }
    }

    fn call(function: &str, arguments: impl IntoIterator<Item = Self>) -> Self {
        Self::primary(format!("{function}({})", list(arguments)))
    }

    /// Comparisons do not chain, so both operands must bind tighter.
    fn compare(self, operator: &str, other: Self) -> Self {
        let (left, right) = (self.at(Binding::Concatenation), other.at(Binding::Concatenation));
        Self { text: format!("{left} {operator} {right}"), binding: Binding::Comparison }
    }

    /// All in a row, none for none.
    fn joined(of: impl IntoIterator<Item = Self>, operator: &str, binding: Binding) -> Option<Self> {
        let mut of = of.into_iter();
        let first = of.next()?;
        let Some(second) = of.next() else { return Some(first) };
        let mut text = first.at(binding);
        for next in std::iter::once(second).chain(of) {
            text.push_str(operator);
            text.push_str(&next.at(binding));
        }
        Some(Self { text, binding })
    }

    fn join(self, operator: &str, other: Self, binding: Binding) -> Self {
        Self { text: format!("{}{operator}{}", self.at(binding), other.at(binding)), binding }
    }

    fn at(self, loosest: Binding) -> String {
        if self.binding < loosest { format!("({})", self.text) } else { self.text }
    }
}

impl Serialize for Expr {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_template())
    }
}

fn list(items: impl IntoIterator<Item = Expr>) -> String {
    items.into_iter().map(|item| item.text).collect::<Vec<_>>().join(", ")
}

/// In Unicode code points, as `$substring` counts.
fn length(text: &str) -> i64 {
    i64::try_from(text.chars().count()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
