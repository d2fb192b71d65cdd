//! The policies on tables and streams.
//!
//! In: a document for an ARN. Out: the document, for who judges. Guaranteed: a policy is on disk before it
//! counts, and goes with what it is on.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use rusqlite::{Connection, params};
use serde_json::{Map, Value, json};

use super::base::{Base, sqlite};
use super::{State, names, streams};
use crate::kernel::AwsError;

/// The greatest size of a policy, in bytes.
/// Source: DynamoDB API Reference, PutResourcePolicy.
const SIZE: usize = 20 * 1024;

/// The policies, by the ARN of what they are on.
#[derive(Debug, Default)]
pub(super) struct Policies(RefCell<BTreeMap<String, Policy>>);

#[derive(Debug)]
struct Policy {
    document: Rc<Value>,
    text: String,
    revision: String,
}

impl Policies {
    /// Those that were kept.
    pub(super) fn load(connection: &Connection) -> Result<Self, rusqlite::Error> {
        let mut select = connection.prepare(r#"SELECT resource, revision, policy FROM "eventloom:policies""#)?;
        let rows = select.query_map([], |row| {
            let (resource, revision, text): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let document = Rc::new(serde_json::from_str(&text).unwrap_or_default());
            Ok((resource, Policy { document, text, revision }))
        })?;
        Ok(Self(RefCell::new(rows.collect::<Result<_, _>>()?)))
    }

    /// The policy on a resource.
    pub(super) fn of(&self, resource: &str) -> Option<Rc<Value>> {
        self.0.borrow().get(resource).map(|policy| Rc::clone(&policy.document))
    }
}

/// Answers an operation on policies.
pub(super) fn answer(state: &State, operation: &str, input: &Value) -> Result<Value, AwsError> {
    let member = |name: &str| input.get(name).and_then(Value::as_str);
    let resource = member("ResourceArn").unwrap_or_default();
    let table = existing(&state.base, resource)?;
    let known = state.policies.0.borrow().get(resource).map(|known| (known.revision.clone(), known.text.clone()));
    let expected = member("ExpectedRevisionId");
    let matches = match (expected, &known) {
        (None, _) | (Some("NO_POLICY"), None) => true,
        (Some(expected), Some((revision, _))) => expected == revision,
        (Some(_), None) => false,
    };
    if !matches {
        return Err(missing(resource));
    }
    match operation {
        "GetResourcePolicy" => known
            .map(|(revision, text)| json!({"Policy": text, "RevisionId": revision}))
            .ok_or_else(|| missing(resource)),
        "PutResourcePolicy" => {
            let text = member("Policy").unwrap_or_default();
            put(state, resource, &table, text).map(|revision| json!({"RevisionId": revision}))
        }
        _ => {
            let delete = r#"DELETE FROM "eventloom:policies" WHERE resource = ?1"#;
            state.base.connection().execute(delete, [resource]).map_err(sqlite)?;
            state.policies.0.borrow_mut().remove(resource);
            let revision = known.map(|(revision, _)| ("RevisionId".to_owned(), Value::from(revision)));
            Ok(Value::Object(revision.into_iter().collect::<Map<_, _>>()))
        }
    }
}

/// Puts a policy on a resource of a table; its revision.
pub(super) fn put(state: &State, resource: &str, table: &str, text: &str) -> Result<String, AwsError> {
    let document = read(state, text)?;
    let revision = format!("{}", state.base.random().number());
    let put = r#"INSERT OR REPLACE INTO "eventloom:policies" VALUES (?1, ?2, ?3, ?4)"#;
    state.base.connection().execute(put, params![resource, table, revision, text]).map_err(sqlite)?;
    let policy = Policy { document: Rc::new(document), text: text.to_owned(), revision: revision.clone() };
    state.policies.0.borrow_mut().insert(resource.to_owned(), policy);
    Ok(revision)
}

/// Reads a policy document.
pub(super) fn read(state: &State, text: &str) -> Result<Value, AwsError> {
    if text.len() > SIZE {
        return Err(refused("the policy is larger than 20 KB"));
    }
    let document: Value = serde_json::from_str(text).map_err(|error| refused(&error.to_string()))?;
    match document.get("Statement") {
        Some(Value::Array(_) | Value::Object(_)) => {
            let understood = state.world.guard.understands(&document);
            understood.map_err(|error| refused(&error.message)).map(|()| document)
        }
        _ => Err(refused("it has no statement")),
    }
}

/// Takes away the policies on a table that is gone, or on its streams alone.
pub(super) fn forget(state: &State, table: &str, streams_alone: bool) -> Result<(), AwsError> {
    let is_gone = |resource: &str| {
        let of = names::table(state.base.place(), table);
        resource.strip_prefix(&of).is_some_and(|rest| rest.starts_with("/stream/") || rest.is_empty() && !streams_alone)
    };
    let mut known = state.policies.0.borrow_mut();
    let gone: Vec<String> = known.keys().filter(|resource| is_gone(resource)).cloned().collect();
    for resource in gone {
        let delete = r#"DELETE FROM "eventloom:policies" WHERE resource = ?1"#;
        state.base.connection().execute(delete, [&resource]).map_err(sqlite)?;
        known.remove(&resource);
    }
    Ok(())
}

fn refused(reason: &str) -> AwsError {
    AwsError::new("ValidationException", format!("Invalid policy document: {reason}"))
}

fn missing(resource: &str) -> AwsError {
    let message = format!("Resource-based policy not found for the provided ResourceArn: {resource}");
    AwsError::new("PolicyNotFoundException", message)
}

/// The table that an ARN, of it or of its stream, is of.
fn existing(base: &Base, resource: &str) -> Result<String, AwsError> {
    let name = names::short(base.place(), resource)?;
    if resource.contains("/stream/") {
        streams::find(base, resource)?;
    } else if base.table(&name)?.is_none() || resource != names::table(base.place(), &name) {
        let message = format!("Requested resource not found: ResourceArn: {resource} not found");
        return Err(AwsError::new("ResourceNotFoundException", message));
    }
    Ok(name)
}
