//! The two things that move through an execution: data and failures.

use std::ops::Deref;
use std::rc::Rc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

/// The most bytes of JSON that a state may take or give ("Service quotas" of Step Functions).
pub(super) const PAYLOAD: usize = 256 * 1024;

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
}

impl Failure {
    pub(super) fn new(error: &str, cause: impl Into<String>) -> Self {
        Self { error: Some(error.to_owned()), cause: Some(cause.into()) }
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
        let terminal = matches!(name, "States.Runtime" | "States.DataLimitExceeded");
        let timeout = matches!(name, "States.Timeout" | "States.HeartbeatTimeout");
        names.iter().any(|wanted| match wanted.as_str() {
            "States.ALL" => !terminal,
            "States.TaskFailed" => !terminal && !timeout,
            "States.Timeout" => timeout,
            other => other == name,
        })
    }
}

/// Refuses what is over the limit of a payload.
pub(super) fn within_limit(value: &Value, whose: &str) -> Result<(), Failure> {
    if size(value) <= PAYLOAD {
        return Ok(());
    }
    let cause = format!("{whose} returned a result with a size exceeding the maximum number of bytes service limit.");
    Err(Failure::new("States.DataLimitExceeded", cause))
}

/// How many bytes the value's JSON has.
fn size(value: &Value) -> usize {
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
        assert!(among("States.HeartbeatTimeout", &["States.Timeout"]));
        assert!(!among("States.Timeout", &["States.HeartbeatTimeout"]));
        assert!(!among("States.Runtime", &["States.ALL"]));
        assert!(!among("States.DataLimitExceeded", &["States.ALL", "States.TaskFailed"]));
        assert!(among("States.DataLimitExceeded", &["States.DataLimitExceeded"]));
    }

    #[test]
    fn a_payload_may_have_just_as_many_bytes_as_the_limit() {
        let text = |length: usize| Value::from("x".repeat(length));
        assert_eq!(within_limit(&text(PAYLOAD - 2), "it"), Ok(()));
        assert_eq!(within_limit(&text(PAYLOAD - 1), "it").unwrap_err().name(), "States.DataLimitExceeded");
    }
}
