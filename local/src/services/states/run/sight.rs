//! What a state can see, and how its data goes in and out.

use serde_json::{Map, Value, json};

use super::super::asl::{Flow, Place, SECONDS, Select};
use super::super::data::{Data, Failure};
use super::super::query::{Language, Sight, Template};
use super::step::Step;
use super::{Stage, Thread};

/// What a state's queries see beside the input.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Beside<'a> {
    pub(super) result: Option<&'a Value>,
    pub(super) error: Option<&'a Value>,
    pub(super) token: Option<&'a str>,
}

impl Step<'_> {
    /// `$$` and `$states.context` of a thread.
    pub(super) fn context(&self, thread: &Thread, token: Option<&str>) -> Value {
        let about = self.about;
        let mut context = json!({
            "Execution": {
                "Id": about.arn,
                "Input": *about.input,
                "StartTime": about.started.rfc3339(),
                "Name": about.name,
                "RoleArn": about.role_arn,
                "RedriveCount": 0,
            },
            "StateMachine": { "Id": about.machine_arn, "Name": about.machine_name },
            "State": {
                "Name": thread.state,
                "EnteredTime": thread.entered.rfc3339(),
                "RetryCount": thread.retries.values().sum::<u64>(),
            },
        });
        if let Some(fields) = context.as_object_mut() {
            if let Some((index, value)) = &thread.item {
                fields.insert("Map".to_owned(), json!({ "Item": { "Index": index, "Value": **value } }));
            }
            if let Some(token) = token {
                fields.insert("Task".to_owned(), json!({ "Token": token }));
            }
        }
        context
    }

    /// Lets `see` look at what a thread sees, with `root` as its input.
    pub(super) fn see<T>(
        &self,
        thread: &Thread,
        root: &Value,
        beside: Beside<'_>,
        see: impl FnOnce(&Sight<'_>) -> T,
    ) -> T {
        let none = Map::new();
        see(&Sight {
            input: root,
            result: beside.result,
            error: beside.error,
            context: self.context(thread, beside.token),
            variables: thread.variables.as_object().unwrap_or(&none),
            now: self.now,
            random: self.random,
        })
    }

    /// `InputPath` or `OutputPath` of some data.
    pub(super) fn select(&self, thread: &Thread, select: &Select, data: &Data) -> Result<Data, Failure> {
        match select {
            Select::All => Ok(data.clone()),
            Select::Nothing => Ok(Data::from(json!({}))),
            Select::Path(path) => {
                let found = self.see(thread, data, Beside::default(), |sight| path.find(sight));
                found.map(Data::from).ok_or_else(|| {
                    Failure::runtime(format!("Invalid path '{}': it leads to nothing in '{}'", path.text(), **data))
                })
            }
        }
    }

    /// What a state works on: its input, selected and shaped.
    pub(super) fn arguments(&self, thread: &Thread, flow: &Flow, token: Option<&str>) -> Result<Data, Failure> {
        let input = self.select(thread, &flow.input, &thread.input)?;
        let Some(template) = &flow.arguments else { return Ok(input) };
        let field = match flow.language {
            Language::JsonPath => "Parameters",
            Language::Jsonata => "Arguments",
        };
        let beside = Beside { token, ..Beside::default() };
        self.see(thread, &input, beside, |sight| template.evaluate(sight, field)).map(Data::from)
    }

    /// What a state gives for a result: its output, and what it assigns. `works` if the result is that of
    /// a task, of branches or of items; any other state's result is its input.
    pub(super) fn output(
        &self,
        thread: &Thread,
        flow: &Flow,
        assign: Option<&Template>,
        (result, works): (&Data, bool),
    ) -> Result<(Data, Option<Data>), Failure> {
        match flow.language {
            Language::Jsonata => {
                let beside = Beside { result: works.then_some(&**result), ..Beside::default() };
                self.see(thread, &thread.input, beside, |sight| {
                    let output = flow.template.as_ref().map(|output| output.evaluate(sight, "Output")).transpose()?;
                    let assigned = assign.map(|assign| assign.evaluate(sight, "Assign")).transpose()?;
                    Ok((output.map_or_else(|| result.clone(), Data::from), assigned.map(Data::from)))
                })
            }
            Language::JsonPath => {
                let result = match &flow.selector {
                    None => result.clone(),
                    Some(selector) => {
                        let field = "ResultSelector";
                        let selected =
                            self.see(thread, result, Beside::default(), |sight| selector.evaluate(sight, field));
                        Data::from(selected?)
                    }
                };
                let assigned = assign
                    .map(|assign| {
                        self.see(thread, &result, Beside::default(), |sight| assign.evaluate(sight, "Assign"))
                    })
                    .transpose()?;
                let whole = put(&flow.place, &thread.input, result)?;
                Ok((self.select(thread, &flow.output, &whole)?, assigned.map(Data::from)))
            }
        }
    }

    /// A template that gives a whole number, such as `TimeoutSeconds`.
    pub(super) fn whole(
        &self,
        thread: &Thread,
        template: Option<&Template>,
        root: &Value,
        field: &str,
    ) -> Result<Option<u64>, Failure> {
        let Some(template) = template else { return Ok(None) };
        let value = self.see(thread, root, Beside::default(), |sight| template.evaluate(sight, field))?;
        match value.as_u64() {
            Some(number) => Ok(Some(number)),
            None => Err(wrong(template, &format!("The value of the field '{field}' is no whole number: {value}"))),
        }
    }
}

impl Step<'_> {
    /// The seconds of a task's patience: from 1 on, however they were found.
    pub(super) fn seconds(
        &self,
        thread: &Thread,
        template: Option<&Template>,
        root: &Value,
        field: &str,
    ) -> Result<Option<u64>, Failure> {
        match (self.whole(thread, template, root, field)?, template) {
            (Some(seconds), Some(template)) if !(1..=SECONDS).contains(&seconds) => {
                Err(wrong(template, &format!("The value of the field '{field}' is not from 1 to {SECONDS}: {seconds}")))
            }
            (seconds, _) => Ok(seconds),
        }
    }
}

/// A query gave a value of the wrong kind.
pub(super) fn wrong(template: &Template, cause: &str) -> Failure {
    match template {
        Template::Query(super::super::query::Query::Jsonata(_)) => Failure::new("States.QueryEvaluationError", cause),
        _ => Failure::runtime(cause),
    }
}

/// `ResultPath`: the input with the result where it belongs.
pub(super) fn put(place: &Place, input: &Data, result: Data) -> Result<Data, Failure> {
    match place {
        Place::Whole => Ok(result),
        Place::Nowhere => Ok(input.clone()),
        Place::At(reference) => reference.put(input.clone().into_value(), result.into_value()).map(Data::from),
    }
}

impl Thread {
    /// Its variables with those newly assigned.
    pub(super) fn assign(&mut self, assigned: &Data) {
        let mut variables = self.variables.clone().into_value();
        if let (Some(all), Some(new)) = (variables.as_object_mut(), assigned.as_object()) {
            all.extend(new.clone());
        }
        self.variables = Data::from(variables);
    }

    /// Whether nothing more happens to it by itself.
    pub(super) const fn has_ended(&self) -> bool {
        matches!(self.stage, Stage::Done(_) | Stage::Failed)
    }
}
