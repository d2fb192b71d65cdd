//! From places to templates.
//!
//! In: the scanned [`Flow`], a place for each resource, and what stands in front of the first root. Out:
//! the root stacks. Guaranteed: every reference resolves within its template; every template declares the
//! parameters and conditions that it uses, and is within CloudFormation's limits but for its bytes, which
//! are counted when it is rendered.

use std::collections::{BTreeMap, BTreeSet};

use super::error::StackError;
use super::graph::{Edges, components};
use super::key::{Layer, StackKey};
use super::limits;
use super::link::{Borders, Links, Sheet};
use super::manifest::{Given, Source};
use super::scan::{Flow, Uses};
use super::{Nested, RootStack};
use crate::cfn::services::cloudformation::Stack;
use crate::cfn::{
    Condition, Entries, LogicalId, Output, Parameter, ParameterName, ParameterType, Resource, Rule, Str, Template,
    Tree, Value,
};

/// What stands in front of the first root's resources, and the outputs of all roots.
pub(super) struct Front {
    pub(super) description: String,
    pub(super) metadata: Vec<(&'static str, Tree)>,
    pub(super) rules: Vec<Rule>,
    pub(super) outputs: Vec<Output>,
}

pub(super) fn assemble(mut flow: Flow, places: &[StackKey], front: Front) -> Result<Vec<RootStack>, StackError> {
    let mut uses = Vec::new();
    for output in &front.outputs {
        let mut of = Uses::default();
        flow.tree(output.name.as_str(), &Tree::from(output.value.clone()), &mut of)?;
        uses.push(of);
    }
    let first = places.iter().map(|key| key.root).min().unwrap_or(0);
    let mut borders = Borders::of(&flow, places, first)?;
    let mut roots_of = Vec::new();
    for (output, uses) in front.outputs.iter().zip(&uses) {
        roots_of.push(borders.output(output, uses, first)?);
    }
    borders.declare_the_rest(&front.rules, first)?;
    let (sheets, roots) = borders.close();
    let order = root_order(&roots)?;
    // The links know of the resources all they need; so these can be moved, not copied.
    let items = std::mem::take(&mut flow.items);
    let links = Links::of(&flow, &items, places, &sheets, &front.outputs)?;

    let mut outputs: BTreeMap<StackKey, Vec<Output>> = BTreeMap::new();
    for (output, root) in front.outputs.into_iter().zip(roots_of) {
        outputs.entry(StackKey::root(root)).or_default().push(settled(output, &links, StackKey::root(root)));
    }
    let mut resources: BTreeMap<StackKey, Vec<Resource>> = BTreeMap::new();
    for (item, place) in items.into_iter().zip(places) {
        let mut resource = item.placed.resource;
        if item.needs.iter().any(|need| places.get(*need as usize) != Some(place)) {
            links.settle(&mut resource, *place);
        }
        resources.entry(*place).or_default().push(resource);
    }
    let mut made = Vec::new();
    for root in order {
        let mut press =
            Press { flow: &flow, links: &links, sheets: &sheets, resources: &mut resources, outputs: &mut outputs };
        let depends_on = roots.get(&root).into_iter().flatten().map(|root| StackKey::root(*root).to_string()).collect();
        made.push(press.root(root, depends_on)?);
    }
    if let Some(main) = made.iter_mut().find(|stack| stack.name == StackKey::root(first).to_string()) {
        main.template.description = front.description;
        main.template.metadata = front.metadata;
        main.template.rules = front.rules;
    }
    Ok(made)
}

/// The roots, each after those that it depends on.
fn root_order(roots: &BTreeMap<u16, BTreeSet<u16>>) -> Result<Vec<u16>, StackError> {
    let numbers: Vec<u16> = roots.keys().copied().collect();
    let node = |root: &u16| numbers.binary_search(root).ok().and_then(|at| u32::try_from(at).ok());
    let edges: Edges = roots.values().map(|needs| needs.iter().filter_map(node).collect()).collect();
    let mut order = Vec::new();
    for members in components(&edges) {
        let members: Vec<u16> = members.iter().filter_map(|at| numbers.get(*at as usize).copied()).collect();
        if members.len() > 1 {
            return Err(StackError::Circle(members.iter().map(|root| StackKey::root(*root).to_string()).collect()));
        }
        order.extend(members);
    }
    Ok(order)
}

fn settled(mut output: Output, links: &Links<'_>, here: StackKey) -> Output {
    output.value = output.value.rewritten(&mut |intrinsic| links.rewritten(intrinsic, here));
    output
}

/// Makes templates of sheets.
struct Press<'a> {
    flow: &'a Flow,
    links: &'a Links<'a>,
    sheets: &'a BTreeMap<StackKey, Sheet>,
    resources: &'a mut BTreeMap<StackKey, Vec<Resource>>,
    outputs: &'a mut BTreeMap<StackKey, Vec<Output>>,
}

impl Press<'_> {
    fn root(&mut self, root: u16, depends_on: Vec<String>) -> Result<RootStack, StackError> {
        let key = StackKey::root(root);
        let range = StackKey::nested(root, Layer::State, 0)..=StackKey::nested(root, Layer::Wiring, u16::MAX);
        let sheets = self.sheets;
        let (mut nested, mut stacks, mut total) = (Vec::new(), Vec::new(), 0);
        for (key, sheet) in sheets.range(range) {
            stacks.push(self.stack(*key, sheet)?);
            let template = Template {
                description: format!("Nested in {}: {}", StackKey::root(root), key.to_string().replace('/', ", ")),
                ..self.template(*key, sheet)?
            };
            total += sheet.count + 1;
            nested.push(Nested { name: key.to_string(), logical_id: key.logical_id(), file: key.file(), template });
        }
        let mut template = match sheets.get(&key) {
            Some(sheet) => self.template(key, sheet)?,
            None => Template::default(),
        };
        template.resources.extend(stacks);
        limits::check(&key.to_string(), "resources", template.resources.len(), limits::TEMPLATE_RESOURCES)?;
        let all = total + template.resources.len() - nested.len();
        limits::check(&key.to_string(), "resources with all that is nested", all, limits::OPERATION_RESOURCES)?;
        let parameters = self.given(root);
        Ok(RootStack { name: key.to_string(), file: key.file(), template, nested, parameters, depends_on })
    }

    /// Where a root's parameters come from, in the order of its template.
    fn given(&self, root: u16) -> Vec<Given> {
        let Some(sheet) = self.sheets.get(&StackKey::root(root)) else { return Vec::new() };
        let own = self.parameters(sheet).map(|parameter| Given { name: parameter.name.to_string(), from: None });
        let imported = self.links.by_name(&sheet.imports).into_iter().map(|(name, value)| Given {
            name: name.to_string(),
            from: self
                .links
                .root(value)
                .map(|root| Source { stack: StackKey::root(root).to_string(), output: name.to_string() }),
        });
        own.chain(imported).collect()
    }

    fn parameters<'s>(&'s self, sheet: &'s Sheet) -> impl Iterator<Item = &'s Parameter> {
        sheet.parameters.iter().filter_map(|at| self.flow.parameters.get(*at as usize))
    }

    fn template(&mut self, key: StackKey, sheet: &Sheet) -> Result<Template, StackError> {
        let mut parameters: Vec<Parameter> = self.parameters(sheet).cloned().collect();
        if key.nested.is_some() {
            // The root has looked the value up, and passes the text itself.
            parameters
                .iter_mut()
                .filter(|p| p.kind == ParameterType::SsmString)
                .for_each(|p| p.kind = ParameterType::String);
        }
        for (name, value) in self.links.by_name(&sheet.imports) {
            let mut parameter = Parameter::text(ParameterName::from(name), "");
            parameter.description = None;
            if key.nested.is_none() && self.links.condition(value).is_some() {
                parameter.default = Some(String::new());
            }
            parameters.push(parameter);
        }
        let mut outputs = self.outputs.remove(&key).unwrap_or_default();
        for (name, value) in self.links.by_name(&sheet.exports) {
            if let Some(seen) = self.links.seen(value, key) {
                let condition = self.links.condition(value).cloned();
                outputs.push(Output {
                    name: name.clone(),
                    value: Value::Intrinsic(seen),
                    description: None,
                    condition,
                    export: None,
                });
            }
        }
        let conditions: Vec<Condition> =
            sheet.conditions.iter().filter_map(|at| self.flow.conditions.get(*at as usize)).cloned().collect();
        let resources = self.resources.remove(&key).unwrap_or_default();
        let name = key.to_string();
        limits::check(&name, "resources", resources.len(), limits::TEMPLATE_RESOURCES)?;
        limits::check(&name, "parameters", parameters.len(), limits::TEMPLATE_PARAMETERS)?;
        limits::check(&name, "outputs", outputs.len(), limits::TEMPLATE_OUTPUTS)?;
        Ok(Template { parameters, conditions, resources, outputs, ..Template::default() })
    }

    /// A nested stack as a resource of its root.
    fn stack(&self, key: StackKey, sheet: &Sheet) -> Result<Resource, StackError> {
        let mut stack = Stack::new(key.file());
        let own = self.parameters(sheet).map(|p| (p.name.to_string(), Str::parameter(&p.name)));
        let mut parameters: Vec<(String, Str)> = own.collect();
        let mut after = sheet.after.clone();
        for (name, value) in self.links.by_name(&sheet.imports) {
            if let Some(passed) = self.links.passed(value, key.root) {
                parameters.push((name.to_string(), passed));
            }
            if let Some(implied) = self.links.implied(value) {
                after.remove(&implied);
            }
        }
        stack.parameters = Entries(parameters);
        // What a stack holds and must outlive it says so itself.
        let mut resource = Resource::new(LogicalId::new(key.logical_id())?, &stack)?.deleted();
        resource.depends_on = after.into_iter().collect();
        Ok(resource)
    }
}
