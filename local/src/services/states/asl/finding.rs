//! What is wrong with a definition, and the reader of an object's fields that finds it.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::kernel::AwsError;

/// One thing wrong: a code of `ValidateStateMachineDefinition`, a text, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Finding {
    pub(in super::super) code: &'static str,
    pub(in super::super) message: String,
    /// `/States/notify/Next`.
    pub(in super::super) location: String,
}

/// The most findings of one definition that are told.
const FINDINGS: usize = 100;

/// The refusal of a definition, as `CreateStateMachine` words it.
pub(in super::super) fn refusal(findings: &[Finding]) -> AwsError {
    let found: Vec<String> =
        findings.iter().map(|Finding { code, message, location }| format!("{code}: {message} at {location}")).collect();
    AwsError::new("InvalidDefinition", format!("Invalid State Machine Definition: '{}'", found.join(", ")))
}

/// Where findings gather.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    pub(super) fn add(&mut self, code: &'static str, at: &str, message: impl Into<String>) {
        if self.0.len() < FINDINGS {
            let location = if at.is_empty() { "/" } else { at }.to_owned();
            self.0.push(Finding { code, message: message.into(), location });
        }
    }

    /// A field that is not as the language has it.
    pub(super) fn schema(&mut self, at: &str, message: impl Into<String>) {
        self.add("SCHEMA_VALIDATION_FAILED", at, message);
    }

    pub(super) fn into_vec(self) -> Vec<Finding> {
        self.0
    }
}

/// The fields of one object, taken one by one; what nobody took is unknown.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    /// The object's own place.
    pub(super) at: String,
    fields: Option<&'a Map<String, Value>>,
    taken: BTreeSet<&'static str>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(value: &'a Value, at: &str, findings: &mut Findings) -> Self {
        if !value.is_object() {
            findings.schema(at, "an object is expected here");
        }
        Self { at: at.to_owned(), fields: value.as_object(), taken: BTreeSet::new() }
    }

    /// The place of a field.
    pub(super) fn place(&self, name: &str) -> String {
        format!("{}/{name}", self.at)
    }

    pub(super) fn take(&mut self, name: &'static str) -> Option<&'a Value> {
        self.taken.insert(name);
        self.fields?.get(name)
    }

    pub(super) fn text(&mut self, name: &'static str, findings: &mut Findings) -> Option<&'a str> {
        let value = self.take(name)?;
        if !value.is_string() {
            findings.schema(&self.place(name), "a text is expected here");
        }
        value.as_str()
    }

    pub(super) fn required(&mut self, name: &'static str, findings: &mut Findings) -> Option<&'a Value> {
        let found = self.take(name);
        if found.is_none() && self.fields.is_some() {
            findings.schema(&self.at, format!("These fields are required: [{name}]"));
        }
        found
    }

    pub(super) fn required_text(&mut self, name: &'static str, findings: &mut Findings) -> Option<&'a str> {
        self.required(name, findings)?;
        self.text(name, findings)
    }

    /// A whole number within bounds.
    pub(super) fn whole(
        &mut self,
        name: &'static str,
        bounds: std::ops::RangeInclusive<u64>,
        findings: &mut Findings,
    ) -> Option<u64> {
        let value = self.take(name)?;
        let number = value.as_u64().filter(|number| bounds.contains(number));
        if number.is_none() {
            let (low, high) = (bounds.start(), bounds.end());
            findings.schema(&self.place(name), format!("a whole number from {low} to {high} is expected here"));
        }
        number
    }

    pub(super) fn array(&mut self, name: &'static str, findings: &mut Findings) -> &'a [Value] {
        let Some(value) = self.take(name) else { return &[] };
        value.as_array().map_or_else(
            || {
                findings.schema(&self.place(name), "an array is expected here");
                &[][..]
            },
            Vec::as_slice,
        )
    }

    /// Names every field that nobody took.
    pub(super) fn finish(self, what: &str, findings: &mut Findings) {
        for name in self.fields.into_iter().flat_map(Map::keys) {
            if !self.taken.contains(name.as_str()) {
                let message = format!("the field '{name}' is not supported in {what}");
                findings.schema(&format!("{}/{name}", self.at), message);
            }
        }
    }
}
