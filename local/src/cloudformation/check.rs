//! What can be said of a template before anything has a value.
//!
//! In: a tree of templates. Out: problems: every property that is not known, and every reference to what is
//! not there. Guaranteed: all of them at once, and nothing was called.

use super::expression::{Expression, Reference};
use super::problem::{Place, Problem, Problems, shown};
use super::scope::PSEUDO;
use super::template::Resource;
use super::tree::Tree;
use super::types::{self, Make};

/// Checks a tree.
pub(super) fn check(tree: &Tree, found: &mut Vec<Problem>) {
    let problems = &mut Problems::new(&tree.path, found);
    for (logical, resource) in &tree.template.resources {
        let place = &mut Place::of(["Resources", logical.as_str()]);
        check_resource(tree, logical, resource, place, problems);
    }
    for (name, condition) in &tree.template.conditions {
        references(tree, condition, &mut Place::of(["Conditions", name.as_str()]), true, problems);
    }
    for (name, output) in &tree.template.outputs {
        let place = &mut Place::of(["Outputs", name.as_str()]);
        place.member("Value", |place| references(tree, &output.value, place, false, problems));
        if let Some(export) = &output.export {
            place.member("Export", |place| {
                place.member("Name", |place| references(tree, export, place, false, problems));
            });
        }
        if let Some(condition) = &output.condition {
            place.member("Condition", |place| check_condition(tree, condition, place, problems));
        }
    }
    for nested in tree.nested.values() {
        check(nested, found);
    }
}

fn check_resource(tree: &Tree, logical: &str, resource: &Resource, place: &mut Place, problems: &mut Problems<'_>) {
    if let Some(condition) = &resource.condition {
        place.member("Condition", |place| check_condition(tree, condition, place, problems));
    }
    for (index, needed) in resource.depends_on.iter().enumerate() {
        if !tree.template.resources.contains_key(needed) && !tree.template.unread.contains(needed) {
            place.member("DependsOn", |place| {
                place.item(index, |place| {
                    problems.add(&*place, format!("there is no resource `{}`", shown(needed)));
                });
            });
        }
    }
    place.member("Properties", |place| {
        let kind = resource.kind;
        types::check_members(kind.properties, resource.properties.iter(), kind.name, place, problems);
        for (name, expression) in &resource.properties {
            place.member(name, |place| references(tree, expression, place, false, problems));
        }
        if let (Make::Stack, Some(nested)) = (&kind.make, tree.nested.get(logical)) {
            check_parameters(resource, nested, place, problems);
        }
    });
}

/// A nested stack is given only parameters that it declares.
fn check_parameters(resource: &Resource, nested: &Tree, place: &mut Place, problems: &mut Problems<'_>) {
    let Some(Expression::Map(given)) = resource.properties.get("Parameters") else { return };
    let declared = &nested.template;
    for name in given.keys() {
        if !declared.parameters.contains_key(name) && !declared.unread.contains(name) {
            place.member("Parameters", |place| {
                place.member(name, |place| {
                    problems.add(&*place, format!("the stack `{}` declares no such parameter", nested.path));
                });
            });
        }
    }
}

fn check_condition(tree: &Tree, name: &str, place: &Place, problems: &mut Problems<'_>) {
    if !tree.template.conditions.contains_key(name) && !tree.template.unread.contains(name) {
        problems.add(place, format!("there is no condition `{}`", shown(name)));
    }
}

/// Finds references to what is not there. A condition refers to parameters alone.
fn references(
    tree: &Tree,
    expression: &Expression,
    place: &mut Place,
    in_condition: bool,
    problems: &mut Problems<'_>,
) {
    let template = &tree.template;
    expression.references(place, &|_| None, &mut |place, reference| match reference {
        Reference::Condition(name) => check_condition(tree, name, place, problems),
        Reference::Mapping(name) if !template.mappings.contains_key(name) => {
            problems.add(place, format!("there is no mapping `{}`", shown(name)));
        }
        Reference::Mapping(_) => {}
        Reference::Name(name) if PSEUDO.contains(&name) || template.parameters.contains_key(name) => {}
        Reference::Name(name) | Reference::Attribute(name, _) if template.unread.contains(name) => {}
        Reference::Name(name) | Reference::Attribute(name, _) if in_condition => {
            problems.add(place, format!("a condition refers to parameters alone, and `{}` is none", shown(name)));
        }
        Reference::Name(name) if template.resources.contains_key(name) => {}
        Reference::Name(name) => {
            problems.add(place, format!("there is no parameter and no resource `{}`", shown(name)));
        }
        Reference::Attribute(name, attribute) => match template.resources.get(name) {
            None => problems.add(place, format!("there is no resource `{}`", shown(name))),
            Some(resource) => check_attribute(tree, name, resource, attribute, place, problems),
        },
    });
}

fn check_attribute(
    tree: &Tree,
    name: &str,
    resource: &Resource,
    attribute: &str,
    place: &Place,
    problems: &mut Problems<'_>,
) {
    let known = match (&resource.kind.make, tree.nested.get(name)) {
        (Make::Stack, Some(nested)) => attribute.strip_prefix("Outputs.").is_some_and(|output| {
            nested.template.outputs.contains_key(output) || nested.template.unread.contains(output)
        }),
        // Its template is missing, which is a problem of its own.
        (Make::Stack, None) => true,
        _ => resource.kind.attributes.contains(&attribute),
    };
    if !known {
        let kind = resource.kind.name;
        problems.add(place, format!("{kind} has no attribute `{}` here", shown(attribute)));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use super::super::sources::Sources;
    use super::*;

    fn problems(template: &Value, nested: &[(&str, Value)]) -> Vec<String> {
        let mut sources = Sources::one("main", template.to_string());
        sources.nested = nested.iter().map(|(name, text)| ((*name).to_owned(), text.to_string())).collect();
        let mut found = Vec::new();
        for tree in super::super::tree::read(&sources, &mut found) {
            check(&tree, &mut found);
        }
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_not_known_is_told_at_once() {
        let template = json!({
            "Parameters": {"P": {"Type": "String"}},
            "Conditions": {"C": {"Fn::Equals": [{"Ref": "Queue"}, {"Ref": "P"}]}, "D": {"Condition": "E"}},
            "Resources": {
                "Queue": {"Type": "AWS::SQS::Queue", "Condition": "Missing", "DependsOn": ["Nobody"], "Properties": {
                    "QueueNam": "x",
                    "VisibilityTimeout": "soon",
                    "RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]}, "maxReceives": 3},
                    "KmsMasterKeyId": {"Fn::GetAtt": ["Queue", "Key"]},
                    "Tags": {"Fn::If": ["Missing", [{"Key": {"Ref": "Q"}}], {"Ref": "AWS::NoValue"}]},
                    "DelaySeconds": {"Fn::FindInMap": ["M", "a", "b"]},
                }},
                "Role": {"Type": "AWS::IAM::Role"},
            },
            "Outputs": {"O": {"Value": {"Fn::Sub": "${P}-${Queue.Arn}-${Nothing}"}, "Condition": "F"}},
        });
        assert_eq!(
            problems(&template, &[]),
            [
                "main: Resources.Queue.Condition: there is no condition `Missing`",
                "main: Resources.Queue.DependsOn[0]: there is no resource `Nobody`",
                "main: Resources.Queue.Properties.QueueNam: the local engine does not have `QueueNam` of AWS::SQS::Queue",
                "main: Resources.Queue.Properties.VisibilityTimeout: a number is expected",
                "main: Resources.Queue.Properties.RedrivePolicy.maxReceives: \
                 the local engine does not have `maxReceives` of this object",
                "main: Resources.Queue.Properties.RedrivePolicy.deadLetterTargetArn: there is no resource `Dead`",
                "main: Resources.Queue.Properties.KmsMasterKeyId: AWS::SQS::Queue has no attribute `Key` here",
                "main: Resources.Queue.Properties.Tags: there is no condition `Missing`",
                "main: Resources.Queue.Properties.Tags[1][0].Key: there is no parameter and no resource `Q`",
                "main: Resources.Queue.Properties.DelaySeconds: there is no mapping `M`",
                "main: Resources.Role.Properties: AWS::IAM::Role needs `AssumeRolePolicyDocument`",
                "main: Conditions.C[0]: a condition refers to parameters alone, and `Queue` is none",
                "main: Conditions.D: there is no condition `E`",
                "main: Outputs.O.Value: there is no parameter and no resource `Nothing`",
                "main: Outputs.O.Condition: there is no condition `F`",
            ]
        );
    }

    #[test]
    fn what_was_not_read_is_no_second_mistake() {
        let template = json!({
            "Resources": {
                "Strange": {"Type": "AWS::EC2::Instance"},
                "Queue": {"Type": "AWS::SQS::Queue", "DependsOn": "Strange", "Properties": {
                    "QueueName": {"Fn::GetAtt": ["Strange", "Name"]}, "KmsMasterKeyId": {"Ref": "Strange"},
                }},
            },
        });
        assert_eq!(
            problems(&template, &[]),
            ["main: Resources.Strange.Type: the local engine does not have the resource type `AWS::EC2::Instance`"]
        );
    }

    #[test]
    fn nested_stacks_are_checked_with_what_they_are_given_and_give() {
        let stack = |url: Value, parameters: Value| json!({"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url, "Parameters": parameters}});
        let template = json!({
            "Resources": {
                "A": stack(json!("nested/a.json"), json!({"Known": 1, "Unknown": 2})),
                "B": stack(json!("nested/b.json"), json!({})),
                "C": stack(json!("https://example.com/c.json"), json!({})),
                "D": stack(json!({"Fn::Sub": "x"}), json!({})),
            },
            "Outputs": {
                "Good": {"Value": {"Fn::GetAtt": ["A", "Outputs.O"]}},
                "Bad": {"Value": {"Fn::GetAtt": ["A", "Outputs.P"]}},
                "Id": {"Value": {"Fn::GetAtt": ["A", "Arn"]}},
            },
        });
        let a = json!({
            "Parameters": {"Known": {"Type": "String"}}, "Resources": {"Q": {"Type": "AWS::SQS::Queue", "Color": 1}},
            "Outputs": {"O": {"Value": "x"}},
        });
        let b = json!({"Resources": {"B": stack(json!("nested/b.json"), json!({}))}});
        assert_eq!(
            problems(&template, &[("nested/a.json", a), ("nested/b.json", b)]),
            [
                "main/A: Resources.Q.Color: the local engine does not have this of a resource",
                "main/B: Resources.B.Properties.TemplateURL: a template cannot nest itself",
                "main: Resources.C.Properties.TemplateURL: \
                 there is no template `https://example.com/c.json` in `stacks.json`",
                "main: Resources.D.Properties.TemplateURL: \
                 the local engine takes a nested template by the name of its file",
                "main: Resources.A.Properties.Parameters.Unknown: the stack `main/A` declares no such parameter",
                "main: Outputs.Bad.Value: AWS::CloudFormation::Stack has no attribute `Outputs.P` here",
                "main: Outputs.Id.Value: AWS::CloudFormation::Stack has no attribute `Arn` here",
            ]
        );
    }

    #[test]
    fn roots_are_named_and_come_after_what_they_take() {
        use super::super::sources::{Origin, Root};
        let template = json!({"Resources": {}}).to_string();
        let root = |name: &str, from: &[&str]| Root {
            name: name.to_owned(),
            template: template.clone(),
            from: from
                .iter()
                .map(|stack| ("P".to_owned(), Origin { stack: (*stack).to_owned(), output: "O".to_owned() }))
                .collect::<BTreeMap<_, _>>(),
        };
        let stacks = vec![root("main", &["later"]), root("main", &[]), root("a/b", &[]), root("later", &["main"])];
        let mut found = Vec::new();
        super::super::tree::read(&Sources { stacks, nested: BTreeMap::new() }, &mut found);
        assert_eq!(
            found.iter().map(ToString::to_string).collect::<Vec<_>>(),
            [
                "main: `P` comes from the stack `later`, which is not before this one",
                "main: there are two stacks of this name",
                "a/b: a stack's name has 1 to 128 letters, digits and hyphens",
            ]
        );
    }
}
