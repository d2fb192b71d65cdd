//! DynamoDB: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_DynamoDB.html>.

use super::{Tag, properties, values};
use crate::cfn::Str;

values! {
    AttributeType { String = "S", Number = "N", Binary = "B" }
    KeyType { Hash = "HASH", Range = "RANGE" }
    BillingMode { PayPerRequest = "PAY_PER_REQUEST", Provisioned = "PROVISIONED" }
    ProjectionType { All = "ALL", KeysOnly = "KEYS_ONLY", Include = "INCLUDE" }
    StreamViewType {
        NewImage = "NEW_IMAGE",
        OldImage = "OLD_IMAGE",
        NewAndOldImages = "NEW_AND_OLD_IMAGES",
        KeysOnly = "KEYS_ONLY",
    }
    SseType { Kms = "KMS" }
    TableClass { Standard = "STANDARD", InfrequentAccess = "STANDARD_INFREQUENT_ACCESS" }
    InsightsMode { AccessedAndThrottledKeys = "ACCESSED_AND_THROTTLED_KEYS", ThrottledKeys = "THROTTLED_KEYS" }
}

properties! {
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html>
    Table = "AWS::DynamoDB::Table" {
        required {
            attribute_definitions: Vec<AttributeDefinition>,
            key_schema: Vec<KeySchema>,
        }
        optional {
            table_name: Str,
            billing_mode: BillingMode,
            table_class: TableClass,
            on_demand_throughput: OnDemandThroughput,
            deletion_protection_enabled: bool,
            point_in_time_recovery_specification: PointInTimeRecoverySpecification,
            #[serde(rename = "SSESpecification")]
            sse_specification: SseSpecification,
            stream_specification: StreamSpecification,
            time_to_live_specification: TimeToLiveSpecification,
            contributor_insights_specification: ContributorInsightsSpecification,
        }
        many {
            global_secondary_indexes: Vec<GlobalSecondaryIndex>,
            tags: Vec<Tag>,
        }
    }

    AttributeDefinition { required { attribute_name: String, attribute_type: AttributeType } }
    KeySchema { required { attribute_name: String, key_type: KeyType } }
    OnDemandThroughput { optional { max_read_request_units: u32, max_write_request_units: u32 } }
    PointInTimeRecoverySpecification {
        required { point_in_time_recovery_enabled: bool }
        optional { recovery_period_in_days: u32 }
    }
    SseSpecification {
        required {
            #[serde(rename = "SSEEnabled")]
            sse_enabled: bool,
        }
        optional {
            #[serde(rename = "SSEType")]
            sse_type: SseType,
            #[serde(rename = "KMSMasterKeyId")]
            kms_master_key_id: Str,
        }
    }
    StreamSpecification { required { stream_view_type: StreamViewType } }
    TimeToLiveSpecification { required { attribute_name: String, enabled: bool } }
    ContributorInsightsSpecification { required { enabled: bool } optional { mode: InsightsMode } }
    GlobalSecondaryIndex {
        required { index_name: String, key_schema: Vec<KeySchema>, projection: Projection }
        optional {
            on_demand_throughput: OnDemandThroughput,
            contributor_insights_specification: ContributorInsightsSpecification,
        }
    }
    Projection { required { projection_type: ProjectionType } many { non_key_attributes: Vec<String> } }
}
