//! The filters of JSONPath: `[?(@.price < 10 && @.title)]`.

use std::cmp::Ordering;

use serde_json::Value;

use super::path::{Below, Cursor};

/// How deep parentheses and `!` may go.
const DEPTH: usize = 50;

/// A condition on an item.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Filter {
    Any(Vec<Filter>),
    All(Vec<Filter>),
    Not(Box<Filter>),
    /// That it is there.
    Exists(Below),
    Compare(Term, &'static str, Term),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Term {
    Below(Below),
    Literal(Value),
}

impl Filter {
    /// Reads the filter behind a `?`.
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Self, String> {
        any(cursor, DEPTH)
    }

    /// Whether it holds for this item.
    pub(super) fn holds(&self, item: &Value) -> bool {
        match self {
            Self::Any(filters) => filters.iter().any(|filter| filter.holds(item)),
            Self::All(filters) => filters.iter().all(|filter| filter.holds(item)),
            Self::Not(filter) => !filter.holds(item),
            Self::Exists(below) => below.first(item).is_some(),
            Self::Compare(left, operator, right) => match (left.value(item), right.value(item)) {
                (Some(left), Some(right)) => compare(left, operator, right),
                _ => false,
            },
        }
    }
}

impl Term {
    fn value<'a>(&'a self, item: &'a Value) -> Option<&'a Value> {
        match self {
            Self::Below(below) => below.first(item),
            Self::Literal(value) => Some(value),
        }
    }
}

fn compare(left: &Value, operator: &str, right: &Value) -> bool {
    let equal = left == right || left.as_f64().zip(right.as_f64()).is_some_and(|(left, right)| left == right);
    let order = match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64().partial_cmp(&right.as_f64()),
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        _ => None,
    };
    match operator {
        "==" => equal,
        "!=" => !equal,
        "<" => order == Some(Ordering::Less),
        ">" => order == Some(Ordering::Greater),
        "<=" => order.is_some_and(Ordering::is_le),
        _ => order.is_some_and(Ordering::is_ge),
    }
}

fn any(cursor: &mut Cursor<'_>, depth: usize) -> Result<Filter, String> {
    let mut filters = vec![all(cursor, depth)?];
    while cursor.take_text("||") {
        filters.push(all(cursor, depth)?);
    }
    Ok(Filter::Any(filters))
}

fn all(cursor: &mut Cursor<'_>, depth: usize) -> Result<Filter, String> {
    let mut filters = vec![one(cursor, depth)?];
    while cursor.take_text("&&") {
        filters.push(one(cursor, depth)?);
    }
    Ok(Filter::All(filters))
}

fn one(cursor: &mut Cursor<'_>, depth: usize) -> Result<Filter, String> {
    let depth = depth.checked_sub(1).ok_or("a filter is nested too deep")?;
    cursor.skip_spaces();
    let filter = if cursor.take('(') {
        let inner = any(cursor, depth)?;
        cursor.expect(')')?;
        inner
    } else if cursor.peek() == Some('!') {
        cursor.take('!');
        Filter::Not(Box::new(one(cursor, depth)?))
    } else {
        comparison(cursor)?
    };
    cursor.skip_spaces();
    Ok(filter)
}

fn comparison(cursor: &mut Cursor<'_>) -> Result<Filter, String> {
    let left = term(cursor)?;
    cursor.skip_spaces();
    let operator = ["==", "!=", "<=", ">=", "<", ">"].into_iter().find(|operator| cursor.take_text(operator));
    match (operator, left) {
        (Some(operator), left) => {
            cursor.skip_spaces();
            Ok(Filter::Compare(left, operator, term(cursor)?))
        }
        (None, Term::Below(below)) => Ok(Filter::Exists(below)),
        (None, Term::Literal(_)) => Err(format!("{}, where a comparison is expected", cursor.unexpected())),
    }
}

fn term(cursor: &mut Cursor<'_>) -> Result<Term, String> {
    match cursor.peek() {
        Some('@') => {
            cursor.take('@');
            Below::read(cursor).map(Term::Below)
        }
        Some(quote @ ('\'' | '"')) => cursor.quoted(quote).map(|text| Term::Literal(Value::String(text))),
        _ => {
            let unexpected = cursor.unexpected();
            let word = cursor.word(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.'));
            serde_json::from_str(word).map(Term::Literal).map_err(|_| unexpected)
        }
    }
}
