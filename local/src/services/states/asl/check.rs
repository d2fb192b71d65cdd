//! What the states of a scope must be to each other.

use std::collections::BTreeSet;

use super::super::query::Template;
use super::finding::Findings;
use super::{Kind, Next, Scope, State};

/// Every name leads to a state, every state is reached, and the scope can end.
pub(super) fn transitions(scope: &Scope, at: &str, findings: &mut Findings) {
    let missing = |name: &str| !scope.states.contains_key(name);
    if missing(&scope.start_at) {
        let message = format!("there is no state '{}'", scope.start_at);
        findings.add("MISSING_TRANSITION_TARGET", &format!("{at}/StartAt"), message);
        return;
    }
    for (name, state) in &scope.states {
        for target in targets(state).into_iter().filter(|target| missing(target)) {
            let place = format!("{at}/States/{name}");
            findings.add("MISSING_TRANSITION_TARGET", &place, format!("there is no state '{target}'"));
        }
    }
    let mut reached = BTreeSet::new();
    let mut open = vec![scope.start_at.as_str()];
    while let Some(name) = open.pop() {
        if let Some(state) = scope.states.get(name)
            && reached.insert(name)
        {
            open.extend(targets(state));
        }
    }
    for name in scope.states.keys().filter(|name| !reached.contains(name.as_str())) {
        let place = format!("{at}/States/{name}");
        findings.add("MISSING_TRANSITION_TARGET", &place, format!("the state '{name}' is not reachable"));
    }
    if !scope.states.values().any(ends) {
        findings.add("MISSING_END_STATE", &format!("{at}/States"), "no state ends the workflow");
    }
}

/// All states that may come after this one.
fn targets(state: &State) -> Vec<&str> {
    let mut targets: Vec<&str> = state.catch.iter().map(|catch| catch.next.as_str()).collect();
    if let Next::State(next) = &state.next {
        targets.push(next);
    }
    if let Kind::Choice { choices, default } = &state.kind {
        targets.extend(choices.iter().map(|choice| choice.next.as_str()));
        targets.extend(default.as_deref());
    }
    targets
}

fn ends(state: &State) -> bool {
    match state.kind {
        Kind::Succeed | Kind::Fail { .. } => true,
        Kind::Choice { .. } => false,
        _ => state.next == Next::End,
    }
}

/// No scope assigns a variable that a scope around it assigns too ("Workflow variables").
pub(super) fn variables(scope: &Scope, findings: &mut Findings) {
    visit(scope, &BTreeSet::new(), "", findings);
}

fn visit<'a>(scope: &'a Scope, outer: &BTreeSet<&'a str>, at: &str, findings: &mut Findings) {
    let mut own = outer.clone();
    for (name, state) in &scope.states {
        for variable in assigned(state) {
            if outer.contains(variable) {
                let message = format!("the variable '{variable}' is already assigned in a scope around this one");
                findings.schema(&format!("{at}/States/{name}/Assign/{variable}"), message);
            }
            own.insert(variable);
        }
    }
    for (name, state) in &scope.states {
        match &state.kind {
            Kind::Parallel(branches) => {
                for (index, branch) in branches.iter().enumerate() {
                    visit(branch, &own, &format!("{at}/States/{name}/Branches[{index}]"), findings);
                }
            }
            Kind::Map(map) => visit(&map.scope, &own, &format!("{at}/States/{name}/ItemProcessor"), findings),
            _ => {}
        }
    }
}

fn assigned(state: &State) -> Vec<&str> {
    let choices = match &state.kind {
        Kind::Choice { choices, .. } => choices.as_slice(),
        _ => &[],
    };
    let templates = state
        .assign
        .iter()
        .chain(state.catch.iter().filter_map(|catch| catch.assign.as_ref()))
        .chain(choices.iter().filter_map(|choice| choice.assign.as_ref()));
    let mut names = Vec::new();
    for template in templates {
        match template {
            Template::Object(fields) => names.extend(fields.iter().map(|(name, _)| name.as_str())),
            Template::Value(value) => {
                names.extend(value.as_object().into_iter().flatten().map(|(name, _)| name.as_str()))
            }
            Template::Query(_) | Template::Array(_) => {}
        }
    }
    names
}
