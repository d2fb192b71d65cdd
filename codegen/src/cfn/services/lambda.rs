//! Lambda: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Lambda.html>.

use super::{Tag, properties, values};
use crate::cfn::{Entries, Str};

values! {
    Architecture { X86 = "x86_64", Arm = "arm64" }
    Runtime { ProvidedAl2023 = "provided.al2023" }
    TracingMode { Active = "Active", PassThrough = "PassThrough" }
    LogFormat { Json = "JSON", Text = "Text" }
    ApplicationLogLevel { Trace = "TRACE", Debug = "DEBUG", Info = "INFO", Warn = "WARN", Error = "ERROR", Fatal = "FATAL" }
    SystemLogLevel { Debug = "DEBUG", Info = "INFO", Warn = "WARN" }
    RecursiveLoop { Terminate = "Terminate", Allow = "Allow" }
    UpdateRuntimeOn { Auto = "Auto", FunctionUpdate = "FunctionUpdate", Manual = "Manual" }
    StartingPosition { TrimHorizon = "TRIM_HORIZON", Latest = "LATEST", AtTimestamp = "AT_TIMESTAMP" }
    FunctionResponseType { ReportBatchItemFailures = "ReportBatchItemFailures" }
    Metric { EventCount = "EventCount", ErrorCount = "ErrorCount", KafkaMetrics = "KafkaMetrics" }
    AuthType { None = "NONE", AwsIam = "AWS_IAM" }
    InvokeMode { Buffered = "BUFFERED", ResponseStream = "RESPONSE_STREAM" }
    Method { Get = "GET", Put = "PUT", Head = "HEAD", Post = "POST", Patch = "PATCH", Delete = "DELETE", Any = "*" }
}

properties! {
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-function.html>
    Function = "AWS::Lambda::Function" {
        required { code: Code, role: Str }
        optional {
            function_name: Str,
            description: Str,
            handler: String,
            runtime: Runtime,
            timeout: u32,
            memory_size: u32,
            ephemeral_storage: EphemeralStorage,
            environment: Environment,
            tracing_config: TracingConfig,
            logging_config: LoggingConfig,
            dead_letter_config: DeadLetterConfig,
            recursive_loop: RecursiveLoop,
            reserved_concurrent_executions: u32,
            kms_key_arn: Str,
            code_signing_config_arn: Str,
            runtime_management_config: RuntimeManagementConfig,
        }
        many {
            architectures: Vec<Architecture>,
            layers: Vec<Str>,
            tags: Vec<Tag>,
        }
    }

    Code {
        required { s3_bucket: Str, s3_key: Str }
        optional {
            s3_object_version: Str,
            #[serde(rename = "SourceKMSKeyArn")]
            source_kms_key_arn: Str,
        }
    }
    EphemeralStorage { required { size: u32 } }
    Environment { required { variables: Entries<Str> } }
    TracingConfig { required { mode: TracingMode } }
    LoggingConfig {
        required { log_group: Str }
        optional {
            log_format: LogFormat,
            application_log_level: ApplicationLogLevel,
            system_log_level: SystemLogLevel,
        }
    }
    DeadLetterConfig { required { target_arn: Str } }
    RuntimeManagementConfig { required { update_runtime_on: UpdateRuntimeOn } optional { runtime_version_arn: Str } }

    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-eventsourcemapping.html>
    EventSourceMapping = "AWS::Lambda::EventSourceMapping" {
        required { function_name: Str, event_source_arn: Str }
        optional {
            enabled: bool,
            batch_size: u32,
            maximum_batching_window_in_seconds: u32,
            starting_position: StartingPosition,
            starting_position_timestamp: f64,
            maximum_retry_attempts: i32,
            maximum_record_age_in_seconds: i32,
            bisect_batch_on_function_error: bool,
            parallelization_factor: u32,
            tumbling_window_in_seconds: u32,
            scaling_config: ScalingConfig,
            provisioned_poller_config: ProvisionedPollerConfig,
            filter_criteria: FilterCriteria,
            kms_key_arn: Str,
            destination_config: FailureDestination,
            metrics_config: MetricsConfig,
        }
        many {
            function_response_types: Vec<FunctionResponseType>,
            tags: Vec<Tag>,
        }
    }

    ScalingConfig { required { maximum_concurrency: u32 } }
    ProvisionedPollerConfig { required { minimum_pollers: u32, maximum_pollers: u32 } }
    FilterCriteria { required { filters: Vec<Filter> } }
    Filter {
        required {
            /// JSON, as text.
            pattern: String,
        }
    }
    FailureDestination { required { on_failure: Destination } }
    DestinationConfig { optional { on_success: Destination, on_failure: Destination } }
    Destination { required { destination: Str } }
    MetricsConfig { required { metrics: Vec<Metric> } }

    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-permission.html>
    Permission = "AWS::Lambda::Permission" {
        required { function_name: Str, action: String, principal: Str }
        optional {
            source_arn: Str,
            source_account: Str,
            function_url_auth_type: AuthType,
            invoked_via_function_url: bool,
            #[serde(rename = "PrincipalOrgID")]
            principal_org_id: Str,
            event_source_token: Str,
        }
    }

    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-eventinvokeconfig.html>
    EventInvokeConfig = "AWS::Lambda::EventInvokeConfig" {
        required { function_name: Str, qualifier: Str }
        optional {
            maximum_event_age_in_seconds: u32,
            maximum_retry_attempts: u32,
            destination_config: DestinationConfig,
        }
    }

    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-url.html>
    Url = "AWS::Lambda::Url" {
        required { target_function_arn: Str, auth_type: AuthType }
        optional { qualifier: Str, invoke_mode: InvokeMode, cors: Cors }
    }

    Cors {
        optional { allow_credentials: bool, max_age: u32 }
        many {
            allow_headers: Vec<String>,
            allow_methods: Vec<Method>,
            allow_origins: Vec<Str>,
            expose_headers: Vec<String>,
        }
    }
}
