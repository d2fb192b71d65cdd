//! Functions, their triggers and their permissions.

use super::{
    FunctionRef, GatewayRef, GroupRef, MachineRef, Place, QueueRef, Reference, SecretRef, Shape, TableRef, TopicRef,
};

/// The value of an environment variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnvValue {
    /// As it stands.
    Text(String),
    /// A table's name.
    TableName(TableRef),
    /// A queue's URL.
    QueueUrl(QueueRef),
    /// A queue's ARN.
    QueueArn(QueueRef),
    /// A topic's ARN.
    TopicArn(TopicRef),
    /// A state machine's ARN.
    MachineArn(MachineRef),
    /// A function's name.
    FunctionName(FunctionRef),
    /// The endpoint of a WebSocket API's `@connections`.
    Connections(GatewayRef),
    /// A secret's ARN.
    SecretArn(SecretRef),
    /// A schedule group's name.
    ScheduleGroup(GroupRef),
    /// The ARN of the role that Scheduler takes on to send to a timer queue.
    SchedulerRole(GroupRef),
    /// The URL of a function.
    FunctionUrl(FunctionRef),
    /// A parameter's value: `JwksUrl`, `Stage`.
    Parameter(&'static str),
    /// The name of SES's configuration set.
    ConfigurationSet,
}

/// What a permission is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum On {
    /// A resource.
    Resource(Reference),
    /// An index of a table.
    Index(TableRef, String),
    /// A table's stream.
    Stream(TableRef),
    /// All connections of a WebSocket API: `POST`, `GET` and `DELETE` as the actions say.
    Connections(GatewayRef),
    /// All schedules of a group.
    Schedules(GroupRef),
    /// The role that Scheduler takes on for a group.
    SchedulerRole(GroupRef),
    /// The mail identity, by its address's domain, and the configuration set.
    MailIdentity(String),
    /// The customer key, through these services only (`dynamodb`, `sqs`, …).
    Key(Vec<&'static str>),
    /// Anything: for actions that know no resource (X-Ray).
    Anything,
}

/// A statement of a function's role: allow these actions on these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// What it is for, as a statement id: `ReadActions`.
    pub sid: String,
    /// IAM actions, sorted.
    pub actions: Vec<&'static str>,
    /// On what, sorted.
    pub on: Vec<On>,
}

/// Who calls a function, so that it needs a resource policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Invoker {
    /// A route of an API, by its route key.
    Route(GatewayRef, String),
    /// An API's authorizer.
    Authorizer(GatewayRef),
    /// A topic.
    Topic(TopicRef),
    /// Anybody, by the function's public URL.
    PublicUrl,
}

/// What a mapping reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MappingSource {
    /// A queue.
    Queue(QueueRef),
    /// A table's stream, from the oldest record.
    Stream(TableRef),
}

/// An event source mapping; always with partial batch responses.
#[derive(Debug, Clone, PartialEq)]
pub struct Mapping {
    /// Where it belongs.
    pub place: Place,
    /// What it reads.
    pub source: MappingSource,
    /// Records at once.
    pub batch: u32,
    /// Seconds to wait for a batch to fill.
    pub window: u32,
    /// Event patterns as JSON text, any of which passes.
    pub filters: Vec<String>,
    /// Most batches at the same time; queues only, and never with pollers.
    pub concurrency: Option<u32>,
    /// Provisioned pollers, at least and at most; queues only.
    pub pollers: Option<(u32, u32)>,
    /// Streams: tries before a record is given up.
    pub max_retries: Option<u32>,
    /// Streams: seconds after which a record is given up.
    pub max_age: Option<u32>,
    /// Streams: batches of one shard at the same time.
    pub parallelization: Option<u32>,
    /// Streams: where the metadata of what was given up goes.
    pub failures: Option<QueueRef>,
}

/// What a function does: `dispatch` is made from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FunctionKind {
    /// Publishes a table's new rows.
    Publisher {
        /// The source.
        source: String,
    },
    /// Lets callers of an API in.
    Authorizer {
        /// The gateway.
        gateway: String,
    },
    /// Takes a connection up.
    Connect {
        /// The gateway.
        gateway: String,
    },
    /// Forgets a connection.
    Disconnect {
        /// The gateway.
        gateway: String,
    },
    /// The built-in routes: `resume`, `seen`, and what no other route takes.
    Default {
        /// The gateway.
        gateway: String,
    },
    /// Takes an event from a WebSocket route.
    WebsocketSource {
        /// The source.
        source: String,
    },
    /// Takes an event from an HTTP route.
    HttpSource {
        /// The source.
        source: String,
    },
    /// Makes an event on a schedule.
    ScheduleSource {
        /// The source.
        source: String,
    },
    /// Keeps the connection shards of a membership table.
    Shards {
        /// The table.
        table: String,
    },
    /// Consumes a queue.
    Consumer {
        /// The queue.
        queue: String,
        /// Its handler, where the whole of its work is to run it.
        handler: Option<String>,
    },
    /// Posts to the connections of some shards.
    Workers {
        /// The queue whose fan-out it serves.
        queue: String,
    },
    /// The second pass of a fan-out: those without a live connection.
    Rest {
        /// The queue whose fan-out it serves.
        queue: String,
    },
    /// Closes groups.
    Flush {
        /// The grouper.
        grouper: String,
    },
    /// Sends closed groups on.
    Deliver {
        /// The grouper.
        grouper: String,
    },
    /// Runs a handler as a step.
    Step {
        /// The workflow.
        workflow: String,
        /// The step.
        step: String,
        /// The handler.
        handler: String,
    },
    /// Answers whether the target has seen a delivery, for a workflow's choice.
    Seen {
        /// The workflow.
        workflow: String,
    },
    /// Sends to a sink.
    Sink {
        /// The sink.
        sink: String,
    },
    /// Takes one-click unsubscriptions.
    Unsubscribe,
    /// Takes bounces and complaints.
    Bounces,
}

/// A Lambda function with its role and log group.
#[derive(Debug, Clone)]
pub struct Function {
    /// Where it belongs.
    pub place: Place,
    /// Its name in `dispatch`: `live_connect`.
    pub name: String,
    /// Its name after the prefix, from the identity of its thing: `live-connect`.
    pub physical: String,
    /// What it does, in a sentence.
    pub about: String,
    /// What it does.
    pub kind: FunctionKind,
    /// The part of the runtime that it needs beside its handler, in words: `grouper`, `websocket fan-out`; none
    /// where its handler is all of its work.
    pub part: Option<&'static str>,
    /// What that part is told; with it the function can run.
    pub told: Option<super::Part>,
    /// Seconds that it may take.
    pub timeout: u32,
    /// Its memory, in MiB.
    pub memory: u32,
    /// Whether what it sends may call it again, round after round: the rounds end by its own protocol.
    pub recurs: bool,
    /// Its environment, sorted by name.
    pub env: Vec<(String, EnvValue)>,
    /// Its role's statements, beside its logs and traces.
    pub grants: Vec<Grant>,
    /// What it reads.
    pub mappings: Vec<Mapping>,
    /// Who else calls it.
    pub invokers: Vec<Invoker>,
    /// Where goes what an asynchronous call could not do.
    pub async_failures: Option<QueueRef>,
}

impl Function {
    /// A reference to it.
    #[must_use]
    pub fn reference(&self) -> FunctionRef {
        FunctionRef(self.place.logical.clone())
    }

    /// The handler whose work is all that the function does.
    #[must_use]
    pub fn only_handler(&self) -> Option<&str> {
        match &self.kind {
            FunctionKind::Step { handler, .. } => Some(handler),
            FunctionKind::Consumer { handler, .. } => handler.as_deref(),
            _ => None,
        }
    }

    /// The part of the runtime that it waits for; none where it can run.
    #[must_use]
    pub fn waits_for(&self) -> Option<&'static str> {
        if self.told.is_some() {
            return None;
        }
        self.part.or_else(|| self.only_handler().is_none().then_some("handler"))
    }
}

/// What a handler gets.
#[derive(Debug, Clone, PartialEq)]
pub enum HandlerInput {
    /// Nothing but the request's time: a schedule's.
    Nothing,
    /// One event, by its type's name.
    Event(String),
    /// One of several events: an enum of this name over these types.
    OneOf {
        /// The enum's name.
        name: String,
        /// The events' types.
        events: Vec<String>,
    },
    /// A workflow's state: the accepted event with what earlier steps have added; a struct of this name.
    State {
        /// The struct's name.
        name: String,
        /// The accepted input: its fields stand beside those that were added.
        base: Box<HandlerInput>,
        /// Added fields.
        added: Vec<super::FieldDef>,
    },
}

impl HandlerInput {
    /// Whether it is one of several events, alone or with what steps have added.
    #[must_use]
    pub fn is_one_of(&self) -> bool {
        match self {
            Self::Nothing | Self::Event(_) => false,
            Self::OneOf { .. } => true,
            Self::State { base, .. } => base.is_one_of(),
        }
    }
}

/// How a handler is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandlerShape {
    /// For each event of a queue.
    Consumer,
    /// To find the users that an event is for.
    Targets,
    /// As a step of a workflow.
    Step,
    /// To make a source's event from a request.
    Source,
}

/// One of the user's handlers.
#[derive(Debug, Clone, PartialEq)]
pub struct Handler {
    /// Its name, snake_case: a module of `handlers/src`.
    pub name: String,
    /// What it does.
    pub about: Option<String>,
    /// Where it stands, in words: "step `render` of workflow `deliver_notice`".
    pub used_by: Vec<String>,
    /// How it is called.
    pub shape: HandlerShape,
    /// What it gets.
    pub input: HandlerInput,
    /// What it returns; [`Shape::List`] of text for targets; none for nothing.
    pub output: Option<Shape>,
    /// Tables that it reads, by their names in the spec.
    pub reads: Vec<String>,
    /// Tables that it writes.
    pub writes: Vec<String>,
    /// Secrets that it reads: name and variable.
    pub secrets: Vec<(String, String)>,
}

impl Handler {
    /// Whether it knows more than its invocation.
    #[must_use]
    pub fn knows_more(&self) -> bool {
        !(self.reads.is_empty() && self.writes.is_empty() && self.secrets.is_empty())
    }
}
