//! What the parts of the runtime are told: each becomes a static of the generated module `parts`.
//!
//! What stands in the stack (tables, topics, queues) is named by the function's environment variable that holds it.

use super::FieldDef;
use crate::model::{Ref, Template};

/// What a function's part of the runtime is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// The publisher of a table's new rows.
    Publisher(Publisher),
    /// What serves browsers.
    Browser(Box<super::BrowserPart>),
    /// The consumer of a queue with a handler.
    Consumer(Consumer),
    /// The consumer of a queue whose events go on without a handler but those that find targets.
    Forward(Forward),
    /// A source that a schedule begins.
    Schedule(SchedulePart),
    /// A source that is a route over HTTP.
    Http(HttpPart),
    /// A signed POST.
    Webhook(WebhookPart),
    /// What closes the groups of a grouper.
    Flush(Box<super::GrouperPart>),
    /// What sends closed groups.
    Deliver(super::ClosedPart),
    /// A handler's step of a workflow.
    Step {
        /// Seconds for which a run is remembered; none where it may run again.
        once: Option<u64>,
    },
    /// A sink of mail.
    Mail(MailPart),
    /// The function behind unsubscribe links.
    Unsubscribe(UnsubscribePart),
    /// The function that hears of bounces and complaints; it is told nothing.
    Bounces,
}

/// A sink of mail.
#[derive(Debug, Clone, PartialEq)]
pub struct MailPart {
    /// The sink's name.
    pub sink: String,
    /// The events that may come, by their types' names.
    pub events: Vec<String>,
    /// Who it is from.
    pub sender: String,
    /// Where answers go.
    pub reply_to: Option<String>,
    /// The subject.
    pub subject: Template,
    /// The template's name, without its endings.
    pub template: String,
    /// What the template may use, sorted by name.
    pub fields: Vec<FieldDef>,
    /// Where addresses and preferences are.
    pub recipients: RecipientsPart,
    /// Whether it is sent at most once; else at least once.
    pub at_most_once: bool,
    /// Seconds for which the same may come again.
    pub keep: u64,
}

/// Where the address and the preferences of a user are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecipientsPart {
    /// The variable that holds the name of the table of users.
    pub table: String,
    /// Its key.
    pub key: String,
    /// Whether the key is a number.
    pub number: bool,
    /// The field with the address.
    pub email: String,
    /// The variable that holds the name of the table of preferences.
    pub preferences: Option<String>,
}

/// The function behind unsubscribe links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsubscribePart {
    /// The variable that holds the name of the table of preferences.
    pub preferences: String,
    /// The sinks that reach a user, sorted.
    pub channels: Vec<String>,
    /// Those of them that are mail, sorted.
    pub mails: Vec<String>,
}

impl Part {
    /// What serves browsers.
    #[must_use]
    pub fn browser(part: super::BrowserPart) -> Self {
        Self::Browser(Box::new(part))
    }
}

/// A publisher of a table's new rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Publisher {
    /// The events that the rows may be, by their types' names.
    pub events: Vec<String>,
    /// Where they go.
    pub to: Vec<TopicPart>,
}

/// How a source makes its event.
#[derive(Debug, Clone, PartialEq)]
pub struct IntakePart {
    /// The event, by its type's name.
    pub event: String,
    /// Its built-in id, where it has no field of its own for it.
    pub own_id: Option<String>,
    /// The field that says when it happened.
    pub time: String,
    /// Fields, and what they are set to.
    pub set: Vec<(String, Template)>,
    /// The row that must be there.
    pub allow: Option<LookupPart>,
}

/// A source that a schedule begins.
#[derive(Debug, Clone, PartialEq)]
pub struct SchedulePart {
    /// How the event is made.
    pub intake: IntakePart,
    /// The handler that makes it.
    pub handler: Option<String>,
    /// Where it goes.
    pub to: Vec<DestinationPart>,
    /// Seconds for which it is remembered that a handler has made it.
    pub keep: u64,
}

/// A source that is a route over HTTP.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpPart {
    /// How the event is made.
    pub intake: IntakePart,
    /// The claim that is the user.
    pub user: String,
    /// The claim that is the tenant.
    pub tenant: Option<String>,
    /// Where it goes.
    pub to: Vec<DestinationPart>,
    /// Seconds for which an id is remembered.
    pub keep: u64,
}

/// A signed POST.
#[derive(Debug, Clone, PartialEq)]
pub struct WebhookPart {
    /// The events that may come, by their types' names.
    pub events: Vec<String>,
    /// The address.
    pub url: String,
    /// The variable that holds the secret's ARN.
    pub secret: String,
    /// Further headers.
    pub headers: Vec<(String, String)>,
    /// Seconds that the other server may take.
    pub timeout: u64,
}

/// The consumer of a queue with a handler.
#[derive(Debug, Clone, PartialEq)]
pub struct Consumer {
    /// Whether the queue keeps order.
    pub fifo: bool,
    /// Seconds for which an event is remembered; none where it may be handled again.
    pub once: Option<u64>,
    /// The event that the handler returns, and where it goes.
    pub then: Option<(String, Vec<DestinationPart>)>,
}

/// The consumer of a queue whose events go on.
#[derive(Debug, Clone, PartialEq)]
pub struct Forward {
    /// Whether the queue keeps order.
    pub fifo: bool,
    /// The events that may come, by their types' names.
    pub events: Vec<String>,
    /// How their targets are found.
    pub targets: Option<TargetsPart>,
    /// Where they go.
    pub to: Vec<DestinationPart>,
}

/// How the targets of a queue's events are found.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetsPart {
    /// By event.
    pub by_event: Vec<(String, FindPart)>,
    /// Who is left out.
    pub except: Option<Ref>,
    /// Whether a target that is found twice counts once.
    pub dedupe: bool,
    /// With more than these the event fails.
    pub most: Option<u64>,
    /// Targets of one unit of work.
    pub page: u64,
    /// The variable of the table of preferences.
    pub preferences: Option<String>,
    /// The queue's own variable, where it gets the rest of an event's targets.
    pub rest: Option<QueuePart>,
}

/// How the targets of one event are found.
#[derive(Debug, Clone, PartialEq)]
pub enum FindPart {
    /// A field.
    Field(String),
    /// Rows, and the field of theirs that is the user.
    Rows(LookupPart, String),
    /// Those who follow the event's actor.
    Followers {
        /// The rows of the table of follows.
        of: LookupPart,
        /// The field that is the follower.
        follower: String,
        /// From so many on they read by themselves.
        read_from: Option<u64>,
    },
    /// A handler, by its name.
    Handler(String),
}

/// A lookup in a table.
#[derive(Debug, Clone, PartialEq)]
pub struct LookupPart {
    /// The variable that holds the table's name.
    pub table: String,
    /// The index.
    pub index: Option<String>,
    /// What equals what; the partition key first.
    pub matching: Vec<MatchPart>,
}

/// A field of a table, and what it equals.
#[derive(Debug, Clone, PartialEq)]
pub struct MatchPart {
    /// The field.
    pub field: String,
    /// Whether it is a number.
    pub number: bool,
    /// What it equals.
    pub value: Template,
}

/// Where events go.
#[derive(Debug, Clone, PartialEq)]
pub enum DestinationPart {
    /// A topic.
    Topic(TopicPart),
    /// A queue.
    Queue(QueuePart),
    /// A workflow, by the variable that holds its ARN.
    Workflow(String),
    /// A sink's function, by the variable that holds its name.
    Function(String),
    /// A grouper, by the function that closes its groups.
    Grouper(String),
    /// A counter.
    Counter(CounterPart),
    /// A row.
    Row(RowPart),
}

/// A topic that is published to.
#[derive(Debug, Clone, PartialEq)]
pub struct TopicPart {
    /// The variable that holds its ARN.
    pub variable: String,
    /// Whether it keeps order.
    pub fifo: bool,
    /// The CloudEvents types that it carries.
    pub carries: Vec<String>,
}

/// A queue that is sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuePart {
    /// The variable that holds its URL.
    pub variable: String,
    /// Whether it keeps order.
    pub fifo: bool,
}

/// A number in a row.
#[derive(Debug, Clone, PartialEq)]
pub struct CounterPart {
    /// The sink's name.
    pub sink: String,
    /// The variable that holds the table's name.
    pub table: String,
    /// The row.
    pub row: Vec<MatchPart>,
    /// Fields, and what is added.
    pub add: Vec<(String, i64)>,
    /// Seconds for which an event may come again.
    pub keep: u64,
}

/// A row for each event.
#[derive(Debug, Clone, PartialEq)]
pub struct RowPart {
    /// The variable that holds the table's name.
    pub table: String,
    /// Its columns.
    pub columns: Vec<ColumnPart>,
}

/// A column of a row.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnPart {
    /// Its name.
    pub field: String,
    /// Whether it is a number.
    pub number: bool,
    /// What it holds.
    pub value: Template,
    /// What it holds where the event has nothing for it, as JSON.
    pub default: Option<String>,
}
