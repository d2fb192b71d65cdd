//! `AWS::Scheduler::…`

use serde_json::{Map, Value, json};

use super::shape::TAGS;
use super::{Calls, Cx, Kind, Made, Make, Named, Property, Refused, Shape, member, merge, there};

pub(super) static KINDS: &[&Kind] = &[&SCHEDULE, &GROUP];

static SCHEDULE: Kind = Kind {
    name: "AWS::Scheduler::Schedule",
    properties: &[
        Property::update("Description", Shape::Text),
        Property::update("EndDate", Shape::Text),
        Property::update(
            "FlexibleTimeWindow",
            Shape::Members(&[
                Property::update("MaximumWindowInMinutes", Shape::Number),
                Property::update("Mode", Shape::Text).required(),
            ]),
        )
        .required(),
        Property::replace("GroupName", Shape::Text),
        Property::update("KmsKeyArn", Shape::Text),
        Property::replace("Name", Shape::Text),
        Property::update("ScheduleExpression", Shape::Text).required(),
        Property::update("ScheduleExpressionTimezone", Shape::Text),
        Property::update("StartDate", Shape::Text),
        Property::update("State", Shape::Text),
        Property::update(
            "Target",
            Shape::Members(&[
                Property::update("Arn", Shape::Text).required(),
                Property::update("DeadLetterConfig", Shape::Members(&[Property::update("Arn", Shape::Text)])),
                Property::update("Input", Shape::Text),
                Property::update(
                    "RetryPolicy",
                    Shape::Members(&[
                        Property::update("MaximumEventAgeInSeconds", Shape::Number),
                        Property::update("MaximumRetryAttempts", Shape::Number),
                    ]),
                ),
                Property::update("RoleArn", Shape::Text).required(),
                Property::update("SqsParameters", Shape::Members(&[Property::update("MessageGroupId", Shape::Text)])),
            ]),
        )
        .required(),
    ],
    attributes: &["Arn"],
    named: Named::Property { property: "Name", longest: 64, fifo: None, within: Some("GroupName") },
    make: Make::Calls(Calls {
        find: |cx| Box::pin(find(cx)),
        create: |cx| Box::pin(put(cx, "CreateSchedule")),
        update: |cx, _, _| Box::pin(put(cx, "UpdateSchedule")),
        delete: |cx, _| Box::pin(delete(cx)),
    }),
};

fn named(cx: &Cx<'_>) -> Value {
    merge(cx.pick(&["GroupName"]), json!({"Name": cx.name}))
}

async fn find(cx: &Cx<'_>) -> Result<Option<Made>, Refused> {
    let found = there(cx.call("scheduler", "GetSchedule", named(cx)).await)?;
    Ok(found.map(|found| Made::new(cx.name).with("Arn", member(&found, "/Arn"))))
}

/// The API has dates as seconds.
fn seconds(text: &str) -> Result<Value, Refused> {
    let date: Result<jiff::Timestamp, _> = text.parse();
    let date = date.map_err(|error| Refused::unmeant("scheduler", "CreateSchedule", format!("`{text}`: {error}")))?;
    Ok(json!(date.as_second()))
}

async fn put(cx: &Cx<'_>, operation: &'static str) -> Result<Made, Refused> {
    let mut input: Map<String, Value> = cx.properties.clone();
    for name in ["StartDate", "EndDate"] {
        if cx.get(name).is_some() {
            input.insert(name.to_owned(), seconds(cx.text(name))?);
        }
    }
    let answer = cx.call("scheduler", operation, merge(input, json!({"Name": cx.name}))).await?;
    Ok(Made::new(cx.name).with("Arn", member(&answer, "/ScheduleArn")))
}

async fn delete(cx: &Cx<'_>) -> Result<(), Refused> {
    there(cx.call("scheduler", "DeleteSchedule", named(cx)).await).map(|_| ())
}

static GROUP: Kind = Kind {
    name: "AWS::Scheduler::ScheduleGroup",
    properties: &[
        Property::replace("Name", Shape::Text),
        Property::inert("Tags", TAGS, "nothing reads them; a group shows those that it was made with"),
    ],
    attributes: &["Arn", "State"],
    named: Named::Property { property: "Name", longest: 64, fifo: None, within: None },
    make: Make::Calls(Calls {
        find: |cx| Box::pin(find_group(cx)),
        create: |cx| Box::pin(create_group(cx)),
        // A group has nothing that changes.
        update: |_, made, _| Box::pin(async { Ok(made.clone()) }),
        delete: |cx, made| Box::pin(delete_group(cx, made)),
    }),
};

fn group(cx: &Cx<'_>, arn: &str) -> Made {
    Made::new(cx.name).with("Arn", arn).with("State", "ACTIVE")
}

async fn find_group(cx: &Cx<'_>) -> Result<Option<Made>, Refused> {
    let found = there(cx.call("scheduler", "GetScheduleGroup", json!({"Name": cx.name})).await)?;
    Ok(found.map(|found| group(cx, member(&found, "/Arn"))))
}

async fn create_group(cx: &Cx<'_>) -> Result<Made, Refused> {
    let input = merge(cx.pick(&["Tags"]), json!({"Name": cx.name}));
    let answer = cx.call("scheduler", "CreateScheduleGroup", input).await?;
    Ok(group(cx, member(&answer, "/ScheduleGroupArn")))
}

async fn delete_group(cx: &Cx<'_>, made: &Made) -> Result<(), Refused> {
    there(cx.call("scheduler", "DeleteScheduleGroup", json!({"Name": made.id})).await).map(|_| ())
}
