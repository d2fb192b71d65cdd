//! Reading what a state takes and gives, and what happens when it fails.

use serde_json::Value;

use super::super::query::{Language, Path, Query, Reference, Template};
use super::finding::Fields;
use super::machine::Reader;
use super::{Catch, Flow, Place, Retry, Select};

/// The data flow of a state of this type.
pub(super) fn flow(reader: &mut Reader, fields: &mut Fields<'_>, kind: &str, language: Language) -> Flow {
    let mut flow = Flow {
        language,
        input: Select::All,
        arguments: None,
        selector: None,
        place: Place::Whole,
        output: Select::All,
        template: None,
    };
    let works = matches!(kind, "Task" | "Parallel" | "Map");
    match language {
        Language::Jsonata => {
            if matches!(kind, "Task" | "Parallel") {
                flow.arguments = template(reader, fields, "Arguments", language);
            }
            if kind != "Fail" {
                flow.template = template(reader, fields, "Output", language);
            }
        }
        Language::JsonPath => {
            if kind != "Fail" {
                flow.input = select(reader, fields, "InputPath");
                flow.output = select(reader, fields, "OutputPath");
            }
            // A Map's `Parameters` are its `ItemSelector` of old.
            if matches!(kind, "Task" | "Parallel" | "Pass") {
                flow.arguments = template(reader, fields, "Parameters", language);
            }
            if works {
                flow.selector = template(reader, fields, "ResultSelector", language);
            }
            if works || kind == "Pass" {
                flow.place = place(reader, fields);
            }
        }
    }
    flow
}

/// A field that may hold queries.
pub(super) fn template(
    reader: &mut Reader,
    fields: &mut Fields<'_>,
    name: &'static str,
    language: Language,
) -> Option<Template> {
    let value = fields.take(name)?;
    Some(compile(reader, value, &fields.place(name), language))
}

fn compile(reader: &mut Reader, value: &Value, at: &str, language: Language) -> Template {
    let findings = &mut reader.findings;
    Template::compile(language, value, at, &mut |place, problem| findings.schema(place, problem))
}

/// A field of JSONPath that is a query as a whole, as `SecondsPath`.
pub(super) fn query(reader: &mut Reader, fields: &mut Fields<'_>, name: &'static str) -> Option<Template> {
    let text = fields.text(name, &mut reader.findings)?;
    match Query::json_path(text) {
        Ok(query) => Some(Template::Query(query)),
        Err(problem) => {
            reader.findings.schema(&fields.place(name), format!("'{text}' is no path: {problem}"));
            None
        }
    }
}

/// A field with a value of its own or, in JSONPath, with `Path` behind its name.
pub(super) fn either(
    reader: &mut Reader,
    fields: &mut Fields<'_>,
    names: (&'static str, &'static str),
    language: Language,
    fits: fn(&Value) -> bool,
) -> Option<Template> {
    let (plain, path) = names;
    let value = template(reader, fields, plain, language);
    if let Some(Template::Value(value)) = &value
        && !fits(value)
    {
        reader.findings.schema(&fields.place(plain), format!("'{value}' is no value of this field"));
    }
    let path = match language {
        Language::JsonPath => query(reader, fields, path),
        Language::Jsonata => None,
    };
    if value.is_some() && path.is_some() {
        reader.findings.schema(&fields.at, format!("only one of '{plain}' and its path may be there"));
    }
    value.or(path)
}

fn select(reader: &mut Reader, fields: &mut Fields<'_>, name: &'static str) -> Select {
    match fields.take(name) {
        None => Select::All,
        Some(Value::Null) => Select::Nothing,
        Some(Value::String(text)) => match Path::parse(text) {
            Ok(path) => Select::Path(path),
            Err(problem) => {
                reader.findings.schema(&fields.place(name), format!("'{text}' is no path: {problem}"));
                Select::All
            }
        },
        Some(_) => {
            reader.findings.schema(&fields.place(name), "a path or null is expected here");
            Select::All
        }
    }
}

fn place(reader: &mut Reader, fields: &mut Fields<'_>) -> Place {
    match fields.take("ResultPath") {
        None => Place::Whole,
        Some(Value::Null) => Place::Nowhere,
        Some(Value::String(text)) => match Reference::parse(text) {
            Ok(reference) => Place::At(reference),
            Err(problem) => {
                reader
                    .findings
                    .schema(&fields.place("ResultPath"), format!("'{text}' is no reference path: {problem}"));
                Place::Whole
            }
        },
        Some(_) => {
            reader.findings.schema(&fields.place("ResultPath"), "a reference path or null is expected here");
            Place::Whole
        }
    }
}

/// `Assign`.
pub(super) fn assign(reader: &mut Reader, fields: &mut Fields<'_>, language: Language) -> Option<Template> {
    let value = fields.take("Assign")?;
    let at = fields.place("Assign");
    let Some(variables) = value.as_object() else {
        reader.findings.schema(&at, "an object is expected here");
        return None;
    };
    for name in variables.keys() {
        let name = if language == Language::JsonPath { name.strip_suffix(".$").unwrap_or(name) } else { name };
        let mut characters = name.chars();
        let first = characters.next().is_some_and(|c| c.is_alphabetic() || c == '_');
        if !first || !characters.all(|c| c.is_alphanumeric() || c == '_') || name.chars().count() > 80 {
            reader.findings.schema(&format!("{at}/{name}"), format!("'{name}' is no name of a variable"));
        } else if name == "states" {
            reader.findings.schema(&format!("{at}/{name}"), "the variable name 'states' is reserved");
        }
    }
    Some(compile(reader, value, &at, language))
}

/// `Retry`.
pub(super) fn retries(reader: &mut Reader, fields: &mut Fields<'_>) -> Vec<Retry> {
    let list = fields.array("Retry", &mut reader.findings);
    let mut retries = Vec::new();
    for (index, value) in list.iter().enumerate() {
        let findings = &mut reader.findings;
        let mut retry = Fields::new(value, &format!("{}/Retry[{index}]", fields.at), findings);
        retry.text("Comment", findings);
        let backoff = retry.take("BackoffRate").map(Value::as_f64);
        if backoff.is_some_and(|rate| rate.is_none_or(|rate| rate < 1.0)) {
            findings.schema(&retry.place("BackoffRate"), "a number from 1.0 on is expected here");
        }
        let jitter = retry.text("JitterStrategy", findings);
        if jitter.is_some_and(|jitter| !matches!(jitter, "FULL" | "NONE")) {
            findings.schema(&retry.place("JitterStrategy"), "'FULL' or 'NONE' is expected here");
        }
        let interval = retry.whole("IntervalSeconds", 1..=99_999_999, findings).unwrap_or(1);
        let attempts = retry.whole("MaxAttempts", 0..=99_999_999, findings).unwrap_or(3);
        let max_delay = retry.whole("MaxDelaySeconds", 1..=31_622_400, findings);
        if max_delay.is_some_and(|longest| longest <= interval) {
            findings.schema(&retry.place("MaxDelaySeconds"), "it must be greater than 'IntervalSeconds'");
        }
        let errors = errors(reader, &mut retry, index + 1 == list.len());
        let backoff = backoff.flatten().unwrap_or(2.0);
        retries.push(Retry { errors, interval, attempts, backoff, max_delay, jitter: jitter == Some("FULL") });
        retry.finish("a Retry", &mut reader.findings);
    }
    retries
}

/// `Catch`.
pub(super) fn catches(reader: &mut Reader, fields: &mut Fields<'_>, language: Language) -> Vec<Catch> {
    let list = fields.array("Catch", &mut reader.findings);
    let mut catches = Vec::new();
    for (index, value) in list.iter().enumerate() {
        let mut catch = Fields::new(value, &format!("{}/Catch[{index}]", fields.at), &mut reader.findings);
        catch.text("Comment", &mut reader.findings);
        let errors = errors(reader, &mut catch, index + 1 == list.len());
        let next = catch.required_text("Next", &mut reader.findings).unwrap_or_default().to_owned();
        let assign = assign(reader, &mut catch, language);
        let (place, output) = match language {
            Language::JsonPath => (place(reader, &mut catch), None),
            Language::Jsonata => (Place::Whole, template(reader, &mut catch, "Output", language)),
        };
        catch.finish("this Catch", &mut reader.findings);
        catches.push(Catch { errors, next, place, output, assign });
    }
    catches
}

fn errors(reader: &mut Reader, fields: &mut Fields<'_>, last: bool) -> Vec<String> {
    fields.required("ErrorEquals", &mut reader.findings);
    let list = fields.array("ErrorEquals", &mut reader.findings);
    let errors: Vec<String> = list.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect();
    let place = fields.place("ErrorEquals");
    if errors.is_empty() || errors.len() != list.len() {
        reader.findings.schema(&place, "an array of at least one error name is expected here");
    }
    if errors.iter().any(|error| error == "States.ALL") && (errors.len() > 1 || !last) {
        reader.findings.schema(&place, "'States.ALL' must stand alone, in the last of the list");
    }
    errors
}
