//! `AWS::Logs::…`

use super::shape::TAGS;
use super::{Kind, Made, Make, Named, Property, Shape};

pub(super) static KINDS: &[&Kind] = &[&LOG_GROUP];

static LOG_GROUP: Kind = Kind {
    name: "AWS::Logs::LogGroup",
    properties: &[
        Property::update("DataProtectionPolicy", Shape::Json),
        Property::update("DeletionProtectionEnabled", Shape::Flag),
        Property::update("KmsKeyId", Shape::Text),
        Property::update("LogGroupClass", Shape::Text),
        Property::update("LogGroupName", Shape::Text),
        Property::update("RetentionInDays", Shape::Number),
        Property::update("Tags", TAGS),
    ],
    attributes: &["Arn"],
    named: Named::Property { property: "LogGroupName", longest: 512, fifo: None, within: None },
    make: Make::Inert("what functions write is shown by the engine, and kept as long as it runs", |cx| {
        let arn = cx.world.place.arn("logs", &format!("log-group:{}:*", cx.name));
        Made::new(cx.name).with("Arn", arn.as_str())
    }),
};
