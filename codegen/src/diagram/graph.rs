//! The picture's own small model: what a caller fills in, with nothing of the compiler in it.

/// A whole picture. Nodes and edges are drawn in the order given, and that order is the tie-breaker
/// of the layout: nodes of one column keep it where no crossing is saved by another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Graph {
    /// The heading, also the accessible name.
    pub title: String,
    /// One sentence under the heading.
    pub about: Option<String>,
    /// Boxes, and the rows inside them. Of two nodes with one id, the first counts.
    pub nodes: Vec<Node>,
    /// Arrows. One that names an unknown node is not drawn.
    pub edges: Vec<Edge>,
}

/// One box, or one row of the box named by `parent`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Unique in the graph; edges and parents refer to it.
    pub id: String,
    /// Decides the icon, the colour and the word above the name.
    pub kind: Kind,
    /// What a reader knows it by.
    pub name: String,
    /// Up to two short lines, such as `5 attempts · 4 d`. A row shows the first only.
    pub detail: Vec<String>,
    /// The box this is a step of. Steps are rows, in the order given; a step of a step is indented.
    pub parent: Option<String>,
}

/// An arrow between two nodes, either of which may be a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// Id of the node it leaves.
    pub from: String,
    /// Id of the node it enters.
    pub to: String,
    /// A word or two beside the line; between steps of one box there is no room, and it is shown on hover.
    pub label: Option<String>,
    /// How the line is drawn.
    pub style: Stroke,
}

/// How an edge is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stroke {
    /// Something flows along it.
    Solid,
    /// Looked at, or only sometimes taken. Where a cycle must be broken, these are drawn backwards first.
    Dashed,
    /// Taken after an error.
    Caught,
}

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A person, a browser or a system that is not part of the flow.
    Outside,
    /// A type of event.
    Event,
    /// A DynamoDB table.
    Table,
    /// An API Gateway.
    Gateway,
    /// Where events come in.
    Source,
    /// An SNS topic.
    Topic,
    /// An SQS queue with its consumer.
    Queue,
    /// A window that makes one event of many.
    Grouper,
    /// A state machine; its steps are nodes with this one as `parent`.
    Workflow,
    /// A user's function.
    Handler,
    /// Where events leave.
    Sink,
    /// A dead-letter queue.
    DeadLetter,
    /// A step that sends through a sink.
    Send,
    /// A step that waits.
    Wait,
    /// A step that decides.
    Choice,
    /// A step with branches that run together.
    Parallel,
    /// A step that runs once per item.
    Map,
}

impl Kind {
    /// Every kind, in the order of the declaration.
    pub const ALL: [Self; 17] = [
        Self::Outside,
        Self::Event,
        Self::Table,
        Self::Gateway,
        Self::Source,
        Self::Topic,
        Self::Queue,
        Self::Grouper,
        Self::Workflow,
        Self::Handler,
        Self::Sink,
        Self::DeadLetter,
        Self::Send,
        Self::Wait,
        Self::Choice,
        Self::Parallel,
        Self::Map,
    ];

    /// The word shown above a name, such as `queue`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Outside => "outside",
            Self::Event => "event",
            Self::Table => "table",
            Self::Gateway => "gateway",
            Self::Source => "source",
            Self::Topic => "topic",
            Self::Queue => "queue",
            Self::Grouper => "grouper",
            Self::Workflow => "workflow",
            Self::Handler => "handler",
            Self::Sink => "sink",
            Self::DeadLetter => "dead letters",
            Self::Send => "send",
            Self::Wait => "wait",
            Self::Choice => "choice",
            Self::Parallel => "parallel",
            Self::Map => "map",
        }
    }

    /// The word as a CSS class and `data-kind`: no spaces.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::DeadLetter => "dead-letter",
            other => other.word(),
        }
    }
}
