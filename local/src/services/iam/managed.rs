//! AWS's own policies: those that templates of flows refer to.

use serde_json::{Value, json};

use super::policy::{Kind, Malformed, Policy};

/// The document of the policy with this ARN, in any partition.
pub(super) fn document(arn: &str) -> Option<Value> {
    let (_, path) = arn.strip_prefix("arn:aws")?.split_once(":iam::aws:policy/")?;
    match path {
        "service-role/AmazonAPIGatewayPushToCloudWatchLogs" => Some(json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Action": [
                    "logs:CreateLogGroup",
                    "logs:CreateLogStream",
                    "logs:DescribeLogGroups",
                    "logs:DescribeLogStreams",
                    "logs:PutLogEvents",
                    "logs:GetLogEvents",
                    "logs:FilterLogEvents",
                ],
                "Resource": "*",
            }],
        })),
        "service-role/AWSLambdaBasicExecutionRole" => Some(json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
                "Resource": "*",
            }],
        })),
        "AdministratorAccess" => Some(json!({
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
        })),
        _ => None,
    }
}

/// The policy with this ARN.
pub(super) fn policy(arn: &str) -> Result<Policy, Malformed> {
    // What was attached was looked up then; without it a role could do less, or a boundary more.
    Policy::parse(&document(arn).unwrap_or_default(), Kind::Identity)
}
