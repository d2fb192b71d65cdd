//! What names stand for within one stack, while it is brought up.
//!
//! In: a stack's parameters, and what was made so far. Out: the values of its expressions. Guaranteed: a
//! resource whose condition does not hold has no value.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::evaluate::{self, Scope};
use super::expression::Expression;
use super::problem::{Place, Problems, shown};
use super::template::Template;
use super::types::Made;
use crate::kernel;

/// The names that CloudFormation gives itself.
pub(super) const PSEUDO: [&str; 8] = [
    "AWS::AccountId",
    "AWS::NoValue",
    "AWS::NotificationARNs",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
];

/// A stack as its expressions see it.
#[derive(Debug)]
pub(super) struct Values<'a> {
    pub(super) here: &'a kernel::Place,
    /// Its name and its ARN.
    pub(super) stack: (&'a str, &'a str),
    pub(super) mappings: &'a Map<String, Value>,
    pub(super) parameters: BTreeMap<String, Value>,
    pub(super) conditions: BTreeMap<String, bool>,
    pub(super) made: BTreeMap<String, Made>,
    pub(super) exports: &'a BTreeMap<String, String>,
}

impl Scope for Values<'_> {
    fn name(&self, name: &str) -> Result<Option<Value>, String> {
        let here = self.here;
        Ok(Some(match name {
            "AWS::AccountId" => json!(&*here.account),
            "AWS::NoValue" => return Ok(None),
            "AWS::NotificationARNs" => json!([]),
            "AWS::Partition" => json!("aws"),
            "AWS::Region" => json!(&*here.region),
            "AWS::StackId" => json!(self.stack.1),
            "AWS::StackName" => json!(self.stack.0),
            "AWS::URLSuffix" => json!("amazonaws.com"),
            name => match (self.parameters.get(name), self.made.get(name)) {
                (Some(value), _) => value.clone(),
                (None, Some(made)) => json!(made.id),
                (None, None) => return Err(self.nothing(name)),
            },
        }))
    }

    fn attribute(&self, resource: &str, attribute: &str) -> Result<Value, String> {
        let made = self.made.get(resource).ok_or_else(|| self.nothing(resource))?;
        let value = made.attributes.get(attribute).cloned();
        value.ok_or_else(|| format!("the resource `{resource}` has no attribute `{}`", shown(attribute)))
    }

    fn condition(&self, name: &str) -> Result<bool, String> {
        self.conditions.get(name).copied().ok_or_else(|| format!("there is no condition `{}`", shown(name)))
    }

    fn mapping(&self, map: &str, first: &str, second: &str) -> Result<Value, String> {
        let found = self.mappings.get(map).and_then(|map| map.get(first)?.get(second));
        found
            .cloned()
            .ok_or_else(|| format!("the mapping `{}` has no `{}` of `{}`", shown(map), shown(second), shown(first)))
    }

    fn import(&self, name: &str) -> Result<Value, String> {
        self.exports
            .get(name)
            .map(|value| json!(value))
            .ok_or_else(|| format!("No export named {} found.", shown(name)))
    }
}

impl Values<'_> {
    fn nothing(&self, name: &str) -> String {
        format!("Unresolved resource dependencies [{name}]: its condition does not hold")
    }

    /// The values of all conditions; what has none is a problem.
    pub(super) fn settle(&mut self, template: &Template, problems: &mut Problems<'_>) {
        for name in template.conditions.keys() {
            let mut within = Vec::new();
            if let Err(what) = self.holds(name, template, &mut within) {
                problems.add(Place::of(["Conditions", name.as_str()]), what);
            }
        }
    }

    fn holds<'t>(&mut self, name: &'t str, template: &'t Template, within: &mut Vec<&'t str>) -> Result<bool, String> {
        if let Some(known) = self.conditions.get(name) {
            return Ok(*known);
        }
        if within.contains(&name) {
            return Err(format!(
                "Circular dependency between conditions: {}",
                [within.as_slice(), &[name]].concat().join(" → ")
            ));
        }
        let expression =
            template.conditions.get(name).ok_or_else(|| format!("there is no condition `{}`", shown(name)))?;
        within.push(name);
        for needed in conditions(expression) {
            self.holds(needed, template, within)?;
        }
        within.pop();
        let holds = evaluate::holds(expression, self)?;
        self.conditions.insert(name.to_owned(), holds);
        Ok(holds)
    }
}

/// The conditions that a condition is made of.
fn conditions(expression: &Expression) -> Vec<&str> {
    match expression {
        Expression::Condition(name) => vec![name],
        Expression::And(parts) | Expression::Or(parts) => parts.iter().flat_map(conditions).collect(),
        Expression::Not(part) => conditions(part),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(conditions: Value) -> Result<BTreeMap<String, bool>, Vec<String>> {
        let mut found = Vec::new();
        let mut problems = Problems::new("main", &mut found);
        let text = json!({"Conditions": conditions, "Resources": {}}).to_string();
        let template = Template::read(&text, &mut problems);
        let here = kernel::Place::default();
        let mut values = Values {
            here: &here,
            stack: ("main", "arn"),
            mappings: &template.mappings,
            parameters: BTreeMap::from([("Stage".to_owned(), json!("dev"))]),
            conditions: BTreeMap::new(),
            made: BTreeMap::new(),
            exports: &BTreeMap::new(),
        };
        values.settle(&template, &mut problems);
        let conditions = values.conditions;
        if found.is_empty() { Ok(conditions) } else { Err(found.iter().map(ToString::to_string).collect()) }
    }

    #[test]
    fn conditions_are_made_of_others_in_any_order() {
        let found = settled(json!({
            "Both": {"Fn::And": [{"Condition": "IsDev"}, {"Fn::Not": [{"Condition": "IsProd"}]}]},
            "IsDev": {"Fn::Equals": [{"Ref": "Stage"}, "dev"]},
            "IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
        }));
        let expected = [("Both", true), ("IsDev", true), ("IsProd", false)];
        assert_eq!(found, Ok(expected.map(|(name, holds)| (name.to_owned(), holds)).into()));
    }

    #[test]
    fn a_circle_of_conditions_is_named() {
        let found = settled(json!({"A": {"Fn::Not": [{"Condition": "B"}]}, "B": {"Condition": "A"}}));
        assert_eq!(
            found.unwrap_err().first().unwrap(),
            "main: Conditions.A: Circular dependency between conditions: A → B → A"
        );
    }
}
