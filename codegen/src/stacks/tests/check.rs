//! Reads the files of a partition as CloudFormation would, and says what does not resolve.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::{Manifest, Stacks, limits};

/// What is wrong with the files; empty if nothing is.
pub(super) fn problems(stacks: &Stacks) -> Vec<String> {
    let files: BTreeMap<String, String> = crate::stacks::render(stacks.roots.clone()).unwrap().into_iter().collect();
    let read = |file: &str| serde_json::from_str::<Value>(&files[file]).unwrap();
    let manifest: Manifest = serde_json::from_str(&files["stacks.json"]).unwrap();
    let mut problems = Vec::new();
    let mut deployed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut read_files = BTreeSet::from(["stacks.json".to_owned()]);
    for stack in &manifest.stacks {
        let root = read(&stack.template);
        read_files.insert(stack.template.clone());
        for needed in &stack.depends_on {
            if !deployed.contains_key(needed) {
                problems.push(format!("{} comes before {needed}", stack.name));
            }
        }
        let given: Vec<&str> = stack.parameters.iter().map(|given| given.name.as_str()).collect();
        let declared: Vec<&str> = keys(&root["Parameters"]);
        if given != declared {
            problems.push(format!("{}: parameters {declared:?} are not {given:?}", stack.name));
        }
        for (source, name) in stack.parameters.iter().filter_map(|p| p.from.as_ref().map(|from| (from, &p.name))) {
            if !stack.depends_on.contains(&source.stack) {
                problems
                    .push(format!("{}: {name} comes from {}, which it does not depend on", stack.name, source.stack));
            }
            if !deployed.get(&source.stack).is_some_and(|outputs| outputs.contains(&source.output)) {
                problems.push(format!("{}: {name} comes from no output of {}", stack.name, source.stack));
            }
        }
        let mut nested_outputs = BTreeMap::new();
        let mut total = root["Resources"].as_object().unwrap().len();
        for nested in &stack.nested {
            let template = read(&nested.template);
            read_files.insert(nested.template.clone());
            total += template["Resources"].as_object().unwrap().len();
            problems.extend(template_problems(
                &nested.name,
                &template,
                files[&nested.template].len(),
                &BTreeMap::new(),
            ));
            let own = &root["Resources"][&nested.logical_id]["Properties"];
            if own["TemplateURL"] != nested.template.as_str() {
                problems.push(format!("{} is at {}", nested.name, own["TemplateURL"]));
            }
            if keys(&own["Parameters"]) != keys(&template["Parameters"]) {
                problems.push(format!("{}: is given {:?}", nested.name, keys(&own["Parameters"])));
            }
            let outputs = keys(&template["Outputs"]).into_iter().map(ToOwned::to_owned).collect::<BTreeSet<_>>();
            nested_outputs.insert(nested.logical_id.clone(), outputs);
        }
        if total > limits::OPERATION_RESOURCES {
            problems.push(format!("{}: {total} resources in one operation", stack.name));
        }
        problems.extend(template_problems(&stack.name, &root, files[&stack.template].len(), &nested_outputs));
        deployed.insert(stack.name.clone(), keys(&root["Outputs"]).into_iter().map(ToOwned::to_owned).collect());
    }
    if read_files != files.keys().cloned().collect() {
        problems.push("files and list differ".to_owned());
    }
    problems
}

fn keys(map: &Value) -> Vec<&str> {
    map.as_object().map(|map| map.keys().map(String::as_str).collect()).unwrap_or_default()
}

fn template_problems(
    name: &str,
    template: &Value,
    bytes: usize,
    nested: &BTreeMap<String, BTreeSet<String>>,
) -> Vec<String> {
    let mut problems = Vec::new();
    let resources: BTreeSet<&str> = keys(&template["Resources"]).into_iter().collect();
    let parameters: BTreeSet<&str> = keys(&template["Parameters"]).into_iter().collect();
    for (what, count, limit) in [
        ("resources", resources.len(), limits::TEMPLATE_RESOURCES),
        ("parameters", parameters.len(), limits::TEMPLATE_PARAMETERS),
        ("outputs", keys(&template["Outputs"]).len(), limits::TEMPLATE_OUTPUTS),
        ("bytes", bytes, limits::TEMPLATE_BYTES),
    ] {
        if count > limit {
            problems.push(format!("{name}: {count} {what}"));
        }
    }
    problems.extend(resources.intersection(&parameters).map(|both| format!("{name}: {both} is there twice")));
    let conditions: BTreeSet<&str> = keys(&template["Conditions"]).into_iter().collect();
    let mut edges: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let sections =
        ["Resources", "Outputs", "Conditions"].iter().flat_map(|s| template[s].as_object().into_iter().flatten());
    for (id, body) in sections {
        let mut seen = BTreeSet::new();
        walk(body, &mut |reference| match reference {
            Reference::Ref(to) if parameters.contains(to) || to.starts_with("AWS::") => {}
            Reference::Ref(to) | Reference::Depends(to) if resources.contains(to) => _ = seen.insert(to.to_owned()),
            Reference::Attribute(to, attribute) if resources.contains(to) => {
                seen.insert(to.to_owned());
                let output = attribute.strip_prefix("Outputs.");
                if nested.contains_key(to) != output.is_some() || output.is_some_and(|o| !nested[to].contains(o)) {
                    problems.push(format!("{name}: {id} takes {attribute} of {to}"));
                }
            }
            Reference::Condition(to) if conditions.contains(to) => {}
            other => problems.push(format!("{name}: {id} has {other:?}")),
        });
        edges.insert(id, seen);
    }
    // What needs nothing that is left goes, until nothing goes; a circle stays.
    let mut left = edges.len();
    loop {
        let done: BTreeSet<String> =
            edges.iter().filter(|(_, n)| n.is_empty()).map(|(id, _)| (*id).to_owned()).collect();
        edges.retain(|id, _| !done.contains(*id));
        edges.values_mut().for_each(|needs| needs.retain(|need| !done.contains(need)));
        if edges.len() == left {
            break;
        }
        left = edges.len();
    }
    if !edges.is_empty() {
        problems.push(format!("{name}: a circle within {:?}", edges.keys()));
    }
    problems
}

#[derive(Debug)]
enum Reference<'a> {
    Ref(&'a str),
    Attribute(&'a str, &'a str),
    Depends(&'a str),
    Condition(&'a str),
}

fn walk<'a>(value: &'a Value, see: &mut impl FnMut(Reference<'a>)) {
    let text = |value: &'a Value| value.as_str().unwrap();
    match value {
        Value::Array(items) => items.iter().for_each(|item| walk(item, see)),
        Value::Object(map) => {
            for (key, value) in map {
                match key.as_str() {
                    "Ref" => see(Reference::Ref(text(value))),
                    "Condition" if value.is_string() => see(Reference::Condition(text(value))),
                    "DependsOn" => value.as_array().unwrap().iter().for_each(|id| see(Reference::Depends(text(id)))),
                    "Fn::GetAtt" => see(Reference::Attribute(text(&value[0]), text(&value[1]))),
                    "Fn::If" => {
                        see(Reference::Condition(text(&value[0])));
                        walk(value, see);
                    }
                    "Fn::Sub" => {
                        for name in text(value).split("${").skip(1).map(|rest| rest.split_once('}').unwrap().0) {
                            see(name
                                .split_once('.')
                                .map_or(Reference::Ref(name), |(id, a)| Reference::Attribute(id, a)));
                        }
                    }
                    _ => walk(value, see),
                }
            }
        }
        _ => {}
    }
}
