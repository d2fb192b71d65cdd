//! CloudWatch Logs: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Logs.html>.

use super::{Tag, properties, values};
use crate::cfn::{Str, Tree, Value};

values! {
    LogGroupClass { Standard = "STANDARD", InfrequentAccess = "INFREQUENT_ACCESS" }
}

properties! {
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-loggroup.html>
    LogGroup = "AWS::Logs::LogGroup" {
        optional {
            log_group_name: Str,
            log_group_class: LogGroupClass,
            retention_in_days: Value<u32>,
            kms_key_id: Str,
            deletion_protection_enabled: bool,
            data_protection_policy: Tree,
        }
        many { tags: Vec<Tag> }
    }
}
