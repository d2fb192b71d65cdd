//! JSONata as Step Functions runs it: `{% … %}`, with `$states` and the variables, and without `$`.
//!
//! Built on `jsonata-core`. What is Step Functions' own is in [`functions`](super::functions).

use std::rc::Rc;

use jsonata_core::ast::AstNode;
use jsonata_core::evaluator::{Context, Evaluator, EvaluatorOptions};
use jsonata_core::parser;
use jsonata_core::value::JValue;
use serde_json::{Map, Value, json};

use super::super::data::Failure;
use super::{Sight, evaluation_failure, functions};

/// One expression, parsed.
#[derive(Clone, Debug)]
pub(in super::super) struct Jsonata {
    text: String,
    ast: Rc<AstNode>,
    /// Whether it looks at the context object, which is made only then.
    sees_context: bool,
}

impl Jsonata {
    /// The expression of a whole text `{% … %}`; `None` if the text is no expression.
    pub(in super::super) fn delimited(text: &str) -> Option<Result<Self, String>> {
        let inner = text.strip_prefix("{%")?.strip_suffix("%}")?;
        Some(Self::parse(inner.trim()))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let ast = parser::parse(text).map_err(|error| error.to_string())?;
        if calls_eval(text) {
            return Err("Step Functions does not have the function $eval: use $parse".to_owned());
        }
        Ok(Self { text: text.to_owned(), ast: Rc::new(ast), sees_context: sees_context(text) })
    }

    /// The expression's text without its delimiters.
    pub(in super::super) fn text(&self) -> &str {
        &self.text
    }

    /// The value here. `field` is where the expression stands, for the message of a failure.
    pub(super) fn evaluate(&self, sight: &Sight<'_>, field: &str) -> Result<Value, Failure> {
        let failure = |problem: &str| evaluation_failure(&self.text, field, problem);
        let mut context = Context::new();
        // What the text does not name is not copied: there is no other way to a variable than its name.
        for (name, value) in sight.variables.iter().filter(|(name, _)| self.names(name)) {
            context.bind(name.clone(), JValue::from(value.clone()));
        }
        if self.names("states") {
            context.bind("states".to_owned(), JValue::from(self.states(sight)));
        }
        let mut evaluator = Evaluator::with_options(context, limits());
        functions::register(&mut evaluator, sight).map_err(|error| failure(error.message()))?;
        let value = evaluator
            .evaluate(&self.ast, &JValue::Undefined)
            .map_err(|error| failure(&format!("threw an error during evaluation. {}", error.message())))?;
        match to_json(&value) {
            Ok(Some(value)) => Ok(value),
            Ok(None) => Err(failure("returned nothing (undefined).")),
            Err(kind) => Err(failure(&format!("returned an unsupported result type: {kind}."))),
        }
    }

    fn names(&self, variable: &str) -> bool {
        self.text
            .match_indices('$')
            .any(|(at, _)| self.text.get(at + 1..).is_some_and(|rest| rest.starts_with(variable)))
    }

    fn states(&self, sight: &Sight<'_>) -> Value {
        let mut states = Map::new();
        states.insert("input".to_owned(), sight.input.clone());
        if self.sees_context {
            states.insert("context".to_owned(), sight.context.clone());
        }
        for (name, value) in [("result", sight.result), ("errorOutput", sight.error)] {
            if let Some(value) = value {
                states.insert(name.to_owned(), value.clone());
            }
        }
        json!(states)
    }
}

/// An expression that would run for ever ends as an error: the engine has one thread. Recursion in a tail
/// position needs no stack, so there is a limit of time as well, of the machine's own.
fn limits() -> EvaluatorOptions {
    EvaluatorOptions {
        timeout_ms: Some(5_000),
        max_stack_depth: Some(2_000),
        max_sequence_length: Some(1_000_000),
        ..EvaluatorOptions::default()
    }
}

/// Whether an expression looks at `$states` other than at its input, result or error.
fn sees_context(text: &str) -> bool {
    text.match_indices("$states").any(|(at, found)| {
        let rest = text.get(at + found.len()..).unwrap_or_default();
        ![".input", ".result", ".errorOutput"].iter().any(|field| rest.starts_with(field))
    })
}

fn calls_eval(text: &str) -> bool {
    text.match_indices("$eval").any(|(at, found)| {
        let rest = text.get(at + found.len()..).unwrap_or_default();
        rest.trim_start().starts_with('(')
    })
}

/// The value as JSON; nothing for nothing; the kind of a value that JSON does not have.
pub(super) fn to_json(value: &JValue) -> Result<Option<Value>, &'static str> {
    Ok(Some(match value {
        JValue::Undefined => return Ok(None),
        JValue::Null => Value::Null,
        JValue::Bool(value) => Value::Bool(*value),
        JValue::Number(number) => self::number(*number),
        JValue::String(text) => Value::String(text.to_string()),
        JValue::Array(items) => {
            let items: Result<Vec<Option<Value>>, _> = items.iter().map(to_json).collect();
            Value::Array(items?.into_iter().map(Option::unwrap_or_default).collect())
        }
        JValue::Object(fields) => {
            let mut object = Map::new();
            for (name, value) in fields.iter() {
                if let Some(value) = to_json(value)? {
                    object.insert(name.clone(), value);
                }
            }
            Value::Object(object)
        }
        JValue::Lambda(_) | JValue::Builtin { .. } => return Err("function"),
        JValue::Regex { .. } => return Err("regular expression"),
    }))
}

/// A double as JSON writes it: without a fraction if it has none.
#[expect(clippy::cast_possible_truncation, reason = "the number is whole and below 2^53")]
pub(super) fn number(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0 {
        Value::from(number as i64)
    } else {
        Value::from(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{Random, Time};

    fn evaluate(text: &str, input: Value) -> Result<Value, Failure> {
        let random = Random::seeded(1);
        let variables = json!({ "limit": 3 }).as_object().unwrap().clone();
        let sight = Sight {
            input: &input,
            result: None,
            error: None,
            context: json!({ "State": { "Name": "here" } }),
            variables: &variables,
            now: Time::from_millis(1_769_860_800_007),
            random: &random,
        };
        Jsonata::delimited(text).unwrap().unwrap().evaluate(&sight, "Output")
    }

    #[test]
    fn an_expression_sees_input_context_and_variables() {
        let text = "{% $states.input.n + $limit & $states.context.State.Name %}";
        assert_eq!(evaluate(text, json!({ "n": 4 })), Ok(json!("7here")));
    }

    #[test]
    fn nothing_is_a_failure_that_names_expression_and_field() {
        let failure = evaluate("{% $states.input.gone %}", json!({})).unwrap_err();
        assert_eq!(failure.name(), "States.QueryEvaluationError");
        let cause = "The JSONata expression '$states.input.gone' specified for the field 'Output' \
                     returned nothing (undefined).";
        assert_eq!(failure.cause.unwrap(), cause);
    }

    #[test]
    fn a_function_is_no_result() {
        let failure = evaluate("{% $sum %}", json!({})).unwrap_err();
        assert!(failure.cause.unwrap().contains("unsupported result type"));
    }

    #[test]
    fn there_is_no_eval() {
        assert!(Jsonata::delimited("{% $eval('1') %}").unwrap().is_err());
        assert!(Jsonata::delimited("{% 1 + %}").unwrap().is_err());
        assert!(Jsonata::delimited(" {% 1 %}").is_none());
    }

    #[test]
    fn endless_recursion_ends() {
        for text in ["{% ($f := function($x){ 1 + $f($x) }; $f(1)) %}", "{% ($f := function(){ $f() }; $f()) %}"] {
            assert_eq!(evaluate(text, json!({})).unwrap_err().name(), "States.QueryEvaluationError", "{text}");
        }
    }

    #[test]
    fn what_would_fill_the_memory_or_never_end_is_a_failure() {
        for text in [
            "{% $pad('x', 2000000000) %}",
            "{% $pad('x', -2000000000, '#') %}",
            "{% [1..1000000000] %}",
            "{% $range(1, 1000000000, 1) %}",
            "{% $range(1, 2, 0) %}",
            "{% $partition([1, 2], 0) %}",
            "{% $match('a', /((a{1000}){1000}){1000}/) %}",
        ] {
            let begun = std::time::Instant::now();
            assert_eq!(evaluate(text, json!({})).unwrap_err().name(), "States.QueryEvaluationError", "{text}");
            assert!(begun.elapsed() < std::time::Duration::from_secs(5), "{text}");
        }
    }

    #[test]
    fn no_regular_expression_backtracks() {
        let text = format!("{{% $contains('{}!', /(a+)+$/) %}}", "a".repeat(5000));
        assert_eq!(evaluate(&text, json!({})), Ok(json!(false)));
    }

    #[test]
    fn a_text_is_padded_on_either_side() {
        for (text, value) in [
            ("$pad('foo', 5)", json!("foo  ")),
            ("$pad('foo', -5)", json!("  foo")),
            ("$pad('foo', 8, '-+')", json!("foo-+-+-")),
            ("$pad('foo', -8, '-+')", json!("-+-+-foo")),
            ("$pad('ä', 2, '#')", json!("ä#")),
            ("$pad('foo', 2)", json!("foo")),
        ] {
            assert_eq!(evaluate(&format!("{{% {text} %}}"), json!({})), Ok(value), "{text}");
        }
    }

    #[test]
    fn a_list_of_one_stays_a_list_where_the_language_says_so() {
        let is = |text: &str, value: Value| {
            let input = json!({ "one": [1], "objects": [{ "n": 1 }], "none": [] });
            assert_eq!(evaluate(text, input), Ok(value), "{text}");
        };
        is("{% $states.input.one %}", json!([1]));
        is("{% $states.input.none %}", json!([]));
        is("{% $states.input.objects.n %}", json!(1));
        is("{% $states.input.objects.n[] %}", json!([1]));
        is("{% [$states.input.objects.n] %}", json!([1]));
        is("{% [$states.input.gone] %}", json!([]));
        is("{% $states.input.one[$ > 0] %}", json!(1));
    }

    #[test]
    fn values_are_what_the_language_makes_of_them() {
        let is = |text: &str, value: Value| assert_eq!(evaluate(text, json!({ "a": null })), Ok(value), "{text}");
        is("{% {'x': $states.input.gone, 'y': $states.input.a} %}", json!({ "y": null }));
        is("{% $merge([{'a': 1}, {'a': 2, 'b': 3}]) %}", json!({ "a": 2, "b": 3 }));
        is("{% '' or [] or {} or 0 %}", json!(false));
        is("{% 1 = '1' %}", json!(false));
        is("{% true in [false, true] %}", json!(true));
        is("{% 0.1 + 0.2 %}", json!(0.30000000000000004));
        is("{% 1e3 %}", json!(1000));
        is("{% $string({'a': [1, 'x']}) %}", json!("{\"a\":[1,\"x\"]}"));
        is("{% $map([1, 2], function($v) { $v * $limit }) %}", json!([3, 6]));
        is("{% $fromMillis(0) %}", json!("1970-01-01T00:00:00.000Z"));
        is("{% $toMillis('2026-01-31T12:00:00Z') %}", json!(1_769_860_800_000_i64));
        is("{% $match('a1b22', /[0-9]+/).match %}", json!(["1", "22"]));
        is("{% ($x := 5; $x > 3 ? 'big' : 'small') %}", json!("big"));
    }

    #[test]
    fn numbers_keep_their_look() {
        assert_eq!(evaluate("{% [1, 2.5, 3.0] %}", json!({})), Ok(json!([1, 2.5, 3])));
    }

    #[test]
    fn step_functions_own_functions_are_there() {
        let is = |text: &str, value: Value| assert_eq!(evaluate(text, json!({})), Ok(value), "{text}");
        is("{% $partition([1,2,3,4,5], 2) %}", json!([[1, 2], [3, 4], [5]]));
        is("{% $range(0, 10, 4) %}", json!([0, 4, 8]));
        is("{% $range(3, 1, -1) %}", json!([3, 2, 1]));
        is("{% $hash('abc', 'MD5') %}", json!("900150983cd24fb0d6963f7d28e17f72"));
        is("{% $hash('abc', 'SHA-1') %}", json!("a9993e364706816aba3e25717850c26c9cd0d89d"));
        is("{% $substring($hash('abc', 'SHA-256'), 0, 8) %}", json!("ba7816bf"));
        is("{% $parse('{\"a\": [1, null]}').a %}", json!([1, null]));
        is("{% $now() %}", json!("2026-01-31T12:00:00.007Z"));
        is("{% $now('[Y0001]') %}", json!("2026"));
        is("{% $millis() %}", json!(1_769_860_800_007_i64));
        is("{% $length($uuid()) %}", json!(36));
        is("{% $random(7) = $random(7) %}", json!(true));
        is("{% $sort($shuffle([3, 1, 2])) %}", json!([1, 2, 3]));
    }

    #[test]
    fn bad_arguments_of_functions_are_failures() {
        for text in [
            "{% $hash('a', 'CRC') %}",
            "{% $parse('{') %}",
            "{% $range(1, 2, 0) %}",
            "{% $partition([1], 0) %}",
            "{% $range(0, 100000000, 1) %}",
        ] {
            assert_eq!(evaluate(text, json!({})).unwrap_err().name(), "States.QueryEvaluationError", "{text}");
        }
    }
}
