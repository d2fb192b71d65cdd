//! KMS: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_KMS.html>.

use super::{Tag, properties, values};
use crate::cfn::{PolicyDocument, Str};

values! {
    KeySpec { Symmetric = "SYMMETRIC_DEFAULT", Hmac256 = "HMAC_256" }
    KeyUsage { EncryptDecrypt = "ENCRYPT_DECRYPT", GenerateVerifyMac = "GENERATE_VERIFY_MAC" }
}

properties! {
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kms-key.html>
    Key = "AWS::KMS::Key" {
        required { key_policy: PolicyDocument }
        optional {
            description: Str,
            enabled: bool,
            enable_key_rotation: bool,
            rotation_period_in_days: u32,
            pending_window_in_days: u32,
            multi_region: bool,
            key_spec: KeySpec,
            key_usage: KeyUsage,
        }
        many { tags: Vec<Tag> }
    }

    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kms-alias.html>
    Alias = "AWS::KMS::Alias" { required { alias_name: Str, target_key_id: Str } }
}
