//! What SES tells of mails that came back.
//!
//! In: SES's events, through SNS. Out: nothing, once the addresses that are gone for good, and those of people who complained,
//! are written to no more. Guaranteed: what may pass (a full mailbox, a server that is down) suppresses nobody; the same event
//! again changes nothing; what cannot be read is refused, so that Lambda sets it aside.
//!
//! <https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html>

use serde::Deserialize;
use serde_json::{Value, json};

use super::mailbox::{bare, is_address};
use super::suppressed::{Why, suppress};
use crate::cx::Invocation;
use crate::decode::from_value;
use crate::error::Error;

/// What SNS calls a function with, as far as it is read.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Notification {
    records: Vec<Record>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Record {
    sns: Sns,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Sns {
    message: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    /// `notificationType` where SES tells of an identity, and not of a configuration set.
    #[serde(alias = "notificationType")]
    event_type: String,
    bounce: Option<Bounce>,
    complaint: Option<Complaint>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    bounce_type: String,
    bounced_recipients: Vec<Recipient>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Complaint {
    complaint_feedback_type: Option<String>,
    complained_recipients: Vec<Recipient>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recipient {
    email_address: String,
}

/// Takes what SNS brings.
///
/// # Errors
///
/// [`Error::Reject`] where it is no event of SES; else another try may go well.
pub async fn bounces(invocation: &Invocation, payload: Value) -> Result<Value, Error> {
    let notification: Notification = from_value(payload).map_err(Error::reject)?;
    let mut gone = Vec::new();
    for record in &notification.records {
        gone.extend(read(&record.sns.message)?);
    }
    for (address, why) in &gone {
        suppress(invocation, address, *why).await?;
    }
    tracing::info!(addresses = gone.len(), "not written to any more");
    Ok(json!({}))
}

/// Whom an event says not to write to again.
fn read(message: &str) -> Result<Vec<(String, Why)>, Error> {
    let wrong = |what: &str| Error::reject(format!("this is no event of SES: {what}"));
    // An error of serde_json would quote what it found.
    let told: Told = serde_json::from_str(message).map_err(|_| wrong("it has not the form of one"))?;
    let (recipients, why) = match told.event_type.as_str() {
        "Bounce" => {
            let bounce = told.bounce.ok_or_else(|| wrong("there is no `bounce`"))?;
            match bounce.bounce_type.as_str() {
                "Permanent" => (bounce.bounced_recipients, Why::Bounced),
                // `Transient`, `Undetermined`
                _ => return Ok(Vec::new()),
            }
        }
        "Complaint" => {
            let complaint = told.complaint.ok_or_else(|| wrong("there is no `complaint`"))?;
            match complaint.complaint_feedback_type.as_deref() {
                // Somebody took the mail out of the spam.
                Some("not-spam") => return Ok(Vec::new()),
                _ => (complaint.complained_recipients, Why::Complained),
            }
        }
        _ => return Ok(Vec::new()),
    };
    let address = |recipient: &Recipient| {
        let address = bare(&recipient.email_address);
        let there = is_address(address).then(|| (address.to_owned(), why));
        there.ok_or_else(|| wrong("a recipient is no address"))
    };
    recipients.iter().map(address).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounce(kind: &str, to: &[&str]) -> String {
        let recipients: Vec<Value> = to.iter().map(|to| json!({ "emailAddress": to, "action": "failed" })).collect();
        let bounce = json!({ "bounceType": kind, "bounceSubType": "General", "bouncedRecipients": recipients });
        json!({ "eventType": "Bounce", "bounce": bounce, "mail": { "messageId": "1" } }).to_string()
    }

    fn complaint(kind: Value) -> String {
        let complaint = json!({
            "complainedRecipients": [{ "emailAddress": "a@b.example" }], "complaintFeedbackType": kind,
        });
        json!({ "eventType": "Complaint", "complaint": complaint }).to_string()
    }

    #[test]
    fn a_permanent_bounce_suppresses_and_one_that_may_pass_does_not() {
        let both = vec![("a@b.example".to_owned(), Why::Bounced), ("c@d.example".to_owned(), Why::Bounced)];
        assert_eq!(read(&bounce("Permanent", &["a@b.example", "C <c@d.example>"])).unwrap(), both);
        for kind in ["Transient", "Undetermined"] {
            assert!(read(&bounce(kind, &["a@b.example"])).unwrap().is_empty(), "{kind}");
        }
    }

    #[test]
    fn a_complaint_suppresses_unless_it_says_that_it_is_none() {
        let gone = vec![("a@b.example".to_owned(), Why::Complained)];
        for kind in [json!("abuse"), json!(null), json!("other")] {
            assert_eq!(read(&complaint(kind)).unwrap(), gone);
        }
        assert!(read(&complaint(json!("not-spam"))).unwrap().is_empty());
    }

    #[test]
    fn an_event_of_another_kind_says_nothing() {
        assert!(read(r#"{"eventType":"Delivery","delivery":{}}"#).unwrap().is_empty());
    }

    #[test]
    fn what_cannot_be_read_is_refused_without_being_quoted() {
        for wrong in [
            "",
            "x",
            "[]",
            "{}",
            r#"{"eventType":1}"#,
            r#"{"eventType":"Bounce"}"#,
            r#"{"eventType":"Complaint"}"#,
            r#"{"eventType":"Bounce","bounce":{"bounceType":"Permanent"}}"#,
            r#"{"eventType":"Bounce","bounce":{"bounceType":"agshin@b.example","bouncedRecipients":"agshin@b.example"}}"#,
        ] {
            let error = read(wrong).unwrap_err();
            assert!(error.is_final() && !error.to_string().contains("agshin"), "{wrong}: {error}");
        }
        let error = read(&bounce("Permanent", &["agshin"])).unwrap_err();
        assert!(error.is_final() && !error.to_string().contains("agshin"), "{error}");
    }
}
