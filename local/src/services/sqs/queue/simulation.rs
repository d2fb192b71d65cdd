//! Random operations on a queue, beside a model that knows only what was promised.

use super::tests::content;
use super::*;

/// What the model knows of a message.
struct Known {
    group: Option<String>,
    receives: u32,
    hidden_until: Time,
}

struct Run {
    queue: Queue,
    now: Time,
    random: Random,
    known: BTreeMap<u64, Known>,
    fifo: bool,
}

impl Run {
    fn send(&mut self) {
        let group = self.fifo.then(|| format!("g{}", self.random.below(4)));
        let delay = if self.fifo { 0 } else { self.random.below(3) * 5 };
        let hidden_until = self.now + Duration::from_secs(delay);
        let mut content = Content::clone(&content(self.now, "m", group.as_deref()));
        content.visible = hidden_until;
        let number = self.queue.send(self.now, Rc::new(content));
        assert!(self.known.keys().all(|known| *known < number), "numbers grow");
        self.known.insert(number, Known { group, receives: 0, hidden_until });
    }

    fn receive(&mut self) {
        let visibility = Duration::from_secs(self.random.below(20));
        let most = usize::try_from(1 + self.random.below(10)).unwrap();
        let ask = Ask { most, visibility, max_receives: None, mischief: Mischief::None };
        let in_flight: BTreeSet<String> = self.flying().filter_map(|known| known.group.clone()).collect();
        let heads = self.heads();
        let due = self.known.values().filter(|known| known.hidden_until <= self.now).count();
        let received = self.queue.receive(self.now, ask, &self.random);
        if !self.fifo {
            assert_eq!(received.delivered.len(), due.min(most), "all that is visible can be received");
        }
        let mut next = heads;
        for message in &received.delivered {
            let known = self.known.get_mut(&message.number).expect("only what was sent and not deleted");
            assert!(known.hidden_until <= self.now, "visible twice within its timeout");
            known.receives += 1;
            known.hidden_until = self.now + visibility;
            assert_eq!(message.state.receives, known.receives);
            if let Some(group) = &known.group {
                assert!(!in_flight.contains(group), "a group is blocked by what is in flight of it");
                let waiting = next.get_mut(group).unwrap();
                assert_eq!(waiting.remove(0), message.number, "a group's order");
            }
        }
        if self.fifo && received.delivered.is_empty() {
            let open = next.keys().filter(|group| !in_flight.contains(*group)).count();
            assert_eq!(open, 0, "a group of which nothing is in flight can be received");
        }
    }

    fn flying(&self) -> impl Iterator<Item = &Known> {
        self.known.values().filter(|known| known.receives > 0 && known.hidden_until > self.now)
    }

    fn heads(&self) -> BTreeMap<String, Vec<u64>> {
        let mut heads: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for (number, known) in &self.known {
            if let Some(group) = &known.group {
                heads.entry(group.clone()).or_default().push(*number);
            }
        }
        heads
    }

    fn pick(&self) -> Option<u64> {
        let count = u64::try_from(self.known.len()).unwrap();
        self.known.keys().nth(usize::try_from(self.random.below(count)).unwrap()).copied()
    }

    fn delete(&mut self) {
        let Some(number) = self.pick() else { return };
        let known = &self.known[&number];
        let receipt = if self.random.happens(0.2) { known.receives + 1 } else { known.receives };
        let flies = known.receives > 0 && known.hidden_until > self.now;
        let expected = receipt == known.receives && (flies || !self.fifo);
        assert_eq!(self.queue.delete(number, receipt).is_ok(), expected);
        if expected {
            self.known.remove(&number);
        }
    }

    fn change(&mut self) {
        let Some(number) = self.pick() else { return };
        let visibility = Duration::from_secs(self.random.below(15));
        let known = self.known.get_mut(&number).unwrap();
        let flies = known.receives > 0 && known.hidden_until > self.now;
        let changed = self.queue.change_visibility(number, known.receives, self.now, visibility);
        assert_eq!(changed.is_ok(), flies);
        if flies {
            known.hidden_until = self.now + visibility;
        }
    }

    fn restart(&mut self) {
        let mut again = Queue::new(self.queue.settings.clone());
        for number in self.queue.numbers() {
            let (content, state) = self.queue.message(number).unwrap();
            again.restore(number, content.clone(), Some(*state));
        }
        self.queue = again;
    }

    fn check(&self) {
        assert_eq!(self.queue.numbers(), self.known.keys().copied().collect::<Vec<_>>(), "none lost");
        let (ready, delayed, in_flight) = self.queue.counts();
        assert_eq!(in_flight, self.flying().count());
        assert_eq!(ready, self.known.values().filter(|known| known.hidden_until <= self.now).count());
        assert_eq!(ready + delayed + in_flight, self.known.len());
    }
}

#[test]
fn what_was_promised_holds_for_random_operations() {
    for seed in 0..400 {
        let fifo = seed % 2 == 1;
        let mut run = Run {
            queue: Queue::new(Settings::new(fifo)),
            now: Time::from_millis(1_767_225_600_000),
            random: Random::seeded(seed),
            known: BTreeMap::new(),
            fifo,
        };
        for _ in 0..300 {
            run.queue.settle(run.now);
            match run.random.below(12) {
                0..4 => run.send(),
                4..8 => run.receive(),
                8 | 9 => run.delete(),
                10 => run.change(),
                _ if run.random.happens(0.2) => run.restart(),
                _ => run.now = run.now + Duration::from_millis(run.random.below(12_000)),
            }
            run.queue.settle(run.now);
            run.check();
        }
    }
}
