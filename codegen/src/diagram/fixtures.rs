//! Graphs to look at and to test with.

use super::graph::{Edge, Graph, Kind, Node, Stroke};

pub(super) fn node(id: &str, kind: Kind, detail: &[&str]) -> Node {
    let detail = detail.iter().map(ToString::to_string).collect();
    Node { id: id.to_owned(), kind, name: id.to_owned(), detail, parent: None }
}

pub(super) fn step(parent: &str, name: &str, kind: Kind, detail: &[&str]) -> Node {
    Node { parent: Some(parent.to_owned()), name: name.to_owned(), ..node(&format!("{parent}.{name}"), kind, detail) }
}

pub(super) fn edge(from: &str, to: &str) -> Edge {
    Edge { from: from.to_owned(), to: to.to_owned(), label: None, style: Stroke::Solid }
}

pub(super) fn labelled(from: &str, to: &str, label: &str) -> Edge {
    Edge { label: Some(label.to_owned()), ..edge(from, to) }
}

pub(super) fn dashed(from: &str, to: &str, label: &str) -> Edge {
    Edge { style: Stroke::Dashed, ..labelled(from, to, label) }
}

/// A network for professionals: notifications and group messages.
pub(super) fn everi() -> Graph {
    let named = |name: &str, node: Node| Node { name: name.to_owned(), ..node };
    let nodes = vec![
        named("Everi's API", node("product", Kind::Outside, &["user actions"])),
        named("Members", node("senders", Kind::Outside, &["in the browser"])),
        node("actions", Kind::Table, &["the outbox"]),
        node("live", Kind::Gateway, &["websocket"]),
        node("user_actions", Kind::Source, &["from the table's stream"]),
        node("incoming_messages", Kind::Source, &["route send"]),
        node("activity", Kind::Topic, &["5 events"]),
        node("messages", Kind::Topic, &["MessageSent"]),
        node("notify", Kind::Queue, &["targets by event", "5 attempts · 4 d"]),
        node("count_updates", Kind::Queue, &["UpdateShared"]),
        node("deliver_messages", Kind::Queue, &["each member of the group", "within 1 s"]),
        node("notices", Kind::Grouper, &["first now, then at close", "30 s quiet, at most 5 min"]),
        node("unread", Kind::Grouper, &["2 min quiet, at most 15 min"]),
        node("deliver_notice", Kind::Workflow, &["3 attempts, from 2 s"]),
        step("deliver_notice", "render", Kind::Handler, &["render_notice"]),
        step("deliver_notice", "show", Kind::Send, &["browser"]),
        step("deliver_notice", "early", Kind::Choice, &["open: end"]),
        step("deliver_notice", "pause", Kind::Wait, &["60 s"]),
        step("deliver_notice", "read", Kind::Choice, &["seen: end"]),
        step("deliver_notice", "mail", Kind::Send, &["email"]),
        node("browser", Kind::Sink, &["websocket", "7 d replay"]),
        node("email", Kind::Sink, &["SES", "at most once"]),
        node("unread_email", Kind::Sink, &["SES", "at most once"]),
        node("update_count", Kind::Sink, &["counter"]),
        node("members", Kind::Table, &["updates + 1"]),
        named("Members", node("readers", Kind::Outside, &["browser or inbox"])),
    ];
    let edges = vec![
        edge("product", "actions"),
        edge("senders", "live"),
        edge("actions", "user_actions"),
        edge("live", "incoming_messages"),
        edge("user_actions", "activity"),
        edge("incoming_messages", "messages"),
        edge("activity", "notify"),
        edge("activity", "count_updates"),
        edge("messages", "deliver_messages"),
        edge("notify", "notices"),
        edge("notices", "deliver_notice"),
        edge("deliver_notice.render", "deliver_notice.show"),
        edge("deliver_notice.show", "deliver_notice.early"),
        edge("deliver_notice.early", "deliver_notice.pause"),
        edge("deliver_notice.pause", "deliver_notice.read"),
        edge("deliver_notice.read", "deliver_notice.mail"),
        edge("deliver_notice.show", "browser"),
        edge("deliver_notice.mail", "email"),
        labelled("deliver_messages", "browser", "first"),
        dashed("deliver_messages", "unread", "else"),
        edge("unread", "unread_email"),
        edge("count_updates", "update_count"),
        edge("update_count", "members"),
        edge("browser", "readers"),
        edge("email", "readers"),
        edge("unread_email", "readers"),
    ];
    let about = "Notifications and group messages of a network for professionals".to_owned();
    Graph { title: "everi".to_owned(), about: Some(about), nodes, edges }
}

/// A graph without a plan: `nodes` nodes, each fed by one or two earlier ones.
pub(super) fn scattered(nodes: usize, seed: u32) -> Graph {
    let mut state = seed;
    let mut next = |below: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize % below
    };
    let name = |index: usize| format!("node_{index}");
    let mut graph = Graph { title: format!("scattered {nodes}"), ..Graph::default() };
    for index in 0..nodes {
        let kind = Kind::ALL[next(12)];
        let detail = ["a short line", "and a second one"];
        graph.nodes.push(node(&name(index), kind, &detail[..next(3)]));
        for _ in 0..=next(2) {
            if index > 0 {
                let from = index - 1 - next(index.min(9));
                let label = ["", "", "", "first", "Something"][next(5)];
                graph.edges.push(labelled(&name(from), &name(index), label));
            }
        }
    }
    graph
}

/// Orders that go round: a cycle through all, a shorter one inside it, and a node that feeds itself.
pub(super) fn cyclic() -> Graph {
    let nodes = vec![
        node("orders", Kind::Topic, &[]),
        node("charge", Kind::Queue, &["5 attempts"]),
        node("payment", Kind::Workflow, &[]),
        step("payment", "try", Kind::Handler, &["charge_card"]),
        step("payment", "settled", Kind::Choice, &[]),
        step("payment", "pause", Kind::Wait, &["10 min"]),
        step("payment", "tell", Kind::Send, &["orders"]),
        node("again", Kind::Queue, &["feeds itself"]),
        node("charge_dlq", Kind::DeadLetter, &["14 d"]),
    ];
    let edges = vec![
        edge("orders", "charge"),
        edge("charge", "payment"),
        dashed("charge", "charge_dlq", "after 5"),
        edge("payment.try", "payment.settled"),
        labelled("payment.settled", "payment.pause", "no"),
        labelled("payment.settled", "payment.tell", "yes"),
        edge("payment.pause", "payment.try"),
        labelled("payment.tell", "orders", "OrderPaid"),
        edge("payment.pause", "again"),
        labelled("again", "again", "later"),
        edge("again", "charge"),
    ];
    Graph { title: "cyclic".to_owned(), about: None, nodes, edges }
}

/// `count` flows like Everi side by side, with nothing between them.
pub(super) fn copies(count: usize) -> Graph {
    let mut all = Graph { title: format!("{count} copies"), ..Graph::default() };
    for index in 0..count {
        let of = |id: &str| format!("{id}_{index}");
        let one = everi();
        all.nodes.extend(one.nodes.into_iter().map(|node| Node {
            id: of(&node.id),
            parent: node.parent.as_deref().map(of),
            ..node
        }));
        all.edges.extend(one.edges.into_iter().map(|edge| Edge { from: of(&edge.from), to: of(&edge.to), ..edge }));
    }
    all
}

/// Names that try to be something else.
pub(super) fn hostile() -> Graph {
    let names = [
        "<script>alert(1)</script>",
        "\"quotes\" and 'apostrophes'",
        "*/ ]]> --> &amp; %%",
        "🎉 emoji 👩‍👩‍👧 name",
        "deliver_messages_to_everyone_in_the_group_and_then_some_more_abcd",
        "right\u{202E}to\u{2066}left",
        "ends\nlines\u{0}here",
        "`markdown` #quot; ;",
        "",
        "日本語のとても長い名前のキュー、まだ続きます",
    ];
    let mut graph =
        Graph { title: "</svg><script>".to_owned(), about: Some("\u{202E}\"]}".to_owned()), ..Graph::default() };
    for (index, name) in names.iter().enumerate() {
        let detail = vec![(*name).to_owned(), (*name).to_owned(), (*name).to_owned()];
        let kind = Kind::ALL[index % Kind::ALL.len()];
        graph.nodes.push(Node { id: (*name).to_owned(), kind, name: (*name).to_owned(), detail, parent: None });
        if let Some(before) = index.checked_sub(1) {
            graph.edges.push(labelled(names[before], name, name));
        }
    }
    graph.edges.push(edge("nobody", names[0]));
    graph
}
