//! JSON documents that are no templates: an ordered tree, built by hand.
//!
//! In: keys and values in their order. Out: a [`Tree`], which prints itself. Guaranteed: the document has the
//! order in which it was made; nothing passes through a map that another member's features reorder.

use std::borrow::Cow;

use serde_json::Value;

use crate::cfn::Tree;

/// A map under way.
#[derive(Debug, Default, Clone)]
pub(super) struct Object(Vec<(Cow<'static, str>, Tree)>);

impl Object {
    /// An empty one.
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// With one entry more.
    pub(super) fn with(mut self, key: impl Into<Cow<'static, str>>, value: impl Into<Tree>) -> Self {
        self.0.push((key.into(), value.into()));
        self
    }

    /// With one entry more, where there is a value.
    pub(super) fn maybe(self, key: &'static str, value: Option<impl Into<Tree>>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    /// With one entry more, unless it is an empty map or list.
    pub(super) fn unless_empty(self, key: &'static str, value: impl Into<Tree>) -> Self {
        match value.into() {
            Tree::List(items) if items.is_empty() => self,
            Tree::Map(entries) if entries.is_empty() => self,
            value => self.with(key, value),
        }
    }

    /// With the entries of another one behind its own.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Whether it has this key.
    pub(super) fn has(&self, key: &str) -> bool {
        self.0.iter().any(|(at, _)| at == key)
    }

    /// The value under a key, to be changed.
    pub(super) fn get_mut(&mut self, key: &str) -> Option<&mut Tree> {
        self.0.iter_mut().find(|(at, _)| at == key).map(|(_, value)| value)
    }
}

impl From<Object> for Tree {
    fn from(object: Object) -> Self {
        Tree::Map(object.0)
    }
}

impl FromIterator<(String, Tree)> for Object {
    fn from_iter<I: IntoIterator<Item = (String, Tree)>>(entries: I) -> Self {
        Self(entries.into_iter().map(|(key, value)| (Cow::Owned(key), value)).collect())
    }
}

/// Literal text.
pub(super) fn text(text: impl Into<String>) -> Tree {
    Tree::Text(text.into())
}

/// A list of texts.
pub(super) fn texts<T: Into<String>>(items: impl IntoIterator<Item = T>) -> Tree {
    Tree::List(items.into_iter().map(text).collect())
}

/// A whole number.
pub(super) fn int<N: TryInto<i64> + ToString + Copy>(number: N) -> Tree {
    number.try_into().map_or_else(|_| Tree::Number(number.to_string()), Tree::Int)
}

/// A floating-point number, always with a fraction or an exponent, as serde writes it.
pub(super) fn float(number: f64) -> Tree {
    Tree::Number(serde_json::Number::from_f64(number).map_or_else(|| "0.0".to_owned(), |n| n.to_string()))
}

/// A value from JSON text; text that is none stands as a text. The order of a map in it is that of its keys.
pub(super) fn parsed(json: &str) -> Tree {
    serde_json::from_str(json).map_or_else(|_| text(json), |value: Value| tree(&value))
}

fn tree(value: &Value) -> Tree {
    match value {
        Value::Null => Tree::Null,
        Value::Bool(value) => Tree::Bool(*value),
        Value::Number(number) => Tree::Number(number.to_string()),
        Value::String(value) => text(value),
        Value::Array(items) => Tree::List(items.iter().map(tree).collect()),
        Value::Object(entries) => {
            let mut keys: Vec<&String> = entries.keys().collect();
            keys.sort();
            keys.into_iter().filter_map(|key| Some((key.clone(), tree(entries.get(key)?)))).collect::<Object>().into()
        }
    }
}
