//! Event source mappings: what polls queues and streams for functions. A part of Lambda's API.
//!
//! In: messages of SQS queues and records of DynamoDB streams, read as the function's role. Out:
//! invocations with batches. Guaranteed: a message is deleted, and a record passed by, only after its
//! function took it (or it was filtered out, or given up to the destination).
//!
//! | module | does |
//! | --- | --- |
//! | [`mapping`] | a mapping as it is kept |
//! | [`pattern`] | filters |
//! | [`queue`], [`batch`], [`message`] | SQS: what is received; a batch from the first try to the last delete; a message as an event has it |
//! | [`stream`], [`shard`] | DynamoDB streams: shards; batches of one |
//! | [`response`] | what a function reports of a batch |

mod batch;
mod mapping;
mod message;
mod pattern;
mod queue;
mod response;
mod shard;
mod stream;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, spawn_local};

use self::mapping::{Mapping, Settings};
use self::stream::Checkpoint;
use super::lambda::errors::{conflict, invalid, not_found, not_honoured, number, read, within};
use super::lambda::{Function, Lambda, NAME, assume, names};
use crate::kernel::{Access, Arn, AwsError, Caller, Outcome, StoreError, Table, World};

/// All mappings.
#[derive(Debug)]
pub(crate) struct Mappings {
    table: Table,
    /// How far each shard was read.
    checkpoints: Table,
    all: RefCell<BTreeMap<String, Rc<Running>>>,
}

/// A mapping and what polls for it.
#[derive(Debug)]
struct Running {
    mapping: RefCell<Rc<Mapping>>,
    poller: RefCell<Option<(Rc<Stop>, JoinHandle<()>)>>,
    last_result: Cell<&'static str>,
    /// Batches of a queue that run.
    batches: Cell<usize>,
    /// One of them has ended.
    freed: Notify,
    /// How far each shard of a stream was read.
    checkpoints: RefCell<BTreeMap<String, Checkpoint>>,
}

impl Running {
    fn new(mapping: Mapping) -> Rc<Self> {
        Rc::new(Self {
            mapping: RefCell::new(Rc::new(mapping)),
            poller: RefCell::default(),
            last_result: Cell::new("No records processed"),
            batches: Cell::new(0),
            freed: Notify::new(),
            checkpoints: RefCell::default(),
        })
    }

    fn mapping(&self) -> Rc<Mapping> {
        Rc::clone(&self.mapping.borrow())
    }

    /// Begins to poll anew, with the mapping as it is now. Batches that were read before end as they would.
    fn restart(self: &Rc<Self>, lambda: &Rc<Lambda>) {
        let previous = self.stop();
        let mapping = self.mapping();
        if !mapping.enabled {
            return;
        }
        let stop = Rc::new(Stop::default());
        let (lambda, running, told) = (Rc::clone(lambda), Rc::clone(self), Rc::clone(&stop));
        let poller = if mapping.is_queue() {
            spawn_local(queue::poll(lambda, running, told))
        } else {
            spawn_local(async move {
                // Two that read one shard would deliver its records twice, and out of order.
                if let Some(previous) = previous {
                    let _ = previous.await;
                }
                stream::poll(lambda, running, told).await;
            })
        };
        *self.poller.borrow_mut() = Some((stop, poller));
    }

    fn stop(&self) -> Option<JoinHandle<()>> {
        let (stop, poller) = self.poller.take()?;
        stop.stop();
        Some(poller)
    }

    /// Keeps how far a shard was read. A mapping that was deleted meanwhile has no use for it.
    fn checkpoint(&self, mappings: &Mappings, shard: &str, checkpoint: Checkpoint) {
        let uuid = &self.mapping().uuid;
        if mappings.all.borrow().contains_key(uuid) {
            mappings.checkpoints.put(&checkpoint_key(uuid, shard), &checkpoint);
            self.checkpoints.borrow_mut().insert(shard.to_owned(), checkpoint);
        }
    }
}

fn checkpoint_key(uuid: &str, shard: &str) -> String {
    format!("{uuid}/{shard}")
}

/// Tells a poller that it is over.
#[derive(Debug, Default)]
struct Stop {
    stopped: Cell<bool>,
    told: Notify,
}

impl Stop {
    fn stop(&self) {
        self.stopped.set(true);
        self.told.notify_waiters();
    }

    fn is_set(&self) -> bool {
        self.stopped.get()
    }

    async fn told(&self) {
        loop {
            let told = self.told.notified();
            tokio::pin!(told);
            told.as_mut().enable();
            if self.is_set() {
                return;
            }
            told.await;
        }
    }
}

impl Mappings {
    pub(crate) fn load(world: &World) -> Result<Self, StoreError> {
        let table = world.store.table("lambda.mappings");
        let all = table.load::<Mapping>()?.into_iter().map(|(uuid, mapping)| (uuid, Running::new(mapping)));
        let all: BTreeMap<String, Rc<Running>> = all.collect();
        let checkpoints = world.store.table("lambda.checkpoints");
        for (key, checkpoint) in checkpoints.load::<Checkpoint>()? {
            if let Some((uuid, shard)) = key.split_once('/')
                && let Some(running) = all.get(uuid)
            {
                running.checkpoints.borrow_mut().insert(shard.to_owned(), checkpoint);
            }
        }
        Ok(Self { table, checkpoints, all: RefCell::new(all) })
    }

    /// Begins to poll for the mappings that were loaded.
    pub(crate) fn resume(&self, lambda: &Rc<Lambda>) {
        for running in self.all.borrow().values() {
            running.restart(lambda);
        }
    }

    pub(crate) fn get(&self, uuid: &str) -> Result<Rc<Mapping>, AwsError> {
        self.running(uuid).map(|running| running.mapping())
    }

    pub(crate) fn change_tags(
        &self,
        uuid: &str,
        change: impl FnOnce(&mut BTreeMap<String, String>),
    ) -> Result<(), AwsError> {
        let running = self.running(uuid)?;
        let mut mapping = Mapping::clone(&running.mapping());
        change(&mut mapping.tags);
        self.put(&running, mapping);
        Ok(())
    }

    fn running(&self, uuid: &str) -> Result<Rc<Running>, AwsError> {
        let found = self.all.borrow().get(uuid).cloned();
        found.ok_or_else(|| not_found("The resource you requested does not exist."))
    }

    fn put(&self, running: &Running, mapping: Mapping) {
        self.table.put(&mapping.uuid, &mapping);
        *running.mapping.borrow_mut() = Rc::new(mapping);
    }
}

/// Makes a call for a mapping: as the function's role, which Lambda takes on for it.
async fn request(
    world: &World,
    function: &Function,
    service: &str,
    operation: &str,
    input: Value,
) -> Result<Value, AwsError> {
    let caller = assume(world, function)?;
    world.bus.request(caller, service, operation, input).await
}

/// Whom a new mapping's source is asked as.
fn trusted(world: &World, function: &Function) -> Result<Caller, AwsError> {
    assume(world, function).map_err(|error| {
        invalid(format!("Please add Lambda as a Trusted Entity for {} ({})", function.role, error.message))
    })
}

/// Answers an operation on mappings.
pub(crate) async fn answer(
    lambda: &Rc<Lambda>,
    caller: &Caller,
    operation: &str,
    input: Value,
) -> Result<Value, AwsError> {
    match operation {
        "CreateEventSourceMapping" => create(lambda, caller, input).await,
        "GetEventSourceMapping" => get(lambda, caller, input),
        "ListEventSourceMappings" => list(lambda, caller, input),
        "UpdateEventSourceMapping" => update(lambda, caller, input),
        "DeleteEventSourceMapping" => delete(lambda, caller, input),
        other => Err(AwsError::unsupported(NAME, other)),
    }
}

fn arn_of(world: &World, uuid: &str) -> Arn {
    world.place.arn("lambda", &format!("event-source-mapping:{uuid}"))
}

fn allowed(world: &World, caller: &Caller, action: &str, resource: &str) -> Result<(), AwsError> {
    world.guard.check(&Access { caller, action, resource, policy: None, context: &[] })
}

async fn create(lambda: &Rc<Lambda>, caller: &Caller, input: Value) -> Result<Value, AwsError> {
    let world = &lambda.world;
    let mut settings: Settings = read(input)?;
    allowed(world, caller, "lambda:CreateEventSourceMapping", "*")?;
    if settings.uuid.is_some() {
        return Err(invalid("UUID is given by Lambda"));
    }
    let written = settings.function_name.take().ok_or_else(|| invalid("FunctionName is required"))?;
    let source = settings.event_source_arn.take().ok_or_else(|| not_honoured("SelfManagedEventSource"))?;
    let name = names::resolve(world, &written, None)?;
    let arn = names::arn(world, &name);
    let function = lambda.find(&name).ok_or_else(|| invalid(format!("Function does not exist: {arn}")))?.function();
    let twin = {
        let all = lambda.mappings.all.borrow();
        let same = |running: &&Rc<Running>| {
            let mapping = running.mapping();
            mapping.source == source && mapping.function == name
        };
        all.values().find(same).map(|running| running.mapping().uuid.clone())
    };
    if let Some(uuid) = twin {
        return Err(conflict(format!(
            "The event source arn (\" {source} \") and function (\" {name} \") provided mapping already exists. Please \
             update or delete the existing mapping with UUID {uuid}"
        )));
    }
    let mut mapping = Mapping::new(world, (name, arn), source);
    mapping.starting = settings.starting_position.take();
    mapping.tags = std::mem::take(&mut settings.tags);
    mapping.set(settings)?;
    match mapping.source.service() {
        "sqs" => queue::check(world, &function, &mapping.source).await?,
        "dynamodb" => stream::check(world, &function, &mapping.source)?,
        other => {
            return Err(invalid(format!(
                "the local engine maps queues and DynamoDB streams to functions, not `{other}`"
            )));
        }
    }
    let uuid = mapping.uuid.clone();
    let configuration = mapping.configuration(world, "Creating", "No records processed");
    world.log.tell(NAME, &mapping.function, "mapped", Outcome::Done, || json!({"source": mapping.source}));
    let running = Running::new(mapping.clone());
    lambda.mappings.put(&running, mapping);
    lambda.mappings.all.borrow_mut().insert(uuid, Rc::clone(&running));
    running.restart(lambda);
    Ok(configuration)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    #[serde(rename = "UUID")]
    uuid: String,
}

fn shown(world: &World, running: &Running) -> Value {
    let mapping = running.mapping();
    let state = if mapping.enabled { "Enabled" } else { "Disabled" };
    mapping.configuration(world, state, running.last_result.get())
}

fn get(lambda: &Lambda, caller: &Caller, input: Value) -> Result<Value, AwsError> {
    let Named { uuid } = read(input)?;
    allowed(&lambda.world, caller, "lambda:GetEventSourceMapping", arn_of(&lambda.world, &uuid).as_str())?;
    Ok(shown(&lambda.world, &*lambda.mappings.running(&uuid)?))
}

fn list(lambda: &Lambda, caller: &Caller, input: Value) -> Result<Value, AwsError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "PascalCase")]
    struct Input {
        event_source_arn: Option<String>,
        function_name: Option<String>,
        marker: Option<String>,
        #[serde(default, deserialize_with = "number")]
        max_items: Option<u32>,
    }
    let input: Input = read(input)?;
    let most = input.max_items.map_or(Ok(100), |most| within("maxItems", most, 1, 10_000))?.min(100);
    allowed(&lambda.world, caller, "lambda:ListEventSourceMappings", "*")?;
    let function = input.function_name.map(|name| names::resolve(&lambda.world, &name, None)).transpose()?;
    let after = input.marker.unwrap_or_default();
    let all = lambda.mappings.all.borrow();
    let mut found = all.iter().filter(|(uuid, running)| {
        let mapping = running.mapping();
        **uuid > after
            && function.as_ref().is_none_or(|name| mapping.function == *name)
            && input.event_source_arn.as_ref().is_none_or(|arn| mapping.source.as_str() == arn)
    });
    let page: Vec<_> = found.by_ref().take(most.try_into().unwrap_or(100)).collect();
    let shown: Vec<Value> = page.iter().map(|(_, running)| shown(&lambda.world, running)).collect();
    let mut answer = json!({"EventSourceMappings": shown});
    if let (Some(_), Some((last, _)), Some(members)) = (found.next(), page.last(), answer.as_object_mut()) {
        members.insert("NextMarker".to_owned(), json!(last));
    }
    Ok(answer)
}

fn update(lambda: &Rc<Lambda>, caller: &Caller, input: Value) -> Result<Value, AwsError> {
    let world = &lambda.world;
    let mut settings: Settings = read(input)?;
    let uuid = settings.uuid.take().ok_or_else(|| invalid("UUID is required"))?;
    allowed(world, caller, "lambda:UpdateEventSourceMapping", arn_of(world, &uuid).as_str())?;
    let running = lambda.mappings.running(&uuid)?;
    let mut mapping = Mapping::clone(&running.mapping());
    if settings.event_source_arn.is_some() || settings.starting_position.is_some() {
        return Err(invalid("The event source and the starting position of a mapping cannot be changed"));
    }
    if let Some(written) = settings.function_name.take() {
        let name = names::resolve(world, &written, None)?;
        let arn = names::arn(world, &name);
        if lambda.find(&name).is_none() {
            return Err(invalid(format!("Function does not exist: {arn}")));
        }
        (mapping.function, mapping.function_arn) = (name, arn);
    }
    mapping.set(settings)?;
    mapping.modified = world.clock.now();
    let configuration = mapping.configuration(world, "Updating", running.last_result.get());
    lambda.mappings.put(&running, mapping);
    running.restart(lambda);
    Ok(configuration)
}

fn delete(lambda: &Lambda, caller: &Caller, input: Value) -> Result<Value, AwsError> {
    let Named { uuid } = read(input)?;
    let world = &lambda.world;
    allowed(world, caller, "lambda:DeleteEventSourceMapping", arn_of(world, &uuid).as_str())?;
    let running = lambda.mappings.running(&uuid)?;
    lambda.mappings.all.borrow_mut().remove(&uuid);
    lambda.mappings.table.delete(&uuid);
    let mapping = running.mapping();
    running.stop();
    for shard in running.checkpoints.borrow().keys() {
        lambda.mappings.checkpoints.delete(&checkpoint_key(&uuid, shard));
    }
    world.log.tell(NAME, &mapping.function, "unmapped", Outcome::Done, || json!({"source": mapping.source}));
    Ok(mapping.configuration(world, "Deleting", running.last_result.get()))
}
