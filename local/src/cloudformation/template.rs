//! A template, read.
//!
//! In: its text. Out: a [`Template`], with expressions for values. Guaranteed: all that is there is of a form
//! that is known, and within CloudFormation's limits; what is not is a problem at its place, and left out.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::expression::{Expression, Misread};
use super::parameters::Parameter;
use super::problem::{Place, Problems, shown};
use super::sources::TEMPLATE;
use super::types::{self, Kind};

/// How many there may be: "CloudFormation quotas".
const RESOURCES: usize = 500;
const PARAMETERS: usize = 200;
const OUTPUTS: usize = 200;
const MAPPINGS: usize = 200;
/// CloudFormation names no number for these; each may be made of the next.
const CONDITIONS: usize = 500;

/// What a template says.
#[derive(Debug, Default)]
pub(super) struct Template {
    pub(super) parameters: IndexMap<String, Parameter>,
    pub(super) mappings: Map<String, Value>,
    pub(super) conditions: IndexMap<String, Expression>,
    pub(super) resources: IndexMap<String, Resource>,
    pub(super) outputs: IndexMap<String, Output>,
    /// Names of what could not be read: to refer to them is no second mistake.
    pub(super) unread: BTreeSet<String>,
}

/// A resource, as a template declares it.
#[derive(Debug)]
pub(super) struct Resource {
    pub(super) kind: &'static Kind,
    pub(super) properties: IndexMap<String, Expression>,
    pub(super) depends_on: Vec<String>,
    pub(super) condition: Option<String>,
    pub(super) metadata: Value,
    /// Whether it stays when the template no longer has it, and when another takes its place.
    pub(super) retain: bool,
    pub(super) retain_replaced: bool,
}

/// An output, as a template declares it.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) value: Expression,
    pub(super) condition: Option<String>,
    pub(super) export: Option<Expression>,
}

impl Template {
    /// Reads a template's text.
    pub(super) fn read(text: &str, problems: &mut Problems<'_>) -> Self {
        let mut template = Self::default();
        if text.len() > TEMPLATE {
            let size = text.len();
            problems.add("", format!("the template has {size} bytes, and CloudFormation takes at most {TEMPLATE}"));
            return template;
        }
        // The reader refuses what is nested more than 128 deep.
        let root = match serde_json::from_str(text) {
            Ok(Value::Object(root)) => root,
            Ok(_) => {
                problems.add("", "the template is no object");
                return template;
            }
            Err(error) => {
                problems.add("", format!("the template is no JSON: {error}"));
                return template;
            }
        };
        for (name, section) in &root {
            let place = &mut Place::of([name.as_str()]);
            match name.as_str() {
                "AWSTemplateFormatVersion" if section == "2010-09-09" => {}
                "AWSTemplateFormatVersion" => problems.add(&*place, "the only version is `2010-09-09`"),
                "Description" if section.is_string() => {}
                "Metadata" => {}
                "Parameters" => {
                    each(section, PARAMETERS, place, problems, |name, json, place, problems| {
                        insert(
                            &mut template.parameters,
                            &mut template.unread,
                            name,
                            Parameter::read(json, place, problems),
                        );
                    });
                }
                "Mappings" => {
                    each(section, MAPPINGS, place, problems, |name, json, place, problems| match json {
                        Value::Object(map) if map.values().all(Value::is_object) => {
                            template.mappings.insert(name.to_owned(), json.clone());
                        }
                        _ => problems.add(&*place, "a mapping has two levels of keys"),
                    });
                }
                "Conditions" => {
                    each(section, CONDITIONS, place, problems, |name, json, place, problems| {
                        let read = read(Expression::read_condition(json, place), problems);
                        insert(&mut template.conditions, &mut template.unread, name, read);
                    });
                }
                "Resources" => {
                    each(section, RESOURCES, place, problems, |name, json, place, problems| {
                        insert(
                            &mut template.resources,
                            &mut template.unread,
                            name,
                            Resource::read(json, place, problems),
                        );
                    });
                }
                "Outputs" => {
                    each(section, OUTPUTS, place, problems, |name, json, place, problems| {
                        insert(&mut template.outputs, &mut template.unread, name, Output::read(json, place, problems));
                    });
                }
                other => {
                    problems.add(&*place, format!("the local engine does not have the section `{}`", shown(other)));
                }
            }
        }
        if !root.contains_key("Resources") {
            problems.add("", "At least one Resources member must be defined.");
        }
        template
    }
}

fn insert<T>(into: &mut IndexMap<String, T>, unread: &mut BTreeSet<String>, name: &str, read: Option<T>) {
    match read {
        Some(read) => {
            into.insert(name.to_owned(), read);
        }
        None => {
            unread.insert(name.to_owned());
        }
    }
}

/// Reads each entry of a section.
fn each(
    section: &Value,
    most: usize,
    place: &mut Place,
    problems: &mut Problems<'_>,
    mut entry: impl FnMut(&str, &Value, &mut Place, &mut Problems<'_>),
) {
    let Some(section) = section.as_object() else {
        problems.add(&*place, "an object is expected");
        return;
    };
    if section.len() > most {
        problems.add(&*place, format!("there are {}, and CloudFormation takes at most {most}", section.len()));
        return;
    }
    for (name, json) in section {
        place.member(name, |place| {
            let plain = !name.is_empty() && name.len() <= 255 && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
            if !plain {
                problems.add(&*place, "a logical id has 1 to 255 letters and digits");
            }
            entry(name, json, place, problems);
        });
    }
}

fn read<T>(read: Result<T, Misread>, problems: &mut Problems<'_>) -> Option<T> {
    read.map_err(|misread| problems.add(misread.place, misread.why)).ok()
}

/// The text of a member, if it is there.
fn text(members: &Map<String, Value>, member: &str, place: &mut Place, problems: &mut Problems<'_>) -> Option<String> {
    let value = members.get(member)?;
    let text = value.as_str().map(str::to_owned);
    if text.is_none() {
        place.member(member, |place| problems.add(&*place, "a text is expected"));
    }
    text
}

impl Resource {
    fn read(json: &Value, place: &mut Place, problems: &mut Problems<'_>) -> Option<Self> {
        let Some(members) = json.as_object() else {
            problems.add(&*place, "a resource is an object");
            return None;
        };
        let known =
            ["Type", "Properties", "DependsOn", "Condition", "Metadata", "DeletionPolicy", "UpdateReplacePolicy"];
        for unknown in members.keys().filter(|name| !known.contains(&name.as_str())) {
            place.member(unknown, |place| problems.add(&*place, "the local engine does not have this of a resource"));
        }
        let kind = match text(members, "Type", place, problems) {
            Some(name) => {
                let kind = types::kind(&name);
                if kind.is_none() {
                    let what = format!("the local engine does not have the resource type `{}`", shown(&name));
                    place.member("Type", |place| problems.add(&*place, what));
                }
                kind
            }
            None => {
                problems.add(&*place, "every resource has a type");
                None
            }
        };
        let depends_on = place.member("DependsOn", |place| match members.get("DependsOn") {
            None => Vec::new(),
            Some(Value::String(one)) => vec![one.clone()],
            Some(Value::Array(list)) if list.iter().all(Value::is_string) => {
                list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
            }
            Some(_) => {
                problems.add(&*place, "a logical id, or a list of them, is expected");
                Vec::new()
            }
        });
        let condition = text(members, "Condition", place, problems);
        let retain = policy(members, "DeletionPolicy", place, problems);
        let retain_replaced = policy(members, "UpdateReplacePolicy", place, problems);
        let properties = place.member("Properties", |place| properties(members, place, problems));
        let metadata = members.get("Metadata").cloned().unwrap_or(Value::Null);
        let (kind, properties) = (kind?, properties?);
        Some(Self { kind, properties, depends_on, condition, metadata, retain, retain_replaced })
    }
}

/// Whether a policy lets the resource stay.
fn policy(members: &Map<String, Value>, name: &str, place: &mut Place, problems: &mut Problems<'_>) -> bool {
    match text(members, name, place, problems).as_deref() {
        None | Some("Delete") => false,
        Some("Retain" | "RetainExceptOnCreate") => true,
        Some(other) => {
            let what = format!("the local engine does not have the policy `{}`", shown(other));
            place.member(name, |place| problems.add(&*place, what));
            false
        }
    }
}

fn properties(
    members: &Map<String, Value>,
    place: &mut Place,
    problems: &mut Problems<'_>,
) -> Option<IndexMap<String, Expression>> {
    let properties = match members.get("Properties") {
        None => return Some(IndexMap::new()),
        Some(Value::Object(properties)) => properties,
        Some(_) => {
            problems.add(&*place, "an object is expected");
            return None;
        }
    };
    let mut expressions = IndexMap::new();
    for (name, json) in properties {
        let expression = place.member(name, |place| read(Expression::read(json, place), problems));
        // What cannot be read is a problem already, and a property that is missing no second one.
        expressions.insert(name.clone(), expression.unwrap_or_else(|| Expression::Ref("AWS::NoValue".to_owned())));
    }
    Some(expressions)
}

impl Output {
    fn read(json: &Value, place: &mut Place, problems: &mut Problems<'_>) -> Option<Self> {
        let Some(members) = json.as_object() else {
            problems.add(&*place, "an output is an object");
            return None;
        };
        let known = ["Value", "Description", "Condition", "Export"];
        for unknown in members.keys().filter(|name| !known.contains(&name.as_str())) {
            place.member(unknown, |place| problems.add(&*place, "outputs have no such member"));
        }
        let Some(value) = members.get("Value") else {
            problems.add(&*place, "every output has a value");
            return None;
        };
        let value = place.member("Value", |place| read(Expression::read(value, place), problems))?;
        let condition = text(members, "Condition", place, problems);
        let export = match members.get("Export") {
            None => None,
            Some(export) => place.member("Export", |place| match export.get("Name") {
                Some(name) => place.member("Name", |place| read(Expression::read(name, place), problems)),
                None => {
                    problems.add(&*place, "an export has a name");
                    None
                }
            }),
        };
        Some(Self { value, condition, export })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        Template::read(text, &mut Problems::new("main", &mut found));
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_no_template_is_refused() {
        assert_eq!(problems("[]"), ["main: the template is no object"]);
        assert_eq!(problems("{}"), ["main: At least one Resources member must be defined."]);
        assert!(problems("{\"a\": ").concat().starts_with("main: the template is no JSON"));
        assert!(problems(&format!("{}{}", "{\"a\":".repeat(200), "}")).concat().contains("recursion limit"));
        assert!(problems(&" ".repeat(TEMPLATE + 1)).concat().contains("CloudFormation takes at most 1000000"));
    }

    #[test]
    fn every_mistake_is_told_with_its_place() {
        let template = json!({
            "AWSTemplateFormatVersion": "2011", "Transform": "AWS::Serverless-2016-10-31",
            "Conditions": {"C": {"Fn::And": [{"Fn::Equals": [1, {"Fn::Nope": 1}]}, {"Condition": "D"}]}},
            "Mappings": {"M": {"a": 1}},
            "Resources": {
                "Strange": {"Type": "AWS::EC2::Instance"},
                "a-b": {"Type": "AWS::SQS::Queue", "CreationPolicy": {}, "DeletionPolicy": "Snapshot", "DependsOn": 1},
                "Queue": {"Type": "AWS::SQS::Queue", "Properties": {
                    "QueueName": {"Fn::Join": ["-", ["a", {"Fn::Sub": "${x"}]]}, "Tags": [{"Key": null}],
                }},
                "Typeless": {}, "No": [],
            },
            "Outputs": {"O": {"Description": "x"}, "P": {"Value": {"Fn::Cidr": []}, "Export": {}}},
        });
        assert_eq!(
            problems(&template.to_string()),
            [
                "main: AWSTemplateFormatVersion: the only version is `2010-09-09`",
                "main: Transform: the local engine does not have the section `Transform`",
                "main: Conditions.C.Fn::And[0].Fn::Equals[1].Fn::Nope: there is no function `Fn::Nope`",
                "main: Mappings.M: a mapping has two levels of keys",
                "main: Resources.Strange.Type: the local engine does not have the resource type `AWS::EC2::Instance`",
                "main: Resources.a-b: a logical id has 1 to 255 letters and digits",
                "main: Resources.a-b.CreationPolicy: the local engine does not have this of a resource",
                "main: Resources.a-b.DependsOn: a logical id, or a list of them, is expected",
                "main: Resources.a-b.DeletionPolicy: the local engine does not have the policy `Snapshot`",
                "main: Resources.Queue.Properties.QueueName.Fn::Join[1][1].Fn::Sub: `${x` has a `${` without its `}`",
                "main: Resources.Queue.Properties.Tags[0].Key: null values are not allowed in templates",
                "main: Resources.Typeless: every resource has a type",
                "main: Resources.No: a resource is an object",
                "main: Outputs.O: every output has a value",
                "main: Outputs.P.Value.Fn::Cidr: the local engine does not have the function `Fn::Cidr`",
            ]
        );
    }

    #[test]
    fn more_than_cloudformation_takes_is_refused() {
        let queues: Map<String, Value> =
            (0..501).map(|number| (format!("Q{number}"), json!({"Type": "AWS::SQS::Queue"}))).collect();
        let found = problems(&json!({"Resources": queues}).to_string());
        assert_eq!(found, ["main: Resources: there are 501, and CloudFormation takes at most 500"]);
    }
}
