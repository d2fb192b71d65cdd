//! AWS's limits: one table of numbers, each with the page of AWS's documentation that it comes from.
//!
//! In: nothing. Out: a constant for each number, and [`LIMITS`], the same as a table for the documentation.
//! Guaranteed: rules and `lower` compare with these and with no number of their own.

/// One number of AWS's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// The constant's name.
    pub name: &'static str,
    /// What it says, with its unit.
    pub about: &'static str,
    /// The number.
    pub value: u64,
    /// The page of AWS's documentation.
    pub page: &'static str,
    /// The day on which the page was read.
    pub read: &'static str,
}

macro_rules! limits {
    ($( [$page:literal, $read:literal] $( $about:literal $name:ident = $value:expr; )+ )+) => {
        $( $(
            #[doc = $about]
            #[doc = concat!("\n\nSource: ", $page, ", read on ", $read, ".")]
            pub const $name: u64 = $value;
        )+ )+

        /// All of them.
        pub const LIMITS: &[Limit] = &[ $( $(
            Limit { name: stringify!($name), about: $about, value: $name, page: $page, read: $read },
        )+ )+ ];
    };
}

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const DAY: u64 = 86_400;

limits! {
    ["Amazon SQS Developer Guide, Message quotas", "2026-11-23"]
    "Bytes of a message."
    SQS_MESSAGE_BYTES = MIB;
    "Seconds that a message may be delayed."
    SQS_DELAY_SECONDS = 900;
    "The fewest seconds that a message is kept."
    SQS_KEEP_LEAST_SECONDS = 60;
    "The most seconds that a message is kept."
    SQS_KEEP_MOST_SECONDS = 14 * DAY;
    "The longest visibility timeout, in seconds."
    SQS_VISIBILITY_SECONDS = 43_200;
    "The most receives before a message goes to the dead-letter queue."
    SQS_RECEIVES = 1_000;

    ["Amazon SNS Developer Guide, Amazon SNS message publishing", "2026-11-23"]
    "Bytes of a message."
    SNS_MESSAGE_BYTES = 256 * KIB;

    ["AWS General Reference, Amazon SNS endpoints and quotas", "2026-11-23"]
    "Subscriptions of a FIFO topic."
    SNS_FIFO_SUBSCRIPTIONS = 100;
    "Filter policies of a topic."
    SNS_FILTER_POLICIES_PER_TOPIC = 200;
    "Filter policies of an account."
    SNS_FILTER_POLICIES_PER_ACCOUNT = 10_000;

    ["AWS Lambda Developer Guide, Lambda quotas", "2026-11-23"]
    "Seconds that a function may take."
    LAMBDA_TIMEOUT_SECONDS = 900;
    "The least memory, in MiB."
    LAMBDA_MEMORY_LEAST_MIB = 128;
    "The most memory, in MiB."
    LAMBDA_MEMORY_MOST_MIB = 10_240;
    "Bytes of a synchronous request or response."
    LAMBDA_PAYLOAD_BYTES = 6 * MIB;

    ["AWS Lambda Developer Guide, Lambda parameters for Amazon SQS event source mappings", "2026-11-23"]
    "Messages of a batch without a batching window, and of a FIFO queue."
    MAPPING_BATCH_PLAIN = 10;
    "Messages of a batch with a batching window."
    MAPPING_BATCH_WINDOWED = 10_000;
    "The longest batching window, in seconds."
    MAPPING_WINDOW_SECONDS = 300;
    "The least maximum concurrency."
    MAPPING_CONCURRENCY_LEAST = 2;
    "The most maximum concurrency."
    MAPPING_CONCURRENCY_MOST = 1_000;
    "The fewest provisioned pollers."
    MAPPING_POLLERS_LEAST = 2;
    "The most provisioned pollers that are always there."
    MAPPING_POLLERS_MINIMUM_MOST = 200;
    "The most provisioned pollers."
    MAPPING_POLLERS_MAXIMUM_MOST = 2_000;
    "Concurrent invocations of one provisioned poller."
    MAPPING_POLLER_INVOKES = 10;

    ["Amazon DynamoDB Developer Guide, Quotas in Amazon DynamoDB", "2026-11-23"]
    "Bytes of an item."
    DYNAMODB_ITEM_BYTES = 400 * KIB;
    "Write units a second of one partition."
    DYNAMODB_PARTITION_WRITES = 1_000;

    ["AWS Step Functions Developer Guide, Service quotas", "2026-11-23"]
    "Bytes of a state's input or output."
    STATES_PAYLOAD_BYTES = 256 * KIB;
    "Bytes of a definition."
    STATES_DEFINITION_BYTES = MIB;
    "Events in the history of a standard execution."
    STATES_HISTORY_EVENTS = 25_000;
    "Characters of a name."
    STATES_NAME_CHARACTERS = 80;
    "Seconds of a standard execution: a year."
    STATES_STANDARD_SECONDS = 365 * DAY;
    "Seconds of an express execution."
    STATES_EXPRESS_SECONDS = 300;
    "StartExecution of standard workflows a second, in the large regions."
    STATES_STARTS_LARGE = 300;
    "StartExecution of standard workflows a second, elsewhere."
    STATES_STARTS_SMALL = 150;

    ["AWS Step Functions Developer Guide, Using Map state in Inline mode", "2026-11-23"]
    "Entries of an inline map at the same time."
    STATES_INLINE_MAP = 40;

    ["AWS Step Functions Developer Guide, Handling errors in Step Functions workflows", "2026-11-23"]
    "The most retries; `MaxAttempts`."
    STATES_RETRIES = 99_999_999;
    "The longest first wait before a retry, in seconds; `IntervalSeconds`."
    STATES_RETRY_SECONDS = 99_999_999;
    "The longest wait before any retry, in seconds, exclusive; `MaxDelaySeconds`."
    STATES_RETRY_MOST_SECONDS = 31_622_400;

    ["AWS Identity and Access Management User Guide, IAM and AWS STS quotas", "2026-11-25"]
    "Characters of all inline policies of a role, white space not counted."
    IAM_ROLE_POLICY_CHARACTERS = 10_240;

    ["Amazon API Gateway Developer Guide, Quotas for WebSocket APIs", "2026-11-23"]
    "Bytes of a WebSocket message."
    WEBSOCKET_MESSAGE_BYTES = 128 * KIB;
    "Routes of an API."
    GATEWAY_ROUTES = 300;
    "Seconds that an integration may take."
    GATEWAY_INTEGRATION_SECONDS = 29;

    ["Amazon API Gateway Developer Guide, Account-level quotas per Region", "2026-11-23"]
    "Requests a second of an account, callbacks to browsers included, in the large regions."
    GATEWAY_REQUESTS_LARGE = 10_000;
    "The bucket of requests beyond the rate, in the large regions."
    GATEWAY_BURST_LARGE = 5_000;
    "Requests a second of an account, callbacks to browsers included, in the newer regions."
    GATEWAY_REQUESTS_SMALL = 2_500;
    "The bucket of requests beyond the rate, in the newer regions."
    GATEWAY_BURST_SMALL = 1_250;

    ["Amazon SES Developer Guide, Service quotas", "2026-11-23"]
    "Mails a second of an account in the sandbox."
    SES_SANDBOX_RATE = 1;
    "Mails a day of an account in the sandbox."
    SES_SANDBOX_DAY = 200;
}

#[cfg(test)]
mod tests {
    use super::LIMITS;
    use std::collections::BTreeSet;

    #[test]
    fn every_number_stands_once_and_names_its_page() {
        let names: BTreeSet<&str> = LIMITS.iter().map(|l| l.name).collect();
        assert_eq!(names.len(), LIMITS.len());
        for limit in LIMITS {
            assert!(limit.page.contains(", ") && limit.value > 0, "{}", limit.name);
            assert_eq!(limit.read.len(), "2026-01-31".len(), "{}", limit.name);
        }
    }
}
