//! JSONPath as the States Language uses it: a subset of its own, with `$`, `$$` and `$variable` as roots.
//!
//! In: a text, read once when the definition is. Out: one value of a definite path, an array of those that
//! any other path finds. Names, indexes from either end, slices, `*`, `..`, unions and filters.

use serde_json::Value;

use super::super::data::Failure;
use super::Sight;
use super::filter::Filter;

/// A path, read.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct Path {
    text: String,
    root: Root,
    steps: Vec<Step>,
}

/// Where a path begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Root {
    /// `$`
    Input,
    /// `$$`
    Context,
    /// `$name`
    Variable(String),
}

#[derive(Clone, Debug, PartialEq)]
struct Step {
    /// `..`: of the value and all within it.
    descends: bool,
    selectors: Vec<Selector>,
}

#[derive(Clone, Debug, PartialEq)]
enum Selector {
    Name(String),
    Index(i64),
    Slice(Option<i64>, Option<i64>, Option<i64>),
    All,
    Filter(Filter),
}

impl Path {
    /// Reads a path that must be all of `text`.
    pub(in super::super) fn parse(text: &str) -> Result<Self, String> {
        let mut cursor = Cursor::new(text);
        let path = Self::read(&mut cursor)?;
        if cursor.at_end() { Ok(path) } else { Err(cursor.unexpected()) }
    }

    /// Reads a path that begins here, as far as it goes.
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Self, String> {
        let from = cursor.at;
        cursor.expect('$')?;
        let root = if cursor.take('$') {
            Root::Context
        } else {
            let name = cursor.word(|c| c.is_alphanumeric() || c == '_');
            if name.is_empty() { Root::Input } else { Root::Variable(name.to_owned()) }
        };
        let steps = steps(cursor)?;
        let text = cursor.text.get(from..cursor.at).unwrap_or_default().to_owned();
        Ok(Self { text, root, steps })
    }

    /// The path as it was written.
    pub(in super::super) fn text(&self) -> &str {
        &self.text
    }

    pub(in super::super) const fn root(&self) -> &Root {
        &self.root
    }

    /// The names and indexes of a path that has nothing else.
    pub(super) fn singular(&self) -> Option<Vec<Value>> {
        let singular = |step: &Step| match step.selectors.as_slice() {
            [Selector::Name(name)] if !step.descends => Some(Value::from(name.as_str())),
            [Selector::Index(index)] if !step.descends => Some(Value::from(*index)),
            _ => None,
        };
        self.steps.iter().map(singular).collect()
    }

    /// What is there; none if the path is definite and leads to nothing.
    pub(in super::super) fn find(&self, sight: &Sight<'_>) -> Option<Value> {
        let root = match &self.root {
            Root::Input => sight.input,
            Root::Context => &sight.context,
            Root::Variable(name) => sight.variables.get(name)?,
        };
        let found = select(root, &self.steps);
        if self.singular().is_some() {
            found.first().map(|value| (*value).clone())
        } else {
            Some(Value::Array(found.into_iter().cloned().collect()))
        }
    }

    /// What is there, or the failure of a field that must have a value.
    pub(in super::super) fn get(&self, sight: &Sight<'_>, field: &str) -> Result<Value, Failure> {
        self.find(sight).ok_or_else(|| {
            let cause = format!(
                "The JSONPath '{}' specified for the field '{field}' could not be found in the input '{}'",
                self.text, sight.input
            );
            Failure::new("States.ParameterPathFailure", cause)
        })
    }
}

/// A path within a filter, below `@`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Below(Vec<Step>);

impl Below {
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Self, String> {
        steps(cursor).map(Self)
    }

    pub(super) fn first<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        select(value, &self.0).into_iter().next()
    }
}

fn select<'a>(root: &'a Value, steps: &[Step]) -> Vec<&'a Value> {
    let mut current = vec![root];
    for step in steps {
        let mut next = Vec::new();
        for value in current {
            if step.descends {
                descend(value, &mut |value| apply(step, value, &mut next));
            } else {
                apply(step, value, &mut next);
            }
        }
        current = next;
    }
    current
}

fn descend<'a>(value: &'a Value, see: &mut impl FnMut(&'a Value)) {
    see(value);
    match value {
        Value::Array(items) => items.iter().for_each(|item| descend(item, see)),
        Value::Object(fields) => fields.values().for_each(|field| descend(field, see)),
        _ => {}
    }
}

fn apply<'a>(step: &Step, value: &'a Value, found: &mut Vec<&'a Value>) {
    for selector in &step.selectors {
        match (selector, value) {
            (Selector::Name(name), Value::Object(fields)) => found.extend(fields.get(name)),
            (Selector::Index(index), Value::Array(items)) => {
                found.extend(position(*index, items.len()).and_then(|at| items.get(at)));
            }
            (Selector::Slice(from, to, step), Value::Array(items)) => {
                found.extend(slice(items.len(), *from, *to, *step).into_iter().filter_map(|at| items.get(at)));
            }
            (Selector::All, Value::Array(items)) => found.extend(items),
            (Selector::All, Value::Object(fields)) => found.extend(fields.values()),
            (Selector::Filter(filter), Value::Array(items)) => {
                found.extend(items.iter().filter(|item| filter.holds(item)));
            }
            (Selector::Filter(filter), Value::Object(_)) if filter.holds(value) => found.push(value),
            _ => {}
        }
    }
}

fn position(index: i64, length: usize) -> Option<usize> {
    let length = i64::try_from(length).ok()?;
    let at = if index < 0 { index + length } else { index };
    usize::try_from(at).ok()
}

fn slice(length: usize, from: Option<i64>, to: Option<i64>, step: Option<i64>) -> Vec<usize> {
    let step = usize::try_from(step.unwrap_or(1)).unwrap_or(0);
    if step == 0 {
        return Vec::new();
    }
    let bound = |index: i64| {
        if index < 0 { position(index, length).unwrap_or(0) } else { position(index, length).unwrap_or(length) }
    };
    let (from, to) = (from.map_or(0, bound), to.map_or(length, bound).min(length));
    (from..to).step_by(step).collect()
}

fn steps(cursor: &mut Cursor<'_>) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    loop {
        if cursor.take('[') {
            steps.push(Step { descends: false, selectors: bracketed(cursor)? });
        } else if cursor.take('.') {
            let descends = cursor.take('.');
            let selectors = if descends && cursor.take('[') { bracketed(cursor)? } else { vec![dotted(cursor)?] };
            steps.push(Step { descends, selectors });
        } else {
            return Ok(steps);
        }
    }
}

fn dotted(cursor: &mut Cursor<'_>) -> Result<Selector, String> {
    if cursor.take('*') {
        return Ok(Selector::All);
    }
    let name = cursor.word(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | ':' | '$' | '@' | '/' | '#'));
    if name.is_empty() { Err(cursor.unexpected()) } else { Ok(Selector::Name(name.to_owned())) }
}

fn bracketed(cursor: &mut Cursor<'_>) -> Result<Vec<Selector>, String> {
    let mut selectors = Vec::new();
    loop {
        cursor.skip_spaces();
        selectors.push(selector(cursor)?);
        cursor.skip_spaces();
        if cursor.take(']') {
            return Ok(selectors);
        }
        cursor.expect(',')?;
    }
}

fn selector(cursor: &mut Cursor<'_>) -> Result<Selector, String> {
    match cursor.peek() {
        Some('*') => {
            cursor.take('*');
            Ok(Selector::All)
        }
        Some('?') => {
            cursor.take('?');
            Filter::read(cursor).map(Selector::Filter)
        }
        Some(quote @ ('\'' | '"')) => cursor.quoted(quote).map(Selector::Name),
        _ => {
            let from = cursor.integer()?;
            if !cursor.take(':') {
                return from.map(Selector::Index).ok_or_else(|| cursor.unexpected());
            }
            let to = cursor.integer()?;
            let step = if cursor.take(':') { cursor.integer()? } else { None };
            Ok(Selector::Slice(from, to, step))
        }
    }
}

/// A place in a text that is being read.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    pub(super) text: &'a str,
    /// In bytes, always between two characters.
    pub(super) at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn at_end(&self) -> bool {
        self.rest().is_empty()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    pub(super) fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    pub(super) fn take_text(&mut self, wanted: &str) -> bool {
        let found = self.rest().starts_with(wanted);
        if found {
            self.at += wanted.len();
        }
        found
    }

    pub(super) fn expect(&mut self, wanted: char) -> Result<(), String> {
        if self.take(wanted) { Ok(()) } else { Err(format!("{}, where `{wanted}` is expected", self.unexpected())) }
    }

    pub(super) fn unexpected(&self) -> String {
        match self.peek() {
            Some(found) => format!(
                "`{found}` at character {}",
                self.text.get(..self.at).map_or(0, |text| text.chars().count()) + 1
            ),
            None => "the end".to_owned(),
        }
    }

    pub(super) fn skip_spaces(&mut self) {
        self.word(char::is_whitespace);
    }

    pub(super) fn word(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    fn integer(&mut self) -> Result<Option<i64>, String> {
        let digits = self.word(|c| c.is_ascii_digit() || c == '-');
        if digits.is_empty() {
            return Ok(None);
        }
        digits.parse().map(Some).map_err(|_| format!("`{digits}` is no index"))
    }

    /// The text within quotes; a backslash takes the next character as it is.
    pub(super) fn quoted(&mut self, quote: char) -> Result<String, String> {
        self.expect(quote)?;
        let mut text = String::new();
        loop {
            match self.next() {
                Some('\\') => text.extend(self.next()),
                Some(found) if found == quote => return Ok(text),
                Some(found) => text.push(found),
                None => return Err("a quote is not closed".to_owned()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kernel::{Random, Time};

    fn find(path: &str, input: &Value) -> Option<Value> {
        let random = Random::seeded(1);
        let variables = json!({ "who": { "name": "Aygün" } }).as_object().unwrap().clone();
        let context = json!({ "Execution": { "Name": "one" } });
        let now = Time::EPOCH;
        let sight = Sight { input, result: None, error: None, context, variables: &variables, now, random: &random };
        Path::parse(path).unwrap().find(&sight)
    }

    #[test]
    fn a_definite_path_gives_the_value_itself() {
        let input = json!({ "a": [{ "b-c": 1 }, { "b-c": 2 }], "with space": null });
        assert_eq!(find("$", &input), Some(input.clone()));
        assert_eq!(find("$.a[0].b-c", &input), Some(json!(1)));
        assert_eq!(find("$['a'][-1]['b-c']", &input), Some(json!(2)));
        assert_eq!(find("$['with space']", &input), Some(Value::Null));
        assert_eq!(find("$.a[7]", &input), None);
        assert_eq!(find("$.gone.further", &input), None);
        assert_eq!(find("$$.Execution.Name", &input), Some(json!("one")));
        assert_eq!(find("$who.name", &input), Some(json!("Aygün")));
        assert_eq!(find("$nobody", &input), None);
    }

    #[test]
    fn any_other_path_gives_an_array() {
        let input = json!({ "books": [
            { "title": "A", "price": 8, "tags": ["x"] },
            { "title": "B", "price": 12.5 },
            { "title": "C", "price": 30, "gone": true },
        ] });
        let is = |path: &str, value: Value| assert_eq!(find(path, &input), Some(value), "{path}");
        is("$.books[*].title", json!(["A", "B", "C"]));
        is("$..title", json!(["A", "B", "C"]));
        is("$.books[0,2].title", json!(["A", "C"]));
        is("$.books[1:].title", json!(["B", "C"]));
        is("$.books[:-1].title", json!(["A", "B"]));
        is("$.books[::2].title", json!(["A", "C"]));
        is("$.books[?(@.price < 20)].title", json!(["A", "B"]));
        is("$.books[?(@.price >= 12.5 && !@.gone)].title", json!(["B"]));
        is("$.books[?(@.gone || @.title == 'A')].title", json!(["A", "C"]));
        is("$.books[?(@.tags[0] == \"x\")].price", json!([8]));
        is("$.books[?((@.price > 10) && (@.title != 'C'))].title", json!(["B"]));
        is("$.books[?(@.none == null)].title", json!([]));
        is("$.books[*]['title','price']", json!(["A", 8, "B", 12.5, "C", 30]));
        is("$.none[*]", json!([]));
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in ["", "a", "$.", "$[", "$['a", "$.a b", "$[?(@.a ==)]", "$[?(]", "$[1.5]", "$[]"] {
            assert!(Path::parse(text).is_err(), "{text}");
        }
    }
}
