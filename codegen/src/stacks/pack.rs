//! Filling nested stacks with new resources.
//!
//! In: the order of dependency, what is placed already, and the rounds, if each shall have fresh stacks.
//! Out: a place for everything. Guaranteed, where nothing was placed before: a reference never leads from
//! an earlier stack of the sequence root, layer, number to a later one, so that there is no circle. For:
//! layers are raised until references only go down; within a layer, components follow those they refer to;
//! and a component too large for one stack is cut in an order of dependency.

use std::collections::BTreeMap;

use indexmap::{IndexMap, IndexSet};

use super::graph::{Edges, components};
use super::key::{Layer, StackKey};
use super::limits::{AIM_BYTES, AIM_GROWN_ROOT, AIM_RESOURCES, AIM_ROOT, AIM_SHARED, AIM_VALUES};
use super::scan::Flow;

/// What decides where new resources go.
pub(super) struct Packing<'a> {
    /// All resources, each after those that it needs.
    pub(super) order: &'a [u32],
    /// Where each is that has a place already.
    pub(super) fixed: &'a [Option<StackKey>],
    /// The round of each; `None` to fill what room there is.
    pub(super) rounds: Option<&'a [u32]>,
}

pub(super) fn pack(flow: &Flow, packing: &Packing<'_>) -> Vec<StackKey> {
    let mut packer = Packer::new(flow, packing);
    packer.place_shared(packing.order);
    let slices = packer.slices(packing);
    for ((root, layer, _), units) in slices {
        packer.open = packing.rounds.is_none().then(|| packer.last(root, layer)).flatten();
        for unit in units {
            packer.fill(root, layer, &unit, packing.rounds.is_none());
        }
    }
    packer.places.into_iter().map(|place| place.unwrap_or(StackKey::MAIN)).collect()
}

/// Resources of one layer and component, in an order of dependency.
type Unit = Vec<u32>;

/// By how many bytes a composed value is longer than a reference, the longest name taken.
const COMPOSED: usize = 160;

/// How full a nested stack is.
#[derive(Default)]
struct Shard {
    count: usize,
    bytes: usize,
    /// Values of other stacks, and parameters counted from the far end.
    imports: IndexSet<u32>,
    exports: usize,
}

struct Packer<'a> {
    flow: &'a Flow,
    places: Vec<Option<StackKey>>,
    /// The resources that use each value.
    users: Vec<Vec<u32>>,
    /// The values that each resource offers.
    offers: Vec<Vec<u32>>,
    shards: BTreeMap<StackKey, Shard>,
    /// Resources of each root, its nested stacks included.
    roots: BTreeMap<u16, usize>,
    /// Where each component has its latest stack of each layer.
    homes: IndexMap<(u32, Layer), StackKey>,
    /// The stack that is being filled.
    open: Option<StackKey>,
    /// Marks the members of a slice while it is measured.
    marks: Vec<u32>,
    mark: u32,
}

impl<'a> Packer<'a> {
    fn new(flow: &'a Flow, packing: &Packing<'_>) -> Self {
        let (mut users, mut offers) = (vec![Vec::new(); flow.offers.len()], vec![Vec::new(); flow.items.len()]);
        for (at, item) in (0..).zip(&flow.items) {
            for value in &item.values {
                if let Some(list) = users.get_mut(*value as usize) {
                    list.push(at);
                }
            }
        }
        for (value, offer) in (0..).zip(&flow.offers) {
            if let Some(list) = offers.get_mut(offer.item as usize) {
                list.push(value);
            }
        }
        let mut packer = Self {
            flow,
            places: packing.fixed.to_vec(),
            users,
            offers,
            shards: BTreeMap::new(),
            roots: BTreeMap::from([(0, 0)]),
            homes: IndexMap::new(),
            open: None,
            marks: vec![0; flow.items.len()],
            mark: 0,
        };
        let mut members: BTreeMap<StackKey, Unit> = BTreeMap::new();
        for (at, key) in (0..).zip(packing.fixed) {
            if let Some(key) = key {
                members.entry(*key).or_default().push(at);
            }
        }
        for (key, unit) in members {
            *packer.roots.entry(key.root).or_default() += unit.len() + usize::from(key.nested.is_some());
            if key.nested.is_some() {
                let measured = packer.measure(&unit, key);
                packer.shards.insert(key, measured);
                packer.settle(&unit, key);
            }
        }
        packer
    }

    /// New shared things go to the first root's own template while it has room. After the first that does
    /// not fit, none does: it might refer to one that is nested by then.
    fn place_shared(&mut self, order: &[u32]) {
        let main = |place: &Option<StackKey>| *place == Some(StackKey::MAIN);
        let mut count = self.places.iter().filter(|place| main(place)).count();
        let inside = self.flow.items.iter().zip(&self.places).filter(|(_, place)| main(place));
        let mut bytes: usize = inside.map(|(item, _)| item.bytes).sum();
        let mut shared = vec![false; self.places.len()];
        for at in order {
            let Some(item) = self.flow.item(*at) else { continue };
            let is_shared = |need: &u32| shared.get(*need as usize).copied().unwrap_or(false);
            if item.placed.component > 0 || !item.needs.iter().all(is_shared) {
                continue;
            }
            if let Some(slot) = shared.get_mut(*at as usize) {
                *slot = true;
            }
            let Some(place @ None) = self.places.get_mut(*at as usize) else { continue };
            if count >= AIM_SHARED || bytes + item.bytes > AIM_BYTES {
                return;
            }
            *place = Some(StackKey::MAIN);
            count += 1;
            bytes += item.bytes;
            *self.roots.entry(0).or_default() += 1;
        }
    }

    /// The new resources by root, layer and round, in units, in the order in which they are filled in.
    fn slices(&self, packing: &Packing<'_>) -> BTreeMap<(u16, Layer, u32), Vec<Unit>> {
        let (group_of, groups) = self.groups();
        let layers = self.layers(packing.order);
        let mut members: Vec<[Unit; 4]> = vec![Default::default(); groups.len()];
        for at in packing.order {
            let group = group_of.get(*at as usize).copied().flatten();
            let layer = layers.get(*at as usize).copied().unwrap_or(Layer::Wiring);
            if let Some(unit) = group.and_then(|g| members.get_mut(g as usize)).and_then(|m| m.get_mut(layer as usize))
            {
                unit.push(*at);
            }
        }
        let mut roots = self.roots.clone();
        let mut lived: IndexMap<u32, u16> = IndexMap::new();
        for (item, key) in self.flow.items.iter().zip(packing.fixed) {
            if let Some(key) = key.filter(|_| item.placed.component > 0) {
                let root = lived.entry(item.placed.component).or_insert(key.root);
                *root = key.root.max(*root);
            }
        }
        let mut last = roots.last_key_value().map_or(0, |(root, _)| *root);
        let mut root_of: Vec<u16> = self.places.iter().map(|place| place.map_or(0, |key| key.root)).collect();
        let mut slices: BTreeMap<(u16, Layer, u32), Vec<Unit>> = BTreeMap::new();
        for (merged, units) in groups.iter().zip(members) {
            let count: usize = units.iter().map(Vec::len).sum();
            let home = merged.iter().filter_map(|component| lived.get(component)).max().copied();
            let home = home.filter(|root| roots.get(root).copied().unwrap_or(0) + count <= AIM_GROWN_ROOT);
            if home.is_none() && count <= AIM_ROOT && roots.get(&last).copied().unwrap_or(0) + count > AIM_ROOT {
                last += 1;
            }
            // What belongs to one thing of the spec refers to each other most: it keeps room in one root.
            let mut sizes: IndexMap<&str, usize> = IndexMap::new();
            for at in units.iter().flatten() {
                *sizes.entry(self.owner(*at)).or_default() += 1;
            }
            let mut rooms: IndexMap<&str, u16> = IndexMap::new();
            for (layer, unit) in Layer::ALL.into_iter().zip(units) {
                for at in unit {
                    let owner = self.owner(at);
                    let size = sizes.get(owner).copied().unwrap_or(1);
                    let room = (size <= AIM_ROOT).then(|| {
                        *rooms.entry(owner).or_insert_with(|| {
                            let full = roots.get(&last).is_some_and(|filled| filled + size > AIM_ROOT);
                            last += u16::from(home.is_none() && full);
                            let room = home.unwrap_or(last);
                            *roots.entry(room).or_default() += size;
                            room
                        })
                    });
                    let needs = self.flow.item(at).map_or(&[][..], |item| &item.needs);
                    let needed =
                        needs.iter().filter_map(|need| root_of.get(*need as usize)).max().copied().unwrap_or(0);
                    let mut root = room.or(home).unwrap_or(last).max(needed);
                    if room != Some(root) {
                        let most = if room.is_some() { AIM_GROWN_ROOT } else { AIM_ROOT };
                        if home.is_none() && roots.get(&root).copied().unwrap_or(0) >= most {
                            last += 1;
                            root = last;
                        }
                        *roots.entry(root).or_default() += 1;
                        room.and_then(|room| roots.get_mut(&room)).into_iter().for_each(|count| *count -= 1);
                    }
                    if let Some(slot) = root_of.get_mut(at as usize) {
                        *slot = root;
                    }
                    let round = packing.rounds.and_then(|rounds| rounds.get(at as usize)).copied().unwrap_or(0);
                    let units = slices.entry((root, layer, round)).or_default();
                    let group = group_of.get(at as usize);
                    match units.last_mut() {
                        Some(unit) if unit.first().and_then(|first| group_of.get(*first as usize)) == group => {
                            unit.push(at)
                        }
                        _ => units.push(vec![at]),
                    }
                }
            }
        }
        slices
    }

    fn owner(&self, at: u32) -> &'a str {
        self.flow.item(at).map_or("", |item| item.placed.owner.as_str())
    }

    /// The group of each new resource, and the components of each group, in an order of dependency.
    /// Components that refer to each other are one group; what is shared but has no room is its own.
    fn groups(&self) -> (Vec<Option<u32>>, Vec<Vec<u32>>) {
        let mut found: IndexMap<(u32, u32), u32> = IndexMap::new();
        let mut raw = vec![None; self.places.len()];
        for ((at, item), place) in (0..).zip(&self.flow.items).zip(&self.places) {
            if place.is_none() {
                let component = item.placed.component;
                let next = u32::try_from(found.len()).unwrap_or(u32::MAX);
                let group = *found.entry((component, if component > 0 { 0 } else { at })).or_insert(next);
                if let Some(slot) = raw.get_mut(at as usize) {
                    *slot = Some(group);
                }
            }
        }
        let mut edges: Edges = vec![Vec::new(); found.len()];
        for (item, group) in self.flow.items.iter().zip(&raw) {
            let Some(list) = group.and_then(|group: u32| edges.get_mut(group as usize)) else { continue };
            let to = item.needs.iter().filter_map(|need| raw.get(*need as usize).copied().flatten());
            list.extend(to.filter(|to| Some(*to) != *group));
        }
        for list in &mut edges {
            list.sort_unstable();
            list.dedup();
        }
        let merged = components(&edges);
        let mut merged_of = vec![0; found.len()];
        for (to, members) in (0..).zip(&merged) {
            for member in members {
                if let Some(slot) = merged_of.get_mut(*member as usize) {
                    *slot = to;
                }
            }
        }
        let group_of = raw.iter().map(|group| group.and_then(|g| merged_of.get(g as usize).copied())).collect();
        let component = |group: &u32| found.get_index(*group as usize).map(|((component, _), _)| *component);
        (group_of, merged.iter().map(|members| members.iter().filter_map(component).collect()).collect())
    }

    /// The layer of each resource, raised to those of the new ones that it needs.
    fn layers(&self, order: &[u32]) -> Vec<Layer> {
        let mut layers: Vec<Layer> = self.flow.items.iter().map(|item| item.placed.layer).collect();
        for at in order {
            let Some(item) = self.flow.item(*at) else { continue };
            let new = |need: &&u32| self.places.get(**need as usize).is_some_and(Option::is_none);
            let needed = item.needs.iter().filter(new).filter_map(|need| layers.get(*need as usize)).max().copied();
            if let (Some(needed), Some(layer)) = (needed, layers.get_mut(*at as usize)) {
                *layer = needed.max(*layer);
            }
        }
        layers
    }

    /// The nested stack of this root and layer with the highest number.
    fn last(&self, root: u16, layer: Layer) -> Option<StackKey> {
        let range = StackKey::nested(root, layer, 0)..=StackKey::nested(root, layer, u16::MAX);
        self.shards.range(range).next_back().map(|(key, _)| *key)
    }

    /// Puts a unit into the open stack, into a fresh one, or in parts.
    fn fill(&mut self, root: u16, layer: Layer, unit: &[u32], at_home: bool) {
        let component = unit.first().and_then(|at| self.flow.item(*at)).map_or(0, |item| item.placed.component);
        let home =
            self.homes.get(&(component, layer)).copied().filter(|key| at_home && component > 0 && key.root == root);
        for key in home.into_iter().chain(self.open) {
            let measured = self.measure(unit, key);
            if self.shards.get(&key).is_some_and(|shard| shard.takes(&measured)) {
                return self.add(unit, measured, key);
            }
        }
        let number =
            self.last(root, layer).and_then(|key| key.nested).map_or(1, |(_, number)| number.saturating_add(1));
        let fresh = StackKey::nested(root, layer, number);
        let measured = self.measure(unit, fresh);
        if unit.len() == 1 || Shard::default().takes(&measured) {
            self.open = Some(fresh);
            return self.add(unit, measured, fresh);
        }
        let owner = |at: &u32| self.flow.item(*at).map(|item| item.placed.owner.as_str());
        let mut parts: Vec<&[u32]> = unit.chunk_by(|a, b| owner(a) == owner(b)).collect();
        if parts.len() == 1 {
            parts = unit.chunks(1).collect();
        }
        parts.into_iter().for_each(|part| self.fill(root, layer, part, false));
    }

    fn add(&mut self, unit: &[u32], measured: Shard, key: StackKey) {
        let shard = self.shards.entry(key).or_default();
        shard.count += measured.count;
        shard.bytes += measured.bytes;
        shard.exports += measured.exports;
        shard.imports.extend(measured.imports);
        for at in unit {
            if let Some(place) = self.places.get_mut(*at as usize) {
                *place = Some(key);
            }
        }
        self.settle(unit, key);
    }

    fn settle(&mut self, unit: &[u32], key: StackKey) {
        for component in unit.iter().filter_map(|at| self.flow.item(*at)).map(|item| item.placed.component) {
            if let (1.., Some((layer, _))) = (component, key.nested) {
                self.homes.insert((component, layer), key);
            }
        }
    }

    /// How much a slice adds to a stack, never too little.
    fn measure(&mut self, slice: &[u32], key: StackKey) -> Shard {
        self.mark += 1;
        for at in slice {
            if let Some(mark) = self.marks.get_mut(*at as usize) {
                *mark = self.mark;
            }
        }
        let within = |at: u32| self.marks.get(at as usize) == Some(&self.mark);
        let mut shard = Shard { count: slice.len(), ..Shard::default() };
        for item in slice.iter().filter_map(|at| self.flow.item(*at)) {
            shard.bytes += item.bytes;
            shard.imports.extend(item.parameters.iter().map(|parameter| u32::MAX - parameter));
            for value in &item.values {
                let producer = self.flow.offers.get_index(*value as usize).map_or(0, |offer| offer.item);
                let inside = within(producer) || self.places.get(producer as usize) == Some(&Some(key));
                match self.flow.composed.get(*value as usize).and_then(Option::as_ref) {
                    _ if inside => {}
                    Some(composed) => {
                        shard.bytes += COMPOSED;
                        shard.imports.extend(composed.parameters.iter().map(|parameter| u32::MAX - parameter));
                    }
                    None => {
                        shard.imports.insert(*value);
                    }
                }
            }
        }
        let composed = |value: u32| self.flow.composed.get(value as usize).is_some_and(Option::is_some);
        let used_outside = |value: &&u32| {
            !composed(**value)
                && self.users.get(**value as usize).is_some_and(|users| users.iter().any(|user| !within(*user)))
        };
        let offers = slice.iter().filter_map(|at| self.offers.get(*at as usize)).flatten();
        shard.exports = offers.filter(used_outside).count();
        shard
    }
}

impl Shard {
    /// Whether it has room for more.
    fn takes(&self, more: &Shard) -> bool {
        let imports = self.imports.len() + more.imports.iter().filter(|value| !self.imports.contains(*value)).count();
        self.count + more.count <= AIM_RESOURCES
            && self.bytes + more.bytes <= AIM_BYTES
            && self.exports + more.exports <= AIM_VALUES
            && imports <= AIM_VALUES
    }
}
