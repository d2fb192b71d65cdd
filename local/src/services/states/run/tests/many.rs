//! Parallel and Map.

use super::*;

fn branch(name: &str, state: Value) -> Value {
    json!({ "StartAt": name, "States": { name: state } })
}

#[test]
fn branches_give_their_outputs_in_their_order() {
    let definition = jsonata(json!({ "a": { "Type": "Parallel", "End": true, "Arguments": "{% $states.input.x %}",
        "Output": "{% $states.result %}", "Branches": [
            branch("slow", json!({ "Type": "Wait", "Seconds": 9, "End": true })),
            branch("quick", json!({ "Type": "Pass", "Output": "{% $states.input + 1 %}", "End": true })),
            branch("task", task("f", json!({ "End": true }))),
        ] } }));
    let mut play = play(&definition, json!({ "x": 1 }));
    let output = play.output(|call| Some(Ok(json!({ "got": invoked(call).1 }))));
    assert_eq!(output, json!([1, 2, { "got": 1 }]));
    assert_eq!(play.seconds(), 9.0);
    let types = play.types();
    assert_eq!(types[1..3], ["ParallelStateEntered", "ParallelStateStarted"]);
    assert_eq!(types[types.len() - 3..], ["ParallelStateSucceeded", "ParallelStateExited", "ExecutionSucceeded"]);
}

#[test]
fn a_branch_that_fails_stops_the_others() {
    let definition = jsonata(json!({
        "a": { "Type": "Parallel", "Next": "b", "Catch": [{ "ErrorEquals": ["E"], "Next": "c" }], "Branches": [
            branch("waits", json!({ "Type": "Wait", "Seconds": 9, "End": true })),
            branch("fails", task("f", json!({ "End": true }))),
            branch("works", task("g", json!({ "End": true }))),
        ] },
        "b": { "Type": "Succeed" },
        "c": { "Type": "Pass", "Output": "{% $states.input.Error %}", "End": true },
    }));
    let mut play = play(&definition, json!({}));
    let mut late = None;
    let output = play.output(|call| match invoked(call).0 {
        "f" => failed("E"),
        _ => {
            late = Some(call.clone());
            None
        }
    });
    assert_eq!((output, play.seconds()), (json!("E"), 0.0));
    let types = play.types();
    assert!(types.contains(&"WaitStateAborted".to_owned()) && types.contains(&"ParallelStateFailed".to_owned()));
    assert!(late.is_none_or(|late| !play.answer(&late, Ok(json!(1)))));
}

#[test]
fn a_call_of_a_branch_that_is_stopped_in_the_same_moment_is_not_made() {
    let definition = jsonata(json!({ "a": { "Type": "Parallel", "End": true, "Branches": [
        branch("works", task("f", json!({ "End": true }))),
        branch("fails", json!({ "Type": "Fail", "Error": "E" })),
    ] } }));
    let mut play = play(&definition, json!({}));
    assert_eq!(play.failure(nothing).name(), "E");
    assert!(play.types().contains(&"TaskStateAborted".to_owned()));
}

#[test]
fn a_parallel_is_tried_again_as_a_whole() {
    let definition =
        jsonata(json!({ "a": { "Type": "Parallel", "End": true, "Retry": [{ "ErrorEquals": ["E"] }], "Branches": [
        branch("one", task("f", json!({ "End": true }))), branch("two", task("g", json!({ "End": true }))),
    ] } }));
    let mut play = play(&definition, json!({}));
    let mut calls = Vec::new();
    let output = play.output(|call| {
        let name = invoked(call).0.to_owned();
        calls.push(name.clone());
        if name == "g" && calls.len() < 4 { failed("E") } else { Some(Ok(json!(name))) }
    });
    assert_eq!(output, json!(["f", "g"]));
    assert_eq!((calls.join(""), play.seconds()), ("fgfg".to_owned(), 1.0));
}

fn map(fields: Value, item: Value) -> Value {
    let mut map = json!({ "Type": "Map", "End": true, "ItemProcessor": branch("item", item) });
    map.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    map
}

#[test]
fn a_map_works_on_a_few_items_at_once_and_keeps_their_order() {
    let definition = jsonata(json!({ "a": map(json!({
        "Items": "{% $states.input.list %}", "MaxConcurrency": 2,
        "ItemSelector": { "item": "{% $states.context.Map.Item.Value %}", "at": "{% $states.context.Map.Item.Index %}",
                          "of": "{% $states.input.name %}" },
    }), task("f", json!({ "Output": "{% $states.result %}", "End": true }))) }));
    let mut play = play(&definition, json!({ "name": "n", "list": ["x", "y", "z"] }));
    play.step(Event::Tick);
    let mut most = 0;
    // The last one that was called is answered first.
    while let Some(call) = play.open.values().next_back().cloned() {
        most = most.max(play.open.len());
        let got = invoked(&call).1.clone();
        assert_eq!(got["of"], "n");
        play.answer(&call, Ok(json!([got["at"], got["item"]])));
    }
    assert_eq!(most, 2);
    assert_eq!(play.ended, Some(Ending::Succeeded(Data::from(json!([[0, "x"], [1, "y"], [2, "z"]])))));
}

#[test]
fn at_most_forty_items_are_worked_on_at_once() {
    let definition = jsonata(json!({ "a": map(json!({}), task("f", json!({ "End": true }))) }));
    let mut play = play(&definition, json!((0..100).collect::<Vec<_>>()));
    play.step(Event::Tick);
    assert_eq!(play.open.len(), 40);
}

#[test]
fn json_path_maps_as_well() {
    let definition = json_path(json!({ "a": {
        "Type": "Map", "InputPath": "$.in", "ItemsPath": "$.list", "MaxConcurrencyPath": "$.most", "ResultPath": "$.out",
        "ItemSelector": { "v.$": "$$.Map.Item.Value", "n.$": "$.n" }, "End": true,
        "ItemProcessor": branch("item", json!({ "Type": "Pass", "Parameters": { "s.$": "States.MathAdd($.v, $.n)" }, "End": true })),
    } }));
    let input = json!({ "in": { "list": [1, 2], "n": 10, "most": 1 } });
    let output = play(&definition, input.clone()).output(nothing);
    assert_eq!(output, json!({ "in": input["in"], "out": [{ "s": 11 }, { "s": 12 }] }));
}

#[test]
fn a_map_of_nothing_gives_nothing() {
    let definition = jsonata(json!({ "a": map(json!({}), json!({ "Type": "Pass", "End": true })) }));
    let mut empty = play(&definition, json!([]));
    assert_eq!(empty.output(nothing), json!([]));
    assert_eq!(empty.types()[2..4], ["MapStateStarted", "MapStateSucceeded"]);
    assert_eq!(play(&definition, json!({})).failure(nothing).name(), "States.Runtime");
}

/// How a map over five items ends of which these fail.
fn tolerating(fields: Value, failing: &[u64]) -> Ending {
    let definition =
        jsonata(json!({ "a": map(fields, task("f", json!({ "Output": "{% $states.input %}", "End": true }))) }));
    play(&definition, json!([0, 1, 2, 3, 4])).end(|call| {
        let item = invoked(call).1.as_u64().unwrap();
        if failing.contains(&item) { failed("E") } else { Some(Ok(json!({}))) }
    })
}

#[test]
fn as_many_items_may_fail_as_are_tolerated() {
    let good = |left: Value| Ending::Succeeded(Data::from(left));
    let over = |ending: Ending| match ending {
        Ending::Failed(failure) => failure.name().to_owned(),
        other => panic!("{other:?}"),
    };
    assert_eq!(over(tolerating(json!({}), &[2])), "E");
    assert_eq!(tolerating(json!({ "ToleratedFailureCount": 2 }), &[0, 4]), good(json!([1, 2, 3])));
    let exceeded = "States.ExceedToleratedFailureThreshold";
    assert_eq!(over(tolerating(json!({ "ToleratedFailureCount": 2 }), &[0, 2, 4])), exceeded);
    assert_eq!(tolerating(json!({ "ToleratedFailurePercentage": 40 }), &[0, 4]), good(json!([1, 2, 3])));
    assert_eq!(over(tolerating(json!({ "ToleratedFailurePercentage": 39 }), &[0, 4])), exceeded);
    let both = json!({ "ToleratedFailurePercentage": 100, "ToleratedFailureCount": 0 });
    assert_eq!(over(tolerating(both, &[0])), exceeded);
    assert_eq!(tolerating(json!({ "ToleratedFailurePercentage": 100 }), &[0, 1, 2, 3, 4]), good(json!([])));
}

#[test]
fn an_item_that_fails_stops_the_others_and_those_to_come() {
    let definition = jsonata(json!({ "a": map(json!({ "MaxConcurrency": 2 }), task("f", json!({ "End": true }))) }));
    let mut play = play(&definition, json!([0, 1, 2]));
    play.step(Event::Tick);
    let first = play.open.values().next().unwrap().clone();
    play.answer(&first, Err(Failure::new("E", "")));
    assert_eq!(play.ended, Some(Ending::Failed(Failure::new("E", ""))));
    let types = play.types();
    let end = ["MapIterationFailed", "TaskStateAborted", "MapIterationAborted", "MapStateFailed", "ExecutionFailed"];
    assert_eq!(types[types.len() - 5..], end);
    assert_eq!(types.iter().filter(|kind| *kind == "MapIterationStarted").count(), 2);
}

#[test]
fn a_map_within_a_map_sees_its_own_item() {
    let inner = map(
        json!({ "Items": "{% $states.input %}" }),
        json!({
            "Type": "Pass", "Output": "{% $states.context.Map.Item.Value * 10 %}", "End": true,
        }),
    );
    let mut outer = map(json!({}), json!({}));
    outer["ItemProcessor"] = json!({ "StartAt": "inner", "States": {
        "inner": { "Next": "after" },
        "after": { "Type": "Pass", "Output": "{% [$states.input, $states.context.Map.Item.Index] %}", "End": true },
    } });
    let mut state = inner;
    state.as_object_mut().unwrap().remove("End");
    state["Next"] = json!("after");
    outer["ItemProcessor"]["States"]["inner"] = state;
    let output = play(&jsonata(json!({ "a": outer })), json!([[1, 2], [3]])).output(nothing);
    assert_eq!(output, json!([[10, 20, 0], [30, 1]]));
}

#[test]
fn variables_go_into_a_scope_and_do_not_come_out() {
    let definition = jsonata(json!({
        "a": { "Type": "Pass", "Assign": { "outer": 1 }, "Next": "b" },
        "b": { "Type": "Parallel", "Next": "c", "Assign": { "all": "{% $states.result %}" }, "Branches": [
            { "StartAt": "d", "States": {
                "d": { "Type": "Pass", "Assign": { "inner": "{% $outer + 1 %}" }, "Next": "e" },
                "e": { "Type": "Pass", "Output": "{% $inner %}", "End": true },
            } },
            branch("f", json!({ "Type": "Pass", "Output": "{% $exists($inner) %}", "End": true })),
        ] },
        "c": { "Type": "Pass", "Output": "{% [$all, $outer, $exists($inner)] %}", "End": true },
    }));
    assert_eq!(play(&definition, json!({})).output(nothing), json!([2, false, 1, false]));
}
