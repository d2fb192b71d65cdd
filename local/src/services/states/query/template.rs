//! Values with queries in them: `Arguments`, `Output`, `Parameters`, `Assign` and their like.

use serde_json::{Map, Value};

use super::super::data::Failure;
use super::{Intrinsic, Jsonata, Path, Sight};

/// How a state asks for data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Language {
    JsonPath,
    Jsonata,
}

/// One question.
#[derive(Clone, Debug)]
pub(in super::super) enum Query {
    Jsonata(Jsonata),
    Path(Path),
    Intrinsic(Intrinsic),
}

/// A JSON value in which some texts are questions.
#[derive(Clone, Debug)]
pub(in super::super) enum Template {
    /// Without any question.
    Value(Value),
    Query(Query),
    Array(Vec<Template>),
    Object(Vec<(String, Template)>),
}

impl Query {
    /// Reads a text of JSONPath: a path or an intrinsic function.
    pub(in super::super) fn json_path(text: &str) -> Result<Self, String> {
        if text.starts_with('$') {
            Path::parse(text).map(Self::Path)
        } else {
            Intrinsic::parse(text).map(Self::Intrinsic)
        }
    }

    /// The value here; `field` is for messages.
    pub(in super::super) fn evaluate(&self, sight: &Sight<'_>, field: &str) -> Result<Value, Failure> {
        match self {
            Self::Jsonata(jsonata) => jsonata.evaluate(sight, field),
            Self::Path(path) => path.get(sight, field),
            Self::Intrinsic(intrinsic) => intrinsic.evaluate(sight, field),
        }
    }
}

impl Template {
    /// Reads a template; each problem is given to `problem` with its place below this one.
    pub(in super::super) fn compile(
        language: Language,
        value: &Value,
        at: &str,
        problem: &mut impl FnMut(&str, String),
    ) -> Self {
        match value {
            Value::String(text) if language == Language::Jsonata => match Jsonata::delimited(text) {
                Some(Ok(jsonata)) => Self::Query(Query::Jsonata(jsonata)),
                Some(Err(error)) => {
                    problem(at, format!("the JSONata expression cannot be read: {error}"));
                    Self::Value(Value::Null)
                }
                None => Self::Value(value.clone()),
            },
            Value::Array(items) => {
                let compile = |(index, item)| Self::compile(language, item, &format!("{at}[{index}]"), problem);
                let items: Vec<Self> = items.iter().enumerate().map(compile).collect();
                if items.iter().all(Self::is_plain) { Self::Value(value.clone()) } else { Self::Array(items) }
            }
            Value::Object(fields) => {
                let fields: Vec<(String, Self)> = fields
                    .iter()
                    .map(|(name, value)| Self::field(language, name, value, &format!("{at}/{name}"), problem))
                    .collect();
                let plain = fields.iter().all(|(_, field)| field.is_plain());
                if plain { Self::Value(value.clone()) } else { Self::Object(fields) }
            }
            _ => Self::Value(value.clone()),
        }
    }

    fn field(
        language: Language,
        name: &str,
        value: &Value,
        at: &str,
        problem: &mut impl FnMut(&str, String),
    ) -> (String, Self) {
        let Some(plain) = name.strip_suffix(".$").filter(|_| language == Language::JsonPath) else {
            return (name.to_owned(), Self::compile(language, value, at, problem));
        };
        let query = value.as_str().ok_or("is no text".to_owned()).and_then(Query::json_path);
        let template = query.map(Self::Query).unwrap_or_else(|error| {
            problem(
                at,
                format!("the value for the field '{name}' must be a valid JSONPath or intrinsic function: {error}"),
            );
            Self::Value(Value::Null)
        });
        (plain.to_owned(), template)
    }

    const fn is_plain(&self) -> bool {
        matches!(self, Self::Value(_))
    }

    /// The value here; `field` is where the template stands, for messages.
    pub(in super::super) fn evaluate(&self, sight: &Sight<'_>, field: &str) -> Result<Value, Failure> {
        match self {
            Self::Value(value) => Ok(value.clone()),
            Self::Query(query) => query.evaluate(sight, field),
            Self::Array(items) => {
                let evaluate = |(index, item): (usize, &Self)| item.evaluate(sight, &format!("{field}[{index}]"));
                items.iter().enumerate().map(evaluate).collect::<Result<_, _>>().map(Value::Array)
            }
            Self::Object(fields) => {
                let mut object = Map::new();
                for (name, value) in fields {
                    object.insert(name.clone(), value.evaluate(sight, &format!("{field}/{name}"))?);
                }
                Ok(Value::Object(object))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kernel::{Random, Time};

    fn evaluate(language: Language, template: &Value, input: &Value) -> Result<Value, Failure> {
        let (random, variables) = (Random::seeded(1), Map::new());
        let (context, now) = (json!({ "Execution": { "Id": "e" } }), Time::EPOCH);
        let sight = Sight { input, result: None, error: None, context, variables: &variables, now, random: &random };
        let template = Template::compile(language, template, "Field", &mut |at, text| panic!("{at}: {text}"));
        template.evaluate(&sight, "Field")
    }

    #[test]
    fn json_path_asks_in_fields_that_end_in_a_dollar() {
        let template = json!({ "a.$": "$.x", "b": { "c.$": "$$.Execution.Id", "d": "$.x" }, "e": [{ "f.$": "States.Array($.x)" }] });
        let value = evaluate(Language::JsonPath, &template, &json!({ "x": 1 }));
        assert_eq!(value, Ok(json!({ "a": 1, "b": { "c": "e", "d": "$.x" }, "e": [{ "f": [1] }] })));
    }

    #[test]
    fn jsonata_asks_in_any_whole_text() {
        let template = json!({ "a": "{% $states.input.x %}", "b": ["{% 1 + 1 %}", "{% x"], "c.$": "$.x" });
        let value = evaluate(Language::Jsonata, &template, &json!({ "x": 1 }));
        assert_eq!(value, Ok(json!({ "a": 1, "b": [2, "{% x"], "c.$": "$.x" })));
    }

    #[test]
    fn a_failure_names_the_field() {
        let failure = evaluate(Language::Jsonata, &json!({ "a": ["{% $states.input.x %}"] }), &json!({})).unwrap_err();
        assert!(failure.cause.unwrap().contains("'Field/a[0]'"));
        let failure = evaluate(Language::JsonPath, &json!({ "a.$": "$.x" }), &json!({})).unwrap_err();
        assert_eq!(failure.name(), "States.ParameterPathFailure");
    }
}
