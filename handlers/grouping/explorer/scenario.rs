//! The small worlds that are searched: who comes, and what may go wrong.

use std::sync::Arc;

use grouping::config::{Config, Lifetimes, Throttle};
use grouping::content::{Member, Shape};
use grouping::{Accept, HeadName, Id, Step, Window};

use crate::world::Shared;

/// What may still go wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Faults {
    /// Processes that end between two steps.
    pub(crate) crashes: u8,
    /// Writes and messages whose answer is lost.
    pub(crate) lost_answers: u8,
    /// Messages that come twice.
    pub(crate) duplicates: u8,
    /// Timers that never come.
    pub(crate) lost_timers: u8,
}

/// A small world.
pub(crate) struct Scenario {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it is about.
    pub(crate) about: &'static str,
    /// The grouper.
    pub(crate) config: Shared,
    /// The head of all its events.
    pub(crate) head: HeadName,
    /// That head's part of the sweep's index.
    pub(crate) bucket: &'static str,
    /// The time at the beginning; milliseconds since 1970.
    pub(crate) begin: u64,
    /// The events that come.
    pub(crate) events: Vec<Id>,
    /// All messages that come from outside.
    pub(crate) messages: Vec<Step>,
    /// At most so many at the same time.
    pub(crate) processes: usize,
    /// What may go wrong.
    pub(crate) faults: Faults,
    /// Whether the sweep comes by.
    pub(crate) sweep: bool,
    /// Whether what is enqueued is delivered too; else it is only noted.
    pub(crate) deliver: bool,
    /// Whether DynamoDB deletes what has expired.
    pub(crate) expire: bool,
    /// Whether the clock stands still while anybody is at work: fewer worlds.
    pub(crate) quick: bool,
    /// Whether the events are alike, so that only their first comings in order are searched.
    pub(crate) alike: bool,
    /// Moments at which the clock stops, besides those of the grouper.
    pub(crate) moments: Vec<u64>,
    /// The grouper after a deployment, which may come at any time; and then `suppress_if` holds, if there is one.
    pub(crate) deploys: Option<Shared>,
    /// When a message from outside comes for the last time, if ever.
    pub(crate) horizon: Option<u64>,
    /// Whether nothing that may go wrong is a reason to send anything twice.
    pub(crate) sends_once: bool,
}

const SECOND: u64 = 1_000;

impl Scenario {
    fn new(name: &'static str, about: &'static str) -> Self {
        let head = HeadName::new("k");
        let bucket = grouping::ids::BUCKETS.into_iter().find(|bucket| *bucket == head.bucket()).unwrap_or("0");
        let lifetimes = Lifetimes { head: 1_000 * SECOND, ..Lifetimes::for_windows(2 * SECOND) };
        let lifetimes = Lifetimes { lease: 5 * SECOND, ..lifetimes };
        let window = Window::Session { gap: SECOND, at_most: 2 * SECOND };
        let config = Config {
            window,
            preview: false,
            max: 100,
            at_most_once: false,
            suppresses: false,
            quiet_hours: None,
            throttle: None,
            shape: Shape::default(),
            lifetimes,
        };
        Self {
            name,
            about,
            config: Arc::new(config),
            head,
            bucket,
            begin: 1_000_000 * SECOND,
            events: Vec::new(),
            messages: Vec::new(),
            processes: 2,
            faults: Faults::default(),
            sweep: false,
            deliver: false,
            expire: false,
            quick: false,
            alike: true,
            moments: Vec::new(),
            deploys: None,
            horizon: None,
            sends_once: false,
        }
    }

    fn with(mut self, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = self.config.as_ref().clone();
        change(&mut config);
        self.config = Arc::new(config);
        self
    }

    fn events(mut self, count: u8) -> Self {
        for number in 1..=count {
            let event = numbered(number);
            self.events.push(event);
            let member = Member {
                id: number.to_string(),
                event: "Liked".to_owned(),
                time: number.to_string(),
                actor: None,
                counts_as: None,
                common: [].into(),
            };
            let payload = member.payload().unwrap_or_default();
            self.messages.push(Step::Accept(Accept { event, head: self.head.clone(), payload }));
        }
        self
    }

    fn cancels(mut self, number: u8) -> Self {
        self.messages.push(Step::Cancel { event: numbered(number) });
        // Its window may hold nothing else, and then needs no timer.
        self.sweep = true;
        self.alike = false;
        self
    }

    fn quick(mut self) -> Self {
        self.quick = true;
        self
    }

    /// A millisecond makes a difference.
    fn skewed(mut self) -> Self {
        self.moments.push(self.begin + 1);
        self.with(|config| config.window = Window::Session { gap: 1, at_most: 2 })
    }

    /// A deployment changes the options.
    fn deployed(mut self, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = self.config.as_ref().clone();
        change(&mut config);
        self.deploys = Some(Arc::new(config));
        self
    }

    fn unswept(mut self) -> Self {
        self.sweep = false;
        self
    }

    fn once(mut self) -> Self {
        self.sends_once = true;
        self
    }

    /// Things expire: late duplicates come within a second, and MARK and GRP live just long enough.
    fn expires(mut self) -> Self {
        self.expire = true;
        self.horizon = Some(self.begin + SECOND);
        self.with(|config| {
            let mark = 4 * SECOND;
            config.lifetimes = Lifetimes { head: SECOND, mark, group: mark + SECOND, ..config.lifetimes };
        })
    }

    fn at_once(mut self, processes: usize) -> Self {
        self.processes = processes;
        self
    }

    fn crashes(mut self, count: u8) -> Self {
        self.faults.crashes = count;
        self
    }

    fn lost_answers(mut self, count: u8) -> Self {
        self.faults.lost_answers = count;
        self
    }

    fn duplicates(mut self, count: u8) -> Self {
        self.faults.duplicates = count;
        self
    }

    fn loses_timers(mut self, count: u8) -> Self {
        self.faults.lost_timers = count;
        self.sweep = true;
        self
    }

    fn delivered(mut self) -> Self {
        self.deliver = true;
        self
    }

    /// What the search may put into a queue twice: timers come twice by themselves.
    pub(crate) fn may_duplicate(&self, step: &Step) -> bool {
        matches!(step, Step::Accept(_) | Step::Cancel { .. } | Step::Deliver { .. })
    }
}

/// The event of a number.
pub(crate) fn numbered(number: u8) -> Id {
    Id([number; 16])
}

/// The scenarios.
pub(crate) fn all() -> Vec<Scenario> {
    let new = Scenario::new;
    vec![
        new("one", "one event, and every fault").events(1).crashes(1).lost_answers(1).duplicates(1),
        new("two", "two events at the same time").events(2).at_once(3),
        new("crash", "two events").events(2).crashes(1).quick(),
        new("lost", "two events").events(2).lost_answers(1).quick(),
        new("again", "two events").events(2).duplicates(1).quick(),
        new("full", "a window of one event, and two events").with(full).events(2).crashes(1).quick(),
        new("full-alone", "a window of one event, two events, and timers that are lost for good")
            .with(full)
            .events(2)
            .crashes(1)
            .loses_timers(2)
            .unswept()
            .quick(),
        new("full-lost", "a window of one event, and two events").with(full).events(2).lost_answers(1).quick(),
        new("full-again", "a window of one event, and two events").with(full).events(2).duplicates(1).quick(),
        new("preview", "two events, the first shown at once").with(preview).events(2).crashes(1).quick(),
        new("cancel", "two events, one of them cancelled").events(2).cancels(1).crashes(1).quick(),
        new("cancel-again", "an event that is cancelled").events(1).cancels(1).duplicates(2).lost_answers(1).quick(),
        new("cancel-full", "a window of one event; one of two is cancelled")
            .with(full)
            .events(2)
            .cancels(1)
            .crashes(1)
            .quick()
            .unswept(),
        new("withdrawn", "an event that is shown at once and cancelled")
            .with(preview)
            .events(1)
            .cancels(1)
            .crashes(1)
            .delivered()
            .quick(),
        new("deployed", "a shown event is cancelled, and previews are switched off")
            .with(preview)
            .events(1)
            .cancels(1)
            .deployed(|config| config.preview = false)
            .delivered()
            .quick(),
        new("skewed", "two events, whose handlers' clocks differ").skewed().events(2).duplicates(1),
        new("swept", "two events, and a lost timer").events(2).loses_timers(1).crashes(1).quick(),
        new("sent", "an event on its way out").events(1).crashes(1).lost_answers(1).duplicates(1).delivered().quick(),
        new("sent-slow", "an event on its way out, slowly").events(1).crashes(1).delivered().at_once(3),
        new("sent-once", "an event on its way out, twice").events(1).duplicates(2).delivered().once().quick(),
        new("shown", "two events, the first shown at once, on their way out")
            .with(preview)
            .events(2)
            .delivered()
            .quick(),
        new("at-most", "an event on its way out, at most once")
            .with(at_most)
            .events(1)
            .crashes(1)
            .duplicates(1)
            .delivered()
            .once()
            .quick(),
        new("at-most-lost", "an event on its way out, at most once")
            .with(at_most)
            .events(1)
            .lost_answers(1)
            .duplicates(1)
            .delivered()
            .once()
            .quick(),
        new("suppressed", "a shown event, of which the target hears elsewhere")
            .with(preview)
            .with(|config| config.suppresses = true)
            .events(1)
            .crashes(1)
            .deployed(|_| {})
            .delivered()
            .quick(),
        new("suppressed-late", "two events, of which the target hears elsewhere while they close")
            .with(|config| config.suppresses = true)
            .events(2)
            .crashes(1)
            .deployed(|_| {})
            .quick(),
        new("throttled", "two groups, of which one is let through")
            .with(full)
            .with(|config| config.throttle = Some(Throttle { n: 1, per: 100_000 * SECOND }))
            .events(2)
            .crashes(1)
            .at_once(1)
            .delivered()
            .quick(),
        new("throttled-shown", "two groups, of one of which only the close is let through")
            .with(full)
            .with(preview)
            .with(|config| config.throttle = Some(Throttle { n: 1, per: 100_000 * SECOND }))
            .events(2)
            .delivered()
            .at_once(1),
        new("expired", "two events, and late duplicates").events(2).duplicates(1).expires().quick(),
        new("expired-full", "a window of one event, two events, and late duplicates")
            .with(full)
            .events(2)
            .duplicates(1)
            .expires()
            .quick(),
    ]
}

fn full(config: &mut Config) {
    config.max = 1;
}

fn preview(config: &mut Config) {
    config.preview = true;
}

fn at_most(config: &mut Config) {
    config.at_most_once = true;
}

/// Larger worlds, which take minutes.
pub(crate) fn large() -> Vec<Scenario> {
    let new = Scenario::new;
    vec![
        new("large-three", "three events").events(3).at_once(3).quick(),
        new("large-two", "two events, and every fault").events(2).crashes(1).lost_answers(1).duplicates(1).quick(),
        new("large-crashes", "two events").events(2).at_once(3).crashes(2).quick(),
        new("large-slow", "two events, with a clock that goes on").events(2).crashes(1).duplicates(1),
        new("large-full", "a window of one event, and two events")
            .with(full)
            .events(2)
            .crashes(1)
            .lost_answers(1)
            .duplicates(1)
            .quick(),
        new("large-pairs", "windows of two events, and three events")
            .with(|config| config.max = 2)
            .events(3)
            .crashes(1)
            .quick(),
        new("large-cancel", "two events, shown at once, one of them cancelled")
            .with(preview)
            .events(2)
            .cancels(1)
            .crashes(1)
            .duplicates(1)
            .quick(),
        new("large-shown", "an event, shown at once, on its way out, and every fault")
            .with(preview)
            .events(1)
            .crashes(1)
            .lost_answers(1)
            .duplicates(1)
            .delivered()
            .quick(),
    ]
}
