use serde_json::json;

use super::jsonata::{Expr, Variable};
use super::*;

fn next(name: &str) -> Flowing {
    Flowing::Next(name.into())
}

fn retry() -> Retry {
    Retry {
        error_equals: ErrorName::passing_of_lambda(),
        interval_seconds: Some(2),
        max_attempts: Some(3),
        backoff_rate: Some(BackoffRate::new(2.0).unwrap()),
        max_delay_seconds: Some(60),
        jitter_strategy: Some(Jitter::Full),
    }
}

fn invoke(function: &str, flowing: Flowing) -> Task {
    let function = Substitution::new(function).unwrap();
    let mut task = Task::invoke(function, Expr::input().into(), flowing);
    task.timeout_seconds = Some(OrExpr::Plain(30));
    task.retry = vec![retry()];
    task.catch = vec![Catch {
        error_equals: vec![ErrorName::All],
        output: Some(Expr::merge([Expr::input(), Expr::object([("error", Expr::error_output())])]).into()),
        assign: Assign::default(),
        next: "failed".into(),
    }];
    task.output = Some(Expr::merge([Expr::input(), Expr::result().field("Payload")]).into());
    task
}

fn pass(flowing: Flowing) -> Pass {
    Pass { comment: None, output: None, assign: Assign::default(), flowing }
}

fn scope(start_at: &str, states: impl IntoIterator<Item = (&'static str, State)>) -> Scope {
    Scope { start_at: start_at.into(), states: states.into_iter().collect() }
}

/// One of each kind of state, with most of their properties.
pub(super) fn everything() -> Machine {
    let mut states = States::new();
    states.push("render", invoke("RenderNotice", next("early")));
    states.push(
        "early",
        Choice {
            comment: Some(Comment::new("an open group is not mailed")),
            choices: vec![ChoiceRule {
                condition: Expr::bool(true).is_in(Expr::input().field("open")),
                output: None,
                assign: Assign::default(),
                next: "done".into(),
            }],
            default: Some("pause".into()),
            output: None,
            assign: Assign::default(),
        },
    );
    let mut waited = Assign::default();
    waited.set(&Variable::new("waited").unwrap(), Value::json(&json!({ "seconds": 60, "text": "${x}" })));
    states.push(
        "pause",
        Wait {
            comment: None,
            until: Until::Seconds(OrExpr::Plain(60)),
            output: None,
            assign: waited,
            flowing: next("until"),
        },
    );
    states.push(
        "until",
        Wait {
            comment: None,
            until: Until::Timestamp(Expr::input().field("due").into()),
            output: None,
            assign: Assign::default(),
            flowing: next("both"),
        },
    );
    states.push(
        "both",
        Parallel {
            comment: None,
            arguments: None,
            branches: vec![
                scope("left", [("left", pass(Flowing::End).into())]),
                scope("right", [("right", pass(Flowing::End).into())]),
            ],
            retry: Vec::new(),
            catch: Vec::new(),
            output: Some(Expr::result().merged().into()),
            assign: Assign::default(),
            flowing: next("each"),
        },
    );
    states.push("each", each(Processing::Inline(scope("item", [("item", pass(Flowing::End).into())])), next("many")));
    let distributed = Processing::Distributed {
        scope: scope("one", [("one", pass(Flowing::End).into())]),
        workload: Workload::Express,
        tolerated: Some(Tolerated::Percentage(OrExpr::Plain(5))),
    };
    states.push("many", each(distributed, Flowing::Next("done".into())));
    states.push("done", Succeed::default());
    states.push(
        "failed",
        Fail {
            comment: None,
            error: Some(Text::new("Notice.Failed")),
            cause: Some(Expr::input().path(["error", "Cause"]).into()),
        },
    );
    let mut machine = Machine::new("render", states);
    machine.comment = Some(Comment::new("Delivers a notice; costs ${5}"));
    machine.timeout_seconds = Some(3600);
    machine
}

fn each(processing: Processing, flowing: Flowing) -> Map {
    Map {
        comment: None,
        items: Some(Expr::input().field("items").into()),
        item_selector: Some(Value::object([("item", Expr::context().path(["Map", "Item", "Value"]).into())])),
        max_concurrency: Some(OrExpr::Plain(10)),
        processing,
        retry: Vec::new(),
        catch: Vec::new(),
        output: None,
        assign: Assign::default(),
        flowing,
    }
}

#[test]
fn a_machine_is_written_property_by_property() {
    assert_eq!(everything().to_json(), include_str!("tests/everything.asl.json"));
}

#[test]
fn a_backoff_rate_always_has_a_fraction() {
    for (rate, text) in [(1.0, "1.0"), (2.0, "2.0"), (1.5, "1.5"), (1000.0, "1000.0")] {
        assert_eq!(serde_json::to_string(&BackoffRate::new(rate).unwrap()).unwrap(), text);
    }
    for rate in [0.99, -2.0, 1000.1, f64::INFINITY] {
        assert_eq!(BackoffRate::new(rate), Err(BackoffRateError(rate)));
    }
    assert!(BackoffRate::new(f64::NAN).is_err());
}

#[test]
fn only_a_substitution_is_left_for_cloudformation_to_replace() {
    let text = everything().to_json();
    let found: Vec<_> = text.split("${").skip(1).map(|rest| rest.split('}').next().unwrap()).collect();
    assert_eq!(found, ["LambdaInvoke", "RenderNotice"]);
}
