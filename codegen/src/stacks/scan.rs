//! What refers to what.
//!
//! In: the resources in any order, parameters and conditions. Out: a [`Flow`]: resources in their final
//! order, each with its size and with what it uses. Guaranteed: every name that a resource uses exists,
//! and no logical id is there twice.

use indexmap::{IndexMap, IndexSet};

use super::Placed;
use super::error::StackError;
use super::graph::Edges;
use super::key::StackKey;
use crate::cfn::{Attribute, Condition, Expr, Intrinsic, LogicalId, Parameter, Tree};

/// A value that a resource offers: what `Ref` gives, or an attribute.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Offer {
    /// Whose it is.
    pub(super) item: u32,
    /// The attribute; `None` for what `Ref` gives.
    pub(super) attribute: Option<Attribute>,
}

/// One resource, and what it uses, each once.
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
    /// Of each offer that a resource uses, what gives the same in a template without its resource.
    pub(super) composed: Vec<Option<Composed>>,
    names: Names,
}

/// A value that need not cross, and the parameters of which it is made.
pub(super) struct Composed {
    pub(super) value: Intrinsic,
    pub(super) parameters: Vec<u32>,
}

/// An [`Offer`] to look for.
#[derive(Hash)]
struct Wanted<'a> {
    item: u32,
    attribute: Option<&'a str>,
}

impl indexmap::Equivalent<Offer> for Wanted<'_> {
    fn equivalent(&self, offer: &Offer) -> bool {
        self.item == offer.item && self.attribute == offer.attribute.as_deref()
    }
}

/// What a tree uses.
#[derive(Default)]
pub(super) struct Uses {
    pub(super) needs: Vec<u32>,
    pub(super) values: Vec<u32>,
    pub(super) parameters: Vec<u32>,
    pub(super) conditions: Vec<u32>,
}

/// In order, each once.
pub(super) fn once(mut list: Vec<u32>) -> Vec<u32> {
    list.sort_unstable();
    list.dedup();
    list
}

/// Parameters and conditions by name, and what each condition is made of.
struct Names {
    parameters: IndexMap<String, u32>,
    conditions: IndexMap<String, u32>,
    made_of: Vec<(Vec<u32>, Vec<u32>)>,
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
            edges.push(inner.to_vec());
            direct.push(parameters);
        }
        names.made_of = vec![Default::default(); conditions.len()];
        for members in super::graph::components(&edges) {
            let [at] = members.as_slice() else {
                let name = |at: &u32| conditions.get(*at as usize).map(|c| c.name.to_string());
                return Err(StackError::Circle(members.iter().filter_map(name).collect()));
            };
            let at = *at as usize;
            let (mut parameters, mut all) = (direct.get(at).cloned().unwrap_or_default(), Vec::new());
            for inner in edges.get(at).into_iter().flatten() {
                all.push(*inner);
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

    fn made_of(&self, condition: u32) -> impl Iterator<Item = &(Vec<u32>, Vec<u32>)> {
        self.made_of.get(condition as usize).into_iter()
    }

    fn expr(&self, from: &str, expr: &Expr) -> Result<(Vec<u32>, Vec<u32>), StackError> {
        let (mut parameters, mut conditions, mut unknown) = (Vec::new(), Vec::new(), None);
        let mut missing = Vec::new();
        expr.visit(
            &mut |name| match self.parameters.get(name.as_str()) {
                Some(at) => parameters.push(*at),
                None => unknown = Some((name.to_string(), "parameter")),
            },
            &mut |name| match self.conditions.get(name.as_str()) {
                Some(at) => conditions.push(*at),
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

/// The place of an offer, if anything uses it.
pub(super) fn offer(offers: &IndexSet<Offer>, item: u32, attribute: Option<&str>) -> Option<u32> {
    offers.get_index_of(&Wanted { item, attribute }).and_then(|at| u32::try_from(at).ok())
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

    fn compose(&self, offer: &Offer) -> Option<Composed> {
        let resource = &self.item(offer.item)?.placed.resource;
        let value = super::named::composed(resource, offer.attribute.as_deref())?;
        let mut parameters = Vec::new();
        Tree::from(value.clone()).visit(&mut |intrinsic| {
            if let Intrinsic::Parameter(name) = intrinsic {
                parameters.extend(self.names.parameters.get(name.as_str()));
            }
        });
        Some(Composed { value, parameters: once(parameters) })
    }

    /// A value as the template `here` can compose it. Within one root, its own template refers to what is nested in it:
    /// so the order is kept without a word.
    pub(super) fn composed(&self, value: u32, here: StackKey, there: StackKey) -> Option<&Composed> {
        let composes = here != there && (here.nested.is_some() || here.root != there.root);
        self.composed.get(value as usize).filter(|_| composes)?.as_ref()
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
        uses.conditions.push(at);
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
        let mut offer = |id: &LogicalId, attribute: Option<&Attribute>, uses: &mut Uses| match index.get(id) {
            Some(item) => {
                uses.needs.push(*item);
                let wanted = Wanted { item: *item, attribute: attribute.map(AsRef::as_ref) };
                let known = offers.get_index_of(&wanted);
                let at =
                    known.unwrap_or_else(|| offers.insert_full(Offer { item: *item, attribute: attribute.cloned() }).0);
                uses.values.push(u32::try_from(at).unwrap_or(u32::MAX));
            }
            None => failed = Some(StackError::Dangling { from: from.to_owned(), to: id.to_string() }),
        };
        let mut unknown = None;
        tree.visit(&mut |intrinsic| match intrinsic {
            Intrinsic::Ref(id) => offer(id, None, uses),
            Intrinsic::GetAtt(id, attribute) => offer(id, Some(attribute), uses),
            Intrinsic::Parameter(name) => match names.parameters.get(name.as_str()) {
                Some(at) => uses.parameters.push(*at),
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

/// Shared things first, then by owner, layer and logical id. Sorts numbers, not the resources: these are
/// large to move.
fn in_order(resources: Vec<Placed>) -> Vec<Placed> {
    let mut order: Vec<_> = resources.iter().enumerate().collect();
    order.sort_by(|(_, a), (_, b)| {
        let key = |placed: &Placed| (placed.component > 0, placed.layer);
        let ((a_own, a_layer), (b_own, b_layer)) = (key(a), key(b));
        let ids = || a.resource.id().cmp(b.resource.id());
        a_own.cmp(&b_own).then_with(|| a.owner.cmp(&b.owner)).then(a_layer.cmp(&b_layer)).then_with(ids)
    });
    let order: Vec<usize> = order.into_iter().map(|(at, _)| at).collect();
    let mut slots: Vec<Option<Placed>> = resources.into_iter().map(Some).collect();
    order.into_iter().filter_map(|at| slots.get_mut(at).and_then(Option::take)).collect()
}

/// Puts the resources in order and finds what each uses.
pub(super) fn scan(
    resources: Vec<Placed>,
    parameters: Vec<Parameter>,
    conditions: Vec<Condition>,
) -> Result<Flow, StackError> {
    let resources = in_order(resources);
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
    let (items, offers, composed) = (Vec::new(), IndexSet::new(), Vec::new());
    let mut flow = Flow { items, index, offers, parameters, conditions, composed, names };
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
            uses.needs.push(*flow.index.get(id).ok_or_else(missing)?);
        }
        let bytes = resource.at_most();
        let Uses { needs, values, parameters, conditions } = uses;
        items.push(Item {
            placed,
            bytes,
            needs: once(needs),
            values: once(values),
            parameters: once(parameters),
            conditions: once(conditions),
        });
    }
    flow.items = items;
    flow.composed = flow.offers.iter().map(|offer| flow.compose(offer)).collect();
    Ok(flow)
}
