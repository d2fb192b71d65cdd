//! A mapping as it is kept: what is asked for, checked against AWS's bounds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::pattern::Pattern;
use crate::kernel::{Arn, AwsError, Time, World};
use crate::services::lambda::errors::{invalid, not_honoured, within};

/// Filters of one mapping (Lambda quotas).
const FILTERS: usize = 5;
/// Batches of a queue at once, at first and at most (Lambda with SQS, "Scaling behavior").
const BATCHES: (usize, usize) = (5, 1250);
/// Batches at once of a provisioned poller (Lambda with SQS, provisioned mode).
const PER_POLLER: usize = 10;

/// One event source mapping.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Mapping {
    pub(crate) uuid: String,
    pub(crate) function: String,
    pub(crate) function_arn: Arn,
    pub(crate) source: Arn,
    pub(crate) enabled: bool,
    pub(crate) batch_size: u32,
    /// In seconds.
    pub(crate) window: u32,
    /// Patterns as they were written.
    pub(crate) filters: Vec<String>,
    /// Whether the function reports which items failed.
    pub(crate) reports: bool,
    pub(crate) concurrency: Option<u32>,
    pub(crate) pollers: Option<Pollers>,
    /// Of a stream: `TRIM_HORIZON` or `LATEST`.
    pub(crate) starting: Option<String>,
    /// Of a stream: batches of one shard at once.
    pub(crate) factor: u32,
    /// Of a stream: whether a batch that failed is split.
    pub(crate) bisects: bool,
    /// Of a stream: `None` for as long as the records are there.
    pub(crate) retries: Option<u32>,
    /// Of a stream, in seconds: `None` for as long as they are there.
    pub(crate) age: Option<u32>,
    pub(crate) on_failure: Option<Arn>,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) created: Time,
    pub(crate) modified: Time,
}

/// `ProvisionedPollerConfig`
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(crate) struct Pollers {
    minimum_pollers: Option<u32>,
    maximum_pollers: Option<u32>,
}

/// What `CreateEventSourceMapping` and `UpdateEventSourceMapping` both take.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Settings {
    #[serde(rename = "UUID")]
    pub(super) uuid: Option<String>,
    pub(super) function_name: Option<String>,
    pub(super) event_source_arn: Option<Arn>,
    pub(super) enabled: Option<bool>,
    pub(super) starting_position: Option<String>,
    #[serde(default)]
    pub(super) tags: BTreeMap<String, String>,
    batch_size: Option<u32>,
    maximum_batching_window_in_seconds: Option<u32>,
    filter_criteria: Option<Criteria>,
    function_response_types: Option<Vec<String>>,
    scaling_config: Option<Scaling>,
    provisioned_poller_config: Option<Pollers>,
    parallelization_factor: Option<u32>,
    bisect_batch_on_function_error: Option<bool>,
    maximum_retry_attempts: Option<i32>,
    maximum_record_age_in_seconds: Option<i32>,
    destination_config: Option<Destinations>,
    tumbling_window_in_seconds: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Criteria {
    #[serde(default)]
    filters: Vec<Filter>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Filter {
    pattern: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Scaling {
    maximum_concurrency: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Destinations {
    on_failure: Option<Destination>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Destination {
    destination: Option<Arn>,
}

impl Mapping {
    /// A mapping with AWS's defaults.
    pub(super) fn new(world: &World, function: (String, Arn), source: Arn) -> Self {
        let now = world.clock.now();
        Self {
            uuid: world.random.uuid(),
            function: function.0,
            function_arn: function.1,
            enabled: true,
            batch_size: if source.service() == "sqs" { 10 } else { 100 },
            source,
            window: 0,
            filters: Vec::new(),
            reports: false,
            concurrency: None,
            pollers: None,
            starting: None,
            factor: 1,
            bisects: false,
            retries: None,
            age: None,
            on_failure: None,
            tags: BTreeMap::new(),
            created: now,
            modified: now,
        }
    }

    pub(super) fn is_queue(&self) -> bool {
        self.source.service() == "sqs"
    }

    pub(super) fn is_fifo(&self) -> bool {
        self.is_queue() && self.source.name().ends_with(".fifo")
    }

    /// Changes what is named, and checks the whole.
    pub(super) fn set(&mut self, settings: Settings) -> Result<(), AwsError> {
        if settings.tumbling_window_in_seconds.is_some_and(|seconds| seconds > 0) {
            return Err(not_honoured("TumblingWindowInSeconds"));
        }
        self.enabled = settings.enabled.unwrap_or(self.enabled);
        self.batch_size = settings.batch_size.unwrap_or(self.batch_size);
        self.window = settings.maximum_batching_window_in_seconds.unwrap_or(self.window);
        self.bisects = settings.bisect_batch_on_function_error.unwrap_or(self.bisects);
        self.factor = settings.parallelization_factor.unwrap_or(self.factor);
        if let Some(criteria) = settings.filter_criteria {
            self.filters = criteria.filters.into_iter().map(|filter| filter.pattern).collect();
        }
        if let Some(kinds) = settings.function_response_types {
            self.reports = kinds.iter().any(|kind| kind == "ReportBatchItemFailures");
            if let Some(kind) = kinds.iter().find(|kind| *kind != "ReportBatchItemFailures") {
                return Err(invalid(format!("`{kind}` is no function response type")));
            }
        }
        if let Some(scaling) = settings.scaling_config {
            self.concurrency = scaling.maximum_concurrency;
        }
        if let Some(pollers) = settings.provisioned_poller_config {
            self.pollers = (pollers.minimum_pollers.is_some() || pollers.maximum_pollers.is_some()).then_some(pollers);
        }
        if let Some(retries) = settings.maximum_retry_attempts {
            self.retries = u32::try_from(retries).ok();
        }
        if let Some(age) = settings.maximum_record_age_in_seconds {
            self.age = u32::try_from(age).ok();
        }
        if let Some(destinations) = settings.destination_config {
            self.on_failure = destinations.on_failure.and_then(|destination| destination.destination);
        }
        self.check()
    }

    fn check(&self) -> Result<(), AwsError> {
        within("batchSize", self.batch_size, 1, 10_000)?;
        within("maximumBatchingWindowInSeconds", self.window, 0, 300)?;
        within("parallelizationFactor", self.factor, 1, 10)?;
        within("maximumRetryAttempts", self.retries.unwrap_or(0), 0, 10_000)?;
        within("maximumRecordAgeInSeconds", self.age.unwrap_or(60), 60, 604_800)?;
        within("scalingConfig.maximumConcurrency", self.concurrency.unwrap_or(2), 2, 1000)?;
        if self.filters.len() > FILTERS {
            return Err(invalid(format!("A mapping has at most {FILTERS} filters")));
        }
        for filter in &self.filters {
            Pattern::parse(filter).map_err(|error| invalid(format!("Invalid filter pattern definition. ({error})")))?;
        }
        if self.is_queue() { self.check_queue() } else { self.check_stream() }
    }

    fn check_queue(&self) -> Result<(), AwsError> {
        let of_streams = [
            ("StartingPosition", self.starting.is_some()),
            ("ParallelizationFactor", self.factor > 1),
            ("BisectBatchOnFunctionError", self.bisects),
            ("MaximumRetryAttempts", self.retries.is_some()),
            ("MaximumRecordAgeInSeconds", self.age.is_some()),
            ("DestinationConfig", self.on_failure.is_some()),
        ];
        if let Some((name, _)) = of_streams.iter().find(|(_, given)| *given) {
            return Err(invalid(format!("Unsupported {name} parameter for given event source mapping type.")));
        }
        if self.is_fifo() && (self.window > 0 || self.batch_size > 10) {
            return Err(invalid("A mapping of a FIFO queue has a BatchSize of at most 10, and no batching window"));
        }
        if self.batch_size > 10 && self.window == 0 {
            return Err(invalid(
                "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10",
            ));
        }
        if let Some(Pollers { minimum_pollers, maximum_pollers }) = self.pollers {
            within("provisionedPollerConfig.minimumPollers", minimum_pollers.unwrap_or(2), 2, 200)?;
            within("provisionedPollerConfig.maximumPollers", maximum_pollers.unwrap_or(200), 2, 2000)?;
            if self.concurrency.is_some() {
                return Err(invalid("ScalingConfig and ProvisionedPollerConfig exclude each other"));
            }
        }
        Ok(())
    }

    fn check_stream(&self) -> Result<(), AwsError> {
        if self.pollers.is_some() {
            return Err(not_honoured("ProvisionedPollerConfig"));
        }
        if self.concurrency.is_some() {
            return Err(invalid("Unsupported ScalingConfig parameter for given event source mapping type."));
        }
        match self.starting.as_deref() {
            Some("TRIM_HORIZON" | "LATEST") => {}
            Some(other) => return Err(invalid(format!("StartingPosition `{other}` is none of TRIM_HORIZON, LATEST"))),
            None => return Err(invalid("1 validation error detected: Value null at 'startingPosition' failed")),
        }
        match &self.on_failure {
            Some(arn) if !["sqs", "sns"].contains(&arn.service()) => {
                Err(invalid(format!("The provided destination config DestinationConfig is invalid: `{arn}`")))
            }
            _ => Ok(()),
        }
    }

    /// The patterns; each was read when it was set.
    pub(super) fn patterns(&self) -> Vec<Pattern> {
        self.filters.iter().filter_map(|filter| Pattern::parse(filter).ok()).collect()
    }

    /// Batches of a queue that run at once: at first, and at most.
    pub(super) fn batches(&self) -> (usize, usize) {
        let size = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let pollers = self.pollers.map(|pollers| {
            let least = pollers.minimum_pollers.unwrap_or(2);
            let most = pollers.maximum_pollers.unwrap_or(200).max(least);
            (size(least) * PER_POLLER, size(most) * PER_POLLER)
        });
        pollers.unwrap_or_else(|| (BATCHES.0, self.concurrency.map_or(BATCHES.1, size)))
    }

    /// `EventSourceMappingConfiguration`
    pub(super) fn configuration(&self, world: &World, state: &str, last_result: &str) -> Value {
        let mut configuration = json!({
            "UUID": self.uuid,
            "EventSourceMappingArn": world.place.arn("lambda", &format!("event-source-mapping:{}", self.uuid)),
            "EventSourceArn": self.source,
            "FunctionArn": self.function_arn,
            "State": state,
            "StateTransitionReason": "USER_INITIATED",
            "LastModified": self.modified.fractional_seconds(),
            "LastProcessingResult": last_result,
            "BatchSize": self.batch_size,
            "MaximumBatchingWindowInSeconds": self.window,
            "FunctionResponseTypes": if self.reports { vec!["ReportBatchItemFailures"] } else { Vec::new() },
        });
        let Some(members) = configuration.as_object_mut() else { return configuration };
        let mut put = |name: &str, value: Value| members.insert(name.to_owned(), value);
        if !self.filters.is_empty() {
            let filters: Vec<Value> = self.filters.iter().map(|pattern| json!({"Pattern": pattern})).collect();
            put("FilterCriteria", json!({"Filters": filters}));
        }
        if let Some(concurrency) = self.concurrency {
            put("ScalingConfig", json!({"MaximumConcurrency": concurrency}));
        }
        if let Some(pollers) = self.pollers {
            put("ProvisionedPollerConfig", json!(pollers));
        }
        if !self.is_queue() {
            let or_endless = |number: Option<u32>| number.map_or(json!(-1), |number| json!(number));
            put("StartingPosition", json!(self.starting));
            put("ParallelizationFactor", json!(self.factor));
            put("BisectBatchOnFunctionError", json!(self.bisects));
            put("MaximumRetryAttempts", or_endless(self.retries));
            put("MaximumRecordAgeInSeconds", or_endless(self.age));
            put("TumblingWindowInSeconds", json!(0));
            let on_failure = self.on_failure.as_ref().map_or(json!({}), |arn| json!({"Destination": arn}));
            put("DestinationConfig", json!({"OnFailure": on_failure}));
        }
        configuration
    }
}
