//! API Gateway, what an account sets once per region: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ApiGateway.html>.

use super::properties;
use crate::cfn::Str;

properties! {
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-account.html>
    Account = "AWS::ApiGateway::Account" { required { cloud_watch_role_arn: Str } }
}
