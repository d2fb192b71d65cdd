//! SES: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_SES.html>.

use super::{Tag, properties, values};
use crate::cfn::Str;

values! {
    NextSigningKeyLength { Rsa1024 = "RSA_1024_BIT", Rsa2048 = "RSA_2048_BIT" }
    BehaviorOnMxFailure { UseDefault = "USE_DEFAULT_VALUE", Reject = "REJECT_MESSAGE" }
    TlsPolicy { Require = "REQUIRE", Optional = "OPTIONAL" }
    SuppressedReason { Bounce = "BOUNCE", Complaint = "COMPLAINT" }
    EventType {
        Send = "send",
        Reject = "reject",
        Bounce = "bounce",
        Complaint = "complaint",
        Delivery = "delivery",
        Open = "open",
        Click = "click",
        RenderingFailure = "renderingFailure",
        DeliveryDelay = "deliveryDelay",
        Subscription = "subscription",
    }
}

properties! {
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ses-emailidentity.html>
    EmailIdentity = "AWS::SES::EmailIdentity" {
        required { email_identity: Str }
        optional {
            configuration_set_attributes: ConfigurationSetAttributes,
            dkim_attributes: DkimAttributes,
            dkim_signing_attributes: DkimSigningAttributes,
            feedback_attributes: FeedbackAttributes,
            mail_from_attributes: MailFromAttributes,
        }
        many { tags: Vec<Tag> }
    }

    ConfigurationSetAttributes { required { configuration_set_name: Str } }
    DkimAttributes { required { signing_enabled: bool } }
    DkimSigningAttributes { required { next_signing_key_length: NextSigningKeyLength } }
    FeedbackAttributes { required { email_forwarding_enabled: bool } }
    MailFromAttributes { required { mail_from_domain: Str } optional { behavior_on_mx_failure: BehaviorOnMxFailure } }

    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ses-configurationset.html>
    ConfigurationSet = "AWS::SES::ConfigurationSet" {
        optional {
            name: Str,
            delivery_options: DeliveryOptions,
            reputation_options: ReputationOptions,
            sending_options: SendingOptions,
            suppression_options: SuppressionOptions,
        }
        many { tags: Vec<Tag> }
    }

    DeliveryOptions { optional { tls_policy: TlsPolicy, max_delivery_seconds: u32, sending_pool_name: Str } }
    ReputationOptions { required { reputation_metrics_enabled: bool } }
    SendingOptions { required { sending_enabled: bool } }
    SuppressionOptions { required { suppressed_reasons: Vec<SuppressedReason> } }

    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ses-configurationseteventdestination.html>
    ConfigurationSetEventDestination = "AWS::SES::ConfigurationSetEventDestination" {
        required { configuration_set_name: Str, event_destination: EventDestination }
    }

    EventDestination {
        required { matching_event_types: Vec<EventType> }
        optional { name: Str, enabled: bool, sns_destination: SnsDestination }
    }
    SnsDestination {
        required {
            #[serde(rename = "TopicARN")]
            topic_arn: Str,
        }
    }
}
