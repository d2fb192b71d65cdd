//! Alarms and the dashboard: who hears of trouble, and what is to be seen.

use super::{Lowering, names};
use crate::aws::limits::SQS_DELAY_SECONDS;
use crate::plan::{
    Alarm, Comparison, Dimension, Function, Machine, Mapping, MappingSource, Metric, Queue, QueueRole, Statistic,
    Topic, TopicRole, Widget,
};

/// Seconds that SQS delays a message at most.
const LONGEST_DELAY: u32 = SQS_DELAY_SECONDS as u32;
/// Seconds that a stream's function may be behind: longer than one batch with its tries.
const STREAM_BEHIND: u32 = 900;

impl Lowering<'_> {
    pub(super) fn alarms(&mut self) {
        let mut alarms = Vec::new();
        for queue in &self.plan.queues {
            alarms.push(if queue.role == QueueRole::DeadLetters { dead_letters(queue) } else { age(queue) });
        }
        alarms.extend(self.plan.functions.iter().map(function));
        alarms.extend(self.plan.functions.iter().flat_map(streams));
        alarms.extend(self.plan.machines.iter().map(machine));
        alarms.extend(self.plan.topics.iter().map(topic));
        alarms.extend(self.broken_promises());
        self.plan.alarms = alarms;
        self.alarm_topic();
        self.dashboard();
    }

    fn alarm_topic(&mut self) {
        self.plan.topics.push(Topic {
            place: names::place("AlarmTopic".into(), "flow".into(), 0),
            name: "alarms".into(),
            about: "Alarms of the flow, to a person.".into(),
            role: TopicRole::Alarms,
            fifo: false,
            carries: Vec::new(),
            calls: None,
        });
    }

    /// An alarm for each `within`, on the age that the runtime measures from the event's time to the post.
    fn broken_promises(&self) -> Vec<Alarm> {
        let mut alarms = Vec::new();
        for (id, queue) in self.flow.queues.iter() {
            let Some(within) = queue.within else { continue };
            let name = &queue.name.text;
            alarms.push(Alarm {
                place: self.consumer_place(id, "QueueWithinAlarm"),
                about: format!(
                    "Deliveries of the queue {name} took longer than the {} s that were promised. Look at the account's API Gateway quota and the workers' duration.",
                    within.value
                ),
                metrics: vec![Metric {
                    namespace: "Eventloom",
                    name: "DeliveryAge",
                    dimension: Dimension::Flow("Queue".into(), name.clone()),
                    statistic: Statistic::Percentile("p99"),
                }],
                period: 60,
                periods: 3,
                threshold: within.value as f64 * 1_000.0,
                comparison: Comparison::Above,
            });
        }
        alarms
    }

    fn dashboard(&mut self) {
        let own = |q: &&Queue| q.role != QueueRole::DeadLetters;
        let metric = |namespace, name, dimension, statistic| Metric { namespace, name, dimension, statistic };
        let queues: Vec<&Queue> = self.plan.queues.iter().filter(own).collect();
        let dead: Vec<&Queue> = self.plan.queues.iter().filter(|q| q.role == QueueRole::DeadLetters).collect();
        let of_queue =
            |q: &&Queue, name, statistic| metric("AWS/SQS", name, Dimension::Queue(q.reference()), statistic);
        let of_function =
            |f: &Function, name, statistic| metric("AWS/Lambda", name, Dimension::Function(f.reference()), statistic);
        let mut widgets = vec![
            Widget {
                title: "Age of the oldest message".into(),
                metrics: queues
                    .iter()
                    .map(|q| of_queue(q, "ApproximateAgeOfOldestMessage", Statistic::Maximum))
                    .collect(),
            },
            Widget {
                title: "Messages waiting".into(),
                metrics: queues
                    .iter()
                    .map(|q| of_queue(q, "ApproximateNumberOfMessagesVisible", Statistic::Maximum))
                    .collect(),
            },
            Widget {
                title: "Dead letters".into(),
                metrics: dead
                    .iter()
                    .map(|q| of_queue(q, "ApproximateNumberOfMessagesVisible", Statistic::Maximum))
                    .collect(),
            },
            Widget {
                title: "Errors".into(),
                metrics: self.plan.functions.iter().map(|f| of_function(f, "Errors", Statistic::Sum)).collect(),
            },
            Widget {
                title: "Duration".into(),
                metrics: self
                    .plan
                    .functions
                    .iter()
                    .map(|f| of_function(f, "Duration", Statistic::Percentile("p99")))
                    .collect(),
            },
        ];
        if !self.plan.machines.is_empty() {
            widgets.push(Widget {
                title: "Failed executions".into(),
                metrics: self
                    .plan
                    .machines
                    .iter()
                    .map(|m| {
                        metric("AWS/States", "ExecutionsFailed", Dimension::Machine(m.reference()), Statistic::Sum)
                    })
                    .collect(),
            });
        }
        self.plan.dashboard = widgets;
    }
}

/// An alarm's place: that of what it watches.
fn place(of: &crate::plan::Place) -> crate::plan::Place {
    names::place(format!("{}Alarm", of.logical), of.owner.clone(), of.component)
}

fn dead_letters(queue: &Queue) -> Alarm {
    Alarm {
        place: place(&queue.place),
        about: format!(
            "There are dead letters in the queue {}. Read one, mend the cause, and redrive them.",
            queue.name
        ),
        metrics: vec![Metric {
            namespace: "AWS/SQS",
            name: "ApproximateNumberOfMessagesVisible",
            dimension: Dimension::Queue(queue.reference()),
            statistic: Statistic::Maximum,
        }],
        period: 60,
        periods: 1,
        threshold: 0.0,
        comparison: Comparison::Above,
    }
}

/// The oldest message is older than two visibility timeouts, and at least five minutes: retries do not ring.
fn age(queue: &Queue) -> Alarm {
    // A timer is delayed as long as its window has still to run, and grows old meanwhile.
    let delay = if queue.role == QueueRole::Timer { LONGEST_DELAY } else { queue.delay };
    let threshold = f64::from((queue.visibility.saturating_mul(2)).max(300).saturating_add(delay));
    Alarm {
        place: place(&queue.place),
        about: format!(
            "Messages wait in the queue {} for more than {threshold} s: its consumer is too slow, or fails.",
            queue.name
        ),
        metrics: vec![Metric {
            namespace: "AWS/SQS",
            name: "ApproximateAgeOfOldestMessage",
            dimension: Dimension::Queue(queue.reference()),
            statistic: Statistic::Maximum,
        }],
        period: 60,
        periods: 3,
        threshold,
        comparison: Comparison::Above,
    }
}

fn function(function: &Function) -> Alarm {
    let metric = |name| Metric {
        namespace: "AWS/Lambda",
        name,
        dimension: Dimension::Function(function.reference()),
        statistic: Statistic::Sum,
    };
    Alarm {
        place: place(&function.place),
        about: format!("The function {} fails or is throttled. Its log says why.", function.name),
        metrics: vec![metric("Errors"), metric("Throttles")],
        period: 60,
        periods: 3,
        threshold: 0.0,
        comparison: Comparison::Above,
    }
}

/// An alarm for each stream that a function reads: a row is lost once it is a day old, whether or not the function
/// fails meanwhile.
fn streams(function: &Function) -> impl Iterator<Item = Alarm> {
    let reads_stream = |mapping: &&Mapping| matches!(mapping.source, MappingSource::Stream(_));
    function.mappings.iter().filter(reads_stream).map(|mapping| Alarm {
        place: place(&mapping.place),
        about: format!(
            "The function {} is more than {} minutes behind its table's stream, which keeps a row for a day. Its log says why.",
            function.name,
            STREAM_BEHIND / 60
        ),
        metrics: vec![Metric {
            namespace: "AWS/Lambda",
            name: "IteratorAge",
            dimension: Dimension::Function(function.reference()),
            statistic: Statistic::Maximum,
        }],
        period: 60,
        periods: 3,
        threshold: f64::from(STREAM_BEHIND) * 1_000.0,
        comparison: Comparison::Above,
    })
}

fn machine(machine: &Machine) -> Alarm {
    let metric = |name| Metric {
        namespace: "AWS/States",
        name,
        dimension: Dimension::Machine(machine.reference()),
        statistic: Statistic::Sum,
    };
    Alarm {
        place: place(&machine.place),
        about: format!(
            "Executions of the workflow {} failed or ran out of time. Their history says where.",
            machine.name
        ),
        metrics: vec![metric("ExecutionsFailed"), metric("ExecutionsTimedOut")],
        period: 60,
        periods: 1,
        threshold: 0.0,
        comparison: Comparison::Above,
    }
}

fn topic(topic: &Topic) -> Alarm {
    Alarm {
        place: place(&topic.place),
        about: format!(
            "Notifications of the topic {} could not be delivered: look at the subscriptions' dead letters.",
            topic.name
        ),
        metrics: vec![Metric {
            namespace: "AWS/SNS",
            name: "NumberOfNotificationsFailed",
            dimension: Dimension::Topic(topic.reference()),
            statistic: Statistic::Sum,
        }],
        period: 300,
        periods: 1,
        threshold: 0.0,
        comparison: Comparison::Above,
    }
}
