//! Reading Choice states.

use serde_json::Value;

use super::super::query::{Comparison, Jsonata, Kind as Compared, Language, Operand, Ordering, Path, Rule, timestamp};
use super::finding::Fields;
use super::flow::{assign, template};
use super::machine::Reader;
use super::{Choice, Kind};

/// How deep `And`, `Or` and `Not` may nest here.
const DEPTH: usize = 50;

pub(super) fn choice(reader: &mut Reader, fields: &mut Fields<'_>, language: Language) -> Option<Kind> {
    fields.required("Choices", &mut reader.findings);
    let list = fields.array("Choices", &mut reader.findings);
    if list.is_empty() {
        reader.findings.schema(&fields.place("Choices"), "at least one rule is expected here");
    }
    let mut choices = Vec::new();
    for (index, value) in list.iter().enumerate() {
        let mut rule = Fields::new(value, &format!("{}/Choices[{index}]", fields.at), &mut reader.findings);
        rule.text("Comment", &mut reader.findings);
        let next = rule.required_text("Next", &mut reader.findings).map(str::to_owned);
        let assign = assign(reader, &mut rule, language);
        let (read, output) = match language {
            Language::Jsonata => (condition(reader, &mut rule), template(reader, &mut rule, "Output", language)),
            Language::JsonPath => (self::rule(reader, &mut rule, DEPTH), None),
        };
        rule.finish("this rule", &mut reader.findings);
        if let (Some(rule), Some(next)) = (read, next) {
            choices.push(Choice { rule, next, output, assign });
        }
    }
    let default = fields.text("Default", &mut reader.findings).map(str::to_owned);
    (choices.len() == list.len()).then_some(Kind::Choice { choices, default })
}

fn condition(reader: &mut Reader, fields: &mut Fields<'_>) -> Option<Rule> {
    let value = fields.required("Condition", &mut reader.findings)?;
    let problem = match value {
        Value::Bool(value) => return Some(Rule::Plain(*value)),
        Value::String(text) => match Jsonata::delimited(text) {
            Some(Ok(jsonata)) => return Some(Rule::Jsonata(jsonata)),
            Some(Err(problem)) => format!("the JSONata expression cannot be read: {problem}"),
            None => "a JSONata expression is expected here".to_owned(),
        },
        _ => "a JSONata expression is expected here".to_owned(),
    };
    reader.findings.schema(&fields.place("Condition"), problem);
    None
}

fn rule(reader: &mut Reader, fields: &mut Fields<'_>, depth: usize) -> Option<Rule> {
    let Some(depth) = depth.checked_sub(1) else {
        reader.findings.schema(&fields.at, "a rule is nested too deep");
        return None;
    };
    if let Some(value) = fields.take("Not") {
        return nested(reader, value, &fields.place("Not"), depth).map(|rule| Rule::Not(Box::new(rule)));
    }
    for (name, make) in [("And", Rule::All as fn(Vec<Rule>) -> Rule), ("Or", Rule::Any)] {
        if fields.take(name).is_some() {
            let list = fields.array(name, &mut reader.findings);
            if list.is_empty() {
                reader.findings.schema(&fields.place(name), "at least one rule is expected here");
            }
            let at = fields.place(name);
            let read: Vec<Option<Rule>> = list
                .iter()
                .enumerate()
                .map(|(index, value)| nested(reader, value, &format!("{at}[{index}]"), depth))
                .collect();
            return read.into_iter().collect::<Option<_>>().map(make);
        }
    }
    let variable = fields.required_text("Variable", &mut reader.findings);
    let comparison = comparison(reader, fields);
    let variable = variable.and_then(|text| path(reader, text, &fields.place("Variable")));
    Some(Rule::Compare(variable?, comparison?))
}

fn nested(reader: &mut Reader, value: &Value, at: &str, depth: usize) -> Option<Rule> {
    let mut fields = Fields::new(value, at, &mut reader.findings);
    fields.text("Comment", &mut reader.findings);
    let rule = rule(reader, &mut fields, depth);
    fields.finish("a rule within another", &mut reader.findings);
    rule
}

fn path(reader: &mut Reader, text: &str, at: &str) -> Option<Path> {
    Path::parse(text).map_err(|problem| reader.findings.schema(at, format!("'{text}' is no path: {problem}"))).ok()
}

/// The comparators that compare with a value, each with the one that compares with a path.
const ORDERED: [(&str, &str, Compared, Ordering); 16] = [
    ("StringEquals", "StringEqualsPath", Compared::String, Ordering::Equals),
    ("StringLessThan", "StringLessThanPath", Compared::String, Ordering::LessThan),
    ("StringGreaterThan", "StringGreaterThanPath", Compared::String, Ordering::GreaterThan),
    ("StringLessThanEquals", "StringLessThanEqualsPath", Compared::String, Ordering::LessThanEquals),
    ("StringGreaterThanEquals", "StringGreaterThanEqualsPath", Compared::String, Ordering::GreaterThanEquals),
    ("NumericEquals", "NumericEqualsPath", Compared::Numeric, Ordering::Equals),
    ("NumericLessThan", "NumericLessThanPath", Compared::Numeric, Ordering::LessThan),
    ("NumericGreaterThan", "NumericGreaterThanPath", Compared::Numeric, Ordering::GreaterThan),
    ("NumericLessThanEquals", "NumericLessThanEqualsPath", Compared::Numeric, Ordering::LessThanEquals),
    ("NumericGreaterThanEquals", "NumericGreaterThanEqualsPath", Compared::Numeric, Ordering::GreaterThanEquals),
    ("BooleanEquals", "BooleanEqualsPath", Compared::Boolean, Ordering::Equals),
    ("TimestampEquals", "TimestampEqualsPath", Compared::Timestamp, Ordering::Equals),
    ("TimestampLessThan", "TimestampLessThanPath", Compared::Timestamp, Ordering::LessThan),
    ("TimestampGreaterThan", "TimestampGreaterThanPath", Compared::Timestamp, Ordering::GreaterThan),
    ("TimestampLessThanEquals", "TimestampLessThanEqualsPath", Compared::Timestamp, Ordering::LessThanEquals),
    ("TimestampGreaterThanEquals", "TimestampGreaterThanEqualsPath", Compared::Timestamp, Ordering::GreaterThanEquals),
];

fn comparison(reader: &mut Reader, fields: &mut Fields<'_>) -> Option<Comparison> {
    let mut found = Vec::new();
    for (plain, with_path, kind, ordering) in ORDERED {
        if let Some(value) = fields.take(plain) {
            if fits(kind, value) {
                found.push(Comparison::Ordered(kind, ordering, Operand::Value(value.clone())));
            } else {
                reader.findings.schema(&fields.place(plain), format!("'{value}' is no value of this comparator"));
            }
        }
        if let Some(text) = fields.text(with_path, &mut reader.findings)
            && let Some(path) = path(reader, text, &fields.place(with_path))
        {
            found.push(Comparison::Ordered(kind, ordering, Operand::Path(path)));
        }
    }
    let pattern = fields.text("StringMatches", &mut reader.findings);
    found.extend(pattern.map(|pattern| Comparison::Matches(pattern.to_owned())));
    for (name, make) in [
        ("IsNull", Comparison::IsNull as fn(bool) -> Comparison),
        ("IsPresent", Comparison::IsPresent),
        ("IsNumeric", Comparison::IsNumeric),
        ("IsString", Comparison::IsString),
        ("IsBoolean", Comparison::IsBoolean),
        ("IsTimestamp", Comparison::IsTimestamp),
    ] {
        match fields.take(name) {
            Some(Value::Bool(wanted)) => found.push(make(*wanted)),
            Some(_) => reader.findings.schema(&fields.place(name), "true or false is expected here"),
            None => {}
        }
    }
    let only = found.pop();
    if only.is_none() || !found.is_empty() {
        reader.findings.schema(&fields.at, "just one comparator is expected here");
    }
    only
}

fn fits(kind: Compared, value: &Value) -> bool {
    match kind {
        Compared::String => value.is_string(),
        Compared::Numeric => value.is_number(),
        Compared::Boolean => value.is_boolean(),
        Compared::Timestamp => value.as_str().and_then(timestamp).is_some(),
    }
}
