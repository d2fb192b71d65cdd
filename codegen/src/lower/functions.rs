//! Functions: their environment and permissions, one word of what they do at a time.

use super::{Lowering, names};
use crate::model::{Destination, Index, Lookup, TableId, Target};
use crate::plan::{
    EnvValue, Function, FunctionKind, FunctionRef, GatewayRef, Grant, GroupRef, Invoker, MachineRef, Mapping,
    MappingSource, On, Place, QueueRef, Reference, SecretRef, TableRef, TopicRef,
};
use std::collections::BTreeSet;

/// A function while it is put together.
pub(super) struct Draft {
    function: Function,
    env: BTreeSet<(String, EnvKey)>,
    values: Vec<EnvValue>,
    services: BTreeSet<&'static str>,
    encrypted: bool,
}

/// A function's name in `dispatch`, and after the prefix.
pub(super) type FunctionName = (String, String);

/// The names of a thing's function: in `dispatch` from its name, in the stack from its identity, so that a
/// renamed thing keeps its function.
pub(super) fn named(name: &crate::model::Name, suffix: &str) -> FunctionName {
    (format!("{}{suffix}", name.text), names::physical(&[&format!("{}{suffix}", name.identity())]))
}

/// The place of an environment variable's value.
type EnvKey = usize;

/// The runtime table, which every flow has.
pub(super) fn runtime_table() -> TableRef {
    TableRef("RuntimeTable".into())
}

/// The part of the runtime that a kind of function always needs.
fn part(kind: &FunctionKind) -> Option<&'static str> {
    Some(match kind {
        FunctionKind::Publisher { .. } => "stream publisher",
        FunctionKind::Authorizer { .. }
        | FunctionKind::Connect { .. }
        | FunctionKind::Disconnect { .. }
        | FunctionKind::Default { .. }
        | FunctionKind::WebsocketSource { .. }
        | FunctionKind::Shards { .. } => "websocket gateway",
        FunctionKind::HttpSource { .. } => "http gateway",
        FunctionKind::ScheduleSource { .. } => "schedule source",
        FunctionKind::Workers { .. } | FunctionKind::Rest { .. } => "websocket fan-out",
        FunctionKind::Flush { .. } | FunctionKind::Deliver { .. } => "grouper",
        FunctionKind::Seen { .. } => "seen cursor",
        FunctionKind::Unsubscribe | FunctionKind::Bounces => "email sink",
        FunctionKind::Consumer { .. } | FunctionKind::Step { .. } | FunctionKind::Sink { .. } => return None,
    })
}

impl Draft {
    pub(super) fn new(place: Place, name: FunctionName, about: String, kind: FunctionKind, encrypted: bool) -> Self {
        let function = Function {
            place,
            name: name.0,
            physical: name.1,
            about,
            part: part(&kind),
            told: None,
            kind,
            timeout: super::clamp(crate::decide::FUNCTION_TIMEOUT),
            memory: 256,
            recurs: false,
            env: Vec::new(),
            grants: Vec::new(),
            mappings: Vec::new(),
            invokers: Vec::new(),
            async_failures: None,
        };
        Self { function, env: BTreeSet::new(), values: Vec::new(), services: BTreeSet::new(), encrypted }
    }

    pub(super) fn reference(&self) -> FunctionRef {
        self.function.reference()
    }

    /// Says which part of the runtime it needs, where its kind alone does not.
    pub(super) fn part(&mut self, part: Option<&'static str>) {
        self.function.part = part;
    }

    /// Says what that part is told: from now on the function can run.
    pub(super) fn tell(&mut self, told: crate::plan::Part) {
        self.function.told = Some(told);
    }

    /// As [`Self::tell`], where there is something to tell.
    pub(super) fn tell_if(&mut self, told: Option<crate::plan::Part>) {
        if told.is_some() {
            self.function.told = told;
        }
    }

    pub(super) fn timeout(&mut self, seconds: u64) {
        self.function.timeout = super::clamp(seconds);
    }

    pub(super) fn memory(&mut self, mib: u32) {
        self.function.memory = mib;
    }

    /// Says that it sends messages to itself, as often as its work needs: a timer before its time, a further page.
    pub(super) fn recurs(&mut self) {
        self.function.recurs = true;
    }

    pub(super) fn mapping(&mut self, mapping: Mapping) {
        match &mapping.source {
            MappingSource::Queue(queue) => {
                let actions = vec![
                    "sqs:ChangeMessageVisibility",
                    "sqs:DeleteMessage",
                    "sqs:GetQueueAttributes",
                    "sqs:ReceiveMessage",
                ];
                self.grant("Consume", actions, vec![On::Resource(Reference::Queue(queue.clone()))]);
                self.service("sqs");
            }
            MappingSource::Stream(table) => {
                let actions = vec![
                    "dynamodb:DescribeStream",
                    "dynamodb:GetRecords",
                    "dynamodb:GetShardIterator",
                    "dynamodb:ListStreams",
                ];
                self.grant("ReadStream", actions, vec![On::Stream(table.clone())]);
                self.service("dynamodb");
            }
        }
        self.function.mappings.push(mapping);
    }

    pub(super) fn invoked_by(&mut self, invoker: Invoker) {
        self.function.invokers.push(invoker);
    }

    pub(super) fn async_failures(&mut self, queue: QueueRef) {
        self.grant("SendFailures", vec!["sqs:SendMessage"], vec![On::Resource(Reference::Queue(queue.clone()))]);
        self.service("sqs");
        self.function.async_failures = Some(queue);
    }

    pub(super) fn set(&mut self, name: impl Into<String>, value: EnvValue) {
        let name = name.into();
        if self.env.iter().all(|(n, _)| *n != name) {
            self.env.insert((name, self.values.len()));
            self.values.push(value);
        }
    }

    /// Adds a statement; one of the same name and actions takes the resource up.
    pub(super) fn grant(&mut self, sid: &str, mut actions: Vec<&'static str>, on: Vec<On>) {
        actions.sort_unstable();
        let grants = &mut self.function.grants;
        let grant = match grants.iter_mut().position(|g| g.sid == sid && g.actions == actions) {
            Some(place) => grants.get_mut(place),
            None => {
                grants.push(Grant { sid: sid.to_owned(), actions, on: Vec::new() });
                grants.last_mut()
            }
        };
        if let Some(grant) = grant {
            grant.on.extend(on);
            grant.on.sort();
            grant.on.dedup();
        }
    }

    /// A service through which the customer key is used.
    fn service(&mut self, service: &'static str) {
        self.services.insert(service);
    }

    fn table(&mut self, table: &TableRef, variable: String, sid: &str, actions: Vec<&'static str>, indexes: &[String]) {
        self.set(variable, EnvValue::TableName(table.clone()));
        let mut on = vec![On::Resource(Reference::Table(table.clone()))];
        on.extend(indexes.iter().map(|i| On::Index(table.clone(), i.clone())));
        self.grant(sid, actions, on);
        self.service("dynamodb");
    }

    /// Reads rows of a table, by its keys and these indexes.
    pub(super) fn reads(&mut self, table: &TableRef, variable: String, indexes: &[String]) {
        let actions = vec!["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"];
        self.table(table, variable, "ReadRows", actions, indexes);
    }

    /// Writes rows of a table.
    pub(super) fn writes(&mut self, table: &TableRef, variable: String) {
        let actions =
            vec!["dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"];
        self.table(table, variable, "WriteRows", actions, &[]);
    }

    /// Changes one row of a table, and nothing else.
    pub(super) fn updates(&mut self, table: &TableRef, variable: String) {
        self.table(table, variable, "UpdateRows", vec!["dynamodb:UpdateItem"], &[]);
    }

    /// Puts rows into a table, and nothing else.
    pub(super) fn puts(&mut self, table: &TableRef, variable: String) {
        self.table(table, variable, "PutRows", vec!["dynamodb:PutItem"], &[]);
    }

    /// Keeps markers, idempotency and deliveries.
    pub(super) fn keeps_state(&mut self) {
        self.reads(&runtime_table(), "TABLE_RUNTIME".into(), &[]);
        self.writes(&runtime_table(), "TABLE_RUNTIME".into());
    }

    pub(super) fn publishes(&mut self, topic: &TopicRef, name: &str) {
        self.set(names::variable("TOPIC", name), EnvValue::TopicArn(topic.clone()));
        self.grant("Publish", vec!["sns:Publish"], vec![On::Resource(Reference::Topic(topic.clone()))]);
        // SNS takes a data key of an encrypted topic in the caller's name.
        self.service("sns");
    }

    pub(super) fn sends(&mut self, queue: &QueueRef, variable: String) {
        self.set(variable, EnvValue::QueueUrl(queue.clone()));
        self.grant("Send", vec!["sqs:SendMessage"], vec![On::Resource(Reference::Queue(queue.clone()))]);
        self.service("sqs");
    }

    pub(super) fn invokes(&mut self, function: &FunctionRef, variable: String) {
        self.set(variable, EnvValue::FunctionName(function.clone()));
        self.grant("Invoke", vec!["lambda:InvokeFunction"], vec![On::Resource(Reference::Function(function.clone()))]);
    }

    pub(super) fn starts(&mut self, machine: &MachineRef, name: &str) {
        self.set(names::variable("MACHINE", name), EnvValue::MachineArn(machine.clone()));
        self.grant("Start", vec!["states:StartExecution"], vec![On::Resource(Reference::Machine(machine.clone()))]);
    }

    pub(super) fn posts(&mut self, gateway: &GatewayRef, name: &str) {
        self.set(names::variable("CONNECTIONS", name), EnvValue::Connections(gateway.clone()));
        self.grant("Post", vec!["execute-api:ManageConnections"], vec![On::Connections(gateway.clone())]);
    }

    pub(super) fn reads_secret(&mut self, secret: &SecretRef, name: &str) {
        self.set(names::variable("SECRET", name), EnvValue::SecretArn(secret.clone()));
        let on = vec![On::Resource(Reference::Secret(secret.clone()))];
        self.grant("ReadSecrets", vec!["secretsmanager:GetSecretValue"], on);
        self.service("secretsmanager");
    }

    /// Makes one-time schedules in a group.
    pub(super) fn schedules(&mut self, group: &GroupRef, name: &str, timers: &QueueRef) {
        self.set(names::variable("SCHEDULES", name), EnvValue::ScheduleGroup(group.clone()));
        self.set(names::variable("SCHEDULER_ROLE", name), EnvValue::SchedulerRole(group.clone()));
        self.set(names::variable("TIMERS_ARN", name), EnvValue::QueueArn(timers.clone()));
        self.grant("Schedule", vec!["scheduler:CreateSchedule"], vec![On::Schedules(group.clone())]);
        self.grant("PassSchedulerRole", vec!["iam:PassRole"], vec![On::SchedulerRole(group.clone())]);
        self.service("scheduler");
    }

    pub(super) fn mails(&mut self, domain: &str) {
        self.set("CONFIGURATION_SET", EnvValue::ConfigurationSet);
        self.grant("Mail", vec!["ses:SendEmail"], vec![On::MailIdentity(domain.to_owned())]);
    }

    /// The function as it is planned.
    pub(super) fn done(mut self) -> Function {
        if self.encrypted && !self.services.is_empty() {
            let on = vec![On::Key(self.services.iter().copied().collect())];
            self.grant("UseKey", vec!["kms:Decrypt", "kms:GenerateDataKey"], on);
        }
        let mut values: Vec<Option<EnvValue>> = self.values.into_iter().map(Some).collect();
        let taken = self.env.into_iter().filter_map(|(name, at)| Some((name, values.get_mut(at)?.take()?)));
        self.function.env = taken.collect();
        self.function
    }
}

impl Lowering<'_> {
    pub(super) fn draft(&self, place: Place, name: FunctionName, about: String, kind: FunctionKind) -> Draft {
        Draft::new(place, name, about, kind, self.encrypted())
    }

    /// What a handler needs, by what its description says.
    pub(super) fn handler_needs(&self, draft: &mut Draft, id: crate::model::HandlerId) {
        let handler = &self.flow.handlers[id];
        for table in &handler.reads {
            self.reads_table(draft, table.value);
        }
        for table in &handler.writes {
            draft.writes(&self.table_ref(table.value), self.table_variable(table.value));
        }
        for secret in &handler.secrets {
            let secret = &self.flow.secrets[secret.value];
            draft.reads_secret(&SecretRef(names::logical(secret.name.identity(), "Secret")), &secret.name.text);
        }
        for to in &handler.publishes {
            self.feeds(draft, to.value);
        }
        for (name, value) in &handler.env {
            draft.set(name.value.clone(), EnvValue::Text(super::types::plain_text(value)));
        }
        if let Some(memory) = handler.memory {
            draft.memory(memory.value);
        }
    }

    pub(super) fn table_variable(&self, id: TableId) -> String {
        names::variable("TABLE", &self.flow.tables[id].name.text)
    }

    /// Reads a table by its keys and all its indexes: what a handler asks for, only its code says.
    fn reads_table(&self, draft: &mut Draft, id: TableId) {
        let table = &self.flow.tables[id];
        let indexes: Vec<String> = table.indexes.iter().map(|i| i.name.value.clone()).collect();
        draft.reads(&self.table_ref(id), self.table_variable(id), &indexes);
    }

    /// Reads a table by its keys.
    pub(super) fn reads_rows(&self, draft: &mut Draft, id: TableId) {
        draft.reads(&self.table_ref(id), self.table_variable(id), &[]);
    }

    /// Reads a table by what serves these fields: its keys, or one index.
    pub(super) fn reads_by(&self, draft: &mut Draft, id: TableId, fields: &[usize]) {
        let table = &self.flow.tables[id];
        let index = table.index_of(fields).filter(|_| !table.serves(fields)).and_then(|at| table.indexes.get(at));
        self.reads_through(draft, id, index);
    }

    fn reads_through(&self, draft: &mut Draft, id: TableId, index: Option<&Index>) {
        let names: Vec<String> = index.map(|i| i.name.value.clone()).into_iter().collect();
        draft.reads(&self.table_ref(id), self.table_variable(id), &names);
    }

    /// Reads what a lookup asks for.
    pub(super) fn looks_up(&self, draft: &mut Draft, lookup: &Lookup) {
        let table = &self.flow.tables[lookup.table.value];
        self.reads_through(draft, lookup.table.value, lookup.index.and_then(|at| table.indexes.get(at)));
    }

    /// Reads a membership table both ways: the members of a group, and the groups of a user.
    pub(super) fn reads_members(&self, draft: &mut Draft, id: TableId) {
        let targets = self.flow.queues.values().filter(|q| self.browser_gateway(q).is_some()).flat_map(|q| &q.targets);
        for (_, target) in targets.flat_map(|t| &t.by_event) {
            if let Target::Lookup(lookup) = target
                && lookup.table.value == id
            {
                self.looks_up(draft, lookup);
                if let Some(select) = lookup.select {
                    self.reads_by(draft, id, &[select.value]);
                }
            }
        }
    }

    /// What it takes to send to a destination.
    pub(super) fn feeds(&self, draft: &mut Draft, to: Destination) {
        match to {
            Destination::Topic(id) => {
                let topic = &self.flow.topics[id];
                draft.publishes(&TopicRef(names::logical(topic.name.identity(), "Topic")), &topic.name.text);
            }
            Destination::Queue(id) => {
                let queue = &self.flow.queues[id];
                let name = names::variable("QUEUE", &queue.name.text);
                draft.sends(&QueueRef(names::logical(queue.name.identity(), "Queue")), name);
            }
            Destination::Grouper(id) => self.accepts(draft, id),
            Destination::Workflow(id) => {
                let workflow = &self.flow.workflows[id];
                draft.starts(&MachineRef(names::logical(workflow.name.identity(), "Workflow")), &workflow.name.text);
            }
            Destination::Sink(id) => self.delivers_to(draft, id),
        }
    }
}
