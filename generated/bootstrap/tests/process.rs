//! The real binary of the flow, before a Runtime API of the test's.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

#[path = "../../../handlers/runtime/tests/support/mod.rs"]
mod support;

use serde_json::json;
use support::Function;

const BOOTSTRAP: &str = env!("CARGO_BIN_EXE_bootstrap");

#[test]
fn a_step_names_the_field_that_its_input_lacks() {
    let function = Function::start(BOOTSTRAP, "render_notice", [json!({ "run": "r1", "state": { "id": "g1" } })]);
    let told = function.told();
    assert_eq!(told.path, "invocation/request-0/error");
    assert_eq!(told.body["errorType"], "Eventloom.Reject");
    assert_eq!(told.body["errorMessage"], "`.` lacks the field `thread`");
    assert_eq!(function.told().path, "next");
    let (_, log) = function.end();
    assert!(log.contains("\"function\":\"render_notice\""), "{log}");
}

#[test]
fn every_function_starts_or_says_which_part_of_the_runtime_it_needs() {
    for (name, start) in generated::FUNCTIONS {
        let function = Function::start(BOOTSTRAP, name, []);
        let told = function.told();
        match start {
            runtime::Start::Ready => assert_eq!(told.path, "next", "{name}"),
            runtime::Start::Absent(part) => {
                assert_eq!(told.path, "init/error", "{name}");
                let said =
                    format!("function `{name}` needs the {part}, which this version of the runtime does not have");
                assert_eq!(told.body["errorMessage"], said);
                assert_eq!(function.wait().0, Some(5));
                continue;
            }
        }
        function.end();
    }
}
