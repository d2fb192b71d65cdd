//! `AWS::CloudWatch::…`

use super::shape::TAGS;
use super::{Kind, Made, Make, Named, Property, Shape};

pub(super) static KINDS: &[&Kind] = &[&ALARM, &DASHBOARD];

const DIMENSIONS: Shape = Shape::Items(&[
    Property::update("Name", Shape::Text).required(),
    Property::update("Value", Shape::Text).required(),
]);

static ALARM: Kind = Kind {
    name: "AWS::CloudWatch::Alarm",
    properties: &[
        Property::update("ActionsEnabled", Shape::Flag),
        Property::update("AlarmActions", Shape::Texts),
        Property::update("AlarmDescription", Shape::Text),
        Property::update("AlarmName", Shape::Text),
        Property::update("ComparisonOperator", Shape::Text).required(),
        Property::update("DatapointsToAlarm", Shape::Number),
        Property::update("Dimensions", DIMENSIONS),
        Property::update("EvaluateLowSampleCountPercentile", Shape::Text),
        Property::update("EvaluationPeriods", Shape::Number).required(),
        Property::update("ExtendedStatistic", Shape::Text),
        Property::update("InsufficientDataActions", Shape::Texts),
        Property::update("MetricName", Shape::Text),
        Property::update(
            "Metrics",
            Shape::Items(&[
                Property::update("AccountId", Shape::Text),
                Property::update("Expression", Shape::Text),
                Property::update("Id", Shape::Text).required(),
                Property::update("Label", Shape::Text),
                Property::update(
                    "MetricStat",
                    Shape::Members(&[
                        Property::update(
                            "Metric",
                            Shape::Members(&[
                                Property::update("Dimensions", DIMENSIONS),
                                Property::update("MetricName", Shape::Text),
                                Property::update("Namespace", Shape::Text),
                            ]),
                        )
                        .required(),
                        Property::update("Period", Shape::Number).required(),
                        Property::update("Stat", Shape::Text).required(),
                        Property::update("Unit", Shape::Text),
                    ]),
                ),
                Property::update("Period", Shape::Number),
                Property::update("ReturnData", Shape::Flag),
            ]),
        ),
        Property::update("Namespace", Shape::Text),
        Property::update("OKActions", Shape::Texts),
        Property::update("Period", Shape::Number),
        Property::update("Statistic", Shape::Text),
        Property::update("Tags", TAGS),
        Property::update("Threshold", Shape::Number),
        Property::update("ThresholdMetricId", Shape::Text),
        Property::update("TreatMissingData", Shape::Text),
        Property::update("Unit", Shape::Text),
    ],
    attributes: &["Arn"],
    named: Named::Property { property: "AlarmName", longest: 255, fifo: None, within: None },
    make: Make::Inert("there are no metrics that it could watch", |cx| {
        let arn = cx.world.place.arn("cloudwatch", &format!("alarm:{}", cx.name));
        Made::new(cx.name).with("Arn", arn.as_str())
    }),
};

static DASHBOARD: Kind = Kind {
    name: "AWS::CloudWatch::Dashboard",
    properties: &[
        Property::update("DashboardBody", Shape::Text).required(),
        Property::update("DashboardName", Shape::Text),
    ],
    attributes: &[],
    named: Named::Property { property: "DashboardName", longest: 255, fifo: None, within: None },
    make: Make::Inert("the engine shows the flow itself", |cx| Made::new(cx.name)),
};
