//! Step Functions: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_StepFunctions.html>.

use super::{Tag, properties, values};
use crate::cfn::{Entries, Str};

values! {
    StateMachineType { Standard = "STANDARD", Express = "EXPRESS" }
    LogLevel { All = "ALL", Error = "ERROR", Fatal = "FATAL", Off = "OFF" }
    EncryptionType { CustomerManagedKey = "CUSTOMER_MANAGED_KMS_KEY", AwsOwnedKey = "AWS_OWNED_KEY" }
}

properties! {
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-stepfunctions-statemachine.html>
    StateMachine = "AWS::StepFunctions::StateMachine" {
        required { role_arn: Str }
        optional {
            state_machine_name: Str,
            state_machine_type: StateMachineType,
            /// JSON, as text; `${name}` in it is replaced from the substitutions.
            definition_string: Str,
            logging_configuration: LoggingConfiguration,
            tracing_configuration: TracingConfiguration,
            encryption_configuration: EncryptionConfiguration,
        }
        many {
            definition_substitutions: Entries<Str>,
            tags: Vec<Tag>,
        }
    }

    LoggingConfiguration {
        required { level: LogLevel }
        optional { include_execution_data: bool }
        many { destinations: Vec<LogDestination> }
    }
    LogDestination { required { cloud_watch_logs_log_group: CloudWatchLogsLogGroup } }
    CloudWatchLogsLogGroup { required { log_group_arn: Str } }
    TracingConfiguration { required { enabled: bool } }
    EncryptionConfiguration {
        required {
            #[serde(rename = "Type")]
            kind: EncryptionType,
        }
        optional { kms_key_id: Str, kms_data_key_reuse_period_seconds: u32 }
    }
}
