//! One shard: its records in order, in batches, each until it is taken or given up.
//!
//! In: records as `GetRecords` answers them. Out: invocations, and a checkpoint that is kept. Guaranteed:
//! a record is invoked with only after those before it (of its item, with a `ParallelizationFactor`) were
//! taken, filtered out, or given up to the destination.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};

use super::mapping::Mapping;
use super::pattern::Pattern;
use super::response::Report;
use super::stream::{Checkpoint, STREAMS};
use super::{Running, Stop, request};
use crate::kernel::{AwsError, Outcome, Time};
use crate::services::lambda::{Function, Lambda, NAME, Parcel, Payload, Request, SYNCHRONOUS, backoff, deliver, run};

/// The most records that one `GetRecords` gives (DynamoDB API).
const PAGE: usize = 1000;
/// How often AWS asks a shard for records; here, after a wait for them that failed.
const ASK: Duration = Duration::from_millis(250);
/// The longest wait for records: an iterator is good for 15 minutes.
const WAIT: Duration = Duration::from_secs(5 * 60);
/// How long a stream keeps its records: what is older is gone.
const RETENTION: Duration = Duration::from_secs(24 * 3600);
/// The shortest and the longest wait before a batch is tried again.
const AGAIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// One shard of a mapping's stream.
pub(super) struct Shard {
    id: String,
    lambda: Rc<Lambda>,
    mapping: Rc<Mapping>,
    running: Rc<Running>,
    stop: Rc<Stop>,
    patterns: Vec<Pattern>,
}

/// A record beside what the event has of it.
#[derive(Clone, Debug)]
struct Record {
    value: Value,
    sequence: String,
    created: Time,
}

/// Records that are tried together.
struct Batch {
    records: Vec<Record>,
    payload: Rc<Payload>,
    failed: u32,
}

impl Batch {
    fn new(records: Vec<Record>, failed: u32) -> Self {
        let values: Vec<&Value> = records.iter().map(|record| &record.value).collect();
        let payload = Rc::new(Payload::from_value(json!({"Records": values})));
        Self { records, payload, failed }
    }

    fn last(&self) -> Option<&Record> {
        self.records.last()
    }
}

impl Shard {
    pub(super) fn new(id: String, lambda: &Rc<Lambda>, running: &Rc<Running>, stop: &Rc<Stop>) -> Self {
        let mapping = running.mapping();
        let patterns = mapping.patterns();
        let (lambda, running, stop) = (Rc::clone(lambda), Rc::clone(running), Rc::clone(stop));
        Self { id, lambda, mapping, running, stop, patterns }
    }

    /// Keeps how far the shard was read, and waits until that is on disk. A file that failed fails each call
    /// from then on; here it only means that records come again after the next start.
    async fn checkpoint(&self, checkpoint: Checkpoint) {
        self.running.checkpoint(&self.lambda.mappings, &self.id, checkpoint);
        let _ = self.lambda.world.store.durable().await;
    }

    /// The records of a batch at most.
    fn most(&self) -> usize {
        usize::try_from(self.mapping.batch_size).unwrap_or(usize::MAX)
    }

    /// Batches at once.
    fn lanes(&self) -> usize {
        usize::try_from(self.mapping.factor).unwrap_or(1)
    }

    fn now(&self) -> Time {
        self.lambda.world.clock.now()
    }

    /// Sleeps in the background, or until the poller is stopped.
    async fn pause(&self, wait: Duration) {
        let clock = &self.lambda.world.clock;
        tokio::select! {
            biased;
            () = self.stop.told() => {}
            () = clock.idle_until(clock.now() + wait) => {}
        }
    }

    /// An iterator from the checkpoint on.
    async fn iterator(&self, latest: bool) -> Result<String, AwsError> {
        let checkpoint = self.running.checkpoints.borrow().get(&self.id).cloned();
        let kind = if latest && checkpoint.is_none() { "LATEST" } else { "TRIM_HORIZON" };
        let mut input = json!({"StreamArn": self.mapping.source, "ShardId": self.id, "ShardIteratorType": kind});
        if let (Some(Checkpoint::After(sequence)), Some(members)) = (&checkpoint, input.as_object_mut()) {
            members.insert("ShardIteratorType".to_owned(), "AFTER_SEQUENCE_NUMBER".into());
            members.insert("SequenceNumber".to_owned(), sequence.as_str().into());
        }
        if kind == "LATEST" {
            self.checkpoint(Checkpoint::Since(self.now())).await;
        }
        let answer = match self.ask("GetShardIterator", input).await {
            // What was not read within a day is gone; what is still there is read on.
            Err(error) if error.code == "TrimmedDataAccessException" => {
                let input =
                    json!({"StreamArn": self.mapping.source, "ShardId": self.id, "ShardIteratorType": "TRIM_HORIZON"});
                self.ask("GetShardIterator", input).await?
            }
            answer => answer?,
        };
        let iterator = answer.get("ShardIterator").and_then(Value::as_str);
        iterator.map(str::to_owned).ok_or_else(|| AwsError::internal("GetShardIterator gave no iterator"))
    }

    async fn ask(&self, operation: &str, input: Value) -> Result<Value, AwsError> {
        let entry = self.lambda.find(&self.mapping.function);
        let function = entry.ok_or_else(|| AwsError::internal("the function is deleted"))?.function();
        request(&self.lambda.world, &function, STREAMS, operation, input).await
    }

    /// The next records, and the iterator behind them; none at the shard's end.
    async fn records(&self, iterator: &str, most: usize) -> Result<(Vec<Record>, Option<String>), AwsError> {
        let input = json!({"ShardIterator": iterator, "Limit": most.min(PAGE)});
        let mut answer = self.ask("GetRecords", input).await?;
        let next = answer.get("NextShardIterator").and_then(Value::as_str).map(str::to_owned);
        let since = match self.running.checkpoints.borrow().get(&self.id) {
            // A record says when it was made in whole seconds.
            Some(Checkpoint::Since(since)) => Time::from_millis(since.seconds() * 1000),
            _ => Time::EPOCH,
        };
        let records = answer.get_mut("Records").map(Value::take).unwrap_or_default();
        let Value::Array(records) = records else { return Ok((Vec::new(), next)) };
        let records = records.into_iter().filter_map(|record| self.record(record));
        Ok((records.filter(|record| record.created >= since).collect(), next))
    }

    fn record(&self, mut value: Value) -> Option<Record> {
        value.as_object_mut()?.insert("eventSourceARN".to_owned(), self.mapping.source.as_str().into());
        // Lambda's events spell the members of this one in their own way.
        if let Some(identity) = value.get_mut("userIdentity") {
            *identity = json!({"type": identity.get("Type"), "principalId": identity.get("PrincipalId")});
        }
        let change = value.get("dynamodb")?;
        let sequence = change.get("SequenceNumber")?.as_str()?.to_owned();
        let seconds = change.get("ApproximateCreationDateTime").and_then(Value::as_f64).unwrap_or_default();
        #[expect(clippy::cast_possible_truncation, reason = "milliseconds of any date fit")]
        let created = Time::from_millis((seconds * 1000.0) as i64);
        Some(Record { value, sequence, created })
    }

    /// Waits until there are records behind an iterator, as far as can be told.
    async fn wait(&self, iterator: &str) {
        let clock = &self.lambda.world.clock;
        let wait = self.ask("eventloom:WaitForRecords", json!({"ShardIterator": iterator}));
        let waited = tokio::select! {
            biased;
            () = self.stop.told() => return,
            waited = wait => waited,
            () = clock.idle_until(clock.now() + WAIT) => return,
        };
        if waited.is_err() {
            self.pause(ASK).await;
        }
    }
}

/// Reads a shard until its end, or until the poller is stopped.
pub(super) async fn read(shard: Shard, latest: bool) {
    let world = &shard.lambda.world;
    let most = shard.most().saturating_mul(shard.lanes());
    let window = Duration::from_secs(shard.mapping.window.into());
    let mut iterator = None;
    let (mut gathered, mut over): (Vec<Record>, Option<Time>) = (Vec::new(), None);
    let mut errors = 0;
    while !shard.stop.is_set() {
        let at = match iterator.take() {
            Some(iterator) => Ok(iterator),
            None => {
                gathered.clear();
                over = None;
                shard.iterator(latest).await
            }
        };
        let answered = match &at {
            Ok(at) => shard.records(at, most - gathered.len()).await,
            Err(error) => Err(error.clone()),
        };
        let (records, next) = match answered {
            Ok(answered) => answered,
            Err(error) => {
                errors += 1;
                world.log.tell(
                    NAME,
                    &shard.mapping.function,
                    "could_not_read_stream",
                    Outcome::Retried,
                    || json!({"source": shard.mapping.source, "shard": shard.id, "error": error.to_string()}),
                );
                shard.pause(backoff(errors, AGAIN.0, AGAIN.1)).await;
                continue;
            }
        };
        errors = 0;
        gathered.extend(records);
        if !gathered.is_empty() {
            let over = *over.get_or_insert(world.clock.now() + window);
            if let Some(next) = &next
                && gathered.len() < most
                && world.clock.now() < over
            {
                tokio::select! {
                    biased;
                    () = shard.wait(next) => {}
                    () = world.clock.sleep_until(over) => {}
                }
                iterator = Some(next.clone());
                continue;
            }
            if !shard.process(std::mem::take(&mut gathered)).await {
                return;
            }
        }
        over = None;
        let Some(next) = next else {
            shard.checkpoint(Checkpoint::Done).await;
            return;
        };
        shard.wait(&next).await;
        iterator = Some(next);
    }
}

impl Shard {
    /// Brings records to the function; false if the poller was stopped meanwhile.
    async fn process(&self, records: Vec<Record>) -> bool {
        let Some(last) = records.last().map(|record| record.sequence.clone()) else { return true };
        let matches = |record: &Record| {
            self.patterns.is_empty() || self.patterns.iter().any(|pattern| pattern.matches(&record.value))
        };
        let records: Vec<Record> = records.into_iter().filter(matches).collect();
        let lanes = lanes(records, self.lanes());
        // The checkpoint is one for all lanes: with several, it moves when all are done.
        let alone = lanes.len() == 1;
        let done = futures_util::future::join_all(lanes.into_iter().map(|lane| self.lane(lane, alone))).await;
        let done = done.into_iter().all(|done| done);
        if done {
            self.checkpoint(Checkpoint::After(last)).await;
        }
        done
    }

    /// Brings records to the function one batch after the other.
    async fn lane(&self, records: Vec<Record>, alone: bool) -> bool {
        let world = &self.lambda.world;
        // The next batch is the last of these.
        let mut batches: Vec<Batch> =
            parts(records, self.most()).into_iter().rev().map(|part| Batch::new(part, 0)).collect();
        let mut refused = 0;
        while let Some(batch) = batches.pop() {
            if self.stop.is_set() {
                return false;
            }
            let Some(entry) = self.lambda.find(&self.mapping.function) else {
                batches.push(batch);
                self.pause(AGAIN.1).await;
                continue;
            };
            let function = entry.function();
            let Some(mut batch) = self.without_old(&function, batch).await else { continue };
            let request_id = world.random.uuid();
            let request =
                Request { request_id: request_id.clone(), payload: Rc::clone(&batch.payload), client_context: None };
            let (from, error) = match run(&self.lambda, &entry, request).await {
                Err(error) => {
                    refused += 1;
                    self.retried(&batch, &error.to_string());
                    batches.push(batch);
                    world.clock.sleep(backoff(refused, Duration::from_millis(100), AGAIN.1)).await;
                    continue;
                }
                Ok(invoked) => match invoked.result {
                    Ok(answer) => match self.first_failed(&batch, &answer) {
                        None => {
                            refused = 0;
                            self.running.last_result.set("OK");
                            if let (true, Some(last)) = (alone, batch.last()) {
                                self.checkpoint(Checkpoint::After(last.sequence.clone())).await;
                            }
                            continue;
                        }
                        Some(failed) => failed,
                    },
                    Err(error) => (0, error.to_string()),
                },
            };
            self.running.last_result.set("PROBLEM: Function call failed");
            if from > 0 {
                if let (true, Some(done)) = (alone, batch.records.get(from - 1)) {
                    self.checkpoint(Checkpoint::After(done.sequence.clone())).await;
                }
                batch = Batch::new(batch.records.split_off(from), batch.failed);
            } else if self.mapping.bisects && batch.records.len() > 1 {
                // Splitting is no retry (Lambda Developer Guide, "Retaining discarded records").
                let second = batch.records.split_off(batch.records.len() / 2);
                self.retried(&batch, &error);
                batches.push(Batch::new(second, batch.failed));
                batches.push(Batch::new(batch.records, batch.failed));
                continue;
            }
            batch.failed += 1;
            if self.mapping.retries.is_some_and(|retries| batch.failed > retries) {
                let times = batch.failed;
                self.give_up(&function, &batch.records, "RetryAttemptsExhausted", times, &request_id).await;
                continue;
            }
            self.retried(&batch, &error);
            let wait = backoff(batch.failed, AGAIN.0, AGAIN.1);
            batches.push(batch);
            tokio::select! {
                biased;
                () = self.stop.told() => {}
                () = world.clock.sleep(wait) => {}
            }
        }
        true
    }

    /// The first record that failed, and why; none if all are done.
    fn first_failed(&self, batch: &Batch, answer: &Payload) -> Option<(usize, String)> {
        if !self.mapping.reports {
            return None;
        }
        match Report::read(answer, batch.records.iter().map(|record| record.sequence.as_str())) {
            Report::Done(failed) => {
                let first = batch.records.iter().position(|record| failed.contains(&record.sequence))?;
                Some((first, format!("{} of {} records failed", failed.len(), batch.records.len())))
            }
            Report::Unreadable(why) => Some((0, why)),
        }
    }

    /// A batch without what is too old, which is given up; none if nothing is left.
    async fn without_old(&self, function: &Function, mut batch: Batch) -> Option<Batch> {
        let age = self.mapping.age.map_or(RETENTION, |seconds| Duration::from_secs(seconds.into()).min(RETENTION));
        let oldest = self.now() - age;
        let young = batch.records.iter().position(|record| record.created >= oldest).unwrap_or(batch.records.len());
        if young == 0 {
            return Some(batch);
        }
        let rest = batch.records.split_off(young);
        let request_id = self.lambda.world.random.uuid();
        self.give_up(function, &batch.records, "RecordAgeExceeded", batch.failed, &request_id).await;
        (!rest.is_empty()).then(|| Batch::new(rest, batch.failed))
    }

    fn retried(&self, batch: &Batch, error: &str) {
        self.lambda.world.log.tell(
            NAME,
            &self.mapping.function,
            "failed_batch",
            Outcome::Retried,
            || json!({"source": self.mapping.source, "shard": self.id, "records": batch.records.len(), "error": error}),
        );
    }

    /// Passes records by; the destination gets where they are, not what they are (Lambda Developer Guide,
    /// "Retaining discarded records for a DynamoDB event source").
    async fn give_up(&self, function: &Function, records: &[Record], condition: &str, times: u32, request_id: &str) {
        let (Some(first), Some(last)) = (records.first(), records.last()) else { return };
        let world = &self.lambda.world;
        world.log.tell(NAME, &self.mapping.function, "gave_up_records", Outcome::Failed, || {
            json!({
                "source": self.mapping.source, "shard": self.id, "from": first.sequence, "to": last.sequence,
                "condition": condition,
            })
        });
        let Some(destination) = &self.mapping.on_failure else { return };
        let seconds = |time: Time| Time::from_millis(time.seconds() * 1000).rfc3339().replace(".000Z", "Z");
        let mut document = json!({
            "requestContext": {
                "requestId": request_id,
                "functionArn": function.arn,
                "condition": condition,
                "approximateInvokeCount": times,
            },
            "version": "1.0",
            "timestamp": world.clock.now().rfc3339(),
            "DDBStreamBatchInfo": {
                "shardId": self.id,
                "startSequenceNumber": first.sequence,
                "endSequenceNumber": last.sequence,
                "approximateArrivalOfFirstRecord": seconds(first.created),
                "approximateArrivalOfLastRecord": seconds(last.created),
                "batchSize": records.len(),
                "streamArn": self.mapping.source,
            },
        });
        if let (true, Some(members)) = (times > 0, document.as_object_mut()) {
            let context = json!({"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"});
            members.insert("responseContext".to_owned(), context);
        }
        deliver(world, function, Parcel::record(destination.clone(), document)).await;
    }
}

/// Records by item: those of one item are in one lane, in order.
fn lanes(records: Vec<Record>, factor: usize) -> Vec<Vec<Record>> {
    if factor <= 1 {
        return vec![records];
    }
    let mut lanes = vec![Vec::new(); factor];
    for record in records {
        let mut hasher = DefaultHasher::new();
        record.value.pointer("/dynamodb/Keys").map(Value::to_string).hash(&mut hasher);
        let lane = usize::try_from(hasher.finish() % factor as u64).unwrap_or_default();
        if let Some(lane) = lanes.get_mut(lane) {
            lane.push(record);
        }
    }
    lanes
}

/// Records in parts of at most so many, each of which is small enough for an event.
fn parts(records: Vec<Record>, most: usize) -> Vec<Vec<Record>> {
    let mut parts: Vec<Vec<Record>> = Vec::new();
    let mut size = 0;
    for record in records {
        let bytes = record.value.to_string().len() + 1;
        size += bytes;
        match parts.last_mut() {
            Some(part) if part.len() < most && size <= SYNCHRONOUS - 64 => part.push(record),
            _ => {
                size = bytes;
                parts.push(vec![record]);
            }
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(key: usize, size: usize) -> Record {
        let value = json!({"dynamodb": {"Keys": {"id": {"N": key.to_string()}}, "data": "x".repeat(size)}});
        Record { value, sequence: key.to_string(), created: Time::EPOCH }
    }

    #[test]
    fn an_item_has_one_lane() {
        let records: Vec<Record> = (0..40).map(|number| record(number % 8, number)).collect();
        let lanes = lanes(records, 4);
        let lane_of = |key: &str| lanes.iter().filter(|lane| lane.iter().any(|record| record.sequence == key)).count();
        assert!((0..8).all(|key| lane_of(&key.to_string()) == 1));
        assert!(lanes.iter().filter(|lane| !lane.is_empty()).count() > 1);
        assert_eq!(lanes.iter().map(Vec::len).sum::<usize>(), 40);
    }

    #[test]
    fn an_event_is_within_the_limits() {
        let sizes = |parts: Vec<Vec<Record>>| parts.iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(sizes(parts((0..10).map(|number| record(number, 1_500_000)).collect(), 100)), [4, 4, 2]);
        assert_eq!(sizes(parts((0..10).map(|number| record(number, 1)).collect(), 4)), [4, 4, 2]);
        assert!(parts(Vec::new(), 10).is_empty());
    }
}
