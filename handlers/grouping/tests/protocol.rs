//! The protocol from outside: one handler at a time, nothing goes wrong, and the options do what they say.
//! What happens when things go wrong is the explorer's.

#![expect(clippy::unwrap_used, reason = "a test that fails should panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use grouping::config::Throttle;
use grouping::content::{Member, Shape};
use grouping::quiet::{Quiet, QuietHours};
use grouping::store::{Attribute, Item, Value, evaluate};
use grouping::zone::Zone;
use grouping::{
    Accept, Answer, Ask, Config, Fault, HeadName, Id, Key, Lifetimes, Message, Next, Out, Outgoing, Run, Step, Timer,
    Window,
};

/// 2026-01-01T12:00:00Z
const NOON: u64 = 1_767_268_800_000;
const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;

/// A table, its queues, and what was delivered.
struct World {
    config: Arc<Config>,
    items: BTreeMap<Key, Item>,
    sent: Vec<Message>,
    delivered: Vec<Outgoing>,
    /// Events for which `suppress_if` holds.
    seen: BTreeSet<Id>,
}

impl World {
    fn new(window: Window, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config {
            window,
            preview: false,
            max: 100,
            at_most_once: false,
            suppresses: false,
            quiet_hours: None,
            throttle: None,
            shape: Shape::default(),
            lifetimes: Lifetimes::for_windows(HOUR),
        };
        change(&mut config);
        let config = Arc::new(config);
        Self { config, items: BTreeMap::new(), sent: Vec::new(), delivered: Vec::new(), seen: BTreeSet::new() }
    }

    fn run(&mut self, step: Step, now: u64) -> Result<(), Fault> {
        let (mut run, mut next) = Run::start(step, now, &self.config);
        loop {
            match next {
                Next::Ask(ask) => next = run.answer(self.answer(ask)),
                Next::End(end) => return end,
            }
        }
    }

    fn answer(&mut self, ask: Ask) -> Answer {
        match ask {
            Ask::Read(keys) => Answer::Items(keys.iter().map(|key| self.items.get(key).cloned()).collect()),
            Ask::Write(write) => match evaluate::write(self.items.get(&write.key), &write) {
                Some(item) => {
                    self.items.insert(write.key, item.clone());
                    Answer::Applied(item)
                }
                None => Answer::Refused(self.items.get(&write.key).cloned()),
            },
            Ask::Send(message) => {
                self.sent.push(message);
                Answer::Done
            }
            Ask::Deliver(outgoing) => {
                self.delivered.push(outgoing);
                Answer::Done
            }
            Ask::Judge(members) => {
                Answer::Judged(members.into_iter().map(|(id, _)| id).filter(|id| self.seen.contains(id)).collect())
            }
            Ask::Find { until, .. } => {
                let due =
                    |item: &Item| matches!(item.get(&Attribute::SweepAt), Some(Value::Number(at)) if *at <= until);
                let heads = self.items.iter().filter(|(_, item)| due(item)).filter_map(|(key, _)| match key {
                    Key::Head(name) => Some(name.clone()),
                    _ => None,
                });
                Answer::Found(heads.collect())
            }
        }
    }

    /// An event that happens and comes at `at`.
    fn accept(&mut self, id: &str, at: u64) {
        let time = jiff::Timestamp::from_millisecond(i64::try_from(at).unwrap()).unwrap();
        let member = Member {
            id: id.to_owned(),
            event: "Liked".to_owned(),
            time: format!("{time:.3}"),
            actor: Some(id.to_owned()),
            counts_as: None,
            common: [("target".to_owned(), serde_json::json!("agshin"))].into(),
        };
        let accept = Accept { event: event(id), head: head(), payload: member.payload().unwrap() };
        self.run(Step::Accept(accept), at).unwrap();
    }

    /// Timers come when they are due, and each group is delivered as it is enqueued, until nothing is left up to `now`.
    fn settle(&mut self, now: u64) {
        loop {
            let ready = |message: &Message| match message {
                Message::Timer(timer) => timer.at <= now,
                Message::Out(_) => true,
                Message::Later(_, at) => *at <= now,
            };
            let Some(place) = self.sent.iter().position(ready) else { return };
            match self.sent.remove(place) {
                Message::Timer(timer) => self.run(Step::Timer(timer), now).unwrap(),
                Message::Out(out) | Message::Later(out, _) => {
                    self.run(Step::Deliver { out, owner: Id::of(&[b"owner"]) }, now).unwrap();
                }
            }
        }
    }

    fn contents(&self) -> Vec<serde_json::Value> {
        self.delivered.iter().map(|outgoing| serde_json::from_str(&outgoing.content).unwrap()).collect()
    }

    fn counts(&self) -> Vec<u64> {
        self.contents().iter().map(|group| group["count"].as_u64().unwrap()).collect()
    }
}

fn event(id: &str) -> Id {
    Id::of(&[id.as_bytes()])
}

fn head() -> HeadName {
    HeadName::new("agshin/liked")
}

fn session() -> Window {
    Window::Session { gap: MINUTE, at_most: 5 * MINUTE }
}

#[test]
fn events_of_one_session_become_one_group() {
    let mut world = World::new(session(), |_| {});
    world.accept("a", NOON);
    world.accept("b", NOON + 30_000);
    world.settle(NOON + MINUTE);
    assert!(world.delivered.is_empty(), "the second event has moved the end");
    world.settle(NOON + 30_000 + MINUTE);
    assert_eq!(world.counts(), [2]);
    world.accept("c", NOON + 10 * MINUTE);
    world.settle(NOON + HOUR);
    assert_eq!(world.counts(), [2, 1]);
}

#[test]
fn a_session_that_never_pauses_ends_at_its_longest_time() {
    let mut world = World::new(session(), |_| {});
    for number in 0..12 {
        world.accept(&number.to_string(), NOON + number * 30_000);
        world.settle(NOON + number * 30_000);
    }
    assert_eq!(world.counts(), [10]);
}

#[test]
fn the_first_event_is_shown_at_once_and_the_close_replaces_it() {
    let mut world = World::new(session(), |config| config.preview = true);
    world.accept("a", NOON);
    world.settle(NOON);
    world.accept("b", NOON);
    world.settle(NOON + HOUR);
    let groups = world.contents();
    assert_eq!(world.counts(), [1, 2]);
    assert_eq!((&groups[0]["open"], &groups[1]["open"]), (&true.into(), &false.into()));
    assert_eq!(groups[0]["id"], groups[1]["id"]);
}

#[test]
fn a_number_of_events_closes_a_window() {
    let mut world = World::new(Window::Count { n: 2, at_most: HOUR }, |_| {});
    for id in ["a", "b", "c"] {
        world.accept(id, NOON);
    }
    world.settle(NOON);
    assert_eq!(world.counts(), [2]);
    world.settle(NOON + HOUR);
    assert_eq!(world.counts(), [2, 1]);
}

#[test]
fn an_event_behind_the_border_opens_the_next_window_whether_the_timer_has_come_or_not() {
    let mut world = World::new(Window::Tumbling { every: HOUR, by_day: None }, |_| {});
    world.accept("a", NOON + 59 * MINUTE);
    world.accept("b", NOON + HOUR);
    world.settle(NOON + HOUR);
    assert_eq!(world.counts(), [1]);
    world.settle(NOON + 2 * HOUR);
    assert_eq!(world.counts(), [1, 1]);
}

#[test]
fn a_cancelled_event_does_not_count_whether_it_comes_before_or_after() {
    let mut world = World::new(session(), |_| {});
    world.accept("a", NOON);
    world.accept("b", NOON);
    world.run(Step::Cancel { event: event("a") }, NOON).unwrap();
    world.run(Step::Cancel { event: event("c") }, NOON).unwrap();
    world.accept("c", NOON);
    world.settle(NOON + HOUR);
    assert_eq!(world.counts(), [1]);
}

#[test]
fn a_group_of_which_all_was_cancelled_is_not_sent_unless_it_was_shown() {
    for (preview, counts) in [(false, vec![]), (true, vec![1, 0])] {
        let mut world = World::new(session(), |config| config.preview = preview);
        world.accept("a", NOON);
        world.settle(NOON);
        world.run(Step::Cancel { event: event("a") }, NOON).unwrap();
        world.settle(NOON + HOUR);
        assert_eq!(world.counts(), counts);
        assert!(world.delivered.iter().skip(1).all(|outgoing| outgoing.withdrawn));
    }
}

#[test]
fn cancelling_all_takes_out_what_happened_before_however_often_it_comes() {
    let mut world = World::new(session(), |_| {});
    let cancel = Step::CancelAll { head: head(), until: "2026-01-01T12:00:00.500Z".into() };
    world.accept("a", NOON);
    world.run(cancel.clone(), NOON).unwrap();
    world.accept("b", NOON + 1_000);
    world.run(cancel, NOON + 1_000).unwrap();
    world.settle(NOON + HOUR);
    assert_eq!(world.counts(), [1]);
    assert_eq!(world.contents()[0]["first"], "2026-01-01T12:00:01.000Z");
}

#[test]
fn what_is_seen_elsewhere_drops_out_and_is_no_new_event_when_it_comes_again() {
    let mut world = World::new(session(), |config| config.suppresses = true);
    world.accept("a", NOON);
    world.accept("b", NOON);
    world.seen.insert(event("a"));
    world.settle(NOON + HOUR);
    world.accept("a", NOON + HOUR);
    world.settle(NOON + 2 * HOUR);
    assert_eq!(world.counts(), [1]);
}

fn quiet_at_noon(action: Quiet) -> impl FnOnce(&mut Config) {
    let zone = Zone::try_from("UTC".to_owned()).unwrap();
    move |config| config.quiet_hours = Some(QuietHours { zone, from: 12 * 60, to: 14 * 60, action })
}

#[test]
fn in_quiet_hours_a_group_is_held_until_they_end() {
    let mut world = World::new(session(), quiet_at_noon(Quiet::Hold));
    world.accept("a", NOON);
    world.settle(NOON + HOUR);
    assert_eq!(world.counts(), [0; 0]);
    assert!(matches!(world.sent[..], [Message::Later(_, at)] if at == NOON + 2 * HOUR));
    world.settle(NOON + 2 * HOUR);
    assert_eq!(world.counts(), [1]);
}

#[test]
fn in_quiet_hours_a_group_is_dropped_for_good_unless_it_was_shown() {
    let mut world = World::new(session(), quiet_at_noon(Quiet::Drop));
    world.accept("a", NOON);
    world.settle(NOON + HOUR);
    let Key::Group(group) = world.items.keys().find(|key| matches!(key, Key::Group(_))).unwrap().clone() else {
        unreachable!("a group is looked for")
    };
    let again = Step::Deliver { out: Out { group, preview: None }, owner: Id::of(&[b"again"]) };
    world.run(again, NOON + 3 * HOUR).unwrap();
    assert_eq!(world.counts(), [0; 0], "a repetition comes after the quiet hours");

    let shown = |config: &mut Config| {
        quiet_at_noon(Quiet::Drop)(config);
        config.preview = true;
    };
    let mut world = World::new(session(), shown);
    world.accept("a", NOON - 1);
    world.settle(NOON - 1);
    world.settle(NOON + HOUR);
    assert_eq!(world.counts(), [1]);
    world.settle(NOON + 2 * HOUR);
    assert_eq!(world.counts(), [1, 1], "what was shown is completed");
}

#[test]
fn a_throttle_lets_so_many_groups_through_in_each_period() {
    let mut world = World::new(session(), |config| config.throttle = Some(Throttle { n: 1, per: 24 * HOUR }));
    for (id, at) in [("a", NOON), ("b", NOON + HOUR), ("c", NOON + 24 * HOUR)] {
        world.accept(id, at);
        world.settle(at + HOUR - 1);
    }
    let firsts = world.contents().iter().map(|group| group["first"].clone()).collect::<Vec<_>>();
    assert_eq!(firsts, ["2026-01-01T12:00:00.000Z", "2026-01-02T12:00:00.000Z"]);
}

#[test]
fn a_lost_timer_is_found_by_the_sweep() {
    let mut world = World::new(session(), |_| {});
    world.accept("a", NOON);
    world.sent.clear();
    world.run(Step::Sweep { bucket: "0" }, NOON + MINUTE).unwrap();
    assert!(world.sent.is_empty(), "it is not late yet");
    world.run(Step::Sweep { bucket: "0" }, NOON + 5 * MINUTE).unwrap();
    assert!(matches!(&world.sent[..], [Message::Timer(Timer { epoch: None, .. })]));
    world.settle(NOON + 5 * MINUTE);
    assert_eq!(world.counts(), [1]);
}

#[test]
fn what_cannot_be_read_never_gets_into_a_group() {
    let mut world = World::new(session(), |_| {});
    let accept = Accept { event: event("a"), head: head(), payload: "{}".into() };
    assert!(matches!(world.run(Step::Accept(accept), NOON), Err(Fault::Content(_))));
    assert!(world.items.is_empty());
}

#[test]
fn whoever_runs_it_and_answers_something_else_is_told() {
    let world = World::new(session(), |_| {});
    let (mut run, _) = Run::start(Step::Timer(Timer { head: head(), epoch: None, at: 0 }), NOON, &world.config);
    assert_eq!(run.answer(Answer::Done), Next::End(Err(Fault::Answer("items"))));
}
