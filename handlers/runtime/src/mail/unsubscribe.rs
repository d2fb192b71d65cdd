//! The function behind the unsubscribe link of each mail, which anybody may call.
//!
//! In: a request to the function's URL. Out: a page. Guaranteed: a GET changes nothing, since mail scanners follow links; a POST
//! unsubscribes at once, whether by the page's button or by a mail program's own (RFC 8058), and once or often is the same;
//! who signed nothing learns nothing, not even whether there is such a user.
//!
//! | answer | means |
//! | --- | --- |
//! | 200 | GET: the page with the button; POST: unsubscribed |
//! | 400 | the link is no link of ours |
//! | 405 | neither GET nor POST |
//! | 503 | not now: the same request may be sent again |
//!
//! **What it writes**: `channels` of the user's preferences, the sinks that may be used, loses the mail's sink.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use serde::Deserialize;
use serde_json::{Value, json};

use super::content::SIGNING;
use super::recipient::texts;
use super::token::{Claimed, Token};
use crate::cx::Invocation;
use crate::decode::from_value;
use crate::error::{Error, sdk};
use crate::secret::{previous, secret};
use crate::state;

/// The variable with the flow's name.
const FLOW: &str = "FLOW";
/// Tries against others who write the same row.
const TRIES: u32 = 8;

/// What the function is told.
#[derive(Clone, Copy, Debug)]
pub struct Unsubscribe {
    /// The variable with the name of the table of preferences.
    pub preferences: &'static str,
    /// The sinks that reach a user.
    pub channels: &'static [&'static str],
    /// Those of them that are mail.
    pub mails: &'static [&'static str],
}

/// A request to a function's URL, as far as it is read: payload format 2.0.
/// <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads>
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    request_context: Context,
    #[serde(default)]
    query_string_parameters: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Context {
    http: Http,
}

#[derive(Deserialize)]
struct Http {
    method: String,
}

/// Answers one request.
///
/// # Errors
///
/// Where it is no request: whatever a caller can do wrong is answered.
pub async fn unsubscribe(invocation: &Invocation, payload: Value, told: &Unsubscribe) -> Result<Value, Error> {
    let request: Request = from_value(payload).map_err(Error::reject)?;
    let token = request.query_string_parameters.get("t").map(String::as_str).unwrap_or_default();
    let claimed = Claimed::read(token);
    Ok(match (request.request_context.http.method.as_str(), claimed) {
        ("GET" | "HEAD", Some(_)) => page(200, &asked(token)),
        ("POST", Some(claimed)) => match take(invocation, told, &claimed).await {
            Ok(true) => page(200, DONE),
            Ok(false) => page(400, WRONG),
            Err(error) => {
                tracing::warn!(error = error.name(), reason = %error, "not unsubscribed");
                page(503, LATER)
            }
        },
        ("GET" | "HEAD" | "POST", None) => page(400, WRONG),
        _ => page(405, WRONG),
    })
}

/// Whether the link was ours; then it is done.
async fn take(invocation: &Invocation, told: &Unsubscribe, claimed: &Claimed) -> Result<bool, Error> {
    let flow = invocation.cx().var(FLOW)?;
    let current = secret(invocation, SIGNING).await?;
    let token = match claimed.verified(&current, flow) {
        Some(token) => token,
        None => {
            // A mail of before the secret was changed.
            let previous = previous(invocation, SIGNING).await?;
            let Some(token) = previous.and_then(|previous| claimed.verified(&previous, flow)) else {
                tracing::info!("a link that nobody signed");
                return Ok(false);
            };
            token
        }
    };
    leave(invocation, told, token).await?;
    tracing::info!(sink = token.sink, "unsubscribed");
    Ok(true)
}

async fn leave(invocation: &Invocation, told: &Unsubscribe, token: &Token) -> Result<(), Error> {
    let mut there: Option<AttributeValue> = None;
    for tried in 0..TRIES {
        let rest = rest(told, &token.sink, texts(there.as_ref()));
        match write(invocation, told, token, there.as_ref(), rest).await? {
            Ok(()) => return Ok(()),
            Err(found) => there = found,
        }
        if tried > 0 {
            state::pause(invocation, tried).await;
        }
    }
    Err(Error::retry("the preferences are written to by too many at once"))
}

/// The channels that are left. A sink that is none any more was renamed: nobody can say to what, so no mail is left.
fn rest(told: &Unsubscribe, sink: &str, channels: Option<Vec<String>>) -> Vec<String> {
    let all = || told.channels.iter().map(|channel| (*channel).to_owned()).collect();
    let mut rest: Vec<String> = channels.unwrap_or_else(all);
    match told.mails.contains(&sink) {
        true => rest.retain(|channel| channel != sink),
        false => rest.retain(|channel| !told.mails.contains(&channel.as_str())),
    }
    rest
}

/// Writes the channels if they still are what they were; else says what they are.
async fn write(
    invocation: &Invocation,
    told: &Unsubscribe,
    token: &Token,
    there: Option<&AttributeValue>,
    rest: Vec<String>,
) -> Result<Result<(), Option<AttributeValue>>, Error> {
    let cx = invocation.cx();
    let update = cx.aws().dynamodb().update_item().table_name(cx.var(told.preferences)?);
    let rest = AttributeValue::L(rest.into_iter().map(AttributeValue::S).collect());
    let update = update
        .key("user", AttributeValue::S(token.user.clone()))
        .update_expression("SET channels = :rest")
        .expression_attribute_values(":rest", rest)
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    let update = match there {
        None => update.condition_expression("attribute_not_exists(channels)"),
        Some(there) => {
            update.condition_expression("channels = :there").expression_attribute_values(":there", there.clone())
        }
    };
    let Err(error) = update.send().await else { return Ok(Ok(())) };
    match error.as_service_error() {
        Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
            Ok(Err(failed.item().and_then(|row| row.get("channels").cloned())))
        }
        _ => Err(Error::retry(sdk(&error))),
    }
}

const DONE: &str = "<h1>Unsubscribed</h1>\n<p>You get no more of these mails.</p>";
const WRONG: &str = "<h1>This link does not work</h1>\n<p>It may have been cut off: open it from the mail again.</p>";
const LATER: &str = "<h1>Not now</h1>\n<p>You are not unsubscribed yet. Try it again in a minute.</p>";

/// The page with the button. What has a token's form holds nothing that HTML would read otherwise.
fn asked(token: &str) -> String {
    format!(
        "<h1>Unsubscribe?</h1>\n<p>You will get no more of these mails.</p>\n<form method=\"post\" action=\"?t={token}\">\
         <input type=\"hidden\" name=\"List-Unsubscribe\" value=\"One-Click\"><button>Unsubscribe</button></form>"
    )
}

fn page(status: u16, body: &str) -> Value {
    let body = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n<meta name=\"robots\" content=\"noindex\">\n<title>Unsubscribe\
         </title>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    );
    let headers = json!({
        "content-type": "text/html; charset=utf-8",
        "cache-control": "no-store",
        "content-security-policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        // The link is a key to one user's mail.
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    });
    json!({ "statusCode": status, "headers": headers, "body": body })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOLD: Unsubscribe = Unsubscribe {
        preferences: "TABLE_PREFERENCES",
        channels: &["browser", "email", "unread_email"],
        mails: &["email", "unread_email"],
    };

    fn left(sink: &str, channels: Option<&[&str]>) -> Vec<String> {
        rest(&TOLD, sink, channels.map(|channels| channels.iter().map(|channel| (*channel).to_owned()).collect()))
    }

    #[test]
    fn one_channel_is_left_and_the_others_stay() {
        assert_eq!(left("email", None), ["browser", "unread_email"]);
        assert_eq!(left("email", Some(&["email", "browser"])), ["browser"]);
        assert_eq!(left("email", Some(&["browser"])), ["browser"]);
        assert!(left("email", Some(&[])).is_empty());
    }

    #[test]
    fn the_link_of_a_sink_that_is_gone_ends_all_mail() {
        assert_eq!(left("old_name", None), ["browser"]);
        assert_eq!(left("old_name", Some(&["email"])), Vec::<String>::new());
    }

    #[test]
    fn the_page_holds_the_link_and_nothing_of_the_user() {
        let token = Token { user: "agshin".to_owned(), sink: "email".to_owned() }.signed("key", "everi");
        let page = asked(&token);
        assert!(page.contains(&format!("action=\"?t={token}\"")) && !page.contains("agshin"));
    }
}
