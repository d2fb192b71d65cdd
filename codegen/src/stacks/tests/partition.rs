//! Where resources go, and that they stay there.

use super::check::problems;
use super::*;

fn rendered(input: Input) -> Vec<(String, String)> {
    let stacks = partition(input).unwrap();
    let mut files = render(stacks.roots.clone()).unwrap();
    files.push(("lock".into(), stacks.lock.render()));
    files
}

/// The input after a compile that wrote this lock.
fn after(stacks: &Stacks, input: Input) -> Input {
    Input { lock: Some(Lock::parse(&stacks.lock.render()).unwrap()), ..input }
}

/// Every resource of the older lock that is in another stack in the newer.
fn moved(old: &Lock, new: &Lock) -> Vec<String> {
    let both = old.resources.iter().filter_map(|(id, entry)| new.resources.get(id).map(|now| (id, entry, now)));
    both.filter(|(_, was, now)| was.stack != now.stack).map(|(id, ..)| id.clone()).collect()
}

#[test]
fn a_small_flow_is_one_template_with_the_parameters_and_outputs_of_the_flow() {
    let stacks = partition(copies(2)).unwrap();
    assert_eq!(problems(&stacks), Vec::<String>::new());
    assert_eq!(sizes(&stacks), [("main".to_owned(), 363)]);
    let root = &stacks.roots[0];
    assert_eq!((root.name.as_str(), root.file.as_str(), root.nested.len()), ("main", "template.json", 0));
    let template = &root.template;
    assert_eq!((template.parameters.len(), template.conditions.len(), template.outputs.len()), (2, 1, 1));
    assert_eq!(template.description, "copies of a flow");
}

#[test]
fn a_large_flow_is_nested_by_layer_with_shared_things_in_the_root() {
    let stacks = partition(copies(10)).unwrap();
    assert_eq!(problems(&stacks), Vec::<String>::new());
    let root = &stacks.roots[0];
    assert_eq!(stacks.roots.len(), 1);
    assert_eq!(root.template.resources.len(), 3 + root.nested.len());
    assert_eq!(stacks.lock.resources["Table3Of7"].stack, "main/state-1");
    for nested in &root.nested {
        assert!(nested.template.resources.len() <= limits::AIM_RESOURCES, "{}", nested.name);
    }
}

#[test]
fn a_hundred_copies_are_several_roots_within_every_limit() {
    let stacks = partition(copies(100)).unwrap();
    assert_eq!(problems(&stacks), Vec::<String>::new());
    assert_eq!(stacks.lock.resources.len(), 18_003);
    assert!((9..=11).contains(&stacks.roots.len()), "{}", stacks.roots.len());
    let manifest = stacks.manifest();
    assert_eq!(manifest.stacks[1].depends_on, ["main"]);
    let key = manifest.stacks[1].parameters.iter().find(|given| given.name == "KeyArn").unwrap();
    assert_eq!(key.from, Some(Source { stack: "main".into(), output: "KeyArn".into() }));
}

#[test]
fn the_same_input_in_any_order_gives_the_same_bytes() {
    for count in [2, 12] {
        let files = rendered(copies(count));
        for step in [13, 101] {
            let mut shuffled = copies(count);
            let resources = std::mem::take(&mut shuffled.resources);
            // A step without a common factor visits each place once.
            let len = resources.len();
            assert_ne!(len % step, 0);
            let mut slots: Vec<Option<Placed>> = resources.into_iter().map(Some).collect();
            shuffled.resources = (0..len).map(|at| slots[(at * step + 3) % len].take().unwrap()).collect();
            assert!(rendered(shuffled) == files, "{count} copies, step {step}");
        }
    }
}

#[test]
fn compiling_again_changes_nothing() {
    for count in [1, 12] {
        let first = partition(copies(count)).unwrap();
        let again = partition(after(&first, copies(count))).unwrap();
        assert_eq!((&again.roots, &again.lock), (&first.roots, &first.lock));
        assert_eq!(again.changes, Changes::default());
    }
}

#[test]
fn growth_beyond_one_template_moves_nothing_and_nests_only_what_is_new() {
    let first = partition(copies(2)).unwrap();
    let grown = partition(after(&first, copies(4))).unwrap();
    assert_eq!(problems(&grown), Vec::<String>::new());
    assert_eq!(moved(&first.lock, &grown.lock), Vec::<String>::new());
    let in_root = grown.lock.resources.values().filter(|entry| entry.stack == "main").count();
    assert_eq!(in_root, 363);
    assert_eq!(grown.changes.added.len(), 360);
}

#[test]
fn growth_fills_the_stacks_that_are_there_before_it_makes_more() {
    let first = partition(copies(12)).unwrap();
    let grown = partition(after(&first, copies(13))).unwrap();
    assert_eq!(problems(&grown), Vec::<String>::new());
    assert_eq!(moved(&first.lock, &grown.lock), Vec::<String>::new());
    let more = grown.roots.iter().map(|r| r.nested.len()).sum::<usize>()
        - first.roots.iter().map(|r| r.nested.len()).sum::<usize>();
    assert!(more <= 2, "{more} more nested stacks for 180 resources");
}

#[test]
fn removal_moves_nothing_and_drops_stacks_that_are_empty() {
    let first = partition(copies(12)).unwrap();
    let mut fewer = copies(12);
    fewer.resources.retain(|placed| placed.component < 3);
    let shrunk = partition(after(&first, fewer)).unwrap();
    assert_eq!(problems(&shrunk), Vec::<String>::new());
    assert_eq!(moved(&first.lock, &shrunk.lock), Vec::<String>::new());
    assert!(shrunk.roots[0].nested.len() < first.roots[0].nested.len());
    assert_eq!(shrunk.changes.removed.len(), 1_800);
}

#[test]
fn a_new_resource_between_two_that_stay_goes_to_their_stack() {
    let with_middle = |middle: bool| {
        let mut input = copies(4);
        let uses = |name: &str| vec![Str::attribute(&id(name), "Arn")];
        let mut add = |name, uses: &[Str]| input.resources.push(placed(queue(name, uses), Layer::Compute, "x", 1));
        add("Low", &[]);
        if middle {
            add("Middle", &uses("Low"));
        }
        add("High", &if middle { uses("Middle") } else { vec![] });
        input
    };
    let first = partition(with_middle(false)).unwrap();
    let stack = &first.lock.resources["Low"].stack;
    assert_eq!(stack, &first.lock.resources["High"].stack);
    assert!(stack.starts_with("main/compute"));
    let grown = partition(after(&first, with_middle(true))).unwrap();
    assert_eq!(problems(&grown), Vec::<String>::new());
    assert_eq!(&grown.lock.resources["Middle"].stack, stack);
}

#[test]
fn one_component_larger_than_a_template_is_cut_without_circles() {
    let mut input = Input::default();
    let name = |at: usize| format!("Part{:04}", 9_999 - at);
    for at in 0..1_700 {
        let uses: Vec<Str> =
            [1, 2, 450].iter().filter(|back| **back <= at).map(|back| Str::reference(&id(&name(at - back)))).collect();
        input.resources.push(placed(queue(&name(at), &uses), Layer::Compute, &format!("owner {}", at % 7), 1));
    }
    let stacks = partition(input).unwrap();
    assert_eq!(problems(&stacks), Vec::<String>::new());
    assert!(stacks.roots[0].nested.len() >= 5);
}

#[test]
fn a_component_larger_than_a_root_is_cut_over_several() {
    let mut input = copies(1);
    for at in 0..5_000 {
        let uses: Vec<Str> = (at > 0).then(|| Str::reference(&id(&format!("Part{}", at - 1)))).into_iter().collect();
        input.resources.push(placed(queue(&format!("Part{at}"), &uses), Layer::Compute, "part", 2));
    }
    let stacks = partition(input).unwrap();
    assert_eq!(problems(&stacks), Vec::<String>::new());
    assert_eq!(stacks.roots.len(), 3);
}

#[test]
fn what_is_conditional_crosses_stacks_as_nothing_where_it_is_not_made() {
    let mut input = copies(4);
    let alarms = input.conditions[0].name.clone();
    let optional = queue("Optional", &[]).only_if(&alarms);
    input.resources.push(placed(optional, Layer::State, "optional", 1));
    let uses = [Str::when(&alarms, Str::attribute(&id("Optional"), "Arn"), Str::absent())];
    input.resources.push(placed(queue("User", &uses), Layer::Wiring, "optional", 1));
    let stacks = partition(input).unwrap();
    assert_eq!(problems(&stacks), Vec::<String>::new());
    let files = render(stacks.roots.clone()).unwrap();
    let text = |name: &str| &files.iter().find(|(file, _)| file == name).unwrap().1;
    assert!(text("template.json").contains(
        r#""OptionalArn": { "Fn::If": ["WithAlarms", { "Fn::GetAtt": ["StateStack1", "Outputs.OptionalArn"] }, ""] }"#
    ));
    assert!(text("nested/main-state-1.json").contains(r#""OptionalArn": {"#));
    assert!(text("nested/main-state-1.json").contains(r#""Condition": "WithAlarms","#));
}

#[test]
fn a_name_that_is_taken_gets_a_number() {
    let mut input = copies(4);
    input.resources.push(placed(queue("KeyArn", &[]), Layer::Wiring, "x", 1));
    let stacks = partition(input).unwrap();
    assert_eq!(problems(&stacks), Vec::<String>::new());
    assert!(render(stacks.roots.clone()).unwrap()[0].1.contains("\"KeyArn2\""));
}

#[test]
fn what_cannot_form_stacks_is_an_error_that_names_it() {
    let of = |resources: Vec<Resource>| {
        let resources = resources.into_iter().map(|r| placed(r, Layer::Compute, "x", 1)).collect();
        partition(Input { resources, ..Input::default() }).unwrap_err().to_string()
    };
    let reference = |name: &str| Str::reference(&id(name));
    assert_eq!(of(vec![queue("A", &[]), queue("A", &[])]), "two resources have the logical id `A`");
    assert_eq!(of(vec![queue("A", &[reference("B")])]), "`A` refers to `B`, which is no resource");
    assert_eq!(of(vec![queue("A", &[]).after(&id("B"))]), "`A` refers to `B`, which is no resource");
    let stage = ParameterName::new("Stage").unwrap();
    assert_eq!(of(vec![queue("A", &[Str::parameter(&stage)])]), "`A` refers to `Stage`, which is no parameter");
    let on = ConditionName::new("On").unwrap();
    assert_eq!(of(vec![queue("A", &[]).only_if(&on)]), "`A` refers to `On`, which is no condition");
    assert_eq!(
        of(vec![queue("A", &[reference("B")]), queue("B", &[reference("A")])]),
        "these depend on each other in a circle: A, B"
    );
    assert_eq!(of(vec![queue("A", &[reference("A")])]), "these depend on each other in a circle: A");
}

#[test]
fn stacks_that_must_depend_on_each_other_are_refused_by_name() {
    let first = partition(copies(30)).unwrap();
    let stack = |id: &str| first.lock.resources[id].stack.clone();
    assert_ne!(stack("Mapping0Of1"), stack("Mapping0Of11"));
    let mut crossed = copies(30);
    for (from, to) in [("Mapping0Of1", "Mapping0Of11"), ("Mapping1Of11", "Mapping1Of1")] {
        let place = crossed.resources.iter_mut().find(|placed| placed.resource.id().as_str() == from).unwrap();
        place.resource = queue(from, &[Str::attribute(&id(to), "Arn")]);
    }
    let error = partition(after(&first, crossed)).unwrap_err();
    let StackError::Circle(members) = error else { panic!("{error}") };
    assert!(!members.is_empty() && members.iter().all(|name| name.starts_with("main")), "{members:?}");
}

#[test]
fn a_template_over_its_limits_is_refused() {
    let mut many = copies(1);
    many.parameters.extend((0..300).map(|at| parameter(&format!("P{at}"))));
    let error = partition(many).unwrap_err();
    assert_eq!(error.to_string(), "stack `main` would have 302 parameters, and CloudFormation takes 200");
    let long = Str::from("x".repeat(1_000_001));
    let resources = vec![placed(queue("Long", &[long]), Layer::State, "x", 0)];
    let error = render(partition(Input { resources, ..Input::default() }).unwrap().roots).unwrap_err();
    assert!(error.to_string().ends_with("bytes, and CloudFormation takes 1000000"), "{error}");
}
