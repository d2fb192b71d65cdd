//! IAM: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_IAM.html>. The documents themselves are [`PolicyDocument`]s.

use super::{Tag, properties};
use crate::cfn::{PolicyDocument, Str};

properties! {
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-role.html>
    Role = "AWS::IAM::Role" {
        required { assume_role_policy_document: PolicyDocument }
        optional {
            role_name: Str,
            description: Str,
            path: String,
            max_session_duration: u32,
            permissions_boundary: Str,
        }
        many {
            managed_policy_arns: Vec<Str>,
            policies: Vec<Policy>,
            tags: Vec<Tag>,
        }
    }

    Policy { required { policy_name: String, policy_document: PolicyDocument } }

    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-managedpolicy.html>
    ManagedPolicy = "AWS::IAM::ManagedPolicy" {
        required { policy_document: PolicyDocument }
        optional { managed_policy_name: Str, description: Str, path: String }
        many { roles: Vec<Str> }
    }
}
