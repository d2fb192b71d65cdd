//! One mail to SES, and what its answer means.
//!
//! Guaranteed: SES is asked once, and again only after an answer that says that it did not take the mail. The SDK repeats
//! nothing here: it would mail twice where an answer was lost.

use std::time::Duration;

use aws_sdk_sesv2::config::retry::RetryConfig;
use aws_sdk_sesv2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::operation::send_email::builders::SendEmailFluentBuilder;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message as Simple, MessageHeader, MessageTag};

use super::claim::PATIENCE;
use super::content::Message;
use crate::consumer::MARGIN;
use crate::cx::Invocation;
use crate::error::{Error, sdk};
use crate::scalar::Timestamp;

/// The variable with the name of the configuration set.
const CONFIGURATION_SET: &str = "CONFIGURATION_SET";
/// Waits after SES says that it is too much at once: of an account's first days, a mail a second.
const PACE: Duration = Duration::from_millis(1100);

/// What became of a mail.
#[derive(Debug)]
pub(super) enum Sent {
    /// SES has it.
    Taken,
    /// SES has it not.
    Refused(Error),
    /// Nobody knows.
    Unknown(String),
}

/// Sends one mail. All of it is over before a lease that began a moment ago is.
pub(super) async fn send(invocation: &Invocation, message: &Message) -> Sent {
    let until = invocation.now().plus(PATIENCE);
    loop {
        let left = patience(invocation, until);
        let request = match request(invocation, message) {
            Ok(request) => request,
            Err(error) => return Sent::Refused(error),
        };
        let judged = match tokio::time::timeout(left, request.customize().config_override(once()).send()).await {
            Ok(Ok(_)) => return Sent::Taken,
            Ok(Err(error)) => judge(&error),
            Err(_) => return Sent::Unknown("SES did not answer in time".to_owned()),
        };
        match judged {
            Judged::Later(code) if PACE + MARGIN < patience(invocation, until) => {
                tracing::info!(id = message.id, code, "SES is busy");
                tokio::time::sleep(PACE).await;
            }
            Judged::Later(code) | Judged::NotNow(code) => return Sent::Refused(Error::retry(code)),
            Judged::Never(code) => return Sent::Refused(Error::reject(code)),
            Judged::Unknown(code) => return Sent::Unknown(code),
        }
    }
}

/// The SDK asks once.
fn once() -> aws_sdk_sesv2::config::Builder {
    aws_sdk_sesv2::Config::builder().retry_config(RetryConfig::disabled())
}

/// How long SES may still take: the invocation ends after it.
fn patience(invocation: &Invocation, until: Timestamp) -> Duration {
    let left = until.as_millis().saturating_sub(invocation.now().as_millis());
    let left = Duration::from_millis(u64::try_from(left).unwrap_or(0));
    left.min(invocation.remaining().saturating_sub(MARGIN))
}

fn request(invocation: &Invocation, message: &Message) -> Result<SendEmailFluentBuilder, Error> {
    let cx = invocation.cx();
    let text = |text: &str| Content::builder().data(text).charset("UTF-8").build().map_err(Error::reject);
    let body = Body::builder().html(text(&message.html)?).text(text(&message.text)?).build();
    let mut simple = Simple::builder().subject(text(&message.subject)?).body(body);
    if let Some(link) = &message.unsubscribe {
        // One click, as RFC 8058 has it: https://www.rfc-editor.org/rfc/rfc8058
        let headers = [
            ("List-Unsubscribe", format!("<{link}>")),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()),
        ];
        for (name, value) in headers {
            simple = simple.headers(MessageHeader::builder().name(name).value(value).build().map_err(Error::reject)?);
        }
    }
    let mut request = cx
        .aws()
        .sesv2()
        .send_email()
        .configuration_set_name(cx.var(CONFIGURATION_SET)?)
        .from_email_address(&message.from)
        .destination(Destination::builder().to_addresses(&message.to).build())
        .content(EmailContent::builder().simple(simple.build()).build())
        .set_reply_to_addresses(message.reply_to.clone().map(|address| vec![address]));
    // SES tells of them with a bounce, and so of what bounced.
    for (name, value) in [("sink", message.sink), ("mail", &message.id)] {
        request = request.email_tags(MessageTag::builder().name(name).value(value).build().map_err(Error::reject)?);
    }
    Ok(request)
}

/// What an error means.
#[derive(Debug, PartialEq, Eq)]
enum Judged {
    /// Not taken, for it was too much at once.
    Later(String),
    /// Not taken, for as long as a person does nothing.
    NotNow(String),
    /// Not taken, whoever asks again.
    Never(String),
    Unknown(String),
}

/// <https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html#API_SendEmail_Errors>
fn judge(error: &SdkError<SendEmailError>) -> Judged {
    let SdkError::ServiceError(service) = error else {
        let said = sdk(error);
        return match error {
            SdkError::ConstructionFailure(_) => Judged::Never(said),
            _ => Judged::Unknown(said),
        };
    };
    let code = service.err().code().unwrap_or_default();
    by_code(code)
}

fn by_code(code: &str) -> Judged {
    let said = code.to_owned();
    match code {
        "MessageRejected" | "BadRequestException" => Judged::Never(said),
        "TooManyRequestsException" | "ThrottlingException" | "Throttling" => Judged::Later(said),
        // A quota of the day, an account under review, an identity that is not verified: a person is asked for.
        "LimitExceededException"
        | "AccountSuspendedException"
        | "SendingPausedException"
        | "MailFromDomainNotVerifiedException"
        | "NotFoundException"
        | "AccessDeniedException"
        | "ExpiredTokenException" => Judged::NotNow(said),
        "" => Judged::Unknown("an error without a code".to_owned()),
        _ => Judged::Unknown(said),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ses_refuses_for_good_is_final_and_the_rest_is_not() {
        for code in ["MessageRejected", "BadRequestException"] {
            assert!(matches!(by_code(code), Judged::Never(_)), "{code}");
        }
        for code in ["TooManyRequestsException", "ThrottlingException"] {
            assert!(matches!(by_code(code), Judged::Later(_)), "{code}");
        }
        for code in ["LimitExceededException", "SendingPausedException", "AccountSuspendedException"] {
            assert!(matches!(by_code(code), Judged::NotNow(_)), "{code}");
        }
    }

    #[test]
    fn what_is_not_known_to_be_refused_may_have_been_sent() {
        for code in ["InternalFailure", "ServiceUnavailable", "InternalServiceErrorException", ""] {
            assert!(matches!(by_code(code), Judged::Unknown(_)), "{code}");
        }
    }
}
