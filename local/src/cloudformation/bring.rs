//! Bringing the stacks up: from trees of templates to resources.
//!
//! In: trees that were checked, and parameters. Out: calls and records. Guaranteed: a resource is made after
//! all that it needs; what is to go, goes at the end and backwards, and only when all else is as it should be;
//! one that cannot be made keeps back those that need it, and no other.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{FutureExt, LocalBoxFuture};
use serde_json::Value;

use super::evaluate;
use super::make::Maker;
use super::order::{is_there, needs, order};
use super::problem::{Place, Problem, Problems};
use super::records::{Record, Records, StackRecord, key};
use super::scope::Values;
use super::template::{Resource, Template};
use super::tree::Tree;
use super::types::{self, Made, Make, Properties};
use super::{Deployed, DeployedResource, DeployedStack};
use crate::kernel::{Outcome, World};

/// One deployment.
#[derive(Debug)]
pub(super) struct Run<'a> {
    world: &'a World,
    records: &'a Records,
    pub(super) problems: Vec<Problem>,
    pub(super) deployed: Deployed,
    /// What is to be there: keys of resources.
    seen: BTreeSet<String>,
    /// The outputs of stacks by their paths, and what they export.
    outputs: BTreeMap<String, BTreeMap<String, String>>,
    exports: BTreeMap<String, String>,
}

/// A stack's name, as it stands in names of resources.
fn stack_name(path: &str) -> String {
    path.replace('/', "-")
}

/// A stack whose parameters have values.
pub(super) struct Prepared<'a> {
    values: Values<'a>,
    order: Vec<&'a str>,
}

/// Gives parameters and conditions their values, and resources their order.
pub(super) fn prepare<'a>(
    world: &'a World,
    tree: &'a Tree,
    stack: (&'a str, &'a str),
    given: &BTreeMap<String, String>,
    exports: &'a BTreeMap<String, String>,
    found: &mut Vec<Problem>,
) -> Option<Prepared<'a>> {
    let before = found.len();
    let problems = &mut Problems::new(&tree.path, found);
    let template = &tree.template;
    let mut parameters = BTreeMap::new();
    for (name, parameter) in &template.parameters {
        match parameter.value(name, given.get(name).map(String::as_str)) {
            Ok(value) => {
                parameters.insert(name.clone(), value);
            }
            Err(what) => problems.add(Place::of(["Parameters", name.as_str()]), what),
        }
    }
    if parameters.len() < template.parameters.len() {
        return None;
    }
    let mut values = Values {
        here: &world.place,
        stack,
        mappings: &template.mappings,
        parameters,
        conditions: BTreeMap::new(),
        made: BTreeMap::new(),
        exports,
    };
    values.settle(template, problems);
    check_absent(template, &values.conditions, problems);
    let order = match order(template, &values.conditions) {
        Ok(order) => order,
        Err(circle) => {
            let first = circle.first().copied().unwrap_or_default();
            let circle: Vec<&str> = circle.iter().copied().chain([first]).collect();
            let what = format!("Circular dependency between resources: {}", circle.join(" → "));
            problems.add(Place::of(["Resources", first]), what);
            Vec::new()
        }
    };
    (found.len() == before).then_some(Prepared { values, order })
}

/// Finds references to resources whose condition does not hold.
fn check_absent(template: &Template, conditions: &BTreeMap<String, bool>, problems: &mut Problems<'_>) {
    use super::expression::Reference;
    let holds = |name: &str| conditions.get(name).copied();
    let mut check = |place: &Place, reference: Reference<'_>| {
        let (Reference::Name(name) | Reference::Attribute(name, _)) = reference else { return };
        if template.resources.get(name).is_some_and(|resource| !is_there(resource, conditions)) {
            let what = format!("Unresolved resource dependencies [{name}]: its condition does not hold");
            problems.add(place, what);
        }
    };
    for (logical, resource) in template.resources.iter().filter(|(_, resource)| is_there(resource, conditions)) {
        for (name, expression) in &resource.properties {
            let place = &mut Place::of(["Resources", logical.as_str(), "Properties", name.as_str()]);
            expression.references(place, &holds, &mut check);
        }
    }
    for (name, output) in &template.outputs {
        if output.condition.as_ref().is_none_or(|condition| holds(condition).unwrap_or(false)) {
            let place = &mut Place::of(["Outputs", name.as_str(), "Value"]);
            output.value.references(place, &holds, &mut check);
        }
    }
}

impl<'a> Run<'a> {
    pub(super) fn new(world: &'a World, records: &'a Records) -> Self {
        Self {
            world,
            records,
            problems: Vec::new(),
            deployed: Deployed::default(),
            seen: BTreeSet::new(),
            outputs: BTreeMap::new(),
            exports: BTreeMap::new(),
        }
    }

    /// Brings up the roots in their order, and then takes away what is no longer there.
    pub(super) async fn roots(&mut self, trees: &[Tree], parameters: &BTreeMap<String, String>) {
        for tree in trees {
            let declared = |name: &&String| tree.template.parameters.contains_key(*name);
            let given = parameters.iter().filter(|(name, _)| declared(name));
            let mut given: BTreeMap<String, String> =
                given.map(|(name, value)| (name.clone(), value.clone())).collect();
            if tree.from.values().any(|origin| !self.outputs.contains_key(&origin.stack)) {
                // The stack that it needs has failed, which is told.
                continue;
            }
            for (name, origin) in &tree.from {
                let value = self.outputs.get(&origin.stack).and_then(|outputs| outputs.get(&origin.output));
                given.extend(value.map(|value| (name.clone(), value.clone())));
            }
            self.stack(tree, &given).await;
        }
        if self.problems.is_empty() {
            self.tidy().await;
        }
    }

    /// Brings up a stack; its outputs, unless something in it failed.
    fn stack<'s>(
        &'s mut self,
        tree: &'s Tree,
        given: &'s BTreeMap<String, String>,
    ) -> LocalBoxFuture<'s, Option<String>> {
        async move {
            let name = stack_name(&tree.path);
            let record = self.records.stack(&tree.path).unwrap_or_else(|| {
                let id = self.world.place.arn("cloudformation", &format!("stack/{name}/{}", self.world.random.uuid()));
                StackRecord { id: id.to_string(), ..StackRecord::default() }
            });
            self.records.put_stack(&tree.path, record.clone());
            let exports = self.exports.clone();
            let id = record.id.clone();
            let stack = (name.as_str(), id.as_str());
            let prepared = prepare(self.world, tree, stack, given, &exports, &mut self.problems)?;
            let Prepared { mut values, order } = prepared;
            let mut failed = BTreeSet::new();
            for logical in order {
                let Some(resource) = tree.template.resources.get(logical) else { continue };
                self.seen.insert(key(&tree.path, logical));
                let needs = needs(resource, &tree.template, &values.conditions);
                let made = match needs.iter().any(|needed| failed.contains(*needed)) {
                    true => None,
                    false => self.resource(tree, logical, resource, &values).await,
                };
                match made {
                    Some(made) => {
                        values.made.insert(logical.to_owned(), made);
                    }
                    None => {
                        failed.insert(logical);
                    }
                }
            }
            if !failed.is_empty() {
                return None;
            }
            self.finish(tree, &values, record)?;
            Some(id.clone())
        }
        .boxed_local()
    }

    /// Gives a stack's outputs their values.
    fn finish(&mut self, tree: &Tree, values: &Values<'_>, mut record: StackRecord) -> Option<()> {
        let before = self.problems.len();
        let problems = &mut Problems::new(&tree.path, &mut self.problems);
        (record.outputs, record.exports) = (BTreeMap::new(), BTreeMap::new());
        for (name, output) in &tree.template.outputs {
            let holds = |condition: &String| values.conditions.get(condition) == Some(&true);
            if !output.condition.as_ref().is_none_or(holds) {
                continue;
            }
            let text = |expression| match evaluate::value(expression, values) {
                Ok(Some(Value::String(text))) => Ok(text),
                Ok(Some(value @ (Value::Number(_) | Value::Bool(_)))) => Ok(value.to_string()),
                Ok(_) => Err("an output is a text".to_owned()),
                Err(what) => Err(what),
            };
            match text(&output.value) {
                Ok(value) => {
                    match output.export.as_ref().map(text) {
                        Some(Ok(export)) => {
                            record.exports.insert(export, value.clone());
                        }
                        Some(Err(what)) => problems.add(Place::of(["Outputs", name.as_str(), "Export"]), what),
                        None => {}
                    }
                    record.outputs.insert(name.clone(), value);
                }
                Err(what) => problems.add(Place::of(["Outputs", name.as_str(), "Value"]), what),
            }
        }
        for (name, value) in &record.exports {
            if self.exports.insert(name.clone(), value.clone()).is_some() {
                let problems = &mut Problems::new(&tree.path, &mut self.problems);
                problems.add("Outputs", format!("Export with name {name} is already exported by another stack"));
            }
        }
        self.outputs.insert(tree.path.clone(), record.outputs.clone());
        self.deployed.stacks.push(DeployedStack {
            name: tree.path.clone(),
            id: record.id.clone(),
            outputs: record.outputs.clone(),
        });
        self.records.put_stack(&tree.path, record);
        (self.problems.len() == before).then_some(())
    }

    /// Brings up one resource.
    async fn resource(&mut self, tree: &Tree, logical: &str, resource: &Resource, values: &Values<'_>) -> Option<Made> {
        let wanted = self.evaluate(tree, logical, resource, values)?;
        let maker = Maker { world: self.world, records: self.records, path: &tree.path, stack: values.stack.0 };
        let nested = match &resource.kind.make {
            Make::Stack => Some(self.nested(tree, logical, &wanted).await?),
            Make::Calls(_) | Make::Inert(..) => None,
        };
        let record = match maker.bring(logical, resource, wanted).await {
            Ok(record) => record,
            Err(what) => {
                Problems::new(&tree.path, &mut self.problems).add(Place::of(["Resources", logical]), what);
                return None;
            }
        };
        let made = match nested {
            Some(made) => {
                let record = Record { made: made.clone(), ..Record::clone(&record) };
                self.records.put(&key(&tree.path, logical), record);
                made
            }
            None => record.made.clone(),
        };
        self.deployed.resources.push(DeployedResource {
            stack: tree.path.clone(),
            logical_id: logical.to_owned(),
            physical_id: made.id.clone(),
            kind: resource.kind.name,
            attributes: made.attributes.clone(),
            metadata: record.metadata.clone(),
        });
        Some(made)
    }

    /// Brings up a stack in a stack.
    async fn nested(&mut self, tree: &Tree, logical: &str, wanted: &Properties) -> Option<Made> {
        let nested = tree.nested.get(logical)?;
        let given = wanted.get("Parameters").and_then(Value::as_object).into_iter().flatten();
        let given: BTreeMap<String, String> =
            given.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect();
        let id = self.stack(nested, &given).await?;
        let outputs = self.outputs.get(&nested.path)?;
        let attributes = outputs.iter().map(|(name, value)| (format!("Outputs.{name}"), Value::from(value.as_str())));
        Some(Made { id, attributes: attributes.collect() })
    }

    /// The values of a resource's properties, in the form that its type has them.
    fn evaluate(&mut self, tree: &Tree, logical: &str, resource: &Resource, values: &Values<'_>) -> Option<Properties> {
        let before = self.problems.len();
        let problems = &mut Problems::new(&tree.path, &mut self.problems);
        let place = &mut Place::of(["Resources", logical, "Properties"]);
        let mut wanted = Properties::new();
        for property in resource.kind.properties {
            let Some(expression) = resource.properties.get(property.name) else { continue };
            place.member(property.name, |place| match evaluate::value(expression, values) {
                Ok(Some(value)) => {
                    let value = types::formed(property.shape, value, place, problems);
                    wanted.insert(property.name.to_owned(), value);
                }
                Ok(None) if property.required => problems.add(&*place, "it is needed, and is `AWS::NoValue`"),
                Ok(None) => {}
                Err(what) => problems.add(&*place, what),
            });
        }
        (self.problems.len() == before).then_some(wanted)
    }

    /// Takes away what no template has any more, and what was replaced: the latest first.
    async fn tidy(&mut self) {
        for gone in self.records.keys().into_iter().filter(|key| !self.seen.contains(key)) {
            let Some(record) = self.records.get(&gone) else { continue };
            let mut above = gone.as_str();
            let mut retained = record.retain;
            while let Some((stack, _)) = above.rsplit_once('/') {
                retained |= self.records.get(stack).is_some_and(|stack| stack.retain);
                above = stack;
            }
            if let Some(next) = &record.next {
                self.records.leave(&gone, Record::clone(next), retained);
            }
            self.records.leave(&gone, Record { next: None, ..Record::clone(&record) }, retained);
        }
        for gone in self.records.keys().into_iter().filter(|key| !self.seen.contains(key)) {
            self.records.take(&gone);
        }
        self.records.keep_stacks(|path| self.outputs.contains_key(path));
        for (at, leaving) in self.records.leaving() {
            let (path, logical) = (leaving.stack.as_str(), leaving.logical.as_str());
            let kind = types::kind(&leaving.record.kind).filter(|_| !leaving.retained);
            let gone = match kind {
                Some(kind) => {
                    self.records.going(&at);
                    let stack = stack_name(path);
                    let maker = Maker { world: self.world, records: self.records, path, stack: &stack };
                    maker.delete(logical, kind, &leaving.record).await
                }
                None => {
                    if !leaving.record.made.id.is_empty() {
                        let (key, detail) = (key(path, logical), leaving.record.made.id.clone());
                        let log = &self.world.log;
                        log.tell("cloudformation", &key, "retained", Outcome::Done, || detail.into());
                    }
                    Ok(())
                }
            };
            match gone {
                Ok(()) => {
                    self.records.left(&at);
                }
                Err(refused) => {
                    let place = Place::of(["Resources", logical]);
                    Problems::new(path, &mut self.deployed.left).add(place, refused.to_string());
                }
            }
        }
    }
}
