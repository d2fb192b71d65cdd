//! The resources of a whole flow.

use super::input;
use crate::lower::lower;
use crate::plan::{MachineRef, Plan};
use crate::stacks::{Input as StackInput, partition};
use crate::{Input, check, diagnostic::Diagnostics};
use std::collections::BTreeMap;

fn plan(spec: &str) -> Plan {
    let checked = check(&Input {
        path: "spec/flow.yaml".into(),
        bytes: spec.as_bytes().to_vec(),
        templates: ["notice.html", "unread.html", "notice.txt", "unread.txt"].map(String::from).into(),
        ..Input::default()
    });
    let shown: Vec<String> = checked.diagnostics.iter().map(|d| format!("{d:?}")).collect();
    assert!(checked.is_right(), "{shown:#?}");
    let (flow, facts) = checked.flow.unwrap();
    lower(&flow, &facts, "spec/flow.yaml", &mut Diagnostics::default())
}

/// A definition that names all that a machine calls.
fn definitions(plan: &Plan) -> BTreeMap<MachineRef, String> {
    plan.machines
        .iter()
        .map(|m| {
            let first = m.calls.first().map_or("", |f| f.0.as_str());
            let states = m.calls.iter().enumerate().map(|(n, f)| format!(
                r#""S{n}":{{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Arguments":{{"FunctionName":"${{{}}}"}},"End":true}}"#, f.0)).next().unwrap_or_default();
            let _ = first;
            (m.reference(), format!(r#"{{"QueryLanguage":"JSONata","StartAt":"S0","States":{{{states}}}}}"#))
        })
        .collect()
}

fn everi() -> (Plan, StackInput) {
    let plan = plan(include_str!("../../../../spec/everi.yaml"));
    let input = input(&plan, &definitions(&plan), None).unwrap();
    (plan, input)
}

#[test]
fn every_reference_of_the_example_resolves_and_it_is_one_template() {
    let (_, input) = everi();
    let count = input.resources.len();
    let stacks = partition(input).unwrap();
    let files = stacks.render().unwrap();
    if let Ok(dir) = std::env::var("EMIT_DIR") {
        for (name, text) in &files {
            std::fs::write(format!("{dir}/{}", name.replace('/', "-")), text).unwrap();
        }
        println!("{count} resources");
    }
    assert!(count < 400, "{count}");
    assert_eq!(stacks.roots.len(), 1);
}
