//! CloudWatch: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_CloudWatch.html>.

use super::{Tag, properties, values};
use crate::cfn::Str;

values! {
    ComparisonOperator {
        GreaterThanThreshold = "GreaterThanThreshold",
        GreaterThanOrEqualToThreshold = "GreaterThanOrEqualToThreshold",
        LessThanThreshold = "LessThanThreshold",
        LessThanOrEqualToThreshold = "LessThanOrEqualToThreshold",
    }
    Statistic { Average = "Average", Maximum = "Maximum", Minimum = "Minimum", SampleCount = "SampleCount", Sum = "Sum" }
    TreatMissingData { Breaching = "breaching", Ignore = "ignore", Missing = "missing", NotBreaching = "notBreaching" }
    Unit { Seconds = "Seconds", Milliseconds = "Milliseconds", Bytes = "Bytes", Count = "Count", Percent = "Percent", None = "None" }
}

properties! {
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-alarm.html>
    Alarm = "AWS::CloudWatch::Alarm" {
        required { comparison_operator: ComparisonOperator, evaluation_periods: u32 }
        optional {
            alarm_name: Str,
            alarm_description: Str,
            actions_enabled: bool,
            datapoints_to_alarm: u32,
            threshold: f64,
            treat_missing_data: TreatMissingData,
            namespace: String,
            metric_name: String,
            statistic: Statistic,
            extended_statistic: String,
            period: u32,
            unit: Unit,
        }
        many {
            dimensions: Vec<Dimension>,
            metrics: Vec<MetricDataQuery>,
            alarm_actions: Vec<Str>,
            #[serde(rename = "OKActions")]
            ok_actions: Vec<Str>,
            insufficient_data_actions: Vec<Str>,
            tags: Vec<Tag>,
        }
    }

    Dimension { required { name: String, value: Str } }
    MetricDataQuery {
        required { id: String }
        optional { label: String, expression: String, metric_stat: MetricStat, period: u32, return_data: bool }
    }
    MetricStat { required { metric: Metric, period: u32, stat: String } optional { unit: Unit } }
    Metric { required { namespace: String, metric_name: String } many { dimensions: Vec<Dimension> } }

    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-dashboard.html>
    Dashboard = "AWS::CloudWatch::Dashboard" {
        required {
            /// JSON, as text: see [`Str::json`].
            dashboard_body: Str,
        }
        optional { dashboard_name: Str }
    }
}
