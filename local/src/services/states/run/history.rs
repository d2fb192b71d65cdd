//! The events of an execution's history, and their shape in `GetExecutionHistory`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::super::data::{Data, Failure};
use crate::kernel::Time;

/// One event; its id is its place in the history, from 1 on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in super::super) struct HistoryEvent {
    pub(in super::super) at: Time,
    pub(in super::super) previous: u64,
    pub(in super::super) details: Details,
}

/// What happened.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in super::super) enum Details {
    ExecutionStarted {
        input: Data,
        role: String,
    },
    ExecutionSucceeded {
        output: Data,
    },
    ExecutionFailed(Failure),
    ExecutionAborted(Failure),
    ExecutionTimedOut,
    Entered {
        kind: String,
        name: String,
        input: Data,
    },
    Exited {
        kind: String,
        name: String,
        output: Data,
        assigned: Option<Data>,
    },
    /// `MapStateAborted`, `TaskStateAborted` and their like.
    Aborted {
        kind: String,
    },
    TaskScheduled {
        task: (String, String),
        region: String,
        parameters: Data,
        timeouts: (Option<u64>, Option<u64>),
    },
    TaskStarted {
        task: (String, String),
    },
    TaskSubmitted {
        task: (String, String),
        output: Data,
    },
    TaskSucceeded {
        task: (String, String),
        output: Data,
    },
    TaskFailed {
        task: (String, String),
        failure: Failure,
    },
    TaskTimedOut {
        task: (String, String),
        failure: Failure,
    },
    FunctionScheduled {
        resource: String,
        input: Data,
        timeout: Option<u64>,
    },
    FunctionStarted,
    FunctionSucceeded {
        output: Data,
    },
    FunctionFailed(Failure),
    FunctionTimedOut(Failure),
    ParallelStarted,
    ParallelSucceeded,
    ParallelFailed,
    MapStarted {
        length: u64,
    },
    MapSucceeded,
    MapFailed,
    IterationStarted {
        name: String,
        index: usize,
    },
    IterationSucceeded {
        name: String,
        index: usize,
    },
    IterationFailed {
        name: String,
        index: usize,
    },
    IterationAborted {
        name: String,
        index: usize,
    },
    EvaluationFailed {
        state: String,
        failure: Failure,
    },
}

impl HistoryEvent {
    /// As AWS answers it; without the data if `bare`.
    pub(in super::super) fn render(&self, id: u64, bare: bool) -> Value {
        let (kind, details) = self.details.render(bare);
        let mut event = json!({
            "timestamp": self.at.fractional_seconds(),
            "type": kind,
            "id": id,
            "previousEventId": self.previous,
        });
        if let (Some((name, details)), Some(event)) = (details, event.as_object_mut()) {
            event.insert(name.to_owned(), details);
        }
        event
    }
}

/// An object of what is there.
fn object<const N: usize>(fields: [(&str, Option<Value>); N]) -> Value {
    let fields = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(fields.collect::<Map<_, _>>())
}

fn failed(failure: &Failure) -> Value {
    object([("error", failure.error.clone().map(Value::from)), ("cause", failure.cause.clone().map(Value::from))])
}

fn task(task: &(String, String), rest: Value) -> Value {
    let mut fields = Map::new();
    fields.insert("resourceType".to_owned(), task.0.as_str().into());
    fields.insert("resource".to_owned(), task.1.as_str().into());
    if let Value::Object(rest) = rest {
        fields.extend(rest);
    }
    Value::Object(fields)
}

impl Details {
    /// Whether nothing comes after it.
    pub(super) const fn is_end(&self) -> bool {
        matches!(
            self,
            Self::ExecutionSucceeded { .. }
                | Self::ExecutionFailed(_)
                | Self::ExecutionAborted(_)
                | Self::ExecutionTimedOut
        )
    }

    /// The event's type, and the member that its details are in.
    fn render(&self, bare: bool) -> (String, Option<(&'static str, Value)>) {
        let text = |data: &Data| (!bare).then(|| Value::from(data.to_string()));
        let shown = || (!bare).then(|| json!({ "truncated": false }));
        let plain = |kind: &str, member: &'static str, details: Value| (kind.to_owned(), Some((member, details)));
        let iteration = |kind: &str, member: &'static str, name: &str, index: usize| {
            (kind.to_owned(), Some((member, json!({ "name": name, "index": index }))))
        };
        match self {
            Self::ExecutionStarted { input, role } => {
                let role = Some(role.as_str().into());
                let details = object([("input", text(input)), ("inputDetails", shown()), ("roleArn", role)]);
                plain("ExecutionStarted", "executionStartedEventDetails", details)
            }
            Self::ExecutionSucceeded { output } => {
                let details = object([("output", text(output)), ("outputDetails", shown())]);
                plain("ExecutionSucceeded", "executionSucceededEventDetails", details)
            }
            Self::ExecutionFailed(failure) => plain("ExecutionFailed", "executionFailedEventDetails", failed(failure)),
            Self::ExecutionAborted(failure) => {
                plain("ExecutionAborted", "executionAbortedEventDetails", failed(failure))
            }
            Self::ExecutionTimedOut => {
                plain("ExecutionTimedOut", "executionTimedOutEventDetails", json!({ "error": "States.Timeout" }))
            }
            Self::Entered { kind, name, input } => {
                let name = Some(name.as_str().into());
                let details = object([("name", name), ("input", text(input)), ("inputDetails", shown())]);
                (format!("{kind}StateEntered"), Some(("stateEnteredEventDetails", details)))
            }
            Self::Exited { kind, name, output, assigned } => {
                let variables = assigned.as_ref().filter(|_| !bare).and_then(|assigned| assigned.as_object());
                let variables = variables.map(|variables| {
                    let texts = variables.iter().map(|(name, value)| (name.clone(), value.to_string().into()));
                    Value::Object(texts.collect())
                });
                let details = object([
                    ("name", Some(name.as_str().into())),
                    ("output", text(output)),
                    ("outputDetails", shown()),
                    ("assignedVariablesDetails", variables.as_ref().and_then(|_| shown())),
                    ("assignedVariables", variables),
                ]);
                (format!("{kind}StateExited"), Some(("stateExitedEventDetails", details)))
            }
            Self::Aborted { kind } => (format!("{kind}StateAborted"), None),
            Self::TaskScheduled { task: of, region, parameters, timeouts } => {
                let rest = object([
                    ("region", Some(region.as_str().into())),
                    // AWS requires the member; without data it is an empty text.
                    ("parameters", Some(text(parameters).unwrap_or_else(|| "".into()))),
                    ("timeoutInSeconds", timeouts.0.map(Value::from)),
                    ("heartbeatInSeconds", timeouts.1.map(Value::from)),
                ]);
                plain("TaskScheduled", "taskScheduledEventDetails", task(of, rest))
            }
            Self::TaskStarted { task: of } => plain("TaskStarted", "taskStartedEventDetails", task(of, json!({}))),
            Self::TaskSubmitted { task: of, output } => {
                let rest = object([("output", text(output)), ("outputDetails", shown())]);
                plain("TaskSubmitted", "taskSubmittedEventDetails", task(of, rest))
            }
            Self::TaskSucceeded { task: of, output } => {
                let rest = object([("output", text(output)), ("outputDetails", shown())]);
                plain("TaskSucceeded", "taskSucceededEventDetails", task(of, rest))
            }
            Self::TaskFailed { task: of, failure } => {
                plain("TaskFailed", "taskFailedEventDetails", task(of, failed(failure)))
            }
            Self::TaskTimedOut { task: of, failure } => {
                plain("TaskTimedOut", "taskTimedOutEventDetails", task(of, failed(failure)))
            }
            Self::FunctionScheduled { resource, input, timeout } => {
                let details = object([
                    ("resource", Some(resource.as_str().into())),
                    ("input", text(input)),
                    ("inputDetails", shown()),
                    ("timeoutInSeconds", timeout.map(Value::from)),
                ]);
                plain("LambdaFunctionScheduled", "lambdaFunctionScheduledEventDetails", details)
            }
            Self::FunctionStarted => ("LambdaFunctionStarted".to_owned(), None),
            Self::FunctionSucceeded { output } => {
                let details = object([("output", text(output)), ("outputDetails", shown())]);
                plain("LambdaFunctionSucceeded", "lambdaFunctionSucceededEventDetails", details)
            }
            Self::FunctionFailed(failure) => {
                plain("LambdaFunctionFailed", "lambdaFunctionFailedEventDetails", failed(failure))
            }
            Self::FunctionTimedOut(failure) => {
                plain("LambdaFunctionTimedOut", "lambdaFunctionTimedOutEventDetails", failed(failure))
            }
            Self::ParallelStarted => ("ParallelStateStarted".to_owned(), None),
            Self::ParallelSucceeded => ("ParallelStateSucceeded".to_owned(), None),
            Self::ParallelFailed => ("ParallelStateFailed".to_owned(), None),
            Self::MapStarted { length } => {
                plain("MapStateStarted", "mapStateStartedEventDetails", json!({ "length": length }))
            }
            Self::MapSucceeded => ("MapStateSucceeded".to_owned(), None),
            Self::MapFailed => ("MapStateFailed".to_owned(), None),
            Self::IterationStarted { name, index } => {
                iteration("MapIterationStarted", "mapIterationStartedEventDetails", name, *index)
            }
            Self::IterationSucceeded { name, index } => {
                iteration("MapIterationSucceeded", "mapIterationSucceededEventDetails", name, *index)
            }
            Self::IterationFailed { name, index } => {
                iteration("MapIterationFailed", "mapIterationFailedEventDetails", name, *index)
            }
            Self::IterationAborted { name, index } => {
                iteration("MapIterationAborted", "mapIterationAbortedEventDetails", name, *index)
            }
            Self::EvaluationFailed { state, failure } => {
                let mut details = failed(failure);
                if let Some(details) = details.as_object_mut() {
                    details.insert("state".to_owned(), state.as_str().into());
                }
                plain("EvaluationFailed", "evaluationFailedEventDetails", details)
            }
        }
    }
}
