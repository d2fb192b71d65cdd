//! CloudFormation's own resources: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_CloudFormation.html>.

use super::{Tag, properties};
use crate::cfn::{Entries, Str};

properties! {
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-stack.html>
    Stack = "AWS::CloudFormation::Stack" {
        required {
            #[serde(rename = "TemplateURL")]
            template_url: Str,
        }
        optional { timeout_in_minutes: u32 }
        many {
            parameters: Entries<Str>,
            tags: Vec<Tag>,
        }
    }
}
