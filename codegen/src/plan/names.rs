//! Where a planned resource belongs, and references to it.

/// Where a resource belongs: its identity, its owner, and what its replacement would lose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The logical id; comes from the identity of the thing in the spec.
    pub logical: String,
    /// The thing of the spec that it is there for: `queues.notify`; `flow` for what all share.
    pub owner: String,
    /// The connected part of the flow that it belongs to, from 1; 0 for what all share.
    pub component: u32,
    /// Why a replacement is meant, where the spec says so.
    pub allow_replace: Option<String>,
}

macro_rules! references {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub String);
    )* };
}

references! {
    /// A table, by its logical id.
    TableRef,
    /// A secret, by its logical id.
    SecretRef,
    /// A topic, by its logical id.
    TopicRef,
    /// A queue, by its logical id.
    QueueRef,
    /// A function, by its logical id.
    FunctionRef,
    /// A state machine, by its logical id.
    MachineRef,
    /// An API, by its logical id.
    GatewayRef,
    /// A schedule group, by its logical id.
    GroupRef,
}

/// Any resource of the plan that something can point to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reference {
    /// A table.
    Table(TableRef),
    /// A secret.
    Secret(SecretRef),
    /// A topic.
    Topic(TopicRef),
    /// A queue.
    Queue(QueueRef),
    /// A function.
    Function(FunctionRef),
    /// A state machine.
    Machine(MachineRef),
    /// An API.
    Gateway(GatewayRef),
}
