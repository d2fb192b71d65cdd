//! Where the thing is that something in the stack belongs to.

use super::Flow;
use crate::source::Span;

impl Flow {
    /// Where the thing of an owner's name, such as `queues.notify`, is declared; the flow's name for what all share.
    #[must_use]
    pub fn place_of(&self, owner: &str) -> Span {
        let (kind, name) = owner.split_once('.').unwrap_or(("", owner));
        macro_rules! find {
            ($arena:ident) => {
                self.$arena.values().map(|thing| &thing.name).find(|n| n.text == name)
            };
        }
        let found = match kind {
            "types" => find!(types),
            "events" => find!(events),
            "tables" => find!(tables),
            "secrets" => find!(secrets),
            "gateways" => find!(gateways),
            "sources" => find!(sources),
            "topics" => find!(topics),
            "queues" => find!(queues),
            "groupers" => find!(groupers),
            "workflows" => find!(workflows),
            "sinks" => find!(sinks),
            "handlers" => find!(handlers),
            _ => None,
        };
        found.map_or(self.name.span, |n| n.span)
    }
}
