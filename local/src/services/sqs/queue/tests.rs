use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn at(seconds: i64) -> Time {
    Time::from_millis(1_767_225_600_000 + seconds * 1000)
}

pub(super) fn content(now: Time, id: &str, group: Option<&str>) -> Rc<Content> {
    Rc::new(Content {
        id: id.to_owned(),
        body: id.to_owned(),
        body_md5: String::new(),
        attributes: BTreeMap::new(),
        trace: None,
        sender: String::new(),
        sent: now,
        enqueued: now,
        visible: now,
        group: group.map(str::to_owned),
        dedupe: None,
        source: None,
        received_before: 0,
    })
}

fn ask(most: usize) -> Ask {
    Ask { most, visibility: SECOND * 30, max_receives: None, mischief: Mischief::None }
}

fn ids(received: &Received) -> Vec<&str> {
    received.delivered.iter().map(|message| message.content.id.as_str()).collect()
}

#[test]
fn no_more_than_120_000_are_in_flight() {
    for fifo in [false, true] {
        let (mut queue, random) = (Queue::new(Settings::new(fifo)), Random::seeded(1));
        for number in 0..=MAX_IN_FLIGHT {
            let group = number.to_string();
            queue.send(at(0), content(at(0), "m", fifo.then_some(&*group)));
        }
        let all = queue.receive(at(0), ask(MAX_IN_FLIGHT), &random);
        assert_eq!((all.delivered.len(), all.over_limit), (MAX_IN_FLIGHT, false));
        let more = queue.receive(at(0), ask(1), &random);
        assert_eq!((more.delivered.len(), more.over_limit), (0, true));
        let first = &all.delivered[0];
        queue.delete(first.number, first.state.receives).unwrap();
        assert_eq!(queue.receive(at(0), ask(1), &random).delivered.len(), 1);
    }
}

#[test]
fn a_group_waits_for_all_of_it_that_is_in_flight() {
    let (mut queue, random) = (Queue::new(Settings::new(true)), Random::seeded(1));
    for (id, group) in [("a1", "a"), ("a2", "a"), ("a3", "a"), ("b1", "b")] {
        queue.send(at(0), content(at(0), id, Some(group)));
    }
    let two = queue.receive(at(0), ask(2), &random);
    assert_eq!(ids(&two), ["a1", "a2"]);
    let other = queue.receive(at(0), ask(10), &random);
    assert_eq!(ids(&other), ["b1"]);
    queue.delete(other.delivered[0].number, other.delivered[0].state.receives).unwrap();
    // The first fails at once and the second still is in flight.
    queue.change_visibility(two.delivered[0].number, 1, at(1), Duration::ZERO).unwrap();
    assert!(!queue.has_visible());
    queue.settle(at(30));
    assert_eq!(ids(&queue.receive(at(30), ask(10), &random)), ["a1", "a2", "a3"], "b1 was deleted");
}

#[test]
fn chaos_delivers_twice_and_in_any_order() {
    let (mut queue, random) = (Queue::new(Settings::new(false)), Random::seeded(1));
    for number in 0..20 {
        queue.send(at(number), content(at(number), &number.to_string(), None));
    }
    let now = at(20);
    let twice = Ask { mischief: Mischief::Duplicate, ..ask(1) };
    assert_eq!(ids(&queue.receive(now, twice, &random)), ["0"]);
    queue.settle(now);
    assert_eq!(ids(&queue.receive(now, ask(1), &random)), ["0"]);
    let shuffled = queue.receive(now, Ask { mischief: Mischief::Shuffle, ..ask(10) }, &random);
    let mut sorted: Vec<u64> = shuffled.delivered.iter().map(|message| message.number).collect();
    sorted.sort_unstable();
    assert_eq!(sorted.len(), 10);
    assert!(sorted.iter().zip(&shuffled.delivered).any(|(sorted, message)| *sorted != message.number));
}

#[test]
fn numbers_grow_even_if_the_queue_was_empty_at_a_restart() {
    let mut queue = Queue::new(Settings::new(true));
    let before = queue.send(at(0), content(at(0), "a", Some("g")));
    let mut again = Queue::new(Settings::new(true));
    assert!(again.send(at(1), content(at(1), "b", Some("g"))) > before);
}

#[test]
fn a_dead_letter_is_taken_out_and_the_next_is_delivered() {
    let (mut queue, random) = (Queue::new(Settings::new(true)), Random::seeded(1));
    for id in ["a1", "a2"] {
        queue.send(at(0), content(at(0), id, Some("a")));
    }
    let once = Ask { max_receives: Some(1), ..ask(1) };
    assert_eq!(ids(&queue.receive(at(0), once, &random)), ["a1"]);
    queue.settle(at(30));
    let received = queue.receive(at(30), once, &random);
    assert_eq!((received.dead[0].id.as_str(), received.dead[0].received_before), ("a1", 1));
    assert_eq!(ids(&received), ["a2"]);
}
