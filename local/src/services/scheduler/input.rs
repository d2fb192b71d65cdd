//! What a schedule is made of, as clients write it; and its bounds.
//!
//! In: the input of `CreateSchedule` and `UpdateSchedule`. Out: settings of which all is honoured, or the
//! refusal that names what is not.

use jiff::tz::TimeZone;
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::expression::{Expression, Rule};
use super::target;
use crate::kernel::{Arn, AwsError, Time};

/// The longest age of an event, in seconds, and the default.
const OLDEST: u32 = 86_400;
/// The most attempts after the first, and the default.
const ATTEMPTS: u32 = 185;
/// The longest window, in minutes.
const WINDOW: u32 = 1440;

/// All of a schedule that a client sets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Settings {
    pub(super) schedule_expression: String,
    #[serde(default = "utc")]
    pub(super) schedule_expression_timezone: String,
    #[serde(default, deserialize_with = "moment", skip_serializing_if = "Option::is_none")]
    pub(super) start_date: Option<f64>,
    #[serde(default, deserialize_with = "moment", skip_serializing_if = "Option::is_none")]
    pub(super) end_date: Option<f64>,
    pub(super) flexible_time_window: Window,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
    #[serde(default)]
    pub(super) state: State,
    #[serde(default)]
    pub(super) action_after_completion: After,
    /// Inert: nothing is encrypted here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) kms_key_arn: Option<String>,
    pub(super) target: Target,
}

/// Whether it is due at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum State {
    #[default]
    Enabled,
    Disabled,
}

/// What becomes of a schedule that will not be due again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum After {
    #[default]
    None,
    Delete,
}

/// How late it may be, for the sake of others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Window {
    pub(super) mode: Mode,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) maximum_window_in_minutes: Option<u32>,
}

/// Whether it may be late.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Mode {
    Off,
    Flexible,
}

/// What is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Target {
    pub(super) arn: String,
    pub(super) role_arn: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) input: Option<String>,
    #[serde(default)]
    pub(super) retry_policy: Retry,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) dead_letter_config: Option<DeadLetters>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sqs_parameters: Option<Sqs>,
}

/// How long it is tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Retry {
    #[serde(default = "oldest")]
    pub(super) maximum_event_age_in_seconds: u32,
    #[serde(default = "attempts")]
    pub(super) maximum_retry_attempts: u32,
}

impl Default for Retry {
    fn default() -> Self {
        Self { maximum_event_age_in_seconds: OLDEST, maximum_retry_attempts: ATTEMPTS }
    }
}

/// Where goes what cannot be delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct DeadLetters {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) arn: Option<String>,
}

/// What a FIFO queue needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Sqs {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) message_group_id: Option<String>,
}

fn utc() -> String {
    "UTC".to_owned()
}

const fn oldest() -> u32 {
    OLDEST
}

const fn attempts() -> u32 {
    ATTEMPTS
}

/// Seconds since the epoch, as clients send a date, or its text, as a template has it.
fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::Number(seconds) => Ok(seconds.as_f64()),
        Value::String(text) => {
            let stamp: jiff::Timestamp = text.parse().map_err(D::Error::custom)?;
            Ok(Some(Time::from_millis(stamp.as_millisecond()).fractional_seconds()))
        }
        _ => Err(D::Error::custom("a date is a number or a text")),
    }
}

fn time(seconds: f64) -> Time {
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds of any date fit")]
    Time::from_millis((seconds * 1000.0) as i64)
}

impl Settings {
    /// Checks what the types do not say; gives when the schedule is due if it was set at `made`.
    pub(super) fn check(&self, made: Time) -> Result<Rule, AwsError> {
        let rule = self.rule(made)?;
        let late = 5 * 60;
        if rule.expression.recurs() {
            if rule.start.is_some_and(|start| start.seconds() < made.seconds() - late) {
                return Err(invalid("The StartDate you specify cannot be earlier than 5 minutes ago."));
            }
            if rule.start.zip(rule.end).is_some_and(|(start, end)| end < start) {
                return Err(invalid("The EndDate you specify cannot be earlier than the StartDate."));
            }
        }
        if self.description.as_ref().is_some_and(|text| text.len() > 512) {
            return Err(length("description", 512));
        }
        let window = self.flexible_time_window.maximum_window_in_minutes;
        match (self.flexible_time_window.mode, window) {
            (Mode::Off, None) => {}
            (Mode::Off, Some(_)) => {
                return Err(invalid("MaximumWindowInMinutes is for a FlexibleTimeWindow with the mode FLEXIBLE."));
            }
            (Mode::Flexible, None) => {
                return Err(invalid("MaximumWindowInMinutes must be provided for the mode FLEXIBLE."));
            }
            (Mode::Flexible, Some(window)) => {
                bounds("flexibleTimeWindow.maximumWindowInMinutes", window, 1, WINDOW)?;
            }
        }
        let retry = &self.target.retry_policy;
        bounds("target.retryPolicy.maximumEventAgeInSeconds", retry.maximum_event_age_in_seconds, 60, OLDEST)?;
        bounds("target.retryPolicy.maximumRetryAttempts", retry.maximum_retry_attempts, 0, ATTEMPTS)?;
        let bad_arn = |_| invalid("Provided Arn is not in correct format.");
        let role = Arn::parse(&self.target.role_arn).map_err(bad_arn)?;
        if role.service() != "iam" || !role.resource().starts_with("role/") {
            return Err(invalid("Provided Arn is not in correct format."));
        }
        if let Some(queue) = self.target.dead_letter_config.as_ref().and_then(|config| config.arn.as_ref()) {
            let queue = Arn::parse(queue).map_err(bad_arn)?;
            if queue.service() != "sqs" || queue.name().ends_with(".fifo") {
                return Err(invalid("The dead-letter queue must be a standard SQS queue."));
            }
        }
        target::check(&self.target)?;
        Ok(rule)
    }

    /// When the schedule is due if it was set at `made`.
    pub(super) fn rule(&self, made: Time) -> Result<Rule, AwsError> {
        let text = &self.schedule_expression;
        let expression = Some(text).filter(|text| text.len() <= 256).and_then(|text| Expression::parse(text));
        let expression = expression.ok_or_else(|| invalid(format!("Invalid Schedule Expression {text}.")))?;
        let zone = &self.schedule_expression_timezone;
        let zone = TimeZone::get(zone).map_err(|_| invalid(format!("Invalid Schedule Expression Timezone {zone}.")))?;
        Ok(Rule { expression, zone, made, start: self.start_date.map(time), end: self.end_date.map(time) })
    }
}

fn bounds(member: &str, value: u32, least: u32, most: u32) -> Result<(), AwsError> {
    let (bound, limit) = match value {
        value if value < least => ("greater", least),
        value if value > most => ("less", most),
        _ => return Ok(()),
    };
    Err(invalid(format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must have value \
         {bound} than or equal to {limit}"
    )))
}

fn length(member: &str, most: usize) -> AwsError {
    invalid(format!(
        "1 validation error detected: Value at '{member}' failed to satisfy constraint: Member must have length less than \
         or equal to {most}"
    ))
}

/// Checks the name of a schedule or a group.
pub(super) fn name(name: &str) -> Result<(), AwsError> {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    match name.len() {
        1..=64 if is_plain => Ok(()),
        1..=64 => Err(invalid(format!(
            "1 validation error detected: Value '{name}' at 'name' failed to satisfy constraint: Member must satisfy \
             regular expression pattern: ^[0-9a-zA-Z-_.]+$"
        ))),
        _ => Err(length("name", 64)),
    }
}

/// An operation's input in its type; a member that the type does not have is refused by its name.
pub(super) fn read<T: DeserializeOwned>(input: Value) -> Result<T, AwsError> {
    serde_json::from_value(input).map_err(|error| {
        let text = error.to_string();
        match text.split('`').nth(1) {
            Some(member) if text.starts_with("unknown field") => invalid(format!(
                "the local engine does not honour `{member}`: docs/local/scheduler.md lists what it honours"
            )),
            _ => invalid(text),
        }
    })
}

/// The caller's mistake.
pub(super) fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::new("ValidationException", message)
}
