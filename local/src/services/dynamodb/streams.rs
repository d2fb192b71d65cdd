//! The streams API: each table's stream is one shard that never ends while it is on.
//!
//! In: a call. Out: its answer. Guaranteed: a record's number is greater than those before it, in its
//! table; its `eventID` is that of its stream and number; it is there for a day, and not longer.
//!
//! A number is at least the microsecond in which it was given, so age is read off it.

use std::rc::Rc;
use std::time::Duration;

use dynoxide::Item;
use dynoxide::storage::TableMetadata;
use rusqlite::{OptionalExtension, Row, params};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::base::{Base, damaged, sqlite};
use super::iterator::Iterator;
use super::{STREAMS_NAME, State, access, answer, encryption, names};
use crate::kernel::{AwsError, Call, Time};

/// How long a record is kept.
pub(super) const RETENTION: Duration = Duration::from_secs(24 * 3600);
/// The most records in one answer.
const MOST: i64 = 1000;
/// The most bytes in one answer.
const BYTES: usize = 1024 * 1024;
/// What a public number is more than the stored one: it has 21 digits, as DynamoDB's have.
const OFFSET: u128 = 100_000_000_000_000_000_000;
/// The operation that DynamoDB does not have.
const WAIT: &str = "eventloom:WaitForRecords";

/// A table's stream.
pub(super) struct Stream {
    arn: String,
    table: TableMetadata,
    began: Time,
}

impl Stream {
    /// The one shard's id.
    fn shard(&self) -> String {
        let hash: String = Sha256::digest(&self.arn).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        format!("shardId-{:020}-{hash}", self.began.millis())
    }

    /// The last number that its records are greater than: those of a stream before it, and those of
    /// yesterday, are not there.
    fn floor(&self, now: Time) -> i64 {
        let first = self.began.millis().max((now - RETENTION).millis());
        first.saturating_mul(1000) - 1
    }
}

/// Answers one call of the streams API.
pub(super) async fn answer(state: &Rc<State>, call: Call) -> Result<Value, AwsError> {
    let Call { caller, operation, input } = call;
    let members: &[&str] = match operation.as_str() {
        "ListStreams" => &["TableName", "Limit", "ExclusiveStartStreamArn"],
        "DescribeStream" => &["StreamArn", "Limit", "ExclusiveStartShardId"],
        "GetShardIterator" => &["StreamArn", "ShardId", "ShardIteratorType", "SequenceNumber"],
        "GetRecords" => &["ShardIterator", "Limit"],
        WAIT => &["ShardIterator"],
        _ => return Err(AwsError::unsupported(STREAMS_NAME, &operation)),
    };
    answer::honoured(&input, members, &operation)?;
    let base = &state.base;
    let allowed = |resource: &str| {
        let operation = if operation == WAIT { "GetRecords" } else { operation.as_str() };
        access::judge(state, &caller, &format!("dynamodb:{operation}"), resource, &[])
    };
    match operation.as_str() {
        "ListStreams" => {
            let table = text(&input, "TableName").map(|name| {
                let name = names::short(base.place(), name)?;
                names::checked(&name).map(|()| name)
            });
            let table = table.transpose()?.unwrap_or_else(|| "*".to_owned());
            allowed(&format!("{}/stream/*", names::table(base.place(), &table)))?;
            list(base, &input, &table)
        }
        "DescribeStream" => {
            allowed(required(&input, "StreamArn")?)?;
            describe(base, &input)
        }
        "GetShardIterator" => {
            allowed(required(&input, "StreamArn")?)?;
            iterator(base, &input)
        }
        "GetRecords" => {
            let iterator = Iterator::read(required(&input, "ShardIterator")?, base.now())?;
            allowed(&iterator.stream)?;
            encryption::use_key(state, &caller, &names::short(base.place(), &iterator.stream)?).await?;
            records(base, &input, &iterator)
        }
        _ => {
            let iterator = Iterator::read(required(&input, "ShardIterator")?, base.now())?;
            allowed(&iterator.stream)?;
            wait(state, &iterator).await
        }
    }
}

fn text<'a>(input: &'a Value, name: &str) -> Option<&'a str> {
    input.get(name).and_then(Value::as_str)
}

fn required<'a>(input: &'a Value, name: &str) -> Result<&'a str, AwsError> {
    text(input, name).ok_or_else(|| {
        let member = format!("{}{}", name.get(..1).unwrap_or_default().to_lowercase(), name.get(1..).unwrap_or_default());
        invalid(&format!(
            "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
        ))
    })
}

fn invalid(message: &str) -> AwsError {
    AwsError::new("ValidationException", message)
}

/// A limit within what DynamoDB allows.
fn limit(input: &Value, most: i64) -> Result<i64, AwsError> {
    match input.get("Limit").and_then(Value::as_i64) {
        None => Ok(most),
        Some(limit) if (1..=most).contains(&limit) => Ok(limit),
        Some(limit) => {
            let bound = if limit < 1 {
                "greater than or equal to 1".to_owned()
            } else {
                format!("less than or equal to {most}")
            };
            Err(invalid(&format!(
                "1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: Member must have \
                 value {bound}"
            )))
        }
    }
}

fn of(base: &Base, table: TableMetadata) -> Stream {
    let label = table.stream_label.clone().unwrap_or_default();
    let arn = names::stream(base.place(), &table.table_name, &label);
    Stream { arn, table, began: names::began(&label) }
}

/// The stream that has this ARN.
pub(super) fn find(base: &Base, arn: &str) -> Result<Stream, AwsError> {
    let missing =
        || AwsError::new("ResourceNotFoundException", format!("Requested resource not found: Stream: {arn} not found"));
    let name = names::short(base.place(), arn).map_err(|_| missing())?;
    let table = base.table(&name)?.filter(|table| table.stream_enabled).ok_or_else(missing)?;
    Some(of(base, table)).filter(|stream| stream.arn == arn).ok_or_else(missing)
}

fn public(number: i64) -> String {
    (OFFSET + u128::from(number.unsigned_abs())).to_string()
}

fn stored(public: &str) -> Option<i64> {
    i64::try_from(public.parse::<u128>().ok()?.checked_sub(OFFSET)?).ok()
}

fn list(base: &Base, input: &Value, table: &str) -> Result<Value, AwsError> {
    let most = usize::try_from(limit(input, 100)?).unwrap_or(100);
    let after = text(input, "ExclusiveStartStreamArn");
    let streams = base.streaming()?.into_iter().map(|table| of(base, table));
    let streams = streams.filter(|stream| table == "*" || stream.table.table_name == table);
    let mut streams = streams.filter(|stream| after.is_none_or(|after| stream.arn.as_str() > after)).peekable();
    let page: Vec<Stream> = streams.by_ref().take(most).collect();
    let summary = |stream: &Stream| {
        json!({
            "StreamArn": stream.arn,
            "StreamLabel": names::text(stream.began),
            "TableName": stream.table.table_name,
        })
    };
    let mut answer = json!({"Streams": page.iter().map(summary).collect::<Vec<_>>()});
    if let (Some(_), Some(last), Some(members)) = (streams.peek(), page.last(), answer.as_object_mut()) {
        members.insert("LastEvaluatedStreamArn".to_owned(), last.arn.clone().into());
    }
    Ok(answer)
}

fn describe(base: &Base, input: &Value) -> Result<Value, AwsError> {
    limit(input, 100)?;
    let stream = find(base, required(input, "StreamArn")?)?;
    let shard = stream.shard();
    let shards = match text(input, "ExclusiveStartShardId") {
        Some(after) if shard.as_str() <= after => json!([]),
        _ => json!([{
            "ShardId": shard,
            "SequenceNumberRange": {"StartingSequenceNumber": public(stream.began.millis().saturating_mul(1000))},
        }]),
    };
    let key: Value = serde_json::from_str(&stream.table.key_schema).map_err(damaged)?;
    Ok(json!({"StreamDescription": {
        "StreamArn": stream.arn,
        "StreamLabel": names::text(stream.began),
        "StreamStatus": "ENABLED",
        "StreamViewType": stream.table.stream_view_type,
        "CreationRequestDateTime": stream.began.fractional_seconds(),
        "TableName": stream.table.table_name,
        "KeySchema": key,
        "Shards": shards,
    }}))
}

fn iterator(base: &Base, input: &Value) -> Result<Value, AwsError> {
    let stream = find(base, required(input, "StreamArn")?)?;
    let shard = required(input, "ShardId")?;
    if shard != stream.shard() {
        let message = format!("Requested resource not found: Shard: {shard} not found");
        return Err(AwsError::new("ResourceNotFoundException", message));
    }
    let now = base.now();
    let floor = stream.floor(now);
    let kind = required(input, "ShardIteratorType")?;
    let number = text(input, "SequenceNumber");
    let after = match (kind, number) {
        ("TRIM_HORIZON", None) => floor,
        ("LATEST", None) => last(base, &stream)?.unwrap_or(floor).max(floor),
        ("TRIM_HORIZON" | "LATEST", Some(_)) => {
            return Err(invalid(
                "One or more parameter values were invalid: SequenceNumber should not be passed for this iterator type",
            ));
        }
        ("AT_SEQUENCE_NUMBER" | "AFTER_SEQUENCE_NUMBER", None) => {
            return Err(invalid("One or more parameter values were invalid: SequenceNumber cannot be null"));
        }
        ("AT_SEQUENCE_NUMBER" | "AFTER_SEQUENCE_NUMBER", Some(number)) => {
            let number = stored(number).ok_or_else(|| invalid("Invalid SequenceNumber for the shard"))?;
            if number <= floor {
                return Err(AwsError::new(
                    "TrimmedDataAccessException",
                    "The operation attempted to read past the oldest stream record in a shard.",
                ));
            }
            if kind == "AT_SEQUENCE_NUMBER" { number - 1 } else { number }
        }
        _ => {
            return Err(invalid(&format!(
                "1 validation error detected: Value '{kind}' at 'shardIteratorType' failed to satisfy constraint: Member \
                 must satisfy enum value set: [AFTER_SEQUENCE_NUMBER, LATEST, AT_SEQUENCE_NUMBER, TRIM_HORIZON]"
            )));
        }
    };
    Ok(json!({"ShardIterator": Iterator { stream: stream.arn, after, given: now }.text()}))
}

/// The number of the newest record.
fn last(base: &Base, stream: &Stream) -> Result<Option<i64>, AwsError> {
    let newest = "SELECT MAX(CAST(sequence_number AS INTEGER)) FROM _stream_records WHERE table_name = ?1";
    base.connection().query_row(newest, [&stream.table.table_name], |row| row.get(0)).map_err(sqlite)
}

/// A row of the stream.
struct Record {
    name: String,
    keys: String,
    new: Option<String>,
    old: Option<String>,
    number: i64,
    second: i64,
    expired: bool,
}

impl Record {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            name: row.get(0)?,
            keys: row.get(1)?,
            new: row.get(2)?,
            old: row.get(3)?,
            number: row.get(4)?,
            second: row.get(5)?,
            expired: row.get::<_, Option<String>>(6)?.is_some(),
        })
    }

    /// As `GetRecords` gives it, and its size.
    fn shown(&self, base: &Base, stream: &Stream) -> Result<(Value, usize), AwsError> {
        let mut size = 0;
        let mut image = |text: &str| -> Result<Value, AwsError> {
            let item: Item = serde_json::from_str(text).map_err(damaged)?;
            size += dynoxide::types::item_size(&item);
            let mut image = serde_json::to_value(item).map_err(damaged)?;
            image.sort_all_objects();
            Ok(image)
        };
        let keys = image(&self.keys)?;
        let new = self.new.as_deref().map(&mut image).transpose()?;
        let old = self.old.as_deref().map(&mut image).transpose()?;
        let number = public(self.number);
        let mut change = json!({
            "ApproximateCreationDateTime": self.second,
            "Keys": keys,
            "SequenceNumber": number,
            "SizeBytes": size,
            "StreamViewType": stream.table.stream_view_type,
        });
        if let Some(change) = change.as_object_mut() {
            change.extend(new.map(|image| ("NewImage".to_owned(), image)));
            change.extend(old.map(|image| ("OldImage".to_owned(), image)));
        }
        let id = Sha256::digest(format!("{} {number}", stream.arn));
        let id: String = id.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let mut record = json!({
            "eventID": id,
            "eventName": self.name,
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": &*base.place().region,
            "dynamodb": change,
        });
        if self.expired
            && let Some(record) = record.as_object_mut()
        {
            let identity = json!({"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"});
            record.insert("userIdentity".to_owned(), identity);
        }
        Ok((record, size))
    }
}

fn records(base: &Base, input: &Value, iterator: &Iterator) -> Result<Value, AwsError> {
    let most = limit(input, MOST)?;
    let stream = find(base, &iterator.stream)?;
    let now = base.now();
    let mut after = iterator.after.max(stream.floor(now));
    let next = "SELECT event_name, keys_json, new_image, old_image, CAST(sequence_number AS INTEGER), created_at, \
                user_identity FROM _stream_records WHERE table_name = ?1 AND CAST(sequence_number AS INTEGER) > ?2 \
                ORDER BY CAST(sequence_number AS INTEGER) LIMIT ?3";
    let mut next = base.connection().prepare_cached(next).map_err(sqlite)?;
    let rows = next.query_map(params![stream.table.table_name, after, most], Record::read).map_err(sqlite)?;
    let (mut records, mut bytes) = (Vec::new(), 0);
    for row in rows {
        let row = row.map_err(sqlite)?;
        let (record, size) = row.shown(base, &stream)?;
        bytes += size;
        if bytes > BYTES && !records.is_empty() {
            break;
        }
        after = row.number;
        records.push(record);
    }
    let next = Iterator { stream: stream.arn, after, given: now };
    Ok(json!({"Records": records, "NextShardIterator": next.text()}))
}

async fn wait(state: &Rc<State>, iterator: &Iterator) -> Result<Value, AwsError> {
    let base = &state.base;
    let any = "SELECT 1 FROM _stream_records WHERE table_name = ?1 AND CAST(sequence_number AS INTEGER) > ?2 LIMIT 1";
    let table = find(base, &iterator.stream)?.table.table_name;
    let reader = Rc::clone(state.readers.borrow_mut().entry(table).or_default());
    loop {
        let written = reader.notified();
        tokio::pin!(written);
        written.as_mut().enable();
        // A stream that is gone is an error; the place is as old as the reader, so nothing was trimmed.
        let stream = find(base, &iterator.stream)?;
        let after = iterator.after.max(stream.floor(base.now()));
        let bounds = params![stream.table.table_name, after];
        if base.connection().query_row(any, bounds, |_| Ok(())).optional().map_err(sqlite)?.is_some() {
            return Ok(json!({}));
        }
        let _resting = state.world.activity.rest();
        written.await;
    }
}
