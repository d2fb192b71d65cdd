//! Every spec under `accept/`, and the example under `spec/`, is right: nothing is said of it, not even a warning.

mod cases;

use cases::{cases, said};

#[test]
fn nothing_is_said_of_what_is_right() {
    let own = cases("accept").unwrap();
    let examples = cases("../spec").unwrap();
    assert!(!own.is_empty() && !examples.is_empty(), "there are no cases");
    let mut failures = Vec::new();
    for case in own.into_iter().chain(examples) {
        let checked = codegen::check(&case.input().unwrap());
        if !checked.is_right() || !checked.diagnostics.is_empty() {
            failures.push(format!("{}\n{}", case.name, said(&checked)));
        }
    }
    assert!(failures.is_empty(), "{} cases fail\n\n{}", failures.len(), failures.join("\n\n"));
}

#[test]
fn what_is_right_becomes_files() {
    let mut failures = Vec::new();
    for case in cases("accept").unwrap() {
        let compiled = codegen::compile(&case.input().unwrap());
        if compiled.output.is_none() {
            failures.push(format!("{}\n{}", case.name, said(&compiled.checked)));
        }
    }
    assert!(failures.is_empty(), "{} cases fail\n\n{}", failures.len(), failures.join("\n\n"));
}
