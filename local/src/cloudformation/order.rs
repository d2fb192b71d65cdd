//! The order in which resources are made.
//!
//! In: a template, and which of its conditions hold. Out: the resources that are to be there, each behind all
//! that it refers to or depends on. Guaranteed: the template's own order, as far as that allows.

use std::collections::{BTreeMap, BTreeSet};

use super::expression::Reference;
use super::problem::Place;
use super::template::{Resource, Template};

/// The logical ids that a resource needs, when these conditions hold.
pub(super) fn needs<'a>(
    resource: &'a Resource,
    template: &'a Template,
    conditions: &BTreeMap<String, bool>,
) -> BTreeSet<&'a str> {
    let mut needs = BTreeSet::new();
    let holds = |name: &str| conditions.get(name).copied();
    for expression in resource.properties.values() {
        expression.references(&mut Place::default(), &holds, &mut |_, reference| match reference {
            Reference::Name(name) | Reference::Attribute(name, _) => {
                if template.resources.contains_key(name) {
                    needs.insert(name);
                }
            }
            Reference::Condition(_) | Reference::Mapping(_) => {}
        });
    }
    needs.extend(resource.depends_on.iter().map(String::as_str));
    needs
}

/// Whether a resource is there.
pub(super) fn is_there(resource: &Resource, conditions: &BTreeMap<String, bool>) -> bool {
    resource.condition.as_ref().is_none_or(|condition| conditions.get(condition).copied().unwrap_or(false))
}

/// The order, or the logical ids of a circle, each of which needs the next.
pub(super) fn order<'a>(
    template: &'a Template,
    conditions: &BTreeMap<String, bool>,
) -> Result<Vec<&'a str>, Vec<&'a str>> {
    let there = template.resources.iter().filter(|(_, resource)| is_there(resource, conditions));
    let needs: BTreeMap<&str, BTreeSet<&str>> =
        there.clone().map(|(name, resource)| (name.as_str(), needs(resource, template, conditions))).collect();
    let mut order = Vec::with_capacity(needs.len());
    let mut placed = BTreeSet::new();
    for (name, _) in there {
        // The path from this resource to the one that is looked at, with what each still waits for.
        let mut path: Vec<(&str, Vec<&str>)> = Vec::new();
        let open = |name: &'a str| needs.get(name).map(|needs| (name, needs.iter().rev().copied().collect::<Vec<_>>()));
        if !placed.contains(name.as_str()) {
            path.extend(open(name));
        }
        while let Some((current, waits)) = path.last_mut() {
            let current = *current;
            match waits.pop() {
                Some(next) if placed.contains(next) => {}
                Some(next) => {
                    if let Some(at) = path.iter().position(|(open, _)| *open == next) {
                        return Err(path.iter().skip(at).map(|(name, _)| *name).collect());
                    }
                    path.extend(open(next));
                }
                None => {
                    placed.insert(current);
                    order.push(current);
                    path.pop();
                }
            }
        }
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::problem::Problems;
    use super::*;

    fn template(resources: Value) -> Template {
        let mut found = Vec::new();
        let text = json!({"Resources": resources}).to_string();
        let template = Template::read(&text, &mut Problems::new("main", &mut found));
        assert_eq!(found, []);
        template
    }

    fn queue(name: Value) -> Value {
        json!({"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name}})
    }

    #[test]
    fn what_is_referred_to_comes_first_and_else_the_template_decides() {
        let template = template(json!({
            "Last": {"Type": "AWS::SQS::Queue", "DependsOn": ["Other", "Free"]},
            "Free": queue(json!("free")),
            "Ref": queue(json!({"Ref": "Other"})),
            "Sub": queue(json!({"Fn::Sub": "${Ref.QueueName}-${Last}"})),
            "Other": queue(json!("other")),
        }));
        assert_eq!(order(&template, &BTreeMap::new()), Ok(vec!["Free", "Other", "Last", "Ref", "Sub"]));
    }

    #[test]
    fn only_the_branch_that_is_taken_counts() {
        let either = |name: &str| json!({"Fn::If": ["C", {"Ref": name}, "none"]});
        let template = template(json!({
            "A": queue(either("B")),
            "B": queue(json!({"Fn::If": ["C", "none", {"Ref": "A"}]})),
            "Gone": {"Type": "AWS::SQS::Queue", "Condition": "D", "DependsOn": "Gone"},
        }));
        let conditions = |holds: bool| BTreeMap::from([("C".to_owned(), holds), ("D".to_owned(), false)]);
        assert_eq!(order(&template, &conditions(true)), Ok(vec!["B", "A"]));
        assert_eq!(order(&template, &conditions(false)), Ok(vec!["A", "B"]));
    }

    #[test]
    fn a_circle_is_named() {
        let template = template(json!({
            "Start": queue(json!({"Ref": "A"})),
            "A": queue(json!({"Ref": "B"})),
            "B": {"Type": "AWS::SQS::Queue", "DependsOn": "C"},
            "C": queue(json!({"Fn::GetAtt": ["A", "Arn"]})),
        }));
        assert_eq!(order(&template, &BTreeMap::new()), Err(vec!["A", "B", "C"]));
    }

    #[test]
    fn a_long_chain_is_no_problem() {
        let chain: serde_json::Map<String, Value> = (0..500)
            .map(|number| {
                let next = if number == 499 { json!("end") } else { json!({"Ref": format!("Q{}", number + 1)}) };
                (format!("Q{number}"), queue(next))
            })
            .collect();
        let template = template(Value::Object(chain));
        assert_eq!(order(&template, &BTreeMap::new()).unwrap().first(), Some(&"Q499"));
    }
}
