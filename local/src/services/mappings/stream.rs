//! Streams of DynamoDB: which shards there are, and which may be read; a parent before its children.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::mapping::Mapping;
use super::shard::{Shard, read};
use super::{Running, Stop, request, trusted};
use crate::kernel::{Access, Arn, AwsError, Outcome, Time, World};
use crate::services::lambda::errors::invalid;
use crate::services::lambda::{Function, Lambda, NAME, backoff};

/// The service that streams are read from.
pub(super) const STREAMS: &str = "dynamodbstreams";
/// How often AWS looks for new shards is not documented; a shard that ends is followed at once.
const LOOK: Duration = Duration::from_secs(60);

/// How far a shard was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Checkpoint {
    /// Up to the record of this sequence number, which is done.
    After(String),
    /// No record is done; only what was written from then on counts.
    Since(Time),
    /// All of it.
    Done,
}

/// Whether a stream can be mapped: AWS looks whether the role may read it.
pub(super) fn check(world: &World, function: &Function, stream: &Arn) -> Result<(), AwsError> {
    let caller = trusted(world, function)?;
    for action in ["dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream"] {
        let access = Access { caller: &caller, action, resource: stream.as_str(), policy: None, context: &[] };
        world.guard.check(&access).map_err(|error| {
            invalid(format!(
                "Cannot access stream {stream}. Please ensure the role can perform the GetRecords, \
                 GetShardIterator, DescribeStream, and ListStreams Actions on your stream in IAM. ({})",
                error.message
            ))
        })?;
    }
    Ok(())
}

/// Reads a stream until it is stopped.
pub(super) async fn poll(lambda: Rc<Lambda>, running: Rc<Running>, stop: Rc<Stop>) {
    let world = lambda.world.clone();
    let mapping = running.mapping();
    let mut reading = BTreeSet::new();
    let mut readers = JoinSet::new();
    let mut errors = 0;
    // What `LATEST` means: the end of the shards that are there now; later ones are read from their beginning.
    let mut latest = mapping.starting.as_deref() == Some("LATEST") && running.checkpoints.borrow().is_empty();
    loop {
        let wait = match shards(&lambda, &mapping).await {
            Ok(shards) => {
                errors = 0;
                for id in readable(&shards, &running.checkpoints.borrow()) {
                    if reading.insert(id.clone()) {
                        let shard = Shard::new(id, &lambda, &running, &stop);
                        readers.spawn_local(read(shard, latest));
                    }
                }
                latest = false;
                LOOK
            }
            Err(error) => {
                errors += 1;
                world.log.tell(
                    NAME,
                    &mapping.function,
                    "could_not_describe_stream",
                    Outcome::Retried,
                    || json!({"source": mapping.source, "error": error.to_string()}),
                );
                backoff(errors, Duration::from_secs(1), LOOK)
            }
        };
        let next = world.clock.now() + wait;
        tokio::select! {
            biased;
            () = stop.told() => break,
            Some(_) = readers.join_next() => {}
            () = world.clock.idle_until(next) => {}
        }
    }
    // Readers end with the batch they have.
    while readers.join_next().await.is_some() {}
}

/// The shards that are neither read to their end nor behind a parent that is not.
fn readable(shards: &[(String, Option<String>)], checkpoints: &BTreeMap<String, Checkpoint>) -> Vec<String> {
    let is_done = |id: &String| checkpoints.get(id) == Some(&Checkpoint::Done);
    let is_there = |id: &String| shards.iter().any(|(other, _)| other == id);
    let waits = |parent: &Option<String>| parent.as_ref().is_some_and(|parent| is_there(parent) && !is_done(parent));
    let ready = shards.iter().filter(|(id, parent)| !is_done(id) && !waits(parent));
    ready.map(|(id, _)| id.clone()).collect()
}

/// The stream's shards with their parents.
async fn shards(lambda: &Lambda, mapping: &Mapping) -> Result<Vec<(String, Option<String>)>, AwsError> {
    let mut shards = Vec::new();
    let mut after = None::<Value>;
    loop {
        let function = lambda.find(&mapping.function).ok_or_else(|| invalid("the function is deleted"))?.function();
        let mut input = json!({"StreamArn": mapping.source});
        if let (Some(after), Some(members)) = (after.take(), input.as_object_mut()) {
            members.insert("ExclusiveStartShardId".to_owned(), after);
        }
        let mut answer = request(&lambda.world, &function, STREAMS, "DescribeStream", input).await?;
        let found = answer.pointer_mut("/StreamDescription/Shards").map(Value::take).unwrap_or_default();
        let text = |shard: &Value, name: &str| shard.get(name).and_then(Value::as_str).map(str::to_owned);
        for shard in found.as_array().into_iter().flatten() {
            shards.extend(text(shard, "ShardId").map(|id| (id, text(shard, "ParentShardId"))));
        }
        after = answer.pointer_mut("/StreamDescription/LastEvaluatedShardId").map(Value::take);
        if after.as_ref().is_none_or(Value::is_null) {
            return Ok(shards);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_waits_for_its_parent() {
        let shards = [
            ("parent".to_owned(), Some("long-gone".to_owned())),
            ("child".to_owned(), Some("parent".to_owned())),
            ("other".to_owned(), None),
        ];
        let mut checkpoints = BTreeMap::from([("parent".to_owned(), Checkpoint::After("7".to_owned()))]);
        assert_eq!(readable(&shards, &checkpoints), ["parent", "other"]);
        checkpoints.insert("parent".to_owned(), Checkpoint::Done);
        assert_eq!(readable(&shards, &checkpoints), ["child", "other"]);
    }
}
