//! References that cross from one template to another.
//!
//! In: the places of all resources. Out: which values leave and enter which template, under which names,
//! and what stands in the place of each reference.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::{IndexMap, IndexSet};

use super::error::StackError;
use super::key::StackKey;
use super::scan::{Flow, Item, Offer, Uses, offer, once};
use crate::cfn::{ConditionName, Intrinsic, LogicalId, Output, ParameterName, Resource, Rule, Str, Tree, Value};

/// What one template declares, and what crosses its border: places in the [`Flow`], in order.
#[derive(Default)]
pub(super) struct Sheet {
    /// Resources, nested stacks not counted.
    pub(super) count: usize,
    pub(super) parameters: BTreeSet<u32>,
    pub(super) conditions: BTreeSet<u32>,
    /// Values of other templates, which enter as parameters.
    pub(super) imports: Vec<u32>,
    /// Values of this one that others use, which leave as outputs.
    pub(super) exports: Vec<u32>,
    /// What a nested stack as a whole must come after.
    pub(super) after: BTreeSet<LogicalId>,
}

/// The border of every template.
pub(super) struct Borders<'a> {
    flow: &'a Flow,
    places: &'a [StackKey],
    sheets: IndexMap<StackKey, Sheet>,
    /// The sheet of each resource, and that of its root.
    sheet_of: Vec<(usize, usize)>,
    /// For each root, the roots that it depends on.
    roots: BTreeMap<u16, BTreeSet<u16>>,
}

impl<'a> Borders<'a> {
    /// Declares what every resource uses where it is. `first` is the root that is there in any case.
    pub(super) fn of(flow: &'a Flow, places: &'a [StackKey], first: u16) -> Result<Self, StackError> {
        let sheets = IndexMap::new();
        let mut borders = Self { flow, places, sheets, sheet_of: Vec::new(), roots: BTreeMap::new() };
        borders.open(StackKey::root(first));
        for place in places {
            let of = (borders.open(*place), borders.open(StackKey::root(place.root)));
            borders.sheet_of.push(of);
        }
        for (at, item) in flow.items.iter().enumerate() {
            let Some((here, root)) = borders.sheet_of.get(at).copied() else { continue };
            borders.note(here, |sheet| sheet.count += 1);
            borders.note(here, |sheet| sheet.conditions.extend(&item.conditions));
            for of in [here, root] {
                borders.note(of, |sheet| sheet.parameters.extend(&item.parameters));
            }
            for value in &item.values {
                borders.cross(*value, here, root)?;
            }
            for need in &item.needs {
                borders.follow(*need, here);
            }
        }
        Ok(borders)
    }

    /// The sheets in the order of their keys, and for each root the roots that it depends on.
    pub(super) fn close(self) -> (BTreeMap<StackKey, Sheet>, BTreeMap<u16, BTreeSet<u16>>) {
        let close = |(key, sheet): (StackKey, Sheet)| {
            (key, Sheet { imports: once(sheet.imports), exports: once(sheet.exports), ..sheet })
        };
        (self.sheets.into_iter().map(close).collect(), self.roots)
    }

    /// The place of a template's sheet.
    fn open(&mut self, key: StackKey) -> usize {
        if let Some(at) = self.sheets.get_index_of(&key) {
            return at;
        }
        self.roots.entry(key.root).or_default();
        self.sheets.insert_full(key, Sheet::default()).0
    }

    fn note(&mut self, sheet: usize, what: impl FnOnce(&mut Sheet)) {
        if let Some((_, sheet)) = self.sheets.get_index_mut(sheet) {
            what(sheet);
        }
    }

    fn key(&self, sheet: usize) -> StackKey {
        self.sheets.get_index(sheet).map_or(StackKey::MAIN, |(key, _)| *key)
    }

    /// Lets a value into a template that uses it.
    fn cross(&mut self, value: u32, here: usize, here_root: usize) -> Result<(), StackError> {
        let Some(offer) = self.flow.offers.get_index(value as usize) else { return Ok(()) };
        let Some((there, there_root)) = self.sheet_of.get(offer.item as usize).copied() else { return Ok(()) };
        if there == here {
            return Ok(());
        }
        if let Some(composed) = self.flow.composed(value, self.key(here), self.key(there)) {
            for of in [here, here_root] {
                self.note(of, |sheet| sheet.parameters.extend(&composed.parameters));
            }
            return Ok(());
        }
        if there != there_root {
            self.note(there, |sheet| sheet.exports.push(value));
        }
        if there_root != here_root {
            self.note(there_root, |sheet| sheet.exports.push(value));
            self.note(here_root, |sheet| sheet.imports.push(value));
            self.depend(here, there);
        }
        if here != here_root {
            self.note(here, |sheet| sheet.imports.push(value));
        }
        if let Some(condition) = self.flow.item(offer.item).and_then(|item| item.placed.resource.condition.as_ref()) {
            let mut uses = Uses::default();
            self.flow.condition(self.flow.id(offer.item), condition.as_str(), &mut uses)?;
            self.declare(there_root, &uses);
        }
        Ok(())
    }

    fn depend(&mut self, here: usize, there: usize) {
        let (here, there) = (self.key(here).root, self.key(there).root);
        self.roots.entry(here).or_default().insert(there);
    }

    fn declare(&mut self, sheet: usize, uses: &Uses) {
        self.note(sheet, |sheet| {
            sheet.parameters.extend(&uses.parameters);
            sheet.conditions.extend(&uses.conditions);
        });
    }

    /// Keeps the order of two resources whose templates are made separately.
    fn follow(&mut self, need: u32, here: usize) {
        let Some((there, there_root)) = self.sheet_of.get(need as usize).copied() else { return };
        if there == here {
            return;
        }
        let (here_key, there_key) = (self.key(here), self.key(there));
        if here_key.root != there_key.root {
            self.depend(here, there);
        } else if here_key.nested.is_some() {
            let anchor = match there == there_root {
                true => self.flow.index.get_index(need as usize).map(|(id, _)| id.clone()),
                false => LogicalId::new(there_key.logical_id()).ok(),
            };
            self.note(here, |sheet| sheet.after.extend(anchor));
        }
    }

    /// Declares what an output uses, and says in which root it stands: the last of those it names.
    pub(super) fn output(&mut self, output: &Output, uses: &Uses, first: u16) -> Result<u16, StackError> {
        let places = uses.needs.iter().filter_map(|need| self.places.get(*need as usize));
        let root = places.map(|key| key.root).max().unwrap_or(first);
        let sheet = self.open(StackKey::root(root));
        self.declare(sheet, uses);
        for value in &uses.values {
            self.cross(*value, sheet, sheet)?;
        }
        if let Some(condition) = &output.condition {
            let mut uses = Uses::default();
            self.flow.condition(output.name.as_str(), condition.as_str(), &mut uses)?;
            self.declare(sheet, &uses);
        }
        Ok(root)
    }

    /// The first root declares what the rules use, and what no template uses: the deployer may count on it.
    pub(super) fn declare_the_rest(&mut self, rules: &[Rule], first: u16) -> Result<(), StackError> {
        let flow = self.flow;
        let mut rest = Uses::default();
        for rule in rules {
            let assertions = rule.assertions.iter().map(|assertion| &assertion.assert);
            for expr in rule.when.iter().chain(assertions) {
                rest.parameters.extend(flow.expr(rule.name.as_str(), expr)?.parameters);
            }
        }
        let used: BTreeSet<u32> = self.sheets.values().flat_map(|sheet| &sheet.conditions).copied().collect();
        for (_, condition) in (0..).zip(&flow.conditions).filter(|(at, _)| !used.contains(at)) {
            flow.condition(condition.name.as_str(), condition.name.as_str(), &mut rest)?;
        }
        let used: BTreeSet<u32> = self.sheets.values().flat_map(|sheet| &sheet.parameters).copied().collect();
        rest.parameters.extend((0..).zip(&flow.parameters).map(|(at, _)| at).filter(|at| !used.contains(at)));
        let sheet = self.open(StackKey::root(first));
        self.declare(sheet, &rest);
        Ok(())
    }
}

/// The names of values that cross, and what stands for them in each template.
pub(super) struct Links<'a> {
    flow: &'a Flow,
    index: &'a IndexMap<LogicalId, u32>,
    offers: &'a IndexSet<Offer>,
    places: &'a [StackKey],
    /// The condition of each resource.
    conditions: Vec<Option<ConditionName>>,
    /// The name of each value that crosses, and its rank among all names.
    names: Vec<Option<(u32, LogicalId)>>,
    /// The logical id of each nested stack.
    stacks: BTreeMap<StackKey, LogicalId>,
}

impl<'a> Links<'a> {
    /// Names every value that crosses: the resource's id and the attribute, and a number where that is
    /// taken.
    pub(super) fn of(
        flow: &'a Flow,
        items: &[Item],
        places: &'a [StackKey],
        sheets: &BTreeMap<StackKey, Sheet>,
        outputs: &[Output],
    ) -> Result<Self, StackError> {
        let parameters = flow.parameters.iter().map(|parameter| parameter.name.to_string());
        let mut taken: BTreeSet<String> =
            outputs.iter().map(|output| output.name.to_string()).chain(parameters).collect();
        let mut stacks = BTreeMap::new();
        for key in sheets.keys().filter(|key| key.nested.is_some()) {
            // Nested stacks of different roots bear the same id; only a resource is in the way of it.
            let id = LogicalId::new(key.logical_id())?;
            if flow.index.contains_key(&id) {
                return Err(StackError::Duplicate(id.to_string()));
            }
            taken.insert(id.to_string());
            stacks.insert(*key, id);
        }
        let crossing = once(sheets.values().flat_map(|s| s.exports.iter().chain(&s.imports)).copied().collect());
        let mut wanted: Vec<(String, u32)> = Vec::with_capacity(crossing.len());
        for value in crossing {
            let offer = flow.offers.get_index(value as usize);
            let attribute = offer.and_then(|offer| offer.attribute.as_deref()).unwrap_or("Ref");
            let id =
                offer.and_then(|offer| flow.index.get_index(offer.item as usize)).map_or("", |(id, _)| id.as_str());
            let mut name = String::with_capacity(id.len() + attribute.len());
            name.push_str(id);
            name.extend(attribute.chars().filter(char::is_ascii_alphanumeric));
            // With a few digits, it stays within the 255 characters of a name.
            name.truncate(240);
            wanted.push((name, value));
        }
        wanted.sort_unstable();
        let mut names = vec![None; flow.offers.len()];
        for (rank, (name, value)) in (0..).zip(wanted) {
            let mut free = name.clone();
            let mut number = 2;
            while flow.index.contains_key(free.as_str()) || !taken.insert(free.clone()) {
                free = format!("{name}{number}");
                number += 1;
            }
            if let Some(slot) = names.get_mut(value as usize) {
                *slot = Some((rank, LogicalId::new(free)?));
            }
        }
        let conditions = items.iter().map(|item| item.placed.resource.condition.clone()).collect();
        Ok(Self { flow, index: &flow.index, offers: &flow.offers, places, conditions, names, stacks })
    }

    /// Values that cross with their names, in the order of these.
    pub(super) fn by_name(&self, values: &[u32]) -> Vec<(&LogicalId, u32)> {
        let ranked = |value: &u32| self.names.get(*value as usize)?.as_ref().map(|(rank, name)| (*rank, name, *value));
        let mut ranked: Vec<_> = values.iter().filter_map(ranked).collect();
        ranked.sort_unstable_by_key(|(rank, ..)| *rank);
        ranked.into_iter().map(|(_, name, value)| (name, value)).collect()
    }

    /// The root of a value's resource.
    pub(super) fn root(&self, value: u32) -> Option<u16> {
        let offer = self.offers.get_index(value as usize)?;
        self.places.get(offer.item as usize).map(|there| there.root)
    }

    /// The condition of a value's resource.
    pub(super) fn condition(&self, value: u32) -> Option<&ConditionName> {
        let offer = self.offers.get_index(value as usize)?;
        self.conditions.get(offer.item as usize)?.as_ref()
    }

    /// The value as its resource's own template names it.
    pub(super) fn own(&self, value: u32) -> Option<Intrinsic> {
        let offer = self.offers.get_index(value as usize)?;
        let (id, _) = self.index.get_index(offer.item as usize)?;
        Some(match &offer.attribute {
            None => Intrinsic::Ref(id.clone()),
            Some(attribute) => Intrinsic::GetAtt(id.clone(), attribute.clone()),
        })
    }

    /// The value as the template `here` names it.
    pub(super) fn seen(&self, value: u32, here: StackKey) -> Option<Intrinsic> {
        let offer = self.offers.get_index(value as usize)?;
        let there = self.places.get(offer.item as usize).copied()?;
        if there == here {
            return self.own(value);
        }
        if let Some(composed) = self.flow.composed(value, here, there) {
            return Some(composed.value.clone());
        }
        let (_, name) = self.names.get(value as usize)?.as_ref()?;
        if here.nested.is_some() || there.root != here.root {
            return Some(Intrinsic::Parameter(ParameterName::from(name)));
        }
        let stack = self.stacks.get(&there)?;
        Some(Intrinsic::GetAtt(stack.clone(), format!("Outputs.{name}").into()))
    }

    /// What a root gives for a nested stack's parameter: nothing where the resource is not made.
    pub(super) fn passed(&self, value: u32, root: u16) -> Option<Str> {
        let seen = Value::Intrinsic(self.seen(value, StackKey::root(root))?);
        let offer = self.offers.get_index(value as usize)?;
        let own_root = self.places.get(offer.item as usize).is_some_and(|there| there.root == root);
        match self.condition(value).filter(|_| own_root) {
            Some(condition) => Some(Str::when(condition, seen, "")),
            None => Some(seen),
        }
    }

    /// What orders a nested stack after the value's resource by naming it, in their root's template.
    pub(super) fn implied(&self, value: u32) -> Option<LogicalId> {
        let offer = self.offers.get_index(value as usize)?;
        let there = self.places.get(offer.item as usize)?;
        match there.nested {
            Some(_) => self.stacks.get(there).cloned(),
            None => self.index.get_index(offer.item as usize).map(|(id, _)| id.clone()),
        }
    }

    /// What stands for a reference in the template `here`; `None` if it may stay.
    pub(super) fn rewritten(&self, intrinsic: &Intrinsic, here: StackKey) -> Option<Intrinsic> {
        let (id, attribute) = match intrinsic {
            Intrinsic::Ref(id) => (id, None),
            Intrinsic::GetAtt(id, attribute) => (id, Some(attribute)),
            _ => return None,
        };
        let item = *self.index.get(id)?;
        if self.places.get(item as usize) == Some(&here) {
            return None;
        }
        self.seen(offer(self.offers, item, attribute.map(AsRef::as_ref))?, here)
    }

    /// Makes a resource that refers to other templates one of the template `here`.
    pub(super) fn settle(&self, resource: &mut Resource, here: StackKey) {
        let mut replace = |intrinsic: &Intrinsic| self.rewritten(intrinsic, here);
        resource.properties.rewrite(&mut replace);
        resource.metadata.iter_mut().for_each(|(_, tree): &mut (_, Tree)| tree.rewrite(&mut replace));
        let before = std::mem::take(&mut resource.depends_on);
        for id in before {
            let there = self.index.get(&id).and_then(|item| self.places.get(*item as usize)).copied();
            let kept = match there {
                Some(there) if there == here => Some(id),
                // A nested stack keeps the order as a whole; roots follow one another anyway.
                Some(there) if here.nested.is_none() && there.root == here.root => self.stacks.get(&there).cloned(),
                _ => None,
            };
            if let Some(id) = kept.filter(|id| !resource.depends_on.contains(id)) {
                resource.depends_on.push(id);
            }
        }
    }
}
