//! What refers to what.
//!
//! In: the resources in any order, parameters and conditions. Out: a [`Flow`]: resources in their final
//! order, each with its size and with what it uses. Guaranteed: every name that a resource uses exists,
//! and no logical id is there twice.

use indexmap::{IndexMap, IndexSet};

use super::Placed;
use super::error::StackError;
use super::graph::Edges;
use crate::cfn::{Attribute, Condition, Expr, Intrinsic, LogicalId, Parameter, Tree};

/// A value that a resource offers: what `Ref` gives, or an attribute.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Offer {
    /// Whose it is.
    pub(super) item: u32,
    /// The attribute; `None` for what `Ref` gives.
    pub(super) attribute: Option<Attribute>,
}

/// One resource, and what it uses, each once, in the order of first use.
pub(super) struct Item {
    pub(super) placed: Placed,
    /// At least as many bytes as it takes in a template.
    pub(super) bytes: usize,
    /// Resources, by reference or by `DependsOn`.
    pub(super) needs: Vec<u32>,
    /// Values of resources, by their place in [`Flow::offers`].
    pub(super) values: Vec<u32>,
    /// Parameters, its condition's included.
    pub(super) parameters: Vec<u32>,
    /// Conditions, and those that they are made of.
    pub(super) conditions: Vec<u32>,
}

/// Everything that was scanned; numbers are places in these.
pub(super) struct Flow {
    /// Shared things first, then by owner, layer and logical id.
    pub(super) items: Vec<Item>,
    pub(super) index: IndexMap<LogicalId, u32>,
    pub(super) offers: IndexSet<Offer>,
    pub(super) parameters: Vec<Parameter>,
    pub(super) conditions: Vec<Condition>,
    names: Names,
}

/// What a tree uses.
#[derive(Default)]
pub(super) struct Uses {
    pub(super) needs: IndexSet<u32>,
    pub(super) values: IndexSet<u32>,
    pub(super) parameters: IndexSet<u32>,
    pub(super) conditions: IndexSet<u32>,
}

/// Parameters and conditions by name, and what each condition is made of.
struct Names {
    parameters: IndexMap<String, u32>,
    conditions: IndexMap<String, u32>,
    made_of: Vec<(IndexSet<u32>, IndexSet<u32>)>,
}

impl Names {
    fn of(parameters: &[Parameter], conditions: &[Condition]) -> Result<Self, StackError> {
        let parameters = (0..).zip(parameters).map(|(at, p)| (p.name.as_str().to_owned(), at)).collect();
        let by_name = (0..).zip(conditions).map(|(at, c)| (c.name.as_str().to_owned(), at)).collect();
        let mut names = Self { parameters, conditions: by_name, made_of: Vec::new() };
        let mut edges: Edges = Vec::new();
        let mut direct = Vec::new();
        for condition in conditions {
            let (parameters, inner) = names.expr(condition.name.as_str(), &condition.expr)?;
            edges.push(inner.iter().copied().collect());
            direct.push(parameters);
        }
        names.made_of = vec![Default::default(); conditions.len()];
        for members in super::graph::components(&edges) {
            let [at] = members.as_slice() else {
                let name = |at: &u32| conditions.get(*at as usize).map(|c| c.name.to_string());
                return Err(StackError::Circle(members.iter().filter_map(name).collect()));
            };
            let at = *at as usize;
            let (mut parameters, mut all) = (direct.get(at).cloned().unwrap_or_default(), IndexSet::new());
            for inner in edges.get(at).into_iter().flatten() {
                all.insert(*inner);
                for (inner_parameters, inner_conditions) in names.made_of(*inner) {
                    parameters.extend(inner_parameters);
                    all.extend(inner_conditions);
                }
            }
            if let Some(slot) = names.made_of.get_mut(at) {
                *slot = (parameters, all);
            }
        }
        Ok(names)
    }

    fn made_of(&self, condition: u32) -> impl Iterator<Item = &(IndexSet<u32>, IndexSet<u32>)> {
        self.made_of.get(condition as usize).into_iter()
    }

    fn expr(&self, from: &str, expr: &Expr) -> Result<(IndexSet<u32>, IndexSet<u32>), StackError> {
        let (mut parameters, mut conditions, mut unknown) = (IndexSet::new(), IndexSet::new(), None);
        let mut missing = Vec::new();
        expr.visit(
            &mut |name| match self.parameters.get(name.as_str()) {
                Some(at) => _ = parameters.insert(*at),
                None => unknown = Some((name.to_string(), "parameter")),
            },
            &mut |name| match self.conditions.get(name.as_str()) {
                Some(at) => _ = conditions.insert(*at),
                None => missing.push(name.to_string()),
            },
        );
        let unknown = unknown.or_else(|| missing.pop().map(|name| (name, "condition")));
        match unknown {
            Some((to, what)) => Err(StackError::Unknown { from: from.to_owned(), to, what }),
            None => Ok((parameters, conditions)),
        }
    }
}

impl Flow {
    /// The resource at this place.
    pub(super) fn item(&self, at: u32) -> Option<&Item> {
        self.items.get(at as usize)
    }

    /// Its logical id; empty for none.
    pub(super) fn id(&self, at: u32) -> &str {
        self.item(at).map_or("", |item| item.placed.resource.id().as_str())
    }

    /// What an expression outside of the resources uses: parameters, and conditions with their parts.
    pub(super) fn expr(&self, from: &str, expr: &Expr) -> Result<Uses, StackError> {
        let (parameters, conditions) = self.names.expr(from, expr)?;
        let mut uses = Uses { parameters, ..Uses::default() };
        for condition in conditions {
            self.add_condition(condition, &mut uses);
        }
        Ok(uses)
    }

    /// Adds a condition by name, with its parts.
    pub(super) fn condition(&self, from: &str, name: &str, uses: &mut Uses) -> Result<(), StackError> {
        let at = self.names.conditions.get(name).copied();
        let unknown = || StackError::Unknown { from: from.to_owned(), to: name.to_owned(), what: "condition" };
        self.add_condition(at.ok_or_else(unknown)?, uses);
        Ok(())
    }

    fn add_condition(&self, at: u32, uses: &mut Uses) {
        uses.conditions.insert(at);
        for (parameters, conditions) in self.names.made_of(at) {
            uses.parameters.extend(parameters);
            uses.conditions.extend(conditions);
        }
    }

    /// Adds what a tree uses.
    pub(super) fn tree(&mut self, from: &str, tree: &Tree, uses: &mut Uses) -> Result<(), StackError> {
        let mut failed = None;
        let mut conditions = Vec::new();
        let (index, names, offers) = (&self.index, &self.names, &mut self.offers);
        let mut offer = |id: &LogicalId, attribute: Option<Attribute>, uses: &mut Uses| match index.get(id) {
            Some(item) => {
                uses.needs.insert(*item);
                let (at, _) = offers.insert_full(Offer { item: *item, attribute });
                uses.values.insert(u32::try_from(at).unwrap_or(u32::MAX));
            }
            None => failed = Some(StackError::Dangling { from: from.to_owned(), to: id.to_string() }),
        };
        let mut unknown = None;
        tree.visit(&mut |intrinsic| match intrinsic {
            Intrinsic::Ref(id) => offer(id, None, uses),
            Intrinsic::GetAtt(id, attribute) => offer(id, Some(attribute.clone()), uses),
            Intrinsic::Parameter(name) => match names.parameters.get(name.as_str()) {
                Some(at) => _ = uses.parameters.insert(*at),
                None => unknown = Some(name.to_string()),
            },
            Intrinsic::If(name, ..) => conditions.push(name.clone()),
            Intrinsic::Pseudo(_) | Intrinsic::Join(_) => {}
        });
        if let Some(to) = unknown {
            return Err(StackError::Unknown { from: from.to_owned(), to, what: "parameter" });
        }
        if let Some(error) = failed {
            return Err(error);
        }
        conditions.iter().try_for_each(|name| self.condition(from, name.as_str(), uses))
    }
}

/// Puts the resources in order and finds what each uses.
pub(super) fn scan(
    mut resources: Vec<Placed>,
    parameters: Vec<Parameter>,
    conditions: Vec<Condition>,
) -> Result<Flow, StackError> {
    fn order(placed: &Placed) -> (bool, &str, super::Layer, &str) {
        (placed.component > 0, &placed.owner, placed.layer, placed.resource.id().as_str())
    }
    resources.sort_by(|a, b| order(a).cmp(&order(b)));
    let mut index = IndexMap::with_capacity(resources.len());
    for (at, placed) in (0..).zip(&resources) {
        if index.insert(placed.resource.id().clone(), at).is_some() {
            return Err(StackError::Duplicate(placed.resource.id().to_string()));
        }
    }
    if let Some(parameter) = parameters.iter().find(|p| index.contains_key(p.name.as_str())) {
        return Err(StackError::Duplicate(parameter.name.to_string()));
    }
    let names = Names::of(&parameters, &conditions)?;
    let mut flow = Flow { items: Vec::new(), index, offers: IndexSet::new(), parameters, conditions, names };
    let mut items = Vec::with_capacity(resources.len());
    for placed in resources {
        let mut uses = Uses::default();
        let resource = &placed.resource;
        let from = resource.id().as_str();
        flow.tree(from, &resource.properties, &mut uses)?;
        resource.metadata.iter().try_for_each(|(_, tree)| flow.tree(from, tree, &mut uses))?;
        if let Some(condition) = &resource.condition {
            flow.condition(from, condition.as_str(), &mut uses)?;
        }
        for id in &resource.depends_on {
            let missing = || StackError::Dangling { from: from.to_owned(), to: id.to_string() };
            uses.needs.insert(*flow.index.get(id).ok_or_else(missing)?);
        }
        let bytes = resource.at_most();
        let Uses { needs, values, parameters, conditions } = uses;
        items.push(Item {
            placed,
            bytes,
            needs: needs.into_iter().collect(),
            values: values.into_iter().collect(),
            parameters: parameters.into_iter().collect(),
            conditions: conditions.into_iter().collect(),
        });
    }
    flow.items = items;
    Ok(flow)
}
