//! ARNs. dynoxide knows one region and one account; the engine has its own.

use serde_json::Value;

use crate::kernel::{AwsError, Place, Time};

/// How dynoxide's ARNs begin.
const THEIRS: &str = "arn:aws:dynamodb:dynoxide:000000000000:";
/// And its keys'.
const THEIR_KEYS: &str = "arn:aws:kms:dynoxide:000000000000:";

/// `arn:aws:dynamodb:REGION:ACCOUNT:table/NAME`.
pub(super) fn table(place: &Place, name: &str) -> String {
    place.arn(super::NAME, &format!("table/{name}")).to_string()
}

/// The ARN of a table's stream, by dynoxide's label.
pub(super) fn stream(place: &Place, name: &str, label: &str) -> String {
    place.arn(super::NAME, &format!("table/{name}/stream/{}", text(began(label)))).to_string()
}

/// When a stream with dynoxide's label, which is seconds with a fraction, began.
pub(super) fn began(label: &str) -> Time {
    let seconds: f64 = label.parse().unwrap_or_default();
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds of this age")]
    Time::from_millis((seconds * 1000.0).round() as i64)
}

/// A stream's label as DynamoDB writes it.
pub(super) fn text(began: Time) -> String {
    began.rfc3339().trim_end_matches('Z').to_owned()
}

/// The name of the table that an ARN is of, or the text itself if it is none.
pub(super) fn short(place: &Place, text: &str) -> Result<String, AwsError> {
    if !text.starts_with("arn:") {
        return Ok(text.to_owned());
    }
    match text.strip_prefix(&table(place, "")) {
        Some(name) => Ok(name.split('/').next().unwrap_or_default().to_owned()),
        None => Err(AwsError::new("ResourceNotFoundException", "Requested resource not found")),
    }
}

/// Refuses what cannot be a table's name.
pub(super) fn checked(name: &str) -> Result<(), AwsError> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    if name.len() < 3 || name.len() > 255 {
        let message = "TableName must be at least 3 characters long and at most 255 characters long";
        return Err(AwsError::new("ValidationException", message));
    }
    if !name.bytes().all(fits) {
        let message = format!(
            "1 validation error detected: Value '{name}' at 'tableName' failed to satisfy constraint: Member must \
             satisfy regular expression pattern: [a-zA-Z0-9_.-]+"
        );
        return Err(AwsError::new("ValidationException", message));
    }
    Ok(())
}

/// Writes this place into what dynoxide says of a table.
pub(super) fn ours(answer: &mut Value, place: &Place) {
    match answer {
        Value::Array(values) => values.iter_mut().for_each(|value| ours(value, place)),
        Value::Object(members) => {
            // Of the system's clock.
            members.shift_remove("LastIncreaseDateTime");
            members.shift_remove("LastDecreaseDateTime");
            for (name, value) in members.iter_mut() {
                if name == "LatestStreamLabel"
                    && let Value::String(label) = value
                {
                    *label = text(began(label));
                } else {
                    ours(value, place);
                }
            }
        }
        Value::String(text) => {
            if let Some(resource) = text.strip_prefix(THEIRS) {
                *text = match resource.split_once("/stream/") {
                    Some((table, label)) => stream(place, table.trim_start_matches("table/"), label),
                    None => place.arn(super::NAME, resource).to_string(),
                };
            } else if let Some(key) = text.strip_prefix(THEIR_KEYS) {
                *text = place.arn("kms", key).to_string();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_dynoxide_says_is_of_this_place() {
        let mut answer = json!({
            "TableArn": "arn:aws:dynamodb:dynoxide:000000000000:table/orders",
            "LatestStreamArn": "arn:aws:dynamodb:dynoxide:000000000000:table/orders/stream/1767225600.122999906",
            "LatestStreamLabel": "1767225600.122999906",
            "Indexes": [{"IndexArn": "arn:aws:dynamodb:dynoxide:000000000000:table/orders/index/by_user"}],
            "LastIncreaseDateTime": 1.0,
        });
        let place = Place { account: "123456789012".into(), ..Place::default() };
        ours(&mut answer, &place);
        assert_eq!(
            answer,
            json!({
                "TableArn": "arn:aws:dynamodb:eu-west-1:123456789012:table/orders",
                "LatestStreamArn":
                    "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2026-01-01T00:00:00.123",
                "LatestStreamLabel": "2026-01-01T00:00:00.123",
                "Indexes": [{"IndexArn": "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/index/by_user"}],
            }),
        );
    }

    #[test]
    fn a_table_may_be_named_by_its_arn() {
        let place = Place::default();
        let name = |text: &str| short(&place, text).map_err(|error| error.code);
        assert_eq!(name("orders"), Ok("orders".into()));
        assert_eq!(name("arn:aws:dynamodb:eu-west-1:000000000000:table/orders"), Ok("orders".into()));
        let other = name("arn:aws:dynamodb:us-east-1:000000000000:table/orders");
        assert_eq!(other, Err("ResourceNotFoundException".into()));
    }
}
