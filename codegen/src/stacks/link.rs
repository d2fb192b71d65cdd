//! References that cross from one template to another.
//!
//! In: the places of all resources. Out: which values leave and enter which template, under which names,
//! and what stands in the place of each reference.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::{IndexMap, IndexSet};

use super::error::StackError;
use super::key::StackKey;
use super::scan::{Flow, Item, Offer, Uses};
use crate::cfn::{ConditionName, Intrinsic, LogicalId, Output, ParameterName, Resource, Str, Tree, Value};

/// What one template declares, and what crosses its border.
#[derive(Default)]
pub(super) struct Sheet {
    /// Resources, nested stacks not counted.
    pub(super) count: usize,
    pub(super) parameters: BTreeSet<u32>,
    pub(super) conditions: BTreeSet<u32>,
    /// Values of other templates, which enter as parameters.
    pub(super) imports: BTreeSet<u32>,
    /// Values of this one that others use, which leave as outputs.
    pub(super) exports: BTreeSet<u32>,
    /// What a nested stack as a whole must come after.
    pub(super) after: BTreeSet<LogicalId>,
}

/// The border of every template.
pub(super) struct Borders<'a> {
    flow: &'a Flow,
    places: &'a [StackKey],
    pub(super) sheets: BTreeMap<StackKey, Sheet>,
    /// For each root, the roots that it depends on.
    pub(super) roots: BTreeMap<u16, BTreeSet<u16>>,
}

impl<'a> Borders<'a> {
    pub(super) fn of(flow: &'a Flow, places: &'a [StackKey]) -> Result<Self, StackError> {
        let mut borders = Self { flow, places, sheets: BTreeMap::new(), roots: BTreeMap::new() };
        for (item, place) in flow.items.iter().zip(places) {
            let sheet = borders.sheet(*place);
            sheet.count += 1;
            sheet.parameters.extend(&item.parameters);
            sheet.conditions.extend(&item.conditions);
            for value in &item.values {
                borders.cross(*value, *place)?;
            }
            for need in &item.needs {
                borders.follow(*need, *place);
            }
        }
        let nested: Vec<StackKey> = borders.sheets.keys().filter(|key| key.nested.is_some()).copied().collect();
        for key in nested {
            let parameters = borders.sheet(key).parameters.clone();
            borders.sheet(StackKey::root(key.root)).parameters.extend(parameters);
        }
        Ok(borders)
    }

    /// What this template declares. A root is there as soon as anything is nested in it.
    pub(super) fn sheet(&mut self, key: StackKey) -> &mut Sheet {
        self.roots.entry(key.root).or_default();
        self.sheets.entry(StackKey::root(key.root)).or_default();
        self.sheets.entry(key).or_default()
    }

    fn place(&self, item: u32) -> StackKey {
        self.places.get(item as usize).copied().unwrap_or(StackKey::MAIN)
    }

    /// Lets a value into a template that uses it.
    pub(super) fn cross(&mut self, value: u32, here: StackKey) -> Result<(), StackError> {
        let Some(offer) = self.flow.offers.get_index(value as usize) else { return Ok(()) };
        let there = self.place(offer.item);
        if there == here {
            return Ok(());
        }
        if there.nested.is_some() {
            self.sheet(there).exports.insert(value);
        }
        if there.root != here.root {
            self.sheet(StackKey::root(there.root)).exports.insert(value);
            self.sheet(StackKey::root(here.root)).imports.insert(value);
            self.roots.entry(here.root).or_default().insert(there.root);
        }
        if here.nested.is_some() {
            self.sheet(here).imports.insert(value);
        }
        if let Some(condition) = self.flow.item(offer.item).and_then(|item| item.placed.resource.condition.as_ref()) {
            let mut uses = Uses::default();
            self.flow.condition(self.flow.id(offer.item), condition.as_str(), &mut uses)?;
            let root = self.sheet(StackKey::root(there.root));
            root.parameters.extend(&uses.parameters);
            root.conditions.extend(&uses.conditions);
        }
        Ok(())
    }

    /// Keeps the order of two resources whose templates are made separately.
    fn follow(&mut self, need: u32, here: StackKey) {
        let there = self.place(need);
        if there.root != here.root {
            self.roots.entry(here.root).or_default().insert(there.root);
        } else if there != here && here.nested.is_some() {
            let anchor = self.anchor(need, there);
            self.sheet(here).after.extend(anchor);
        }
    }

    /// What stands for a resource in its root's template.
    fn anchor(&self, item: u32, there: StackKey) -> Option<LogicalId> {
        match there.nested {
            Some(_) => LogicalId::new(there.logical_id()).ok(),
            None => self.flow.index.get_index(item as usize).map(|(id, _)| id.clone()),
        }
    }

    /// Declares what an output uses, and says in which root it stands: the last of those it names.
    pub(super) fn output(&mut self, output: &Output, uses: &Uses, first: u16) -> Result<u16, StackError> {
        let root = uses.needs.iter().map(|need| self.place(*need).root).max().unwrap_or(first);
        let mut uses_condition = Uses::default();
        if let Some(condition) = &output.condition {
            self.flow.condition(output.name.as_str(), condition.as_str(), &mut uses_condition)?;
        }
        for uses in [uses, &uses_condition] {
            let sheet = self.sheet(StackKey::root(root));
            sheet.parameters.extend(&uses.parameters);
            sheet.conditions.extend(&uses.conditions);
            for value in &uses.values {
                self.cross(*value, StackKey::root(root))?;
            }
        }
        Ok(root)
    }
}

/// The names of values that cross, and what stands for them in each template.
pub(super) struct Links<'a> {
    index: &'a IndexMap<LogicalId, u32>,
    offers: &'a IndexSet<Offer>,
    places: &'a [StackKey],
    /// The condition of each resource.
    conditions: Vec<Option<ConditionName>>,
    names: BTreeMap<u32, LogicalId>,
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
        let mut taken: IndexSet<String> = flow.index.keys().map(ToString::to_string).collect();
        taken.extend(flow.parameters.iter().map(|parameter| parameter.name.to_string()));
        taken.extend(outputs.iter().map(|output| output.name.to_string()));
        for key in sheets.keys().filter(|key| key.nested.is_some()) {
            // Nested stacks of different roots bear the same id; only resources are in the way of it.
            if flow.index.contains_key(key.logical_id().as_str()) {
                return Err(StackError::Duplicate(key.logical_id()));
            }
            taken.insert(key.logical_id());
        }
        let crossing: BTreeSet<u32> =
            sheets.values().flat_map(|s| s.exports.iter().chain(&s.imports)).copied().collect();
        let mut wanted: Vec<(String, u32)> = Vec::new();
        for value in crossing {
            let offer = flow.offers.get_index(value as usize);
            let attribute = offer.and_then(|offer| offer.attribute.as_deref()).unwrap_or("Ref");
            let id =
                offer.and_then(|offer| flow.index.get_index(offer.item as usize)).map_or("", |(id, _)| id.as_str());
            // 240 and a few digits stay within the 255 characters of a name.
            let name = id.chars().chain(attribute.chars()).filter(char::is_ascii_alphanumeric).take(240);
            wanted.push((name.collect(), value));
        }
        wanted.sort();
        let mut names = BTreeMap::new();
        for (name, value) in wanted {
            let mut free = name.clone();
            let mut number = 2;
            while !taken.insert(free.clone()) {
                free = format!("{name}{number}");
                number += 1;
            }
            names.insert(value, LogicalId::new(free)?);
        }
        let conditions = items.iter().map(|item| item.placed.resource.condition.clone()).collect();
        Ok(Self { index: &flow.index, offers: &flow.offers, places, conditions, names })
    }

    /// The name under which a value crosses.
    pub(super) fn name(&self, value: u32) -> Option<&LogicalId> {
        self.names.get(&value)
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
        let name = self.name(value)?;
        if here.nested.is_some() || there.root != here.root {
            return ParameterName::new(name.as_str()).ok().map(Intrinsic::Parameter);
        }
        let stack = LogicalId::new(there.logical_id()).ok()?;
        Some(Intrinsic::GetAtt(stack, format!("Outputs.{name}").into()))
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
            Some(_) => LogicalId::new(there.logical_id()).ok(),
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
        let value = self.offers.get_index_of(&Offer { item, attribute: attribute.cloned() })?;
        self.seen(u32::try_from(value).ok()?, here)
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
                Some(there) if here.nested.is_none() && there.root == here.root => {
                    LogicalId::new(there.logical_id()).ok()
                }
                _ => None,
            };
            if let Some(id) = kept.filter(|id| !resource.depends_on.contains(id)) {
                resource.depends_on.push(id);
            }
        }
    }
}
