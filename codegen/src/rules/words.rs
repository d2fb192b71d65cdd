//! Numbers and things in the words of a message.

use crate::facts::Node;
use crate::model::{Destination, Flow};

/// `90s`, `15m`, `4d`: seconds in the largest unit that divides them.
pub(super) fn seconds(seconds: u64) -> String {
    match seconds {
        0 => "0s".to_owned(),
        s if s % 86_400 == 0 => format!("{}d", s / 86_400),
        s if s % 3_600 == 0 => format!("{}h", s / 3_600),
        s if s % 60 == 0 => format!("{}m", s / 60),
        s => format!("{s}s"),
    }
}

/// `256 KiB`, `1.5 MiB`: bytes in a unit that a person reads.
pub(super) fn bytes(bytes: u64) -> String {
    const MIB: u64 = 1 << 20;
    match bytes {
        b if b >= 10 * MIB => format!("{} MiB", thousands(b.div_ceil(MIB))),
        b if b >= MIB && b % MIB == 0 => format!("{} MiB", b / MIB),
        b if b >= 1_024 => format!("{} KiB", thousands(b.div_ceil(1_024))),
        b => format!("{b} bytes"),
    }
}

/// `10,000`.
pub(super) fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut said = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            said.push(',');
        }
        said.push(digit);
    }
    said
}

/// A number with one decimal below a hundred, and without any from there on.
pub(super) fn number(n: f64) -> String {
    if n < 100.0 && n.fract() != 0.0 { format!("{n:.1}") } else { thousands(n.ceil() as u64) }
}

/// ``queue `notify` ``.
pub(super) fn thing(flow: &Flow, to: Destination) -> String {
    let (kind, name) = match to {
        Destination::Topic(id) => ("topic", &flow.topics[id].name),
        Destination::Queue(id) => ("queue", &flow.queues[id].name),
        Destination::Grouper(id) => ("grouper", &flow.groupers[id].name),
        Destination::Workflow(id) => ("workflow", &flow.workflows[id].name),
        Destination::Sink(id) => ("sink", &flow.sinks[id].name),
    };
    format!("{kind} `{}`", name.text)
}

/// ``source `user_actions` `` or any other node.
pub(super) fn node(flow: &Flow, node: Node) -> String {
    match node {
        Node::Source(id) => format!("source `{}`", flow.sources[id].name.text),
        Node::To(to) => thing(flow, to),
    }
}

#[cfg(test)]
mod tests {
    use super::{bytes, number, seconds, thousands};

    #[test]
    fn numbers_are_said_in_the_units_of_the_spec() {
        assert_eq!(
            [seconds(0), seconds(90), seconds(900), seconds(7_200), seconds(345_600)],
            ["0s", "90s", "15m", "2h", "4d"]
        );
        assert_eq!(
            [bytes(512), bytes(131_072), bytes(1 << 20), bytes(11 << 20)],
            ["512 bytes", "128 KiB", "1 MiB", "11 MiB"]
        );
        assert_eq!([thousands(7), thousands(10_000), thousands(1_234_567)], ["7", "10,000", "1,234,567"]);
        assert_eq!([number(1.94), number(3.0), number(12_000.2)], ["1.9", "3", "12,001"]);
    }
}
