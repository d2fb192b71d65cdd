//! Secrets Manager: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_SecretsManager.html>. A secret's text is never a property: it is generated, or
//! put in after the deployment.

use super::{Tag, properties};
use crate::cfn::Str;

properties! {
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-secretsmanager-secret.html>
    Secret = "AWS::SecretsManager::Secret" {
        optional {
            name: Str,
            description: Str,
            kms_key_id: Str,
            generate_secret_string: GenerateSecretString,
        }
        many { tags: Vec<Tag> }
    }

    GenerateSecretString {
        optional {
            password_length: u32,
            exclude_characters: String,
            exclude_lowercase: bool,
            exclude_numbers: bool,
            exclude_punctuation: bool,
            exclude_uppercase: bool,
            include_space: bool,
            require_each_included_type: bool,
            generate_string_key: String,
            secret_string_template: String,
        }
    }
}
