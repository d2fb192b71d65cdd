//! What is told of an update.

use super::*;

fn changes(before: Vec<Placed>, after: Vec<Placed>) -> Changes {
    let compile = |resources, lock| partition(Input { resources, lock, ..Input::default() }).unwrap();
    let first = compile(before, None);
    let lock = Lock::parse(&first.lock.render()).unwrap();
    compile(after, Some(lock)).changes
}

fn fifo(name: &str, fifo: bool) -> Placed {
    let queue = sqs::Queue { fifo_queue: fifo.then_some(true), ..sqs::Queue::default() };
    placed(Resource::new(id(name), &queue).unwrap(), Layer::Messaging, "queue a", 1)
}

fn streaming(view: Option<dynamodb::StreamViewType>) -> Placed {
    let mut table = dynamodb::Table::new([], []);
    table.stream_specification = view.map(dynamodb::StreamSpecification::new);
    let resource = Resource::new(id("Actions"), &table).unwrap();
    let identity = Identity::of(&resource).stateful();
    Placed { identity, ..placed(resource, Layer::State, "table actions", 1) }
}

#[test]
fn the_first_compile_adds_everything() {
    let stacks = partition(copies(1)).unwrap();
    assert_eq!(stacks.changes.added.len(), 183);
    assert_eq!(Changes { added: vec![], ..stacks.changes }, Changes::default());
}

#[test]
fn a_queue_that_becomes_fifo_is_replaced() {
    let changes = changes(vec![fifo("A", false)], vec![fifo("A", true)]);
    let [replacement] = changes.replaced.as_slice() else { panic!("{changes:?}") };
    assert_eq!(replacement.resource.owner, "queue a");
    let changed = Changed { property: "FifoQueue".into(), was: None, now: Some("true".into()) };
    assert_eq!(replacement.changed, [changed]);
    assert_eq!(changes.refused, []);
}

#[test]
fn another_key_of_a_table_is_refused() {
    let changes = changes(vec![table("T", "id", &[])], vec![table("T", "user", &[])]);
    let [Refusal::Replaces(replacement)] = changes.refused.as_slice() else { panic!("{changes:?}") };
    assert!(replacement.stateful && changes.replaced.is_empty());
    let changed =
        Changed { property: "KeySchema".into(), was: Some("id:S HASH".into()), now: Some("user:S HASH".into()) };
    assert_eq!(replacement.changed, [changed]);
}

#[test]
fn another_key_of_a_table_is_a_replacement_with_a_reason() {
    let mut after = table("T", "user", &[]);
    after.identity = after.identity.allow_replace("the table is empty");
    let changes = changes(vec![table("T", "id", &[])], vec![after]);
    assert_eq!(changes.refused, []);
    assert_eq!(changes.replaced[0].allowed.as_deref(), Some("the table is empty"));
}

#[test]
fn a_table_stays_guarded_when_the_spec_no_longer_calls_it_stateful() {
    let mut after = table("T", "user", &[]);
    after.identity.stateful = false;
    assert_eq!(changes(vec![table("T", "id", &[])], vec![after]).refused.len(), 1);
}

#[test]
fn another_view_of_a_stream_is_refused_and_the_first_view_is_not() {
    use dynamodb::StreamViewType::{KeysOnly, NewImage};
    assert_eq!(changes(vec![streaming(Some(KeysOnly))], vec![streaming(Some(NewImage))]).refused.len(), 1);
    assert_eq!(changes(vec![streaming(Some(NewImage))], vec![streaming(None)]).refused.len(), 1);
    assert_eq!(changes(vec![streaming(None)], vec![streaming(Some(NewImage))]), Changes::default());
}

#[test]
fn indexes_that_take_two_updates_are_named() {
    let one = changes(vec![table("T", "id", &[])], vec![table("T", "id", &["a"])]);
    assert_eq!(one.indexes, []);
    let two = changes(vec![table("T", "id", &["a"])], vec![table("T", "id", &["b"])]);
    let [update] = two.indexes.as_slice() else { panic!("{two:?}") };
    assert_eq!((&update.added[..], &update.dropped[..]), (&["b".to_owned()][..], &["a".to_owned()][..]));
    assert_eq!(two.refused, []);
    let fresh = changes(vec![], vec![table("T", "id", &["a", "b"])]);
    assert_eq!(fresh.indexes, []);
}

#[test]
fn another_key_of_an_index_takes_two_updates() {
    let mut after = table("T", "id", &["a"]);
    after.identity.properties.insert("index a".into(), "b:S HASH; ProjectionType: ALL".into());
    let changes = changes(vec![table("T", "id", &["a"])], vec![after]);
    assert_eq!(changes.indexes[0].changed, ["a"]);
}

#[test]
fn what_holds_data_is_named_when_it_leaves() {
    let changes = changes(vec![table("T", "id", &[]), fifo("A", false)], vec![]);
    let names = |named: &[Named]| named.iter().map(|n| n.id.clone()).collect::<Vec<_>>();
    assert_eq!((names(&changes.removed), names(&changes.retained)), (vec!["A".into(), "T".into()], vec!["T".into()]));
}

#[test]
fn another_type_under_the_same_id_is_refused() {
    let changes = changes(vec![fifo("T", false)], vec![table("T", "id", &[])]);
    let [Refusal::Retyped { resource, was }] = changes.refused.as_slice() else { panic!("{changes:?}") };
    assert_eq!((resource.kind.as_ref(), was.as_str()), ("AWS::DynamoDB::Table", "AWS::SQS::Queue"));
}

#[test]
fn a_value_that_is_composed_reads_as_text_in_the_lock() {
    let endpoint = Str::arn("sqs", [crate::cfn::Part::from(&parameter("Prefix").name), "-a".into()]);
    let uses = sqs::Queue { queue_name: Some(endpoint), ..sqs::Queue::default() };
    let identity = Identity::of(&Resource::new(id("Q"), &uses).unwrap());
    let name = "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${Prefix}-a";
    assert_eq!(identity.properties["QueueName"], name);
}
