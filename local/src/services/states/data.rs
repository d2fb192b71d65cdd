//! The two things that move through an execution: data and failures.

use std::ops::Deref;
use std::rc::Rc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

/// The most bytes of JSON that a state may take or give ("Service quotas" of Step Functions).
pub(super) const PAYLOAD: usize = 256 * 1024;
/// The most bytes of JSON that all variables of a scope may have ("Workflow variables": 10 MiB).
pub(super) const VARIABLES: usize = 10 * 1024 * 1024;
/// How deep data may nest here; AWS has no number for it. A state can wrap its input once more each time
/// that it is entered, and what is written down is read again by a parser that goes 128 deep.
const DEPTH: usize = 100;

/// A JSON value that history, branches and variables share without copying it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Data(Rc<Value>);

impl Data {
    /// The value itself, copied only if it is shared.
    pub(super) fn into_value(self) -> Value {
        Rc::try_unwrap(self.0).unwrap_or_else(|shared| (*shared).clone())
    }
}

impl Deref for Data {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.0
    }
}

impl From<Value> for Data {
    fn from(value: Value) -> Self {
        Self(Rc::new(value))
    }
}

impl Serialize for Data {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self::from)
    }
}

/// How a state failed: the names that `Retry` and `Catch` compare, and the text for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Failure {
    /// `States.Timeout`, `CardDeclined`; a Fail state may give none.
    pub(super) error: Option<String>,
    pub(super) cause: Option<String>,
    /// A `States.Timeout` because no heartbeat came: `Retry` and `Catch` know it by a name of its own,
    /// while the history and what a `Catch` passes on say `States.Timeout`, as on AWS.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) heartbeat: bool,
}

impl Failure {
    pub(super) fn new(error: &str, cause: impl Into<String>) -> Self {
        Self::told(Some(error.to_owned()), Some(cause.into()))
    }

    /// As somebody outside tells it.
    pub(super) const fn told(error: Option<String>, cause: Option<String>) -> Self {
        Self { error, cause, heartbeat: false }
    }

    /// A task took too long, or gave no sign of life for too long.
    pub(super) fn timeout(heartbeat: bool) -> Self {
        Self { heartbeat, ..Self::told(Some("States.Timeout".to_owned()), None) }
    }

    /// A mistake that only running shows; nothing catches it.
    pub(super) fn runtime(cause: impl Into<String>) -> Self {
        Self::new("States.Runtime", cause)
    }

    /// The failure's name; empty for one without.
    pub(super) fn name(&self) -> &str {
        self.error.as_deref().unwrap_or_default()
    }

    /// As a `Catch` passes it on.
    pub(super) fn output(&self) -> Value {
        json!({ "Error": self.name(), "Cause": self.cause.as_deref().unwrap_or_default() })
    }

    /// Whether `names` of a `Retry` or `Catch` mean this failure ("Handling errors" of the developer guide).
    pub(super) fn is_among(&self, names: &[String]) -> bool {
        let name = self.name();
        if name == "States.Runtime" {
            // It "will always cause the execution to fail", whoever names it.
            return false;
        }
        let terminal = name == "States.DataLimitExceeded";
        names.iter().any(|wanted| match wanted.as_str() {
            "States.ALL" => !terminal,
            "States.TaskFailed" => !terminal && name != "States.Timeout",
            "States.HeartbeatTimeout" => self.heartbeat || name == "States.HeartbeatTimeout",
            other => other == name,
        })
    }
}

/// Refuses what is over the limit of a payload.
pub(super) fn within_limit(value: &Value, whose: &str) -> Result<(), Failure> {
    if !is_shallow(value, DEPTH) {
        return Err(Failure::runtime(format!("{whose} has data that is nested more than {DEPTH} deep.")));
    }
    if size(value) <= PAYLOAD {
        return Ok(());
    }
    let cause = format!("{whose} returned a result with a size exceeding the maximum number of bytes service limit.");
    Err(Failure::new("States.DataLimitExceeded", cause))
}

/// Whether a value is nested at most so deep; it is not looked into any deeper.
pub(super) fn is_shallow(value: &Value, depth: usize) -> bool {
    let below = |value: &Value| depth > 0 && is_shallow(value, depth - 1);
    match value {
        Value::Array(items) => items.iter().all(below),
        Value::Object(fields) => fields.values().all(below),
        _ => true,
    }
}

/// How many bytes the value's JSON has.
pub(super) fn size(value: &Value) -> usize {
    struct Count(usize);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // Neither the counter nor a JSON value can fail.
    let _ = serde_json::to_writer(&mut count, value);
    count.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_leave_out_what_aws_leaves_out() {
        let among = |error: &str, names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            Failure::new(error, "").is_among(&names)
        };
        assert!(among("CardDeclined", &["States.ALL"]));
        assert!(among("CardDeclined", &["Other", "States.TaskFailed"]));
        assert!(among("CardDeclined", &["CardDeclined"]));
        assert!(!among("CardDeclined", &["OutOfStock"]));
        assert!(!among("States.Timeout", &["States.TaskFailed"]));
        assert!(!among("States.Timeout", &["States.HeartbeatTimeout"]));
        assert!(!among("States.Runtime", &["States.ALL", "States.Runtime"]));
        assert!(!among("States.DataLimitExceeded", &["States.ALL", "States.TaskFailed"]));
        assert!(among("States.DataLimitExceeded", &["States.DataLimitExceeded"]));
    }

    #[test]
    fn a_missing_heartbeat_has_two_names() {
        let among = |name: &str| Failure::timeout(true).is_among(&[name.to_owned()]);
        assert!(among("States.Timeout") && among("States.HeartbeatTimeout") && among("States.ALL"));
        assert!(!among("States.TaskFailed"));
        assert_eq!(Failure::timeout(true).output(), json!({ "Error": "States.Timeout", "Cause": "" }));
    }

    #[test]
    fn data_may_nest_only_so_deep() {
        let nested = |depth: usize| (0..depth).fold(Value::Null, |inner, _| json!([inner]));
        assert_eq!(within_limit(&nested(DEPTH), "it"), Ok(()));
        assert_eq!(within_limit(&nested(DEPTH + 1), "it").unwrap_err().name(), "States.Runtime");
    }

    #[test]
    fn a_payload_may_have_just_as_many_bytes_as_the_limit() {
        let text = |length: usize| Value::from("x".repeat(length));
        assert_eq!(within_limit(&text(PAYLOAD - 2), "it"), Ok(()));
        assert_eq!(within_limit(&text(PAYLOAD - 1), "it").unwrap_err().name(), "States.DataLimitExceeded");
    }
}
