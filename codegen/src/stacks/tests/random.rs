//! Flows by chance that grow by chance: whatever comes, nothing moves and everything resolves.

use super::check::problems;
use super::*;

/// Numbers that look random and are the same on every machine (Knuth's MMIX generator).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

/// A resource in all that decides where it goes; `uses` are places of earlier ones.
struct Seed {
    layer: Layer,
    component: u32,
    owner: usize,
    uses: Vec<usize>,
    by_name: bool,
    conditional: bool,
}

fn seed(chance: &mut Chance, seeds: &[Seed], components: usize) -> Seed {
    let component = u32::try_from(chance.below(components)).unwrap();
    // Now and then to a lower layer than the thing it refers to, and to another component.
    let layer = Layer::ALL[chance.below(4)];
    let mut uses = Vec::new();
    for _ in 0..if seeds.is_empty() { 0 } else { chance.below(4) } {
        let to = chance.below(seeds.len());
        if chance.below(10) == 0 || seeds[to].component == component || seeds[to].component == 0 {
            uses.push(to);
        }
    }
    let (by_name, conditional) = (chance.below(5) == 0, chance.below(20) == 0);
    Seed { layer, component, owner: chance.below(30), uses, by_name, conditional }
}

fn input(seeds: &[Seed], lock: Option<Lock>) -> Input {
    let on = ConditionName::new("On").unwrap();
    let stage = parameter("Stage");
    let name = |at: usize| id(&format!("R{at}"));
    let make = |(at, seed): (usize, &Seed)| {
        let uses: Vec<Str> = match seed.by_name {
            true => vec![],
            false => seed.uses.iter().map(|to| Str::attribute(&name(*to), "Arn")).collect(),
        };
        let mut resource = queue(name(at).as_str(), &uses);
        if seed.by_name {
            resource = seed.uses.iter().fold(resource, |resource, to| resource.after(&name(*to)));
        }
        if seed.conditional {
            resource = resource.only_if(&on);
        }
        placed(resource, seed.layer, &format!("owner {}", seed.owner), seed.component)
    };
    Input {
        conditions: vec![Condition { name: on.clone(), expr: Expr::is(&stage.name, "on") }],
        parameters: vec![stage],
        resources: seeds.iter().enumerate().map(make).collect(),
        lock,
        ..Input::default()
    }
}

#[test]
fn flows_that_grow_by_chance_always_resolve_and_never_move() {
    let (mut compiled, mut nested) = (0, 0);
    for start in 0..40 {
        let mut chance = Chance(start);
        let components = 2 + chance.below(12);
        let mut seeds: Vec<Seed> = Vec::new();
        let mut lock: Option<Lock> = None;
        for _ in 0..4 {
            for _ in 0..chance.below(500) {
                let seed = seed(&mut chance, &seeds, components);
                seeds.push(seed);
            }
            let stacks = match partition(input(&seeds, lock.clone())) {
                Ok(stacks) => stacks,
                // So many references to so few things: more values cross than a template has outputs.
                Err(StackError::OverLimit { what: "outputs" | "parameters", .. }) => break,
                Err(error) => panic!("from {start}: {error}"),
            };
            assert_eq!(problems(&stacks), Vec::<String>::new(), "from {start}");
            for (id, entry) in lock.iter().flat_map(|lock| &lock.resources) {
                assert_eq!(entry.stack, stacks.lock.resources[id].stack, "{id} from {start}");
            }
            nested += stacks.roots.iter().map(|root| root.nested.len()).sum::<usize>();
            lock = Some(stacks.lock);
            compiled += 1;
        }
    }
    assert!(compiled > 100 && nested > 500, "{compiled} compiles with {nested} nested stacks prove little");
}
