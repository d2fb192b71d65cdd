//! The intrinsic functions of JSONPath states: `States.Format('{}', $.name)`.
//!
//! Source: "Intrinsic functions for JSONPath states" of the developer guide. All 18 of them; they nest ten
//! deep. `States.MathRandom` with a seed repeats itself, with other numbers than AWS draws.

use serde_json::{Map, Value};

use super::super::data::Failure;
use super::functions::{decoded, digested, encoded, steps};
use super::jsonata::number;
use super::path::{Cursor, Path};
use super::{Sight, intrinsic_failure};
use crate::kernel::Random;

/// How deep calls may nest.
const DEPTH: usize = 10;
/// Characters that may be encoded, decoded or hashed.
const TEXT: usize = 10_000;
/// Items of a range.
const RANGE: usize = 1_000;

/// A call.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct Intrinsic {
    name: Function,
    arguments: Vec<Argument>,
    text: String,
}

#[derive(Clone, Debug, PartialEq)]
enum Argument {
    Literal(Value),
    Path(Path),
    Call(Intrinsic),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Function {
    Array,
    ArrayContains,
    ArrayGetItem,
    ArrayLength,
    ArrayPartition,
    ArrayRange,
    ArrayUnique,
    Base64Decode,
    Base64Encode,
    Format,
    Hash,
    JsonMerge,
    JsonToString,
    MathAdd,
    MathRandom,
    StringSplit,
    StringToJson,
    Uuid,
}

/// Each function's name behind `States.`, and how many arguments it takes.
const FUNCTIONS: [(&str, Function, usize, usize); 18] = [
    ("Array", Function::Array, 0, usize::MAX),
    ("ArrayContains", Function::ArrayContains, 2, 2),
    ("ArrayGetItem", Function::ArrayGetItem, 2, 2),
    ("ArrayLength", Function::ArrayLength, 1, 1),
    ("ArrayPartition", Function::ArrayPartition, 2, 2),
    ("ArrayRange", Function::ArrayRange, 3, 3),
    ("ArrayUnique", Function::ArrayUnique, 1, 1),
    ("Base64Decode", Function::Base64Decode, 1, 1),
    ("Base64Encode", Function::Base64Encode, 1, 1),
    ("Format", Function::Format, 1, usize::MAX),
    ("Hash", Function::Hash, 2, 2),
    ("JsonMerge", Function::JsonMerge, 3, 3),
    ("JsonToString", Function::JsonToString, 1, 1),
    ("MathAdd", Function::MathAdd, 2, 2),
    ("MathRandom", Function::MathRandom, 2, 3),
    ("StringSplit", Function::StringSplit, 2, 2),
    ("StringToJson", Function::StringToJson, 1, 1),
    ("UUID", Function::Uuid, 0, 0),
];

impl Intrinsic {
    /// Reads a call that must be all of `text`.
    pub(in super::super) fn parse(text: &str) -> Result<Self, String> {
        let mut cursor = Cursor::new(text);
        let call = Self::read(&mut cursor, DEPTH)?;
        cursor.skip_spaces();
        if cursor.at_end() { Ok(call) } else { Err(cursor.unexpected()) }
    }

    fn read(cursor: &mut Cursor<'_>, depth: usize) -> Result<Self, String> {
        let depth = depth.checked_sub(1).ok_or("intrinsic functions are nested more than 10 deep")?;
        let from = cursor.at;
        if !cursor.take_text("States.") {
            return Err(cursor.unexpected());
        }
        let word = cursor.word(|c| c.is_ascii_alphanumeric());
        let Some((_, name, least, most)) = FUNCTIONS.iter().find(|(known, ..)| *known == word) else {
            return Err(format!("`States.{word}` is no intrinsic function"));
        };
        cursor.expect('(')?;
        let mut arguments = Vec::new();
        cursor.skip_spaces();
        while !cursor.take(')') {
            if !arguments.is_empty() {
                cursor.expect(',')?;
            }
            cursor.skip_spaces();
            arguments.push(argument(cursor, depth)?);
            cursor.skip_spaces();
        }
        if !(*least..=*most).contains(&arguments.len()) {
            return Err(format!("`States.{word}` does not take {} arguments", arguments.len()));
        }
        let text = cursor.text.get(from..cursor.at).unwrap_or_default().to_owned();
        Ok(Self { name: *name, arguments, text })
    }

    /// The value here.
    pub(in super::super) fn evaluate(&self, sight: &Sight<'_>, field: &str) -> Result<Value, Failure> {
        let mut arguments = Vec::with_capacity(self.arguments.len());
        for argument in &self.arguments {
            arguments.push(match argument {
                Argument::Literal(value) => value.clone(),
                Argument::Path(path) => path.get(sight, field)?,
                Argument::Call(call) => call.evaluate(sight, field)?,
            });
        }
        call(self.name, &arguments, sight.random).map_err(|problem| intrinsic_failure(&self.text, field, &problem))
    }
}

fn argument(cursor: &mut Cursor<'_>, depth: usize) -> Result<Argument, String> {
    match cursor.peek() {
        Some('$') => Path::read(cursor).map(Argument::Path),
        Some('\'') => literal(cursor).map(|text| Argument::Literal(Value::String(text))),
        Some('S') => Intrinsic::read(cursor, depth).map(Argument::Call),
        _ => {
            let unexpected = cursor.unexpected();
            let word = cursor.word(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.'));
            serde_json::from_str(word).map(Argument::Literal).map_err(|_| unexpected)
        }
    }
}

/// A text in single quotes. Escaped braces stay escaped: `States.Format` takes them for what they are.
fn literal(cursor: &mut Cursor<'_>) -> Result<String, String> {
    cursor.expect('\'')?;
    let mut text = String::new();
    loop {
        match cursor.next() {
            Some('\\') => match cursor.next() {
                Some(brace @ ('{' | '}')) => text.extend(['\\', brace]),
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some('r') => text.push('\r'),
                other => text.extend(other),
            },
            Some('\'') => return Ok(text),
            Some(other) => text.push(other),
            None => return Err("a quote is not closed".to_owned()),
        }
    }
}

fn call(function: Function, arguments: &[Value], random: &Random) -> Result<Value, String> {
    let value = |at: usize| arguments.get(at).unwrap_or(&Value::Null);
    let array = |at: usize| value(at).as_array().ok_or_else(|| format!("argument {} is no array", at + 1));
    let text = |at: usize| value(at).as_str().ok_or_else(|| format!("argument {} is no string", at + 1));
    let whole = |at: usize| whole(value(at)).ok_or_else(|| format!("argument {} is no whole number", at + 1));
    let short = |at: usize| {
        text(at).and_then(|text| match text.chars().count() {
            ..=TEXT => Ok(text),
            _ => Err(format!("argument {} has more than {TEXT} characters", at + 1)),
        })
    };
    Ok(match function {
        Function::Array => Value::Array(arguments.to_vec()),
        Function::ArrayContains => Value::Bool(array(0)?.contains(value(1))),
        Function::ArrayGetItem => {
            let at = usize::try_from(whole(1)?).ok();
            at.and_then(|at| array(0).ok()?.get(at)).cloned().ok_or("the array has no such item")?
        }
        Function::ArrayLength => Value::from(array(0)?.len()),
        Function::ArrayPartition => {
            let size = usize::try_from(whole(1)?).ok().filter(|size| *size > 0).ok_or("the size is not positive")?;
            Value::Array(array(0)?.chunks(size).map(|chunk| Value::Array(chunk.to_vec())).collect())
        }
        Function::ArrayRange => {
            #[expect(clippy::cast_precision_loss, reason = "AWS computes these numbers in doubles as well")]
            let numbers = steps(whole(0)? as f64, whole(1)? as f64, whole(2)? as f64)?;
            if numbers.len() > RANGE {
                return Err(format!("the range has more than {RANGE} items"));
            }
            Value::Array(numbers.into_iter().map(number).collect())
        }
        Function::ArrayUnique => Value::Array(array(0)?.iter().fold(Vec::new(), |mut unique, item| {
            if !unique.contains(item) {
                unique.push(item.clone());
            }
            unique
        })),
        Function::Base64Encode => Value::from(encoded(short(0)?)),
        Function::Base64Decode => Value::from(decoded(short(0)?).ok_or("the text is no Base64")?),
        Function::Format => Value::from(format(text(0)?, arguments.get(1..).unwrap_or_default())?),
        Function::Hash => {
            let data = value(0).as_str().map_or_else(|| value(0).to_string(), str::to_owned);
            Value::from(digested(data.as_bytes(), text(1)?).ok_or("there is no such algorithm")?)
        }
        Function::JsonMerge => {
            if value(2) != &Value::Bool(false) {
                return Err("only shallow merging is there: the third argument is false".to_owned());
            }
            let object = |at: usize| value(at).as_object().ok_or_else(|| format!("argument {} is no object", at + 1));
            let mut merged: Map<String, Value> = object(0)?.clone();
            merged.extend(object(1)?.clone());
            Value::Object(merged)
        }
        Function::JsonToString => Value::from(value(0).to_string()),
        Function::StringToJson => serde_json::from_str(text(0)?).map_err(|error| format!("no JSON: {error}"))?,
        Function::MathAdd => Value::from(whole(0)?.checked_add(whole(1)?).ok_or("the sum is too large")?),
        Function::MathRandom => {
            let (start, end) = (whole(0)?, whole(1)?);
            let width = u64::try_from(end.saturating_sub(start)).ok().filter(|width| *width > 0);
            let width = width.ok_or("the end is not above the start")?;
            let drawn = match arguments.get(2) {
                Some(_) => Random::seeded(whole(2)?.unsigned_abs()).below(width),
                None => random.below(width),
            };
            Value::from(start.saturating_add_unsigned(drawn))
        }
        Function::StringSplit => {
            let separators = text(1)?;
            let parts = text(0)?.split(|c| separators.contains(c)).filter(|part| !part.is_empty());
            Value::Array(parts.map(Value::from).collect())
        }
        Function::Uuid => Value::from(random.uuid()),
    })
}

#[expect(clippy::cast_possible_truncation, reason = "rounding to a whole number is meant; the cast saturates")]
fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_f64().map(|number| number.round() as i64))
}

fn format(template: &str, arguments: &[Value]) -> Result<String, String> {
    let mut text = String::new();
    let mut arguments = arguments.iter();
    let mut rest = template.chars().peekable();
    while let Some(next) = rest.next() {
        match next {
            '\\' => text.extend(rest.next()),
            '{' if rest.peek() == Some(&'}') => {
                rest.next();
                match arguments.next().ok_or("there are more `{}` than arguments")? {
                    Value::String(argument) => text.push_str(argument),
                    other => text.push_str(&other.to_string()),
                }
            }
            '{' | '}' => return Err("a brace that is meant as such is written with a backslash".to_owned()),
            other => text.push(other),
        }
    }
    if arguments.next().is_some() { Err("there are more arguments than `{}`".to_owned()) } else { Ok(text) }
}

#[cfg(test)]
mod tests;
